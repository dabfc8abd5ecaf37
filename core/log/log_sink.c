/* SPDX-License-Identifier: MIT
 *
 * Sinks in general: which table, opening, renewing, closing.
 */
#include "log_sink.h"

#include <string.h>
#include <unistd.h>

static const struct nv_log_sink_ops *const tables[] = {
    [NV_LOG_TO_STDERR] = &nv_log_stderr_ops,    [NV_LOG_TO_STDOUT] = &nv_log_stdout_ops,
    [NV_LOG_TO_FILE] = &nv_log_file_ops,        [NV_LOG_TO_SYSLOG] = &nv_log_syslog_ops,
    [NV_LOG_TO_JOURNALD] = &nv_log_journal_ops,
};

nave_err nv_log_sink_open(struct nv_log_sink *s, enum nv_log_to to, enum nv_log_form form,
                          const char *name, const char *path, struct nv_why *why)
{
    memset(s, 0, sizeof(*s));
    s->ops = tables[to];
    s->form = form;
    s->name = name;
    s->path = path;
    s->fd = -1;
    s->pid = (uint32_t)getpid();
    return s->ops->open(s, why);
}

nave_err nv_log_sink_renew(struct nv_log_sink *s, struct nv_why *why)
{
    int before = s->fd;
    nave_err err = s->ops->open(s, why);

    if (!err && before >= 0)
        (void)close(before);
    return err;
}

void nv_log_sink_close(struct nv_log_sink *s)
{
    if (s->ops && s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
}

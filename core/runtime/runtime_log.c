/* SPDX-License-Identifier: MIT
 *
 * See runtime_log.h. The levels are looked up here, once: each plugin has its own in its nave_host, where
 * it can compare before it composes a line.
 */
#include "runtime_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "conf/options.h"
#include "runtime.h"

#define FLUSH_NS NAVE_SEC
#define CLOSE_NS (2 * NAVE_SEC)

NAVE_OPTION_TABLE(log_table, nv_log_conf, NV_LOG_CONF)

static const char *const level_words[] = {"error", "warn", "info", "debug"};

const struct nave_option_table *nv_log_conf_table(void)
{
    return log_table();
}

/* The level that `word` names, or NAVE_COUNT(level_words). */
static uint32_t level_of(struct nave_str word)
{
    uint32_t i;

    for (i = 0; i < NAVE_COUNT(level_words); i++)
        if (strlen(level_words[i]) == word.len && memcmp(level_words[i], word.ptr, word.len) == 0)
            break;
    return i;
}

/* The name stands in syslog's tag and in a field of the journal: nothing there may end it. */
static int32_t is_name(struct nave_str s)
{
    size_t i;

    for (i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.'))
            return 0;
    }
    return 1;
}

/* What the rows of the table cannot say. */
static void check_together(const struct nv_log_conf *conf, struct nave_conf *c)
{
    struct nave_conf *levels = nave_conf_get(c, "levels");
    int32_t is_file = conf->to == NV_LOG_TO_FILE;
    size_t i;

    if (is_file && !conf->file.len)
        nv_conf_fail(nave_conf_get(c, "to"), NAVE_ECONFIG, NULL,
                     "the log goes to a file, and \"file\" does not say which");
    if (!is_file && conf->file.len)
        nv_conf_fail(nave_conf_get(c, "file"), NAVE_ECONFIG, NULL,
                     "the log does not go to a file; use \"to\": \"file\", or leave this out");
    if (conf->format != NV_LOG_FORM_TEXT &&
        (conf->to == NV_LOG_TO_PROGRAM || conf->to == NV_LOG_TO_JOURNALD))
        nv_conf_fail(nave_conf_get(c, "format"), NAVE_ECONFIG, NULL,
                     "%s; leave this out, or send the log to stderr, stdout, file or syslog",
                     conf->to == NV_LOG_TO_PROGRAM ? "the program shows lines in its own way"
                                                   : "the journal takes fields");
    if (!is_name(conf->name))
        nv_conf_fail(nave_conf_get(c, "name"), NAVE_ECONFIG, NULL,
                     "the name of a log is of letters, digits, '-', '_' and '.'");
    for (i = 0; i < conf->levels.count; i++) {
        struct nave_str word = conf->levels.items[i].value;
        char hint[NV_NEAR_HINT_MAX];
        struct nv_near near;
        size_t k;

        if (level_of(word) < NAVE_COUNT(level_words))
            continue;
        nv_near_init(&near, word);
        for (k = 0; k < NAVE_COUNT(level_words); k++)
            nv_near_try(&near, level_words[k], strlen(level_words[k]));
        nv_conf_fail(nave_conf_at(levels, i, NULL), NAVE_ECONFIG, NULL,
                     "\"%.*s\" is no level; allowed: error, warn, info, debug%s",
                     (int)nv_text_cut(word, 64), word.ptr, nv_near_hint(&near, hint));
    }
}

nave_err nv_runtime_log_read(struct nave_runtime *rt, struct nave_conf *c)
{
    const struct nv_options_owner owner = {"the log", NULL, c};
    uint64_t errors = nv_report_errors(&rt->report);
    void *made = NULL;
    nave_err err = nv_options_make(log_table(), c, &rt->report, &owner, &made);

    if (err)
        return err == NAVE_ENOMEM ? err : NAVE_OK;
    check_together(made, c);
    if (nv_report_errors(&rt->report) != errors) {
        free(made);
        return NAVE_OK;
    }
    rt->log_conf = made;
    nv_runtime_log_apply(rt);
    return NAVE_OK;
}

/* 1: `plugins`, a section, has the key `id`. Keys that are near it are noted. */
static int32_t is_named(struct nave_conf *plugins, struct nave_str id, struct nv_near *near)
{
    size_t i;

    nv_near_init(near, id);
    for (i = 0; i < nave_conf_count(plugins); i++) {
        struct nave_str key = {"", 0};

        (void)nave_conf_at(plugins, i, &key);
        if (key.len == id.len && memcmp(key.ptr, id.ptr, id.len) == 0)
            return 1;
        nv_near_try(near, key.ptr, key.len);
    }
    return 0;
}

void nv_runtime_log_check(struct nave_runtime *rt)
{
    struct nave_conf *root = nv_conf_root(rt->doc), *plugins = nave_conf_get(root, "plugins");
    struct nave_conf *levels =
        nave_conf_get(nave_conf_get(nave_conf_get(root, "runtime"), "log"), "levels");
    size_t i;

    for (i = 0; nave_conf_kind(levels) == NAVE_CONF_OBJECT && i < nave_conf_count(levels); i++) {
        struct nave_str id = {"", 0};
        struct nave_conf *c = nave_conf_at(levels, i, &id);
        char hint[NV_NEAR_HINT_MAX];
        struct nv_near near;

        if (!is_named(plugins, id, &near))
            nv_conf_fail(c, NAVE_ECONFIG, NULL, "there is no plugin \"%.*s\" here%s",
                         (int)nv_text_cut(id, 64), id.ptr, nv_near_hint(&near, hint));
    }
}

/* Never more than the host program wants to hear. */
static uint32_t at_most(uint32_t level, uint32_t most)
{
    return level < most ? level : most;
}

void nv_runtime_log_apply(struct nave_runtime *rt)
{
    const struct nv_log_conf *conf = rt->log_conf;
    uint32_t level = at_most(conf ? conf->level : NAVE_LOG_DEBUG, rt->level_asked), own, i;
    size_t k;

    nv_report_set_level(&rt->report, level);
    for (i = 0; i < rt->plugin_count; i++) {
        struct nv_plugin *p = rt->plugins[i];

        own = level;
        for (k = 0; conf && k < conf->levels.count; k++)
            if (nv_registry_find(rt, conf->levels.items[k].key) == p)
                own = at_most(level_of(conf->levels.items[k].value), rt->level_asked);
        __atomic_store_n(&p->host.log_level, own, __ATOMIC_RELAXED);
    }
}

static void call_program(void *arg, const struct nave_report *report)
{
    nv_report_call(arg, report);
}

nave_err nv_runtime_log_open(struct nave_runtime *rt)
{
    const struct nv_log_conf *conf = rt->log_conf;
    struct nv_log_options o = {.workers = rt->worker_count,
                               .ring_bytes = conf->buffer,
                               .rate = conf->rate,
                               .to = (enum nv_log_to)conf->to,
                               .form = (enum nv_log_form)conf->format,
                               .take = call_program,
                               .take_arg = &rt->report};
    struct nave_conf *c = nave_conf_get(nv_conf_root(rt->doc), "runtime");
    char name[NV_LOG_ID_MAX] = "";
    struct nv_why why = {""};
    nave_err err;

    if (rt->flags & NAVE_RUNTIME_LOG_HOST)
        o.to = NV_LOG_TO_PROGRAM;
    if (o.to == NV_LOG_TO_PROGRAM && (!(rt->flags & NAVE_RUNTIME_LOG_THREAD) || !rt->report.fn))
        return NAVE_OK;
    memcpy(name, conf->name.ptr, conf->name.len);
    o.name = name;
    o.path = o.to == NV_LOG_TO_FILE ? conf->file.ptr : NULL;
    err = nv_log_open(&o, &why, &rt->report.log);
    if (err) {
        if (nave_conf_get(c, "log"))
            nv_conf_fail(nave_conf_get(c, "log"), err, NULL, "%s", why.text);
        else
            nv_report_error(&rt->report, err, NULL, "%s", why.text);
        return err;
    }
    rt->report.is_to_program = o.to == NV_LOG_TO_PROGRAM;
    __atomic_store_n(&rt->report.is_starting, 1, __ATOMIC_RELAXED);
    (void)nv_log_enter(rt->report.log, 0);
    return NAVE_OK;
}

void nv_runtime_log_started(struct nave_runtime *rt)
{
    __atomic_store_n(&rt->report.is_starting, 0, __ATOMIC_RELAXED);
}

void nv_runtime_log_flush(struct nave_runtime *rt)
{
    if (rt->report.log)
        (void)nv_log_flush(rt->report.log, FLUSH_NS);
}

void nv_runtime_log_reopen(struct nave_runtime *rt)
{
    if (rt->report.log)
        nv_log_reopen(rt->report.log);
}

void nv_runtime_log_close(struct nave_runtime *rt)
{
    struct nv_log *log = rt->report.log;

    rt->report.log = NULL;
    (void)nv_log_enter(NULL, 0);
    nv_log_close(log, CLOSE_NS);
}

/* SPDX-License-Identifier: MIT
 *
 * A task for each connection, which echoes: what is ours of it is measured from outside. The protocol
 * "echo" of the plugin. The task is an async function that waits while there is nothing to read, and holds
 * no buffer then: it reads into the stack, and keeps only what the peer did not take.
 */
#include "rt_nave.h"

#define READ_MAX 16384u

NAVE_ASYNC(echo, struct nave_stream *stream; struct nave_stream_op io; /* io.data: what is owed */)
{
    char data[READ_MAX];
    size_t n = 0, sent = 0;
    nave_err err;

    NAVE_BEGIN();
    for (;;) {
        err = nave_stream_read(f->stream, data, sizeof(data), &n);
        if (err == NAVE_EAGAIN) {
            NAVE_TRY(nave_stream_ready(cx, &f->io.op, f->stream, NAVE_STREAM_READ));
            continue;
        }
        NAVE_TRY_NOW(err);
        sent = 0;
        err = nave_stream_write(f->stream, data, n, &sent);
        if (err != NAVE_EAGAIN)
            NAVE_TRY_NOW(err);
        if (sent < n) {
            f->io.len = n - sent;
            f->io.data = nave_worker_alloc(cx->worker, f->io.len);
            if (!f->io.data)
                NAVE_RETURN(NAVE_ENOMEM);
            memcpy(f->io.data, data + sent, f->io.len);
            NAVE_TRY(nave_stream_send(cx, &f->io, f->stream, f->io.data, f->io.len));
            nave_worker_free(cx->worker, f->io.data, f->io.len);
            f->io.data = NULL;
        } else if (!nave_cx_spend(cx)) {
            NAVE_YIELD();
        }
    }
    NAVE_CLEANUP();
    nave_worker_free(cx->worker, f->io.data, f->io.len);
    nave_stream_close(f->stream, 0);
    NAVE_END();
}

/* --- the protocol ---------------------------------------------------------------------------- */

struct echo_protocol {
    const struct nave_protocol_iface *api;
    struct rt_run *run;
};

static void echo_accept(struct nave_protocol *p, struct nave_stream *s_take,
                        const struct nave_accept_info *info)
{
    struct rt_run *run = ((struct echo_protocol *)(void *)p)->run;
    struct nave_worker *w = run->workers[info->worker];
    struct nave_future *f = NULL;
    nave_err err = NAVE_NEW(echo, w, &f, .stream = s_take);

    if (err)
        rt_fail("echo", err);
    (void)w->api->spawn_local(w, f);
}

static const struct nave_protocol_iface echo_iface = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = echo_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

nave_err rt_echo_make(void *self, const struct nave_role_args *args,
                      struct nave_handle **out_handle)
{
    struct rt_plugin *plugin = self;
    struct echo_protocol *p = nave_host_alloc(plugin->host, sizeof(*p));

    (void)args;
    if (!p)
        return NAVE_ENOMEM;
    p->api = (const void *)plugin->host->api->publish(plugin->host, &echo_iface.hdr);
    p->run = plugin->run;
    *out_handle = (struct nave_handle *)(void *)p;
    return p->api ? NAVE_OK : NAVE_EINVAL;
}

void rt_echo_unmake(void *self, struct nave_handle *handle)
{
    struct rt_plugin *plugin = self;

    nave_host_free(plugin->host, handle, sizeof(struct echo_protocol));
}

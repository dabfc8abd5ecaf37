/* SPDX-License-Identifier: MIT
 *
 * A task for each connection, which echoes: what is ours of it is measured from outside. The protocol
 * "echo" of the plugin; a connection's task waits while there is nothing to read, and holds no buffer then.
 */
#include "rt_nave.h"

#define READ_MAX 16384u

/* The frame of a connection's task. */
struct echo_frame {
    struct nave_stream *stream;
    struct nave_waker waker;
    char *owed; /* what the peer has not taken yet, in memory of the worker; or NULL */
    uint32_t owed_len;
    uint32_t owed_at;
};

static void wake_task(void *arg)
{
    const struct echo_frame *t = arg;

    t->waker.api->wake(&t->waker);
}

/* Write what is owed. Errors: as nave_stream_write; NAVE_OK nothing is left. */
static nave_err write_owed(struct echo_frame *t, struct nave_worker *w)
{
    size_t n;

    while (t->owed) {
        nave_err err =
            nave_stream_write(t->stream, t->owed + t->owed_at, t->owed_len - t->owed_at, &n);

        if (err != NAVE_OK)
            return err;
        t->owed_at += (uint32_t)n;
        if (t->owed_at == t->owed_len) {
            nave_worker_free(w, t->owed, t->owed_len);
            t->owed = NULL;
        }
    }
    return NAVE_OK;
}

/* Write `len` bytes, and keep what the peer does not take. */
static nave_err write_or_keep(struct echo_frame *t, struct nave_worker *w, const char *data,
                              size_t len)
{
    size_t n = 0;
    nave_err err = nave_stream_write(t->stream, data, len, &n);

    if (err != NAVE_OK && err != NAVE_EAGAIN)
        return err;
    if (n == len)
        return NAVE_OK;
    t->owed_len = (uint32_t)(len - n);
    t->owed_at = 0;
    t->owed = nave_worker_alloc(w, t->owed_len);
    if (!t->owed)
        return NAVE_ENOMEM;
    memcpy(t->owed, data + n, t->owed_len);
    return write_owed(t, w);
}

static nave_poll echo_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct echo_frame *t = nave_future_frame(f);
    char data[READ_MAX];
    nave_err err;
    size_t n;

    if (cx->is_canceled)
        return NAVE_READY;
    if (!t->waker.api) {
        t->waker = *cx->waker;
        nave_stream_watch(t->stream, NAVE_STREAM_READ, wake_task, t);
        nave_stream_watch(t->stream, NAVE_STREAM_WRITE, wake_task, t);
    }
    do {
        if (!nave_cx_spend(cx))
            return NAVE_PENDING;
        err = write_owed(t, cx->worker);
        if (err == NAVE_OK)
            err = nave_stream_read(t->stream, data, sizeof(data), &n);
        if (err == NAVE_OK)
            err = write_or_keep(t, cx->worker, data, n);
    } while (err == NAVE_OK);
    return err == NAVE_EAGAIN ? NAVE_PENDING : NAVE_READY;
}

static void echo_drop(struct nave_future *f)
{
    struct echo_frame *t = nave_future_frame(f);

    nave_stream_close(t->stream, 0);
}

static const struct nave_future_iface echo_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "echo",
    .poll = echo_poll,
    .drop = echo_drop,
    .result = rt_ok,
};

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
    struct nave_future *f = rt_future(w, &echo_future, sizeof(struct echo_frame));

    ((struct echo_frame *)nave_future_frame(f))->stream = s_take;
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

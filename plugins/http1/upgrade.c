/* SPDX-License-Identifier: MIT
 *
 * A connection handed on as a stream: after 101, or 200 to CONNECT. Bytes that came behind the head
 * are read from it first; bytes of the answer that were not sent yet go out before anything else.
 */
#include "http1.h"
#include "writer.h"

#include <string.h>

struct upgraded {
    struct nave_stream pub; /* first */
    struct nave_stream *below;
    struct nave_worker *w;
    const uint64_t *runner; /* of w */
    struct nave_job job;
    nave_stream_fn *read_fn;
    void *read_arg;
    struct nave_op *reader; /* that waits, with a watch of ours below; or NULL */
    struct nave_op *writer;
    struct http1_store *in;
    struct http1_store *out;
    struct http1_use use; /* whoever has the stream belongs to the handler */
    uint32_t is_queued;
    uint32_t is_closed;
    uint32_t has_write_watch; /* of the owner */
};

static struct upgraded *from_pub(struct nave_stream *s)
{
    return (struct upgraded *)(void *)s;
}

/* The caller is not on the stream's worker. */
static int32_t is_elsewhere(const struct upgraded *u)
{
    return NAVE_UNLIKELY(!nave_is_runner(u->runner));
}

static void drop_store(struct upgraded *u, struct http1_store **s)
{
    http1_store_free(u->w, *s);
    *s = NULL;
}

/* The end of a wait, with `err`. */
static void tell_reader(struct upgraded *u, nave_err err)
{
    struct nave_op *op = u->reader;

    u->reader = NULL;
    nave_stream_watch(u->below, NAVE_STREAM_READ, NULL, NULL);
    op->result = err;
    nave_op_wake(op);
}

static void tell_writer(struct upgraded *u, nave_err err)
{
    struct nave_op *op = u->writer;

    u->writer = NULL;
    nave_stream_watch(u->below, NAVE_STREAM_WRITE, NULL, NULL);
    op->result = err;
    nave_op_wake(op);
}

static void on_readable(void *arg)
{
    tell_reader(arg, NAVE_OK);
}

static void on_writable(void *arg)
{
    tell_writer(arg, NAVE_OK);
}

static void end_waits(struct upgraded *u, uint32_t directions, nave_err err)
{
    if ((directions & NAVE_STREAM_READ) && u->reader)
        tell_reader(u, err);
    if ((directions & NAVE_STREAM_WRITE) && u->writer)
        tell_writer(u, err);
}

/* What came behind the head is to be read: no report of the stream below will tell. */
static void tell_rest(struct upgraded *u)
{
    if (!u->in || u->is_queued)
        return;
    u->is_queued = 1;
    nave_worker_defer(u->w, &u->job);
}

static void run_job(struct nave_job *j)
{
    struct upgraded *u = NAVE_CONTAINER_OF(j, struct upgraded, job);

    u->is_queued = 0;
    if (u->is_closed)
        nave_worker_free(u->w, u, sizeof(*u));
    else if (u->in && u->reader)
        tell_reader(u, NAVE_OK);
    else if (u->in && u->read_fn)
        u->read_fn(u->read_arg);
}

static nave_err up_read(struct nave_stream *s, const struct nave_span *spans, uint32_t n,
                        size_t *out_len)
{
    struct upgraded *u = from_pub(s);
    size_t done = 0;
    uint32_t i;

    if (is_elsewhere(u))
        return NAVE_EAFFINITY;
    if (!u->in)
        return u->below->api->read(u->below, spans, n, out_len);
    for (i = 0; i < n && u->in->at < u->in->end; i++) {
        size_t k = u->in->end - u->in->at;

        if (k > spans[i].len)
            k = spans[i].len;
        memcpy(spans[i].data, u->in->data + u->in->at, k);
        u->in->at += (uint32_t)k;
        done += k;
    }
    if (u->in->at == u->in->end) {
        drop_store(u, &u->in);
        /* The reader may take a short read for "drained": have the stream below tell it again. */
        if (!u->reader)
            nave_stream_watch(u->below, NAVE_STREAM_READ, u->read_fn, u->read_arg);
    }
    if (done == 0)
        return NAVE_EINVAL;
    *out_len = done;
    return NAVE_OK;
}

/* What was left of the answer goes first. */
static nave_err flush_answer(struct upgraded *u)
{
    while (u->out) {
        size_t sent;
        nave_err err =
            nave_stream_write(u->below, u->out->data + u->out->at, u->out->end - u->out->at, &sent);

        if (err != NAVE_OK)
            return err;
        u->out->at += (uint32_t)sent;
        if (u->out->at == u->out->end)
            drop_store(u, &u->out);
    }
    return NAVE_OK;
}

static nave_err up_write(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                         size_t *out_len)
{
    struct upgraded *u = from_pub(s);
    nave_err err = is_elsewhere(u) ? NAVE_EAFFINITY : flush_answer(u);

    return err == NAVE_OK ? u->below->api->write(u->below, pieces, n, out_len) : err;
}

static nave_err up_write_file(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                              const struct nave_file_range *file, size_t *out_len)
{
    struct upgraded *u = from_pub(s);
    nave_err err = is_elsewhere(u) ? NAVE_EAFFINITY : flush_answer(u);

    return err == NAVE_OK ? nave_stream_write_file(u->below, pieces, n, file, out_len) : err;
}

static void up_watch(struct nave_stream *s, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    struct upgraded *u = from_pub(s);

    if (is_elsewhere(u))
        return;
    end_waits(u, direction, NAVE_EBUSY);
    if (direction & NAVE_STREAM_READ) {
        u->read_fn = fn;
        u->read_arg = arg;
        tell_rest(u);
    }
    if (direction & NAVE_STREAM_WRITE)
        u->has_write_watch = fn != NULL;
    nave_stream_watch(u->below, direction, fn, arg);
}

/* The op waits here, since its stream is this one; a watch of ours waits below. */
static nave_err up_wait(struct nave_stream *s, uint32_t direction, struct nave_op *op)
{
    struct upgraded *u = from_pub(s);
    struct nave_op **place = direction == NAVE_STREAM_READ ? &u->reader : &u->writer;

    if (is_elsewhere(u))
        return NAVE_EAFFINITY;
    if (direction != NAVE_STREAM_READ && direction != NAVE_STREAM_WRITE)
        return NAVE_EINVAL;
    if (op && (*place || (direction == NAVE_STREAM_READ ? u->read_fn != NULL : u->has_write_watch)))
        return NAVE_EBUSY;
    if (!op && !*place)
        return NAVE_OK;
    *place = op;
    nave_stream_watch(u->below, direction,
                      !op                             ? NULL
                      : direction == NAVE_STREAM_READ ? on_readable
                                                      : on_writable,
                      u);
    if (op && direction == NAVE_STREAM_READ)
        tell_rest(u);
    return NAVE_OK;
}

static nave_err up_shut(struct nave_stream *s)
{
    struct upgraded *u = from_pub(s);
    nave_err err = is_elsewhere(u) ? NAVE_EAFFINITY : flush_answer(u);

    return err == NAVE_OK ? nave_stream_shut(u->below) : err;
}

static void up_close(struct nave_stream *s, uint32_t flags)
{
    struct upgraded *u = from_pub(s);
    struct http1_part *part;

    if (is_elsewhere(u))
        return;
    end_waits(u, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NAVE_ECLOSED);
    (void)flush_answer(u);
    nave_stream_close(u->below, flags);
    drop_store(u, &u->in);
    drop_store(u, &u->out);
    u->is_closed = 1;
    part = u->use.part;
    http1_use_give(&u->use);
    if (!u->is_queued)
        nave_worker_free(u->w, u, sizeof(*u));
    http1_part_left(part);
}

static nave_err up_info(struct nave_stream *s, struct nave_stream_info *info)
{
    struct upgraded *u = from_pub(s);

    return u->below->api->info(u->below, info);
}

const struct nave_stream_iface http1_stream_table = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, NAVE_IFACE_DRAFT),
    .read = up_read,
    .write = up_write,
    .watch = up_watch,
    .shut = up_shut,
    .close = up_close,
    .info = up_info,
    .write_file = up_write_file,
    .wait = up_wait,
};

nave_err http1_upgrade(struct nave_http *pub, const struct nave_http_response *r,
                       struct nave_stream **out_stream)
{
    struct http1_exchange *x = (struct http1_exchange *)(void *)pub;
    struct http1_conn *c = x->c;
    int32_t is_connect = pub->method == NAVE_HTTP_CONNECT;
    struct http1_answer a = {0};
    struct nave_span rest;
    struct upgraded *u;
    char date[HTTP1_DATE_LEN];
    size_t need, len;
    char *head;
    nave_err err;

    if (!c || (c->flags & CONN_DEAD))
        return NAVE_ECLOSED;
    if ((x->flags & (X_STARTED | X_DONE | X_DEFERRED)) || !(x->flags & X_BODY_DONE) ||
        !(is_connect || (pub->flags & NAVE_HTTP_WANTS_UPGRADE)) || http1_conn_unsent(c))
        return NAVE_ESTATE;
    err = http1_check_size(r);
    if (err != NAVE_OK)
        return err;
    if (r->body_len || http1_check_response_headers(r) != NAVE_OK)
        return NAVE_EINVAL;
    http1_render_date(date, c->hw->w->clock->wall_s);
    a.status = is_connect ? 200 : 101;
    a.flags = is_connect ? 0 : HTTP1_ANSWER_UPGRADE;
    a.headers = r->headers;
    a.header_count = r->header_count;
    a.content_length = -1;
    a.date = date;
    need = http1_head_size_max(&a);
    u = nave_worker_alloc(c->hw->w, sizeof(*u));
    head = nave_worker_alloc(c->hw->w, need);
    rest = http1_conn_input(c);
    if (!u || !head)
        goto fail;
    memset(u, 0, sizeof(*u));
    u->w = c->hw->w;
    u->runner = u->w->api->runner(u->w);
    len = http1_write_head(head, need, &a);
    if (http1_store_append(u->w, &u->out, head, len) != NAVE_OK)
        goto fail;
    if (http1_store_append(u->w, &u->in, rest.data, rest.len) != NAVE_OK) {
        drop_store(u, &u->out);
        goto fail;
    }
    nave_worker_free(c->hw->w, head, need);
    u->pub.api = c->hw->plugin->stream_api;
    u->below = c->stream;
    http1_use_take(&u->use, c->part);
    u->job.run = run_job;
    (void)flush_answer(u); /* what does not go out goes before the first write */
    http1_conn_used(c, rest.len);
    nave_stream_watch(u->below, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NULL, NULL);
    c->flags |= CONN_UPGRADED | CONN_CLOSING;
    x->flags = (x->flags & ~X_KEEP) | X_STARTED | X_DONE;
    http1_conn_kick(c);
    http1_exchange_end(x);
    *out_stream = &u->pub;
    return NAVE_OK;
fail:
    nave_worker_free(c->hw->w, head, need);
    nave_worker_free(c->hw->w, u, sizeof(*u));
    return NAVE_ENOMEM;
}

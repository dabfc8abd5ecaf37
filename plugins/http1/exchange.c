/* SPDX-License-Identifier: MIT
 *
 * nave.http/1 for HTTP/1: one request and its response. Heads are written straight into the worker's
 * write buffer; exchanges come from a list of the worker's own, so a request allocates nothing.
 */
#include "http1.h"
#include "writer.h"

#include <string.h>

static struct http1_exchange *from_pub(struct nave_http *pub)
{
    return (struct http1_exchange *)(void *)pub;
}

/* --- life ------------------------------------------------------------------------------------ */

struct http1_exchange *http1_exchange_make(struct http1_worker *hw)
{
    struct http1_exchange *x = nave_worker_alloc(hw->w, sizeof(*x));

    if (!x)
        return NULL;
    hw->exchange_count++;
    memset(x, 0, offsetof(struct http1_exchange, arena));
    x->pub.fields = x->fields;
    x->pub.size = sizeof(x->pub);
    x->pub.worker = hw->w->index;
    x->hw = hw;
    return x;
}

int32_t http1_exchange_clear(struct http1_exchange *x)
{
    struct http1_worker *hw = x->hw;

    if (NAVE_UNLIKELY(x->reply != NULL))
        http1_reply_cut(x->reply);
    if (NAVE_UNLIKELY(x->held != NULL)) {
        nave_worker_free(hw->w, x->held, x->held_size);
        x->held = NULL;
    }
    while (NAVE_UNLIKELY(x->more != NULL)) {
        struct http1_more *m = x->more;

        x->more = m->next;
        nave_worker_free(hw->w, m, m->size);
    }
    if (NAVE_UNLIKELY(x->decoder.trailers != NULL)) {
        nave_worker_free(hw->w, x->decoder.trailers, sizeof(*x->decoder.trailers));
        x->decoder.trailers = NULL;
    }
    if (x->use.part)
        http1_use_give(&x->use);
    x->flags = 0;
    x->body_err = NAVE_OK;
    x->end_fn = x->body_fn = x->write_fn = NULL;
    if (hw->exchange_count <= HTTP1_SPARES_MAX)
        return 0;
    hw->exchange_count--;
    nave_worker_free(hw->w, x, sizeof(*x));
    return 1;
}

void http1_exchange_end(struct http1_exchange *x)
{
    nave_http_fn *fn = x->end_fn;
    int32_t is_gone = (x->flags & X_GONE) != 0;

    if (x->flags & X_ENDED)
        fn = NULL;
    x->flags |= X_ENDED;
    x->end_fn = NULL;
    if (NAVE_UNLIKELY(x->reply != NULL)) {
        http1_reply_cut(x->reply);
        x->reply = NULL;
    }
    if (NAVE_UNLIKELY(fn != NULL))
        fn(&x->pub, x->end_arg);
    if (is_gone)
        http1_exchange_free(x);
}

static void *http_alloc(struct nave_http *pub, size_t size)
{
    struct http1_exchange *x = from_pub(pub);
    struct http1_more *m;
    void *p;

    size = (size + 7) & ~(size_t)7;
    if (NAVE_LIKELY(size <= HTTP1_ARENA - x->arena_used)) {
        p = x->arena + x->arena_used;
        x->arena_used += (uint32_t)size;
        return p;
    }
    if (size > SIZE_MAX / 2)
        return NULL;
    m = nave_worker_alloc(x->hw->w, sizeof(*m) + size);
    if (!m)
        return NULL;
    m->size = sizeof(*m) + size;
    m->next = x->more;
    x->more = m;
    x->flags |= X_ODD;
    return m + 1;
}

/* The furthest byte of the head's text that a slice or field refers to. */
static size_t text_size(const struct http1_exchange *x)
{
    const struct nave_http *p = &x->pub;
    size_t n = (size_t)p->target.at + p->target.len;

    if (p->field_count) {
        const struct nave_http_field *f = &x->fields[p->field_count - 1];

        n = (size_t)f->value_at + f->value_len;
        if (n < (size_t)f->name_at + f->name_len)
            n = (size_t)f->name_at + f->name_len;
    }
    return n + 2;
}

static nave_err http_hold(struct nave_http *pub)
{
    struct http1_exchange *x = from_pub(pub);
    size_t size;
    char *held;

    if (x->flags & X_HELD)
        return NAVE_OK;
    if (!x->c)
        return NAVE_ECLOSED;
    size = text_size(x);
    held = nave_worker_alloc(x->hw->w, size);
    if (!held)
        return NAVE_ENOMEM;
    memcpy(held, pub->text, size);
    pub->text = held;
    x->held = held;
    x->held_size = size;
    x->flags |= X_HELD | X_ODD;
    http1_use_take(&x->use, x->c->part);
    return NAVE_OK;
}

static void http_on_end(struct nave_http *pub, nave_http_fn *fn, void *arg)
{
    struct http1_exchange *x = from_pub(pub);

    x->end_fn = fn;
    x->end_arg = arg;
    x->flags |= X_ODD;
}

/* --- responses ------------------------------------------------------------------------------- */

static const char *date_of(struct http1_worker *hw)
{
    int64_t now = hw->w->clock->wall_s;

    if (NAVE_UNLIKELY(hw->date_s != now)) {
        http1_render_date(hw->date, now);
        hw->date_s = now;
    }
    return hw->date;
}

nave_err http1_check_response_headers(const struct nave_http_response *r)
{
    uint32_t i;

    for (i = 0; i < r->header_count; i++) {
        if (NAVE_UNLIKELY(http1_check_header(&r->headers[i]) != NAVE_OK))
            return NAVE_EINVAL;
    }
    return NAVE_OK;
}

static inline int32_t has_prepared(const struct nave_http_response *r)
{
    return r->size >= sizeof(*r) && r->prepared;
}

nave_err http1_check_other_size(const struct nave_http_response *r)
{
    const unsigned char *bytes = (const unsigned char *)r;
    uint32_t i;

    if (r->size < HTTP1_RESPONSE_MIN || r->size > HTTP1_RESPONSE_MAX)
        return NAVE_EINVAL;
    for (i = (uint32_t)sizeof(*r); i < r->size; i++) {
        if (bytes[i])
            return NAVE_ETOONEW;
    }
    return NAVE_OK;
}

static nave_err check_response(const struct nave_http_response *r, uint32_t lowest)
{
    nave_err err = http1_check_size(r);

    if (NAVE_UNLIKELY(err != NAVE_OK))
        return err;
    if (NAVE_UNLIKELY(r->status < lowest || r->status > 599 || (r->flags & ~NAVE_HTTP_CLOSE)))
        return NAVE_EINVAL;
    return has_prepared(r) ? NAVE_OK : http1_check_response_headers(r);
}

/* Put the head behind what is to be sent. */
static nave_err write_head(struct http1_exchange *x, const struct http1_answer *a)
{
    struct http1_conn *c = x->c;
    size_t need = http1_head_size_max(a);
    char *room = http1_conn_room(c, need);
    nave_err err;

    if (NAVE_LIKELY(room != NULL)) {
        c->hw->out_len += http1_write_head(room, need, a);
        return NAVE_OK;
    }
    room = nave_worker_alloc(c->hw->w, need);
    if (!room)
        return NAVE_ENOMEM;
    err = http1_conn_append(c, room, http1_write_head(room, need, a));
    nave_worker_free(c->hw->w, room, need);
    return err;
}

/* The Connection field that goes with what was decided. */
static uint16_t connection_flags(const struct http1_exchange *x)
{
    if (NAVE_UNLIKELY(!(x->flags & X_KEEP)))
        return HTTP1_ANSWER_CLOSE;
    return x->pub.version == 10 ? HTTP1_ANSWER_KEEP_ALIVE : 0;
}

/* May a response begin? */
static nave_err may_begin(const struct http1_exchange *x)
{
    if (NAVE_UNLIKELY(!x->c || (x->c->flags & CONN_DEAD)))
        return NAVE_ECLOSED;
    if (NAVE_UNLIKELY(x->flags & (X_STARTED | X_DONE | X_ENDED)))
        return NAVE_ESTATE;
    return NAVE_OK;
}

/* A peer that waits for 100 and is answered at once will not send its body: the connection can not
 * be told where the next request begins. */
static void settle_connection(struct http1_exchange *x, const struct nave_http_response *r)
{
    if (NAVE_UNLIKELY((r->flags & NAVE_HTTP_CLOSE) || x->hw->is_draining))
        x->flags &= ~X_KEEP;
    if (NAVE_UNLIKELY((x->pub.flags & NAVE_HTTP_CONTINUE) && !(x->flags & X_TOLD_100)))
        x->flags &= ~X_KEEP;
    if (NAVE_UNLIKELY(x->body_err != NAVE_OK))
        x->flags &= ~X_KEEP;
}

static void response_is_complete(struct http1_exchange *x)
{
    struct http1_conn *c = x->c;

    x->flags |= X_STARTED | X_DONE;
    if (NAVE_UNLIKELY(x->hw->active != c))
        http1_conn_kick(c);
    if (NAVE_UNLIKELY(x->end_fn != NULL || x->reply != NULL))
        http1_exchange_end(x);
    else
        x->flags |= X_ENDED;
}

nave_err http1_exchange_respond(struct http1_exchange *x, const struct nave_http_response *r)
{
    struct http1_answer a;
    size_t body_len = r->body_len;
    nave_err err = may_begin(x);

    if (NAVE_UNLIKELY(err != NAVE_OK))
        return err;
    err = check_response(r, 200);
    if (NAVE_UNLIKELY(err != NAVE_OK))
        return err;
    settle_connection(x, r);
    a.status = r->status;
    a.header_count = r->header_count;
    a.headers = r->headers;
    a.content_length = (int64_t)body_len;
    a.date = date_of(x->hw);
    a.flags = connection_flags(x);
    if (NAVE_UNLIKELY(x->pub.method == NAVE_HTTP_HEAD))
        body_len = 0;
    if (NAVE_UNLIKELY(r->status == 204 || r->status == 304)) {
        a.content_length = -1;
        body_len = 0;
    }
    err = write_head(x, &a);
    if (NAVE_UNLIKELY(err != NAVE_OK))
        return err;
    if (body_len) {
        err = http1_conn_append(x->c, r->body, body_len);
        if (NAVE_UNLIKELY(err != NAVE_OK)) { /* a head without its body: cut */
            x->c->flags |= CONN_ABORT | CONN_CLOSING;
            http1_conn_kick(x->c);
        }
    }
    response_is_complete(x);
    return NAVE_OK;
}

/* A prepared response to a plain exchange, inside handle(): one copy. 0: it must go the long way. */
static int32_t respond_prepared(struct http1_exchange *x, const struct nave_http_response *r)
{
    const struct nave_http_prepared *p = r->prepared;
    struct http1_worker *hw = x->hw;
    size_t n = hw->out_len;
    char *out = hw->out_buffer + n;

    if (NAVE_UNLIKELY((x->flags & X_PLAIN_MASK) != X_PLAIN_OPEN || !p->has_body ||
                      hw->is_draining || n + p->text_len > HTTP1_WRITE_BUFFER - HTTP1_START_MAX ||
                      (x->c->flags & CONN_DEAD)))
        return 0;
    n = http1_write_start(out, r->status, date_of(hw));
    memcpy(out + n, p->text, p->text_len);
    hw->out_len += n + p->text_len;
    x->flags |= X_STARTED | X_DONE | X_ENDED;
    return 1;
}

static nave_err http_respond(struct nave_http *pub, const struct nave_http_response *r)
{
    struct http1_exchange *x = from_pub(pub);

    if (NAVE_LIKELY(has_prepared(r)) && NAVE_LIKELY(respond_prepared(x, r)))
        return NAVE_OK;
    if (NAVE_UNLIKELY(x->flags & X_DEFERRED))
        return NAVE_ESTATE;
    return http1_exchange_respond(x, r);
}

static nave_err http_start(struct nave_http *pub, const struct nave_http_response *r,
                           int64_t body_size)
{
    struct http1_exchange *x = from_pub(pub);
    struct http1_answer a = {0};
    uint32_t framing = 0;
    nave_err err = may_begin(x);

    if (err == NAVE_OK && (x->flags & X_DEFERRED))
        err = NAVE_ESTATE;
    if (err == NAVE_OK)
        err = r->body_len || body_size < -1 ? NAVE_EINVAL : check_response(r, 200);
    if (err == NAVE_OK)
        err = http_hold(pub);
    if (err != NAVE_OK)
        return err;
    settle_connection(x, r);
    a.status = r->status;
    a.header_count = r->header_count;
    a.headers = r->headers;
    a.date = date_of(x->hw);
    a.content_length = body_size;
    if (r->status == 204 || r->status == 304) {
        a.content_length = -1;
        framing = X_NO_BODY;
    } else if (body_size < 0) {
        if (pub->version >= 11) {
            framing = X_CHUNKED;
        } else { /* "RFC 9112 6.3" rule 8: the end of the connection ends the body */
            framing = X_UNTIL_END;
            x->flags &= ~X_KEEP;
        }
    }
    if (pub->method == NAVE_HTTP_HEAD)
        framing |= X_NO_BODY;
    a.flags = connection_flags(x);
    if (framing & X_CHUNKED)
        a.flags |= HTTP1_ANSWER_CHUNKED;
    err = write_head(x, &a);
    if (err != NAVE_OK)
        return err;
    x->flags |= X_STARTED | framing;
    x->out_left = body_size > 0 ? (uint64_t)body_size : 0;
    return NAVE_OK;
}

int32_t http1_exchange_is_streaming(const struct http1_exchange *x)
{
    return (x->flags & (X_STARTED | X_DONE | X_FILE_LAST)) == X_STARTED;
}

static nave_err http_write(struct nave_http *pub, const void *data, size_t len, size_t *out_len)
{
    struct http1_exchange *x = from_pub(pub);
    char line[HTTP1_CHUNK_HEAD_MAX];
    nave_err err;

    if (!x->c || (x->c->flags & CONN_DEAD))
        return NAVE_ECLOSED;
    if (!http1_exchange_is_streaming(x))
        return NAVE_ESTATE;
    if (len == 0)
        return NAVE_EINVAL;
    if (!(x->flags & (X_CHUNKED | X_UNTIL_END | X_NO_BODY)) && len > x->out_left)
        return NAVE_ETOOBIG;
    if (x->flags & X_FILE) {
        x->flags |= X_WRITE_WAITS;
        return NAVE_EAGAIN;
    }
    if (!(x->flags & X_NO_BODY)) {
        size_t unsent = http1_conn_unsent(x->c);

        if (unsent >= HTTP1_HIGH_WATER) {
            x->flags |= X_WRITE_WAITS;
            http1_conn_kick(x->c);
            return NAVE_EAGAIN;
        }
        if (len > HTTP1_HIGH_WATER)
            len = HTTP1_HIGH_WATER;
        if (x->flags & X_CHUNKED) {
            err = http1_conn_append(x->c, line, http1_write_chunk_head(line, len));
            if (err == NAVE_OK)
                err = http1_conn_append(x->c, data, len);
            if (err == NAVE_OK)
                err = http1_conn_append(x->c, "\r\n", 2);
        } else {
            err = http1_conn_append(x->c, data, len);
        }
        if (err != NAVE_OK) { /* half a chunk may be there: nothing can follow it */
            x->c->flags |= CONN_ABORT | CONN_CLOSING;
            http1_conn_kick(x->c);
            return err;
        }
    }
    if (!(x->flags & (X_CHUNKED | X_UNTIL_END)) && x->out_left)
        x->out_left -= len;
    *out_len = len;
    return NAVE_OK;
}

static void http_write_watch(struct nave_http *pub, nave_http_fn *fn, void *arg)
{
    struct http1_exchange *x = from_pub(pub);

    x->write_fn = fn;
    x->write_arg = arg;
    x->flags |= X_ODD;
}

static nave_err write_last_chunk(struct http1_exchange *x, const struct nave_http_header *trailers,
                                 uint32_t n)
{
    size_t need = http1_last_chunk_size_max(trailers, n);
    char *text;
    nave_err err;

    if (n == 0)
        return http1_conn_append(x->c, HTTP1_LAST_CHUNK, HTTP1_LAST_CHUNK_LEN);
    text = nave_worker_alloc(x->hw->w, need);
    if (!text)
        return NAVE_ENOMEM;
    err = http1_conn_append(x->c, text, http1_write_last_chunk(text, need, trailers, n));
    nave_worker_free(x->hw->w, text, need);
    return err;
}

void http1_exchange_finish(struct http1_exchange *x)
{
    if ((x->flags & X_CHUNKED) && write_last_chunk(x, NULL, 0) != NAVE_OK)
        x->pub.api->abort(&x->pub);
    else
        response_is_complete(x);
}

static nave_err http_end(struct nave_http *pub, const struct nave_http_header *trailers, uint32_t n)
{
    struct http1_exchange *x = from_pub(pub);
    nave_err err = NAVE_OK;
    uint32_t i;

    if (!x->c || (x->c->flags & CONN_DEAD))
        return NAVE_ECLOSED;
    if (!http1_exchange_is_streaming(x))
        return NAVE_ESTATE;
    for (i = 0; i < n; i++)
        if (http1_check_trailer(&trailers[i]) != NAVE_OK)
            return NAVE_EINVAL;
    if (!(x->flags & (X_CHUNKED | X_UNTIL_END | X_NO_BODY)) && x->out_left) {
        pub->api->abort(pub);
        return NAVE_ESTATE;
    }
    if (x->flags & X_FILE) { /* it ends the body, in its time */
        if (n > 0) {
            x->flags |= X_WRITE_WAITS;
            return NAVE_EAGAIN;
        }
        x->flags |= X_FILE_LAST;
        return NAVE_OK;
    }
    if ((x->flags & X_CHUNKED) && !(x->flags & X_NO_BODY))
        err = write_last_chunk(x, trailers, n);
    if (err != NAVE_OK)
        return err;
    response_is_complete(x);
    return NAVE_OK;
}

static nave_err http_inform(struct nave_http *pub, const struct nave_http_response *r)
{
    struct http1_exchange *x = from_pub(pub);
    struct http1_answer a = {0};
    nave_err err = may_begin(x);

    if (err != NAVE_OK)
        return err;
    if (pub->version < 11)
        return NAVE_ENOSYS;
    err = check_response(r, 100);
    if (err != NAVE_OK)
        return err;
    if (r->status > 199 || r->status == 101 || r->body_len)
        return NAVE_EINVAL;
    a.status = r->status;
    a.header_count = r->header_count;
    a.headers = r->headers;
    a.content_length = -1;
    a.date = date_of(x->hw);
    if (r->status == 100)
        x->flags |= X_TOLD_100;
    err = write_head(x, &a);
    http1_conn_kick(x->c);
    return err;
}

void http1_exchange_error(struct http1_conn *c, struct http1_exchange *x, uint16_t status)
{
    char text[HTTP1_ERROR_MAX];
    size_t n = http1_write_error(text, sizeof(text), status, HTTP1_ANSWER_CLOSE,
                                 !(x && x->pub.method == NAVE_HTTP_HEAD), date_of(c->hw));

    c->flags |= CONN_CLOSING | CONN_LINGER;
    (void)http1_conn_append(c, text, n); /* out of memory: closed without a word */
    if (x) {
        x->flags = (x->flags & ~X_KEEP) | X_STARTED | X_DONE | X_BODY_DONE;
        http1_exchange_end(x);
    }
}

static nave_err http_push(struct nave_http *pub, const char *path, size_t len,
                          const struct nave_http_header *headers, uint32_t n,
                          struct nave_http **out_x)
{
    (void)pub;
    (void)path;
    (void)len;
    (void)headers;
    (void)n;
    (void)out_x;
    return NAVE_ENOSYS;
}

static nave_err http_defer(struct nave_http *pub, struct nave_http_reply **out_reply)
{
    struct http1_exchange *x = from_pub(pub);
    nave_err err = may_begin(x);

    if (err == NAVE_OK && (x->flags & X_DEFERRED))
        err = NAVE_ESTATE;
    if (err == NAVE_OK)
        err = http_hold(pub);
    if (err == NAVE_OK)
        err = http1_reply_new(x, out_reply);
    if (err == NAVE_OK)
        x->flags |= X_DEFERRED;
    return err;
}

static void http_abort(struct nave_http *pub)
{
    struct http1_exchange *x = from_pub(pub);

    if (!x->c)
        return;
    x->flags = (x->flags & ~(X_KEEP | X_FILE)) | X_STARTED | X_DONE | X_BODY_DONE;
    x->c->flags |= CONN_ABORT | CONN_CLOSING;
    http1_conn_kick(x->c);
    http1_exchange_end(x);
}

static nave_err http_info(struct nave_http *pub, struct nave_stream_info *info)
{
    struct http1_exchange *x = from_pub(pub);

    return x->c ? x->c->stream->api->info(x->c->stream, info) : NAVE_ECLOSED;
}

const struct nave_http_iface http1_http_table = {
    .hdr = NAVE_IFACE(struct nave_http_iface, NAVE_HTTP_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = http_alloc,
    .hold = http_hold,
    .on_end = http_on_end,
    .body_peek = http1_body_peek,
    .body_consume = http1_body_consume,
    .body_watch = http1_body_watch,
    .body_limit = http1_body_limit,
    .trailer = http1_body_trailer,
    .inform = http_inform,
    .respond = http_respond,
    .start = http_start,
    .write = http_write,
    .write_watch = http_write_watch,
    .end = http_end,
    .push = http_push,
    .upgrade = http1_upgrade,
    .defer = http_defer,
    .abort = http_abort,
    .info = http_info,
    .write_file = http1_write_file,
};

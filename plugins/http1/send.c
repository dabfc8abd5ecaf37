/* SPDX-License-Identifier: MIT
 *
 * The way out of a connection: what is answered collects in the worker's write buffer while the
 * connection is active, in a store of its own otherwise, and leaves with one write. What the stream
 * does not take is kept, in order, and the deadline becomes the write's.
 */
#include "http1.h"

#include <string.h>

size_t http1_conn_unsent(const struct http1_conn *c)
{
    size_t n = c->out ? c->out->end - c->out->at : 0;

    return c->hw->active == c ? n + c->hw->out_len : n;
}

void http1_conn_failed(struct http1_conn *c)
{
    c->flags |= CONN_DEAD;
    c->hw->out_len = 0;
}

static void wait_writable(struct http1_conn *c)
{
    c->flags |= CONN_BLOCKED;
    if (!(c->flags & CONN_WATCHING)) {
        c->flags |= CONN_WATCHING;
        nave_stream_watch(c->stream, NAVE_STREAM_WRITE, http1_conn_on_writable, c);
    }
}

/* Keep what lies behind the first `sent` bytes of the pieces, in order; the first is the store, when
 * there is one. */
static void keep_rest(struct http1_conn *c, const struct nave_bytes *piece, uint32_t n, size_t sent)
{
    struct http1_worker *hw = c->hw;
    uint32_t i = 0;

    if (c->out) {
        size_t from_store = sent < piece[0].len ? sent : piece[0].len;

        c->out->at += (uint32_t)from_store;
        sent -= from_store;
        i = 1;
    }
    for (; i < n; i++) {
        size_t skip = sent < piece[i].len ? sent : piece[i].len;

        sent -= skip;
        if (http1_store_append(hw->w, &c->out, (const uint8_t *)piece[i].data + skip,
                               piece[i].len - skip) != NAVE_OK) {
            http1_conn_failed(c); /* the peer can not be told the rest: cut */
            return;
        }
    }
    if (c->out && c->out->at == c->out->end) {
        http1_store_free(hw->w, c->out);
        c->out = NULL;
    }
    if (hw->active == c)
        hw->out_len = 0;
}

void http1_conn_wrote_part(struct http1_conn *c, const struct nave_bytes *piece, uint32_t n,
                           size_t sent, nave_err err)
{
    if (err != NAVE_OK && err != NAVE_EAGAIN) {
        http1_conn_failed(c);
        return;
    }
    wait_writable(c);
    http1_conn_extend(c, c->hw->options.write_timeout);
    keep_rest(c, piece, n, err == NAVE_OK ? sent : 0);
}

void http1_conn_wrote_all(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;

    if (c->out) {
        http1_store_free(hw->w, c->out);
        c->out = NULL;
    }
    if (hw->active == c)
        hw->out_len = 0;
}

/* Send what is there: the store, the write buffer, and `data` behind them. What the stream does not
 * take goes to the store. */
void http1_conn_flush(struct http1_conn *c, const void *data, size_t len)
{
    struct http1_worker *hw = c->hw;
    struct nave_bytes piece[3];
    size_t sent = 0;
    size_t all = 0;
    uint32_t n = 0;
    nave_err err;

    if (c->flags & CONN_DEAD)
        return;
    if (c->out) {
        piece[n].data = c->out->data + c->out->at;
        all += piece[n++].len = c->out->end - c->out->at;
    }
    if (hw->active == c && hw->out_len) {
        piece[n].data = hw->out_buffer;
        all += piece[n++].len = hw->out_len;
    }
    if (len) {
        piece[n].data = data;
        all += piece[n++].len = len;
    }
    if (n == 0)
        return;
    if (c->flags & CONN_BLOCKED) {
        keep_rest(c, piece, n, 0);
        return;
    }
    err = nave_stream_writev(c->stream, piece, n, &sent);
    if (NAVE_UNLIKELY(err != NAVE_OK || sent != all)) {
        http1_conn_wrote_part(c, piece, n, sent, err);
        return;
    }
    http1_conn_wrote_all(c);
}

int32_t http1_conn_send(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;
    struct nave_bytes piece = {hw->out_buffer, hw->out_len};
    size_t sent = 0;
    nave_err err = nave_stream_writev(c->stream, &piece, 1, &sent);

    if (NAVE_LIKELY(err == NAVE_OK && sent == piece.len))
        return 1;
    http1_conn_wrote_part(c, &piece, 1, sent, err);
    return 0;
}

char *http1_conn_room(struct http1_conn *c, size_t need)
{
    struct http1_worker *hw = c->hw;

    if (hw->active != c || need > HTTP1_WRITE_BUFFER)
        return NULL;
    if (NAVE_UNLIKELY(HTTP1_WRITE_BUFFER - hw->out_len < need)) {
        http1_conn_flush(c, NULL, 0);
        hw->out_len = 0;
    }
    return hw->out_buffer + hw->out_len;
}

nave_err http1_conn_append(struct http1_conn *c, const void *data, size_t len)
{
    struct http1_worker *hw = c->hw;

    if (c->flags & CONN_DEAD)
        return NAVE_ECLOSED;
    if (NAVE_LIKELY(hw->active == c)) {
        if (NAVE_LIKELY(len <= HTTP1_WRITE_BUFFER - hw->out_len)) {
            memcpy(hw->out_buffer + hw->out_len, data, len);
            hw->out_len += len;
        } else {
            http1_conn_flush(c, data, len); /* large: not copied but for what does not go out */
        }
        return NAVE_OK;
    }
    http1_conn_kick(c);
    return http1_store_append(hw->w, &c->out, data, len);
}

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

/* Send what is there: the store, the write buffer, and `data` behind them. What the stream does not
 * take goes to the store. */
void http1_conn_flush(struct http1_conn *c, const void *data, size_t len)
{
    struct http1_worker *hw = c->hw;
    struct nave_bytes piece[3];
    uint32_t n = 0, i;
    size_t sent = 0;
    nave_err err;

    if (c->flags & CONN_DEAD)
        return;
    if (c->out) {
        piece[n].data = c->out->data + c->out->at;
        piece[n++].len = c->out->end - c->out->at;
    }
    if (hw->active == c && hw->out_len) {
        piece[n].data = hw->out_buffer;
        piece[n++].len = hw->out_len;
    }
    if (len) {
        piece[n].data = data;
        piece[n++].len = len;
    }
    if (n == 0)
        return;
    if (!(c->flags & CONN_BLOCKED)) {
        size_t all = 0;

        for (i = 0; i < n; i++)
            all += piece[i].len;
        err = nave_stream_writev(c->stream, piece, n, &sent);
        if (NAVE_LIKELY(err == NAVE_OK && sent == all)) {
            if (NAVE_UNLIKELY(c->out != NULL)) {
                http1_store_free(hw->w, c->out);
                c->out = NULL;
            }
            if (hw->active == c)
                hw->out_len = 0;
            return;
        }
        if (err != NAVE_OK && err != NAVE_EAGAIN) {
            http1_conn_failed(c);
            return;
        }
        wait_writable(c);
        http1_conn_extend(c, hw->plugin->options.write_timeout);
    }
    /* Keep the rest, in order. */
    i = 0;
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

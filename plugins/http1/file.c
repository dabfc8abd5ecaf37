/* SPDX-License-Identifier: MIT
 *
 * A range of a file as a part of a response's body. It is sent while the connection runs, behind what
 * is unsent before it and in the same call, as far as the peer takes it, and no more than a burst
 * before others get a turn. A stream that cannot take files, and a range so small that it fits beside
 * its head, is read into the write buffer instead.
 *
 * The framing was told before, so there is no other answer to a file that ends too early, or that
 * cannot be read, than to cut the connection: the peer sees that something is missing.
 */
#include "http1.h"
#include "writer.h"

#include <errno.h>
#include <unistd.h>

nave_err http1_write_file(struct nave_http *pub, const struct nave_file_range *file)
{
    struct http1_exchange *x = (struct http1_exchange *)(void *)pub;
    char line[HTTP1_CHUNK_HEAD_MAX];
    nave_err err;

    if (!x->c || (x->c->flags & CONN_DEAD))
        return NAVE_ECLOSED;
    if (!http1_exchange_is_streaming(x))
        return NAVE_ESTATE;
    if (x->flags & X_FILE)
        return NAVE_EAGAIN;
    if (file->len == 0 || file->fd < 0 || file->len > INT64_MAX || file->offset > INT64_MAX)
        return NAVE_EINVAL;
    if (!(x->flags & (X_CHUNKED | X_UNTIL_END | X_NO_BODY)) && file->len > x->out_left)
        return NAVE_ETOOBIG;
    if ((x->flags & (X_CHUNKED | X_NO_BODY)) == X_CHUNKED) {
        err = http1_conn_append(x->c, line, http1_write_chunk_head(line, file->len));
        if (err != NAVE_OK)
            return err;
    }
    if (!(x->flags & (X_CHUNKED | X_UNTIL_END)) && x->out_left)
        x->out_left -= file->len;
    if (!(x->flags & X_NO_BODY)) {
        x->file = *file;
        x->flags |= X_FILE;
    }
    x->flags |= X_WRITE_WAITS;
    http1_conn_kick(x->c);
    return NAVE_OK;
}

/* The rest of the body cannot be sent. */
static void cut(struct http1_exchange *x)
{
    http1_count(x->hw, &x->hw->plugin->counters.files_cut);
    x->pub.api->abort(&x->pub);
}

/* Read what fits behind the output. 0: the exchange was cut off. */
static int32_t copy_some(struct http1_exchange *x)
{
    struct http1_worker *hw = x->hw;
    size_t room = HTTP1_WRITE_BUFFER - hw->out_len;
    ssize_t got;

    if (room > x->file.len)
        room = (size_t)x->file.len;
    do
        got = pread((int)x->file.fd, hw->out_buffer + hw->out_len, room, (off_t)x->file.offset);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        cut(x);
        return 0;
    }
    hw->out_len += (size_t)got;
    x->file.offset += (size_t)got;
    x->file.len -= (size_t)got;
    return 1;
}

/* Send what is unsent and some of the file. The bytes of the file that went; 0: none, see flags. */
static size_t send_some(struct http1_exchange *x, size_t budget)
{
    struct http1_conn *c = x->c;
    struct nave_file_range range = x->file;
    struct nave_bytes piece[2];
    size_t before = 0, sent = 0;
    uint32_t n = 0;
    nave_err err;

    if (range.len > budget)
        range.len = budget;
    if (c->out) {
        piece[n].data = c->out->data + c->out->at;
        before += piece[n++].len = c->out->end - c->out->at;
    }
    if (x->hw->out_len) {
        piece[n].data = x->hw->out_buffer;
        before += piece[n++].len = x->hw->out_len;
    }
    err = nave_stream_write_file(c->stream, piece, n, &range, &sent);
    if (err == NAVE_ENOSYS || err == NAVE_EINVAL) {
        x->flags |= X_FILE_COPY;
        return 0;
    }
    if (err == NAVE_EOF || err == NAVE_EIO) {
        cut(x);
        return 0;
    }
    if (err != NAVE_OK || sent < before) {
        http1_conn_wrote_part(c, piece, n, sent, err);
        return 0;
    }
    if (n > 0)
        http1_conn_wrote_all(c);
    sent -= before;
    x->file.offset += sent;
    x->file.len -= sent;
    http1_conn_extend(c, x->hw->options.write_timeout);
    return sent;
}

int32_t http1_file_run(struct http1_exchange *x)
{
    struct http1_conn *c = x->c;
    size_t budget = HTTP1_FILE_BURST;

    if (x->file.len <= HTTP1_FILE_COPY_MAX)
        x->flags |= X_FILE_COPY;
    while (x->file.len > 0) {
        uint64_t left = x->file.len;

        if (budget == 0 || (c->flags & (CONN_BLOCKED | CONN_DEAD | CONN_ABORT)))
            return 0;
        if (!(x->flags & X_FILE_COPY)) {
            budget -= send_some(x, budget);
            continue;
        }
        if (x->hw->out_len == HTTP1_WRITE_BUFFER || c->out) {
            http1_conn_flush(c, NULL, 0);
            continue;
        }
        if (!copy_some(x))
            return 0;
        left -= x->file.len;
        budget -= left < budget ? (size_t)left : budget;
    }
    x->flags &= ~(X_FILE | X_FILE_COPY);
    if ((x->flags & X_CHUNKED) && http1_conn_append(c, "\r\n", 2) != NAVE_OK) {
        cut(x);
        return 0;
    }
    if (x->flags & X_FILE_LAST)
        http1_exchange_finish(x);
    return 1;
}

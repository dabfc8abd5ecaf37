/* SPDX-License-Identifier: MIT
 *
 * A peer: the limit servers' work on libuv (uv_read_start, uv_try_write, uv_write for what is left).
 *
 *     uv_http PORT [FILE]
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <uv.h>

#include "../limit.h"

struct conn {
    uv_tcp_t tcp;
    struct limit_conn base;
    uv_write_t rest; /* of answers that uv_try_write did not take */
    int is_writing;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_conn(struct conn *c)
{
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static void write_owed(struct conn *c);

static void on_written(uv_write_t *request, int status)
{
    struct conn *c = request->data;

    c->is_writing = 0;
    if (status < 0)
        close_conn(c);
    else
        write_owed(c);
}

static void write_owed(struct conn *c)
{
    size_t skip, room;
    uv_buf_t out;
    int n;

    if (c->is_writing || !c->base.owed)
        return;
    skip = (limit_answer_len - c->base.owed % limit_answer_len) % limit_answer_len;
    room = LIMIT_BATCH_MAX * limit_answer_len - skip;
    out = uv_buf_init(limit_answers + skip, (unsigned)(c->base.owed < room ? c->base.owed : room));
    n = uv_try_write((uv_stream_t *)&c->tcp, &out, 1);
    if (n < 0 && n != UV_EAGAIN) {
        close_conn(c);
        return;
    }
    if (n > 0) {
        c->base.owed -= (size_t)n;
        out.base += n;
        out.len -= (size_t)n;
    }
    if (!out.len)
        return;
    c->rest.data = c;
    c->is_writing = 1;
    c->base.owed -= out.len;
    if (uv_write(&c->rest, (uv_stream_t *)&c->tcp, &out, 1, on_written))
        close_conn(c);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
    (void)handle;
    (void)hint;
    *buf = uv_buf_init(limit_input + LIMIT_TAIL, LIMIT_READ_MAX);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = stream->data;

    (void)buf;
    if (n < 0) {
        close_conn(c);
        return;
    }
    c->base.owed += limit_count_heads(&c->base, (size_t)n) * limit_answer_len;
    write_owed(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct conn *c = status < 0 ? NULL : calloc(1, sizeof(*c));

    if (!c)
        return;
    if (uv_tcp_init(listener->loop, &c->tcp)) {
        free(c);
        return;
    }
    c->tcp.data = c;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) || uv_tcp_nodelay(&c->tcp, 1) ||
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read))
        close_conn(c);
}

static void on_term(uv_signal_t *handle, int signo)
{
    (void)signo;
    uv_stop(handle->loop);
}

int main(int argc, char **argv)
{
    uv_loop_t *loop = uv_default_loop();
    uv_signal_t term;
    uv_tcp_t listener;
    int fd = limit_listen(argc, argv);

    uv_signal_init(loop, &term);
    uv_signal_start(&term, on_term, SIGTERM);
    uv_tcp_init(loop, &listener);
    if (uv_tcp_open(&listener, fd) || uv_listen((uv_stream_t *)&listener, 4096, on_connection))
        limit_fail("uv_listen");
    uv_run(loop, UV_RUN_DEFAULT);
    return 0;
}

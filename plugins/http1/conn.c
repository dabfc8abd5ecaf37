/* SPDX-License-Identifier: MIT
 *
 * A connection: stream events in, the engine, one write out. The only file that reads and writes the
 * stream. While it runs (enter ... leave) its input is a window into the worker's read buffer, and
 * its output collects in the worker's write buffer, however many requests one read carried.
 *
 * Everything that happens outside (a held exchange that is answered, a body that is consumed) puts
 * its bytes into the connection's own store and kicks: the connection runs from its job, soon.
 */
#include "http1.h"

#include <string.h>

static void on_readable(void *arg);
static void on_timer(struct nave_timer *t, void *arg);
static void run_job(struct nave_job *j);

/* --- the end --------------------------------------------------------------------------------- */

static void conn_free(struct http1_conn *c)
{
    nave_worker_free(c->hw->w, c, sizeof(*c));
}

/* Close the stream and let go of everything. The memory stays while the job is queued, or while the
 * connection is active. */
static void conn_end(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;
    uint32_t close_flags = 0;

    if (c->flags & CONN_GONE)
        return;
    c->flags |= CONN_GONE;
    if (c->flags & (CONN_ABORT | CONN_DEAD))
        close_flags = NAVE_CLOSE_ABORT;
    else if (c->flags & CONN_LINGER)
        close_flags = NAVE_CLOSE_LINGER;
    if (c->x) {
        struct http1_exchange *x = c->x;

        c->x = NULL;
        x->c = NULL;
        x->flags |= X_GONE;
        http1_exchange_end(x);
    }
    nave_timer_stop(hw->w, &c->timer);
    if (!(c->flags & CONN_UPGRADED))
        nave_stream_close(c->stream, close_flags);
    http1_store_free(hw->w, c->in);
    http1_store_free(hw->w, c->out);
    c->in = c->out = NULL;
    if (c->prev)
        c->prev->next = c->next;
    else
        hw->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    hw->w->api->release(hw->w, "connection");
    if (!(c->flags & CONN_UPGRADED))
        http1_part_left(c->part);
    if (!(c->flags & CONN_QUEUED) && hw->active != c)
        conn_free(c);
}

/* --- running later --- */

void http1_conn_kick(struct http1_conn *c)
{
    if (c->hw->active == c || (c->flags & (CONN_QUEUED | CONN_GONE)))
        return;
    c->flags |= CONN_QUEUED;
    nave_worker_defer(c->hw->w, &c->job);
}

/* --- input ----------------------------------------------------------------------------------- */

struct nave_span http1_conn_input(struct http1_conn *c)
{
    struct nave_span s = {NULL, 0};

    if (c->hw->active == c) {
        s.data = c->hw->in;
        s.len = (size_t)(c->hw->in_end - c->hw->in);
    } else if (c->in) {
        s.data = c->in->data + c->in->at;
        s.len = c->in->end - c->in->at;
    }
    return s;
}

void http1_conn_used(struct http1_conn *c, size_t n)
{
    if (c->hw->active == c)
        c->hw->in += n;
    else if (c->in)
        c->in->at += (uint32_t)n;
}

/* Move the store's bytes into the read buffer. */
static void load_input(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;

    hw->in = hw->in_end = hw->in_buffer;
    if (NAVE_UNLIKELY(c->in != NULL)) {
        size_t n = c->in->end - c->in->at;

        memcpy(hw->in, c->in->data + c->in->at, n);
        hw->in_end = hw->in + n;
        http1_store_free(hw->w, c->in);
        c->in = NULL;
    }
}

static void save_input(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;

    if (NAVE_LIKELY(hw->in == hw->in_end))
        return;
    if (http1_store_append(hw->w, &c->in, hw->in, (size_t)(hw->in_end - hw->in)) != NAVE_OK)
        c->flags |= CONN_ABORT | CONN_CLOSING;
}

/* A read gave no bytes. 1: the end or a failure was noted. */
static int32_t read_nothing(struct http1_conn *c, nave_err err)
{
    if (err == NAVE_EAGAIN)
        return 0;
    if (err == NAVE_EOF)
        c->flags |= CONN_EOF;
    else
        http1_conn_failed(c);
    return 1;
}

/* One read behind the window. 1: bytes came, or the end or a failure was noted. */
static int32_t read_more(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;
    size_t room, n;
    nave_err err;

    if (hw->in == hw->in_end) {
        hw->in = hw->in_end = hw->in_buffer;
    } else if (hw->in_end - hw->in_buffer > (ptrdiff_t)(HTTP1_READ_BUFFER / 2)) {
        memmove(hw->in_buffer, hw->in, (size_t)(hw->in_end - hw->in));
        hw->in_end -= hw->in - hw->in_buffer;
        hw->in = hw->in_buffer;
    }
    room = HTTP1_READ_BUFFER - (size_t)(hw->in_end - hw->in_buffer);
    if (room == 0)
        return 0;
    c->flags &= ~CONN_UNREAD;
    err = nave_stream_read(c->stream, hw->in_end, room, &n);
    if (NAVE_UNLIKELY(err != NAVE_OK))
        return read_nothing(c, err);
    hw->in_end += n;
    if (n == room)
        c->flags |= CONN_UNREAD;
    return 1;
}

/* --- deadlines ------------------------------------------------------------------------------- */

void http1_conn_extend(struct http1_conn *c, nave_nsec timeout_ns)
{
    nave_timer_extend(c->hw->w, &c->timer, nave_now(c->hw->w) + timeout_ns);
}

/* A deadline nearer than the one that is filed. */
static void set_deadline(struct http1_conn *c, nave_nsec timeout_ns)
{
    nave_timer_start(c->hw->w, &c->timer, timeout_ns, on_timer, c);
}

static void on_timer(struct nave_timer *t, void *arg)
{
    struct http1_conn *c = arg;
    struct http1_plugin *p = c->hw->plugin;

    (void)t;
    if (c->x && !(c->flags & CONN_BLOCKED) && !(c->x->flags & X_BODY_WAITS)) {
        /* The handler takes its time: that is its own affair. */
        set_deadline(c, c->hw->options.idle_timeout);
        return;
    }
    http1_count(c->hw, &p->counters.timeouts);
    if (c->flags & CONN_BLOCKED) {
        c->flags |= CONN_ABORT;
        conn_end(c);
        return;
    }
    if (c->x) {
        c->x->body_err = NAVE_ETIMEDOUT;
        set_deadline(c, c->hw->options.write_timeout);
        http1_conn_run(c);
        return;
    }
    if ((c->flags & CONN_HEADING) && c->in) {
        set_deadline(c, c->hw->options.write_timeout);
        http1_exchange_error(c, NULL, 408); /* into the store: the connection is not active */
        http1_conn_run(c);
        return;
    }
    conn_end(c);
}

/* --- requests -------------------------------------------------------------------------------- */

/* The exchange is over on both sides: the next request may come. */
static void finish(struct http1_conn *c)
{
    struct http1_exchange *x = c->x;

    c->x = NULL;
    if (NAVE_UNLIKELY(!(x->flags & X_KEEP)))
        c->flags |= CONN_CLOSING;
    http1_exchange_free(x);
}

/* handle() has returned and the exchange is not simply over. */
static void after_handle(struct http1_conn *c, struct http1_exchange *x)
{
    if (c->x != x) /* gone */
        return;
    x->flags &= ~X_HANDLING;
    if (x->flags & (X_DONE | X_HELD | X_STARTED))
        return;
    if (x->body_fn && x->pub.api->hold(&x->pub) == NAVE_OK)
        return;
    if (x->body_err != NAVE_OK) /* the protocol answers this */
        return;
    http1_count(c->hw, &c->hw->plugin->counters.no_answer);
    http1_tell(c, NAVE_LOG_ERROR, "a handler returned without answering");
    http1_exchange_error(c, x, 500);
}

static uint16_t status_of_body(nave_err err)
{
    switch (err) {
    case NAVE_ETOOBIG:
        return 413;
    case NAVE_ETIMEDOUT:
        return 408;
    default:
        return 400;
    }
}

/* Do what the present exchange waits for: send its file, call its watches. A watch may begin the
 * next file. 0: the exchange or the connection is gone. */
static int32_t tell_exchange(struct http1_conn *c, struct http1_exchange *x)
{
    uint32_t rounds = 0;

    do {
        if ((x->flags & X_FILE) && !http1_file_run(x))
            return !(c->flags & CONN_GONE) && c->x == x;
        http1_body_tell(x);
        if ((c->flags & CONN_GONE) || c->x != x)
            return 0;
        if ((x->flags & (X_WRITE_WAITS | X_DONE)) == X_WRITE_WAITS &&
            http1_conn_unsent(c) < HTTP1_HIGH_WATER / 2) {
            x->flags &= ~X_WRITE_WAITS;
            if (x->write_fn)
                x->write_fn(&x->pub, x->write_arg);
            if ((c->flags & CONN_GONE) || c->x != x)
                return 0;
        }
    } while ((x->flags & X_FILE) && ++rounds < HTTP1_FILE_ROUNDS);
    return 1;
}

/* Go on with the present exchange. 1: it is over. */
static int32_t step_exchange(struct http1_conn *c)
{
    struct http1_exchange *x = c->x;

    if ((x->flags & (X_BODY_WAITS | X_WRITE_WAITS | X_FILE)) && !tell_exchange(c, x))
        return 0;
    if (x->body_err != NAVE_OK && !(x->flags & X_STARTED)) {
        http1_exchange_error(c, x, status_of_body(x->body_err));
        if (c->x != x)
            return 0;
    }
    if (!(x->flags & X_DONE))
        return 0;
    if (!(x->flags & X_BODY_DONE)) {
        int32_t ended;

        if (!(x->flags & X_KEEP)) { /* unread and unwanted: the linger takes it */
            c->flags |= CONN_LINGER;
            finish(c);
            return 1;
        }
        ended = http1_body_discard(x);
        if (ended == 0)
            return 0;
        if (ended < 0) {
            x->flags &= ~X_KEEP;
            c->flags |= CONN_LINGER;
        }
    }
    finish(c);
    return 1;
}

/* This request is the last: the connection has had its share. */
static __attribute__((noinline)) void retire(struct http1_conn *c, struct http1_exchange *x)
{
    if (x->flags & X_KEEP) /* the peer would have gone on */
        http1_count(c->hw, &c->hw->plugin->counters.retired);
    x->flags &= ~X_KEEP;
}

/* Take requests from the window, as many as there are and may be begun. */
static void take_requests(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;
    struct http1_plugin *p = hw->plugin;

    for (;;) {
        struct http1_exchange *x;
        struct http1_head head;
        int32_t n;

        if (NAVE_UNLIKELY(c->x != NULL) && !step_exchange(c))
            return;
        if (NAVE_UNLIKELY(c->flags & (CONN_CLOSING | CONN_DEAD | CONN_GONE | CONN_ABORT)))
            return;
        if (hw->in == hw->in_end)
            return;
        if (NAVE_UNLIKELY(c->out && c->out->end - c->out->at > HTTP1_HIGH_WATER))
            return;
        x = http1_exchange_new(c);
        if (NAVE_UNLIKELY(!x)) {
            c->flags |= CONN_ABORT | CONN_CLOSING;
            return;
        }
        n = http1_parse_head((const char *)hw->in, (size_t)(hw->in_end - hw->in), &hw->limits,
                             &head, x->fields);
        if (NAVE_UNLIKELY(n <= 0)) {
            http1_exchange_free(x);
            if (n < 0) {
                http1_refuse(c, -n);
            } else if (!(c->flags & CONN_HEADING)) {
                c->flags |= CONN_HEADING;
                set_deadline(c, c->hw->options.header_timeout);
            }
            return;
        }
        hw->in += n;
        c->flags &= ~CONN_HEADING;
        http1_exchange_fill(x, &head);
        c->x = x;
        http1_count(hw, &p->counters.requests);
        if (NAVE_UNLIKELY(++c->requests >= hw->options.max_requests ||
                          nave_now(hw->w) >= c->old_ns))
            retire(c, x);
        if (NAVE_UNLIKELY(hw->is_draining))
            x->flags &= ~X_KEEP;
        if (NAVE_UNLIKELY(head.flags & HTTP1_ASTERISK))
            http1_answer_asterisk(x);
        else
            c->handler->api->handle(c->handler, &x->pub);
        if (NAVE_LIKELY(c->x == x && (x->flags & X_PLAIN_MASK) == X_PLAIN_OVER)) {
            c->x = NULL;
            http1_exchange_free(x);
        } else {
            after_handle(c, x);
        }
    }
}

/* --- running --------------------------------------------------------------------------------- */

static void enter(struct http1_conn *c)
{
    c->hw->active = c;
    c->hw->out_len = 0;
    load_input(c);
}

/* Nothing more to do for now: send, keep what is left, close when it is time. */
static void leave(struct http1_conn *c)
{
    struct http1_worker *hw = c->hw;

    if (NAVE_UNLIKELY(c->flags & CONN_GONE)) {
        hw->active = NULL;
        hw->out_len = 0;
        if (!(c->flags & CONN_QUEUED))
            conn_free(c);
        return;
    }
    if (hw->out_len || c->out)
        http1_conn_flush(c, NULL, 0);
    save_input(c);
    hw->active = NULL;
    hw->out_len = 0;
    if (NAVE_UNLIKELY(c->flags &
                      (CONN_CLOSING | CONN_DEAD | CONN_ABORT | CONN_EOF | CONN_UPGRADED))) {
        if (c->flags & (CONN_DEAD | CONN_ABORT | CONN_UPGRADED)) {
            conn_end(c);
            return;
        }
        /* The peer has ended: what was asked before is still answered. */
        if (!c->x && !c->out && ((c->flags & CONN_CLOSING) || (c->flags & CONN_EOF))) {
            conn_end(c);
            return;
        }
    }
    if (NAVE_UNLIKELY(hw->is_draining && !c->x && !c->in && !c->out)) {
        conn_end(c);
        return;
    }
    if (NAVE_UNLIKELY(c->x && (c->x->flags & X_WRITE_WAITS) &&
                      http1_conn_unsent(c) < HTTP1_HIGH_WATER / 2 &&
                      !((c->flags & CONN_BLOCKED) && (c->x->flags & X_FILE))))
        http1_conn_kick(c);
    if (c->out || (c->x && (c->x->flags & (X_BODY_WAITS | X_FILE))))
        return; /* the deadline is the write's, or the body's */
    if (!(c->flags & CONN_HEADING))
        http1_conn_extend(c, hw->options.idle_timeout);
}

/* 1: more input may be read now. */
static int32_t may_read(const struct http1_conn *c)
{
    const struct http1_worker *hw = c->hw;
    size_t have = (size_t)(hw->in_end - hw->in);

    if (c->flags & (CONN_EOF | CONN_DEAD | CONN_GONE | CONN_CLOSING | CONN_ABORT | CONN_UPGRADED))
        return 0;
    if (c->x) /* body bytes that nobody took, or requests behind it, hold the peer back */
        return have < HTTP1_HELD_MAX / 2;
    return !(c->out && c->out->end - c->out->at > HTTP1_HIGH_WATER);
}

/* Take requests, and read again while full buffers come; then leave. */
static void drive(struct http1_conn *c)
{
    uint32_t rounds = 0;

    for (;;) {
        take_requests(c);
        if (NAVE_LIKELY(!(c->flags & CONN_UNREAD)) || !may_read(c))
            break;
        if (++rounds == HTTP1_ROUNDS) { /* others first */
            leave(c);
            if (!(c->flags & CONN_GONE))
                http1_conn_kick(c);
            return;
        }
        if (!read_more(c))
            break;
    }
    leave(c);
}

static void run(struct http1_conn *c, int32_t is_readable)
{
    enter(c);
    if (NAVE_UNLIKELY(http1_conn_unsent(c) >= HTTP1_HIGH_WATER / 2 && !(c->flags & CONN_BLOCKED)))
        http1_conn_flush(c, NULL, 0); /* so that what waits for room may go on in this run */
    if (is_readable && may_read(c))
        read_more(c);
    else if (is_readable)
        c->flags |= CONN_UNREAD;
    drive(c);
}

/* 1: nothing is under way; all of the connection's state is in its stream. */
static inline int32_t is_idle(const struct http1_conn *c)
{
    return !c->flags && !c->x && !c->in && !c->out;
}

/* The short way of run(), for an idle connection: one read, its requests, one write. */
static void on_readable(void *arg)
{
    struct http1_conn *c = arg;
    struct http1_worker *hw = c->hw;
    nave_err err;
    size_t n;

    if (NAVE_UNLIKELY(!is_idle(c))) {
        run(c, 1);
        return;
    }
    hw->active = c;
    hw->out_len = 0;
    hw->in = hw->in_end = hw->in_buffer;
    err = nave_stream_read(c->stream, hw->in_buffer, HTTP1_READ_BUFFER, &n);
    if (NAVE_LIKELY(err == NAVE_OK && n < HTTP1_READ_BUFFER)) {
        hw->in_end += n;
        take_requests(c);
        if (NAVE_LIKELY(is_idle(c) && hw->in == hw->in_end && hw->out_len && !hw->is_draining)) {
            if (NAVE_LIKELY(http1_conn_send(c))) {
                hw->active = NULL;
                http1_conn_extend(c, hw->options.idle_timeout);
                return;
            }
        }
        leave(c);
        return;
    }
    if (err == NAVE_OK) {
        hw->in_end += n;
        c->flags |= CONN_UNREAD;
    } else {
        (void)read_nothing(c, err);
    }
    drive(c);
}

void http1_conn_run(struct http1_conn *c)
{
    if (c->hw->active) { /* another one runs */
        if (c->hw->active != c)
            http1_conn_kick(c);
        return;
    }
    run(c, (c->flags & CONN_UNREAD) != 0);
}

static void run_job(struct nave_job *j)
{
    struct http1_conn *c = NAVE_CONTAINER_OF(j, struct http1_conn, job);

    c->flags &= ~CONN_QUEUED;
    if (c->flags & CONN_GONE)
        conn_free(c);
    else
        http1_conn_run(c);
}

void http1_conn_on_writable(void *arg)
{
    struct http1_conn *c = arg;

    c->flags &= ~CONN_BLOCKED;
    run(c, (c->flags & CONN_UNREAD) != 0);
}

void http1_conn_accept(struct nave_protocol *p, struct nave_stream *s_take,
                       const struct nave_accept_info *info)
{
    struct http1_protocol *proto = (struct http1_protocol *)(void *)p;
    struct http1_worker *hw = proto->plugin->workers[info->worker];
    struct http1_conn *c = nave_worker_alloc(hw->w, sizeof(*c));

    if (!c) {
        nave_stream_close(s_take, NAVE_CLOSE_ABORT);
        return;
    }
    memset(c, 0, sizeof(*c));
    c->job.run = run_job;
    c->stream = s_take;
    c->hw = hw;
    c->part = &proto->parts[info->worker];
    c->handler = c->part->handler;
    http1_part_joined(c->part);
    c->old_ns = nave_now(hw->w) + hw->options.max_age;
    c->next = hw->conns;
    if (hw->conns)
        hw->conns->prev = c;
    hw->conns = c;
    hw->w->api->hold(hw->w, "connection");
    http1_count(hw, &proto->plugin->counters.connections);
    nave_timer_start(hw->w, &c->timer, hw->options.header_timeout, on_timer, c);
    nave_stream_watch(s_take, NAVE_STREAM_READ, on_readable, c);
}

/* What never asked may have its first request under way: its peer was told nothing but "accepted". */
static void end_idle(struct http1_conn *c)
{
    struct nave_worker *w = c->hw->w;

    if (c->requests > 0)
        conn_end(c);
    else if (c->timer.deadline_ns > nave_now(w) + HTTP1_DRAIN_FIRST_NS)
        set_deadline(c, HTTP1_DRAIN_FIRST_NS);
}

void http1_conn_drain(struct http1_worker *hw)
{
    struct http1_conn *c = hw->conns;

    hw->is_draining = 1;
    while (c) {
        struct http1_conn *next = c->next;

        if (c->x)
            c->x->flags &= ~X_KEEP;
        else if (!c->in && !c->out && !(c->flags & CONN_HEADING))
            end_idle(c);
        c = next;
    }
}

void http1_conn_stop(struct http1_worker *hw)
{
    while (hw->conns) {
        hw->conns->flags |= CONN_ABORT;
        conn_end(hw->conns);
    }
}

/* SPDX-License-Identifier: MIT
 *
 * A connection of the protocol "lines": bytes in, lines to the handler, answers out.
 *
 * What the stream's watches, the timer and the handler do to a connection only marks it; settle(), at
 * the end of each of them, writes what waits, picks the deadline, and ends it. So nothing is freed
 * under the feet of a caller. A handler that acts outside of its calls is settled by `soon`, a timer
 * of no delay (which, unlike a job, can be taken back); so is reading that goes on after a pause.
 *
 *     READING -- close(), too long, timeout, drain --> CLOSING -- all is written --> over
 *        \------------ the peer has ended -----------/     \--- an error ------------/
 *
 * Backpressure: while more than half of max_output waits, nothing is read.
 */
#include "conn.h"

#include <string.h>

#define READ_MAX 16384u /* bytes of one readiness, so that others have their turn */

enum state {
    READING = 0, /* since accept                                           */
    CLOSING,     /* no more lines; over when all is written                */
    BROKEN,      /* the stream is dead, or the peer does not read: over now */
};

struct conn {
    struct lines_conn pub; /* first: the handle */
    struct lines_worker *lw;
    struct lines_part *part;
    struct lines_handler *handler;
    struct nave_stream *s;
    struct conn *next; /* in lw->conns */
    struct conn *prev;
    struct nave_timer deadline;
    struct nave_timer soon;

    enum state state;
    uint32_t close_flags;
    uint32_t is_inside;   /* settle() will come */
    uint32_t is_paused;   /* not reading: the output is long */
    nave_nsec line_at_ns; /* when the line that is not whole began */
    nave_nsec last_ns;    /* when the last whole line came */
    nave_nsec wrote_ns;   /* when the peer last took something, or the output began */

    size_t in_len;  /* of `in`, a part of a line */
    size_t out_at;  /* written of `out` */
    size_t out_len; /* to write from out_at on */
    size_t out_room;
    char *out; /* out_room bytes; NULL at first */
    char in[]; /* max_line + 2 */
};

static struct conn *conn_of(struct lines_conn *pub)
{
    return (struct conn *)(void *)pub;
}

static size_t in_room(const struct conn *c)
{
    return (size_t)c->lw->plugin->options.max_line + 2; /* CR LF */
}

static void count(const struct conn *c, const struct nave_counter *counter)
{
    nave_counter_add(counter, c->lw->w->index, 1);
}

/* --- output ---------------------------------------------------------------------------------- */

/* Make room for `more` bytes. Errors: NAVE_ELIMIT; NAVE_ENOMEM. */
static nave_err reserve(struct conn *c, size_t more)
{
    size_t max = (size_t)c->lw->plugin->options.max_output;
    size_t room = c->out_room ? c->out_room : 512;
    char *out;

    if (more > max || c->out_len > max - more)
        return NAVE_ELIMIT;
    if (c->out_at + c->out_len + more <= c->out_room)
        return NAVE_OK;
    if (c->out_at > 0) {
        memmove(c->out, c->out + c->out_at, c->out_len);
        c->out_at = 0;
    }
    if (c->out_len + more <= c->out_room)
        return NAVE_OK;
    while (room < c->out_len + more)
        room *= 2;
    out = nave_worker_alloc(c->lw->w, room);
    if (!out)
        return NAVE_ENOMEM;
    if (c->out_len > 0)
        memcpy(out, c->out, c->out_len);
    nave_worker_free(c->lw->w, c->out, c->out_room);
    c->out = out;
    c->out_room = room;
    return NAVE_OK;
}

static nave_err put(struct conn *c, const char *text, size_t len)
{
    nave_err err = len < SIZE_MAX ? reserve(c, len + 1) : NAVE_ELIMIT;

    if (err)
        return err;
    if (c->out_len == 0)
        c->wrote_ns = nave_now(c->lw->w);
    memcpy(c->out + c->out_at + c->out_len, text, len);
    c->out_len += len;
    c->out[c->out_at + c->out_len++] = '\n';
    return NAVE_OK;
}

/* Write until nothing is left or the peer is slow. */
static void flush(struct conn *c)
{
    nave_err err = NAVE_OK;
    size_t n;

    while (c->out_len > 0 && !err) {
        err = nave_stream_write(c->s, c->out + c->out_at, c->out_len, &n);
        if (err)
            break;
        c->out_at += n;
        c->out_len -= n;
        c->wrote_ns = nave_now(c->lw->w);
    }
    if (c->out_len == 0)
        c->out_at = 0;
    if (err && err != NAVE_EAGAIN)
        c->state = BROKEN;
}

/* --- the end --------------------------------------------------------------------------------- */

static void finish(struct conn *c)
{
    struct lines_worker *lw = c->lw;
    struct lines_part *part = c->part;
    struct lines_handler *h = c->handler;
    struct nave_op *op = part->retired;

    c->is_inside = 1; /* what the handler still does has no effect */
    h->api->closed(h, &c->pub);
    nave_timer_stop(lw->w, &c->deadline);
    nave_timer_stop(lw->w, &c->soon);
    nave_stream_close(c->s, c->state == BROKEN ? NAVE_CLOSE_ABORT : c->close_flags);
    if (c->prev)
        c->prev->next = c->next;
    else
        lw->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    lw->count--;
    nave_worker_free(lw->w, c->out, c->out_room);
    nave_worker_free(lw->w, c, sizeof(*c) + in_room(c));
    lw->w->api->release(lw->w, "connection");
    if (--part->count == 0 && op) {
        part->retired = NULL;
        op->state = NAVE_OP_DONE;
        op->result = NAVE_OK;
        op->done(op, op->done_arg); /* the listener may be gone after it */
    }
}

/* End it from our side. The peer may still send: what comes is read and dropped for a while, since a
 * reset would cost it our last lines. */
static void send_away(struct conn *c)
{
    c->state = CLOSING;
    c->close_flags = NAVE_CLOSE_LINGER;
}

/* Say why, and end. */
static void dismiss(struct conn *c, const struct nave_counter *counter, const char *why)
{
    count(c, counter);
    if (c->state == READING && put(c, why, strlen(why)) != NAVE_OK)
        c->state = BROKEN;
    else if (c->state == READING)
        send_away(c);
}

static void settle(struct conn *c);
static void on_readable(void *arg);

static void on_soon(struct nave_timer *timer, void *arg)
{
    (void)timer;
    on_readable(arg);
}

static void on_deadline(struct nave_timer *timer, void *arg)
{
    struct conn *c = arg;

    (void)timer;
    c->is_inside = 1;
    if (c->out_len > 0) { /* the peer does not read: nor would it read a last word */
        count(c, &c->lw->plugin->counters.timeouts);
        c->state = BROKEN;
    } else {
        dismiss(c, &c->lw->plugin->counters.timeouts,
                c->in_len > 0 ? "error: the line takes too long"
                              : "error: nothing came for too long");
    }
    settle(c);
}

static nave_nsec deadline_of(const struct conn *c)
{
    const struct lines_options *o = &c->lw->plugin->options;

    if (c->out_len > 0)
        return c->wrote_ns + o->write_timeout;
    return c->in_len > 0 ? c->line_at_ns + o->line_timeout : c->last_ns + o->idle_timeout;
}

/* Bring the connection to rest, or to its end. It may be gone after it. */
static void settle(struct conn *c)
{
    size_t low = (size_t)c->lw->plugin->options.max_output / 2;
    nave_nsec deadline;

    c->is_inside = 1;
    if (c->state != BROKEN)
        flush(c);
    if (c->state == READING && (c->lw->is_draining || c->part->is_retired) && c->in_len == 0 &&
        c->out_len == 0)
        c->state = CLOSING;
    if (c->state == BROKEN || (c->state == CLOSING && c->out_len == 0)) {
        finish(c);
        return;
    }
    if (c->is_paused && c->out_len <= low) {
        c->is_paused = 0;
        nave_timer_start(c->lw->w, &c->soon, 0, on_soon, c); /* whole lines may wait in `in` */
    }
    deadline = deadline_of(c);
    if (nave_timer_is_armed(&c->deadline))
        nave_timer_extend(c->lw->w, &c->deadline, deadline);
    else
        c->lw->w->api->timer_start(c->lw->w, &c->deadline, deadline, on_deadline, c);
    c->is_inside = 0;
}

static void settle_soon(struct conn *c)
{
    if (!c->is_inside && !nave_timer_is_armed(&c->soon))
        nave_timer_start(c->lw->w, &c->soon, 0, on_soon, c);
}

/* --- what the handler calls ------------------------------------------------------------------ */

static nave_err conn_send(struct lines_conn *pub, const char *text, size_t len)
{
    struct conn *c = conn_of(pub);
    nave_err err;

    if (len > 0 && memchr(text, '\n', len))
        return NAVE_EINVAL;
    if (c->state != READING)
        return NAVE_ECLOSED;
    err = put(c, text, len);
    if (err == NAVE_ELIMIT)
        count(c, &c->lw->plugin->counters.overflows);
    settle_soon(c);
    return err;
}

static void conn_close(struct lines_conn *pub)
{
    struct conn *c = conn_of(pub);

    if (c->state == READING)
        send_away(c);
    settle_soon(c);
}

const struct lines_conn_iface conn_table = {
    .hdr = NAVE_IFACE(struct lines_conn_iface, LINES_CONN_ID, 0, 0),
    .send = conn_send,
    .close = conn_close,
};

/* --- input ----------------------------------------------------------------------------------- */

/* Hand on the whole lines of `in`, of which the last `fresh` bytes are new. */
static void take_lines(struct conn *c, size_t fresh)
{
    size_t max = (size_t)c->lw->plugin->options.max_line;
    size_t low = (size_t)c->lw->plugin->options.max_output / 2;
    size_t at = 0;                   /* of the line */
    size_t look = c->in_len - fresh; /* nothing before it ends a line */

    while (c->state == READING && !c->is_paused) {
        char *end = memchr(c->in + look, '\n', c->in_len - look);
        size_t len;

        if (!end)
            break;
        len = (size_t)(end - (c->in + at));
        look = at + len + 1;
        if (len > 0 && c->in[at + len - 1] == '\r')
            len--;
        if (len > max)
            break;
        c->last_ns = nave_now(c->lw->w);
        c->line_at_ns = c->last_ns; /* of the next one, if there is more */
        count(c, &c->lw->plugin->counters.lines);
        c->handler->api->line(c->handler, &c->pub, c->in + at, len);
        at = look;
        if (c->out_len > low)
            flush(c); /* many answers to one read: the peer may take them already */
        c->is_paused = c->out_len > low;
    }
    c->in_len -= at;
    memmove(c->in, c->in + at, c->in_len);
    if (c->state == READING && !c->is_paused && c->in_len > max &&
        !(c->in_len == max + 1 && c->in[max] == '\r'))
        dismiss(c, &c->lw->plugin->counters.too_long, "error: the line is too long");
}

static void on_readable(void *arg)
{
    struct conn *c = arg;
    size_t total = 0, n;
    nave_err err = NAVE_OK;

    c->is_inside = 1;
    if (c->in_len > 0) /* whole lines may have waited for the output */
        take_lines(c, c->in_len);
    while (c->state == READING && !c->is_paused && total < READ_MAX) {
        err = nave_stream_read(c->s, c->in + c->in_len, in_room(c) - c->in_len, &n);
        if (err)
            break;
        if (c->in_len == 0)
            c->line_at_ns = nave_now(c->lw->w);
        c->in_len += n;
        total += n;
        take_lines(c, n);
    }
    if (err == NAVE_EOF && c->state == READING)
        c->state = CLOSING; /* a line without its end does not count: it may have been cut off */
    else if (err && err != NAVE_EAGAIN)
        c->state = BROKEN;
    else if (!err && c->state == READING && !c->is_paused) /* there may be more */
        nave_stream_watch(c->s, NAVE_STREAM_READ, on_readable, c);
    settle(c);
}

static void on_writable(void *arg)
{
    settle(arg);
}

void conn_accept(struct nave_protocol *p, struct nave_stream *s_take,
                 const struct nave_accept_info *info)
{
    struct lines_protocol *lp = (struct lines_protocol *)(void *)p;
    struct lines_worker *lw = &lp->plugin->workers[info->worker];
    size_t size = sizeof(struct conn) + (size_t)lp->plugin->options.max_line + 2;
    struct conn *c = NULL;

    if (lw->count < lp->plugin->options.max_connections)
        c = nave_worker_alloc(lw->w, size);
    else
        nave_counter_add(&lp->plugin->counters.refused, lw->w->index, 1);
    if (!c) {
        nave_stream_close(s_take, NAVE_CLOSE_ABORT);
        return;
    }
    memset(c, 0, sizeof(*c));
    c->pub.api = lp->plugin->conn_api;
    c->lw = lw;
    c->part = &lp->parts[info->worker];
    c->part->count++;
    c->handler = lp->handler;
    c->s = s_take;
    c->last_ns = nave_now(lw->w);
    c->next = lw->conns;
    if (c->next)
        c->next->prev = c;
    lw->conns = c;
    lw->count++;
    lw->w->api->hold(lw->w, "connection");
    count(c, &lp->plugin->counters.connections);
    nave_stream_watch(c->s, NAVE_STREAM_READ, on_readable, c);
    nave_stream_watch(c->s, NAVE_STREAM_WRITE, on_writable, c);
    c->is_inside = 1;
    c->handler->api->opened(c->handler, &c->pub);
    settle(c);
}

/* --- all of a listener, all of a worker ------------------------------------------------------ */

static void drop_retired(struct nave_op *op)
{
    struct lines_part *part = op->impl;

    part->retired = NULL;
}

static const struct nave_op_source retired_source = {sizeof(retired_source), 0, drop_retired, NULL,
                                                     "lines retire"};

nave_err conn_retire(struct nave_protocol *p, struct nave_op *op)
{
    struct lines_protocol *lp = (struct lines_protocol *)(void *)p;
    struct lines_part *part = &lp->parts[op->worker->index];
    struct conn *c, *next;

    part->is_retired = 1;
    for (c = lp->plugin->workers[op->worker->index].conns; c; c = next) {
        next = c->next;
        if (c->part == part)
            settle(c); /* ends it when it is idle */
    }
    if (part->count == 0)
        return NAVE_OK;
    op->source = &retired_source;
    op->impl = part;
    op->state = NAVE_OP_IN_FLIGHT;
    part->retired = op; /* now only: it never completes inside this call */
    return NAVE_EAGAIN;
}

void conn_drain_all(struct lines_worker *lw)
{
    struct conn *c, *next;

    lw->is_draining = 1;
    for (c = lw->conns; c; c = next) {
        next = c->next;
        settle(c);
    }
}

void conn_stop_all(struct lines_worker *lw)
{
    while (lw->conns) {
        lw->conns->state = BROKEN;
        finish(lw->conns);
    }
}

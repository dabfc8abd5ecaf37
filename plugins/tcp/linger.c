/* SPDX-License-Identifier: MIT
 *
 * The lingering close (RFC 9112 9.6). Closing a socket with unread data makes the kernel send a reset,
 * which may destroy an answer that the peer has not read yet. So: end our direction, read and drop
 * what still comes, and close at the peer's end, after linger_bytes, or at linger_timeout.
 *
 * A lingering stream is an ordinary stream whose owner is this file. It holds its worker, so that a
 * drain waits for the last answers; worker_stop cuts what is left.
 */
#include "stream.h"

static const char hold_name[] = "lingering close";

struct tcp_linger {
    struct nave_timer timer;
    struct tcp_linger *next; /* in worker->lingering */
    struct tcp_linger **link;
    struct tcp_stream *stream;
    uint64_t bytes_left;
};

/* Close; `is_cut` when that was not the peer's doing. */
static void linger_end(struct tcp_linger *l, int is_cut)
{
    struct tcp_stream *s = l->stream;
    struct tcp_worker *tw = s->worker;

    nave_timer_stop(tw->w, &l->timer);
    *l->link = l->next;
    if (l->next)
        l->next->link = l->link;
    nave_worker_free(tw->w, l, sizeof(*l));
    if (is_cut)
        nave_counter_add(&tw->plugin->counters.lingers_cut, tw->w->index, 1);
    tcp_stream_finish(s);
    tw->w->api->release(tw->w, hold_name);
}

static void on_time_out(struct nave_timer *timer, void *arg)
{
    (void)timer;
    linger_end(arg, 1);
}

/* The read watch: bounded by bytes_left. */
static void on_readable(void *arg)
{
    struct tcp_linger *l = arg;
    struct tcp_stream *s = l->stream;
    char dropped[TCP_DROP_BYTES];
    size_t len;
    nave_err err;

    while ((err = nave_stream_read(&s->pub, dropped, sizeof(dropped), &len)) == NAVE_OK) {
        if (len >= l->bytes_left) {
            linger_end(l, 1);
            return;
        }
        l->bytes_left -= len;
        if (len < sizeof(dropped))
            return; /* as good as NAVE_EAGAIN: rule 3 of nave/stream.h */
    }
    if (err != NAVE_EAGAIN)
        linger_end(l, 0);
}

int tcp_linger_start(struct tcp_stream *s)
{
    struct tcp_worker *tw = s->worker;
    const struct tcp_options *options = &tw->plugin->options;
    struct tcp_linger *l;

    if (tw->is_stopping || (s->flags & (TCP_IS_EOF | TCP_IS_FAILED)) ||
        options->linger_timeout == 0 || options->linger_bytes == 0)
        return 0;
    s->pub.api = tw->plugin->stream_api; /* given up by its owner, and ours from here on */
    if (!(s->flags & TCP_IS_SHUT) && nave_stream_shut(&s->pub) != NAVE_OK)
        return 0;
    l = nave_worker_alloc(tw->w, sizeof(*l));
    if (!l)
        return 0;
    *l = (struct tcp_linger){
        .next = tw->lingering,
        .link = &tw->lingering,
        .stream = s,
        .bytes_left = options->linger_bytes,
    };
    if (l->next)
        l->next->link = &l->next;
    tw->lingering = l;
    tw->w->api->hold(tw->w, hold_name);
    nave_timer_start(tw->w, &l->timer, options->linger_timeout, on_time_out, l);
    nave_stream_watch(&s->pub, NAVE_STREAM_WRITE, NULL, NULL);
    nave_stream_watch(&s->pub, NAVE_STREAM_READ, on_readable, l);
    return 1;
}

void tcp_linger_stop_all(struct tcp_worker *tw)
{
    while (tw->lingering)
        linger_end(tw->lingering, 1);
}

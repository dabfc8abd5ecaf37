/* SPDX-License-Identifier: MIT
 *
 * The pull side of a request's body: pieces of the input are shown where they lie; what is not
 * consumed stays there and holds the peer back. "RFC 9112 6" and 7.
 */
#include "http1.h"

#include <string.h>

static struct http1_exchange *from_pub(struct nave_http *pub)
{
    return (struct http1_exchange *)(void *)pub;
}

/* A peer that waits for it is told to go on, once, when its body is first asked for. */
static void tell_continue(struct http1_exchange *x)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (!(x->pub.flags & NAVE_HTTP_CONTINUE) || (x->flags & (X_TOLD_100 | X_STARTED)))
        return;
    x->flags |= X_TOLD_100;
    (void)http1_conn_append(x->c, go_on, sizeof(go_on) - 1);
}

static nave_err body_failed(struct http1_exchange *x, nave_err err)
{
    x->body_err = err;
    if (err == NAVE_ETOOBIG || err == NAVE_EPROTO)
        http1_count_refusal(x->c, err == NAVE_ETOOBIG ? 413 : 400);
    else if (err == NAVE_ETIMEDOUT)
        http1_count(x->hw, &x->hw->plugin->counters.timeouts);
    http1_conn_kick(x->c);
    return err;
}

static nave_err wait_for_more(struct http1_exchange *x)
{
    struct http1_conn *c = x->c;

    if (c->flags & CONN_EOF)
        return body_failed(x, NAVE_ECLOSED);
    tell_continue(x);
    if (!(x->flags & X_BODY_WAITS)) {
        x->flags |= X_BODY_WAITS;
        nave_timer_start(c->hw->w, &c->timer, c->hw->options.body_timeout, c->timer.fn,
                         c->timer.arg);
    }
    if (c->flags & CONN_UNREAD)
        http1_conn_kick(c);
    return NAVE_EAGAIN;
}

/* A body that trickles: "slow body" attacks stay under the idle time-out but not above the rate. */
static int32_t is_too_slow(const struct http1_exchange *x)
{
    const struct http1_options *o = &x->hw->options;
    nave_nsec took = nave_now(x->hw->w) - x->body_since_ns;

    return took > o->body_grace && o->min_body_rate &&
           x->body_seen / ((uint64_t)(took / NAVE_SEC) + 1) < o->min_body_rate;
}

/* The next piece of a body with a length. */
static nave_err peek_fixed(struct http1_exchange *x, struct nave_span in, struct nave_bytes *out)
{
    if (x->pub.body_size > 0 && (uint64_t)x->pub.body_size > x->body_max)
        return body_failed(x, NAVE_ETOOBIG);
    if (in.len == 0)
        return wait_for_more(x);
    out->data = in.data;
    out->len = in.len < x->body_left ? in.len : (size_t)x->body_left;
    x->peeked = (uint32_t)out->len;
    return NAVE_OK;
}

static nave_err make_trailers(struct http1_exchange *x)
{
    x->decoder.trailers = nave_worker_alloc(x->hw->w, sizeof(*x->decoder.trailers));
    if (!x->decoder.trailers)
        return NAVE_ENOMEM;
    x->decoder.trailers->count = 0;
    x->decoder.trailers->len = 0;
    return NAVE_OK;
}

/* The next piece of a chunked body. The framing before it is used up at once; the piece itself stays
 * until it is consumed: the decoder has passed it, so what is left of it is kept in `peeked`. */
static nave_err peek_chunked(struct http1_exchange *x, struct nave_span in, struct nave_bytes *out)
{
    while (x->peeked == 0) {
        size_t skip = 0, used = 0;
        struct nave_bytes data = {NULL, 0};
        int32_t what;

        what = http1_chunked_feed(&x->decoder, in.data, in.len, &skip, &data, &used);
        if (what < 0)
            return body_failed(x, what == -413 || what == -431 ? NAVE_ETOOBIG : NAVE_EPROTO);
        if (what == HTTP1_FEED_DATA) {
            http1_conn_used(x->c, (size_t)((const uint8_t *)data.data - (const uint8_t *)in.data));
            x->peeked = (uint32_t)data.len;
            x->body_seen += data.len;
            if (x->body_seen > x->body_max)
                return body_failed(x, NAVE_ETOOBIG);
            break;
        }
        http1_conn_used(x->c, used);
        in = http1_conn_input(x->c);
        if (what == HTTP1_FEED_END) {
            x->flags |= X_BODY_DONE;
            return NAVE_EOF;
        }
        if (what == HTTP1_FEED_ROOM) {
            if (make_trailers(x) != NAVE_OK)
                return body_failed(x, NAVE_ENOMEM);
            continue;
        }
        return wait_for_more(x);
    }
    in = http1_conn_input(x->c);
    out->data = in.data;
    out->len = x->peeked;
    return NAVE_OK;
}

nave_err http1_body_peek(struct nave_http *pub, struct nave_bytes *out)
{
    struct http1_exchange *x = from_pub(pub);

    if (!x->c)
        return NAVE_ECLOSED;
    if (x->body_err != NAVE_OK)
        return x->body_err;
    if (x->flags & X_BODY_DONE)
        return NAVE_EOF;
    if (x->c->flags & CONN_DEAD)
        return NAVE_ECLOSED;
    if (is_too_slow(x))
        return body_failed(x, NAVE_ETIMEDOUT);
    if (x->flags & X_BODY_CHUNKED)
        return peek_chunked(x, http1_conn_input(x->c), out);
    return peek_fixed(x, http1_conn_input(x->c), out);
}

void http1_body_consume(struct nave_http *pub, size_t n)
{
    struct http1_exchange *x = from_pub(pub);

    if (!x->c)
        return;
    if (n > x->peeked)
        n = x->peeked;
    http1_conn_used(x->c, n);
    x->peeked -= (uint32_t)n;
    if (!(x->flags & X_BODY_CHUNKED)) {
        x->body_left -= n;
        x->body_seen += n;
        if (x->body_left == 0)
            x->flags |= X_BODY_DONE;
    }
    http1_conn_extend(x->c, x->hw->options.body_timeout);
    if (x->c->flags & CONN_UNREAD)
        http1_conn_kick(x->c);
}

void http1_body_watch(struct nave_http *pub, nave_http_fn *fn, void *arg)
{
    struct http1_exchange *x = from_pub(pub);

    x->body_fn = fn;
    x->flags |= X_ODD;
    x->body_arg = arg;
    if (x->c && fn && !(x->flags & X_HANDLING))
        http1_conn_kick(x->c);
}

nave_err http1_body_limit(struct nave_http *pub, uint64_t max)
{
    struct http1_exchange *x = from_pub(pub);

    if (pub->body_size > 0 && (uint64_t)pub->body_size > max)
        return NAVE_ETOOBIG;
    x->body_max = max;
    return NAVE_OK;
}

nave_err http1_body_trailer(struct nave_http *pub, uint32_t i, struct nave_http_header *out)
{
    struct http1_exchange *x = from_pub(pub);

    if (!(x->flags & X_BODY_DONE) || !x->decoder.trailers ||
        !http1_chunked_trailer(&x->decoder, i, out))
        return NAVE_ENOTFOUND;
    return NAVE_OK;
}

void http1_body_tell(struct http1_exchange *x)
{
    struct nave_bytes piece;
    nave_err err;

    if (!(x->flags & X_BODY_WAITS))
        return;
    if (x->flags & X_DONE) {
        x->flags &= ~X_BODY_WAITS;
        return;
    }
    x->flags &= ~X_BODY_WAITS;
    err = http1_body_peek(&x->pub, &piece);
    if (err == NAVE_EAGAIN)
        return; /* peek has noted it again */
    if (x->body_fn)
        x->body_fn(&x->pub, x->body_arg);
}

int32_t http1_body_discard(struct http1_exchange *x)
{
    uint64_t dropped = 0;

    for (;;) {
        struct nave_bytes piece;
        nave_err err;

        if (x->body_seen > HTTP1_DRAIN_MAX + dropped && x->body_seen > x->body_max)
            return -1;
        err = http1_body_peek(&x->pub, &piece);
        if (err == NAVE_EOF)
            return 1;
        if (err == NAVE_EAGAIN)
            return 0;
        if (err != NAVE_OK)
            return -1;
        dropped += piece.len;
        http1_body_consume(&x->pub, piece.len);
    }
}

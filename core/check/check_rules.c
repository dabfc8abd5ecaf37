/* SPDX-License-Identifier: MIT
 *
 * See check_rules.h. Each rule stands in a header; the comment says which.
 */
#include "check_rules.h"

#include "worker/worker_state.h"

/* --- nave.host/1 ----------------------------------------------------------------------------- */

void *nv_around_host_mem(const struct nv_check *c, const struct nave_host_iface *raw,
                         struct nave_host *h, void *ptr, size_t old, size_t now)
{
    void *block = NULL;

    if (now > SIZE_MAX - NV_GUARD_BYTES)
        return NULL;
    if (old && !ptr)
        nv_check_breach(c, "give the block that was allocated", "%zu bytes at NULL", old);
    if (old && !nv_guard_is_of(ptr, h))
        nv_check_breach(c, "give back once, through the handle that it came from",
                        "this was not allocated by this plugin, or is freed twice");
    if (old)
        block = nv_guard_clear(c, ptr, old);
    if (!old && !now)
        return NULL;
    block = raw->mem(h, block, old ? old + NV_GUARD_BYTES : 0, now ? now + NV_GUARD_BYTES : 0);
    if (!block && old && now) /* the old one is untouched */
        (void)nv_guard_set((char *)ptr - NV_GUARD_BYTES, old, h);
    return nv_guard_set(block, now, h);
}

/* --- nave.stream/1 --------------------------------------------------------------------------- */

#define VECTOR_MAX 16u /* nave_stream_iface.read and write */

static void check_count(const struct nv_check *c, uint32_t n)
{
    if (n == 0 || n > VECTOR_MAX)
        nv_check_breach(c, "split it up", "%u pieces, and 1 to 16 are allowed", n);
}

void nv_before_stream_read(const struct nv_check *c, struct nave_stream *s,
                           const struct nave_span *spans, uint32_t n, size_t *out_len)
{
    (void)s;
    (void)spans;
    (void)out_len;
    check_count(c, n);
}

void nv_before_stream_write(const struct nv_check *c, struct nave_stream *s,
                            const struct nave_bytes *pieces, uint32_t n, size_t *out_len)
{
    (void)s;
    (void)pieces;
    (void)out_len;
    check_count(c, n);
}

void nv_before_stream_write_file(const struct nv_check *c, struct nave_stream *s,
                                 const struct nave_bytes *pieces, uint32_t n,
                                 const struct nave_file_range *file, size_t *out_len)
{
    (void)s;
    (void)file;
    (void)out_len;
    if (n > VECTOR_MAX || (n > 0 && !pieces))
        nv_check_breach(c, "give up to 16 pieces, or none", "%u pieces are too many, or not there",
                        n);
}

void nv_before_stream_watch(const struct nv_check *c, struct nave_stream *s, uint32_t direction,
                            nave_stream_fn *fn, void *arg)
{
    (void)s;
    (void)fn;
    (void)arg;
    if (direction == 0 || (direction & ~(NAVE_STREAM_READ | NAVE_STREAM_WRITE)))
        nv_check_breach(c, "give NAVE_STREAM_READ, NAVE_STREAM_WRITE or both", "%u is no direction",
                        direction);
}

void nv_before_stream_close(const struct nv_check *c, struct nave_stream *s, uint32_t flags)
{
    (void)s;
    if (flags & ~(NAVE_CLOSE_ABORT | NAVE_CLOSE_LINGER))
        nv_check_breach(c, "give NAVE_CLOSE_* or 0", "flags 0x%x are not known", flags);
}

/* --- roles ----------------------------------------------------------------------------------- */

static void check_index(const struct nv_check *c, uint32_t worker)
{
    uint32_t here = nv_check_here(c->rt);

    if (worker != here)
        nv_check_breach(c, "call it on each worker with that worker's index",
                        "it is told of worker %u on the thread of worker %u", worker, here);
}

/* "What a new stream comes with": the index of the worker that owns it. */
void nv_before_protocol_accept(const struct nv_check *c, struct nave_protocol *p,
                               struct nave_stream *s_take, const struct nave_accept_info *info)
{
    (void)p;
    check_index(c, info->worker);
    nv_check_adopt(c, s_take, "stream");
}

/* nave/op.h, rule 7, and whose it is. */
static void check_op(const struct nv_check *c, const struct nave_op *op)
{
    if (op->state == NAVE_OP_IN_FLIGHT || op->state == NAVE_OP_POSTED)
        nv_check_breach(c, "wait for done, or take it back with nave_op_drop()",
                        "the op was started before and is not done");
    if (op->worker)
        check_index(c, op->worker->index);
}

void nv_before_blocking_start(const struct nv_check *c, struct nave_blocking *b, struct nave_op *op,
                              const struct nave_blocking_work *work, void **arg_var, uint32_t flags)
{
    (void)b;
    (void)work;
    (void)arg_var;
    (void)flags;
    check_op(c, op);
}

void nv_before_protocol_set_next(const struct nv_check *c, struct nave_protocol *p,
                                 struct nave_handle *next, struct nave_op *op)
{
    (void)p;
    if (next && !op)
        nv_check_null(c, "op");
    if (next)
        check_op(c, op);
}

void nv_before_protocol_retire(const struct nv_check *c, struct nave_protocol *p,
                               struct nave_op *op)
{
    (void)p;
    check_op(c, op);
}

void nv_before_listener_start(const struct nv_check *c, struct nave_listener *l, uint32_t worker)
{
    (void)l;
    check_index(c, worker);
}

void nv_before_listener_stop(const struct nv_check *c, struct nave_listener *l, uint32_t worker)
{
    (void)l;
    check_index(c, worker);
}

void nv_before_http_handler_handle(const struct nv_check *c, struct nave_http_handler *h,
                                   struct nave_http *x)
{
    (void)h;
    nv_check_adopt(c, x, "exchange");
}

/* --- nave.http/1: an exchange is over with respond, unless it is kept: rule 7 ------------------ */

nave_err nv_around_http_hold(const struct nv_check *c, const struct nave_http_iface *raw,
                             struct nave_http *x)
{
    nave_err err = raw->hold(x);

    if (err == NAVE_OK)
        nv_check_set_life(c, x, NV_LIFE_KEPT);
    return err;
}

/* Stands between the protocol and the end callback of the handler, in memory of the exchange. */
struct on_end {
    struct nv_check c;
    nave_http_fn *fn;
    void *arg;
};

static void end_now(struct nave_http *x, void *arg)
{
    const struct on_end *e = arg;

    e->fn(x, e->arg);
    nv_check_end(&e->c, x);
}

void nv_around_http_on_end(const struct nv_check *c, const struct nave_http_iface *raw,
                           struct nave_http *x, nave_http_fn *fn, void *arg)
{
    struct on_end *e = fn ? raw->alloc(x, sizeof(*e)) : NULL;

    if (fn)
        nv_check_set_life(c, x, NV_LIFE_KEPT);
    if (!e) { /* also when there is no memory: then its end is not seen */
        raw->on_end(x, fn, arg);
        return;
    }
    e->c = *c;
    e->fn = fn;
    e->arg = arg;
    raw->on_end(x, end_now, e);
}

void nv_around_http_body_watch(const struct nv_check *c, const struct nave_http_iface *raw,
                               struct nave_http *x, nave_http_fn *fn, void *arg)
{
    if (fn)
        nv_check_set_life(c, x, NV_LIFE_KEPT);
    raw->body_watch(x, fn, arg);
}

nave_err nv_around_http_respond(const struct nv_check *c, const struct nave_http_iface *raw,
                                struct nave_http *x, const struct nave_http_response *r)
{
    nave_err err;

    if (c->life == NV_LIFE_KEPT)
        return raw->respond(x, r);
    nv_check_end(c, x); /* its memory may be gone, or the next one's, afterwards */
    err = raw->respond(x, r);
    if (err != NAVE_OK)
        nv_check_go_on(c, x);
    return err;
}

nave_err nv_around_http_start(const struct nv_check *c, const struct nave_http_iface *raw,
                              struct nave_http *x, const struct nave_http_response *r,
                              int64_t body_size)
{
    nave_err err = raw->start(x, r, body_size);

    if (err == NAVE_OK)
        nv_check_set_life(c, x, NV_LIFE_KEPT);
    return err;
}

nave_err nv_around_http_defer(const struct nv_check *c, const struct nave_http_iface *raw,
                              struct nave_http *x, struct nave_http_reply **out_reply)
{
    nave_err err = raw->defer(x, out_reply);

    if (err == NAVE_OK)
        nv_check_set_life(c, x, NV_LIFE_KEPT);
    return err;
}

void nv_around_http_abort(const struct nv_check *c, const struct nave_http_iface *raw,
                          struct nave_http *x)
{
    if (c->life != NV_LIFE_KEPT)
        nv_check_end(c, x);
    raw->abort(x);
}

/* --- tasks ----------------------------------------------------------------------------------- */

static struct nv_worker *worker_of(const struct nave_cx *cx)
{
    return ((struct nv_worker_handle *)(void *)cx->worker)->worker;
}

/* "READY: ... poll is not called again"; nave_cx.is_canceled: "clean up and return READY". */
nave_poll nv_around_future_poll(const struct nv_check *c, const struct nave_future_iface *raw,
                                struct nave_future *f, struct nave_cx *cx)
{
    uint32_t is_canceled = cx->is_canceled;
    struct nv_worker *polling;
    uint64_t before;
    nave_poll result;

    if (c->life == NV_LIFE_KEPT)
        nv_check_breach(c, "look at the result, then drop it", "the future was READY before");
    polling = worker_of(cx);
    before = polling->polled;
    polling->polled = nv_check_task_number(cx->waker->task, cx->waker->id);
    result = raw->poll(f, cx);
    polling->polled = before;
    if (result != NAVE_READY && result != NAVE_PENDING)
        nv_check_breach(c, "return NAVE_READY or NAVE_PENDING", "it returned %d", result);
    if (result == NAVE_PENDING && is_canceled && !(f->flags & NAVE_FUTURE_IS_SHIELDED))
        nv_check_breach(c, "clean up and return NAVE_READY", "it was canceled and is PENDING");
    if (result == NAVE_READY)
        nv_check_set_life(c, f, NV_LIFE_KEPT);
    return result;
}

__thread uint32_t nv_check_dropping;

/* A task that is dropped as it is gives back what it holds; which task it is nobody knows here. */
void nv_around_future_drop(const struct nv_check *c, const struct nave_future_iface *raw,
                           struct nave_future *f)
{
    nv_check_end(c, f);
    nv_check_dropping++;
    raw->drop(f);
    nv_check_dropping--;
}

void nv_before_future_result(const struct nv_check *c, struct nave_future *f)
{
    (void)f;
    if (c->life != NV_LIFE_KEPT)
        nv_check_breach(c, "poll it until it is READY", "the future is not READY");
}

void nv_around_waker_clone(const struct nv_check *c, const struct nave_waker_iface *raw,
                           const struct nave_waker *w, struct nave_waker *out)
{
    (void)c;
    raw->clone(w, out);
    out->api = &nv_waker_checked_table;
}

void nv_around_waker_drop(const struct nv_check *c, const struct nave_waker_iface *raw,
                          struct nave_waker *w)
{
    const void *task = w->task;

    (void)c;
    raw->drop(w);
    w->api = &nv_waker_checked_table;
    w->reserved = (uint64_t)(uintptr_t)task; /* for nv_check_waker: whose it was */
}

/* SPDX-License-Identifier: MIT
 *
 * A deadline on any op: an op around it, which completes as the inner one does, or with NAVE_ETIMEDOUT
 * when the deadline passes first. Then the inner one is dropped, so that nothing it waited for is lost.
 *
 *     NAVE_AWAIT(nave_op_timeout(cx, &f->limit, nave_mpsc_recv(cx, &f->op, rx), 5 * NAVE_SEC));
 *
 * What is ready wins over a deadline that has passed, as long as nobody has been told of either.
 * (A deadline on a future is nave_timeout(), a deadline on all that a scope does the scope's.)
 */
#ifndef NAVE_DEADLINE_H
#define NAVE_DEADLINE_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/op.h>
#include <nave/sleep.h>
#include <nave/task.h>
#include <nave/timer.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* A deadline on an op. Frozen, 208 bytes on 64-bit machines. All zero is one that is not in flight, and
 * so it must be before its first use. */
struct nave_op_limit {
    struct nave_op op; /* first: what is awaited or selected in place of the inner op    */
    struct nave_timer timer;
    struct nave_op *inner; /* what has the deadline                                          */
    nave_nsec slack_ns;    /* the caller's: as much later is as good; see nave_timer_slack() */
    uint32_t has_passed;   /* 1: the deadline has passed, the next poll ends it              */
    uint32_t reserved;
    uint64_t reserved2;
};

static inline struct nave_op_limit *nave_op_limit_of_(struct nave_op *op)
{
    return NAVE_CONTAINER_OF(op, struct nave_op_limit, op);
}

/* The inner op is ready: so is this one. */
static inline void nave_op_limit_copy_(struct nave_op_limit *l)
{
    nave_timer_stop(l->op.worker, &l->timer);
    nave_op_unpin_(&l->op);
    l->op.result = l->inner->result;
    l->op.value = l->inner->value;
}

/* The deadline has passed, and the inner op is not ready. */
static inline void nave_op_limit_expire_(struct nave_op_limit *l)
{
    nave_op_drop(l->inner);
    l->inner->result = NAVE_ETIMEDOUT;
    l->inner->state = NAVE_OP_DONE;
    l->op.result = NAVE_ETIMEDOUT;
    l->op.value = 0;
}

static inline nave_poll nave_op_limit_poll_(struct nave_op *op)
{
    struct nave_op_limit *l = nave_op_limit_of_(op);

    if (nave_op_poll(l->inner) == NAVE_READY) {
        nave_op_limit_copy_(l);
        return NAVE_READY;
    }
    if (!l->has_passed)
        return NAVE_PENDING;
    nave_op_limit_expire_(l);
    return NAVE_READY;
}

static inline void nave_op_limit_drop_(struct nave_op *op)
{
    struct nave_op_limit *l = nave_op_limit_of_(op);

    nave_timer_stop(op->worker, &l->timer);
    nave_op_unpin_(op);
    nave_op_drop(l->inner);
}

static inline void nave_op_limit_fired_(struct nave_timer *timer, void *arg)
{
    struct nave_op *op = (struct nave_op *)arg;
    struct nave_op_limit *l = nave_op_limit_of_(op);

    (void)timer;
    l->has_passed = 1;
    nave_op_unpin_(op);
    if (!op->done) {
        nave_op_wake(op);
        return;
    }
    nave_op_limit_expire_(l);
    nave_op_finish(op, NAVE_ETIMEDOUT, 0);
}

/* `done` of the inner op. */
static inline void nave_op_limit_done_(struct nave_op *inner, void *arg)
{
    struct nave_op_limit *l = (struct nave_op_limit *)arg;

    (void)inner;
    nave_op_limit_copy_(l);
    nave_op_finish(&l->op, l->op.result, l->op.value);
}

static inline void nave_op_limit_arm_(struct nave_op_limit *l, nave_nsec deadline_ns)
{
    static const struct nave_op_source source = {sizeof(struct nave_op_source), 0,
                                                 nave_op_limit_drop_, nave_op_limit_poll_,
                                                 "deadline"};
    struct nave_worker *w = l->op.worker;

    l->has_passed = 0;
    nave_op_begin(&l->op, &source, NULL);
    if (deadline_ns != NAVE_NEVER)
        w->api->timer_start(w, &l->timer, nave_timer_slack(deadline_ns, l->slack_ns),
                            nave_op_limit_fired_, &l->op);
}

/* Have `inner`, which was started in this poll of `cx`, end at `deadline_ns` at the latest. Gives &l->op,
 * to be awaited in its place: in flight, or DONE when inner is DONE or the deadline has passed. Its result
 * is inner's or NAVE_ETIMEDOUT, which inner's is then too; its value is inner's. NAVE_NEVER: no deadline.
 * Thread: [worker]. Owns: borrows l and inner until it is DONE or dropped; dropping it drops inner; the
 * task stays on its worker while there is a deadline. */
static inline struct nave_op *nave_op_deadline(struct nave_cx *cx, struct nave_op_limit *l,
                                               struct nave_op *inner, nave_nsec deadline_ns)
{
    /* Of a former use that was not dropped, but whose inner op was taken back. */
    if (nave_timer_is_armed(&l->timer)) {
        nave_timer_stop(l->op.worker, &l->timer);
        nave_op_unpin_(&l->op);
    }
    nave_op_await(&l->op, cx);
    l->inner = inner;
    if (inner->state == NAVE_OP_DONE) {
        l->op.result = inner->result;
        l->op.value = inner->value;
        l->op.state = NAVE_OP_DONE;
    } else if (deadline_ns <= nave_now(cx->worker)) {
        nave_op_limit_expire_(l);
        l->op.state = NAVE_OP_DONE;
    } else {
        nave_op_limit_arm_(l, deadline_ns);
        if (nave_timer_is_armed(&l->timer))
            nave_op_pin_(&l->op, cx);
    }
    return &l->op;
}

/* The same with a deadline `ns` nanoseconds from the worker's cached now. Thread: [worker]. */
static inline struct nave_op *nave_op_timeout(struct nave_cx *cx, struct nave_op_limit *l,
                                              struct nave_op *inner, nave_nsec ns)
{
    return nave_op_deadline(cx, l, inner, nave_deadline(cx->worker, ns));
}

/* With callbacks: ready `inner` and `l`, in place of nave_op_init(inner, ...). Then start inner, and give
 * what that returned to nave_op_limit_start(). Thread: [worker]. State: [!in flight]. */
static inline void nave_op_limit_init(struct nave_op_limit *l, struct nave_worker *w,
                                      struct nave_op *inner,
                                      void (*done)(struct nave_op *op, void *arg), void *arg)
{
    nave_op_init(inner, w, nave_op_limit_done_, l);
    nave_op_init(&l->op, w, done, arg);
    l->inner = inner;
}

/* Set the deadline on inner; `started` is what its start returned: NAVE_EAGAIN, or the call ends there.
 *     err = nave_op_limit_start(&l, start(handle, &inner, ...), deadline_ns);
 * Thread: [worker]. Owns: borrows l, inner and arg until done ran or nave_op_drop(&l->op) returned.
 * Callback: once, with &l->op, on this worker, never inside this call.
 * Errors: NAVE_EAGAIN it is in flight, done will be called. NAVE_ETIMEDOUT the deadline has passed, inner
 * is dropped; else what `started` says. done is not called then. */
static inline NAVE_NODISCARD nave_err nave_op_limit_start(struct nave_op_limit *l, nave_err started,
                                                          nave_nsec deadline_ns)
{
    if (started != NAVE_EAGAIN)
        return started;
    if (deadline_ns <= nave_now(l->op.worker)) {
        nave_op_limit_expire_(l);
        return NAVE_ETIMEDOUT;
    }
    nave_op_limit_arm_(l, deadline_ns);
    return NAVE_EAGAIN;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_op_limit) == 208,
                   "nave_op_limit is frozen");

NAVE_END_DECLS
#endif

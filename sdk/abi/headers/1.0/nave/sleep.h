/* SPDX-License-Identifier: MIT
 *
 * Waiting for a point in time: an op with a timer of its own. It is awaited, is an arm of a select, or
 * calls back, as any op (op.h).
 *
 * Time is the worker's clock, nave_now(): read once a turn, monotonic; it stands still while the machine
 * is suspended. Never early on it; as late as one tick (1 ms), the slack, and the work before it.
 * Nothing is allocated, and nothing here fails for want of anything.
 */
#ifndef NAVE_SLEEP_H
#define NAVE_SLEEP_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/op.h>
#include <nave/task.h>
#include <nave/timer.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* A wait for a point in time. Frozen, 192 bytes on 64-bit machines. All zero is one that is not in
 * flight, and so it must be before its first use. */
struct nave_sleep_op {
    struct nave_op op; /* first: what is awaited or selected                        */
    struct nave_timer timer;
    nave_nsec slack_ns; /* the caller's: as much later is as good; see nave_timer_slack() */
    uint64_t reserved;
};

/* The point that is `ns` nanoseconds from the worker's cached now. Below 0 counts as 0; what overflows is
 * NAVE_NEVER. Thread: [worker]. */
static inline nave_nsec nave_deadline(const struct nave_worker *w, nave_nsec ns)
{
    nave_nsec now = w->clock->now_ns;

    if (ns <= 0)
        return now;
    return ns > NAVE_NEVER - now ? NAVE_NEVER : now + ns;
}

/* For sources of ops that belong to a worker: the task of `cx` stays here while `op` is in flight, which
 * has begun. Uses op->impl. Thread: [worker]. */
static inline void nave_op_pin_(struct nave_op *op, const struct nave_cx *cx)
{
    op->impl = cx->task;
    if (op->impl)
        op->worker->api->pin(op->worker, op->impl);
}

/* The end of that; nothing happens when the task was not pinned. Thread: [worker]. */
static inline void nave_op_unpin_(struct nave_op *op)
{
    void *task = op->impl;

    op->impl = NULL;
    if (task)
        op->worker->api->unpin(op->worker, task);
}

static inline void nave_sleep_fired_(struct nave_timer *timer, void *arg)
{
    struct nave_op *op = (struct nave_op *)arg;

    (void)timer;
    nave_op_unpin_(op);
    nave_op_finish(op, NAVE_OK, 0);
}

static inline void nave_sleep_drop_(struct nave_op *op)
{
    struct nave_sleep_op *s = NAVE_CONTAINER_OF(op, struct nave_sleep_op, op);

    nave_timer_stop(op->worker, &s->timer);
    nave_op_unpin_(op);
}

static inline void nave_sleep_arm_(struct nave_sleep_op *s, nave_nsec deadline_ns)
{
    static const struct nave_op_source source = {sizeof(struct nave_op_source), 0, nave_sleep_drop_,
                                                 NULL, "sleep"};
    struct nave_worker *w = s->op.worker;

    nave_op_begin(&s->op, &source, NULL);
    w->api->timer_start(w, &s->timer, nave_timer_slack(deadline_ns, s->slack_ns), nave_sleep_fired_,
                        &s->op);
}

/* Wait until `deadline_ns`, in the poll of `cx`: `NAVE_AWAIT(nave_sleep_until(cx, &f->sleep, when))`.
 * Gives &s->op, in flight, or DONE when the deadline has passed; its result is NAVE_OK. One that is in
 * flight is taken back first. Thread: [worker].
 * Owns: borrows s until it is DONE or dropped; the task stays on its worker meanwhile. */
static inline struct nave_op *nave_sleep_until(struct nave_cx *cx, struct nave_sleep_op *s,
                                               nave_nsec deadline_ns)
{
    nave_op_drop(&s->op);
    nave_op_await(&s->op, cx);
    /* A loop that never has to wait gives others their turn all the same: it waits one. */
    if (deadline_ns <= nave_now(cx->worker) && nave_cx_spend(cx)) {
        s->op.state = NAVE_OP_DONE;
        return &s->op;
    }
    nave_sleep_arm_(s, deadline_ns);
    nave_op_pin_(&s->op, cx);
    return &s->op;
}

/* Wait for `ns` nanoseconds from the worker's cached now. See nave_sleep_until. Thread: [worker]. */
static inline struct nave_op *nave_sleep(struct nave_cx *cx, struct nave_sleep_op *s, nave_nsec ns)
{
    return nave_sleep_until(cx, s, nave_deadline(cx->worker, ns));
}

/* Call `done` at `deadline_ns`: no task is needed. Thread: [worker].
 * Owns: borrows s and arg until done ran or nave_op_drop(&s->op) returned.
 * Callback: once, on this worker, never inside this call; it may start `s` again.
 * Errors: NAVE_EAGAIN it is in flight, done will be called. NAVE_OK the deadline has passed, done is not
 * called; NAVE_EINVAL done is NULL; NAVE_EBUSY it is in flight already, and stays so; NAVE_EAFFINITY. */
static inline NAVE_NODISCARD nave_err nave_sleep_start(struct nave_sleep_op *s,
                                                       struct nave_worker *w, nave_nsec deadline_ns,
                                                       void (*done)(struct nave_op *op, void *arg),
                                                       void *arg)
{
    if (!done)
        return NAVE_EINVAL;
    if (!nave_worker_is_here(w))
        return NAVE_EAFFINITY;
    if (nave_timer_is_armed(&s->timer))
        return NAVE_EBUSY;
    nave_op_init(&s->op, w, done, arg);
    if (deadline_ns <= nave_now(w)) {
        s->op.state = NAVE_OP_DONE;
        return NAVE_OK;
    }
    nave_sleep_arm_(s, deadline_ns);
    return NAVE_EAGAIN;
}

/* Move a sleep that is in flight to `deadline_ns`. Later costs one store. Thread: [worker].
 * Errors: NAVE_ESTATE it is not in flight; NAVE_EAFFINITY it is another worker's; nothing changed. */
static inline nave_err nave_sleep_move(struct nave_sleep_op *s, nave_nsec deadline_ns)
{
    if (!nave_timer_is_armed(&s->timer))
        return NAVE_ESTATE;
    if (!nave_worker_is_here(s->op.worker))
        return NAVE_EAFFINITY;
    nave_timer_extend(s->op.worker, &s->timer, nave_timer_slack(deadline_ns, s->slack_ns));
    return NAVE_OK;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_sleep_op) == 192,
                   "nave_sleep_op is frozen");

NAVE_END_DECLS
#endif

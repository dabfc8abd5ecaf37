/* SPDX-License-Identifier: MIT
 *
 * Ticks at a regular distance. Each tick is an op; what happens to ticks that nobody took in time is
 * the interval's policy. (Policies, and what is a missed tick, are those of tokio's Interval.)
 *
 * Say that ticks are due at 100, 200, 300 and so on, and the work after the first lasts until 350:
 *     BURST   350, 350, 400, 500   as fast as possible until it has caught up
 *     DELAY   350, 450, 550        a period from the moment at which the late one was taken
 *     SKIP    350, 400, 500        on the old grid; what was missed does not come
 *
 * A tick is taken when the op is polled and not before: a select in which another arm was ready loses
 * no tick.
 */
#ifndef NAVE_INTERVAL_H
#define NAVE_INTERVAL_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/op.h>
#include <nave/sleep.h>
#include <nave/task.h>
#include <nave/timer.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

#define NAVE_INTERVAL_BURST 0u /* the next tick is one period after the last was due         */
#define NAVE_INTERVAL_DELAY 1u /* ... one period after the last was taken                    */
#define NAVE_INTERVAL_SKIP  2u /* ... the first that is not over, a multiple of the period   */

/* A tick that is taken this much later (and the slack) than it was due is missed: the policy applies. */
#define NAVE_INTERVAL_LATE (5 * NAVE_MSEC)

/* Ticks at a regular distance. Frozen, 208 bytes on 64-bit machines. Readied by
 * nave_interval_init(). */
struct nave_interval {
    struct nave_op op; /* first: the tick in flight                                      */
    struct nave_timer timer;
    nave_nsec next_ns;   /* when the next tick is due                                      */
    nave_nsec period_ns; /* above 0; the caller's to change between ticks                  */
    nave_nsec slack_ns;  /* the caller's: as much later is as good; see nave_timer_slack() */
    uint32_t policy;     /* NAVE_INTERVAL_*                                                */
    uint32_t reserved;
};

/* Ready `i`: the first tick is due at `first_ns`, which may be now. Thread: [worker].
 * State: [!in flight]. Errors: NAVE_EINVAL period_ns is not above 0, or the policy is not known. */
static inline NAVE_NODISCARD nave_err nave_interval_init(struct nave_interval *i,
                                                         nave_nsec first_ns, nave_nsec period_ns,
                                                         uint32_t policy)
{
    static const struct nave_timer disarmed = {NULL, NULL, 0, 0, 0, NULL, NULL, NULL};

    if (period_ns <= 0 || policy > NAVE_INTERVAL_SKIP)
        return NAVE_EINVAL;
    nave_op_init(&i->op, NULL, NULL, NULL);
    i->timer = disarmed;
    i->next_ns = first_ns;
    i->period_ns = period_ns;
    i->slack_ns = 0;
    i->policy = policy;
    i->reserved = 0;
    return NAVE_OK;
}

/* Take the tick that is due, at `now_ns`; gives when it was due. For those who poll by themselves.
 * Thread: [worker]. State: [now_ns >= next_ns]. */
static inline nave_nsec nave_interval_take(struct nave_interval *i, nave_nsec now_ns)
{
    nave_nsec due = i->next_ns, from = due, late = now_ns - due;

    if (i->policy != NAVE_INTERVAL_BURST && late > NAVE_INTERVAL_LATE + i->slack_ns)
        from = i->policy == NAVE_INTERVAL_DELAY ? now_ns : now_ns - late % i->period_ns;
    i->next_ns = from > NAVE_NEVER - i->period_ns ? NAVE_NEVER : from + i->period_ns;
    return due;
}

static inline nave_poll nave_interval_poll_(struct nave_op *op)
{
    struct nave_interval *i = NAVE_CONTAINER_OF(op, struct nave_interval, op);

    if (nave_timer_is_armed(&i->timer))
        return NAVE_PENDING;
    op->result = NAVE_OK;
    op->value = (uint64_t)nave_interval_take(i, nave_now(op->worker));
    nave_op_unpin_(op);
    return NAVE_READY;
}

static inline void nave_interval_drop_(struct nave_op *op)
{
    struct nave_interval *i = NAVE_CONTAINER_OF(op, struct nave_interval, op);

    nave_timer_stop(op->worker, &i->timer);
    nave_op_unpin_(op);
}

/* A task takes the tick when it polls; a callback is told of a tick that was taken. */
static inline void nave_interval_fired_(struct nave_timer *timer, void *arg)
{
    struct nave_op *op = (struct nave_op *)arg;

    (void)timer;
    if (!op->done)
        nave_op_wake(op);
    else if (nave_interval_poll_(op) == NAVE_READY)
        nave_op_finish(op, NAVE_OK, op->value);
}

static inline void nave_interval_arm_(struct nave_interval *i)
{
    static const struct nave_op_source source = {sizeof(struct nave_op_source), 0,
                                                 nave_interval_drop_, nave_interval_poll_,
                                                 "interval"};
    struct nave_worker *w = i->op.worker;

    nave_op_begin(&i->op, &source, NULL);
    w->api->timer_start(w, &i->timer, nave_timer_slack(i->next_ns, i->slack_ns),
                        nave_interval_fired_, &i->op);
}

/* Wait for the next tick, in the poll of `cx`: `NAVE_AWAIT(nave_interval_tick(cx, &f->ticks))`. Gives
 * &i->op, in flight, or DONE when a tick is due; its result is NAVE_OK, its value when the tick was due.
 * One that is in flight is taken back first. Thread: [worker].
 * Owns: borrows i until it is DONE or dropped; the task stays on its worker meanwhile. */
static inline struct nave_op *nave_interval_tick(struct nave_cx *cx, struct nave_interval *i)
{
    nave_nsec now = nave_now(cx->worker);

    nave_op_drop(&i->op);
    nave_op_await(&i->op, cx);
    if (i->next_ns <= now && nave_cx_spend(cx)) {
        i->op.value = (uint64_t)nave_interval_take(i, now);
        i->op.state = NAVE_OP_DONE;
        return &i->op;
    }
    nave_interval_arm_(i);
    nave_op_pin_(&i->op, cx);
    return &i->op;
}

/* Call `done` at the next tick, once: start it again there for the one after. Thread: [worker].
 * Owns: borrows i and arg until done ran or nave_op_drop(&i->op) returned.
 * Callback: once, on this worker, never inside this call.
 * Errors: NAVE_EAGAIN it is in flight, done will be called. NAVE_OK a tick was due and is taken, done is
 * not called: i->op.value says when; NAVE_EINVAL done is NULL; NAVE_EBUSY it is in flight already;
 * NAVE_EAFFINITY. */
static inline NAVE_NODISCARD nave_err
nave_interval_start(struct nave_interval *i, struct nave_worker *w,
                    void (*done)(struct nave_op *op, void *arg), void *arg)
{
    if (!done)
        return NAVE_EINVAL;
    if (!nave_worker_is_here(w))
        return NAVE_EAFFINITY;
    if (nave_timer_is_armed(&i->timer))
        return NAVE_EBUSY;
    nave_op_init(&i->op, w, done, arg);
    if (i->next_ns <= nave_now(w)) {
        i->op.value = (uint64_t)nave_interval_take(i, nave_now(w));
        i->op.state = NAVE_OP_DONE;
        return NAVE_OK;
    }
    nave_interval_arm_(i);
    return NAVE_EAGAIN;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_interval) == 208,
                   "nave_interval is frozen");

NAVE_END_DECLS
#endif

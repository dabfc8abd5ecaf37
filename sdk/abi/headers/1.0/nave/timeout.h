/* SPDX-License-Identifier: MIT
 *
 * A deadline on a future or an op: a future around it, which ends as it does, or with NAVE_ETIMEDOUT.
 *
 *     NAVE_TRY(nave_timeout(cx, &f->limit, 5 * NAVE_SEC, NAVE_CALL(fetch, &f->fetch, .key = key)));
 *
 * What is ready wins over a deadline that has passed. When the deadline passes first, what is inside is
 * canceled (arm.h): a cleanup inside a shield is waited for. An op alone is served by nave_op_timeout()
 * (deadline.h), which is an op itself.
 */
#ifndef NAVE_TIMEOUT_H
#define NAVE_TIMEOUT_H

#include <nave/arm.h>
#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>
#include <nave/sleep.h>
#include <nave/task.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* A deadline on a future. Frozen, 296 bytes on 64-bit machines. All zero is one that is not in use, and so
 * it must be before its first use. */
struct nave_timeout {
    struct nave_arms head;      /* first; head.result is the result           */
    struct nave_arm arms[2];    /* what has the deadline; the wait for it     */
    struct nave_sleep_op sleep; /* its slack_ns is the caller's               */
    nave_nsec deadline_ns;
    uint32_t state; /* NAVE_TIMEOUT_*                             */
    uint32_t reserved;
};

#define NAVE_TIMEOUT_IS_NEW    0u /* not polled yet: what is ready needs no timer */
#define NAVE_TIMEOUT_IS_ARMED  1u /* polled first                                 */
#define NAVE_TIMEOUT_IS_PASSED 2u /* by the deadline: what is inside is canceled  */
#define NAVE_TIMEOUT_IS_OVER   3u /* READY                                        */

static inline nave_poll nave_timeout_end_(struct nave_timeout *t, nave_err result)
{
    nave_arm_drop(&t->arms[1], t->head.worker);
    t->head.future.flags &= ~(uint64_t)NAVE_FUTURE_IS_SHIELDED;
    t->head.result = result;
    t->state = NAVE_TIMEOUT_IS_OVER;
    return NAVE_READY;
}

static inline nave_poll nave_timeout_cancel_(struct nave_timeout *t, struct nave_cx *cx,
                                             nave_err why)
{
    struct nave_arm *inner = &t->arms[0];

    if (nave_arm_cancel(inner, cx) == NAVE_PENDING) {
        t->head.future.flags |= NAVE_FUTURE_IS_SHIELDED;
        return NAVE_PENDING;
    }
    return nave_timeout_end_(t, inner->result == NAVE_ECANCELED ? why : inner->result);
}

static inline nave_poll nave_timeout_poll_(struct nave_future *f, struct nave_cx *cx)
{
    struct nave_timeout *t = (struct nave_timeout *)(void *)f;

    t->head.worker = cx->worker;
    if (t->state == NAVE_TIMEOUT_IS_PASSED)
        return nave_timeout_cancel_(t, cx, NAVE_ETIMEDOUT);
    if (cx->is_canceled)
        return nave_timeout_cancel_(t, cx, NAVE_ECANCELED);
    if (nave_arm_poll(&t->arms[0], cx) == NAVE_READY)
        return nave_timeout_end_(t, t->arms[0].result);
    if (t->state == NAVE_TIMEOUT_IS_NEW) {
        t->state = NAVE_TIMEOUT_IS_ARMED;
        if (t->deadline_ns != NAVE_NEVER)
            nave_arm_set_op(&t->arms[1], nave_sleep_until(cx, &t->sleep, t->deadline_ns));
    }
    if (!(t->arms[1].flags & NAVE_ARM_IS_ARMED) || nave_arm_poll(&t->arms[1], cx) == NAVE_PENDING)
        return NAVE_PENDING;
    t->state = NAVE_TIMEOUT_IS_PASSED;
    return nave_timeout_cancel_(t, cx, NAVE_ETIMEDOUT);
}

static inline void nave_timeout_drop_(struct nave_future *f)
{
    struct nave_timeout *t = (struct nave_timeout *)(void *)f;

    if (t->state == NAVE_TIMEOUT_IS_OVER)
        return;
    nave_arms_drop(&t->head);
    (void)nave_timeout_end_(t, NAVE_ECANCELED);
}

static inline struct nave_future *nave_timeout_begin_(struct nave_cx *cx, struct nave_timeout *t,
                                                      nave_nsec deadline_ns)
{
    static const struct nave_future_iface table = {
        NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_FUTURE_HAS_WORKER),
        "timeout",
        nave_timeout_poll_,
        nave_timeout_drop_,
        nave_arms_result_,
    };

    nave_arms_init_(&t->head, &table, cx->worker, t->arms, 2);
    nave_arm_set_op(&t->arms[1], NULL);
    t->deadline_ns = deadline_ns;
    t->state = NAVE_TIMEOUT_IS_NEW;
    return &t->head.future;
}

/* Have `op`, in flight or DONE, end at `deadline_ns` at the latest. Thread: [worker].
 * Owns: borrows t and op until the future was READY or dropped. */
static inline struct nave_future *nave_timeout_op_at(struct nave_cx *cx, struct nave_timeout *t,
                                                     nave_nsec deadline_ns, struct nave_op *op)
{
    nave_arm_set_op(&t->arms[0], op);
    return nave_timeout_begin_(cx, t, deadline_ns);
}

/* Have `f` end at `deadline_ns` at the latest. Thread: [worker].
 * Owns: borrows t and f until the future was READY or dropped; a boxed f is taken. */
static inline struct nave_future *nave_timeout_future_at(struct nave_cx *cx, struct nave_timeout *t,
                                                         nave_nsec deadline_ns,
                                                         struct nave_future *f)
{
    nave_arm_set_future(&t->arms[0], f);
    return nave_timeout_begin_(cx, t, deadline_ns);
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_timeout) == 296,
                   "nave_timeout is frozen");

NAVE_END_DECLS

/* nave_timeout(cx, t, ns, what), nave_timeout_at(cx, t, deadline_ns, what): for an op or a future. */
#ifndef __cplusplus
#    define nave_timeout_at(cx, t, deadline_ns, ...)        \
        _Generic((__VA_ARGS__), struct nave_op *            \
                 : nave_timeout_op_at, struct nave_future * \
                 : nave_timeout_future_at)((cx), (t), (deadline_ns), (__VA_ARGS__))
#    define nave_timeout(cx, t, ns, ...) \
        nave_timeout_at(cx, t, nave_deadline((cx)->worker, (ns)), __VA_ARGS__)
#endif

#endif

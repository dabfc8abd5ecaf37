/* SPDX-License-Identifier: MIT
 *
 * An arm: an op or a future, one of several that are waited for. Select, join_all and timeout are futures
 * over arms; they begin with the same head, so that the task dump can look into them.
 *
 * How something that is waited for comes to an end before its time
 *   dropped     at once. An op is taken back by its source, which loses nothing (op.h, rule 6); the
 *               cleanup of an async function runs, and passes over its shields.
 *   canceled    it is polled with is_canceled: it may finish its cleanup, inside shields with time
 *               limits, and is waited for. What is neither READY then nor inside a shield is dropped.
 */
#ifndef NAVE_ARM_H
#define NAVE_ARM_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/op.h>
#include <nave/task.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* Flags of an arm. */
#define NAVE_ARM_IS_ARMED \
    (1u << 0)                      /* it is waited for                                            */
#define NAVE_ARM_IS_KEPT (1u << 1) /* of select: when another arm wins it stays, in its queue too */

/* One thing that is waited for. Frozen. All zero is none. */
struct nave_arm {
    struct nave_op *op; /* the one or the other; both NULL: none     */
    struct nave_future *future;
    nave_err result; /* when it has ended                         */
    uint32_t flags;  /* NAVE_ARM_*                                */
};

/* The head of a future over arms; flags of the future: NAVE_FUTURE_HAS_ARMS. Frozen. */
struct nave_arms {
    struct nave_future future;
    struct nave_worker *worker; /* that polled it last; see NAVE_FUTURE_HAS_WORKER */
    struct nave_arm *list;
    uint32_t count;
    nave_err result; /* of the future, when it is READY                */
};

/* End the wait for `f`: its drop runs, and if it is boxed it is given back. Once, after it was READY or
 * instead. Thread: [worker]. Owns: takes f. */
static inline void nave_future_release(struct nave_future *f, struct nave_worker *worker)
{
    nave_future_set_worker(f, worker);
    if (NAVE_UNLIKELY(f->flags & NAVE_FUTURE_IS_BOXED))
        worker->api->future_drop(worker, f);
    else
        f->api->drop(f);
}

/* An arm that waits for `op`: in flight or DONE. NULL: none. Thread: [worker].
 * Owns: borrows op until the arm has ended or was dropped. */
static inline void nave_arm_set_op(struct nave_arm *arm, struct nave_op *op)
{
    arm->op = op;
    arm->future = NULL;
    arm->result = NAVE_OK;
    arm->flags = op ? NAVE_ARM_IS_ARMED : 0u;
}

/* An arm that waits for `f`. NULL: none. Thread: [worker].
 * Owns: borrows f until the arm has ended or was dropped; a boxed one is taken. */
static inline void nave_arm_set_future(struct nave_arm *arm, struct nave_future *f)
{
    arm->op = NULL;
    arm->future = f;
    arm->result = NAVE_OK;
    arm->flags = f ? NAVE_ARM_IS_ARMED : 0u;
}

/* READY when what `arm` waits for is: arm->result is valid, and it is waited for no more.
 * Thread: [worker]. State: [armed]. */
static inline nave_poll nave_arm_poll(struct nave_arm *arm, struct nave_cx *cx)
{
    if (arm->op) {
        if (nave_op_poll(arm->op) == NAVE_PENDING)
            return NAVE_PENDING;
        arm->result = arm->op->result;
    } else {
        struct nave_future *f = arm->future;

        if (f->api->poll(f, cx) == NAVE_PENDING)
            return NAVE_PENDING;
        arm->result = f->api->result(f);
        arm->future = NULL;
        nave_future_release(f, cx->worker);
    }
    arm->flags &= ~NAVE_ARM_IS_ARMED;
    return NAVE_READY;
}

/* Drop what `arm` waits for; nothing happens when it does not. Thread: [worker]. */
static inline void nave_arm_drop(struct nave_arm *arm, struct nave_worker *worker)
{
    if (!(arm->flags & NAVE_ARM_IS_ARMED))
        return;
    arm->flags = 0;
    arm->result = NAVE_ECANCELED;
    if (arm->op) {
        nave_op_drop(arm->op);
    } else {
        struct nave_future *f = arm->future;

        arm->future = NULL;
        nave_future_release(f, worker);
    }
}

/* Cancel what `arm` waits for. READY: it has ended, by itself with arm->result, or for this with
 * NAVE_ECANCELED. PENDING: it is inside a shield; call this again when the task is polled again.
 * Thread: [worker]. State: [armed]. */
static inline nave_poll nave_arm_cancel(struct nave_arm *arm, struct nave_cx *cx)
{
    uint32_t was_canceled = cx->is_canceled;
    nave_poll ready;

    if (arm->op && arm->op->state != NAVE_OP_DONE) {
        nave_arm_drop(arm, cx->worker);
        return NAVE_READY;
    }
    cx->is_canceled = 1;
    ready = nave_arm_poll(arm, cx);
    cx->is_canceled = was_canceled;
    if (ready == NAVE_READY || (arm->future->flags & NAVE_FUTURE_IS_SHIELDED))
        return ready;
    nave_arm_drop(arm, cx->worker);
    return NAVE_READY;
}

/* Whether arms that were canceled hold their future up. */
static inline void nave_arms_shielded_(struct nave_arms *arms, nave_poll all)
{
    arms->future.flags &= ~(uint64_t)NAVE_FUTURE_IS_SHIELDED;
    if (all == NAVE_PENDING)
        arms->future.flags |= NAVE_FUTURE_IS_SHIELDED;
}

/* Cancel all arms of `arms`, as nave_arm_cancel does. READY when all have ended. Thread: [worker]. */
static inline nave_poll nave_arms_cancel(struct nave_arms *arms, struct nave_cx *cx)
{
    nave_poll all = NAVE_READY;
    uint32_t i;

    for (i = 0; i < arms->count; i++)
        if ((arms->list[i].flags & NAVE_ARM_IS_ARMED) &&
            nave_arm_cancel(&arms->list[i], cx) == NAVE_PENDING)
            all = NAVE_PENDING;
    nave_arms_shielded_(arms, all);
    return all;
}

/* Drop all arms of `arms`. Thread: [worker]. */
static inline void nave_arms_drop(struct nave_arms *arms)
{
    uint32_t i;

    for (i = 0; i < arms->count; i++)
        nave_arm_drop(&arms->list[i], arms->worker);
}

/* The head of a future over `count` arms. Thread: [worker]. */
static inline void nave_arms_init_(struct nave_arms *arms, const struct nave_future_iface *api,
                                   struct nave_worker *worker, struct nave_arm *list,
                                   uint32_t count)
{
    arms->future.api = api;
    arms->future.flags = NAVE_FUTURE_HAS_ARMS;
    arms->worker = worker;
    arms->list = list;
    arms->count = count;
    arms->result = NAVE_OK;
}

/* The `result` of their tables. */
static inline nave_err nave_arms_result_(struct nave_future *f)
{
    return ((struct nave_arms *)(void *)f)->result;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_arm) == 24, "nave_arm is frozen");
NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_arms) == 40, "nave_arms is frozen");

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * What channels and locks are made of: a lock for a few instructions, a list of ops that wait, and
 * wakes that are collected under the lock and made after it.
 *
 *   waiting   op->result == NAVE_EAGAIN, linked in one list            (begin)
 *   settled   op->result == the outcome, unlinked; the task was or will be woken   (settle)
 *
 * 1. Links and outcome change under the lock of the source. The outcome is stored with release after all
 *    that belongs to it, and the owner's poll loads it with acquire: a poll takes no lock to see whether
 *    it has to wait on.
 * 2. From the store of the outcome on an op that a task awaits may be gone: its waker is copied before, and
 *    woken after the lock. An op with a callback, or of a thread that blocks, is woken under the lock;
 *    its owner comes back to the lock before it lets go of the op (drop; nv_block).
 * 3. Drop: lock; still waiting: unlink; settled: pass on what was set aside; unlock; nave_op_recall.
 */
#ifndef NV_SYNC_WAIT_H
#define NV_SYNC_WAIT_H

#include <pthread.h>

#include <nave/op.h>
#include <nave/worker.h>

/* --- the lock -------------------------------------------------------------------------------- */

/* For sections of a few instructions that call nobody but wakers. All zero is free. */
struct nv_lock {
    uint32_t word; /* atomic: 1 while it is held */
};

/* The slow way in: spin a little, then let others run. Returns with the lock. Thread: [any]. */
void nv_lock_wait(struct nv_lock *l);

/* Take it. One read-modify-write when nobody holds it. Thread: [any]. Not recursive. */
static inline void nv_lock_take(struct nv_lock *l)
{
    if (NAVE_UNLIKELY(__atomic_exchange_n(&l->word, 1u, __ATOMIC_ACQUIRE) != 0u))
        nv_lock_wait(l);
}

/* Leave it. A plain store on x86. Thread: [any]. State: held. */
static inline void nv_lock_leave(struct nv_lock *l)
{
    __atomic_store_n(&l->word, 0u, __ATOMIC_RELEASE);
}

/* --- those who wait -------------------------------------------------------------------------- */

/* Ops in the order in which they came; linked by op->next and op->prev. All zero is empty. */
struct nv_waiters {
    struct nave_op *first;
    struct nave_op *last;
};

/* Append `op`. State: the lock is held. */
static inline void nv_waiters_push(struct nv_waiters *q, struct nave_op *op)
{
    op->next = NULL;
    op->prev = q->last;
    if (q->last)
        q->last->next = op;
    else
        q->first = op;
    q->last = op;
}

/* Take `op` out, wherever it is. State: the lock is held; linked in `q`. */
static inline void nv_waiters_unlink(struct nv_waiters *q, struct nave_op *op)
{
    if (op->prev)
        op->prev->next = op->next;
    else
        q->first = op->next;
    if (op->next)
        op->next->prev = op->prev;
    else
        q->last = op->prev;
    op->next = op->prev = NULL;
}

/* Take the oldest; NULL when nobody waits. State: the lock is held. */
static inline struct nave_op *nv_waiters_pop(struct nv_waiters *q)
{
    struct nave_op *op = q->first;

    if (op)
        nv_waiters_unlink(q, op);
    return op;
}

/* 1: `op` was started and has neither completed nor been dropped; starting it is NAVE_EBUSY.
 * Thread: the op's owner. */
static inline int32_t nv_wait_is_busy(const struct nave_op *op)
{
    return op->source != NULL && __atomic_load_n(&op->state, __ATOMIC_RELAXED) != NAVE_OP_DONE;
}

/* `op` waits from now on, behind the others of `q`. State: the lock is held; not busy. */
static inline void nv_wait_begin(struct nv_waiters *q, struct nave_op *op,
                                 const struct nave_op_source *source, void *impl)
{
    nave_op_begin(op, source, impl);
    __atomic_store_n(&op->result, NAVE_EAGAIN, __ATOMIC_RELAXED);
    nv_waiters_push(q, op);
}

/* The outcome of `op`; NAVE_EAGAIN while it waits. Without the lock what was written before settle is
 * visible after any other. Thread: the op's owner, or with the lock. */
static inline nave_err nv_wait_outcome(const struct nave_op *op)
{
    return __atomic_load_n(&op->result, __ATOMIC_ACQUIRE);
}

/* --- wakes ----------------------------------------------------------------------------------- */

#define NV_WAKES_MAX 16u

/* Tasks to be woken after the lock. */
struct nv_wakes {
    uint32_t count;
    struct nave_waker each[NV_WAKES_MAX];
};

/* None. An initialiser would clear all of it, each time. */
static inline void nv_wakes_init(struct nv_wakes *wakes)
{
    wakes->count = 0;
}

/* `op`, which was unlinked, has its outcome (not NAVE_EAGAIN): its owner is told, now or by
 * nv_wakes_fire(). More than fit are woken here, under the lock. Do not touch `op` after.
 * State: the lock is held. */
static inline void nv_wait_settle(struct nave_op *op, nave_err outcome, struct nv_wakes *wakes)
{
    if (NAVE_LIKELY(!op->done && op->worker)) {
        struct nave_waker w = {op->waker, op->done_arg, op->waker_id, 0};

        __atomic_store_n(&op->result, outcome, __ATOMIC_RELEASE);
        if (NAVE_LIKELY(wakes->count < NV_WAKES_MAX))
            wakes->each[wakes->count++] = w;
        else
            w.api->wake(&w);
        return;
    }
    __atomic_store_n(&op->result, outcome, __ATOMIC_RELEASE);
    nave_op_wake(op);
}

/* Wake what was collected. State: the lock is not held. */
static inline void nv_wakes_fire(const struct nv_wakes *wakes)
{
    uint32_t i;

    for (i = 0; i < wakes->count; i++)
        wakes->each[i].api->wake(&wakes->each[i]);
}

/* --- threads that block ---------------------------------------------------------------------- */

/* A thread that waits for one op, which has no worker then. On its stack. */
struct nv_parker {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    uint32_t is_woken;
};

/* Ready `op` to be started by this thread, which will call nv_block() or nv_parker_fini().
 * Thread: [blocking]. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_parker_init(struct nv_parker *p, struct nave_op *op);

/* Wait until `op`, which is in flight, has completed, at most `timeout_ns` (NAVE_NEVER: as long as it
 * takes). `lock` is that of its source. Its result; NAVE_ETIMEDOUT: it was dropped. Thread: [blocking]. */
NAVE_NODISCARD nave_err nv_block(struct nv_parker *p, struct nave_op *op, struct nv_lock *lock,
                                 nave_nsec timeout_ns);

/* The end of it. State: `op` is not in flight. */
void nv_parker_fini(struct nv_parker *p);

#endif

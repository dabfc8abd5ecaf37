/* SPDX-License-Identifier: MIT
 *
 * nave.locks/1 of a runtime, and what the files that make it up share: lock.c (mutex, read-write lock,
 * semaphore) over permits.c, notify.c, meet.c (barrier, once).
 */
#ifndef NV_LOCKS_H
#define NV_LOCKS_H

#include <nave/notify.h>

#include "worker/sync_wait.h"

struct nave_runtime;

/* The service. All zero but `pub.api`: without a runtime, for tests. */
struct nv_locks {
    struct nave_locks pub;         /* first: the handle */
    const struct nave_runtime *rt; /* whose workers must not block; NULL: nobody's */
    uint32_t is_checked;           /* handles get asserting tables */
};

/* Ready the service of `rt`. Thread: [control]. */
void nv_locks_init(struct nv_locks *l, const struct nave_runtime *rt, int32_t is_checked);

/* The tables behind the handles. */
extern const struct nave_locks_iface nv_locks_table;
extern const struct nave_mutex_iface nv_mutex_table;
extern const struct nave_rwlock_iface nv_rwlock_table;
extern const struct nave_semaphore_iface nv_semaphore_table;
extern const struct nave_notify_iface nv_notify_table;
extern const struct nave_barrier_iface nv_barrier_table;
extern const struct nave_once_iface nv_once_table;

#define NV_LOCK_IS_CHECKED (1u << 0) /* of nave_lock_state.flags */

/* NAVE_EDEADLOCK when the calling thread is a worker of the runtime. Thread: [any]. */
nave_err nv_locks_may_block(const struct nave_lock_state *s);

/* The lock and the queue of `s`: these words are touched as these types alone. */
static inline struct nv_lock *nv_state_lock(struct nave_lock_state *s)
{
    return (struct nv_lock *)(void *)&s->lock;
}

static inline struct nv_waiters *nv_state_queue(struct nave_lock_state *s)
{
    return (struct nv_waiters *)(void *)&s->first;
}

NAVE_STATIC_ASSERT(offsetof(struct nave_lock_state, last) ==
                       offsetof(struct nave_lock_state, first) + offsetof(struct nv_waiters, last),
                   "first and last are a struct nv_waiters");

/* The poll of every source here: READY when `op` has its outcome, and whoever gave it has left the lock.
 * See nave_op_source.poll. */
nave_poll nv_state_poll(struct nave_op *op);

/* Settle with NAVE_OK and value 0 those whose value is a number before `round`; they stand in front. Bit 1
 * of the word is cleared when nobody is left. Not all in one hold of the lock. Thread: [any]. */
void nv_state_serve_older(struct nave_lock_state *s, uint64_t round);

/* Checked mode: `op` has got the mutex of `s`. */
void nv_check_hold(struct nave_lock_state *s, const struct nave_op *op);

#endif

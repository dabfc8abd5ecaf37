/* SPDX-License-Identifier: MIT
 *
 * A number of permits and those who wait for some: what mutex (one permit), read-write lock (a reader
 * takes one, a writer all) and semaphore are.
 *
 *   word = permits << 2 | WAITERS | CLOSED
 *
 * 1. Without WAITERS anybody takes and gives by compare-and-swap: one read-modify-write each.
 * 2. WAITERS is set exactly while the queue is not empty, as seen under the lock. With it the word is
 *    changed under the lock alone, and all who give go to the queue: first come, first served.
 * 3. Permits are set aside for an op (its outcome is NAVE_OK) under the lock; its owner sees that and then
 *    passes through the lock, so whoever served it has left. Hence a mutex may be freed after unlock.
 * 4. An op that is dropped passes on what was set aside for it. One that leaves the queue unserved lets the
 *    next ones through, who may want fewer.
 */
#ifndef NV_PERMITS_H
#define NV_PERMITS_H

#include <nave/lock.h>

#include "locks.h"

#define NV_PERMITS_SHIFT 2
#define NV_PERMITS_ONE   (UINT64_C(1) << NV_PERMITS_SHIFT)

/* Begin with `permits`. The state is zeroed. Thread: [any]. */
void nv_permits_init(struct nave_lock_state *s, uint64_t permits);

/* Take `n` with `op`, whose source is `source`. Thread: [worker] of op.
 * Errors: NAVE_EAGAIN later; NAVE_ECLOSED; NAVE_EBUSY. */
nave_err nv_permits_start(struct nave_lock_state *s, struct nave_op *op, uint64_t n,
                          const struct nave_op_source *source);

/* Take `n` at once. Thread: [any]. Errors: NAVE_EAGAIN; NAVE_ECLOSED. */
nave_err nv_permits_try(struct nave_lock_state *s, uint64_t n);

/* Take `n` on this thread. Thread: [any]. Errors: see nave_semaphore_iface.acquire_wait. */
nave_err nv_permits_wait(struct nave_lock_state *s, uint64_t n, nave_nsec timeout_ns,
                         const struct nave_op_source *source);

/* Give `n` back; there are never more than `limit`. Thread: [any]. Errors: NAVE_EOVERFLOW. */
nave_err nv_permits_give(struct nave_lock_state *s, uint64_t n, uint64_t limit);

/* Take up to `n`, returning how many. Thread: [any]. */
uint64_t nv_permits_forget(struct nave_lock_state *s, uint64_t n);

/* How many are there. Thread: [any]. */
uint64_t nv_permits_available(const struct nave_lock_state *s);

/* Fail all who wait and will come with NAVE_ECLOSED. Thread: [any]. */
void nv_permits_close(struct nave_lock_state *s);

/* For sources, whose poll is nv_state_poll: see nave_op_source.drop. `limit` as in give. */
void nv_permits_drop(struct nave_op *op, uint64_t limit);

#endif

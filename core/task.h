/* SPDX-License-Identifier: MIT
 *
 * Tasks of one worker. Each has a slot in a table that is never freed before the worker is, so a
 * waker may always look at its slot: a generation tells whether the task is still the one it knew.
 *
 * The word of a slot: generation << 32 | bits. NOTIFIED: to be polled, its job is queued or (while
 * RUNNING) will be. RUNNING: inside poll. LIVE: there is a task. A wake is one compare-and-swap;
 * only the one who sets NOTIFIED on a slot that does not run queues the job. Without LIVE: not spawned,
 * or (NOTIFIED) dropped while the job is queued; then whoever takes the job out frees the slot.
 */
#ifndef NV_TASK_H
#define NV_TASK_H

#include <nave/task.h>

#include "worker.h"

#define NV_TASK_NOTIFIED 1u
#define NV_TASK_RUNNING  2u
#define NV_TASK_LIVE     4u

struct nv_task;

/* One slot. Its memory is stable until the worker is destroyed. */
struct nv_task_slot {
    struct nave_job job; /* in the worker's ready queue, or on its way through the inbox */
    uint64_t word;       /* atomic */
    struct nv_worker *worker;
    struct nv_task *task;      /* [worker] NULL: free, or dropped while its job is queued     */
    struct nv_task_slot *next; /* [worker] in worker->free_slots, live_slots or unspawned     */
    struct nv_task_slot *prev; /* [worker] not in free_slots                                  */
    uint32_t index;            /* of the slot among those of its worker                       */
    uint32_t reserved;
    nave_nsec mark; /* of whoever queued it: when; 0 for most; see stats.h */
};

/* See nave_worker_iface of the same names. */
nave_err nv_task_new(struct nv_worker_handle *h, const struct nave_future_iface *api, size_t frame,
                     struct nave_future **out_future);
void nv_task_drop_unspawned(struct nave_future *f);
nave_task_id nv_task_spawn(struct nave_future *f);

/* Drop every spawned task. State: not inside a poll. */
void nv_task_drop_all(struct nv_worker *w);

/* Drop what was never spawned and free the table. State: drop_all was called. */
void nv_task_fini(struct nv_worker *w);

#endif

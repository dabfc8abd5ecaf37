/* SPDX-License-Identifier: MIT
 *
 * A task: one object of the group's pool, this head, the future's head, its frame. Whoever knows a task
 * and its generation may look at its word at any time: a generation that differs says that it has ended.
 *
 * The word: generation << 32 | bits.
 *   LIVE       spawned, and not freed
 *   SCHEDULED  in a queue, or being polled: whoever set it (a wake, from 0) has put it there
 *   AGAIN      woken while SCHEDULED: poll once more
 *   CANCEL     every poll from now on is told is_canceled
 *   JOINED     somebody has a join handle: the object stays until it is given up
 *   WAITED     `joiner` is to be woken at the end
 *   LOCKED     ... under group->join_lock: it is an op or a thread that may go away
 *   COMPLETE   ended, and JOINED
 *
 *          spawn                 run: no step            PENDING, not AGAIN
 *   born ---------> SCHEDULED -------------------> poll ------------------> 0 (idle)
 *                     ^   ^                          |  \                   |
 *                     |   +--- AGAIN, or yielded ----+   \ READY            | wake
 *                     +------------------------------------\----------------+
 *                                                           +--> COMPLETE or free
 *
 * So a poll costs one read-modify-write, when it goes idle, and the wake another one; a yield costs none.
 * A wake of a SCHEDULED task sets AGAIN even when it is set: the swap releases what the waker wrote.
 */
#ifndef NV_TASK_H
#define NV_TASK_H

#include <nave/join.h>
#include <nave/op.h>
#include <nave/task.h>

#include "task_pool.h"
#include "worker.h"

#define NV_TASK_LIVE      (1u << 0)
#define NV_TASK_SCHEDULED (1u << 1)
#define NV_TASK_AGAIN     (1u << 2)
#define NV_TASK_CANCEL    (1u << 3)
#define NV_TASK_JOINED    (1u << 4)
#define NV_TASK_WAITED    (1u << 5)
#define NV_TASK_LOCKED    (1u << 6)
#define NV_TASK_COMPLETE  (1u << 7)
#define NV_TASK_WAITS     (1u << 8) /* counts registrations of a joiner, up to bit 15 */
#define NV_TASK_WAITS_ALL (255u << 8)

/* flags: the runner's and, while nobody runs it, of who holds SCHEDULED */
#define NV_TASK_UNSPAWNED (1u << 0)
#define NV_TASK_OUTSIDE   (1u << 1) /* made by a thread that is no worker: not accounted yet */

struct nv_task {
    /* the line of the scheduler */
    uint64_t word;                  /* atomic                                              */
    struct nave_job job;            /* in a queue, or on its way through an inbox           */
    struct nv_worker_handle *owner; /* of its plugin, on the worker that made it            */
    const struct nave_waker_iface *joiner_api; /* WAITED: whom to wake; atomic, relaxed     */
    void *joiner_task;
    uint64_t joiner_id;
    uint16_t home; /* index of the worker that it is pinned to             */
    uint8_t class; /* of the pool                                          */
    uint8_t flags; /* NV_TASK_UNSPAWNED, ...                               */
    uint32_t pins; /* the runner's, or home's while it is idle             */
    /* cold */
    union {
        struct nave_scope *scope;  /* whose child it is; NULL: nobody's; atomic */
        struct nv_task *pool_next; /* of a free one: the next chain     */
    };
    struct nv_task *sibling_next; /* in scope's list of children */
    struct nv_task *sibling_prev;
    /* SCHEDULED: when it was queued, 0 for most (stats.h). Idle, for the dump: minus the time of the turn
     * in which it went so; who wakes it from afar leaves that, which is why it is below 0. */
    nave_nsec mark;
    uint32_t polls;
    nave_err result; /* COMPLETE */
    uint32_t bytes;  /* accounted to the owner */
    uint32_t born;   /* when it was spawned: nv_task_time() of the turn, for the dump */
    struct nave_future future;
    /* the frame */
};
NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nv_task) == NV_TASK_HEAD,
                   "the head of a task is two lines");

/* A time in 32 bits: units of 2^24 ns, 16.8 ms, which last for 2.2 years before they begin anew. */
static inline uint32_t nv_task_time(nave_nsec now)
{
    return (uint32_t)((uint64_t)now >> 24);
}

static inline struct nv_task *nv_task_of(struct nave_future *f)
{
    return NAVE_CONTAINER_OF(f, struct nv_task, future);
}

/* See nave_worker_iface of the same names. */
nave_err nv_task_new(struct nv_worker_handle *h, const struct nave_future_iface *api, size_t frame,
                     struct nave_future **out_future);
void nv_task_drop_unspawned(struct nv_worker_handle *h, struct nave_future *f);
/* `is_local`: it never leaves the worker of `h`. `out_join` NULL: nobody will join it. */
nave_task_id nv_task_spawn(struct nv_worker_handle *h, struct nave_future *f, int32_t is_local,
                           struct nave_join *out_join);

/* See nave_exec_iface.spawn. `handles`: one a worker. Thread: [any]. */
nave_err nv_task_spawn_outside(struct nv_worker_handle *const *handles,
                               const struct nave_future_iface *api, size_t frame,
                               void (*init)(void *frame, void *arg), void *arg,
                               struct nave_join *out_join);

/* Refuse that from now on. When this returns, what was not refused is in a queue, so that nv_task_drop_all finds
 * it. Thread: [any]. */
void nv_task_close_outside(struct nv_group *g);

/* Poll `t`, which was taken out of a queue. Thread: [worker]. */
void nv_task_run(struct nv_worker *w, struct nv_task *t);

/* Put `t`, which the caller has set SCHEDULED, where it will be run. Thread: [any]. */
void nv_task_schedule(struct nv_task *t);

/* Have `t` polled with is_canceled from now on. `id`: with its generation. Thread: [any].
 * Errors: NAVE_ESTALE. */
nave_err nv_task_abort(struct nv_task *t, uint64_t id);

/* The end of its memory. `w` NULL: the caller is no worker. State: nobody else may reach it but stale
 * handles. */
void nv_task_free(struct nv_worker *w, struct nv_task *t);

/* Drop every spawned task whose home is `w`, as far as it has one. State: nobody polls. */
void nv_task_drop_all(struct nv_worker *w);
/* Drop what was never spawned. */
void nv_task_fini(struct nv_worker *w);

/* A task that is looked at, for the dump: claims `t` when it is idle, so that its frame stays as it is.
 * 1: call nv_task_let_go(). 0: it is none, or being polled or queued. Thread: [any]. */
int32_t nv_task_hold_still(struct nv_task *t);
void nv_task_let_go(struct nv_task *t);

/* "nave.join/1" */
extern const struct nave_join_iface nv_join_table;
/* For nv_task_run: the task has ended; wake whoever joins, or free it. */
void nv_task_end(struct nv_worker *w, struct nv_task *t, nave_err result);

#endif

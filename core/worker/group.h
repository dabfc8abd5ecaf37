/* SPDX-License-Identifier: MIT
 *
 * The workers that share tasks: those of one runtime. What is here is touched when work changes hands,
 * not when it is done: the queue for what has no worker, who is idle, who is searching.
 *
 * A worker is woken for stealable work by an election: `searchers` goes from 0 to 1, an idle worker is
 * taken out of `idle`, and it is the searcher; when it finds work it gives the token back, and as the
 * last one that searched it elects the next: so as many wake up as there is work for, one after the
 * other.
 *
 * No wake-up is lost:
 *     pusher   publish the task; light barrier; read `idle`
 *     parker   set its bit in `idle`; heavy barrier; look at all queues; wait
 * Either the pusher sees the bit, or the parker sees the task. Where the system has membarrier(2) the
 * heavy one is that call, which is a full barrier on all threads of the process, and the light one only
 * keeps the compiler from reordering: spawning costs no fence. Elsewhere both are full fences.
 *
 * `is_stealing`: somebody has spawned a stealable task. A runtime that only serves connections never
 * pays for any of this.
 */
#ifndef NV_GROUP_H
#define NV_GROUP_H

#include <pthread.h>

#include <nave/base.h>

#include "base/list.h"
#include "task_pool.h"

#define NV_GROUP_WORKERS 256u

struct nv_task;
struct nv_worker;
struct nv_world; /* world.h */

struct nv_group {
    /* read by all, written at the start */
    struct nv_worker *workers[NV_GROUP_WORKERS];
    uint32_t count; /* how many there will be */
    uint32_t is_asymmetric;
    uint32_t is_stealing; /* atomic */
    uint32_t is_closed;   /* atomic: nothing is spawned from outside any more, see task.c */
    uint32_t stuck;       /* atomic: workers with is_stuck set; mostly none   */
    /* NULL: the real one. A world draws what is left open, and takes steps for who waits (world.h). */
    struct nv_world *world;
    uint32_t (*choose)(struct nv_world *world, uint32_t count);
    nave_err (*turn)(struct nv_world *world, nave_nsec until_ns);
    /* who is idle */
    uint64_t idle[NV_GROUP_WORKERS / 64] __attribute__((aligned(64))); /* atomic */
    uint32_t searchers __attribute__((aligned(64)));                   /* atomic */
    /* what has no worker */
    uint64_t queued __attribute__((aligned(64))); /* atomic: the length of `queue` */
    pthread_mutex_t lock;
    struct nv_jobs queue;     /* tasks, by their jobs; under lock */
    uint64_t spawned_outside; /* atomic: by threads that are no workers */
    uint32_t spawning;        /* atomic: of these, in the middle of it; see nv_task_close_outside */
    pthread_mutex_t join_lock; /* of joiners that may go away; see task_join.c */
    struct nv_task_pool pool;
};

/* Errors: NAVE_ENOMEM. `count` workers will be added; `max_tasks`, `max_task_bytes` 0: no limit. */
nave_err nv_group_create(uint32_t count, uint64_t max_tasks, uint64_t max_task_bytes,
                         struct nv_group **out_group);
/* NULL is fine. State: its workers are gone. */
void nv_group_destroy(struct nv_group *g);

/* Put `n` tasks at the end of the queue: `jobs` are theirs. Thread: [any]. */
void nv_group_push(struct nv_group *g, struct nv_task *const *tasks, uint32_t n);
/* Move some tasks of the queue to the ring of `w`, and return one to be run. NULL: none is there.
 * Thread: [worker]. */
struct nv_task *nv_group_pop(struct nv_group *g, struct nv_worker *w);

/* There is stealable work to be seen; wake an idle worker unless somebody searches. Thread: [any]. */
void nv_group_announce(struct nv_group *g);
/* A worker has been in one callback for long: whoever searches may take also what it was to run
 * next. Wakes an idle worker for it. Thread: [any]. */
void nv_group_rescue(struct nv_group *g, struct nv_worker *stuck);

/* 1: the calling thread is a worker of `g`, or will turn one: who waits here for others would wait for
 * itself. Thread: [any]. */
int32_t nv_group_is_here(const struct nv_group *g);

/* Ask every task to end. Thread: [any]. */
void nv_group_cancel(struct nv_group *g);

/* Tasks that were spawned and have not ended; exact when it is 0. Thread: [any]. */
uint64_t nv_group_tasks(const struct nv_group *g);

/* The barriers; see above. */
static inline void nv_group_barrier_light(const struct nv_group *g)
{
    if (NAVE_LIKELY(g->is_asymmetric))
        __asm__ __volatile__("" ::: "memory");
    else
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void nv_group_barrier_heavy(const struct nv_group *g);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A worker from the inside, for the files that make it up: worker.c, worker_api.c, task.c.
 */
#ifndef NV_WORKER_STATE_H
#define NV_WORKER_STATE_H

#include <pthread.h>

#include "inbox.h"
#include "base/list.h"
#include "poller.h"
#include "ring.h"
#include "scheduler.h"
#include "slab.h"
#include "stats.h"
#include "task_pool.h"
#include "wheel.h"
#include "worker.h"

struct nv_check_set;
struct nv_group;
struct nv_task;
struct nv_watchdog;

/* Whose a worker is. Between turns of the control role any thread may take it, so nobody is inside of it
 * then, and what comes goes through the inbox. */
enum nv_attached {
    NV_ATTACHED_NOT = 0,
    NV_ATTACHED,       /* `thread` turns it                                          */
    NV_ATTACHED_RESTS, /* `thread` did, and will again unless another one does       */
    NV_ATTACHED_NEW,   /* `thread` has started it; who turns it nobody knows         */
};

struct nv_worker {
    /* hot, the owner's */
    struct nave_clock clock;
    uint64_t runner; /* atomic: nave_thread_here() of who runs it; 0: nobody */
    const struct nv_poller_ops *poller_ops;
    struct nv_poller *poller;
    struct nv_jobs deferred;
    struct nv_jobs pinned;   /* tasks that stay here, by their jobs */
    struct nv_task *lifo;    /* atomic: what runs next, see scheduler.h */
    struct nv_task *current; /* that is being polled; NULL: none */
    struct nv_group *group;
    uint32_t tick;
    uint32_t lifo_left; /* polls in a row out of lifo that are left */
    uint32_t budget;    /* of the next poll */
    uint32_t run_polls; /* of the last run */
    uint32_t run_most;  /* atomic: polls of this run, at most */
    nave_nsec run_since_ns;
    nave_nsec poll_ns; /* what a poll costs, on average */
    uint64_t random;   /* whom it steals from first; what its handles begin with; never 0 */
    uint32_t is_searching;
    uint32_t is_idle;      /* marked so in the group */
    struct nv_jobs micro;  /* to run before anything else, after each callback */
    struct nv_jobs posted; /* out of the inbox; what is more than a turn's worth stays, in order */
    size_t io_size;
    size_t
        io_guard; /* bytes in front of an io: in checked mode, so that one that was closed is seen */
    uint64_t holds;
    uint32_t is_attached; /* atomic: enum nv_attached */
    uint32_t is_waiting;  /* in the poller, and whoever posts must wake it */
    uint32_t is_checked;
    uint32_t sample_left; /* callbacks until one is measured */
    pthread_t thread;     /* valid while is_attached */
    struct nv_slab slab;

    /* cold, the owner's */
    uint32_t index;
    uint32_t has_own_group;
    nave_nsec wall_offset_ns; /* wall = now + offset, as of wall_read_ns */
    nave_nsec wall_read_ns;
    struct nv_task_cache cache;
    void (*log)(void *arg, uint32_t level, const char *text);
    void *log_arg;
    const char *(*who)(void *arg, const void *address);
    void (*last_words)(void *arg, const char *text);
    const struct nave_waker_iface *waker_api; /* of the wakers of its tasks        */
    const struct nave_join_iface *join_api;   /* of handles of its tasks           */
    struct nv_check_set *checks;              /* tables of its futures in checked mode */
    uint64_t polled;                          /* checked mode: number of the task that is polled */
    uint64_t thread_number;                   /* atomic: see thread_state.h          */
    struct nv_watchdog *watchdog;             /* atomic; NULL: nobody watches       */
    struct nv_wheel wheel;

    /* the owner's to write, on lines of their own: others read them */
    struct nv_stats stats __attribute__((aligned(64)));

    /* any thread's; on a line of its own */
    struct nv_inbox inbox __attribute__((aligned(64)));
    nave_nsec woken_ns; /* atomic: when somebody woke it; 0: nobody, see stats.c */
    uint32_t is_stuck;  /* atomic: see nv_group_rescue */
    struct nv_ring ring;
};

/* The worker whose turn it is on this thread; NULL: none. Several may share a thread. */
extern __thread struct nv_worker *nv_here __attribute__((tls_model("initial-exec")));

/* How the calling thread is attached to `w`. Thread: [any]. */
static inline enum nv_attached nv_worker_attached(const struct nv_worker *w)
{
    /* How first: another thread that takes the worker meanwhile has written who it is before that. */
    uint32_t how = __atomic_load_n(&w->is_attached, __ATOMIC_ACQUIRE);

    return nave_is_runner(&w->runner) ? (enum nv_attached)how : NV_ATTACHED_NOT;
}

/* 1: the calling thread is the worker's. Thread: [any]. */
static inline int32_t nv_worker_is_here(const struct nv_worker *w)
{
    /* Another thread may take the worker meanwhile; whichever it reads, it is not this one then. */
    return nave_is_runner(&w->runner);
}

/* The handle of the same plugin as `h` on worker `w`. Thread: [worker]. */
static inline struct nv_worker_handle *nv_handle_on(struct nv_worker_handle *h,
                                                    const struct nv_worker *w)
{
    return h->worker == w || !h->siblings ? h : h->siblings[w->index];
}

/* Callbacks of plugins come next, and may last: who was elected sends another one. Thread: [worker]. */
static inline void nv_worker_calls(struct nv_worker *w)
{
    if (NAVE_UNLIKELY(w->is_searching))
        nv_sched_stop_searching(w);
}

/* Run the microtasks of `w`, also those that they add. Thread: [worker]. */
void nv_worker_run_micro(struct nv_worker *w);

/* To be called after each callback, poll and job. Thread: [worker]. */
static inline void nv_worker_micro(struct nv_worker *w)
{
    if (NAVE_UNLIKELY(w->micro.head != NULL))
        nv_worker_run_micro(w);
}

/* "nave.worker/1" and "nave.waker/1"; the asserting ones are in check.h. */
extern const struct nave_worker_iface nv_worker_table;
extern const struct nave_waker_iface nv_waker_table;

#endif

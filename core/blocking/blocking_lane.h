/* SPDX-License-Identifier: MIT
 *
 * A lane from the inside, for the files that make it up: blocking_lane.c (jobs), blocking_thread.c (who
 * runs them), blocking_inline.c (the same without threads).
 *
 * Where a job lives: in its op, so that a start allocates nothing.
 *   impl       the end of the handle it came through, from start to end
 *   reserved   the work                            from start to end
 *   result     NV_JOB_OPEN until it is settled     stored with release, loaded by poll without a lock
 *   job.next   the address of the variable         until settled; then the way home
 *   value      the time of the turn of its start   until settled; then the value
 *   next,prev  the neighbours in the queue         while queued
 *              next: the address of the variable   once settled
 * While it runs the rest stands in a call, which is the thread's: the op may go at any time.
 *
 * One mutex guards all of a lane. It is held for a few instructions, but when a thread is made.
 */
#ifndef NV_BLOCKING_LANE_H
#define NV_BLOCKING_LANE_H

#include <pthread.h>

#include "blocking.h"

/* No result: the pool has the job. No error has this value. */
#define NV_JOB_OPEN INT32_MIN

/* A job that runs. */
struct nv_call {
    struct nv_call *next; /* in lane->calls */
    struct nv_call *prev;
    struct nave_op *op; /* NULL: it was dropped meanwhile */
    const struct nave_blocking_work *work;
    const char *plugin;
    void *arg;
    nave_nsec since_ns;
    uint32_t is_coming; /* has run, and its thread is counted in lane->coming */
    struct nave_blocking_run run;
};

/* A thread of a lane. Freed by who joins it; one that is left alone frees itself. */
struct nv_lane_thread {
    struct nv_lane *lane;
    pthread_t thread;
    struct nv_lane_thread *below; /* in lane->idle */
    struct nv_lane_thread *above;
    pthread_cond_t wake;
    uint32_t is_woken;
    struct nv_call call;
};

/* Without threads: what runs the jobs of one worker, one a turn. */
struct nv_inline {
    struct nave_job job;
    struct nv_lane *lane;
    struct nave_worker *worker; /* the handle of the last start */
    uint32_t is_deferred;
};

struct nv_lane {
    pthread_mutex_t lock;

    /* configuration */
    const char *name;
    uint32_t thread_max; /* 0: inline */
    uint32_t queue_max;
    nave_nsec idle_ns;
    void (*on_idle)(void *arg);
    void (*on_failure)(void *arg, const char *lane, nave_err err, uint32_t threads);
    void *arg;

    /* jobs */
    struct nave_op queue; /* a ring; only its links are used      */
    uint32_t depth;       /* of it                                */
    struct nv_call calls; /* a ring; only its links are used      */
    uint32_t running;

    /* threads */
    uint32_t threads;
    uint32_t coming; /* of these: made, woken or done with a job, and about to look at the queue */
    uint32_t idle_count;
    struct nv_lane_thread *idle;  /* the one that was idle last is on top and is woken first */
    struct nv_lane_thread *ended; /* the last that ended, to be joined by the next           */
    pthread_cond_t left;          /* a thread ended, for who ends the lane                   */
    uint32_t has_failed;
    struct nv_inline *inlines; /* one a worker; NULL with threads */
    uint32_t inline_count;

    /* state */
    uint32_t is_closed;
    uint32_t is_abandoned; /* what runs is left alone     */
    uint32_t stragglers;   /* how many still run then     */

    struct nv_blocking_stats stats; /* what is not above                     */
    struct nv_blocking_times times; /* written under lock, read at any time */
};

/* Of a job that is in its op. */
static inline const struct nave_blocking_work *nv_job_work(const struct nave_op *op)
{
    return (const struct nave_blocking_work *)(uintptr_t)op->reserved;
}

static inline const char *nv_job_plugin(const struct nave_op *op)
{
    return ((const struct nv_blocking_end *)op->impl)->plugin;
}

/* --- blocking_lane.c ------------------------------------------------------------------------- */

NAVE_NODISCARD nave_err nv_lane_create(const struct nv_blocking_options *options, const char *name,
                                       uint32_t threads, struct nv_lane **out_lane);
void nv_lane_free(struct nv_lane *lane);

/* See nave_blocking_iface.start; `work` and `arg_var` are checked. */
NAVE_NODISCARD nave_err nv_lane_start(struct nave_op *op, struct nv_blocking_end *end,
                                      const struct nave_blocking_work *work, void **arg_var,
                                      uint32_t flags);

/* The oldest job; NULL: there is none. State: locked. */
struct nave_op *nv_lane_first(struct nv_lane *lane);

/* `op` begins to run as `call`. State: locked; queued. */
void nv_lane_take(struct nv_lane *lane, struct nv_call *call, struct nave_op *op);

/* Run it, and tell its op. Takes the lock itself. 0: the lane was abandoned meanwhile, and must not be
 * touched by the caller any more. Thread: [blocking]. */
int32_t nv_lane_run(struct nv_lane *lane, struct nv_call *call);

/* Nothing new; cancel what is queued, tell what runs. */
void nv_lane_close(struct nv_lane *lane);

/* What an op says of its job; see above. */
extern const struct nave_op_source nv_blocking_source;

/* --- blocking_thread.c ----------------------------------------------------------------------- */

/* See that a thread comes for the job that was queued. State: locked. Errors: there is no thread, and
 * none can be made. */
NAVE_NODISCARD nave_err nv_lane_call_thread(struct nv_lane *lane);

/* Idle threads are to end. State: locked, closed. */
void nv_lane_dismiss(struct nv_lane *lane);

/* Join who does not run a job, detach who does; how many these are. State: closed. */
uint32_t nv_lane_join(struct nv_lane *lane);

/* --- blocking_inline.c ----------------------------------------------------------------------- */

NAVE_NODISCARD nave_err nv_inline_create(struct nv_lane *lane, uint32_t workers);

/* See that the worker of `op` comes for it. State: locked. Thread: [worker]. */
void nv_inline_call(struct nv_lane *lane, struct nave_op *op);

#endif

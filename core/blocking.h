/* SPDX-License-Identifier: MIT
 *
 * The pool of threads for calls that block: nave.blocking/1 of a runtime. It has two lanes that share
 * nothing, each with a queue and threads of its own: one for everything, one for name resolution.
 *
 * open -> (jobs) -> close: nothing new, what waits is canceled -> end: threads are joined; what still
 * runs is left alone -> destroy.
 */
#ifndef NV_BLOCKING_H
#define NV_BLOCKING_H

#include <nave/blocking.h>

struct nave_runtime;
struct nv_lane; /* blocking_lane.h */

enum nv_blocking_lane {
    NV_LANE_MAIN = 0,
    NV_LANE_DNS,
    NV_LANES,
};

/* The pool. All zero is one that is not open: its handles refuse with NAVE_ECLOSED. */
struct nv_blocking {
    struct nv_lane *lanes[NV_LANES]; /* set while no worker runs */
    const struct nave_runtime *rt;   /* for checked mode; may be NULL */
};

/* The end of a handle at one lane. */
struct nv_blocking_end {
    struct nv_lane **lane; /* in the pool                     */
    const char *plugin;    /* id; NULL: the host program      */
};

/* A handle: one for each plugin, one for the host program. Lives as long as a job may run. */
struct nv_blocking_handle {
    struct nave_blocking pub; /* first */
    const struct nv_blocking *pool;
    struct nv_blocking_end ends[NV_LANES];
};

struct nv_blocking_options {
    uint32_t threads;     /* 0: no threads, jobs run on their worker in a later turn      */
    uint32_t dns_threads; /* 0: a quarter of threads, at least 1; none without threads    */
    uint32_t queue_max;   /* of each lane                                                 */
    uint32_t workers;     /* how many there are                                           */
    nave_nsec idle_ns;    /* a thread that had nothing to do for so long ends             */
    /* Told, under a lock, when a lane has run out of jobs; may be NULL. Thread: [any]. */
    void (*on_idle)(void *arg);
    /* Told once a lane when a thread cannot be made; may be NULL. Thread: [worker]. */
    void (*on_failure)(void *arg, const char *lane, nave_err err, uint32_t threads);
    void *arg;
};

/* What one lane has done and does. */
struct nv_blocking_stats {
    const char *name; /* of the lane: "blocking", "dns"; static                         */
    uint32_t queued;  /* accepted, not begun                                            */
    uint32_t waiting; /* for room in the queue                                          */
    uint32_t running; /*                                                                */
    uint32_t threads; /*                                                                */
    uint32_t idle;    /* of these                                                       */
    uint32_t peak;    /* the most threads there were                                    */
    uint32_t deepest; /* the most that were queued or waiting                           */
    uint32_t threads_max;
    uint32_t queue_max;
    uint64_t started;   /* jobs taken, since the start                                    */
    uint64_t finished;  /* have run                                                       */
    uint64_t canceled;  /* never ran: dropped before, or the runtime ended                */
    uint64_t abandoned; /* dropped while they ran                                         */
    uint64_t refused;   /* NAVE_BLOCKING_NO_WAIT and a full queue                         */
    uint64_t failures;  /* threads that could not be made                                 */
    uint64_t run_ns;    /* time that finished jobs took, together                         */
};

/* One job that runs, as told to nv_blocking_each. Borrowed. */
struct nv_blocking_job {
    const char *lane;    /* "blocking", "dns"                     */
    const char *name;    /* of the work                           */
    const char *plugin;  /* id; NULL: the host program            */
    nave_nsec ran_ns;    /* for how long it has run               */
    uint32_t is_dropped; /* nobody waits for it any more          */
};

/* Make the lanes. Thread: [control]. Errors: NAVE_ENOMEM. No thread is made before there is a job. */
NAVE_NODISCARD nave_err nv_blocking_open(struct nv_blocking *pool,
                                         const struct nv_blocking_options *options);

/* Refuse new jobs; those that have not begun complete with NAVE_ECANCELED; those that run are told.
 * Thread: [control]. */
void nv_blocking_close(struct nv_blocking *pool);

/* Join the threads that do not run a job; leave the others alone: they do not touch their ops any
 * more, and end by themselves. Thread: [control]. State: closed; no worker runs. */
void nv_blocking_end(struct nv_blocking *pool);

/* How many of those still run: what they may use must stay where it is. Thread: [control]. */
uint32_t nv_blocking_stragglers(const struct nv_blocking *pool);

/* Free the pool; NULL lanes are fine. Thread: [control]. State: ended, no straggler. */
void nv_blocking_destroy(struct nv_blocking *pool);

/* 1: a job waits or runs. Thread: [any]. */
int32_t nv_blocking_is_busy(const struct nv_blocking *pool);

/* The state of lane `lane`; all zero when the pool is not open. Thread: [control]. */
void nv_blocking_stats(const struct nv_blocking *pool, enum nv_blocking_lane lane,
                       struct nv_blocking_stats *out_stats);

/* Call `each` for every job that runs, under a lock: it must not call the pool. Thread: [control]. */
void nv_blocking_each(const struct nv_blocking *pool,
                      void (*each)(void *arg, const struct nv_blocking_job *job), void *arg);

/* Ready a handle. `is_checked`: with the asserting table. Thread: [control]. */
void nv_blocking_handle_init(struct nv_blocking_handle *h, struct nv_blocking *pool,
                             const char *plugin, int32_t is_checked);

extern const struct nave_blocking_iface nv_blocking_table; /* the asserting one is in check.h */

#endif

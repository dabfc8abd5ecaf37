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

#include "worker/stats.h"

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

/* What one lane does now: name, and what it is (the help of a metric). New ones at the end. */
#define NV_BLOCKING_GAUGES(ROW)                                       \
    ROW(queued, "Blocking calls that are accepted and not begun.")    \
    ROW(waiting, "Blocking calls that wait for room in the queue.")   \
    ROW(running, "Blocking calls that run.")                          \
    ROW(threads, "Threads for blocking calls.")                       \
    ROW(threads_idle, "Threads for blocking calls that have none.")   \
    ROW(threads_max, "Threads for blocking calls that there may be.") \
    ROW(queue_max, "Blocking calls that are accepted at most.")

/* What it has done since the start. */
#define NV_BLOCKING_COUNTERS(ROW)                                                         \
    ROW(started, "Blocking calls that were started.")                                     \
    ROW(finished, "Blocking calls that have run.")                                        \
    ROW(canceled, "Blocking calls that never ran: dropped before, or the runtime ended.") \
    ROW(abandoned, "Blocking calls that were dropped while they ran.")                    \
    ROW(refused, "Blocking calls that would not wait for room in the queue.")             \
    ROW(failures, "Threads for blocking calls that could not be made.")

#define NV_BLOCKING_MEMBER(name, help) uint64_t name;

struct nv_blocking_stats {
    const char *name; /* of the lane: "blocking", "dns"; static */
    NV_BLOCKING_GAUGES(NV_BLOCKING_MEMBER)
    NV_BLOCKING_COUNTERS(NV_BLOCKING_MEMBER)
    uint64_t peak;    /* the most threads there were            */
    uint64_t deepest; /* the most that were queued or waiting   */
};

/* One row for each gauge and counter. */
struct nv_blocking_row {
    const char *name;
    const char *help;
    size_t offset; /* in struct nv_blocking_stats */
    uint32_t is_counter;
};
extern const struct nv_blocking_row nv_blocking_rows[];
extern const uint32_t nv_blocking_row_count;

static inline uint64_t nv_blocking_read(const struct nv_blocking_stats *s,
                                        const struct nv_blocking_row *row)
{
    return *(const uint64_t *)(const void *)((const char *)s + row->offset);
}

/* How long the jobs of a lane took. Each one is measured. */
#define NV_BLOCKING_TIMES(TIME)                                                \
    TIME(queue_time, "Time from the start of a blocking call until it began.") \
    TIME(run_time, "Time that a blocking call ran.")

struct nv_blocking_times {
    NV_BLOCKING_TIMES(NV_HISTOGRAM_MEMBER)
};
extern const struct nv_stat_row nv_blocking_time_rows[]; /* offset: in struct nv_blocking_times */
extern const uint32_t nv_blocking_time_count;

enum nv_blocking_job_state {
    NV_BLOCKING_RUNS = 0,
    NV_BLOCKING_IS_QUEUED,
    NV_BLOCKING_WAITS, /* for room in the queue */
};

/* One job that has not ended. Texts are static, of a plugin that is loaded. */
struct nv_blocking_job {
    enum nv_blocking_job_state state;
    uint32_t is_dropped; /* it runs, and nobody waits for it any more */
    const char *lane;    /* "blocking", "dns"                         */
    const char *name;    /* of the work                               */
    const char *plugin;  /* id; NULL: the host program                */
    nave_nsec for_ns; /* how long it is in this state; a queued one: since the turn of its start */
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

/* The state of lane `lane`; all zero when the pool is not open. Thread: [any], while the pool is not
 * opened or destroyed. */
void nv_blocking_stats(const struct nv_blocking *pool, enum nv_blocking_lane lane,
                       struct nv_blocking_stats *out_stats);

/* "blocking", "dns". Thread: [any]. */
const char *nv_lane_name(enum nv_blocking_lane lane);

/* How long its jobs took, read at any time; NULL: the pool is not open. Thread: as nv_blocking_stats. */
const struct nv_histogram *nv_blocking_histogram(const struct nv_blocking *pool,
                                                 enum nv_blocking_lane lane,
                                                 const struct nv_stat_row *row);

/* Copy the jobs of lane `lane` as they are at one moment: those that run, the oldest first, then those
 * that are queued, in order; `room` at most. `now_ns`: the clock of the workers.
 * Thread: as nv_blocking_stats. */
struct nv_blocking_copied {
    uint32_t count; /* in jobs       */
    uint32_t more;  /* had no room   */
    uint32_t running;
    uint32_t queued;
};
struct nv_blocking_copied nv_blocking_copy(const struct nv_blocking *pool,
                                           enum nv_blocking_lane lane, nave_nsec now_ns,
                                           struct nv_blocking_job *jobs, uint32_t room);

/* The name of the work that `op` waits for; NULL: it is in no pool. Thread: [any], while op is in flight
 * and stays so. */
const char *nv_blocking_name(const struct nave_op *op);

/* Ready a handle. `is_checked`: with the asserting table. Thread: [control]. */
void nv_blocking_handle_init(struct nv_blocking_handle *h, struct nv_blocking *pool,
                             const char *plugin, int32_t is_checked);

extern const struct nave_blocking_iface nv_blocking_table; /* the asserting one is in check.h */

#endif

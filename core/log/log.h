/* SPDX-License-Identifier: MIT
 *
 * The log of a runtime: lines from any thread, written by one thread of its own, so that nobody who serves
 * waits for a disk, a pipe or a daemon.
 *
 *   worker 0 --rate--> ring --.
 *   worker 1 --rate--> ring ---+--> the writer: oldest first -> format -> sink
 *   others --lock, rate--> ring'
 *
 * A worker has a ring and a table of rates of its own: it takes no lock, and a flood on one worker costs
 * the lines of that worker. Everyone else shares one more ring under a lock that is held for a copy. What
 * does not fit is dropped and counted, what a source says too often is held back and counted, and the
 * counts are told as lines of the log.
 */
#ifndef NV_LOG_H
#define NV_LOG_H

#include <nave/runtime.h>

#include "log_sink.h"

#define NV_LOG_RING_MIN (64u * 1024u)

struct nv_log;

struct nv_log_options {
    uint32_t workers;
    uint64_t
        ring_bytes; /* of each worker; rounded up to a power of two, at least NV_LOG_RING_MIN  */
    uint64_t rate;  /* lines of one source in a second, of each worker; 0: all */
    enum nv_log_to to;
    enum nv_log_form form;
    const char *name; /* of the program; copied */
    const char *path; /* as nv_log_sink_open has it; copied */
    /* to the program: called by the writer, a line at a time; may wait */
    void (*take)(void *arg, const struct nave_report *report);
    void *take_arg;
    /* for tests: no thread, the test calls nv_log_pump; NULL: the clocks of the system */
    int32_t is_manual;
    nave_nsec (*mono)(void);
    nave_nsec (*wall)(void);
};

/* What has become of the lines so far. */
struct nv_log_stats {
    uint64_t written; /* handed to the sink, with those of the log itself     */
    uint64_t dropped; /* a ring was full                                      */
    uint64_t held;    /* by the rate                                          */
    uint64_t refused; /* too large for the daemon                             */
    uint64_t breaks;  /* times that the sink began to fail                    */
};

/* Open the sink and start the writer. Thread: [control]. Errors: as of nv_log_sink_open, NAVE_ENOMEM,
 * NAVE_ENOFILES, NAVE_ELIMIT; `why` says which. */
NAVE_NODISCARD nave_err nv_log_open(const struct nv_log_options *options, struct nv_why *why,
                                    struct nv_log **out_log);

/* Which log and which of its rings the calling thread has: one for each thread. */
struct nv_log_here {
    struct nv_log *log; /* NULL: none */
    uint32_t worker;
};

/* The calling thread is worker `worker` of `log` (NULL: of none) until nv_log_leave with what this
 * returns. One thread at a time for each worker. Thread: [any]. */
struct nv_log_here nv_log_enter(struct nv_log *log, uint32_t worker);
void nv_log_leave(struct nv_log_here before);

/* Log `report`. Never waits for the sink, allocates nothing. Thread: [any]. Owns: copies it. */
void nv_log_put(struct nv_log *log, const struct nave_report *report);

/* Wait until what was put before is written, at most `max_ns`. Thread: [any] but the writer's.
 * Errors: NAVE_ETIMEDOUT; NAVE_EIO the sink fails at present. */
nave_err nv_log_flush(struct nv_log *log, nave_nsec max_ns);

/* Have a file opened anew, soon; others have nothing to open. Thread: [any]. */
void nv_log_reopen(struct nv_log *log);

/* Write what is left for at most `max_ns`, stop the writer and free everything. A writer that hangs in the
 * system is left to itself, and frees what it has when it comes back. One to the program is waited for.
 * Thread: [control]. State: nobody puts any more. NULL is fine. */
void nv_log_close(struct nv_log *log, nave_nsec max_ns);

/* The counts. Thread: [any]. */
void nv_log_stats_get(const struct nv_log *log, struct nv_log_stats *out);

/* What the writer does between two waits; for tests of a manual log. */
struct nv_log_wait {
    int32_t is_idle;    /* everything is written                        */
    int32_t wants_out;  /* wait until the sink can be written           */
    int32_t is_failing; /* wait until the sink is tried again           */
    nave_nsec until_ns; /* monotonic; NAVE_NEVER: for ever               */
};
struct nv_log_wait nv_log_pump(struct nv_log *log, int32_t is_ending);

#endif

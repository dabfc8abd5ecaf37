/* SPDX-License-Identifier: MIT
 *
 * Tells when a worker does not come back: a callback, a poll or a job that takes longer than the limit
 * is named in the log, once, with its plugin and task, and counted; and once more when it has ended.
 *
 * Workers pay two stores for each callback, which say what runs (nv_stat_enter), and one look at a word
 * when a wait ends. They read no clock for it: the watchdog, a thread of its own, looks twice within the
 * limit whether a worker that does not wait has counted anything. While all workers wait it waits too,
 * without a limit: an idle runtime is woken by nobody.
 */
#ifndef NV_WATCHDOG_H
#define NV_WATCHDOG_H

#include <pthread.h>

#include <nave/base.h>
#include <nave/error.h>

struct nave_runtime;
struct nv_stats;
struct nv_watch; /* of one worker */

struct nv_watchdog {
    struct nave_runtime *rt;
    struct nv_watch *each; /* one a worker; NULL: not started */
    nave_nsec limit_ns;
    nave_nsec looked_ns; /* the last time */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int32_t has_lock;
    int32_t has_thread;
    uint32_t is_over;   /* under lock */
    uint32_t is_asleep; /* atomic: no worker is watched */
};

/* All but the thread; nothing when `limit_ns` is 0 or the runtime is simulated. Thread: [control].
 * Errors: NAVE_ENOMEM; call nv_watchdog_finish() either way. */
NAVE_NODISCARD nave_err nv_watchdog_init(struct nv_watchdog *d, struct nave_runtime *rt,
                                         nave_nsec limit_ns);

/* Watch the workers of `rt`, which run; nothing happens when init did nothing. Thread: [control].
 * Errors: NAVE_ENOMEM, NAVE_ELIMIT; reported. */
NAVE_NODISCARD nave_err nv_watchdog_start(struct nv_watchdog *d, struct nave_runtime *rt);

/* The end of it. Not started is fine. Thread: [control]. */
void nv_watchdog_stop(struct nv_watchdog *d);

/* Give back what is left. State: stopped, and no worker runs. */
void nv_watchdog_finish(struct nv_watchdog *d);

/* A worker has stopped waiting, and is_asleep was seen. Thread: [any]. */
void nv_watchdog_wake(struct nv_watchdog *d);

/* Look at the workers as at time `now_ns`. 1: look again after half the limit; 0: all of them wait. */
int32_t nv_watchdog_look(struct nv_watchdog *d, nave_nsec now_ns);

/* What a worker with the numbers `s` is in, as a text of `size` at most. Thread: [any]. */
void nv_watchdog_name(const struct nv_stats *s, char *out, size_t size);

#endif

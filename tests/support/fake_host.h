/* SPDX-License-Identifier: MIT
 *
 * A host and workers for tests of plugins: malloc below, a virtual clock, timers, jobs, counters.
 * Nothing moves unless the test moves it: fake_worker_run() runs the jobs, fake_worker_advance()
 * the clock. The n-th allocation can be made to fail, and what is left at the end is counted.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <pthread.h>

#include <nave/host.h>
#include <nave/option.h>
#include <nave/worker.h>

#define FAKE_WORKERS_MAX  4u
#define FAKE_COUNTERS_MAX 128u
#define FAKE_SERVICES_MAX 16u
#define FAKE_STRIDE       8u /* words: a cache line for each worker's cell */

struct fake_counter {
    char name[64];
    uint64_t cells[FAKE_WORKERS_MAX * FAKE_STRIDE];
};

struct fake_host {
    struct nave_host pub; /* first: the handle */
    uint32_t workers;
    /* allocations, of mem() and of the workers' alloc(); atomics: mem() is [any] */
    int64_t live_bytes;
    int64_t live_blocks;
    uint64_t allocs;    /* since the start                                   */
    int64_t fail_after; /* so many allocations succeed, later ones fail; -1: never fail */
    uint32_t fail_once; /* only the one allocation after them fails           */
    /* what the plugin said */
    uint32_t log_count;
    uint32_t fail_count; /* of host fail */
    char last_log[512];
    char last_fail[512];
    pthread_mutex_t lock;
    /* services: offered to the plugin by the test, or provided by the plugin */
    struct nave_handle *services[FAKE_SERVICES_MAX];
    uint32_t service_count;
    struct fake_counter counters[FAKE_COUNTERS_MAX];
    uint32_t counter_count;
    /* role_make and role_unmake of the host; NULL: NAVE_ENOTFOUND. The test sets them. */
    nave_err (*on_role_make)(struct fake_host *h, const char *kind, const char *name,
                             struct nave_conf *conf, struct nave_handle **out_handle);
    void (*on_role_unmake)(struct fake_host *h, struct nave_handle *handle);
    void *user; /* the test's */
};

struct fake_worker {
    struct nave_worker pub; /* first: the handle */
    struct nave_clock clock;
    struct fake_host *host;
    uint64_t runner;          /* the thread that made it; a test may set another */
    struct nave_timer timers; /* head of a ring of armed timers */
    uint64_t order;
    struct nave_job *deferred; /* queue, oldest first */
    struct nave_job **deferred_tail;
    struct nave_job *posted; /* under lock */
    struct nave_job **posted_tail;
    pthread_mutex_t lock;
    uint32_t is_inbox_closed; /* under lock: post says NAVE_ECLOSED */
    int64_t holds;
    uint64_t timer_starts; /* how often timer_start was called: lazy extension does not */
    uint64_t timer_stops;
    uint64_t jobs_run;
};

/* Ready a host of `workers` workers. Thread: [control]. */
void fake_host_init(struct fake_host *h, uint32_t workers);
/* The end of the host. Returns the number of blocks that were not given back. */
int64_t fake_host_fini(struct fake_host *h);
/* Offer `service` to those who bind its id. */
void fake_host_offer(struct fake_host *h, struct nave_handle *service);
/* What was provided or offered under `id`, or NULL. */
struct nave_handle *fake_host_service(struct fake_host *h, const char *id);
/* The sum of the counter `name`; 0 when nobody made it. */
uint64_t fake_host_counter(struct fake_host *h, const char *name);

/* Ready worker number `index` of `h`; its monotonic clock stands at 1000 s, its wall clock at
 * 1994-11-06 08:49:37 UTC. Thread: [control]. */
void fake_worker_init(struct fake_worker *w, struct fake_host *h, uint32_t index);
void fake_worker_fini(struct fake_worker *w);
/* Run deferred and posted jobs until there are none, at most 100000. Returns how many were run. */
uint32_t fake_worker_run(struct fake_worker *w);
/* Move the clock by `ns`; timers that are due fire in the order of deadline and arming, jobs run
 * after each. Returns how many timers fired. */
uint32_t fake_worker_advance(struct fake_worker *w, nave_nsec ns);
/* How many timers are armed. */
uint32_t fake_worker_timers(const struct fake_worker *w);

/* Fill `options`, a struct of `table`, with the defaults of the table. 0 when one does not parse. */
int fake_options_default(const struct nave_option_table *table, void *options);

#endif

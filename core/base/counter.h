/* SPDX-License-Identifier: MIT
 *
 * The counters of one plugin: named 64-bit words, one for each worker, so that counting is an
 * ordinary add. Eight counters share the cache line of a worker; no line has two writers.
 */
#ifndef NV_COUNTER_H
#define NV_COUNTER_H

#include <nave/host.h>

#define NV_COUNTERS_MAX 1024u /* of one plugin */

struct nv_counters;

/* Counter `name` of `*counters` (NULL at first: made here). The same name gives the same one, with the
 * first `doc`, which may be NULL. Thread: [control]: one at a time; others may read.
 * Errors: NAVE_ENOMEM; NAVE_EINVAL no name; NAVE_ELIMIT. */
nave_err nv_counters_get(struct nv_counters **counters, uint32_t workers, const char *name,
                         const char *doc, struct nave_counter *out_counter);

/* One of them. */
struct nv_counter_view {
    const char *name;
    const char *doc; /* "" when there is none */
    struct nave_counter counter;
};

/* How many there are; NULL has none. Thread: [any]. */
uint32_t nv_counters_count(struct nv_counters *const *counters);

/* The one at `i`, below the count, in the order in which they were made. What it points to stays as
 * long as the counters. Thread: [any]. */
struct nv_counter_view nv_counters_at(struct nv_counters *const *counters, uint32_t i);

/* Call `fn` for each, in the order in which they were made. Thread: [any]. */
void nv_counters_each(struct nv_counters *const *counters,
                      void (*fn)(void *arg, const char *name, uint64_t sum), void *arg);

/* NULL is fine. */
void nv_counters_destroy(struct nv_counters *counters);

#endif

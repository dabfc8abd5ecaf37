/* SPDX-License-Identifier: MIT
 *
 * What a runtime counts, as the text exposition format 0.0.4 of Prometheus and as JSON: its workers
 * (stats.h), what plugins use (usage.h), the pool for blocking calls (blocking.h), the counters of
 * plugins, the streams of listeners.
 *
 * Workers go on counting meanwhile: the numbers of one answer need not be of one instant. Plugins come
 * and go with a start, and counters are never taken away, so that any thread may read.
 */
#ifndef NV_METRICS_H
#define NV_METRICS_H

#include <nave/host.h>

#include "base/out.h"

struct nave_runtime;

/* A counter of a plugin, and the name of its metric. */
struct nv_metrics_counter {
    char name[96]; /* "nave_http1_requests_total" */
    const char *plugin;
    const char *doc;
    struct nave_counter counter;
};

/* One answer, written in pieces: whoever sends it to a slow reader need not hold all of it. */
struct nv_metrics {
    struct nave_runtime *rt;
    struct nv_metrics_counter *counters; /* by name */
    uint32_t count;
    uint32_t piece; /* the next one */
};

/* Begin an answer. Thread: [any]. State: started. Errors: NAVE_ESTATE; NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_metrics_begin(struct nv_metrics *m, struct nave_runtime *rt);

/* Write the next piece. 1: there is more. Thread: [any]. */
int32_t nv_metrics_text(struct nv_metrics *m, struct nv_out *o);

/* Write all of it. Thread: [any]. */
void nv_metrics_json(struct nv_metrics *m, struct nv_out *o);

void nv_metrics_end(struct nv_metrics *m);

/* What plugin of index `p` uses, over all workers: a member of struct nv_usage. Thread: [any]. */
uint64_t nv_usage_sum(const struct nave_runtime *rt, uint32_t p, size_t offset);

/* Tasks of worker `i`, of all plugins. Thread: [any]. */
uint64_t nv_usage_tasks(const struct nave_runtime *rt, uint32_t i);

/* The numbers of a plugin that are sums over its workers: word, text, offset. */
struct nv_usage_row {
    const char *name;
    const char *what;
    size_t offset; /* in struct nv_usage */
};
extern const struct nv_usage_row nv_usage_rows[];
extern const uint32_t nv_usage_row_count;

#endif

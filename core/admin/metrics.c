/* SPDX-License-Identifier: MIT
 *
 * What is gathered before the first byte: the counters of plugins, sorted by the names of their
 * metrics, since all lines of one metric must stand together. And the whole as JSON.
 */
#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nave/version.h>

#include "base/counter.h"
#include "base/json_out.h"
#include "runtime/runtime.h"
#include "worker/worker_state.h"

/* --- gathering ------------------------------------------------------------------------------- */

/* "http1" and "http1_requests", or "requests": "nave_http1_requests_total". What no metric's name may
 * hold becomes '_'; what is too long is cut. */
static void name_metric(char *out, size_t size, const char *plugin, const char *counter)
{
    size_t len = strlen(plugin);
    int32_t has_prefix = strncmp(counter, plugin, len) == 0 && counter[len] == '_';
    char *c;

    snprintf(out, size - sizeof("_total") + 1, "nave_%s%s%s", has_prefix ? "" : plugin,
             has_prefix ? "" : "_", counter);
    for (c = out; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '_';
    memcpy(c, "_total", sizeof("_total"));
}

static int by_name(const void *a, const void *b)
{
    const struct nv_metrics_counter *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order ? order : strcmp(x->plugin, y->plugin);
}

nave_err nv_metrics_begin(struct nv_metrics *m, struct nave_runtime *rt)
{
    uint32_t i, k, room = 0;

    memset(m, 0, sizeof(*m));
    if (!__atomic_load_n(&rt->is_seen, __ATOMIC_ACQUIRE))
        return NAVE_ESTATE;
    m->rt = rt;
    for (i = 0; i < rt->plugin_count; i++)
        room += nv_counters_count(&rt->plugins[i]->counters);
    m->counters = calloc(room + 1u, sizeof(*m->counters));
    if (!m->counters)
        return NAVE_ENOMEM;
    for (i = 0; i < rt->plugin_count; i++) {
        struct nv_plugin *p = rt->plugins[i];
        uint32_t count = nv_counters_count(&p->counters); /* there may be more now */

        for (k = 0; k < count && m->count < room; k++) {
            struct nv_counter_view view = nv_counters_at(&p->counters, k);
            struct nv_metrics_counter *c = &m->counters[m->count++];

            name_metric(c->name, sizeof(c->name), p->id, view.name);
            c->plugin = p->id;
            c->doc = view.doc;
            c->counter = view.counter;
        }
    }
    qsort(m->counters, m->count, sizeof(*m->counters), by_name);
    return NAVE_OK;
}

void nv_metrics_end(struct nv_metrics *m)
{
    free(m->counters);
    m->counters = NULL;
}

uint64_t nv_usage_tasks(const struct nave_runtime *rt, uint32_t i)
{
    uint64_t sum = 0;
    uint32_t p;

    for (p = 0; p < rt->plugin_count; p++)
        sum += nv_usage_read(&rt->plugins[p]->handles[i]->usage.tasks);
    return (int64_t)sum < 0 ? 0 : sum; /* one that moved is counted where it ended */
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void put_histogram(struct nv_json *j, const char *key, const struct nv_histogram *from)
{
    static const struct {
        const char *name;
        uint32_t per_10000;
    } quantiles[] = {{"p50_ns", 5000}, {"p90_ns", 9000}, {"p99_ns", 9900}, {"p999_ns", 9990}};
    struct nv_histogram h = {.sum_ns = 0};
    uint32_t i;

    nv_histogram_sum(&h, from);
    nv_json_object(j, key);
    nv_json_number(j, "count", nv_histogram_count(&h));
    nv_json_number(j, "sum_ns", h.sum_ns);
    for (i = 0; i < NAVE_COUNT(quantiles); i++)
        nv_json_number(j, quantiles[i].name, nv_histogram_quantile(&h, quantiles[i].per_10000));
    nv_json_number(j, "max_ns", h.max_ns);
    nv_json_end(j);
}

static void put_worker(struct nv_json *j, struct nave_runtime *rt, uint32_t at)
{
    const struct nv_worker *w = rt->threads.each[at].worker;
    uint32_t i;

    nv_json_object(j, NULL);
    nv_json_number(j, "worker", at);
    nv_json_flag(j, "is_waiting", (int)__atomic_load_n(&w->stats.is_parked, __ATOMIC_RELAXED));
    nv_json_number(j, "tasks", nv_usage_tasks(rt, at));
    for (i = 0; i < nv_stat_row_count; i++)
        nv_json_number(j, nv_stat_rows[i].name, nv_stat_read(&w->stats, &nv_stat_rows[i]));
    for (i = 0; i < nv_histogram_row_count; i++)
        put_histogram(j, nv_histogram_rows[i].name,
                      nv_stat_histogram(&w->stats, &nv_histogram_rows[i]));
    nv_json_end(j);
}

static void put_lane(struct nv_json *j, struct nave_runtime *rt, enum nv_blocking_lane lane)
{
    struct nv_blocking_stats s;
    uint32_t i;

    nv_blocking_stats(&rt->blocking, lane, &s);
    nv_json_object(j, s.name);
    for (i = 0; i < nv_blocking_row_count; i++)
        nv_json_number(j, nv_blocking_rows[i].name, nv_blocking_read(&s, &nv_blocking_rows[i]));
    for (i = 0; i < nv_blocking_time_count; i++) {
        const struct nv_stat_row *row = &nv_blocking_time_rows[i];
        const struct nv_histogram *h = nv_blocking_histogram(&rt->blocking, lane, row);

        if (h)
            put_histogram(j, row->name, h);
    }
    nv_json_end(j);
}

static void put_counter(void *arg, const char *name, uint64_t sum)
{
    nv_json_number(arg, name, sum);
}

static void put_plugin(struct nv_json *j, struct nave_runtime *rt, uint32_t at)
{
    struct nv_plugin *p = rt->plugins[at];
    uint32_t i;

    nv_json_object(j, p->id);
    nv_json_number(j, "memory_bytes", nv_usage_read(&p->mem_bytes));
    nv_json_number(j, "memory_blocks", nv_usage_read(&p->mem_blocks));
    for (i = 0; i < nv_usage_row_count; i++)
        nv_json_number(j, nv_usage_rows[i].name, nv_usage_sum(rt, at, nv_usage_rows[i].offset));
    nv_json_object(j, "counters");
    nv_counters_each(&p->counters, put_counter, j);
    nv_json_end(j);
    nv_json_end(j);
}

void nv_metrics_json(struct nv_metrics *m, struct nv_out *o)
{
    struct nave_runtime *rt = m->rt;
    struct nv_worker *first = rt->threads.each[0].worker;
    struct nv_json j;
    uint32_t i;

    nv_json_init(&j, o);
    nv_json_object(&j, NULL);
    nv_json_text(&j, "version", NAVE_VERSION);
    nv_json_number(&j, "pid", (uint64_t)getpid());
    nv_json_text(&j, "backend", nv_worker_backend(first));
    nv_json_number(&j, "uptime_ns", (uint64_t)(nv_stat_clock(first) - rt->started_ns));
    nv_json_number(&j, "reloads", nv_usage_read(&rt->reloads));
    nv_json_list(&j, "workers");
    for (i = 0; i < rt->worker_count; i++)
        put_worker(&j, rt, i);
    nv_json_end(&j);
    nv_json_object(&j, "blocking");
    for (i = 0; i < NV_LANES; i++)
        put_lane(&j, rt, (enum nv_blocking_lane)i);
    nv_json_end(&j);
    nv_json_object(&j, "plugins");
    for (i = 0; i < rt->plugin_count; i++)
        put_plugin(&j, rt, i);
    nv_json_end(&j);
    nv_json_object(&j, "listeners");
    for (i = 0; i < nv_counters_count(&rt->accepted); i++) {
        struct nv_counter_view view = nv_counters_at(&rt->accepted, i);

        nv_json_object(&j, view.name);
        nv_json_number(&j, "accepted", nave_counter_sum(&view.counter));
        nv_json_end(&j);
    }
    nv_json_end(&j);
    nv_json_end(&j);
    nv_out_text(o, "\n");
}

/* SPDX-License-Identifier: MIT
 *
 * See top_out.h. Buckets that are empty are left out, so a line is short.
 */
#include "top_out.h"

#include <unistd.h>

#include <nave/version.h>

#include "base/counter.h"
#include "metrics.h"
#include "runtime/runtime.h"
#include "worker/worker_state.h"

static void put(struct nv_out *o, const char *name, uint64_t number)
{
    nv_out_format(o, " %s=%llu", name, (unsigned long long)number);
}

/* The line has begun. */
static void put_times(const struct nv_histogram *h, struct nv_out *o)
{
    uint32_t i;

    put(o, "sum_ns", nv_usage_read(&h->sum_ns));
    put(o, "max_ns", nv_usage_read(&h->max_ns));
    for (i = 0; i < NV_HISTOGRAM_BUCKETS; i++) {
        uint64_t count = nv_usage_read(&h->buckets[i]);

        if (count)
            nv_out_format(o, " %llu:%llu", (unsigned long long)nv_histogram_bound(i),
                          (unsigned long long)count);
    }
    nv_out_text(o, "\n");
}

static void put_worker(const struct nave_runtime *rt, uint32_t at, struct nv_out *o)
{
    const struct nv_stats *s = &rt->threads.each[at].worker->stats;
    uint32_t i;

    nv_out_format(o, "worker index=%u", at);
    put(o, "is_waiting", __atomic_load_n(&s->is_parked, __ATOMIC_RELAXED));
    put(o, "since_ns", (uint64_t)__atomic_load_n(&s->since_ns, __ATOMIC_RELAXED));
    put(o, "tasks", nv_usage_tasks(rt, at));
    for (i = 0; i < nv_stat_row_count; i++)
        put(o, nv_stat_rows[i].name, nv_stat_read(s, &nv_stat_rows[i]));
    nv_out_text(o, "\n");
    for (i = 0; i < nv_histogram_row_count; i++) {
        nv_out_format(o, "times worker=%u of=%s", at, nv_histogram_rows[i].name);
        put_times(nv_stat_histogram(s, &nv_histogram_rows[i]), o);
    }
}

static void put_lane(const struct nave_runtime *rt, enum nv_blocking_lane lane, struct nv_out *o)
{
    struct nv_blocking_stats s;
    uint32_t i;

    nv_blocking_stats(&rt->blocking, lane, &s);
    nv_out_format(o, "lane name=%s", s.name);
    for (i = 0; i < nv_blocking_row_count; i++)
        put(o, nv_blocking_rows[i].name, nv_blocking_read(&s, &nv_blocking_rows[i]));
    nv_out_text(o, "\n");
    for (i = 0; i < nv_blocking_time_count; i++) {
        const struct nv_stat_row *row = &nv_blocking_time_rows[i];
        const struct nv_histogram *h = nv_blocking_histogram(&rt->blocking, lane, row);

        if (!h)
            continue;
        nv_out_format(o, "times lane=%s of=%s", s.name, row->name);
        put_times(h, o);
    }
}

static void put_plugin(const struct nave_runtime *rt, uint32_t at, struct nv_out *o)
{
    const struct nv_plugin *p = rt->plugins[at];
    uint32_t i;

    nv_out_format(o, "plugin id=%s", p->id);
    put(o, "memory_bytes", nv_usage_read(&p->mem_bytes));
    for (i = 0; i < nv_usage_row_count; i++)
        put(o, nv_usage_rows[i].name, nv_usage_sum(rt, at, nv_usage_rows[i].offset));
    nv_out_text(o, "\n");
}

void nv_top_write(const struct nave_runtime *rt, struct nv_out *o)
{
    uint32_t i;

    if (__atomic_load_n(&rt->is_seen, __ATOMIC_ACQUIRE)) {
        struct nv_worker *first = rt->threads.each[0].worker;
        nave_nsec now = nv_stat_clock(first);

        nv_out_format(o, "nave version=%s pid=%ld now_ns=%lld uptime_ns=%lld backend=%s\n",
                      NAVE_VERSION, (long)getpid(), (long long)now,
                      (long long)(now - rt->started_ns), nv_worker_backend(first));
        for (i = 0; i < rt->worker_count; i++)
            put_worker(rt, i, o);
        for (i = 0; i < NV_LANES; i++)
            put_lane(rt, (enum nv_blocking_lane)i, o);
        for (i = 0; i < rt->plugin_count; i++)
            put_plugin(rt, i, o);
        for (i = 0; i < nv_counters_count(&rt->accepted); i++) {
            struct nv_counter_view view = nv_counters_at(&rt->accepted, i);

            nv_out_format(o, "listener accepted=%llu name=",
                          (unsigned long long)nave_counter_sum(&view.counter));
            nv_out_clean(o, view.name);
            nv_out_text(o, "\n");
        }
    }
    nv_out_text(o, ".\n");
}

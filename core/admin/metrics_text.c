/* SPDX-License-Identifier: MIT
 *
 * The text exposition format, version 0.0.4: HELP and TYPE before the lines of a metric, all of which
 * stand together; times in seconds; '\', line ends and (in labels) '"' escaped. A piece is one metric.
 */
#include <stdio.h>
#include <string.h>

#include <nave/version.h>

#include "base/counter.h"
#include "metrics.h"
#include "runtime/runtime.h"
#include "worker/worker_state.h"

/* Of the bounds of a distribution every fourth is told: the powers of two from 256 ns to 17 s. */
#define BOUND_FIRST 11u
#define BOUND_LAST  115u
#define BOUND_STEP  4u

/* --- words ----------------------------------------------------------------------------------- */

static void put_escaped(struct nv_out *o, const char *text, int32_t is_label)
{
    for (; *text; text++) {
        if (*text == '\n')
            nv_out_text(o, "\\n");
        else if (*text == '\\' || (is_label && *text == '"'))
            nv_out_bytes(o, (const char[]){'\\', *text}, 2);
        else
            nv_out_bytes(o, text, 1);
    }
}

static void put_head(struct nv_out *o, const char *name, const char *type, const char *help)
{
    nv_out_format(o, "# HELP %s ", name);
    put_escaped(o, help, 0);
    nv_out_format(o, "\n# TYPE %s %s\n", name, type);
}

static void put_label(struct nv_out *o, const char *label, const char *text)
{
    nv_out_format(o, "{%s=\"", label);
    put_escaped(o, text, 1);
    nv_out_text(o, "\"}");
}

/* Nanoseconds as seconds, exactly: "0.000000256". */
static void put_seconds(struct nv_out *o, uint64_t ns)
{
    char text[40];
    size_t len =
        (size_t)snprintf(text, sizeof(text), "%llu.%09llu", (unsigned long long)(ns / 1000000000u),
                         (unsigned long long)(ns % 1000000000u));

    while (text[len - 1] == '0')
        len--;
    if (text[len - 1] == '.')
        len--;
    nv_out_bytes(o, text, len);
}

static void put_value(struct nv_out *o, uint64_t value, int32_t is_time)
{
    nv_out_text(o, " ");
    if (is_time)
        put_seconds(o, value);
    else
        nv_out_format(o, "%llu", (unsigned long long)value);
    nv_out_text(o, "\n");
}

/* `name` ends in "_ns". */
static int32_t is_time(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && strcmp(name + len - 3, "_ns") == 0;
}

/* --- metrics --------------------------------------------------------------------------------- */

static void put_one(struct nv_out *o, const char *name, const char *type, const char *help,
                    uint64_t value, int32_t seconds)
{
    put_head(o, name, type, help);
    nv_out_text(o, name);
    put_value(o, value, seconds);
}

static void put_runtime(const struct nave_runtime *rt, struct nv_out *o)
{
    struct nv_worker *first = rt->threads.each[0].worker;

    put_head(o, "nave_info", "gauge", "The version, and how workers wait.");
    nv_out_format(o, "nave_info{version=\"%s\",backend=\"%s\"} 1\n", NAVE_VERSION,
                  nv_worker_backend(first));
    put_one(o, "nave_uptime_seconds", "gauge", "Time since the start.",
            (uint64_t)(nv_stat_clock(first) - rt->started_ns), 1);
    put_one(o, "nave_workers", "gauge", "Workers.", rt->worker_count, 0);
    put_one(o, "nave_reloads_total", "counter", "Times that another configuration came in use.",
            nv_usage_read(&rt->reloads), 0);
}

static void put_worker_tasks(const struct nave_runtime *rt, struct nv_out *o)
{
    uint32_t i;

    put_head(o, "nave_worker_tasks", "gauge", "Tasks that have not ended.");
    for (i = 0; i < rt->worker_count; i++) {
        nv_out_format(o, "nave_worker_tasks{worker=\"%u\"}", i);
        put_value(o, nv_usage_tasks(rt, i), 0);
    }
}

static void put_stat(const struct nave_runtime *rt, const struct nv_stat_row *row, struct nv_out *o)
{
    int32_t seconds = is_time(row->name);
    size_t len = strlen(row->name) - (seconds ? 3 : 0);
    char name[80];
    uint32_t i;

    snprintf(name, sizeof(name), "nave_worker_%.*s%s_total", (int)len, row->name,
             seconds ? "_seconds" : "");
    put_head(o, name, "counter", row->help);
    for (i = 0; i < rt->worker_count; i++) {
        nv_out_format(o, "%s{worker=\"%u\"}", name, i);
        put_value(o, nv_stat_read(&rt->threads.each[i].worker->stats, row), seconds);
    }
}

/* The sum of the buckets is the count: they are read once, or a count could be below its buckets. */
static void put_histogram(const char *name, const char *label, const char *of,
                          const struct nv_histogram *from, struct nv_out *o)
{
    struct nv_histogram h = {.sum_ns = 0};
    uint64_t seen = 0;
    uint32_t i, next = BOUND_FIRST;

    nv_histogram_sum(&h, from);
    for (i = 0; i <= BOUND_LAST; i++) {
        seen += h.buckets[i];
        if (i != next)
            continue;
        nv_out_format(o, "%s_bucket{%s=\"%s\",le=\"", name, label, of);
        put_seconds(o, nv_histogram_bound(i));
        nv_out_text(o, "\"}");
        put_value(o, seen, 0);
        next += BOUND_STEP;
    }
    nv_out_format(o, "%s_bucket{%s=\"%s\",le=\"+Inf\"}", name, label, of);
    put_value(o, nv_histogram_count(&h), 0);
    nv_out_format(o, "%s_sum{%s=\"%s\"}", name, label, of);
    put_value(o, h.sum_ns, 1);
    nv_out_format(o, "%s_count{%s=\"%s\"}", name, label, of);
    put_value(o, nv_histogram_count(&h), 0);
}

static void put_histograms(const struct nave_runtime *rt, const struct nv_stat_row *row,
                           struct nv_out *o)
{
    char name[80];
    uint32_t i;

    snprintf(name, sizeof(name), "nave_worker_%s_seconds", row->name);
    put_head(o, name, "histogram", row->help);
    for (i = 0; i < rt->worker_count; i++) {
        char of[16];

        snprintf(of, sizeof(of), "%u", i);
        put_histogram(name, "worker", of,
                      nv_stat_histogram(&rt->threads.each[i].worker->stats, row), o);
    }
}

/* One gauge or counter of both lanes, which are asked for each of them: the numbers of one answer need
 * not be of one instant. */
static void put_blocking(const struct nave_runtime *rt, const struct nv_blocking_row *row,
                         struct nv_out *o)
{
    char name[80];
    uint32_t i;

    snprintf(name, sizeof(name), "nave_blocking_%s%s", row->name, row->is_counter ? "_total" : "");
    put_head(o, name, row->is_counter ? "counter" : "gauge", row->help);
    for (i = 0; i < NV_LANES; i++) {
        struct nv_blocking_stats s;

        nv_blocking_stats(&rt->blocking, (enum nv_blocking_lane)i, &s);
        nv_out_text(o, name);
        put_label(o, "lane", s.name);
        put_value(o, nv_blocking_read(&s, row), 0);
    }
}

static void put_blocking_times(const struct nave_runtime *rt, const struct nv_stat_row *row,
                               struct nv_out *o)
{
    char name[80];
    uint32_t i;

    snprintf(name, sizeof(name), "nave_blocking_%s_seconds", row->name);
    put_head(o, name, "histogram", row->help);
    for (i = 0; i < NV_LANES; i++) {
        const struct nv_histogram *h =
            nv_blocking_histogram(&rt->blocking, (enum nv_blocking_lane)i, row);

        if (h)
            put_histogram(name, "lane", nv_lane_name((enum nv_blocking_lane)i), h, o);
    }
}

static void put_memory(const struct nave_runtime *rt, struct nv_out *o)
{
    uint32_t i;

    put_head(o, "nave_plugin_memory_bytes", "gauge", "Bytes of the host's memory.");
    for (i = 0; i < rt->plugin_count; i++) {
        nv_out_text(o, "nave_plugin_memory_bytes");
        put_label(o, "plugin", rt->plugins[i]->id);
        put_value(o, nv_usage_read(&rt->plugins[i]->mem_bytes), 0);
    }
}

static void put_usage(const struct nave_runtime *rt, const struct nv_usage_row *row,
                      struct nv_out *o)
{
    int32_t seconds = is_time(row->name);
    char name[80], help[128];
    uint32_t i;

    snprintf(name, sizeof(name), "nave_plugin_%s", seconds ? "time_seconds_total" : row->name);
    snprintf(help, sizeof(help), "%c%s.", row->what[0] - 'a' + 'A', row->what + 1);
    put_head(o, name, seconds ? "counter" : "gauge",
             seconds ? "Time in the plugin and what it calls, sampled." : help);
    for (i = 0; i < rt->plugin_count; i++) {
        nv_out_text(o, name);
        put_label(o, "plugin", rt->plugins[i]->id);
        put_value(o, nv_usage_sum(rt, i, row->offset), seconds);
    }
}

static void put_listeners(struct nave_runtime *rt, struct nv_out *o)
{
    uint32_t i, count = nv_counters_count(&rt->accepted);

    if (!count)
        return;
    put_head(o, "nave_listener_accepted_total", "counter",
             "Streams that a listener handed to its protocol, by the name of the listener.");
    for (i = 0; i < count; i++) {
        struct nv_counter_view view = nv_counters_at(&rt->accepted, i);

        nv_out_text(o, "nave_listener_accepted_total");
        put_label(o, "listener", view.name);
        put_value(o, nave_counter_sum(&view.counter), 0);
    }
}

/* The counters of one name, from `at` on; returns how many. Two of one plugin that differ only in what
 * a name may not hold are one. */
static uint32_t put_counters(const struct nv_metrics *m, uint32_t at, struct nv_out *o)
{
    const struct nv_metrics_counter *first = &m->counters[at];
    char help[256];
    uint32_t i = at;

    snprintf(help, sizeof(help), "%s%s", first->doc[0] ? first->doc : "Counter of a plugin",
             first->doc[0] && first->doc[strlen(first->doc) - 1] == '.' ? "" : ".");
    if (help[0] >= 'a' && help[0] <= 'z')
        help[0] = (char)(help[0] - 'a' + 'A');
    put_head(o, first->name, "counter", help);
    while (i < m->count && strcmp(m->counters[i].name, first->name) == 0) {
        const char *plugin = m->counters[i].plugin;
        uint64_t sum = 0;

        for (; i < m->count && strcmp(m->counters[i].name, first->name) == 0 &&
               strcmp(m->counters[i].plugin, plugin) == 0;
             i++)
            sum += nave_counter_sum(&m->counters[i].counter);
        nv_out_text(o, first->name);
        put_label(o, "plugin", plugin);
        put_value(o, sum, 0);
    }
    return i - at;
}

/* --- pieces ---------------------------------------------------------------------------------- */

int32_t nv_metrics_text(struct nv_metrics *m, struct nv_out *o)
{
    const uint32_t stats = 1, histograms = stats + nv_stat_row_count;
    const uint32_t usage = histograms + nv_histogram_row_count, memory = usage + nv_usage_row_count;
    const uint32_t blocking = memory + 1, times = blocking + nv_blocking_row_count;
    const uint32_t counters = times + nv_blocking_time_count;
    uint32_t at = m->piece++;

    if (at == 0) {
        put_runtime(m->rt, o);
        put_worker_tasks(m->rt, o);
    } else if (at < histograms) {
        put_stat(m->rt, &nv_stat_rows[at - stats], o);
    } else if (at < usage) {
        put_histograms(m->rt, &nv_histogram_rows[at - histograms], o);
    } else if (at < memory) {
        put_usage(m->rt, &nv_usage_rows[at - usage], o);
    } else if (at == memory) {
        put_memory(m->rt, o);
        put_listeners(m->rt, o);
    } else if (at >= blocking && at < times) {
        put_blocking(m->rt, &nv_blocking_rows[at - blocking], o);
    } else if (at >= times && at < counters) {
        put_blocking_times(m->rt, &nv_blocking_time_rows[at - times], o);
    } else {
        m->piece = at + put_counters(m, at - counters, o);
    }
    return m->piece < counters + m->count;
}

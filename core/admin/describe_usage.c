/* SPDX-License-Identifier: MIT
 *
 * What each plugin of a runtime uses at the moment, over all workers, and its counters. Workers go on
 * counting meanwhile, so the numbers of one answer need not be of one instant.
 */
#include "base/counter.h"
#include "describe.h"
#include "metrics.h"
#include "runtime/runtime.h"

const struct nv_usage_row nv_usage_rows[] = {
    {"worker_bytes", "bytes of the workers' memory", offsetof(struct nv_usage, bytes)},
    {"descriptors", "watched descriptors", offsetof(struct nv_usage, fds)},
    {"timers", "armed timers", offsetof(struct nv_usage, timers)},
    {"tasks", "tasks", offsetof(struct nv_usage, tasks)},
    {"holds", "holds, such as connections", offsetof(struct nv_usage, holds)},
    {"time_ns", "nanoseconds in it and what it calls, sampled", offsetof(struct nv_usage, time_ns)},
};
const uint32_t nv_usage_row_count = NAVE_COUNT(nv_usage_rows);

uint64_t nv_usage_sum(const struct nave_runtime *rt, uint32_t at, size_t offset)
{
    const struct nv_plugin *p = rt->plugins[at];
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; p->handles && i < rt->worker_count; i++)
        sum += nv_usage_read(
            (const uint64_t *)(const void *)((const char *)&p->handles[i]->usage + offset));
    return sum;
}

static void put_counter_json(void *arg, const char *name, uint64_t sum)
{
    nv_json_number(arg, name, sum);
}

void nv_describe_usage_json(struct nv_describe *d)
{
    struct nv_json j;
    uint32_t i, k;

    nv_json_init(&j, &d->out);
    nv_json_object(&j, NULL);
    for (i = 0; i < d->rt->plugin_count; i++) {
        const struct nv_plugin *p = d->rt->plugins[i];

        nv_json_object(&j, p->id);
        nv_json_number(&j, "memory_bytes", nv_usage_read(&p->mem_bytes));
        nv_json_number(&j, "memory_blocks", nv_usage_read(&p->mem_blocks));
        for (k = 0; k < nv_usage_row_count; k++)
            nv_json_number(&j, nv_usage_rows[k].name,
                           nv_usage_sum(d->rt, i, nv_usage_rows[k].offset));
        nv_json_object(&j, "counters");
        nv_counters_each(&p->counters, put_counter_json, &j);
        nv_json_end(&j);
        nv_json_end(&j);
    }
    nv_json_end(&j);
    nv_out_text(&d->out, "\n");
}

static void put_line(struct nv_out *o, const char *name, uint64_t number, const char *what)
{
    nv_out_text(o, "  ");
    nv_out_column(o, name, 32, 1);
    nv_out_format(o, "%14llu%s%s\n", (unsigned long long)number, what[0] ? "  " : "", what);
}

static void put_counter_text(void *arg, const char *name, uint64_t sum)
{
    put_line(arg, name, sum, "");
}

void nv_describe_usage_text(struct nv_describe *d)
{
    uint32_t i, k;

    for (i = 0; i < d->rt->plugin_count; i++) {
        const struct nv_plugin *p = d->rt->plugins[i];

        nv_out_format(&d->out, "%s%s\n", i ? "\n" : "", p->id);
        put_line(&d->out, "memory_bytes", nv_usage_read(&p->mem_bytes),
                 "bytes of the host's memory");
        put_line(&d->out, "memory_blocks", nv_usage_read(&p->mem_blocks), "");
        for (k = 0; k < nv_usage_row_count; k++)
            put_line(&d->out, nv_usage_rows[k].name,
                     nv_usage_sum(d->rt, i, nv_usage_rows[k].offset), nv_usage_rows[k].what);
        nv_counters_each(&p->counters, put_counter_text, &d->out);
    }
}

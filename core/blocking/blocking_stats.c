/* SPDX-License-Identifier: MIT
 *
 * Seeing inside the pool: what others ask is copied under the lock of a lane, and told after it, so that
 * a slow reader holds up nobody. The distributions are written under the lock and read without it.
 */
#include <stddef.h>
#include <string.h>

#include "blocking.h"
#include "blocking_lane.h"

#define GAUGE(name, help)   {#name, help, offsetof(struct nv_blocking_stats, name), 0},
#define COUNTER(name, help) {#name, help, offsetof(struct nv_blocking_stats, name), 1},
const struct nv_blocking_row nv_blocking_rows[] = {NV_BLOCKING_GAUGES(GAUGE)
                                                       NV_BLOCKING_COUNTERS(COUNTER)};
const uint32_t nv_blocking_row_count = NAVE_COUNT(nv_blocking_rows);

#define TIME(name, help) {#name, help, offsetof(struct nv_blocking_times, name)},
const struct nv_stat_row nv_blocking_time_rows[] = {NV_BLOCKING_TIMES(TIME)};
const uint32_t nv_blocking_time_count = NAVE_COUNT(nv_blocking_time_rows);

static const char *const names[NV_LANES] = {"blocking", "dns"};

const char *nv_lane_name(enum nv_blocking_lane lane)
{
    return names[lane];
}

int32_t nv_blocking_is_busy(const struct nv_blocking *pool)
{
    uint32_t i, jobs = 0;

    for (i = 0; i < NV_LANES; i++) {
        struct nv_lane *lane = pool->lanes[i];

        if (!lane)
            continue;
        (void)pthread_mutex_lock(&lane->lock);
        jobs += lane->depth + lane->running;
        (void)pthread_mutex_unlock(&lane->lock);
    }
    return jobs > 0;
}

void nv_blocking_stats(const struct nv_blocking *pool, enum nv_blocking_lane which,
                       struct nv_blocking_stats *out_stats)
{
    struct nv_lane *lane = pool->lanes[which];

    memset(out_stats, 0, sizeof(*out_stats));
    out_stats->name = names[which];
    if (!lane)
        return;
    (void)pthread_mutex_lock(&lane->lock);
    *out_stats = lane->stats;
    out_stats->name = lane->name;
    out_stats->queued = lane->depth < lane->queue_max ? lane->depth : lane->queue_max;
    out_stats->waiting = lane->depth - out_stats->queued;
    out_stats->running = lane->running;
    out_stats->threads = lane->threads;
    out_stats->threads_idle = lane->idle_count;
    out_stats->threads_max = lane->thread_max;
    out_stats->queue_max = lane->queue_max;
    (void)pthread_mutex_unlock(&lane->lock);
}

const struct nv_histogram *nv_blocking_histogram(const struct nv_blocking *pool,
                                                 enum nv_blocking_lane which,
                                                 const struct nv_stat_row *row)
{
    const struct nv_lane *lane = pool->lanes[which];

    if (!lane)
        return NULL;
    return (const struct nv_histogram *)(const void *)((const char *)&lane->times + row->offset);
}

static nave_nsec since(nave_nsec now, nave_nsec then)
{
    return now > then ? now - then : 0;
}

struct nv_blocking_copied nv_blocking_copy(const struct nv_blocking *pool,
                                           enum nv_blocking_lane which, nave_nsec now,
                                           struct nv_blocking_job *jobs, uint32_t room)
{
    struct nv_lane *lane = pool->lanes[which];
    const struct nv_call *call;
    const struct nave_op *op;
    struct nv_blocking_copied out = {0, 0, 0, 0};
    uint32_t n = 0, depth = 0;

    if (!lane)
        return out;
    (void)pthread_mutex_lock(&lane->lock);
    for (call = lane->calls.next; call != &lane->calls && n < room; call = call->next)
        jobs[n++] = (struct nv_blocking_job){
            .state = NV_BLOCKING_RUNS,
            .is_dropped = !call->op,
            .lane = lane->name,
            .name = call->work->name,
            .plugin = call->plugin,
            .for_ns = since(now, call->since_ns),
        };
    for (op = lane->queue.next; op != &lane->queue && n < room; op = op->next, depth++)
        jobs[n++] = (struct nv_blocking_job){
            .state = depth < lane->queue_max ? NV_BLOCKING_IS_QUEUED : NV_BLOCKING_WAITS,
            .lane = lane->name,
            .name = nv_job_work(op)->name,
            .plugin = nv_job_plugin(op),
            .for_ns = since(now, (nave_nsec)op->value),
        };
    out.count = n;
    out.running = lane->running;
    out.queued = lane->depth;
    out.more = out.running + out.queued - n;
    (void)pthread_mutex_unlock(&lane->lock);
    return out;
}

const char *nv_blocking_name(const struct nave_op *op)
{
    if (__atomic_load_n(&op->source, __ATOMIC_RELAXED) != &nv_blocking_source)
        return NULL;
    return nv_job_work(op)->name;
}

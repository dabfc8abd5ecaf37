/* SPDX-License-Identifier: MIT
 *
 * The pool for blocking calls as a part of the runtime: made before the workers rise, kept by a drain until
 * it has nothing to do, closed at the end of the drain, and ended when no worker runs any more.
 */
#include "runtime_blocking.h"

#include <string.h>

#include "runtime.h"

#define TOLD_MOST 32u /* calls of a lane by name; the others are counted */

/* Worker 0 waits for the end of the drain. Called under the lock of a lane: the runtime is there. */
static void on_idle(void *arg)
{
    struct nave_runtime *rt = arg;

    if (__atomic_load_n(&rt->threads.stops, __ATOMIC_ACQUIRE) > 0)
        nv_worker_wake(rt->threads.each[0].worker);
}

static void on_failure(void *arg, const char *lane, nave_err err, uint32_t threads)
{
    struct nave_runtime *rt = arg;

    nv_report_log(
        &rt->report, NAVE_LOG_WARN, NULL,
        "cannot make a thread for blocking calls (lane \"%s\"): %s; %u are there, and more "
        "are tried when there is work",
        lane, nave_err_text(err), threads);
}

nave_err nv_runtime_blocking_open(struct nave_runtime *rt)
{
    const struct nv_blocking_options o = {
        .threads = rt->world ? 0 : (uint32_t)rt->conf.blocking_threads,
        .dns_threads = rt->world ? 0 : (uint32_t)rt->conf.dns_threads,
        .queue_max = (uint32_t)rt->conf.blocking_queue,
        .workers = rt->worker_count,
        .idle_ns = rt->conf.blocking_idle,
        .on_idle = on_idle,
        .on_failure = on_failure,
        .arg = rt,
    };
    nave_err err = nv_blocking_open(&rt->blocking, &o);

    if (err)
        nv_report_error(&rt->report, err, NULL, "out of memory while starting");
    return err;
}

/* --- the end --------------------------------------------------------------------------------- */

static void report_one(struct nave_runtime *rt, const struct nv_blocking_job *job)
{
    struct nv_place at = {.plugin = job->plugin};
    const unsigned long long ran_ms = (unsigned long long)(job->for_ns / NAVE_MSEC);

    if (job->plugin)
        nv_report_error(
            &rt->report, NAVE_ESTRAGGLERS, &at,
            "plugin \"%s\" still had work at the end of the drain, which was left alone: "
            "blocking call \"%s\", which has run for %llu ms",
            job->plugin, job->name, ran_ms);
    else
        nv_report_error(&rt->report, NAVE_ESTRAGGLERS, NULL,
                        "the host program still had work at the end of the drain, which was left "
                        "alone: blocking call \"%s\", which has run for %llu ms",
                        job->name, ran_ms);
}

/* Nothing is queued any more: what there is runs. */
static void report_lane(struct nave_runtime *rt, enum nv_blocking_lane lane)
{
    struct nv_blocking_job jobs[TOLD_MOST];
    const struct nv_blocking_copied copied =
        nv_blocking_copy(&rt->blocking, lane, nv_stat_clock(rt->threads.each[0].worker), jobs,
                         TOLD_MOST);
    uint32_t i;

    for (i = 0; i < copied.count; i++)
        report_one(rt, &jobs[i]);
    if (copied.more)
        nv_report_error(&rt->report, NAVE_ESTRAGGLERS, NULL,
                        "%u more blocking calls were left alone at the end of the drain",
                        copied.more);
    if (copied.count)
        __atomic_store_n(&rt->threads.has_stragglers, 1, __ATOMIC_RELEASE);
}

void nv_runtime_blocking_close(struct nave_runtime *rt)
{
    uint32_t i;

    nv_blocking_close(&rt->blocking);
    for (i = 0; i < NV_LANES; i++)
        report_lane(rt, (enum nv_blocking_lane)i);
}

void nv_runtime_blocking_end(struct nave_runtime *rt)
{
    nv_blocking_close(&rt->blocking); /* when the start failed it was not yet */
    nv_blocking_end(&rt->blocking);
}

int32_t nv_runtime_blocking_leave(struct nave_runtime *rt)
{
    if (nv_blocking_stragglers(&rt->blocking) == 0)
        return 0;
    nv_report_log(&rt->report, NAVE_LOG_WARN, NULL,
                  "a blocking call runs still: the memory of the runtime is not freed");
    nv_runtime_log_flush(rt);
    nv_report_mute(&rt->report); /* its argument is the host program's again */
    return 1;
}

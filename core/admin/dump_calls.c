/* SPDX-License-Identifier: MIT
 *
 * Blocking calls in the dump: those of a lane are copied under its lock, and written when it is free
 * again. Of very many the oldest are told, and the others counted.
 */
#include "dump.h"
#include "runtime/runtime.h"

static const char *const states[] = {"running", "queued", "waiting for room in the queue"};

static void put_text(const struct nv_blocking_job *job, struct nv_out *o)
{
    nv_out_text(o, "call \"");
    nv_out_clean(o, job->name);
    if (job->plugin)
        nv_out_format(o, "\" of %s", job->plugin);
    else
        nv_out_text(o, "\" of the host program");
    nv_out_format(o, ": %s for %s in lane \"%s\"%s\n", states[job->state],
                  nv_dump_time(job->for_ns).text, job->lane,
                  job->is_dropped ? ", nobody waits for it" : "");
}

static void put_json(const struct nv_blocking_job *job, struct nv_json *j)
{
    nv_json_object(j, NULL);
    nv_json_text(j, "name", job->name);
    nv_json_text(j, "plugin", job->plugin);
    nv_json_text(j, "lane", job->lane);
    nv_json_text(j, "state", job->state == NV_BLOCKING_WAITS ? "waiting" : states[job->state]);
    nv_json_number(j, "for_ns", (uint64_t)job->for_ns);
    nv_json_flag(j, "is_dropped", (int)job->is_dropped);
    nv_json_end(j);
}

void nv_dump_lane(struct nv_dump *d, struct nv_out *o)
{
    const struct nv_blocking_copied copied =
        nv_blocking_copy(&d->rt->blocking, (enum nv_blocking_lane)d->lane, d->now_ns, d->jobs,
                         NV_DUMP_CALLS);
    uint32_t i;

    for (i = 0; i < copied.count; i++) {
        if (d->is_json)
            put_json(&d->jobs[i], &d->json);
        else
            put_text(&d->jobs[i], o);
    }
    if (copied.more && !d->is_json)
        nv_out_format(o, "... and %u more\n", copied.more);
    d->calls_running += copied.running;
    d->calls_queued += copied.queued;
}

/* SPDX-License-Identifier: MIT
 *
 * See stragglers.h. Tasks belong to no worker: they are told once, when nobody polls any more, and their
 * frames can be read. Where somebody may poll, those that wait are held still for a moment, as for a dump.
 */
#include "stragglers.h"

#include <stdio.h>
#include <string.h>

#include <nave/async.h>

#include "admin/dump.h"
#include "worker/group.h"
#include "runtime.h"
#include "worker/task.h"
#include "admin/watchdog.h"
#include "worker/worker_state.h"

static struct nave_runtime
    *kept; /* atomic: those that can never be freed, so that none looks lost */

#define TOLD_MOST 16u /* tasks by name; the others are counted */

static void note(struct nave_runtime *rt)
{
    __atomic_store_n(&rt->threads.has_stragglers, 1, __ATOMIC_RELEASE);
}

void nv_stragglers_report_holds(struct nave_runtime *rt, uint32_t index)
{
    uint32_t i;

    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_plugin *p = rt->plugins[i];
        const struct nv_usage *u = &p->handles[index]->usage;
        struct nv_place at = {.plugin = p->id};

        if (u->holds)
            nv_report_error(&rt->report, NAVE_ESTRAGGLERS, &at,
                            "plugin \"%s\" still had work at the end of the drain, which was cut "
                            "off: %llu of kind \"%s\" on worker %u",
                            p->id, (unsigned long long)u->holds, u->hold_what ? u->hold_what : "?",
                            index);
    }
    note(rt);
}

/* --- all is at rest -------------------------------------------------------------------------- */

/* The innermost place at which `f` waits; NULL: it is no async function, or did not begin. */
static const struct nave_site *site_of(const struct nave_future *f)
{
    const struct nave_site *site = NULL;

    while (f && (f->flags & NAVE_FUTURE_IS_ASYNC)) {
        const struct nave_async *a = (const struct nave_async *)(const void *)f;

        if (a->site)
            site = a->site;
        f = a->child;
    }
    return site;
}

static void tell_waiting(struct nave_runtime *rt, const char *id, const char *name,
                         const struct nave_site *site)
{
    struct nv_place at = {.plugin = id};

    nv_report_error(&rt->report, NAVE_ESTRAGGLERS, &at,
                    "plugin \"%s\" still had work at the end of the drain, which was cut off: "
                    "task \"%s\", which waits in %s at %s:%u for %s",
                    id, name, site->function, site->file, site->line, site->text);
}

static void tell_polled(struct nave_runtime *rt, const char *id, const char *name, uint32_t polls)
{
    struct nv_place at = {.plugin = id};

    nv_report_error(&rt->report, NAVE_ESTRAGGLERS, &at,
                    "plugin \"%s\" still had work at the end of the drain, which was cut off: "
                    "task \"%s\", polled %u times",
                    id, name, polls);
}

struct telling {
    struct nave_runtime *rt;
    uint32_t told;
};

static void tell_task(struct nv_task *t, void *arg)
{
    struct telling *telling = arg;
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
    const struct nave_site *site;
    const char *id;

    if ((word & (NV_TASK_LIVE | NV_TASK_COMPLETE)) != NV_TASK_LIVE || telling->told++ >= TOLD_MOST)
        return;
    id = t->owner->plugin_id;
    site = site_of(&t->future);
    if (site)
        tell_waiting(telling->rt, id, t->future.api->name, site);
    else
        tell_polled(telling->rt, id, t->future.api->name, t->polls);
}

static void tell_rest(struct nave_runtime *rt, uint32_t told)
{
    if (told > TOLD_MOST)
        nv_report_error(&rt->report, NAVE_ESTRAGGLERS, NULL,
                        "%u more tasks were cut off at the end of the drain", told - TOLD_MOST);
}

void nv_stragglers_report_tasks(struct nave_runtime *rt)
{
    struct telling telling = {rt, 0};

    nv_task_pool_each(&rt->threads.group->pool, tell_task, &telling);
    tell_rest(rt, telling.told);
    note(rt);
}

/* --- a worker does not come back ------------------------------------------------------------- */

void nv_stragglers_report_stuck(struct nave_runtime *rt)
{
    char what[160];
    uint32_t i;

    for (i = 0; i < rt->worker_count; i++) {
        const struct nv_thread *t = &rt->threads.each[i];

        if (!t->is_missing)
            continue;
        nv_watchdog_name(&t->worker->stats, what, sizeof(what));
        nv_report_error(&rt->report, NAVE_ESTRAGGLERS, NULL,
                        "worker %u did not come back from %s at the end of the drain: what is left "
                        "is not dropped, and the memory of the runtime is not freed",
                        i, what);
    }
}

void nv_stragglers_report_left(struct nave_runtime *rt)
{
    struct nv_dump d = {.rt = rt};
    uint32_t look = UINT32_MAX, told = 0, i;

    while (nv_dump_next(&d, &look)) {
        const struct nv_task_view *v = &d.view;
        struct nave_site site = {0};

        if (v->state == NV_TASK_IS_ENDED || v->state == NV_TASK_IS_RUNNING)
            continue; /* what runs was told with its worker */
        if (told++ >= TOLD_MOST)
            continue;
        for (i = 0; v->state == NV_TASK_IS_WAITING && i < v->line_count; i++)
            if (v->lines[i].file)
                site = (struct nave_site){.function = v->lines[i].function,
                                          .file = v->lines[i].file,
                                          .text = v->lines[i].text,
                                          .line = v->lines[i].line};
        if (site.file)
            tell_waiting(rt, v->plugin, v->name, &site);
        else
            tell_polled(rt, v->plugin, v->name, v->polls);
    }
    tell_rest(rt, told);
    note(rt);
}

int32_t nv_stragglers_keep_abandoned(struct nave_runtime *rt)
{
    if (!nv_threads_is_abandoned(rt))
        return 0;
    nv_report_mute(&rt->report); /* its argument is the host program's again */
    rt->kept = __atomic_load_n(&kept, __ATOMIC_RELAXED);
    while (
        !__atomic_compare_exchange_n(&kept, &rt->kept, rt, 1, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
    return 1;
}

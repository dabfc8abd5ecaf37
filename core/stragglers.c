/* SPDX-License-Identifier: MIT
 *
 * See stragglers.h. Tasks belong to no worker: they are told once, when nobody polls any more, and their
 * frames can be read.
 */
#include "stragglers.h"

#include <stdio.h>
#include <string.h>

#include <nave/async.h>

#include "group.h"
#include "runtime.h"
#include "task.h"
#include "worker_state.h"

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
    struct nv_place at;

    if ((word & (NV_TASK_LIVE | NV_TASK_COMPLETE)) != NV_TASK_LIVE || telling->told++ >= TOLD_MOST)
        return;
    id = t->owner->plugin_id;
    memset(&at, 0, sizeof(at));
    at.plugin = id;
    site = site_of(&t->future);
    if (site)
        nv_report_error(&telling->rt->report, NAVE_ESTRAGGLERS, &at,
                        "plugin \"%s\" still had work at the end of the drain, which was cut off: "
                        "task \"%s\", which waits in %s at %s:%u for %s",
                        id, t->future.api->name, site->function, site->file, site->line,
                        site->text);
    else
        nv_report_error(&telling->rt->report, NAVE_ESTRAGGLERS, &at,
                        "plugin \"%s\" still had work at the end of the drain, which was cut off: "
                        "task \"%s\", polled %u times",
                        id, t->future.api->name, t->polls);
}

void nv_stragglers_report_tasks(struct nave_runtime *rt)
{
    struct telling telling = {rt, 0};

    nv_task_pool_each(&rt->threads.group->pool, tell_task, &telling);
    if (telling.told > TOLD_MOST)
        nv_report_error(&rt->report, NAVE_ESTRAGGLERS, NULL,
                        "%u more tasks were cut off at the end of the drain",
                        telling.told - TOLD_MOST);
    note(rt);
}

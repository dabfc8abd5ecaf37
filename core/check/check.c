/* SPDX-License-Identifier: MIT
 *
 * Shadows, and what a breach says. A set is made for a table once: for each life, and for each worker
 * where a life has an owner, one copy of the table with its set, life and owner in front. To move a
 * handle on is to store another table into its first word; an implementer that makes the next handle in
 * the same memory stores the published table, which is the first life again.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/conf.h>
#include <nave/host.h>
#include <nave/task.h>

#include "conf/conf.h"
#include "worker/group.h"
#include "log/log.h"
#include "runtime/runtime.h"
#include "worker/task.h"
#include "worker/worker_state.h"
#include "world/world.h"

#define NO_WORKER UINT32_MAX

/* In front of each copy of a table. */
struct shadow {
    struct nv_check_set *set;
    uint32_t life;
    uint32_t owner; /* of OWNED and KEPT */
};

struct nv_check_set {
    struct nv_check_set *next;
    const struct nave_iface *raw;
    uint32_t raw_size;
    uint32_t owners;          /* how many workers there are        */
    size_t stride;            /* from one shadow to the next       */
    const char *of;           /* whose table it is                 */
    struct nave_runtime *rt;  /* NULL: of futures           */
    struct nv_worker *worker; /* of futures                 */
    char *shadows;            /* behind this                       */
};

/* --- what a breach says ---------------------------------------------------------------------- */

const char *nv_check_who(void *arg, const void *address)
{
    const struct nave_runtime *rt = arg;
    uint32_t i;

    for (i = 0; i < rt->plugin_count; i++)
        if (nv_loader_has_code(rt->plugins[i]->file, address))
            return rt->plugins[i]->id;
    return NULL;
}

/* By the callback at once, since a queue would be lost; what is in the queue is written first. */
void nv_check_last_words(void *arg, const char *text)
{
    struct nave_runtime *rt = arg;
    const struct nave_report report = {.size = sizeof(report),
                                       .level = NAVE_LOG_ERROR,
                                       .code = NAVE_ESTATE,
                                       .text = {text, strlen(text)}};

    if (rt->report.log)
        (void)nv_log_flush(rt->report.log, NAVE_SEC);
    nv_report_call(&rt->report, &report);
}

static const char *find_who(const struct nv_check *c)
{
    if (c->who)
        return c->who;
    if (c->rt)
        return nv_check_who((void *)(uintptr_t)c->rt, c->caller);
    if (c->worker && c->worker->who)
        return c->worker->who(c->worker->log_arg, c->caller);
    return NULL;
}

void nv_check_breach(const struct nv_check *c, const char *advice, const char *format, ...)
{
    const char *who = find_who(c);
    char what[192], text[640], plugin[96] = "the program", of[96] = "";
    va_list args;

    va_start(args, format);
    if (vsnprintf(what, sizeof(what), format, args) < 0)
        what[0] = '\0';
    va_end(args);
    if (who)
        snprintf(plugin, sizeof(plugin), "plugin \"%.64s\"", who);
    if (c->of && (!who || strcmp(c->of, who) != 0))
        snprintf(of, sizeof(of), " of plugin \"%.64s\"", c->of);
    snprintf(text, sizeof(text), "NAVE_CHECK: %s called %s %s%s: %s; %s", plugin, c->rule->iface,
             c->rule->call, of, what, advice);
    if (c->rt)
        nv_check_last_words((void *)(uintptr_t)c->rt, text);
    else if (c->worker && c->worker->last_words)
        c->worker->last_words(c->worker->log_arg, text);
    else
        fprintf(stderr, "%s\n", text);
    abort();
}

void nv_check_null(const struct nv_check *c, const char *name)
{
    nv_check_breach(c, "only what the header names under `Null:` may be", "%s is NULL", name);
}

/* --- threads --------------------------------------------------------------------------------- */

#define ADVICE_WORKER "reach that worker with nave_worker_post()"
#define ADVICE_CONTROL \
    "call it from create, prepare, start, stop or make, or from the host's own thread"
#define ADVICE_OVER "forget the handle where it is given up"

uint32_t nv_check_here(const struct nave_runtime *rt)
{
    uint32_t i;

    if (rt->world) /* one thread is all workers in turn */
        return rt->world->current;
    for (i = 0; rt->threads.each && i < rt->worker_count; i++)
        if (rt->threads.each[i].worker && nv_worker_is_here(rt->threads.each[i].worker))
            return i;
    return NO_WORKER;
}

static void check_owner(const struct nv_check *c, uint32_t owner)
{
    uint32_t here = nv_check_here(c->rt);

    if (here == owner)
        return;
    if (here == NO_WORKER)
        nv_check_breach(c, ADVICE_WORKER, "it belongs to worker %u, and this thread is no worker's",
                        owner);
    nv_check_breach(c, ADVICE_WORKER,
                    "it belongs to worker %u, and this is the thread of worker %u", owner, here);
}

/* Before the control role is taken for the first time, and between turns, nobody has it. */
static void check_control(const struct nv_check *c)
{
    if (c->rt->has_control && !pthread_equal(c->rt->control, pthread_self()))
        nv_check_breach(c, ADVICE_CONTROL, "this thread does not have the control role");
}

/* All tags but [worker], which needs to know whose the object is. */
static void check_thread(const struct nv_check *c)
{
    if (c->rule->thread == NV_THREAD_CONTROL)
        check_control(c);
    else if (c->rule->thread == NV_THREAD_WORKERS && nv_check_here(c->rt) == NO_WORKER)
        nv_check_breach(c, ADVICE_WORKER, "this thread is no worker's");
    else if (c->rule->thread == NV_THREAD_BLOCKING && nv_check_here(c->rt) != NO_WORKER)
        nv_check_breach(c, "hand it to a thread of your own", "it may block, and this is a worker");
}

/* --- shadows --------------------------------------------------------------------------------- */

static struct shadow *shadow_of(const struct nave_iface *api)
{
    return (struct shadow *)(uintptr_t)api - 1;
}

static const struct nave_iface **api_of(const void *handle)
{
    return &((struct nave_handle *)(uintptr_t)handle)->api;
}

static const struct nave_iface *template_of(const char *id)
{
    const struct nave_iface *const *t;

    for (t = nv_check_tables; *t; t++)
        if (strcmp((*t)->id, id) == 0)
            return *t;
    return NULL;
}

/* The first slot behind the heads that is a function of the template. */
static int32_t is_shadow(const struct nave_iface *api)
{
    const struct nave_iface *t = api->id ? template_of(api->id) : NULL;
    size_t at, step = sizeof(void *);

    for (at = sizeof(*t); t && at + step <= t->size && at + step <= api->size; at += step) {
        static const void *const none;

        if (memcmp((const char *)t + at, &none, step) != 0)
            return memcmp((const char *)t + at, (const char *)api + at, step) == 0;
    }
    return 0;
}

/* NEW, OVER, and for each owner OWNED and KEPT. */
static const struct nave_iface *table_at(const struct nv_check_set *set, uint32_t life,
                                         uint32_t owner)
{
    size_t i = life == NV_LIFE_NEW ? 0 : life == NV_LIFE_OVER ? 1 : 2 * (size_t)owner + life + 1;

    return (const void *)(set->shadows + i * set->stride + sizeof(struct shadow));
}

static struct nv_check_set *make_set(const struct nave_iface *raw, uint32_t owners)
{
    const struct nave_iface *t = template_of(raw->id);
    const size_t head = sizeof(struct nv_check_set) + 15u, step = sizeof(void *);
    const size_t stride = (sizeof(struct shadow) + raw->size + 15u) & ~(size_t)15;
    const size_t count = 2 + 2 * (size_t)owners;
    struct nv_check_set *set = calloc(1, head + stride * count);
    size_t i, at;

    if (!set)
        return NULL;
    set->raw = raw;
    set->raw_size = raw->size;
    set->owners = owners;
    set->stride = stride;
    set->shadows = (char *)(((uintptr_t)(set + 1) + 15u) & ~(uintptr_t)15);
    for (i = 0; i < count; i++) {
        struct shadow *s = (struct shadow *)(void *)(set->shadows + i * stride);
        char *table = (char *)(s + 1);

        s->set = set;
        s->life = i == 0   ? NV_LIFE_NEW
                  : i == 1 ? NV_LIFE_OVER
                  : i % 2  ? NV_LIFE_KEPT
                           : NV_LIFE_OWNED;
        s->owner = i < 2 ? NO_WORKER : (uint32_t)(i / 2 - 1);
        /* What the table has and this core does not know stays the implementer's own. */
        memcpy(table, raw, raw->size);
        for (at = sizeof(*t); at + step <= t->size && at + step <= raw->size; at += step) {
            void *slot;

            memcpy(&slot, (const char *)t + at, step);
            if (slot) /* not data, such as a name */
                memcpy(table + at, &slot, step);
        }
    }
    return set;
}

static const struct nave_iface *find_set(struct nv_check_set *sets, const struct nave_iface *raw,
                                         const char *of)
{
    for (; sets; sets = sets->next)
        if (sets->raw == raw && sets->raw_size == raw->size && strcmp(sets->of, of) == 0)
            return table_at(sets, NV_LIFE_NEW, 0);
    return NULL;
}

const struct nave_iface *nv_check_publish(struct nv_plugin *p, const struct nave_iface *table)
{
    const struct nave_iface *found = find_set(p->checks, table, p->id);
    struct nv_check_set *set;

    if (found || !template_of(table->id))
        return found ? found : table;
    set = make_set(table, p->rt->worker_count);
    if (!set)
        return NULL;
    set->of = p->id;
    set->rt = p->rt;
    set->next = p->checks;
    p->checks = set;
    return table_at(set, NV_LIFE_NEW, 0);
}

const struct nave_iface *nv_check_future(struct nv_worker_handle *h, const struct nave_iface *table)
{
    const struct nave_iface *found = find_set(h->worker->checks, table, h->plugin_id);
    struct nv_check_set *set;

    if (found || !template_of(table->id))
        return found ? found : table;
    set = make_set(table, 1);
    if (!set)
        return NULL;
    set->of = h->plugin_id;
    set->worker = h->worker;
    set->next = h->worker->checks;
    h->worker->checks = set;
    return table_at(set, NV_LIFE_NEW, 0);
}

void nv_check_forget(struct nv_check_set *sets)
{
    while (sets) {
        struct nv_check_set *next = sets->next;

        free(sets);
        sets = next;
    }
}

/* --- lives ----------------------------------------------------------------------------------- */

uint32_t nv_check_life_of(const void *handle)
{
    const struct nave_iface *api = *api_of(handle);

    return is_shadow(api) ? shadow_of(api)->life : NV_LIFE_NEW;
}

void nv_check_set_life(const struct nv_check *c, const void *handle, uint32_t life)
{
    const struct nave_iface **api = api_of(handle);
    const struct shadow *s = shadow_of(*api);
    uint32_t owner;

    (void)c;
    if (!is_shadow(*api))
        return;
    owner = s->owner;
    if (owner == NO_WORKER)
        owner = s->set->rt ? nv_check_here(s->set->rt) : 0;
    if (owner != NO_WORKER || life == NV_LIFE_NEW || life == NV_LIFE_OVER)
        *api = table_at(s->set, life, owner);
}

void nv_check_end(const struct nv_check *c, const void *handle)
{
    nv_check_set_life(c, handle, NV_LIFE_OVER);
}

void nv_check_go_on(const struct nv_check *c, const void *handle)
{
    const struct nave_iface *api = *api_of(handle);

    if (is_shadow(api) && shadow_of(api)->life == NV_LIFE_OVER) /* else it is the next one's */
        nv_check_set_life(c, handle, c->life);
}

void nv_check_end_io(const struct nv_check *c, void *io)
{
    (void)c;
    ((struct nave_io *)io)->api = &nv_worker_over_table;
}

void nv_check_adopt(const struct nv_check *c, const void *handle, const char *what)
{
    const struct nave_iface *api = *api_of(handle);
    const struct shadow *s = shadow_of(api);

    if (!is_shadow(api) || !s->set->rt)
        return; /* nobody published it */
    if (s->life == NV_LIFE_OVER)
        nv_check_breach(c, ADVICE_OVER, "the %s that it is given is over", what);
    if (s->life == NV_LIFE_NEW)
        nv_check_set_life(c, handle, NV_LIFE_OWNED);
    else if (s->owner != nv_check_here(s->set->rt))
        nv_check_breach(c, ADVICE_WORKER, "the %s that it is given belongs to worker %u", what,
                        s->owner);
}

/* --- memory ---------------------------------------------------------------------------------- */

struct guard {
    uint64_t size;
    uint64_t cookie; /* GUARD_LIVE mixed with the owner: a block of another one is seen */
};
#define GUARD_LIVE UINT64_C(0x4E415645A110C8ED)
NAVE_STATIC_ASSERT(sizeof(struct guard) == NV_GUARD_BYTES, "blocks are aligned to 16");

void *nv_guard_set(void *block, size_t size, const void *owner)
{
    struct guard *g = block;

    if (!g)
        return NULL;
    g->size = size;
    g->cookie = GUARD_LIVE ^ (uint64_t)(uintptr_t)owner;
    return g + 1;
}

int32_t nv_guard_is_of(const void *ptr, const void *owner)
{
    return ((const struct guard *)ptr - 1)->cookie == (GUARD_LIVE ^ (uint64_t)(uintptr_t)owner);
}

void *nv_guard_clear(const struct nv_check *c, void *ptr, size_t size)
{
    struct guard *g = (struct guard *)ptr - 1;

    if (g->size != size)
        nv_check_breach(c, "give the size that was asked for",
                        "%zu bytes are freed of a block of %llu", size,
                        (unsigned long long)g->size);
    g->cookie = 0;
    return g;
}

/* --- the begin of a call --------------------------------------------------------------------- */

static void begin(struct nv_check *c, const struct nv_check_rule *rule, const void *caller)
{
    memset(c, 0, sizeof(*c));
    c->rule = rule;
    c->caller = caller;
}

const void *nv_check_shadow(struct nv_check *c, const struct nv_check_rule *rule,
                            const void *handle, const void *caller)
{
    const struct shadow *s = shadow_of(*api_of(handle));
    const struct nv_check_set *set = s->set;

    begin(c, rule, caller);
    c->rt = set->rt;
    c->of = set->of;
    c->worker = set->worker;
    c->life = s->life;
    if (s->life == NV_LIFE_OVER)
        nv_check_breach(c, ADVICE_OVER, "the handle is over: an earlier call gave it up");
    if (set->worker) {
        /* A task may be polled by any worker of its runtime. */
        if (set->worker->is_attached && !nv_worker_is_here(set->worker) &&
            !(nv_here && nv_here->group == set->worker->group))
            nv_check_breach(c, ADVICE_WORKER, "it belongs to worker %u, and this is not its thread",
                            set->worker->index);
    } else if (rule->thread != NV_THREAD_WORKER) {
        check_thread(c);
    } else if (s->life != NV_LIFE_NEW) {
        check_owner(c, s->owner);
    } else if (nv_check_here(set->rt) == NO_WORKER) {
        nv_check_breach(c, ADVICE_WORKER, "this thread is no worker's");
    } else {
        nv_check_set_life(c, handle, NV_LIFE_OWNED);
        c->life = NV_LIFE_OWNED;
    }
    return set->raw;
}

/* It may be called inside some calls of the plugin only. */
static void breach_state(const struct nv_check *c)
{
    static const char *const calls[] = {NULL,    "create", "prepare", "commit", "abort",
                                        "start", "stop",   "destroy", "make",   "unmake"};
    char list[96] = "";
    uint32_t i;

    for (i = 1; i < NAVE_COUNT(calls); i++)
        if (c->rule->states & 1u << i)
            snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
                     list[0] ? " and " : "", calls[i]);
    nv_check_breach(c, "do it there and keep what it gives", "called outside %s", list);
}

void nv_check_host(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller)
{
    const struct nv_plugin *p = handle; /* the handle is its first member */

    begin(c, rule, caller);
    c->rt = p->rt;
    c->who = p->id;
    check_thread(c);
    if (rule->states && !(rule->states & 1u << p->call))
        breach_state(c);
}

void nv_check_of_runtime(struct nv_check *c, const struct nv_check_rule *rule,
                         const struct nave_runtime *rt, const void *caller)
{
    begin(c, rule, caller);
    c->rt = rt;
    check_thread(c);
}

void nv_check_admin(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller)
{
    begin(c, rule, caller);
    c->rt = NAVE_CONTAINER_OF(handle, const struct nave_runtime, admin);
    check_thread(c);
}

void nv_check_sim(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                  const void *caller)
{
    begin(c, rule, caller);
    c->rt = ((const struct nv_world *)handle)->rt;
    check_thread(c);
}

/* The op says which worker; see nv_before_blocking_start. */
void nv_check_blocking(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                       const void *caller)
{
    const struct nv_blocking_handle *h = handle;

    begin(c, rule, caller);
    c->rt = h->pool->rt;
    c->who = h->ends[0].plugin;
    if (nv_check_here(c->rt) == NO_WORKER)
        nv_check_breach(c, ADVICE_WORKER, "this thread is no worker's");
}

void nv_check_of_group(struct nv_check *c, const struct nv_check_rule *rule,
                       const struct nv_worker *w, const void *caller)
{
    begin(c, rule, caller);
    c->worker = w;
    if (!w || nv_check_dropping)
        return;
    if (rule->thread == NV_THREAD_WORKER && !w->group->world && !nv_group_is_here(w->group))
        nv_check_breach(c, ADVICE_WORKER, "this thread is no worker's");
    if (rule->thread == NV_THREAD_BLOCKING && nv_group_is_here(w->group))
        nv_check_breach(c, "await it in a task, or wait on a thread of your own",
                        "it may block, and this is a worker");
}

void nv_check_conf(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller)
{
    begin(c, rule, caller);
    c->rt = nv_conf_checker(handle);
    check_thread(c);
}

static void begin_worker(struct nv_check *c, const struct nv_check_rule *rule,
                         const struct nv_worker_handle *h, const void *caller)
{
    begin(c, rule, caller);
    c->who = h->plugin_id;
    c->worker = h->worker;
    if (rule->thread == NV_THREAD_WORKER && h->worker->is_attached && !nv_worker_is_here(h->worker))
        nv_check_breach(c, ADVICE_WORKER, "it belongs to worker %u, and this is not its thread",
                        h->worker->index);
}

void nv_check_worker(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                     const void *caller)
{
    begin_worker(c, rule, handle, caller);
}

void nv_check_io(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                 const void *caller)
{
    const struct nv_poller_io *io = handle;

    begin_worker(c, rule, io->owner, caller);
    if (io->pub.api == &nv_worker_over_table)
        nv_check_breach(c, ADVICE_OVER, "the handle is over: an earlier call gave it up");
}

void nv_check_waker(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller)
{
    const struct nave_waker *w = handle;
    const struct nv_task *t = w->task ? w->task : (void *)(uintptr_t)w->reserved;

    begin(c, rule, caller);
    if (t && t->owner)
        c->worker = t->owner->worker;
    if (!w->task)
        nv_check_breach(c, ADVICE_OVER, "the waker was dropped before");
}

/* SPDX-License-Identifier: MIT
 *
 * read -> compare -> prepare -> open -> commit -> switch. Up to commit everything can be taken back,
 * and is; from commit on nothing can fail.
 *
 *     scratch = resolve(file)            every error that a start would tell
 *     compare                            what differs and is not live is refused by name
 *     prepare                            plugins whose options differ, providers first
 *     listeners: open, new chain, new handler, close
 *     commit                             plugins; what they post to workers comes before ...
 *     switch                             ... the change of every worker; see switch.h
 *
 * A handler is made anew when its plugin was prepared anew or when its name differs; a chain when the
 * names differ, or when its protocol cannot change its handler; a door when its address differs.
 */
#include "reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle.h"
#include "conf/option_same.h"
#include "conf/options.h"
#include "roles.h"
#include "runtime.h"
#include "switch.h"
#include "worker/worker_state.h"

/* What a reload has in hand. */
struct plan {
    struct nave_runtime *rt;
    struct nave_runtime *scratch; /* the new reading */
    struct nv_switch *sw;
    struct nv_chain
        *chains;       /* for each change: what takes the place of door->chain, until commit */
    uint32_t prepared; /* plugins */
};

/* --- the scratch runtime --------------------------------------------------------------------- */

static void pass_on(void *arg, const struct nave_report *report)
{
    nv_report_send(arg, report);
}

static void scratch_free(struct nave_runtime *s)
{
    if (!s)
        return;
    nv_runtime_unresolve(s);
    nv_conf_destroy(s->doc);
    nv_report_finish(&s->report);
    free(s);
}

/* Read the file again. Errors: NAVE_ECONFIG, NAVE_ENOMEM; reported. */
static nave_err scratch_read(struct nave_runtime *rt, struct nave_runtime **out_scratch)
{
    struct nave_runtime *s = calloc(1, sizeof(*s));
    nave_err err = NAVE_ENOMEM;

    if (!s)
        return err;
    err = nv_report_init(&s->report, pass_on, &rt->report, NAVE_LOG_WARN);
    if (err) {
        free(s);
        return err;
    }
    s->plugin_path = rt->plugin_path; /* lent */
    s->world = rt->world;
    s->static_plugins = rt->static_plugins;
    s->workers_asked = rt->workers_asked;
    s->level_asked = NAVE_LOG_WARN;
    err = nv_runtime_read(rt, rt->source, NULL, 0, &s->report, &s->doc);
    if (s->doc) { /* also when single values were refused: all errors come in one go */
        nave_err found = nv_runtime_resolve(s);

        err = err ? err : found;
    }
    if (err)
        scratch_free(s);
    else
        *out_scratch = s;
    return err;
}

/* --- what differs ---------------------------------------------------------------------------- */

/* Refuse each option that differs and is not live. Returns how many differ in all. */
static uint32_t compare_options(const struct nave_option_table *table, const void *before,
                                const void *now, struct nave_conf *object, struct nave_conf *root,
                                const char *plugin, const char *what)
{
    uint32_t i, count = 0;

    for (i = 0; i < table->count; i++) {
        const struct nave_option *row = &table->rows[i];
        struct nave_conf *at = nave_conf_get(object, row->name);

        if (nv_option_is_same(row, before, now))
            continue;
        count++;
        if (!(row->flags & NAVE_OPTION_LIVE))
            nv_conf_fail(at       ? at
                         : object ? object
                                  : root,
                         NAVE_ESTATE, plugin,
                         "option \"%s\" of %s cannot change while it runs; put it back, or start "
                         "anew to change it",
                         row->name, what);
    }
    return count;
}

static struct nv_plugin *twin(const struct nave_runtime *rt, const struct nv_plugin *p)
{
    return nv_registry_find(rt, (struct nave_str){p->id, strlen(p->id)});
}

/* The plugins must be the same. */
static void compare_sets(const struct plan *plan)
{
    struct nave_runtime *rt = plan->rt, *s = plan->scratch;
    struct nave_conf *section = nave_conf_get(nv_conf_root(s->doc), "plugins");
    uint32_t i;

    for (i = 0; i < s->plugin_count; i++) {
        struct nv_plugin *now = s->plugins[i], *p = twin(rt, now);

        if (!p)
            nv_conf_fail(
                now->conf, NAVE_ESTATE, now->id,
                "plugin \"%s\" is new here; plugins come and go with a start: take it out, "
                "or start anew",
                now->id);
        else if (strcmp(p->file->desc->version, now->file->manifest->version) != 0)
            nv_conf_fail(now->conf, NAVE_ESTATE, now->id,
                         "the file of plugin \"%s\" is version %s now, and %s runs; start anew to "
                         "change it",
                         now->id, now->file->manifest->version, p->file->desc->version);
    }
    for (i = 0; i < rt->plugin_count; i++)
        if (!twin(s, rt->plugins[i]))
            nv_conf_fail(section ? section : nv_conf_root(s->doc), NAVE_ESTATE, rt->plugins[i]->id,
                         "plugin \"%s\" is not there any more; plugins come and go with a start: "
                         "put it back, or start anew",
                         rt->plugins[i]->id);
}

/* Fill p->next_options from the new reading, and decide whether `p` is to be prepared. */
static nave_err compare_plugin(const struct plan *plan, struct nv_plugin *p)
{
    const struct nave_option_table *table = p->file->desc->options();
    struct nv_plugin *now = twin(plan->scratch, p);
    char what[96];
    const struct nv_options_owner owner = {what, p->id, now ? now->conf : NULL};
    nave_err err;

    p->reload = NV_RELOAD_NONE;
    if (!now)
        return NAVE_OK; /* reported */
    p->next_conf = now->conf;
    if (!table || !table->count)
        return NAVE_OK;
    snprintf(what, sizeof(what), "plugin \"%s\"", p->id);
    err = nv_options_make(table, now->conf, &plan->rt->report, &owner, &p->next_options);
    if (!err && compare_options(table, p->options_now, p->next_options, now->conf, now->conf, p->id,
                                what) > 0)
        p->reload = NV_RELOAD_WANTED;
    return err;
}

/* Errors: NAVE_ECONFIG, reported; NAVE_ENOMEM. */
static nave_err compare(const struct plan *plan)
{
    struct nave_runtime *rt = plan->rt, *s = plan->scratch;
    struct nave_conf *root = nv_conf_root(s->doc);
    struct nave_conf *runtime = nave_conf_get(root, "runtime");
    uint64_t errors = nv_report_errors(&rt->report);
    nave_err err = NAVE_OK;
    uint32_t i;

    (void)compare_options(nv_runtime_table(), &rt->conf, &s->conf, runtime, root, NULL,
                          "the runtime");
    (void)compare_options(nv_log_conf_table(), rt->log_conf, s->log_conf,
                          nave_conf_get(runtime, "log"), root, NULL, "the log");
    compare_sets(plan);
    for (i = 0; i < rt->plugin_count && !err; i++)
        err = compare_plugin(plan, rt->plugins[i]);
    if (!err && nv_report_errors(&rt->report) != errors)
        err = NAVE_ECONFIG;
    return err;
}

/* --- plugins --------------------------------------------------------------------------------- */

nave_err nv_reload_prepare(struct nv_plugin *p)
{
    uint64_t errors = nv_report_errors(&p->rt->report);
    struct nave_prepare_args args = {.size = sizeof(args),
                                     .flags = NAVE_PREPARE_RELOAD,
                                     .options = p->next_options,
                                     .conf = p->next_conf};
    nave_err err;

    if (p->reload != NV_RELOAD_WANTED)
        return NAVE_OK;
    if (p->call != NV_CALL_NONE)
        return NAVE_ECYCLE;
    p->call = NV_CALL_PREPARE;
    err = p->file->desc->ops->prepare(p->self, &args);
    p->call = NV_CALL_NONE;
    if (err)
        nv_lifecycle_blame(p, "prepare", err, errors);
    else
        p->reload = NV_RELOAD_PREPARED;
    return err;
}

static nave_err prepare(const struct plan *plan)
{
    struct nave_runtime *rt = plan->rt;
    nave_err err = NAVE_OK;
    uint32_t i;

    for (i = 0; i < rt->plugin_count && !err; i++)
        err = nv_reload_prepare(rt->plugins[rt->order[i]]);
    return err;
}

static void commit_plugin(struct nv_plugin *p)
{
    uint64_t errors = nv_report_errors(&p->rt->report);
    nave_err err = NAVE_OK;

    if (p->reload == NV_RELOAD_PREPARED) {
        p->call = NV_CALL_COMMIT;
        err = p->file->desc->ops->commit(p->self);
        p->call = NV_CALL_NONE;
        if (err) /* the contract says that none may be left to find */
            nv_lifecycle_blame(p, "commit", err, errors);
    }
    p->conf = p->next_conf;
    /* A plugin may keep texts of its first options for its whole life. */
    if (p->options_now != p->options)
        free(p->options_now);
    p->options_now = p->next_options;
    p->next_options = NULL;
    p->reload = NV_RELOAD_NONE;
}

static void abort_plugin(struct nv_plugin *p)
{
    if (p->reload == NV_RELOAD_PREPARED) {
        p->call = NV_CALL_ABORT;
        p->file->desc->ops->abort(p->self);
        p->call = NV_CALL_NONE;
    }
    free(p->next_options);
    p->next_options = NULL;
    p->reload = NV_RELOAD_NONE;
}

/* --- listeners ------------------------------------------------------------------------------- */

static int32_t is_same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static int32_t is_same_str(struct nave_str a, struct nave_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* 1: both are bound alike, so that the sockets stay. */
static int32_t is_same_bind(const struct nv_listener *a, const struct nv_listener *b)
{
    return is_same_text(a->scheme, b->scheme) && is_same_str(a->rest, b->rest);
}

static int32_t has_door(const struct nave_runtime *s, const struct nv_door *d)
{
    uint32_t i;

    for (i = 0; i < s->listener_count; i++)
        if (s->listeners[i].door == d)
            return 1;
    return 0;
}

/* Give each listener of the new reading the door with its address: that of its name where there is
 * one, else one that nobody else takes. The others have none yet. */
static void match_doors(const struct plan *plan)
{
    struct nave_runtime *rt = plan->rt, *s = plan->scratch;
    uint32_t i, k, round;

    for (round = 0; round < 2; round++)
        for (i = 0; i < s->listener_count; i++)
            for (k = 0; k < rt->listener_count && !s->listeners[i].door; k++) {
                const struct nv_listener *old = &rt->listeners[k];

                if (is_same_bind(old, &s->listeners[i]) &&
                    (round || is_same_str(old->conf.name, s->listeners[i].conf.name)) &&
                    !has_door(s, old->door))
                    s->listeners[i].door = old->door;
            }
}

/* The present form of the listener that has door `d`. */
static const struct nv_listener *owner_of(const struct nave_runtime *rt, const struct nv_door *d)
{
    const struct nv_listener *l = rt->listeners;

    while (l->door != d)
        l++;
    return l;
}

static int32_t is_same_chain(const struct nv_listener *a, const struct nv_listener *b)
{
    uint32_t i;

    if (!is_same_text(a->protocol, b->protocol) || a->layer_count != b->layer_count)
        return 0;
    for (i = 0; i < a->layer_count; i++)
        if (!is_same_text(a->layers[i], b->layers[i]))
            return 0;
    return 1;
}

/* 1: role `name` of `kind` is of a plugin that was prepared anew. */
static int32_t is_remade(const struct nave_runtime *rt, const char *kind, const char *name)
{
    const struct nv_plugin *p = nv_role_maker(rt, kind, name);

    return p && p->reload == NV_RELOAD_PREPARED;
}

static int32_t can_set_next(const struct nv_door *d)
{
    struct nave_protocol *p = (struct nave_protocol *)(void *)d->chain.protocol;

    return p->api->set_next(p, NULL, NULL) != NAVE_ENOSYS;
}

/* Note a change; what it makes goes to *out_chain. */
static nave_err add_change(struct plan *plan, enum nv_change_kind kind, struct nv_door *door,
                           struct nv_chain **out_chain)
{
    struct nv_change *c = &plan->sw->changes[plan->sw->change_count];

    c->kind = kind;
    c->door = door;
    if (kind != NV_CHANGE_OPEN && nv_leaving_new(plan->rt, &c->leaving))
        return NAVE_ENOMEM;
    *out_chain = &plan->chains[plan->sw->change_count++];
    return NAVE_OK;
}

/* What becomes of listener `l`, of which `old` is the present form. */
static nave_err plan_kept(struct plan *plan, const struct nv_listener *l,
                          const struct nv_listener *old)
{
    struct nave_runtime *rt = plan->rt;
    int32_t is_new_handler = !is_same_text(l->handler, old->handler) ||
                             (l->handler && is_remade(rt, "handler", l->handler));
    struct nv_chain *chain;
    nave_err err = NAVE_OK;

    if (!is_same_chain(l, old) || (is_new_handler && !can_set_next(l->door))) {
        err = add_change(plan, NV_CHANGE_CHAIN, l->door, &chain);
        if (!err)
            err = nv_chain_make(rt, l, chain);
    } else if (is_new_handler) {
        err = add_change(plan, NV_CHANGE_HANDLER, l->door, &chain);
        if (!err)
            err = nv_chain_make_handler(rt, l, &chain->handler);
    }
    return err;
}

static nave_err plan_listeners(struct plan *plan)
{
    struct nave_runtime *rt = plan->rt, *s = plan->scratch;
    uint32_t i, most = rt->listener_count + s->listener_count;
    struct nv_chain *unused;
    nave_err err = nv_switch_new(rt, s->listener_count, &plan->sw);

    plan->chains = calloc(most + 1u, sizeof(*plan->chains));
    if (err || !plan->chains)
        return NAVE_ENOMEM;
    match_doors(plan);
    for (i = 0; i < rt->listener_count && !err; i++)
        if (!has_door(s, rt->listeners[i].door))
            err = add_change(plan, NV_CHANGE_CLOSE, rt->listeners[i].door, &unused);
    for (i = 0; i < s->listener_count && !err; i++) {
        struct nv_listener *l = &s->listeners[i];

        if (l->door) {
            err = plan_kept(plan, l, owner_of(rt, l->door));
        } else {
            /* noted first, so that a door that is open is always noted */
            err = add_change(plan, NV_CHANGE_OPEN, NULL, &unused);
            if (!err)
                err = nv_door_open(rt, l, &l->door);
            plan->sw->changes[plan->sw->change_count - 1].door = l->door;
        }
        plan->sw->now->doors[i] = l->door;
    }
    return err;
}

/* --- the two ends ---------------------------------------------------------------------------- */

static void take_back(struct plan *plan)
{
    struct nave_runtime *rt = plan->rt;
    uint32_t i;

    for (i = plan->sw && plan->chains ? plan->sw->change_count : 0; i-- > 0;) {
        struct nv_change *c = &plan->sw->changes[i];

        nv_chain_unmake(rt, &plan->chains[i]);
        if (c->kind == NV_CHANGE_OPEN)
            nv_door_close(rt, c->door);
        if (c->leaving)
            nv_leaving_end(rt, c->leaving);
    }
    nv_switch_free(plan->sw);
    for (i = rt->plugin_count; i-- > 0;)
        abort_plugin(rt->plugins[rt->order[i]]);
}

/* The chain of each change goes out, the new one comes in. Nothing can fail. */
static void take_chains(struct plan *plan)
{
    uint32_t i;

    for (i = 0; i < plan->sw->change_count; i++) {
        struct nv_change *c = &plan->sw->changes[i];

        switch (c->kind) {
        case NV_CHANGE_OPEN:
            break;
        case NV_CHANGE_CLOSE:
        case NV_CHANGE_CHAIN:
            c->leaving->chain = c->door->chain;
            c->door->chain = plan->chains[i];
            break;
        case NV_CHANGE_HANDLER:
            c->leaving->chain.handler = c->door->chain.handler;
            c->door->chain.handler = plan->chains[i].handler;
            break;
        }
    }
}

/* The new reading takes the place of the one before. */
static void take_reading(struct plan *plan)
{
    struct nave_runtime *rt = plan->rt, *s = plan->scratch;
    struct nv_conf_doc *doc = rt->doc;
    struct nv_log_conf *log_conf = rt->log_conf;
    struct nv_listener *listeners = rt->listeners;
    uint32_t i, listener_count = rt->listener_count;

    rt->doc = s->doc;
    rt->conf = s->conf;
    rt->log_conf = s->log_conf;
    nv_runtime_log_apply(rt);
    rt->listeners = s->listeners;
    rt->listener_count = s->listener_count;
    for (i = 0; i < rt->listener_count; i++) { /* a door is called as its listener is now */
        char *name = rt->listeners[i].door->name;

        rt->listeners[i].door->name = rt->listeners[i].name;
        rt->listeners[i].name = name;
    }
    s->doc = doc; /* goes with the scratch */
    s->log_conf = log_conf;
    s->listeners = listeners;
    s->listener_count = listener_count;
    nv_conf_set_report(rt->doc, &rt->report);
    __atomic_store_n(&rt->drain_ns, rt->conf.shutdown_timeout, __ATOMIC_RELAXED);
}

/* All workers have changed: the reload is over. */
static void on_switched(struct nave_runtime *rt)
{
    (void)__atomic_fetch_add(&rt->reloads, 1, __ATOMIC_RELAXED);
    nv_report_log(&rt->report, NAVE_LOG_INFO, NULL, "the new configuration is in use");
    nv_runtime_tell(rt, NAVE_EVENT_RELOADED, NAVE_OK);
}

static void go(struct plan *plan)
{
    struct nave_runtime *rt = plan->rt;
    uint32_t i;

    take_chains(plan);
    for (i = 0; i < rt->plugin_count; i++)
        commit_plugin(rt->plugins[rt->order[i]]);
    take_reading(plan);
    nv_switch_begin(rt, plan->sw, on_switched);
}

static nave_err attempt(struct nave_runtime *rt)
{
    struct plan plan = {.rt = rt};
    nave_err err = scratch_read(rt, &plan.scratch);

    if (err)
        return err;
    err = compare(&plan);
    if (!err)
        err = prepare(&plan);
    if (!err)
        (void)nv_graph_order(&rt->graph, rt->order); /* edges of new routes; no circle */
    if (!err)
        err = plan_listeners(&plan);
    if (err)
        take_back(&plan);
    else
        go(&plan);
    free(plan.chains);
    scratch_free(plan.scratch);
    return err;
}

void nv_reload_poll(struct nave_runtime *rt)
{
    nave_err err;

    if (rt->switching || !__atomic_exchange_n(&rt->reload_asked, 0, __ATOMIC_ACQ_REL))
        return;
    nv_worker_calls(rt->threads.each[0].worker); /* this may last */
    nv_runtime_tell(rt, NAVE_EVENT_RELOADING, NAVE_OK);
    nv_runtime_log_reopen(rt);
    if (rt->source) {
        nv_report_log(&rt->report, NAVE_LOG_INFO, NULL, "reading %s again", rt->source);
        err = attempt(rt);
    } else {
        err = NAVE_ESTATE;
        nv_report_error(&rt->report, err, NULL,
                        "there is no file to read again: the configuration came as a text");
    }
    if (!err)
        return; /* on_switched goes on */
    nv_report_error(&rt->report, err, NULL,
                    "the configuration was not changed (%s); what ran before goes on",
                    nave_err_text(err));
    nv_runtime_tell(rt, NAVE_EVENT_RELOADED, err);
}

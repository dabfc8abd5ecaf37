/* SPDX-License-Identifier: MIT
 *
 * load -> create -> prepare -> (listeners) -> commit -> start, each for all plugins before the next
 * begins, providers first. What can fail for reasons of the world happens before commit.
 *
 * Roles that plugins make of each other while they prepare add edges, so the order is computed anew
 * before commit: whoever has a handle of another is stopped and destroyed first.
 */
#include "lifecycle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/options.h"
#include "reload.h"
#include "roles.h"
#include "runtime.h"
#include "switch.h"

static const struct nave_plugin_ops *ops_of(const struct nv_plugin *p)
{
    return p->file->desc->ops;
}

void nv_lifecycle_blame(struct nv_plugin *p, const char *what, nave_err err, uint64_t errors)
{
    struct nv_place at = {.plugin = p->id};

    if (nv_report_errors(&p->rt->report) == errors)
        nv_report_error(&p->rt->report, err, &at, "plugin \"%s\" failed to %s: %s (%s)", p->id,
                        what, nave_err_text(err), nave_err_name(err));
}

/* --- forth ----------------------------------------------------------------------------------- */

static nave_err load(struct nv_plugin *p)
{
    nave_err err = nv_loader_load(p->file, p->conf);

    if (!err)
        p->state = NV_PLUGIN_LOADED;
    return err;
}

/* 1: everything that the manifest offers was provided. */
static int32_t is_offer_kept(struct nv_plugin *p)
{
    const struct nv_manifest *m = p->file->manifest;
    struct nv_place at = {.plugin = p->id};
    uint32_t k;

    for (k = 0; k < m->provide_count; k++) {
        if (p->services[k].handle)
            continue;
        nv_report_error(&p->rt->report, NAVE_EINVAL, &at,
                        "plugin \"%s\" lists \"%s\" under what it provides, and its create did not "
                        "provide it",
                        p->id, m->provides[k].id);
        return 0;
    }
    return 1;
}

static nave_err create(struct nv_plugin *p)
{
    uint64_t errors = nv_report_errors(&p->rt->report);
    nave_err err;

    p->call = NV_CALL_CREATE;
    err = ops_of(p)->create(&p->host, &p->self);
    p->call = NV_CALL_NONE;
    if (err) {
        nv_lifecycle_blame(p, "create", err, errors);
        memset(p->services, 0, p->file->manifest->provide_count * sizeof(*p->services));
        p->self = NULL;
        return err;
    }
    p->state = NV_PLUGIN_CREATED;
    return is_offer_kept(p) ? NAVE_OK : NAVE_EINVAL;
}

static nave_err make_options(struct nv_plugin *p)
{
    const struct nave_option_table *table = p->file->desc->options();
    struct nv_place at = {.plugin = p->id};
    struct nv_why why = {""};
    char what[96];
    const struct nv_options_owner owner = {what, p->id, p->conf};
    nave_err err;

    if (!table || !table->count)
        return NAVE_OK;
    snprintf(what, sizeof(what), "plugin \"%s\"", p->id);
    err = nv_options_check_table(table, &why);
    if (err) {
        nv_report_error(&p->rt->report, err, &at, "the options of plugin \"%s\" are malformed: %s",
                        p->id, why.text);
        return err;
    }
    return nv_options_make(table, p->conf, &p->rt->report, &owner, &p->options);
}

nave_err nv_lifecycle_prepare(struct nv_plugin *p)
{
    uint64_t errors = nv_report_errors(&p->rt->report);
    struct nave_prepare_args args = {.size = sizeof(args), .conf = p->conf};
    nave_err err;

    if (p->state != NV_PLUGIN_CREATED)
        return nv_reload_prepare(p);
    if (p->call != NV_CALL_NONE)
        return NAVE_ECYCLE;
    err = make_options(p);
    if (!err) {
        args.options = p->options_now = p->options;
        p->call = NV_CALL_PREPARE;
        err = ops_of(p)->prepare(p->self, &args);
        p->call = NV_CALL_NONE;
    }
    if (err)
        nv_lifecycle_blame(p, "prepare", err, errors);
    else
        p->state = NV_PLUGIN_PREPARED;
    return err;
}

static nave_err commit(struct nv_plugin *p)
{
    uint64_t errors = nv_report_errors(&p->rt->report);
    nave_err err;

    p->call = NV_CALL_COMMIT;
    err = ops_of(p)->commit(p->self);
    p->call = NV_CALL_NONE;
    if (err)
        nv_lifecycle_blame(p, "commit", err, errors);
    else
        p->state = NV_PLUGIN_COMMITTED;
    return err;
}

static nave_err start(struct nv_plugin *p)
{
    uint64_t errors = nv_report_errors(&p->rt->report);
    nave_err err;

    p->call = NV_CALL_START;
    err = ops_of(p)->start(p->self);
    p->call = NV_CALL_NONE;
    if (err)
        nv_lifecycle_blame(p, "start", err, errors);
    else
        p->state = NV_PLUGIN_STARTED;
    return err;
}

static nave_err for_all(struct nave_runtime *rt, nave_err (*step)(struct nv_plugin *p))
{
    nave_err err = NAVE_OK;
    uint32_t i;

    for (i = 0; i < rt->plugin_count && !err; i++)
        err = step(rt->plugins[rt->order[i]]);
    return err;
}

static nave_err prepare_all(struct nave_runtime *rt)
{
    nave_err err = for_all(rt, load);

    if (!err)
        err = for_all(rt, create);
    return err ? err : for_all(rt, nv_lifecycle_prepare);
}

nave_err nv_lifecycle_check(struct nave_runtime *rt)
{
    nave_err err = prepare_all(rt);

    return err ? err : nv_doors_rehearse(rt);
}

nave_err nv_lifecycle_start(struct nave_runtime *rt)
{
    nave_err err = prepare_all(rt);

    if (!err) {
        (void)nv_graph_order(&rt->graph, rt->order); /* no circle: wiring never closes one */
        err = nv_doors_open(rt);
    }
    if (!err)
        err = for_all(rt, commit);
    return err ? err : for_all(rt, start);
}

/* --- and back -------------------------------------------------------------------------------- */

static void stop(struct nv_plugin *p)
{
    if (p->state != NV_PLUGIN_STARTED)
        return;
    p->call = NV_CALL_STOP;
    ops_of(p)->stop(p->self);
    p->call = NV_CALL_NONE;
    p->state = NV_PLUGIN_STOPPED;
}

static void forget_prepared(struct nv_plugin *p)
{
    if (p->state != NV_PLUGIN_PREPARED)
        return;
    p->call = NV_CALL_ABORT;
    ops_of(p)->abort(p->self);
    p->call = NV_CALL_NONE;
    p->state = NV_PLUGIN_CREATED;
}

static void destroy(struct nv_plugin *p)
{
    if (p->state >= NV_PLUGIN_CREATED) {
        nv_role_unmake_all(p->rt, p, 1);
        p->call = NV_CALL_DESTROY;
        ops_of(p)->destroy(p->self);
        p->call = NV_CALL_NONE;
        p->self = NULL;
        p->state = NV_PLUGIN_LOADED;
        nv_role_unmake_all(p->rt, p, 0);
        memset(p->services, 0, p->file->manifest->provide_count * sizeof(*p->services));
        nv_plugin_report_leaks(p);
    }
    if (p->options_now != p->options)
        free(p->options_now);
    free(p->options);
    p->options = p->options_now = NULL;
}

static void for_all_back(struct nave_runtime *rt, void (*step)(struct nv_plugin *p))
{
    uint32_t i;

    for (i = rt->order ? rt->plugin_count : 0; i-- > 0;)
        step(rt->plugins[rt->order[i]]);
}

void nv_lifecycle_stop(struct nave_runtime *rt)
{
    for_all_back(rt, stop);
    nv_switch_end(rt);
    nv_doors_close(rt);
    nv_leaving_end_all(rt);
    for_all_back(rt, forget_prepared);
}

void nv_lifecycle_destroy(struct nave_runtime *rt)
{
    for_all_back(rt, destroy);
    nv_roles_finish(rt);
}

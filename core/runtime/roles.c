/* SPDX-License-Identifier: MIT
 *
 * Handles are made by their plugin, for a plugin or a listener, and noted here: who made what for
 * whom, so that nothing is left when either ends. The notes are a list, newest first, and a table by
 * handle: a router may have very many, and gives back an old table while a new one is there.
 */
#include "roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle.h"
#include "base/near.h"
#include "conf/options.h"
#include "runtime.h"

/* --- the notes -------------------------------------------------------------------------------- */

static struct nv_made **bucket_of(struct nv_made_set *set, const struct nave_handle *handle)
{
    uint64_t hash = (uint64_t)(uintptr_t)handle * 0x9e3779b97f4a7c15u;

    return &set->buckets[(hash >> 32) & (set->bucket_count - 1)];
}

/* 1: there are buckets for one more. Growing is a matter of speed, the first ones are not. */
static int32_t has_room(struct nv_made_set *set)
{
    size_t count = set->bucket_count ? 2 * set->bucket_count : 64;
    struct nv_made **buckets, *m;

    if (set->count < set->bucket_count)
        return 1;
    buckets = calloc(count, sizeof(struct nv_made *));
    if (!buckets)
        return set->buckets != NULL;
    free(set->buckets);
    set->buckets = buckets;
    set->bucket_count = count;
    for (m = set->newest; m; m = m->next) {
        struct nv_made **bucket = bucket_of(set, m->handle);

        m->chain = *bucket;
        *bucket = m;
    }
    return 1;
}

static void note(struct nv_made_set *set, struct nv_made *m)
{
    struct nv_made **bucket = bucket_of(set, m->handle);

    m->chain = *bucket;
    *bucket = m;
    m->prev = NULL;
    m->next = set->newest;
    if (m->next)
        m->next->prev = m;
    set->newest = m;
    set->count++;
}

static void forget(struct nv_made_set *set, struct nv_made *m)
{
    struct nv_made **link = bucket_of(set, m->handle);

    while (*link != m)
        link = &(*link)->chain;
    *link = m->chain;
    if (m->prev)
        m->prev->next = m->next;
    else
        set->newest = m->next;
    if (m->next)
        m->next->prev = m->prev;
    set->count--;
}

static void free_made(struct nv_made *m)
{
    free(m->options);
    free(m);
}

/* --- names ----------------------------------------------------------------------------------- */

struct nv_plugin *nv_role_find(const struct nave_runtime *rt, const char *kind, const char *name,
                               const struct nv_manifest_role **out_role,
                               char hint[NV_NEAR_HINT_MAX])
{
    struct nv_near near;
    uint32_t i, k;

    nv_near_init(&near, (struct nave_str){name, strlen(name)});
    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_manifest *m = rt->plugins[i]->file->manifest;

        for (k = 0; k < m->role_count; k++) {
            if (strcmp(m->roles[k].kind, kind) != 0)
                continue;
            if (strcmp(m->roles[k].name, name) == 0) {
                *out_role = &m->roles[k];
                return rt->plugins[i];
            }
            nv_near_try(&near, m->roles[k].name, strlen(m->roles[k].name));
        }
    }
    nv_near_hint(&near, hint);
    return NULL;
}

int32_t nv_role_is_unread(const char *unread, const char *name)
{
    char line[NV_ROLE_NAME_MAX + 3];

    snprintf(line, sizeof(line), "\n%s\n", name);
    return unread && strstr(unread, line) != NULL;
}

/* "; optional and not there: a, b" of the plugins that were left out. */
static const char *left_out_text(const struct nave_runtime *rt, char *out, size_t cap)
{
    const char *id = rt->left_out ? rt->left_out + 1 : "";
    size_t len = 0;

    out[0] = '\0';
    for (; *id && len < cap; id += strcspn(id, "\n") + 1)
        len += (size_t)snprintf(out + len, cap - len, "%s%.*s",
                                len ? ", " : "; left out, as optional and not there: ",
                                (int)strcspn(id, "\n"), id);
    return out;
}

void nv_role_fail_unknown(struct nave_runtime *rt, struct nave_conf *at, const char *plugin,
                          const char *kind, const char *name, const char *hint)
{
    struct nv_place place = {.plugin = plugin};
    char left_out[256];

    left_out_text(rt, left_out, sizeof(left_out));
    if (at)
        nv_conf_fail(at, NAVE_ENOTFOUND, plugin,
                     "no plugin of this file has a %s named \"%s\"%s%s%s", kind, name, hint,
                     hint[0] || left_out[0] ? "" : "; add one that does under \"plugins\"",
                     left_out);
    else
        nv_report_error(&rt->report, NAVE_ENOTFOUND, &place,
                        "no plugin of this file has a %s named \"%s\"%s%s", kind, name, hint,
                        left_out);
}

/* --- making and giving back ------------------------------------------------------------------ */

static const struct nave_role *role_of(const struct nv_plugin *p, const char *kind,
                                       const char *name)
{
    const struct nave_role *const *r;

    for (r = p->file->desc->roles; r && *r; r++)
        if (strcmp((*r)->kind, kind) == 0 && strcmp((*r)->name, name) == 0)
            return *r;
    return NULL;
}

struct nv_plugin *nv_role_maker(const struct nave_runtime *rt, const char *kind, const char *name)
{
    const struct nv_manifest_role *role;
    char hint[NV_NEAR_HINT_MAX];

    return nv_role_find(rt, kind, name, &role, hint);
}

/* The maker must be prepared, unless it makes something for itself while it prepares. */
static nave_err ready_maker(struct nv_plugin *maker, struct nv_plugin *user, struct nave_conf *at,
                            const char *kind, const char *name)
{
    nave_err err;

    if (maker == user)
        return NAVE_OK;
    err = nv_lifecycle_prepare(maker);
    if (err == NAVE_ECYCLE)
        nv_conf_fail(at, err, maker->id,
                     "%s \"%s\" is needed to make the plugin \"%s\" that has it: the use is a "
                     "circle; take it out",
                     kind, name, maker->id);
    return err;
}

/* Call make of `m->role` with the options that stand in args->conf. */
static nave_err call_make(struct nv_made *m, struct nave_conf *at, struct nave_role_args *args)
{
    struct nv_plugin *maker = m->maker;
    const struct nave_role *role = m->role;
    const struct nave_option_table *table = role->options();
    char what[160];
    const struct nv_options_owner owner = {what, maker->id, at};
    enum nv_plugin_call call = maker->call;
    uint64_t errors = nv_report_errors(&maker->rt->report);
    struct nave_handle *handle = NULL;
    nave_err err = NAVE_OK;

    snprintf(what, sizeof(what), "%s \"%s\"", role->kind, role->name);
    if (table && table->count)
        err = nv_options_make(table, args->conf, &maker->rt->report, &owner, &m->options);
    if (err == NAVE_ENOMEM)
        nv_conf_fail(at, err, maker->id, "out of memory while making %s", what);
    if (!err) {
        args->options = m->options;
        maker->call = NV_CALL_MAKE;
        err = role->make(maker->self, args, &handle);
        maker->call = call;
        snprintf(what, sizeof(what), "make %s \"%s\"", role->kind, role->name);
        if (!err && (!handle || !handle->api || strcmp(handle->api->id, role->iface) != 0))
            err = NAVE_EINVAL;
        if (err)
            nv_lifecycle_blame(maker, what, err, errors);
    }
    if (!err)
        m->handle = handle;
    return err;
}

nave_err nv_role_make(struct nave_runtime *rt, struct nv_plugin *user, const char *kind,
                      const char *name, struct nave_conf *conf, struct nave_conf *at,
                      struct nave_handle *next, struct nave_str use_name,
                      struct nave_handle **out_handle)
{
    struct nave_role_args args = {.size = sizeof(args),
                                  .conf = conf,
                                  .next = next,
                                  .name = use_name};
    const struct nv_manifest_role *found = NULL;
    char hint[NV_NEAR_HINT_MAX];
    struct nv_plugin *maker = nv_role_find(rt, kind, name, &found, hint);
    const struct nave_role *role = maker ? role_of(maker, kind, name) : NULL;
    struct nv_made *m;
    nave_err err;

    if (!role) {
        nv_role_fail_unknown(rt, at, user ? user->id : NULL, kind, name, maker ? "" : hint);
        return NAVE_ENOTFOUND;
    }
    if (rt->make_depth >= NV_MAKE_DEPTH_MAX) {
        nv_conf_fail(at, NAVE_ELIMIT, maker->id,
                     "roles are made inside each other %u deep, the most", NV_MAKE_DEPTH_MAX);
        return NAVE_ELIMIT;
    }
    m = has_room(&rt->made) ? calloc(1, sizeof(*m)) : NULL;
    if (!m) {
        nv_conf_fail(at, NAVE_ENOMEM, maker->id, "out of memory while making %s \"%s\"", kind,
                     name);
        return NAVE_ENOMEM;
    }
    m->role = role;
    m->maker = maker;
    m->user = user;
    rt->make_depth++;
    err = ready_maker(maker, user, at, kind, name);
    if (!err)
        err = call_make(m, at, &args);
    rt->make_depth--;
    if (err) {
        free_made(m);
        return err;
    }
    if (user && user != maker)
        (void)nv_graph_prefer(&rt->graph, user->index, maker->index);
    note(&rt->made, m);
    *out_handle = m->handle;
    return NAVE_OK;
}

/* Forget `m` and give its handle back. */
static void unmake(struct nave_runtime *rt, struct nv_made *m)
{
    enum nv_plugin_call call = m->maker->call;

    forget(&rt->made, m);
    m->maker->call = NV_CALL_UNMAKE;
    m->role->unmake(m->maker->self, m->handle);
    m->maker->call = call;
    free_made(m);
}

void nv_role_unmake(struct nave_runtime *rt, struct nv_plugin *user, struct nave_handle *handle)
{
    struct nv_made *m = rt->made.buckets ? *bucket_of(&rt->made, handle) : NULL;

    while (m && (m->user != user || m->handle != handle))
        m = m->chain;
    if (m)
        unmake(rt, m);
}

void nv_role_unmake_all(struct nave_runtime *rt, struct nv_plugin *p, int32_t is_maker)
{
    struct nv_made *m = rt->made.newest;

    while (m) {
        struct nv_made *next = m->next;

        if (is_maker ? m->maker != p || m->user == p : m->user != p) {
            m = next;
            continue;
        }
        if (!is_maker)
            nv_report_log(&rt->report, NAVE_LOG_WARN, p->id,
                          "plugin \"%s\" did not give back %s \"%s\"", p->id, m->role->kind,
                          m->role->name);
        if (m->maker->self) {
            unmake(rt, m);
            m = rt->made.newest; /* unmake may give back what it made itself */
        } else {                 /* of its own, and it is gone */
            forget(&rt->made, m);
            free_made(m);
            m = next;
        }
    }
}

void nv_roles_finish(struct nave_runtime *rt)
{
    free(rt->made.buckets);
    rt->made.buckets = NULL;
    rt->made.bucket_count = 0;
}

/* SPDX-License-Identifier: MIT
 *
 * The graph of services, from manifests alone: who provides what each plugin needs, floors, choices,
 * circles, and roles that two plugins offer under one name. Every error is reported where the
 * configuration names the plugin; the texts say who, what is needed, what there is, what to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/builtins.h"
#include "base/near.h"
#include "runtime/runtime.h"

/* The candidates for one need. */
struct candidates {
    struct nv_plugin *first;
    uint32_t first_provide;
    uint32_t count;
    struct nv_plugin *chosen; /* the one that is default, or that "$use" names */
    uint32_t chosen_provide;
    uint32_t chosen_count;
    const struct nv_plugin *other_major;
    const char *other_major_id;
    char names[256]; /* "b" and "c" */
};

static void add_name(struct candidates *c, const char *name)
{
    size_t len = strlen(c->names);

    snprintf(c->names + len, sizeof(c->names) - len, "%s\"%s\"", len ? " and " : "", name);
}

static void find_candidates(const struct nave_runtime *rt, const char *id, struct nave_str use,
                            struct candidates *c)
{
    uint32_t i, k;

    memset(c, 0, sizeof(*c));
    for (i = 0; i < rt->plugin_count; i++) {
        struct nv_plugin *p = rt->plugins[i];
        const struct nv_manifest *m = p->file->manifest;

        for (k = 0; k < m->provide_count; k++) {
            const struct nv_manifest_dep *offer = &m->provides[k];
            int32_t is_chosen;

            if (strcmp(offer->id, id) != 0) {
                if (nv_same_service_name(offer->id, id)) {
                    c->other_major = p;
                    c->other_major_id = offer->id;
                }
                continue;
            }
            if (!c->count++) {
                c->first = p;
                c->first_provide = k;
            }
            add_name(c, p->id);
            is_chosen = use.len ? strlen(p->id) == use.len && memcmp(p->id, use.ptr, use.len) == 0
                                : (offer->flags & NAVE_SERVICE_DEFAULT) != 0;
            if (is_chosen) {
                c->chosen = p;
                c->chosen_provide = k;
                c->chosen_count++;
            }
        }
    }
}

static nave_err resolve_builtin(struct nv_plugin *p, uint32_t n, const struct nv_builtin *b)
{
    const struct nv_manifest_dep *need = &p->file->manifest->needs[n];

    if (need->min_minor > b->minor) {
        if (need->flags & NAVE_DEP_OPTIONAL)
            return NAVE_OK;
        nv_conf_fail(p->conf, NAVE_ETOOOLD, p->id,
                     "plugin \"%s\" needs \"%s\" of minor %u at least, and this host has minor %u; "
                     "use a newer Nave, or an older \"%s\"",
                     p->id, need->id, need->min_minor, b->minor, p->id);
        return NAVE_ECONFIG;
    }
    p->needs[n].is_builtin = 1;
    return NAVE_OK;
}

static nave_err fail_missing(struct nv_plugin *p, const struct nv_manifest_dep *need,
                             const struct candidates *c, int32_t is_complete)
{
    const struct nv_builtin *other = nv_builtin_other_major(need->id);

    if (c->other_major)
        nv_conf_fail(
            p->conf, NAVE_EMAJOR, p->id,
            "plugin \"%s\" needs service \"%s\", and plugin \"%s\" provides \"%s\": another "
            "major is another interface; use a version of one that fits the other",
            p->id, need->id, c->other_major->id, c->other_major_id);
    else if (other)
        nv_conf_fail(
            p->conf, NAVE_EMAJOR, p->id,
            "plugin \"%s\" needs \"%s\", and this host has \"%s\": another major is another "
            "interface; use a version of \"%s\" for this host",
            p->id, need->id, other->id, p->id);
    else if (is_complete)
        nv_conf_fail(p->conf, NAVE_ENOTFOUND, p->id,
                     "plugin \"%s\" needs service \"%s\", which no plugin here provides; add one "
                     "that does under \"plugins\"",
                     p->id, need->id);
    return NAVE_ECONFIG;
}

static nave_err resolve_need(struct nv_plugin *p, uint32_t n, int32_t is_complete)
{
    struct nave_runtime *rt = p->rt;
    const struct nv_manifest_dep *need = &p->file->manifest->needs[n];
    const struct nv_builtin *builtin = nv_builtin_find(need->id);
    struct nave_conf *use_conf = nave_conf_get(nave_conf_get(p->conf, "$use"), need->id);
    int32_t is_optional = (need->flags & NAVE_DEP_OPTIONAL) != 0;
    struct nave_str use = {NULL, 0};
    struct candidates c;
    struct nv_plugin *provider;
    uint32_t provide, minor;

    if (builtin)
        return resolve_builtin(p, n, builtin);
    if (use_conf && use_conf->api->text(use_conf, &use) != NAVE_OK)
        use.len = 0; /* its kind was refused with the other keys of the host */
    find_candidates(rt, need->id, use, &c);
    if (use.len && c.count && !c.chosen) {
        nv_conf_fail(use_conf, NAVE_ENOTFOUND, p->id,
                     "plugin \"%.*s\" does not provide \"%s\"; %s does", (int)use.len, use.ptr,
                     need->id, c.names);
        return NAVE_ECONFIG;
    }
    if (!c.count)
        return is_optional ? NAVE_OK : fail_missing(p, need, &c, is_complete);
    if (c.count > 1 && c.chosen_count != 1) {
        nv_conf_fail(
            p->conf, NAVE_EAMBIGUOUS, p->id,
            "plugin \"%s\" needs service \"%s\", which plugins %s provide; choose one here: "
            "\"$use\": {\"%s\": \"%s\"}",
            p->id, need->id, c.names, need->id, c.first->id);
        return NAVE_ECONFIG;
    }
    provider = c.count > 1 || use.len ? c.chosen : c.first;
    provide = c.count > 1 || use.len ? c.chosen_provide : c.first_provide;
    minor = provider->file->manifest->provides[provide].min_minor;
    if (minor < need->min_minor) {
        if (is_optional)
            return NAVE_OK;
        nv_conf_fail(p->conf, NAVE_ETOOOLD, p->id,
                     "plugin \"%s\" needs service \"%s\" of minor %u at least, and plugin \"%s\" "
                     "provides minor %u; use a newer \"%s\"",
                     p->id, need->id, need->min_minor, provider->id, minor, provider->id);
        return NAVE_ECONFIG;
    }
    p->needs[n].provider = provider;
    p->needs[n].provide = provide;
    nv_graph_need(&rt->graph, p->index, provider->index);
    return NAVE_OK;
}

/* What `user` needs of `provider`; there is one, since the graph has the edge. */
static const char *needed_id(const struct nv_plugin *user, const struct nv_plugin *provider)
{
    uint32_t n;

    for (n = 0; n < user->file->manifest->need_count; n++)
        if (user->needs[n].provider == provider)
            return user->file->manifest->needs[n].id;
    return "?";
}

static nave_err check_cycle(struct nave_runtime *rt)
{
    uint32_t *path = calloc(rt->plugin_count + 1u, sizeof(*path));
    char text[1024] = "";
    uint32_t n, i;

    if (!path)
        return NAVE_ENOMEM;
    n = nv_graph_cycle(&rt->graph, path);
    for (i = 0; i < n; i++) {
        const struct nv_plugin *user = rt->plugins[path[i]];
        const struct nv_plugin *provider = rt->plugins[path[(i + 1) % n]];
        size_t len = strlen(text);

        snprintf(text + len, sizeof(text) - len, "%s\"%s\" needs \"%s\" of \"%s\"", i ? ", " : "",
                 user->id, needed_id(user, provider), provider->id);
    }
    if (n)
        nv_conf_fail(rt->plugins[path[0]]->conf, NAVE_ECYCLE, rt->plugins[path[0]]->id,
                     "plugins need each other in a circle, so that none can start first: %s", text);
    free(path);
    return n ? NAVE_ECONFIG : NAVE_OK;
}

static nave_err check_roles(struct nave_runtime *rt)
{
    nave_err err = NAVE_OK;
    uint32_t i, j, k;

    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_plugin *p = rt->plugins[i];

        for (k = 0; k < p->file->manifest->role_count; k++) {
            const struct nv_manifest_role *role = &p->file->manifest->roles[k];

            for (j = 0; j < i; j++) {
                if (!nv_manifest_role(rt->plugins[j]->file->manifest, role->kind, role->name))
                    continue;
                nv_conf_fail(
                    p->conf, NAVE_EEXIST, p->id,
                    "plugins \"%s\" and \"%s\" both have a %s named \"%s\", so that the name "
                    "does not say which; take one of them out",
                    rt->plugins[j]->id, p->id, role->kind, role->name);
                err = NAVE_ECONFIG;
            }
        }
    }
    return err;
}

/* "$use" must name services that the plugin needs. */
static nave_err check_use(struct nv_plugin *p)
{
    struct nave_conf *use = nave_conf_get(p->conf, "$use");
    const struct nv_manifest *m = p->file->manifest;
    nave_err err = NAVE_OK;
    size_t i;
    uint32_t n;

    for (i = 0; i < nave_conf_count(use); i++) {
        struct nave_str key = {NULL, 0};
        struct nave_conf *value = nave_conf_at(use, i, &key);
        struct nv_near near;
        char hint[NV_NEAR_HINT_MAX];

        nv_near_init(&near, key);
        for (n = 0; n < m->need_count; n++) {
            nv_near_try(&near, m->needs[n].id, strlen(m->needs[n].id));
            if (strlen(m->needs[n].id) == key.len && memcmp(m->needs[n].id, key.ptr, key.len) == 0)
                break;
        }
        if (n < m->need_count)
            continue;
        nv_conf_fail(value, NAVE_ENOTFOUND, p->id, "plugin \"%s\" does not need \"%.*s\"%s", p->id,
                     (int)key.len, key.ptr, nv_near_hint(&near, hint));
        err = NAVE_ECONFIG;
    }
    return err;
}

nave_err nv_registry_resolve(struct nave_runtime *rt, int32_t is_complete)
{
    nave_err err = check_roles(rt), one;
    uint32_t i, n;

    for (i = 0; i < rt->plugin_count; i++) {
        struct nv_plugin *p = rt->plugins[i];

        one = check_use(p);
        if (one)
            err = one;
        for (n = 0; n < p->file->manifest->need_count; n++) {
            one = resolve_need(p, n, is_complete);
            if (one)
                err = one;
        }
    }
    one = check_cycle(rt);
    return one ? one : err;
}

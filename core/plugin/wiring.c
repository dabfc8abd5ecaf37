/* SPDX-License-Identifier: MIT
 *
 * Names are looked up in manifests, so that a wrong one is found without code; door.c makes what they
 * stand for.
 */
#include "wiring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "conf/options.h"
#include "runtime/roles.h"
#include "runtime/runtime.h"
#include "base/value.h"

#define HANDLERS_SHOWN 6u

NAVE_OPTION_TABLE(listener_table, nv_listener_conf, NV_LISTENER_CONF)

const struct nave_option_table *nv_listener_table(void)
{
    return listener_table();
}

/* --- resolving ------------------------------------------------------------------------------- */

struct wiring {
    struct nave_runtime *rt;
    const char *unread;
};

/* A role that a listener names, and the plugin that has it. */
struct taken {
    struct nv_plugin
        *plugin; /* NULL: refused and reported, or of a plugin that could not be read */
    const struct nv_manifest_role *role;
};

/* Find role `word` of `kind` for a listener; *out_name is for free(). Errors: NAVE_ENOMEM. */
static nave_err take_role(const struct wiring *g, struct nave_conf *at, const char *kind,
                          const char *iface, struct nave_str word, char **out_name,
                          struct taken *out)
{
    const struct nv_manifest_role *role = NULL;
    char hint[NV_NEAR_HINT_MAX];
    struct nv_plugin *p;
    char *name;

    *out = (struct taken){NULL, NULL};
    if (!word.len || word.len > NV_ROLE_NAME_MAX) {
        nv_conf_fail(at, NAVE_ECONFIG, NULL, "the name of a %s has 1 to %u bytes", kind,
                     NV_ROLE_NAME_MAX);
        return NAVE_OK;
    }
    name = strndup(word.ptr, word.len);
    if (!name)
        return NAVE_ENOMEM;
    *out_name = name;
    p = nv_role_find(g->rt, kind, name, &role, hint);
    if (!p) {
        if (!nv_role_is_unread(g->unread, name))
            nv_role_fail_unknown(g->rt, at, NULL, kind, name, hint);
        return NAVE_OK;
    }
    if (iface && strcmp(role->iface, iface) != 0) {
        nv_conf_fail(at, NAVE_EMAJOR, p->id,
                     "%s \"%s\" of plugin \"%s\" is a \"%s\", and this host works with \"%s\"; use "
                     "a version of the plugin for this host",
                     kind, name, p->id, role->iface, iface);
        return NAVE_OK;
    }
    *out = (struct taken){p, role};
    return NAVE_OK;
}

/* Text item `i` of list `list`, which may be NULL. 0: it is none, reported. */
static int32_t text_item(struct nave_conf *list, size_t i, struct nave_conf **out_item,
                         struct nave_str *out_text)
{
    *out_item = nave_conf_at(list, i, NULL);
    if ((*out_item)->api->text(*out_item, out_text) == NAVE_OK)
        return 1;
    nv_conf_fail(*out_item, NAVE_ECONFIG, NULL, "this is a list of names, and %s is none",
                 nv_conf_kind_text(nave_conf_kind(*out_item)));
    return 0;
}

static int32_t is_list(struct nave_conf *c)
{
    if (!c || nave_conf_kind(c) == NAVE_CONF_LIST)
        return 1;
    nv_conf_fail(c, NAVE_ECONFIG, NULL, "this is a list of names, such as [\"http1\"], not %s",
                 nv_conf_kind_text(nave_conf_kind(c)));
    return 0;
}

static nave_err take_layers(const struct wiring *g, struct nv_listener *l, struct taken *used,
                            uint32_t *count)
{
    struct nave_conf *list = l->conf.layers, *item;
    nave_err err = NAVE_OK;
    struct nave_str word;
    size_t i;

    if (!is_list(list))
        return NAVE_OK;
    if (nave_conf_count(list) > NV_LAYERS_MAX) {
        nv_conf_fail(list, NAVE_ECONFIG, NULL, "a listener has at most %u layers", NV_LAYERS_MAX);
        return NAVE_OK;
    }
    for (i = 0; i < nave_conf_count(list) && !err; i++)
        if (text_item(list, i, &item, &word))
            err = take_role(g, item, "layer", NAVE_PROTOCOL_ID, word, &l->layers[l->layer_count++],
                            &used[(*count)++]);
    return err;
}

static nave_err take_protocol(const struct wiring *g, struct nv_listener *l, struct taken *out)
{
    struct nave_conf *list = l->conf.protocols, *item;
    struct nave_str word;

    if (!is_list(list))
        return NAVE_OK;
    if (nave_conf_count(list) != 1) {
        nv_conf_fail(list ? list : l->at, NAVE_ECONFIG, NULL,
                     "a listener has one protocol: \"protocols\": [\"http1\"]");
        return NAVE_OK;
    }
    if (!text_item(list, 0, &item, &word))
        return NAVE_OK;
    return take_role(g, item, "protocol", NAVE_PROTOCOL_ID, word, &l->protocol, out);
}

/* The names of handlers that are a `iface`, as the end of a sentence. */
static const char *handlers_of(const struct nave_runtime *rt, const char *iface, char *text,
                               size_t size)
{
    uint32_t i, k, count = 0;
    size_t len = 0;

    text[0] = '\0';
    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_manifest *m = rt->plugins[i]->file->manifest;

        for (k = 0; k < m->role_count; k++) {
            const struct nv_manifest_role *r = &m->roles[k];

            if (strcmp(r->kind, "handler") != 0 || strcmp(r->iface, iface) != 0)
                continue;
            if (count++ < HANDLERS_SHOWN && len < size)
                len += (size_t)snprintf(text + len, size - len, "%s\"%s\"",
                                        len ? ", " : "; such handlers here: ", r->name);
        }
    }
    if (!count)
        snprintf(text, size, "; no plugin of this file has such a handler");
    else if (count > HANDLERS_SHOWN && len < size)
        snprintf(text + len, size - len, ", ...");
    return text;
}

/* What a protocol hands on to must be what the handler is: both say it in their manifests. */
static void check_handler(const struct wiring *g, const struct nv_listener *l,
                          const struct taken *protocol, const struct taken *handler)
{
    const char *next = protocol->role->next;
    char such[HANDLERS_SHOWN * (NV_ROLE_NAME_MAX + 4u) + 32];

    if (!next) {
        if (l->conf.handler)
            nv_conf_fail(l->conf.handler, NAVE_EINVAL, protocol->plugin->id,
                         "protocol \"%s\" of plugin \"%s\" hands on to no handler; take this out",
                         protocol->role->name, protocol->plugin->id);
        return;
    }
    if (!l->conf.handler)
        nv_conf_fail(l->at, NAVE_ENOTFOUND, protocol->plugin->id,
                     "protocol \"%s\" hands on to a handler that is a \"%s\": give the listener "
                     "a \"handler\"%s",
                     protocol->role->name, next, handlers_of(g->rt, next, such, sizeof(such)));
    else if (handler->role && strcmp(handler->role->iface, next) != 0)
        nv_conf_fail(l->conf.handler, NAVE_EINVAL, handler->plugin->id,
                     "handler \"%s\" of plugin \"%s\" is a \"%s\", and protocol \"%s\" hands on "
                     "to a \"%s\"%s",
                     handler->role->name, handler->plugin->id, handler->role->iface,
                     protocol->role->name, next, handlers_of(g->rt, next, such, sizeof(such)));
}

static nave_err take_handler(const struct wiring *g, struct nv_listener *l,
                             const struct taken *protocol, struct taken *out)
{
    struct nave_conf *at = l->conf.handler;
    struct nave_str word;
    nave_err err = NAVE_OK;

    if (at && at->api->text(at, &word) == NAVE_OK)
        err = take_role(g, at, "handler", NULL, word, &l->handler, out);
    else if (at)
        nv_conf_fail(at, NAVE_ECONFIG, NULL, "this is the name of a handler, a text, not %s",
                     nv_conf_kind_text(nave_conf_kind(at)));
    if (!err && protocol->role)
        check_handler(g, l, protocol, out);
    return err;
}

/* Check that no listener before has the name of `l`. */
static void check_name(const struct nave_runtime *rt, const struct nv_listener *l)
{
    const struct nv_listener *other;

    for (other = rt->listeners; other < l; other++)
        if (l->conf.name.len && other->conf.name.len == l->conf.name.len &&
            memcmp(other->conf.name.ptr, l->conf.name.ptr, l->conf.name.len) == 0)
            nv_conf_fail(nave_conf_get(l->at, "name"), NAVE_EEXIST, NULL,
                         "there is a listener named \"%.*s\" already", (int)l->conf.name.len,
                         l->conf.name.ptr);
}

/* What can be read of a listener whose keys were refused, so that its names are checked as well. */
static void salvage(struct nv_listener *l)
{
    struct nave_conf *name = nave_conf_get(l->at, "name");
    struct nave_conf *bind = nave_conf_get(l->at, "bind");

    /* Another kind was reported; the text stays empty then. */
    if (name)
        (void)name->api->text(name, &l->conf.name);
    if (bind)
        (void)bind->api->text(bind, &l->conf.bind);
    l->conf.handler = nave_conf_get(l->at, "handler");
    l->conf.layers = nave_conf_get(l->at, "layers");
    l->conf.protocols = nave_conf_get(l->at, "protocols");
}

static nave_err read_listener(const struct wiring *g, struct nv_listener *l)
{
    const struct nv_options_owner owner = {"a listener", NULL, l->at};
    struct taken transport = {NULL, NULL}, protocol = transport, handler = transport;
    struct taken layers[NV_LAYERS_MAX] = {{NULL, NULL}};
    struct nv_graph *graph = &g->rt->graph;
    struct nv_address address;
    uint32_t layer_count = 0, i;
    nave_err err;

    if (nave_conf_kind(l->at) != NAVE_CONF_OBJECT) {
        nv_conf_fail(l->at, NAVE_ECONFIG, NULL, "a listener is an object, and this is %s",
                     nv_conf_kind_text(nave_conf_kind(l->at)));
        return NAVE_OK;
    }
    err = nv_options_fill(listener_table(), l->at, &l->conf, &g->rt->report, &owner);
    if (err == NAVE_ENOMEM)
        return err;
    if (err)
        salvage(l);
    err = NAVE_OK;
    check_name(g->rt, l);
    if (l->conf.name.ptr) {
        l->name = strndup(l->conf.name.ptr, l->conf.name.len);
        if (!l->name)
            return NAVE_ENOMEM;
    }
    /* What is no address was reported. */
    if (l->conf.bind.ptr && nv_value_address(l->conf.bind, &address) == NAVE_OK) {
        l->rest = address.rest;
        err = take_role(g, nave_conf_get(l->at, "bind"), "transport", NAVE_TRANSPORT_ID,
                        address.scheme, &l->scheme, &transport);
    }
    if (!err)
        err = take_layers(g, l, layers, &layer_count);
    if (!err)
        err = take_protocol(g, l, &protocol);
    if (!err)
        err = take_handler(g, l, &protocol, &handler);
    if (err || !protocol.plugin)
        return err;
    if (handler.plugin)
        (void)nv_graph_prefer(graph, protocol.plugin->index, handler.plugin->index);
    if (transport.plugin)
        (void)nv_graph_prefer(graph, protocol.plugin->index, transport.plugin->index);
    for (i = 0; i < layer_count; i++)
        if (layers[i].plugin)
            (void)nv_graph_prefer(graph, protocol.plugin->index, layers[i].plugin->index);
    return NAVE_OK;
}

nave_err nv_wiring_resolve(struct nave_runtime *rt, struct nave_conf *listeners, const char *unread)
{
    const struct wiring g = {rt, unread};
    size_t i, count = nave_conf_count(listeners);
    nave_err err = NAVE_OK;

    if (count > NV_LISTENERS_MAX) {
        nv_conf_fail(listeners, NAVE_ECONFIG, NULL, "there are %zu listeners, and %u are the most",
                     count, NV_LISTENERS_MAX);
        return NAVE_ECONFIG;
    }
    rt->listeners = calloc(count + 1, sizeof(*rt->listeners));
    if (!rt->listeners)
        return NAVE_ENOMEM;
    for (i = 0; i < count && !err; i++) {
        struct nv_listener *l = &rt->listeners[rt->listener_count++];

        l->at = nave_conf_at(listeners, i, NULL);
        err = read_listener(&g, l);
    }
    return err;
}

void nv_wiring_unresolve(struct nave_runtime *rt)
{
    while (rt->listener_count > 0) {
        struct nv_listener *l = &rt->listeners[--rt->listener_count];

        while (l->layer_count > 0)
            free(l->layers[--l->layer_count]);
        free(l->protocol);
        free(l->handler);
        free(l->scheme);
        free(l->name);
    }
    free(rt->listeners);
    rt->listeners = NULL;
}

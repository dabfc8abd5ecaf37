/* SPDX-License-Identifier: MIT
 *
 * transport.listen(next = layers ... (next = protocol (next = handler))). Handles are made from the
 * far end to the wire, each told of the one behind it, and given back from the wire to the far end:
 * `made` is a stack. Names are looked up in manifests, so that a wrong one is found without code.
 */
#include "wiring.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle.h"
#include "near.h"
#include "options.h"
#include "runtime.h"
#include "value.h"

#define NAME_MAX_BYTES 96u
#define HANDLERS_SHOWN 6u

NAVE_OPTION_TABLE(listener_table, nv_listener_conf, NV_LISTENER_CONF)

/* --- names ----------------------------------------------------------------------------------- */

/* The plugin that has role `name` of `kind`, or NULL with the nearest name in `hint`. */
static struct nv_plugin *find_role(const struct nave_runtime *rt, const char *kind,
                                   const char *name, const struct nv_manifest_role **out_role,
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

static void fail_no_role(struct nave_runtime *rt, struct nave_conf *at, const char *plugin,
                         const char *kind, const char *name, const char *hint)
{
    struct nv_place place = {.plugin = plugin};

    if (at)
        nv_conf_fail(at, NAVE_ENOTFOUND, plugin, "no plugin of this file has a %s named \"%s\"%s%s",
                     kind, name, hint, hint[0] ? "" : "; add one that does under \"plugins\"");
    else
        nv_report_error(&rt->report, NAVE_ENOTFOUND, &place,
                        "no plugin of this file has a %s named \"%s\"%s", kind, name, hint);
}

/* 1: `name` is a line of `unread`. */
static int32_t is_unread(const char *unread, const char *name)
{
    char line[NAME_MAX_BYTES + 3];

    snprintf(line, sizeof(line), "\n%s\n", name);
    return unread && strstr(unread, line) != NULL;
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
    if (!word.len || word.len > NAME_MAX_BYTES) {
        nv_conf_fail(at, NAVE_ECONFIG, NULL, "the name of a %s has 1 to %u bytes", kind,
                     NAME_MAX_BYTES);
        return NAVE_OK;
    }
    name = strndup(word.ptr, word.len);
    if (!name)
        return NAVE_ENOMEM;
    *out_name = name;
    p = find_role(g->rt, kind, name, &role, hint);
    if (!p) {
        if (!is_unread(g->unread, name))
            fail_no_role(g->rt, at, NULL, kind, name, hint);
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
    char such[HANDLERS_SHOWN * (NAME_MAX_BYTES + 4u) + 32];

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
    }
    free(rt->listeners);
    rt->listeners = NULL;
}

/* --- listening ------------------------------------------------------------------------------- */

static int32_t is_listener(const void *arg, struct nave_str name)
{
    const struct nave_runtime *rt = arg;
    uint32_t i;

    for (i = 0; i < rt->listener_count; i++)
        if (rt->listeners[i].conf.name.len == name.len &&
            memcmp(rt->listeners[i].conf.name.ptr, name.ptr, name.len) == 0)
            return 1;
    return 0;
}

/* The handles of one listener: where streams go first, and what they come from. */
static nave_err make_chain(struct nave_runtime *rt, struct nv_listener *l,
                           struct nave_handle **out_first, struct nave_handle **out_transport)
{
    struct nave_handle *handle = NULL, *transport = NULL;
    nave_err err = NAVE_OK;
    uint32_t i;

    /* A listener names its roles; it has no options for them. */
    if (l->handler)
        err = nv_role_make(rt, NULL, "handler", l->handler, NULL, l->conf.handler, NULL,
                           l->conf.name, &handle);
    if (!err)
        err = nv_role_make(rt, NULL, "protocol", l->protocol, NULL,
                           nave_conf_at(l->conf.protocols, 0, NULL), handle, l->conf.name, &handle);
    for (i = l->layer_count; i-- > 0 && !err;)
        err = nv_role_make(rt, NULL, "layer", l->layers[i], NULL,
                           nave_conf_at(l->conf.layers, i, NULL), handle, l->conf.name, &handle);
    if (!err)
        err = nv_role_make(rt, NULL, "transport", l->scheme, NULL, nave_conf_get(l->at, "bind"),
                           NULL, l->conf.name, &transport);
    if (!err) {
        *out_first = handle;
        *out_transport = transport;
    }
    return err;
}

static nave_err listen_one(struct nave_runtime *rt, struct nv_listener *l)
{
    struct nave_listen_args args = {.size = sizeof(args)};
    struct nave_handle *handle = NULL, *transport = NULL;
    nave_err err = make_chain(rt, l, &handle, &transport);
    uint64_t errors;

    if (err)
        return err;
    args.address = l->rest;
    args.name = l->conf.name;
    args.next = (struct nave_protocol *)(void *)handle;
    args.conf = l->at;
    args.inherited_count = nv_inherit_offer(&rt->inherited, l->conf.name, NULL, is_listener, rt);
    args.inherited = args.inherited_count ? rt->inherited.offer : NULL;
    errors = nv_report_errors(&rt->report);
    err = ((struct nave_transport *)(void *)transport)
              ->api->listen((struct nave_transport *)(void *)transport, &args, &l->handle);
    if (err && nv_report_errors(&rt->report) == errors)
        nv_conf_fail(nave_conf_get(l->at, "bind"), err, NULL, "cannot listen on %.*s: %s",
                     (int)l->conf.bind.len, l->conf.bind.ptr, nave_err_text(err));
    if (!err)
        l->inherited = nv_inherit_settle(&rt->inherited, args.inherited_count, l->handle);
    return err == NAVE_ESYNTAX ? NAVE_ECONFIG : err; /* the file is wrong, not the world */
}

nave_err nv_wiring_rehearse(struct nave_runtime *rt)
{
    struct nave_handle *first, *transport;
    nave_err err = NAVE_OK;
    uint32_t i;

    for (i = 0; i < rt->listener_count && !err; i++)
        err = make_chain(rt, &rt->listeners[i], &first, &transport);
    return err;
}

nave_err nv_wiring_listen(struct nave_runtime *rt)
{
    nave_err err = NAVE_OK;
    uint32_t i;

    for (i = 0; i < rt->listener_count && !err; i++)
        err = listen_one(rt, &rt->listeners[i]);
    if (!err)
        nv_inherit_close_unused(&rt->inherited, &rt->report);
    return err;
}

void nv_wiring_unlisten(struct nave_runtime *rt)
{
    struct nv_made *m, *next;
    uint32_t i;

    for (i = rt->listener_count; i-- > 0;) {
        struct nv_listener *l = &rt->listeners[i];

        if (l->handle) {
            nv_inherit_release(&rt->inherited, l->handle);
            l->handle->api->destroy(l->handle);
        }
        l->handle = NULL;
    }
    for (m = rt->made; m; m = next) { /* newest first: each before what it hands on to */
        next = m->next;
        if (!m->user)
            nv_role_unmake(rt, NULL, m->handle);
    }
}

void nv_wiring_announce(struct nave_runtime *rt)
{
    uint32_t i;

    for (i = 0; i < rt->listener_count; i++) {
        const struct nv_listener *l = &rt->listeners[i];
        struct nave_addr addr = {.family = NAVE_ADDR_NONE};
        char host[INET6_ADDRSTRLEN + 2] = "";
        nave_err err = l->handle->api->address(l->handle, &addr);
        int32_t is_ip6 = addr.family == NAVE_ADDR_IP6;
        const char *how = l->inherited ? ", inherited" : "";

        if (!err && (is_ip6 || addr.family == NAVE_ADDR_IP4) &&
            inet_ntop(is_ip6 ? AF_INET6 : AF_INET, addr.bytes, host, sizeof(host)))
            nv_report_log(&rt->report, NAVE_LOG_INFO, NULL,
                          "listening on %s://%s%s%s:%u (listener %.*s%s)", l->scheme,
                          is_ip6 ? "[" : "", host, is_ip6 ? "]" : "", addr.port,
                          (int)l->conf.name.len, l->conf.name.ptr, how);
        else
            nv_report_log(&rt->report, NAVE_LOG_INFO, NULL, "listening on %.*s (listener %.*s%s)",
                          (int)l->conf.bind.len, l->conf.bind.ptr, (int)l->conf.name.len,
                          l->conf.name.ptr, how);
    }
}

/* --- roles ----------------------------------------------------------------------------------- */

static const struct nave_role *role_of(const struct nv_plugin *p, const char *kind,
                                       const char *name)
{
    const struct nave_role *const *r;

    for (r = p->file->desc->roles; r && *r; r++)
        if (strcmp((*r)->kind, kind) == 0 && strcmp((*r)->name, name) == 0)
            return *r;
    return NULL;
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
    struct nv_plugin *maker = find_role(rt, kind, name, &found, hint);
    const struct nave_role *role = maker ? role_of(maker, kind, name) : NULL;
    struct nv_made *m;
    nave_err err;

    if (!role) {
        fail_no_role(rt, at, user ? user->id : NULL, kind, name, maker ? "" : hint);
        return NAVE_ENOTFOUND;
    }
    if (rt->make_depth >= NV_MAKE_DEPTH_MAX) {
        nv_conf_fail(at, NAVE_ELIMIT, maker->id,
                     "roles are made inside each other %u deep, the most", NV_MAKE_DEPTH_MAX);
        return NAVE_ELIMIT;
    }
    m = calloc(1, sizeof(*m));
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
        free(m->options);
        free(m);
        return err;
    }
    if (user && user != maker)
        (void)nv_graph_prefer(&rt->graph, user->index, maker->index);
    m->next = rt->made;
    rt->made = m;
    *out_handle = m->handle;
    return NAVE_OK;
}

/* Take `*link` out of the list and give its handle back. */
static void unmake(struct nv_made **link)
{
    struct nv_made *m = *link;
    enum nv_plugin_call call = m->maker->call;

    *link = m->next;
    m->maker->call = NV_CALL_UNMAKE;
    m->role->unmake(m->maker->self, m->handle);
    m->maker->call = call;
    free(m->options);
    free(m);
}

void nv_role_unmake(struct nave_runtime *rt, struct nv_plugin *user, struct nave_handle *handle)
{
    struct nv_made **link;

    for (link = &rt->made; *link; link = &(*link)->next)
        if ((*link)->user == user && (*link)->handle == handle) {
            unmake(link);
            return;
        }
}

void nv_role_unmake_all(struct nave_runtime *rt, struct nv_plugin *p, int32_t is_maker)
{
    struct nv_made **link = &rt->made;

    while (*link) {
        struct nv_made *m = *link;

        if (is_maker ? m->maker != p || m->user == p : m->user != p) {
            link = &m->next;
            continue;
        }
        if (!is_maker)
            nv_report_log(&rt->report, NAVE_LOG_WARN, p->id,
                          "plugin \"%s\" did not give back %s \"%s\"", p->id, m->role->kind,
                          m->role->name);
        if (m->maker->self) {
            unmake(link);
            link = &rt->made; /* unmake may give back what it made itself */
        } else {
            *link = m->next; /* of its own, and it is gone */
            free(m->options);
            free(m);
        }
    }
}

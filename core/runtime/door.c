/* SPDX-License-Identifier: MIT
 *
 * transport.listen(next = gate (next = layers ... (next = protocol (next = handler)))). Handles are
 * made from the far end to the wire and given back from the wire to the far end.
 */
#include "door.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "roles.h"
#include "runtime.h"
#include "world/world_net.h"

struct nave_protocol *nv_chain_first(const struct nv_chain *c)
{
    return (struct nave_protocol *)(void *)(c->layer_count ? c->layers[c->layer_count - 1]
                                                           : c->protocol);
}

nave_err nv_chain_make_handler(struct nave_runtime *rt, const struct nv_listener *l,
                               struct nave_handle **out_handler)
{
    *out_handler = NULL;
    if (!l->handler)
        return NAVE_OK;
    return nv_role_make(rt, NULL, "handler", l->handler, NULL, l->conf.handler, NULL, l->conf.name,
                        out_handler);
}

void nv_chain_unmake(struct nave_runtime *rt, struct nv_chain *c)
{
    while (c->layer_count > 0)
        nv_role_unmake(rt, NULL, c->layers[--c->layer_count]);
    if (c->protocol)
        nv_role_unmake(rt, NULL, c->protocol);
    if (c->handler)
        nv_role_unmake(rt, NULL, c->handler);
    c->protocol = c->handler = NULL;
}

nave_err nv_chain_make(struct nave_runtime *rt, const struct nv_listener *l,
                       struct nv_chain *out_chain)
{
    struct nv_chain c = {0};
    struct nave_handle *next;
    uint32_t i;
    nave_err err = nv_chain_make_handler(rt, l, &c.handler);

    if (!err)
        err = nv_role_make(rt, NULL, "protocol", l->protocol, NULL,
                           nave_conf_at(l->conf.protocols, 0, NULL), c.handler, l->conf.name,
                           &c.protocol);
    next = c.protocol;
    for (i = l->layer_count; i > 0 && !err; i--) {
        err = nv_role_make(rt, NULL, "layer", l->layers[i - 1], NULL,
                           nave_conf_at(l->conf.layers, i - 1, NULL), next, l->conf.name, &next);
        if (!err)
            c.layers[c.layer_count++] = next;
    }
    if (err)
        nv_chain_unmake(rt, &c);
    else
        *out_chain = c;
    return err;
}

/* 1: a listener is named `name`. */
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

/* In a world no transport of a plugin is asked. */
static nave_err listen_at(struct nave_runtime *rt, struct nv_door *d,
                          const struct nave_listen_args *args)
{
    struct nave_transport *transport = (struct nave_transport *)(void *)d->transport;

    if (rt->world)
        return nv_world_listen(rt->world, args, &d->listener);
    return transport->api->listen(transport, args, &d->listener);
}

static nave_err listen_on(struct nave_runtime *rt, const struct nv_listener *l, struct nv_door *d)
{
    struct nave_listen_args args = {.size = sizeof(args),
                                    .address = l->rest,
                                    .name = {d->name, strlen(d->name)},
                                    .next = &d->gate.pub,
                                    .conf = l->at};
    uint64_t errors = nv_report_errors(&rt->report);
    nave_err err;

    args.inherited_count = nv_inherit_offer(&rt->inherited, l->conf.name, is_listener, rt);
    args.inherited = args.inherited_count ? rt->inherited.offer : NULL;
    err = listen_at(rt, d, &args);
    if (err && nv_report_errors(&rt->report) == errors)
        nv_conf_fail(nave_conf_get(l->at, "bind"), err, NULL, "cannot listen on %.*s: %s",
                     (int)l->conf.bind.len, l->conf.bind.ptr, nave_err_text(err));
    if (!err)
        d->inherited = nv_inherit_settle(&rt->inherited, args.inherited_count, d->listener);
    return err == NAVE_ESYNTAX ? NAVE_ECONFIG : err; /* the file is wrong, not the world */
}

/* A door with all its handles, that does not listen yet. */
static nave_err make_door(struct nave_runtime *rt, const struct nv_listener *l,
                          struct nv_door **out_door)
{
    struct nv_door *d = calloc(1, sizeof(*d));
    struct nave_counter accepted = {NULL, 0, 0};
    nave_err err = NAVE_ENOMEM;

    if (d)
        d->name = strdup(l->name);
    if (!d || !d->name) {
        nv_conf_fail(l->at, err, NULL, "out of memory while making the listener");
        goto fail;
    }
    err = nv_chain_make(rt, l, &d->chain);
    if (err)
        goto fail;
    err = nv_role_make(rt, NULL, "transport", l->scheme, NULL, nave_conf_get(l->at, "bind"), NULL,
                       l->conf.name, &d->transport);
    if (err)
        goto fail;
    /* A listener that comes back with a reload goes on counting. After 1,024 names none is new. */
    err = nv_counters_get(&rt->accepted, rt->worker_count, d->name, NULL, &accepted);
    if (err != NAVE_ENOMEM)
        err = nv_gate_init(&d->gate, rt->worker_count, nv_chain_first(&d->chain), &accepted);
    if (err) {
        nv_conf_fail(l->at, err, NULL, "out of memory while making the listener");
        goto fail;
    }
    *out_door = d;
    return NAVE_OK;

fail:
    nv_door_close(rt, d);
    return err;
}

nave_err nv_door_open(struct nave_runtime *rt, const struct nv_listener *l,
                      struct nv_door **out_door)
{
    struct nv_door *d;
    nave_err err = make_door(rt, l, &d);

    if (err)
        return err;
    err = listen_on(rt, l, d);
    if (err)
        nv_door_close(rt, d);
    else
        *out_door = d;
    return err;
}

void nv_door_close(struct nave_runtime *rt, struct nv_door *d)
{
    if (!d)
        return;
    if (d->listener) {
        nv_inherit_release(&rt->inherited, d->listener);
        d->listener->api->destroy(d->listener);
    }
    if (d->transport)
        nv_role_unmake(rt, NULL, d->transport);
    nv_gate_fini(&d->gate);
    nv_chain_unmake(rt, &d->chain);
    free(d->name);
    free(d);
}

nave_err nv_serving_new(const struct nave_runtime *rt, uint32_t count,
                        struct nv_serving **out_serving)
{
    size_t order_bytes = (rt->plugin_count + 1u) * sizeof(uint32_t);
    struct nv_serving *s = calloc(1, sizeof(*s) + count * sizeof(struct nv_door *));

    if (!s)
        return NAVE_ENOMEM;
    s->order = malloc(order_bytes);
    if (!s->order) {
        free(s);
        return NAVE_ENOMEM;
    }
    memcpy(s->order, rt->order, order_bytes);
    s->count = count;
    *out_serving = s;
    return NAVE_OK;
}

void nv_serving_free(struct nv_serving *s)
{
    if (s)
        free(s->order);
    free(s);
}

/* A door by `open` for every listener. */
static nave_err open_all(struct nave_runtime *rt,
                         nave_err (*open)(struct nave_runtime *rt, const struct nv_listener *l,
                                          struct nv_door **out_door))
{
    nave_err err = nv_serving_new(rt, rt->listener_count, &rt->serving);
    uint32_t i;

    if (err)
        nv_report_error(&rt->report, err, NULL, "out of memory while starting");
    for (i = 0; i < rt->listener_count && !err; i++) {
        err = open(rt, &rt->listeners[i], &rt->listeners[i].door);
        rt->serving->doors[i] = rt->listeners[i].door;
    }
    return err;
}

nave_err nv_doors_open(struct nave_runtime *rt)
{
    nave_err err = open_all(rt, nv_door_open);

    if (!err)
        nv_inherit_close_unused(&rt->inherited, &rt->report);
    return err;
}

nave_err nv_doors_rehearse(struct nave_runtime *rt)
{
    return open_all(rt, make_door);
}

static void announce(struct nave_runtime *rt, const struct nv_listener *l, const struct nv_door *d)
{
    struct nave_addr addr = {.family = NAVE_ADDR_NONE};
    char host[INET6_ADDRSTRLEN + 2] = "";
    nave_err err = d->listener->api->address(d->listener, &addr);
    int32_t is_ip6 = addr.family == NAVE_ADDR_IP6;
    const char *how = d->inherited ? ", inherited" : "";

    if (!err && (is_ip6 || addr.family == NAVE_ADDR_IP4) &&
        inet_ntop(is_ip6 ? AF_INET6 : AF_INET, addr.bytes, host, sizeof(host)))
        nv_report_log(&rt->report, NAVE_LOG_INFO, NULL,
                      "listening on %s://%s%s%s:%u (listener %s%s)", l->scheme, is_ip6 ? "[" : "",
                      host, is_ip6 ? "]" : "", addr.port, d->name, how);
    else
        nv_report_log(&rt->report, NAVE_LOG_INFO, NULL, "listening on %.*s (listener %s%s)",
                      (int)l->conf.bind.len, l->conf.bind.ptr, d->name, how);
}

void nv_doors_announce(struct nave_runtime *rt)
{
    uint32_t i;

    for (i = 0; i < rt->listener_count; i++)
        announce(rt, &rt->listeners[i], rt->listeners[i].door);
}

void nv_doors_close(struct nave_runtime *rt)
{
    uint32_t i;

    for (i = rt->serving ? rt->serving->count : 0; i-- > 0;)
        nv_door_close(rt, rt->serving->doors[i]);
    for (i = 0; i < rt->listener_count; i++)
        rt->listeners[i].door = NULL;
    nv_serving_free(rt->serving);
    rt->serving = NULL;
}

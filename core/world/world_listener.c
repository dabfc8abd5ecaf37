/* SPDX-License-Identifier: MIT
 *
 * The transport of a world: it listens at whatever a listener's "bind" says, and nothing else of the
 * machine is asked. Each worker has an acceptor, as with SO_REUSEPORT; which of them a connection comes
 * to is drawn. What is accepted with the handshake over and nobody there waits, as in a backlog.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "world_net.h"

#define ACCEPT_PAUSE (100 * NAVE_MSEC) /* of plugins/tcp, when descriptors run out */
#define PORT_FIRST   40000u
#define HOST_MAX     253u /* RFC 1035 2.3.4 */

static struct nv_world_listener *from_pub(struct nave_listener *pub)
{
    return (struct nv_world_listener *)(void *)pub;
}

/* --- addresses -------------------------------------------------------------------------------- */

/* The port behind the last colon of `text`; UINT32_MAX: there is none. */
static uint32_t port_of(struct nave_str text)
{
    uint32_t port = 0, scale = 1;
    size_t i = text.len;

    while (i > 0 && text.ptr[i - 1] >= '0' && text.ptr[i - 1] <= '9' && scale <= 10000) {
        port += (uint32_t)(text.ptr[--i] - '0') * scale;
        scale *= 10;
    }
    return i > 0 && i < text.len && text.ptr[i - 1] == ':' && port <= 65535 ? port : UINT32_MAX;
}

/* What stands before the port; a name that is no number is this machine. A text without a port is
 * another kind of address, and has no family. */
static void parse(struct nave_str text, struct nave_addr *out)
{
    char host[HOST_MAX + 1] = "";
    uint32_t port = port_of(text);
    size_t len = text.len;

    *out = (struct nave_addr){.family = NAVE_ADDR_NONE};
    if (port == UINT32_MAX)
        return;
    while (text.ptr[--len] != ':')
        ;
    out->port = (uint16_t)port;
    if (len > 1 && text.ptr[0] == '[' && len - 2 <= HOST_MAX) {
        memcpy(host, text.ptr + 1, len - 2);
        out->family = NAVE_ADDR_IP6;
        if (inet_pton(AF_INET6, host, out->bytes) == 1)
            return;
    }
    if (len <= HOST_MAX) {
        memcpy(host, text.ptr, len);
        host[len] = '\0';
    }
    out->family = NAVE_ADDR_IP4;
    if (len == 1 && host[0] == '*')
        memset(out->bytes, 0, sizeof(out->bytes));
    else if (inet_pton(AF_INET, host, out->bytes) != 1)
        memcpy(out->bytes, (const uint8_t[]){127, 0, 0, 1}, 4);
}

static int32_t is_any(const struct nave_addr *a)
{
    static const uint8_t none[16];

    return memcmp(a->bytes, none, sizeof(none)) == 0;
}

/* Who listens at `text`, or NULL. */
static struct nv_world_listener *find(const struct nv_world *world, struct nave_str text)
{
    struct nv_world_listener *l;
    struct nave_addr a;

    parse(text, &a);
    if (a.family != NAVE_ADDR_NONE && !a.port)
        return NULL; /* any free one */
    for (l = world->listeners; l; l = l->next) {
        if (strlen(l->text) == text.len && memcmp(l->text, text.ptr, text.len) == 0)
            return l;
        if (a.family != NAVE_ADDR_NONE && l->address.family != NAVE_ADDR_NONE &&
            a.port == l->address.port &&
            (is_any(&a) || is_any(&l->address) || memcmp(a.bytes, l->address.bytes, 16) == 0))
            return l;
    }
    return NULL;
}

static uint16_t free_port(struct nv_world *world)
{
    char text[32];
    struct nave_str s = {text, 0};

    do {
        s.len = (size_t)snprintf(text, sizeof(text), "*:%u",
                                 PORT_FIRST + (unsigned)(world->next_port++ % 4096));
    } while (find(world, s));
    return (uint16_t)port_of(s);
}

/* --- accepting -------------------------------------------------------------------------------- */

static nave_nsec due(const struct nv_world_acceptor *a)
{
    nave_nsec at;

    if (!a->pending)
        return NAVE_NEVER;
    at = a->pending->syn_ns;
    return at > a->rests_ns ? at : a->rests_ns;
}

/* Hand the first that waits to the protocol. 0: there is no room for it. */
static int32_t accept_one(struct nv_world_acceptor *a)
{
    struct nv_world_listener *l = a->listener;
    struct nv_world *world = l->world;
    struct nv_world_conn *c = a->pending;
    struct nave_accept_info info = {.worker = a->node.worker};
    struct nv_world_end *e = &c->server;

    if (nv_world_know(world, &e->node, a->node.worker))
        return 0;
    a->pending = c->next_pending;
    c->next_pending = NULL;
    e->flags |= NV_END_IS_OWNED | NV_END_WRITE;
    nv_world_end_take(e);
    nv_world_end_schedule(e);
    world->streams_open++;
    nv_world_mix(world, NV_WORLD_ACCEPT, c->id);
    l->protocol->api->accept(l->protocol, &e->pub, &info);
    return 1;
}

static void tell(struct nv_world_node *n)
{
    struct nv_world_acceptor *a = NAVE_CONTAINER_OF(n, struct nv_world_acceptor, node);
    struct nv_world *world = a->listener->world;

    while (a->is_started && due(a) <= world->now_ns)
        if (nv_world_fault(world, world->faults.no_files, NV_FAULT_NO_FILES) || !accept_one(a))
            a->rests_ns = world->now_ns + ACCEPT_PAUSE;
    if (a->is_started)
        nv_world_tell_at(world, n, due(a));
}

/* The server end of `c` will never be anybody's. */
static void turn_away(struct nv_world_conn *c, nave_err err, nave_nsec at_ns)
{
    nv_world_break(&c->client, err, at_ns);
    nv_world_end_drop(&c->server);
    c->server.flags |= NV_END_IS_CLOSED;
    nv_world_conn_release(c);
}

static void add_pending(struct nv_world_acceptor *a, struct nv_world_conn *c)
{
    struct nv_world_conn **at = &a->pending;

    while (*at && (*at)->syn_ns <= c->syn_ns)
        at = &(*at)->next_pending;
    c->next_pending = *at;
    *at = c;
    nv_world_tell_at(a->listener->world, &a->node, due(a));
}

nave_err nv_world_connect(struct nv_world *world, uint32_t index, struct nave_str address,
                          struct nave_stream **out_stream)
{
    struct nv_world_listener *l = find(world, address);
    struct nv_world_acceptor *a;
    struct nv_world_conn *c;
    nave_err err;
    uint32_t i, able = 0;

    if (!l)
        return NAVE_ENOTFOUND;
    if (nv_world_fault(world, world->faults.no_files, NV_FAULT_NO_FILES))
        return NAVE_ENOFILES;
    err = nv_world_conn_new(world, index, &c);
    if (err)
        return err;
    c->server_addr = l->address;
    c->listener = l->id;
    c->cut_ns = l->cut_ns;
    nv_world_may_part(c);
    c->syn_ns = nv_world_travel(c);
    if (nv_world_fault(world, world->faults.loss, NV_FAULT_LOSS))
        c->syn_ns += NAVE_SEC; /* a lost SYN is sent again after a second (RFC 6298 2.1) */
    c->client.room_ns = c->syn_ns + nv_world_latency(world);
    for (i = 0; i < world->count; i++)
        able += l->acceptors[i].is_started;
    if (c->cut_ns - world->now_ns > world->options.stall_ns ||
        nv_world_fault(world, world->faults.no_answer, NV_FAULT_NO_ANSWER)) {
        c->client.room_ns = NAVE_NEVER;
        turn_away(c, NAVE_ETIMEDOUT, world->now_ns + world->options.stall_ns);
    } else if (!able || nv_world_fault(world, world->faults.refuse, NV_FAULT_REFUSE)) {
        turn_away(c, NAVE_EREFUSED, c->client.room_ns);
    } else {
        able = nv_world_choose(world, able);
        for (a = l->acceptors; !a->is_started || able-- > 0; a++)
            ;
        add_pending(a, c);
    }
    nv_world_end_schedule(&c->client);
    *out_stream = &c->client.pub;
    return NAVE_OK;
}

/* --- partitions ------------------------------------------------------------------------------- */

static void part(struct nv_world *world, uint64_t listener, nave_nsec until_ns)
{
    struct nv_world_listener *l;
    struct nv_world_conn *c;

    for (l = world->listeners; l; l = l->next)
        if (l->id == listener)
            l->cut_ns = until_ns;
    for (c = world->conns; c; c = c->next)
        if (c->listener == listener)
            c->cut_ns = until_ns;
}

nave_err nv_world_partition(struct nv_world *world, struct nave_str address, nave_nsec for_ns)
{
    const struct nv_world_listener *l = find(world, address);

    if (!l)
        return NAVE_ENOTFOUND;
    part(world, l->id, world->now_ns + for_ns);
    return NAVE_OK;
}

void nv_world_may_part(struct nv_world_conn *c)
{
    struct nv_world *world = c->world;
    uint64_t most = (uint64_t)world->options.partition_ns;

    if (c->cut_ns <= world->now_ns &&
        nv_world_fault(world, world->faults.partition, NV_FAULT_PARTITION))
        part(world, c->listener, world->now_ns + 1 + (nave_nsec)nv_world_random(world, most));
}

/* --- the listener ----------------------------------------------------------------------------- */

static nave_err listener_start(struct nave_listener *pub, uint32_t worker)
{
    struct nv_world_listener *l = from_pub(pub);
    struct nv_world_acceptor *a = &l->acceptors[worker];
    nave_err err = NAVE_EAFFINITY;

    if (l->world->current == worker)
        err = nv_world_know(l->world, &a->node, worker);
    if (!err)
        a->is_started = 1;
    return err;
}

static void listener_stop(struct nave_listener *pub, uint32_t worker)
{
    struct nv_world_listener *l = from_pub(pub);
    struct nv_world_acceptor *a = &l->acceptors[worker];
    struct nv_world_conn *c;
    nave_nsec now = l->world->now_ns;

    if (!a->is_started)
        return;
    while (a->pending && a->pending->syn_ns <= now && accept_one(a))
        ;
    a->is_started = 0;
    while ((c = a->pending) != NULL) {
        a->pending = c->next_pending;
        if (c->syn_ns > now)
            turn_away(c, NAVE_EREFUSED, c->syn_ns + nv_world_latency(l->world));
        else
            turn_away(c, NAVE_ERESET, now + nv_world_latency(l->world));
    }
    nv_world_forget(l->world, &a->node);
}

static nave_err listener_address(struct nave_listener *pub, struct nave_addr *out)
{
    *out = from_pub(pub)->address;
    return NAVE_OK;
}

static void listener_destroy(struct nave_listener *pub)
{
    struct nv_world_listener *l = from_pub(pub), **at = &l->world->listeners;

    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    free(l->text);
    free(l);
}

static const struct nave_listener_iface listener_table = {
    .hdr = NAVE_IFACE(struct nave_listener_iface, NAVE_LISTENER_ID, 0, NAVE_IFACE_DRAFT),
    .start = listener_start,
    .stop = listener_stop,
    .address = listener_address,
    .destroy = listener_destroy,
};

nave_err nv_world_listen(struct nv_world *world, const struct nave_listen_args *args,
                         struct nave_listener **out_listener)
{
    struct nv_world_listener *l;
    uint32_t i;

    if (find(world, args->address))
        return NAVE_EADDRINUSE;
    l = calloc(1, sizeof(*l) + world->rt->worker_count * sizeof(l->acceptors[0]));
    if (!l)
        return NAVE_ENOMEM;
    l->text = strndup(args->address.ptr, args->address.len);
    if (!l->text) {
        free(l);
        return NAVE_ENOMEM;
    }
    l->pub.api = &listener_table;
    l->world = world;
    l->id = ++world->listener_count;
    l->protocol = args->next;
    parse(args->address, &l->address);
    if (l->address.family != NAVE_ADDR_NONE && !l->address.port)
        l->address.port = free_port(world);
    for (i = 0; i < world->rt->worker_count; i++) {
        l->acceptors[i].listener = l;
        l->acceptors[i].node.tell = tell;
        l->acceptors[i].node.worker = i;
    }
    l->next = world->listeners;
    world->listeners = l;
    *out_listener = &l->pub;
    return NAVE_OK;
}

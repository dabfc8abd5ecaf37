/* SPDX-License-Identifier: MIT
 *
 * Connections: segments on their way, failures on theirs, and the end of both. A connection lives until
 * both ends were closed; what is still on its way to an end that is closed is dropped.
 */
#include "world_net.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_FIRST \
    (200 * NAVE_MSEC)      /* a kernel's first retransmission (RFC 6298 has 1 s, Linux this) */
#define RETRIES_MAX 6u     /* in a row: 12.6 s in all                                        */
#define FIRST_PORT  49152u /* of clients: RFC 6335 6                                         */

void nv_world_net_fini(struct nv_world *world)
{
    while (world->conns) {
        struct nv_world_conn *c = world->conns;

        nv_world_end_drop(&c->client);
        nv_world_end_drop(&c->server);
        world->conns = c->next;
        free(c);
    }
}

nave_nsec nv_world_latency(struct nv_world *world)
{
    const struct nave_sim_options *o = &world->options;
    uint64_t range = (uint64_t)(o->latency_max_ns - o->latency_min_ns) + 1;

    return o->latency_min_ns + (nave_nsec)nv_world_random(world, range);
}

nave_nsec nv_world_travel(struct nv_world_conn *c)
{
    struct nv_world *world = c->world;
    nave_nsec from = world->now_ns;

    if (c->cut_ns > from) /* the first retransmission behind it */
        from = c->cut_ns + (nave_nsec)nv_world_random(world, RETRY_FIRST);
    return from + nv_world_latency(world);
}

static void init_end(struct nv_world_conn *c, struct nv_world_end *e, struct nv_world_end *peer)
{
    nv_world_end_init(e);
    e->conn = c;
    e->peer = peer;
    e->fail_ns = e->room_ns = e->call_ns = NAVE_NEVER;
}

nave_err nv_world_conn_new(struct nv_world *world, uint32_t index, struct nv_world_conn **out_conn)
{
    struct nv_world_conn *c = calloc(1, sizeof(*c));

    if (!c)
        return NAVE_ENOMEM;
    c->world = world;
    init_end(c, &c->client, &c->server);
    init_end(c, &c->server, &c->client);
    if (nv_world_know(world, &c->client.node, index)) {
        free(c);
        return NAVE_ENOMEM;
    }
    c->client.flags |= NV_END_IS_OWNED;
    world->streams_open++;
    c->id = world->conn_count++;
    c->client_addr = (struct nave_addr){.family = NAVE_ADDR_IP4,
                                        .port = (uint16_t)(FIRST_PORT + c->id % 16384),
                                        .bytes = {127, 0, 0, 1}};
    c->next = world->conns;
    c->link = &world->conns;
    if (c->next)
        c->next->link = &c->next;
    world->conns = c;
    *out_conn = c;
    return NAVE_OK;
}

void nv_world_conn_release(struct nv_world_conn *c)
{
    const struct nv_world_end *ends[2] = {&c->client, &c->server};
    uint32_t i;

    for (i = 0; i < 2; i++)
        if (!(ends[i]->flags & NV_END_IS_CLOSED) || (ends[i]->flags & NV_END_IS_BUSY))
            return;
    nv_world_end_drop(&c->client);
    nv_world_end_drop(&c->server);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    free(c);
}

void nv_world_end_drop(struct nv_world_end *e)
{
    while (e->first) {
        struct nv_world_segment *s = e->first;

        e->first = s->next;
        free(s);
    }
    e->last = NULL;
    e->in_flight = 0;
}

void nv_world_end_schedule(struct nv_world_end *e)
{
    const struct nv_world_segment *s = e->first;
    nave_nsec at = e->fail_ns;

    if (!e->node.is_known)
        return; /* not accepted yet, or closed */
    if (e->room_ns < at)
        at = e->room_ns;
    if (e->call_ns < at)
        at = e->call_ns;
    /* While READ is set a read finds by itself what has come. */
    if (s && s->at_ns < at && !(e->flags & NV_END_READ))
        at = s->at_ns;
    nv_world_tell_at(e->conn->world, &e->node, at);
}

void nv_world_break(struct nv_world_end *e, nave_err err, nave_nsec at_ns)
{
    if (e->flags & (NV_END_IS_CLOSED | NV_END_IS_FAILED) || e->fail_ns <= at_ns)
        return;
    e->fails = err;
    e->fail_ns = at_ns;
    nv_world_end_schedule(e);
}

/* Break both ends of the connection to `e`, as something between them does. */
static void cut(struct nv_world_end *e, nave_err err, nave_nsec after_ns)
{
    struct nv_world *world = e->conn->world;

    nv_world_break(e, err, world->now_ns + after_ns + nv_world_latency(world));
    nv_world_break(e->peer, err, world->now_ns + after_ns + nv_world_latency(world));
}

/* When what is sent to `e` now arrives. */
static nave_nsec arrival(struct nv_world_end *e)
{
    struct nv_world *world = e->conn->world;
    nave_nsec at, retry = RETRY_FIRST;
    uint32_t i;

    nv_world_may_part(e->conn);
    at = nv_world_travel(e->conn);
    for (i = 0; i < RETRIES_MAX && nv_world_fault(world, world->faults.loss, NV_FAULT_LOSS); i++) {
        at += retry;
        retry *= 2;
    }
    if (nv_world_fault(world, world->faults.stall, NV_FAULT_STALL) ||
        e->conn->cut_ns - world->now_ns > world->options.stall_ns) {
        e->conn->is_stalled = 1;
        cut(e, NAVE_ETIMEDOUT, world->options.stall_ns);
    }
    if (e->conn->is_stalled || e->last_ns == NAVE_NEVER)
        return NAVE_NEVER;
    return at > e->last_ns ? at : e->last_ns;
}

/* The connection is reset while `s`, the last segment, is on its way to `e`. Half of the time all that is
 * under way is lost, else it arrives up to a byte that is drawn, and the reset behind it. */
static void reset(struct nv_world_end *e, struct nv_world_segment *s)
{
    struct nv_world *world = e->conn->world;
    size_t lost;

    if (s->len && s->at_ns != NAVE_NEVER && nv_world_random(world, 2)) {
        lost = (size_t)nv_world_random(world, s->len);
        s->len -= lost;
        e->in_flight -= lost;
        /* What is sent from now on does not arrive: a gap must not be seen. */
        e->conn->is_stalled = 1;
        nv_world_break(e, NAVE_ERESET, s->at_ns + nv_world_latency(world));
        nv_world_break(e->peer, NAVE_ERESET, s->at_ns + nv_world_latency(world));
        return;
    }
    cut(e, NAVE_ERESET, 0);
}

nave_err nv_world_send(struct nv_world_end *e, const struct nave_bytes *pieces, size_t len)
{
    struct nv_world *world = e->conn->world;
    struct nv_world_segment *s = malloc(sizeof(*s) + len);
    size_t done = 0, part;

    if (!s)
        return NAVE_ENOMEM;
    *s = (struct nv_world_segment){.len = len};
    for (; done < len; pieces++) {
        part = pieces->len < len - done ? pieces->len : len - done;
        if (part)
            memcpy(s->bytes + done, pieces->data, part);
        done += part;
    }
    s->at_ns = e->last_ns = arrival(e);
    if (e->last)
        e->last->next = s;
    else
        e->first = s;
    e->last = s;
    e->in_flight += len;
    if (nv_world_fault(world, world->faults.reset, NV_FAULT_RESET))
        reset(e, s);
    nv_world_end_schedule(e);
    return NAVE_OK;
}

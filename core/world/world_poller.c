/* SPDX-License-Identifier: MIT
 *
 * What arrives at a virtual worker: a heap of nodes by time, and the poller that tells of those that
 * are due. Invariant: a node that is known has a place in both arrays, so that only nv_world_know can
 * fail.
 */
#include <stdlib.h>

#include "worker/worker_state.h"
#include "world.h"

/* --- nodes ----------------------------------------------------------------------------------- */

static void put(struct nv_world_worker *vw, uint32_t at, struct nv_world_node *n)
{
    vw->heap[at - 1] = n;
    n->heap_at = at;
}

static void sift(struct nv_world_worker *vw, struct nv_world_node *n, uint32_t at)
{
    while (at > 1 && vw->heap[at / 2 - 1]->at_ns > n->at_ns) {
        put(vw, at, vw->heap[at / 2 - 1]);
        at /= 2;
    }
    for (;;) {
        uint32_t child = at * 2;

        if (child > vw->heap_count)
            break;
        if (child < vw->heap_count && vw->heap[child]->at_ns < vw->heap[child - 1]->at_ns)
            child++;
        if (vw->heap[child - 1]->at_ns >= n->at_ns)
            break;
        put(vw, at, vw->heap[child - 1]);
        at = child;
    }
    put(vw, at, n);
}

static void heap_remove(struct nv_world_worker *vw, struct nv_world_node *n)
{
    uint32_t at = n->heap_at;
    struct nv_world_node *last;

    if (!at)
        return;
    n->heap_at = 0;
    last = vw->heap[--vw->heap_count];
    if (last != n)
        sift(vw, last, at);
}

nave_err nv_world_know(struct nv_world *world, struct nv_world_node *n, uint32_t worker)
{
    struct nv_world_worker *vw = &world->each[worker];

    if (vw->nodes == vw->room) {
        uint32_t room = vw->room * 2 + 16;
        struct nv_world_node **heap = realloc(vw->heap, room * sizeof(struct nv_world_node *));
        struct nv_world_node **told;

        if (!heap)
            return NAVE_ENOMEM;
        vw->heap = heap;
        told = realloc(vw->told, room * sizeof(struct nv_world_node *));
        if (!told)
            return NAVE_ENOMEM;
        vw->told = told;
        vw->room = room;
    }
    vw->nodes++;
    n->worker = worker;
    n->is_known = 1;
    return NAVE_OK;
}

static void told_remove(struct nv_world_worker *vw, struct nv_world_node *n)
{
    struct nv_world_node *last = vw->told[--vw->told_count];

    vw->told[n->told_at - 1] = last;
    last->told_at = n->told_at;
    n->told_at = 0;
}

void nv_world_forget(struct nv_world *world, struct nv_world_node *n)
{
    struct nv_world_worker *vw;

    if (!n->is_known)
        return;
    vw = &world->each[n->worker];
    heap_remove(vw, n);
    if (n->told_at)
        told_remove(vw, n);
    vw->nodes--;
    n->is_known = 0;
}

void nv_world_tell_at(struct nv_world *world, struct nv_world_node *n, nave_nsec at_ns)
{
    struct nv_world_worker *vw = &world->each[n->worker];

    if (n->told_at)
        return; /* it is told in this turn, and looks at all then */
    if (at_ns == NAVE_NEVER) {
        heap_remove(vw, n);
        return;
    }
    if (!n->heap_at)
        n->heap_at = ++vw->heap_count;
    n->at_ns = at_ns;
    sift(vw, n, n->heap_at);
}

/* --- the poller of a virtual worker ---------------------------------------------------------- */

static struct nv_world_worker *worker_of(const struct nv_poller *p)
{
    return (struct nv_world_worker *)(uintptr_t)p;
}

static nave_err world_create(void *arg, const char *backend, struct nv_poller **out_poller)
{
    (void)backend;
    *out_poller = arg;
    return NAVE_OK;
}

static void world_destroy(struct nv_poller *p)
{
    (void)p; /* the world's */
}

static size_t world_io_size(const struct nv_poller *p)
{
    (void)p;
    return sizeof(struct nv_poller_io);
}

static nave_err world_io_open(struct nv_poller *p, struct nv_poller_io *io, int64_t fd)
{
    (void)p;
    (void)io;
    (void)fd;
    return NAVE_EINVAL;
}

static void world_io_rearm(struct nv_poller *p, struct nv_poller_io *io, uint32_t directions)
{
    (void)p;
    (void)io;
    (void)directions;
}

static void world_io_close(struct nv_poller *p, struct nv_poller_io *io)
{
    (void)p;
    (void)io;
}

/* Never waits: who waits is parked by nv_world_step. What is due is told in an order that is drawn. */
static uint32_t world_poll(struct nv_poller *p, nave_nsec until_ns, void (*woke)(void *), void *arg)
{
    struct nv_world_worker *vw = worker_of(p);
    struct nv_world *world = vw->world;
    uint32_t n = 0;

    (void)until_ns;
    woke(arg);
    while (vw->heap_count && vw->heap[0]->at_ns <= world->now_ns) {
        struct nv_world_node *node = vw->heap[0];

        heap_remove(vw, node);
        vw->told[vw->told_count++] = node;
        node->told_at = vw->told_count;
    }
    while (vw->told_count) {
        struct nv_world_node *node = vw->told[nv_world_choose(world, vw->told_count)];

        told_remove(vw, node);
        nv_worker_calls(vw->worker);
        node->tell(node);
        nv_worker_micro(vw->worker);
        n++;
    }
    return n;
}

static void world_wake(struct nv_poller *p)
{
    worker_of(p)->is_woken = 1;
}

static nave_nsec world_now(struct nv_poller *p)
{
    return worker_of(p)->world->now_ns;
}

static nave_nsec world_wall(struct nv_poller *p)
{
    return nv_world_wall(worker_of(p)->world);
}

static const char *world_backend(const struct nv_poller *p)
{
    (void)p;
    return "simulation";
}

const struct nv_poller_ops nv_poller_world = {
    .name = "world",
    .create = world_create,
    .destroy = world_destroy,
    .io_size = world_io_size,
    .io_open = world_io_open,
    .io_rearm = world_io_rearm,
    .io_close = world_io_close,
    .poll = world_poll,
    .wake = world_wake,
    .now = world_now,
    .wall = world_wall,
    .backend = world_backend,
};

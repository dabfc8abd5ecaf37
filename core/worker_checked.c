/* SPDX-License-Identifier: MIT
 *
 * nave.worker/1 in checked mode (NAVE_CHECK=1): each call asserts the worker's thread, and that what
 * it is given belongs to the worker, then does what the raw table does. A breach names plugin and
 * call, and aborts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "worker_state.h"

static void breach(const struct nv_worker_handle *h, const char *call, const char *what)
{
    char text[256];

    snprintf(text, sizeof(text), "NAVE_CHECK: plugin %s: nave.worker/1 %s: %s (worker %u)",
             h->plugin_id, call, what, h->worker->index);
    if (h->worker->log)
        h->worker->log(h->worker->log_arg, 0, text);
    else
        fprintf(stderr, "%s\n", text);
    abort();
}

static struct nv_worker_handle *enter(struct nave_worker *pub, const char *call)
{
    struct nv_worker_handle *h = (struct nv_worker_handle *)(void *)pub;

    if (h->worker->is_attached && !nv_worker_is_here(h->worker))
        breach(h, call, "called from a thread that is not the worker's");
    return h;
}

/* Before each block; 16 bytes, so that the block stays aligned. */
struct guard {
    uint64_t size;
    uint64_t cookie; /* GUARD_LIVE mixed with the worker: a block of another one is seen */
};
#define GUARD_LIVE UINT64_C(0x4E415645A110C8ED)
NAVE_STATIC_ASSERT(sizeof(struct guard) == 16, "blocks are aligned to 16");

static void *checked_alloc(struct nave_worker *w, size_t size)
{
    struct nv_worker_handle *h = enter(w, "alloc");
    struct guard *g;

    if (size > SIZE_MAX - sizeof(*g))
        return NULL;
    g = nv_worker_table.alloc(w, size + sizeof(*g));
    if (!g)
        return NULL;
    g->size = size;
    g->cookie = GUARD_LIVE ^ (uint64_t)(uintptr_t)h->worker;
    return g + 1;
}

static void checked_free(struct nave_worker *w, void *ptr, size_t size)
{
    struct nv_worker_handle *h = enter(w, "free");

    struct guard *g;

    if (!ptr)
        return;
    g = (struct guard *)ptr - 1;
    if (g->cookie != (GUARD_LIVE ^ (uint64_t)(uintptr_t)h->worker))
        breach(h, "free", "this was not allocated on this worker, or is freed twice");
    if (g->size != size)
        breach(h, "free", "the size is not the one that was allocated");
    if (h->usage.allocs == 0)
        breach(h, "free", "more was freed than this plugin allocated here");
    g->cookie = 0;
    nv_worker_table.free(w, g, size + sizeof(*g));
}

/* 1: `t` is armed on another worker. Through another handle of this one is fine. */
static int32_t is_foreign(const struct nv_worker_handle *h, const struct nave_timer *t)
{
    return nave_timer_is_armed(t) &&
           ((const struct nv_worker_handle *)(const void *)t->worker)->worker != h->worker;
}

static void checked_timer_start(struct nave_worker *w, struct nave_timer *t, nave_nsec deadline_ns,
                                nave_timer_fn *fn, void *arg)
{
    struct nv_worker_handle *h = enter(w, "timer_start");

    if (!fn)
        breach(h, "timer_start", "fn is NULL");
    if (is_foreign(h, t))
        breach(h, "timer_start", "the timer is armed on another worker");
    nv_worker_table.timer_start(w, t, deadline_ns, fn, arg);
}

static void checked_timer_stop(struct nave_worker *w, struct nave_timer *t)
{
    struct nv_worker_handle *h = enter(w, "timer_stop");

    if (is_foreign(h, t))
        breach(h, "timer_stop", "the timer is armed on another worker");
    nv_worker_table.timer_stop(w, t);
}

static void checked_defer(struct nave_worker *w, struct nave_job *j)
{
    struct nv_worker_handle *h = enter(w, "defer");

    if (!j->run)
        breach(h, "defer", "run is NULL");
    nv_worker_table.defer(w, j);
}

static nave_err checked_post(struct nave_worker *w, struct nave_job *j)
{
    if (!j->run)
        breach((struct nv_worker_handle *)(void *)w, "post", "run is NULL");
    return nv_worker_table.post(w, j);
}

static nave_err checked_io_open(struct nave_worker *w, int64_t fd, nave_io_fn *fn, void *arg,
                                struct nave_io **out_io)
{
    struct nv_worker_handle *h = enter(w, "io_open");

    if (!fn || fd < 0)
        breach(h, "io_open", "no function or no descriptor");
    return nv_worker_table.io_open(w, fd, fn, arg, out_io);
}

static struct nave_worker *owner_of(struct nave_io *io)
{
    return &((struct nv_poller_io *)(void *)io)->owner->pub;
}

static void checked_io_rearm(struct nave_io *io, uint32_t directions)
{
    enter(owner_of(io), "io_rearm");
    nv_worker_table.io_rearm(io, directions);
}

static void checked_io_close(struct nave_io *io)
{
    struct nv_worker_handle *h = enter(owner_of(io), "io_close");

    if (h->usage.fds == 0)
        breach(h, "io_close", "closed twice");
    nv_worker_table.io_close(io);
}

static nave_err checked_future_new(struct nave_worker *w, const struct nave_future_iface *api,
                                   size_t frame_size, struct nave_future **out_future)
{
    struct nv_worker_handle *h = enter(w, "future_new");

    if (!api || !api->poll || !api->drop)
        breach(h, "future_new", "an empty slot in the future's table");
    return nv_worker_table.future_new(w, api, frame_size, out_future);
}

static void checked_future_drop(struct nave_worker *w, struct nave_future *f)
{
    enter(w, "future_drop");
    nv_worker_table.future_drop(w, f);
}

static nave_task_id checked_spawn(struct nave_worker *w, struct nave_future *f_take)
{
    enter(w, "spawn");
    return nv_worker_table.spawn(w, f_take);
}

static void checked_hold(struct nave_worker *w, const char *what)
{
    enter(w, "hold");
    nv_worker_table.hold(w, what);
}

static void checked_release(struct nave_worker *w, const char *what)
{
    struct nv_worker_handle *h = enter(w, "release");

    if (h->usage.holds == 0)
        breach(h, "release", "released more often than held");
    nv_worker_table.release(w, what);
}

const struct nave_worker_iface nv_worker_checked_table = {
    .hdr = NAVE_IFACE(struct nave_worker_iface, NAVE_WORKER_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = checked_alloc,
    .free = checked_free,
    .timer_start = checked_timer_start,
    .timer_stop = checked_timer_stop,
    .defer = checked_defer,
    .post = checked_post,
    .io_open = checked_io_open,
    .io_rearm = checked_io_rearm,
    .io_close = checked_io_close,
    .future_new = checked_future_new,
    .future_drop = checked_future_drop,
    .spawn = checked_spawn,
    .spawn_local = checked_spawn,
    .hold = checked_hold,
    .release = checked_release,
};

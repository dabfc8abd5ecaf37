/* SPDX-License-Identifier: MIT
 *
 * nave.worker/1: what plugins call, accounted to the handle they call through.
 */
#include <string.h>

#include "scope.h"
#include "task.h"
#include "worker_state.h"

/* Here and not in worker.c: the model of parking, which has that, has one for each of its threads. */
__thread struct nv_worker *nv_here;

static struct nv_worker_handle *handle_of(struct nave_worker *w)
{
    return (struct nv_worker_handle *)(void *)w;
}

static void *api_alloc(struct nave_worker *pub, size_t size)
{
    struct nv_worker_handle *h = handle_of(pub);
    void *p = nv_slab_alloc(&h->worker->slab, size);

    if (NAVE_LIKELY(p != NULL)) {
        nv_usage_add(&h->usage.bytes, size);
        nv_usage_add(&h->usage.allocs, 1);
    }
    return p;
}

static void api_free(struct nave_worker *pub, void *ptr, size_t size)
{
    struct nv_worker_handle *h = handle_of(pub);

    if (!ptr)
        return;
    nv_usage_add(&h->usage.bytes, -(uint64_t)size);
    nv_usage_add(&h->usage.allocs, (uint64_t)-1);
    nv_slab_free(&h->worker->slab, ptr, size);
}

/* Take an armed timer out, perhaps one that was armed through another handle of this worker. What may call
 * is the last: nothing is saved on the stack, so nothing waits there for a store to a line far away. */
static void disarm(struct nv_worker *w, struct nave_timer *t)
{
    nv_usage_add(&handle_of(t->worker)->usage.timers, (uint64_t)-1);
    nv_wheel_stop(&w->wheel, t);
}

static inline __attribute__((always_inline)) void arm(struct nave_worker *pub, struct nave_timer *t,
                                                      nave_nsec deadline_ns, nave_timer_fn *fn,
                                                      void *arg)
{
    struct nv_worker_handle *h = handle_of(pub);

    nv_usage_add(&h->usage.timers, 1);
    t->fn = fn;
    t->arg = arg;
    t->worker = pub;
    nv_wheel_start(&h->worker->wheel, t, deadline_ns);
}

static __attribute__((noinline)) void move(struct nave_worker *pub, struct nave_timer *t,
                                           nave_nsec deadline_ns, nave_timer_fn *fn, void *arg)
{
    disarm(handle_of(pub)->worker, t);
    arm(pub, t, deadline_ns, fn, arg);
}

static void api_timer_start(struct nave_worker *pub, struct nave_timer *t, nave_nsec deadline_ns,
                            nave_timer_fn *fn, void *arg)
{
    if (nave_timer_is_armed(t))
        move(pub, t, deadline_ns, fn, arg);
    else
        arm(pub, t, deadline_ns, fn, arg);
}

static void api_timer_stop(struct nave_worker *pub, struct nave_timer *t)
{
    if (nave_timer_is_armed(t))
        disarm(handle_of(pub)->worker, t);
}

static void api_defer(struct nave_worker *pub, struct nave_job *j)
{
    nv_jobs_push(&handle_of(pub)->worker->deferred, j);
}

static nave_err api_post(struct nave_worker *pub, struct nave_job *j)
{
    return nv_worker_post(handle_of(pub)->worker, j);
}

static nave_err api_io_open(struct nave_worker *pub, int64_t fd, nave_io_fn *fn, void *arg,
                            struct nave_io **out_io)
{
    struct nv_worker_handle *h = handle_of(pub);
    struct nv_worker *w = h->worker;
    char *block;
    struct nv_poller_io *io;
    nave_err err;

    if (!nv_worker_is_here(w))
        return NAVE_EAFFINITY;
    block = nv_slab_alloc(&w->slab, w->io_guard + w->io_size);
    if (!block)
        return NAVE_ENOMEM;
    io = (struct nv_poller_io *)(void *)(block + w->io_guard);
    memset(io, 0, w->io_size);
    io->pub.api = pub->api;
    io->fn = fn;
    io->arg = arg;
    io->owner = h;
    err = w->poller_ops->io_open(w->poller, io, fd);
    if (err != NAVE_OK) {
        nv_slab_free(&w->slab, block, w->io_guard + w->io_size);
        return err;
    }
    nv_usage_add(&h->usage.fds, 1);
    nv_usage_add(&h->usage.bytes, w->io_size);
    *out_io = &io->pub;
    return NAVE_OK;
}

static void api_io_rearm(struct nave_io *pub, uint32_t directions)
{
    struct nv_poller_io *io = (struct nv_poller_io *)(void *)pub;
    struct nv_worker *w = io->owner->worker;

    w->poller_ops->io_rearm(w->poller, io, directions);
}

static void api_io_close(struct nave_io *pub)
{
    struct nv_poller_io *io = (struct nv_poller_io *)(void *)pub;
    struct nv_worker_handle *h = io->owner;
    struct nv_worker *w = h->worker;

    w->poller_ops->io_close(w->poller, io);
    nv_usage_add(&h->usage.fds, (uint64_t)-1);
    nv_usage_add(&h->usage.bytes, -(uint64_t)w->io_size);
    nv_slab_free(&w->slab, (char *)io - w->io_guard, w->io_guard + w->io_size);
}

static nave_err api_future_new(struct nave_worker *pub, const struct nave_future_iface *api,
                               size_t frame_size, struct nave_future **out_future)
{
    struct nv_slab *slab = &handle_of(pub)->worker->slab;

    if (NAVE_UNLIKELY(slab->flags & NV_SLAB_FAIL) && nv_slab_is_to_fail(slab))
        return NAVE_ENOMEM; /* tasks have a pool of their own; they fail like the rest */
    return nv_task_new(handle_of(pub), api, frame_size, out_future);
}

static void api_future_drop(struct nave_worker *pub, struct nave_future *f)
{
    nv_task_drop_unspawned(handle_of(pub), f);
}

static nave_task_id api_spawn(struct nave_worker *pub, struct nave_future *f_take)
{
    return nv_task_spawn(handle_of(pub), f_take, 0, NULL);
}

static nave_task_id api_spawn_local(struct nave_worker *pub, struct nave_future *f_take)
{
    return nv_task_spawn(handle_of(pub), f_take, 1, NULL);
}

static nave_task_id api_spawn_join(struct nave_worker *pub, struct nave_future *f_take,
                                   uint32_t flags, struct nave_join *out_join)
{
    return nv_task_spawn(handle_of(pub), f_take, (flags & NAVE_SPAWN_LOCAL) != 0, out_join);
}

static void api_hold(struct nave_worker *pub, const char *what)
{
    struct nv_worker_handle *h = handle_of(pub);

    nv_usage_add(&h->usage.holds, 1);
    h->usage.hold_what = what;
    h->worker->holds++;
}

static void api_release(struct nave_worker *pub, const char *what)
{
    struct nv_worker_handle *h = handle_of(pub);

    (void)what;
    nv_usage_add(&h->usage.holds, (uint64_t)-1);
    h->worker->holds--;
}

static int32_t api_recall(struct nave_worker *pub, struct nave_job *j)
{
    return nv_worker_recall(handle_of(pub)->worker, j);
}

static void api_microtask(struct nave_worker *pub, struct nave_job *j)
{
    nv_jobs_push(&handle_of(pub)->worker->micro, j);
}

static void api_pin(struct nave_worker *pub, void *task)
{
    struct nv_task *t = task;

    if (t->pins++ == 0)
        t->home = (uint16_t)handle_of(pub)->worker->index;
}

static void api_unpin(struct nave_worker *pub, void *task)
{
    (void)pub;
    ((struct nv_task *)task)->pins--;
}

static void api_scope_init(struct nave_worker *pub, struct nave_scope *scope, uint32_t policy)
{
    nv_scope_init(scope, handle_of(pub)->worker, policy);
}

static const uint64_t *api_runner(const struct nave_worker *pub)
{
    return &((const struct nv_worker_handle *)(const void *)pub)->worker->runner;
}

const struct nave_worker_iface nv_worker_table = {
    .hdr = NAVE_IFACE(struct nave_worker_iface, NAVE_WORKER_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = api_alloc,
    .free = api_free,
    .timer_start = api_timer_start,
    .timer_stop = api_timer_stop,
    .defer = api_defer,
    .post = api_post,
    .io_open = api_io_open,
    .io_rearm = api_io_rearm,
    .io_close = api_io_close,
    .future_new = api_future_new,
    .future_drop = api_future_drop,
    .spawn = api_spawn,
    .spawn_local = api_spawn_local,
    .hold = api_hold,
    .release = api_release,
    .recall = api_recall,
    .microtask = api_microtask,
    .pin = api_pin,
    .unpin = api_unpin,
    .spawn_join = api_spawn_join,
    .scope_init = api_scope_init,
    .runner = api_runner,
};

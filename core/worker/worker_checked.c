/* SPDX-License-Identifier: MIT
 *
 * What nave.worker/1 asserts beyond its tags in checked mode (check.h): that memory, timers, jobs and
 * futures which it is given are this worker's, whole, and not given twice.
 */
#include "check/check_rules.h"
#include "worker_state.h"

static struct nv_worker_handle *handle_of(struct nave_worker *pub)
{
    return (struct nv_worker_handle *)(void *)pub;
}

void *nv_around_worker_alloc(const struct nv_check *c, const struct nave_worker_iface *raw,
                             struct nave_worker *w, size_t size)
{
    if (size > SIZE_MAX - NV_GUARD_BYTES)
        return NULL;
    return nv_guard_set(raw->alloc(w, size + NV_GUARD_BYTES), size, c->worker);
}

void nv_around_worker_free(const struct nv_check *c, const struct nave_worker_iface *raw,
                           struct nave_worker *w, void *ptr, size_t size)
{
    if (!ptr)
        return;
    if (!nv_guard_is_of(ptr, c->worker))
        nv_check_breach(c, "give back once, to the worker that gave it",
                        "this was not allocated on worker %u, or is freed twice", c->worker->index);
    if (handle_of(w)->usage.allocs == 0)
        nv_check_breach(c, "free through the handle that allocated",
                        "more was freed than this plugin allocated on worker %u", c->worker->index);
    raw->free(w, nv_guard_clear(c, ptr, size), size + NV_GUARD_BYTES);
}

/* `t` is armed on another worker. Through another handle of this one is fine. */
static void check_timer(const struct nv_check *c, const struct nave_timer *t)
{
    const struct nv_worker_handle *h;

    if (!nave_timer_is_armed(t))
        return;
    h = (const struct nv_worker_handle *)(const void *)t->worker;
    if (h->worker != c->worker)
        nv_check_breach(c, "a timer belongs to the worker that armed it",
                        "the timer is armed on worker %u", h->worker->index);
}

void nv_before_worker_timer_start(const struct nv_check *c, struct nave_worker *w,
                                  struct nave_timer *t, nave_nsec deadline_ns, nave_timer_fn *fn,
                                  void *arg)
{
    (void)w;
    (void)deadline_ns;
    (void)fn;
    (void)arg;
    check_timer(c, t);
}

void nv_before_worker_timer_stop(const struct nv_check *c, struct nave_worker *w,
                                 struct nave_timer *t)
{
    (void)w;
    check_timer(c, t);
}

static void check_job(const struct nv_check *c, const struct nave_job *j)
{
    if (!j->run)
        nv_check_breach(c, "set nave_job.run first", "the job has nothing to run");
}

void nv_before_worker_defer(const struct nv_check *c, struct nave_worker *w, struct nave_job *j)
{
    (void)w;
    check_job(c, j);
}

void nv_before_worker_post(const struct nv_check *c, struct nave_worker *w, struct nave_job *j)
{
    (void)w;
    check_job(c, j);
}

void nv_before_worker_io_open(const struct nv_check *c, struct nave_worker *w, int64_t fd,
                              nave_io_fn *fn, void *arg, struct nave_io **out_io)
{
    (void)w;
    (void)fn;
    (void)arg;
    (void)out_io;
    if (fd < 0)
        nv_check_breach(c, "look at the result of what opened it", "%lld is no descriptor",
                        (long long)fd);
}

void nv_check_future_table(const struct nv_check *c, const struct nave_future_iface *api)
{
    if (!api->poll || !api->drop)
        nv_check_breach(c, "fill every slot", "the future's table has no %s",
                        api->poll ? "drop" : "poll");
    if (!api->hdr.id || api->hdr.size < sizeof(api->hdr))
        nv_check_breach(c, "begin it with NAVE_IFACE()", "the future's table has no head");
}

nave_err nv_around_worker_future_new(const struct nv_check *c, const struct nave_worker_iface *raw,
                                     struct nave_worker *w, const struct nave_future_iface *api,
                                     size_t frame_size, struct nave_future **out_future)
{
    const struct nave_iface *checked;

    nv_check_future_table(c, api);
    checked = nv_check_future(handle_of(w), &api->hdr);
    if (!checked)
        return NAVE_ENOMEM;
    return raw->future_new(w, (const struct nave_future_iface *)(const void *)checked, frame_size,
                           out_future);
}

/* A future is spawned or dropped, once. */
static void check_unspawned(const struct nv_check *c, const struct nave_future *f)
{
    uint32_t life = nv_check_life_of(f);

    if (life == NV_LIFE_OVER)
        nv_check_breach(c, "spawn or drop a future once", "the future was dropped before");
    if (life != NV_LIFE_NEW)
        nv_check_breach(c, "a spawned future is the host's, who drops it",
                        "the future was spawned before");
}

void nv_check_spawned(const struct nv_check *c, struct nave_future *f)
{
    check_unspawned(c, f);
    nv_check_set_life(c, f, NV_LIFE_OWNED);
}

void nv_before_worker_future_drop(const struct nv_check *c, struct nave_worker *w,
                                  struct nave_future *f)
{
    (void)w;
    /* One that was awaited is given back when it was READY. */
    if (nv_check_life_of(f) != NV_LIFE_KEPT || !(f->flags & NAVE_FUTURE_IS_BOXED))
        check_unspawned(c, f);
}

void nv_before_worker_spawn(const struct nv_check *c, struct nave_worker *w,
                            struct nave_future *f_take)
{
    (void)w;
    nv_check_spawned(c, f_take);
}

void nv_before_worker_spawn_local(const struct nv_check *c, struct nave_worker *w,
                                  struct nave_future *f_take)
{
    (void)w;
    nv_check_spawned(c, f_take);
}

void nv_before_worker_spawn_join(const struct nv_check *c, struct nave_worker *w,
                                 struct nave_future *f_take, uint32_t flags,
                                 struct nave_join *out_join)
{
    (void)w;
    (void)out_join;
    if (flags & ~NAVE_SPAWN_LOCAL)
        nv_check_breach(c, "give NAVE_SPAWN_* or 0", "flags 0x%x are not known", flags);
    nv_check_spawned(c, f_take);
}

void nv_before_worker_release(const struct nv_check *c, struct nave_worker *w, const char *what)
{
    (void)what;
    if (handle_of(w)->usage.holds == 0)
        nv_check_breach(c, "release once for each hold", "more was released than held");
}

/* SPDX-License-Identifier: MIT
 *
 * In a world (world.h) one thread is all workers in turn: no votes, no meetings; one function after the
 * other is called for all workers in order.
 */
#include "threads.h"

#include "worker/group.h"
#include "runtime.h"
#include "threads_parts.h"
#include "worker/worker_state.h"
#include "world/world.h"

/* Do `what` as worker `index`. */
static nave_err as_worker(struct nave_runtime *rt, uint32_t index,
                          nave_err (*what)(struct nv_thread *t))
{
    struct nv_thread *t = &rt->threads.each[index];
    struct nv_log_here before = nv_log_enter(rt->report.log, index);
    nave_err err;

    rt->world->current = index;
    nv_worker_enter(t->worker);
    err = what(t);
    nv_worker_exit(t->worker);
    rt->world->current = NV_WORLD_NOBODY;
    nv_log_leave(before);
    return err;
}

static nave_err do_go_back(struct nv_thread *t)
{
    nv_thread_go_back(t);
    return NAVE_OK;
}

static nave_err do_leave(struct nv_thread *t)
{
    nv_thread_leave(t);
    return NAVE_OK;
}

static nave_err do_fall(struct nv_thread *t)
{
    nv_worker_drop_tasks(t->worker);
    nv_thread_fall(t);
    return NAVE_OK;
}

static nave_err as_all(struct nave_runtime *rt, nave_err (*what)(struct nv_thread *t))
{
    nave_err worst = NAVE_OK, err;
    uint32_t i;

    for (i = 0; i < rt->worker_count; i++) {
        err = as_worker(rt, i, what);
        worst = worst ? worst : err;
    }
    return worst;
}

nave_err nv_threads_up_in_world(struct nave_runtime *rt)
{
    nave_err err;
    uint32_t i;

    for (i = 0; i < rt->worker_count; i++)
        rt->threads.each[i].serving = rt->serving;
    err = as_all(rt, nv_thread_start_plugins);
    if (!err)
        err = as_all(rt, nv_thread_start_listeners);
    if (err)
        (void)as_all(rt, do_go_back);
    return err;
}

nave_nsec nv_threads_step(struct nave_runtime *rt, uint32_t index)
{
    struct nv_thread *t = &rt->threads.each[index];
    struct nv_log_here before = nv_log_enter(rt->report.log, index);
    nave_nsec until;

    nv_worker_enter(t->worker);
    nv_thread_look_for_drain(t);
    (void)nv_worker_go_on(t->worker, 0);
    nv_thread_look_for_idle(t);
    until = nv_worker_park(t->worker, nv_thread_wait(t, NAVE_NEVER));
    nv_worker_exit(t->worker);
    nv_log_leave(before);
    return until;
}

int32_t nv_threads_look(struct nave_runtime *rt)
{
    struct nv_worker *first = rt->threads.each[0].worker;
    int32_t is_over;

    rt->world->current = 0; /* control is worker 0 */
    nv_worker_enter(first);
    is_over = nv_thread_look(&rt->threads.each[0]);
    nv_worker_exit(first);
    rt->world->current = NV_WORLD_NOBODY;
    return is_over;
}

void nv_threads_down_in_world(struct nave_runtime *rt)
{
    nv_world_close(rt->world);
    (void)as_all(rt, do_leave);
    nv_thread_tell_tasks(&rt->threads.each[0]);
    (void)as_all(rt, do_fall);
}

/* SPDX-License-Identifier: MIT
 *
 * The way down. A drain needs no vote: each worker sees `stops` after its present turn and is idle when
 * nothing is held and no task is left; worker 0 ends all when all are idle, or at the deadline.
 *
 * Nobody drops anything before all have left their loops, and nobody stops a plugin before all tasks were
 * dropped, since what one gives back another may be using. So a worker that does not come back from what it
 * runs is given up with all that there is: the others leave without going further (run.c decides it, and
 * tells).
 */
#include "threads.h"

#include "door.h"
#include "worker/group.h"
#include "reload.h"
#include "runtime.h"
#include "runtime_blocking.h"
#include "worker/scheduler.h"
#include "stragglers.h"
#include "worker/task.h"
#include "threads_parts.h"
#include "worker/worker_state.h"

static void begin_drain(struct nv_thread *t)
{
    struct nave_runtime *rt = t->rt;
    nave_nsec drain_ns;
    uint32_t i;

    t->is_draining = 1;
    if (t->index == 0)
        nv_runtime_tell(rt, NAVE_EVENT_DRAINING, NAVE_OK);
    if (t->index == 0) /* who else has these sockets gets what comes from now on */
        nv_inherit_close(&rt->inherited);
    drain_ns = __atomic_load_n(&rt->drain_ns, __ATOMIC_RELAXED);
    t->deadline_ns = nv_worker_now(t->worker) + drain_ns;
    /* Tasks that are still there are asked to end a little before: time to clean up. */
    t->cancel_ns = t->deadline_ns - (drain_ns / 10 < NAVE_SEC ? drain_ns / 10 : NAVE_SEC);
    nv_thread_stop_listeners(t);
    nv_worker_calls(t->worker);
    for (i = t->started; i-- > 0;) {
        struct nv_plugin *p = nv_thread_plugin(t, i);

        p->file->desc->ops->worker_drain(p->self, &p->handles[t->index]->pub, t->deadline_ns);
        nv_worker_micro(t->worker);
    }
}

nave_nsec nv_thread_wait(const struct nv_thread *t, nave_nsec max_wait_ns)
{
    nave_nsec left;

    if (!t->is_draining)
        return max_wait_ns;
    left = (t->index == 0 && !t->rt->threads.has_canceled ? t->cancel_ns : t->deadline_ns) -
           nv_worker_now(t->worker);
    if (left < 0)
        left = 0;
    return left < max_wait_ns ? left : max_wait_ns;
}

void nv_thread_look_for_idle(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;
    uint32_t is_idle, is_last;

    if (!t->is_draining)
        return;
    is_idle = nv_worker_holds(t->worker) == 0;
    if (is_idle != __atomic_load_n(&t->is_idle, __ATOMIC_RELAXED))
        __atomic_store_n(&t->is_idle, is_idle, __ATOMIC_RELEASE);
    /* Of two workers whose last tasks end at the same time, one must see that the other's has. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    is_last = is_idle && nv_worker_tasks(t->worker) == 0;
    if (is_last && !t->has_told && t->index != 0)
        nv_worker_wake(ts->each[0].worker);
    t->has_told = is_last;
}

void nv_thread_look_for_drain(struct nv_thread *t)
{
    if (!t->is_draining && __atomic_load_n(&t->rt->threads.stops, __ATOMIC_ACQUIRE) > 0)
        begin_drain(t);
}

void nv_thread_turn(struct nv_thread *t, nave_nsec max_wait_ns)
{
    struct nv_worker *outer = nv_here;

    nv_here = t->worker;
    nv_thread_look_for_drain(t);
    /* The first turn of a drain does not wait: it may be over already. */
    if (t->is_draining && nv_worker_holds(t->worker) == 0 &&
        !__atomic_load_n(&t->is_idle, __ATOMIC_RELAXED))
        max_wait_ns = 0;
    (void)nv_worker_turn(t->worker, nv_thread_wait(t, max_wait_ns));
    nv_thread_look_for_idle(t);
    nv_here = outer;
}

/* --- the end --------------------------------------------------------------------------------- */

int32_t nv_thread_may_leave(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;
    int32_t may;

    (void)pthread_mutex_lock(&ts->lock);
    may = !ts->is_abandoned;
    if (may)
        t->is_leaving = 1;
    (void)pthread_mutex_unlock(&ts->lock);
    return may;
}

/* Wait until every worker came to its next meeting. 0: not all of them will. */
static int32_t meet(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;
    int32_t is_met;
    uint32_t all;

    (void)pthread_mutex_lock(&ts->lock);
    all = ++t->met * ts->voters;
    if (++ts->left == all)
        (void)pthread_cond_broadcast(&ts->changed);
    while (ts->left < all && !ts->is_abandoned)
        (void)pthread_cond_wait(&ts->changed, &ts->lock);
    is_met = !ts->is_abandoned;
    (void)pthread_mutex_unlock(&ts->lock);
    return is_met;
}

void nv_thread_leave(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;

    nv_thread_stop_listeners(t);
    if (nv_worker_holds(t->worker) > 0)
        nv_stragglers_report_holds(t->rt, t->index);
    nv_task_close_outside(ts->group);
    nv_worker_close_inbox(t->worker);
}

void nv_thread_tell_tasks(struct nv_thread *t)
{
    if (t->index == 0 && nv_group_tasks(t->rt->threads.group) > 0)
        nv_stragglers_report_tasks(t->rt);
}

void nv_thread_fall(struct nv_thread *t)
{
    t->is_falling = 1;
    nv_thread_stop_plugins(t);
}

int32_t nv_thread_go_down(struct nv_thread *t)
{
    if (!nv_thread_may_leave(t))
        return 0;
    nv_thread_leave(t);
    if (!meet(t)) /* NV_THREADS_LEFT */
        return 0;
    nv_thread_tell_tasks(t);
    if (!meet(t)) /* NV_THREADS_TOLD */
        return 0;
    nv_worker_drop_tasks(t->worker);
    if (!meet(t)) /* NV_THREADS_DROPPED */
        return 0;
    nv_thread_fall(t);
    return 1;
}

uint32_t nv_threads_abandon(struct nave_runtime *rt, uint32_t meeting)
{
    struct nv_threads *ts = &rt->threads;
    uint32_t i, missing = 0;

    (void)pthread_mutex_lock(&ts->lock);
    for (i = 0; i < rt->worker_count; i++) {
        if (ts->each[i].met >= meeting)
            continue;
        ts->each[i].is_missing = 1;
        missing++;
        nv_sched_halt(ts->each[i].worker);
    }
    if (missing) {
        ts->is_abandoned = 1;
        (void)pthread_cond_broadcast(&ts->changed);
    }
    (void)pthread_mutex_unlock(&ts->lock);
    return missing;
}

int32_t nv_thread_look(struct nv_thread *t)
{
    struct nave_runtime *rt = t->rt;
    struct nv_threads *ts = &rt->threads;
    uint32_t i;

    if (__atomic_load_n(&ts->stops, __ATOMIC_ACQUIRE) > 1 ||
        __atomic_load_n(&ts->is_ended, __ATOMIC_ACQUIRE))
        return 1;
    if (!t->is_draining) {
        nv_reload_poll(rt);
        return 0;
    }
    if (!ts->has_canceled && nv_worker_now(t->worker) >= t->cancel_ns) {
        nave_nsec grace_ns = t->deadline_ns - t->cancel_ns;

        ts->has_canceled = 1;
        nv_group_cancel(ts->group);
        /* Whoever is late with asking gives the tasks their time all the same. */
        if (nv_worker_now(t->worker) + grace_ns > t->deadline_ns)
            t->deadline_ns = nv_worker_now(t->worker) + grace_ns;
    }
    if (nv_worker_now(t->worker) >= t->deadline_ns)
        return 1;
    for (i = 0; i < rt->worker_count; i++)
        if (!__atomic_load_n(&ts->each[i].is_idle, __ATOMIC_ACQUIRE))
            return 0;
    return nv_group_tasks(ts->group) == 0 && !nv_blocking_is_busy(&rt->blocking);
}

int32_t nv_threads_is_abandoned(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    int32_t is_abandoned;

    if (!ts->has_lock)
        return 0;
    (void)pthread_mutex_lock(&ts->lock);
    is_abandoned = ts->is_abandoned;
    (void)pthread_mutex_unlock(&ts->lock);
    return is_abandoned;
}

nave_err nv_threads_down(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    struct nv_worker *outer = nv_here;
    int32_t is_down;

    nv_runtime_blocking_close(rt);
    if (rt->world) {
        nv_threads_down_in_world(rt);
    } else {
        nv_worker_enter(ts->each[0].worker);
        nv_threads_end(rt);
        is_down = nv_thread_go_down(&ts->each[0]);
        nv_here = outer;
        if (!is_down)
            return NAVE_ESTRAGGLERS;
        nv_threads_join(rt);
    }
    nv_runtime_blocking_end(rt);
    return __atomic_load_n(&ts->has_stragglers, __ATOMIC_ACQUIRE) ? NAVE_ESTRAGGLERS : NAVE_OK;
}

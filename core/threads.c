/* SPDX-License-Identifier: MIT
 *
 * Every worker goes the same way: vote that the threads exist, worker_start of every plugin, vote,
 * listeners, vote, turns until the end, and back. What a worker has done stands in `started` and
 * `listening`, so going back is one function, whatever led to it.
 *
 * A drain needs no vote: each worker sees `stops` after its present turn and is idle when nothing is
 * held and no task is left; worker 0 ends all when all are idle, or at the deadline.
 */
#include "threads.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "door.h"
#include "group.h"
#include "lifecycle.h"
#include "reload.h"
#include "runtime.h"
#include "runtime_blocking.h"
#include "stragglers.h"
#include "worker_state.h"
#include "world.h"

static void on_worker_log(void *arg, uint32_t level, const char *text)
{
    struct nave_runtime *rt = arg;

    nv_report_log(&rt->report, level, NULL, "%s", text);
    if (level == NAVE_LOG_ERROR) /* the process may be about to end */
        nv_runtime_log_flush(rt);
}

nave_err nv_threads_create(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    char backend[32] = "";
    struct nv_worker_options o = {.is_checked = (uint32_t)rt->is_checked,
                                  .max_bytes = rt->conf.max_memory,
                                  .log = on_worker_log,
                                  .log_arg = rt,
                                  .who = nv_check_who,
                                  .last_words = nv_check_last_words};
    uint32_t i;
    nave_err err = NAVE_ENOMEM;

    rt->drain_ns = rt->conf.shutdown_timeout; /* before there are threads */
    if (rt->conf.backend.len < sizeof(backend))
        memcpy(backend, rt->conf.backend.ptr, rt->conf.backend.len);
    o.backend = strcmp(backend, "auto") == 0 ? NULL : backend;
    if (rt->world && nv_world_make_workers(rt->world, rt->worker_count))
        goto fail;
    ts->each = calloc(rt->worker_count, sizeof(*ts->each));
    if (!ts->each)
        goto fail;
    if (pthread_mutex_init(&ts->lock, NULL) != 0)
        goto fail;
    if (pthread_cond_init(&ts->changed, NULL) != 0) {
        (void)pthread_mutex_destroy(&ts->lock);
        goto fail;
    }
    ts->has_lock = 1;
    ts->handles = calloc(rt->worker_count, sizeof(*ts->handles));
    if (!ts->handles)
        goto fail;
    err =
        nv_group_create(rt->worker_count, rt->conf.max_tasks, rt->conf.max_task_bytes, &ts->group);
    if (err)
        goto fail;
    o.group = ts->group;
    if (rt->world)
        nv_world_take_group(rt->world, ts->group);
    for (i = 0; i < rt->worker_count; i++) {
        o.index = i;
        if (rt->world) {
            o.poller = &nv_poller_world;
            o.poller_arg = &rt->world->each[i];
        }
        ts->each[i].rt = rt;
        ts->each[i].index = i;
        err = nv_worker_create(&o, &ts->each[i].worker);
        if (err)
            goto fail;
        if (rt->world)
            nv_world_join(rt->world, i, ts->each[i].worker);
        nv_worker_handle_init(&ts->each[i].handle, ts->each[i].worker, "core");
        ts->each[i].handle.siblings = ts->handles;
        ts->handles[i] = &ts->each[i].handle;
    }
    nv_exec_init(&rt->exec, ts->handles);
    /* From here on nave_runtime_stop() of another thread finds workers to wake. */
    __atomic_store_n(&ts->count, rt->worker_count, __ATOMIC_RELEASE);
    return NAVE_OK;

fail:
    nv_report_error(&rt->report, err, NULL, "cannot make %u workers: %s", rt->worker_count,
                    nave_err_text(err));
    return err;
}

int32_t nv_threads_is_here(const struct nave_runtime *rt)
{
    const struct nv_threads *ts = &rt->threads;

    return __atomic_load_n(&ts->count, __ATOMIC_ACQUIRE) && nv_group_is_here(ts->group);
}

void nv_threads_destroy(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    uint32_t i;

    __atomic_store_n(&ts->count, 0, __ATOMIC_RELEASE);
    for (i = 0; ts->each && i < rt->worker_count; i++)
        nv_worker_destroy(ts->each[i].worker);
    rt->exec.pub.api = NULL;
    nv_group_destroy(ts->group);
    ts->group = NULL;
    free(ts->handles);
    ts->handles = NULL;
    free(ts->each);
    ts->each = NULL;
    if (rt->world)
        nv_world_free_workers(rt->world);
    if (ts->has_lock) {
        (void)pthread_cond_destroy(&ts->changed);
        (void)pthread_mutex_destroy(&ts->lock);
        ts->has_lock = 0;
    }
}

/* --- the vote -------------------------------------------------------------------------------- */

/* Say `mine` and wait for all others. The first failure is everybody's result. */
static nave_err vote(struct nv_threads *ts, nave_err mine)
{
    uint32_t round;
    nave_err agreed;

    (void)pthread_mutex_lock(&ts->lock);
    round = ts->round;
    if (mine && !ts->worst)
        ts->worst = mine;
    if (++ts->votes == ts->voters) {
        ts->agreed = ts->worst;
        ts->worst = NAVE_OK;
        ts->votes = 0;
        ts->round++;
        (void)pthread_cond_broadcast(&ts->changed);
    }
    while (round == ts->round)
        (void)pthread_cond_wait(&ts->changed, &ts->lock);
    /* No later round can end before this voter has voted in it. */
    agreed = ts->agreed;
    (void)pthread_mutex_unlock(&ts->lock);
    return agreed;
}

/* --- one worker ------------------------------------------------------------------------------ */

static struct nv_plugin *plugin_at(const struct nv_thread *t, uint32_t i)
{
    return t->rt->plugins[t->serving->order[i]];
}

static nave_err start_plugins(struct nv_thread *t)
{
    struct nave_runtime *rt = t->rt;
    nave_err err = NAVE_OK;

    while (t->started < rt->plugin_count && !err) {
        struct nv_plugin *p = plugin_at(t, t->started);
        uint64_t errors = nv_report_errors(&rt->report);

        err = p->file->desc->ops->worker_start(p->self, &p->handles[t->index]->pub);
        nv_worker_micro(t->worker);
        if (err)
            nv_lifecycle_blame(p, "start on a worker", err, errors);
        else
            t->started++;
    }
    return err;
}

static nave_err start_listeners(struct nv_thread *t)
{
    nave_err err = NAVE_OK;

    while (t->listening < t->serving->count && !err) {
        struct nv_door *d = t->serving->doors[t->listening];

        err = d->listener->api->start(d->listener, t->index);
        nv_worker_micro(t->worker);
        if (err)
            nv_report_error(&t->rt->report, err, NULL,
                            "listener \"%s\" cannot accept on worker %u: %s", d->name, t->index,
                            nave_err_text(err));
        else
            t->listening++;
    }
    return err;
}

static void stop_listeners(struct nv_thread *t)
{
    while (t->listening > 0) {
        struct nave_listener *l = t->serving->doors[--t->listening]->listener;

        l->api->stop(l, t->index);
        nv_worker_micro(t->worker);
    }
}

static void stop_plugins(struct nv_thread *t)
{
    while (t->started > 0) {
        struct nv_plugin *p = plugin_at(t, --t->started);

        p->file->desc->ops->worker_stop(p->self, &p->handles[t->index]->pub);
        nv_worker_micro(t->worker); /* of the last ones: their plugin still lives */
    }
}

/* The way up has failed. */
static void go_back(struct nv_thread *t)
{
    t->is_falling = 1;
    stop_listeners(t);
    nv_worker_close_inbox(t->worker);
    nv_worker_drop_tasks(t->worker);
    stop_plugins(t);
}

/* The way up, in step with the other workers. */
static nave_err rise(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;
    nave_err err;

    t->serving = t->rt->serving;
    err = vote(ts, start_plugins(t));

    if (!err)
        err = vote(ts, start_listeners(t));
    if (err)
        go_back(t);
    return err;
}

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
    stop_listeners(t);
    nv_worker_calls(t->worker);
    for (i = t->started; i-- > 0;) {
        struct nv_plugin *p = plugin_at(t, i);

        p->file->desc->ops->worker_drain(p->self, &p->handles[t->index]->pub, t->deadline_ns);
        nv_worker_micro(t->worker);
    }
}

static nave_nsec wait_of(const struct nv_thread *t, nave_nsec max_wait_ns)
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

/* Note whether nothing is left of a drain, and tell worker 0. */
static void look_for_idle(struct nv_thread *t)
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

static void look_for_drain(struct nv_thread *t)
{
    if (!t->is_draining && __atomic_load_n(&t->rt->threads.stops, __ATOMIC_ACQUIRE) > 0)
        begin_drain(t);
}

/* One turn of any worker, with the beginning of the drain and the look for its end. */
static void turn(struct nv_thread *t, nave_nsec max_wait_ns)
{
    struct nv_worker *outer = nv_here;

    nv_here = t->worker;
    look_for_drain(t);
    /* The first turn of a drain does not wait: it may be over already. */
    if (t->is_draining && nv_worker_holds(t->worker) == 0 &&
        !__atomic_load_n(&t->is_idle, __ATOMIC_RELAXED))
        max_wait_ns = 0;
    (void)nv_worker_turn(t->worker, wait_of(t, max_wait_ns));
    look_for_idle(t);
    nv_here = outer;
}

/* Wait until every worker came here, for the `round`th time, counted from 1. */
static void meet(struct nv_threads *ts, uint32_t round)
{
    uint32_t all = round * ts->voters;

    (void)pthread_mutex_lock(&ts->lock);
    if (++ts->left == all)
        (void)pthread_cond_broadcast(&ts->changed);
    while (ts->left < all)
        (void)pthread_cond_wait(&ts->changed, &ts->lock);
    (void)pthread_mutex_unlock(&ts->lock);
}

/* The way down, until nothing comes any more. Posted jobs run while their plugins live. */
static void leave(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;

    stop_listeners(t);
    if (nv_worker_holds(t->worker) > 0)
        nv_stragglers_report_holds(t->rt, t->index);
    __atomic_store_n(&ts->group->is_closed, 1, __ATOMIC_RELEASE);
    nv_worker_close_inbox(t->worker);
}

/* What is left is told when nobody polls any more, and before anybody drops it. */
static void tell_tasks(struct nv_thread *t)
{
    if (t->index == 0 && nv_group_tasks(t->rt->threads.group) > 0)
        nv_stragglers_report_tasks(t->rt);
}

/* The rest of it, once all have left: tasks go before what they use. */
static void fall(struct nv_thread *t)
{
    nv_worker_drop_tasks(t->worker);
    t->is_falling = 1;
    stop_plugins(t);
}

/* With the other workers, each on its thread. */
static void go_down(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;

    leave(t);
    meet(ts, 1);
    tell_tasks(t);
    meet(ts, 2);
    fall(t);
}

static void *thread_main(void *arg)
{
    struct nv_thread *t = arg;
    struct nv_threads *ts = &t->rt->threads;

    nv_worker_enter(t->worker);
    (void)nv_log_enter(t->rt->report.log, t->index);
    if (vote(ts, NAVE_OK) != NAVE_OK || rise(t) != NAVE_OK)
        return NULL;
    while (!__atomic_load_n(&ts->is_ended, __ATOMIC_ACQUIRE))
        turn(t, NAVE_NEVER);
    go_down(t);
    return NULL;
}

/* --- all of them ----------------------------------------------------------------------------- */

static nave_err start_threads(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    sigset_t all, before;
    nave_err err = NAVE_OK;
    uint32_t i;

    ts->voters = rt->worker_count;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* threads inherit the mask */
    for (i = 1; i < rt->worker_count && !err; i++) {
        int number = pthread_create(&ts->each[i].thread, NULL, thread_main, &ts->each[i]);

        if (number == 0) {
            ts->each[i].has_thread = 1;
            continue;
        }
        err = number == ENOMEM ? NAVE_ENOMEM : NAVE_ELIMIT;
        nv_report_error(&rt->report, err, NULL, "cannot start the thread of worker %u: %s", i,
                        strerror(number));
        (void)pthread_mutex_lock(&ts->lock);
        ts->voters = i; /* who exists waits for this vote */
        (void)pthread_mutex_unlock(&ts->lock);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static void join_all(struct nave_runtime *rt)
{
    uint32_t i;

    for (i = 0; i < rt->worker_count; i++) {
        struct nv_thread *t = &rt->threads.each[i];

        if (t->has_thread)
            (void)pthread_join(t->thread, NULL);
        t->has_thread = 0;
    }
}

/* --- in a world: one thread is all workers in turn -------------------------------------------- */

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
    go_back(t);
    return NAVE_OK;
}

static nave_err do_leave(struct nv_thread *t)
{
    leave(t);
    return NAVE_OK;
}

static nave_err do_fall(struct nv_thread *t)
{
    fall(t);
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

static nave_err up_in_world(struct nave_runtime *rt)
{
    nave_err err;
    uint32_t i;

    for (i = 0; i < rt->worker_count; i++)
        rt->threads.each[i].serving = rt->serving;
    err = as_all(rt, start_plugins);
    if (!err)
        err = as_all(rt, start_listeners);
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
    look_for_drain(t);
    (void)nv_worker_go_on(t->worker, 0);
    look_for_idle(t);
    until = nv_worker_park(t->worker, wait_of(t, NAVE_NEVER));
    nv_worker_exit(t->worker);
    nv_log_leave(before);
    return until;
}

/* --- all of them, and the control role -------------------------------------------------------- */

nave_err nv_threads_up(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    struct nv_worker *outer = nv_here;
    nave_err err;

    if (rt->world)
        return up_in_world(rt);
    nv_worker_enter(ts->each[0].worker);
    err = vote(ts, start_threads(rt));
    if (!err)
        err = rise(&ts->each[0]);
    nv_here = outer;
    if (err)
        join_all(rt);
    return err;
}

/* Take up a reload that was asked for. 1: the drain is over. */
static int32_t look(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    struct nv_thread *t = &ts->each[0];
    uint32_t i;

    if (__atomic_load_n(&ts->stops, __ATOMIC_ACQUIRE) > 1)
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

int32_t nv_threads_turn(struct nave_runtime *rt, nave_nsec max_wait_ns)
{
    struct nv_thread *t = &rt->threads.each[0];

    nv_worker_attach(t->worker); /* the control role may have moved to another thread */
    turn(t, max_wait_ns);
    return look(rt);
}

int32_t nv_threads_look(struct nave_runtime *rt)
{
    struct nv_worker *first = rt->threads.each[0].worker;
    int32_t is_over;

    rt->world->current = 0; /* control is worker 0 */
    nv_worker_enter(first);
    is_over = look(rt);
    nv_worker_exit(first);
    rt->world->current = NV_WORLD_NOBODY;
    return is_over;
}

nave_err nv_threads_down(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    struct nv_worker *outer = nv_here;
    uint32_t i;

    nv_runtime_blocking_close(rt);
    if (rt->world) {
        nv_world_close(rt->world);
        (void)as_all(rt, do_leave);
        tell_tasks(&ts->each[0]);
        (void)as_all(rt, do_fall);
    } else {
        nv_worker_enter(ts->each[0].worker);
        __atomic_store_n(&ts->is_ended, 1, __ATOMIC_RELEASE);
        for (i = 1; i < rt->worker_count; i++)
            nv_worker_wake(ts->each[i].worker);
        go_down(&ts->each[0]);
        nv_here = outer;
        join_all(rt);
    }
    nv_runtime_blocking_end(rt);
    return __atomic_load_n(&ts->has_stragglers, __ATOMIC_ACQUIRE) ? NAVE_ESTRAGGLERS : NAVE_OK;
}

void nv_threads_stop(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    uint32_t i, count = __atomic_load_n(&ts->count, __ATOMIC_ACQUIRE);

    (void)__atomic_fetch_add(&ts->stops, 1, __ATOMIC_ACQ_REL);
    for (i = 0; i < count; i++)
        nv_worker_wake(ts->each[i].worker);
}

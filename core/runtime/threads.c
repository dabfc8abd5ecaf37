/* SPDX-License-Identifier: MIT
 *
 * Every worker goes the same way: vote that the threads exist, worker_start of every plugin, vote,
 * listeners, vote, turns until the end, and back (threads_drain.c). What a worker has done stands in
 * `started` and `listening`, so going back is one function, whatever led to it.
 */
#include "threads.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "door.h"
#include "worker/group.h"
#include "lifecycle.h"
#include "runtime.h"
#include "worker/task.h"
#include "threads_parts.h"
#include "worker/worker_state.h"
#include "world/world.h"

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

nave_err nv_thread_start_plugins(struct nv_thread *t)
{
    struct nave_runtime *rt = t->rt;
    nave_err err = NAVE_OK;

    while (t->started < rt->plugin_count && !err) {
        struct nv_plugin *p = nv_thread_plugin(t, t->started);
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

nave_err nv_thread_start_listeners(struct nv_thread *t)
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

void nv_thread_stop_listeners(struct nv_thread *t)
{
    while (t->listening > 0) {
        struct nave_listener *l = t->serving->doors[--t->listening]->listener;

        l->api->stop(l, t->index);
        nv_worker_micro(t->worker);
    }
}

void nv_thread_stop_plugins(struct nv_thread *t)
{
    while (t->started > 0) {
        struct nv_plugin *p = nv_thread_plugin(t, --t->started);

        p->file->desc->ops->worker_stop(p->self, &p->handles[t->index]->pub);
        nv_worker_micro(t->worker); /* of the last ones: their plugin still lives */
    }
}

void nv_thread_go_back(struct nv_thread *t)
{
    t->is_falling = 1;
    nv_thread_stop_listeners(t);
    nv_task_close_outside(t->rt->threads.group);
    nv_worker_close_inbox(t->worker);
    nv_worker_drop_tasks(t->worker);
    nv_thread_stop_plugins(t);
}

/* The way up, in step with the other workers. */
static nave_err rise(struct nv_thread *t)
{
    struct nv_threads *ts = &t->rt->threads;
    nave_err err;

    t->serving = t->rt->serving;
    err = vote(ts, nv_thread_start_plugins(t));

    if (!err)
        err = vote(ts, nv_thread_start_listeners(t));
    if (err)
        nv_thread_go_back(t);
    return err;
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
        nv_thread_turn(t, NAVE_NEVER);
    nv_thread_go_down(t);
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

void nv_threads_join(struct nave_runtime *rt)
{
    uint32_t i;

    for (i = 0; i < rt->worker_count; i++) {
        struct nv_thread *t = &rt->threads.each[i];

        if (t->has_thread)
            (void)pthread_join(t->thread, NULL);
        t->has_thread = 0;
    }
}

nave_err nv_threads_up(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    struct nv_worker *outer = nv_here;
    nave_err err;

    if (rt->world)
        return nv_threads_up_in_world(rt);
    nv_worker_enter(ts->each[0].worker);
    err = vote(ts, start_threads(rt));
    if (!err)
        err = rise(&ts->each[0]);
    nv_here = outer;
    if (err)
        nv_threads_join(rt);
    return err;
}

enum nv_threads_next nv_threads_turn(struct nave_runtime *rt, nave_nsec max_wait_ns)
{
    struct nv_thread *t = &rt->threads.each[0];

    nv_worker_attach(t->worker); /* the control role may have moved to another thread */
    nv_thread_turn(t, max_wait_ns);
    if (!nv_thread_look(t))
        return NV_THREADS_GO_ON;
    return nv_thread_may_leave(t) ? NV_THREADS_OVER : NV_THREADS_GIVEN_UP;
}

static void wake_all(struct nv_threads *ts)
{
    uint32_t i, count = __atomic_load_n(&ts->count, __ATOMIC_ACQUIRE);

    for (i = 0; i < count; i++)
        nv_worker_wake(ts->each[i].worker);
}

void nv_threads_stop(struct nave_runtime *rt)
{
    (void)__atomic_fetch_add(&rt->threads.stops, 1, __ATOMIC_ACQ_REL);
    wake_all(&rt->threads);
}

void nv_threads_end(struct nave_runtime *rt)
{
    __atomic_store_n(&rt->threads.is_ended, 1, __ATOMIC_RELEASE);
    wake_all(&rt->threads);
}

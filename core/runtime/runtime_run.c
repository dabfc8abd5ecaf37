/* SPDX-License-Identifier: MIT
 *
 * From configured to stopped: start, run, turn, and what a simulated runtime does in their place.
 */
#include "runtime.h"

#include <signal.h>

#include "admin/admin.h"
#include "door.h"
#include "lifecycle.h"
#include "runtime_blocking.h"
#include "signals.h"
#include "world/world.h"

/* --- start ----------------------------------------------------------------------------------- */

static nave_err start(struct nave_runtime *rt)
{
    nave_err err = nv_runtime_log_open(rt);
    uint32_t i;

    if (!err)
        err = nv_threads_create(rt);
    if (!err)
        err = nv_runtime_blocking_open(rt);
    for (i = 0; i < rt->plugin_count && !err; i++) {
        err = nv_plugin_make_handles(rt->plugins[i]);
        if (err)
            nv_report_error(&rt->report, err, NULL, "out of memory while starting");
    }
    if (!err)
        err = nv_lifecycle_start(rt);
    if (!err)
        err = nv_threads_up(rt);
    if (!err) {
        err = nv_beat_start(&rt->beat, rt, rt->beat_ns);
        if (!err)
            err = nv_watchdog_init(&rt->watchdog, rt, rt->conf.watchdog);
        if (err) {
            nv_report_error(&rt->report, err, NULL, "out of memory while starting");
        } else {
            err = rt->world ? NAVE_OK : nv_admin_open(rt); /* a world has no sockets */
        }
        if (err) {
            nv_beat_stop(&rt->beat);
            (void)nv_threads_down(rt);
        }
    }
    if (err) {
        nv_runtime_blocking_end(rt);
        nv_lifecycle_stop(rt);
        if (!nv_blocking_stragglers(&rt->blocking))
            nv_lifecycle_destroy(rt);
        rt->state = NV_RUNTIME_FAILED;
        nv_runtime_log_flush(rt);
        return err;
    }
    rt->state = NV_RUNTIME_RUNNING;
    rt->started_ns = nv_worker_now(rt->threads.each[0].worker);
    __atomic_store_n(&rt->is_seen, 1, __ATOMIC_RELEASE);
    if (rt->world)
        nv_world_open(rt->world);
    nv_report_log(&rt->report, NAVE_LOG_DEBUG, NULL, "%u workers wait with %s", rt->worker_count,
                  nv_worker_backend(rt->threads.each[0].worker));
    return NAVE_OK;
}

/* As start, and tell where it listens. */
static nave_err start_and_announce(struct nave_runtime *rt)
{
    nave_err err = start(rt);

    if (!err) {
        nv_runtime_log_started(rt);
        nv_doors_announce(rt);
        nv_runtime_tell(rt, NAVE_EVENT_LISTENING, NAVE_OK);
    }
    return err;
}

nave_err nave_runtime_start(struct nave_runtime *rt)
{
    nave_err err;

    if (!rt)
        return NAVE_EINVAL;
    if (rt->state != NV_RUNTIME_RESOLVED)
        return nv_runtime_refuse(rt, "start",
                                 rt->state == NV_RUNTIME_CREATED ? "it has no configuration"
                                                                 : "it was started before");
    nv_runtime_enter(rt);
    err = start_and_announce(rt);
    if (!err)
        nv_worker_let_go(rt->threads.each[0].worker, 1);
    nv_runtime_leave(rt);
    return err;
}

/* --- the end --------------------------------------------------------------------------------- */

nave_err nv_runtime_finish(struct nave_runtime *rt)
{
    nave_err err;

    nv_beat_stop(&rt->beat);
    nv_admin_close(rt);
    nv_watchdog_stop(&rt->watchdog);
    err = nv_threads_down(rt);
    if (nv_threads_is_abandoned(rt)) /* run.c goes on from here */
        return err;
    nv_lifecycle_stop(rt);
    rt->state = NV_RUNTIME_STOPPED;
    nv_runtime_log_flush(rt);
    return err;
}

/* --- simulated ------------------------------------------------------------------------------- */

nave_err nv_runtime_step(struct nave_runtime *rt, nave_nsec until_ns)
{
    nave_err err;

    if (rt->state != NV_RUNTIME_RUNNING)
        return NAVE_ECLOSED;
    nv_runtime_enter(rt);
    err = nv_world_step(rt->world, until_ns);
    if (err == NAVE_ELIMIT)
        nv_world_report(rt->world, err, "steps_max is reached");
    if (!err && nv_threads_look(rt)) {
        err = nv_runtime_finish(rt);
        if (err)
            nv_world_report(rt->world, err, "work was cut off");
        else
            err = NAVE_ECLOSED;
    }
    nv_runtime_leave(rt);
    return err;
}

/* Errors: as run. */
static nave_err run_world(struct nave_runtime *rt)
{
    nave_err err = NAVE_OK;

    while (!err)
        err = nv_runtime_step(rt, NAVE_NEVER);
    if (err == NAVE_EAGAIN) {
        err = NAVE_EDEADLOCK;
        nv_world_report(rt->world, err, "nothing can happen any more, and it was not stopped");
    }
    if (rt->state == NV_RUNTIME_RUNNING) {
        nv_threads_stop(rt);
        (void)nv_runtime_finish(rt);
    }
    return err == NAVE_ECLOSED ? NAVE_OK : err;
}

/* What nave_runtime_turn is: a step when one can be taken before the wait is over. */
static nave_err turn_world(struct nave_runtime *rt, nave_nsec max_wait_ns)
{
    nave_nsec now = rt->world->now_ns, until = NAVE_NEVER;
    nave_err err;

    if (max_wait_ns <= NAVE_NEVER - now)
        until = now + (max_wait_ns > 0 ? max_wait_ns : 1);
    err = nv_runtime_step(rt, until);
    if (err == NAVE_ETIMEDOUT)
        return NAVE_OK;
    return err == NAVE_EAGAIN ? NAVE_EDEADLOCK : err;
}

/* --- run ------------------------------------------------------------------------------------- */

static void on_signal(void *arg, int number)
{
    struct nave_runtime *rt = arg;

    if (number == SIGINT || number == SIGTERM)
        nave_runtime_stop(rt);
    else
        nave_runtime_reload(rt);
}

static nave_err open_signals(struct nave_runtime *rt)
{
    nave_err err = NAVE_OK;

    if (rt->flags & NAVE_RUNTIME_SIGNALS)
        err = nv_signals_open(nv_run_ring, rt);
    if (err)
        nv_report_error(&rt->report, err, NULL,
                        "cannot handle signals: %s; one runtime of a process may, so leave "
                        "NAVE_RUNTIME_SIGNALS out of the others",
                        nave_err_text(err));
    return err;
}

/* `is_fresh`: nobody was told yet where it listens. That comes after the signals: who reads it may
 * send one at once. */
static nave_err run(struct nave_runtime *rt, int32_t is_fresh)
{
    nave_err err = open_signals(rt), end;
    enum nv_threads_next next;

    if (!err) { /* who turns it himself may be away for any time: only here */
        nv_worker_attach(rt->threads.each[0].worker); /* the watchdog looks at this thread */
        err = nv_watchdog_start(&rt->watchdog, rt);
    }
    if (err) {
        nv_threads_stop(rt);
        nv_threads_stop(rt);
    }
    nv_runtime_log_started(rt);
    if (is_fresh) {
        nv_doors_announce(rt);
        nv_runtime_tell(rt, NAVE_EVENT_LISTENING, NAVE_OK);
    }
    nv_run_is_up(rt);
    do
        next = nv_threads_turn(rt, NAVE_NEVER);
    while (next == NV_THREADS_GO_ON);
    if (next == NV_THREADS_GIVEN_UP)
        return NAVE_ESTRAGGLERS;
    end = nv_runtime_finish(rt);
    return err ? err : end;
}

/* All of run(), as worker 0. */
static nave_err serve(struct nave_runtime *rt)
{
    int32_t is_fresh = rt->state == NV_RUNTIME_RESOLVED;
    nave_err err = NAVE_OK;

    nv_runtime_enter(rt);
    if (is_fresh)
        err = start(rt);
    if (!err)
        err = run(rt, is_fresh);
    if (!nv_threads_is_abandoned(rt))
        nv_runtime_leave(rt);
    return err;
}

static nave_err serve_world(struct nave_runtime *rt)
{
    int32_t is_fresh = rt->state == NV_RUNTIME_RESOLVED;
    nave_err err = NAVE_OK;

    nv_runtime_enter(rt);
    if (is_fresh)
        err = start(rt);
    if (!err) {
        nv_runtime_log_started(rt);
        if (is_fresh) {
            nv_doors_announce(rt);
            nv_runtime_tell(rt, NAVE_EVENT_LISTENING, NAVE_OK);
        }
        err = run_world(rt);
    }
    nv_runtime_leave(rt);
    return err;
}

nave_err nave_runtime_run(struct nave_runtime *rt)
{
    if (!rt)
        return NAVE_EINVAL;
    if (rt->state != NV_RUNTIME_RESOLVED && rt->state != NV_RUNTIME_RUNNING)
        return nv_runtime_refuse(rt, "run",
                                 rt->state == NV_RUNTIME_CREATED ? "it has no configuration"
                                                                 : "it has ended");
    return rt->world ? serve_world(rt) : nv_run(rt, serve, on_signal);
}

nave_err nave_runtime_turn(struct nave_runtime *rt, nave_nsec max_wait_ns)
{
    nave_err err = NAVE_OK;

    if (!rt)
        return NAVE_EINVAL;
    if (rt->state == NV_RUNTIME_STOPPED)
        return NAVE_ECLOSED;
    if (rt->state == NV_RUNTIME_CREATED || rt->state == NV_RUNTIME_FAILED)
        return nv_runtime_refuse(rt, "turn",
                                 rt->state == NV_RUNTIME_CREATED ? "it has no configuration"
                                                                 : "it has failed");
    if (rt->worker_count != 1 && !rt->world)
        return nv_runtime_refuse(rt, "turn",
                                 "it has more than one worker; set runtime.workers to 1");
    nv_runtime_enter(rt);
    if (rt->state == NV_RUNTIME_RESOLVED)
        err = start_and_announce(rt);
    if (!err && rt->world) {
        err = turn_world(rt, max_wait_ns);
    } else if (!err && nv_threads_turn(rt, max_wait_ns) != NV_THREADS_GO_ON) {
        err = nv_runtime_finish(rt);
        if (!err)
            err = NAVE_ECLOSED;
    }
    if (rt->state == NV_RUNTIME_RUNNING)
        nv_worker_let_go(rt->threads.each[0].worker, 0);
    nv_runtime_leave(rt);
    return err;
}

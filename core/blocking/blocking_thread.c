/* SPDX-License-Identifier: MIT
 *
 * The threads of a lane. One is made for a job that finds none idle, as long as there are fewer than
 * allowed; one that was idle for long ends. None is woken while as many are on their way to the queue as
 * jobs are in it, and of several idle ones the last is woken first: under a light load the same few
 * work, often without falling asleep, and the others can end.
 *
 * A thread that ends is joined by the next one that ends, the last by nv_lane_join: each is joined once,
 * and nobody waits for one that still runs.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "blocking_lane.h"
#include "thread_name.h"

static void free_thread(struct nv_lane_thread *t)
{
    (void)pthread_cond_destroy(&t->wake);
    free(t);
}

/* --- idle ------------------------------------------------------------------------------------ */

static void idle_push(struct nv_lane_thread *t)
{
    struct nv_lane *lane = t->lane;

    t->is_woken = 0;
    t->above = NULL;
    t->below = lane->idle;
    if (t->below)
        t->below->above = t;
    lane->idle = t;
    lane->idle_count++;
}

static void idle_remove(struct nv_lane_thread *t)
{
    if (t->above)
        t->above->below = t->below;
    else
        t->lane->idle = t->below;
    if (t->below)
        t->below->above = t->above;
    t->lane->idle_count--;
}

/* The thread on top has something to do. */
static void idle_wake(struct nv_lane *lane)
{
    struct nv_lane_thread *t = lane->idle;

    idle_remove(t);
    lane->coming++;
    t->is_woken = 1;
    (void)pthread_cond_signal(&t->wake);
}

static struct timespec point_after(nave_nsec ns)
{
    struct timespec at = {0, 0};
    nave_nsec rest;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    rest = at.tv_nsec + ns % NAVE_SEC;
    at.tv_sec += (time_t)(ns / NAVE_SEC + rest / NAVE_SEC);
    at.tv_nsec = (long)(rest % NAVE_SEC);
    return at;
}

/* 0: nothing came in time, end. State: locked. */
static int32_t wait_for_job(struct nv_lane_thread *t)
{
    const struct timespec until = point_after(t->lane->idle_ns);
    int failed = 0;

    idle_push(t);
    while (!t->is_woken && failed == 0)
        failed = pthread_cond_timedwait(&t->wake, &t->lane->lock, &until);
    if (!t->is_woken) {
        idle_remove(t);
        return 0;
    }
    t->lane->coming--;
    return 1;
}

void nv_lane_dismiss(struct nv_lane *lane)
{
    while (lane->idle)
        idle_wake(lane);
}

/* --- a thread -------------------------------------------------------------------------------- */

/* Unlocks. */
static void leave(struct nv_lane_thread *t)
{
    struct nv_lane *lane = t->lane;
    struct nv_lane_thread *before = lane->ended;

    lane->ended = t;
    lane->threads--;
    (void)pthread_cond_signal(&lane->left);
    (void)pthread_mutex_unlock(&lane->lock);
    if (before) {
        (void)pthread_join(before->thread, NULL);
        free_thread(before);
    }
}

static void *thread_main(void *arg)
{
    struct nv_lane_thread *t = arg;
    struct nv_lane *lane = t->lane;

    nv_thread_name(lane->name);
    (void)pthread_mutex_lock(&lane->lock);
    lane->coming--;
    do {
        struct nave_op *op;

        while ((op = nv_lane_first(lane)) != NULL) {
            nv_lane_take(lane, &t->call, op);
            (void)pthread_mutex_unlock(&lane->lock);
            if (!nv_lane_run(lane, &t->call)) {
                free_thread(t);
                return NULL;
            }
            (void)pthread_mutex_lock(&lane->lock);
            lane->coming -= t->call.is_coming;
        }
    } while (!lane->is_closed && wait_for_job(t));
    leave(t);
    return NULL;
}

/* With all signals blocked: those of the process are others'. State: locked. */
static nave_err make_thread(struct nv_lane *lane)
{
    struct nv_lane_thread *t = calloc(1, sizeof(*t));
    pthread_condattr_t attr;
    sigset_t all, before;
    int failed = ENOMEM;

    if (!t)
        return NAVE_ENOMEM;
    t->lane = lane;
    if (pthread_condattr_init(&attr) == 0) {
        failed = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        failed = failed ? failed : pthread_cond_init(&t->wake, &attr);
        (void)pthread_condattr_destroy(&attr);
    }
    if (failed) {
        free(t);
        return NAVE_ENOMEM;
    }
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&t->thread, NULL, thread_main, t);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        free_thread(t);
        return failed == ENOMEM ? NAVE_ENOMEM : NAVE_ELIMIT;
    }
    lane->threads++;
    lane->coming++;
    if (lane->threads > lane->stats.peak)
        lane->stats.peak = lane->threads;
    return NAVE_OK;
}

/* --- for the lane ---------------------------------------------------------------------------- */

nave_err nv_lane_call_thread(struct nv_lane *lane)
{
    nave_err err;

    if (lane->depth <= lane->coming)
        return NAVE_OK; /* one is on its way for each job: the same thread goes on, awake */
    if (lane->idle) {
        idle_wake(lane);
        return NAVE_OK;
    }
    if (lane->threads >= lane->thread_max)
        return NAVE_OK;
    err = make_thread(lane);
    if (!err)
        return NAVE_OK;
    lane->stats.failures++;
    if (!lane->has_failed && lane->on_failure)
        lane->on_failure(lane->arg, lane->name, err, lane->threads);
    lane->has_failed = 1;
    return lane->threads ? NAVE_OK : NAVE_ELIMIT; /* who is there comes for it */
}

uint32_t nv_lane_join(struct nv_lane *lane)
{
    struct nv_lane_thread *last;
    struct nv_call *call;
    uint32_t stragglers;

    (void)pthread_mutex_lock(&lane->lock);
    lane->is_abandoned = 1;
    for (call = lane->calls.next; call != &lane->calls; call = call->next) {
        (void)pthread_detach(NAVE_CONTAINER_OF(call, struct nv_lane_thread, call)->thread);
        lane->stragglers++;
        lane->threads--;
    }
    stragglers = lane->stragglers;
    while (lane->threads > 0)
        (void)pthread_cond_wait(&lane->left, &lane->lock);
    last = lane->ended;
    lane->ended = NULL;
    (void)pthread_mutex_unlock(&lane->lock);
    if (last) {
        (void)pthread_join(last->thread, NULL);
        free_thread(last);
    }
    return stragglers;
}

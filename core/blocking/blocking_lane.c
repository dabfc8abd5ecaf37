/* SPDX-License-Identifier: MIT
 *
 * See blocking_lane.h: jobs from start to end. A job is queued, runs, is settled; at each of these its
 * owner may drop it, and the lock says which it was.
 *
 * An op that a task awaits may be gone as soon as its result is stored, so its waker is copied before
 * and woken after the lock. One with a callback is posted under the lock, which its drop takes.
 */
#include "blocking_lane.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nave/worker.h>

static nave_nsec now_ns(void)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

/* --- the variable: any pointer of the caller's, so it is copied as bytes ----------------------- */

static void *arg_of(void **arg_var)
{
    void *arg = NULL;

    if (arg_var)
        memcpy(&arg, arg_var, sizeof(arg));
    return arg;
}

/* Take the argument out of the variable. */
static void *arg_take(void **arg_var)
{
    void *arg = arg_of(arg_var), *none = NULL;

    if (arg_var)
        memcpy(arg_var, &none, sizeof(none));
    return arg;
}

static void release(const struct nave_blocking_work *work, void *arg)
{
    if (arg && work->release)
        work->release(arg);
}

/* --- the job in its op ----------------------------------------------------------------------- */

static void **var_of_open(const struct nave_op *op)
{
    return (void **)(void *)op->job.next;
}

static void **var_of_settled(const struct nave_op *op)
{
    return (void **)(void *)op->next;
}

static void push(struct nv_lane *lane, struct nave_op *op)
{
    op->next = &lane->queue;
    op->prev = lane->queue.prev;
    op->prev->next = op;
    lane->queue.prev = op;
    lane->depth++;
    if (lane->depth > lane->stats.deepest)
        lane->stats.deepest = lane->depth;
}

static void unlink_op(struct nv_lane *lane, struct nave_op *op)
{
    op->prev->next = op->next;
    op->next->prev = op->prev;
    op->next = op->prev = NULL;
    lane->depth--;
}

struct nave_op *nv_lane_first(struct nv_lane *lane)
{
    return lane->queue.next == &lane->queue ? NULL : lane->queue.next;
}

/* `op` has its result, and its owner is told; by the waker in *out_waker, after the lock, when there is
 * a table in it. State: locked; not queued. */
static void settle(struct nave_op *op, nave_err result, uint64_t value,
                   struct nave_waker *out_waker)
{
    out_waker->api = NULL;
    op->next = (struct nave_op *)(void *)var_of_open(op);
    op->job.next = NULL;
    __atomic_store_n(&op->value, value, __ATOMIC_RELAXED); /* async_debug.h looks at it meanwhile */
    if (!op->done)
        *out_waker = (struct nave_waker){op->waker, op->done_arg, op->waker_id, 0};
    __atomic_store_n(&op->result, result, __ATOMIC_RELEASE);
    if (!out_waker->api)
        nave_op_wake(op);
}

/* --- start ----------------------------------------------------------------------------------- */

nave_err nv_lane_start(struct nave_op *op, struct nv_blocking_end *end,
                       const struct nave_blocking_work *work, void **arg_var, uint32_t flags)
{
    struct nv_lane *lane = *end->lane;
    nave_err err = NAVE_OK;

    (void)pthread_mutex_lock(&lane->lock);
    if (lane->is_closed) {
        err = NAVE_ECLOSED;
    } else if ((flags & NAVE_BLOCKING_NO_WAIT) && lane->depth >= lane->queue_max) {
        lane->stats.refused++;
        err = NAVE_ELIMIT;
    } else {
        nave_op_begin(op, &nv_blocking_source, end);
        op->reserved = (uint64_t)(uintptr_t)work;
        op->job.next = (struct nave_job *)(void *)arg_var;
        op->value =
            (uint64_t)nave_now(op->worker); /* a look at the clock would cost more than this */
        __atomic_store_n(&op->result, NV_JOB_OPEN, __ATOMIC_RELAXED);
        push(lane, op);
        if (lane->inlines)
            nv_inline_call(lane, op);
        else
            err = nv_lane_call_thread(lane);
        if (err)
            unlink_op(lane, op);
        else
            lane->stats.started++;
    }
    (void)pthread_mutex_unlock(&lane->lock);
    if (err && op->source == &nv_blocking_source) {
        op->source = NULL;
        op->job.next = NULL;
        op->state = NAVE_OP_IDLE;
        op->result = err;
    }
    return err ? err : NAVE_EAGAIN;
}

/* --- run ------------------------------------------------------------------------------------- */

void nv_lane_take(struct nv_lane *lane, struct nv_call *call, struct nave_op *op)
{
    nave_nsec now = now_ns();

    unlink_op(lane, op);
    /* Without threads the clock of the worker may be a virtual one. */
    nv_histogram_add(&lane->times.queue_time,
                     (lane->inlines ? nave_now(op->worker) : now) - (nave_nsec)op->value);
    call->op = op;
    call->work = nv_job_work(op);
    call->plugin = nv_job_plugin(op);
    call->arg = arg_of(var_of_open(op));
    call->since_ns = now;
    call->run = (struct nave_blocking_run){0, 0, 0};
    call->next = &lane->calls;
    call->prev = lane->calls.prev;
    call->prev->next = call;
    lane->calls.prev = call;
    lane->running++;
}

/* The op of a straggler is not touched: its worker has ended. What belongs to the runtime stays until the
 * last of them has gone, so that the argument can be freed. */
static void end_straggler(struct nv_lane *lane, struct nv_call *call, int32_t is_dropped)
{
    if (is_dropped)
        release(call->work, call->arg);
    (void)pthread_mutex_lock(&lane->lock);
    lane->stragglers--;
    (void)pthread_mutex_unlock(&lane->lock);
}

int32_t nv_lane_run(struct nv_lane *lane, struct nv_call *call)
{
    nave_err result = call->work->run(call->arg, &call->run);
    struct nave_waker waker = {NULL, NULL, 0, 0};
    int32_t is_dropped;

    if (result == NV_JOB_OPEN)
        result = NAVE_EINVAL;
    (void)pthread_mutex_lock(&lane->lock);
    call->prev->next = call->next;
    call->next->prev = call->prev;
    lane->running--;
    is_dropped = !call->op;
    call->is_coming = lane->thread_max && !is_dropped; /* a release may take its time */
    lane->coming += call->is_coming;
    if (lane->is_abandoned) {
        (void)pthread_mutex_unlock(&lane->lock);
        end_straggler(lane, call, is_dropped);
        return 0;
    }
    lane->stats.finished++;
    nv_histogram_add(&lane->times.run_time, now_ns() - call->since_ns);
    if (!is_dropped)
        settle(call->op, result, call->run.value, &waker);
    if (lane->running + lane->depth == 0 && lane->on_idle)
        lane->on_idle(lane->arg);
    (void)pthread_mutex_unlock(&lane->lock);
    if (waker.api)
        waker.api->wake(&waker);
    if (is_dropped)
        release(call->work, call->arg);
    return 1;
}

/* --- poll and drop --------------------------------------------------------------------------- */

static nave_poll job_poll(struct nave_op *op)
{
    if (__atomic_load_n(&op->result, __ATOMIC_ACQUIRE) == NV_JOB_OPEN)
        return NAVE_PENDING;
    return NAVE_READY;
}

/* The call that runs `op`; NULL: a straggler that has returned. State: locked; neither queued nor
 * settled. */
static struct nv_call *call_of(struct nv_lane *lane, const struct nave_op *op)
{
    struct nv_call *call = lane->calls.next;

    while (call != &lane->calls && call->op != op)
        call = call->next;
    return call == &lane->calls ? NULL : call;
}

/* Take the job back. What its argument has become is the caller's to release; NULL when the job runs. */
static void *take_back(struct nv_lane *lane, struct nave_op *op)
{
    struct nv_call *call;

    if (op->result != NV_JOB_OPEN)
        return arg_take(var_of_settled(op));
    if (op->prev) {
        unlink_op(lane, op);
        lane->stats.canceled++;
        if (lane->running + lane->depth == 0 && lane->on_idle)
            lane->on_idle(lane->arg);
        return arg_take(var_of_open(op));
    }
    call = call_of(lane, op);
    if (!call)
        return arg_take(var_of_open(op));
    call->op = NULL;
    __atomic_store_n(&call->run.is_canceled, 1u, __ATOMIC_RELEASE);
    lane->stats.abandoned++;
    (void)arg_take(var_of_open(op)); /* the call has it */
    return NULL;
}

static void job_drop(struct nave_op *op)
{
    const struct nave_blocking_work *work = nv_job_work(op);
    struct nv_lane *lane = *((struct nv_blocking_end *)op->impl)->lane;
    void *arg;

    (void)pthread_mutex_lock(&lane->lock);
    arg = take_back(lane, op);
    (void)pthread_mutex_unlock(&lane->lock);
    nave_op_recall(op);
    release(work, arg);
}

const struct nave_op_source nv_blocking_source = {
    .size = sizeof(nv_blocking_source),
    .drop = job_drop,
    .poll = job_poll,
    .name = "blocking call",
};

/* --- life ------------------------------------------------------------------------------------ */

nave_err nv_lane_create(const struct nv_blocking_options *o, const char *name, uint32_t threads,
                        struct nv_lane **out_lane)
{
    struct nv_lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return NAVE_ENOMEM;
    lane->name = name;
    lane->thread_max = threads;
    lane->queue_max = o->queue_max;
    lane->idle_ns = o->idle_ns;
    lane->on_idle = o->on_idle;
    lane->on_failure = o->on_failure;
    lane->arg = o->arg;
    lane->queue.next = lane->queue.prev = &lane->queue;
    lane->calls.next = lane->calls.prev = &lane->calls;
    if (pthread_mutex_init(&lane->lock, NULL) != 0)
        goto fail;
    if (pthread_cond_init(&lane->left, NULL) != 0)
        goto fail_cond;
    if (threads == 0 && nv_inline_create(lane, o->workers) != NAVE_OK)
        goto fail_inline;
    *out_lane = lane;
    return NAVE_OK;

fail_inline:
    (void)pthread_cond_destroy(&lane->left);
fail_cond:
    (void)pthread_mutex_destroy(&lane->lock);
fail:
    free(lane);
    return NAVE_ENOMEM;
}

void nv_lane_free(struct nv_lane *lane)
{
    if (!lane)
        return;
    (void)pthread_cond_destroy(&lane->left);
    (void)pthread_mutex_destroy(&lane->lock);
    free(lane->inlines);
    free(lane);
}

void nv_lane_close(struct nv_lane *lane)
{
    struct nave_waker waker;
    struct nv_call *call;
    struct nave_op *op;

    (void)pthread_mutex_lock(&lane->lock);
    lane->is_closed = 1;
    while ((op = nv_lane_first(lane)) != NULL) {
        unlink_op(lane, op);
        lane->stats.canceled++;
        settle(op, NAVE_ECANCELED, 0, &waker);
        if (waker.api) /* wakers call nobody who could come back here */
            waker.api->wake(&waker);
    }
    for (call = lane->calls.next; call != &lane->calls; call = call->next)
        __atomic_store_n(&call->run.is_canceled, 1u, __ATOMIC_RELEASE);
    nv_lane_dismiss(lane);
    (void)pthread_mutex_unlock(&lane->lock);
}

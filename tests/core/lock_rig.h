/* SPDX-License-Identifier: MIT
 *
 * For tests of locks: two workers that one thread turns, and waiters that take something with an op, in
 * a task or with a callback. Nothing moves but in settle().
 */
#ifndef LOCK_RIG_H
#define LOCK_RIG_H

#include <string.h>

#include <nave/notify.h>

#include "test_main.h"

#include "sync/locks.h"
#include "worker/sim.h"
#include "worker/worker_state.h"

enum mode { IN_TASK, WITH_CALLBACK };

/* How something is taken: the slot of a lock. */
typedef nave_err start_fn(void *lock, struct nave_op *op);

/* One who takes. */
struct waiter {
    struct nave_op op;
    enum mode mode;
    start_fn *start;
    void *lock;
    uint32_t has_started;
    uint32_t gives_up; /* the task drops its op when it is polled next */
    uint32_t is_done;  /* how often                                     */
    nave_err result;   /* once done; NAVE_EAGAIN before                 */
    uint64_t value;
    struct nave_waker waker;
};

static struct nv_sim sims[2];
static struct nv_worker *workers[2];
static struct nv_worker_handle handles[2];
static struct nv_locks locks;
static uint32_t next_order; /* of those who are done */
static struct waiter *done_order[64];

static void rig_setup(void)
{
    uint32_t i;

    memset(&locks, 0, sizeof(locks));
    nv_locks_init(&locks, NULL, 0);
    next_order = 0;
    for (i = 0; i < 2; i++) {
        struct nv_worker_options o = {.index = i, .poller = &nv_poller_sim, .poller_arg = &sims[i]};

        memset(&sims[i], 0, sizeof(sims[i]));
        if (nv_worker_create(&o, &workers[i]) != NAVE_OK)
            CU_FAIL_FATAL("no worker");
        nv_worker_attach(workers[i]);
        nv_worker_handle_init(&handles[i], workers[i], "acme");
    }
}

static void rig_teardown(void)
{
    uint32_t i;

    for (i = 0; i < 2; i++)
        nv_worker_destroy(workers[i]);
}

/* Turn both until nothing is left to be run. */
static void settle(void)
{
    uint32_t i, n = 1, turns = 0;

    while (n && turns++ < 1000)
        for (i = n = 0; i < 2; i++) {
            nv_worker_attach(workers[i]);
            n += nv_worker_turn(workers[i], 0);
        }
    CU_ASSERT(turns < 1000);
}

static void waiter_over(struct waiter *w)
{
    w->is_done++;
    w->result = w->op.result;
    w->value = w->op.value;
    if (next_order < NAVE_COUNT(done_order))
        done_order[next_order++] = w;
}

static void waiter_done(struct nave_op *op, void *arg)
{
    struct waiter *w = arg;

    CU_ASSERT_PTR_EQUAL(op, &w->op);
    waiter_over(w);
}

static struct waiter **waiter_of(struct nave_future *f)
{
    return nave_future_frame(f);
}

static nave_poll waiter_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct waiter *w = *waiter_of(f);

    if (!w->has_started) {
        w->has_started = 1;
        w->waker = *cx->waker;
        nave_op_await(&w->op, cx);
        (void)nave_lock_started_(&w->op, w->start(w->lock, &w->op));
    }
    if (w->gives_up) {
        nave_op_drop(&w->op);
        return NAVE_READY;
    }
    if (nave_op_poll(&w->op) == NAVE_PENDING)
        return NAVE_PENDING;
    waiter_over(w);
    return NAVE_READY;
}

static void waiter_drop(struct nave_future *f)
{
    nave_op_drop(&(*waiter_of(f))->op);
}

static nave_err waiter_result(struct nave_future *f)
{
    return (*waiter_of(f))->result;
}

static const struct nave_future_iface waiter_table = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "waiter",
    .poll = waiter_poll,
    .drop = waiter_drop,
    .result = waiter_result,
};

/* Take `lock` on worker `worker`; it waits, or is done, when this returns. */
static void take(struct waiter *w, enum mode mode, uint32_t worker, start_fn *start, void *lock)
{
    struct nave_worker *pub = &handles[worker].pub;
    struct nave_future *f = NULL;
    nave_err err;

    memset(w, 0, sizeof(*w));
    w->mode = mode;
    w->start = start;
    w->lock = lock;
    w->result = NAVE_EAGAIN;
    nv_worker_attach(workers[worker]);
    if (mode == IN_TASK) {
        CU_ASSERT_EQUAL_FATAL(pub->api->future_new(pub, &waiter_table, sizeof(w), &f), NAVE_OK);
        *waiter_of(f) = w;
        pub->api->spawn_local(pub, f);
        settle();
        return;
    }
    w->has_started = 1;
    nave_op_init(&w->op, pub, waiter_done, w);
    err = start(lock, &w->op);
    if (err != NAVE_EAGAIN) {
        w->op.result = err;
        waiter_over(w);
    }
}

/* Give up before it has seen an outcome: drop the op, without letting the worker run before. */
static void give_up(struct waiter *w)
{
    w->gives_up = 1;
    if (w->mode == IN_TASK)
        w->waker.api->wake(&w->waker);
    else
        nave_op_drop(&w->op);
}

#endif

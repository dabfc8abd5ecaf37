/* SPDX-License-Identifier: MIT
 *
 * For the tests of what is built on timers: a worker over the simulated poller, a task that awaits one
 * op after the other, and a record of what ended when. Pins are counted and not passed on.
 */
#ifndef TIMERS_RIG_H
#define TIMERS_RIG_H

#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "worker/sim.h"
#include "worker/worker_state.h"

#define ENDED_MAX 4096

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w; /* what a plugin sees */
static int pins;              /* of all tasks together */
static struct nave_worker_iface counting_pins;

/* What ended. */
static struct {
    nave_nsec at;
    uint64_t value;
    void *arg;
    nave_err result;
} ended[ENDED_MAX];
static int ends;

static void note_end(const struct nave_op *op, void *arg)
{
    if (ends == ENDED_MAX)
        CU_FAIL_FATAL("too much ended");
    ended[ends].at = nave_now(w);
    ended[ends].value = op->value;
    ended[ends].arg = arg;
    ended[ends].result = op->result;
    ends++;
}

/* The callback of ops that are not awaited. */
static void on_done(struct nave_op *op, void *arg)
{
    note_end(op, arg);
}

static nave_nsec ms(int64_t n)
{
    return n * NAVE_MSEC;
}

static void rig_pin(struct nave_worker *pub, void *task)
{
    CU_ASSERT_PTR_EQUAL(pub, w);
    CU_ASSERT_PTR_NOT_NULL(task);
    pins++;
}

static void rig_unpin(struct nave_worker *pub, void *task)
{
    CU_ASSERT_PTR_EQUAL(pub, w);
    CU_ASSERT_PTR_NOT_NULL(task);
    pins--;
}

static void setup(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = NAVE_SEC;
    ends = pins = 0;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
    counting_pins = *w->api;
    counting_pins.pin = rig_pin;
    counting_pins.unpin = rig_unpin;
    w->api = &counting_pins;
}

static void teardown(void)
{
    nv_worker_destroy(worker);
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    worker = NULL;
}

/* Turn without waiting until nothing is left to run. */
static void settle(void)
{
    int i;

    for (i = 0; i < 100 && nv_worker_turn(worker, 0) > 0; i++)
        continue;
    CU_ASSERT(i < 100);
}

/* Move the clock to `now`, and run what is due. */
static void at(nave_nsec now)
{
    sim.now_ns = now;
    settle();
}

/* --- a task that awaits `begin` as often as `times` ------------------------------------------ */

struct awaiting {
    struct nave_op *(*begin)(struct nave_cx *cx, void *arg);
    void *arg;
    struct nave_op *op; /* what is awaited */
    int32_t times;
    int32_t polls;
};

static nave_poll awaiting_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct awaiting *a = nave_future_frame(f);

    if (!cx->task)
        cx->task = a;
    a->polls++;
    for (; a->times > 0; a->times--) {
        if (!a->op)
            a->op = a->begin(cx, a->arg);
        if (nave_op_poll(a->op) == NAVE_PENDING)
            return NAVE_PENDING;
        note_end(a->op, a->arg);
        a->op = NULL;
    }
    return NAVE_READY;
}

static void awaiting_drop(struct nave_future *f)
{
    struct awaiting *a = nave_future_frame(f);

    if (a->op)
        nave_op_drop(a->op);
}

static nave_err awaiting_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface awaiting_api = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "awaiting",
    .poll = awaiting_poll,
    .drop = awaiting_drop,
    .result = awaiting_result,
};

/* Spawn it; the frame is valid until the task ends. */
static struct awaiting *spawn(struct nave_op *(*begin)(struct nave_cx *cx, void *arg), void *arg,
                              int32_t times)
{
    struct nave_future *f = NULL;
    struct awaiting *a;

    CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &awaiting_api, sizeof(*a), &f), NAVE_OK);
    a = nave_future_frame(f);
    a->begin = begin;
    a->arg = arg;
    a->times = times;
    w->api->spawn_local(w, f);
    return a;
}

#endif

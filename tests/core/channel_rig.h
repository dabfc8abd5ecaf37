/* SPDX-License-Identifier: MIT
 *
 * Two simulated workers on one thread, memory that is counted and can fail, and waiters: an op that is
 * awaited by a task (through the inlines) or calls back (through the slots), and says how it ended.
 */
#ifndef CHANNEL_RIG_H
#define CHANNEL_RIG_H

#include <stdlib.h>
#include <string.h>

#include <nave/host.h>

#include "test_main.h"

#include "sync/channel.h"
#include "worker/sim.h"
#include "worker/worker_state.h"

enum mode { TASK = 0, CALLBACK, MODES };

#define WORKERS 2u

static struct {
    struct nv_sim sim[WORKERS];
    struct nv_worker *worker[WORKERS];
    struct nv_worker_handle handle[WORKERS];
    struct nv_channels service;
    struct nave_channels *channels;
    struct nave_host host;
    size_t bytes;      /* of memory not given back */
    long fails_in;     /* allocations until one fails; below 0: none does */
    uint32_t failures; /* that happened */
    enum mode mode;
} rig;

/* --- memory ---------------------------------------------------------------------------------- */

static void *rig_mem(struct nave_host *h, void *ptr, size_t old, size_t now)
{
    (void)h;
    if (now && rig.fails_in >= 0 && rig.fails_in-- == 0) {
        rig.failures++;
        return NULL;
    }
    rig.bytes += now - old;
    if (now)
        return malloc(now);
    free(ptr);
    return NULL;
}

static const struct nave_host_iface rig_host = {.mem = rig_mem};

/* --- life ------------------------------------------------------------------------------------ */

static void rig_open(enum mode mode)
{
    uint32_t i;

    memset(&rig, 0, sizeof(rig));
    rig.mode = mode;
    rig.fails_in = -1;
    rig.host.api = &rig_host;
    for (i = 0; i < WORKERS; i++) {
        struct nv_worker_options o = {.index = i,
                                      .poller = &nv_poller_sim,
                                      .poller_arg = &rig.sim[i]};

        if (nv_worker_create(&o, &rig.worker[i]) != NAVE_OK)
            abort();
        nv_worker_attach(rig.worker[i]);
        nv_worker_handle_init(&rig.handle[i], rig.worker[i], "acme");
    }
    nv_channels_init(&rig.service, NULL, &rig.host);
    rig.channels = &rig.service.pub;
}

/* Turn both until nothing is left to run. */
static void rig_run(void)
{
    uint32_t n, rounds = 0;

    do {
        n = nv_worker_turn(rig.worker[0], 0) + nv_worker_turn(rig.worker[1], 0);
    } while (n && ++rounds < 100);
    CU_ASSERT(rounds < 100);
}

static void rig_close(void)
{
    rig_run();
    nv_worker_destroy(rig.worker[0]);
    nv_worker_destroy(rig.worker[1]);
    CU_ASSERT_EQUAL(rig.bytes, 0);
}

/* --- waiters --------------------------------------------------------------------------------- */

struct waiter {
    struct nave_op op;
    /* Begin: by the inline with `cx`, by the slot without. */
    void (*start)(struct waiter *w, struct nave_cx *cx);
    void *handle;
    uint64_t item[4];
    uint32_t max;
    uint32_t has_begun;
    uint32_t wants_drop;
    uint32_t times; /* that it ended */
    nave_err result;
    uint64_t value;
    struct nave_waker waker;
};

static void waiter_ended(struct waiter *w)
{
    w->times++;
    w->result = w->op.result;
    w->value = w->op.value;
}

static void waiter_done(struct nave_op *op, void *arg)
{
    (void)op;
    waiter_ended(arg);
}

static struct waiter *waiter_of(struct nave_future *f)
{
    return *(struct waiter **)nave_future_frame(f);
}

static nave_poll waiter_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct waiter *w = waiter_of(f);

    w->waker = *cx->waker;
    if (w->wants_drop) {
        nave_op_drop(&w->op);
        return NAVE_READY;
    }
    if (!w->has_begun) {
        w->has_begun = 1;
        w->start(w, cx);
    }
    if (nave_op_poll(&w->op) == NAVE_PENDING)
        return NAVE_PENDING;
    waiter_ended(w);
    return NAVE_READY;
}

static void waiter_future_drop(struct nave_future *f)
{
    nave_op_drop(&waiter_of(f)->op);
}

static nave_err waiter_result(struct nave_future *f)
{
    return waiter_of(f)->result;
}

static const struct nave_future_iface waiter_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "waiter",
    .poll = waiter_poll,
    .drop = waiter_future_drop,
    .result = waiter_result,
};

/* Begin on worker `i`. */
static void waiter_begin(struct waiter *w, uint32_t i,
                         void (*start)(struct waiter *, struct nave_cx *), void *handle)
{
    struct nave_worker *worker = &rig.handle[i].pub;
    struct nave_future *f;

    w->start = start;
    w->handle = handle;
    w->has_begun = w->wants_drop = w->times = 0;
    w->result = NAVE_EAGAIN;
    if (rig.mode == CALLBACK) {
        nave_op_init(&w->op, worker, waiter_done, w);
        w->has_begun = 1;
        start(w, NULL);
        if (w->op.state == NAVE_OP_DONE)
            waiter_ended(w);
        return;
    }
    if (worker->api->future_new(worker, &waiter_future, sizeof(w), &f) != NAVE_OK)
        abort();
    *(struct waiter **)nave_future_frame(f) = w;
    worker->api->spawn_local(worker, f);
    nv_worker_turn(rig.worker[i], 0);
}

/* Take it back, at any time. */
static void waiter_drop(struct waiter *w)
{
    if (rig.mode == CALLBACK) {
        nave_op_drop(&w->op);
        return;
    }
    w->wants_drop = 1;
    w->waker.api->wake(&w->waker);
    rig_run();
}

/* It has not ended. */
#define WAITS(w) CU_ASSERT_EQUAL((w)->times, 0)
/* It has ended once, with `r`. */
#define ENDED(w, r)                      \
    do {                                 \
        CU_ASSERT_EQUAL((w)->times, 1);  \
        CU_ASSERT_EQUAL((w)->result, r); \
    } while (0)

/* A way to begin, from the inline's call and the slot's. */
#define STARTER(name, inline_call, slot_call)                          \
    static NAVE_UNUSED void name(struct waiter *w, struct nave_cx *cx) \
    {                                                                  \
        if (cx)                                                        \
            CU_ASSERT_PTR_EQUAL(inline_call, &w->op)                   \
        else                                                           \
            nave_op_begun(&w->op, slot_call);                          \
    }

/* Run a test with ops that a task awaits, and with ops that call back. */
#define BOTH_WAYS(name)                           \
    static void name(void)                        \
    {                                             \
        enum mode mode_;                          \
        for (mode_ = 0; mode_ < MODES; mode_++) { \
            rig_open(mode_);                      \
            name##_();                            \
            rig_close();                          \
        }                                         \
    }

#endif

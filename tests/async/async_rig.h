/* SPDX-License-Identifier: MIT
 *
 * For the tests of async functions, select, join_all and timeout: a worker over the simulated poller, a
 * context to poll with by hand, and a box: a source of ops that holds items for those who take, in order.
 * An item set aside for one who waits is taken by the poll of its op, or passed on by its drop (rule 6).
 */
#ifndef ASYNC_RIG_H
#define ASYNC_RIG_H

#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "worker/sim.h"
#include "worker/worker_state.h"

#include <nave/async.h>
#include <nave/join_all.h>
#include <nave/select.h>
#include <nave/sleep.h>
#include <nave/timeout.h>

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w; /* what a plugin sees */

/* --- polling by hand --------------------------------------------------------------------------- */

static uint32_t wakes;

static void count_clone(const struct nave_waker *from, struct nave_waker *out)
{
    *out = *from;
}

static void count_wake(const struct nave_waker *waker)
{
    (void)waker;
    wakes++;
}

static void count_drop(struct nave_waker *waker)
{
    (void)waker;
}

static const struct nave_waker_iface count_table = {
    .hdr = NAVE_IFACE(struct nave_waker_iface, "nave.waker/1", 0, 0),
    .clone = count_clone,
    .wake = count_wake,
    .drop = count_drop,
};

static const struct nave_waker waker_by_hand = {&count_table, NULL, 7, 0};
static struct nave_cx by_hand; /* a test may set is_canceled and budget */

static NAVE_UNUSED nave_poll poll_once(struct nave_future *f)
{
    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    by_hand.flags = 0;
    return f->api->poll(f, &by_hand);
}

static NAVE_UNUSED nave_err result_of(struct nave_future *f)
{
    return f->api->result(f);
}

/* --- a record of what happened ------------------------------------------------------------------ */

static char said[512];

static NAVE_UNUSED void say(const char *what)
{
    if (strlen(said) + strlen(what) + 2 < sizeof(said)) {
        if (said[0])
            strcat(said, " ");
        strcat(said, what);
    }
}

static NAVE_UNUSED int was_said(const char *what)
{
    int is_same = strcmp(said, what) == 0;

    if (!is_same)
        printf("\n    said \"%s\" in place of \"%s\"\n", said, what);
    said[0] = '\0';
    return is_same;
}

/* --- a source ----------------------------------------------------------------------------------- */

struct box {
    struct nave_op head; /* of the ring of those who wait */
    uint64_t items[64];  /* the first `count` are free for anybody */
    uint32_t count;
    uint32_t starts, drops;
};

static struct box box, other;

static void box_init(struct box *b)
{
    memset(b, 0, sizeof(*b));
    b->head.next = b->head.prev = &b->head;
}

static void box_unlink(struct nave_op *op)
{
    op->prev->next = op->next;
    op->next->prev = op->prev;
    op->next = op->prev = NULL;
}

/* op->next is NULL, and the item in op->reserved, while one is set aside for it. */
static void box_put(struct box *b, uint64_t item)
{
    struct nave_op *op = b->head.next;

    if (op == &b->head) {
        b->items[b->count++] = item;
        return;
    }
    box_unlink(op);
    op->reserved = item;
    nave_op_wake(op);
}

static void box_drop(struct nave_op *op)
{
    struct box *b = op->impl;

    b->drops++;
    if (op->next) {
        box_unlink(op);
        return;
    }
    nave_op_recall(op);
    box_put(b, op->reserved);
}

static nave_poll box_poll(struct nave_op *op)
{
    if (op->next)
        return NAVE_PENDING;
    op->result = op->reserved == 666 ? NAVE_ERESET : NAVE_OK;
    op->value = op->reserved;
    return NAVE_READY;
}

static const struct nave_op_source box_source = {
    .size = sizeof(struct nave_op_source),
    .drop = box_drop,
    .poll = box_poll,
    .name = "box take",
};

static nave_err box_start(struct box *b, struct nave_op *op)
{
    b->starts++;
    if (b->count > 0) {
        op->value = b->items[0];
        memmove(b->items, b->items + 1, --b->count * sizeof(b->items[0]));
        return op->value == 666 ? NAVE_ERESET : NAVE_OK;
    }
    nave_op_begin(op, &box_source, b);
    op->prev = b->head.prev;
    op->next = &b->head;
    op->prev->next = op->next->prev = op;
    return NAVE_EAGAIN;
}

/* The awaitable: an item is op->value; 666 is the error NAVE_ERESET. */
static struct nave_op *box_take(struct nave_cx *cx, struct nave_op *op, struct box *b)
{
    nave_err err;

    nave_op_await(op, cx);
    err = box_start(b, op);
    if (err != NAVE_EAGAIN) {
        op->state = NAVE_OP_DONE;
        op->result = err;
    }
    return op;
}

static uint32_t box_waiters(const struct box *b)
{
    const struct nave_op *op;
    uint32_t n = 0;

    for (op = b->head.next; op != &b->head; op = op->next)
        n++;
    return n;
}

/* --- before and after each test ------------------------------------------------------------------ */

static void setup(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = NAVE_SEC;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
    memset(&by_hand, 0, sizeof(by_hand));
    by_hand.budget = 128;
    wakes = 0;
    said[0] = '\0';
    box_init(&box);
    box_init(&other);
}

static void teardown(void)
{
    nv_worker_destroy(worker);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
    CU_ASSERT_EQUAL(box_waiters(&box) + box_waiters(&other), 0);
    worker = NULL;
}

static struct nave_worker_iface failing_table;
static const struct nave_worker_iface *real_table;
static uint32_t fails_at; /* counts down to the future that cannot be had */

static nave_err failing_future_new(struct nave_worker *pub, const struct nave_future_iface *api,
                                   size_t frame_size, struct nave_future **out_future)
{
    if (fails_at && --fails_at == 0)
        return NAVE_ENOMEM;
    return real_table->future_new(pub, api, frame_size, out_future);
}

/* From here on the worker has no memory for future number `n`. */
static NAVE_UNUSED void fail_future(uint32_t n)
{
    real_table = w->api;
    failing_table = *w->api;
    failing_table.future_new = failing_future_new;
    w->api = &failing_table;
    fails_at = n;
}

/* Turn without waiting until nothing is left to run. */
static NAVE_UNUSED void settle(void)
{
    int i;

    for (i = 0; i < 1000 && nv_worker_turn(worker, 0) > 0; i++)
        continue;
    CU_ASSERT(i < 1000);
}

/* Move the clock by `ns`, and run what is due. */
static NAVE_UNUSED void pass(nave_nsec ns)
{
    sim.now_ns += ns;
    settle();
}

#define TEST(name)  \
    {               \
#        name, name \
    }

/* A frame that has not begun. */
#define FRESH(name)                            \
    (struct name)                              \
    {                                          \
        .async = {.future = {&name##_api, 0} } \
    }

#endif

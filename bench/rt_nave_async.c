/* SPDX-License-Identifier: MIT
 *
 * The same as async functions, as one would write them.
 */
#include "rt_nave.h"

/* Spawn the driver that was made, on worker 0. */
static void spawn_driver(struct nave_worker *w, nave_err err, struct nave_future **f)
{
    if (err != NAVE_OK)
        rt_fail("future_new", err);
    (void)w->api->spawn(w, *f);
}

NAVE_ASYNC(empty, uint64_t unused;)
{
    NAVE_BEGIN();
    NAVE_CLEANUP();
    NAVE_END();
}

/* --- spawn ----------------------------------------------------------------------------------- */

NAVE_ASYNC(spawner, struct rt_driver head; struct nave_join child; struct nave_op op;)
{
    NAVE_BEGIN();
    while (rt_next(f->head.run, &f->head.left)) {
        for (; f->head.left > 0; f->head.left--) {
            struct nave_future *child = NULL;

            NAVE_TRY_NOW(NAVE_NEW(empty, cx->worker, &child));
            (void)nave_spawn_join(cx->worker, child, 0, &f->child);
            NAVE_TRY(nave_join_await(cx, &f->op, &f->child));
            nave_join_drop(&f->child);
        }
    }
    NAVE_CLEANUP();
    NAVE_END();
}

void rt_spawn_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (w->index == 0)
        spawn_driver(w, NAVE_NEW(spawner, w, &f, .head.run = run), &f);
}

/* Every worker does it: none should hinder another. */
NAVE_ASYNC(each, struct rt_run *run; uint64_t left; struct nave_join child; struct nave_op op;)
{
    NAVE_BEGIN();
    for (; f->left > 0; f->left--) {
        struct nave_future *child = NULL;

        NAVE_TRY_NOW(NAVE_NEW(empty, cx->worker, &child));
        (void)nave_spawn_join(cx->worker, child, 0, &f->child);
        NAVE_TRY(nave_join_await(cx, &f->op, &f->child));
        nave_join_drop(&f->child);
    }
    NAVE_CLEANUP();
    if (__atomic_sub_fetch(&f->run->started, 1, __ATOMIC_ACQ_REL) == 0) { /* the last one */
        f->run->phase = 2;
        (void)rt_next(f->run, &f->left);
    }
    NAVE_END();
}

void rt_each_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_future *f = NULL;
    uint64_t left = run->args.operations;

    if (w->index == 0)
        run->span = rt_begin();
    if (NAVE_NEW(each, w, &f, .run = run, .left = left) != NAVE_OK)
        rt_fail("future_new", NAVE_ENOMEM);
    (void)w->api->spawn_local(w, f);
}

/* --- spawn_batch ----------------------------------------------------------------------------- */

NAVE_ASYNC(batcher, struct rt_driver head; struct nave_op op; uint32_t i;
           struct nave_join children[RT_BATCH];)
{
    NAVE_BEGIN();
    while (rt_next(f->head.run, &f->head.left)) {
        for (; f->head.left > 0; f->head.left -= f->i) {
            for (f->i = 0; f->i < RT_BATCH && f->i < f->head.left; f->i++) {
                struct nave_future *child = NULL;

                NAVE_TRY_NOW(NAVE_NEW(empty, cx->worker, &child));
                (void)nave_spawn_join(cx->worker, child, 0, &f->children[f->i]);
            }
            for (f->i = 0; f->i < RT_BATCH && f->i < f->head.left; f->i++) {
                NAVE_TRY(nave_join_await(cx, &f->op, &f->children[f->i]));
                nave_join_drop(&f->children[f->i]);
            }
        }
    }
    NAVE_CLEANUP();
    NAVE_END();
}

void rt_batch_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (w->index == 0)
        spawn_driver(w, NAVE_NEW(batcher, w, &f, .head.run = run), &f);
}

/* --- yield ----------------------------------------------------------------------------------- */

NAVE_ASYNC(yielder, struct rt_driver head;)
{
    NAVE_BEGIN();
    while (rt_next(f->head.run, &f->head.left)) {
        for (; f->head.left > 0; f->head.left--)
            NAVE_YIELD();
    }
    NAVE_CLEANUP();
    NAVE_END();
}

void rt_yield_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (w->index == 0)
        spawn_driver(w, NAVE_NEW(yielder, w, &f, .head.run = run), &f);
}

/* One of many. */
NAVE_ASYNC(counted, uint64_t left;)
{
    NAVE_BEGIN();
    for (; f->left > 0; f->left--)
        NAVE_YIELD();
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(crowd, struct rt_driver head; struct nave_op op; uint32_t i;
           struct nave_join children[RT_BATCH];)
{
    NAVE_BEGIN();
    while (rt_next(f->head.run, &f->head.left)) {
        for (f->i = 0; f->i < RT_BATCH; f->i++) {
            struct nave_future *child = NULL;

            NAVE_TRY_NOW(NAVE_NEW(counted, cx->worker, &child, .left = f->head.left / RT_BATCH));
            (void)nave_spawn_join(cx->worker, child, 0, &f->children[f->i]);
        }
        for (f->i = 0; f->i < RT_BATCH; f->i++) {
            NAVE_TRY(nave_join_await(cx, &f->op, &f->children[f->i]));
            nave_join_drop(&f->children[f->i]);
        }
    }
    NAVE_CLEANUP();
    NAVE_END();
}

void rt_yield_many_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (w->index == 0)
        spawn_driver(w, NAVE_NEW(crowd, w, &f, .head.run = run), &f);
}

/* --- await ----------------------------------------------------------------------------------- */

/* One that waits once, awaited by one that goes on: a child's frame in its parent's. */
NAVE_ASYNC(inner, uint64_t unused;)
{
    NAVE_BEGIN();
    NAVE_YIELD();
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(outer, struct rt_driver head; struct inner inner;)
{
    NAVE_BEGIN();
    while (rt_next(f->head.run, &f->head.left)) {
        for (; f->head.left > 0; f->head.left--)
            NAVE_TRY(NAVE_CALL(inner, &f->inner));
    }
    NAVE_CLEANUP();
    NAVE_END();
}

void rt_await_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (w->index == 0)
        spawn_driver(w, NAVE_NEW(outer, w, &f, .head.run = run), &f);
}

/* --- pingpong -------------------------------------------------------------------------------- */

struct pipe {
    struct nave_mpsc *tx;
    struct nave_mpsc_rx *rx;
};

NAVE_ASYNC(echo, struct nave_mpsc_rx *rx; struct nave_mpsc * tx; struct nave_op op; uint64_t item;)
{
    NAVE_BEGIN();
    for (;;) {
        NAVE_AWAIT(nave_mpsc_recv(cx, &f->op, f->rx, &f->item));
        if (NAVE_RESULT() != NAVE_OK)
            break;
        NAVE_TRY(nave_mpsc_send(cx, &f->op, f->tx, &f->item));
    }
    NAVE_CLEANUP();
    nave_mpsc_rx_drop(f->rx);
    nave_mpsc_drop(f->tx);
    NAVE_END();
}

NAVE_ASYNC(player, struct rt_driver head; struct nave_mpsc * tx; struct nave_mpsc_rx * rx;
           struct nave_op op; uint64_t item;)
{
    NAVE_BEGIN();
    while (rt_next(f->head.run, &f->head.left)) {
        for (; f->head.left > 0; f->head.left--) {
            NAVE_TRY(nave_mpsc_send(cx, &f->op, f->tx, &f->head.left));
            NAVE_TRY(nave_mpsc_recv(cx, &f->op, f->rx, &f->item));
            if (f->item != f->head.left)
                NAVE_RETURN(NAVE_EINVAL);
        }
    }
    NAVE_CLEANUP();
    if (NAVE_RESULT() != NAVE_OK)
        rt_fail("pingpong", NAVE_RESULT());
    nave_mpsc_drop(f->tx);
    nave_mpsc_rx_drop(f->rx);
    NAVE_END();
}

void rt_pingpong_start(struct rt_run *run, struct nave_worker *w)
{
    struct nave_mpsc_options options = {.size = sizeof(options),
                                        .item_size = sizeof(uint64_t),
                                        .capacity = 1};
    struct pipe to = {NULL, NULL}, back = {NULL, NULL};
    struct nave_future *f = NULL;
    nave_err err;

    if (w->index != 0)
        return;
    err = nave_mpsc_new(run->channels, &options, &to.tx, &to.rx);
    if (!err)
        err = nave_mpsc_new(run->channels, &options, &back.tx, &back.rx);
    if (err)
        rt_fail("nave_mpsc_new", err);
    spawn_driver(w, NAVE_NEW(echo, w, &f, .rx = to.rx, .tx = back.tx), &f);
    spawn_driver(w, NAVE_NEW(player, w, &f, .head.run = run, .tx = to.tx, .rx = back.rx), &f);
}

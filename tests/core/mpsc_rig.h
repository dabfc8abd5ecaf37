/* SPDX-License-Identifier: MIT
 *
 * One queue with its two ends, four waiters, and the ways in which each begins.
 */
#ifndef MPSC_RIG_H
#define MPSC_RIG_H

#include "channel_rig.h"

static struct nave_mpsc *tx;
static struct nave_mpsc_rx *rx;
static NAVE_UNUSED struct waiter a, b, c, r;

STARTER(send, nave_mpsc_send(cx, &w->op, w->handle, w->item),
        tx->api->send(w->handle, &w->op, w->item))
STARTER(reserve, nave_mpsc_reserve(cx, &w->op, w->handle), tx->api->reserve(w->handle, &w->op))
STARTER(closed, nave_mpsc_closed(cx, &w->op, w->handle), tx->api->closed(w->handle, &w->op))
STARTER(recv, nave_mpsc_recv(cx, &w->op, w->handle, w->item),
        rx->api->recv(w->handle, &w->op, w->item))
STARTER(recv_many, nave_mpsc_recv_many(cx, &w->op, w->handle, w->item, w->max),
        rx->api->recv_many(w->handle, &w->op, w->item, w->max))

static void make_with(const struct nave_mpsc_options *o)
{
    CU_ASSERT_EQUAL_FATAL(nave_mpsc_new(rig.channels, o, &tx, &rx), NAVE_OK);
}

static void make(uint32_t capacity)
{
    struct nave_mpsc_options o = {.size = sizeof(o), .item_size = 8, .capacity = capacity};

    make_with(&o);
}

static void end(void)
{
    nave_mpsc_drop(tx);
    nave_mpsc_rx_drop(rx);
}

static nave_err put(uint64_t n)
{
    return nave_mpsc_try_send(tx, &n);
}

/* The next item; 0: there is none now; 1000: there will be none. */
static uint64_t get(void)
{
    uint64_t n = 77;
    nave_err err = nave_mpsc_try_recv(rx, &n);

    if (err != NAVE_OK)
        CU_ASSERT_EQUAL(n, 77);
    return err == NAVE_OK ? n : err == NAVE_EAGAIN ? 0 : err == NAVE_ECLOSED ? 1000 : 2000;
}

static void begin_send(struct waiter *w, uint32_t worker, uint64_t n)
{
    w->item[0] = n;
    waiter_begin(w, worker, send, tx);
}

#endif

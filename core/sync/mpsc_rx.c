/* SPDX-License-Identifier: MIT
 *
 * nave.mpsc_rx/1: the receiver. See mpsc_state.h.
 */
#include "mpsc_state.h"

/* --- ops ---------------------------------------------------------------------------------------- */

static nave_poll recv_poll(struct nave_op *op)
{
    nave_err outcome = nv_wait_outcome(op);

    if (outcome == NAVE_EAGAIN)
        return NAVE_PENDING;
    ((struct nv_mpsc *)op->impl)->rx_is_busy = 0;
    op->value = outcome == NAVE_OK;
    return NAVE_READY;
}

/* One was handed over; what came since is taken as well. */
static nave_poll recv_many_poll(struct nave_op *op)
{
    struct nv_wakes wakes;
    struct nv_mpsc_freed freed = {NULL};
    struct nv_mpsc *c = op->impl;
    char *out = nv_item_of(op);
    nave_poll ready = recv_poll(op);

    nv_wakes_init(&wakes);
    if (ready == NAVE_PENDING || op->result != NAVE_OK || c->rx_max == 1)
        return ready;
    nv_lock_take(&c->lock);
    op->value += nv_mpsc_receive_more(c, out + c->items.item_size, c->rx_max - 1, &wakes, &freed);
    nv_mpsc_leave(c, &wakes);
    nv_mpsc_free_blocks(c, &freed);
    return NAVE_READY;
}

static void recv_drop(struct nave_op *op)
{
    struct nv_mpsc *c = op->impl;
    nave_err outcome;

    nv_lock_take(&c->lock);
    outcome = nv_wait_outcome(op);
    if (outcome == NAVE_EAGAIN) {
        c->rx_op = NULL;
    } else if (outcome == NAVE_OK) {
        nv_item_copy(c->returned, nv_item_of(op), c->items.item_size);
        c->has_returned = 1;
    }
    c->rx_is_busy = 0;
    nv_lock_leave(&c->lock);
    nave_op_recall(op);
}

static const struct nave_op_source recv_source = {
    .size = sizeof(struct nave_op_source),
    .drop = recv_drop,
    .poll = recv_poll,
    .name = "mpsc recv",
};

static const struct nave_op_source recv_many_source = {
    .size = sizeof(struct nave_op_source),
    .drop = recv_drop,
    .poll = recv_many_poll,
    .name = "mpsc recv many",
};

/* --- calls -------------------------------------------------------------------------------------- */

/* The receiver waits from now on. State: the lock is held. */
static void begin(struct nv_mpsc *c, struct nave_op *op, const struct nave_op_source *source,
                  void *out)
{
    nave_op_begin(op, source, c);
    __atomic_store_n(&op->result, NAVE_EAGAIN, __ATOMIC_RELAXED);
    op->value = (uintptr_t)out;
    c->rx_op = op;
    c->rx_is_busy = 1;
}

/* Receive one; `op` NULL: do not wait. */
static nave_err receive(struct nv_mpsc *c, struct nave_op *op, void *out)
{
    struct nv_wakes wakes;
    struct nv_mpsc_freed freed = {NULL};
    nave_err err;

    nv_wakes_init(&wakes);
    if (NAVE_UNLIKELY(c->rx_is_busy))
        return NAVE_EBUSY;
    nv_lock_take(&c->lock);
    err = nv_mpsc_receive_now(c, out, &wakes, &freed);
    if (err == NAVE_EAGAIN && op)
        begin(c, op, &recv_source, out);
    nv_mpsc_leave(c, &wakes);
    nv_mpsc_free_blocks(c, &freed);
    return err;
}

static nave_err rx_recv(struct nave_mpsc_rx *rx, struct nave_op *op, void *out_item)
{
    nave_err err;

    if (NAVE_UNLIKELY(nv_wait_is_busy(op)))
        return NAVE_EBUSY;
    err = receive(nv_mpsc_of_rx(rx), op, out_item);
    if (err == NAVE_OK)
        op->value = 1;
    return err;
}

static nave_err rx_recv_many(struct nave_mpsc_rx *rx, struct nave_op *op, void *out_items,
                             uint32_t max)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = nv_mpsc_of_rx(rx);
    struct nv_mpsc_freed freed = {NULL};
    nave_err err;

    nv_wakes_init(&wakes);
    if (!max)
        return NAVE_EINVAL;
    if (nv_wait_is_busy(op) || c->rx_is_busy)
        return NAVE_EBUSY;
    nv_lock_take(&c->lock);
    err = nv_mpsc_receive_now(c, out_items, &wakes, &freed);
    if (err == NAVE_OK) {
        op->value = 1 + nv_mpsc_receive_more(c, (char *)out_items + c->items.item_size, max - 1,
                                             &wakes, &freed);
    } else if (err == NAVE_EAGAIN) {
        begin(c, op, &recv_many_source, out_items);
        c->rx_max = max;
    }
    nv_mpsc_leave(c, &wakes);
    nv_mpsc_free_blocks(c, &freed);
    return err;
}

static nave_err rx_try_recv(struct nave_mpsc_rx *rx, void *out_item)
{
    return receive(nv_mpsc_of_rx(rx), NULL, out_item);
}

static nave_err rx_recv_blocking(struct nave_mpsc_rx *rx, void *out_item, nave_nsec timeout_ns)
{
    struct nv_mpsc *c = nv_mpsc_of_rx(rx);
    struct nv_parker parker;
    struct nave_op op;
    nave_err err;

    if (!nv_channel_may_block(c->owner))
        return NAVE_EDEADLOCK;
    err = nv_parker_init(&parker, &op);
    if (err)
        return err;
    err = receive(c, &op, out_item);
    if (err == NAVE_EAGAIN)
        err = nv_block(&parker, &op, &c->lock, timeout_ns);
    nv_parker_fini(&parker);
    return err;
}

/* State: the lock is held. */
static void nv_mpsc_close_now(struct nv_mpsc *c, struct nv_wakes *wakes)
{
    __atomic_store_n(&c->is_closed, 1u, __ATOMIC_RELEASE);
    nv_settle_all(&c->senders, NAVE_ECLOSED, wakes);
    nv_settle_all(&c->closers, NAVE_OK, wakes);
    nv_mpsc_tell_finished(c, wakes);
}

static void rx_close(struct nave_mpsc_rx *rx)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = nv_mpsc_of_rx(rx);

    nv_wakes_init(&wakes);
    nv_lock_take(&c->lock);
    nv_mpsc_close_now(c, &wakes);
    nv_mpsc_leave(c, &wakes);
}

static uint32_t rx_len(const struct nave_mpsc_rx *rx)
{
    struct nv_mpsc *c = nv_mpsc_of_rx(rx);
    uint32_t n;

    nv_lock_take(&c->lock);
    n = c->items.count + c->has_returned;
    nv_lock_leave(&c->lock);
    return n;
}

/* Nobody else touches the items from is_rx_gone on. One that waits in `returned` is the oldest. */
static void discard_all(struct nv_mpsc *c)
{
    struct nv_item_block *b;

    if (c->has_returned && c->discard)
        c->discard(c->returned, c->discard_arg);
    c->has_returned = 0;
    while (c->items.count) {
        b = nv_items_pop(&c->items, c->returned);
        if (b)
            nv_channel_free(c->owner, b, nv_items_block_size(&c->items));
        if (c->discard)
            c->discard(c->returned, c->discard_arg);
    }
}

static void rx_drop(struct nave_mpsc_rx *rx)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = nv_mpsc_of_rx(rx);
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_lock_take(&c->lock);
    c->is_rx_gone = 1;
    nv_mpsc_close_now(c, &wakes);
    nv_mpsc_leave(c, &wakes);
    discard_all(c);
    nv_lock_take(&c->lock);
    c->is_rx_over = 1;
    is_last = !c->tx_count;
    nv_lock_leave(&c->lock);
    if (is_last)
        nv_mpsc_destroy(c);
}

const struct nave_mpsc_rx_iface nv_mpsc_rx_table = {
    .hdr = NAVE_IFACE(struct nave_mpsc_rx_iface, NAVE_MPSC_RX_ID, 0, NAVE_IFACE_DRAFT),
    .recv = rx_recv,
    .recv_many = rx_recv_many,
    .try_recv = rx_try_recv,
    .recv_blocking = rx_recv_blocking,
    .close = rx_close,
    .len = rx_len,
    .drop = rx_drop,
};

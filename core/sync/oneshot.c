/* SPDX-License-Identifier: MIT
 *
 * nave.oneshot/1: room for one item and two ends. See docs/internals/channels.md.
 *
 * A receiver that waits gets the item into its room; dropped before it polled, its op brings the item back.
 * The channel goes with the second of its ends.
 */
#include "channel.h"

enum oneshot_state {
    EMPTY = 0, /* made                                          */
    SENT,      /* send; also when a dropped op brought it back  */
    TAKEN,     /* received, or on its way to the op that waits  */
};

struct oneshot {
    struct nave_oneshot tx;
    struct nave_oneshot_rx rx;
    struct nv_lock lock;
    enum oneshot_state state;
    struct nave_op *rx_op; /* the receiver's, while it waits            */
    uint32_t rx_is_busy;   /* the receiver's own: its op is in flight   */
    uint32_t is_closed;    /* atomic: by the receiver                   */
    uint32_t is_tx_gone;
    uint32_t is_rx_gone;
    uint32_t item_size;
    uint32_t reserved;
    struct nv_waiters closers;
    struct nv_channels *owner;
    char item[];
};

static struct oneshot *of_tx(const struct nave_oneshot *tx)
{
    return (struct oneshot *)(uintptr_t)tx;
}

static struct oneshot *of_rx(const struct nave_oneshot_rx *rx)
{
    return (struct oneshot *)((uintptr_t)rx - offsetof(struct oneshot, rx));
}

static void destroy(struct oneshot *o)
{
    nv_channel_free(o->owner, o, sizeof(*o) + o->item_size);
}

/* --- ops -------------------------------------------------------------------------------------- */

static nave_poll closed_poll(struct nave_op *op)
{
    return nv_wait_outcome(op) == NAVE_EAGAIN ? NAVE_PENDING : NAVE_READY;
}

static void closed_drop(struct nave_op *op)
{
    struct oneshot *o = op->impl;

    nv_lock_take(&o->lock);
    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        nv_waiters_unlink(&o->closers, op);
    nv_lock_leave(&o->lock);
    nave_op_recall(op);
}

static const struct nave_op_source closed_source = {
    .size = sizeof(struct nave_op_source),
    .drop = closed_drop,
    .poll = closed_poll,
    .name = "oneshot closed",
};

static nave_poll recv_poll(struct nave_op *op)
{
    nave_err outcome = nv_wait_outcome(op);

    if (outcome == NAVE_EAGAIN)
        return NAVE_PENDING;
    ((struct oneshot *)op->impl)->rx_is_busy = 0;
    op->value = outcome == NAVE_OK;
    return NAVE_READY;
}

static void recv_drop(struct nave_op *op)
{
    struct oneshot *o = op->impl;
    nave_err outcome;

    nv_lock_take(&o->lock);
    outcome = nv_wait_outcome(op);
    if (outcome == NAVE_EAGAIN) {
        o->rx_op = NULL;
    } else if (outcome == NAVE_OK) {
        nv_item_copy(o->item, nv_item_of(op), o->item_size);
        o->state = SENT;
    }
    o->rx_is_busy = 0;
    nv_lock_leave(&o->lock);
    nave_op_recall(op);
}

static const struct nave_op_source recv_source = {
    .size = sizeof(struct nave_op_source),
    .drop = recv_drop,
    .poll = recv_poll,
    .name = "oneshot recv",
};

/* --- the sender ------------------------------------------------------------------------------- */

/* The sender goes: with an item, or NULL. */
static nave_err end_sender(struct oneshot *o, const void *item)
{
    struct nv_wakes wakes;
    nave_err err = NAVE_OK;
    struct nave_op *op;
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_lock_take(&o->lock);
    op = o->rx_op;
    o->rx_op = NULL;
    if (item && o->is_closed) {
        err = NAVE_ECLOSED; /* close has settled who waited */
    } else if (item && op) {
        nv_item_copy(nv_item_of(op), item, o->item_size);
        o->state = TAKEN;
        nv_wait_settle(op, NAVE_OK, &wakes);
    } else if (item) {
        nv_item_copy(o->item, item, o->item_size);
        o->state = SENT;
    } else if (op) {
        nv_wait_settle(op, NAVE_ECLOSED, &wakes);
    }
    o->is_tx_gone = 1;
    is_last = o->is_rx_gone != 0;
    nv_lock_leave(&o->lock);
    nv_wakes_fire(&wakes);
    if (is_last)
        destroy(o);
    return err;
}

static nave_err tx_send(struct nave_oneshot *tx_take, const void *item)
{
    return end_sender(of_tx(tx_take), item);
}

static void tx_drop(struct nave_oneshot *tx)
{
    (void)end_sender(of_tx(tx), NULL);
}

static nave_err tx_closed(struct nave_oneshot *tx, struct nave_op *op)
{
    struct oneshot *o = of_tx(tx);
    nave_err err = NAVE_OK;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    nv_lock_take(&o->lock);
    if (o->closers.first) {
        err = NAVE_EBUSY;
    } else if (!o->is_closed) {
        nv_wait_begin(&o->closers, op, &closed_source, o);
        err = NAVE_EAGAIN;
    }
    nv_lock_leave(&o->lock);
    return err;
}

static int32_t tx_is_closed(const struct nave_oneshot *tx)
{
    return __atomic_load_n(&of_tx(tx)->is_closed, __ATOMIC_ACQUIRE) != 0;
}

/* --- the receiver ----------------------------------------------------------------------------- */

/* Receive; `op` NULL: do not wait. */
static nave_err receive(struct oneshot *o, struct nave_op *op, void *out)
{
    nave_err err = NAVE_OK;

    if (o->rx_is_busy)
        return NAVE_EBUSY;
    nv_lock_take(&o->lock);
    if (o->state == SENT) {
        nv_item_copy(out, o->item, o->item_size);
        o->state = TAKEN;
    } else if (o->state == TAKEN || o->is_tx_gone || o->is_closed) {
        err = NAVE_ECLOSED;
    } else {
        err = NAVE_EAGAIN;
    }
    if (err == NAVE_EAGAIN && op) {
        nave_op_begin(op, &recv_source, o);
        __atomic_store_n(&op->result, NAVE_EAGAIN, __ATOMIC_RELAXED);
        op->value = (uintptr_t)out;
        o->rx_op = op;
        o->rx_is_busy = 1;
    }
    nv_lock_leave(&o->lock);
    return err;
}

static nave_err rx_recv(struct nave_oneshot_rx *rx, struct nave_op *op, void *out_item)
{
    nave_err err;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    err = receive(of_rx(rx), op, out_item);
    if (err == NAVE_OK)
        op->value = 1;
    return err;
}

static nave_err rx_try_recv(struct nave_oneshot_rx *rx, void *out_item)
{
    return receive(of_rx(rx), NULL, out_item);
}

static nave_err rx_recv_blocking(struct nave_oneshot_rx *rx, void *out_item, nave_nsec timeout_ns)
{
    struct oneshot *o = of_rx(rx);
    struct nv_parker parker;
    struct nave_op op;
    nave_err err;

    if (!nv_channel_may_block(o->owner))
        return NAVE_EDEADLOCK;
    err = nv_parker_init(&parker, &op);
    if (err)
        return err;
    err = receive(o, &op, out_item);
    if (err == NAVE_EAGAIN)
        err = nv_block(&parker, &op, &o->lock, timeout_ns);
    nv_parker_fini(&parker);
    return err;
}

/* State: the lock is held. */
static void close_now(struct oneshot *o, struct nv_wakes *wakes)
{
    struct nave_op *op = o->rx_op;

    __atomic_store_n(&o->is_closed, 1u, __ATOMIC_RELEASE);
    o->rx_op = NULL;
    if (op)
        nv_wait_settle(op, NAVE_ECLOSED, wakes);
    nv_settle_all(&o->closers, NAVE_OK, wakes);
}

static void rx_close(struct nave_oneshot_rx *rx)
{
    struct nv_wakes wakes;
    struct oneshot *o = of_rx(rx);

    nv_wakes_init(&wakes);
    nv_lock_take(&o->lock);
    close_now(o, &wakes);
    nv_lock_leave(&o->lock);
    nv_wakes_fire(&wakes);
}

static void rx_drop(struct nave_oneshot_rx *rx)
{
    struct nv_wakes wakes;
    struct oneshot *o = of_rx(rx);
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_lock_take(&o->lock);
    close_now(o, &wakes);
    o->is_rx_gone = 1;
    is_last = o->is_tx_gone != 0;
    nv_lock_leave(&o->lock);
    nv_wakes_fire(&wakes);
    if (is_last)
        destroy(o);
}

/* --- making it -------------------------------------------------------------------------------- */

const struct nave_oneshot_iface nv_oneshot_table = {
    .hdr = NAVE_IFACE(struct nave_oneshot_iface, NAVE_ONESHOT_ID, 0, NAVE_IFACE_DRAFT),
    .send = tx_send,
    .closed = tx_closed,
    .is_closed = tx_is_closed,
    .drop = tx_drop,
};

const struct nave_oneshot_rx_iface nv_oneshot_rx_table = {
    .hdr = NAVE_IFACE(struct nave_oneshot_rx_iface, NAVE_ONESHOT_RX_ID, 0, NAVE_IFACE_DRAFT),
    .recv = rx_recv,
    .try_recv = rx_try_recv,
    .recv_blocking = rx_recv_blocking,
    .close = rx_close,
    .drop = rx_drop,
};

nave_err nv_oneshot_make(struct nave_channels *pub, uint32_t item_size,
                         struct nave_oneshot **out_tx, struct nave_oneshot_rx **out_rx)
{
    struct nv_channels *owner = (struct nv_channels *)(void *)pub;
    struct oneshot *o;

    if (!nv_item_size_is_fine(item_size))
        return NAVE_EINVAL;
    o = nv_channel_alloc(owner, sizeof(*o) + item_size);
    if (!o)
        return NAVE_ENOMEM;
    memset(o, 0, sizeof(*o));
    o->tx.api = owner->oneshot;
    o->rx.api = owner->oneshot_rx;
    o->owner = owner;
    o->item_size = item_size;
    *out_tx = &o->tx;
    *out_rx = &o->rx;
    return NAVE_OK;
}

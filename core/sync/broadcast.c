/* SPDX-License-Identifier: MIT
 *
 * nave.broadcast/1: the newest items in a ring, and where each receiver stands. See
 * docs/internals/channels.md.
 *
 * `next` of a receiver is the number of the item that it gets next; `sent` counts all. The ring holds
 * [sent - capacity, sent). A receiver moves on only in its own poll, so an op that is dropped loses nothing.
 */
#include "channel.h"

struct broadcast {
    struct nave_broadcast tx;
    struct nv_lock lock;
    uint32_t item_size;
    uint64_t sent;
    struct nv_waiters receivers; /* ops of receivers that have got everything */
    uint32_t tx_count;
    uint32_t rx_count;
    uint32_t capacity; /* a power of two */
    uint32_t stride;
    struct nv_waiters closers;
    struct nv_channels *owner;
    size_t size;
    char items[];
};

struct receiver {
    struct nave_broadcast_rx rx;
    struct broadcast *b;
    uint64_t next;    /* under the lock                    */
    uint32_t is_busy; /* the receiver's own: an op waits   */
    uint32_t reserved;
};

static struct broadcast *of_tx(const struct nave_broadcast *tx)
{
    return (struct broadcast *)(uintptr_t)tx;
}

static struct receiver *of_rx(const struct nave_broadcast_rx *rx)
{
    return (struct receiver *)(uintptr_t)rx;
}

static char *item_at(struct broadcast *b, uint64_t number)
{
    return b->items + (size_t)(number & (b->capacity - 1)) * b->stride;
}

static void destroy(struct broadcast *b)
{
    nv_channel_free(b->owner, b, b->size);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* The next item of `r`, or how many it missed. State: the lock is held. */
static nave_err take(struct receiver *r, void *out, uint64_t *out_missed)
{
    struct broadcast *b = r->b;
    uint64_t behind = b->sent - r->next;

    if (!behind)
        return b->tx_count ? NAVE_EAGAIN : NAVE_ECLOSED;
    if (NAVE_UNLIKELY(behind > b->capacity)) {
        *out_missed = behind - b->capacity;
        r->next += *out_missed;
        return NAVE_ELAGGED;
    }
    nv_item_copy(out, item_at(b, r->next), b->item_size);
    r->next++;
    return NAVE_OK;
}

static nave_poll recv_poll(struct nave_op *op)
{
    struct receiver *r = op->impl;
    uint64_t missed = 0;

    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        return NAVE_PENDING;
    nv_lock_take(&r->b->lock);
    op->result = take(r, nv_item_of(op),
                      &missed); /* never NAVE_EAGAIN: something was sent, or all is over */
    nv_lock_leave(&r->b->lock);
    op->value = missed;
    r->is_busy = 0;
    return NAVE_READY;
}

static void recv_drop(struct nave_op *op)
{
    struct receiver *r = op->impl;
    struct broadcast *b = r->b;

    nv_lock_take(&b->lock);
    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        nv_waiters_unlink(&b->receivers, op);
    nv_lock_leave(&b->lock);
    nave_op_recall(op);
    r->is_busy = 0;
}

static const struct nave_op_source recv_source = {
    .size = sizeof(struct nave_op_source),
    .drop = recv_drop,
    .poll = recv_poll,
    .name = "broadcast recv",
};

/* Receive; `op` NULL: do not wait. */
static nave_err receive(struct receiver *r, struct nave_op *op, void *out, uint64_t *out_missed)
{
    struct broadcast *b = r->b;
    nave_err err;

    if (r->is_busy)
        return NAVE_EBUSY;
    nv_lock_take(&b->lock);
    err = take(r, out, out_missed);
    if (err == NAVE_EAGAIN && op) {
        nv_item_wait(&b->receivers, op, &recv_source, r, out);
        r->is_busy = 1;
    }
    nv_lock_leave(&b->lock);
    return err;
}

static nave_err rx_recv(struct nave_broadcast_rx *rx, struct nave_op *op, void *out_item)
{
    uint64_t missed = 0;
    nave_err err;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    err = receive(of_rx(rx), op, out_item, &missed);
    if (err != NAVE_EAGAIN)
        op->value = missed;
    return err;
}

static nave_err rx_try_recv(struct nave_broadcast_rx *rx, void *out_item, uint64_t *out_missed)
{
    uint64_t missed = 0;
    nave_err err = receive(of_rx(rx), NULL, out_item, &missed);

    if (err == NAVE_ELAGGED && out_missed)
        *out_missed = missed;
    return err;
}

static nave_err rx_recv_blocking(struct nave_broadcast_rx *rx, void *out_item, uint64_t *out_missed,
                                 nave_nsec timeout_ns)
{
    struct receiver *r = of_rx(rx);
    struct nv_parker parker;
    uint64_t missed = 0;
    struct nave_op op;
    nave_err err;

    if (!nv_channel_may_block(r->b->owner))
        return NAVE_EDEADLOCK;
    err = nv_parker_init(&parker, &op);
    if (err)
        return err;
    err = receive(r, &op, out_item, &missed);
    if (err == NAVE_EAGAIN) {
        err = nv_block(&parker, &op, &r->b->lock, timeout_ns);
        missed = op.value;
    }
    if (err == NAVE_ELAGGED && out_missed)
        *out_missed = missed;
    nv_parker_fini(&parker);
    return err;
}

/* A receiver that gets `*next` next; NULL: what is sent from now on. */
static nave_err make_receiver(struct broadcast *b, const struct nave_broadcast_rx_iface *api,
                              const uint64_t *next, struct nave_broadcast_rx **out_rx)
{
    struct receiver *r = nv_channel_alloc(b->owner, sizeof(*r));

    if (!r)
        return NAVE_ENOMEM;
    memset(r, 0, sizeof(*r));
    r->rx.api = api;
    r->b = b;
    nv_lock_take(&b->lock);
    r->next = next ? *next : b->sent;
    b->rx_count++;
    nv_lock_leave(&b->lock);
    *out_rx = &r->rx;
    return NAVE_OK;
}

static nave_err rx_clone(struct nave_broadcast_rx *rx, struct nave_broadcast_rx **out_rx)
{
    struct receiver *r = of_rx(rx);

    return make_receiver(r->b, r->b->owner->broadcast_rx, &r->next, out_rx);
}

static uint64_t rx_len(const struct nave_broadcast_rx *rx)
{
    struct receiver *r = of_rx(rx);
    uint64_t n;

    nv_lock_take(&r->b->lock);
    n = r->b->sent - r->next;
    nv_lock_leave(&r->b->lock);
    return n;
}

static void rx_drop(struct nave_broadcast_rx *rx)
{
    struct nv_wakes wakes;
    struct receiver *r = of_rx(rx);
    struct broadcast *b = r->b;
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_channel_free(b->owner, r, sizeof(*r));
    nv_lock_take(&b->lock);
    if (--b->rx_count == 0)
        nv_settle_all(&b->closers, NAVE_OK, &wakes);
    is_last = !b->rx_count && !b->tx_count;
    nv_lock_leave(&b->lock);
    nv_wakes_fire(&wakes);
    if (is_last)
        destroy(b);
}

/* --- sending ---------------------------------------------------------------------------------- */

static nave_poll closed_poll(struct nave_op *op)
{
    return nv_wait_outcome(op) == NAVE_EAGAIN ? NAVE_PENDING : NAVE_READY;
}

static void closed_drop(struct nave_op *op)
{
    struct broadcast *b = op->impl;

    nv_lock_take(&b->lock);
    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        nv_waiters_unlink(&b->closers, op);
    nv_lock_leave(&b->lock);
    nave_op_recall(op);
}

static const struct nave_op_source closed_source = {
    .size = sizeof(struct nave_op_source),
    .drop = closed_drop,
    .poll = closed_poll,
    .name = "broadcast closed",
};

static nave_err tx_send(struct nave_broadcast *tx, const void *item)
{
    struct nv_wakes wakes;
    struct broadcast *b = of_tx(tx);
    nave_err err = NAVE_ECLOSED;

    nv_wakes_init(&wakes);
    nv_lock_take(&b->lock);
    if (b->rx_count) {
        nv_item_copy(item_at(b, b->sent), item, b->item_size);
        b->sent++;
        nv_settle_all(&b->receivers, NAVE_OK, &wakes);
        err = NAVE_OK;
    }
    nv_lock_leave(&b->lock);
    nv_wakes_fire(&wakes);
    return err;
}

static nave_err tx_subscribe(struct nave_broadcast *tx, struct nave_broadcast_rx **out_rx)
{
    struct broadcast *b = of_tx(tx);

    return make_receiver(b, b->owner->broadcast_rx, NULL, out_rx);
}

static nave_err tx_closed(struct nave_broadcast *tx, struct nave_op *op)
{
    struct broadcast *b = of_tx(tx);
    nave_err err = NAVE_OK;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    nv_lock_take(&b->lock);
    if (b->rx_count) {
        nv_wait_begin(&b->closers, op, &closed_source, b);
        err = NAVE_EAGAIN;
    }
    nv_lock_leave(&b->lock);
    return err;
}

static uint32_t tx_receivers(const struct nave_broadcast *tx)
{
    struct broadcast *b = of_tx(tx);
    uint32_t n;

    nv_lock_take(&b->lock);
    n = b->rx_count;
    nv_lock_leave(&b->lock);
    return n;
}

static void tx_clone(struct nave_broadcast *tx)
{
    struct broadcast *b = of_tx(tx);

    nv_lock_take(&b->lock);
    b->tx_count++;
    nv_lock_leave(&b->lock);
}

static void tx_drop(struct nave_broadcast *tx)
{
    struct nv_wakes wakes;
    struct broadcast *b = of_tx(tx);
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_lock_take(&b->lock);
    if (--b->tx_count == 0)
        nv_settle_all(&b->receivers, NAVE_ECLOSED, &wakes);
    is_last = !b->rx_count && !b->tx_count;
    nv_lock_leave(&b->lock);
    nv_wakes_fire(&wakes);
    if (is_last)
        destroy(b);
}

/* --- making it -------------------------------------------------------------------------------- */

const struct nave_broadcast_iface nv_broadcast_table = {
    .hdr = NAVE_IFACE(struct nave_broadcast_iface, NAVE_BROADCAST_ID, 0, NAVE_IFACE_DRAFT),
    .send = tx_send,
    .subscribe = tx_subscribe,
    .closed = tx_closed,
    .receivers = tx_receivers,
    .clone = tx_clone,
    .drop = tx_drop,
};

const struct nave_broadcast_rx_iface nv_broadcast_rx_table = {
    .hdr = NAVE_IFACE(struct nave_broadcast_rx_iface, NAVE_BROADCAST_RX_ID, 0, NAVE_IFACE_DRAFT),
    .recv = rx_recv,
    .try_recv = rx_try_recv,
    .recv_blocking = rx_recv_blocking,
    .clone = rx_clone,
    .len = rx_len,
    .drop = rx_drop,
};

static uint32_t up_to_power_of_two(uint32_t n)
{
    uint32_t p = 1;

    while (p < n)
        p <<= 1;
    return p;
}

nave_err nv_broadcast_make(struct nave_channels *pub, uint32_t item_size, uint32_t capacity,
                           struct nave_broadcast **out_tx)
{
    struct nv_channels *owner = (struct nv_channels *)(void *)pub;
    uint32_t stride = nv_item_stride(item_size);
    struct broadcast *b;
    size_t size;

    if (!nv_item_size_is_fine(item_size) || !capacity || capacity > NAVE_CHANNEL_CAPACITY_MAX)
        return NAVE_EINVAL;
    capacity = up_to_power_of_two(capacity);
    if ((uint64_t)capacity * stride > NAVE_CHANNEL_BYTES_MAX)
        return NAVE_EINVAL;
    size = sizeof(*b) + (size_t)capacity * stride;
    b = nv_channel_alloc(owner, size);
    if (!b)
        return NAVE_ENOMEM;
    memset(b, 0, sizeof(*b));
    b->tx.api = owner->broadcast;
    b->owner = owner;
    b->size = size;
    b->item_size = item_size;
    b->stride = stride;
    b->capacity = capacity;
    b->tx_count = 1;
    *out_tx = &b->tx;
    return NAVE_OK;
}

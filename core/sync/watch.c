/* SPDX-License-Identifier: MIT
 *
 * nave.watch/1: a value with a version, and what each receiver has seen. See docs/internals/channels.md.
 *
 * Whether there is something new is one load of the version, without the lock. A version is seen only in
 * the receiver's own poll, so an op that is dropped has seen nothing.
 */
#include "channel.h"

struct watch {
    struct nave_watch tx;
    struct nv_lock lock;
    uint32_t item_size;
    uint64_t version; /* atomic; changes under the lock */
    uint32_t tx_count;
    uint32_t rx_count;
    uint32_t is_over; /* atomic: the last sender is gone */
    uint32_t reserved;
    struct nv_waiters receivers; /* ops of receivers that have seen the newest */
    struct nv_waiters closers;
    struct nv_channels *owner;
    char item[];
};

struct receiver {
    struct nave_watch_rx rx;
    struct watch *w;
    uint64_t seen;    /* the receiver's own                */
    uint32_t is_busy; /* the receiver's own: an op waits   */
    uint32_t reserved;
};

static struct watch *of_tx(const struct nave_watch *tx)
{
    return (struct watch *)(uintptr_t)tx;
}

static struct receiver *of_rx(const struct nave_watch_rx *rx)
{
    return (struct receiver *)(uintptr_t)rx;
}

static uint64_t version_of(const struct watch *w)
{
    return __atomic_load_n(&w->version, __ATOMIC_ACQUIRE);
}

static void destroy(struct watch *w)
{
    nv_channel_free(w->owner, w, sizeof(*w) + w->item_size);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* The newest, if it was not seen. State: the lock is held. */
static nave_err take(struct receiver *r, void *out)
{
    struct watch *w = r->w;

    if (version_of(w) == r->seen)
        return w->tx_count ? NAVE_EAGAIN : NAVE_ECLOSED;
    if (out)
        nv_item_copy(out, w->item, w->item_size);
    r->seen = version_of(w);
    return NAVE_OK;
}

static nave_poll changed_poll(struct nave_op *op)
{
    struct receiver *r = op->impl;

    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        return NAVE_PENDING;
    nv_lock_take(&r->w->lock);
    op->result = take(r, nv_item_of(op)); /* never NAVE_EAGAIN: it has changed, or all is over */
    nv_lock_leave(&r->w->lock);
    op->value = 0;
    r->is_busy = 0;
    return NAVE_READY;
}

static void changed_drop(struct nave_op *op)
{
    struct receiver *r = op->impl;

    nv_lock_take(&r->w->lock);
    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        nv_waiters_unlink(&r->w->receivers, op);
    nv_lock_leave(&r->w->lock);
    nave_op_recall(op);
    r->is_busy = 0;
}

static const struct nave_op_source changed_source = {
    .size = sizeof(struct nave_op_source),
    .drop = changed_drop,
    .poll = changed_poll,
    .name = "watch changed",
};

static nave_err rx_changed(struct nave_watch_rx *rx, struct nave_op *op, void *out_item)
{
    struct receiver *r = of_rx(rx);
    nave_err err;

    if (nv_wait_is_busy(op) || r->is_busy)
        return NAVE_EBUSY;
    nv_lock_take(&r->w->lock);
    err = take(r, out_item);
    if (err == NAVE_EAGAIN) {
        nv_item_wait(&r->w->receivers, op, &changed_source, r, out_item);
        r->is_busy = 1;
    }
    nv_lock_leave(&r->w->lock);
    return err;
}

static nave_err rx_changed_blocking(struct nave_watch_rx *rx, void *out_item, nave_nsec timeout_ns)
{
    struct receiver *r = of_rx(rx);
    struct nv_parker parker;
    struct nave_op op;
    nave_err err;

    if (!nv_channel_may_block(r->w->owner))
        return NAVE_EDEADLOCK;
    err = nv_parker_init(&parker, &op);
    if (err)
        return err;
    err = rx_changed(rx, &op, out_item);
    if (err == NAVE_EAGAIN)
        err = nv_block(&parker, &op, &r->w->lock, timeout_ns);
    nv_parker_fini(&parker);
    return err;
}

/* The end is looked at first: what was stored before it is seen then. */
static nave_err rx_has_changed(const struct nave_watch_rx *rx)
{
    const struct receiver *r = of_rx(rx);
    uint32_t is_over = __atomic_load_n(&r->w->is_over, __ATOMIC_ACQUIRE);

    if (version_of(r->w) != r->seen)
        return NAVE_OK;
    return is_over ? NAVE_ECLOSED : NAVE_EAGAIN;
}

static void rx_read(struct nave_watch_rx *rx, void *out_item)
{
    struct receiver *r = of_rx(rx);

    nv_lock_take(&r->w->lock);
    nv_item_copy(out_item, r->w->item, r->w->item_size);
    r->seen = version_of(r->w);
    nv_lock_leave(&r->w->lock);
}

static void rx_peek(const struct nave_watch_rx *rx, void *out_item)
{
    struct watch *w = of_rx(rx)->w;

    nv_lock_take(&w->lock);
    nv_item_copy(out_item, w->item, w->item_size);
    nv_lock_leave(&w->lock);
}

/* A receiver that has seen `*seen`; NULL: the present version. */
static nave_err make_receiver(struct watch *w, const uint64_t *seen, struct nave_watch_rx **out_rx)
{
    struct receiver *r = nv_channel_alloc(w->owner, sizeof(*r));

    if (!r)
        return NAVE_ENOMEM;
    memset(r, 0, sizeof(*r));
    r->rx.api = w->owner->watch_rx;
    r->w = w;
    nv_lock_take(&w->lock);
    r->seen = seen ? *seen : version_of(w);
    w->rx_count++;
    nv_lock_leave(&w->lock);
    *out_rx = &r->rx;
    return NAVE_OK;
}

static nave_err rx_clone(struct nave_watch_rx *rx, struct nave_watch_rx **out_rx)
{
    struct receiver *r = of_rx(rx);

    return make_receiver(r->w, &r->seen, out_rx);
}

static void rx_drop(struct nave_watch_rx *rx)
{
    struct nv_wakes wakes;
    struct receiver *r = of_rx(rx);
    struct watch *w = r->w;
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_channel_free(w->owner, r, sizeof(*r));
    nv_lock_take(&w->lock);
    if (--w->rx_count == 0)
        nv_settle_all(&w->closers, NAVE_OK, &wakes);
    is_last = !w->rx_count && !w->tx_count;
    nv_lock_leave(&w->lock);
    nv_wakes_fire(&wakes);
    if (is_last)
        destroy(w);
}

/* --- sending ---------------------------------------------------------------------------------- */

static nave_poll closed_poll(struct nave_op *op)
{
    return nv_wait_outcome(op) == NAVE_EAGAIN ? NAVE_PENDING : NAVE_READY;
}

static void closed_drop(struct nave_op *op)
{
    struct watch *w = op->impl;

    nv_lock_take(&w->lock);
    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        nv_waiters_unlink(&w->closers, op);
    nv_lock_leave(&w->lock);
    nave_op_recall(op);
}

static const struct nave_op_source closed_source = {
    .size = sizeof(struct nave_op_source),
    .drop = closed_drop,
    .poll = closed_poll,
    .name = "watch closed",
};

/* State: the lock is held. */
static void new_version(struct watch *w, struct nv_wakes *wakes)
{
    __atomic_store_n(&w->version, w->version + 1, __ATOMIC_RELEASE);
    nv_settle_all(&w->receivers, NAVE_OK, wakes);
}

static void tx_send(struct nave_watch *tx, const void *item)
{
    struct nv_wakes wakes;
    struct watch *w = of_tx(tx);

    nv_wakes_init(&wakes);
    nv_lock_take(&w->lock);
    nv_item_copy(w->item, item, w->item_size);
    new_version(w, &wakes);
    nv_lock_leave(&w->lock);
    nv_wakes_fire(&wakes);
}

static int32_t tx_modify(struct nave_watch *tx, nave_watch_fn *fn, void *arg)
{
    struct nv_wakes wakes;
    struct watch *w = of_tx(tx);
    int32_t has_changed;

    nv_wakes_init(&wakes);
    nv_lock_take(&w->lock);
    has_changed = fn(w->item, arg);
    if (has_changed)
        new_version(w, &wakes);
    nv_lock_leave(&w->lock);
    nv_wakes_fire(&wakes);
    return has_changed;
}

static void tx_read(struct nave_watch *tx, void *out_item)
{
    struct watch *w = of_tx(tx);

    nv_lock_take(&w->lock);
    nv_item_copy(out_item, w->item, w->item_size);
    nv_lock_leave(&w->lock);
}

static nave_err tx_subscribe(struct nave_watch *tx, struct nave_watch_rx **out_rx)
{
    return make_receiver(of_tx(tx), NULL, out_rx);
}

static nave_err tx_closed(struct nave_watch *tx, struct nave_op *op)
{
    struct watch *w = of_tx(tx);
    nave_err err = NAVE_OK;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    nv_lock_take(&w->lock);
    if (w->rx_count) {
        nv_wait_begin(&w->closers, op, &closed_source, w);
        err = NAVE_EAGAIN;
    }
    nv_lock_leave(&w->lock);
    return err;
}

static uint32_t tx_receivers(const struct nave_watch *tx)
{
    struct watch *w = of_tx(tx);
    uint32_t n;

    nv_lock_take(&w->lock);
    n = w->rx_count;
    nv_lock_leave(&w->lock);
    return n;
}

static void tx_clone(struct nave_watch *tx)
{
    struct watch *w = of_tx(tx);

    nv_lock_take(&w->lock);
    w->tx_count++;
    nv_lock_leave(&w->lock);
}

static void tx_drop(struct nave_watch *tx)
{
    struct nv_wakes wakes;
    struct watch *w = of_tx(tx);
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_lock_take(&w->lock);
    if (--w->tx_count == 0) {
        __atomic_store_n(&w->is_over, 1u, __ATOMIC_RELEASE);
        nv_settle_all(&w->receivers, NAVE_ECLOSED, &wakes);
    }
    is_last = !w->rx_count && !w->tx_count;
    nv_lock_leave(&w->lock);
    nv_wakes_fire(&wakes);
    if (is_last)
        destroy(w);
}

/* --- making it -------------------------------------------------------------------------------- */

const struct nave_watch_iface nv_watch_table = {
    .hdr = NAVE_IFACE(struct nave_watch_iface, NAVE_WATCH_ID, 0, NAVE_IFACE_DRAFT),
    .send = tx_send,
    .modify = tx_modify,
    .read = tx_read,
    .subscribe = tx_subscribe,
    .closed = tx_closed,
    .receivers = tx_receivers,
    .clone = tx_clone,
    .drop = tx_drop,
};

const struct nave_watch_rx_iface nv_watch_rx_table = {
    .hdr = NAVE_IFACE(struct nave_watch_rx_iface, NAVE_WATCH_RX_ID, 0, NAVE_IFACE_DRAFT),
    .changed = rx_changed,
    .changed_blocking = rx_changed_blocking,
    .has_changed = rx_has_changed,
    .read = rx_read,
    .peek = rx_peek,
    .clone = rx_clone,
    .drop = rx_drop,
};

nave_err nv_watch_make(struct nave_channels *pub, uint32_t item_size, const void *first,
                       struct nave_watch **out_tx)
{
    struct nv_channels *owner = (struct nv_channels *)(void *)pub;
    struct watch *w;

    if (!nv_item_size_is_fine(item_size))
        return NAVE_EINVAL;
    w = nv_channel_alloc(owner, sizeof(*w) + item_size);
    if (!w)
        return NAVE_ENOMEM;
    memset(w, 0, sizeof(*w));
    w->tx.api = owner->watch;
    w->owner = owner;
    w->item_size = item_size;
    w->tx_count = 1;
    memcpy(w->item, first, item_size);
    *out_tx = &w->tx;
    return NAVE_OK;
}

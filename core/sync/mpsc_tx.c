/* SPDX-License-Identifier: MIT
 *
 * nave.mpsc/1: the sender. See mpsc_state.h.
 */
#include "mpsc_state.h"

/* --- ops ---------------------------------------------------------------------------------------- */

static nave_poll send_poll(struct nave_op *op)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = op->impl;
    nave_err outcome = nv_wait_outcome(op);

    nv_wakes_init(&wakes);
    if (outcome == NAVE_EAGAIN)
        return NAVE_PENDING;
    if (outcome != NAVE_OK)
        return NAVE_READY;
    nv_lock_take(&c->lock);
    if (c->is_rx_gone) {
        nv_mpsc_put_permit(c, &wakes);
        op->result = NAVE_ECLOSED;
    } else {
        (void)nv_mpsc_send_with_permit(c, nv_item_of(op),
                                       &wakes); /* only who is bounded waits: a ring */
    }
    nv_mpsc_leave(c, &wakes);
    op->value = 0;
    return NAVE_READY;
}

static nave_poll reserve_poll(struct nave_op *op)
{
    return nv_wait_outcome(op) == NAVE_EAGAIN ? NAVE_PENDING : NAVE_READY;
}

static void sender_drop(struct nave_op *op)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = op->impl;
    nave_err outcome;

    nv_wakes_init(&wakes);
    nv_lock_take(&c->lock);
    outcome = nv_wait_outcome(op);
    if (outcome == NAVE_EAGAIN)
        nv_waiters_unlink(&c->senders, op);
    else if (outcome == NAVE_OK)
        nv_mpsc_put_permit(c, &wakes);
    nv_mpsc_leave(c, &wakes);
    nave_op_recall(op);
}

static const struct nave_op_source send_source = {
    .size = sizeof(struct nave_op_source),
    .drop = sender_drop,
    .poll = send_poll,
    .name = "mpsc send",
};

static const struct nave_op_source reserve_source = {
    .size = sizeof(struct nave_op_source),
    .drop = sender_drop,
    .poll = reserve_poll,
    .name = "mpsc reserve",
};

static void closed_drop(struct nave_op *op)
{
    struct nv_mpsc *c = op->impl;

    nv_lock_take(&c->lock);
    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        nv_waiters_unlink(&c->closers, op);
    nv_lock_leave(&c->lock);
    nave_op_recall(op);
}

static const struct nave_op_source closed_source = {
    .size = sizeof(struct nave_op_source),
    .drop = closed_drop,
    .poll = reserve_poll,
    .name = "mpsc closed",
};

/* --- calls -------------------------------------------------------------------------------------- */

/* Send; `op` NULL: do not wait. */
static nave_err send(struct nv_mpsc *c, struct nave_op *op, const void *item)
{
    struct nv_wakes wakes;
    int32_t has_no_room = 0;
    nave_err err;

    nv_wakes_init(&wakes);
    nv_lock_take(&c->lock);
    err = nv_mpsc_send_now(c, item, &wakes, &has_no_room);
    while (NAVE_UNLIKELY(has_no_room)) {
        nv_lock_leave(&c->lock);
        if (nv_mpsc_lock_with_room(c) != NAVE_OK)
            return NAVE_ENOMEM;
        has_no_room = 0;
        err = nv_mpsc_send_now(c, item, &wakes, &has_no_room);
    }
    if (err == NAVE_EAGAIN && op)
        nv_item_wait(&c->senders, op, &send_source, c, item);
    nv_mpsc_leave(c, &wakes);
    return err;
}

static nave_err tx_send(struct nave_mpsc *tx, struct nave_op *op, const void *item)
{
    if (NAVE_UNLIKELY(nv_wait_is_busy(op)))
        return NAVE_EBUSY;
    return send(nv_mpsc_of_tx(tx), op, item);
}

static nave_err tx_try_send(struct nave_mpsc *tx, const void *item)
{
    return send(nv_mpsc_of_tx(tx), NULL, item);
}

static nave_err tx_reserve(struct nave_mpsc *tx, struct nave_op *op)
{
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);
    nave_err err;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    nv_lock_take(&c->lock);
    err = nv_mpsc_reserve_now(c);
    if (err == NAVE_EAGAIN)
        nv_item_wait(&c->senders, op, &reserve_source, c, NULL);
    nv_lock_leave(&c->lock);
    return err;
}

static nave_err tx_try_reserve(struct nave_mpsc *tx)
{
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);
    nave_err err;

    nv_lock_take(&c->lock);
    err = nv_mpsc_reserve_now(c);
    nv_lock_leave(&c->lock);
    return err;
}

static nave_err tx_commit(struct nave_mpsc *tx, const void *item)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);
    nave_err err = NAVE_OK;

    nv_wakes_init(&wakes);
    nv_lock_take(&c->lock);
    while (!c->is_rx_gone && !nv_mpsc_send_with_permit(c, item, &wakes)) {
        nv_lock_leave(&c->lock);
        if (nv_mpsc_lock_with_room(c) != NAVE_OK)
            return NAVE_ENOMEM;
    }
    if (c->is_rx_gone) {
        nv_mpsc_put_permit(c, &wakes);
        err = NAVE_ECLOSED;
    }
    nv_mpsc_leave(c, &wakes);
    return err;
}

static void tx_release(struct nave_mpsc *tx)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);

    nv_wakes_init(&wakes);
    nv_lock_take(&c->lock);
    nv_mpsc_put_permit(c, &wakes);
    nv_mpsc_leave(c, &wakes);
}

static nave_err tx_send_blocking(struct nave_mpsc *tx, const void *item, nave_nsec timeout_ns)
{
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);
    struct nv_parker parker;
    struct nave_op op;
    nave_err err;

    if (!nv_channel_may_block(c->owner))
        return NAVE_EDEADLOCK;
    err = nv_parker_init(&parker, &op);
    if (err)
        return err;
    err = send(c, &op, item);
    if (err == NAVE_EAGAIN)
        err = nv_block(&parker, &op, &c->lock, timeout_ns);
    nv_parker_fini(&parker);
    return err;
}

static nave_err tx_closed(struct nave_mpsc *tx, struct nave_op *op)
{
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);
    nave_err err = NAVE_OK;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    nv_lock_take(&c->lock);
    if (!c->is_closed) {
        nv_wait_begin(&c->closers, op, &closed_source, c);
        err = NAVE_EAGAIN;
    }
    nv_lock_leave(&c->lock);
    return err;
}

static int32_t tx_is_closed(const struct nave_mpsc *tx)
{
    return __atomic_load_n(&nv_mpsc_of_tx(tx)->is_closed, __ATOMIC_ACQUIRE) != 0;
}

static uint32_t tx_available(const struct nave_mpsc *tx)
{
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);
    uint32_t n;

    nv_lock_take(&c->lock);
    n = c->is_closed ? 0 : c->avail;
    nv_lock_leave(&c->lock);
    return n;
}

static void tx_clone(struct nave_mpsc *tx)
{
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);

    nv_lock_take(&c->lock);
    c->tx_count++;
    nv_lock_leave(&c->lock);
}

static void tx_drop(struct nave_mpsc *tx)
{
    struct nv_wakes wakes;
    struct nv_mpsc *c = nv_mpsc_of_tx(tx);
    int32_t is_last;

    nv_wakes_init(&wakes);
    nv_lock_take(&c->lock);
    if (--c->tx_count == 0)
        nv_mpsc_tell_finished(c, &wakes);
    is_last = !c->tx_count && c->is_rx_over;
    nv_mpsc_leave(c, &wakes);
    if (is_last)
        nv_mpsc_destroy(c);
}

const struct nave_mpsc_iface nv_mpsc_table = {
    .hdr = NAVE_IFACE(struct nave_mpsc_iface, NAVE_MPSC_ID, 0, NAVE_IFACE_DRAFT),
    .send = tx_send,
    .reserve = tx_reserve,
    .try_send = tx_try_send,
    .try_reserve = tx_try_reserve,
    .commit = tx_commit,
    .release = tx_release,
    .send_blocking = tx_send_blocking,
    .closed = tx_closed,
    .is_closed = tx_is_closed,
    .available = tx_available,
    .clone = tx_clone,
    .drop = tx_drop,
};

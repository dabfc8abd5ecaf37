/* SPDX-License-Identifier: MIT
 *
 * A queue with permits, from the inside: its state, and what is done to it under its lock. See
 * docs/internals/channels.md.
 *
 *   capacity = items + permits out + avail      (an item that was put back counts for none)
 *
 * Invariants, with the lock free
 * 1. avail > 0: no sender waits. A permit that comes back goes to the sender that waits longest.
 * 2. The receiver waits (rx_op): there is no item. Who sends then copies it into the receiver's room; it
 *    was not consumed: dropped, the receiver's op puts it back in front (`returned`).
 * 3. A sender that waits is given a permit, nothing is taken from it: its item is copied when it polls.
 */
#ifndef NV_MPSC_STATE_H
#define NV_MPSC_STATE_H

#include "channel.h"
#include "items.h"

struct nv_mpsc {
    struct nave_mpsc tx;
    struct nave_mpsc_rx rx;
    struct nv_lock lock;
    uint32_t avail;        /* permits to be taken                            */
    struct nave_op *rx_op; /* the receiver's, while it waits                 */
    struct nv_items items;
    struct nv_waiters senders; /* to send, or to reserve; the oldest first       */

    uint32_t capacity;
    uint32_t is_unbounded;
    uint32_t tx_count;
    uint32_t is_closed;    /* atomic: nothing can be sent but with a permit   */
    uint32_t is_rx_gone;   /* nothing can be sent                             */
    uint32_t is_rx_over;   /* and rx is not used any more                     */
    uint32_t has_returned; /* there is an item in `returned`                 */
    uint32_t rx_is_busy;   /* the receiver's own: its op is in flight         */
    uint32_t rx_max;       /* of recv_many, while it waits                    */
    struct nv_waiters closers;
    void (*discard)(void *item, void *arg);
    void *discard_arg;
    struct nv_channels *owner;
    size_t size;
    char *returned; /* room for one item, behind this */
};

static inline struct nv_mpsc *nv_mpsc_of_tx(const struct nave_mpsc *tx)
{
    return (struct nv_mpsc *)(uintptr_t)tx;
}

static inline struct nv_mpsc *nv_mpsc_of_rx(const struct nave_mpsc_rx *rx)
{
    return (struct nv_mpsc *)((uintptr_t)rx - offsetof(struct nv_mpsc, rx));
}

/* --- with the lock --------------------------------------------------------------------------- */

/* 1: there is no item and there will be none. */
static inline int32_t nv_mpsc_is_finished(const struct nv_mpsc *c)
{
    return !c->items.count && !c->has_returned &&
           (!c->tx_count || (c->is_closed && c->avail == c->capacity));
}

static inline void nv_mpsc_tell_finished(struct nv_mpsc *c, struct nv_wakes *wakes)
{
    struct nave_op *op = c->rx_op;

    if (!op || !nv_mpsc_is_finished(c))
        return;
    c->rx_op = NULL;
    nv_wait_settle(op, NAVE_ECLOSED, wakes);
}

/* A permit came back. */
static inline void nv_mpsc_put_permit(struct nv_mpsc *c, struct nv_wakes *wakes)
{
    struct nave_op *op = nv_waiters_pop(&c->senders);

    if (op) {
        nv_wait_settle(op, NAVE_OK, wakes);
        return;
    }
    c->avail++;
    if (NAVE_UNLIKELY(c->is_closed))
        nv_mpsc_tell_finished(c, wakes);
}

/* The receiver waits: the item is for it. The permit of the sender stays where it was. */
static inline void nv_mpsc_hand_over(struct nv_mpsc *c, const void *item, struct nv_wakes *wakes)
{
    struct nave_op *op = c->rx_op;

    c->rx_op = NULL;
    nv_item_copy(nv_item_of(op), item, c->items.item_size);
    nv_wait_settle(op, NAVE_OK, wakes);
}

/* Send with a permit that was taken before. 0: a block is needed first; nothing has changed. */
static inline int32_t nv_mpsc_send_with_permit(struct nv_mpsc *c, const void *item,
                                               struct nv_wakes *wakes)
{
    if (!c->rx_op)
        return nv_items_push(&c->items, item);
    nv_mpsc_hand_over(c, item, wakes);
    nv_mpsc_put_permit(c, wakes);
    return 1;
}

/* NAVE_OK: it is sent. NAVE_EAGAIN: there is no permit. *out_no_room: a block is needed first. */
static inline nave_err nv_mpsc_send_now(struct nv_mpsc *c, const void *item, struct nv_wakes *wakes,
                                        int32_t *out_no_room)
{
    if (NAVE_UNLIKELY(c->is_closed))
        return NAVE_ECLOSED;
    if (NAVE_UNLIKELY(!c->avail))
        return c->is_unbounded ? NAVE_ELIMIT : NAVE_EAGAIN;
    if (c->rx_op) {
        nv_mpsc_hand_over(c, item, wakes);
    } else if (NAVE_LIKELY(nv_items_push(&c->items, item))) {
        c->avail--;
    } else {
        *out_no_room = 1;
        return NAVE_EAGAIN;
    }
    return NAVE_OK;
}

static inline nave_err nv_mpsc_reserve_now(struct nv_mpsc *c)
{
    if (c->is_closed)
        return NAVE_ECLOSED;
    if (!c->avail)
        return c->is_unbounded ? NAVE_ELIMIT : NAVE_EAGAIN;
    c->avail--;
    return NAVE_OK;
}

/* What is freed behind the lock. */
struct nv_mpsc_freed {
    struct nv_item_block *first;
};

/* Take one item. NAVE_EAGAIN: there is none. */
static inline nave_err nv_mpsc_receive_now(struct nv_mpsc *c, void *out, struct nv_wakes *wakes,
                                           struct nv_mpsc_freed *freed)
{
    struct nv_item_block *b;

    if (NAVE_UNLIKELY(c->has_returned)) {
        c->has_returned = 0;
        nv_item_copy(out, c->returned, c->items.item_size);
        return NAVE_OK;
    }
    if (!c->items.count)
        return nv_mpsc_is_finished(c) ? NAVE_ECLOSED : NAVE_EAGAIN;
    b = nv_items_pop(&c->items, out);
    if (NAVE_UNLIKELY(b != NULL)) {
        b->next = freed->first;
        freed->first = b;
    }
    nv_mpsc_put_permit(c, wakes);
    return NAVE_OK;
}

/* Take up to `max` items; how many. */
static inline uint32_t nv_mpsc_receive_more(struct nv_mpsc *c, char *out, uint32_t max,
                                            struct nv_wakes *wakes, struct nv_mpsc_freed *freed)
{
    uint32_t n;

    for (n = 0; n < max; n++)
        if (nv_mpsc_receive_now(c, out + (size_t)n * c->items.item_size, wakes, freed) != NAVE_OK)
            break;
    return n;
}

/* --- leaving it ------------------------------------------------------------------------------ */

static inline void nv_mpsc_leave(struct nv_mpsc *c, const struct nv_wakes *wakes)
{
    nv_lock_leave(&c->lock);
    nv_wakes_fire(wakes);
}

static inline void nv_mpsc_free_blocks(struct nv_mpsc *c, struct nv_mpsc_freed *freed)
{
    while (NAVE_UNLIKELY(freed->first != NULL)) {
        struct nv_item_block *b = freed->first;

        freed->first = b->next;
        nv_channel_free(c->owner, b, nv_items_block_size(&c->items));
    }
}

/* The lock was left for want of a block. Puts one in, when it is still wanted, and comes back with the
 * lock; without it when there is no memory (NAVE_ENOMEM). Look again: others may have been here. */
NAVE_NODISCARD nave_err nv_mpsc_lock_with_room(struct nv_mpsc *c);

/* Free it. State: its handles are given up. */
void nv_mpsc_destroy(struct nv_mpsc *c);

#endif

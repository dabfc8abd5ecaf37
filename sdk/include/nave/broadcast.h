/* SPDX-License-Identifier: MIT
 *
 * Every receiver gets every item (channel.h has the rules of all channels).
 *
 * The channel keeps the newest `capacity` items. Sending never waits: it writes over the oldest. A
 * receiver that was too slow is told once how many it missed (NAVE_ELAGGED, the count in op->value), and
 * goes on with the oldest that is still there. A receiver gets what is sent after it was made. Items are
 * copied to each receiver, so what they point to is shared by all.
 *
 * The end: the last sender is dropped: each receiver gets what is left for it, then NAVE_ECLOSED. While
 * there is no receiver, sending is NAVE_ECLOSED; one that subscribes later changes that. */
#ifndef NAVE_BROADCAST_H
#define NAVE_BROADCAST_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>

NAVE_BEGIN_DECLS

#define NAVE_BROADCAST_ID    "nave.broadcast/1"
#define NAVE_BROADCAST_RX_ID "nave.broadcast_rx/1"

struct nave_broadcast;
struct nave_broadcast_rx;

/* "nave.broadcast/1": a sender. All that have a reference share one handle. */
struct nave_broadcast_iface {
    struct nave_iface hdr;
    /* Send `*item` to all receivers that are there now. Thread: [any].
     * Errors: NAVE_ECLOSED there is none; nothing was kept. */
    nave_err (*send)(struct nave_broadcast *tx, const void *item);
    /* Make a receiver of what is sent from now on. Thread: [any]. Owns: it is the caller's, to be dropped.
     * Errors: NAVE_ENOMEM. */
    nave_err (*subscribe)(struct nave_broadcast *tx, struct nave_broadcast_rx **out_rx);
    /* Wait until there is no receiver. Thread: [workers]. Errors: NAVE_OK there is none; NAVE_EAGAIN later;
     * NAVE_EBUSY op is in flight. */
    nave_err (*closed)(struct nave_broadcast *tx, struct nave_op *op);
    /* How many receivers there are. Thread: [any]. */
    uint32_t (*receivers)(const struct nave_broadcast *tx);
    /* Another sender: one more drop is due. Thread: [any]. */
    void (*clone)(struct nave_broadcast *tx);
    /* Give one sender up. Thread: [any]. State: no op of it is in flight. */
    void (*drop)(struct nave_broadcast *tx);
};

/* "nave.broadcast_rx/1": a receiver. Calls for one do not overlap; several are independent. */
struct nave_broadcast_rx_iface {
    struct nave_iface hdr;
    /* Receive the next item into *out_item when it is there. Thread: [workers].
     * Owns: borrows out_item until op is DONE or dropped; dropped, it is received next time.
     * Errors: NAVE_OK it is there; NAVE_EAGAIN later; NAVE_ELAGGED op->value items were missed, and the
     * next call goes on after them, also when this returns it; NAVE_ECLOSED there will be none; NAVE_EBUSY
     * an op of this receiver waits already. *out_item is written with NAVE_OK only. */
    nave_err (*recv)(struct nave_broadcast_rx *rx, struct nave_op *op, void *out_item);
    /* Receive the next, if it is there. *out_missed: how many were missed, with NAVE_ELAGGED.
     * Thread: [any]. Null: [out_missed].
     * Errors: NAVE_EAGAIN not yet; NAVE_ELAGGED; NAVE_ECLOSED; NAVE_EBUSY. */
    nave_err (*try_recv)(struct nave_broadcast_rx *rx, void *out_item, uint64_t *out_missed);
    /* Receive the next; wait on this thread, at most `timeout_ns`. Thread: [any], one that may block.
     * Null: [out_missed]. Errors: as try_recv, without NAVE_EAGAIN; NAVE_ETIMEDOUT; NAVE_EDEADLOCK. */
    nave_err (*recv_blocking)(struct nave_broadcast_rx *rx, void *out_item, uint64_t *out_missed,
                              nave_nsec timeout_ns);
    /* Make a receiver that stands where this one does. Thread: [any]. Owns: it is the caller's.
     * Errors: NAVE_ENOMEM. */
    nave_err (*clone)(struct nave_broadcast_rx *rx, struct nave_broadcast_rx **out_rx);
    /* How many items are there for it; those that it missed count, too. Thread: [any]. */
    uint64_t (*len)(const struct nave_broadcast_rx *rx);
    /* Give the receiver up. Thread: [any]. Ends: [always]. State: no op of it is in flight. */
    void (*drop)(struct nave_broadcast_rx *rx);
};

/* The handles. */
struct nave_broadcast {
    const struct nave_broadcast_iface *api;
};
struct nave_broadcast_rx {
    const struct nave_broadcast_rx_iface *api;
};

/* Begin to receive the next item inside a poll; op->result is as of nave_broadcast_rx_iface.recv.
 * Thread: [worker]. Owns: borrows out_item until op is DONE or dropped. */
static inline struct nave_op *nave_broadcast_recv(struct nave_cx *cx, struct nave_op *op,
                                                  struct nave_broadcast_rx *rx, void *out_item)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, rx->api->recv(rx, op, out_item));
}

/* Begin to wait inside a poll until nobody listens. Thread: [worker]. */
static inline struct nave_op *nave_broadcast_closed(struct nave_cx *cx, struct nave_op *op,
                                                    struct nave_broadcast *tx)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, tx->api->closed(tx, op));
}

/* See nave_broadcast_iface.send. Thread: [any]. */
static inline nave_err nave_broadcast_send(struct nave_broadcast *tx, const void *item)
{
    return tx->api->send(tx, item);
}

/* See nave_broadcast_iface.subscribe. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_broadcast_subscribe(struct nave_broadcast *tx,
                                                               struct nave_broadcast_rx **out_rx)
{
    return tx->api->subscribe(tx, out_rx);
}

/* See nave_broadcast_iface.receivers. Thread: [any]. */
static inline uint32_t nave_broadcast_receivers(const struct nave_broadcast *tx)
{
    return tx->api->receivers(tx);
}

/* Another sender, the same handle. Thread: [any]. Owns: it is dropped by itself. */
static inline struct nave_broadcast *nave_broadcast_clone(struct nave_broadcast *tx)
{
    tx->api->clone(tx);
    return tx;
}

/* See nave_broadcast_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_broadcast_drop(struct nave_broadcast *tx)
{
    if (tx)
        tx->api->drop(tx);
}

/* See nave_broadcast_rx_iface.try_recv. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_broadcast_try_recv(struct nave_broadcast_rx *rx,
                                                              void *out_item, uint64_t *out_missed)
{
    return rx->api->try_recv(rx, out_item, out_missed);
}

/* See nave_broadcast_rx_iface.recv_blocking. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_broadcast_recv_blocking(struct nave_broadcast_rx *rx,
                                                                   void *out_item,
                                                                   uint64_t *out_missed,
                                                                   nave_nsec timeout_ns)
{
    return rx->api->recv_blocking(rx, out_item, out_missed, timeout_ns);
}

/* See nave_broadcast_rx_iface.clone. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_broadcast_rx_clone(struct nave_broadcast_rx *rx,
                                                              struct nave_broadcast_rx **out_rx)
{
    return rx->api->clone(rx, out_rx);
}

/* See nave_broadcast_rx_iface.len. Thread: [any]. */
static inline uint64_t nave_broadcast_rx_len(const struct nave_broadcast_rx *rx)
{
    return rx->api->len(rx);
}

/* See nave_broadcast_rx_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_broadcast_rx_drop(struct nave_broadcast_rx *rx)
{
    if (rx)
        rx->api->drop(rx);
}

NAVE_END_DECLS
#endif

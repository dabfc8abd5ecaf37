/* SPDX-License-Identifier: MIT
 *
 * A queue from many senders to one receiver (channel.h has the rules of all channels).
 *
 * A bounded one has room for `capacity` items, taken when it is made: sending waits while it is full, and
 * never fails for want of memory. An unbounded one (NAVE_MPSC_UNBOUNDED) grows as it is used; sending never
 * waits, and `capacity` is the limit at which it fails: nothing here has no limit.
 *
 * Room comes in permits. Sending takes one; nave_mpsc_reserve() takes one ahead, so that what follows, the
 * making of the item perhaps, cannot be in vain: commit() never waits. Permits are given in the order in
 * which they were asked for, also while try_send() is tried.
 *
 * The end
 *   - The last sender is dropped: the receiver gets what is there, then NAVE_ECLOSED.
 *   - The receiver is closed: sending is NAVE_ECLOSED; the receiver gets what is there and what comes for
 *     permits that are out, then NAVE_ECLOSED.
 *   - The receiver is dropped: as closed, and what is there is discarded. */
#ifndef NAVE_MPSC_H
#define NAVE_MPSC_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>

NAVE_BEGIN_DECLS

#define NAVE_MPSC_ID    "nave.mpsc/1"
#define NAVE_MPSC_RX_ID "nave.mpsc_rx/1"

struct nave_mpsc;
struct nave_mpsc_rx;

/* Sending never waits; at `capacity` items it is NAVE_ELIMIT. */
#define NAVE_MPSC_UNBOUNDED (1u << 0)

/* Sized. */
struct nave_mpsc_options {
    uint32_t size;
    uint32_t item_size; /* bytes: 1 to NAVE_CHANNEL_ITEM_MAX                       */
    uint32_t capacity;  /* items: 1 to NAVE_CHANNEL_CAPACITY_MAX                   */
    uint32_t flags;     /* NAVE_MPSC_*                                             */
    /* Called for each item that nobody will receive, when the receiver is dropped; NULL: items own
     * nothing. Inside nave_mpsc_rx_drop(). Thread: as that call. */
    void (*discard)(void *item, void *arg);
    void *arg; /* of discard */
};

/* "nave.mpsc/1": a sender. All that have a reference share one handle. */
struct nave_mpsc_iface {
    struct nave_iface hdr;
    /* Send `*item` when there is room. op->value says nothing. Thread: [workers].
     * Owns: borrows item until op is DONE or dropped; dropped, it was not sent.
     * Errors: NAVE_OK it is sent; NAVE_EAGAIN later; NAVE_ECLOSED the receiver is closed; NAVE_EBUSY op is
     * in flight; of an unbounded one NAVE_ELIMIT, NAVE_ENOMEM. With an error the item is the caller's. */
    nave_err (*send)(struct nave_mpsc *tx, struct nave_op *op, const void *item);
    /* Take a permit when there is one. With NAVE_OK, at once or in op->result, the caller has it and ends
     * it by commit or release. Thread: [workers]. Errors: as send, without NAVE_ENOMEM. */
    nave_err (*reserve)(struct nave_mpsc *tx, struct nave_op *op);
    /* Send `*item`, if that needs no waiting. Thread: [any].
     * Errors: NAVE_EAGAIN it is full; NAVE_ECLOSED; NAVE_ELIMIT; NAVE_ENOMEM. The item is the caller's. */
    nave_err (*try_send)(struct nave_mpsc *tx, const void *item);
    /* Take a permit, if there is one. Thread: [any]. Errors: as try_send, without NAVE_ENOMEM. */
    nave_err (*try_reserve)(struct nave_mpsc *tx);
    /* Send `*item` with a permit; the permit ends, whatever this returns, but for NAVE_ENOMEM.
     * Thread: [any]. Errors: NAVE_ECLOSED the receiver was dropped; of an unbounded one NAVE_ENOMEM: the
     * permit remains. The item is the caller's. */
    nave_err (*commit)(struct nave_mpsc *tx, const void *item);
    /* Give a permit back, unused. Thread: [any]. */
    void (*release)(struct nave_mpsc *tx);
    /* Send `*item`; wait for room on this thread, at most `timeout_ns` (NAVE_NEVER: as long as it takes).
     * Thread: [any], one that may block. Errors: as try_send; NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a
     * worker. The item is the caller's. */
    nave_err (*send_blocking)(struct nave_mpsc *tx, const void *item, nave_nsec timeout_ns);
    /* Wait until the receiver is closed or dropped: what is being made for it is in vain.
     * Thread: [workers]. Errors: NAVE_OK it is; NAVE_EAGAIN later; NAVE_EBUSY. */
    nave_err (*closed)(struct nave_mpsc *tx, struct nave_op *op);
    /* 1: sending is NAVE_ECLOSED. Thread: [any]. */
    int32_t (*is_closed)(const struct nave_mpsc *tx);
    /* How many permits are there to be taken now. Thread: [any]. */
    uint32_t (*available)(const struct nave_mpsc *tx);
    /* Another sender: one more drop is due. Thread: [any]. */
    void (*clone)(struct nave_mpsc *tx);
    /* Give one sender up. Thread: [any]. State: no op of this sender is in flight, it has no permit. */
    void (*drop)(struct nave_mpsc *tx);
};

/* "nave.mpsc_rx/1": the receiver. Its calls do not overlap, but for close, len and drop of a closed op. */
struct nave_mpsc_rx_iface {
    struct nave_iface hdr;
    /* Receive one item into *out_item when there is one. Thread: [workers].
     * Owns: borrows out_item until op is DONE or dropped; dropped, the item stays in the channel.
     * Errors: NAVE_OK it is there; NAVE_EAGAIN later; NAVE_ECLOSED there will be none; NAVE_EBUSY
     * somebody waits already. *out_item is written with NAVE_OK only, or when op is dropped. */
    nave_err (*recv)(struct nave_mpsc_rx *rx, struct nave_op *op, void *out_item);
    /* Receive as many as there are, up to `max`, at least one: op->value says how many, also when this
     * returns NAVE_OK. Thread: [workers]. Owns, errors: as recv; NAVE_EINVAL `max` is 0. */
    nave_err (*recv_many)(struct nave_mpsc_rx *rx, struct nave_op *op, void *out_items,
                          uint32_t max);
    /* Receive one, if there is one. Thread: [any].
     * Errors: NAVE_EAGAIN there is none; NAVE_ECLOSED there will be none; NAVE_EBUSY an op waits. */
    nave_err (*try_recv)(struct nave_mpsc_rx *rx, void *out_item);
    /* Receive one; wait for it on this thread, at most `timeout_ns`. Thread: [any], one that may block.
     * Errors: NAVE_ECLOSED; NAVE_EBUSY; NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a worker. */
    nave_err (*recv_blocking)(struct nave_mpsc_rx *rx, void *out_item, nave_nsec timeout_ns);
    /* Let nobody send any more; who waits to send gets NAVE_ECLOSED. Thread: [any]. */
    void (*close)(struct nave_mpsc_rx *rx);
    /* How many items are there. Thread: [any]. */
    uint32_t (*len)(const struct nave_mpsc_rx *rx);
    /* Give the receiver up: close it and discard what is there. Thread: [any]. Ends: [always].
     * State: no op of it is in flight. */
    void (*drop)(struct nave_mpsc_rx *rx);
};

/* The handles. */
struct nave_mpsc {
    const struct nave_mpsc_iface *api;
};
struct nave_mpsc_rx {
    const struct nave_mpsc_rx_iface *api;
};

/* Begin to send `*item` inside a poll; op->result is as of nave_mpsc_iface.send.
 * Thread: [worker]. Owns: borrows item until op is DONE or dropped. */
static inline struct nave_op *nave_mpsc_send(struct nave_cx *cx, struct nave_op *op,
                                             struct nave_mpsc *tx, const void *item)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, tx->api->send(tx, op, item));
}

/* Begin to take a permit inside a poll; op->result is as of nave_mpsc_iface.reserve.
 * Thread: [worker]. */
static inline struct nave_op *nave_mpsc_reserve(struct nave_cx *cx, struct nave_op *op,
                                                struct nave_mpsc *tx)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, tx->api->reserve(tx, op));
}

/* Begin to wait inside a poll until nobody receives. Thread: [worker]. */
static inline struct nave_op *nave_mpsc_closed(struct nave_cx *cx, struct nave_op *op,
                                               struct nave_mpsc *tx)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, tx->api->closed(tx, op));
}

/* Begin to receive into *out_item inside a poll; op->result is as of nave_mpsc_rx_iface.recv.
 * Thread: [worker]. Owns: borrows out_item until op is DONE or dropped. */
static inline struct nave_op *nave_mpsc_recv(struct nave_cx *cx, struct nave_op *op,
                                             struct nave_mpsc_rx *rx, void *out_item)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, rx->api->recv(rx, op, out_item));
}

/* Begin to receive up to `max` inside a poll; op->value says how many came.
 * Thread: [worker]. Owns: borrows out_items until op is DONE or dropped. */
static inline struct nave_op *nave_mpsc_recv_many(struct nave_cx *cx, struct nave_op *op,
                                                  struct nave_mpsc_rx *rx, void *out_items,
                                                  uint32_t max)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, rx->api->recv_many(rx, op, out_items, max));
}

/* See nave_mpsc_iface.try_send. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mpsc_try_send(struct nave_mpsc *tx, const void *item)
{
    return tx->api->try_send(tx, item);
}

/* See nave_mpsc_iface.try_reserve. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mpsc_try_reserve(struct nave_mpsc *tx)
{
    return tx->api->try_reserve(tx);
}

/* See nave_mpsc_iface.commit. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mpsc_commit(struct nave_mpsc *tx, const void *item)
{
    return tx->api->commit(tx, item);
}

/* See nave_mpsc_iface.release. Thread: [any]. */
static inline void nave_mpsc_release(struct nave_mpsc *tx)
{
    tx->api->release(tx);
}

/* See nave_mpsc_iface.send_blocking. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mpsc_send_blocking(struct nave_mpsc *tx,
                                                              const void *item,
                                                              nave_nsec timeout_ns)
{
    return tx->api->send_blocking(tx, item, timeout_ns);
}

/* See nave_mpsc_iface.is_closed. Thread: [any]. */
static inline int32_t nave_mpsc_is_closed(const struct nave_mpsc *tx)
{
    return tx->api->is_closed(tx);
}

/* See nave_mpsc_iface.available. Thread: [any]. */
static inline uint32_t nave_mpsc_available(const struct nave_mpsc *tx)
{
    return tx->api->available(tx);
}

/* Another sender, the same handle. Thread: [any]. Owns: it is dropped by itself. */
static inline struct nave_mpsc *nave_mpsc_clone(struct nave_mpsc *tx)
{
    tx->api->clone(tx);
    return tx;
}

/* See nave_mpsc_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_mpsc_drop(struct nave_mpsc *tx)
{
    if (tx)
        tx->api->drop(tx);
}

/* See nave_mpsc_rx_iface.try_recv. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mpsc_try_recv(struct nave_mpsc_rx *rx, void *out_item)
{
    return rx->api->try_recv(rx, out_item);
}

/* See nave_mpsc_rx_iface.recv_blocking. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mpsc_recv_blocking(struct nave_mpsc_rx *rx,
                                                              void *out_item, nave_nsec timeout_ns)
{
    return rx->api->recv_blocking(rx, out_item, timeout_ns);
}

/* See nave_mpsc_rx_iface.close. Thread: [any]. */
static inline void nave_mpsc_rx_close(struct nave_mpsc_rx *rx)
{
    rx->api->close(rx);
}

/* See nave_mpsc_rx_iface.len. Thread: [any]. */
static inline uint32_t nave_mpsc_rx_len(const struct nave_mpsc_rx *rx)
{
    return rx->api->len(rx);
}

/* See nave_mpsc_rx_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_mpsc_rx_drop(struct nave_mpsc_rx *rx)
{
    if (rx)
        rx->api->drop(rx);
}

NAVE_END_DECLS
#endif

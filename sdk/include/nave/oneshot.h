/* SPDX-License-Identifier: MIT
 *
 * One item, from one sender to one receiver, once: the answer to a request (channel.h has the rules of
 * all channels).
 *
 * Sending never waits. A sender that is dropped without having sent tells the receiver so; a receiver
 * that is closed or dropped tells the sender. Both handles may be on any thread. */
#ifndef NAVE_ONESHOT_H
#define NAVE_ONESHOT_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>

NAVE_BEGIN_DECLS

#define NAVE_ONESHOT_ID    "nave.oneshot/1"
#define NAVE_ONESHOT_RX_ID "nave.oneshot_rx/1"

struct nave_oneshot;
struct nave_oneshot_rx;

/* "nave.oneshot/1": the sender. */
struct nave_oneshot_iface {
    struct nave_iface hdr;
    /* Send `*item`; the sender is given up, whatever this returns. Thread: [any]. Ends: [always].
     * State: no op of it is in flight. Errors: NAVE_ECLOSED nobody will receive it: the item is the
     * caller's. */
    nave_err (*send)(struct nave_oneshot *tx_take, const void *item);
    /* Wait until the receiver is closed or dropped: the answer is wanted no more. Thread: [workers].
     * Errors: NAVE_OK it is; NAVE_EAGAIN later; NAVE_EBUSY op is in flight, or another one waits. */
    nave_err (*closed)(struct nave_oneshot *tx, struct nave_op *op);
    /* 1: sending is NAVE_ECLOSED. Thread: [any]. */
    int32_t (*is_closed)(const struct nave_oneshot *tx);
    /* Give the sender up without having sent: the receiver gets NAVE_ECLOSED. Thread: [any].
     * Ends: [always]. State: no op of it is in flight. */
    void (*drop)(struct nave_oneshot *tx);
};

/* "nave.oneshot_rx/1": the receiver. */
struct nave_oneshot_rx_iface {
    struct nave_iface hdr;
    /* Receive the item into *out_item when it is there. The handle remains, to be dropped.
     * Thread: [workers]. Owns: borrows out_item until op is DONE or dropped; dropped, the item stays.
     * Errors: NAVE_OK it is there; NAVE_EAGAIN later; NAVE_ECLOSED the sender was dropped, or the item
     * was received before; NAVE_EBUSY somebody waits already. */
    nave_err (*recv)(struct nave_oneshot_rx *rx, struct nave_op *op, void *out_item);
    /* Receive it, if it is there. Thread: [any]. Errors: NAVE_EAGAIN not yet; NAVE_ECLOSED; NAVE_EBUSY. */
    nave_err (*try_recv)(struct nave_oneshot_rx *rx, void *out_item);
    /* Receive it; wait on this thread, at most `timeout_ns`. Thread: [any], one that may block.
     * Errors: NAVE_ECLOSED; NAVE_EBUSY; NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a worker. */
    nave_err (*recv_blocking)(struct nave_oneshot_rx *rx, void *out_item, nave_nsec timeout_ns);
    /* Let nothing be sent any more. An item that was sent before can still be received. Thread: [any]. */
    void (*close)(struct nave_oneshot_rx *rx);
    /* Give the receiver up. What was sent and not received is forgotten: try_recv before when it owns
     * something. Thread: [any]. Ends: [always]. State: no op of it is in flight. */
    void (*drop)(struct nave_oneshot_rx *rx);
};

/* The handles. */
struct nave_oneshot {
    const struct nave_oneshot_iface *api;
};
struct nave_oneshot_rx {
    const struct nave_oneshot_rx_iface *api;
};

/* Begin to receive inside a poll; op->result is as of nave_oneshot_rx_iface.recv.
 * Thread: [worker]. Owns: borrows out_item until op is DONE or dropped. */
static inline struct nave_op *nave_oneshot_recv(struct nave_cx *cx, struct nave_op *op,
                                                struct nave_oneshot_rx *rx, void *out_item)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, rx->api->recv(rx, op, out_item));
}

/* Begin to wait inside a poll until the answer is wanted no more. Thread: [worker]. */
static inline struct nave_op *nave_oneshot_closed(struct nave_cx *cx, struct nave_op *op,
                                                  struct nave_oneshot *tx)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, tx->api->closed(tx, op));
}

/* See nave_oneshot_iface.send. Thread: [any]. */
static inline nave_err nave_oneshot_send(struct nave_oneshot *tx_take, const void *item)
{
    return tx_take->api->send(tx_take, item);
}

/* See nave_oneshot_iface.is_closed. Thread: [any]. */
static inline int32_t nave_oneshot_is_closed(const struct nave_oneshot *tx)
{
    return tx->api->is_closed(tx);
}

/* See nave_oneshot_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_oneshot_drop(struct nave_oneshot *tx)
{
    if (tx)
        tx->api->drop(tx);
}

/* See nave_oneshot_rx_iface.try_recv. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_oneshot_try_recv(struct nave_oneshot_rx *rx,
                                                            void *out_item)
{
    return rx->api->try_recv(rx, out_item);
}

/* See nave_oneshot_rx_iface.recv_blocking. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_oneshot_recv_blocking(struct nave_oneshot_rx *rx,
                                                                 void *out_item,
                                                                 nave_nsec timeout_ns)
{
    return rx->api->recv_blocking(rx, out_item, timeout_ns);
}

/* See nave_oneshot_rx_iface.close. Thread: [any]. */
static inline void nave_oneshot_rx_close(struct nave_oneshot_rx *rx)
{
    rx->api->close(rx);
}

/* See nave_oneshot_rx_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_oneshot_rx_drop(struct nave_oneshot_rx *rx)
{
    if (rx)
        rx->api->drop(rx);
}

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * The newest value, and the news that it has changed (channel.h has the rules of all channels).
 *
 * Each store makes a new version. A receiver waits for a version that it has not seen; what was stored
 * in between is not kept. A receiver that is made has seen the version of that moment.
 *
 * The end: the last sender is dropped: a receiver gets a version that it has not seen, then NAVE_ECLOSED;
 * the last value can be read on. */
#ifndef NAVE_WATCH_H
#define NAVE_WATCH_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>

NAVE_BEGIN_DECLS

#define NAVE_WATCH_ID    "nave.watch/1"
#define NAVE_WATCH_RX_ID "nave.watch_rx/1"

struct nave_watch;
struct nave_watch_rx;

/* Changes `*item` in place; 1: it has changed, 0: it is as before. Called under the lock of the channel:
 * it is quick and calls nothing of Nave. Thread: as the call that was given it. */
typedef int32_t nave_watch_fn(void *item, void *arg);

/* "nave.watch/1": a sender. All that have a reference share one handle. */
struct nave_watch_iface {
    struct nave_iface hdr;
    /* Store `*item` as the newest version, also when there is no receiver, and tell those who wait.
     * Thread: [any]. */
    void (*send)(struct nave_watch *tx, const void *item);
    /* Have `fn` change the value in place; a new version when it returns 1. Its result.
     * Thread: [any]. */
    int32_t (*modify)(struct nave_watch *tx, nave_watch_fn *fn, void *arg);
    /* Copy the newest value to *out_item. Thread: [any]. */
    void (*read)(struct nave_watch *tx, void *out_item);
    /* Make a receiver that has seen the present version. Thread: [any]. Owns: it is the caller's, to be
     * dropped. Errors: NAVE_ENOMEM. */
    nave_err (*subscribe)(struct nave_watch *tx, struct nave_watch_rx **out_rx);
    /* Wait until there is no receiver. Thread: [workers]. Errors: NAVE_OK there is none; NAVE_EAGAIN later;
     * NAVE_EBUSY op is in flight. */
    nave_err (*closed)(struct nave_watch *tx, struct nave_op *op);
    /* How many receivers there are. Thread: [any]. */
    uint32_t (*receivers)(const struct nave_watch *tx);
    /* Another sender: one more drop is due. Thread: [any]. */
    void (*clone)(struct nave_watch *tx);
    /* Give one sender up. Thread: [any]. State: no op of it is in flight. */
    void (*drop)(struct nave_watch *tx);
};

/* "nave.watch_rx/1": a receiver. Calls for one do not overlap; several are independent. */
struct nave_watch_rx_iface {
    struct nave_iface hdr;
    /* Wait for a version that was not seen; the newest is copied to *out_item and seen.
     * Thread: [workers]. Null: [out_item]. Owns: borrows out_item until op is DONE or dropped; dropped, no
     * version was seen. Errors: NAVE_OK it is there; NAVE_EAGAIN later; NAVE_ECLOSED there will be none;
     * NAVE_EBUSY an op of this receiver waits already. *out_item is written with NAVE_OK only. */
    nave_err (*changed)(struct nave_watch_rx *rx, struct nave_op *op, void *out_item);
    /* The same on this thread, at most `timeout_ns`. Thread: [any], one that may block. Null: [out_item].
     * Errors: NAVE_ECLOSED; NAVE_EBUSY; NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a worker. */
    nave_err (*changed_blocking)(struct nave_watch_rx *rx, void *out_item, nave_nsec timeout_ns);
    /* NAVE_OK: there is a version that was not seen. NAVE_EAGAIN: there is none. NAVE_ECLOSED: there is
     * none and will be none. Without the lock. Thread: [any]. */
    nave_err (*has_changed)(const struct nave_watch_rx *rx);
    /* Copy the newest value to *out_item; it is seen. Thread: [any]. */
    void (*read)(struct nave_watch_rx *rx, void *out_item);
    /* Copy the newest value to *out_item; it is as new as before. Thread: [any]. */
    void (*peek)(const struct nave_watch_rx *rx, void *out_item);
    /* Make a receiver that has seen what this one has. Thread: [any]. Owns: it is the caller's.
     * Errors: NAVE_ENOMEM. */
    nave_err (*clone)(struct nave_watch_rx *rx, struct nave_watch_rx **out_rx);
    /* Give the receiver up. Thread: [any]. Ends: [always]. State: no op of it is in flight. */
    void (*drop)(struct nave_watch_rx *rx);
};

/* The handles. */
struct nave_watch {
    const struct nave_watch_iface *api;
};
struct nave_watch_rx {
    const struct nave_watch_rx_iface *api;
};

/* Begin to wait inside a poll for a version that was not seen; op->result is as of
 * nave_watch_rx_iface.changed. Thread: [worker]. Owns: borrows out_item (NULL: not wanted) until op is
 * DONE or dropped. */
static inline struct nave_op *nave_watch_changed(struct nave_cx *cx, struct nave_op *op,
                                                 struct nave_watch_rx *rx, void *out_item)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, rx->api->changed(rx, op, out_item));
}

/* Begin to wait inside a poll until nobody listens. Thread: [worker]. */
static inline struct nave_op *nave_watch_closed(struct nave_cx *cx, struct nave_op *op,
                                                struct nave_watch *tx)
{
    nave_op_await(op, cx);
    return nave_op_begun(op, tx->api->closed(tx, op));
}

/* See nave_watch_iface.send. Thread: [any]. */
static inline void nave_watch_send(struct nave_watch *tx, const void *item)
{
    tx->api->send(tx, item);
}

/* See nave_watch_iface.modify. Thread: [any]. */
static inline int32_t nave_watch_modify(struct nave_watch *tx, nave_watch_fn *fn, void *arg)
{
    return tx->api->modify(tx, fn, arg);
}

/* See nave_watch_iface.read. Thread: [any]. */
static inline void nave_watch_read(struct nave_watch *tx, void *out_item)
{
    tx->api->read(tx, out_item);
}

/* See nave_watch_iface.subscribe. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_watch_subscribe(struct nave_watch *tx,
                                                           struct nave_watch_rx **out_rx)
{
    return tx->api->subscribe(tx, out_rx);
}

/* See nave_watch_iface.receivers. Thread: [any]. */
static inline uint32_t nave_watch_receivers(const struct nave_watch *tx)
{
    return tx->api->receivers(tx);
}

/* Another sender, the same handle. Thread: [any]. Owns: it is dropped by itself. */
static inline struct nave_watch *nave_watch_clone(struct nave_watch *tx)
{
    tx->api->clone(tx);
    return tx;
}

/* See nave_watch_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_watch_drop(struct nave_watch *tx)
{
    if (tx)
        tx->api->drop(tx);
}

/* See nave_watch_rx_iface.changed_blocking. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_watch_changed_blocking(struct nave_watch_rx *rx,
                                                                  void *out_item,
                                                                  nave_nsec timeout_ns)
{
    return rx->api->changed_blocking(rx, out_item, timeout_ns);
}

/* See nave_watch_rx_iface.has_changed. Thread: [any]. */
static inline nave_err nave_watch_has_changed(const struct nave_watch_rx *rx)
{
    return rx->api->has_changed(rx);
}

/* See nave_watch_rx_iface.read. Thread: [any]. */
static inline void nave_watch_rx_read(struct nave_watch_rx *rx, void *out_item)
{
    rx->api->read(rx, out_item);
}

/* See nave_watch_rx_iface.peek. Thread: [any]. */
static inline void nave_watch_rx_peek(const struct nave_watch_rx *rx, void *out_item)
{
    rx->api->peek(rx, out_item);
}

/* See nave_watch_rx_iface.clone. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_watch_rx_clone(struct nave_watch_rx *rx,
                                                          struct nave_watch_rx **out_rx)
{
    return rx->api->clone(rx, out_rx);
}

/* See nave_watch_rx_iface.drop. NULL is fine. Thread: [any]. */
static inline void nave_watch_rx_drop(struct nave_watch_rx *rx)
{
    if (rx)
        rx->api->drop(rx);
}

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * Channels: how tasks, workers and threads of one program hand things to each other.
 *
 *     mpsc       many senders, one receiver, a queue with a limit: work, messages        mpsc.h
 *     oneshot    one item, once: the answer to a request                                 oneshot.h
 *     broadcast  every receiver gets every item; who is too slow is told what it missed  broadcast.h
 *     watch      the newest value: a configuration, a state                              watch.h
 *
 * A plugin lists "nave.channels/1" among its needs and binds it in create or prepare; a host program
 * calls nave_runtime_bind(). Either makes channels with what it got, and these are used from anywhere:
 *
 *     struct nave_mpsc_options o = {.size = sizeof(o), .item_size = sizeof(struct job), .capacity = 64};
 *     struct nave_mpsc *tx;
 *     struct nave_mpsc_rx *rx;
 *     err = nave_mpsc_new(channels, &o, &tx, &rx);
 *
 * The rules that all of them keep
 *  1. An item has a fixed size and is copied in and out. What it points to changes hands with it.
 *  2. A waiting operation is an op (op.h). The inlines that take a `cx` begin one for the task that is
 *     polled and leave it DONE or in flight; a slot of the table takes an op that was readied by
 *     nave_op_init() as well, and calls its `done` later. What the op was given, an item to be sent or room
 *     for one to be received, is borrowed until it is DONE or dropped.
 *  3. Dropping an op loses nothing: an item that was not sent stays the caller's, one that was not
 *     received stays in the channel, a permit or a wake-up goes on to the next one.
 *  4. Who waits first is served first.
 *  5. A handle is given back by its drop, by whoever has it, once; and not while an op of it is in
 *     flight. A channel goes with its last handle. The plugin that made it must be the last to have one:
 *     hand it to plugins that need yours.
 *  6. What ends with "_blocking" is for threads that may block. On a worker of the runtime it is
 *     NAVE_EDEADLOCK, and nothing was done.
 *  7. The end of the runtime closes no channel and wakes no thread that waits in one: drop or close the
 *     other side. Threads have left all channels, and given their handles back, before nave_runtime_destroy()
 *     is called; those of a plugin before its destroy returns.
 * DRAFT.
 */
#ifndef NAVE_CHANNEL_H
#define NAVE_CHANNEL_H

#include <nave/base.h>
#include <nave/broadcast.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/mpsc.h>
#include <nave/oneshot.h>
#include <nave/watch.h>

NAVE_BEGIN_DECLS

#define NAVE_CHANNELS_ID "nave.channels/1"

/* The most bytes that an item may have. Larger things are sent as pointers. */
#define NAVE_CHANNEL_ITEM_MAX 4096u
/* The most items that a channel may hold, and bytes of all of them. */
#define NAVE_CHANNEL_CAPACITY_MAX (1u << 24)
#define NAVE_CHANNEL_BYTES_MAX    (1u << 30)

struct nave_channels;

/* "nave.channels/1": makes channels, in the memory of who bound it. Each method gives all handles or
 * none. */
struct nave_channels_iface {
    struct nave_iface hdr;
    /* Make a queue with one sender and its receiver. Thread: [any]. Owns: borrows options; both handles
     * are the caller's, to be dropped.
     * Errors: NAVE_EINVAL a size or a capacity that is not allowed, an unknown flag; NAVE_ETOONEW;
     * NAVE_ENOMEM. */
    nave_err (*mpsc)(struct nave_channels *c, const struct nave_mpsc_options *options,
                     struct nave_mpsc **out_tx, struct nave_mpsc_rx **out_rx);
    /* Make a channel for one item of `item_size` bytes. Thread: [any]. Owns: both handles are the
     * caller's; the sender ends by send or drop. Errors: NAVE_EINVAL; NAVE_ENOMEM. */
    nave_err (*oneshot)(struct nave_channels *c, uint32_t item_size, struct nave_oneshot **out_tx,
                        struct nave_oneshot_rx **out_rx);
    /* Make a channel that keeps the newest `capacity` items of `item_size` bytes, with one sender and no
     * receiver yet. `capacity` is rounded up to a power of two. Thread: [any]. Owns: the handle is the
     * caller's. Errors: NAVE_EINVAL; NAVE_ENOMEM. */
    nave_err (*broadcast)(struct nave_channels *c, uint32_t item_size, uint32_t capacity,
                          struct nave_broadcast **out_tx);
    /* Make a value of `item_size` bytes that begins as `*first`, with one sender and no receiver yet.
     * Thread: [any]. Owns: borrows first; the handle is the caller's. Errors: NAVE_EINVAL; NAVE_ENOMEM. */
    nave_err (*watch)(struct nave_channels *c, uint32_t item_size, const void *first,
                      struct nave_watch **out_tx);
};

/* The handle; each plugin has its own. */
struct nave_channels {
    const struct nave_channels_iface *api;
};

/* See nave_channels_iface.mpsc. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mpsc_new(struct nave_channels *c,
                                                    const struct nave_mpsc_options *options,
                                                    struct nave_mpsc **out_tx,
                                                    struct nave_mpsc_rx **out_rx)
{
    return c->api->mpsc(c, options, out_tx, out_rx);
}

/* See nave_channels_iface.oneshot. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_oneshot_new(struct nave_channels *c, uint32_t item_size,
                                                       struct nave_oneshot **out_tx,
                                                       struct nave_oneshot_rx **out_rx)
{
    return c->api->oneshot(c, item_size, out_tx, out_rx);
}

/* See nave_channels_iface.broadcast. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_broadcast_new(struct nave_channels *c,
                                                         uint32_t item_size, uint32_t capacity,
                                                         struct nave_broadcast **out_tx)
{
    return c->api->broadcast(c, item_size, capacity, out_tx);
}

/* See nave_channels_iface.watch. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_watch_new(struct nave_channels *c, uint32_t item_size,
                                                     const void *first, struct nave_watch **out_tx)
{
    return c->api->watch(c, item_size, first, out_tx);
}

NAVE_END_DECLS
#endif

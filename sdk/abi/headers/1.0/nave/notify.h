/* SPDX-License-Identifier: MIT
 *
 * Telling between tasks, without a value: notify (something happened), barrier (all are here), once
 * (somebody does it, the others wait). Storage that the caller embeds, as the locks (lock.h), with the
 * same rules and readied by the same service.
 *
 *     struct queue { struct nave_notify more; ... };      locks->api->notify_init(locks, &q->more);
 *     put:  push(q, x); nave_notify_one(&q->more);        from any thread
 *     take: while (!(x = pop(q)))
 *               NAVE_AWAIT(nave_notify_wait(cx, &f->op, &q->more));
 *
 * DRAFT.
 */
#ifndef NAVE_NOTIFY_H
#define NAVE_NOTIFY_H

#include <nave/lock.h>

NAVE_BEGIN_DECLS

#define NAVE_NOTIFY_ID  "nave.notify/1"
#define NAVE_BARRIER_ID "nave.barrier/1"
#define NAVE_ONCE_ID    "nave.once/1"

/* --- notify ---------------------------------------------------------------------------------- */

/* "nave.notify/1". It stores one permit at most: notify_one without anybody who waits lets the next one
 * pass, once. */
struct nave_notify_iface {
    struct nave_iface hdr;
    /* Wait with `op` for a notification. NAVE_OK: the permit was there, and is taken. NAVE_EAGAIN: later;
     * from now on `op` gets every notify_all. So whoever looks at a condition, starts the op, and looks
     * once more before it awaits, misses nothing. Dropped after notify_one had chosen it: the next one is
     * notified. Thread: [workers]. Owns: borrows op until it is DONE or dropped.
     * Errors: NAVE_EAGAIN; NAVE_EBUSY op is in flight. */
    nave_err (*wait)(struct nave_notify *n, struct nave_op *op);
    /* The same, waiting on this thread at most `timeout_ns`. Thread: [any]; one that may block.
     * Errors: NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a worker of the runtime: await it; NAVE_ENOMEM. */
    nave_err (*wait_here)(struct nave_notify *n, nave_nsec timeout_ns);
    /* Notify who waits longest; store the permit when nobody does. Thread: [any]. */
    void (*one)(struct nave_notify *n);
    /* Notify all who wait now; stores nothing. `n` lives until this returns. Thread: [any]. */
    void (*all)(struct nave_notify *n);
};

/* A notify. Frozen, 64 bytes on 64-bit machines. Must not move. */
struct nave_notify {
    const struct nave_notify_iface *api;
    struct nave_lock_state state;
};

/* --- barrier --------------------------------------------------------------------------------- */

/* "nave.barrier/1". Who arrives waits until as many as it was readied for are there; then it serves the
 * next round. */
struct nave_barrier_iface {
    struct nave_iface hdr;
    /* Arrive with `op`. NAVE_OK: all are here, and the caller was the last: op->value is 1. NAVE_EAGAIN:
     * later, with op->value 0. Dropped before all are here: the arrival is taken back. `b` lives until
     * this returns. Thread: [workers]. Owns: borrows op until it is DONE or dropped.
     * Errors: NAVE_EAGAIN; NAVE_EBUSY op is in flight. */
    nave_err (*arrive)(struct nave_barrier *b, struct nave_op *op);
    /* Arrive and wait on this thread at most `timeout_ns`. *out_is_last: 1 for the last one.
     * Thread: [any]; one that may block. Null: [out_is_last]. Errors: NAVE_ETIMEDOUT the arrival was taken
     * back; NAVE_EDEADLOCK this is a worker of the runtime; NAVE_ENOMEM. */
    nave_err (*arrive_wait)(struct nave_barrier *b, nave_nsec timeout_ns, uint32_t *out_is_last);
};

/* A barrier. Frozen, 64 bytes on 64-bit machines. Must not move. */
struct nave_barrier {
    const struct nave_barrier_iface *api;
    struct nave_lock_state state;
};

/* --- once ------------------------------------------------------------------------------------ */

/* "nave.once/1". The first who comes does the work and says done; who comes meanwhile waits. When the
 * work failed or the one who did it was canceled, it says failed, and the next one does it. */
struct nave_once_iface {
    struct nave_iface hdr;
    /* Wait with `op` until it is done. NAVE_OK with op->value 0: it is done. NAVE_OK with op->value 1: the
     * caller is to do it, and then to call done or failed. NAVE_EAGAIN: later, the same two. Dropped with an
     * unseen 1: the next one gets it. Thread: [workers]. Owns: borrows op until it is DONE or dropped.
     * Errors: NAVE_EAGAIN; NAVE_EBUSY op is in flight. */
    nave_err (*enter)(struct nave_once *o, struct nave_op *op);
    /* The same on this thread, at most `timeout_ns`. *out_is_mine: 1 when the caller is to do it.
     * Thread: [any]; one that may block. Errors: NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a worker of the
     * runtime; NAVE_ENOMEM. */
    nave_err (*enter_wait)(struct nave_once *o, nave_nsec timeout_ns, uint32_t *out_is_mine);
    /* It is done, for ever. `o` lives until this returns. Thread: [any]. State: the caller was to do it. */
    void (*done)(struct nave_once *o);
    /* It is not done: the next one is to do it. Thread: [any]. State: the caller was to do it. */
    void (*failed)(struct nave_once *o);
};

/* The word of a once that is done. Frozen. */
#define NAVE_ONCE_DONE UINT64_C(1)

/* A once. Frozen, 64 bytes on 64-bit machines. Must not move. */
struct nave_once {
    const struct nave_once_iface *api;
    struct nave_lock_state state;
};

/* --- in a task ------------------------------------------------------------------------------- */

/* Begin to wait inside a poll; await the result. See nave_notify_iface.wait. Thread: [worker]. */
static inline struct nave_op *nave_notify_wait(struct nave_cx *cx, struct nave_op *op,
                                               struct nave_notify *n)
{
    nave_op_await(op, cx);
    return nave_lock_started_(op, n->api->wait(n, op));
}

/* See nave_notify_iface.wait_here. Thread: [any]; one that may block. */
static inline NAVE_NODISCARD nave_err nave_notify_wait_here(struct nave_notify *n,
                                                            nave_nsec timeout_ns)
{
    return n->api->wait_here(n, timeout_ns);
}

/* See nave_notify_iface.one. Thread: [any]. */
static inline void nave_notify_one(struct nave_notify *n)
{
    n->api->one(n);
}

/* See nave_notify_iface.all. Thread: [any]. */
static inline void nave_notify_all(struct nave_notify *n)
{
    n->api->all(n);
}

/* Arrive inside a poll; await the result. See nave_barrier_iface.arrive. Thread: [worker]. */
static inline struct nave_op *nave_barrier_arrive(struct nave_cx *cx, struct nave_op *op,
                                                  struct nave_barrier *b)
{
    nave_op_await(op, cx);
    return nave_lock_started_(op, b->api->arrive(b, op));
}

/* See nave_barrier_iface.arrive_wait. Thread: [any]; one that may block. Null: [out_is_last]. */
static inline NAVE_NODISCARD nave_err nave_barrier_arrive_wait(struct nave_barrier *b,
                                                               nave_nsec timeout_ns,
                                                               uint32_t *out_is_last)
{
    return b->api->arrive_wait(b, timeout_ns, out_is_last);
}

/* 1: it is done; what was written before done() is visible. One load. Thread: [any]. */
static inline int32_t nave_once_is_done(const struct nave_once *o)
{
    return __atomic_load_n(&o->state.word, __ATOMIC_ACQUIRE) == NAVE_ONCE_DONE;
}

/* Enter inside a poll; await the result. See nave_once_iface.enter. Thread: [worker]. */
static inline struct nave_op *nave_once_enter(struct nave_cx *cx, struct nave_op *op,
                                              struct nave_once *o)
{
    nave_op_await(op, cx);
    return nave_lock_started_(op, o->api->enter(o, op));
}

/* See nave_once_iface.enter_wait. Thread: [any]; one that may block. */
static inline NAVE_NODISCARD nave_err nave_once_enter_wait(struct nave_once *o,
                                                           nave_nsec timeout_ns,
                                                           uint32_t *out_is_mine)
{
    return o->api->enter_wait(o, timeout_ns, out_is_mine);
}

/* See nave_once_iface.done. Thread: [any]. */
static inline void nave_once_done(struct nave_once *o)
{
    o->api->done(o);
}

/* See nave_once_iface.failed. Thread: [any]. */
static inline void nave_once_failed(struct nave_once *o)
{
    o->api->failed(o);
}

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * Futures, wakers and tasks: the poll API. (Async functions in C are macros over this.)
 *
 * A future is an object that is polled until it is ready. `nave_future_new` makes one in a worker's
 * slab with its frame behind the head; spawning it allocates nothing. A future that was never
 * spawned is given back with nave_future_drop(). DRAFT.
 */
#ifndef NAVE_TASK_H
#define NAVE_TASK_H

#include <nave/base.h>
#include <nave/iface.h>

NAVE_BEGIN_DECLS

struct nave_cx;
struct nave_future;
struct nave_waker;
struct nave_worker;

/* What a waker does; the implementer's. */
struct nave_waker_iface {
    struct nave_iface hdr; /* "nave.waker/1" */
    /* Another waker for the same task, into `out`. Thread: [any]. */
    void (*clone)(const struct nave_waker *w, struct nave_waker *out);
    /* Have the task polled again. Harmless when it has completed. Thread: [any]. */
    void (*wake)(const struct nave_waker *w);
    /* Give `w` back. Thread: [any]. Ends: [always]. */
    void (*drop)(struct nave_waker *w);
};

/* A waker. Frozen. */
struct nave_waker {
    const struct nave_waker_iface *api;
    void *task;
    uint64_t id; /* index and generation: a stale waker is detected */
    uint64_t reserved;
};

/* The context of one poll. Frozen; borrowed until poll returns. */
struct nave_cx {
    struct nave_worker *worker;     /* the worker that polls                          */
    const struct nave_waker *waker; /* of the task; clone it to keep it               */
    uint32_t budget;                /* what is left before the task should yield      */
    uint32_t is_canceled;           /* 1: clean up and return READY                   */
    uint64_t reserved[2];
};

/* What a future does; a plugin's own static const table. */
struct nave_future_iface {
    struct nave_iface hdr; /* "nave.future/1"                                             */
    const char *name;      /* for the task dump; static                                   */
    /* Go on. READY: the result is in place and poll is not called again. PENDING: the waker was
     * cloned to whoever will wake. Thread: [worker]. */
    nave_poll (*poll)(struct nave_future *f, struct nave_cx *cx);
    /* Release what the frame holds; called once, after READY or instead of it. Does not free the
     * future itself. Thread: [worker]. Ends: [always]. */
    void (*drop)(struct nave_future *f);
    /* The result of a future that is READY: NAVE_OK or an error. Thread: [worker]. */
    nave_err (*result)(struct nave_future *f);
};

/* The head of a future; its frame follows. Frozen. */
struct nave_future {
    const struct nave_future_iface *api;
    uint64_t reserved;
};

/* A task that was spawned: index and generation, never reused together. 0 is no task. */
typedef uint64_t nave_task_id;

/* The frame behind the head of `f`, aligned for any type.
 * Thread: [any]. */
static inline void *nave_future_frame(struct nave_future *f)
{
    return f + 1;
}

NAVE_END_DECLS
#endif

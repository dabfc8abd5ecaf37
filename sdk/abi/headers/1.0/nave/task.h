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

/* A waker. Frozen. A value: a copy of it is a waker as good, nothing need be given back, and one whose
 * task has ended does nothing. (clone and drop are for those who make wakers of another kind.) */
struct nave_waker {
    const struct nave_waker_iface *api;
    void *task;
    uint64_t id; /* index and generation: a stale waker is detected */
    uint64_t reserved;
};

/* The task should be polled again soon, after others had their turn. Set by nave_yield() and when
 * the budget is used up; then the poll returns PENDING. */
#define NAVE_CX_YIELD (1u << 0)

/* The context of one poll. Frozen; borrowed until poll returns. A future that polls others hands it
 * on. */
struct nave_cx {
    struct nave_worker *worker;     /* the worker that polls                               */
    const struct nave_waker *waker; /* of the task; copy it to keep it                     */
    uint32_t budget;                /* what is left before the task must yield             */
    uint32_t is_canceled;           /* 1: clean up and return READY                        */
    uint32_t flags;                 /* NAVE_CX_*: what the poll asks for                   */
    uint32_t reserved;
    void *task; /* the host's: the task that is polled, for pin and unpin */
};

/* Have the task polled again after the others that are ready: `return nave_yield(cx);`.
 * Cheaper than waking itself. Thread: [worker]. */
static inline nave_poll nave_yield(struct nave_cx *cx)
{
    cx->flags |= NAVE_CX_YIELD;
    return NAVE_PENDING;
}

/* Use up one of the budget, for one step that did not have to wait. 1: go on; 0: the task has had its
 * share: return PENDING, it will be polled again soon. Thread: [worker]. */
static inline int32_t nave_cx_spend(struct nave_cx *cx)
{
    if (NAVE_LIKELY(cx->budget > 0)) {
        cx->budget--;
        return 1;
    }
    cx->flags |= NAVE_CX_YIELD;
    return 0;
}

/* What a future does; a plugin's own static const table. */
struct nave_future_iface {
    struct nave_iface hdr; /* "nave.future/1"                                             */
    const char *name;      /* for the task dump; static                                   */
    /* Go on. READY: the result is in place and poll is not called again. PENDING: the waker was
     * cloned to whoever will wake. It may be polled when nothing has happened: look, do not count.
     * Thread: [worker]. */
    nave_poll (*poll)(struct nave_future *f, struct nave_cx *cx);
    /* Release what the frame holds; called once, after READY or instead of it. Does not free the
     * future itself. Thread: [worker]. Ends: [always]. */
    void (*drop)(struct nave_future *f);
    /* The result of a future that is READY: NAVE_OK or an error. Thread: [worker]. */
    nave_err (*result)(struct nave_future *f);
};

/* Flag of a future's table (hdr.flags): right behind the head of the future stands a
 * `struct nave_worker *`, the one that polled it last. Who drops the future on another sets it before:
 * nave_future_set_worker(). */
#define NAVE_FUTURE_HAS_WORKER ((uint16_t)1u << 1)

/* Flags of a future. */
#define NAVE_FUTURE_IS_ASYNC (1u << 0) /* it is the head of a struct nave_async (async.h)         */
#define NAVE_FUTURE_IS_BOXED \
    (1u << 1) /* of future_new, not spawned: who awaits it gives it back  */
#define NAVE_FUTURE_IS_SHIELDED \
    (1u << 2) /* inside a shield: who cancels it waits for its end        */
#define NAVE_FUTURE_HAS_ARMS \
    (1u << 3) /* it is the head of a struct nave_arms (arm.h)             */

/* The head of a future; its frame follows. Frozen. */
struct nave_future {
    const struct nave_future_iface *api;
    uint64_t flags; /* NAVE_FUTURE_*; all others 0 */
};

/* A task that was spawned: index and generation, never reused together. 0 is no task. */
typedef uint64_t nave_task_id;

/* The frame behind the head of `f`, aligned for any type.
 * Thread: [any]. */
static inline void *nave_future_frame(struct nave_future *f)
{
    return f + 1;
}

/* `worker` is about to poll or drop `f`; for executors, before they drop a future that they did not poll
 * to its end. Nothing happens when its table has no NAVE_FUTURE_HAS_WORKER. Thread: [worker]. */
static inline void nave_future_set_worker(struct nave_future *f, struct nave_worker *worker)
{
    if (f->api->hdr.flags & NAVE_FUTURE_HAS_WORKER)
        *(struct nave_worker **)nave_future_frame(f) = worker;
}

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * Async functions in C: a frame, and a function that goes on where it waited.
 *
 *     NAVE_ASYNC(greet, struct nave_sleep_op sleep; uint32_t left;)
 *     {
 *         NAVE_BEGIN();
 *         for (; f->left > 0; f->left--) {
 *             NAVE_TRY(nave_sleep(cx, &f->sleep, NAVE_SEC));
 *             puts("hello");
 *         }
 *         NAVE_CLEANUP();
 *         puts("the end");
 *         NAVE_END();
 *     }
 *
 * makes `struct greet`, the frame, and `greet_api`, the table of a future over it. In the body `f` is the
 * frame and `cx` the context of this poll. What must live across an await stands in the frame: the
 * function returns while it waits, and its locals are lost. The arguments are members as well.
 *
 * The rules of an async function
 *  1. NAVE_BEGIN() first, NAVE_CLEANUP() and NAVE_END() last, all at the outermost block. Between the
 *     first two is the body, between the last two the cleanup. It ends by NAVE_RETURN(), by the end of
 *     the body, or by an error in NAVE_TRY(); never by `return`.
 *  2. The cleanup runs exactly once in the life of a frame: after all of these, when the task is asked to
 *     end (is_canceled), when the frame is dropped while it waits, and when it is dropped before it began.
 *     It finds in the frame what was reached: zeros where nothing was.
 *  3. An await gives its result, and the function goes on; or the function goes to the cleanup with
 *     NAVE_ECANCELED, because the task was asked to end and the result was not there. Nothing that is
 *     there is thrown away.
 *  4. What is awaited stays in its place until its result is there: an op and a child's frame are members.
 *     Children are awaited by those who called them, so that nothing is allocated.
 *  5. The cleanup awaits only inside a NAVE_SHIELD, with a time limit. When the frame is dropped there is
 *     nobody to wait: then shields are passed over.
 *  6. An await that did not have to wait uses up one of the task's budget; with nothing left the next one
 *     lets others go first, before it starts anything.
 *
 * Built by computed goto. With NAVE_ASYNC_PORTABLE by a switch: then an await must not stand inside a
 * switch of its own. NAVE_ASYNC_DEBUG (async_debug.h; on without optimisation and NDEBUG) looks for
 * mistakes and tells file and line. The macros are C; the structs and functions are C++ too. DRAFT.
 */
#ifndef NAVE_ASYNC_H
#define NAVE_ASYNC_H

#include <string.h>

#include <nave/arm.h>
#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>
#include <nave/task.h>
#include <nave/timeout.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

/* A place in the source where something is awaited; static. Frozen. */
struct nave_site {
    const char *file;
    const char *function;
    const char *text; /* what is awaited, as it is written */
    uint32_t line;
    uint32_t reserved;
};

/* Flags of the head of an async frame. */
#define NAVE_ASYNC_IS_CLEANING (1u << 0) /* the cleanup has begun                              */
#define NAVE_ASYNC_IS_OVER     (1u << 1) /* the cleanup has ended                              */
#define NAVE_ASYNC_IS_DROPPED  (1u << 2) /* dropped before its end: the cleanup cannot wait    */
#define NAVE_ASYNC_IS_WAITING  (1u << 3) /* suspended at an await; kept with NAVE_ASYNC_DEBUG  */

/* The head of an async frame, its first member. Frozen, 64 bytes on 64-bit machines. All zero but for the
 * table is one that has not begun. The task dump reads it; others use the macros. */
struct nave_async {
    struct nave_future future;    /* flags: NAVE_FUTURE_IS_ASYNC since it began                 */
    struct nave_worker *worker;   /* that polled it last; see NAVE_FUTURE_HAS_WORKER            */
    const void *resume;           /* where to go on; NULL: at the beginning                     */
    const struct nave_site *site; /* where it waits, or waited last; NULL: nowhere yet          */
    struct nave_op *op; /* what it waits for; NULL with a child, or when it lets others go first */
    struct nave_future *child; /* what it waits for; NULL with an op                         */
    nave_err result;           /* of the last await; in the end, of the function             */
    uint32_t flags;            /* NAVE_ASYNC_IS_*                                            */
};

/* Where others make the frame of async function `name`: nave_exec_iface.spawn, nave_block_on() and
 * nave_worker_iface.future_new. They take the bytes behind the head of the future, NAVE_ASYNC_SIZE(name);
 * what they give to a nave_frame_fn, and what nave_join_frame() and nave_future_frame() give, is the begin of
 * those bytes, and NAVE_ASYNC_FRAME(name, behind) the `struct name *` that they belong to. */
#define NAVE_ASYNC_SIZE(name) (sizeof(struct name) - sizeof(struct nave_future))
#define NAVE_ASYNC_FRAME(name, behind) \
    ((struct name *)(void *)((struct nave_future *)(void *)(behind)-1))

/* --- behind the macros ------------------------------------------------------------------------- */

/* Values of nave_async.resume that are no place. */
#define NAVE_ASYNC_TO_CLEANUP_ ((const void *)1)

/* For a step that did not have to wait. */
static inline void nave_async_spend_(struct nave_cx *cx)
{
    cx->budget -= cx->budget > 0;
}

/* An op is awaited. 1: its result is there, the function goes on. 0: it waits. */
static inline int32_t nave_async_op_(struct nave_async *a, struct nave_cx *cx, struct nave_op *op)
{
    if (NAVE_LIKELY(op->state == NAVE_OP_DONE)) {
        a->result = op->result;
        nave_async_spend_(cx);
        return 1;
    }
    a->op = op;
    return 0;
}

/* A future is READY: its result, and its end. */
static inline nave_err nave_async_take_(struct nave_future *child, struct nave_worker *worker)
{
    nave_err result = child->api->result(child);

    nave_future_release(child, worker);
    return result;
}

/* The same of a future. */
static inline int32_t nave_async_future_(struct nave_async *a, struct nave_cx *cx,
                                         struct nave_future *child)
{
    if (child->api->poll(child, cx) == NAVE_PENDING) {
        a->child = child;
        return 0;
    }
    a->result = nave_async_take_(child, cx->worker);
    nave_async_spend_(cx);
    return 1;
}

#define NAVE_ASYNC_WAITS_    0 /* poll it again later                           */
#define NAVE_ASYNC_GOES_ON_  1 /* the result is there                           */
#define NAVE_ASYNC_CANCELED_ 2 /* it will not come: to the cleanup              */
#define NAVE_ASYNC_STARTS_   3 /* it was others' turn: nothing was started yet  */

/* A function that waits for an op is polled again. */
static inline int32_t nave_async_again_op_(struct nave_async *a, struct nave_cx *cx)
{
    struct nave_op *op = a->op;

    if (NAVE_UNLIKELY(cx->is_canceled)) { /* it is not DONE */
        nave_op_drop(op);
        a->op = NULL;
        a->result = NAVE_ECANCELED;
        return NAVE_ASYNC_CANCELED_;
    }
    if (nave_op_poll(op) == NAVE_PENDING)
        return NAVE_ASYNC_WAITS_;
    a->op = NULL;
    a->result = op->result;
    return NAVE_ASYNC_GOES_ON_;
}

/* A function that waits for a future is polled again. */
static inline int32_t nave_async_again_future_(struct nave_async *a, struct nave_cx *cx)
{
    struct nave_future *child = a->child;

    if (child->api->poll(child, cx) == NAVE_PENDING) {
        if (NAVE_LIKELY(!cx->is_canceled) || (child->flags & NAVE_FUTURE_IS_SHIELDED)) {
            /* Who cancels this one waits for what is shielded inside. */
            a->future.flags |= child->flags & NAVE_FUTURE_IS_SHIELDED;
            return NAVE_ASYNC_WAITS_;
        }
        a->child = NULL;
        nave_future_release(child, cx->worker);
        a->result = NAVE_ECANCELED;
        return NAVE_ASYNC_CANCELED_;
    }
    a->child = NULL;
    a->future.flags &= ~(uint64_t)NAVE_FUTURE_IS_SHIELDED;
    a->result = nave_async_take_(child, cx->worker);
    return cx->is_canceled && a->result == NAVE_ECANCELED ? NAVE_ASYNC_CANCELED_
                                                          : NAVE_ASYNC_GOES_ON_;
}

/* A function that is suspended at an await is polled again, and its op is not just DONE. Out of line: there
 * is one of these for each await of the program. */
static NAVE_UNUSED __attribute__((noinline)) int32_t nave_async_look_(struct nave_async *a,
                                                                      struct nave_cx *cx)
{
    if (a->op)
        return nave_async_again_op_(a, cx);
    if (a->child)
        return nave_async_again_future_(a, cx);
    if (NAVE_LIKELY(!cx->is_canceled))
        return NAVE_ASYNC_STARTS_;
    a->result = NAVE_ECANCELED;
    return NAVE_ASYNC_CANCELED_;
}

static inline int32_t nave_async_again_(struct nave_async *a, struct nave_cx *cx)
{
    struct nave_op *op = a->op;

    if (op && op->state == NAVE_OP_DONE) {
        a->op = NULL;
        a->result = op->result;
        return NAVE_ASYNC_GOES_ON_;
    }
    return nave_async_look_(a, cx);
}

/* A shield begins to wait: whether the task was asked to end does not reach inside. */
static inline nave_poll nave_async_shielded_(struct nave_cx *cx, struct nave_future *limit)
{
    uint32_t was_canceled = cx->is_canceled;
    nave_poll ready;

    cx->is_canceled = 0;
    ready = limit->api->poll(limit, cx);
    cx->is_canceled = was_canceled;
    return ready;
}

static inline int32_t nave_async_shield_(struct nave_async *a, struct nave_cx *cx,
                                         struct nave_future *limit)
{
    if (nave_async_shielded_(cx, limit) == NAVE_READY)
        return 1;
    a->child = limit;
    a->future.flags |= NAVE_FUTURE_IS_SHIELDED;
    return 0;
}

/* A function that is suspended at a shield is polled again, or dropped. */
static inline int32_t nave_async_again_shield_(struct nave_async *a, struct nave_cx *cx)
{
    if (a->child && nave_async_shielded_(cx, a->child) == NAVE_PENDING)
        return NAVE_ASYNC_WAITS_;
    a->child = NULL;
    a->future.flags &= ~(uint64_t)NAVE_FUTURE_IS_SHIELDED;
    return NAVE_ASYNC_GOES_ON_;
}

/* The `result` of their tables. */
static inline nave_err nave_async_result_(struct nave_future *f)
{
    return ((struct nave_async *)(void *)f)->result;
}

static inline void nave_async_nobody_clone_(const struct nave_waker *w, struct nave_waker *out)
{
    *out = *w;
}

static inline void nave_async_nobody_wake_(const struct nave_waker *w)
{
    (void)w;
}

static inline void nave_async_nobody_drop_(struct nave_waker *w)
{
    (void)w;
}

/* The `drop` of their tables: what is awaited first, then the cleanup, which finds nobody to wait. */
static inline void nave_async_drop_(struct nave_async *a,
                                    nave_poll (*poll)(struct nave_future *, struct nave_cx *))
{
    static const struct nave_waker_iface nobody = {
        NAVE_IFACE(struct nave_waker_iface, "nave.waker/1", 0, 0), nave_async_nobody_clone_,
        nave_async_nobody_wake_, nave_async_nobody_drop_};
    static const struct nave_waker waker = {&nobody, NULL, 0, 0};
    struct nave_cx cx = {a->worker, &waker, 0, 1, 0, 0, NULL};

    if (a->flags & NAVE_ASYNC_IS_OVER)
        return;
    if (a->op)
        nave_op_drop(a->op);
    if (a->child)
        nave_future_release(a->child, a->worker);
    a->op = NULL;
    a->child = NULL;
    a->future.flags &= ~(uint64_t)NAVE_FUTURE_IS_SHIELDED;
    a->flags |= NAVE_ASYNC_IS_DROPPED;
    if (!(a->flags & NAVE_ASYNC_IS_CLEANING))
        a->resume = NAVE_ASYNC_TO_CLEANUP_;
    (void)poll(&a->future, &cx);
}

/* A future from the worker's memory with a copy of `frame` in it, an async frame of `size` bytes whose head is
 * zero. Spawn it, or await it once: then it is given back. What NAVE_NEW() calls. Thread: [worker].
 * Errors: as nave_worker_iface.future_new; *out_future is untouched then. */
static inline NAVE_NODISCARD nave_err nave_async_new(struct nave_worker *worker,
                                                     const struct nave_future_iface *api,
                                                     const void *frame, size_t size,
                                                     struct nave_future **out_future)
{
    struct nave_future *f = NULL;
    nave_err err = worker->api->future_new(worker, api, size - sizeof(*f), &f);

    if (err != NAVE_OK)
        return err;
    memcpy(nave_future_frame(f), (const char *)frame + sizeof(*f), size - sizeof(*f));
    f->flags |= NAVE_FUTURE_IS_ASYNC | NAVE_FUTURE_IS_BOXED;
    ((struct nave_async *)(void *)f)->worker = worker;
    *out_future = f;
    return NAVE_OK;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_async) == 64, "nave_async is frozen");
NAVE_STATIC_ASSERT(offsetof(struct nave_async, worker) == sizeof(struct nave_future),
                   "NAVE_FUTURE_HAS_WORKER");

NAVE_END_DECLS

/* The macros. */
#ifndef __cplusplus
#    include <nave/async_macros.h>
#endif

#endif

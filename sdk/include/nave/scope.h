/* SPDX-License-Identifier: MIT
 *
 * Scopes: a task that spawns children and ends after them. The scope is a value in the frame of the parent;
 * it counts the children, tells when the last one has ended, and with what; an error, a deadline or a
 * call cancels them all. DRAFT.
 *
 *     nave_scope_init(cx->worker, &f->scope, NAVE_SCOPE_FAIL_FAST);
 *     (void)nave_scope_spawn(&f->scope, cx->worker, child, 0);        as often as needed
 *     NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope));
 *     NAVE_CLEANUP();
 *     NAVE_SHIELD(&f->limit, NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
 *     nave_scope_drop(&f->scope);
 *
 * The rules of a scope
 *  1. The parent owns the storage, and it must not move from init to drop. Drop it before its memory goes.
 *  2. The scope has ended when the op of wait is DONE: no child is polled or dropped any more, so whatever
 *     they borrowed from the parent's frame is the parent's alone again.
 *  3. A scope is canceled once: by the first error of a child (NAVE_SCOPE_FAIL_FAST), by its deadline or by
 *     nave_scope_cancel(). Every child is asked to end (is_canceled), and spawning is refused. It has
 *     ended all the same only when they have.
 *  4. The result is the first reason: the error of the child that ended first with one, NAVE_ETIMEDOUT, or
 *     NAVE_ECANCELED; NAVE_OK when there was none. A child that was aborted or dropped is an error.
 *  5. Cancel flows down: a child with a scope of its own cancels it in its cleanup, as above.
 *  6. A parent that cannot wait (it is dropped, or the time of its shield is up) lets its children go: they
 *     are canceled and run to their end by themselves. Then they must not borrow from its frame.
 *  7. Nothing is allocated but the children. A task without a scope pays one branch at its end.
 */
#ifndef NAVE_SCOPE_H
#define NAVE_SCOPE_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/join.h>
#include <nave/op.h>
#include <nave/task.h>
#include <nave/timer.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

#define NAVE_SCOPE_ID "nave.scope/1"

/* What an error of a child does. */
#define NAVE_SCOPE_FAIL_FAST 0u         /* it cancels the siblings                              */
#define NAVE_SCOPE_COLLECT   (1u << 0)  /* the siblings go on; the errors are counted           */
#define NAVE_SCOPE_CANCELED  (1u << 16) /* read only: spawning is refused, the children were told */

struct nave_scope;

/* "nave.scope/1" */
struct nave_scope_iface {
    struct nave_iface hdr;
    /* Have `f_take`, of `w`, polled until READY, as a child of `s`. `flags`: NAVE_SPAWN_*. `out_join`, which may
     * be NULL, gets the handle of the task. The caller is the parent or a child of `s`.
     * Thread: [worker]. Null: [out_join]. Owns: takes f_take, also on failure: then it is dropped.
     * Errors: the scope was canceled, and this is why: its result, see 4.; *out_join is untouched. */
    nave_err (*spawn)(struct nave_scope *s, struct nave_worker *w, struct nave_future *f_take,
                      uint32_t flags, struct nave_join *out_join);
    /* Wait until every child has ended, with `op`, whose result is then that of the scope and whose value
     * counts the children that ended with an error. One at a time. May be waited for again.
     * Thread: [worker]. Owns: borrows both until op is DONE or dropped.
     * Errors: NAVE_OK they have: look at nave_scope_result(); NAVE_EAGAIN later; NAVE_EBUSY. */
    nave_err (*wait)(struct nave_scope *s, struct nave_op *op);
    /* Ask every child to end, and refuse new ones. Nothing happens when it was canceled before.
     * Thread: [any]. State: the scope is not dropped meanwhile. */
    void (*cancel)(struct nave_scope *s);
    /* Cancel `s` at `deadline_ns` on the clock of `w`, unless it has ended and was waited for by then. Moves
     * one that was set. `task`: nave_cx.task of the parent, which stays on its worker until the deadline,
     * the end or the drop; NULL: the parent is no task, and lives on `w`. Thread: [worker]. Null: [task]. */
    void (*deadline)(struct nave_scope *s, struct nave_worker *w, void *task,
                     nave_nsec deadline_ns);
    /* The end of it. Children that still run are canceled, and are nobody's from now on. Not while an op
     * waits. Thread: [worker], that of the deadline when there is one. May be dropped twice. */
    void (*drop)(struct nave_scope *s);
};

/* A scope. Frozen, 160 bytes on 64-bit machines. The host's but for what the functions below tell. All zero is
 * one that was never readied: it may be ended, canceled and dropped. */
struct nave_scope {
    const struct nave_scope_iface *api;
    uint32_t lock;    /* atomic: of all that follows, but for the deadline        */
    uint32_t flags;   /* NAVE_SCOPE_*; atomic                                     */
    uint32_t running; /* children that have not ended; atomic                     */
    uint32_t failed;  /* children that ended with an error                        */
    nave_err result;  /* of the scope; atomic                                     */
    uint32_t reserved0;
    void *children;             /* a list: those that were not asked to end                 */
    void *asked;                /* a list: those that were                                  */
    struct nave_op *op;         /* that waits, and will be woken                            */
    struct nave_worker *worker; /* of the deadline: the parent's                    */
    void *task;                 /* that is pinned while it is armed                 */
    struct nave_timer timer;
    uint64_t reserved[3];
};

/* Ready `s`. `policy`: NAVE_SCOPE_FAIL_FAST or NAVE_SCOPE_COLLECT. Thread: [worker].
 * State: never used, or dropped. Owns: borrows s until nave_scope_drop(). */
static inline void nave_scope_init(struct nave_worker *w, struct nave_scope *s, uint32_t policy)
{
    w->api->scope_init(w, s, policy);
}

/* See nave_scope_iface.spawn. Thread: [worker]. Owns: takes f_take, also on failure.
 * Errors: as there, the result of the scope: so a parent that spawns and one that waits give the same. */
static inline NAVE_NODISCARD nave_err nave_scope_spawn(struct nave_scope *s, struct nave_worker *w,
                                                       struct nave_future *f_take, uint32_t flags)
{
    return s->api->spawn(s, w, f_take, flags, NULL);
}

/* As nave_scope_spawn, and *out_join is the handle of the task (join.h): values in its frame, or to end this
 * one alone. Thread: [worker]. Errors: as there; *out_join is untouched then. */
static inline NAVE_NODISCARD nave_err nave_scope_spawn_join(struct nave_scope *s,
                                                            struct nave_worker *w,
                                                            struct nave_future *f_take,
                                                            uint32_t flags,
                                                            struct nave_join *out_join)
{
    return s->api->spawn(s, w, f_take, flags, out_join);
}

/* Cancel `s` at `deadline_ns`, for the parent, in its poll. See nave_scope_iface.deadline and
 * nave_deadline(). Thread: [worker]. */
static inline void nave_scope_deadline(struct nave_cx *cx, struct nave_scope *s,
                                       nave_nsec deadline_ns)
{
    s->api->deadline(s, cx->worker, cx->task, deadline_ns);
}

/* Why `s` was canceled, or the first error of a child; NAVE_OK: none so far. Thread: [any]. */
static inline nave_err nave_scope_result(const struct nave_scope *s)
{
    return __atomic_load_n(&s->result, __ATOMIC_ACQUIRE);
}

/* 1: the children were asked to end, and no more can be spawned. Thread: [any]. */
static inline int32_t nave_scope_is_canceled(const struct nave_scope *s)
{
    return (__atomic_load_n(&s->flags, __ATOMIC_ACQUIRE) & NAVE_SCOPE_CANCELED) != 0;
}

/* How many children have not ended; it may be fewer already. Thread: [any]. */
static inline uint32_t nave_scope_running(const struct nave_scope *s)
{
    return __atomic_load_n(&s->running, __ATOMIC_RELAXED);
}

/* Begin to wait inside a poll until every child has ended: await what this returns. The result of the op is
 * that of the scope; NAVE_EBUSY when another op waits. One that is in flight is taken back first, so all zero
 * is what it must be before its first use. Thread: [worker].
 * Owns: borrows both until op is DONE or dropped. */
static inline struct nave_op *nave_scope_wait(struct nave_cx *cx, struct nave_op *op,
                                              struct nave_scope *s)
{
    nave_err err = NAVE_OK;

    nave_op_drop(op);
    nave_op_await(op, cx);
    if (s->api)
        err = s->api->wait(s, op);
    if (err == NAVE_OK) {
        op->state = NAVE_OP_DONE;
        op->result = s->result;
        op->value = s->failed;
        return op;
    }
    return nave_op_begun(op, err);
}

/* Ask every child to end. See nave_scope_iface.cancel. Thread: [any]. */
static inline void nave_scope_cancel(struct nave_scope *s)
{
    if (s->api)
        s->api->cancel(s);
}

/* Cancel what still runs and wait for it: what a cleanup does inside a NAVE_SHIELD. At once when every child
 * has ended; then the result stays what it was. Thread: [worker]. */
static inline struct nave_op *nave_scope_end(struct nave_cx *cx, struct nave_op *op,
                                             struct nave_scope *s)
{
    if (nave_scope_running(s))
        nave_scope_cancel(s);
    return nave_scope_wait(cx, op, s);
}

/* The end of it. See nave_scope_iface.drop. Thread: [worker]. */
static inline void nave_scope_drop(struct nave_scope *s)
{
    if (s->api)
        s->api->drop(s);
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_scope) == 160, "nave_scope is frozen");

NAVE_END_DECLS
#endif

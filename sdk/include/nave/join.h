/* SPDX-License-Identifier: MIT
 *
 * The join handle: what is left of a task in the hands of who spawned it. It tells when the task has
 * ended, with what result, and gives access to its frame, where values lie; it can ask the task to end.
 * Giving it up detaches the task, which runs on. DRAFT.
 *
 *     struct nave_join child;
 *     nave_spawn_join(cx->worker, f, 0, &child);     a future from future_new
 *     ... wait: nave_join_await() in a task, nave_join_wait() on a thread that may block
 *     nave_err err;
 *     if (nave_join_result(&child, &err) == NAVE_OK) ... the frame: nave_join_frame(&child)
 *     nave_join_drop(&child);
 */
#ifndef NAVE_JOIN_H
#define NAVE_JOIN_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>
#include <nave/task.h>

NAVE_BEGIN_DECLS

#define NAVE_JOIN_ID "nave.join/1"

struct nave_join;

/* "nave.join/1" */
struct nave_join_iface {
    struct nave_iface hdr;
    /* Wait for the end of the task with `op`. One at a time. Thread: [worker].
     * Errors: NAVE_OK it has ended; NAVE_EAGAIN later; NAVE_EBUSY somebody waits already;
     * NAVE_ESTALE the handle was given up. */
    nave_err (*start)(struct nave_join *j, struct nave_op *op);
    /* The result of the task, into *out_result: what its future says, NAVE_ECANCELED when it was
     * dropped before it was ready. Thread: [any]. Errors: NAVE_EAGAIN it runs; NAVE_ESTALE. */
    nave_err (*result)(const struct nave_join *j, nave_err *out_result);
    /* The frame of the task that has ended, as its drop left it: values lie there. NULL: it runs, or
     * the handle was given up. Thread: [any]. Owns: borrowed until drop. */
    void *(*frame)(const struct nave_join *j);
    /* Ask the task to end: its next poll is told is_canceled. Nothing happens when it has ended.
     * Thread: [any]. Errors: NAVE_ESTALE. */
    nave_err (*abort)(const struct nave_join *j);
    /* Wait on this thread, at most `timeout_ns` (NAVE_NEVER: as long as it takes).
     * Thread: [blocking]. Errors: NAVE_ETIMEDOUT; NAVE_ESTALE; NAVE_EBUSY somebody waits already;
     * NAVE_EDEADLOCK this is a worker of the runtime: await it; NAVE_ECLOSED the runtime has ended. */
    nave_err (*wait)(struct nave_join *j, nave_nsec timeout_ns);
    /* Give the handle up; the task runs on. Not while an op waits. Thread: [any]. */
    void (*drop)(struct nave_join *j);
};

/* A join handle. Frozen; a value: move it by assignment, use one copy. All zero is none. */
struct nave_join {
    const struct nave_join_iface *api;
    void *task;
    uint64_t id; /* a handle that was given up is told from one that is not */
    uint64_t reserved;
};

/* Begin to wait inside a poll: nave_op_poll(op) tells, or await what this returns. The result of the op
 * is that of the task; NAVE_EBUSY, NAVE_ESTALE as start says.
 * Thread: [worker]. Owns: borrows both until op is DONE or dropped. */
static inline struct nave_op *nave_join_await(struct nave_cx *cx, struct nave_op *op,
                                              struct nave_join *j)
{
    nave_err err;

    nave_op_await(op, cx);
    err = NAVE_LIKELY(j->api != NULL) ? j->api->start(j, op) : NAVE_ESTALE;
    if (err != NAVE_EAGAIN) {
        op->state = NAVE_OP_DONE;
        op->result = err;
        if (err == NAVE_OK)
            (void)j->api->result(j, &op->result);
    }
    return op;
}

/* See nave_join_iface.result. None is NAVE_ESTALE. Thread: [any]. */
static inline nave_err nave_join_result(const struct nave_join *j, nave_err *out_result)
{
    return j->api ? j->api->result(j, out_result) : NAVE_ESTALE;
}

/* See nave_join_iface.frame. None has none: NULL. Thread: [any]. */
static inline void *nave_join_frame(const struct nave_join *j)
{
    return j->api ? j->api->frame(j) : NULL;
}

/* See nave_join_iface.abort. None is NAVE_ESTALE. Thread: [any]. */
static inline nave_err nave_join_abort(const struct nave_join *j)
{
    return j->api ? j->api->abort(j) : NAVE_ESTALE;
}

/* See nave_join_iface.wait. None is NAVE_ESTALE. Thread: [blocking]. */
static inline NAVE_NODISCARD nave_err nave_join_wait(struct nave_join *j, nave_nsec timeout_ns)
{
    return j->api ? j->api->wait(j, timeout_ns) : NAVE_ESTALE;
}

/* See nave_join_iface.drop. None is fine. Thread: [any]. */
static inline void nave_join_drop(struct nave_join *j)
{
    if (j->api)
        j->api->drop(j);
    j->api = NULL;
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_join) == 32, "nave_join is frozen");

NAVE_END_DECLS
#endif

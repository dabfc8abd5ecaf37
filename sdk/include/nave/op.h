/* SPDX-License-Identifier: MIT
 *
 * An operation in flight, and the job: two pieces of storage that callers embed by value.
 *
 * The seven rules of an op
 *  1. The caller owns the storage; nave_op_init() or nave_op_await() readies it; it must not move
 *     while in flight.
 *  2. A method that takes an op completes at once (it returns NAVE_OK or an error; nobody is told) or
 *     later (it returns NAVE_EAGAIN; then `done` is called exactly once, or the task is woken).
 *  3. `done` runs on the starter's worker, never inside the start or the drop.
 *  4. A source on another thread never completes an op: it unlinks it and calls nave_op_wake(). The
 *     owner then polls the source, where the op takes what it came for. Hence rule 6.
 *  5. nave_op_drop() is synchronous: a posted op is recalled first; after it nobody holds the op.
 *  6. Nothing is consumed before the owner polls, and what was set aside for an op (a permit, a
 *     notification) goes on to the next one when the op is dropped: a select commits one arm, and the
 *     others lose nothing.
 *  7. An op has one source at a time; starting it twice is NAVE_EBUSY.
 */
#ifndef NAVE_OP_H
#define NAVE_OP_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/task.h>

NAVE_BEGIN_DECLS

struct nave_op;
struct nave_worker;

/* A piece of work with its own queue node: nave_worker_defer() and nave_worker_post(). Frozen.
 * The one who embeds it finds itself by NAVE_CONTAINER_OF. */
struct nave_job {
    struct nave_job *next;           /* the queue's                                         */
    void (*run)(struct nave_job *j); /* Thread: [worker]. The node is free again on entry    */
};

/* What the source of an op can do. */
struct nave_op_source {
    uint32_t size;
    uint32_t reserved;
    /* Take `op` back. After it, done is not called and nobody holds the op.
     * Thread: [worker]. State: [in flight]. */
    void (*drop)(struct nave_op *op);
    /* Look again. READY: op->result and op->value are set, and the source holds the op no more.
     * PENDING: the op waits on. NULL for a source that completes by itself, on the op's own worker
     * (nave_op_finish). Thread: [worker]. State: [in flight]. */
    nave_poll (*poll)(struct nave_op *op);
    const char *name; /* what is waited for, for the task dump: "sleep", "mpsc recv"; static */
};

#define NAVE_OP_IDLE      0u /* not started, or taken back                        */
#define NAVE_OP_IN_FLIGHT 1u /* started, done will be called, or the task woken   */
#define NAVE_OP_POSTED    2u /* woken on another thread, on its way home          */
#define NAVE_OP_DONE      3u /* result is valid                                   */

/* An operation in flight. Frozen, 112 bytes on 64-bit machines. */
struct nave_op {
    struct nave_job job;  /* its way home from another thread    */
    struct nave_op *next; /* the source's links                  */
    struct nave_op *prev;
    void (*done)(struct nave_op *op, void *arg); /* Thread: [worker]. NULL: a task awaits */
    void *done_arg;                              /* or the waker's task                   */
    uint64_t waker_id;                           /* the waker's id                        */
    const struct nave_waker_iface *waker;        /* the waker's table; NULL with `done`   */
    struct nave_worker *worker;                  /* the starter's                         */
    const struct nave_op_source *source;         /* set by the start, NULL when idle      */
    uint32_t state;                              /* NAVE_OP_*; atomic                     */
    nave_err result;                             /* valid when DONE                       */
    uint64_t value;                              /* a count of bytes, or the source's     */
    void *impl;                                  /* the source's                          */
    uint64_t reserved;
};

/* Make `op` ready to be started by `worker`; `done` tells when it has completed.
 * Thread: [worker]. Owns: borrows op, worker and arg until done ran or nave_op_drop returned. */
static inline void nave_op_init(struct nave_op *op, struct nave_worker *worker,
                                void (*done)(struct nave_op *, void *), void *arg)
{
    op->job.next = NULL;
    op->job.run = NULL;
    op->next = op->prev = NULL;
    op->done = done;
    op->done_arg = arg;
    op->waker_id = 0;
    op->waker = NULL;
    op->worker = worker;
    op->source = NULL;
    op->state = NAVE_OP_IDLE;
    op->result = NAVE_OK;
    op->value = 0;
    op->impl = NULL;
    op->reserved = 0;
}

/* Make `op` ready to be started inside a poll, for the task that is polled: it is woken when it should
 * call nave_op_poll() again. Thread: [worker]. Owns: borrows op until it is DONE or dropped. */
static inline void nave_op_await(struct nave_op *op, const struct nave_cx *cx)
{
    nave_op_init(op, cx->worker, NULL, cx->waker->task);
    op->waker_id = cx->waker->id;
    op->waker = cx->waker->api;
}

/* READY when `op` has completed: op->result is valid. For the task that awaits it. Thread: [worker]. */
static inline nave_poll nave_op_poll(struct nave_op *op)
{
    nave_poll ready;

    if (op->state == NAVE_OP_DONE)
        return NAVE_READY;
    if (!op->source || !op->source->poll)
        return NAVE_PENDING;
    ready = op->source->poll(op);
    if (ready == NAVE_READY)
        op->state = NAVE_OP_DONE;
    return ready;
}

/* Take `op` back when it is in flight; nothing happens when it is not.
 * Thread: [worker]. */
static inline void nave_op_drop(struct nave_op *op)
{
    if (op->source && __atomic_load_n(&op->state, __ATOMIC_RELAXED) != NAVE_OP_DONE)
        op->source->drop(op);
    op->source = NULL;
    op->state = NAVE_OP_IDLE;
}

/* For sources. Start: `op` is `source`'s from now on, in flight. Thread: [worker]. */
static inline void nave_op_begin(struct nave_op *op, const struct nave_op_source *source,
                                 void *impl)
{
    op->source = source;
    op->impl = impl;
    op->state = NAVE_OP_IN_FLIGHT;
}

/* For the inlines of sources that begin an op inside a poll: `err` is what the start returned. It leaves `op`
 * in flight, or DONE with that result. Thread: [worker]. */
static inline struct nave_op *nave_op_begun(struct nave_op *op, nave_err err)
{
    if (err != NAVE_EAGAIN) {
        op->result = err;
        op->state = NAVE_OP_DONE;
    }
    return op;
}

/* For sources: `op` has completed; tell its owner. On the op's own worker, outside of start, poll and
 * drop; the source holds it no more. Thread: [worker]. */
static inline void nave_op_finish(struct nave_op *op, nave_err result, uint64_t value)
{
    op->result = result;
    op->value = value;
    op->state = NAVE_OP_DONE;
    if (op->done) {
        op->done(op, op->done_arg);
    } else {
        struct nave_waker w = {op->waker, op->done_arg, op->waker_id, 0};

        w.api->wake(&w);
    }
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_op) == 112, "nave_op is frozen");

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * An operation in flight, and the job: two pieces of storage that callers embed by value.
 *
 * The seven rules of an op
 *  1. The caller owns the storage; nave_op_init() readies it; it must not move while in flight.
 *  2. A method that takes an op completes at once (it returns NAVE_OK or an error; `done` is never
 *     called) or later (it returns NAVE_EAGAIN; `done` is called exactly once).
 *  3. `done` runs on the starter's worker, never inside the start or the drop.
 *  4. A completer on another thread posts the op itself to the starter's worker.
 *  5. nave_op_drop() is synchronous: a posted op is recalled first; after it nobody holds the op.
 *  6. A completer wins `claim` before it consumes anything: a select commits at most one arm.
 *  7. An op has one source at a time; starting it twice is NAVE_EBUSY.
 */
#ifndef NAVE_OP_H
#define NAVE_OP_H

#include <nave/base.h>
#include <nave/error.h>

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
};

#define NAVE_OP_IDLE      0u /* not started, or taken back                   */
#define NAVE_OP_IN_FLIGHT 1u /* started, done will be called                 */
#define NAVE_OP_POSTED    2u /* completed on another thread, on its way home */
#define NAVE_OP_DONE      3u /* result is valid                              */

/* An operation in flight. Frozen, 112 bytes on 64-bit machines. */
struct nave_op {
    struct nave_job job;  /* its way home from another thread    */
    struct nave_op *next; /* the source's links                  */
    struct nave_op *prev;
    void (*done)(struct nave_op *op, void *arg); /* Thread: [worker]. See rules 2 and 3    */
    void *done_arg;
    struct nave_worker *worker;          /* the starter's                          */
    const struct nave_op_source *source; /* set by the start, NULL when idle       */
    uint32_t *claim;                     /* of a select; NULL: nothing to win      */
    uint32_t state;                      /* NAVE_OP_*                              */
    nave_err result;                     /* valid when DONE                        */
    uint64_t value;                      /* a count of bytes, or the source's      */
    void *impl;                          /* the source's                           */
    uint64_t reserved[2];
};

/* Make `op` ready to be started by `worker`.
 * Thread: [worker]. Owns: borrows op, worker and arg until done ran or nave_op_drop returned. */
static inline void nave_op_init(struct nave_op *op, struct nave_worker *worker,
                                void (*done)(struct nave_op *, void *), void *arg)
{
    op->job.next = NULL;
    op->job.run = NULL;
    op->next = op->prev = NULL;
    op->done = done;
    op->done_arg = arg;
    op->worker = worker;
    op->source = NULL;
    op->claim = NULL;
    op->state = NAVE_OP_IDLE;
    op->result = NAVE_OK;
    op->value = 0;
    op->impl = NULL;
    op->reserved[0] = op->reserved[1] = 0;
}

/* Take `op` back when it is in flight; nothing happens when it is not.
 * Thread: [worker]. */
static inline void nave_op_drop(struct nave_op *op)
{
    if (op->source && op->state != NAVE_OP_DONE)
        op->source->drop(op);
    op->source = NULL;
    op->state = NAVE_OP_IDLE;
}

/* Win the right to commit. 1: consume and complete; 0: another arm has won, touch nothing.
 * Thread: [any]. */
static inline int32_t nave_op_claim(struct nave_op *op)
{
    uint32_t expected = 0;

    if (!op->claim)
        return 1;
    return __atomic_compare_exchange_n(op->claim, &expected, 1u, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_op) == 112, "nave_op is frozen");

NAVE_END_DECLS
#endif

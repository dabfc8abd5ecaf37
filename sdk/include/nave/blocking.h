/* SPDX-License-Identifier: MIT
 *
 * nave.blocking/1: calls that block, on threads that may. A worker must never wait for a disk, a
 * resolver or a long computation; it hands such a call to the pool and is told when it has returned:
 *
 *     static const struct nave_blocking_work load_work = {
 *         .size = sizeof(load_work), .name = "load", .run = load, .release = free_load};
 *     ...
 *     NAVE_AWAIT(nave_blocking(cx, &f->op, pool, &load_work, NAVE_BLOCKING_ARG(&f->load)));
 *
 * A job is one op; it needs no other storage and no allocation. A plugin lists NAVE_BLOCKING_ID among
 * its needs and binds it in create or prepare; a host program binds it with nave_runtime_bind().
 *
 * Whose the argument is. A call that was begun cannot be stopped, so its argument may have to outlive
 * whoever asked. Hence the argument is what a variable of the caller's points to:
 *  1. From a start that returned NAVE_EAGAIN until the op is DONE or dropped, neither the variable nor
 *     what it points to is touched by the caller.
 *  2. When the op is DONE, whatever its result, the argument is the caller's again; so it is when the
 *     start failed. The variable is as it was.
 *  3. When the op is dropped before, the variable becomes NULL: the argument has been, or will be, given
 *     to `release`, once, when nobody uses it: inside the drop when the job did not run or has run;
 *     otherwise on its thread when it returns.
 * So the one who has the variable frees what it points to at his end, as he does without a pool. Never
 * let it point into a frame, a task or other memory that may go before the call returns. DRAFT.
 */
#ifndef NAVE_BLOCKING_H
#define NAVE_BLOCKING_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>
#include <nave/task.h>

NAVE_BEGIN_DECLS

#define NAVE_BLOCKING_ID "nave.blocking/1"

struct nave_blocking;

/* Refuse the job when the queue is full; without it the op waits for room, in order. */
#define NAVE_BLOCKING_NO_WAIT (1u << 0)
/* The lane of name resolution. It has a queue and threads of its own, runtime.dns_threads, so that
 * neither many slow names stop other calls, nor other calls stop names. */
#define NAVE_BLOCKING_DNS (1u << 1)

/* A call that runs; the pool's, borrowed until `run` returns. */
struct nave_blocking_run {
    uint32_t is_canceled; /* atomic: nave_blocking_is_canceled()                         */
    uint32_t reserved;
    uint64_t value; /* what op->value shall be: a plain number, 0 at first          */
};

/* One kind of job; static const, there until its last job has returned. Sized. */
struct nave_blocking_work {
    uint32_t size;
    uint32_t flags;   /* NAVE_BLOCKING_*                                             */
    const char *name; /* for the dump: short, static, lower case: "read file"        */
    /* Do it; the result is the op's. Thread: [blocking]. Uses its argument and what lives as long as
     * the process, such as code; no worker, no handle tagged otherwise than [any]. What it makes
     * belongs into the argument, so that release finds it. */
    nave_err (*run)(void *arg, struct nave_blocking_run *now);
    /* Free the argument of a job that was dropped. Must not block. May be NULL only for jobs without an
     * argument. Thread: [any]. */
    void (*release)(void *arg);
};

/* "nave.blocking/1" */
struct nave_blocking_iface {
    struct nave_iface hdr;
    /* Have `work` done with what *arg_var points to. NULL for arg_var: no argument. `flags` are
     * NAVE_BLOCKING_* beside those of the work. While the queue (runtime.blocking_queue) is full the op
     * waits for room, first come, first served. Dropping the op takes back a job that does not run
     * yet: it never will. One that runs goes on by itself, knowing that it is canceled.
     * At the end of a drain what has not begun completes with NAVE_ECANCELED.
     * Thread: [worker]. Null: [arg_var]. Owns: borrows op and arg_var until op is DONE or dropped; *arg_var:
     * see above. Errors: NAVE_EAGAIN it is on its way; NAVE_ELIMIT the queue is full (NAVE_BLOCKING_NO_WAIT),
     * or there is no thread and none can be made; NAVE_ECLOSED the runtime does not run, or ends;
     * NAVE_EBUSY the op is in flight; NAVE_EINVAL an unknown flag, a work without name, run or size, or an
     * argument and no release; NAVE_ETOONEW the work uses a field that is not known here. */
    nave_err (*start)(struct nave_blocking *b, struct nave_op *op,
                      const struct nave_blocking_work *work, void **arg_var, uint32_t flags);
};

/* The handle; one for each plugin and one for the host program. */
struct nave_blocking {
    const struct nave_blocking_iface *api;
};

/* `p`, the address of a variable that is any pointer, as nave_blocking() takes it. What is no such
 * address does not compile. */
#define NAVE_BLOCKING_ARG(p) ((void **)(void *)(p) + 0 * sizeof(*(p) == NULL))

/* For the release of a work whose argument need not be freed, since it lives as long as the process.
 * Thread: [any]. */
static inline void nave_blocking_keep(void *arg)
{
    (void)arg;
}

/* Inside a run: 1 when nobody waits for the job any more, or the runtime ends. A long one looks now and
 * then, and returns early. Thread: [blocking]. */
static inline int32_t nave_blocking_is_canceled(const struct nave_blocking_run *now)
{
    return __atomic_load_n(&now->is_canceled, __ATOMIC_ACQUIRE) != 0;
}

/* See nave_blocking_iface.start: for an op with a callback. Thread: [worker]. */
static inline NAVE_NODISCARD nave_err nave_blocking_start(struct nave_blocking *b,
                                                          struct nave_op *op,
                                                          const struct nave_blocking_work *work,
                                                          void **arg_var, uint32_t flags)
{
    return b->api->start(b, op, work, arg_var, flags);
}

/* Start `work` inside a poll and give `op` back, to be awaited: its result is what run returned or why
 * the start failed, its value what run put there. Thread: [worker]. */
static inline struct nave_op *nave_blocking(struct nave_cx *cx, struct nave_op *op,
                                            struct nave_blocking *b,
                                            const struct nave_blocking_work *work, void **arg_var)
{
    nave_err err;

    nave_op_await(op, cx);
    err = b->api->start(b, op, work, arg_var, 0);
    if (err != NAVE_EAGAIN) {
        op->state = NAVE_OP_DONE;
        op->result = err;
    }
    return op;
}

NAVE_STATIC_ASSERT(sizeof(struct nave_blocking_run) == 16, "nave_blocking_run is 16 bytes");

NAVE_END_DECLS
#endif

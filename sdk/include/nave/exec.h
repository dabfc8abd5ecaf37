/* SPDX-License-Identifier: MIT
 *
 * nave.exec/1: tasks from threads that are no workers. A host program binds it with
 * nave_runtime_bind() while the runtime is started, a plugin in create or prepare. DRAFT.
 */
#ifndef NAVE_EXEC_H
#define NAVE_EXEC_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/join.h>
#include <nave/task.h>

NAVE_BEGIN_DECLS

#define NAVE_EXEC_ID "nave.exec/1"

struct nave_exec;

/* Fills the zeroed frame of a new task, before it is polled; on the thread of who spawns it.
 * Thread: [any]. */
typedef void nave_frame_fn(void *frame, void *arg);

/* "nave.exec/1" */
struct nave_exec_iface {
    struct nave_iface hdr;
    /* Spawn a task of `api` with a frame of `frame_size` bytes, on any worker; of an async function that is
     * NAVE_ASYNC_SIZE(name). `init` fills the frame inside this call; NULL leaves it zeroed. *out_join is its
     * handle; NULL detaches it at once.
     * With an error there is no future: its drop is not called, and what `arg` names is the caller's as before.
     * The end of the runtime may come between: NAVE_ECLOSED then, although `init` was called. What was not
     * refused is polled or dropped while plugins are still started, and its handle tells which.
     * Thread: [any]; one that ends before nave_runtime_destroy() is called, for a plugin's before its stop
     * returns. Null: [init, out_join].
     * Errors: NAVE_ENOMEM; NAVE_ELIMIT runtime.max_tasks or max_task_bytes; NAVE_ECLOSED it has ended. */
    nave_err (*spawn)(struct nave_exec *e, const struct nave_future_iface *api, size_t frame_size,
                      nave_frame_fn *init, void *arg, struct nave_join *out_join);
    /* Whether this thread may wait for a task: nothing happens. Thread: [any].
     * Errors: NAVE_EDEADLOCK it is a worker of the runtime, or turns one. */
    nave_err (*may_wait)(const struct nave_exec *e);
};

/* The handle. */
struct nave_exec {
    const struct nave_exec_iface *api;
};

/* Run a task to its end and wait for it on this thread, at most `timeout_ns`. Its result comes into
 * *out_result. `take`, when it is not NULL, is called with the frame before it goes, for values. When
 * the time is up the task is asked to end, and not waited for.
 * Thread: [blocking]. Errors: NAVE_EDEADLOCK this is a worker of the runtime: spawn and await; nothing was
 * spawned. NAVE_ETIMEDOUT; those of nave_exec_iface.spawn. *out_result is written with NAVE_OK only. */
static inline NAVE_NODISCARD nave_err nave_block_on(struct nave_exec *e,
                                                    const struct nave_future_iface *api,
                                                    size_t frame_size, nave_frame_fn *init,
                                                    nave_frame_fn *take, void *arg,
                                                    nave_nsec timeout_ns, nave_err *out_result)
{
    struct nave_join j = {NULL, NULL, 0, 0};
    nave_err err = e->api->may_wait(e);

    if (err == NAVE_OK)
        err = e->api->spawn(e, api, frame_size, init, arg, &j);
    if (err != NAVE_OK)
        return err;
    err = j.api->wait(&j, timeout_ns);
    if (err == NAVE_OK) {
        err = j.api->result(&j, out_result);
        if (take && err == NAVE_OK)
            take(j.api->frame(&j), arg);
    } else {
        (void)j.api->abort(&j);
    }
    nave_join_drop(&j);
    return err;
}

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * The thread of nave_runtime_run(). It is no worker: what a plugin or a task runs for ever keeps its
 * worker, and not this thread. It starts the thread of worker 0, and waits for the end, for signals, and at
 * the end of a drain for workers that do not come back.
 *
 *   stop ---------------- deadline --- half of patience --- patience ------------- more
 *    |  workers drain      |  worker 0 ends all   |  we do      |                     |
 *                                    who has not left its loop is given up    nor dropped a task since
 */
#ifndef NV_RUN_H
#define NV_RUN_H

#include <pthread.h>

#include <nave/base.h>

struct nave_runtime;

/* Embedded by the runtime. All zero: not run. */
struct nv_run {
    int bell[2];           /* a pipe, while is_open                                 */
    uint32_t is_open;      /* atomic: there is a bell; until destroy                */
    uint32_t is_up;        /* atomic: started, so that a drain has a deadline       */
    uint32_t is_done;      /* atomic: worker 0 is through, `result` is there        */
    nave_err result;       /* of run                                                */
    nave_nsec patience_ns; /* how long after the deadline workers may come back     */
    pthread_t thread;      /* of worker 0                                           */
    /* of the waiting thread alone */
    uint32_t stops;     /* that it has seen                                      */
    uint32_t meeting;   /* that workers are waited for at; 0: none yet           */
    uint64_t tasks;     /* that were left when it looked last                    */
    nave_nsec limit_ns; /* the next thing to do is due                           */
};

/* Do `body`, which turns worker 0 until the end, on a thread of its own, and return its result, or
 * NAVE_ESTRAGGLERS when workers were given up: the runtime is in state STOPPED then, nothing of it was
 * freed, and nothing may be. Signals that the body opens for `rt` are told to `on_signal`.
 * Thread: no worker's. Errors: NAVE_ENOMEM, NAVE_ELIMIT no thread or no pipe, reported; those of body. */
NAVE_NODISCARD nave_err nv_run(struct nave_runtime *rt, nave_err (*body)(struct nave_runtime *rt),
                               void (*on_signal)(void *rt, int number));

/* Have the waiting thread look again. Thread: [any]; safe in a signal handler. */
void nv_run_ring(void *rt);

/* Started: from now on a stop has a deadline. Thread: the body's. */
void nv_run_is_up(struct nave_runtime *rt);

/* Close the bell. State: nobody rings. */
void nv_run_finish(struct nave_runtime *rt);

#endif

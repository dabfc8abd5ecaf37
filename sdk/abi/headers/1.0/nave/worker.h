/* SPDX-License-Identifier: MIT
 *
 * The worker: one event loop, its clock, timers, memory and tasks. A plugin gets one handle for
 * each worker in worker_start(); what it does through that handle is accounted to it.
 *
 * Inside a worker nothing is shared and nothing needs a lock. From another thread only what is
 * tagged [any] may be called.
 */
#ifndef NAVE_WORKER_H
#define NAVE_WORKER_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/here.h>
#include <nave/iface.h>
#include <nave/join.h>
#include <nave/op.h>
#include <nave/task.h>
#include <nave/timer.h>

NAVE_BEGIN_DECLS

#define NAVE_WORKER_ID "nave.worker/1"

struct nave_io;
struct nave_scope;

/* The clock of a worker, read once a turn of its loop. Frozen; read only. */
struct nave_clock {
    nave_nsec now_ns;  /* monotonic                                                     */
    nave_nsec wall_ns; /* since 1970-01-01 UTC; follows jumps of the system clock       */
    int64_t wall_s;    /* wall_ns in whole seconds: compare it to render a date once    */
    uint64_t turn;     /* counts turns of the loop                                      */
};

/* Readiness of a file descriptor. */
#define NAVE_IO_READ   (1u << 0) /* a read may succeed, or tell the end or an error     */
#define NAVE_IO_WRITE  (1u << 1) /* a write may succeed, or tell an error               */
#define NAVE_IO_CLOSED (1u << 2) /* the peer has sent its end; data may still be there  */

/* Called with the directions that became ready. Thread: [worker]. Never inside io_open, io_rearm
 * or io_close; the io may be closed inside it. */
typedef void nave_io_fn(void *arg, uint32_t ready);

/* This io is edge-triggered: nothing needs to be re-armed. Set by the host. */
#define NAVE_IO_IS_EDGE (1u << 0)

/* A file descriptor watched by a worker. The host's storage; the head is frozen. */
struct nave_io {
    const struct nave_worker_iface *api;
    uint32_t flags; /* NAVE_IO_IS_EDGE */
    uint32_t reserved;
};

#define NAVE_SPAWN_LOCAL (1u << 0) /* never leaves this worker */

/* "nave.worker/1" */
struct nave_worker_iface {
    struct nave_iface hdr;

    /* Memory of this worker, from its slabs: no lock, no system call in steady state; zeroed by
     * nobody; aligned to 16. NULL when out of memory or over the limit. Thread: [worker]. */
    void *(*alloc)(struct nave_worker *w, size_t size);
    /* Give back what alloc returned, with the same size. NULL is fine. Thread: [worker]. Null: [ptr]. */
    void (*free)(struct nave_worker *w, void *ptr, size_t size);

    /* Arm `t` to fire once at `deadline_ns` on the clock of the worker. Arming an armed timer moves
     * it. fn never runs inside this call. Thread: [worker].
     * Owns: borrows t and arg until fn ran or timer_stop returned. */
    void (*timer_start)(struct nave_worker *w, struct nave_timer *t, nave_nsec deadline_ns,
                        nave_timer_fn *fn, void *arg);
    /* Disarm `t`; nothing happens when it is not armed. Thread: [worker]. */
    void (*timer_stop)(struct nave_worker *w, struct nave_timer *t);

    /* Run `j` on this worker after the present callback, before the loop waits again. Order is kept.
     * Thread: [worker]. Owns: borrows j until it runs. */
    void (*defer)(struct nave_worker *w, struct nave_job *j);
    /* Run `j` on this worker soon. Order is kept per caller. Thread: [any].
     * Owns: borrows j until it runs. Errors: NAVE_ECLOSED the worker has stopped; j is not kept. */
    nave_err (*post)(struct nave_worker *w, struct nave_job *j);

    /* Watch non-blocking descriptor `fd` for both directions; `fn` is called when one becomes ready.
     * With NAVE_IO_IS_EDGE in the result, fn is called once for each change: read or write until
     * short or NAVE_EAGAIN. Without it, a direction is silent until io_rearm asks for it.
     * Both directions are armed at first. Thread: [worker].
     * Owns: borrows fd and arg until io_close; the caller closes fd, after io_close.
     * Errors: NAVE_ENOMEM; NAVE_ELIMIT; NAVE_EINVAL the backend cannot watch fd; NAVE_EAFFINITY. */
    nave_err (*io_open)(struct nave_worker *w, int64_t fd, nave_io_fn *fn, void *arg,
                        struct nave_io **out_io);
    /* Ask to be called again for `directions`. Thread: [worker].
     * Call nave_io_rearm(), which costs nothing where nothing is to be done. */
    void (*io_rearm)(struct nave_io *io, uint32_t directions);
    /* Stop watching; fn is not called again. Thread: [worker]. Ends: [always]. */
    void (*io_close)(struct nave_io *io);

    /* Make a future with `frame_size` bytes of zeroed frame behind its head. Thread: [worker].
     * Errors: NAVE_ENOMEM; NAVE_ELIMIT runtime.max_tasks. */
    nave_err (*future_new)(struct nave_worker *w, const struct nave_future_iface *api,
                           size_t frame_size, struct nave_future **out_future);
    /* Give back a future that was not spawned; its drop runs. Thread: [worker]. */
    void (*future_drop)(struct nave_worker *w, struct nave_future *f);
    /* Have `f_take` polled until READY, on any worker. Thread: [worker]. Never fails.
     * Owns: takes f_take; it is dropped and freed when READY or at shutdown. */
    nave_task_id (*spawn)(struct nave_worker *w, struct nave_future *f_take);
    /* As spawn, and never leaves this worker. Thread: [worker]. */
    nave_task_id (*spawn_local)(struct nave_worker *w, struct nave_future *f_take);

    /* Keep this worker from ending its drain: one live connection, one task of a kind that must
     * finish. What is still held at the deadline is reported by plugin and `what`.
     * Thread: [worker]. `what` is static, short, lower case: "connection". */
    void (*hold)(struct nave_worker *w, const char *what);
    /* The end of one hold. Thread: [worker]. */
    void (*release)(struct nave_worker *w, const char *what);

    /* Take back `j`, which was posted to this worker. 1: it was waiting, and will not run. 0: it was not
     * there. Looks at all that waits: for the rare case. Thread: [worker]. */
    int32_t (*recall)(struct nave_worker *w, struct nave_job *j);
    /* Run `j` right after the present callback, poll or job, before anything else of this worker; in
     * order; those that it adds as well, so some that add others for ever stop the worker, as a loop
     * would. Added outside of all these, it runs first in the next turn. Thread: [worker].
     * Owns: borrows j until it runs. */
    void (*microtask)(struct nave_worker *w, struct nave_job *j);
    /* Keep `task` (nave_cx.task) on this worker until as many unpin: it holds something that belongs
     * here, a socket or a timer. Inside its poll. Thread: [worker]. */
    void (*pin)(struct nave_worker *w, void *task);
    /* The end of one pin. Thread: [worker]. */
    void (*unpin)(struct nave_worker *w, void *task);
    /* As spawn, with NAVE_SPAWN_*, and *out_join is the handle of the task (join.h).
     * Thread: [worker]. Never fails. Owns: takes f_take. */
    nave_task_id (*spawn_join)(struct nave_worker *w, struct nave_future *f_take, uint32_t flags,
                               struct nave_join *out_join);
    /* Ready `scope`, all of it. Call nave_scope_init() (scope.h). Thread: [worker]. */
    void (*scope_init)(struct nave_worker *w, struct nave_scope *scope, uint32_t policy);
    /* Where the number of the thread that runs this worker stands (here.h); 0: none does now. It changes
     * with the thread, so it is asked with nave_is_runner() each time. Thread: [any].
     * Owns: valid as long as the handle. */
    const uint64_t *(*runner)(const struct nave_worker *w);
};

/* The handle of a worker, one for each plugin. The head is frozen. */
struct nave_worker {
    const struct nave_worker_iface *api;
    const struct nave_clock *clock;
    uint32_t index; /* 0 ... nave_host_worker_count() - 1 */
    uint32_t flags;
    uint64_t
        random; /* the state of nave_worker_random(); a host that wants other choices sets it */
};

/* The monotonic time of this turn of the loop. Thread: [worker]. */
static inline nave_nsec nave_now(const struct nave_worker *w)
{
    return w->clock->now_ns;
}

/* 1: the calling thread runs this worker, so that what is tagged [worker] may be called. Thread: [any]. */
static inline int32_t nave_worker_is_here(const struct nave_worker *w)
{
    return nave_is_runner(w->api->runner(w));
}

/* See nave_worker_iface.alloc. Thread: [worker]. */
static inline void *nave_worker_alloc(struct nave_worker *w, size_t size)
{
    return w->api->alloc(w, size);
}

/* See nave_worker_iface.free. Thread: [worker]. */
static inline void nave_worker_free(struct nave_worker *w, void *ptr, size_t size)
{
    w->api->free(w, ptr, size);
}

/* Arm `t` to fire `delay_ns` from the worker's cached now. Thread: [worker].
 * Delays below 0 count as 0; a delay that overflows is NAVE_NEVER. See timer_start. */
static inline void nave_timer_start(struct nave_worker *w, struct nave_timer *t, nave_nsec delay_ns,
                                    nave_timer_fn *fn, void *arg)
{
    nave_nsec now = w->clock->now_ns;
    nave_nsec delay = delay_ns < 0 ? 0 : delay_ns;

    w->api->timer_start(w, t, delay > NAVE_NEVER - now ? NAVE_NEVER : now + delay, fn, arg);
}

/* One step of a xorshift: the next state, which is the number. `*state` is never 0. */
static inline uint64_t nave_random_step_(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x;
}

/* A number below `bound` (more than 0), for fair choices: cheap, of no use to secrets. The same numbers come
 * in the same order on each run with the same seed. Thread: [worker]. */
static inline uint32_t nave_worker_random(struct nave_worker *w, uint32_t bound)
{
    if (NAVE_UNLIKELY(w->random == 0)) /* nobody has set it */
        w->random = UINT64_C(0x9e3779b97f4a7c15) * ((uint64_t)w->index + 1);
    return (uint32_t)((nave_random_step_(&w->random) >> 32) * bound >> 32);
}

/* Move the deadline of an armed timer. Later: one store. Earlier: filed anew. Thread: [worker]. */
static inline void nave_timer_extend(struct nave_worker *w, struct nave_timer *t,
                                     nave_nsec deadline_ns)
{
    if (NAVE_LIKELY(deadline_ns >= t->deadline_ns))
        t->deadline_ns = deadline_ns;
    else
        w->api->timer_start(w, t, deadline_ns, t->fn, t->arg);
}

/* See nave_worker_iface.timer_stop. Thread: [worker]. */
static inline void nave_timer_stop(struct nave_worker *w, struct nave_timer *t)
{
    if (nave_timer_is_armed(t))
        w->api->timer_stop(w, t);
}

/* See nave_worker_iface.defer. Thread: [worker]. */
static inline void nave_worker_defer(struct nave_worker *w, struct nave_job *j)
{
    w->api->defer(w, j);
}

/* See nave_worker_iface.post. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_worker_post(struct nave_worker *w, struct nave_job *j)
{
    return w->api->post(w, j);
}

/* See nave_worker_iface.spawn_join. Thread: [worker]. */
static inline nave_task_id nave_spawn_join(struct nave_worker *w, struct nave_future *f_take,
                                           uint32_t flags, struct nave_join *out_join)
{
    return w->api->spawn_join(w, f_take, flags, out_join);
}

/* See nave_worker_iface.microtask. Thread: [worker]. */
static inline void nave_worker_microtask(struct nave_worker *w, struct nave_job *j)
{
    w->api->microtask(w, j);
}

/* For sources (op.h): `op`, which waited and was unlinked, may look again. Its task is woken, or it is
 * posted home, where it polls its source and calls done. The source's lock is held when another thread
 * could drop the op meanwhile. Thread: [any]. */
static inline void nave_op_arrive_(struct nave_job *j)
{
    struct nave_op *op = NAVE_CONTAINER_OF(j, struct nave_op, job);

    __atomic_store_n(&op->state, NAVE_OP_IN_FLIGHT, __ATOMIC_RELAXED);
    if (op->source->poll(op) == NAVE_READY) {
        op->state = NAVE_OP_DONE;
        op->done(op, op->done_arg);
    }
}

/* See above. Thread: [any]. */
static inline void nave_op_wake(struct nave_op *op)
{
    if (!op->done) {
        struct nave_waker w = {op->waker, op->done_arg, op->waker_id, 0};

        w.api->wake(&w);
        return;
    }
    op->job.run = nave_op_arrive_;
    __atomic_store_n(&op->state, NAVE_OP_POSTED, __ATOMIC_RELAXED);
    /* A worker that has stopped calls nothing any more; the op is dropped by its owner. */
    if (op->worker->api->post(op->worker, &op->job) != NAVE_OK)
        __atomic_store_n(&op->state, NAVE_OP_IN_FLIGHT, __ATOMIC_RELAXED);
}

/* For sources, in drop, after `op` was unlinked under the lock: take it out of the worker's inbox when
 * it was on its way. Thread: [worker]. */
static inline void nave_op_recall(struct nave_op *op)
{
    if (__atomic_load_n(&op->state, __ATOMIC_RELAXED) == NAVE_OP_POSTED)
        (void)op->worker->api->recall(op->worker, &op->job);
}

/* See nave_worker_iface.io_rearm. Thread: [worker]. */
static inline void nave_io_rearm(struct nave_io *io, uint32_t directions)
{
    if (NAVE_UNLIKELY(!(io->flags & NAVE_IO_IS_EDGE)))
        io->api->io_rearm(io, directions);
}

NAVE_END_DECLS
#endif

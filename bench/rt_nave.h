/* SPDX-License-Identifier: MIT
 *
 * rt_nave: the benchmarks of the runtime on Nave itself, in a host program with a static plugin. One
 * future, of the benchmark that was named, is spawned on worker 0; it does its operations twice, first
 * to warm up, and stops the runtime.
 */
#ifndef BENCH_RT_NAVE_H
#define BENCH_RT_NAVE_H

#include "rt.h" /* first: it asks for all that the C library has */

#include <nave/nave.h>

#define RT_WORKERS_MAX 64u

struct rt_run;

/* One benchmark. One of the first two is there. */
struct rt_bench {
    const char *name;
    const struct nave_future_iface *api; /* spawned on worker 0; its frame begins with rt_driver */
    void (*start)(struct rt_run *run, struct nave_worker *w); /* called on each worker          */
    uint64_t param;                                           /* of the benchmark               */
};

extern const struct rt_bench rt_benches[]; /* ends with a name that is NULL */

/* One run of the program. */
struct rt_run {
    struct rt_args args;
    const struct rt_bench *bench;
    struct nave_runtime *runtime;
    struct nave_channels *channels;
    struct nave_worker *workers[RT_WORKERS_MAX]; /* ours, as worker_start gave them */
    uint32_t started;                            /* workers that have; atomic       */
    uint32_t phase;                              /* 0, 1 warm up, 2 measured        */
    struct rt_span span;
    char more[256]; /* for rt_print */
};

/* The plugin. */
struct rt_plugin {
    struct nave_host *host;
    struct rt_run *run;
};

/* The protocol "echo". Thread: [control]. */
nave_err rt_echo_make(void *self, const struct nave_role_args *args,
                      struct nave_handle **out_handle);
void rt_echo_unmake(void *self, struct nave_handle *handle);

/* The head of a benchmark's frame. */
struct rt_driver {
    struct rt_run *run;
    uint64_t left; /* operations of this phase */
};

/* The phase is over, at first the one that never was. 1: do *out_count operations more. 0: all is done,
 * printed, and the runtime stops. Thread: [worker]. */
int32_t rt_next(struct rt_run *run, uint64_t *out_count);

/* Make a future of `api` on `w`; the program ends when that fails. Thread: [worker]. */
struct nave_future *rt_future(struct nave_worker *w, const struct nave_future_iface *api,
                              size_t frame_size);

/* Something went wrong: say so, and end the program. Thread: [any]. */
void rt_fail(const char *what, nave_err err);

/* Memory of the benchmark itself, zeroed. Thread: [any]. */
void *rt_memory(size_t count, size_t size);

static inline void rt_no_drop(struct nave_future *f)
{
    (void)f;
}

static inline nave_err rt_ok(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

#define RT_FUTURE(poll_fn, text)                                                           \
    {                                                                                      \
        .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT), \
        .name = (text), .poll = (poll_fn), .drop = rt_no_drop, .result = rt_ok,            \
    }

/* --- joining --------------------------------------------------------------------------------- */

/* What a future written by hand keeps of the task that it waits for. */
struct rt_joiner {
    struct nave_op op;
    uint32_t is_waiting;
};

/* READY when the task of `j` has ended; the handle is given up then. Thread: [worker]. */
static inline nave_poll rt_join(struct rt_joiner *t, struct nave_cx *cx, struct nave_join *j)
{
    if (!t->is_waiting) {
        (void)nave_join_await(cx, &t->op, j);
        t->is_waiting = 1;
    }
    if (nave_op_poll(&t->op) == NAVE_PENDING)
        return NAVE_PENDING;
    t->is_waiting = 0;
    nave_join_drop(j);
    return NAVE_READY;
}

/* --- the benchmarks' futures ----------------------------------------------------------------- */

void rt_spawn_start(struct rt_run *run, struct nave_worker *w);
void rt_each_start(struct rt_run *run, struct nave_worker *w);
void rt_batch_start(struct rt_run *run, struct nave_worker *w);
void rt_yield_start(struct rt_run *run, struct nave_worker *w);
void rt_yield_many_start(struct rt_run *run, struct nave_worker *w);
void rt_await_start(struct rt_run *run, struct nave_worker *w);
void rt_pingpong_start(struct rt_run *run, struct nave_worker *w);
extern const struct nave_future_iface rt_spawn_future;
extern const struct nave_future_iface rt_batch_future;
extern const struct nave_future_iface rt_yield_future;
extern const struct nave_future_iface rt_latency_future;
extern const struct nave_future_iface rt_work_future;
extern const size_t rt_frame_max; /* of all of them */

void rt_wake_start(struct rt_run *run, struct nave_worker *w);
void rt_idle_start(struct rt_run *run, struct nave_worker *w);
extern const struct nave_future_iface rt_memory_future;

#endif

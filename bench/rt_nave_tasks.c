/* SPDX-License-Identifier: MIT
 *
 * Spawning, yielding, and CPU work in tasks: futures written by hand. Each polls on while it can, as
 * compiled async functions do, and counts down what is left of its phase.
 */
#include "rt_nave.h"

/* --- children -------------------------------------------------------------------------------- */

static nave_poll empty_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    (void)cx;
    return NAVE_READY;
}

static const struct nave_future_iface empty_future = RT_FUTURE(empty_poll, "empty");

static void spawn_empty(struct nave_join *out, struct nave_cx *cx)
{
    (void)nave_spawn_join(cx->worker, rt_future(cx->worker, &empty_future, 0), 0, out);
}

/* --- spawn ----------------------------------------------------------------------------------- */

struct spawn_frame {
    struct rt_driver head;
    struct rt_joiner joiner;
    struct nave_join child;
};

static nave_poll spawn_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct spawn_frame *t = nave_future_frame(f);

    for (;;) {
        if (t->child.api) {
            if (rt_join(&t->joiner, cx, &t->child) == NAVE_PENDING)
                return NAVE_PENDING;
            t->head.left--;
        }
        if (t->head.left == 0 && !rt_next(t->head.run, &t->head.left))
            return NAVE_READY;
        spawn_empty(&t->child, cx);
    }
}

const struct nave_future_iface rt_spawn_future = RT_FUTURE(spawn_poll, "spawn");

/* --- spawn_batch ----------------------------------------------------------------------------- */

struct batch_frame {
    struct rt_driver head;
    struct rt_joiner joiner;
    struct nave_join *children;
    uint32_t joined; /* of the batch                 */
    uint32_t count;  /* in the batch; 0: none is out */
};

/* READY when all of the batch have ended. */
static nave_poll join_batch(struct batch_frame *t, struct nave_cx *cx)
{
    for (; t->joined < t->count; t->joined++)
        if (rt_join(&t->joiner, cx, &t->children[t->joined]) == NAVE_PENDING)
            return NAVE_PENDING;
    t->joined = 0;
    return NAVE_READY;
}

static nave_poll batch_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct batch_frame *t = nave_future_frame(f);
    uint32_t i;

    if (!t->children)
        t->children = rt_memory(RT_BATCH, sizeof(*t->children));
    for (;;) {
        if (join_batch(t, cx) == NAVE_PENDING)
            return NAVE_PENDING;
        t->head.left -= t->count;
        if (t->head.left == 0 && !rt_next(t->head.run, &t->head.left))
            break;
        t->count = t->head.left < RT_BATCH ? (uint32_t)t->head.left : RT_BATCH;
        for (i = 0; i < t->count; i++)
            spawn_empty(&t->children[i], cx);
    }
    free(t->children);
    return NAVE_READY;
}

const struct nave_future_iface rt_batch_future = RT_FUTURE(batch_poll, "spawn_batch");

/* --- yield ----------------------------------------------------------------------------------- */

static nave_poll yield_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct rt_driver *t = nave_future_frame(f);

    if (t->left == 0 && !rt_next(t->run, &t->left))
        return NAVE_READY;
    t->left--;
    return nave_yield(cx);
}

const struct nave_future_iface rt_yield_future = RT_FUTURE(yield_poll, "yield");

/* --- latency --------------------------------------------------------------------------------- */

struct probe_frame {
    int64_t began_ns;
    uint32_t *out;
};

static nave_poll probe_poll(struct nave_future *f, struct nave_cx *cx)
{
    int64_t now = rt_now();
    struct probe_frame *t = nave_future_frame(f);

    (void)cx;
    *t->out = (uint32_t)(now - t->began_ns);
    return NAVE_READY;
}

static const struct nave_future_iface probe_future = RT_FUTURE(probe_poll, "probe");

struct latency_frame {
    struct batch_frame batch; /* the others, then the probe */
    uint32_t *found;
};

static void spawn_probe(struct latency_frame *t, struct nave_cx *cx)
{
    uint32_t depth = t->batch.count - 1, i;
    struct nave_future *f;
    struct probe_frame *p;

    for (i = 0; i < depth; i++)
        spawn_empty(&t->batch.children[i], cx);
    f = rt_future(cx->worker, &probe_future, sizeof(struct probe_frame));
    p = nave_future_frame(f);
    p->out = &t->found[t->batch.head.left - 1];
    p->began_ns = rt_now();
    (void)nave_spawn_join(cx->worker, f, 0, &t->batch.children[depth]);
}

static nave_poll latency_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct latency_frame *t = nave_future_frame(f);
    struct batch_frame *batch = &t->batch;
    struct rt_run *run = batch->head.run;

    if (!t->found) {
        t->found = rt_memory(run->args.operations, sizeof(*t->found));
        batch->children = rt_memory((size_t)run->bench->param + 1, sizeof(*batch->children));
    }
    for (;;) {
        if (join_batch(batch, cx) == NAVE_PENDING)
            return NAVE_PENDING;
        if (batch->count > 0)
            batch->head.left--;
        if (batch->head.left == 0) {
            if (run->phase == 2)
                rt_percentiles(t->found, run->args.operations, run->more, sizeof(run->more));
            if (!rt_next(run, &batch->head.left))
                break;
        }
        batch->count = (uint32_t)run->bench->param + 1;
        spawn_probe(t, cx);
    }
    free(t->found);
    free(batch->children);
    return NAVE_READY;
}

const struct nave_future_iface rt_latency_future = RT_FUTURE(latency_poll, "latency");

/* --- scale, steal ---------------------------------------------------------------------------- */

struct cpu_frame {
    uint64_t seed;
    uint32_t steps;
};

/* How many tasks each worker has done; a line of the cache for each. */
static struct {
    uint64_t count __attribute__((aligned(64)));
} done[RT_WORKERS_MAX];

/* The share of the worker that did least: 1 when all did the same. */
static double least_share(const struct rt_run *run)
{
    uint64_t least = UINT64_MAX, all = 0;
    uint32_t i;

    for (i = 0; i < run->args.workers; i++) {
        least = done[i].count < least ? done[i].count : least;
        all += done[i].count;
    }
    return (double)least * run->args.workers / (double)all;
}

static nave_poll cpu_poll(struct nave_future *f, struct nave_cx *cx)
{
    const struct cpu_frame *t = nave_future_frame(f);

    rt_keep(rt_work(t->steps, t->seed));
    done[cx->worker->index].count++;
    return NAVE_READY;
}

static const struct nave_future_iface cpu_future = RT_FUTURE(cpu_poll, "cpu");

static nave_poll work_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct batch_frame *t = nave_future_frame(f);
    struct rt_run *run = t->head.run;
    uint32_t i;

    if (!t->children)
        t->children = rt_memory(run->args.operations, sizeof(*t->children));
    for (;;) {
        if (join_batch(t, cx) == NAVE_PENDING)
            return NAVE_PENDING;
        if (t->count > 0)
            snprintf(run->more, sizeof(run->more), ", \"least\": %.3f", least_share(run));
        memset(done, 0, sizeof(done));
        if (!rt_next(run, &t->head.left))
            break;
        t->count = (uint32_t)t->head.left;
        for (i = 0; i < t->count; i++) {
            struct nave_future *child =
                rt_future(cx->worker, &cpu_future, sizeof(struct cpu_frame));
            struct cpu_frame *c = nave_future_frame(child);

            c->seed = i;
            c->steps = (uint32_t)run->bench->param;
            (void)nave_spawn_join(cx->worker, child, 0, &t->children[i]);
        }
    }
    free(t->children);
    return NAVE_READY;
}

const struct nave_future_iface rt_work_future = RT_FUTURE(work_poll, "work");

const size_t rt_frame_max = sizeof(struct latency_frame);

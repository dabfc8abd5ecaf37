/* SPDX-License-Identifier: MIT
 *
 * Spawning, yielding, and CPU work in tasks: futures written by hand. Each polls on while it can, as
 * compiled async functions do, and counts down what is left of its phase.
 */
#include "rt_nave.h"

/* --- children -------------------------------------------------------------------------------- */

static nave_poll empty_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)cx;
    return rt_child_ready(f);
}

static const struct nave_future_iface empty_future = RT_FUTURE(empty_poll, "empty");

static void spawn_empty(struct rt_child *c, struct nave_cx *cx)
{
    rt_child_spawn(c, cx, rt_future(cx->worker, &empty_future, sizeof(struct rt_child_frame)));
}

/* --- spawn ----------------------------------------------------------------------------------- */

struct spawn_frame {
    struct rt_driver head;
    struct rt_child child;
    uint32_t is_waiting;
};

static nave_poll spawn_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct spawn_frame *t = nave_future_frame(f);

    for (;;) {
        if (t->is_waiting) {
            if (rt_child_poll(&t->child, cx) == NAVE_PENDING)
                return NAVE_PENDING;
            t->is_waiting = 0;
            t->head.left--;
        }
        if (t->head.left == 0 && !rt_next(t->head.run, &t->head.left))
            return NAVE_READY;
        spawn_empty(&t->child, cx);
        t->is_waiting = 1;
    }
}

const struct nave_future_iface rt_spawn_future = RT_FUTURE(spawn_poll, "spawn");

/* --- spawn_batch ----------------------------------------------------------------------------- */

struct batch_frame {
    struct rt_driver head;
    struct rt_child *children;
    uint32_t joined; /* of the batch                 */
    uint32_t count;  /* in the batch; 0: none is out */
};

static nave_poll batch_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct batch_frame *t = nave_future_frame(f);
    uint32_t i;

    if (!t->children)
        t->children = rt_memory(RT_BATCH, sizeof(*t->children));
    for (;;) {
        for (; t->joined < t->count; t->joined++)
            if (rt_child_poll(&t->children[t->joined], cx) == NAVE_PENDING)
                return NAVE_PENDING;
        t->head.left -= t->count;
        if (t->head.left == 0 && !rt_next(t->head.run, &t->head.left))
            break;
        t->joined = 0;
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

struct yielder_frame {
    struct rt_child_frame head;
    uint64_t left;
};

static nave_poll yielder_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct yielder_frame *t = nave_future_frame(f);

    if (t->left == 0)
        return rt_child_ready(f);
    t->left--;
    return nave_yield(cx);
}

static const struct nave_future_iface yielder_future = RT_FUTURE(yielder_poll, "yielder");

static nave_poll yield_many_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct batch_frame *t = nave_future_frame(f);
    uint32_t i;

    if (!t->children)
        t->children = rt_memory(RT_BATCH, sizeof(*t->children));
    for (;;) {
        for (; t->joined < t->count; t->joined++)
            if (rt_child_poll(&t->children[t->joined], cx) == NAVE_PENDING)
                return NAVE_PENDING;
        if (!rt_next(t->head.run, &t->head.left))
            break;
        t->joined = 0;
        t->count = RT_BATCH;
        for (i = 0; i < t->count; i++) {
            struct nave_future *child =
                rt_future(cx->worker, &yielder_future, sizeof(struct yielder_frame));

            ((struct yielder_frame *)nave_future_frame(child))->left = t->head.left / RT_BATCH;
            rt_child_spawn(&t->children[i], cx, child);
        }
    }
    free(t->children);
    return NAVE_READY;
}

const struct nave_future_iface rt_yield_many_future = RT_FUTURE(yield_many_poll, "yield_many");

/* --- latency --------------------------------------------------------------------------------- */

struct probe_frame {
    struct rt_child_frame head;
    int64_t began_ns;
    uint32_t *out;
};

static nave_poll probe_poll(struct nave_future *f, struct nave_cx *cx)
{
    int64_t now = rt_now();
    struct probe_frame *t = nave_future_frame(f);

    (void)cx;
    *t->out = (uint32_t)(now - t->began_ns);
    return rt_child_ready(f);
}

static const struct nave_future_iface probe_future = RT_FUTURE(probe_poll, "probe");

struct latency_frame {
    struct rt_driver head;
    struct rt_child *children; /* the others, then the probe */
    uint32_t *found;
    uint32_t joined;
    uint32_t count;
};

static void spawn_probe(struct latency_frame *t, struct nave_cx *cx)
{
    uint32_t depth = t->count - 1, i;
    struct nave_future *f;
    struct probe_frame *p;

    for (i = 0; i < depth; i++)
        spawn_empty(&t->children[i], cx);
    f = rt_future(cx->worker, &probe_future, sizeof(struct probe_frame));
    p = nave_future_frame(f);
    p->out = &t->found[t->head.left - 1];
    p->began_ns = rt_now();
    rt_child_spawn(&t->children[depth], cx, f);
}

static nave_poll latency_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct latency_frame *t = nave_future_frame(f);
    struct rt_run *run = t->head.run;

    if (!t->found) {
        t->found = rt_memory(run->args.operations, sizeof(*t->found));
        t->children = rt_memory((size_t)run->bench->param + 1, sizeof(*t->children));
    }
    for (;;) {
        for (; t->joined < t->count; t->joined++)
            if (rt_child_poll(&t->children[t->joined], cx) == NAVE_PENDING)
                return NAVE_PENDING;
        if (t->count > 0)
            t->head.left--;
        if (t->head.left == 0) {
            if (run->phase == 2)
                rt_percentiles(t->found, run->args.operations, run->more, sizeof(run->more));
            if (!rt_next(run, &t->head.left))
                break;
        }
        t->joined = 0;
        t->count = (uint32_t)run->bench->param + 1;
        spawn_probe(t, cx);
    }
    free(t->found);
    free(t->children);
    return NAVE_READY;
}

const struct nave_future_iface rt_latency_future = RT_FUTURE(latency_poll, "latency");

/* --- scale, steal ---------------------------------------------------------------------------- */

struct cpu_frame {
    struct rt_child_frame head;
    uint64_t seed;
    uint32_t steps;
};

static nave_poll cpu_poll(struct nave_future *f, struct nave_cx *cx)
{
    const struct cpu_frame *t = nave_future_frame(f);

    (void)cx;
    rt_keep(rt_work(t->steps, t->seed));
    return rt_child_ready(f);
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
        for (; t->joined < t->count; t->joined++)
            if (rt_child_poll(&t->children[t->joined], cx) == NAVE_PENDING)
                return NAVE_PENDING;
        if (!rt_next(run, &t->head.left))
            break;
        t->joined = 0;
        t->count = (uint32_t)t->head.left;
        for (i = 0; i < t->count; i++) {
            struct nave_future *child =
                rt_future(cx->worker, &cpu_future, sizeof(struct cpu_frame));
            struct cpu_frame *c = nave_future_frame(child);

            c->seed = i;
            c->steps = (uint32_t)run->bench->param;
            rt_child_spawn(&t->children[i], cx, child);
        }
    }
    free(t->children);
    return NAVE_READY;
}

const struct nave_future_iface rt_work_future = RT_FUTURE(work_poll, "work");

const size_t rt_frame_max = sizeof(struct spawn_frame) > sizeof(struct latency_frame)
                                ? sizeof(struct spawn_frame)
                                : sizeof(struct latency_frame);

/* SPDX-License-Identifier: MIT
 *
 * Looking. The objects of the pool are tasks for ever, so any of them may be looked at; whether it is one
 * at the moment, and still the same one after its head was read, its word tells.
 */
#include "dump.h"

#include <string.h>

#include <nave/arm.h>
#include <nave/async.h>

#include "worker/group.h"
#include "runtime/runtime.h"
#include "worker/task.h"
#include "worker/worker_state.h"

/* What is read of a head while its task may run, end and become another: no more than words, which count
 * only if the generation is the same afterwards. So the sanitizer is not asked. */
#if defined(__SANITIZE_THREAD__)
#    define RACES_ON_PURPOSE __attribute__((no_sanitize("thread"), noinline))
#elif defined(__has_feature)
#    if __has_feature(thread_sanitizer)
#        define RACES_ON_PURPOSE __attribute__((no_sanitize("thread"), noinline))
#    endif
#endif
#ifndef RACES_ON_PURPOSE
#    define RACES_ON_PURPOSE
#endif

/* --- what a future waits for ----------------------------------------------------------------- */

static struct nv_await_line *add_line(struct nv_task_view *v, uint32_t depth)
{
    struct nv_await_line *l;

    if (v->line_count == NV_DUMP_LINES || depth == NV_DUMP_DEPTH) {
        v->is_cut = 1;
        return NULL;
    }
    l = &v->lines[v->line_count++];
    memset(l, 0, sizeof(*l));
    l->depth = depth;
    return l;
}

static void add_op(struct nv_task_view *v, const struct nave_op *op, uint32_t depth)
{
    const struct nave_op_source *source = __atomic_load_n(&op->source, __ATOMIC_RELAXED);
    struct nv_await_line *l = add_line(v, depth);

    if (!l)
        return;
    l->is_op = 1;
    /* A source of an older plugin has no name. */
    if (source && source->size >= sizeof(*source))
        l->name = source->name;
    l->detail = nv_blocking_name(op);
}

static void add_arms(struct nv_task_view *v, const struct nave_arms *arms, uint32_t depth)
{
    uint32_t i;

    for (i = 0; i < arms->count && !v->is_cut; i++) {
        const struct nave_arm *arm = &arms->list[i];

        if (!(arm->flags & NAVE_ARM_IS_ARMED))
            continue;
        if (arm->op)
            add_op(v, arm->op, depth);
        else if (arm->future)
            nv_dump_await(v, arm->future, depth);
    }
}

void nv_dump_await(struct nv_task_view *v, const struct nave_future *f, uint32_t depth)
{
    const struct nave_async *a = (const struct nave_async *)(const void *)f;
    struct nv_await_line *l = add_line(v, depth);

    if (!l)
        return;
    l->name = f->api->name;
    if (f->flags & NAVE_FUTURE_HAS_ARMS) {
        add_arms(v, (const struct nave_arms *)(const void *)f, depth + 1);
        return;
    }
    if (!(f->flags & NAVE_FUTURE_IS_ASYNC))
        return;
    if (a->site) {
        l->function = a->site->function;
        l->file = a->site->file;
        l->line = a->site->line;
        l->text = a->site->text;
    }
    l->is_canceling = (a->flags & NAVE_ASYNC_IS_CLEANING) != 0;
    if (a->op)
        add_op(v, a->op, depth + 1);
    else if (a->child)
        nv_dump_await(v, a->child, depth + 1);
}

/* --- tasks ----------------------------------------------------------------------------------- */

struct head {
    const struct nave_future_iface *api;
    struct nv_worker_handle *owner;
    uint32_t home, pins, polls, born;
    nave_nsec mark;
};

/* 1: what was read belongs to the task whose word is `word`. */
RACES_ON_PURPOSE static int32_t read_head(const struct nv_task *t, uint64_t word, struct head *out)
{
    out->api = *(const struct nave_future_iface *const volatile *)&t->future.api;
    out->owner = *(struct nv_worker_handle *const volatile *)&t->owner;
    out->home = *(const volatile uint16_t *)&t->home;
    out->pins = *(const volatile uint32_t *)&t->pins;
    out->polls = *(const volatile uint32_t *)&t->polls;
    out->born = *(const volatile uint32_t *)&t->born;
    out->mark = *(const volatile nave_nsec *)&t->mark;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&t->word, __ATOMIC_RELAXED) >> 32 == word >> 32 && out->api &&
           out->owner;
}

RACES_ON_PURPOSE static int32_t is_polled(const struct nave_runtime *rt, const struct nv_task *t,
                                          uint32_t *out_worker)
{
    uint32_t i;

    for (i = 0; i < rt->worker_count; i++)
        if (*(struct nv_task *const volatile *)&rt->threads.each[i].worker->current == t) {
            *out_worker = i;
            return 1;
        }
    return 0;
}

/* One that was spawned after `now` was read has none. */
static nave_nsec age_of(const struct head *h, nave_nsec now)
{
    uint32_t units = nv_task_time(now) - h->born;

    return units > UINT32_MAX - 64 ? 0 : (nave_nsec)units << 24;
}

static nave_nsec waits_of(const struct head *h, nave_nsec now)
{
    nave_nsec since = -h->mark; /* see task.h */

    return now > since ? now - since : 0;
}

static void fill(struct nv_dump *d, const struct nv_task *t, uint64_t word, const struct head *h)
{
    struct nv_task_view *v = &d->view;

    v->id = (word >> 32 << 32) | ((uintptr_t)t >> 6 & UINT32_MAX);
    v->name = h->api->name ? h->api->name : "?";
    v->plugin = h->owner->plugin_id;
    v->worker = h->pins ? h->home : h->owner->worker->index;
    v->is_pinned = h->pins != 0;
    v->is_canceled = (word & NV_TASK_CANCEL) != 0;
    v->polls = h->polls;
    v->age_ns = age_of(h, d->now_ns);
}

/* 1: `t` is a task, and d->view tells of it. */
static int32_t look_at(struct nv_dump *d, struct nv_task *t)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
    struct nv_task_view *v = &d->view;
    struct head h;
    int32_t is_held;

    if (!(word & NV_TASK_LIVE))
        return 0;
    memset(v, 0, offsetof(struct nv_task_view, lines));
    is_held = nv_task_hold_still(t);
    if (is_held)
        word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
    if (!read_head(t, word, &h)) /* never when it is held */
        return 0;
    fill(d, t, word, &h);
    if (is_held) {
        nv_dump_await(v, &t->future, 0);
        nv_task_let_go(t);
        v->waits_ns = waits_of(&h, d->now_ns);
        v->state = NV_TASK_IS_WAITING;
    } else if (word & NV_TASK_COMPLETE) {
        v->state = NV_TASK_IS_ENDED;
    } else {
        v->state = is_polled(d->rt, t, &v->worker) ? NV_TASK_IS_RUNNING : NV_TASK_IS_READY;
    }
    return 1;
}

int32_t nv_dump_next(struct nv_dump *d, uint32_t *look)
{
    struct nv_task_pool *pool = &d->rt->threads.group->pool;
    struct nv_task *t;

    while (*look > 0 && (t = nv_task_pool_next(pool, &d->at)) != NULL) {
        --*look;
        if (look_at(d, t))
            return 1;
    }
    return 0;
}

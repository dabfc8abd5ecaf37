/* SPDX-License-Identifier: MIT
 *
 * See scheduler.h and group.h.
 *
 * How long a run lasts: the poller is asked again after RUN_NS or so, whatever tasks cost. What a poll
 * costs is learned from the clock that each turn reads anyway.
 */
#include "scheduler.h"

#include "group.h"
#include "ring.h"
#include "task.h"
#include "worker_state.h"

#define TASK_BUDGET 128u /* what one poll may use before it should yield */
#define LIFO_POLLS  3u
#define GROUP_EVERY 61u
#define RUN_NS      (200 * NAVE_USEC)
#define RUN_MOST    1024u

/* --- queues ---------------------------------------------------------------------------------- */

static int32_t is_alone(const struct nv_worker *w)
{
    return w->group->count == 1;
}

/* Tell the others that there is more to do than this worker is about to. */
static void announce(struct nv_worker *w)
{
    struct nv_group *g = w->group;

    if (NAVE_UNLIKELY(!__atomic_load_n(&g->is_stealing, __ATOMIC_RELAXED)) ||
        nv_ring_count(&w->ring) > (w->current ? 0u : 1u))
        nv_group_announce(g);
}

/* The ring is full: the older half of it and `t` go to the group. */
static void overflow(struct nv_worker *w, struct nv_task *t)
{
    struct nv_task *half[NV_RING_HALF + 1];

    if (is_alone(w)) {
        struct nv_jobs *q = &w->pinned;

        /* Nobody else looks at the group's queue: keep it, without the lock. */
        nv_jobs_push(q, &t->job);
        return;
    }
    nv_stat_add(&w->stats.overflow, 1);
    if (!nv_ring_take_half(&w->ring, half)) {
        nv_group_push(w->group, &t, 1);
        return;
    }
    half[NV_RING_HALF] = t;
    nv_group_push(w->group, half, NV_RING_HALF + 1);
}

static void enqueue(struct nv_worker *w, struct nv_task *t)
{
    if (t->pins) {
        nv_jobs_push(&w->pinned, &t->job);
        return;
    }
    if (NAVE_UNLIKELY(!nv_ring_push(&w->ring, t)))
        overflow(w, t);
    if (!is_alone(w))
        announce(w);
}

/* Put `t` into the slot; what was there comes out. */
static struct nv_task *lifo_swap(struct nv_worker *w, struct nv_task *t)
{
    struct nv_task *old = __atomic_load_n(&w->lifo, __ATOMIC_RELAXED);

    /* Who takes from an empty slot takes nothing: no swap is needed. */
    if (old && !is_alone(w))
        return __atomic_exchange_n(&w->lifo, t, __ATOMIC_ACQ_REL);
    __atomic_store_n(&w->lifo, t, __ATOMIC_RELEASE);
    return old;
}

void nv_sched_push(struct nv_worker *w, struct nv_task *t)
{
    t->mark = nv_stat_queued(w, &w->stats);
    if (w->current) {
        t = lifo_swap(w, t);
        if (!t)
            return;
    }
    enqueue(w, t);
}

void nv_sched_requeue(struct nv_worker *w, struct nv_task *t)
{
    t->mark = nv_stat_queued(w, &w->stats);
    enqueue(w, t);
}

static void arrive(struct nave_job *j)
{
    struct nv_task *t = NAVE_CONTAINER_OF(j, struct nv_task, job);

    struct nv_worker *home = t->owner->worker->group->workers[t->home];

    nv_stat_add(&home->stats.wakes_remote, 1);
    enqueue(home, t);
}

void nv_task_schedule(struct nv_task *t)
{
    struct nv_worker *here = nv_here;
    struct nv_group *g = t->owner->worker->group;
    struct nv_worker *home = g->workers[t->home];

    if (!here && nv_worker_attached(home) == NV_ATTACHED) /* between its turns */
        here = home;
    if (here && here->group == g && (!t->pins || here == home)) {
        nv_stat_add(&here->stats.wakes_local, 1);
        nv_sched_push(here, t);
        return;
    }
    if (!t->pins && g->count > 1) {
        nv_group_push(g, &t, 1);
        nv_group_announce(g);
        return;
    }
    t->job.run = arrive;
    /* Closed: the task will be dropped. Until then the worker itself may still wake it. */
    if (nv_worker_post(home, &t->job) != NAVE_OK)
        __atomic_fetch_and(&t->word, ~(uint64_t)NV_TASK_SCHEDULED, __ATOMIC_RELEASE);
}

/* --- taking ---------------------------------------------------------------------------------- */

static struct nv_task *lifo_take(struct nv_worker *w)
{
    struct nv_task *t = __atomic_load_n(&w->lifo, __ATOMIC_RELAXED);

    if (!t)
        return NULL;
    if (is_alone(w))
        w->lifo = NULL;
    else
        t = __atomic_exchange_n(&w->lifo, NULL, __ATOMIC_ACQ_REL);
    return t;
}

static struct nv_task *pinned_take(struct nv_worker *w)
{
    struct nave_job *j = nv_jobs_pop(&w->pinned);

    return j ? NAVE_CONTAINER_OF(j, struct nv_task, job) : NULL;
}

static struct nv_task *next_task(struct nv_worker *w)
{
    struct nv_task *t;
    int32_t alone = is_alone(w);

    if (NAVE_UNLIKELY(++w->tick % GROUP_EVERY == 0) && !alone) {
        t = nv_group_pop(w->group, w);
        if (t)
            return t;
    }
    t = lifo_take(w);
    if (t) {
        if (w->lifo_left > 0) { /* it goes on with the budget of the one that woke it */
            w->lifo_left--;
            nv_stat_add(&w->stats.lifo_hits, 1);
            return t;
        }
        enqueue(w, t);
    }
    w->lifo_left = LIFO_POLLS;
    w->budget = TASK_BUDGET;
    t = w->tick & 1 ? pinned_take(w) : nv_ring_pop(&w->ring, alone);
    if (!t)
        t = w->tick & 1 ? nv_ring_pop(&w->ring, alone) : pinned_take(w);
    if (!t && !alone)
        t = nv_group_pop(w->group, w);
    return t;
}

int32_t nv_sched_has_work(const struct nv_worker *w)
{
    return w->pinned.head || __atomic_load_n(&w->lifo, __ATOMIC_RELAXED) ||
           nv_ring_count(&w->ring) > 0;
}

/* --- searching ------------------------------------------------------------------------------- */

/* What `v` was to run next, when it is stuck in what it runs now. */
static struct nv_task *lifo_steal(struct nv_worker *v)
{
    struct nv_task *t;

    if (!__atomic_load_n(&v->is_stuck, __ATOMIC_RELAXED))
        return NULL;
    t = __atomic_exchange_n(&v->lifo, NULL, __ATOMIC_ACQ_REL);
    if (t && t->pins) { /* not mine: back to its home, behind the others */
        nv_task_schedule(t);
        t = NULL;
    }
    return t;
}

static struct nv_task *steal(struct nv_worker *w)
{
    struct nv_group *g = w->group;
    uint32_t i, n = g->count, moved;
    uint32_t start = (uint32_t)((nave_random_step_(&w->random) >> 32) * n >> 32);
    struct nv_task *t = NULL;

    for (i = 0; i < n && !t; i++) {
        struct nv_worker *v =
            __atomic_load_n(&g->workers[start + i < n ? start + i : start + i - n],
                            __ATOMIC_ACQUIRE);

        if (v && v != w)
            t = nv_ring_steal(&v->ring, &w->ring, &moved);
    }
    if (t) {
        nv_stat_add(&w->stats.steals, 1);
        nv_stat_add(&w->stats.stolen, moved + 1);
    } else {
        nv_stat_add(&w->stats.steals_empty, 1);
        t = nv_group_pop(g, w);
    }
    /* That one is stands in the group, where nobody writes: to ask each would fetch a line of each. */
    for (i = 0; i < n && !t && __atomic_load_n(&g->stuck, __ATOMIC_RELAXED); i++) {
        struct nv_worker *v = __atomic_load_n(&g->workers[i], __ATOMIC_ACQUIRE);

        if (v && v != w)
            t = lifo_steal(v);
    }
    return t;
}

/* Look for work elsewhere. 1: some is here now. `keeps`: an elected worker that has found none stays a
 * searcher until it looks again before it waits, behind a barrier: until then it may have missed what a
 * pusher has left to it. */
static int32_t search(struct nv_worker *w, int32_t keeps)
{
    struct nv_group *g = w->group;
    struct nv_task *t;

    if (!w->is_searching) {
        if (2 * __atomic_load_n(&g->searchers, __ATOMIC_RELAXED) >= g->count)
            return 0;
        __atomic_fetch_add(&g->searchers, 1, __ATOMIC_SEQ_CST);
    }
    t = steal(w);
    if (!t && keeps)
        return 0;
    w->is_searching = 0;
    if (t)
        __atomic_store_n(&w->lifo, t, __ATOMIC_RELEASE); /* the worker had nothing: it is empty */
    /* Where there was some there may be more: the last one to find it sends the next. */
    if (__atomic_fetch_sub(&g->searchers, 1, __ATOMIC_SEQ_CST) == 1 && t)
        nv_group_announce(g);
    return t != NULL;
}

void nv_sched_stop_searching(struct nv_worker *w)
{
    w->is_searching = 0;
    if (__atomic_fetch_sub(&w->group->searchers, 1, __ATOMIC_SEQ_CST) == 1)
        nv_group_announce(w->group);
}

static int32_t sees_work(const struct nv_group *g)
{
    uint32_t i;

    if (__atomic_load_n(&g->queued, __ATOMIC_ACQUIRE) > 0)
        return 1;
    for (i = 0; i < g->count; i++) {
        const struct nv_worker *v = __atomic_load_n(&g->workers[i], __ATOMIC_ACQUIRE);

        if (v && nv_ring_count(&v->ring) > 0)
            return 1;
    }
    return 0;
}

int32_t nv_sched_before_wait(struct nv_worker *w)
{
    struct nv_group *g = w->group;
    uint32_t at = w->index, none = 0;

    if (is_alone(w) || !__atomic_load_n(&g->is_stealing, __ATOMIC_ACQUIRE))
        return 1;
    if (search(w, 0))
        return 0;
    __atomic_fetch_or(&g->idle[at / 64], (uint64_t)1 << at % 64, __ATOMIC_SEQ_CST);
    w->is_idle = 1;
    nv_group_barrier_heavy(g);
    if (!sees_work(g))
        return 1;
    nv_sched_after_wait(w);
    /* It may have something else to do first, and nobody knows of what it has seen: be the searcher,
     * unless there is one, who will see it, too. */
    if (!w->is_searching)
        w->is_searching = (uint32_t)__atomic_compare_exchange_n(&g->searchers, &none, 1, 0,
                                                                __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    return 0;
}

void nv_sched_after_wait(struct nv_worker *w)
{
    uint64_t bit = (uint64_t)1 << w->index % 64;

    if (!w->is_idle)
        return;
    w->is_idle = 0;
    /* Somebody else has taken the bit away: elected, the token is this worker's. */
    if (!(__atomic_fetch_and(&w->group->idle[w->index / 64], ~bit, __ATOMIC_SEQ_CST) & bit))
        w->is_searching = 1;
}

/* --- the run --------------------------------------------------------------------------------- */

/* How many polls to the next look at the poller, from what the last ones have cost. */
static uint32_t run_length(struct nv_worker *w)
{
    nave_nsec took = w->clock.now_ns - w->run_since_ns;
    nave_nsec each;

    if (w->run_polls > 0 && took >= 0) {
        each = took / w->run_polls;
        w->poll_ns = w->poll_ns ? (3 * w->poll_ns + each) / 4 : each;
    }
    w->run_since_ns = w->clock.now_ns;
    if (w->poll_ns * RUN_MOST <= RUN_NS)
        return RUN_MOST;
    return w->poll_ns >= RUN_NS ? 1 : (uint32_t)(RUN_NS / w->poll_ns);
}

/* `run_most` orders nothing, and models, which see only the _n forms, need not try it at every moment. */
static int32_t may_go_on(const struct nv_worker *w, uint32_t n)
{
    uint32_t most;

    __atomic_load(&w->run_most, &most, __ATOMIC_RELAXED);
    return n < most;
}

static void set_most(struct nv_worker *w, uint32_t most)
{
    __atomic_store(&w->run_most, &most, __ATOMIC_RELAXED);
}

uint32_t nv_sched_run(struct nv_worker *w)
{
    uint32_t n = 0;

    set_most(w, run_length(w));
    w->budget = TASK_BUDGET;
    w->lifo_left = LIFO_POLLS;
    while (may_go_on(w, n)) {
        struct nv_task *t = next_task(w);

        if (!t) {
            if (w->is_searching && search(w, 1))
                continue;
            break;
        }
        if (NAVE_UNLIKELY(w->is_searching))
            nv_sched_stop_searching(w);
        nv_task_run(w, t);
        n++;
    }
    if (NAVE_UNLIKELY(__atomic_load_n(&w->is_stuck, __ATOMIC_RELAXED)) &&
        __atomic_exchange_n(&w->is_stuck, 0, __ATOMIC_RELAXED))
        __atomic_fetch_sub(&w->group->stuck, 1, __ATOMIC_RELAXED);
    w->run_polls = n;
    return n;
}

void nv_sched_halt(struct nv_worker *w)
{
    set_most(w, 0);
}

void nv_sched_forget(struct nv_worker *w)
{
    struct nv_group *g = w->group;

    w->lifo = NULL;
    while (nv_ring_pop(&w->ring, 0))
        ;
    w->pinned.head = w->pinned.tail = NULL;
    (void)pthread_mutex_lock(&g->lock);
    g->queue.head = g->queue.tail = NULL;
    __atomic_store_n(&g->queued, 0, __ATOMIC_RELEASE);
    (void)pthread_mutex_unlock(&g->lock);
}

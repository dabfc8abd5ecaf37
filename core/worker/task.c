/* SPDX-License-Identifier: MIT
 *
 * See task.h: the life of a task from future_new to its end, and the wakers. Where it waits to be run
 * is scheduler.c's business.
 */
#include "task.h"

#include <sched.h>
#include <string.h>

#include "group.h"
#include "scheduler.h"
#include "worker_state.h"

static uint64_t generation(uint64_t word)
{
    return word >> 32;
}

/* --- wakers ---------------------------------------------------------------------------------- */

static void waker_wake(const struct nave_waker *w)
{
    struct nv_task *t = w->task;
    uint64_t word, next;

    if (NAVE_UNLIKELY(!t))
        return;
    word = __atomic_load_n(&t->word, __ATOMIC_RELAXED);
    do {
        if (generation(word) != generation(w->id) ||
            (word & (NV_TASK_LIVE | NV_TASK_COMPLETE)) != NV_TASK_LIVE)
            return; /* ended */
        next = word | (word & NV_TASK_SCHEDULED ? NV_TASK_AGAIN : NV_TASK_SCHEDULED);
    } while (
        !__atomic_compare_exchange_n(&t->word, &word, next, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (!(word & NV_TASK_SCHEDULED))
        nv_task_schedule(t);
}

static void waker_clone(const struct nave_waker *w, struct nave_waker *out)
{
    *out = *w;
}

static void waker_drop(struct nave_waker *w)
{
    w->task = NULL;
    w->api = &nv_waker_table;
}

const struct nave_waker_iface nv_waker_table = {
    .hdr = NAVE_IFACE(struct nave_waker_iface, "nave.waker/1", 0, NAVE_IFACE_DRAFT),
    .clone = waker_clone,
    .wake = waker_wake,
    .drop = waker_drop,
};

nave_err nv_task_abort(struct nv_task *t, uint64_t id)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_RELAXED), next;

    do {
        if (generation(word) != generation(id) || !(word & NV_TASK_LIVE))
            return NAVE_ESTALE;
        if (word & NV_TASK_COMPLETE)
            return NAVE_OK;
        next =
            word | NV_TASK_CANCEL | (word & NV_TASK_SCHEDULED ? NV_TASK_AGAIN : NV_TASK_SCHEDULED);
    } while (
        !__atomic_compare_exchange_n(&t->word, &word, next, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (!(word & NV_TASK_SCHEDULED))
        nv_task_schedule(t);
    return NAVE_OK;
}

/* --- birth ----------------------------------------------------------------------------------- */

static void account(struct nv_worker_handle *h, const struct nv_task *t)
{
    nv_usage_add(&h->usage.tasks, 1);
    nv_usage_add(&h->usage.bytes, t->bytes);
}

/* A task with a zeroed frame; not accounted. `w` NULL: the caller is no worker. */
static nave_err task_make(struct nv_group *g, struct nv_worker *w,
                          const struct nave_future_iface *api, size_t frame,
                          struct nv_task **out_task)
{
    uint32_t class;
    struct nv_task *t;
    nave_err err;

    if (frame > SIZE_MAX - NV_TASK_HEAD)
        return NAVE_ENOMEM;
    class = nv_task_class(frame + NV_TASK_HEAD);
    if (class >= NV_TASK_CLASSES)
        return NAVE_ENOMEM;
    err = nv_task_pool_take(&g->pool, w ? &w->cache : NULL, class, &t);
    if (err != NAVE_OK)
        return err;
    /* The word stays: stale wakers and the dump look at it. */
    memset(&t->job, 0, NV_TASK_HEAD + frame - offsetof(struct nv_task, job));
    t->class = (uint8_t) class;
    t->bytes = (uint32_t)(NV_TASK_HEAD + frame); /* a class has 2 GiB at most */
    t->future.api = api;
    *out_task = t;
    return NAVE_OK;
}

nave_err nv_task_new(struct nv_worker_handle *h, const struct nave_future_iface *api, size_t frame,
                     struct nave_future **out_future)
{
    struct nv_task *t;
    nave_err err;

    err = task_make(h->worker->group, h->worker, api, frame, &t);
    if (err != NAVE_OK)
        return err;
    t->owner = h;
    t->home = (uint16_t)h->worker->index;
    t->flags = NV_TASK_UNSPAWNED;
    account(h, t);
    *out_future = &t->future;
    return NAVE_OK;
}

void nv_task_drop_unspawned(struct nv_worker_handle *h, struct nave_future *f)
{
    struct nv_task *t = nv_task_of(f);

    nave_future_set_worker(f, &h->pub);
    f->api->drop(f);
    nv_task_free(h->worker, t);
}

/* The word of a task that is spawned by `w`, or from outside (by any), and its handle. */
static nave_task_id task_begin(const struct nv_worker *w, struct nv_task *t,
                               struct nave_join *out_join)
{
    uint64_t id = generation(t->word) << 32;

    t->flags &= (uint8_t)~NV_TASK_UNSPAWNED;
    if (out_join) {
        out_join->api = w->join_api;
        out_join->task = t;
        out_join->id = id;
        out_join->reserved = 0;
    }
    __atomic_store_n(&t->word,
                     id | NV_TASK_LIVE | NV_TASK_SCHEDULED | (out_join ? NV_TASK_JOINED : 0),
                     __ATOMIC_RELEASE);
    return id | ((uintptr_t)t >> 6 & UINT32_MAX);
}

nave_task_id nv_task_spawn(struct nv_worker_handle *h, struct nave_future *f, int32_t is_local,
                           struct nave_join *out_join)
{
    struct nv_worker *w = h->worker;
    struct nv_task *t = nv_task_of(f);
    nave_task_id id;

    t->pins = is_local || !h->siblings;
    t->home = (uint16_t)w->index;
    t->born = nv_task_time(w->clock.now_ns);
    id = task_begin(w, t, out_join);
    nv_stat_add(&w->stats.spawned, 1);
    nv_sched_push(w, t);
    return id;
}

/* Put `t` into a queue, unless that is over. Either this sees that it is closed, or who closes it sees this and
 * waits: both write their word and then read the other's, all sequentially consistent. */
static nave_err commit_outside(struct nv_group *g, struct nv_task *t, struct nave_join *out_join)
{
    nave_err err = NAVE_ECLOSED;

    __atomic_fetch_add(&g->spawning, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&g->is_closed, __ATOMIC_SEQ_CST)) {
        err = NAVE_OK;
        (void)task_begin(t->owner->worker, t, out_join);
        __atomic_fetch_add(&g->spawned_outside, 1, __ATOMIC_RELAXED);
        nv_task_schedule(t);
    }
    __atomic_fetch_sub(&g->spawning, 1, __ATOMIC_RELEASE);
    return err;
}

nave_err nv_task_spawn_outside(struct nv_worker_handle *const *handles,
                               const struct nave_future_iface *api, size_t frame,
                               void (*init)(void *frame, void *arg), void *arg,
                               struct nave_join *out_join)
{
    struct nv_group *g = handles[0]->worker->group;
    struct nv_task *t;
    nave_err err;

    if (__atomic_load_n(&g->is_closed, __ATOMIC_ACQUIRE))
        return NAVE_ECLOSED;
    err = task_make(g, NULL, api, frame, &t);
    if (err != NAVE_OK)
        return err;
    t->owner = handles[0];
    t->flags = NV_TASK_OUTSIDE;
    t->born = nv_task_time(nv_stat_clock(handles[0]->worker));
    if (init)
        init(nave_future_frame(&t->future), arg);
    err = commit_outside(g, t, out_join);
    if (err == NAVE_OK)
        return NAVE_OK;
    /* Nobody knows it. Its frame is not dropped: that is for workers, and with an error nothing was taken. */
    t->flags = 0;
    nv_task_pool_give(&g->pool, NULL, t, t->class);
    return err;
}

void nv_task_close_outside(struct nv_group *g)
{
    __atomic_store_n(&g->is_closed, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&g->spawning, __ATOMIC_SEQ_CST))
        sched_yield();
}

/* --- the end --------------------------------------------------------------------------------- */

static void free_at_home(struct nave_job *j)
{
    struct nv_task *t = NAVE_CONTAINER_OF(j, struct nv_task, job);

    nv_task_free(t->owner->worker, t);
}

void nv_task_free(struct nv_worker *w, struct nv_task *t)
{
    struct nv_worker *owner = t->owner->worker;
    uint64_t next = (generation(__atomic_load_n(&t->word, __ATOMIC_RELAXED)) + 1) & UINT32_MAX;

    /* What a worker counts it alone counts. */
    if (!w) {
        t->job.run = free_at_home;
        if (nv_worker_post(owner, &t->job) == NAVE_OK)
            return;
    }
    if (!(t->flags &
          NV_TASK_OUTSIDE)) { /* without `w`: the worker has stopped, and counts no more */
        struct nv_worker_handle *h = w ? nv_handle_on(t->owner, w) : t->owner;

        nv_usage_add(&h->usage.tasks, (uint64_t)-1);
        nv_usage_add(&h->usage.bytes, -(uint64_t)t->bytes);
    }
    t->flags = 0;
    __atomic_store_n(&t->word, next << 32, __ATOMIC_RELEASE);
    /* One whose generations are used up is left out: ids are never given twice. */
    if (next != 0)
        nv_task_pool_give(&owner->group->pool, w ? &w->cache : NULL, t, t->class);
}

/* --- the poll -------------------------------------------------------------------------------- */

/* It returned PENDING. From the swap on another worker may have it. */
static void go_idle(struct nv_worker *w, struct nv_task *t, uint64_t word)
{
    uint64_t idle;

    t->mark = -w->clock.now_ns;
    do {
        if (word & NV_TASK_AGAIN) {
            nv_stat_add(&w->stats.self_wakes, 1);
            nv_sched_requeue(w, t);
            return;
        }
        idle = word & ~(uint64_t)NV_TASK_SCHEDULED;
    } while (
        !__atomic_compare_exchange_n(&t->word, &word, idle, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

void nv_task_run(struct nv_worker *w, struct nv_task *t)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);
    struct nave_waker waker = {.api = w->waker_api, .task = t, .id = word};
    struct nv_worker_handle *h = nv_handle_on(t->owner, w);
    struct nave_cx cx = {.worker = &h->pub, .waker = &waker, .budget = w->budget, .task = t};
    nave_poll result;

    /* Before the poll: a wake from now on is a reason to poll again. */
    if (NAVE_UNLIKELY(word & NV_TASK_AGAIN))
        word = __atomic_fetch_and(&t->word, ~(uint64_t)NV_TASK_AGAIN, __ATOMIC_ACQ_REL) &
               ~(uint64_t)NV_TASK_AGAIN;
    if (NAVE_UNLIKELY(t->flags & NV_TASK_OUTSIDE)) {
        t->flags &= (uint8_t)~NV_TASK_OUTSIDE;
        account(h, t);
    }
    cx.is_canceled = (word & NV_TASK_CANCEL) != 0;
    t->polls++;
    w->current = t;
    nv_stat_add(&w->stats.polls, 1);
    nv_stat_enter(&w->stats, h, t->future.api->name);
    if (NAVE_UNLIKELY(t->mark > 0)) {
        nv_stat_dequeued(w, t->mark);
        t->mark = 0;
    }
    if (NAVE_UNLIKELY(nv_sample_due(&w->sample_left)))
        result = nv_sample_poll(h, &t->future, &cx);
    else
        result = t->future.api->poll(&t->future, &cx);
    w->current = NULL;
    w->budget = cx.budget;
    if (result == NAVE_READY) {
        nv_task_end(w, t, t->future.api->result(&t->future));
    } else if (cx.flags & NAVE_CX_YIELD) {
        nv_stat_add(&w->stats.yields, 1);
        nv_sched_requeue(w, t); /* it stays SCHEDULED */
    } else {
        go_idle(w, t, word);
    }
    nv_worker_micro(w);
}

/* --- all of them ----------------------------------------------------------------------------- */

static void drop_if_home(struct nv_task *t, void *arg)
{
    struct nv_worker *w = arg;
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);

    if ((word & (NV_TASK_LIVE | NV_TASK_COMPLETE)) != NV_TASK_LIVE || t->home != w->index)
        return;
    /* Whoever sets SCHEDULED queues it; set it here so that nobody else does. */
    __atomic_fetch_or(&t->word, NV_TASK_SCHEDULED, __ATOMIC_ACQ_REL);
    nv_stat_enter(&w->stats, t->owner, t->future.api->name);
    nv_task_end(w, t, NAVE_ECANCELED);
    nv_worker_micro(w);
}

void nv_task_drop_all(struct nv_worker *w)
{
    nv_sched_forget(w);
    nv_task_pool_each(&w->group->pool, drop_if_home, w);
    nv_sched_forget(w); /* what the drops have woken or spawned */
}

static void drop_unspawned(struct nv_task *t, void *arg)
{
    struct nv_worker *w = arg;

    if (__atomic_load_n(&t->word, __ATOMIC_RELAXED) & NV_TASK_LIVE)
        return;
    if ((t->flags & NV_TASK_UNSPAWNED) && t->home == w->index) {
        nv_task_drop_unspawned(t->owner, &t->future);
        nv_worker_micro(w);
    }
}

void nv_task_fini(struct nv_worker *w)
{
    nv_task_pool_each(&w->group->pool, drop_unspawned, w);
}

/* --- the dump -------------------------------------------------------------------------------- */

int32_t nv_task_hold_still(struct nv_task *t)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_RELAXED);

    if ((word & (NV_TASK_LIVE | NV_TASK_SCHEDULED | NV_TASK_COMPLETE)) != NV_TASK_LIVE)
        return 0;
    return __atomic_compare_exchange_n(&t->word, &word, word | NV_TASK_SCHEDULED, 0,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

void nv_task_let_go(struct nv_task *t)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_RELAXED);

    do {
        if (word & NV_TASK_AGAIN) { /* woken meanwhile */
            nv_task_schedule(t);
            return;
        }
    } while (!__atomic_compare_exchange_n(&t->word, &word, word & ~(uint64_t)NV_TASK_SCHEDULED, 0,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

/* SPDX-License-Identifier: MIT
 *
 * See task.h. A task is one slab object: this head, the future's head, its frame. The floor that
 * steals work will move jobs between workers; here a task stays where it was made.
 */
#include "task.h"

#include <string.h>

#include "worker_state.h"

#define SLOTS_A_CHUNK 64u
#define TASK_BUDGET   128u /* what one poll may use before it should yield */

struct nv_task {
    struct nv_worker_handle *owner;
    struct nv_task_slot *slot; /* from birth on, so that spawning can not fail */
    size_t size;               /* of the whole object */
    uint64_t reserved;         /* the future stays aligned to 16 */
    struct nave_future future;
};

struct nv_task_chunk {
    struct nv_task_chunk *next;
    struct nv_task_slot slots[SLOTS_A_CHUNK];
};

static struct nv_task *task_of(struct nave_future *f)
{
    return NAVE_CONTAINER_OF(f, struct nv_task, future);
}

/* --- wakers ---------------------------------------------------------------------------------- */

static void waker_wake(const struct nave_waker *w)
{
    struct nv_task_slot *slot = w->task;
    uint64_t word = __atomic_load_n(&slot->word, __ATOMIC_RELAXED);

    /* The swap is made also when NOTIFIED is set: it releases what the waker wrote to the poll that
     * is to come, which clears NOTIFIED by an acquiring exchange. */
    do {
        if (word >> 32 != w->id >> 32 || !(word & NV_TASK_LIVE))
            return; /* ended */
    } while (!__atomic_compare_exchange_n(&slot->word, &word, word | NV_TASK_NOTIFIED, 1,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (word & (NV_TASK_NOTIFIED | NV_TASK_RUNNING))
        return; /* queued already, or the runner sees it */
    if (nv_worker_is_here(slot->worker)) {
        nv_stat_add(&slot->worker->stats.wakes_local, 1);
        slot->mark = nv_stat_queued(slot->worker, &slot->worker->stats);
        nv_jobs_push(&slot->worker->ready, &slot->job);
    } else if (nv_worker_post(slot->worker, &slot->job) != NAVE_OK) {
        /* Closed: the task will be dropped. Until then the worker itself may still wake it. */
        __atomic_fetch_and(&slot->word, ~(uint64_t)NV_TASK_NOTIFIED, __ATOMIC_RELEASE);
    }
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

/* --- slots ----------------------------------------------------------------------------------- */

static void slot_run(struct nave_job *j);

static int32_t more_slots(struct nv_worker *w)
{
    struct nv_task_chunk *chunk = nv_slab_alloc(&w->slab, sizeof(*chunk));
    uint32_t i;

    if (!chunk)
        return 0;
    memset(chunk, 0, sizeof(*chunk));
    for (i = 0; i < SLOTS_A_CHUNK; i++) {
        struct nv_task_slot *slot = &chunk->slots[i];

        slot->job.run = slot_run;
        slot->worker = w;
        slot->word = (uint64_t)1 << 32;
        slot->index = w->slot_count++;
        slot->next = w->free_slots;
        w->free_slots = slot;
    }
    chunk->next = w->task_chunks;
    w->task_chunks = chunk;
    return 1;
}

static void slot_free(struct nv_task_slot *slot)
{
    slot->next = slot->worker->free_slots;
    slot->worker->free_slots = slot;
}

static void slot_link(struct nv_task_slot **list, struct nv_task_slot *slot)
{
    slot->prev = NULL;
    slot->next = *list;
    if (*list)
        (*list)->prev = slot;
    *list = slot;
}

static void slot_unlink(struct nv_task_slot **list, struct nv_task_slot *slot)
{
    if (slot->prev)
        slot->prev->next = slot->next;
    else
        *list = slot->next;
    if (slot->next)
        slot->next->prev = slot->prev;
}

/* --- life of a task -------------------------------------------------------------------------- */

nave_err nv_task_new(struct nv_worker_handle *h, const struct nave_future_iface *api, size_t frame,
                     struct nave_future **out_future)
{
    struct nv_worker *w = h->worker;
    struct nv_task_slot *slot;
    struct nv_task *t;
    size_t size = sizeof(*t) + frame;

    if (size < frame)
        return NAVE_ENOMEM;
    if (w->tasks >= w->max_tasks)
        return NAVE_ELIMIT;
    if (!w->free_slots && !more_slots(w))
        return NAVE_ENOMEM;
    t = nv_slab_alloc(&w->slab, size);
    if (!t)
        return NAVE_ENOMEM;
    memset(t, 0, size);
    t->owner = h;
    t->size = size;
    t->future.api = api;
    slot = w->free_slots;
    w->free_slots = slot->next;
    slot->task = t;
    slot_link(&w->unspawned, slot);
    t->slot = slot;
    w->tasks++;
    nv_usage_add(&h->usage.tasks, 1);
    nv_usage_add(&h->usage.bytes, size);
    *out_future = &t->future;
    return NAVE_OK;
}

/* The end of a task's memory; the future has been dropped. */
static void task_free(struct nv_task *t)
{
    struct nv_worker *w = t->owner->worker;

    nv_usage_add(&t->owner->usage.tasks, (uint64_t)-1);
    nv_usage_add(&t->owner->usage.bytes, -(uint64_t)t->size);
    w->tasks--;
    nv_slab_free(&w->slab, t, t->size);
}

void nv_task_drop_unspawned(struct nave_future *f)
{
    struct nv_task *t = task_of(f);

    slot_unlink(&t->owner->worker->unspawned, t->slot);
    t->slot->task = NULL;
    slot_free(t->slot); /* nobody saw its generation */
    nave_future_set_worker(f, &t->owner->pub);
    f->api->drop(f);
    task_free(t);
}

nave_task_id nv_task_spawn(struct nave_future *f)
{
    struct nv_task *t = task_of(f);
    struct nv_worker *w = t->owner->worker;
    struct nv_task_slot *slot = t->slot;
    uint64_t generation = __atomic_load_n(&slot->word, __ATOMIC_RELAXED) >> 32;

    slot_unlink(&w->unspawned, slot);
    slot_link(&w->live_slots, slot);
    __atomic_store_n(&slot->word, generation << 32 | NV_TASK_LIVE | NV_TASK_NOTIFIED,
                     __ATOMIC_RELEASE);
    nv_stat_add(&w->stats.spawned, 1);
    slot->mark = nv_stat_queued(w, &w->stats);
    nv_jobs_push(&w->ready, &slot->job);
    return generation << 32 | slot->index;
}

/* Take the task off its slot; stale wakers see the next generation. `is_queued`: the job is still in
 * a queue, and frees the slot when it is run. */
static void task_end(struct nv_task_slot *slot, int32_t is_queued)
{
    struct nv_worker *w = slot->worker;
    struct nv_task *t = slot->task;
    uint64_t generation = (__atomic_load_n(&slot->word, __ATOMIC_RELAXED) >> 32) + 1;

    nv_stat_add(&w->stats.completed, 1);
    slot_unlink(&w->live_slots, slot);
    slot->task = NULL;
    generation &= UINT32_MAX;
    __atomic_store_n(&slot->word, generation << 32 | (is_queued ? NV_TASK_NOTIFIED : 0),
                     __ATOMIC_RELEASE);
    nave_future_set_worker(&t->future, &t->owner->pub);
    t->future.api->drop(&t->future);
    task_free(t);
    /* A slot whose generations are used up (0) is left out: ids are never given twice. */
    if (!is_queued && generation != 0)
        slot_free(slot);
}

static void slot_run(struct nave_job *j)
{
    struct nv_task_slot *slot = NAVE_CONTAINER_OF(j, struct nv_task_slot, job);
    uint64_t word = __atomic_load_n(&slot->word, __ATOMIC_ACQUIRE);
    struct nave_waker waker = {.api = slot->worker->waker_api,
                               .task = slot,
                               .id = (word & ~(uint64_t)UINT32_MAX) | slot->index};
    struct nave_cx cx = {.waker = &waker, .budget = TASK_BUDGET};
    struct nv_task *t = slot->task;
    nave_poll result;

    if (!(word & NV_TASK_LIVE)) { /* dropped while it was queued */
        __atomic_fetch_and(&slot->word, ~(uint64_t)NV_TASK_NOTIFIED, __ATOMIC_RELAXED);
        if (word >> 32 != 0)
            slot_free(slot);
        return;
    }
    cx.worker = &t->owner->pub;
    nv_stat_add(&slot->worker->stats.polls, 1);
    nv_stat_enter(&slot->worker->stats, t->owner, t->future.api->name);
    if (NAVE_UNLIKELY(slot->mark)) {
        nv_stat_dequeued(slot->worker, slot->mark);
        slot->mark = 0;
    }
    /* Clear NOTIFIED before the poll: a wake from now on is a reason to poll again. */
    __atomic_fetch_xor(&slot->word, (uint64_t)(NV_TASK_NOTIFIED | NV_TASK_RUNNING),
                       __ATOMIC_ACQ_REL);
    if (NAVE_UNLIKELY(nv_sample_due(&slot->worker->sample_left)))
        result = nv_sample_poll(t->owner, &t->future, &cx);
    else
        result = t->future.api->poll(&t->future, &cx);
    if (result == NAVE_READY) {
        task_end(slot, 0);
        return;
    }
    if (cx.flags & NAVE_CX_YIELD)
        __atomic_fetch_or(&slot->word, NV_TASK_NOTIFIED, __ATOMIC_RELAXED);
    word = __atomic_fetch_and(&slot->word, ~(uint64_t)NV_TASK_RUNNING, __ATOMIC_ACQ_REL);
    if (word & NV_TASK_NOTIFIED) {
        nv_stat_add(&slot->worker->stats.self_wakes, 1);
        slot->mark = nv_stat_queued(slot->worker, &slot->worker->stats);
        nv_jobs_push(&slot->worker->ready, &slot->job); /* at the back: others first */
    }
}

void nv_task_drop_all(struct nv_worker *w)
{
    while (w->live_slots) {
        struct nv_task_slot *slot = w->live_slots;
        /* Whoever sets NOTIFIED queues the job; set it here so that nobody else does. */
        uint64_t word = __atomic_fetch_or(&slot->word, NV_TASK_NOTIFIED, __ATOMIC_ACQ_REL);

        task_end(slot, (word & NV_TASK_NOTIFIED) != 0);
    }
}

void nv_task_fini(struct nv_worker *w)
{
    struct nv_task_chunk *chunk = w->task_chunks;

    while (w->unspawned)
        nv_task_drop_unspawned(&w->unspawned->task->future);
    while (chunk) {
        struct nv_task_chunk *next = chunk->next;

        nv_slab_free(&w->slab, chunk, sizeof(*chunk));
        chunk = next;
    }
    w->task_chunks = NULL;
    w->free_slots = NULL;
}

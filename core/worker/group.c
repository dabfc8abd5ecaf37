/* SPDX-License-Identifier: MIT
 *
 * See group.h.
 */
#include "group.h"

#include <stdlib.h>
#include <string.h>

#include "membarrier.h"
#include "ring.h"
#include "task.h"
#include "worker_state.h"

#define POP_MOST 128u

nave_err nv_group_create(uint32_t count, uint64_t max_tasks, uint64_t max_task_bytes,
                         struct nv_group **out_group)
{
    struct nv_group *g = aligned_alloc(64, (sizeof(*g) + 63) & ~(size_t)63);
    nave_err err = NAVE_ENOMEM;

    if (!g)
        return NAVE_ENOMEM;
    memset(g, 0, sizeof(*g));
    g->count = count;
    g->is_asymmetric = count > 1 && nv_membarrier_init();
    if (pthread_mutex_init(&g->lock, NULL) != 0)
        goto fail;
    if (pthread_mutex_init(&g->join_lock, NULL) != 0)
        goto fail_lock;
    err = nv_task_pool_init(&g->pool, max_tasks, max_task_bytes, count);
    if (err != NAVE_OK)
        goto fail_join_lock;
    *out_group = g;
    return NAVE_OK;

fail_join_lock:
    (void)pthread_mutex_destroy(&g->join_lock);
fail_lock:
    (void)pthread_mutex_destroy(&g->lock);
fail:
    free(g);
    return err;
}

void nv_group_destroy(struct nv_group *g)
{
    if (!g)
        return;
    nv_task_pool_fini(&g->pool);
    (void)pthread_mutex_destroy(&g->join_lock);
    (void)pthread_mutex_destroy(&g->lock);
    free(g);
}

void nv_group_barrier_heavy(const struct nv_group *g)
{
    if (g->is_asymmetric)
        nv_membarrier();
    else
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void nv_group_push(struct nv_group *g, struct nv_task *const *tasks, uint32_t n)
{
    uint32_t i;

    (void)pthread_mutex_lock(&g->lock);
    for (i = 0; i < n; i++)
        nv_jobs_push(&g->queue, &tasks[i]->job);
    __atomic_store_n(&g->queued, g->queued + n, __ATOMIC_RELEASE);
    (void)pthread_mutex_unlock(&g->lock);
}

struct nv_task *nv_group_pop(struct nv_group *g, struct nv_worker *w)
{
    struct nave_job *j;
    struct nv_task *first;
    uint64_t n;

    if (__atomic_load_n(&g->queued, __ATOMIC_RELAXED) == 0)
        return NULL;
    nv_stat_add(&w->stats.global_pops, 1);
    (void)pthread_mutex_lock(&g->lock);
    n = g->queued / g->count + 1;
    if (n > POP_MOST)
        n = POP_MOST;
    if (n > g->queued)
        n = g->queued;
    __atomic_store_n(&g->queued, g->queued - n, __ATOMIC_RELEASE);
    j = nv_jobs_pop(&g->queue);
    first = j ? NAVE_CONTAINER_OF(j, struct nv_task, job) : NULL;
    for (; n > 1; n--) {
        struct nv_task *t = NAVE_CONTAINER_OF(nv_jobs_pop(&g->queue), struct nv_task, job);

        if (!nv_ring_push(&w->ring, t)) {
            nv_jobs_push(&g->queue, &t->job);
            __atomic_store_n(&g->queued, g->queued + 1, __ATOMIC_RELEASE);
        }
    }
    (void)pthread_mutex_unlock(&g->lock);
    return first;
}

/* --- waking ---------------------------------------------------------------------------------- */

/* As take_idle, any of them as likely. */
static struct nv_worker *draw_idle(struct nv_group *g)
{
    uint32_t i, nth, count = 0;

    for (i = 0; i < NAVE_COUNT(g->idle); i++)
        count += (uint32_t)__builtin_popcountll(g->idle[i]);
    if (!count)
        return NULL;
    nth = g->choose(g->world, count);
    for (i = 0; i < g->count; i++) {
        uint64_t bit = (uint64_t)1 << i % 64;

        if (!(g->idle[i / 64] & bit) || nth-- > 0)
            continue;
        g->idle[i / 64] &= ~bit;
        break;
    }
    return g->workers[i];
}

/* An idle worker, no longer marked so; NULL: none is. */
static struct nv_worker *take_idle(struct nv_group *g)
{
    uint32_t i;

    if (NAVE_UNLIKELY(g->world != NULL))
        return draw_idle(g);

    for (i = 0; i < NAVE_COUNT(g->idle); i++) {
        uint64_t idle = __atomic_load_n(&g->idle[i], __ATOMIC_RELAXED);

        while (idle) {
            uint64_t bit = idle & (0 - idle);

            if (__atomic_fetch_and(&g->idle[i], ~bit, __ATOMIC_SEQ_CST) & bit)
                return g->workers[i * 64 + (uint32_t)__builtin_ctzll(bit)];
            idle &= ~bit;
        }
    }
    return NULL;
}

static int32_t has_idle(const struct nv_group *g)
{
    uint32_t i, words = (g->count + 63) / 64;

    for (i = 0; i < words; i++)
        if (__atomic_load_n(&g->idle[i], __ATOMIC_RELAXED))
            return 1;
    return 0;
}

static void elect(struct nv_group *g)
{
    uint32_t none;
    struct nv_worker *w;

    do {
        none = 0;
        if (!__atomic_compare_exchange_n(&g->searchers, &none, 1, 0, __ATOMIC_SEQ_CST,
                                         __ATOMIC_RELAXED))
            return;
        w = take_idle(g);
        /* Who parks from now on looks at the queues after it has marked itself; but who pushes after
         * that may have relied on this election: look again. */
        if (!w)
            __atomic_fetch_sub(&g->searchers, 1, __ATOMIC_SEQ_CST);
    } while (!w && has_idle(g));
    if (w && nv_here && nv_here->group == g)
        nv_stat_add(&nv_here->stats.elections, 1);
    if (w)
        nv_worker_wake(w);
}

/* The first stealable task of the group: from now on workers mark themselves before they wait. Those
 * that wait already did not. */
static void begin_stealing(struct nv_group *g)
{
    uint32_t i;

    if (__atomic_exchange_n(&g->is_stealing, 1, __ATOMIC_SEQ_CST))
        return;
    for (i = 0; i < g->count; i++) {
        struct nv_worker *w = __atomic_load_n(&g->workers[i], __ATOMIC_ACQUIRE);

        if (w && w != nv_here)
            nv_worker_wake(w);
    }
}

void nv_group_announce(struct nv_group *g)
{
    if (NAVE_UNLIKELY(!__atomic_load_n(&g->is_stealing, __ATOMIC_RELAXED)))
        begin_stealing(g);
    nv_group_barrier_light(g);
    if (has_idle(g) && __atomic_load_n(&g->searchers, __ATOMIC_RELAXED) == 0)
        elect(g);
}

void nv_group_rescue(struct nv_group *g, struct nv_worker *stuck)
{
    if (!__atomic_exchange_n(&stuck->is_stuck, 1, __ATOMIC_RELAXED))
        __atomic_fetch_add(&g->stuck, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (has_idle(g))
        elect(g);
}

static void cancel(struct nv_task *t, void *arg)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_RELAXED);

    (void)arg;
    if (word & NV_TASK_LIVE)
        (void)nv_task_abort(t, word);
}

int32_t nv_group_is_here(const struct nv_group *g)
{
    uint32_t i;

    if (nv_here)
        return nv_here->group == g;
    if (g->world) /* this thread takes steps for who waits */
        return 0;
    for (i = 0; i < g->count; i++) {
        const struct nv_worker *w = __atomic_load_n(&g->workers[i], __ATOMIC_ACQUIRE);
        enum nv_attached how = w ? nv_worker_attached(w) : NV_ATTACHED_NOT;

        if (how == NV_ATTACHED || how == NV_ATTACHED_RESTS)
            return 1;
    }
    return 0;
}

void nv_group_cancel(struct nv_group *g)
{
    nv_task_pool_each(&g->pool, cancel, NULL);
}

uint64_t nv_group_tasks(const struct nv_group *g)
{
    uint64_t ended = 0, spawned;
    uint32_t i;

    /* What has ended is counted first: the numbers only grow, so when they are equal, they were at the
     * time between. */
    for (i = 0; i < g->count; i++)
        if (g->workers[i])
            ended += __atomic_load_n(&g->workers[i]->stats.completed, __ATOMIC_ACQUIRE);
    spawned = __atomic_load_n(&g->spawned_outside, __ATOMIC_ACQUIRE);
    for (i = 0; i < g->count; i++)
        if (g->workers[i])
            spawned += __atomic_load_n(&g->workers[i]->stats.spawned, __ATOMIC_ACQUIRE);
    return spawned - ended;
}

/* SPDX-License-Identifier: MIT
 *
 * See task_pool.h. Links of free objects go through the task's queue node. In a build with the address
 * sanitizer what is behind the word of a free object is poisoned.
 */
#include "task_pool.h"

#include <stdlib.h>
#include <string.h>

#include "task.h"

#if defined(__SANITIZE_ADDRESS__)
#    define POISONS 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define POISONS 1
#    endif
#endif
#ifdef POISONS
#    include <sanitizer/asan_interface.h>
#else
#    define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#    define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define CHUNK      32768u
#define CHUNK_HEAD 64u
#define BATCH      64u /* objects that move between a cache and the depot at once */
#define CREDITS    64u

struct nv_task_chunk {
    struct nv_task_chunk *next;
    uint32_t size;   /* of an object */
    uint32_t count;  /* of objects that fit */
    uint32_t carved; /* atomic */
};

/* By 64 bytes up to 512, then these, then powers of 2. */
static const uint16_t middle[] = {640, 768, 1024, 1280, 1536, 2048, 3072, 4096};
#define SMALL_CLASSES  7u
#define MIDDLE_CLASSES 8u
#define LARGEST_SHIFT  (12u + NV_TASK_CLASSES - SMALL_CLASSES - MIDDLE_CLASSES)

uint32_t nv_task_class(size_t size)
{
    uint32_t c;

    if (size <= 512)
        return size <= NV_TASK_HEAD ? 0 : (uint32_t)((size - 1) >> 6) - 1;
    for (c = 0; c < MIDDLE_CLASSES; c++)
        if (size <= middle[c])
            return SMALL_CLASSES + c;
    for (c = 13; c <= LARGEST_SHIFT; c++)
        if (size <= (size_t)1 << c)
            return SMALL_CLASSES + MIDDLE_CLASSES + c - 13;
    return NV_TASK_CLASSES;
}

static size_t class_size(uint32_t c)
{
    if (c < SMALL_CLASSES)
        return ((size_t)c + 2) << 6;
    if (c < SMALL_CLASSES + MIDDLE_CLASSES)
        return middle[c - SMALL_CLASSES];
    return (size_t)1 << (13 + c - SMALL_CLASSES - MIDDLE_CLASSES);
}

static void hide(struct nv_task *t, size_t size)
{
    ASAN_POISON_MEMORY_REGION((char *)t + NV_TASK_HEAD, size - NV_TASK_HEAD);
}

nave_err nv_task_pool_init(struct nv_task_pool *p, uint64_t max_tasks, uint64_t bytes_max,
                           uint32_t workers)
{
    uint64_t share;

    memset(p, 0, sizeof(*p));
    if (pthread_mutex_init(&p->lock, NULL) != 0)
        return NAVE_ENOMEM;
    p->bytes_max = bytes_max;
    p->left = max_tasks ? max_tasks : UINT64_MAX;
    /* What lies unused in the caches of others may not keep a worker from the limit by much. */
    share = p->left / (16 * (uint64_t)(workers ? workers : 1));
    p->batch = workers < 2 || share >= CREDITS ? CREDITS : share < 1 ? 1 : (uint32_t)share;
    return NAVE_OK;
}

void nv_task_pool_fini(struct nv_task_pool *p)
{
    struct nv_task_chunk *c = p->chunks;

    while (c) {
        struct nv_task_chunk *next = c->next;

        ASAN_UNPOISON_MEMORY_REGION(c, CHUNK_HEAD + (size_t)c->size * c->count);
        free(c);
        c = next;
    }
    (void)pthread_mutex_destroy(&p->lock);
    memset(p, 0, sizeof(*p));
}

/* --- objects --------------------------------------------------------------------------------- */

/* Under lock. */
static nave_err more_chunk(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class)
{
    size_t size = class_size(class);
    uint32_t count = size < CHUNK / 4 ? (uint32_t)((CHUNK - CHUNK_HEAD) / size) : 1;
    size_t bytes = CHUNK_HEAD + size * count;
    struct nv_task_chunk *c;

    if (p->bytes_max && (bytes > p->bytes_max || p->bytes > p->bytes_max - bytes))
        return NAVE_ELIMIT;
    if (p->fail_at && --p->fail_at == 0)
        return NAVE_ENOMEM;
    c = aligned_alloc(64, bytes);
    if (!c)
        return NAVE_ENOMEM;
    c->size = (uint32_t)size;
    c->count = count;
    c->carved = 0;
    c->next = p->chunks;
    p->bytes += bytes;
    __atomic_store_n(&p->chunks, c, __ATOMIC_RELEASE);
    cache->chunk[class] = c;
    return NAVE_OK;
}

static struct nv_task *carve(struct nv_task_chunk *c)
{
    struct nv_task *t =
        (struct nv_task *)(void *)((char *)c + CHUNK_HEAD + (size_t)c->carved * c->size);

    memset(t, 0, NV_TASK_HEAD);
    t->word = (uint64_t)1 << 32;
    __atomic_store_n(&c->carved, c->carved + 1, __ATOMIC_RELEASE);
    return t;
}

/* A chain out of the depot, or a new chunk, into `cache`. Under lock. */
static nave_err refill(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class)
{
    struct nv_task *chain = p->depot[class];

    if (!chain)
        return more_chunk(p, cache, class);
    p->depot[class] = chain->pool_next;
    cache->free[class] = chain;
    cache->count[class] = BATCH;
    return NAVE_OK;
}

static nave_err more_credit(struct nv_task_pool *p, struct nv_task_cache *cache)
{
    uint64_t n = p->left < p->batch ? p->left : p->batch;

    if (n == 0)
        return NAVE_ELIMIT;
    p->left -= n;
    cache->credit += (uint32_t)n;
    return NAVE_OK;
}

static struct nv_task *node(struct nave_job *j)
{
    return j ? NAVE_CONTAINER_OF(j, struct nv_task, job) : NULL;
}

/* `is_locked`: the caller has the lock. */
static nave_err take(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class,
                     int32_t is_locked, struct nv_task **out_task)
{
    struct nv_task_chunk *c;
    struct nv_task *t;
    nave_err err = NAVE_OK;

    if (NAVE_UNLIKELY(cache->credit == 0 || (!cache->free[class] && (!(c = cache->chunk[class]) ||
                                                                     c->carved == c->count)))) {
        if (!is_locked)
            (void)pthread_mutex_lock(&p->lock);
        if (cache->credit == 0)
            err = more_credit(p, cache);
        c = cache->chunk[class];
        if (!err && !cache->free[class] && (!c || c->carved == c->count))
            err = refill(p, cache, class);
        if (!is_locked)
            (void)pthread_mutex_unlock(&p->lock);
        if (err)
            return err;
    }
    cache->credit--;
    t = cache->free[class];
    if (NAVE_LIKELY(t != NULL)) {
        cache->free[class] = node(t->job.next);
        cache->count[class]--;
    } else {
        t = carve(cache->chunk[class]);
    }
    ASAN_UNPOISON_MEMORY_REGION(t, class_size(class));
    *out_task = t;
    return NAVE_OK;
}

/* Move a chain of BATCH to the depot. Under lock. */
static void spill(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class)
{
    struct nv_task *first = cache->free[class], *last = first;
    uint32_t i;

    for (i = 1; i < BATCH; i++)
        last = node(last->job.next);
    cache->free[class] = node(last->job.next);
    cache->count[class] -= BATCH;
    last->job.next = NULL;
    first->pool_next = p->depot[class];
    p->depot[class] = first;
}

static void give(struct nv_task_pool *p, struct nv_task_cache *cache, struct nv_task *t,
                 uint32_t class, int32_t is_locked)
{
    hide(t, class_size(class));
    t->job.next = cache->free[class] ? &cache->free[class]->job : NULL;
    cache->free[class] = t;
    cache->count[class]++;
    cache->credit++;
    if (NAVE_LIKELY(cache->count[class] < 2 * BATCH && cache->credit < 2 * p->batch))
        return;
    if (!is_locked)
        (void)pthread_mutex_lock(&p->lock);
    if (cache->count[class] >= 2 * BATCH)
        spill(p, cache, class);
    if (cache->credit >= 2 * p->batch) {
        cache->credit -= p->batch;
        p->left += p->batch;
    }
    if (!is_locked)
        (void)pthread_mutex_unlock(&p->lock);
}

nave_err nv_task_pool_take(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class,
                           struct nv_task **out_task)
{
    nave_err err;

    if (NAVE_LIKELY(cache != NULL))
        return take(p, cache, class, 0, out_task);
    (void)pthread_mutex_lock(&p->lock);
    err = take(p, &p->outside, class, 1, out_task);
    (void)pthread_mutex_unlock(&p->lock);
    return err;
}

void nv_task_pool_give(struct nv_task_pool *p, struct nv_task_cache *cache, struct nv_task *t,
                       uint32_t class)
{
    if (NAVE_LIKELY(cache != NULL)) {
        give(p, cache, t, class, 0);
        return;
    }
    (void)pthread_mutex_lock(&p->lock);
    give(p, &p->outside, t, class, 1);
    (void)pthread_mutex_unlock(&p->lock);
}

void nv_task_pool_each(struct nv_task_pool *p, void (*fn)(struct nv_task *t, void *arg), void *arg)
{
    const struct nv_task_chunk *c = __atomic_load_n(&p->chunks, __ATOMIC_ACQUIRE);

    for (; c; c = c->next) {
        uint32_t i, n = __atomic_load_n(&c->carved, __ATOMIC_ACQUIRE);

        for (i = 0; i < n; i++)
            fn((struct nv_task *)(void *)((char *)(uintptr_t)c + CHUNK_HEAD + (size_t)i * c->size),
               arg);
    }
}

struct nv_task *nv_task_pool_next(struct nv_task_pool *p, struct nv_task_cursor *c)
{
    if (!c->has_begun) {
        c->has_begun = 1;
        c->chunk = __atomic_load_n(&p->chunks, __ATOMIC_ACQUIRE);
    }
    for (; c->chunk; c->chunk = c->chunk->next, c->index = 0)
        if (c->index < __atomic_load_n(&c->chunk->carved, __ATOMIC_ACQUIRE))
            return (struct nv_task *)(void *)((char *)(uintptr_t)c->chunk + CHUNK_HEAD +
                                              (size_t)c->index++ * c->chunk->size);
    return NULL;
}

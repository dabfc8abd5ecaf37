/* SPDX-License-Identifier: MIT
 *
 * Memory of tasks: one object each, the head and the frame behind it, for a group of workers. Once a
 * task, always a task: what was carved out of a chunk stays an object of its class until the group
 * ends, so a stale handle may always read the word of its task and find another generation in it.
 *
 * Each worker has a cache: free objects by class and a credit of tasks that it may still have; both are
 * refilled and emptied in batches from the pool under its lock, so that a task which was made here and
 * ends there costs 1/64 of a lock.
 */
#ifndef NV_TASK_POOL_H
#define NV_TASK_POOL_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include <nave/error.h>

#define NV_TASK_HEAD    128u /* bytes in front of the frame */
#define NV_TASK_CLASSES 34u  /* the last one: 2 GiB */

struct nv_task;
struct nv_task_chunk;

struct nv_task_cache {
    struct nv_task *free[NV_TASK_CLASSES];
    struct nv_task_chunk *chunk[NV_TASK_CLASSES]; /* that objects are carved from */
    uint32_t count[NV_TASK_CLASSES];              /* of free */
    uint32_t credit;                              /* tasks that may be taken without asking */
};

struct nv_task_pool {
    pthread_mutex_t lock;
    struct nv_task *depot[NV_TASK_CLASSES]; /* chains of NV_TASK_BATCH, linked by their heads */
    struct nv_task_chunk *chunks;           /* atomic; all of them, newest first */
    uint64_t bytes;                         /* of chunks */
    uint64_t bytes_max;                     /* 0: no limit */
    uint64_t left;                          /* tasks that are neither live nor credit */
    uint32_t batch;                         /* of credits */
    uint32_t fail_at;                       /* tests: counts down to the chunk that cannot be had */
    struct nv_task_cache outside;           /* under lock: of threads that are no workers */
};

/* Errors: NAVE_ENOMEM. `workers`: how many caches there will be; `max_tasks`, `bytes_max` 0: no limit. */
nave_err nv_task_pool_init(struct nv_task_pool *p, uint64_t max_tasks, uint64_t bytes_max,
                           uint32_t workers);
/* Free all chunks. State: no task lives. */
void nv_task_pool_fini(struct nv_task_pool *p);

/* The class of an object of `size` bytes, head included; NV_TASK_CLASSES: too large. */
uint32_t nv_task_class(size_t size);

/* An object of `class`; its word holds its generation, the rest is arbitrary. `cache` NULL: the caller
 * is no worker. Errors: NAVE_ENOMEM; NAVE_ELIMIT tasks or bytes. Thread: [worker], the cache's. */
nave_err nv_task_pool_take(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class,
                           struct nv_task **out_task);
/* Give it back; the word has its next generation. Thread: [worker], the cache's. */
void nv_task_pool_give(struct nv_task_pool *p, struct nv_task_cache *cache, struct nv_task *t,
                       uint32_t class);

/* Call `fn` for every object that was ever carved, live or not. Thread: [any]. */
void nv_task_pool_each(struct nv_task_pool *p, void (*fn)(struct nv_task *t, void *arg), void *arg);

/* A walk over the same objects that can stop and go on: all zero is the beginning. */
struct nv_task_cursor {
    const struct nv_task_chunk *chunk;
    uint32_t index;
    uint32_t has_begun;
};

/* The next one, NULL at the end. Chunks that come meanwhile may be left out. Thread: [any]. */
struct nv_task *nv_task_pool_next(struct nv_task_pool *p, struct nv_task_cursor *c);

#endif

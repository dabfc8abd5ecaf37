/* SPDX-License-Identifier: MIT
 *
 * A group of workers on threads of their own, for tests: what a runtime has, without one.
 */
#ifndef TESTS_CORE_WORKERS_H
#define TESTS_CORE_WORKERS_H

#include <pthread.h>
#include <string.h>

#include "worker/group.h"
#include "worker/task.h"
#include "worker/worker_state.h"

#define WORKERS_MAX 24u

struct workers {
    struct nv_group *group;
    struct nv_worker *each[WORKERS_MAX];
    struct nv_worker_handle handles[WORKERS_MAX];
    struct nv_worker_handle *siblings[WORKERS_MAX];
    pthread_t threads[WORKERS_MAX];
    uint32_t count;
    uint32_t is_ended; /* atomic */
};

struct workers_thread {
    struct workers *all;
    uint32_t index;
};

static struct workers_thread workers_threads[WORKERS_MAX];

static inline void *workers_main(void *arg)
{
    struct workers_thread *me = arg;
    struct nv_worker *w = me->all->each[me->index];

    nv_worker_attach(w);
    while (!__atomic_load_n(&me->all->is_ended, __ATOMIC_ACQUIRE))
        (void)nv_worker_turn(w, NAVE_NEVER);
    return NULL;
}

static inline void workers_make_with(struct workers *all, uint32_t count, uint64_t max_tasks,
                                     uint64_t max_bytes, uint32_t is_checked)
{
    uint32_t i;

    memset(all, 0, sizeof(*all));
    all->count = count;
    CU_ASSERT_EQUAL_FATAL(nv_group_create(count, max_tasks, max_bytes, &all->group), NAVE_OK);
    for (i = 0; i < count; i++) {
        struct nv_worker_options o = {.index = i, .group = all->group, .is_checked = is_checked};

        CU_ASSERT_EQUAL_FATAL(nv_worker_create(&o, &all->each[i]), NAVE_OK);
        nv_worker_handle_init(&all->handles[i], all->each[i], "acme");
        all->siblings[i] = &all->handles[i];
        all->handles[i].siblings = all->siblings;
    }
}

static inline void workers_make(struct workers *all, uint32_t count, uint64_t max_tasks,
                                uint64_t max_bytes)
{
    workers_make_with(all, count, max_tasks, max_bytes, 0);
}

/* Worker 0 too gets a thread of its own: the test only looks on. */
static inline void workers_start(struct workers *all)
{
    uint32_t i;

    for (i = 0; i < all->count; i++) {
        workers_threads[i].all = all;
        workers_threads[i].index = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&all->threads[i], NULL, workers_main,
                                             &workers_threads[i]),
                              0);
    }
}

static inline void workers_stop(struct workers *all)
{
    uint32_t i;

    __atomic_store_n(&all->is_ended, 1, __ATOMIC_RELEASE);
    for (i = 0; i < all->count; i++)
        nv_worker_wake(all->each[i]);
    for (i = 0; i < all->count; i++)
        (void)pthread_join(all->threads[i], NULL);
}

static inline void workers_free(struct workers *all)
{
    uint32_t i;

    for (i = 0; i < all->count; i++)
        nv_worker_destroy(all->each[i]);
    nv_group_destroy(all->group);
}

#endif

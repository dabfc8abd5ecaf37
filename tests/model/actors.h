/* SPDX-License-Identifier: MIT
 *
 * What the models of channels and their kin have in common: threads that begin an op as a task or with a
 * callback, wait for it, and may take it back at any look; memory that stays until the run is over, so that
 * a use of it after it was freed is seen. To be included behind the sources of the model, and behind the #undef
 * of the operations.
 */
#ifndef MODEL_ACTORS_H
#define MODEL_ACTORS_H

#include <stdlib.h>
#include <string.h>

#include "sync/channel.h"
#include "explore.h"

static uint32_t objects; /* not given back */

/* --- what channels need of the rest ---------------------------------------------------------- */

void nv_lock_wait(struct nv_lock *l)
{
    do
        model_wait_zero(&l->word);
    while (model_exchange(&l->word, 4, 1));
}

/* Memory is kept until the run is over, poisoned, so that a use of it is seen. */
#define FREED_MAX 32u
static void *freed[FREED_MAX];
static uint32_t freed_count;

void *nv_channel_alloc(struct nv_channels *c, size_t size)
{
    (void)c;
    objects++;
    return malloc(size);
}

void nv_channel_free(struct nv_channels *c, void *ptr, size_t size)
{
    (void)c;
    objects--;
    memset(ptr, 0xa5, size);
    if (freed_count == FREED_MAX)
        abort();
    freed[freed_count++] = ptr;
}

static void forget_freed(void)
{
    while (freed_count)
        free(freed[--freed_count]);
}

int32_t nv_channel_may_block(const struct nv_channels *c)
{
    (void)c;
    return 0; /* no thread blocks here */
}

nave_err nv_parker_init(struct nv_parker *p, struct nave_op *op)
{
    (void)p;
    (void)op;
    return NAVE_ENOSYS;
}

nave_err nv_block(struct nv_parker *p, struct nave_op *op, struct nv_lock *lock,
                  nave_nsec timeout_ns)
{
    (void)p;
    (void)op;
    (void)lock;
    (void)timeout_ns;
    return NAVE_ENOSYS;
}

void nv_parker_fini(struct nv_parker *p)
{
    (void)p;
}

/* --- a task, a worker for callbacks ---------------------------------------------------------- */

/* One a thread. */
static struct actor {
    struct nave_worker worker;
    struct nave_op op;
    uint32_t woken;         /* of a task; the bell of a worker  */
    struct nave_job *inbox; /* of a worker                      */
    uint32_t is_done;       /* the callback was called          */
} actors[MODEL_THREADS];

static void task_wake(const struct nave_waker *w)
{
    (void)model_exchange(&((struct actor *)w->task)->woken, 4, 1);
}

static void trap_wake(const struct nave_waker *w)
{
    (void)w;
    model_fail("an op was touched after its owner let go of it");
}

static const struct nave_waker_iface task_waker = {.wake = task_wake};
static const struct nave_waker_iface trap_waker = {.wake = trap_wake};

static nave_err worker_post(struct nave_worker *w, struct nave_job *j)
{
    struct actor *a = NAVE_CONTAINER_OF(w, struct actor, worker);

    model_fence(__ATOMIC_SEQ_CST); /* the push of the inbox */
    if (a->inbox)
        model_fail("an op was posted twice");
    a->inbox = j;
    a->woken = 1;
    return NAVE_OK;
}

static int32_t worker_recall(struct nave_worker *w, struct nave_job *j)
{
    struct actor *a = NAVE_CONTAINER_OF(w, struct actor, worker);

    model_point();
    if (a->inbox != j)
        return 0;
    a->inbox = NULL;
    return 1;
}

static const struct nave_worker_iface worker_table = {.post = worker_post, .recall = worker_recall};

static void actor_called(struct nave_op *op, void *arg)
{
    struct actor *a = arg;

    (void)op;
    a->is_done = 1;
}

/* Before each run. */
static void actors_begin(void)
{
    uint32_t i;

    forget_freed();
    objects = 0;
    memset(actors, 0, sizeof(actors));
    for (i = 0; i < MODEL_THREADS; i++)
        actors[i].worker.api = &worker_table;
}

/* The op of this thread, readied; `has_callback` or for a task. */
static struct actor *ready(int32_t has_callback)
{
    struct actor *a = &actors[model_self()];

    nave_op_init(&a->op, &a->worker, has_callback ? actor_called : NULL, a);
    if (!has_callback)
        a->op.waker = &task_waker;
    a->is_done = 0;
    return a;
}

static uint32_t is_by_chance;

/* Nobody may touch the op from here on. */
static void let_go(struct actor *a)
{
    a->op.waker = &trap_waker;
    if (is_by_chance) /* else there were too many ways */
        model_point();
}

/* Wait for what `a` has begun; `drops` times it is taken back at the first look that finds it waiting, which
 * is told by 0. */
static int32_t finish(struct actor *a, nave_err err, uint32_t *drops)
{
    nave_op_begun(&a->op, err);
    a->is_done |= err != NAVE_EAGAIN;
    /* Not by op.state: plain and atomic stores of one thread to one word are not in order in the model. */
    while (a->op.done ? !a->is_done : nave_op_poll(&a->op) == NAVE_PENDING) {
        if (*drops) {
            --*drops;
            nave_op_drop(&a->op);
            if (a->is_done)
                model_fail("called back after it was taken back");
            let_go(a);
            return 0;
        }
        model_wait(&a->woken);
        (void)model_exchange(&a->woken, 4, 0);
        if (a->inbox) {
            struct nave_job *j = a->inbox;

            a->inbox = NULL;
            j->run(j);
        }
    }
    let_go(a);
    return 1;
}

#endif

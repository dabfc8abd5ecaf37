/* SPDX-License-Identifier: MIT
 *
 * Scopes, core/worker/scope.c with task.c and task_join.c in their own source: children that end on
 * other workers while their parent waits for them, cancels them, drops the scope or is told of the first
 * error; children that spawn siblings meanwhile. Every future is dropped once, the parent goes on when
 * all children have ended and no earlier, and nobody touches the scope after that: its memory is the
 * parent's.
 */
#define MODEL_REDIRECT
#include "worker/stats.h" /* first, with usage.h: numbers of one writer are no steps of the model */

#include "tearing.h"

#include <pthread.h>
#include <sched.h>
#define pthread_equal(a, b) ((void)(a), (void)(b), 0)
#define sched_yield()       (model_fence(__ATOMIC_SEQ_CST), model_yield())

#include "worker/worker_state.h"

static struct nv_worker *of_thread[MODEL_THREADS];
#define nv_here of_thread[model_self()]

/* Under its lock a scope reads plainly what it stores atomically, which one thread's buffer does not know: these
 * stores are not delayed. That of the lock is. */
#undef __atomic_store_n
#define __atomic_store_n(p, v, order) model_store(p, sizeof(*(p)), MODEL_TO_(v), __ATOMIC_SEQ_CST)
#include "worker/scope.c"
#undef __atomic_store_n
#define __atomic_store_n(p, v, order) model_store(p, sizeof(*(p)), MODEL_TO_(v), order)
#include "worker/task.c"
#include "worker/task_join.c"

#undef pthread_equal
#undef sched_yield
#undef memcpy
#undef nv_lock_leave
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n
#undef __atomic_compare_exchange_n
#undef __atomic_fetch_and
#undef __atomic_fetch_or
#undef __atomic_fetch_xor
#undef __atomic_fetch_add
#undef __atomic_fetch_sub

#include "actors.h"

#include "test_main.h"

#define WORKERS 3u
#define TASKS   6u
#define FREED   0xEE

enum kind {
    ENDS = 0,
    FAILS,
    HANGS,  /* until it is canceled */
    SPAWNS, /* a sibling that ends  */
};

static struct nave_scope scope;
static struct nv_group *group;
static struct nv_worker *workers; /* of WORKERS */
static struct nv_worker_handle handles[WORKERS];
static struct nv_worker_handle *siblings[WORKERS];
static char *memory; /* of TASKS objects */
static struct nv_task *unused[TASKS];
static uint32_t unused_count;
static struct nv_task *queue[TASKS];
static uint32_t queued;
static uint32_t stirred[MODEL_THREADS]; /* there is something to do, or all is over */
static uint32_t live, spawned, refused, dropped;
static uint32_t is_over; /* the parent has ended */
/* the scenario */
static int32_t is_called;
static enum kind kinds[2];
static uint32_t has_two; /* children */

#define OBJECT (NV_TASK_HEAD + 64u)

/* --- what they need of the rest -------------------------------------------------------------- */

nave_poll nv_sample_poll(struct nv_worker_handle *h, struct nave_future *f, struct nave_cx *cx)
{
    (void)h;
    return f->api->poll(f, cx);
}

nave_nsec nv_stat_clock(const struct nv_worker *w)
{
    (void)w;
    return 0;
}

void nv_stat_dequeued(struct nv_worker *w, nave_nsec mark)
{
    (void)w;
    (void)mark;
}

const struct nave_scope_iface nv_scope_checked_table;

int32_t nv_group_is_here(const struct nv_group *g)
{
    (void)g;
    return 1;
}

static void stir_all(void)
{
    uint32_t i;

    for (i = 0; i < MODEL_THREADS; i++)
        stirred[i] = 1;
}

/* The one that was given back last comes first. */
nave_err nv_task_pool_take(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class,
                           struct nv_task **out_task)
{
    (void)p;
    (void)cache;
    (void)class;
    if (!unused_count)
        return NAVE_ELIMIT;
    live++;
    *out_task = unused[--unused_count];
    return NAVE_OK;
}

/* All but its word is another's from here on. */
void nv_task_pool_give(struct nv_task_pool *p, struct nv_task_cache *cache, struct nv_task *t,
                       uint32_t class)
{
    (void)p;
    (void)cache;
    (void)class;
    model_fence(__ATOMIC_SEQ_CST); /* the giver's own stores come before */
    if (live-- == 0)
        model_fail("freed twice");
    memset(&t->job, FREED, OBJECT - offsetof(struct nv_task, job));
    unused[unused_count++] = t;
    if (!live)
        stir_all();
}

void nv_task_pool_each(struct nv_task_pool *p, void (*fn)(struct nv_task *t, void *arg), void *arg)
{
    (void)p;
    (void)fn;
    (void)arg;
}

uint32_t nv_task_class(size_t size)
{
    (void)size;
    return 0;
}

void nv_worker_run_micro(struct nv_worker *w)
{
    (void)w;
}

nave_err nv_worker_post(struct nv_worker *w, struct nave_job *j)
{
    (void)w;
    (void)j;
    return NAVE_ECLOSED;
}

/* One queue of all; a lock passes a barrier. */
void nv_task_schedule(struct nv_task *t)
{
    model_fence(__ATOMIC_SEQ_CST);
    if (queued == TASKS)
        model_fail("a task is queued twice");
    queue[queued++] = t;
    stir_all();
}

void nv_sched_push(struct nv_worker *w, struct nv_task *t)
{
    (void)w;
    nv_task_schedule(t);
}

void nv_sched_requeue(struct nv_worker *w, struct nv_task *t)
{
    (void)w;
    nv_task_schedule(t);
}

void nv_sched_forget(struct nv_worker *w)
{
    (void)w;
}

void nv_sched_stop_searching(struct nv_worker *w)
{
    (void)w;
}

/* --- children -------------------------------------------------------------------------------- */

static void spawn(uint32_t worker, enum kind kind);

static enum kind *kind_of(struct nave_future *f)
{
    return nave_future_frame(f);
}

static nave_poll poll(struct nave_future *f, struct nave_cx *cx)
{
    if (*kind_of(f) == HANGS && !cx->is_canceled)
        return NAVE_PENDING;
    if (*kind_of(f) == SPAWNS)
        spawn(model_self(), ENDS);
    return NAVE_READY;
}

static void drop(struct nave_future *f)
{
    (void)f;
    dropped++;
}

static nave_err result(struct nave_future *f)
{
    return *kind_of(f) == FAILS ? NAVE_EIO : *kind_of(f) == HANGS ? NAVE_ECANCELED : NAVE_OK;
}

static const struct nave_future_iface future = {.name = "child",
                                                .poll = poll,
                                                .drop = drop,
                                                .result = result};

static void spawn(uint32_t worker, enum kind kind)
{
    struct nave_future *f;
    nave_err err;

    if (nv_task_new(&handles[worker], &future, sizeof(enum kind), &f) != NAVE_OK)
        abort();
    *kind_of(f) = kind;
    err = scope_spawn(&scope, &handles[worker].pub, f, 0, NULL);
    if (err == NAVE_OK)
        spawned++;
    else if (err == NAVE_ECANCELED || err == NAVE_EIO) /* why it was canceled */
        refused++;
    else
        model_fail("another error");
}

/* --- the threads ----------------------------------------------------------------------------- */

static void make(void)
{
    uint32_t i;

    actors_begin();
    memset(group, 0, sizeof(*group));
    memset(workers, 0, WORKERS * sizeof(*workers));
    memset(memory, 0, (size_t)TASKS * OBJECT);
    memset(stirred, 0, sizeof(stirred));
    for (i = 0; i < WORKERS; i++) {
        workers[i].group = group;
        workers[i].index = i;
        workers[i].sample_left = UINT32_MAX;
        workers[i].stats.queue_left = UINT32_MAX;
        group->workers[i] = &workers[i];
        memset(&handles[i], 0, sizeof(handles[i]));
        handles[i].worker = &workers[i];
        handles[i].siblings = siblings;
        siblings[i] = &handles[i];
        of_thread[i] = &workers[i];
    }
    group->count = WORKERS;
    for (i = 0; i < TASKS; i++) {
        unused[i] = (struct nv_task *)(void *)(memory + (size_t)i * OBJECT);
        unused[i]->word = (uint64_t)1 << 32;
    }
    unused_count = TASKS;
    queued = live = spawned = refused = dropped = is_over = 0;
    nv_scope_init(&scope, &workers[0], 0);
}

/* A worker of the children. */
static void run(void)
{
    uint32_t me = model_self();

    while (!is_over || live) {
        if (queued) {
            nv_task_run(&workers[me], queue[--queued]);
            continue;
        }
        model_wait(&stirred[me]);
        stirred[me] = 0;
    }
}

/* The scope ends with the parent's frame. */
static void leave(void)
{
    model_fence(__ATOMIC_SEQ_CST); /* its own stores come before */
    memset(&scope, FREED, sizeof(scope));
    is_over = 1;
    stir_all();
}

static void await_children(void)
{
    uint32_t none = 0;
    struct actor *a = ready(is_called);

    (void)finish(a, scope_wait(&scope, &a->op), &none);
    if (dropped != spawned + refused)
        model_fail("it went on before a child had ended");
}

static void spawn_both(void)
{
    spawn(0, kinds[0]);
    if (has_two)
        spawn(0, kinds[1]);
}

static void wait_for_all(void)
{
    spawn_both();
    await_children();
    if (scope.result != (kinds[0] == FAILS || (has_two && kinds[1] == FAILS) ? NAVE_EIO : NAVE_OK))
        model_fail("another result");
    leave();
}

static void cancel_and_wait(void)
{
    spawn_both();
    scope_cancel(&scope);
    await_children();
    if (scope.result != NAVE_ECANCELED && scope.result != NAVE_EIO && scope.result != NAVE_OK)
        model_fail("another result");
    leave();
}

static void drop_it(void)
{
    spawn_both();
    scope_drop(&scope);
    leave();
}

/* Begins to wait and takes it back. */
static void wait_and_drop(void)
{
    uint32_t once = 1;
    struct actor *a;

    spawn_both();
    a = ready(is_called);
    (void)finish(a, scope_wait(&scope, &a->op), &once);
    scope_drop(&scope);
    leave();
}

static void end(void)
{
    const uint8_t *byte = (const uint8_t *)&scope;
    size_t i;

    for (i = 0; i < sizeof(scope); i++)
        if (byte[i] != FREED)
            model_fail("the scope was touched after its end");
    if (live || queued)
        model_fail("a task is left");
    if (dropped != spawned + refused)
        model_fail("a future was not dropped once");
}

#define BY_CHANCE 3000u

static struct model_result explore(const char *name, void (*parent)(void), uint32_t runners,
                                   uint32_t switches)
{
    struct model_test t = {.name = name,
                           .begin = make,
                           .thread = {parent, run, runners > 1 ? run : NULL},
                           .end = end,
                           .switches_max = switches ? switches : 9,
                           .runs_max = switches ? 200000 : BY_CHANCE,
                           .seed = switches ? 0 : 31337};

    is_by_chance = !switches;
    return model_explore(&t);
}

/* As a task and with a callback; one child in all interleavings, two by chance, on a worker and on two. */
static void holds(const char *name, void (*parent)(void), enum kind a, enum kind b)
{
    struct model_result r;

    kinds[0] = a;
    kinds[1] = b;
    for (is_called = 0; is_called < 2; is_called++)
        for (model_tears = 0; model_tears < 2; model_tears++) {
            has_two = 0;
            r = explore(name, parent, 1, 1);
            CU_ASSERT_PTR_NULL(r.failure);
            CU_ASSERT(r.is_whole || (a == SPAWNS && model_tears)); /* these are too many */
            has_two = 1;
            CU_ASSERT_PTR_NULL(explore(name, parent, 1, 0).failure);
            CU_ASSERT_PTR_NULL(explore(name, parent, 2, 0).failure);
        }
    model_tears = 0;
}

static void the_parent_goes_on_when_all_children_have_ended(void)
{
    holds("waits", wait_for_all, ENDS, ENDS);
    holds("waits, a child spawns", wait_for_all, SPAWNS, ENDS);
}

static void the_first_error_cancels_the_others(void)
{
    holds("fails", wait_for_all, FAILS, HANGS);
    holds("both fail", wait_for_all, FAILS, FAILS);
    holds("fails, a child spawns", wait_for_all, FAILS, SPAWNS);
}

static void a_cancel_reaches_all_and_refuses_who_comes_later(void)
{
    holds("canceled", cancel_and_wait, HANGS, ENDS);
    holds("canceled, a child spawns", cancel_and_wait, SPAWNS, HANGS);
    holds("canceled, one fails", cancel_and_wait, FAILS, HANGS);
}

static void a_scope_may_be_dropped_while_children_end(void)
{
    holds("dropped", drop_it, ENDS, ENDS);
    holds("dropped, one hangs", drop_it, HANGS, ENDS);
    holds("dropped, one fails", drop_it, FAILS, HANGS);
    holds("waited for, dropped", wait_and_drop, ENDS, HANGS);
}

static void a_lock_that_two_can_take_is_seen_to_fail(void)
{
#ifndef NV_SANITIZED
    kinds[0] = kinds[1] = ENDS;
    is_called = 0;
    model_breaks = MODEL_TAKING_IS_TWO_STEPS;
    CU_ASSERT_PTR_NOT_NULL(explore("two", wait_for_all, 2, 0).failure);
    model_breaks = 0;
#endif
}

static int make_memory(void)
{
    group = aligned_alloc(64, (sizeof(*group) + 63) & ~(size_t)63);
    workers = aligned_alloc(64, WORKERS * sizeof(*workers));
    memory = aligned_alloc(64, (size_t)TASKS * OBJECT);
    return !group || !workers || !memory;
}

static int free_memory(void)
{
    free(group);
    free(workers);
    free(memory);
    return 0;
}

static CU_TestInfo tests[] = {
    {"the_parent_goes_on_when_all_children_have_ended",
     the_parent_goes_on_when_all_children_have_ended},
    {"the_first_error_cancels_the_others", the_first_error_cancels_the_others},
    {"a_cancel_reaches_all_and_refuses_who_comes_later",
     a_cancel_reaches_all_and_refuses_who_comes_later},
    {"a_scope_may_be_dropped_while_children_end", a_scope_may_be_dropped_while_children_end},
    {"a_lock_that_two_can_take_is_seen_to_fail", a_lock_that_two_can_take_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of scopes", make_memory, free_memory, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

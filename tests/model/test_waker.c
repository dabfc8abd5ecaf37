/* SPDX-License-Identifier: MIT
 *
 * Wakers, tasks and join handles, core/worker/task.c and task_join.c in their own source: wakes from two
 * foreign threads at any time, also after the task has ended and while the worker drops everything; a
 * handle that is given up, asked and waited on by another thread. No wake is lost, no task is polled by
 * two or after its end, each is dropped once, and its object comes back once.
 */
#define MODEL_REDIRECT
#include "worker/stats.h" /* first, with usage.h: numbers of one writer are no steps of the model */

#include "explore.h"

#include <pthread.h>
#define pthread_equal(a, b) ((void)(a), (void)(b), model_self() == 0)

#include "worker/worker_state.h"

#define sched_yield() model_yield() /* by who closes */

static struct nv_worker *worker;
#define nv_here (model_self() == 0 ? worker : NULL)

#include "worker/task.c"
#include "worker/task_join.c"

#undef pthread_equal
#undef sched_yield
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n
#undef __atomic_compare_exchange_n
#undef __atomic_fetch_and
#undef __atomic_fetch_or
#undef __atomic_fetch_xor
#undef __atomic_fetch_add
#undef __atomic_fetch_sub

#include <stdlib.h>

#include "test_main.h"

static struct nv_worker_handle handle;
static struct nave_waker waker;
static uint32_t published; /* waker is there */
static uint32_t flags[2];  /* what the task waits for */
static uint32_t bell;
static uint32_t polls;
static uint32_t polling;
static uint32_t drops;
static uint32_t objects; /* of the pool */
static struct nv_task *object;
static struct nv_group *group;
static struct nave_join joined;
static uint32_t is_joined; /* the spawner keeps a handle */
static uint32_t told;      /* what the joiner was told  */
static uint32_t wakers;    /* of this test */
static uint32_t is_empty;  /* it begins without a task */

/* --- what the task needs of the rest --------------------------------------------------------- */

/* Without a clock. */
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

/* Its task has none. */
void nv_scope_child_ended(struct nv_task *t, nave_err result)
{
    (void)t;
    (void)result;
    model_fail("a scope of nobody");
}

/* Nobody blocks here. */
int32_t nv_group_is_here(const struct nv_group *g)
{
    (void)g;
    return 0;
}

/* One object, ever. */
nave_err nv_task_pool_take(struct nv_task_pool *p, struct nv_task_cache *cache, uint32_t class,
                           struct nv_task **out_task)
{
    (void)p;
    (void)cache;
    (void)class;
    objects++;
    *out_task = object;
    return NAVE_OK;
}

void nv_task_pool_give(struct nv_task_pool *p, struct nv_task_cache *cache, struct nv_task *t,
                       uint32_t class)
{
    (void)p;
    (void)cache;
    (void)t;
    (void)class;
    if (objects-- == 0)
        model_fail("freed twice");
}

void nv_task_pool_each(struct nv_task_pool *p, void (*fn)(struct nv_task *t, void *arg), void *arg)
{
    (void)p;
    fn(object, arg);
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
    int32_t must_wake = 0;
    nave_err err = nv_inbox_push(&w->inbox, j, &must_wake);

    if (err == NAVE_OK && must_wake) {
        model_point();
        bell = 1;
    }
    return err;
}

/* One worker, and its queue. */
void nv_sched_push(struct nv_worker *w, struct nv_task *t)
{
    nv_jobs_push(&w->pinned, &t->job);
}

void nv_sched_requeue(struct nv_worker *w, struct nv_task *t)
{
    nv_jobs_push(&w->pinned, &t->job);
}

void nv_sched_forget(struct nv_worker *w)
{
    w->pinned.head = NULL;
}

static void arrive(struct nave_job *j)
{
    nv_jobs_push(&worker->pinned, j);
}

void nv_task_schedule(struct nv_task *t)
{
    if (model_self() == 0) {
        nv_sched_push(worker, t);
        return;
    }
    t->job.run = arrive;
    if (nv_worker_post(worker, &t->job) != NAVE_OK)
        model_fetch(&t->word, sizeof(t->word), '&', ~(uint64_t)NV_TASK_SCHEDULED);
}

/* --- the task -------------------------------------------------------------------------------- */

static nave_poll poll(struct nave_future *f, struct nave_cx *cx)
{
    uint64_t seen = 0;
    uint32_t i;

    (void)f;
    if (polling++ || drops)
        model_fail("polled by two, or after its end");
    polls++;
    if (!published) {
        waker = *cx->waker;
        published = 1;
    }
    for (i = 0; i < wakers; i++)
        seen += model_load(&flags[i], sizeof(flags[i]));
    polling--;
    return seen == wakers ? NAVE_READY : NAVE_PENDING;
}

static void drop(struct nave_future *f)
{
    (void)f;
    if (drops++)
        model_fail("dropped twice");
}

static nave_err result(struct nave_future *f)
{
    (void)f;
    return NAVE_EOF; /* to be told from NAVE_OK */
}

static const struct nave_future_iface future = {.name = "model",
                                                .poll = poll,
                                                .drop = drop,
                                                .result = result};

/* --- the threads ----------------------------------------------------------------------------- */

static void begin(void)
{
    struct nave_future *f;

    free(worker);
    worker = aligned_alloc(64, (sizeof(*worker) + 63) & ~(size_t)63);
    if (!worker)
        abort();
    memset(worker, 0, sizeof(*worker));
    memset(&handle, 0, sizeof(handle));
    memset(flags, 0, sizeof(flags));
    memset(group, 0, sizeof(*group));
    memset(object, 0, sizeof(*object));
    object->word = (uint64_t)1 << 32;
    worker->is_attached = 1;
    worker->waker_api = &nv_waker_table;
    worker->join_api = &nv_join_table;
    worker->group = group;
    group->count = 1;
    group->workers[0] = worker;
    handle.worker = worker;
    published = bell = polls = polling = drops = objects = told = 0;
    if (is_empty)
        return;
    if (nv_task_new(&handle, &future, 0, &f) != NAVE_OK)
        abort();
    (void)nv_task_spawn(&handle, f, 1, is_joined ? &joined : NULL);
}

static void run_jobs(struct nv_jobs *q)
{
    struct nave_job *j;

    while ((j = nv_jobs_pop(q)))
        j->run(j);
}

static void run_tasks(void)
{
    struct nave_job *j;

    while ((j = nv_jobs_pop(&worker->pinned)))
        nv_task_run(worker, NAVE_CONTAINER_OF(j, struct nv_task, job));
}

static void turn(void)
{
    int32_t is_waiting = !worker->pinned.head && nv_inbox_may_wait(&worker->inbox);

    if (is_waiting) {
        model_wait(&bell);
        nv_inbox_wake_up(&worker->inbox);
    }
    model_point();
    bell = 0;
    nv_inbox_answer(&worker->inbox);
    nv_inbox_take(&worker->inbox, NULL, &worker->posted);
    run_jobs(&worker->posted);
    run_tasks();
}

static void run_until_dropped(void)
{
    while (!drops)
        turn();
}

/* The task is polled once, then everything goes: as at the end of a drain. */
static void run_then_drop_all(void)
{
    turn();
    nv_inbox_take(&worker->inbox, nv_inbox_closed(), &worker->posted);
    run_jobs(&worker->posted);
    if (!drops)
        nv_task_drop_all(worker);
}

static void wake(uint32_t i)
{
    model_wait(&published);
    model_store(&flags[i], sizeof(flags[i]), 1, __ATOMIC_RELEASE);
    waker.api->wake(&waker);
    waker.api->wake(&waker); /* once more for nothing; the task may have ended */
}

static void wake_first(void)
{
    wake(0);
}

static void wake_second(void)
{
    wake(1);
}

static void end(void)
{
    if (drops != 1)
        model_fail("not dropped");
    if (worker->stats.spawned != worker->stats.completed)
        model_fail("something of the task is left");
    if (objects)
        model_fail("memory is left");
}

static void end_joined(void)
{
    if (told != 1)
        model_fail("the joiner was told something else");
    end();
}

/* Another thread has the handle and gives it up at any time. */
static void give_up(void)
{
    nave_err err;

    if (nave_join_result(&joined, &err) == NAVE_OK && err != NAVE_EOF)
        model_fail("another result");
    nave_join_drop(&joined);
    told = 1;
}

static struct nave_op join_op;
static uint32_t joiner_bell;

static void joiner_wake(const struct nave_waker *w)
{
    (void)w;
    model_store(&joiner_bell, sizeof(joiner_bell), 1, __ATOMIC_RELEASE);
}

static const struct nave_waker_iface joiner = {.wake = joiner_wake};

/* Another thread waits as a task does, and takes the result. */
static void await(void)
{
    struct nave_waker mine = {&joiner, &joiner_bell, 0, 0};
    struct nave_cx cx = {.waker = &mine};

    joiner_bell = 0;
    (void)nave_join_await(&cx, &join_op, &joined);
    while (nave_op_poll(&join_op) == NAVE_PENDING) {
        model_wait(&joiner_bell);
        joiner_bell = 0;
    }
    told = join_op.result == NAVE_EOF;
    nave_op_drop(&join_op);
    nave_join_drop(&joined);
}

/* It waits and changes its mind. */
static void await_not(void)
{
    struct nave_waker mine = {&joiner, &joiner_bell, 0, 0};
    struct nave_cx cx = {.waker = &mine};

    (void)nave_join_await(&cx, &join_op, &joined);
    nave_op_drop(&join_op);
    await();
}

/* The object of a handle that another thread gave up goes home. */
static void run_until_freed(void)
{
    while (!drops || objects)
        turn();
}

/* --- spawned from outside while everything ends ------------------------------------------------ */

static struct nv_worker_handle *handles[1];
static nave_err spawned_err, joined_result;

static void init(void *frame, void *arg)
{
    (void)frame;
    (void)arg;
    model_point();
}

static void spawn_from_outside(void)
{
    spawned_err = nv_task_spawn_outside(handles, &future, 0, init, NULL, &joined);
    if (spawned_err == NAVE_OK) {
        await();
        joined_result = join_op.result;
    }
}

/* As nv_threads does it, with one turn before. */
static void close_and_drop_all(void)
{
    nv_inbox_answer(&worker->inbox);
    nv_inbox_take(&worker->inbox, NULL, &worker->posted);
    run_jobs(&worker->posted);
    run_tasks();
    nv_task_close_outside(group);
    nv_inbox_take(&worker->inbox, nv_inbox_closed(), &worker->posted);
    run_jobs(&worker->posted);
    nv_task_drop_all(worker);
}

static void end_outside(void)
{
    if (spawned_err != NAVE_OK && spawned_err != NAVE_ECLOSED)
        model_fail("another error");
    if ((spawned_err == NAVE_OK) != (drops == 1) || drops > 1)
        model_fail("refused and dropped, or neither");
    if (spawned_err == NAVE_OK && joined_result != (polls ? NAVE_EOF : NAVE_ECANCELED))
        model_fail("the joiner was told something else");
    if (objects)
        model_fail("memory is left");
}

static struct model_result explore_with(const char *name, void (*first)(void), uint32_t n,
                                        void (*third)(void), void (*at_end)(void),
                                        uint32_t switches, uint32_t breaks)
{
    struct model_test t = {.name = name,
                           .begin = begin,
                           .thread = {first, n > 0 ? wake_first : third, n > 0 ? third : NULL},
                           .end = at_end,
                           .switches_max = switches,
                           .runs_max = breaks ? 200000 : 1000000,
                           .seed = breaks};
    struct model_result r;

    wakers = n;
    model_breaks = breaks;
    r = model_explore(&t);
    free(worker);
    worker = NULL;
    return r;
}

static struct model_result explore(const char *name, void (*first)(void), uint32_t n,
                                   void (*at_end)(void), uint32_t breaks)
{
    is_joined = 0;
    return explore_with(name, first, n, n > 1 ? wake_second : NULL, at_end,
                        breaks  ? 8
                        : n > 1 ? 2
                                : 5,
                        breaks);
}

static struct model_result explore_join(const char *name, void (*third)(void), uint32_t switches)
{
    is_joined = 1;
    return explore_with(name, run_until_freed, 0, third, end_joined, switches, 0);
}

static struct model_result explore_outside(uint32_t breaks)
{
    struct model_test t = {.name = "spawned from outside",
                           .begin = begin,
                           .thread = {close_and_drop_all, spawn_from_outside},
                           .end = end_outside,
                           .switches_max = 3,
                           .runs_max = 1000000};
    struct model_result r;

    wakers = 0;
    is_empty = 1;
    handles[0] = &handle;
    model_breaks = breaks;
    r = model_explore(&t);
    model_breaks = 0;
    is_empty = 0;
    free(worker);
    worker = NULL;
    return r;
}

static void check(struct model_result r)
{
    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT_EQUAL(r.is_whole, 1);
}

static void a_task_is_polled_after_each_wake_and_ends_once(void)
{
    check(explore("one waker", run_until_dropped, 1, end, 0));
    check(explore("two wakers", run_until_dropped, 2, end, 0));
}

static void wakers_may_come_while_everything_is_dropped(void)
{
    check(explore("one waker", run_then_drop_all, 1, end, 0));
    check(explore("two wakers", run_then_drop_all, 2, end, 0));
}

static void a_handle_may_be_given_up_at_any_time(void)
{
    check(explore_join("given up", give_up, 5));
}

static void a_joiner_is_told_the_result_once_the_task_has_ended(void)
{
    check(explore_join("awaited", await, 4));
    check(explore_join("awaited twice", await_not, 2));
}

static void what_is_spawned_at_the_end_is_refused_or_dropped(void)
{
    check(explore_outside(0));
}

static void a_wake_in_two_steps_is_seen_to_fail(void)
{
    CU_ASSERT_PTR_NOT_NULL(
        explore("two wakers", run_until_dropped, 2, end, MODEL_CAS_IS_TWO_STEPS).failure);
}

static int make_memory(void)
{
    group = aligned_alloc(64, (sizeof(*group) + 63) & ~(size_t)63);
    object = aligned_alloc(64, NV_TASK_HEAD);
    return !group || !object;
}

static int free_memory(void)
{
    free(group);
    free(object);
    return 0;
}

static CU_TestInfo tests[] = {
    {"a_task_is_polled_after_each_wake_and_ends_once",
     a_task_is_polled_after_each_wake_and_ends_once},
    {"wakers_may_come_while_everything_is_dropped", wakers_may_come_while_everything_is_dropped},
    {"a_handle_may_be_given_up_at_any_time", a_handle_may_be_given_up_at_any_time},
    {"a_joiner_is_told_the_result_once_the_task_has_ended",
     a_joiner_is_told_the_result_once_the_task_has_ended},
    {"what_is_spawned_at_the_end_is_refused_or_dropped",
     what_is_spawned_at_the_end_is_refused_or_dropped},
    {"a_wake_in_two_steps_is_seen_to_fail", a_wake_in_two_steps_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of tasks", make_memory, free_memory, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Wakers and tasks, core/task.c in its own source: wakes from two foreign threads at any time, also
 * after the task has ended and while the worker drops everything. No wake is lost, no task is polled by
 * two or after its end, each is dropped once, and no slot is free while its job is queued.
 */
#define MODEL_REDIRECT
#include "stats.h" /* first, with usage.h: numbers of one writer are no steps of the model */

#include "explore.h"

#include <pthread.h>
#define pthread_equal(a, b) ((void)(a), (void)(b), model_self() == 0)

#include "task.c"

#undef pthread_equal
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n
#undef __atomic_compare_exchange_n
#undef __atomic_fetch_and
#undef __atomic_fetch_or
#undef __atomic_fetch_xor

#include <stdlib.h>

#include "test_main.h"

static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_waker waker;
static uint32_t published; /* waker is there */
static uint32_t flags[2];  /* what the task waits for */
static uint32_t bell;
static uint32_t polls;
static uint32_t polling;
static uint32_t drops;
static uint32_t objects; /* of the slab */
static uint32_t wakers;  /* of this test */

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

void *nv_slab_alloc(struct nv_slab *s, size_t size)
{
    (void)s;
    objects++;
    return calloc(1, size);
}

void nv_slab_free(struct nv_slab *s, void *ptr, size_t size)
{
    (void)s;
    (void)size;
    objects -= ptr != NULL;
    free(ptr);
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

static const struct nave_future_iface future = {.name = "model", .poll = poll, .drop = drop};

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
    worker->is_attached = 1;
    worker->max_tasks = 8;
    worker->waker_api = &nv_waker_table;
    handle.worker = worker;
    published = bell = polls = polling = drops = objects = 0;
    if (nv_task_new(&handle, &future, 0, &f) != NAVE_OK)
        abort();
    (void)nv_task_spawn(f);
}

static void run_jobs(struct nv_jobs *q)
{
    struct nv_jobs batch = *q;
    struct nave_job *j;

    q->head = q->tail = NULL;
    while ((j = nv_jobs_pop(&batch)))
        j->run(j);
}

static void turn(void)
{
    int32_t is_waiting = !worker->ready.head && nv_inbox_may_wait(&worker->inbox);

    if (is_waiting) {
        model_wait(&bell);
        nv_inbox_wake_up(&worker->inbox);
    }
    model_point();
    bell = 0;
    nv_inbox_answer(&worker->inbox);
    nv_inbox_take(&worker->inbox, NULL, &worker->posted);
    run_jobs(&worker->posted);
    run_jobs(&worker->ready);
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
    if (!drops)
        nv_task_drop_all(worker);
    run_jobs(&worker->posted); /* what was queued before finds no task, and gives its slot back */
    run_jobs(&worker->ready);
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

static uint32_t free_slots(void)
{
    const struct nv_task_slot *slot;
    uint32_t n = 0;

    for (slot = worker->free_slots; slot && n <= SLOTS_A_CHUNK; slot = slot->next)
        n++;
    return n;
}

static void end(void)
{
    if (drops != 1)
        model_fail("not dropped");
    if (worker->tasks || worker->live_slots || worker->ready.head)
        model_fail("something of the task is left");
    if (free_slots() > SLOTS_A_CHUNK)
        model_fail("a slot is free twice");
    nv_task_fini(worker);
    if (objects)
        model_fail("memory is left");
}

static void end_after_life(void)
{
    if (free_slots() != SLOTS_A_CHUNK)
        model_fail("the slot did not come back");
    end();
}

static struct model_result explore(const char *name, void (*first)(void), uint32_t n,
                                   void (*at_end)(void), uint32_t breaks)
{
    struct model_test t = {.name = name,
                           .begin = begin,
                           .thread = {first, wake_first, n > 1 ? wake_second : NULL},
                           .end = at_end,
                           .switches_max = breaks  ? 8
                                           : n > 1 ? 2
                                                   : 5,
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

static void check(struct model_result r)
{
    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT_EQUAL(r.is_whole, 1);
}

static void a_task_is_polled_after_each_wake_and_ends_once(void)
{
    check(explore("one waker", run_until_dropped, 1, end_after_life, 0));
    check(explore("two wakers", run_until_dropped, 2, end_after_life, 0));
}

static void wakers_may_come_while_everything_is_dropped(void)
{
    check(explore("one waker", run_then_drop_all, 1, end, 0));
    check(explore("two wakers", run_then_drop_all, 2, end, 0));
}

static void operations_in_two_steps_are_seen_to_fail(void)
{
    CU_ASSERT_PTR_NOT_NULL(
        explore("two wakers", run_until_dropped, 2, end_after_life, MODEL_CAS_IS_TWO_STEPS)
            .failure);
    CU_ASSERT_PTR_NOT_NULL(
        explore("two wakers", run_until_dropped, 2, end_after_life, MODEL_RMW_IS_TWO_STEPS)
            .failure);
}

static CU_TestInfo tests[] = {
    {"a_task_is_polled_after_each_wake_and_ends_once",
     a_task_is_polled_after_each_wake_and_ends_once},
    {"wakers_may_come_while_everything_is_dropped", wakers_may_come_while_everything_is_dropped},
    {"operations_in_two_steps_are_seen_to_fail", operations_in_two_steps_are_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of wakers", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

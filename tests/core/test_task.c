/* SPDX-License-Identifier: MIT
 *
 * Tasks: polled until READY, dropped exactly once, woken from anywhere, and wakers that outlive them.
 */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "worker/group.h"
#include "worker/sim.h"
#include "worker/worker_state.h"

#define WAKERS     4
#define WAKES_EACH 5000

/* The frame of the futures here: READY when `polls` reaches `until`. */
struct frame {
    uint32_t polls, until;
    uint32_t *drops;
    struct nave_waker *keep; /* the waker is cloned here at each poll */
    int32_t wakes_itself;
    const uint32_t *watched; /* is noted in `seen` at each poll */
};

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w;
static uint32_t drops;
static uint32_t seen;

static nave_poll counting_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct frame *s = nave_future_frame(f);

    CU_ASSERT_PTR_EQUAL(cx->worker, w);
    if (s->watched)
        seen = *s->watched;
    if (s->keep)
        cx->waker->api->clone(cx->waker, s->keep);
    if (++s->polls >= s->until)
        return NAVE_READY;
    if (s->wakes_itself)
        cx->waker->api->wake(cx->waker);
    return NAVE_PENDING;
}

static void counting_drop(struct nave_future *f)
{
    struct frame *s = nave_future_frame(f);

    ++*s->drops;
}

static nave_err counting_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface counting = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "counting",
    .poll = counting_poll,
    .drop = counting_drop,
    .result = counting_result,
};

static void setup_with(const struct nv_poller_ops *poller, uint64_t max_tasks)
{
    struct nv_worker_options o = {.poller = poller, .poller_arg = &sim, .max_tasks = max_tasks};

    memset(&sim, 0, sizeof(sim));
    drops = 0;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
}

static void setup(void)
{
    setup_with(&nv_poller_sim, 0);
}

static void teardown(void)
{
    nv_worker_destroy(worker);
}

static struct nave_future *make(uint32_t until, struct nave_waker *keep)
{
    struct nave_future *f = NULL;
    struct frame *s;

    CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &counting, sizeof(*s), &f), NAVE_OK);
    s = nave_future_frame(f);
    CU_ASSERT_EQUAL((uintptr_t)s % 16, 0);
    CU_ASSERT_EQUAL(s->polls, 0);
    s->until = until;
    s->drops = &drops;
    s->keep = keep;
    return f;
}

static void a_ready_task_is_polled_once_and_dropped_once(void)
{
    CU_ASSERT(w->api->spawn(w, make(1, NULL)) != 0);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 1);
    CU_ASSERT_EQUAL(handle.usage.tasks, 1);
    CU_ASSERT_EQUAL(drops, 0); /* never polled inside spawn */
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 1);
    CU_ASSERT_EQUAL(drops, 1);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
}

static void a_pending_task_is_polled_only_when_woken(void)
{
    struct nave_waker waker;
    struct nave_future *f = make(2, &waker);

    w->api->spawn_local(w, f);
    nv_worker_turn(worker, NAVE_NEVER);
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(((struct frame *)nave_future_frame(f))->polls, 1);
    waker.api->wake(&waker);
    waker.api->wake(&waker); /* twice is once */
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 1);
    CU_ASSERT_EQUAL(drops, 1);
}

static void a_task_that_wakes_itself_lets_others_go_first(void)
{
    struct nave_future *greedy = make(10, NULL), *other = make(1, NULL);
    struct frame *frame = nave_future_frame(greedy);

    frame->wakes_itself = 1;
    ((struct frame *)nave_future_frame(other))->watched = &frame->polls;
    w->api->spawn(w, greedy);
    w->api->spawn(w, other);
    while (nv_worker_turn(worker, NAVE_NEVER) > 0)
        ;
    CU_ASSERT_EQUAL(seen, 1);
    CU_ASSERT_EQUAL(drops, 2);
    CU_ASSERT_EQUAL(sim.sleeps, 1);
}

static void a_stale_waker_does_not_wake_the_next_task(void)
{
    struct nave_waker stale, fresh;
    nave_task_id first, second;

    first = w->api->spawn(w, make(1, &stale));
    nv_worker_turn(worker, NAVE_NEVER);
    second = w->api->spawn(w, make(2, &fresh)); /* in the same place */
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_PTR_EQUAL(stale.task, fresh.task);
    CU_ASSERT_NOT_EQUAL(first, second);
    CU_ASSERT_NOT_EQUAL(stale.id, fresh.id);
    stale.api->wake(&stale);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 0);
    CU_ASSERT_EQUAL(drops, 1);
    fresh.api->wake(&fresh);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 1);
    CU_ASSERT_EQUAL(drops, 2);
    fresh.api->drop(&fresh);
    stale.api->drop(&stale);
}

static void dropping_all_drops_queued_and_waiting_tasks_once(void)
{
    struct nave_waker waker;

    w->api->spawn(w, make(2, &waker));
    nv_worker_turn(worker, NAVE_NEVER);
    w->api->spawn(w, make(2, NULL)); /* queued */
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(drops, 2);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
    waker.api->wake(&waker);
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(drops, 2);
    w->api->spawn(w, make(1, NULL)); /* the slots are good for more */
    w->api->spawn(w, make(1, NULL));
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(drops, 4);
}

static void futures_that_were_never_spawned_are_dropped(void)
{
    w->api->future_drop(w, make(1, NULL));
    CU_ASSERT_EQUAL(drops, 1);
    make(1, NULL);
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(drops, 1); /* still its maker's */
    teardown();
    CU_ASSERT_EQUAL(drops, 2);
    setup();
}

static void the_limit_of_tasks_is_an_error_and_not_more(void)
{
    struct nave_future *f, *g = NULL;

    teardown();
    setup_with(&nv_poller_sim, 1);
    f = make(1, NULL);
    CU_ASSERT_EQUAL(w->api->future_new(w, &counting, 8, &g), NAVE_ELIMIT);
    CU_ASSERT_PTR_NULL(g);
    w->api->spawn(w, f);
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(w->api->future_new(w, &counting, SIZE_MAX - 8, &g), NAVE_ENOMEM);
    CU_ASSERT_PTR_NULL(g);
    w->api->spawn(w, make(1, NULL)); /* there is room again */
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(drops, 2);
}

static void every_failing_allocation_leaves_nothing(void)
{
    int n, done = 0;

    for (n = 1; n < 10 && !done; n++) {
        struct nave_future *f = NULL;

        teardown();
        setup();
        worker->group->pool.fail_at = (uint32_t)n;
        if (w->api->future_new(w, &counting, sizeof(struct frame), &f) == NAVE_OK) {
            ((struct frame *)nave_future_frame(f))->drops = &drops;
            w->api->future_drop(w, f);
            done = 1;
        } else {
            CU_ASSERT_PTR_NULL(f);
        }
        CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
        CU_ASSERT_EQUAL(handle.usage.tasks, 0);
    }
    CU_ASSERT_EQUAL(n, 3); /* one allocation: a chunk for many tasks */
}

/* ---- four foreign threads, a real poller ------------------------------------------------------ */

/* READY when every thread has counted all its wakes; each count is made before its wake. */
struct race {
    uint32_t counted[WAKERS]; /* atomic, relaxed: the waker must make them visible */
    struct nave_waker waker;
    uint32_t has_waker; /* atomic */
    uint32_t is_done;   /* atomic */
    uint32_t polls;
};

static struct race race;

static nave_poll race_poll(struct nave_future *f, struct nave_cx *cx)
{
    uint32_t i, all = 0;

    (void)f;
    race.polls++;
    if (!__atomic_load_n(&race.has_waker, __ATOMIC_RELAXED)) {
        cx->waker->api->clone(cx->waker, &race.waker);
        __atomic_store_n(&race.has_waker, 1, __ATOMIC_RELEASE);
    }
    for (i = 0; i < WAKERS; i++)
        all += __atomic_load_n(&race.counted[i], __ATOMIC_RELAXED);
    return all == WAKERS * WAKES_EACH ? NAVE_READY : NAVE_PENDING;
}

static void race_drop(struct nave_future *f)
{
    (void)f;
    drops++;
    __atomic_store_n(&race.is_done, 1, __ATOMIC_RELEASE);
}

static const struct nave_future_iface racing = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "racing",
    .poll = race_poll,
    .drop = race_drop,
    .result = counting_result,
};

static void *wake_often(void *arg)
{
    uint32_t *counted = arg;
    struct nave_waker mine;
    int i;

    while (!__atomic_load_n(&race.has_waker, __ATOMIC_ACQUIRE))
        ;
    race.waker.api->clone(&race.waker, &mine);
    for (i = 0; i < WAKES_EACH; i++) {
        __atomic_store_n(counted, *counted + 1, __ATOMIC_RELAXED);
        mine.api->wake(&mine);
    }
    for (i = 0; i < 100; i++) /* the task may have ended: harmless */
        mine.api->wake(&mine);
    mine.api->drop(&mine);
    return NULL;
}

static void four_foreign_threads_wake_and_no_wake_is_lost(void)
{
    pthread_t threads[WAKERS];
    struct nave_future *f;
    int i;

    teardown();
    setup_with(&nv_poller_libevent, 0);
    memset(&race, 0, sizeof(race));
    CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &racing, 0, &f), NAVE_OK);
    w->api->spawn(w, f);
    for (i = 0; i < WAKERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, wake_often, &race.counted[i]), 0);
    while (!__atomic_load_n(&race.is_done, __ATOMIC_RELAXED))
        nv_worker_turn(worker, NAVE_NEVER); /* a lost wake would hang here */
    for (i = 0; i < WAKERS; i++)
        pthread_join(threads[i], NULL);
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(drops, 1);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
    CU_ASSERT(race.polls <= WAKERS * WAKES_EACH + 1);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo task_tests[] = {
    TEST(a_ready_task_is_polled_once_and_dropped_once),
    TEST(a_pending_task_is_polled_only_when_woken),
    TEST(a_task_that_wakes_itself_lets_others_go_first),
    TEST(a_stale_waker_does_not_wake_the_next_task),
    TEST(dropping_all_drops_queued_and_waiting_tasks_once),
    TEST(futures_that_were_never_spawned_are_dropped),
    TEST(the_limit_of_tasks_is_an_error_and_not_more),
    TEST(every_failing_allocation_leaves_nothing),
    TEST(four_foreign_threads_wake_and_no_wake_is_lost),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"task", NULL, NULL, setup, teardown, task_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Tasks over several workers: every one is run, by one worker at a time, to its end; those that are
 * pinned stay; limits hold for all workers together; nothing is left.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "test_main.h"

#include "worker/ring.h"
#include "workers.h"

static struct workers all;

/* --- the ring, alone --------------------------------------------------------------------------- */

static struct nv_task *mark(uint32_t i)
{
    return (struct nv_task *)(uintptr_t)(64u * (i + 1));
}

static void a_ring_gives_what_it_took_in_that_order_across_the_wrap(void)
{
    static struct nv_ring r;
    uint32_t i, round;

    memset(&r, 0, sizeof(r));
    r.head = nv_ring_pack(UINT32_MAX - 100, UINT32_MAX - 100);
    r.tail = UINT32_MAX - 100;
    for (round = 0; round < 3; round++) {
        for (i = 0; i < NV_RING_SIZE; i++)
            CU_ASSERT_EQUAL_FATAL(nv_ring_push(&r, mark(i)), 1);
        CU_ASSERT_EQUAL(nv_ring_push(&r, mark(i)), 0);
        CU_ASSERT_EQUAL(nv_ring_count(&r), NV_RING_SIZE);
        for (i = 0; i < NV_RING_SIZE; i++)
            CU_ASSERT_PTR_EQUAL_FATAL(nv_ring_pop(&r, (int32_t)(round & 1)), mark(i));
        CU_ASSERT_PTR_NULL(nv_ring_pop(&r, 0));
    }
}

static void a_thief_takes_the_older_half_and_one_to_run(void)
{
    static struct nv_ring from, to;
    uint32_t i, moved;

    memset(&from, 0, sizeof(from));
    memset(&to, 0, sizeof(to));
    CU_ASSERT_PTR_NULL(nv_ring_steal(&from, &to, &moved));
    for (i = 0; i < 9; i++)
        (void)nv_ring_push(&from, mark(i));
    CU_ASSERT_PTR_EQUAL(nv_ring_steal(&from, &to, &moved), mark(4)); /* of 9 it takes 5 */
    CU_ASSERT_EQUAL(moved, 4);
    for (i = 0; i < 4; i++)
        CU_ASSERT_PTR_EQUAL(nv_ring_pop(&to, 0), mark(i));
    for (i = 5; i < 9; i++)
        CU_ASSERT_PTR_EQUAL(nv_ring_pop(&from, 0), mark(i));
    CU_ASSERT_PTR_NULL(nv_ring_pop(&from, 0));
    for (i = 0; i <= NV_RING_HALF; i++)
        (void)nv_ring_push(&to, mark(i));
    (void)nv_ring_push(&from, mark(0));
    CU_ASSERT_PTR_NULL(nv_ring_steal(&from, &to, &moved)); /* no room for half of a full one */
}

static void a_full_ring_gives_its_older_half(void)
{
    static struct nv_ring r;
    struct nv_task *half[NV_RING_HALF];
    uint32_t i;

    memset(&r, 0, sizeof(r));
    for (i = 0; i < NV_RING_SIZE; i++)
        (void)nv_ring_push(&r, mark(i));
    CU_ASSERT_EQUAL_FATAL(nv_ring_take_half(&r, half), 1);
    for (i = 0; i < NV_RING_HALF; i++)
        CU_ASSERT_PTR_EQUAL(half[i], mark(i));
    CU_ASSERT_PTR_EQUAL(nv_ring_pop(&r, 0), mark(NV_RING_HALF));
}

/* --- tasks that count themselves --------------------------------------------------------------- */

static uint32_t ended;           /* atomic */
static uint32_t on[WORKERS_MAX]; /* atomic: polls by worker */
static uint32_t wrong;           /* atomic */
static uint32_t is_checked;

struct step {
    uint32_t polls, until;
    uint32_t running; /* atomic: by how many it is polled */
    uint32_t is_local;
    uint32_t home;
    uint32_t children; /* to be spawned at the first poll */
    uint32_t work;
};

static void spend(uint32_t rounds)
{
    while (rounds-- > 0)
        __asm__ __volatile__("" ::: "memory"); /* not to be left out */
}

static struct nave_future *step_new(struct nave_worker *w, uint32_t until, uint32_t work);

static nave_poll step_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct step *s = nave_future_frame(f);
    uint32_t i;

    if (__atomic_fetch_add(&s->running, 1, __ATOMIC_RELAXED) != 0)
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    if (s->is_local && s->polls > 0 && s->home != cx->worker->index)
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    s->home = cx->worker->index;
    __atomic_fetch_add(&on[cx->worker->index], 1, __ATOMIC_RELAXED);
    for (i = 0; i < s->children; i++) {
        struct nave_future *child = step_new(cx->worker, s->until, s->work);

        if (!child) {
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
            continue;
        }
        ((struct step *)nave_future_frame(child))->is_local = i % 4 == 3;
        if (i % 4 == 3)
            (void)cx->worker->api->spawn_local(cx->worker, child);
        else
            (void)cx->worker->api->spawn(cx->worker, child);
    }
    s->children = 0;
    spend(s->work);
    s->polls++;
    __atomic_fetch_sub(&s->running, 1, __ATOMIC_RELAXED);
    if (s->polls >= s->until)
        return NAVE_READY;
    if (s->polls % 2)
        return nave_yield(cx);
    cx->waker->api->wake(cx->waker);
    return NAVE_PENDING;
}

static void step_drop(struct nave_future *f)
{
    (void)f;
    __atomic_fetch_add(&ended, 1, __ATOMIC_RELEASE);
}

static nave_err step_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface stepping = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "stepping",
    .poll = step_poll,
    .drop = step_drop,
    .result = step_result,
};

static struct nave_future *step_new(struct nave_worker *w, uint32_t until, uint32_t work)
{
    struct nave_future *f;
    struct step *s;

    if (w->api->future_new(w, &stepping, sizeof(*s), &f) != NAVE_OK)
        return NULL;
    s = nave_future_frame(f);
    s->until = until;
    s->work = work;
    return f;
}

static void fill_parent(void *frame, void *arg)
{
    *(struct step *)frame = *(struct step *)arg;
}

/* `parents` tasks from outside, each with `children`; returns when all have ended. */
static void run_tree(uint32_t workers, uint32_t parents, uint32_t children, uint32_t until,
                     uint32_t work)
{
    struct step parent = {.until = until, .children = children, .work = work};
    uint32_t i;

    ended = wrong = 0;
    memset(on, 0, sizeof(on));
    workers_make_with(&all, workers, 0, 0, is_checked);
    workers_start(&all);
    for (i = 0; i < parents; i++)
        CU_ASSERT_EQUAL_FATAL(nv_task_spawn_outside(all.siblings, &stepping, sizeof(parent),
                                                    fill_parent, &parent, NULL),
                              NAVE_OK);
    while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) < parents * (children + 1))
        sched_yield();
    workers_stop(&all);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(ended, parents * (children + 1));
    CU_ASSERT_EQUAL(nv_group_tasks(all.group), 0);
}

static uint64_t counted(uint64_t offset)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < all.count; i++)
        sum += *(uint64_t *)(void *)((char *)&all.handles[i].usage + offset);
    return sum;
}

static void nothing_is_left(void)
{
    CU_ASSERT_EQUAL(counted(offsetof(struct nv_usage, tasks)), 0);
    CU_ASSERT_EQUAL(counted(offsetof(struct nv_usage, bytes)), 0);
    workers_free(&all);
}

static void checked_tasks_may_be_run_by_any_worker(void)
{
    is_checked = 1;
    run_tree(2, 8, 500, 5, 0);
    is_checked = 0;
    nothing_is_left();
}

static void every_task_is_run_to_its_end_by_one_worker_at_a_time(void)
{
    run_tree(2, 8, 500, 5, 0);
    nothing_is_left();
}

static void a_worker_alone_runs_all_of_them(void)
{
    run_tree(1, 8, 500, 5, 0);
    CU_ASSERT_EQUAL(on[0], 8 * 501 * 5);
    nothing_is_left();
}

static void more_than_a_ring_holds_is_shared(void)
{
    run_tree(2, 1, 20000, 1, 200);
    CU_ASSERT_EQUAL(on[0] + on[1], 20001);
    nothing_is_left();
}

static void twenty_four_workers_on_two_processors_lose_nothing(void)
{
    run_tree(WORKERS_MAX, 24, 200, 4, 20);
    nothing_is_left();
}

static void a_worker_that_sleeps_is_woken_for_work(void)
{
    uint32_t i;

    for (i = 0; i < 50; i++) { /* each time both are asleep when it comes */
        run_tree(2, 1, 3, 2, 50);
        nothing_is_left();
    }
}

/* --- elected, with callbacks of its own --------------------------------------------------------- */

static uint32_t called;

/* Before this one was called, the token went on to worker 1. */
static void look_who_is_sent(void)
{
    called++;
    CU_ASSERT_EQUAL(all.each[0]->is_searching, 0);
    CU_ASSERT_EQUAL(all.group->searchers, 1);
    CU_ASSERT_EQUAL(all.group->idle[0] & 3, 0);
}

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    (void)arg;
    look_who_is_sent();
}

static void on_posted(struct nave_job *j)
{
    (void)j;
    look_who_is_sent();
}

static void on_ready(void *arg, uint32_t ready)
{
    (void)arg;
    (void)ready;
    look_who_is_sent();
}

/* Both wait; worker 0 is elected for a task, and comes back to a callback of its own. */
static void elect_with(void (*prepare)(struct nave_worker *w))
{
    const struct step one = {.until = 1};
    nave_nsec until[2];
    uint32_t i;

    ended = wrong = called = 0;
    workers_make(&all, 2, 0, 0);
    all.group->is_stealing = 1;
    nv_worker_attach(all.each[0]);
    prepare(&all.handles[0].pub);
    for (i = 0; i < 2; i++) {
        nv_worker_attach(all.each[i]);
        until[i] = nv_worker_park(all.each[i], NAVE_NEVER);
        CU_ASSERT_FATAL(until[i] > 0);
        nv_worker_exit(all.each[i]); /* what comes now is from outside */
    }
    CU_ASSERT_EQUAL(nv_task_spawn_outside(all.siblings, &stepping, sizeof(one), fill_parent,
                                          (void *)(uintptr_t)&one, NULL),
                    NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(all.group->idle[0], 2);
    while (until[0] != NAVE_NEVER && all.each[0]->poller_ops->now(all.each[0]->poller) < until[0])
        sched_yield(); /* its timer is due, too */
    for (i = 0; i < 2; i++) {
        nv_worker_attach(all.each[i]);
        (void)nv_worker_go_on(all.each[i], until[i]);
    }
    CU_ASSERT_EQUAL(called, 1);
    CU_ASSERT_EQUAL(ended, 1);
}

static struct nave_timer due;

static void arm(struct nave_worker *w)
{
    memset(&due, 0, sizeof(due));
    w->api->timer_start(w, &due, w->clock->now_ns + 1, on_timer, NULL);
}

static void a_searcher_sends_another_before_its_timers(void)
{
    elect_with(arm);
    nothing_is_left();
}

static struct nave_job job = {.run = on_posted};

static void post(struct nave_worker *w)
{
    all.each[0]->inbox.head = &job; /* as from another thread, that has not notified yet */
    job.next = NULL;
    (void)w;
}

static void a_searcher_sends_another_before_its_jobs(void)
{
    elect_with(post);
    nothing_is_left();
}

static int ends[2];
static struct nave_io *io;

static void watch(struct nave_worker *w)
{
    CU_ASSERT_EQUAL_FATAL(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    CU_ASSERT_EQUAL_FATAL(write(ends[1], "x", 1), 1);
    CU_ASSERT_EQUAL_FATAL(w->api->io_open(w, ends[0], on_ready, NULL, &io), NAVE_OK);
}

static void a_searcher_sends_another_before_its_descriptors(void)
{
    elect_with(watch);
    nv_worker_attach(all.each[0]);
    all.handles[0].pub.api->io_close(io);
    close(ends[0]);
    close(ends[1]);
    nothing_is_left();
}

/* --- limits ------------------------------------------------------------------------------------ */

static void the_limit_of_tasks_is_one_for_all_workers(void)
{
    struct nave_future *made[64];
    uint32_t i, n;

    workers_make(&all, 2, 32, 0);
    for (n = 0; n < 64; n++) {
        made[n] = step_new(&all.handles[n % 2].pub, 1, 0);
        if (!made[n])
            break;
    }
    CU_ASSERT(n >= 28 && n <= 32); /* what lies unused in caches is not to be had */
    for (i = 0; i < n; i++)
        all.handles[i % 2].pub.api->future_drop(&all.handles[i % 2].pub, made[i]);
    for (i = 0; i < 1000; i++) { /* it is a limit of those that live */
        struct nave_future *f = step_new(&all.handles[0].pub, 1, 0);

        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        all.handles[1].pub.api->future_drop(&all.handles[1].pub, f);
    }
    nothing_is_left();
}

static void the_limit_of_bytes_is_an_error_and_not_more(void)
{
    struct nave_worker *w;
    struct nave_future *made[1024];
    uint32_t i, n;

    workers_make(&all, 1, 0, 65536);
    w = &all.handles[0].pub;
    for (n = 0; n < 1024; n++) {
        nave_err err = w->api->future_new(w, &stepping, sizeof(struct step), &made[n]);

        if (err != NAVE_OK) {
            CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
            break;
        }
    }
    CU_ASSERT(n > 64 && n < 512);
    for (i = 0; i < n; i++)
        w->api->future_drop(w, made[i]);
    CU_ASSERT_PTR_NOT_NULL(made[0] = step_new(w, 1, 0));
    w->api->future_drop(w, made[0]);
    nothing_is_left();
}

static void a_frame_of_any_size_is_aligned_zeroed_and_comes_back(void)
{
    struct nave_worker *w;
    size_t size;

    workers_make(&all, 1, 0, 0);
    w = &all.handles[0].pub;
    for (size = 0; size <= 300000; size = size < 700 ? size + 1 : size * 3 / 2) {
        struct nave_future *f;
        unsigned char *frame;
        size_t i;
        uint32_t round;

        for (round = 0; round < 2; round++) {
            CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &stepping, size, &f), NAVE_OK);
            frame = nave_future_frame(f);
            CU_ASSERT_EQUAL((uintptr_t)frame % 64, 0);
            for (i = 0; i < size; i++)
                if (frame[i])
                    break;
            CU_ASSERT_EQUAL(i, size);
            memset(frame, 0xff, size);
            w->api->future_drop(w, f);
        }
    }
    nothing_is_left();
}

/* --- stuck ------------------------------------------------------------------------------------- */

static uint32_t may_go; /* atomic */
static uint32_t child_ran;

static nave_poll child_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    (void)cx;
    __atomic_store_n(&child_ran, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&may_go, 1, __ATOMIC_RELEASE);
    return NAVE_READY;
}

static const struct nave_future_iface child = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "child",
    .poll = child_poll,
    .drop = step_drop,
    .result = step_result,
};

/* It spawns a task, which is to run next, and does not come back until that has run. */
static nave_poll stuck_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct nave_future *next;

    (void)f;
    if (cx->worker->api->future_new(cx->worker, &child, 0, &next) == NAVE_OK)
        (void)cx->worker->api->spawn(cx->worker, next);
    while (!__atomic_load_n(&may_go, __ATOMIC_ACQUIRE)) {
        nv_group_rescue(all.group, all.each[cx->worker->index]);
        sched_yield();
    }
    return NAVE_READY;
}

static const struct nave_future_iface stuck = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "stuck",
    .poll = stuck_poll,
    .drop = step_drop,
    .result = step_result,
};

static void what_a_stuck_worker_would_run_next_is_taken_by_another(void)
{
    ended = may_go = child_ran = 0;
    workers_make(&all, 2, 0, 0);
    workers_start(&all);
    CU_ASSERT_EQUAL(nv_task_spawn_outside(all.siblings, &stuck, 0, NULL, NULL, NULL), NAVE_OK);
    while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) < 2)
        sched_yield();
    workers_stop(&all);
    CU_ASSERT_EQUAL(child_ran, 1);
    nothing_is_left();
}

/* --- cut off ----------------------------------------------------------------------------------- */

static void what_is_queued_anywhere_is_dropped_once(void)
{
    struct step parent = {.until = 1000000, .children = 400, .work = 0};
    uint32_t i;

    ended = wrong = 0;
    workers_make(&all, 2, 0, 0);
    workers_start(&all);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(nv_task_spawn_outside(all.siblings, &stepping, sizeof(parent), fill_parent,
                                              &parent, NULL),
                        NAVE_OK);
    while (__atomic_load_n(&on[0], __ATOMIC_RELAXED) + __atomic_load_n(&on[1], __ATOMIC_RELAXED) <
           10000)
        sched_yield();
    workers_stop(&all);
    for (i = 0; i < 2; i++) {
        nv_worker_attach(all.each[i]);
        nv_worker_close_inbox(all.each[i]);
    }
    for (i = 0; i < 2; i++)
        nv_worker_drop_tasks(all.each[i]);
    CU_ASSERT_EQUAL(nv_group_tasks(all.group), 0);
    CU_ASSERT_EQUAL(wrong, 0);
    nothing_is_left();
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    TEST(a_ring_gives_what_it_took_in_that_order_across_the_wrap),
    TEST(a_thief_takes_the_older_half_and_one_to_run),
    TEST(a_full_ring_gives_its_older_half),
    TEST(every_task_is_run_to_its_end_by_one_worker_at_a_time),
    TEST(checked_tasks_may_be_run_by_any_worker),
    TEST(a_worker_alone_runs_all_of_them),
    TEST(more_than_a_ring_holds_is_shared),
    TEST(twenty_four_workers_on_two_processors_lose_nothing),
    TEST(a_worker_that_sleeps_is_woken_for_work),
    TEST(a_searcher_sends_another_before_its_timers),
    TEST(a_searcher_sends_another_before_its_jobs),
    TEST(a_searcher_sends_another_before_its_descriptors),
    TEST(the_limit_of_tasks_is_one_for_all_workers),
    TEST(the_limit_of_bytes_is_an_error_and_not_more),
    TEST(a_frame_of_any_size_is_aligned_zeroed_and_comes_back),
    TEST(what_a_stuck_worker_would_run_next_is_taken_by_another),
    TEST(what_is_queued_anywhere_is_dropped_once),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"several workers", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

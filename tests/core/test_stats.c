/* SPDX-License-Identifier: MIT
 *
 * What a worker counts: the buckets of a distribution, and that each kind of work is counted once.
 */
#include <pthread.h>
#include <string.h>

#include "test_main.h"

#include "worker/sim.h"
#include "worker/stats.h"
#include "worker/task.h"
#include "worker/worker_state.h"

/* --- distributions --------------------------------------------------------------------------- */

static void every_time_lies_in_the_bucket_whose_bound_it_does_not_exceed(void)
{
    uint64_t v;
    uint32_t shift, i;

    for (shift = 0; shift < 37; shift++) {
        for (v = (uint64_t)1 << shift; v < (uint64_t)2 << shift && v < ((uint64_t)1 << 37);
             v += ((uint64_t)1 << shift) / 37 + 1) {
            i = nv_histogram_index(v);
            CU_ASSERT_TRUE(v <= nv_histogram_bound(i));
            CU_ASSERT_TRUE(i == 0 || v > nv_histogram_bound(i - 1));
        }
    }
}

static void a_bound_lies_in_its_own_bucket_and_what_follows_in_the_next(void)
{
    uint32_t i;

    for (i = 0; i < NV_HISTOGRAM_BUCKETS - 1; i++) {
        CU_ASSERT_EQUAL(nv_histogram_index(nv_histogram_bound(i)), i);
        CU_ASSERT_EQUAL(nv_histogram_index(nv_histogram_bound(i) + 1), i + 1);
    }
}

static void what_is_too_long_lies_in_the_last_bucket(void)
{
    CU_ASSERT_EQUAL(nv_histogram_index(UINT64_MAX), NV_HISTOGRAM_BUCKETS - 1);
    CU_ASSERT_EQUAL(nv_histogram_index((uint64_t)1 << 40), NV_HISTOGRAM_BUCKETS - 1);
    CU_ASSERT_EQUAL(nv_histogram_index(0), 0);
}

static void a_quantile_is_off_by_a_quarter_at_most_and_never_above_the_longest(void)
{
    struct nv_histogram h = {.sum_ns = 0};
    uint64_t p50, p99;
    uint32_t i;

    CU_ASSERT_EQUAL(nv_histogram_quantile(&h, 5000), 0);
    for (i = 1; i <= 1000; i++)
        nv_histogram_add(&h, (nave_nsec)i * 1000);

    p50 = nv_histogram_quantile(&h, 5000);
    p99 = nv_histogram_quantile(&h, 9900);
    CU_ASSERT_EQUAL(nv_histogram_count(&h), 1000);
    CU_ASSERT_EQUAL(h.sum_ns, 500500000);
    CU_ASSERT_TRUE(p50 >= 500000 && p50 <= 625000);
    CU_ASSERT_TRUE(p99 >= 990000 && p99 <= 1000000);
    CU_ASSERT_EQUAL(nv_histogram_quantile(&h, 10000), 1000000);
    CU_ASSERT_TRUE(nv_histogram_quantile(&h, 0) >= 1000);
}

static void a_time_below_zero_counts_as_none(void)
{
    struct nv_histogram h = {.sum_ns = 0};

    nv_histogram_add(&h, -5);

    CU_ASSERT_EQUAL(h.buckets[0], 1);
    CU_ASSERT_EQUAL(h.sum_ns, 0);
    CU_ASSERT_EQUAL(h.max_ns, 0);
}

static void sums_of_two_workers_are_added(void)
{
    struct nv_histogram a = {.sum_ns = 0}, b = {.sum_ns = 0}, sum = {.sum_ns = 0};

    nv_histogram_add(&a, 100);
    nv_histogram_add(&b, 100);
    nv_histogram_add(&b, 5000);
    nv_histogram_sum(&sum, &a);
    nv_histogram_sum(&sum, &b);

    CU_ASSERT_EQUAL(nv_histogram_count(&sum), 3);
    CU_ASSERT_EQUAL(sum.sum_ns, 5200);
    CU_ASSERT_EQUAL(sum.max_ns, 5000);
}

/* --- a worker -------------------------------------------------------------------------------- */

static struct nv_sim sim;
static struct nv_worker *w;
static struct nv_worker_handle handle;

static void arrange(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = 1000 * NAVE_SEC;
    CU_ASSERT_EQUAL_FATAL(nv_worker_create(&o, &w), NAVE_OK);
    nv_worker_attach(w);
    nv_worker_handle_init(&handle, w, "test");
}

static void finish(void)
{
    nv_worker_destroy(w);
    w = NULL;
}

struct polled {
    uint32_t left; /* polls until it is ready */
};

static nave_poll poll_some(struct nave_future *f, struct nave_cx *cx)
{
    struct polled *p = nave_future_frame(f);

    if (p->left-- == 0)
        return NAVE_READY;
    cx->waker->api->wake(cx->waker);
    return NAVE_PENDING;
}

static void drop_nothing(struct nave_future *f)
{
    (void)f;
}

static nave_err result_ok(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface some_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "some",
    .poll = poll_some,
    .drop = drop_nothing,
    .result = result_ok,
};

static void spawn(uint32_t polls)
{
    struct nave_future *f = NULL;

    CU_ASSERT_EQUAL_FATAL(handle.pub.api->future_new(&handle.pub, &some_future,
                                                     sizeof(struct polled), &f),
                          NAVE_OK);
    ((struct polled *)nave_future_frame(f))->left = polls - 1;
    (void)handle.pub.api->spawn(&handle.pub, f);
}

static void tasks_and_their_polls_are_counted(void)
{
    uint32_t i;

    arrange();
    spawn(3);
    spawn(1);
    for (i = 0; i < 5; i++)
        (void)nv_worker_turn(w, 0);

    CU_ASSERT_EQUAL(w->stats.spawned, 2);
    CU_ASSERT_EQUAL(w->stats.completed, 2);
    CU_ASSERT_EQUAL(w->stats.polls, 4);
    CU_ASSERT_EQUAL(w->stats.self_wakes, 2);
    finish();
}

static void one_in_64_polls_and_waits_for_them_is_measured(void)
{
    uint32_t i;

    arrange();
    spawn(64 * 4);
    for (i = 0; i < 64 * 4; i++)
        (void)nv_worker_turn(w, 0);

    CU_ASSERT_EQUAL(w->stats.polls, 64 * 4);
    CU_ASSERT_EQUAL(nv_histogram_count(&w->stats.poll_time), 4);
    CU_ASSERT_EQUAL(nv_histogram_count(&w->stats.schedule_delay), 4);
    finish();
}

static nave_poll poll_twice(struct nave_future *f, struct nave_cx *cx)
{
    struct polled *p = nave_future_frame(f);

    (void)cx;
    return p->left-- == 0 ? NAVE_READY : NAVE_PENDING;
}

static const struct nave_future_iface twice_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "twice",
    .poll = poll_twice,
    .drop = drop_nothing,
    .result = result_ok,
};

static void *wake_it(void *arg)
{
    const struct nave_waker *waker = arg;

    waker->api->wake(waker);
    return NULL;
}

/* An idle task has the time at which it went idle where a queued one may have its mark. */
static void a_task_that_is_woken_from_afar_is_no_sample_of_the_delay(void)
{
    struct nave_future *f = NULL;
    struct nave_waker waker;
    uint64_t samples;
    pthread_t thread;

    arrange();
    CU_ASSERT_EQUAL_FATAL(handle.pub.api->future_new(&handle.pub, &twice_future,
                                                     sizeof(struct polled), &f),
                          NAVE_OK);
    ((struct polled *)nave_future_frame(f))->left = 1;
    (void)handle.pub.api->spawn(&handle.pub, f);
    (void)nv_worker_turn(w, 0);
    CU_ASSERT_EQUAL(nv_task_of(f)->mark, -sim.now_ns);
    samples = nv_histogram_count(&w->stats.schedule_delay);
    waker = (struct nave_waker){&nv_waker_table, nv_task_of(f), nv_task_of(f)->word, 0};
    sim.now_ns += NAVE_SEC;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wake_it, &waker), 0);
    pthread_join(thread, NULL);
    (void)nv_worker_turn(w, 0);

    CU_ASSERT_EQUAL(w->stats.wakes_remote, 1);
    CU_ASSERT_EQUAL(w->stats.completed, 1);
    CU_ASSERT_EQUAL(nv_histogram_count(&w->stats.schedule_delay), samples);
    finish();
}

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    (void)arg;
}

/* Each poll takes 3 ms. */
static nave_poll poll_slowly(struct nave_future *f, struct nave_cx *cx)
{
    sim.now_ns += 3 * NAVE_MSEC;
    return poll_some(f, cx);
}

static const struct nave_future_iface slow_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "slow",
    .poll = poll_slowly,
    .drop = drop_nothing,
    .result = result_ok,
};

static void expect_all_in(const struct nv_histogram *h, uint64_t count, nave_nsec each)
{
    CU_ASSERT_EQUAL(nv_histogram_count(h), count);
    CU_ASSERT_EQUAL(h->buckets[nv_histogram_index((uint64_t)each)], count);
    CU_ASSERT_EQUAL(h->sum_ns, count * (uint64_t)each);
    CU_ASSERT_EQUAL(h->max_ns, (uint64_t)each);
}

static void the_distributions_hold_what_the_clock_said(void)
{
    struct nave_timer t = {.next = NULL};
    struct nave_future *f = NULL;

    arrange();
    CU_ASSERT_EQUAL_FATAL(handle.pub.api->future_new(&handle.pub, &slow_future,
                                                     sizeof(struct polled), &f),
                          NAVE_OK);
    ((struct polled *)nave_future_frame(f))->left = 64 * 4 - 1;
    (void)handle.pub.api->spawn(&handle.pub, f);
    sim.now_ns += 5 * NAVE_MSEC; /* the first sample waits for so long, the others not at all */
    while (w->stats.completed == 0)
        (void)nv_worker_turn(w, 0);
    expect_all_in(&w->stats.poll_time, 4, 3 * NAVE_MSEC);
    CU_ASSERT_EQUAL(nv_histogram_count(&w->stats.schedule_delay), 4);
    CU_ASSERT_EQUAL(w->stats.schedule_delay.sum_ns, 5 * NAVE_MSEC);
    CU_ASSERT_EQUAL(w->stats.schedule_delay.buckets[nv_histogram_index(5 * NAVE_MSEC)], 1);
    CU_ASSERT_EQUAL(w->stats.schedule_delay.buckets[0], 3);

    (void)nv_worker_turn(w, 0); /* it reads the clock */
    nave_timer_start(&handle.pub, &t, 5 * NAVE_MSEC, on_timer, NULL);
    sim.now_ns += 25 * NAVE_MSEC;
    (void)nv_worker_turn(w, 0);
    expect_all_in(&w->stats.timer_lateness, 1, 20 * NAVE_MSEC);
    finish();
}

static void a_wake_of_a_worker_that_waits_is_measured_to_the_nanosecond(void)
{
    arrange();
    nv_stat_park(w);
    sim.now_ns += NAVE_SEC;
    nv_stat_wake(w);
    sim.now_ns += 1234;
    w->clock.now_ns = sim.now_ns;
    nv_stat_unpark(w);

    expect_all_in(&w->stats.wake_delay, 1, 1234);
    CU_ASSERT_EQUAL(w->stats.unparks, 1);
    CU_ASSERT_EQUAL(w->stats.wait_ns, NAVE_SEC + 1234);
    finish();
}

static void nothing_to_do(struct nave_job *j)
{
    (void)j;
}

static void jobs_are_counted_by_their_kind(void)
{
    struct nave_job a = {.run = nothing_to_do}, b = a, c = a;

    arrange();
    nave_worker_defer(&handle.pub, &a);
    CU_ASSERT_EQUAL(nave_worker_post(&handle.pub, &b), NAVE_OK);
    nave_worker_microtask(&handle.pub, &c);
    (void)nv_worker_turn(w, 0);

    CU_ASSERT_EQUAL(w->stats.jobs, 1);
    CU_ASSERT_EQUAL(w->stats.inbox_jobs, 1);
    CU_ASSERT_EQUAL(w->stats.micro, 1);
    finish();
}

static void a_timer_that_fires_late_is_counted_as_such(void)
{
    struct nave_timer in_time = {.next = NULL}, late = {.next = NULL};

    arrange();
    nave_timer_start(&handle.pub, &in_time, 5 * NAVE_MSEC, on_timer, NULL);
    (void)nv_worker_turn(w, NAVE_NEVER);
    (void)nv_worker_turn(w, 0);
    CU_ASSERT_EQUAL(w->stats.timers_fired, 1);
    CU_ASSERT_EQUAL(w->stats.timers_late, 0);
    CU_ASSERT_EQUAL(nv_histogram_count(&w->stats.timer_lateness), 1);

    nave_timer_start(&handle.pub, &late, 5 * NAVE_MSEC, on_timer, NULL);
    sim.now_ns += 50 * NAVE_MSEC;
    (void)nv_worker_turn(w, 0);
    CU_ASSERT_EQUAL(w->stats.timers_fired, 2);
    CU_ASSERT_EQUAL(w->stats.timers_late, 1);
    finish();
}

static void time_is_either_waiting_or_work(void)
{
    struct nave_timer t = {.next = NULL};

    arrange();
    nave_timer_start(&handle.pub, &t, 100 * NAVE_MSEC, on_timer, NULL);
    sim.now_ns += 30 * NAVE_MSEC; /* work */
    (void)nv_worker_turn(w, NAVE_NEVER);

    CU_ASSERT_EQUAL(w->stats.parks, 1);
    CU_ASSERT_EQUAL(w->stats.unparks, 0);
    CU_ASSERT_EQUAL(w->stats.busy_ns, 30 * NAVE_MSEC);
    CU_ASSERT_TRUE(w->stats.wait_ns >= 70 * NAVE_MSEC && w->stats.wait_ns <= 71 * NAVE_MSEC);
    CU_ASSERT_FALSE(w->stats.is_parked);
    finish();
}

static void a_wake_that_comes_after_the_wait_had_ended_is_not_measured(void)
{
    struct nave_timer t = {.next = NULL};

    arrange();
    w->woken_ns = sim.now_ns - 1; /* of an earlier wait */
    nave_timer_start(&handle.pub, &t, NAVE_MSEC, on_timer, NULL);
    (void)nv_worker_turn(w, NAVE_NEVER);

    CU_ASSERT_EQUAL(w->stats.parks, 1);
    CU_ASSERT_EQUAL(w->stats.unparks, 0);
    CU_ASSERT_EQUAL(nv_histogram_count(&w->stats.wake_delay), 0);
    CU_ASSERT_EQUAL(w->woken_ns, 0);
    finish();
}

static void a_callback_can_be_named_while_it_runs(void)
{
    arrange();
    spawn(1);
    (void)nv_worker_turn(w, 0);
    CU_ASSERT_PTR_EQUAL(w->stats.owner, &handle);
    CU_ASSERT_STRING_EQUAL(w->stats.what, "some");

    nv_stat_park(w);
    CU_ASSERT_PTR_NULL(w->stats.owner);
    CU_ASSERT_TRUE(w->stats.is_parked);
    finish();
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo stats_tests[] = {
    TEST(every_time_lies_in_the_bucket_whose_bound_it_does_not_exceed),
    TEST(a_bound_lies_in_its_own_bucket_and_what_follows_in_the_next),
    TEST(what_is_too_long_lies_in_the_last_bucket),
    TEST(a_quantile_is_off_by_a_quarter_at_most_and_never_above_the_longest),
    TEST(a_time_below_zero_counts_as_none),
    TEST(sums_of_two_workers_are_added),
    TEST(tasks_and_their_polls_are_counted),
    TEST(one_in_64_polls_and_waits_for_them_is_measured),
    TEST(a_task_that_is_woken_from_afar_is_no_sample_of_the_delay),
    TEST(the_distributions_hold_what_the_clock_said),
    TEST(a_wake_of_a_worker_that_waits_is_measured_to_the_nanosecond),
    TEST(jobs_are_counted_by_their_kind),
    TEST(a_timer_that_fires_late_is_counted_as_such),
    TEST(time_is_either_waiting_or_work),
    TEST(a_wake_that_comes_after_the_wait_had_ended_is_not_measured),
    TEST(a_callback_can_be_named_while_it_runs),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"stats", NULL, NULL, NULL, NULL, stats_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Intervals on a virtual clock: their three policies, as tokio documents them, and that no tick is
 * lost or taken twice. Nothing here sleeps.
 */
#include <nave/interval.h>

#include "failing.h"
#include "timers_rig.h"

static struct nave_interval ticks;
static nave_nsec begin;

static void make(nave_nsec first, nave_nsec period, uint32_t policy)
{
    begin = nave_now(w);
    CU_ASSERT_EQUAL_FATAL(nave_interval_init(&ticks, first, period, policy), NAVE_OK);
}

static struct nave_op *tick(struct nave_cx *cx, void *arg)
{
    return nave_interval_tick(cx, arg);
}

/* Tick `n` ended `at_ms` after the beginning, and was due at `due_ms`. */
static void expect(int n, int64_t at_ms, int64_t due_ms)
{
    CU_ASSERT_FATAL(ends > n);
    CU_ASSERT_EQUAL(ended[n].result, NAVE_OK);
    CU_ASSERT_EQUAL(ended[n].at - begin, ms(at_ms));
    CU_ASSERT_EQUAL((nave_nsec)ended[n].value - begin, ms(due_ms));
}

/* The first tick at once; then nobody polls until `busy` has passed; then `more` ticks. */
static void tick_late(nave_nsec busy, int32_t more)
{
    spawn(tick, &ticks, 1);
    settle();
    at(begin + busy);
    spawn(tick, &ticks, more);
    while (nv_worker_tasks(worker) > 0)
        nv_worker_turn(worker, NAVE_NEVER);
}

/* --- the policies: the examples of tokio's documentation --------------------------------------- */

static void burst_ticks_as_fast_as_possible_until_caught_up(void)
{
    make(nave_now(w), ms(50), NAVE_INTERVAL_BURST);
    tick_late(ms(200), 5);
    expect(0, 0, 0);
    expect(1, 200, 50);
    expect(2, 200, 100);
    expect(3, 200, 150);
    expect(4, 200, 200);
    expect(5, 250, 250);
}

static void delay_ticks_a_period_after_the_late_one_was_taken(void)
{
    make(nave_now(w), ms(50), NAVE_INTERVAL_DELAY);
    tick_late(ms(60), 3);
    expect(1, 60, 50);
    expect(2, 110, 110);
    expect(3, 160, 160);
}

static void skip_ticks_on_the_next_multiple_of_the_period(void)
{
    make(nave_now(w), ms(50), NAVE_INTERVAL_SKIP);
    tick_late(ms(75), 3);
    expect(1, 75, 50);
    expect(2, 100, 100);
    expect(3, 150, 150);
}

static void skip_leaves_out_all_that_was_missed(void)
{
    make(nave_now(w), ms(50), NAVE_INTERVAL_SKIP);
    tick_late(ms(1075), 2);
    expect(1, 1075, 50);
    expect(2, 1100, 1100);
}

static void skip_of_a_tick_on_the_grid_waits_a_whole_period(void)
{
    make(nave_now(w), ms(50), NAVE_INTERVAL_SKIP);
    tick_late(ms(150), 2);
    expect(1, 150, 50);
    expect(2, 200, 200);
}

static void five_milliseconds_late_is_not_missed(void)
{
    uint32_t policy;

    for (policy = NAVE_INTERVAL_BURST; policy <= NAVE_INTERVAL_SKIP; policy++) {
        ends = 0;
        make(nave_now(w), ms(50), policy);
        tick_late(ms(55), 2);
        expect(1, 55, 50);
        expect(2, 100, 100);
    }
    ends = 0;
    make(nave_now(w), ms(50), NAVE_INTERVAL_DELAY);
    tick_late(ms(55) + 1, 1);
    CU_ASSERT_EQUAL(ticks.next_ns - begin, ms(105) + 1);
}

static void slack_is_not_lateness(void)
{
    make(nave_now(w), ms(50), NAVE_INTERVAL_DELAY);
    ticks.slack_ns = ms(20);
    tick_late(ms(75), 1);
    CU_ASSERT_EQUAL(ticks.next_ns - begin, ms(100));
}

static void a_suspended_machine_ticks_as_the_policy_says(void)
{
    static const int32_t expected[] = {7200, 1, 1}; /* ticks that come at once */
    uint32_t policy;

    for (policy = NAVE_INTERVAL_BURST; policy <= NAVE_INTERVAL_SKIP; policy++) {
        int32_t n = 0;

        make(nave_now(w), NAVE_SEC, policy);
        sim.now_ns += 7200 * NAVE_SEC - ms(500);
        settle();
        while (nave_interval_start(&ticks, w, on_done, NULL) == NAVE_OK)
            n++;
        CU_ASSERT_EQUAL(n, expected[policy]);
        CU_ASSERT(ticks.next_ns > nave_now(w) && ticks.next_ns <= nave_now(w) + NAVE_SEC);
        nave_op_drop(&ticks.op);
    }
}

/* --- ticks -------------------------------------------------------------------------------------- */

static void ticks_come_at_their_times_and_not_before(void)
{
    int i;

    make(nave_now(w) + ms(30), ms(10), NAVE_INTERVAL_BURST);
    spawn(tick, &ticks, 100);
    settle();
    CU_ASSERT_EQUAL(pins, 1);
    at(begin + ms(30) - 1);
    CU_ASSERT_EQUAL(ends, 0);
    while (nv_worker_tasks(worker) > 0)
        nv_worker_turn(worker, NAVE_NEVER);
    for (i = 0; i < 100; i++)
        expect(i, 30 + 10 * i, 30 + 10 * i);
    CU_ASSERT_EQUAL(pins, 0);
}

static void a_period_of_no_whole_number_of_ticks_does_not_drift(void)
{
    int i, wrong = 0;

    make(nave_now(w), 16666667, NAVE_INTERVAL_DELAY); /* 60 a second */
    spawn(tick, &ticks, 601);
    while (nv_worker_tasks(worker) > 0)
        nv_worker_turn(worker, NAVE_NEVER);
    for (i = 0; i < ends; i++) {
        nave_nsec late = ended[i].at - (begin + i * (nave_nsec)16666667);

        wrong += late < 0 || late >= NAVE_MSEC;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(ends, 601);
}

static void a_tick_that_is_dropped_comes_again(void)
{
    make(nave_now(w) + ms(10), ms(10), NAVE_INTERVAL_BURST);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, on_done, NULL), NAVE_EAGAIN);
    nave_op_drop(&ticks.op); /* in flight */
    CU_ASSERT_EQUAL(ticks.next_ns, begin + ms(10));
    nave_op_drop(&ticks.op); /* idle */
    at(begin + ms(15));
    CU_ASSERT_EQUAL(ends, 0);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, on_done, NULL), NAVE_OK);
    CU_ASSERT_EQUAL((nave_nsec)ticks.op.value, begin + ms(10));
    CU_ASSERT_EQUAL(ticks.next_ns, begin + ms(20));
}

/* Begins a tick, lets it become due, and takes another arm: as a select does. */
struct two_arms {
    struct nave_sleep_op other;
    int32_t is_begun;
};

static struct nave_op *begin_both(struct nave_cx *cx, void *arg)
{
    struct two_arms *two = arg;

    if (!two->is_begun++)
        (void)nave_interval_tick(cx, &ticks);
    return nave_sleep_until(cx, &two->other, begin + ms(10));
}

static void a_due_tick_of_an_arm_that_lost_is_not_lost(void)
{
    static struct two_arms two;

    memset(&two, 0, sizeof(two));
    make(nave_now(w) + ms(10), ms(10), NAVE_INTERVAL_BURST);
    spawn(begin_both, &two, 1);
    settle();
    CU_ASSERT_EQUAL(pins, 2);
    at(begin + ms(10));
    CU_ASSERT_EQUAL(ends, 1);
    CU_ASSERT_EQUAL(ticks.op.state, NAVE_OP_IN_FLIGHT); /* due, and not taken */
    nave_op_drop(&ticks.op);
    CU_ASSERT_EQUAL(pins, 0);
    spawn(tick, &ticks, 1);
    settle();
    expect(1, 10, 10);
}

static void again(struct nave_op *op, void *arg)
{
    note_end(op, arg);
    if (ends < 5)
        CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, again, arg), NAVE_EAGAIN);
}

static void a_callback_starts_the_interval_again(void)
{
    int i;

    make(nave_now(w) + ms(10), ms(10), NAVE_INTERVAL_SKIP);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, NULL, NULL), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, again, NULL), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, again, NULL), NAVE_EBUSY);
    for (i = 0; i < 10; i++)
        nv_worker_turn(worker, ms(15));
    CU_ASSERT_EQUAL_FATAL(ends, 5);
    for (i = 0; i < 5; i++)
        expect(i, 10 + 10 * i, 10 + 10 * i);
}

static void a_burst_lets_others_have_their_turn(void)
{
    static struct nave_interval other;

    make(nave_now(w), ms(1), NAVE_INTERVAL_BURST);
    CU_ASSERT_EQUAL(nave_interval_init(&other, begin, NAVE_SEC, NAVE_INTERVAL_BURST), NAVE_OK);
    sim.now_ns += NAVE_SEC / 2; /* 500 ticks are due */
    nv_worker_turn(worker, 0);
    spawn(tick, &ticks, 400);
    spawn(tick, &other, 1);
    nv_worker_turn(worker, 0);
    CU_ASSERT(ends > 100 && ends < 200);
    CU_ASSERT_PTR_EQUAL(ended[ends - 1].arg, &other);
    settle();
    CU_ASSERT_EQUAL(ends, 401);
    CU_ASSERT_EQUAL(sim.sleeps, 0);
}

static void what_makes_no_sense_is_refused(void)
{
    CU_ASSERT_EQUAL(nave_interval_init(&ticks, 0, 0, NAVE_INTERVAL_BURST), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_interval_init(&ticks, 0, -1, NAVE_INTERVAL_BURST), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_interval_init(&ticks, 0, 1, NAVE_INTERVAL_SKIP + 1), NAVE_EINVAL);
}

static void a_period_that_overflows_never_ticks_again(void)
{
    make(nave_now(w), NAVE_NEVER, NAVE_INTERVAL_SKIP);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, on_done, NULL), NAVE_OK);
    CU_ASSERT_EQUAL(ticks.next_ns, NAVE_NEVER);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, on_done, NULL), NAVE_EAGAIN);
    at(NAVE_NEVER - NAVE_SEC);
    CU_ASSERT_EQUAL(ends, 0);
    nave_op_drop(&ticks.op);
}

static void a_task_dropped_with_a_tick_in_flight_leaves_nothing(void)
{
    make(nave_now(w) + ms(10), ms(10), NAVE_INTERVAL_BURST);
    spawn(tick, &ticks, 10);
    at(begin + ms(25));
    CU_ASSERT_EQUAL(ends, 2);
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

static void an_interval_allocates_nothing(void)
{
    make(nave_now(w), ms(10), NAVE_INTERVAL_BURST);
    spawn(tick, &ticks, 50);
    settle();
    fail_after(0);
    while (nv_worker_tasks(worker) > 0)
        nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(nave_interval_start(&ticks, w, on_done, NULL), NAVE_EAGAIN);
    nave_op_drop(&ticks.op);
    countdown = -1;
    CU_ASSERT_FALSE(has_failed);
    CU_ASSERT_EQUAL(ends, 50);
}

#define T(name)     \
    {               \
#        name, name \
    }

static CU_TestInfo policies[] = {
    T(burst_ticks_as_fast_as_possible_until_caught_up),
    T(delay_ticks_a_period_after_the_late_one_was_taken),
    T(skip_ticks_on_the_next_multiple_of_the_period),
    T(skip_leaves_out_all_that_was_missed),
    T(skip_of_a_tick_on_the_grid_waits_a_whole_period),
    T(five_milliseconds_late_is_not_missed),
    T(slack_is_not_lateness),
    T(a_suspended_machine_ticks_as_the_policy_says),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo ticking[] = {
    T(ticks_come_at_their_times_and_not_before),
    T(a_period_of_no_whole_number_of_ticks_does_not_drift),
    T(a_tick_that_is_dropped_comes_again),
    T(a_due_tick_of_an_arm_that_lost_is_not_lost),
    T(a_callback_starts_the_interval_again),
    T(a_burst_lets_others_have_their_turn),
    T(what_makes_no_sense_is_refused),
    T(a_period_that_overflows_never_ticks_again),
    T(a_task_dropped_with_a_tick_in_flight_leaves_nothing),
    T(an_interval_allocates_nothing),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"policies", NULL, NULL, setup, teardown, policies},
    {"ticks", NULL, NULL, setup, teardown, ticking},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Sleeps, awaited and with callbacks, on a virtual clock: never early, in order, at any distance,
 * whatever the clocks do, and taken back in every state. Nothing here sleeps.
 */
#include <pthread.h>

#include <nave/sleep.h>

#include "failing.h"
#include "timers_rig.h"

#define SEED UINT64_C(0x51EE9)
#define MANY 1000

/* What a task sleeps: so long each time. */
struct plan {
    struct nave_sleep_op sleep;
    nave_nsec ns;
};

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static struct nave_op *sleep_of_plan(struct nave_cx *cx, void *arg)
{
    struct plan *p = arg;

    return nave_sleep(cx, &p->sleep, p->ns);
}

static struct nave_op *until_plan(struct nave_cx *cx, void *arg)
{
    struct plan *p = arg;

    return nave_sleep_until(cx, &p->sleep, p->ns);
}

/* --- semantics ------------------------------------------------------------------------------- */

static void a_task_that_sleeps_goes_on_when_the_time_has_come_and_not_before(void)
{
    struct plan p = {.ns = ms(10) + 1};
    nave_nsec begin = nave_now(w);
    struct awaiting *a = spawn(sleep_of_plan, &p, 1);

    settle();
    CU_ASSERT_EQUAL(pins, 1);
    CU_ASSERT_EQUAL(handle.usage.timers, 1);
    at(begin + ms(10));
    CU_ASSERT_EQUAL(ends, 0);
    CU_ASSERT_EQUAL(a->polls, 1); /* not woken for nothing */
    at(begin + ms(11));
    CU_ASSERT_EQUAL_FATAL(ends, 1);
    CU_ASSERT_EQUAL(ended[0].result, NAVE_OK);
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
}

static void a_sleep_is_never_early_and_at_most_a_tick_late(void)
{
    static struct plan p[MANY];
    int i;

    random_state = SEED;
    memset(p, 0, sizeof(p));
    for (i = 0; i < MANY; i++) {
        p[i].ns = (nave_nsec)(random_next() >> (22 + random_next() % 40)); /* up to an hour */
        p[i].ns += nave_now(w);
        spawn(until_plan, &p[i], 1);
    }
    while (nv_worker_tasks(worker) > 0)
        nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL_FATAL(ends, MANY);
    for (i = 0; i < MANY; i++) {
        nave_nsec late = ended[i].at - ((struct plan *)ended[i].arg)->ns;

        CU_ASSERT(late >= 0 && late < NAVE_MSEC);
    }
}

static void equal_deadlines_end_in_the_order_in_which_they_were_started(void)
{
    static struct nave_sleep_op s[6];
    nave_nsec when = nave_now(w) + ms(300000);
    int i;

    memset(s, 0, sizeof(s));
    for (i = 0; i < 6; i++) { /* from far, from the middle, from near: different levels */
        CU_ASSERT_EQUAL(nave_sleep_start(&s[i], w, when, on_done, &s[i]), NAVE_EAGAIN);
        if (i == 1)
            at(when - ms(10000));
        if (i == 3)
            at(when - ms(10));
    }
    at(when);
    CU_ASSERT_EQUAL_FATAL(ends, 6);
    for (i = 0; i < 6; i++)
        CU_ASSERT_PTR_EQUAL(ended[i].arg, &s[i]);
}

static void a_deadline_that_has_passed_is_done_at_once(void)
{
    struct nave_sleep_op s = {0};
    struct plan p = {.ns = -NAVE_SEC};

    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, nave_now(w), on_done, NULL), NAVE_OK);
    CU_ASSERT_EQUAL(s.op.state, NAVE_OP_DONE);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    spawn(sleep_of_plan, &p, 3);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 1); /* one poll for all three */
    CU_ASSERT_EQUAL(ends, 3);
}

static void a_loop_of_sleeps_of_nothing_lets_others_have_their_turn(void)
{
    struct plan greedy = {.ns = 0}, other = {.ns = 0};
    int i, before_greedy_ended = 0;

    spawn(sleep_of_plan, &greedy, 1000);
    spawn(sleep_of_plan, &other, 1);
    for (i = 0; i < 100 && nv_worker_tasks(worker) > 0; i++)
        nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL_FATAL(ends, 1001);
    while (ended[before_greedy_ended].arg != &other)
        before_greedy_ended++;
    CU_ASSERT(before_greedy_ended < 200);
    CU_ASSERT_EQUAL(sim.sleeps, 0); /* and no time passes */
}

static void a_sleep_may_be_moved_later_and_earlier_while_in_flight(void)
{
    struct nave_sleep_op s = {0};
    nave_nsec begin = nave_now(w);

    CU_ASSERT_EQUAL(nave_sleep_move(&s, begin), NAVE_ESTATE);
    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, begin + ms(10), on_done, NULL), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_sleep_move(&s, begin + ms(100)), NAVE_OK);
    at(begin + ms(99));
    CU_ASSERT_EQUAL(ends, 0);
    CU_ASSERT_EQUAL(nave_sleep_move(&s, begin + ms(1000)), NAVE_OK);
    CU_ASSERT_EQUAL(nave_sleep_move(&s, begin + ms(500)), NAVE_OK);
    at(begin + ms(499));
    CU_ASSERT_EQUAL(ends, 0);
    at(begin + ms(500));
    CU_ASSERT_EQUAL(ends, 1);
    at(begin + ms(2000));
    CU_ASSERT_EQUAL(ends, 1);
    CU_ASSERT_EQUAL(nave_sleep_move(&s, begin), NAVE_ESTATE);
}

struct stranger {
    struct nave_sleep_op *sleep;
    nave_err moved, started, opened;
};

static void *on_another_thread(void *arg)
{
    struct stranger *t = arg;
    struct nave_sleep_op own = {0};
    struct nave_io *io;

    t->moved = nave_sleep_move(t->sleep, nave_now(w) + ms(1));
    t->started = nave_sleep_start(&own, w, nave_now(w) + ms(1), on_done, NULL);
    t->opened = w->api->io_open(w, 0, NULL, NULL, &io);
    return NULL;
}

static void what_belongs_to_a_worker_is_refused_to_other_threads(void)
{
    struct nave_sleep_op s = {0};
    struct stranger t = {.sleep = &s};
    pthread_t thread;

    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, nave_now(w) + ms(10), on_done, NULL), NAVE_EAGAIN);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, on_another_thread, &t), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_join(thread, NULL), 0);
    CU_ASSERT_EQUAL(t.moved, NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(t.started, NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(t.opened, NAVE_EAFFINITY);
    at(nave_now(w) + ms(9));
    CU_ASSERT_EQUAL(ends, 0);
    at(nave_now(w) + ms(1));
    CU_ASSERT_EQUAL(ends, 1);
}

static void starting_a_sleep_twice_is_busy_and_it_goes_on(void)
{
    struct nave_sleep_op s = {0};
    nave_nsec when = nave_now(w) + ms(5);

    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, when, NULL, NULL), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, when, on_done, &s), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, when + 1, on_done, NULL), NAVE_EBUSY);
    at(when);
    CU_ASSERT_EQUAL_FATAL(ends, 1);
    CU_ASSERT_PTR_EQUAL(ended[0].arg, &s);
}

static void restart(struct nave_op *op, void *arg)
{
    struct nave_sleep_op *s = arg;

    CU_ASSERT_EQUAL(op->state, NAVE_OP_DONE);
    note_end(op, arg);
    if (ends < 3)
        CU_ASSERT_EQUAL(nave_sleep_start(s, w, nave_now(w) + ms(7), restart, s), NAVE_EAGAIN);
}

static void a_sleep_may_be_started_again_in_its_callback(void)
{
    struct nave_sleep_op s = {0};
    int i;

    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, nave_now(w) + ms(7), restart, &s), NAVE_EAGAIN);
    for (i = 0; i < 10; i++)
        nv_worker_turn(worker, ms(50));
    CU_ASSERT_EQUAL(ends, 3);
    CU_ASSERT_EQUAL(ended[2].at - ended[0].at, ms(14));
}

/* --- taken back ------------------------------------------------------------------------------ */

static void a_sleep_is_dropped_in_every_state(void)
{
    struct nave_sleep_op s = {0};
    nave_nsec when = nave_now(w) + ms(5);

    nave_op_drop(&s.op); /* never started */
    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, when, on_done, NULL), NAVE_EAGAIN);
    nave_op_drop(&s.op); /* in flight */
    nave_op_drop(&s.op); /* dropped before */
    CU_ASSERT_EQUAL(s.op.state, NAVE_OP_IDLE);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    at(when + ms(5));
    CU_ASSERT_EQUAL(ends, 0);
    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, nave_now(w) + ms(5), on_done, NULL), NAVE_EAGAIN);
    at(nave_now(w) + ms(5));
    CU_ASSERT_EQUAL(ends, 1);
    nave_op_drop(&s.op); /* done */
    CU_ASSERT_EQUAL(s.op.state, NAVE_OP_IDLE);
}

static void drop_the_other(struct nave_op *op, void *arg)
{
    struct nave_sleep_op *other = arg;

    note_end(op, arg);
    nave_op_drop(&other->op);
}

static void a_sleep_dropped_by_another_of_the_same_tick_does_not_end(void)
{
    struct nave_sleep_op a = {0}, b = {0};
    nave_nsec when = nave_now(w) + ms(5);

    CU_ASSERT_EQUAL(nave_sleep_start(&a, w, when, drop_the_other, &b), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_sleep_start(&b, w, when, on_done, NULL), NAVE_EAGAIN);
    at(when);
    CU_ASSERT_EQUAL(ends, 1);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

static void a_task_dropped_in_its_sleep_leaves_no_timer_and_no_pin(void)
{
    static struct plan p[3];
    struct awaiting *a[3];
    int i;

    memset(p, 0, sizeof(p));
    for (i = 0; i < 3; i++) {
        p[i].ns = ms(5 * i);
        a[i] = spawn(sleep_of_plan, &p[i], 2);
    }
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(pins, 2);
    sim.now_ns += ms(5);
    /* The timer of the second ends in this turn; its task is dropped before it is polled. */
    nv_worker_turn(worker, 0);
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    (void)a;
}

static struct nave_op *again_and_again(struct nave_cx *cx, void *arg)
{
    struct plan *p = arg;

    CU_ASSERT_EQUAL(nave_sleep(cx, &p->sleep, NAVE_SEC)->state, NAVE_OP_IN_FLIGHT);
    CU_ASSERT_EQUAL(nave_sleep(cx, &p->sleep, NAVE_SEC * 2)->state, NAVE_OP_IN_FLIGHT);
    CU_ASSERT_EQUAL(pins, 1);
    CU_ASSERT_EQUAL(handle.usage.timers, 1);
    return nave_sleep(cx, &p->sleep, p->ns);
}

static void a_sleep_awaited_anew_takes_the_old_one_back_first(void)
{
    struct plan p = {.ns = ms(3)};
    nave_nsec begin = nave_now(w);

    spawn(again_and_again, &p, 1);
    settle();
    at(begin + ms(3));
    CU_ASSERT_EQUAL(ends, 1);
    CU_ASSERT_EQUAL(pins, 0);
}

/* --- far timers and clocks ------------------------------------------------------------------- */

static void far_sleeps_end_in_their_decade_and_never_is_never(void)
{
    const nave_nsec year = (nave_nsec)365 * 86400 * NAVE_SEC;
    nave_nsec begin = nave_now(w);
    static struct plan p[5];
    int i;

    memset(p, 0, sizeof(p));
    p[0].ns = 30 * year;
    p[1].ns = 100 * year;
    p[2].ns = 290 * year;
    p[3].ns = NAVE_NEVER - 1;
    p[4].ns = NAVE_NEVER;
    for (i = 0; i < 5; i++)
        spawn(sleep_of_plan, &p[i], 1);
    settle();
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 2); /* timer and task: one wait each */
        CU_ASSERT_EQUAL_FATAL(ends, i + 1);
        CU_ASSERT_EQUAL(ended[i].at, begin + p[i].ns);
    }
    CU_ASSERT_EQUAL(p[3].sleep.timer.deadline_ns, NAVE_NEVER); /* overflows */
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(ends, 3);
    CU_ASSERT_EQUAL(sim.now_ns, begin + p[2].ns); /* it waits for ever */
}

static void a_monotonic_clock_that_goes_back_ends_nothing_early(void)
{
    struct nave_sleep_op s = {0};
    nave_nsec begin = nave_now(w), when = begin + ms(50);

    CU_ASSERT_EQUAL(nave_sleep_start(&s, w, when, on_done, NULL), NAVE_EAGAIN);
    at(begin + ms(20));
    at(begin - ms(900)); /* the worker's own clock stays where it was */
    CU_ASSERT_EQUAL(nave_now(w), begin + ms(20));
    CU_ASSERT_EQUAL(ends, 0);
    at(when - 1);
    CU_ASSERT_EQUAL(ends, 0);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(ends, 1);
    CU_ASSERT_EQUAL(sim.now_ns, when);
}

static void jumps_of_the_wall_clock_move_no_sleep(void)
{
    static const int64_t jumps[] = {3600, -7200, 86400 * 365, -86400 * 365};
    nave_nsec begin = nave_now(w);
    struct nave_sleep_op s[4];
    int i;

    memset(s, 0, sizeof(s));
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(nave_sleep_start(&s[i], w, begin + (i + 1) * 10 * NAVE_SEC, on_done, NULL),
                        NAVE_EAGAIN);
    for (i = 0; i < 4; i++) {
        sim.wall_offset_ns += jumps[i] * NAVE_SEC;
        at(begin + (i + 1) * 10 * NAVE_SEC - 1);
        CU_ASSERT_EQUAL(ends, i);
        at(begin + (i + 1) * 10 * NAVE_SEC);
        CU_ASSERT_EQUAL(ends, i + 1);
        CU_ASSERT_EQUAL(worker->clock.wall_ns - sim.now_ns, sim.wall_offset_ns);
    }
}

static void a_jump_of_hours_forward_ends_each_once_and_in_order(void)
{
    static struct nave_sleep_op s[MANY];
    nave_nsec begin = nave_now(w);
    int i, wrong = 0;

    memset(s, 0, sizeof(s));
    for (i = MANY - 1; i >= 0; i--)
        wrong +=
            nave_sleep_start(&s[i], w, begin + ms(1 + i * 7001), on_done, &s[i]) != NAVE_EAGAIN;
    at(begin + 5 * 3600 * NAVE_SEC); /* a machine that was suspended */
    CU_ASSERT_EQUAL_FATAL(ends, MANY);
    for (i = 0; i < MANY; i++)
        wrong += ended[i].arg != &s[i] || ended[i].at != sim.now_ns;
    CU_ASSERT_EQUAL(wrong, 0);
    at(begin + 50 * 3600 * NAVE_SEC);
    CU_ASSERT_EQUAL(ends, MANY);
}

/* --- slack ----------------------------------------------------------------------------------- */

/* The multiple of the largest power of two among the ticks of [deadline, deadline + slack]. */
static nave_nsec slack_by_search(nave_nsec deadline, nave_nsec slack)
{
    int64_t tick, best = 0;

    for (tick = (deadline + NAVE_MSEC - 1) / NAVE_MSEC; tick <= (deadline + slack) / NAVE_MSEC;
         tick++)
        if (!best || (tick & -tick) > (best & -best))
            best = tick;
    return best ? ms(best) : deadline;
}

static void slack_gives_the_roundest_tick_within_it(void)
{
    int i, wrong = 0;

    random_state = SEED;
    for (i = 0; i < 20000; i++) {
        nave_nsec deadline = 1 + (nave_nsec)(random_next() >> (20 + random_next() % 40));
        nave_nsec slack = (nave_nsec)(random_next() % (uint64_t)ms(300));
        nave_nsec found = nave_timer_slack(deadline, slack);

        wrong += found != slack_by_search(deadline, slack);
        wrong += found < deadline || found > deadline + slack;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(nave_timer_slack(ms(77) + 5, 0), ms(77) + 5);
    CU_ASSERT_EQUAL(nave_timer_slack(ms(77) + 5, -1), ms(77) + 5);
    CU_ASSERT_EQUAL(nave_timer_slack(-5, ms(9)), -5);
    CU_ASSERT_EQUAL(nave_timer_slack(0, ms(9)), 0);
    CU_ASSERT_EQUAL(nave_timer_slack(NAVE_NEVER, ms(9)), NAVE_NEVER);
    CU_ASSERT_EQUAL(nave_timer_slack(5, NAVE_NEVER), 5);
    CU_ASSERT_EQUAL(nave_timer_slack(ms(4), NAVE_NEVER - ms(4)), ms(INT64_C(1) << 43));
}

/* How often the worker wakes up for MANY sleeps of ten seconds at most. */
static uint64_t wake_ups_with(nave_nsec slack)
{
    static struct nave_sleep_op s[MANY];
    nave_nsec begin = nave_now(w);
    uint64_t before = sim.sleeps;
    int i, wrong = 0;

    random_state = SEED;
    ends = 0;
    memset(s, 0, sizeof(s));
    for (i = 0; i < MANY; i++) {
        s[i].slack_ns = slack;
        s[i].op.reserved = 0;
        wrong += nave_sleep_start(&s[i], w, begin + 1 + (nave_nsec)(random_next() % 10000000000u),
                                  on_done, &s[i]) != NAVE_EAGAIN;
    }
    random_state = SEED;
    while (ends < MANY)
        nv_worker_turn(worker, NAVE_NEVER);
    for (i = 0; i < MANY; i++) {
        nave_nsec asked = begin + 1 + (nave_nsec)(random_next() % 10000000000u);
        int k;

        for (k = 0; ended[k].arg != &s[i]; k++)
            continue;
        wrong += ended[k].at < asked || ended[k].at > asked + slack + NAVE_MSEC;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    return sim.sleeps - before;
}

static void slack_merges_wake_ups(void)
{
    uint64_t exact = wake_ups_with(0), some = wake_ups_with(ms(100)),
             much = wake_ups_with(ms(1000));

    printf("\n    %d sleeps in 10 s: %d wake-ups; slack of 100 ms: %d; of 1 s: %d ", MANY,
           (int)exact, (int)some, (int)much);
    CU_ASSERT(exact > MANY * 9 / 10);
    CU_ASSERT(some <= 10000 / 64 + 2); /* a slack of 100 ms always holds a multiple of 64 */
    CU_ASSERT(much <= 10000 / 512 + 2);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void a_sleep_allocates_nothing(void)
{
    static struct nave_sleep_op s[64];
    static struct plan p;
    int i, wrong = 0;

    memset(s, 0, sizeof(s));
    memset(&p, 0, sizeof(p));
    p.ns = ms(3);
    spawn(sleep_of_plan, &p, 20);
    settle();
    fail_after(0);
    for (i = 0; i < 64; i++)
        wrong += nave_sleep_start(&s[i], w, nave_now(w) + ms(1) * (1 + i * 99), on_done, NULL) !=
                 NAVE_EAGAIN;
    for (i = 0; i < 32; i++) {
        wrong += nave_sleep_move(&s[i], nave_now(w) + ms(5000)) != NAVE_OK;
        nave_op_drop(&s[i + 32].op);
    }
    for (i = 0; i < 200; i++)
        nv_worker_turn(worker, ms(100));
    countdown = -1;
    CU_ASSERT_FALSE(has_failed);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(ends, 20 + 32);
    CU_ASSERT_EQUAL(handle.usage.allocs, 0);
}

#define T(name)     \
    {               \
#        name, name \
    }

static CU_TestInfo semantics[] = {
    T(a_task_that_sleeps_goes_on_when_the_time_has_come_and_not_before),
    T(a_sleep_is_never_early_and_at_most_a_tick_late),
    T(equal_deadlines_end_in_the_order_in_which_they_were_started),
    T(a_deadline_that_has_passed_is_done_at_once),
    T(a_loop_of_sleeps_of_nothing_lets_others_have_their_turn),
    T(a_sleep_may_be_moved_later_and_earlier_while_in_flight),
    T(starting_a_sleep_twice_is_busy_and_it_goes_on),
    T(a_sleep_may_be_started_again_in_its_callback),
    T(a_sleep_is_dropped_in_every_state),
    T(a_sleep_dropped_by_another_of_the_same_tick_does_not_end),
    T(a_task_dropped_in_its_sleep_leaves_no_timer_and_no_pin),
    T(a_sleep_awaited_anew_takes_the_old_one_back_first),
    T(what_belongs_to_a_worker_is_refused_to_other_threads),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo clocks[] = {
    T(far_sleeps_end_in_their_decade_and_never_is_never),
    T(a_monotonic_clock_that_goes_back_ends_nothing_early),
    T(jumps_of_the_wall_clock_move_no_sleep),
    T(a_jump_of_hours_forward_ends_each_once_and_in_order),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo slack[] = {
    T(slack_gives_the_roundest_tick_within_it),
    T(slack_merges_wake_ups),
    T(a_sleep_allocates_nothing),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"sleep", NULL, NULL, setup, teardown, semantics},
    {"clocks", NULL, NULL, setup, teardown, clocks},
    {"slack", NULL, NULL, setup, teardown, slack},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

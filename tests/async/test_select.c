/* SPDX-License-Identifier: MIT
 *
 * Select: one arm wins, the others lose nothing, kept arms keep their places; ops and futures mixed.
 */
#include "async_rig.h"

/* A child that takes two, and says how it ended. */
NAVE_ASYNC(pair, struct nave_op op; uint64_t * sum; struct nave_timeout limit; uint32_t is_slow;)
{
    NAVE_BEGIN();
    NAVE_TRY(box_take(cx, &f->op, &other));
    *f->sum += f->op.value;
    NAVE_TRY(box_take(cx, &f->op, &other));
    *f->sum += f->op.value;
    NAVE_CLEANUP();
    if (f->is_slow)
        NAVE_SHIELD(&f->limit, NAVE_SEC, box_take(cx, &f->op, &other));
    say(f->async.result == NAVE_OK ? "pair" : "pair-ended");
    NAVE_END();
}

/* Takes from the box, from the other by a child, or gives up after a second; `times` times. */
NAVE_ASYNC(choosing, struct nave_select select; struct nave_arm arms[3]; struct nave_op op;
           struct pair pair; struct nave_sleep_op sleep; uint64_t sum;
           uint32_t mode, times, is_slow; uint32_t won[3]; uint32_t is_second_off;)
{
    NAVE_BEGIN();
    for (; f->times > 0; f->times--) {
        NAVE_SELECT(&f->select, f->arms, f->mode, box_take(cx, &f->op, &box),
                    f->is_second_off
                        ? NULL
                        : NAVE_CALL(pair, &f->pair, .sum = &f->sum, .is_slow = f->is_slow),
                    nave_sleep(cx, &f->sleep, NAVE_SEC));
        if (f->select.winner < 3)
            f->won[f->select.winner]++;
    }
    NAVE_RETURN(NAVE_RESULT());
    NAVE_CLEANUP();
    say("clean");
    NAVE_END();
}

static struct choosing chooser;

static struct nave_future *choose(uint32_t mode, uint32_t times)
{
    memset(&chooser, 0, sizeof(chooser));
    chooser.async.future.api = &choosing_api;
    chooser.mode = mode;
    chooser.times = times;
    return &chooser.async.future;
}

static void the_first_that_is_ready_wins_and_the_others_are_dropped(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&box), 1);
    CU_ASSERT_EQUAL(box_waiters(&other), 1);
    CU_ASSERT_EQUAL(handle.usage.timers, 1);
    box_put(&other, 3);
    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING); /* the child wants two */
    CU_ASSERT_EQUAL(chooser.sum, 3);
    box_put(&other, 4);
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(chooser.won[1], 1);
    CU_ASSERT_EQUAL(chooser.sum, 7);
    CU_ASSERT_EQUAL(box_waiters(&box), 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT(was_said("pair clean"));
}

static void a_timer_wins_and_the_cleanup_of_a_losing_function_runs(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(wakes, 1);
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(chooser.won[2], 1);
    CU_ASSERT(was_said("pair-ended clean"));
}

static void an_arm_behind_one_that_is_ready_is_not_started(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    box_put(&box, 1);
    box_put(&other, 2);
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(chooser.won[0], 1);
    CU_ASSERT_EQUAL(chooser.op.value, 1);
    CU_ASSERT_EQUAL(other.starts, 0);
    CU_ASSERT_EQUAL(other.count, 1); /* it is still there */
    other.count = 0;
}

/* Both get an item while nobody looks: one is taken, the other goes on to the next who asks. */
static void of_two_that_become_ready_one_is_taken_and_the_other_is_not_lost(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    box_put(&other, 8);
    box_put(&box, 9);
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(chooser.won[0], 1);
    CU_ASSERT_EQUAL(chooser.op.value, 9);
    CU_ASSERT_EQUAL(chooser.sum, 0);
    CU_ASSERT_EQUAL(other.count, 1);
    CU_ASSERT_EQUAL(other.items[0], 8);
    other.count = 0;
}

static void an_error_of_the_winner_is_the_result(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    box_put(&box, 666);
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(chooser.won[0], 1);
    CU_ASSERT_EQUAL(result_of(future), NAVE_ERESET);
}

static void a_biased_select_always_takes_the_first(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 20);
    int i;

    for (i = 0; i < 40; i++) {
        box_put(&box, 1);
        box_put(&other, 1);
    }
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(chooser.won[0], 20);
    box.count = other.count = 0;
}

static void a_fair_select_takes_each_and_the_same_seed_the_same(void)
{
    uint32_t first, round;

    for (round = 0; round < 2; round++) {
        struct nave_future *future = choose(NAVE_SELECT_FAIR, 60);
        int i;

        w->random = 12345;
        by_hand.budget = 1000;
        box.count = other.count = 60;
        for (i = 0; i < 60; i++)
            box.items[i] = other.items[i] = 1;
        CU_ASSERT_EQUAL(poll_once(future), NAVE_READY); /* something is always there */
        CU_ASSERT(chooser.won[0] > 10);
        CU_ASSERT(chooser.won[1] > 10);
        if (round == 0)
            first = chooser.won[0];
        CU_ASSERT_EQUAL(chooser.won[0], first);
        choosing_api.drop(future);
    }
    box.count = other.count = 0;
}

static void an_arm_that_is_null_is_none(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    chooser.is_second_off = 1;
    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    CU_ASSERT_EQUAL(other.starts, 0);
    choosing_api.drop(future);
    CU_ASSERT(was_said("clean"));
}

static void a_select_in_flight_is_dropped_with_its_function(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    choosing_api.drop(future);
    CU_ASSERT_EQUAL(box_waiters(&box) + box_waiters(&other), 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT(was_said("pair-ended clean"));
}

static void a_select_that_is_canceled_waits_for_what_is_shielded_inside(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    chooser.is_slow = 1;
    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&box), 0);
    CU_ASSERT(future->flags & NAVE_FUTURE_IS_SHIELDED);
    box_put(&other, 1);
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(future), NAVE_ECANCELED);
    CU_ASSERT(was_said("pair-ended clean"));
}

static void a_select_that_is_canceled_still_delivers_what_has_come(void)
{
    struct nave_future *future = choose(NAVE_SELECT_BIASED, 1);

    CU_ASSERT_EQUAL(poll_once(future), NAVE_PENDING);
    pass(2 * NAVE_SEC);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(future), NAVE_READY);
    CU_ASSERT_EQUAL(chooser.won[2], 1);
}

/* --- kept arms ------------------------------------------------------------------------------------- */

NAVE_ASYNC(keeping, struct nave_select select; struct nave_arm arms[2]; struct nave_op a, b;
           struct pair pair; uint64_t got, sum; uint32_t is_child, ticks;)
{
    NAVE_BEGIN();
    for (;;) {
        if (f->is_child)
            NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR,
                        NAVE_KEEP(NAVE_CALL(pair, &f->pair, .sum = &f->sum)),
                        box_take(cx, &f->b, &box));
        else
            NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR,
                        NAVE_KEEP(box_take(cx, &f->a, &other)), box_take(cx, &f->b, &box));
        if (f->select.winner == 0)
            break;
        f->ticks++;
    }
    f->got = f->a.value;
    NAVE_CLEANUP();
    nave_select_drop(&f->select, cx->worker);
    NAVE_END();
}

static void a_kept_arm_keeps_its_place_in_the_queue(void)
{
    struct keeping k = {.async = {.future = {&keeping_api, 0}}};
    struct nave_op behind;

    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    by_hand.worker = w;
    (void)box_take(&by_hand, &behind, &other); /* asks after it */
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(k.ticks, 2);
    CU_ASSERT_EQUAL(other.starts, 2); /* it did not ask again */
    CU_ASSERT_EQUAL(other.drops, 0);
    box_put(&other, 5);
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(k.got, 5);
    CU_ASSERT_EQUAL(nave_op_poll(&behind), NAVE_PENDING);
    nave_op_drop(&behind);
}

static void a_kept_function_goes_on_in_the_next_select(void)
{
    struct keeping k = {.async = {.future = {&keeping_api, 0}}, .is_child = 1};

    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    box_put(&other, 5);
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(k.ticks, 1);
    box_put(&other, 6);
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(k.sum, 11);
    CU_ASSERT(was_said("pair"));
}

static void kept_arms_end_with_the_function_however_it_ends(void)
{
    struct keeping k = {.async = {.future = {&keeping_api, 0}}};

    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    keeping_api.drop(&k.async.future);
    CU_ASSERT_EQUAL(box_waiters(&box) + box_waiters(&other), 0);

    memset(&k, 0, sizeof(k));
    k.async.future.api = &keeping_api;
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(box_waiters(&box) + box_waiters(&other), 0);
    by_hand.is_canceled = 0;

    /* Between two selects: set aside while the loop was elsewhere. */
    memset(&k, 0, sizeof(k));
    k.async.future.api = &keeping_api;
    by_hand.budget = 0;
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&k.async.future), NAVE_PENDING);
    keeping_api.drop(&k.async.future);
    CU_ASSERT_EQUAL(box_waiters(&box) + box_waiters(&other), 0);
}

/* --- sixteen, and by hand ------------------------------------------------------------------------------ */

NAVE_ASYNC(sixteen, struct nave_select select; struct nave_arm arms[16]; struct nave_op ops[16];
           struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
#define TAKE(i) box_take(cx, &f->ops[i], i == 11 ? &other : &box)
    NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR, TAKE(0), TAKE(1), TAKE(2), TAKE(3), TAKE(4),
                TAKE(5), TAKE(6), TAKE(7), TAKE(8), TAKE(9), TAKE(10), TAKE(11), TAKE(12), TAKE(13),
                TAKE(14), nave_sleep(cx, &f->sleep, NAVE_SEC));
    NAVE_CLEANUP();
    NAVE_END();
}

static void sixteen_arms_are_sixteen(void)
{
    struct sixteen s = {.async = {.future = {&sixteen_api, 0}}};

    CU_ASSERT_EQUAL(poll_once(&s.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&box), 14);
    box_put(&other, 77);
    CU_ASSERT_EQUAL(poll_once(&s.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(s.select.winner, 11);
    CU_ASSERT_EQUAL(s.ops[11].value, 77);
    CU_ASSERT_EQUAL(box_waiters(&box), 0);
    CU_ASSERT_EQUAL(box.drops, 14);
}

static void without_macros_a_select_is_begun_started_and_polled(void)
{
    struct nave_select select;
    struct nave_arm arms[2] = {{NULL, NULL, 0, 0}, {NULL, NULL, 0, 0}};
    struct nave_op a, b;

    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    nave_select_begin(&select, &by_hand, arms, 2, NAVE_SELECT_BIASED);
    CU_ASSERT_EQUAL(nave_select_next(&select, &by_hand), 1);
    CU_ASSERT_EQUAL(select.at, 0);
    nave_select_op(&select, &by_hand, box_take(&by_hand, &a, &box));
    CU_ASSERT_EQUAL(nave_select_next(&select, &by_hand), 1);
    CU_ASSERT_EQUAL(select.at, 1);
    nave_select_op(&select, &by_hand, box_take(&by_hand, &b, &other));
    CU_ASSERT_EQUAL(nave_select_next(&select, &by_hand), 0);
    CU_ASSERT_EQUAL(poll_once(nave_select_as_future(&select)), NAVE_PENDING);
    box_put(&other, 3);
    CU_ASSERT_EQUAL(poll_once(nave_select_as_future(&select)), NAVE_READY);
    CU_ASSERT_EQUAL(select.winner, 1);
    CU_ASSERT_EQUAL(b.value, 3);
}

static void a_select_without_arms_is_an_error(void)
{
    struct nave_select select;
    struct nave_arm arm = {NULL, NULL, 0, 0};

    by_hand.worker = w;
    by_hand.waker = &waker_by_hand;
    nave_select_begin(&select, &by_hand, &arm, 1, NAVE_SELECT_BIASED);
    CU_ASSERT_EQUAL(nave_select_next(&select, &by_hand), 1);
    nave_select_future(&select, &by_hand, NULL);
    CU_ASSERT_EQUAL(nave_select_next(&select, &by_hand), 0);
    CU_ASSERT_EQUAL(poll_once(nave_select_as_future(&select)), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(nave_select_as_future(&select)), NAVE_EINVAL);
    CU_ASSERT_EQUAL(select.winner, NAVE_SELECT_NONE);
}

/* Items for two boxes in an order by chance, two choosers by chance: none is lost, none comes twice. */
static void whatever_the_order_no_item_is_lost_or_taken_twice(void)
{
    uint64_t seed;

    for (seed = 1; seed < 300; seed++) {
        struct choosing c[2];
        uint64_t put = 0, got = 0;
        int i, k;

        memset(c, 0, sizeof(c));
        w->random = seed;
        for (k = 0; k < 2; k++) {
            c[k].async.future.api = &choosing_api;
            c[k].mode = nave_worker_random(w, 2);
            c[k].times = 1000;
        }
        for (i = 0; i < 40; i++) {
            struct choosing *one = &c[nave_worker_random(w, 2)];
            uint64_t before = one->won[0];

            switch (nave_worker_random(w, 3)) {
            case 0:
                box_put(&box, 1);
                put++;
                break;
            case 1:
                box_put(&other, 1);
                put++;
                break;
            default:
                by_hand.budget = nave_worker_random(w, 3);
                CU_ASSERT_EQUAL(poll_once(&one->async.future), NAVE_PENDING);
                got += one->won[0] - before;
            }
        }
        /* A select that has won, and yielded, has counted nothing yet. */
        for (k = 0; k < 2; k++) {
            uint64_t before = c[k].won[0];

            by_hand.budget = 1000;
            CU_ASSERT_EQUAL(poll_once(&c[k].async.future), NAVE_PENDING);
            got += c[k].won[0] - before;
        }
        for (k = 0; k < 2; k++)
            choosing_api.drop(&c[k].async.future);
        CU_ASSERT_EQUAL(got + c[0].sum + c[1].sum + box.count + other.count, put);
        box.count = other.count = 0;
        said[0] = '\0';
    }
}

static CU_TestInfo select_tests[] = {
    TEST(the_first_that_is_ready_wins_and_the_others_are_dropped),
    TEST(a_timer_wins_and_the_cleanup_of_a_losing_function_runs),
    TEST(an_arm_behind_one_that_is_ready_is_not_started),
    TEST(of_two_that_become_ready_one_is_taken_and_the_other_is_not_lost),
    TEST(an_error_of_the_winner_is_the_result),
    TEST(a_biased_select_always_takes_the_first),
    TEST(a_fair_select_takes_each_and_the_same_seed_the_same),
    TEST(an_arm_that_is_null_is_none),
    TEST(a_select_in_flight_is_dropped_with_its_function),
    TEST(a_select_that_is_canceled_waits_for_what_is_shielded_inside),
    TEST(a_select_that_is_canceled_still_delivers_what_has_come),
    TEST(a_kept_arm_keeps_its_place_in_the_queue),
    TEST(a_kept_function_goes_on_in_the_next_select),
    TEST(kept_arms_end_with_the_function_however_it_ends),
    TEST(sixteen_arms_are_sixteen),
    TEST(without_macros_a_select_is_begun_started_and_polled),
    TEST(a_select_without_arms_is_an_error),
    TEST(whatever_the_order_no_item_is_lost_or_taken_twice),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"select", NULL, NULL, setup, teardown, select_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

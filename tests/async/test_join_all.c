/* SPDX-License-Identifier: MIT
 *
 * join_all and timeout: all of several with both policies, a deadline on ops and futures, and both inside
 * each other; dropped and canceled at every point.
 */
#include "async_rig.h"

#define KIDS 3

/* A child that takes one, and may have a shielded cleanup. */
NAVE_ASYNC(kid, struct nave_op op; uint64_t * sum; struct nave_timeout limit; uint32_t is_slow;)
{
    NAVE_BEGIN();
    NAVE_TRY(box_take(cx, &f->op, &box));
    *f->sum += f->op.value;
    NAVE_CLEANUP();
    if (f->is_slow)
        NAVE_SHIELD(&f->limit, NAVE_SEC, box_take(cx, &f->op, &other));
    say(nave_err_name(f->async.result) + 5);
    NAVE_END();
}

NAVE_ASYNC(family, struct kid kids[KIDS]; struct nave_op op; struct nave_sleep_op sleep;
           struct nave_arm arms[KIDS + 2]; struct nave_join_all all; uint64_t sum;
           uint32_t mode, i, is_slow;)
{
    NAVE_BEGIN();
    for (f->i = 0; f->i < KIDS; f->i++)
        nave_arm_set_future(&f->arms[f->i], NAVE_CALL(kid, &f->kids[f->i], .sum = &f->sum,
                                                      .is_slow = f->is_slow && f->i == 2));
    nave_arm_set_op(&f->arms[KIDS], box_take(cx, &f->op, &other));
    nave_arm_set_op(&f->arms[KIDS + 1], nave_sleep(cx, &f->sleep, NAVE_SEC));
    NAVE_TRY(nave_join_all(cx, &f->all, f->arms, KIDS + 2, f->mode));
    NAVE_CLEANUP();
    NAVE_END();
}

static struct family fam;

static struct nave_future *found(uint32_t mode)
{
    memset(&fam, 0, sizeof(fam));
    fam.async.future.api = &family_api;
    fam.mode = mode;
    CU_ASSERT_EQUAL(poll_once(&fam.async.future), NAVE_PENDING);
    return &fam.async.future;
}

static void all_are_waited_for(void)
{
    struct nave_future *f = found(NAVE_JOIN_EACH);

    box_put(&box, 1);
    box_put(&other, 9);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    box_put(&box, 2);
    box_put(&box, 3);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_OK);
    CU_ASSERT_EQUAL(fam.sum, 6);
    CU_ASSERT_EQUAL(fam.op.value, 9);
    CU_ASSERT(was_said("OK OK OK"));
}

static void with_each_an_error_lets_the_others_run_to_their_end(void)
{
    struct nave_future *f = found(NAVE_JOIN_EACH);

    box_put(&box, 666);
    box_put(&other, 1);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    box_put(&box, 2);
    box_put(&box, 3);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_ERESET);
    CU_ASSERT_EQUAL(fam.arms[0].result, NAVE_ERESET);
    CU_ASSERT_EQUAL(fam.arms[1].result, NAVE_OK);
    CU_ASSERT(was_said("ERESET OK OK"));
}

static void with_first_error_the_others_are_canceled_and_their_shields_waited_for(void)
{
    struct nave_future *f;

    memset(&fam, 0, sizeof(fam));
    fam.async.future.api = &family_api;
    fam.mode = NAVE_JOIN_FIRST_ERROR;
    fam.is_slow = 1;
    f = &fam.async.future;
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    box_put(&box, 666);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&box), 0);
    CU_ASSERT(was_said("ERESET ECANCELED"));
    box_put(&other, 1); /* what the shield waits for */
    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_ERESET);
    CU_ASSERT_EQUAL(fam.arms[1].result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(fam.arms[KIDS].result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT(was_said("ECANCELED"));
}

static void all_end_when_the_task_is_to_end_or_is_dropped(void)
{
    struct nave_future *f = found(NAVE_JOIN_EACH);

    box_put(&box, 1);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_ECANCELED);
    CU_ASSERT_EQUAL(box_waiters(&box) + box_waiters(&other), 0);
    CU_ASSERT_EQUAL(box.count, 1); /* it was set aside, and went on */
    box.count = 0;
    CU_ASSERT(was_said("ECANCELED ECANCELED ECANCELED"));

    by_hand.is_canceled = 0;
    f = found(NAVE_JOIN_EACH);
    family_api.drop(f);
    CU_ASSERT_EQUAL(box_waiters(&box) + box_waiters(&other), 0);
    CU_ASSERT(was_said("ECANCELED ECANCELED ECANCELED"));
}

static void nothing_to_wait_for_is_ready_at_once(void)
{
    struct nave_join_all all;

    by_hand.worker = w;
    CU_ASSERT_EQUAL(poll_once(nave_join_all(&by_hand, &all, NULL, 0, NAVE_JOIN_EACH)), NAVE_READY);
    CU_ASSERT_EQUAL(all.head.result, NAVE_OK);
}

/* --- timeout ---------------------------------------------------------------------------------------- */

NAVE_ASYNC(hasty, struct kid kid; struct nave_op op; struct nave_timeout limit; uint64_t sum;
           nave_nsec ns; uint32_t is_op, is_slow;)
{
    NAVE_BEGIN();
    if (f->is_op)
        NAVE_TRY(nave_timeout(cx, &f->limit, f->ns, box_take(cx, &f->op, &box)));
    else
        NAVE_TRY(nave_timeout(cx, &f->limit, f->ns,
                              NAVE_CALL(kid, &f->kid, .sum = &f->sum, .is_slow = f->is_slow)));
    NAVE_CLEANUP();
    NAVE_END();
}

static struct hasty hasty_frame;

static struct nave_future *hurry(uint32_t is_op, nave_nsec ns)
{
    memset(&hasty_frame, 0, sizeof(hasty_frame));
    hasty_frame.async.future.api = &hasty_api;
    hasty_frame.is_op = is_op;
    hasty_frame.ns = ns;
    return &hasty_frame.async.future;
}

static void what_is_ready_at_once_needs_no_timer(void)
{
    uint32_t is_op;

    for (is_op = 0; is_op < 2; is_op++) {
        struct nave_future *f = hurry(is_op, NAVE_SEC);

        box_put(&box, 4);
        CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
        CU_ASSERT_EQUAL(result_of(f), NAVE_OK);
        CU_ASSERT_EQUAL(hasty_frame.limit.sleep.op.state, NAVE_OP_IDLE);
    }
}

static void what_comes_in_time_stops_the_timer(void)
{
    uint32_t is_op;

    for (is_op = 0; is_op < 2; is_op++) {
        struct nave_future *f = hurry(is_op, NAVE_SEC);

        CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
        CU_ASSERT_EQUAL(handle.usage.timers, 1);
        box_put(&box, 666);
        CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
        CU_ASSERT_EQUAL(result_of(f), NAVE_ERESET);
        CU_ASSERT_EQUAL(handle.usage.timers, 0);
    }
}

static void what_is_late_ends_and_its_item_is_not_lost(void)
{
    uint32_t is_op;

    for (is_op = 0; is_op < 2; is_op++) {
        struct nave_future *f = hurry(is_op, NAVE_SEC);

        CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
        pass(2 * NAVE_SEC);
        CU_ASSERT_EQUAL(wakes, 1 + is_op);
        CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
        CU_ASSERT_EQUAL(result_of(f), NAVE_ETIMEDOUT);
        CU_ASSERT_EQUAL(box_waiters(&box), 0);
    }
    CU_ASSERT(was_said("ECANCELED"));
}

static void what_is_ready_wins_over_a_deadline_that_has_passed(void)
{
    struct nave_future *f = hurry(0, NAVE_SEC);

    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    pass(2 * NAVE_SEC);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_OK);
}

static void a_deadline_that_has_passed_before_ends_at_once(void)
{
    struct nave_future *f = hurry(0, 0);

    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_ETIMEDOUT);
}

static void no_deadline_is_never(void)
{
    struct nave_future *f = hurry(1, NAVE_NEVER);

    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    pass(1000000 * NAVE_SEC);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    hasty_api.drop(f);
}

static void a_shield_inside_is_waited_for_when_the_time_is_up(void)
{
    struct nave_future *f = hurry(0, NAVE_SEC);

    hasty_frame.is_slow = 1;
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&other), 1);
    box_put(&other, 1);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_ETIMEDOUT);
}

static void a_timeout_ends_with_its_task(void)
{
    struct nave_future *f = hurry(0, NAVE_SEC);

    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(f), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(f), NAVE_ECANCELED);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);

    by_hand.is_canceled = 0;
    f = hurry(1, NAVE_SEC);
    CU_ASSERT_EQUAL(poll_once(f), NAVE_PENDING);
    hasty_api.drop(f);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(box_waiters(&box), 0);
}

/* A timeout around a join around a timeout. */
NAVE_ASYNC(deep, struct nave_timeout outer, inner; struct nave_join_all all; struct nave_arm two[2];
           struct nave_op a, b;)
{
    NAVE_BEGIN();
    nave_arm_set_op(&f->two[0], box_take(cx, &f->a, &box));
    nave_arm_set_future(&f->two[1],
                        nave_timeout(cx, &f->inner, 5 * NAVE_SEC, box_take(cx, &f->b, &box)));
    NAVE_TRY(nave_timeout(cx, &f->outer, 10 * NAVE_SEC,
                          nave_join_all(cx, &f->all, f->two, 2, NAVE_JOIN_EACH)));
    NAVE_CLEANUP();
    NAVE_END();
}

static void timeouts_and_joins_stand_inside_each_other(void)
{
    struct deep d = {.async = {.future = {&deep_api, 0}}};

    CU_ASSERT_EQUAL(poll_once(&d.async.future), NAVE_PENDING);
    CU_ASSERT(d.async.child->flags & NAVE_FUTURE_HAS_ARMS);
    CU_ASSERT_PTR_EQUAL(((struct nave_arms *)(void *)d.async.child)->list[0].future,
                        &d.all.head.future);
    pass(6 * NAVE_SEC);
    CU_ASSERT_EQUAL(poll_once(&d.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&box), 1); /* the inner one has given up */
    pass(6 * NAVE_SEC);
    CU_ASSERT_EQUAL(poll_once(&d.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&d.async.future), NAVE_ETIMEDOUT);

    memset(&d, 0, sizeof(d));
    d.async.future.api = &deep_api;
    CU_ASSERT_EQUAL(poll_once(&d.async.future), NAVE_PENDING);
    deep_api.drop(&d.async.future);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

static CU_TestInfo join_tests[] = {
    TEST(all_are_waited_for),
    TEST(with_each_an_error_lets_the_others_run_to_their_end),
    TEST(with_first_error_the_others_are_canceled_and_their_shields_waited_for),
    TEST(all_end_when_the_task_is_to_end_or_is_dropped),
    TEST(nothing_to_wait_for_is_ready_at_once),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo timeout_tests[] = {
    TEST(what_is_ready_at_once_needs_no_timer),
    TEST(what_comes_in_time_stops_the_timer),
    TEST(what_is_late_ends_and_its_item_is_not_lost),
    TEST(what_is_ready_wins_over_a_deadline_that_has_passed),
    TEST(a_deadline_that_has_passed_before_ends_at_once),
    TEST(no_deadline_is_never),
    TEST(a_shield_inside_is_waited_for_when_the_time_is_up),
    TEST(a_timeout_ends_with_its_task),
    TEST(timeouts_and_joins_stand_inside_each_other),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"join_all", NULL, NULL, setup, teardown, join_tests},
    {"timeout", NULL, NULL, setup, teardown, timeout_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

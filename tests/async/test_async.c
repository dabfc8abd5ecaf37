/* SPDX-License-Identifier: MIT
 *
 * Async functions: where they go on, and what they end with. Built in several forms (see local.mk and forms);
 * each must pass all of it.
 */
#include "async_rig.h"

/* --- going on -------------------------------------------------------------------------------------- */

NAVE_ASYNC(at_once, int32_t *out;)
{
    NAVE_BEGIN();
    *f->out = 42;
    NAVE_RETURN(NAVE_EOF);
    NAVE_CLEANUP();
    say("clean");
    NAVE_END();
}

static void a_function_that_never_waits_ends_in_its_first_poll(void)
{
    int32_t out = 0;
    struct at_once f = {.async = {.future = {&at_once_api, 0}}, .out = &out};

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_EOF);
    CU_ASSERT_EQUAL(out, 42);
    at_once_api.drop(&f.async.future);
    CU_ASSERT(was_said("clean"));
    CU_ASSERT_EQUAL(by_hand.budget, 128);
}

NAVE_ASYNC(take_one, struct nave_op op; uint64_t got;)
{
    NAVE_BEGIN();
    say("begin");
    NAVE_AWAIT(box_take(cx, &f->op, &box));
    f->got = f->op.value;
    say(NAVE_RESULT() == NAVE_OK ? "got" : "failed");
    NAVE_CLEANUP();
    say("clean");
    NAVE_END();
}

static void an_await_whose_result_is_there_does_not_wait_and_uses_the_budget(void)
{
    struct take_one f = FRESH(take_one);

    box_put(&box, 5);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.got, 5);
    CU_ASSERT_EQUAL(by_hand.budget, 127);
    CU_ASSERT_EQUAL(by_hand.flags, 0);
    CU_ASSERT(was_said("begin got clean"));
}

static void an_await_that_waits_goes_on_where_it_waited(void)
{
    struct take_one f = FRESH(take_one);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING); /* for nothing */
    CU_ASSERT_EQUAL(box_waiters(&box), 1);
    box_put(&box, 9);
    CU_ASSERT_EQUAL(wakes, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.got, 9);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_OK);
    CU_ASSERT_EQUAL(by_hand.budget, 128); /* it did wait */
    CU_ASSERT(was_said("begin got clean"));
}

/* clang-format off */
#define TAKE box_take(cx, &f->op, &box)
NAVE_ASYNC(two_on_a_line, struct nave_op op; uint64_t a; uint64_t b;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(TAKE); f->a = f->op.value; NAVE_AWAIT(TAKE); f->b = f->op.value;
    NAVE_CLEANUP();
    NAVE_END();
}
/* clang-format on */

static void two_awaits_on_one_line_are_two(void)
{
    struct two_on_a_line f = FRESH(two_on_a_line);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(f.a, 1);
    box_put(&box, 2);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.a * 10 + f.b, 12);
}

/* Sums what it takes in rounds; 0 ends a round, two in a row end it. */
NAVE_ASYNC(rounds, struct nave_op op; uint64_t sum; uint32_t round;)
{
    NAVE_BEGIN();
    for (f->round = 0; f->round < 3; f->round++) {
        do {
            if (f->round != 1) {
                NAVE_AWAIT(box_take(cx, &f->op, &box));
            } else {
                while (1) {
                    NAVE_AWAIT(box_take(cx, &f->op, &other));
                    break;
                }
            }
            f->sum = f->sum * 10 + f->op.value;
        } while (f->op.value != 0);
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static void awaits_go_on_inside_loops_and_blocks(void)
{
    struct rounds f = FRESH(rounds);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&box, 1);
    box_put(&box, 0);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&other), 1);
    box_put(&other, 2);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&other, 0);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&box), 1);
    box_put(&box, 3);
    box_put(&box, 0);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.sum, 102030);
}

#ifndef NAVE_ASYNC_PORTABLE
NAVE_ASYNC(inside_a_switch, struct nave_op op; uint64_t sum; uint32_t which;)
{
    NAVE_BEGIN();
    for (f->which = 0; f->which < 3; f->which++) {
        switch (f->which) {
        case 0:
        case 2:
            NAVE_AWAIT(box_take(cx, &f->op, &box));
            f->sum = f->sum * 10 + f->op.value;
            break;
        default:
            f->sum = f->sum * 10;
        }
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static void an_await_may_stand_in_a_switch(void)
{
    struct inside_a_switch f = FRESH(inside_a_switch);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&box, 2);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.sum, 102);
}
#endif

NAVE_ASYNC(yielding, uint32_t steps;)
{
    NAVE_BEGIN();
    f->steps = 1;
    NAVE_YIELD();
    f->steps = 2;
    NAVE_CLEANUP();
    NAVE_END();
}

static void a_yield_lets_others_go_first_once(void)
{
    struct yielding f = FRESH(yielding);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(by_hand.flags, NAVE_CX_YIELD);
    CU_ASSERT_EQUAL(f.steps, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(by_hand.flags, 0);
    CU_ASSERT_EQUAL(f.steps, 2);
}

/* Takes until the box gives 0. */
NAVE_ASYNC(taking, struct nave_op op; uint32_t n;)
{
    NAVE_BEGIN();
    do {
        NAVE_AWAIT(box_take(cx, &f->op, &box));
        f->n++;
    } while (f->op.value != 0);
    NAVE_CLEANUP();
    NAVE_END();
}

static void a_loop_that_never_waits_yields_when_its_budget_is_used_up_and_loses_nothing(void)
{
    struct taking f = FRESH(taking);
    int i;

    for (i = 0; i < 7; i++)
        box_put(&box, (uint64_t)(6 - i));
    by_hand.budget = 3;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(by_hand.flags, NAVE_CX_YIELD);
    CU_ASSERT_EQUAL(f.n, 3);
    CU_ASSERT_EQUAL(box.starts, 3); /* the fourth is not begun */
    CU_ASSERT_PTR_NULL(f.async.op);
    by_hand.budget = 128;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.n, 7);
    CU_ASSERT_EQUAL(by_hand.budget, 124);
}

/* --- errors ---------------------------------------------------------------------------------------- */

NAVE_ASYNC(trying, struct nave_op op; nave_err now;)
{
    NAVE_BEGIN();
    NAVE_TRY_NOW(f->now);
    say("one");
    NAVE_TRY(box_take(cx, &f->op, &box));
    say("two");
    NAVE_TRY(box_take(cx, &f->op, &box));
    say("three");
    NAVE_CLEANUP();
    say("clean");
    NAVE_END();
}

static void try_goes_to_the_cleanup_with_the_error(void)
{
    struct trying f = FRESH(trying);

    f.now = NAVE_EIO;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_EIO);
    CU_ASSERT(was_said("clean"));

    f = FRESH(trying);
    box_put(&box, 666); /* there */
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ERESET);
    CU_ASSERT(was_said("one clean"));

    f = FRESH(trying);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&box, 666); /* later */
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ERESET);
    CU_ASSERT(was_said("one two clean"));

    f = FRESH(trying);
    box_put(&box, 1);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_OK);
    CU_ASSERT(was_said("one two three clean"));
}

static void await_hands_an_error_to_the_function(void)
{
    struct take_one f = FRESH(take_one);

    box_put(&box, 666);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT(was_said("begin failed clean"));
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_OK); /* the end of the body */
}

static CU_TestInfo tests[] = {
    TEST(a_function_that_never_waits_ends_in_its_first_poll),
    TEST(an_await_whose_result_is_there_does_not_wait_and_uses_the_budget),
    TEST(an_await_that_waits_goes_on_where_it_waited),
    TEST(two_awaits_on_one_line_are_two),
    TEST(awaits_go_on_inside_loops_and_blocks),
#ifndef NAVE_ASYNC_PORTABLE
    TEST(an_await_may_stand_in_a_switch),
#endif
    TEST(a_yield_lets_others_go_first_once),
    TEST(a_loop_that_never_waits_yields_when_its_budget_is_used_up_and_loses_nothing),
    TEST(try_goes_to_the_cleanup_with_the_error),
    TEST(await_hands_an_error_to_the_function),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"async", NULL, NULL, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

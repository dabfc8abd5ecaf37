/* SPDX-License-Identifier: MIT
 *
 * Async functions: what they await that was written by hand, and the only waits of a cleanup. Built in
 * several forms (see local.mk and forms); each must pass all of it.
 */
#include "async_rig.h"

/* --- futures that were written by hand ----------------------------------------------------------------- */

struct stubborn {
    struct nave_future future;
    uint32_t polls, drops, until; /* READY at this poll */
};

static nave_poll stubborn_poll(struct nave_future *future, struct nave_cx *cx)
{
    struct stubborn *s = (struct stubborn *)(void *)future;

    (void)cx;
    return ++s->polls >= s->until ? NAVE_READY : NAVE_PENDING;
}

static void stubborn_drop(struct nave_future *future)
{
    ((struct stubborn *)(void *)future)->drops++;
}

static nave_err stubborn_result(struct nave_future *future)
{
    (void)future;
    return NAVE_EPROTO;
}

static const struct nave_future_iface stubborn_api = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "stubborn",
    .poll = stubborn_poll,
    .drop = stubborn_drop,
    .result = stubborn_result,
};

NAVE_ASYNC(waits_for, struct nave_future *what;)
{
    NAVE_BEGIN();
    NAVE_TRY(f->what);
    NAVE_CLEANUP();
    say("clean");
    NAVE_END();
}

static void a_future_by_hand_is_awaited_and_dropped_once(void)
{
    struct stubborn s = {.future = {&stubborn_api, 0}, .until = 2};
    struct waits_for f = FRESH(waits_for);

    f.what = &s.future;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_PTR_EQUAL(f.async.child, &s.future);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_EPROTO);
    CU_ASSERT_EQUAL(s.drops, 1);
    CU_ASSERT_EQUAL(s.polls, 2);
}

static void a_future_that_does_not_end_when_it_is_canceled_is_dropped(void)
{
    struct stubborn s = {.future = {&stubborn_api, 0}, .until = 100};
    struct waits_for f = FRESH(waits_for);

    f.what = &s.future;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ECANCELED);
    CU_ASSERT_EQUAL(s.drops, 1);
    CU_ASSERT_EQUAL(s.polls, 2); /* it was asked */
}

/* --- shields ------------------------------------------------------------------------------------------ */

NAVE_ASYNC(parting, struct nave_op op; struct nave_timeout limit; int32_t cleanups;)
{
    NAVE_BEGIN();
    NAVE_TRY(box_take(cx, &f->op, &box));
    NAVE_RETURN(NAVE_EOF);
    NAVE_CLEANUP();
    f->cleanups++;
    NAVE_SHIELD(&f->limit, NAVE_SEC, box_take(cx, &f->op, &other));
    say(nave_err_name(f->limit.head.result));
    NAVE_END();
}

NAVE_ASYNC(holds_parting, struct parting inner;)
{
    NAVE_BEGIN();
    NAVE_TRY(NAVE_CALL(parting, &f->inner));
    NAVE_CLEANUP();
    say("outer");
    NAVE_END();
}

static void a_cleanup_waits_inside_a_shield_though_the_task_is_to_end(void)
{
    struct holds_parting f = FRESH(holds_parting);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(by_hand.is_canceled, 1);
    CU_ASSERT_EQUAL(box_waiters(&box), 0);
    CU_ASSERT_EQUAL(box_waiters(&other), 1);
    CU_ASSERT(f.async.future.flags & NAVE_FUTURE_IS_SHIELDED);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&other, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ECANCELED);
    CU_ASSERT_EQUAL(f.inner.cleanups, 1);
    CU_ASSERT_EQUAL(f.async.future.flags & NAVE_FUTURE_IS_SHIELDED, 0);
    CU_ASSERT(was_said("NAVE_OK outer"));
}

static void a_shield_ends_with_its_time_and_the_result_of_the_function_stays(void)
{
    struct parting f = FRESH(parting);

    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(wakes, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_EOF);
    CU_ASSERT_EQUAL(box_waiters(&other), 0);
    CU_ASSERT(was_said("NAVE_ETIMEDOUT"));
}

static void a_drop_passes_over_shields_and_ends_the_cleanup_once(void)
{
    struct holds_parting f = FRESH(holds_parting);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    holds_parting_api.drop(&f.async.future); /* before the cleanup */
    CU_ASSERT_EQUAL(f.inner.cleanups, 1);
    CU_ASSERT_EQUAL(other.starts, 0);
    CU_ASSERT(was_said("NAVE_ECANCELED outer"));

    f = FRESH(holds_parting);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    CU_ASSERT_EQUAL(box_waiters(&other), 1);
    holds_parting_api.drop(&f.async.future); /* inside its shield */
    CU_ASSERT_EQUAL(f.inner.cleanups, 1);
    CU_ASSERT_EQUAL(box_waiters(&other), 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT(was_said("NAVE_ECANCELED outer"));
}

NAVE_ASYNC(shielded_body, struct nave_op op; struct nave_timeout limit;)
{
    NAVE_BEGIN();
    NAVE_SHIELD(&f->limit, NAVE_SEC, box_take(cx, &f->op, &box));
    say(nave_err_name(f->limit.head.result));
    NAVE_AWAIT(box_take(cx, &f->op, &box));
    say("never");
    NAVE_CLEANUP();
    say("clean");
    NAVE_END();
}

static void a_shield_in_the_body_is_finished_before_the_task_ends(void)
{
    struct shielded_body f = FRESH(shielded_body);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    box_put(&box, 1);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ECANCELED);
    CU_ASSERT(was_said("NAVE_OK clean"));

    by_hand.is_canceled = 0;
    f = FRESH(shielded_body);
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    shielded_body_api.drop(&f.async.future);
    CU_ASSERT(was_said("clean"));
}

static CU_TestInfo tests[] = {
    TEST(a_future_by_hand_is_awaited_and_dropped_once),
    TEST(a_future_that_does_not_end_when_it_is_canceled_is_dropped),
    TEST(a_cleanup_waits_inside_a_shield_though_the_task_is_to_end),
    TEST(a_shield_ends_with_its_time_and_the_result_of_the_function_stays),
    TEST(a_drop_passes_over_shields_and_ends_the_cleanup_once),
    TEST(a_shield_in_the_body_is_finished_before_the_task_ends),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"shields", NULL, NULL, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

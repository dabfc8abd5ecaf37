/* SPDX-License-Identifier: MIT
 *
 * Async functions: where they go on, what they end with, and that the cleanup runs exactly once, on
 * every way out. Built in several forms (see local.mk and forms); each must pass all of it.
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

#define FRESH(name)                            \
    (struct name)                              \
    {                                          \
        .async = {.future = {&name##_api, 0} } \
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

/* --- cancel and drop at each await ------------------------------------------------------------------- */

/* Five awaits of all kinds: ops, a child with two, a boxed child. */
NAVE_ASYNC(leaf, struct nave_op op; uint64_t * sum;)
{
    NAVE_BEGIN();
    NAVE_TRY(box_take(cx, &f->op, &box));
    *f->sum += f->op.value;
    NAVE_TRY(box_take(cx, &f->op, &box));
    *f->sum += f->op.value;
    NAVE_CLEANUP();
    say("leaf");
    NAVE_END();
}

NAVE_ASYNC(tree, struct nave_op op; struct leaf leaf; struct nave_future * boxed; uint64_t sum;
           int32_t cleanups;)
{
    NAVE_BEGIN();
    NAVE_TRY(box_take(cx, &f->op, &box));
    f->sum += f->op.value;
    NAVE_TRY(NAVE_CALL(leaf, &f->leaf, .sum = &f->sum));
    NAVE_TRY_NOW(NAVE_NEW(leaf, cx->worker, &f->boxed, .sum = &f->sum));
    NAVE_TRY(f->boxed);
    NAVE_CLEANUP();
    CU_ASSERT_PTR_EQUAL(cx->worker, w);
    f->cleanups++;
    say("tree");
    NAVE_END();
}
#define TREE_AWAITS 5

static const char *const tree_said[] = {"tree",           "leaf tree",      "leaf tree",
                                        "leaf leaf tree", "leaf leaf tree", "leaf leaf tree"};

static void the_cleanup_runs_once_after_each_end(void)
{
    struct tree f = FRESH(tree);
    int i;

    for (i = 0; i < TREE_AWAITS; i++) {
        CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
        CU_ASSERT_EQUAL(f.cleanups, 0);
        box_put(&box, 1);
    }
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.sum, TREE_AWAITS);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0); /* the boxed child is given back */
    tree_api.drop(&f.async.future);
    CU_ASSERT_EQUAL(f.cleanups, 1);
    CU_ASSERT(was_said(tree_said[TREE_AWAITS]));
}

static void bring_to(struct tree *f, int await)
{
    int i;

    *f = FRESH(tree);
    CU_ASSERT_EQUAL(poll_once(&f->async.future), NAVE_PENDING);
    for (i = 0; i < await; i++) {
        box_put(&box, 1);
        CU_ASSERT_EQUAL(poll_once(&f->async.future), NAVE_PENDING);
    }
    CU_ASSERT_EQUAL(box_waiters(&box), 1);
}

static void an_error_at_each_await_runs_each_cleanup_once(void)
{
    struct tree f;
    int i;

    for (i = 0; i < TREE_AWAITS; i++) {
        bring_to(&f, i);
        box_put(&box, 666);
        CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
        CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ERESET);
        CU_ASSERT_EQUAL(f.cleanups, 1);
        CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
        CU_ASSERT(was_said(tree_said[i]));
    }
}

static void a_cancel_at_each_await_runs_each_cleanup_once(void)
{
    struct tree f;
    int i;

    for (i = 0; i < TREE_AWAITS; i++) {
        bring_to(&f, i);
        by_hand.is_canceled = 1;
        CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
        by_hand.is_canceled = 0;
        CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ECANCELED);
        CU_ASSERT_EQUAL(box_waiters(&box), 0);
        CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
        tree_api.drop(&f.async.future);
        CU_ASSERT_EQUAL(f.cleanups, 1);
        CU_ASSERT(was_said(tree_said[i]));
    }
}

static void a_drop_at_each_await_runs_each_cleanup_once(void)
{
    struct tree f;
    int i;

    for (i = 0; i < TREE_AWAITS; i++) {
        bring_to(&f, i);
        tree_api.drop(&f.async.future);
        CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ECANCELED);
        CU_ASSERT_EQUAL(box_waiters(&box), 0);
        CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
        tree_api.drop(&f.async.future);
        CU_ASSERT_EQUAL(f.cleanups, 1);
        CU_ASSERT(was_said(tree_said[i]));
    }
}

static void what_was_set_aside_for_a_dropped_function_goes_on_to_the_next(void)
{
    struct tree f;

    bring_to(&f, 2);
    box_put(&box, 7); /* set aside, and the function never polled again */
    tree_api.drop(&f.async.future);
    CU_ASSERT_EQUAL(box.count, 1);
    CU_ASSERT_EQUAL(box.items[0], 7);
    box.count = 0;
}

static void a_function_that_is_canceled_or_dropped_before_it_began_cleans_up_too(void)
{
    struct tree f = FRESH(tree);

    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ECANCELED);
    CU_ASSERT_EQUAL(box.starts, 0); /* nothing was begun */
    CU_ASSERT_EQUAL(f.cleanups, 1);

    f = FRESH(tree);
    nave_future_set_worker(&f.async.future, w); /* as an executor does */
    tree_api.drop(&f.async.future);
    CU_ASSERT_EQUAL(f.cleanups, 1);
    CU_ASSERT(was_said("tree tree"));
}

NAVE_ASYNC(finishing, struct nave_sleep_op sleep; uint32_t reached;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(nave_sleep(cx, &f->sleep, NAVE_SEC));
    f->reached = NAVE_RESULT() == NAVE_OK ? 1 : 2;
    NAVE_AWAIT(nave_sleep(cx, &f->sleep, NAVE_SEC));
    f->reached = 3;
    NAVE_CLEANUP();
    NAVE_END();
}

static void a_result_that_is_there_is_delivered_though_the_task_is_to_end(void)
{
    struct finishing f = FRESH(finishing);

    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
    pass(2 * NAVE_SEC);
    by_hand.is_canceled = 1;
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(f.reached, 1); /* and the next await is where it ends */
    CU_ASSERT_EQUAL(result_of(&f.async.future), NAVE_ECANCELED);
}

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

/* --- calling ----------------------------------------------------------------------------------------- */

/* How many nodes a full tree of this depth has; each asks two of its own kind, one after the other. */
struct count_nodes {
    struct nave_async async;
    uint32_t depth;
    uint64_t *nodes;
    struct nave_op op;
    struct nave_future *child;
    uint32_t i;
};
NAVE_ASYNC_DECLARE(count_nodes);
NAVE_ASYNC_BODY(count_nodes)
{
    NAVE_BEGIN();
    NAVE_TRY(box_take(cx, &f->op, &box));
    ++*f->nodes;
    for (f->i = 0; f->depth > 1 && f->i < 2; f->i++) {
        NAVE_TRY_NOW(
            NAVE_NEW(count_nodes, cx->worker, &f->child, .depth = f->depth - 1, .nodes = f->nodes));
        NAVE_TRY(f->child);
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static void a_function_calls_itself_in_memory_of_the_worker(void)
{
    uint64_t nodes = 0;
    struct count_nodes f = FRESH(count_nodes);
    int i;

    f.depth = 5;
    f.nodes = &nodes;
    for (i = 0; i < 31; i++) {
        CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_PENDING);
        box_put(&box, 1);
    }
    CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
    CU_ASSERT_EQUAL(nodes, 31);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
}

static void every_failing_allocation_ends_the_recursion_and_leaves_nothing(void)
{
    int n, done = 0;

    for (n = 1; n < 64 && !done; n++) {
        uint64_t nodes = 0;
        struct count_nodes f = FRESH(count_nodes);

        teardown();
        setup();
        for (int i = 0; i < 31; i++)
            box_put(&box, 1);
        f.depth = 5;
        f.nodes = &nodes;
        fail_future((uint32_t)n);
        CU_ASSERT_EQUAL(poll_once(&f.async.future), NAVE_READY);
        done = result_of(&f.async.future) == NAVE_OK;
        CU_ASSERT(done || result_of(&f.async.future) == NAVE_ENOMEM);
        CU_ASSERT_EQUAL(nodes == 31, done);
        CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
        box.count = 0;
    }
    CU_ASSERT(done);
    CU_ASSERT(n > 30); /* one for each but the first node */
}

static void a_call_readies_the_frame_anew(void)
{
    struct nave_cx *cx = &by_hand;
    struct leaf leaf;
    struct nave_future *f;
    uint64_t sum = 0;

    by_hand.worker = w;
    memset(&leaf, 0xff, sizeof(leaf));
    f = NAVE_CALL(leaf, &leaf, .sum = &sum);
    CU_ASSERT_PTR_EQUAL(f, &leaf.async.future);
    CU_ASSERT_PTR_EQUAL(leaf.async.worker, w);
    CU_ASSERT_PTR_NULL(leaf.async.resume);
    CU_ASSERT_PTR_NULL(leaf.op.source);
    CU_ASSERT_EQUAL(f->flags, NAVE_FUTURE_IS_ASYNC);
}

static void the_head_tells_where_and_for_what_a_function_waits(void)
{
    struct tree f;

    bring_to(&f, 1);
    CU_ASSERT(f.async.future.flags & NAVE_FUTURE_IS_ASYNC);
    CU_ASSERT_PTR_EQUAL(f.async.child, &f.leaf.async.future);
    CU_ASSERT_PTR_NULL(f.async.op);
    CU_ASSERT_STRING_EQUAL(f.async.site->function, "tree");
    CU_ASSERT_STRING_EQUAL(f.async.site->text, "NAVE_CALL(leaf, &f->leaf, .sum = &f->sum)");
    CU_ASSERT_PTR_NOT_NULL(strstr(f.async.site->file, "test_async.c"));
    CU_ASSERT(f.async.site->line > 100);
    CU_ASSERT_PTR_EQUAL(f.leaf.async.op, &f.leaf.op);
    CU_ASSERT_STRING_EQUAL(f.leaf.async.site->text, "box_take(cx, &f->op, &box)");
    CU_ASSERT_STRING_EQUAL(f.leaf.op.source->name, "box take");
    tree_api.drop(&f.async.future);
}

static CU_TestInfo async_tests[] = {
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
    TEST(the_cleanup_runs_once_after_each_end),
    TEST(an_error_at_each_await_runs_each_cleanup_once),
    TEST(a_cancel_at_each_await_runs_each_cleanup_once),
    TEST(a_drop_at_each_await_runs_each_cleanup_once),
    TEST(what_was_set_aside_for_a_dropped_function_goes_on_to_the_next),
    TEST(a_function_that_is_canceled_or_dropped_before_it_began_cleans_up_too),
    TEST(a_result_that_is_there_is_delivered_though_the_task_is_to_end),
    TEST(a_future_by_hand_is_awaited_and_dropped_once),
    TEST(a_future_that_does_not_end_when_it_is_canceled_is_dropped),
    TEST(a_cleanup_waits_inside_a_shield_though_the_task_is_to_end),
    TEST(a_shield_ends_with_its_time_and_the_result_of_the_function_stays),
    TEST(a_drop_passes_over_shields_and_ends_the_cleanup_once),
    TEST(a_shield_in_the_body_is_finished_before_the_task_ends),
    TEST(a_function_calls_itself_in_memory_of_the_worker),
    TEST(every_failing_allocation_ends_the_recursion_and_leaves_nothing),
    TEST(a_call_readies_the_frame_anew),
    TEST(the_head_tells_where_and_for_what_a_function_waits),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"async", NULL, NULL, setup, teardown, async_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Async functions: the cleanup runs exactly once on every way out, at each await and in each callee; and how
 * functions call each other. Built in several forms (see local.mk and forms); each must pass all of it.
 */
#include "async_rig.h"

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
    CU_ASSERT_PTR_NOT_NULL(strstr(f.async.site->file, "test_async_cleanup.c"));
    CU_ASSERT(f.async.site->line > 10 && f.async.site->line < __LINE__);
    CU_ASSERT_PTR_EQUAL(f.leaf.async.op, &f.leaf.op);
    CU_ASSERT_STRING_EQUAL(f.leaf.async.site->text, "box_take(cx, &f->op, &box)");
    CU_ASSERT_STRING_EQUAL(f.leaf.op.source->name, "box take");
    tree_api.drop(&f.async.future);
}

static CU_TestInfo tests[] = {
    TEST(the_cleanup_runs_once_after_each_end),
    TEST(an_error_at_each_await_runs_each_cleanup_once),
    TEST(a_cancel_at_each_await_runs_each_cleanup_once),
    TEST(a_drop_at_each_await_runs_each_cleanup_once),
    TEST(what_was_set_aside_for_a_dropped_function_goes_on_to_the_next),
    TEST(a_function_that_is_canceled_or_dropped_before_it_began_cleans_up_too),
    TEST(a_result_that_is_there_is_delivered_though_the_task_is_to_end),
    TEST(a_function_calls_itself_in_memory_of_the_worker),
    TEST(every_failing_allocation_ends_the_recursion_and_leaves_nothing),
    TEST(a_call_readies_the_frame_anew),
    TEST(the_head_tells_where_and_for_what_a_function_waits),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"cleanup", NULL, NULL, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Async functions as tasks of a worker, also in checked mode; the same thing written three ways; and that
 * an await allocates nothing.
 */
#include "async_rig.h"
#include "failing.h"

/* What is left of a task when its frame is gone. */
struct diary {
    uint64_t sum;
    uint32_t cleanups;
    nave_err result;
    const struct nave_worker *at; /* of the cleanup */
};

static struct diary diary;

static void make_checked(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim, .is_checked = 1};

    teardown();
    setup();
    nv_worker_destroy(worker);
    CU_ASSERT_EQUAL_FATAL(nv_worker_create(&o, &worker), NAVE_OK);
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
}

static void setup_checked(void)
{
    setup();
    memset(&diary, 0, sizeof(diary));
    make_checked();
}

static void setup_plain(void)
{
    setup();
    memset(&diary, 0, sizeof(diary));
}

/* --- as tasks --------------------------------------------------------------------------------------- */

NAVE_ASYNC(add, struct nave_op op; uint64_t * sum;)
{
    NAVE_BEGIN();
    NAVE_TRY(box_take(cx, &f->op, &box));
    *f->sum += f->op.value;
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(adder, struct diary *diary; uint32_t times; struct add add; struct nave_future * boxed;
           struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    for (; f->times > 0; f->times--) {
        NAVE_TRY(NAVE_CALL(add, &f->add, .sum = &f->diary->sum));
        NAVE_TRY(nave_sleep(cx, &f->sleep, NAVE_MSEC));
        NAVE_TRY_NOW(NAVE_NEW(add, cx->worker, &f->boxed, .sum = &f->diary->sum));
        NAVE_TRY(f->boxed);
    }
    NAVE_CLEANUP();
    f->diary->cleanups++;
    f->diary->result = f->async.result;
    f->diary->at = cx->worker;
    NAVE_END();
}

static void spawn_adder(uint32_t times)
{
    struct nave_future *f = NULL;

    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(adder, w, &f, .diary = &diary, .times = times), NAVE_OK);
    w->api->spawn(w, f);
}

static void a_task_runs_to_its_end(void)
{
    int i;

    spawn_adder(3);
    for (i = 0; i < 6; i++) {
        settle();
        box_put(&box, 1);
        pass(NAVE_MSEC * 2);
    }
    settle();
    CU_ASSERT_EQUAL(diary.sum, 6);
    CU_ASSERT_EQUAL(diary.cleanups, 1);
    CU_ASSERT_EQUAL(diary.result, NAVE_OK);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
}

static void tasks_that_wait_are_dropped_with_their_worker_and_clean_up_there(void)
{
    int steps;

    for (steps = 0; steps < 3; steps++) {
        memset(&diary, 0, sizeof(diary));
        spawn_adder(1);
        settle();
        if (steps > 0)
            box_put(&box, 1);
        if (steps > 1)
            pass(NAVE_MSEC * 2);
        settle();
        CU_ASSERT_EQUAL(diary.cleanups, 0);
        nv_worker_drop_tasks(worker);
        CU_ASSERT_EQUAL(diary.cleanups, 1);
        CU_ASSERT_EQUAL(diary.result, NAVE_ECANCELED);
        CU_ASSERT_PTR_EQUAL(diary.at, w);
        CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
        CU_ASSERT_EQUAL(handle.usage.timers, 0);
        CU_ASSERT_EQUAL(box_waiters(&box), 0);
    }
}

static void a_future_that_was_never_spawned_cleans_up_when_it_is_given_back(void)
{
    struct nave_future *f = NULL;

    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(adder, w, &f, .diary = &diary, .times = 1), NAVE_OK);
    w->api->future_drop(w, f);
    CU_ASSERT_EQUAL(diary.cleanups, 1);
    CU_ASSERT_PTR_EQUAL(diary.at, w);
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
}

/* A host may fill a frame that is zero itself (nave.exec/1). */
static void a_frame_that_is_all_zero_has_not_begun(void)
{
    struct nave_future *f = NULL;
    struct adder *a;

    CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &adder_api, NAVE_ASYNC_SIZE(adder), &f), NAVE_OK);
    a = NAVE_ASYNC_FRAME(adder, nave_future_frame(f));
    CU_ASSERT_PTR_EQUAL(&a->async.future, f);
    a->diary = &diary;
    a->times = 0;
    w->api->spawn(w, f);
    settle();
    CU_ASSERT_EQUAL(diary.cleanups, 1);
    CU_ASSERT_EQUAL(diary.result, NAVE_OK);
}

NAVE_ASYNC(greedy, struct nave_op op; uint32_t n; uint32_t * turns;)
{
    NAVE_BEGIN();
    for (; f->n > 0; f->n--) {
        box_put(&box, 1);
        NAVE_TRY(box_take(cx, &f->op, &box)); /* never has to wait */
    }
    NAVE_CLEANUP();
    *f->turns = *f->turns * 10 + 1;
    NAVE_END();
}

NAVE_ASYNC(modest, uint32_t *turns;)
{
    NAVE_BEGIN();
    NAVE_YIELD();
    *f->turns = *f->turns * 10 + 2;
    NAVE_CLEANUP();
    NAVE_END();
}

static void a_task_that_never_has_to_wait_lets_others_run(void)
{
    struct nave_future *f = NULL;
    uint32_t turns = 0;

    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(greedy, w, &f, .n = 1000, .turns = &turns), NAVE_OK);
    w->api->spawn(w, f);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(modest, w, &f, .turns = &turns), NAVE_OK);
    w->api->spawn(w, f);
    settle();
    CU_ASSERT_EQUAL(turns, 21); /* modest first */
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
}

static void every_failing_allocation_of_a_task_is_an_error(void)
{
    int n, done = 0;

    for (n = 1; n < 20 && !done; n++) {
        struct nave_future *f = NULL;
        nave_err err;

        teardown();
        setup();
        memset(&diary, 0, sizeof(diary));
        box.count = 2;
        box.items[0] = box.items[1] = 1;
        fail_future((uint32_t)n);
        err = NAVE_NEW(adder, w, &f, .diary = &diary, .times = 1);
        if (err != NAVE_OK) {
            CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
            CU_ASSERT_PTR_NULL(f);
            box.count = 0;
            continue;
        }
        w->api->spawn(w, f);
        pass(0);
        pass(2 * NAVE_MSEC);
        CU_ASSERT_EQUAL(diary.cleanups, 1);
        done = diary.result == NAVE_OK;
        CU_ASSERT(done || diary.result == NAVE_ENOMEM);
        CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
        box.count = 0;
    }
    CU_ASSERT(done);
}

/* --- nothing is allocated ---------------------------------------------------------------------------- */

NAVE_ASYNC(busy, struct nave_op op, op2; struct add add; struct nave_timeout limit;
           struct nave_select select; struct nave_arm arms[2]; struct nave_join_all all;
           struct nave_sleep_op sleep; uint64_t sum; uint32_t n;)
{
    NAVE_BEGIN();
    for (;;) {
        NAVE_TRY(box_take(cx, &f->op, &box));
        NAVE_TRY(NAVE_CALL(add, &f->add, .sum = &f->sum));
        NAVE_TRY(nave_timeout(cx, &f->limit, NAVE_SEC, NAVE_CALL(add, &f->add, .sum = &f->sum)));
        NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR, box_take(cx, &f->op, &box),
                    nave_sleep(cx, &f->sleep, NAVE_SEC));
        nave_arm_set_op(&f->arms[0], box_take(cx, &f->op, &box));
        nave_arm_set_op(&f->arms[1], box_take(cx, &f->op2, &box));
        NAVE_TRY(nave_join_all(cx, &f->all, f->arms, 2, NAVE_JOIN_EACH));
        f->n++;
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static void awaits_of_all_kinds_allocate_nothing(void)
{
    struct nave_future *f = NULL;
    uint64_t before;
    int i;

    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(busy, w, &f, .n = 0), NAVE_OK);
    w->api->spawn(w, f);
    settle();
    worker->slab.flags |= NV_SLAB_FAIL; /* counts down what is allocated from here on */
    before = worker->slab.fail_at = (uint64_t)1 << 40;
    fail_after(0);
    for (i = 0; i < 6000; i++) {
        box_put(&box, 1);
        settle();
    }
    CU_ASSERT_EQUAL(has_failed, 0);
    fail_after(-1);
    CU_ASSERT_EQUAL(worker->slab.fail_at, before);
    CU_ASSERT_EQUAL(((struct busy *)(void *)f)->n, 1000);
    nv_worker_drop_tasks(worker);
}

/* --- the same thing three ways ------------------------------------------------------------------------- */

/* Take three and sum them; stop at an error. First with callbacks. */
struct by_callbacks {
    struct nave_op op;
    uint64_t sum;
    uint32_t left;
    nave_err result;
    uint32_t is_done;
};

static void on_taken(struct nave_op *op, void *arg);

static void next_by_callback(struct by_callbacks *b)
{
    while (b->left > 0) {
        nave_err err;

        nave_op_init(&b->op, w, on_taken, b);
        err = box_start(&box, &b->op);
        if (err == NAVE_EAGAIN)
            return;
        b->result = err;
        if (err != NAVE_OK)
            break;
        b->sum += b->op.value;
        b->left--;
    }
    b->is_done = 1;
}

static void on_taken(struct nave_op *op, void *arg)
{
    struct by_callbacks *b = arg;

    b->result = op->result;
    if (op->result != NAVE_OK) {
        b->is_done = 1;
        return;
    }
    b->sum += op->value;
    b->left--;
    next_by_callback(b);
}

/* Then by the poll API. */
struct by_poll {
    struct nave_op op;
    struct diary *diary;
    uint32_t left;
    uint32_t is_waiting;
    nave_err result;
};

static nave_poll by_poll_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct by_poll *b = nave_future_frame(f);

    while (b->left > 0 && !cx->is_canceled) {
        if (!b->is_waiting)
            (void)box_take(cx, &b->op, &box);
        b->is_waiting = 1;
        if (nave_op_poll(&b->op) == NAVE_PENDING)
            return NAVE_PENDING;
        b->is_waiting = 0;
        b->result = b->op.result;
        if (b->result != NAVE_OK)
            return NAVE_READY;
        b->diary->sum += b->op.value;
        b->left--;
    }
    return NAVE_READY;
}

static void by_poll_drop(struct nave_future *f)
{
    struct by_poll *b = nave_future_frame(f);

    if (b->is_waiting)
        nave_op_drop(&b->op);
    b->diary->result = b->result;
    b->diary->cleanups++;
}

static nave_err by_poll_result(struct nave_future *f)
{
    return ((struct by_poll *)nave_future_frame(f))->result;
}

static const struct nave_future_iface by_poll_api = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "by_poll",
    .poll = by_poll_poll,
    .drop = by_poll_drop,
    .result = by_poll_result,
};

/* And as an async function. */
NAVE_ASYNC(by_macros, struct nave_op op; struct diary * diary; uint32_t left;)
{
    NAVE_BEGIN();
    for (; f->left > 0; f->left--) {
        NAVE_TRY(box_take(cx, &f->op, &box));
        f->diary->sum += f->op.value;
    }
    NAVE_CLEANUP();
    f->diary->result = f->async.result;
    f->diary->cleanups++;
    NAVE_END();
}

static void the_same_thing_three_ways_does_the_same(void)
{
    static const uint64_t items[][4] = {{1, 2, 3, 4}, {1, 666, 3, 4}, {666, 2, 3, 4}};
    uint32_t row, there;

    for (row = 0; row < 3; row++) {
        for (there = 0; there <= 4; there++) { /* so many items are there before it begins */
            struct by_callbacks b = {.left = 3};
            struct diary d[3];
            struct nave_future *f = NULL;
            uint32_t way, left[3], i;

            memset(d, 0, sizeof(d));
            for (way = 0; way < 3; way++) {
                for (i = 0; i < there; i++)
                    box_put(&box, items[row][i]);
                if (way == 0) {
                    next_by_callback(&b);
                } else if (way == 1) {
                    CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &by_poll_api,
                                                             sizeof(struct by_poll), &f),
                                          NAVE_OK);
                    ((struct by_poll *)nave_future_frame(f))->diary = &d[1];
                    ((struct by_poll *)nave_future_frame(f))->left = 3;
                    w->api->spawn(w, f);
                } else {
                    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(by_macros, w, &f, .diary = &d[2], .left = 3),
                                          NAVE_OK);
                    w->api->spawn(w, f);
                }
                settle();
                for (; i < 4; i++) {
                    box_put(&box, items[row][i]);
                    settle();
                }
                left[way] = box.count;
                box.count = 0;
            }
            d[0].sum = b.sum;
            d[0].result = b.result;
            CU_ASSERT_EQUAL(b.is_done, 1);
            for (way = 1; way < 3; way++) {
                CU_ASSERT_EQUAL(d[way].sum, d[0].sum);
                CU_ASSERT_EQUAL(d[way].result, d[0].result);
                CU_ASSERT_EQUAL(d[way].cleanups, 1);
                CU_ASSERT_EQUAL(left[way], left[0]);
            }
        }
    }
    CU_ASSERT_EQUAL(nv_worker_tasks(worker), 0);
}

static CU_TestInfo task_tests[] = {
    TEST(a_task_runs_to_its_end),
    TEST(tasks_that_wait_are_dropped_with_their_worker_and_clean_up_there),
    TEST(a_future_that_was_never_spawned_cleans_up_when_it_is_given_back),
    TEST(a_frame_that_is_all_zero_has_not_begun),
    TEST(a_task_that_never_has_to_wait_lets_others_run),
    TEST(every_failing_allocation_of_a_task_is_an_error),
    TEST(awaits_of_all_kinds_allocate_nothing),
    TEST(the_same_thing_three_ways_does_the_same),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo checked_tests[] = {
    TEST(a_task_runs_to_its_end),
    TEST(tasks_that_wait_are_dropped_with_their_worker_and_clean_up_there),
    TEST(a_future_that_was_never_spawned_cleans_up_when_it_is_given_back),
    TEST(a_frame_that_is_all_zero_has_not_begun),
    TEST(a_task_that_never_has_to_wait_lets_others_run),
    TEST(the_same_thing_three_ways_does_the_same),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"async tasks", NULL, NULL, setup_plain, teardown, task_tests},
    {"async tasks in checked mode", NULL, NULL, setup_checked, teardown, checked_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

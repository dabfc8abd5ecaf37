/* SPDX-License-Identifier: MIT
 *
 * The pool for blocking calls: whose the argument is in each state in which a job can be dropped, and at the
 * end of the pool.
 */
#include "blocking_setup.h"

/* --- whose the argument is ------------------------------------------------------------------- */

static void a_job_dropped_before_it_began_never_runs_and_is_released_in_the_drop(void)
{
    struct call first, second, third;
    struct load *l;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&first, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&second, &load_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&third, &load_work, 0), NAVE_EAGAIN);
    l = second.load;
    nave_op_drop(&second.op);

    CU_ASSERT_PTR_NOT_NULL(l);
    CU_ASSERT_PTR_NULL(second.load);
    CU_ASSERT_EQUAL(released, 1);
    gate_open(&gate);
    call_await(&first);
    call_await(&third);
    CU_ASSERT_EQUAL(second.dones, 0);
    CU_ASSERT_EQUAL(third.load->runs, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).canceled, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).finished, 2);
    free(first.load);
    free(third.load);
    teardown();
}

static uint32_t last_saw_cancel; /* atomic */

static void release_and_look(void *arg)
{
    __atomic_store_n(&last_saw_cancel, ((struct load *)arg)->saw_cancel, __ATOMIC_RELAXED);
    load_release(arg);
}

static void a_job_dropped_while_it_runs_knows_it_and_is_released_when_it_returns(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "gated",
                                                   .run = gated_run,
                                                   .release = release_and_look};
    struct call c, next;

    setup(1);
    last_saw_cancel = 0;
    CU_ASSERT_EQUAL(call_start(&c, &work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    nave_op_drop(&c.op);
    CU_ASSERT_PTR_NULL(c.load);
    CU_ASSERT_EQUAL(released, 0);
    memset(&c.op, 0xff, sizeof(c.op)); /* the op is gone: nobody may touch it */

    gate_open(&gate);
    CU_ASSERT_EQUAL(call_start(&next, &load_work, 0), NAVE_EAGAIN);
    call_await(&next); /* the same thread: it has released before */
    CU_ASSERT_EQUAL(__atomic_load_n(&released, __ATOMIC_RELAXED), 1);
    CU_ASSERT_EQUAL(__atomic_load_n(&last_saw_cancel, __ATOMIC_RELAXED), 1);
    CU_ASSERT_EQUAL(c.dones, 0);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).abandoned, 1);
    free(next.load);
    teardown();
}

static void a_job_dropped_when_it_has_run_is_recalled_and_released_in_the_drop(void)
{
    struct call c;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    while (nv_blocking_is_busy(&pool))
        sched_yield();
    nave_op_drop(&c.op); /* it is on its way home */
    CU_ASSERT_PTR_NULL(c.load);
    CU_ASSERT_EQUAL(released, 1);

    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(c.dones, 0);
    teardown();
}

static void a_drop_of_what_is_done_takes_nothing(void)
{
    struct call c;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    call_await(&c);
    nave_op_drop(&c.op);

    CU_ASSERT_PTR_NOT_NULL_FATAL(c.load);
    CU_ASSERT_EQUAL(released, 0);
    free(c.load);
    teardown();
}

static void an_op_can_be_used_again_after_each_way_to_end(void)
{
    struct call c;
    uint32_t i;

    setup(1);
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c);
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &load_work, NAVE_BLOCKING_ARG(&c.load), 0),
                        NAVE_EAGAIN);
        nave_op_drop(&c.op);
        CU_ASSERT_PTR_NULL(c.load);
        c.load = load_new(NAVE_OK, 0);
        c.dones = 0;
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &load_work, NAVE_BLOCKING_ARG(&c.load), 0),
                        NAVE_EAGAIN);
        call_await(&c);
        free(c.load);
    }
    teardown();
}

static void a_task_that_is_dropped_drops_its_job(void)
{
    nave_err result = NAVE_EAGAIN;
    struct call first;
    uint64_t value = 0;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&first, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    spawn_awaiting(load_new(NAVE_OK, 0), &result, &value);
    nv_worker_turn(worker, 0);
    nv_worker_drop_tasks(worker);

    CU_ASSERT_EQUAL(released, 1);
    CU_ASSERT_EQUAL(result, NAVE_EAGAIN);
    gate_open(&gate);
    call_await(&first);
    free(first.load);
    teardown();
}

static void a_constant_needs_no_release(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "keep",
                                                   .run = no_arg_run,
                                                   .release = nave_blocking_keep};
    const char *text = "constant";
    struct call first;
    struct nave_op op;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&first, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    nave_op_init(&op, w, on_done, NULL);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &op, &work, NAVE_BLOCKING_ARG(&text), 0), NAVE_EAGAIN);
    nave_op_drop(&op);
    CU_ASSERT_PTR_NULL(text);
    gate_open(&gate);
    call_await(&first);
    free(first.load);
    teardown();
}

/* --- the end --------------------------------------------------------------------------------- */

static void closing_cancels_what_waits_and_tells_what_runs(void)
{
    nave_err result = NAVE_EAGAIN;
    struct call runs, waits;
    uint64_t value = 0;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&runs, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&waits, &load_work, 0), NAVE_EAGAIN);
    spawn_awaiting(load_new(NAVE_OK, 0), &result, &value);
    nv_worker_turn(worker, 0);
    nv_blocking_close(&pool);
    call_await(&waits);
    while (nv_worker_tasks(worker))
        nv_worker_turn(worker, NAVE_NEVER);

    CU_ASSERT_EQUAL(waits.op.result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(result, NAVE_ECANCELED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(waits.load);
    CU_ASSERT_EQUAL(waits.load->runs, 0);
    CU_ASSERT_EQUAL(released, 0);
    gate_open(&gate);
    call_await(&runs);
    CU_ASSERT_EQUAL(runs.load->saw_cancel, 1);
    CU_ASSERT_EQUAL(runs.op.result, NAVE_OK);
    free(runs.load);
    free(waits.load);
    teardown();
}

/* A job that does not return is left alone; when it does, it touches nothing of its caller's. */
static void what_runs_at_the_end_is_left_alone(void)
{
    struct call c, dropped, late;

    setup(3);
    CU_ASSERT_EQUAL(call_start(&c, &gated_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&dropped, &gated_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&late, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 3);
    nave_op_drop(&dropped.op);
    nv_blocking_close(&pool);
    nv_blocking_end(&pool);
    CU_ASSERT_EQUAL(nv_blocking_stragglers(&pool), 3);
    CU_ASSERT_TRUE(nv_blocking_is_busy(&pool));
    nave_op_drop(&c.op); /* after the end, too */
    CU_ASSERT_PTR_NULL(c.load);
    memset(&c.op, 0xff, sizeof(c.op));

    gate_open(&gate);
    while (nv_blocking_stragglers(&pool))
        sched_yield();
    CU_ASSERT_EQUAL(__atomic_load_n(&released, __ATOMIC_RELAXED), 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(late.load); /* its caller's until he drops the op */
    CU_ASSERT_EQUAL(late.load->runs, 1);
    nave_op_drop(&late.op);
    CU_ASSERT_PTR_NULL(late.load);
    CU_ASSERT_EQUAL(released, 3);
    nv_blocking_destroy(&pool);
    nv_worker_destroy(worker);
}

static uint32_t idles; /* atomic */

static void on_idle(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&idles, 1, __ATOMIC_RELAXED);
}

static void a_lane_without_jobs_says_so(void)
{
    struct call one, two;

    idles = 0;
    setup_with((struct nv_blocking_options){.threads = 1, .on_idle = on_idle}, NULL);
    CU_ASSERT_EQUAL(call_start(&one, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&two, &load_work, 0), NAVE_EAGAIN);
    CU_ASSERT_TRUE(nv_blocking_is_busy(&pool));
    nave_op_drop(&two.op);
    CU_ASSERT_EQUAL(__atomic_load_n(&idles, __ATOMIC_RELAXED), 0);
    gate_open(&gate);
    call_await(&one);

    CU_ASSERT_FALSE(nv_blocking_is_busy(&pool)); /* takes the lock under which it is said */
    CU_ASSERT_EQUAL(__atomic_load_n(&idles, __ATOMIC_RELAXED), 1);
    free(one.load);
    teardown();
}

#define ROW(name)   \
    {               \
#        name, name \
    }

static CU_TestInfo argument_tests[] = {
    ROW(a_job_dropped_before_it_began_never_runs_and_is_released_in_the_drop),
    ROW(a_job_dropped_while_it_runs_knows_it_and_is_released_when_it_returns),
    ROW(a_job_dropped_when_it_has_run_is_recalled_and_released_in_the_drop),
    ROW(a_drop_of_what_is_done_takes_nothing),
    ROW(an_op_can_be_used_again_after_each_way_to_end),
    ROW(a_task_that_is_dropped_drops_its_job),
    ROW(a_constant_needs_no_release),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo end_tests[] = {
    ROW(closing_cancels_what_waits_and_tells_what_runs),
    ROW(what_runs_at_the_end_is_left_alone),
    ROW(a_lane_without_jobs_says_so),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"the argument", NULL, NULL, NULL, NULL, argument_tests},
    {"the end", NULL, NULL, NULL, NULL, end_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

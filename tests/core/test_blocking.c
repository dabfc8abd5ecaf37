/* SPDX-License-Identifier: MIT
 *
 * The pool for blocking calls: who runs what, in which order, on threads and without them, and what is
 * refused.
 */
#include "blocking_setup.h"

#include <signal.h>

/* --- running --------------------------------------------------------------------------------- */

static void a_job_runs_on_another_thread_and_tells_the_worker_that_asked(void)
{
    struct call c;

    setup(2);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    call_await(&c);

    CU_ASSERT_EQUAL(c.dones, 1);
    CU_ASSERT_EQUAL(c.op.result, NAVE_OK);
    CU_ASSERT_EQUAL(c.load->runs, 1);
    CU_ASSERT_FALSE(pthread_equal(c.load->thread, pthread_self()));
    CU_ASSERT_EQUAL(released, 0);
    free(c.load);
    teardown();
}

static void result_and_value_are_those_of_the_run(void)
{
    struct call c = {.load = load_new(NAVE_EIO, 42)};

    setup(1);
    nave_op_init(&c.op, w, on_done, &c);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &load_work, NAVE_BLOCKING_ARG(&c.load), 0),
                    NAVE_EAGAIN);
    call_await(&c);

    CU_ASSERT_EQUAL(c.op.result, NAVE_EIO);
    CU_ASSERT_EQUAL(c.op.value, 42);
    free(c.load);
    teardown();
}

static void a_task_awaits_a_job(void)
{
    nave_err result = NAVE_EAGAIN;
    uint64_t value = 0;

    setup(1);
    spawn_awaiting(load_new(NAVE_EOF, 7), &result, &value);
    while (nv_worker_tasks(worker))
        nv_worker_turn(worker, NAVE_NEVER);

    CU_ASSERT_EQUAL(result, NAVE_EOF);
    CU_ASSERT_EQUAL(value, 7);
    teardown();
}

static void one_thread_runs_jobs_in_the_order_in_which_they_came(void)
{
    struct call c[8];
    char order[16] = "";
    uint32_t i;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&c[0], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    for (i = 1; i < 8; i++) {
        memset(&c[i], 0, sizeof(c[i]));
        c[i].load = load_new(NAVE_OK, 0);
        c[i].load->order = order;
        c[i].load->letter = (char)('a' + i);
        nave_op_init(&c[i].op, w, on_done, &c[i]);
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c[i].op, &load_work, NAVE_BLOCKING_ARG(&c[i].load),
                                            0),
                        NAVE_EAGAIN);
    }
    gate_open(&gate);
    for (i = 0; i < 8; i++)
        call_await(&c[i]);

    CU_ASSERT_STRING_EQUAL(order, "bcdefgh");
    for (i = 0; i < 8; i++)
        free(c[i].load);
    teardown();
}

static void a_job_needs_neither_argument_nor_release(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "nothing",
                                                   .run = no_arg_run};
    struct call c;

    setup(1);
    memset(&c, 0, sizeof(c));
    nave_op_init(&c.op, w, on_done, &c);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &work, NULL, 0), NAVE_EAGAIN);
    call_await(&c);
    CU_ASSERT_EQUAL(c.op.value, 1);

    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &work, NULL, 0), NAVE_EAGAIN);
    nave_op_drop(&c.op);
    teardown();
}

static nave_err mask_run(void *arg, struct nave_blocking_run *now)
{
    sigset_t mask;
    char name[32] = "";

    (void)arg;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    now->value = (uint64_t)sigismember(&mask, SIGTERM) + (uint64_t)sigismember(&mask, SIGCHLD);
#ifdef __linux__
    (void)pthread_getname_np(pthread_self(), name, sizeof(name));
    return strcmp(name, "nave-blocking") == 0 ? NAVE_OK : NAVE_EINVAL;
#else
    (void)name;
    return NAVE_OK;
#endif
}

static void threads_have_a_name_and_block_all_signals(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "mask",
                                                   .run = mask_run};
    struct call c;

    setup(1);
    memset(&c, 0, sizeof(c));
    nave_op_init(&c.op, w, on_done, &c);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &work, NULL, 0), NAVE_EAGAIN);
    call_await(&c);

    CU_ASSERT_EQUAL(c.op.result, NAVE_OK);
    CU_ASSERT_EQUAL(c.op.value, 2);
    teardown();
}

/* --- refusals -------------------------------------------------------------------------------- */

static void what_is_wrong_with_a_start_is_told(void)
{
    struct longer {
        struct nave_blocking_work work;
        uint64_t more;
    } longer = {{sizeof(longer), 0, "longer", load_run, load_release}, 0};
    struct nave_blocking_work work = load_work;
    struct call c;

    setup(1);
    memset(&c, 0, sizeof(c));
    c.load = load_new(NAVE_OK, 0);
    nave_op_init(&c.op, w, on_done, &c);
#define START(work_, flags) \
    nave_blocking_start(b, &c.op, (work_), NAVE_BLOCKING_ARG(&c.load), (flags))
    CU_ASSERT_EQUAL(START(&load_work, 1u << 7), NAVE_EINVAL);
    work.flags = 1u << 9;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.size = 8;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.run = NULL;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.name = NULL;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.release = NULL;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    longer.more = 1;
    CU_ASSERT_EQUAL(START(&longer.work, 0), NAVE_ETOONEW);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.load);
    CU_ASSERT_EQUAL(c.load->runs, 0);

    longer.more = 0; /* a tail of zeroes is fine */
    CU_ASSERT_EQUAL(START(&longer.work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(START(&load_work, 0), NAVE_EBUSY);
    call_await(&c);
    CU_ASSERT_EQUAL(c.load->runs, 1);
    free(c.load);
    teardown();
}

static void a_pool_that_is_not_open_or_closed_refuses(void)
{
    struct nv_blocking none = {{NULL, NULL}, NULL};
    struct nv_blocking_handle h;
    struct call c;

    setup(1);
    nv_blocking_handle_init(&h, &none, NULL, 0);
    b = &h.pub;
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ECLOSED);
    free(c.load);
    b = &handle.pub;
    nv_blocking_close(&pool);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ECLOSED);
    free(c.load);
    teardown();
}

/* --- without threads ------------------------------------------------------------------------- */

static void without_threads_jobs_run_on_their_worker_in_order_one_a_turn(void)
{
    struct call c[3];
    char order[8] = "";
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 0}, &nv_poller_sim);
    for (i = 0; i < 3; i++) {
        memset(&c[i], 0, sizeof(c[i]));
        c[i].load = load_new(NAVE_OK, i);
        c[i].load->order = order;
        c[i].load->letter = (char)('a' + i);
        nave_op_init(&c[i].op, w, on_done, &c[i]);
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c[i].op, &load_work, NAVE_BLOCKING_ARG(&c[i].load),
                                            0),
                        NAVE_EAGAIN);
    }
    CU_ASSERT_STRING_EQUAL(order, ""); /* never inside the start */
    nv_worker_turn(worker, 0);
    CU_ASSERT_STRING_EQUAL(order, "a");
    nv_worker_turn(worker, 0);
    CU_ASSERT_STRING_EQUAL(order, "ab");
    CU_ASSERT_EQUAL(c[0].dones, 1);
    nave_op_drop(&c[2].op);
    CU_ASSERT_PTR_NULL(c[2].load);
    nv_worker_turn(worker, 0);
    nv_worker_turn(worker, 0);

    CU_ASSERT_STRING_EQUAL(order, "ab");
    CU_ASSERT_EQUAL(c[1].dones, 1);
    CU_ASSERT_EQUAL(c[1].op.value, 1);
    CU_ASSERT_EQUAL(c[2].dones, 0);
    CU_ASSERT_TRUE(pthread_equal(c[0].load->thread, pthread_self()));
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads, 0);
    free(c[0].load);
    free(c[1].load);
    teardown();
}

static void without_threads_closing_cancels_as_with_them(void)
{
    struct call c;

    setup_with((struct nv_blocking_options){.threads = 0}, &nv_poller_sim);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    nv_blocking_close(&pool);
    nv_worker_turn(worker, 0);
    nv_worker_turn(worker, 0);

    CU_ASSERT_EQUAL(c.dones, 1);
    CU_ASSERT_EQUAL(c.op.result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(c.load->runs, 0);
    free(c.load);
    teardown();
}

#define ROW(name)   \
    {               \
#        name, name \
    }

static CU_TestInfo running_tests[] = {
    ROW(a_job_runs_on_another_thread_and_tells_the_worker_that_asked),
    ROW(result_and_value_are_those_of_the_run),
    ROW(a_task_awaits_a_job),
    ROW(one_thread_runs_jobs_in_the_order_in_which_they_came),
    ROW(a_job_needs_neither_argument_nor_release),
    ROW(threads_have_a_name_and_block_all_signals),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo refusal_tests[] = {
    ROW(what_is_wrong_with_a_start_is_told),
    ROW(a_pool_that_is_not_open_or_closed_refuses),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo inline_tests[] = {
    ROW(without_threads_jobs_run_on_their_worker_in_order_one_a_turn),
    ROW(without_threads_closing_cancels_as_with_them),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"running", NULL, NULL, NULL, NULL, running_tests},
    {"refusals", NULL, NULL, NULL, NULL, refusal_tests},
    {"without threads", NULL, NULL, NULL, NULL, inline_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

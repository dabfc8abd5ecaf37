/* SPDX-License-Identifier: MIT
 *
 * The pool for blocking calls: how many threads there are, what waits for them, and what happens when none
 * can be made.
 */
#include "blocking_setup.h"

#include "failing.h"

/* --- pthread_create fails when told to --------------------------------------------------------- */

int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);

static int threads_allowed = -1; /* below 0: any number */

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
    if (threads_allowed == 0)
        return 11; /* EAGAIN */
    if (threads_allowed > 0)
        threads_allowed--;
    return __real_pthread_create(t, a, fn, arg);
}

/* --- how many threads ------------------------------------------------------------------------ */

static void threads_are_made_when_there_is_work_up_to_the_limit(void)
{
    struct call c[5];
    uint32_t i;

    setup(3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads, 0);
    for (i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 3);

    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads, 3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).running, 3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).queued, 2);
    gate_open(&gate);
    for (i = 0; i < 5; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).finished, 5);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).peak, 3);
    teardown();
}

static void wait_for_idle(uint32_t count)
{
    while (stats_of(NV_LANE_MAIN).threads_idle < count)
        sched_yield();
}

static void one_job_after_the_other_needs_one_thread(void)
{
    struct call c;
    uint32_t i;

    setup(8);
    for (i = 0; i < 50; i++) {
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c); /* the thread may be on its way still: no other is made for that */
        free(c.load);
    }

    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).peak, 1);
    teardown();
}

static void the_thread_that_was_idle_last_is_woken_first(void)
{
    struct call c[4];
    pthread_t last;
    uint32_t i;

    setup(4);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 4);
    gate_open(&gate);
    for (i = 0; i < 4; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    wait_for_idle(4);
    CU_ASSERT_EQUAL(call_start(&c[0], &load_work, 0), NAVE_EAGAIN);
    call_await(&c[0]);
    last = c[0].load->thread;
    free(c[0].load);
    for (i = 0; i < 20; i++) {
        wait_for_idle(4);
        CU_ASSERT_EQUAL(call_start(&c[0], &load_work, 0), NAVE_EAGAIN);
        call_await(&c[0]);
        CU_ASSERT_TRUE(pthread_equal(last, c[0].load->thread));
        free(c[0].load);
    }
    teardown();
}

static void a_thread_that_was_idle_for_long_ends_and_another_comes(void)
{
    struct call c;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 2, .idle_ns = 0}, NULL);
    for (i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c);
        free(c.load);
        while (stats_of(NV_LANE_MAIN).threads)
            sched_yield();
    }
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).finished, 20);
    teardown();
}

static uint32_t failures_told;

static void on_failure(void *arg, const char *lane, nave_err err, uint32_t threads)
{
    (void)arg;
    (void)lane;
    (void)threads;
    CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
    failures_told++;
}

static void without_a_thread_a_job_is_refused_and_its_argument_stays(void)
{
    struct call c;

    failures_told = 0;
    setup_with((struct nv_blocking_options){.threads = 2, .on_failure = on_failure}, NULL);
    threads_allowed = 0;
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ELIMIT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.load);
    free(c.load);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ELIMIT);
    free(c.load);
    CU_ASSERT_EQUAL(failures_told, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).failures, 2);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).queued, 0);

    threads_allowed = -1;
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    call_await(&c);
    free(c.load);
    teardown();
}

static void with_fewer_threads_than_wanted_the_jobs_are_done_all_the_same(void)
{
    struct call c[6];
    uint32_t i;

    setup(4);
    threads_allowed = 1;
    for (i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    threads_allowed = -1;
    gate_open(&gate);
    for (i = 0; i < 6; i++) {
        call_await(&c[i]);
        CU_ASSERT_EQUAL(c[i].op.result, NAVE_OK);
        free(c[i].load);
    }
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).peak, 1);
    CU_ASSERT_TRUE(stats_of(NV_LANE_MAIN).failures >= 1);
    teardown();
}

static void the_nth_allocation_fails_and_nothing_is_lost(void)
{
    struct nv_blocking_options o = {.threads = 1, .queue_max = 4, .workers = 1};
    uint32_t inline_too;
    long n;

    for (inline_too = 0; inline_too < 2; inline_too++) {
        o.threads = inline_too ? 0 : 1;
        for (n = 0;; n++) {
            struct nv_blocking other = {{NULL, NULL}, NULL};
            nave_err err;

            fail_after(n);
            err = nv_blocking_open(&other, &o);
            countdown = -1;
            if (err) {
                CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
                CU_ASSERT_PTR_NULL(other.lanes[0]);
                CU_ASSERT_PTR_NULL(other.lanes[1]);
                continue;
            }
            CU_ASSERT_FALSE(has_failed);
            nv_blocking_close(&other);
            nv_blocking_end(&other);
            nv_blocking_destroy(&other);
            break;
        }
        CU_ASSERT_TRUE(n >= 2);
    }

    setup(1);
    fail_after(1); /* the first is the load of the call */
    {
        struct call c;

        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ELIMIT);
        CU_ASSERT_TRUE(has_failed);
        free(c.load);
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c);
        free(c.load);
    }
    teardown();
}

/* --- the queue ------------------------------------------------------------------------------- */

static void a_full_queue_refuses_who_does_not_wait_and_keeps_who_does(void)
{
    struct call c[6], extra;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 1, .queue_max = 2, .idle_ns = 60 * NAVE_SEC},
               NULL);
    CU_ASSERT_EQUAL(call_start(&c[0], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    for (i = 1; i < 6; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, i < 3 ? NAVE_BLOCKING_NO_WAIT : 0),
                        NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&extra, &gated_work, NAVE_BLOCKING_NO_WAIT), NAVE_ELIMIT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(extra.load);
    free(extra.load);

    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).queued, 2);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).waiting, 3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).refused, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).deepest, 5);
    gate_open(&gate);
    for (i = 0; i < 6; i++) {
        call_await(&c[i]);
        CU_ASSERT_EQUAL(c[i].op.result, NAVE_OK);
        free(c[i].load);
    }
    teardown();
}

static void a_thousand_slow_names_do_not_delay_an_ordinary_call(void)
{
    static struct call names[1000];
    struct call ordinary;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 4, .queue_max = 16}, NULL);
    for (i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL_FATAL(call_start(&names[i], &gated_name_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&ordinary, &load_work, 0), NAVE_EAGAIN);
    call_await(&ordinary); /* while every name stands at the gate or waits */

    CU_ASSERT_EQUAL(gate.left, 0);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).threads, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).queued, 16);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).waiting, 1000 - 16 - 1);
    free(ordinary.load);
    gate_open(&gate);
    for (i = 0; i < 1000; i++) {
        call_await(&names[i]);
        free(names[i].load);
    }
    teardown();
}

static void a_full_pool_does_not_stop_names(void)
{
    static const struct nave_blocking_work name_work = {.size = sizeof(name_work),
                                                        .name = "name",
                                                        .run = load_run,
                                                        .release = load_release};
    struct call c[40], name;
    uint32_t i;

    setup(4);
    for (i = 0; i < 40; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 4);
    CU_ASSERT_EQUAL(call_start(&name, &name_work, NAVE_BLOCKING_DNS), NAVE_EAGAIN);
    call_await(&name);

    CU_ASSERT_EQUAL(gate.left, 0);
    free(name.load);
    gate_open(&gate);
    for (i = 0; i < 40; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    teardown();
}

static void names_get_a_quarter_of_the_threads_and_at_least_one(void)
{
    static const uint32_t rows[][3] = {/* threads, dns_threads, what it makes */
                                       {1, 0, 1},  {4, 0, 1}, {8, 0, 2}, {11, 0, 2},
                                       {12, 0, 3}, {8, 5, 5}, {0, 0, 0}};
    uint32_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        setup_with((struct nv_blocking_options){.threads = rows[i][0], .dns_threads = rows[i][1]},
                   NULL);
        CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).threads_max, rows[i][2]);
        CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads_max, rows[i][0]);
        teardown();
    }
}

#define ROW(name)   \
    {               \
#        name, name \
    }

static CU_TestInfo thread_tests[] = {
    ROW(threads_are_made_when_there_is_work_up_to_the_limit),
    ROW(one_job_after_the_other_needs_one_thread),
    ROW(the_thread_that_was_idle_last_is_woken_first),
    ROW(a_thread_that_was_idle_for_long_ends_and_another_comes),
    ROW(without_a_thread_a_job_is_refused_and_its_argument_stays),
    ROW(with_fewer_threads_than_wanted_the_jobs_are_done_all_the_same),
    ROW(the_nth_allocation_fails_and_nothing_is_lost),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo queue_tests[] = {
    ROW(a_full_queue_refuses_who_does_not_wait_and_keeps_who_does),
    ROW(a_thousand_slow_names_do_not_delay_an_ordinary_call),
    ROW(a_full_pool_does_not_stop_names),
    ROW(names_get_a_quarter_of_the_threads_and_at_least_one),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"threads", NULL, NULL, NULL, NULL, thread_tests},
    {"the queue", NULL, NULL, NULL, NULL, queue_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

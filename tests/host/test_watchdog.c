/* SPDX-License-Identifier: MIT
 *
 * A worker that does not come back is told by name, once, and counted; one that works is not, nor one
 * that waits, nor when the machine itself stood still. With times of the test's own, and once for real.
 */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/admin.h>
#include <nave/plugin.h>
#include <nave/runtime.h>

#include "failing.h"
#include "test_main.h"

#include "runtime/runtime.h"
#include "worker/sim.h"
#include "worker/thread_state.h"
#include "admin/watchdog.h"
#include "worker/worker_state.h"

#define LIMIT (100 * NAVE_MSEC)

static char lines[4096];
static sem_t told; /* a line was */

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(lines);

    (void)arg;
    snprintf(lines + len, sizeof(lines) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
    sem_post(&told);
}

/* --- with times of the test's own ------------------------------------------------------------ */

static struct nave_runtime rt;
static struct nv_thread thread;
static struct nv_sim sim;
static struct nv_worker_handle handle;
static struct nv_watchdog dog;
static nave_nsec now;

static void arrange(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&rt, 0, sizeof(rt));
    memset(&sim, 0, sizeof(sim));
    memset(&dog, 0, sizeof(dog));
    lines[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(nv_report_init(&rt.report, on_report, NULL, NAVE_LOG_INFO), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nv_worker_create(&o, &thread.worker), NAVE_OK);
    nv_worker_attach(thread.worker);
    __atomic_store_n(&thread.worker->thread_number, 0, __ATOMIC_RELAXED); /* nobody knows */
    nv_worker_handle_init(&handle, thread.worker, "com.acme.slow");
    rt.threads.each = &thread;
    rt.threads.group = thread.worker->group;
    rt.worker_count = 1;
    CU_ASSERT_EQUAL_FATAL(nv_watchdog_init(&dog, &rt, LIMIT), NAVE_OK);
    now = 1000 * NAVE_SEC;
    dog.looked_ns = now;
    (void)nv_watchdog_look(&dog, now);
}

static void finish(void)
{
    nv_watchdog_finish(&dog);
    nv_worker_destroy(thread.worker);
    nv_report_finish(&rt.report);
}

/* The worker enters something, as it does: it counts, and says what it is. */
static void enter(const char *what)
{
    nv_stat_enter(&thread.worker->stats, &handle, what);
    nv_stat_add(&thread.worker->stats.polls, 1);
}

static int32_t look_after(nave_nsec delay)
{
    now += delay;
    return nv_watchdog_look(&dog, now);
}

static void a_worker_that_does_not_come_back_is_named_once_and_counted(void)
{
    int i;

    arrange();
    enter("compute");
    (void)look_after(LIMIT / 2);
    for (i = 0; i < 2; i++)
        CU_ASSERT_TRUE(look_after(LIMIT / 2));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(lines, "worker 0 has been in \"compute\" of plugin \"com.acme.slow\" for 100 ms, "));
    CU_ASSERT_EQUAL(thread.worker->stats.stalls, 1);
    lines[0] = '\0';
    for (i = 0; i < 10; i++)
        (void)look_after(LIMIT / 2);
    CU_ASSERT_STRING_EQUAL(lines, "");

    enter("next");
    (void)look_after(LIMIT / 2);
    CU_ASSERT_STRING_EQUAL(lines, "worker 0 came back from \"compute\" of plugin "
                                  "\"com.acme.slow\" after about 650 ms\n");
    CU_ASSERT_EQUAL(thread.worker->stats.stalls, 1);
    finish();
}

static void one_that_goes_from_one_thing_to_the_next_is_not_told(void)
{
    int i;

    arrange();
    for (i = 0; i < 100; i++) {
        enter("short");
        CU_ASSERT_TRUE(look_after(LIMIT / 2));
    }
    CU_ASSERT_STRING_EQUAL(lines, "");
    finish();
}

static void one_that_waits_is_not_told_and_need_not_be_looked_at(void)
{
    arrange();
    enter("short");
    (void)look_after(LIMIT / 2);
    nv_stat_park(thread.worker);
    CU_ASSERT_FALSE(look_after(LIMIT / 2));
    CU_ASSERT_FALSE(look_after(LIMIT / 2));
    CU_ASSERT_FALSE(look_after(LIMIT / 2));
    CU_ASSERT_STRING_EQUAL(lines, "");
    finish();
}

static void a_look_that_comes_late_itself_says_nothing_about_workers(void)
{
    arrange();
    enter("short");
    (void)look_after(LIMIT / 2);
    CU_ASSERT_TRUE(look_after(60 * NAVE_SEC)); /* the machine slept */
    CU_ASSERT_TRUE(look_after(LIMIT / 2));
    CU_ASSERT_STRING_EQUAL(lines, "");
    CU_ASSERT_TRUE(look_after(LIMIT / 2));
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "for 100 ms"));
    finish();
}

static void nobody_is_blamed_when_nothing_was_entered(void)
{
    int i;

    arrange();
    for (i = 0; i < 4; i++)
        (void)look_after(LIMIT / 2);
    CU_ASSERT_STRING_EQUAL(lines, "");
    CU_ASSERT_EQUAL(thread.worker->stats.stalls, 0);
    finish();
}

/* This thread runs, and has used no processor time to speak of: as if it had got none. */
static void a_machine_that_is_too_busy_is_not_the_workers_fault(void)
{
    arrange();
    __atomic_store_n(&thread.worker->thread_number, nv_thread_number(), __ATOMIC_RELAXED);
    enter("starving");
    (void)look_after(LIMIT / 2);
    (void)look_after(LIMIT / 2);
    (void)look_after(LIMIT / 2);
    CU_ASSERT_STRING_EQUAL(lines, "");
    finish();
}

static void a_job_that_is_nobodys_is_told_as_such(void)
{
    arrange();
    nv_stat_enter(&thread.worker->stats, NULL, "posted job");
    nv_stat_add(&thread.worker->stats.inbox_jobs, 1);
    (void)look_after(LIMIT / 2);
    (void)look_after(LIMIT / 2);
    (void)look_after(LIMIT / 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(lines, "worker 0 has been in a posted job for 100 ms"));
    finish();
}

static void microtasks_that_add_others_for_ever_are_of_what_they_came_from(void)
{
    int i;

    arrange();
    enter("promise");
    for (i = 0; i < 4; i++) {
        nv_stat_add(&thread.worker->stats.micro, 1000);
        (void)look_after(LIMIT / 2);
    }
    CU_ASSERT_PTR_NOT_NULL(
        strstr(lines, "worker 0 has been in \"promise\" of plugin \"com.acme.slow\" for 100 ms, "));
    CU_ASSERT_EQUAL(thread.worker->stats.stalls, 1);
    finish();
}

/* --- for real -------------------------------------------------------------------------------- */

static struct nave_timer timer;
static struct nave_runtime *running;

/* Stays until the watchdog has told of it. */
static void on_timer(struct nave_timer *t, void *arg)
{
    struct timespec until;

    (void)t;
    (void)arg;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 30;
    CU_ASSERT_EQUAL(sem_timedwait(&told, &until), 0);
    nave_runtime_stop(running);
}

static nave_err sloth_worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    nave_timer_start(w, &timer, 0, on_timer, NULL);
    return NAVE_OK;
}

static const struct nave_plugin_ops sloth_ops = {
    .size = sizeof(sloth_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = sloth_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        sloth
#define NAVE_PLUGIN_ID          "test.sloth"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          sloth_ops
#include <nave/define.h>

static const nave_plugin_entry_fn statics[] = {sloth_plugin_entry_v1, NULL};

static nave_err run(const char *limit)
{
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .static_plugins = statics,
                                     .log_level = NAVE_LOG_WARN};
    char config[160];
    nave_err err = nave_runtime_create(&o, &running);

    if (err)
        return err;
    memset(&timer, 0, sizeof(timer));
    snprintf(config, sizeof(config),
             "{\"runtime\": {\"workers\": 1, \"watchdog\": \"%s\"}, \"plugins\": {\"test.sloth\": "
             "{}}}",
             limit);
    err = nave_runtime_configure_text(running, config, strlen(config), "t");
    return err ? err : nave_runtime_run(running);
}

static void a_callback_that_blocks_is_told_while_it_does(void)
{
    lines[0] = '\0';
    while (sem_trywait(&told) == 0)
        ;
    CU_ASSERT_EQUAL(run("2ms"), NAVE_OK);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(lines, "worker 0 has been in \"timer\" of plugin \"test.sloth\" for "));
    if (!strstr(lines, "test.sloth"))
        printf("\n  got %s", lines);
    nave_runtime_destroy(running);
}

static void every_failing_allocation_of_a_run_is_told_and_ends_it(void)
{
    long n;

    for (n = 0; n < 2000; n++) {
        nave_err err;

        while (sem_trywait(&told) == 0)
            ;
        sem_post(&told); /* nobody need wait */
        running = NULL;
        fail_after(n);
        err = run("1h");
        countdown = -1;
        nave_runtime_destroy(running);
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
    }
    CU_ASSERT_TRUE(n > 0 && n < 2000);
}

static int setup(void)
{
    return sem_init(&told, 0, 0);
}

static int teardown(void)
{
    return sem_destroy(&told);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo watchdog_tests[] = {
    TEST(a_worker_that_does_not_come_back_is_named_once_and_counted),
    TEST(one_that_goes_from_one_thing_to_the_next_is_not_told),
    TEST(one_that_waits_is_not_told_and_need_not_be_looked_at),
    TEST(a_look_that_comes_late_itself_says_nothing_about_workers),
    TEST(nobody_is_blamed_when_nothing_was_entered),
    TEST(a_machine_that_is_too_busy_is_not_the_workers_fault),
    TEST(a_job_that_is_nobodys_is_told_as_such),
    TEST(microtasks_that_add_others_for_ever_are_of_what_they_came_from),
    TEST(a_callback_that_blocks_is_told_while_it_does),
    TEST(every_failing_allocation_of_a_run_is_told_and_ends_it),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"watchdog", setup, teardown, NULL, NULL, watchdog_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

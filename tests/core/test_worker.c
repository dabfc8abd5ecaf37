/* SPDX-License-Identifier: MIT
 *
 * A worker over the simulated poller: the order of a turn, its clocks, what it waits for, what it
 * accounts, and what checked mode catches. Nothing here sleeps.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_main.h"

#include "worker/sim.h"
#include "worker/worker_state.h"

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w; /* what a plugin sees */
static char trace[256];

static void note(const char *what)
{
    strncat(trace, what, sizeof(trace) - strlen(trace) - 1);
}

static void setup_with(uint32_t is_checked, uint64_t max_bytes)
{
    struct nv_worker_options o = {.index = 3,
                                  .is_checked = is_checked,
                                  .max_bytes = max_bytes,
                                  .poller = &nv_poller_sim,
                                  .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = NAVE_SEC;
    trace[0] = 0;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
}

static void setup(void)
{
    setup_with(0, 0);
}

static void teardown(void)
{
    nv_worker_destroy(worker);
    worker = NULL;
}

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    note(arg);
}

/* Have `name` noted when `t` fires. */
static void arm(struct nave_worker *h, struct nave_timer *t, nave_nsec delay_ns, const char *name)
{
    nave_timer_start(h, t, delay_ns, on_timer, (void *)(uintptr_t)name);
}

/* A job that notes its name. */
struct named_job {
    struct nave_job job;
    const char *name;
};

static void run_named(struct nave_job *j)
{
    note(NAVE_CONTAINER_OF(j, struct named_job, job)->name);
}

static struct named_job deferred_job = {{NULL, run_named}, "deferred "};
static struct named_job posted_job = {{NULL, run_named}, "posted "};

static void on_ready(void *arg, uint32_t ready)
{
    struct nave_timer *t = arg;

    note("io ");
    (void)ready;
    nave_worker_defer(w, &deferred_job.job);
    CU_ASSERT_EQUAL(nave_worker_post(w, &posted_job.job), NAVE_OK);
    arm(w, t, 0, "timer ");
}

static void a_turn_runs_io_timers_inbox_and_deferred_in_this_order(void)
{
    struct nave_timer t = {0};
    struct nave_io *io;

    CU_ASSERT_EQUAL(w->api->io_open(w, 5, on_ready, &t, &io), NAVE_OK);
    nv_sim_ready(&sim, 5, NAVE_IO_READ);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 4);
    CU_ASSERT_STRING_EQUAL(trace, "io timer posted deferred ");
    CU_ASSERT_EQUAL(sim.polls, 1);
    CU_ASSERT_EQUAL(handle.usage.fds, 1);
    w->api->io_close(io);
    CU_ASSERT_EQUAL(handle.usage.fds, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

static void spend_a_millisecond(void *arg, uint32_t ready)
{
    (void)ready;
    (void)arg;
    sim.now_ns += NAVE_MSEC;
}

static void spend_on_timer(struct nave_timer *t, void *arg)
{
    sim.now_ns += NAVE_MSEC;
    nave_timer_start(w, t, NAVE_MSEC, spend_on_timer, arg);
}

/* One in 64 is measured and counts for 64: of 640, the sum is what they took. */
static void the_time_of_callbacks_is_sampled_for_the_plugin_that_was_called(void)
{
    struct nave_timer t = {0};
    struct nave_io *io;
    uint32_t i;

    CU_ASSERT_EQUAL(w->api->io_open(w, 5, spend_a_millisecond, NULL, &io), NAVE_OK);
    for (i = 0; i < 10 * NV_SAMPLE_EVERY; i++) {
        nv_sim_ready(&sim, 5, NAVE_IO_READ);
        nv_worker_turn(worker, 0);
    }
    CU_ASSERT_EQUAL(handle.usage.time_ns, 10 * NV_SAMPLE_EVERY * NAVE_MSEC);
    w->api->io_close(io);
    nave_timer_start(w, &t, 0, spend_on_timer, NULL);
    for (i = 0; i < NV_SAMPLE_EVERY; i++)
        nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(handle.usage.time_ns, 11 * NV_SAMPLE_EVERY * NAVE_MSEC);
    nave_timer_stop(w, &t);
}

static void a_readiness_callback_sees_the_time_after_the_wait(void)
{
    struct nave_timer t = {0};
    nave_nsec before = nave_now(w);
    struct nave_io *io;

    /* Ten idle seconds, then readiness: a delay of 0 must not be ten seconds ago. */
    CU_ASSERT_EQUAL(w->api->io_open(w, 5, on_ready, &t, &io), NAVE_OK);
    sim.now_ns += 10 * NAVE_SEC;
    nv_sim_ready(&sim, 5, NAVE_IO_READ);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(t.deadline_ns, before + 10 * NAVE_SEC);
    w->api->io_close(io);
}

static void a_wait_ends_at_the_first_deadline(void)
{
    struct nave_timer a = {0}, b = {0};

    arm(w, &a, 700 * NAVE_SEC, "late ");
    arm(w, &b, 70 * NAVE_SEC, "soon ");
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 1);
    CU_ASSERT_EQUAL(sim.polls, 1); /* no look in between: no cascade wakes a worker */
    CU_ASSERT_EQUAL(nave_now(w), 71 * NAVE_SEC);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 1);
    CU_ASSERT_EQUAL(sim.polls, 2);
    CU_ASSERT_STRING_EQUAL(trace, "soon late ");
}

static void the_callers_limit_ends_a_wait_before_the_deadline(void)
{
    struct nave_timer a = {0};

    arm(w, &a, 10 * NAVE_SEC, "a ");
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 3 * NAVE_SEC), 0);
    CU_ASSERT_EQUAL(nave_now(w), 4 * NAVE_SEC);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 0);
    CU_ASSERT_EQUAL(nave_now(w), 4 * NAVE_SEC);
    nave_timer_stop(w, &a);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

static void an_extended_deadline_costs_one_wake_up_and_fires_once(void)
{
    struct nave_timer t = {0};

    arm(w, &t, NAVE_SEC, "idle ");
    nave_timer_extend(w, &t, 60 * NAVE_SEC);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 0);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 1);
    CU_ASSERT_EQUAL(nave_now(w), 60 * NAVE_SEC);
    CU_ASSERT_STRING_EQUAL(trace, "idle ");
}

static void an_idle_worker_is_asked_once_and_waits_for_ever(void)
{
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 0);
    CU_ASSERT_EQUAL(sim.polls, 1);
    CU_ASSERT_EQUAL(sim.sleeps, 1);
    CU_ASSERT_EQUAL(sim.now_ns, NAVE_SEC); /* nothing was due: no end of the wait was asked for */
}

static void a_wake_before_the_turn_lets_it_not_wait(void)
{
    nv_worker_wake(worker);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(sim.sleeps, 0);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(sim.sleeps, 1);
}

static void a_post_between_turns_needs_one_turn_and_no_wake(void)
{
    CU_ASSERT_EQUAL(nave_worker_post(w, &posted_job.job), NAVE_OK);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 1);
    CU_ASSERT_EQUAL(sim.wakes, 0);
    CU_ASSERT_EQUAL(sim.sleeps, 0);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(sim.sleeps, 1); /* the answered post leaves nothing behind */
}

static void defer_itself(struct nave_job *j)
{
    note("d");
    nave_worker_defer(w, j);
}

static void a_job_that_defers_itself_starves_nobody(void)
{
    struct nave_job j = {NULL, defer_itself};
    struct nave_io *io;
    struct nave_timer t = {0};

    nave_worker_defer(w, &j);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_STRING_EQUAL(trace, "d");
    CU_ASSERT_EQUAL(w->api->io_open(w, 1, on_ready, &t, &io), NAVE_OK);
    nv_sim_ready(&sim, 1, NAVE_IO_READ);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(sim.sleeps, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(trace, "io"));
    w->api->io_close(io);
}

static void the_wall_clock_follows_a_jump_within_a_second(void)
{
    struct nave_timer t = {0};

    sim.wall_offset_ns = 1000000 * NAVE_SEC;
    arm(w, &t, NAVE_SEC, "");
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(w->clock->wall_ns, 1000002 * NAVE_SEC);
    CU_ASSERT_EQUAL(w->clock->wall_s, 1000002);
    sim.wall_offset_ns = 5 * NAVE_SEC; /* back */
    arm(w, &t, 1500 * NAVE_MSEC, "");
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(w->clock->wall_s, 8);
    CU_ASSERT_EQUAL(w->clock->turn, 3);
}

static void a_closed_inbox_runs_the_rest_and_refuses_more(void)
{
    CU_ASSERT_EQUAL(nave_worker_post(w, &posted_job.job), NAVE_OK);
    nv_worker_close_inbox(worker);
    CU_ASSERT_STRING_EQUAL(trace, "posted ");
    CU_ASSERT_EQUAL(nave_worker_post(w, &posted_job.job), NAVE_ECLOSED);
}

static void memory_is_accounted_to_the_handle_and_limited(void)
{
    void *p;

    teardown();
    setup_with(0, 200000);
    p = nave_worker_alloc(w, 100000);
    CU_ASSERT_PTR_NOT_NULL(p);
    CU_ASSERT_EQUAL(handle.usage.bytes, 100000);
    CU_ASSERT_EQUAL(handle.usage.allocs, 1);
    CU_ASSERT_PTR_NULL(nave_worker_alloc(w, 150000));
    CU_ASSERT_EQUAL(handle.usage.allocs, 1);
    nave_worker_free(w, p, 100000);
    nave_worker_free(w, NULL, 7);
    CU_ASSERT_EQUAL(handle.usage.bytes, 0);
}

static void holds_are_counted_by_plugin_and_worker(void)
{
    struct nv_worker_handle other;

    nv_worker_handle_init(&other, worker, "other");
    w->api->hold(w, "connection");
    other.pub.api->hold(&other.pub, "stream");
    CU_ASSERT_EQUAL(nv_worker_holds(worker), 2);
    CU_ASSERT_EQUAL(handle.usage.holds, 1);
    CU_ASSERT_STRING_EQUAL(other.usage.hold_what, "stream");
    w->api->release(w, "connection");
    other.pub.api->release(&other.pub, "stream");
    CU_ASSERT_EQUAL(nv_worker_holds(worker), 0);
}

static void a_timer_of_one_handle_may_be_stopped_by_another(void)
{
    struct nv_worker_handle other;
    struct nave_timer t = {0};

    nv_worker_handle_init(&other, worker, "other");
    arm(w, &t, 1, "");
    nave_timer_stop(&other.pub, &t);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(other.usage.timers, 0);
    arm(w, &t, 1, "");
    arm(&other.pub, &t, 1, "");
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(other.usage.timers, 1);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(other.usage.timers, 0);
}

static void a_failed_io_open_leaves_nothing(void)
{
    struct nave_io *io = NULL;
    struct nave_timer t = {0};

    sim.fail_io_open = 1;
    CU_ASSERT_EQUAL(w->api->io_open(w, 1, on_ready, &t, &io), NAVE_EINVAL);
    CU_ASSERT_PTR_NULL(io);
    worker->slab.flags |= NV_SLAB_FAIL;
    worker->slab.fail_at = 1;
    CU_ASSERT_EQUAL(w->api->io_open(w, 1, on_ready, &t, &io), NAVE_ENOMEM);
    CU_ASSERT_EQUAL(handle.usage.fds, 0);
}

static void a_script_run_twice_gives_the_same_trace(void)
{
    char first[sizeof(trace)];
    int run;

    for (run = 0; run < 2; run++) {
        struct nave_timer t = {0}, u = {0};
        struct nave_io *io[3];
        int i;

        teardown();
        setup();
        for (i = 0; i < 3; i++)
            CU_ASSERT_EQUAL(w->api->io_open(w, i, on_ready, &t, &io[i]), NAVE_OK);
        arm(w, &u, 5 * NAVE_MSEC, "u ");
        nv_sim_ready(&sim, 2, NAVE_IO_READ);
        nv_worker_turn(worker, NAVE_NEVER);
        nv_worker_turn(worker, NAVE_NEVER);
        nv_sim_ready(&sim, 0, NAVE_IO_WRITE);
        nv_worker_turn(worker, NAVE_NEVER);
        nave_timer_stop(w, &t);
        for (i = 0; i < 3; i++)
            w->api->io_close(io[i]);
        if (run == 0)
            memcpy(first, trace, sizeof(first));
    }
    CU_ASSERT_STRING_EQUAL(trace, first);
    CU_ASSERT_STRING_EQUAL(trace, "io timer posted deferred u io timer posted deferred ");
}

/* ---- checked mode: the breach happens in a child, which must abort and say whose it was -------- */

static void *start_a_timer(void *arg)
{
    arm(w, arg, 1, "");
    return NULL;
}

static void breach_thread(void)
{
    static struct nave_timer t;
    pthread_t thread;

    if (pthread_create(&thread, NULL, start_a_timer, &t) == 0)
        pthread_join(thread, NULL);
}

static void breach_size(void)
{
    nave_worker_free(w, nave_worker_alloc(w, 100), 101);
}

static void breach_release(void)
{
    w->api->release(w, "connection");
}

static void *volatile freed_twice;

static void breach_twice(void)
{
    nave_worker_free(w, nave_worker_alloc(w, 5000), 5000);
    freed_twice = nave_worker_alloc(w, 64);
    nave_worker_free(w, freed_twice, 64);
    w->api->release(w, "after free"); /* a sanitizer would stop a second free itself */
}

static void expect_breach(void (*breach)(void), const char *says)
{
    char text[512] = "";
    size_t n = 0;
    ssize_t got;
    int out[2], status;
    pid_t child;

    CU_ASSERT_EQUAL_FATAL(pipe(out), 0);
    fflush(NULL);
    child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(out[1], 2);
        breach();
        _exit(0);
    }
    close(out[1]);
    while (n < sizeof(text) - 1 && (got = read(out[0], text + n, sizeof(text) - 1 - n)) > 0)
        n += (size_t)got;
    close(out[0]);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "plugin \"acme\" called nave.worker/1 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, says));
}

static void checked_mode_aborts_and_names_the_plugin(void)
{
    teardown();
    setup_with(1, 0);
    expect_breach(breach_thread, "timer_start");
    expect_breach(breach_size, "101 bytes are freed of a block of 100");
    expect_breach(breach_release, "more was released than held");
    expect_breach(breach_twice, "release");
}

static void checked_mode_lets_right_use_pass(void)
{
    struct nave_timer t = {0};
    struct nave_io *io;
    void *p;

    teardown();
    setup_with(1, 0);
    CU_ASSERT_EQUAL(w->api->io_open(w, 5, on_ready, &t, &io), NAVE_OK);
    p = nave_worker_alloc(w, 100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT_EQUAL((uintptr_t)p % 16, 0);
    nave_worker_free(w, p, 100);
    nv_sim_ready(&sim, 5, NAVE_IO_READ);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 4);
    io->api->io_close(io);
    CU_ASSERT_EQUAL(handle.usage.bytes, 0);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo worker_tests[] = {
    TEST(a_turn_runs_io_timers_inbox_and_deferred_in_this_order),
    TEST(the_time_of_callbacks_is_sampled_for_the_plugin_that_was_called),
    TEST(a_readiness_callback_sees_the_time_after_the_wait),
    TEST(a_wait_ends_at_the_first_deadline),
    TEST(the_callers_limit_ends_a_wait_before_the_deadline),
    TEST(an_extended_deadline_costs_one_wake_up_and_fires_once),
    TEST(an_idle_worker_is_asked_once_and_waits_for_ever),
    TEST(a_wake_before_the_turn_lets_it_not_wait),
    TEST(a_post_between_turns_needs_one_turn_and_no_wake),
    TEST(a_job_that_defers_itself_starves_nobody),
    TEST(the_wall_clock_follows_a_jump_within_a_second),
    TEST(a_closed_inbox_runs_the_rest_and_refuses_more),
    TEST(memory_is_accounted_to_the_handle_and_limited),
    TEST(holds_are_counted_by_plugin_and_worker),
    TEST(a_timer_of_one_handle_may_be_stopped_by_another),
    TEST(a_failed_io_open_leaves_nothing),
    TEST(a_script_run_twice_gives_the_same_trace),
    TEST(checked_mode_aborts_and_names_the_plugin),
    TEST(checked_mode_lets_right_use_pass),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"worker", NULL, NULL, setup, teardown, worker_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Signals become calls on a worker; one runtime at a time; the handlers of before come back.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "signals.h"
#include "worker.h"

static struct nv_worker *worker;
static int seen[8];
static uint32_t seen_count;
static uint32_t host_calls;

static void on_told(void *arg, int number)
{
    CU_ASSERT_PTR_EQUAL(arg, worker);
    if (seen_count < NAVE_COUNT(seen))
        seen[seen_count++] = number;
}

static void host_handler(int number)
{
    (void)number;
    host_calls++;
}

static struct nv_worker *make_worker(void)
{
    struct nv_worker_options o = {0};
    struct nv_worker *w = NULL;

    if (nv_worker_create(&o, &w) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(w);
    return w;
}

static void setup(void)
{
    worker = make_worker();
    seen_count = 0;
    host_calls = 0;
}

static void teardown(void)
{
    nv_signals_close(worker);
    nv_worker_destroy(worker);
}

static void a_signal_runs_on_the_worker_not_in_the_handler(void)
{
    CU_ASSERT_EQUAL_FATAL(nv_signals_open(worker, on_told, worker), NAVE_OK);
    raise(SIGTERM);
    CU_ASSERT_EQUAL(seen_count, 0);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(seen_count, 1);
    CU_ASSERT_EQUAL(seen[0], SIGTERM);
    raise(SIGHUP);
    raise(SIGHUP);
    raise(SIGINT);
    nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(seen_count, 3); /* the same twice is once */
    CU_ASSERT(seen[1] != seen[2]);
}

static void a_second_runtime_is_refused_until_the_first_is_done(void)
{
    struct nv_worker *other = make_worker();

    CU_ASSERT_EQUAL(nv_signals_open(worker, on_told, worker), NAVE_OK);
    CU_ASSERT_EQUAL(nv_signals_open(other, on_told, other), NAVE_EBUSY);
    nv_signals_close(other); /* not its own: no effect */
    CU_ASSERT_EQUAL(nv_signals_open(other, on_told, other), NAVE_EBUSY);
    nv_signals_close(worker);
    CU_ASSERT_EQUAL(nv_signals_open(other, on_told, other), NAVE_OK);
    nv_signals_close(other);
    nv_worker_destroy(other);
}

static void the_hosts_handlers_come_back(void)
{
    struct sigaction mine, before, now;

    memset(&mine, 0, sizeof(mine));
    mine.sa_handler = host_handler;
    CU_ASSERT_EQUAL_FATAL(sigaction(SIGINT, &mine, &before), 0);
    CU_ASSERT_EQUAL(nv_signals_open(worker, on_told, worker), NAVE_OK);
    raise(SIGINT);
    CU_ASSERT_EQUAL(host_calls, 0);
    nv_signals_close(worker); /* before the worker was told: forgotten */
    CU_ASSERT_EQUAL(seen_count, 0);
    raise(SIGINT);
    CU_ASSERT_EQUAL(host_calls, 1);
    CU_ASSERT_EQUAL(sigaction(SIGINT, &before, &now), 0);
    CU_ASSERT_PTR_EQUAL((void *)(uintptr_t)now.sa_handler, (void *)(uintptr_t)host_handler);
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(seen_count, 0);
}

static CU_TestInfo signals_tests[] = {
    {"a_signal_runs_on_the_worker_not_in_the_handler",
     a_signal_runs_on_the_worker_not_in_the_handler},
    {"a_second_runtime_is_refused_until_the_first_is_done",
     a_second_runtime_is_refused_until_the_first_is_done},
    {"the_hosts_handlers_come_back", the_hosts_handlers_come_back},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"signals", NULL, NULL, setup, teardown, signals_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

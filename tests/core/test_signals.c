/* SPDX-License-Identifier: MIT
 *
 * Signals ring a bell and wait to be asked for; one runtime at a time; the handlers of before come back.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "runtime/signals.h"

static int mine, other; /* whose signals they are */
static int seen[8];
static uint32_t seen_count, rings, host_calls;

static void on_ring(void *arg)
{
    CU_ASSERT_PTR_EQUAL(arg, &mine);
    rings++;
}

static void on_told(void *arg, int number)
{
    CU_ASSERT_PTR_EQUAL(arg, &mine);
    if (seen_count < NAVE_COUNT(seen))
        seen[seen_count++] = number;
}

static void host_handler(int number)
{
    (void)number;
    host_calls++;
}

static void setup(void)
{
    seen_count = rings = host_calls = 0;
}

static void teardown(void)
{
    nv_signals_close(&mine);
    nv_signals_close(&other);
}

static void a_signal_rings_once_and_is_told_to_who_asks(void)
{
    CU_ASSERT_EQUAL_FATAL(nv_signals_open(on_ring, &mine), NAVE_OK);
    nv_signals_tell(on_told, &mine);
    CU_ASSERT_EQUAL(seen_count, 0);
    raise(SIGTERM);
    CU_ASSERT_EQUAL(rings, 1);
    CU_ASSERT_EQUAL(seen_count, 0);
    nv_signals_tell(on_told, &mine);
    CU_ASSERT_EQUAL(seen_count, 1);
    CU_ASSERT_EQUAL(seen[0], SIGTERM);
    raise(SIGHUP);
    raise(SIGHUP);
    raise(SIGINT);
    CU_ASSERT_EQUAL(rings, 2); /* nobody has asked since the first */
    nv_signals_tell(on_told, &mine);
    CU_ASSERT_EQUAL(seen_count, 3); /* the same twice is once */
    CU_ASSERT(seen[1] != seen[2]);
    nv_signals_tell(on_told, &mine);
    CU_ASSERT_EQUAL(seen_count, 3);
}

static void a_second_runtime_is_refused_until_the_first_is_done(void)
{
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, &mine), NAVE_OK);
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, &other), NAVE_EBUSY);
    raise(SIGINT);
    nv_signals_tell(on_told, &other); /* not its own: no effect */
    CU_ASSERT_EQUAL(seen_count, 0);
    nv_signals_close(&other);
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, &other), NAVE_EBUSY);
    nv_signals_close(&mine);
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, &other), NAVE_OK);
    nv_signals_close(&other);
}

static void the_hosts_handlers_come_back(void)
{
    struct sigaction host, before, now;

    memset(&host, 0, sizeof(host));
    host.sa_handler = host_handler;
    CU_ASSERT_EQUAL_FATAL(sigaction(SIGINT, &host, &before), 0);
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, &mine), NAVE_OK);
    raise(SIGINT);
    CU_ASSERT_EQUAL(host_calls, 0);
    nv_signals_close(&mine); /* before it was told: forgotten */
    nv_signals_tell(on_told, &mine);
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, &mine), NAVE_OK);
    nv_signals_tell(on_told, &mine);
    CU_ASSERT_EQUAL(seen_count, 0);
    nv_signals_close(&mine);
    raise(SIGINT);
    CU_ASSERT_EQUAL(host_calls, 1);
    CU_ASSERT_EQUAL(sigaction(SIGINT, &before, &now), 0);
    CU_ASSERT_PTR_EQUAL((void *)(uintptr_t)now.sa_handler, (void *)(uintptr_t)host_handler);
}

static void whose_they_are_and_what_rings_must_be_said(void)
{
    CU_ASSERT_EQUAL(nv_signals_open(NULL, &mine), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, NULL), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nv_signals_open(on_ring, &mine), NAVE_OK);
}

static CU_TestInfo signals_tests[] = {
    {"a_signal_rings_once_and_is_told_to_who_asks", a_signal_rings_once_and_is_told_to_who_asks},
    {"a_second_runtime_is_refused_until_the_first_is_done",
     a_second_runtime_is_refused_until_the_first_is_done},
    {"the_hosts_handlers_come_back", the_hosts_handlers_come_back},
    {"whose_they_are_and_what_rings_must_be_said", whose_they_are_and_what_rings_must_be_said},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"signals", NULL, NULL, setup, teardown, signals_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

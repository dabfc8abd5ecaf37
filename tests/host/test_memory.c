/* SPDX-License-Identifier: MIT
 *
 * Every allocation of a whole life fails once, the n-th for each n. Each time the runtime must say
 * NAVE_ENOMEM, tell why, and leave nothing behind (which the sanitizer build watches).
 */
#include <stdlib.h>
#include <string.h>

#include <nave/runtime.h>

#include "failing.h"
#include "test_main.h"
#include "trace.h"

#define ALLOCATIONS_MAX 10000

struct trace trace;

static int reports;

nave_err trace_add(const char *who, const char *what)
{
    (void)who;
    (void)what;
    return NAVE_OK;
}

static void on_report(void *arg, const struct nave_report *r)
{
    (void)arg;
    reports += r->level == NAVE_LOG_ERROR;
}

static const char *log_conf; /* what follows in section runtime */

static nave_err live_once(void)
{
    static const nave_plugin_entry_fn statics[] = {trace_a_plugin_entry_v1, trace_b_plugin_entry_v1,
                                                   NULL};
    char config[256];
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .static_plugins = statics,
                                     .report = on_report,
                                     .log_level = NAVE_LOG_WARN};
    struct nave_runtime *rt = NULL;
    nave_err err = nave_runtime_create(&o, &rt);
    int n = snprintf(config, sizeof(config),
                     "{\"runtime\": {\"workers\": 1%s}, \"plugins\": {\"b\": {}, \"a\": {}}}",
                     log_conf);

    if (err) {
        reports++; /* there is nobody yet who could tell */
        return err;
    }
    err = nave_runtime_configure_text(rt, config, (size_t)n, "t");
    if (!err)
        err = nave_runtime_start(rt);
    if (!err) {
        nave_runtime_stop(rt);
        err = nave_runtime_run(rt);
    }
    nave_runtime_destroy(rt);
    return err;
}

static void fail_each(void)
{
    long n;

    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        nave_err err;

        reports = 0;
        fail_after(n);
        err = live_once();
        countdown = -1;
        if (!has_failed) {
            CU_ASSERT_EQUAL(err, NAVE_OK);
            break;
        }
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT(reports > 0);
        if (err != NAVE_ENOMEM || !reports)
            printf("\n  allocation %ld: %s, %d reports", n, nave_err_name(err), reports);
    }
    CU_ASSERT(n > 10); /* the calls do go through here */
    CU_ASSERT(n < ALLOCATIONS_MAX);
}

static void every_failing_allocation_is_an_error_that_is_told(void)
{
    log_conf = "";
    fail_each();
}

static void so_are_those_of_a_log(void)
{
    log_conf = ", \"log\": {\"to\": \"file\", \"file\": \"/dev/null\", "
               "\"levels\": {\"a\": \"debug\"}}";
    fail_each();
}

static CU_TestInfo tests[] = {
    {"every_failing_allocation_is_an_error_that_is_told",
     every_failing_allocation_is_an_error_that_is_told},
    {"so_are_those_of_a_log", so_are_those_of_a_log},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"memory", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

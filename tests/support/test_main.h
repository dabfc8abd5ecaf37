/* SPDX-License-Identifier: MIT
 *
 * The main() of a test program: registers a table of suites, runs them verbosely, and fails when
 * anything failed, or when nothing ran at all.
 *
 *     static CU_TestInfo wheel_tests[] = {
 *         {"a_timer_never_fires_early", a_timer_never_fires_early},
 *         CU_TEST_INFO_NULL,
 *     };
 *     static CU_SuiteInfo suites[] = {
 *         {"wheel", NULL, NULL, NULL, NULL, wheel_tests},
 *         CU_SUITE_INFO_NULL,
 *     };
 *     NAVE_TEST_MAIN(suites)
 *
 * With arguments only the tests of these names run.
 */
#ifndef NAVE_TEST_MAIN_H
#define NAVE_TEST_MAIN_H

#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

/* Clear the names of all tests that were not asked for. */
static void test_main_select(CU_SuiteInfo *suites, int argc, char **argv)
{
    CU_SuiteInfo *suite;
    CU_TestInfo *from;
    CU_TestInfo *to;
    int i;

    for (suite = suites; suite->pName; suite++) {
        to = suite->pTests;
        for (from = suite->pTests; from->pName; from++) {
            for (i = 1; i < argc; i++) {
                if (strcmp(argv[i], from->pName) == 0) {
                    *to++ = *from;
                    break;
                }
            }
        }
        memset(to, 0, sizeof(*to));
    }
}

static int test_main(CU_SuiteInfo *suites, int argc, char **argv)
{
    unsigned failures;
    unsigned ran;

    setvbuf(stdout, NULL, _IOLBF, 0); /* keeps the order with stderr in the log */
    if (argc > 1)
        test_main_select(suites, argc, argv);
    if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
        fprintf(stderr, "CUnit: %s\n", CU_get_error_msg());
        return 1;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    /* Failure records also count suites that could not be set up. */
    failures = CU_get_number_of_failure_records();
    ran = CU_get_number_of_tests_run();
    CU_cleanup_registry();
    if (ran == 0)
        fprintf(stderr, "no test ran\n");
    return failures > 0 || ran == 0;
}

#define NAVE_TEST_MAIN(suites)                \
    int main(int argc, char **argv)           \
    {                                         \
        return test_main(suites, argc, argv); \
    }

#endif

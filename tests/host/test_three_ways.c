/* SPDX-License-Identifier: MIT
 *
 * One source, life.c, as a file that is loaded, as a part of this program, and as a file built with
 * the frozen headers of minor 0: each lives a whole life in a real runtime, with and without
 * NAVE_CHECK, and logs the same.
 */
#include <stdlib.h>
#include <string.h>

#include <nave/plugin.h>
#include <nave/runtime.h>

#include "test_main.h"

const struct nave_plugin *life_plugin_entry_v1(void);

static char logged[4096];

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(logged);

    (void)arg;
    snprintf(logged + len, sizeof(logged) - len, "%s%.*s", len ? ", " : "", (int)r->text.len,
             r->text.ptr);
}

#define LIFE                                                                                 \
    "create, prepare 5ms, commit, start, worker_start, timer, job, poll, poll, poll, poll, " \
    "counted, "                                                                              \
    "done, worker_drain, worker_stop, stop, destroy"

static void live(const char *plugin, const nave_plugin_entry_fn *statics)
{
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .plugin_path = "",
                                     .static_plugins = statics,
                                     .log_level = NAVE_LOG_WARN};
    char config[4400];
    struct nave_runtime *rt = NULL;
    uint32_t turn;
    nave_err err = NAVE_OK;

    logged[0] = '\0';
    snprintf(config, sizeof(config),
             "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"life\": {%s \"delay\": \"5ms\", "
             "\"rounds\": 4}}}",
             plugin);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_OK);
    for (turn = 0; turn < 1000 && !err && !strstr(logged, "done"); turn++)
        err = nave_runtime_turn(rt, 10 * NAVE_MSEC);
    nave_runtime_stop(rt);
    for (turn = 0; turn < 1000 && !err; turn++)
        err = nave_runtime_turn(rt, 10 * NAVE_MSEC);
    CU_ASSERT_EQUAL(err, NAVE_ECLOSED);
    nave_runtime_destroy(rt);
    CU_ASSERT_STRING_EQUAL(logged, LIFE);
    if (strcmp(logged, LIFE) != 0)
        printf("\n  got  %s\n  want %s\n", logged, LIFE);
}

static void live_checked_and_unchecked(const char *plugin, const nave_plugin_entry_fn *statics)
{
    unsetenv("NAVE_CHECK");
    live(plugin, statics);
    setenv("NAVE_CHECK", "1", 1);
    live(plugin, statics);
    unsetenv("NAVE_CHECK");
}

static void a_file_lives(void)
{
    live_checked_and_unchecked("\"$path\": \"" LIFE_FOLDER "/life.so\",", NULL);
}

static void a_part_of_the_program_lives_alike(void)
{
    static const nave_plugin_entry_fn statics[] = {life_plugin_entry_v1, NULL};

    live_checked_and_unchecked("", statics);
}

static void a_file_of_the_first_minor_lives_alike(void)
{
    live_checked_and_unchecked("\"$path\": \"" LIFE_FOLDER "/life_1_0.so\",", NULL);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    TEST(a_file_lives),
    TEST(a_part_of_the_program_lives_alike),
    TEST(a_file_of_the_first_minor_lives_alike),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"three_ways", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

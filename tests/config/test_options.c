/* SPDX-License-Identifier: MIT
 *
 * From the objects of a configuration to the struct of a plugin: every kind, every refusal, and that
 * all refusals come in one go.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "failing.h"
#include "near.h"
#include "options.h"
#include "test_main.h"
#include "told.h"

#define ALLOCATIONS_MAX 100

#define ALL_OPTIONS(OPTION)                                                       \
    OPTION(flag, nodelay, "true", "", "", 0, "a flag")                            \
    OPTION(count, backlog, "128", "1", "1024", 0, "a count")                      \
    OPTION(size, buffer, "64KiB", "1KiB", "1MiB", 0, "a size")                    \
    OPTION(duration, timeout, "10s", "10ms", "1h", 0, "a duration")               \
    OPTION(text, label, "none", "2", "8", NAVE_OPTION_LIVE, "a text")             \
    OPTION(conf, routes, "", "", "", 0, "anything")                               \
    OPTION(count, at_least, "9", "5", "", 0, "no most")                           \
    OPTION(count, at_most, "3", "", "7", 0, "no least")                           \
    OPTION(size, unbounded, "0", "", "", 0, "no bounds")                          \
    OPTION(duration, pause, "0", "", "", NAVE_OPTION_SECRET | 1, "no bounds too") \
    OPTION(text, free, "\xc3\xa4", "", "", 0, "no bounds as well")

NAVE_OPTION_STRUCT(all_options, ALL_OPTIONS);
NAVE_OPTION_TABLE(all_table, all_options, ALL_OPTIONS)

#define MUST_OPTIONS(OPTION)                                     \
    OPTION(text, name, "", "", "", 0, "the name to answer with") \
    OPTION(flag, strict, "", "", "", 0, "whether it is strict")  \
    OPTION(size, room, "", "", "", 0, "its room")                \
    OPTION(conf, more, "", "", "", 0, "more of it")

NAVE_OPTION_STRUCT(must_options, MUST_OPTIONS);
NAVE_OPTION_TABLE(must_table, must_options, MUST_OPTIONS)

static const struct nv_options_owner owner = {"plugin \"p\"", "p"};
static struct nv_report report;
static struct nv_conf_doc *doc;

static int set_up(void)
{
    return nv_report_init(&report, tell, NULL, NAVE_LOG_ERROR) != NAVE_OK;
}

static int clean_up(void)
{
    nv_report_finish(&report);
    return 0;
}

static struct nave_conf *load(const char *text)
{
    nv_conf_destroy(doc);
    doc = NULL;
    forget();
    CU_ASSERT_EQUAL_FATAL(nv_conf_load_text(text, strlen(text), "f", &report, &doc), NAVE_OK);
    return nv_conf_root(doc);
}

static int is_text(struct nave_str s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static void tear_down(void)
{
    nv_conf_destroy(doc);
    doc = NULL;
}

static void check_defaults(const struct all_options *o)
{
    CU_ASSERT_EQUAL(o->reserved, 0);
    CU_ASSERT_EQUAL(o->nodelay, 1);
    CU_ASSERT_EQUAL(o->backlog, 128);
    CU_ASSERT_EQUAL(o->buffer, 65536);
    CU_ASSERT_EQUAL(o->timeout, 10 * NAVE_SEC);
    CU_ASSERT_TRUE(is_text(o->label, "none"));
    CU_ASSERT_PTR_NULL(o->routes);
    CU_ASSERT_EQUAL(o->at_least, 9);
    CU_ASSERT_EQUAL(o->at_most, 3);
    CU_ASSERT_EQUAL(o->unbounded, 0);
    CU_ASSERT_EQUAL(o->pause, 0);
    CU_ASSERT_TRUE(is_text(o->free, "\xc3\xa4"));
}

static void what_is_not_given_has_its_default(void)
{
    struct all_options o;

    memset(&o, 0xff, sizeof(o));
    CU_ASSERT_EQUAL(nv_options_fill(all_table(), load("{}"), &o, &report, &owner), NAVE_OK);
    check_defaults(&o);
    memset(&o, 0xff, sizeof(o));
    CU_ASSERT_EQUAL(nv_options_fill(all_table(), NULL, &o, &report, &owner), NAVE_OK);
    check_defaults(&o);
    CU_ASSERT_EQUAL(told.count, 0);
    tear_down();
}

static void what_is_given_is_taken(void)
{
    struct nave_conf *root =
        load("{\"nodelay\": false, \"backlog\": 1024, \"buffer\": 1048576, \"timeout\": \"10ms\",\n"
             " \"label\": \"\xc3\xa4\", \"routes\": null, \"at_least\": 5, \"at_most\": 7,\n"
             " \"unbounded\": \"8388607TiB\", \"pause\": \"106751d\", \"free\": \"\",\n"
             " \"$path\": 1, \"$use\": {}}");
    struct all_options o;

    CU_ASSERT_EQUAL(nv_options_fill(all_table(), root, &o, &report, &owner), NAVE_OK);
    CU_ASSERT_EQUAL(told.count, 0);
    CU_ASSERT_EQUAL(o.nodelay, 0);
    CU_ASSERT_EQUAL(o.backlog, 1024);
    CU_ASSERT_EQUAL(o.buffer, 1048576);
    CU_ASSERT_EQUAL(o.timeout, 10 * NAVE_MSEC);
    CU_ASSERT_TRUE(is_text(o.label, "\xc3\xa4"));
    CU_ASSERT_PTR_EQUAL(o.routes, nave_conf_get(root, "routes")); /* null was given: no NULL */
    CU_ASSERT_PTR_NOT_NULL(o.routes);
    CU_ASSERT_EQUAL(o.at_least, 5);
    CU_ASSERT_EQUAL(o.at_most, 7);
    CU_ASSERT_EQUAL(o.unbounded, 9223370937343148032u);
    CU_ASSERT_EQUAL(o.pause, 9223286400000000000);
    CU_ASSERT_TRUE(is_text(o.free, ""));
    tear_down();
}

/* Fill from `text`: refused, with `want`, and the struct is all zero. The check says the same. */
static void refuse(const struct nave_option_table *table, const char *text, const char *want)
{
    struct nave_conf *root = load(text);
    unsigned char o[sizeof(struct all_options)];
    size_t i;

    memset(o, 0xff, sizeof(o));
    CU_ASSERT_EQUAL(nv_options_fill(table, root, o, &report, &owner), NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told(want));
    for (i = 0; i < table->struct_size && o[i] == 0; i++) {
    }
    CU_ASSERT_EQUAL(i, table->struct_size);
    forget();
    CU_ASSERT_EQUAL(nv_options_check(table->rows, table->count, root, &report, &owner),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told(want));
    tear_down();
}

static void all_refusals_come_in_one_go(void)
{
    refuse(all_table(),
           "{\"nodelay\": 1,\n"
           "\"backlog\": \"8\",\n"
           "\"buffer\": \"64KB\",\n"
           "\"timeout\": 10,\n"
           "\"label\": [],\n"
           "\"at_least\": 4,\n"
           "\"at_most\": 8,\n"
           "\"unbounded\": {},\n"
           "\"pause\": \"1.5h\",\n"
           "\"free\": null,\n"
           "\"lable\": \"x\"}",
           "f:11:10: /lable: unknown option \"lable\" of plugin \"p\"; allowed: nodelay, "
           "backlog, buffer, timeout, label, routes, at_least, at_most, unbounded, pause, free; "
           "did you mean \"label\"?\n"
           "f:1:13: /nodelay: option \"nodelay\" of plugin \"p\" is malformed (here stands a whole "
           "number): a flag is true or false\n"
           "f:2:12: /backlog: option \"backlog\" of plugin \"p\" is malformed (here stands a "
           "text): a count is a whole number, 0 or more\n"
           "f:3:11: /buffer: option \"buffer\" of plugin \"p\" is malformed (here stands a text): "
           "a size is a whole number of bytes, or a text such as \"64KiB\" (B, KiB, MiB, GiB, "
           "TiB)\n"
           "f:4:12: /timeout: option \"timeout\" of plugin \"p\" is malformed (here stands a whole "
           "number): a duration is a whole number and ns, us, ms, s, m, h or d, such as \"250ms\" "
           "or \"10s\"\n"
           "f:5:10: /label: option \"label\" of plugin \"p\" is malformed (here stands a list): a "
           "text is allowed here\n"
           "f:6:13: /at_least: option \"at_least\" of plugin \"p\" is out of range: at least 5 is "
           "allowed\n"
           "f:7:12: /at_most: option \"at_most\" of plugin \"p\" is out of range: at most 7 is "
           "allowed\n"
           "f:8:14: /unbounded: option \"unbounded\" of plugin \"p\" is malformed (here stands an "
           "object): a size is a whole number of bytes, or a text such as \"64KiB\" (B, KiB, MiB, "
           "GiB, TiB)\n"
           "f:9:10: /pause: option \"pause\" of plugin \"p\" is malformed (here stands a text): a "
           "duration is a whole number and ns, us, ms, s, m, h or d, such as \"250ms\" or "
           "\"10s\"\n"
           "f:10:9: /free: option \"free\" of plugin \"p\" is malformed (here stands null): a text "
           "is allowed here\n");
}

static void what_is_out_of_range_is_told_with_the_range(void)
{
    refuse(all_table(),
           "{\"backlog\": 0, \"buffer\": \"2MiB\", \"timeout\": \"9ms\", \"label\": \"x\"}",
           "f:1:13: /backlog: option \"backlog\" of plugin \"p\" is out of range: from 1 to 1024 "
           "is allowed\n"
           "f:1:26: /buffer: option \"buffer\" of plugin \"p\" is out of range: from 1KiB to 1MiB "
           "is allowed\n"
           "f:1:45: /timeout: option \"timeout\" of plugin \"p\" is out of range: from 10ms to 1h "
           "is allowed\n"
           "f:1:61: /label: option \"label\" of plugin \"p\" is out of range (length in bytes): "
           "from 2 to 8 is allowed\n");
    refuse(all_table(),
           "{\"backlog\": -1, \"buffer\": -1, \"timeout\": \"99999999d\", \"at_least\": -1,\n"
           "\"unbounded\": \"8388608TiB\", \"pause\": \"18446744073709551616s\"}",
           "f:1:13: /backlog: option \"backlog\" of plugin \"p\" is out of range: from 1 to 1024 "
           "is allowed\n"
           "f:1:27: /buffer: option \"buffer\" of plugin \"p\" is out of range: from 1KiB to 1MiB "
           "is allowed\n"
           "f:1:42: /timeout: option \"timeout\" of plugin \"p\" is out of range: from 10ms to 1h "
           "is allowed\n"
           "f:1:67: /at_least: option \"at_least\" of plugin \"p\" is out of range: at least 5 is "
           "allowed\n"
           "f:2:14: /unbounded: option \"unbounded\" of plugin \"p\" is out of range: a size is a "
           "whole number of bytes, or a text such as \"64KiB\" (B, KiB, MiB, GiB, TiB)\n"
           "f:2:37: /pause: option \"pause\" of plugin \"p\" is out of range: a duration is a "
           "whole number and ns, us, ms, s, m, h or d, such as \"250ms\" or \"10s\"\n");
}

static void what_must_be_given_is_asked_for(void)
{
    static const char want[] = "option \"name\" of plugin \"p\" must be given: the name to answer "
                               "with\n"
                               "option \"strict\" of plugin \"p\" must be given: whether it is "
                               "strict\n"
                               "option \"room\" of plugin \"p\" must be given: its room\n";
    struct must_options o;

    refuse(must_table(), "{\"more\": 1}",
           "f:1:1: option \"name\" of plugin \"p\" must be given: the name to answer with\n"
           "f:1:1: option \"strict\" of plugin \"p\" must be given: whether it is strict\n"
           "f:1:1: option \"room\" of plugin \"p\" must be given: its room\n");
    forget();
    CU_ASSERT_EQUAL(nv_options_fill(must_table(), NULL, &o, &report, &owner), NAVE_ECONFIG);
    CU_ASSERT_EQUAL(told.count, 3);
    CU_ASSERT_TRUE(is_told(want));

    /* An empty text was given; a conf is never asked for. */
    CU_ASSERT_EQUAL(nv_options_fill(must_table(),
                                    load("{\"name\": \"\", \"strict\": false, \"room\": 0}"), &o,
                                    &report, &owner),
                    NAVE_OK);
    CU_ASSERT_PTR_NULL(o.more);
    tear_down();
}

static void options_are_an_object(void)
{
    struct all_options o;

    CU_ASSERT_EQUAL(nv_options_fill(all_table(), nave_conf_get(load("{\"p\": [1]}"), "p"), &o,
                                    &report, &owner),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told("f:1:7: /p: the options of plugin \"p\" are an object, { ... }; here "
                           "stands a list\n"));
    tear_down();
    CU_ASSERT_EQUAL(nv_options_check(NULL, 0, load("{\"a\\u001bb\": 1, \"\": 2}"), &report, &owner),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told("f:1:14: /a\x1b"
                           "b: unknown option \"a\x1b"
                           "b\" of plugin \"p\"; it has no options\n"
                           "f:1:21: /: unknown option \"\" of plugin \"p\"; it has no options\n"));
    tear_down();
}

static void a_long_key_is_cut_between_two_characters(void)
{
    char text[512] = "{\"x", want[512];
    size_t i;

    for (i = 0; i < 100; i++)
        strcat(text, "\xc3\xa4");
    strcat(text, "\": 1}");
    CU_ASSERT_EQUAL(nv_options_check(NULL, 0, load(text), &report, &owner), NAVE_ECONFIG);
    snprintf(want, sizeof(want), "unknown option \"%.63s\" of plugin", text + 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.text, want));
    tear_down();
}

static void the_nearest_name_is_proposed_or_none(void)
{
    static const struct {
        const char *word, *hint;
    } cases[] = {
        {"tiemout", "; did you mean \"timeout\"?"}, /* two letters changed places */
        {"timeouts", "; did you mean \"timeout\"?"},
        {"time", ""},
        {"TIMEOUT", ""},
        {"bufer", "; did you mean \"buffer\"?"},
        {"", ""},
        {"x", ""},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        char hint[NV_NEAR_HINT_MAX];
        struct nv_near near;

        nv_near_init(&near, (struct nave_str){cases[i].word, strlen(cases[i].word)});
        nv_near_try(&near, "timeout", 7);
        nv_near_try(&near, "buffer", 6);
        nv_near_try(&near, "b", 1);
        CU_ASSERT_STRING_EQUAL(nv_near_hint(&near, hint), cases[i].hint);
    }
    CU_ASSERT_EQUAL(nv_near_distance((struct nave_str){"kitten", 6},
                                     (struct nave_str){"sitting", 7}, 9),
                    3);
    CU_ASSERT_EQUAL(nv_near_distance((struct nave_str){"kitten", 6},
                                     (struct nave_str){"sitting", 7}, 2),
                    3);
}

/* ---- tables ------------------------------------------------------------------------------------ */

#define ROW(kind, name, def, min, max, offset, size)                         \
    {                                                                        \
        name, def, min, max, "doc", NAVE_OPTION_KIND_##kind, 0, offset, size \
    }

static void a_malformed_table_is_refused_with_the_row(void)
{
    static const struct {
        struct nave_option rows[2];
        nave_err err;
        const char *want;
    } cases[] = {
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)}, NAVE_OK, ""},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "a", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" is there twice"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 8, 8)},
         NAVE_EINVAL,
         "options \"a\" and \"b\" overlap"},
        {{ROW(text, "a", "1", "", "", 8, 16), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "options \"a\" and \"b\" overlap"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 64, 8)},
         NAVE_EINVAL,
         "option \"b\" does not fit its struct"},
        {{ROW(count, "a", "1", "", "", 4294967288u, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" does not fit its struct"},
        {{ROW(count, "a", "1", "", "", 12, 8), ROW(count, "b", "1", "", "", 24, 8)},
         NAVE_EINVAL,
         "option \"a\" does not fit its struct"},
        {{ROW(flag, "a", "true", "", "", 8, 8), ROW(count, "b", "1", "", "", 24, 8)},
         NAVE_EINVAL,
         "option \"a\" does not fit its struct"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "\"\" is no name for an option"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "$b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "\"$b\" is no name for an option"},
        {{ROW(count, NULL, "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "an option has an empty column"},
        {{ROW(count, "a", NULL, "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "an option has an empty column"},
        {{ROW(count, "a", "x", "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has a malformed default \"x\""},
        {{ROW(flag, "a", "1", "", "", 8, 4), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has a malformed default \"1\""},
        {{ROW(size, "a", "1", "x", "9", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has malformed bounds \"x\" and \"9\""},
        {{ROW(duration, "a", "1s", "", "9", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has malformed bounds \"\" and \"9\""},
        {{ROW(count, "a", "9", "1", "8", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "the default \"9\" of option \"a\" is out of bounds"},
        {{ROW(text, "a", "xyz", "", "2", 8, 16), ROW(count, "b", "1", "", "", 24, 8)},
         NAVE_EINVAL,
         "the default \"xyz\" of option \"a\" is out of bounds"},
    };
    struct nave_option_table table = {sizeof(table), 2, 64, 0, NULL};
    struct nave_option row = ROW(count, "a", "1", "", "", 8, 8);
    struct nv_why why;
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        why.text[0] = '\0';
        table.rows = cases[i].rows;
        CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), cases[i].err);
        CU_ASSERT_STRING_EQUAL(why.text, cases[i].want);
    }

    table.count = 1;
    table.rows = &row;
    row.kind = 0;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_ETOONEW);
    row.kind = 7;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_ETOONEW);
    CU_ASSERT_STRING_EQUAL(why.text, "option \"a\" has kind 7, which is not known here");
    row.kind = NAVE_OPTION_KIND_count;
    table.struct_size = (1u << 20) + 1;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    table.struct_size = 64;
    table.size--;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    table.size++;
    table.rows = NULL;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    table.count = 1025;
    table.rows = &row;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nv_options_check_table(NULL, &why), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nv_options_check_table(all_table(), NULL), NAVE_OK);
    CU_ASSERT_EQUAL(nv_options_check_table(must_table(), NULL), NAVE_OK);
    CU_ASSERT_EQUAL(nv_options_check_table(nave_no_options(), NULL), NAVE_OK);
}

static void every_failing_allocation_is_an_error(void)
{
    struct nave_conf *root = load("{\"backlog\": 7}");
    void *options = NULL;
    nave_err err;
    long n;

    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        fail_after(n);
        err = nv_options_make(all_table(), root, &report, &owner, &options);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_PTR_NULL(options);
    }
    CU_ASSERT(n > 0 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
    CU_ASSERT_EQUAL(((struct all_options *)options)->backlog, 7);
    free(options);

    /* Refusing needs no memory at all: it works when there is none. */
    root = load("{\"backlog\": 0, \"bucklog\": 7, \"timeout\": 1}");
    fail_after(0);
    CU_ASSERT_EQUAL(nv_options_check(all_table()->rows, all_table()->count, root, &report, &owner),
                    NAVE_ECONFIG);
    countdown = -1;
    CU_ASSERT_FALSE(has_failed);
    CU_ASSERT_EQUAL(told.count, 3);

    options = NULL;
    CU_ASSERT_EQUAL(nv_options_make(all_table(), root, &report, &owner, &options), NAVE_ECONFIG);
    CU_ASSERT_PTR_NULL(options);
    CU_ASSERT_EQUAL(nv_options_make(nave_no_options(), NULL, &report, &owner, &options), NAVE_OK);
    CU_ASSERT_PTR_NOT_NULL(options);
    free(options);
    tear_down();
}

static CU_TestInfo tests[] = {
    {"what_is_not_given_has_its_default", what_is_not_given_has_its_default},
    {"what_is_given_is_taken", what_is_given_is_taken},
    {"all_refusals_come_in_one_go", all_refusals_come_in_one_go},
    {"what_is_out_of_range_is_told_with_the_range", what_is_out_of_range_is_told_with_the_range},
    {"what_must_be_given_is_asked_for", what_must_be_given_is_asked_for},
    {"options_are_an_object", options_are_an_object},
    {"a_long_key_is_cut_between_two_characters", a_long_key_is_cut_between_two_characters},
    {"the_nearest_name_is_proposed_or_none", the_nearest_name_is_proposed_or_none},
    {"a_malformed_table_is_refused_with_the_row", a_malformed_table_is_refused_with_the_row},
    {"every_failing_allocation_is_an_error", every_failing_allocation_is_an_error},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"options", set_up, clean_up, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * The document of a runtime: values set from outside, uses of handlers found by schemas before any code
 * runs, and the configuration in force with its secrets masked. The plugin "gates" has options of the
 * kinds that matter here; none of its code runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/plugin.h>
#include <nave/runtime.h>

#include "failing.h"
#include "runtime/runtime.h"
#include "test_main.h"

#define HANDLER "{\"$ref\": \"#/$defs/handler\"}"
#define DOORS                                                                                     \
    "{\"type\": \"object\", \"properties\": {\"front\": " HANDLER ", \"names\": {\"items\": "     \
    "{\"anyOf\": [{\"type\": \"string\"}, " HANDLER "]}}}, \"additionalProperties\": {\"type\": " \
    "\"array\", \"items\": " HANDLER "}}"

#define GATES_OPTIONS(OPTION)                                                                    \
    OPTION(conf, doors, "", "", DOORS, 0, "doors")                                               \
    OPTION(text, token, "t0ken", "", "", NAVE_OPTION_SECRET, "a secret with a default")          \
    OPTION(text, password, "", "", "", NAVE_OPTION_SECRET | NAVE_OPTION_OPTIONAL, "one without") \
    OPTION(texts, words, "one|two", "", "", 0, "texts")                                          \
    OPTION(duration, pause, "1s", "", "", 0, "a duration")                                       \
    OPTION(flag, loud, "true", "", "", 0, "a flag")

NAVE_OPTION_STRUCT(gates_options, GATES_OPTIONS);
NAVE_OPTION_TABLE(gates_table, gates_options, GATES_OPTIONS)

#define GUARD_OPTIONS(OPTION)                                                   \
    OPTION(conf, next, "", "", HANDLER, NAVE_OPTION_REQUIRED, "who is guarded") \
    OPTION(text, key, "", "", "", NAVE_OPTION_SECRET, "what opens it")

NAVE_OPTION_STRUCT(guard_options, GUARD_OPTIONS);
NAVE_OPTION_TABLE(guard_table, guard_options, GUARD_OPTIONS)

#define PASS_OPTIONS(OPTION) \
    OPTION(conf, next, "", "", HANDLER, NAVE_OPTION_MAIN, "whatever is passed on to")

NAVE_OPTION_STRUCT(pass_options, PASS_OPTIONS);
NAVE_OPTION_TABLE(pass_table, pass_options, PASS_OPTIONS)

static nave_err never_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    (void)args;
    (void)out;
    return NAVE_EINVAL;
}

static void never_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

static const struct nave_plugin_ops gates_ops = {
    .size = sizeof(gates_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    gates
#define NAVE_PLUGIN_ID      "gates"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                             \
    ROLE(handler, "guard", "nave.http.handler/1", never_make, never_unmake, guard_table,    \
         GUARD_OPTIONS, "guards another")                                                   \
    ROLE(handler, "pass", "nave.http.handler/1", never_make, never_unmake, pass_table,      \
         PASS_OPTIONS, "passes on")                                                         \
    ROLE(handler, "free", "nave.http.handler/1", never_make, never_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "reads its options itself")
#define NAVE_PLUGIN_OPTIONS      GATES_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE gates_table
#define NAVE_PLUGIN_OPS          gates_ops
#include <nave/define.h>

static char reports[16384];

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(reports);

    (void)arg;
    if (r->level > NAVE_LOG_INFO)
        return;
    len += (size_t)snprintf(reports + len, sizeof(reports) - len, "%.*s", (int)r->file.len,
                            r->file.ptr);
    if (r->line)
        len += (size_t)snprintf(reports + len, sizeof(reports) - len, ":%u:%u", r->line, r->column);
    snprintf(reports + len, sizeof(reports) - len, ": %.*s: %.*s\n", (int)r->pointer.len,
             r->pointer.ptr, (int)r->text.len, r->text.ptr);
}

static struct nave_runtime *create(void)
{
    static const nave_plugin_entry_fn statics[] = {gates_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .static_plugins = statics,
                                     .report = on_report,
                                     .plugin_path = "/nowhere",
                                     .log_level = NAVE_LOG_INFO};
    struct nave_runtime *rt = NULL;

    reports[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    return rt;
}

static void expect(const char *want)
{
    CU_ASSERT_STRING_EQUAL(reports, want);
    if (strcmp(reports, want) != 0)
        printf("\n  got:\n%s  want:\n%s", reports, want);
}

static void check(const char *config, nave_err want, const char *text)
{
    struct nave_runtime *rt = create();

    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), want);
    expect(text);
    nave_runtime_destroy(rt);
}

/* ---- uses -------------------------------------------------------------------------------------- */

static void uses_are_found_wherever_a_schema_says_handler(void)
{
    check("{\"plugins\": {\"gates\": {\"doors\": {\"front\": {\"free\": 7},\n"
          " \"names\": [\"any\", 5, {\"pass\": {\"free\": {\"x\": 1}}}],\n"
          " \"back\": [{\"guard\": {\"key\": \"k\", \"next\": {\"pass\": {\"free\": null}}}}]}}}}",
          NAVE_OK, "");
    check("{\"plugins\": {\"gates\": {\"doors\": {\"front\": {\"fre\": 7},\n"
          " \"names\": [\"any\", {\"x\": 1}, {\"pass\": 1}],\n"
          " \"back\": [{\"guard\": {\"next\": {\"guard\": {\"kye\": 1, \"next\": 2}}}}, 3],\n"
          " \"side\": 7}}}}",
          NAVE_ECONFIG,
          "t:1:51: /plugins/gates/doors/front/fre: no plugin of this file has a handler named "
          "\"fre\"; did you mean \"free\"?\n"
          "t:2:25: /plugins/gates/doors/names/1/x: no plugin of this file has a handler named "
          "\"x\"; add one that does under \"plugins\"\n"
          "t:2:38: /plugins/gates/doors/names/2/pass: a handler is an object with one member, its "
          "name and options: {\"text\": \"...\"}; here stands a whole number\n"
          "t:3:21: /plugins/gates/doors/back/0/guard: option \"key\" of handler \"guard\" must be "
          "given: what opens it\n"
          "t:3:48: /plugins/gates/doors/back/0/guard/next/guard/kye: unknown option \"kye\" of "
          "handler \"guard\"; allowed: next, key; did you mean \"key\"?\n"
          "t:3:40: /plugins/gates/doors/back/0/guard/next/guard: option \"key\" of handler "
          "\"guard\" must be given: what opens it\n"
          "t:3:59: /plugins/gates/doors/back/0/guard/next/guard/next: a handler is an object with "
          "one member, its name and options: {\"text\": \"...\"}; here stands a whole number\n"
          "t:3:66: /plugins/gates/doors/back/1: a handler is an object with one member, its name "
          "and options: {\"text\": \"...\"}; here stands a whole number\n");
    check("{\"plugins\": {\"gates\": {\"doors\": 1}}}", NAVE_OK, ""); /* the plugin's to refuse */
}

/* ---- optional ---------------------------------------------------------------------------------- */

static void an_optional_plugin_that_is_not_there_is_left_out(void)
{
    check("{\"plugins\": {\"gates\": {\"$optional\": true}, \"far\": {\"$optional\": true, \"x\": "
          "1},\n"
          " \"away\": {\"$optional\": true, \"$path\": \"/nowhere/away.so\"}}}",
          NAVE_OK,
          ": : plugin \"far\" is optional and not there: it is left out\n"
          ": : plugin \"away\" is optional and not there: it is left out\n");
    check("{\"plugins\": {\"far\": {\"$optional\": true}, \"gates\": {\"doors\": {\"front\": "
          "{\"far\": {}}}}}}",
          NAVE_ECONFIG,
          ": : plugin \"far\" is optional and not there: it is left out\n"
          "t:1:79: /plugins/gates/doors/front/far: no plugin of this file has a handler named "
          "\"far\"; left out, as optional and not there: far\n");
    check("{\"plugins\": {\"far\": {\"$optional\": false}}}", NAVE_ECONFIG,
          "t:1:21: /plugins/far: plugin \"far\" was not found: no far.so in /nowhere; install it, "
          "add its folder to the search path, or give the path of its file\n");
    /* What is there and is no plugin is a mistake. */
    check("{\"plugins\": {\"far\": {\"$optional\": true, \"$path\": \"/dev/null\"}}}", NAVE_ECONFIG,
          "t:1:21: /plugins/far: plugin \"far\": /dev/null is no regular file; give the path of "
          "the plugin's .so\n");
}

/* ---- sets -------------------------------------------------------------------------------------- */

static void sets_are_put_into_every_document(void)
{
    static const char config[] = "{\"runtime\": {\"workers\": 1}}";
    struct nave_runtime *rt = create();

    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers", "3"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/shutdown_timeout", "90s"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/plugins/gates/words", "[\"a\"]"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/plugins/gates/words/-", "true story"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_OK);
    CU_ASSERT_EQUAL(rt->worker_count, 3);
    CU_ASSERT_EQUAL(rt->conf.shutdown_timeout, 90 * NAVE_SEC);
    CU_ASSERT_EQUAL(rt->plugin_count, 1);
    CU_ASSERT_EQUAL(nave_conf_count(nave_conf_get(rt->plugins[0]->conf, "words")), 2);
    nave_runtime_destroy(rt);

    rt = create();
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers", "300"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers/x", "3"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/backend", ""), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_ECONFIG);
    expect("--set: /runtime/workers/x: /runtime/workers is a whole number, which has no member "
           "\"x\"\n");
    nave_runtime_destroy(rt);

    rt = create();
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers", "300"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_ECONFIG);
    expect(
        "--set:1:1: /runtime/workers: 300 workers are not possible; use 1 to 256, or \"auto\"\n");
    nave_runtime_destroy(rt);
}

static void a_malformed_set_is_refused_and_not_kept(void)
{
    static const char config[] = "{}";
    struct nave_runtime *rt = create();
    uint32_t i;

    CU_ASSERT_EQUAL(nave_runtime_set(NULL, "/a", "1"), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, NULL, "1"), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/a", NULL), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "runtime", "1"), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "", "1"), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/a~", "word"), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/a", "{\"b\": 1"), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/a", "[1] 2"), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/a", "\"b"), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/a", "b\xff"), NAVE_ESYNTAX);
    expect("--set: runtime: the pointer begins with '/', as in /runtime/workers\n"
           "--set: : the pointer begins with '/', as in /runtime/workers\n"
           "--set: /a~: in a pointer '~' is followed by 0 or 1: ~0 is '~', ~1 is '/'\n"
           "--set: /a: not valid JSON: the text ends, and '{' of line 1, column 1 is not closed\n"
           "--set: /a: not valid JSON: the end: the configuration is one object is wanted; here "
           "stands '2'\n"
           "--set: /a: not valid JSON: the text that begins here is not closed: '\"' is missing\n"
           "--set: /a: not valid JSON: byte 0xff is not UTF-8\n");
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_OK);
    reports[0] = '\0';
    for (i = 0; i < 256; i++)
        CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers", "1"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers", "1"), NAVE_ELIMIT);
    expect("--set: /runtime/workers: 256 values are set already, the most\n");
    nave_runtime_destroy(rt);
}

/* ---- in force ---------------------------------------------------------------------------------- */

static char page[8192];

static void add(void *arg, const char *text, size_t len)
{
    (void)arg;
    snprintf(page + strlen(page), sizeof(page) - strlen(page), "%.*s", (int)len, text);
}

static void what_is_in_force_is_shown_without_its_secrets(void)
{
    static const char config[] =
        "{\"$schema\": \"x\", \"plugins\": {\"gates\": {\"password\": \"s3cret\", \"words\": [],"
        " \"token\": {\"$env\": \"NAVE_TEST_TOKEN\"},"
        " \"doors\": {\"front\": {\"guard\": {\"key\": \"s3cret\", \"next\": {\"free\": "
        "1.50}}}}}}}";
    struct nave_runtime *rt = create();

    CU_ASSERT_EQUAL(setenv("NAVE_TEST_TOKEN", "s3cret", 1), 0);
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers", "2"), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_OK);
    page[0] = '\0';
    nv_runtime_write_conf(rt, add, NULL);
    CU_ASSERT_PTR_NULL(strstr(page, "s3cret"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "{\n"
                                        "  \"runtime\": {\n"
                                        "    \"workers\": 2,\n"
                                        "    \"shutdown_timeout\": \"10s\",\n"
                                        "    \"backend\": \"auto\",\n"
                                        "    \"max_tasks\": 1048576,\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "  \"plugins\": {\n"
                                        "    \"gates\": {\n"
                                        "      \"password\": \"***\",\n"
                                        "      \"words\": [],\n"
                                        "      \"token\": {\n"
                                        "        \"$env\": \"NAVE_TEST_TOKEN\"\n"
                                        "      },\n"
                                        "      \"doors\": {\n"
                                        "        \"front\": {\n"
                                        "          \"guard\": {\n"
                                        "            \"key\": \"***\",\n"
                                        "            \"next\": {\n"
                                        "              \"free\": 1.50\n"
                                        "            }\n"
                                        "          }\n"
                                        "        }\n"
                                        "      },\n"
                                        "      \"pause\": \"1s\",\n"
                                        "      \"loud\": true\n"
                                        "    }\n"
                                        "  },\n"
                                        "  \"listeners\": []\n"
                                        "}\n"));
    nave_runtime_destroy(rt);
    CU_ASSERT_EQUAL(unsetenv("NAVE_TEST_TOKEN"), 0);

    rt = create();
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, "{\"plugins\": {\"gates\": {}}}", 26,
                                                      "t"),
                          NAVE_OK);
    page[0] = '\0';
    nv_runtime_write_conf(rt, add, NULL);
    CU_ASSERT_PTR_NULL(strstr(page, "t0ken")); /* a default may be one, too */
    CU_ASSERT_PTR_NOT_NULL(strstr(page, "\"words\": [\"one\", \"two\"]"));
    nave_runtime_destroy(rt);
}

/* ---- memory and more than one error ------------------------------------------------------------ */

static void every_failing_allocation_is_an_error(void)
{
    static const char config[] = "{\"plugins\": {\"far\": {\"$optional\": true}, \"gates\": "
                                 "{\"doors\": {\"back\": [{\"guard\": "
                                 "{\"key\": \"k\", \"next\": {\"pass\": {\"free\": 1}}}}]}}}}";
    nave_err err = NAVE_ENOMEM;
    long n;

    for (n = 0; n < 1000; n++) {
        struct nave_runtime *rt = create();

        fail_after(n);
        err = nave_runtime_set(rt, "/plugins/gates/words", "word");
        if (!err)
            err = nave_runtime_configure_text(rt, config, strlen(config), "t");
        countdown = -1;
        nave_runtime_destroy(rt);
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_PTR_NOT_NULL(strstr(reports, "out of memory"));
    }
    CU_ASSERT(n > 10 && n < 1000);
    CU_ASSERT_EQUAL(err, NAVE_OK);
}

static void single_values_that_were_refused_do_not_hide_other_errors(void)
{
    check("{\"plugins\": {\"gates\": {\"loud\": 1, \"loud\": 2, \"x\": 9999999999999999999999}},\n"
          " \"runtime\": {\"workers\": 0}}",
          NAVE_ECONFIG,
          "t:1:43: /plugins/gates/loud: \"loud\" is given twice; the other value stands at t:1:32\n"
          "t:1:51: /plugins/gates/x: number 9999999999999999999999 is out of range; whole numbers "
          "go from -9223372036854775808 to 9223372036854775807\n"
          "t:2:25: /runtime/workers: 0 workers are not possible; use 1 to 256, or \"auto\"\n"
          "t:1:32: /plugins/gates/loud: option \"loud\" of plugin \"gates\" is malformed (here "
          "stands a whole number): a flag is true or false\n");
    /* What is not whole would only be followed by errors that are none. */
    check("{\"plugins\": {\"$include\": \"/nowhere/plugins.json\"}, \"runtime\": {\"workers\": 0}}",
          NAVE_ECONFIG,
          "t:1:26: /plugins/$include: /nowhere/plugins.json cannot be opened: No such file or "
          "directory\n");
}

static CU_TestInfo tests[] = {
    {"uses_are_found_wherever_a_schema_says_handler",
     uses_are_found_wherever_a_schema_says_handler},
    {"an_optional_plugin_that_is_not_there_is_left_out",
     an_optional_plugin_that_is_not_there_is_left_out},
    {"sets_are_put_into_every_document", sets_are_put_into_every_document},
    {"a_malformed_set_is_refused_and_not_kept", a_malformed_set_is_refused_and_not_kept},
    {"what_is_in_force_is_shown_without_its_secrets",
     what_is_in_force_is_shown_without_its_secrets},
    {"every_failing_allocation_is_an_error", every_failing_allocation_is_an_error},
    {"single_values_that_were_refused_do_not_hide_other_errors",
     single_values_that_were_refused_do_not_hide_other_errors},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"document", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

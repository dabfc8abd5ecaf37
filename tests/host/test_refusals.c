/* SPDX-License-Identifier: MIT
 *
 * What a configuration is refused for, word by word: FILE:LINE:COLUMN: POINTER: text. The texts say
 * who, what is needed, what there is, and what to do; a change of one is a change for operators.
 */
#include <stdio.h>
#include <string.h>

#include <nave/runtime.h>

#include "test_main.h"

const struct nave_plugin *wires_plugin_entry_v1(void);

static char reports[8192];

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(reports);

    (void)arg;
    if (r->level != NAVE_LOG_ERROR)
        return;
    if (r->line)
        snprintf(reports + len, sizeof(reports) - len, "%u:%u: %.*s: %.*s\n", r->line, r->column,
                 (int)r->pointer.len, r->pointer.ptr, (int)r->text.len, r->text.ptr);
    else
        snprintf(reports + len, sizeof(reports) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
}

/* Configure, and start when that succeeds; expect `want` with `reports` as the reports. */
static void refuse(const char *config, nave_err want, const char *text)
{
    static const nave_plugin_entry_fn statics[] = {wires_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .static_plugins = statics,
                                     .report = on_report,
                                     .plugin_path = BAD_FOLDER,
                                     .log_level = NAVE_LOG_ERROR};
    struct nave_runtime *rt = NULL;
    nave_err err;

    reports[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    err = nave_runtime_configure_text(rt, config, strlen(config), "t");
    if (!err)
        err = nave_runtime_start(rt);
    nave_runtime_destroy(rt);
    CU_ASSERT_EQUAL(err, want);
    CU_ASSERT_STRING_EQUAL(reports, text);
    if (strcmp(reports, text) != 0)
        printf("\n  got:\n%s  want:\n%s", reports, text);
}

static void circles_are_refused_with_the_whole_circle(void)
{
    refuse("{\"plugins\": {\"ring_one\": {}, \"ring_two\": {}}}", NAVE_ECONFIG,
           "1:26: /plugins/ring_one: plugins need each other in a circle, so that none can start "
           "first: \"ring_one\" needs \"test.two/1\" of \"ring_two\", \"ring_two\" needs "
           "\"test.one/1\" of \"ring_one\"\n");
}

static void two_providers_need_a_choice(void)
{
    refuse("{\"plugins\": {\"clock_user\": {}, \"clock_a\": {}, \"clock_b\": {}}}", NAVE_ECONFIG,
           "1:28: /plugins/clock_user: plugin \"clock_user\" needs service \"test.clock/1\", which "
           "plugins \"clock_a\" and \"clock_b\" provide; choose one here: \"$use\": "
           "{\"test.clock/1\": \"clock_a\"}\n");
}

static void a_choice_must_name_a_provider_and_a_need(void)
{
    refuse("{\"plugins\": {\"clock_user\": {\"$use\": {\"test.clock/1\": \"clock_c\"}}, "
           "\"clock_a\": {}}}",
           NAVE_ECONFIG,
           "1:54: /plugins/clock_user/$use/test.clock~11: plugin \"clock_c\" does not provide "
           "\"test.clock/1\"; \"clock_a\" does\n");
    refuse("{\"plugins\": {\"clock_user\": {\"$use\": {\"test.clok/1\": \"clock_a\"}}, "
           "\"clock_a\": {}}}",
           NAVE_ECONFIG,
           "1:53: /plugins/clock_user/$use/test.clok~11: plugin \"clock_user\" does not need "
           "\"test.clok/1\"; did you mean \"test.clock/1\"?\n");
}

static void missing_old_and_foreign_services_are_told_apart(void)
{
    refuse("{\"plugins\": {\"clock_user\": {}}}", NAVE_ECONFIG,
           "1:28: /plugins/clock_user: plugin \"clock_user\" needs service \"test.clock/1\", which "
           "no plugin here provides; add one that does under \"plugins\"\n");
    refuse("{\"plugins\": {\"clock_late\": {}, \"clock_a\": {}}}", NAVE_ECONFIG,
           "1:28: /plugins/clock_late: plugin \"clock_late\" needs service \"test.clock/1\" of "
           "minor 7 at least, and plugin \"clock_a\" provides minor 0; use a newer \"clock_a\"\n");
    refuse("{\"plugins\": {\"clock_major\": {}, \"clock_a\": {}}}", NAVE_ECONFIG,
           "1:29: /plugins/clock_major: plugin \"clock_major\" needs service \"test.clock/2\", and "
           "plugin \"clock_a\" provides \"test.clock/1\": another major is another interface; use "
           "a version of one that fits the other\n");
}

static void the_hosts_own_services_are_checked_alike(void)
{
    refuse("{\"plugins\": {\"worker_major\": {}}}", NAVE_ECONFIG,
           "1:30: /plugins/worker_major: plugin \"worker_major\" needs \"nave.worker/9\", and this "
           "host has \"nave.worker/1\": another major is another interface; use a version of "
           "\"worker_major\" for this host\n");
    refuse("{\"plugins\": {\"worker_late\": {}}}", NAVE_ECONFIG,
           "1:29: /plugins/worker_late: plugin \"worker_late\" needs \"nave.worker/1\" of minor 99 "
           "at least, and this host has minor 0; use a newer Nave, or an older \"worker_late\"\n");
}

static void empty_slots_and_unnamed_needs_are_found_when_code_runs(void)
{
    refuse("{\"plugins\": {\"hole\": {}}}", NAVE_EINVAL,
           "plugin \"hole\": slot 0 of table \"test.hole/1\" is empty; fill it, at least with a "
           "function that refuses\n");
    refuse("{\"plugins\": {\"sneak\": {}}}", NAVE_EDENIED,
           "plugin \"sneak\" binds \"test.clock/1\", which is not among its needs; add it to "
           "NAVE_PLUGIN_NEEDS\n");
    refuse("{\"plugins\": {\"clock_a\": {}}}", NAVE_EINVAL,
           "plugin \"clock_a\" lists \"test.clock/1\" under what it provides, and its create did "
           "not provide it\n");
}

static void unknown_keys_of_every_section_are_shown_in_one_go(void)
{
    refuse("{\"listener\": [],\n"
           " \"runtime\": {\"workers\": 0, \"log\": {\"level\": \"inf\"}},\n"
           " \"plugins\": {\"hole\": {\"$pth\": 1, \"x\": 2}, \"Bad\": {}, \"sneak\": 3}}",
           NAVE_ECONFIG,
           "1:14: /listener: there is no section \"listener\"; the sections are runtime, plugins "
           "and listeners; did you mean \"listeners\"?\n"
           "2:25: /runtime/workers: 0 workers are not possible; use 1 to 256, or \"auto\"\n"
           "2:45: /runtime/log/level: option \"level\" of the log cannot be \"inf\"; allowed: "
           "error, warn, info, debug; did you mean \"info\"?\n"
           "3:31: /plugins/hole/$pth: \"$pth\" is no key of the host; they are \"$optional\", "
           "\"$path\", \"$sha256\" and \"$use\"; did you mean \"$path\"?\n"
           "3:39: /plugins/hole/x: unknown option \"x\" of plugin \"hole\"; it has no options\n"
           "3:50: /plugins/Bad: \"Bad\" is no id of a plugin: words of a-z, 0-9, '-' and '_' that "
           "begin with a letter, with '.' between, at most 64 bytes\n"
           "3:63: /plugins/sneak: the options of plugin \"sneak\" are an object, and this is a "
           "whole number; use {} for the defaults\n");
}

static void listeners_are_refused_at_the_name_that_is_wrong(void)
{
    refuse(
        "{\"listeners\": [{\"name\": \"w\", \"bind\": \"tcp://*:1\", \"protocols\": [\"http1\"], "
        "\"handler\": \"router\"},\n"
        " {\"name\": \"w\", \"bind\": \"127\", \"protocols\": [], \"handler\": \"r\", \"x\": 1}]}",
        NAVE_ECONFIG,
        "1:38: /listeners/0/bind: no plugin of this file has a transport named \"tcp\"; add one "
        "that does under \"plugins\"\n"
        "1:65: /listeners/0/protocols/0: no plugin of this file has a protocol named \"http1\"; "
        "add one that does under \"plugins\"\n"
        "1:86: /listeners/0/handler: no plugin of this file has a handler named \"router\"; add "
        "one that does under \"plugins\"\n"
        "2:69: /listeners/1/x: unknown option \"x\" of a listener; allowed: name, bind, layers, "
        "protocols, handler\n"
        "2:24: /listeners/1/bind: option \"bind\" of a listener cannot be \"127\": an address is "
        "SCHEME://REST, such as \"tcp://127.0.0.1:8080\" or \"unix:///run/app.sock\"\n"
        "2:11: /listeners/1/name: there is a listener named \"w\" already\n"
        "2:44: /listeners/1/protocols: a listener has one protocol: \"protocols\": "
        "[\"http1\"]\n"
        "2:59: /listeners/1/handler: no plugin of this file has a handler named \"r\"; add one "
        "that does under \"plugins\"\n");
}

static void what_an_unread_plugin_may_have_is_not_called_missing(void)
{
    refuse(
        "{\"plugins\": {\"http1\": 1, \"clock_user\": {}},\n"
        " \"listeners\": [{\"name\": \"w\", \"bind\": \"http1://1\", \"protocols\": [\"http1\"], "
        "\"handler\": \"http1\"}]}",
        NAVE_ECONFIG,
        "1:23: /plugins/http1: the options of plugin \"http1\" are an object, and this is a "
        "whole number; use {} for the defaults\n");
}

/* A listener of plugin "wires" whose protocols and more are `rest`. */
#define WIRED(rest)                                                                             \
    "{\"plugins\": {\"wires\": {}}, \"listeners\": [{\"name\": \"w\", \"bind\": \"wire://1\", " \
    "\"protocols\": " rest "}]}"

static void a_handler_must_be_what_the_protocol_hands_on_to(void)
{
    refuse(WIRED("[\"words\"], \"handler\": \"printer\""), NAVE_ECONFIG,
           "1:111: /listeners/0/handler: handler \"printer\" of plugin \"wires\" is a "
           "\"nave.http.handler/1\", and protocol \"words\" hands on to a \"test.words/1\"; such "
           "handlers here: \"speller\"\n");
    refuse(WIRED("[\"pages\"], \"handler\": \"speller\""), NAVE_ECONFIG,
           "1:111: /listeners/0/handler: handler \"speller\" of plugin \"wires\" is a "
           "\"test.words/1\", and protocol \"pages\" hands on to a \"nave.http.handler/1\"; such "
           "handlers here: \"printer\", \"binder\"\n");
    refuse(WIRED("[\"signs\"], \"handler\": \"speller\""), NAVE_ECONFIG,
           "1:111: /listeners/0/handler: handler \"speller\" of plugin \"wires\" is a "
           "\"test.words/1\", and protocol \"signs\" hands on to a \"test.signs/1\"; no plugin of "
           "this file has such a handler\n");
}

static void a_protocol_gets_a_handler_when_it_hands_on_and_else_none(void)
{
    refuse(WIRED("[\"words\"]"), NAVE_ECONFIG,
           "1:42: /listeners/0: protocol \"words\" hands on to a handler that is a "
           "\"test.words/1\": give the listener a \"handler\"; such handlers here: \"speller\"\n");
    refuse(WIRED("[\"alone\"], \"handler\": \"speller\""), NAVE_ECONFIG,
           "1:111: /listeners/0/handler: protocol \"alone\" of plugin \"wires\" hands on to no "
           "handler; take this out\n");
    refuse(WIRED("[\"words\"], \"handler\": 7"), NAVE_ECONFIG,
           "1:111: /listeners/0/handler: this is the name of a handler, a text, not a whole "
           "number\n");
}

static void what_fits_is_made(void)
{
    refuse(
        WIRED("[\"words\"], \"handler\": \"speller\""), NAVE_ENOSYS,
        "plugin \"wires\" failed to make handler \"speller\": not supported here (NAVE_ENOSYS)\n");
    refuse(
        WIRED("[\"alone\"]"), NAVE_ENOSYS,
        "plugin \"wires\" failed to make protocol \"alone\": not supported here (NAVE_ENOSYS)\n");
}

static CU_TestInfo tests[] = {
    {"circles_are_refused_with_the_whole_circle", circles_are_refused_with_the_whole_circle},
    {"two_providers_need_a_choice", two_providers_need_a_choice},
    {"a_choice_must_name_a_provider_and_a_need", a_choice_must_name_a_provider_and_a_need},
    {"missing_old_and_foreign_services_are_told_apart",
     missing_old_and_foreign_services_are_told_apart},
    {"the_hosts_own_services_are_checked_alike", the_hosts_own_services_are_checked_alike},
    {"empty_slots_and_unnamed_needs_are_found_when_code_runs",
     empty_slots_and_unnamed_needs_are_found_when_code_runs},
    {"unknown_keys_of_every_section_are_shown_in_one_go",
     unknown_keys_of_every_section_are_shown_in_one_go},
    {"listeners_are_refused_at_the_name_that_is_wrong",
     listeners_are_refused_at_the_name_that_is_wrong},
    {"what_an_unread_plugin_may_have_is_not_called_missing",
     what_an_unread_plugin_may_have_is_not_called_missing},
    {"a_handler_must_be_what_the_protocol_hands_on_to",
     a_handler_must_be_what_the_protocol_hands_on_to},
    {"a_protocol_gets_a_handler_when_it_hands_on_and_else_none",
     a_protocol_gets_a_handler_when_it_hands_on_and_else_none},
    {"what_fits_is_made", what_fits_is_made},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"refusals", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

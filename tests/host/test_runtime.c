/* SPDX-License-Identifier: MIT
 *
 * The runtime from outside: the order of a life, failures undone in reverse, turns, drains, several
 * runtimes, signals.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <nave/runtime.h>

#include "test_main.h"
#include "trace.h"

#include <nave/async.h>
#include <nave/exec.h>
#include <nave/sleep.h>

struct trace trace;

static pthread_mutex_t trace_lock = PTHREAD_MUTEX_INITIALIZER;
static char reports[8192];

nave_err trace_add(const char *who, const char *what)
{
    char one[64];
    nave_err err;

    snprintf(one, sizeof(one), "%s.%s", who, what);
    pthread_mutex_lock(&trace_lock);
    if (trace.text[0])
        strncat(trace.text, " ", sizeof(trace.text) - strlen(trace.text) - 1);
    strncat(trace.text, one, sizeof(trace.text) - strlen(trace.text) - 1);
    err = trace.fail_at && strcmp(trace.fail_at, one) == 0 ? NAVE_ELIMIT : NAVE_OK;
    pthread_mutex_unlock(&trace_lock);
    return err;
}

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(reports);

    (void)arg;
    if (r->level == NAVE_LOG_ERROR)
        snprintf(reports + len, sizeof(reports) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
}

/* "b" stands before "a", which it needs. */
#define CONFIG(workers, timeout)                                              \
    "{\"runtime\": {\"workers\": " workers ", \"shutdown_timeout\": " timeout \
    "}, \"plugins\": {\"b\": {}, \"a\": {}}}"

static struct nave_runtime *make(const char *config, uint32_t flags)
{
    static const nave_plugin_entry_fn statics[] = {trace_a_plugin_entry_v1, trace_b_plugin_entry_v1,
                                                   NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .flags = flags,
                                     .report = on_report,
                                     .static_plugins = statics,
                                     .log_level = NAVE_LOG_WARN};
    struct nave_runtime *rt = NULL;

    memset(&trace, 0, sizeof(trace));
    reports[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_OK);
    return rt;
}

static void expect_trace(const char *want)
{
    if (strcmp(trace.text, want) != 0)
        printf("\n  got  %s\n  want %s\n", trace.text, want);
    CU_ASSERT_STRING_EQUAL(trace.text, want);
}

static void a_life_goes_up_in_order_and_down_in_reverse(void)
{
    struct nave_runtime *rt = make(CONFIG("1", "\"1s\""), 0);

    CU_ASSERT_STRING_EQUAL(trace.text, "");
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    nave_runtime_destroy(rt);
    expect_trace("a.create b.create a.prepare b.prepare a.commit b.commit a.start b.start "
                 "a.worker_start b.worker_start b.worker_drain a.worker_drain b.worker_stop "
                 "a.worker_stop b.stop a.stop b.destroy a.destroy");
    CU_ASSERT_EQUAL(trace.deadline_ns, NAVE_SEC);
    CU_ASSERT_STRING_EQUAL(reports, "");
}

static void a_failing_call_is_undone_in_reverse_and_reported_once(void)
{
    static const struct {
        const char *at, *trace, *report;
    } rows[] = {
        {"a.create", "a.create", "plugin \"a\" failed to create"},
        {"b.create", "a.create b.create a.destroy", "plugin \"b\" failed to create"},
        {"b.prepare", "a.create b.create a.prepare b.prepare a.abort b.destroy a.destroy",
         "plugin \"b\" failed to prepare"},
        {"a.commit",
         "a.create b.create a.prepare b.prepare a.commit b.abort a.abort b.destroy a.destroy",
         "plugin \"a\" failed to commit"},
        {"b.commit",
         "a.create b.create a.prepare b.prepare a.commit b.commit b.abort b.destroy a.destroy",
         "plugin \"b\" failed to commit"},
        {"b.start",
         "a.create b.create a.prepare b.prepare a.commit b.commit a.start b.start a.stop "
         "b.destroy a.destroy",
         "plugin \"b\" failed to start"},
        {"b.worker_start",
         "a.create b.create a.prepare b.prepare a.commit b.commit a.start b.start a.worker_start "
         "b.worker_start a.worker_stop b.stop a.stop b.destroy a.destroy",
         "plugin \"b\" failed to start on a worker"},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        struct nave_runtime *rt = make(CONFIG("1", "\"1s\""), 0);
        const char *line_end;

        trace.fail_at = rows[i].at;
        CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_ELIMIT);
        expect_trace(rows[i].trace);
        CU_ASSERT_EQUAL(strncmp(reports, rows[i].report, strlen(rows[i].report)), 0);
        line_end = strchr(reports, '\n');
        CU_ASSERT(line_end && line_end[1] == '\0');
        CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTATE);
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_ESTATE);
        nave_runtime_destroy(rt);
        expect_trace(rows[i].trace); /* destroy had nothing left to undo */
    }
}

static void a_worker_that_fails_takes_the_others_down(void)
{
    struct nave_runtime *rt = make(CONFIG("4", "\"1s\""), 0);
    const char *at = trace.text;
    int starts = 0, stops = 0;

    trace.fail_at = "b.worker_start";
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ELIMIT);
    nave_runtime_destroy(rt);
    while ((at = strstr(at, "a.worker_st")) != NULL) {
        at += strlen("a.worker_st");
        starts += *at == 'a';
        stops += *at == 'o';
    }
    CU_ASSERT_EQUAL(starts, 4);
    CU_ASSERT_EQUAL(stops, 4);
    CU_ASSERT_PTR_NULL(strstr(trace.text, "drain"));
}

static void turns_drive_a_runtime_until_it_is_stopped(void)
{
    struct nave_runtime *rt = make(CONFIG("1", "\"1s\""), 0);
    int i;

    for (i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_NEVER), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_NEVER), NAVE_ECLOSED);
    CU_ASSERT_PTR_NULL(strstr(trace.text, "destroy"));
    nave_runtime_destroy(rt);
    CU_ASSERT_PTR_NOT_NULL(strstr(trace.text, "a.destroy"));
}

static void turn_is_refused_with_more_than_one_worker(void)
{
    struct nave_runtime *rt = make(CONFIG("2", "\"1s\""), 0);

    CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_ESTATE);
    CU_ASSERT_STRING_EQUAL(trace.text, "");
    nave_runtime_destroy(rt);
}

static void two_runtimes_live_side_by_side(void)
{
    struct nave_runtime *one = make(CONFIG("1", "\"1s\""), 0);
    struct nave_runtime *two = make(CONFIG("1", "\"1s\""), 0);

    CU_ASSERT_EQUAL(nave_runtime_turn(one, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_turn(two, 0), NAVE_OK);
    nave_runtime_stop(one);
    CU_ASSERT_EQUAL(nave_runtime_turn(one, 0), NAVE_ECLOSED);
    nave_runtime_destroy(one);
    CU_ASSERT_EQUAL(nave_runtime_turn(two, 0), NAVE_OK);
    nave_runtime_destroy(two); /* without a stop */
    CU_ASSERT_STRING_EQUAL(reports, "");
}

static void what_is_held_at_the_deadline_is_reported_by_plugin_and_kind(void)
{
    struct nave_runtime *rt = make(CONFIG("2", "\"20ms\""), 0);

    trace.holds = 3;
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
    nave_runtime_destroy(rt);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(reports, "plugin \"a\" still had work at the end of the drain, which was cut off: "
                        "3 of kind \"patience\" on worker 0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "3 of kind \"patience\" on worker 1"));
}

static uint32_t cleanups;

/* It waits for ever, and cleans up when it is asked to end. */
NAVE_ASYNC(patient, struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, 365 * 24 * 3600 * NAVE_SEC));
    NAVE_CLEANUP();
    __atomic_fetch_add(&cleanups, 1, __ATOMIC_RELAXED);
    NAVE_END();
}

/* It takes longer to clean up than there is time. */
NAVE_ASYNC(slow_cleaner, struct nave_sleep_op sleep; struct nave_timeout limit;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, 365 * 24 * 3600 * NAVE_SEC));
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, 24 * 3600 * NAVE_SEC,
                nave_sleep(cx, &f->sleep, 365 * 24 * 3600 * NAVE_SEC));
    NAVE_END();
}

static struct nave_exec *exec_of(struct nave_runtime *rt)
{
    struct nave_handle *h = NULL;

    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_EXEC_ID, 0, sizeof(struct nave_exec_iface),
                                            &h),
                          NAVE_OK);
    return (struct nave_exec *)(void *)h;
}

static void tasks_are_asked_to_end_before_the_deadline_and_clean_up(void)
{
    struct nave_runtime *rt = make(CONFIG("2", "\"2s\""), 0);
    struct nave_exec *exec;
    int i;

    cleanups = 0;
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    exec = exec_of(rt);
    for (i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(exec->api->spawn(exec, &patient_api, NAVE_ASYNC_SIZE(patient), NULL, NULL,
                                         NULL),
                        NAVE_OK);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    CU_ASSERT_EQUAL(cleanups, 20);
    nave_runtime_destroy(rt);
    CU_ASSERT_STRING_EQUAL(reports, "");
}

static void a_task_that_does_not_end_is_told_with_the_place_where_it_waits(void)
{
    struct nave_runtime *rt = make(CONFIG("2", "\"50ms\""), 0);
    struct nave_exec *exec;

    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    exec = exec_of(rt);
    CU_ASSERT_EQUAL(exec->api->spawn(exec, &slow_cleaner_api, NAVE_ASYNC_SIZE(slow_cleaner), NULL,
                                     NULL, NULL),
                    NAVE_OK);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
    nave_runtime_destroy(rt);
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "was cut off: task \"slow_cleaner\", which waits in "));
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "test_runtime.c:"));
}

static void a_second_stop_does_not_wait_for_the_deadline(void)
{
    struct nave_runtime *rt = make(CONFIG("2", "\"1d\""), 0);

    trace.holds = 1;
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    nave_runtime_stop(rt);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
    nave_runtime_destroy(rt);
}

static void *stop_it(void *arg)
{
    nave_runtime_stop(arg);
    return NULL;
}

static void stop_from_another_thread_ends_run(void)
{
    struct nave_runtime *rt = make(CONFIG("3", "\"10s\""), 0);
    pthread_t other;

    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, stop_it, rt), 0);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    pthread_join(other, NULL);
    nave_runtime_destroy(rt);
}

static void on_usr(int number)
{
    (void)number;
}

static void signals_are_left_alone_unless_asked_for_and_put_back_after(void)
{
    struct sigaction mine = {.sa_handler = on_usr}, now;
    struct nave_runtime *rt = make(CONFIG("1", "\"1s\""), NAVE_RUNTIME_SIGNALS);

    CU_ASSERT_EQUAL(sigaction(SIGTERM, &mine, NULL), 0);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    sigaction(SIGTERM, NULL, &now);
    CU_ASSERT(now.sa_handler == on_usr);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    sigaction(SIGTERM, NULL, &now);
    CU_ASSERT(now.sa_handler == on_usr);
    nave_runtime_destroy(rt);
    mine.sa_handler = SIG_DFL;
    sigaction(SIGTERM, &mine, NULL);
}

static void options_of_another_size_or_with_unknown_parts_are_refused(void)
{
    struct {
        struct nave_runtime_options known;
        uint64_t tail;
    } o = {.known = {.size = sizeof(o)}};
    /* The first byte of the tail that is not zero: on a machine of the other byte order the last. */
    size_t first = sizeof(o.known) + (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 7);
    struct nave_runtime *rt = NULL;
    char want[256];

    CU_ASSERT_EQUAL(nave_runtime_create(&o.known, &rt), NAVE_OK);
    nave_runtime_destroy(rt);
    o.tail = 1;
    CU_ASSERT_EQUAL(nave_runtime_create(&o.known, &rt), NAVE_ETOONEW);
    o.known.report = on_report;
    reports[0] = '\0';
    CU_ASSERT_EQUAL(nave_runtime_create(&o.known, &rt), NAVE_ETOONEW);
    snprintf(want, sizeof(want),
             "nave_runtime_options uses a field at byte %zu, and libnave %s knows %zu; use a newer "
             "libnave, or build the program with the headers of this one\n",
             first, nave_version(), sizeof(o.known));
    CU_ASSERT_STRING_EQUAL(reports, want);
    o.known.report = NULL;
    o.known.size = 4;
    CU_ASSERT_EQUAL(nave_runtime_create(&o.known, &rt), NAVE_EINVAL);
    o.known.size = sizeof(o.known);
    o.known.flags = 1u << 31;
    CU_ASSERT_EQUAL(nave_runtime_create(&o.known, &rt), NAVE_EINVAL);
    o.known.flags = 0;
    o.known.plugin_path = "/usr/lib:relative";
    CU_ASSERT_EQUAL(nave_runtime_create(&o.known, &rt), NAVE_EINVAL);
    nave_runtime_destroy(NULL);
    nave_runtime_stop(NULL);
}

struct told {
    struct nave_runtime *rt;
    char text[64];
};

static void on_event(void *arg, uint32_t event, nave_err err)
{
    struct told *told = arg;

    snprintf(told->text + strlen(told->text), sizeof(told->text) - strlen(told->text), "%u:%d ",
             event, err);
    if (event == NAVE_EVENT_LISTENING) /* what is tagged [any] may be called */
        nave_runtime_stop(told->rt);
}

static void the_host_is_told_when_it_listens_and_when_it_drains(void)
{
    static const char config[] = "{}";
    struct told told = {NULL, ""};
    struct nave_runtime_options o = {.size = sizeof(o), .event = on_event, .event_arg = &told};

    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &told.rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(told.rt, config, 2, "t"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_run(told.rt), NAVE_OK);
    nave_runtime_destroy(told.rt);
    CU_ASSERT_STRING_EQUAL(told.text, "1:0 4:0 ");
}

static void options_of_the_first_minor_are_taken(void)
{
    struct nave_runtime_options o = {.size = offsetof(struct nave_runtime_options, event)};
    struct nave_runtime *rt = NULL;

    o.event = on_event; /* beyond its size: not looked at */
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, "{}", 2, "t"), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    nave_runtime_destroy(rt);
}

static CU_TestInfo tests[] = {
    {"the_host_is_told_when_it_listens_and_when_it_drains",
     the_host_is_told_when_it_listens_and_when_it_drains},
    {"options_of_the_first_minor_are_taken", options_of_the_first_minor_are_taken},
    {"a_life_goes_up_in_order_and_down_in_reverse", a_life_goes_up_in_order_and_down_in_reverse},
    {"a_failing_call_is_undone_in_reverse_and_reported_once",
     a_failing_call_is_undone_in_reverse_and_reported_once},
    {"a_worker_that_fails_takes_the_others_down", a_worker_that_fails_takes_the_others_down},
    {"turns_drive_a_runtime_until_it_is_stopped", turns_drive_a_runtime_until_it_is_stopped},
    {"turn_is_refused_with_more_than_one_worker", turn_is_refused_with_more_than_one_worker},
    {"two_runtimes_live_side_by_side", two_runtimes_live_side_by_side},
    {"what_is_held_at_the_deadline_is_reported_by_plugin_and_kind",
     what_is_held_at_the_deadline_is_reported_by_plugin_and_kind},
    {"tasks_are_asked_to_end_before_the_deadline_and_clean_up",
     tasks_are_asked_to_end_before_the_deadline_and_clean_up},
    {"a_task_that_does_not_end_is_told_with_the_place_where_it_waits",
     a_task_that_does_not_end_is_told_with_the_place_where_it_waits},
    {"a_second_stop_does_not_wait_for_the_deadline", a_second_stop_does_not_wait_for_the_deadline},
    {"stop_from_another_thread_ends_run", stop_from_another_thread_ends_run},
    {"signals_are_left_alone_unless_asked_for_and_put_back_after",
     signals_are_left_alone_unless_asked_for_and_put_back_after},
    {"options_of_another_size_or_with_unknown_parts_are_refused",
     options_of_another_size_or_with_unknown_parts_are_refused},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"runtime", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * What a host program reaches past the lifecycle: services by nave_runtime_bind, the rehearsal of
 * nave_runtime_check, and what nave.admin/1 describes. Every allocation of them fails once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nave/admin.h>
#include <nave/runtime.h>

#include "failing.h"
#include "test_main.h"
#include "trace.h"

#define ALLOCATIONS_MAX 5000

struct trace trace;

static char reports[8192];
static char answer[1 << 18];
static size_t answer_len;

nave_err trace_add(const char *who, const char *what)
{
    char one[64];

    snprintf(one, sizeof(one), "%s.%s", who, what);
    if (trace.text[0])
        strncat(trace.text, " ", sizeof(trace.text) - strlen(trace.text) - 1);
    strncat(trace.text, one, sizeof(trace.text) - strlen(trace.text) - 1);
    return trace.fail_at && strcmp(trace.fail_at, one) == 0 ? NAVE_ELIMIT : NAVE_OK;
}

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(reports);

    (void)arg;
    if (r->level == NAVE_LOG_ERROR)
        snprintf(reports + len, sizeof(reports) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
}

static void on_text(void *arg, const char *text, size_t len)
{
    (void)arg;
    if (len > sizeof(answer) - 1 - answer_len)
        len = sizeof(answer) - 1 - answer_len;
    memcpy(answer + answer_len, text, len);
    answer_len += len;
    answer[answer_len] = '\0';
}

static struct nave_runtime *create(const nave_plugin_entry_fn *statics, const char *path)
{
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .static_plugins = statics,
                                     .plugin_path = path,
                                     .log_level = NAVE_LOG_WARN};
    struct nave_runtime *rt = NULL;

    memset(&trace, 0, sizeof(trace));
    reports[0] = '\0';
    return nave_runtime_create(&o, &rt) == NAVE_OK ? rt : NULL;
}

static const nave_plugin_entry_fn traces[] = {trace_a_plugin_entry_v1, trace_b_plugin_entry_v1,
                                              NULL};

static nave_err configure(struct nave_runtime *rt)
{
    static const char config[] =
        "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"b\": {}, \"a\": {}}}";

    return nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t");
}

static struct nave_runtime *make(void)
{
    struct nave_runtime *rt = create(traces, "/nowhere");

    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL_FATAL(configure(rt), NAVE_OK);
    return rt;
}

static nave_err describe(struct nave_runtime *rt, const char *what, const char *const *subjects,
                         const char *format)
{
    struct nave_handle *h = NULL;
    nave_err err = nave_runtime_bind(rt, NAVE_ADMIN_ID, 0, sizeof(struct nave_admin_iface), &h);

    answer_len = 0;
    answer[0] = '\0';
    if (err)
        return err;
    return nave_admin_describe((struct nave_admin *)(void *)h, what, subjects, format, on_text,
                               NULL);
}

static void expect_report(const char *text)
{
    CU_ASSERT_STRING_EQUAL(reports, text);
    if (strcmp(reports, text) != 0)
        printf("\n  got  %s  want %s", reports, text);
    reports[0] = '\0';
}

static void expect_answer(const char *text)
{
    CU_ASSERT_STRING_EQUAL(answer, text);
    if (strcmp(answer, text) != 0)
        printf("\n  got  %s  want %s", answer, text);
}

static int is_told(const char *text)
{
    if (strstr(answer, text))
        return 1;
    printf("\n  missing: %s\n  in: %s", text, answer);
    return 0;
}

/* --- bind ------------------------------------------------------------------------------------ */

static void the_admin_service_is_there_at_any_time(void)
{
    struct nave_runtime *rt = create(traces, "/nowhere");
    struct nave_handle *first = NULL, *h = NULL;

    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, NAVE_ADMIN_ID, 0, sizeof(struct nave_admin_iface),
                                      &first),
                    NAVE_OK);
    CU_ASSERT_STRING_EQUAL(first->api->id, NAVE_ADMIN_ID);
    CU_ASSERT_EQUAL(configure(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, NAVE_ADMIN_ID, 0, sizeof(struct nave_admin_iface), &h),
                    NAVE_OK);
    CU_ASSERT_PTR_EQUAL(h, first);
    nave_runtime_destroy(rt);
    expect_report("");
}

static void a_service_of_a_plugin_is_there_while_the_runtime_is_started(void)
{
    struct nave_runtime *rt = create(traces, "/nowhere");
    struct nave_handle *h = NULL;
    uint32_t size = sizeof(struct nave_iface) + sizeof(void *);

    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/1", 0, size, &h), NAVE_ESTATE);
    expect_report("the host program binds \"test.trace/1\" before there is a configuration that "
                  "says who provides it\n");
    CU_ASSERT_EQUAL(configure(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/1", 0, size, &h), NAVE_ESTATE);
    expect_report("the host program binds \"test.trace/1\", which plugin \"a\" provides once the "
                  "runtime has started, and no more when it has ended\n");
    CU_ASSERT_PTR_NULL(h);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/1", 0, size, &h), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(h->api->id, "test.trace/1");
    nave_runtime_destroy(rt);
    expect_report("");
}

static void what_cannot_be_bound_says_why(void)
{
    struct nave_runtime *rt = make();
    struct nave_handle *h = NULL;
    uint32_t size = sizeof(struct nave_iface) + sizeof(void *);

    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trice/1", 0, size, &h), NAVE_ENOTFOUND);
    expect_report("the host program binds \"test.trice/1\", which no plugin here provides; did you "
                  "mean \"test.trace/1\"?\n");
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/2", 0, size, &h), NAVE_EMAJOR);
    expect_report("the host program binds \"test.trace/2\", and there is \"test.trace/1\": another "
                  "major is another interface\n");
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "nave.admin/2", 0, size, &h), NAVE_EMAJOR);
    expect_report("the host program binds \"nave.admin/2\", and there is \"nave.admin/1\": another "
                  "major is another interface\n");
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/1", 3, size, &h), NAVE_ETOOOLD);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/1", 0, size + 8, &h), NAVE_ETOOOLD);
    reports[0] = '\0';
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/1", 0, 0, &h), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, NULL, 0, size, &h), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_runtime_bind(NULL, "test.trace/1", 0, size, &h), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "test.trace/1", 0, size, NULL), NAVE_EINVAL);
    CU_ASSERT_PTR_NULL(h);
    nave_runtime_destroy(rt);
}

static void every_service_of_the_host_is_bound_and_refused_alike(void)
{
    static const char *const names[] = {"nave.admin", "nave.locks", "nave.channels",
                                        "nave.blocking", "nave.exec"};
    struct nave_runtime *rt = create(traces, "/nowhere");
    uint32_t size = sizeof(struct nave_iface) + sizeof(void *);
    struct nave_handle *h = NULL;
    char id[32];
    size_t i;

    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "nave.exec/1", 0, size, &h), NAVE_ESTATE);
    expect_report("the host program binds \"nave.exec/1\", which is there while the runtime is "
                  "started only\n");
    CU_ASSERT_EQUAL(configure(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    for (i = 0; i < NAVE_COUNT(names); i++) {
        h = NULL;
        snprintf(id, sizeof(id), "%s/1", names[i]);
        CU_ASSERT_EQUAL(nave_runtime_bind(rt, id, 0, size, &h), NAVE_OK);
        CU_ASSERT(h && strcmp(h->api->id, id) == 0);
        CU_ASSERT_EQUAL(nave_runtime_bind(rt, id, 99, size, &h), NAVE_ETOOOLD);
        snprintf(id, sizeof(id), "%s/2", names[i]);
        CU_ASSERT_EQUAL(nave_runtime_bind(rt, id, 0, size, &h), NAVE_EMAJOR);
    }
    reports[0] = '\0';
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "nave.lock/1", 0, size, &h), NAVE_ENOTFOUND);
    expect_report("the host program binds \"nave.lock/1\", which no plugin here provides; did you "
                  "mean \"nave.locks/1\"?\n");
    /* The program is the host; and nothing here is simulated. */
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "nave.host/1", 0, size, &h), NAVE_ENOTFOUND);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "nave.sim/1", 0, size, &h), NAVE_ENOTFOUND);
    reports[0] = '\0';
    nave_runtime_destroy(rt);
}

/* --- check ----------------------------------------------------------------------------------- */

#define REHEARSED "a.create b.create a.prepare b.prepare b.abort a.abort b.destroy a.destroy"

static void a_check_goes_as_far_as_prepare_and_undoes_it_in_reverse(void)
{
    struct nave_runtime *rt = make();

    CU_ASSERT_EQUAL(nave_runtime_check(rt), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(trace.text, REHEARSED);
    nave_runtime_destroy(rt);
    CU_ASSERT_STRING_EQUAL(trace.text, REHEARSED);
    expect_report("");
}

static void a_runtime_that_was_checked_starts_as_if_it_was_not(void)
{
    struct nave_runtime *rt = make();

    CU_ASSERT_EQUAL(nave_runtime_check(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_check(rt), NAVE_OK);
    trace.text[0] = '\0';
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_check(rt), NAVE_ESTATE);
    expect_report("the runtime cannot check: it was started before\n");
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    nave_runtime_destroy(rt);
    CU_ASSERT_STRING_EQUAL(
        trace.text, "a.create b.create a.prepare b.prepare a.commit b.commit a.start b.start "
                    "a.worker_start b.worker_start b.worker_drain a.worker_drain "
                    "b.worker_stop a.worker_stop b.stop a.stop b.destroy a.destroy");
    expect_report("");
}

static void a_check_that_fails_is_undone_and_can_be_done_again(void)
{
    static const struct {
        const char *at, *trace, *report;
    } rows[] = {
        {"a.create", "a.create", "plugin \"a\" failed to create"},
        {"b.create", "a.create b.create a.destroy", "plugin \"b\" failed to create"},
        {"b.prepare", "a.create b.create a.prepare b.prepare a.abort b.destroy a.destroy",
         "plugin \"b\" failed to prepare"},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        struct nave_runtime *rt = make();

        trace.fail_at = rows[i].at;
        CU_ASSERT_EQUAL(nave_runtime_check(rt), NAVE_ELIMIT);
        CU_ASSERT_STRING_EQUAL(trace.text, rows[i].trace);
        CU_ASSERT_EQUAL(strncmp(reports, rows[i].report, strlen(rows[i].report)), 0);
        trace.fail_at = NULL;
        trace.text[0] = '\0';
        CU_ASSERT_EQUAL(nave_runtime_check(rt), NAVE_OK);
        CU_ASSERT_STRING_EQUAL(trace.text, REHEARSED);
        nave_runtime_destroy(rt);
    }
}

static void a_check_needs_a_configuration(void)
{
    struct nave_runtime *rt = create(traces, "/nowhere");

    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL(nave_runtime_check(rt), NAVE_ESTATE);
    expect_report("the runtime cannot check: it has no configuration\n");
    CU_ASSERT_EQUAL(nave_runtime_check(NULL), NAVE_EINVAL);
    nave_runtime_destroy(rt);
}

/* --- describe -------------------------------------------------------------------------------- */

static void what_each_plugin_uses_is_told_with_its_counters(void)
{
    struct nave_runtime *rt = make();

    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL(describe(rt, "usage", NULL, "json"), NAVE_OK);
    CU_ASSERT(is_told("\"a\": {"));
    CU_ASSERT(is_told("\"time_ns\": "));
    CU_ASSERT(is_told("\"counters\": {}"));
    CU_ASSERT_EQUAL(describe(rt, "usage", NULL, NULL), NAVE_OK);
    CU_ASSERT(is_told("b\n  memory_bytes"));
    nave_runtime_destroy(rt);
}

static void questions_that_cannot_be_answered_are_refused_by_name(void)
{
    static const char *const subject[] = {"a", NULL};
    static const char *const nobody[] = {"nobody", "test.nobody", NULL};
    struct nave_runtime *rt;

    unsetenv("NAVE_CHECK"); /* which would not let a question without `write` come so far */
    rt = create(traces, "/nowhere");
    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL(describe(rt, "grpah", NULL, NULL), NAVE_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "did you mean \"graph\"?"));
    reports[0] = '\0';
    CU_ASSERT_EQUAL(describe(rt, "graph", NULL, "xml"), NAVE_EINVAL);
    expect_report("\"graph\" is not described as \"xml\"; there is text, json, dot\n");
    CU_ASSERT_EQUAL(describe(rt, "plugins", subject, NULL), NAVE_EINVAL);
    expect_report("\"plugins\" is described as a whole; leave out \"a\"\n");
    CU_ASSERT_EQUAL(describe(rt, "plugin", NULL, NULL), NAVE_EINVAL);
    expect_report("which plugin? give an id or the path of a file\n");
    CU_ASSERT_EQUAL(describe(rt, "config", NULL, NULL), NAVE_ESTATE);
    expect_report("there is no config yet: the runtime has no configuration\n");
    CU_ASSERT_EQUAL(describe(rt, "graph", NULL, NULL), NAVE_ESTATE);
    expect_report("there is no graph yet: the runtime has no configuration\n");
    CU_ASSERT_EQUAL(describe(rt, "plugin", nobody, NULL), NAVE_ENOTFOUND);
    expect_report(
        "plugin \"nobody\" was not found: no nobody.so in /nowhere; install it, add its "
        "folder to the search path, or give the path of its file\n"
        "plugin \"test.nobody\" was not found: no test.nobody.so in /nowhere; install it, "
        "add its folder to the search path, or give the path of its file\n");
    CU_ASSERT_EQUAL(describe(rt, NULL, NULL, NULL), NAVE_EINVAL);
    CU_ASSERT_EQUAL(answer_len, 0);
    nave_runtime_destroy(rt);
}

static void the_table_of_plugins_tells_what_is_found(void)
{
    struct nave_runtime *rt = create(traces, "/nowhere");

    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL(describe(rt, "plugins", NULL, NULL), NAVE_OK);
    expect_answer("PLUGIN  VERSION  ROLES  PROVIDES      FILE\n"
                  "a       1.0.0    -      test.trace/1  (static)\n"
                  "b       1.0.0    -      -             (static)\n"
                  "\n"
                  "searched: /nowhere\n");
    CU_ASSERT_STRING_EQUAL(trace.text, "");
    nave_runtime_destroy(rt);
}

static void the_graph_tells_order_and_services(void)
{
    struct nave_runtime *rt = make();

    CU_ASSERT_EQUAL(describe(rt, "graph", NULL, "text"), NAVE_OK);
    expect_answer("order of start\n"
                  "   1  a  1.0.0\n"
                  "   2  b  1.0.0  after a\n"
                  "\n"
                  "services\n"
                  "  b uses test.trace/1 of a\n");
    CU_ASSERT_EQUAL(describe(rt, "graph", NULL, "dot"), NAVE_OK);
    expect_answer("digraph nave {\n  rankdir=LR;\n  node [shape=box];\n  \"a\";\n  \"b\";\n"
                  "  \"b\" -> \"a\" [label=\"test.trace/1\"];\n}\n");
    CU_ASSERT_STRING_EQUAL(trace.text, "");
    nave_runtime_destroy(rt);
    expect_report("");
}

static void a_plugin_tells_what_its_manifest_says(void)
{
    static const char *const both[] = {"a", "b", "a", NULL};
    struct nave_runtime *rt = create(traces, "/nowhere");

    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL(describe(rt, "plugin", both, NULL), NAVE_OK);
    CU_ASSERT(is_told("a 1.0.0\nfile         (static)\n"));
    CU_ASSERT(is_told("\nprovides     test.trace/1\n"));
    CU_ASSERT(is_told("\n\nb 1.0.0\n"));
    CU_ASSERT(is_told("\nneeds        test.trace/1\n             nave.worker/1\n"));
    CU_ASSERT_PTR_NULL(strstr(strstr(answer, "b 1.0.0"), "\na 1.0.0")); /* once */
    nave_runtime_destroy(rt);
}

/* A folder with files that cannot be used, each for a reason of its own. */
static char folder[256];

static void put(const char *name, const char *source, mode_t mode)
{
    static char bytes[1 << 22];
    char path[512];
    FILE *in = source ? fopen(source, "rb") : NULL, *out;
    size_t n = in ? fread(bytes, 1, sizeof(bytes), in) : 0;

    if (in)
        fclose(in);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    out = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    fwrite(n ? bytes : "text", 1, n ? n : 4, out);
    fclose(out);
    CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static void clear_folder(void)
{
    static const char *const names[] = {"twin.so", "test.twin.so", "other.so",
                                        "text.so", "open.so",      "not_one.txt"};
    char path[512];
    size_t i;

    for (i = 0; i < NAVE_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static void files_that_are_not_used_are_told_with_the_reason(void)
{
    char text[2048];
    struct nave_runtime *rt;

    snprintf(folder, sizeof(folder), "/tmp/nave-admin-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    put("twin.so", TWIN_SO, 0644);
    put("test.twin.so", TWIN_SO, 0644); /* the full id goes first */
    put("other.so", TWIN_SO, 0644);
    put("text.so", NULL, 0644);
    put("open.so", TWIN_SO, 0666);
    put("not_one.txt", NULL, 0644);
    rt = create(NULL, folder);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rt);
    CU_ASSERT_EQUAL(describe(rt, "plugins", NULL, "text"), NAVE_OK);
    snprintf(text, sizeof(text), "%s/test.twin.so\n\nnot used:\n", folder);
    CU_ASSERT(is_told(text));
    snprintf(text, sizeof(text),
             "  %s/open.so\n    plugin \"open.so\": %s/open.so may be written by others than its "
             "owner (mode 0666); run: chmod go-w '%s/open.so'\n",
             folder, folder, folder);
    CU_ASSERT(is_told(text));
    snprintf(
        text, sizeof(text),
        "  %s/other.so\n    it is plugin \"test.twin\", and a search finds that as test.twin.so "
        "only; rename it, or give its \"$path\"\n",
        folder);
    CU_ASSERT(is_told(text));
    snprintf(text, sizeof(text), "  %s/twin.so\n    %s/test.twin.so is found before it\n", folder,
             folder);
    CU_ASSERT(is_told(text));
    CU_ASSERT(is_told("/text.so\n    plugin \"text.so\": "));
    CU_ASSERT_PTR_NULL(strstr(answer, "not_one"));
    CU_ASSERT_EQUAL(describe(rt, "plugins", NULL, "json"), NAVE_OK);
    CU_ASSERT(is_told("\"code\": \"NAVE_EDENIED\""));
    nave_runtime_destroy(rt);
    expect_report("");
    clear_folder();
}

/* --- memory ---------------------------------------------------------------------------------- */

static nave_err ask_everything(void)
{
    static const char *const one[] = {"a", TWIN_SO, NULL};
    struct nave_runtime *rt = create(traces, TWIN_FOLDER);
    nave_err err = rt ? configure(rt) : NAVE_ENOMEM;

    if (!rt)
        snprintf(reports, sizeof(reports), "nobody yet");
    if (!err)
        err = nave_runtime_check(rt);
    if (!err)
        err = describe(rt, "plugins", NULL, "json");
    if (!err)
        err = describe(rt, "plugin", one, "json");
    if (!err)
        err = describe(rt, "schema", NULL, "json");
    if (!err)
        err = describe(rt, "graph", NULL, "json");
    if (!err)
        err = describe(rt, "config", NULL, "json");
    nave_runtime_destroy(rt);
    return err;
}

static void every_failing_allocation_is_an_error_that_is_told(void)
{
    long n;

    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        nave_err err;

        fail_after(n);
        err = ask_everything();
        countdown = -1;
        if (!has_failed) {
            CU_ASSERT_EQUAL(err, NAVE_OK);
            break;
        }
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT(reports[0] != '\0');
        if (err != NAVE_ENOMEM || !reports[0])
            printf("\n  allocation %ld: %s, %s", n, nave_err_name(err), reports);
    }
    CU_ASSERT(n > 50); /* the calls do go through here */
    CU_ASSERT(n < ALLOCATIONS_MAX);
}

static CU_TestInfo bind_tests[] = {
    {"the_admin_service_is_there_at_any_time", the_admin_service_is_there_at_any_time},
    {"a_service_of_a_plugin_is_there_while_the_runtime_is_started",
     a_service_of_a_plugin_is_there_while_the_runtime_is_started},
    {"what_cannot_be_bound_says_why", what_cannot_be_bound_says_why},
    {"every_service_of_the_host_is_bound_and_refused_alike",
     every_service_of_the_host_is_bound_and_refused_alike},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo check_tests[] = {
    {"a_check_goes_as_far_as_prepare_and_undoes_it_in_reverse",
     a_check_goes_as_far_as_prepare_and_undoes_it_in_reverse},
    {"a_runtime_that_was_checked_starts_as_if_it_was_not",
     a_runtime_that_was_checked_starts_as_if_it_was_not},
    {"a_check_that_fails_is_undone_and_can_be_done_again",
     a_check_that_fails_is_undone_and_can_be_done_again},
    {"a_check_needs_a_configuration", a_check_needs_a_configuration},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo describe_tests[] = {
    {"what_each_plugin_uses_is_told_with_its_counters",
     what_each_plugin_uses_is_told_with_its_counters},
    {"questions_that_cannot_be_answered_are_refused_by_name",
     questions_that_cannot_be_answered_are_refused_by_name},
    {"the_table_of_plugins_tells_what_is_found", the_table_of_plugins_tells_what_is_found},
    {"the_graph_tells_order_and_services", the_graph_tells_order_and_services},
    {"a_plugin_tells_what_its_manifest_says", a_plugin_tells_what_its_manifest_says},
    {"files_that_are_not_used_are_told_with_the_reason",
     files_that_are_not_used_are_told_with_the_reason},
    {"every_failing_allocation_is_an_error_that_is_told",
     every_failing_allocation_is_an_error_that_is_told},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"bind", NULL, NULL, NULL, NULL, bind_tests},
    {"check", NULL, NULL, NULL, NULL, check_tests},
    {"describe", NULL, NULL, NULL, NULL, describe_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: a plugin that breaks a rule of nave.worker/1 ends the program, and the last words name
 * the plugin, the call and the rule. Each breach is made in a process of its own.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/worker.h>

#include "test_main.h"

static void (*breach)(struct nave_worker *w);

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err breach_worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    breach(w);
    return NAVE_OK;
}

static const struct nave_plugin_ops breach_ops = {
    .size = sizeof(breach_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = breach_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        breach
#define NAVE_PLUGIN_ID          "breach"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          breach_ops
#include <nave/define.h>

/* --- the breaches ---------------------------------------------------------------------------- */

static void *allocate(void *arg)
{
    struct nave_worker *w = arg;

    return w->api->alloc(w, 16);
}

static void from_another_thread(struct nave_worker *w)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, allocate, w) == 0)
        pthread_join(thread, NULL);
}

static void of_another_size(struct nave_worker *w)
{
    nave_worker_free(w, nave_worker_alloc(w, 32), 16);
}

#if !defined(NV_SANITIZED) && !defined(__SANITIZE_ADDRESS__) /* which would see it before we do */
#    define SEES_TWICE 1

static void twice(struct nave_worker *w)
{
    void *first = nave_worker_alloc(w, 32);
    void *second = nave_worker_alloc(w, 32);

    nave_worker_free(w, first, 32);
    nave_worker_free(w, second, 32);
    nave_worker_free(w, second, 32);
}
#endif

static void without_a_hold(struct nave_worker *w)
{
    w->api->hold(w, "patience");
    w->api->release(w, "patience");
    w->api->release(w, "patience");
}

static struct nave_job no_job;

static void nothing_to_defer(struct nave_worker *w)
{
    nave_worker_defer(w, &no_job);
}

static void nothing_to_post(struct nave_worker *w)
{
    if (nave_worker_post(w, &no_job) != NAVE_OK)
        _exit(4);
}

static void a_timer_without_a_function(struct nave_worker *w)
{
    static struct nave_timer t;

    nave_timer_start(w, &t, NAVE_SEC, NULL, NULL);
}

static void no_descriptor(struct nave_worker *w)
{
    struct nave_io *io;

    (void)w->api->io_open(w, -1, NULL, NULL, &io);
}

static void a_future_without_poll(struct nave_worker *w)
{
    static const struct nave_future_iface api = {.name = "empty"};
    struct nave_future *f;

    (void)w->api->future_new(w, &api, 8, &f);
}

static void nothing_wrong(struct nave_worker *w)
{
    nave_worker_free(w, nave_worker_alloc(w, 32), 32);
}

/* --- one process each ------------------------------------------------------------------------ */

static void on_report(void *arg, const struct nave_report *r)
{
    int fd = *(int *)arg;

    if (write(fd, r->text.ptr, r->text.len) < 0)
        _exit(3);
}

static void child(int fd)
{
    static const nave_plugin_entry_fn statics[] = {breach_plugin_entry_v1, NULL};
    static const char config[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"breach\": {}}}";
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .report_arg = &fd,
                                     .static_plugins = statics,
                                     .log_level = NAVE_LOG_ERROR};
    struct nave_runtime *rt = NULL;

    signal(SIGABRT, SIG_DFL);
    setenv("NAVE_CHECK", "1", 1);
    if (nave_runtime_create(&o, &rt) != NAVE_OK ||
        nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t") != NAVE_OK ||
        nave_runtime_start(rt) != NAVE_OK)
        _exit(2);
    _exit(0);
}

/* What a process that does `what` says before it ends, and whether it ended by abort(). */
static void run_child(void (*what)(struct nave_worker *w), char text[512], int *aborted)
{
    int fds[2];
    int status = 0;
    size_t len = 0;
    ssize_t n;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    breach = what;
    fflush(stdout);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        child(fds[1]);
    }
    close(fds[1]);
    while (len < 511 && (n = read(fds[0], text + len, 511 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fds[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    *aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void each_breach_names_plugin_call_and_rule(void)
{
    static const struct {
        void (*what)(struct nave_worker *w);
        const char *text;
    } rows[] = {
        {from_another_thread, "alloc: called from a thread that is not the worker's"},
        {of_another_size, "free: the size is not the one that was allocated"},
#ifdef SEES_TWICE
        {twice, "free: this was not allocated on this worker, or is freed twice"},
#endif
        {without_a_hold, "release: released more often than held"},
        {nothing_to_defer, "defer: run is NULL"},
        {nothing_to_post, "post: run is NULL"},
        {a_timer_without_a_function, "timer_start: fn is NULL"},
        {no_descriptor, "io_open: no function or no descriptor"},
        {a_future_without_poll, "future_new: an empty slot in the future's table"},
    };
    char want[256];
    char text[512];
    int aborted;
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        run_child(rows[i].what, text, &aborted);
        snprintf(want, sizeof(want), "NAVE_CHECK: plugin breach: nave.worker/1 %s (worker 0)",
                 rows[i].text);
        CU_ASSERT_EQUAL(aborted, 1);
        CU_ASSERT_STRING_EQUAL(text, want);
        if (strcmp(text, want) != 0)
            printf("\n  got  %s\n  want %s\n", text, want);
    }
}

static void who_breaks_no_rule_goes_on(void)
{
    char text[512];
    int aborted;

    run_child(nothing_wrong, text, &aborted);
    CU_ASSERT_EQUAL(aborted, 0);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static CU_TestInfo tests[] = {
    {"each_breach_names_plugin_call_and_rule", each_breach_names_plugin_call_and_rule},
    {"who_breaks_no_rule_goes_on", who_breaks_no_rule_goes_on},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"checked", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * See checked_rig.h.
 */
#include "checked_rig.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nave/runtime.h>

#include <CUnit/CUnit.h>

struct nave_host *host;
struct nave_conf *conf;
struct nave_exec *exec;

static breach_fn *breach;

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err breach_create(struct nave_host *h, void **out_self)
{
    struct nave_handle *service;

    host = h;
    if (h->api->bind(h, NAVE_EXEC_ID, 0, sizeof(*exec->api), &service) != NAVE_OK)
        return NAVE_ENOTFOUND;
    exec = (struct nave_exec *)(void *)service;
    make_objects();
    *out_self = &host;
    return NAVE_OK;
}

static nave_err breach_prepare(void *self, const struct nave_prepare_args *args)
{
    (void)self;
    conf = args->conf;
    return NAVE_OK;
}

static nave_err breach_worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    breach(w);
    return NAVE_OK;
}

static const struct nave_plugin_ops breach_ops = {
    .size = sizeof(breach_ops),
    .create = breach_create,
    .prepare = breach_prepare,
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
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0) NEED("nave.exec/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          breach_ops
#include <nave/define.h>

/* --- one process each ------------------------------------------------------------------------ */

static void on_report(void *arg, const struct nave_report *r)
{
    int fd = *(int *)arg;

    if (write(fd, r->text.ptr, r->text.len) < 0)
        _exit(3);
}

static const char *config;

static void child(int fd)
{
    static const nave_plugin_entry_fn statics[] = {breach_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .report_arg = &fd,
                                     .static_plugins = statics,
                                     .plugin_path = MEDDLER_FOLDER,
                                     .log_level = NAVE_LOG_ERROR};
    struct nave_runtime *rt = NULL;
    int i;

    signal(SIGABRT, SIG_DFL);
    setenv("NAVE_CHECK", "1", 1);
    if (nave_runtime_create(&o, &rt) != NAVE_OK ||
        nave_runtime_configure_text(rt, config, strlen(config), "t") != NAVE_OK ||
        nave_runtime_start(rt) != NAVE_OK)
        _exit(2);
    for (i = 0; i < 3 && rt; i++) /* for what was deferred */
        (void)!nave_runtime_turn(rt, 0);
    _exit(0);
}

static void run_child(breach_fn *what, const char *with, char text[1024], int *aborted)
{
    int fds[2];
    int status = 0;
    size_t len = 0;
    ssize_t n;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    breach = what;
    config = with;
    fflush(stdout);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        child(fds[1]);
    }
    close(fds[1]);
    while (len < 1023 && (n = read(fds[0], text + len, 1023 - len)) > 0)
        len += (size_t)n;
    text[len] = '\0';
    close(fds[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    *aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    if (!*aborted)
        CU_ASSERT_EQUAL(status, 0);
}

void expect(const struct row *rows, size_t count, const char *with)
{
    char want[512], text[1024];
    int aborted;
    size_t i;

    for (i = 0; i < count; i++) {
        run_child(rows[i].what, with, text, &aborted);
        snprintf(want, sizeof(want), "NAVE_CHECK: %s", rows[i].text);
        CU_ASSERT_EQUAL(aborted, 1);
        CU_ASSERT_STRING_EQUAL(text, want);
        if (strcmp(text, want) != 0)
            printf("\n  got  %s\n  want %s\n", text, want);
    }
}

void goes_on(breach_fn *what, const char *with)
{
    char text[1024];
    int aborted;

    run_child(what, with, text, &aborted);
    CU_ASSERT_EQUAL(aborted, 0);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void (*elsewhere)(void);

static void *call_elsewhere(void *arg)
{
    (void)arg;
    elsewhere();
    return NULL;
}

void on_a_thread(void (*what)(void))
{
    pthread_t thread;

    elsewhere = what;
    if (pthread_create(&thread, NULL, call_elsewhere, NULL) == 0)
        pthread_join(thread, NULL);
}

/* SPDX-License-Identifier: MIT
 *
 * A part of the program is a plugin like any other: it binds a file's service, provides one that a
 * file binds, and has a role that a file makes. It alone sees the program's pointer. And a runtime
 * that was asked for nothing leaves no trace in the process.
 */
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nave/plugin.h>
#include <nave/runtime.h>

#include "plugins/office.h"
#include "test_main.h"

/* --- the part: "desk" ------------------------------------------------------------------------ */

struct desk {
    struct nave_handle pub; /* first: the service */
    struct nave_handle stamp;
    struct nave_host *host;
    struct nave_handle *store;
};

static int32_t desk_ask(struct nave_handle *h, int32_t number)
{
    struct desk *d = (struct desk *)(void *)h;

    return office_ask(d->store, number) + *(const int32_t *)nave_host_user(d->host);
}

static int32_t stamp_ask(struct nave_handle *h, int32_t number)
{
    (void)h;
    return number + 1000;
}

static const struct office_iface desk_table = {
    .hdr = NAVE_IFACE(struct office_iface, DESK_ID, 0, 0),
    .ask = desk_ask,
};
static const struct office_iface stamp_table = {
    .hdr = NAVE_IFACE(struct office_iface, STAMP_ID, 0, 0),
    .ask = stamp_ask,
};

static void desk_destroy(void *self)
{
    struct desk *d = self;

    if (d)
        nave_host_free(d->host, d, sizeof(*d));
}

static nave_err desk_create(struct nave_host *host, void **out_self)
{
    struct desk *d = nave_host_alloc(host, sizeof(*d));
    nave_err err;

    if (!d)
        return NAVE_ENOMEM;
    memset(d, 0, sizeof(*d));
    d->host = host;
    d->pub.api = host->api->publish(host, &desk_table.hdr);
    d->stamp.api = host->api->publish(host, &stamp_table.hdr);
    err = host->api->bind(host, STORE_ID, 0, sizeof(struct office_iface), &d->store);
    if (!err)
        err = host->api->provide(host, &d->pub, 0);
    if (err) {
        desk_destroy(d);
        return err;
    }
    *out_self = d;
    return NAVE_OK;
}

static nave_err stamp_make(void *self, const struct nave_role_args *args,
                           struct nave_handle **out_handle)
{
    struct desk *d = self;

    (void)args;
    *out_handle = &d->stamp;
    return NAVE_OK;
}

static void stamp_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

static const struct nave_plugin_ops desk_ops = {
    .size = sizeof(desk_ops),
    .create = desk_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = desk_destroy,
};

#define NAVE_PLUGIN_NAME            desk
#define NAVE_PLUGIN_ID              "desk"
#define NAVE_PLUGIN_VERSION         "1.0.0"
#define NAVE_PLUGIN_FLAGS           0
#define NAVE_PLUGIN_NEEDS(NEED)     NEED(STORE_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER) OFFER(DESK_ID, 0, 0)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                  \
    ROLE(handler, "stamp", STAMP_ID, stamp_make, stamp_unmake, nave_no_options, NAVE_NO_OPTIONS, \
         "stamps")
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          desk_ops
#include <nave/define.h>

/* --- tests ----------------------------------------------------------------------------------- */

static const nave_plugin_entry_fn parts[] = {desk_plugin_entry_v1, NULL};

/* The clerk stands first: what it needs comes first all the same. */
#define CONFIG \
    "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"clerk\": {}, \"desk\": {}, \"store\": {}}}"

static void on_report(void *arg, const struct nave_report *r)
{
    char *reports = arg;
    size_t len = strlen(reports);

    snprintf(reports + len, 512 - len, "%.*s: %.*s\n", (int)r->plugin.len, r->plugin.ptr,
             (int)r->text.len, r->text.ptr);
}

/* A whole life of a runtime; what start said. */
static nave_err live(const char *config, char *reports, int32_t *user)
{
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = reports ? on_report : NULL,
                                     .report_arg = reports,
                                     .plugin_path = OFFICE_FOLDER,
                                     .static_plugins = parts,
                                     .log_level = NAVE_LOG_INFO,
                                     .user = user};
    struct nave_runtime *rt = NULL;
    nave_err err = nave_runtime_create(&o, &rt);

    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
    err = nave_runtime_configure_text(rt, config, strlen(config), "t");
    if (!err)
        err = nave_runtime_start(rt);
    nave_runtime_stop(rt);
    if (!err)
        err = nave_runtime_run(rt);
    nave_runtime_destroy(rt);
    return err;
}

static void a_part_binds_provides_and_has_roles_among_files(void)
{
    char reports[512] = "";
    int32_t user = 7;

    CU_ASSERT_EQUAL(live(CONFIG, reports, &user), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(reports, "clerk: desk 47, stamp 1005, user none\n");
}

struct twin {
    pthread_t thread;
    int32_t user;
    char reports[512];
    nave_err err;
};

static void *live_twin(void *arg)
{
    struct twin *t = arg;
    int i;

    for (i = 0; i < 10 && !t->err; i++) {
        t->reports[0] = '\0';
        t->err = live(CONFIG, t->reports, &t->user);
    }
    return NULL;
}

static void each_runtime_has_its_own_pointer_also_at_the_same_time(void)
{
    struct twin twins[2] = {{.user = 1}, {.user = 2}};
    int i;

    for (i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&twins[i].thread, NULL, live_twin, &twins[i]), 0);
    for (i = 0; i < 2; i++)
        pthread_join(twins[i].thread, NULL);
    CU_ASSERT_EQUAL(twins[0].err, NAVE_OK);
    CU_ASSERT_EQUAL(twins[1].err, NAVE_OK);
    CU_ASSERT_STRING_EQUAL(twins[0].reports, "clerk: desk 41, stamp 1005, user none\n");
    CU_ASSERT_STRING_EQUAL(twins[1].reports, "clerk: desk 42, stamp 1005, user none\n");
}

/* --- no trace -------------------------------------------------------------------------------- */

#define SIGNALS 64

struct traces {
    struct sigaction actions[SIGNALS + 1];
    sigset_t mask;
    char cwd[512];
    mode_t umask;
    char **environment;
    uint32_t fds;
    uint32_t threads;
};

extern char **environ;

static uint32_t count_entries(const char *folder)
{
    DIR *d = opendir(folder);
    uint32_t n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void look(struct traces *t)
{
    int i;

    memset(t, 0, sizeof(*t));
    for (i = 1; i <= SIGNALS; i++)
        (void)sigaction(i, NULL, &t->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &t->mask);
    CU_ASSERT_PTR_NOT_NULL(getcwd(t->cwd, sizeof(t->cwd)));
    t->umask = umask(0);
    umask(t->umask);
    t->environment = environ;
    t->fds = count_entries("/proc/self/fd");
    t->threads = count_entries("/proc/self/task");
}

static void a_runtime_that_was_asked_for_nothing_leaves_no_trace(void)
{
    static struct traces before, after;
    char name[] = "/tmp/nave-quiet-XXXXXX";
    int32_t user = 7;
    int out = dup(1), err = dup(2), file = mkstemp(name), i;
    struct stat written;
    nave_err lived, failed, refused;

    CU_ASSERT_FATAL(out >= 0 && err >= 0 && file >= 0);
    unlink(name);
    fflush(NULL);
    look(&before);
    dup2(file, 1);
    dup2(file, 2);
    lived = live(CONFIG, NULL, &user);
    refused = live("{\"plugins\": {\"nobody\": {}, \"clerk\": 3}}", NULL, &user);
    failed = live("{\"plugins\": {\"desk\": {}}}", NULL, &user);
    fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    look(&after);

    CU_ASSERT_EQUAL(lived, NAVE_OK);
    CU_ASSERT_EQUAL(refused, NAVE_ECONFIG);
    CU_ASSERT_EQUAL(failed, NAVE_ECONFIG);
    CU_ASSERT_EQUAL(fstat(file, &written), 0);
    CU_ASSERT_EQUAL(written.st_size, 0);
    for (i = 1; i <= SIGNALS; i++) {
        CU_ASSERT(before.actions[i].sa_handler == after.actions[i].sa_handler);
        CU_ASSERT_EQUAL(before.actions[i].sa_flags, after.actions[i].sa_flags);
        CU_ASSERT_EQUAL(sigismember(&before.mask, i), sigismember(&after.mask, i));
    }
    CU_ASSERT_STRING_EQUAL(before.cwd, after.cwd);
    CU_ASSERT_EQUAL(before.umask, after.umask);
    CU_ASSERT_PTR_EQUAL(before.environment, after.environment);
    CU_ASSERT_EQUAL(before.fds, after.fds);
    CU_ASSERT_EQUAL(before.threads, after.threads);
    close(out);
    close(err);
    close(file);
}

static CU_TestInfo tests[] = {
    {"a_part_binds_provides_and_has_roles_among_files",
     a_part_binds_provides_and_has_roles_among_files},
    {"each_runtime_has_its_own_pointer_also_at_the_same_time",
     each_runtime_has_its_own_pointer_also_at_the_same_time},
    {"a_runtime_that_was_asked_for_nothing_leaves_no_trace",
     a_runtime_that_was_asked_for_nothing_leaves_no_trace},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"parts", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: what is said of the host, of workers and configurations that are used against their rules, and
 * of a plugin in a file (meddler.so).
 */
#include <unistd.h>

#include "checked_rig.h"
#include "test_main.h"

/* --- nave.worker/1 --------------------------------------------------------------------------- */

static struct nave_worker *worker;
static struct nave_job no_job;

static void allocate(void)
{
    (void)worker->api->alloc(worker, 16);
}

static void w_elsewhere(struct nave_worker *w)
{
    worker = w;
    on_a_thread(allocate);
}

static void w_another_size(struct nave_worker *w)
{
    nave_worker_free(w, nave_worker_alloc(w, 32), 16);
}

#if !defined(NV_SANITIZED) && !defined(__SANITIZE_ADDRESS__) /* which would see it before we do */
#    define SEES_TWICE 1

static void w_free_twice(struct nave_worker *w)
{
    void *first = nave_worker_alloc(w, 32);
    void *second = nave_worker_alloc(w, 32);

    nave_worker_free(w, first, 32);
    nave_worker_free(w, second, 32);
    nave_worker_free(w, second, 32);
}
#endif

static void w_release_twice(struct nave_worker *w)
{
    w->api->hold(w, "patience");
    w->api->release(w, "patience");
    w->api->release(w, "patience");
}

static void w_defer_nothing(struct nave_worker *w)
{
    nave_worker_defer(w, &no_job);
}

static void w_post_nothing(struct nave_worker *w)
{
    if (nave_worker_post(w, &no_job) != NAVE_OK)
        _exit(4);
}

static void w_timer_without_function(struct nave_worker *w)
{
    static struct nave_timer t;

    nave_timer_start(w, &t, NAVE_SEC, NULL, NULL);
}

static void on_ready(void *arg, uint32_t ready)
{
    (void)arg, (void)ready;
}

static void w_no_descriptor(struct nave_worker *w)
{
    struct nave_io *io;

    (void)w->api->io_open(w, -1, on_ready, NULL, &io);
}

#ifdef SEES_TWICE
static void w_io_closed_twice(struct nave_worker *w)
{
    struct nave_io *io;
    int fds[2];

    if (pipe(fds) < 0 || w->api->io_open(w, fds[0], on_ready, NULL, &io) != NAVE_OK)
        _exit(4);
    io->api->io_close(io);
    io->api->io_close(io);
}
#endif

static void worker_rules(void)
{
    static const struct row rows[] = {
        {w_elsewhere,
         "plugin \"breach\" called nave.worker/1 alloc: it belongs to worker 0, and this "
         "is not its thread; reach that worker with nave_worker_post()"},
        {w_another_size,
         "plugin \"breach\" called nave.worker/1 free: 16 bytes are freed of a block "
         "of 32; give the size that was asked for"},
#ifdef SEES_TWICE
        {w_free_twice,
         "plugin \"breach\" called nave.worker/1 free: this was not allocated on worker "
         "0, or is freed twice; give back once, to the worker that gave it"},
        {w_io_closed_twice, "plugin \"breach\" called nave.worker/1 io_close: " OVER},
#endif
        {w_release_twice, "plugin \"breach\" called nave.worker/1 release: more was released than "
                          "held; release once for each hold"},
        {w_defer_nothing,
         "plugin \"breach\" called nave.worker/1 defer: the job has nothing to run; "
         "set nave_job.run first"},
        {w_post_nothing, "plugin \"breach\" called nave.worker/1 post: the job has nothing to run; "
                         "set nave_job.run first"},
        {w_timer_without_function,
         "plugin \"breach\" called nave.worker/1 timer_start: fn" MAY_BE_NULL},
        {w_no_descriptor,
         "plugin \"breach\" called nave.worker/1 io_open: -1 is no descriptor; look "
         "at the result of what opened it"},
    };

    EXPECT(rows);
}

/* --- nave.host/1, nave.conf/1 ---------------------------------------------------------------- */

static struct nave_handle *service;

static void h_bind_late(struct nave_worker *w)
{
    (void)w;
    (void)host->api->bind(host, "nave.worker/1", 0, sizeof(struct nave_iface), &service);
}

static void count_elsewhere(void)
{
    struct nave_counter counter;

    (void)host->api->counter(host, "n", "", &counter);
}

static void h_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(count_elsewhere);
}

static void h_provide_late(struct nave_worker *w)
{
    (void)w;
    (void)host->api->provide(host, (struct nave_handle *)(void *)&stream, 0);
}

static void h_role_make_late(struct nave_worker *w)
{
    (void)w;
    (void)host->api->role_make(host, "handler", "text", NULL, &service);
}

static void h_publish_nothing(struct nave_worker *w)
{
    (void)w;
    (void)host->api->publish(host, NULL);
}

static void host_rules(void)
{
#define KEEP "; do it there and keep what it gives"
    static const struct row rows[] = {
        {h_elsewhere, "plugin \"breach\" called nave.host/1 counter: " NOT_CONTROL},
        {h_bind_late, "plugin \"breach\" called nave.host/1 bind: called outside create and "
                      "prepare" KEEP},
        {h_provide_late,
         "plugin \"breach\" called nave.host/1 provide: called outside create" KEEP},
        {h_role_make_late, "plugin \"breach\" called nave.host/1 role_make: called outside prepare "
                           "and make" KEEP},
        {h_publish_nothing, "plugin \"breach\" called nave.host/1 publish: table" MAY_BE_NULL},
    };

    EXPECT(rows);
}

static void kind_elsewhere(void)
{
    (void)nave_conf_kind(conf);
}

static void c_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(kind_elsewhere);
}

static void c_no_key(struct nave_worker *w)
{
    (void)w;
    (void)nave_conf_get(conf, NULL);
}

static void conf_rules(void)
{
    static const struct row rows[] = {
        {c_elsewhere, "the program called nave.conf/1 kind: " NOT_CONTROL},
        {c_no_key, "the program called nave.conf/1 get: key" MAY_BE_NULL},
    };

    EXPECT(rows);
}

static void a_plugin_of_its_own_file_is_named(void)
{
    static const struct row rows[] = {
        {NULL, "plugin \"meddler\" called nave.stream/1 read: 17 pieces, and 1 to 16 are allowed; "
               "split it up"},
    };

    expect(rows, 1, "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"meddler\": {}}}");
}

static CU_TestInfo tests[] = {
    {"worker_rules", worker_rules},
    {"host_rules", host_rules},
    {"conf_rules", conf_rules},
    {"a_plugin_of_its_own_file_is_named", a_plugin_of_its_own_file_is_named},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"checked", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

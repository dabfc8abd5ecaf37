/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: whoever breaks a rule of an interface ends the program, and the last words name caller,
 * call, rule and what to do. Each breach is made in a process of its own, by a plugin that is a part of
 * this program ("the program") or by a file (meddler.so), on objects that the plugin published itself.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nave/http.h>
#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/worker.h>

#include "test_main.h"

typedef void breach_fn(struct nave_worker *w);

static breach_fn *breach;
static struct nave_host *host;
static struct nave_conf *conf; /* of the plugin */

/* --- objects, which do nothing --------------------------------------------------------------- */

static nave_err stream_read(struct nave_stream *s, const struct nave_span *spans, uint32_t n,
                            size_t *out_len)
{
    (void)s, (void)spans, (void)n, (void)out_len;
    return NAVE_EAGAIN;
}

static nave_err stream_write(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                             size_t *out_len)
{
    (void)s, (void)pieces, (void)n, (void)out_len;
    return NAVE_EAGAIN;
}

static void stream_watch(struct nave_stream *s, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    (void)s, (void)direction, (void)fn, (void)arg;
}

static nave_err stream_shut(struct nave_stream *s)
{
    (void)s;
    return NAVE_OK;
}

static void stream_close(struct nave_stream *s, uint32_t flags)
{
    (void)s, (void)flags;
}

static nave_err stream_info(struct nave_stream *s, struct nave_stream_info *info)
{
    (void)s, (void)info;
    return NAVE_OK;
}

static const struct nave_stream_iface stream_table = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, NAVE_IFACE_DRAFT),
    .read = stream_read,
    .write = stream_write,
    .watch = stream_watch,
    .shut = stream_shut,
    .close = stream_close,
    .info = stream_info,
    .write_file = nave_default_stream_write_file,
};

/* An exchange whose answer is taken, unless it says otherwise. */
static nave_err answer = NAVE_OK;
static nave_http_fn *end_fn;
static void *end_arg;
static char arena[256] __attribute__((aligned(16)));

static void *http_alloc(struct nave_http *x, size_t size)
{
    (void)x;
    return size <= sizeof(arena) ? arena : NULL;
}

static nave_err http_hold(struct nave_http *x)
{
    (void)x;
    return answer;
}

static void http_on_end(struct nave_http *x, nave_http_fn *fn, void *arg)
{
    (void)x;
    end_fn = fn;
    end_arg = arg;
}

static nave_err http_peek(struct nave_http *x, struct nave_bytes *out)
{
    (void)x, (void)out;
    return NAVE_EOF;
}

static void http_consume(struct nave_http *x, size_t n)
{
    (void)x, (void)n;
}

static void http_watch(struct nave_http *x, nave_http_fn *fn, void *arg)
{
    (void)x, (void)fn, (void)arg;
}

static nave_err http_limit(struct nave_http *x, uint64_t max)
{
    (void)x, (void)max;
    return NAVE_OK;
}

static nave_err http_trailer(struct nave_http *x, uint32_t i, struct nave_http_header *out)
{
    (void)x, (void)i, (void)out;
    return NAVE_ENOTFOUND;
}

static nave_err http_respond(struct nave_http *x, const struct nave_http_response *r)
{
    (void)x, (void)r;
    return answer;
}

static nave_err http_start(struct nave_http *x, const struct nave_http_response *r, int64_t size)
{
    (void)x, (void)r, (void)size;
    return answer;
}

static nave_err http_write(struct nave_http *x, const void *data, size_t len, size_t *out_len)
{
    (void)x, (void)data, (void)len, (void)out_len;
    return NAVE_EAGAIN;
}

static nave_err http_end(struct nave_http *x, const struct nave_http_header *trailers, uint32_t n)
{
    (void)x, (void)trailers, (void)n;
    return NAVE_OK;
}

static nave_err http_push(struct nave_http *x, const char *path, size_t len,
                          const struct nave_http_header *headers, uint32_t n,
                          struct nave_http **out_x)
{
    (void)x, (void)path, (void)len, (void)headers, (void)n, (void)out_x;
    return NAVE_ENOSYS;
}

static nave_err http_upgrade(struct nave_http *x, const struct nave_http_response *r,
                             struct nave_stream **out_stream)
{
    (void)x, (void)r, (void)out_stream;
    return answer;
}

static nave_err http_defer(struct nave_http *x, struct nave_http_reply **out_reply)
{
    (void)x, (void)out_reply;
    return answer;
}

static void http_abort(struct nave_http *x)
{
    (void)x;
}

static nave_err http_info(struct nave_http *x, struct nave_stream_info *info)
{
    (void)x, (void)info;
    return NAVE_OK;
}

static const struct nave_http_iface http_table = {
    .hdr = NAVE_IFACE(struct nave_http_iface, NAVE_HTTP_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = http_alloc,
    .hold = http_hold,
    .on_end = http_on_end,
    .body_peek = http_peek,
    .body_consume = http_consume,
    .body_watch = http_watch,
    .body_limit = http_limit,
    .trailer = http_trailer,
    .inform = http_respond,
    .respond = http_respond,
    .start = http_start,
    .write = http_write,
    .write_watch = http_watch,
    .end = http_end,
    .push = http_push,
    .upgrade = http_upgrade,
    .defer = http_defer,
    .abort = http_abort,
    .info = http_info,
    .write_file = nave_default_http_write_file,
};

static nave_err reply_respond(struct nave_http_reply *r, const struct nave_http_response *response)
{
    (void)r, (void)response;
    return answer;
}

static void reply_drop(struct nave_http_reply *r)
{
    (void)r;
}

static int32_t reply_is_closed(struct nave_http_reply *r)
{
    (void)r;
    return 0;
}

static const struct nave_http_reply_iface reply_table = {
    .hdr = NAVE_IFACE(struct nave_http_reply_iface, NAVE_HTTP_REPLY_ID, 0, NAVE_IFACE_DRAFT),
    .respond = reply_respond,
    .drop = reply_drop,
    .is_closed = reply_is_closed,
};

static void handler_handle(struct nave_http_handler *h, struct nave_http *x)
{
    (void)h, (void)x;
}

static const struct nave_http_handler_iface handler_table = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = handler_handle,
};

static void protocol_accept(struct nave_protocol *p, struct nave_stream *s_take,
                            const struct nave_accept_info *info)
{
    (void)p, (void)s_take, (void)info;
}

static const struct nave_protocol_iface protocol_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = protocol_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

static nave_err transport_listen(struct nave_transport *t, const struct nave_listen_args *args,
                                 struct nave_listener **out_listener)
{
    (void)t, (void)args, (void)out_listener;
    return NAVE_ENOSYS;
}

static const struct nave_transport_iface transport_table = {
    .hdr = NAVE_IFACE(struct nave_transport_iface, NAVE_TRANSPORT_ID, 0, NAVE_IFACE_DRAFT),
    .listen = transport_listen,
};

static nave_err listener_start(struct nave_listener *l, uint32_t worker)
{
    (void)l, (void)worker;
    return NAVE_OK;
}

static void listener_stop(struct nave_listener *l, uint32_t worker)
{
    (void)l, (void)worker;
}

static nave_err listener_address(struct nave_listener *l, struct nave_addr *out)
{
    (void)l, (void)out;
    return NAVE_OK;
}

static void listener_destroy(struct nave_listener *l)
{
    (void)l;
}

static const struct nave_listener_iface listener_table = {
    .hdr = NAVE_IFACE(struct nave_listener_iface, NAVE_LISTENER_ID, 0, NAVE_IFACE_DRAFT),
    .start = listener_start,
    .stop = listener_stop,
    .address = listener_address,
    .destroy = listener_destroy,
};

static struct nave_stream stream;
static struct nave_http x;
static struct nave_http_reply reply;
static struct nave_http_handler handler;
static struct nave_protocol protocol;
static struct nave_transport transport;
static struct nave_listener listener;

static const void *publish(const struct nave_iface *table)
{
    const struct nave_iface *published = host->api->publish(host, table);

    if (!published || published == table)
        _exit(5); /* not checked */
    return published;
}

static void make_objects(void)
{
    stream.api = publish(&stream_table.hdr);
    x.api = publish(&http_table.hdr);
    reply.api = publish(&reply_table.hdr);
    handler.api = publish(&handler_table.hdr);
    protocol.api = publish(&protocol_table.hdr);
    transport.api = publish(&transport_table.hdr);
    listener.api = publish(&listener_table.hdr);
}

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err breach_create(struct nave_host *h, void **out_self)
{
    host = h;
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
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
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

/* What a process that does `what` says before it ends, and whether it ended by abort(). */
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

struct row {
    breach_fn *what;
    const char *text;
};

static const char one_worker[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"breach\": {}}}";
static const char two_workers[] = "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"breach\": {}}}";

static void expect(const struct row *rows, size_t count, const char *with)
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

#define EXPECT(rows) expect(rows, NAVE_COUNT(rows), one_worker)

static void (*elsewhere)(void);

static void *call_elsewhere(void *arg)
{
    (void)arg;
    elsewhere();
    return NULL;
}

/* On a thread that is no worker's. */
static void on_a_thread(void (*what)(void))
{
    pthread_t thread;

    elsewhere = what;
    if (pthread_create(&thread, NULL, call_elsewhere, NULL) == 0)
        pthread_join(thread, NULL);
}

#define OVER \
    "the handle is over: an earlier call gave it up; forget the handle where it is given up"
#define NO_WORKER "this thread is no worker's; reach that worker with nave_worker_post()"
#define NOT_CONTROL                                                                             \
    "this thread does not have the control role; call it from create, prepare, start, stop or " \
    "make, "                                                                                    \
    "or from the host's own thread"
#define MAY_BE_NULL " is NULL; only what the header names under `Null:` may be"

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

/* --- nave.future/1, nave.waker/1 ------------------------------------------------------------- */

static nave_poll poll_result;
static struct nave_waker waker;

static nave_poll future_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    if (!waker.api)
        cx->waker->api->clone(cx->waker, &waker);
    return poll_result;
}

static void future_drop(struct nave_future *f)
{
    (void)f;
}

static nave_err future_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface future_table = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "patience",
    .poll = future_poll,
    .drop = future_drop,
    .result = future_result,
};

static struct nave_future *future;
static const struct nave_waker no_waker;
static struct nave_cx cx;

static void make_future(struct nave_worker *w)
{
    if (w->api->future_new(w, &future_table, 8, &future) != NAVE_OK ||
        strcmp(future->api->name, "patience") != 0)
        _exit(4);
    waker = no_waker;
    waker.api = (const void *)&future_table; /* no clone */
    cx.worker = w;
    cx.waker = &no_waker;
    poll_result = NAVE_READY;
}

static void poll_elsewhere(void)
{
    (void)future->api->poll(future, &cx);
}

static void f_elsewhere(struct nave_worker *w)
{
    make_future(w);
    on_a_thread(poll_elsewhere);
}

static void f_after_ready(struct nave_worker *w)
{
    make_future(w);
    (void)future->api->poll(future, &cx);
    (void)future->api->result(future);
    (void)future->api->poll(future, &cx);
}

static void f_result_too_soon(struct nave_worker *w)
{
    make_future(w);
    poll_result = NAVE_PENDING;
    (void)future->api->poll(future, &cx);
    (void)future->api->result(future);
}

static void f_no_poll(struct nave_worker *w)
{
    make_future(w);
    poll_result = 7;
    (void)future->api->poll(future, &cx);
}

static void f_canceled_and_pending(struct nave_worker *w)
{
    make_future(w);
    poll_result = NAVE_PENDING;
    cx.is_canceled = 1;
    (void)future->api->poll(future, &cx);
}

static void f_dropped_twice(struct nave_worker *w)
{
    make_future(w);
    future->api->drop(future);
    future->api->drop(future);
}

static void f_spawned_twice(struct nave_worker *w)
{
    make_future(w);
    (void)w->api->spawn(w, future);
    (void)w->api->spawn_local(w, future);
}

static void f_dropped_when_spawned(struct nave_worker *w)
{
    make_future(w);
    (void)w->api->spawn(w, future);
    w->api->future_drop(w, future);
}

static void f_without_poll(struct nave_worker *w)
{
    static const struct nave_future_iface api = {.name = "empty"};

    (void)w->api->future_new(w, &api, 8, &future);
}

static void f_without_head(struct nave_worker *w)
{
    static const struct nave_future_iface api = {.name = "empty",
                                                 .poll = future_poll,
                                                 .drop = future_drop};

    (void)w->api->future_new(w, &api, 8, &future);
}

static void future_rules(void)
{
    static const struct row rows[] = {
        {f_elsewhere, "the program called nave.future/1 poll of plugin \"breach\": it belongs to "
                      "worker 0, and this is not its thread; reach that worker with "
                      "nave_worker_post()"},
        {f_after_ready,
         "the program called nave.future/1 poll of plugin \"breach\": the future was "
         "READY before; look at the result, then drop it"},
        {f_result_too_soon,
         "the program called nave.future/1 result of plugin \"breach\": the future "
         "is not READY; poll it until it is READY"},
        {f_no_poll, "the program called nave.future/1 poll of plugin \"breach\": it returned 7; "
                    "return NAVE_READY or NAVE_PENDING"},
        {f_canceled_and_pending,
         "the program called nave.future/1 poll of plugin \"breach\": it was "
         "canceled and is PENDING; clean up and return NAVE_READY"},
        {f_dropped_twice, "the program called nave.future/1 drop of plugin \"breach\": " OVER},
        {f_spawned_twice,
         "plugin \"breach\" called nave.worker/1 spawn_local: the future was spawned "
         "before; a spawned future is the host's, who drops it"},
        {f_dropped_when_spawned,
         "plugin \"breach\" called nave.worker/1 future_drop: the future was "
         "spawned before; a spawned future is the host's, who drops it"},
        {f_without_poll,
         "plugin \"breach\" called nave.worker/1 future_new: the future's table has "
         "no poll; fill every slot"},
        {f_without_head,
         "plugin \"breach\" called nave.worker/1 future_new: the future's table has "
         "no head; begin it with NAVE_IFACE()"},
    };

    EXPECT(rows);
}

static breach_fn *with_waker;

/* Runs once the task was polled, which cloned its waker. */
static void use_waker(struct nave_job *j)
{
    if (waker.api)
        with_waker(NULL);
    else
        nave_worker_defer(worker, j);
}

static struct nave_job waker_job = {NULL, use_waker};

static void poll_for_waker(struct nave_worker *w, breach_fn *what)
{
    make_future(w);
    waker = no_waker;
    worker = w;
    poll_result = NAVE_PENDING;
    with_waker = what;
    (void)w->api->spawn(w, future);
    nave_worker_defer(w, &waker_job);
}

static void drop_and_wake(struct nave_worker *w)
{
    (void)w;
    waker.api->drop(&waker);
    waker.api->wake(&waker);
}

static void drop_twice(struct nave_worker *w)
{
    (void)w;
    waker.api->drop(&waker);
    waker.api->drop(&waker);
}

static void clone_nowhere(struct nave_worker *w)
{
    (void)w;
    waker.api->clone(&waker, NULL);
}

/* The clone is checked as the one it came from was. */
static void wake_a_clone_of_a_clone(struct nave_worker *w)
{
    struct nave_waker other;

    (void)w;
    waker.api->clone(&waker, &other);
    waker.api->drop(&waker);
    other.api->wake(&other);
    other.api->drop(&other);
    other.api->wake(&other);
}

static void waker_1(struct nave_worker *w)
{
    poll_for_waker(w, drop_and_wake);
}

static void waker_2(struct nave_worker *w)
{
    poll_for_waker(w, drop_twice);
}

static void waker_3(struct nave_worker *w)
{
    poll_for_waker(w, clone_nowhere);
}

static void waker_4(struct nave_worker *w)
{
    poll_for_waker(w, wake_a_clone_of_a_clone);
}

static void waker_rules(void)
{
#define DROPPED "the waker was dropped before; forget the handle where it is given up"
    static const struct row rows[] = {
        {waker_1, "the program called nave.waker/1 wake: " DROPPED},
        {waker_2, "the program called nave.waker/1 drop: " DROPPED},
        {waker_3, "the program called nave.waker/1 clone: out" MAY_BE_NULL},
        {waker_4, "the program called nave.waker/1 wake: " DROPPED},
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

/* --- nave.stream/1 --------------------------------------------------------------------------- */

static char room[16];
static size_t len;

static void read_stream(void)
{
    (void)!nave_stream_read(&stream, room, sizeof(room), &len);
}

static void s_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(read_stream);
}

static void s_owned_and_elsewhere(struct nave_worker *w)
{
    (void)w;
    read_stream();
    on_a_thread(read_stream);
}

static void s_after_close(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 0);
    read_stream();
}

static void s_closed_twice(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 0);
    nave_stream_close(&stream, 0);
}

static void s_too_many(struct nave_worker *w)
{
    struct nave_span spans[17];
    uint32_t i;

    (void)w;
    for (i = 0; i < NAVE_COUNT(spans); i++)
        spans[i] = (struct nave_span){room, 1};
    (void)stream.api->read(&stream, spans, 17, &len);
}

static void s_none(struct nave_worker *w)
{
    struct nave_bytes piece = {room, 1};

    (void)w;
    (void)stream.api->write(&stream, &piece, 0, &len);
}

static void s_no_direction(struct nave_worker *w)
{
    (void)w;
    nave_stream_watch(&stream, 4, NULL, NULL);
}

static void s_unknown_flag(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 1u << 7);
}

static void s_no_length(struct nave_worker *w)
{
    (void)w;
    (void)!nave_stream_write(&stream, room, 1, NULL);
}

static void stream_rules(void)
{
#define STREAM(call) "the program called nave.stream/1 " call " of plugin \"breach\": "
    static const struct row rows[] = {
        {s_elsewhere, STREAM("read") NO_WORKER},
        {s_owned_and_elsewhere,
         STREAM("read") "it belongs to worker 0, and this thread is no "
                        "worker's; reach that worker with nave_worker_post()"},
        {s_after_close, STREAM("read") OVER},
        {s_closed_twice, STREAM("close") OVER},
        {s_too_many, STREAM("read") "17 pieces, and 1 to 16 are allowed; split it up"},
        {s_none, STREAM("write") "0 pieces, and 1 to 16 are allowed; split it up"},
        {s_no_direction, STREAM("watch") "4 is no direction; give NAVE_STREAM_READ, "
                                         "NAVE_STREAM_WRITE or both"},
        {s_unknown_flag, STREAM("close") "flags 0x80 are not known; give NAVE_CLOSE_* or 0"},
        {s_no_length, STREAM("write") "out_len" MAY_BE_NULL},
    };

    EXPECT(rows);
}

static uint32_t is_used; /* atomic */

/* Worker 0 uses the stream first, worker 1 then. */
static void s_of_another_worker(struct nave_worker *w)
{
    if (w->index == 0) {
        read_stream();
        __atomic_store_n(&is_used, 1, __ATOMIC_RELEASE);
        return;
    }
    while (!__atomic_load_n(&is_used, __ATOMIC_ACQUIRE))
        sched_yield();
    read_stream();
}

static void another_worker_is_named(void)
{
    static const struct row rows[] = {
        {s_of_another_worker, STREAM("read") "it belongs to worker 0, and this is the thread of "
                                             "worker 1; reach that worker with nave_worker_post()"},
    };

    expect(rows, 1, two_workers);
}

/* --- roles ----------------------------------------------------------------------------------- */

static struct nave_accept_info accept_info;
static struct nave_addr address;

static void accept_stream(void)
{
    protocol.api->accept(&protocol, &stream, &accept_info);
}

static void p_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(accept_stream);
}

static void p_another_index(struct nave_worker *w)
{
    (void)w;
    accept_info.worker = 5;
    accept_stream();
}

static void p_closed_stream(struct nave_worker *w)
{
    (void)w;
    nave_stream_close(&stream, 0);
    accept_stream();
}

static void p_no_stream(struct nave_worker *w)
{
    (void)w;
    protocol.api->accept(&protocol, NULL, &accept_info);
}

static void p_op_twice(struct nave_worker *w)
{
    struct nave_op op;

    nave_op_init(&op, w, NULL, NULL);
    (void)protocol.api->retire(&protocol, &op);
    op.state = NAVE_OP_IN_FLIGHT;
    (void)protocol.api->retire(&protocol, &op);
}

static void p_no_op(struct nave_worker *w)
{
    (void)w;
    (void)protocol.api->set_next(&protocol, (struct nave_handle *)(void *)&handler, NULL);
}

static void listen_now(void)
{
    struct nave_listen_args args = {.size = sizeof(args)};
    struct nave_listener *l;

    (void)transport.api->listen(&transport, &args, &l);
}

static void t_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(listen_now);
}

static void t_no_args(struct nave_worker *w)
{
    struct nave_listener *l;

    (void)w;
    (void)transport.api->listen(&transport, NULL, &l);
}

static void start_listener(void)
{
    (void)listener.api->start(&listener, 0);
}

static void l_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(start_listener);
}

static void l_another_index(struct nave_worker *w)
{
    (void)w;
    listener.api->stop(&listener, 3);
}

static void ask_address(void)
{
    (void)listener.api->address(&listener, &address);
}

static void l_address_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(ask_address);
}

static void l_destroyed(struct nave_worker *w)
{
    (void)w;
    listener.api->destroy(&listener);
    ask_address();
}

static void role_rules(void)
{
#define PROTOCOL(call)  "the program called nave.protocol/1 " call " of plugin \"breach\": "
#define TRANSPORT(call) "the program called nave.transport/1 " call " of plugin \"breach\": "
#define LISTENER(call)  "the program called nave.listener/1 " call " of plugin \"breach\": "
#define EACH            "; call it on each worker with that worker's index"
    static const struct row rows[] = {
        {p_elsewhere, PROTOCOL("accept") NO_WORKER},
        {p_another_index,
         PROTOCOL("accept") "it is told of worker 5 on the thread of worker 0" EACH},
        {p_closed_stream,
         PROTOCOL("accept") "the stream that it is given is over; forget the handle "
                            "where it is given up"},
        {p_no_stream, PROTOCOL("accept") "s_take" MAY_BE_NULL},
        {p_op_twice,
         PROTOCOL("retire") "the op was started before and is not done; wait for done, or "
                            "take it back with nave_op_drop()"},
        {p_no_op, PROTOCOL("set_next") "op" MAY_BE_NULL},
        {t_elsewhere, TRANSPORT("listen") NOT_CONTROL},
        {t_no_args, TRANSPORT("listen") "args" MAY_BE_NULL},
        {l_elsewhere, LISTENER("start") NO_WORKER},
        {l_another_index, LISTENER("stop") "it is told of worker 3 on the thread of worker 0" EACH},
        {l_address_elsewhere, LISTENER("address") NOT_CONTROL},
        {l_destroyed, LISTENER("address") OVER},
    };

    EXPECT(rows);
}

/* --- nave.http/1, nave.http.reply/1, nave.http.handler/1 ------------------------------------- */

static struct nave_http_response response = {.size = sizeof(response), .status = 200};

static void respond(void)
{
    (void)x.api->respond(&x, &response);
}

static void x_elsewhere(struct nave_worker *w)
{
    (void)w;
    handler.api->handle(&handler, &x);
    on_a_thread(respond);
}

static void x_answered_twice(struct nave_worker *w)
{
    (void)w;
    respond();
    respond();
}

static void x_after_abort(struct nave_worker *w)
{
    (void)w;
    x.api->abort(&x);
    (void)x.api->hold(&x);
}

static void on_end(struct nave_http *one, void *arg)
{
    (void)arg;
    if (one != &x)
        _exit(4);
}

static void x_after_its_end(struct nave_worker *w)
{
    (void)w;
    x.api->on_end(&x, on_end, NULL);
    respond();
    (void)x.api->hold(&x); /* it is not over yet */
    end_fn(&x, end_arg);
    (void)x.api->hold(&x);
}

static void x_after_upgrade(struct nave_worker *w)
{
    struct nave_stream *out;

    (void)w;
    answer = NAVE_ESTATE; /* which does not end it */
    (void)x.api->upgrade(&x, &response, &out);
    answer = NAVE_OK;
    (void)x.api->upgrade(&x, &response, &out);
    x.api->abort(&x);
}

static void x_no_response(struct nave_worker *w)
{
    (void)w;
    (void)x.api->respond(&x, NULL);
}

static void handle(void)
{
    handler.api->handle(&handler, &x);
}

static void n_elsewhere(struct nave_worker *w)
{
    (void)w;
    on_a_thread(handle);
}

static void n_over(struct nave_worker *w)
{
    (void)w;
    respond();
    handle();
}

static void r_answered_twice(struct nave_worker *w)
{
    (void)w;
    answer = NAVE_EINVAL; /* the reply is still there */
    (void)reply.api->respond(&reply, &response);
    answer = NAVE_ECLOSED; /* and now it is not */
    (void)reply.api->respond(&reply, &response);
    (void)reply.api->respond(&reply, &response);
}

static void r_after_drop(struct nave_worker *w)
{
    (void)w;
    reply.api->drop(&reply);
    (void)reply.api->is_closed(&reply);
}

static void r_no_response(struct nave_worker *w)
{
    (void)w;
    (void)reply.api->respond(&reply, NULL);
}

static void http_rules(void)
{
#define HTTP(call)    "the program called nave.http/1 " call " of plugin \"breach\": "
#define REPLY(call)   "the program called nave.http.reply/1 " call " of plugin \"breach\": "
#define HANDLER(call) "the program called nave.http.handler/1 " call " of plugin \"breach\": "
    static const struct row rows[] = {
        {x_elsewhere,
         HTTP("respond") "it belongs to worker 0, and this thread is no worker's; reach "
                         "that worker with nave_worker_post()"},
        {x_answered_twice, HTTP("respond") OVER},
        {x_after_abort, HTTP("hold") OVER},
        {x_after_its_end, HTTP("hold") OVER},
        {x_after_upgrade, HTTP("abort") OVER},
        {x_no_response, HTTP("respond") "r" MAY_BE_NULL},
        {n_elsewhere, HANDLER("handle") NO_WORKER},
        {n_over, HANDLER("handle") "the exchange that it is given is over; forget the handle where "
                                   "it is given up"},
        {r_answered_twice, REPLY("respond") OVER},
        {r_after_drop, REPLY("is_closed") OVER},
        {r_no_response, REPLY("respond") "response" MAY_BE_NULL},
    };

    EXPECT(rows);
}

/* --- and who breaks no rule ------------------------------------------------------------------ */

static void reply_elsewhere(void)
{
    if (!reply.api->is_closed(&reply))
        (void)reply.api->respond(&reply, &response);
}

static void nothing_wrong(struct nave_worker *w)
{
    struct nave_http_reply *out;
    struct nave_stream_info info;

    if (publish(&stream_table.hdr) != (const void *)stream.api)
        _exit(4); /* the same table each time */
    nave_worker_free(w, nave_worker_alloc(w, 32), 32);
    accept_stream();
    read_stream();
    nave_stream_watch(&stream, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NULL, NULL);
    (void)nave_stream_get_info(&stream, &info);
    nave_stream_close(&stream, NAVE_CLOSE_ABORT | NAVE_CLOSE_LINGER);
    make_objects(); /* in the same memory */
    read_stream();
    handle();
    handle(); /* handed on */
    answer = NAVE_ENOMEM;
    respond(); /* another may be tried */
    answer = NAVE_OK;
    respond();
    make_objects();
    handle();
    (void)x.api->hold(&x);
    respond();
    (void)x.api->body_peek(&x, &(struct nave_bytes){NULL, 0}); /* held: until its end */
    make_objects();
    (void)x.api->defer(&x, &out);
    x.api->body_watch(&x, NULL, NULL);
    on_a_thread(reply_elsewhere);
    (void)listener.api->start(&listener, w->index);
    listener.api->stop(&listener, w->index);
    make_future(w);
    w->api->future_drop(w, future);
}

static void who_breaks_no_rule_goes_on(void)
{
    char text[1024];
    int aborted;

    run_child(nothing_wrong, one_worker, text, &aborted);
    CU_ASSERT_EQUAL(aborted, 0);
    CU_ASSERT_STRING_EQUAL(text, "");
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
    {"future_rules", future_rules},
    {"waker_rules", waker_rules},
    {"host_rules", host_rules},
    {"conf_rules", conf_rules},
    {"stream_rules", stream_rules},
    {"another_worker_is_named", another_worker_is_named},
    {"role_rules", role_rules},
    {"http_rules", http_rules},
    {"who_breaks_no_rule_goes_on", who_breaks_no_rule_goes_on},
    {"a_plugin_of_its_own_file_is_named", a_plugin_of_its_own_file_is_named},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"checked", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

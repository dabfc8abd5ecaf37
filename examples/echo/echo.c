/* SPDX-License-Identifier: MIT
 *
 * Connections as async functions: one task each, on the worker that accepted it. "echo" keeps a block in
 * its frame and has patience of so long; "thrifty" holds no buffer while its peer is silent.
 *
 *     cc echo.c $(pkg-config --cflags --libs nave) -o echo && ./echo
 *     nc -N 127.0.0.1 7007 < echo.c
 */
#include <nave/nave.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 64u
#define SILENCE     (60 * NAVE_SEC) /* so long a peer may say nothing */
#define SLOWNESS    (10 * NAVE_SEC) /* so long it may take a block    */

struct app {
    struct nave_host *host;
    struct nave_worker *workers[WORKERS_MAX]; /* as worker_start gave them */
    uint64_t ended, failed;                   /* connections; atomic       */
};

static void note_end(struct app *app, nave_err err)
{
    (void)__atomic_add_fetch(err ? &app->failed : &app->ended, 1, __ATOMIC_RELAXED);
}

/* Sends back what comes, until the peer ends its direction. */
NAVE_ASYNC(echo, struct app *app; struct nave_stream * stream; struct nave_stream_op in, out;
           struct nave_op_limit limit; char data[4096];)
{
    NAVE_BEGIN();
    for (;;) {
        NAVE_AWAIT(
            nave_op_timeout(cx, &f->limit,
                            nave_stream_recv(cx, &f->in, f->stream, f->data, sizeof(f->data)),
                            SILENCE));
        if (NAVE_RESULT() == NAVE_EOF)
            break;
        NAVE_TRY_NOW(NAVE_RESULT());
        NAVE_TRY(nave_op_timeout(cx, &f->limit,
                                 nave_stream_send(cx, &f->out, f->stream, f->data,
                                                  (size_t)f->in.op.value),
                                 SLOWNESS));
    }
    NAVE_TRY_NOW(nave_stream_shut(f->stream)); /* all was sent; now our direction ends as well */
    NAVE_CLEANUP();
    note_end(f->app, f->async.result);
    nave_stream_close(f->stream, f->async.result == NAVE_OK ? 0 : NAVE_CLOSE_ABORT);
    NAVE_END();
}

/* The same in a small frame: a block is on the stack, and what the peer did not take in memory of the worker. */
NAVE_ASYNC(thrifty, struct app *app; struct nave_stream * stream; struct nave_stream_op io;
           char *owed; size_t owed_len;)
{
    char data[16384];
    size_t n = 0, sent = 0;
    nave_err err;

    NAVE_BEGIN();
    for (;;) {
        err = nave_stream_read(f->stream, data, sizeof(data), &n);
        if (err == NAVE_EAGAIN) {
            NAVE_TRY(nave_stream_ready(cx, &f->io.op, f->stream, NAVE_STREAM_READ));
            continue;
        }
        if (err == NAVE_EOF)
            break;
        NAVE_TRY_NOW(err);
        sent = 0;
        err = nave_stream_write(f->stream, data, n, &sent);
        if (err != NAVE_EAGAIN)
            NAVE_TRY_NOW(err);
        if (sent < n) {
            f->owed_len = n - sent;
            f->owed = nave_worker_alloc(cx->worker, f->owed_len);
            NAVE_TRY_NOW(f->owed ? NAVE_OK : NAVE_ENOMEM);
            memcpy(f->owed, data + sent, f->owed_len);
            NAVE_TRY(nave_stream_send(cx, &f->io, f->stream, f->owed, f->owed_len));
            nave_worker_free(cx->worker, f->owed, f->owed_len);
            f->owed = NULL;
        } else if (!nave_cx_spend(cx)) {
            NAVE_YIELD(); /* a peer that is never slow leaves the others their turn */
        }
    }
    NAVE_CLEANUP();
    note_end(f->app, f->async.result);
    nave_worker_free(cx->worker, f->owed, f->owed_len);
    nave_stream_close(f->stream, f->async.result == NAVE_OK ? 0 : NAVE_CLOSE_ABORT);
    NAVE_END();
}

/* --- the protocols ---------------------------------------------------------------------------- */

struct protocol {
    struct nave_protocol pub; /* first */
    struct app *app;
};

/* Local: the stream is this worker's, and so is its task from the first poll on. */
static void start(struct nave_worker *w, struct nave_stream *s, nave_err err, struct nave_future *f)
{
    if (err == NAVE_OK)
        (void)w->api->spawn_local(w, f);
    else
        nave_stream_close(s, NAVE_CLOSE_ABORT);
}

static void echo_accept(struct nave_protocol *p, struct nave_stream *s_take,
                        const struct nave_accept_info *info)
{
    struct app *app = ((struct protocol *)(void *)p)->app;
    struct nave_worker *w = app->workers[info->worker];
    struct nave_future *f = NULL;
    nave_err err = NAVE_NEW(echo, w, &f, .app = app, .stream = s_take);

    start(w, s_take, err, f);
}

static void thrifty_accept(struct nave_protocol *p, struct nave_stream *s_take,
                           const struct nave_accept_info *info)
{
    struct app *app = ((struct protocol *)(void *)p)->app;
    struct nave_worker *w = app->workers[info->worker];
    struct nave_future *f = NULL;
    nave_err err = NAVE_NEW(thrifty, w, &f, .app = app, .stream = s_take);

    start(w, s_take, err, f);
}

static const struct nave_protocol_iface echo_iface = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = echo_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};
static const struct nave_protocol_iface thrifty_iface = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = thrifty_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

static nave_err make(struct app *app, const struct nave_protocol_iface *iface,
                     struct nave_handle **out_handle)
{
    struct protocol *p = nave_host_alloc(app->host, sizeof(*p));

    if (!p)
        return NAVE_ENOMEM;
    p->pub.api = (const void *)app->host->api->publish(app->host, &iface->hdr);
    p->app = app;
    *out_handle = (struct nave_handle *)(void *)p;
    return p->pub.api ? NAVE_OK : NAVE_EINVAL;
}

static nave_err make_echo(void *self, const struct nave_role_args *args,
                          struct nave_handle **out_handle)
{
    (void)args;
    return make(self, &echo_iface, out_handle);
}

static nave_err make_thrifty(void *self, const struct nave_role_args *args,
                             struct nave_handle **out_handle)
{
    (void)args;
    return make(self, &thrifty_iface, out_handle);
}

static void unmake(void *self, struct nave_handle *handle)
{
    struct app *app = self;

    nave_host_free(app->host, handle, sizeof(struct protocol));
}

/* --- the plugin ------------------------------------------------------------------------------- */

static nave_err create(struct nave_host *host, void **out_self)
{
    struct app *app = nave_host_user(host);

    app->host = host;
    *out_self = app;
    return NAVE_OK;
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct app *app = self;

    if (w->index >= WORKERS_MAX)
        return NAVE_ELIMIT;
    app->workers[w->index] = w;
    return NAVE_OK;
}

static const struct nave_plugin_ops ops = {
    .size = sizeof(ops),
    .create = create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_STATIC_PLUGIN
#define NAVE_PLUGIN_NAME    app
#define NAVE_PLUGIN_ID      "app"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                   \
    ROLE(protocol, "echo", NAVE_PROTOCOL_ID, make_echo, unmake, nave_no_options, NAVE_NO_OPTIONS, \
         "sends back what comes")                                                                 \
    ROLE(protocol, "thrifty", NAVE_PROTOCOL_ID, make_thrifty, unmake, nave_no_options,            \
         NAVE_NO_OPTIONS, "the same, holding no buffer meanwhile")
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

static const char config[] =
    "{\"runtime\": {\"workers\": 2, \"shutdown_timeout\": \"2s\"},\n"
    " \"plugins\": {\"tcp\": {}, \"app\": {}},\n"
    " \"listeners\": [{\"name\": \"echo\", \"bind\": \"tcp://127.0.0.1:7007\",\n"
    "                \"protocols\": [\"echo\"]},\n"
    "               {\"name\": \"thrifty\", \"bind\": \"tcp://127.0.0.1:7008\",\n"
    "                \"protocols\": [\"thrifty\"]}]}";

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", (int)r->text.len, r->text.ptr);
}

/* echo [FILE]: FILE is a configuration in the place of ours. */
int main(int argc, char **argv)
{
    static const nave_plugin_entry_fn parts[] = {app_plugin_entry_v1, NULL};
    struct app app = {.host = NULL};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .flags = NAVE_RUNTIME_SIGNALS,
                                           .report = show,
                                           .static_plugins = parts,
                                           .plugin_path = getenv("NAVE_PLUGIN_PATH"),
                                           .log_level = NAVE_LOG_INFO,
                                           .user = &app};
    struct nave_runtime *runtime = NULL;
    nave_err err = nave_runtime_create(&options, &runtime);

    if (!err && argc > 1)
        err = nave_runtime_configure_file(runtime, argv[1]);
    else if (!err)
        err = nave_runtime_configure_text(runtime, config, strlen(config), "echo.c");
    if (!err)
        err = nave_runtime_run(runtime); /* until Ctrl-C; who is still there then is let go */
    nave_runtime_destroy(runtime);
    printf("%llu connections ended, %llu failed\n", (unsigned long long)app.ended,
           (unsigned long long)app.failed);
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT
 *
 * Calls that block, away from the worker. Counts the lines of files, all at the same time, and looks up
 * a host name meanwhile; its only worker never waits for a disk or a resolver.
 *
 *     cc count_lines.c $(pkg-config --cflags --libs nave) -o count_lines
 *     ./count_lines 127.0.0.1 count_lines.c /etc/passwd
 */
#include <nave/nave.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW (5 * NAVE_SEC) /* longer than this nobody waits for one answer */

struct app {
    struct nave_runtime *runtime;
    struct nave_blocking *pool;
    char **names; /* the host first, then files */
    int count;
    int left;
    int failed;
};

/* --- counting lines --------------------------------------------------------------------------- */

/* What a job works on: memory of its own, since it may run longer than anybody waits for it. */
struct count {
    char path[512];
    unsigned long long lines;
};

/* On a thread of the pool: may block. */
static nave_err run_count(void *arg, struct nave_blocking_run *now)
{
    struct count *c = arg;
    FILE *file = fopen(c->path, "r");
    int ch;

    if (!file)
        return NAVE_ENOTFOUND;
    while ((ch = getc(file)) != EOF) {
        c->lines += ch == '\n';
        if (ch == '\n' && nave_blocking_is_canceled(now))
            break; /* nobody waits any more */
    }
    fclose(file);
    return NAVE_OK;
}

static const struct nave_blocking_work count_work = {.size = sizeof(count_work),
                                                     .name = "count lines",
                                                     .run = run_count,
                                                     .release = free};

/* --- looking up a name ------------------------------------------------------------------------ */

struct name {
    char host[256];
    int addresses;
};

static nave_err run_name(void *arg, struct nave_blocking_run *now)
{
    struct name *n = arg;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL, *a;

    (void)now;
    if (getaddrinfo(n->host, NULL, &hints, &list) != 0)
        return NAVE_ENOTFOUND;
    for (a = list; a; a = a->ai_next)
        n->addresses++;
    freeaddrinfo(list);
    return NAVE_OK;
}

/* In the lane of names: however many of them hang, files are counted. */
static const struct nave_blocking_work name_work = {.size = sizeof(name_work),
                                                    .flags = NAVE_BLOCKING_DNS,
                                                    .name = "resolve",
                                                    .run = run_name,
                                                    .release = free};

/* --- tasks ------------------------------------------------------------------------------------ */

static void ended(struct app *app, nave_err result, const char *what)
{
    if (result != NAVE_OK) {
        printf("%s: %s\n", what, nave_err_text(result));
        app->failed = 1;
    }
    if (--app->left == 0)
        nave_runtime_stop(app->runtime);
}

NAVE_ASYNC(count_file, struct app *app; const char *path; struct count * count; struct nave_op op;)
{
    NAVE_BEGIN();
    f->count = calloc(1, sizeof(*f->count));
    if (!f->count)
        NAVE_RETURN(NAVE_ENOMEM);
    snprintf(f->count->path, sizeof(f->count->path), "%s", f->path);
    NAVE_TRY(nave_blocking(cx, &f->op, f->app->pool, &count_work, NAVE_BLOCKING_ARG(&f->count)));
    printf("%s: %llu lines\n", f->path, f->count->lines);
    NAVE_CLEANUP();
    free(f->count); /* NULL when the call was dropped: then it is the pool's to free */
    ended(f->app, NAVE_RESULT(), f->path);
    NAVE_END();
}

NAVE_ASYNC(look_up, struct app *app; const char *host; struct name * name; struct nave_op op;
           struct nave_op_limit limit;)
{
    NAVE_BEGIN();
    f->name = calloc(1, sizeof(*f->name));
    if (!f->name)
        NAVE_RETURN(NAVE_ENOMEM);
    snprintf(f->name->host, sizeof(f->name->host), "%s", f->host);
    /* When the time is up the op is dropped; the call goes on alone, and its argument with it. */
    NAVE_TRY(nave_op_timeout(cx, &f->limit,
                             nave_blocking(cx, &f->op, f->app->pool, &name_work,
                                           NAVE_BLOCKING_ARG(&f->name)),
                             SLOW));
    printf("%s: %s\n", f->host, f->name->addresses ? "found" : "not found");
    NAVE_CLEANUP();
    free(f->name);
    ended(f->app, NAVE_RESULT(), f->host);
    NAVE_END();
}

/* --- the part of the program that is a plugin -------------------------------------------------- */

static nave_err create(struct nave_host *host, void **out_self)
{
    struct app *app = nave_host_user(host);
    struct nave_handle *pool;
    nave_err err = host->api->bind(host, NAVE_BLOCKING_ID, 0, sizeof(*app->pool->api), &pool);

    app->pool = (struct nave_blocking *)(void *)pool;
    *out_self = app;
    return err;
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct app *app = self;
    struct nave_future *task;
    nave_err err = NAVE_NEW(look_up, w, &task, .app = app, .host = app->names[0]);
    int i;

    app->left = app->count;
    for (i = 1; !err; i++) {
        w->api->spawn(w, task);
        if (i == app->count)
            break;
        err = NAVE_NEW(count_file, w, &task, .app = app, .path = app->names[i]);
    }
    return err;
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
#define NAVE_PLUGIN_NAME        counter
#define NAVE_PLUGIN_ID          "counter"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED(NAVE_BLOCKING_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

static void show(void *arg, const struct nave_report *r)
{
    (void)arg;
    fprintf(stderr, "%.*s\n", (int)r->text.len, r->text.ptr);
}

int main(int argc, char **argv)
{
    static const char config[] = "{\"runtime\": {\"workers\": 1, \"blocking_threads\": 4},\n"
                                 " \"plugins\": {\"counter\": {}}}";
    static const nave_plugin_entry_fn parts[] = {counter_plugin_entry_v1, NULL};
    struct app app = {.names = argv + 1, .count = argc - 1};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .report = show,
                                           .static_plugins = parts,
                                           .user = &app};
    nave_err err;

    if (argc < 2) {
        fprintf(stderr, "usage: count_lines HOST [FILE...]\n");
        return EXIT_FAILURE;
    }
    err = nave_runtime_create(&options, &app.runtime);
    if (!err)
        err = nave_runtime_configure_text(app.runtime, config, strlen(config), "count_lines.c");
    if (!err)
        err = nave_runtime_run(app.runtime); /* until the last task has ended */
    nave_runtime_destroy(app.runtime);
    return err || app.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT
 *
 * A part that waits in every way there is: ticks at a regular distance, a timeout that is moved whenever
 * something is heard, a deadline on an operation, a sleep with slack. It ends by itself after a few
 * hundredths of a second, and its status tells whether all went as it should.
 *
 *     cc timers.c $(pkg-config --cflags --libs nave) -o timers && ./timers
 */
#include <nave/async.h>
#include <nave/nave.h>
#include <stdio.h>
#include <stdlib.h>

#define TICKS 5u

struct app {
    struct nave_runtime *runtime;
    struct nave_worker *worker;
    struct nave_sleep_op idle; /* ends when nothing was heard for a while */
    uint32_t ticks;
    uint32_t timeouts;
};

static nave_err watch(struct app *app);

/* A tick every 5 ms. What was missed, on a busy machine, does not come later. */
NAVE_ASYNC(tick, struct app *app; struct nave_interval ticks;)
{
    NAVE_BEGIN();
    NAVE_TRY_NOW(
        nave_interval_init(&f->ticks, nave_now(cx->worker), 5 * NAVE_MSEC, NAVE_INTERVAL_SKIP));
    while (f->app->ticks < TICKS) {
        NAVE_TRY(nave_interval_tick(cx, &f->ticks));
        printf("tick %u\n", (unsigned)++f->app->ticks);
        /* Heard something: the idle timeout begins anew. It costs one store. */
        (void)nave_sleep_move(&f->app->idle, nave_deadline(cx->worker, 20 * NAVE_MSEC));
    }
    NAVE_CLEANUP();
    NAVE_END();
}

/* Something that takes an hour, and 10 ms of patience. Any op goes in the place of the sleep. */
NAVE_ASYNC(impatient, struct app *app; struct nave_sleep_op hour; struct nave_op_limit limit;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(
        nave_op_timeout(cx, &f->limit, nave_sleep(cx, &f->hour, 3600 * NAVE_SEC), 10 * NAVE_MSEC));
    if (NAVE_RESULT() == NAVE_ETIMEDOUT)
        f->app->timeouts++;
    printf("after 10 ms: %s\n", nave_err_text(NAVE_RESULT()));
    NAVE_CLEANUP();
    NAVE_END();
}

/* Nothing was heard for 20 ms, and at most 4 ms more. */
static void on_idle(struct nave_op *op, void *arg)
{
    struct app *app = arg;

    (void)op;
    if (app->ticks == TICKS && app->timeouts == 1) {
        puts("idle: the end");
        nave_runtime_stop(app->runtime);
    } else { /* the whole machine stood still: the others are late as well */
        (void)watch(app);
    }
}

static nave_err watch(struct app *app)
{
    nave_nsec when = nave_deadline(app->worker, 20 * NAVE_MSEC);
    nave_err err;

    app->idle.slack_ns = 4 * NAVE_MSEC;
    err = nave_sleep_start(&app->idle, app->worker, when, on_idle, app);
    return err == NAVE_EAGAIN ? NAVE_OK : err;
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct app *app = self;
    struct nave_future *ticking, *waiting;
    nave_err err = NAVE_NEW(tick, w, &ticking, .app = app);

    if (err)
        return err;
    (void)w->api->spawn_local(w, ticking);
    err = NAVE_NEW(impatient, w, &waiting, .app = app);
    if (err)
        return err;
    (void)w->api->spawn_local(w, waiting);
    app->worker = w;
    return watch(app);
}

static void worker_stop(void *self, struct nave_worker *w)
{
    (void)w;
    nave_op_drop(&((struct app *)self)->idle.op);
}

static nave_err create(struct nave_host *host, void **out_self)
{
    *out_self = nave_host_user(host);
    return NAVE_OK;
}

static const struct nave_plugin_ops ops = {
    sizeof(ops),
    0,
    create,
    nave_default_prepare,
    nave_default_ok,
    nave_default_nothing,
    nave_default_ok,
    worker_start,
    nave_default_worker_drain,
    worker_stop,
    nave_default_nothing,
    nave_default_nothing,
};

#define NAVE_STATIC_PLUGIN
#define NAVE_PLUGIN_NAME    clockwork
#define NAVE_PLUGIN_ID      "clockwork"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

int main(void)
{
    static const char text[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"clockwork\": {}}}";
    static const nave_plugin_entry_fn parts[] = {clockwork_plugin_entry_v1, NULL};
    struct app app = {0};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .static_plugins = parts,
                                           .user = &app};
    nave_err err = nave_runtime_create(&options, &app.runtime);

    if (!err)
        err = nave_runtime_configure_text(app.runtime, text, sizeof(text) - 1, "timers.c");
    if (!err)
        err = nave_runtime_run(app.runtime);
    nave_runtime_destroy(app.runtime);
    return err || app.ticks != TICKS || app.timeouts != 1 ? EXIT_FAILURE : EXIT_SUCCESS;
}

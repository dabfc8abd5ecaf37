/* SPDX-License-Identifier: MIT
 *
 * Three scopes: one whose children all do their work, one that an error ends early, one with a deadline. It
 * ends by itself, and its status tells whether all went as it should.
 *
 *     cc scopes.c $(pkg-config --cflags --libs nave) -o scopes && ./scopes
 */
#include <nave/nave.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTS 4u

struct app {
    struct nave_runtime *runtime;
    uint32_t is_right;
    uint32_t cleanups; /* of parts; atomic: they may run on any worker */
};

/* One part of the work: it takes `ms`, and writes into the frame of its parent. */
NAVE_ASYNC(part, struct app *app; struct nave_sleep_op sleep; uint32_t ms; nave_err result;
           uint32_t * out;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, (nave_nsec)f->ms * NAVE_MSEC));
    *f->out = f->ms;
    NAVE_RETURN(f->result);
    NAVE_CLEANUP();
    __atomic_fetch_add(&f->app->cleanups, 1, __ATOMIC_RELAXED);
    NAVE_END();
}

/* All of them at the same time. */
NAVE_ASYNC(gather, struct app *app; struct nave_scope scope; struct nave_op op;
           struct nave_timeout limit; nave_nsec patience; uint32_t ms[PARTS], outs[PARTS], i;
           nave_err results[PARTS];)
{
    struct nave_future *made = NULL;

    NAVE_BEGIN();
    nave_scope_init(cx->worker, &f->scope, NAVE_SCOPE_FAIL_FAST);
    if (f->patience)
        nave_scope_deadline(cx, &f->scope, nave_deadline(cx->worker, f->patience));
    for (f->i = 0; f->i < PARTS; f->i++) {
        NAVE_TRY_NOW(NAVE_NEW(part, cx->worker, &made, .app = f->app, .ms = f->ms[f->i],
                              .result = f->results[f->i], .out = &f->outs[f->i]));
        NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, made, 0));
    }
    NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope));
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
    nave_scope_drop(&f->scope);
    NAVE_END();
}

NAVE_ASYNC(day, struct app *app; struct gather all, broken, late;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(NAVE_CALL(gather, &f->all, .app = f->app, .ms = {4, 3, 2, 1}));
    printf("all: %s, %u ms of work\n", nave_err_text(NAVE_RESULT()),
           f->all.outs[0] + f->all.outs[1] + f->all.outs[2] + f->all.outs[3]);
    f->app->is_right = NAVE_RESULT() == NAVE_OK && f->all.outs[0] == 4;

    /* The second part fails: an hour of work is not waited for. */
    NAVE_AWAIT(NAVE_CALL(gather, &f->broken, .app = f->app, .ms = {3600000, 2, 3600000, 3600000},
                         .results = {NAVE_OK, NAVE_ERESET}));
    printf("broken: %s\n", nave_err_text(NAVE_RESULT()));
    f->app->is_right &= NAVE_RESULT() == NAVE_ERESET;

    NAVE_AWAIT(NAVE_CALL(gather, &f->late, .app = f->app, .ms = {1, 1, 1, 3600000},
                         .patience = 50 * NAVE_MSEC));
    printf("late: %s\n", nave_err_text(NAVE_RESULT()));
    f->app->is_right &= NAVE_RESULT() == NAVE_ETIMEDOUT;
    NAVE_CLEANUP();
    nave_runtime_stop(f->app->runtime);
    NAVE_END();
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct nave_future *f = NULL;
    nave_err err;

    if (w->index != 0)
        return NAVE_OK;
    err = NAVE_NEW(day, w, &f, .app = self);
    if (err)
        return err;
    (void)w->api->spawn(w, f);
    return NAVE_OK;
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
    nave_default_worker_stop,
    nave_default_nothing,
    nave_default_nothing,
};

#define NAVE_STATIC_PLUGIN
#define NAVE_PLUGIN_NAME    family
#define NAVE_PLUGIN_ID      "family"
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
    static const char text[] = "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"family\": {}}}";
    static const nave_plugin_entry_fn parts[] = {family_plugin_entry_v1, NULL};
    struct app app = {0};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .static_plugins = parts,
                                           .user = &app};
    nave_err err = nave_runtime_create(&options, &app.runtime);

    if (!err)
        err = nave_runtime_configure_text(app.runtime, text, sizeof(text) - 1, "scopes.c");
    if (!err)
        err = nave_runtime_run(app.runtime);
    nave_runtime_destroy(app.runtime);
    return err || !app.is_right || app.cleanups != 3 * PARTS ? EXIT_FAILURE : EXIT_SUCCESS;
}

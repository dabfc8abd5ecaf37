/* SPDX-License-Identifier: MIT
 *
 * A small workshop: one task hands out jobs, another one works on them, each within a time limit, and looks
 * after itself in between; before the doors open, three things are made ready at the same time. It ends by
 * itself, and its status tells whether all went as it should.
 *
 *     cc async.c $(pkg-config --cflags --libs nave) -o async && ./async
 */
#include <nave/nave.h>
#include <nave/channel.h>
#include <stdio.h>
#include <stdlib.h>

#define JOBS 5u

struct job {
    uint32_t number;
    uint32_t ms; /* how long it takes */
};

struct app {
    struct nave_runtime *runtime;
    struct nave_mpsc *out; /* the queue of jobs */
    struct nave_mpsc_rx *in;
    uint32_t done, late, ticks, cleanups;
    nave_err result;
};

/* Hands out the jobs; the third takes longer than anybody will wait. */
NAVE_ASYNC(hand_out, struct app *app; struct nave_op op; struct job job;)
{
    NAVE_BEGIN();
    for (; f->job.number < JOBS; f->job.number++) {
        f->job.ms = f->job.number == 2 ? 3600000 : 1;
        NAVE_TRY(nave_mpsc_send(cx, &f->op, f->app->out, &f->job));
    }
    NAVE_CLEANUP();
    nave_mpsc_drop(f->app->out); /* no more jobs */
    NAVE_END();
}

/* One job. Its frame is a member of the frame of who calls it. */
NAVE_ASYNC(do_job, struct job job; struct nave_sleep_op work;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->work, f->job.ms * NAVE_MSEC));
    printf("job %u is done\n", (unsigned)f->job.number);
    NAVE_CLEANUP();
    if (f->async.result != NAVE_OK)
        printf("job %u is put away\n", (unsigned)f->job.number);
    NAVE_END();
}

/* Three things at the same time: as long as the longest. */
NAVE_ASYNC(open_doors, struct nave_sleep_op sleeps[3]; struct nave_arm arms[3];
           struct nave_join_all all; uint32_t i;)
{
    NAVE_BEGIN();
    for (f->i = 0; f->i < 3; f->i++)
        nave_arm_set_op(&f->arms[f->i], nave_sleep(cx, &f->sleeps[f->i], f->i * NAVE_MSEC));
    NAVE_TRY(nave_join_all(cx, &f->all, f->arms, 3, NAVE_JOIN_FIRST_ERROR));
    puts("the doors are open");
    NAVE_CLEANUP();
    NAVE_END();
}

/* The workshop: until there will be no more jobs. A longer frame is better written as a struct. */
struct workshop {
    struct nave_async async; /* first */
    struct app *app;
    struct job job;
    struct nave_op recv;
    struct nave_sleep_op tick;
    struct nave_select select;
    struct nave_arm arms[2];
    struct nave_timeout limit;
    union { /* called one after the other */
        struct open_doors open;
        struct do_job job;
    } child;
};
NAVE_ASYNC_DECLARE(workshop);
NAVE_ASYNC_BODY(workshop)
{
    NAVE_BEGIN();
    NAVE_TRY(NAVE_CALL(open_doors, &f->child.open));
    for (;;) {
        NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_BIASED,
                    NAVE_KEEP(nave_mpsc_recv(cx, &f->recv, f->app->in, &f->job)),
                    nave_sleep(cx, &f->tick, 100 * NAVE_MSEC));
        if (f->select.winner == 1) {
            f->app->ticks++; /* nothing came for a while; the place in the queue is kept */
            continue;
        }
        if (NAVE_RESULT() == NAVE_ECLOSED)
            break;
        NAVE_AWAIT(nave_timeout(cx, &f->limit, 10 * NAVE_MSEC,
                                NAVE_CALL(do_job, &f->child.job, .job = f->job)));
        if (NAVE_RESULT() == NAVE_OK)
            f->app->done++;
        else if (NAVE_RESULT() == NAVE_ETIMEDOUT)
            f->app->late++;
        else
            NAVE_RETURN(NAVE_RESULT());
    }
    NAVE_CLEANUP();
    f->app->result = f->async.result;
    f->app->cleanups++;
    nave_select_drop(&f->select, cx->worker);
    nave_mpsc_rx_drop(f->app->in);
    /* Even when it is being stopped: a moment to sweep the floor. */
    NAVE_SHIELD(&f->limit, NAVE_SEC, nave_sleep(cx, &f->tick, NAVE_MSEC));
    puts("the end");
    nave_runtime_stop(f->app->runtime);
    NAVE_END();
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct app *app = self;
    struct nave_future *f;
    nave_err err = NAVE_NEW(workshop, w, &f, .app = app);

    if (err)
        return err;
    (void)w->api->spawn(w, f);
    err = NAVE_NEW(hand_out, w, &f, .app = app);
    if (err)
        return err;
    (void)w->api->spawn(w, f);
    return NAVE_OK;
}

static nave_err create(struct nave_host *host, void **out_self)
{
    struct nave_mpsc_options o = {.size = sizeof(o),
                                  .item_size = sizeof(struct job),
                                  .capacity = 2};
    struct app *app = nave_host_user(host);
    struct nave_handle *channels;
    nave_err err =
        host->api->bind(host, NAVE_CHANNELS_ID, 0, sizeof(struct nave_channels_iface), &channels);

    *out_self = app;
    if (err)
        return err;
    return nave_mpsc_new((struct nave_channels *)(void *)channels, &o, &app->out, &app->in);
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
#define NAVE_PLUGIN_NAME        workshop
#define NAVE_PLUGIN_ID          "workshop"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED(NAVE_CHANNELS_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

int main(void)
{
    static const char text[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"workshop\": {}}}";
    static const nave_plugin_entry_fn parts[] = {workshop_plugin_entry_v1, NULL};
    struct app app = {0};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .static_plugins = parts,
                                           .user = &app};
    nave_err err = nave_runtime_create(&options, &app.runtime);

    if (!err)
        err = nave_runtime_configure_text(app.runtime, text, sizeof(text) - 1, "async.c");
    if (!err)
        err = nave_runtime_run(app.runtime);
    nave_runtime_destroy(app.runtime);
    if (app.result)
        printf("%s\n", nave_err_text(app.result));
    return err || app.result || app.cleanups != 1 || app.done + app.late != JOBS || app.late < 1
               ? EXIT_FAILURE
               : EXIT_SUCCESS;
}

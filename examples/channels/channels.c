/* SPDX-License-Identifier: MIT
 *
 * All four channels between two workers and a thread of the program: a counter that answers questions.
 *
 *     the thread  --mpsc: questions, each with a oneshot for its answer-->  the counter, a task
 *     the thread  --watch: the rate, which may change at any time-------->  the counter
 *     the counter --broadcast: what it has answered--------------------->   the board, another task
 *
 * It ends by itself, and its status tells whether all went as it should.
 *
 *     cc channels.c $(pkg-config --cflags --libs nave) -pthread -o channels && ./channels
 */
#include <nave/async.h>
#include <nave/nave.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define QUESTIONS 6u

struct question {
    uint64_t number;
    struct nave_oneshot *answer; /* whoever has the question owes it */
};

struct app {
    struct nave_runtime *runtime;
    struct nave_channels *channels;
    struct nave_mpsc *ask;
    struct nave_mpsc_rx *asked;
    struct nave_watch *rate;
    struct nave_broadcast *board;
    struct nave_broadcast_rx *on_board;
    uint64_t sum;  /* of the answers, the thread's */
    uint64_t seen; /* on the board                 */
    nave_err refused;
};

/* Answers until nobody asks any more. */
NAVE_ASYNC(counter, struct app *app; struct nave_op op; struct question question;
           struct nave_watch_rx * rate;)
{
    uint64_t rate, answer;

    NAVE_BEGIN();
    NAVE_TRY_NOW(nave_watch_subscribe(f->app->rate, &f->rate));
    /* A worker never blocks: it is told so, and nothing was done. */
    f->app->refused = nave_mpsc_recv_blocking(f->app->asked, &f->question, NAVE_NEVER);
    for (;;) {
        NAVE_AWAIT(nave_mpsc_recv(cx, &f->op, f->app->asked, &f->question));
        if (NAVE_RESULT() != NAVE_OK)
            break; /* NAVE_ECLOSED: the last sender is gone */
        nave_watch_rx_read(f->rate, &rate);
        answer = f->question.number * rate;
        if (nave_oneshot_send(f->question.answer, &answer) == NAVE_ECLOSED)
            puts("nobody waits for the answer any more");
        (void)nave_broadcast_send(f->app->board, &answer);
    }
    NAVE_CLEANUP();
    nave_watch_rx_drop(f->rate);
    nave_mpsc_rx_drop(f->app->asked);
    nave_broadcast_drop(f->app->board);
    NAVE_END();
}

/* Shows what is on the board; who is too slow is told what it missed. */
NAVE_ASYNC(board, struct app *app; struct nave_op op; uint64_t number;)
{
    NAVE_BEGIN();
    for (;;) {
        NAVE_AWAIT(nave_broadcast_recv(cx, &f->op, f->app->on_board, &f->number));
        if (NAVE_RESULT() == NAVE_OK)
            f->app->seen++;
        else if (NAVE_RESULT() == NAVE_ELAGGED)
            f->app->seen += f->op.value;
        else
            break;
        printf("on the board: %u\n", (unsigned)f->app->seen);
    }
    NAVE_CLEANUP();
    nave_broadcast_rx_drop(f->app->on_board);
    nave_runtime_stop(f->app->runtime);
    NAVE_END();
}

/* A question and its answer, on a thread that may wait. */
static nave_err ask(struct app *app, uint64_t number, uint64_t *out_answer)
{
    struct question q = {.number = number};
    struct nave_oneshot_rx *answer;
    nave_err err = nave_oneshot_new(app->channels, sizeof(uint64_t), &q.answer, &answer);

    if (err)
        return err;
    err = nave_mpsc_send_blocking(app->ask, &q, 10 * NAVE_SEC);
    if (err) /* it was not sent: the question is still ours, and what is in it */
        nave_oneshot_drop(q.answer);
    else
        err = nave_oneshot_recv_blocking(answer, out_answer, 10 * NAVE_SEC);
    nave_oneshot_rx_drop(answer);
    return err;
}

static void *ask_all(void *arg)
{
    struct app *app = arg;
    uint64_t number, answer, rate = 10;

    for (number = 1; number <= QUESTIONS; number++) {
        if (number == QUESTIONS)
            nave_watch_send(app->rate, &rate);
        if (ask(app, number, &answer) != NAVE_OK)
            break;
        printf("%u: %u\n", (unsigned)number, (unsigned)answer);
        app->sum += answer;
    }
    nave_mpsc_drop(app->ask); /* that was all */
    nave_watch_drop(app->rate);
    return NULL;
}

/* A question that nobody will answer: its asker learns that, because its sender is dropped. */
static void turn_away(void *item, void *arg)
{
    (void)arg;
    nave_oneshot_drop(((struct question *)item)->answer);
}

static nave_err make_channels(struct app *app)
{
    const struct nave_mpsc_options questions = {.size = sizeof(questions),
                                                .item_size = sizeof(struct question),
                                                .capacity = 2,
                                                .discard = turn_away};
    uint64_t rate = 1;
    nave_err err = nave_mpsc_new(app->channels, &questions, &app->ask, &app->asked);

    if (!err)
        err = nave_watch_new(app->channels, sizeof(rate), &rate, &app->rate);
    if (!err)
        err = nave_broadcast_new(app->channels, sizeof(uint64_t), 4, &app->board);
    if (!err)
        err = nave_broadcast_subscribe(app->board, &app->on_board);
    return err;
}

static nave_err create(struct nave_host *host, void **out_self)
{
    struct app *app = nave_host_user(host);
    struct nave_handle *h;
    nave_err err =
        host->api->bind(host, NAVE_CHANNELS_ID, 0, sizeof(struct nave_channels_iface), &h);

    *out_self = app;
    if (err)
        return err;
    app->channels = (struct nave_channels *)(void *)h;
    return make_channels(app);
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    struct app *app = self;
    struct nave_future *f;
    nave_err err =
        w->index == 0 ? NAVE_NEW(counter, w, &f, .app = app) : NAVE_NEW(board, w, &f, .app = app);

    if (!err)
        (void)w->api->spawn_local(w, f);
    return err;
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
#define NAVE_PLUGIN_NAME        office
#define NAVE_PLUGIN_ID          "office"
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
    static const char text[] = "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"office\": {}}}";
    static const nave_plugin_entry_fn parts[] = {office_plugin_entry_v1, NULL};
    struct app app = {0};
    struct nave_runtime_options options = {.size = sizeof(options),
                                           .static_plugins = parts,
                                           .user = &app};
    pthread_t asking;
    nave_err err = nave_runtime_create(&options, &app.runtime);

    if (!err)
        err = nave_runtime_configure_text(app.runtime, text, sizeof(text) - 1, "channels.c");
    if (!err)
        err = nave_runtime_start(app.runtime);
    if (err || pthread_create(&asking, NULL, ask_all, &app))
        return EXIT_FAILURE;
    err = nave_runtime_run(app.runtime);
    pthread_join(asking, NULL);
    nave_runtime_destroy(app.runtime);
    return err || app.sum != 15 + 60 || app.seen != QUESTIONS || app.refused != NAVE_EDEADLOCK
               ? EXIT_FAILURE
               : EXIT_SUCCESS;
}

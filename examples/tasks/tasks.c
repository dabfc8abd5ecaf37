/* SPDX-License-Identifier: MIT
 *
 * Tasks from a thread that is no worker. The main thread has primes counted: by one task, by eight that
 * it spawns itself, by eight children of a task; then it has two tasks share a number without a lock,
 * and one that is too slow sent home. It ends by itself, and its status tells whether all went as it should.
 *
 *     cc tasks.c $(pkg-config --cflags --libs nave) -pthread -o tasks && ./tasks
 */
#include <nave/nave.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT    200000u
#define PRIMES   17984u /* below LIMIT */
#define PARTS    8u
#define ENTRIES  1000u
#define PATIENCE (60 * NAVE_SEC)

struct app {
    struct nave_runtime *runtime;
    struct nave_exec *exec;
    pthread_t thread; /* worker 0 */
    nave_err err;     /* what run ended with */
    uint32_t ledger;  /* of two tasks of one worker: neither atomic nor locked */
    uint32_t cleanups;
};

/* --- counting primes -------------------------------------------------------------------------- */

static uint32_t is_prime(uint32_t n)
{
    uint32_t i;

    for (i = 2; i * i <= n; i++)
        if (n % i == 0)
            return 0;
    return n >= 2;
}

/* The primes from `from` to below `to`. How many they are stands in the frame afterwards. */
NAVE_ASYNC(count, uint32_t from; uint32_t to; uint32_t primes;)
{
    NAVE_BEGIN();
    for (; f->from < f->to; f->from++) {
        f->primes += is_prime(f->from);
        if (f->from % 256 == 0)
            NAVE_YIELD(); /* it computes for long: others have their turn */
    }
    NAVE_CLEANUP();
    NAVE_END();
}

struct range {
    uint32_t from, to;
    uint32_t primes;
};

static struct range part(uint32_t i)
{
    struct range r = {LIMIT / PARTS * i, LIMIT / PARTS * (i + 1), 0};

    return r;
}

static void count_fill(void *behind, void *arg)
{
    const struct range *r = arg;

    NAVE_ASYNC_FRAME(count, behind)->from = r->from;
    NAVE_ASYNC_FRAME(count, behind)->to = r->to;
}

static void count_take(void *behind, void *arg)
{
    ((struct range *)arg)->primes = NAVE_ASYNC_FRAME(count, behind)->primes;
}

/* One task, and this thread waits for it. */
static nave_err by_one_task(struct app *app, uint32_t *out_primes)
{
    struct range all = {0, LIMIT, 0};
    nave_err result = NAVE_OK;
    nave_err err = nave_block_on(app->exec, &count_api, NAVE_ASYNC_SIZE(count), count_fill,
                                 count_take, &all, PATIENCE, &result);

    *out_primes = all.primes;
    return err ? err : result;
}

/* --- several at once, from a thread ----------------------------------------------------------- */

static nave_err count_wait(struct nave_join *j, uint32_t *primes)
{
    nave_err result = NAVE_OK;
    nave_err err = nave_join_wait(j, PATIENCE);

    if (!err)
        err = nave_join_result(j, &result);
    if (!err && !result)
        *primes += NAVE_ASYNC_FRAME(count, nave_join_frame(j))->primes;
    return err ? err : result;
}

static nave_err by_tasks(struct app *app, uint32_t *out_primes)
{
    struct nave_exec *exec = app->exec;
    struct nave_join joins[PARTS] = {{NULL, NULL, 0, 0}};
    nave_err err = NAVE_OK;
    uint32_t i;

    *out_primes = 0;
    for (i = 0; i < PARTS && !err; i++) {
        struct range r = part(i);

        err = exec->api->spawn(exec, &count_api, NAVE_ASYNC_SIZE(count), count_fill, &r, &joins[i]);
    }
    for (i = 0; i < PARTS && !err; i++)
        err = count_wait(&joins[i], out_primes);
    for (i = 0; i < PARTS; i++)
        nave_join_drop(&joins[i]);
    return err;
}

/* --- several at once, from a task ------------------------------------------------------------- */

static nave_err count_spawn(struct nave_worker *w, uint32_t i, struct nave_join *out_join)
{
    struct range r = part(i);
    struct nave_future *f;
    nave_err err = NAVE_NEW(count, w, &f, .from = r.from, .to = r.to);

    if (!err)
        (void)nave_spawn_join(w, f, 0, out_join);
    return err;
}

/* A child that is not needed any more is asked to end; in any case its handle is given up. */
static void send_home(struct nave_join *child)
{
    if (child->api)
        (void)nave_join_abort(child);
    nave_join_drop(child);
}

NAVE_ASYNC(count_all, struct nave_join parts[PARTS]; struct nave_op op; uint32_t i;
           uint32_t primes;)
{
    NAVE_BEGIN();
    for (f->i = 0; f->i < PARTS; f->i++)
        NAVE_TRY_NOW(count_spawn(cx->worker, f->i, &f->parts[f->i]));
    for (f->i = 0; f->i < PARTS; f->i++) {
        NAVE_TRY(nave_join_await(cx, &f->op, &f->parts[f->i]));
        f->primes += NAVE_ASYNC_FRAME(count, nave_join_frame(&f->parts[f->i]))->primes;
    }
    NAVE_CLEANUP();
    for (f->i = 0; f->i < PARTS; f->i++)
        send_home(&f->parts[f->i]);
    NAVE_END();
}

static void count_all_take(void *behind, void *arg)
{
    *(uint32_t *)arg = NAVE_ASYNC_FRAME(count_all, behind)->primes;
}

static nave_err by_children(struct app *app, uint32_t *out_primes)
{
    nave_err result = NAVE_OK;
    nave_err err = nave_block_on(app->exec, &count_all_api, NAVE_ASYNC_SIZE(count_all), NULL,
                                 count_all_take, out_primes, PATIENCE, &result);

    return err ? err : result;
}

/* --- two that share --------------------------------------------------------------------------- */

NAVE_ASYNC(clerk, uint32_t *ledger; uint32_t left;)
{
    NAVE_BEGIN();
    for (; f->left > 0; f->left--) {
        ++*f->ledger; /* nobody comes in between: the other one is on this worker as well */
        NAVE_YIELD();
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static nave_err clerk_spawn(struct nave_worker *w, uint32_t *ledger, struct nave_join *out_join)
{
    struct nave_future *f;
    nave_err err = NAVE_NEW(clerk, w, &f, .ledger = ledger, .left = ENTRIES);

    if (!err)
        (void)nave_spawn_join(w, f, NAVE_SPAWN_LOCAL, out_join);
    return err;
}

/* No wait between the two spawns: both are of the same worker. */
NAVE_ASYNC(office, struct app *app; struct nave_join one; struct nave_join two; struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_TRY_NOW(clerk_spawn(cx->worker, &f->app->ledger, &f->one));
    NAVE_TRY_NOW(clerk_spawn(cx->worker, &f->app->ledger, &f->two));
    NAVE_TRY(nave_join_await(cx, &f->op, &f->one));
    NAVE_TRY(nave_join_await(cx, &f->op, &f->two));
    NAVE_CLEANUP();
    send_home(&f->one);
    send_home(&f->two);
    NAVE_END();
}

static void office_fill(void *behind, void *arg)
{
    NAVE_ASYNC_FRAME(office, behind)->app = arg;
}

/* --- one that is too slow --------------------------------------------------------------------- */

NAVE_ASYNC(dig, struct app *app; struct nave_sleep_op work;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->work, 3600 * NAVE_SEC));
    NAVE_CLEANUP();
    f->app->cleanups++;
    NAVE_END();
}

static nave_err dig_spawn(struct nave_worker *w, struct app *app, struct nave_join *out_join)
{
    struct nave_future *f;
    nave_err err = NAVE_NEW(dig, w, &f, .app = app);

    if (!err)
        (void)nave_spawn_join(w, f, 0, out_join);
    return err;
}

NAVE_ASYNC(hurry, struct app *app; struct nave_join child; struct nave_op op;
           struct nave_op_limit limit;)
{
    NAVE_BEGIN();
    NAVE_TRY_NOW(dig_spawn(cx->worker, f->app, &f->child));
    NAVE_AWAIT(
        nave_op_timeout(cx, &f->limit, nave_join_await(cx, &f->op, &f->child), 10 * NAVE_MSEC));
    if (NAVE_RESULT() == NAVE_ETIMEDOUT) {
        (void)nave_join_abort(&f->child);
        NAVE_AWAIT(nave_join_await(cx, &f->op, &f->child)); /* it cleans up */
    }
    NAVE_RETURN(NAVE_RESULT());
    NAVE_CLEANUP();
    send_home(&f->child);
    NAVE_END();
}

static void hurry_fill(void *behind, void *arg)
{
    NAVE_ASYNC_FRAME(hurry, behind)->app = arg;
}

/* --- the program ------------------------------------------------------------------------------ */

/* How many of five things went wrong. */
static int work(struct app *app)
{
    uint32_t one = 0, several = 0, children = 0;
    int wrong = 0;
    nave_err err, result = NAVE_OK;

    err = by_one_task(app, &one);
    printf("one task: %u primes\n", (unsigned)one);
    wrong += err || one != PRIMES;

    err = by_tasks(app, &several);
    printf("%u tasks: %u primes\n", PARTS, (unsigned)several);
    wrong += err || several != PRIMES;

    err = by_children(app, &children);
    printf("%u children: %u primes\n", PARTS, (unsigned)children);
    wrong += err || children != PRIMES;

    err = nave_block_on(app->exec, &office_api, NAVE_ASYNC_SIZE(office), office_fill, NULL, app,
                        PATIENCE, &result);
    printf("two clerks: %u entries\n", (unsigned)app->ledger);
    wrong += err || result || app->ledger != 2 * ENTRIES;

    err = nave_block_on(app->exec, &hurry_api, NAVE_ASYNC_SIZE(hurry), hurry_fill, NULL, app,
                        PATIENCE, &result);
    printf("too slow: %s\n", nave_err_text(result));
    wrong += err || result != NAVE_ECANCELED || app->cleanups != 1;
    return wrong;
}

static void *run(void *arg)
{
    struct app *app = arg;

    app->err = nave_runtime_run(app->runtime); /* this thread is worker 0 */
    return NULL;
}

/* The runtime is up, and all its workers run. */
static nave_err begin(struct app *app)
{
    static const char text[] = "{\"runtime\": {\"workers\": 2}}";
    struct nave_runtime_options options = {.size = sizeof(options)};
    struct nave_handle *exec;
    nave_err err = nave_runtime_create(&options, &app->runtime);

    if (!err)
        err = nave_runtime_configure_text(app->runtime, text, sizeof(text) - 1, "tasks.c");
    if (!err)
        err = nave_runtime_start(app->runtime);
    if (err)
        return err;
    err = nave_runtime_bind(app->runtime, NAVE_EXEC_ID, 0, sizeof(*app->exec->api), &exec);
    if (!err)
        app->exec = (struct nave_exec *)(void *)exec;
    if (!err && pthread_create(&app->thread, NULL, run, app) != 0)
        err = NAVE_ENOMEM;
    if (err) { /* it has started: it ends as it always does */
        nave_runtime_stop(app->runtime);
        (void)run(app);
    }
    return err;
}

int main(void)
{
    struct app app = {.runtime = NULL};
    nave_err err = begin(&app);
    int wrong = 0;

    if (!err) {
        wrong = work(&app);
        nave_runtime_stop(app.runtime);
        pthread_join(app.thread, NULL);
        err = app.err;
    }
    nave_runtime_destroy(app.runtime);
    return err || wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* SPDX-License-Identifier: MIT
 *
 * Every allocation of a program with tasks fails once, the n-th for each n: tasks from outside, children in a
 * scope, a recursion in the worker's memory, every channel, a job of the pool. Each time the error comes out
 * where it should, whoever was begun ends, and nothing is left behind (which the sanitizer build watches).
 *
 * In a simulation: one thread, so the same allocation is the n-th each time.
 */
#include <string.h>

#include <nave/async.h>
#include <nave/blocking.h>
#include <nave/channel.h>
#include <nave/exec.h>
#include <nave/runtime.h>
#include <nave/scope.h>
#include <nave/sim.h>

#include "failing.h"
#include "test_main.h"

#define ALLOCATIONS_MAX 10000
#define CHILDREN        4u
#define ITEMS           600u /* more than the first block of an unbounded queue holds */

static struct nave_channels *channels;
static struct nave_blocking *pool;
static uint32_t begun, ended; /* functions, by their cleanups */

/* --- what needs memory ---------------------------------------------------------------------------- */

NAVE_ASYNC(dig, uint32_t depth; struct nave_future * deeper; uint32_t has_begun;)
{
    NAVE_BEGIN();
    f->has_begun = 1;
    begun++;
    if (f->depth > 0) {
        NAVE_TRY_NOW(NAVE_NEW(dig, cx->worker, &f->deeper, .depth = f->depth - 1));
        NAVE_TRY(f->deeper);
    }
    NAVE_CLEANUP();
    ended += f->has_begun;
    NAVE_END();
}

static nave_err run_job(void *arg, struct nave_blocking_run *now)
{
    (void)arg;
    now->value = 1;
    return NAVE_OK;
}

static const struct nave_blocking_work job = {.size = sizeof(job),
                                              .name = "job",
                                              .run = run_job,
                                              .release = NULL};

/* A queue that grows, and is read in the end. */
static nave_err fill_queue(struct nave_mpsc *tx, struct nave_mpsc_rx *rx)
{
    nave_err err = NAVE_OK;
    uint64_t i, out;

    for (i = 0; i < ITEMS && !err; i++)
        err = nave_mpsc_try_send(tx, &i);
    for (i = 0; i < ITEMS && nave_mpsc_try_recv(rx, &out) == NAVE_OK; i++)
        CU_ASSERT_EQUAL(out, i);
    return err;
}

static nave_err use_queue(void)
{
    const struct nave_mpsc_options o = {.size = sizeof(o),
                                        .item_size = 8,
                                        .capacity = ITEMS,
                                        .flags = NAVE_MPSC_UNBOUNDED};
    struct nave_mpsc *tx = NULL;
    struct nave_mpsc_rx *rx = NULL;
    nave_err err = nave_mpsc_new(channels, &o, &tx, &rx);

    CU_ASSERT_EQUAL(tx == NULL, err != NAVE_OK); /* both or none */
    CU_ASSERT_EQUAL(rx == NULL, err != NAVE_OK);
    if (!err)
        err = fill_queue(tx, rx);
    nave_mpsc_drop(tx);
    nave_mpsc_rx_drop(rx);
    return err;
}

static nave_err use_the_others(void)
{
    struct nave_oneshot *tx = NULL;
    struct nave_oneshot_rx *rx = NULL;
    struct nave_broadcast *news = NULL;
    struct nave_broadcast_rx *news_rx = NULL, *more_rx = NULL;
    struct nave_watch *state = NULL;
    struct nave_watch_rx *state_rx = NULL, *copy_rx = NULL;
    uint64_t item = 1;
    nave_err err = nave_oneshot_new(channels, 8, &tx, &rx);

    if (!err)
        err = nave_broadcast_new(channels, 8, 4, &news);
    if (!err)
        err = nave_broadcast_subscribe(news, &news_rx);
    if (!err)
        err = nave_broadcast_rx_clone(news_rx, &more_rx);
    if (!err)
        err = nave_watch_new(channels, 8, &item, &state);
    if (!err)
        err = nave_watch_subscribe(state, &state_rx);
    if (!err)
        err = nave_watch_rx_clone(state_rx, &copy_rx);
    nave_oneshot_drop(tx);
    nave_oneshot_rx_drop(rx);
    nave_broadcast_rx_drop(more_rx);
    nave_broadcast_rx_drop(news_rx);
    nave_broadcast_drop(news);
    nave_watch_rx_drop(copy_rx);
    nave_watch_rx_drop(state_rx);
    nave_watch_drop(state);
    return err;
}

NAVE_ASYNC(child, struct nave_op op; uint32_t has_begun;)
{
    NAVE_BEGIN();
    f->has_begun = 1;
    begun++;
    NAVE_YIELD();
    NAVE_TRY_NOW(use_queue());
    NAVE_TRY_NOW(use_the_others());
    NAVE_TRY(nave_blocking(cx, &f->op, pool, &job, NULL));
    NAVE_CLEANUP();
    ended += f->has_begun;
    NAVE_END();
}

NAVE_ASYNC(root, struct nave_scope scope; struct nave_op op; struct nave_timeout limit; uint32_t i;
           struct nave_future * made; uint32_t has_begun;)
{
    NAVE_BEGIN();
    f->has_begun = 1;
    begun++;
    nave_scope_init(cx->worker, &f->scope, NAVE_SCOPE_FAIL_FAST);
    for (f->i = 0; f->i < CHILDREN; f->i++) {
        NAVE_TRY_NOW(NAVE_NEW(child, cx->worker, &f->made));
        NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, f->made, 0));
    }
    NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope));
    NAVE_TRY_NOW(NAVE_NEW(dig, cx->worker, &f->made, .depth = 3));
    NAVE_TRY(f->made);
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
    nave_scope_drop(&f->scope);
    ended += f->has_begun;
    NAVE_END();
}

/* --- a program ------------------------------------------------------------------------------------- */

static nave_err bind_all(struct nave_runtime *rt, struct nave_exec **out_exec)
{
    struct nave_handle *h = NULL;
    nave_err err = nave_runtime_bind(rt, NAVE_EXEC_ID, 0, sizeof(struct nave_exec_iface), &h);

    *out_exec = (struct nave_exec *)(void *)h;
    if (!err)
        err = nave_runtime_bind(rt, NAVE_CHANNELS_ID, 0, sizeof(*channels->api), &h);
    channels = (struct nave_channels *)(void *)h;
    if (!err)
        err = nave_runtime_bind(rt, NAVE_BLOCKING_ID, 0, sizeof(*pool->api), &h);
    pool = (struct nave_blocking *)(void *)h;
    return err;
}

static nave_err work(struct nave_runtime *rt)
{
    struct nave_exec *exec = NULL;
    nave_err result = NAVE_OK;
    nave_err err = bind_all(rt, &exec);

    if (!err)
        err = nave_block_on(exec, &root_api, NAVE_ASYNC_SIZE(root), NULL, NULL, NULL, 60 * NAVE_SEC,
                            &result);
    return err ? err : result;
}

static nave_err live_once(void)
{
    static const char config[] = "{\"runtime\": {\"workers\": 2}}";
    const struct nave_sim_options sim = {.size = sizeof(sim), .seed = 11};
    struct nave_runtime_options o = {.size = sizeof(o), .sim = &sim};
    struct nave_runtime *rt = NULL;
    nave_err err = nave_runtime_create(&o, &rt), end;

    if (err)
        return err;
    err = nave_runtime_configure_text(rt, config, strlen(config), "t");
    if (!err)
        err = nave_runtime_start(rt);
    if (!err) {
        err = work(rt);
        nave_runtime_stop(rt);
        end = nave_runtime_run(rt);
        err = err ? err : end;
    }
    nave_runtime_destroy(rt);
    return err;
}

static void every_failing_allocation_is_an_error_and_all_that_was_begun_ends(void)
{
    uint32_t whole = 0;
    long n;

    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        nave_err err;

        begun = ended = 0;
        fail_after(n);
        err = live_once();
        countdown = -1;
        CU_ASSERT_EQUAL(begun, ended);
        whole = begun > whole ? begun : whole;
        if (!has_failed) {
            CU_ASSERT_EQUAL(err, NAVE_OK);
            CU_ASSERT_EQUAL(begun, 1 + CHILDREN + 4);
            break;
        }
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        if (err != NAVE_ENOMEM)
            printf("\n  allocation %ld: %s", n, nave_err_name(err));
    }
    CU_ASSERT(n > 20); /* the calls do go through here */
    CU_ASSERT(n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL(whole, 1 + CHILDREN + 4);
}

static CU_TestInfo tests[] = {
    {"every_failing_allocation_is_an_error_and_all_that_was_begun_ends",
     every_failing_allocation_is_an_error_and_all_that_was_begun_ends},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"memory of tasks", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

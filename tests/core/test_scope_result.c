/* SPDX-License-Identifier: MIT
 *
 * A parent ends with the same result whether its scope was canceled while it waited or while it still spawned:
 * what spawning into a canceled scope gives is why it was canceled.
 */
#include <string.h>

#include <nave/async.h>
#include <nave/scope.h>
#include <nave/sleep.h>

#include "test_main.h"

#include "worker/sim.h"
#include "worker/worker_state.h"

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w;

static void setup(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = NAVE_SEC;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
}

static void teardown(void)
{
    nv_worker_destroy(worker);
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

NAVE_ASYNC(child, nave_err result; nave_nsec ns; struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    if (f->ns)
        NAVE_TRY(nave_sleep(cx, &f->sleep, f->ns));
    NAVE_RETURN(f->result);
    NAVE_CLEANUP();
    NAVE_END();
}

/* Lets its first child run before it spawns the second: as another worker would, at any time. */
NAVE_ASYNC(parent, nave_err result; nave_nsec ns; nave_nsec patience; uint32_t policy, cancels;
           struct nave_scope scope; struct nave_op op; struct nave_timeout limit;
           struct nave_sleep_op sleep; struct nave_future * made; uint32_t has_spawned;)
{
    NAVE_BEGIN();
    nave_scope_init(cx->worker, &f->scope, f->policy);
    if (f->patience)
        nave_scope_deadline(cx, &f->scope, nave_deadline(cx->worker, f->patience));
    NAVE_TRY_NOW(NAVE_NEW(child, cx->worker, &f->made, .result = f->result, .ns = f->ns));
    NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, f->made, 0));
    NAVE_TRY(nave_sleep(cx, &f->sleep, 10 * NAVE_MSEC));
    if (f->cancels)
        nave_scope_cancel(&f->scope);
    NAVE_TRY_NOW(NAVE_NEW(child, cx->worker, &f->made));
    NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, f->made, 0));
    f->has_spawned = 1;
    NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope));
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
    nave_scope_drop(&f->scope);
    NAVE_END();
}

static nave_err result_of(const struct parent *args, uint32_t *out_has_spawned)
{
    struct nave_future *f = NULL;
    struct nave_join j;
    nave_err result = NAVE_EIO;
    int i;

    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(parent, w, &f, .result = args->result, .ns = args->ns,
                                   .patience = args->patience, .policy = args->policy,
                                   .cancels = args->cancels),
                          NAVE_OK);
    (void)nave_spawn_join(w, f, 0, &j);
    for (i = 0; i < 100; i++) {
        sim.now_ns += NAVE_MSEC;
        (void)nv_worker_turn(worker, 0);
    }
    CU_ASSERT_EQUAL(nave_join_result(&j, &result), NAVE_OK);
    *out_has_spawned = NAVE_ASYNC_FRAME(parent, nave_join_frame(&j))->has_spawned;
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
    return result;
}

static void an_error_of_a_child_is_what_the_next_spawn_gives(void)
{
    uint32_t has_spawned = 1;

    CU_ASSERT_EQUAL(result_of(&(struct parent){.result = NAVE_ERESET}, &has_spawned), NAVE_ERESET);
    CU_ASSERT_FALSE(has_spawned);
    /* One that comes while the parent waits is the same. */
    CU_ASSERT_EQUAL(result_of(&(struct parent){.result = NAVE_ERESET, .ns = 20 * NAVE_MSEC},
                              &has_spawned),
                    NAVE_ERESET);
    CU_ASSERT_TRUE(has_spawned);
}

static void a_deadline_that_has_passed_is_what_the_next_spawn_gives(void)
{
    uint32_t has_spawned = 1;

    CU_ASSERT_EQUAL(result_of(&(struct parent){.ns = NAVE_SEC, .patience = 5 * NAVE_MSEC},
                              &has_spawned),
                    NAVE_ETIMEDOUT);
    CU_ASSERT_FALSE(has_spawned);
}

static void a_cancel_is_what_the_next_spawn_gives(void)
{
    uint32_t has_spawned = 1;

    CU_ASSERT_EQUAL(result_of(&(struct parent){.ns = NAVE_SEC, .cancels = 1}, &has_spawned),
                    NAVE_ECANCELED);
    CU_ASSERT_FALSE(has_spawned);
}

static void with_collect_an_error_refuses_nobody(void)
{
    uint32_t has_spawned = 0;

    CU_ASSERT_EQUAL(result_of(&(struct parent){.result = NAVE_ERESET, .policy = NAVE_SCOPE_COLLECT},
                              &has_spawned),
                    NAVE_ERESET);
    CU_ASSERT_TRUE(has_spawned);
}

static void into_a_scope_that_was_dropped_nothing_is_spawned(void)
{
    struct nave_future *f = NULL;
    struct nave_scope scope;

    nave_scope_init(w, &scope, NAVE_SCOPE_FAIL_FAST);
    nave_scope_drop(&scope);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(child, w, &f), NAVE_OK);
    CU_ASSERT_EQUAL(nave_scope_spawn(&scope, w, f, 0), NAVE_ECANCELED);
}

static CU_TestInfo tests[] = {
    {"an_error_of_a_child_is_what_the_next_spawn_gives",
     an_error_of_a_child_is_what_the_next_spawn_gives},
    {"a_deadline_that_has_passed_is_what_the_next_spawn_gives",
     a_deadline_that_has_passed_is_what_the_next_spawn_gives},
    {"a_cancel_is_what_the_next_spawn_gives", a_cancel_is_what_the_next_spawn_gives},
    {"with_collect_an_error_refuses_nobody", with_collect_an_error_refuses_nobody},
    {"into_a_scope_that_was_dropped_nothing_is_spawned",
     into_a_scope_that_was_dropped_nothing_is_spawned},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"the result of a scope", NULL, NULL, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

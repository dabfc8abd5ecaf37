/* SPDX-License-Identifier: MIT
 *
 * Who may block until a task has ended: every thread that is not a worker of the runtime and turns none.
 * A worker is told so at once, and nothing was spawned.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <nave/async.h>
#include <nave/blocking.h>
#include <nave/channel.h>
#include <nave/exec.h>
#include <nave/lock.h>
#include <nave/runtime.h>

#include "worker/group.h"
#include "runtime/runtime.h"
#include "test_main.h"
#include "trace.h"

struct trace trace;

#define PATIENCE (60 * NAVE_SEC)

nave_err trace_add(const char *who, const char *what)
{
    (void)who;
    (void)what;
    return NAVE_OK;
}

/* --- a task: its answer is its question ---------------------------------------------------------- */

NAVE_ASYNC(echo, uint32_t question; uint32_t answer;)
{
    NAVE_BEGIN();
    NAVE_YIELD();
    f->answer = f->question;
    NAVE_CLEANUP();
    NAVE_END();
}

static uint32_t spawned; /* atomic */

static void fill(void *rest, void *arg)
{
    (void)__atomic_fetch_add(&spawned, 1, __ATOMIC_RELAXED);
    NAVE_ASYNC_FRAME(echo, rest)->question = *(const uint32_t *)arg;
}

static void take(void *rest, void *arg)
{
    *(uint32_t *)arg = NAVE_ASYNC_FRAME(echo, rest)->answer + 1;
}

static nave_err ask(struct nave_exec *exec, uint32_t *in_out, nave_nsec timeout_ns)
{
    nave_err result = NAVE_OK;
    nave_err err = nave_block_on(exec, &echo_api, NAVE_ASYNC_SIZE(echo), fill, take, in_out,
                                 timeout_ns, &result);

    return err ? err : result;
}

/* --- a runtime ---------------------------------------------------------------------------------- */

static struct nave_exec *exec;

static void *bound(struct nave_runtime *rt, const char *id, size_t size)
{
    struct nave_handle *h = NULL;

    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, id, 0, size, &h), NAVE_OK);
    return h;
}

static struct nave_runtime *start_with(const char *config,
                                       void (*event)(void *, uint32_t, nave_err))
{
    static const nave_plugin_entry_fn statics[] = {trace_a_plugin_entry_v1, trace_b_plugin_entry_v1,
                                                   NULL};
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = statics, .event = event};
    struct nave_runtime *rt;

    spawned = 0;
    exec = NULL;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, strlen(config), "test"), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
    exec = bound(rt, NAVE_EXEC_ID, sizeof(*exec->api));
    return rt;
}

#define ONE "{\"runtime\": {\"workers\": 1}}"
#define TWO "{\"runtime\": {\"workers\": 2}}"

static struct nave_runtime *start(const char *config)
{
    memset(&trace, 0, sizeof(trace));
    return start_with(config, NULL);
}

static void *run(void *rt)
{
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    return NULL;
}

static pthread_t run_elsewhere(struct nave_runtime *rt)
{
    pthread_t t;

    CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, run, rt), 0);
    return t;
}

static void end(struct nave_runtime *rt, pthread_t t)
{
    nave_runtime_stop(rt);
    pthread_join(t, NULL);
    nave_runtime_destroy(rt);
}

/* --- from outside ------------------------------------------------------------------------------- */

/* The thread that started the runtime is as good as any when another one runs it, from the first moment. */
static void the_thread_that_started_it_waits_while_another_runs_it(void)
{
    const char *const configs[] = {ONE, TWO};
    uint32_t round, n, x;

    for (round = 0; round < 20; round++) {
        struct nave_runtime *rt = start(configs[round % 2]);
        pthread_t t = run_elsewhere(rt);

        for (n = 0; n < 100; n++) {
            x = n;
            CU_ASSERT_EQUAL(ask(exec, &x, PATIENCE), NAVE_OK);
            CU_ASSERT_EQUAL(x, n + 1);
        }
        end(rt, t);
    }
}

static void before_anybody_runs_it_time_passes(void)
{
    struct nave_runtime *rt = start(ONE);
    struct nave_channels *channels = bound(rt, NAVE_CHANNELS_ID, sizeof(*channels->api));
    struct nave_locks *locks = bound(rt, NAVE_LOCKS_ID, sizeof(*locks->api));
    struct nave_oneshot_rx *rx;
    struct nave_oneshot *tx;
    struct nave_mutex mutex;
    uint32_t x = 1;

    CU_ASSERT_EQUAL(ask(exec, &x, 0), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_oneshot_new(channels, 4, &tx, &rx), NAVE_OK);
    CU_ASSERT_EQUAL(nave_oneshot_recv_blocking(rx, &x, 0), NAVE_ETIMEDOUT);
    locks->api->mutex_init(locks, &mutex);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&mutex), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mutex_lock_wait(&mutex, 0), NAVE_ETIMEDOUT);
    nave_mutex_unlock(&mutex);
    nave_oneshot_drop(tx);
    nave_oneshot_rx_drop(rx);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    nave_runtime_destroy(rt);
}

static void fill_by_asking(void *rest, void *arg)
{
    uint32_t *x = arg;

    CU_ASSERT_EQUAL(ask(exec, x, PATIENCE), NAVE_OK); /* this thread is still no worker */
    NAVE_ASYNC_FRAME(echo, rest)->question = *x;
}

static void it_may_be_nested(void)
{
    struct nave_runtime *rt = start(TWO);
    pthread_t t = run_elsewhere(rt);
    nave_err result = NAVE_EIO;
    uint32_t x = 1;

    CU_ASSERT_EQUAL(nave_block_on(exec, &echo_api, NAVE_ASYNC_SIZE(echo), fill_by_asking, take, &x,
                                  PATIENCE, &result),
                    NAVE_OK);
    CU_ASSERT_EQUAL(result, NAVE_OK);
    CU_ASSERT_EQUAL(x, 3);
    end(rt, t);
}

static nave_err ask_in_job(void *arg, struct nave_blocking_run *now)
{
    (void)now;
    return ask(exec, arg, PATIENCE);
}

static const struct nave_blocking_work ask_work = {.size = sizeof(ask_work),
                                                   .name = "ask",
                                                   .run = ask_in_job,
                                                   .release = nave_blocking_keep};

NAVE_ASYNC(asker, struct nave_blocking *pool; uint32_t * x; struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_blocking(cx, &f->op, f->pool, &ask_work, NAVE_BLOCKING_ARG(&f->x)));
    NAVE_CLEANUP();
    NAVE_END();
}

struct asker_args {
    struct nave_blocking *pool;
    uint32_t *x;
};

static void fill_asker(void *rest, void *arg)
{
    struct asker *f = NAVE_ASYNC_FRAME(asker, rest);

    f->pool = ((struct asker_args *)arg)->pool;
    f->x = ((struct asker_args *)arg)->x;
}

static void a_job_of_the_pool_may_wait(void)
{
    struct nave_runtime *rt = start(ONE);
    static uint32_t x;
    struct asker_args args = {bound(rt, NAVE_BLOCKING_ID, sizeof(*args.pool->api)), &x};
    pthread_t t = run_elsewhere(rt);
    nave_err result = NAVE_EIO;

    x = 5;
    CU_ASSERT_EQUAL(nave_block_on(exec, &asker_api, NAVE_ASYNC_SIZE(asker), fill_asker, NULL, &args,
                                  PATIENCE, &result),
                    NAVE_OK);
    CU_ASSERT_EQUAL(result, NAVE_OK);
    CU_ASSERT_EQUAL(x, 6);
    end(rt, t);
}

/* --- on a worker -------------------------------------------------------------------------------- */

static uint32_t refused; /* atomic: how often a worker was told */

static void ask_on_worker(void)
{
    uint32_t x = 1;

    if (exec && exec->api->may_wait(exec) == NAVE_EDEADLOCK &&
        ask(exec, &x, NAVE_NEVER) == NAVE_EDEADLOCK)
        (void)__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
}

NAVE_ASYNC(impatient, uint32_t unused;)
{
    NAVE_BEGIN();
    ask_on_worker();
    NAVE_CLEANUP();
    NAVE_END();
}

static void a_task_is_refused_and_nothing_was_spawned(void)
{
    struct nave_runtime *rt = start(TWO);
    pthread_t t = run_elsewhere(rt);
    nave_err result = NAVE_EIO;

    refused = 0;
    CU_ASSERT_EQUAL(nave_block_on(exec, &impatient_api, NAVE_ASYNC_SIZE(impatient), NULL, NULL,
                                  NULL, PATIENCE, &result),
                    NAVE_OK);
    CU_ASSERT_EQUAL(refused, 1);
    CU_ASSERT_EQUAL(spawned, 0);
    end(rt, t);
}

static void ask_in_call(const char *what, struct nave_worker *w)
{
    (void)what;
    (void)w;
    ask_on_worker();
}

static void ask_in_event(void *arg, uint32_t event, nave_err err)
{
    (void)arg;
    (void)err;
    if (event == NAVE_EVENT_DRAINING)
        ask_on_worker();
}

/* worker_start comes before anybody has bound the service here. */
static void calls_of_plugins_and_events_are_refused(void)
{
    static const char config[] =
        "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"a\": {}, \"b\": {}}}";
    struct nave_runtime *rt;

    memset(&trace, 0, sizeof(trace));
    trace.on_worker = ask_in_call;
    refused = 0;
    rt = start_with(config, ask_in_event);
    end(rt, run_elsewhere(rt));
    CU_ASSERT_EQUAL(refused, 2 * 2 * 2 + 1); /* drain and stop, of two plugins on two workers */
    CU_ASSERT_EQUAL(spawned, 0);
}

static void who_has_the_loop_is_refused_between_its_turns(void)
{
    struct nave_runtime *rt = start(ONE);
    struct nave_channels *channels = bound(rt, NAVE_CHANNELS_ID, sizeof(*channels->api));
    struct nave_oneshot_rx *rx;
    struct nave_oneshot *tx;
    uint32_t x = 1;
    pthread_t t;

    CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    CU_ASSERT_EQUAL(ask(exec, &x, NAVE_NEVER), NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(nave_oneshot_new(channels, 4, &tx, &rx), NAVE_OK);
    CU_ASSERT_EQUAL(nave_oneshot_recv_blocking(rx, &x, NAVE_NEVER), NAVE_EDEADLOCK);
    nave_oneshot_drop(tx);
    nave_oneshot_rx_drop(rx);
    CU_ASSERT_EQUAL(spawned, 0);
    t = run_elsewhere(rt); /* somebody else has it now */
    end(rt, t);
}

/* --- handles ------------------------------------------------------------------------------------ */

static void a_handle_that_is_none_is_stale_and_nothing_happens(void)
{
    struct nave_join none = {NULL, NULL, 0, 0};
    nave_err result = NAVE_EIO;

    CU_ASSERT_EQUAL(nave_join_result(&none, &result), NAVE_ESTALE);
    CU_ASSERT_EQUAL(nave_join_abort(&none), NAVE_ESTALE);
    CU_ASSERT_EQUAL(nave_join_wait(&none, NAVE_NEVER), NAVE_ESTALE);
    CU_ASSERT_PTR_NULL(nave_join_frame(&none));
    CU_ASSERT_EQUAL(result, NAVE_EIO);
    nave_join_drop(&none);
}

NAVE_ASYNC(joiner, struct nave_join none; struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(nave_join_await(cx, &f->op, &f->none));
    NAVE_RETURN(NAVE_RESULT());
    NAVE_CLEANUP();
    NAVE_END();
}

static void awaiting_none_is_stale_too(void)
{
    struct nave_runtime *rt = start(ONE);
    pthread_t t = run_elsewhere(rt);
    nave_err result = NAVE_OK;

    CU_ASSERT_EQUAL(nave_block_on(exec, &joiner_api, NAVE_ASYNC_SIZE(joiner), NULL, NULL, NULL,
                                  PATIENCE, &result),
                    NAVE_OK);
    CU_ASSERT_EQUAL(result, NAVE_ESTALE);
    end(rt, t);
}

#define ROW(name)   \
    {               \
#        name, name \
    }

/* --- at the end ---------------------------------------------------------------------------------- */

static struct nave_runtime *ending;

/* It was not too late when this began. */
static void fill_until_the_end(void *rest, void *arg)
{
    fill(rest, arg);
    nave_runtime_stop(ending);
    while (!__atomic_load_n(&ending->threads.group->is_closed, __ATOMIC_ACQUIRE))
        sched_yield();
}

static void *ask_at_the_end(void *arg)
{
    uint32_t x = 1;
    nave_err result = NAVE_OK;

    *(nave_err *)arg = nave_block_on(exec, &echo_api, NAVE_ASYNC_SIZE(echo), fill_until_the_end,
                                     take, &x, PATIENCE, &result);
    return NULL;
}

/* The one who spawned it need not wait for the end of the runtime, nor the runtime for him. */
static void what_comes_too_late_is_refused_and_nobody_waits_for_it(void)
{
    const char *const configs[] = {ONE, TWO};
    uint32_t i;

    for (i = 0; i < 2; i++) {
        nave_err err = NAVE_OK;
        pthread_t t;

        ending = start(configs[i]);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&t, NULL, ask_at_the_end, &err), 0);
        CU_ASSERT_EQUAL(nave_runtime_run(ending), NAVE_OK);
        pthread_join(t, NULL);
        CU_ASSERT_EQUAL(spawned, 1);
        CU_ASSERT_EQUAL(err, NAVE_ECLOSED);
        CU_ASSERT_EQUAL(nv_group_tasks(ending->threads.group), 0);
        nave_runtime_destroy(ending);
    }
}

static CU_TestInfo tests[] = {
    ROW(the_thread_that_started_it_waits_while_another_runs_it),
    ROW(before_anybody_runs_it_time_passes),
    ROW(it_may_be_nested),
    ROW(a_job_of_the_pool_may_wait),
    ROW(a_task_is_refused_and_nothing_was_spawned),
    ROW(calls_of_plugins_and_events_are_refused),
    ROW(who_has_the_loop_is_refused_between_its_turns),
    ROW(what_comes_too_late_is_refused_and_nobody_waits_for_it),
    ROW(a_handle_that_is_none_is_stale_and_nothing_happens),
    ROW(awaiting_none_is_stale_too),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"who may block", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

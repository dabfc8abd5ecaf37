/* SPDX-License-Identifier: MIT
 *
 * The pool in the life of a runtime: a plugin that binds it, drains that wait for it, and what happens to
 * a call that does not return.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/nave.h>

#include "test_main.h"

#include "runtime/runtime.h"

#define CALLS   8u
#define WORKERS 2u

/* What the plugin does in worker_start. */
enum play {
    PLAY_LOAD = 0, /* CALLS calls on each worker; the last that is done stops the runtime   */
    PLAY_STUCK,    /* worker 0: one that stands at the gate, one behind it; then stop       */
    PLAY_STOP_TWICE,
    PLAY_FAIL, /* as PLAY_STUCK, and worker_start fails */
};

static enum play play;
static struct nave_runtime *rt;
static struct nave_runtime *left_alone[4]; /* what the sanitizers shall not call lost */
static uint32_t left_count;
static struct nave_blocking *pool;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint32_t is_open, arrived, left, opens_at_drain;
static uint32_t done_count; /* atomic */
static pthread_t ran_on;    /* under the lock */
static pthread_t serves;    /* worker 0, since worker_start */

struct call {
    struct nave_op op;
    struct nave_worker *w;
    char *arg;
    uint32_t is_done;
};

static struct call calls[WORKERS][CALLS];

static void open_gate(void)
{
    pthread_mutex_lock(&lock);
    is_open = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_at_gate(void)
{
    pthread_mutex_lock(&lock);
    arrived++;
    pthread_cond_broadcast(&changed);
    while (!is_open)
        pthread_cond_wait(&changed, &lock);
    left++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void wait_for(const uint32_t *number)
{
    pthread_mutex_lock(&lock);
    while (!*number)
        pthread_cond_wait(&changed, &lock);
    pthread_mutex_unlock(&lock);
}

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err run_upper(void *arg, struct nave_blocking_run *now)
{
    char *text = arg;

    pthread_mutex_lock(&lock);
    ran_on = pthread_self();
    pthread_mutex_unlock(&lock);
    text[0] = (char)(text[0] - 'a' + 'A');
    now->value = (uint64_t)text[0];
    return NAVE_OK;
}

static nave_err run_stuck(void *arg, struct nave_blocking_run *now)
{
    (void)now;
    wait_at_gate();
    ((char *)arg)[0] = 'S';
    return NAVE_OK;
}

static const struct nave_blocking_work upper = {.size = sizeof(upper),
                                                .name = "upper",
                                                .run = run_upper,
                                                .release = free};
static const struct nave_blocking_work stuck = {.size = sizeof(stuck),
                                                .name = "stuck",
                                                .run = run_stuck,
                                                .release = free};

static void on_done(struct nave_op *op, void *arg)
{
    struct call *c = arg;

    (void)op;
    c->is_done = 1;
    if (__atomic_add_fetch(&done_count, 1, __ATOMIC_ACQ_REL) == WORKERS * CALLS)
        nave_runtime_stop(rt);
}

static void start_call(struct call *c, struct nave_worker *w, const struct nave_blocking_work *work)
{
    c->w = w;
    c->arg = strdup("abc");
    nave_op_init(&c->op, w, on_done, c);
    if (nave_blocking_start(pool, &c->op, work, NAVE_BLOCKING_ARG(&c->arg), 0) != NAVE_EAGAIN)
        abort();
}

static nave_err miner_create(struct nave_host *host, void **out_self)
{
    struct nave_handle *handle;
    nave_err err =
        host->api->bind(host, NAVE_BLOCKING_ID, 0, sizeof(struct nave_blocking_iface), &handle);

    pool = (struct nave_blocking *)(void *)handle;
    *out_self = calls;
    return err;
}

static nave_err miner_worker_start(void *self, struct nave_worker *w)
{
    uint32_t i;

    if (w->index == 0)
        serves = pthread_self();
    (void)self;
    if (play == PLAY_LOAD) {
        for (i = 0; i < CALLS; i++)
            start_call(&calls[w->index][i], w, &upper);
        return NAVE_OK;
    }
    if (w->index != 0)
        return NAVE_OK;
    start_call(&calls[0][0], w, &stuck);
    wait_for(&arrived);
    start_call(&calls[0][1], w, &upper);
    if (play == PLAY_FAIL)
        return NAVE_EIO;
    nave_runtime_stop(rt);
    if (play == PLAY_STOP_TWICE)
        nave_runtime_stop(rt);
    return NAVE_OK;
}

static void miner_worker_stop(void *self, struct nave_worker *w)
{
    uint32_t i;

    (void)self;
    for (i = 0; i < CALLS; i++) {
        nave_op_drop(&calls[w->index][i].op);
        free(calls[w->index][i].arg);
        calls[w->index][i].arg = NULL;
    }
}

static const struct nave_plugin_ops miner_ops = {
    .size = sizeof(miner_ops),
    .create = miner_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = miner_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = miner_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        miner
#define NAVE_PLUGIN_ID          "miner"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.blocking/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          miner_ops
#include <nave/define.h>

/* --- the host -------------------------------------------------------------------------------- */

static char told[2048];
static uint32_t told_after; /* reports when nobody may be told any more */
static uint32_t is_over;

static void on_report(void *arg, const struct nave_report *r)
{
    (void)arg;
    told_after += is_over;
    if (r->level == NAVE_LOG_ERROR)
        snprintf(told + strlen(told), sizeof(told) - strlen(told), "%.*s\n", (int)r->text.len,
                 r->text.ptr);
}

static void on_event(void *arg, uint32_t event, nave_err err)
{
    (void)arg;
    (void)err;
    if (event == NAVE_EVENT_DRAINING && opens_at_drain)
        open_gate();
}

static void make(const char *runtime_section, uint32_t workers)
{
    static const nave_plugin_entry_fn statics[] = {miner_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .static_plugins = statics,
                                     .workers = workers,
                                     .report = on_report,
                                     .log_level = NAVE_LOG_INFO,
                                     .event = on_event};
    char config[512];

    memset(calls, 0, sizeof(calls));
    told[0] = '\0';
    is_over = told_after = is_open = arrived = left = opens_at_drain = done_count = 0;
    snprintf(config, sizeof(config), "{\"runtime\": %s, \"plugins\": {\"miner\": {}}}",
             runtime_section);
    if (nave_runtime_create(&o, &rt) != NAVE_OK ||
        nave_runtime_configure_text(rt, config, strlen(config), "test") != NAVE_OK)
        abort();
}

static void calls_of_a_plugin_come_back_to_the_worker_that_asked(void)
{
    uint32_t i, k;

    make("{}", WORKERS);
    play = PLAY_LOAD;
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);

    CU_ASSERT_EQUAL(done_count, WORKERS * CALLS);
    for (i = 0; i < WORKERS; i++)
        for (k = 0; k < CALLS; k++) {
            CU_ASSERT_EQUAL(calls[i][k].is_done, 1);
            CU_ASSERT_EQUAL(calls[i][k].op.result, NAVE_OK);
            CU_ASSERT_EQUAL(calls[i][k].op.value, 'A');
        }
    CU_ASSERT_STRING_EQUAL(told, "");
    CU_ASSERT_FALSE(pthread_equal(ran_on, pthread_self()));
    nave_runtime_destroy(rt);
}

static void with_no_threads_calls_run_on_their_worker(void)
{
    make("{\"blocking_threads\": 0}", 1);
    play = PLAY_LOAD;
    done_count = CALLS; /* there is one worker */
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);

    CU_ASSERT_EQUAL(done_count, 2 * CALLS);
    CU_ASSERT_TRUE(pthread_equal(ran_on, serves));
    nave_runtime_destroy(rt);
}

static void a_drain_lets_the_pool_finish_what_it_has(void)
{
    make("{\"blocking_threads\": 1, \"shutdown_timeout\": \"1h\"}", WORKERS);
    play = PLAY_STUCK;
    opens_at_drain = 1;
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);

    CU_ASSERT_EQUAL(calls[0][0].is_done, 1);
    CU_ASSERT_EQUAL(calls[0][1].is_done, 1);
    CU_ASSERT_EQUAL(calls[0][1].op.result, NAVE_OK);
    CU_ASSERT_STRING_EQUAL(told, "");
    nave_runtime_destroy(rt);
}

static const char stuck_text[] =
    "plugin \"miner\" still had work at the end of the drain, which was left alone: blocking call "
    "\"stuck\"";

/* A call that does not return ends neither the drain nor the program; it is left with all it may use. */
static void leave_it(enum play how, const char *section)
{
    make(section, WORKERS);
    play = how;
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);

    CU_ASSERT_PTR_NOT_NULL(strstr(told, stuck_text));
    CU_ASSERT_EQUAL(calls[0][0].is_done, 0);
    CU_ASSERT_EQUAL(calls[0][1].is_done, 1);
    CU_ASSERT_EQUAL(calls[0][1].op.result, NAVE_ECANCELED);
    left_alone[left_count++] = rt;
    nave_runtime_destroy(rt);
    is_over = 1;
    open_gate();
    wait_for(&left);
    while (nv_blocking_stragglers(&rt->blocking)) /* it is there still: that is the point */
        sched_yield();
    CU_ASSERT_EQUAL(told_after, 0);
}

static void at_the_deadline_a_call_that_runs_is_named_and_left_alone(void)
{
    leave_it(PLAY_STUCK, "{\"blocking_threads\": 1, \"shutdown_timeout\": \"0s\"}");
}

static void a_second_stop_waits_for_no_call(void)
{
    leave_it(PLAY_STOP_TWICE, "{\"blocking_threads\": 1, \"shutdown_timeout\": \"1h\"}");
}

static void a_call_that_returns_before_destroy_lets_everything_be_freed(void)
{
    make("{\"blocking_threads\": 1, \"shutdown_timeout\": \"0s\"}", 1);
    play = PLAY_STUCK;
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
    open_gate();
    while (nv_blocking_stragglers(&rt->blocking))
        sched_yield();
    nave_runtime_destroy(rt);
}

static void a_start_that_fails_ends_the_pool(void)
{
    make("{\"blocking_threads\": 1}", 1);
    play = PLAY_FAIL;
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_EIO);
    CU_ASSERT_EQUAL(nv_blocking_stragglers(&rt->blocking), 1);
    open_gate();
    while (nv_blocking_stragglers(&rt->blocking))
        sched_yield();

    CU_ASSERT_EQUAL(calls[0][0].is_done, 0);
    CU_ASSERT_EQUAL(calls[0][1].is_done, 0); /* the worker has ended: nobody is told */
    nave_op_drop(&calls[0][0].op);
    nave_op_drop(&calls[0][1].op);
    CU_ASSERT_PTR_NULL(calls[0][0].arg);
    CU_ASSERT_PTR_NULL(calls[0][1].arg);
    nave_runtime_destroy(rt);
}

static void a_host_program_binds_it_at_any_time(void)
{
    struct nave_handle *h = NULL;
    struct nave_op op;
    struct nave_worker nobody = {NULL, NULL, 0, 0, 0};

    make("{}", 1);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, NAVE_BLOCKING_ID, 0, sizeof(struct nave_blocking_iface),
                                      &h),
                    NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_bind(rt, "nave.blocking/7", 0, sizeof(struct nave_iface), &h),
                    NAVE_EMAJOR);
    nave_op_init(&op, &nobody, on_done, NULL);
    if (!rt->is_checked)
        CU_ASSERT_EQUAL(nave_blocking_start((struct nave_blocking *)(void *)h, &op, &upper, NULL,
                                            0),
                        NAVE_ECLOSED);
    nave_runtime_destroy(rt);
}

/* --- simulated ------------------------------------------------------------------------------- */

static uint64_t simulated_trace(void)
{
    static const nave_plugin_entry_fn statics[] = {miner_plugin_entry_v1, NULL};
    static const char config[] = "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"miner\": {}}}";
    struct nave_sim_options so = {.size = sizeof(so), .seed = 7};
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = statics, .sim = &so};
    struct nave_sim_info info = {.size = sizeof(info)};
    struct nave_handle *h = NULL;

    memset(calls, 0, sizeof(calls));
    done_count = 0;
    play = PLAY_LOAD;
    if (nave_runtime_create(&o, &rt) != NAVE_OK ||
        nave_runtime_configure_text(rt, config, strlen(config), "test") != NAVE_OK ||
        nave_runtime_start(rt) != NAVE_OK ||
        nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface), &h) != NAVE_OK)
        abort();
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    CU_ASSERT_EQUAL(done_count, WORKERS * CALLS);
    CU_ASSERT_TRUE(pthread_equal(ran_on, pthread_self()));
    ((struct nave_sim *)(void *)h)->api->info((struct nave_sim *)(void *)h, &info);
    nave_runtime_destroy(rt);
    return info.trace;
}

static void in_a_simulation_the_same_seed_gives_the_same_run(void)
{
    CU_ASSERT_EQUAL(simulated_trace(), simulated_trace());
}

#define ROW(name)   \
    {               \
#        name, name \
    }

static CU_TestInfo host_tests[] = {
    ROW(calls_of_a_plugin_come_back_to_the_worker_that_asked),
    ROW(with_no_threads_calls_run_on_their_worker),
    ROW(a_drain_lets_the_pool_finish_what_it_has),
    ROW(at_the_deadline_a_call_that_runs_is_named_and_left_alone),
    ROW(a_second_stop_waits_for_no_call),
    ROW(a_call_that_returns_before_destroy_lets_everything_be_freed),
    ROW(a_start_that_fails_ends_the_pool),
    ROW(a_host_program_binds_it_at_any_time),
    ROW(in_a_simulation_the_same_seed_gives_the_same_run),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"blocking in a runtime", NULL, NULL, NULL, NULL, host_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * The task dump: functions that wait for each other down to the operation, with file and line; tasks that
 * are dumped at any time go on as if nobody had looked.
 */
#include <stdio.h>
#include <string.h>

#include <nave/async.h>
#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/sleep.h>

#include "test_main.h"

#include "dump.h"
#include "runtime.h"
#include "task.h"
#include "worker_state.h"

static struct nave_runtime *rt;
static struct nave_future *asleep; /* the task of outer */
static uint32_t ended;
static char answer[1 << 16];
static size_t answer_len;

NAVE_ASYNC(inner, struct nave_sleep_op sleep; nave_nsec delay;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, f->delay));
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(outer, struct inner inner; struct nave_timeout limit; nave_nsec delay;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_timeout(cx, &f->limit, NAVE_SEC * 3600,
                          NAVE_CALL(inner, &f->inner, .delay = f->delay)));
    ended++;
    NAVE_CLEANUP();
    NAVE_END();
}

static nave_err dumped_worker_start(void *self, struct nave_worker *w)
{
    nave_err err = NAVE_NEW(outer, w, &asleep, .delay = NAVE_SEC * 600);

    (void)self;
    if (!err)
        (void)w->api->spawn(w, asleep);
    return err;
}

static const struct nave_plugin_ops dumped_ops = {
    .size = sizeof(dumped_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = dumped_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        dumped
#define NAVE_PLUGIN_ID          "test.dumped"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          dumped_ops
#include <nave/define.h>

static void on_text(void *arg, const char *text, size_t len)
{
    (void)arg;
    if (len > sizeof(answer) - 1 - answer_len)
        len = sizeof(answer) - 1 - answer_len;
    memcpy(answer + answer_len, text, len);
    answer_len += len;
    answer[answer_len] = '\0';
}

static void dump(int32_t is_json)
{
    static struct nv_dump d;
    struct nv_out o;

    answer_len = 0;
    answer[0] = '\0';
    nv_out_init(&o, on_text, NULL);
    CU_ASSERT_EQUAL_FATAL(nv_dump_begin(&d, rt, is_json), NAVE_OK);
    while (nv_dump_go_on(&d, &o))
        ;
    nv_out_flush(&o);
}

static void arrange(void)
{
    static const nave_plugin_entry_fn statics[] = {dumped_plugin_entry_v1, NULL};
    static const char config[] =
        "{\"runtime\": {\"workers\": 1, \"shutdown_timeout\": \"0\"}, \"plugins\": "
        "{\"test.dumped\": {}}}";
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = statics};

    ended = 0;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t"),
                          NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
}

static void turn(int times)
{
    while (times-- > 0)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
}

static int is_told(const char *text)
{
    if (strstr(answer, text))
        return 1;
    printf("\n  missing: %s\n  in: %s", text, answer);
    return 0;
}

static void a_task_that_waits_is_told_down_to_the_operation(void)
{
    arrange();
    turn(3);
    dump(0);
    CU_ASSERT_TRUE(is_told(" outer of test.dumped: waiting on worker 0 (pinned), 1 poll\n"));
    CU_ASSERT_TRUE(is_told("    outer at "));
    CU_ASSERT_TRUE(is_told("test_dump.c:"));
    CU_ASSERT_TRUE(is_told("\n      timeout\n        inner at "));
    CU_ASSERT_TRUE(is_told(": nave_sleep(cx, &f->sleep, f->delay)\n          waits for sleep\n"));
    CU_ASSERT_TRUE(is_told("\n        waits for sleep\n")); /* of the timeout */
    CU_ASSERT_TRUE(is_told("\n1 task, 1 waiting\n"));
    nave_runtime_destroy(rt);
}

static void a_task_that_was_not_polled_yet_is_ready(void)
{
    arrange();
    dump(0);
    CU_ASSERT_TRUE(is_told(" outer of test.dumped: ready on worker 0"));
    CU_ASSERT_TRUE(is_told("\n1 task, 1 ready\n"));
    nave_runtime_destroy(rt);
}

static void json_is_one_list(void)
{
    arrange();
    turn(3);
    dump(1);
    CU_ASSERT_EQUAL(answer[0], '[');
    CU_ASSERT_STRING_EQUAL(answer + answer_len - 2, "]\n");
    CU_ASSERT_TRUE(is_told("\"state\": \"waiting\""));
    CU_ASSERT_TRUE(is_told("\"operation\": \"sleep\""));
    CU_ASSERT_TRUE(is_told("\"function\": \"inner\""));
    nave_runtime_destroy(rt);
}

/* The waker of the task, made by hand: its word has the generation. */
static struct nave_waker waker_of(struct nv_task *t)
{
    struct nave_waker w = {.api = &nv_waker_table, .task = t, .id = t->word};

    return w;
}

static void a_wake_that_comes_while_it_is_looked_at_is_not_lost(void)
{
    struct nave_waker waker;
    struct nv_task *t;
    uint32_t polls;

    arrange();
    turn(3);
    t = nv_task_of(asleep);
    waker = waker_of(t);
    polls = t->polls;
    CU_ASSERT_TRUE(nv_task_hold_still(t));
    CU_ASSERT_FALSE(nv_task_hold_still(t)); /* by one at a time */
    waker.api->wake(&waker);
    turn(2);
    CU_ASSERT_EQUAL(t->polls, polls);
    nv_task_let_go(t);
    turn(2);
    CU_ASSERT_EQUAL(t->polls, polls + 1);

    CU_ASSERT_TRUE(nv_task_hold_still(t));
    nv_task_let_go(t);
    turn(2);
    CU_ASSERT_EQUAL(t->polls, polls + 1); /* nobody woke it */
    nave_runtime_destroy(rt);
}

static void without_a_runtime_that_runs_there_is_no_dump(void)
{
    static struct nv_dump d;

    arrange();
    nave_runtime_stop(rt);
    while (nave_runtime_turn(rt, 0) == NAVE_OK)
        ;
    CU_ASSERT_EQUAL(nv_dump_begin(&d, rt, 0), NAVE_ESTATE);
    nave_runtime_destroy(rt);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo dump_tests[] = {
    TEST(a_task_that_waits_is_told_down_to_the_operation),
    TEST(a_task_that_was_not_polled_yet_is_ready),
    TEST(json_is_one_list),
    TEST(a_wake_that_comes_while_it_is_looked_at_is_not_lost),
    TEST(without_a_runtime_that_runs_there_is_no_dump),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"dump", NULL, NULL, NULL, NULL, dump_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

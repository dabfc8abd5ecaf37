/* SPDX-License-Identifier: MIT
 *
 * The task dump: functions that wait for each other down to the operation, with file and line; tasks that
 * are dumped at any time go on as if nobody had looked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/admin.h>
#include <nave/async.h>
#include <nave/blocking.h>
#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/sleep.h>

#include "failing.h"
#include "test_main.h"

#include "admin/dump.h"
#include "runtime/runtime.h"
#include "worker/scheduler.h"
#include "worker/task.h"
#include "worker/worker_state.h"

static struct nave_runtime *rt;
static struct nave_future *asleep; /* the task of outer */
static uint32_t ended;
static char answer[1 << 18];
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
    CU_ASSERT_TRUE(is_told(" outer of test.dumped: waiting on worker 0 (pinned) for "));
    CU_ASSERT_TRUE(is_told("s, 1 poll, ")); /* "ms" or "s" */
    CU_ASSERT_TRUE(is_told("s old\n"));
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

static void json_is_one_object(void)
{
    arrange();
    turn(3);
    dump(1);
    CU_ASSERT_EQUAL(answer[0], '{');
    CU_ASSERT_STRING_EQUAL(answer + answer_len - 2, "}\n");
    CU_ASSERT_TRUE(is_told("\"calls\": []"));
    CU_ASSERT_TRUE(is_told("\"waits_ns\": "));
    CU_ASSERT_TRUE(is_told("\"age_ns\": "));
    CU_ASSERT_TRUE(is_told("\"state\": \"waiting\""));
    CU_ASSERT_TRUE(is_told("\"operation\": \"sleep\""));
    CU_ASSERT_TRUE(is_told("\"function\": \"inner\""));
    nave_runtime_destroy(rt);
}

static void a_task_knows_when_it_was_spawned_and_since_when_it_waits(void)
{
    struct nv_worker *w;
    struct nv_task *t;
    nave_nsec spawned;

    arrange();
    w = rt->threads.each[0].worker;
    t = nv_task_of(asleep);
    spawned = nv_worker_now(w);
    turn(1);
    CU_ASSERT_EQUAL(t->born, nv_task_time(spawned));
    CU_ASSERT_EQUAL(t->mark, -nv_worker_now(w)); /* of the turn that polled it */
    turn(3);
    CU_ASSERT_TRUE(-t->mark < nv_worker_now(w));

    /* A machine that is busy for half a minute between these lines changes nothing. */
    t->mark = -(nv_stat_clock(w) - NAVE_SEC * (2 * 3600 + 10 * 60 + 30));
    t->born = nv_task_time(nv_stat_clock(w) - NAVE_SEC * (26 * 3600 + 60));
    dump(0);
    CU_ASSERT_TRUE(is_told(": waiting on worker 0 (pinned) for 2 h 10 min, 1 poll, 1 d 2 h old\n"));
    t->born = nv_task_time(nv_stat_clock(w)) + 60; /* spawned while the dump is made */
    t->mark = -(nv_stat_clock(w) + 3600 * NAVE_SEC);
    dump(0);
    CU_ASSERT_TRUE(is_told(" for 0 ms, 1 poll, 0 ms old\n"));
    nave_runtime_destroy(rt);
}

static void how_long_is_told_in_two_units(void)
{
    static const struct {
        nave_nsec ns;
        const char *text;
    } rows[] = {
        {0, "0 ms"},
        {NAVE_MSEC - 1, "0 ms"},
        {999 * NAVE_MSEC, "999 ms"},
        {NAVE_SEC, "1.0 s"},
        {59999 * NAVE_MSEC, "59.9 s"},
        {NAVE_SEC * 60, "1 min 0 s"},
        {NAVE_SEC * 3599, "59 min 59 s"},
        {NAVE_SEC * 3600, "1 h 0 min"},
        {NAVE_SEC * 86399, "23 h 59 min"},
        {NAVE_SEC * 86400 * 800, "800 d 0 h"},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++)
        CU_ASSERT_STRING_EQUAL(nv_dump_time(rows[i].ns).text, rows[i].text);
}

/* --- blocking calls -------------------------------------------------------------------------- */

static nave_err nothing_run(void *arg, struct nave_blocking_run *now)
{
    (void)arg;
    (void)now;
    return NAVE_OK;
}

static const struct nave_blocking_work nothing = {.size = sizeof(nothing),
                                                  .name = "read file",
                                                  .run = nothing_run};
static struct nave_blocking *blocking;

NAVE_ASYNC(caller, struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(nave_blocking(cx, &f->op, blocking, &nothing, NULL));
    ended++;
    NAVE_CLEANUP();
    NAVE_END();
}

/* Without threads, so that a call waits for its turn until the worker gives it one. */
static void arrange_calls(int count)
{
    static const nave_plugin_entry_fn statics[] = {dumped_plugin_entry_v1, NULL};
    static const char config[] =
        "{\"runtime\": {\"workers\": 1, \"shutdown_timeout\": \"0\", \"blocking_threads\": 0, "
        "\"blocking_queue\": 2}, \"plugins\": {\"test.dumped\": {}}}";
    struct nave_runtime_options o = {.size = sizeof(o), .static_plugins = statics};
    struct nave_worker *w;

    ended = 0;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t"),
                          NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
    blocking = &rt->plugins[0]->blocking.pub;
    w = &rt->plugins[0]->handles[0]->pub;
    while (count-- > 0) {
        struct nave_future *f = NULL;

        CU_ASSERT_EQUAL_FATAL(NAVE_NEW(caller, w, &f), NAVE_OK);
        (void)w->api->spawn(w, f);
    }
    /* The tasks are polled; of their calls one begins a turn. */
    nv_sched_run(rt->threads.each[0].worker);
}

static void a_blocking_call_is_told_by_name_in_the_chain_and_by_itself(void)
{
    arrange_calls(4);
    dump(0);
    CU_ASSERT_TRUE(is_told("      waits for blocking call \"read file\"\n"));
    CU_ASSERT_TRUE(is_told("call \"read file\" of test.dumped: queued for "));
    CU_ASSERT_TRUE(
        is_told("call \"read file\" of test.dumped: waiting for room in the queue for "));
    CU_ASSERT_TRUE(is_told(" ms in lane \"blocking\"\n"));
    CU_ASSERT_TRUE(is_told("\n4 blocking calls, 4 queued\n"));
    dump(1);
    CU_ASSERT_TRUE(is_told("\"call\": \"read file\""));
    CU_ASSERT_TRUE(is_told("\"lane\": \"blocking\""));
    CU_ASSERT_TRUE(is_told("\"calls_queued\": 4"));

    turn(8);
    CU_ASSERT_EQUAL(ended, 4);
    dump(0);
    CU_ASSERT_PTR_NULL(strstr(answer, "blocking call"));
    nave_runtime_destroy(rt);
}

static void very_many_calls_are_counted(void)
{
    const char *at;
    int told = 0;

    arrange_calls(NV_DUMP_CALLS + 7);
    dump(0);
    for (at = answer; (at = strstr(at, "\ncall \"")) != NULL; at++)
        told++;
    CU_ASSERT_EQUAL(told, NV_DUMP_CALLS);
    CU_ASSERT_TRUE(is_told("\n... and 7 more\n"));
    CU_ASSERT_TRUE(is_told("\n263 blocking calls, 263 queued\n"));
    nave_runtime_destroy(rt);
}

/* Who sends it to a slow reader holds a piece and no more. */
static void a_piece_is_no_longer_than_64_kib(void)
{
    static struct nv_dump d;
    size_t before = 0, longest = 0;
    int32_t is_json, has_more, pieces = 0;
    struct nv_out o;

    arrange_calls(NV_DUMP_CALLS - 1);
    for (is_json = 0; is_json < 2; is_json++) {
        answer_len = before = 0;
        nv_out_init(&o, on_text, NULL);
        CU_ASSERT_EQUAL_FATAL(nv_dump_begin(&d, rt, is_json), NAVE_OK);
        do {
            has_more = nv_dump_go_on(&d, &o);
            nv_out_flush(&o);
            longest = answer_len - before > longest ? answer_len - before : longest;
            before = answer_len;
            pieces++;
        } while (has_more);
    }
    CU_ASSERT_TRUE(answer_len > (size_t)100 << 10); /* it would have been longer */
    CU_ASSERT_TRUE(longest > 0 && longest <= (size_t)64 << 10);
    CU_ASSERT_TRUE(pieces > 6);
    nave_runtime_destroy(rt);
}

/* --- for the host program -------------------------------------------------------------------- */

static struct nave_admin *admin_of(void)
{
    struct nave_handle *h = NULL;

    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_ADMIN_ID, 1, sizeof(struct nave_admin_iface),
                                            &h),
                          NAVE_OK);
    answer_len = 0;
    answer[0] = '\0';
    return (struct nave_admin *)(void *)h;
}

static void the_host_program_gets_it_as_text_and_as_json(void)
{
    arrange();
    turn(3);
    CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), NULL, on_text, NULL), NAVE_OK);
    CU_ASSERT_TRUE(is_told("          waits for sleep\n"));
    CU_ASSERT_TRUE(is_told("\n1 task, 1 waiting\n"));
    CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), "text", on_text, NULL), NAVE_OK);
    CU_ASSERT_EQUAL(strncmp(answer, "task ", 5), 0);
    CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), "json", on_text, NULL), NAVE_OK);
    CU_ASSERT_TRUE(is_told("\"function\": \"inner\""));
    nave_runtime_destroy(rt);
}

static void what_is_wrong_is_told_and_nothing_written(void)
{
    static const char config[] = "{\"runtime\": {\"workers\": 1}}";
    struct nave_runtime_options o = {.size = sizeof(o)};

    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), NULL, on_text, NULL), NAVE_ESTATE);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t"),
                          NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), "xml", on_text, NULL), NAVE_EINVAL);
    if (!getenv("NAVE_CHECK")) /* which would not let it come so far */
        CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), NULL, NULL, NULL), NAVE_EINVAL);
    CU_ASSERT_EQUAL(answer_len, 0);
    fail_after(0);
    CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), NULL, on_text, NULL), NAVE_ENOMEM);
    CU_ASSERT_EQUAL(answer_len, 0);
    CU_ASSERT_TRUE(has_failed);
    nave_runtime_stop(rt);
    while (nave_runtime_turn(rt, 0) == NAVE_OK)
        ;
    CU_ASSERT_EQUAL(nave_admin_dump(admin_of(), NULL, on_text, NULL), NAVE_ESTATE);
    CU_ASSERT_EQUAL(answer_len, 0);
    nave_runtime_destroy(rt);
}

/* --- a look in between ----------------------------------------------------------------------- */

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
    TEST(json_is_one_object),
    TEST(a_task_knows_when_it_was_spawned_and_since_when_it_waits),
    TEST(how_long_is_told_in_two_units),
    TEST(a_blocking_call_is_told_by_name_in_the_chain_and_by_itself),
    TEST(very_many_calls_are_counted),
    TEST(a_piece_is_no_longer_than_64_kib),
    TEST(the_host_program_gets_it_as_text_and_as_json),
    TEST(what_is_wrong_is_told_and_nothing_written),
    TEST(a_wake_that_comes_while_it_is_looked_at_is_not_lost),
    TEST(without_a_runtime_that_runs_there_is_no_dump),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"dump", NULL, NULL, NULL, NULL, dump_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

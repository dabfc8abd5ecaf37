/* SPDX-License-Identifier: MIT
 *
 * NAVE_EVENT_BEAT: it comes while every worker turns, and not while one of them hangs.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/worker.h>

#include "test_main.h"

#define TICKS_OF_SILENCE 20 /* turns of worker 0, a millisecond apart, while worker 1 hangs */

static struct nave_runtime *rt;
static struct nave_timer hang_timer, tick_timer;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static uint32_t is_open; /* under the gate's lock */
static uint32_t beats, beats_until, beats_while_hanging, ticks;
static uint32_t must_hang; /* atomic: worker 1 is to hang, or hangs */
static uint32_t is_inside; /* atomic: it hangs                      */

/* --- a plugin whose worker 1 hangs on demand ------------------------------------------------- */

static void hang(struct nave_timer *t, void *arg)
{
    struct nave_worker *w = arg;

    if (__atomic_load_n(&must_hang, __ATOMIC_ACQUIRE)) {
        __atomic_store_n(&is_inside, 1, __ATOMIC_RELEASE);
        pthread_mutex_lock(&gate);
        while (!is_open)
            pthread_cond_wait(&opened, &gate);
        pthread_mutex_unlock(&gate);
        __atomic_store_n(&must_hang, 0, __ATOMIC_RELEASE);
        return;
    }
    nave_timer_start(w, t, NAVE_MSEC, hang, w);
}

/* Worker 0: counts its turns while the other hangs, then lets it go. */
static void tick(struct nave_timer *t, void *arg)
{
    struct nave_worker *w = arg;

    if (__atomic_load_n(&is_inside, __ATOMIC_ACQUIRE) && ++ticks == TICKS_OF_SILENCE) {
        beats_until = beats + 3; /* and then it beats again */
        pthread_mutex_lock(&gate);
        is_open = 1;
        pthread_cond_signal(&opened);
        pthread_mutex_unlock(&gate);
        return;
    }
    if (!ticks)
        beats_while_hanging = beats;
    nave_timer_start(w, t, NAVE_MSEC, tick, w);
}

static nave_err hang_worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    if (w->index == 1)
        nave_timer_start(w, &hang_timer, NAVE_MSEC, hang, w);
    if (w->index == 0 && must_hang)
        nave_timer_start(w, &tick_timer, NAVE_MSEC, tick, w);
    return NAVE_OK;
}

static void hang_worker_stop(void *self, struct nave_worker *w)
{
    (void)self;
    /* One call with either timer lets clang look at both, which is a race to ThreadSanitizer. */
    if (w->index == 0)
        nave_timer_stop(w, &tick_timer);
    if (w->index == 1)
        nave_timer_stop(w, &hang_timer);
}

static const struct nave_plugin_ops hang_ops = {
    .size = sizeof(hang_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = hang_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = hang_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        hang
#define NAVE_PLUGIN_ID          "hang"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          hang_ops
#include <nave/define.h>

/* --- the host -------------------------------------------------------------------------------- */

static void on_event(void *arg, uint32_t event, nave_err err)
{
    (void)arg;
    CU_ASSERT_EQUAL(err, NAVE_OK);
    if (event == NAVE_EVENT_BEAT && ++beats == beats_until)
        nave_runtime_stop(rt);
}

static void run_with(uint32_t workers, nave_nsec beat_ns)
{
    static const nave_plugin_entry_fn statics[] = {hang_plugin_entry_v1, NULL};
    static const char config[] = "{\"plugins\": {\"hang\": {}}}";
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .static_plugins = statics,
                                     .workers = workers,
                                     .event = on_event,
                                     .beat_ns = beat_ns};

    beats = ticks = 0;
    is_inside = 0;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, sizeof(config) - 1, "t"),
                          NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    nave_runtime_destroy(rt);
}

static void it_beats_with_one_worker_and_with_many(void)
{
    static const uint32_t workers[] = {1, 2, 7};
    size_t i;

    for (i = 0; i < NAVE_COUNT(workers); i++) {
        beats_until = 3;
        run_with(workers[i], NAVE_MSEC);
        CU_ASSERT(beats >= 3); /* it goes on while it drains */
    }
}

static void one_worker_that_hangs_is_enough_for_silence(void)
{
    must_hang = 1;
    beats_until = UINT32_MAX;
    run_with(2, NAVE_MSEC);
    CU_ASSERT_EQUAL(ticks, TICKS_OF_SILENCE);
    /* Of 20 turns one beat at most, whose answer came before the worker hung; and a few before it hung,
     * since the turn that counted last, on a machine that is busy. */
    CU_ASSERT(beats_until - 3 - beats_while_hanging <= 4);
    CU_ASSERT(beats >= beats_until);
}

static void without_a_length_of_time_it_never_beats(void)
{
    struct nave_runtime_options o = {.size = sizeof(o), .event = on_event, .beat_ns = -1};
    uint32_t i;

    CU_ASSERT_EQUAL(nave_runtime_create(&o, &rt), NAVE_EINVAL);
    o.beat_ns = 0;
    o.workers = 1;
    beats = 0;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, "{}", 2, "t"), NAVE_OK);
    for (i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_MSEC), NAVE_OK);
    CU_ASSERT_EQUAL(beats, 0);
    nave_runtime_destroy(rt);
}

static void a_runtime_that_turns_by_hand_beats_too(void)
{
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .workers = 1,
                                     .event = on_event,
                                     .beat_ns = NAVE_MSEC};
    uint32_t turns;

    beats = 0;
    beats_until = UINT32_MAX;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, "{}", 2, "t"), NAVE_OK);
    for (turns = 0; beats < 2 && turns < 10000; turns++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_SEC), NAVE_OK); /* the beat ends the wait */
    CU_ASSERT_EQUAL(beats, 2);
    CU_ASSERT(turns < 100);
    nave_runtime_destroy(rt); /* running: it is drained first */
}

static CU_TestInfo tests[] = {
    {"it_beats_with_one_worker_and_with_many", it_beats_with_one_worker_and_with_many},
    {"one_worker_that_hangs_is_enough_for_silence", one_worker_that_hangs_is_enough_for_silence},
    {"without_a_length_of_time_it_never_beats", without_a_length_of_time_it_never_beats},
    {"a_runtime_that_turns_by_hand_beats_too", a_runtime_that_turns_by_hand_beats_too},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"beat", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

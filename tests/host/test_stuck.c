/* SPDX-License-Identifier: MIT
 *
 * A task or callback that does not return: run() does, at the deadline, and says what it was; what the
 * loop may use stays; and when it returns after all, nothing else runs.
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <nave/async.h>
#include <nave/plugin.h>
#include <nave/runtime.h>
#include <nave/sleep.h>
#include <nave/worker.h>

#include "test_main.h"

#include "runtime/runtime.h"

#define WORKERS_MAX 3u
#define WAIT_MOST   (20 * NAVE_SEC) /* for what takes moments */

/* What keeps the workers. */
enum where { IN_TASK = 0, IN_TIMER, IN_JOB, IN_MICROTASK, IN_CLEANUP };

static struct nave_runtime *rt;
static enum where where;
static uint32_t stuck_bits;                              /* workers that do not come back         */
static uint32_t stops;                                   /* how often a stuck worker asks for it  */
static int stop_signal;                                  /* or by which signal; 0: none           */
static uint32_t is_inside, is_outside, may_go_on;        /* atomic: how many loop; they may end   */
static uint32_t polled_after, worker_stops, plugin_ends; /* atomic */
static char reports[16384];
static pthread_mutex_t report_lock = PTHREAD_MUTEX_INITIALIZER;

static struct nave_timer timers[WORKERS_MAX];
static struct nave_job jobs[WORKERS_MAX];

static nave_nsec now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

static uint32_t count_bits(uint32_t bits)
{
    uint32_t n = 0;

    for (; bits; bits &= bits - 1)
        n++;
    return n;
}

/* The last of those that shall loop is there: stop, as this run shall be stopped. */
static void loop(void)
{
    nave_nsec until = now_ns() + WAIT_MOST;
    uint32_t i;

    if (__atomic_add_fetch(&is_inside, 1, __ATOMIC_ACQ_REL) == count_bits(stuck_bits)) {
        for (i = 0; i < stops; i++)
            nave_runtime_stop(rt);
        if (stop_signal)
            kill(getpid(), stop_signal);
    }
    while (!__atomic_load_n(&may_go_on, __ATOMIC_ACQUIRE) && now_ns() < until)
        sched_yield();
    __atomic_fetch_add(&is_outside, 1, __ATOMIC_RELEASE);
}

/* --- a plugin that is stuck ------------------------------------------------------------------ */

NAVE_ASYNC(endless_loop, uint32_t unused;)
{
    NAVE_BEGIN();
    loop();
    NAVE_CLEANUP();
    NAVE_END();
}

/* It is dropped where it waits, and its cleanup does not end. */
NAVE_ASYNC(endless_cleanup, struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, 365 * 24 * 3600 * NAVE_SEC));
    NAVE_CLEANUP();
    loop();
    NAVE_END();
}

/* It is queued behind the loop, and must not run when that ends. */
NAVE_ASYNC(behind, uint32_t unused;)
{
    NAVE_BEGIN();
    if (__atomic_load_n(&may_go_on, __ATOMIC_ACQUIRE))
        __atomic_fetch_add(&polled_after, 1, __ATOMIC_RELAXED);
    NAVE_CLEANUP();
    NAVE_END();
}

/* It takes longer to clean up than there is time. */
NAVE_ASYNC(patient, struct nave_sleep_op sleep; struct nave_timeout limit;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->sleep, 365 * 24 * 3600 * NAVE_SEC));
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, 24 * 3600 * NAVE_SEC,
                nave_sleep(cx, &f->sleep, 365 * 24 * 3600 * NAVE_SEC));
    NAVE_END();
}

static void spawn(struct nave_worker *w, const struct nave_future_iface *api, size_t size)
{
    struct nave_future *f;

    if (w->api->future_new(w, api, size - sizeof(*f), &f) == NAVE_OK)
        (void)w->api->spawn_local(w, f);
}

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    (void)arg;
    loop();
}

static void on_job(struct nave_job *j)
{
    (void)j;
    loop();
}

static void on_first_job(struct nave_job *j)
{
    struct nave_worker *w =
        rt->threads.handles[j - jobs] ? &rt->threads.handles[j - jobs]->pub : NULL;

    j->run = on_job;
    nave_worker_microtask(w, j);
}

static nave_err looper_worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    spawn(w, &patient_api, sizeof(struct patient));
    if (!(stuck_bits >> w->index & 1))
        return NAVE_OK;
    if (where == IN_TIMER) {
        nave_timer_start(w, &timers[w->index], NAVE_MSEC, on_timer, NULL);
    } else if (where == IN_CLEANUP) {
        spawn(w, &endless_cleanup_api, sizeof(struct endless_cleanup));
    } else if (where == IN_TASK) {
        spawn(w, &endless_loop_api, sizeof(struct endless_loop));
        spawn(w, &behind_api, sizeof(struct behind));
    } else {
        jobs[w->index].run = where == IN_JOB ? on_job : on_first_job;
        nave_worker_defer(w, &jobs[w->index]);
    }
    return NAVE_OK;
}

static void looper_worker_stop(void *self, struct nave_worker *w)
{
    (void)self;
    (void)w;
    __atomic_fetch_add(&worker_stops, 1, __ATOMIC_RELAXED);
}

static void looper_end(void *self)
{
    (void)self;
    __atomic_fetch_add(&plugin_ends, 1, __ATOMIC_RELAXED);
}

static const struct nave_plugin_ops looper_ops = {
    .size = sizeof(looper_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = looper_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = looper_worker_stop,
    .stop = looper_end,
    .destroy = looper_end,
};

#define NAVE_PLUGIN_NAME        looper
#define NAVE_PLUGIN_ID          "looper"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          looper_ops
#include <nave/define.h>

/* --- the host -------------------------------------------------------------------------------- */

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len;

    (void)arg;
    pthread_mutex_lock(&report_lock);
    len = strlen(reports);
    if (r->level == NAVE_LOG_ERROR)
        snprintf(reports + len, sizeof(reports) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
    pthread_mutex_unlock(&report_lock);
}

static uint32_t get(const uint32_t *number)
{
    return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

static uint32_t count_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    uint32_t n = 0;

    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static void make(const char *runtime, uint32_t workers, uint32_t flags)
{
    static const nave_plugin_entry_fn statics[] = {looper_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .flags = flags,
                                     .report = on_report,
                                     .static_plugins = statics,
                                     .workers = workers,
                                     .log_level = NAVE_LOG_WARN};
    uint32_t *const counts[] = {&is_inside,    &is_outside,   &may_go_on,
                                &polled_after, &worker_stops, &plugin_ends};
    char config[512];
    size_t i;

    snprintf(config, sizeof(config), "{\"runtime\": %s, \"plugins\": {\"looper\": {}}}", runtime);
    for (i = 0; i < NAVE_COUNT(counts); i++) /* threads that were given up have touched them */
        __atomic_store_n(counts[i], 0, __ATOMIC_SEQ_CST);
    reports[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(rt, config, strlen(config), "t"), NAVE_OK);
    rt->run.patience_ns = 100 * NAVE_MSEC;
}

static void setup(void)
{
    where = IN_TASK;
    stuck_bits = 1;
    stops = 1;
    stop_signal = 0;
}

/* Let the loops end, and wait until their threads have: nothing may happen meanwhile. */
static void let_go(uint32_t threads)
{
    nave_nsec until = now_ns() + WAIT_MOST;

    __atomic_store_n(&may_go_on, 1, __ATOMIC_RELEASE);
    while ((get(&is_outside) < count_bits(stuck_bits) || count_threads() > threads) &&
           now_ns() < until)
        sched_yield();
    CU_ASSERT(count_threads() <= threads);
    CU_ASSERT_EQUAL(get(&polled_after), 0);
}

/* Workers of `bits` are stuck. */
static void run_stuck(uint32_t workers, uint32_t bits)
{
    uint32_t threads = count_threads(), i;
    char line[64];

    stuck_bits = bits;
    make("{\"shutdown_timeout\": \"20ms\"}", workers, stop_signal ? NAVE_RUNTIME_SIGNALS : 0);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
    CU_ASSERT_EQUAL(get(&is_inside), count_bits(bits));
    for (i = 0; i < workers; i++) {
        snprintf(line, sizeof(line), "worker %u did not come back from ", i);
        if (bits >> i & 1) /* a machine that is busy may have kept others, too */
            CU_ASSERT_PTR_NOT_NULL(strstr(reports, line));
    }
    CU_ASSERT_EQUAL(get(&worker_stops), 0); /* it may use what another gives back */
    nave_runtime_destroy(rt);
    CU_ASSERT_EQUAL(get(&plugin_ends), 0);
    let_go(threads);
    CU_ASSERT_EQUAL(get(&worker_stops), 0);
}

static void a_task_that_loops_does_not_keep_run_with_one_worker(void)
{
    run_stuck(1, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(reports, "from \"endless_loop\" of plugin \"looper\" at the end of the drain"));
}

static void it_does_not_keep_it_on_any_of_several_workers(void)
{
    uint32_t bits;

    for (bits = 1; bits < 1u << WORKERS_MAX; bits++)
        run_stuck(WORKERS_MAX, bits);
}

static void what_waits_beside_it_is_told_with_its_place(void)
{
    run_stuck(2, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "task \"patient\", which waits in patient at "));
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "test_stuck.c:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "task \"behind\", polled 0 times"));
}

static void a_callback_that_loops_does_not_either(void)
{
    static const enum where places[] = {IN_TIMER, IN_JOB, IN_MICROTASK};
    size_t i;

    for (i = 0; i < NAVE_COUNT(places); i++) {
        where = places[i];
        run_stuck(2, 1);
        run_stuck(2, 2);
    }
}

static void a_cleanup_that_does_not_end_does_not_either(void)
{
    uint32_t threads = count_threads(), bits;

    where = IN_CLEANUP;
    for (bits = 1; bits < 4; bits++) {
        stuck_bits = bits;
        make("{\"shutdown_timeout\": \"1d\"}", 2, 0);
        CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
        nave_runtime_stop(rt);
        nave_runtime_stop(rt); /* tasks are dropped at once, and not asked before */
        CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
        CU_ASSERT_EQUAL(get(&is_inside), count_bits(bits));
        CU_ASSERT_PTR_NOT_NULL(
            strstr(reports, "did not come back from \"endless_cleanup\" of plugin \"looper\""));
        CU_ASSERT_PTR_NOT_NULL(strstr(reports, "task \"patient\", which waits in patient at "));
        CU_ASSERT_EQUAL(get(&worker_stops), 0);
        nave_runtime_destroy(rt);
        let_go(threads);
        CU_ASSERT_EQUAL(get(&worker_stops), 0);
    }
}

static void a_second_stop_does_not_wait_for_the_deadline(void)
{
    uint32_t threads = count_threads();

    stops = 2;
    make("{\"shutdown_timeout\": \"1d\"}", 1, 0);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
    nave_runtime_destroy(rt);
    let_go(threads);
}

static void a_signal_is_heard_while_worker_0_is_stuck(void)
{
    struct sigaction before, after;

    sigaction(SIGTERM, NULL, &before);
    stops = 0;
    stop_signal = SIGTERM;
    run_stuck(1, 1);
    run_stuck(2, 1);
    sigaction(SIGTERM, NULL, &after);
    CU_ASSERT_EQUAL(before.sa_handler == after.sa_handler, 1);
}

static void *let_go_soon(void *arg)
{
    while (!__atomic_load_n((const uint32_t *)&rt->threads.is_ended, __ATOMIC_ACQUIRE))
        sched_yield();
    __atomic_store_n(&may_go_on, 1, __ATOMIC_RELEASE);
    return arg;
}

static void who_comes_back_in_time_is_not_given_up(void)
{
    pthread_t thread;

    stuck_bits = 2;
    make("{\"shutdown_timeout\": \"20ms\"}", 2, 0);
    rt->run.patience_ns = WAIT_MOST;
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, let_go_soon, NULL), 0);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS); /* others were cut off */
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(get(&worker_stops), 2);
    CU_ASSERT_PTR_NULL(strstr(reports, "did not come back"));
    nave_runtime_destroy(rt);
    CU_ASSERT_EQUAL(get(&plugin_ends), 2);
}

static void the_admin_socket_does_not_stay_behind(void)
{
    uint32_t threads = count_threads();
    char config[256], path[128];
    int was_there;

    snprintf(path, sizeof(path), "%s/nave-stuck-%d", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
             (int)getpid());
    snprintf(config, sizeof(config),
             "{\"shutdown_timeout\": \"20ms\", \"admin\": {\"socket\": \"%s\"}}", path);
    make(config, 1, 0);
    CU_ASSERT_EQUAL(nave_runtime_start(rt), NAVE_OK);
    was_there = access(path, F_OK) == 0;
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_ESTRAGGLERS);
    CU_ASSERT_EQUAL(was_there, 1);
    CU_ASSERT(access(path, F_OK) != 0);
    nave_runtime_destroy(rt);
    let_go(threads);
}

static CU_TestInfo stuck_tests[] = {
    {"a_task_that_loops_does_not_keep_run_with_one_worker",
     a_task_that_loops_does_not_keep_run_with_one_worker},
    {"it_does_not_keep_it_on_any_of_several_workers",
     it_does_not_keep_it_on_any_of_several_workers},
    {"what_waits_beside_it_is_told_with_its_place", what_waits_beside_it_is_told_with_its_place},
    {"a_callback_that_loops_does_not_either", a_callback_that_loops_does_not_either},
    {"a_cleanup_that_does_not_end_does_not_either", a_cleanup_that_does_not_end_does_not_either},
    {"a_second_stop_does_not_wait_for_the_deadline", a_second_stop_does_not_wait_for_the_deadline},
    {"a_signal_is_heard_while_worker_0_is_stuck", a_signal_is_heard_while_worker_0_is_stuck},
    {"who_comes_back_in_time_is_not_given_up", who_comes_back_in_time_is_not_given_up},
    {"the_admin_socket_does_not_stay_behind", the_admin_socket_does_not_stay_behind},
    CU_TEST_INFO_NULL,
};

static void *nothing(void *arg)
{
    return arg;
}

/* A sanitizer may keep a thread of its own beside the first one that is made. */
static int make_a_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL);
}

static CU_SuiteInfo suites[] = {
    {"stuck", make_a_thread, NULL, setup, NULL, stuck_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

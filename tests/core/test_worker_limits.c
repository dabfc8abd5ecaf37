/* SPDX-License-Identifier: MIT
 *
 * A worker at its edges: more posts than a turn takes, turns that use up time, ends in an unusual
 * order, no descriptors left.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_main.h"

#include "worker/sim.h"
#include "worker/worker_state.h"

#define POSTS 6000 /* the half is more than two turns take */

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w;

static void open_worker(uint32_t is_checked)
{
    struct nv_worker_options o = {.is_checked = is_checked,
                                  .poller = &nv_poller_sim,
                                  .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = NAVE_SEC;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
}

/* --- posts ----------------------------------------------------------------------------------- */

struct numbered {
    struct nave_job job;
    uint32_t number;
};

static struct numbered numbered[POSTS];
static uint32_t next_number;
static uint32_t out_of_order;

/* Each of the first half posts one of the second, so that old and new ones meet in every turn. */
static void run_numbered(struct nave_job *j)
{
    struct numbered *n = NAVE_CONTAINER_OF(j, struct numbered, job);

    out_of_order += n->number != next_number++;
    if (n->number < POSTS / 2)
        CU_ASSERT_EQUAL(nave_worker_post(w, &numbered[POSTS / 2 + n->number].job), NAVE_OK);
}

static void post_half(void)
{
    uint32_t i;

    next_number = out_of_order = 0;
    for (i = 0; i < POSTS; i++)
        numbered[i] = (struct numbered){{NULL, run_numbered}, i};
    for (i = 0; i < POSTS / 2; i++)
        CU_ASSERT_EQUAL(nave_worker_post(w, &numbered[i].job), NAVE_OK);
}

static void posts_of_many_turns_keep_their_order(void)
{
    uint32_t turns = 0;

    open_worker(0);
    post_half();
    while (next_number < POSTS && turns++ < 10)
        nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(next_number, POSTS);
    CU_ASSERT_EQUAL(out_of_order, 0);
    CU_ASSERT(turns > 1);
    CU_ASSERT_EQUAL(sim.sleeps, 0);
    nv_worker_destroy(worker);
}

static void closing_the_inbox_runs_what_a_turn_left_over_first(void)
{
    uint32_t turns = 0;

    open_worker(0);
    post_half();
    while (next_number < POSTS / 2 && turns++ < 10)
        nv_worker_turn(worker, 0);
    CU_ASSERT(next_number < POSTS);
    nv_worker_close_inbox(worker); /* some are left over, some are in the inbox */
    CU_ASSERT_EQUAL(next_number, POSTS);
    CU_ASSERT_EQUAL(out_of_order, 0);
    nv_worker_destroy(worker);
}

/* --- time ------------------------------------------------------------------------------------ */

static nave_nsec fired_at;

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    (void)arg;
    fired_at = nave_now(w);
}

static void use_50_ms(struct nave_job *j)
{
    (void)j;
    sim.now_ns += 50 * NAVE_MSEC;
}

static void work_before_the_wait_does_not_make_a_timer_late(void)
{
    struct nave_job slow = {NULL, use_50_ms};
    struct nave_timer t = {0};
    nave_nsec start;

    open_worker(0);
    start = nave_now(w);
    fired_at = 0;
    nave_timer_start(w, &t, 100 * NAVE_MSEC, on_timer, NULL);
    nave_worker_defer(w, &slow);
    nv_worker_turn(worker, 0);
    nv_worker_turn(worker, NAVE_SEC);
    CU_ASSERT_EQUAL(fired_at, start + 100 * NAVE_MSEC);
    nv_worker_destroy(worker);
}

static void a_clock_that_goes_back_is_not_believed(void)
{
    nave_nsec before;

    open_worker(0);
    before = nave_now(w);
    sim.now_ns -= NAVE_SEC / 2;
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_now(w), before);
    nv_worker_destroy(worker);
}

static void a_jump_of_the_clock_fires_once_and_not_in_a_burst(void)
{
    struct nave_timer t = {0};

    open_worker(0);
    nave_timer_start(w, &t, NAVE_MSEC, on_timer, NULL);
    sim.now_ns += 3600 * NAVE_SEC;
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 1);
    CU_ASSERT_EQUAL(fired_at, sim.now_ns);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 0);
    nv_worker_destroy(worker);
}

static void more_timers_than_a_turn_takes_all_fire_without_a_wait(void)
{
    static struct nave_timer t[1000];
    uint32_t i, fired = 0;

    memset(t, 0, sizeof(t));
    open_worker(0);
    for (i = 0; i < NAVE_COUNT(t); i++)
        nave_timer_start(w, &t[i], NAVE_MSEC, on_timer, NULL);
    sim.now_ns += NAVE_SEC;
    for (i = 0; i < 10 && fired < NAVE_COUNT(t); i++)
        fired += nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(fired, NAVE_COUNT(t));
    CU_ASSERT_EQUAL(sim.sleeps, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    nv_worker_destroy(worker);
}

/* --- tasks at the end ------------------------------------------------------------------------ */

static uint32_t polls;
static uint32_t drops;
static struct nave_waker kept;

static nave_poll keep_waker(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    polls++;
    cx->waker->api->clone(cx->waker, &kept);
    return NAVE_PENDING;
}

/* The frame is a block of the worker's memory, which drop gives back. */
static void free_block(struct nave_future *f)
{
    void **block = nave_future_frame(f);

    drops++;
    nave_worker_free(w, *block, 100);
}

static const struct nave_future_iface keeper = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "keeper",
    .poll = keep_waker,
    .drop = free_block,
};

static void spawn_keeper(void)
{
    struct nave_future *f = NULL;

    if (w->api->future_new(w, &keeper, sizeof(void *), &f) != NAVE_OK)
        CU_FAIL_FATAL("no future");
    *(void **)nave_future_frame(f) = nave_worker_alloc(w, 100);
    w->api->spawn(w, f);
}

static void tasks_can_be_made_after_all_were_dropped_in_the_queue(void)
{
    uint32_t i;

    open_worker(0);
    polls = drops = 0;
    for (i = 0; i < 64; i++)
        spawn_keeper();
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(drops, 64);
    for (i = 0; i < 64; i++) /* while the jobs of the dropped are still queued */
        spawn_keeper();
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(polls, 64);
    nv_worker_destroy(worker);
    CU_ASSERT_EQUAL(drops, 128);
}

static void *wake_kept(void *arg)
{
    (void)arg;
    kept.api->wake(&kept);
    return NULL;
}

static void a_wake_that_the_closed_inbox_refused_does_not_deafen_the_task(void)
{
    pthread_t thread;

    open_worker(0);
    polls = drops = 0;
    spawn_keeper();
    nv_worker_turn(worker, 0);
    nv_worker_close_inbox(worker);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, wake_kept, NULL), 0);
    pthread_join(thread, NULL);
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(polls, 1);
    kept.api->wake(&kept);
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(polls, 2);
    nv_worker_destroy(worker);
    CU_ASSERT_EQUAL(drops, 1);
}

static void *turn_and_end(void *arg)
{
    (void)arg;
    nv_worker_attach(worker);
    spawn_keeper();
    nv_worker_turn(worker, 0);
    return NULL;
}

static void a_checked_worker_may_be_destroyed_by_another_thread(void)
{
    pthread_t thread;

    open_worker(1);
    polls = drops = 0;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, turn_and_end, NULL), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(polls, 1);
    nv_worker_destroy(worker); /* the drop of its task frees memory of the worker */
    CU_ASSERT_EQUAL(drops, 1);
}

/* --- descriptors ----------------------------------------------------------------------------- */

/* With room for `n` descriptors more: 0 a worker with epoll, not a lesser backend, 2 the right error, others
 * wrong. A test run may have another backend for all who do not ask (tests/local.mk). */
static int create_with_room_for(unsigned n)
{
    struct nv_worker_options o = {0};
    struct nv_worker *made = NULL;
    struct rlimit limit;
    unsigned used = 0, fd;
    nave_err err;

    for (fd = 0; fd < 256; fd++) /* the lowest numbers are what the limit is about */
        if (dup2(0, (int)fd) == (int)fd)
            used = fd + 1;
    for (fd = used - n; fd < used; fd++)
        close((int)fd);
    limit.rlim_cur = limit.rlim_max = used;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 3;
    err = nv_worker_create(&o, &made);
    if (err == NAVE_OK) {
        const char *of_run = getenv("NAVE_TEST_BACKEND");
        int is_wanted = strcmp(nv_worker_backend(made), of_run && *of_run ? of_run : "epoll") == 0;

        nv_worker_destroy(made);
        return is_wanted ? 0 : 4;
    }
    return err == NAVE_ENOFILES ? 2 : 5;
}

static void without_descriptors_creating_fails_and_the_process_lives(void)
{
    unsigned n;
    int last = -1;

    for (n = 0; n < 10; n++) {
        pid_t child = fork();
        int status = 0;

        CU_ASSERT_FATAL(child >= 0);
        if (child == 0)
            _exit(create_with_room_for(n));
        CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
        CU_ASSERT(WIFEXITED(status));
        last = WEXITSTATUS(status);
        CU_ASSERT(last == 2 || (n >= 5 && last == 0));
    }
    CU_ASSERT_EQUAL(last, 0);
}

#define TEST(name)  \
    {               \
#        name, name \
    }

static CU_TestInfo limit_tests[] = {
    TEST(posts_of_many_turns_keep_their_order),
    TEST(closing_the_inbox_runs_what_a_turn_left_over_first),
    TEST(work_before_the_wait_does_not_make_a_timer_late),
    TEST(a_clock_that_goes_back_is_not_believed),
    TEST(a_jump_of_the_clock_fires_once_and_not_in_a_burst),
    TEST(more_timers_than_a_turn_takes_all_fire_without_a_wait),
    TEST(tasks_can_be_made_after_all_were_dropped_in_the_queue),
    TEST(a_wake_that_the_closed_inbox_refused_does_not_deafen_the_task),
    TEST(a_checked_worker_may_be_destroyed_by_another_thread),
    TEST(without_descriptors_creating_fails_and_the_process_lives),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"worker_limits", NULL, NULL, NULL, NULL, limit_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

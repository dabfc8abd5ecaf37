/* SPDX-License-Identifier: MIT
 *
 * Microtasks: each callback, poll and job of a worker is followed by those that it has added, in order,
 * with those that they add, before anything else of the worker runs.
 *
 * Each test adds a microtask in one kind of callback and has something of the same kind ready behind it:
 * the trace says which came first.
 */
#include <stdint.h>
#include <string.h>

#include "test_main.h"

#include "worker/sim.h"
#include "worker/worker_state.h"

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w; /* what a plugin sees */
static char trace[256];

static void setup(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = NAVE_SEC;
    trace[0] = 0;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
}

static void teardown(void)
{
    nv_worker_destroy(worker);
    worker = NULL;
}

static void note(const char *what)
{
    strncat(trace, what, sizeof(trace) - strlen(trace) - 1);
}

static int was_noted(const char *what)
{
    int is_same = strcmp(trace, what) == 0;

    if (!is_same)
        printf("\n    \"%s\" in place of \"%s\"\n", trace, what);
    return is_same;
}

/* --- microtasks of one callback ---------------------------------------------------------------- */

struct step {
    struct nave_job job;
    const char *name;
    struct step *adds; /* when it runs; NULL: nothing */
};

static void run_step(struct nave_job *j)
{
    struct step *s = NAVE_CONTAINER_OF(j, struct step, job);

    note(s->name);
    if (s->adds)
        nave_worker_microtask(w, &s->adds->job);
}

static struct step third = {{NULL, run_step}, "3 ", NULL};
static struct step second = {{NULL, run_step}, "2 ", NULL};
static struct step first = {{NULL, run_step}, "1 ", &third};

/* What every callback of these tests does: "1" adds "3", which comes behind "2". */
static void add_two(void)
{
    nave_worker_microtask(w, &first.job);
    nave_worker_microtask(w, &second.job);
}

/* --- each kind of callback ---------------------------------------------------------------------- */

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    note(arg);
    if (strcmp(arg, "timer ") == 0)
        add_two();
}

static void they_follow_a_timer_before_the_next_one(void)
{
    static char name[] = "timer ", next[] = "next ";
    struct nave_timer a = {0}, b = {0};

    nave_timer_start(w, &a, 0, on_timer, name);
    nave_timer_start(w, &b, 0, on_timer, next);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("timer 1 2 3 next "));
}

static void on_ready(void *arg, uint32_t ready)
{
    (void)ready;
    note(arg);
    if (strcmp(arg, "io ") == 0)
        add_two();
}

static void they_follow_a_descriptor_before_the_next_one(void)
{
    static char name[] = "io ", next[] = "next ";
    struct nave_io *a, *b;

    CU_ASSERT_EQUAL(w->api->io_open(w, 5, on_ready, name, &a), NAVE_OK);
    CU_ASSERT_EQUAL(w->api->io_open(w, 6, on_ready, next, &b), NAVE_OK);
    nv_sim_ready(&sim, 5, NAVE_IO_READ);
    nv_sim_ready(&sim, 6, NAVE_IO_READ);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("io 1 2 3 next "));
    w->api->io_close(a);
    w->api->io_close(b);
}

static void run_job(struct nave_job *j)
{
    (void)j;
    note("job ");
    add_two();
}

static void run_next(struct nave_job *j)
{
    (void)j;
    note("next ");
}

static void they_follow_a_deferred_job_before_the_next_one(void)
{
    struct nave_job a = {NULL, run_job}, b = {NULL, run_next};

    nave_worker_defer(w, &a);
    nave_worker_defer(w, &b);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("job 1 2 3 next "));
}

static void they_follow_a_posted_job_before_the_next_one(void)
{
    struct nave_job a = {NULL, run_job}, b = {NULL, run_next};

    CU_ASSERT_EQUAL(nave_worker_post(w, &a), NAVE_OK);
    CU_ASSERT_EQUAL(nave_worker_post(w, &b), NAVE_OK);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("job 1 2 3 next "));
}

static void they_follow_a_job_that_was_posted_before_the_inbox_closed(void)
{
    struct nave_job a = {NULL, run_job}, b = {NULL, run_next};

    CU_ASSERT_EQUAL(nave_worker_post(w, &a), NAVE_OK);
    CU_ASSERT_EQUAL(nave_worker_post(w, &b), NAVE_OK);
    nv_worker_close_inbox(worker);
    CU_ASSERT_TRUE(was_noted("job 1 2 3 next "));
}

/* --- tasks -------------------------------------------------------------------------------------- */

/* `in_drop`: the microtasks are of its drop, else of its poll; `polls` more polls, then READY. */
struct frame {
    const char *name;
    uint32_t is_mute, in_drop, polls;
};

static struct frame *frame_of(struct nave_future *f)
{
    return nave_future_frame(f);
}

static nave_poll task_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct frame *t = frame_of(f);

    note(t->name);
    if (!t->is_mute && !t->in_drop)
        add_two();
    if (t->polls == 0 || cx->is_canceled)
        return NAVE_READY;
    t->polls--;
    return nave_yield(cx);
}

static void task_drop(struct nave_future *f)
{
    struct frame *t = frame_of(f);

    if (t->is_mute || !t->in_drop)
        return;
    note("drop ");
    add_two();
}

static nave_err task_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface task_api = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "noting task",
    .poll = task_poll,
    .drop = task_drop,
    .result = task_result,
};

static struct nave_future *make_task(struct frame frame)
{
    struct nave_future *f;

    if (w->api->future_new(w, &task_api, sizeof(frame), &f) != NAVE_OK)
        CU_FAIL_FATAL("no task");
    *frame_of(f) = frame;
    return f;
}

static void spawn(struct frame frame)
{
    (void)w->api->spawn_local(w, make_task(frame));
}

static void they_follow_each_poll_before_the_next_task(void)
{
    spawn((struct frame){.name = "task ", .polls = 1});
    spawn((struct frame){.name = "next ", .is_mute = 1});
    (void)nv_worker_turn(worker, 0);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("task 1 2 3 next task 1 2 3 "));
}

static void they_follow_the_end_of_a_task_before_the_next_one(void)
{
    spawn((struct frame){.name = "task ", .in_drop = 1});
    spawn((struct frame){.name = "next ", .is_mute = 1});
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("task drop 1 2 3 next "));
}

static void they_follow_each_task_that_is_dropped_in_the_end(void)
{
    spawn((struct frame){.name = "task ", .in_drop = 1});
    spawn((struct frame){.name = "task ", .in_drop = 1});
    nv_worker_drop_tasks(worker);
    CU_ASSERT_TRUE(was_noted("drop 1 2 3 drop 1 2 3 "));
}

static void they_follow_a_future_that_nobody_spawned(void)
{
    (void)make_task((struct frame){.name = "task ", .in_drop = 1});
    nv_worker_destroy(worker); /* it is forgotten, and dropped here */
    CU_ASSERT_TRUE(was_noted("drop 1 2 3 "));
    setup();
}

/* --- outside of a turn -------------------------------------------------------------------------- */

/* A host program that has the loop, and the plugin calls of a start: no callback of a turn ends there. */
static void those_of_no_callback_come_first_in_the_next_turn_which_does_not_wait(void)
{
    static char next[] = "next ";
    struct nave_timer t = {0};
    struct nave_io *io;

    nave_timer_start(w, &t, 0, on_timer, next);
    CU_ASSERT_EQUAL(w->api->io_open(w, 5, on_ready, next, &io), NAVE_OK);
    nv_sim_ready(&sim, 5, NAVE_IO_READ);
    add_two();
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("1 2 3 next next "));
    w->api->io_close(io);

    trace[0] = 0;
    nave_timer_start(w, &t, 3600 * NAVE_SEC, on_timer, next);
    add_two();
    (void)nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_TRUE(was_noted("1 2 3 "));
    CU_ASSERT_EQUAL(sim.now_ns, NAVE_SEC); /* an hour was not waited for */
    nave_timer_stop(w, &t);
}

/* --- many --------------------------------------------------------------------------------------- */

struct chain {
    struct nave_job job;
    uint32_t left;
};

static void run_chain(struct nave_job *j)
{
    struct chain *c = NAVE_CONTAINER_OF(j, struct chain, job);

    if (--c->left)
        nave_worker_microtask(w, &c->job); /* the node is free again on entry */
    else
        note("end ");
}

static void run_chain_job(struct nave_job *j)
{
    static struct chain chain = {{NULL, run_chain}, 0};

    (void)j;
    chain.left = 10000;
    nave_worker_microtask(w, &chain.job);
}

static void a_long_chain_ends_before_anything_else_runs(void)
{
    struct nave_job a = {NULL, run_chain_job}, b = {NULL, run_next};

    nave_worker_defer(w, &a);
    nave_worker_defer(w, &b);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_TRUE(was_noted("end next "));
    CU_ASSERT_EQUAL(worker->stats.micro, 10000);
}

static CU_TestInfo tests[] = {
    {"they_follow_a_timer_before_the_next_one", they_follow_a_timer_before_the_next_one},
    {"they_follow_a_descriptor_before_the_next_one", they_follow_a_descriptor_before_the_next_one},
    {"they_follow_a_deferred_job_before_the_next_one",
     they_follow_a_deferred_job_before_the_next_one},
    {"they_follow_a_posted_job_before_the_next_one", they_follow_a_posted_job_before_the_next_one},
    {"they_follow_a_job_that_was_posted_before_the_inbox_closed",
     they_follow_a_job_that_was_posted_before_the_inbox_closed},
    {"they_follow_each_poll_before_the_next_task", they_follow_each_poll_before_the_next_task},
    {"they_follow_the_end_of_a_task_before_the_next_one",
     they_follow_the_end_of_a_task_before_the_next_one},
    {"they_follow_each_task_that_is_dropped_in_the_end",
     they_follow_each_task_that_is_dropped_in_the_end},
    {"they_follow_a_future_that_nobody_spawned", they_follow_a_future_that_nobody_spawned},
    {"those_of_no_callback_come_first_in_the_next_turn_which_does_not_wait",
     those_of_no_callback_come_first_in_the_next_turn_which_does_not_wait},
    {"a_long_chain_ends_before_anything_else_runs", a_long_chain_ends_before_anything_else_runs},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"microtasks", NULL, NULL, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * How workers that share tasks wait and are woken, group.c, scheduler.c and worker.c of core/worker in
 * their own source. A worker or another thread publishes tasks and never comes back to look; the others may be
 * anywhere on their way into the poller or out of it, and have a task, or a callback when they are woken, of
 * their own that lasts for ever. What can be taken is taken: a run in which it waits while a worker sleeps
 * ends as a lost wake-up.
 */
#define MODEL_REDIRECT
#include "worker/stats.h" /* first, with usage.h: numbers of one writer are no steps of the model */

#include "explore.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static int take_lock(void);
static int leave_lock(void);
#define pthread_mutex_lock(m)   ((void)(m), take_lock())
#define pthread_mutex_unlock(m) ((void)(m), leave_lock())
#define pthread_equal(a, b)     ((void)(a), (void)(b), 0)

#define NV_RING_SIZE 4u
#include "worker/worker_state.h"

static struct nv_worker *of_thread[MODEL_THREADS];
#define nv_here of_thread[model_self()]

#include "worker/group.c"
#include "worker/scheduler.c"
#include "worker/wheel.c"
#include "worker/worker.c"

#undef pthread_mutex_lock
#undef pthread_mutex_unlock
#undef pthread_equal
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n
#undef __atomic_compare_exchange_n
#undef __atomic_fetch_and
#undef __atomic_fetch_or
#undef __atomic_fetch_add
#undef __atomic_fetch_sub
#undef __atomic_thread_fence

#include "test_main.h"

#define WORKERS 3u
#define TASKS   7u

static struct nv_worker *workers; /* of WORKERS */
static struct nv_group *group;
static struct nv_task *tasks; /* of TASKS */
static struct nv_worker_handle handle;
static uint32_t bells[WORKERS];
static uint32_t lock;
static uint32_t runs[TASKS];
static uint32_t wanted; /* how many tasks are to be run by somebody */
static uint32_t ran;
static uint32_t is_over;
/* the scenario */
static uint32_t worker_count;
static uint32_t is_asymmetric;
static uint32_t starts_stealing; /* the first stealable task was long ago */
static uint32_t is_busy;         /* worker 1 is posted a task that ends when all is over */
static uint32_t lasts;           /* so does the first task, whoever runs it */
static uint32_t heavy_is_fence;  /* broken: of the caller only */
static uint32_t kept_by;         /* worker 1: by what, when it comes back from its first wait */

#define KEPT_BY_EVENT 1u
#define KEPT_BY_TIMER 2u
#define KEPT_BY_JOB   3u

/* --- what they need of the rest -------------------------------------------------------------- */

static int take_lock(void)
{
    while (model_exchange(&lock, sizeof(lock), 1) != 0)
        model_wait_zero(&lock);
    return 0;
}

/* A store, although most systems have an exchange: less to rely on. */
static int leave_lock(void)
{
    model_store(&lock, sizeof(lock), 0, __ATOMIC_RELEASE);
    return 0;
}

int32_t nv_membarrier_init(void)
{
    return 1;
}

void nv_membarrier(void)
{
    if (heavy_is_fence)
        model_fence(__ATOMIC_SEQ_CST);
    else
        model_membarrier();
}

nave_err nv_task_pool_init(struct nv_task_pool *p, uint64_t max_tasks, uint64_t bytes_max,
                           uint32_t n)
{
    (void)p;
    (void)max_tasks;
    (void)bytes_max;
    (void)n;
    return NAVE_ENOMEM;
}

void nv_task_pool_each(struct nv_task_pool *p, void (*fn)(struct nv_task *t, void *arg), void *arg)
{
    (void)p;
    (void)fn;
    (void)arg;
}

nave_err nv_task_abort(struct nv_task *t, uint64_t id)
{
    (void)t;
    (void)id;
    return NAVE_ESTALE;
}

void nv_task_pool_fini(struct nv_task_pool *p)
{
    (void)p;
}

nave_nsec nv_stat_clock(const struct nv_worker *w)
{
    (void)w;
    return 0;
}

void nv_stat_park(struct nv_worker *w)
{
    (void)w;
}

void nv_stat_unpark(struct nv_worker *w)
{
    (void)w;
}

void nv_stat_wake(struct nv_worker *w)
{
    (void)w;
}

void nv_sample_timer(struct nave_timer *t)
{
    t->fn(t, t->arg);
}

/* Of the life of a worker, which has none here. */
const struct nv_poller_ops nv_poller_libevent;
const struct nave_worker_iface nv_worker_table, nv_worker_checked_table;
const struct nave_waker_iface nv_waker_table, nv_waker_checked_table;
const struct nave_join_iface nv_join_table, nv_join_checked_table;

void nv_slab_init(struct nv_slab *slab, uint64_t bytes_max)
{
    (void)slab;
    (void)bytes_max;
}

void nv_slab_fini(struct nv_slab *slab)
{
    (void)slab;
}

uint64_t nv_thread_number(void)
{
    return 0;
}

void nv_task_drop_all(struct nv_worker *w)
{
    (void)w;
}

void nv_task_fini(struct nv_worker *w)
{
    (void)w;
}

void nv_check_forget(struct nv_check_set *sets)
{
    (void)sets;
}

const char *const *nv_poller_libevent_backends(void)
{
    return NULL;
}

/* --- the poller ------------------------------------------------------------------------------ */

struct nv_poller {
    uint32_t index;
    nave_nsec now_ns;
    uint32_t is_ready; /* a descriptor, the next time that it waited */
};

static struct nv_poller pollers[WORKERS];
static struct nave_timer timer;    /* of worker 1 */
static struct nave_job posted_job; /* to worker 1 */

/* A callback that lasts as long as anything is to be seen. */
static void last(void)
{
    model_wait(&is_over);
}

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    (void)arg;
    last();
}

static void on_posted(struct nave_job *j)
{
    (void)j;
    last();
}

/* model_wait passes a barrier, as a system call does. */
static void ring(struct nv_poller *p)
{
    model_point();
    bells[p->index] = 1;
}

/* As core/worker/reactor_libevent.c. Time passes while it waits, and a descriptor becomes ready. */
static uint32_t wait_and_call(struct nv_poller *p, nave_nsec until_ns, void (*woke)(void *arg),
                              void *arg)
{
    if (until_ns > 0) {
        model_wait(&bells[p->index]);
        p->now_ns = NAVE_SEC;
    }
    bells[p->index] = is_over;
    woke(arg);
    if (!p->is_ready || until_ns == 0)
        return 0;
    p->is_ready = 0;
    nv_worker_calls(arg);
    last();
    return 1;
}

static nave_nsec poller_now(struct nv_poller *p)
{
    return p->now_ns;
}

static const struct nv_poller_ops poller_ops = {.poll = wait_and_call,
                                                .wake = ring,
                                                .now = poller_now,
                                                .wall = poller_now};

void nv_task_run(struct nv_worker *w, struct nv_task *t)
{
    uint32_t i, which = (uint32_t)(t - tasks);

    if (t->pins || (lasts && t == &tasks[0])) { /* until there is nothing left to be seen */
        w->current = t;
        model_wait(&is_over);
        w->current = NULL;
        runs[which]++;
        return;
    }
    if (runs[which]++)
        model_fail("a task was run twice");
    if (++ran == wanted) { /* let everybody go home */
        is_over = 1;
        for (i = 0; i < WORKERS; i++)
            bells[i] = 1;
    }
}

/* --- the threads ----------------------------------------------------------------------------- */

static void begin(void)
{
    uint32_t i;

    memset(workers, 0, WORKERS * sizeof(*workers));
    memset(group, 0, sizeof(*group));
    memset(tasks, 0, TASKS * sizeof(*tasks));
    memset(bells, 0, sizeof(bells));
    memset(runs, 0, sizeof(runs));
    memset(of_thread, 0, sizeof(of_thread));
    lock = ran = is_over = 0;
    group->count = worker_count;
    group->is_asymmetric = is_asymmetric;
    group->is_stealing = starts_stealing;
    for (i = 0; i < worker_count; i++) {
        pollers[i] = (struct nv_poller){.index = i};
        workers[i].poller_ops = &poller_ops;
        workers[i].poller = &pollers[i];
        workers[i].sample_left = UINT32_MAX;
        nv_wheel_init(&workers[i].wheel, 0);
        workers[i].group = group;
        workers[i].index = i;
        workers[i].random = 1 + i;
        workers[i].stats.queue_left = UINT32_MAX;
        group->workers[i] = &workers[i];
    }
    memset(&timer, 0, sizeof(timer));
    timer.worker = &handle.pub;
    timer.fn = on_timer;
    if (kept_by == KEPT_BY_TIMER)
        nv_wheel_start(&workers[1].wheel, &timer, NAVE_SEC);
    pollers[1].is_ready = kept_by == KEPT_BY_EVENT;
    posted_job.run = on_posted;
    handle.worker = &workers[0];
    for (i = 0; i < TASKS; i++)
        tasks[i].owner = &handle;
    if (is_busy) {
        tasks[TASKS - 1].pins = 1;
        tasks[TASKS - 1].home = 1;
    }
}

static void turn(struct nv_worker *w)
{
    nave_nsec until = nv_worker_park(w, NAVE_NEVER);

    if (nv_worker_go_on(w, until) == 0 && until == 0)
        model_yield(); /* it sees work, but others search for it already */
}

static void work_as(uint32_t i)
{
    nv_here = &workers[i];
    while (!is_over)
        turn(&workers[i]);
}

static void work_1(void)
{
    work_as(1);
}

static void work_2(void)
{
    work_as(2);
}

static void work_0(void)
{
    work_as(0);
}

/* Worker 0 in a poll that never ends: what it wakes first goes on its way when the second comes. */
static void push_in_a_poll(void)
{
    struct nv_worker *w = nv_here = &workers[0];

    w->current = &tasks[0];
    nv_sched_requeue(w, &tasks[0]);
    if (wanted > 1)
        nv_sched_requeue(w, &tasks[1]);
    model_point(); /* what it has stored may stay in its buffer */
}

/* A thread that is no worker. */
static void push_from_outside(void)
{
    uint32_t i;

    for (i = 0; i < wanted; i++)
        nv_task_schedule(&tasks[i]);
    model_point();
}

/* One of two such threads. */
static void push_first(void)
{
    nv_task_schedule(&tasks[0]);
    model_point();
}

static void push_second(void)
{
    nv_task_schedule(&tasks[1]);
    model_point();
}

/* Worker 0 wakes more than its ring has room for: half of it goes to the group. */
static void push_too_many(void)
{
    struct nv_worker *w = nv_here = &workers[0];
    uint32_t i;

    w->current = &tasks[0];
    for (i = 0; i < wanted; i++)
        nv_sched_requeue(w, &tasks[i]);
    model_point();
}

/* Who takes the first is away for ever. */
static void push_two_from_outside(void)
{
    nv_task_schedule(&tasks[0]);
    nv_task_schedule(&tasks[1]);
    model_point();
}

/* Worker 1 is elected, and has something else to do that lasts. */
static void push_and_keep_one_busy(void)
{
    struct nv_worker *w = nv_here = &workers[0];

    w->current = &tasks[0];
    nv_task_schedule(&tasks[TASKS - 1]);
    nv_sched_requeue(w, &tasks[0]);
    model_point();
}

/* Worker 1 is elected for what is taken back, finds nothing, and is then kept. */
static void push_and_take_back(void)
{
    struct nv_worker *w = nv_here = &workers[0];
    struct nv_task *t;

    w->current = &tasks[0];
    nv_sched_requeue(w, &tasks[0]);
    t = nv_ring_pop(&w->ring, 0);
    if (t)
        nv_task_run(w, t);
    nv_task_schedule(&tasks[TASKS - 1]);
    nv_sched_requeue(w, &tasks[1]);
    model_point();
}

/* When all others have marked themselves. */
static void push_to_sleepers(void)
{
    while (group->idle[0] != 6)
        model_yield();
    if (kept_by == KEPT_BY_JOB)
        (void)nv_worker_post(&workers[1], &posted_job);
    push_in_a_poll();
}

static void end(void)
{
    if (ran != wanted)
        model_fail("a task was lost");
}

struct scenario {
    const char *name;
    void (*thread[3])(void);
    uint32_t workers;
    uint32_t tasks;
    uint32_t is_first; /* ... stealable task of the group */
    uint32_t is_busy;
    uint32_t lasts;
    uint32_t kept_by;
    uint32_t switches; /* all interleavings with that many; 0: by chance only */
};

static const struct scenario poll_two = {
    "in a poll, 2 workers", {push_in_a_poll, work_1}, 2, 1, .switches = 2};
static const struct scenario poll_more = {
    "two in a poll, 2 workers", {push_in_a_poll, work_1}, 2, 2, .switches = 0};
static const struct scenario poll_three = {
    "in a poll, 3 workers", {push_in_a_poll, work_1, work_2}, 3, 1, .switches = 1};
static const struct scenario outside_two = {
    "from outside, 2 workers", {push_from_outside, work_1, work_0}, 2, 1, .switches = 1};
static const struct scenario first_poll = {"the first, in a poll, 2 workers",
                                           {push_in_a_poll, work_1},
                                           2,
                                           1,
                                           .is_first = 1,
                                           .switches = 3};
static const struct scenario first_outside = {"the first, from outside, 2 workers",
                                              {push_from_outside, work_1, work_0},
                                              2,
                                              1,
                                              .is_first = 1,
                                              .switches = 1};
static const struct scenario outside_at_once = {
    "two from outside at once, 2 workers", {push_first, push_second, work_1}, 2, 2, .switches = 0};
static const struct scenario outside_three = {
    "three from outside, 2 workers", {push_from_outside, work_1, work_0}, 2, 3, .switches = 0};
static const struct scenario overflow_two = {
    "an overflow, 2 workers", {push_too_many, work_1}, 2, 6, .switches = 0};
static const struct scenario overflow_three = {
    "an overflow, 3 workers", {push_too_many, work_1, work_2}, 3, 6, .switches = 0};
static const struct scenario busy = {"one is elected and busy, 3 workers",
                                     {push_and_keep_one_busy, work_1, work_2},
                                     3,
                                     1,
                                     .is_busy = 1,
                                     .switches = 1};
static const struct scenario lasting = {"two from outside, one lasts, 2 workers",
                                        {push_two_from_outside, work_1, work_0},
                                        2,
                                        1,
                                        .lasts = 1,
                                        .switches = 0};
/* The others wait before it begins, for fewer switches. */
static const struct scenario taken_back = {"taken back, one is kept, 3 workers",
                                           {work_1, work_2, push_and_take_back},
                                           3,
                                           2,
                                           .is_busy = 1,
                                           .switches = 0};

/* Worker 1 is elected, and is kept by a callback. */
static const struct scenario event = {"elected, kept by an event, 3 workers",
                                      {work_1, work_2, push_to_sleepers},
                                      3,
                                      2,
                                      .kept_by = KEPT_BY_EVENT};
static const struct scenario timed = {"elected, kept by a timer, 3 workers",
                                      {work_1, work_2, push_to_sleepers},
                                      3,
                                      2,
                                      .kept_by = KEPT_BY_TIMER};
static const struct scenario posted = {"elected, kept by a job, 3 workers",
                                       {work_1, work_2, push_to_sleepers},
                                       3,
                                       2,
                                       .kept_by = KEPT_BY_JOB};
static const struct scenario event_at_any_time = {"kept by an event, 3 workers",
                                                  {push_in_a_poll, work_1, work_2},
                                                  3,
                                                  2,
                                                  .kept_by = KEPT_BY_EVENT};
static const struct scenario timed_at_any_time = {
    "kept by a timer, 3 workers", {push_in_a_poll, work_1, work_2}, 3, 2, .kept_by = KEPT_BY_TIMER};

static struct model_result explore(const struct scenario *s, uint64_t seed)
{
    struct model_test t = {.name = s->name,
                           .begin = begin,
                           .thread = {s->thread[0], s->thread[1], s->thread[2]},
                           .end = end,
                           .switches_max = seed ? 10 : s->switches,
                           .runs_max = seed ? 10000 : 400000,
                           .seed = seed};

    worker_count = s->workers;
    wanted = s->tasks;
    starts_stealing = !s->is_first;
    is_busy = s->is_busy;
    lasts = s->lasts;
    kept_by = s->kept_by;
    return model_explore(&t);
}

static void holds(const struct scenario *s)
{
    struct model_result r;

    if (s->switches) {
        r = explore(s, 0);
        CU_ASSERT_PTR_NULL(r.failure);
        CU_ASSERT_EQUAL(r.is_whole, 1);
    }
    CU_ASSERT_PTR_NULL(explore(s, 7).failure);
}

static void hold_all(void)
{
    holds(&poll_two);
    holds(&poll_more);
    holds(&poll_three);
    holds(&outside_two);
    holds(&first_poll);
    holds(&first_outside);
    holds(&outside_at_once);
}

static void no_wake_up_is_lost_with_a_barrier_on_all_threads(void)
{
    is_asymmetric = 1;
    hold_all();
}

static void nothing_is_lost_through_the_queue_of_the_group(void)
{
    is_asymmetric = 1;
    holds(&outside_three);
    holds(&overflow_two);
    holds(&overflow_three);
    is_asymmetric = 0;
    holds(&overflow_three);
}

static void no_wake_up_is_lost_with_fences_on_both_sides(void)
{
    is_asymmetric = 0;
    hold_all();
}

static void who_is_elected_and_has_work_of_its_own_sends_another(void)
{
    is_asymmetric = 1;
    holds(&busy);
    holds(&lasting);
    holds(&taken_back);
}

static void who_is_elected_and_has_callbacks_of_its_own_sends_another(void)
{
    for (is_asymmetric = 0; is_asymmetric < 2; is_asymmetric++) {
        holds(&event);
        holds(&timed);
        holds(&posted);
        holds(&event_at_any_time);
        holds(&timed_at_any_time);
    }
}

static void fails(const struct scenario *s)
{
#ifdef NV_SANITIZED
    model_breaks = MODEL_RMW_IS_TWO_STEPS;
#endif
    CU_ASSERT_PTR_NOT_NULL(explore(s, 0).failure);
    model_breaks = 0;
}

static void a_heavy_barrier_of_the_caller_only_is_seen_to_fail(void)
{
    is_asymmetric = 1;
    heavy_is_fence = 1;
    fails(&poll_two);
    heavy_is_fence = 0;
}

static int make_memory(void)
{
    workers = aligned_alloc(64, WORKERS * sizeof(*workers));
    group = aligned_alloc(64, (sizeof(*group) + 63) & ~(size_t)63);
    tasks = calloc(TASKS, sizeof(*tasks));
    return !workers || !group || !tasks;
}

static int free_memory(void)
{
    free(workers);
    free(group);
    free(tasks);
    return 0;
}

static CU_TestInfo tests[] = {
    {"no_wake_up_is_lost_with_a_barrier_on_all_threads",
     no_wake_up_is_lost_with_a_barrier_on_all_threads},
    {"no_wake_up_is_lost_with_fences_on_both_sides", no_wake_up_is_lost_with_fences_on_both_sides},
    {"nothing_is_lost_through_the_queue_of_the_group",
     nothing_is_lost_through_the_queue_of_the_group},
    {"who_is_elected_and_has_work_of_its_own_sends_another",
     who_is_elected_and_has_work_of_its_own_sends_another},
    {"who_is_elected_and_has_callbacks_of_its_own_sends_another",
     who_is_elected_and_has_callbacks_of_its_own_sends_another},
    {"a_heavy_barrier_of_the_caller_only_is_seen_to_fail",
     a_heavy_barrier_of_the_caller_only_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of parking", make_memory, free_memory, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * How workers that share tasks wait and are woken, core/group.c and core/scheduler.c in their own source. A
 * worker or another thread publishes tasks and never comes back to look; the others may be anywhere on
 * their way into the poller or out of it, and have a task of their own that lasts for ever. What can be
 * taken is taken: a run in which it waits while a worker sleeps ends as a lost wake-up.
 */
#define MODEL_REDIRECT
#include "stats.h" /* first, with usage.h: numbers of one writer are no steps of the model */

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
#include "worker_state.h"

static struct nv_worker *of_thread[MODEL_THREADS];
#define nv_here of_thread[model_self()]

#include "group.c"
#include "scheduler.c"

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
#define TASKS   3u

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

/* The poller's; model_wait passes a barrier, as a system call does. */
static void ring(struct nv_worker *w)
{
    model_point();
    bells[w->index] = 1;
}

void nv_worker_wake(struct nv_worker *w)
{
    if (nv_inbox_notify(&w->inbox))
        ring(w);
}

nave_err nv_worker_post(struct nv_worker *w, struct nave_job *j)
{
    int32_t must_wake;
    nave_err err = nv_inbox_push(&w->inbox, j, &must_wake);

    if (err == NAVE_OK && must_wake)
        ring(w);
    return err;
}

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
        workers[i].group = group;
        workers[i].index = i;
        workers[i].random = 1 + i;
        workers[i].stats.queue_left = UINT32_MAX;
        group->workers[i] = &workers[i];
    }
    handle.worker = &workers[0];
    for (i = 0; i < TASKS; i++)
        tasks[i].owner = &handle;
    if (is_busy) {
        tasks[TASKS - 1].pins = 1;
        tasks[TASKS - 1].home = 1;
    }
}

/* As nv_worker_park and nv_worker_go_on of worker.c. */
static void turn(struct nv_worker *w)
{
    struct nave_job *j;
    int32_t waits = !w->posted.head && !nv_sched_has_work(w);

    if (waits)
        waits = nv_sched_before_wait(w);
    if (waits)
        waits = nv_inbox_may_wait(&w->inbox);
    if (waits)
        model_wait(&bells[w->index]);
    bells[w->index] = is_over;
    nv_sched_after_wait(w);
    if (waits)
        nv_inbox_wake_up(&w->inbox);
    nv_inbox_answer(&w->inbox);
    nv_inbox_take(&w->inbox, NULL, &w->posted);
    while ((j = nv_jobs_pop(&w->posted)))
        j->run(j);
    if (nv_sched_run(w) == 0 && !waits)
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

static struct model_result explore(const struct scenario *s, uint64_t seed)
{
    struct model_test t = {.name = s->name,
                           .begin = begin,
                           .thread = {s->thread[0], s->thread[1], s->thread[2]},
                           .end = end,
                           .switches_max = seed ? 10 : s->switches,
                           .runs_max = seed ? 20000 : 400000,
                           .seed = seed};

    worker_count = s->workers;
    wanted = s->tasks;
    starts_stealing = !s->is_first;
    is_busy = s->is_busy;
    lasts = s->lasts;
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
}

static void no_wake_up_is_lost_with_a_barrier_on_all_threads(void)
{
    is_asymmetric = 1;
    hold_all();
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
    {"who_is_elected_and_has_work_of_its_own_sends_another",
     who_is_elected_and_has_work_of_its_own_sends_another},
    {"a_heavy_barrier_of_the_caller_only_is_seen_to_fail",
     a_heavy_barrier_of_the_caller_only_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of parking", make_memory, free_memory, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

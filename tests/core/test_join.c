/* SPDX-License-Identifier: MIT
 *
 * Join handles: what they tell, from where they may be used, and that a handle which was given up is
 * told from one that was not.
 */
#include <sched.h>
#include <stdint.h>

#include <nave/exec.h>

#include "test_main.h"

#include "worker/exec.h"
#include "worker/scheduler.h"
#include "worker/sim.h"
#include "workers.h"

/* READY when `may_end`, or canceled; its value is 42 then. */
struct slow {
    uint32_t *may_end; /* atomic; NULL: at once */
    uint32_t value;
    struct nave_waker *keep;
};

static uint32_t drops; /* atomic */

static nave_poll slow_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct slow *s = nave_future_frame(f);

    if (cx->is_canceled)
        return NAVE_READY;
    if (s->may_end && !__atomic_load_n(s->may_end, __ATOMIC_ACQUIRE)) {
        if (s->keep)
            *s->keep = *cx->waker;
        return NAVE_PENDING;
    }
    s->value = 42;
    return NAVE_READY;
}

static void slow_drop(struct nave_future *f)
{
    (void)f;
    __atomic_fetch_add(&drops, 1, __ATOMIC_RELAXED);
}

static nave_err slow_result(struct nave_future *f)
{
    return ((struct slow *)nave_future_frame(f))->value == 42 ? NAVE_OK : NAVE_ECANCELED;
}

static const struct nave_future_iface slow = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "slow",
    .poll = slow_poll,
    .drop = slow_drop,
    .result = slow_result,
};

/* --- one worker, on this thread ---------------------------------------------------------------- */

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w;
static uint32_t may_end;
static struct nave_waker waker;

static void setup(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    drops = may_end = 0;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
}

static void teardown(void)
{
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
    nv_worker_destroy(worker);
}

static struct nave_join spawn_slow(uint32_t *until)
{
    struct nave_join j = {NULL, NULL, 0, 0};
    struct nave_future *f;

    CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &slow, sizeof(struct slow), &f), NAVE_OK);
    ((struct slow *)nave_future_frame(f))->may_end = until;
    ((struct slow *)nave_future_frame(f))->keep = &waker;
    CU_ASSERT_NOT_EQUAL(nave_spawn_join(w, f, 0, &j), 0);
    return j;
}

static void let_it_end(void)
{
    may_end = 1;
    waker.api->wake(&waker);
    (void)nv_worker_turn(worker, 0);
}

static void the_handle_tells_result_and_frame_and_then_is_stale(void)
{
    struct nave_join j = spawn_slow(&may_end), copy = j;
    nave_err result = NAVE_EOF;

    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_join_result(&j, &result), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(result, NAVE_EOF);
    CU_ASSERT_PTR_NULL(nave_join_frame(&j));
    let_it_end();
    CU_ASSERT_EQUAL(drops, 1); /* at its end, not when the handle goes */
    CU_ASSERT_EQUAL(nave_join_result(&j, &result), NAVE_OK);
    CU_ASSERT_EQUAL(result, NAVE_OK);
    CU_ASSERT_EQUAL(((struct slow *)nave_join_frame(&j))->value, 42);
    CU_ASSERT_EQUAL(j.api->wait(&j, 0), NAVE_OK);
    CU_ASSERT_EQUAL(handle.usage.tasks, 1);
    nave_join_drop(&j);
    nave_join_drop(&j); /* none is fine */
    CU_ASSERT_EQUAL(copy.api->result(&copy, &result), NAVE_ESTALE);
    CU_ASSERT_PTR_NULL(nave_join_frame(&copy));
    CU_ASSERT_EQUAL(nave_join_abort(&copy), NAVE_ESTALE);
    CU_ASSERT_EQUAL(copy.api->wait(&copy, 0), NAVE_ESTALE);
    nave_join_drop(&copy); /* given up before: nothing happens */
    (void)nv_worker_turn(worker, 0);
}

static void a_handle_is_stale_when_another_task_lies_in_its_place(void)
{
    struct nave_join first = spawn_slow(NULL), copy = first, second;
    nave_err result;

    (void)nv_worker_turn(worker, 0);
    nave_join_drop(&first);
    (void)nv_worker_turn(worker, 0);
    second = spawn_slow(&may_end);
    CU_ASSERT_PTR_EQUAL(copy.task, second.task);
    CU_ASSERT_EQUAL(nave_join_abort(&copy), NAVE_ESTALE);
    CU_ASSERT_EQUAL(nave_join_result(&copy, &result), NAVE_ESTALE);
    nave_join_drop(&copy);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_join_result(&second, &result), NAVE_EAGAIN);
    let_it_end();
    nave_join_drop(&second);
    (void)nv_worker_turn(worker, 0);
}

static void giving_the_handle_up_lets_the_task_run_on(void)
{
    struct nave_join j = spawn_slow(&may_end);

    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(drops, 0);
    let_it_end();
    CU_ASSERT_EQUAL(drops, 1);
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
}

static void a_task_that_is_asked_to_end_is_told_so(void)
{
    struct nave_join j = spawn_slow(&may_end);
    nave_err result = NAVE_OK;

    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_join_abort(&j), NAVE_OK);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_join_result(&j, &result), NAVE_OK);
    CU_ASSERT_EQUAL(result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(nave_join_abort(&j), NAVE_OK); /* it has ended */
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

static uint32_t told;

static void on_done(struct nave_op *op, void *arg)
{
    (void)arg;
    told++;
    CU_ASSERT_EQUAL(op->result, NAVE_OK);
}

static void a_callback_is_told_once(void)
{
    struct nave_join j = spawn_slow(&may_end);
    struct nave_op op, other;

    told = 0;
    nave_op_init(&op, w, on_done, NULL);
    nave_op_init(&other, w, on_done, NULL);
    CU_ASSERT_EQUAL(j.api->start(&j, &op), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(j.api->start(&j, &op), NAVE_EBUSY);
    CU_ASSERT_EQUAL(j.api->start(&j, &other), NAVE_EBUSY);
    (void)nv_worker_turn(worker, 0);
    let_it_end();
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_EQUAL(j.api->start(&j, &other), NAVE_OK); /* it has ended: at once */
    CU_ASSERT_EQUAL(told, 1);
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

static void a_callback_that_is_taken_back_is_not_called(void)
{
    struct nave_join j = spawn_slow(&may_end);
    struct nave_op op;

    told = 0;
    nave_op_init(&op, w, on_done, NULL);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(j.api->start(&j, &op), NAVE_EAGAIN);
    nave_op_drop(&op);
    CU_ASSERT_EQUAL(j.api->start(&j, &op), NAVE_EAGAIN); /* and may wait again */
    may_end = 1;
    nv_task_run(worker,
                (waker.api->wake(&waker), (struct nv_task *)j.task)); /* it ends: op is posted */
    nave_op_drop(&op);
    nv_sched_forget(worker);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(told, 0);
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

/* A task that waits for another one. */
struct joiner {
    struct nave_join *of;
    struct nave_op op;
    uint32_t is_waiting;
    nave_err told;
};

static nave_poll joiner_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct joiner *s = nave_future_frame(f);

    if (!s->is_waiting)
        (void)nave_join_await(cx, &s->op, s->of);
    s->is_waiting = 1;
    if (nave_op_poll(&s->op) == NAVE_PENDING && !cx->is_canceled)
        return NAVE_PENDING;
    s->told = s->op.result;
    nave_op_drop(&s->op);
    return NAVE_READY;
}

static nave_err joiner_result(struct nave_future *f)
{
    return ((struct joiner *)nave_future_frame(f))->told;
}

static const struct nave_future_iface joiner = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "joiner",
    .poll = joiner_poll,
    .drop = slow_drop,
    .result = joiner_result,
};

static struct nave_join spawn_joiner(struct nave_join *of)
{
    struct nave_join j = {NULL, NULL, 0, 0};
    struct nave_future *f;

    CU_ASSERT_EQUAL_FATAL(w->api->future_new(w, &joiner, sizeof(struct joiner), &f), NAVE_OK);
    ((struct joiner *)nave_future_frame(f))->of = of;
    (void)nave_spawn_join(w, f, NAVE_SPAWN_LOCAL, &j);
    return j;
}

static void a_task_that_waits_is_given_the_result(void)
{
    struct nave_join j = spawn_slow(&may_end), me = spawn_joiner(&j);
    nave_err result = NAVE_OK;

    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_join_result(&me, &result), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_join_abort(&j), NAVE_OK);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_join_result(&me, &result), NAVE_OK);
    CU_ASSERT_EQUAL(result, NAVE_ECANCELED); /* the other's */
    nave_join_drop(&me);
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

static void a_waiting_task_may_end_before_the_one_it_waits_for(void)
{
    struct nave_join j = spawn_slow(&may_end), me = spawn_joiner(&j);

    (void)nv_worker_turn(worker, 0);
    (void)nave_join_abort(&me);
    (void)nv_worker_turn(worker, 0);
    nave_join_drop(&me);
    let_it_end();
    CU_ASSERT_EQUAL(drops, 2);
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

static void a_worker_does_not_wait_for_itself(void)
{
    struct nave_join j = spawn_slow(&may_end);

    nv_here = worker;
    CU_ASSERT_EQUAL(j.api->wait(&j, NAVE_SEC), NAVE_EDEADLOCK);
    nv_here = NULL;
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(j.api->wait(&j, NAVE_SEC), NAVE_EDEADLOCK); /* between its turns */
    nv_worker_let_go(worker, 1);
    CU_ASSERT_EQUAL(j.api->wait(&j, 0), NAVE_ETIMEDOUT);
    nv_worker_attach(worker);
    let_it_end();
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

static void dropping_everything_tells_those_who_wait(void)
{
    struct nave_join j = spawn_slow(&may_end);
    nave_err result = NAVE_OK;

    (void)nv_worker_turn(worker, 0);
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(drops, 1);
    CU_ASSERT_EQUAL(nave_join_result(&j, &result), NAVE_OK);
    CU_ASSERT_EQUAL(result, NAVE_ECANCELED);
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

static void an_idle_task_can_be_held_still_and_misses_no_wake(void)
{
    struct nave_join j = spawn_slow(&may_end);
    nave_err result;

    CU_ASSERT_EQUAL(nv_task_hold_still(j.task), 0); /* it is queued */
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL_FATAL(nv_task_hold_still(j.task), 1);
    CU_ASSERT_EQUAL(nv_task_hold_still(j.task), 0);
    may_end = 1;
    waker.api->wake(&waker);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 0);
    nv_task_let_go(j.task);
    (void)nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(nave_join_result(&j, &result), NAVE_OK);
    nave_join_drop(&j);
    (void)nv_worker_turn(worker, 0);
}

/* --- from threads that are no workers ---------------------------------------------------------- */

static struct workers all;
static struct nv_exec exec;

static void fill(void *frame, void *arg)
{
    ((struct slow *)frame)->may_end = arg;
}

static void take(void *frame, void *arg)
{
    *(uint32_t *)arg = ((struct slow *)frame)->value;
}

static void fill_nothing(void *frame, void *arg)
{
    (void)frame;
    (void)arg;
}

static void any_thread_runs_a_task_to_its_end(void)
{
    uint32_t value = 0, i;
    nave_err result = NAVE_EOF;

    workers_make(&all, 2, 0, 0);
    nv_exec_init(&exec, all.siblings);
    workers_start(&all);
    for (i = 0; i < 200; i++) {
        value = 0;
        CU_ASSERT_EQUAL(nave_block_on(&exec.pub, &slow, sizeof(struct slow), fill_nothing, take,
                                      &value, NAVE_NEVER, &result),
                        NAVE_OK);
        CU_ASSERT_EQUAL(result, NAVE_OK);
        CU_ASSERT_EQUAL(value, 42);
    }
    workers_stop(&all);
    workers_free(&all);
}

static void when_the_time_is_up_the_task_is_asked_to_end(void)
{
    nave_err result = NAVE_EOF;

    drops = may_end = 0;
    workers_make(&all, 2, 0, 0);
    nv_exec_init(&exec, all.siblings);
    workers_start(&all);
    CU_ASSERT_EQUAL(nave_block_on(&exec.pub, &slow, sizeof(struct slow), fill, NULL, &may_end, 0,
                                  &result),
                    NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(result, NAVE_EOF);
    while (__atomic_load_n(&drops, __ATOMIC_RELAXED) == 0)
        sched_yield();
    workers_stop(&all);
    __atomic_store_n(&all.group->is_closed, 1, __ATOMIC_RELEASE);
    CU_ASSERT_EQUAL(nave_block_on(&exec.pub, &slow, sizeof(struct slow), fill, NULL, &may_end, 0,
                                  &result),
                    NAVE_ECLOSED);
    workers_free(&all);
}

static void *give_up_at_any_time(void *arg)
{
    uint32_t i;

    for (i = 0; i < 500; i++) {
        struct nave_join j = {NULL, NULL, 0, 0};
        nave_err result;

        if (exec.pub.api->spawn(&exec.pub, &slow, sizeof(struct slow), NULL, NULL, &j) != NAVE_OK)
            __atomic_fetch_add((uint32_t *)arg, 1, __ATOMIC_RELAXED);
        if (i % 3 == 0 && j.api->wait(&j, i % 2 ? 0 : NAVE_NEVER) == NAVE_OK &&
            nave_join_result(&j, &result) != NAVE_OK)
            __atomic_fetch_add((uint32_t *)arg, 1, __ATOMIC_RELAXED);
        if (i % 5 == 0)
            (void)nave_join_abort(&j);
        nave_join_drop(&j);
    }
    return NULL;
}

static void handles_may_be_given_up_on_any_thread_at_any_time(void)
{
    pthread_t threads[4];
    uint32_t i, bad = 0;

    drops = 0;
    workers_make(&all, 2, 0, 0);
    nv_exec_init(&exec, all.siblings);
    workers_start(&all);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, give_up_at_any_time, &bad), 0);
    for (i = 0; i < 4; i++)
        (void)pthread_join(threads[i], NULL);
    while (__atomic_load_n(&drops, __ATOMIC_RELAXED) < 2000)
        sched_yield();
    workers_stop(&all);
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT_EQUAL(nv_group_tasks(all.group), 0);
    workers_free(&all);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo here[] = {
    TEST(the_handle_tells_result_and_frame_and_then_is_stale),
    TEST(a_handle_is_stale_when_another_task_lies_in_its_place),
    TEST(giving_the_handle_up_lets_the_task_run_on),
    TEST(a_task_that_is_asked_to_end_is_told_so),
    TEST(a_callback_is_told_once),
    TEST(a_callback_that_is_taken_back_is_not_called),
    TEST(a_task_that_waits_is_given_the_result),
    TEST(a_waiting_task_may_end_before_the_one_it_waits_for),
    TEST(a_worker_does_not_wait_for_itself),
    TEST(dropping_everything_tells_those_who_wait),
    TEST(an_idle_task_can_be_held_still_and_misses_no_wake),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo elsewhere[] = {
    TEST(any_thread_runs_a_task_to_its_end),
    TEST(when_the_time_is_up_the_task_is_asked_to_end),
    TEST(handles_may_be_given_up_on_any_thread_at_any_time),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"join, on one worker", NULL, NULL, setup, teardown, here},
    {"join, from other threads", NULL, NULL, NULL, NULL, elsewhere},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

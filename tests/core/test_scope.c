/* SPDX-License-Identifier: MIT
 *
 * Scopes: they end when their children have, and not before; errors, deadlines and calls cancel; a parent that
 * goes lets its children go. On one simulated worker, and on several that run.
 */
#include <sched.h>

#include <nave/async.h>
#include <nave/scope.h>
#include <nave/sleep.h>

#include "failing.h"
#include "test_main.h"

#include "worker/sim.h"
#include "workers.h"

static uint32_t begun, ended, canceled; /* children; atomic */

static void add(uint32_t *n)
{
    __atomic_fetch_add(n, 1, __ATOMIC_RELAXED);
}

static uint32_t get(const uint32_t *n)
{
    return __atomic_load_n(n, __ATOMIC_ACQUIRE);
}

/* Ends after `ns` with `result`; canceled, after `goodbye_ns` more. */
NAVE_ASYNC(child, struct nave_sleep_op sleep; nave_nsec ns, goodbye_ns; nave_err result;
           struct nave_timeout limit; uint32_t * borrowed;)
{
    NAVE_BEGIN();
    add(&begun);
    NAVE_TRY(nave_sleep(cx, &f->sleep, f->ns));
    NAVE_RETURN(f->result);
    NAVE_CLEANUP();
    if (f->async.result == NAVE_ECANCELED)
        add(&canceled);
    if (f->goodbye_ns)
        NAVE_SHIELD(&f->limit, NAVE_SEC, nave_sleep(cx, &f->sleep, f->goodbye_ns));
    if (f->borrowed)
        ++*f->borrowed;
    add(&ended);
    NAVE_END();
}

/* --- one worker, on this thread ---------------------------------------------------------------- */

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w;
static struct nave_scope scope;
static struct nave_op op;
static uint32_t told;

static void setup(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    memset(&op, 0, sizeof(op));
    memset(&scope, 0, sizeof(scope));
    begun = ended = canceled = told = 0;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
    nave_scope_init(w, &scope, NAVE_SCOPE_FAIL_FAST);
}

static void teardown(void)
{
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    nv_worker_destroy(worker);
}

static void turns(void)
{
    while (nv_worker_turn(worker, 0))
        ;
}

static void pass(nave_nsec ns)
{
    sim.now_ns += ns;
    turns();
}

static nave_err spawn(struct nave_scope *s, nave_nsec ns, nave_err result, nave_nsec goodbye_ns)
{
    struct nave_future *f = NULL;

    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(child, w, &f, .ns = ns, .result = result,
                                   .goodbye_ns = goodbye_ns),
                          NAVE_OK);
    return nave_scope_spawn(s, w, f, 0);
}

static void on_done(struct nave_op *o, void *arg)
{
    (void)o;
    (void)arg;
    told++;
}

static nave_err start(void)
{
    nave_op_init(&op, w, on_done, NULL);
    return scope.api->wait(&scope, &op);
}

static void a_scope_without_children_has_ended(void)
{
    CU_ASSERT_EQUAL(start(), NAVE_OK);
    CU_ASSERT_EQUAL(nave_scope_result(&scope), NAVE_OK);
    nave_scope_drop(&scope);
    nave_scope_drop(&scope);
}

static void a_scope_ends_when_its_children_have(void)
{
    CU_ASSERT_EQUAL(spawn(&scope, NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    CU_ASSERT_EQUAL(spawn(&scope, 3 * NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    CU_ASSERT_EQUAL(spawn(&scope, 2 * NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    CU_ASSERT_EQUAL(start(), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(scope.api->wait(&scope, &op), NAVE_EBUSY);
    turns();
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    pass(NAVE_SEC);
    CU_ASSERT_EQUAL(nave_scope_running(&scope), 1);
    CU_ASSERT_EQUAL(told, 0);
    pass(NAVE_SEC);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_EQUAL(ended, 3);
    CU_ASSERT_EQUAL(op.result, NAVE_OK);
    CU_ASSERT_EQUAL(op.value, 0);
    nave_scope_drop(&scope);
}

static void the_first_error_cancels_the_siblings(void)
{
    CU_ASSERT_EQUAL(spawn(&scope, NAVE_SEC, NAVE_ERESET, 0), NAVE_OK);
    CU_ASSERT_EQUAL(spawn(&scope, 60 * NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    CU_ASSERT_EQUAL(spawn(&scope, 60 * NAVE_SEC, NAVE_OK, 100 * NAVE_MSEC), NAVE_OK);
    CU_ASSERT_EQUAL(start(), NAVE_EAGAIN);
    turns();
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    CU_ASSERT_EQUAL(canceled, 2);
    CU_ASSERT_EQUAL(told, 0); /* one says goodbye inside its shield */
    CU_ASSERT_EQUAL(nave_scope_is_canceled(&scope), 1);
    pass(102 * NAVE_MSEC);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_EQUAL(op.result, NAVE_ERESET);
    nave_scope_drop(&scope);
}

static void with_collect_an_error_lets_the_siblings_go_on(void)
{
    nave_scope_init(w, &scope, NAVE_SCOPE_COLLECT);
    CU_ASSERT_EQUAL(spawn(&scope, NAVE_SEC, NAVE_ERESET, 0), NAVE_OK);
    CU_ASSERT_EQUAL(spawn(&scope, 2 * NAVE_SEC, NAVE_EPROTO, 0), NAVE_OK);
    CU_ASSERT_EQUAL(spawn(&scope, 3 * NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    CU_ASSERT_EQUAL(start(), NAVE_EAGAIN);
    turns();
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    pass(NAVE_SEC);
    CU_ASSERT_EQUAL(told, 0);
    pass(NAVE_SEC);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_EQUAL(canceled, 0);
    CU_ASSERT_EQUAL(op.result, NAVE_ERESET);
    CU_ASSERT_EQUAL(op.value, 2);
    nave_scope_drop(&scope);
}

static void more_children_than_one_batch_are_all_canceled(void)
{
    uint32_t i;

    for (i = 0; i < 3 * 16 + 5; i++)
        CU_ASSERT_EQUAL(spawn(&scope, 60 * NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    turns();
    CU_ASSERT_EQUAL(start(), NAVE_EAGAIN);
    nave_scope_cancel(&scope);
    nave_scope_cancel(&scope);
    turns();
    CU_ASSERT_EQUAL(canceled, 53);
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_EQUAL(op.result, NAVE_ECANCELED);
    nave_scope_drop(&scope);
}

static void nothing_is_spawned_into_a_canceled_scope(void)
{
    struct nave_join j = {NULL, NULL, 0, 0};
    struct nave_future *f = NULL;

    nave_scope_cancel(&scope);
    CU_ASSERT_EQUAL(spawn(&scope, 0, NAVE_OK, 0), NAVE_ECANCELED);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(child, w, &f, .ns = 1), NAVE_OK);
    CU_ASSERT_EQUAL(nave_scope_spawn_join(&scope, w, f, 0, &j), NAVE_ECANCELED);
    CU_ASSERT_PTR_NULL(j.api);
    turns();
    CU_ASSERT_EQUAL(begun, 0);
    CU_ASSERT_EQUAL(ended, 2); /* their cleanup ran */
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
    CU_ASSERT_EQUAL(start(), NAVE_OK);
    CU_ASSERT_EQUAL(nave_scope_result(&scope), NAVE_ECANCELED);
}

static void a_child_that_is_aborted_alone_is_an_error(void)
{
    struct nave_join j = {NULL, NULL, 0, 0};
    struct nave_future *f = NULL;
    nave_err result = NAVE_OK;

    nave_scope_init(w, &scope, NAVE_SCOPE_COLLECT);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(child, w, &f, .ns = NAVE_SEC), NAVE_OK);
    CU_ASSERT_EQUAL(nave_scope_spawn_join(&scope, w, f, 0, &j), NAVE_OK);
    CU_ASSERT_EQUAL(start(), NAVE_EAGAIN);
    turns();
    CU_ASSERT_EQUAL(nave_join_abort(&j), NAVE_OK);
    turns();
    CU_ASSERT_EQUAL(told, 1);
    CU_ASSERT_EQUAL(op.result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(nave_join_result(&j, &result), NAVE_OK); /* the handle outlives the scope */
    CU_ASSERT_EQUAL(result, NAVE_ECANCELED);
    nave_scope_drop(&scope);
    nave_join_drop(&j);
    turns();
}

static void a_wait_that_is_taken_back_is_not_told(void)
{
    CU_ASSERT_EQUAL(spawn(&scope, NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    CU_ASSERT_EQUAL(start(), NAVE_EAGAIN);
    turns();
    nave_op_drop(&op);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(told, 0);
    CU_ASSERT_EQUAL(start(), NAVE_OK); /* it may be waited for again */
    nave_scope_drop(&scope);
}

/* --- parents ----------------------------------------------------------------------------------- */

static struct {
    nave_err body, shield;
    uint32_t sum, ends;
} seen;

/* `kids` children of `ns`; their goodbye takes `goodbye_ns`, and is waited for a second. */
NAVE_ASYNC(parent, struct nave_scope scope; struct nave_op op; struct nave_timeout limit;
           nave_nsec ns, goodbye_ns, deadline_ns; uint32_t kids, levels, i, sum;)
{
    struct nave_future *made = NULL;

    NAVE_BEGIN();
    nave_scope_init(cx->worker, &f->scope, NAVE_SCOPE_FAIL_FAST);
    if (f->deadline_ns)
        nave_scope_deadline(cx, &f->scope, f->deadline_ns);
    for (f->i = 0; f->i < f->kids; f->i++) {
        made = NULL;
        if (f->levels > 0)
            NAVE_TRY_NOW(NAVE_NEW(parent, cx->worker, &made, .ns = f->ns, .kids = f->kids,
                                  .goodbye_ns = f->goodbye_ns, .levels = f->levels - 1));
        else
            NAVE_TRY_NOW(NAVE_NEW(child, cx->worker, &made, .ns = f->ns,
                                  .goodbye_ns = f->goodbye_ns,
                                  .borrowed = f->goodbye_ns > NAVE_SEC ? NULL : &f->sum));
        NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, made, 0));
    }
    NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope));
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
    nave_scope_drop(&f->scope);
    seen.body = f->async.result;
    seen.shield = f->limit.head.result;
    seen.sum += f->sum;
    seen.ends++;
    NAVE_END();
}

static struct nave_join spawn_parent(const struct parent *like)
{
    struct nave_join j = {NULL, NULL, 0, 0};
    struct nave_future *f = NULL;

    memset(&seen, 0, sizeof(seen));
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(parent, w, &f, .ns = like->ns, .goodbye_ns = like->goodbye_ns,
                                   .deadline_ns = like->deadline_ns, .kids = like->kids,
                                   .levels = like->levels),
                          NAVE_OK);
    (void)nave_spawn_join(w, f, 0, &j);
    turns();
    return j;
}

static nave_err result_of(struct nave_join *j)
{
    nave_err result = NAVE_EAGAIN;

    (void)nave_join_result(j, &result);
    nave_join_drop(j);
    turns();
    return result;
}

static void a_task_awaits_its_children(void)
{
    struct nave_join j = spawn_parent(&(struct parent){.ns = NAVE_SEC, .kids = 5});

    CU_ASSERT_EQUAL(begun, 5);
    CU_ASSERT_EQUAL(seen.ends, 0);
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    CU_ASSERT_EQUAL(result_of(&j), NAVE_OK);
    CU_ASSERT_EQUAL(seen.sum, 5); /* what they wrote into the frame of the parent */
}

static void the_deadline_cancels_and_is_the_result(void)
{
    struct nave_join j = spawn_parent(&(
        struct parent){.ns = 60 * NAVE_SEC, .kids = 5, .deadline_ns = nave_deadline(w, NAVE_SEC)});

    pass(NAVE_SEC - 2 * NAVE_MSEC);
    CU_ASSERT_EQUAL(canceled, 0);
    pass(4 * NAVE_MSEC);
    CU_ASSERT_EQUAL(canceled, 5);
    CU_ASSERT_EQUAL(((struct nv_task *)j.task)->pins, 1); /* alone: every task is local */
    CU_ASSERT_EQUAL(result_of(&j), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(seen.sum, 5);
}

static void a_deadline_that_is_not_reached_leaves_nothing(void)
{
    struct nave_join j = spawn_parent(&(
        struct parent){.ns = NAVE_SEC, .kids = 2, .deadline_ns = nave_deadline(w, 60 * NAVE_SEC)});

    CU_ASSERT_EQUAL(((struct nv_task *)j.task)->pins, 2);
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    CU_ASSERT_EQUAL(((struct nv_task *)j.task)->pins, 1);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(result_of(&j), NAVE_OK);
}

static void a_deadline_can_be_moved(void)
{
    CU_ASSERT_EQUAL(spawn(&scope, 10 * NAVE_SEC, NAVE_OK, 0), NAVE_OK);
    scope.api->deadline(&scope, w, NULL, NAVE_SEC);
    scope.api->deadline(&scope, w, NULL, 3 * NAVE_SEC);
    turns();
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(nave_scope_is_canceled(&scope), 0);
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    CU_ASSERT_EQUAL(nave_scope_result(&scope), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(start(), NAVE_OK);
    nave_scope_drop(&scope);
}

static void cancel_flows_down(void)
{
    struct nave_join j =
        spawn_parent(&(struct parent){.ns = 60 * NAVE_SEC, .kids = 3, .levels = 2});

    CU_ASSERT_EQUAL(begun, 27);
    CU_ASSERT_EQUAL(nave_join_abort(&j), NAVE_OK);
    turns();
    CU_ASSERT_EQUAL(canceled, 27);
    CU_ASSERT_EQUAL(seen.ends, 13);
    CU_ASSERT_EQUAL(seen.sum, 27);
    CU_ASSERT_EQUAL(seen.shield, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(result_of(&j), NAVE_ECANCELED);
}

static void children_that_do_not_come_in_time_are_let_go(void)
{
    struct nave_join j = spawn_parent(
        &(struct parent){.ns = 60 * NAVE_SEC, .kids = 20, .goodbye_ns = 60 * NAVE_SEC});

    CU_ASSERT_EQUAL(nave_join_abort(&j), NAVE_OK);
    turns();
    CU_ASSERT_EQUAL(seen.ends, 0);
    pass(NAVE_SEC - 5 * NAVE_MSEC);
    CU_ASSERT_EQUAL(seen.ends, 0);
    sim.now_ns += 7 * NAVE_MSEC;
    turns();
    CU_ASSERT_EQUAL(seen.ends, 1);
    CU_ASSERT_EQUAL(seen.shield, NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(result_of(&j), NAVE_ECANCELED);
    turns();
    CU_ASSERT_EQUAL(ended, 20);
}

static void a_parent_that_is_dropped_lets_its_children_go(void)
{
    static struct parent it; /* no task: this test polls and drops it */
    struct nave_waker waker = {.api = worker->waker_api};
    struct nave_cx cx = {.worker = w, .waker = &waker, .budget = 128};

    memset(&it, 0, sizeof(it));
    memset(&seen, 0, sizeof(seen));
    it.async.future.api = &parent_api;
    it.ns = 60 * NAVE_SEC;
    it.goodbye_ns = 2 * NAVE_SEC;
    it.kids = 40;
    CU_ASSERT_EQUAL(it.async.future.api->poll(&it.async.future, &cx), NAVE_PENDING);
    turns();
    CU_ASSERT_EQUAL(begun, 40);
    it.async.future.api->drop(&it.async.future);
    CU_ASSERT_EQUAL(seen.ends, 1);
    memset(&it, 0xee, sizeof(it)); /* nobody looks at the scope any more */
    turns();
    CU_ASSERT_EQUAL(canceled, 40);
    pass(NAVE_SEC + 2 * NAVE_MSEC); /* their shields: a second at most */
    CU_ASSERT_EQUAL(ended, 40);
}

static void everything_may_be_dropped_in_any_order(void)
{
    struct nave_join j =
        spawn_parent(&(struct parent){.ns = 60 * NAVE_SEC,
                                      .goodbye_ns = 2 * NAVE_SEC,
                                      .kids = 3,
                                      .levels = 2,
                                      .deadline_ns = nave_deadline(w, 60 * NAVE_SEC)});

    CU_ASSERT_EQUAL(begun, 27);
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(ended, 27);
    CU_ASSERT_EQUAL(seen.ends, 13);
    CU_ASSERT_EQUAL(result_of(&j), NAVE_ECANCELED);
}

static void a_child_that_cannot_be_made_cancels_those_that_were(void)
{
    struct nave_join j;
    long n;

    for (n = 0; n < 10; n++) {
        uint32_t before = ended;
        nave_err result;

        worker->group->pool.left = 0; /* credits: as many tasks as are left of them */
        worker->cache.credit = (uint32_t)n + 1;
        j = spawn_parent(&(struct parent){.ns = NAVE_SEC, .kids = 5});
        pass(NAVE_SEC + 2 * NAVE_MSEC);
        result = result_of(&j);
        CU_ASSERT_EQUAL(result, n < 5 ? NAVE_ELIMIT : NAVE_OK);
        CU_ASSERT_EQUAL(seen.ends, 1);
        CU_ASSERT_EQUAL(ended - before, n < 5 ? (uint32_t)n : 5);
    }
}

static void nothing_is_allocated_but_the_children(void)
{
    struct nave_join j;

    j = spawn_parent(&(struct parent){.ns = NAVE_SEC, .kids = 5}); /* pools are warm */
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    CU_ASSERT_EQUAL(result_of(&j), NAVE_OK);
    fail_after(0);
    j = spawn_parent(&(
        struct parent){.ns = NAVE_SEC, .kids = 5, .deadline_ns = nave_deadline(w, 60 * NAVE_SEC)});
    pass(NAVE_SEC + 2 * NAVE_MSEC);
    CU_ASSERT_EQUAL(has_failed, 0);
    fail_after(-1);
    CU_ASSERT_EQUAL(result_of(&j), NAVE_OK);
}

/* --- several workers, each on a thread --------------------------------------------------------- */

#define THREADS 3u
#define ROUNDS  400u

static struct workers all;
static uint32_t parents; /* that have ended; atomic */
static uint32_t early;   /* scopes that ended before a child; atomic */

/* Yields some times, on whichever worker; then an error, or not. */
NAVE_ASYNC(busy, uint32_t left, fails, sees; uint32_t * live;)
{
    NAVE_BEGIN();
    while (f->left-- > 0) {
        f->sees = cx->is_canceled;
        NAVE_YIELD();
    }
    NAVE_RETURN(f->fails ? NAVE_ERESET : NAVE_OK);
    NAVE_CLEANUP();
    __atomic_fetch_sub(f->live, 1, __ATOMIC_RELAXED);
    NAVE_END();
}

/* What is live is counted in the frame: a scope that ends too early is seen, and by TSan. */
NAVE_ASYNC(busy_parent, struct nave_scope scope; struct nave_op op; struct nave_timeout limit;
           uint32_t round, i, live;)
{
    struct nave_future *made = NULL;

    NAVE_BEGIN();
    nave_scope_init(cx->worker, &f->scope, f->round & 1);
    for (f->i = 0; f->i < 20; f->i++) {
        made = NULL;
        NAVE_TRY_NOW(NAVE_NEW(busy, cx->worker, &made, .left = (f->i * 7 + f->round) % 13,
                              .fails = f->round % 3 == 0 && f->i == f->round % 20,
                              .live = &f->live));
        __atomic_fetch_add(&f->live, 1, __ATOMIC_RELAXED);
        NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, made, 0));
        if (f->round % 5 == 0 && f->i == 10)
            NAVE_YIELD();
    }
    if (f->round % 7 == 0)
        nave_scope_cancel(&f->scope);
    NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope));
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, 600 * NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
    if (!(f->async.flags & NAVE_ASYNC_IS_DROPPED) &&
        __atomic_load_n(&f->live, __ATOMIC_RELAXED) != 0)
        add(&early);
    nave_scope_drop(&f->scope);
    __atomic_fetch_add(&parents, 1, __ATOMIC_RELEASE);
    NAVE_END();
}

static struct nv_task *spawned(struct nave_future *f)
{
    struct nave_join j;

    (void)nave_spawn_join(&all.handles[0].pub, f, 0, &j);
    nave_join_drop(&j);
    return j.task;
}

static void parents_on_workers(uint32_t is_checked)
{
    uint32_t i;

    parents = early = 0;
    workers_make_with(&all, THREADS, 0, 0, is_checked);
    nv_worker_attach(all.each[0]);
    for (i = 0; i < ROUNDS; i++) {
        struct nave_future *f = NULL;

        CU_ASSERT_EQUAL_FATAL(NAVE_NEW(busy_parent, &all.handles[0].pub, &f, .round = i), NAVE_OK);
        (void)spawned(f);
    }
    workers_start(&all);
    while (get(&parents) < ROUNDS)
        sched_yield();
    workers_stop(&all);
    CU_ASSERT_EQUAL(early, 0);
    workers_free(&all);
}

static void children_end_on_any_worker(void)
{
    parents_on_workers(0);
}

static void checked_mode_finds_nothing_wrong_with_them(void)
{
    parents_on_workers(1);
}

/* A scope of the test, whose children nobody borrows from; canceled and dropped here while they end. */
static struct nave_scope shared;
static uint32_t live;

NAVE_ASYNC(filler, uint32_t i; uint32_t * is_full;)
{
    struct nave_future *made = NULL;

    NAVE_BEGIN();
    for (f->i = 0; f->i < 50; f->i++) {
        made = NULL;
        NAVE_TRY_NOW(NAVE_NEW(busy, cx->worker, &made, .left = f->i % 13, .fails = f->i == 33,
                              .live = &live));
        __atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
        NAVE_TRY_NOW(nave_scope_spawn(&shared, cx->worker, made, 0));
    }
    NAVE_CLEANUP();
    __atomic_store_n(f->is_full, 1, __ATOMIC_RELEASE);
    NAVE_END();
}

static void a_round_of(uint32_t round, int32_t is_dropped)
{
    struct nave_future *f = NULL;
    uint32_t is_full = 0, i;

    nave_scope_init(&all.handles[0].pub, &shared, NAVE_SCOPE_FAIL_FAST);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(filler, &all.handles[0].pub, &f, .is_full = &is_full), NAVE_OK);
    (void)spawned(f);
    /* Nobody spawns into what is dropped. */
    for (i = 0; !get(&is_full) && (is_dropped || (round % 3 && i < 1000)); i++)
        (void)nv_worker_turn(all.each[0], 0);
    if (!is_dropped)
        nave_scope_cancel(&shared);
    else
        nave_scope_drop(&shared);
    if (is_dropped)
        memset(&shared, 0xee, sizeof(shared));
    while (!get(&is_full) || get(&live) > 0 || (!is_dropped && nave_scope_running(&shared)))
        (void)nv_worker_turn(all.each[0], 0);
    if (!is_dropped)
        nave_scope_drop(&shared);
}

static void children_end_while_the_scope_is_canceled_or_dropped(void)
{
    uint32_t i;

    live = 0;
    workers_make(&all, THREADS, 0, 0);
    nv_worker_attach(all.each[0]);
    for (i = 1; i < THREADS; i++) {
        workers_threads[i].all = &all;
        workers_threads[i].index = i;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&all.threads[i], NULL, workers_main,
                                             &workers_threads[i]),
                              0);
    }
    for (i = 0; i < ROUNDS; i++)
        a_round_of(i, (int32_t)(i & 1));
    __atomic_store_n(&all.is_ended, 1, __ATOMIC_RELEASE);
    for (i = 1; i < THREADS; i++)
        nv_worker_wake(all.each[i]);
    for (i = 1; i < THREADS; i++)
        (void)pthread_join(all.threads[i], NULL);
    CU_ASSERT_EQUAL(live, 0);
    workers_free(&all);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo here[] = {
    TEST(a_scope_without_children_has_ended),
    TEST(a_scope_ends_when_its_children_have),
    TEST(the_first_error_cancels_the_siblings),
    TEST(with_collect_an_error_lets_the_siblings_go_on),
    TEST(more_children_than_one_batch_are_all_canceled),
    TEST(nothing_is_spawned_into_a_canceled_scope),
    TEST(a_child_that_is_aborted_alone_is_an_error),
    TEST(a_wait_that_is_taken_back_is_not_told),
    TEST(a_task_awaits_its_children),
    TEST(the_deadline_cancels_and_is_the_result),
    TEST(a_deadline_that_is_not_reached_leaves_nothing),
    TEST(a_deadline_can_be_moved),
    TEST(cancel_flows_down),
    TEST(children_that_do_not_come_in_time_are_let_go),
    TEST(a_parent_that_is_dropped_lets_its_children_go),
    TEST(everything_may_be_dropped_in_any_order),
    TEST(a_child_that_cannot_be_made_cancels_those_that_were),
    TEST(nothing_is_allocated_but_the_children),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo threads[] = {
    TEST(children_end_on_any_worker),
    TEST(checked_mode_finds_nothing_wrong_with_them),
    TEST(children_end_while_the_scope_is_canceled_or_dropped),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"scopes, on one worker", NULL, NULL, setup, teardown, here},
    {"scopes, on several workers", NULL, NULL, NULL, NULL, threads},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

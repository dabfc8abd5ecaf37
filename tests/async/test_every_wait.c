/* SPDX-License-Identifier: MIT
 *
 * Everything that can be waited for can be given up in every way and at every moment, and what it waited for
 * is not lost: one thing is given, and in the end it was taken by the one who waited, or is there for the next.
 *
 * Each row is one operation. It is waited for under a deadline (of an op, of a future), in a select before and
 * behind a timer, and in a task that is asked to end or dropped. What it waits for comes in time, in the moment
 * in which the wait is given up, or after that.
 */
#include <stdlib.h>
#include <string.h>

#include <nave/async.h>
#include <nave/channel.h>
#include <nave/deadline.h>
#include <nave/host.h>
#include <nave/notify.h>
#include <nave/scope.h>
#include <nave/select.h>
#include <nave/sleep.h>

#include "test_main.h"

#include "sync/channel.h"
#include "sync/locks.h"
#include "worker/sim.h"
#include "worker/worker_state.h"

#define PATIENCE (10 * NAVE_MSEC)

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w;
static struct nv_channels channels;
static struct nv_locks locks;
static struct nave_host host;
static size_t bytes; /* of channels, not given back */

static void *count_mem(struct nave_host *h, void *ptr, size_t old, size_t now)
{
    (void)h;
    bytes += now - old;
    if (now)
        return malloc(now);
    free(ptr);
    return NULL;
}

static const struct nave_host_iface host_table = {.mem = count_mem};

static void open_rig(void)
{
    struct nv_worker_options o = {.poller = &nv_poller_sim, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    sim.now_ns = NAVE_SEC;
    bytes = 0;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        CU_FAIL_FATAL("no worker");
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
    host.api = &host_table;
    nv_channels_init(&channels, NULL, &host);
    nv_locks_init(&locks, NULL, 0);
}

static void close_rig(void)
{
    nv_worker_destroy(worker);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(handle.usage.tasks, 0);
    CU_ASSERT_EQUAL(bytes, 0);
}

static void settle(void)
{
    int i;

    for (i = 0; i < 1000 && nv_worker_turn(worker, 0) > 0; i++)
        continue;
    CU_ASSERT(i < 1000);
}

/* --- the operations ------------------------------------------------------------------------------ */

struct row {
    const char *name;
    void (*open)(void);
    struct nave_op *(*start)(struct nave_cx *cx, struct nave_op *op);
    void (*give)(void);
    int (*is_left)(void); /* after give: it is there for another one           */
    void (*close)(int was_taken);
    int stays; /* it is not used up by who takes it: an end, a result               */
};

static uint64_t item; /* what is sent, and received into: not a local */

static struct nave_mpsc *tx;
static struct nave_mpsc_rx *rx;

static void mpsc_open(void)
{
    const struct nave_mpsc_options o = {.size = sizeof(o), .item_size = 8, .capacity = 1};

    CU_ASSERT_EQUAL_FATAL(nave_mpsc_new(&channels.pub, &o, &tx, &rx), NAVE_OK);
}

static void mpsc_open_full(void)
{
    mpsc_open();
    CU_ASSERT_EQUAL(nave_mpsc_try_send(tx, &item), NAVE_OK);
}

static void mpsc_close(int was_taken)
{
    (void)was_taken;
    nave_mpsc_drop(tx);
    nave_mpsc_rx_drop(rx);
}

static struct nave_op *recv_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_mpsc_recv(cx, op, rx, &item);
}

static struct nave_op *recv_many_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_mpsc_recv_many(cx, op, rx, &item, 1);
}

static void recv_give(void)
{
    CU_ASSERT_EQUAL(nave_mpsc_try_send(tx, &item), NAVE_OK);
}

static int recv_is_left(void)
{
    return nave_mpsc_try_recv(rx, &item) == NAVE_OK;
}

static struct nave_op *send_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_mpsc_send(cx, op, tx, &item);
}

static struct nave_op *reserve_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_mpsc_reserve(cx, op, tx);
}

static void room_give(void)
{
    uint64_t first;

    CU_ASSERT_EQUAL(nave_mpsc_try_recv(rx, &first), NAVE_OK);
}

static int room_is_left(void)
{
    return nave_mpsc_available(tx) == 1;
}

static void reserve_close(int was_taken)
{
    if (was_taken)
        nave_mpsc_release(tx);
    mpsc_close(was_taken);
}

static struct nave_op *mpsc_closed_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_mpsc_closed(cx, op, tx);
}

static void mpsc_closed_give(void)
{
    nave_mpsc_rx_close(rx);
}

static int mpsc_closed_is_left(void)
{
    return nave_mpsc_is_closed(tx);
}

static struct nave_oneshot *one_tx;
static struct nave_oneshot_rx *one_rx;

static void oneshot_open(void)
{
    CU_ASSERT_EQUAL_FATAL(nave_oneshot_new(&channels.pub, 8, &one_tx, &one_rx), NAVE_OK);
}

static void oneshot_close(int was_taken)
{
    (void)was_taken;
    nave_oneshot_drop(one_tx);
    nave_oneshot_rx_drop(one_rx);
}

static struct nave_op *oneshot_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_oneshot_recv(cx, op, one_rx, &item);
}

static void oneshot_give(void)
{
    CU_ASSERT_EQUAL(nave_oneshot_send(one_tx, &item), NAVE_OK);
    one_tx = NULL;
}

static int oneshot_is_left(void)
{
    return nave_oneshot_try_recv(one_rx, &item) == NAVE_OK;
}

static struct nave_op *oneshot_closed_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_oneshot_closed(cx, op, one_tx);
}

static void oneshot_closed_give(void)
{
    nave_oneshot_rx_close(one_rx);
}

static int oneshot_closed_is_left(void)
{
    return nave_oneshot_is_closed(one_tx);
}

static struct nave_broadcast *news;
static struct nave_broadcast_rx *news_rx;

static void broadcast_open(void)
{
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_new(&channels.pub, 8, 2, &news), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_subscribe(news, &news_rx), NAVE_OK);
}

static void broadcast_close(int was_taken)
{
    (void)was_taken;
    nave_broadcast_drop(news);
    nave_broadcast_rx_drop(news_rx);
}

static struct nave_op *broadcast_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_broadcast_recv(cx, op, news_rx, &item);
}

static void broadcast_give(void)
{
    CU_ASSERT_EQUAL(nave_broadcast_send(news, &item), NAVE_OK);
}

static int broadcast_is_left(void)
{
    return nave_broadcast_try_recv(news_rx, &item, NULL) == NAVE_OK;
}

static struct nave_op *broadcast_closed_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_broadcast_closed(cx, op, news);
}

static void broadcast_closed_give(void)
{
    nave_broadcast_rx_drop(news_rx);
    news_rx = NULL;
}

static int broadcast_closed_is_left(void)
{
    return nave_broadcast_receivers(news) == 0;
}

static struct nave_watch *state;
static struct nave_watch_rx *state_rx;

static void watch_open(void)
{
    CU_ASSERT_EQUAL_FATAL(nave_watch_new(&channels.pub, 8, &item, &state), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_watch_subscribe(state, &state_rx), NAVE_OK);
}

static void watch_close(int was_taken)
{
    (void)was_taken;
    nave_watch_drop(state);
    nave_watch_rx_drop(state_rx);
}

static struct nave_op *watch_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_watch_changed(cx, op, state_rx, &item);
}

static void watch_give(void)
{
    nave_watch_send(state, &item);
}

static int watch_is_left(void)
{
    return nave_watch_has_changed(state_rx) == NAVE_OK;
}

static struct nave_op *watch_closed_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_watch_closed(cx, op, state);
}

static void watch_closed_give(void)
{
    nave_watch_rx_drop(state_rx);
    state_rx = NULL;
}

static int watch_closed_is_left(void)
{
    return nave_watch_receivers(state) == 0;
}

/* Locks are free in the end: they have none. */
static struct nave_mutex mutex;

static void mutex_open(void)
{
    locks.pub.api->mutex_init(&locks.pub, &mutex);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&mutex), NAVE_OK);
}

static struct nave_op *mutex_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_mutex_lock(cx, op, &mutex);
}

static void mutex_give(void)
{
    nave_mutex_unlock(&mutex);
}

static int mutex_is_left(void)
{
    return nave_mutex_try_lock(&mutex) == NAVE_OK;
}

static void nothing_to_close(int was_taken)
{
    (void)was_taken;
}

static struct nave_rwlock rwlock;

static void rwlock_open(void)
{
    locks.pub.api->rwlock_init(&locks.pub, &rwlock);
    CU_ASSERT_EQUAL(rwlock.api->try_write(&rwlock), NAVE_OK);
}

static struct nave_op *read_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_rwlock_read(cx, op, &rwlock);
}

static struct nave_op *write_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_rwlock_write(cx, op, &rwlock);
}

static void rwlock_give(void)
{
    nave_rwlock_write_unlock(&rwlock);
}

static int rwlock_is_left(void)
{
    return rwlock.api->try_write(&rwlock) == NAVE_OK;
}

static struct nave_semaphore semaphore;

static void semaphore_open(void)
{
    CU_ASSERT_EQUAL(locks.pub.api->semaphore_init(&locks.pub, &semaphore, 0), NAVE_OK);
}

static struct nave_op *semaphore_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_semaphore_acquire(cx, op, &semaphore, 3);
}

static void semaphore_give(void)
{
    CU_ASSERT_EQUAL(nave_semaphore_release(&semaphore, 3), NAVE_OK);
}

static int semaphore_is_left(void)
{
    return nave_semaphore_try_acquire(&semaphore, 3) == NAVE_OK;
}

static void on_done(struct nave_op *op, void *arg)
{
    (void)op;
    (void)arg;
}

static struct nave_notify notify;

static void notify_open(void)
{
    locks.pub.api->notify_init(&locks.pub, &notify);
}

static struct nave_op *notify_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_notify_wait(cx, op, &notify);
}

static void notify_give(void)
{
    nave_notify_one(&notify);
}

static int notify_is_left(void)
{
    struct nave_op op;
    nave_err err;

    nave_op_init(&op, w, on_done, NULL);
    err = notify.api->wait(&notify, &op);
    nave_op_drop(&op);
    return err == NAVE_OK;
}

static struct nave_barrier barrier;
static struct nave_op arrival; /* of the other one */

static void barrier_open(void)
{
    CU_ASSERT_EQUAL(locks.pub.api->barrier_init(&locks.pub, &barrier, 2), NAVE_OK);
    nave_op_init(&arrival, w, on_done, NULL);
}

static struct nave_op *barrier_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_barrier_arrive(cx, op, &barrier);
}

static void barrier_give(void)
{
    nave_err err = barrier.api->arrive(&barrier, &arrival);

    CU_ASSERT(err == NAVE_OK || err == NAVE_EAGAIN);
    arrival.reserved = err == NAVE_EAGAIN;
}

static int has_given_up; /* before anything was given */

/* Who gave up before is not counted: the other one waits. Who had come when the other did has met it. */
static int barrier_is_left(void)
{
    return (int)arrival.reserved == has_given_up;
}

static void barrier_close(int was_taken)
{
    (void)was_taken;
    nave_op_drop(&arrival);
}

static struct nave_once once;

static void once_open(void)
{
    struct nave_op op;

    locks.pub.api->once_init(&locks.pub, &once);
    nave_op_init(&op, w, on_done, NULL);
    CU_ASSERT_EQUAL(once.api->enter(&once, &op), NAVE_OK);
    CU_ASSERT_EQUAL(op.value, 1);
}

static struct nave_op *once_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_once_enter(cx, op, &once);
}

static void once_give(void)
{
    nave_once_failed(&once); /* the next one is to do it */
}

static int once_is_left(void)
{
    struct nave_op op;
    nave_err err;
    int is_mine;

    nave_op_init(&op, w, on_done, NULL);
    err = once.api->enter(&once, &op);
    is_mine = err == NAVE_OK && op.value == 1;
    nave_op_drop(&op);
    return is_mine;
}

/* A child that ends when it is told to. */
static struct nave_notify may_end;
static struct nave_join child;
static struct nave_scope scope;

NAVE_ASYNC(obedient, struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(nave_notify_wait(cx, &f->op, &may_end));
    NAVE_CLEANUP();
    NAVE_END();
}

static struct nave_future *make_child(void)
{
    struct nave_future *f = NULL;

    locks.pub.api->notify_init(&locks.pub, &may_end);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(obedient, w, &f), NAVE_OK);
    return f;
}

static void join_open(void)
{
    (void)nave_spawn_join(w, make_child(), 0, &child);
    settle();
}

static struct nave_op *join_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_join_await(cx, op, &child);
}

static void child_give(void)
{
    nave_notify_one(&may_end);
    settle();
}

static int join_is_left(void)
{
    nave_err result = NAVE_EIO;

    return nave_join_result(&child, &result) == NAVE_OK && result == NAVE_OK;
}

static void join_close(int was_taken)
{
    (void)was_taken;
    nave_join_drop(&child);
}

static void scope_open(void)
{
    nave_scope_init(w, &scope, NAVE_SCOPE_COLLECT);
    CU_ASSERT_EQUAL(nave_scope_spawn(&scope, w, make_child(), 0), NAVE_OK);
    settle();
}

static struct nave_op *scope_start(struct nave_cx *cx, struct nave_op *op)
{
    return nave_scope_wait(cx, op, &scope);
}

static int scope_is_left(void)
{
    return nave_scope_running(&scope) == 0;
}

static void scope_close(int was_taken)
{
    (void)was_taken;
    nave_scope_drop(&scope);
}

static const struct row rows[] = {
    {"mpsc recv", mpsc_open, recv_start, recv_give, recv_is_left, mpsc_close, 0},
    {"mpsc recv many", mpsc_open, recv_many_start, recv_give, recv_is_left, mpsc_close, 0},
    {"mpsc send", mpsc_open_full, send_start, room_give, room_is_left, mpsc_close, 0},
    {"mpsc reserve", mpsc_open_full, reserve_start, room_give, room_is_left, reserve_close, 0},
    {"mpsc closed", mpsc_open, mpsc_closed_start, mpsc_closed_give, mpsc_closed_is_left, mpsc_close,
     1},
    {"oneshot recv", oneshot_open, oneshot_start, oneshot_give, oneshot_is_left, oneshot_close, 0},
    {"oneshot closed", oneshot_open, oneshot_closed_start, oneshot_closed_give,
     oneshot_closed_is_left, oneshot_close, 1},
    {"broadcast recv", broadcast_open, broadcast_start, broadcast_give, broadcast_is_left,
     broadcast_close, 0},
    {"broadcast closed", broadcast_open, broadcast_closed_start, broadcast_closed_give,
     broadcast_closed_is_left, broadcast_close, 1},
    {"watch changed", watch_open, watch_start, watch_give, watch_is_left, watch_close, 0},
    {"watch closed", watch_open, watch_closed_start, watch_closed_give, watch_closed_is_left,
     watch_close, 1},
    {"mutex lock", mutex_open, mutex_start, mutex_give, mutex_is_left, nothing_to_close, 0},
    {"rwlock read", rwlock_open, read_start, rwlock_give, rwlock_is_left, nothing_to_close, 0},
    {"rwlock write", rwlock_open, write_start, rwlock_give, rwlock_is_left, nothing_to_close, 0},
    {"semaphore acquire", semaphore_open, semaphore_start, semaphore_give, semaphore_is_left,
     nothing_to_close, 0},
    {"notify wait", notify_open, notify_start, notify_give, notify_is_left, nothing_to_close, 0},
    {"barrier arrive", barrier_open, barrier_start, barrier_give, barrier_is_left, barrier_close,
     1},
    {"once enter", once_open, once_start, once_give, once_is_left, nothing_to_close, 0},
    {"join", join_open, join_start, child_give, join_is_left, join_close, 1},
    {"scope wait", scope_open, scope_start, child_give, scope_is_left, scope_close, 1},
};

/* --- the ways to wait ---------------------------------------------------------------------------- */

enum way { OP_DEADLINE, FUTURE_DEADLINE, BEFORE_A_TIMER, BEHIND_A_TIMER, ABORTED, DROPPED, WAYS };
static const char *const ways[WAYS] = {"a deadline on the op",    "a deadline on the future",
                                       "a select before a timer", "a select behind a timer",
                                       "a task asked to end",     "a task dropped"};
enum moment { IN_TIME, JUST_BEFORE, JUST_AFTER, LATER, MOMENTS };
static const char *const moments[MOMENTS] = {"in time", "just before", "just after", "later"};

static const struct row *row;
static int has_taken;

NAVE_ASYNC(waiter, enum way way; struct nave_op op; struct nave_op_limit limit;
           struct nave_timeout t; struct nave_select select; struct nave_arm arms[2];
           struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    if (f->way == OP_DEADLINE) {
        NAVE_AWAIT(nave_op_timeout(cx, &f->limit, row->start(cx, &f->op), PATIENCE));
        has_taken = NAVE_RESULT() == NAVE_OK;
    } else if (f->way == FUTURE_DEADLINE) {
        NAVE_AWAIT(nave_timeout(cx, &f->t, PATIENCE, row->start(cx, &f->op)));
        has_taken = NAVE_RESULT() == NAVE_OK;
    } else if (f->way == BEFORE_A_TIMER) {
        NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_BIASED, row->start(cx, &f->op),
                    nave_sleep(cx, &f->sleep, PATIENCE));
        has_taken = f->select.winner == 0 && NAVE_RESULT() == NAVE_OK;
    } else if (f->way == BEHIND_A_TIMER) {
        NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_BIASED, nave_sleep(cx, &f->sleep, PATIENCE),
                    row->start(cx, &f->op));
        has_taken = f->select.winner == 1 && NAVE_RESULT() == NAVE_OK;
    } else {
        NAVE_AWAIT(row->start(cx, &f->op));
        has_taken = NAVE_RESULT() == NAVE_OK;
    }
    NAVE_CLEANUP();
    NAVE_END();
}

/* The wait is given up; what that means is seen when the worker turns. */
static void give_up(enum way way, struct nave_join *j)
{
    if (way == ABORTED)
        CU_ASSERT_EQUAL(nave_join_abort(j), NAVE_OK)
    else if (way != DROPPED)
        sim.now_ns += 2 * PATIENCE;
}

static void finish(enum way way)
{
    if (way == DROPPED)
        nv_worker_drop_tasks(worker);
    settle();
}

static void run_one(enum way way, enum moment moment)
{
    struct nave_future *f = NULL;
    struct nave_join j;
    int is_left;

    open_rig();
    item = 7;
    has_taken = 0;
    row->open();
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(waiter, w, &f, .way = way), NAVE_OK);
    (void)nave_spawn_join(w, f, 0, &j);
    settle();
    CU_ASSERT_FALSE(has_taken);
    if (moment == IN_TIME) {
        row->give();
        settle();
        CU_ASSERT(has_taken);
    }
    if (moment == JUST_BEFORE)
        row->give();
    give_up(way, &j);
    if (moment == JUST_AFTER)
        row->give();
    finish(way);
    has_given_up = moment == LATER;
    if (moment == LATER) {
        CU_ASSERT_FALSE(has_taken);
        row->give();
        settle();
    }
    is_left = row->is_left();
    if (row->stays ? !is_left : has_taken + is_left != 1) {
        printf("\n    %s, in %s, given %s: taken %d, left %d", row->name, ways[way],
               moments[moment], has_taken, is_left);
        CU_FAIL("what was given is lost, or was taken twice");
    }
    nave_join_drop(&j);
    row->close(has_taken);
    settle();
    close_rig();
}

static void nothing_is_lost(void)
{
    uint32_t way, moment;

    for (row = rows; row < rows + NAVE_COUNT(rows); row++)
        for (way = 0; way < WAYS; way++)
            for (moment = 0; moment < MOMENTS; moment++)
                /* A drop of everything takes the child as well, so it does not end by itself. */
                if (way != DROPPED || moment == IN_TIME || row->give != child_give)
                    run_one((enum way)way, (enum moment)moment);
}

static CU_TestInfo tests[] = {
    {"nothing_is_lost", nothing_is_lost},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"every wait, given up in every way at every moment", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

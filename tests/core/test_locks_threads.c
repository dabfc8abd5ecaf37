/* SPDX-License-Identifier: MIT
 *
 * Locks between threads: two workers on threads of their own, with tasks and with callbacks, and plain
 * threads that block, try and give up, 24 together. What a lock guards is plain memory, so that a race
 * is seen by ThreadSanitizer and by the sums. Bounded by counts; nothing sleeps.
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nave/notify.h>

#include "test_main.h"

#include "sync/locks.h"
#include "worker/poller.h"
#include "worker/worker_state.h"

#define WORKERS 2u
#define TASKS   4u  /* of each worker, and as many callbacks */
#define THREADS 22u /* 24 with the workers                   */
#define ROUNDS  2000u

static struct nv_locks locks;
static struct nv_worker *workers[WORKERS];
static struct nv_worker_handle handles[WORKERS];
static pthread_t worker_threads[WORKERS];
static uint32_t is_over; /* atomic */
static uint32_t ended;   /* atomic: of those who use the lock */

/* What is used, and the plain memory that it guards. */
static struct nave_mutex mutex;
static struct nave_rwlock rwlock;
static struct nave_semaphore semaphore;
static struct nave_notify notify;
static uint64_t sum, twin;
static uint32_t inside; /* atomic: holders of the semaphore */
static uint32_t tokens; /* atomic: what notify tells of     */

/* One user on a worker: again and again takes, uses, gives. */
struct user {
    struct nave_job job;
    struct nave_op op;
    struct nave_worker *w;
    uint32_t left;
    uint32_t chance;
    uint32_t is_started;
    struct nave_future *f;
};

/* How a lock is used; one of these for each test. */
struct use {
    nave_err (*start)(struct nave_op *op, uint32_t chance);
    nave_err (*wait)(uint32_t chance, nave_nsec timeout_ns);
    nave_err (*try)(uint32_t chance); /* may be NULL */
    void (*body)(uint32_t chance);    /* held; gives back */
};
static const struct use *use;

/* --- users on workers ------------------------------------------------------------------------ */

static void callback_go_on(struct user *u);

static void callback_done(struct nave_op *op, void *arg)
{
    struct user *u = arg;

    if (op->result == NAVE_OK)
        use->body(u->chance);
    u->left--;
    u->chance = u->chance * 31 + 7;
    callback_go_on(u);
}

static void callback_go_on(struct user *u)
{
    while (u->left) {
        nave_err err;

        nave_op_init(&u->op, u->w, callback_done, u);
        err = use->start(&u->op, u->chance);
        if (err == NAVE_EAGAIN && u->chance % 8 == 3)
            nave_op_drop(&u->op); /* gives up: waiting, or served and unseen */
        else if (err == NAVE_EAGAIN)
            return;
        else if (err == NAVE_OK)
            use->body(u->chance);
        u->left--;
        u->chance = u->chance * 31 + 7;
    }
    __atomic_fetch_add(&ended, 1u, __ATOMIC_RELEASE);
}

static nave_poll user_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct user *u = *(struct user **)nave_future_frame(f);

    while (u->left) {
        if (!u->is_started) {
            u->is_started = 1;
            nave_op_await(&u->op, cx);
            (void)nave_lock_started_(&u->op, use->start(&u->op, u->chance));
        }
        if (nave_op_poll(&u->op) == NAVE_PENDING) {
            if (u->chance % 8 != 3)
                return NAVE_PENDING;
            nave_op_drop(&u->op);
        } else if (u->op.result == NAVE_OK) {
            use->body(u->chance);
        }
        u->is_started = 0;
        u->left--;
        u->chance = u->chance * 31 + 7;
        if (!nave_cx_spend(cx)) {
            cx->waker->api->wake(cx->waker);
            return NAVE_PENDING;
        }
    }
    __atomic_fetch_add(&ended, 1u, __ATOMIC_RELEASE);
    return NAVE_READY;
}

static void user_drop(struct nave_future *f)
{
    (void)f;
}

static nave_err user_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface user_table = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "user",
    .poll = user_poll,
    .drop = user_drop,
    .result = user_result,
};

static void begin_callbacks(struct nave_job *j)
{
    callback_go_on(NAVE_CONTAINER_OF(j, struct user, job));
}

static void begin_task(struct nave_job *j)
{
    struct user *u = NAVE_CONTAINER_OF(j, struct user, job);

    u->w->api->spawn_local(u->w, u->f);
}

static void *worker_main(void *arg)
{
    struct nv_worker *w = arg;

    nv_worker_attach(w);
    while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE))
        nv_worker_turn(w, NAVE_NEVER);
    return NULL;
}

/* --- plain threads --------------------------------------------------------------------------- */

static void *thread_main(void *arg)
{
    uint32_t chance = (uint32_t)(uintptr_t)arg, left = ROUNDS;

    while (left--) {
        nave_err err;

        chance = chance * 31 + 7;
        if (use->try && chance % 4 == 1)
            err = use->try(chance);
        else
            err = use->wait(chance, chance % 8 == 3 ? (nave_nsec)(chance % 1000) : NAVE_NEVER);
        if (err == NAVE_OK)
            use->body(chance);
        else if (err != NAVE_EAGAIN && err != NAVE_ETIMEDOUT)
            __atomic_store_n(&twin, UINT64_MAX, __ATOMIC_RELAXED); /* shown at the end */
    }
    __atomic_fetch_add(&ended, 1u, __ATOMIC_RELEASE);
    return NULL;
}

static time_t seconds(void)
{
    struct timespec now = {0, 0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void run(const struct use *what)
{
    static struct user users[WORKERS * TASKS * 2];
    pthread_t threads[THREADS];
    const time_t until = seconds() + 120;
    uint32_t i;

    use = what;
    ended = is_over = 0;
    memset(users, 0, sizeof(users));
    for (i = 0; i < WORKERS; i++) {
        struct nv_worker_options o = {.index = i};

        CU_ASSERT_EQUAL_FATAL(nv_worker_create(&o, &workers[i]), NAVE_OK);
        nv_worker_attach(workers[i]);
        nv_worker_handle_init(&handles[i], workers[i], "acme");
    }
    for (i = 0; i < NAVE_COUNT(users); i++) {
        struct user *u = &users[i];
        uint32_t home = i % WORKERS;

        u->w = &handles[home].pub;
        u->left = ROUNDS;
        u->chance = i * 7919u;
        u->job.run = i / WORKERS % 2 ? begin_task : begin_callbacks;
        nv_worker_attach(workers[home]);
        CU_ASSERT_EQUAL_FATAL(u->w->api->future_new(u->w, &user_table, sizeof(u), &u->f), NAVE_OK);
        *(struct user **)nave_future_frame(u->f) = u;
        CU_ASSERT_EQUAL(nv_worker_post(workers[home], &u->job), NAVE_OK);
    }
    for (i = 0; i < WORKERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&worker_threads[i], NULL, worker_main, workers[i]), 0);
    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, thread_main,
                                             (void *)(uintptr_t)(i * 104729u)),
                              0);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    while (__atomic_load_n(&ended, __ATOMIC_ACQUIRE) < THREADS + NAVE_COUNT(users) &&
           seconds() < until)
        sched_yield();
    CU_ASSERT_EQUAL(ended, THREADS + NAVE_COUNT(users));
    __atomic_store_n(&is_over, 1u, __ATOMIC_RELEASE);
    for (i = 0; i < WORKERS; i++) {
        nv_worker_wake(workers[i]);
        pthread_join(worker_threads[i], NULL);
        nv_worker_destroy(workers[i]);
    }
}

/* --- mutex ----------------------------------------------------------------------------------- */

static nave_err mutex_start(struct nave_op *op, uint32_t chance)
{
    (void)chance;
    return mutex.api->lock(&mutex, op);
}

static nave_err mutex_wait(uint32_t chance, nave_nsec timeout_ns)
{
    (void)chance;
    return mutex.api->lock_wait(&mutex, timeout_ns);
}

static nave_err mutex_try(uint32_t chance)
{
    (void)chance;
    return mutex.api->try_lock(&mutex);
}

static void mutex_body(uint32_t chance)
{
    (void)chance;
    sum++;
    twin++;
    nave_mutex_unlock(&mutex);
}

static void a_mutex_is_held_by_one(void)
{
    static const struct use what = {mutex_start, mutex_wait, mutex_try, mutex_body};

    sum = twin = 0;
    locks.pub.api->mutex_init(&locks.pub, &mutex);
    run(&what);
    CU_ASSERT_EQUAL(sum, twin);
    CU_ASSERT(sum > 0);
    CU_ASSERT_EQUAL(nave_mutex_try_lock(&mutex), NAVE_OK); /* nothing was lost */
    CU_ASSERT_PTR_NULL(mutex.state.first);
}

/* --- read-write lock ------------------------------------------------------------------------- */

static nave_err rwlock_start(struct nave_op *op, uint32_t chance)
{
    return chance % 3 ? rwlock.api->read(&rwlock, op) : rwlock.api->write(&rwlock, op);
}

static nave_err rwlock_wait(uint32_t chance, nave_nsec timeout_ns)
{
    return chance % 3 ? rwlock.api->read_wait(&rwlock, timeout_ns)
                      : rwlock.api->write_wait(&rwlock, timeout_ns);
}

static nave_err rwlock_try(uint32_t chance)
{
    return chance % 3 ? rwlock.api->try_read(&rwlock) : rwlock.api->try_write(&rwlock);
}

static uint32_t differ; /* atomic */

static void rwlock_body(uint32_t chance)
{
    if (chance % 3) {
        if (sum != twin)
            __atomic_store_n(&differ, 1u, __ATOMIC_RELAXED);
        nave_rwlock_read_unlock(&rwlock);
        return;
    }
    sum++;
    twin++;
    if (chance % 2) {
        rwlock.api->downgrade(&rwlock);
        nave_rwlock_read_unlock(&rwlock);
    } else {
        nave_rwlock_write_unlock(&rwlock);
    }
}

static void a_writer_is_alone(void)
{
    static const struct use what = {rwlock_start, rwlock_wait, rwlock_try, rwlock_body};

    sum = twin = differ = 0;
    locks.pub.api->rwlock_init(&locks.pub, &rwlock);
    run(&what);
    CU_ASSERT_EQUAL(differ, 0);
    CU_ASSERT_EQUAL(sum, twin);
    CU_ASSERT(sum > 0);
    CU_ASSERT_EQUAL(rwlock.api->try_write(&rwlock), NAVE_OK);
    CU_ASSERT_PTR_NULL(rwlock.state.first);
}

/* --- semaphore ------------------------------------------------------------------------------- */

#define PERMITS 5u

static nave_err semaphore_start(struct nave_op *op, uint32_t chance)
{
    return semaphore.api->acquire(&semaphore, op, chance % PERMITS + 1);
}

static nave_err semaphore_wait(uint32_t chance, nave_nsec timeout_ns)
{
    return semaphore.api->acquire_wait(&semaphore, chance % PERMITS + 1, timeout_ns);
}

static nave_err semaphore_try(uint32_t chance)
{
    return semaphore.api->try_acquire(&semaphore, chance % PERMITS + 1);
}

static void semaphore_body(uint32_t chance)
{
    uint32_t n = chance % PERMITS + 1;

    if (__atomic_add_fetch(&inside, n, __ATOMIC_RELAXED) > PERMITS)
        __atomic_store_n(&differ, 1u, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&inside, n, __ATOMIC_RELAXED);
    (void)nave_semaphore_release(&semaphore, n);
}

static void no_more_permits_are_held_than_there_are(void)
{
    static const struct use what = {semaphore_start, semaphore_wait, semaphore_try, semaphore_body};

    inside = differ = 0;
    CU_ASSERT_EQUAL(locks.pub.api->semaphore_init(&locks.pub, &semaphore, PERMITS), NAVE_OK);
    run(&what);
    CU_ASSERT_EQUAL(differ, 0);
    CU_ASSERT_EQUAL(semaphore.api->available(&semaphore), PERMITS);
    CU_ASSERT_PTR_NULL(semaphore.state.first);
}

/* --- notify ---------------------------------------------------------------------------------- */

/* Each puts a token and tells one, then waits until it gets one: as often as there are tokens. */
static void put_token(void)
{
    __atomic_fetch_add(&tokens, 1u, __ATOMIC_RELAXED);
    nave_notify_one(&notify);
}

static nave_err notify_start(struct nave_op *op, uint32_t chance)
{
    if (chance % 16 == 5)
        nave_notify_all(&notify);
    put_token();
    return notify.api->wait(&notify, op);
}

static nave_err notify_wait(uint32_t chance, nave_nsec timeout_ns)
{
    (void)timeout_ns;
    if (chance % 16 == 5)
        nave_notify_all(&notify);
    put_token();
    /* Others may take the notification and leave the token: nobody waits without an end. */
    return notify.api->wait_here(&notify, (nave_nsec)(chance % 100) * NAVE_USEC);
}

static void notify_body(uint32_t chance)
{
    (void)chance;
    nave_notify_one(&notify); /* hands on, so that no op waits for ever */
}

static void notifications_reach_ops_and_threads(void)
{
    static const struct use what = {notify_start, notify_wait, NULL, notify_body};

    tokens = 0;
    locks.pub.api->notify_init(&locks.pub, &notify);
    run(&what);
    CU_ASSERT_PTR_NULL(notify.state.first);
    CU_ASSERT(tokens > 0);
}

/* --- barrier and once ------------------------------------------------------------------------ */

static struct nave_barrier barrier;
static struct nave_once once;
static uint32_t lasts; /* atomic */

static void *meet_main(void *arg)
{
    uint32_t i, is_last = 0, is_mine = 0;

    (void)arg;
    for (i = 0; i < 50; i++) {
        if (barrier.api->arrive_wait(&barrier, NAVE_NEVER, &is_last) != NAVE_OK)
            return NULL;
        __atomic_fetch_add(&lasts, is_last, __ATOMIC_RELAXED);
    }
    if (once.api->enter_wait(&once, NAVE_NEVER, &is_mine) != NAVE_OK)
        return NULL;
    if (is_mine && ++sum < 4) { /* fails three times */
        nave_once_failed(&once);
        if (once.api->enter_wait(&once, NAVE_NEVER, &is_mine) != NAVE_OK)
            return NULL;
        if (is_mine && ++sum < 4) {
            nave_once_failed(&once);
            return NULL;
        }
    }
    if (is_mine)
        nave_once_done(&once);
    return NULL;
}

static void threads_meet(void)
{
    pthread_t threads[24];
    uint32_t i;

    sum = lasts = 0;
    CU_ASSERT_EQUAL(locks.pub.api->barrier_init(&locks.pub, &barrier, 24), NAVE_OK);
    locks.pub.api->once_init(&locks.pub, &once);
    for (i = 0; i < 24; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, meet_main, NULL), 0);
    for (i = 0; i < 24; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(lasts, 50);
    CU_ASSERT_EQUAL(sum, 4);
    CU_ASSERT(nave_once_is_done(&once));
}

/* --- time ------------------------------------------------------------------------------------ */

static void a_thread_gives_up_when_its_time_is_over(void)
{
    uint32_t value = 7;

    locks.pub.api->mutex_init(&locks.pub, &mutex);
    locks.pub.api->rwlock_init(&locks.pub, &rwlock);
    locks.pub.api->notify_init(&locks.pub, &notify);
    locks.pub.api->once_init(&locks.pub, &once);
    CU_ASSERT_EQUAL(locks.pub.api->semaphore_init(&locks.pub, &semaphore, 1), NAVE_OK);
    CU_ASSERT_EQUAL(locks.pub.api->barrier_init(&locks.pub, &barrier, 2), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mutex_lock_wait(&mutex, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mutex_lock_wait(&mutex, 0), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_mutex_lock_wait(&mutex, NAVE_MSEC), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(semaphore.api->acquire_wait(&semaphore, 2, -5), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(semaphore.api->acquire_wait(&semaphore, 1, 0), NAVE_OK);
    nave_semaphore_close(&semaphore);
    CU_ASSERT_EQUAL(semaphore.api->acquire_wait(&semaphore, 1, NAVE_NEVER), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(rwlock.api->read_wait(&rwlock, 0), NAVE_OK);
    CU_ASSERT_EQUAL(rwlock.api->write_wait(&rwlock, 0), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(rwlock.api->read_wait(&rwlock, 0), NAVE_OK);
    CU_ASSERT_EQUAL(notify.api->wait_here(&notify, 0), NAVE_ETIMEDOUT);
    nave_notify_one(&notify);
    CU_ASSERT_EQUAL(notify.api->wait_here(&notify, 0), NAVE_OK);
    CU_ASSERT_EQUAL(barrier.api->arrive_wait(&barrier, 0, &value), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(value, 7);
    CU_ASSERT_EQUAL(once.api->enter_wait(&once, 0, &value), NAVE_OK);
    CU_ASSERT_EQUAL(value, 1);
    CU_ASSERT_EQUAL(once.api->enter_wait(&once, 0, &value), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(value, 1);
}

/* An object with a mutex inside, freed by whoever is the last: nobody touches it afterwards. */
struct object {
    struct nave_mutex lock;
    uint32_t refs;
};

static void *object_main(void *arg)
{
    struct object *o = arg;
    uint32_t is_last;

    if (nave_mutex_lock_wait(&o->lock, NAVE_NEVER) != NAVE_OK)
        return NULL;
    is_last = --o->refs == 0;
    nave_mutex_unlock(&o->lock);
    if (is_last)
        free(o);
    return NULL;
}

static void the_last_holder_frees_the_mutex(void)
{
    uint32_t round, i;

    for (round = 0; round < 200; round++) {
        struct object *o = malloc(sizeof(*o));
        pthread_t threads[4];

        CU_ASSERT_PTR_NOT_NULL_FATAL(o);
        locks.pub.api->mutex_init(&locks.pub, &o->lock);
        o->refs = 4;
        for (i = 0; i < 4; i++)
            CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, object_main, o), 0);
        for (i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
}

static void setup(void)
{
    nv_locks_init(&locks, NULL, 0);
}

static CU_TestInfo tests[] = {
    {"a_thread_gives_up_when_its_time_is_over", a_thread_gives_up_when_its_time_is_over},
    {"a_mutex_is_held_by_one", a_mutex_is_held_by_one},
    {"a_writer_is_alone", a_writer_is_alone},
    {"no_more_permits_are_held_than_there_are", no_more_permits_are_held_than_there_are},
    {"notifications_reach_ops_and_threads", notifications_reach_ops_and_threads},
    {"threads_meet", threads_meet},
    {"the_last_holder_frees_the_mutex", the_last_holder_frees_the_mutex},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"locks between threads", NULL, NULL, setup, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

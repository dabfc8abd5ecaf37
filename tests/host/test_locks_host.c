/* SPDX-License-Identifier: MIT
 *
 * nave.locks/1 of a runtime: who may bind it, what a worker may not do, and what checked mode says of locks
 * that are given back by those who do not hold them. Each breach is made in a process of its own.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nave/nave.h>

#include "test_main.h"

typedef void deed_fn(struct nave_worker *w);

static deed_fn *deed; /* done by worker_start */
static struct nave_locks *locks;
static struct nave_runtime *runtime;

static struct nave_mutex mutex;
static struct nave_rwlock rwlock;
static struct nave_semaphore semaphore;
static struct nave_notify notify;
static struct nave_barrier barrier;
static struct nave_once once;

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err create(struct nave_host *host, void **out_self)
{
    struct nave_handle *handle = NULL;
    nave_err err = host->api->bind(host, NAVE_LOCKS_ID, 0, sizeof(*locks->api), &handle);

    *out_self = host;
    if (err)
        return err;
    locks = (struct nave_locks *)(void *)handle;
    locks->api->mutex_init(locks, &mutex);
    locks->api->rwlock_init(locks, &rwlock);
    locks->api->notify_init(locks, &notify);
    locks->api->once_init(locks, &once);
    err = locks->api->semaphore_init(locks, &semaphore, 1);
    return err ? err : locks->api->barrier_init(locks, &barrier, 2);
}

static nave_err worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    if (deed)
        deed(w);
    return NAVE_OK;
}

static const struct nave_plugin_ops ops = {
    sizeof(ops),
    0,
    create,
    nave_default_prepare,
    nave_default_ok,
    nave_default_nothing,
    nave_default_ok,
    worker_start,
    nave_default_worker_drain,
    nave_default_worker_stop,
    nave_default_nothing,
    nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        keeper
#define NAVE_PLUGIN_ID          "keeper"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED(NAVE_LOCKS_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          ops
#include <nave/define.h>

static void tell(void *arg, const struct nave_report *r)
{
    int fd = *(const int *)arg;

    if (r->code != NAVE_OK && fd >= 0)
        (void)!write(fd, r->text.ptr, r->text.len);
}

/* Run some turns of a runtime of one worker with `what` in its start. */
static void run(deed_fn *what, int fd)
{
    static const char config[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"keeper\": {}}}";
    static const nave_plugin_entry_fn parts[] = {keeper_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .static_plugins = parts,
                                     .report = tell,
                                     .report_arg = &fd};
    int i;

    deed = what;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &runtime), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_text(runtime, config, sizeof(config) - 1, "test"),
                          NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(runtime), NAVE_OK);
    for (i = 0; i < 8; i++)
        (void)!nave_runtime_turn(runtime, 0);
    nave_runtime_stop(runtime);
    for (i = 0; i < 100 && nave_runtime_turn(runtime, 0) == NAVE_OK; i++)
        ;
    nave_runtime_destroy(runtime);
}

/* --- deeds ----------------------------------------------------------------------------------- */

static nave_err results[8];

static void block(struct nave_worker *w)
{
    uint32_t value = 0;

    (void)w;
    results[0] = nave_mutex_lock_wait(&mutex, NAVE_NEVER);
    results[1] = rwlock.api->read_wait(&rwlock, NAVE_NEVER);
    results[2] = rwlock.api->write_wait(&rwlock, NAVE_NEVER);
    results[3] = semaphore.api->acquire_wait(&semaphore, 1, NAVE_NEVER);
    results[4] = notify.api->wait_here(&notify, NAVE_NEVER);
    results[5] = barrier.api->arrive_wait(&barrier, NAVE_NEVER, NULL);
    results[6] = once.api->enter_wait(&once, NAVE_NEVER, &value);
    results[7] = nave_mutex_try_lock(&mutex); /* nothing was taken */
    nave_mutex_unlock(&mutex);
}

/* A task that locks, waits once, and unlocks, or leaves that to its drop. */
struct holder {
    struct nave_op op;
    uint32_t polls;
    uint32_t leaves;
};

static nave_poll holder_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct holder *h = nave_future_frame(f);

    if (h->polls++ == 0) {
        (void)nave_mutex_lock(cx, &h->op, &mutex);
        cx->waker->api->wake(cx->waker);
        return NAVE_PENDING;
    }
    if (nave_op_poll(&h->op) == NAVE_PENDING)
        return NAVE_PENDING;
    if (h->polls < 4) {
        cx->waker->api->wake(cx->waker);
        return NAVE_PENDING;
    }
    if (!h->leaves)
        nave_mutex_unlock(&mutex);
    return NAVE_READY;
}

static void holder_drop(struct nave_future *f)
{
    struct holder *h = nave_future_frame(f);

    if (h->leaves)
        nave_mutex_unlock(&mutex);
}

static nave_err holder_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface holder_table = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "holder",
    .poll = holder_poll,
    .drop = holder_drop,
    .result = holder_result,
};

static struct holder *spawn(struct nave_worker *w, const struct nave_future_iface *table)
{
    struct nave_future *f = NULL;

    if (w->api->future_new(w, table, sizeof(struct holder), &f) != NAVE_OK)
        return NULL;
    (void)w->api->spawn_local(w, f);
    return nave_future_frame(f);
}

static void two_hold_in_turn(struct nave_worker *w)
{
    struct holder *h;

    (void)spawn(w, &holder_table);
    (void)spawn(w, &holder_table);
    h = spawn(w, &holder_table);
    if (h)
        h->leaves = 1;
}

/* A task that unlocks what it does not hold. */
static nave_poll thief_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    (void)cx;
    nave_mutex_unlock(&mutex);
    return NAVE_READY;
}

static void thief_drop(struct nave_future *f)
{
    (void)f;
}

static const struct nave_future_iface thief_table = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "thief",
    .poll = thief_poll,
    .drop = thief_drop,
    .result = holder_result,
};

static void another_task_unlocks(struct nave_worker *w)
{
    (void)spawn(w, &holder_table);
    (void)spawn(w, &thief_table);
}

static void a_free_mutex_is_unlocked(struct nave_worker *w)
{
    (void)w;
    nave_mutex_unlock(&mutex);
}

static void reading_ends_twice(struct nave_worker *w)
{
    (void)w;
    (void)!rwlock.api->try_read(&rwlock);
    nave_rwlock_read_unlock(&rwlock);
    nave_rwlock_read_unlock(&rwlock);
}

static void a_reader_ends_writing(struct nave_worker *w)
{
    (void)w;
    (void)!rwlock.api->try_read(&rwlock);
    nave_rwlock_write_unlock(&rwlock);
}

static void nobody_was_to_do_it(struct nave_worker *w)
{
    (void)w;
    nave_once_done(&once);
}

static void an_op_is_null(struct nave_worker *w)
{
    (void)w;
    (void)!mutex.api->lock(&mutex, NULL);
}

/* --- the tests ------------------------------------------------------------------------------- */

static void a_worker_is_not_blocked(void)
{
    uint32_t i;

    run(block, -1);
    for (i = 0; i < 7; i++)
        CU_ASSERT_EQUAL(results[i], NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(results[7], NAVE_OK);
}

static void a_program_binds_them_without_a_configuration(void)
{
    struct nave_runtime_options o = {.size = sizeof(o)};
    struct nave_handle *handle = NULL;
    struct nave_runtime *rt = NULL;
    uint32_t is_mine = 0;

    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_bind(rt, NAVE_LOCKS_ID, 0, sizeof(*locks->api), &handle),
                          NAVE_OK);
    locks = (struct nave_locks *)(void *)handle;
    locks->api->mutex_init(locks, &mutex);
    CU_ASSERT_EQUAL(nave_mutex_lock_wait(&mutex, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mutex_lock_wait(&mutex, 0), NAVE_ETIMEDOUT);
    nave_mutex_unlock(&mutex);
    locks->api->once_init(locks, &once);
    CU_ASSERT_EQUAL(once.api->enter_wait(&once, NAVE_NEVER, &is_mine), NAVE_OK);
    CU_ASSERT_EQUAL(is_mine, 1);
    nave_once_done(&once);
    nave_runtime_destroy(rt);
}

static void who_keeps_the_rules_goes_on_in_checked_mode(void)
{
    setenv("NAVE_CHECK", "1", 1);
    run(two_hold_in_turn, -1);
    CU_ASSERT_EQUAL(mutex.state.word >> 2, 1); /* free; its runtime is gone, so it is not asked */
    a_worker_is_not_blocked();
    a_program_binds_them_without_a_configuration();
}

static void breach(deed_fn *what, const char *text)
{
    char got[1024];
    size_t len = 0;
    int fds[2], status = 0;
    ssize_t n;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(fds), 0);
    fflush(stdout);
    pid = fork();
    CU_ASSERT_FATAL(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        setenv("NAVE_CHECK", "1", 1);
        run(what, fds[1]);
        _exit(0);
    }
    close(fds[1]);
    while (len < sizeof(got) - 1 && (n = read(fds[0], got + len, sizeof(got) - 1 - len)) > 0)
        len += (size_t)n;
    got[len] = '\0';
    close(fds[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CU_ASSERT_STRING_EQUAL(got, text);
    if (strcmp(got, text) != 0)
        printf("\n  got  %s\n  want %s\n", got, text);
}

static void who_breaks_them_is_told_in_checked_mode(void)
{
    breach(another_task_unlocks,
           "NAVE_CHECK: the program called nave.mutex/1 unlock: another task or thread holds the "
           "mutex; unlock where it was locked; to hand over use a semaphore of one");
    breach(a_free_mutex_is_unlocked,
           "NAVE_CHECK: the program called nave.mutex/1 unlock: the mutex is not locked; unlock "
           "once for each lock");
    breach(reading_ends_twice,
           "NAVE_CHECK: the program called nave.rwlock/1 read_unlock: nobody holds it for reading; "
           "read, then unlock once");
    breach(a_reader_ends_writing,
           "NAVE_CHECK: the program called nave.rwlock/1 write_unlock: nobody holds it for "
           "writing; write, then unlock once");
    breach(nobody_was_to_do_it,
           "NAVE_CHECK: the program called nave.once/1 done: nobody was to do it; enter first, and "
           "go on when the value is 1");
    breach(an_op_is_null, "NAVE_CHECK: the program called nave.mutex/1 lock: op is NULL; only what "
                          "the header names under `Null:` may be");
}

static CU_TestInfo tests[] = {
    {"a_worker_is_not_blocked", a_worker_is_not_blocked},
    {"a_program_binds_them_without_a_configuration", a_program_binds_them_without_a_configuration},
    {"who_keeps_the_rules_goes_on_in_checked_mode", who_keeps_the_rules_goes_on_in_checked_mode},
    {"who_breaks_them_is_told_in_checked_mode", who_breaks_them_is_told_in_checked_mode},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"locks of a runtime", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

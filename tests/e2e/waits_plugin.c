/* SPDX-License-Identifier: MIT
 *
 * Plugin "test.waits": tasks of many kinds that wait for each thing there is to wait for, for tests/e2e/dump,
 * which looks up the lines by what stands in them. Two pairs of tasks meanwhile throw items to each other
 * without end, and count, so that one who is held up for ever would be seen.
 */
#include <pthread.h>
#include <string.h>

#include <nave/async.h>
#include <nave/blocking.h>
#include <nave/channel.h>
#include <nave/join.h>
#include <nave/join_all.h>
#include <nave/lock.h>
#include <nave/notify.h>
#include <nave/plugin.h>
#include <nave/scope.h>
#include <nave/select.h>
#include <nave/sleep.h>
#include <nave/timeout.h>

#define LONG  (3600 * NAVE_SEC)
#define PAIRS 2u

struct waits {
    struct nave_host *host;
    struct nave_channels *channels;
    struct nave_locks *locks;
    struct nave_blocking *blocking;
    struct nave_counter throws;
    struct nave_mpsc *empty, *full; /* nothing ever comes out of the one, nothing into the other */
    struct nave_mpsc_rx *empty_rx, *full_rx;
    struct nave_mpsc *to[2 * PAIRS];
    struct nave_mpsc_rx *from[2 * PAIRS];
    struct nave_watch *state;
    struct nave_oneshot *answer;
    struct nave_oneshot_rx *answer_rx;
    struct nave_broadcast *news;
    struct nave_mutex mutex;
    struct nave_rwlock rwlock;
    struct nave_semaphore semaphore;
    struct nave_notify notify;
    struct nave_barrier barrier;
    struct nave_join slow, over; /* of a task that sleeps, of one that has ended */
    /* what the blocking calls stand at */
    pthread_mutex_t lock;
    pthread_cond_t opened;
    int is_open;
};

/* --- deep ------------------------------------------------------------------------------------ */

NAVE_ASYNC(deep_4, struct nave_sleep_op op;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->op, LONG)); /* deep 4 */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(deep_3, struct deep_4 next; struct nave_timeout limit;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_timeout(cx, &f->limit, LONG, NAVE_CALL(deep_4, &f->next))); /* deep 3 */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(deep_2, struct deep_3 next;)
{
    NAVE_BEGIN();
    NAVE_TRY(NAVE_CALL(deep_3, &f->next)); /* deep 2 */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(deep_1, struct deep_2 next;)
{
    NAVE_BEGIN();
    NAVE_TRY(NAVE_CALL(deep_2, &f->next)); /* deep 1 */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(deep, struct deep_1 next;)
{
    NAVE_BEGIN();
    NAVE_TRY(NAVE_CALL(deep_1, &f->next)); /* deep 0 */
    NAVE_CLEANUP();
    NAVE_END();
}

/* --- one thing each -------------------------------------------------------------------------- */

NAVE_ASYNC(chooser, struct waits *w; struct nave_op recv, told; struct nave_sleep_op nap;
           struct nave_select select; struct nave_arm arms[4]; uint64_t item; struct deep_4 child;)
{
    NAVE_BEGIN();
    NAVE_SELECT(&f->select, f->arms, NAVE_SELECT_FAIR, /* chooser */
                NAVE_KEEP(nave_mpsc_recv(cx, &f->recv, f->w->empty_rx, &f->item)),
                nave_sleep(cx, &f->nap, LONG), nave_notify_wait(cx, &f->told, &f->w->notify),
                NAVE_CALL(deep_4, &f->child)); /* chooser */
    NAVE_CLEANUP();
    nave_select_drop(&f->select, cx->worker);
    NAVE_END();
}

NAVE_ASYNC(both, struct nave_sleep_op naps[2]; struct nave_arm arms[2]; struct nave_join_all all;)
{
    NAVE_BEGIN();
    nave_arm_set_op(&f->arms[0], nave_sleep(cx, &f->naps[0], LONG));
    nave_arm_set_op(&f->arms[1], nave_sleep(cx, &f->naps[1], LONG));
    NAVE_TRY(nave_join_all(cx, &f->all, f->arms, 2, NAVE_JOIN_FIRST_ERROR)); /* both */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(sender, struct waits *w; struct nave_op op; uint64_t item;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_mpsc_send(cx, &f->op, f->w->full, &f->item)); /* sender 0 */
    NAVE_TRY(nave_mpsc_send(cx, &f->op, f->w->full, &f->item)); /* sender 1 */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(asker, struct waits *w; struct nave_op op; uint64_t item;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_oneshot_recv(cx, &f->op, f->w->answer_rx, &f->item)); /* asker */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(reader, struct waits *w; struct nave_op op; struct nave_broadcast_rx * rx;
           uint64_t item;)
{
    NAVE_BEGIN();
    NAVE_TRY_NOW(nave_broadcast_subscribe(f->w->news, &f->rx));
    NAVE_TRY(nave_broadcast_recv(cx, &f->op, f->rx, &f->item)); /* reader */
    NAVE_CLEANUP();
    nave_broadcast_rx_drop(f->rx);
    NAVE_END();
}

NAVE_ASYNC(watcher, struct waits *w; struct nave_op op; struct nave_watch_rx * rx; uint64_t item;)
{
    NAVE_BEGIN();
    NAVE_TRY_NOW(nave_watch_subscribe(f->w->state, &f->rx));
    nave_watch_rx_read(f->rx, &f->item);
    NAVE_TRY(nave_watch_changed(cx, &f->op, f->rx, &f->item)); /* watcher */
    NAVE_CLEANUP();
    nave_watch_rx_drop(f->rx);
    NAVE_END();
}

/* Takes everything, and sleeps on it. */
NAVE_ASYNC(holder, struct waits *w; struct nave_op op; struct nave_sleep_op nap; uint32_t held;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_mutex_lock(cx, &f->op, &f->w->mutex));
    f->held = 1;
    NAVE_TRY(nave_rwlock_write(cx, &f->op, &f->w->rwlock));
    f->held = 2;
    NAVE_TRY(nave_sleep(cx, &f->nap, LONG)); /* holder */
    NAVE_CLEANUP();
    if (f->held > 0)
        nave_mutex_unlock(&f->w->mutex);
    if (f->held > 1)
        nave_rwlock_write_unlock(&f->w->rwlock);
    NAVE_END();
}

NAVE_ASYNC(locker, struct waits *w; struct nave_op op; uint32_t has;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_mutex_lock(cx, &f->op, &f->w->mutex)); /* locker */
    f->has = 1;
    NAVE_CLEANUP();
    if (f->has)
        nave_mutex_unlock(&f->w->mutex);
    NAVE_END();
}

NAVE_ASYNC(shelf, struct waits *w; struct nave_op op; uint32_t has;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_rwlock_read(cx, &f->op, &f->w->rwlock)); /* shelf */
    f->has = 1;
    NAVE_CLEANUP();
    if (f->has)
        nave_rwlock_read_unlock(&f->w->rwlock);
    NAVE_END();
}

NAVE_ASYNC(counter, struct waits *w; struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_semaphore_acquire(cx, &f->op, &f->w->semaphore, 1)); /* counter */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(listener, struct waits *w; struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_notify_wait(cx, &f->op, &f->w->notify)); /* listener */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(meeting, struct waits *w; struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_barrier_arrive(cx, &f->op, &f->w->barrier)); /* meeting */
    NAVE_CLEANUP();
    NAVE_END();
}

/* --- tasks and their children ---------------------------------------------------------------- */

NAVE_ASYNC(sleeper, struct nave_sleep_op nap;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->nap, LONG)); /* sleeper */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(short_one, uint32_t nothing;)
{
    NAVE_BEGIN();
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(joiner, struct waits *w; struct nave_op op;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_join_await(cx, &f->op, &f->w->slow)); /* joiner */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(child, struct nave_sleep_op nap;)
{
    NAVE_BEGIN();
    NAVE_TRY(nave_sleep(cx, &f->nap, LONG)); /* child */
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(parent, struct waits *w; struct nave_op op; struct nave_scope scope; uint32_t i;
           struct nave_timeout limit;)
{
    struct nave_future *made = NULL;

    NAVE_BEGIN();
    nave_scope_init(cx->worker, &f->scope, NAVE_SCOPE_FAIL_FAST);
    for (f->i = 0; f->i < 3; f->i++) {
        NAVE_TRY_NOW(NAVE_NEW(child, cx->worker, &made));
        NAVE_TRY_NOW(nave_scope_spawn(&f->scope, cx->worker, made, 0));
    }
    NAVE_TRY(nave_scope_wait(cx, &f->op, &f->scope)); /* parent */
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, NAVE_SEC, nave_scope_end(cx, &f->op, &f->scope));
    nave_scope_drop(&f->scope);
    NAVE_END();
}

/* It was asked to end, and takes its time. */
NAVE_ASYNC(tidier, struct waits *w; struct nave_op op; struct nave_timeout limit;
           struct nave_sleep_op nap;)
{
    NAVE_BEGIN();
    NAVE_RETURN(NAVE_ECANCELED);
    NAVE_CLEANUP();
    NAVE_SHIELD(&f->limit, LONG, nave_sleep(cx, &f->nap, LONG)); /* tidier */
    NAVE_END();
}

/* --- blocking calls -------------------------------------------------------------------------- */

static nave_err stand(void *arg, struct nave_blocking_run *now)
{
    struct waits *w = arg;

    (void)now;
    (void)pthread_mutex_lock(&w->lock);
    while (!w->is_open)
        (void)pthread_cond_wait(&w->opened, &w->lock);
    (void)pthread_mutex_unlock(&w->lock);
    return NAVE_OK;
}

static const struct nave_blocking_work stand_work = {.size = sizeof(stand_work),
                                                     .name = "stand at the gate",
                                                     .run = stand,
                                                     .release = nave_blocking_keep};
static const struct nave_blocking_work look_work = {.size = sizeof(look_work),
                                                    .flags = NAVE_BLOCKING_DNS,
                                                    .name = "look up \"a name\"",
                                                    .run = stand,
                                                    .release = nave_blocking_keep};

static struct nave_op *call(struct nave_cx *cx, struct nave_op *op, struct waits *w,
                            const struct nave_blocking_work *work, struct waits **arg)
{
    *arg = w;
    return nave_blocking(cx, op, w->blocking, work, NAVE_BLOCKING_ARG(arg));
}

NAVE_ASYNC(caller, struct waits *w; struct nave_op op; const struct nave_blocking_work *work;
           struct waits * arg;)
{
    NAVE_BEGIN();
    NAVE_AWAIT(call(cx, &f->op, f->w, f->work, &f->arg)); /* caller */
    NAVE_CLEANUP();
    NAVE_END();
}

/* --- two that never stand still -------------------------------------------------------------- */

NAVE_ASYNC(thrower, struct waits *w; struct nave_op op; uint32_t me; uint64_t item;)
{
    NAVE_BEGIN();
    if (f->me % 2 == 0)
        NAVE_TRY(nave_mpsc_send(cx, &f->op, f->w->to[f->me + 1], &f->item)); /* thrower 0 */
    for (;;) {
        NAVE_TRY(nave_mpsc_recv(cx, &f->op, f->w->from[f->me], &f->item)); /* thrower 1 */
        nave_counter_add(&f->w->throws, cx->worker->index, 1);
        f->item++;
        NAVE_TRY(nave_mpsc_send(cx, &f->op, f->w->to[f->me ^ 1], &f->item)); /* thrower 2 */
    }
    NAVE_CLEANUP();
    NAVE_END();
}

/* --- a future without functions -------------------------------------------------------------- */

static nave_poll stone_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    return cx->is_canceled ? NAVE_READY : NAVE_PENDING;
}

static void stone_drop(struct nave_future *f)
{
    (void)f;
}

static nave_err stone_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface stone_api = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "stone",
    .poll = stone_poll,
    .drop = stone_drop,
    .result = stone_result,
};

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err bind_all(struct waits *w)
{
    struct nave_host *host = w->host;
    struct nave_handle *h = NULL;
    nave_err err = host->api->bind(host, NAVE_CHANNELS_ID, 0, sizeof(*w->channels->api), &h);

    w->channels = (struct nave_channels *)(void *)h;
    if (!err)
        err = host->api->bind(host, NAVE_LOCKS_ID, 0, sizeof(*w->locks->api), &h);
    w->locks = (struct nave_locks *)(void *)h;
    if (!err)
        err = host->api->bind(host, NAVE_BLOCKING_ID, 0, sizeof(*w->blocking->api), &h);
    w->blocking = (struct nave_blocking *)(void *)h;
    if (!err)
        err = host->api->counter(host, "throws", "items that were thrown and caught", &w->throws);
    return err;
}

static nave_err make_mpsc(struct waits *w, struct nave_mpsc **tx, struct nave_mpsc_rx **rx)
{
    const struct nave_mpsc_options o = {.size = sizeof(o),
                                        .item_size = sizeof(uint64_t),
                                        .capacity = 1};

    return nave_mpsc_new(w->channels, &o, tx, rx);
}

static nave_err make_all(struct waits *w)
{
    uint64_t zero = 0;
    nave_err err = make_mpsc(w, &w->empty, &w->empty_rx);
    uint32_t i;

    if (!err)
        err = make_mpsc(w, &w->full, &w->full_rx);
    for (i = 0; i < 2 * PAIRS && !err; i++)
        err = make_mpsc(w, &w->to[i], &w->from[i]);
    if (!err)
        err = nave_watch_new(w->channels, sizeof(zero), &zero, &w->state);
    if (!err)
        err = nave_oneshot_new(w->channels, sizeof(zero), &w->answer, &w->answer_rx);
    if (!err)
        err = nave_broadcast_new(w->channels, sizeof(zero), 4, &w->news);
    if (err)
        return err;
    w->locks->api->mutex_init(w->locks, &w->mutex);
    w->locks->api->rwlock_init(w->locks, &w->rwlock);
    w->locks->api->notify_init(w->locks, &w->notify);
    err = w->locks->api->semaphore_init(w->locks, &w->semaphore, 0);
    if (!err)
        err = w->locks->api->barrier_init(w->locks, &w->barrier, 2);
    return err;
}

static struct waits the_only_one = {.lock = PTHREAD_MUTEX_INITIALIZER,
                                    .opened = PTHREAD_COND_INITIALIZER};

static nave_err waits_create(struct nave_host *host, void **out_self)
{
    struct waits *w = &the_only_one;
    nave_err err;

    w->host = host;
    *out_self = w;
    err = bind_all(w);
    return err ? err : make_all(w);
}

/* Spawn what NAVE_NEW has made. */
static nave_err spawn(struct nave_worker *worker, nave_err err, struct nave_future **made,
                      uint32_t flags, struct nave_join *out_join)
{
    struct nave_join join = {NULL, NULL, 0, 0};

    if (err)
        return err;
    (void)nave_spawn_join(worker, *made, flags, out_join ? out_join : &join);
    if (!out_join)
        nave_join_drop(&join);
    return NAVE_OK;
}

static nave_err spawn_waiters(struct waits *w, struct nave_worker *worker)
{
    struct nave_future *f = NULL;
    nave_err err = NAVE_OK;

    if (!err)
        err = spawn(worker, NAVE_NEW(deep, worker, &f), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(chooser, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(both, worker, &f), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(sender, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(asker, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(reader, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(watcher, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(counter, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(listener, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(meeting, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(sleeper, worker, &f), &f, 0, &w->slow);
    if (!err)
        err = spawn(worker, NAVE_NEW(short_one, worker, &f), &f, 0, &w->over);
    if (!err)
        err = spawn(worker, NAVE_NEW(joiner, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(parent, worker, &f, .w = w), &f, 0, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(tidier, worker, &f, .w = w), &f, 0, NULL);
    return err;
}

/* Those that wait for what `holder` has come after it: all are local to worker 0. */
static nave_err spawn_locals(struct waits *w, struct nave_worker *worker)
{
    struct nave_future *f = NULL;
    nave_err err = NAVE_OK;

    if (!err)
        err = spawn(worker, NAVE_NEW(holder, worker, &f, .w = w), &f, NAVE_SPAWN_LOCAL, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(locker, worker, &f, .w = w), &f, NAVE_SPAWN_LOCAL, NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(shelf, worker, &f, .w = w), &f, NAVE_SPAWN_LOCAL, NULL);
    return err;
}

static nave_err spawn_others(struct waits *w, struct nave_worker *worker)
{
    struct nave_future *f = NULL;
    nave_err err = worker->api->future_new(worker, &stone_api, 8, &f);
    uint32_t i;

    err = spawn(worker, err, &f, 0, NULL);
    for (i = 0; i < 3; i++)
        if (!err)
            err = spawn(worker, NAVE_NEW(caller, worker, &f, .w = w, .work = &stand_work), &f, 0,
                        NULL);
    if (!err)
        err = spawn(worker, NAVE_NEW(caller, worker, &f, .w = w, .work = &look_work), &f, 0, NULL);
    for (i = 0; i < 2 * PAIRS; i++)
        if (!err)
            err = spawn(worker, NAVE_NEW(thrower, worker, &f, .w = w, .me = i), &f, 0, NULL);
    return err;
}

static nave_err waits_worker_start(void *self, struct nave_worker *worker)
{
    struct nave_future *f = NULL;
    struct waits *w = self;
    nave_err err;

    if (worker->index != 0)
        return spawn(worker, NAVE_NEW(sleeper, worker, &f), &f, NAVE_SPAWN_LOCAL, NULL);
    err = spawn_waiters(w, worker);
    if (!err)
        err = spawn_locals(w, worker);
    return err ? err : spawn_others(w, worker);
}

static void waits_worker_drain(void *self, struct nave_worker *worker, nave_nsec deadline_ns)
{
    struct waits *w = self;

    (void)worker;
    (void)deadline_ns;
    (void)pthread_mutex_lock(&w->lock);
    w->is_open = 1;
    (void)pthread_cond_broadcast(&w->opened);
    (void)pthread_mutex_unlock(&w->lock);
}

static void waits_worker_stop(void *self, struct nave_worker *worker)
{
    struct waits *w = self;

    if (worker->index != 0)
        return;
    nave_join_drop(&w->slow);
    nave_join_drop(&w->over);
}

static void waits_destroy(void *self)
{
    struct waits *w = self;
    uint32_t i;

    nave_mpsc_drop(w->empty);
    nave_mpsc_rx_drop(w->empty_rx);
    nave_mpsc_drop(w->full);
    nave_mpsc_rx_drop(w->full_rx);
    for (i = 0; i < 2 * PAIRS; i++) {
        nave_mpsc_drop(w->to[i]);
        nave_mpsc_rx_drop(w->from[i]);
    }
    nave_watch_drop(w->state);
    nave_oneshot_drop(w->answer);
    nave_oneshot_rx_drop(w->answer_rx);
    nave_broadcast_drop(w->news);
}

static const struct nave_plugin_ops waits_ops = {
    .size = sizeof(waits_ops),
    .create = waits_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = waits_worker_start,
    .worker_drain = waits_worker_drain,
    .worker_stop = waits_worker_stop,
    .stop = nave_default_nothing,
    .destroy = waits_destroy,
};

#define NAVE_PLUGIN_NAME    waits
#define NAVE_PLUGIN_ID      "test.waits"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)  \
    NEED(NAVE_CHANNELS_ID, 0, 0) \
    NEED(NAVE_LOCKS_ID, 0, 0)    \
    NEED(NAVE_BLOCKING_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          waits_ops
#include <nave/define.h>

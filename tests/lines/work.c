/* SPDX-License-Identifier: MIT
 *
 * See work.h. Drivers are local to their worker; what they spawn may be stolen.
 */
#include "work.h"

#include <nave/host.h>

static int started(struct nave_worker *w, nave_err err, struct nave_future **f)
{
    if (err == NAVE_OK)
        w->api->spawn_local(w, *f);
    return err == NAVE_OK;
}

/* --- a worker for itself ---------------------------------------------------------------------- */

NAVE_ASYNC(child, uint64_t unused;)
{
    NAVE_BEGIN();
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(spawner, struct work_part *part; struct nave_join child; struct nave_op op;)
{
    NAVE_BEGIN();
    while (!f->part->is_stopped) {
        struct nave_future *child = NULL;

        NAVE_TRY_NOW(NAVE_NEW(child, cx->worker, &child));
        (void)nave_spawn_join(cx->worker, child, 0, &f->child);
        NAVE_TRY(nave_join_await(cx, &f->op, &f->child));
        nave_join_drop(&f->child);
        f->part->done++;
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static int start_spawn(struct work *work, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    return started(w, NAVE_NEW(spawner, w, &f, .part = &work->parts[w->index]), &f);
}

NAVE_ASYNC(yielder, struct work_part *part;)
{
    NAVE_BEGIN();
    while (!f->part->is_stopped) {
        NAVE_YIELD();
        f->part->done++;
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static int start_yield(struct work *work, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    return started(w, NAVE_NEW(yielder, w, &f, .part = &work->parts[w->index]), &f);
}

NAVE_ASYNC(sleeper, struct work_part *part; struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    while (!f->part->is_stopped) {
        NAVE_TRY(nave_sleep(cx, &f->sleep, NAVE_MSEC));
        f->part->done++;
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static int start_timer(struct work *work, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    return started(w, NAVE_NEW(sleeper, w, &f, .part = &work->parts[w->index]), &f);
}

/* The same after a task that may be stolen was spawned: from then on a worker that has nothing to do looks
 * around before it waits, and says that it does. */
static int start_timer_after_spawn(struct work *work, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (NAVE_NEW(child, w, &f) != NAVE_OK)
        return 0;
    w->api->spawn(w, f);
    return start_timer(work, w);
}

/* Two children that may be stolen, then nothing to do for a millisecond: rings are written between waits. */
NAVE_ASYNC(dozer, struct work_part *part; struct nave_join children[2]; struct nave_op op;
           uint32_t i; struct nave_sleep_op sleep;)
{
    NAVE_BEGIN();
    while (!f->part->is_stopped) {
        for (f->i = 0; f->i < 2; f->i++) {
            struct nave_future *child = NULL;

            NAVE_TRY_NOW(NAVE_NEW(child, cx->worker, &child));
            (void)nave_spawn_join(cx->worker, child, 0, &f->children[f->i]);
        }
        for (f->i = 0; f->i < 2; f->i++) {
            NAVE_TRY(nave_join_await(cx, &f->op, &f->children[f->i]));
            nave_join_drop(&f->children[f->i]);
        }
        NAVE_TRY(nave_sleep(cx, &f->sleep, NAVE_MSEC));
        f->part->done++;
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static int start_spawn_sleep(struct work *work, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    return started(w, NAVE_NEW(dozer, w, &f, .part = &work->parts[w->index]), &f);
}

/* --- messages --------------------------------------------------------------------------------- */

/* One message there and one back; the channels are made by the worker of the first. */
NAVE_ASYNC(ping, struct work_part *part; uint64_t item; struct nave_op op;)
{
    NAVE_BEGIN();
    while (!f->part->is_stopped) {
        NAVE_TRY(nave_mpsc_send(cx, &f->op, f->part->tx, &f->item));
        NAVE_TRY(nave_mpsc_recv(cx, &f->op, f->part->back_rx, &f->item));
        f->part->done++;
    }
    NAVE_CLEANUP();
    nave_mpsc_drop(f->part->tx);
    nave_mpsc_rx_drop(f->part->back_rx);
    NAVE_END();
}

NAVE_ASYNC(pong, struct work_part *part; uint64_t item; struct nave_op op;)
{
    NAVE_BEGIN();
    for (;;) {
        NAVE_TRY(nave_mpsc_recv(cx, &f->op, f->part->rx, &f->item));
        NAVE_TRY(nave_mpsc_send(cx, &f->op, f->part->back_tx, &f->item));
    }
    NAVE_CLEANUP();
    nave_mpsc_drop(f->part->back_tx);
    nave_mpsc_rx_drop(f->part->rx);
    NAVE_END();
}

static int make_channels(struct work *work, struct work_part *p)
{
    struct nave_mpsc_options o = {.size = sizeof(o), .capacity = 1, .item_size = sizeof(uint64_t)};

    return nave_mpsc_new(work->channels, &o, &p->tx, &p->rx) == NAVE_OK &&
           nave_mpsc_new(work->channels, &o, &p->back_tx, &p->back_rx) == NAVE_OK;
}

static int start_pingpong(struct work *work, struct nave_worker *w)
{
    struct work_part *p = &work->parts[w->index];
    struct nave_future *f = NULL;

    return make_channels(work, p) && started(w, NAVE_NEW(ping, w, &f, .part = p), &f) &&
           started(w, NAVE_NEW(pong, w, &f, .part = p), &f);
}

/* As pingpong, between worker 2i and worker 2i + 1: the second one is started last. */
static int start_mpsc_pair(struct work *work, struct nave_worker *w)
{
    struct work_part *p = &work->parts[w->index & ~1u];
    struct nave_future *f = NULL;

    if (w->index % 2 == 0)
        return make_channels(work, p);
    return started(w, NAVE_NEW(pong, w, &f, .part = p), &f) &&
           started(p->w, NAVE_NEW(ping, p->w, &f, .part = p), &f);
}

/* --- wakes ------------------------------------------------------------------------------------ */

struct waking {
    struct work_part *here, *there;
    uint32_t is_first;
};

/* Tasks on worker 2i and 2i + 1 wake each other, in turn. */
static nave_poll waking_poll(struct nave_future *fut, struct nave_cx *cx)
{
    struct waking *f = nave_future_frame(fut);

    if (cx->is_canceled)
        return NAVE_READY;
    if (!f->here->is_known) {
        if (f->is_first && !f->there->is_known)
            return nave_yield(cx);
        f->here->waker = *cx->waker;
        f->here->is_known = 1;
        if (!f->is_first)
            return NAVE_PENDING;
    } else if (!__atomic_exchange_n(&f->here->turns, 0, __ATOMIC_ACQUIRE)) {
        return NAVE_PENDING;
    }
    f->here->done++;
    __atomic_store_n(&f->there->turns, 1, __ATOMIC_RELEASE);
    f->there->waker.api->wake(&f->there->waker);
    return NAVE_PENDING;
}

static void waking_drop(struct nave_future *f)
{
    (void)f;
}

static nave_err waking_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface waking = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "waking",
    .poll = waking_poll,
    .drop = waking_drop,
    .result = waking_result,
};

static int start_wake_pair(struct work *work, struct nave_worker *w)
{
    struct nave_future *fut;
    struct waking *f;

    if (w->api->future_new(w, &waking, sizeof(*f), &fut) != NAVE_OK)
        return 0;
    f = nave_future_frame(fut);
    f->here = &work->parts[w->index];
    f->there = &work->parts[w->index ^ 1];
    f->is_first = w->index % 2 == 0;
    w->api->spawn_local(w, fut);
    return 1;
}

/* --- stealing --------------------------------------------------------------------------------- */

NAVE_ASYNC(piece, uint32_t left;)
{
    NAVE_BEGIN();
    for (; f->left > 0; f->left--)
        NAVE_YIELD();
    NAVE_CLEANUP();
    NAVE_END();
}

#define PIECES 16u

/* One worker makes all tasks, the others take what they find. */
NAVE_ASYNC(producer, struct work_part *part; struct nave_op op; struct nave_sleep_op sleep;
           uint32_t i; struct nave_join children[PIECES];)
{
    NAVE_BEGIN();
    while (!f->part->is_stopped) {
        for (f->i = 0; f->i < PIECES; f->i++) {
            struct nave_future *child = NULL;

            NAVE_TRY_NOW(NAVE_NEW(piece, cx->worker, &child, .left = 50));
            (void)nave_spawn_join(cx->worker, child, 0, &f->children[f->i]);
        }
        for (f->i = 0; f->i < PIECES; f->i++) {
            NAVE_TRY(nave_join_await(cx, &f->op, &f->children[f->i]));
            nave_join_drop(&f->children[f->i]);
            f->part->done++;
        }
    }
    NAVE_CLEANUP();
    NAVE_END();
}

static int start_steal(struct work *work, struct nave_worker *w)
{
    struct nave_future *f = NULL;

    if (w->index > 0)
        return 1;
    return started(w, NAVE_NEW(producer, w, &f, .part = &work->parts[0]), &f);
}

#define ALL UINT32_MAX
/* Exact but for a line in thousands, where the heap puts two owners on one. What only a worker with nothing
 * to do pays grows: it looks at the ring of each other one (spawn_sleep). */
const struct work_kind work_kinds[] = {
    {"spawn_join", start_spawn, 1, ALL, 0.01, 6.01, 0},
    {"yield", start_yield, 1, ALL, 0.01, 0, 0},
    {"pingpong", start_pingpong, 1, ALL, 0.01, 10.01, 0},
    {"timer", start_timer, 1, ALL, 0.01, 4.01, 0},
    {"timer_after_spawn", start_timer_after_spawn, 1, ALL, 3.1, 8.01, 0},
    {"spawn_sleep", start_spawn_sleep, 1, ALL, 9, 22, 1},
    {"wake_pair", start_wake_pair, 2, ALL, 17, 8.1, 0},
    {"mpsc_pair", start_mpsc_pair, 2, ALL, 54, 19, 0},
    {"steal", start_steal, 1, 1, 8, 60, 0},
    {NULL, NULL, 1, 0, 0, 0, 0},
};

/* --- the plugin ------------------------------------------------------------------------------- */

static nave_err work_create(struct nave_host *host, void **out_self)
{
    struct work *work = nave_host_user(host);
    struct nave_handle *channels;
    nave_err err =
        host->api->bind(host, NAVE_CHANNELS_ID, 0, sizeof(struct nave_channels_iface), &channels);

    if (err)
        return err;
    work->channels = (struct nave_channels *)(void *)channels;
    *out_self = work;
    return NAVE_OK;
}

static nave_err work_worker_start(void *self, struct nave_worker *w)
{
    ((struct work *)self)->parts[w->index].w = w;
    return NAVE_OK;
}

static const struct nave_plugin_ops work_ops = {
    .size = sizeof(work_ops),
    .create = work_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = work_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        work
#define NAVE_PLUGIN_ID          "work"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0) NEED(NAVE_CHANNELS_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          work_ops
#include <nave/define.h>

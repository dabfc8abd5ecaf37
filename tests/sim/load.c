/* SPDX-License-Identifier: MIT
 *
 * See load.h. What a task does next is drawn from the simulation, so it is of the seed.
 */
#include "load.h"

#include <string.h>

#include <nave/host.h>
#include <nave/sleep.h>

#define ROUNDS_MAX 12u
#define SLEEP_MAX  (80 * NAVE_MSEC)

struct frame {
    struct load *load;
    uint32_t rounds;
    struct load_ping *ping; /* that it waits for */
    nave_nsec wakes_ns;     /* when its sleep may end; 0: it does not sleep */
    struct nave_sleep_op sleep;
};

static uint64_t drawn(struct load *load, uint64_t below)
{
    return load->sim->api->random(load->sim, below);
}

static void answer(struct nave_job *j)
{
    struct load_ping *p = NAVE_CONTAINER_OF(j, struct load_ping, job);

    p->is_away = 0;
    p->waker.api->wake(&p->waker);
}

/* Ask a worker that is drawn; 0: there is nothing to wait for. */
static int32_t ask(struct frame *f, struct nave_cx *cx)
{
    struct load *load = f->load;
    struct load_ping *p = &load->pings[drawn(load, LOAD_PINGS)];
    struct nave_worker *w = load->workers[drawn(load, load->worker_count)];

    if (p->is_away)
        return 0;
    p->job.run = answer;
    p->waker = *cx->waker;
    p->is_away = 1;
    if (nave_worker_post(w, &p->job) != NAVE_OK) {
        p->is_away = 0; /* it has stopped */
        return 0;
    }
    f->ping = p;
    return 1;
}

static void spawn(struct load *load, struct nave_worker *w);

static nave_poll task_poll(struct nave_future *fut, struct nave_cx *cx)
{
    struct frame *f = nave_future_frame(fut);
    struct load *load = f->load;

    if (cx->is_canceled)
        return NAVE_READY;
    if (f->wakes_ns) {
        if (nave_op_poll(&f->sleep.op) == NAVE_PENDING)
            return NAVE_PENDING;
        if (nave_now(cx->worker) < f->wakes_ns)
            load->wrong = "a sleep ended early";
        f->wakes_ns = 0;
        load->sleeps++;
    }
    if (f->ping) {
        /* Another task may have taken it since; its answer is ours all the same. */
        if (f->ping->is_away && f->ping->waker.id == cx->waker->id &&
            f->ping->waker.task == cx->waker->task)
            return NAVE_PENDING;
        f->ping = NULL;
        load->answers++;
    }
    while (f->rounds > 0) {
        f->rounds--;
        switch (drawn(load, 4)) {
        case 0:
            if (drawn(load, 2))
                return nave_yield(cx);
            cx->waker->api->wake(cx->waker);
            return NAVE_PENDING;
        case 1:
            f->wakes_ns = nave_deadline(cx->worker, (nave_nsec)drawn(load, (uint64_t)SLEEP_MAX));
            (void)nave_sleep_until(cx, &f->sleep, f->wakes_ns);
            if (nave_op_poll(&f->sleep.op) == NAVE_PENDING)
                return NAVE_PENDING;
            f->wakes_ns = 0;
            break;
        case 2:
            spawn(load, cx->worker);
            break;
        default:
            if (ask(f, cx))
                return NAVE_PENDING;
            break;
        }
    }
    load->ended++;
    return NAVE_READY;
}

static void task_drop(struct nave_future *fut)
{
    struct frame *f = nave_future_frame(fut);

    nave_op_drop(&f->sleep.op);
    f->load->dropped++;
}

static nave_err task_result(struct nave_future *fut)
{
    (void)fut;
    return NAVE_OK;
}

static const struct nave_future_iface task = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "load",
    .poll = task_poll,
    .drop = task_drop,
    .result = task_result,
};

static void spawn(struct load *load, struct nave_worker *w)
{
    struct nave_future *fut;
    struct frame *f;

    if (!load->tasks_left)
        return;
    load->tasks_left--;
    if (w->api->future_new(w, &task, sizeof(*f), &fut) != NAVE_OK) {
        load->refused++;
        return;
    }
    f = nave_future_frame(fut);
    f->load = load;
    f->rounds = 1 + (uint32_t)drawn(load, ROUNDS_MAX);
    load->made++;
    if (drawn(load, 2))
        w->api->spawn(w, fut);
    else
        w->api->spawn_local(w, fut);
}

struct order {
    struct load *load;
    uint32_t count;
};

static void spawn_here(struct nave_worker *w, void *arg)
{
    const struct order *order = arg;
    uint32_t i;

    for (i = 0; i < order->count; i++)
        spawn(order->load, order->load->workers[w->index]);
}

void load_spawn(struct load *load, uint32_t index, uint32_t count)
{
    struct order order = {load, count};

    load->tasks_left += count * 3;
    (void)load->sim->api->call(load->sim, index, spawn_here, &order);
}

static void belt_here(struct nave_worker *w, void *arg)
{
    struct load *load = arg;

    load->belts.sim = load->sim;
    belt_begin(&load->belts, load->workers[w->index]);
}

void load_belt(struct load *load, uint32_t index)
{
    (void)load->sim->api->call(load->sim, index, belt_here, load);
}

/* --- the plugin ------------------------------------------------------------------------------- */

static nave_err load_create(struct nave_host *host, void **out_self)
{
    struct load *load = nave_host_user(host);

    struct nave_handle *channels, *locks;
    nave_err err =
        host->api->bind(host, NAVE_CHANNELS_ID, 0, sizeof(struct nave_channels_iface), &channels);

    if (!err)
        err = host->api->bind(host, NAVE_LOCKS_ID, 0, sizeof(struct nave_locks_iface), &locks);
    if (err)
        return err;
    load->belts.channels = (struct nave_channels *)(void *)channels;
    load->belts.locks = (struct nave_locks *)(void *)locks;
    load->worker_count = host->api->worker_count(host);
    *out_self = load;
    return load->worker_count <= LOAD_WORKERS_MAX ? NAVE_OK : NAVE_EINVAL;
}

static nave_err load_worker_start(void *self, struct nave_worker *w)
{
    ((struct load *)self)->workers[w->index] = w;
    return NAVE_OK;
}

static const struct nave_plugin_ops load_ops = {
    .size = sizeof(load_ops),
    .create = load_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = load_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    load
#define NAVE_PLUGIN_ID      "load"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)  \
    NEED("nave.worker/1", 0, 0)  \
    NEED(NAVE_CHANNELS_ID, 0, 0) \
    NEED(NAVE_LOCKS_ID, 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          load_ops
#include <nave/define.h>

/* SPDX-License-Identifier: MIT
 *
 * What the tests of the pool share: one worker, a pool, and a gate that a job stands at until the test
 * lets it through. Nobody sleeps: who waits for something waits at a condition.
 */
#ifndef BLOCKING_SETUP_H
#define BLOCKING_SETUP_H

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "test_main.h"

#include "blocking/blocking.h"
#include "worker/sim.h"
#include "worker/worker_state.h"

/* A gate. Jobs that reach it are counted and wait until it is open. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t is_open;
    uint32_t arrived;
    uint32_t left;
};

static struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0};

static struct nv_sim sim;
static struct nv_worker *worker;
static struct nv_worker_handle worker_handle;
static struct nave_worker *w;
static struct nv_blocking pool;
static struct nv_blocking_handle handle;
static struct nave_blocking *b;
static uint32_t released; /* atomic */

static inline void gate_pass(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->arrived++;
    pthread_cond_broadcast(&g->changed);
    while (!g->is_open)
        pthread_cond_wait(&g->changed, &g->lock);
    g->left++;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static inline void gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->is_open = 1;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

/* Until `count` jobs stand at it, or have passed. */
static inline void gate_wait(struct gate *g, uint32_t count)
{
    pthread_mutex_lock(&g->lock);
    while (g->arrived < count)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static inline void gate_close(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->is_open = g->arrived = g->left = 0;
    pthread_mutex_unlock(&g->lock);
}

/* The argument of most jobs: on the heap, freed by release. */
struct load {
    nave_err result;
    uint64_t value;
    uint32_t runs;
    uint32_t saw_cancel;
    pthread_t thread;
    char *order; /* the run appends `letter` */
    char letter;
};

static inline struct load *load_new(nave_err result, uint64_t value)
{
    struct load *l = calloc(1, sizeof(*l));

    if (!l)
        abort();
    l->result = result;
    l->value = value;
    return l;
}

static inline void load_release(void *arg)
{
    free(arg);
    __atomic_fetch_add(&released, 1, __ATOMIC_RELAXED);
}

static inline nave_err load_run(void *arg, struct nave_blocking_run *now)
{
    struct load *l = arg;

    l->runs++;
    l->thread = pthread_self();
    if (l->order)
        strncat(l->order, &l->letter, 1);
    now->value = l->value;
    return l->result;
}

static inline nave_err gated_run(void *arg, struct nave_blocking_run *now)
{
    struct load *l = arg;

    gate_pass(&gate);
    l->saw_cancel = (uint32_t)nave_blocking_is_canceled(now);
    return load_run(arg, now);
}

static const struct nave_blocking_work load_work = {.size = sizeof(load_work),
                                                    .name = "load",
                                                    .run = load_run,
                                                    .release = load_release};
static const struct nave_blocking_work gated_work = {.size = sizeof(gated_work),
                                                     .name = "gated",
                                                     .run = gated_run,
                                                     .release = load_release};
static const struct nave_blocking_work gated_name_work = {.size = sizeof(gated_name_work),
                                                          .flags = NAVE_BLOCKING_DNS,
                                                          .name = "name",
                                                          .run = gated_run,
                                                          .release = load_release};

/* An op with a callback that counts. */
struct call {
    struct nave_op op;
    struct load *load;
    uint32_t dones;
};

static inline void on_done(struct nave_op *op, void *arg)
{
    struct call *c = arg;

    CU_ASSERT_PTR_EQUAL(op, &c->op);
    c->dones++;
}

static inline nave_err call_start(struct call *c, const struct nave_blocking_work *work,
                                  uint32_t flags)
{
    memset(c, 0, sizeof(*c));
    c->load = load_new(NAVE_OK, 0);
    nave_op_init(&c->op, w, on_done, c);
    return nave_blocking_start(b, &c->op, work, NAVE_BLOCKING_ARG(&c->load), flags);
}

/* Turn the worker until the call is done. */
static inline void call_await(struct call *c)
{
    while (!c->dones)
        nv_worker_turn(worker, NAVE_NEVER);
}

static inline void setup_with(struct nv_blocking_options o, const struct nv_poller_ops *poller)
{
    struct nv_worker_options wo = {.poller = poller, .poller_arg = &sim};

    memset(&sim, 0, sizeof(sim));
    gate_close(&gate);
    released = 0;
    if (nv_worker_create(&wo, &worker) != NAVE_OK)
        abort();
    nv_worker_attach(worker);
    nv_worker_handle_init(&worker_handle, worker, "acme");
    w = &worker_handle.pub;
    memset(&pool, 0, sizeof(pool));
    nv_blocking_handle_init(&handle, &pool, "acme", 0);
    b = &handle.pub;
    o.workers = 1;
    if (!o.queue_max)
        o.queue_max = 16;
    if (nv_blocking_open(&pool, &o) != NAVE_OK)
        abort();
}

static inline void setup(uint32_t threads)
{
    setup_with((struct nv_blocking_options){.threads = threads, .idle_ns = 60 * NAVE_SEC}, NULL);
}

static inline void teardown(void)
{
    gate_open(&gate);
    while (nv_blocking_is_busy(&pool)) /* a job that was dropped is on its way out of the gate */
        sched_yield();
    nv_blocking_close(&pool);
    nv_blocking_end(&pool);
    CU_ASSERT_EQUAL(nv_blocking_stragglers(&pool), 0);
    nv_blocking_destroy(&pool);
    nv_worker_destroy(worker);
}

static inline struct nv_blocking_stats stats_of(enum nv_blocking_lane lane)
{
    struct nv_blocking_stats s;

    nv_blocking_stats(&pool, lane, &s);
    return s;
}

/* A task that awaits a job: what came of it goes to *result and *value. */
struct frame {
    struct nave_op op;
    struct load *load;
    uint32_t is_started;
    nave_err *result;
    uint64_t *value;
};

static inline nave_poll awaiting_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct frame *s = nave_future_frame(f);

    if (!s->is_started) {
        s->is_started = 1;
        nave_blocking(cx, &s->op, b, &load_work, NAVE_BLOCKING_ARG(&s->load));
    }
    if (nave_op_poll(&s->op) == NAVE_PENDING)
        return NAVE_PENDING;
    *s->result = s->op.result;
    *s->value = s->op.value;
    return NAVE_READY;
}

static inline void awaiting_drop(struct nave_future *f)
{
    struct frame *s = nave_future_frame(f);

    nave_op_drop(&s->op);
    free(s->load); /* NULL when the drop has given it away */
}

static inline nave_err awaiting_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface awaiting = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "awaiting",
    .poll = awaiting_poll,
    .drop = awaiting_drop,
    .result = awaiting_result,
};

static inline void spawn_awaiting(struct load *load, nave_err *result, uint64_t *value)
{
    struct nave_future *f = NULL;
    struct frame *s;

    if (w->api->future_new(w, &awaiting, sizeof(*s), &f) != NAVE_OK)
        abort();
    s = nave_future_frame(f);
    s->load = load;
    s->result = result;
    s->value = value;
    w->api->spawn(w, f);
}

static inline nave_err no_arg_run(void *arg, struct nave_blocking_run *now)
{
    now->value = arg == NULL;
    return NAVE_OK;
}

#endif

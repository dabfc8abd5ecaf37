/* SPDX-License-Identifier: MIT
 *
 * Channels between threads: tasks and callbacks on two workers, and threads that block. Nothing is lost,
 * nothing comes twice, each sender's order is kept, also while ops are dropped and begun again at any
 * moment, and 24 threads on few processors make progress. Meant for ThreadSanitizer as well.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "test_main.h"

#include "sync/channel.h"
#include "worker/worker_state.h"

#define SENDERS 24u
#define EACH    400u
#define LANES   2u

static struct nv_channels service;
static struct nave_channels *channels = &service.pub;
static struct nave_mpsc *tx;
static struct nave_mpsc_rx *rx;

/* --- what is counted ------------------------------------------------------------------------- */

struct item {
    uint64_t sender;
    uint64_t number; /* from 1 */
};

static uint64_t last[SENDERS]; /* the receiver's */
static uint64_t received;
static uint32_t wrong; /* atomic */

static void note_wrong(void)
{
    __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

static void note_item(const struct item *i)
{
    if (i->sender >= SENDERS || i->number != last[i->sender] + 1)
        note_wrong();
    else
        last[i->sender]++;
    received++;
}

static uint32_t chance(uint32_t *state, uint32_t of)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % of == 0;
}

/* --- tasks ----------------------------------------------------------------------------------- */

struct sending {
    struct nave_op op;
    struct item item;
    uint32_t seed;
    uint32_t is_waiting;
};

static nave_poll sending_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct sending *s = nave_future_frame(f);

    while (s->item.number <= EACH) {
        if (!s->is_waiting)
            nave_mpsc_send(cx, &s->op, tx, &s->item);
        s->is_waiting = nave_op_poll(&s->op) == NAVE_PENDING;
        if (s->is_waiting && chance(&s->seed, 3)) { /* changes its mind, and then again */
            nave_op_drop(&s->op);
            s->is_waiting = 0;
            return nave_yield(cx);
        }
        if (s->is_waiting)
            return NAVE_PENDING;
        if (s->op.result != NAVE_OK)
            note_wrong();
        s->item.number++;
    }
    nave_mpsc_drop(tx);
    return NAVE_READY;
}

struct receiving {
    struct nave_op op;
    struct item items[4];
    uint32_t seed;
    uint32_t is_waiting;
};

static nave_poll receiving_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct receiving *r = nave_future_frame(f);
    uint64_t i;

    for (;;) {
        if (!r->is_waiting && chance(&r->seed, 2))
            nave_mpsc_recv_many(cx, &r->op, rx, r->items, 4);
        else if (!r->is_waiting)
            nave_mpsc_recv(cx, &r->op, rx, r->items);
        r->is_waiting = nave_op_poll(&r->op) == NAVE_PENDING;
        if (r->is_waiting && chance(&r->seed, 3)) {
            nave_op_drop(&r->op);
            r->is_waiting = 0;
            return nave_yield(cx);
        }
        if (r->is_waiting)
            return NAVE_PENDING;
        if (r->op.result == NAVE_ECLOSED)
            return NAVE_READY;
        for (i = 0; i < r->op.value; i++)
            note_item(&r->items[i]);
    }
}

static void no_drop(struct nave_future *f)
{
    (void)f;
}

static nave_err ok(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface sending_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "sending",
    .poll = sending_poll,
    .drop = no_drop,
    .result = ok,
};

static const struct nave_future_iface receiving_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "receiving",
    .poll = receiving_poll,
    .drop = no_drop,
    .result = ok,
};

/* --- callbacks ------------------------------------------------------------------------------- */

/* Receives by callbacks; a job takes the op back in each turn and begins it anew. */
struct called {
    struct nave_job job;
    struct nave_op op;
    struct item item;
    struct nave_worker *worker;
    uint32_t is_over;
};

static void called_next(struct called *c);

static void called_done(struct nave_op *op, void *arg)
{
    struct called *c = arg;

    if (op->result == NAVE_ECLOSED) {
        c->is_over = 1;
        return;
    }
    note_item(&c->item);
    called_next(c);
}

static void called_next(struct called *c)
{
    nave_err err;

    for (;;) {
        nave_op_init(&c->op, c->worker, called_done, c);
        err = rx->api->recv(rx, &c->op, &c->item);
        if (err == NAVE_EAGAIN)
            return;
        if (err == NAVE_ECLOSED) {
            c->is_over = 1;
            return;
        }
        if (err != NAVE_OK)
            note_wrong();
        note_item(&c->item);
    }
}

static void called_again(struct nave_job *j)
{
    struct called *c = NAVE_CONTAINER_OF(j, struct called, job);

    if (c->is_over)
        return;
    nave_op_drop(&c->op);
    called_next(c);
    nave_worker_defer(c->worker, &c->job);
}

/* --- lanes: a worker on a thread ------------------------------------------------------------- */

static struct lane {
    pthread_t thread;
    struct nv_worker *worker;
    struct nv_worker_handle handle;
    uint32_t first; /* of the senders that are tasks here */
    uint32_t count;
    uint32_t receives;
    struct called called;
    uint32_t is_called;
} lanes[LANES];

static void *spawn(struct lane *l, const struct nave_future_iface *api, size_t frame)
{
    struct nave_worker *w = &l->handle.pub;
    struct nave_future *f;

    if (w->api->future_new(w, api, frame, &f) != NAVE_OK)
        abort();
    w->api->spawn_local(w, f);
    return nave_future_frame(f);
}

static void *run_lane(void *arg)
{
    struct lane *l = arg;
    uint32_t i;

    nv_worker_attach(l->worker);
    for (i = 0; i < l->count; i++) {
        struct sending *s = spawn(l, &sending_future, sizeof(*s));

        s->item = (struct item){l->first + i, 1};
        s->seed = l->first + i + 1;
    }
    if (l->receives) {
        struct receiving *r = spawn(l, &receiving_future, sizeof(*r));

        r->seed = 99;
    }
    if (l->is_called) {
        l->called.worker = &l->handle.pub;
        l->called.job.run = called_again;
        called_next(&l->called);
        nave_worker_defer(&l->handle.pub, &l->called.job);
    }
    while (nv_worker_tasks(l->worker) || (l->is_called && !l->called.is_over))
        nv_worker_turn(l->worker, NAVE_SEC);
    return NULL;
}

static void open_lane(struct lane *l, uint32_t index, uint32_t first, uint32_t count)
{
    struct nv_worker_options o = {.index = index};

    memset(l, 0, sizeof(*l));
    if (nv_worker_create(&o, &l->worker) != NAVE_OK)
        abort();
    nv_worker_handle_init(&l->handle, l->worker, "acme");
    l->first = first;
    l->count = count;
}

static void start_lane(struct lane *l)
{
    if (pthread_create(&l->thread, NULL, run_lane, l))
        abort();
}

static void end_lane(struct lane *l)
{
    nv_worker_destroy(l->worker);
}

/* --- threads --------------------------------------------------------------------------------- */

static void *send_numbers(void *arg)
{
    struct item i = {(uintptr_t)arg, 1};

    while (i.number <= EACH) {
        nave_err err = nave_mpsc_send_blocking(tx, &i, i.number % 3 ? NAVE_NEVER : 20000);

        if (err == NAVE_OK)
            i.number++;
        else if (err != NAVE_ETIMEDOUT) /* then it was not sent */
            note_wrong();
    }
    nave_mpsc_drop(tx);
    return NULL;
}

/* Takes permits, and gives every other one back. */
static void *send_with_permits(void *arg)
{
    struct item i = {(uintptr_t)arg, 1};
    uint32_t k = 0;

    while (i.number <= EACH) {
        nave_err err = nave_mpsc_try_reserve(tx);

        if (err == NAVE_OK && k++ % 2)
            nave_mpsc_release(tx);
        else if (err == NAVE_OK && nave_mpsc_commit(tx, &i) == NAVE_OK)
            i.number++;
        else if (nave_mpsc_send_blocking(tx, &i, 10000) == NAVE_OK)
            i.number++;
    }
    nave_mpsc_drop(tx);
    return NULL;
}

static void *receive_numbers(void *arg)
{
    struct item i;
    nave_err err;

    (void)arg;
    do {
        err = nave_mpsc_recv_blocking(rx, &i, 20000);
        if (err == NAVE_OK)
            note_item(&i);
    } while (err == NAVE_OK || err == NAVE_ETIMEDOUT);
    if (err != NAVE_ECLOSED)
        note_wrong();
    return NULL;
}

static void open_queue(uint32_t capacity, uint32_t flags, uint32_t senders)
{
    struct nave_mpsc_options o = {.size = sizeof(o),
                                  .item_size = sizeof(struct item),
                                  .capacity = capacity,
                                  .flags = flags};

    nv_channels_init(&service, NULL, NULL);
    CU_ASSERT_EQUAL_FATAL(nave_mpsc_new(channels, &o, &tx, &rx), NAVE_OK);
    while (--senders)
        (void)nave_mpsc_clone(tx);
    memset(last, 0, sizeof(last));
    received = 0;
    wrong = 0;
}

static void close_queue(uint32_t senders)
{
    CU_ASSERT_EQUAL(received, (uint64_t)senders * EACH);
    CU_ASSERT_EQUAL(wrong, 0);
    nave_mpsc_rx_drop(rx);
}

/* Threads `from` to SENDERS send, others are tasks of the lanes; lane 1 or this thread receives. */
static void mix(uint32_t capacity, uint32_t flags, uint32_t from, uint32_t receives,
                uint32_t is_called)
{
    pthread_t threads[SENDERS];
    uint32_t i;

    open_queue(capacity, flags, SENDERS);
    open_lane(&lanes[0], 0, 0, from / 2);
    open_lane(&lanes[1], 1, from / 2, from - from / 2);
    lanes[1].receives = receives;
    lanes[1].is_called = is_called;
    for (i = 0; i < LANES; i++)
        start_lane(&lanes[i]);
    for (i = from; i < SENDERS; i++)
        if (pthread_create(&threads[i], NULL, i % 2 ? send_numbers : send_with_permits,
                           (void *)(uintptr_t)i))
            abort();
    if (!receives && !is_called)
        receive_numbers(NULL);
    for (i = from; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    for (i = 0; i < LANES; i++)
        pthread_join(lanes[i].thread, NULL);
    for (i = 0; i < LANES; i++) /* nobody wakes it any more */
        end_lane(&lanes[i]);
    close_queue(SENDERS);
}

static void twenty_four_threads_send_through_a_queue_of_two(void)
{
    mix(2, 0, 0, 0, 0);
}

static void tasks_of_two_workers_send_to_a_task(void)
{
    mix(1, 0, SENDERS, 1, 0);
    mix(3, 0, SENDERS, 1, 0);
}

static void tasks_and_threads_send_to_a_thread(void)
{
    mix(2, 0, 12, 0, 0);
}

static void tasks_and_threads_send_to_callbacks_that_are_taken_back(void)
{
    mix(2, 0, 12, 0, 1);
}

/* A sender that would overrun the limit tries again by itself: the limit is out of reach here. */
static void an_unbounded_queue_is_filled_by_all(void)
{
    mix(SENDERS * EACH, NAVE_MPSC_UNBOUNDED, 12, 1, 0);
}

/* --- blocking -------------------------------------------------------------------------------- */

static void a_thread_waits_no_longer_than_it_said(void)
{
    struct item i = {0, 1};

    open_queue(1, 0, 1);
    CU_ASSERT_EQUAL(nave_mpsc_recv_blocking(rx, &i, 0), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_mpsc_recv_blocking(rx, &i, -5), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_mpsc_recv_blocking(rx, &i, NAVE_MSEC), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_mpsc_send_blocking(tx, &i, 0), NAVE_OK); /* there is room: no waiting */
    CU_ASSERT_EQUAL(nave_mpsc_send_blocking(tx, &i, 0), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_mpsc_recv_blocking(rx, &i, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 1); /* nothing of those that gave up is left */
    nave_mpsc_rx_close(rx);
    CU_ASSERT_EQUAL(nave_mpsc_send_blocking(tx, &i, NAVE_NEVER), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(nave_mpsc_recv_blocking(rx, &i, NAVE_NEVER), NAVE_ECLOSED);
    nave_mpsc_drop(tx);
    nave_mpsc_rx_drop(rx);
}

static void *answer(void *arg)
{
    uint64_t n = 42;

    CU_ASSERT_EQUAL(nave_oneshot_send(arg, &n), NAVE_OK);
    return NULL;
}

static void a_thread_waits_for_an_answer(void)
{
    struct nave_oneshot_rx *end;
    struct nave_oneshot *begin;
    pthread_t thread;
    uint32_t i;

    nv_channels_init(&service, NULL, NULL);
    for (i = 0; i < 50; i++) {
        uint64_t n = 0;

        CU_ASSERT_EQUAL_FATAL(nave_oneshot_new(channels, 8, &begin, &end), NAVE_OK);
        CU_ASSERT_EQUAL(nave_oneshot_recv_blocking(end, &n, 0), NAVE_ETIMEDOUT);
        if (pthread_create(&thread, NULL, answer, begin))
            abort();
        CU_ASSERT_EQUAL(nave_oneshot_recv_blocking(end, &n, NAVE_NEVER), NAVE_OK);
        CU_ASSERT_EQUAL(n, 42);
        nave_oneshot_rx_drop(end);
        pthread_join(thread, NULL);
    }
}

/* --- broadcast and watch --------------------------------------------------------------------- */

#define NEWS 2000u

static struct nave_broadcast *news;
static struct nave_watch *level;

static void *listen_to_news(void *arg)
{
    struct nave_broadcast_rx *r = arg;
    uint64_t n, missed, next = 1;
    nave_err err;

    for (;;) {
        err = nave_broadcast_recv_blocking(r, &n, &missed, NAVE_SEC);
        if (err == NAVE_ELAGGED) {
            next += missed;
        } else if (err == NAVE_OK) {
            if (n != next++)
                note_wrong();
        } else if (err != NAVE_ETIMEDOUT) {
            break;
        }
    }
    if (err != NAVE_ECLOSED || next != NEWS + 1)
        note_wrong();
    nave_broadcast_rx_drop(r);
    return NULL;
}

static void *watch_level(void *arg)
{
    struct nave_watch_rx *r = arg;
    uint64_t n = 0, before = 0;
    nave_err err;

    for (;;) {
        err = nave_watch_changed_blocking(r, &n, NAVE_SEC);
        if (err == NAVE_OK && n <= before)
            note_wrong();
        before = n;
        if (err != NAVE_OK && err != NAVE_ETIMEDOUT)
            break;
    }
    if (err != NAVE_ECLOSED || n != NEWS)
        note_wrong(); /* the last one is always seen */
    nave_watch_rx_drop(r);
    return NULL;
}

static void listeners_on_threads_miss_only_what_they_are_told(void)
{
    pthread_t threads[8];
    uint64_t n = 0;
    uint32_t i;

    nv_channels_init(&service, NULL, NULL);
    wrong = 0;
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_new(channels, 8, 16, &news), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_watch_new(channels, 8, &n, &level), NAVE_OK);
    for (i = 0; i < NAVE_COUNT(threads); i++) {
        struct nave_broadcast_rx *r;
        struct nave_watch_rx *w;
        int failed;

        if (i % 2) {
            CU_ASSERT_EQUAL_FATAL(nave_broadcast_subscribe(news, &r), NAVE_OK);
            failed = pthread_create(&threads[i], NULL, listen_to_news, r);
        } else {
            CU_ASSERT_EQUAL_FATAL(nave_watch_subscribe(level, &w), NAVE_OK);
            failed = pthread_create(&threads[i], NULL, watch_level, w);
        }
        if (failed)
            abort();
    }
    for (n = 1; n <= NEWS; n++) {
        CU_ASSERT_EQUAL(nave_broadcast_send(news, &n), NAVE_OK);
        nave_watch_send(level, &n);
    }
    nave_broadcast_drop(news);
    nave_watch_drop(level);
    for (i = 0; i < NAVE_COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(wrong, 0);
}

static CU_TestInfo tests[] = {
    {"twenty_four_threads_send_through_a_queue_of_two",
     twenty_four_threads_send_through_a_queue_of_two},
    {"tasks_of_two_workers_send_to_a_task", tasks_of_two_workers_send_to_a_task},
    {"tasks_and_threads_send_to_a_thread", tasks_and_threads_send_to_a_thread},
    {"tasks_and_threads_send_to_callbacks_that_are_taken_back",
     tasks_and_threads_send_to_callbacks_that_are_taken_back},
    {"an_unbounded_queue_is_filled_by_all", an_unbounded_queue_is_filled_by_all},
    {"a_thread_waits_no_longer_than_it_said", a_thread_waits_no_longer_than_it_said},
    {"a_thread_waits_for_an_answer", a_thread_waits_for_an_answer},
    {"listeners_on_threads_miss_only_what_they_are_told",
     listeners_on_threads_miss_only_what_they_are_told},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"channels between threads", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

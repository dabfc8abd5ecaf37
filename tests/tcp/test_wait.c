/* SPDX-License-Identifier: MIT
 *
 * Ops over tcp's streams, on each kind of backend: the wait, who else may wait, and its ends. The ops are
 * polled by hand when their waker was called.
 */
#include "rig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include <nave/stream_op.h>

#include "test_main.h"

#define BIG (1u << 20)

static const int backends[] = {RIG_EPOLL, RIG_POLL, RIG_EPOLL1};

struct pair {
    struct rig r;
    struct nave_stream *s;
    int client;
    struct nave_cx cx;
    struct nave_waker waker;
};

static uint32_t wakes;

static void count_clone(const struct nave_waker *w, struct nave_waker *out)
{
    *out = *w;
}

static void count_wake(const struct nave_waker *w)
{
    (void)w;
    wakes++;
}

static void count_drop(struct nave_waker *w)
{
    (void)w;
}

static const struct nave_waker_iface waker_table = {
    .hdr = NAVE_IFACE(struct nave_waker_iface, "nave.waker/1", 0, 0),
    .clone = count_clone,
    .wake = count_wake,
    .drop = count_drop,
};

static void begin(struct pair *p, int backend)
{
    memset(p, 0, sizeof(*p));
    rig_init(&p->r, backend);
    p->r.options.send_buffer = 16384;
    p->r.options.receive_buffer = 16384;
    CU_ASSERT_EQUAL_FATAL(rig_start(&p->r, "127.0.0.1:0"), NAVE_OK);
    p->s = rig_pair(&p->r, &p->client);
    rig_settle(&p->r);
    p->waker.api = &waker_table;
    p->cx.worker = &p->r.worker.pub;
    p->cx.waker = &p->waker;
    p->cx.budget = 128;
    wakes = 0;
}

static void end(struct pair *p)
{
    if (p->client >= 0)
        close(p->client);
    rig_end(&p->r);
}

/* Turn until the op's task is woken, and poll it; again when that was for nothing: the first report of a
 * new stream is of both directions. */
static nave_poll poll_when_woken(struct pair *p, struct nave_op *op)
{
    nave_poll ready = NAVE_PENDING;
    int i;

    for (i = 0; i < 8 && ready == NAVE_PENDING; i++) {
        wakes = 0;
        if (!rig_until(&p->r, &wakes, 1))
            break;
        ready = nave_op_poll(op);
    }
    return ready;
}

static void a_recv_waits_for_bytes_and_costs_nothing_meanwhile(void)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(backends); i++) {
        struct nave_stream_op in = {.len = 0};
        struct pair p;
        char data[16];
        unsigned recvs;

        begin(&p, backends[i]);
        CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &in, p.s, data, 16)->state, NAVE_OP_IN_FLIGHT);
        rig_settle(&p.r);
        recvs = spy.recvs;
        CU_ASSERT_EQUAL(nave_op_poll(&in.op), NAVE_PENDING); /* it was not told: nothing is tried */
        CU_ASSERT_EQUAL(spy.recvs, recvs);
        CU_ASSERT_EQUAL(write(p.client, "hello", 5), 5);
        CU_ASSERT_EQUAL(poll_when_woken(&p, &in.op), NAVE_READY);
        CU_ASSERT_EQUAL(in.op.result, NAVE_OK);
        CU_ASSERT_EQUAL(in.op.value, 5);
        CU_ASSERT_NSTRING_EQUAL(data, "hello", 5);
        end(&p);
    }
}

static void a_send_larger_than_the_socket_ends_when_the_peer_has_read(void)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(backends); i++) {
        struct nave_stream_op out = {.len = 0};
        struct pair p;
        char *data = malloc(BIG), *got = malloc(BIG);
        size_t at = 0;
        int turns;

        CU_ASSERT_FATAL(data && got);
        for (at = 0; at < BIG; at++)
            data[at] = (char)(at * 31 >> 3);
        begin(&p, backends[i]);
        CU_ASSERT_EQUAL(nave_stream_send(&p.cx, &out, p.s, data, BIG)->state, NAVE_OP_IN_FLIGHT);
        CU_ASSERT(out.op.value < BIG);
        for (at = 0, turns = 0; at < BIG && turns < 100000; turns++) {
            ssize_t n = recv(p.client, got + at, BIG - at, MSG_DONTWAIT);

            at += n > 0 ? (size_t)n : 0;
            (void)rig_turn(&p.r, 10);
            if (out.op.state != NAVE_OP_DONE)
                (void)nave_op_poll(&out.op);
        }
        CU_ASSERT_EQUAL(at, BIG);
        CU_ASSERT_EQUAL(out.op.state, NAVE_OP_DONE);
        CU_ASSERT_EQUAL(out.op.result, NAVE_OK);
        CU_ASSERT_EQUAL(out.op.value, BIG);
        CU_ASSERT_EQUAL(memcmp(data, got, BIG), 0);
        free(data);
        free(got);
        end(&p);
    }
}

static void one_waits_in_a_direction_and_one_in_the_other(void)
{
    struct nave_stream_op in = {.len = 0}, second = {.len = 0};
    struct nave_op out = {.state = NAVE_OP_IDLE};
    struct pair p;
    char data[4];

    begin(&p, RIG_EPOLL);
    CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &in, p.s, data, 4)->state, NAVE_OP_IN_FLIGHT);
    CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &second, p.s, data, 4)->result, NAVE_EBUSY);
    CU_ASSERT_EQUAL(second.op.state, NAVE_OP_DONE);
    CU_ASSERT_EQUAL(nave_stream_ready(&p.cx, &out, p.s, NAVE_STREAM_WRITE)->state,
                    NAVE_OP_IN_FLIGHT);
    CU_ASSERT_EQUAL(poll_when_woken(&p, &out), NAVE_READY); /* it may write: told soon */
    CU_ASSERT_EQUAL(out.result, NAVE_OK);
    CU_ASSERT_EQUAL(in.op.state, NAVE_OP_IN_FLIGHT);
    nave_op_drop(&in.op);
    CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &second, p.s, data, 4)->state, NAVE_OP_IN_FLIGHT);
    nave_op_drop(&second.op);
    end(&p);
}

static void a_dropped_recv_is_told_of_nothing_and_its_bytes_stay(void)
{
    struct nave_stream_op in = {.len = 0};
    struct pair p;
    char data[4];

    begin(&p, RIG_EPOLL);
    CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &in, p.s, data, 4)->state, NAVE_OP_IN_FLIGHT);
    rig_settle(&p.r);
    CU_ASSERT_EQUAL(write(p.client, "ab", 2), 2);
    nave_op_drop(&in.op);
    wakes = 0;
    rig_settle(&p.r);
    CU_ASSERT_EQUAL(wakes, 0);
    CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &in, p.s, data, 4)->result, NAVE_OK);
    CU_ASSERT_EQUAL(in.op.value, 2);
    end(&p);
}

static void closing_ends_a_wait_whatever_the_close(void)
{
    static const uint32_t flags[] = {0, NAVE_CLOSE_ABORT, NAVE_CLOSE_LINGER};
    size_t i;

    for (i = 0; i < NAVE_COUNT(flags); i++) {
        struct nave_stream_op in = {.len = 0};
        struct pair p;
        char data[4];

        begin(&p, RIG_EPOLL);
        CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &in, p.s, data, 4)->state, NAVE_OP_IN_FLIGHT);
        rig_close(&p.r, p.s, flags[i]);
        CU_ASSERT_EQUAL(wakes, 1);
        CU_ASSERT_EQUAL(nave_op_poll(&in.op), NAVE_READY);
        CU_ASSERT_EQUAL(in.op.result, NAVE_ECLOSED);
        nave_op_drop(&in.op);
        close(p.client);
        p.client = -1;
        rig_settle(&p.r);
        end(&p);
    }
}

static void a_reset_and_an_end_are_told(void)
{
    struct linger now = {1, 0};
    int how;

    for (how = 0; how < 2; how++) {
        struct nave_stream_op in = {.len = 0};
        struct pair p;
        char data[4];

        begin(&p, RIG_EPOLL);
        CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &in, p.s, data, 4)->state, NAVE_OP_IN_FLIGHT);
        rig_settle(&p.r);
        if (how == 0)
            setsockopt(p.client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        if (how == 0)
            close(p.client);
        else
            shutdown(p.client, SHUT_WR);
        CU_ASSERT_EQUAL(poll_when_woken(&p, &in.op), NAVE_READY);
        CU_ASSERT_EQUAL(in.op.result, how == 0 ? NAVE_ERESET : NAVE_EOF);
        if (how == 0)
            p.client = -1;
        else /* the other direction is open */
            CU_ASSERT_EQUAL(nave_stream_send(&p.cx, &in, p.s, "x", 1)->result, NAVE_OK);
        end(&p);
    }
}

static void a_wait_on_a_wrong_thread_is_refused(void)
{
    struct nave_stream_op in = {.len = 0};
    struct nave_op out = {.state = NAVE_OP_IDLE};
    struct pair p;
    char data[4];
    uint64_t here;

    begin(&p, RIG_EPOLL);
    here = p.r.worker.runner;
    p.r.worker.runner = 0;
    CU_ASSERT_EQUAL(nave_stream_recv(&p.cx, &in, p.s, data, 4)->result, NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_ready(&p.cx, &out, p.s, NAVE_STREAM_WRITE)->result, NAVE_EAFFINITY);
    p.r.worker.runner = here;
    end(&p);
}

#define T(name)     \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    T(a_recv_waits_for_bytes_and_costs_nothing_meanwhile),
    T(a_send_larger_than_the_socket_ends_when_the_peer_has_read),
    T(one_waits_in_a_direction_and_one_in_the_other),
    T(a_dropped_recv_is_told_of_nothing_and_its_bytes_stay),
    T(closing_ends_a_wait_whatever_the_close),
    T(a_reset_and_an_end_are_told),
    T(a_wait_on_a_wrong_thread_is_refused),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"tcp wait", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

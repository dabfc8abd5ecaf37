/* SPDX-License-Identifier: MIT
 *
 * The stream of tcp: the rules of nave/stream.h over loopback, on each kind of backend.
 */
#include "rig.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "test_main.h"

static const int backends[] = {RIG_EPOLL, RIG_POLL, RIG_EPOLL1};

/* A rig with one connection; its watches count. */
struct pair {
    struct rig r;
    struct nave_stream *s;
    int client;
    uint32_t reads, writes;
    uint32_t is_closing; /* the read watch closes the stream */
};

static void on_read(void *arg)
{
    struct pair *p = arg;

    p->reads++;
    if (p->is_closing)
        rig_close(&p->r, p->s, 0);
}

static void on_write(void *arg)
{
    struct pair *p = arg;

    p->writes++;
}

static void pair_init(struct pair *p, int backend)
{
    memset(p, 0, sizeof(*p));
    rig_init(&p->r, backend);
    p->r.options.send_buffer = 16384;
    p->r.options.receive_buffer = 16384;
    CU_ASSERT_EQUAL_FATAL(rig_start(&p->r, "127.0.0.1:0"), NAVE_OK);
    p->s = rig_pair(&p->r, &p->client);
    rig_settle(&p->r);
}

static void pair_end(struct pair *p)
{
    if (p->client >= 0)
        close(p->client);
    rig_end(&p->r);
}

static void client_send(struct pair *p, const char *text)
{
    CU_ASSERT_EQUAL(write(p->client, text, strlen(text)), (ssize_t)strlen(text));
}

static void client_reset(struct pair *p)
{
    struct linger now = {1, 0};

    setsockopt(p->client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(p->client);
    p->client = -1;
}

/* Fill the stream until it says NAVE_EAGAIN. Returns the bytes that it took. */
static size_t fill(struct pair *p)
{
    static char block[65536];
    size_t total = 0, len;
    nave_err err;

    while ((err = nave_stream_write(p->s, block, sizeof(block), &len)) == NAVE_OK)
        total += len;
    CU_ASSERT_EQUAL(err, NAVE_EAGAIN);
    return total;
}

static void client_drain(struct pair *p, size_t total)
{
    static char block[65536];
    ssize_t n;

    while (total > 0 && (n = read(p->client, block, sizeof(block))) > 0)
        total -= (size_t)n < total ? (size_t)n : total;
    CU_ASSERT_EQUAL(total, 0);
}

static void one_request_costs_one_recv_one_send_and_no_rearming(void)
{
    struct pair p;
    char buf[256];
    size_t len;
    unsigned i;

    pair_init(&p, RIG_EPOLL);
    nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
    memset(&spy, 0, sizeof(spy));
    for (i = 1; i <= 5; i++) {
        client_send(&p, "ping");
        CU_ASSERT_FATAL(rig_until(&p.r, &p.reads, i));
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_OK);
        CU_ASSERT_EQUAL(len, 4);
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_EAGAIN);
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "pong", 4, &len), NAVE_OK);
        client_drain(&p, 4);
    }
    CU_ASSERT_EQUAL(spy.recvs, 5);
    CU_ASSERT_EQUAL(spy.sends, 5);
    CU_ASSERT_EQUAL(p.r.rearms, 0);
    CU_ASSERT_EQUAL(p.reads, 5);
    CU_ASSERT_EQUAL(p.writes, 0);
    pair_end(&p);
}

static void watch_is_called_again_after_each_short_read_on_every_backend(void)
{
    struct pair p;
    char buf[256];
    size_t len, b;
    unsigned i;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        for (i = 1; i <= 3; i++) {
            client_send(&p, "ping");
            CU_ASSERT_FATAL(rig_until(&p.r, &p.reads, i));
            CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_OK);
        }
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(p.reads, 3);
        pair_end(&p);
    }
}

static void full_read_is_followed_by_no_call_until_eagain(void)
{
    struct pair p;
    char buf[8];
    size_t len, b;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        client_send(&p, "0123456789");
        CU_ASSERT_FATAL(rig_until(&p.r, &p.reads, 1));
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, 8, &len), NAVE_OK);
        CU_ASSERT_EQUAL(len, 8);
        client_send(&p, "more");
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(p.reads, 1); /* rule 3: it was not told NAVE_EAGAIN */
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, 8, &len), NAVE_OK);
        CU_ASSERT_EQUAL(len, 6);
        client_send(&p, "x");
        CU_ASSERT(rig_until(&p.r, &p.reads, 2));
        pair_end(&p);
    }
}

static void watch_set_while_ready_is_called_soon_after_and_not_inside(void)
{
    struct pair p;
    size_t b;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        client_send(&p, "early");
        rig_settle(&p.r); /* the report finds no watch */
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        CU_ASSERT_EQUAL(p.reads, 0);
        fake_worker_run(&p.r.worker);
        CU_ASSERT_EQUAL(p.reads, 1);
        nave_stream_watch(p.s, NAVE_STREAM_READ, NULL, NULL);
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(p.reads, 1);
        pair_end(&p);
    }
}

static void fin_that_comes_with_data_is_not_missed(void)
{
    struct pair p;
    char buf[256];
    size_t len, b;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        client_send(&p, "last words");
        shutdown(p.client, SHUT_WR);
        CU_ASSERT_FATAL(rig_until(&p.r, &p.reads, 1));
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_OK);
        CU_ASSERT_EQUAL(len, 10);
        CU_ASSERT_FATAL(rig_until(&p.r, &p.reads, 2));
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_EOF);
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_EOF);
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(p.reads, 2);
        /* Our direction is still open. */
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "bye", 3, &len), NAVE_OK);
        client_drain(&p, 3);
        pair_end(&p);
    }
}

static void shut_ends_our_direction_and_leaves_the_other(void)
{
    struct pair p;
    char buf[16];
    size_t len, b;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "all", 3, &len), NAVE_OK);
        CU_ASSERT_EQUAL(nave_stream_shut(p.s), NAVE_OK);
        CU_ASSERT_EQUAL(nave_stream_shut(p.s), NAVE_ESTATE);
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "x", 1, &len), NAVE_ESTATE);
        client_drain(&p, 3);
        CU_ASSERT_EQUAL(read(p.client, buf, sizeof(buf)), 0);
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        client_send(&p, "still");
        CU_ASSERT_FATAL(rig_until(&p.r, &p.reads, 1));
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_OK);
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "x", 1, &len), NAVE_ESTATE);
        pair_end(&p);
    }
}

static void full_send_buffer_says_eagain_and_the_write_watch_is_called(void)
{
    struct pair p;
    size_t len, b, total;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        nave_stream_watch(p.s, NAVE_STREAM_WRITE, on_write, &p);
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(p.writes, 1); /* set while ready */
        total = fill(&p);
        CU_ASSERT(total > 0);
        spy.sends = 0;
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "x", 1, &len), NAVE_EAGAIN);
        CU_ASSERT_EQUAL(spy.sends, 0);
        client_drain(&p, total);
        CU_ASSERT(rig_until(&p.r, &p.writes, 2));
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "x", 1, &len), NAVE_OK);
        pair_end(&p);
    }
}

static void reset_kills_both_directions_for_ever(void)
{
    struct pair p;
    char buf[16];
    size_t len, b;
    nave_err err;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_EAGAIN);
        client_reset(&p);
        CU_ASSERT_FATAL(rig_until(&p.r, &p.reads, 1));
        err = nave_stream_read(p.s, buf, sizeof(buf), &len);
        CU_ASSERT_EQUAL(err, NAVE_ERESET);
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "x", 1, &len), NAVE_ERESET);
        CU_ASSERT_EQUAL(nave_stream_read(p.s, buf, sizeof(buf), &len), NAVE_ERESET);
        CU_ASSERT_EQUAL(nave_stream_shut(p.s), NAVE_ERESET);
        pair_end(&p);
    }
}

static void close_inside_a_watch_is_safe_on_every_way_to_it(void)
{
    struct pair p;
    size_t b, len;
    char c;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]); /* by the report of the reactor */
        p.is_closing = 1;
        CU_ASSERT_EQUAL(nave_stream_read(p.s, &c, 1, &len), NAVE_EAGAIN);
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        nave_stream_watch(p.s, NAVE_STREAM_WRITE, on_write, &p);
        client_send(&p, "x");
        CU_ASSERT(rig_until(&p.r, &p.reads, 1));
        CU_ASSERT_EQUAL(p.reads, 1);
        pair_end(&p);

        pair_init(&p, backends[b]); /* by the job, both directions owed */
        p.is_closing = 1;
        client_send(&p, "x");
        rig_settle(&p.r);
        nave_stream_watch(p.s, NAVE_STREAM_READ | NAVE_STREAM_WRITE, on_read, &p);
        CU_ASSERT(rig_until(&p.r, &p.reads, 1));
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(p.reads, 1); /* the write watch died with the stream */
        pair_end(&p);

        pair_init(&p, backends[b]); /* before the job runs */
        client_send(&p, "x");
        rig_settle(&p.r);
        nave_stream_watch(p.s, NAVE_STREAM_READ, on_read, &p);
        rig_close(&p.r, p.s, 0);
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(p.reads, 0);
        pair_end(&p);
    }
}

static void vectors_move_in_order_and_bad_ones_are_refused(void)
{
    struct pair p;
    char a[3], b[16];
    struct nave_bytes pieces[3] = {{"ab", 2}, {"", 0}, {"cdef", 4}};
    struct nave_span spans[2] = {{a, sizeof(a)}, {b, sizeof(b)}};
    struct nave_bytes many[TCP_VECTOR_MAX + 1] = {{"x", 1}};
    char got[8];
    size_t len;

    pair_init(&p, RIG_EPOLL);
    CU_ASSERT_EQUAL(nave_stream_writev(p.s, pieces, 3, &len), NAVE_OK);
    CU_ASSERT_EQUAL(len, 6);
    CU_ASSERT_EQUAL(recv(p.client, got, 6, MSG_WAITALL), 6);
    CU_ASSERT_EQUAL(memcmp(got, "abcdef", 6), 0);
    CU_ASSERT_EQUAL(nave_stream_writev(p.s, many, TCP_VECTOR_MAX + 1, &len), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_stream_write(p.s, "", 0, &len), NAVE_EINVAL);

    client_send(&p, "12345");
    rig_settle(&p.r);
    CU_ASSERT_EQUAL(nave_stream_read(p.s, got, 0, &len), NAVE_EINVAL);
    CU_ASSERT_EQUAL(p.s->api->read(p.s, spans, 0, &len), NAVE_EINVAL);
    CU_ASSERT_EQUAL(p.s->api->read(p.s, spans, 2, &len), NAVE_OK);
    CU_ASSERT_EQUAL(len, 5);
    CU_ASSERT_EQUAL(memcmp(a, "123", 3), 0);
    CU_ASSERT_EQUAL(memcmp(b, "45", 2), 0);
    CU_ASSERT_EQUAL(p.s->api->read(p.s, spans, 2, &len), NAVE_EAGAIN);
    pair_end(&p);
}

static void abort_sends_a_reset(void)
{
    struct pair p;
    char c;

    pair_init(&p, RIG_EPOLL);
    rig_close(&p.r, p.s, NAVE_CLOSE_ABORT);
    CU_ASSERT_EQUAL(read(p.client, &c, 1), -1);
    CU_ASSERT_EQUAL(errno, ECONNRESET);
    pair_end(&p);
}

static void lingering_close_saves_the_answer_from_unread_input(void)
{
    struct pair p;
    char buf[16];
    size_t len, b;
    uint32_t one;

    for (b = 0; b < NAVE_COUNT(backends); b++) {
        pair_init(&p, backends[b]);
        client_send(&p, "a request that is never read");
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(nave_stream_write(p.s, "answer", 6, &len), NAVE_OK);
        rig_close(&p.r, p.s, NAVE_CLOSE_LINGER);
        CU_ASSERT_EQUAL(p.r.worker.holds, 1);
        client_send(&p, "and more"); /* a plain close would answer this with a reset */
        rig_settle(&p.r);
        CU_ASSERT_EQUAL(recv(p.client, buf, sizeof(buf), 0), 6);
        CU_ASSERT_EQUAL(recv(p.client, buf, sizeof(buf), 0), 0);
        close(p.client);
        p.client = -1;
        for (one = 0; p.r.worker.holds && one < 100; one++)
            rig_turn(&p.r, 20);
        CU_ASSERT_EQUAL(p.r.worker.holds, 0);
        CU_ASSERT_EQUAL(fake_host_counter(&p.r.host, "lingers_cut"), 0);
        pair_end(&p);
    }
}

static void lingering_ends_by_time_by_bytes_and_by_the_workers_stop(void)
{
    static char block[32768];
    struct pair p;
    int i;

    pair_init(&p, RIG_EPOLL);
    rig_close(&p.r, p.s, NAVE_CLOSE_LINGER);
    fake_worker_advance(&p.r.worker, 2 * NAVE_SEC - 1);
    CU_ASSERT_EQUAL(p.r.worker.holds, 1);
    fake_worker_advance(&p.r.worker, 1);
    CU_ASSERT_EQUAL(p.r.worker.holds, 0);
    CU_ASSERT_EQUAL(fake_host_counter(&p.r.host, "lingers_cut"), 1);
    close(p.client);

    p.s = rig_pair(&p.r, &p.client);
    rig_settle(&p.r);
    rig_close(&p.r, p.s, NAVE_CLOSE_LINGER);
    for (i = 0; i < 64 && p.r.worker.holds; i++) {
        if (send(p.client, block, 8192, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
            break;
        rig_turn(&p.r, 20);
    }
    CU_ASSERT_EQUAL(p.r.worker.holds, 0);
    CU_ASSERT(i >= 30 && i <= 40); /* 256 KiB in blocks of 8 KiB */
    CU_ASSERT_EQUAL(fake_host_counter(&p.r.host, "lingers_cut"), 2);
    close(p.client);

    p.s = rig_pair(&p.r, &p.client);
    rig_settle(&p.r);
    rig_close(&p.r, p.s, NAVE_CLOSE_LINGER);
    pair_end(&p); /* asserts that no hold, timer or descriptor is left */
}

static void info_tells_both_ends_and_respects_the_callers_size(void)
{
    struct pair p;
    struct nave_stream_info info;
    struct nave_addr a;

    pair_init(&p, RIG_EPOLL);
    CU_ASSERT_EQUAL(p.r.listener->api->address(p.r.listener, &a), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_get_info(p.s, &info), NAVE_OK);
    CU_ASSERT_EQUAL(info.local.family, NAVE_ADDR_IP4);
    CU_ASSERT_EQUAL(info.local.port, a.port);
    CU_ASSERT_EQUAL(info.peer.bytes[0], 127);
    CU_ASSERT(info.fd >= 0);
    CU_ASSERT_EQUAL(info.alpn.len, 0);
    memset(&info, 0x5A, sizeof(info));
    info.size = 7;
    CU_ASSERT_EQUAL(p.s->api->info(p.s, &info), NAVE_EINVAL);
    info.size = 8;
    CU_ASSERT_EQUAL(p.s->api->info(p.s, &info), NAVE_OK);
    CU_ASSERT_EQUAL(info.flags, 0);
    CU_ASSERT_EQUAL(info.local.family, 0x5A5A);
    pair_end(&p);
}

static void accepted_sockets_inherit_nodelay_and_keepalive(void)
{
    struct pair p;
    struct nave_stream_info info;
    int value = 0;
    socklen_t len = sizeof(value);

    pair_init(&p, RIG_EPOLL);
    CU_ASSERT_EQUAL(nave_stream_get_info(p.s, &info), NAVE_OK);
    getsockopt((int)info.fd, IPPROTO_TCP, TCP_NODELAY, &value, &len);
    CU_ASSERT_NOT_EQUAL(value, 0);
    getsockopt((int)info.fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len);
    CU_ASSERT_NOT_EQUAL(value, 0);
    getsockopt((int)info.fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len);
    CU_ASSERT_EQUAL(value, 60);
    getsockopt((int)info.fd, IPPROTO_TCP, TCP_KEEPINTVL, &value, &len);
    CU_ASSERT_EQUAL(value, 10);
    getsockopt((int)info.fd, IPPROTO_TCP, TCP_KEEPCNT, &value, &len);
    CU_ASSERT_EQUAL(value, 3);
    pair_end(&p);
}

#define T(name)     \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    T(one_request_costs_one_recv_one_send_and_no_rearming),
    T(watch_is_called_again_after_each_short_read_on_every_backend),
    T(full_read_is_followed_by_no_call_until_eagain),
    T(watch_set_while_ready_is_called_soon_after_and_not_inside),
    T(fin_that_comes_with_data_is_not_missed),
    T(shut_ends_our_direction_and_leaves_the_other),
    T(full_send_buffer_says_eagain_and_the_write_watch_is_called),
    T(reset_kills_both_directions_for_ever),
    T(close_inside_a_watch_is_safe_on_every_way_to_it),
    T(vectors_move_in_order_and_bad_ones_are_refused),
    T(abort_sends_a_reset),
    T(lingering_close_saves_the_answer_from_unread_input),
    T(lingering_ends_by_time_by_bytes_and_by_the_workers_stop),
    T(info_tells_both_ends_and_respects_the_callers_size),
    T(accepted_sockets_inherit_nodelay_and_keepalive),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"tcp stream", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

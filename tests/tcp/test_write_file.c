/* SPDX-License-Identifier: MIT
 *
 * Files through the stream of tcp: order, backpressure, files that end, and no signal.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "rig.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "test_main.h"

#define SIZE 500000u

static const int backends[] = {RIG_EPOLL, RIG_POLL, RIG_EPOLL1};

struct pair {
    struct rig r;
    struct nave_stream *s;
    int client;
    int fd;
    uint32_t writes;
};

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + i / 256);
}

static void on_write(void *arg)
{
    ((struct pair *)arg)->writes++;
}

static void on_read(void *arg)
{
    (void)arg;
}

static void pair_init(struct pair *p, int backend)
{
    uint8_t *data = malloc(SIZE);
    size_t i;

    memset(p, 0, sizeof(*p));
    p->fd = memfd_create("file", 0);
    CU_ASSERT_FATAL(data && p->fd >= 0);
    for (i = 0; i < SIZE; i++)
        data[i] = byte_at(i);
    CU_ASSERT_EQUAL_FATAL(write(p->fd, data, SIZE), (ssize_t)SIZE);
    free(data);
    rig_init(&p->r, backend);
    p->r.options.send_buffer = 16384;
    p->r.options.receive_buffer = 16384;
    CU_ASSERT_EQUAL_FATAL(rig_start(&p->r, "127.0.0.1:0"), NAVE_OK);
    p->s = rig_pair(&p->r, &p->client);
    nave_stream_watch(p->s, NAVE_STREAM_READ, on_read, p);
    nave_stream_watch(p->s, NAVE_STREAM_WRITE, on_write, p);
    rig_settle(&p->r);
}

static void pair_end(struct pair *p)
{
    if (p->client >= 0)
        close(p->client);
    if (p->s)
        rig_close(&p->r, p->s, 0);
    rig_end(&p->r);
    close(p->fd);
}

/* Is this how the file follows a head of four bytes, from `offset` on? */
static int is_right(const uint8_t *data, size_t len, size_t at, size_t offset)
{
    size_t i;

    for (i = 0; i < len; i++)
        if (data[i] != (at + i < 4 ? (uint8_t) "head"[at + i] : byte_at(offset + at + i - 4)))
            return 0;
    return 1;
}

static void a_file_follows_its_head_and_waits_for_the_peer(void)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(backends); i++) {
        struct nave_bytes head = {"head", 4};
        struct nave_file_range range;
        static uint8_t got[65536];
        uint32_t blocked = 0;
        uint32_t waits = 0;
        size_t seen = 0;
        struct pair p;

        pair_init(&p, backends[i]);
        range.fd = p.fd;
        range.offset = 1000;
        range.len = SIZE - 1000;
        while (seen < SIZE - 1000 + 4) {
            size_t sent = 0;
            ssize_t n;

            while (range.len > 0) {
                nave_err err = nave_stream_write_file(p.s, &head, head.len > 0, &range, &sent);

                if (err == NAVE_EAGAIN) {
                    blocked++;
                    break;
                }
                CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
                CU_ASSERT_FATAL(sent > 0);
                if (head.len > 0) {
                    CU_ASSERT_FATAL(sent >= 4);
                    sent -= 4;
                    head.len = 0;
                }
                range.offset += sent;
                range.len -= sent;
            }
            n = recv(p.client, got, sizeof(got), MSG_DONTWAIT);
            if (n < 0 && errno == EAGAIN) {
                CU_ASSERT_FATAL(++waits < 10000);
                rig_turn(&p.r, 10);
                continue;
            }
            CU_ASSERT_FATAL(n > 0);
            CU_ASSERT_FATAL(is_right(got, (size_t)n, seen, 1000));
            seen += (size_t)n;
            rig_turn(&p.r, 0);
        }
        CU_ASSERT(blocked > 1);
        CU_ASSERT(p.writes > 1);
        CU_ASSERT_EQUAL(seen, SIZE - 1000 + 4);
        CU_ASSERT_EQUAL(lseek(p.fd, 0, SEEK_CUR), SIZE); /* the position was left alone */
        pair_end(&p);
    }
}

static void the_end_of_the_file_leaves_the_stream_as_it_was(void)
{
    struct nave_bytes head = {"head", 4};
    struct nave_file_range range;
    size_t sent = 77;
    char got[64];
    struct pair p;

    pair_init(&p, RIG_EPOLL);
    range.fd = p.fd;
    range.offset = SIZE;
    range.len = 10;
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_EOF);
    CU_ASSERT_EQUAL(sent, 77);
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, &head, 1, &range, &sent), NAVE_OK);
    CU_ASSERT_EQUAL(sent, 4);
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_EOF);
    range.offset = SIZE - 3; /* a part of what was asked for */
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_OK);
    CU_ASSERT_EQUAL(sent, 3);
    CU_ASSERT_EQUAL(nave_stream_write(p.s, "x", 1, &sent), NAVE_OK);
    CU_ASSERT_EQUAL(recv(p.client, got, 8, MSG_WAITALL), 8);
    CU_ASSERT_EQUAL(memcmp(got, "head", 4), 0);
    CU_ASSERT_EQUAL(got[7], 'x');
    pair_end(&p);
}

static void what_is_no_file_is_refused_and_the_stream_goes_on(void)
{
    struct nave_file_range range = {.len = 10};
    size_t sent = 0;
    int ends[2];
    struct pair p;

    pair_init(&p, RIG_EPOLL);
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    range.fd = ends[0];
    CU_ASSERT_NOT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_OK);
    range.fd = -1;
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_EINVAL);
    range.fd = p.fd;
    range.len = 0;
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_EINVAL);
    range.len = 10;
    range.offset = UINT64_MAX;
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_ENOSYS);
    CU_ASSERT_EQUAL(nave_stream_write(p.s, "x", 1, &sent), NAVE_OK);
    close(ends[0]);
    close(ends[1]);
    pair_end(&p);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int signo)
{
    (void)signo;
    pipes++;
}

/* Send until the reset of the peer is seen. */
static nave_err send_to_nobody(struct pair *p)
{
    struct nave_file_range range = {.fd = p->fd, .len = SIZE};
    uint32_t rounds;
    nave_err err = NAVE_OK;
    size_t sent;

    for (rounds = 0; rounds < 1000 && (err == NAVE_OK || err == NAVE_EAGAIN); rounds++) {
        err = nave_stream_write_file(p->s, NULL, 0, &range, &sent);
        rig_turn(&p->r, 1);
    }
    return err;
}

/* Wait for the reset, and take its error away. */
static void take_error(struct pair *p)
{
    struct nave_stream_info info;
    socklen_t len = sizeof(int);
    int error = 0;

    CU_ASSERT_EQUAL(nave_stream_get_info(p->s, &info), NAVE_OK);
    CU_ASSERT(rig_wait_fd((int)info.fd));
    getsockopt((int)info.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    CU_ASSERT_NOT_EQUAL(error, 0);
}

static void a_peer_that_is_gone_is_an_error_and_no_signal(void)
{
    struct sigaction how = {.sa_handler = on_pipe};
    struct sigaction before;
    sigset_t only_pipe, mask, pending;
    int blocked;

    sigaction(SIGPIPE, &how, &before);
    sigemptyset(&only_pipe);
    sigaddset(&only_pipe, SIGPIPE);
    for (blocked = 0; blocked < 2; blocked++) {
        struct linger hard = {1, 0};
        struct pair p;
        nave_err err;

        pthread_sigmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &only_pipe, &mask);
        pipes = 0;
        pair_init(&p, RIG_EPOLL);
        setsockopt(p.client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close(p.client);
        p.client = -1;
        take_error(&p); /* from now on writing is EPIPE */
        err = send_to_nobody(&p);
        CU_ASSERT(err != NAVE_OK && err != NAVE_EAGAIN && err != NAVE_EOF);
        CU_ASSERT_EQUAL(pipes, 0);
        sigemptyset(&pending);
        sigpending(&pending);
        CU_ASSERT_EQUAL(sigismember(&pending, SIGPIPE), 0);
        pthread_sigmask(SIG_SETMASK, &mask, NULL);
        CU_ASSERT_EQUAL(pipes, 0);
        pair_end(&p);
    }
    sigaction(SIGPIPE, &before, NULL);
}

static void after_shut_nothing_is_sent(void)
{
    struct nave_file_range range = {.len = SIZE};
    size_t sent = 0;
    struct pair p;

    pair_init(&p, RIG_EPOLL);
    range.fd = p.fd;
    CU_ASSERT_EQUAL(nave_stream_shut(p.s), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_write_file(p.s, NULL, 0, &range, &sent), NAVE_ESTATE);
    pair_end(&p);
}

#define T(name)     \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    T(a_file_follows_its_head_and_waits_for_the_peer),
    T(the_end_of_the_file_leaves_the_stream_as_it_was),
    T(what_is_no_file_is_refused_and_the_stream_goes_on),
    T(a_peer_that_is_gone_is_an_error_and_no_signal),
    T(after_shut_nothing_is_sent),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"tcp write_file", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * The reactor on each backend of this machine: socketpairs, half close, one-shot and edges, waking
 * from a thread, timers. The same tests run for epoll (edges), poll and select (one-shot). Waits are
 * real but end at once, or after a few milliseconds where the timer itself is tested.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test_main.h"

#include "worker/poller.h"
#include "worker/worker.h"

static struct nv_worker *worker;
static struct nv_worker_handle handle;
static struct nave_worker *w;
static const char *backend;

/* One watched end of a socketpair. */
struct end {
    struct nave_io *io;
    int fd, peer;
    uint32_t seen; /* directions since the last look */
    uint32_t calls;
    int32_t closes_itself;
};

static void on_end(void *arg, uint32_t ready)
{
    struct end *e = arg;

    e->seen |= ready;
    e->calls++;
    if (e->closes_itself) {
        e->io->api->io_close(e->io);
        e->io = NULL;
    }
}

static int open_end(struct end *e)
{
    int fds[2];

    memset(e, 0, sizeof(*e));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        return -1;
    e->fd = fds[0];
    e->peer = fds[1];
    return w->api->io_open(w, e->fd, on_end, e, &e->io) == NAVE_OK ? 0 : -1;
}

static void close_end(struct end *e)
{
    if (e->io)
        e->io->api->io_close(e->io);
    close(e->fd);
    if (e->peer >= 0)
        close(e->peer);
}

static uint32_t look(struct end *e)
{
    uint32_t seen;

    e->seen = 0;
    nv_worker_turn(worker, 0);
    seen = e->seen;
    return seen;
}

static int start_with(const char *name)
{
    struct nv_worker_options o = {.backend = name};

    backend = name;
    if (nv_worker_create(&o, &worker) != NAVE_OK)
        return -1;
    nv_worker_attach(worker);
    nv_worker_handle_init(&handle, worker, "acme");
    w = &handle.pub;
    return 0;
}

static int start_epoll(void)
{
    return start_with("epoll");
}

static int start_poll(void)
{
    return start_with("poll");
}

static int start_select(void)
{
    return start_with("select");
}

static int stop(void)
{
    nv_worker_destroy(worker);
    return 0;
}

/* The best one; a test run may have another for all who do not ask (tests/local.mk). */
static void nobody_asks_and_gets_the_best_or_that_of_the_test_run(void)
{
    const char *of_run = getenv("NAVE_TEST_BACKEND");
    const struct nv_worker_options o = {.index = 0};
    struct nv_worker *made = NULL;

    CU_ASSERT_EQUAL_FATAL(nv_worker_create(&o, &made), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(nv_worker_backend(made),
                           of_run && *of_run ? of_run : nv_worker_backends()[0]);
    nv_worker_destroy(made);
}

static void the_backend_asked_for_is_the_one_in_use(void)
{
    CU_ASSERT_STRING_EQUAL(nv_worker_backend(worker), backend);
}

static void a_new_descriptor_is_told_what_is_ready(void)
{
    struct end e;

    CU_ASSERT_EQUAL_FATAL(open_end(&e), 0);
    CU_ASSERT_EQUAL(e.calls, 0); /* never inside io_open */
    CU_ASSERT_EQUAL(look(&e), NAVE_IO_WRITE);
    CU_ASSERT_EQUAL(look(&e), 0); /* an edge once; one-shot until re-armed */
    close_end(&e);
}

static void bytes_are_told_once_and_again_when_more_come(void)
{
    struct end e;
    char c[8];

    CU_ASSERT_EQUAL_FATAL(open_end(&e), 0);
    look(&e);
    CU_ASSERT_EQUAL(write(e.peer, "a", 1), 1);
    CU_ASSERT(look(&e) & NAVE_IO_READ);
    CU_ASSERT_EQUAL(look(&e) & NAVE_IO_READ, 0); /* still unread: silence */
    CU_ASSERT_EQUAL(read(e.fd, c, sizeof(c)), 1);
    nave_io_rearm(e.io, NAVE_IO_READ);
    CU_ASSERT_EQUAL(look(&e) & NAVE_IO_READ, 0);
    CU_ASSERT_EQUAL(write(e.peer, "b", 1), 1);
    CU_ASSERT(look(&e) & NAVE_IO_READ);
    close_end(&e);
}

static void rearming_tells_what_is_still_there_where_it_is_needed(void)
{
    struct end e;

    CU_ASSERT_EQUAL_FATAL(open_end(&e), 0);
    look(&e);
    CU_ASSERT_EQUAL(write(e.peer, "a", 1), 1);
    look(&e);
    if (!(e.io->flags & NAVE_IO_IS_EDGE)) {
        nave_io_rearm(e.io, NAVE_IO_READ | NAVE_IO_WRITE);
        CU_ASSERT_EQUAL(look(&e), NAVE_IO_READ | NAVE_IO_WRITE);
        nave_io_rearm(e.io, NAVE_IO_READ); /* one direction leaves the other silent */
        nave_io_rearm(e.io, NAVE_IO_READ);
        CU_ASSERT_EQUAL(look(&e), NAVE_IO_READ);
    }
    CU_ASSERT_EQUAL((e.io->flags & NAVE_IO_IS_EDGE) != 0, strcmp(backend, "epoll") == 0);
    close_end(&e);
}

static void a_half_closed_peer_can_still_be_written_to(void)
{
    struct end e;
    char c[8];

    CU_ASSERT_EQUAL_FATAL(open_end(&e), 0);
    look(&e);
    CU_ASSERT_EQUAL(write(e.peer, "last", 4), 4);
    CU_ASSERT_EQUAL(shutdown(e.peer, SHUT_WR), 0);
    e.seen = look(&e);
    CU_ASSERT(e.seen & NAVE_IO_READ);
    if (e.io->flags & NAVE_IO_IS_EDGE)
        CU_ASSERT(e.seen & NAVE_IO_CLOSED);
    CU_ASSERT_EQUAL(read(e.fd, c, sizeof(c)), 4); /* nothing was lost */
    CU_ASSERT_EQUAL(read(e.fd, c, sizeof(c)), 0);
    CU_ASSERT_EQUAL(write(e.fd, "answer", 6), 6);
    close_end(&e);
}

static void a_vanished_peer_is_told(void)
{
    struct end e;

    CU_ASSERT_EQUAL_FATAL(open_end(&e), 0);
    look(&e);
    close(e.peer);
    e.peer = -1;
    CU_ASSERT(look(&e) & NAVE_IO_READ);
    close_end(&e);
}

static void a_full_peer_is_told_when_there_is_room(void)
{
    static char block[65536];
    struct end e;
    ssize_t n;
    int i;

    CU_ASSERT_EQUAL_FATAL(open_end(&e), 0);
    look(&e);
    for (i = 0; i < 1000 && write(e.fd, block, sizeof(block)) > 0; i++)
        ;
    CU_ASSERT_EQUAL(errno, EAGAIN);
    nave_io_rearm(e.io, NAVE_IO_WRITE);
    CU_ASSERT_EQUAL(look(&e) & NAVE_IO_WRITE, 0);
    while ((n = read(e.peer, block, sizeof(block))) > 0)
        ;
    CU_ASSERT(look(&e) & NAVE_IO_WRITE);
    close_end(&e);
}

static void an_io_may_be_closed_inside_its_own_callback(void)
{
    struct end e;

    CU_ASSERT_EQUAL_FATAL(open_end(&e), 0);
    e.closes_itself = 1;
    look(&e);
    CU_ASSERT_PTR_NULL(e.io);
    CU_ASSERT_EQUAL(write(e.peer, "a", 1), 1);
    CU_ASSERT_EQUAL(look(&e), 0);
    CU_ASSERT_EQUAL(handle.usage.fds, 0);
    close_end(&e);
}

static struct end pair[2];

static void on_pair(void *arg, uint32_t ready)
{
    struct end *e = arg, *other = e == &pair[0] ? &pair[1] : &pair[0];

    (void)ready;
    e->calls++;
    if (other->io)
        other->io->api->io_close(other->io);
    other->io = NULL;
}

static void an_io_closed_by_another_of_the_same_batch_is_not_called(void)
{
    int i;

    for (i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(open_end(&pair[i]), 0);
        pair[i].io->api->io_close(pair[i].io);
        CU_ASSERT_EQUAL(w->api->io_open(w, pair[i].fd, on_pair, &pair[i], &pair[i].io), NAVE_OK);
    }
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(pair[0].calls + pair[1].calls, 1);
    close_end(&pair[0]);
    close_end(&pair[1]);
}

static void many_descriptors_are_told_in_few_turns(void)
{
    static struct end ends[100];
    uint32_t told = 0, turns = 0, i;

    for (i = 0; i < 100; i++)
        CU_ASSERT_EQUAL_FATAL(open_end(&ends[i]), 0);
    while (told < 100 && turns++ < 10) /* libevent's room for events begins at 32 and doubles */
        told += nv_worker_turn(worker, 0);
    CU_ASSERT(turns <= 3);
    for (i = 0; i < 100; i++) {
        ends[i].seen = 0;
        CU_ASSERT_EQUAL(write(ends[i].peer, "a", 1), 1);
    }
    CU_ASSERT_EQUAL(nv_worker_turn(worker, NAVE_NEVER), 100);
    for (i = 0, told = 0; i < 100; i++) {
        told += ends[i].seen & NAVE_IO_READ;
        close_end(&ends[i]);
    }
    CU_ASSERT_EQUAL(told, 100);
}

static void a_descriptor_that_cannot_be_watched_is_refused(void)
{
    struct nave_io *io = NULL;

    CU_ASSERT_EQUAL(w->api->io_open(w, -1, on_end, NULL, &io), NAVE_EINVAL);
    CU_ASSERT_PTR_NULL(io);
    CU_ASSERT_EQUAL(handle.usage.fds, 0);
}

static struct nave_job posted;
static uint32_t posted_ran;

static void on_posted(struct nave_job *j)
{
    (void)j;
    posted_ran++;
}

static void *post_it(void *arg)
{
    (void)arg;
    return nave_worker_post(w, &posted) == NAVE_OK ? NULL : (void *)1;
}

static void a_post_from_a_thread_ends_an_endless_wait(void)
{
    pthread_t thread;
    void *failed = NULL;
    int i;

    for (i = 0; i < 50; i++) {
        posted.run = on_posted;
        posted_ran = 0;
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, post_it, NULL), 0);
        while (posted_ran == 0)
            nv_worker_turn(worker, NAVE_NEVER);
        pthread_join(thread, &failed);
        CU_ASSERT_PTR_NULL(failed);
    }
}

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    ++*(uint32_t *)arg;
}

static void a_timer_ends_a_wait_and_is_not_early(void)
{
    struct nave_timer t = {0};
    uint32_t fired = 0, turns = 0;
    nave_nsec start;

    nv_worker_turn(worker, 0);
    start = nv_worker_now(worker);
    nave_timer_start(w, &t, 3 * NAVE_MSEC, on_timer, &fired);
    while (!fired && turns++ < 100)
        nv_worker_turn(worker, NAVE_NEVER);
    CU_ASSERT_EQUAL(fired, 1);
    CU_ASSERT(nv_worker_now(worker) - start >= 3 * NAVE_MSEC);
    CU_ASSERT(turns <= 2); /* no busy waiting */
}

static void a_wait_with_a_limit_ends_without_work(void)
{
    nave_nsec start;
    uint32_t turns = 0;

    nv_worker_turn(worker, 0);
    start = nv_worker_now(worker);
    while (nv_worker_now(worker) - start < 2 * NAVE_MSEC && turns++ < 100)
        CU_ASSERT_EQUAL(nv_worker_turn(worker, 2 * NAVE_MSEC), 0);
    CU_ASSERT(turns <= 3);
}

static void an_unknown_backend_is_not_found(void)
{
    struct nv_worker_options o = {.backend = "io_magic"};
    struct nv_worker *none = NULL;
    const char *const *names = nv_worker_backends();
    int32_t has_poll = 0;

    CU_ASSERT_EQUAL(nv_worker_create(&o, &none), NAVE_ENOTFOUND);
    CU_ASSERT_PTR_NULL(none);
    for (; *names; names++)
        has_poll |= strcmp(*names, "poll") == 0;
    CU_ASSERT(has_poll);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
#define BACKEND_TESTS                                                                            \
    TEST(the_backend_asked_for_is_the_one_in_use), TEST(a_new_descriptor_is_told_what_is_ready), \
        TEST(bytes_are_told_once_and_again_when_more_come),                                      \
        TEST(rearming_tells_what_is_still_there_where_it_is_needed),                             \
        TEST(a_half_closed_peer_can_still_be_written_to), TEST(a_vanished_peer_is_told),         \
        TEST(a_full_peer_is_told_when_there_is_room),                                            \
        TEST(an_io_may_be_closed_inside_its_own_callback),                                       \
        TEST(an_io_closed_by_another_of_the_same_batch_is_not_called),                           \
        TEST(many_descriptors_are_told_in_few_turns),                                            \
        TEST(a_descriptor_that_cannot_be_watched_is_refused),                                    \
        TEST(a_post_from_a_thread_ends_an_endless_wait),                                         \
        TEST(a_timer_ends_a_wait_and_is_not_early), TEST(a_wait_with_a_limit_ends_without_work)

static CU_TestInfo epoll_tests[] = {BACKEND_TESTS, TEST(an_unknown_backend_is_not_found),
                                    TEST(nobody_asks_and_gets_the_best_or_that_of_the_test_run),
                                    CU_TEST_INFO_NULL};
static CU_TestInfo poll_tests[] = {BACKEND_TESTS, CU_TEST_INFO_NULL};
static CU_TestInfo select_tests[] = {BACKEND_TESTS, CU_TEST_INFO_NULL};

static CU_SuiteInfo suites[] = {
    {"reactor_epoll", start_epoll, stop, NULL, NULL, epoll_tests},
    {"reactor_poll", start_poll, stop, NULL, NULL, poll_tests},
    {"reactor_select", start_select, stop, NULL, NULL, select_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

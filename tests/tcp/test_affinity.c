/* SPDX-License-Identifier: MIT
 *
 * A stream and a listener on a thread that is not their worker's: every call that has a result says so,
 * the others do nothing, and nothing of the stream has changed.
 */
#include "rig.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "test_main.h"

struct elsewhere {
    struct rig r;
    struct nave_stream *s;
    int client;
    uint32_t reads, strangers;
    nave_err errs[16];
    uint32_t count;
};

static void on_read(void *arg)
{
    struct elsewhere *e = arg;

    e->reads++;
}

static void of_a_stranger(void *arg)
{
    struct elsewhere *e = arg;

    e->strangers++;
}

static void begin(struct elsewhere *e)
{
    memset(e, 0, sizeof(*e));
    rig_init(&e->r, RIG_EPOLL);
    CU_ASSERT_EQUAL_FATAL(rig_start(&e->r, "127.0.0.1:0"), NAVE_OK);
    e->s = rig_pair(&e->r, &e->client);
    rig_settle(&e->r);
}

static void end(struct elsewhere *e)
{
    close(e->client);
    rig_end(&e->r);
}

/* Every slot of nave.stream/1. */
static void call_all(struct elsewhere *e)
{
    FILE *file = tmpfile();
    struct nave_file_range range = {fileno(file), 0, 4};
    struct nave_bytes piece = {"never sent", 10};
    struct nave_stream_info info;
    char data[16];
    size_t n;

    fputs("file", file);
    fflush(file);
    e->errs[e->count++] = nave_stream_read(e->s, data, sizeof(data), &n);
    e->errs[e->count++] = nave_stream_write(e->s, "never sent", 10, &n);
    e->errs[e->count++] = nave_stream_write_file(e->s, &piece, 1, &range, &n);
    e->errs[e->count++] = nave_stream_get_info(e->s, &info);
    e->errs[e->count++] = nave_stream_shut(e->s);
    nave_stream_watch(e->s, NAVE_STREAM_READ | NAVE_STREAM_WRITE, of_a_stranger, e);
    nave_stream_watch(e->s, NAVE_STREAM_READ | NAVE_STREAM_WRITE, NULL, NULL);
    nave_stream_close(e->s, NAVE_CLOSE_ABORT);
    fclose(file);
}

static void *on_thread(void *arg)
{
    call_all(arg);
    return NULL;
}

/* The stream goes on as if nothing had been. */
static void check_untouched(struct elsewhere *e)
{
    unsigned recvs = spy.recvs, sends = spy.sends;
    char data[16];
    size_t n = 0;
    uint32_t i;

    CU_ASSERT(e->count > 0);
    for (i = 0; i < e->count; i++)
        CU_ASSERT_EQUAL(e->errs[i], NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(write(e->client, "ping", 4), 4);
    CU_ASSERT(rig_until(&e->r, &e->reads, 2));
    CU_ASSERT_EQUAL(e->strangers, 0);
    CU_ASSERT_EQUAL(spy.recvs, recvs);
    CU_ASSERT_EQUAL(nave_stream_read(e->s, data, sizeof(data), &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 4);
    CU_ASSERT_EQUAL(spy.sends, sends);
    CU_ASSERT_EQUAL(nave_stream_write(e->s, "pong", 4, &n), NAVE_OK);
    CU_ASSERT_EQUAL(recv(e->client, data, sizeof(data), 0), 4);
    CU_ASSERT_NSTRING_EQUAL(data, "pong", 4);
}

/* The read watch stands, and has been told of an empty stream. */
static void watch_here(struct elsewhere *e)
{
    char data[16];
    size_t n;

    nave_stream_watch(e->s, NAVE_STREAM_READ, on_read, e);
    CU_ASSERT_EQUAL(nave_stream_read(e->s, data, sizeof(data), &n), NAVE_EAGAIN);
    e->reads = 1;
}

static void a_stream_used_on_another_thread_says_so_and_is_as_it_was(void)
{
    struct elsewhere e;
    pthread_t thread;

    begin(&e);
    watch_here(&e);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, on_thread, &e), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_join(thread, NULL), 0);
    check_untouched(&e);
    end(&e);
}

static void a_stream_is_refused_while_another_thread_runs_its_worker(void)
{
    struct elsewhere e;
    uint64_t here;

    begin(&e);
    watch_here(&e);
    here = e.r.worker.runner;
    CU_ASSERT_EQUAL(here, nave_thread_here());
    e.r.worker.runner = here + 64; /* a worker moves with its thread: the control role of turn() */
    call_all(&e);
    e.r.worker.runner = here;
    check_untouched(&e);
    end(&e);
}

static void a_listener_is_started_by_its_worker_alone(void)
{
    struct elsewhere e;
    uint64_t here;

    begin(&e);
    e.r.listener->api->stop(e.r.listener, 0);
    here = e.r.worker.runner;
    e.r.worker.runner = 0;
    CU_ASSERT_EQUAL(e.r.listener->api->start(e.r.listener, 0), NAVE_EAFFINITY);
    e.r.worker.runner = here;
    end(&e);
}

#define T(name)     \
    {               \
#        name, name \
    }
static CU_TestInfo tests[] = {
    T(a_stream_used_on_another_thread_says_so_and_is_as_it_was),
    T(a_stream_is_refused_while_another_thread_runs_its_worker),
    T(a_listener_is_started_by_its_worker_alone),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"tcp affinity", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

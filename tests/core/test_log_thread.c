/* SPDX-License-Identifier: MIT
 *
 * The log with its thread: lines of many threads, readers that stand still, and the end.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>

#include "log_rig.h"

/* --- with the thread ------------------------------------------------------------------------- */

#define LINES 4000u

static uint32_t ended; /* atomic */

static void *produce(void *arg)
{
    uint32_t who = (uint32_t)(uintptr_t)arg, i;
    char line[64];

    (void)nv_log_enter(who < 2 ? it : NULL, who);
    for (i = 0; i < LINES; i++) {
        snprintf(line, sizeof(line), "of %u: %u", who, i);
        put(line);
    }
    __atomic_add_fetch(&ended, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void every_line_of_every_thread_comes_once_and_in_order(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    uint32_t next[4] = {0}, wrong = 0, who, number;
    pthread_t threads[4];
    const char *at;
    uintptr_t i;

    o.is_manual = 0;
    o.mono = o.wall = NULL;
    o.ring_bytes = 4u << 20;
    open_log(&o);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CU_ASSERT_EQUAL(nv_log_flush(it, 30 * NAVE_SEC), NAVE_OK);

    CU_ASSERT_EQUAL(stats().written, 4 * LINES);
    for (at = content_of(path); *at; at += strcspn(at, "\n") + 1)
        if (sscanf(at, "info  a: of %u: %u", &who, &number) != 2 || who > 3 ||
            number != next[who]++)
            wrong++;
    CU_ASSERT_EQUAL(wrong, 0);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(next[i], LINES);
}

static void workers_go_on_while_nobody_reads(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    pthread_t threads[4];
    uintptr_t i;
    int reader;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    o.is_manual = 0;
    o.mono = o.wall = NULL;
    open_log(&o);
    ended = 0;
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);

    CU_ASSERT_EQUAL(ended, 4); /* though not a byte was read */
    CU_ASSERT(stats().dropped > 0);
    CU_ASSERT_EQUAL(nv_log_flush(it, NAVE_MSEC), NAVE_ETIMEDOUT);
    nv_log_close(it, NAVE_MSEC); /* and the end does not wait either */
    it = NULL;
    (void)close(reader);
}

static void flushing_a_log_that_fails_says_so(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);

    o.is_manual = 0;
    o.mono = o.wall = NULL;
    o.path = "/dev/full";
    open_log(&o);
    put("x");
    CU_ASSERT_EQUAL(nv_log_flush(it, 30 * NAVE_SEC), NAVE_EIO);
}

static nave_nsec cpu_of(pthread_t thread)
{
    struct timespec t = {0};
    clockid_t clock;

    CU_ASSERT_EQUAL(pthread_getcpuclockid(thread, &clock), 0);
    CU_ASSERT_EQUAL(clock_gettime(clock, &t), 0);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

/* Idle, failing and blocked, each for a while that a spinning thread would fill. */
static void a_writer_that_waits_uses_no_processor(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    nave_nsec before;
    int reader, k;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    o.is_manual = 0;
    o.mono = o.wall = NULL;
    for (k = 0; k < 3; k++) {
        o.path = k == 1 ? "/dev/full" : path;
        open_log(&o);
        if (k == 2)
            produce((void *)0);
        else if (k == 1)
            put("x");
        (void)nv_log_flush(it, 20 * NAVE_MSEC);
        before = cpu_of(it->thread);
        CU_ASSERT_EQUAL(poll(NULL, 0, 60), 0);
        CU_ASSERT(cpu_of(it->thread) - before < 20 * NAVE_MSEC);
        nv_log_close(it, NAVE_MSEC);
        it = NULL;
    }
    (void)close(reader);
}

static void a_line_wakes_the_writer_by_itself(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct pollfd p = {.events = POLLIN};
    uint32_t i;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    p.fd = open_reader();
    o.is_manual = 0;
    o.mono = o.wall = NULL;
    open_log(&o);
    for (i = 0; i < 50; i++) {
        put("x");
        CU_ASSERT_EQUAL_FATAL(poll(&p, 1, 20000), 1);
        CU_ASSERT_EQUAL(drain(p.fd), 1);
    }
    (void)close(p.fd);
}

static void late_take(void *arg, const struct nave_report *r)
{
    (void)r;
    sched_yield();
    __atomic_add_fetch((uint32_t *)arg, 1, __ATOMIC_RELAXED);
}

static void the_end_waits_for_the_program_to_return(void)
{
    struct nv_log_options o = options(NV_LOG_TO_PROGRAM);
    uint32_t count = 0, i;

    o.is_manual = 0;
    o.mono = o.wall = NULL;
    o.take = late_take;
    o.take_arg = &count;
    open_log(&o);
    for (i = 0; i < 5; i++)
        put("x");
    nv_log_close(it, NAVE_SEC);
    it = NULL;
    CU_ASSERT_EQUAL(count, 5);
}

static CU_TestInfo tests[] = {
    {"every_line_of_every_thread_comes_once_and_in_order",
     every_line_of_every_thread_comes_once_and_in_order},
    {"workers_go_on_while_nobody_reads", workers_go_on_while_nobody_reads},
    {"flushing_a_log_that_fails_says_so", flushing_a_log_that_fails_says_so},
    {"a_writer_that_waits_uses_no_processor", a_writer_that_waits_uses_no_processor},
    {"a_line_wakes_the_writer_by_itself", a_line_wakes_the_writer_by_itself},
    {"the_end_waits_for_the_program_to_return", the_end_waits_for_the_program_to_return},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"log with its thread", suite_setup, suite_teardown, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

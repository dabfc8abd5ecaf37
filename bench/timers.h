/* SPDX-License-Identifier: MIT
 *
 * The load of `nave-bench timers`, the same for ours and for the peers; a program defines what it does
 * with one timer, and ends with timers_main().
 *
 *     PROGRAM scattered|in_order [LIVE [FIRES]]     prints one line of JSON: CPU and wall time of each
 *
 * scattered  LIVE timers are armed, with delays that are random in 1 ms ... 2 s. Then a fifth of them,
 *            picked at random, are cancelled; then armed again; then FIRES timers expire, and each is
 *            armed again in its callback with a new random delay. Timers lie in memory in another order
 *            than that of their use, as those of connections do.
 * in_order   The easy case, for all alike: timers are used in the order in which they lie. All are armed
 *            with random delays of up to 60 s, all are cancelled, all are armed with one delay and
 *            expire, each being armed again with the same delay.
 *
 * Time is virtual: clock_gettime() is ours here, for the libraries too. The loop is turned once a
 * millisecond of it, without waiting, so that it expires the same timers whatever the machine is doing.
 */
#ifndef TIMERS_H
#define TIMERS_H

#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TIMERS_SPAN_MS 2000
#define TIMERS_LONG_MS 60000

/* What a program defines. A timer is named by its number. */
static void timers_make(uint32_t count);
static void timers_arm(uint32_t number, uint32_t delay_ms);
static void timers_cancel(uint32_t number);
static void timers_turn(void); /* run what is due, do not wait */

static int64_t virtual_ns = INT64_C(1000000000000);
static uint64_t timers_seed = UINT64_C(0x9E3779B97F4A7C15);
static uint32_t timers_span_ms;
static uint64_t timers_fired;
static int timers_is_equal; /* all delays are */

/* The C library's, for this program and the libraries it is linked with. */
int clock_gettime(clockid_t id, struct timespec *t)
{
    if (id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID)
        return (int)syscall(SYS_clock_gettime, id, t);
    t->tv_sec = (time_t)(virtual_ns / 1000000000);
    t->tv_nsec = (long)(virtual_ns % 1000000000);
    return 0;
}

static uint32_t timers_random(uint32_t below)
{
    timers_seed ^= timers_seed << 13;
    timers_seed ^= timers_seed >> 7;
    timers_seed ^= timers_seed << 17;
    return (uint32_t)((timers_seed >> 32) * below >> 32);
}

static uint32_t timers_delay(void)
{
    return timers_is_equal ? timers_span_ms : 1 + timers_random(timers_span_ms);
}

/* To be called when timer `number` has expired. */
static inline void timers_expired(uint32_t number)
{
    timers_fired++;
    timers_arm(number, timers_delay());
}

/* Memory of whole pages, there already; huge ones for all alike, or the misses of the TLB are measured. */
static inline void *timers_memory(size_t bytes)
{
    size_t huge = (size_t)2 << 20, rounded = (bytes + 2 * huge) & ~(huge - 1);
    char *p = mmap(NULL, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t i;

    if (p == MAP_FAILED) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    p += huge - ((uintptr_t)p & (huge - 1));
    (void)madvise(p, rounded - huge, MADV_HUGEPAGE);
    for (i = 0; i < bytes; i += 4096)
        p[i] = 0;
    return p;
}

/* What was measured last, in nanoseconds per operation. */
struct timers_result {
    double cpu;
    double wall;
};

static struct timers_result timers_now(void)
{
    struct timespec cpu, wall;

    (void)syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &cpu);
    (void)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &wall);
    return (struct timers_result){(double)cpu.tv_sec * 1e9 + (double)cpu.tv_nsec,
                                  (double)wall.tv_sec * 1e9 + (double)wall.tv_nsec};
}

static struct timers_result timers_since(struct timers_result began, uint64_t operations)
{
    struct timers_result now = timers_now();

    return (struct timers_result){(now.cpu - began.cpu) / (double)operations,
                                  (now.wall - began.wall) / (double)operations};
}

/* Let `fires` expire. */
static struct timers_result timers_cycle(uint64_t fires)
{
    struct timers_result began = timers_now();

    timers_fired = 0;
    while (timers_fired < fires) {
        virtual_ns += 1000000;
        timers_turn();
    }
    return timers_since(began, timers_fired);
}

static struct timers_result timers_arm_all(const uint32_t *order, uint32_t count)
{
    struct timers_result began = timers_now();
    uint32_t i;

    for (i = 0; i < count; i++)
        timers_arm(order[i], timers_delay());
    return timers_since(began, count);
}

static struct timers_result timers_cancel_all(const uint32_t *order, uint32_t count)
{
    struct timers_result began = timers_now();
    uint32_t i;

    for (i = 0; i < count; i++)
        timers_cancel(order[i]);
    return timers_since(began, count);
}

/* Have another `picked` at the front of `order`, at random. */
static void timers_pick(uint32_t *order, uint32_t live, uint32_t picked)
{
    uint32_t i;

    for (i = 0; i < picked; i++) {
        uint32_t k = i + timers_random(live - i), t = order[i];

        order[i] = order[k];
        order[k] = t;
    }
}

static void timers_print(const char *name, struct timers_result r, const char *end)
{
    printf("\"%s\": {\"cpu_ns\": %.3f, \"wall_ns\": %.3f}%s", name, r.cpu, r.wall, end);
}

static int timers_main(int argc, char **argv)
{
    uint32_t live = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
    uint64_t fires = argc > 3 ? strtoull(argv[3], NULL, 10) : 300000;
    int is_scattered = argc > 1 && strcmp(argv[1], "scattered") == 0;
    struct timers_result insert, cancel, cycle;
    uint32_t *order, i;

    if ((!is_scattered && (argc < 2 || strcmp(argv[1], "in_order") != 0)) || live < 5 ||
        live > 100000000 || fires < 1) {
        fprintf(stderr, "usage: %s scattered|in_order [LIVE [FIRES]]\n", argv[0]);
        return 2;
    }
    order = malloc(live * sizeof(*order));
    if (!order)
        return 1;
    for (i = 0; i < live; i++)
        order[i] = i;
    timers_make(live);
    if (is_scattered) {
        timers_span_ms = TIMERS_SPAN_MS;
        timers_pick(order, live, live);
        (void)timers_arm_all(order, live);
        (void)timers_cycle(live / 5); /* the structure as it is after a while */
        timers_pick(order, live, live / 5);
        cancel = timers_cancel_all(order, live / 5);
        insert = timers_arm_all(order, live / 5);
        cycle = timers_cycle(fires);
    } else {
        timers_span_ms = TIMERS_LONG_MS;
        (void)timers_arm_all(order, live); /* memory that grows has grown */
        (void)timers_cancel_all(order, live);
        insert = timers_arm_all(order, live);
        cancel = timers_cancel_all(order, live);
        timers_is_equal = 1;
        timers_span_ms = TIMERS_SPAN_MS;
        (void)timers_arm_all(order, live);
        cycle = timers_cycle(live);
    }
    printf("{");
    timers_print("insert", insert, ", ");
    timers_print("cancel", cancel, ", ");
    timers_print("cycle", cycle, "}\n");
    free(order);
    return 0;
}

#endif

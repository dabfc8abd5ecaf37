/* SPDX-License-Identifier: MIT
 *
 * What the programs of the runtime's benchmarks in C share: clocks, the work of a CPU task, the line of
 * JSON. The names mean the same in all of them (rt_nave, rt_limit, peers/rt_tokio, rt_go, rt_uv):
 *
 *   spawn        spawn an empty task and wait for its end, one at a time, from inside a task
 *   spawn_batch  spawn 1,000, then wait for all of them
 *   yield        one task that yields; yield_many: 1,000 tasks that do
 *   pingpong     a message there and back between two tasks, over two channels of capacity 1
 *   latency0     from spawn to first poll, nothing else queued; latency64: behind 64 spawned before
 *   wake_parked  two threads that wake each other, there and back; each sleeps meanwhile
 *   scale        tasks of RT_WORK_SCALE steps, all spawned, then all joined
 *   steal        the same with RT_WORK_STEAL steps: one task spawns, every worker drains
 *
 * Program NAME OPERATIONS WORKERS: a tenth of the operations untimed, then all of them; then
 * {"name", "operations", "wall_ns", "cpu_ns" (each per operation), "waited" (the share of the time in which
 * a thread was ready and had no core)}. RT_CORES=0,1 in the environment pins the first and the second thread
 * that works to these cores.
 */
#ifndef BENCH_RT_H
#define BENCH_RT_H

#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <dirent.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RT_BATCH      1000u
#define RT_WORK_SCALE 75000u /* steps, about 100 us */
#define RT_WORK_STEAL 3000u  /* steps, about 4 us   */

/* One measured stretch. */
struct rt_span {
    int64_t wall_ns;
    int64_t cpu_ns;
    int64_t waited_ns;
};

static inline int64_t rt_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t rt_now(void)
{
    return rt_clock(CLOCK_MONOTONIC);
}

/* What the threads of this process have been ready for without running, in nanoseconds. */
static inline int64_t rt_waited(void)
{
    DIR *dir = opendir("/proc/self/task");
    const struct dirent *e;
    int64_t sum = 0;

    while (dir && (e = readdir(dir)) != NULL) {
        char path[320];
        long long ran = 0, waited = 0;
        FILE *f;

        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/self/task/%s/schedstat", e->d_name);
        f = fopen(path, "r");
        if (f && fscanf(f, "%lld %lld", &ran, &waited) == 2)
            sum += waited;
        if (f)
            fclose(f);
    }
    if (dir)
        closedir(dir);
    return sum;
}

static inline struct rt_span rt_begin(void)
{
    struct rt_span s = {0, 0, rt_waited()};

    s.cpu_ns = rt_clock(CLOCK_PROCESS_CPUTIME_ID);
    s.wall_ns = rt_now();
    return s;
}

/* Stop the watch that `s` started; `s` is the length of the stretch then. */
static inline void rt_end(struct rt_span *s)
{
    int64_t wall = rt_now(), cpu = rt_clock(CLOCK_PROCESS_CPUTIME_ID);

    s->wall_ns = wall - s->wall_ns;
    s->cpu_ns = cpu - s->cpu_ns;
    s->waited_ns = rt_waited() - s->waited_ns;
}

/* Print the line. `more`: further members, each with a comma before it; or "". */
static inline void rt_print(const char *name, uint64_t operations, const struct rt_span *s,
                            const char *more)
{
    double n = (double)operations;

    printf("{\"name\": \"%s\", \"operations\": %llu, \"wall_ns\": %.3f, \"cpu_ns\": %.3f, "
           "\"waited\": %.5f%s}\n",
           name, (unsigned long long)operations, (double)s->wall_ns / n, (double)s->cpu_ns / n,
           (double)s->waited_ns / (double)s->wall_ns, more);
    fflush(stdout);
}

/* What is done before the measured part: a tenth, in whole batches. */
static inline uint64_t rt_warm_up(uint64_t operations)
{
    return operations < 10 * RT_BATCH ? operations / 10 + 1 : operations / 10 / RT_BATCH * RT_BATCH;
}

/* A CPU task: a chain of dependent steps that no compiler shortens, 5 cycles each. */
__attribute__((noinline, unused)) static uint64_t rt_work(uint32_t steps, uint64_t seed)
{
    uint64_t x = seed | 1;

    while (steps-- > 0) {
        x ^= x >> 29;
        x *= 0xbf58476d1ce4e5b9u;
    }
    return x;
}

static inline void rt_keep(uint64_t value)
{
    __asm__ volatile("" : : "r"(value) : "memory");
}

/* Pin the calling thread, the `index`-th that works, as RT_CORES says. */
static inline void rt_pin(uint32_t index)
{
    const char *cores = getenv("RT_CORES");
    cpu_set_t set;

    if (!cores)
        return;
    while (index-- > 0 && strchr(cores, ','))
        cores = strchr(cores, ',') + 1;
    CPU_ZERO(&set);
    CPU_SET(strtoul(cores, NULL, 10) % CPU_SETSIZE, &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
}

static inline int rt_compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* The cost of one look at the clock, in nanoseconds. */
static inline double rt_clock_cost(void)
{
    int64_t began = rt_now();
    uint32_t i;

    for (i = 0; i < 100000; i++)
        rt_keep((uint64_t)rt_now());
    return (double)(rt_now() - began) / 100000;
}

/* The percentiles of `n` latencies, as members for rt_print(). Sorts them. */
static inline void rt_percentiles(uint32_t *found, uint64_t n, char *out, size_t room)
{
    qsort(found, n, sizeof(*found), rt_compare);
    snprintf(out, room, ", \"p50_ns\": %u, \"p99_ns\": %u, \"p999_ns\": %u, \"clock_ns\": %.1f",
             found[n / 2], found[(uint64_t)((double)(n - 1) * 0.99)],
             found[(uint64_t)((double)(n - 1) * 0.999)], rt_clock_cost());
}

/* What the command line says. */
struct rt_args {
    const char *name;
    uint64_t operations;
    uint32_t workers;
};

/* Exits with status 2 when it says nothing sensible. */
static inline struct rt_args rt_arguments(int argc, char **argv)
{
    struct rt_args a = {argc > 1 ? argv[1] : "", 0, 0};

    if (argc == 4) {
        a.operations = strtoull(argv[2], NULL, 10);
        a.workers = (uint32_t)strtoul(argv[3], NULL, 10);
    }
    if (a.operations == 0 || a.operations > 1000000000 || a.workers == 0 || a.workers > 64) {
        fprintf(stderr, "usage: %s NAME OPERATIONS WORKERS\n", argv[0]);
        exit(2);
    }
    return a;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * What a worker counts of its own work, and four distributions of time. The worker alone writes, by
 * relaxed loads and stores; others read at any time and add up. Nothing here is shared, and counting
 * makes no call.
 *
 * Numbers are exact. Times cost a look at the clock, so one in NV_SAMPLE_EVERY polls, wakes and timers
 * is measured; a distribution is one of samples, each of which stands for itself. Waking from a park
 * is measured each time: whoever wakes a worker pays a system call anyway.
 *
 * Counting, on the worker:           nv_stat_add(&w->stats.polls, 1);
 * A task is queued, on its worker:  t->mark = nv_stat_queued(w, &w->stats);
 * and when it is polled:             if (NAVE_UNLIKELY(t->mark > 0)) nv_stat_dequeued(w, t->mark), t->mark = 0;
 */
#ifndef NV_STATS_H
#define NV_STATS_H

#include <nave/base.h>

#include "usage.h"

struct nv_worker;

#define NV_TIMER_LATE (10 * NAVE_MSEC)

/* The numbers: name, and what it is (the help of a metric). New ones at the end. */
#define NV_STATS(STAT)                                                                \
    STAT(polls, "Polls of tasks.")                                                    \
    STAT(wakes_local, "Tasks queued by a wake on their own worker.")                  \
    STAT(wakes_remote, "Tasks queued by a wake from another thread.")                 \
    STAT(self_wakes, "Tasks queued again because they were woken while they ran.")    \
    STAT(yields, "Tasks queued again because they gave way or used up their budget.") \
    STAT(lifo_hits, "Tasks polled next after the one that woke them.")                \
    STAT(spawned, "Tasks that were spawned.")                                         \
    STAT(completed, "Tasks that ended.")                                              \
    STAT(overflow, "Tasks moved to the global queue because the own one was full.")   \
    STAT(steals, "Times that tasks were taken from another worker.")                  \
    STAT(steals_empty, "Times that all other workers had nothing to take.")           \
    STAT(stolen, "Tasks that were taken from other workers.")                         \
    STAT(global_pops, "Tasks that were taken from the global queue.")                 \
    STAT(parks, "Times that the worker waited for something to happen.")              \
    STAT(unparks, "Times that it was woken by another thread.")                       \
    STAT(elections, "Times that it woke another worker to share the work.")           \
    STAT(inbox_jobs, "Jobs that other threads posted.")                               \
    STAT(jobs, "Deferred jobs.")                                                      \
    STAT(micro, "Microtasks.")                                                        \
    STAT(io_events, "Descriptors that were reported ready.")                          \
    STAT(timers_fired, "Timers that fired.")                                          \
    STAT(timers_late, "Timers that fired more than 10 ms after their deadline.")      \
    STAT(wait_ns, "Nanoseconds spent waiting for something to happen.")               \
    STAT(busy_ns, "Nanoseconds spent working, up to the last wait.")                  \
    STAT(stalls, "Callbacks and polls that took longer than the limit of the watchdog.")

/* A distribution of times: four buckets for each power of two, from 64 ns to 2^37 ns (137 s); what is
 * shorter or longer lies in the first ones or the last one. Bucket i holds what is above the bound of
 * i - 1 and at most that of i. */
#define NV_HISTOGRAM_BUCKETS 128u

struct nv_histogram {
    uint64_t buckets[NV_HISTOGRAM_BUCKETS];
    uint64_t sum_ns;
    uint64_t max_ns;
};

/* The distributions: name, and what it is. */
#define NV_HISTOGRAMS(HISTOGRAM)                                                           \
    HISTOGRAM(poll_time, "Time of one poll of a task, sampled.")                           \
    HISTOGRAM(schedule_delay, "Time from the wake of a task until it is polled, sampled.") \
    HISTOGRAM(wake_delay, "Time from the wake of a waiting worker until it runs.")         \
    HISTOGRAM(timer_lateness, "Time from the deadline of a timer until it fires, sampled.")

#define NV_STATS_MEMBER(name, help)     uint64_t name;
#define NV_HISTOGRAM_MEMBER(name, help) struct nv_histogram name;

struct nv_stats {
    /* what runs; see nv_stat_enter */
    const struct nv_worker_handle *owner; /* atomic; NULL: nobody's       */
    const char *what;                     /* atomic; static, or a task's  */
    NV_STATS(NV_STATS_MEMBER)
    nave_nsec since_ns;  /* atomic: when it began to work, or to wait */
    uint32_t is_parked;  /* atomic: it waits, since then              */
    uint32_t queue_left; /* queued tasks until one is marked          */
    NV_HISTOGRAMS(NV_HISTOGRAM_MEMBER)
};

/* Which bucket `ns` lies in. */
static inline uint32_t nv_histogram_index(uint64_t ns)
{
    uint64_t v = ns > 0 ? ns - 1 : 0; /* the bounds are part of the bucket below */
    uint32_t log2, i;

    if (v < 64)
        return (uint32_t)(v >> 4);
    log2 = 63u - (uint32_t)__builtin_clzll(v);
    i = (log2 - 6u) * 4u + 4u + (uint32_t)(v >> (log2 - 2u) & 3u);
    return i < NV_HISTOGRAM_BUCKETS ? i : NV_HISTOGRAM_BUCKETS - 1;
}

/* The most that lies in bucket `i`, but for the last one, which has no bound. */
static inline uint64_t nv_histogram_bound(uint32_t i)
{
    if (i < 4)
        return (uint64_t)(i + 1) << 4;
    return (uint64_t)(4 + i % 4 + 1) << (i / 4 - 1 + 4);
}

/* Add to one of the calling worker's own numbers. Thread: [worker]. */
static inline void nv_stat_add(uint64_t *number, uint64_t n)
{
    nv_usage_add(number, n);
}

/* From here on code of `owner` runs (NULL: nobody's), which is `what`: the name of a task, "timer", ...
 * Two stores, for the watchdog. Thread: [worker]. */
static inline void nv_stat_enter(struct nv_stats *s, const struct nv_worker_handle *owner,
                                 const char *what)
{
    __atomic_store_n(&s->owner, owner, __ATOMIC_RELAXED);
    __atomic_store_n(&s->what, what, __ATOMIC_RELAXED);
}

/* Add one time; below 0 counts as 0. Thread: [worker]: the owner's. */
static inline void nv_histogram_add(struct nv_histogram *h, nave_nsec ns)
{
    uint64_t v = ns > 0 ? (uint64_t)ns : 0;

    nv_usage_add(&h->buckets[nv_histogram_index(v)], 1);
    nv_usage_add(&h->sum_ns, v);
    if (v > __atomic_load_n(&h->max_ns, __ATOMIC_RELAXED))
        __atomic_store_n(&h->max_ns, v, __ATOMIC_RELAXED);
}

/* Add what `from` holds at the moment to `to`, which only the caller knows. Thread: [any]. */
void nv_histogram_sum(struct nv_histogram *to, const struct nv_histogram *from);

/* How many times it holds. Thread: [any]. */
uint64_t nv_histogram_count(const struct nv_histogram *h);

/* The bound of the bucket in which the time lies that `per_10000` of 10,000 do not exceed; 0: it is
 * empty. Never more than the longest time. `h` is not written meanwhile. */
uint64_t nv_histogram_quantile(const struct nv_histogram *h, uint32_t per_10000);

/* What the worker's clock says now. Thread: [any]. */
nave_nsec nv_stat_clock(const struct nv_worker *w);

/* A task is queued on `w`: its mark, 0 for most. Thread: [worker]. */
static inline nave_nsec nv_stat_queued(const struct nv_worker *w, struct nv_stats *s)
{
    return NAVE_UNLIKELY(nv_sample_due(&s->queue_left)) ? nv_stat_clock(w) : 0;
}

/* A task with a mark is polled on `w`. Thread: [worker]. */
void nv_stat_dequeued(struct nv_worker *w, nave_nsec mark);

/* `w` begins to wait; it has stopped waiting, its clock has been read. Thread: [worker]. */
void nv_stat_park(struct nv_worker *w);
void nv_stat_unpark(struct nv_worker *w);

/* `w` waits and is about to be woken. Thread: [any]; safe in a signal handler. */
void nv_stat_wake(struct nv_worker *w);

/* One row for each number and each distribution. */
struct nv_stat_row {
    const char *name;
    const char *help;
    size_t offset; /* in struct nv_stats */
};
extern const struct nv_stat_row nv_stat_rows[];
extern const uint32_t nv_stat_row_count;
extern const struct nv_stat_row nv_histogram_rows[];
extern const uint32_t nv_histogram_row_count;

/* What a row stands for. Thread: [any]. */
static inline uint64_t nv_stat_read(const struct nv_stats *s, const struct nv_stat_row *row)
{
    return nv_usage_read((const uint64_t *)(const void *)((const char *)s + row->offset));
}

static inline const struct nv_histogram *nv_stat_histogram(const struct nv_stats *s,
                                                           const struct nv_stat_row *row)
{
    return (const struct nv_histogram *)(const void *)((const char *)s + row->offset);
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * What a plugin uses of a worker, counted by the worker, which alone writes; others read at any time.
 * Time is sampled: one in NV_SAMPLE_EVERY callbacks of a descriptor, a timer or a task is measured and
 * counts for all of them. It counts for the plugin that was called, with what that called in turn.
 */
#ifndef NV_USAGE_H
#define NV_USAGE_H

#include <nave/worker.h>

#define NV_SAMPLE_EVERY 64u

struct nv_poller_io;
struct nv_worker_handle;

struct nv_usage {
    uint64_t bytes; /* of alloc, watched descriptors and tasks together */
    uint64_t allocs;
    uint64_t fds;
    uint64_t timers;
    uint64_t tasks;
    uint64_t holds;
    uint64_t time_ns;      /* sampled */
    const char *hold_what; /* of the newest hold */
};

/* Add to a number of the calling worker's own; a negative `n` wraps. Thread: [worker]. */
static inline void nv_usage_add(uint64_t *number, uint64_t n)
{
    __atomic_store_n(number, __atomic_load_n(number, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* Read a number. Thread: [any]. */
static inline uint64_t nv_usage_read(const uint64_t *number)
{
    return __atomic_load_n(number, __ATOMIC_RELAXED);
}

/* Count down to the next callback that is measured. 1: it is this one. Thread: [worker]. */
static inline int32_t nv_sample_due(uint32_t *left)
{
    if (NAVE_LIKELY(*left > 0)) {
        --*left;
        return 0;
    }
    *left = NV_SAMPLE_EVERY - 1;
    return 1;
}

/* Call it and measure. Thread: [worker]. */
void nv_sample_io(struct nv_poller_io *io, uint32_t ready);
void nv_sample_timer(struct nave_timer *t);
nave_poll nv_sample_poll(struct nv_worker_handle *h, struct nave_future *f, struct nave_cx *cx);

#endif

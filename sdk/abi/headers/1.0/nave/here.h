/* SPDX-License-Identifier: MIT
 *
 * Which thread this is, in one instruction, so that an object that belongs to a worker can refuse the
 * calls of others: one compare a call. A provider asks for the place once and keeps it:
 *
 *     tw->runner = w->api->runner(w);                     in worker_start
 *     if (NAVE_UNLIKELY(!nave_is_runner(tw->runner)))     in each call
 *         return NAVE_EAFFINITY;
 */
#ifndef NAVE_HERE_H
#define NAVE_HERE_H

#include <nave/base.h>

#if !(defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__)))
#    include <errno.h>
#endif

NAVE_BEGIN_DECLS

/* A number that no other thread that runs now has; never 0. The same for every object file of the
 * process, whatever compiled it. Thread: [any]. */
static inline uint64_t nave_thread_here(void)
{
#if defined(__linux__) && defined(__x86_64__) && defined(__ILP32__)
    uint32_t self;

    __asm__("mov %%fs:0, %0" : "=r"(self)); /* the ABI: the first word there is its own address */
    return self;
#elif defined(__linux__) && defined(__x86_64__)
    uint64_t self;

    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
#elif defined(__linux__) && defined(__aarch64__)
    uint64_t self;

    __asm__("mrs %0, tpidr_el0" : "=r"(self));
    return self;
#else
    return (uint64_t)(uintptr_t)&errno; /* each thread has one */
#endif
}

/* 1: the calling thread runs the worker whose nave_worker_iface.runner gave `runner`. Thread: [any]. */
static inline int32_t nave_is_runner(const uint64_t *runner)
{
    return __atomic_load_n(runner, __ATOMIC_RELAXED) == nave_thread_here();
}

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * See lines.h. The functions below are those that gcc calls for -fsanitize=thread; they do what the access
 * would do and tell `touch` of it. This file is compiled without the flag.
 */
#include "lines.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "worker/worker_state.h"

#define LINE       64u
#define TABLE      (1u << 19) /* lines that can be known; a power of two */
#define NOBODY     UINT8_MAX
#define STACK_AWAY (8u << 20)

struct line {
    uintptr_t number;  /* address / LINE; 0: none */
    uint64_t holders;  /* workers that have it    */
    uint8_t writer;    /* the last one            */
    uint8_t is_shared; /* it was transferred      */
};

static struct line *table;
static struct lines sums;
static int is_counting; /* atomic */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

extern const char __executable_start;

/* --- what is followed ------------------------------------------------------------------------- */

static struct line *find(uintptr_t number)
{
    uint32_t at = (uint32_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 43);

    while (table[at % TABLE].number && table[at % TABLE].number != number)
        at++;
    table[at % TABLE].number = number;
    return &table[at % TABLE];
}

/* Where `pc` is counted. */
static struct lines_site *site_of(uintptr_t pc)
{
    static struct lines_site rest;
    uintptr_t offset = pc - (uintptr_t)&__executable_start;
    uint32_t i;

    for (i = 0; i < sums.site_count && sums.sites[i].pc != offset; i++)
        ;
    if (i == LINES_SITES)
        return &rest;
    if (i == sums.site_count)
        sums.sites[sums.site_count++] = (struct lines_site){offset, 0, 0};
    return &sums.sites[i];
}

static void transferred(struct line *l, uintptr_t pc)
{
    sums.transfers++;
    sums.shared += !l->is_shared;
    l->is_shared = 1;
    site_of(pc)->transfers++;
}

static void touch_line(uintptr_t number, uint32_t who, int is_write, uintptr_t pc)
{
    struct line *l = find(number);
    uint64_t bit = UINT64_C(1) << who;
    int is_counted = __atomic_load_n(&is_counting, __ATOMIC_RELAXED);

    if (!l->holders)
        l->writer = NOBODY;
    if (is_counted) {
        sums.accesses++;
        if (is_write ? (l->holders & ~bit) != 0
                     : !(l->holders & bit) && l->writer != NOBODY && l->writer != who)
            transferred(l, pc);
    }
    if (is_write) {
        l->holders = bit;
        l->writer = (uint8_t)who;
    } else {
        l->holders |= bit;
    }
}

/* On this thread's stack, or thread-local: nobody else's. */
static int is_own(uintptr_t at)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t local = (uintptr_t)&nv_here;

    return at - here < STACK_AWAY || at - (local & ~(uintptr_t)4095) < 8192;
}

static void touch(const volatile void *p, size_t size, int is_write, uintptr_t pc)
{
    const struct nv_worker *w = nv_here;
    uintptr_t at = (uintptr_t)p, last;

    if (!w || !size || is_own(at))
        return;
    (void)pthread_mutex_lock(&lock);
    if (!table)
        table = calloc(TABLE, sizeof(*table));
    for (last = (at + size - 1) / LINE, at /= LINE; table && at <= last; at++)
        touch_line(at, w->index % LINES_WORKERS, is_write, pc);
    (void)pthread_mutex_unlock(&lock);
}

static void count_rmw(uintptr_t pc)
{
    if (!nv_here || !__atomic_load_n(&is_counting, __ATOMIC_RELAXED))
        return;
    (void)pthread_mutex_lock(&lock);
    sums.rmws++;
    site_of(pc)->rmws++;
    (void)pthread_mutex_unlock(&lock);
}

void lines_begin(void)
{
    uint32_t i;

    (void)pthread_mutex_lock(&lock);
    memset(&sums, 0, sizeof(sums));
    for (i = 0; table && i < TABLE; i++)
        table[i].is_shared = 0;
    __atomic_store_n(&is_counting, 1, __ATOMIC_RELAXED);
    (void)pthread_mutex_unlock(&lock);
}

void lines_end(struct lines *out)
{
    (void)pthread_mutex_lock(&lock);
    __atomic_store_n(&is_counting, 0, __ATOMIC_RELAXED);
    *out = sums;
    (void)pthread_mutex_unlock(&lock);
}

/* --- what gcc calls --------------------------------------------------------------------------- */

#define PC ((uintptr_t)__builtin_return_address(0))

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void __tsan_read_range(void *p, size_t size);
void __tsan_write_range(void *p, size_t size);
void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
    (void)pc;
}

void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *p, size_t size)
{
    touch(p, size, 0, PC);
}

void __tsan_write_range(void *p, size_t size)
{
    touch(p, size, 1, PC);
}

void __tsan_atomic_thread_fence(int order)
{
    if (order == __ATOMIC_SEQ_CST && nv_here && __atomic_load_n(&is_counting, __ATOMIC_RELAXED))
        __atomic_fetch_add(&sums.fences, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void __tsan_atomic_signal_fence(int order)
{
    (void)order;
}

#define PLAIN(name, size, is_write)     \
    void __tsan_##name(void *p);        \
    void __tsan_##name(void *p)         \
    {                                   \
        touch(p, (size), is_write, PC); \
    }
#define PLAINS(size)                      \
    PLAIN(read##size, size, 0)            \
    PLAIN(write##size, size, 1)           \
    PLAIN(unaligned_read##size, size, 0)  \
    PLAIN(unaligned_write##size, size, 1) \
    PLAIN(volatile_read##size, size, 0)   \
    PLAIN(volatile_write##size, size, 1)
PLAINS(1)
PLAINS(2)
PLAINS(4)
PLAINS(8)
PLAINS(16)

#define RMW(bits, type, name, builtin)                                          \
    type __tsan_atomic##bits##_##name(volatile type *p, type value, int order); \
    type __tsan_atomic##bits##_##name(volatile type *p, type value, int order)  \
    {                                                                           \
        (void)order;                                                            \
        touch(p, sizeof(*p), 1, PC);                                            \
        count_rmw(PC);                                                          \
        return builtin(p, value, __ATOMIC_SEQ_CST);                             \
    }
#define CAS(bits, type, name)                                                                     \
    int __tsan_atomic##bits##_##name(volatile type *p, type *old, type value, int order,          \
                                     int otherwise);                                              \
    int __tsan_atomic##bits##_##name(volatile type *p, type *old, type value, int order,          \
                                     int otherwise)                                               \
    {                                                                                             \
        (void)order;                                                                              \
        (void)otherwise;                                                                          \
        touch(p, sizeof(*p), 1, PC);                                                              \
        count_rmw(PC);                                                                            \
        return __atomic_compare_exchange_n(p, old, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
    }
/* A sequentially consistent store is an exchange on x86. */
#define ATOMICS(bits, type)                                                    \
    type __tsan_atomic##bits##_load(const volatile type *p, int order);        \
    type __tsan_atomic##bits##_load(const volatile type *p, int order)         \
    {                                                                          \
        (void)order;                                                           \
        touch(p, sizeof(*p), 0, PC);                                           \
        return __atomic_load_n(p, __ATOMIC_SEQ_CST);                           \
    }                                                                          \
    void __tsan_atomic##bits##_store(volatile type *p, type value, int order); \
    void __tsan_atomic##bits##_store(volatile type *p, type value, int order)  \
    {                                                                          \
        touch(p, sizeof(*p), 1, PC);                                           \
        if (order == __ATOMIC_SEQ_CST)                                         \
            count_rmw(PC);                                                     \
        __atomic_store_n(p, value, __ATOMIC_SEQ_CST);                          \
    }                                                                          \
    RMW(bits, type, exchange, __atomic_exchange_n)                             \
    RMW(bits, type, fetch_add, __atomic_fetch_add)                             \
    RMW(bits, type, fetch_sub, __atomic_fetch_sub)                             \
    RMW(bits, type, fetch_and, __atomic_fetch_and)                             \
    RMW(bits, type, fetch_or, __atomic_fetch_or)                               \
    RMW(bits, type, fetch_xor, __atomic_fetch_xor)                             \
    CAS(bits, type, compare_exchange_strong)                                   \
    CAS(bits, type, compare_exchange_weak)
ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

/* --- what the sources call in place of the C library (local.mk) --------------------------------- */

void *lines_memset(void *p, int value, size_t size);
void *lines_memcpy(void *to, const void *from, size_t size);
int lines_mutex_lock(pthread_mutex_t *mutex);
int lines_mutex_unlock(pthread_mutex_t *mutex);

void *lines_memset(void *p, int value, size_t size)
{
    touch(p, size, 1, PC);
    return memset(p, value, size);
}

void *lines_memcpy(void *to, const void *from, size_t size)
{
    touch(from, size, 0, PC);
    touch(to, size, 1, PC);
    return memcpy(to, from, size);
}

int lines_mutex_lock(pthread_mutex_t *mutex)
{
    touch(mutex, sizeof(int), 1, PC);
    count_rmw(PC);
    return pthread_mutex_lock(mutex);
}

int lines_mutex_unlock(pthread_mutex_t *mutex)
{
    touch(mutex, sizeof(int), 1, PC);
    count_rmw(PC);
    return pthread_mutex_unlock(mutex);
}

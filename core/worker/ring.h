/* SPDX-License-Identifier: MIT
 *
 * The local queue of a worker: a ring of tasks that its owner fills and empties, and from which other
 * workers take half at a time.
 *
 *   head   steal << 32 | real     both count up for ever; the slot is the count modulo the size
 *   tail   where the owner puts the next one
 *
 *       steal          real              tail
 *     --|--------------|-----------------|----->
 *       being copied   to be run         free
 *
 * The owner takes at `real`, by compare-and-swap; a thief first moves `real` over what it takes (so
 * that nobody else takes it), copies it out, and then moves `steal` up: only then the owner may use
 * those slots again. While `steal` is behind `real` nobody else steals here.
 *
 * Orders. push: the slot is written before `tail` is released; who loads `tail` with acquire may read
 * it. The thief's last swap releases its reads of the slots to the owner, who loads `head` with acquire
 * before it writes them again. Only the owner writes `tail`.
 */
#ifndef NV_RING_H
#define NV_RING_H

#include <stdint.h>

#include <nave/base.h>

#ifndef NV_RING_SIZE
#    define NV_RING_SIZE 256u /* a power of 2 */
#endif
#define NV_RING_HALF (NV_RING_SIZE / 2)

struct nv_task;

struct nv_ring {
    uint64_t head __attribute__((aligned(64))); /* atomic */
    uint32_t tail;                              /* atomic; the owner's */
    struct nv_task *slot[NV_RING_SIZE];         /* atomic */
};

static inline uint64_t nv_ring_pack(uint32_t steal, uint32_t real)
{
    return (uint64_t)steal << 32 | real;
}

static inline struct nv_task *nv_ring_get(const struct nv_ring *r, uint32_t at)
{
    return __atomic_load_n(&r->slot[at & (NV_RING_SIZE - 1)], __ATOMIC_RELAXED);
}

static inline void nv_ring_put(struct nv_ring *r, uint32_t at, struct nv_task *t)
{
    __atomic_store_n(&r->slot[at & (NV_RING_SIZE - 1)], t, __ATOMIC_RELAXED);
}

/* How many are there to be taken. A moment's truth for anybody but the owner. Thread: [any]. */
static inline uint32_t nv_ring_count(const struct nv_ring *r)
{
    uint32_t real = (uint32_t)__atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
    uint32_t n = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) - real;

    return n <= NV_RING_SIZE ? n : 0; /* `tail` may be newer than `real` */
}

/* Put `t` at the end. 0: the ring is full, nothing changed. Thread: [worker]. */
static inline int32_t nv_ring_push(struct nv_ring *r, struct nv_task *t)
{
    uint32_t steal = (uint32_t)(__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) >> 32);
    uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_RELAXED);

    if (tail - steal >= NV_RING_SIZE)
        return 0;
    nv_ring_put(r, tail, t);
    __atomic_store_n(&r->tail, tail + 1, __ATOMIC_RELEASE);
    return 1;
}

/* Take the oldest; NULL when there is none. `is_alone`: there is no thief in the house.
 * Thread: [worker]. */
static inline struct nv_task *nv_ring_pop(struct nv_ring *r, int32_t is_alone)
{
    uint64_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE), next;
    uint32_t real, steal;

    do {
        real = (uint32_t)head;
        steal = (uint32_t)(head >> 32);
        if (real == __atomic_load_n(&r->tail, __ATOMIC_RELAXED))
            return NULL;
        next = nv_ring_pack(steal == real ? real + 1 : steal, real + 1);
        if (is_alone) {
            __atomic_store_n(&r->head, next, __ATOMIC_RELAXED);
            break;
        }
    } while (
        !__atomic_compare_exchange_n(&r->head, &head, next, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return nv_ring_get(r, real);
}

/* Take the older half of a full ring into `out`, which has room for NV_RING_HALF. 0: a thief is at
 * work, or has been since the owner found it full: nothing was taken. Thread: [worker]. */
static inline int32_t nv_ring_take_half(struct nv_ring *r, struct nv_task **out)
{
    uint64_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
    uint32_t real = (uint32_t)head, steal = (uint32_t)(head >> 32), i;

    if (steal != real || __atomic_load_n(&r->tail, __ATOMIC_RELAXED) - real < NV_RING_SIZE)
        return 0;
    if (!__atomic_compare_exchange_n(&r->head, &head,
                                     nv_ring_pack(real + NV_RING_HALF, real + NV_RING_HALF), 0,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        return 0;
    for (i = 0; i < NV_RING_HALF; i++)
        out[i] = nv_ring_get(r, real + i);
    return 1;
}

/* Move half of what is in `from` to `to`, the caller's own, and return one more to be run at once.
 * NULL: there was nothing, or another thief is there, or `to` has no room. *out_moved: how many went to
 * `to`. Thread: [worker]: the owner of `to`. */
static inline struct nv_task *nv_ring_steal(struct nv_ring *from, struct nv_ring *to,
                                            uint32_t *out_moved)
{
    uint32_t end = __atomic_load_n(&to->tail, __ATOMIC_RELAXED);
    uint64_t head = __atomic_load_n(&from->head, __ATOMIC_ACQUIRE), next;
    uint32_t real, steal, n, i;
    struct nv_task *last;

    *out_moved = 0;
    if (end - (uint32_t)(__atomic_load_n(&to->head, __ATOMIC_ACQUIRE) >> 32) > NV_RING_HALF)
        return NULL;
    do {
        real = (uint32_t)head;
        steal = (uint32_t)(head >> 32);
        n = __atomic_load_n(&from->tail, __ATOMIC_ACQUIRE) - real;
        if (steal != real || n == 0 || n > NV_RING_SIZE)
            return NULL;
        n -= n / 2;
        next = nv_ring_pack(steal, real + n);
    } while (!__atomic_compare_exchange_n(&from->head, &head, next, 0, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    for (i = 0; i + 1 < n; i++)
        nv_ring_put(to, end + i, nv_ring_get(from, real + i));
    last = nv_ring_get(from, real + n - 1);
    /* Give the slots back. The owner may have taken some behind them meanwhile. */
    head = next;
    do {
        next = nv_ring_pack((uint32_t)head, (uint32_t)head);
    } while (!__atomic_compare_exchange_n(&from->head, &head, next, 0, __ATOMIC_ACQ_REL,
                                          __ATOMIC_ACQUIRE));
    if (n > 1)
        __atomic_store_n(&to->tail, end + n - 1, __ATOMIC_RELEASE);
    *out_moved = n - 1;
    return last;
}

#endif

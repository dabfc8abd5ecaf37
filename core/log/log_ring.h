/* SPDX-License-Identifier: MIT
 *
 * The way of a log line from the thread that has it to the thread that writes it: a ring of bytes with one
 * producer and one consumer, and a bell by which a producer wakes a consumer that sleeps. No call here
 * waits or allocates; what does not fit is refused, and the producer counts it.
 *
 *   bytes   | .. free .. | record | record | gap | record | .. free .. |
 *                        ^ tail, the consumer's             ^ head, the producer's
 *
 * Both positions only grow; a position modulo the size is a place. A record is whole: one that does not
 * fit before the end of the bytes begins at their start, behind a gap. Each begins with a struct
 * nv_log_slot, aligned to 8.
 *
 * Memory orders. The bytes of a record are plain; they are published by the store of `head` (release or
 * stronger) that the consumer loads (acquire or stronger), and given back by the store of `tail` (release)
 * that the producer loads (acquire). The bell is the usual question of two sides that each write one word
 * and read the other's: producer: head, then `is_waiting`; consumer: `is_waiting`, then the heads. All four
 * are sequentially consistent, so in the one order that all agree on, whoever comes second sees the
 * first: a line is found before sleeping, or its producer finds the sleeper. So it is with `dropped` and a
 * second bell, for those who sleep without counting the seconds. tests/model/test_log_ring.c
 * shows both, and that a weaker store loses a line.
 */
#ifndef NV_LOG_RING_H
#define NV_LOG_RING_H

#include <nave/base.h>

struct nv_log_ring {
    /* the producer's line */
    uint64_t head __attribute__((aligned(64))); /* atomic */
    uint64_t tail_seen;                         /* an old `tail`: not later than it is */
    uint64_t reserved; /* where the record begins that is not published yet */
    uint64_t dropped;  /* atomic; one writer: records that did not fit      */
    /* the consumer's line */
    uint64_t tail __attribute__((aligned(64))); /* atomic */
    uint64_t head_seen;                         /* an old `head` */
    /* nobody's: constant */
    char *bytes __attribute__((aligned(64)));
    uint64_t size; /* a power of two */
};

/* What a record begins with. */
struct nv_log_slot {
    uint32_t bytes;  /* of the whole record or gap; a multiple of 8 */
    uint32_t is_gap; /* nothing here, go on at the start            */
};

/* Where a consumer that may sleep says so. */
struct nv_log_bell {
    uint32_t is_waiting; /* atomic */
};

/* Use `size` bytes at `bytes`, aligned to 8; a power of two. Owns: borrows bytes. */
static inline void nv_log_ring_init(struct nv_log_ring *r, char *bytes, uint64_t size)
{
    *r = (struct nv_log_ring){.bytes = bytes, .size = size};
}

/* Room for a record of `n` bytes, its slot among them; NULL when it is not there, which is counted.
 * `n` is at most half the ring. Thread: the producer. */
static inline struct nv_log_slot *nv_log_ring_reserve(struct nv_log_ring *r, uint32_t n)
{
    uint64_t head = __atomic_load_n(&r->head, __ATOMIC_RELAXED);
    uint64_t to_end = r->size - (head & (r->size - 1));
    uint64_t gap, need;
    struct nv_log_slot *slot;

    n = (n + 7u) & ~7u;
    gap = to_end < n ? to_end : 0;
    need = gap + n;
    if (r->size - (head - r->tail_seen) < need) {
        r->tail_seen = __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE);
        if (r->size - (head - r->tail_seen) < need) {
            __atomic_store_n(&r->dropped, __atomic_load_n(&r->dropped, __ATOMIC_RELAXED) + 1,
                             __ATOMIC_SEQ_CST);
            return NULL;
        }
    }
    if (gap) {
        slot = (struct nv_log_slot *)(void *)(r->bytes + (head & (r->size - 1)));
        slot->bytes = (uint32_t)gap;
        slot->is_gap = 1;
        head += gap;
    }
    r->reserved = head;
    slot = (struct nv_log_slot *)(void *)(r->bytes + (head & (r->size - 1)));
    slot->bytes = n;
    slot->is_gap = 0;
    return slot;
}

/* The reserved record is filled: the consumer may have it. Thread: the producer. */
static inline void nv_log_ring_publish(struct nv_log_ring *r)
{
    const struct nv_log_slot *slot =
        (const struct nv_log_slot *)(const void *)(r->bytes + (r->reserved & (r->size - 1)));

    __atomic_store_n(&r->head, r->reserved + slot->bytes, __ATOMIC_SEQ_CST);
}

/* 1: nothing is in it. Thread: the consumer; with the bell, see above. */
static inline int32_t nv_log_ring_is_empty(const struct nv_log_ring *r)
{
    return __atomic_load_n(&r->head, __ATOMIC_SEQ_CST) ==
           __atomic_load_n(&r->tail, __ATOMIC_RELAXED);
}

/* The oldest record, or NULL. It stays until nv_log_ring_release. Thread: the consumer. */
static inline struct nv_log_slot *nv_log_ring_peek(struct nv_log_ring *r)
{
    uint64_t tail = __atomic_load_n(&r->tail, __ATOMIC_RELAXED);
    struct nv_log_slot *slot;

    if (tail == r->head_seen) {
        r->head_seen = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE);
        if (tail == r->head_seen)
            return NULL;
    }
    slot = (struct nv_log_slot *)(void *)(r->bytes + (tail & (r->size - 1)));
    if (slot->is_gap) { /* a record follows: both were published at once */
        tail += slot->bytes;
        __atomic_store_n(&r->tail, tail, __ATOMIC_RELEASE);
        slot = (struct nv_log_slot *)(void *)(r->bytes + (tail & (r->size - 1)));
    }
    return slot;
}

/* Give back the record that was peeked at. Thread: the consumer. */
static inline void nv_log_ring_release(struct nv_log_ring *r)
{
    uint64_t tail = __atomic_load_n(&r->tail, __ATOMIC_RELAXED);
    const struct nv_log_slot *slot =
        (const struct nv_log_slot *)(const void *)(r->bytes + (tail & (r->size - 1)));

    __atomic_store_n(&r->tail, tail + slot->bytes, __ATOMIC_RELEASE);
}

/* The consumer is about to sleep, and looks once more after this. Thread: the consumer. */
static inline void nv_log_bell_set(struct nv_log_bell *b)
{
    __atomic_store_n(&b->is_waiting, 1, __ATOMIC_SEQ_CST);
}

/* The consumer does not sleep after all, or no longer. Thread: the consumer. A late store is harmless: it
 * costs a producer one needless ring. */
static inline void nv_log_bell_clear(struct nv_log_bell *b)
{
    if (__atomic_load_n(&b->is_waiting, __ATOMIC_RELAXED)) /* nobody rang */
        __atomic_store_n(&b->is_waiting, 0, __ATOMIC_RELAXED);
}

/* 1: the consumer sleeps, or is about to, and it is the caller's to wake it: one caller a sleep. Follows
 * what the consumer shall see. Thread: [any]. */
static inline int32_t nv_log_bell_must_ring(struct nv_log_bell *b)
{
    return __atomic_load_n(&b->is_waiting, __ATOMIC_SEQ_CST) != 0 &&
           __atomic_exchange_n(&b->is_waiting, 0, __ATOMIC_SEQ_CST) != 0;
}

#endif

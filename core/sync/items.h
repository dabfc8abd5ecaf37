/* SPDX-License-Identifier: MIT
 *
 * A queue of items of one size, in a circle of blocks. Of a bounded channel it is one block, a ring; of an
 * unbounded one blocks are put in when the end has caught up with the begin, and taken out behind the
 * begin, but for one that is kept: in steady state nothing is allocated. The owner's lock is held for all
 * of it, and memory is the owner's business: the caller brings blocks and takes them away.
 *
 *      head_block         tail_block
 *     [..xxx] -> [xxx] -> [x....] -> [spare] -> back to head_block
 *        ^head              ^tail
 *
 * tail may stand at tail_end until the next item comes; head at head_end only when the queue is empty,
 * and tail is there as well.
 */
#ifndef NV_ITEMS_H
#define NV_ITEMS_H

#include "channel.h"

struct nv_item_block {
    struct nv_item_block *next; /* the circle */
    uint64_t reserved;          /* items begin aligned to 16 */
};

struct nv_items {
    char *head; /* the oldest */
    char *head_end;
    char *tail; /* room for the next */
    char *tail_end;
    uint32_t count;
    uint32_t item_size;
    uint32_t stride;
    uint32_t block_bytes; /* of the items of a block */
    uint32_t is_ring;
    struct nv_item_block *head_block;
    struct nv_item_block *tail_block;
};

static inline char *nv_items_begin(struct nv_item_block *b)
{
    return (char *)(b + 1);
}

/* The size of one block, to be allocated. */
static inline size_t nv_items_block_size(const struct nv_items *q)
{
    return sizeof(struct nv_item_block) + q->block_bytes;
}

/* What a block is like; before the first one is there. `per_block` items each. */
static inline void nv_items_shape(struct nv_items *q, uint32_t item_size, uint32_t per_block,
                                  uint32_t is_ring)
{
    q->item_size = item_size;
    q->stride = nv_item_stride(item_size);
    q->block_bytes = q->stride * per_block;
    q->is_ring = is_ring;
    q->count = 0;
}

/* The first block. */
static inline void nv_items_init(struct nv_items *q, struct nv_item_block *b)
{
    b->next = b;
    q->head_block = q->tail_block = b;
    q->head = q->tail = nv_items_begin(b);
    q->head_end = q->tail_end = q->head + q->block_bytes;
}

/* `tail` is at the end of its block: move it on. 0: a block is needed there. */
static inline int32_t nv_items_next_tail(struct nv_items *q)
{
    struct nv_item_block *next = q->tail_block->next;

    if (!q->count) { /* head stands where tail does: both begin anew */
        q->head = q->tail = nv_items_begin(q->tail_block);
        return 1;
    }
    if (next == q->head_block && !q->is_ring)
        return 0;
    q->tail_block = next;
    q->tail = nv_items_begin(next);
    q->tail_end = q->tail + q->block_bytes;
    return 1;
}

/* 1: the next item needs a block first. */
static inline int32_t nv_items_is_full(const struct nv_items *q)
{
    return q->tail == q->tail_end && q->count && q->tail_block->next == q->head_block &&
           !q->is_ring;
}

/* Append a copy of `*item`. A ring has room, its owner counts. 0: give a block first. */
static inline int32_t nv_items_push(struct nv_items *q, const void *item)
{
    if (NAVE_UNLIKELY(q->tail == q->tail_end) && !nv_items_next_tail(q))
        return 0;
    nv_item_copy(q->tail, item, q->item_size);
    q->tail += q->stride;
    q->count++;
    return 1;
}

/* Put a block in behind the tail. State: nv_items_is_full; so there is never more than one spare block. */
static inline void nv_items_give(struct nv_items *q, struct nv_item_block *b)
{
    b->next = q->tail_block->next;
    q->tail_block->next = b;
}

/* `head` is at the end of its block, and more is there: move it on. The block behind it, when there is a
 * spare one already: to be freed. */
static inline struct nv_item_block *nv_items_next_head(struct nv_items *q)
{
    struct nv_item_block *old = q->head_block, *spare = q->tail_block->next, *freed = NULL;

    q->head_block = old->next;
    q->head = nv_items_begin(q->head_block);
    q->head_end = q->head + q->block_bytes;
    if (!q->is_ring && old != spare) {
        spare->next = old->next;
        freed = old;
    }
    return freed;
}

/* Take the oldest into *out. State: count > 0. A block that is to be freed, or NULL. */
static inline struct nv_item_block *nv_items_pop(struct nv_items *q, void *out)
{
    nv_item_copy(out, q->head, q->item_size);
    q->head += q->stride;
    q->count--;
    if (NAVE_UNLIKELY(q->head == q->head_end) && q->count)
        return nv_items_next_head(q);
    return NULL;
}

#endif

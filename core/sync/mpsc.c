/* SPDX-License-Identifier: MIT
 *
 * How a queue with permits is made, how it grows, and its end. See mpsc_state.h.
 */
#include "mpsc_state.h"
#include "base/sized.h"

#define BLOCK_BYTES   2048u /* of the items of a block of an unbounded one */
#define OPTIONS_LEAST 16u   /* as far as `flags` */

nave_err nv_mpsc_lock_with_room(struct nv_mpsc *c)
{
    struct nv_item_block *b = nv_channel_alloc(c->owner, nv_items_block_size(&c->items));

    if (!b)
        return NAVE_ENOMEM;
    nv_lock_take(&c->lock);
    if (nv_items_is_full(&c->items)) {
        nv_items_give(&c->items, b);
        return NAVE_OK;
    }
    /* Meanwhile another sender gave one, or the receiver made room. */
    nv_lock_leave(&c->lock);
    nv_channel_free(c->owner, b, nv_items_block_size(&c->items));
    nv_lock_take(&c->lock);
    return NAVE_OK;
}

void nv_mpsc_destroy(struct nv_mpsc *c)
{
    struct nv_item_block *b = c->items.head_block->next;

    while (b != c->items.head_block) {
        struct nv_item_block *next = b->next;

        nv_channel_free(c->owner, b, nv_items_block_size(&c->items));
        b = next;
    }
    nv_channel_free(c->owner, b, nv_items_block_size(&c->items));
    nv_channel_free(c->owner, c, c->size);
}

nave_err nv_mpsc_make(struct nave_channels *pub, const struct nave_mpsc_options *options,
                      struct nave_mpsc **out_tx, struct nave_mpsc_rx **out_rx)
{
    struct nv_channels *owner = (struct nv_channels *)(void *)pub;
    struct nave_mpsc_options o;
    struct nv_item_block *b;
    struct nv_mpsc *c;
    uint32_t stride, per_block;
    size_t size;
    nave_err err = nv_sized_copy(&o, sizeof(o), options, OPTIONS_LEAST, NULL);

    if (err)
        return err;
    stride = nv_item_stride(o.item_size);
    if (!nv_item_size_is_fine(o.item_size) || !o.capacity ||
        o.capacity > NAVE_CHANNEL_CAPACITY_MAX || (o.flags & ~NAVE_MPSC_UNBOUNDED) ||
        (uint64_t)o.capacity * stride > NAVE_CHANNEL_BYTES_MAX)
        return NAVE_EINVAL;
    size = sizeof(*c) + stride;
    c = nv_channel_alloc(owner, size);
    if (!c)
        return NAVE_ENOMEM;
    memset(c, 0, size);
    per_block = o.capacity;
    if ((o.flags & NAVE_MPSC_UNBOUNDED) && per_block > BLOCK_BYTES / stride + 1)
        per_block = BLOCK_BYTES / stride + 1;
    nv_items_shape(&c->items, o.item_size, per_block, !(o.flags & NAVE_MPSC_UNBOUNDED));
    b = nv_channel_alloc(owner, nv_items_block_size(&c->items));
    if (!b) {
        nv_channel_free(owner, c, size);
        return NAVE_ENOMEM;
    }
    nv_items_init(&c->items, b);
    c->tx.api = owner->mpsc;
    c->rx.api = owner->mpsc_rx;
    c->owner = owner;
    c->size = size;
    c->returned = (char *)(c + 1);
    c->avail = c->capacity = o.capacity;
    c->is_unbounded = (o.flags & NAVE_MPSC_UNBOUNDED) != 0;
    c->tx_count = 1;
    c->discard = o.discard;
    c->discard_arg = o.arg;
    *out_tx = &c->tx;
    *out_rx = &c->rx;
    return NAVE_OK;
}

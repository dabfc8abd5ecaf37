/* SPDX-License-Identifier: MIT
 *
 * Reference-counted bytes: a chunk (nave_buf) and a slice of one (nave_view). A view with a NULL
 * buf borrows memory that outlives it (a literal, a configured text). DRAFT storage.
 */
#ifndef NAVE_BUF_H
#define NAVE_BUF_H

#include <nave/atomic.h>
#include <nave/base.h>

NAVE_BEGIN_DECLS

/* The head of a chunk. Frozen; the implementer's fields follow. */
struct nave_buf {
    uint32_t refs;                       /* by nave_ref_u32 and nave_unref_u32 only          */
    uint32_t capacity;                   /* bytes at data                                    */
    uint8_t *data;                       /* the bytes                                        */
    void (*destroy)(struct nave_buf *b); /* Thread: [any]. Frees the chunk; called once      */
};

/* A slice of a chunk, or borrowed bytes when buf is NULL. Frozen. */
struct nave_view {
    const uint8_t *data;
    size_t len;
    struct nave_buf *buf;
};

/* Share the bytes of `v`: a second view that holds the chunk too.
 * Thread: [any]. Owns: the caller must nave_view_drop() the result. */
static inline struct nave_view nave_view_share(const struct nave_view *v)
{
    if (v->buf)
        nave_ref_u32(&v->buf->refs);
    return *v;
}

/* Give up `v`; the chunk goes with its last view. `v` is empty after; an empty view is fine.
 * Thread: [any]. */
static inline void nave_view_drop(struct nave_view *v)
{
    struct nave_buf *b = v->buf;

    v->data = NULL;
    v->len = 0;
    v->buf = NULL;
    if (b && nave_unref_u32(&b->refs))
        b->destroy(b);
}

NAVE_END_DECLS
#endif

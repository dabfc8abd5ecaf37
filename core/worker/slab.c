/* SPDX-License-Identifier: MIT
 *
 * See slab.h. Invariant: an object of class c lies in a chunk of class c for ever, so memory is
 * type-stable by size and a free list never needs to be searched.
 */
#include "slab.h"

#include <stdlib.h>
#include <string.h>

#ifdef __has_feature /* clang */
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
        __has_feature(memory_sanitizer)
#        define NV_SANITIZED 1
#    endif
#endif
#if defined(NV_SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define SLAB_DEFAULT_FLAGS NV_SLAB_MALLOC
#else
#    define SLAB_DEFAULT_FLAGS 0u
#endif

#define SMALL_MAX     512u
#define SMALL_CLASSES 32u
#define CHUNK_HEAD    64u /* the link; a cache line, so that objects keep their alignment */

static const uint16_t large_classes[NV_SLAB_CLASSES - SMALL_CLASSES] = {640,  768,  1024,
                                                                        1280, 1536, 2048,
                                                                        2560, 3072, 4096};

static uint32_t class_of(size_t size)
{
    uint32_t c;

    if (size <= SMALL_MAX)
        return size ? (uint32_t)((size - 1) >> 4) : 0;
    for (c = 0; large_classes[c] < size; c++)
        ;
    return SMALL_CLASSES + c;
}

static size_t class_size(uint32_t c)
{
    return c < SMALL_CLASSES ? (size_t)(c + 1) << 4 : large_classes[c - SMALL_CLASSES];
}

void nv_slab_init(struct nv_slab *s, uint64_t bytes_max)
{
    memset(s, 0, sizeof(*s));
    s->flags = SLAB_DEFAULT_FLAGS;
    s->bytes_max = bytes_max;
}

void nv_slab_fini(struct nv_slab *s)
{
    void *chunk = s->chunks;

    while (chunk) {
        void *next = *(void **)chunk;

        free(chunk);
        chunk = next;
    }
    memset(s, 0, sizeof(*s));
}

static int may_take(const struct nv_slab *s, size_t size)
{
    return s->bytes_max == 0 || (size <= s->bytes_max && s->bytes <= s->bytes_max - size);
}

static void *alloc_large(struct nv_slab *s, size_t size)
{
    void *p;

    if (!may_take(s, size))
        return NULL;
    p = malloc(size ? size : 1);
    if (p)
        s->bytes += size;
    return p;
}

/* A new object of class `c` from the newest chunk, or from a new one. */
static void *alloc_fresh(struct nv_slab *s, uint32_t c)
{
    size_t size = class_size(c);
    uint8_t *p = s->bump[c];

    if (p == NULL || (size_t)(s->end[c] - p) < size) {
        void *chunk;

        if (!may_take(s, NV_SLAB_CHUNK))
            return NULL;
        chunk = aligned_alloc(64, NV_SLAB_CHUNK);
        if (!chunk)
            return NULL;
        *(void **)chunk = s->chunks;
        s->chunks = chunk;
        s->bytes += NV_SLAB_CHUNK;
        p = (uint8_t *)chunk + CHUNK_HEAD;
        s->end[c] = (uint8_t *)chunk + NV_SLAB_CHUNK;
    }
    s->bump[c] = p + size;
    return p;
}

int32_t nv_slab_is_to_fail(struct nv_slab *s)
{
    if (s->fail_at && --s->fail_at == 0)
        return 1;
    return s->fails && s->fails(s->fails_arg);
}

void *nv_slab_alloc(struct nv_slab *s, size_t size)
{
    struct nv_slab_free *f;
    uint32_t c;

    if (s->flags) {
        if ((s->flags & NV_SLAB_FAIL) && nv_slab_is_to_fail(s))
            return NULL;
        if (s->flags & NV_SLAB_MALLOC)
            return alloc_large(s, size);
    }
    if (size > NV_SLAB_MAX)
        return alloc_large(s, size);
    c = class_of(size);
    f = s->free[c];
    if (!f)
        return alloc_fresh(s, c);
    s->free[c] = f->next;
    return f;
}

void nv_slab_free(struct nv_slab *s, void *ptr, size_t size)
{
    struct nv_slab_free *f = ptr;
    uint32_t c;

    if (!ptr)
        return;
    if (size > NV_SLAB_MAX || (s->flags & NV_SLAB_MALLOC)) {
        s->bytes -= size;
        free(ptr);
        return;
    }
    c = class_of(size);
    f->next = s->free[c];
    s->free[c] = f;
}

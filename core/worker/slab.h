/* SPDX-License-Identifier: MIT
 *
 * Memory of one worker: size classes over chunks of 64 KiB, owner only, push and pop. Classes step
 * by 16 bytes up to 512, so that an idle connection pays for what it is; larger than 4096 is malloc.
 * In a sanitizer build every object is a malloc, so that the sanitizer sees each of them.
 */
#ifndef NV_SLAB_H
#define NV_SLAB_H

#include <stddef.h>
#include <stdint.h>

#define NV_SLAB_CHUNK   65536u
#define NV_SLAB_MAX     4096u
#define NV_SLAB_CLASSES 41u

#define NV_SLAB_MALLOC (1u << 0) /* every object is a malloc                     */
#define NV_SLAB_FAIL   (1u << 1) /* tests: the allocation number fail_at fails    */

struct nv_slab_free {
    struct nv_slab_free *next;
};

struct nv_slab {
    uint32_t flags;
    uint32_t reserved;
    uint64_t bytes_max;          /* of chunks and large objects together; 0: no limit */
    uint64_t bytes;              /* taken from the system                             */
    uint64_t fail_at;            /* counts down to the failing allocation             */
    int32_t (*fails)(void *arg); /* NV_SLAB_FAIL: 1: this one fails, too; or NULL */
    void *fails_arg;
    void *chunks; /* each begins with the pointer to the next          */
    struct nv_slab_free *free[NV_SLAB_CLASSES];
    uint8_t *bump[NV_SLAB_CLASSES]; /* the untouched rest of the newest chunk */
    uint8_t *end[NV_SLAB_CLASSES];
};

/* Ready an empty slab; `bytes_max` 0 is no limit. */
void nv_slab_init(struct nv_slab *s, uint64_t bytes_max);

/* Give all chunks back; objects that were malloc-ed must have been freed. */
void nv_slab_fini(struct nv_slab *s);

/* `size` bytes aligned to 16, or NULL. */
void *nv_slab_alloc(struct nv_slab *s, size_t size);

/* NV_SLAB_FAIL: 1: this allocation fails, a test wants it. */
int32_t nv_slab_is_to_fail(struct nv_slab *s);

/* Give back what alloc returned with the same size. NULL is fine. */
void nv_slab_free(struct nv_slab *s, void *ptr, size_t size);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The atomics that public structs need. The fields are plain integers, so that C11 and C++17 read
 * the same layout; these inlines are the only way to touch them.
 */
#ifndef NAVE_ATOMIC_H
#define NAVE_ATOMIC_H

#include <nave/base.h>

NAVE_BEGIN_DECLS

/* Load `*p`; what the storer wrote before its release store is visible after.
 * Thread: [any]. */
static inline uint32_t nave_load_acquire_u32(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Store `v`; what was written before is visible to the one who loads it with acquire.
 * Thread: [any]. */
static inline void nave_store_release_u32(uint32_t *p, uint32_t v)
{
    __atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* Add one reference. Relaxed: the caller has one already.
 * Thread: [any]. */
static inline void nave_ref_u32(uint32_t *p)
{
    __atomic_fetch_add(p, 1u, __ATOMIC_RELAXED);
}

/* Give one reference back; 1 when it was the last and the caller must free.
 * Thread: [any]. */
static inline int32_t nave_unref_u32(uint32_t *p)
{
    return __atomic_fetch_sub(p, 1u, __ATOMIC_ACQ_REL) == 1u;
}

NAVE_END_DECLS
#endif

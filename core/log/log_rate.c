/* SPDX-License-Identifier: MIT
 *
 * See log_rate.h.
 */
#include "log_rate.h"

#include <string.h>

void nv_log_rate_init(struct nv_log_rate *r, uint64_t a_second)
{
    memset(r, 0, sizeof(*r));
    if (a_second > NV_LOG_RATE_MAX)
        a_second = NV_LOG_RATE_MAX;
    r->interval_ns = a_second ? NAVE_SEC / (nave_nsec)a_second : 0;
}

/* FNV-1a, a byte at a time. */
static uint32_t add(uint32_t hash, unsigned char c)
{
    return (hash ^ c) * 16777619u;
}

uint32_t nv_log_rate_bucket(uint32_t level, struct nave_str plugin, struct nave_str text)
{
    size_t n = text.len < NV_LOG_SOURCE_BYTES ? text.len : NV_LOG_SOURCE_BYTES;
    uint32_t hash = 2166136261u;
    size_t i;

    for (i = 0; i < plugin.len; i++)
        hash = add(hash, (unsigned char)plugin.ptr[i]);
    hash = add(hash, 0);
    for (i = 0; i < n; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            hash = add(hash, (unsigned char)text.ptr[i]);
    hash ^= hash >> 16;
    hash ^= hash >> 8;
    return level << NV_LOG_LEVEL_BITS | (hash & ((1u << NV_LOG_LEVEL_BITS) - 1));
}

static void count(uint64_t *n)
{
    __atomic_store_n(n, __atomic_load_n(n, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

int32_t nv_log_rate_take(struct nv_log_rate *r, uint32_t bucket, nave_nsec now_ns)
{
    nave_nsec *due = &r->due_ns[bucket];

    if (!r->interval_ns)
        return 1;
    if (*due < now_ns)
        *due = now_ns;
    /* A second's worth may be ahead of its time. */
    if (*due - now_ns > NAVE_SEC - r->interval_ns) {
        count(&r->held[bucket]);
        /* The writer looks at the sum before it sleeps: see the bell in log_ring.h. */
        __atomic_store_n(&r->held_all, __atomic_load_n(&r->held_all, __ATOMIC_RELAXED) + 1,
                         __ATOMIC_SEQ_CST);
        return 0;
    }
    *due += r->interval_ns;
    return 1;
}

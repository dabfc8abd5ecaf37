/* SPDX-License-Identifier: MIT
 *
 * One chain a bucket, one list for the order of use.
 */
#include "cache.h"

#include <string.h>

uint64_t files_cache_buckets(uint64_t entries_max)
{
    uint64_t n = 16;

    while (n < entries_max)
        n *= 2;
    return n;
}

void files_cache_init(struct files_cache *c, struct files_slot **buckets, uint64_t n, uint64_t seed)
{
    memset(c, 0, sizeof(*c));
    c->buckets = buckets;
    c->mask = n - 1;
    c->seed = seed;
}

uint64_t files_cache_hash(const struct files_cache *c, uint64_t root, const char *key, size_t len)
{
    uint64_t h = c->seed ^ (root + len) * UINT64_C(0x9E3779B97F4A7C15);
    uint64_t word;

    for (; len >= 8; key += 8, len -= 8) {
        memcpy(&word, key, 8);
        h = (h ^ word) * UINT64_C(0xBF58476D1CE4E5B9);
        h ^= h >> 32;
    }
    for (word = 0; len > 0; len--)
        word = word << 8 | (unsigned char)key[len - 1];
    h = (h ^ word) * UINT64_C(0x94D049BB133111EB);
    return h ^ h >> 29;
}

static void unlink_use(struct files_cache *c, struct files_slot *s)
{
    if (s->newer)
        s->newer->older = s->older;
    else
        c->newest = s->older;
    if (s->older)
        s->older->newer = s->newer;
    else
        c->oldest = s->newer;
}

static void link_newest(struct files_cache *c, struct files_slot *s)
{
    s->newer = NULL;
    s->older = c->newest;
    if (c->newest)
        c->newest->newer = s;
    else
        c->oldest = s;
    c->newest = s;
}

struct files_slot *files_cache_find(struct files_cache *c, uint64_t hash, uint64_t root,
                                    const char *key, size_t len)
{
    struct files_slot *s = c->buckets[hash & c->mask];

    for (; s; s = s->next) {
        if (s->hash == hash && s->root == root && s->key_len == len &&
            memcmp(s->key, key, len) == 0) {
            if (c->newest != s) {
                unlink_use(c, s);
                link_newest(c, s);
            }
            return s;
        }
    }
    return NULL;
}

void files_cache_add(struct files_cache *c, struct files_slot *s)
{
    struct files_slot **bucket = &c->buckets[s->hash & c->mask];

    s->next = *bucket;
    *bucket = s;
    link_newest(c, s);
    c->count++;
    c->bytes += s->cost;
}

void files_cache_remove(struct files_cache *c, struct files_slot *s)
{
    struct files_slot **at = &c->buckets[s->hash & c->mask];

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    unlink_use(c, s);
    c->count--;
    c->bytes -= s->cost;
}

struct files_slot *files_cache_excess(const struct files_cache *c, uint64_t entries_max,
                                      uint64_t bytes_max)
{
    if (c->count <= entries_max && c->bytes <= bytes_max)
        return NULL;
    return c->oldest != c->newest ? c->oldest : NULL;
}

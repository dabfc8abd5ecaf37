/* SPDX-License-Identifier: MIT
 *
 * What a worker knows of names: a hash table whose entries also stand in order of use. No I/O, no
 * clock; entries are made and freed by others. Bounded by count and by bytes: the one not used for the
 * longest time goes first.
 */
#ifndef FILES_CACHE_H
#define FILES_CACHE_H

#include <stddef.h>
#include <stdint.h>

/* The head of an entry. */
struct files_slot {
    struct files_slot *next; /* with the same hash */
    struct files_slot *newer;
    struct files_slot *older;
    uint64_t hash;
    uint64_t root; /* whose names: the same path below two roots is two */
    const char *key;
    uint32_t key_len;
    uint32_t cost; /* bytes */
};

struct files_cache {
    struct files_slot **buckets;
    uint64_t mask;
    uint64_t seed;
    struct files_slot *newest;
    struct files_slot *oldest;
    uint64_t count;
    uint64_t bytes;
};

/* How many buckets a cache of `entries_max` entries should be given. A power of two. */
uint64_t files_cache_buckets(uint64_t entries_max);

/* Ready `c` with `n` (a power of two) buckets, zeroed, which stay the caller's. `seed` is a number that
 * peers cannot know: they choose keys. */
void files_cache_init(struct files_cache *c, struct files_slot **buckets, uint64_t n,
                      uint64_t seed);

uint64_t files_cache_hash(const struct files_cache *c, uint64_t root, const char *key, size_t len);

/* The slot of a key, or NULL. It becomes the newest. */
struct files_slot *files_cache_find(struct files_cache *c, uint64_t hash, uint64_t root,
                                    const char *key, size_t len);

/* Put in a slot whose hash, root, key, key_len and cost are set, as the newest; its key is not there. */
void files_cache_add(struct files_cache *c, struct files_slot *s);

/* Take a slot out. */
void files_cache_remove(struct files_cache *c, struct files_slot *s);

/* The slot that must go so that the bounds hold, or NULL; never the newest. */
struct files_slot *files_cache_excess(const struct files_cache *c, uint64_t entries_max,
                                      uint64_t bytes_max);

#endif

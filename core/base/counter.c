/* SPDX-License-Identifier: MIT
 *
 * Blocks of eight counters: workers * 64 bytes on cache lines of their own. Blocks never move, since
 * plugins keep pointers into them. A counter is there for readers once `count`, written last, says so.
 */
#include "counter.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES     64u
#define LINE_WORDS     8u
#define COUNTER_BLOCKS (NV_COUNTERS_MAX / LINE_WORDS)

struct nv_counters {
    uint32_t workers;
    uint32_t count; /* atomic */
    uint64_t *blocks[COUNTER_BLOCKS];
    char *names[NV_COUNTERS_MAX]; /* each with its doc behind it */
};

static struct nave_counter counter_at(const struct nv_counters *c, uint32_t i)
{
    return (struct nave_counter){
        .cells = c->blocks[i / LINE_WORDS] + i % LINE_WORDS,
        .stride = LINE_WORDS,
        .workers = c->workers,
    };
}

nave_err nv_counters_get(struct nv_counters **counters, uint32_t workers, const char *name,
                         const char *doc, struct nave_counter *out_counter)
{
    struct nv_counters *c = *counters;
    size_t block_bytes = (size_t)workers * LINE_BYTES;
    uint32_t i;
    size_t name_len, doc_len = doc ? strlen(doc) : 0;
    char *copy;

    if (!name || !name[0])
        return NAVE_EINVAL;
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            return NAVE_ENOMEM;
        c->workers = workers;
        __atomic_store_n(counters, c, __ATOMIC_RELEASE);
    }
    for (i = 0; i < c->count; i++) {
        if (strcmp(c->names[i], name) == 0) {
            *out_counter = counter_at(c, i);
            return NAVE_OK;
        }
    }
    if (c->count == NV_COUNTERS_MAX)
        return NAVE_ELIMIT;
    name_len = strlen(name);
    copy = calloc(1, name_len + doc_len + 2);
    if (!copy)
        return NAVE_ENOMEM;
    memcpy(copy, name, name_len);
    if (doc_len)
        memcpy(copy + name_len + 1, doc, doc_len);
    if (!c->blocks[c->count / LINE_WORDS]) {
        uint64_t *block = aligned_alloc(LINE_BYTES, block_bytes);

        if (!block) {
            free(copy);
            return NAVE_ENOMEM;
        }
        memset(block, 0, block_bytes);
        c->blocks[c->count / LINE_WORDS] = block;
    }
    c->names[c->count] = copy;
    *out_counter = counter_at(c, c->count);
    __atomic_store_n(&c->count, c->count + 1, __ATOMIC_RELEASE);
    return NAVE_OK;
}

uint32_t nv_counters_count(struct nv_counters *const *counters)
{
    const struct nv_counters *c = __atomic_load_n(counters, __ATOMIC_ACQUIRE);

    return c ? __atomic_load_n(&c->count, __ATOMIC_ACQUIRE) : 0;
}

struct nv_counter_view nv_counters_at(struct nv_counters *const *counters, uint32_t i)
{
    const struct nv_counters *c = __atomic_load_n(counters, __ATOMIC_ACQUIRE);
    const char *name = c->names[i];

    return (struct nv_counter_view){name, name + strlen(name) + 1, counter_at(c, i)};
}

void nv_counters_each(struct nv_counters *const *counters,
                      void (*fn)(void *arg, const char *name, uint64_t sum), void *arg)
{
    uint32_t i, count = nv_counters_count(counters);

    for (i = 0; i < count; i++) {
        struct nv_counter_view one = nv_counters_at(counters, i);

        fn(arg, one.name, nave_counter_sum(&one.counter));
    }
}

void nv_counters_destroy(struct nv_counters *counters)
{
    uint32_t i;

    if (!counters)
        return;
    for (i = 0; i < counters->count; i++)
        free(counters->names[i]);
    for (i = 0; i < COUNTER_BLOCKS; i++)
        free(counters->blocks[i]);
    free(counters);
}

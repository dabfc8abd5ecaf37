/* SPDX-License-Identifier: MIT
 *
 * Blocks of eight counters: workers * 64 bytes on cache lines of their own. Blocks never move, since
 * plugins keep pointers into them.
 */
#include "counter.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES     64u
#define LINE_WORDS     8u
#define COUNTER_BLOCKS (NV_COUNTERS_MAX / LINE_WORDS)

struct nv_counters {
    uint32_t workers;
    uint32_t count;
    uint64_t *blocks[COUNTER_BLOCKS];
    char *names[NV_COUNTERS_MAX];
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
    char *copy;

    (void)doc; /* shown by the metrics page, which is not built yet */
    if (!name || !name[0])
        return NAVE_EINVAL;
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            return NAVE_ENOMEM;
        c->workers = workers;
        *counters = c;
    }
    for (i = 0; i < c->count; i++) {
        if (strcmp(c->names[i], name) == 0) {
            *out_counter = counter_at(c, i);
            return NAVE_OK;
        }
    }
    if (c->count == NV_COUNTERS_MAX)
        return NAVE_ELIMIT;
    copy = strdup(name);
    if (!copy)
        return NAVE_ENOMEM;
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
    *out_counter = counter_at(c, c->count++);
    return NAVE_OK;
}

void nv_counters_each(const struct nv_counters *counters,
                      void (*fn)(void *arg, const char *name, uint64_t sum), void *arg)
{
    uint32_t i;

    for (i = 0; counters && i < counters->count; i++) {
        struct nave_counter one = counter_at(counters, i);

        fn(arg, counters->names[i], nave_counter_sum(&one));
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

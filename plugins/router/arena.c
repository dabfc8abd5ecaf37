/* SPDX-License-Identifier: MIT
 *
 * The arena. Chunks double up to 1 MiB, so that a table of a few routes takes a few kilobytes and a
 * table of 100,000 asks the host some dozens of times. A larger request gets a chunk of its own.
 */
#include "arena.h"

#include <string.h>

#define CHUNK_FIRST 2048u
#define CHUNK_LAST  (1024u * 1024u)
#define ALIGNMENT   16u

struct router_chunk {
    struct router_chunk *next;
    size_t size; /* of the whole chunk */
};

NAVE_STATIC_ASSERT(sizeof(struct router_chunk) % ALIGNMENT == 0, "the room behind is aligned");

void router_arena_init(struct router_arena *a, struct nave_host *host)
{
    a->host = host;
    a->chunks = NULL;
    a->at = NULL;
    a->left = 0;
}

static int chunk_add(struct router_arena *a, size_t need)
{
    size_t size = CHUNK_FIRST;
    struct router_chunk *c;

    if (a->chunks)
        size = a->chunks->size < CHUNK_LAST ? a->chunks->size * 2 : CHUNK_LAST;
    if (need > size - sizeof(*c))
        size = need + sizeof(*c);
    c = nave_host_alloc(a->host, size);
    if (!c)
        return 0;
    c->next = a->chunks;
    c->size = size;
    a->chunks = c;
    a->at = (char *)(c + 1);
    a->left = size - sizeof(*c);
    return 1;
}

void *router_arena_alloc(struct router_arena *a, size_t size)
{
    char *room;

    if (size > SIZE_MAX / 4)
        return NULL;
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > a->left && !chunk_add(a, size))
        return NULL;
    room = a->at;
    a->at += size;
    a->left -= size;
    memset(room, 0, size);
    return room;
}

char *router_arena_copy(struct router_arena *a, const char *text, size_t len)
{
    char *copy = router_arena_alloc(a, len + 1);

    if (copy && len > 0)
        memcpy(copy, text, len);
    return copy;
}

void router_arena_free(struct router_arena *a)
{
    struct router_chunk *c = a->chunks;

    while (c) {
        struct router_chunk *next = c->next;

        nave_host_free(a->host, c, c->size);
        c = next;
    }
    router_arena_init(a, a->host);
}

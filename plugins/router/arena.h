/* SPDX-License-Identifier: MIT
 *
 * Memory that is freed all at once: a list of chunks from the host, accounted to the plugin. What a
 * table of routes is made of lives in one arena; what only its making needs, in another.
 */
#ifndef ROUTER_ARENA_H
#define ROUTER_ARENA_H

#include <nave/host.h>

struct router_chunk;

struct router_arena {
    struct nave_host *host;
    struct router_chunk *chunks; /* newest first */
    char *at;                    /* room in the newest */
    size_t left;
};

/* Make `a` an empty arena. Thread: [any]. */
void router_arena_init(struct router_arena *a, struct nave_host *host);

/* `size` zeroed bytes, aligned to 16; NULL when out of memory. Thread: [control]. */
void *router_arena_alloc(struct router_arena *a, size_t size);

/* A copy of `len` bytes at `text`, with a NUL behind; NULL when out of memory. Thread: [control]. */
char *router_arena_copy(struct router_arena *a, const char *text, size_t len);

/* Free everything; the arena is empty after and may be used again. Thread: [control]. */
void router_arena_free(struct router_arena *a);

#endif

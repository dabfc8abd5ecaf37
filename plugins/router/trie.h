/* SPDX-License-Identifier: MIT
 *
 * Routes by their paths: one trie whose nodes know, as a set of bits, the methods that end there and
 * those that end anywhere below. A search for a method never enters a branch without it, so it is a
 * trie for each method, in the memory of one.
 *
 * Per segment: the text itself, then <int>, then a parameter, then the wildcard; leftmost first, with
 * full backtracking, whatever the order of registration. A trie is a tree and a node stands at one
 * depth, so a search meets a node at most once: its work is bounded by the number of routes.
 */
#ifndef ROUTER_TRIE_H
#define ROUTER_TRIE_H

#include <nave/http.h>

#include "arena.h"
#include "methods.h"
#include "path.h"

/* In the order of precedence. */
#define ROUTER_STATIC 0u
#define ROUTER_NUMBER 1u /* :name<int>, which is -?[0-9]+ */
#define ROUTER_PARAM  2u /* :name, one or more bytes      */
#define ROUTER_WILD   3u /* *, all the rest, also nothing */

/* One segment of a route. */
struct router_segment {
    uint64_t word;    /* the first eight bytes of a static text, see trie.c */
    const char *text; /* of a static segment, or the parameter's name       */
    uint32_t len;
    uint32_t kind;
};

/* A parameter of a route: its name and which segment it is. */
struct router_param {
    struct nave_str name;
    uint32_t segment;
    uint32_t is_wild;
};

/* A route. What a request needs stands first. */
struct router_route {
    const struct nave_http_response *answer; /* when known beforehand; else NULL */
    struct nave_http_handler *handler;
    const struct router_param *params;
    uint32_t param_count;
    uint32_t methods; /* bits */

    /* Needed while the table is made. */
    const struct router_segment *segments;
    uint32_t segment_count;
    uint32_t index;       /* in the configuration    */
    struct nave_str text; /* "GET /users/:id"        */
    struct nave_str path; /* "/users/:id"            */
};

struct router_node;

/* A node reached by a text. */
struct router_child {
    uint64_t word;
    const char *text;
    const struct router_node *node;
    uint32_t len;
    uint32_t reserved;
};

struct router_node {
    uint32_t here;                            /* methods of the routes that end here          */
    uint32_t below;                           /* methods of the routes that end here or below */
    const struct router_route *const *routes; /* one a bit of here, in the order of the bits */
    struct router_child *children;            /* a table with open places, by router_child_hash */
    uint32_t child_count;
    uint32_t child_mask;
    uint32_t child_shift;
    uint32_t has_other;               /* number, param or wild is there */
    const struct router_node *number; /* NULL: none; so the next two    */
    const struct router_node *param;
    const struct router_node *wild;
};

/* Paths without parameters, looked up as a whole before the trie is asked. Nothing is more specific
 * than such a path, so what is found here is what the trie would find. */
struct router_exact_entry {
    uint32_t tag;
    uint32_t len;
    const char *text; /* NULL: an empty place */
    const struct router_node *node;
};

struct router_exact {
    const struct router_exact_entry *entries;
    uint64_t lengths; /* bit len & 63 is set when there is a path of that length */
    uint32_t mask;
};

/* What goes into the table of whole paths. */
struct router_exact_item {
    struct router_exact_item *next;
    const struct router_route *route;
    const struct router_node *node;
};

struct router_trie {
    const struct router_node *root;
    struct router_exact exact;
};

/* Two routes claim the same: told once for each pair. Thread: [control]. */
typedef void router_conflict_fn(void *arg, const struct router_route *later,
                                const struct router_route *earlier);

/* Build the trie of `count` routes; `order` has room for as many pointers and is left sorted. What the
 * trie keeps lies in `a`; segments and texts must live as long. Thread: [control].
 * Errors: NAVE_ENOMEM; NAVE_EEXIST there were conflicts, all told. */
NAVE_NODISCARD nave_err router_trie_build(struct router_arena *a, struct router_route *routes,
                                          uint32_t count, const struct router_route **order,
                                          router_conflict_fn *conflict, void *arg,
                                          struct router_trie *out);

/* The word of a static text. */
uint64_t router_trie_word(const char *text, uint32_t len);

/* Make the table of the `count` items in `a`. Thread: [control]. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err router_exact_build(struct router_arena *a,
                                           const struct router_exact_item *items, uint32_t count,
                                           struct router_exact *out);

/* The node of the path that is `len` bytes at `text` without a parameter; NULL: ask the trie.
 * Thread: [any]. */
const struct router_node *router_exact_find(const struct router_exact *e, const char *text,
                                            uint32_t len);

/* The route for path `p`, or NULL. Thread: [any]. */
const struct router_route *router_trie_find(const struct router_trie *t,
                                            const struct router_path *p, struct router_want want);

/* Methods of all routes that match path `p`. Thread: [any]. */
uint32_t router_trie_methods(const struct router_trie *t, const struct router_path *p);

/* The route of node `n` for what is wanted, or NULL. */
static inline const struct router_route *router_node_route(const struct router_node *n,
                                                           struct router_want want)
{
    uint32_t have = n->here & want.any;
    uint32_t bit;
    uint32_t rest;
    uint32_t i = 0;

    if (!have)
        return NULL;
    /* The method itself, then GET in place of HEAD, then ANY. */
    if (have & want.own)
        bit = want.own;
    else if (have & ROUTER_BIT(NAVE_HTTP_GET))
        bit = ROUTER_BIT(NAVE_HTTP_GET);
    else
        bit = ROUTER_ANY;
    for (rest = n->here & (bit - 1); rest; rest &= rest - 1)
        i++;
    return n->routes[i];
}

#endif

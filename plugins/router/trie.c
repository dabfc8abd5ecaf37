/* SPDX-License-Identifier: MIT
 *
 * Building the trie. It is built from the sorted routes: those that share a prefix stand together, so a node
 * is a range, its children are ranges of the range, and equal paths are neighbours.
 */
#include "trie.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

struct build {
    struct router_arena *arena;
    const struct router_route **order;
    router_conflict_fn *conflict;
    void *arg;
    uint32_t conflicts;
    uint32_t exact_count;
    struct router_exact_item *items; /* newest first; in the arena */
};

uint64_t router_trie_word(const char *text, uint32_t len)
{
    uint64_t word = 0;

    if (len > 0)
        memcpy(&word, text, len < 8 ? len : 8);
    return word;
}

static int text_compare(uint64_t wa, const char *a, uint32_t alen, uint64_t wb, const char *b,
                        uint32_t blen)
{
    if (wa != wb)
        return wa < wb ? -1 : 1;
    if (alen != blen)
        return alen < blen ? -1 : 1;
    return alen > 8 ? memcmp(a + 8, b + 8, alen - 8) : 0;
}

static int segment_compare(const struct router_segment *a, const struct router_segment *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind != ROUTER_STATIC)
        return 0;
    return text_compare(a->word, a->text, a->len, b->word, b->text, b->len);
}

static int route_compare(const void *pa, const void *pb)
{
    const struct router_route *a = *(const struct router_route *const *)pa;
    const struct router_route *b = *(const struct router_route *const *)pb;
    uint32_t i;

    for (i = 0; i < a->segment_count && i < b->segment_count; i++) {
        int c = segment_compare(&a->segments[i], &b->segments[i]);

        if (c != 0)
            return c;
    }
    if (a->segment_count != b->segment_count)
        return a->segment_count < b->segment_count ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* May the text of the path be compared with what came, as it stands? */
static int path_is_exact(const struct router_route *r)
{
    uint32_t i;

    for (i = 0; i < r->segment_count; i++) {
        if (r->segments[i].kind != ROUTER_STATIC)
            return 0;
    }
    for (i = 0; i < r->path.len; i++) {
        if (r->path.ptr[i] == '%' || (unsigned char)r->path.ptr[i] >= 0x80)
            return 0;
    }
    return 1;
}

/* Routes low ... high - 1 all end at `n`. */
static nave_err node_end(struct build *b, struct router_node *n, uint32_t low, uint32_t high)
{
    const struct router_route *by_bit[32] = {NULL};
    const struct router_route **routes;
    uint32_t count = 0;
    uint32_t bit;
    uint32_t i;

    for (i = low; i < high; i++) {
        const struct router_route *told = NULL;

        for (bit = 0; bit < 32; bit++) {
            if (!(b->order[i]->methods & (1u << bit)))
                continue;
            if (!by_bit[bit]) {
                by_bit[bit] = b->order[i];
                n->here |= 1u << bit;
                count++;
            } else if (by_bit[bit] != told) {
                told = by_bit[bit];
                b->conflicts++;
                b->conflict(b->arg, b->order[i], told);
            }
        }
    }
    routes = router_arena_alloc(b->arena, count * sizeof(*routes));
    if (!routes)
        return NAVE_ENOMEM;
    for (bit = 0, count = 0; bit < 32; bit++) {
        if (by_bit[bit])
            routes[count++] = by_bit[bit];
    }
    n->routes = routes;
    n->below |= n->here;
    if (path_is_exact(b->order[low])) {
        struct router_exact_item *item = router_arena_alloc(b->arena, sizeof(*item));

        if (!item)
            return NAVE_ENOMEM;
        item->route = b->order[low];
        item->node = n;
        item->next = b->items;
        b->items = item;
        b->exact_count++;
    }
    return NAVE_OK;
}

/* The end of the range from `low` on that has the same segment at `depth`. */
static uint32_t range_end(const struct build *b, uint32_t low, uint32_t high, uint32_t depth)
{
    uint32_t i = low + 1;

    while (i < high &&
           segment_compare(&b->order[low]->segments[depth], &b->order[i]->segments[depth]) == 0)
        i++;
    return i;
}

/* Make room for `count` children, at least twice as much as is needed. */
static nave_err children_make(struct build *b, struct router_node *n, uint32_t count)
{
    uint32_t bits = 1;

    n->child_count = count;
    if (count == 0)
        return NAVE_OK;
    while ((1u << bits) < 2 * count)
        bits++;
    n->child_mask = (1u << bits) - 1;
    n->child_shift = 64 - bits;
    n->children = router_arena_alloc(b->arena, ((size_t)1 << bits) * sizeof(*n->children));
    return n->children ? NAVE_OK : NAVE_ENOMEM;
}

static void child_add(struct router_node *n, const struct router_segment *s,
                      const struct router_node *node)
{
    uint64_t at = router_child_hash(s->word, s->text, s->len) >> n->child_shift;
    struct router_child *c;

    for (c = &n->children[at]; c->node; c = &n->children[at])
        at = (at + 1) & n->child_mask;
    c->word = s->word;
    c->text = s->text;
    c->len = s->len;
    c->node = node;
}

/* The node of routes low ... high - 1, which share their first `depth` segments. Depth is bounded by
 * ROUTER_SEGMENTS_MAX. */
static nave_err node_build(struct build *b, uint32_t low, uint32_t high, uint32_t depth,
                           const struct router_node **out_node)
{
    struct router_node *n = router_arena_alloc(b->arena, sizeof(*n));
    uint32_t count = 0;
    uint32_t i = low;
    uint32_t end;
    nave_err err;

    if (!n)
        return NAVE_ENOMEM;
    while (i < high && b->order[i]->segment_count == depth)
        i++;
    if (i > low) {
        err = node_end(b, n, low, i);
        if (err != NAVE_OK)
            return err;
    }
    for (low = i; i < high && b->order[i]->segments[depth].kind == ROUTER_STATIC;
         i = range_end(b, i, high, depth))
        count++;
    err = children_make(b, n, count);
    if (err != NAVE_OK)
        return err;
    for (i = low; i < high; i = end) {
        const struct router_segment *s = &b->order[i]->segments[depth];
        const struct router_node *next;

        end = range_end(b, i, high, depth);
        err = node_build(b, i, end, depth + 1, &next);
        if (err != NAVE_OK)
            return err;
        n->below |= next->below;
        if (s->kind == ROUTER_STATIC) {
            child_add(n, s, next);
            continue;
        }
        n->has_other = 1;
        if (s->kind == ROUTER_NUMBER)
            n->number = next;
        else if (s->kind == ROUTER_PARAM)
            n->param = next;
        else
            n->wild = next;
    }
    *out_node = n;
    return NAVE_OK;
}

nave_err router_trie_build(struct router_arena *a, struct router_route *routes, uint32_t count,
                           const struct router_route **order, router_conflict_fn *conflict,
                           void *arg, struct router_trie *out)
{
    struct build b = {a, order, conflict, arg, 0, 0, NULL};
    uint32_t i;
    nave_err err;

    for (i = 0; i < count; i++)
        order[i] = &routes[i];
    if (count > 1)
        qsort(order, count, sizeof(*order), route_compare);
    err = node_build(&b, 0, count, 0, &out->root);
    if (err != NAVE_OK)
        return err;
    if (b.conflicts > 0)
        return NAVE_EEXIST;
    return router_exact_build(a, b.items, b.exact_count, &out->exact);
}

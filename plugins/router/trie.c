/* SPDX-License-Identifier: MIT
 *
 * The trie. It is built from the sorted routes: those that share a prefix stand together, so a node
 * is a range, its children are ranges of the range, and equal paths are neighbours.
 */
#include "trie.h"

#include <stdlib.h>
#include <string.h>

struct build {
    struct router_arena *arena;
    const struct router_route **order;
    router_conflict_fn *conflict;
    void *arg;
    uint32_t conflicts;
    uint32_t exact_count;
    struct exact_item *items; /* newest first; in the arena */
};

struct exact_item {
    struct exact_item *next;
    const struct router_route *route;
    const struct router_node *node;
};

uint64_t router_trie_word(const char *text, uint32_t len)
{
    uint64_t word = 0;

    if (len > 0)
        memcpy(&word, text, len < 8 ? len : 8);
    return word;
}

/* The word of a segment of `p`, without a byte loop: whole words are read inside the path only. */
static inline uint64_t segment_word(const struct router_path *p, uint32_t at, uint32_t len)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint32_t left = p->len - at;
    uint64_t word;

    if (len == 0)
        return 0;
    if (left >= 8) {
        memcpy(&word, p->text + at, 8);
    } else if (p->len >= 8) {
        memcpy(&word, p->text + p->len - 8, 8);
        word >>= 8 * (8 - left);
    } else {
        return router_trie_word(p->text + at, len);
    }
    return len >= 8 ? word : word & ((UINT64_C(1) << 8 * len) - 1);
#else
    return router_trie_word(p->text + at, len);
#endif
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
        struct exact_item *item = router_arena_alloc(b->arena, sizeof(*item));

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

/* The node of routes low ... high - 1, which share their first `depth` segments. Depth is bounded by
 * ROUTER_SEGMENTS_MAX. */
static nave_err node_build(struct build *b, uint32_t low, uint32_t high, uint32_t depth,
                           const struct router_node **out_node)
{
    struct router_node *n = router_arena_alloc(b->arena, sizeof(*n));
    struct router_child *children;
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
        n->child_count++;
    children = router_arena_alloc(b->arena, n->child_count * sizeof(*children));
    if (!children)
        return NAVE_ENOMEM;
    n->children = children;
    for (i = low; i < high; i = end) {
        const struct router_segment *s = &b->order[i]->segments[depth];
        const struct router_node *next;

        end = range_end(b, i, high, depth);
        err = node_build(b, i, end, depth + 1, &next);
        if (err != NAVE_OK)
            return err;
        n->below |= next->below;
        if (s->kind == ROUTER_STATIC) {
            children->word = s->word;
            children->text = s->text;
            children->len = s->len;
            children->node = next;
            children++;
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

static inline uint64_t load8(const char *text)
{
    uint64_t word;

    memcpy(&word, text, 8);
    return word;
}

static inline uint32_t hash(const char *text, uint32_t len)
{
    const uint64_t k = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t h = len;
    uint64_t word;
    uint32_t at;

    if (len >= 8) {
        for (at = 0; at + 8 < len; at += 8) {
            h = (h ^ load8(text + at)) * k;
            h ^= h >> 32;
        }
        word = load8(text + len - 8);
    } else if (len >= 4) {
        uint32_t a;
        uint32_t b;

        memcpy(&a, text, 4);
        memcpy(&b, text + len - 4, 4);
        word = a | (uint64_t)b << 32;
    } else {
        word = (unsigned char)text[0] | (uint64_t)(unsigned char)text[len >> 1] << 8 |
               (uint64_t)(unsigned char)text[len - 1] << 16;
    }
    h = (h ^ word) * k;
    return (uint32_t)(h >> 32);
}

static inline int text_equal(const char *a, const char *b, uint32_t len)
{
    uint32_t at;

    if (len >= 8) {
        for (at = 0; at + 8 < len; at += 8) {
            if (load8(a + at) != load8(b + at))
                return 0;
        }
        return load8(a + len - 8) == load8(b + len - 8);
    }
    for (at = 0; at < len; at++) {
        if (a[at] != b[at])
            return 0;
    }
    return 1;
}

static nave_err exact_build(struct build *b, struct router_exact *out)
{
    struct router_exact_entry *entries;
    const struct exact_item *item;
    uint32_t size = 4;

    while (size < 2 * b->exact_count)
        size *= 2;
    entries = router_arena_alloc(b->arena, size * sizeof(*entries));
    if (!entries)
        return NAVE_ENOMEM;
    out->entries = entries;
    out->mask = size - 1;
    out->lengths = 0;
    for (item = b->items; item; item = item->next) {
        uint32_t len = (uint32_t)item->route->path.len;
        uint32_t tag = hash(item->route->path.ptr, len);
        uint32_t at = tag & out->mask;

        while (entries[at].text)
            at = (at + 1) & out->mask;
        entries[at].tag = tag;
        entries[at].len = len;
        entries[at].text = item->route->path.ptr;
        entries[at].node = item->node;
        out->lengths |= UINT64_C(1) << (len & 63);
    }
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
    return exact_build(&b, &out->exact);
}

const struct router_node *router_exact_find(const struct router_exact *e, const char *text,
                                            uint32_t len)
{
    const struct router_exact_entry *entry;
    uint32_t tag;
    uint32_t at;

    if (!(e->lengths >> (len & 63) & 1) || len == 0)
        return NULL;
    tag = hash(text, len);
    for (at = tag & e->mask;; at = (at + 1) & e->mask) {
        entry = &e->entries[at];
        if (!entry->text)
            return NULL;
        if (entry->tag == tag && entry->len == len && text_equal(entry->text, text, len))
            return entry->node;
    }
}

static const struct router_node *child_find(const struct router_node *n,
                                            const struct router_path *p, uint32_t at, uint32_t len)
{
    uint64_t word = segment_word(p, at, len);
    uint32_t low = 0;
    uint32_t high = n->child_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct router_child *c = &n->children[middle];
        int order = text_compare(word, p->text + at, len, c->word, c->text, c->len);

        if (order == 0)
            return c->node;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static int is_number(const char *text, uint32_t len)
{
    uint32_t i = len > 0 && text[0] == '-';

    if (i == len)
        return 0;
    for (; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
    }
    return 1;
}

static const struct router_route *walk(const struct router_node *n, const struct router_path *p,
                                       uint32_t depth, struct router_want want)
{
    const struct router_node *next;
    const struct router_route *r;

    for (; depth < p->count; depth++) {
        uint32_t at = p->start[depth];
        uint32_t len = router_path_segment_len(p, depth);

        next = n->child_count ? child_find(n, p, at, len) : NULL;
        if (next && !(next->below & want.any))
            next = NULL;
        if (next && !n->has_other) {
            n = next;
            continue;
        }
        if (next && (r = walk(next, p, depth + 1, want)))
            return r;
        next = n->number;
        if (next && next->below & want.any && is_number(p->text + at, len) &&
            (r = walk(next, p, depth + 1, want)))
            return r;
        next = n->param;
        if (next && next->below & want.any && len > 0) {
            if (!n->wild) {
                n = next;
                continue;
            }
            if ((r = walk(next, p, depth + 1, want)))
                return r;
        }
        return n->wild ? router_node_route(n->wild, want) : NULL;
    }
    return router_node_route(n, want);
}

const struct router_route *router_trie_find(const struct router_trie *t,
                                            const struct router_path *p, struct router_want want)
{
    return walk(t->root, p, 0, want);
}

static uint32_t collect(const struct router_node *n, const struct router_path *p, uint32_t depth,
                        uint32_t got)
{
    const struct router_node *next;
    uint32_t at;
    uint32_t len;

    if (!(n->below & ~got))
        return got;
    if (depth == p->count)
        return got | n->here;
    at = p->start[depth];
    len = router_path_segment_len(p, depth);
    next = child_find(n, p, at, len);
    if (next)
        got = collect(next, p, depth + 1, got);
    if (n->number && is_number(p->text + at, len))
        got = collect(n->number, p, depth + 1, got);
    if (n->param && len > 0)
        got = collect(n->param, p, depth + 1, got);
    return n->wild ? got | n->wild->here : got;
}

uint32_t router_trie_methods(const struct router_trie *t, const struct router_path *p)
{
    return collect(t->root, p, 0, 0);
}

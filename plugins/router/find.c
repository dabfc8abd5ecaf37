/* SPDX-License-Identifier: MIT
 *
 * Searching the trie.
 */
#include "trie.h"
#include "words.h"

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

static inline __attribute__((always_inline)) const struct router_node *
child_find(const struct router_node *n, const struct router_path *p, uint32_t at, uint32_t len)
{
    const char *text = p->text + at;
    uint64_t word = segment_word(p, at, len);
    uint64_t i = router_child_hash(word, text, len) >> n->child_shift;

    for (;; i = (i + 1) & n->child_mask) {
        const struct router_child *c = &n->children[i];

        /* An empty place looks like the empty text, which is then not here. */
        if (c->word == word && c->len == len &&
            (NAVE_LIKELY(len <= 8) || !c->node || router_text_equal(c->text, text, len)))
            return c->node;
        if (!c->node)
            return NULL;
    }
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
    next = n->child_count ? child_find(n, p, at, len) : NULL;
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

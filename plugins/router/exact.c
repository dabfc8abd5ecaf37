/* SPDX-License-Identifier: MIT
 *
 * Whole paths without a parameter, in one table: what most requests ask for is found by one look.
 */
#include "trie.h"
#include "words.h"

nave_err router_exact_build(struct router_arena *a, const struct router_exact_item *items,
                            uint32_t count, struct router_exact *out)
{
    struct router_exact_entry *entries;
    const struct router_exact_item *item;
    uint32_t size = 4;

    while (size < 2 * count)
        size *= 2;
    entries = router_arena_alloc(a, size * sizeof(*entries));
    if (!entries)
        return NAVE_ENOMEM;
    out->entries = entries;
    out->mask = size - 1;
    out->lengths = 0;
    for (item = items; item; item = item->next) {
        uint32_t len = (uint32_t)item->route->path.len;
        uint32_t tag = (uint32_t)(router_hash(item->route->path.ptr, len) >> 32);
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

const struct router_node *router_exact_find(const struct router_exact *e, const char *text,
                                            uint32_t len)
{
    const struct router_exact_entry *entry;
    uint32_t tag;
    uint32_t at;

    if (!(e->lengths >> (len & 63) & 1) || len == 0)
        return NULL;
    tag = (uint32_t)(router_hash(text, len) >> 32);
    for (at = tag & e->mask;; at = (at + 1) & e->mask) {
        entry = &e->entries[at];
        if (!entry->text)
            return NULL;
        if (entry->tag == tag && entry->len == len && router_text_equal(entry->text, text, len))
            return entry->node;
    }
}

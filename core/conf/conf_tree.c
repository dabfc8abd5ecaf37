/* SPDX-License-Identifier: MIT
 *
 * The memory of a document, and the children of its nodes. Blocks grow up to a limit and are freed
 * together; children are a list, and by the hash of their keys once there are more than a few.
 */
#include "conf_tree.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_FIRST 4096u
#define BLOCK_MOST  (1u << 20)
#define FEW         8u /* children that are looked through one by one */

/* The header counts as 16 bytes, so that what follows is aligned. */
struct nv_conf_block {
    struct nv_conf_block *next; /* older */
    uint32_t used;
    uint32_t size; /* of what follows */
};

static int is_same(struct nave_str a, struct nave_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* ---- memory ---------------------------------------------------------------------------------- */

void *nv_conf_alloc(struct nv_conf_doc *doc, size_t bytes)
{
    struct nv_conf_block *b = doc->blocks;
    size_t size = (bytes + 7) & ~(size_t)7;
    char *at;

    if (!b || size > b->size - b->used) {
        size_t room = b ? b->size * (size_t)2 : BLOCK_FIRST;

        room = room > BLOCK_MOST ? BLOCK_MOST : room;
        room = room < size ? size : room;
        b = room <= UINT32_MAX ? calloc(1, sizeof(*b) + room) : NULL;
        if (!b) {
            doc->is_out_of_memory = 1;
            return NULL;
        }
        b->size = (uint32_t)room;
        b->next = doc->blocks;
        doc->blocks = b;
    }
    at = (char *)(b + 1) + b->used;
    b->used += (uint32_t)size;
    return at;
}

struct nv_conf_source *nv_conf_source_add(struct nv_conf_doc *doc,
                                          const struct nv_conf_source *includer, const char *name,
                                          char *text_take, size_t len)
{
    struct nv_conf_source *s = nv_conf_alloc(doc, sizeof(*s));
    char *copy = nv_conf_alloc(doc, strlen(name) + 1);

    if (!s || !copy) {
        free(text_take);
        return NULL;
    }
    memcpy(copy, name, strlen(name));
    s->name = copy;
    s->text = text_take;
    s->len = len;
    s->includer = includer;
    s->depth = includer ? includer->depth + 1 : 0;
    s->next = doc->sources;
    doc->sources = s;
    return s;
}

struct nv_conf_node *nv_conf_node_new(struct nv_conf_doc *doc, struct nv_conf_source *source,
                                      size_t offset)
{
    struct nv_conf_node *n = nv_conf_alloc(doc, sizeof(*n));

    if (!n)
        return NULL;
    n->pub.api = &nv_conf_table;
    n->doc = doc;
    n->source = source;
    n->offset = (uint32_t)offset; /* a source has at most NV_CONF_BYTES_MAX */
    return n;
}

void nv_conf_free_blocks(struct nv_conf_doc *doc)
{
    struct nv_conf_block *b, *next;

    for (b = doc->blocks; b; b = next) {
        next = b->next;
        free(b);
    }
}

/* ---- children -------------------------------------------------------------------------------- */

/* FNV-1a; the seed is not known outside, so that keys cannot be chosen to fall upon each other. */
static uint32_t hash_of(const struct nv_conf_doc *doc, struct nave_str key)
{
    uint32_t hash = doc->seed ^ 2166136261u;
    size_t i;

    for (i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.ptr[i]) * 16777619u;
    return hash ^ hash >> 15;
}

static void slot_in(struct nv_conf_node *n, struct nv_conf_node *child)
{
    uint32_t i = hash_of(n->doc, child->key);

    while (n->slots[i & (n->slot_count - 1)])
        i++;
    n->slots[i & (n->slot_count - 1)] = child;
}

/* Keep the slots at most half full. Without memory the children are looked through. */
static void grow_slots(struct nv_conf_node *n)
{
    uint32_t count = n->slot_count ? n->slot_count * 2 : 4 * FEW;
    struct nv_conf_node **slots = nv_conf_alloc(n->doc, count * sizeof(struct nv_conf_node *));
    struct nv_conf_node *each;

    if (!slots)
        return;
    n->slots = slots;
    n->slot_count = count;
    for (each = n->first; each; each = each->next)
        slot_in(n, each);
}

struct nv_conf_node *nv_conf_child(const struct nv_conf_node *n, struct nave_str key)
{
    struct nv_conf_node *each;
    uint32_t i;

    if (n->slots) {
        for (i = hash_of(n->doc, key); (each = n->slots[i & (n->slot_count - 1)]); i++) {
            if (is_same(each->key, key))
                return each;
        }
        return NULL;
    }
    for (each = n->flags & NV_NODE_REFERENCE ? NULL : n->first; each; each = each->next) {
        if (is_same(each->key, key))
            return each;
    }
    return NULL;
}

void nv_conf_append(struct nv_conf_node *n, struct nv_conf_node *child)
{
    child->parent = n;
    child->index = n->count++;
    child->next = NULL;
    if (n->last)
        n->last->next = child;
    else
        n->first = child;
    n->last = child;
    if (n->kind != NAVE_CONF_OBJECT || n->count <= FEW)
        return;
    if (!n->slots || n->count * 2 > n->slot_count)
        grow_slots(n);
    else
        slot_in(n, child);
}

void nv_conf_replace(struct nv_conf_node *old, struct nv_conf_node *child)
{
    struct nv_conf_node *n = old->parent, **link;
    uint32_t i;

    n->flags |= NV_NODE_ALTERED;
    child->parent = n;
    child->key = old->key;
    child->index = old->index;
    child->next = old->next;
    for (link = &n->first; *link != old; link = &(*link)->next) {
    }
    *link = child;
    if (n->last == old)
        n->last = child;
    for (i = 0; i < n->slot_count; i++) {
        if (n->slots[i] == old)
            n->slots[i] = child;
    }
}

struct nv_conf_node *nv_conf_detach(struct nv_conf_node *n)
{
    struct nv_conf_node *first = n->first;

    n->first = n->last = NULL;
    n->slots = NULL;
    n->slot_count = 0;
    n->count = 0;
    return first;
}

/* SPDX-License-Identifier: MIT
 *
 * By kind: scalars by their bytes, texts and lists by what they point to, the rest by its JSON.
 */
#include "option_same.h"

#include <string.h>

static int32_t is_same_text(struct nave_str a, struct nave_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static int32_t is_same_conf(struct nave_conf *a, struct nave_conf *b)
{
    struct nave_str x, y;

    if (!a || !b)
        return a == b;
    return a->api->dump(a, &x) == NAVE_OK && b->api->dump(b, &y) == NAVE_OK && is_same_text(x, y);
}

static int32_t is_same_list(const struct nave_texts *a, const struct nave_texts *b)
{
    uint64_t i;

    for (i = 0; a->count == b->count && i < a->count; i++)
        if (!is_same_text(a->items[i], b->items[i]))
            return 0;
    return a->count == b->count;
}

static int32_t is_same_map(const struct nave_pairs *a, const struct nave_pairs *b)
{
    uint64_t i;

    for (i = 0; a->count == b->count && i < a->count; i++)
        if (!is_same_text(a->items[i].key, b->items[i].key) ||
            !is_same_text(a->items[i].value, b->items[i].value))
            return 0;
    return a->count == b->count;
}

int32_t nv_option_is_same(const struct nave_option *row, const void *a, const void *b)
{
    const void *x = (const char *)a + row->offset, *y = (const char *)b + row->offset;

    switch (row->kind) {
    case NAVE_OPTION_KIND_text:
    case NAVE_OPTION_KIND_address:
    case NAVE_OPTION_KIND_path:
        return is_same_text(*(const struct nave_str *)x, *(const struct nave_str *)y);
    case NAVE_OPTION_KIND_texts:
        return is_same_list(x, y);
    case NAVE_OPTION_KIND_pairs:
        return is_same_map(x, y);
    case NAVE_OPTION_KIND_conf:
        return is_same_conf(*(struct nave_conf *const *)x, *(struct nave_conf *const *)y);
    default:
        return memcmp(x, y, row->size) == 0;
    }
}

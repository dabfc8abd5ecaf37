/* SPDX-License-Identifier: MIT
 *
 * Damerau-Levenshtein over three rows on the stack, so it needs no memory and has no failure. The
 * work is bounded by NV_NEAR_WORD_MAX squared a name.
 */
#include "near.h"

#include <stdio.h>
#include <string.h>

static uint32_t min_of(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t nv_near_distance(struct nave_str a, struct nave_str b, uint32_t limit)
{
    uint32_t rows[3][NV_NEAR_WORD_MAX + 1];
    size_t gap = a.len > b.len ? a.len - b.len : b.len - a.len;
    size_t i, k;

    if (a.len > NV_NEAR_WORD_MAX || b.len > NV_NEAR_WORD_MAX || gap > limit)
        return limit + 1;
    for (k = 0; k <= b.len; k++)
        rows[0][k] = (uint32_t)k;
    for (i = 1; i <= a.len; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *above2 = rows[(i + 1) % 3];

        row[0] = (uint32_t)i;
        for (k = 1; k <= b.len; k++) {
            uint32_t differ = a.ptr[i - 1] != b.ptr[k - 1];

            row[k] = min_of(min_of(above[k], row[k - 1]) + 1, above[k - 1] + differ);
            if (i > 1 && k > 1 && a.ptr[i - 1] == b.ptr[k - 2] && a.ptr[i - 2] == b.ptr[k - 1])
                row[k] = min_of(row[k], above2[k - 2] + 1);
        }
    }
    return min_of(rows[a.len % 3][b.len], limit + 1);
}

void nv_near_init(struct nv_near *n, struct nave_str word)
{
    n->word = word;
    n->best = (struct nave_str){"", 0};
    /* One slip in three letters is a typing error, more is another word. */
    n->distance = (uint32_t)(word.len > NV_NEAR_WORD_MAX ? 0 : (word.len + 2) / 3) + 1;
}

void nv_near_try(struct nv_near *n, const char *name, size_t len)
{
    struct nave_str candidate = {name, len};
    uint32_t distance = nv_near_distance(n->word, candidate, n->distance - 1);

    /* A distance of the whole word would make "a" near to "b". */
    if (distance >= n->distance || distance >= len)
        return;
    n->best = candidate;
    n->distance = distance;
    if (n->distance == 0)
        n->distance = 1; /* the same word again changes nothing; keep the bound above 0 */
}

const char *nv_near_hint(const struct nv_near *n, char out[NV_NEAR_HINT_MAX])
{
    out[0] = '\0';
    if (n->best.len > 0)
        snprintf(out, NV_NEAR_HINT_MAX, "; did you mean \"%.*s\"?", (int)n->best.len, n->best.ptr);
    return out;
}

/* SPDX-License-Identifier: MIT
 *
 * The nearest of some names to a word that is none of them: "did you mean". The distance is
 * Damerau-Levenshtein (optimal string alignment), bounded in length and in distance.
 */
#ifndef NV_NEAR_H
#define NV_NEAR_H

#include <nave/base.h>

#define NV_NEAR_WORD_MAX 63u /* longer words have no near ones */
#define NV_NEAR_HINT_MAX 96u

struct nv_near {
    struct nave_str word;
    struct nave_str best; /* empty: none is near enough */
    uint32_t distance;    /* of best                    */
};

/* Begin a search for `word`. Thread: [any]. Owns: borrows word and names until the hint is made. */
void nv_near_init(struct nv_near *n, struct nave_str word);

/* Consider `name`. */
void nv_near_try(struct nv_near *n, const char *name, size_t len);

/* Write `; did you mean "best"?` or nothing to `out`. Returns out. */
const char *nv_near_hint(const struct nv_near *n, char out[NV_NEAR_HINT_MAX]);

/* The distance of two texts, or `limit` + 1 when it is larger than `limit`. */
uint32_t nv_near_distance(struct nave_str a, struct nave_str b, uint32_t limit);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Optimal string alignment over three rows; command line words are short.
 */
#include "near.h"

#include <string.h>

#define WORD_MAX 31u
#define FAR      99u

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned cli_distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b), i, k;
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2], *free_row;

    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return FAR;
    for (k = 0; k <= b_len; k++)
        last[k] = (unsigned)k;
    for (i = 1; i <= a_len; i++) {
        now[0] = (unsigned)i;
        for (k = 1; k <= b_len; k++) {
            unsigned cost = a[i - 1] != b[k - 1];

            now[k] = least(least(last[k] + 1, now[k - 1] + 1), last[k - 1] + cost);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                now[k] = least(now[k], before[k - 2] + 1);
        }
        free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_len];
}

int cli_is_near(const char *word, unsigned distance)
{
    return distance <= (strlen(word) > 4 ? 2u : 1u);
}

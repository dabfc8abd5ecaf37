/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the nearest of some names to a word that is none of them.
 */
#ifndef CLI_NEAR_H
#define CLI_NEAR_H

#include <stddef.h>

/* How many letters must be changed, put in, left out or exchanged with the next one to make `b` of `a`;
 * 99 when one of them is longer than 31 bytes. */
unsigned cli_distance(const char *a, const char *b);

/* 1: `distance` is small enough for a word like `word` to have been meant. */
int cli_is_near(const char *word, unsigned distance);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The screen of nave top, as lines of text.
 */
#ifndef CLI_TOP_SHOW_H
#define CLI_TOP_SHOW_H

#include <stdio.h>

#include "sample.h"

/* What a screen has room for. */
struct cli_screen {
    unsigned rows;    /* 0: any number                          */
    unsigned columns; /* 0: any number                          */
    int is_terminal;  /* what is left of each line is cleared    */
};

/* Write what passed between `before` (NULL: the start of the runtime) and `now`. */
void cli_top_show(FILE *out, const struct cli_screen *screen, const struct cli_sample *before,
                  const struct cli_sample *now);

#endif

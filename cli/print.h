/* SPDX-License-Identifier: MIT
 *
 * How reports of the runtime are shown to people: one line each on a stream, as
 *     FILE:LINE:COLUMN: /json/pointer: text
 * with the parts left out that are not known. Colour only where the stream is a terminal.
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include <stdio.h>

#include <nave/runtime.h>

struct cli_printer {
    FILE *out;
    int has_colour;
    int is_stuck;         /* nobody reads `out`                       */
    unsigned long missed; /* reports that were left out while it was */
};

/* Ready a printer on `out`. has_colour: 0 never, 1 always, -1 on a terminal, when neither NO_COLOR nor
 * TERM=dumb is set. */
void cli_printer_init(struct cli_printer *p, FILE *out, int has_colour);

/* A nave_report_fn; `arg` is the printer. Waits a second for a reader that stands still; after that
 * reports are left out, and counted, until it goes on. */
void cli_print_report(void *arg, const struct nave_report *report);

#endif

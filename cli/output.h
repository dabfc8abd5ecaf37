/* SPDX-License-Identifier: MIT
 *
 * Standard output, of which it counts whether all of it arrived: a full disk or a reader who went
 * away is a failure of the command (exit status 1), and never a signal.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stddef.h>

/* Writes to a closed pipe fail from now on, instead of ending the program. Once, at the start. */
void cli_output_init(void);

/* A nave_write_fn to standard output; `arg` is not used. */
void cli_output_write(void *arg, const char *text, size_t len);

/* Flush. Gives `status`, or 1 after it has said on standard error what went wrong. */
int cli_output_end(int status);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Asking a running runtime at its admin socket: a line goes out, text comes back.
 */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include <stdio.h>

#include "args.h"

/* Connect to what `args` names: a socket, or a configuration whose runtime.admin names it; when it names
 * nothing, what NAVE_ADMIN does. NULL, with *out_status, after it has said what is wrong. The caller
 * closes it. */
FILE *cli_admin_connect(const struct cli_args *args, int *out_status);

/* Send question `line`, without its end. Gives an exit status, 0 when it is out. */
int cli_admin_send(FILE *server, const char *line);

/* What there is to be said when sending or reading failed. */
#define CLI_ADMIN_LOST "the runtime did not answer, or not to the end"

#endif

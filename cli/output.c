/* SPDX-License-Identifier: MIT
 *
 * stdio keeps that a write failed, but forgets why: the first errno is kept here.
 */
#include "output.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "args.h"

static int first_error;

void cli_output_init(void)
{
    signal(SIGPIPE, SIG_IGN);
}

void cli_output_write(void *arg, const char *text, size_t len)
{
    (void)arg;
    if (!first_error && fwrite(text, 1, len, stdout) != len)
        first_error = errno ? errno : EIO;
}

int cli_output_end(int status)
{
    if (!first_error && (fflush(stdout) != 0 || ferror(stdout)))
        first_error = errno ? errno : EIO;
    if (!first_error)
        return status;
    fprintf(stderr, "nave: error: cannot write to standard output: %s\n", strerror(first_error));
    return status ? status : CLI_EXIT_RUN;
}

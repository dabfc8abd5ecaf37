/* SPDX-License-Identifier: MIT
 *
 * A runtime as the program uses it: with the environment's search path, the static plugins of the
 * build, and a function that takes its reports.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <nave/runtime.h>

#include "args.h"

/* The options that every command begins with. */
void cli_options_init(struct nave_runtime_options *options, nave_report_fn *report,
                      void *report_arg);

/* Make a runtime. NULL, with *out_status, when it cannot. */
struct nave_runtime *cli_open(const struct nave_runtime_options *options, int *out_status);

/* As cli_open, with what `args` set. */
struct nave_runtime *cli_open_set(const struct nave_runtime_options *options,
                                  const struct cli_args *args, int *out_status);

/* As cli_open, and have it read configuration `file`, with what `args` set. */
struct nave_runtime *cli_open_file(const struct nave_runtime_options *options,
                                   const struct cli_args *args, const char *file, int *out_status);

/* The exit status that `err` of a runtime stands for. */
int cli_exit_status(nave_err err);

#endif

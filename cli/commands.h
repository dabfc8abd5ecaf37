/* SPDX-License-Identifier: MIT
 *
 * The commands, each in the file of its idea. They give the exit status.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "args.h"

int cli_run(const struct cli_args *args);         /* run.c   */
int cli_check(const struct cli_args *args);       /* check.c */
int cli_schema(const struct cli_args *args);      /* show.c  */
int cli_plugins(const struct cli_args *args);     /* show.c  */
int cli_plugin_info(const struct cli_args *args); /* show.c  */
int cli_graph(const struct cli_args *args);       /* show.c  */
int cli_config(const struct cli_args *args);      /* show.c  */
int cli_top(const struct cli_args *args);         /* top.c   */
int cli_dump(const struct cli_args *args);        /* admin.c */
int cli_metrics(const struct cli_args *args);     /* admin.c */
int cli_version(const struct cli_args *args);     /* main.c  */
int cli_help_run(const struct cli_args *args);    /* main.c  */

#endif

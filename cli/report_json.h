/* SPDX-License-Identifier: MIT
 *
 * Reports for programs: each is one line on standard output, a JSON object.
 */
#ifndef CLI_REPORT_JSON_H
#define CLI_REPORT_JSON_H

#include <nave/runtime.h>

/* A nave_report_fn; `arg` is not used. Members: level, code, file, line, column, pointer, plugin, text;
 * code, file, line, column, pointer and plugin are null when there is none. */
void cli_report_json(void *arg, const struct nave_report *report);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Reads a configuration file into memory, safely. Used by conf.c alone.
 */
#ifndef NV_CONF_FILE_H
#define NV_CONF_FILE_H

#include <nave/error.h>

#include "report.h"

/* Read file `path`, at most `bytes_max` bytes, into a new text with a NUL after it. Thread: [control].
 * Owns: the caller frees *out_text. Errors: NAVE_ECONFIG, NAVE_ENOMEM; reported. */
NAVE_NODISCARD nave_err nv_conf_read_file(const char *path, size_t bytes_max,
                                          struct nv_report *report, char **out_text,
                                          size_t *out_len);

/* Report that `name` is larger than `bytes_max`, and return NAVE_ECONFIG. */
nave_err nv_conf_too_big(const char *name, size_t bytes_max, struct nv_report *report);

#endif

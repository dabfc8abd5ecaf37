/* SPDX-License-Identifier: MIT
 *
 * One pass over a JSON text before it is parsed: bounds nesting and number of values, and remembers
 * where each value begins, which the parser does not. Used by conf.c alone.
 */
#ifndef NV_CONF_SCAN_H
#define NV_CONF_SCAN_H

#include <nave/error.h>

#include "report.h"

/* Where the values of a text begin, in document order (an object before its members). */
struct nv_conf_scan {
    uint32_t *offsets;
    size_t count;
    size_t bad_offset; /* of the refused byte, on NAVE_ETOOBIG */
};

/* Scan `len` bytes. What is no JSON gives some answer; the parser refuses it later. Thread: [any].
 * Owns: the caller frees offsets. Errors: NAVE_ETOOBIG nesting or number of values, `why` says which;
 * NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_conf_scan(const char *text, size_t len, size_t depth_max,
                                     size_t values_max, struct nv_conf_scan *out,
                                     struct nv_why *why);

/* The 1-based line and column (in characters) of the byte at `offset`. Thread: [any]. */
void nv_conf_locate(const char *text, size_t len, size_t offset, uint32_t *out_line,
                    uint32_t *out_column);

/* The value that begins at `offset` of valid JSON, without white space, to `out` (NULL: only
 * measure). Returns its length. Numbers stay as they were written. Thread: [any]. */
size_t nv_conf_compact(const char *text, size_t len, size_t offset, char *out);

#endif

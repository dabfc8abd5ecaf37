/* SPDX-License-Identifier: MIT
 *
 * One pass over a JSON text before it is read: checks the grammar (RFC 8259) and UTF-8 to the byte, and
 * bounds nesting and number of values. Who reads the text afterwards can rely on all of that.
 */
#ifndef NV_CONF_SCAN_H
#define NV_CONF_SCAN_H

#include <nave/error.h>

#include "log/report.h"

/* What a scan found. */
struct nv_conf_scan {
    size_t count;      /* of values                                                              */
    size_t bad_offset; /* of the refused byte, on NAVE_ETOOBIG and NAVE_ESYNTAX; `len`: the end */
};

/* A byte of a text, as an operator counts: from 1, columns in characters. Zero: not known yet. */
struct nv_conf_position {
    size_t offset;
    uint32_t line;
    uint32_t column;
};

/* Scan `len` bytes, fewer than 4 GiB. What passes is JSON but for keys that stand twice and numbers
 * out of range. Thread: [any]. Allocates nothing. Errors: NAVE_ESYNTAX; NAVE_ETOOBIG nesting or number
 * of values; `why` says what. */
NAVE_NODISCARD nave_err nv_conf_scan(const char *text, size_t len, size_t depth_max,
                                     size_t values_max, struct nv_conf_scan *out,
                                     struct nv_why *why);

/* Move `position` to the byte at `offset`. Going forward costs the way, so that many errors in
 * document order cost one pass. Thread: [any]. */
void nv_conf_locate(const char *text, size_t len, size_t offset, struct nv_conf_position *position);

/* The value that begins at `offset` of valid JSON, without white space, to `out` (NULL: only
 * measure). Returns its length. Numbers stay as they were written. Thread: [any]. */
size_t nv_conf_compact(const char *text, size_t len, size_t offset, char *out);

/* The length of the token of valid JSON at `i`: a text with its quotes, a number, a word; any other byte
 * is one of its own. Thread: [any]. */
size_t nv_conf_token(const char *text, size_t len, size_t i);

#endif

/* SPDX-License-Identifier: MIT
 *
 * From the path of a target to its canonical segments. No I/O, no allocation.
 *
 * The canonical path is split at '/' BEFORE anything is decoded, so %2F never separates; dot
 * segments, also those written with %2e, are removed first and once (RFC 3986 5.2.4); then each
 * segment is decoded, once. A bad '%', a NUL and anything that is not UTF-8 is refused.
 */
#ifndef ROUTER_PATH_H
#define ROUTER_PATH_H

#include <nave/error.h>

#include "limits.h"

/* Segment i is text[start[i]] up to text[start[i + 1] - 2]: behind it stands a '/' or the end. */
struct router_path {
    const char *text; /* begins with '/' */
    uint32_t len;
    uint32_t count; /* at most ROUTER_SEGMENTS_MAX + 1; then the last one takes all the rest */
    uint32_t start[ROUTER_SEGMENTS_MAX + 2];
};

static inline uint32_t router_path_segment_len(const struct router_path *p, uint32_t i)
{
    return p->start[i + 1] - 1 - p->start[i];
}

/* Split the `len` bytes at `text`, which begin with '/', when they are canonical as they stand.
 * 1: *out borrows text. 0: they must be decoded; *out is not to be used. Thread: [any]. */
int router_path_scan(const char *text, uint32_t len, struct router_path *out);

/* The same, a byte at a time, for machines without SSE2; both are always there to be compared. */
int router_path_scan_portable(const char *text, uint32_t len, struct router_path *out);

/* Make the canonical path of the `len` bytes at `text`, which begin with '/', in the `len` bytes at
 * `room`; *out borrows room. Thread: [any]. Errors: NAVE_ESYNTAX: the request is a bad one. */
NAVE_NODISCARD nave_err router_path_decode(const char *text, uint32_t len, char *room,
                                           struct router_path *out);

#endif

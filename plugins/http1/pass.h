/* SPDX-License-Identifier: MIT
 *
 * The state of one pass over a head, shared by the parser, which judges, and the fast way through
 * usual heads (usual.c), which only ever takes what the parser would take alike.
 */
#ifndef HTTP1_PASS_H
#define HTTP1_PASS_H

#include "parser.h"

struct http1_pass {
    const char *text;
    const char *end;
    const char *at; /* what comes next */
    const struct http1_limits *limits;
    struct http1_head *head;
    struct nave_http_field *f;          /* the next field's place               */
    const struct nave_http_field *full; /* one behind the last; cookies move it */
    uint32_t crumbs_left;
    uint32_t has_line; /* the request line was taken */
};

static inline struct nave_http_slice http1_slice(const char *text, const char *from, const char *to)
{
    struct nave_http_slice s;

    s.at = (uint32_t)(from - text);
    s.len = (uint32_t)(to - from);
    return s;
}

#endif

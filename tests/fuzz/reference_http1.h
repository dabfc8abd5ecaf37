/* SPDX-License-Identifier: MIT
 *
 * A second reading of HTTP/1 heads, made from the text of RFC 9112 and 9110 and from what http1
 * promises, one byte at a time: slow, and with nothing in common with the parser.
 */
#ifndef REFERENCE_HTTP1_H
#define REFERENCE_HTTP1_H

#include <stddef.h>
#include <stdint.h>

#define REFERENCE_FIELDS 64

struct reference_head {
    size_t len; /* bytes of the head */
    size_t method_len;
    size_t target_at, target_len;
    int version;
    int is_chunked;
    int64_t length; /* -1: none */
    size_t count;
    struct {
        size_t name_at, name_len, value_at, value_len;
    } fields[REFERENCE_FIELDS];
};

/* 1: a whole head that must be taken. 0: anything else. */
int reference_parse(const char *text, size_t len, struct reference_head *h);

#endif

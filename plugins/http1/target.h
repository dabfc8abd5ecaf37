/* SPDX-License-Identifier: MIT
 *
 * The request target in its four forms ("RFC 9112 3.2"), and the authority inside it and in Host.
 */
#ifndef HTTP1_TARGET_H
#define HTTP1_TARGET_H

#include "names.h"
#include "parser.h"

/* 1 for at most five digits; none is fine ("RFC 3986 3.2.3"). Seven bytes are readable behind. */
static inline int32_t http1_is_port(const char *p, size_t len)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* A digit with its high half flipped is 0 to 9: adding 0x76 carries into bit 7 from 10 on. */
    uint64_t v = http1_load8(p) ^ UINT64_C(0x3030303030303030);

    v = (v | (v + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    return len <= 5 && (v & ((UINT64_C(1) << 8 * len) - 1)) == 0;
#else
    size_t i;

    for (i = 0; i < len; i++)
        if (p[i] < '0' || p[i] > '9')
            return 0;
    return len <= 5;
#endif
}

/* Split head->target, which is not in plain origin form. Its bytes are visible ASCII.
 * 0, or minus the status. */
int32_t http1_split_target(struct http1_head *head);

/* 1 when `len` bytes at `p` are uri-host [":" port]; empty is fine. HTTP1_PADDING bytes are readable
 * behind. */
int32_t http1_is_authority(const char *p, uint32_t len);

#endif

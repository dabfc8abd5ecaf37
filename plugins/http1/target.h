/* SPDX-License-Identifier: MIT
 *
 * The request target in its four forms ("RFC 9112 3.2"), and the authority inside it and in Host.
 */
#ifndef HTTP1_TARGET_H
#define HTTP1_TARGET_H

#include "parser.h"

/* Split head->target, which is not in plain origin form. Its bytes are visible ASCII.
 * 0, or minus the status. */
int32_t http1_split_target(struct http1_head *head);

/* 1 when `len` bytes at `p` are uri-host [":" port]; empty is fine. HTTP1_PADDING bytes are readable
 * behind. */
int32_t http1_is_authority(const char *p, uint32_t len);

#endif

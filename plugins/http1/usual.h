/* SPDX-License-Identifier: MIT
 *
 * The fast way through the usual part of a head, by blocks of 32 bytes, on machines that have them.
 * It judges nothing: at the first thing that is not plainly right it stops in front of it, and the
 * parser goes on from there.
 */
#ifndef HTTP1_USUAL_H
#define HTTP1_USUAL_H

#include "pass.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(HTTP1_PORTABLE) && \
    !defined(HTTP1_WITHOUT_USUAL)
#    define HTTP1_HAS_USUAL 1

/* 1: this machine has what the others need. */
static inline int32_t http1_usual_is_there(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
}

/* Take the request line, unless it is taken already, and fields as long as they are usual; s->at is
 * behind the last. 0, or minus the status that a field must be refused with. */
int32_t http1_usual(struct http1_pass *s);

#endif
#endif

/* SPDX-License-Identifier: MIT
 *
 * Methods as bits, so that a set of them is one word: bit 0 is ANY, bits 1 ... 9 are the methods of
 * nave/http.h, bits 10 and up are tokens that some route of the table names ("PURGE").
 */
#ifndef ROUTER_METHODS_H
#define ROUTER_METHODS_H

#include <nave/http.h>

#include "limits.h"

#define ROUTER_ANY          1u
#define ROUTER_BIT(method)  (1u << (method))
#define ROUTER_FIRST_CUSTOM 10
#define ROUTER_ALLOW_MAX    1024 /* bytes of the longest Allow */

/* The tokens that nave/http.h does not know, in the order of first use. */
struct router_methods {
    uint32_t count;
    struct nave_str names[ROUTER_CUSTOM_MAX];
};

/* What may answer a request. ANY never answers CONNECT: a 2xx would open a tunnel (RFC 9110 9.3.6). */
struct router_want {
    uint32_t own; /* the bit of the method itself; 0: no route names it   */
    uint32_t any; /* own, and what stands in: GET for HEAD, ANY for most  */
};

/* The bit of the method `name`; 0 when the table has none. Thread: [any]. */
uint32_t router_method_bit(const struct router_methods *m, const char *name, size_t len);

/* What may answer `x`. Thread: [worker]. */
struct router_want router_method_want(const struct router_methods *m, const struct nave_http *x);

/* Write the Allow value of `set`, in the fixed order, HEAD with GET and OPTIONS always; its length.
 * Thread: [any]. */
size_t router_allow_text(const struct router_methods *m, uint32_t set, char text[ROUTER_ALLOW_MAX]);

#endif

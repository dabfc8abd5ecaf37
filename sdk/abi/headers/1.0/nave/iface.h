/* SPDX-License-Identifier: MIT
 *
 * The interface table and the handle: the one idea that carries Nave.
 *
 * A table is a static const struct of function pointers that begins with struct nave_iface. Its id
 * carries its major ("nave.stream/1"); size and minor tell how far it reaches. Tables only grow, at
 * the end. Every slot is filled: what is optional holds a default function of the SDK.
 *
 * A handle is a pointer to an object whose first word is its table; the rest is the implementer's.
 * An implementer stores the table that nave_host_iface.publish returned, each time it makes a handle
 * (also in memory that was one before), so that checked mode (NAVE_CHECK=1) can put asserting tables
 * in between and tell handles in use from handles given up. Tables are not compared.
 */
#ifndef NAVE_IFACE_H
#define NAVE_IFACE_H

#include <nave/base.h>

NAVE_BEGIN_DECLS

/* This table is a draft: it may change until the flag is gone. The id stays the same. */
#define NAVE_IFACE_DRAFT ((uint16_t)1u << 0)

/* The head of every table. Frozen. */
struct nave_iface {
    uint32_t size;  /* of the whole table, in bytes            */
    uint16_t minor; /* what this table was built to            */
    uint16_t flags; /* NAVE_IFACE_DRAFT                        */
    const char *id; /* "nave.stream/1", static                 */
};

/* The head of every handle. Frozen. */
struct nave_handle {
    const struct nave_iface *api;
};

/* The head of a table, spelt once.
 * `table` is the struct type, so size is what this source was compiled to. */
#define NAVE_IFACE(table, id_text, minor_value, flags_value)   \
    {                                                          \
        sizeof(table), (minor_value), (flags_value), (id_text) \
    }

/* True when table `t` reaches as far as slot `slot` (for slots newer than the bound floor). */
#define NAVE_HAS(t, slot) \
    ((size_t)((const char *)(&(t)->slot + 1) - (const char *)(t)) <= (size_t)(t)->hdr.size)

NAVE_END_DECLS
#endif

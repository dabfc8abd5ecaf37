/* SPDX-License-Identifier: MIT
 *
 * The interfaces between the program's part "desk" (test_parts.c) and the files "store" and "clerk":
 * the desk binds what the store provides, the clerk binds what the desk provides and makes its role.
 */
#ifndef OFFICE_H
#define OFFICE_H

#include <nave/iface.h>

#define STORE_ID "test.store/1"
#define DESK_ID  "test.desk/1"
#define STAMP_ID "test.stamp/1"

/* All three: a number for a number. */
struct office_iface {
    struct nave_iface hdr;
    int32_t (*ask)(struct nave_handle *h, int32_t number);
};

/* Ask handle `h`, whose table is an office_iface. */
static inline int32_t office_ask(struct nave_handle *h, int32_t number)
{
    return ((const struct office_iface *)(const void *)h->api)->ask(h, number);
}

#endif

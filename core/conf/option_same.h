/* SPDX-License-Identifier: MIT
 *
 * Whether an option has the same value in two blocks of one table: what a reload asks. Values are
 * compared, not texts: "10s" is "10000ms", and a default is the same as its text.
 */
#ifndef NV_OPTION_SAME_H
#define NV_OPTION_SAME_H

#include <nave/option.h>

/* 1: the option of `row` is the same in blocks `a` and `b`. Thread: [control]. State: the documents
 * that cursors of kind conf point to are there; one that cannot be compared for want of memory is
 * not the same. */
int32_t nv_option_is_same(const struct nave_option *row, const void *a, const void *b);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The field Range against the size of what is asked for ("RFC 9110 14.2"). No I/O, no allocation.
 *
 * What may be ignored is ignored, and the whole is sent: syntax that is not right, other units, more
 * ranges than the limit. Ranges that overlap are made one, in ascending order: so no byte goes
 * out twice, and an answer is never larger than the whole and the heads of its parts.
 */
#ifndef FILES_RANGE_H
#define FILES_RANGE_H

#include <stddef.h>
#include <stdint.h>

#define FILES_RANGES_MAX 64u

struct files_range {
    uint64_t first;
    uint64_t last; /* inclusive */
};

struct files_ranges {
    uint32_t count;
    struct files_range items[FILES_RANGES_MAX];
};

#define FILES_RANGE_WHOLE 0 /* send all: the field is ignored             */
#define FILES_RANGE_SOME  1 /* send out->items                            */
#define FILES_RANGE_NONE  2 /* 416: no range lies within what is there    */

/* Read the value of a field Range for something of `size` bytes; at most `max` (FILES_RANGES_MAX)
 * ranges are looked at. FILES_RANGE_*; *out is set with FILES_RANGE_SOME only. */
int files_range_parse(const char *text, size_t len, uint64_t size, uint32_t max,
                      struct files_ranges *out);

#endif

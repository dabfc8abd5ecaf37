/* SPDX-License-Identifier: MIT
 *
 * One pass over the list, then the ranges that meet are made one.
 */
#include "range.h"

#include <string.h>

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* 1*DIGIT, clipped at the top. NULL: no digit. */
static const char *number(const char *p, const char *end, uint64_t *out)
{
    const char *begin = p;
    uint64_t n = 0;

    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');

        n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
    }
    *out = n;
    return p > begin ? p : NULL;
}

#define HAS_NOTHING 0
#define HAS_BYTES   1
#define HAS_ALL     2 /* the last bytes of nothing: all that is there */

/* One range-spec. NULL: it is none. *out_has: what it has in common with what is there. */
static const char *spec(const char *p, const char *end, uint64_t size, struct files_range *out,
                        int *out_has)
{
    uint64_t first, last;

    *out_has = HAS_NOTHING;
    if (p < end && *p == '-') {
        p = number(p + 1, end, &last);
        if (p && last > 0) {
            out->first = last < size ? size - last : 0;
            out->last = size - 1;
            *out_has = size > 0 ? HAS_BYTES : HAS_ALL;
        }
        return p;
    }
    p = number(p, end, &first);
    if (!p || p == end || *p != '-')
        return NULL;
    p++;
    last = UINT64_MAX;
    if (p < end && *p >= '0' && *p <= '9')
        p = number(p, end, &last);
    if (last < first)
        return NULL;
    if (first < size) {
        out->first = first;
        out->last = last < size ? last : size - 1;
        *out_has = HAS_BYTES;
    }
    return p;
}

/* Make ranges that overlap one; the order is the file's then. */
static void join(struct files_ranges *r)
{
    struct files_ranges sorted = {.count = 0};
    uint32_t i, k;

    for (i = 0; i < r->count; i++) {
        for (k = sorted.count; k > 0 && sorted.items[k - 1].first > r->items[i].first; k--)
            sorted.items[k] = sorted.items[k - 1];
        sorted.items[k] = r->items[i];
        sorted.count++;
    }
    for (i = k = 1; i < sorted.count; i++) {
        struct files_range *before = &sorted.items[k - 1];

        if (sorted.items[i].first > before->last)
            sorted.items[k++] = sorted.items[i];
        else if (before->last < sorted.items[i].last)
            before->last = sorted.items[i].last;
    }
    if (k == r->count)
        return; /* nothing met: the order stays the peer's */
    sorted.count = k;
    *r = sorted;
}

int files_range_parse(const char *text, size_t len, uint64_t size, uint32_t max,
                      struct files_ranges *out)
{
    static const char unit[] = "bytes=";
    const char *p = text;
    const char *end = text + len;
    struct files_ranges found;
    uint32_t seen = 0;
    int has_all = 0;
    int has;

    found.count = 0;
    if (max > FILES_RANGES_MAX)
        max = FILES_RANGES_MAX;
    for (; p < end && (size_t)(p - text) < sizeof(unit) - 1; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;

        if (c != unit[p - text])
            return FILES_RANGE_WHOLE;
    }
    if ((size_t)(p - text) < sizeof(unit) - 1)
        return FILES_RANGE_WHOLE;
    for (;;) {
        p = skip_blanks(p, end);
        if (p < end && *p == ',') { /* an empty element */
            p++;
            continue;
        }
        if (p == end)
            break;
        if (++seen > max)
            return FILES_RANGE_WHOLE;
        p = spec(p, end, size, &found.items[found.count], &has);
        if (!p)
            return FILES_RANGE_WHOLE;
        found.count += has == HAS_BYTES;
        has_all |= has == HAS_ALL;
        p = skip_blanks(p, end);
        if (p < end && *p != ',')
            return FILES_RANGE_WHOLE;
    }
    if (seen == 0)
        return FILES_RANGE_WHOLE;
    if (found.count == 0) /* the last bytes of nothing are there, and are nothing: 14.1.2 */
        return has_all ? FILES_RANGE_WHOLE : FILES_RANGE_NONE;
    if (found.count > 1)
        join(&found);
    out->count = found.count;
    memcpy(out->items, found.items, found.count * sizeof(found.items[0]));
    return FILES_RANGE_SOME;
}

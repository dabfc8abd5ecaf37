/* SPDX-License-Identifier: MIT
 *
 * Typed texts. Whole numbers only: "1.5h" has no exact meaning in every unit and "90m" says it as
 * well. Binary units only: KB means 1000 to some and 1024 to others.
 */
#include "value.h"

#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", (uint64_t)NAVE_USEC},
    {"ms", (uint64_t)NAVE_MSEC},
    {"s", (uint64_t)NAVE_SEC},
    {"m", 60 * (uint64_t)NAVE_SEC},
    {"h", 3600 * (uint64_t)NAVE_SEC},
    {"d", 86400 * (uint64_t)NAVE_SEC},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"KiB", (uint64_t)1 << 10},
    {"MiB", (uint64_t)1 << 20},
    {"GiB", (uint64_t)1 << 30},
    {"TiB", (uint64_t)1 << 40},
    {NULL, 0},
};

static const struct unit count_units[] = {{"", 1}, {NULL, 0}};

/* DIGITS UNIT, nothing else; at most INT64_MAX, the reach of both JSON numbers and nave_nsec. */
static nave_err parse(struct nave_str text, const struct unit *units, uint64_t *out)
{
    uint64_t value = 0;
    int is_over = 0;
    size_t i = 0;

    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        is_over = is_over || __builtin_mul_overflow(value, 10u, &value) ||
                  __builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value);
    }
    if (i == 0)
        return NAVE_ESYNTAX;
    for (; units->name; units++) {
        size_t n = strlen(units->name);

        if (text.len - i == n && (n == 0 || memcmp(text.ptr + i, units->name, n) == 0))
            break;
    }
    if (!units->name)
        return NAVE_ESYNTAX;
    if (is_over || __builtin_mul_overflow(value, units->factor, &value) || value > INT64_MAX)
        return NAVE_EOVERFLOW;
    *out = value;
    return NAVE_OK;
}

nave_err nv_value_duration(struct nave_str text, nave_nsec *out_ns)
{
    uint64_t value;
    nave_err err;

    if (text.len == 1 && text.ptr[0] == '0') {
        *out_ns = 0;
        return NAVE_OK;
    }
    err = parse(text, duration_units, &value);
    if (err)
        return err;
    *out_ns = (nave_nsec)value;
    return NAVE_OK;
}

nave_err nv_value_bytes(struct nave_str text, uint64_t *out_bytes)
{
    return parse(text, size_units, out_bytes);
}

nave_err nv_value_count(struct nave_str text, uint64_t *out_count)
{
    return parse(text, count_units, out_count);
}

static int is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

nave_err nv_value_address(struct nave_str text, struct nv_address *out)
{
    size_t i;

    for (i = 0; i < text.len &&
                (is_lower(text.ptr[i]) || (i > 0 && (is_digit(text.ptr[i]) || text.ptr[i] == '+' ||
                                                     text.ptr[i] == '-' || text.ptr[i] == '.')));
         i++) {
    }
    if (i == 0 || text.len - i <= 3 || memcmp(text.ptr + i, "://", 3) != 0)
        return NAVE_ESYNTAX;
    out->scheme = (struct nave_str){text.ptr, i};
    out->rest = (struct nave_str){text.ptr + i + 3, text.len - i - 3};
    return NAVE_OK;
}

size_t nv_value_utf8(const char *at, size_t len)
{
    const unsigned char *b = (const unsigned char *)at;
    size_t n, i;

    if (len == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    n = b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : 2;
    if (b[0] < 0xc2 || b[0] > 0xf4 || n > len)
        return 0;
    for (i = 1; i < n; i++) {
        if ((b[i] & 0xc0u) != 0x80u)
            return 0;
    }
    if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
        (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
        return 0;
    return n;
}

int nv_value_is_id(struct nave_str text)
{
    int at_start = 1; /* of a word */
    size_t i;

    if (text.len == 0 || text.len > 64)
        return 0;
    for (i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c == '.') {
            if (at_start)
                return 0;
            at_start = 1;
            continue;
        }
        if (!is_lower(c) && (at_start || (!is_digit(c) && c != '-' && c != '_')))
            return 0;
        at_start = 0;
    }
    return !at_start;
}

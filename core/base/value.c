/* SPDX-License-Identifier: MIT
 *
 * Typed texts. Whole numbers only: "1.5h" has no exact meaning in every unit and "90m" says it as
 * well. Binary units only: KB means 1000 to some and 1024 to others.
 */
#include "value.h"

#include <arpa/inet.h>
#include <string.h>

#define HOST_MAX      253u /* RFC 1035 2.3.4, without the dot at its end          */
#define UNIX_PATH_MAX 107u /* sun_path of Linux has room for 108 with a NUL       */
#define WORDS_MAX     256u /* of a list; looking for doubles is quadratic in this */

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

/* --- what stands behind "://" ---------------------------------------------------------------------- */

/* What stands between the brackets: an IPv6 address, with a zone at will (RFC 4007 11). */
static int is_ip6(struct nave_str s)
{
    const char *zone = memchr(s.ptr, '%', s.len);
    size_t len = zone ? (size_t)(zone - s.ptr) : s.len;
    char text[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (len >= sizeof(text) || (zone && len + 1 == s.len))
        return 0;
    memcpy(text, s.ptr, len);
    text[len] = '\0';
    return inet_pton(AF_INET6, text, bytes) == 1;
}

static int is_ip4(struct nave_str s)
{
    char text[INET_ADDRSTRLEN];
    unsigned char bytes[4];

    if (s.len >= sizeof(text))
        return 0;
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    return inet_pton(AF_INET, text, bytes) == 1;
}

static const char *host_fault(struct nave_str host)
{
    int has_letters = 0;
    size_t i;

    if (host.len == 0)
        return "the host is missing; * is every address of the machine";
    if (host.ptr[0] == '[')
        return host.ptr[host.len - 1] == ']' && host.len > 2 &&
                       is_ip6((struct nave_str){host.ptr + 1, host.len - 2})
                   ? NULL
                   : "what stands in brackets is no IPv6 address; one looks like [::1]";
    if (memchr(host.ptr, ':', host.len))
        return "an IPv6 address stands in brackets: [::1]:8080";
    if (host.len == 1 && host.ptr[0] == '*')
        return NULL;
    if (host.len > HOST_MAX)
        return "the name of a host has at most 253 bytes";
    for (i = 0; i < host.len; i++) {
        char c = host.ptr[i];

        if (!is_lower(c) && !(c >= 'A' && c <= 'Z') && !is_digit(c) && c != '.' && c != '-' &&
            c != '_')
            return "the name of a host has letters, digits, '.', '-' and '_' only";
        has_letters |= !is_digit(c) && c != '.';
    }
    return has_letters || is_ip4(host)
               ? NULL
               : "what has digits and dots only is an IPv4 address; one looks like 127.0.0.1";
}

static const char *host_port_fault(struct nave_str s)
{
    size_t colon = s.len;
    uint64_t port;

    while (colon > 0 && s.ptr[colon - 1] != ':')
        colon--;
    if (colon == 0 || s.ptr[s.len - 1] == ']')
        return "the port is missing: write host:port, such as 127.0.0.1:8080";
    if (s.len - colon > 5 ||
        nv_value_count((struct nave_str){s.ptr + colon, s.len - colon}, &port) != NAVE_OK ||
        port > 65535)
        return "the port is a number from 0 to 65535";
    return host_fault((struct nave_str){s.ptr, colon - 1});
}

const char *nv_value_address_fault(const struct nv_address *address)
{
    struct nave_str scheme = address->scheme;

    if (nv_value_is_same(scheme, (struct nave_str){"tcp", 3}) ||
        nv_value_is_same(scheme, (struct nave_str){"udp", 3}))
        return host_port_fault(address->rest);
    if (!nv_value_is_same(scheme, (struct nave_str){"unix", 4}))
        return NULL;
    if (address->rest.ptr[0] != '/' || address->rest.len < 2)
        return "the path of a socket is absolute: unix:///run/app.sock";
    if (address->rest.len > UNIX_PATH_MAX)
        return "the path of a socket has at most 107 bytes";
    return NULL;
}

/* --- words ------------------------------------------------------------------------------------------ */

int nv_value_is_same(struct nave_str a, struct nave_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

struct nave_str nv_value_word(const char *list, uint32_t i)
{
    for (; i > 0 && list; i--) {
        list = strchr(list, '|');
        if (list)
            list++;
    }
    return list ? (struct nave_str){list, strcspn(list, "|")} : (struct nave_str){"", 0};
}

nave_err nv_value_find_word(const char *list, struct nave_str word, uint32_t *out_index)
{
    uint32_t i = 0;

    for (; list; list = strchr(list, '|'), i++) {
        list += list[0] == '|' && i > 0;
        if (nv_value_is_same(word, (struct nave_str){list, strcspn(list, "|")})) {
            *out_index = i;
            return NAVE_OK;
        }
    }
    return NAVE_ENOTFOUND;
}

uint32_t nv_value_words(const char *list)
{
    uint32_t count = 0, first;

    for (;; count++) {
        struct nave_str word = nv_value_word(list, count);

        if (!word.len || count == WORDS_MAX)
            return 0;
        if (nv_value_find_word(list, word, &first) != NAVE_OK || first != count)
            return 0;
        if (!word.ptr[word.len])
            return count + 1;
    }
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

/* SPDX-License-Identifier: MIT
 *
 * See reference_http1.h.
 */
#include "reference_http1.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

static int is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static int is_alpha(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_hex(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 9110 5.6.2 */
static int is_tchar(int c)
{
    return is_digit(c) || is_alpha(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static int is_word(const char *p, size_t n, const char *word)
{
    return n == strlen(word) && strncasecmp(p, word, n) == 0;
}

/* RFC 3986 3.2.2 and 3.2.3 without user information; an empty one is fine here. */
static int is_authority(const char *p, size_t n)
{
    size_t i = 0;
    size_t digits = 0;

    if (n && p[0] == '[') {
        const char *close = memchr(p, ']', n);
        char text[64];
        unsigned char address[16];

        if (!close || (size_t)(close - p) > sizeof(text) - 1)
            return 0;
        memcpy(text, p + 1, (size_t)(close - p) - 1);
        text[close - p - 1] = '\0';
        if (strlen(text) != (size_t)(close - p) - 1 || inet_pton(AF_INET6, text, address) != 1)
            return 0;
        i = (size_t)(close - p) + 1;
    } else {
        while (i < n && p[i] != ':') {
            if (p[i] == '%') {
                if (n - i < 3 || !is_hex(p[i + 1]) || !is_hex(p[i + 2]))
                    return 0;
                i += 3;
            } else if (is_digit(p[i]) || is_alpha(p[i]) ||
                       (p[i] && strchr("-._~!$&'()*+,;=", p[i]))) {
                i++;
            } else {
                return 0;
            }
        }
    }
    if (i == n)
        return 1;
    if (p[i++] != ':')
        return 0;
    for (; i < n; i++, digits++)
        if (!is_digit(p[i]))
            return 0;
    return digits <= 5;
}

/* RFC 9112 3.2 */
static int is_target(const char *m, size_t m_len, const char *p, size_t n)
{
    size_t scheme = 0;
    size_t end;
    size_t i;

    for (i = 0; i < n; i++)
        if (p[i] <= ' ' || p[i] >= 0x7f || p[i] == '#')
            return 0;
    if (m_len == 7 && memcmp(m, "CONNECT", 7) == 0) {
        const char *colon = memrchr(p, ':', n);

        return colon && colon > p && colon + 1 < p + n && is_digit(colon[1]) && is_authority(p, n);
    }
    if (p[0] == '/')
        return 1;
    if (n == 1 && p[0] == '*')
        return m_len == 7 && memcmp(m, "OPTIONS", 7) == 0;
    if (n > 7 && strncasecmp(p, "http://", 7) == 0)
        scheme = 7;
    else if (n > 8 && strncasecmp(p, "https://", 8) == 0)
        scheme = 8;
    if (!scheme)
        return 0;
    for (end = scheme; end < n && p[end] != '/' && p[end] != '?'; end++)
        ;
    return end > scheme && p[scheme] != ':' && is_authority(p + scheme, end - scheme);
}

static int is_length(const char *p, size_t n, int64_t *out)
{
    uint64_t value = 0;
    size_t i;

    for (i = 0; i < n; i++) {
        if (!is_digit(p[i]))
            return 0;
        if (value > (uint64_t)INT64_MAX / 10)
            return 0;
        value = value * 10 + (uint64_t)(p[i] - '0');
        if (value > (uint64_t)INT64_MAX)
            return 0;
    }
    *out = (int64_t)value;
    return n > 0;
}

/* Every member is "100-continue". */
static int is_expectation(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n) {
        size_t end = i;
        size_t from = i;
        size_t to;

        while (end < n && p[end] != ',')
            end++;
        to = end;
        while (from < to && (p[from] == ' ' || p[from] == '\t'))
            from++;
        while (to > from && (p[to - 1] == ' ' || p[to - 1] == '\t'))
            to--;
        if (to > from && !is_word(p + from, to - from, "100-continue"))
            return 0;
        i = end + 1;
    }
    return 1;
}

int reference_parse(const char *text, size_t len, struct reference_head *h)
{
    size_t i = 0;
    size_t start;
    int hosts = 0;
    int lengths = 0;
    int codings = 0;

    memset(h, 0, sizeof(*h));
    h->length = -1;
    if (len >= 2 && text[0] == '\r' && text[1] == '\n')
        i = 2;
    start = i;
    while (i < len && is_tchar((unsigned char)text[i]))
        i++;
    h->method_len = i - start;
    if (h->method_len == 0 || h->method_len > 32 || i >= len || text[i] != ' ')
        return 0;
    h->target_at = ++i;
    while (i < len && text[i] != ' ')
        i++;
    h->target_len = i - h->target_at;
    if (h->target_len == 0 || len - i < 11 || memcmp(text + i, " HTTP/1.", 8) != 0 ||
        (text[i + 8] != '0' && text[i + 8] != '1') || text[i + 9] != '\r' || text[i + 10] != '\n')
        return 0;
    h->version = 10 + (text[i + 8] - '0');
    i += 11;
    if (!is_target(text + start, h->method_len, text + h->target_at, h->target_len))
        return 0;
    for (;;) {
        size_t name = i;
        size_t name_len;
        size_t from;
        size_t to;

        if (len - i >= 2 && text[i] == '\r' && text[i + 1] == '\n')
            break;
        while (i < len && is_tchar((unsigned char)text[i]))
            i++;
        name_len = i - name;
        if (name_len == 0 || i >= len || text[i] != ':' || h->count == REFERENCE_FIELDS)
            return 0;
        from = ++i;
        while (i < len && ((unsigned char)text[i] >= 0x20 || text[i] == '\t') && text[i] != 0x7f)
            i++;
        to = i;
        if (len - i < 2 || text[i] != '\r' || text[i + 1] != '\n')
            return 0;
        i += 2;
        while (from < to && (text[from] == ' ' || text[from] == '\t'))
            from++;
        while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t'))
            to--;
        h->fields[h->count].name_at = name;
        h->fields[h->count].name_len = name_len;
        h->fields[h->count].value_at = from;
        h->fields[h->count++].value_len = to - from;
        if (is_word(text + name, name_len, "host")) {
            if (hosts++ || !is_authority(text + from, to - from))
                return 0;
        } else if (is_word(text + name, name_len, "content-length")) {
            if (lengths++ || !is_length(text + from, to - from, &h->length))
                return 0;
        } else if (is_word(text + name, name_len, "transfer-encoding")) {
            if (codings++ || !is_word(text + from, to - from, "chunked") || h->version == 10)
                return 0;
            h->is_chunked = 1;
        } else if (is_word(text + name, name_len, "expect") && h->version == 11) {
            if (!is_expectation(text + from, to - from))
                return 0;
        }
    }
    h->len = i + 2;
    return (h->version == 10 || hosts == 1) && !(lengths && codings);
}

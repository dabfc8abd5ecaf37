/* SPDX-License-Identifier: MIT
 *
 * Targets that do not begin with '/', and authorities. An origin does not serve other schemes, and
 * user names in an http URI are a trick ("RFC 9110 4.2.4"): both are 400.
 */
#include "target.h"

#include "names.h"
#include "scan.h"

#include <arpa/inet.h>

/* unreserved / sub-delims / "%" of a reg-name ("RFC 3986 3.2.2"); the digits behind '%' are checked
 * apart. */
static int32_t is_reg_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           (c != '\0' && strchr("-._~!$&'()*+,;=", c) != NULL);
}

static int32_t is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* "[" IPv6address "]" at p. Behind: one past ']', or NULL. */
static const char *skip_ip6(const char *p, const char *end)
{
    const char *close = memchr(p, ']', (size_t)(end - p));
    unsigned char address[16];
    char text[48]; /* the longest form has 45 */
    size_t len;

    if (!close)
        return NULL;
    len = (size_t)(close - p) - 1;
    if (len >= sizeof(text))
        return NULL;
    memcpy(text, p + 1, len); /* visible characters: there is no NUL among them */
    text[len] = '\0';
    return inet_pton(AF_INET6, text, address) == 1 ? close + 1 : NULL;
}

int32_t http1_is_authority(const char *p, uint32_t len)
{
    const char *end = p + len;

    if (len == 0)
        return 1;
    if (*p == '[') {
        p = skip_ip6(p, end);
        if (!p)
            return 0;
    } else {
        for (;;) {
            p = http1_skip_host(p, end);
            if (p >= end)
                return 1;
            if (*p == ':')
                break;
            if (*p == '%') {
                if (end - p < 3 || !is_hex((unsigned char)p[1]) || !is_hex((unsigned char)p[2]))
                    return 0;
                p += 3;
            } else if (is_reg_char((unsigned char)*p)) {
                p++;
            } else {
                break;
            }
        }
    }
    if (p == end)
        return 1;
    if (*p != ':')
        return 0;
    return http1_is_port(p + 1, (size_t)(end - p - 1));
}

/* host ":" port, both there. */
static int32_t split_connect(struct http1_head *head)
{
    const char *p = head->text + head->target.at;
    uint32_t len = head->target.len;
    uint32_t i = len;

    while (i > 0 && p[i - 1] >= '0' && p[i - 1] <= '9')
        i--;
    if (i == len || i < 2 || p[i - 1] != ':' || !http1_is_authority(p, len))
        return -400;
    head->flags |= HTTP1_CONNECT;
    head->authority = head->target;
    head->path.at = head->query.at = head->target.at + len;
    head->path.len = head->query.len = 0;
    return 0;
}

/* Path and query were cut at the first '?' already; the authority is inside the path part. */
static int32_t split_absolute(struct http1_head *head)
{
    const char *p = head->text + head->path.at;
    const char *end = p + head->path.len;
    const char *host;
    const char *slashes;

    if (end - p >= 7 && http1_same(p, 4, "http", 4) && memcmp(p + 4, "://", 3) == 0)
        slashes = p + 5;
    else if (end - p >= 8 && http1_same(p, 5, "https", 5) && memcmp(p + 5, "://", 3) == 0)
        slashes = p + 6;
    else
        return -400;
    host = p = slashes + 2;
    while (p < end && *p != '/')
        p++;
    /* No host is not valid ("RFC 9110 4.2.1"); neither is a port alone. */
    if (p == host || *host == ':' || !http1_is_authority(host, (uint32_t)(p - host)))
        return -400;
    head->authority.at = (uint32_t)(host - head->text);
    head->authority.len = (uint32_t)(p - host);
    if (p == end) { /* no path is "/" ("RFC 9110 4.2.3"): one stands behind the scheme */
        head->path.at = (uint32_t)(slashes - head->text);
        head->path.len = 1;
    } else {
        head->path.at = (uint32_t)(p - head->text);
        head->path.len = (uint32_t)(end - p);
    }
    return 0;
}

int32_t http1_split_target(struct http1_head *head)
{
    if (head->method == NAVE_HTTP_CONNECT)
        return split_connect(head);
    if (head->text[head->target.at] == '*') {
        if (head->target.len != 1 || head->method != NAVE_HTTP_OPTIONS)
            return -400;
        head->flags |= HTTP1_ASTERISK;
        return 0;
    }
    return split_absolute(head);
}

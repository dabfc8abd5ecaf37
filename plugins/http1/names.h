/* SPDX-License-Identifier: MIT
 *
 * Names that are known: field ids by length and a few wide compares. A name is compared without case
 * by setting bit 5 of all its bytes; among token characters only letters meet that way.
 */
#ifndef HTTP1_NAMES_H
#define HTTP1_NAMES_H

#include <nave/http.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t http1_load8(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint32_t http1_load4(const char *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint16_t http1_load2(const char *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* Two words that overlap cover a name of 8 to 16 bytes, or of 4 to 7. The words of the literal are
 * folded by the compiler, so the order of bytes does not matter. */
#define HTTP1_BIT5_8 UINT64_C(0x2020202020202020)
#define HTTP1_BIT5_4 UINT32_C(0x20202020)
#define HTTP1_IS8(len, text)                                                     \
    ((http1_load8(name) | HTTP1_BIT5_8) == (http1_load8(text) | HTTP1_BIT5_8) && \
     (http1_load8(name + (len)-8) | HTTP1_BIT5_8) ==                             \
         (http1_load8(&(text)[(len)-8]) | HTTP1_BIT5_8))
#define HTTP1_IS4(len, text)                                                     \
    ((http1_load4(name) | HTTP1_BIT5_4) == (http1_load4(text) | HTTP1_BIT5_4) && \
     (http1_load4(name + (len)-4) | HTTP1_BIT5_4) ==                             \
         (http1_load4(&(text)[(len)-4]) | HTTP1_BIT5_4))

/* NAVE_HTTP_FIELD_* of the token `name`. Reads inside it only. */
static inline uint16_t http1_match_name(const char *name, size_t len)
{
    switch (len) {
    case 2:
        if ((name[0] | 0x20) == 't' && (name[1] | 0x20) == 'e')
            return NAVE_HTTP_FIELD_TE;
        break;
    case 4:
        if (HTTP1_IS4(4, "host"))
            return NAVE_HTTP_FIELD_HOST;
        if (HTTP1_IS4(4, "date"))
            return NAVE_HTTP_FIELD_DATE;
        break;
    case 5:
        if (HTTP1_IS4(5, "range"))
            return NAVE_HTTP_FIELD_RANGE;
        break;
    case 6:
        if (HTTP1_IS4(6, "accept"))
            return NAVE_HTTP_FIELD_ACCEPT;
        if (HTTP1_IS4(6, "cookie"))
            return NAVE_HTTP_FIELD_COOKIE;
        if (HTTP1_IS4(6, "origin"))
            return NAVE_HTTP_FIELD_ORIGIN;
        if (HTTP1_IS4(6, "expect"))
            return NAVE_HTTP_FIELD_EXPECT;
        if (HTTP1_IS4(6, "server"))
            return NAVE_HTTP_FIELD_SERVER;
        break;
    case 7:
        if (HTTP1_IS4(7, "referer"))
            return NAVE_HTTP_FIELD_REFERER;
        if (HTTP1_IS4(7, "upgrade"))
            return NAVE_HTTP_FIELD_UPGRADE;
        if (HTTP1_IS4(7, "trailer"))
            return NAVE_HTTP_FIELD_TRAILER;
        break;
    case 8:
        if (HTTP1_IS8(8, "if-range"))
            return NAVE_HTTP_FIELD_IF_RANGE;
        break;
    case 10:
        if (HTTP1_IS8(10, "user-agent"))
            return NAVE_HTTP_FIELD_USER_AGENT;
        if (HTTP1_IS8(10, "connection"))
            return NAVE_HTTP_FIELD_CONNECTION;
        if (HTTP1_IS8(10, "keep-alive"))
            return NAVE_HTTP_FIELD_KEEP_ALIVE;
        break;
    case 12:
        if (HTTP1_IS8(12, "content-type"))
            return NAVE_HTTP_FIELD_CONTENT_TYPE;
        break;
    case 13:
        if (HTTP1_IS8(13, "authorization"))
            return NAVE_HTTP_FIELD_AUTHORIZATION;
        if (HTTP1_IS8(13, "cache-control"))
            return NAVE_HTTP_FIELD_CACHE_CONTROL;
        if (HTTP1_IS8(13, "if-none-match"))
            return NAVE_HTTP_FIELD_IF_NONE_MATCH;
        if (HTTP1_IS8(13, "last-event-id"))
            return NAVE_HTTP_FIELD_LAST_EVENT_ID;
        break;
    case 14:
        if (HTTP1_IS8(14, "content-length"))
            return NAVE_HTTP_FIELD_CONTENT_LENGTH;
        break;
    case 15:
        if (HTTP1_IS8(15, "accept-encoding"))
            return NAVE_HTTP_FIELD_ACCEPT_ENCODING;
        if (HTTP1_IS8(15, "accept-language"))
            return NAVE_HTTP_FIELD_ACCEPT_LANGUAGE;
        if (HTTP1_IS8(15, "x-forwarded-for"))
            return NAVE_HTTP_FIELD_X_FORWARDED_FOR;
        break;
    case 16:
        if (HTTP1_IS8(16, "proxy-connection"))
            return NAVE_HTTP_FIELD_PROXY_CONNECTION;
        break;
    case 17: /* the byte in the middle is looked at by itself */
        if (HTTP1_IS8(17, "transfer-encoding") && (name[8] | 0x20) == '-')
            return NAVE_HTTP_FIELD_TRANSFER_ENCODING;
        if (HTTP1_IS8(17, "if-modified-since") && (name[8] | 0x20) == 'i')
            return NAVE_HTTP_FIELD_IF_MODIFIED_SINCE;
        break;
    default:
        break;
    }
    return NAVE_HTTP_FIELD_OTHER;
}

/* The same, as a call. */
uint16_t http1_name_id(const char *name, size_t len);

/* 1 for a tchar ("RFC 9110 5.6.2"), by byte. */
extern const uint8_t http1_tchar[256];

/* 1 when `len` bytes are 1*tchar. */
int32_t http1_is_token(const char *p, size_t len);

/* 1 when `len` bytes at `p` are the `lower_len` ones of `lower`, which has no capitals, without case. */
static inline int32_t http1_same(const char *p, size_t len, const char *lower, size_t lower_len)
{
    size_t i;

    if (len != lower_len)
        return 0;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];

        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c | 0x20);
        if (c != (unsigned char)lower[i])
            return 0;
    }
    return 1;
}

#endif

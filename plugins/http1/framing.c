/* SPDX-License-Identifier: MIT
 *
 * Framing decides where the next request begins; two readers that disagree about it can be played
 * against each other. So there is one reading here and everything else is refused: Content-Length is
 * digits, once; Transfer-Encoding is the word chunked, once; never both.
 */
#include "framing.h"

#include "names.h"
#include "target.h"

/* The next member of a list in p .. end: its text to *out, *p behind it. 0: there is none. Members
 * are cut at commas and lose their blanks; empty ones are skipped ("RFC 9110 5.6.1.2"). */
static int32_t next_member(const char **p, const char *end, struct nave_str *out)
{
    while (*p < end && (**p == ' ' || **p == '\t' || **p == ','))
        (*p)++;
    if (*p == end)
        return 0;
    out->ptr = *p;
    while (*p < end && **p != ',')
        (*p)++;
    out->len = (size_t)(*p - out->ptr);
    while (out->ptr[out->len - 1] == ' ' || out->ptr[out->len - 1] == '\t')
        out->len--;
    return 1;
}

static int32_t take_length(struct http1_head *head, const char *v, uint32_t len)
{
    uint64_t n = 0;
    uint32_t i;

    if ((head->flags & HTTP1_HAS_LENGTH) || len == 0)
        return -400;
    for (i = 0; i < len; i++) {
        uint32_t digit = (uint32_t)((unsigned char)v[i] - '0');

        if (digit > 9 || n > ((uint64_t)INT64_MAX - digit) / 10)
            return -400;
        n = n * 10 + digit;
    }
    head->flags |= HTTP1_HAS_LENGTH;
    head->content_length = (int64_t)n;
    return 0;
}

/* "chunked" is all that is understood. What is well formed but unknown is 501 ("RFC 9112 6.1"), as
 * long as chunked, if there, comes last and once; all else leaves the length open: 400. */
static int32_t take_coding(struct http1_head *head, const char *v, uint32_t len)
{
    const char *end = v + len;
    int32_t unknown = 0;
    int32_t chunked = 0;

    if (head->flags & HTTP1_SAW_TE)
        return -400;
    head->flags |= HTTP1_SAW_TE;
    if (http1_same(v, len, "chunked", 7)) {
        head->flags |= HTTP1_CHUNKED;
        return 0;
    }
    for (;;) {
        const char *from = v;

        while (v < end && *v != ',')
            v++;
        while (from < v && (*from == ' ' || *from == '\t'))
            from++;
        {
            const char *to = v;

            while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
                to--;
            if (chunked || !http1_is_token(from, (size_t)(to - from)))
                return -400;
            if (http1_same(from, (size_t)(to - from), "chunked", 7))
                chunked = 1;
            else
                unknown = 1;
        }
        if (v == end)
            break;
        v++;
    }
    return unknown ? -501 : -400;
}

static void take_connection(struct http1_head *head, const char *v, uint32_t len)
{
    const char *end = v + len;
    struct nave_str m;

    while (next_member(&v, end, &m)) {
        if (http1_same(m.ptr, m.len, "close", 5))
            head->flags |= HTTP1_SAW_CLOSE;
        else if (http1_same(m.ptr, m.len, "keep-alive", 10))
            head->flags |= HTTP1_SAW_KEEP_ALIVE;
        else if (http1_same(m.ptr, m.len, "upgrade", 7))
            head->flags |= HTTP1_SAW_UPGRADE;
    }
}

/* An expectation that is not understood is 417 ("RFC 9110 10.1.1"). */
static int32_t take_expect(struct http1_head *head, const char *v, uint32_t len)
{
    const char *end = v + len;
    struct nave_str m;

    if (head->version == 10)
        return 0; /* to be ignored */
    while (next_member(&v, end, &m)) {
        if (!http1_same(m.ptr, m.len, "100-continue", 12))
            return -417;
        head->flags |= HTTP1_EXPECT_CONTINUE;
    }
    return 0;
}

int32_t http1_frame_field(struct http1_head *head, const struct nave_http_field *field)
{
    const char *v = head->text + field->value_at;
    uint32_t len = field->value_len;

    switch (field->id) {
    case NAVE_HTTP_FIELD_HOST:
        if ((head->flags & HTTP1_SAW_HOST) || !http1_is_authority(v, len))
            return -400;
        head->flags |= HTTP1_SAW_HOST;
        if (head->authority.len == 0) { /* else the target has one, which wins: "RFC 9112 3.2.2" */
            head->authority.at = field->value_at;
            head->authority.len = len;
        }
        return 0;
    case NAVE_HTTP_FIELD_CONTENT_LENGTH:
        return take_length(head, v, len);
    case NAVE_HTTP_FIELD_TRANSFER_ENCODING:
        return take_coding(head, v, len);
    case NAVE_HTTP_FIELD_CONNECTION:
        take_connection(head, v, len);
        return 0;
    case NAVE_HTTP_FIELD_EXPECT:
        return take_expect(head, v, len);
    case NAVE_HTTP_FIELD_UPGRADE:
        if (len > 0)
            head->flags |= HTTP1_SAW_PROTOCOL;
        return 0;
    default:
        return 0;
    }
}

int32_t http1_frame_end(struct http1_head *head)
{
    uint32_t f = head->flags;

    if (head->version == 11) {
        if (!(f & HTTP1_SAW_HOST))
            return -400; /* "RFC 9112 3.2" */
        if (!(f & HTTP1_SAW_CLOSE))
            f |= HTTP1_KEEP_ALIVE;
        if ((f & (HTTP1_SAW_UPGRADE | HTTP1_SAW_PROTOCOL)) ==
            (HTTP1_SAW_UPGRADE | HTTP1_SAW_PROTOCOL))
            f |= HTTP1_UPGRADE;
    } else {
        if (f & HTTP1_SAW_TE)
            return -400; /* there are no codings in HTTP/1.0: "RFC 9112 6.1" */
        if ((f & (HTTP1_SAW_CLOSE | HTTP1_SAW_KEEP_ALIVE)) == HTTP1_SAW_KEEP_ALIVE)
            f |= HTTP1_KEEP_ALIVE;
    }
    if ((f & HTTP1_SAW_TE) && (f & HTTP1_HAS_LENGTH))
        return -400;
    head->flags = f & 0xffffu;
    return 0;
}

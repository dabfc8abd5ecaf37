/* SPDX-License-Identifier: MIT
 *
 * The chunked body as a machine of bytes; only data is passed over whole. Every line ends with CRLF
 * and nothing else: a lenient end of a size line or of an extension is what request smuggling through
 * chunks is made of.
 *
 *     SIZE --digits--> SIZE --';'--> EXT <--> QUOTED/ESCAPED
 *      |CR              \____CR____/
 *      v
 *     SIZE_LF --n>0--> DATA --> DATA_CR --> DATA_LF --> SIZE
 *        \----n==0--> TRAILER --CR--> END_LF --> END
 *                        \--name: value CR--> TRAILER_LF --> TRAILER
 */
#include "chunked.h"

#include "names.h"

#define SIZE_DIGITS_MAX 16u /* 2^64; the value is bounded too */

enum {
    SIZE,
    SIZE_BLANK,
    SIZE_LF,
    EXT,        /* behind ';' or between the parts of an extension */
    EXT_QUOTED, /* inside a quoted string                          */
    EXT_ESCAPED,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER, /* at the start of a line */
    TRAILER_LINE,
    TRAILER_LF,
    END_LF,
    END
};

/* Where an extension stands; in the upper half of the state. ";" name [ "=" value ]. */
enum {
    EXT_NAME_START,
    EXT_NAME,
    EXT_NAME_END,
    EXT_VALUE_START,
    EXT_VALUE,
    EXT_VALUE_END,
    EXT_AFTER
};

void http1_chunked_init(struct http1_chunked *c)
{
    memset(c, 0, sizeof(*c));
}

static int32_t hex(unsigned char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch |= 0x20;
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static int32_t is_blank(unsigned char ch)
{
    return ch == ' ' || ch == '\t';
}

/* One byte of an extension ("RFC 9112 7.1.1"). The next state, or -1. */
static int32_t ext_byte(uint32_t *part, unsigned char ch)
{
    switch (*part) {
    case EXT_NAME_START:
        if (is_blank(ch))
            return EXT;
        *part = EXT_NAME;
        return http1_tchar[ch] ? EXT : -1;
    case EXT_NAME:
    case EXT_NAME_END:
        if (ch == '=')
            *part = EXT_VALUE_START;
        else if (ch == ';')
            *part = EXT_NAME_START;
        else if (ch == '\r')
            return *part == EXT_NAME ? SIZE_LF : -1;
        else if (is_blank(ch))
            *part = EXT_NAME_END;
        else if (*part == EXT_NAME_END || !http1_tchar[ch])
            return -1;
        return EXT;
    case EXT_VALUE_START:
        if (is_blank(ch))
            return EXT;
        if (ch == '"')
            return EXT_QUOTED;
        *part = EXT_VALUE;
        return http1_tchar[ch] ? EXT : -1;
    case EXT_VALUE:
    case EXT_VALUE_END:
    default:
        if (ch == ';')
            *part = EXT_NAME_START;
        else if (ch == '\r')
            return *part == EXT_AFTER ? -1 : (int32_t)SIZE_LF;
        else if (is_blank(ch))
            *part = EXT_AFTER;
        else if (*part != EXT_VALUE || !http1_tchar[ch])
            return -1;
        return EXT;
    }
}

/* Fields that a trailer must not carry: they would change what has been acted upon. */
static int32_t is_forbidden(uint16_t id, const char *name, size_t len)
{
    switch (id) {
    case NAVE_HTTP_FIELD_HOST:
    case NAVE_HTTP_FIELD_CONTENT_LENGTH:
    case NAVE_HTTP_FIELD_TRANSFER_ENCODING:
    case NAVE_HTTP_FIELD_CONNECTION:
    case NAVE_HTTP_FIELD_EXPECT:
    case NAVE_HTTP_FIELD_UPGRADE:
    case NAVE_HTTP_FIELD_COOKIE:
    case NAVE_HTTP_FIELD_AUTHORIZATION:
    case NAVE_HTTP_FIELD_RANGE:
    case NAVE_HTTP_FIELD_TE:
    case NAVE_HTTP_FIELD_TRAILER:
    case NAVE_HTTP_FIELD_KEEP_ALIVE:
    case NAVE_HTTP_FIELD_PROXY_CONNECTION:
    case NAVE_HTTP_FIELD_X_FORWARDED_FOR:
    case NAVE_HTTP_FIELD_CACHE_CONTROL:
        return 1;
    default:
        return http1_same(name, len, "content-encoding", 16) ||
               http1_same(name, len, "content-range", 13) ||
               http1_same(name, len, "set-cookie", 10) ||
               http1_same(name, len, "max-forwards", 12) ||
               http1_same(name, len, "proxy-authorization", 19) ||
               http1_same(name, len, "forwarded", 9);
    }
}

int32_t http1_trailer_is_forbidden(const char *name, size_t len)
{
    return is_forbidden(http1_name_id(name, len), name, len);
}

/* A trailer line from t->text + from up to t->len, without its CR. 0, or the status. */
static int32_t take_trailer(struct http1_trailers *t, uint32_t from)
{
    const char *p = t->text + from;
    const char *end = t->text + t->len;
    const char *colon = p;
    struct nave_http_field *f;

    while (colon < end && http1_tchar[(unsigned char)*colon])
        colon++;
    if (colon == end || *colon != ':' || colon == p)
        return 400;
    if (t->count == HTTP1_TRAILER_FIELDS_MAX)
        return 431;
    f = &t->fields[t->count];
    f->name_at = from;
    f->name_len = (uint16_t)(colon - p);
    f->id = http1_name_id(p, f->name_len);
    if (is_forbidden(f->id, p, f->name_len))
        return 400;
    for (p = colon + 1; p < end && is_blank((unsigned char)*p); p++)
        ;
    while (end > p && is_blank((unsigned char)end[-1]))
        end--;
    f->value_at = (uint32_t)(p - t->text);
    f->value_len = (uint32_t)(end - p);
    t->count++;
    return 0;
}

/* One byte of the trailer section; lines are gathered without their CRLF. 0, or the status. */
static int32_t trailer_byte(struct http1_chunked *c, unsigned char ch)
{
    struct http1_trailers *t = c->trailers;
    int32_t status;

    if (c->state == TRAILER_LF) {
        c->state = TRAILER;
        return ch == '\n' ? 0 : 400;
    }
    if (++c->digits > HTTP1_TRAILER_BYTES_MAX - 3) /* LF, and the last CRLF */
        return 431;
    if (c->state == TRAILER) {
        c->left = t->len; /* where the line begins */
        c->state = TRAILER_LINE;
    }
    if (ch == '\r') {
        status = take_trailer(t, (uint32_t)c->left);
        c->digits++;
        c->state = TRAILER_LF;
        return status;
    }
    if ((ch < 0x20 && ch != '\t') || ch == 0x7f)
        return 400;
    t->text[t->len++] = (char)ch;
    return 0;
}

/* One byte of framing outside the trailer section. 0, or the status. */
static int32_t frame_byte(struct http1_chunked *c, unsigned char ch)
{
    uint32_t state = c->state & 0xffu;
    uint32_t part = c->state >> 8;
    int32_t next;

    switch (state) {
    case SIZE:
        next = hex(ch);
        if (next >= 0) {
            if (++c->digits > SIZE_DIGITS_MAX || c->left > (uint64_t)INT64_MAX >> 4)
                return 400;
            c->left = c->left << 4 | (uint64_t)next;
            return 0;
        }
        if (c->digits == 0)
            return 400;
        if (ch == '\r') {
            c->state = SIZE_LF;
            return 0;
        }
        __attribute__((fallthrough)); /* a blank may only lead to an extension */
    case SIZE_BLANK:
        if (++c->ext > HTTP1_CHUNK_EXT_MAX || ++c->ext_total > HTTP1_CHUNK_EXT_TOTAL_MAX)
            return 400;
        if (ch == ';')
            c->state = EXT | EXT_NAME_START << 8;
        else if (is_blank(ch))
            c->state = SIZE_BLANK;
        else
            return 400;
        return 0;
    case EXT:
    case EXT_QUOTED:
    case EXT_ESCAPED:
        if (++c->ext > HTTP1_CHUNK_EXT_MAX || ++c->ext_total > HTTP1_CHUNK_EXT_TOTAL_MAX)
            return 400;
        if (state == EXT) {
            next = ext_byte(&part, ch);
            if (next < 0)
                return 400;
        } else if ((ch < 0x20 && ch != '\t') || ch == 0x7f) {
            return 400;
        } else if (state == EXT_ESCAPED) {
            next = EXT_QUOTED;
        } else if (ch == '"') {
            next = EXT;
            part = EXT_VALUE_END;
        } else {
            next = ch == '\\' ? EXT_ESCAPED : EXT_QUOTED;
        }
        c->state = next == SIZE_LF ? (uint32_t)SIZE_LF : ((uint32_t)next | part << 8);
        return 0;
    case SIZE_LF:
        if (ch != '\n')
            return 400;
        c->state = c->left > 0 ? DATA : TRAILER;
        c->digits = 0;
        c->ext = 0;
        return 0;
    case DATA_CR:
        c->state = DATA_LF;
        return ch == '\r' ? 0 : 400;
    case DATA_LF:
        c->state = SIZE;
        return ch == '\n' ? 0 : 400;
    case END_LF:
        c->state = END;
        return ch == '\n' ? 0 : 400;
    default:
        return 400;
    }
}

int32_t http1_chunked_feed(struct http1_chunked *c, const char *p, size_t n, size_t *out_skip,
                           struct nave_bytes *out_data, size_t *out_used)
{
    size_t i = 0;
    int32_t status = c->failed;

    *out_skip = 0;
    *out_used = 0;
    out_data->data = p;
    out_data->len = 0;
    while (status == 0 && i < n && c->state != END) {
        switch (c->state) {
        case DATA: {
            size_t piece = n - i < c->left ? n - i : (size_t)c->left;

            c->left -= piece;
            if (c->left == 0)
                c->state = DATA_CR;
            *out_skip = i;
            out_data->data = p + i;
            out_data->len = piece;
            *out_used = i + piece;
            return HTTP1_FEED_DATA;
        }
        case TRAILER:
            if (p[i] == '\r') {
                c->state = END_LF;
                i++;
                break;
            }
            if (!c->trailers) {
                *out_used = i;
                return HTTP1_FEED_ROOM;
            }
            if (c->digits == 0) /* the first line of the section */
                c->trailers->count = c->trailers->len = 0;
            status = trailer_byte(c, (unsigned char)p[i++]);
            break;
        case TRAILER_LINE:
        case TRAILER_LF:
            status = trailer_byte(c, (unsigned char)p[i++]);
            break;
        default:
            status = frame_byte(c, (unsigned char)p[i++]);
            break;
        }
    }
    *out_used = i;
    if (status) {
        c->failed = status;
        return -status;
    }
    return c->state == END ? HTTP1_FEED_END : HTTP1_FEED_MORE;
}

int32_t http1_chunked_trailer(const struct http1_chunked *c, uint32_t i,
                              struct nave_http_header *out)
{
    const struct http1_trailers *t = c->trailers;

    if (!t || c->state != END || c->digits == 0 || i >= t->count)
        return 0;
    out->name = t->text + t->fields[i].name_at;
    out->name_len = t->fields[i].name_len;
    out->value = t->text + t->fields[i].value_at;
    out->value_len = t->fields[i].value_len;
    return 1;
}

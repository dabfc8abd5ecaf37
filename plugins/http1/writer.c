/* SPDX-License-Identifier: MIT
 *
 * Everything of a head that depends on the status alone is one prebuilt text, copied as five blocks:
 * status line, Server, and the name of the Date field. The rest is short copies of two words that
 * overlap, so that nothing loops and nothing is read outside the texts given.
 */
#include "writer.h"

#include "chunked.h"
#include "names.h"
#include "scan.h"

/* clang-format off: one a line */
#define STATUSES(X)                           \
    X(100, "Continue")                        \
    X(101, "Switching Protocols")             \
    X(102, "Processing")                      \
    X(103, "Early Hints")                     \
    X(200, "OK")                              \
    X(201, "Created")                         \
    X(202, "Accepted")                        \
    X(203, "Non-Authoritative Information")   \
    X(204, "No Content")                      \
    X(205, "Reset Content")                   \
    X(206, "Partial Content")                 \
    X(207, "Multi-Status")                    \
    X(208, "Already Reported")                \
    X(226, "IM Used")                         \
    X(300, "Multiple Choices")                \
    X(301, "Moved Permanently")               \
    X(302, "Found")                           \
    X(303, "See Other")                       \
    X(304, "Not Modified")                    \
    X(305, "Use Proxy")                       \
    X(307, "Temporary Redirect")              \
    X(308, "Permanent Redirect")              \
    X(400, "Bad Request")                     \
    X(401, "Unauthorized")                    \
    X(402, "Payment Required")                \
    X(403, "Forbidden")                       \
    X(404, "Not Found")                       \
    X(405, "Method Not Allowed")              \
    X(406, "Not Acceptable")                  \
    X(407, "Proxy Authentication Required")   \
    X(408, "Request Timeout")                 \
    X(409, "Conflict")                        \
    X(410, "Gone")                            \
    X(411, "Length Required")                 \
    X(412, "Precondition Failed")             \
    X(413, "Content Too Large")               \
    X(414, "URI Too Long")                    \
    X(415, "Unsupported Media Type")          \
    X(416, "Range Not Satisfiable")           \
    X(417, "Expectation Failed")              \
    X(421, "Misdirected Request")             \
    X(422, "Unprocessable Content")           \
    X(423, "Locked")                          \
    X(424, "Failed Dependency")               \
    X(425, "Too Early")                       \
    X(426, "Upgrade Required")                \
    X(428, "Precondition Required")           \
    X(429, "Too Many Requests")               \
    X(431, "Request Header Fields Too Large") \
    X(451, "Unavailable For Legal Reasons")   \
    X(500, "Internal Server Error")           \
    X(501, "Not Implemented")                 \
    X(502, "Bad Gateway")                     \
    X(503, "Service Unavailable")             \
    X(504, "Gateway Timeout")                 \
    X(505, "HTTP Version Not Supported")      \
    X(506, "Variant Also Negotiates")         \
    X(507, "Insufficient Storage")            \
    X(508, "Loop Detected")                   \
    X(511, "Network Authentication Required")
/* clang-format on */

#define FIRST       100
#define LAST        511
#define START_BYTES 80 /* the longest of them is shorter */
#define START_TAIL  "\r\nServer: nave\r\nDate: "

struct start {
    char text[START_BYTES];
    uint8_t len;
    uint8_t line; /* bytes of the status line with CRLF */
    char reason[34];
};

enum {
    UNKNOWN,
#define X(code, reason) AT_##code,
    STATUSES(X)
#undef X
};

static const struct start starts[] = {{"", 0, 0, ""},
#define X(code, reason)                                                                            \
    {"HTTP/1.1 " #code " " reason START_TAIL, sizeof("HTTP/1.1 " #code " " reason START_TAIL) - 1, \
     sizeof("HTTP/1.1 " #code " " reason "\r\n") - 1, reason},
                                      STATUSES(X)
#undef X
};

static const uint8_t start_of[LAST - FIRST + 1] = {
#define X(code, reason) [(code)-FIRST] = AT_##code,
    STATUSES(X)
#undef X
};

static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

const char *http1_reason(uint16_t status)
{
    if (status < FIRST || status > LAST)
        return "";
    return starts[start_of[status - FIRST]].reason;
}

static inline char *put(char *out, const char *text, size_t len)
{
    memcpy(out, text, len);
    return out + len;
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

/* A copy of any length; up to 32 bytes as two words that overlap. */
static inline char *put_any(char *out, const char *text, size_t len)
{
    if (len >= 8 && len <= 16) {
        uint64_t a = http1_load8(text);
        uint64_t b = http1_load8(text + len - 8);

        memcpy(out, &a, 8);
        memcpy(out + len - 8, &b, 8);
    } else if (len > 16 && len <= 32) {
        uint64_t a[2];
        uint64_t b[2];

        memcpy(a, text, 16);
        memcpy(b, text + len - 16, 16);
        memcpy(out, a, 16);
        memcpy(out + len - 16, b, 16);
    } else if (len > 0) {
        memcpy(out, text, len);
    }
    return out + len;
}

static char *put_number(char *out, uint64_t n)
{
    char digits[20];
    char *p = digits + sizeof(digits);

    if (n < 10) {
        *out = (char)('0' + n);
        return out + 1;
    }
    if (n < 100)
        return put(out, pairs + n * 2, 2);
    while (n >= 100) {
        p -= 2;
        memcpy(p, pairs + n % 100 * 2, 2);
        n /= 100;
    }
    if (n >= 10) {
        p -= 2;
        memcpy(p, pairs + n * 2, 2);
    } else {
        *--p = (char)('0' + n);
    }
    return put(out, p, (size_t)(digits + sizeof(digits) - p));
}

/* Start (80), date and CRLF (31), Content-Length (38) or Transfer-Encoding (28), Connection (24),
 * empty line (2). */
#define FIXED_MAX 192u

static size_t headers_size(const struct nave_http_header *headers, uint32_t n)
{
    size_t size = 0;
    uint32_t i;

    for (i = 0; i < n; i++)
        size += (size_t)headers[i].name_len + headers[i].value_len + 4;
    return size;
}

static inline char *put_headers(char *out, const struct nave_http_header *headers, uint32_t n)
{
    const struct nave_http_header *h = headers;

    for (; n > 0; n--, h++) {
        out = put_any(out, h->name, h->name_len);
        out = PUT(out, ": ");
        out = put_any(out, h->value, h->value_len);
        out = PUT(out, "\r\n");
    }
    return out;
}

size_t http1_head_size_max(const struct http1_answer *a)
{
    return FIXED_MAX + headers_size(a->headers, a->header_count);
}

/* A status without a name: "HTTP/1.1 299 " and the tail. */
static char *put_unknown(char *out, uint16_t status)
{
    out = PUT(out, "HTTP/1.1 ");
    *out++ = (char)('0' + status / 100 % 10);
    out = put(out, pairs + status % 100 * 2, 2);
    return PUT(out, " ");
}

/* Status line, Server and Date of a status from 200 on. */
static inline char *put_start(char *out, uint32_t status, const char *date)
{
    uint32_t i = status - FIRST;
    uint32_t at = i <= LAST - FIRST ? start_of[i] : UNKNOWN;

    if (__builtin_expect(at != UNKNOWN, 1)) {
        memcpy(out, starts[at].text, START_BYTES);
        out += starts[at].len;
    } else {
        out = put_unknown(out, (uint16_t)status);
        out = PUT(out, START_TAIL);
    }
    memcpy(out, date, HTTP1_DATE_LEN);
    return PUT(out + HTTP1_DATE_LEN, "\r\n");
}

size_t http1_write_start(char *out, uint16_t status, const char *date)
{
    return (size_t)(put_start(out, status, date) - out);
}

size_t http1_write_head(char *out, size_t room, const struct http1_answer *a)
{
    char *const begin = out;
    uint32_t status = a->status;

    if (room < http1_head_size_max(a))
        return 0;
    if (__builtin_expect(status >= 200, 1)) {
        out = put_start(out, status, a->date);
    } else if (start_of[status - FIRST] != UNKNOWN) {
        const struct start *start = &starts[start_of[status - FIRST]];

        out = put(out, start->text, start->line);
    } else {
        out = put_unknown(out, a->status);
        out = PUT(out, "\r\n");
    }
    out = put_headers(out, a->headers, a->header_count);
    if (a->content_length >= 0) {
        out = PUT(out, "Content-Length: ");
        out = put_number(out, (uint64_t)a->content_length);
        out = PUT(out, "\r\n");
    }
    if (__builtin_expect(a->flags != 0, 0)) {
        if (a->flags & HTTP1_ANSWER_CHUNKED)
            out = PUT(out, "Transfer-Encoding: chunked\r\n");
        if (a->flags & HTTP1_ANSWER_CLOSE)
            out = PUT(out, "Connection: close\r\n");
        else if (a->flags & HTTP1_ANSWER_KEEP_ALIVE)
            out = PUT(out, "Connection: keep-alive\r\n");
        else if (a->flags & HTTP1_ANSWER_UPGRADE)
            out = PUT(out, "Connection: upgrade\r\n");
    }
    out = PUT(out, "\r\n");
    return (size_t)(out - begin);
}

#if defined(__SSE2__) && !defined(HTTP1_PORTABLE)

/* All of 4 to 16 bytes in one block, some of them twice; nothing beside them is read. */
static inline __m128i block_of(const char *p, size_t len)
{
    if (len >= 8)
        return _mm_set_epi64x((int64_t)http1_load8(p + len - 8), (int64_t)http1_load8(p));
    return _mm_set1_epi64x((int64_t)((uint64_t)http1_load4(p + len - 4) << 32 | http1_load4(p)));
}

/* 1 when no byte of the block is a control character but a tab. */
static inline int32_t is_text_block(__m128i v)
{
    __m128i bad = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

    bad = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')), bad);
    return !_mm_movemask_epi8(_mm_or_si128(bad, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f))));
}

static inline __m128i load16(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* 1 when no byte is a control character; a tab is fine. */
static inline int32_t is_text(const char *p, size_t len)
{
    const char *last = p + len - 16;

    if (len < 4) {
        for (; len > 0; len--, p++)
            if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
                return 0;
        return 1;
    }
    if (len < 16)
        return is_text_block(block_of(p, len));
    for (; p < last; p += 16)
        if (!is_text_block(load16(p)))
            return 0;
    return is_text_block(load16(last));
}

/* 1 for a token; names of letters, digits and '-' are told by one block. */
static inline int32_t is_name(const char *p, size_t len)
{
    if (len >= 4 && len <= 16 && http1_plain_mask(block_of(p, len)) == 0xffff)
        return 1;
    return http1_is_token(p, len);
}

#else

/* 1 when no byte is a control character; a tab is fine. */
static int32_t is_text(const char *p, size_t len)
{
    for (; len > 0; len--, p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return 0;
    return 1;
}

static int32_t is_name(const char *p, size_t len)
{
    return http1_is_token(p, len);
}

#endif

nave_err http1_check_header(const struct nave_http_header *h)
{
    if (!is_name(h->name, h->name_len))
        return NAVE_EINVAL;
    switch (http1_match_name(h->name, h->name_len)) {
    case NAVE_HTTP_FIELD_CONTENT_LENGTH:
    case NAVE_HTTP_FIELD_TRANSFER_ENCODING:
    case NAVE_HTTP_FIELD_CONNECTION:
    case NAVE_HTTP_FIELD_DATE:
    case NAVE_HTTP_FIELD_SERVER:
        return NAVE_EINVAL;
    default:
        return is_text(h->value, h->value_len) ? NAVE_OK : NAVE_EINVAL;
    }
}

nave_err http1_check_trailer(const struct nave_http_header *h)
{
    nave_err e = http1_check_header(h);

    if (e == NAVE_OK && http1_trailer_is_forbidden(h->name, h->name_len))
        e = NAVE_EINVAL;
    return e;
}

size_t http1_write_chunk_head(char *out, uint64_t size)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t n = size ? (67u - (uint32_t)__builtin_clzll(size)) / 4 : 1;
    uint32_t i;

    for (i = n; i > 0; i--, size >>= 4)
        out[i - 1] = digits[size & 15];
    memcpy(out + n, "\r\n", 2);
    return n + 2;
}

size_t http1_last_chunk_size_max(const struct nave_http_header *trailers, uint32_t n)
{
    return HTTP1_LAST_CHUNK_LEN + headers_size(trailers, n);
}

size_t http1_write_last_chunk(char *out, size_t room, const struct nave_http_header *trailers,
                              uint32_t n)
{
    char *const begin = out;

    if (room < http1_last_chunk_size_max(trailers, n))
        return 0;
    out = PUT(out, "0\r\n");
    out = put_headers(out, trailers, n);
    out = PUT(out, "\r\n");
    return (size_t)(out - begin);
}

size_t http1_write_error(char *out, size_t room, uint16_t status, uint16_t flags, int32_t with_body,
                         const char *date)
{
    static const struct nave_http_header type = {"Content-Type", "text/plain; charset=utf-8", 12,
                                                 25};
    const char *reason = http1_reason(status);
    struct http1_answer a;
    size_t n;
    char *p;

    if (room < HTTP1_ERROR_MAX)
        return 0;
    a.status = status;
    a.flags = flags;
    a.headers = &type;
    a.header_count = 1;
    a.content_length = (int64_t)(5 + strlen(reason));
    a.date = date;
    n = http1_write_head(out, room, &a);
    if (n == 0 || !with_body)
        return n;
    p = out + n;
    *p++ = (char)('0' + status / 100 % 10);
    p = put(p, pairs + status % 100 * 2, 2);
    *p++ = ' ';
    p = put(p, reason, strlen(reason));
    *p++ = '\n';
    return (size_t)(p - out);
}

void http1_render_date(char out[HTTP1_DATE_LEN], int64_t wall_s)
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t day;
    int64_t z;
    int64_t era;
    uint32_t second;
    uint32_t doe; /* day of the era of 400 years, which begins in March */
    uint32_t yoe;
    uint32_t doy;
    uint32_t mp;
    uint32_t month;
    uint32_t year;

    if (wall_s < 0)
        wall_s = 0;
    if (wall_s > INT64_C(253402300799))
        wall_s = INT64_C(253402300799);
    day = wall_s / 86400;
    second = (uint32_t)(wall_s % 86400);
    z = day + 719468;
    era = z / 146097;
    doe = (uint32_t)(z - era * 146097);
    yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    mp = (5 * doy + 2) / 153;
    month = mp < 10 ? mp + 2 : mp - 10; /* from 0 */
    year = (uint32_t)era * 400 + yoe + (month < 2);
    memcpy(out, days + day % 7 * 3, 3);
    memcpy(out + 3, ", ", 2);
    memcpy(out + 5, pairs + (doy - (153 * mp + 2) / 5 + 1) * 2, 2);
    out[7] = ' ';
    memcpy(out + 8, months + month * 3, 3);
    out[11] = ' ';
    memcpy(out + 12, pairs + year / 100 * 2, 2);
    memcpy(out + 14, pairs + year % 100 * 2, 2);
    out[16] = ' ';
    memcpy(out + 17, pairs + second / 3600 * 2, 2);
    out[19] = ':';
    memcpy(out + 20, pairs + second / 60 % 60 * 2, 2);
    out[22] = ':';
    memcpy(out + 23, pairs + second % 60 * 2, 2);
    memcpy(out + 25, " GMT", 4);
}

/* SPDX-License-Identifier: MIT
 *
 * A line of a head is 32 bytes on average, so one block mostly holds a whole field: where its name
 * ends, where its line ends, and whether every byte may stand where it does, come from two lookups
 * by the halves of each byte.
 */
#include "usual.h"

#ifdef HTTP1_HAS_USUAL

#    include <immintrin.h>

#    include "framing.h"
#    include "names.h"
#    include "target.h"

#    define LIKELY(x)   __builtin_expect(!!(x), 1)
#    define UNLIKELY(x) __builtin_expect(!!(x), 0)
#    define WIDE        __attribute__((target("avx2,bmi")))

/* The class of a byte is low[its low half] & high[its high half]; zero from 0x80 on. Rows 2 to 7 of
 * ASCII have a bit each, so a set of visible characters is exact: not zero means inside. Rows 0 and 1
 * share 0x40 and DEL has 0x80, which two of the sets leave out. */
#    define HIGH 0x40, 0x40, 1, 2, 4, 8, 0x10, 0x20 | 0x80, 0, 0, 0, 0, 0, 0, 0, 0

struct class
{
    _Alignas(16) uint8_t low[16];
    _Alignas(16) uint8_t high[16];
};

/* tchar; control characters by 0x40 and 0x80 */
static const struct class field_class = {{0x7a, 0x7f, 0x7e, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7e,
                                          0x7e, 0x7d, 0x55, 0x74, 0x55, 0x7d, 0xdc},
                                         {HIGH}};
/* what a target is made of, up to '?' */
static const struct class target_class = {{0x3e, 0x3f, 0x3f, 0x3e, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
                                           0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x1d},
                                          {HIGH}};
/* unreserved and sub-delims: a reg-name without '%' */
static const struct class host_class = {{0x2a, 0x3f, 0x3e, 0x3e, 0x3f, 0x3e, 0x3f, 0x3f, 0x3f, 0x3f,
                                         0x3d, 0x17, 0x15, 0x17, 0x35, 0x1c},
                                        {HIGH}};

/* Constants that stay in registers; the compiler would make them anew in every round. */
#    define KEPT(v)                    \
        __extension__({                \
            __typeof__(v) kept_ = (v); \
            __asm__("" : "+x"(kept_)); \
            kept_;                     \
        })

struct sets {
    __m256i low;
    __m256i high;
    __m256i half;
    __m256i minus_one;
};

WIDE static inline __m256i wide(const uint8_t table[16])
{
    return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(const void *)table));
}

WIDE static inline struct sets sets_of(const struct class *c)
{
    struct sets s;

    s.low = KEPT(wide(c->low));
    s.high = KEPT(wide(c->high));
    s.half = KEPT(_mm256_set1_epi8(0x0f));
    s.minus_one = KEPT(_mm256_set1_epi8(-1));
    return s;
}

WIDE static inline __m256i load32(const char *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

WIDE static inline uint32_t mask_of(__m256i v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}

WIDE static inline __m256i classify(__m256i v, struct sets s)
{
    __m256i halves = _mm256_and_si256(_mm256_srli_epi16(v, 4), s.half);

    return _mm256_and_si256(_mm256_shuffle_epi8(s.low, v), _mm256_shuffle_epi8(s.high, halves));
}

/* Bit i: byte i is outside the set (and no control character of field_class). */
WIDE static inline uint32_t outside(__m256i c, struct sets s)
{
    return mask_of(_mm256_add_epi8(c, s.minus_one));
}

/* Names of at most 16 bytes, folded, each at the slot of its first eight bytes and its length:
 * ((bytes as a little-endian number + length) * NAME_FACTOR) >> 58. The factor was searched for; a
 * new name needs a new one (every_known_name_has_its_number_in_any_case fails then). */
#    define NAME_FACTOR UINT64_C(0xa17a4340f9c08fef)
#    define NAME(NAME, text)             \
        {                                \
            text, NAVE_HTTP_FIELD_##NAME \
        }
struct name {
    _Alignas(16) char text[16];
    uint32_t id;
};

/* 16 bytes at masks + 16 - n: n of them set. */
struct names {
    uint8_t masks[32];
    struct name at[64];
};
static const struct names names = {
    {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff},
    {
        [2] = NAME(DATE, "date"),
        [3] = NAME(CACHE_CONTROL, "cache-control"),
        [6] = NAME(AUTHORIZATION, "authorization"),
        [8] = NAME(CONTENT_LENGTH, "content-length"),
        [9] = NAME(ORIGIN, "origin"),
        [14] = NAME(ACCEPT_LANGUAGE, "accept-language"),
        [17] = NAME(REFERER, "referer"),
        [19] = NAME(X_FORWARDED_FOR, "x-forwarded-for"),
        [20] = NAME(IF_RANGE, "if-range"),
        [21] = NAME(UPGRADE, "upgrade"),
        [26] = NAME(ACCEPT, "accept"),
        [36] = NAME(USER_AGENT, "user-agent"),
        [38] = NAME(TRAILER, "trailer"),
        [39] = NAME(KEEP_ALIVE, "keep-alive"),
        [42] = NAME(TE, "te"),
        [43] = NAME(ACCEPT_ENCODING, "accept-encoding"),
        [44] = NAME(EXPECT, "expect"),
        [45] = NAME(IF_NONE_MATCH, "if-none-match"),
        [47] = NAME(SERVER, "server"),
        [50] = NAME(HOST, "host"),
        [52] = NAME(LAST_EVENT_ID, "last-event-id"),
        [53] = NAME(CONNECTION, "connection"),
        [56] = NAME(CONTENT_TYPE, "content-type"),
        [61] = NAME(RANGE, "range"),
        [62] = NAME(COOKIE, "cookie"),
        [63] = NAME(PROXY_CONNECTION, "proxy-connection"),
    },
};

/* The id of the token of 1 to 16 bytes that begins `block`. A name in the table has no zero bytes,
 * so equal blocks have equal lengths. */
WIDE static inline uint32_t name_id(__m128i block, uint64_t len, const struct names *all,
                                    __m128i bit5)
{
    const struct name *n;
    uint64_t key;

    block = _mm_and_si128(_mm_or_si128(block, bit5),
                          _mm_loadu_si128((const __m128i *)(const void *)(all->masks + 16 - len)));
    key = (uint64_t)_mm_cvtsi128_si64(block);
    n = &all->at[(key + len) * NAME_FACTOR >> 58];
    block = _mm_cmpeq_epi8(block, _mm_load_si128((const __m128i *)(const void *)n->text));
    return _mm_movemask_epi8(block) == 0xffff ? n->id : NAVE_HTTP_FIELD_OTHER;
}

/* 1 for a reg-name, which may be empty, with or without a port. 0: somebody else must look. */
WIDE static inline int32_t is_usual_host(const char *p, uint32_t len, struct sets s)
{
    uint32_t n;

    s.low = wide(host_class.low);
    n = _tzcnt_u32(outside(classify(load32(p), s), s)); /* 32 when all are inside */
    if (UNLIKELY(n == 32 && len > 32))
        return 0;
    return n >= len || (p[n] == ':' && http1_is_port(p + n + 1, len - n - 1));
}

static inline int32_t is_keep_alive(const char *p, uint32_t len)
{
    return len == 10 && (http1_load8(p) | HTTP1_BIT5_8) == http1_load8("keep-alive") &&
           (http1_load2(p + 8) | 0x2020) == http1_load2("ve");
}

/* A field that steers the message, or a cookie. 0, or minus the status. */
WIDE static inline int32_t take_odd(struct http1_pass *s, const struct nave_http_field *f,
                                    struct sets sets)
{
    struct http1_head *head = s->head;

    if (LIKELY(f->id == NAVE_HTTP_FIELD_HOST && head->authority.len == 0 &&
               !(head->flags & HTTP1_SAW_HOST) &&
               is_usual_host(s->text + f->value_at, f->value_len, sets))) {
        head->flags |= HTTP1_SAW_HOST;
        head->authority.at = f->value_at;
        head->authority.len = f->value_len;
        return 0;
    }
    if (f->id == NAVE_HTTP_FIELD_CONTENT_TYPE)
        return 0;
    if (f->id == NAVE_HTTP_FIELD_CONNECTION && is_keep_alive(s->text + f->value_at, f->value_len)) {
        head->flags |= HTTP1_SAW_KEEP_ALIVE;
        return 0;
    }
    if (f->id == NAVE_HTTP_FIELD_COOKIE) { /* counted apart */
        if (s->crumbs_left-- == 0)
            return -431;
        s->full++;
        return 0;
    }
    return http1_frame_field(head, f);
}

/* "GET", a target in origin form, and "HTTP/1.1" with CRLF: s->at is behind. Otherwise nothing. */
WIDE static inline void take_line(struct http1_pass *s, struct sets sets)
{
    struct http1_head *head = s->head;
    const char *const line = s->at;
    const char *const target = line + 4;
    const char *question = NULL;
    const char *p = target;

    if (http1_load4(line) != http1_load4("GET ") || *p != '/')
        return;
    sets.low = wide(target_class.low);
    for (;;) {
        uint32_t stop = outside(classify(load32(p), sets), sets);

        if (UNLIKELY(stop == 0)) {
            p += 32;
            if (p >= s->end)
                return;
            continue;
        }
        p += _tzcnt_u32(stop);
        if (LIKELY(*p == ' '))
            break;
        if (*p != '?' || p >= s->end)
            return;
        if (!question)
            question = p;
        p++;
    }
    if (p + 11 > s->end || (size_t)(p - line) + 9 > s->limits->line_max ||
        http1_load8(p + 1) != http1_load8("HTTP/1.1") || http1_load2(p + 9) != http1_load2("\r\n"))
        return;
    head->method = NAVE_HTTP_GET;
    head->version = 11;
    head->method_text = http1_slice(s->text, line, line + 3);
    head->target = http1_slice(s->text, target, p);
    head->path = head->target;
    head->query.at = head->target.at + head->target.len;
    head->query.len = 0;
    if (question) {
        head->path = http1_slice(s->text, target, question);
        head->query = http1_slice(s->text, question + 1, p);
    }
    s->at = p + 11;
    s->has_line = 1;
}

WIDE int32_t http1_usual(struct http1_pass *s)
{
    const struct sets sets = sets_of(&field_class);
    const __m256i lowest = KEPT(_mm256_set1_epi8(0x40));
    const __m128i bit5 = KEPT(_mm_set1_epi8(0x20));
    const struct names *all = &names;
    const char *const text = s->text;
    const uint64_t end = (uint64_t)(s->end - text);
    struct nave_http_field *f = s->f;
    uint64_t at;
    int32_t bad;

    __asm__("" : "+r"(all)); /* kept, too */
    if (LIKELY(!s->has_line)) {
        take_line(s, sets);
        if (UNLIKELY(!s->has_line))
            return 0;
    }
    at = (uint64_t)(s->at - text);
    for (;;) {
        __m256i v = load32(text + at);
        __m256i c = classify(v, sets);
        uint32_t control = mask_of(_mm256_add_epi8(c, lowest));
        uint64_t name_len = _tzcnt_u32(outside(c, sets));
        uint64_t colon = at + name_len;
        uint64_t stop = at;
        uint32_t id;

        bad = 0;
        /* At the empty line this fails, too, or `stop < colon` does. */
        if (UNLIKELY(http1_load2(text + colon) != http1_load2(": ") ||
                     (unsigned char)text[colon + 2] <= ' '))
            break;
        while (UNLIKELY(control == 0)) {
            stop += 32;
            if (stop >= end)
                goto out;
            control = mask_of(_mm256_add_epi8(classify(load32(text + stop), sets), lowest));
        }
        stop += _tzcnt_u32(control);
        /* A control character inside the name, or anything but CRLF behind a value that ends in a
         * visible character, is for the parser to judge. */
        if (UNLIKELY(stop < colon || http1_load2(text + stop) != http1_load2("\r\n") ||
                     (unsigned char)text[stop - 1] <= ' ' || stop + 2 > end))
            break;
        if (UNLIKELY(f == s->full))
            break;
        f->name_at = (uint32_t)at;
        f->value_at = (uint32_t)(colon + 2);
        f->value_len = (uint32_t)(stop - colon - 2);
        f->name_len = (uint16_t)name_len;
        if (UNLIKELY(name_len - 1 >= 16)) {
            if (name_len == 0)
                break;
            id = http1_name_id(text + at, name_len);
        } else {
            id = name_id(_mm256_castsi256_si128(v), name_len, all, bit5);
        }
        f->id = (uint16_t)id;
        if (id - 1 < NAVE_HTTP_FIELD_COOKIE) {
            bad = take_odd(s, f, sets);
            if (UNLIKELY(bad))
                break;
        }
        f++;
        at = stop + 2;
    }
out:
    s->f = f;
    s->at = text + at;
    return bad;
}

#endif

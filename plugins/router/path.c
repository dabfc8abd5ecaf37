/* SPDX-License-Identifier: MIT
 *
 * The scan decides in one pass whether a path may be used as it stands; nearly all may. It asks for
 * more than is needed ("/." also begins "/.well-known"), never for less. The decoder works in three
 * passes, each simple: is the text right, which segments stay, what do they say.
 */
#include "path.h"

#include <string.h>
#ifdef __SSE2__
#    include <emmintrin.h>
#endif

/* A segment begins at `at`. Those beyond the cap belong to the last one. */
static inline uint32_t segment_add(struct router_path *out, uint32_t count, uint32_t at)
{
    if (NAVE_LIKELY(count <= ROUTER_SEGMENTS_MAX))
        out->start[count] = at;
    return count + 1;
}

static inline void segments_end(struct router_path *out, const char *text, uint32_t len,
                                uint32_t count)
{
    if (NAVE_UNLIKELY(count > ROUTER_SEGMENTS_MAX + 1))
        count = ROUTER_SEGMENTS_MAX + 1;
    out->start[count] = len + 1;
    out->text = text;
    out->len = len;
    out->count = count;
}

int router_path_scan_portable(const char *text, uint32_t len, struct router_path *out)
{
    uint32_t count = 0;
    uint32_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '%' || c == 0 || c >= 0x80)
            return 0;
        if (c == '.' && i > 0 && text[i - 1] == '/')
            return 0;
        if (c == '/')
            count = segment_add(out, count, i + 1);
    }
    segments_end(out, text, len, count);
    return 1;
}

#ifdef __SSE2__

/* The `len` (1 ... 15) bytes at `text`, then zeros; nothing beyond them is read. */
static inline __m128i load_short(const char *text, uint32_t len)
{
    uint64_t low = 0;
    uint64_t high = 0;
    uint32_t a;
    uint32_t b;

    if (len >= 8) {
        memcpy(&low, text, 8);
        memcpy(&high, text + len - 8, 8);
        /* The two loads overlap by 16 - len bytes. Twice, as len may be 8. */
        high = high >> 4 * (16 - len) >> 4 * (16 - len);
    } else if (len >= 4) {
        memcpy(&a, text, 4);
        memcpy(&b, text + len - 4, 4);
        low = a | (uint64_t)b << 8 * (len - 4);
    } else {
        low = (uint64_t)(unsigned char)text[0] |
              (uint64_t)(unsigned char)text[len >> 1] << 8 * (len >> 1) |
              (uint64_t)(unsigned char)text[len - 1] << 8 * (len - 1);
    }
    return _mm_set_epi64x((long long)high, (long long)low);
}

int router_path_scan(const char *text, uint32_t len, struct router_path *out)
{
    const __m128i slashes = _mm_set1_epi8('/');
    const __m128i dots = _mm_set1_epi8('.');
    const __m128i percents = _mm_set1_epi8('%');
    const __m128i one = _mm_set1_epi8(1);
    uint32_t after_slash = 0;
    uint32_t count = 0;
    uint32_t at;

    for (at = 0; at < len; at += 16) {
        uint32_t left = len - at;
        uint32_t skip = 0;
        uint32_t slash;
        uint32_t odd;
        __m128i v;

        if (left >= 16) {
            v = _mm_loadu_si128((const __m128i *)(const void *)(text + at));
        } else if (len >= 16) {
            v = _mm_loadu_si128((const __m128i *)(const void *)(text + len - 16));
            skip = 16 - left;
        } else {
            v = load_short(text, len);
        }
        slash = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, slashes)) >> skip;
        /* Below 1 as a signed byte: NUL and everything from 0x80 on. */
        odd = (uint32_t)_mm_movemask_epi8(
                  _mm_or_si128(_mm_cmpeq_epi8(v, percents), _mm_cmplt_epi8(v, one))) >>
              skip;
        odd |= (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, dots)) >> skip &
               (slash << 1 | after_slash);
        if (left < 16)
            odd &= (1u << left) - 1;
        if (odd)
            return 0;
        after_slash = slash >> 15;
        for (; slash; slash &= slash - 1)
            count = segment_add(out, count, at + (uint32_t)__builtin_ctz(slash) + 1);
    }
    segments_end(out, text, len, count);
    return 1;
}

#else

int router_path_scan(const char *text, uint32_t len, struct router_path *out)
{
    return router_path_scan_portable(text, len, out);
}

#endif

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The decoded byte at text[*at], and *at moved behind it; -1 for a bad '%'. */
static int byte_next(const char *text, uint32_t len, uint32_t *at)
{
    int high;
    int low;

    if (text[*at] != '%')
        return (unsigned char)text[(*at)++];
    if (len - *at < 3)
        return -1;
    high = hex_value(text[*at + 1]);
    low = hex_value(text[*at + 2]);
    if (high < 0 || low < 0)
        return -1;
    *at += 3;
    return high * 16 + low;
}

/* Is what the text decodes to UTF-8 (RFC 3629 4: no overlong form, no surrogate, nothing above
 * U+10FFFF) without a NUL? The range of the second byte tells all of that. */
static int text_is_right(const char *text, uint32_t len)
{
    uint32_t at = 0;

    while (at < len) {
        int c = byte_next(text, len, &at);
        int low = 0x80;
        int high = 0xBF;
        int more;

        if (c <= 0)
            return 0;
        if (c < 0x80)
            continue;
        if (c < 0xC2 || c > 0xF4)
            return 0;
        more = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
        if (c == 0xE0)
            low = 0xA0;
        else if (c == 0xED)
            high = 0x9F;
        else if (c == 0xF0)
            low = 0x90;
        else if (c == 0xF4)
            high = 0x8F;
        for (; more > 0; more--) {
            c = at < len ? byte_next(text, len, &at) : -1;
            if (c < low || c > high)
                return 0;
            low = 0x80;
            high = 0xBF;
        }
    }
    return 1;
}

/* How many dots the segment says: 1 for ".", 2 for "..", also with %2e; else 0. */
static int segment_dots(const char *text, uint32_t len)
{
    uint32_t at = 0;
    int dots = 0;

    while (at < len && dots < 3) {
        if (text[at] == '.') {
            at += 1;
        } else if (len - at >= 3 && text[at] == '%' && text[at + 1] == '2' &&
                   (text[at + 2] | 0x20) == 'e') {
            at += 3;
        } else {
            return 0;
        }
        dots++;
    }
    return dots < 3 ? dots : 0;
}

/* Copy without dot segments; the length of the copy. It always begins with '/'. */
static uint32_t dots_remove(const char *text, uint32_t len, char *room)
{
    uint32_t used = 0;
    uint32_t at = 0;

    while (at < len) {
        const char *slash = memchr(text + at + 1, '/', len - at - 1);
        uint32_t next = slash ? (uint32_t)(slash - text) : len;
        int dots = segment_dots(text + at + 1, next - at - 1);

        if (dots == 0) {
            memmove(room + used, text + at, next - at);
            used += next - at;
        } else {
            if (dots == 2) {
                while (used > 0 && room[--used] != '/')
                    ;
            }
            /* What ends in a dot segment names the folder: "/b/.." is "/", "/b/." is "/b/". */
            if (next == len)
                room[used++] = '/';
        }
        at = next;
    }
    return used;
}

nave_err router_path_decode(const char *text, uint32_t len, char *room, struct router_path *out)
{
    uint32_t count = 0;
    uint32_t used = 0;
    uint32_t at = 0;

    if (!text_is_right(text, len))
        return NAVE_ESYNTAX;
    len = dots_remove(text, len, room);
    while (at < len) {
        /* A '/' that separates is one that stands there as it is. */
        if (room[at] == '/')
            count = segment_add(out, count, used + 1);
        room[used++] = (char)byte_next(room, len, &at);
    }
    segments_end(out, room, used, count);
    return NAVE_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * The three searches that the parser lives on, by blocks of 16 bytes with SSE2 and by bytes without.
 * All start at p < end, may read up to 15 bytes behind end, and may return a place behind end: the
 * caller looks. HTTP1_PORTABLE chooses the plain twin.
 */
#ifndef HTTP1_SCAN_H
#define HTTP1_SCAN_H

#include "names.h"

#if defined(__SSE2__) && !defined(HTTP1_PORTABLE)
#    include <emmintrin.h>

/* Bit i: byte i is a letter, a digit or '-': what names are made of, nearly always. One add moves the
 * last letter (digit) to 127, so that one signed compare finds the range. */
static inline uint32_t http1_plain_mask(__m128i v)
{
    __m128i letter = _mm_add_epi8(_mm_or_si128(v, _mm_set1_epi8(0x20)), _mm_set1_epi8(127 - 'z'));
    __m128i digit = _mm_add_epi8(v, _mm_set1_epi8(127 - '9'));

    letter = _mm_cmpgt_epi8(letter, _mm_set1_epi8(127 - 26));
    digit = _mm_cmpgt_epi8(digit, _mm_set1_epi8(127 - 10));
    v = _mm_cmpeq_epi8(v, _mm_set1_epi8('-'));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit), v));
}

/* The first byte that is no letter, digit or '-'. */
static inline const char *http1_skip_plain(const char *p, const char *end)
{
    do {
        uint32_t stop =
            http1_plain_mask(_mm_loadu_si128((const __m128i *)(const void *)p)) ^ 0xffff;

        if (stop)
            return p + __builtin_ctz(stop);
        p += 16;
    } while (p < end);
    return p;
}

/* The first byte that is no letter, digit, '-' or '.'. */
static inline const char *http1_skip_host(const char *p, const char *end)
{
    do {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        uint32_t dot = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('.')));
        uint32_t stop = (http1_plain_mask(v) | dot) ^ 0xffff;

        if (stop)
            return p + __builtin_ctz(stop);
        p += 16;
    } while (p < end);
    return p;
}

/* The first control character of a value: below 0x20 or 0x7f. A tab is one. */
static inline const char *http1_skip_text(const char *p, const char *end)
{
    const __m128i ctl = _mm_set1_epi8(0x1f);
    const __m128i del = _mm_set1_epi8(0x7f);

    do {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop = _mm_cmpeq_epi8(_mm_min_epu8(v, ctl), v);
        uint32_t mask = (uint32_t)_mm_movemask_epi8(_mm_or_si128(stop, _mm_cmpeq_epi8(v, del)));

        if (mask)
            return p + __builtin_ctz(mask);
        p += 16;
    } while (p < end);
    return p;
}

/* The first byte of a target that is not visible ASCII, or is '?' or '#'. */
static inline const char *http1_skip_target(const char *p, const char *end)
{
    const __m128i low = _mm_set1_epi8(0x21);

    do {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i stop = _mm_cmplt_epi8(v, low); /* signed: from 0x80 on too */
        uint32_t mask;

        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('?')));
        stop = _mm_or_si128(stop, _mm_cmpeq_epi8(v, _mm_set1_epi8('#')));
        mask = (uint32_t)_mm_movemask_epi8(stop);
        if (mask)
            return p + __builtin_ctz(mask);
        p += 16;
    } while (p < end);
    return p;
}

#else

static inline const char *http1_skip_plain(const char *p, const char *end)
{
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;

        if ((unsigned char)((c | 0x20) - 'a') > 25 && (unsigned char)(c - '0') > 9 && c != '-')
            break;
    }
    return p;
}

static inline const char *http1_skip_host(const char *p, const char *end)
{
    for (; p < end; p++) {
        p = http1_skip_plain(p, end);
        if (p >= end || *p != '.')
            break;
    }
    return p;
}

static inline const char *http1_skip_text(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p >= 0x20 && *p != 0x7f)
        p++;
    return p;
}

static inline const char *http1_skip_target(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p > 0x20 && (unsigned char)*p < 0x7f && *p != '?' &&
           *p != '#')
        p++;
    return p;
}

#endif

/* The first byte that is no tchar. */
static inline const char *http1_skip_token(const char *p, const char *end)
{
    p = http1_skip_plain(p, end);
    while (p < end && http1_tchar[(unsigned char)*p])
        p++;
    return p;
}

#endif

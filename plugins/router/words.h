/* SPDX-License-Identifier: MIT
 *
 * Short texts as words of eight bytes, for the searches of the router.
 */
#ifndef ROUTER_WORDS_H
#define ROUTER_WORDS_H

#include <stdint.h>
#include <string.h>

#define ROUTER_MIX UINT64_C(0x9E3779B97F4A7C15)

static inline uint64_t router_load8(const char *text)
{
    uint64_t word;

    memcpy(&word, text, 8);
    return word;
}

static inline uint64_t router_turn(uint64_t word)
{
    return word << 27 | word >> 37;
}

/* 1 when `len` bytes are the same; reads inside both only. */
static inline int router_text_equal(const char *a, const char *b, uint32_t len)
{
    uint32_t at;

    if (len >= 8) {
        for (at = 0; at + 8 < len; at += 8) {
            if (router_load8(a + at) != router_load8(b + at))
                return 0;
        }
        return router_load8(a + len - 8) == router_load8(b + len - 8);
    }
    for (at = 0; at < len; at++) {
        if (a[at] != b[at])
            return 0;
    }
    return 1;
}

/* All of `len` (1 and more) bytes in one word. */
static inline uint64_t router_hash(const char *text, uint32_t len)
{
    uint64_t h = len;
    uint64_t word;
    uint32_t at;

    if (len >= 8) {
        for (at = 0; at + 8 < len; at += 8)
            h = (router_turn(h) ^ router_load8(text + at)) * ROUTER_MIX;
        word = router_load8(text + len - 8);
    } else if (len >= 4) {
        uint32_t a;
        uint32_t b;

        memcpy(&a, text, 4);
        memcpy(&b, text + len - 4, 4);
        word = a | (uint64_t)b << 32;
    } else {
        word = (unsigned char)text[0] | (uint64_t)(unsigned char)text[len >> 1] << 8 |
               (uint64_t)(unsigned char)text[len - 1] << 16;
    }
    return (router_turn(h) ^ word) * ROUTER_MIX;
}

/* The place of a child: `word` is the first eight bytes of its text, see router_trie_word. */
static inline uint64_t router_child_hash(uint64_t word, const char *text, uint32_t len)
{
    if (len > 8)
        return router_hash(text, len);
    return (word + len) * ROUTER_MIX;
}

#endif

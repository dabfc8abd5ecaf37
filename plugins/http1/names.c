/* SPDX-License-Identifier: MIT
 *
 * The tables behind names.h.
 */
#include "names.h"

#define T 1
/* tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
 *         / DIGIT / ALPHA */
const uint8_t http1_tchar[256] = {
    ['!'] = T, ['#'] = T, ['$'] = T, ['%'] = T, ['&'] = T, ['\''] = T, ['*'] = T, ['+'] = T,
    ['-'] = T, ['.'] = T, ['^'] = T, ['_'] = T, ['`'] = T, ['|'] = T,  ['~'] = T, ['0'] = T,
    ['1'] = T, ['2'] = T, ['3'] = T, ['4'] = T, ['5'] = T, ['6'] = T,  ['7'] = T, ['8'] = T,
    ['9'] = T, ['A'] = T, ['B'] = T, ['C'] = T, ['D'] = T, ['E'] = T,  ['F'] = T, ['G'] = T,
    ['H'] = T, ['I'] = T, ['J'] = T, ['K'] = T, ['L'] = T, ['M'] = T,  ['N'] = T, ['O'] = T,
    ['P'] = T, ['Q'] = T, ['R'] = T, ['S'] = T, ['T'] = T, ['U'] = T,  ['V'] = T, ['W'] = T,
    ['X'] = T, ['Y'] = T, ['Z'] = T, ['a'] = T, ['b'] = T, ['c'] = T,  ['d'] = T, ['e'] = T,
    ['f'] = T, ['g'] = T, ['h'] = T, ['i'] = T, ['j'] = T, ['k'] = T,  ['l'] = T, ['m'] = T,
    ['n'] = T, ['o'] = T, ['p'] = T, ['q'] = T, ['r'] = T, ['s'] = T,  ['t'] = T, ['u'] = T,
    ['v'] = T, ['w'] = T, ['x'] = T, ['y'] = T, ['z'] = T,
};

uint16_t http1_name_id(const char *name, size_t len)
{
    return http1_match_name(name, len);
}

int32_t http1_is_token(const char *p, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++)
        if (!http1_tchar[(unsigned char)p[i]])
            return 0;
    return len > 0;
}

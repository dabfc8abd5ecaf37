/* SPDX-License-Identifier: MIT
 *
 * The scanner knows strings, brackets, commas and colons, no more. On valid JSON that is enough to
 * tell keys from values; on anything else it only has to end, within its bounds.
 */
#include "conf_scan.h"

#include <stdlib.h>
#include <string.h>

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* One past the string that begins at `i`. */
static size_t skip_string(const char *text, size_t len, size_t i)
{
    for (i++; i < len && text[i] != '"'; i++) {
        if (text[i] == '\\' && i + 1 < len)
            i++;
    }
    return i < len ? i + 1 : len;
}

/* One past the number, true, false, null or rubbish that begins at `i`. */
static size_t skip_word(const char *text, size_t len, size_t i)
{
    for (i++; i < len && !is_space(text[i]) && !strchr("[]{},:\"", text[i]); i++) {
    }
    return i;
}

static nave_err remember(struct nv_conf_scan *s, size_t *room, size_t values_max, size_t offset,
                         struct nv_why *why)
{
    if (s->count == values_max) {
        s->bad_offset = offset;
        return nv_why_set(why, NAVE_ETOOBIG, "more than %zu values in one file", values_max);
    }
    if (s->count == *room) {
        size_t more = *room ? *room * 2 : 64;
        uint32_t *grown = realloc(s->offsets, more * sizeof(*grown));

        if (!grown)
            return nv_why_set(why, NAVE_ENOMEM, "out of memory");
        s->offsets = grown;
        *room = more;
    }
    s->offsets[s->count++] = (uint32_t)offset;
    return NAVE_OK;
}

nave_err nv_conf_scan(const char *text, size_t len, size_t depth_max, size_t values_max,
                      struct nv_conf_scan *out, struct nv_why *why)
{
    struct nv_conf_scan s = {NULL, 0, 0};
    char kinds[256]; /* the open brackets */
    int is_key = 0;  /* the next string is a key, no value */
    nave_err err = NAVE_OK;
    size_t room = 0;
    size_t depth = 0;
    size_t i = 0;

    if (depth_max > sizeof(kinds))
        depth_max = sizeof(kinds);
    while (i < len && !err) {
        char c = text[i];

        if (is_space(c)) {
            i++;
        } else if (c == '{' || c == '[') {
            err = remember(&s, &room, values_max, i, why);
            if (!err && depth == depth_max) {
                s.bad_offset = i;
                err = nv_why_set(why, NAVE_ETOOBIG, "nested deeper than %zu levels", depth_max);
            }
            if (!err)
                kinds[depth++] = c;
            is_key = c == '{';
            i++;
        } else if (c == '}' || c == ']') {
            depth -= depth > 0;
            i++;
        } else if (c == ',') {
            is_key = depth > 0 && kinds[depth - 1] == '{';
            i++;
        } else if (c == ':') {
            is_key = 0;
            i++;
        } else {
            if (!is_key)
                err = remember(&s, &room, values_max, i, why);
            i = c == '"' ? skip_string(text, len, i) : skip_word(text, len, i);
        }
    }
    if (err) {
        free(s.offsets);
        s.offsets = NULL;
        s.count = 0;
    }
    *out = s;
    return err;
}

void nv_conf_locate(const char *text, size_t len, size_t offset, uint32_t *out_line,
                    uint32_t *out_column)
{
    uint32_t line = 1;
    uint32_t column = 1;
    size_t i;

    for (i = 0; i < len && i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0u) != 0x80u) { /* not inside a UTF-8 sequence */
            column++;
        }
    }
    *out_line = line;
    *out_column = column;
}

size_t nv_conf_compact(const char *text, size_t len, size_t offset, char *out)
{
    size_t depth = 0;
    size_t n = 0;
    size_t i = offset;

    do {
        size_t from = i;

        if (i >= len)
            break;
        if (is_space(text[i])) {
            i++;
            continue;
        }
        if (text[i] == '"') {
            i = skip_string(text, len, i);
        } else if (text[i] == '{' || text[i] == '[') {
            depth++;
            i++;
        } else if (text[i] == '}' || text[i] == ']') {
            depth -= depth > 0;
            i++;
        } else if (text[i] == ',' || text[i] == ':') {
            i++;
        } else {
            i = skip_word(text, len, i);
        }
        if (out)
            memcpy(out + n, text + from, i - from);
        n += i - from;
    } while (depth > 0);
    return n;
}

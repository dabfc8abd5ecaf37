/* SPDX-License-Identifier: MIT
 *
 * Everything is refused that is not plainly a name; nothing is repaired but dot segments, which a
 * target may have ("RFC 3986 5.2.4"), and which are gone before anything is decoded.
 */
#include "safe_path.h"

#include <string.h>

int files_text_is_utf8(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        unsigned char c = (unsigned char)text[i++];
        unsigned char low = 0x80, high = 0xBF;
        int more;

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
            c = i < len ? (unsigned char)text[i++] : 0;
            if (c < low || c > high)
                return 0;
            low = 0x80;
            high = 0xBF;
        }
    }
    return 1;
}

static int name_is_plain(const char *name, size_t len, int dotfiles)
{
    size_t i;

    if (len == 0 || len > FILES_NAME_MAX)
        return 0;
    if (name[0] == '.' && (!dotfiles || len == 1 || (len == 2 && name[1] == '.')))
        return 0;
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c < 0x20 || c == 0x7F || c == '\\')
            return 0;
    }
    return 1;
}

int files_path_check(const char *path, size_t len, int dotfiles)
{
    size_t at = 0;

    if (len > FILES_PATH_MAX)
        return FILES_PATH_REFUSED;
    while (at < len) {
        const char *slash = memchr(path + at, '/', len - at);
        size_t end = slash ? (size_t)(slash - path) : len;

        if (!name_is_plain(path + at, end - at, dotfiles))
            return FILES_PATH_REFUSED;
        at = end + 1;
    }
    return files_text_is_utf8(path, len) ? FILES_PATH_OK : FILES_PATH_REFUSED;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        return (c | 0x20) - 'a' + 10;
    return -1;
}

/* The decoded byte at text[*at], and *at moved behind it; -1 for a bad '%'. */
static int byte_next(const char *text, size_t len, size_t *at)
{
    int high, low;

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

int files_path_hides(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        const char *percent = memchr(text + at, '%', len - at);
        int c;

        if (!percent)
            return 0;
        at = (size_t)(percent - text);
        c = byte_next(text, len, &at);
        if (c == '/' || c == '\\' || c == 0)
            return 1;
        if (c < 0)
            at++;
    }
    return 0;
}

/* How many dots a segment says: 1 for ".", 2 for "..", also with %2e; else 0. */
static int segment_dots(const char *text, size_t len)
{
    size_t at = 0;
    int dots = 0;

    while (at < len) {
        if (byte_next(text, len, &at) != '.' || ++dots > 2)
            return 0;
    }
    return dots;
}

/* Decode one segment behind room[*used]. 0: it cannot be decoded. */
static int segment_decode(const char *text, size_t len, char *room, size_t *used)
{
    size_t begin = *used;
    size_t at = 0;

    while (at < len) {
        int c = byte_next(text, len, &at);

        if (c <= 0)
            return 0;
        room[(*used)++] = (char)c;
    }
    return files_text_is_utf8(room + begin, *used - begin);
}

int files_path_decode(const char *text, size_t len, char *room, size_t *out_len)
{
    size_t used = 0;
    size_t at = 1;
    int hides;

    if (len == 0 || text[0] != '/')
        return FILES_PATH_BAD;
    hides = files_path_hides(text, len);
    while (at <= len) {
        const char *slash = at < len ? memchr(text + at, '/', len - at) : NULL;
        size_t end = slash ? (size_t)(slash - text) : len;
        int dots = segment_dots(text + at, end - at);

        if (dots == 2) {
            if (used > 0)
                used--; /* the slash behind the name that goes */
            while (used > 0 && room[used - 1] != '/')
                used--;
        } else if (dots == 0) {
            if (!segment_decode(text + at, end - at, room, &used))
                return FILES_PATH_BAD;
            if (slash)
                room[used++] = '/';
        }
        at = end + 1;
    }
    if (hides)
        return FILES_PATH_REFUSED;
    *out_len = used;
    return FILES_PATH_OK;
}

int files_path_may_redirect(const char *path, size_t len)
{
    size_t i;

    if (len == 0 || path[0] != '/' || (len > 1 && (path[1] == '/' || path[1] == '\\')))
        return 0;
    for (i = 0; i < len; i++)
        if (path[i] < 0x21 || path[i] > 0x7E)
            return 0;
    return 1;
}

/* SPDX-License-Identifier: MIT
 *
 * See out.h. A piece that does not fit goes out in parts; the callback sees bytes, not words.
 */
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void nv_out_init(struct nv_out *o, nave_write_fn *write, void *arg)
{
    o->write = write;
    o->arg = arg;
    o->written = 0;
    o->len = 0;
}

void nv_out_flush(struct nv_out *o)
{
    if (o->len)
        o->write(o->arg, o->room, o->len);
    o->written += o->len;
    o->len = 0;
}

void nv_out_bytes(struct nv_out *o, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t n = sizeof(o->room) - o->len < len ? sizeof(o->room) - o->len : len;

        memcpy(o->room + o->len, bytes, n);
        o->len += n;
        bytes += n;
        len -= n;
        if (o->len == sizeof(o->room))
            nv_out_flush(o);
    }
}

void nv_out_text(struct nv_out *o, const char *text)
{
    nv_out_bytes(o, text, strlen(text));
}

void nv_out_clean(struct nv_out *o, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char shown = (char)(c < 0x20 || c == 0x7f ? '?' : c);

        nv_out_bytes(o, &shown, 1);
    }
}

size_t nv_out_width(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0u) != 0x80u;
    return n;
}

void nv_out_column(struct nv_out *o, const char *text, size_t width, size_t gap)
{
    size_t n = nv_out_width(text), spaces = n < width ? width - n : 0;

    nv_out_clean(o, text);
    for (spaces = spaces < gap ? gap : spaces; spaces > 0; spaces--)
        nv_out_bytes(o, " ", 1);
}

void nv_out_format(struct nv_out *o, const char *format, ...)
{
    char text[1024];
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0)
        nv_out_bytes(o, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

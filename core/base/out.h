/* SPDX-License-Identifier: MIT
 *
 * Text on its way to a nave_write_fn: gathered in a small buffer, so that whoever composes an answer
 * may write it word by word. Nothing is allocated, so nothing can fail.
 */
#ifndef NV_OUT_H
#define NV_OUT_H

#include <nave/admin.h>

struct nv_out {
    nave_write_fn *write;
    void *arg;
    uint64_t written; /* bytes that were handed on */
    size_t len;
    char room[4096];
};

/* Ready `o`. Thread: [any]. Owns: borrows arg until the last flush. */
void nv_out_init(struct nv_out *o, nave_write_fn *write, void *arg);

/* Append. nv_out_clean: control characters become '?', so that a file name is one line. */
void nv_out_bytes(struct nv_out *o, const char *bytes, size_t len);
void nv_out_text(struct nv_out *o, const char *text);
void nv_out_clean(struct nv_out *o, const char *text);

/* Append `text` and then spaces up to `width` characters, at least `gap` of them. */
void nv_out_column(struct nv_out *o, const char *text, size_t width, size_t gap);

/* Append a formatted text of at most 1023 bytes; what is longer is cut. */
void nv_out_format(struct nv_out *o, const char *format, ...) NAVE_FORMAT(2, 3);

/* Hand on what is in the buffer. */
void nv_out_flush(struct nv_out *o);

/* How many characters the UTF-8 text has. */
size_t nv_out_width(const char *text);

#endif

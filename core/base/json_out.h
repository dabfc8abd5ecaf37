/* SPDX-License-Identifier: MIT
 *
 * Writes JSON that people read as well: two spaces a level, one member a line. The caller opens and
 * ends objects and lists; commas, quotes and escapes are done here. `key` is the name of the member
 * in an object, and NULL in a list and for the whole.
 */
#ifndef NV_JSON_OUT_H
#define NV_JSON_OUT_H

#include "out.h"

#define NV_JSON_DEPTH_MAX 64u

struct nv_json {
    struct nv_out *out;
    unsigned depth;
    struct nave_str quoted;          /* key of the next value, with its quotes; empty: none */
    char closers[NV_JSON_DEPTH_MAX]; /* '}' or ']' of each open one     */
    char has_member[NV_JSON_DEPTH_MAX];
};

/* Ready `j`. Owns: borrows out. */
void nv_json_init(struct nv_json *j, struct nv_out *out);

/* Open an object or a list; nv_json_end ends the innermost. At most NV_JSON_DEPTH_MAX are open. */
void nv_json_object(struct nv_json *j, const char *key);
void nv_json_list(struct nv_json *j, const char *key);
void nv_json_end(struct nv_json *j);

/* One value. A NULL text is null. `raw` is JSON already, and is laid out anew. */
void nv_json_text(struct nv_json *j, const char *key, const char *text);
void nv_json_str(struct nv_json *j, const char *key, struct nave_str text);
void nv_json_number(struct nv_json *j, const char *key, uint64_t number);
void nv_json_flag(struct nv_json *j, const char *key, int is_true);
void nv_json_raw(struct nv_json *j, const char *key, const char *json);

/* As nv_json_raw, for `len` bytes. */
void nv_json_raw_part(struct nv_json *j, const char *key, const char *json, size_t len);

/* The next value, whose `key` must be NULL, gets a key that is JSON already, with its quotes.
 * Owns: borrows it until then. */
void nv_json_quoted_key(struct nv_json *j, struct nave_str quoted);

/* A list of the texts up to NULL. */
void nv_json_texts(struct nv_json *j, const char *key, const char *const *texts);

#endif

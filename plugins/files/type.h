/* SPDX-License-Identifier: MIT
 *
 * Media types by the extension of a name: a built-in table, and one that the configuration adds. No
 * I/O, no allocation.
 */
#ifndef FILES_TYPE_H
#define FILES_TYPE_H

#include <nave/option.h>

/* Longer extensions have no type. */
#define FILES_EXTENSION_MAX 32u

/* The extension of the last segment of `name`, without its dot; empty when there is none. A name that
 * only begins with a dot has none. */
struct nave_str files_type_extension(const char *name, size_t len);

/* The built-in type of an extension, without case; len 0: it is not known. Static. */
struct nave_str files_type_builtin(const char *extension, size_t len);

/* The type of `name`: of `own` (keys with or without a dot, without case), else the built-in one, else
 * `fallback`. */
struct nave_str files_type_of(const struct nave_pairs *own, struct nave_str fallback,
                              const char *name, size_t len);

/* 1: a type of text whose character set is worth telling: text/..., and the few others that are text
 * to a browser. Not when it has parameters already, nor where UTF-8 is the only choice. */
int files_type_is_text(struct nave_str type);

#endif

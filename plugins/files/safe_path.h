/* SPDX-License-Identifier: MIT
 *
 * From what a request names to a path below a root. No I/O, no allocation.
 *
 * The result has only plain names between single slashes: no leading slash, no empty name, no "." or
 * "..", no NUL or other control character, no backslash, all of it UTF-8. An empty result and one that
 * ends in a slash name folders. Opening it must still keep to the root (open.h): names may be links.
 */
#ifndef FILES_SAFE_PATH_H
#define FILES_SAFE_PATH_H

#include <nave/base.h>

/* Bytes of a path below its root, and of a name in it. */
#define FILES_PATH_MAX 2048u
#define FILES_NAME_MAX 255u

#define FILES_PATH_OK      0
#define FILES_PATH_REFUSED 404 /* it can name nothing that is served */
#define FILES_PATH_BAD     400 /* it cannot be decoded               */

/* Is the decoded text `path` such a path? With `dotfiles` 0, names that begin with a dot are refused.
 * FILES_PATH_OK or FILES_PATH_REFUSED. */
int files_path_check(const char *path, size_t len, int dotfiles);

/* Decode the path of a target, which begins with '/', once: split at its slashes, take out dot segments,
 * then decode each name. The result, without the leading slash, is in the `len` bytes at `room`; whether
 * it is safe is files_path_check's to say. FILES_PATH_OK, _BAD, or _REFUSED for a slash or a backslash
 * that was hidden by encoding. */
int files_path_decode(const char *text, size_t len, char *room, size_t *out_len);

/* 1: the encoded text has a slash, a backslash or a NUL hidden in it: "%2f", "%5C", "%00". */
int files_path_hides(const char *text, size_t len);

/* 1: `path`, as sent, with a slash behind it may be sent as a Location: visible ASCII that cannot be
 * taken for a host ("//", "/\"). */
int files_path_may_redirect(const char *path, size_t len);

/* 1: `len` bytes are UTF-8 ("RFC 3629 4": no overlong form, no surrogate). */
int files_text_is_utf8(const char *text, size_t len);

#endif

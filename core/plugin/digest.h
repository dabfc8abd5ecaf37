/* SPDX-License-Identifier: MIT
 *
 * SHA-256 of an open file ("FIPS 180-4"), as the 64 hex digits that a configuration and `sha256sum`
 * write. The arithmetic is libmd's, which is known in digest.c alone.
 */
#ifndef NV_DIGEST_H
#define NV_DIGEST_H

#include <nave/error.h>

#include "log/report.h"

#define NV_DIGEST_TEXT 65u /* bytes of 64 hex digits and their NUL */

/* The digest of all that is in file `fd`, in lower case; its offset stays. Thread: [any].
 * Errors: NAVE_EIO; NAVE_ETOOBIG over `bytes_max`; `why` is set. */
NAVE_NODISCARD nave_err nv_digest_file(int fd, uint64_t bytes_max, char out_text[NV_DIGEST_TEXT],
                                       struct nv_why *why);

/* Copy file `fd` from its begin to the end of `to` while taking the digest: what was copied is what
 * the digest is of. Thread: [any]. Errors: as nv_digest_file. */
NAVE_NODISCARD nave_err nv_digest_copy(int fd, int to, uint64_t bytes_max,
                                       char out_text[NV_DIGEST_TEXT], struct nv_why *why);

/* 64 hex digits of either case, to lower case in `out_text`. Thread: [any]. Errors: NAVE_ESYNTAX. */
NAVE_NODISCARD nave_err nv_digest_parse(struct nave_str text, char out_text[NV_DIGEST_TEXT]);

#endif

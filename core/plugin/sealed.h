/* SPDX-License-Identifier: MIT
 *
 * A file without a name that nobody can change any more, not even its owner: for bytes that are
 * checked once and used later. sealed_memfd.c where the system has memfd_create, else sealed_none.c.
 */
#ifndef NV_SEALED_H
#define NV_SEALED_H

#include <nave/error.h>

/* Make an empty one, to be written; `name` is for people (/proc/PID/maps). Thread: [any].
 * Owns: the caller closes *out_fd. Errors: NAVE_ENOSYS there is no such thing here; NAVE_ENOFILES;
 * NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_sealed_open(const char *name, int *out_fd);

/* From now on nobody changes it. Thread: [any]. Errors: NAVE_EIO. */
NAVE_NODISCARD nave_err nv_sealed_close(int fd);

#endif

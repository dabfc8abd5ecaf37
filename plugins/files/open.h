/* SPDX-License-Identifier: MIT
 *
 * Opening what a safe path (safe_path.h) names below a folder, and never anything else. Two ways: the
 * kernel's own (openat2 of Linux), which knows no race, and a walk that opens one name after the other
 * and follows links itself. Both say the same; the tests ask both.
 */
#ifndef FILES_OPEN_H
#define FILES_OPEN_H

#include <stdint.h>

/* Symbolic links on the way, and at its end; the words of option "symlinks". */
#define FILES_LINKS_NEVER  0u
#define FILES_LINKS_INSIDE 1u /* relative ones that stay below the folder */
#define FILES_LINKS_ALWAYS 2u

/* Links followed on one way. */
#define FILES_LINKS_MAX 40u
/* Folders on one way of the walk. */
#define FILES_DEPTH_MAX 128u

/* Open `path` ("" is the folder itself) below the open folder `folder`, for reading, without waiting
 * for a peer of a FIFO, close-on-exec; with `is_folder`, folders only. The descriptor, or a negative
 * errno: ELOOP or EXDEV for a link that may not be followed. Thread: [any]. */
int files_open_walk(int folder, const char *path, uint32_t links, int is_folder);

/* open_linux.c, open_other.c: the same by the kernel; -ENOSYS where it cannot. */
int files_open_kernel(int folder, const char *path, uint32_t links, int is_folder);
/* 1: it can. */
int files_open_has_kernel(void);

/* Open the folder that `path`, an absolute one, names, to open others below it. Links are followed. */
int files_open_root(const char *path);

#endif

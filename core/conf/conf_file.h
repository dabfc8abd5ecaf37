/* SPDX-License-Identifier: MIT
 *
 * Reads a file of the configuration into memory, safely: whatever the path leads to, this ends.
 */
#ifndef NV_CONF_FILE_H
#define NV_CONF_FILE_H

#include <nave/error.h>

#include "log/report.h"

/* A file that was read. */
struct nv_conf_file {
    char *text; /* with a NUL behind it; free() */
    size_t len;
    uint64_t device; /* device and inode are 0: no file */
    uint64_t inode;
    uint32_t is_exposed; /* every user of the machine may read it */
    uint32_t reserved;
};

/* Read file `path`, at most `bytes_max` bytes. Thread: [control]. Errors: NAVE_ENOMEM; NAVE_ETOOBIG;
 * NAVE_EINVAL no regular file; what open and read said. `why` is the end of a sentence that begins
 * with the name; *out is left alone then. */
NAVE_NODISCARD nave_err nv_conf_read_file(const char *path, size_t bytes_max,
                                          struct nv_conf_file *out, struct nv_why *why);

#endif

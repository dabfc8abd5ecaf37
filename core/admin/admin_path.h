/* SPDX-License-Identifier: MIT
 *
 * The socket of the admin service in the file system, and who may speak there. Made so that nobody else
 * ever could connect: its folder cannot be changed by others, it has mode 0600 before it listens, and
 * whoever connects is asked of the kernel as well.
 */
#ifndef NV_ADMIN_PATH_H
#define NV_ADMIN_PATH_H

#include <sys/types.h>

#include <nave/error.h>

#include "log/report.h"

/* Bytes of the longest path, without its NUL: sun_path has 108 on Linux, 104 on BSD. */
#define NV_ADMIN_PATH_MAX 103u

/* A socket that listens, and which file it is. */
struct nv_admin_path {
    int fd; /* -1: none */
    dev_t dev;
    ino_t ino;
};

/* Listen at `path`, absolute. A socket that is there and to which nobody listens is replaced.
 * Errors, with `why`: NAVE_ETOOBIG the path; NAVE_EDENIED others may change the folder, or the file is
 * another user's; NAVE_EBUSY somebody listens there, or another program makes one at this moment;
 * NAVE_EEXIST there is something that is no socket; NAVE_ENOTFOUND no such folder; NAVE_ENOSYS the
 * system cannot tell who connects; what the system says else. */
NAVE_NODISCARD nave_err nv_admin_path_open(const char *path, struct nv_admin_path *out_path,
                                           struct nv_why *why);

/* Remove the file when it still is the one that was made. State: open. */
void nv_admin_path_remove(const struct nv_admin_path *p, const char *path);

/* Close it, and remove the file as above. None is fine. */
void nv_admin_path_close(struct nv_admin_path *p, const char *path);

/* 1: whoever has user id `peer` may speak to a program of user `own`: itself and root. */
int32_t nv_admin_may(uid_t peer, uid_t own);

/* The user at the other end of `fd` (admin_peer_ucred.c, admin_peer_none.c).
 * Errors: NAVE_ENOSYS the system has no such thing; what it says else. */
NAVE_NODISCARD nave_err nv_admin_peer(int fd, uid_t *out_user);

/* 1: nv_admin_peer can tell. */
extern const int32_t nv_admin_has_peer;

#endif

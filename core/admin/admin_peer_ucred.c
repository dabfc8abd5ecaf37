/* SPDX-License-Identifier: MIT
 *
 * Who is at the other end of a Unix socket, where the system has SO_PEERCRED (Linux): the user that
 * connected, whatever it became since.
 */
#define _GNU_SOURCE /* struct ucred */
#include <errno.h>
#include <sys/socket.h>

#include "admin_path.h"

const int32_t nv_admin_has_peer = 1;

nave_err nv_admin_peer(int fd, uid_t *out_user)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return nv_err_from_errno(errno);
    *out_user = peer.uid;
    return NAVE_OK;
}

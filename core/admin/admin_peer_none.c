/* SPDX-License-Identifier: MIT
 *
 * Systems without SO_PEERCRED: nobody can be told apart, so there is no admin socket.
 */
#include "admin_path.h"

const int32_t nv_admin_has_peer = 0;

nave_err nv_admin_peer(int fd, uid_t *out_user)
{
    (void)fd;
    (void)out_user;
    return NAVE_ENOSYS;
}

/* SPDX-License-Identifier: MIT
 *
 * Systems without sealed memory. Whoever wanted it checks once more before use.
 */
#include "sealed.h"

nave_err nv_sealed_open(const char *name, int *out_fd)
{
    (void)name;
    (void)out_fd;
    return NAVE_ENOSYS;
}

nave_err nv_sealed_close(int fd)
{
    (void)fd;
    return NAVE_ENOSYS;
}

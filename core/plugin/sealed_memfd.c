/* SPDX-License-Identifier: MIT
 *
 * Linux and FreeBSD 13: memory behind a descriptor, with seals.
 */
#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/nv_err.h"

#ifndef MFD_EXEC
#    define MFD_EXEC 0x0010U /* Linux 6.3: says that it will be run, where vm.memfd_noexec asks */
#endif

nave_err nv_sealed_open(const char *name, int *out_fd)
{
    char text[96];
    int fd;

    snprintf(text, sizeof(text), "nave:%.80s", name);
    fd = memfd_create(text, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) /* an older kernel does not know the flag */
        fd = memfd_create(text, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? nv_err_from_errno(errno)
                                                                     : NAVE_ENOSYS;
    *out_fd = fd;
    return NAVE_OK;
}

nave_err nv_sealed_close(int fd)
{
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return NAVE_EIO;
    return NAVE_OK;
}

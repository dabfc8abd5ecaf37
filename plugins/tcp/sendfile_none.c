/* SPDX-License-Identifier: MIT
 *
 * Where there is no sendfile, or one of another kind that nobody has tried: files are read and
 * written.
 */
#ifndef __linux__

#    include "tcp.h"

#    include <errno.h>

ssize_t tcp_socket_send_file(int fd, int64_t file_fd, uint64_t offset, uint64_t len)
{
    (void)fd;
    (void)file_fd;
    (void)offset;
    (void)len;
    errno = ENOSYS;
    return -1;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * sendfile of Linux. Alone among the calls that send it has no flag against SIGPIPE, and the host
 * program's handler is none of our business: the signal is blocked around the call, and one that the
 * call raised is taken away again.
 */
#ifdef __linux__

#    ifndef _GNU_SOURCE
#        define _GNU_SOURCE
#    endif
#    include "tcp.h"

#    include <errno.h>
#    include <pthread.h>
#    include <signal.h>
#    include <sys/sendfile.h>
#    include <time.h>

/* Far above what a socket takes at once; Linux itself stops a page below 2 GiB. */
#    define BYTES_A_CALL (UINT64_C(1) << 30)

static ssize_t send_some(int fd, int64_t file_fd, uint64_t offset, uint64_t len)
{
    off_t at = (off_t)offset;
    ssize_t sent;

    do
        sent = sendfile(fd, (int)file_fd, &at, (size_t)len);
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t tcp_socket_send_file(int fd, int64_t file_fd, uint64_t offset, uint64_t len)
{
    static const struct timespec at_once = {0, 0};
    sigset_t only_pipe, before, pending;
    int was_pending = 0;
    ssize_t sent;
    int error;

    if (offset > INT64_MAX || file_fd > INT32_MAX) {
        errno = EINVAL;
        return -1;
    }
    sigemptyset(&only_pipe);
    sigaddset(&only_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &only_pipe, &before);
    /* One that waits already is not ours to take away. */
    if (sigismember(&before, SIGPIPE) && sigpending(&pending) == 0)
        was_pending = sigismember(&pending, SIGPIPE);
    sent = send_some(fd, file_fd, offset, len < BYTES_A_CALL ? len : BYTES_A_CALL);
    error = errno;
    if (sent < 0 && error == EPIPE && !was_pending)
        (void)sigtimedwait(&only_pipe, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return sent;
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * recv and send as the hot path has them. The functions of the C library are points where a thread may
 * be canceled; in a process with more than one thread glibc pays for that at each call, some 45
 * instructions. No thread of ours is canceled, so on Linux the calls go to the kernel straight. A build
 * with sanitizers keeps the functions, which those watch.
 */
#ifndef TCP_KERNEL_H
#define TCP_KERNEL_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __linux__
#    include <sys/syscall.h>
#    include <unistd.h>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define TCP_IS_WATCHED 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
        __has_feature(memory_sanitizer)
#        define TCP_IS_WATCHED 1
#    endif
#endif

#if defined(SYS_recvfrom) && defined(SYS_sendto) && !defined(TCP_IS_WATCHED)

static inline ssize_t tcp_recv(int fd, void *data, size_t len)
{
    return (ssize_t)syscall(SYS_recvfrom, fd, data, len, 0, NULL, NULL);
}

static inline ssize_t tcp_send(int fd, const void *data, size_t len)
{
    return (ssize_t)syscall(SYS_sendto, fd, data, len, MSG_NOSIGNAL, NULL, 0);
}

#else

static inline ssize_t tcp_recv(int fd, void *data, size_t len)
{
    return recv(fd, data, len, 0);
}

static inline ssize_t tcp_send(int fd, const void *data, size_t len)
{
    return send(fd, data, len, MSG_NOSIGNAL);
}

#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * Everything that is particular to the kernel: making sockets, their options, errno. Options are set
 * on the listening socket, from which accepted ones inherit them (Linux, BSD): no system call for
 * each connection.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE /* accept4 */
#endif
#include "tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket address of any family that we speak. */
union any_address {
    struct sockaddr sa;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    struct sockaddr_storage room;
};

nave_err tcp_err_from_errno(int error)
{
    switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
        return NAVE_EAGAIN;
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE: /* the peer is gone: to a writer that is the same thing */
    case ENOTCONN:
        return NAVE_ERESET;
    case ETIMEDOUT: /* keep-alive, or retransmissions, gave up */
        return NAVE_ETIMEDOUT;
    case ECONNREFUSED:
        return NAVE_EREFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        return NAVE_EUNREACH;
    case EMFILE:
    case ENFILE:
        return NAVE_ENOFILES;
    case ENOMEM:
    case ENOBUFS:
        return NAVE_ENOMEM;
    case EADDRINUSE:
        return NAVE_EADDRINUSE;
    case EADDRNOTAVAIL:
    case ENODEV: /* the interface of a scoped address is gone */
        return NAVE_EADDRNOTAVAIL;
    case EACCES:
    case EPERM:
        return NAVE_EDENIED;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return NAVE_ENOSYS;
    case EINVAL:
        return NAVE_EINVAL;
    default:
        return NAVE_EIO;
    }
}

static socklen_t address_to_kernel(const struct nave_addr *from, union any_address *to)
{
    memset(to, 0, sizeof(*to));
    if (from->family == NAVE_ADDR_IP6) {
        to->ip6.sin6_family = AF_INET6;
        to->ip6.sin6_port = htons(from->port);
        to->ip6.sin6_scope_id = from->scope;
        memcpy(&to->ip6.sin6_addr, from->bytes, 16);
        return sizeof(to->ip6);
    }
    to->ip4.sin_family = AF_INET;
    to->ip4.sin_port = htons(from->port);
    memcpy(&to->ip4.sin_addr, from->bytes, 4);
    return sizeof(to->ip4);
}

static void address_from_kernel(const union any_address *from, struct nave_addr *to)
{
    memset(to, 0, sizeof(*to));
    if (from->sa.sa_family == AF_INET) {
        to->family = NAVE_ADDR_IP4;
        to->port = ntohs(from->ip4.sin_port);
        memcpy(to->bytes, &from->ip4.sin_addr, 4);
    } else if (from->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&from->ip6.sin6_addr)) {
        /* A peer of a socket that serves both families: say what it is, an IPv4 peer. */
        to->family = NAVE_ADDR_IP4;
        to->port = ntohs(from->ip6.sin6_port);
        memcpy(to->bytes, (const uint8_t *)&from->ip6.sin6_addr + 12, 4);
    } else if (from->sa.sa_family == AF_INET6) {
        to->family = NAVE_ADDR_IP6;
        to->port = ntohs(from->ip6.sin6_port);
        to->scope = from->ip6.sin6_scope_id;
        memcpy(to->bytes, &from->ip6.sin6_addr, 16);
    }
}

static int set_int(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value));
}

static int whole_seconds(nave_nsec t)
{
    return (int)((t + NAVE_SEC - 1) / NAVE_SEC);
}

/* A non-blocking socket with the options that bind looks at. -1 and errno. */
static int open_socket(const struct nave_addr *address, const struct tcp_options *options,
                       uint32_t is_shared)
{
    int family = address->family == NAVE_ADDR_IP6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -1;
    if (set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
        (is_shared && set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1) != 0) ||
        (family == AF_INET6 &&
         set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, options->v6only ? 1 : 0) != 0)) {
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* What each accepted connection inherits. The buffers must be set before its handshake, in which the
 * window scale is agreed on. -1 and errno. */
static int set_inherited(int fd, const struct tcp_options *options)
{
    if (options->nodelay && set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0)
        return -1;
    if (options->keepalive) {
        if (set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1) != 0)
            return -1;
#ifdef TCP_KEEPIDLE
        if (set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, whole_seconds(options->keepalive_idle)) != 0 ||
            set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, whole_seconds(options->keepalive_interval)) !=
                0 ||
            set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)options->keepalive_probes) != 0)
            return -1;
#endif
    }
    if (options->receive_buffer &&
        set_int(fd, SOL_SOCKET, SO_RCVBUF, (int)options->receive_buffer) != 0)
        return -1;
    if (options->send_buffer && set_int(fd, SOL_SOCKET, SO_SNDBUF, (int)options->send_buffer) != 0)
        return -1;
#ifdef TCP_DEFER_ACCEPT
    if (options->defer_accept &&
        set_int(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, whole_seconds(options->defer_accept)) != 0)
        return -1;
#endif
    return 0;
}

nave_err tcp_socket_listen(struct nave_addr *address, const struct tcp_options *options,
                           uint32_t is_shared, int *out_fd)
{
    union any_address sa;
    socklen_t len = address_to_kernel(address, &sa);
    nave_err err;
    int fd = open_socket(address, options, is_shared);

    if (fd < 0)
        return tcp_err_from_errno(errno);
    if (set_inherited(fd, options) != 0 || bind(fd, &sa.sa, len) != 0 ||
        listen(fd, (int)options->backlog) != 0)
        goto fail;
    if (address->port == 0) {
        len = sizeof(sa);
        if (getsockname(fd, &sa.sa, &len) != 0)
            goto fail;
        address->port =
            ntohs(address->family == NAVE_ADDR_IP6 ? sa.ip6.sin6_port : sa.ip4.sin_port);
    }
    *out_fd = fd;
    return NAVE_OK;

fail:
    err = tcp_err_from_errno(errno);
    close(fd);
    return err;
}

nave_err tcp_socket_probe(const struct nave_addr *address, const struct tcp_options *options)
{
    union any_address sa;
    socklen_t len = address_to_kernel(address, &sa);
    nave_err err = NAVE_OK;
    int fd = open_socket(address, options, 0);

    if (fd < 0)
        return tcp_err_from_errno(errno);
    if (bind(fd, &sa.sa, len) != 0)
        err = tcp_err_from_errno(errno);
    close(fd);
    return err;
}

nave_err tcp_socket_inherit(int fd, const struct tcp_options *options, int *out_fd)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    nave_err err;

    if (own < 0)
        return tcp_err_from_errno(errno);
    if (set_inherited(own, options) != 0) {
        err = tcp_err_from_errno(errno);
        close(own);
        return err;
    }
    *out_fd = own;
    return NAVE_OK;
}

int tcp_socket_accept(int listen_fd)
{
    return accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void tcp_socket_reset_on_close(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    /* Cannot fail on a TCP socket; if it did, the peer would see an end instead of a reset. */
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

void tcp_socket_addresses(int fd, struct nave_addr *out_local, struct nave_addr *out_peer)
{
    union any_address sa;
    socklen_t len = sizeof(sa);

    memset(out_local, 0, sizeof(*out_local));
    memset(out_peer, 0, sizeof(*out_peer));
    if (getsockname(fd, &sa.sa, &len) == 0)
        address_from_kernel(&sa, out_local);
    len = sizeof(sa);
    if (getpeername(fd, &sa.sa, &len) == 0)
        address_from_kernel(&sa, out_peer);
}

/* SPDX-License-Identifier: MIT
 *
 * What the files of this plugin share: the instance and its part of each worker. The instance is
 * written by [control] before workers run and only read after, but for `open`. Everything in
 * struct tcp_worker belongs to one worker.
 */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include <sys/types.h>

#include <nave/host.h>
#include <nave/role.h>
#include <nave/stream.h>
#include <nave/worker.h>

#include "limits.h"

struct tcp_acceptor;
struct tcp_linger;
struct tcp_plugin;

/* The counters of the plugin. X(member, doc); the member is the name. */
#define TCP_COUNTERS(X)                                                           \
    X(connections_accepted, "connections handed to a protocol")                   \
    X(connections_closed, "connections closed, for whatever reason")              \
    X(connections_held_back, "times that accepting paused at max_connections")    \
    X(accept_no_files, "times that accepting paused because descriptors ran out") \
    X(accept_no_memory, "times that accepting paused because memory ran out")     \
    X(accept_errors, "connections that failed before they could be accepted")     \
    X(lingers_cut, "lingering closes ended by time, by size or by the end of the worker")

#define TCP_COUNTER_MEMBER_(name, doc) struct nave_counter name;
struct tcp_counters {
    TCP_COUNTERS(TCP_COUNTER_MEMBER_)
};

/* What the plugin has on one worker. It lives as long as the instance: a protocol may close a stream
 * after our own worker_stop. */
struct tcp_worker {
    struct nave_worker *w;  /* NULL while not started               */
    const uint64_t *runner; /* of w: see nave/here.h                */
    struct tcp_plugin *plugin;

    struct tcp_acceptor *paused;  /* chained by next_paused                    */
    struct tcp_linger *lingering; /* chained by next                           */
    struct nave_timer resume;     /* armed while `paused` is not empty         */

    nave_nsec log_after_ns; /* no line about accepting before                */
    uint32_t is_stopping;   /* worker_stop was called: no lingering any more */

    char apart[64]; /* no cache line is shared with the next worker */
};

struct tcp_plugin {
    struct nave_host *host;

    /* The tables for our handles, as publish() returned them. */
    const struct nave_transport_iface *transport_api;
    const struct nave_listener_iface *listener_api;
    const struct nave_stream_iface *stream_api;

    struct tcp_options options; /* in use                                    */
    struct tcp_options staged;  /* of the prepare that is under way          */
    uint32_t is_staged;

    uint32_t worker_count;
    struct tcp_worker *workers; /* [index]                                   */

    struct tcp_counters counters;

    /* Connections open, over all workers: added to at accept and close only. Relaxed: nothing is
     * published through it. */
    uint64_t open;
};

/* sockopt.c: everything that is particular to the kernel. */

/* What errno value `error` is to us; NAVE_EIO when it is none of those that have a name.
 * Thread: [any]. */
nave_err tcp_err_from_errno(int error);

/* Make a listening socket for `address`, bound and listening; the port that was bound is stored back
 * into `address`. With is_shared, several sockets share the port (SO_REUSEPORT). Thread: [control].
 * Owns: the caller closes *out_fd. Errors: see tcp_err_from_errno. */
nave_err tcp_socket_listen(struct nave_addr *address, const struct tcp_options *options,
                           uint32_t is_shared, int *out_fd);

/* Tell whether someone already listens at `address`, which SO_REUSEPORT would hide.
 * Thread: [control]. Errors: NAVE_EADDRINUSE; what bind says otherwise. */
nave_err tcp_socket_probe(const struct nave_addr *address, const struct tcp_options *options);

/* Duplicate listening socket `fd`, close-on-exec, with the options that accepted connections inherit;
 * its backlog and what bind looks at stay as they are. Thread: [control]. Owns: the caller closes
 * *out_fd. Errors: see tcp_err_from_errno. */
nave_err tcp_socket_inherit(int fd, const struct tcp_options *options, int *out_fd);

/* Accept one connection, non-blocking and close-on-exec; -1 and errno. Thread: [worker]. */
int tcp_socket_accept(int listen_fd);

/* Have close() send a reset and drop what is unsent. Thread: [worker]. */
void tcp_socket_reset_on_close(int fd);

/* The addresses of the two ends; family NAVE_ADDR_NONE when the kernel cannot say.
 * Thread: [any]. */
void tcp_socket_addresses(int fd, struct nave_addr *out_local, struct nave_addr *out_peer);

/* sendfile_linux.c, sendfile_none.c: send up to `len` bytes of regular file `file_fd` from `offset` on.
 * The bytes sent; 0: the file ends there; -1 and errno, ENOSYS where the system has no such call. Raises
 * no signal. Thread: [worker]. */
ssize_t tcp_socket_send_file(int fd, int64_t file_fd, uint64_t offset, uint64_t len);

/* accept.c: count a closed connection, and go on accepting where the limit had stopped it.
 * Thread: [worker]. */
void tcp_worker_closed_one(struct tcp_worker *tw);

#endif

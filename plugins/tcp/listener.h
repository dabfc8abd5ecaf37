/* SPDX-License-Identifier: MIT
 *
 * A listener: one listening socket for each worker, all on one port; or those that the program was
 * started with. listener.c makes and ends them, inherit.c takes passed ones, accept.c accepts.
 */
#ifndef TCP_LISTENER_H
#define TCP_LISTENER_H

#include "tcp.h"

/* What an acceptor waits for. */
#define TCP_ACCEPT_IDLE    0u /* not started                                                  */
#define TCP_ACCEPT_WAITING 1u /* drained: for a report of the reactor                         */
#define TCP_ACCEPT_MORE    2u /* a burst was not all: for its job                             */
#define TCP_ACCEPT_LIMIT   3u /* at max_connections: for a close, or the resume timer         */
#define TCP_ACCEPT_SHORT   4u /* out of descriptors or memory: for the resume timer           */
#define TCP_ACCEPT_STOPPED 5u /* stop was called; final                                       */

struct tcp_listener;

/* The part of a listener that belongs to one worker. */
struct tcp_acceptor {
    struct tcp_listener *listener;
    struct tcp_worker *worker;        /* set by start */
    struct nave_io *io;               /* NULL when not watched */
    struct tcp_acceptor *next_paused; /* in worker->paused while LIMIT or SHORT */
    struct nave_job job;              /* goes on with MORE                      */
    int32_t fd;                       /* -1: closed                             */
    uint16_t state;                   /* TCP_ACCEPT_*                           */
    uint16_t is_queued;               /* job is in the worker's queue           */
};

struct tcp_listener {
    struct nave_listener pub; /* first: the handle */
    struct tcp_plugin *plugin;
    struct nave_protocol *next; /* gets the streams */
    struct nave_addr address;
    uint32_t count; /* of acceptors: one for each worker, or more when more sockets were passed */
    uint32_t is_inherited;
    struct tcp_acceptor acceptors[];
};

/* The table of listeners, to be published. */
extern const struct nave_listener_iface tcp_listener_table;

/* Make a listener: nave_transport_iface.listen, without its handle. Thread: [control]. */
nave_err tcp_listener_create(struct tcp_plugin *plugin, const struct tcp_options *options,
                             const struct nave_listen_args *args,
                             struct nave_listener **out_listener);

/* inherit.c: count the sockets among args->inherited that are for a listener at `wanted`.
 * Thread: [control]. Errors: NAVE_EINVAL a socket of the listener's name is of a wrong kind, with the
 * reason in `message` (of `room` bytes). */
nave_err tcp_inherit_count(const struct nave_listen_args *args, const struct nave_addr *wanted,
                           uint32_t *out_count, char *message, size_t room);

/* Give every acceptor of `l` a duplicate of one of these `count` sockets, mark them TAKEN, and store
 * the address of the first. Thread: [control]. Owns: l has the duplicates, also on failure.
 * Errors: of tcp_socket_inherit; nothing is TAKEN then. */
nave_err tcp_inherit_open(struct tcp_listener *l, const struct tcp_options *options,
                          const struct nave_listen_args *args, struct nave_addr *address,
                          uint32_t count);

/* accept.c: begin to accept on `a`, whose worker is set. Thread: [worker]. Errors: of io_open. */
nave_err tcp_acceptor_start(struct tcp_acceptor *a);

/* Accept what the kernel already holds, then close the socket. Twice is fine. Thread: [worker]. */
void tcp_acceptor_stop(struct tcp_acceptor *a);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A TCP connection as nave.stream/1. 80 bytes: with ten thousand idle connections every word counts.
 */
#ifndef TCP_STREAM_H
#define TCP_STREAM_H

#include "tcp.h"

/* The bits of tcp_stream.flags. The first three are NAVE_IO_READ, _WRITE and _CLOSED, so that what
 * the reactor reports is or-ed in as it is; an owed bit stands four places above its ready bit. */
#define TCP_READ_READY  NAVE_IO_READ   /* a read may succeed: do not say EAGAIN without trying  */
#define TCP_WRITE_READY NAVE_IO_WRITE  /* a write may succeed                                   */
#define TCP_PEER_ENDED  NAVE_IO_CLOSED /* an end is behind the data: a short read is not all    */
#define TCP_READ_OWED   (1u << 4)      /* the read watch is to be called when READ_READY is set */
#define TCP_WRITE_OWED  (1u << 5)      /* the same for the write watch                          */
#define TCP_IS_LEVEL    (1u << 6)      /* the backend is level-triggered: re-arm                */
#define TCP_IS_FRESH    (1u << 7)      /* the first report, of both directions, is to come      */
#define TCP_IS_EOF      (1u << 8)      /* read said NAVE_EOF                                    */
#define TCP_IS_SHUT     (1u << 9)      /* our direction is ended                                */
#define TCP_IS_FAILED   (1u << 10)     /* `error` is the answer to everything                   */
#define TCP_IS_QUEUED   (1u << 11)     /* `job` is in the worker's queue                        */
#define TCP_IS_BUSY     (1u << 12)     /* inside the first of two watches                       */
#define TCP_IS_CLOSED   (1u << 13)     /* given up; the memory waits for `job` or the watch     */
#define TCP_OWED_SHIFT  4

struct tcp_stream {
    struct nave_stream pub; /* first: the handle */
    struct nave_io *io;
    struct tcp_worker *worker;

    nave_stream_fn *read_fn; /* never NULL */
    void *read_arg;
    nave_stream_fn *write_fn; /* never NULL */
    void *write_arg;

    struct nave_job job; /* delivers owed calls that no report of the reactor will */
    int32_t fd;
    uint16_t flags; /* TCP_READ_READY, ...                  */
    int16_t error;  /* a nave_err; when TCP_IS_FAILED       */
};

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct tcp_stream) == 80, "small on purpose");

/* The table of tcp streams, to be published. */
extern const struct nave_stream_iface tcp_stream_table;

/* Make a stream over connected, non-blocking socket `fd`. Thread: [worker].
 * Owns: takes fd on success; the stream is given back by its close. Errors: NAVE_ENOMEM;
 * NAVE_ELIMIT; NAVE_EINVAL the reactor cannot watch fd. */
nave_err tcp_stream_create(struct tcp_worker *tw, int fd, struct tcp_stream **out_stream);

/* Close at once, whatever is unread. Thread: [worker]. */
void tcp_stream_finish(struct tcp_stream *s);

/* linger.c: end our direction, then read and drop until the peer's end, the limit or the time-out,
 * and close. Thread: [worker]. Returns 0 when that cannot be had: close at once then. */
int tcp_linger_start(struct tcp_stream *s);

/* Close everything that lingers on `tw`. Thread: [worker]. */
void tcp_linger_stop_all(struct tcp_worker *tw);

#endif

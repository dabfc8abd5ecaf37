/* SPDX-License-Identifier: MIT
 *
 * The interfaces of the protocol "lines": text lines both ways, each ended by a line feed (a carriage
 * return in front of it is dropped). A handler is a role of kind "handler" whose interface is
 * com.example.lines.handler/1; it may come from any plugin that reads this header.
 *
 * Four rules
 *  1. A connection belongs to one worker. All calls of its handler come from there and never overlap;
 *     for one handler, workers call at the same time.
 *  2. opened comes first, closed last, each exactly once; `c` is invalid after closed.
 *  3. The text of a line is valid until line returns. It holds no line feed.
 *  4. send and close work inside and outside of the handler's calls; closed never runs inside them.
 */
#ifndef LINES_H
#define LINES_H

#include <nave/error.h>
#include <nave/iface.h>

#define LINES_HANDLER_ID "com.example.lines.handler/1"
#define LINES_CONN_ID    "com.example.lines.conn/1"

struct lines_conn;
struct lines_handler;

/* "com.example.lines.conn/1": a connection, as its handler sees it. */
struct lines_conn_iface {
    struct nave_iface hdr;
    /* Send `len` bytes of text and a line feed; they are copied. Thread: [worker].
     * Errors: NAVE_EINVAL a line feed inside; NAVE_ECLOSED after close; NAVE_ENOMEM; NAVE_ELIMIT more
     * than max_output waits for a peer that does not read. Nothing is sent then. */
    nave_err (*send)(struct lines_conn *c, const char *text, size_t len);
    /* Send what was given to send, then end the connection; no more lines come. Thread: [worker]. */
    void (*close)(struct lines_conn *c);
};

/* A connection. The head is read inline. */
struct lines_conn {
    const struct lines_conn_iface *api;
    void *user; /* the handler's; NULL at first */
};

/* "com.example.lines.handler/1": what answers. Role kind "handler". */
struct lines_handler_iface {
    struct nave_iface hdr;
    /* A peer is there. Thread: [worker]. */
    void (*opened)(struct lines_handler *h, struct lines_conn *c);
    /* It sent a line. Thread: [worker]. */
    void (*line)(struct lines_handler *h, struct lines_conn *c, const char *text, size_t len);
    /* It is gone, or was sent away. Thread: [worker]. */
    void (*closed)(struct lines_handler *h, struct lines_conn *c);
};

struct lines_handler {
    const struct lines_handler_iface *api;
};

#endif

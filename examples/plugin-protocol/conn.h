/* SPDX-License-Identifier: MIT
 *
 * What the two files of the plugin "lines" share: its options, its part of each worker, connections.
 */
#ifndef CONN_H
#define CONN_H

#include "lines.h"

#include <nave/plugin.h>
#include <nave/stream.h>

#define LINES_OPTIONS(OPTION)                                                                 \
    OPTION(size, max_line, "8KiB", "16", "1MiB", 0, "longest line, without its end")          \
    OPTION(size, max_output, "64KiB", "1KiB", "64MiB", 0, "most that waits for a slow peer")  \
    OPTION(count, max_connections, "1000", "1", "1000000", 0, "most at once, on each worker") \
    OPTION(duration, line_timeout, "10s", "10ms", "1h", 0,                                    \
           "from the first byte of a line to its end")                                        \
    OPTION(duration, idle_timeout, "1m", "10ms", "1d", 0, "without a line")                   \
    OPTION(duration, write_timeout, "10s", "10ms", "1h", 0, "for a peer that does not read")

NAVE_OPTION_STRUCT(lines_options, LINES_OPTIONS);

/* Name, documentation: a counter each. */
#define LINES_COUNTERS(X)                                     \
    X(connections, "connections that were taken")             \
    X(lines, "lines that were handed on")                     \
    X(refused, "connections over max_connections")            \
    X(too_long, "connections ended for a line over max_line") \
    X(timeouts, "connections ended by a timeout")             \
    X(overflows, "lines not sent, for max_output")

#define LINES_COUNTER_(name, doc) struct nave_counter name;
struct lines_counters {
    LINES_COUNTERS(LINES_COUNTER_)
};

struct conn;

/* What the plugin has on one worker. */
struct lines_worker {
    struct lines_plugin *plugin;
    struct nave_worker *w;
    struct conn *conns;
    uint64_t count;
    uint32_t is_draining;
};

struct lines_plugin {
    struct nave_host *host;
    struct lines_options options;
    struct lines_counters counters;
    const struct nave_protocol_iface *protocol_api;
    const struct lines_conn_iface *conn_api;
    struct lines_worker *workers; /* one for each worker */
    uint32_t worker_count;
};

/* What a listener has on one worker. */
struct lines_part {
    uint64_t count;          /* connections */
    uint32_t is_retired;     /* they end as soon as they can */
    struct nave_op *retired; /* completes when none is left; NULL: nobody waits */
};

/* One use of the role: a listener. */
struct lines_protocol {
    struct nave_protocol pub; /* first: the handle */
    struct lines_plugin *plugin;
    struct lines_handler *handler;
    struct lines_part parts[]; /* one for each worker */
};

extern const struct lines_conn_iface conn_table;

/* nave_protocol_iface.accept. Thread: [worker]. */
void conn_accept(struct nave_protocol *p, struct nave_stream *s_take,
                 const struct nave_accept_info *info);

/* nave_protocol_iface.retire: the listener goes, at a reload. Thread: [worker]. */
nave_err conn_retire(struct nave_protocol *p, struct nave_op *op);

/* End what is idle; the rest ends after its present line. Thread: [worker]. */
void conn_drain_all(struct lines_worker *lw);

/* End everything now. Thread: [worker]. */
void conn_stop_all(struct lines_worker *lw);

#endif

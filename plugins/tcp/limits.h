/* SPDX-License-Identifier: MIT
 *
 * What tcp allows when the configuration is silent, and the bounds that are no option. Every row of
 * the list is a JSON key of plugins.tcp, a member of struct tcp_options and a line of the manifest.
 */
#ifndef TCP_LIMITS_H
#define TCP_LIMITS_H

#include <nave/option.h>

/* Keep-alive: 60 s + 3 * 10 s: a peer that vanished is found after a minute and a half. Linux takes
 * at most 32767 s and 127 probes. */
#define TCP_OPTIONS(OPTION)                                                                      \
    OPTION(count, backlog, "1024", "1", "65535", 0,                                              \
           "connections that the kernel keeps waiting, per worker (it may cap this)")            \
    OPTION(count, max_connections, "100000", "1", "16777216", 0,                                 \
           "connections open at once, over all listeners and workers; more wait in the backlog") \
    OPTION(count, accept_burst, "16", "1", "1024", 0,                                            \
           "connections accepted before other work of the worker gets its turn")                 \
    OPTION(duration, accept_pause, "100ms", "1ms", "10s", 0,                                     \
           "how long accepting rests when descriptors or memory have run out")                   \
    OPTION(duration, defer_accept, "0s", "0s", "1h", 0,                                          \
           "wait this long for the first bytes before accepting (TCP_DEFER_ACCEPT); 0s: off")    \
    OPTION(flag, v6only, "false", "", "", 0,                                                     \
           "an IPv6 listener refuses IPv4; else [::] and * serve both")                          \
    OPTION(flag, nodelay, "true", "", "", 0, "send small writes at once (TCP_NODELAY)")          \
    OPTION(flag, keepalive, "true", "", "", 0, "probe silent peers (SO_KEEPALIVE)")              \
    OPTION(duration, keepalive_idle, "60s", "1s", "9h", 0, "silence before the first probe")     \
    OPTION(duration, keepalive_interval, "10s", "1s", "9h", 0, "time between probes")            \
    OPTION(count, keepalive_probes, "3", "1", "127", 0,                                          \
           "probes without an answer before the connection is given up")                         \
    OPTION(size, receive_buffer, "0", "0", "1GiB", 0,                                            \
           "bytes of the kernel's receive buffer (SO_RCVBUF); 0: the kernel tunes it")           \
    OPTION(size, send_buffer, "0", "0", "1GiB", 0,                                               \
           "bytes of the kernel's send buffer (SO_SNDBUF); 0: the kernel tunes it")              \
    OPTION(duration, linger_timeout, "2s", "0s", "60s", 0,                                       \
           "longest wait for the peer's end in a lingering close; 0s: never linger")             \
    OPTION(size, linger_bytes, "256KiB", "0", "1GiB", 0,                                         \
           "most bytes read and dropped in a lingering close")

NAVE_OPTION_STRUCT(tcp_options, TCP_OPTIONS);

/* The longest backlog that a kernel keeps, for sockets whose backlog somebody else chose. */
#define TCP_BACKLOG_MAX 65535u

/* Spans and pieces of one call: the contract of nave/stream.h. */
#define TCP_VECTOR_MAX 16u

/* Room into which a lingering close reads, on the stack. 256 KiB are then 16 calls. */
#define TCP_DROP_BYTES 16384u

/* A worker logs at most one line in this time about accepting. */
#define TCP_LOG_EVERY_NS NAVE_SEC

/* The longest address text that is looked at: a host name of 253 (RFC 1035 2.3.4), brackets, a
 * colon, five digits and some spare room. */
#define TCP_ADDRESS_TEXT_MAX 300u

#endif

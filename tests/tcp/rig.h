/* SPDX-License-Identifier: MIT
 *
 * A rig for tests of tcp: the real plugin over loopback sockets, on the fake host with its virtual
 * clock, and a reactor of its own, edge-triggered (epoll) or level-triggered (poll, one-shot, as the
 * contract of nave_worker_iface.io_open says). One process, one thread.
 *
 * The system calls of the hot path are counted and can be made to fail: see spy.
 */
#ifndef TCP_RIG_H
#define TCP_RIG_H

#include <nave/plugin.h>

#include "fake_host.h"
#include "plugins/tcp/listener.h"
#include "plugins/tcp/stream.h"

#define RIG_STREAMS 64
#define RIG_IOS     96

#define RIG_EPOLL  0
#define RIG_POLL   1
#define RIG_EPOLL1 2 /* epoll, level-triggered and one-shot: as select would behave */

struct rig_io {
    struct nave_io pub; /* first */
    struct rig *rig;
    int fd;
    uint32_t armed;
    uint32_t is_open;
    nave_io_fn *fn;
    void *arg;
};

struct rig {
    struct fake_host host;
    struct fake_worker worker;
    struct nave_worker_iface worker_api;
    struct nave_protocol protocol;
    const struct nave_plugin *plugin;
    struct tcp_plugin *self;
    struct tcp_options options;
    struct nave_handle *transport;
    struct nave_listener *listener;
    struct nave_inherited **inherited; /* of the test, for listen */
    uint32_t inherited_count;
    int backend;
    int epoll_fd;
    struct rig_io *ios[RIG_IOS];
    uint32_t io_count;
    uint32_t rearms;
    uint32_t polls_ready; /* reports delivered */

    struct nave_stream *streams[RIG_STREAMS]; /* accepted and not closed by the rig */
    uint32_t accepted;
    uint32_t is_closing_on_accept;
};

/* What the spy saw and what it is to do. */
struct spy {
    unsigned recvs, sends, accepts;
    int accept_error; /* errno that accept4 gives, so many times */
    unsigned accept_failures;
};
extern struct spy spy;

/* Set up with the defaults of the options; change r->options after and before rig_start. */
void rig_init(struct rig *r, int backend);
/* Create and start the plugin, listen on `address` and accept. The result of what failed. */
nave_err rig_start(struct rig *r, const char *address);
/* Take all down; checks that nothing is left. */
void rig_end(struct rig *r);

/* Deliver what is ready and run the jobs; waits at most `wait_ms`. Returns how much was done. */
uint32_t rig_turn(struct rig *r, int wait_ms);
/* Turn until *value >= least; gives up after two seconds of nothing. 1 when it was reached. */
int rig_until(struct rig *r, const uint32_t *value, uint32_t least);
/* Turn until nothing is ready any more. */
void rig_settle(struct rig *r);

/* A blocking client of the listener, with a receive time-out of two seconds. */
int rig_connect(struct rig *r);
/* Connect a client and accept it; the stream is r->streams[r->accepted - 1]. */
struct nave_stream *rig_pair(struct rig *r, int *out_client);
/* Close a stream and forget it. */
void rig_close(struct rig *r, struct nave_stream *s, uint32_t flags);
/* Wait until the kernel has bytes (or the end) for `fd`. 1 when it has. */
int rig_wait_fd(int fd);

#endif

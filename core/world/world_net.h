/* SPDX-License-Identifier: MIT
 *
 * The network of a world: listeners, connections, and the two ends of each, which are nave.stream/1.
 * What travels are segments with a time of arrival; what the kernel would do (handshake, backlog, window,
 * reset after a close with unread bytes) is done here, by the same rules as in plugins/tcp.
 *
 *     world_net.c       connections: made, broken, freed
 *     world_stream.c    an end as nave.stream/1
 *     world_listener.c  listeners, accepting, connecting
 */
#ifndef NV_WORLD_NET_H
#define NV_WORLD_NET_H

#include <nave/role.h>
#include <nave/stream.h>

#include "world.h"

/* The bits of nv_world_end.flags. */
#define NV_END_READ       NAVE_STREAM_READ  /* a read may succeed                                */
#define NV_END_WRITE      NAVE_STREAM_WRITE /* a write may succeed                               */
#define NV_END_OWE_READ   (1u << 2)         /* the read watch is to be called when READ is set   */
#define NV_END_OWE_WRITE  (1u << 3)         /* the same for the write watch                      */
#define NV_END_IS_EOF     (1u << 4)         /* the peer's end has arrived                        */
#define NV_END_IS_SHUT    (1u << 5)         /* our direction is ended                            */
#define NV_END_IS_FAILED  (1u << 6)         /* `error` is the answer to everything               */
#define NV_END_IS_BUSY    (1u << 7)         /* inside its tell                                   */
#define NV_END_IS_CLOSED  (1u << 8)         /* given up by its owner                             */
#define NV_END_LINGERS    (1u << 9)         /* closed, and what comes is dropped without a reset */
#define NV_END_IS_OWNED   (1u << 10)        /* handed to an owner                                */
#define NV_END_OWED_SHIFT 2

struct nv_world_acceptor;
struct nv_world_listener;

/* Bytes on their way; 0 of them: the end of the direction. */
struct nv_world_segment {
    struct nv_world_segment *next;
    nave_nsec at_ns;
    size_t len;
    size_t taken;
    uint8_t bytes[];
};

struct nv_world_end {
    struct nave_stream pub; /* first: the handle */
    struct nv_world_node node;
    struct nv_world_conn *conn;
    struct nv_world_end *peer;

    nave_stream_fn *read_fn; /* may be NULL */
    void *read_arg;
    nave_stream_fn *write_fn;
    void *write_arg;

    /* on their way to this end, by arrival; in_flight counts their bytes */
    struct nv_world_segment *first;
    struct nv_world_segment *last;
    size_t in_flight;
    nave_nsec last_ns;   /* the last one arrives: NAVE_NEVER when it is lost for good */
    nave_nsec fail_ns;   /* when it is told of `fails`; NAVE_NEVER: not               */
    nave_nsec room_ns;   /* when it may write again                                   */
    nave_nsec call_ns;   /* when an owed watch is called                              */
    nave_nsec linger_ns; /* LINGERS: until then                                       */
    nave_err fails;
    nave_err error;
    uint32_t flags;
};

struct nv_world_conn {
    struct nv_world_conn *next; /* in world->conns */
    struct nv_world_conn **link;
    struct nv_world *world;
    uint64_t id;
    struct nv_world_end client;
    struct nv_world_end server;
    struct nave_addr client_addr;
    struct nave_addr server_addr;
    /* until it is accepted */
    struct nv_world_conn *next_pending;
    nave_nsec syn_ns;
    nave_nsec cut_ns;    /* a partition is between its ends until then */
    uint64_t listener;   /* whose it is: nv_world_listener.id          */
    uint32_t is_stalled; /* nothing arrives any more                   */
};

/* The part of a listener that belongs to one worker. */
struct nv_world_acceptor {
    struct nv_world_node node;
    struct nv_world_listener *listener;
    struct nv_world_conn *pending; /* by arrival */
    nave_nsec rests_ns;            /* out of descriptors until then */
    uint32_t is_started;
};

struct nv_world_listener {
    struct nave_listener pub; /* first: the handle */
    struct nv_world *world;
    struct nv_world_listener *next; /* in world->listeners */
    struct nave_protocol *protocol;
    struct nave_addr address;
    uint64_t id;      /* not given twice                     */
    nave_nsec cut_ns; /* a partition is around it until then */
    char *text;       /* as configured, behind "tcp://"      */
    struct nv_world_acceptor acceptors[];
};

/* Free every connection. State: no listener, no worker runs. */
void nv_world_net_fini(struct nv_world *world);

/* How long the next thing travels. */
nave_nsec nv_world_latency(struct nv_world *world);

/* When what is sent now gets from one end of `c` to the other, as far as no partition is between. */
nave_nsec nv_world_travel(struct nv_world_conn *c);

/* A connection whose client end is worker `index`'s and belongs to its owner. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_world_conn_new(struct nv_world *world, uint32_t index,
                                          struct nv_world_conn **out_conn);

/* Put `len` bytes of `pieces` on their way to `e`; 0: the end. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_world_send(struct nv_world_end *e, const struct nave_bytes *pieces,
                                      size_t len);

/* Break `e` with `err` at `at_ns`, unless it is broken earlier. */
void nv_world_break(struct nv_world_end *e, nave_err err, nave_nsec at_ns);

/* Have `e` told when it next has something to be told. */
void nv_world_end_schedule(struct nv_world_end *e);

/* Drop what is on its way to `e`. */
void nv_world_end_drop(struct nv_world_end *e);

/* Free the connection when nobody has an end of it. */
void nv_world_conn_release(struct nv_world_conn *c);

/* world_stream.c: `e` gets its table and its tell. */
void nv_world_end_init(struct nv_world_end *e);
/* Take in what has arrived. */
void nv_world_end_take(struct nv_world_end *e);

/* world_listener.c. Errors: of nave_sim_iface.connect. */
nave_err nv_world_connect(struct nv_world *world, uint32_t index, struct nave_str address,
                          struct nave_stream **out_stream);

/* See nave_sim_iface.partition. */
NAVE_NODISCARD nave_err nv_world_partition(struct nv_world *world, struct nave_str address,
                                           nave_nsec for_ns);

/* A partition around the listener of `c`, from now for a time that is drawn, may begin. */
void nv_world_may_part(struct nv_world_conn *c);

/* As nave_transport_iface.listen, for any transport of the configuration. Errors: NAVE_EADDRINUSE;
 * NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_world_listen(struct nv_world *world, const struct nave_listen_args *args,
                                        struct nave_listener **out_listener);

extern const struct nave_stream_iface nv_world_stream_table;

#endif

/* SPDX-License-Identifier: MIT
 *
 * The roles that listeners wire together by name, resolved once, when the configuration is read:
 *
 *     transport (tcp) -> layers (tls) -> protocol (http1) -> handler (router)
 *
 * What a protocol hands on to has an interface of the protocol's own choice: nave.http.handler/1 for
 * http1, com.acme.lines.handler/1 for a third party's. It says which with NAVE_PLUGIN_NEXT (define.h),
 * so that a listener that wires a handler of another interface to it is refused before any code runs;
 * a protocol that says nothing hands on to nobody, and its listeners name no handler. Layers hand on to
 * nave.protocol/1.
 *
 * A role is a factory: the host calls make() once for each use, with the part of the configuration
 * that belongs to the use, and gets a handle. Everything a role needs on the hot path is in the
 * handles by then. DRAFT.
 */
#ifndef NAVE_ROLE_H
#define NAVE_ROLE_H

#include <nave/base.h>
#include <nave/conf.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>
#include <nave/stream.h>

NAVE_BEGIN_DECLS

struct nave_listener;
struct nave_protocol;
struct nave_transport;

#define NAVE_TRANSPORT_ID "nave.transport/1"
#define NAVE_LISTENER_ID  "nave.listener/1"
#define NAVE_PROTOCOL_ID  "nave.protocol/1"
/* The handler of HTTP exchanges is in http.h. */

/* What make() is told. Sized. Borrowed until make returns, but for `options`, `next` and `name`. */
struct nave_role_args {
    uint32_t size;
    uint32_t reserved;
    const void *options;      /* the role's option struct, filled; NULL when it has none. Lives
                                 * until unmake of the handle returned                         */
    struct nave_conf *conf;   /* the use's part of the configuration; NULL when none         */
    struct nave_handle *next; /* what this role hands on to: a protocol's handler, of the
                                 * interface that its NAVE_PLUGIN_NEXT says; or NULL.
                                 * Outlives the made handle, or until set_next               */
    struct nave_str name;     /* of the listener, for messages; as next. Empty when a plugin
                                 * makes the role (nave_host_iface.role_make)                  */
};

/* What a new stream comes with. Frozen. */
struct nave_accept_info {
    uint32_t worker; /* index of the worker that owns the stream */
    uint32_t flags;
    uint64_t reserved[3];
};

/* "nave.protocol/1": takes streams, speaks its protocol on them, calls its handler. */
struct nave_protocol_iface {
    struct nave_iface hdr;
    /* A new stream for this protocol. Thread: [workers].
     * Owns: takes s_take, also on failure: it then closes it. */
    void (*accept)(struct nave_protocol *p, struct nave_stream *s_take,
                   const struct nave_accept_info *info);
    /* Hand on to `next` from now on, on the worker of `op`, also what comes on the streams that are
     * there: how a reload changes the handler. What has begun stays with the one before; once nothing
     * of this worker uses that one any more, the op completes.
     * Thread: [workers]. Null: [next, op].
     * Owns: borrows next until the next call of set_next completes, or unmake.
     * Errors: NAVE_OK nothing uses the one before; NAVE_EAGAIN later, see nave/op.h; NAVE_ENOSYS what
     * it hands on to is fixed; NAVE_EINVAL next is NULL (op may be NULL then: a question). */
    nave_err (*set_next)(struct nave_protocol *p, struct nave_handle *next, struct nave_op *op);
    /* No new stream will come on the worker of `op`: let those that are there end as soon as their
     * peers can be told, and complete when none is left. Thread: [workers].
     * Errors: NAVE_OK none is left; NAVE_EAGAIN later; NAVE_ENOSYS the host keeps `p` until it ends. */
    nave_err (*retire)(struct nave_protocol *p, struct nave_op *op);
};

/* For a protocol that cannot change what it hands on to. Thread: [workers]. */
NAVE_UNUSED static inline nave_err
nave_default_set_next(struct nave_protocol *p, struct nave_handle *next, struct nave_op *op)
{
    (void)p;
    (void)next;
    (void)op;
    return NAVE_ENOSYS;
}
/* For a protocol that does not know its streams. Thread: [workers]. */
NAVE_UNUSED static inline nave_err nave_default_retire(struct nave_protocol *p, struct nave_op *op)
{
    (void)p;
    (void)op;
    return NAVE_ENOSYS;
}

struct nave_protocol {
    const struct nave_protocol_iface *api;
};

#define NAVE_INHERITED_OTHER     0u /* a file, a pipe, a socket of another kind        */
#define NAVE_INHERITED_LISTENING 1u /* a stream socket that listens                    */
#define NAVE_INHERITED_STREAM    2u /* a stream socket that does not                   */
#define NAVE_INHERITED_DATAGRAM  3u

#define NAVE_INHERITED_NAMED (1u << 0) /* its name is the listener's: take it, or fail       */
#define NAVE_INHERITED_TAKEN (1u << 1) /* set by listen on what it accepts on                */

/* A descriptor that the program was started with (sd_listen_fds(3), NAVE_RUNTIME_INHERIT). It is
 * non-blocking, closed on exec, and stays the host's: who takes it works on a duplicate. Sized. */
struct nave_inherited {
    uint32_t size;
    uint32_t flags; /* NAVE_INHERITED_NAMED, NAVE_INHERITED_TAKEN                            */
    uint32_t kind;  /* NAVE_INHERITED_OTHER, ...                                             */
    int32_t fd;
    struct nave_addr address; /* it is bound to; NAVE_ADDR_NONE: of another family, or unknown */
    struct nave_str path;     /* of a Unix socket, '@' first when it is abstract; else empty   */
    struct nave_str name;     /* FileDescriptorName=, or "unknown"                             */
};

/* How to listen. Sized; borrowed until listen returns, but for next. */
struct nave_listen_args {
    uint32_t size;
    uint32_t flags;
    struct nave_str address;    /* what stands behind "tcp://": "127.0.0.1:8080", "[::1]:0"   */
    struct nave_str name;       /* of the listener, for messages and counters                 */
    struct nave_protocol *next; /* gets the streams; outlives the listener                    */
    struct nave_conf *conf;     /* the listener's object, for errors; NULL when there is none */
    /* Sockets to accept on instead of binding: each that is NAMED, and each that is bound to
     * `address`. The others are left alone. NULL when there is none.                         */
    struct nave_inherited *const *inherited;
    uint32_t inherited_count;
    uint32_t reserved;
};

/* "nave.transport/1" */
struct nave_transport_iface {
    struct nave_iface hdr;
    /* Make a listener: the address is parsed, the sockets are bound and listen, none is accepted.
     * Where args->inherited has sockets for it, nothing is bound, and they are marked TAKEN.
     * Thread: [control]. Owns: give it back with nave_listener_iface.destroy.
     * Errors: NAVE_ESYNTAX; NAVE_EADDRINUSE; NAVE_EADDRNOTAVAIL; NAVE_EDENIED; NAVE_ENOFILES;
     * NAVE_EINVAL a NAMED socket is not of the kind that is needed; NAVE_ENOMEM. Each is reported
     * at args->conf, and nothing is TAKEN then. */
    nave_err (*listen)(struct nave_transport *t, const struct nave_listen_args *args,
                       struct nave_listener **out_listener);
};

struct nave_transport {
    const struct nave_transport_iface *api;
};

/* "nave.listener/1" */
struct nave_listener_iface {
    struct nave_iface hdr;
    /* Begin to accept on worker number `worker`, this one. Thread: [workers].
     * Errors: NAVE_ENOMEM; NAVE_ELIMIT; NAVE_EAFFINITY. */
    nave_err (*start)(struct nave_listener *l, uint32_t worker);
    /* Accept once more what the kernel already holds for worker number `worker`, then stop. Nothing
     * happens when it was not started there, or was stopped. Thread: [workers]. */
    void (*stop)(struct nave_listener *l, uint32_t worker);
    /* The address in use, with the port that the system chose. Thread: [control]. */
    nave_err (*address)(struct nave_listener *l, struct nave_addr *out);
    /* Close what is left. Thread: [control]. Ends: [always]. State: stopped on every worker, or never started. */
    void (*destroy)(struct nave_listener *l);
};

struct nave_listener {
    const struct nave_listener_iface *api;
};

NAVE_END_DECLS
#endif

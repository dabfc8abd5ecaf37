/* SPDX-License-Identifier: MIT
 *
 * The reactor behind a thin table: libevent is one, the simulated one of the tests another. A poller
 * belongs to one worker; only wake() and now() may be called from elsewhere.
 */
#ifndef NV_POLLER_H
#define NV_POLLER_H

#include <nave/worker.h>

struct nv_poller; /* the implementer's */

/* A watched descriptor. The poller's storage begins with it. */
struct nv_poller_io {
    struct nave_io pub; /* first: what plugins see */
    nave_io_fn *fn;
    void *arg;
    struct nv_worker_handle *owner; /* whose it is, for accounting */
};

struct nv_poller_ops {
    const char *name;
    /* Errors: NAVE_ENOMEM; NAVE_ENOTFOUND no such backend; NAVE_ENOFILES. */
    nave_err (*create)(void *arg, const char *backend, struct nv_poller **out_poller);
    void (*destroy)(struct nv_poller *p);
    /* How large the storage of an io must be with this poller; allocated by the caller, zeroed. */
    size_t (*io_size)(const struct nv_poller *p);
    /* Watch `fd`. Errors: NAVE_EINVAL the backend cannot; NAVE_ENOMEM; NAVE_ELIMIT the system's. */
    nave_err (*io_open)(struct nv_poller *p, struct nv_poller_io *io, int64_t fd);
    void (*io_rearm)(struct nv_poller *p, struct nv_poller_io *io, uint32_t directions);
    void (*io_close)(struct nv_poller *p, struct nv_poller_io *io);
    /* Wait until `until_ns` at the latest (a point on the monotonic clock; 0: do not wait;
     * NAVE_NEVER: no limit), call what is ready. `woke` is called once, after the wait and before
     * the first of them: it reads the clock. Returns how many were called. A point, not a length:
     * the same deadline asked for again must not cost a system call. */
    uint32_t (*poll)(struct nv_poller *p, nave_nsec until_ns, void (*woke)(void *arg), void *arg);
    /* Make a waiting poll return. Thread: [any]; safe in a signal handler. */
    void (*wake)(struct nv_poller *p);
    /* The clocks: monotonic (Thread: [any]), and wall (since 1970), in nanoseconds. */
    nave_nsec (*now)(struct nv_poller *p);
    nave_nsec (*wall)(struct nv_poller *p);
    const char *(*backend)(const struct nv_poller *p);
};

extern const struct nv_poller_ops nv_poller_libevent;
/* The names that it may be asked for; NULL-terminated, static. */
const char *const *nv_poller_libevent_backends(void);
extern const struct nv_poller_ops nv_poller_sim; /* tests: core/worker/sim.h scripts it */

#endif

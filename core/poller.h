/* SPDX-License-Identifier: MIT
 *
 * The reactor behind a thin table: libevent is one, the simulated one of the tests another. A poller
 * belongs to one worker; only wake() may be called from elsewhere.
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
    /* Watch `fd`; size of the storage is io_size, allocated by the caller, zeroed. */
    size_t io_size;
    nave_err (*io_open)(struct nv_poller *p, struct nv_poller_io *io, int64_t fd);
    void (*io_rearm)(struct nv_poller *p, struct nv_poller_io *io, uint32_t directions);
    void (*io_close)(struct nv_poller *p, struct nv_poller_io *io);
    /* Wait at most `wait_ns` (0: not at all; NAVE_NEVER: no limit), call what is ready. Returns how
     * many were called. */
    uint32_t (*poll)(struct nv_poller *p, nave_nsec wait_ns);
    /* Make a waiting poll return. Thread: [any]; safe in a signal handler. */
    void (*wake)(struct nv_poller *p);
    /* The clocks: monotonic, and wall (since 1970), in nanoseconds. */
    nave_nsec (*now)(struct nv_poller *p);
    nave_nsec (*wall)(struct nv_poller *p);
    const char *(*backend)(const struct nv_poller *p);
};

extern const struct nv_poller_ops nv_poller_libevent;
extern const struct nv_poller_ops nv_poller_sim; /* tests: core/sim.h scripts it */

#endif

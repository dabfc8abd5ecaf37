/* SPDX-License-Identifier: MIT
 *
 * What a reload has replaced, on its way out: handles that connections may still use. Each worker
 * lets go of it on its own, by operations of the protocols (nave_protocol_iface.set_next and retire);
 * when the last one has, the control role gives the handles back. Nobody polls.
 */
#ifndef NV_LEAVING_H
#define NV_LEAVING_H

#include <nave/op.h>

#include "door.h"

struct nv_leaving;

/* The part of one worker. */
struct nv_leaving_part {
    struct nave_op op;
    struct nv_leaving *leaving;
    uint32_t stage; /* how many protocols of the chain have let go */
};

struct nv_leaving {
    struct nave_job job; /* to worker 0, once nobody uses it */
    struct nave_runtime *rt;
    struct nv_leaving *next; /* in nave_runtime.leaving */
    struct nv_chain chain;   /* what is to be given back */
    uint32_t pending;        /* atomic: workers that may still use it */
    struct nv_leaving_part parts[];
};

/* Room for what will leave; it waits in nave_runtime.leaving. Thread: [control].
 * Errors: NAVE_ENOMEM, not reported. */
NAVE_NODISCARD nave_err nv_leaving_new(struct nave_runtime *rt, struct nv_leaving **out_leaving);

/* The handler in l->chain was replaced: have `protocol` hand on to `next` on this worker.
 * Thread: [worker]. */
void nv_leaving_handler(struct nv_leaving *l, uint32_t worker, struct nave_protocol *protocol,
                        struct nave_handle *next);

/* The whole of l->chain was replaced: no new stream of this worker meets it. Thread: [worker]. */
void nv_leaving_chain(struct nv_leaving *l, uint32_t worker);

/* Give back all that is leaving, used or not. Thread: [control]. State: no worker runs, or nothing
 * was begun with. */
void nv_leaving_end(struct nave_runtime *rt, struct nv_leaving *l);
void nv_leaving_end_all(struct nave_runtime *rt);

#endif

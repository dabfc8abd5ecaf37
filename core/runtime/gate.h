/* SPDX-License-Identifier: MIT
 *
 * The gate of a listener: a protocol handle that outlives what stands behind it. The transport hands
 * every stream to it, and it hands on to the protocol that the stream's worker has at present; so a
 * reload changes what new streams meet without touching the listening socket. One call a connection,
 * none a request.
 */
#ifndef NV_GATE_H
#define NV_GATE_H

#include <nave/host.h>
#include <nave/role.h>

struct nv_gate {
    struct nave_protocol pub;     /* first: the handle                                        */
    struct nave_protocol **next;  /* one a worker; once workers run, each is its worker's own */
    struct nave_counter accepted; /* streams; without cells: they are not counted            */
};

/* Make `g` lead to `next` on each of `workers` workers, and count into `accepted`, which may be empty.
 * Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_gate_init(struct nv_gate *g, uint32_t workers,
                                     struct nave_protocol *next,
                                     const struct nave_counter *accepted);

/* Streams of worker `worker` meet `next` from now on. Thread: [worker]. */
void nv_gate_set(struct nv_gate *g, uint32_t worker, struct nave_protocol *next);

/* Give its memory back. A gate of zeroes is fine. State: no stream comes any more. */
void nv_gate_fini(struct nv_gate *g);

#endif

/* SPDX-License-Identifier: MIT
 *
 * A door is a listener that runs: the listening sockets, the gate behind them, and the chain that
 * streams meet there. A chain is a stack of role handles: layers, protocol, handler, each told of the
 * one behind it. The words of a listener (struct nv_listener) belong to one reading of the file; a
 * door stays over many.
 */
#ifndef NV_DOOR_H
#define NV_DOOR_H

#include "gate.h"
#include "plugin/wiring.h"

/* Handles of one listener, made from the far end to the wire. */
struct nv_chain {
    struct nave_handle *handler;
    struct nave_handle *protocol;
    struct nave_handle *layers[NV_LAYERS_MAX]; /* the one next to the wire last */
    uint32_t layer_count;
};

struct nv_door {
    struct nv_gate gate;
    struct nv_chain chain;
    struct nave_handle *transport;
    struct nave_listener *listener;
    char *name;         /* for messages */
    uint32_t inherited; /* sockets it has of those that were passed */
};

/* The doors that a worker serves, and the order of plugins that goes with them. Never changes. */
struct nv_serving {
    uint32_t *order; /* indexes of plugins, providers first */
    uint32_t count;
    struct nv_door *doors[];
};

/* What streams meet first: the layer next to the wire, or the protocol. */
struct nave_protocol *nv_chain_first(const struct nv_chain *c);

/* Make the handler of `l`. Thread: [control]. Errors: any, reported. */
NAVE_NODISCARD nave_err nv_chain_make_handler(struct nave_runtime *rt, const struct nv_listener *l,
                                              struct nave_handle **out_handler);

/* Make the whole chain of `l`. Errors: any, reported; nothing was made then. */
NAVE_NODISCARD nave_err nv_chain_make(struct nave_runtime *rt, const struct nv_listener *l,
                                      struct nv_chain *out_chain);

/* Give the handles of `c` back, from the wire to the far end. An empty chain is fine. */
void nv_chain_unmake(struct nave_runtime *rt, struct nv_chain *c);

/* Make the chain of `l` and listen. Errors: any, reported; nothing was made then. */
NAVE_NODISCARD nave_err nv_door_open(struct nave_runtime *rt, const struct nv_listener *l,
                                     struct nv_door **out_door);

/* Close the sockets, give everything back, free. NULL is fine. State: stopped on every worker. */
void nv_door_close(struct nave_runtime *rt, struct nv_door *d);

/* Open a door for every listener of the configuration: rt->serving. Errors: any, reported; what was
 * opened stays for nv_doors_close. */
NAVE_NODISCARD nave_err nv_doors_open(struct nave_runtime *rt);

/* As nv_doors_open, and listen nowhere: what a check does. */
NAVE_NODISCARD nave_err nv_doors_rehearse(struct nave_runtime *rt);

/* Log where each listener listens. State: listening. */
void nv_doors_announce(struct nave_runtime *rt);

/* Close every door of rt->serving, the last one first. State: no worker runs. */
void nv_doors_close(struct nave_runtime *rt);

/* Room for `count` doors and the present order of the plugins. Errors: NAVE_ENOMEM, not reported. */
NAVE_NODISCARD nave_err nv_serving_new(const struct nave_runtime *rt, uint32_t count,
                                       struct nv_serving **out_serving);

/* Free it, without its doors. NULL is fine. */
void nv_serving_free(struct nv_serving *s);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Roles by name: the listeners of the configuration, and the handles that plugins make of each
 * other. Names are resolved from manifests before any code runs; handles are made when it runs.
 */
#ifndef NV_WIRING_H
#define NV_WIRING_H

#include <nave/option.h>
#include <nave/role.h>

#include "registry.h"

#define NV_LAYERS_MAX     16u
#define NV_MAKE_DEPTH_MAX 32u

#define NV_LISTENER_NAMES(bounds) \
    "{\"type\": \"array\", \"items\": {\"type\": \"string\", \"minLength\": 1}, " bounds "}"

/* The keys of one listener. */
#define NV_LISTENER_CONF(OPTION)                                                              \
    OPTION(text, name, "", "", "", 0, "for messages and counters")                            \
    OPTION(address, bind, "", "", "", 0, "the address: tcp://127.0.0.1:8080")                 \
    OPTION(conf, layers, "", "", NV_LISTENER_NAMES("\"maxItems\": 16"), 0,                    \
           "names of layers, the one next to the wire first")                                 \
    OPTION(conf, protocols, "", "", NV_LISTENER_NAMES("\"minItems\": 1, \"maxItems\": 1"), 0, \
           "the name of the protocol, in a list")                                             \
    OPTION(conf, handler, "", "", "{\"type\": \"string\"}", 0,                                \
           "the name of the handler, where the protocol has one")

NAVE_OPTION_STRUCT(nv_listener_conf, NV_LISTENER_CONF);

/* A listener: its words, and its handles while it lives. */
struct nv_listener {
    struct nv_listener_conf conf;
    struct nave_conf *at;
    struct nave_str rest; /* of bind, behind "tcp://" */
    char *scheme;
    char *handler; /* NULL: the protocol hands on to nobody */
    char *protocol;
    char *layers[NV_LAYERS_MAX];
    uint32_t layer_count;
    struct nave_listener *handle; /* NULL: does not listen                   */
    uint32_t inherited;           /* sockets it has of those that were passed */
};

/* Read section "listeners" and resolve its names; prefer an order in which a protocol starts after
 * its handler, its layers and its transport. All errors are reported. Errors: NAVE_ECONFIG;
 * NAVE_ENOMEM. `unread` lists plugins that could not be read ('\n' before and after each): what is
 * named like them is not reported as missing. */
nave_err nv_wiring_resolve(struct nave_runtime *rt, struct nave_conf *listeners,
                           const char *unread);
void nv_wiring_unresolve(struct nave_runtime *rt);

/* Make the handles of every listener, and listen nowhere. As nv_wiring_listen otherwise. */
nave_err nv_wiring_rehearse(struct nave_runtime *rt);

/* Make the handles of every listener and begin to listen. Errors: any, reported; what was made
 * stays for nv_wiring_unlisten. */
nave_err nv_wiring_listen(struct nave_runtime *rt);

/* Log where each listener listens. State: listening. */
void nv_wiring_announce(struct nave_runtime *rt);

/* The reverse of nv_wiring_listen, in reverse. */
void nv_wiring_unlisten(struct nave_runtime *rt);

/* Make role `name` of `kind` for `user` (NULL: a listener), with `next` behind it. The maker is
 * prepared first when it was not. Errors: any, reported at `conf`. */
nave_err nv_role_make(struct nave_runtime *rt, struct nv_plugin *user, const char *kind,
                      const char *name, struct nave_conf *conf, struct nave_conf *at,
                      struct nave_handle *next, struct nave_str use_name,
                      struct nave_handle **out_handle);

/* Give back what nv_role_make made for `user`; what is not among it is left alone. */
void nv_role_unmake(struct nave_runtime *rt, struct nv_plugin *user, struct nave_handle *handle);

/* Give back what `user` forgot (is_maker 0), or what others still have of `p` (is_maker 1). */
void nv_role_unmake_all(struct nave_runtime *rt, struct nv_plugin *p, int32_t is_maker);

#endif

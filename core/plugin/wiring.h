/* SPDX-License-Identifier: MIT
 *
 * The listeners of the configuration: their words, and the roles that these name, resolved from
 * manifests before any code runs.
 */
#ifndef NV_WIRING_H
#define NV_WIRING_H

#include <nave/option.h>
#include <nave/role.h>

#include "registry.h"

#define NV_LAYERS_MAX 16u

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

struct nv_door; /* door.h */

/* A listener: its words in one reading of the file, and the door that they opened. */
struct nv_listener {
    struct nv_listener_conf conf;
    struct nave_conf *at;
    char *name;           /* conf.name; NULL: it has none, reported */
    struct nave_str rest; /* of bind, behind "tcp://" */
    char *scheme;
    char *handler; /* NULL: the protocol hands on to nobody */
    char *protocol;
    char *layers[NV_LAYERS_MAX];
    uint32_t layer_count;
    struct nv_door *door; /* NULL: does not listen */
};

/* The table of a listener. */
const struct nave_option_table *nv_listener_table(void);

/* Read section "listeners" and resolve its names; prefer an order in which a protocol starts after
 * its handler, its layers and its transport. All errors are reported. Errors: NAVE_ECONFIG;
 * NAVE_ENOMEM. `unread` lists plugins that could not be read ('\n' before and after each): what is
 * named like them is not reported as missing. */
nave_err nv_wiring_resolve(struct nave_runtime *rt, struct nave_conf *listeners,
                           const char *unread);
void nv_wiring_unresolve(struct nave_runtime *rt);

#endif

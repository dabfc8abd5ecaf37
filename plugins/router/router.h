/* SPDX-License-Identifier: MIT
 *
 * What the files of the router share: the instance, the table of routes, the ready answers.
 */
#ifndef ROUTER_ROUTER_H
#define ROUTER_ROUTER_H

#include <nave/http.h>
#include <nave/plugin.h>

#include "arena.h"
#include "methods.h"
#include "trie.h"

/* A table of routes; never changes once it is made. */
struct router_table {
    struct router_plugin *plugin;
    uint32_t refs;       /* of the instance and of router handles; [control] */
    uint32_t methods;    /* of all routes                                    */
    uint32_t made_count; /* handlers to be given back                        */
    uint32_t reserved;
    struct router_trie trie;
    struct router_methods names;
    struct nave_handle **made; /* by the host */
    struct router_arena arena;
};

struct router_plugin {
    struct nave_host *host;
    const struct nave_iface *router_api; /* as published */
    const struct nave_iface *answer_api;
    const struct nave_iface *echo_api;
    struct router_table *pending; /* prepared, not committed */
    struct router_table *current;
    uint64_t max_routes;
    uint32_t is_preparing; /* its own table is being made */
    uint32_t reserved;
};

/* A handler of the role "router". */
struct router_handle {
    struct nave_http_handler pub;
    struct router_table *table; /* one ref */
};

/* A handler whose answer is known beforehand: text, json, redirect. */
struct router_answer {
    struct nave_http_handler pub;
    struct router_plugin *plugin;
    size_t size; /* of the whole block */
    struct nave_http_response response;
    struct nave_http_header header;
};

extern const struct nave_http_handler_iface router_match_api;
extern const struct nave_http_handler_iface router_answer_api;
extern const struct nave_http_handler_iface router_echo_api;

/* Roles of the plugin. Thread: [control]. See struct nave_role. */
nave_err router_text_make(void *self, const struct nave_role_args *args, struct nave_handle **out);
nave_err router_json_make(void *self, const struct nave_role_args *args, struct nave_handle **out);
nave_err router_redirect_make(void *self, const struct nave_role_args *args,
                              struct nave_handle **out);
void router_answer_unmake(void *self, struct nave_handle *handle);
nave_err router_echo_make(void *self, const struct nave_role_args *args, struct nave_handle **out);
void router_echo_unmake(void *self, struct nave_handle *handle);

/* Make the table of `routes` (NULL: none). Every error is told at its place. Thread: [control].
 * Errors: NAVE_ECONFIG; NAVE_ENOMEM; what a handler's make returned. */
NAVE_NODISCARD nave_err router_table_make(struct router_plugin *p, struct nave_conf *routes,
                                          struct router_table **out_table);

/* One ref fewer; with the last one the table goes. NULL is fine. Thread: [control]. */
void router_table_drop(struct router_table *t);

/* Send `r`; `x` is over after it. Thread: [worker]. */
void router_respond(struct nave_http *x, const struct nave_http_response *r);

/* A short answer in text. `allow` may be empty. Thread: [worker]. */
void router_respond_status(struct nave_http *x, uint16_t status, const char *allow,
                           size_t allow_len);

/* Tell why: at `at`, or to the host when that is NULL. Thread: [control]. */
void router_refuse(struct router_plugin *p, const struct nave_conf *at, const char *format, ...)
    NAVE_FORMAT(3, 4);

#endif

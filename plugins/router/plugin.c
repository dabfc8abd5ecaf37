/* SPDX-License-Identifier: MIT
 *
 * The descriptor of the router and its life. Read this first, then match.c.
 *
 * prepare() makes a table of the plugin's routes, commit() puts it in the place of the one before. A
 * handle of the role "router" holds the table that it was made with, so that a generation keeps its
 * routes until its last handle is given back.
 */
#include <string.h>

#include "router.h"

#define ROUTER_ROUTES_SCHEMA                                                         \
    "{\"type\": \"array\", \"items\": {\"type\": \"object\", \"minProperties\": 1, " \
    "\"maxProperties\": 1, \"propertyNames\": {\"maxLength\": 4096, \"pattern\": "   \
    "\"^[!#-+.-Z^-z|~-]+(,[!#-+.-Z^-z|~-]+)* /\"}, "                                 \
    "\"additionalProperties\": {\"$ref\": \"#/$defs/handler\"}}}"

#define ROUTER_OPTIONS(OPTION)                                            \
    OPTION(conf, routes, "", "", ROUTER_ROUTES_SCHEMA, NAVE_OPTION_LIVE,  \
           "list of routes: {\"GET /path\": {\"<handler>\": ...}}")       \
    OPTION(count, max_routes, "100000", "1", "1000000", NAVE_OPTION_LIVE, \
           "most routes of one table")

NAVE_OPTION_STRUCT(router_options, ROUTER_OPTIONS);
NAVE_OPTION_TABLE(router_option_table, router_options, ROUTER_OPTIONS)
NAVE_OPTION_TABLE(router_text_table, router_text_options, ROUTER_TEXT_OPTIONS)
NAVE_OPTION_TABLE(router_json_table, router_json_options, ROUTER_JSON_OPTIONS)
NAVE_OPTION_TABLE(router_redirect_table, router_redirect_options, ROUTER_REDIRECT_OPTIONS)

static nave_err router_create(struct nave_host *host, void **out_self)
{
    struct router_plugin *p = nave_host_alloc(host, sizeof(*p));

    if (!p)
        return NAVE_ENOMEM;
    memset(p, 0, sizeof(*p));
    p->host = host;
    p->router_api = host->api->publish(host, &router_match_api.hdr);
    p->answer_api = host->api->publish(host, &router_answer_api.hdr);
    p->echo_api = host->api->publish(host, &router_echo_api.hdr);
    if (!p->router_api || !p->answer_api || !p->echo_api) {
        nave_host_free(host, p, sizeof(*p));
        return NAVE_EINVAL;
    }
    *out_self = p;
    return NAVE_OK;
}

static void router_abort(void *self)
{
    struct router_plugin *p = self;

    router_table_drop(p->pending);
    p->pending = NULL;
}

static nave_err router_prepare(void *self, const struct nave_prepare_args *args)
{
    struct router_plugin *p = self;
    const struct router_options *o = args->options;
    nave_err err;

    router_abort(p);
    p->max_routes = o->max_routes;
    p->is_preparing = 1;
    err = router_table_make(p, o->routes, &p->pending);
    p->is_preparing = 0;
    return err;
}

static nave_err router_commit(void *self)
{
    struct router_plugin *p = self;

    router_table_drop(p->current);
    p->current = p->pending;
    p->pending = NULL;
    return NAVE_OK;
}

static void router_destroy(void *self)
{
    struct router_plugin *p = self;

    if (!p)
        return;
    router_table_drop(p->pending);
    router_table_drop(p->current);
    nave_host_free(p->host, p, sizeof(*p));
}

static nave_err router_role_make(void *self, const struct nave_role_args *args,
                                 struct nave_handle **out)
{
    struct router_plugin *p = self;
    struct router_table *t = p->pending ? p->pending : p->current;
    struct router_handle *h;

    if (nave_conf_count(args->conf) > 0) {
        router_refuse(p, args->conf,
                      "the role router has no options: its routes stand at /plugins/router/routes");
        return NAVE_ECONFIG;
    }
    if (p->is_preparing || !t) {
        router_refuse(p, args->conf, "a route cannot lead to the router that it belongs to");
        return NAVE_ECONFIG;
    }
    h = nave_host_alloc(p->host, sizeof(*h));
    if (!h)
        return NAVE_ENOMEM;
    h->pub.api = (const struct nave_http_handler_iface *)(const void *)p->router_api;
    h->table = t;
    t->refs++;
    *out = (struct nave_handle *)(void *)h;
    return NAVE_OK;
}

static void router_role_unmake(void *self, struct nave_handle *handle)
{
    struct router_plugin *p = self;

    if (!handle)
        return;
    router_table_drop(((struct router_handle *)(void *)handle)->table);
    nave_host_free(p->host, handle, sizeof(struct router_handle));
}

static const struct nave_plugin_ops router_ops = {
    .size = sizeof(router_ops),
    .create = router_create,
    .prepare = router_prepare,
    .commit = router_commit,
    .abort = router_abort,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = router_destroy,
};

#define NAVE_PLUGIN_NAME    router
#define NAVE_PLUGIN_ID      "router"
#define NAVE_PLUGIN_VERSION "0.1.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                 \
    ROLE(handler, "router", NAVE_HTTP_HANDLER_ID, router_role_make, router_role_unmake,         \
         nave_no_options, NAVE_NO_OPTIONS, "finds the handler by method and path")              \
    ROLE(handler, "text", NAVE_HTTP_HANDLER_ID, router_text_make, router_answer_unmake,         \
         router_text_table, ROUTER_TEXT_OPTIONS, "answers with a text")                         \
    ROLE(handler, "json", NAVE_HTTP_HANDLER_ID, router_json_make, router_answer_unmake,         \
         router_json_table, ROUTER_JSON_OPTIONS, "answers with a JSON value")                   \
    ROLE(handler, "redirect", NAVE_HTTP_HANDLER_ID, router_redirect_make, router_answer_unmake, \
         router_redirect_table, ROUTER_REDIRECT_OPTIONS, "sends elsewhere")                     \
    ROLE(handler, "echo", NAVE_HTTP_HANDLER_ID, router_echo_make, router_echo_unmake,           \
         nave_no_options, NAVE_NO_OPTIONS, "answers with the body that it read")
#define NAVE_PLUGIN_OPTIONS      ROUTER_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE router_option_table
#define NAVE_PLUGIN_OPS          router_ops
#include <nave/define.h>

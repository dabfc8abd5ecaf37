/* SPDX-License-Identifier: MIT
 *
 * The descriptor of tcp: transport role "tcp". Read it first, then listener.c, accept.c, stream.c.
 *
 *     role make -> nave.transport/1 -> listen -> nave.listener/1 -> accept -> nave.stream/1
 */
#include <nave/plugin.h>

#include "listener.h"
#include "stream.h"

/* A use of the role. It takes the options that were in force, or about to be, when it was made. */
struct tcp_transport {
    struct nave_transport pub; /* first: the handle */
    struct tcp_plugin *plugin;
    struct tcp_options options;
};

NAVE_OPTION_TABLE(tcp_option_table, tcp_options, TCP_OPTIONS)

/* --- the transport ---------------------------------------------------------------------------- */

static nave_err transport_listen(struct nave_transport *pub, const struct nave_listen_args *args,
                                 struct nave_listener **out_listener)
{
    struct tcp_transport *t = (struct tcp_transport *)(void *)pub;

    if (args->size < sizeof(*args) || args->flags != 0 || !args->next)
        return NAVE_EINVAL;
    return tcp_listener_create(t->plugin, &t->options, args, out_listener);
}

static const struct nave_transport_iface transport_table = {
    .hdr = NAVE_IFACE(struct nave_transport_iface, NAVE_TRANSPORT_ID, 0, NAVE_IFACE_DRAFT),
    .listen = transport_listen,
};

static nave_err transport_make(void *self, const struct nave_role_args *args,
                               struct nave_handle **out_handle)
{
    struct tcp_plugin *plugin = self;
    struct tcp_transport *t = nave_host_alloc(plugin->host, sizeof(*t));

    (void)args; /* the role has no options of its own */
    if (!t)
        return NAVE_ENOMEM;
    t->pub.api = plugin->transport_api;
    t->plugin = plugin;
    t->options = plugin->is_staged ? plugin->staged : plugin->options;
    *out_handle = (struct nave_handle *)(void *)t;
    return NAVE_OK;
}

static void transport_unmake(void *self, struct nave_handle *handle)
{
    struct tcp_plugin *plugin = self;

    nave_host_free(plugin->host, handle, sizeof(struct tcp_transport));
}

/* --- the lifecycle ---------------------------------------------------------------------------- */

static void tcp_destroy(void *self)
{
    struct tcp_plugin *plugin = self;
    struct nave_host *host;

    if (!plugin)
        return;
    host = plugin->host;
    nave_host_free(host, plugin->workers, plugin->worker_count * sizeof(struct tcp_worker));
    nave_host_free(host, plugin, sizeof(*plugin));
}

static nave_err make_counters(struct tcp_plugin *plugin)
{
    struct nave_host *host = plugin->host;
    nave_err err;

#define TCP_MAKE_COUNTER_(name, doc)                                    \
    err = host->api->counter(host, #name, doc, &plugin->counters.name); \
    if (err)                                                            \
        return err;
    TCP_COUNTERS(TCP_MAKE_COUNTER_)
#undef TCP_MAKE_COUNTER_
    return NAVE_OK;
}

static nave_err tcp_create(struct nave_host *host, void **out_self)
{
    struct tcp_plugin *plugin = nave_host_alloc(host, sizeof(*plugin));
    uint32_t i;
    nave_err err = NAVE_ENOMEM;

    if (!plugin)
        return err;
    *plugin = (struct tcp_plugin){.host = host, .worker_count = host->api->worker_count(host)};
    plugin->workers = nave_host_alloc(host, plugin->worker_count * sizeof(struct tcp_worker));
    if (!plugin->workers)
        goto fail;
    for (i = 0; i < plugin->worker_count; i++)
        plugin->workers[i] = (struct tcp_worker){.plugin = plugin};
    err = make_counters(plugin);
    if (err)
        goto fail;
    err = NAVE_EINVAL;
    plugin->transport_api = (const void *)host->api->publish(host, &transport_table.hdr);
    plugin->listener_api = (const void *)host->api->publish(host, &tcp_listener_table.hdr);
    plugin->stream_api = (const void *)host->api->publish(host, &tcp_stream_table.hdr);
    if (!plugin->transport_api || !plugin->listener_api || !plugin->stream_api)
        goto fail;
    *out_self = plugin;
    return NAVE_OK;

fail:
    tcp_destroy(plugin);
    return err;
}

static nave_err tcp_prepare(void *self, const struct nave_prepare_args *args)
{
    struct tcp_plugin *plugin = self;

    if (!args->options)
        return NAVE_EINVAL;
    plugin->staged = *(const struct tcp_options *)args->options;
    plugin->is_staged = 1;
    return NAVE_OK;
}

static nave_err tcp_commit(void *self)
{
    struct tcp_plugin *plugin = self;

    plugin->options = plugin->staged;
    plugin->is_staged = 0;
    return NAVE_OK;
}

static void tcp_abort(void *self)
{
    struct tcp_plugin *plugin = self;

    plugin->is_staged = 0;
}

static nave_err tcp_worker_start(void *self, struct nave_worker *w)
{
    struct tcp_plugin *plugin = self;

    plugin->workers[w->index].runner = w->api->runner(w);
    plugin->workers[w->index].w = w;
    return NAVE_OK;
}

/* The listeners were stopped by the host; streams belong to their protocols. What is left are the
 * streams that linger. */
static void tcp_worker_stop(void *self, struct nave_worker *w)
{
    struct tcp_plugin *plugin = self;
    struct tcp_worker *tw = &plugin->workers[w->index];

    tw->is_stopping = 1;
    tcp_linger_stop_all(tw);
    nave_timer_stop(w, &tw->resume);
}

static const struct nave_plugin_ops tcp_ops = {
    .size = sizeof(struct nave_plugin_ops),
    .create = tcp_create,
    .prepare = tcp_prepare,
    .commit = tcp_commit,
    .abort = tcp_abort,
    .start = nave_default_ok,
    .worker_start = tcp_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = tcp_worker_stop,
    .stop = nave_default_nothing,
    .destroy = tcp_destroy,
};

#define NAVE_PLUGIN_NAME        tcp
#define NAVE_PLUGIN_ID          "tcp"
#define NAVE_PLUGIN_VERSION     "0.1.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                  \
    ROLE(transport, "tcp", NAVE_TRANSPORT_ID, transport_make, transport_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "listens on tcp://host:port")
#define NAVE_PLUGIN_OPTIONS      TCP_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE tcp_option_table
#define NAVE_PLUGIN_OPS          tcp_ops
#include <nave/define.h>

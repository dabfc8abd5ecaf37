/* SPDX-License-Identifier: MIT
 *
 * The plugin http1: HTTP/1.1 and 1.0 for servers, as role "http1" of kind protocol. Read this first:
 * the descriptor, the life of the instance, and of its part of each worker.
 */
#include "http1.h"

#include <string.h>

/* The workers' parts go only now: other plugins may hold replies until their stop has returned. */
static void plugin_destroy(void *self)
{
    struct http1_plugin *p = self;
    uint32_t i;

    if (!p)
        return;
    for (i = 0; p->workers && i < p->worker_count; i++) {
        struct http1_worker *hw = p->workers[i];

        if (!hw)
            continue;
        http1_reply_free_all(hw);
        nave_host_free(p->host, hw, sizeof(*hw));
    }
    nave_host_free(p->host, p->workers, p->worker_count * sizeof(struct http1_worker *));
    nave_host_free(p->host, p, sizeof(*p));
}

static nave_err make_counters(struct http1_plugin *p)
{
    nave_err err = NAVE_OK;

#define COUNTER(member, name, doc) \
    if (err == NAVE_OK)            \
        err = p->host->api->counter(p->host, name, doc, &p->counters.member);
    HTTP1_COUNTERS(COUNTER)
#undef COUNTER
    return err;
}

static nave_err plugin_create(struct nave_host *host, void **out_self)
{
    struct http1_plugin *p = nave_host_alloc(host, sizeof(*p));
    nave_err err = NAVE_ENOMEM;

    if (!p)
        return err;
    memset(p, 0, sizeof(*p));
    p->host = host;
    p->worker_count = host->api->worker_count(host);
    p->workers = nave_host_alloc(host, p->worker_count * sizeof(struct http1_worker *));
    if (!p->workers)
        goto fail;
    memset(p->workers, 0, p->worker_count * sizeof(struct http1_worker *));
    p->protocol_api = (const void *)host->api->publish(host, &http1_protocol_table.hdr);
    p->http_api = (const void *)host->api->publish(host, &http1_http_table.hdr);
    p->reply_api = (const void *)host->api->publish(host, &http1_reply_table.hdr);
    p->stream_api = (const void *)host->api->publish(host, &http1_stream_table.hdr);
    err = NAVE_EINVAL;
    if (!p->protocol_api || !p->http_api || !p->reply_api || !p->stream_api)
        goto fail;
    err = make_counters(p);
    if (err != NAVE_OK)
        goto fail;
    *out_self = p;
    return NAVE_OK;
fail:
    plugin_destroy(p);
    return err;
}

static nave_err plugin_prepare(void *self, const struct nave_prepare_args *args)
{
    struct http1_plugin *p = self;

    memcpy(&p->prepared, args->options, sizeof(p->prepared));
    return NAVE_OK;
}

static nave_err plugin_commit(void *self)
{
    struct http1_plugin *p = self;
    uint32_t i;

    p->committed = p->prepared;
    /* The host commits again only when all workers have run this, and a worker that has ended needs
     * no options. */
    for (i = 0; i < p->worker_count; i++)
        if (p->workers[i])
            (void)!nave_worker_post(p->workers[i]->w, &p->workers[i]->adopt);
    return NAVE_OK;
}

static void worker_adopt(struct http1_worker *hw)
{
    hw->options = hw->plugin->committed;
    hw->limits.line_max = (uint32_t)hw->options.max_request_line;
    hw->limits.head_max = (uint32_t)(hw->options.max_request_line + hw->options.max_header_size);
    hw->limits.fields_max = (uint32_t)hw->options.max_headers;
    hw->limits.crumbs_max = (uint32_t)hw->options.max_cookies;
}

static void run_adopt(struct nave_job *j)
{
    worker_adopt(NAVE_CONTAINER_OF(j, struct http1_worker, adopt));
}

static nave_err plugin_worker_start(void *self, struct nave_worker *w)
{
    struct http1_plugin *p = self;
    struct http1_worker *hw = nave_host_alloc(p->host, sizeof(*hw));

    if (!hw)
        return NAVE_ENOMEM;
    /* The buffers are not touched: pages that no request has used cost nothing. */
    memset(hw, 0, offsetof(struct http1_worker, in_buffer));
    hw->plugin = p;
    hw->w = w;
    hw->adopt.run = run_adopt;
    worker_adopt(hw);
    hw->date_s = -1;
    p->workers[w->index] = hw;
    return NAVE_OK;
}

static void plugin_worker_drain(void *self, struct nave_worker *w, nave_nsec deadline_ns)
{
    struct http1_plugin *p = self;

    (void)deadline_ns;
    if (p->workers[w->index])
        http1_conn_drain(p->workers[w->index]);
}

static void plugin_worker_stop(void *self, struct nave_worker *w)
{
    struct http1_plugin *p = self;
    struct http1_worker *hw = p->workers[w->index];

    if (!hw)
        return;
    http1_conn_stop(hw);
    while (hw->free_exchanges) {
        struct http1_exchange *x = hw->free_exchanges;

        hw->free_exchanges = x->next_free;
        nave_worker_free(w, x, sizeof(*x));
    }
}

/* --- the role -------------------------------------------------------------------------------- */

const struct nave_protocol_iface http1_protocol_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = http1_conn_accept,
    .set_next = http1_protocol_set_next,
    .retire = http1_protocol_retire,
};

static nave_err http1_make(void *self, const struct nave_role_args *args,
                           struct nave_handle **out_handle)
{
    static const char text[] = "protocol http1 needs a handler: give the listener a \"handler\"";
    struct http1_plugin *p = self;
    size_t size = sizeof(struct http1_protocol) + p->worker_count * sizeof(struct http1_part);
    struct http1_protocol *proto;
    uint32_t i;
    char *room;

    if (!args->next) {
        p->host->api->fail(p->host, text, sizeof(text) - 1);
        return NAVE_EINVAL;
    }
    size += _Alignof(struct http1_protocol);
    room = nave_host_alloc(p->host, size);
    if (!room)
        return NAVE_ENOMEM;
    proto = (void *)(room + (-(uintptr_t)room & (_Alignof(struct http1_protocol) - 1)));
    memset(proto, 0, size - _Alignof(struct http1_protocol));
    proto->pub.api = p->protocol_api;
    proto->plugin = p;
    proto->room = room;
    proto->room_size = size;
    for (i = 0; i < p->worker_count; i++)
        proto->parts[i].handler = (struct nave_http_handler *)(void *)args->next;
    *out_handle = (struct nave_handle *)(void *)proto;
    return NAVE_OK;
}

static void http1_unmake(void *self, struct nave_handle *handle)
{
    struct http1_plugin *p = self;

    struct http1_protocol *proto = (struct http1_protocol *)(void *)handle;

    if (proto)
        nave_host_free(p->host, proto->room, proto->room_size);
}

NAVE_OPTION_TABLE(http1_option_table, http1_options, HTTP1_OPTIONS)

static const struct nave_plugin_ops http1_ops = {
    .size = sizeof(struct nave_plugin_ops),
    .create = plugin_create,
    .prepare = plugin_prepare,
    .commit = plugin_commit,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = plugin_worker_start,
    .worker_drain = plugin_worker_drain,
    .worker_stop = plugin_worker_stop,
    .stop = nave_default_nothing,
    .destroy = plugin_destroy,
};

#define NAVE_PLUGIN_NAME        http1
#define NAVE_PLUGIN_ID          "http1"
#define NAVE_PLUGIN_VERSION     "0.1.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                           \
    ROLE(protocol, "http1", "nave.protocol/1", http1_make, http1_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "HTTP/1.1 and HTTP/1.0, server side")
#define NAVE_PLUGIN_NEXT(NEXT)   NEXT(protocol, "http1", "nave.http.handler/1")
#define NAVE_PLUGIN_OPTIONS      HTTP1_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE http1_option_table
#define NAVE_PLUGIN_OPS          http1_ops
#include <nave/define.h>

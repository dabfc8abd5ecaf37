/* SPDX-License-Identifier: MIT
 *
 * The plugin "com.example.lines": a protocol of its own, role "lines" of kind protocol, which hands on
 * to handlers of its own interface (lines.h). Read this first: the life of the plugin; a connection
 * is in conn.c.
 */
#include "conn.h"

#include <string.h>

static void lines_destroy(void *self)
{
    struct lines_plugin *p = self;

    if (!p)
        return;
    nave_host_free(p->host, p->workers, p->worker_count * sizeof(*p->workers));
    nave_host_free(p->host, p, sizeof(*p));
}

static const struct nave_protocol_iface protocol_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, 0),
    .accept = conn_accept,
    .set_next = nave_default_set_next, /* a reload with another handler makes another protocol */
    .retire = conn_retire,             /* ... and retires this one */
};

static nave_err lines_create(struct nave_host *host, void **out_self)
{
    struct lines_plugin *p = nave_host_alloc(host, sizeof(*p));
    nave_err err = NAVE_ENOMEM;

    if (!p)
        return err;
    memset(p, 0, sizeof(*p));
    p->host = host;
    p->worker_count = host->api->worker_count(host);
    p->workers = nave_host_alloc(host, p->worker_count * sizeof(*p->workers));
    if (!p->workers)
        goto fail;
    memset(p->workers, 0, p->worker_count * sizeof(*p->workers));
    p->protocol_api = (const void *)host->api->publish(host, &protocol_table.hdr);
    p->conn_api = (const void *)host->api->publish(host, &conn_table.hdr);
    err = p->protocol_api && p->conn_api ? NAVE_OK : NAVE_EINVAL;
#define COUNTER(name, doc) \
    if (!err)              \
        err = host->api->counter(host, #name, doc, &p->counters.name);
    LINES_COUNTERS(COUNTER)
#undef COUNTER
    if (err)
        goto fail;
    *out_self = p;
    return NAVE_OK;
fail:
    lines_destroy(p);
    return err;
}

static nave_err lines_prepare(void *self, const struct nave_prepare_args *args)
{
    struct lines_plugin *p = self;

    p->options = *(const struct lines_options *)args->options;
    return NAVE_OK;
}

static nave_err lines_worker_start(void *self, struct nave_worker *w)
{
    struct lines_plugin *p = self;

    p->workers[w->index].plugin = p;
    p->workers[w->index].w = w;
    return NAVE_OK;
}

static void lines_worker_drain(void *self, struct nave_worker *w, nave_nsec deadline_ns)
{
    struct lines_plugin *p = self;

    (void)deadline_ns; /* lines_worker_stop comes then */
    conn_drain_all(&p->workers[w->index]);
}

static void lines_worker_stop(void *self, struct nave_worker *w)
{
    struct lines_plugin *p = self;

    conn_stop_all(&p->workers[w->index]);
}

/* --- the role -------------------------------------------------------------------------------- */

static size_t protocol_size(const struct lines_plugin *p)
{
    return sizeof(struct lines_protocol) + p->worker_count * sizeof(struct lines_part);
}

/* args->next is there and has our interface: NAVE_PLUGIN_NEXT below had the host check it. */
static nave_err lines_make(void *self, const struct nave_role_args *args,
                           struct nave_handle **out_handle)
{
    struct lines_plugin *p = self;
    struct lines_protocol *lp = nave_host_alloc(p->host, protocol_size(p));

    if (!lp)
        return NAVE_ENOMEM;
    memset(lp, 0, protocol_size(p));
    lp->pub.api = p->protocol_api;
    lp->plugin = p;
    lp->handler = (struct lines_handler *)(void *)args->next;
    *out_handle = (struct nave_handle *)(void *)lp;
    return NAVE_OK;
}

static void lines_unmake(void *self, struct nave_handle *handle)
{
    struct lines_plugin *p = self;

    nave_host_free(p->host, handle, protocol_size(p));
}

NAVE_OPTION_TABLE(lines_option_table, lines_options, LINES_OPTIONS)

static const struct nave_plugin_ops lines_ops = {
    .size = sizeof(lines_ops),
    .create = lines_create,
    .prepare = lines_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = lines_worker_start,
    .worker_drain = lines_worker_drain,
    .worker_stop = lines_worker_stop,
    .stop = nave_default_nothing,
    .destroy = lines_destroy,
};

#define NAVE_PLUGIN_NAME        lines
#define NAVE_PLUGIN_ID          "com.example.lines"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                          \
    ROLE(protocol, "lines", NAVE_PROTOCOL_ID, lines_make, lines_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "text lines, both ways")
#define NAVE_PLUGIN_NEXT(NEXT)   NEXT(protocol, "lines", LINES_HANDLER_ID)
#define NAVE_PLUGIN_OPTIONS      LINES_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE lines_option_table
#define NAVE_PLUGIN_OPS          lines_ops
#include <nave/define.h>

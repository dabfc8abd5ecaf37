/* SPDX-License-Identifier: MIT
 *
 * echo: answers with the body that it read. A body that is there as a whole is sent from where it
 * lies; else it is gathered in a block that grows with what has come, never with what was announced.
 */
#include <string.h>

#include "router.h"

#define FIRST_ROOM 4096u

struct echo {
    struct nave_http_handler pub;
    struct router_plugin *plugin;
};

/* A body being gathered; in the exchange's memory. */
struct gather {
    struct nave_host *host;
    char *data;
    size_t len;
    size_t room;
};

static void echo_answer(struct nave_http *x, const void *body, size_t len)
{
    static const struct nave_str octets = {"application/octet-stream", 24};
    struct nave_str type = nave_http_find_field(x, NAVE_HTTP_FIELD_CONTENT_TYPE);

    if (!type.ptr || type.len == 0)
        type = octets;
    /* A type that may come but not be sent (it has a tab in it) is not repeated. */
    if (nave_http_respond_text(x, 200, type.ptr, (uint32_t)type.len, body, len) == NAVE_EINVAL &&
        nave_http_respond_text(x, 200, octets.ptr, (uint32_t)octets.len, body, len) == NAVE_EINVAL)
        x->api->abort(x);
}

static void gather_end(struct nave_http *x, void *arg)
{
    struct gather *g = arg;

    (void)x;
    nave_host_free(g->host, g->data, g->room);
    g->data = NULL;
}

static int gather_add(struct gather *g, const void *data, size_t len)
{
    if (len > g->room - g->len) {
        size_t room = g->room ? g->room * 2 : FIRST_ROOM;
        char *more;

        if (room < g->len + len)
            room = g->len + len;
        more = g->host->api->mem(g->host, g->data, g->room, room);
        if (!more)
            return 0;
        g->data = more;
        g->room = room;
    }
    memcpy(g->data + g->len, data, len);
    g->len += len;
    return 1;
}

static void gather_more(struct nave_http *x, void *arg)
{
    struct gather *g = arg;
    struct nave_bytes b;
    nave_err err;

    while ((err = x->api->body_peek(x, &b)) == NAVE_OK) {
        if (!gather_add(g, b.data, b.len)) {
            router_respond_status(x, 503, NULL, 0);
            return;
        }
        x->api->body_consume(x, b.len);
    }
    if (err == NAVE_EOF)
        echo_answer(x, g->data, g->len);
    else if (err == NAVE_EAGAIN)
        x->api->body_watch(x, gather_more, g);
    /* Every other error was answered by the protocol. */
}

static void echo_handle(struct nave_http_handler *h, struct nave_http *x)
{
    struct echo *e = (struct echo *)h;
    struct gather *g;
    struct nave_bytes b;
    nave_err err;

    if (!(x->flags & NAVE_HTTP_HAS_BODY)) {
        echo_answer(x, NULL, 0);
        return;
    }
    err = x->api->body_peek(x, &b);
    if (err == NAVE_EOF) {
        echo_answer(x, NULL, 0);
        return;
    }
    if (err != NAVE_OK && err != NAVE_EAGAIN)
        return; /* answered by the protocol */
    if (err == NAVE_OK && x->body_size >= 0 && b.len == (uint64_t)x->body_size) {
        echo_answer(x, b.data, b.len);
        return;
    }
    g = nave_http_alloc(x, sizeof(*g));
    if (!g) {
        router_respond_status(x, 503, NULL, 0);
        return;
    }
    memset(g, 0, sizeof(*g));
    g->host = e->plugin->host;
    x->api->on_end(x, gather_end, g);
    gather_more(x, g);
}

const struct nave_http_handler_iface router_echo_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = echo_handle,
};

nave_err router_echo_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    struct router_plugin *p = self;
    struct echo *e;

    if (nave_conf_count(args->conf) > 0) {
        router_refuse(p, args->conf, "echo has no options: write {}");
        return NAVE_ECONFIG;
    }
    e = nave_host_alloc(p->host, sizeof(*e));
    if (!e)
        return NAVE_ENOMEM;
    e->pub.api = (const struct nave_http_handler_iface *)(const void *)p->echo_api;
    e->plugin = p;
    *out = (struct nave_handle *)(void *)e;
    return NAVE_OK;
}

void router_echo_unmake(void *self, struct nave_handle *handle)
{
    struct router_plugin *p = self;

    nave_host_free(p->host, handle, sizeof(struct echo));
}

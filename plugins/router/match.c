/* SPDX-License-Identifier: MIT
 *
 * A request's way through the router: the whole path, else the trie, else 404, 405 or the automatic
 * OPTIONS. Nothing is allocated but the parameters of a route that has some, nothing is locked and
 * nothing shared is written.
 */
#include <string.h>

#include "router.h"

static inline void route_call(const struct router_route *r, struct nave_http *x)
{
    if (r->answer)
        router_respond(x, r->answer);
    else
        r->handler->api->handle(r->handler, x);
}

/* Set x->params. The values are copied: the text of the head moves when the exchange is held. */
static int params_set(const struct router_route *r, const struct router_path *p,
                      struct nave_http *x)
{
    uint32_t first = p->start[r->params[0].segment];
    const struct router_param *last = &r->params[r->param_count - 1];
    uint32_t end = last->is_wild ? p->len : p->start[last->segment + 1] - 1;
    size_t head = r->param_count * sizeof(struct nave_http_param);
    struct nave_http_param *params = nave_http_alloc(x, head + (end - first));
    char *text;
    uint32_t i;

    if (!params)
        return 0;
    text = (char *)params + head;
    memcpy(text, p->text + first, end - first);
    for (i = 0; i < r->param_count; i++) {
        uint32_t s = r->params[i].segment;
        uint32_t stop = r->params[i].is_wild ? p->len : p->start[s + 1] - 1;

        params[i].name = r->params[i].name;
        params[i].value.ptr = text + (p->start[s] - first);
        params[i].value.len = stop - p->start[s];
    }
    x->params = params;
    x->param_count = r->param_count;
    return 1;
}

static void respond_allow(const struct router_table *t, struct nave_http *x, uint32_t set)
{
    char allow[ROUTER_ALLOW_MAX];
    size_t len = router_allow_text(&t->names, set, allow);

    router_respond_status(x, x->method == NAVE_HTTP_OPTIONS ? 204 : 405, allow, len);
}

static void match_path(const struct router_table *t, struct nave_http *x, const char *text,
                       uint32_t len, struct router_want want)
{
    struct router_path path;
    const struct router_route *r;
    uint32_t set;

    if (NAVE_UNLIKELY(!router_path_scan(text, len, &path))) {
        char *room = nave_http_alloc(x, len);

        if (!room) {
            router_respond_status(x, 503, NULL, 0);
            return;
        }
        if (router_path_decode(text, len, room, &path) != NAVE_OK) {
            router_respond_status(x, 400, NULL, 0);
            return;
        }
    }
    r = router_trie_find(&t->trie, &path, want);
    if (r) {
        if (r->param_count > 0 && !params_set(r, &path, x))
            router_respond_status(x, 503, NULL, 0);
        else
            route_call(r, x);
        return;
    }
    set = t->methods & ~want.any ? router_trie_methods(&t->trie, &path) : 0;
    if (set)
        respond_allow(t, x, set);
    else
        router_respond_status(x, 404, NULL, 0);
}

static void router_handle(struct nave_http_handler *h, struct nave_http *x)
{
    const struct router_table *t = ((struct router_handle *)h)->table;
    struct router_want want = router_method_want(&t->names, x);
    const char *text = x->text + x->path.at;
    uint32_t len = x->path.len;
    const struct router_node *n = router_exact_find(&t->trie.exact, text, len);
    const struct router_route *r;

    if (NAVE_LIKELY(n != NULL)) {
        r = router_node_route(n, want);
        if (NAVE_LIKELY(r != NULL)) {
            route_call(r, x);
            return;
        }
    }
    if (len == 0 && x->method != NAVE_HTTP_CONNECT) {
        text = "/"; /* "http://host" means its root, RFC 9110 4.2.3 */
        len = 1;
    }
    if (NAVE_LIKELY(len > 0 && text[0] == '/'))
        match_path(t, x, text, len, want);
    else if (len == 0 || (len == 1 && text[0] == '*' && x->method == NAVE_HTTP_OPTIONS))
        respond_allow(t, x, t->methods); /* of the server as a whole; CONNECT gets 405 */
    else
        router_respond_status(x, 400, NULL, 0);
}

const struct nave_http_handler_iface router_match_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = router_handle,
};

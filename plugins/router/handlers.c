/* SPDX-License-Identifier: MIT
 *
 * text, json and redirect: handlers whose response is made when the configuration is read, so that a
 * request costs one call. What goes into a header is checked here: no control character gets in.
 */
#include <string.h>

#include <nave/http_prepare.h>

#include "limits.h"
#include "router.h"

static void answer_handle(struct nave_http_handler *h, struct nave_http *x)
{
    router_respond(x, &((struct router_answer *)h)->response);
}

const struct nave_http_handler_iface router_answer_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = answer_handle,
};

/* One block: the handler, the prepared response, the header's value, the body. */
static nave_err answer_make(struct router_plugin *p, uint16_t status, const char *name,
                            struct nave_str value, struct nave_str body, struct nave_handle **out)
{
    struct nave_http_header header = {name, value.ptr, (uint32_t)strlen(name), (uint32_t)value.len};
    struct nave_http_response shape = {.size = sizeof(shape),
                                       .headers = &header,
                                       .header_count = 1,
                                       .body_len = body.len};
    size_t prepared = (nave_http_prepare_size(&shape) + 7) & ~(size_t)7;
    size_t size = sizeof(struct router_answer) + prepared + value.len + body.len;
    struct router_answer *a = nave_host_alloc(p->host, size);
    nave_err err;
    char *room;

    if (!a)
        return NAVE_ENOMEM;
    memset(a, 0, sizeof(*a));
    room = (char *)(a + 1) + prepared;
    memcpy(room, value.ptr, value.len);
    if (body.len > 0)
        memcpy(room + value.len, body.ptr, body.len);
    a->pub.api = (const struct nave_http_handler_iface *)(const void *)p->answer_api;
    a->plugin = p;
    a->size = size;
    a->header = header;
    a->header.value = room;
    a->response = shape;
    a->response.status = status;
    a->response.headers = &a->header;
    a->response.body = room + value.len;
    err = nave_http_prepare(&a->response, a + 1, prepared);
    if (err != NAVE_OK) { /* what goes into a header was checked before: never */
        nave_host_free(p->host, a, size);
        return err;
    }
    *out = (struct nave_handle *)(void *)a;
    return NAVE_OK;
}

void router_answer_unmake(void *self, struct nave_handle *handle)
{
    struct router_plugin *p = self;

    if (handle)
        nave_host_free(p->host, handle, ((struct router_answer *)(void *)handle)->size);
}

/* May `s` be the value of a header? `first` is the lowest byte that is allowed. */
static int header_is_right(struct nave_str s, unsigned char first, unsigned char last)
{
    size_t i;

    for (i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c < first || c > last)
            return 0;
    }
    return s.len > 0;
}

/* Where the value of option `key` stands: a member of `c`, or `c` itself. */
static struct nave_conf *place_of(struct nave_conf *c, const char *key)
{
    struct nave_conf *member = nave_conf_get(c, key);

    return member ? member : c;
}

nave_err router_text_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    struct router_plugin *p = self;
    const struct router_text_options *o = args->options;
    int bad = 0;

    if (!header_is_right(o->type, 0x20, 0x7E)) {
        router_refuse(p, place_of(args->conf, "type"),
                      "type must be a media type in printable ASCII, such as "
                      "\"text/html; charset=utf-8\"");
        bad++;
    }
    if (o->body.len > 0 && (o->status == 204 || o->status == 205 || o->status == 304)) {
        router_refuse(p, place_of(args->conf, "status"),
                      "a response of this status has no body: leave body empty");
        bad++;
    }
    if (bad)
        return NAVE_ECONFIG;
    return answer_make(p, (uint16_t)o->status, "Content-Type", o->type, o->body, out);
}

nave_err router_json_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    const struct router_json_options *o = args->options;
    struct nave_str body;
    nave_err err = o->value->api->dump(o->value, &body);

    if (err != NAVE_OK)
        return err;
    return answer_make(self, 200, "Content-Type", (struct nave_str)NAVE_STR_LIT("application/json"),
                       body, out);
}

nave_err router_redirect_make(void *self, const struct nave_role_args *args,
                              struct nave_handle **out)
{
    static const uint16_t statuses[] = {301, 302, 303, 307, 308}; /* as the words of the option */
    const struct router_redirect_options *o = args->options;
    struct router_plugin *p = self;

    if (!header_is_right(o->to, 0x21, 0x7E)) {
        router_refuse(p, place_of(args->conf, "to"),
                      "a target is a URI: printable ASCII without spaces; write other "
                      "characters percent-encoded");
        return NAVE_ECONFIG;
    }
    return answer_make(p, statuses[o->status], "Location", o->to, (struct nave_str){"", 0}, out);
}

/* SPDX-License-Identifier: MIT
 *
 * text, json and redirect: handlers whose response is made when the configuration is read, so that a
 * request costs one call. What goes into a header is checked here: no control character gets in.
 */
#include <string.h>

#include <nave/http_prepare.h>

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

/* Report every key of `c` that is not one of the `count` names; how many there were. */
static int keys_check(struct router_plugin *p, struct nave_conf *c, const char *const *names,
                      size_t count, const char *allowed)
{
    size_t n = nave_conf_count(c);
    int bad = 0;
    size_t i;
    size_t k;

    for (i = 0; i < n; i++) {
        struct nave_str key = {"", 0};
        struct nave_conf *value = nave_conf_at(c, i, &key);

        for (k = 0; k < count; k++) {
            if (strlen(names[k]) == key.len && memcmp(names[k], key.ptr, key.len) == 0)
                break;
        }
        if (k == count) {
            router_refuse(p, value, "unknown key \"%.*s\"; allowed: %s",
                          (int)(key.len < 80 ? key.len : 80), key.ptr, allowed);
            bad++;
        }
    }
    return bad;
}

nave_err router_text_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    static const char *const names[] = {"body", "type", "status"};
    struct router_plugin *p = self;
    struct nave_conf *c = args->conf;
    struct nave_conf *member;
    struct nave_str body = {"", 0};
    struct nave_str type = NAVE_STR_LIT("text/plain; charset=utf-8");
    int64_t status = 200;
    int bad = 0;

    if (nave_conf_kind(c) == NAVE_CONF_OBJECT) {
        bad = keys_check(p, c, names, NAVE_COUNT(names), "body, type, status");
        member = nave_conf_get(c, "body");
        if (!member || member->api->text(member, &body) != NAVE_OK) {
            router_refuse(p, member ? member : c, "body must be a text");
            bad++;
        }
        member = nave_conf_get(c, "type");
        if (member &&
            (member->api->text(member, &type) != NAVE_OK || !header_is_right(type, 0x20, 0x7E))) {
            router_refuse(p, member,
                          "type must be a media type in printable ASCII, such as "
                          "\"text/html; charset=utf-8\"");
            bad++;
        }
        member = nave_conf_get(c, "status");
        if (member &&
            (member->api->integer(member, &status) != NAVE_OK || status < 200 || status > 599)) {
            router_refuse(p, member, "status must be a number from 200 to 599");
            bad++;
        } else if (body.len > 0 && (status == 204 || status == 205 || status == 304)) {
            router_refuse(p, member, "a response of this status has no body: leave body empty");
            bad++;
        }
    } else if (!c || c->api->text(c, &body) != NAVE_OK) {
        router_refuse(p, c, "text must be a text, or an object with body, type, status");
        bad++;
    }
    if (bad)
        return NAVE_ECONFIG;
    return answer_make(p, (uint16_t)status, "Content-Type", type, body, out);
}

nave_err router_json_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    struct router_plugin *p = self;
    struct nave_str body;
    nave_err err;

    if (!args->conf) {
        router_refuse(p, NULL, "json needs the value to answer with");
        return NAVE_ECONFIG;
    }
    err = args->conf->api->dump(args->conf, &body);
    if (err != NAVE_OK)
        return err;
    return answer_make(p, 200, "Content-Type", (struct nave_str)NAVE_STR_LIT("application/json"),
                       body, out);
}

nave_err router_redirect_make(void *self, const struct nave_role_args *args,
                              struct nave_handle **out)
{
    static const char *const names[] = {"to", "status"};
    struct router_plugin *p = self;
    struct nave_conf *c = args->conf;
    struct nave_conf *to = c;
    struct nave_conf *member;
    struct nave_str target = {"", 0};
    int64_t status = 308;
    int bad = 0;

    if (nave_conf_kind(c) == NAVE_CONF_OBJECT) {
        bad = keys_check(p, c, names, NAVE_COUNT(names), "to, status");
        to = nave_conf_get(c, "to");
        member = nave_conf_get(c, "status");
        if (member && (member->api->integer(member, &status) != NAVE_OK || status < 301 ||
                       status > 308 || (status > 303 && status < 307))) {
            router_refuse(p, member, "status must be 301, 302, 303, 307 or 308");
            bad++;
        }
    }
    if (!to || to->api->text(to, &target) != NAVE_OK) {
        router_refuse(p, to ? to : c, "redirect must be a target, or an object with to and status");
        bad++;
    } else if (!header_is_right(target, 0x21, 0x7E)) {
        router_refuse(p, to,
                      "a target is a URI: printable ASCII without spaces; write other "
                      "characters percent-encoded");
        bad++;
    }
    if (bad)
        return NAVE_ECONFIG;
    return answer_make(p, (uint16_t)status, "Location", target, (struct nave_str){"", 0}, out);
}

/* SPDX-License-Identifier: MIT
 *
 * The answers that the router gives itself, and the one way in which any answer is sent.
 */
#include <stdarg.h>
#include <stdio.h>

#include "router.h"

void router_respond(struct nave_http *x, const struct nave_http_response *r)
{
    nave_err err = x->api->respond(x, r);

    /* Nothing was sent and nothing better is at hand: the peer is told by the end of the line. */
    if (NAVE_UNLIKELY(err == NAVE_ENOMEM || err == NAVE_EINVAL))
        x->api->abort(x);
}

void router_respond_status(struct nave_http *x, uint16_t status, const char *allow,
                           size_t allow_len)
{
    struct nave_http_header headers[2] = {
        {"Content-Type", "text/plain; charset=utf-8", 12, 25},
        {"Allow", allow, 5, (uint32_t)allow_len},
    };
    struct nave_str body = NAVE_STR_LIT("");
    struct nave_http_response r = {.size = sizeof(r), .status = status, .headers = headers};

    switch (status) {
    case 400:
        body = NAVE_STR_LIT("400 Bad Request\n");
        break;
    case 404:
        body = NAVE_STR_LIT("404 Not Found\n");
        break;
    case 405:
        body = NAVE_STR_LIT("405 Method Not Allowed\n");
        break;
    case 503:
        body = NAVE_STR_LIT("503 Service Unavailable\n");
        break;
    default:
        r.headers = headers + 1;
        break;
    }
    r.header_count = (body.len > 0) + (allow_len > 0);
    r.body = body.ptr;
    r.body_len = body.len;
    router_respond(x, &r);
}

void router_refuse(struct router_plugin *p, const struct nave_conf *at, const char *format, ...)
{
    char text[1024];
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (len < 0)
        len = 0;
    if ((size_t)len >= sizeof(text))
        len = sizeof(text) - 1;
    if (at)
        at->api->fail(at, text, (size_t)len);
    else
        p->host->api->fail(p->host, text, (size_t)len);
}

/* SPDX-License-Identifier: MIT
 *
 * nave.http.reply/1: an answer from any thread. The answer is packed into the reply's own room (more
 * is fetched when it is large), and the reply posts itself to its worker. Replies are kept on a list
 * of the worker, so that in steady state none is allocated.
 *
 * Who owns what: from defer to respond or drop the caller owns the reply; from then on the inbox, and
 * then the worker. `x` is the worker's alone; `is_closed` is a hint that any thread may read.
 */
#include "http1.h"

#include <string.h>

#define HEADERS_MAX 64u

struct http1_reply {
    struct nave_http_reply pub; /* first */
    struct nave_job job;
    struct http1_worker *hw;
    struct http1_exchange *x; /* [worker]; NULL: the exchange is over */
    struct http1_reply *next; /* in hw->free_replies or hw->used_replies */
    struct http1_reply *prev;
    uint32_t is_closed; /* atomic */
    uint16_t status;    /* 0: dropped */
    uint16_t flags;
    uint32_t header_count;
    uint32_t body_at;
    size_t body_len;
    uint8_t *large; /* of large_size; NULL: room is used */
    size_t large_size;
    _Alignas(8) uint8_t room[HTTP1_REPLY_INLINE];
};

static struct http1_reply *from_pub(struct nave_http_reply *pub)
{
    return (struct http1_reply *)(void *)pub;
}

static uint8_t *packed(struct http1_reply *r)
{
    return r->large ? r->large : r->room;
}

/* --- on the worker --------------------------------------------------------------------------- */

static void recycle(struct http1_reply *r)
{
    struct http1_worker *hw = r->hw;

    if (r->large) {
        nave_host_free(hw->plugin->host, r->large, r->large_size);
        r->large = NULL;
    }
    if (r->prev)
        r->prev->next = r->next;
    else
        hw->used_replies = r->next;
    if (r->next)
        r->next->prev = r->prev;
    r->next = hw->free_replies;
    hw->free_replies = r;
}

void http1_reply_cut(struct http1_reply *r)
{
    r->x = NULL;
    __atomic_store_n(&r->is_closed, 1u, __ATOMIC_RELAXED);
}

static void answer(struct http1_reply *r, struct http1_exchange *x)
{
    struct nave_http_header headers[HEADERS_MAX];
    struct nave_http_response response = {.size = sizeof(response)};
    uint8_t *at = packed(r);
    uint32_t i;

    x->reply = NULL;
    x->flags &= ~X_DEFERRED;
    if (r->status == 0) {
        http1_exchange_error(x->c, x, 503);
        return;
    }
    for (i = 0; i < r->header_count; i++) {
        uint32_t len[2];

        memcpy(len, at, sizeof(len));
        at += sizeof(len);
        headers[i].name = (const char *)at;
        headers[i].name_len = len[0];
        headers[i].value = (const char *)at + len[0];
        headers[i].value_len = len[1];
        at += (size_t)len[0] + len[1];
    }
    response.status = r->status;
    response.flags = r->flags;
    response.headers = headers;
    response.header_count = r->header_count;
    response.body = packed(r) + r->body_at;
    response.body_len = r->body_len;
    if (http1_exchange_respond(x, &response) != NAVE_OK && x->c)
        x->pub.api->abort(&x->pub);
}

static void run_job(struct nave_job *j)
{
    struct http1_reply *r = NAVE_CONTAINER_OF(j, struct http1_reply, job);
    struct http1_exchange *x = r->x;

    if (x)
        answer(r, x);
    else
        http1_count(r->hw, &r->hw->plugin->counters.late_replies);
    recycle(r);
}

nave_err http1_reply_new(struct http1_exchange *x, struct nave_http_reply **out_reply)
{
    struct http1_worker *hw = x->hw;
    struct http1_reply *r = hw->free_replies;

    if (r) {
        hw->free_replies = r->next;
    } else {
        r = nave_host_alloc(hw->plugin->host, sizeof(*r));
        if (!r)
            return NAVE_ENOMEM;
        r->job.run = run_job;
        r->hw = hw;
        r->large = NULL;
    }
    r->pub.api = hw->plugin->reply_api; /* anew, as iface.h asks */
    r->x = x;
    r->is_closed = 0;
    r->prev = NULL;
    r->next = hw->used_replies;
    if (r->next)
        r->next->prev = r;
    hw->used_replies = r;
    x->reply = r;
    *out_reply = &r->pub;
    return NAVE_OK;
}

void http1_reply_free_all(struct http1_worker *hw)
{
    struct nave_host *host = hw->plugin->host;

    while (hw->free_replies) {
        struct http1_reply *r = hw->free_replies;

        hw->free_replies = r->next;
        nave_host_free(host, r, sizeof(*r));
    }
    while (hw->used_replies) { /* posted, but the worker ended before; or never answered */
        struct http1_reply *r = hw->used_replies;

        hw->used_replies = r->next;
        nave_host_free(host, r->large, r->large_size);
        nave_host_free(host, r, sizeof(*r));
    }
}

/* --- on any thread --------------------------------------------------------------------------- */

static nave_err post(struct http1_reply *r)
{
    /* Once posted it is not ours. A refused post: the worker has ended; http1_reply_free_all frees. */
    uint32_t is_closed = __atomic_load_n(&r->is_closed, __ATOMIC_RELAXED);

    if (nave_worker_post(r->hw->w, &r->job) != NAVE_OK || is_closed)
        return NAVE_ECLOSED;
    return NAVE_OK;
}

static nave_err pack(struct http1_reply *r, const struct nave_http_response *response)
{
    size_t size = response->body_len;
    uint8_t *at;
    uint32_t i;

    for (i = 0; i < response->header_count; i++)
        size += 8 + (size_t)response->headers[i].name_len + response->headers[i].value_len;
    if (size < response->body_len)
        return NAVE_EINVAL;
    if (size > sizeof(r->room)) {
        r->large = nave_host_alloc(r->hw->plugin->host, size);
        if (!r->large)
            return NAVE_ENOMEM;
        r->large_size = size;
    }
    at = packed(r);
    for (i = 0; i < response->header_count; i++) {
        const struct nave_http_header *h = &response->headers[i];
        uint32_t len[2] = {h->name_len, h->value_len};

        memcpy(at, len, sizeof(len));
        at += sizeof(len);
        memcpy(at, h->name, h->name_len);
        at += h->name_len;
        memcpy(at, h->value, h->value_len);
        at += h->value_len;
    }
    r->body_at = (uint32_t)(at - packed(r));
    if (response->body_len)
        memcpy(at, response->body, response->body_len);
    r->body_len = response->body_len;
    r->status = response->status;
    r->flags = response->flags;
    r->header_count = response->header_count;
    return NAVE_OK;
}

static nave_err reply_respond(struct nave_http_reply *pub,
                              const struct nave_http_response *response)
{
    struct http1_reply *r = from_pub(pub);
    nave_err err = http1_check_size(response);

    if (err != NAVE_OK)
        return err;
    if (response->status < 200 || response->status > 599 || response->header_count > HEADERS_MAX ||
        (response->flags & ~NAVE_HTTP_CLOSE) || http1_check_response_headers(response) != NAVE_OK)
        return NAVE_EINVAL;
    err = pack(r, response);
    return err == NAVE_OK ? post(r) : err;
}

static void reply_drop(struct nave_http_reply *pub)
{
    struct http1_reply *r = from_pub(pub);

    r->status = 0;
    (void)post(r);
}

static int32_t reply_is_closed(struct nave_http_reply *pub)
{
    return (int32_t)__atomic_load_n(&from_pub(pub)->is_closed, __ATOMIC_RELAXED);
}

const struct nave_http_reply_iface http1_reply_table = {
    .hdr = NAVE_IFACE(struct nave_http_reply_iface, NAVE_HTTP_REPLY_ID, 0, NAVE_IFACE_DRAFT),
    .respond = reply_respond,
    .drop = reply_drop,
    .is_closed = reply_is_closed,
};

/* SPDX-License-Identifier: MIT
 *
 * From a parsed head to an exchange; and the answer to OPTIONS *, which is the protocol's own.
 */
#include "http1.h"

#include <string.h>

/* "OPTIONS *" is about the server as a whole: "RFC 9110 9.3.7". */
void http1_answer_asterisk(struct http1_exchange *x)
{
    static const struct nave_http_header allow = {"Allow",
                                                  "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", 5,
                                                  44};
    struct nave_http_response r = {.size = sizeof(r),
                                   .status = 204,
                                   .headers = &allow,
                                   .header_count = 1};

    http1_exchange_respond(x, &r);
}

/* The five slices stand in the same order in both. */
#define SLICES_SIZE (5 * sizeof(struct nave_http_slice))
#define SAME_PLACE(first, member)                                                                  \
    NAVE_STATIC_ASSERT(offsetof(struct http1_head, member) - offsetof(struct http1_head, first) == \
                           offsetof(struct nave_http, member) - offsetof(struct nave_http, first), \
                       #member " stands elsewhere")
SAME_PLACE(method_text, target);
SAME_PLACE(method_text, path);
SAME_PLACE(method_text, query);
SAME_PLACE(method_text, authority);

/* An exchange that may not be plain. */
static __attribute__((noinline)) void fill_odd(struct http1_exchange *x,
                                               const struct http1_head *head)
{
    struct http1_conn *c = x->c;
    struct nave_http *pub = &x->pub;

    x->flags = X_BODY_DONE | X_HANDLING;
    if (head->flags & HTTP1_KEEP_ALIVE)
        x->flags |= X_KEEP;
    if (NAVE_UNLIKELY(head->version != 11 || head->method == NAVE_HTTP_HEAD))
        x->flags |= X_ODD;
    if (NAVE_UNLIKELY(head->flags & (HTTP1_CHUNKED | HTTP1_HAS_LENGTH))) {
        x->flags |= X_ODD;
        if (head->flags & HTTP1_CHUNKED) {
            pub->body_size = -1;
            pub->flags |= NAVE_HTTP_HAS_BODY;
            x->flags = (x->flags & ~X_BODY_DONE) | X_BODY_CHUNKED;
            http1_chunked_init(&x->decoder);
        } else if (head->content_length > 0) {
            pub->body_size = head->content_length;
            pub->flags |= NAVE_HTTP_HAS_BODY;
            x->flags &= ~X_BODY_DONE;
            x->body_left = (uint64_t)head->content_length;
        }
        x->body_seen = 0;
        x->peeked = x->consumed_raw = 0;
        x->body_since_ns = nave_now(c->hw->w);
        if (head->flags & HTTP1_EXPECT_CONTINUE)
            pub->flags |= NAVE_HTTP_CONTINUE;
    }
    if (NAVE_UNLIKELY(head->flags & HTTP1_UPGRADE))
        pub->flags |= NAVE_HTTP_WANTS_UPGRADE;
    if (NAVE_UNLIKELY(pub->method == NAVE_HTTP_CONNECT))
        x->flags &= ~X_KEEP;
}

/* Take over what the parser found. */
void http1_exchange_fill(struct http1_exchange *x, const struct http1_head *head)
{
    struct nave_http *pub = &x->pub;

    pub->flags = 0;
    pub->method = head->method;
    pub->version = head->version;
    pub->text = head->text;
    pub->field_count = head->field_count;
    pub->param_count = 0;
    pub->params = NULL;
    memcpy(&pub->method_text, &head->method_text, SLICES_SIZE);
    pub->body_size = 0;
    pub->user = NULL;
    x->flags = X_PLAIN_OPEN;
    if (NAVE_UNLIKELY(head->flags != HTTP1_KEEP_ALIVE || head->version != 11 ||
                      head->method == NAVE_HTTP_HEAD || head->method == NAVE_HTTP_CONNECT))
        fill_odd(x, head);
}

/* SPDX-License-Identifier: MIT
 *
 * nave.http/1: one exchange, a request and its response, the same for HTTP/1.1 and HTTP/2. DRAFT.
 *
 * Eight rules
 *  1. An exchange belongs to one worker. Only a reply (nave_http_defer) may be used from elsewhere.
 *  2. handle() gets the request head at once. It must respond, start, upgrade, hold or defer before
 *     it returns; a handler that does none has a bug: the peer gets 500 and the log says so.
 *  3. Texts of the head (text, fields, target) are valid until handle() returns. hold and defer move
 *     them: get views again after the call; from then on they stay until the exchange ends.
 *  4. The body is pulled: peek what is there, consume what you took. What is not consumed holds the
 *     peer back. NAVE_EAGAIN: the body watch will be called. What is left unread is discarded.
 *  5. Content-Length, Transfer-Encoding, Connection, Date and Server are written by the protocol;
 *     giving one of them is NAVE_EINVAL. A header value with a control character is NAVE_EINVAL.
 *     What is the same each time is prepared once (nave/http_prepare.h), and not checked again.
 *  6. A response to HEAD, and 204 and 304, carry no body whatever is given; HEAD says the length.
 *  7. The end callback is called exactly once, when the exchange is over: answered and written, or
 *     the peer is gone. The exchange is invalid after it; so it is after respond when no end callback
 *     was set and the exchange was not held.
 *  8. Calls after the peer has gone return NAVE_ECLOSED and do nothing.
 */
#ifndef NAVE_HTTP_H
#define NAVE_HTTP_H

#include <nave/base.h>
#include <nave/buf.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/stream.h>

NAVE_BEGIN_DECLS

#define NAVE_HTTP_ID         "nave.http/1"
#define NAVE_HTTP_HANDLER_ID "nave.http.handler/1"
#define NAVE_HTTP_REPLY_ID   "nave.http.reply/1"

struct nave_http;
struct nave_http_handler;
struct nave_http_reply;

/* The methods of "RFC 9110 9.3" and PATCH; any other token is OTHER. X(value, name) */
#define NAVE_HTTP_METHODS(X) \
    X(1, GET)                \
    X(2, HEAD) X(3, POST) X(4, PUT) X(5, PATCH) X(6, DELETE) X(7, OPTIONS) X(8, CONNECT) X(9, TRACE)
#define NAVE_HTTP_METHOD_ENUM_(value, name) NAVE_HTTP_##name = (value),
enum nave_http_method_values {
    NAVE_HTTP_OTHER = 0,
    NAVE_HTTP_METHODS(NAVE_HTTP_METHOD_ENUM_) NAVE_HTTP_METHOD_COUNT = 10
};
#undef NAVE_HTTP_METHOD_ENUM_

/* Field names that are recognised while parsing. X(value, NAME, "name") */
#define NAVE_HTTP_NAMES(X)                        \
    X(1, HOST, "host")                            \
    X(2, CONTENT_LENGTH, "content-length")        \
    X(3, TRANSFER_ENCODING, "transfer-encoding")  \
    X(4, CONNECTION, "connection")                \
    X(5, EXPECT, "expect")                        \
    X(6, UPGRADE, "upgrade")                      \
    X(7, CONTENT_TYPE, "content-type")            \
    X(8, COOKIE, "cookie")                        \
    X(9, AUTHORIZATION, "authorization")          \
    X(10, ACCEPT, "accept")                       \
    X(11, ACCEPT_ENCODING, "accept-encoding")     \
    X(12, USER_AGENT, "user-agent")               \
    X(13, IF_NONE_MATCH, "if-none-match")         \
    X(14, IF_MODIFIED_SINCE, "if-modified-since") \
    X(15, RANGE, "range")                         \
    X(16, IF_RANGE, "if-range")                   \
    X(17, ORIGIN, "origin")                       \
    X(18, REFERER, "referer")                     \
    X(19, TE, "te")                               \
    X(20, TRAILER, "trailer")                     \
    X(21, ACCEPT_LANGUAGE, "accept-language")     \
    X(22, CACHE_CONTROL, "cache-control")         \
    X(23, X_FORWARDED_FOR, "x-forwarded-for")     \
    X(24, KEEP_ALIVE, "keep-alive")               \
    X(25, DATE, "date")                           \
    X(26, SERVER, "server")                       \
    X(27, PROXY_CONNECTION, "proxy-connection")   \
    X(28, LAST_EVENT_ID, "last-event-id")
#define NAVE_HTTP_NAME_ENUM_(value, NAME, text) NAVE_HTTP_FIELD_##NAME = (value),
enum nave_http_name_values {
    NAVE_HTTP_FIELD_OTHER = 0,
    NAVE_HTTP_NAMES(NAVE_HTTP_NAME_ENUM_) NAVE_HTTP_FIELD_COUNT = 29
};
#undef NAVE_HTTP_NAME_ENUM_

/* A piece of the head's text. Frozen. */
struct nave_http_slice {
    uint32_t at; /* from nave_http.text */
    uint32_t len;
};

/* A field of the head, in the order of arrival. Frozen, 16 bytes. */
struct nave_http_field {
    uint32_t name_at;  /* from nave_http.text; as sent, compare without case */
    uint32_t value_at; /* from nave_http.text; without outer white space     */
    uint32_t value_len;
    uint16_t name_len;
    uint16_t id; /* NAVE_HTTP_FIELD_*                                  */
};

/* A value that the router took from the path, percent-decoded. Frozen. */
struct nave_http_param {
    struct nave_str name;
    struct nave_str value;
};

/* A field to be sent. Frozen. */
struct nave_http_header {
    const char *name;
    const char *value;
    uint32_t name_len;
    uint32_t value_len;
};

#define NAVE_HTTP_HAS_BODY      (1u << 0) /* a body follows the head (its size may be unknown)       */
#define NAVE_HTTP_IS_SECURE     (1u << 1) /* it came through a layer that encrypts                   */
#define NAVE_HTTP_CONTINUE      (1u << 2) /* the peer waits for 100; sent at the first empty peek    */
#define NAVE_HTTP_WANTS_UPGRADE (1u << 3) /* Connection names upgrade, Upgrade is there           */

/* The head of an exchange: read inline. Sized data; only grows. Written by the protocol, but for
 * params, which the router writes. */
struct nave_http {
    const struct nave_http_iface *api;
    uint32_t size;
    uint32_t flags;   /* NAVE_HTTP_HAS_BODY, ...                             */
    uint16_t method;  /* NAVE_HTTP_GET, ...                                  */
    uint16_t version; /* 10, 11, 20                                          */
    uint32_t worker;  /* index of the worker                                 */
    const char *text; /* what slices and fields refer to                     */
    const struct nave_http_field *fields;
    uint32_t field_count;
    uint32_t param_count;
    const struct nave_http_param *params; /* owned by the exchange (nave_http_alloc)             */
    struct nave_http_slice method_text;
    struct nave_http_slice target;    /* as sent                                             */
    struct nave_http_slice path;      /* of the target, still encoded; "*"; empty for CONNECT */
    struct nave_http_slice query;     /* behind '?', without it                              */
    struct nave_http_slice authority; /* of the target, else the Host field                  */
    int64_t body_size;                /* bytes; 0 none; -1 not known before its end          */
    void *user;                       /* the handler's                                       */
};

/* A response as HTTP/1 sends it, but for the status line, Server and Date. Made by nave_http_prepare
 * alone (nave/http_prepare.h). Sized data; only grows. */
struct nave_http_prepared {
    uint32_t size;
    uint32_t fields_len; /* of text: the fields, each with CRLF, with Content-Length        */
    uint32_t text_len;   /* of text: the fields, the empty line, the body when has_body     */
    uint32_t has_body;   /* 1: the body stands in text (there may be none)                  */
    const char *text;
};

/* A response. Sized: the caller sets size; tail zero. Borrowed until the call returns. */
struct nave_http_response {
    uint32_t size;
    uint16_t status;                        /* 200 ... 599; for inform 100 ... 199, not 101       */
    uint16_t flags;                         /* NAVE_HTTP_CLOSE                                    */
    const struct nave_http_header *headers; /* without those of rule 5                            */
    uint32_t header_count;
    uint32_t reserved;
    const void *body;
    size_t body_len;
    struct nave_buf *body_buf; /* holds body: a share is taken instead of a copy; NULL: copied when
                                * it cannot be written at once                                    */
    const struct nave_http_prepared
        *prepared; /* NULL, or what nave_http_prepare made of all this */
};
#define NAVE_HTTP_CLOSE (1u << 0) /* end the connection after this response */

/* Called when the body has more, when writing may go on, or when the exchange is over.
 * Thread: [worker]. */
typedef void nave_http_fn(struct nave_http *x, void *arg);

/* "nave.http/1" */
struct nave_http_iface {
    struct nave_iface hdr;

    /* Memory that lives until the exchange ends. Aligned to 8. Thread: [worker]. NULL: none left. */
    void *(*alloc)(struct nave_http *x, size_t size);
    /* Keep the exchange beyond handle(): rule 3. Twice is fine. Thread: [worker].
     * Errors: NAVE_ENOMEM: nothing has changed. */
    nave_err (*hold)(struct nave_http *x);
    /* Be told when the exchange is over: rule 7. Thread: [worker]. Null: [fn]. Owns: borrows arg until
     * then. */
    void (*on_end)(struct nave_http *x, nave_http_fn *fn, void *arg);

    /* The next bytes of the body, contiguous, as many as are there. Thread: [worker].
     * Owns: valid until body_consume, the next peek, or the return to the loop.
     * Errors: NAVE_OK with out->len > 0; NAVE_EAGAIN; NAVE_EOF all has come; NAVE_ETOOBIG over the
     * limit; NAVE_EPROTO bad framing; NAVE_ETIMEDOUT; NAVE_ECLOSED. */
    nave_err (*body_peek)(struct nave_http *x, struct nave_bytes *out);
    /* Take `n` of the bytes that peek gave. Thread: [worker]. */
    void (*body_consume)(struct nave_http *x, size_t n);
    /* Be called when body_peek will no longer say NAVE_EAGAIN. Stands until replaced. Implies hold
     * by the time handle() returns. Thread: [worker]. Null: [fn]. Owns: borrows arg until the end. */
    void (*body_watch)(struct nave_http *x, nave_http_fn *fn, void *arg);
    /* Allow a body of up to `max` bytes in place of the configured limit. Thread: [worker].
     * Errors: NAVE_ETOOBIG the announced length is larger. */
    nave_err (*body_limit)(struct nave_http *x, uint64_t max);
    /* Trailer field `i` after NAVE_EOF of the body. Thread: [worker]. Owns: valid until the end.
     * Errors: NAVE_ENOTFOUND there are not so many. */
    nave_err (*trailer)(struct nave_http *x, uint32_t i, struct nave_http_header *out);

    /* Send an informational response (status 1xx but 101). Thread: [worker].
     * Errors: NAVE_EINVAL; NAVE_ETOONEW; NAVE_ESTATE after the response began; NAVE_ENOSYS for
     * HTTP/1.0. */
    nave_err (*inform)(struct nave_http *x, const struct nave_http_response *r);
    /* Send a whole response. Thread: [worker]. See rule 7 for the life of `x` after it.
     * Errors: NAVE_EINVAL (rule 5), NAVE_ETOONEW a tail that is not known and not zero, NAVE_ENOMEM:
     * nothing was sent, another may be tried; NAVE_ESTATE one was begun; NAVE_ECLOSED. */
    nave_err (*respond)(struct nave_http *x, const struct nave_http_response *r);
    /* Begin a response whose body is written piece by piece: `body_size` bytes, or -1 when not known.
     * r->body must be empty. Implies hold. Thread: [worker]. Errors: as respond. */
    nave_err (*start)(struct nave_http *x, const struct nave_http_response *r, int64_t body_size);
    /* Write more of the body; takes a part when the peer is slow. Thread: [worker].
     * Errors: NAVE_OK with *out_len > 0; NAVE_EAGAIN: the write watch will be called; NAVE_ETOOBIG
     * more than announced; NAVE_ESTATE; NAVE_ECLOSED. */
    nave_err (*write)(struct nave_http *x, const void *data, size_t len, size_t *out_len);
    /* Be called when write may go on after NAVE_EAGAIN. Thread: [worker]. Null: [fn]. Owns: borrows
     * arg. */
    void (*write_watch)(struct nave_http *x, nave_http_fn *fn, void *arg);
    /* End the body, with trailer fields where the protocol has them. Thread: [worker].
     * Null: [trailers].
     * Errors: NAVE_EINVAL; NAVE_ESTATE fewer bytes than announced (the connection is cut); NAVE_EAGAIN
     * there are trailers and a range of a file is still on its way: the write watch will be called. */
    nave_err (*end)(struct nave_http *x, const struct nave_http_header *trailers, uint32_t n);

    /* Promise a response to a GET of `path`: a new exchange to respond to. Thread: [worker].
     * Null: [headers].
     * Errors: NAVE_ENOSYS the protocol or the peer has no push. */
    nave_err (*push)(struct nave_http *x, const char *path, size_t len,
                     const struct nave_http_header *headers, uint32_t n, struct nave_http **out_x);
    /* Answer 101 (or 200 to CONNECT) and take the connection as a stream; bytes that came behind the
     * head are read from it first. The exchange ends. Thread: [worker]. Ends: [NAVE_OK].
     * Errors: NAVE_ESTATE not asked for, or a body is unread; NAVE_EINVAL; NAVE_ETOONEW;
     * NAVE_ENOSYS; NAVE_ENOMEM. */
    nave_err (*upgrade)(struct nave_http *x, const struct nave_http_response *r,
                        struct nave_stream **out_stream);
    /* Answer later, from any thread. Implies hold. Thread: [worker].
     * Owns: *out_reply belongs to the caller, who ends it by respond or drop, exactly once, at the
     * latest in its stop(); the exchange may end before. Errors: NAVE_ESTATE answered or deferred; NAVE_ENOMEM. */
    nave_err (*defer)(struct nave_http *x, struct nave_http_reply **out_reply);
    /* Cut the exchange off without (the rest of) a response. Thread: [worker]. */
    void (*abort)(struct nave_http *x);
    /* Fill `info` for the connection below. Thread: [worker]. See nave_stream_iface.info. */
    nave_err (*info)(struct nave_http *x, struct nave_stream_info *info);
    /* Write a range of a file as more of the body of a response that was started. It goes out as the
     * peer takes it, without memory of ours where the stream can do that; until it has gone, write and
     * write_file say NAVE_EAGAIN, then the write watch is called. end (without trailers) may follow at
     * once: the body ends with the range then, and the end callback comes when it has gone.
     * A file that is shorter than it was said to be, or cannot be read, cuts the exchange off: the peer
     * sees that the body is not whole. One that has grown is sent as far as was said.
     * Thread: [worker]. Owns: copies *file; borrows the descriptor until the write watch or the end
     * callback is called. Optional: nave_default_http_write_file.
     * Errors: NAVE_EAGAIN; NAVE_EINVAL the range is empty or fd is below 0; NAVE_ETOOBIG more than
     * announced; NAVE_ENOSYS: read it and write; NAVE_ESTATE; NAVE_ECLOSED. Nothing has changed then. */
    nave_err (*write_file)(struct nave_http *x, const struct nave_file_range *file);
};

/* "nave.http.reply/1" */
struct nave_http_reply_iface {
    struct nave_iface hdr;
    /* Send the whole response; texts and body are copied. The reply is gone, whatever is returned but
     * for NAVE_EINVAL, NAVE_ETOONEW and NAVE_ENOMEM. Thread: [any].
     * Ends: [unless NAVE_EINVAL, NAVE_ETOONEW, NAVE_ENOMEM].
     * Errors: NAVE_ECLOSED the peer has gone; NAVE_EINVAL; NAVE_ETOONEW; NAVE_ENOMEM. */
    nave_err (*respond)(struct nave_http_reply *r, const struct nave_http_response *response);
    /* Give up: the peer gets 503. Thread: [any]. Ends: [always]. */
    void (*drop)(struct nave_http_reply *r);
    /* 1 when the peer has gone and answering is of no use. A hint. Thread: [any]. */
    int32_t (*is_closed)(struct nave_http_reply *r);
};

struct nave_http_reply {
    const struct nave_http_reply_iface *api;
};

/* "nave.http.handler/1": what answers. Role kind "handler". */
struct nave_http_handler_iface {
    struct nave_iface hdr;
    /* Answer `x`: rules 2 and 3. Thread: [workers]. */
    void (*handle)(struct nave_http_handler *h, struct nave_http *x);
};

struct nave_http_handler {
    const struct nave_http_handler_iface *api;
};

/* The text of a slice of the head. Thread: [worker]. */
static inline struct nave_str nave_http_text(const struct nave_http *x, struct nave_http_slice s)
{
    struct nave_str t;

    t.ptr = x->text + s.at;
    t.len = s.len;
    return t;
}

/* The value of the first field with known id `id`; .ptr NULL when there is none. Thread: [worker]. */
static inline struct nave_str nave_http_find_field(const struct nave_http *x, uint16_t id)
{
    struct nave_str t = {NULL, 0};
    uint32_t i;

    for (i = 0; i < x->field_count; i++) {
        if (x->fields[i].id == id) {
            t.ptr = x->text + x->fields[i].value_at;
            t.len = x->fields[i].value_len;
            break;
        }
    }
    return t;
}

/* The value of path parameter `name`; .ptr NULL when the route has none. Thread: [worker]. */
static inline struct nave_str nave_http_find_param(const struct nave_http *x, const char *name)
{
    struct nave_str t = {NULL, 0};
    uint32_t i;

    for (i = 0; i < x->param_count; i++) {
        const struct nave_http_param *p = &x->params[i];
        size_t k = 0;

        while (k < p->name.len && name[k] != '\0' && name[k] == p->name.ptr[k])
            k++;
        if (k == p->name.len && name[k] == '\0')
            return p->value;
    }
    return t;
}

/* See nave_http_iface.alloc. Thread: [worker]. */
static inline void *nave_http_alloc(struct nave_http *x, size_t size)
{
    return x->api->alloc(x, size);
}

/* Answer with `status`, one Content-Type (NULL: none) and a body. Thread: [worker].
 * Errors: see nave_http_iface.respond. */
static inline nave_err nave_http_respond_text(struct nave_http *x, uint16_t status,
                                              const char *content_type, uint32_t type_len,
                                              const void *body, size_t body_len)
{
    struct nave_http_header type;
    struct nave_http_response r;

    type.name = "Content-Type";
    type.name_len = 12;
    type.value = content_type;
    type.value_len = type_len;
    r.size = (uint32_t)sizeof(r);
    r.status = status;
    r.flags = 0;
    r.headers = &type;
    r.header_count = content_type ? 1 : 0;
    r.reserved = 0;
    r.body = body;
    r.body_len = body_len;
    r.body_buf = NULL;
    r.prepared = NULL;
    return x->api->respond(x, &r);
}

/* The slot write_file of a protocol that cannot: NAVE_ENOSYS. Thread: [worker]. */
NAVE_UNUSED static inline nave_err nave_default_http_write_file(struct nave_http *x,
                                                                const struct nave_file_range *file)
{
    (void)x;
    (void)file;
    return NAVE_ENOSYS;
}

/* See nave_http_iface.write_file; NAVE_ENOSYS too where the table is older. Thread: [worker]. */
static inline NAVE_NODISCARD nave_err nave_http_write_file(struct nave_http *x,
                                                           const struct nave_file_range *file)
{
    return NAVE_HAS(x->api, write_file) ? x->api->write_file(x, file) : NAVE_ENOSYS;
}

/* See nave_http_iface.defer. Thread: [worker]. */
static inline NAVE_NODISCARD nave_err nave_http_defer(struct nave_http *x,
                                                      struct nave_http_reply **out_reply)
{
    return x->api->defer(x, out_reply);
}

NAVE_STATIC_ASSERT(sizeof(struct nave_http_field) == 16, "nave_http_field is frozen");

NAVE_END_DECLS
#endif

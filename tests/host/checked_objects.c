/* SPDX-License-Identifier: MIT
 *
 * Objects of each interface that plugins make. They do nothing; see checked_rig.h.
 */
#include "checked_rig.h"

#include <unistd.h>

static nave_err stream_read(struct nave_stream *s, const struct nave_span *spans, uint32_t n,
                            size_t *out_len)
{
    (void)s, (void)spans, (void)n, (void)out_len;
    return NAVE_EAGAIN;
}

static nave_err stream_write(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                             size_t *out_len)
{
    (void)s, (void)pieces, (void)n, (void)out_len;
    return NAVE_EAGAIN;
}

static void stream_watch(struct nave_stream *s, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    (void)s, (void)direction, (void)fn, (void)arg;
}

static nave_err stream_shut(struct nave_stream *s)
{
    (void)s;
    return NAVE_OK;
}

static void stream_close(struct nave_stream *s, uint32_t flags)
{
    (void)s, (void)flags;
}

static nave_err stream_info(struct nave_stream *s, struct nave_stream_info *info)
{
    (void)s, (void)info;
    return NAVE_OK;
}

const struct nave_stream_iface stream_table = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, NAVE_IFACE_DRAFT),
    .read = stream_read,
    .write = stream_write,
    .watch = stream_watch,
    .shut = stream_shut,
    .close = stream_close,
    .info = stream_info,
    .write_file = nave_default_stream_write_file,
    .wait = nave_default_stream_wait,
};

nave_err answer = NAVE_OK;
nave_http_fn *end_fn;
void *end_arg;
static char arena[256] __attribute__((aligned(16)));

static void *http_alloc(struct nave_http *one, size_t size)
{
    (void)one;
    return size <= sizeof(arena) ? arena : NULL;
}

static nave_err http_hold(struct nave_http *one)
{
    (void)one;
    return answer;
}

static void http_on_end(struct nave_http *one, nave_http_fn *fn, void *arg)
{
    (void)one;
    end_fn = fn;
    end_arg = arg;
}

static nave_err http_peek(struct nave_http *one, struct nave_bytes *out)
{
    (void)one, (void)out;
    return NAVE_EOF;
}

static void http_consume(struct nave_http *one, size_t n)
{
    (void)one, (void)n;
}

static void http_watch(struct nave_http *one, nave_http_fn *fn, void *arg)
{
    (void)one, (void)fn, (void)arg;
}

static nave_err http_limit(struct nave_http *one, uint64_t max)
{
    (void)one, (void)max;
    return NAVE_OK;
}

static nave_err http_trailer(struct nave_http *one, uint32_t i, struct nave_http_header *out)
{
    (void)one, (void)i, (void)out;
    return NAVE_ENOTFOUND;
}

static nave_err http_respond(struct nave_http *one, const struct nave_http_response *r)
{
    (void)one, (void)r;
    return answer;
}

static nave_err http_start(struct nave_http *one, const struct nave_http_response *r, int64_t size)
{
    (void)one, (void)r, (void)size;
    return answer;
}

static nave_err http_write(struct nave_http *one, const void *data, size_t len, size_t *out_len)
{
    (void)one, (void)data, (void)len, (void)out_len;
    return NAVE_EAGAIN;
}

static nave_err http_end(struct nave_http *one, const struct nave_http_header *trailers, uint32_t n)
{
    (void)one, (void)trailers, (void)n;
    return NAVE_OK;
}

static nave_err http_push(struct nave_http *one, const char *path, size_t len,
                          const struct nave_http_header *headers, uint32_t n,
                          struct nave_http **out_one)
{
    (void)one, (void)path, (void)len, (void)headers, (void)n, (void)out_one;
    return NAVE_ENOSYS;
}

static nave_err http_upgrade(struct nave_http *one, const struct nave_http_response *r,
                             struct nave_stream **out_stream)
{
    (void)one, (void)r, (void)out_stream;
    return answer;
}

static nave_err http_defer(struct nave_http *one, struct nave_http_reply **out_reply)
{
    (void)one, (void)out_reply;
    return answer;
}

static void http_abort(struct nave_http *one)
{
    (void)one;
}

static nave_err http_info(struct nave_http *one, struct nave_stream_info *info)
{
    (void)one, (void)info;
    return NAVE_OK;
}

static const struct nave_http_iface http_table = {
    .hdr = NAVE_IFACE(struct nave_http_iface, NAVE_HTTP_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = http_alloc,
    .hold = http_hold,
    .on_end = http_on_end,
    .body_peek = http_peek,
    .body_consume = http_consume,
    .body_watch = http_watch,
    .body_limit = http_limit,
    .trailer = http_trailer,
    .inform = http_respond,
    .respond = http_respond,
    .start = http_start,
    .write = http_write,
    .write_watch = http_watch,
    .end = http_end,
    .push = http_push,
    .upgrade = http_upgrade,
    .defer = http_defer,
    .abort = http_abort,
    .info = http_info,
    .write_file = nave_default_http_write_file,
};

static nave_err reply_respond(struct nave_http_reply *r, const struct nave_http_response *response)
{
    (void)r, (void)response;
    return answer;
}

static void reply_drop(struct nave_http_reply *r)
{
    (void)r;
}

static int32_t reply_is_closed(struct nave_http_reply *r)
{
    (void)r;
    return 0;
}

static const struct nave_http_reply_iface reply_table = {
    .hdr = NAVE_IFACE(struct nave_http_reply_iface, NAVE_HTTP_REPLY_ID, 0, NAVE_IFACE_DRAFT),
    .respond = reply_respond,
    .drop = reply_drop,
    .is_closed = reply_is_closed,
};

static void handler_handle(struct nave_http_handler *h, struct nave_http *one)
{
    (void)h, (void)one;
}

static const struct nave_http_handler_iface handler_table = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = handler_handle,
};

static void protocol_accept(struct nave_protocol *p, struct nave_stream *s_take,
                            const struct nave_accept_info *info)
{
    (void)p, (void)s_take, (void)info;
}

static const struct nave_protocol_iface protocol_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = protocol_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

static nave_err transport_listen(struct nave_transport *t, const struct nave_listen_args *args,
                                 struct nave_listener **out_listener)
{
    (void)t, (void)args, (void)out_listener;
    return NAVE_ENOSYS;
}

static const struct nave_transport_iface transport_table = {
    .hdr = NAVE_IFACE(struct nave_transport_iface, NAVE_TRANSPORT_ID, 0, NAVE_IFACE_DRAFT),
    .listen = transport_listen,
};

static nave_err listener_start(struct nave_listener *l, uint32_t worker)
{
    (void)l, (void)worker;
    return NAVE_OK;
}

static void listener_stop(struct nave_listener *l, uint32_t worker)
{
    (void)l, (void)worker;
}

static nave_err listener_address(struct nave_listener *l, struct nave_addr *out)
{
    (void)l, (void)out;
    return NAVE_OK;
}

static void listener_destroy(struct nave_listener *l)
{
    (void)l;
}

static const struct nave_listener_iface listener_table = {
    .hdr = NAVE_IFACE(struct nave_listener_iface, NAVE_LISTENER_ID, 0, NAVE_IFACE_DRAFT),
    .start = listener_start,
    .stop = listener_stop,
    .address = listener_address,
    .destroy = listener_destroy,
};

struct nave_stream stream;
struct nave_http x;
struct nave_http_reply reply;
struct nave_http_handler handler;
struct nave_protocol protocol;
struct nave_transport transport;
struct nave_listener listener;

const void *publish(const struct nave_iface *table)
{
    const struct nave_iface *published = host->api->publish(host, table);

    if (!published || published == table)
        _exit(5); /* not checked */
    return published;
}

void make_objects(void)
{
    stream.api = publish(&stream_table.hdr);
    x.api = publish(&http_table.hdr);
    reply.api = publish(&reply_table.hdr);
    handler.api = publish(&handler_table.hdr);
    protocol.api = publish(&protocol_table.hdr);
    transport.api = publish(&transport_table.hdr);
    listener.api = publish(&listener_table.hdr);
}

/* SPDX-License-Identifier: MIT
 *
 * Plugin "x": every role that a listener needs, without a socket. Protocol "fixed" cannot take
 * another handler; protocol "able" can, and completes when the test says so.
 */
#include "wired.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X_OPTIONS(OPTION)                                                          \
    OPTION(duration, live, "1s", "0", "1d", NAVE_OPTION_LIVE, "differs in a test") \
    OPTION(text, word, "first", "1", "99", NAVE_OPTION_LIVE, "a text to keep")

NAVE_OPTION_STRUCT(x_options, X_OPTIONS);
NAVE_OPTION_TABLE(x_option_table, x_options, X_OPTIONS)

struct wired wired;

struct piece {
    struct nave_handle pub; /* first */
    const char *kind;
    struct piece *next;
    uint32_t number;
};

static nave_nsec prepared_ns;

void wired_note(const char *format, ...)
{
    size_t len = strlen(wired.text);
    va_list args;

    va_start(args, format);
    len += (size_t)vsnprintf(wired.text + len, sizeof(wired.text) - len, format, args);
    va_end(args);
    if (len + 2 < sizeof(wired.text))
        memcpy(wired.text + len, " ", 2);
}

static void note(const void *piece, const char *what)
{
    const struct piece *p = piece;

    wired_note("%s#%u.%s", p->kind, p->number, what);
}

static struct piece *piece_new(const char *kind, const struct nave_iface *api,
                               struct nave_handle *next)
{
    struct piece *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->pub.api = api;
    p->kind = kind;
    p->next = (struct piece *)(void *)next;
    p->number = ++wired.numbers;
    wired.handles++;
    return p;
}

static nave_err make(const char *kind, const struct nave_iface *api,
                     const struct nave_role_args *args, struct nave_handle **out)
{
    struct piece *p = piece_new(kind, api, args->next);

    if (!p)
        return NAVE_ENOMEM;
    note(p, "make");
    *out = &p->pub;
    return NAVE_OK;
}

static void x_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    note(handle, "unmake");
    wired.handles--;
    free(handle);
}

/* --- handlers -------------------------------------------------------------------------------- */

#define HANDLER_ID "test.wired/1"

struct handler_iface {
    struct nave_iface hdr;
    void (*nothing)(void);
};

static void nothing(void)
{
}

static const struct handler_iface handler_table = {NAVE_IFACE(struct handler_iface, HANDLER_ID, 0,
                                                              0),
                                                   nothing};

static nave_err h_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    return make("h", &handler_table.hdr, args, out);
}

static nave_err g_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    return make("g", &handler_table.hdr, args, out);
}

/* --- protocols and a layer ------------------------------------------------------------------- */

static void p_accept(struct nave_protocol *p, struct nave_stream *s_take,
                     const struct nave_accept_info *info)
{
    (void)s_take;
    (void)info;
    note(p, "accept");
}

static nave_err complete_or_wait(struct nave_op *op)
{
    if (!wired.is_busy)
        return NAVE_OK;
    op->state = NAVE_OP_IN_FLIGHT;
    wired.ops[wired.op_count++ % 16] = op;
    return NAVE_EAGAIN;
}

void wired_complete(void)
{
    struct nave_op *ops[16];
    uint32_t i, count = wired.op_count;

    memcpy(ops, wired.ops, sizeof(ops));
    wired.op_count = 0; /* what completes may start others */
    for (i = 0; i < count; i++) {
        ops[i]->state = NAVE_OP_DONE;
        ops[i]->done(ops[i], ops[i]->done_arg);
    }
}

static nave_err p_set_next(struct nave_protocol *p, struct nave_handle *next, struct nave_op *op)
{
    struct piece *piece = (struct piece *)(void *)p;

    if (!next)
        return NAVE_EINVAL;
    piece->next = (struct piece *)(void *)next;
    wired_note("%s#%u.next=%s#%u", piece->kind, piece->number, piece->next->kind,
               piece->next->number);
    return complete_or_wait(op);
}

static nave_err p_retire(struct nave_protocol *p, struct nave_op *op)
{
    note(p, "retire");
    return complete_or_wait(op);
}

static const struct nave_protocol_iface able_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, 0),
    .accept = p_accept,
    .set_next = p_set_next,
    .retire = p_retire,
};

static const struct nave_protocol_iface fixed_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, 0),
    .accept = p_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

static nave_err able_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    return make("able", &able_table.hdr, args, out);
}

static nave_err fixed_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    return make("fixed", &fixed_table.hdr, args, out);
}

static nave_err wrap_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    return make("wrap", &able_table.hdr, args, out);
}

/* --- a transport ----------------------------------------------------------------------------- */

static nave_err l_start(struct nave_listener *l, uint32_t worker)
{
    (void)worker;
    note(l, "start");
    return NAVE_OK;
}

static void l_stop(struct nave_listener *l, uint32_t worker)
{
    (void)worker;
    note(l, "stop");
}

static nave_err l_address(struct nave_listener *l, struct nave_addr *out)
{
    (void)l;
    memset(out, 0, sizeof(*out));
    return NAVE_OK;
}

static void l_destroy(struct nave_listener *l)
{
    x_unmake(NULL, (struct nave_handle *)(void *)l);
}

static const struct nave_listener_iface listener_table = {
    .hdr = NAVE_IFACE(struct nave_listener_iface, NAVE_LISTENER_ID, 0, 0),
    .start = l_start,
    .stop = l_stop,
    .address = l_address,
    .destroy = l_destroy,
};

static nave_err t_listen(struct nave_transport *t, const struct nave_listen_args *args,
                         struct nave_listener **out)
{
    struct piece *p;

    (void)t;
    if (args->address.len > 9 && memcmp(args->address.ptr, "localhost", 9) == 0)
        return NAVE_EADDRINUSE;
    p = piece_new("l", &listener_table.hdr, NULL);
    if (!p)
        return NAVE_ENOMEM;
    note(p, "listen");
    wired.in = args->next;
    *out = (struct nave_listener *)(void *)p;
    return NAVE_OK;
}

static const struct nave_transport_iface transport_table = {
    .hdr = NAVE_IFACE(struct nave_transport_iface, NAVE_TRANSPORT_ID, 0, 0),
    .listen = t_listen,
};

static nave_err t_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)self;
    return make("t", &transport_table.hdr, args, out);
}

/* --- the plugin ------------------------------------------------------------------------------ */

static nave_err x_prepare(void *self, const struct nave_prepare_args *args)
{
    const struct x_options *o = args->options;

    (void)self;
    wired_note("x.prepare%s", args->flags & NAVE_PREPARE_RELOAD ? "!" : "");
    if (!(args->flags & NAVE_PREPARE_RELOAD))
        wired.kept = o->word;
    prepared_ns = o->live;
    return NAVE_OK;
}

static nave_err x_commit(void *self)
{
    (void)self;
    wired_note("x.commit");
    wired.live_ns = prepared_ns;
    return NAVE_OK;
}

static void x_abort(void *self)
{
    (void)self;
    wired_note("x.abort");
}

static const struct nave_plugin_ops x_ops = {
    .size = sizeof(x_ops),
    .create = nave_default_create,
    .prepare = x_prepare,
    .commit = x_commit,
    .abort = x_abort,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    wired_x
#define NAVE_PLUGIN_ID      "x"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_NEXT(NEXT) \
    NEXT(protocol, "able", HANDLER_ID) NEXT(protocol, "fixed", HANDLER_ID)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                   \
    ROLE(transport, "tcp", NAVE_TRANSPORT_ID, t_make, x_unmake, nave_no_options, NAVE_NO_OPTIONS, \
         "listens to nobody")                                                                     \
    ROLE(layer, "wrap", NAVE_PROTOCOL_ID, wrap_make, x_unmake, nave_no_options, NAVE_NO_OPTIONS,  \
         "a layer")                                                                               \
    ROLE(protocol, "able", NAVE_PROTOCOL_ID, able_make, x_unmake, nave_no_options,                \
         NAVE_NO_OPTIONS, "takes another handler")                                                \
    ROLE(protocol, "fixed", NAVE_PROTOCOL_ID, fixed_make, x_unmake, nave_no_options,              \
         NAVE_NO_OPTIONS, "takes none")                                                           \
    ROLE(handler, "h", HANDLER_ID, h_make, x_unmake, nave_no_options, NAVE_NO_OPTIONS, "one")     \
    ROLE(handler, "g", HANDLER_ID, g_make, x_unmake, nave_no_options, NAVE_NO_OPTIONS, "two")
#define NAVE_PLUGIN_OPTIONS      X_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE x_option_table
#define NAVE_PLUGIN_OPS          x_ops
#include <nave/define.h>

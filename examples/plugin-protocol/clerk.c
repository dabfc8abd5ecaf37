/* SPDX-License-Identifier: MIT
 *
 * The plugin "com.example.clerk": a handler for the protocol "lines", from a file of its own. It knows
 * three words: "say TEXT", "count" and "quit".
 */
#include "lines.h"

#include <nave/plugin.h>
#include <stdio.h>
#include <string.h>

#define CLERK_OPTIONS(OPTION) \
    OPTION(text, welcome, "hello", "0", "200", 0, "the first line of a connection; empty: none")

NAVE_OPTION_STRUCT(clerk_options, CLERK_OPTIONS);
NAVE_OPTION_TABLE(clerk_option_table, clerk_options, CLERK_OPTIONS)

struct clerk {
    struct lines_handler pub; /* first: the handle; it is the same for all uses */
    struct nave_host *host;
    struct nave_str welcome;
};

/* A line that cannot be sent: the peer does not read. It is sent away, since it would miss an answer. */
static void say(struct lines_conn *c, const char *text, size_t len)
{
    if (c->api->send(c, text, len) != NAVE_OK)
        c->api->close(c);
}

static void clerk_opened(struct lines_handler *h, struct lines_conn *c)
{
    const struct clerk *k = (const struct clerk *)(void *)h;

    if (k->welcome.len > 0)
        say(c, k->welcome.ptr, k->welcome.len);
}

static void clerk_line(struct lines_handler *h, struct lines_conn *c, const char *text, size_t len)
{
    uintptr_t lines = (uintptr_t)c->user + 1; /* all that is to be remembered of a peer */
    char answer[64];

    (void)h;
    c->user = (void *)lines;
    if (len >= 4 && memcmp(text, "say ", 4) == 0) {
        say(c, text + 4, len - 4);
    } else if (len == 5 && memcmp(text, "count", 5) == 0) {
        say(c, answer, (size_t)snprintf(answer, sizeof(answer), "%lu", (unsigned long)lines));
    } else if (len == 4 && memcmp(text, "quit", 4) == 0) {
        say(c, "bye", 3);
        c->api->close(c);
    } else {
        say(c, "error: say TEXT, count or quit", 30);
    }
}

static void clerk_closed(struct lines_handler *h, struct lines_conn *c)
{
    (void)h;
    (void)c;
}

static const struct lines_handler_iface clerk_table = {
    .hdr = NAVE_IFACE(struct lines_handler_iface, LINES_HANDLER_ID, 0, 0),
    .opened = clerk_opened,
    .line = clerk_line,
    .closed = clerk_closed,
};

static nave_err clerk_create(struct nave_host *host, void **out_self)
{
    struct clerk *k = nave_host_alloc(host, sizeof(*k));

    if (!k)
        return NAVE_ENOMEM;
    memset(k, 0, sizeof(*k));
    k->host = host;
    k->pub.api = (const void *)host->api->publish(host, &clerk_table.hdr);
    if (!k->pub.api) {
        nave_host_free(host, k, sizeof(*k));
        return NAVE_EINVAL;
    }
    *out_self = k;
    return NAVE_OK;
}

static nave_err clerk_prepare(void *self, const struct nave_prepare_args *args)
{
    static const char text[] = "a welcome is one line";
    const struct clerk_options *o = args->options;
    struct clerk *k = self;

    if (o->welcome.len > 0 && memchr(o->welcome.ptr, '\n', o->welcome.len)) {
        struct nave_conf *at = nave_conf_get(args->conf, "welcome");

        at->api->fail(at, text, sizeof(text) - 1); /* adds file, line and column */
        return NAVE_ECONFIG;
    }
    k->welcome = o->welcome; /* a plugin's text options live as long as the plugin */
    return NAVE_OK;
}

static void clerk_destroy(void *self)
{
    struct clerk *k = self;

    if (k)
        nave_host_free(k->host, k, sizeof(*k));
}

static nave_err clerk_make(void *self, const struct nave_role_args *args,
                           struct nave_handle **out_handle)
{
    struct clerk *k = self;

    (void)args;
    *out_handle = (struct nave_handle *)(void *)&k->pub;
    return NAVE_OK;
}

static void clerk_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

static const struct nave_plugin_ops clerk_ops = {
    .size = sizeof(clerk_ops),
    .create = clerk_create,
    .prepare = clerk_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = clerk_destroy,
};

#define NAVE_PLUGIN_NAME    clerk
#define NAVE_PLUGIN_ID      "com.example.clerk"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                         \
    ROLE(handler, "clerk", LINES_HANDLER_ID, clerk_make, clerk_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "say TEXT, count, quit")
#define NAVE_PLUGIN_OPTIONS      CLERK_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE clerk_option_table
#define NAVE_PLUGIN_OPS          clerk_ops
#include <nave/define.h>

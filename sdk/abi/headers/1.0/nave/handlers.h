/* SPDX-License-Identifier: MIT
 *
 * A plugin that is nothing but handlers without options: for a host program's own routes, or for the
 * first plugin one writes. Included once, at the end of a source file, after the functions and the
 * list of them. C11 and C++17.
 *
 *     static void hello(struct nave_http *x, void *user)
 *     {
 *         (void)user;
 *         (void)nave_http_respond_text(x, 200, "text/plain", 10, "Hello!", 6);
 *     }
 *
 *     #define NAVE_HANDLERS_NAME     app              // a C word
 *     #define NAVE_HANDLERS_ID       "com.acme.app"   // its key under "plugins"
 *     #define NAVE_HANDLERS_VERSION  "1.0.0"          // may be left out: "0.0.0"
 *     #define NAVE_HANDLERS(HANDLER) HANDLER(hello, "greets")   // function, documentation; a row each
 *     #include <nave/handlers.h>
 *
 * makes the plugin "com.acme.app" with the handler "hello", for a listener ("handler": "hello") or a
 * route ({"GET /": {"hello": {}}}). The name of a function is the name of its handler, so it is in
 * small letters. With NAVE_STATIC_PLUGIN defined its entry is app_plugin_entry_v1, for
 * nave_runtime_options.static_plugins, and `user` is nave_runtime_options.user; else the file is a
 * plugin, and `user` is NULL.
 *
 * A function answers `x` as a nave_http_handler_iface.handle does (nave/http.h, rules 2 and 3).
 * Thread: [worker], and all workers call at the same time: what `user` points to is shared.
 *
 * What needs options, services or threads of its own is a plugin of its own: nave/define.h.
 */
#ifndef NAVE_HANDLERS_H
#define NAVE_HANDLERS_H

#include <nave/host.h>
#include <nave/http.h>
#include <nave/plugin.h>
#include <nave/role.h>

#if !defined(NAVE_HANDLERS_NAME) || !defined(NAVE_HANDLERS_ID) || !defined(NAVE_HANDLERS)
#    error "define NAVE_HANDLERS_NAME, NAVE_HANDLERS_ID and NAVE_HANDLERS before <nave/handlers.h>"
#endif
#ifndef NAVE_HANDLERS_VERSION
#    define NAVE_HANDLERS_VERSION "0.0.0"
#endif

/* A handle: a handler and what its function is given. */
struct nave_handlers_one_ {
    struct nave_http_handler pub; /* first */
    void *user;
};

/* Make a handle of table `table`; `self` is the host. Thread: [control]. */
static nave_err nave_handlers_make_(void *self, const struct nave_iface *table,
                                    struct nave_handle **out_handle)
{
    struct nave_host *host = (struct nave_host *)self;
    const struct nave_iface *api = host->api->publish(host, table);
    struct nave_handlers_one_ *one;

    if (!api)
        return NAVE_EINVAL;
    one = (struct nave_handlers_one_ *)nave_host_alloc(host, sizeof(*one));
    if (!one)
        return NAVE_ENOMEM;
    one->pub.api = (const struct nave_http_handler_iface *)(const void *)api;
    one->user = nave_host_user(host);
    *out_handle = (struct nave_handle *)(void *)one;
    return NAVE_OK;
}

/* Give it back. Thread: [control]. */
static void nave_handlers_unmake_(void *self, struct nave_handle *handle)
{
    nave_host_free((struct nave_host *)self, handle, sizeof(struct nave_handlers_one_));
}

#define NAVE_HANDLERS_DEFINE_(name, doc)                                         \
    static void name##_handle_(struct nave_http_handler *h, struct nave_http *x) \
    {                                                                            \
        name(x, ((struct nave_handlers_one_ *)(void *)h)->user);                 \
    }                                                                            \
    static const struct nave_http_handler_iface name##_table_ = {                \
        NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, 0),  \
        name##_handle_,                                                          \
    };                                                                           \
    static nave_err name##_make_(void *self, const struct nave_role_args *args,  \
                                 struct nave_handle **out_handle)                \
    {                                                                            \
        (void)args;                                                              \
        return nave_handlers_make_(self, &name##_table_.hdr, out_handle);        \
    }
NAVE_HANDLERS(NAVE_HANDLERS_DEFINE_)

static const struct nave_plugin_ops nave_handlers_ops_ = {
    (uint32_t)sizeof(struct nave_plugin_ops),
    0,
    nave_default_create, /* self is the host */
    nave_default_prepare,
    nave_default_ok,
    nave_default_nothing,
    nave_default_ok,
    nave_default_worker_start,
    nave_default_worker_drain,
    nave_default_worker_stop,
    nave_default_nothing,
    nave_default_nothing,
};

/* define.h expands the list of roles twice, by two macros of its own; each gets the rows of ours. */
#define NAVE_HANDLERS_NAVE_ROLE_LINE_(name, doc)                                               \
    NAVE_ROLE_LINE_(handler, #name, NAVE_HTTP_HANDLER_ID, name##_make_, nave_handlers_unmake_, \
                    nave_no_options, NAVE_NO_OPTIONS, doc)
#define NAVE_HANDLERS_NAVE_ROLE_ENTRY_(name, doc)                                               \
    NAVE_ROLE_ENTRY_(handler, #name, NAVE_HTTP_HANDLER_ID, name##_make_, nave_handlers_unmake_, \
                     nave_no_options, NAVE_NO_OPTIONS, doc)
#define NAVE_PLUGIN_NAME    NAVE_HANDLERS_NAME
#define NAVE_PLUGIN_ID      NAVE_HANDLERS_ID
#define NAVE_PLUGIN_VERSION NAVE_HANDLERS_VERSION
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)  NAVE_HANDLERS(NAVE_HANDLERS_##ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          nave_handlers_ops_
#include <nave/define.h>

#endif

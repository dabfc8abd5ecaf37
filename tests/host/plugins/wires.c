/* SPDX-License-Identifier: MIT
 *
 * Roles of several interfaces, for what a listener may wire together. None is ever made: what is
 * checked stands in the manifest.
 */
#include <nave/http.h>
#include <nave/plugin.h>
#include <nave/role.h>

#define WORDS_ID "test.words/1"

static nave_err wires_make(void *self, const struct nave_role_args *args,
                           struct nave_handle **out_handle)
{
    (void)self;
    (void)args;
    (void)out_handle;
    return NAVE_ENOSYS;
}

static void wires_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

static const struct nave_plugin_ops wires_ops = {
    .size = sizeof(wires_ops),
    .create = nave_default_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define WIRES_ROLE(ROLE, kind, name, iface) \
    ROLE(kind, name, iface, wires_make, wires_unmake, nave_no_options, NAVE_NO_OPTIONS, "")

#define NAVE_PLUGIN_NAME    wires
#define NAVE_PLUGIN_ID      "wires"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                \
    WIRES_ROLE(ROLE, transport, "wire", NAVE_TRANSPORT_ID)     \
    WIRES_ROLE(ROLE, protocol, "words", NAVE_PROTOCOL_ID)      \
    WIRES_ROLE(ROLE, protocol, "pages", NAVE_PROTOCOL_ID)      \
    WIRES_ROLE(ROLE, protocol, "signs", NAVE_PROTOCOL_ID)      \
    WIRES_ROLE(ROLE, protocol, "alone", NAVE_PROTOCOL_ID)      \
    WIRES_ROLE(ROLE, handler, "speller", WORDS_ID)             \
    WIRES_ROLE(ROLE, handler, "printer", NAVE_HTTP_HANDLER_ID) \
    WIRES_ROLE(ROLE, handler, "binder", NAVE_HTTP_HANDLER_ID)
#define NAVE_PLUGIN_NEXT(NEXT)                    \
    NEXT(protocol, "words", WORDS_ID)             \
    NEXT(protocol, "pages", NAVE_HTTP_HANDLER_ID) \
    NEXT(protocol, "signs", "test.signs/1")
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          wires_ops
#include <nave/define.h>

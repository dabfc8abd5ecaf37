/* SPDX-License-Identifier: MIT
 *
 * A plugin of an old minor. It is compiled with the headers of sdk/abi/headers/MAJOR.MINOR and no
 * others; it never changes but to follow those. Hosts of today must load it.
 */
#include <nave/http.h>
#include <nave/plugin.h>

#define FROZEN_OPTIONS(OPTION)                                            \
    OPTION(duration, patience, "2s", "1ms", "1h", 0, "how long it waits") \
    OPTION(text, greeting, "hello", "", "", NAVE_OPTION_LIVE, "what it says")

NAVE_OPTION_STRUCT(frozen_options, FROZEN_OPTIONS);
NAVE_OPTION_TABLE(frozen_option_table, frozen_options, FROZEN_OPTIONS)

static void frozen_handle(struct nave_http_handler *h, struct nave_http *x)
{
    (void)h;
    (void)nave_http_respond_text(x, 200, "text/plain", 10, "frozen", 6);
}

static const struct nave_http_handler_iface frozen_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, 0),
    .handle = frozen_handle,
};

static nave_err frozen_make(void *self, const struct nave_role_args *args,
                            struct nave_handle **out_handle)
{
    struct nave_host *host = self;
    struct nave_http_handler *h;
    const struct nave_iface *api;

    (void)args;
    api = host->api->publish(host, &frozen_api.hdr);
    if (!api)
        return NAVE_EINVAL;
    h = nave_host_alloc(host, sizeof(*h));
    if (!h)
        return NAVE_ENOMEM;
    h->api = (const struct nave_http_handler_iface *)(const void *)api;
    *out_handle = (struct nave_handle *)(void *)h;
    return NAVE_OK;
}

static void frozen_unmake(void *self, struct nave_handle *handle)
{
    nave_host_free(self, handle, sizeof(struct nave_http_handler));
}

static const struct nave_plugin_ops frozen_ops = {
    .size = sizeof(frozen_ops),
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

#define NAVE_PLUGIN_NAME        frozen
#define NAVE_PLUGIN_ID          "test.frozen"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.test.absent/1", 0, NAVE_DEP_OPTIONAL)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                \
    ROLE(handler, "frozen", NAVE_HTTP_HANDLER_ID, frozen_make, frozen_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "answers as it did in its day")
#define NAVE_PLUGIN_OPTIONS      FROZEN_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE frozen_option_table
#define NAVE_PLUGIN_OPS          frozen_ops
#include <nave/define.h>

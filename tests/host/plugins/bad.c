/* SPDX-License-Identifier: MIT
 *
 * Small plugins that do not fit, one for each BAD_* that is defined: what they need and offer is all
 * that matters. The file is named like the id.
 */
#include <nave/plugin.h>
#include <nave/role.h>

struct bad_table {
    struct nave_iface hdr;
    nave_err (*answer)(struct nave_handle *h);
};

#define BAD_NOTHING(X)

#if defined(BAD_ring_one)
#    define NAVE_PLUGIN_ID              "ring_one"
#    define NAVE_PLUGIN_NEEDS(NEED)     NEED("test.two/1", 0, 0)
#    define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.one/1", 0, 0)
#elif defined(BAD_ring_two)
#    define NAVE_PLUGIN_ID              "ring_two"
#    define NAVE_PLUGIN_NEEDS(NEED)     NEED("test.one/1", 0, 0)
#    define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.two/1", 0, 0)
#elif defined(BAD_clock_a)
#    define NAVE_PLUGIN_ID              "clock_a"
#    define NAVE_PLUGIN_NEEDS           BAD_NOTHING
#    define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.clock/1", 0, 0)
#elif defined(BAD_clock_b)
#    define NAVE_PLUGIN_ID              "clock_b"
#    define NAVE_PLUGIN_NEEDS           BAD_NOTHING
#    define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.clock/1", 0, 0)
#elif defined(BAD_clock_user)
#    define NAVE_PLUGIN_ID          "clock_user"
#    define NAVE_PLUGIN_NEEDS(NEED) NEED("test.clock/1", 0, 0)
#    define NAVE_PLUGIN_PROVIDES    BAD_NOTHING
#elif defined(BAD_clock_late)
#    define NAVE_PLUGIN_ID          "clock_late"
#    define NAVE_PLUGIN_NEEDS(NEED) NEED("test.clock/1", 7, 0)
#    define NAVE_PLUGIN_PROVIDES    BAD_NOTHING
#elif defined(BAD_clock_major)
#    define NAVE_PLUGIN_ID          "clock_major"
#    define NAVE_PLUGIN_NEEDS(NEED) NEED("test.clock/2", 0, 0)
#    define NAVE_PLUGIN_PROVIDES    BAD_NOTHING
#elif defined(BAD_worker_major)
#    define NAVE_PLUGIN_ID          "worker_major"
#    define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/9", 0, 0)
#    define NAVE_PLUGIN_PROVIDES    BAD_NOTHING
#elif defined(BAD_worker_late)
#    define NAVE_PLUGIN_ID          "worker_late"
#    define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 99, 0)
#    define NAVE_PLUGIN_PROVIDES    BAD_NOTHING
#elif defined(BAD_hole)
#    define NAVE_PLUGIN_ID              "hole"
#    define NAVE_PLUGIN_NEEDS           BAD_NOTHING
#    define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.hole/1", 0, 0)
#    define BAD_PROVIDES                "test.hole/1"
#elif defined(BAD_sneak)
#    define NAVE_PLUGIN_ID       "sneak"
#    define NAVE_PLUGIN_NEEDS    BAD_NOTHING
#    define NAVE_PLUGIN_PROVIDES BAD_NOTHING
#    define BAD_BINDS            "test.clock/1"
#else
#    error "define one BAD_*"
#endif

static nave_err bad_create(struct nave_host *host, void **out_self)
{
#if defined(BAD_PROVIDES)
    static const struct bad_table table = {.hdr = NAVE_IFACE(struct bad_table, BAD_PROVIDES, 0, 0)};
    static struct nave_handle handle = {&table.hdr};

    *out_self = host;
    return host->api->provide(host, &handle, 0);
#elif defined(BAD_BINDS)
    struct nave_handle *handle;

    *out_self = host;
    return host->api->bind(host, BAD_BINDS, 0, sizeof(struct bad_table), &handle);
#else
    *out_self = host;
    return NAVE_OK;
#endif
}

static const struct nave_plugin_ops bad_ops = {
    .size = sizeof(bad_ops),
    .create = bad_create,
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

#define NAVE_PLUGIN_NAME         bad
#define NAVE_PLUGIN_VERSION      "1.0.0"
#define NAVE_PLUGIN_FLAGS        0
#define NAVE_PLUGIN_ROLES        BAD_NOTHING
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          bad_ops
#include <nave/define.h>

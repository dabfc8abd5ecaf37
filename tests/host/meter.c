/* SPDX-License-Identifier: MIT
 *
 * Plugin "test.meter": counters whose names and texts a format for metrics must put in order.
 */
#include <nave/plugin.h>

static nave_err meter_prepare(void *self, const struct nave_prepare_args *args)
{
    static const struct {
        const char *name, *doc;
        uint64_t count;
    } rows[] = {
        {"zeta", "the last one", 7},
        {"test.meter_own", "", 1},
        {"a-b", "a \"doc\" with \\ and\na second line", 3},
        {"a.b", "named alike", 4},
    };
    struct nave_host *host = self;
    nave_err err = NAVE_OK;
    size_t i;

    (void)args;
    for (i = 0; i < NAVE_COUNT(rows) && !err; i++) {
        struct nave_counter c;

        err = host->api->counter(host, rows[i].name, rows[i].doc, &c);
        if (!err)
            nave_counter_add(&c, 0, rows[i].count);
    }
    return err;
}

static nave_err meter_create(struct nave_host *host, void **out_self)
{
    *out_self = host;
    return NAVE_OK;
}

static const struct nave_plugin_ops meter_ops = {
    .size = sizeof(meter_ops),
    .create = meter_create,
    .prepare = meter_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    meter
#define NAVE_PLUGIN_ID      "test.meter"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          meter_ops
#include <nave/define.h>

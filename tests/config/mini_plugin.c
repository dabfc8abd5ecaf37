/* SPDX-License-Identifier: MIT
 *
 * The smallest plugin: what the tests of manifests and of the loader read, mutate and load.
 */
#include <nave/plugin.h>

#define MINI_OPTIONS(OPTION) \
    OPTION(size, room, "1KiB", "1", "1MiB", (1u << 0) | NAVE_OPTION_SECRET, "some room")
NAVE_OPTION_STRUCT(mini_options, MINI_OPTIONS);
NAVE_OPTION_TABLE(mini_table, mini_options, MINI_OPTIONS)

static const struct nave_plugin_ops mini_ops = {
    .size = sizeof(struct nave_plugin_ops),
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

#define NAVE_PLUGIN_NAME        mini
#define NAVE_PLUGIN_ID          "test.mini"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, NAVE_DEP_OPTIONAL)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      MINI_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE mini_table
#define NAVE_PLUGIN_OPS          mini_ops
#include <nave/define.h>

/* SPDX-License-Identifier: MIT
 *
 * Plugin "y": live options, and a prepare that fails when they say so.
 */
#include "wired.h"

#define Y_OPTIONS(OPTION)                                                     \
    OPTION(flag, fails, "false", "", "", NAVE_OPTION_LIVE, "prepare fails")   \
    OPTION(count, live, "0", "0", "9", NAVE_OPTION_LIVE, "differs in a test") \
    OPTION(text, fixed, "a", "0", "9", 0, "cannot change")

NAVE_OPTION_STRUCT(y_options, Y_OPTIONS);
NAVE_OPTION_TABLE(y_option_table, y_options, Y_OPTIONS)

static nave_err y_prepare(void *self, const struct nave_prepare_args *args)
{
    const struct y_options *o = args->options;

    (void)self;
    wired_note("y.prepare%s", args->flags & NAVE_PREPARE_RELOAD ? "!" : "");
    return o->fails ? NAVE_ELIMIT : NAVE_OK;
}

static nave_err y_commit(void *self)
{
    (void)self;
    wired_note("y.commit");
    return NAVE_OK;
}

static void y_abort(void *self)
{
    (void)self;
    wired_note("y.abort");
}

static const struct nave_plugin_ops y_ops = {
    .size = sizeof(y_ops),
    .create = nave_default_create,
    .prepare = y_prepare,
    .commit = y_commit,
    .abort = y_abort,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    wired_y
#define NAVE_PLUGIN_ID      "y"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      Y_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE y_option_table
#define NAVE_PLUGIN_OPS          y_ops
#include <nave/define.h>

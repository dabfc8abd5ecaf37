/* SPDX-License-Identifier: MIT
 *
 * A plugin with a task that never returns, on the worker that its option says, or on all.
 */
#include <nave/async.h>
#include <nave/option.h>
#include <nave/plugin.h>
#include <nave/worker.h>

#define SPINNER_OPTIONS(OPTION) \
    OPTION(count, worker, "0", "0", "256", 0, "the worker that spins; 256: each of them")

NAVE_OPTION_STRUCT(spinner_options, SPINNER_OPTIONS);
NAVE_OPTION_TABLE(spinner_table, spinner_options, SPINNER_OPTIONS)

static struct nave_host *host;
static uint64_t where;

NAVE_ASYNC(spin, volatile uint64_t turns;)
{
    NAVE_BEGIN();
    host->api->log(host, NAVE_LOG_WARN, "spins", 5);
    for (;;)
        f->turns++;
    NAVE_CLEANUP();
    NAVE_END();
}

static nave_err spinner_create(struct nave_host *h, void **out_self)
{
    host = h;
    *out_self = &where;
    return NAVE_OK;
}

static nave_err spinner_prepare(void *self, const struct nave_prepare_args *args)
{
    (void)self;
    where = ((const struct spinner_options *)args->options)->worker;
    return NAVE_OK;
}

static nave_err spinner_worker_start(void *self, struct nave_worker *w)
{
    struct nave_future *f;
    nave_err err;

    (void)self;
    if (where != 256 && where != w->index)
        return NAVE_OK;
    err = w->api->future_new(w, &spin_api, NAVE_ASYNC_SIZE(spin), &f);
    if (!err)
        (void)w->api->spawn_local(w, f);
    return err;
}

static const struct nave_plugin_ops spinner_ops = {
    .size = sizeof(spinner_ops),
    .create = spinner_create,
    .prepare = spinner_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = spinner_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        spinner
#define NAVE_PLUGIN_ID          "spinner"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      SPINNER_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE spinner_table
#define NAVE_PLUGIN_OPS          spinner_ops
#include <nave/define.h>

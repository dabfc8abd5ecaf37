/* SPDX-License-Identifier: MIT
 *
 * The body of trace_a.c and trace_b.c: TRACE_WHO, and what define.h wants, are defined before.
 */
#include <nave/plugin.h>

#include "trace.h"

static nave_err trace_create(struct nave_host *host, void **out_self)
{
    nave_err err = trace_add(TRACE_WHO, "create");

    if (err)
        return err;
    *out_self = host;
    return TRACE_CREATED(host);
}

static nave_err trace_prepare(void *self, const struct nave_prepare_args *args)
{
    (void)self;
    (void)args;
    return trace_add(TRACE_WHO, "prepare");
}

static nave_err trace_commit(void *self)
{
    (void)self;
    return trace_add(TRACE_WHO, "commit");
}

static void trace_abort(void *self)
{
    (void)self;
    (void)trace_add(TRACE_WHO, "abort");
}

static nave_err trace_start(void *self)
{
    (void)self;
    return trace_add(TRACE_WHO, "start");
}

static void trace_tell(const char *what, struct nave_worker *w)
{
    if (trace.on_worker)
        trace.on_worker(what, w);
}

static nave_err trace_worker_start(void *self, struct nave_worker *w)
{
    nave_err err = trace_add(TRACE_WHO, "worker_start");
    uint32_t i;

    (void)self;
    for (i = 0; !err && i != TRACE_HOLDS; i++)
        w->api->hold(w, "patience");
    trace_tell(TRACE_WHO ".worker_start", w);
    return err;
}

static void trace_worker_drain(void *self, struct nave_worker *w, nave_nsec deadline_ns)
{
    (void)self;
    __atomic_store_n(&trace.deadline_ns, deadline_ns - nave_now(w), __ATOMIC_RELAXED);
    (void)trace_add(TRACE_WHO, "worker_drain");
    trace_tell(TRACE_WHO ".worker_drain", w);
}

static void trace_worker_stop(void *self, struct nave_worker *w)
{
    uint32_t i;

    (void)self;
    for (i = 0; i != TRACE_HOLDS; i++)
        w->api->release(w, "patience");
    (void)trace_add(TRACE_WHO, "worker_stop");
    trace_tell(TRACE_WHO ".worker_stop", w);
}

static void trace_stop(void *self)
{
    (void)self;
    (void)trace_add(TRACE_WHO, "stop");
}

static void trace_destroy(void *self)
{
    if (self)
        (void)trace_add(TRACE_WHO, "destroy");
}

static const struct nave_plugin_ops trace_ops = {
    .size = sizeof(trace_ops),
    .create = trace_create,
    .prepare = trace_prepare,
    .commit = trace_commit,
    .abort = trace_abort,
    .start = trace_start,
    .worker_start = trace_worker_start,
    .worker_drain = trace_worker_drain,
    .worker_stop = trace_worker_stop,
    .stop = trace_stop,
    .destroy = trace_destroy,
};

#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          trace_ops
#include <nave/define.h>

/* SPDX-License-Identifier: MIT
 *
 * The public calls: each checks the state, takes the control role, and lets the modules below do it.
 *
 *     CREATED -> RESOLVED -> RUNNING -> STOPPED
 *                        \-> FAILED
 */
#include "runtime.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <nave/version.h>

#include "admin/admin.h"
#include "check/check.h"
#include "base/counter.h"
#include "door.h"
#include "lifecycle.h"
#include "runtime_blocking.h"
#include "stragglers.h"
#include "signals.h"
#include "base/sized.h"
#include "world/world.h"

/* Options of the first minor end here. */
#define RUNTIME_OPTIONS_MIN offsetof(struct nave_runtime_options, event)
#define RUNTIME_FLAGS \
    (NAVE_RUNTIME_SIGNALS | NAVE_RUNTIME_INHERIT | NAVE_RUNTIME_LOG_THREAD | NAVE_RUNTIME_LOG_HOST)

const char *nave_version(void)
{
    return NAVE_VERSION;
}

void nv_runtime_enter(struct nave_runtime *rt)
{
    rt->control = pthread_self();
    if (rt->has_control++ == 0)
        rt->log_before = nv_log_enter(rt->report.log, 0);
}

void nv_runtime_leave(struct nave_runtime *rt)
{
    if (--rt->has_control == 0)
        nv_log_leave(rt->log_before);
}

void nv_runtime_tell(struct nave_runtime *rt, uint32_t event, nave_err err)
{
    if (rt->event)
        rt->event(rt->event_arg, event, err);
}

nave_err nv_runtime_refuse(struct nave_runtime *rt, const char *what, const char *why)
{
    nv_report_error(&rt->report, NAVE_ESTATE, NULL, "the runtime cannot %s: %s", what, why);
    return NAVE_ESTATE;
}

/* --- create ---------------------------------------------------------------------------------- */

/* 1: every folder of `path` is absolute. */
static int32_t is_path_absolute(const char *path)
{
    while (path && *path) {
        if (*path != '/')
            return 0;
        path = strchr(path, ':');
        if (path)
            path++;
    }
    return 1;
}

static nave_err check_options(struct nave_runtime *rt, const struct nave_runtime_options *o)
{
    if (o->flags & ~RUNTIME_FLAGS) {
        nv_report_error(&rt->report, NAVE_EINVAL, NULL,
                        "flags 0x%x of nave_runtime_options are not known here; use a newer Nave, "
                        "or leave them out",
                        o->flags & ~RUNTIME_FLAGS);
        return NAVE_EINVAL;
    }
    if (!is_path_absolute(o->plugin_path)) {
        nv_report_error(&rt->report, NAVE_EINVAL, NULL,
                        "the plugin path \"%s\" has a folder that is not absolute", o->plugin_path);
        return NAVE_EINVAL;
    }
    if (o->workers > NV_WORKERS_MAX) {
        nv_report_error(&rt->report, NAVE_EINVAL, NULL,
                        "%u workers are not possible; %u are the most", o->workers, NV_WORKERS_MAX);
        return NAVE_EINVAL;
    }
    if (o->beat_ns < 0) {
        nv_report_error(&rt->report, NAVE_EINVAL, NULL,
                        "beat_ns of nave_runtime_options is a length of time, and %lld is none",
                        (long long)o->beat_ns);
        return NAVE_EINVAL;
    }
    return NAVE_OK;
}

/* There is no runtime yet to report by; the part of `o` that is known here says whom to tell. */
static nave_err refuse_tail(const struct nave_runtime_options *o, uint32_t offset)
{
    struct nv_report report;

    if (nv_report_init(&report, o->report, o->report_arg, NAVE_LOG_ERROR) == NAVE_OK) {
        nv_report_error(&report, NAVE_ETOONEW, NULL,
                        "nave_runtime_options uses a field at byte %u, and libnave %s knows %zu; "
                        "use a newer libnave, or build the program with the headers of this one",
                        offset, NAVE_VERSION, sizeof(*o));
        nv_report_finish(&report);
    }
    return NAVE_ETOONEW;
}

static nave_err make_world(struct nave_runtime *rt, const struct nave_sim_options *options)
{
    char why[256] = "out of memory";
    nave_err err = nv_world_create(rt, options, why, sizeof(why), &rt->world);

    if (err)
        nv_report_error(&rt->report, err, NULL, "%s", why);
    return err;
}

nave_err nave_runtime_create(const struct nave_runtime_options *options,
                             struct nave_runtime **out_rt)
{
    const char *check = getenv("NAVE_CHECK");
    struct nave_runtime_options o;
    struct nave_runtime *rt;
    uint32_t offset;
    nave_err err;

    if (!options || !out_rt)
        return NAVE_EINVAL;
    err = nv_sized_copy(&o, sizeof(o), options, RUNTIME_OPTIONS_MIN, &offset);
    if (err)
        return err == NAVE_ETOONEW ? refuse_tail(options, offset) : err;
    rt = calloc(1, sizeof(*rt));
    if (!rt)
        return NAVE_ENOMEM;
    err = nv_report_init(&rt->report, o.report, o.report_arg, o.log_level);
    if (err)
        goto fail;
    rt->is_checked = check && strcmp(check, "1") == 0;
    err = check_options(rt, &o);
    if (err)
        goto fail_report;
    if (o.plugin_path) {
        rt->plugin_path = strdup(o.plugin_path);
        err = NAVE_ENOMEM;
        if (!rt->plugin_path)
            goto fail_report;
    }
    if (o.flags & NAVE_RUNTIME_INHERIT) {
        err = nv_inherit_take(&rt->inherited, &rt->report);
        if (err)
            goto fail_path;
    }
    if (o.sim) {
        err = make_world(rt, o.sim);
        if (err)
            goto fail_inherited;
    }
    rt->flags = o.flags;
    rt->beat_ns = o.beat_ns;
    rt->level_asked = o.log_level;
    rt->event = o.event;
    rt->event_arg = o.event_arg;
    rt->user = o.user;
    rt->workers_asked = o.workers;
    rt->static_plugins = o.static_plugins;
    rt->blocking.rt = rt;
    nv_blocking_handle_init(&rt->blocking_handle, &rt->blocking, NULL, rt->is_checked);
    rt->admin.api = rt->is_checked ? &nv_admin_checked_table : &nv_admin_table;
    nv_locks_init(&rt->locks, rt, rt->is_checked);
    nv_channels_init(&rt->channels, rt, NULL);
    *out_rt = rt;
    return NAVE_OK;

fail_inherited:
    nv_inherit_close(&rt->inherited);
fail_path:
    free(rt->plugin_path);
fail_report:
    nv_report_finish(&rt->report);
fail:
    free(rt);
    return err;
}

/* --- configure ------------------------------------------------------------------------------- */

/* `err` is what reading said. A document of which single values were refused is resolved as well, so
 * that all errors come in one go. */
static nave_err configured(struct nave_runtime *rt, nave_err err)
{
    nave_err found;

    if (!rt->doc)
        return err;
    found = nv_runtime_resolve(rt);
    if (!err)
        err = found;
    if (!err) {
        rt->state = NV_RUNTIME_RESOLVED;
        return NAVE_OK;
    }
    nv_runtime_unresolve(rt);
    nv_conf_destroy(rt->doc);
    rt->doc = NULL;
    return err;
}

nave_err nave_runtime_configure_file(struct nave_runtime *rt, const char *path)
{
    nave_err err;

    if (!rt || !path)
        return NAVE_EINVAL;
    if (rt->state != NV_RUNTIME_CREATED)
        return nv_runtime_refuse(rt, "read a configuration", "it has one");
    nv_runtime_enter(rt);
    rt->source = strdup(path);
    if (rt->source) {
        err = configured(rt, nv_runtime_read(rt, path, NULL, 0, &rt->report, &rt->doc));
    } else {
        err = NAVE_ENOMEM;
        nv_report_error(&rt->report, err, NULL, "out of memory while reading the configuration");
    }
    if (err) {
        free(rt->source);
        rt->source = NULL;
    }
    nv_runtime_leave(rt);
    return err;
}

nave_err nave_runtime_configure_text(struct nave_runtime *rt, const char *text, size_t len,
                                     const char *name)
{
    nave_err err;

    if (!rt || !text || !name)
        return NAVE_EINVAL;
    if (rt->state != NV_RUNTIME_CREATED)
        return nv_runtime_refuse(rt, "read a configuration", "it has one");
    nv_runtime_enter(rt);
    err = configured(rt, nv_runtime_read(rt, name, text, len, &rt->report, &rt->doc));
    nv_runtime_leave(rt);
    return err;
}

/* --- stop, reload, destroy ------------------------------------------------------------------- */

void nave_runtime_stop(struct nave_runtime *rt)
{
    if (!rt)
        return;
    nv_threads_stop(rt);
    nv_run_ring(rt);
}

void nave_runtime_reload(struct nave_runtime *rt)
{
    struct nv_threads *ts = rt ? &rt->threads : NULL;

    if (!rt)
        return;
    __atomic_store_n(&rt->reload_asked, 1, __ATOMIC_RELEASE);
    if (__atomic_load_n(&ts->count, __ATOMIC_ACQUIRE) > 0)
        nv_worker_wake(ts->each[0].worker);
}

void nave_runtime_destroy(struct nave_runtime *rt)
{
    if (!rt || nv_stragglers_keep_abandoned(rt))
        return;
    nv_runtime_enter(rt);
    if (rt->state == NV_RUNTIME_RUNNING) /* started, and never run to its end */
        (void)nv_runtime_finish(rt);
    __atomic_store_n(&rt->is_seen, 0, __ATOMIC_RELEASE);
    if (nv_runtime_blocking_leave(rt)) {
        nv_runtime_leave(rt);
        return;
    }
    nv_lifecycle_destroy(rt);
    nv_blocking_destroy(&rt->blocking);
    nv_threads_destroy(rt);
    nv_run_finish(rt);
    nv_world_destroy(rt->world);
    nv_watchdog_finish(&rt->watchdog);
    nv_beat_finish(&rt->beat);
    nv_inherit_close(&rt->inherited);
    nv_runtime_unresolve(rt);
    nv_counters_destroy(rt->accepted);
    nv_conf_destroy(rt->doc);
    nv_runtime_forget_sets(rt);
    nv_runtime_log_close(rt);
    nv_runtime_leave(rt);
    nv_report_finish(&rt->report);
    free(rt->source);
    free(rt->plugin_path);
    free(rt);
}

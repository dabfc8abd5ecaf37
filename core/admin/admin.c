/* SPDX-License-Identifier: MIT
 *
 * The two calls by which a host program reaches past the lifecycle: nave_runtime_bind for services,
 * and nave_runtime_check, which goes as far as a start can without showing itself to the world.
 */
#include "admin.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/builtins.h"
#include "describe.h"
#include "dump.h"
#include "runtime/lifecycle.h"
#include "metrics.h"
#include "base/near.h"
#include "plugin/publish.h"
#include "runtime/runtime.h"
#include "world/world.h"

static nave_err admin_describe(struct nave_admin *a, const char *what, const char *const *subjects,
                               const char *format, nave_write_fn *write, void *arg)
{
    struct nave_runtime *rt = NAVE_CONTAINER_OF(a, struct nave_runtime, admin);
    nave_err err;

    nv_runtime_enter(rt);
    err = nv_describe(rt, what, subjects, format, write, arg);
    nv_runtime_leave(rt);
    return err;
}

static nave_err admin_metrics(struct nave_admin *a, const char *format, nave_write_fn *write,
                              void *arg)
{
    struct nave_runtime *rt = NAVE_CONTAINER_OF(a, struct nave_runtime, admin);
    int32_t is_json = format && strcmp(format, "json") == 0;
    struct nv_metrics m;
    struct nv_out o;
    nave_err err;

    if (!write || (format && !is_json && strcmp(format, "prometheus") != 0))
        return NAVE_EINVAL;
    err = nv_metrics_begin(&m, rt);
    if (err)
        return err;
    nv_out_init(&o, write, arg);
    if (is_json)
        nv_metrics_json(&m, &o);
    else
        while (nv_metrics_text(&m, &o))
            ;
    nv_out_flush(&o);
    nv_metrics_end(&m);
    return NAVE_OK;
}

static nave_err admin_dump(struct nave_admin *a, const char *format, nave_write_fn *write,
                           void *arg)
{
    struct nave_runtime *rt = NAVE_CONTAINER_OF(a, struct nave_runtime, admin);
    int32_t is_json = format && strcmp(format, "json") == 0;
    struct nv_dump *d;
    struct nv_out o;
    nave_err err;

    if (!write || (format && !is_json && strcmp(format, "text") != 0))
        return NAVE_EINVAL;
    d = malloc(sizeof(*d));
    if (!d)
        return NAVE_ENOMEM;
    err = nv_dump_begin(d, rt, is_json);
    if (!err) {
        nv_out_init(&o, write, arg);
        while (nv_dump_go_on(d, &o))
            ;
        nv_out_flush(&o);
    }
    free(d);
    return err;
}

const struct nave_admin_iface nv_admin_table = {
    .hdr = NAVE_IFACE(struct nave_admin_iface, NAVE_ADMIN_ID, 1, NAVE_IFACE_DRAFT),
    .describe = admin_describe,
    .metrics = admin_metrics,
    .dump = admin_dump,
};

static nave_err refuse(struct nave_runtime *rt, nave_err err, const char *format, ...)
    NAVE_FORMAT(3, 4);
static nave_err refuse(struct nave_runtime *rt, nave_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    nv_report_verror(&rt->report, err, NULL, format, args);
    va_end(args);
    return err;
}

/* --- bind ------------------------------------------------------------------------------------ */

/* Who provides `id`: the only one, or the only one that is preferred. */
struct providers {
    struct nv_plugin *plugin;
    uint32_t provide;
    uint32_t count;
    uint32_t preferred;
};

static void find_providers(const struct nave_runtime *rt, const char *id, struct providers *found,
                           struct nv_near *near, const char **out_other)
{
    uint32_t i, k;

    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_manifest *m = rt->plugins[i]->file->manifest;

        for (k = 0; k < m->provide_count; k++) {
            uint32_t is_preferred = (m->provides[k].flags & NAVE_SERVICE_DEFAULT) != 0;

            nv_near_try(near, m->provides[k].id, strlen(m->provides[k].id));
            if (strcmp(m->provides[k].id, id) != 0) {
                if (nv_same_service_name(m->provides[k].id, id))
                    *out_other = m->provides[k].id;
                continue;
            }
            if (!found->count++ || (is_preferred && !found->preferred)) {
                found->plugin = rt->plugins[i];
                found->provide = k;
            }
            found->preferred += is_preferred;
        }
    }
}

static nave_err find_service(struct nave_runtime *rt, const char *id,
                             struct nave_handle **out_handle)
{
    struct providers found = {0};
    char hint[NV_NEAR_HINT_MAX];
    const char *other = NULL;
    struct nave_handle *handle;
    struct nv_near near;

    nv_near_init(&near, (struct nave_str){id, strlen(id)});
    other = nv_builtin_near(rt, id, &near);
    find_providers(rt, id, &found, &near, &other);
    if (!found.count && other)
        return refuse(
            rt, NAVE_EMAJOR,
            "the host program binds \"%s\", and there is \"%s\": another major is another "
            "interface",
            id, other);
    if (!found.count && rt->state == NV_RUNTIME_CREATED)
        return refuse(rt, NAVE_ESTATE,
                      "the host program binds \"%s\" before there is a configuration that says who "
                      "provides it",
                      id);
    if (!found.count)
        return refuse(rt, NAVE_ENOTFOUND,
                      "the host program binds \"%.80s\", which no plugin here provides%s", id,
                      nv_near_hint(&near, hint));
    if (found.count > 1 && found.preferred != 1)
        return refuse(rt, NAVE_EAMBIGUOUS,
                      "the host program binds \"%s\", which %u plugins provide and none alone is "
                      "the default; take all but one out of the configuration",
                      id, found.count);
    handle = found.plugin->services[found.provide].handle;
    if (!handle)
        return refuse(
            rt, NAVE_ESTATE,
            "the host program binds \"%s\", which plugin \"%s\" provides once the runtime "
            "has started, and no more when it has ended",
            id, found.plugin->id);
    *out_handle = handle;
    return NAVE_OK;
}

nave_err nave_runtime_bind(struct nave_runtime *rt, const char *id, uint32_t min_minor,
                           uint32_t min_size, struct nave_handle **out_handle)
{
    struct nave_handle *handle = NULL;
    struct nv_why why = {""};
    nave_err err;

    if (!rt || !id || !out_handle || min_size < sizeof(struct nave_iface))
        return NAVE_EINVAL;
    nv_runtime_enter(rt);
    err = nv_builtin_service(rt, NULL, id, &handle);
    if (err == NAVE_ENOTFOUND)
        err = find_service(rt, id, &handle);
    else if (err == NAVE_ESTATE)
        refuse(rt, err,
               "the host program binds \"%s\", which is there while the runtime is started only",
               id);
    if (!err && (handle->api->minor < min_minor || handle->api->size < min_size))
        err = refuse(rt, NAVE_ETOOOLD,
                     "the host program binds \"%s\" of minor %u and %u bytes, and minor %u of %u "
                     "bytes is offered; use a newer provider",
                     id, min_minor, min_size, handle->api->minor, handle->api->size);
    if (!err) {
        err = nv_iface_check(handle->api, min_size, &why);
        if (err)
            refuse(rt, err, "the host program cannot bind \"%s\": %s", id, why.text);
    }
    nv_runtime_leave(rt);
    if (!err)
        *out_handle = handle;
    return err;
}

/* --- check ----------------------------------------------------------------------------------- */

static nave_err check(struct nave_runtime *rt)
{
    uint64_t errors = nv_report_errors(&rt->report);
    nave_err err = nv_threads_create(rt);
    uint32_t i;

    for (i = 0; i < rt->plugin_count && !err; i++) {
        err = nv_plugin_make_handles(rt->plugins[i]);
        if (err)
            refuse(rt, err, "out of memory while checking");
    }
    if (!err)
        err = nv_lifecycle_check(rt);
    nv_lifecycle_stop(rt);
    nv_lifecycle_destroy(rt);
    for (i = 0; i < rt->plugin_count; i++)
        nv_plugin_free_handles(rt->plugins[i]);
    nv_threads_destroy(rt);
    if (!err && nv_report_errors(&rt->report) != errors)
        err = NAVE_ECONFIG;
    return err;
}

nave_err nave_runtime_check(struct nave_runtime *rt)
{
    nave_err err;

    if (!rt)
        return NAVE_EINVAL;
    if (rt->state != NV_RUNTIME_RESOLVED)
        return refuse(rt, NAVE_ESTATE, "the runtime cannot check: %s",
                      rt->state == NV_RUNTIME_CREATED ? "it has no configuration"
                                                      : "it was started before");
    nv_runtime_enter(rt);
    err = check(rt);
    nv_runtime_leave(rt);
    return err;
}

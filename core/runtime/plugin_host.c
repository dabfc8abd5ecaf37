/* SPDX-License-Identifier: MIT
 *
 * What a plugin asks of the host. Every slot knows its caller, since each plugin has a handle of its
 * own; so refusals name it, and what it takes is counted for it.
 */
#include "plugin_host.h"

#include <stdlib.h>
#include <string.h>

#include "builtins.h"
#include "base/counter.h"
#include "plugin/publish.h"
#include "roles.h"
#include "runtime.h"
#include "world/world.h"

static struct nv_plugin *plugin_of(struct nave_host *h)
{
    return NAVE_CONTAINER_OF(h, struct nv_plugin, host);
}

/* Report why a request of `p` is refused, and give `err` back. */
static nave_err refuse(struct nv_plugin *p, nave_err err, const char *format, ...)
    NAVE_FORMAT(3, 4);
static nave_err refuse(struct nv_plugin *p, nave_err err, const char *format, ...)
{
    struct nv_place at = {.plugin = p->id};
    va_list args;

    va_start(args, format);
    nv_report_verror(&p->rt->report, err, &at, format, args);
    va_end(args);
    return err;
}

/* The service that need `n` of `p` resolved to, checked as far as `min_size`. */
static nave_err bind_need(struct nv_plugin *p, uint32_t n, uint32_t min_minor, uint32_t min_size,
                          struct nave_handle **out_handle)
{
    const struct nv_manifest_dep *need = &p->file->manifest->needs[n];
    const struct nv_need *link = &p->needs[n];
    const struct nave_iface *table;
    struct nave_handle *handle;
    struct nv_why why = {""};
    nave_err err;

    if (link->is_builtin) {
        err = nv_builtin_service(p->rt, p, need->id, &handle);
        if (err == NAVE_ENOTFOUND)
            return refuse(p, err,
                          "plugin \"%s\" binds \"%s\", which is a table of handles that are handed "
                          "out by calls; there is no service to bind",
                          p->id, need->id);
        if (err)
            return err;
    } else if (!link->provider) {
        if (!(need->flags & NAVE_DEP_OPTIONAL))
            refuse(p, NAVE_ENOTFOUND, "plugin \"%s\" binds \"%s\", which nobody provides", p->id,
                   need->id);
        return NAVE_ENOTFOUND;
    } else {
        handle = link->provider->services[link->provide].handle;
        if (!handle)
            return refuse(p, NAVE_ENOTFOUND,
                          "plugin \"%s\" binds \"%s\", which plugin \"%s\" has not provided yet",
                          p->id, need->id, link->provider->id);
    }
    table = handle->api;
    if (table->minor < min_minor || table->size < min_size)
        return refuse(
            p, NAVE_ETOOOLD,
            "plugin \"%s\" binds \"%s\" of minor %u and %u bytes, and minor %u of %u bytes "
            "is offered; use a newer provider",
            p->id, need->id, min_minor, min_size, table->minor, table->size);
    err = nv_iface_check(table, min_size, &why);
    if (err)
        return refuse(p, err, "plugin \"%s\" cannot bind \"%s\": %s", p->id, need->id, why.text);
    *out_handle = handle;
    return NAVE_OK;
}

static nave_err host_bind(struct nave_host *h, const char *id, uint32_t min_minor,
                          uint32_t min_size, struct nave_handle **out_handle)
{
    struct nv_plugin *p = plugin_of(h);
    const struct nv_manifest *m = p->file->manifest;
    uint32_t n;

    if (!id || !out_handle || min_size < sizeof(struct nave_iface))
        return refuse(p, NAVE_EINVAL,
                      "plugin \"%s\" binds without an id, a place for the handle, or a size",
                      p->id);
    if (p->call != NV_CALL_CREATE && p->call != NV_CALL_PREPARE)
        return refuse(p, NAVE_ESTATE,
                      "plugin \"%s\" binds \"%s\" outside create and prepare; bind there and keep "
                      "the handle",
                      p->id, id);
    for (n = 0; n < m->need_count; n++)
        if (strcmp(m->needs[n].id, id) == 0)
            return bind_need(p, n, min_minor, min_size, out_handle);
    return refuse(p, NAVE_EDENIED,
                  "plugin \"%s\" binds \"%s\", which is not among its needs; add it to "
                  "NAVE_PLUGIN_NEEDS",
                  p->id, id);
}

static nave_err host_provide(struct nave_host *h, struct nave_handle *service, uint32_t flags)
{
    struct nv_plugin *p = plugin_of(h);
    const struct nv_manifest *m = p->file->manifest;
    struct nv_why why = {""};
    nave_err err;
    uint32_t k;

    if (p->call != NV_CALL_CREATE)
        return refuse(p, NAVE_ESTATE, "plugin \"%s\" provides a service outside create", p->id);
    if (!service || (flags & ~NAVE_SERVICE_DEFAULT))
        return refuse(
            p, NAVE_EINVAL,
            "plugin \"%s\" provides no service, or with a flag that this host does not know",
            p->id);
    err = nv_iface_check(service->api, 0, &why);
    if (err)
        return refuse(p, err, "plugin \"%s\": %s", p->id, why.text);
    for (k = 0; k < m->provide_count; k++) {
        if (strcmp(m->provides[k].id, service->api->id) != 0)
            continue;
        if (p->services[k].handle)
            return refuse(p, NAVE_EEXIST, "plugin \"%s\" provides \"%s\" twice", p->id,
                          service->api->id);
        if (service->api->minor < m->provides[k].min_minor)
            return refuse(p, NAVE_EINVAL,
                          "plugin \"%s\" provides \"%s\" of minor %u, and its manifest says %u",
                          p->id, service->api->id, service->api->minor, m->provides[k].min_minor);
        p->services[k] = (struct nv_service){service, flags};
        return NAVE_OK;
    }
    return refuse(
        p, NAVE_EDENIED,
        "plugin \"%s\" provides \"%s\", which is not among what its manifest lists; add it "
        "to NAVE_PLUGIN_PROVIDES",
        p->id, service->api->id);
}

static const struct nave_iface *host_publish(struct nave_host *h, const struct nave_iface *table)
{
    return nv_publish(plugin_of(h), table);
}

static void *host_mem(struct nave_host *h, void *ptr, size_t old, size_t now)
{
    struct nv_plugin *p = plugin_of(h);
    void *got = NULL;

    if (now > old && NAVE_UNLIKELY(p->rt->world != NULL) && nv_world_no_memory(p->rt->world))
        return NULL;
    if (now) {
        got = old ? realloc(ptr, now) : malloc(now);
        if (!got)
            return NULL;
    } else if (old) {
        free(ptr);
    }
    /* Unsigned wrap does the subtraction. */
    __atomic_fetch_add(&p->mem_bytes, (uint64_t)now - (uint64_t)old, __ATOMIC_RELAXED);
    __atomic_fetch_add(&p->mem_blocks, (uint64_t)(now != 0) - (uint64_t)(old != 0),
                       __ATOMIC_RELAXED);
    return got;
}

static void host_log(struct nave_host *h, uint32_t level, const char *text, size_t len)
{
    struct nv_plugin *p = plugin_of(h);

    if (level > NAVE_LOG_DEBUG)
        level = NAVE_LOG_DEBUG;
    if (nave_host_logs(h, level))
        nv_report_text(&p->rt->report, level, p->id, text, len);
}

static void host_fail(struct nave_host *h, const char *text, size_t len)
{
    struct nv_plugin *p = plugin_of(h);

    refuse(p, NAVE_EINVAL, "plugin \"%s\": %.*s", p->id, (int)(len > 1500 ? 1500 : len), text);
}

static uint32_t host_worker_count(struct nave_host *h)
{
    return plugin_of(h)->rt->worker_count;
}

static nave_err host_counter(struct nave_host *h, const char *name, const char *doc,
                             struct nave_counter *out_counter)
{
    struct nv_plugin *p = plugin_of(h);

    return nv_counters_get(&p->counters, p->rt->worker_count, name, doc, out_counter);
}

static nave_err host_role_make(struct nave_host *h, const char *kind, const char *name,
                               struct nave_conf *conf, struct nave_handle **out_handle)
{
    struct nv_plugin *p = plugin_of(h);

    if (!kind || !name || !out_handle)
        return refuse(p, NAVE_EINVAL, "plugin \"%s\" makes a role without kind or name", p->id);
    if (p->call != NV_CALL_PREPARE && p->call != NV_CALL_MAKE)
        return refuse(p, NAVE_ESTATE, "plugin \"%s\" makes %s \"%s\" outside prepare", p->id, kind,
                      name);
    return nv_role_make(p->rt, p, kind, name, conf, conf ? conf : p->conf, NULL,
                        (struct nave_str){NULL, 0}, out_handle);
}

static void host_role_unmake(struct nave_host *h, struct nave_handle *handle)
{
    struct nv_plugin *p = plugin_of(h);

    if (handle)
        nv_role_unmake(p->rt, p, handle);
}

static void *host_user(struct nave_host *h)
{
    struct nv_plugin *p = plugin_of(h);

    return p->file->is_static ? p->rt->user : NULL;
}

const struct nave_host_iface nv_host_table = {
    .hdr = NAVE_IFACE(struct nave_host_iface, NAVE_HOST_ID, 0, NAVE_IFACE_DRAFT),
    .bind = host_bind,
    .provide = host_provide,
    .publish = host_publish,
    .mem = host_mem,
    .log = host_log,
    .fail = host_fail,
    .worker_count = host_worker_count,
    .counter = host_counter,
    .role_make = host_role_make,
    .role_unmake = host_role_unmake,
    .user = host_user,
};

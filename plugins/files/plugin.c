/* SPDX-License-Identifier: MIT
 *
 * The plugin files: a folder as a handler, role "files". Read this first: the descriptor, the life of
 * the instance and of its part of each worker; then handle.c.
 */
#include "files.h"

#include <string.h>
#include <unistd.h>

#include "open.h"

static void plugin_destroy(void *self)
{
    struct files_plugin *p = self;

    if (!p)
        return;
    nave_host_free(p->host, p->workers, p->worker_count * sizeof(struct files_worker *));
    nave_host_free(p->host, p, sizeof(*p));
}

static nave_err make_counters(struct files_plugin *p)
{
    nave_err err = NAVE_OK;

#define COUNTER(member, name, doc) \
    if (err == NAVE_OK)            \
        err = p->host->api->counter(p->host, name, doc, &p->counters.member);
    FILES_COUNTERS(COUNTER)
#undef COUNTER
    return err;
}

static nave_err plugin_create(struct nave_host *host, void **out_self)
{
    struct files_plugin *p = nave_host_alloc(host, sizeof(*p));
    nave_err err = NAVE_ENOMEM;

    if (!p)
        return err;
    memset(p, 0, sizeof(*p));
    p->host = host;
    p->worker_count = host->api->worker_count(host);
    p->workers = nave_host_alloc(host, p->worker_count * sizeof(struct files_worker *));
    if (!p->workers)
        goto fail;
    memset(p->workers, 0, p->worker_count * sizeof(struct files_worker *));
    p->handler_api = (const void *)host->api->publish(host, &files_handler_table.hdr);
    err = NAVE_EINVAL;
    if (!p->handler_api)
        goto fail;
    err = make_counters(p);
    if (err != NAVE_OK)
        goto fail;
    p->has_kernel = (uint32_t)files_open_has_kernel();
    *out_self = p;
    return NAVE_OK;
fail:
    plugin_destroy(p);
    return err;
}

static nave_err plugin_prepare(void *self, const struct nave_prepare_args *args)
{
    struct files_plugin *p = self;

    memcpy(&p->prepared, args->options, sizeof(p->prepared));
    return NAVE_OK;
}

static nave_err plugin_commit(void *self)
{
    struct files_plugin *p = self;

    p->options = p->prepared;
    return NAVE_OK;
}

/* A number that peers cannot know; for hashing and boundaries, not for secrets. */
static uint64_t seed_of(const struct files_worker *fw)
{
    uint64_t seed = 0;

    if (getentropy(&seed, sizeof(seed)) != 0 || seed == 0)
        seed = (uint64_t)fw->w->clock->wall_ns ^ (uint64_t)(uintptr_t)fw ^
               UINT64_C(0x9E3779B97F4A7C15);
    return seed;
}

static nave_err plugin_worker_start(void *self, struct nave_worker *w)
{
    struct files_plugin *p = self;
    struct files_worker *fw = nave_host_alloc(p->host, sizeof(*fw));

    if (!fw)
        return NAVE_ENOMEM;
    memset(fw, 0, offsetof(struct files_worker, scratch));
    fw->plugin = p;
    fw->w = w;
    fw->random = seed_of(fw);
    fw->bucket_count = files_cache_buckets(p->options.cache_entries);
    fw->buckets = nave_host_alloc(p->host, fw->bucket_count * sizeof(struct files_slot *));
    if (!fw->buckets) {
        nave_host_free(p->host, fw, sizeof(*fw));
        return NAVE_ENOMEM;
    }
    memset(fw->buckets, 0, fw->bucket_count * sizeof(struct files_slot *));
    files_cache_init(&fw->cache, fw->buckets, fw->bucket_count, seed_of(fw));
    p->workers[w->index] = fw;
    return NAVE_OK;
}

static void plugin_worker_stop(void *self, struct nave_worker *w)
{
    struct files_plugin *p = self;

    if (p->workers[w->index])
        files_lookup_forget_all(p->workers[w->index]);
}

/* The workers' parts go only now: a response may have ended after our worker_stop. */
static void plugin_stop(void *self)
{
    struct files_plugin *p = self;
    uint32_t i;

    for (i = 0; i < p->worker_count; i++) {
        struct files_worker *fw = p->workers[i];

        if (!fw)
            continue;
        nave_host_free(p->host, fw->buckets, fw->bucket_count * sizeof(struct files_slot *));
        nave_host_free(p->host, fw, sizeof(*fw));
        p->workers[i] = NULL;
    }
}

NAVE_OPTION_TABLE(files_option_table, files_options, FILES_OPTIONS)
NAVE_OPTION_TABLE(files_role_option_table, files_role_options, FILES_ROLE_OPTIONS)

static const struct nave_plugin_ops files_ops = {
    .size = sizeof(struct nave_plugin_ops),
    .create = plugin_create,
    .prepare = plugin_prepare,
    .commit = plugin_commit,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = plugin_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = plugin_worker_stop,
    .stop = plugin_stop,
    .destroy = plugin_destroy,
};

#define NAVE_PLUGIN_NAME    files
#define NAVE_PLUGIN_ID      "files"
#define NAVE_PLUGIN_VERSION "0.1.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                      \
    ROLE(handler, "files", NAVE_HTTP_HANDLER_ID, files_root_make, files_root_unmake, \
         files_role_option_table, FILES_ROLE_OPTIONS, "serves the files of a folder")
#define NAVE_PLUGIN_OPTIONS      FILES_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE files_option_table
#define NAVE_PLUGIN_OPS          files_ops
#include <nave/define.h>

/* SPDX-License-Identifier: MIT
 *
 * nave.host/1: what a plugin reaches the host through. One handle for each plugin instance, so the
 * host knows who calls. It never grows into a god object: everything else is bound by id.
 */
#ifndef NAVE_HOST_H
#define NAVE_HOST_H

#include <nave/base.h>
#include <nave/conf.h>
#include <nave/error.h>
#include <nave/iface.h>

NAVE_BEGIN_DECLS

#define NAVE_HOST_ID "nave.host/1"

struct nave_host;
struct nave_worker;

#define NAVE_LOG_ERROR 0u
#define NAVE_LOG_WARN  1u
#define NAVE_LOG_INFO  2u
#define NAVE_LOG_DEBUG 3u

#define NAVE_SERVICE_DEFAULT (1u << 0) /* preferred when several plugins provide the same id */

/* A counter: one 64-bit word for each worker on a line of its own; the host sums. */
struct nave_counter {
    uint64_t *cells; /* cells[worker index * stride]                  */
    uint32_t stride; /* in words                                      */
    uint32_t workers;
};

/* "nave.host/1" */
struct nave_host_iface {
    struct nave_iface hdr;

    /* The service `id`, at least of minor `min_minor` and `min_size` bytes, every slot below it
     * filled. The edge is recorded: the provider starts before and stops after the caller.
     * Thread: [control]. State: [create, prepare]. Owns: borrowed until destroy.
     * Errors: NAVE_ENOTFOUND; NAVE_EMAJOR another major is offered; NAVE_ETOOOLD; NAVE_EAMBIGUOUS;
     * NAVE_ECYCLE; NAVE_EDENIED `id` is not among the plugin's needs; NAVE_ESTATE. Each is reported. */
    nave_err (*bind)(struct nave_host *h, const char *id, uint32_t min_minor, uint32_t min_size,
                     struct nave_handle **out_handle);
    /* Offer `service` under the id of its table. The plugin's manifest must list it under provides.
     * Thread: [control]. State: [create]. Owns: borrows service until destroy.
     * Errors: NAVE_EDENIED not in the manifest; NAVE_EEXIST; NAVE_EINVAL an empty slot. */
    nave_err (*provide)(struct nave_host *h, struct nave_handle *service, uint32_t flags);
    /* The table to store in handles: `table` itself, or with NAVE_CHECK=1 one that asserts thread,
     * state and ownership and then calls `table` (for the SDK's ids; others are returned as they
     * are). NULL, with a report, when a slot of `table` is empty. Thread: [control].
     * Owns: `table` is static; the result lives as long as the runtime. */
    const struct nave_iface *(*publish)(struct nave_host *h, const struct nave_iface *table);

    /* realloc with sizes: `old` 0 allocates, `now` 0 frees. Accounted to the plugin. NULL when out
     * of memory; `ptr` is untouched then. Aligned to 16. Thread: [any]. Null: [ptr]. */
    void *(*mem)(struct nave_host *h, void *ptr, size_t old, size_t now);

    /* Log `text`, one line, at NAVE_LOG_*. What is more than the plugin is to tell is left out; ask
     * nave_host_logs() before composing a line. The line waits in a queue for a thread that writes it, so
     * this does not wait; when lines come too fast, they are left out and counted. (Only a host program that
     * has the reports straight to its callback makes it take as long as that.) Thread: [any]. Borrows the
     * text. */
    void (*log)(struct nave_host *h, uint32_t level, const char *text, size_t len);
    /* Report why the present call fails (no position; for a value use nave_conf_fail). May be called
     * many times. Thread: [control]. State: inside create, prepare, start or make. */
    void (*fail)(struct nave_host *h, const char *text, size_t len);

    /* How many workers there are; fixed from create on. Thread: [any]. */
    uint32_t (*worker_count)(struct nave_host *h);
    /* A counter named `name` ("connections_accepted"); the same name gives the same counter.
     * Thread: [control]. Owns: lives as long as the plugin instance. Errors: NAVE_ENOMEM. */
    nave_err (*counter)(struct nave_host *h, const char *name, const char *doc,
                        struct nave_counter *out_counter);

    /* Make a role handle of another plugin: how a router makes its handlers. `kind` and `name` choose
     * the role; `conf` is its part of the configuration (may be NULL). The edge is recorded for
     * lifetime. Thread: [control]. State: [prepare, make]. Null: [conf].
     * Owns: give it back with role_unmake. Errors: NAVE_ENOTFOUND (reported at `conf` with the nearest
     * name); what make returned (reported by it). */
    nave_err (*role_make)(struct nave_host *h, const char *kind, const char *name,
                          struct nave_conf *conf, struct nave_handle **out_handle);
    /* Give back what role_make made. NULL is fine. Thread: [control]. Null: [handle]. */
    void (*role_unmake)(struct nave_host *h, struct nave_handle *handle);

    /* What the host program put into nave_runtime_options.user: how a part of the program finds the
     * program's state, also with several runtimes in one process. NULL for a plugin from a file: the
     * pointer means something to the program alone. Thread: [any]. */
    void *(*user)(struct nave_host *h);
};

/* The handle of the host. */
struct nave_host {
    const struct nave_host_iface *api;
    uint32_t log_level; /* atomic, the host's: see nave_host_logs */
    uint32_t reserved;
};

/* 1: a line at `level` (NAVE_LOG_*) would be told. One load and a comparison. The operator may
 * change the answer at any time. Thread: [any]. */
static inline int32_t nave_host_logs(const struct nave_host *h, uint32_t level)
{
    return level <= __atomic_load_n(&h->log_level, __ATOMIC_RELAXED);
}

/* Add `n` to counter `c` as worker `worker`. Thread: [worker]. No atomic operation is needed. */
static inline void nave_counter_add(const struct nave_counter *c, uint32_t worker, uint64_t n)
{
    uint64_t *cell = c->cells + (size_t)worker * c->stride;

    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/* The sum of counter `c` over all workers. Thread: [any]. */
static inline uint64_t nave_counter_sum(const struct nave_counter *c)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < c->workers; i++)
        sum += __atomic_load_n(c->cells + (size_t)i * c->stride, __ATOMIC_RELAXED);
    return sum;
}

/* See nave_host_iface.mem. Thread: [any]. */
static inline void *nave_host_alloc(struct nave_host *h, size_t size)
{
    return h->api->mem(h, NULL, 0, size);
}

/* See nave_host_iface.user. Thread: [any]. */
static inline void *nave_host_user(struct nave_host *h)
{
    return h->api->user(h);
}

/* See nave_host_iface.mem. Thread: [any]. NULL is fine. */
static inline void nave_host_free(struct nave_host *h, void *ptr, size_t size)
{
    if (ptr)
        h->api->mem(h, ptr, size, 0);
}

NAVE_END_DECLS
#endif

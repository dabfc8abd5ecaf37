/* SPDX-License-Identifier: MIT
 *
 * The plugins of one runtime: what each is, how far it has come, what it offers, uses and holds.
 * The registry keeps; lifecycle.c moves.
 */
#ifndef NV_REGISTRY_H
#define NV_REGISTRY_H

#include <nave/plugin.h>

#include "blocking/blocking.h"
#include "sync/channel.h"
#include "loader.h"
#include "worker/exec.h"
#include "worker/worker.h"

struct nave_runtime;
struct nv_plugin;

/* How far a plugin has come. */
enum nv_plugin_state {
    NV_PLUGIN_RESOLVED = 0, /* its manifest was read; or everything was undone */
    NV_PLUGIN_LOADED,       /* its code is mapped and its descriptor checked   */
    NV_PLUGIN_CREATED,      /* create succeeded                                */
    NV_PLUGIN_PREPARED,     /* prepare succeeded                               */
    NV_PLUGIN_COMMITTED,    /* commit succeeded                                */
    NV_PLUGIN_STARTED,      /* start succeeded                                 */
    NV_PLUGIN_STOPPED,      /* stop returned                                   */
};

/* Which call of the plugin the control role is inside of. */
enum nv_plugin_call {
    NV_CALL_NONE = 0,
    NV_CALL_CREATE,
    NV_CALL_PREPARE,
    NV_CALL_COMMIT,
    NV_CALL_ABORT,
    NV_CALL_START,
    NV_CALL_STOP,
    NV_CALL_DESTROY,
    NV_CALL_MAKE,
    NV_CALL_UNMAKE,
};

/* One need of the manifest, resolved. */
struct nv_need {
    struct nv_plugin *provider; /* NULL: the host's own, or optional and not there */
    uint32_t provide;           /* which of the provider's provides                */
    uint32_t is_builtin;        /* the host's own                                  */
};

/* One service of the manifest, once provided. */
struct nv_service {
    struct nave_handle *handle; /* NULL: not provided */
    uint32_t flags;
};

/* A role handle in use. */
struct nv_made {
    struct nv_made *next; /* in nave_runtime.made.newest */
    struct nv_made *prev;
    struct nv_made *chain; /* in one of nave_runtime.made.buckets */
    struct nave_handle *handle;
    const struct nave_role *role;
    struct nv_plugin *maker;
    struct nv_plugin *user; /* NULL: a listener */
    void *options;          /* that it was made with; NULL: none */
};

/* All role handles in use, newest first, and by handle. All zero is empty. */
struct nv_made_set {
    struct nv_made *newest;
    struct nv_made **buckets; /* NULL: nothing was made yet */
    size_t bucket_count;      /* a power of two             */
    size_t count;
};

struct nv_counters; /* counter.h */

/* What a reload does with a plugin that runs. */
enum nv_reload_step {
    NV_RELOAD_NONE = 0, /* nothing differs                              */
    NV_RELOAD_WANTED,   /* its options differ: it is to be prepared     */
    NV_RELOAD_PREPARED, /* prepared anew, neither committed nor aborted */
};

struct nv_plugin {
    struct nave_host host; /* first: what the plugin holds */
    struct nv_blocking_handle blocking;
    struct nv_channels channels;
    struct nave_runtime *rt;

    /* identity */
    uint32_t index; /* in nave_runtime.plugins and in the graph */
    const char *id;
    struct nv_plugin_file *file; /* owned */
    struct nave_conf *conf;      /* its object in the configuration */

    /* links */
    struct nv_need *needs;       /* as many as the manifest has */
    struct nv_service *services; /* as many as the manifest has provides */

    /* state */
    enum nv_plugin_state state;
    enum nv_plugin_call call;
    void *self;
    void *options;     /* the first: texts in it live as long as the instance */
    void *options_now; /* in use; the first, or those of the newest reload    */
    enum nv_reload_step reload;
    struct nave_conf *next_conf; /* while a reload is planned */
    void *next_options;
    struct nv_worker_handle **handles; /* one a worker */
    struct nv_exec exec;               /* nave.exec/1: its tasks from other threads */
    struct nv_check_set *checks;       /* of what it published, in checked mode (check.h) */

    /* statistics; any thread */
    struct nv_counters *counters;
    uint64_t mem_bytes;  /* atomic */
    uint64_t mem_blocks; /* atomic */
    uint64_t log_lines;  /* atomic */
};

/* Make the entry for `file`. Errors: NAVE_ENOMEM; the file is still the caller's then.
 * Owns: takes file. */
nave_err nv_plugin_create(struct nave_runtime *rt, struct nv_plugin_file *file_take,
                          struct nave_conf *conf, struct nv_plugin **out_plugin);

/* Free it and close its file. State: resolved or loaded. NULL is fine. */
void nv_plugin_destroy(struct nv_plugin *p);

/* The handles of all workers of the runtime for `p`. Errors: NAVE_ENOMEM. */
nave_err nv_plugin_make_handles(struct nv_plugin *p);

/* The reverse of nv_plugin_make_handles; none is fine. */
void nv_plugin_free_handles(struct nv_plugin *p);

/* Report what `p` still holds, by kind, as warnings. State: destroyed, workers stopped. */
void nv_plugin_report_leaks(struct nv_plugin *p);

/* The plugin named `id`, or NULL. */
struct nv_plugin *nv_registry_find(const struct nave_runtime *rt, struct nave_str id);

/* 1 when ids `a` and `b` have the same name before the '/'. */
int32_t nv_same_service_name(const char *a, const char *b);

/* Find who provides what each plugin needs, check floors and choices, note the edges, find circles
 * and roles of the same name. All errors are reported. Errors: NAVE_ECONFIG. `is_complete` 0: some
 * plugin could not be read, so that what is missing may be its. */
nave_err nv_registry_resolve(struct nave_runtime *rt, int32_t is_complete);

#endif

/* SPDX-License-Identifier: MIT
 *
 * The plugin boundary. Its laws:
 *  1. A plugin imports nothing of ours at run time and exports one symbol, nave_plugin_entry_v1,
 *     which returns a constant descriptor that begins with the frozen ABI tag.
 *  2. Every struct that crosses is frozen, or starts with its size and only grows at the end. Tables
 *     handed out: the caller names the size it needs, more is ignored. Structs handed in: larger
 *     than known is accepted while the unknown tail is zero. A plugin states the minor it targets
 *     (NAVE_TARGET_MINOR); what it was built with never refuses it; what it needs does.
 *  3. Only fixed-width integers, size_t, pointers and double cross.
 *  4. nave_host_iface.bind is the only way to a service. It checks minor, size and that every slot
 *     is filled, and records the edge: providers start first and stop last.
 *  5. Every function pointer carries a thread tag (base.h). NAVE_CHECK=1 checks them.
 *  6. Pointers passed to a callback are borrowed until it returns, unless the name says _take.
 *     Memory, descriptors, timers and tasks come from the host and are accounted to the plugin.
 *  7. Ids never change when a draft becomes stable; draft is a flag.
 *  8. A plugin is loaded from an absolute path that only its owner may write. Its manifest is read
 *     without running its code.
 *  9. A static build uses the same source through an explicit table: no constructors, no dlsym.
 *
 * A plugin installs no atexit handler, signal handler or thread-local destructor, does not fork, and
 * starts no thread that outlives stop().
 *
 * Lifecycle: discovered -> resolved -> loaded -> created -> configured -> started -> draining ->
 * stopped -> destroyed -> unmapped. Any failure undoes what was done, in reverse, and is reported.
 */
#ifndef NAVE_PLUGIN_H
#define NAVE_PLUGIN_H

#include <nave/base.h>
#include <nave/conf.h>
#include <nave/error.h>
#include <nave/host.h>
#include <nave/iface.h>
#include <nave/option.h>
#include <nave/role.h>
#include <nave/worker.h>

NAVE_BEGIN_DECLS

#define NAVE_ABI_MAJOR 1
#define NAVE_ABI_MINOR 0
#ifndef NAVE_TARGET_MINOR
#    define NAVE_TARGET_MINOR 0 /* the oldest host that the plugin wants to run on */
#endif

#define NAVE_ABI_MAGIC      0x4E415645u /* "NAVE" */
#define NAVE_ENTRY_SYMBOL   "nave_plugin_entry_v1"
#define NAVE_MANIFEST_MAGIC "nave-manifest 1\n"
#ifdef __APPLE__
#    define NAVE_MANIFEST_SECTION "__DATA,__nave_manifest"
#else
#    define NAVE_MANIFEST_SECTION ".nave.manifest"
#endif

#define NAVE_PLUGIN_KEEP_MAPPED (1u << 0) /* never unmap: it has statics that must live on */

/* What both sides must agree on before anything else is read. Frozen for all majors, 24 bytes. */
struct nave_abi_tag {
    uint32_t magic;    /* NAVE_ABI_MAGIC                                */
    uint16_t tag_size; /* 24                                            */
    uint16_t abi_major;
    uint16_t need_minor;  /* NAVE_TARGET_MINOR                             */
    uint16_t built_minor; /* of the headers; for messages only             */
    uint8_t ptr_size;
    uint8_t size_t_size;
    uint8_t endian; /* 1 little, 2 big                               */
    uint8_t max_align;
    uint32_t flags;     /* NAVE_PLUGIN_*                                 */
    uint32_t desc_size; /* sizeof(struct nave_plugin) of the plugin      */
};
NAVE_STATIC_ASSERT(sizeof(struct nave_abi_tag) == 24, "nave_abi_tag is frozen");

/* A service that is needed or provided. Sized. */
struct nave_dep {
    uint32_t size;
    uint32_t min_minor;
    uint32_t flags; /* NAVE_DEP_OPTIONAL */
    uint32_t reserved;
    const char *id; /* "nave.worker/1"   */
};
/* bind may answer NAVE_ENOTFOUND, which is no error then. A plain number: the manifest shows it. */
#define NAVE_DEP_OPTIONAL 1

/* A role: a factory of handles. Sized. */
struct nave_role {
    uint32_t size;
    uint32_t reserved;
    const char *kind;  /* "transport", "layer", "protocol", "handler" */
    const char *name;  /* "tcp", "http1", "text"                       */
    const char *iface; /* the id of the table that made handles have   */
    /* The options of each use. Thread: [any]. Owns: static. */
    const struct nave_option_table *(*options)(void);
    /* Make a handle for one use. Thread: [control]. State: inside prepare of the generation.
     * Owns: *out_handle until unmake. Errors: any; reported by conf or host fail before. */
    nave_err (*make)(void *self, const struct nave_role_args *args,
                     struct nave_handle **out_handle);
    /* Give back what make made. Thread: [control]. State: nothing of it is in use. */
    void (*unmake)(void *self, struct nave_handle *handle);
};

/* The instance runs, and the configuration was read again. */
#define NAVE_PREPARE_RELOAD (1u << 0)

/* What prepare() is told. Sized; borrowed until prepare returns, but for text options. */
struct nave_prepare_args {
    uint32_t size;
    uint32_t flags;         /* NAVE_PREPARE_*                                                   */
    const void *options;    /* the plugin's option struct, filled and checked; NULL when none   */
    struct nave_conf *conf; /* its whole object, for positions; NULL when the file has none     */
};

/* What the host calls. Sized. Every slot is filled; SDK defaults: nave_default_*. */
struct nave_plugin_ops {
    uint32_t size;
    uint32_t reserved;
    /* Make the instance. Bind services, provide services; no other effect. Thread: [control].
     * Owns: *out_self until destroy. Errors: any, reported by host fail; nothing is left behind. */
    nave_err (*create)(struct nave_host *host, void **out_self);
    /* Check a configuration and get all that it needs, without showing it. With NAVE_PREPARE_RELOAD
     * the one before is in use by all workers meanwhile; only options marked live differ, one at
     * least. Thread: [control].
     * Errors: any, each reported at its conf; abort is not called then. */
    nave_err (*prepare)(void *self, const struct nave_prepare_args *args);
    /* Make the prepared configuration the one in use, also for handles that were made before. Workers
     * may run: hand it to each by a job. The host prepares again only when every worker has run what
     * was posted here. Thread: [control]. Errors: none may be left to find; a failure undoes the
     * start, and is only reported at a reload. */
    nave_err (*commit)(void *self);
    /* Forget the prepared configuration. Thread: [control]. */
    void (*abort)(void *self);
    /* Begin, before any worker runs. Thread: [control]. Errors: any, reported. */
    nave_err (*start)(void *self);
    /* Begin on worker `w`; keep `w` until worker_stop. Thread: [worker]. Errors: any, reported. */
    nave_err (*worker_start)(void *self, struct nave_worker *w);
    /* No new work on worker `w`; end what is idle, finish what is not. Thread: [worker]. */
    void (*worker_drain)(void *self, struct nave_worker *w, nave_nsec deadline_ns);
    /* End everything on worker `w` now; nothing of the plugin runs on it after. Thread: [worker]. */
    void (*worker_stop)(void *self, struct nave_worker *w);
    /* The reverse of start; all workers have stopped. Thread: [control]. */
    void (*stop)(void *self);
    /* The reverse of create, commit and prepare. Thread: [control]. NULL is fine. */
    void (*destroy)(void *self);
};

/* The descriptor. Sized by tag.desc_size; static const. */
struct nave_plugin {
    struct nave_abi_tag tag;
    const char *id;       /* "http1", "com.acme.mqtt" */
    const char *version;  /* "1.2.3"                  */
    const char *manifest; /* the same bytes as the section */
    uint64_t manifest_len;
    const struct nave_dep *const *needs;    /* NULL-terminated */
    const struct nave_dep *const *provides; /* NULL-terminated */
    const struct nave_role *const *roles;   /* NULL-terminated */
    /* The options of the plugin's object. Thread: [any]. Owns: static. */
    const struct nave_option_table *(*options)(void);
    const struct nave_plugin_ops *ops;
};

/* The type of nave_plugin_entry_v1. Thread: [any]. Owns: static. No side effect. */
typedef const struct nave_plugin *(*nave_plugin_entry_fn)(void);

/* Defaults for optional slots of nave_plugin_ops: they do nothing and succeed. Thread: as the slot. */
NAVE_UNUSED static inline nave_err nave_default_create(struct nave_host *host, void **out_self)
{
    *out_self = (void *)host;
    return NAVE_OK;
}
/* See nave_default_create. Thread: [control]. */
NAVE_UNUSED static inline nave_err nave_default_prepare(void *self,
                                                        const struct nave_prepare_args *args)
{
    (void)self;
    (void)args;
    return NAVE_OK;
}
/* For commit and start. Thread: [control]. */
NAVE_UNUSED static inline nave_err nave_default_ok(void *self)
{
    (void)self;
    return NAVE_OK;
}
/* For abort, stop and destroy. Thread: [control]. */
NAVE_UNUSED static inline void nave_default_nothing(void *self)
{
    (void)self;
}
/* For worker_start. Thread: [worker]. */
NAVE_UNUSED static inline nave_err nave_default_worker_start(void *self, struct nave_worker *w)
{
    (void)self;
    (void)w;
    return NAVE_OK;
}
/* For worker_drain. Thread: [worker]. */
NAVE_UNUSED static inline void nave_default_worker_drain(void *self, struct nave_worker *w,
                                                         nave_nsec deadline_ns)
{
    (void)self;
    (void)w;
    (void)deadline_ns;
}
/* For worker_stop. Thread: [worker]. */
NAVE_UNUSED static inline void nave_default_worker_stop(void *self, struct nave_worker *w)
{
    (void)self;
    (void)w;
}

NAVE_END_DECLS
#endif

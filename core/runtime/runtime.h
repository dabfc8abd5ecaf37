/* SPDX-License-Identifier: MIT
 *
 * The runtime from the inside: one struct that the modules of this floor share. Everything in it
 * belongs to the control role unless a comment says otherwise; what workers and foreign threads
 * touch is atomic or guarded by a lock of its own.
 */
#ifndef NV_RUNTIME_H
#define NV_RUNTIME_H

#include <pthread.h>

#include <nave/admin.h>
#include <nave/option.h>
#include <nave/runtime.h>

#include "admin/admin_server.h"
#include "beat.h"
#include "blocking/blocking.h"
#include "sync/channel.h"
#include "conf/conf.h"
#include "plugin/graph.h"
#include "inherit.h"
#include "plugin/loader.h"
#include "sync/locks.h"
#include "plugin/registry.h"
#include "log/report.h"
#include "run.h"
#include "runtime_log.h"
#include "threads.h"
#include "admin/watchdog.h"
#include "plugin/wiring.h"

#define NV_WORKERS_SCHEMA                                                                       \
    "{\"anyOf\": [{\"const\": \"auto\"}, {\"type\": \"integer\", \"minimum\": 1, \"maximum\": " \
    "256}]}"

/* The keys of section "runtime". */
#define NV_RUNTIME_CONF(OPTION)                                                                   \
    OPTION(conf, workers, "", "", NV_WORKERS_SCHEMA, 0,                                           \
           "threads that serve: a whole number, or \"auto\"")                                     \
    OPTION(duration, shutdown_timeout, "10s", "0", "1d", NAVE_OPTION_LIVE, "time for a drain")    \
    OPTION(text, backend, "auto", "", "", 0, "how to wait for readiness: auto, epoll, poll, ...") \
    OPTION(count, max_tasks, "1048576", "1", "16777216", 0, "tasks of the runtime")               \
    OPTION(size, max_task_bytes, "0", "0", "1TiB", 0, "memory of tasks, 0 for no limit")          \
    OPTION(size, max_memory, "0", "0", "16TiB", 0, "slab memory of one worker; 0: no limit")      \
    OPTION(count, blocking_threads, "8", "0", "512", 0,                                           \
           "threads for calls that block, at most; 0: none, such calls run on their worker")      \
    OPTION(count, blocking_queue, "1024", "1", "1048576", 0,                                      \
           "calls that may wait for a thread before others wait for room or are refused")         \
    OPTION(duration, blocking_idle, "10s", "0", "1d", 0,                                          \
           "a thread for such calls ends when it had none for so long")                           \
    OPTION(count, dns_threads, "0", "0", "128", 0,                                                \
           "threads for name resolution; 0: a quarter of blocking_threads, at least 1")           \
    OPTION(conf, log, "", "", "", NAVE_OPTION_LIVE, "what is logged, and where to")               \
    OPTION(duration, watchdog, "100ms", "0", "1h", 0,                                             \
           "how long one callback may keep a worker before that is told; 0: never")               \
    OPTION(conf, admin, "", "", NV_ADMIN_SCHEMA, 0,                                               \
           "the socket at which nave top, dump and metrics ask; none by default")

NAVE_OPTION_STRUCT(nv_runtime_conf, NV_RUNTIME_CONF);

struct nv_counters; /* counter.h */
struct nv_leaving;  /* leaving.h */
struct nv_serving;  /* door.h */
struct nv_switch;   /* switch.h */
struct nv_world;    /* world.h */

enum nv_runtime_state {
    NV_RUNTIME_CREATED = 0, /* create                                          */
    NV_RUNTIME_RESOLVED,    /* configure succeeded                             */
    NV_RUNTIME_RUNNING,     /* start succeeded; also while draining            */
    NV_RUNTIME_STOPPED,     /* the drain ended; plugins are stopped, not freed */
    NV_RUNTIME_FAILED,      /* start failed and was undone                     */
};

#define NV_WORKERS_MAX   256u
#define NV_PLUGINS_MAX   256u
#define NV_LISTENERS_MAX 1024u

struct nave_runtime {
    /* what the host program said */
    uint32_t flags;
    uint32_t workers_asked; /* 0: as configured */
    char *plugin_path;
    const nave_plugin_entry_fn *static_plugins;
    int32_t is_checked; /* NAVE_CHECK=1 */
    struct nv_report report;
    uint32_t level_asked; /* the most that the host wants to be told */
    nave_event_fn *event; /* may be NULL */
    void *event_arg;
    nave_nsec beat_ns;                         /* 0: no beat                            */
    struct nv_inherit inherited;               /* with NAVE_RUNTIME_INHERIT; else empty */
    void *user;                                /* of the program, for its static plugins */
    struct nave_admin admin;                   /* nave.admin/1 */
    struct nv_blocking_handle blocking_handle; /* nave.blocking/1 of the host program */
    struct nv_exec exec;         /* nave.exec/1, of the program's tasks; while there are workers */
    struct nv_world *world;      /* NULL: the real one */
    struct nv_locks locks;       /* nave.locks/1 */
    struct nv_channels channels; /* nave.channels/1 of the program */
    struct nv_conf_set *sets;    /* set_count; owned, with their texts */
    size_t set_count;

    /* what configure found */
    struct nv_conf_doc *doc;
    struct nv_runtime_conf conf;
    struct nv_log_conf *log_conf;           /* for free(); NULL: it was refused */
    char admin_path[NV_ADMIN_PATH_MAX + 1]; /* "": no socket */
    struct nv_plugin **plugins;             /* in the order of the file */
    uint32_t plugin_count;
    struct nv_graph graph;
    uint32_t *order; /* indexes of plugins, providers first */
    struct nv_listener *listeners;
    uint32_t listener_count;
    char *source;   /* the file; NULL: a text */
    char *left_out; /* ids of optional plugins that are not there: '\n' before and after each */

    /* what start made */
    enum nv_runtime_state state;
    struct nv_made_set made; /* role handles in use */
    uint32_t make_depth;
    pthread_t control; /* who has the control role; valid while has_control */
    int32_t has_control;
    struct nv_log_here log_before; /* of the control's thread, outside */
    uint32_t worker_count;
    struct nv_threads threads;
    struct nv_run run;
    struct nv_beat beat;
    struct nv_blocking blocking; /* open while it runs */
    struct nv_admin_server admin_server;
    struct nv_watchdog watchdog;
    struct nv_serving *serving;   /* what all workers serve, or change to   */
    struct nv_switch *switching;  /* NULL: no change is under way           */
    struct nv_leaving *leaving;   /* what was replaced and may still be used */
    struct nv_counters *accepted; /* streams, by the name of the listener  */
    uint64_t reloads;             /* atomic: that succeeded                 */
    nave_nsec started_ns;         /* monotonic                              */
    uint32_t is_seen;             /* atomic: workers and handles are there, for metrics */
    nave_nsec drain_ns;           /* atomic: conf.shutdown_timeout          */
    uint32_t reload_asked;        /* atomic                                 */
    struct nave_runtime *kept;    /* the next one that cannot be freed      */
};

/* The calling thread takes the control role, and gives it back. They nest. */
void nv_runtime_enter(struct nave_runtime *rt);
void nv_runtime_leave(struct nave_runtime *rt);

/* One step of a simulated runtime that is started; the clock goes no further than `until_ns`.
 * Errors: as nave_sim_iface.step; NAVE_ETIMEDOUT. Thread: [control]. */
nave_err nv_runtime_step(struct nave_runtime *rt, nave_nsec until_ns);

/* Report that the runtime cannot `what` in its state, and why. Returns NAVE_ESTATE. */
nave_err nv_runtime_refuse(struct nave_runtime *rt, const char *what, const char *why);

/* The drain is over: end the workers, stop the plugins. Errors: NAVE_ESTRAGGLERS. Thread: [control]. */
nave_err nv_runtime_finish(struct nave_runtime *rt);

/* Tell the host program of NAVE_EVENT_`event`. Thread: [control]. */
void nv_runtime_tell(struct nave_runtime *rt, uint32_t event, nave_err err);

/* Read a document with the sets of `rt`: file `name`, or `len` bytes at `text` (NULL: the file) that it
 * stands for. Thread: [control]. Errors: as nv_conf_load; *out_doc may be set with NAVE_ECONFIG. */
NAVE_NODISCARD nave_err nv_runtime_read(const struct nave_runtime *rt, const char *name,
                                        const char *text, size_t len, struct nv_report *report,
                                        struct nv_conf_doc **out_doc);

/* Write the configuration that is in force as JSON: what was read, included and set, and the default
 * of everything else; secrets masked. Thread: [control]. State: resolved. */
void nv_runtime_write_conf(struct nave_runtime *rt, nv_conf_write_fn *write, void *arg);

/* Free what nave_runtime_set kept. */
void nv_runtime_forget_sets(struct nave_runtime *rt);

/* Resolve the loaded document of `rt`: fill everything under "what configure found". Reports all
 * errors. Thread: [control]. Errors: NAVE_ECONFIG; NAVE_ENOMEM. */
nave_err nv_runtime_resolve(struct nave_runtime *rt);

/* The table of section "runtime". */
const struct nave_option_table *nv_runtime_table(void);

/* The reverse of resolve, also of a half done one. */
void nv_runtime_unresolve(struct nave_runtime *rt);

#endif

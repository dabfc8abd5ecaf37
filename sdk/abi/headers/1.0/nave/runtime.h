/* SPDX-License-Identifier: MIT
 *
 * libnave: what a host program calls. The list of exports is short on purpose; everything else is an
 * interface. Several runtimes live in one process; a runtime touches no signal, prints nothing and
 * keeps no global state unless asked.
 *
 *     struct nave_runtime_options o = {.size = sizeof(o)};
 *     struct nave_runtime *rt;
 *     if (nave_runtime_create(&o, &rt) == NAVE_OK) {
 *         if (nave_runtime_configure_file(rt, "app.json") == NAVE_OK)
 *             nave_runtime_run(rt);
 *         nave_runtime_destroy(rt);
 *     }
 */
#ifndef NAVE_RUNTIME_H
#define NAVE_RUNTIME_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/plugin.h>

NAVE_BEGIN_DECLS

struct nave_runtime;
struct nave_sim_options; /* sim.h */

/* One thing to tell the operator. Borrowed until the callback returns. Sized. */
struct nave_report {
    uint32_t size;
    uint32_t level;  /* NAVE_LOG_*                                                  */
    nave_err code;   /* NAVE_OK for a log line                                      */
    uint32_t line;   /* 1-based; 0 when unknown                                     */
    uint32_t column; /* 1-based; 0 when unknown                                     */
    uint32_t reserved;
    struct nave_str file;    /* empty when it is not about a file                           */
    struct nave_str pointer; /* JSON pointer; empty with a file: the whole document         */
    struct nave_str plugin;  /* whose line it is; empty for the core                        */
    struct nave_str text;    /* what is wrong, what is allowed, what to do                  */
};

/* Called for each report. Thread: [any]; calls never overlap. Must not call the runtime.
 * Unless NAVE_RUNTIME_LOG_THREAD is set it is called by whoever has something to tell, often a
 * worker, and all workers wait for it that have something to tell, too: it must be quick.
 * While running, where runtime.log.to of the configuration names a place, the runtime writes the
 * lines there itself, and this is called only for what is about the configuration (`file` is not empty) and for
 * why a start fails. */
typedef void nave_report_fn(void *arg, const struct nave_report *report);

/* run() handles SIGINT and SIGTERM (drain, second: at once) and SIGHUP (reload). */
#define NAVE_RUNTIME_SIGNALS (1u << 0)
/* create() takes the sockets that LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES pass to this process
 * (sd_listen_fds(3)) and removes these variables, so no other thread may use the environment then.
 * Listeners of the same name or address accept on them. */
#define NAVE_RUNTIME_INHERIT (1u << 1)
/* From start to destroy `report` is called by a thread of the log's own, through a queue: it may take
 * its time, and nobody waits for it. When the queue is full, or one source has too many
 * lines (runtime.log.buffer, runtime.log.rate), lines are left out and the report says how many. It must
 * return before destroy does. */
#define NAVE_RUNTIME_LOG_THREAD (1u << 2)
/* The host program takes the log: every line goes to `report`, wherever runtime.log.to of the configuration
 * would send it. Its levels hold. */
#define NAVE_RUNTIME_LOG_HOST (1u << 3)

/* What happens to a runtime as a whole: X(value, NAME). */
#define NAVE_EVENTS(X)                                                                 \
    X(1, LISTENING) /* every listener accepts                                       */ \
    X(2, RELOADING) /* a reload begins                                              */ \
    X(3, RELOADED)  /* it ended: err is NAVE_OK, or why everything stays as it was  */ \
    X(4, DRAINING)  /* no new work is taken                                         */ \
    X(5, BEAT)      /* every worker turned since the last one: see beat_ns          */
#define NAVE_EVENT_ENUM_(value, name) NAVE_EVENT_##name = (value),
enum nave_event_values { NAVE_EVENTS(NAVE_EVENT_ENUM_) NAVE_EVENT_LAST = 5 };
#undef NAVE_EVENT_ENUM_

/* Called for each event. Thread: [control]. Must return soon: worker 0 waits. May call what is tagged
 * [any] of the runtime, and nave_admin_dump(), and nothing else of it. */
typedef void nave_event_fn(void *arg, uint32_t event, nave_err err);

/* Options of a runtime. Sized: larger than known is accepted while the tail is zero. */
struct nave_runtime_options {
    uint32_t size;
    uint32_t flags;         /* NAVE_RUNTIME_*                                              */
    nave_report_fn *report; /* NULL: nothing is told                                       */
    void *report_arg;
    const nave_plugin_entry_fn *static_plugins; /* NULL-terminated; NULL: none                */
    const char *plugin_path; /* folders with ':' between, absolute; NULL: the installed one */
    uint32_t workers;        /* 0: as configured                                            */
    uint32_t log_level;      /* the most that is told: NAVE_LOG_*                           */
    nave_event_fn *event;    /* NULL: nobody is told                                        */
    void *event_arg;
    nave_nsec beat_ns; /* how often to tell BEAT, while all workers turn; 0: never           */
    void *user;        /* for static_plugins alone: nave_host_iface.user gives it to them */
    /* NULL: the real world. Else workers, clock, network and luck are simulated: nave/sim.h. Copied */
    const struct nave_sim_options *sim;
};

/* The version of libnave, "0.1.0". Thread: [any]. */
NAVE_EXPORT const char *nave_version(void);

/* Make a runtime. Thread: [any]. Owns: borrows static_plugins, report_arg and event_arg until destroy;
 * copies the rest. Errors: NAVE_EINVAL size too small, an unknown flag, a wrong variable
 * (NAVE_RUNTIME_INHERIT); NAVE_ETOONEW a non-zero tail; NAVE_ENOMEM. *out_rt is written only on
 * success. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_create(const struct nave_runtime_options *options,
                                                        struct nave_runtime **out_rt);

/* Read configuration file `path` and resolve everything, running no plugin's code: the plugins are
 * found and their manifests read, options checked, dependencies ordered. Every error is reported.
 * Thread: [control]. State: not configured yet. Errors: NAVE_ECONFIG; NAVE_ENOMEM; NAVE_ESTATE. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_configure_file(struct nave_runtime *rt,
                                                                const char *path);

/* As nave_runtime_configure_file, for `len` bytes of JSON at `text`; `name` stands for the file in
 * reports, relative paths are those of the working directory. Thread: [control]. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_configure_text(struct nave_runtime *rt,
                                                                const char *text, size_t len,
                                                                const char *name);

/* Find what only plugins can find, without showing anything to the world: load, create and prepare
 * everything, make the handles of the listeners but listen nowhere, and undo all of it in reverse. The
 * plugins' code runs; the runtime is as before then, and may be started. Thread: [control].
 * State: configured, not started. Errors: any, reported; undone as well. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_check(struct nave_runtime *rt);

/* Get the service `id`, at least of minor `min_minor` and `min_size` bytes, every slot below it filled:
 * how a host program reaches what is not in this header. "nave.admin/1" (admin.h) is there at any time;
 * what plugins provide is there while the runtime is started, in the events that it tells of as well.
 * Thread: [control]. Owns: borrowed until the runtime has stopped; nave.admin/1 until destroy.
 * Errors: NAVE_EINVAL; NAVE_ENOTFOUND nobody provides it; NAVE_EMAJOR another major is offered;
 * NAVE_ETOOOLD; NAVE_EAMBIGUOUS several do and none is the default; NAVE_ESTATE not yet or no more.
 * All but NAVE_EINVAL are reported. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_bind(struct nave_runtime *rt, const char *id,
                                                      uint32_t min_minor, uint32_t min_size,
                                                      struct nave_handle **out_handle);

/* Set the value at `pointer`, a JSON pointer (RFC 6901), over what the configuration says: "/runtime/workers",
 * "/listeners/0/bind". It is kept and put into every configuration that is read afterwards, also by a
 * reload, in the order of the calls. Missing members of objects are made; "-" stands behind the last item
 * of a list. `json` is a JSON value; what is none and begins with none of { [ " is a text: 10s is "10s".
 * In reports about it the file is "--set". Thread: [control]. Owns: copies both.
 * Errors: NAVE_ESYNTAX, NAVE_ETOOBIG the pointer or the value; NAVE_ELIMIT more than 256; NAVE_ENOMEM;
 * reported, nothing is kept then. That a pointer leads nowhere is told when a configuration is read. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_set(struct nave_runtime *rt, const char *pointer,
                                                     const char *json);

/* Load, create, prepare, commit and start everything; begin to listen. nave_runtime_run() and the
 * first nave_runtime_turn() do it when it was not done. Thread: [control]. State: configured.
 * Errors: any; everything is undone in reverse and reported; the runtime may only be destroyed. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_start(struct nave_runtime *rt);

/* Run until stopped: drains, stops and returns. All workers have threads of their own, which have the
 * control role meanwhile; the calling thread waits. So it returns even when a task or a callback never
 * does: workers that have not come back a second after the deadline, or that drop no task for a second,
 * are given up. They are reported with what they are in; nothing more is dropped, stopped or freed then, by
 * nave_runtime_destroy neither, since what runs may use it; should it return, its thread ends.
 * Thread: [control]; not a worker.
 * Errors: NAVE_OK all was finished; NAVE_ESTRAGGLERS work was cut off at the deadline (reported by
 * plugin and kind), or given up; NAVE_ELIMIT no thread or pipe; what nave_runtime_start returned. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_run(struct nave_runtime *rt);

/* Run one turn of a runtime with one worker, for a host that owns the loop: handle what is ready,
 * waiting at most `max_wait_ns` for it (0: do not wait). What a task or a callback runs for ever keeps
 * the caller, who is worker 0 here. Thread: [control]. State: one worker.
 * Errors: NAVE_OK; NAVE_ECLOSED it has stopped and drained; NAVE_ESTRAGGLERS; NAVE_ESTATE more than
 * one worker; what nave_runtime_start returned. */
NAVE_EXPORT NAVE_NODISCARD nave_err nave_runtime_turn(struct nave_runtime *rt,
                                                      nave_nsec max_wait_ns);

/* Begin to drain: no new work; run and turn end when all is finished, or at
 * runtime.shutdown_timeout. A second call ends at once. Thread: [any]; safe in a signal handler. */
NAVE_EXPORT void nave_runtime_stop(struct nave_runtime *rt);

/* Read the configuration file again and bring what runs in line with it, without dropping a
 * connection: options that are marked live, routes, listeners. Where anything is wrong, or something
 * differs that cannot change while running, every reason is reported and nothing has changed. It
 * happens soon, on the control role, after a reload that is under way; NAVE_EVENT_RELOADED tells the
 * result. Several calls before it begins count as one. Thread: [any]; safe in a signal handler.
 * A runtime that was configured by a text, or drains, reports that and stays as it is. */
NAVE_EXPORT void nave_runtime_reload(struct nave_runtime *rt);

/* Free the runtime. A running one must have been stopped and run() returned. NULL is fine.
 * Thread: [control]. */
NAVE_EXPORT void nave_runtime_destroy(struct nave_runtime *rt);

NAVE_END_DECLS
#endif

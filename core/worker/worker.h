/* SPDX-License-Identifier: MIT
 *
 * One worker: an event loop with its clock, wheel, slabs, inbox and tasks, and the handles by which
 * plugins reach it. Threads are the runtime's business: a worker is driven by whoever calls
 * nv_worker_turn(), always the same thread from nv_worker_attach() on.
 *
 * A turn: read the clock, run due timers, the inbox, deferred jobs and ready tasks; when nothing is
 * left to run, wait in the poller for at most the wait asked for and the next deadline.
 */
#ifndef NV_WORKER_H
#define NV_WORKER_H

#include <nave/worker.h>

#include "usage.h"

struct nv_group;      /* group.h */
struct nv_poller_ops; /* poller.h: the reactor behind a thin table */
struct nv_worker;

/* The handle of worker `worker` for one plugin. Embedded by the registry, one a plugin and worker. */
struct nv_worker_handle {
    struct nave_worker pub; /* first: the handle itself */
    struct nv_worker *worker;
    struct nv_usage usage;
    const char *plugin_id; /* for reports; outlives the handle */
    /* The plugin's handles on all workers, by their indexes: its tasks may be polled by any of them. NULL:
     * its tasks stay where they are made. */
    struct nv_worker_handle *const *siblings;
};

struct nv_worker_options {
    uint32_t index;
    uint32_t is_checked;                /* handles get asserting tables (NAVE_CHECK=1) */
    struct nv_group *group;             /* NULL: it makes one of its own, for itself alone */
    uint64_t max_tasks;                 /* of a group of its own; 0: no limit               */
    uint64_t max_bytes;                 /* of slab memory; 0: no limit                  */
    const char *backend;                /* "epoll", "poll", "select", ...; NULL: best   */
    const struct nv_poller_ops *poller; /* NULL: libevent                   */
    void *poller_arg;                   /* for poller->create                           */
    /* Told when a task is found broken, a hold is unbalanced, ...; may be NULL. Thread: [any]. */
    void (*log)(void *arg, uint32_t level, const char *text);
    void *log_arg; /* also of who and last_words */
    /* Checked mode: the id of the plugin whose code is at `address`, or NULL; may be NULL. */
    const char *(*who)(void *arg, const void *address);
    /* Checked mode: tell `text` at once, the program ends; may be NULL: standard error. */
    void (*last_words)(void *arg, const char *text);
};

/* Make a worker. Thread: [control]. Errors: NAVE_ENOMEM; NAVE_ENOTFOUND no such backend;
 * NAVE_ENOFILES. */
nave_err nv_worker_create(const struct nv_worker_options *options, struct nv_worker **out_worker);

/* Free it. Thread: [control]. State: no thread turns it. NULL is fine. Unspawned, running and
 * queued tasks are dropped, jobs still queued are not run. */
void nv_worker_destroy(struct nv_worker *w);

/* The calling thread is the worker's from now on. Thread: [control]. */
void nv_worker_attach(struct nv_worker *w);

/* The calling thread stops turning `w`, and another one may go on. `is_new`: it was started and not turned yet.
 * Nothing happens when it is not this thread's. Thread: [control]. */
void nv_worker_let_go(struct nv_worker *w, int32_t is_new);

/* In a world, where one thread is all workers in turn: it is `w` from here to exit. */
void nv_worker_enter(struct nv_worker *w);
void nv_worker_exit(struct nv_worker *w);

/* One turn; waits at most `max_wait_ns` (NAVE_NEVER: until something happens). Returns how many
 * things were run. Thread: [worker]. */
uint32_t nv_worker_turn(struct nv_worker *w, nave_nsec max_wait_ns);

/* The two halves of a turn, for who waits in its stead (world.h): be about to wait, and until which point
 * at most; 0: there is something to run, or somebody has woken it. A wake from here on calls the poller's.
 * Then wait in the poller until `until_ns`, and run. Thread: [worker]. */
nave_nsec nv_worker_park(struct nv_worker *w, nave_nsec max_wait_ns);
uint32_t nv_worker_go_on(struct nv_worker *w, nave_nsec until_ns);

/* Ready a handle of `w` for a plugin. Thread: [control]. */
void nv_worker_handle_init(struct nv_worker_handle *h, struct nv_worker *w, const char *plugin_id);

/* Run `j` on `w`; wakes it when it waits. Thread: [any]. Errors: NAVE_ECLOSED after close_inbox. */
nave_err nv_worker_post(struct nv_worker *w, struct nave_job *j);

/* Take back `j`, posted before. 1: it will not run. Thread: [worker]. */
int32_t nv_worker_recall(struct nv_worker *w, struct nave_job *j);

/* Make a waiting turn return soon. Thread: [any]; safe in a signal handler. */
void nv_worker_wake(struct nv_worker *w);

/* Refuse further posts, run what was posted before. Thread: [worker]. */
void nv_worker_close_inbox(struct nv_worker *w);

/* Holds of all plugins together; the drain ends at 0. Thread: [worker]. */
uint64_t nv_worker_holds(const struct nv_worker *w);

/* Tasks of the group that have not ended; exact when it is 0. Thread: [any]. */
uint64_t nv_worker_tasks(const struct nv_worker *w);

/* Drop all tasks that are at home on `w`. Thread: [worker]. State: no worker of the group turns. */
void nv_worker_drop_tasks(struct nv_worker *w);

/* The monotonic clock of the last turn, in nanoseconds. Thread: [worker]. */
nave_nsec nv_worker_now(const struct nv_worker *w);

/* Have it see the time, between its turns: a turn does so itself. Thread: [worker]. */
void nv_worker_read_clock(struct nv_worker *w);

/* The name of the backend in use ("epoll"), static. Thread: [any]. */
const char *nv_worker_backend(const struct nv_worker *w);

/* The names of the backends that nv_worker_options.backend may have here; NULL-terminated, static. */
const char *const *nv_worker_backends(void);

#endif

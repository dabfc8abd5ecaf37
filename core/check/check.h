/* SPDX-License-Identifier: MIT
 *
 * Checked mode (NAVE_CHECK=1). A table that a plugin publishes gets shadows: copies with asserting
 * slots (check_tables.c, made from the headers' tags). Which shadow a handle carries says how far its
 * life has come, so the state of an object lives in its first word and needs no other storage: see
 * docs/internals/check.md.
 */
#ifndef NV_CHECK_H
#define NV_CHECK_H

#include <nave/error.h>
#include <nave/iface.h>

struct nave_barrier_iface;
struct nave_exec_iface;
struct nave_future;
struct nave_future_iface;
struct nave_join_iface;
struct nave_locks_iface;
struct nave_mutex_iface;
struct nave_notify_iface;
struct nave_once_iface;
struct nave_runtime;
struct nave_rwlock_iface;
struct nave_scope_iface;
struct nave_semaphore_iface;
struct nave_waker_iface;
struct nv_check_set;
struct nv_plugin;
struct nv_worker;
struct nv_worker_handle;

/* Who may call; the tags of base.h. */
enum nv_check_thread {
    NV_THREAD_ANY = 0,
    NV_THREAD_CONTROL,
    NV_THREAD_WORKER,
    NV_THREAD_WORKERS,
    NV_THREAD_BLOCKING,
};

/* How far the life of a handle has come. */
enum nv_check_life {
    NV_LIFE_NEW = 0, /* as its implementer made it                                      */
    NV_LIFE_OWNED,   /* used by a worker, which owns it; a future: spawned              */
    NV_LIFE_KEPT,    /* an exchange that goes on behind respond; a future that is READY */
    NV_LIFE_OVER,    /* given up                                                        */
};

/* One slot. */
struct nv_check_rule {
    const char *iface;
    const char *call;
    uint32_t thread; /* NV_THREAD_*                                                 */
    uint32_t states; /* of nave.host/1: 1 << NV_CALL_* where it may be called; 0: any */
};

/* One call, while it is checked. */
struct nv_check {
    const struct nv_check_rule *rule;
    const void *caller;             /* where in the code                            */
    const struct nave_runtime *rt;  /* NULL: not known                              */
    const char *who;                /* the plugin that calls; NULL: found by caller */
    const char *of;                 /* the plugin whose object it is; NULL: core    */
    const struct nv_worker *worker; /* whose object it is; NULL: no worker's        */
    uint32_t life;                  /* NV_LIFE_*, of a handle with a shadow         */
};

#define NV_CHECK_CALLER __builtin_return_address(0)

/* Begin a call: fill `c`, and end the program when thread, state or life are wrong. One for each way
 * from a handle to its owner. nv_check_shadow returns the table behind. Thread: [any]. */
const void *nv_check_shadow(struct nv_check *c, const struct nv_check_rule *rule,
                            const void *handle, const void *caller);
void nv_check_host(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller);
void nv_check_of_runtime(struct nv_check *c, const struct nv_check_rule *rule,
                         const struct nave_runtime *rt, const void *caller);
void nv_check_lock(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller);
void nv_check_locks(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller);
void nv_check_admin(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller);
void nv_check_sim(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                  const void *caller);
void nv_check_blocking(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                       const void *caller);
void nv_check_exec(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller);
void nv_check_join(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller);
void nv_check_scope(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller);
/* For those: of an object that every worker of the group of `w` may use. NULL: nobody knows whose it is. */
void nv_check_of_group(struct nv_check *c, const struct nv_check_rule *rule,
                       const struct nv_worker *w, const void *caller);
void nv_check_conf(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller);
void nv_check_worker(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                     const void *caller);
void nv_check_io(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                 const void *caller);
void nv_check_waker(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller);

/* Name caller, call, `what` is wrong and what to do (`advice`), and abort. Thread: [any]. */
void nv_check_breach(const struct nv_check *c, const char *advice, const char *format, ...)
    NAVE_FORMAT(3, 4) __attribute__((noreturn));

/* Parameter `name` is NULL. */
void nv_check_null(const struct nv_check *c, const char *name) __attribute__((noreturn));

/* The handle is given up by this call; and it is not after all, when the table is still there. */
void nv_check_end(const struct nv_check *c, const void *handle);
void nv_check_end_io(const struct nv_check *c, void *io);
void nv_check_go_on(const struct nv_check *c, const void *handle);

/* The handle goes on as `life`. */
void nv_check_set_life(const struct nv_check *c, const void *handle, uint32_t life);

/* The life of a handle; NV_LIFE_NEW when its table is no shadow. */
uint32_t nv_check_life_of(const void *handle);

/* `handle` is handed to this call, and belongs to this worker from now on. One that is over, or is
 * another worker's, is a breach. */
void nv_check_adopt(const struct nv_check *c, const void *handle, const char *what);

/* In front of memory that plugins get in checked mode stand 16 bytes: size and owner. They also take
 * what an allocator writes into a freed block, so that the first word of a handle in it stays.
 * set: `block` has NV_GUARD_BYTES + size bytes, or is NULL; what the plugin gets. clear: of `size`
 * bytes, or it is a breach; gives the block back. Thread: [any]. */
#define NV_GUARD_BYTES 16u
void *nv_guard_set(void *block, size_t size, const void *owner);
int32_t nv_guard_is_of(const void *ptr, const void *owner);
void *nv_guard_clear(const struct nv_check *c, void *ptr, size_t size);

/* `f` is handed over to be run, which is done once. And whether the table of one is whole. */
void nv_check_spawned(const struct nv_check *c, struct nave_future *f);
void nv_check_future_table(const struct nv_check *c, const struct nave_future_iface *api);

/* The number of a task, for who holds a mutex; never 0. Thread: [any]. */
#define NV_CHECK_ANY_TASK UINT64_MAX /* which one is not known */
/* Inside the drops of so many futures, by any worker of this thread. */
extern __thread uint32_t nv_check_dropping;
uint64_t nv_check_task_number(const void *task, uint64_t id);

/* The index of the worker whose thread this is; UINT32_MAX: no worker's. */
uint32_t nv_check_here(const struct nave_runtime *rt);

/* The table that handles of plugin `p` shall carry for `table`: `table` itself when its id is none of
 * the SDK's. NULL: out of memory. Thread: [control]. */
const struct nave_iface *nv_check_publish(struct nv_plugin *p, const struct nave_iface *table);

/* The same for a future's table; sets are kept with the worker. Thread: [worker]. */
const struct nave_iface *nv_check_future(struct nv_worker_handle *h,
                                         const struct nave_iface *table);

/* Free a list of sets. NULL is fine. State: no handle carries one of their tables. */
void nv_check_forget(struct nv_check_set *sets);

/* The plugin of `rt` (a struct nave_runtime) whose code is at `address`, or NULL. Thread: [any]. */
const char *nv_check_who(void *rt, const void *address);

/* Tell the host of `rt` (a struct nave_runtime) before the program ends. Thread: [any]. */
void nv_check_last_words(void *rt, const char *text);

/* The checked tables (check_tables.c): those with shadows, NULL-terminated; and the core's own. */
extern const struct nave_iface *const nv_check_tables[];
extern const struct nave_admin_iface nv_admin_checked_table;
extern const struct nave_blocking_iface nv_blocking_checked_table;
extern const struct nave_exec_iface nv_exec_checked_table;
extern const struct nave_host_iface nv_host_checked_table;
extern const struct nave_join_iface nv_join_checked_table;
extern const struct nave_scope_iface nv_scope_checked_table;
extern const struct nave_conf_iface nv_conf_checked_table;
extern const struct nave_worker_iface nv_worker_checked_table;
extern const struct nave_worker_iface nv_worker_over_table; /* of an io that was closed */
extern const struct nave_waker_iface nv_waker_checked_table;
extern const struct nave_locks_iface nv_locks_checked_table;
extern const struct nave_mutex_iface nv_mutex_checked_table;
extern const struct nave_rwlock_iface nv_rwlock_checked_table;
extern const struct nave_semaphore_iface nv_semaphore_checked_table;
extern const struct nave_notify_iface nv_notify_checked_table;
extern const struct nave_barrier_iface nv_barrier_checked_table;
extern const struct nave_once_iface nv_once_checked_table;

#endif

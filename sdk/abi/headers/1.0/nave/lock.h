/* SPDX-License-Identifier: MIT
 *
 * Locks between tasks: mutex, read-write lock, semaphore. While one waits, its worker does other work.
 *
 * They are storage that the caller embeds, 64 bytes, readied by the service nave.locks/1; they need no
 * allocation and no end. What holds for all of them:
 *  1. Fair: who came first is served first. What is given back goes to the one who waits longest; nobody
 *     who comes later passes by, whatever he asks for.
 *  2. Dropping an op gives up its place in the queue; what had been set aside for it goes to the next.
 *  3. What was written before giving back is seen by the one who takes next.
 *  4. Three ways to take: an op (nave_mutex_lock() in a task; the slot with an op that has a callback), at
 *     once or not at all (try), and on a thread that may block (wait), which no worker may.
 *  5. Nothing that is held is given back by itself: also where a task is canceled, its cleanup gives back.
 *  6. Memory: a mutex may be freed by the one who holds it last, right after unlock. The others live until
 *     every call on them has returned. Nobody may wait then.
 *  7. Threads that wait have returned before nave_runtime_destroy() is called: the end of the runtime wakes
 *     none of them.
 *
 *     struct nave_mutex m;                            once: locks->api->mutex_init(locks, &m);
 *     NAVE_AWAIT(nave_mutex_lock(cx, &f->op, &m));    in a task
 *     ...                                             also across further awaits
 *     nave_mutex_unlock(&m);
 *
 * For a few instructions without an await between, a pthread_mutex is as good. DRAFT.
 */
#ifndef NAVE_LOCK_H
#define NAVE_LOCK_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>
#include <nave/op.h>
#include <nave/task.h>

NAVE_BEGIN_DECLS

#define NAVE_LOCKS_ID     "nave.locks/1"
#define NAVE_MUTEX_ID     "nave.mutex/1"
#define NAVE_RWLOCK_ID    "nave.rwlock/1"
#define NAVE_SEMAPHORE_ID "nave.semaphore/1"

struct nave_barrier;
struct nave_locks;
struct nave_mutex;
struct nave_notify;
struct nave_once;
struct nave_rwlock;
struct nave_semaphore;

/* What is inside of each lock; the host's. Frozen, 56 bytes on 64-bit machines. */
struct nave_lock_state {
    uint64_t word; /* atomic                                */
    uint32_t lock; /* for changes of the queue              */
    uint32_t flags;
    struct nave_op *first; /* who waits longest                     */
    struct nave_op *last;
    struct nave_locks *locks; /* the service that readied it           */
    uint64_t detail;          /* who holds it (in checked mode); of a barrier: how many meet */
    uint64_t reserved;
};

/* --- the service ----------------------------------------------------------------------------- */

/* The most permits that a semaphore may have. */
#define NAVE_SEMAPHORE_MAX (UINT64_MAX >> 3)

/* "nave.locks/1". A host program binds it with nave_runtime_bind() at any time. */
struct nave_locks_iface {
    struct nave_iface hdr;
    /* Ready `m`, free. Thread: [any]. Owns: borrows locks until the last use of m. */
    void (*mutex_init)(struct nave_locks *l, struct nave_mutex *m);
    /* Ready `rw`, free. Thread: [any]. Owns: as mutex_init. */
    void (*rwlock_init)(struct nave_locks *l, struct nave_rwlock *rw);
    /* Ready `s` with `permits`. Thread: [any]. Owns: as mutex_init.
     * Errors: NAVE_EINVAL more than NAVE_SEMAPHORE_MAX. */
    nave_err (*semaphore_init)(struct nave_locks *l, struct nave_semaphore *s, uint64_t permits);
    /* Ready `n` (notify.h), without a permit. Thread: [any]. Owns: as mutex_init. */
    void (*notify_init)(struct nave_locks *l, struct nave_notify *n);
    /* Ready `b` (notify.h), for `count` that meet. Thread: [any]. Owns: as mutex_init.
     * Errors: NAVE_EINVAL count is 0. */
    nave_err (*barrier_init)(struct nave_locks *l, struct nave_barrier *b, uint32_t count);
    /* Ready `o` (notify.h), not done. Thread: [any]. Owns: as mutex_init. */
    void (*once_init)(struct nave_locks *l, struct nave_once *o);
};

/* The handle of the service. */
struct nave_locks {
    const struct nave_locks_iface *api;
};

/* --- mutex ----------------------------------------------------------------------------------- */

/* "nave.mutex/1" */
struct nave_mutex_iface {
    struct nave_iface hdr;
    /* Lock `m` with `op`. NAVE_OK: it is held. NAVE_EAGAIN: later. Thread: [workers].
     * Owns: borrows op until it is DONE or dropped.
     * Errors: NAVE_EAGAIN; NAVE_EBUSY op is in flight. */
    nave_err (*lock)(struct nave_mutex *m, struct nave_op *op);
    /* Lock `m` when it is free and nobody waits. Thread: [any]. Errors: NAVE_EAGAIN. */
    nave_err (*try_lock)(struct nave_mutex *m);
    /* Lock `m`, waiting on this thread, at most `timeout_ns` (NAVE_NEVER: as long as it takes).
     * Thread: [any]; one that may block. Errors: NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a worker of the
     * runtime: await it; NAVE_ENOMEM. */
    nave_err (*lock_wait)(struct nave_mutex *m, nave_nsec timeout_ns);
    /* Give `m` back; who waits longest has it then. By the task or thread that locked it, which checked
     * mode sees to; to hand over use a semaphore of one. Thread: [any]. State: held by the caller. */
    void (*unlock)(struct nave_mutex *m);
};

/* A mutex. Frozen, 64 bytes on 64-bit machines. Must not move. */
struct nave_mutex {
    const struct nave_mutex_iface *api;
    struct nave_lock_state state;
};

/* --- read-write lock ------------------------------------------------------------------------- */

/* "nave.rwlock/1". Many may read, or one may write. Who reads waits behind a writer that waits, so
 * writers do not starve; hence a task that reads must not begin to read once more: a writer between makes
 * both wait for ever. */
struct nave_rwlock_iface {
    struct nave_iface hdr;
    /* Hold `rw` for reading, with `op`. NAVE_OK: held. NAVE_EAGAIN: later. Thread: [workers].
     * Owns: borrows op until it is DONE or dropped.
     * Errors: NAVE_EAGAIN; NAVE_EBUSY op is in flight. */
    nave_err (*read)(struct nave_rwlock *rw, struct nave_op *op);
    /* The same, for writing: alone. Thread: [workers]. Errors: as read. */
    nave_err (*write)(struct nave_rwlock *rw, struct nave_op *op);
    /* Read when nobody writes and nobody waits. Thread: [any]. Errors: NAVE_EAGAIN. */
    nave_err (*try_read)(struct nave_rwlock *rw);
    /* Write when nobody reads or writes. Thread: [any]. Errors: NAVE_EAGAIN. */
    nave_err (*try_write)(struct nave_rwlock *rw);
    /* Hold `rw` for reading, waiting on this thread at most `timeout_ns`. Thread: [any]; one that may
     * block. Errors: NAVE_ETIMEDOUT; NAVE_EDEADLOCK this is a worker of the runtime; NAVE_ENOMEM. */
    nave_err (*read_wait)(struct nave_rwlock *rw, nave_nsec timeout_ns);
    /* The same, for writing. Thread: [any]; one that may block. Errors: as read_wait. */
    nave_err (*write_wait)(struct nave_rwlock *rw, nave_nsec timeout_ns);
    /* The end of one read. Thread: [any]. State: held for reading by the caller. */
    void (*read_unlock)(struct nave_rwlock *rw);
    /* The end of the write. Thread: [any]. State: held for writing by the caller. */
    void (*write_unlock)(struct nave_rwlock *rw);
    /* From writing to reading, with no writer between. Thread: [any]. State: held for writing by the
     * caller. */
    void (*downgrade)(struct nave_rwlock *rw);
};

/* A read-write lock. Frozen, 64 bytes on 64-bit machines. Must not move. */
struct nave_rwlock {
    const struct nave_rwlock_iface *api;
    struct nave_lock_state state;
};

/* --- semaphore ------------------------------------------------------------------------------- */

/* "nave.semaphore/1". A number of permits: who takes some gives them back with release, or another does. */
struct nave_semaphore_iface {
    struct nave_iface hdr;
    /* Take `n` permits with `op`, all at once. NAVE_OK: taken. NAVE_EAGAIN: later; who wants fewer waits
     * behind. More than there will ever be waits until close. Thread: [workers].
     * Owns: borrows op until it is DONE or dropped. The result of op: NAVE_OK, or NAVE_ECLOSED.
     * Errors: NAVE_EAGAIN; NAVE_ECLOSED; NAVE_EBUSY op is in flight; NAVE_EINVAL n is more than
     * NAVE_SEMAPHORE_MAX. */
    nave_err (*acquire)(struct nave_semaphore *s, struct nave_op *op, uint64_t n);
    /* Take `n` when they are there and nobody waits. Thread: [any].
     * Errors: NAVE_EAGAIN; NAVE_ECLOSED; NAVE_EINVAL. */
    nave_err (*try_acquire)(struct nave_semaphore *s, uint64_t n);
    /* Take `n`, waiting on this thread at most `timeout_ns`. Thread: [any]; one that may block.
     * Errors: NAVE_ETIMEDOUT; NAVE_ECLOSED; NAVE_EDEADLOCK this is a worker of the runtime; NAVE_EINVAL;
     * NAVE_ENOMEM. */
    nave_err (*acquire_wait)(struct nave_semaphore *s, uint64_t n, nave_nsec timeout_ns);
    /* Give `n` back, or add them; also after close. Thread: [any].
     * Errors: NAVE_EOVERFLOW more than NAVE_SEMAPHORE_MAX would be there: nothing was changed. */
    nave_err (*release)(struct nave_semaphore *s, uint64_t n);
    /* Take away up to `n` of those that are there, for ever. Returns how many. Thread: [any]. */
    uint64_t (*forget)(struct nave_semaphore *s, uint64_t n);
    /* How many are there now, for who looks on. Thread: [any]. */
    uint64_t (*available)(const struct nave_semaphore *s);
    /* No more: who waits gets NAVE_ECLOSED, and whoever asks later. What is held stays valid.
     * Thread: [any]. */
    void (*close)(struct nave_semaphore *s);
};

/* A semaphore. Frozen, 64 bytes on 64-bit machines. Must not move. */
struct nave_semaphore {
    const struct nave_semaphore_iface *api;
    struct nave_lock_state state;
};

/* --- in a task ------------------------------------------------------------------------------- */

/* `op` was started with the result `err`: DONE at once, or in flight. */
static inline struct nave_op *nave_lock_started_(struct nave_op *op, nave_err err)
{
    if (NAVE_LIKELY(err != NAVE_EAGAIN)) {
        op->state = NAVE_OP_DONE;
        op->result = err;
    }
    return op;
}

/* Begin to lock `m` inside a poll; await the result. See nave_mutex_iface.lock. Thread: [worker]. */
static inline struct nave_op *nave_mutex_lock(struct nave_cx *cx, struct nave_op *op,
                                              struct nave_mutex *m)
{
    nave_op_await(op, cx);
    return nave_lock_started_(op, m->api->lock(m, op));
}

/* See nave_mutex_iface.try_lock. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_mutex_try_lock(struct nave_mutex *m)
{
    return m->api->try_lock(m);
}

/* See nave_mutex_iface.lock_wait. Thread: [any]; one that may block. */
static inline NAVE_NODISCARD nave_err nave_mutex_lock_wait(struct nave_mutex *m,
                                                           nave_nsec timeout_ns)
{
    return m->api->lock_wait(m, timeout_ns);
}

/* See nave_mutex_iface.unlock. Thread: [any]. */
static inline void nave_mutex_unlock(struct nave_mutex *m)
{
    m->api->unlock(m);
}

/* Begin to read inside a poll; await the result. See nave_rwlock_iface.read. Thread: [worker]. */
static inline struct nave_op *nave_rwlock_read(struct nave_cx *cx, struct nave_op *op,
                                               struct nave_rwlock *rw)
{
    nave_op_await(op, cx);
    return nave_lock_started_(op, rw->api->read(rw, op));
}

/* Begin to write inside a poll; await the result. See nave_rwlock_iface.write. Thread: [worker]. */
static inline struct nave_op *nave_rwlock_write(struct nave_cx *cx, struct nave_op *op,
                                                struct nave_rwlock *rw)
{
    nave_op_await(op, cx);
    return nave_lock_started_(op, rw->api->write(rw, op));
}

/* See nave_rwlock_iface.try_read. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_rwlock_try_read(struct nave_rwlock *rw)
{
    return rw->api->try_read(rw);
}

/* See nave_rwlock_iface.try_write. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_rwlock_try_write(struct nave_rwlock *rw)
{
    return rw->api->try_write(rw);
}

/* See nave_rwlock_iface.read_wait. Thread: [any]; one that may block. */
static inline NAVE_NODISCARD nave_err nave_rwlock_read_wait(struct nave_rwlock *rw,
                                                            nave_nsec timeout_ns)
{
    return rw->api->read_wait(rw, timeout_ns);
}

/* See nave_rwlock_iface.write_wait. Thread: [any]; one that may block. */
static inline NAVE_NODISCARD nave_err nave_rwlock_write_wait(struct nave_rwlock *rw,
                                                             nave_nsec timeout_ns)
{
    return rw->api->write_wait(rw, timeout_ns);
}

/* See nave_rwlock_iface.read_unlock. Thread: [any]. */
static inline void nave_rwlock_read_unlock(struct nave_rwlock *rw)
{
    rw->api->read_unlock(rw);
}

/* See nave_rwlock_iface.write_unlock. Thread: [any]. */
static inline void nave_rwlock_write_unlock(struct nave_rwlock *rw)
{
    rw->api->write_unlock(rw);
}

/* See nave_rwlock_iface.downgrade. Thread: [any]. */
static inline void nave_rwlock_downgrade(struct nave_rwlock *rw)
{
    rw->api->downgrade(rw);
}

/* Begin to take `n` permits inside a poll; await the result. See nave_semaphore_iface.acquire.
 * Thread: [worker]. */
static inline struct nave_op *nave_semaphore_acquire(struct nave_cx *cx, struct nave_op *op,
                                                     struct nave_semaphore *s, uint64_t n)
{
    nave_op_await(op, cx);
    return nave_lock_started_(op, s->api->acquire(s, op, n));
}

/* See nave_semaphore_iface.try_acquire. Thread: [any]. */
static inline NAVE_NODISCARD nave_err nave_semaphore_try_acquire(struct nave_semaphore *s,
                                                                 uint64_t n)
{
    return s->api->try_acquire(s, n);
}

/* See nave_semaphore_iface.acquire_wait. Thread: [any]; one that may block. */
static inline NAVE_NODISCARD nave_err nave_semaphore_acquire_wait(struct nave_semaphore *s,
                                                                  uint64_t n, nave_nsec timeout_ns)
{
    return s->api->acquire_wait(s, n, timeout_ns);
}

/* See nave_semaphore_iface.release. The result is NAVE_OK for permits that were taken.
 * Thread: [any]. */
static inline nave_err nave_semaphore_release(struct nave_semaphore *s, uint64_t n)
{
    return s->api->release(s, n);
}

/* See nave_semaphore_iface.forget. Thread: [any]. */
static inline uint64_t nave_semaphore_forget(struct nave_semaphore *s, uint64_t n)
{
    return s->api->forget(s, n);
}

/* See nave_semaphore_iface.available. Thread: [any]. */
static inline uint64_t nave_semaphore_available(const struct nave_semaphore *s)
{
    return s->api->available(s);
}

/* See nave_semaphore_iface.close. Thread: [any]. */
static inline void nave_semaphore_close(struct nave_semaphore *s)
{
    s->api->close(s);
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_mutex) == 64, "nave_mutex is frozen");

NAVE_END_DECLS
#endif

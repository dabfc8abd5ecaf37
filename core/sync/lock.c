/* SPDX-License-Identifier: MIT
 *
 * nave.locks/1 and the locks that are a number of permits (permits.h): a mutex has one, a semaphore as many
 * as it was told, and of a read-write lock a reader takes one and a writer all of them.
 */
#include "locks.h"

#include <string.h>

#include "check/check.h"
#include "permits.h"
#include "runtime/runtime.h"

#define READERS UINT32_MAX /* of one lock, at a time */

nave_err nv_locks_may_block(const struct nave_lock_state *s)
{
    const struct nv_locks *l = (const struct nv_locks *)(const void *)s->locks;

    return l->rt && nv_threads_is_here(l->rt) ? NAVE_EDEADLOCK : NAVE_OK;
}

nave_poll nv_state_poll(struct nave_op *op)
{
    struct nave_lock_state *s = op->impl;

    if (nv_wait_outcome(op) == NAVE_EAGAIN)
        return NAVE_PENDING;
    nv_lock_take(nv_state_lock(s));
    nv_lock_leave(nv_state_lock(s));
    return NAVE_READY;
}

/* --- mutex ----------------------------------------------------------------------------------- */

static nave_poll mutex_poll(struct nave_op *op)
{
    struct nave_lock_state *s = op->impl;
    nave_poll result = nv_state_poll(op);

    if (NAVE_UNLIKELY(result == NAVE_READY && (s->flags & NV_LOCK_IS_CHECKED)))
        nv_check_hold(s, op);
    return result;
}

static void one_drop(struct nave_op *op)
{
    nv_permits_drop(op, 1);
}

static const struct nave_op_source mutex_source = {sizeof(mutex_source), 0, one_drop, mutex_poll,
                                                   "mutex lock"};

static nave_err mutex_lock(struct nave_mutex *m, struct nave_op *op)
{
    return nv_permits_start(&m->state, op, 1, &mutex_source);
}

static nave_err mutex_try_lock(struct nave_mutex *m)
{
    return nv_permits_try(&m->state, 1);
}

static nave_err mutex_lock_wait(struct nave_mutex *m, nave_nsec timeout_ns)
{
    return nv_permits_wait(&m->state, 1, timeout_ns, &mutex_source);
}

static void mutex_unlock(struct nave_mutex *m)
{
    (void)nv_permits_give(&m->state, 1, 1);
}

const struct nave_mutex_iface nv_mutex_table = {
    .hdr = NAVE_IFACE(struct nave_mutex_iface, NAVE_MUTEX_ID, 0, NAVE_IFACE_DRAFT),
    .lock = mutex_lock,
    .try_lock = mutex_try_lock,
    .lock_wait = mutex_lock_wait,
    .unlock = mutex_unlock,
};

/* --- read-write lock ------------------------------------------------------------------------- */

static void rwlock_drop(struct nave_op *op)
{
    nv_permits_drop(op, READERS);
}

static const struct nave_op_source rwlock_source = {sizeof(rwlock_source), 0, rwlock_drop,
                                                    nv_state_poll, "rwlock"};

static nave_err rwlock_read(struct nave_rwlock *rw, struct nave_op *op)
{
    return nv_permits_start(&rw->state, op, 1, &rwlock_source);
}

static nave_err rwlock_write(struct nave_rwlock *rw, struct nave_op *op)
{
    return nv_permits_start(&rw->state, op, READERS, &rwlock_source);
}

static nave_err rwlock_try_read(struct nave_rwlock *rw)
{
    return nv_permits_try(&rw->state, 1);
}

static nave_err rwlock_try_write(struct nave_rwlock *rw)
{
    return nv_permits_try(&rw->state, READERS);
}

static nave_err rwlock_read_wait(struct nave_rwlock *rw, nave_nsec timeout_ns)
{
    return nv_permits_wait(&rw->state, 1, timeout_ns, &rwlock_source);
}

static nave_err rwlock_write_wait(struct nave_rwlock *rw, nave_nsec timeout_ns)
{
    return nv_permits_wait(&rw->state, READERS, timeout_ns, &rwlock_source);
}

static void rwlock_read_unlock(struct nave_rwlock *rw)
{
    (void)nv_permits_give(&rw->state, 1, READERS);
}

static void rwlock_write_unlock(struct nave_rwlock *rw)
{
    (void)nv_permits_give(&rw->state, READERS, READERS);
}

static void rwlock_downgrade(struct nave_rwlock *rw)
{
    (void)nv_permits_give(&rw->state, READERS - 1, READERS);
}

const struct nave_rwlock_iface nv_rwlock_table = {
    .hdr = NAVE_IFACE(struct nave_rwlock_iface, NAVE_RWLOCK_ID, 0, NAVE_IFACE_DRAFT),
    .read = rwlock_read,
    .write = rwlock_write,
    .try_read = rwlock_try_read,
    .try_write = rwlock_try_write,
    .read_wait = rwlock_read_wait,
    .write_wait = rwlock_write_wait,
    .read_unlock = rwlock_read_unlock,
    .write_unlock = rwlock_write_unlock,
    .downgrade = rwlock_downgrade,
};

/* --- semaphore ------------------------------------------------------------------------------- */

static void semaphore_drop(struct nave_op *op)
{
    nv_permits_drop(op, NAVE_SEMAPHORE_MAX);
}

static const struct nave_op_source semaphore_source = {sizeof(semaphore_source), 0, semaphore_drop,
                                                       nv_state_poll, "semaphore acquire"};

static nave_err semaphore_acquire(struct nave_semaphore *s, struct nave_op *op, uint64_t n)
{
    return n > NAVE_SEMAPHORE_MAX ? NAVE_EINVAL
                                  : nv_permits_start(&s->state, op, n, &semaphore_source);
}

static nave_err semaphore_try_acquire(struct nave_semaphore *s, uint64_t n)
{
    return n > NAVE_SEMAPHORE_MAX ? NAVE_EINVAL : nv_permits_try(&s->state, n);
}

static nave_err semaphore_acquire_wait(struct nave_semaphore *s, uint64_t n, nave_nsec timeout_ns)
{
    return n > NAVE_SEMAPHORE_MAX ? NAVE_EINVAL
                                  : nv_permits_wait(&s->state, n, timeout_ns, &semaphore_source);
}

static nave_err semaphore_release(struct nave_semaphore *s, uint64_t n)
{
    return nv_permits_give(&s->state, n, NAVE_SEMAPHORE_MAX);
}

static uint64_t semaphore_forget(struct nave_semaphore *s, uint64_t n)
{
    return nv_permits_forget(&s->state, n);
}

static uint64_t semaphore_available(const struct nave_semaphore *s)
{
    return nv_permits_available(&s->state);
}

static void semaphore_close(struct nave_semaphore *s)
{
    nv_permits_close(&s->state);
}

const struct nave_semaphore_iface nv_semaphore_table = {
    .hdr = NAVE_IFACE(struct nave_semaphore_iface, NAVE_SEMAPHORE_ID, 0, NAVE_IFACE_DRAFT),
    .acquire = semaphore_acquire,
    .try_acquire = semaphore_try_acquire,
    .acquire_wait = semaphore_acquire_wait,
    .release = semaphore_release,
    .forget = semaphore_forget,
    .available = semaphore_available,
    .close = semaphore_close,
};

/* --- the service ----------------------------------------------------------------------------- */

/* Returns 1 when the handle of `s` gets an asserting table. */
static int32_t state_init(struct nave_lock_state *s, struct nave_locks *locks)
{
    const struct nv_locks *l = (const struct nv_locks *)(const void *)locks;

    memset(s, 0, sizeof(*s));
    s->locks = locks;
    s->flags = l->is_checked ? NV_LOCK_IS_CHECKED : 0;
    return (int32_t)l->is_checked;
}

static void locks_mutex_init(struct nave_locks *l, struct nave_mutex *m)
{
    m->api = state_init(&m->state, l) ? &nv_mutex_checked_table : &nv_mutex_table;
    nv_permits_init(&m->state, 1);
}

static void locks_rwlock_init(struct nave_locks *l, struct nave_rwlock *rw)
{
    rw->api = state_init(&rw->state, l) ? &nv_rwlock_checked_table : &nv_rwlock_table;
    nv_permits_init(&rw->state, READERS);
}

static nave_err locks_semaphore_init(struct nave_locks *l, struct nave_semaphore *s,
                                     uint64_t permits)
{
    if (permits > NAVE_SEMAPHORE_MAX)
        return NAVE_EINVAL;
    s->api = state_init(&s->state, l) ? &nv_semaphore_checked_table : &nv_semaphore_table;
    nv_permits_init(&s->state, permits);
    return NAVE_OK;
}

static void locks_notify_init(struct nave_locks *l, struct nave_notify *n)
{
    n->api = state_init(&n->state, l) ? &nv_notify_checked_table : &nv_notify_table;
}

static nave_err locks_barrier_init(struct nave_locks *l, struct nave_barrier *b, uint32_t count)
{
    if (count == 0)
        return NAVE_EINVAL;
    b->api = state_init(&b->state, l) ? &nv_barrier_checked_table : &nv_barrier_table;
    b->state.detail = count;
    return NAVE_OK;
}

static void locks_once_init(struct nave_locks *l, struct nave_once *o)
{
    o->api = state_init(&o->state, l) ? &nv_once_checked_table : &nv_once_table;
}

const struct nave_locks_iface nv_locks_table = {
    .hdr = NAVE_IFACE(struct nave_locks_iface, NAVE_LOCKS_ID, 0, NAVE_IFACE_DRAFT),
    .mutex_init = locks_mutex_init,
    .rwlock_init = locks_rwlock_init,
    .semaphore_init = locks_semaphore_init,
    .notify_init = locks_notify_init,
    .barrier_init = locks_barrier_init,
    .once_init = locks_once_init,
};

void nv_locks_init(struct nv_locks *l, const struct nave_runtime *rt, int32_t is_checked)
{
    l->pub.api = is_checked ? &nv_locks_checked_table : &nv_locks_table;
    l->rt = rt;
    l->is_checked = is_checked != 0;
}

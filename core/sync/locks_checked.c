/* SPDX-License-Identifier: MIT
 *
 * What the locks assert beyond their tags in checked mode (check.h): that what is given back is held, and
 * a mutex by the one who gives it back.
 *
 * Who holds a mutex is a number: of a task, of a thread that is no worker's, or CALLBACK for all callbacks
 * of workers, which cannot be told from each other.
 */
#include "check/check_rules.h"
#include "locks.h"
#include "permits.h"
#include "runtime/runtime.h"
#include "worker/worker_state.h"

#define NOBODY   UINT64_C(0)
#define CALLBACK UINT64_C(2)

/* The generation goes where the addresses of machines have no bits; elsewhere it still tells apart. */
uint64_t nv_check_task_number(const void *task, uint64_t id)
{
    return (uint64_t)(uintptr_t)task ^ (id >> 32) << 48;
}

static uint64_t caller_number(const struct nave_runtime *rt)
{
    uint32_t here = rt ? nv_check_here(rt) : UINT32_MAX;
    const struct nv_worker *w = here == UINT32_MAX ? NULL : rt->threads.each[here].worker;

    if (nv_check_dropping)
        return NV_CHECK_ANY_TASK;
    if (!w)
        return (uint64_t)(uintptr_t)pthread_self() | 1u;
    return w->polled ? w->polled : CALLBACK;
}

static const struct nave_runtime *runtime_of(const struct nave_lock_state *s)
{
    return ((const struct nv_locks *)(const void *)s->locks)->rt;
}

void nv_check_hold(struct nave_lock_state *s, const struct nave_op *op)
{
    if (op->worker) /* else the wait of a thread, which notes itself */
        s->detail = op->done ? CALLBACK : nv_check_task_number(op->done_arg, op->waker_id);
}

/* --- mutex ----------------------------------------------------------------------------------- */

static nave_err got(struct nave_mutex *m, nave_err err)
{
    if (err == NAVE_OK)
        m->state.detail = caller_number(runtime_of(&m->state));
    return err;
}

nave_err nv_around_mutex_lock(const struct nv_check *c, const struct nave_mutex_iface *raw,
                              struct nave_mutex *m, struct nave_op *op)
{
    (void)c;
    return got(m, raw->lock(m, op));
}

nave_err nv_around_mutex_try_lock(const struct nv_check *c, const struct nave_mutex_iface *raw,
                                  struct nave_mutex *m)
{
    (void)c;
    return got(m, raw->try_lock(m));
}

nave_err nv_around_mutex_lock_wait(const struct nv_check *c, const struct nave_mutex_iface *raw,
                                   struct nave_mutex *m, nave_nsec timeout_ns)
{
    (void)c;
    return got(m, raw->lock_wait(m, timeout_ns));
}

void nv_before_mutex_unlock(const struct nv_check *c, struct nave_mutex *m)
{
    uint64_t number = caller_number(c->rt);

    if (nv_permits_available(&m->state) != 0)
        nv_check_breach(c, "unlock once for each lock", "the mutex is not locked");
    if (m->state.detail != number && number != NV_CHECK_ANY_TASK)
        nv_check_breach(c, "unlock where it was locked; to hand over use a semaphore of one",
                        "another task or thread holds the mutex");
    m->state.detail = NOBODY;
}

/* --- read-write lock ------------------------------------------------------------------------- */

static void check_writing(const struct nv_check *c, const struct nave_rwlock *rw)
{
    if (nv_permits_available(&rw->state) != 0)
        nv_check_breach(c, "write, then unlock once", "nobody holds it for writing");
}

void nv_before_rwlock_read_unlock(const struct nv_check *c, struct nave_rwlock *rw)
{
    uint64_t free_now = nv_permits_available(&rw->state);

    if (free_now == 0 || free_now == UINT32_MAX)
        nv_check_breach(c, "read, then unlock once", "nobody holds it for reading");
}

void nv_before_rwlock_write_unlock(const struct nv_check *c, struct nave_rwlock *rw)
{
    check_writing(c, rw);
}

void nv_before_rwlock_downgrade(const struct nv_check *c, struct nave_rwlock *rw)
{
    check_writing(c, rw);
}

/* --- once ------------------------------------------------------------------------------------ */

static void check_running(const struct nv_check *c, const struct nave_once *o)
{
    uint64_t word = __atomic_load_n(&o->state.word, __ATOMIC_RELAXED);

    if (word == NAVE_ONCE_DONE)
        nv_check_breach(c, "say it once", "it was said to be done before");
    if (word == 0)
        nv_check_breach(c, "enter first, and go on when the value is 1", "nobody was to do it");
}

void nv_before_once_done(const struct nv_check *c, struct nave_once *o)
{
    check_running(c, o);
}

void nv_before_once_failed(const struct nv_check *c, struct nave_once *o)
{
    check_running(c, o);
}

/* --- the begin of a call --------------------------------------------------------------------- */

void nv_check_locks(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller)
{
    nv_check_of_runtime(c, rule, ((const struct nv_locks *)handle)->rt, caller);
}

/* Every lock is a table and a state. */
void nv_check_lock(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller)
{
    nv_check_of_runtime(c, rule, runtime_of(&((const struct nave_mutex *)handle)->state), caller);
}

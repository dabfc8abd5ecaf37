/* SPDX-License-Identifier: MIT
 *
 * See sync_wait.h: the slow way into the lock, and threads that block.
 *
 * A lock is held for a few instructions, so who finds it taken spins a little; longer only when the
 * holder lost its processor, and then it helps to give it ours. A thread of a real-time class gives
 * nothing by sched_yield(), hence the nap.
 */
#include "sync_wait.h"

#include <sched.h>
#include <time.h>

#define SPINS  64u
#define YIELDS 1024u

static void pause_once(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

void nv_lock_wait(struct nv_lock *l)
{
    static const struct timespec nap = {0, 50000};
    uint32_t rounds = 0;

    do {
        while (__atomic_load_n(&l->word, __ATOMIC_RELAXED)) {
            if (rounds < SPINS)
                pause_once();
            else if (rounds < SPINS + YIELDS)
                sched_yield();
            else
                nanosleep(&nap, NULL);
            rounds++;
        }
    } while (__atomic_exchange_n(&l->word, 1u, __ATOMIC_ACQUIRE));
}

/* --- threads that block ---------------------------------------------------------------------- */

static void parker_clone(const struct nave_waker *w, struct nave_waker *out)
{
    *out = *w;
}

static void parker_wake(const struct nave_waker *w)
{
    struct nv_parker *p = w->task;

    pthread_mutex_lock(&p->mutex);
    p->is_woken = 1;
    pthread_cond_signal(&p->cond);
    pthread_mutex_unlock(&p->mutex);
}

static void parker_drop(struct nave_waker *w)
{
    w->task = NULL;
}

static const struct nave_waker_iface parker_table = {
    .hdr = NAVE_IFACE(struct nave_waker_iface, "nave.waker/1", 0, NAVE_IFACE_DRAFT),
    .clone = parker_clone,
    .wake = parker_wake,
    .drop = parker_drop,
};

nave_err nv_parker_init(struct nv_parker *p, struct nave_op *op)
{
    pthread_condattr_t attr;
    int failed;

    if (pthread_condattr_init(&attr))
        return NAVE_ENOMEM;
    failed =
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) || pthread_cond_init(&p->cond, &attr);
    pthread_condattr_destroy(&attr);
    if (failed)
        return NAVE_ENOMEM;
    if (pthread_mutex_init(&p->mutex, NULL)) {
        pthread_cond_destroy(&p->cond);
        return NAVE_ENOMEM;
    }
    p->is_woken = 0;
    nave_op_init(op, NULL, NULL, p);
    op->waker = &parker_table;
    return NAVE_OK;
}

void nv_parker_fini(struct nv_parker *p)
{
    pthread_cond_destroy(&p->cond);
    pthread_mutex_destroy(&p->mutex);
}

/* The point of CLOCK_MONOTONIC after `timeout_ns`. */
static struct timespec point_after(nave_nsec timeout_ns)
{
    struct timespec at = {0, 0};
    nave_nsec ns;

    clock_gettime(CLOCK_MONOTONIC, &at);
    ns = at.tv_nsec + timeout_ns % NAVE_SEC;
    at.tv_sec += (time_t)(timeout_ns / NAVE_SEC + ns / NAVE_SEC);
    at.tv_nsec = (long)(ns % NAVE_SEC);
    return at;
}

/* Until it is woken or the time is up. 1: the time is up. */
static int32_t park(struct nv_parker *p, const struct timespec *at)
{
    int failed = 0;

    pthread_mutex_lock(&p->mutex);
    while (!p->is_woken && !failed)
        failed = at ? pthread_cond_timedwait(&p->cond, &p->mutex, at)
                    : pthread_cond_wait(&p->cond, &p->mutex);
    p->is_woken = 0;
    pthread_mutex_unlock(&p->mutex);
    return failed != 0;
}

nave_err nv_block(struct nv_parker *p, struct nave_op *op, struct nv_lock *lock,
                  nave_nsec timeout_ns)
{
    const struct timespec at = point_after(timeout_ns < 0 ? 0 : timeout_ns);
    int32_t is_late;

    do {
        is_late = park(p, timeout_ns == NAVE_NEVER ? NULL : &at);
        if (nave_op_poll(op) == NAVE_PENDING)
            continue;
        /* Who gave us the outcome wakes us under the lock, perhaps just now, when we have seen it by
         * chance: with the lock in hand nobody touches the parker any more. */
        nv_lock_take(lock);
        nv_lock_leave(lock);
        return op->result;
    } while (!is_late);
    nave_op_drop(op);
    return NAVE_ETIMEDOUT;
}

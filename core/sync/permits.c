/* SPDX-License-Identifier: MIT
 *
 * See permits.h. The orders: a giver's swap releases, a taker's acquires. With WAITERS the giver's words
 * come to the taker through the lock and the outcome of the op; what was given before WAITERS was set is
 * acquired by the load of the word under the lock.
 */
#include "permits.h"

#define CLOSED  UINT64_C(1)
#define WAITERS UINT64_C(2)

void nv_permits_init(struct nave_lock_state *s, uint64_t permits)
{
    s->word = permits << NV_PERMITS_SHIFT;
}

uint64_t nv_permits_available(const struct nave_lock_state *s)
{
    return __atomic_load_n(&s->word, __ATOMIC_RELAXED) >> NV_PERMITS_SHIFT;
}

/* --- taking ---------------------------------------------------------------------------------- */

nave_err nv_permits_try(struct nave_lock_state *s, uint64_t n)
{
    uint64_t word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);

    do {
        if (NAVE_UNLIKELY(word & CLOSED))
            return NAVE_ECLOSED;
        if ((word & WAITERS) || word >> NV_PERMITS_SHIFT < n)
            return NAVE_EAGAIN;
    } while (!__atomic_compare_exchange_n(&s->word, &word, word - (n << NV_PERMITS_SHIFT), 1,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    return NAVE_OK;
}

/* NAVE_EAGAIN: WAITERS is set. State: the lock is held. */
static nave_err try_or_mark(struct nave_lock_state *s, uint64_t n)
{
    uint64_t word = __atomic_load_n(&s->word, __ATOMIC_RELAXED), next;

    do {
        if (word & CLOSED)
            return NAVE_ECLOSED;
        if (word & WAITERS)
            return NAVE_EAGAIN;
        next = word >> NV_PERMITS_SHIFT >= n ? word - (n << NV_PERMITS_SHIFT) : word | WAITERS;
    } while (
        !__atomic_compare_exchange_n(&s->word, &word, next, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return next & WAITERS ? NAVE_EAGAIN : NAVE_OK;
}

/* With the lock, behind those who wait already. */
static nave_err enqueue(struct nave_lock_state *s, struct nave_op *op, uint64_t n,
                        const struct nave_op_source *source)
{
    nave_err err;

    nv_lock_take(nv_state_lock(s));
    err = try_or_mark(s, n);
    if (err == NAVE_EAGAIN) {
        op->value = n;
        nv_wait_begin(nv_state_queue(s), op, source, s);
    }
    nv_lock_leave(nv_state_lock(s));
    return err;
}

nave_err nv_permits_start(struct nave_lock_state *s, struct nave_op *op, uint64_t n,
                          const struct nave_op_source *source)
{
    nave_err err;

    if (NAVE_UNLIKELY(nv_wait_is_busy(op)))
        return NAVE_EBUSY;
    err = nv_permits_try(s, n);
    return NAVE_LIKELY(err != NAVE_EAGAIN) ? err : enqueue(s, op, n, source);
}

nave_err nv_permits_wait(struct nave_lock_state *s, uint64_t n, nave_nsec timeout_ns,
                         const struct nave_op_source *source)
{
    nave_err err = nv_locks_may_block(s);
    struct nv_parker parker;
    struct nave_op op;

    if (err != NAVE_OK)
        return err;
    err = nv_permits_try(s, n);
    if (err != NAVE_EAGAIN)
        return err;
    err = nv_parker_init(&parker, &op);
    if (err != NAVE_OK)
        return err;
    err = enqueue(s, &op, n, source);
    if (err == NAVE_EAGAIN)
        err = nv_block(&parker, &op, nv_state_lock(s), timeout_ns);
    nv_parker_fini(&parker);
    return err;
}

uint64_t nv_permits_forget(struct nave_lock_state *s, uint64_t n)
{
    uint64_t word, taken;

    /* Those who wait found fewer than they want, so what is there is not theirs yet. */
    nv_lock_take(nv_state_lock(s));
    word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
    do {
        taken = word >> NV_PERMITS_SHIFT < n ? word >> NV_PERMITS_SHIFT : n;
    } while (!__atomic_compare_exchange_n(&s->word, &word, word - (taken << NV_PERMITS_SHIFT), 1,
                                          __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    nv_lock_leave(nv_state_lock(s));
    return taken;
}

/* --- giving ---------------------------------------------------------------------------------- */

/* Serve the queue from `word`, which is stored. State: the lock is held; WAITERS was set. */
static void serve(struct nave_lock_state *s, uint64_t word, struct nv_wakes *wakes)
{
    struct nv_waiters *queue = nv_state_queue(s);
    struct nave_op *op = queue->first;

    while (op && !(word & CLOSED) && op->value <= word >> NV_PERMITS_SHIFT) {
        word -= op->value << NV_PERMITS_SHIFT;
        nv_waiters_unlink(queue, op);
        nv_wait_settle(op, NAVE_OK, wakes);
        op = queue->first;
    }
    if (!op)
        word &= ~WAITERS;
    __atomic_store_n(&s->word, word, __ATOMIC_RELEASE);
}

/* Give to the queue. 0: there is none any more. */
static int32_t give_queue(struct nave_lock_state *s, uint64_t n, uint64_t limit, nave_err *out_err)
{
    struct nv_wakes wakes;
    uint64_t word;

    wakes.count = 0;
    nv_lock_take(nv_state_lock(s));
    word = __atomic_load_n(&s->word, __ATOMIC_ACQUIRE);
    if (!(word & WAITERS)) {
        nv_lock_leave(nv_state_lock(s));
        return 0;
    }
    if (n > limit - (word >> NV_PERMITS_SHIFT))
        *out_err = NAVE_EOVERFLOW;
    else
        serve(s, word + (n << NV_PERMITS_SHIFT), &wakes);
    nv_lock_leave(nv_state_lock(s));
    nv_wakes_fire(&wakes);
    return 1;
}

nave_err nv_permits_give(struct nave_lock_state *s, uint64_t n, uint64_t limit)
{
    uint64_t word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
    nave_err err = NAVE_OK;

    for (;;) {
        if (NAVE_UNLIKELY(word & WAITERS)) {
            if (give_queue(s, n, limit, &err))
                return err;
            word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
            continue;
        }
        if (n > limit - (word >> NV_PERMITS_SHIFT))
            return NAVE_EOVERFLOW;
        if (__atomic_compare_exchange_n(&s->word, &word, word + (n << NV_PERMITS_SHIFT), 1,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return NAVE_OK; /* the state is not touched any more */
    }
}

void nv_permits_close(struct nave_lock_state *s)
{
    struct nv_waiters *queue = nv_state_queue(s);
    struct nv_wakes wakes;

    nv_lock_take(nv_state_lock(s));
    (void)__atomic_fetch_or(&s->word, CLOSED, __ATOMIC_RELEASE);
    do { /* not all under the lock: others wait for it */
        wakes.count = 0;
        while (queue->first && wakes.count < NV_WAKES_MAX)
            nv_wait_settle(nv_waiters_pop(queue), NAVE_ECLOSED, &wakes);
        if (!queue->first)
            (void)__atomic_fetch_and(&s->word, ~WAITERS, __ATOMIC_RELEASE);
        nv_lock_leave(nv_state_lock(s));
        nv_wakes_fire(&wakes);
        nv_lock_take(nv_state_lock(s));
    } while (queue->first);
    nv_lock_leave(nv_state_lock(s));
}

/* --- ops ------------------------------------------------------------------------------------- */

void nv_permits_drop(struct nave_op *op, uint64_t limit)
{
    struct nave_lock_state *s = op->impl;
    struct nv_wakes wakes;
    nave_err outcome;

    wakes.count = 0;
    nv_lock_take(nv_state_lock(s));
    outcome = nv_wait_outcome(op);
    if (outcome == NAVE_EAGAIN) {
        nv_waiters_unlink(nv_state_queue(s), op);
        serve(s, __atomic_load_n(&s->word, __ATOMIC_ACQUIRE), &wakes);
    }
    nv_lock_leave(nv_state_lock(s));
    nv_wakes_fire(&wakes);
    nave_op_recall(op);
    if (outcome == NAVE_OK)
        (void)nv_permits_give(s, op->value, limit);
}

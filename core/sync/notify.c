/* SPDX-License-Identifier: MIT
 *
 * nave.notify/1.
 *
 *   word = rounds << 2 | WAITERS | PERMIT      never both
 *
 * WAITERS is set exactly while the queue is not empty, as seen under the lock; then the word is changed
 * there alone, but for the rounds. A round is a call of all(): it serves those that came in earlier rounds,
 * which stand at the front of the queue, in several holds of the lock.
 *
 * Every notification is a read-modify-write of the word, and so is every start that will wait: whichever
 * comes second sees what the other one wrote before. That makes "start, look, await" safe.
 */
#include "locks.h"

#define PERMIT    UINT64_C(1)
#define WAITERS   UINT64_C(2)
#define ROUND_ONE UINT64_C(4)
#define ROUND_OF  (~UINT64_C(3))

/* nave_op.value: while it waits the round in which it came; once settled, who did it. */
#define BY_ALL UINT64_C(0)
#define BY_ONE UINT64_C(1)

void nv_state_serve_older(struct nave_lock_state *s, uint64_t round)
{
    struct nv_waiters *queue = nv_state_queue(s);
    struct nv_wakes wakes;

    do {
        wakes.count = 0;
        nv_lock_take(nv_state_lock(s));
        while (wakes.count < NV_WAKES_MAX && queue->first &&
               (int64_t)(queue->first->value - round) < 0) {
            struct nave_op *op = nv_waiters_pop(queue);

            op->value = BY_ALL;
            nv_wait_settle(op, NAVE_OK, &wakes);
        }
        if (!queue->first)
            (void)__atomic_fetch_and(&s->word, ~WAITERS, __ATOMIC_ACQ_REL);
        nv_lock_leave(nv_state_lock(s));
        nv_wakes_fire(&wakes);
    } while (wakes.count == NV_WAKES_MAX);
}

static void notify_one_state(struct nave_lock_state *s)
{
    uint64_t word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
    struct nv_wakes wakes;
    struct nave_op *op;

    for (;;) {
        if (!(word & WAITERS)) {
            if (__atomic_compare_exchange_n(&s->word, &word, word | PERMIT, 1, __ATOMIC_ACQ_REL,
                                            __ATOMIC_RELAXED))
                return;
            continue;
        }
        wakes.count = 0;
        nv_lock_take(nv_state_lock(s));
        op = nv_waiters_pop(nv_state_queue(s));
        if (op) {
            if (!nv_state_queue(s)->first)
                (void)__atomic_fetch_and(&s->word, ~WAITERS, __ATOMIC_ACQ_REL);
            op->value = BY_ONE;
            nv_wait_settle(op, NAVE_OK, &wakes);
        }
        nv_lock_leave(nv_state_lock(s));
        nv_wakes_fire(&wakes);
        if (op)
            return;
        word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
    }
}

static void notify_drop(struct nave_op *op)
{
    struct nave_lock_state *s = op->impl;
    nave_err outcome;

    nv_lock_take(nv_state_lock(s));
    outcome = nv_wait_outcome(op);
    if (outcome == NAVE_EAGAIN) {
        nv_waiters_unlink(nv_state_queue(s), op);
        if (!nv_state_queue(s)->first)
            (void)__atomic_fetch_and(&s->word, ~WAITERS, __ATOMIC_ACQ_REL);
    }
    nv_lock_leave(nv_state_lock(s));
    nave_op_recall(op);
    if (outcome == NAVE_OK && op->value == BY_ONE)
        notify_one_state(s);
}

static const struct nave_op_source notify_source = {sizeof(notify_source), 0, notify_drop,
                                                    nv_state_poll, "notify"};

/* Take the permit, if it is there. */
static int32_t take_permit(struct nave_lock_state *s)
{
    uint64_t word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);

    while (word & PERMIT)
        if (__atomic_compare_exchange_n(&s->word, &word, word & ~PERMIT, 1, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return 1;
    return 0;
}

static nave_err enqueue(struct nave_lock_state *s, struct nave_op *op)
{
    uint64_t word, next;

    nv_lock_take(nv_state_lock(s));
    word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
    do {
        next = word & PERMIT ? word & ~PERMIT : word | WAITERS;
    } while (
        !__atomic_compare_exchange_n(&s->word, &word, next, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    if (next & WAITERS) {
        op->value = next & ROUND_OF;
        nv_wait_begin(nv_state_queue(s), op, &notify_source, s);
    }
    nv_lock_leave(nv_state_lock(s));
    return next & WAITERS ? NAVE_EAGAIN : NAVE_OK;
}

static nave_err notify_wait(struct nave_notify *n, struct nave_op *op)
{
    if (NAVE_UNLIKELY(nv_wait_is_busy(op)))
        return NAVE_EBUSY;
    return take_permit(&n->state) ? NAVE_OK : enqueue(&n->state, op);
}

static nave_err notify_wait_here(struct nave_notify *n, nave_nsec timeout_ns)
{
    nave_err err = nv_locks_may_block(&n->state);
    struct nv_parker parker;
    struct nave_op op;

    if (err != NAVE_OK || take_permit(&n->state))
        return err;
    err = nv_parker_init(&parker, &op);
    if (err != NAVE_OK)
        return err;
    err = enqueue(&n->state, &op);
    if (err == NAVE_EAGAIN)
        err = nv_block(&parker, &op, nv_state_lock(&n->state), timeout_ns);
    nv_parker_fini(&parker);
    return err;
}

static void notify_one(struct nave_notify *n)
{
    notify_one_state(&n->state);
}

static void notify_all(struct nave_notify *n)
{
    uint64_t word = __atomic_fetch_add(&n->state.word, ROUND_ONE, __ATOMIC_ACQ_REL);

    if (word & WAITERS)
        nv_state_serve_older(&n->state, (word & ROUND_OF) + ROUND_ONE);
}

const struct nave_notify_iface nv_notify_table = {
    .hdr = NAVE_IFACE(struct nave_notify_iface, NAVE_NOTIFY_ID, 0, NAVE_IFACE_DRAFT),
    .wait = notify_wait,
    .wait_here = notify_wait_here,
    .one = notify_one,
    .all = notify_all,
};

/* SPDX-License-Identifier: MIT
 *
 * nave.barrier/1 and nave.once/1: where tasks meet. Both do everything under the lock, but for a look at
 * a once that is done; they are not for hot paths.
 *
 *   barrier: word = rounds << 2; detail = arrived << 32 | how many meet; nave_op.value = the round
 *   once:    word = 0 | RUNNING (somebody does it) | NAVE_ONCE_DONE; nave_op.value = 1: it is yours
 */
#include "locks.h"

#define ROUND_ONE   UINT64_C(4)
#define ARRIVED_ONE (UINT64_C(1) << 32)
#define RUNNING     UINT64_C(2)

/* --- barrier --------------------------------------------------------------------------------- */

static void barrier_drop(struct nave_op *op)
{
    struct nave_lock_state *s = op->impl;

    nv_lock_take(nv_state_lock(s));
    if (nv_wait_outcome(op) == NAVE_EAGAIN) {
        nv_waiters_unlink(nv_state_queue(s), op);
        if (op->value == s->word) /* else all of its round have arrived */
            s->detail -= ARRIVED_ONE;
    }
    nv_lock_leave(nv_state_lock(s));
    nave_op_recall(op);
}

static const struct nave_op_source barrier_source = {sizeof(barrier_source), 0, barrier_drop,
                                                     nv_state_poll, "barrier"};

/* NAVE_OK: the last one. */
static nave_err arrive(struct nave_lock_state *s, struct nave_op *op)
{
    uint64_t round = 0;

    nv_lock_take(nv_state_lock(s));
    s->detail += ARRIVED_ONE;
    if (s->detail >> 32 == (uint32_t)s->detail) {
        s->detail = (uint32_t)s->detail;
        round = s->word += ROUND_ONE;
    } else {
        op->value = s->word;
        nv_wait_begin(nv_state_queue(s), op, &barrier_source, s);
    }
    nv_lock_leave(nv_state_lock(s));
    if (!round)
        return NAVE_EAGAIN;
    nv_state_serve_older(s, round);
    op->value = 1;
    return NAVE_OK;
}

static nave_err barrier_arrive(struct nave_barrier *b, struct nave_op *op)
{
    return NAVE_UNLIKELY(nv_wait_is_busy(op)) ? NAVE_EBUSY : arrive(&b->state, op);
}

/* Start by `start`, wait on this thread, and tell the value. */
static nave_err start_and_block(struct nave_lock_state *s,
                                nave_err (*start)(struct nave_lock_state *s, struct nave_op *op),
                                nave_nsec timeout_ns, uint32_t *out_value)
{
    nave_err err = nv_locks_may_block(s);
    struct nv_parker parker;
    struct nave_op op;

    if (err != NAVE_OK)
        return err;
    err = nv_parker_init(&parker, &op);
    if (err != NAVE_OK)
        return err;
    err = start(s, &op);
    if (err == NAVE_EAGAIN)
        err = nv_block(&parker, &op, nv_state_lock(s), timeout_ns);
    nv_parker_fini(&parker);
    if (err == NAVE_OK && out_value)
        *out_value = (uint32_t)op.value;
    return err;
}

static nave_err barrier_arrive_wait(struct nave_barrier *b, nave_nsec timeout_ns,
                                    uint32_t *out_is_last)
{
    return start_and_block(&b->state, arrive, timeout_ns, out_is_last);
}

const struct nave_barrier_iface nv_barrier_table = {
    .hdr = NAVE_IFACE(struct nave_barrier_iface, NAVE_BARRIER_ID, 0, NAVE_IFACE_DRAFT),
    .arrive = barrier_arrive,
    .arrive_wait = barrier_arrive_wait,
};

/* --- once ------------------------------------------------------------------------------------ */

/* The next one is to do it; none: whoever comes. */
static void hand_on(struct nave_lock_state *s)
{
    struct nv_wakes wakes;
    struct nave_op *op;

    wakes.count = 0;
    nv_lock_take(nv_state_lock(s));
    op = nv_waiters_pop(nv_state_queue(s));
    if (op) {
        op->value = 1;
        nv_wait_settle(op, NAVE_OK, &wakes);
    } else {
        __atomic_store_n(&s->word, 0, __ATOMIC_RELEASE);
    }
    nv_lock_leave(nv_state_lock(s));
    nv_wakes_fire(&wakes);
}

static void once_drop(struct nave_op *op)
{
    struct nave_lock_state *s = op->impl;
    nave_err outcome;

    nv_lock_take(nv_state_lock(s));
    outcome = nv_wait_outcome(op);
    if (outcome == NAVE_EAGAIN)
        nv_waiters_unlink(nv_state_queue(s), op);
    nv_lock_leave(nv_state_lock(s));
    nave_op_recall(op);
    if (outcome == NAVE_OK && op->value == 1)
        hand_on(s);
}

static const struct nave_op_source once_source = {sizeof(once_source), 0, once_drop, nv_state_poll,
                                                  "once"};

static nave_err enter(struct nave_lock_state *s, struct nave_op *op)
{
    nave_err err = NAVE_OK;
    uint64_t word;

    op->value = 0;
    if (__atomic_load_n(&s->word, __ATOMIC_ACQUIRE) == NAVE_ONCE_DONE)
        return NAVE_OK;
    nv_lock_take(nv_state_lock(s));
    word = __atomic_load_n(&s->word, __ATOMIC_RELAXED);
    if (word == RUNNING) {
        nv_wait_begin(nv_state_queue(s), op, &once_source, s);
        err = NAVE_EAGAIN;
    } else if (word != NAVE_ONCE_DONE) {
        __atomic_store_n(&s->word, RUNNING, __ATOMIC_RELAXED);
        op->value = 1;
    }
    nv_lock_leave(nv_state_lock(s));
    return err;
}

static nave_err once_enter(struct nave_once *o, struct nave_op *op)
{
    return NAVE_UNLIKELY(nv_wait_is_busy(op)) ? NAVE_EBUSY : enter(&o->state, op);
}

static nave_err once_enter_wait(struct nave_once *o, nave_nsec timeout_ns, uint32_t *out_is_mine)
{
    return start_and_block(&o->state, enter, timeout_ns, out_is_mine);
}

static void once_done(struct nave_once *o)
{
    struct nave_lock_state *s = &o->state;

    nv_lock_take(nv_state_lock(s));
    __atomic_store_n(&s->word, NAVE_ONCE_DONE, __ATOMIC_RELEASE);
    nv_lock_leave(nv_state_lock(s));
    nv_state_serve_older(s, 1); /* nobody comes any more */
}

static void once_failed(struct nave_once *o)
{
    hand_on(&o->state);
}

const struct nave_once_iface nv_once_table = {
    .hdr = NAVE_IFACE(struct nave_once_iface, NAVE_ONCE_ID, 0, NAVE_IFACE_DRAFT),
    .enter = once_enter,
    .enter_wait = once_enter_wait,
    .done = once_done,
    .failed = once_failed,
};

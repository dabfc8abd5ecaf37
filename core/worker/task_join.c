/* SPDX-License-Identifier: MIT
 *
 * The join handle, and the end of a task, where the two meet.
 *
 * A joiner is three words in the task: a waker. That of a task may stay there when its join is dropped:
 * at worst it is woken for nothing. One that may go away (an op with a callback, a thread that waits no
 * longer) is LOCKED: registered, woken and taken back under the group's join_lock.
 *
 * The end reads the joiner and then swaps COMPLETE into the word it has seen. Whoever registers counts
 * WAITS up, so the swap fails when the joiner that was read is not the one that is there. After the
 * swap the object is the handle's: it may be gone.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "group.h"
#include "scope.h"
#include "task.h"
#include "worker_state.h"
#include "world/world.h"

struct waiting_thread {
    pthread_cond_t ended;
    int32_t is_ended;
};

static struct nv_group *group_of(const struct nv_task *t)
{
    return t->owner->worker->group;
}

static int32_t is_stale(uint64_t word, uint64_t id)
{
    return word >> 32 != id >> 32 || !(word & NV_TASK_JOINED);
}

/* --- the end --------------------------------------------------------------------------------- */

static void wake_locked(void *joiner)
{
    struct waiting_thread *thread = joiner;

    thread->is_ended = 1;
    (void)pthread_cond_signal(&thread->ended);
}

/* The result is in place. Give the object to the one who has the handle, or free it. */
static void complete(struct nv_worker *w, struct nv_task *t)
{
    struct nv_group *g = group_of(t);
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE), next;
    struct nave_waker waker = {NULL, NULL, 0, 0};
    int32_t is_done, is_locked;

    do {
        if (!(word & NV_TASK_JOINED)) {
            nv_task_free(w, t);
            return;
        }
        if (word & NV_TASK_WAITED) {
            waker.api = __atomic_load_n(&t->joiner_api, __ATOMIC_RELAXED);
            waker.task = __atomic_load_n(&t->joiner_task, __ATOMIC_RELAXED);
            waker.id = __atomic_load_n(&t->joiner_id, __ATOMIC_RELAXED);
        }
        next = (word &
                ~(uint64_t)(NV_TASK_SCHEDULED | NV_TASK_AGAIN | NV_TASK_WAITED | NV_TASK_LOCKED)) |
               NV_TASK_COMPLETE;
        is_locked = (word & NV_TASK_LOCKED) != 0;
        if (is_locked)
            (void)pthread_mutex_lock(&g->join_lock);
        if (!(word & NV_TASK_WAITED))
            waker.task = NULL;
        is_done = __atomic_compare_exchange_n(&t->word, &word, next, 0, __ATOMIC_ACQ_REL,
                                              __ATOMIC_ACQUIRE);
        if (is_done && is_locked) {
            if (waker.id)
                nave_op_wake(waker.task);
            else
                wake_locked(waker.task);
            waker.task = NULL;
        }
        if (is_locked)
            (void)pthread_mutex_unlock(&g->join_lock);
    } while (!is_done);
    if (waker.task)
        waker.api->wake(&waker);
}

void nv_task_end(struct nv_worker *w, struct nv_task *t, nave_err result)
{
    nave_future_set_worker(&t->future, &nv_handle_on(t->owner, w)->pub);
    t->future.api->drop(&t->future);
    t->result = result;
    /* Acquire: whoever took it away (nave_scope_drop) has done so before this memory is another's. */
    if (NAVE_UNLIKELY(__atomic_load_n(&t->scope, __ATOMIC_ACQUIRE) != NULL))
        nv_scope_child_ended(t, result);
    /* Released: who counts it has seen it spawned. */
    __atomic_store_n(&w->stats.completed, w->stats.completed + 1, __ATOMIC_RELEASE);
    complete(w, t);
}

/* --- joiners --------------------------------------------------------------------------------- */

/* `api` NULL: LOCKED, and the caller has the lock. */
static nave_err enlist(struct nv_task *t, uint64_t id, const struct nave_waker_iface *api,
                       void *task, uint64_t waker_id)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE), next;

    do {
        if (is_stale(word, id))
            return NAVE_ESTALE;
        if (word & NV_TASK_COMPLETE)
            return NAVE_OK;
        if (word & NV_TASK_WAITED)
            return NAVE_EBUSY;
        __atomic_store_n(&t->joiner_api, api, __ATOMIC_RELAXED);
        __atomic_store_n(&t->joiner_task, task, __ATOMIC_RELAXED);
        __atomic_store_n(&t->joiner_id, waker_id, __ATOMIC_RELAXED);
        next = (word & ~(uint64_t)NV_TASK_WAITS_ALL) | ((word + NV_TASK_WAITS) & NV_TASK_WAITS_ALL);
        next |= NV_TASK_WAITED | (api ? 0 : NV_TASK_LOCKED);
    } while (
        !__atomic_compare_exchange_n(&t->word, &word, next, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return NAVE_EAGAIN;
}

static void strike_off(struct nv_task *t, uint64_t id)
{
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_RELAXED), next;

    do {
        if (is_stale(word, id) || !(word & NV_TASK_WAITED))
            return;
        next = word & ~(uint64_t)(NV_TASK_WAITED | NV_TASK_LOCKED);
    } while (
        !__atomic_compare_exchange_n(&t->word, &word, next, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
}

static nave_err join_result(const struct nave_join *j, nave_err *out_result)
{
    const struct nv_task *t = j->task;
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);

    if (is_stale(word, j->id))
        return NAVE_ESTALE;
    if (!(word & NV_TASK_COMPLETE))
        return NAVE_EAGAIN;
    *out_result = t->result;
    return NAVE_OK;
}

static void op_drop(struct nave_op *op)
{
    struct nv_task *t = op->impl;

    if (!op->done) {
        strike_off(t, op->value);
        return;
    }
    (void)pthread_mutex_lock(&group_of(t)->join_lock);
    strike_off(t, op->value);
    (void)pthread_mutex_unlock(&group_of(t)->join_lock);
    nave_op_recall(op);
}

static nave_poll op_poll(struct nave_op *op)
{
    struct nave_join j = {&nv_join_table, op->impl, op->value, 0};
    nave_err result = NAVE_OK, err = join_result(&j, &result);

    if (err == NAVE_EAGAIN)
        return NAVE_PENDING;
    op->result = err ? err : result;
    return NAVE_READY;
}

static const struct nave_op_source join_source = {sizeof(join_source), 0, op_drop, op_poll, "join"};

static nave_err join_start(struct nave_join *j, struct nave_op *op)
{
    struct nv_task *t = j->task;
    nave_err err;

    if (op->source)
        return NAVE_EBUSY;
    /* Before: it may be woken before this returns. */
    nave_op_begin(op, &join_source, t);
    op->value = j->id;
    if (!op->done) {
        err = enlist(t, j->id, op->waker, op->done_arg, op->waker_id);
    } else {
        (void)pthread_mutex_lock(&group_of(t)->join_lock);
        err = enlist(t, j->id, NULL, op, 1);
        (void)pthread_mutex_unlock(&group_of(t)->join_lock);
    }
    if (err != NAVE_EAGAIN) {
        op->source = NULL;
        op->state = NAVE_OP_IDLE;
    }
    return err;
}

/* --- the rest of the handle ------------------------------------------------------------------ */

static void *join_frame(const struct nave_join *j)
{
    struct nv_task *t = j->task;
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);

    return is_stale(word, j->id) || !(word & NV_TASK_COMPLETE) ? NULL
                                                               : nave_future_frame(&t->future);
}

static nave_err join_abort(const struct nave_join *j)
{
    const struct nv_task *t = j->task;

    if (is_stale(__atomic_load_n(&t->word, __ATOMIC_ACQUIRE), j->id))
        return NAVE_ESTALE;
    return nv_task_abort(j->task, j->id);
}

static void deadline_of(nave_nsec timeout_ns, struct timespec *out)
{
    struct timespec now;
    nave_nsec at;

    clock_gettime(CLOCK_MONOTONIC, &now);
    at = (nave_nsec)now.tv_sec * NAVE_SEC + now.tv_nsec;
    at = timeout_ns > NAVE_NEVER - at ? NAVE_NEVER : at + (timeout_ns > 0 ? timeout_ns : 0);
    out->tv_sec = (time_t)(at / NAVE_SEC);
    out->tv_nsec = (long)(at % NAVE_SEC);
}

static nave_err wait_ended(struct nv_task *t, uint64_t id, nave_nsec timeout_ns,
                           struct waiting_thread *me)
{
    struct nv_group *g = group_of(t);
    struct timespec until;
    int number = 0;
    nave_err err;

    deadline_of(timeout_ns, &until);
    (void)pthread_mutex_lock(&g->join_lock);
    err = enlist(t, id, NULL, me, 0);
    while (err == NAVE_EAGAIN && !me->is_ended && number == 0)
        number = pthread_cond_timedwait(&me->ended, &g->join_lock, &until);
    if (err == NAVE_EAGAIN) {
        err = me->is_ended ? NAVE_OK : NAVE_ETIMEDOUT;
        if (!me->is_ended)
            strike_off(t, id);
    }
    (void)pthread_mutex_unlock(&g->join_lock);
    return err;
}

/* There this thread is all workers: it takes steps until the task has ended. */
static nave_err wait_in_world(const struct nave_join *j, nave_nsec timeout_ns)
{
    struct nv_world *world = group_of(j->task)->world;
    nave_nsec until =
        timeout_ns > NAVE_NEVER - world->now_ns ? NAVE_NEVER : world->now_ns + timeout_ns;
    nave_err err = NAVE_OK, result;

    while (!err && join_result(j, &result) == NAVE_EAGAIN)
        err = group_of(j->task)->turn(world, until);
    if (join_result(j, &result) != NAVE_EAGAIN)
        return NAVE_OK;
    return err == NAVE_EAGAIN ? NAVE_EDEADLOCK : err; /* nothing will ever end it */
}

static nave_err join_wait(struct nave_join *j, nave_nsec timeout_ns)
{
    struct waiting_thread me = {.is_ended = 0};
    struct nv_task *t = j->task;
    pthread_condattr_t attr;
    nave_err err = NAVE_ENOMEM;
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);

    if (is_stale(word, j->id))
        return NAVE_ESTALE;
    if (word & NV_TASK_COMPLETE)
        return NAVE_OK;
    if (nv_group_is_here(group_of(t)))
        return NAVE_EDEADLOCK;
    if (group_of(t)->world)
        return wait_in_world(j, timeout_ns);
    if (pthread_condattr_init(&attr) != 0)
        return NAVE_ENOMEM;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (pthread_cond_init(&me.ended, &attr) == 0) {
        err = wait_ended(t, j->id, timeout_ns, &me);
        (void)pthread_cond_destroy(&me.ended);
    }
    (void)pthread_condattr_destroy(&attr);
    return err;
}

static void join_drop(struct nave_join *j)
{
    struct nv_task *t = j->task;
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE), next;
    struct nv_worker *here = nv_here;

    do {
        if (is_stale(word, j->id))
            return;
        next = word & ~(uint64_t)(NV_TASK_JOINED | NV_TASK_WAITED | NV_TASK_LOCKED);
    } while (
        !__atomic_compare_exchange_n(&t->word, &word, next, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    if (word & NV_TASK_COMPLETE) /* else its runner frees it */
        nv_task_free(here && here->group == group_of(t) ? here : NULL, t);
}

const struct nave_join_iface nv_join_table = {
    .hdr = NAVE_IFACE(struct nave_join_iface, NAVE_JOIN_ID, 0, NAVE_IFACE_DRAFT),
    .start = join_start,
    .result = join_result,
    .frame = join_frame,
    .abort = join_abort,
    .wait = join_wait,
    .drop = join_drop,
};

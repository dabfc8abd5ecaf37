/* SPDX-License-Identifier: MIT
 *
 * nave.scope/1: who belongs to a scope, and how it ends. docs/internals/scopes.md draws it.
 *
 * 1. The scope is memory of the parent, and children end on any worker. A child that ends claims its scope:
 *    it swaps task.scope to NULL. Who has claimed is still counted in `running`, and the parent waits for
 *    it, in wait and in drop. The drop swaps as well: whichever comes second sees NULL, so a child either
 *    is let go and never looks at the scope, or holds it.
 * 2. Links, counts and the waiting op change under the lock. That nobody runs any more is believed under the
 *    lock alone: then the last child has left it, and touches the scope no more.
 * 3. A child in a list cannot be freed: its end comes through the lock. So its generation is read there, and it
 *    is asked to end after the lock, in batches; a stale one is told by its generation.
 * 4. A child is linked and made live in one hold of the lock: a cancel either refuses it or finds it live.
 */
#include "scope.h"

#include <sched.h>
#include <string.h>

#include "check/check.h"
#include "sync_wait.h"
#include "task.h"
#include "worker_state.h"

NAVE_STATIC_ASSERT(sizeof(struct nv_lock) == sizeof(uint32_t), "the lock stands in the scope");

/* Children to be asked to end, after the lock. */
struct batch {
    uint32_t count;
    struct {
        struct nv_task *task;
        uint64_t id;
    } each[NV_WAKES_MAX];
};

static void push(void **list, struct nv_task *t)
{
    struct nv_task *first = *list;

    t->sibling_prev = NULL;
    t->sibling_next = first;
    if (first)
        first->sibling_prev = t;
    *list = t;
}

/* Out of whichever list it is in. */
static void unlink_child(struct nave_scope *s, struct nv_task *t)
{
    if (t->sibling_prev)
        t->sibling_prev->sibling_next = t->sibling_next;
    else if (s->children == t)
        s->children = t->sibling_next;
    else
        s->asked = t->sibling_next;
    if (t->sibling_next)
        t->sibling_next->sibling_prev = t->sibling_prev;
    t->sibling_next = t->sibling_prev = NULL;
}

static void count_running(struct nave_scope *s, uint32_t change)
{
    __atomic_store_n(&s->running, s->running + change, __ATOMIC_RELAXED);
}

/* --- cancel ---------------------------------------------------------------------------------- */

/* Under the lock: ask `t` later. */
static void batch_add(struct batch *b, struct nv_task *t)
{
    b->each[b->count].task = t;
    b->each[b->count].id = __atomic_load_n(&t->word, __ATOMIC_RELAXED);
    b->count++;
}

/* After the lock. One that has ended meanwhile is stale. */
static void batch_ask(const struct batch *b)
{
    uint32_t i;

    for (i = 0; i < b->count; i++)
        (void)nv_task_abort(b->each[i].task, b->each[i].id);
}

/* The first reason counts. Under the lock. */
static void set_result(struct nave_scope *s, nave_err why)
{
    if (s->result == NAVE_OK)
        __atomic_store_n(&s->result, why, __ATOMIC_RELEASE);
}

/* The lock is held, and left. Nobody is added any more, so every round leaves fewer. */
static void cancel_and_leave(struct nave_scope *s, nave_err why)
{
    struct batch batch;

    if (s->flags & NAVE_SCOPE_CANCELED) {
        nv_lock_leave(nv_scope_lock(s));
        return;
    }
    set_result(s, why);
    __atomic_store_n(&s->flags, s->flags | NAVE_SCOPE_CANCELED, __ATOMIC_RELEASE);
    for (;;) {
        batch.count = 0;
        while (s->children && batch.count < NV_WAKES_MAX) {
            struct nv_task *t = s->children;

            unlink_child(s, t);
            push(&s->asked, t);
            batch_add(&batch, t);
        }
        nv_lock_leave(nv_scope_lock(s));
        batch_ask(&batch);
        if (batch.count < NV_WAKES_MAX)
            return;
        nv_lock_take(nv_scope_lock(s));
    }
}

static void scope_cancel(struct nave_scope *s)
{
    nv_lock_take(nv_scope_lock(s));
    cancel_and_leave(s, NAVE_ECANCELED);
}

/* --- the end of a child ---------------------------------------------------------------------- */

/* One runs less. The lock is held, and left; then the scope may be gone. */
static void settle_and_leave(struct nave_scope *s)
{
    struct nave_waker waker = {NULL, NULL, 0, 0};
    struct nave_op *op = s->op;

    count_running(s, (uint32_t)-1);
    if (s->running == 0 && op) {
        s->op = NULL;
        if (op->done) {
            nave_op_wake(op);
        } else {
            waker.api = op->waker;
            waker.task = op->done_arg;
            waker.id = op->waker_id;
        }
    }
    nv_lock_leave(nv_scope_lock(s));
    if (waker.api)
        waker.api->wake(&waker);
}

void nv_scope_child_ended(struct nv_task *t, nave_err result)
{
    struct nave_scope *s =
        __atomic_exchange_n(&t->scope, (struct nave_scope *)NULL, __ATOMIC_ACQ_REL);

    if (!s)
        return; /* the parent was quicker */
    nv_lock_take(nv_scope_lock(s));
    unlink_child(s, t);
    if (result != NAVE_OK) {
        s->failed++;
        set_result(s, result);
        if (!(s->flags & (NAVE_SCOPE_COLLECT | NAVE_SCOPE_CANCELED))) {
            cancel_and_leave(s, result);
            nv_lock_take(nv_scope_lock(s));
        }
    }
    settle_and_leave(s);
}

/* --- the deadline ---------------------------------------------------------------------------- */

static void unpin(struct nave_scope *s)
{
    void *task = s->task;

    s->task = NULL;
    if (task)
        s->worker->api->unpin(s->worker, task);
}

static void on_deadline(struct nave_timer *timer, void *arg)
{
    struct nave_scope *s = arg;

    (void)timer;
    unpin(s);
    nv_lock_take(nv_scope_lock(s));
    cancel_and_leave(s, NAVE_ETIMEDOUT);
}

static void stop_deadline(struct nave_scope *s)
{
    if (!nave_timer_is_armed(&s->timer))
        return;
    s->worker->api->timer_stop(s->worker, &s->timer);
    unpin(s);
}

static void scope_deadline(struct nave_scope *s, struct nave_worker *w, void *task,
                           nave_nsec deadline_ns)
{
    stop_deadline(s);
    s->worker = w;
    s->task = task;
    if (task)
        w->api->pin(w, task);
    w->api->timer_start(w, &s->timer, deadline_ns, on_deadline, s);
}

/* --- spawn ----------------------------------------------------------------------------------- */

static nave_err scope_spawn(struct nave_scope *s, struct nave_worker *w, struct nave_future *f_take,
                            uint32_t flags, struct nave_join *out_join)
{
    struct nv_worker_handle *h = (struct nv_worker_handle *)(void *)w;
    struct nv_task *t = nv_task_of(f_take);

    nv_lock_take(nv_scope_lock(s));
    if (NAVE_UNLIKELY(s->flags & NAVE_SCOPE_CANCELED)) {
        nave_err why = s->result ? s->result : NAVE_ECANCELED; /* OK: it was dropped */

        nv_lock_leave(nv_scope_lock(s));
        nv_task_drop_unspawned(h, f_take);
        return why;
    }
    t->scope = s;
    push(&s->children, t);
    count_running(s, 1);
    (void)nv_task_spawn(h, f_take, (flags & NAVE_SPAWN_LOCAL) != 0, out_join);
    nv_lock_leave(nv_scope_lock(s));
    return NAVE_OK;
}

/* --- wait ------------------------------------------------------------------------------------ */

/* 1: every child has ended. Else `op` is told when they have. */
static int32_t has_ended(struct nave_scope *s, struct nave_op *op)
{
    int32_t is_over;

    nv_lock_take(nv_scope_lock(s));
    is_over = s->running == 0;
    if (!is_over)
        s->op = op;
    else if (s->op == op)
        s->op = NULL;
    nv_lock_leave(nv_scope_lock(s));
    if (is_over)
        stop_deadline(s);
    return is_over;
}

static void wait_drop(struct nave_op *op)
{
    struct nave_scope *s = op->impl;

    nv_lock_take(nv_scope_lock(s));
    if (s->op == op)
        s->op = NULL;
    nv_lock_leave(nv_scope_lock(s));
    nave_op_recall(op);
}

static nave_poll wait_poll(struct nave_op *op)
{
    struct nave_scope *s = op->impl;

    if (!has_ended(s, op))
        return NAVE_PENDING;
    op->result = s->result;
    op->value = s->failed;
    return NAVE_READY;
}

static const struct nave_op_source wait_source = {sizeof(wait_source), 0, wait_drop, wait_poll,
                                                  "scope"};

static nave_err scope_wait(struct nave_scope *s, struct nave_op *op)
{
    int32_t is_busy;

    if (nv_wait_is_busy(op))
        return NAVE_EBUSY;
    nv_lock_take(nv_scope_lock(s));
    is_busy = s->op != NULL;
    nv_lock_leave(nv_scope_lock(s));
    if (is_busy)
        return NAVE_EBUSY;
    /* Before: it may be woken before this returns. */
    nave_op_begin(op, &wait_source, s);
    if (!has_ended(s, op))
        return NAVE_EAGAIN;
    op->source = NULL;
    op->state = NAVE_OP_IDLE;
    return NAVE_OK;
}

/* --- drop ------------------------------------------------------------------------------------ */

/* Let go whom nobody has claimed. The lock is held. */
static void detach(struct nave_scope *s, struct nv_task *t, struct batch *batch)
{
    while (t && batch->count < NV_WAKES_MAX) {
        struct nv_task *next = t->sibling_next;

        batch_add(batch, t);
        unlink_child(s, t); /* before: from the swap on it may be freed, and another's */
        if (__atomic_exchange_n(&t->scope, (struct nave_scope *)NULL, __ATOMIC_ACQ_REL)) {
            count_running(s, (uint32_t)-1);
        } else { /* it is ending, and will come for the lock */
            push(&s->asked, t);
            batch->count--;
        }
        t = next;
    }
}

static void scope_drop(struct nave_scope *s)
{
    struct batch batch;
    uint32_t left;

    stop_deadline(s);
    do {
        batch.count = 0;
        nv_lock_take(nv_scope_lock(s));
        __atomic_store_n(&s->flags, s->flags | NAVE_SCOPE_CANCELED, __ATOMIC_RELEASE);
        detach(s, s->children, &batch);
        detach(s, s->asked, &batch);
        left = s->running;
        nv_lock_leave(nv_scope_lock(s));
        batch_ask(&batch);
        if (left && batch.count == 0)
            sched_yield(); /* others are a few instructions from the lock */
    } while (left);
}

const struct nave_scope_iface nv_scope_table = {
    .hdr = NAVE_IFACE(struct nave_scope_iface, NAVE_SCOPE_ID, 0, NAVE_IFACE_DRAFT),
    .spawn = scope_spawn,
    .wait = scope_wait,
    .cancel = scope_cancel,
    .deadline = scope_deadline,
    .drop = scope_drop,
};

void nv_scope_init(struct nave_scope *s, const struct nv_worker *w, uint32_t policy)
{
    memset(s, 0, sizeof(*s));
    s->api = &nv_scope_table;
    if (NAVE_UNLIKELY(w->is_checked)) {
        s->api = &nv_scope_checked_table;
        s->reserved[NV_SCOPE_WORKER] = (uintptr_t)w;
    }
    s->flags = policy & NAVE_SCOPE_COLLECT;
}

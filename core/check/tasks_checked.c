/* SPDX-License-Identifier: MIT
 *
 * What nave.exec/1, nave.join/1 and nave.scope/1 assert in checked mode (check.h): where they are called, that
 * nothing is let go which somebody waits for, and that futures and ops are given to them once. A join handle
 * leads to its task, a scope remembers who readied it: either to a worker, whose group it belongs to.
 */
#include "check_rules.h"
#include "worker/exec.h"
#include "worker/scope.h"
#include "worker/task.h"
#include "worker/worker_state.h"

#define ADVICE_OP "take the op back first with nave_op_drop()"

/* --- the begin of a call --------------------------------------------------------------------- */

void nv_check_exec(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller)
{
    const struct nv_exec *e = handle;

    nv_check_of_group(c, rule, e->handles[0]->worker, caller);
}

/* The word of the task; 0: the handle is stale, and leads nowhere. */
static uint64_t word_of(const struct nave_join *j)
{
    const struct nv_task *t = j->task;
    uint64_t word = __atomic_load_n(&t->word, __ATOMIC_ACQUIRE);

    return word >> 32 == j->id >> 32 && (word & NV_TASK_JOINED) ? word : 0;
}

void nv_check_join(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                   const void *caller)
{
    const struct nave_join *j = handle;
    const struct nv_task *t = j->task;

    nv_check_of_group(c, rule, word_of(j) ? t->owner->worker : NULL, caller);
}

void nv_check_scope(struct nv_check *c, const struct nv_check_rule *rule, const void *handle,
                    const void *caller)
{
    const struct nave_scope *s = handle;

    nv_check_of_group(c, rule, (const struct nv_worker *)(uintptr_t)s->reserved[NV_SCOPE_WORKER],
                      caller);
}

/* --- what is given to them ------------------------------------------------------------------- */

/* nave/op.h, rule 7, and whose it is. */
static void check_op(const struct nv_check *c, const struct nave_op *op)
{
    const struct nv_worker_handle *h = (const struct nv_worker_handle *)(const void *)op->worker;

    if (op->state == NAVE_OP_IN_FLIGHT || op->state == NAVE_OP_POSTED)
        nv_check_breach(c, "wait for done, or take it back with nave_op_drop()",
                        "the op was started before and is not done");
    if (h && !nv_worker_is_here(h->worker))
        nv_check_breach(c, "ready it with the worker that starts it",
                        "the op is of worker %u, and this is not its thread", h->worker->index);
}

/* Tasks move: the worker that was right before an await may be another's after it. */
static void check_worker(const struct nv_check *c, const struct nave_worker *w)
{
    const struct nv_worker_handle *h = (const struct nv_worker_handle *)(const void *)w;

    if (!nv_check_dropping && h->worker->is_attached && !nv_worker_is_here(h->worker))
        nv_check_breach(c, "give cx->worker of this poll",
                        "worker %u is given, and this is not its thread", h->worker->index);
}

/* --- nave.exec/1 ----------------------------------------------------------------------------- */

void nv_before_exec_spawn(const struct nv_check *c, struct nave_exec *e,
                          const struct nave_future_iface *api, size_t frame_size,
                          nave_frame_fn *init, void *arg, struct nave_join *out_join)
{
    (void)e;
    (void)frame_size;
    (void)init;
    (void)arg;
    (void)out_join;
    nv_check_future_table(c, api);
}

/* --- nave.join/1 ----------------------------------------------------------------------------- */

void nv_before_join_start(const struct nv_check *c, struct nave_join *j, struct nave_op *op)
{
    check_op(c, op);
    if (word_of(j) && nv_here && nv_here->current == j->task)
        nv_check_breach(c, "give the handle to who outlives the task",
                        "the task waits for its own end");
}

void nv_before_join_drop(const struct nv_check *c, struct nave_join *j)
{
    if (word_of(j) & NV_TASK_WAITED)
        nv_check_breach(c, ADVICE_OP, "somebody waits for the end of the task");
}

/* --- nave.scope/1 ---------------------------------------------------------------------------- */

void nv_before_scope_spawn(const struct nv_check *c, struct nave_scope *s, struct nave_worker *w,
                           struct nave_future *f_take, uint32_t flags, struct nave_join *out_join)
{
    (void)s;
    (void)out_join;
    check_worker(c, w);
    if (flags & ~NAVE_SPAWN_LOCAL)
        nv_check_breach(c, "give NAVE_SPAWN_* or 0", "flags 0x%x are not known", flags);
    nv_check_spawned(c, f_take);
}

void nv_before_scope_wait(const struct nv_check *c, struct nave_scope *s, struct nave_op *op)
{
    (void)s;
    check_op(c, op);
}

void nv_before_scope_deadline(const struct nv_check *c, struct nave_scope *s, struct nave_worker *w,
                              void *task, nave_nsec deadline_ns)
{
    (void)s;
    (void)task;
    (void)deadline_ns;
    check_worker(c, w);
}

void nv_before_scope_drop(const struct nv_check *c, struct nave_scope *s)
{
    const struct nave_op *op;

    nv_lock_take(nv_scope_lock(s));
    op = s->op;
    nv_lock_leave(nv_scope_lock(s));
    if (op)
        nv_check_breach(c, ADVICE_OP, "somebody waits for the end of the scope");
    if (nave_timer_is_armed(&s->timer))
        check_worker(c, s->worker);
}

/* SPDX-License-Identifier: MIT
 *
 * One worker's turn: wait, take the time, run what is due. See worker.h.
 *
 * Order of a turn: the poller's callbacks, timers, the inbox, deferred jobs (one batch: what they
 * defer is for the next turn, so that readiness gets its share), tasks (one batch). While anything
 * is left to run the poller is asked without waiting.
 */
#include "worker.h"

#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "group.h"
#include "scheduler.h"
#include "task.h"
#include "thread_state.h"
#include "worker_state.h"

#define TIMERS_A_TURN 256u
#define JOBS_A_TURN   1024u
#define WALL_EVERY    NAVE_SEC

/* --- the clock ------------------------------------------------------------------------------- */

static void read_clock(struct nv_worker *w)
{
    nave_nsec now = w->poller_ops->now(w->poller);

    if (NAVE_UNLIKELY(now < w->clock.now_ns))
        now = w->clock.now_ns; /* a monotonic clock that is not */
    if (NAVE_UNLIKELY(now - w->wall_read_ns >= WALL_EVERY)) {
        w->wall_offset_ns = w->poller_ops->wall(w->poller) - now;
        w->wall_read_ns = now;
    }
    w->clock.now_ns = now;
    w->clock.wall_ns = now + w->wall_offset_ns;
    if (NAVE_UNLIKELY((uint64_t)(w->clock.wall_ns - w->clock.wall_s * NAVE_SEC) >=
                      (uint64_t)NAVE_SEC))
        w->clock.wall_s = w->clock.wall_ns / NAVE_SEC;
    w->clock.turn++;
}

void nv_worker_read_clock(struct nv_worker *w)
{
    read_clock(w);
}

/* --- life ------------------------------------------------------------------------------------ */

nave_err nv_worker_create(const struct nv_worker_options *options, struct nv_worker **out_worker)
{
    const struct nv_poller_ops *ops = options->poller ? options->poller : &nv_poller_libevent;
    struct nv_worker *w = aligned_alloc(64, (sizeof(*w) + 63) & ~(size_t)63);
    nave_err err;

    if (!w)
        return NAVE_ENOMEM;
    memset(w, 0, sizeof(*w));
    err = ops->create(options->poller_arg, options->backend, &w->poller);
    if (err != NAVE_OK)
        goto fail;
    w->group = options->group;
    if (!w->group) {
        err = nv_group_create(1, options->max_tasks, 0, &w->group);
        if (err != NAVE_OK)
            goto fail_poller;
        w->has_own_group = 1;
    }
    w->poller_ops = ops;
    w->index = options->index;
    w->is_checked = options->is_checked;
    w->random = ((uint64_t)w->index + 1) * 0x9e3779b97f4a7c15u;
    w->log = options->log;
    w->log_arg = options->log_arg;
    w->who = options->who;
    w->last_words = options->last_words;
    w->waker_api = w->is_checked ? &nv_waker_checked_table : &nv_waker_table;
    w->join_api = w->is_checked ? &nv_join_checked_table : &nv_join_table;
    w->io_size = ops->io_size(w->poller);
    w->io_guard = w->is_checked ? 16 : 0;
    w->wall_read_ns = -WALL_EVERY;
    nv_slab_init(&w->slab, options->max_bytes);
    read_clock(w);
    nv_wheel_init(&w->wheel, w->clock.now_ns);
    w->stats.since_ns = w->clock.now_ns;
    /* A worker by itself is the first one, and is found by its index, too. */
    if (w->has_own_group)
        w->group->workers[0] = w;
    __atomic_store_n(&w->group->workers[w->index], w, __ATOMIC_RELEASE);
    *out_worker = w;
    return NAVE_OK;

fail_poller:
    ops->destroy(w->poller);
fail:
    free(w);
    return err;
}

void nv_worker_destroy(struct nv_worker *w)
{
    if (!w)
        return;
    nv_worker_attach(w); /* a future's drop may call the worker, which checks the thread */
    nv_task_drop_all(w);
    nv_task_fini(w);
    w->poller_ops->destroy(w->poller);
    nv_slab_fini(&w->slab);
    nv_check_forget(w->checks);
    __atomic_store_n(&w->group->workers[w->index], NULL, __ATOMIC_RELEASE);
    if (w->has_own_group)
        nv_group_destroy(w->group);
    free(w);
}

void nv_worker_attach(struct nv_worker *w)
{
    pthread_t self = pthread_self();

    /* Written only when it changes: other threads look at it. */
    if (nv_worker_attached(w) == NV_ATTACHED)
        return;
    __atomic_store(&w->thread, &self, __ATOMIC_RELAXED);
    __atomic_store_n(&w->runner, nave_thread_here(), __ATOMIC_RELAXED);
    __atomic_store_n(&w->is_attached, NV_ATTACHED, __ATOMIC_RELEASE);
    __atomic_store_n(&w->thread_number, nv_thread_number(), __ATOMIC_RELAXED);
}

void nv_worker_enter(struct nv_worker *w)
{
    nv_worker_attach(w);
    nv_here = w;
}

void nv_worker_exit(struct nv_worker *w)
{
    __atomic_store_n(&w->runner, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&w->is_attached, NV_ATTACHED_NOT, __ATOMIC_RELEASE);
    nv_here = NULL;
}

void nv_worker_let_go(struct nv_worker *w, int32_t is_new)
{
    if (nv_worker_attached(w) == NV_ATTACHED)
        __atomic_store_n(&w->is_attached, is_new ? NV_ATTACHED_NEW : NV_ATTACHED_RESTS,
                         __ATOMIC_RELEASE);
}

/* --- the turn -------------------------------------------------------------------------------- */

static void note_timer(struct nv_worker *w, const struct nave_timer *t)
{
    nv_stat_add(&w->stats.timers_fired, 1);
    if (NAVE_UNLIKELY(w->clock.now_ns - t->deadline_ns > NV_TIMER_LATE))
        nv_stat_add(&w->stats.timers_late, 1);
    nv_stat_enter(&w->stats, NAVE_CONTAINER_OF(t->worker, struct nv_worker_handle, pub), "timer");
}

static uint32_t run_timers(struct nv_worker *w)
{
    uint32_t n;

    nv_wheel_advance(&w->wheel, w->clock.now_ns);
    for (n = 0; n < TIMERS_A_TURN; n++) {
        struct nave_timer *t = nv_wheel_pop(&w->wheel);

        if (!t)
            break;
        nv_worker_calls(w);
        nv_usage_add(&NAVE_CONTAINER_OF(t->worker, struct nv_worker_handle, pub)->usage.timers,
                     (uint64_t)-1);
        note_timer(w, t);
        if (NAVE_UNLIKELY(nv_sample_due(&w->sample_left)))
            nv_sample_timer(t);
        else
            t->fn(t, t->arg);
        nv_worker_micro(w);
    }
    return n;
}

/* Run what is in `q`, which is not empty, at most JOBS_A_TURN; what comes meanwhile waits. Each is
 * counted in `number`. */
static uint32_t run_jobs(struct nv_worker *w, struct nv_jobs *q, uint64_t *number)
{
    struct nv_jobs batch = *q;
    struct nave_job *j;
    uint32_t n = 0;

    q->head = NULL;
    nv_stat_enter(&w->stats, NULL, "job");
    while (n < JOBS_A_TURN && (j = nv_jobs_pop(&batch)) != NULL) {
        nv_stat_add(number, 1);
        j->run(j);
        nv_worker_micro(w);
        n++;
    }
    if (batch.head) { /* what is left goes before what came */
        struct nv_jobs later = *q;

        *q = batch;
        nv_jobs_append(q, later.head, later.tail);
    }
    return n;
}

/* What was posted stays in the queue until it runs: it may be recalled. */
static uint32_t run_inbox(struct nv_worker *w)
{
    struct nave_job *j;
    uint32_t n = 0;

    nv_inbox_answer(&w->inbox);
    nv_stat_enter(&w->stats, NULL, "posted job");
    /* Behind what an earlier turn left over: the order of each poster is kept. */
    nv_inbox_take(&w->inbox, NULL, &w->posted);
    if (w->posted.head)
        nv_worker_calls(w);
    while (n < JOBS_A_TURN && (j = nv_jobs_pop(&w->posted)) != NULL) {
        nv_stat_add(&w->stats.inbox_jobs, 1);
        j->run(j);
        nv_worker_micro(w);
        n++;
    }
    return n;
}

/* The point until which this turn may wait; 0: there is something to run. Deadlines are points, so
 * the clock is read only for a caller who limits the wait. */
static nave_nsec wait_until(struct nv_worker *w, nave_nsec max_wait_ns)
{
    nave_nsec next, now;

    if (max_wait_ns <= 0 || w->micro.head || w->deferred.head || w->posted.head ||
        nv_sched_has_work(w))
        return 0;
    next = nv_wheel_next(&w->wheel);
    if (next <= w->clock.now_ns)
        return 0;
    if (max_wait_ns == NAVE_NEVER)
        return next;
    now = w->poller_ops->now(w->poller);
    if (max_wait_ns > NAVE_NEVER - now || now + max_wait_ns > next)
        return next;
    return now + max_wait_ns;
}

/* The wait is over, nothing was called yet. */
static void on_woke(void *arg)
{
    struct nv_worker *w = arg;

    nv_sched_after_wait(w);
    /* From here on a post need not wake: the inbox is looked at in this turn. */
    if (w->is_waiting) {
        w->is_waiting = 0;
        w->run_polls = 0; /* the time since is no polls' */
        nv_inbox_wake_up(&w->inbox);
        read_clock(w);
        nv_stat_unpark(w);
        return;
    }
    read_clock(w);
}

nave_nsec nv_worker_park(struct nv_worker *w, nave_nsec max_wait_ns)
{
    struct nv_worker *outer = nv_here;
    nave_nsec until;

    nv_here = w;
    until = wait_until(w, max_wait_ns);
    if (until > 0 && !nv_sched_before_wait(w))
        until = 0;
    if (until > 0) {
        w->is_waiting = (uint32_t)nv_inbox_may_wait(&w->inbox);
        if (w->is_waiting)
            nv_stat_park(w);
        else
            until = 0;
    }
    nv_here = outer;
    return until;
}

uint32_t nv_worker_turn(struct nv_worker *w, nave_nsec max_wait_ns)
{
    return nv_worker_go_on(w, nv_worker_park(w, max_wait_ns));
}

uint32_t nv_worker_go_on(struct nv_worker *w, nave_nsec until_ns)
{
    struct nv_worker *outer = nv_here;
    uint32_t n;

    nv_here = w;
    nv_worker_micro(w); /* of a call that was no callback of a turn */
    n = w->poller_ops->poll(w->poller, until_ns, on_woke, w);
    n += run_timers(w);
    n += run_inbox(w);
    if (w->deferred.head)
        n += run_jobs(w, &w->deferred, &w->stats.jobs);
    n += nv_sched_run(w);
    nv_here = outer;
    return n;
}

/* --- the rest -------------------------------------------------------------------------------- */

void nv_worker_handle_init(struct nv_worker_handle *h, struct nv_worker *w, const char *plugin_id)
{
    memset(h, 0, sizeof(*h));
    h->pub.api = w->is_checked ? &nv_worker_checked_table : &nv_worker_table;
    h->pub.clock = &w->clock;
    h->pub.index = w->index;
    /* Not the same numbers as the worker's own. */
    h->pub.random = nave_random_step_(&w->random) * UINT64_C(0x9e3779b97f4a7c15);
    h->worker = w;
    h->plugin_id = plugin_id;
}

/* `w` waits: end that. */
static void wake(struct nv_worker *w)
{
    nv_stat_wake(w);
    w->poller_ops->wake(w->poller);
}

nave_err nv_worker_post(struct nv_worker *w, struct nave_job *j)
{
    int32_t must_wake;
    nave_err err = nv_inbox_push(&w->inbox, j, &must_wake);

    if (err == NAVE_OK && must_wake)
        wake(w);
    return err;
}

int32_t nv_worker_recall(struct nv_worker *w, struct nave_job *j)
{
    nv_inbox_take(&w->inbox, NULL, &w->posted);
    return nv_jobs_remove(&w->posted, j);
}

void nv_worker_run_micro(struct nv_worker *w)
{
    struct nave_job *j;

    while ((j = nv_jobs_pop(&w->micro)) != NULL) {
        nv_stat_add(&w->stats.micro, 1);
        j->run(j);
    }
}

void nv_worker_wake(struct nv_worker *w)
{
    if (nv_inbox_notify(&w->inbox))
        wake(w);
}

void nv_worker_close_inbox(struct nv_worker *w)
{
    struct nave_job *j;

    nv_inbox_take(&w->inbox, nv_inbox_closed(), &w->posted);
    while ((j = nv_jobs_pop(&w->posted)) != NULL) {
        j->run(j);
        nv_worker_micro(w);
    }
}

uint64_t nv_worker_holds(const struct nv_worker *w)
{
    return w->holds;
}

uint64_t nv_worker_tasks(const struct nv_worker *w)
{
    return nv_group_tasks(w->group);
}

void nv_worker_drop_tasks(struct nv_worker *w)
{
    nv_task_drop_all(w);
}

nave_nsec nv_worker_now(const struct nv_worker *w)
{
    return w->clock.now_ns;
}

const char *nv_worker_backend(const struct nv_worker *w)
{
    return w->poller_ops->backend(w->poller);
}

const char *const *nv_worker_backends(void)
{
    return nv_poller_libevent_backends();
}

/* SPDX-License-Identifier: MIT
 *
 * Where the tasks of a worker wait to be run, and what a worker does when it has none.
 *
 *   lifo    one task, the newest that was woken inside a poll: it runs next, while its data is warm.
 *           After LIFO_POLLS in a row it goes to the end, so that two tasks cannot keep the others out.
 *   ring    those that any worker may run; half of it can be stolen
 *   pinned  those that stay here
 *   group   what found no room in a ring, and what threads outside have spawned or woken
 *
 * Ring and pinned take turns; every 61st time the group's queue goes first.
 */
#ifndef NV_SCHEDULER_H
#define NV_SCHEDULER_H

#include <nave/base.h>

struct nv_task;
struct nv_worker;

/* `t` is to be run: spawned or woken by `w`, in a poll or in a callback. Thread: [worker]. */
void nv_sched_push(struct nv_worker *w, struct nv_task *t);

/* `t` has been polled and is to be polled again, after the others. Thread: [worker]. */
void nv_sched_requeue(struct nv_worker *w, struct nv_task *t);

/* Run tasks for a while. Returns how many. Thread: [worker]. */
uint32_t nv_sched_run(struct nv_worker *w);

/* 1: there is a task to be run here. Thread: [worker]. */
int32_t nv_sched_has_work(const struct nv_worker *w);

/* The worker has nothing to run and is about to wait. 0: it has found something after all. 1: it may
 * wait, and nv_sched_after_wait() follows. Thread: [worker]. */
int32_t nv_sched_before_wait(struct nv_worker *w);
void nv_sched_after_wait(struct nv_worker *w);

/* An elected worker has something to run that it did not search for, which may take long: it gives the
 * token back. What it was elected for it has not looked for, so another one is sent. Thread: [worker].
 * State: it is searching. */
void nv_sched_stop_searching(struct nv_worker *w);

/* `w` is given up: when it comes back from what it runs it polls nothing more in this run. Thread: [any]. */
void nv_sched_halt(struct nv_worker *w);

/* Empty the queues of `w`, and that of the group: the tasks are about to be dropped. */
void nv_sched_forget(struct nv_worker *w);

#endif

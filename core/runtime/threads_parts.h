/* SPDX-License-Identifier: MIT
 *
 * What the parts of the workers' life share: the way up (threads.c), turns and the way down
 * (threads_drain.c), and all of it in a world (threads_world.c). Each is called as its own worker.
 */
#ifndef NV_THREADS_PARTS_H
#define NV_THREADS_PARTS_H

#include "door.h"
#include "runtime.h"
#include "threads.h"

/* Plugin number `i` in the order in which they start. */
static inline struct nv_plugin *nv_thread_plugin(const struct nv_thread *t, uint32_t i)
{
    return t->rt->plugins[t->serving->order[i]];
}

/* --- threads.c ------------------------------------------------------------------------------- */

nave_err nv_thread_start_plugins(struct nv_thread *t);
nave_err nv_thread_start_listeners(struct nv_thread *t);
void nv_thread_stop_listeners(struct nv_thread *t);
void nv_thread_stop_plugins(struct nv_thread *t);

/* The way up has failed. */
void nv_thread_go_back(struct nv_thread *t);

/* Wait for the threads that there are. */
void nv_threads_join(struct nave_runtime *rt);

/* --- threads_drain.c ------------------------------------------------------------------------- */

/* One turn, with the beginning of the drain and the look for its end. */
void nv_thread_turn(struct nv_thread *t, nave_nsec max_wait_ns);

/* How long the next turn may wait, of `max_wait_ns`. */
nave_nsec nv_thread_wait(const struct nv_thread *t, nave_nsec max_wait_ns);

/* Begin the drain when somebody has asked for it. */
void nv_thread_look_for_drain(struct nv_thread *t);

/* Note whether nothing is left of a drain, and tell worker 0. */
void nv_thread_look_for_idle(struct nv_thread *t);

/* Worker 0: take up a reload that was asked for. 1: the drain is over. */
int32_t nv_thread_look(struct nv_thread *t);

/* Say that this worker is on its way out. 0: it comes too late, all was given up: touch nothing. */
int32_t nv_thread_may_leave(struct nv_thread *t);

/* The way down, until nothing comes any more. Posted jobs run while their plugins live. */
void nv_thread_leave(struct nv_thread *t);

/* Worker 0: tell what is left, when nobody polls any more, and before anybody drops it. */
void nv_thread_tell_tasks(struct nv_thread *t);

/* The rest of it, once all tasks were dropped: they go before what they use. */
void nv_thread_fall(struct nv_thread *t);

/* All of this with the other workers. 0: some do not come: touch nothing more. */
int32_t nv_thread_go_down(struct nv_thread *t);

/* --- threads_world.c ------------------------------------------------------------------------- */

nave_err nv_threads_up_in_world(struct nave_runtime *rt);
void nv_threads_down_in_world(struct nave_runtime *rt);

#endif

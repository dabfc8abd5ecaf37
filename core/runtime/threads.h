/* SPDX-License-Identifier: MIT
 *
 * The workers of a runtime and the threads that turn them. Worker 0 is turned by the control role, which
 * has a thread of its own inside nave_runtime_run (run.h); each other one by a thread that is made here.
 * All of these block all signals. Steps that all workers must have done before any goes on end in a vote:
 * one failure is everybody's.
 */
#ifndef NV_THREADS_H
#define NV_THREADS_H

#include <pthread.h>

#include <nave/base.h>

#include "worker/worker.h"

struct nave_runtime;
struct nv_serving; /* door.h */

/* One worker and who turns it. */
struct nv_thread {
    struct nave_runtime *rt;
    struct nv_worker *worker;
    uint32_t index;
    int32_t has_thread; /* `thread` must be joined */
    pthread_t thread;
    struct nv_worker_handle handle; /* the core's own */
    /* its own thread's */
    const struct nv_serving *serving;
    uint32_t started;   /* plugins whose worker_start succeeded */
    uint32_t listening; /* doors that accept                    */
    int32_t is_draining;
    int32_t is_falling; /* plugins are about to be stopped      */
    nave_nsec deadline_ns;
    nave_nsec cancel_ns; /* worker 0: when tasks are asked to end */
    uint32_t has_told;   /* worker 0, that nothing is left      */
    /* any thread */
    uint32_t is_idle; /* atomic: draining, and nothing is held       */
    /* under the lock */
    int32_t is_leaving; /* it has come back to go down                 */
    int32_t is_missing; /* given up: it is in something for ever       */
    uint32_t met;       /* meetings that it came to                    */
};

struct nv_threads {
    struct nv_thread *each;
    struct nv_group *group;
    struct nv_worker_handle **handles; /* the core's own, one a worker */
    uint32_t count;
    /* the vote, under lock */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int32_t has_lock;
    uint32_t voters;
    uint32_t votes;
    uint32_t round;
    nave_err worst;        /* the first failure of this round */
    nave_err agreed;       /* of the last round               */
    uint32_t left;         /* times that workers came to meet     */
    int32_t is_abandoned;  /* some never come: nobody goes down   */
    uint32_t has_canceled; /* worker 0's: tasks were asked to end */
    /* any thread */
    uint32_t stops;          /* atomic: calls of nave_runtime_stop        */
    uint32_t is_ended;       /* atomic: leave the loop                    */
    uint32_t has_stragglers; /* atomic                                    */
};

/* Make the workers. Errors: those of nv_worker_create, reported. */
nave_err nv_threads_create(struct nave_runtime *rt);

/* Start the threads, call worker_start of every plugin and start every listener on each worker.
 * A failure is undone on all of them. Errors: any, reported. */
nave_err nv_threads_up(struct nave_runtime *rt);

enum nv_threads_next {
    NV_THREADS_GO_ON = 0,
    NV_THREADS_OVER,     /* the drain is over: call nv_threads_down               */
    NV_THREADS_GIVEN_UP, /* this worker came back too late: end, and touch nothing */
};

/* One turn of worker 0, with what a drain needs. */
enum nv_threads_next nv_threads_turn(struct nave_runtime *rt, nave_nsec max_wait_ns);

/* 1: nv_group_is_here() of its workers; 0 when there are none. Thread: [any]. */
int32_t nv_threads_is_here(const struct nave_runtime *rt);

/* In a world (world.h): a turn of worker `index` that does not wait. Returns until when it waits after
 * that; 0: not at all. */
nave_nsec nv_threads_step(struct nave_runtime *rt, uint32_t index);

/* In a world, after a step: what nv_threads_turn does behind the turn. 1: the drain is over. */
int32_t nv_threads_look(struct nave_runtime *rt);

/* End every worker: what is left is cut off and reported, worker_stop is called, threads are joined.
 * The workers stay, refusing posts. Errors: NAVE_ESTRAGGLERS, also when nv_threads_abandon came between:
 * nothing more was dropped, stopped or joined then. */
nave_err nv_threads_down(struct nave_runtime *rt);

/* Begin a drain; the second time: end at once. Thread: [any]; safe in a signal handler. */
void nv_threads_stop(struct nave_runtime *rt);

/* Ask every worker to leave its loop. Thread: [any]. */
void nv_threads_end(struct nave_runtime *rt);

/* The meetings on the way down: outside of the loops, before anybody drops, behind the drops. */
#define NV_THREADS_LEFT    1u
#define NV_THREADS_TOLD    2u
#define NV_THREADS_DROPPED 3u

/* Give up the workers that have not come to `meeting`, and with them everything: who comes later, or waits
 * for them, goes without touching anything. Returns how many there are; 0: nothing was done, all came.
 * Thread: not a worker's. State: nv_threads_end was called. */
uint32_t nv_threads_abandon(struct nave_runtime *rt, uint32_t meeting);
int32_t nv_threads_is_abandoned(struct nave_runtime *rt);

/* Free the workers. State: down, or never up. */
void nv_threads_destroy(struct nave_runtime *rt);

#endif

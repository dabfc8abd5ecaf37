/* SPDX-License-Identifier: MIT
 *
 * The simulated world of one runtime (nave/sim.h): its virtual workers, the clock that they share, the
 * one source of luck, and the trace. A step is one turn of one worker; all of it on one thread.
 *
 *     nv_world_step:  nobody can go on?  -> the clock jumps to the next deadline
 *                     draw one of those that can, let time pass, turn it, park it
 *
 * A worker can go on when it has not parked, was woken, its deadline has come, or something that it
 * is to be told of has arrived. What arrives are nodes: streams and acceptors (world_net.h), each in
 * the heap of its worker under the time at which it has something to tell.
 */
#ifndef NV_WORLD_H
#define NV_WORLD_H

#include <nave/sim.h>

#include "worker/poller.h"
#include "worker/worker.h"

struct nave_runtime;
struct nv_group;
struct nv_world;
struct nv_world_conn;
struct nv_world_listener;

#define NV_WORLD_NOBODY   UINT32_MAX
#define NV_WORLD_WORKERS  4u                      /* what "auto" is in a world           */
#define NV_WORLD_BEGIN    NAVE_SEC                /* of its monotonic clock: 0 is no time */
#define NV_WORLD_WALL_END (7258118400 * NAVE_SEC) /* 2200-01-01: the wall clock stays before it */

/* What is mixed into the trace, with the worker. */
enum nv_world_kind {
    NV_WORLD_STEP = 1,
    NV_WORLD_JUMP,
    NV_WORLD_TELL,
    NV_WORLD_ACCEPT,
    NV_WORLD_FAULT,
    NV_WORLD_CHOICE,
    NV_WORLD_NOTE,
    NV_WORLD_WALL,
};

/* The faults, for the trace. */
enum nv_world_fault_kind {
    NV_FAULT_SHORT_READ = 1,
    NV_FAULT_SHORT_WRITE,
    NV_FAULT_SPURIOUS,
    NV_FAULT_LOSS,
    NV_FAULT_STALL,
    NV_FAULT_RESET,
    NV_FAULT_REFUSE,
    NV_FAULT_NO_FILES,
    NV_FAULT_NO_MEMORY,
    NV_FAULT_NO_ANSWER,
    NV_FAULT_PARTITION,
    NV_FAULT_PAUSE,
    NV_FAULT_WAKE,
    NV_FAULT_POLL,
    NV_FAULT_WALL_JUMP,
};

/* Something that is told to a worker at a time. */
struct nv_world_node {
    nave_nsec at_ns;
    uint32_t heap_at; /* place in the heap, from 1; 0: not there                   */
    uint32_t told_at; /* place among those that are told now, from 1; 0: not there */
    uint32_t worker;
    uint32_t is_known; /* counted in the room of its worker */
    void (*tell)(struct nv_world_node *n);
};

/* A virtual worker; also the poller of its nv_worker. */
struct nv_world_worker {
    struct nv_world *world;
    struct nv_worker *worker; /* set by nv_world_join */
    struct nv_worker_handle handle;
    uint32_t index;
    uint32_t is_parked;
    uint32_t is_woken;
    nave_nsec until_ns; /* while parked                          */
    nave_nsec pause_ns; /* it is away until then, whatever comes */
    /* what arrives; heap and told have room for all nodes that are known */
    struct nv_world_node **heap;
    struct nv_world_node **told;
    uint32_t heap_count;
    uint32_t told_count;
    uint32_t nodes;
    uint32_t room;
};

struct nv_world {
    struct nave_sim pub; /* first: the handle of nave.sim/1 */
    struct nave_runtime *rt;
    struct nave_sim_options options; /* defaults filled in */
    struct nave_sim_faults asked;    /* from the start on  */
    struct nave_sim_faults faults;   /* in force           */
    uint64_t luck;
    uint64_t trace;
    uint64_t steps;
    uint64_t fault_count;
    uint64_t allocations; /* that were asked whether they fail */
    nave_nsec now_ns;
    nave_nsec wall_jumped_ns; /* of the wall clock, all jumps together */

    struct nv_world_worker *each;
    uint32_t count;
    uint32_t current; /* the worker that takes a step, or is called; NV_WORLD_NOBODY */
    uint32_t before;  /* who took the last step                                       */
    uint32_t stick;   /* parts per million: that it takes the next, too               */
    uint32_t starved; /* who waits while others can go on, for `starve_left` steps    */
    uint32_t starve_left;
    uint32_t is_open; /* faults happen */

    /* the network: world_net.h */
    struct nv_world_listener *listeners;
    struct nv_world_conn *conns;
    uint64_t conn_count;     /* ever */
    uint64_t listener_count; /* ever */
    uint64_t streams_open;
    uint64_t bytes;
    uint32_t next_port;
};

/* Make a world by `options`, which the program gave. Errors: NAVE_ENOMEM; NAVE_EINVAL, NAVE_ETOONEW with
 * the reason in `why` (of `room` bytes). */
NAVE_NODISCARD nave_err nv_world_create(struct nave_runtime *rt,
                                        const struct nave_sim_options *options, char *why,
                                        size_t room, struct nv_world **out_world);
void nv_world_destroy(struct nv_world *world); /* NULL is fine */

/* Room for `count` workers, before they are made with nv_poller_world and &world->each[i]; and after
 * that, each of them. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_world_make_workers(struct nv_world *world, uint32_t count);
void nv_world_join(struct nv_world *world, uint32_t index, struct nv_worker *w);
void nv_world_free_workers(struct nv_world *world);

/* Faults happen from now on; or no more. */
void nv_world_open(struct nv_world *world);
void nv_world_close(struct nv_world *world);

/* One step; the clock goes no further than `until_ns`. Errors: NAVE_OK; NAVE_ETIMEDOUT the clock is at
 * until_ns; NAVE_EAGAIN idle, and until_ns is NAVE_NEVER; NAVE_ELIMIT; NAVE_EDEADLOCK inside a step. */
nave_err nv_world_step(struct nv_world *world, nave_nsec until_ns);

/* The workers of `g` are in the world. State: none was made. */
void nv_world_take_group(struct nv_world *world, struct nv_group *g);

/* Call `fn` as worker `index` does, with its handle for tests. State: nobody takes a step, or it. */
void nv_world_call(struct nv_world *world, uint32_t index, nave_sim_fn *fn, void *arg);

/* A number from the seed, below `below`; 0: any. */
uint64_t nv_world_random(struct nv_world *world, uint64_t below);

/* A choice of the scheduler among `count` (at least 1): it goes into the trace. */
uint32_t nv_world_choose(struct nv_world *world, uint32_t count);

/* world_faults.c. 1: a fault of `kind`, which has `ppm` parts per million, happens now. */
int32_t nv_world_fault(struct nv_world *world, uint32_t ppm, enum nv_world_fault_kind kind);

/* `faults`, checked, into `out`; NULL: none. Errors: NAVE_EINVAL, NAVE_ETOONEW with the reason in `why` (of
 * `room` bytes). */
NAVE_NODISCARD nave_err nv_world_copy_faults(struct nave_sim_faults *out,
                                             const struct nave_sim_faults *faults, char *why,
                                             size_t room);

/* 1: this allocation fails. */
int32_t nv_world_no_memory(struct nv_world *world);

/* What befalls worker `index` around its step. State: inside it. */
void nv_world_before_step(struct nv_world *world, uint32_t index);
void nv_world_after_step(struct nv_world *world, uint32_t index);

nave_nsec nv_world_wall(const struct nv_world *world);
/* See nave_sim_iface.wall_jump. */
NAVE_NODISCARD nave_err nv_world_wall_jump(struct nv_world *world, nave_nsec by_ns);

/* Report that the simulation fails with `err` because of `what`: with the seed and how far it was. */
void nv_world_report(struct nv_world *world, nave_err err, const char *what);

void nv_world_mix(struct nv_world *world, enum nv_world_kind kind, uint64_t what);

/* Nodes. Known: its worker has room for it. Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_world_know(struct nv_world *world, struct nv_world_node *n,
                                      uint32_t worker);
void nv_world_forget(struct nv_world *world, struct nv_world_node *n);
/* Have `n`, which is known, told at `at_ns`; NAVE_NEVER: not. */
void nv_world_tell_at(struct nv_world *world, struct nv_world_node *n, nave_nsec at_ns);

extern const struct nv_poller_ops nv_poller_world;
extern const struct nave_sim_iface nv_sim_table;
extern const struct nave_sim_iface nv_sim_checked_table;

#endif

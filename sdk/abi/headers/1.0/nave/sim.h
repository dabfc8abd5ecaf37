/* SPDX-License-Identifier: MIT
 *
 * Simulation: a runtime whose workers, clock, network and luck come out of one number. A host program
 * tests itself with it, with the configuration and the plugins that it has in the real world.
 *
 *     struct nave_sim_options sim = {.size = sizeof(sim), .seed = 42};
 *     struct nave_runtime_options o = {.size = sizeof(o), .workers = 4, .sim = &sim};
 *     ... nave_runtime_create, _configure_text, _start as ever; then
 *     nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(struct nave_sim_iface), &handle);
 *
 * Six rules
 *  1. All workers of a simulated runtime are turned by the thread that has the control role, one step
 *     at a time; a step is one turn of one worker. Which worker is next, what is ready first, how long
 *     bytes travel and what fails is drawn from the seed. The same program with the same seed does the
 *     same: nave_sim_info.trace is equal then, on any machine.
 *  2. Time is virtual: it moves a little with each step, and when nobody can go on it jumps to the next
 *     deadline. Nothing ever sleeps.
 *  3. The transports of the configuration ("tcp", ...) are not asked: their listeners listen in a
 *     network in memory, with the addresses that the configuration gives. The streams there keep
 *     nave/stream.h to the letter. Descriptors cannot be watched (io_open: NAVE_EINVAL).
 *  4. Faults happen while they are switched on, and not before nave_runtime_start has returned.
 *  5. No other thread takes part. What the program does in the simulation it does on this thread: before,
 *     between and inside steps; a thread of its own, real time or a random number from elsewhere would
 *     not be the same with the same seed.
 *  6. When run or turn fail, or a bound is reached, the seed is told in the report. With that seed in
 *     NAVE_SIM_SEED of the environment and `seed` 0 the same happens again.
 * DRAFT.
 */
#ifndef NAVE_SIM_H
#define NAVE_SIM_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>

NAVE_BEGIN_DECLS

#define NAVE_SIM_ID "nave.sim/1"

struct nave_sim;
struct nave_stream;
struct nave_worker;

/* How often what goes wrong, in parts per million of the chances it has. Sized; all zero is a world
 * without faults. */
struct nave_sim_faults {
    uint32_t size;
    uint32_t short_read;  /* of reads: less is given than is there                              */
    uint32_t short_write; /* of writes: less is taken than there is room for                    */
    uint32_t spurious;    /* of watches called: nothing is there after all                      */
    uint32_t loss;        /* of writes: lost, and sent again after 200 ms, 400 ms, ...; also of
                            * connects                                                           */
    uint32_t stall;       /* of writes: the connection is dead from here on, and nobody is told;
                            * both ends get NAVE_ETIMEDOUT after nave_sim_options.stall_ns       */
    uint32_t reset;       /* of writes: both ends get NAVE_ERESET, behind any byte; what is on its
                            * way is lost                                                        */
    uint32_t refuse;      /* of connects: NAVE_EREFUSED                                         */
    uint32_t no_files;    /* of accepts: the process is out of descriptors; accepting rests for
                            * 100 ms. Of connects: NAVE_ENOFILES                                 */
    uint32_t no_memory;   /* of allocations: of workers (nave_worker_iface.alloc, future_new,
                            * spawn) and of plugins (nave_host_iface.mem); NULL, NAVE_ENOMEM     */
    uint32_t no_answer;   /* of connects: nobody answers; NAVE_ETIMEDOUT after
                            * nave_sim_options.stall_ns                                          */
    uint32_t partition;   /* of writes and connects: the address of the listener is cut off from its
                            * peers for a time, at most nave_sim_options.partition_ns            */
    uint32_t pause;       /* of steps: the worker is away behind it, at most
                            * nave_sim_options.pause_ns; the others go on                        */
    uint32_t wake;        /* of steps: a worker, drawn, wakes up, and nobody has woken it        */
    uint32_t poll;        /* of steps: a task that waits is polled, and nothing has happened     */
    uint32_t wall_jump;   /* of steps: the wall clock jumps, forth or back, at most by
                            * nave_sim_options.wall_jump_ns                                      */
};

#define NAVE_SIM_ALWAYS 1000000u /* a fault that always happens */

/* What a simulation begins with. Sized; zero is a default everywhere. */
struct nave_sim_options {
    uint32_t size;
    uint32_t flags;           /* 0                                                                */
    uint64_t seed;            /* 0: NAVE_SIM_SEED of the environment, or else 1                   */
    uint64_t steps_max;       /* in the whole simulation; 0: ten million                          */
    nave_nsec latency_min_ns; /* of the network, one way; 0 and 0: 50 us to 2 ms                 */
    nave_nsec latency_max_ns;
    nave_nsec step_max_ns; /* the longest step; each takes 1 ns or more; 0: 20 us              */
    nave_nsec stall_ns;    /* until a dead connection is given up; 0: 15 s                     */
    nave_nsec wall_ns;     /* the wall clock at the beginning, since 1970; 0: 2026-01-01       */
    uint32_t window;       /* bytes on their way in one direction of a stream; 0: 64 KiB       */
    uint32_t reserved;
    const struct nave_sim_faults *faults; /* from the start on; NULL: none. Copied               */
    nave_nsec
        partition_ns;   /* the longest partition that is drawn; 0: 5 s                         */
    nave_nsec pause_ns; /* the longest pause of a worker; 0: 100 ms                            */
    nave_nsec
        wall_jump_ns;      /* the longest jump of the wall clock; 0: an hour                      */
    uint64_t no_memory_at; /* this allocation since the start fails, the first is 1; 0: none. See
                             * nave_sim_faults.no_memory, and nave_sim_info.allocations           */
};

/* What a simulation can tell. Sized: the caller sets size. */
struct nave_sim_info {
    uint32_t size;
    uint32_t workers;
    uint64_t seed;
    uint64_t trace;        /* a hash of all that happened, in order                              */
    uint64_t steps;        /* taken                                                              */
    nave_nsec now_ns;      /* the virtual clock                                                  */
    uint64_t faults;       /* that happened                                                      */
    uint64_t streams_open; /* streams of both ends that were not closed by their owners          */
    uint64_t bytes;        /* that arrived                                                       */
    uint64_t allocations;  /* that could have failed, since the start                            */
    nave_nsec wall_ns;     /* the wall clock, since 1970                                         */
};

/* Called on a worker. Thread: [worker]. */
typedef void nave_sim_fn(struct nave_worker *w, void *arg);

/* 1: what the test waits for has come. Thread: [control]. Must not take steps. */
typedef int32_t nave_sim_done_fn(void *arg);

/* "nave.sim/1", of a simulated runtime, while it is started. */
struct nave_sim_iface {
    struct nave_iface hdr;
    /* Take one step: the worker whose turn it is, after a jump of the clock when nobody can go on.
     * Thread: [control]. State: [open].
     * Errors: NAVE_OK; NAVE_EAGAIN nobody can ever go on, there is no deadline either: the simulation
     * is idle; NAVE_ECLOSED it was stopped and has drained; NAVE_ESTRAGGLERS the same, and work was cut
     * off; NAVE_ELIMIT steps_max is reached; NAVE_EDEADLOCK inside a step. */
    nave_err (*step)(struct nave_sim *s);
    /* Take steps until `is_done` says 1 (asked before each step; NULL: never), or the clock is at
     * `until_ns` (NAVE_NEVER: no limit; the clock stands there then), or the simulation is idle.
     * Thread: [control]. Null: [is_done].
     * Errors: NAVE_OK is_done said so; NAVE_ETIMEDOUT it is until_ns; others: those of step. */
    nave_err (*run)(struct nave_sim *s, nave_nsec until_ns, nave_sim_done_fn *is_done, void *arg);
    /* The virtual monotonic clock, nanoseconds. Thread: [control]. */
    nave_nsec (*now)(const struct nave_sim *s);
    /* Fill `info` as far as info->size reaches. Thread: [control].
     * Errors: NAVE_EINVAL info->size is below 8. */
    nave_err (*info)(const struct nave_sim *s, struct nave_sim_info *info);
    /* Faults are like this from now on; NULL: none. Thread: [control]. Null: [faults].
     * Errors: NAVE_EINVAL more than NAVE_SIM_ALWAYS; NAVE_ETOONEW a fault that is not known here. */
    nave_err (*set_faults)(struct nave_sim *s, const struct nave_sim_faults *faults);
    /* A number from the seed, below `below` (0: any): for what the test itself decides.
     * Thread: [control]. */
    uint64_t (*random)(struct nave_sim *s, uint64_t below);
    /* Mix `value` into the trace: what the test itself saw. Thread: [control]. */
    void (*note)(struct nave_sim *s, uint64_t value);
    /* A worker, for the code of the test: timers, tasks, memory, jobs, as for a plugin. NULL: there is
     * no such worker. Thread: [control]. */
    struct nave_worker *(*worker)(struct nave_sim *s, uint32_t index);
    /* Call `fn` at once, as if worker `index` did: inside it the objects of this worker may be used.
     * Between steps, or inside one of the same worker. Thread: [control].
     * Errors: NAVE_EINVAL there is no such worker; NAVE_EDEADLOCK inside a step of another worker. */
    nave_err (*call)(struct nave_sim *s, uint32_t index, nave_sim_fn *fn, void *arg);
    /* Connect to a listener of this runtime: `address` as it stands behind "tcp://" in the
     * configuration, or as the listener's address() tells ("127.0.0.1:8080"). The stream belongs to
     * worker `index`; it can be used at once, and is ready for writing when the connection is made:
     * until then, and when it fails, its calls say why. Which worker accepts is drawn.
     * Thread: [control]. Owns: close it, on its worker.
     * Errors: NAVE_ENOTFOUND nobody listens there; NAVE_EINVAL; NAVE_ENOMEM; NAVE_ELIMIT; NAVE_ENOFILES
     * a fault. */
    nave_err (*connect)(struct nave_sim *s, uint32_t index, struct nave_str address,
                        struct nave_stream **out_stream);
    /* Cut the listener at `address` (as for connect) off from its peers for `for_ns`; 0: a cut ends. What
     * is sent meanwhile, in both directions, arrives when the cut is over; a connection for which that
     * is more than nave_sim_options.stall_ns ends with NAVE_ETIMEDOUT after these. What was on its way
     * before arrives. Thread: [control].
     * Errors: NAVE_ENOTFOUND nobody listens there; NAVE_EINVAL for_ns is below 0, or more than a day. */
    nave_err (*partition)(struct nave_sim *s, struct nave_str address, nave_nsec for_ns);
    /* Move the wall clock by `by_ns`, forth or back; the virtual clock of now() and of timers stays.
     * Workers see it as they see any jump, within a second. Thread: [control].
     * Errors: NAVE_EINVAL it would stand before 1970, or behind 2200. */
    nave_err (*wall_jump)(struct nave_sim *s, nave_nsec by_ns);
};

/* The handle; one for each runtime that is simulated. */
struct nave_sim {
    const struct nave_sim_iface *api;
};

NAVE_END_DECLS
#endif

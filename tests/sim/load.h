/* SPDX-License-Identifier: MIT
 *
 * A static plugin that keeps the workers busy: tasks that sleep, yield, spawn others and wait for an answer
 * from another worker. It looks at what it was promised: no sleep ends early, each task is dropped
 * once, an answer wakes who waits.
 */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include <nave/plugin.h>
#include <nave/sim.h>
#include <nave/worker.h>

#include "belt.h"

#define LOAD_WORKERS_MAX 8u
#define LOAD_PINGS       64u

/* A question to another worker: its answer wakes the task that asked. */
struct load_ping {
    struct nave_job job;
    struct nave_waker waker;
    uint32_t is_away;
};

/* One for each runtime; nave_runtime_options.user. Zero it first. */
struct load {
    struct nave_sim *sim; /* set once it is bound */
    struct nave_worker *workers[LOAD_WORKERS_MAX];
    uint32_t worker_count;
    uint32_t tasks_left; /* may still be spawned */
    uint64_t made, dropped, ended, sleeps, answers, refused;
    const char *wrong; /* NULL: every promise was kept */
    struct load_ping pings[LOAD_PINGS];
    struct belts belts;
};

/* Spawn `count` tasks on worker `index`, between steps. */
void load_spawn(struct load *load, uint32_t index, uint32_t count);

/* Begin a belt (belt.h) on worker `index`, between steps. */
void load_belt(struct load *load, uint32_t index);

const struct nave_plugin *load_plugin_entry_v1(void);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What goes wrong in a world: whether a fault happens is drawn here, and what befalls a worker around its
 * step is done here. Faults of the network are in world_net.h's files, at the place where each has its
 * chance. A fault whose rate is zero draws nothing, so that it changes nothing of a seed.
 */
#include <stdio.h>

#include "worker/group.h"
#include "runtime/runtime.h"
#include "base/sized.h"
#include "worker/task.h"
#include "worker/worker_state.h"
#include "world.h"

#define FAULTS_MIN offsetof(struct nave_sim_faults, short_read)

nave_err nv_world_copy_faults(struct nave_sim_faults *out, const struct nave_sim_faults *faults,
                              char *why, size_t room)
{
    struct nave_sim_faults copy = {.size = sizeof(copy)};
    const uint32_t *ppm = &copy.short_read;
    nave_err err = NAVE_OK;
    uint32_t i;

    if (faults)
        err = nv_sized_copy(&copy, sizeof(copy), faults, FAULTS_MIN, NULL);
    if (err) {
        (void)snprintf(why, room, "nave_sim_faults has a size or a fault that is not known here");
        return err;
    }
    for (i = 0; i < (sizeof(copy) - FAULTS_MIN) / sizeof(*ppm); i++) {
        if (ppm[i] > NAVE_SIM_ALWAYS) {
            (void)snprintf(why, room,
                           "a fault of %u parts per million is not possible; NAVE_SIM_ALWAYS is "
                           "the most",
                           ppm[i]);
            return NAVE_EINVAL;
        }
    }
    *out = copy;
    return NAVE_OK;
}

static void happens(struct nv_world *world, enum nv_world_fault_kind kind)
{
    world->fault_count++;
    nv_world_mix(world, NV_WORLD_FAULT, kind);
}

int32_t nv_world_fault(struct nv_world *world, uint32_t ppm, enum nv_world_fault_kind kind)
{
    if (!ppm || !world->is_open || nv_world_random(world, NAVE_SIM_ALWAYS) >= ppm)
        return 0;
    happens(world, kind);
    return 1;
}

int32_t nv_world_no_memory(struct nv_world *world)
{
    if (!world->is_open)
        return 0;
    if (++world->allocations == world->options.no_memory_at) {
        happens(world, NV_FAULT_NO_MEMORY);
        return 1;
    }
    return nv_world_fault(world, world->faults.no_memory, NV_FAULT_NO_MEMORY);
}

/* --- the wall clock --------------------------------------------------------------------------- */

nave_nsec nv_world_wall(const struct nv_world *world)
{
    nave_nsec passed = world->now_ns - NV_WORLD_BEGIN;
    nave_nsec began = world->options.wall_ns + world->wall_jumped_ns;

    return passed > NV_WORLD_WALL_END - began ? NV_WORLD_WALL_END : began + passed;
}

nave_err nv_world_wall_jump(struct nv_world *world, nave_nsec by_ns)
{
    nave_nsec now = nv_world_wall(world);

    if (by_ns < -now || by_ns >= NV_WORLD_WALL_END - now)
        return NAVE_EINVAL;
    world->wall_jumped_ns += by_ns;
    nv_world_mix(world, NV_WORLD_WALL, (uint64_t)by_ns);
    return NAVE_OK;
}

/* As far as a drawn number says; the other way when that leads out of what a clock may say. */
static void wall_jump(struct nv_world *world)
{
    nave_nsec most = world->options.wall_jump_ns;
    nave_nsec by = (nave_nsec)nv_world_random(world, (uint64_t)most * 2 + 1) - most;

    if (nv_world_wall_jump(world, by) && nv_world_wall_jump(world, -by))
        nv_world_mix(world, NV_WORLD_WALL, 0);
}

/* --- around a step ---------------------------------------------------------------------------- */

/* Poll a task that waits, drawn: wherever it is at home, and whatever it waits for. */
static void poll_one(struct nv_world *world)
{
    struct nv_task_pool *pool = &world->each[0].worker->group->pool;
    struct nv_task_cursor cursor = {0};
    struct nv_task *t, *found = NULL;
    uint32_t seen = 0;

    /* One pass: each that waits takes the place of the one before with 1 of those seen. */
    while ((t = nv_task_pool_next(pool, &cursor)) != NULL) {
        if (!nv_task_hold_still(t))
            continue;
        if (nv_world_random(world, ++seen) == 0) {
            if (found)
                nv_task_let_go(found);
            found = t;
        } else {
            nv_task_let_go(t);
        }
    }
    if (found)
        nv_task_schedule(found); /* SCHEDULED was set when it was held */
}

void nv_world_before_step(struct nv_world *world, uint32_t index)
{
    const struct nave_sim_faults *f = &world->faults;

    if (nv_world_fault(world, f->wall_jump, NV_FAULT_WALL_JUMP))
        wall_jump(world);
    if (nv_world_fault(world, f->wake, NV_FAULT_WAKE))
        world->each[nv_world_choose(world, world->count)].is_woken = 1;
    if (nv_world_fault(world, f->poll, NV_FAULT_POLL)) {
        nv_worker_enter(world->each[index].worker);
        poll_one(world);
        nv_worker_exit(world->each[index].worker);
    }
}

void nv_world_after_step(struct nv_world *world, uint32_t index)
{
    uint64_t most = (uint64_t)world->options.pause_ns;

    if (nv_world_fault(world, world->faults.pause, NV_FAULT_PAUSE))
        world->each[index].pause_ns = world->now_ns + 1 + (nave_nsec)nv_world_random(world, most);
}

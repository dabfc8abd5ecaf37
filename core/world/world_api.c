/* SPDX-License-Identifier: MIT
 *
 * nave.sim/1: how a program drives the world that its runtime is in, and looks at it.
 */
#include <string.h>

#include "worker/group.h"
#include "runtime/runtime.h"
#include "world.h"
#include "world_net.h"

static struct nv_world *world_of(const struct nave_sim *s)
{
    return (struct nv_world *)(uintptr_t)s;
}

static nave_err turn(struct nv_world *world, nave_nsec until_ns)
{
    return nv_runtime_step(world->rt, until_ns);
}

void nv_world_take_group(struct nv_world *world, struct nv_group *g)
{
    g->world = world;
    g->choose = nv_world_choose;
    g->turn = turn;
    g->is_asymmetric = 0; /* a system call for each wait would be the most of a step */
}

static nave_err sim_step(struct nave_sim *s)
{
    return nv_runtime_step(world_of(s)->rt, NAVE_NEVER);
}

static nave_err sim_run(struct nave_sim *s, nave_nsec until_ns, nave_sim_done_fn *is_done,
                        void *arg)
{
    nave_err err = NAVE_OK;

    /* Bounded by steps_max. */
    while (!err) {
        if (is_done && is_done(arg))
            return NAVE_OK;
        err = nv_runtime_step(world_of(s)->rt, until_ns);
    }
    if (err == NAVE_ETIMEDOUT && is_done && is_done(arg)) /* the jump of the clock may decide it */
        return NAVE_OK;
    return err;
}

static nave_nsec sim_now(const struct nave_sim *s)
{
    return world_of(s)->now_ns;
}

static nave_err sim_info(const struct nave_sim *s, struct nave_sim_info *info)
{
    const struct nv_world *world = world_of(s);
    struct nave_sim_info all = {.size = info->size,
                                .workers = world->count,
                                .seed = world->options.seed,
                                .trace = world->trace,
                                .steps = world->steps,
                                .now_ns = world->now_ns,
                                .faults = world->fault_count,
                                .streams_open = world->streams_open,
                                .bytes = world->bytes,
                                .allocations = world->allocations,
                                .wall_ns = nv_world_wall(world)};

    if (info->size < 8)
        return NAVE_EINVAL;
    memcpy(info, &all, info->size < sizeof(all) ? info->size : sizeof(all));
    return NAVE_OK;
}

static nave_err sim_set_faults(struct nave_sim *s, const struct nave_sim_faults *faults)
{
    struct nv_world *world = world_of(s);
    char why[160] = "";
    nave_err err = nv_world_copy_faults(&world->faults, faults, why, sizeof(why));

    if (err)
        nv_report_error(&world->rt->report, err, NULL, "%s", why);
    return err;
}

static uint64_t sim_random(struct nave_sim *s, uint64_t below)
{
    return nv_world_random(world_of(s), below);
}

static void sim_note(struct nave_sim *s, uint64_t value)
{
    nv_world_mix(world_of(s), NV_WORLD_NOTE, value);
}

static struct nave_worker *sim_worker(struct nave_sim *s, uint32_t index)
{
    struct nv_world *world = world_of(s);

    return index < world->count ? &world->each[index].handle.pub : NULL;
}

static nave_err sim_call(struct nave_sim *s, uint32_t index, nave_sim_fn *fn, void *arg)
{
    struct nv_world *world = world_of(s);

    if (index >= world->count)
        return NAVE_EINVAL;
    if (world->current != NV_WORLD_NOBODY && world->current != index)
        return NAVE_EDEADLOCK;
    nv_world_call(world, index, fn, arg);
    return NAVE_OK;
}

static nave_err sim_connect(struct nave_sim *s, uint32_t index, struct nave_str address,
                            struct nave_stream **out_stream)
{
    struct nv_world *world = world_of(s);

    if (index >= world->count || !address.ptr || !address.len)
        return NAVE_EINVAL;
    return nv_world_connect(world, index, address, out_stream);
}

static nave_err sim_partition(struct nave_sim *s, struct nave_str address, nave_nsec for_ns)
{
    if (for_ns < 0 || for_ns > 86400 * NAVE_SEC || !address.ptr || !address.len)
        return NAVE_EINVAL;
    return nv_world_partition(world_of(s), address, for_ns);
}

static nave_err sim_wall_jump(struct nave_sim *s, nave_nsec by_ns)
{
    return nv_world_wall_jump(world_of(s), by_ns);
}

const struct nave_sim_iface nv_sim_table = {
    .hdr = NAVE_IFACE(struct nave_sim_iface, NAVE_SIM_ID, 0, NAVE_IFACE_DRAFT),
    .step = sim_step,
    .run = sim_run,
    .now = sim_now,
    .info = sim_info,
    .set_faults = sim_set_faults,
    .random = sim_random,
    .note = sim_note,
    .worker = sim_worker,
    .call = sim_call,
    .connect = sim_connect,
    .partition = sim_partition,
    .wall_jump = sim_wall_jump,
};

/* SPDX-License-Identifier: MIT
 *
 * See world.h. Everything that is drawn goes through nv_world_random, so that the order of the draws is
 * the simulation; nothing here looks at an address, a real clock or the machine.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"
#include "base/sized.h"
#include "worker/worker_state.h"
#include "world_net.h"

#define STEPS_MAX   10000000u
#define LATENCY_MIN (50 * NAVE_USEC)
#define LATENCY_MAX (2 * NAVE_MSEC)
#define STEP_MAX    (20 * NAVE_USEC)
#define STALL       (15 * NAVE_SEC)
#define WALL        (1767225600 * NAVE_SEC) /* 2026-01-01 */
#define WINDOW      65536u
#define WINDOW_MAX  (1u << 24)
#define PARTITION   (5 * NAVE_SEC)
#define PAUSE       (100 * NAVE_MSEC)
#define WALL_JUMP   (3600 * NAVE_SEC)
#define WALL_MOST   (366 * 86400 * NAVE_SEC) /* of one jump */
#define OPTIONS_MIN offsetof(struct nave_sim_options, seed)

/* --- luck and trace -------------------------------------------------------------------------- */

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t scramble(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t nv_world_random(struct nv_world *world, uint64_t below)
{
    uint64_t z;

    world->luck += 0x9e3779b97f4a7c15u;
    z = scramble(world->luck);
    return below ? z % below : z;
}

void nv_world_mix(struct nv_world *world, enum nv_world_kind kind, uint64_t what)
{
    uint64_t who = world->current;

    world->trace = scramble(world->trace ^ (who << 40 | (uint64_t)kind << 32)) ^ what;
    world->trace = scramble(world->trace);
}

uint32_t nv_world_choose(struct nv_world *world, uint32_t count)
{
    uint32_t i = count > 1 ? (uint32_t)nv_world_random(world, count) : 0;

    nv_world_mix(world, NV_WORLD_CHOICE, i);
    return i;
}

static int32_t slab_fails(void *arg)
{
    return nv_world_no_memory(arg);
}

/* --- life ------------------------------------------------------------------------------------ */

/* Errors: NAVE_EINVAL with the reason. */
static nave_err take_seed(struct nave_sim_options *o, char *why, size_t room)
{
    const char *text = getenv("NAVE_SIM_SEED");
    char *end;

    if (o->seed)
        return NAVE_OK;
    o->seed = 1;
    if (!text || !*text)
        return NAVE_OK;
    o->seed = strtoull(text, &end, 0);
    if (*end == '\0' && o->seed)
        return NAVE_OK;
    (void)snprintf(why, room, "NAVE_SIM_SEED=%.40s is no seed; one is a number from 1 on", text);
    return NAVE_EINVAL;
}

/* A length of time that is 0 has its default; 1: it is possible. */
static int32_t take_time(nave_nsec *time_ns, nave_nsec otherwise_ns, nave_nsec most_ns)
{
    if (*time_ns < 0 || *time_ns > most_ns)
        return 0;
    if (!*time_ns)
        *time_ns = otherwise_ns;
    return 1;
}

static int32_t take_times(struct nave_sim_options *o)
{
    const nave_nsec hour = 3600 * NAVE_SEC;
    int32_t has_latency = o->latency_min_ns || o->latency_max_ns;

    if (o->latency_max_ns && o->latency_max_ns < o->latency_min_ns)
        return 0;
    return take_time(&o->latency_min_ns, has_latency ? 0 : LATENCY_MIN, hour) &&
           take_time(&o->latency_max_ns, has_latency ? o->latency_min_ns : LATENCY_MAX, hour) &&
           take_time(&o->step_max_ns, STEP_MAX, hour) &&
           take_time(&o->stall_ns, STALL, 24 * hour) &&
           take_time(&o->wall_ns, WALL, NV_WORLD_WALL_END) &&
           take_time(&o->partition_ns, PARTITION, 24 * hour) &&
           take_time(&o->pause_ns, PAUSE, hour) &&
           take_time(&o->wall_jump_ns, WALL_JUMP, WALL_MOST);
}

static nave_err fill_options(struct nave_sim_options *o, char *why, size_t room)
{
    nave_err err = take_seed(o, why, room);

    if (err)
        return err;
    if (o->flags || o->reserved || o->window > WINDOW_MAX || !take_times(o)) {
        (void)snprintf(why, room,
                       "nave_sim_options has flags, a length of time or a window that is not "
                       "possible: times are 0 or more, at most an hour (stall_ns, partition_ns: a "
                       "day; wall_jump_ns: a year), latency_max_ns is not below latency_min_ns, "
                       "window is at most %u",
                       WINDOW_MAX);
        return NAVE_EINVAL;
    }
    o->steps_max = o->steps_max ? o->steps_max : STEPS_MAX;
    o->window = o->window ? o->window : WINDOW;
    return NAVE_OK;
}

nave_err nv_world_create(struct nave_runtime *rt, const struct nave_sim_options *options, char *why,
                         size_t room, struct nv_world **out_world)
{
    /* How long one worker goes on is of the seed, too: some orders need long runs of one. */
    static const uint32_t sticks[4] = {0, 0, 500000, 900000};
    struct nv_world *world = calloc(1, sizeof(*world));
    nave_err err;

    if (!world)
        return NAVE_ENOMEM;
    err = nv_sized_copy(&world->options, sizeof(world->options), options, OPTIONS_MIN, NULL);
    if (err)
        (void)snprintf(why, room, "nave_sim_options has a size or a field that is not known here");
    if (!err)
        err = fill_options(&world->options, why, room);
    if (!err)
        err = nv_world_copy_faults(&world->asked, world->options.faults, why, room);
    if (err) {
        free(world);
        return err;
    }
    world->options.faults = NULL;
    world->faults.size = sizeof(world->faults);
    world->rt = rt;
    world->luck = world->options.seed;
    world->trace = world->options.seed;
    world->now_ns = NV_WORLD_BEGIN;
    world->current = world->before = world->starved = NV_WORLD_NOBODY;
    world->stick = sticks[nv_world_random(world, NAVE_COUNT(sticks))];
    world->pub.api = rt->is_checked ? &nv_sim_checked_table : &nv_sim_table;
    *out_world = world;
    return NAVE_OK;
}

void nv_world_destroy(struct nv_world *world)
{
    if (!world)
        return;
    nv_world_net_fini(world);
    nv_world_free_workers(world);
    free(world);
}

nave_err nv_world_make_workers(struct nv_world *world, uint32_t count)
{
    uint32_t i;

    world->each = calloc(count, sizeof(*world->each));
    if (!world->each)
        return NAVE_ENOMEM;
    world->count = count;
    for (i = 0; i < count; i++) {
        world->each[i].world = world;
        world->each[i].index = i;
    }
    return NAVE_OK;
}

void nv_world_join(struct nv_world *world, uint32_t index, struct nv_worker *w)
{
    struct nv_world_worker *vw = &world->each[index];

    vw->worker = w;
    w->random = nv_world_random(world, 0) | 1; /* before it has handles: they begin with it */
    nv_worker_handle_init(&vw->handle, w, "sim");
    w->slab.fails = slab_fails;
    w->slab.fails_arg = world;
    w->slab.flags |= NV_SLAB_FAIL;
}

void nv_world_free_workers(struct nv_world *world)
{
    uint32_t i;

    for (i = 0; i < world->count; i++) {
        free(world->each[i].heap);
        free(world->each[i].told);
    }
    free(world->each);
    world->each = NULL;
    world->count = 0;
}

void nv_world_open(struct nv_world *world)
{
    world->is_open = 1;
    world->faults = world->asked;
}

void nv_world_close(struct nv_world *world)
{
    world->is_open = 0;
}

void nv_world_report(struct nv_world *world, nave_err err, const char *what)
{
    nv_report_error(&world->rt->report, err, NULL,
                    "simulation: %s; seed %llu, step %llu, %lld.%06lld s; the same happens again "
                    "with NAVE_SIM_SEED=%llu",
                    what, (unsigned long long)world->options.seed, (unsigned long long)world->steps,
                    (long long)(world->now_ns / NAVE_SEC),
                    (long long)(world->now_ns % NAVE_SEC / NAVE_USEC),
                    (unsigned long long)world->options.seed);
}

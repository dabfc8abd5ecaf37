/* SPDX-License-Identifier: MIT
 *
 * Who takes the next step. Mostly each that can go on is as likely; but with some seeds one worker goes
 * on for long, and now and then one is left out for many steps, since some orders need that.
 */
#include "runtime/threads.h"
#include "worker/worker_state.h"
#include "world.h"

#define STARVE_STEPS 200u

static int32_t can_go_on(const struct nv_world *world, const struct nv_world_worker *vw)
{
    if (vw->pause_ns > world->now_ns)
        return 0;
    return !vw->is_parked || vw->is_woken || vw->until_ns <= world->now_ns ||
           (vw->heap_count && vw->heap[0]->at_ns <= world->now_ns);
}

/* When the first of the workers that wait goes on by itself. */
static nave_nsec next_deadline(const struct nv_world *world)
{
    nave_nsec next = NAVE_NEVER;
    uint32_t i;

    for (i = 0; i < world->count; i++) {
        const struct nv_world_worker *vw = &world->each[i];
        nave_nsec at = vw->is_parked && !vw->is_woken ? vw->until_ns : world->now_ns;

        if (vw->heap_count && vw->heap[0]->at_ns < at)
            at = vw->heap[0]->at_ns;
        if (at < vw->pause_ns)
            at = vw->pause_ns;
        if (at < next)
            next = at;
    }
    return next;
}

/* Draw one of those that can go on; NV_WORLD_NOBODY: nobody can. */
static uint32_t draw_worker(struct nv_world *world)
{
    uint32_t i, nth, able = 0, is_starving;

    for (i = 0; i < world->count; i++)
        able += (uint32_t)can_go_on(world, &world->each[i]);
    if (!able)
        return NV_WORLD_NOBODY;
    if (!world->starve_left && nv_world_random(world, 1024) == 0) {
        world->starved = (uint32_t)nv_world_random(world, world->count);
        world->starve_left = 1 + (uint32_t)nv_world_random(world, STARVE_STEPS);
    }
    is_starving = world->starve_left && able > 1 && can_go_on(world, &world->each[world->starved]);
    if (world->starve_left)
        world->starve_left--;
    i = world->before;
    if (world->stick && i < world->count && can_go_on(world, &world->each[i]) &&
        !(is_starving && i == world->starved) &&
        nv_world_random(world, NAVE_SIM_ALWAYS) < world->stick)
        return i;
    nth = (uint32_t)nv_world_random(world, able - is_starving);
    for (i = 0; i < world->count; i++) {
        if (!can_go_on(world, &world->each[i]) || (is_starving && i == world->starved))
            continue;
        if (nth-- == 0)
            break;
    }
    return i;
}

nave_err nv_world_step(struct nv_world *world, nave_nsec until_ns)
{
    struct nv_world_worker *vw;
    nave_nsec next;
    uint32_t i;

    if (world->current != NV_WORLD_NOBODY)
        return NAVE_EDEADLOCK;
    if (world->steps >= world->options.steps_max)
        return NAVE_ELIMIT;
    if (world->now_ns >= until_ns)
        return NAVE_ETIMEDOUT;
    i = draw_worker(world);
    if (i == NV_WORLD_NOBODY) {
        next = next_deadline(world);
        if (next == NAVE_NEVER && until_ns == NAVE_NEVER)
            return NAVE_EAGAIN;
        world->now_ns = next < until_ns ? next : until_ns;
        nv_world_mix(world, NV_WORLD_JUMP, (uint64_t)world->now_ns);
        if (next >= until_ns)
            return NAVE_ETIMEDOUT;
        i = draw_worker(world);
    }
    vw = &world->each[i];
    world->steps++;
    world->now_ns += 1 + (nave_nsec)nv_world_random(world, (uint64_t)world->options.step_max_ns);
    world->before = world->current = i;
    nv_world_mix(world, NV_WORLD_STEP, (uint64_t)world->now_ns);
    vw->is_parked = vw->is_woken = 0;
    nv_world_before_step(world, i);
    next = nv_threads_step(world->rt, i);
    vw->until_ns = next;
    vw->is_parked = next > 0;
    nv_world_after_step(world, i);
    world->current = NV_WORLD_NOBODY;
    return NAVE_OK;
}

void nv_world_call(struct nv_world *world, uint32_t index, nave_sim_fn *fn, void *arg)
{
    struct nv_world_worker *vw = &world->each[index];
    uint32_t before = world->current;

    if (before == NV_WORLD_NOBODY) {
        nv_worker_enter(vw->worker);
        nv_worker_read_clock(vw->worker); /* it may have waited for long */
    }
    world->current = index;
    fn(&vw->handle.pub, arg);
    if (before == NV_WORLD_NOBODY) {
        nv_worker_micro(vw->worker);
        nv_worker_exit(vw->worker);
    }
    world->current = before;
    vw->is_woken = 1; /* it may have armed a timer, spawned, deferred: it parks anew */
}

/* SPDX-License-Identifier: MIT
 *
 * A peer of `nave-bench timers`: libuv's heap.
 */
#include "../timers.h"

#include <uv.h>

static uv_loop_t *loop;
static uv_timer_t *timers;

static void on_timer(uv_timer_t *t)
{
    timers_expired((uint32_t)(t - timers));
}

static void timers_make(uint32_t count)
{
    uint32_t i;

    loop = uv_default_loop();
    timers = timers_memory(count * sizeof(*timers));
    for (i = 0; i < count; i++)
        uv_timer_init(loop, &timers[i]);
}

static void timers_arm(uint32_t number, uint32_t delay_ms)
{
    uv_timer_start(&timers[number], on_timer, delay_ms, 0);
}

static void timers_cancel(uint32_t number)
{
    uv_timer_stop(&timers[number]);
}

static void timers_turn(void)
{
    uv_run(loop, UV_RUN_NOWAIT);
}

int main(int argc, char **argv)
{
    return timers_main(argc, argv);
}

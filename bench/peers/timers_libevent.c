/* SPDX-License-Identifier: MIT
 *
 * A peer of `nave-bench timers`: libevent's heap; compiled with COMMON its common timeouts, which are
 * queues of equal delays: the random ones are rounded up to one of 64.
 */
#include "../timers.h"

#include <event2/event.h>
#include <event2/event_struct.h>

static struct event_base *base;
static struct event *timers;
#ifdef COMMON
#    define QUEUES 64
static const struct timeval *queues[2][QUEUES]; /* of the short span and of the long one */
#endif

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    timers_expired((uint32_t)((struct event *)arg - timers));
}

static void timers_make(uint32_t count)
{
    struct event_config *config = event_config_new();
    uint32_t i;

    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    base = event_base_new_with_config(config);
    event_config_free(config);
    timers = timers_memory(count * sizeof(*timers));
    for (i = 0; i < count; i++)
        event_assign(&timers[i], base, -1, 0, on_timer, &timers[i]);
}

#ifdef COMMON
static const struct timeval *queue_of(uint32_t delay_ms)
{
    uint32_t i = (delay_ms - 1) * QUEUES / timers_span_ms;
    const struct timeval **queue = &queues[timers_span_ms == TIMERS_LONG_MS][i];

    if (!*queue) {
        uint32_t ms = timers_span_ms * (i + 1) / QUEUES;
        struct timeval tv = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000};

        *queue = event_base_init_common_timeout(base, &tv);
    }
    return *queue;
}
#endif

static void timers_arm(uint32_t number, uint32_t delay_ms)
{
#ifdef COMMON
    event_add(&timers[number], queue_of(delay_ms));
#else
    struct timeval tv = {(time_t)(delay_ms / 1000), (suseconds_t)(delay_ms % 1000) * 1000};

    event_add(&timers[number], &tv);
#endif
}

static void timers_cancel(uint32_t number)
{
    event_del(&timers[number]);
}

static void timers_turn(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
}

int main(int argc, char **argv)
{
    int status = timers_main(argc, argv);

    event_base_free(base);
    return status;
}

/* SPDX-License-Identifier: MIT
 *
 * A timer: storage that the caller embeds, filed in its worker's wheel.
 *
 * Never early; as late as one tick (1 ms) plus the work before it. Equal deadlines fire in the
 * order in which they were armed. Moving a deadline LATER is one store (nave_timer_extend).
 */
#ifndef NAVE_TIMER_H
#define NAVE_TIMER_H

#include <nave/base.h>

NAVE_BEGIN_DECLS

struct nave_worker;
struct nave_timer;

/* Called when the deadline has passed. The timer is disarmed on entry and may be armed again or
 * freed. Thread: [worker]. */
typedef void nave_timer_fn(struct nave_timer *timer, void *arg);

/* A timer. Frozen, 64 bytes on 64-bit machines. All zero is a disarmed timer. */
struct nave_timer {
    struct nave_timer *next; /* the wheel's links; next is NULL when disarmed              */
    struct nave_timer *prev;
    nave_nsec deadline_ns; /* when to fire                                               */
    uint64_t tick;         /* the wheel's: where it is filed                             */
    uint64_t order;        /* the wheel's: when it was armed                             */
    nave_timer_fn *fn;
    void *arg;
    struct nave_worker *worker;
};

/* 1 when `timer` is armed.
 * Thread: [worker]. */
static inline int32_t nave_timer_is_armed(const struct nave_timer *timer)
{
    return timer->next != NULL;
}

/* A deadline not before `deadline_ns` and at most `slack_ns` after it, as round as can be: the multiple of
 * the largest power of two of ticks. Timers whose slacks overlap so meet at the same tick and share one
 * wake-up. Without room for a tick in the slack it is the deadline itself.
 * Thread: [any]. */
static inline nave_nsec nave_timer_slack(nave_nsec deadline_ns, nave_nsec slack_ns)
{
    uint64_t before, last, differ;

    if (slack_ns <= 0 || deadline_ns <= 0 || slack_ns > NAVE_NEVER - deadline_ns)
        return deadline_ns;
    /* `before` is the last tick that is too early; the highest bit in which `last` differs from it is one
     * of last, and what is left when the bits below are cleared is later than `before`. */
    before = ((uint64_t)deadline_ns - 1) / (uint64_t)NAVE_MSEC;
    last = (uint64_t)(deadline_ns + slack_ns) / (uint64_t)NAVE_MSEC;
    if (last <= before)
        return deadline_ns;
    differ = before ^ last;
    return (nave_nsec)((last & ~((UINT64_C(1) << (63 - __builtin_clzll(differ))) - 1)) *
                       (uint64_t)NAVE_MSEC);
}

NAVE_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(struct nave_timer) == 64, "nave_timer is frozen");

NAVE_END_DECLS
#endif

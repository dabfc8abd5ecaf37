/* SPDX-License-Identifier: MIT
 *
 * The timer wheel: 8 levels of 64 slots, ticks of 1 ms, over struct nave_timer. Pure: time is an
 * argument, nothing is allocated, nothing is called. The worker asks for due timers one by one, so
 * that a callback may start, stop and restart any timer, also those due in the same batch.
 *
 * 8 levels of 6 bits reach 2^48 ms; every nave_nsec fits, so there is no overflow list.
 */
#ifndef NV_WHEEL_H
#define NV_WHEEL_H

#include <nave/timer.h>

#define NV_WHEEL_LEVELS 8
#define NV_WHEEL_SLOTS  64
#define NV_WHEEL_TICK   NAVE_MSEC

struct nv_wheel {
    uint64_t cursor;          /* no armed timer is filed before this tick, but in `due`     */
    uint64_t target;          /* the tick of the newest nv_wheel_advance(); >= cursor       */
    uint64_t order;           /* of the newest arming                                       */
    uint64_t limit;           /* armed later than this: not in the present batch            */
    uint64_t armed;           /* how many timers are filed                                  */
    uint64_t unsorted;        /* slots of level 0 that are not in arming order              */
    uint32_t levels;          /* bit l: level l has an occupied slot                        */
    uint32_t is_due_unsorted; /* nonzero while `due` must be sorted before use       */
    uint64_t occupied[NV_WHEEL_LEVELS];
    struct nave_timer due; /* the list of the tick that is being fired               */
    /* Heads of circular lists. head.tick: a lower bound of the ticks in the slot. */
    struct nave_timer slot[NV_WHEEL_LEVELS][NV_WHEEL_SLOTS];
};

/* Ready an empty wheel whose time is `now_ns`. */
void nv_wheel_init(struct nv_wheel *w, nave_nsec now_ns);

/* File `t` for `deadline_ns`; an armed one is moved. A deadline that has passed is due at once, but
 * never in the batch that is being taken. */
void nv_wheel_start(struct nv_wheel *w, struct nave_timer *t, nave_nsec deadline_ns);

/* Take `t` out. State: armed. */
void nv_wheel_stop(struct nv_wheel *w, struct nave_timer *t);

/* Begin a batch: what is due at `now_ns` may be taken. A clock that goes back is ignored. */
void nv_wheel_advance(struct nv_wheel *w, nave_nsec now_ns);

/* The next due timer of the batch, disarmed; NULL when there is none. In the order of ticks, then
 * of arming. */
struct nave_timer *nv_wheel_pop(struct nv_wheel *w);

/* When to call again: not later than the first deadline, and a time of the past when something is
 * due now. NAVE_NEVER: nothing is armed. */
nave_nsec nv_wheel_next(const struct nv_wheel *w);

#endif

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
#define NV_WHEEL_BITS   6u
#define NV_WHEEL_SLOTS  64 /* 1 << NV_WHEEL_BITS */
#define NV_WHEEL_TICK   NAVE_MSEC
#define NV_WHEEL_CHAINS 4u

/* Heads of circular lists, by the two lowest bits of the order of arming: four lists that can be walked
 * side by side, so that four misses are in flight and not one. A head is seen as a struct nave_timer of
 * which only the links are there. */
struct nv_wheel_slot {
    struct nave_timer *link[NV_WHEEL_CHAINS][2];
};

struct nv_wheel {
    uint64_t cursor;    /* no armed timer is filed before this tick, but in `due`     */
    uint64_t target;    /* the tick of the newest nv_wheel_advance(); >= cursor       */
    uint64_t order;     /* of the newest arming                                       */
    uint64_t limit;     /* armed later than this: not in the present batch            */
    uint64_t due_order; /* of the timer of `due` that was taken last; 0: none was     */
    uint64_t unsorted;  /* slots of level 0 that are not in arming order              */
    uint32_t levels;    /* bit l: level l has an occupied slot                        */
    uint32_t due_ahead; /* how many of `due` have been looked at ahead of their turn  */
    uint64_t occupied[NV_WHEEL_LEVELS];
    uint64_t first[NV_WHEEL_LEVELS][NV_WHEEL_SLOTS]; /* not later than the first tick in the slot;
                                                        UINT64_MAX when it is empty */
    struct nv_wheel_slot due __attribute__((aligned(64))); /* of the tick that is being fired */
    struct nv_wheel_slot leaving;                          /* being cascaded                  */
    struct nv_wheel_slot slot[NV_WHEEL_LEVELS][NV_WHEEL_SLOTS];
    struct nave_timer behind; /* what the last head has not */
};

/* Ready an empty wheel whose time is `now_ns`. */
void nv_wheel_init(struct nv_wheel *w, nave_nsec now_ns);

/* --- what arming and disarming are made of: inline, for there may be millions a second ---------- */

/* The first tick that is not before `deadline_ns`: never early. */
static inline uint64_t nv_wheel_tick_of(nave_nsec deadline_ns)
{
    uint64_t ns = deadline_ns > 0 ? (uint64_t)deadline_ns : 0;

    return (ns + (uint64_t)NV_WHEEL_TICK - 1) / (uint64_t)NV_WHEEL_TICK;
}

static inline struct nave_timer *nv_wheel_head(struct nv_wheel_slot *slot, uint64_t chain)
{
    return (struct nave_timer *)(void *)slot->link[chain];
}

/* Put `t` at the end of its chain of the slot where `tick` belongs; tick >= cursor. Gives the slot. */
static inline uint32_t nv_wheel_file(struct nv_wheel *w, struct nave_timer *t, uint64_t tick)
{
    uint64_t differ = (w->cursor ^ tick) | 1;
    uint32_t level = (63u - (uint32_t)__builtin_clzll(differ)) / NV_WHEEL_BITS;
    uint32_t index = (uint32_t)(tick >> (level * NV_WHEEL_BITS)) & (NV_WHEEL_SLOTS - 1);
    struct nave_timer *head = nv_wheel_head(&w->slot[level][index], t->order % NV_WHEEL_CHAINS);
    struct nave_timer *last = head->prev;

    t->tick = tick;
    t->next = head;
    t->prev = last;
    last->next = t;
    head->prev = t;
    if (NAVE_UNLIKELY(last == head)) {
        w->occupied[level] |= 1ull << index;
        w->levels |= 1u << level;
    }
    if (NAVE_UNLIKELY(tick < w->first[level][index]))
        w->first[level][index] = tick;
    return level * NV_WHEEL_SLOTS + index;
}

/* The chain of `head` has become empty. */
void nv_wheel_emptied(struct nv_wheel *w, const struct nave_timer *head);

/* Take `t` out of its list. */
static inline void nv_wheel_unlink(struct nv_wheel *w, struct nave_timer *t)
{
    struct nave_timer *next = t->next, *prev = t->prev;

    prev->next = next;
    next->prev = prev;
    t->next = t->prev = NULL;
    /* Between the same: both are the head. (To look at the neighbour would be one miss more.) */
    if (NAVE_UNLIKELY(next == prev))
        nv_wheel_emptied(w, next);
}

/* File `t` for `deadline_ns`. A deadline that has passed is due at once, but never in the batch that is
 * being taken. State: not armed. */
static inline void nv_wheel_start(struct nv_wheel *w, struct nave_timer *t, nave_nsec deadline_ns)
{
    uint64_t tick = nv_wheel_tick_of(deadline_ns);

    t->deadline_ns = deadline_ns;
    t->order = ++w->order; /* the newest: its slot stays in order */
    /* What has passed counts as now: it fires behind all that was due before. */
    (void)nv_wheel_file(w, t, tick > w->target ? tick : w->target);
}

/* Take `t` out. State: armed. */
static inline void nv_wheel_stop(struct nv_wheel *w, struct nave_timer *t)
{
    nv_wheel_unlink(w, t);
}

/* Begin a batch: what is due at `now_ns` may be taken. A clock that goes back is ignored. */
void nv_wheel_advance(struct nv_wheel *w, nave_nsec now_ns);

/* The next due timer of the batch, disarmed; NULL when there is none. In the order of ticks, then
 * of arming. */
struct nave_timer *nv_wheel_pop(struct nv_wheel *w);

/* When to call again: not later than the first deadline, and a time of the past when something is
 * due now. NAVE_NEVER: nothing is armed. */
nave_nsec nv_wheel_next(struct nv_wheel *w);

#endif

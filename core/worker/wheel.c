/* SPDX-License-Identifier: MIT
 *
 * The timer wheel. A timer sits on the level of the highest 6-bit digit in which its tick differs
 * from the cursor, in the slot of that digit. When the cursor enters an occupied slot of a level
 * above 0, the slot is emptied into the levels below (a cascade).
 *
 * Invariants
 *  - The cursor never passes or enters an occupied slot without emptying it. Hence all timers of one
 *    tick are in one slot, everything on a lower level is earlier than everything on a higher one,
 *    and within a level the slots are in the order of time: the first is found by two ctz.
 *  - A timer's tick is never later than its deadline asks for; nave_timer_extend() makes the
 *    deadline later without telling, which is seen when the slot is reached.
 *  - Chains are in arming order except where a timer was filed again late; such slots of level 0 are
 *    marked and sorted once, when they fire. (Sorting while filing would be quadratic.) The four chains
 *    of a slot are merged by order when it fires.
 */
#include "wheel.h"

#include <stdint.h>
#include <string.h>

#define SORT_BINS 64
#define AHEAD     8u /* of each chain: few enough to overlap with what was done before */

static void list_reset(struct nave_timer *head)
{
    head->next = head->prev = head;
}

static int slot_is_empty(struct nv_wheel_slot *slot)
{
    uint32_t c;

    for (c = 0; c < NV_WHEEL_CHAINS; c++)
        if (nv_wheel_head(slot, c)->next != nv_wheel_head(slot, c))
            return 0;
    return 1;
}

static void slot_reset(struct nv_wheel_slot *slot)
{
    uint32_t c;

    for (c = 0; c < NV_WHEEL_CHAINS; c++)
        list_reset(nv_wheel_head(slot, c));
}

/* Slot `at`, counted over all levels, has no timers any more. */
static void slot_clear(struct nv_wheel *w, uint32_t at)
{
    uint32_t level = at / NV_WHEEL_SLOTS, index = at % NV_WHEEL_SLOTS;

    w->first[level][index] = UINT64_MAX;
    w->occupied[level] &= ~(1ull << index);
    if (!w->occupied[level])
        w->levels &= ~(1u << level);
    if (level == 0)
        w->unsorted &= ~(1ull << index);
}

/* File a timer that was armed before others may have been: mark its slot when it is out of order. */
static void file_again(struct nv_wheel *w, struct nave_timer *t, uint64_t tick)
{
    uint32_t at = nv_wheel_file(w, t, tick);

    if (at < NV_WHEEL_SLOTS && t->prev != t->next && t->prev->order > t->order)
        w->unsorted |= 1ull << at;
}

void nv_wheel_emptied(struct nv_wheel *w, const struct nave_timer *head)
{
    uintptr_t offset = (uintptr_t)head - (uintptr_t)w->slot; /* its place tells the slot */
    uint32_t at;

    if (offset >= sizeof(w->slot))
        return; /* it is one of `due` */
    at = (uint32_t)(offset / sizeof(w->slot[0][0]));
    if (slot_is_empty(&w->slot[0][0] + at))
        slot_clear(w, at);
}

static struct nave_timer *merge(struct nave_timer *a, struct nave_timer *b)
{
    struct nave_timer *first = NULL, **end = &first;

    while (a && b) {
        struct nave_timer **less = a->order < b->order ? &a : &b;

        *end = *less;
        end = &(*less)->next;
        *less = *end;
    }
    *end = a ? a : b;
    return first;
}

/* Sort a list that is not empty by arming order: a bottom-up merge sort over the next pointers. */
static void list_sort(struct nave_timer *head)
{
    struct nave_timer *bins[SORT_BINS] = {NULL}, *t, *rest = head->next, *prev = head;
    uint32_t i;

    head->prev->next = NULL;
    while ((t = rest)) {
        rest = t->next;
        t->next = NULL;
        for (i = 0; bins[i]; i++) {
            t = merge(bins[i], t);
            bins[i] = NULL;
        }
        bins[i] = t;
    }
    for (i = 0, t = NULL; i < SORT_BINS; i++)
        t = merge(bins[i], t);
    for (; t; prev = t, t = t->next) {
        prev->next = t;
        t->prev = prev;
    }
    prev->next = head;
    head->prev = prev;
}

/* Move the chains of slot `at` to `to`, which is empty. */
static void slot_move(struct nv_wheel *w, struct nv_wheel_slot *to, uint32_t at)
{
    struct nv_wheel_slot *slot = &w->slot[0][0] + at;
    uint32_t c;

    for (c = 0; c < NV_WHEEL_CHAINS; c++) {
        struct nave_timer *from = nv_wheel_head(slot, c), *head = nv_wheel_head(to, c);

        if (from->next == from)
            continue;
        head->next = from->next;
        head->prev = from->prev;
        head->next->prev = head;
        head->prev->next = head;
        list_reset(from);
    }
    slot_clear(w, at);
}

/* Where the deadline is now, which is not before where `t` was filed. */
static uint64_t moved_tick(const struct nave_timer *t)
{
    uint64_t tick = nv_wheel_tick_of(t->deadline_ns);

    return tick > t->tick ? tick : t->tick;
}

/* Empty slot `at` into the levels below, one of each chain in turn: while one is waited for, the next
 * are on their way. The levels below are empty, so the order of each chain is kept. */
static void cascade(struct nv_wheel *w, uint32_t at)
{
    struct nave_timer *next[NV_WHEEL_CHAINS];
    uint32_t c, left;

    slot_move(w, &w->leaving, at);
    for (c = 0; c < NV_WHEEL_CHAINS; c++)
        next[c] = nv_wheel_head(&w->leaving, c)->next;
    do {
        for (c = left = 0; c < NV_WHEEL_CHAINS; c++) {
            struct nave_timer *t = next[c];

            if (t == nv_wheel_head(&w->leaving, c))
                continue;
            next[c] = t->next;
            __builtin_prefetch(next[c], 1);
            file_again(w, t, moved_tick(t));
            left++;
        }
    } while (left > 0);
    slot_reset(&w->leaving);
}

/* Look at the next of each chain of `due`, side by side, so that they are there when their turn comes. */
static void look_ahead(struct nv_wheel *w)
{
    const struct nave_timer *head[NV_WHEEL_CHAINS], *t[NV_WHEEL_CHAINS];
    uint32_t c, i, n = 0;

    for (c = 0; c < NV_WHEEL_CHAINS; c++)
        t[c] = head[c] = nv_wheel_head(&w->due, c);
    for (i = 0; i < AHEAD; i++) {
        uint32_t before = n;

        for (c = 0; c < NV_WHEEL_CHAINS; c++) {
            const struct nave_timer *next = t[c]->next;

            if (next != head[c]) {
                t[c] = next;
                n++;
            }
        }
        if (n == before)
            break;
    }
    w->due_ahead = n;
}

/* The first of `due` in the order of arming; NULL when there is none. */
static struct nave_timer *first_due(struct nv_wheel *w)
{
    uint64_t order = w->due_order + 1;
    struct nave_timer *head = nv_wheel_head(&w->due, order % NV_WHEEL_CHAINS), *first = head->next;
    uint32_t c;

    /* Those that are armed one after the other often fire so: none is between. */
    if (first != head && first->order == order)
        return first;
    for (c = 0, first = NULL, order = UINT64_MAX; c < NV_WHEEL_CHAINS; c++) {
        struct nave_timer *t;

        head = nv_wheel_head(&w->due, c);
        t = head->next;
        if (t != head && t->order < order) {
            order = t->order;
            first = t;
        }
    }
    return first;
}

/* Move the cursor to the first occupied slot that is due and empty it, into `due` or the levels
 * below. 0: there is none. */
static int enter_next_slot(struct nv_wheel *w)
{
    uint32_t level, index, shift, c;
    uint64_t start;
    int is_unsorted;

    if (!w->levels) {
        w->cursor = w->target;
        return 0;
    }
    level = (uint32_t)__builtin_ctz(w->levels);
    index = (uint32_t)__builtin_ctzll(w->occupied[level]);
    shift = level * NV_WHEEL_BITS;
    /* The digits above are the cursor's, the digits below are 0. */
    start = ((w->cursor >> shift & ~(uint64_t)(NV_WHEEL_SLOTS - 1)) | index) << shift;
    if (start > w->target) {
        w->cursor = w->target;
        return 0;
    }
    w->cursor = start;
    if (level > 0) {
        cascade(w, level * NV_WHEEL_SLOTS + index);
        return 1;
    }
    is_unsorted = (int)(w->unsorted >> index & 1);
    slot_move(w, &w->due, index);
    for (c = 0; is_unsorted && c < NV_WHEEL_CHAINS; c++)
        if (nv_wheel_head(&w->due, c)->next != nv_wheel_head(&w->due, c))
            list_sort(nv_wheel_head(&w->due, c));
    w->due_ahead = 0;
    w->due_order = 0;
    return 1;
}

void nv_wheel_init(struct nv_wheel *w, nave_nsec now_ns)
{
    uint32_t i;

    memset(w, 0, sizeof(*w));
    memset(w->first, 0xff, sizeof(w->first));
    for (i = 0; i < NV_WHEEL_LEVELS * NV_WHEEL_SLOTS; i++)
        slot_reset(&w->slot[0][0] + i);
    slot_reset(&w->due);
    slot_reset(&w->leaving);
    w->cursor = w->target = (now_ns > 0 ? (uint64_t)now_ns : 0) / (uint64_t)NV_WHEEL_TICK;
}

void nv_wheel_advance(struct nv_wheel *w, nave_nsec now_ns)
{
    uint64_t tick = (now_ns > 0 ? (uint64_t)now_ns : 0) / (uint64_t)NV_WHEEL_TICK; /* down */

    if (tick > w->target)
        w->target = tick;
    w->limit = w->order;
}

struct nave_timer *nv_wheel_pop(struct nv_wheel *w)
{
    for (;;) {
        struct nave_timer *t;

        if (w->due_ahead == 0)
            look_ahead(w);
        t = first_due(w);
        if (!t) {
            if (!enter_next_slot(w))
                return NULL;
            continue;
        }
        /* Armed by a callback of this batch: the next one's. Only the last tick has such. */
        if (t->order > w->limit)
            return NULL;
        nv_wheel_unlink(w, t);
        w->due_order = t->order;
        if (w->due_ahead > 0)
            w->due_ahead--;
        if (NAVE_UNLIKELY(t->deadline_ns > (nave_nsec)(w->cursor * (uint64_t)NV_WHEEL_TICK))) {
            file_again(w, t, nv_wheel_tick_of(t->deadline_ns)); /* it was extended */
            continue;
        }
        return t;
    }
}

nave_nsec nv_wheel_next(struct nv_wheel *w)
{
    uint32_t level, index;
    uint64_t tick;

    if (!slot_is_empty(&w->due))
        return (nave_nsec)(w->cursor * (uint64_t)NV_WHEEL_TICK);
    if (!w->levels)
        return NAVE_NEVER;
    level = (uint32_t)__builtin_ctz(w->levels);
    index = (uint32_t)__builtin_ctzll(w->occupied[level]);
    tick = w->first[level][index];
    if (tick > (uint64_t)(NAVE_NEVER / NV_WHEEL_TICK))
        return NAVE_NEVER;
    return (nave_nsec)(tick * (uint64_t)NV_WHEEL_TICK);
}

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
 *  - Lists are in arming order except where a timer was filed again late; such slots of level 0 are
 *    marked and sorted once, when they fire. (Sorting while filing would be quadratic.)
 */
#include "wheel.h"

#include <string.h>

#define SORT_BINS 64

static int list_is_empty(const struct nave_timer *head)
{
    return head->next == head;
}

static void list_reset(struct nave_timer *head)
{
    head->next = head->prev = head;
}

static void slot_clear(struct nv_wheel *w, uint32_t level, uint32_t index)
{
    w->occupied[level] &= ~(1ull << index);
    if (!w->occupied[level])
        w->levels &= ~(1u << level);
    if (level == 0)
        w->unsorted &= ~(1ull << index);
}

/* File a timer that was armed before others may have been: mark its slot when it is out of order. */
static void file_again(struct nv_wheel *w, struct nave_timer *t, uint64_t tick)
{
    const struct nave_timer *head = nv_wheel_file(w, t, tick), *before = t->prev;
    uint32_t at = (uint32_t)(head - &w->slot[0][0]);

    if (at < NV_WHEEL_SLOTS && before != head && before->order > t->order)
        w->unsorted |= 1ull << at;
}

void nv_wheel_emptied(struct nv_wheel *w, struct nave_timer *head)
{
    uint32_t at;

    if (head == &w->due)
        return;
    at = (uint32_t)(head - &w->slot[0][0]); /* its place tells the slot */
    slot_clear(w, at / NV_WHEEL_SLOTS, at % NV_WHEEL_SLOTS);
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

/* Sort a list by arming order: a bottom-up merge sort over the next pointers. */
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

/* Move the list at `head` behind `to`, which is empty. */
static void list_move(struct nave_timer *to, struct nave_timer *head)
{
    to->next = head->next;
    to->prev = head->prev;
    to->next->prev = to;
    to->prev->next = to;
    list_reset(head);
}

/* Where the deadline is now, which is not before where `t` was filed. */
static uint64_t moved_tick(const struct nave_timer *t)
{
    uint64_t tick = nv_wheel_tick_of(t->deadline_ns);

    return tick > t->tick ? tick : t->tick;
}

static void cascade(struct nv_wheel *w, uint32_t level, uint32_t index)
{
    struct nave_timer list, *t, *next;

    list_move(&list, &w->slot[level][index]);
    slot_clear(w, level, index);
    for (t = list.next; t != &list; t = next) {
        next = t->next;
        file_again(w, t, moved_tick(t));
    }
}

/* Move the cursor to the first occupied slot that is due and empty it, into `due` or the levels
 * below. 0: there is none. */
static int enter_next_slot(struct nv_wheel *w)
{
    uint32_t level, index, shift;
    uint64_t start;

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
        cascade(w, level, index);
        return 1;
    }
    w->is_due_unsorted = (uint32_t)(w->unsorted >> index & 1);
    list_move(&w->due, &w->slot[0][index]);
    slot_clear(w, 0, index);
    return 1;
}

void nv_wheel_init(struct nv_wheel *w, nave_nsec now_ns)
{
    uint32_t i;

    memset(w, 0, sizeof(*w));
    for (i = 0; i < NV_WHEEL_LEVELS * NV_WHEEL_SLOTS; i++)
        list_reset(&w->slot[0][0] + i);
    list_reset(&w->due);
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
        uint64_t tick;

        if (list_is_empty(&w->due)) {
            if (!enter_next_slot(w))
                return NULL;
            continue;
        }
        if (w->is_due_unsorted) {
            list_sort(&w->due);
            w->is_due_unsorted = 0;
        }
        t = w->due.next;
        /* Armed by a callback of this batch: the next one's. Only the last tick has such. */
        if (t->order > w->limit)
            return NULL;
        tick = moved_tick(t);
        nv_wheel_unlink(w, t);
        if (tick > w->cursor) {
            file_again(w, t, tick);
            continue;
        }
        return t;
    }
}

nave_nsec nv_wheel_next(const struct nv_wheel *w)
{
    uint32_t level, index;
    uint64_t tick;

    if (!list_is_empty(&w->due))
        return (nave_nsec)(w->cursor * (uint64_t)NV_WHEEL_TICK);
    if (!w->levels)
        return NAVE_NEVER;
    level = (uint32_t)__builtin_ctz(w->levels);
    index = (uint32_t)__builtin_ctzll(w->occupied[level]);
    tick = w->slot[level][index].tick;
    if (tick > (uint64_t)(NAVE_NEVER / NV_WHEEL_TICK))
        return NAVE_NEVER;
    return (nave_nsec)(tick * (uint64_t)NV_WHEEL_TICK);
}

/* SPDX-License-Identifier: MIT
 *
 * The local queue of a worker, core/worker/ring.h in its own source with four slots: its owner pushes, pops and
 * overflows while one or two thieves are anywhere in the middle of theirs, also where the counters wrap
 * around. Every task is taken exactly once, none is read from a slot before it was written there.
 */
#define MODEL_REDIRECT
#include "explore.h"

#define NV_RING_SIZE 4u
#include "worker/ring.h"

#include <string.h>

/* The thief's function as it must not be: the slots are given back before they are read. */
static struct nv_task *steal_too_early(struct nv_ring *from, struct nv_ring *to,
                                       uint32_t *out_moved)
{
    uint32_t end = __atomic_load_n(&to->tail, __ATOMIC_RELAXED), real, n, i;
    uint64_t head = __atomic_load_n(&from->head, __ATOMIC_ACQUIRE);

    *out_moved = 0;
    real = (uint32_t)head;
    n = __atomic_load_n(&from->tail, __ATOMIC_ACQUIRE) - real;
    if ((uint32_t)(head >> 32) != real || n == 0 || n > NV_RING_SIZE)
        return NULL;
    n -= n / 2;
    if (!__atomic_compare_exchange_n(&from->head, &head, nv_ring_pack(real + n, real + n), 0,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return NULL;
    for (i = 0; i + 1 < n; i++)
        nv_ring_put(to, end + i, nv_ring_get(from, real + i));
    if (n > 1)
        __atomic_store_n(&to->tail, end + n - 1, __ATOMIC_RELEASE);
    *out_moved = n - 1;
    return nv_ring_get(from, real + n - 1);
}

/* The owner's: the task is to be seen before it is there. */
static int32_t push_too_early(struct nv_ring *r, struct nv_task *t)
{
    uint32_t tail = __atomic_load_n(&r->tail, __ATOMIC_RELAXED);

    if (tail - (uint32_t)(__atomic_load_n(&r->head, __ATOMIC_ACQUIRE) >> 32) >= NV_RING_SIZE)
        return 0;
    __atomic_store_n(&r->tail, tail + 1, __ATOMIC_RELEASE);
    nv_ring_put(r, tail, t);
    return 1;
}

#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_compare_exchange_n

#include "test_main.h"

#define TASKS 12u

struct nv_task {
    uint32_t takes;
};

enum mutant {
    NO_MUTANT,
    STEALS_TOO_EARLY,
    PUSHES_TOO_EARLY,
    IS_ALONE_WITH_THIEVES, /* the pop of a single worker, in company */
};

static struct nv_ring rings[MODEL_THREADS]; /* 0: the owner's; the others: of the thieves */
static struct nv_task tasks[TASKS];
static struct nv_task nobody; /* in slots that were never written */
static struct nv_task *group[TASKS];
static uint32_t in_group;
static uint32_t made;
static uint32_t origin; /* where the counters start           */
static uint32_t filled; /* how many are in the ring at first  */
static enum mutant mutant;

static void took(struct nv_task *t)
{
    if (t == &nobody)
        model_fail("a slot was read before it was written");
    if (t && t->takes++)
        model_fail("a task was taken twice");
}

/* --- the owner ------------------------------------------------------------------------------- */

static int32_t push(struct nv_task *t)
{
    return mutant == PUSHES_TOO_EARLY ? push_too_early(&rings[0], t) : nv_ring_push(&rings[0], t);
}

/* As overflow() of scheduler.c. */
static void spawn(void)
{
    struct nv_task *t = &tasks[made++], *half[NV_RING_HALF];
    uint32_t i;

    if (push(t))
        return;
    if (nv_ring_take_half(&rings[0], half)) {
        for (i = 0; i < NV_RING_HALF; i++)
            group[in_group++] = half[i];
    }
    group[in_group++] = t;
}

static void begin(void)
{
    uint32_t i, k;

    for (i = 0; i < MODEL_THREADS; i++) {
        rings[i].head = nv_ring_pack(origin, origin);
        rings[i].tail = origin;
        for (k = 0; k < NV_RING_SIZE; k++)
            rings[i].slot[k] = &nobody;
    }
    memset(tasks, 0, sizeof(tasks));
    made = in_group = 0;
    for (i = 0; i < filled; i++)
        spawn();
}

static void pop(void)
{
    took(nv_ring_pop(&rings[0], mutant == IS_ALONE_WITH_THIEVES));
}

static void push_and_pop(void)
{
    spawn();
    spawn();
    pop();
    spawn();
    pop();
    pop();
}

/* The ring is full at the start. */
static void overflow(void)
{
    spawn();
    spawn();
    pop();
}

/* A thief who has looked at `head` may find any of its slots used again. */
static void go_round(void)
{
    uint32_t i;

    for (i = 0; i < NV_RING_SIZE; i++) {
        pop();
        spawn();
    }
}

/* --- thieves --------------------------------------------------------------------------------- */

static void steal_from(struct nv_ring *from)
{
    struct nv_ring *mine = &rings[model_self()];
    uint32_t moved;

    took(mutant == STEALS_TOO_EARLY ? steal_too_early(from, mine, &moved)
                                    : nv_ring_steal(from, mine, &moved));
    while (moved--)
        took(nv_ring_pop(mine, 0));
}

static void steal(void)
{
    steal_from(&rings[0]);
}

static void steal_twice(void)
{
    steal();
    steal();
}

/* From whoever has some: also what the other thief has just put into its ring. */
static void steal_around(void)
{
    steal_from(&rings[0]);
    steal_from(&rings[3 - model_self()]);
}

/* --- after all ------------------------------------------------------------------------------- */

static void end(void)
{
    struct nv_task *t;
    uint32_t i;

    for (i = 0; i < in_group; i++)
        took(group[i]);
    for (i = 0; i < MODEL_THREADS; i++) {
        if ((uint32_t)rings[i].head != (uint32_t)(rings[i].head >> 32))
            model_fail("a thief has kept the ring");
        while ((t = nv_ring_pop(&rings[i], 0)))
            took(t);
    }
    for (i = 0; i < made; i++)
        if (tasks[i].takes != 1)
            model_fail("a task was lost");
}

struct scenario {
    const char *name;
    uint32_t filled;
    void (*owner)(void);
    void (*first)(void);
    void (*second)(void);
    uint32_t switches; /* all interleavings with that many */
    uint64_t chances;  /* so many with up to twelve        */
};

static const struct scenario pushing = {
    "pushes and pops, a thief", 0, push_and_pop, steal, NULL, 3, 20000};
static const struct scenario pushing_two = {
    "pushes and pops, two thieves", 0, push_and_pop, steal, steal, 1, 20000};
static const struct scenario overflowing = {
    "overflows, a thief", NV_RING_SIZE, overflow, steal_twice, NULL, 2, 20000};
static const struct scenario overflowing_two = {
    "overflows, two thieves", NV_RING_SIZE, overflow, steal_around, steal_around, 1, 20000};
static const struct scenario going_round = {
    "goes round, a thief", NV_RING_SIZE - 1, go_round, steal, NULL, 2, 20000};

static struct model_result explore(const struct scenario *s, uint64_t seed)
{
    struct model_test t = {.name = s->name,
                           .begin = begin,
                           .thread = {s->owner, s->first, s->second},
                           .end = end,
                           .switches_max = seed ? 12 : s->switches,
                           .runs_max = seed ? s->chances : 800000,
                           .seed = seed};

    filled = s->filled;
    return model_explore(&t);
}

static void holds(const struct scenario *s)
{
    struct model_result r;

    model_breaks = 0;
    mutant = NO_MUTANT;
    r = explore(s, 0);
    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT_EQUAL(r.is_whole, 1);
    CU_ASSERT_PTR_NULL(explore(s, 7).failure);
}

static void fails(const struct scenario *s, enum mutant m, uint32_t breaks)
{
    mutant = m;
    model_breaks = breaks;
#ifdef NV_SANITIZED
    model_breaks = MODEL_CAS_IS_TWO_STEPS;
#endif
    CU_ASSERT_PTR_NOT_NULL(explore(s, 0).failure);
    model_breaks = 0;
    mutant = NO_MUTANT;
}

static void a_task_is_taken_once_by_the_owner_or_a_thief(void)
{
    origin = 0;
    holds(&pushing);
    holds(&pushing_two);
}

static void what_overflows_is_taken_once_while_thieves_are_at_work(void)
{
    origin = 0;
    holds(&overflowing);
    holds(&overflowing_two);
}

static void slots_are_used_again_only_after_the_thief_has_read_them(void)
{
    origin = 0;
    holds(&going_round);
}

static void counters_may_wrap_around(void)
{
    origin = UINT32_MAX - 1;
    holds(&pushing);
    holds(&overflowing);
    holds(&going_round);
}

static void slots_given_back_before_they_are_read_are_seen_to_fail(void)
{
    origin = 0;
    fails(&going_round, STEALS_TOO_EARLY, 0);
    fails(&overflowing, STEALS_TOO_EARLY, 0);
}

static void a_task_announced_before_it_is_there_is_seen_to_fail(void)
{
    origin = 0;
    fails(&pushing, PUSHES_TOO_EARLY, 0);
}

static void taking_in_two_steps_is_seen_to_fail(void)
{
    origin = 0;
    fails(&pushing, NO_MUTANT, MODEL_CAS_IS_TWO_STEPS);
    fails(&pushing, IS_ALONE_WITH_THIEVES, 0);
}

static CU_TestInfo tests[] = {
    {"a_task_is_taken_once_by_the_owner_or_a_thief", a_task_is_taken_once_by_the_owner_or_a_thief},
    {"what_overflows_is_taken_once_while_thieves_are_at_work",
     what_overflows_is_taken_once_while_thieves_are_at_work},
    {"slots_are_used_again_only_after_the_thief_has_read_them",
     slots_are_used_again_only_after_the_thief_has_read_them},
    {"counters_may_wrap_around", counters_may_wrap_around},
    {"slots_given_back_before_they_are_read_are_seen_to_fail",
     slots_given_back_before_they_are_read_are_seen_to_fail},
    {"a_task_announced_before_it_is_there_is_seen_to_fail",
     a_task_announced_before_it_is_there_is_seen_to_fail},
    {"taking_in_two_steps_is_seen_to_fail", taking_in_two_steps_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of the ring", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Notifications, core/sync/notify.c in its own source: none is lost and none made. One that came before anybody
 * waited is kept, one that was given to an op that is dropped goes on to the next, all() serves those who
 * wait and no later ones, and who starts, looks at the condition and then awaits does not miss it.
 */
#define MODEL_REDIRECT
#include "tearing.h"

/* all() leaves the lock after each one that it has served. */
#undef NV_WAKES_MAX
#define NV_WAKES_MAX 1u

#include "sync/notify.c"

#undef memcpy
#undef nv_lock_leave
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n
#undef __atomic_compare_exchange_n
#undef __atomic_fetch_and
#undef __atomic_fetch_or
#undef __atomic_fetch_add

#include "actors.h"

#include "test_main.h"

static struct nave_notify notify;
static uint32_t drops;      /* that each thread does           */
static int32_t is_called;   /* all have callbacks              */
static uint32_t condition;  /* atomic                          */
static uint32_t served;     /* threads that were notified once */
static uint32_t is_waiting; /* the first has begun            */

/* --- what it needs of the rest --------------------------------------------------------------- */

/* As in lock.c. */
nave_poll nv_state_poll(struct nave_op *op)
{
    struct nave_lock_state *s = op->impl;

    if ((nave_err)(int32_t)model_load(&op->result, sizeof(op->result)) == NAVE_EAGAIN)
        return NAVE_PENDING;
    nv_lock_take(nv_state_lock(s));
    nv_lock_leave(nv_state_lock(s));
    return NAVE_READY;
}

nave_err nv_locks_may_block(const struct nave_lock_state *s)
{
    (void)s;
    return NAVE_OK;
}

/* --- the threads ----------------------------------------------------------------------------- */

static void make(void)
{
    actors_begin();
    memset(&notify, 0, sizeof(notify));
    condition = served = is_waiting = 0;
}

/* 0: it was taken back. */
static int32_t wait_with(uint32_t *left)
{
    struct actor *a = ready(is_called);

    return finish(a, notify_wait(&notify, &a->op), left);
}

/* Is notified once, and says so. */
static void wait_once(void)
{
    uint32_t left = drops;

    while (!wait_with(&left))
        ;
    served++;
}

/* ... and notifies the next. */
static void wait_and_pass_on(void)
{
    wait_once();
    notify_one(&notify);
}

/* Takes it back when it has to wait; else passes on what it has got. */
static void wait_or_not(void)
{
    uint32_t once = 1;

    if (wait_with(&once))
        notify_one(&notify);
}

static void one(void)
{
    notify_one(&notify);
}

static void all_then_one(void)
{
    notify_all(&notify);
    notify_one(&notify);
}

/* As nave/notify.h says: start, look, await. */
static void wait_for_condition(void)
{
    uint32_t left = drops, none = 0;

    for (;;) {
        struct actor *a = ready(is_called);
        nave_err err = notify_wait(&notify, &a->op);

        if (model_load(&condition, sizeof(condition))) {
            nave_op_begun(&a->op, err);
            nave_op_drop(&a->op);
            let_go(a);
            break;
        }
        if (finish(a, err, left ? &left : &none) && !model_load(&condition, sizeof(condition)))
            model_fail("notified without a reason");
    }
    served++;
}

static void meet_condition(void)
{
    model_store(&condition, sizeof(condition), 1, __ATOMIC_RELEASE);
    notify_all(&notify);
}

static void meet_condition_one(void)
{
    model_store(&condition, sizeof(condition), 1, __ATOMIC_RELEASE);
    notify_one(&notify);
}

/* Waits twice; all() comes once, when the first has begun. */
static void wait_twice(void)
{
    uint32_t none = 0, once = 1;
    struct actor *a = ready(is_called);
    nave_err err = notify_wait(&notify, &a->op);

    (void)model_exchange(&is_waiting, sizeof(is_waiting), 1);
    (void)finish(a, err, &none);
    served++;
    if (wait_with(&once))
        model_fail("all() has served one that came later");
}

static void all_once(void)
{
    model_wait(&is_waiting);
    notify_all(&notify);
}

/* Waits no longer than one look; what it was told it keeps. */
static void wait_a_little(void)
{
    uint32_t once = 1;

    (void)wait_with(&once);
}

static void all(void)
{
    notify_all(&notify);
}

/* --- what holds ------------------------------------------------------------------------------ */

static uint32_t is_left; /* a permit, when all have ended; 2: as it may be */

static void end(void)
{
    if (notify.state.first || notify.state.last || (notify.state.word & WAITERS))
        model_fail("somebody waits for ever");
    if (notify.state.lock)
        model_fail("the lock is held");
    if (is_left < 2 && (notify.state.word & PERMIT) != is_left)
        model_fail("a notification was lost or made");
}

struct scene {
    const char *name;
    void (*thread[3])(void);
    uint32_t is_left;
    uint32_t switches; /* 0: by chance */
};

#define BY_CHANCE 5000u

static struct model_result explore(const struct scene *s, uint32_t way)
{
    struct model_test t = {.name = s->name,
                           .begin = make,
                           .thread = {s->thread[0], s->thread[1], s->thread[2]},
                           .end = end,
                           .switches_max = s->switches ? s->switches : 9,
                           .runs_max = s->switches ? 400000 : BY_CHANCE,
                           .seed = s->switches ? 0 : 7919};
    struct model_result r;

    drops = way & 1;
    is_called = (int32_t)(way >> 1);
    is_by_chance = !s->switches;
    is_left = s->is_left;
    r = model_explore(&t);
    return r;
}

/* As tasks and with callbacks, with and without a drop. */
static void holds(struct scene s)
{
    uint32_t way;

    for (way = 0; way < 4; way++) {
        struct model_result r = explore(&s, way);

        CU_ASSERT_PTR_NULL(r.failure);
        CU_ASSERT(r.is_whole || !s.switches);
    }
}

static void one_notification_reaches_one_that_waits(void)
{
    holds((struct scene){"one", {wait_once, one}, 0, 2});
    holds((struct scene){"passed on", {wait_and_pass_on, wait_and_pass_on, one}, 1, 0});
}

static void what_a_dropped_op_had_got_goes_on(void)
{
    holds((struct scene){"dropped", {wait_or_not, one}, 1, 3});
    holds((struct scene){"dropped, another waits", {wait_or_not, wait_once, one}, 0, 0});
    holds((struct scene){"two dropped", {wait_or_not, wait_or_not, one}, 1, 0});
}

static void all_serves_those_who_wait(void)
{
    holds((struct scene){"all, once", {wait_twice, all_once}, 0, 2});
    holds((struct scene){"all, dropped", {wait_a_little, all}, 0, 3});
    holds((struct scene){"all, two dropped", {wait_a_little, wait_a_little, all}, 0, 0});
    holds(
        (struct scene){"all, then one", {wait_and_pass_on, wait_and_pass_on, all_then_one}, 1, 0});
    holds((struct scene){"all, one later", {wait_twice, wait_a_little, all_once}, 0, 0});
}

static void who_looks_after_the_start_misses_nothing(void)
{
    holds((struct scene){"condition, all", {wait_for_condition, meet_condition}, 2, 2});
    holds((struct scene){"condition, one", {wait_for_condition, meet_condition_one}, 2, 2});
    holds((struct scene){
        "condition, two", {wait_for_condition, wait_for_condition, meet_condition}, 2, 0});
}

static void mistakes_are_seen(void)
{
#ifndef NV_SANITIZED
    struct scene two = {"two", {wait_and_pass_on, wait_and_pass_on, one}, 1, 0};

    model_breaks = MODEL_CAS_IS_TWO_STEPS;
    CU_ASSERT_PTR_NOT_NULL(explore(&two, 1).failure);
    model_breaks = MODEL_TAKING_IS_TWO_STEPS;
    CU_ASSERT_PTR_NOT_NULL(explore(&two, 1).failure);
    model_breaks = 0;
#endif
}

static CU_TestInfo tests[] = {
    {"one_notification_reaches_one_that_waits", one_notification_reaches_one_that_waits},
    {"what_a_dropped_op_had_got_goes_on", what_a_dropped_op_had_got_goes_on},
    {"all_serves_those_who_wait", all_serves_those_who_wait},
    {"who_looks_after_the_start_misses_nothing", who_looks_after_the_start_misses_nothing},
    {"mistakes_are_seen", mistakes_are_seen},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of notify", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

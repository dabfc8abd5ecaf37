/* SPDX-License-Identifier: MIT
 *
 * The timer wheel: single rules by name, then random operations against a sorted model that is too
 * simple to be wrong.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test_main.h"

#include "worker/wheel.h"

#define SEED      UINT64_C(0x9E3779B97F4A7C15)
#define FIRED_MAX 4096

struct log {
    int id[FIRED_MAX];
    size_t n;
};

static struct nv_wheel wheel;

static nave_nsec ms(int64_t n)
{
    return n * NAVE_MSEC;
}

/* Timers of the tests carry their number in arg. */
static void arm(struct nave_timer *t, int id, nave_nsec deadline_ns)
{
    t->arg = (void *)(intptr_t)id;
    if (nave_timer_is_armed(t))
        nv_wheel_stop(&wheel, t);
    nv_wheel_start(&wheel, t, deadline_ns);
}

static void take_all(nave_nsec now_ns, struct log *log)
{
    struct nave_timer *t;

    log->n = 0;
    nv_wheel_advance(&wheel, now_ns);
    while ((t = nv_wheel_pop(&wheel)) && log->n < FIRED_MAX)
        log->id[log->n++] = (int)(intptr_t)t->arg;
}

static void a_timer_never_fires_early(void)
{
    static const int64_t delays[] = {0, 1, 63, 64, 65, 4095, 4096, 4097, 262144, 16777217};
    struct nave_timer t;
    struct log log;
    size_t i;

    for (i = 0; i < NAVE_COUNT(delays); i++) {
        nave_nsec deadline = ms(7) + ms(delays[i]) + 1; /* one past a tick: rounds up */

        memset(&t, 0, sizeof(t));
        nv_wheel_init(&wheel, ms(7));
        arm(&t, 1, deadline);
        take_all(deadline - 1, &log);
        CU_ASSERT_EQUAL(log.n, 0);
        take_all(deadline + NAVE_MSEC - 2, &log);
        CU_ASSERT_EQUAL(log.n, 0);
        CU_ASSERT(nave_timer_is_armed(&t));
        take_all(deadline + NAVE_MSEC - 1, &log);
        CU_ASSERT_EQUAL(log.n, 1);
        CU_ASSERT(!nave_timer_is_armed(&t));
    }
}

static void a_deadline_that_has_passed_is_due_at_once(void)
{
    struct nave_timer a = {0}, b = {0};
    struct log log;

    nv_wheel_init(&wheel, ms(1000));
    arm(&a, 1, ms(3));
    arm(&b, 2, -ms(3));
    CU_ASSERT(nv_wheel_next(&wheel) <= ms(1000));
    take_all(ms(1000), &log);
    CU_ASSERT_EQUAL(log.n, 2);
    CU_ASSERT_EQUAL(log.id[0], 1);
    CU_ASSERT_EQUAL(log.id[1], 2);
}

static void equal_deadlines_fire_in_arming_order_across_levels(void)
{
    struct nave_timer t[6] = {{0}};
    struct log log;
    int i;

    /* One deadline, armed from far away, from the middle, and from near. */
    nv_wheel_init(&wheel, 0);
    arm(&t[0], 0, ms(300000));
    arm(&t[1], 1, ms(300000));
    take_all(ms(290000), &log);
    arm(&t[2], 2, ms(300000));
    arm(&t[3], 3, ms(300000));
    take_all(ms(299990), &log);
    arm(&t[4], 4, ms(300000));
    arm(&t[5], 5, ms(300000));
    take_all(ms(300000), &log);
    CU_ASSERT_EQUAL_FATAL(log.n, 6);
    for (i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(log.id[i], i);
}

/* Thousands of one tick, armed from far and near, some stopped, some moved there and some away. */
static void a_crowd_of_one_tick_fires_in_arming_order(void)
{
    enum { CROWD = 3000 };
    static struct nave_timer t[CROWD];
    static uint64_t fired[CROWD];
    nave_nsec when = ms(300000);
    struct nave_timer *next;
    int i, n = 0, expected = 0, wrong = 0;

    memset(t, 0, sizeof(t));
    nv_wheel_init(&wheel, 0);
    for (i = 0; i < CROWD; i++) {
        if (i == 1000 || i == 2000) {
            nv_wheel_advance(&wheel, i == 1000 ? when - ms(5000) : when - ms(50));
            while ((next = nv_wheel_pop(&wheel)) != NULL)
                wrong++;
        }
        arm(&t[i], i, i % 7 == 3 ? when - ms(20) : when);
        if (i % 7 == 3)
            t[i].deadline_ns = when; /* extended: filed again when it is reached */
    }
    for (i = 0; i < CROWD; i++) {
        if (i % 5 == 1)
            nv_wheel_stop(&wheel, &t[i]);
        else if (i % 11 == 2)
            t[i].deadline_ns = when + ms(1); /* away */
        else
            expected++;
    }
    nv_wheel_advance(&wheel, when);
    while ((next = nv_wheel_pop(&wheel)) != NULL && n < CROWD)
        fired[n++] = next->order;
    CU_ASSERT_EQUAL(n, expected);
    for (i = 1; i < n; i++)
        wrong += fired[i] <= fired[i - 1];
    CU_ASSERT_EQUAL(wrong, 0);
    nv_wheel_advance(&wheel, when + ms(1));
    for (n = 0; nv_wheel_pop(&wheel) != NULL; n++)
        continue;
    CU_ASSERT(n > 0 && nv_wheel_next(&wheel) == NAVE_NEVER);
}

static void a_deadline_moved_later_by_one_store_is_kept(void)
{
    struct nave_timer a = {0}, b = {0};
    struct log log;

    nv_wheel_init(&wheel, 0);
    arm(&a, 1, ms(10));
    arm(&b, 2, ms(500));
    a.deadline_ns = ms(500); /* what nave_timer_extend does */
    take_all(ms(499), &log);
    CU_ASSERT_EQUAL(log.n, 0);
    take_all(ms(500), &log);
    CU_ASSERT_EQUAL_FATAL(log.n, 2);
    CU_ASSERT_EQUAL(log.id[0], 1); /* armed first, though filed last */
    CU_ASSERT_EQUAL(log.id[1], 2);
}

static void a_timer_restarted_while_taken_waits_for_the_next_batch(void)
{
    struct nave_timer a = {0}, b = {0}, *t;
    int fired = 0;

    nv_wheel_init(&wheel, 0);
    arm(&a, 1, ms(5));
    arm(&b, 2, ms(5));
    nv_wheel_advance(&wheel, ms(9));
    while ((t = nv_wheel_pop(&wheel)) && fired < 10) {
        fired++;
        arm(t, 3, ms(5));
    }
    CU_ASSERT_EQUAL(fired, 2);
    CU_ASSERT(nv_wheel_next(&wheel) <= ms(9));
    nv_wheel_advance(&wheel, ms(9));
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &a);
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &b);
    CU_ASSERT_PTR_NULL(nv_wheel_pop(&wheel));
}

/* What has passed counts as now, behind all that was due: a batch is not cut short by it. */
static void a_timer_armed_for_the_past_waits_behind_all_that_is_due(void)
{
    struct nave_timer a = {0}, b = {0}, late = {0};

    nv_wheel_init(&wheel, 0);
    arm(&a, 1, ms(5));
    arm(&b, 2, ms(70));
    nv_wheel_advance(&wheel, ms(100));
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &a);
    arm(&late, 3, ms(3));
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &b);
    CU_ASSERT_PTR_NULL(nv_wheel_pop(&wheel));
    CU_ASSERT(nv_wheel_next(&wheel) <= ms(100));
    nv_wheel_advance(&wheel, ms(100));
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &late);
}

static void a_clock_that_goes_back_is_ignored(void)
{
    struct nave_timer a = {0}, b = {0};
    struct log log;

    nv_wheel_init(&wheel, 0);
    take_all(ms(100), &log);
    arm(&a, 1, ms(160));
    take_all(ms(50), &log);
    CU_ASSERT_EQUAL(log.n, 0);
    arm(&b, 2, ms(60)); /* has passed: it was 100 already */
    CU_ASSERT(nv_wheel_next(&wheel) <= ms(100));
    take_all(ms(50), &log);
    CU_ASSERT_EQUAL_FATAL(log.n, 1);
    CU_ASSERT_EQUAL(log.id[0], 2);
    take_all(ms(159), &log);
    CU_ASSERT_EQUAL(log.n, 0);
    take_all(ms(160), &log);
    CU_ASSERT_EQUAL(log.n, 1);
}

/* It is filed where it belongs when its slot is emptied, not once more where it was. */
static void a_deadline_moved_later_far_away_costs_one_look(void)
{
    struct nave_timer a = {0};
    struct log log;

    nv_wheel_init(&wheel, 0);
    arm(&a, 1, ms(100)); /* level 1: its slot begins at 64 */
    a.deadline_ns = ms(5000);
    take_all(ms(64), &log);
    CU_ASSERT_EQUAL(log.n, 0);
    CU_ASSERT_EQUAL(nv_wheel_next(&wheel), ms(5000));
}

static void a_due_timer_stopped_by_another_does_not_fire(void)
{
    struct nave_timer a = {0}, b = {0}, c = {0};

    nv_wheel_init(&wheel, 0);
    arm(&a, 1, ms(5));
    arm(&b, 2, ms(5));
    arm(&c, 3, ms(6));
    nv_wheel_advance(&wheel, ms(100));
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &a);
    nv_wheel_stop(&wheel, &b);
    nv_wheel_stop(&wheel, &c);
    CU_ASSERT_PTR_NULL(nv_wheel_pop(&wheel));
    CU_ASSERT_EQUAL(nv_wheel_next(&wheel), NAVE_NEVER);
}

static void a_batch_may_be_left_and_taken_up_again(void)
{
    struct nave_timer a = {0}, b = {0}, c = {0};

    nv_wheel_init(&wheel, 0);
    arm(&a, 1, ms(5));
    arm(&b, 2, ms(5));
    arm(&c, 3, ms(7));
    nv_wheel_advance(&wheel, ms(8));
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &a);
    CU_ASSERT(nv_wheel_next(&wheel) <= ms(8));
    nv_wheel_advance(&wheel, ms(8));
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &b);
    CU_ASSERT_PTR_EQUAL(nv_wheel_pop(&wheel), &c);
}

static void a_clock_jump_of_a_century_fires_all_in_order(void)
{
    static struct nave_timer t[200];
    nave_nsec century = (nave_nsec)100 * 365 * 86400 * NAVE_SEC, step = century / 200;
    struct log log;
    int i;

    memset(t, 0, sizeof(t));
    nv_wheel_init(&wheel, ms(1));
    for (i = 199; i >= 0; i--)
        arm(&t[i], i, (i + 1) * step);
    take_all(century + NAVE_MSEC, &log);
    CU_ASSERT_EQUAL_FATAL(log.n, 200);
    for (i = 0; i < 200; i++)
        CU_ASSERT_EQUAL(log.id[i], i);
}

static void never_is_never(void)
{
    struct nave_timer t = {0};
    struct log log;

    nv_wheel_init(&wheel, 0);
    arm(&t, 1, NAVE_NEVER);
    CU_ASSERT_EQUAL(nv_wheel_next(&wheel), NAVE_NEVER);
    take_all(NAVE_NEVER - 1, &log);
    CU_ASSERT_EQUAL(log.n, 0);
    CU_ASSERT(nave_timer_is_armed(&t));
    nv_wheel_stop(&wheel, &t);
    CU_ASSERT(!nave_timer_is_armed(&t));
}

static void the_next_deadline_is_exact_on_every_level(void)
{
    static const int64_t delays[] = {1, 64, 70, 5000, 75000, 3600000, INT64_C(86400000) * 365};
    struct nave_timer t = {0};
    struct log log;
    size_t i;

    for (i = 0; i < NAVE_COUNT(delays); i++) {
        nv_wheel_init(&wheel, ms(99));
        arm(&t, 1, ms(99 + delays[i]));
        CU_ASSERT_EQUAL(nv_wheel_next(&wheel), ms(99 + delays[i]));
        take_all(ms(99 + delays[i]), &log);
        CU_ASSERT_EQUAL(log.n, 1);
    }
}

/* ---- the model: an unsorted array, searched for the least (tick, order) ---------------------- */

#define MODEL_TIMERS 96

struct model {
    int is_armed;
    nave_nsec deadline;
    uint64_t least; /* the tick that was now when it was armed: not due before */
    uint64_t order;
};

static uint64_t random_state;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static nave_nsec random_delay(void)
{
    uint64_t r = random_next();

    return (nave_nsec)(r >> (4 + random_next() % 60)) - (r & 1 ? NAVE_MSEC : 0);
}

static uint64_t model_tick(const struct model *m)
{
    uint64_t tick = m->deadline > 0 ? ((uint64_t)m->deadline + 999999) / 1000000 : 0;

    return tick > m->least ? tick : m->least;
}

static int model_first(const struct model *m, uint64_t now_tick, uint64_t limit)
{
    int i, best = -1;

    for (i = 0; i < MODEL_TIMERS; i++) {
        if (!m[i].is_armed || m[i].order > limit || model_tick(&m[i]) > now_tick)
            continue;
        if (best < 0 || model_tick(&m[i]) < model_tick(&m[best]) ||
            (model_tick(&m[i]) == model_tick(&m[best]) && m[i].order < m[best].order))
            best = i;
    }
    return best;
}

struct play {
    struct nave_timer timer[MODEL_TIMERS];
    struct model model[MODEL_TIMERS];
    uint64_t order, now_tick;
    nave_nsec now;
};

/* One random start, stop or extension, on both. */
static void play_op(struct play *p)
{
    int i = (int)(random_next() % MODEL_TIMERS);
    nave_nsec deadline = p->now + random_delay();

    switch (random_next() % 4) {
    case 0:
        if (p->model[i].is_armed)
            nv_wheel_stop(&wheel, &p->timer[i]);
        p->model[i].is_armed = 0;
        break;
    case 1: /* later by one store */
        if (p->model[i].is_armed && deadline >= p->model[i].deadline)
            p->model[i].deadline = p->timer[i].deadline_ns = deadline;
        break;
    default:
        p->model[i] = (struct model){1, deadline, p->now_tick, ++p->order};
        arm(&p->timer[i], i, deadline);
    }
}

static void random_operations_agree_with_a_sorted_model(void)
{
    static struct play p;
    int round, wrong = 0, fired = 0;

    printf("\n    seed %#llx ", (unsigned long long)SEED);
    random_state = SEED;
    for (round = 0; round < 20000 && wrong == 0; round++) {
        uint64_t limit;
        int k;

        if (round % 1000 == 0) {
            memset(&p, 0, sizeof(p));
            p.now = (nave_nsec)(random_next() >> 6);
            p.now_tick = (uint64_t)p.now / 1000000;
            nv_wheel_init(&wheel, p.now);
        }
        for (k = 0; k < 8; k++)
            play_op(&p);
        /* The next wake-up may be too early (a moved deadline), never too late. */
        k = model_first(p.model, UINT64_MAX, UINT64_MAX);
        if (k >= 0 && model_tick(&p.model[k]) < 9000000000000ull)
            wrong += nv_wheel_next(&wheel) > (nave_nsec)(model_tick(&p.model[k]) * 1000000);
        p.now += (nave_nsec)(random_next() >> (16 + random_next() % 48));
        p.now_tick = (uint64_t)p.now / 1000000;
        limit = p.order;
        nv_wheel_advance(&wheel, p.now);
        for (k = 0; k < 40; k++) { /* bounded: some batches are left half taken */
            struct nave_timer *t = nv_wheel_pop(&wheel);
            int want = model_first(p.model, p.now_tick, limit);

            wrong += (t ? (int)(intptr_t)t->arg : -1) != want;
            if (want < 0 || wrong)
                break;
            fired++;
            p.model[want].is_armed = 0;
            wrong += nave_timer_is_armed(t);
            if (random_next() % 2)
                play_op(&p); /* as a callback would */
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(fired > 10000);
}

static CU_TestInfo wheel_tests[] = {
    {"a_timer_never_fires_early", a_timer_never_fires_early},
    {"a_deadline_that_has_passed_is_due_at_once", a_deadline_that_has_passed_is_due_at_once},
    {"equal_deadlines_fire_in_arming_order_across_levels",
     equal_deadlines_fire_in_arming_order_across_levels},
    {"a_crowd_of_one_tick_fires_in_arming_order", a_crowd_of_one_tick_fires_in_arming_order},
    {"a_deadline_moved_later_by_one_store_is_kept", a_deadline_moved_later_by_one_store_is_kept},
    {"a_timer_restarted_while_taken_waits_for_the_next_batch",
     a_timer_restarted_while_taken_waits_for_the_next_batch},
    {"a_timer_armed_for_the_past_waits_behind_all_that_is_due",
     a_timer_armed_for_the_past_waits_behind_all_that_is_due},
    {"a_clock_that_goes_back_is_ignored", a_clock_that_goes_back_is_ignored},
    {"a_deadline_moved_later_far_away_costs_one_look",
     a_deadline_moved_later_far_away_costs_one_look},
    {"a_due_timer_stopped_by_another_does_not_fire", a_due_timer_stopped_by_another_does_not_fire},
    {"a_batch_may_be_left_and_taken_up_again", a_batch_may_be_left_and_taken_up_again},
    {"a_clock_jump_of_a_century_fires_all_in_order", a_clock_jump_of_a_century_fires_all_in_order},
    {"never_is_never", never_is_never},
    {"the_next_deadline_is_exact_on_every_level", the_next_deadline_is_exact_on_every_level},
    {"random_operations_agree_with_a_sorted_model", random_operations_agree_with_a_sorted_model},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"wheel", NULL, NULL, NULL, NULL, wheel_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * The inbox of core/worker/inbox.h, its own source, under every interleaving of posters and the worker: no
 * job is lost, none comes twice, the order of a poster is kept, a waiting worker is woken, and by one
 * write at most for each wait.
 */
#define MODEL_REDIRECT
#include "explore.h"

#include "worker/inbox.h"

#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n
#undef __atomic_compare_exchange_n

#include "test_main.h"

#define JOBS 4u

static struct nv_inbox inbox;
static struct nv_jobs queue;
static struct nave_job jobs[JOBS];
static uint32_t wanted; /* jobs of this test */
static uint32_t busy_turns;
static uint32_t taken;
static uint32_t last_of[2]; /* the newest job of each poster that came, counted from 1 */
static uint32_t bell;       /* the number in the event descriptor */
static uint32_t rings;
static uint32_t waits;

static void begin(void)
{
    memset(&inbox, 0, sizeof(inbox));
    memset(&queue, 0, sizeof(queue));
    memset(jobs, 0, sizeof(jobs));
    memset(last_of, 0, sizeof(last_of));
    taken = bell = rings = waits = 0;
}

/* As nv_worker_post. */
static void post(uint32_t i)
{
    int32_t must_wake = 0;

    if (nv_inbox_push(&inbox, &jobs[i], &must_wake) != NAVE_OK)
        model_fail("an open inbox refused a job");
    if (must_wake) {
        model_point();
        bell = 1;
        rings++;
    }
}

static void post_two(void)
{
    post(0);
    post(1);
}

static void post_two_more(void)
{
    post(2);
    post(3);
}

static void post_one(void)
{
    post(2);
}

static void run_jobs(void)
{
    struct nave_job *j;

    while ((j = nv_jobs_pop(&queue))) {
        uint32_t i = (uint32_t)(j - jobs);

        if (last_of[i / 2] >= i % 2 + 1)
            model_fail("a job came twice, or before an older one of its poster");
        last_of[i / 2] = i % 2 + 1;
        taken++;
    }
}

/* As nv_worker_turn and what it calls. In its first turns it has other work, and does not wait. */
static void worker(void)
{
    uint32_t turn;

    for (turn = 0; taken < wanted; turn++) {
        int32_t is_waiting = turn >= busy_turns && nv_inbox_may_wait(&inbox);

        if (is_waiting) {
            waits++;
            model_wait(&bell);
            nv_inbox_wake_up(&inbox);
        }
        model_point();
        bell = 0; /* the reading callback of the event descriptor */
        nv_inbox_answer(&inbox);
        nv_inbox_take(&inbox, NULL, &queue);
        run_jobs();
    }
}

static void end(void)
{
    if (taken != wanted)
        model_fail("jobs are missing");
    if (rings > waits)
        model_fail("more wake-ups than waits");
}

static struct model_result explore(uint32_t jobs_wanted, void (*more)(void), uint32_t breaks)
{
    struct model_test t = {.name = more ? "two posters" : "one poster",
                           .begin = begin,
                           .thread = {worker, post_two, more},
                           .end = end,
                           .switches_max = breaks ? 8
                                           : more ? 3
                                                  : 6,
                           .runs_max = breaks ? 200000 : 1000000,
                           .seed = breaks};

    struct model_result r;

    wanted = jobs_wanted;
    model_breaks = breaks;
    for (busy_turns = 0; busy_turns <= 3; busy_turns++) {
        r = model_explore(&t);
        if (r.failure)
            break;
    }
    return r;
}

static void one_poster_never_loses_a_wake_up(void)
{
    struct model_result r = explore(2, NULL, 0);

    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT_EQUAL(r.is_whole, 1);
}

static void two_posters_never_lose_one_either(void)
{
    struct model_result r = explore(3, post_one, 0);

    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT_EQUAL(r.is_whole, 1);
    r = explore(4, post_two_more, 0);
    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT_EQUAL(r.is_whole, 1);
}

/* What was argued in inbox.h: wake_up must be an exchange, may_wait one step. */
static void a_store_in_place_of_the_exchange_is_seen_to_lose_one(void)
{
    CU_ASSERT_PTR_NOT_NULL(explore(3, post_one, MODEL_ZEROING_IS_STORE).failure);
}

static void a_compare_and_swap_in_two_steps_is_seen_to_lose_one(void)
{
    CU_ASSERT_PTR_NOT_NULL(explore(3, post_one, MODEL_CAS_IS_TWO_STEPS).failure);
}

static CU_TestInfo tests[] = {
    {"one_poster_never_loses_a_wake_up", one_poster_never_loses_a_wake_up},
    {"two_posters_never_lose_one_either", two_posters_never_lose_one_either},
    {"a_store_in_place_of_the_exchange_is_seen_to_lose_one",
     a_store_in_place_of_the_exchange_is_seen_to_lose_one},
    {"a_compare_and_swap_in_two_steps_is_seen_to_lose_one",
     a_compare_and_swap_in_two_steps_is_seen_to_lose_one},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of the inbox", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

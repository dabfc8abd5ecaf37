/* SPDX-License-Identifier: MIT
 *
 * The inbox, through a real worker: posts of four threads arrive once each, in the order of each
 * thread, and a waiting worker is woken for them. Meant to be run under ThreadSanitizer as well.
 */
#include <pthread.h>
#include <stdlib.h>

#include "test_main.h"

#include "worker/worker_state.h"

#define PRODUCERS 4
#define POSTS     100000
#define PATIENCE  (20 * NAVE_SEC) /* a turn that waits as long was not woken */

struct item {
    struct nave_job job;
    uint32_t producer;
    uint32_t number;
};

struct producer {
    pthread_t thread;
    struct item *items;
    uint64_t refused;
};

static struct nv_worker *worker;
static struct producer producers[PRODUCERS];
static uint32_t expected[PRODUCERS];
static uint64_t out_of_order;
static uint64_t arrived;

static void on_item(struct nave_job *j)
{
    struct item *i = NAVE_CONTAINER_OF(j, struct item, job);

    out_of_order += i->number != expected[i->producer];
    expected[i->producer] = i->number + 1;
    arrived++;
}

static void *produce(void *arg)
{
    struct producer *p = arg;
    uint32_t i;

    for (i = 0; i < POSTS; i++)
        p->refused += nv_worker_post(worker, &p->items[i].job) != NAVE_OK;
    return NULL;
}

static void four_threads_post_in_order_and_nothing_is_lost(void)
{
    struct nv_worker_options options = {0};
    uint32_t i, k, started, slept = 0;
    uint64_t refused = 0;

    CU_ASSERT_EQUAL_FATAL(nv_worker_create(&options, &worker), NAVE_OK);
    nv_worker_attach(worker);
    for (i = 0; i < PRODUCERS; i++) {
        producers[i].items = calloc(POSTS, sizeof(struct item));
        CU_ASSERT_PTR_NOT_NULL_FATAL(producers[i].items);
        for (k = 0; k < POSTS; k++)
            producers[i].items[k] = (struct item){{NULL, on_item}, i, k};
    }
    for (started = 0; started < PRODUCERS; started++)
        if (pthread_create(&producers[started].thread, NULL, produce, &producers[started]) != 0)
            break;
    CU_ASSERT_EQUAL(started, PRODUCERS);
    while (arrived < (uint64_t)started * POSTS && slept == 0) {
        nave_nsec before = nv_worker_now(worker);

        nv_worker_turn(worker, PATIENCE);
        slept += nv_worker_now(worker) - before >= PATIENCE;
    }
    for (i = 0; i < started; i++) {
        pthread_join(producers[i].thread, NULL);
        refused += producers[i].refused;
    }
    CU_ASSERT_EQUAL(slept, 0);
    CU_ASSERT_EQUAL(refused, 0);
    CU_ASSERT_EQUAL(arrived, (uint64_t)PRODUCERS * POSTS);
    CU_ASSERT_EQUAL(out_of_order, 0);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 0);
    nv_worker_destroy(worker);
    for (i = 0; i < PRODUCERS; i++)
        free(producers[i].items);
}

static void a_notification_before_the_wait_prevents_it(void)
{
    struct nv_inbox b = {0};

    CU_ASSERT_EQUAL(nv_inbox_notify(&b), 0);
    CU_ASSERT_EQUAL(nv_inbox_may_wait(&b), 0);
    CU_ASSERT_EQUAL(nv_inbox_may_wait(&b), 1);
    CU_ASSERT_EQUAL(nv_inbox_notify(&b), 1);
    CU_ASSERT_EQUAL(nv_inbox_notify(&b), 0); /* one wake-up for each wait */
    nv_inbox_wake_up(&b);
    CU_ASSERT_EQUAL(nv_inbox_may_wait(&b), 1);
}

static void a_closed_inbox_gives_what_it_has_and_refuses_more(void)
{
    struct nv_inbox b = {0};
    struct nave_job a = {0}, c = {0}, late = {0};
    struct nv_jobs q = {NULL, NULL};
    int32_t wake;

    CU_ASSERT_EQUAL(nv_inbox_push(&b, &a, &wake), NAVE_OK);
    CU_ASSERT_EQUAL(nv_inbox_push(&b, &c, &wake), NAVE_OK);
    nv_inbox_take(&b, nv_inbox_closed(), &q);
    CU_ASSERT_PTR_EQUAL(nv_jobs_pop(&q), &a);
    CU_ASSERT_PTR_EQUAL(nv_jobs_pop(&q), &c);
    CU_ASSERT_PTR_NULL(nv_jobs_pop(&q));
    CU_ASSERT_EQUAL(nv_inbox_push(&b, &late, &wake), NAVE_ECLOSED);
    nv_inbox_take(&b, NULL, &q); /* taking does not open it again */
    CU_ASSERT_PTR_NULL(q.head);
    CU_ASSERT_EQUAL(nv_inbox_push(&b, &late, &wake), NAVE_ECLOSED);
}

static CU_TestInfo inbox_tests[] = {
    {"four_threads_post_in_order_and_nothing_is_lost",
     four_threads_post_in_order_and_nothing_is_lost},
    {"a_notification_before_the_wait_prevents_it", a_notification_before_the_wait_prevents_it},
    {"a_closed_inbox_gives_what_it_has_and_refuses_more",
     a_closed_inbox_gives_what_it_has_and_refuses_more},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"inbox", NULL, NULL, NULL, NULL, inbox_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Notify, barrier and once, in tasks and with callbacks, over two workers: nothing that was told is lost
 * when an op is dropped, and nothing is told twice.
 */
#include <stdint.h>

#include "lock_rig.h"

#define MANY 40u /* more than are told in one hold of the lock */

static struct waiter w[MANY];
static struct nave_notify notify;
static struct nave_barrier barrier;
static struct nave_once once;

static void setup(void)
{
    rig_setup();
    memset(w, 0, sizeof(w));
    memset(&notify, 0xEE, sizeof(notify));
    locks.pub.api->notify_init(&locks.pub, &notify);
    memset(&once, 0xEE, sizeof(once));
    locks.pub.api->once_init(&locks.pub, &once);
}

static nave_err wait(void *n, struct nave_op *op)
{
    return ((struct nave_notify *)n)->api->wait(n, op);
}

static nave_err arrive(void *b, struct nave_op *op)
{
    return ((struct nave_barrier *)b)->api->arrive(b, op);
}

static nave_err enter(void *o, struct nave_op *op)
{
    return ((struct nave_once *)o)->api->enter(o, op);
}

static uint32_t done_of(uint32_t from, uint32_t to)
{
    uint32_t i, n = 0;

    for (i = from; i < to; i++)
        n += w[i].is_done;
    return n;
}

static void in_both_modes(void (*body)(enum mode mode))
{
    body(IN_TASK);
    rig_teardown();
    setup();
    body(WITH_CALLBACK);
}

/* --- notify ---------------------------------------------------------------------------------- */

static void store(enum mode mode)
{
    nave_notify_one(&notify);
    nave_notify_one(&notify);
    take(&w[0], mode, 0, wait, &notify);
    CU_ASSERT_EQUAL(w[0].is_done, 1); /* at once */
    take(&w[1], mode, 1, wait, &notify);
    CU_ASSERT_EQUAL(w[1].is_done, 0); /* one permit at most */
    nave_notify_one(&notify);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 1);
}

static void one_permit_is_stored_and_no_more(void)
{
    in_both_modes(store);
}

static void one_each(enum mode mode)
{
    uint32_t i;

    next_order = 0;
    for (i = 0; i < 4; i++)
        take(&w[i], mode, i % 2, wait, &notify);
    for (i = 0; i < 4; i++) {
        nave_notify_one(&notify);
        settle();
        CU_ASSERT_EQUAL(next_order, i + 1);
        CU_ASSERT_PTR_EQUAL(done_order[i], &w[i]);
    }
    nave_notify_all(&notify);
    take(&w[5], mode, 0, wait, &notify);
    CU_ASSERT_EQUAL(w[5].is_done, 0); /* all stores nothing */
    give_up(&w[5]);
    settle();
}

static void one_tells_who_waits_longest(void)
{
    in_both_modes(one_each);
}

static void all_of_them(enum mode mode)
{
    uint32_t i;

    for (i = 0; i < MANY; i++)
        take(&w[i], mode, i % 2, wait, &notify);
    nave_notify_all(&notify);
    settle();
    CU_ASSERT_EQUAL(done_of(0, MANY), MANY);
    nave_notify_one(&notify); /* nobody waits */
    take(&w[0], mode, 0, wait, &notify);
    CU_ASSERT_EQUAL(w[0].is_done, 1);
}

static void all_tells_all_who_wait(void)
{
    in_both_modes(all_of_them);
}

/* A callback of `all` on the same worker starts its op once more: it belongs to the next round. */
static void again(struct nave_op *op, void *arg)
{
    uint32_t *times = arg;

    ++*times;
    nave_op_init(op, op->worker, again, times);
    CU_ASSERT_EQUAL(notify.api->wait(&notify, op), NAVE_EAGAIN);
}

static void who_comes_back_is_told_by_the_next_all(void)
{
    struct nave_op ops[MANY];
    uint32_t i, times = 0;

    for (i = 0; i < MANY; i++) {
        nave_op_init(&ops[i], &handles[i % 2].pub, again, &times);
        CU_ASSERT_EQUAL(notify.api->wait(&notify, &ops[i]), NAVE_EAGAIN);
    }
    nave_notify_all(&notify);
    settle();
    CU_ASSERT_EQUAL(times, MANY);
    nave_notify_all(&notify);
    settle();
    CU_ASSERT_EQUAL(times, 2 * MANY);
    for (i = 0; i < MANY; i++)
        nave_op_drop(&ops[i]);
    nave_notify_one(&notify);
    settle();
    CU_ASSERT_EQUAL(times, 2 * MANY);
}

static void drop_chosen(enum mode mode)
{
    take(&w[0], mode, 1, wait, &notify);
    take(&w[1], mode, 0, wait, &notify);
    nave_notify_one(&notify);
    give_up(&w[0]);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 0);
    CU_ASSERT_EQUAL(w[1].is_done, 1);
    /* with nobody behind it the permit is stored */
    take(&w[2], mode, 1, wait, &notify);
    nave_notify_one(&notify);
    give_up(&w[2]);
    settle();
    take(&w[3], mode, 0, wait, &notify);
    CU_ASSERT_EQUAL(w[3].is_done, 1);
    /* what all told is for one alone */
    take(&w[4], mode, 1, wait, &notify);
    nave_notify_all(&notify);
    give_up(&w[4]);
    settle();
    take(&w[5], mode, 0, wait, &notify);
    CU_ASSERT_EQUAL(w[5].is_done, 0);
    give_up(&w[5]);
    settle();
}

static void a_notification_of_one_who_gives_up_goes_on(void)
{
    in_both_modes(drop_chosen);
}

static void drop_waiting(enum mode mode)
{
    take(&w[0], mode, 1, wait, &notify);
    give_up(&w[0]);
    settle();
    nave_notify_all(&notify);
    nave_notify_one(&notify);
    settle();
    CU_ASSERT_EQUAL(w[0].is_done, 0);
    take(&w[1], mode, 1, wait, &notify);
    CU_ASSERT_EQUAL(w[1].is_done, 1);
}

static void who_gives_up_is_not_told(void)
{
    in_both_modes(drop_waiting);
}

static void an_op_that_waits_is_busy(void)
{
    take(&w[0], WITH_CALLBACK, 0, wait, &notify);
    CU_ASSERT_EQUAL(notify.api->wait(&notify, &w[0].op), NAVE_EBUSY);
    CU_ASSERT_EQUAL(once.api->enter(&once, &w[0].op), NAVE_EBUSY);
    give_up(&w[0]);
}

/* --- barrier --------------------------------------------------------------------------------- */

static void new_barrier(uint32_t count)
{
    memset(&barrier, 0xEE, sizeof(barrier));
    CU_ASSERT_EQUAL_FATAL(locks.pub.api->barrier_init(&locks.pub, &barrier, count), NAVE_OK);
}

static void rounds(enum mode mode)
{
    uint32_t round, i;

    new_barrier(MANY);
    for (round = 0; round < 3; round++) {
        uint64_t last = 0;

        for (i = 0; i + 1 < MANY; i++)
            take(&w[i], mode, i % 2, arrive, &barrier);
        settle();
        CU_ASSERT_EQUAL(done_of(0, MANY - 1), 0);
        take(&w[i], mode, 0, arrive, &barrier);
        settle();
        CU_ASSERT_EQUAL(done_of(0, MANY), MANY);
        for (i = 0; i < MANY; i++)
            last += w[i].value;
        CU_ASSERT_EQUAL(last, 1);
        CU_ASSERT_EQUAL(w[MANY - 1].value, 1);
    }
}

static void all_pass_when_the_last_one_arrives_again_and_again(void)
{
    in_both_modes(rounds);
}

static void take_back(enum mode mode)
{
    new_barrier(3);
    take(&w[0], mode, 0, arrive, &barrier);
    take(&w[1], mode, 1, arrive, &barrier);
    give_up(&w[0]);
    settle();
    take(&w[2], mode, 0, arrive, &barrier);
    CU_ASSERT_EQUAL(w[1].is_done + w[2].is_done, 0);
    take(&w[3], mode, 1, arrive, &barrier);
    settle();
    CU_ASSERT_EQUAL(done_of(1, 4), 3);
    /* dropped when all are here, unseen: the next round is not touched */
    take(&w[0], mode, 0, arrive, &barrier);
    take(&w[1], mode, 1, arrive, &barrier);
    take(&w[2], WITH_CALLBACK, 0, arrive, &barrier);
    CU_ASSERT_EQUAL(w[2].is_done, 1);
    give_up(&w[1]);
    settle();
    take(&w[1], mode, 0, arrive, &barrier);
    take(&w[2], mode, 1, arrive, &barrier);
    settle();
    CU_ASSERT_EQUAL(w[1].is_done + w[2].is_done, 0);
    take(&w[3], mode, 1, arrive, &barrier);
    settle();
    CU_ASSERT_EQUAL(done_of(1, 4), 3);
}

static void an_arrival_that_is_dropped_does_not_count(void)
{
    in_both_modes(take_back);
}

static void a_barrier_of_one_holds_nobody_and_of_none_is_refused(void)
{
    CU_ASSERT_EQUAL(locks.pub.api->barrier_init(&locks.pub, &barrier, 0), NAVE_EINVAL);
    new_barrier(1);
    take(&w[0], IN_TASK, 0, arrive, &barrier);
    CU_ASSERT_EQUAL(w[0].value, 1);
    take(&w[1], WITH_CALLBACK, 0, arrive, &barrier);
    CU_ASSERT_EQUAL(w[1].value, 1);
    new_barrier(UINT32_MAX);
    take(&w[0], WITH_CALLBACK, 0, arrive, &barrier);
    CU_ASSERT_EQUAL(w[0].is_done, 0);
    CU_ASSERT_EQUAL(barrier.api->arrive(&barrier, &w[0].op), NAVE_EBUSY);
    give_up(&w[0]);
}

/* --- once ------------------------------------------------------------------------------------ */

static void do_it(enum mode mode)
{
    uint32_t i;

    for (i = 0; i < MANY; i++)
        take(&w[i], mode, i % 2, enter, &once);
    CU_ASSERT_EQUAL(done_of(0, MANY), 1);
    CU_ASSERT_EQUAL(w[0].value, 1);
    CU_ASSERT_EQUAL(nave_once_is_done(&once), 0);
    nave_once_done(&once);
    CU_ASSERT_EQUAL(nave_once_is_done(&once), 1);
    settle();
    CU_ASSERT_EQUAL(done_of(0, MANY), MANY);
    for (i = 1; i < MANY; i++)
        CU_ASSERT_EQUAL(w[i].value, 0);
    take(&w[0], mode, 0, enter, &once);
    CU_ASSERT_EQUAL(w[0].is_done, 1);
    CU_ASSERT_EQUAL(w[0].value, 0);
}

static void one_does_it_and_the_others_wait(void)
{
    in_both_modes(do_it);
}

static void fail_it(enum mode mode)
{
    take(&w[0], mode, 0, enter, &once);
    take(&w[1], mode, 1, enter, &once);
    take(&w[2], mode, 0, enter, &once);
    take(&w[3], mode, 1, enter, &once);
    nave_once_failed(&once); /* w[0] */
    give_up(&w[1]);          /* chosen, and dropped unseen */
    settle();
    CU_ASSERT_EQUAL(w[1].is_done, 0);
    CU_ASSERT_EQUAL(w[2].is_done, 1);
    CU_ASSERT_EQUAL(w[2].value, 1);
    CU_ASSERT_EQUAL(w[3].is_done, 0);
    give_up(&w[3]); /* waiting */
    settle();
    nave_once_failed(&once); /* nobody waits */
    CU_ASSERT_EQUAL(nave_once_is_done(&once), 0);
    take(&w[4], mode, 0, enter, &once);
    CU_ASSERT_EQUAL(w[4].value, 1);
    nave_once_done(&once);
}

static void who_fails_lets_the_next_one_try(void)
{
    in_both_modes(fail_it);
}

static CU_TestInfo notify_tests[] = {
    {"one_permit_is_stored_and_no_more", one_permit_is_stored_and_no_more},
    {"one_tells_who_waits_longest", one_tells_who_waits_longest},
    {"all_tells_all_who_wait", all_tells_all_who_wait},
    {"who_comes_back_is_told_by_the_next_all", who_comes_back_is_told_by_the_next_all},
    {"a_notification_of_one_who_gives_up_goes_on", a_notification_of_one_who_gives_up_goes_on},
    {"who_gives_up_is_not_told", who_gives_up_is_not_told},
    {"an_op_that_waits_is_busy", an_op_that_waits_is_busy},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo barrier_tests[] = {
    {"all_pass_when_the_last_one_arrives_again_and_again",
     all_pass_when_the_last_one_arrives_again_and_again},
    {"an_arrival_that_is_dropped_does_not_count", an_arrival_that_is_dropped_does_not_count},
    {"a_barrier_of_one_holds_nobody_and_of_none_is_refused",
     a_barrier_of_one_holds_nobody_and_of_none_is_refused},
    CU_TEST_INFO_NULL,
};

static CU_TestInfo once_tests[] = {
    {"one_does_it_and_the_others_wait", one_does_it_and_the_others_wait},
    {"who_fails_lets_the_next_one_try", who_fails_lets_the_next_one_try},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"notify", NULL, NULL, setup, rig_teardown, notify_tests},
    {"barrier", NULL, NULL, setup, rig_teardown, barrier_tests},
    {"once", NULL, NULL, setup, rig_teardown, once_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

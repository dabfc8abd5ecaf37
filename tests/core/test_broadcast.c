/* SPDX-License-Identifier: MIT
 *
 * nave.broadcast/1: every receiver gets every item in order, who is too slow is told how many it missed,
 * and nothing that is dropped moves anybody on. Each test runs with tasks and with callbacks.
 */
#include "channel_rig.h"

#define MANY 40u /* more than are woken in one go */

static struct nave_broadcast *tx;
static struct nave_broadcast_rx *one, *two;
static struct waiter a, r, s, many[MANY];

STARTER(recv, nave_broadcast_recv(cx, &w->op, w->handle, w->item),
        one->api->recv(w->handle, &w->op, w->item))
STARTER(closed, nave_broadcast_closed(cx, &w->op, w->handle), tx->api->closed(w->handle, &w->op))

static void make(uint32_t capacity)
{
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_new(rig.channels, 8, capacity, &tx), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_subscribe(tx, &one), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_broadcast_subscribe(tx, &two), NAVE_OK);
}

static void end(void)
{
    nave_broadcast_rx_drop(one);
    nave_broadcast_rx_drop(two);
    nave_broadcast_drop(tx);
}

static nave_err put(uint64_t n)
{
    return nave_broadcast_send(tx, &n);
}

/* The next item of `rx`; 0: none now; 1000: none any more; 2000 + n: n were missed. */
static uint64_t get(struct nave_broadcast_rx *rx)
{
    uint64_t n = 0, missed = 0;
    nave_err err = nave_broadcast_try_recv(rx, &n, &missed);

    return err == NAVE_OK        ? n
           : err == NAVE_EAGAIN  ? 0
           : err == NAVE_ECLOSED ? 1000
           : err == NAVE_ELAGGED ? 2000 + missed
                                 : 9999;
}

static void drop_settled(struct waiter *w)
{
    w->wants_drop = 1;
    if (rig.mode == CALLBACK)
        nave_op_drop(&w->op);
    rig_run();
    WAITS(w);
}

static void every_receiver_gets_every_item_(void)
{
    struct nave_broadcast_rx *late;

    make(4);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    CU_ASSERT_EQUAL(nave_broadcast_subscribe(tx, &late), NAVE_OK);
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    CU_ASSERT_EQUAL(nave_broadcast_receivers(tx), 3);
    CU_ASSERT_EQUAL(nave_broadcast_rx_len(one), 2);
    CU_ASSERT_EQUAL(get(one), 1);
    CU_ASSERT_EQUAL(get(one), 2);
    CU_ASSERT_EQUAL(get(one), 0);
    CU_ASSERT_EQUAL(get(two), 1);
    CU_ASSERT_EQUAL(get(late), 2); /* what was sent after it was made */
    CU_ASSERT_EQUAL(get(late), 0);
    nave_broadcast_rx_drop(late);
    CU_ASSERT_EQUAL(get(two), 2);
    end();
}
BOTH_WAYS(every_receiver_gets_every_item)

static void who_waits_is_woken_by_the_next_item_(void)
{
    make(4);
    waiter_begin(&r, 0, recv, one);
    waiter_begin(&s, 1, recv, two);
    WAITS(&r);
    CU_ASSERT_EQUAL(put(5), NAVE_OK);
    CU_ASSERT_EQUAL(put(6), NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_OK);
    ENDED(&s, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 5);
    CU_ASSERT_EQUAL(s.item[0], 5);
    waiter_begin(&r, 0, recv, one);
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 6);
    CU_ASSERT_EQUAL(r.value, 0);
    end();
}
BOTH_WAYS(who_waits_is_woken_by_the_next_item)

static void a_crowd_is_woken_by_one_item_(void)
{
    struct nave_broadcast_rx *rx[MANY];
    uint32_t i;

    make(1);
    for (i = 0; i < MANY; i++) {
        CU_ASSERT_EQUAL(nave_broadcast_subscribe(tx, &rx[i]), NAVE_OK);
        waiter_begin(&many[i], i % WORKERS, recv, rx[i]);
    }
    CU_ASSERT_EQUAL(put(5), NAVE_OK);
    rig_run();
    for (i = 0; i < MANY; i++) {
        ENDED(&many[i], NAVE_OK);
        CU_ASSERT_EQUAL(many[i].item[0], 5);
        nave_broadcast_rx_drop(rx[i]);
    }
    end();
}
BOTH_WAYS(a_crowd_is_woken_by_one_item)

static void who_is_too_slow_is_told_what_it_missed_and_goes_on_(void)
{
    uint64_t n;

    make(3); /* rounded up to 4 */
    for (n = 1; n <= 4; n++)
        CU_ASSERT_EQUAL(put(n), NAVE_OK);
    CU_ASSERT_EQUAL(get(one), 1); /* just in time */
    CU_ASSERT_EQUAL(put(5), NAVE_OK);
    CU_ASSERT_EQUAL(put(6), NAVE_OK);
    CU_ASSERT_EQUAL(nave_broadcast_rx_len(one), 5);
    CU_ASSERT_EQUAL(get(one), 2001);
    CU_ASSERT_EQUAL(get(one), 3);
    waiter_begin(&r, 0, recv, two);
    ENDED(&r, NAVE_ELAGGED);
    CU_ASSERT_EQUAL(r.value, 2);
    CU_ASSERT_EQUAL(get(two), 3);
    end();
}
BOTH_WAYS(who_is_too_slow_is_told_what_it_missed_and_goes_on)

static void who_waited_and_polls_too_late_is_told_as_well_(void)
{
    uint64_t n;

    make(2);
    waiter_begin(&r, 0, recv, one);
    for (n = 1; n <= 5; n++)
        CU_ASSERT_EQUAL(put(n), NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_ELAGGED);
    CU_ASSERT_EQUAL(r.value, 3);
    CU_ASSERT_EQUAL(get(one), 4);
    end();
}
BOTH_WAYS(who_waited_and_polls_too_late_is_told_as_well)

static void a_receive_that_is_dropped_loses_nothing_(void)
{
    make(4);
    waiter_begin(&r, 0, recv, one);
    waiter_drop(&r);
    waiter_begin(&r, 0, recv, one);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    CU_ASSERT_EQUAL(nave_broadcast_try_recv(one, r.item, NULL), NAVE_EBUSY);
    drop_settled(&r);
    CU_ASSERT_EQUAL(get(one), 1);
    end();
}
BOTH_WAYS(a_receive_that_is_dropped_loses_nothing)

static void after_the_last_sender_comes_what_is_left_and_then_the_end_(void)
{
    struct nave_broadcast *other;

    make(4);
    other = nave_broadcast_clone(tx);
    waiter_begin(&r, 0, recv, one);
    nave_broadcast_drop(other);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_OK);
    waiter_begin(&r, 0, recv, one);
    nave_broadcast_drop(tx);
    rig_run();
    ENDED(&r, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(get(two), 1);
    CU_ASSERT_EQUAL(get(two), 1000);
    waiter_begin(&s, 0, recv, two);
    ENDED(&s, NAVE_ECLOSED);
    nave_broadcast_rx_drop(one);
    nave_broadcast_rx_drop(two);
}
BOTH_WAYS(after_the_last_sender_comes_what_is_left_and_then_the_end)

static void without_receivers_nothing_is_sent_(void)
{
    make(2);
    waiter_begin(&a, 0, closed, tx);
    waiter_begin(&s, 1, closed, tx);
    CU_ASSERT_EQUAL(tx->api->closed(tx, &a.op), NAVE_EBUSY);
    waiter_drop(&s);
    nave_broadcast_rx_drop(one);
    WAITS(&a);
    nave_broadcast_rx_drop(two);
    rig_run();
    ENDED(&a, NAVE_OK);
    CU_ASSERT_EQUAL(put(1), NAVE_ECLOSED);
    waiter_begin(&a, 0, closed, tx);
    ENDED(&a, NAVE_OK);
    CU_ASSERT_EQUAL(nave_broadcast_subscribe(tx, &one), NAVE_OK);
    CU_ASSERT_EQUAL(get(one), 0);
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    CU_ASSERT_EQUAL(nave_broadcast_rx_clone(one, &two), NAVE_OK); /* stands where one does */
    CU_ASSERT_EQUAL(get(one), 2);
    CU_ASSERT_EQUAL(get(two), 2);
    end();
}
BOTH_WAYS(without_receivers_nothing_is_sent)

static void an_op_that_waits_is_not_started_again_(void)
{
    make(2);
    waiter_begin(&r, 0, recv, one);
    CU_ASSERT_EQUAL(one->api->recv(one, &r.op, r.item), NAVE_EBUSY);
    waiter_begin(&s, 0, recv, one);
    ENDED(&s, NAVE_EBUSY);
    waiter_drop(&r);
    end();
}
BOTH_WAYS(an_op_that_waits_is_not_started_again)

static void what_cannot_be_made_is_not_(void)
{
    tx = NULL;
    CU_ASSERT_EQUAL(nave_broadcast_new(rig.channels, 0, 1, &tx), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_broadcast_new(rig.channels, NAVE_CHANNEL_ITEM_MAX + 1, 1, &tx),
                    NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_broadcast_new(rig.channels, 8, 0, &tx), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_broadcast_new(rig.channels, 8, NAVE_CHANNEL_CAPACITY_MAX + 1, &tx),
                    NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_broadcast_new(rig.channels, 4096, NAVE_CHANNEL_CAPACITY_MAX, &tx),
                    NAVE_EINVAL);
    rig.fails_in = 0;
    CU_ASSERT_EQUAL(nave_broadcast_new(rig.channels, 8, 1, &tx), NAVE_ENOMEM);
    CU_ASSERT_PTR_NULL(tx);
    make(1);
    rig.fails_in = 0;
    CU_ASSERT_EQUAL(nave_broadcast_subscribe(tx, &one), NAVE_ENOMEM);
    rig.fails_in = 0;
    CU_ASSERT_EQUAL(nave_broadcast_rx_clone(one, &two), NAVE_ENOMEM);
    CU_ASSERT_EQUAL(nave_broadcast_receivers(tx), 2);
    end();
    nave_broadcast_drop(NULL);
    nave_broadcast_rx_drop(NULL);
}
BOTH_WAYS(what_cannot_be_made_is_not)

static CU_TestInfo tests[] = {
    {"every_receiver_gets_every_item", every_receiver_gets_every_item},
    {"who_waits_is_woken_by_the_next_item", who_waits_is_woken_by_the_next_item},
    {"a_crowd_is_woken_by_one_item", a_crowd_is_woken_by_one_item},
    {"who_is_too_slow_is_told_what_it_missed_and_goes_on",
     who_is_too_slow_is_told_what_it_missed_and_goes_on},
    {"who_waited_and_polls_too_late_is_told_as_well",
     who_waited_and_polls_too_late_is_told_as_well},
    {"a_receive_that_is_dropped_loses_nothing", a_receive_that_is_dropped_loses_nothing},
    {"after_the_last_sender_comes_what_is_left_and_then_the_end",
     after_the_last_sender_comes_what_is_left_and_then_the_end},
    {"without_receivers_nothing_is_sent", without_receivers_nothing_is_sent},
    {"an_op_that_waits_is_not_started_again", an_op_that_waits_is_not_started_again},
    {"what_cannot_be_made_is_not", what_cannot_be_made_is_not},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"broadcast", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

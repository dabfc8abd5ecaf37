/* SPDX-License-Identifier: MIT
 *
 * nave.oneshot/1: the item comes once, each end learns of the other's, and nothing that is dropped loses
 * it. Each test runs with tasks and with callbacks, on two workers.
 */
#include "channel_rig.h"

static struct nave_oneshot *tx;
static struct nave_oneshot_rx *rx;
static struct waiter a, r;

STARTER(recv, nave_oneshot_recv(cx, &w->op, w->handle, w->item),
        rx->api->recv(w->handle, &w->op, w->item))
STARTER(closed, nave_oneshot_closed(cx, &w->op, w->handle), tx->api->closed(w->handle, &w->op))

static const uint64_t item[4] = {1, 2, 3, 4};

static void make(void)
{
    CU_ASSERT_EQUAL_FATAL(nave_oneshot_new(rig.channels, sizeof(item), &tx, &rx), NAVE_OK);
}

/* Drop it though what it waited for has come and it has not polled. */
static void drop_settled(struct waiter *w)
{
    w->wants_drop = 1;
    if (rig.mode == CALLBACK)
        nave_op_drop(&w->op);
    rig_run();
    WAITS(w);
}

static void what_was_sent_is_received_later_(void)
{
    make();
    CU_ASSERT_EQUAL(nave_oneshot_is_closed(tx), 0);
    CU_ASSERT_EQUAL(nave_oneshot_send(tx, item), NAVE_OK);
    waiter_begin(&r, 1, recv, rx);
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.value, 1);
    CU_ASSERT_EQUAL(memcmp(r.item, item, sizeof(item)), 0);
    waiter_begin(&r, 1, recv, rx);
    ENDED(&r, NAVE_ECLOSED); /* once */
    nave_oneshot_rx_drop(rx);
}
BOTH_WAYS(what_was_sent_is_received_later)

static void who_waits_gets_it_(void)
{
    make();
    waiter_begin(&r, 1, recv, rx);
    WAITS(&r);
    CU_ASSERT_EQUAL(nave_oneshot_send(tx, item), NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(memcmp(r.item, item, sizeof(item)), 0);
    nave_oneshot_rx_drop(rx);
}
BOTH_WAYS(who_waits_gets_it)

static void a_receive_that_is_dropped_leaves_the_item_(void)
{
    uint64_t out[4] = {0};

    make();
    waiter_begin(&r, 1, recv, rx);
    waiter_drop(&r);
    waiter_begin(&r, 1, recv, rx);
    CU_ASSERT_EQUAL(nave_oneshot_send(tx, item), NAVE_OK);
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, out), NAVE_EBUSY);
    drop_settled(&r);
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, out), NAVE_OK);
    CU_ASSERT_EQUAL(memcmp(out, item, sizeof(item)), 0);
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, out), NAVE_ECLOSED);
    nave_oneshot_rx_drop(rx);
}
BOTH_WAYS(a_receive_that_is_dropped_leaves_the_item)

static void a_sender_that_is_dropped_tells_the_receiver_(void)
{
    uint64_t out[4];

    make();
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, out), NAVE_EAGAIN);
    waiter_begin(&r, 1, recv, rx);
    nave_oneshot_drop(tx);
    rig_run();
    ENDED(&r, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, out), NAVE_ECLOSED);
    nave_oneshot_rx_drop(rx);
    make();
    waiter_begin(&r, 1, recv, rx);
    nave_oneshot_drop(tx);
    drop_settled(&r);
    nave_oneshot_rx_drop(rx);
}
BOTH_WAYS(a_sender_that_is_dropped_tells_the_receiver)

static void a_receiver_that_is_dropped_tells_the_sender_(void)
{
    make();
    waiter_begin(&a, 0, closed, tx);
    WAITS(&a);
    nave_oneshot_rx_drop(rx);
    rig_run();
    ENDED(&a, NAVE_OK);
    CU_ASSERT_EQUAL(nave_oneshot_is_closed(tx), 1);
    waiter_begin(&a, 0, closed, tx);
    ENDED(&a, NAVE_OK);
    CU_ASSERT_EQUAL(nave_oneshot_send(tx, item), NAVE_ECLOSED);
}
BOTH_WAYS(a_receiver_that_is_dropped_tells_the_sender)

static void a_receiver_that_closes_still_gets_what_was_sent_(void)
{
    uint64_t out[4];

    make();
    CU_ASSERT_EQUAL(nave_oneshot_send(tx, item), NAVE_OK);
    nave_oneshot_rx_close(rx);
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, out), NAVE_OK);
    nave_oneshot_rx_drop(rx);
    make();
    waiter_begin(&r, 1, recv, rx);
    nave_oneshot_rx_close(rx);
    CU_ASSERT_EQUAL(nave_oneshot_send(tx, item), NAVE_ECLOSED);
    rig_run();
    ENDED(&r, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(nave_oneshot_try_recv(rx, out), NAVE_ECLOSED);
    nave_oneshot_rx_drop(rx);
}
BOTH_WAYS(a_receiver_that_closes_still_gets_what_was_sent)

static void waiting_for_the_end_can_be_given_up_(void)
{
    make();
    waiter_begin(&a, 0, closed, tx);
    CU_ASSERT_EQUAL(tx->api->closed(tx, &a.op), NAVE_EBUSY);
    waiter_begin(&r, 0, closed, tx); /* one at a time */
    ENDED(&r, NAVE_EBUSY);
    waiter_drop(&a);
    waiter_begin(&a, 0, closed, tx);
    nave_oneshot_rx_drop(rx);
    drop_settled(&a);
    nave_oneshot_drop(tx);
}
BOTH_WAYS(waiting_for_the_end_can_be_given_up)

static void an_op_that_waits_is_not_started_again_(void)
{
    uint64_t out[4];

    make();
    waiter_begin(&r, 1, recv, rx);
    CU_ASSERT_EQUAL(rx->api->recv(rx, &r.op, out), NAVE_EBUSY);
    waiter_begin(&a, 1, recv, rx);
    ENDED(&a, NAVE_EBUSY);
    waiter_drop(&r);
    nave_oneshot_drop(tx);
    nave_oneshot_rx_drop(rx);
}
BOTH_WAYS(an_op_that_waits_is_not_started_again)

static void what_cannot_be_made_is_not_(void)
{
    tx = NULL;
    CU_ASSERT_EQUAL(nave_oneshot_new(rig.channels, 0, &tx, &rx), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_oneshot_new(rig.channels, NAVE_CHANNEL_ITEM_MAX + 1, &tx, &rx),
                    NAVE_EINVAL);
    rig.fails_in = 0;
    CU_ASSERT_EQUAL(nave_oneshot_new(rig.channels, 8, &tx, &rx), NAVE_ENOMEM);
    CU_ASSERT_PTR_NULL(tx);
    nave_oneshot_drop(NULL);
    nave_oneshot_rx_drop(NULL);
}
BOTH_WAYS(what_cannot_be_made_is_not)

static CU_TestInfo tests[] = {
    {"what_was_sent_is_received_later", what_was_sent_is_received_later},
    {"who_waits_gets_it", who_waits_gets_it},
    {"a_receive_that_is_dropped_leaves_the_item", a_receive_that_is_dropped_leaves_the_item},
    {"a_sender_that_is_dropped_tells_the_receiver", a_sender_that_is_dropped_tells_the_receiver},
    {"a_receiver_that_is_dropped_tells_the_sender", a_receiver_that_is_dropped_tells_the_sender},
    {"a_receiver_that_closes_still_gets_what_was_sent",
     a_receiver_that_closes_still_gets_what_was_sent},
    {"waiting_for_the_end_can_be_given_up", waiting_for_the_end_can_be_given_up},
    {"an_op_that_waits_is_not_started_again", an_op_that_waits_is_not_started_again},
    {"what_cannot_be_made_is_not", what_cannot_be_made_is_not},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"oneshot", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * nave.watch/1: the newest value, what is new to whom, and nothing that is dropped has seen anything.
 * Each test runs with tasks and with callbacks, on two workers.
 */
#include "channel_rig.h"

static struct nave_watch *tx;
static struct nave_watch_rx *rx;
static struct waiter a, r, s;

STARTER(changed, nave_watch_changed(cx, &w->op, w->handle, w->item),
        rx->api->changed(w->handle, &w->op, w->item))
STARTER(changed_only, nave_watch_changed(cx, &w->op, w->handle, NULL),
        rx->api->changed(w->handle, &w->op, NULL))
STARTER(closed, nave_watch_closed(cx, &w->op, w->handle), tx->api->closed(w->handle, &w->op))

static void make(uint64_t first)
{
    CU_ASSERT_EQUAL_FATAL(nave_watch_new(rig.channels, 8, &first, &tx), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_watch_subscribe(tx, &rx), NAVE_OK);
}

static void end(void)
{
    nave_watch_rx_drop(rx);
    nave_watch_drop(tx);
}

static void set(uint64_t n)
{
    nave_watch_send(tx, &n);
}

static uint64_t value(void)
{
    uint64_t n = 0;

    nave_watch_rx_peek(rx, &n);
    return n;
}

static void drop_settled(struct waiter *w)
{
    w->wants_drop = 1;
    if (rig.mode == CALLBACK)
        nave_op_drop(&w->op);
    rig_run();
    WAITS(w);
}

static void a_receiver_has_seen_what_was_there_when_it_was_made_(void)
{
    uint64_t n = 0;

    make(7);
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(value(), 7);
    set(8);
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_OK);
    CU_ASSERT_EQUAL(value(), 8); /* a look changes nothing */
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_OK);
    nave_watch_rx_read(rx, &n);
    CU_ASSERT_EQUAL(n, 8);
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_EAGAIN);
    nave_watch_read(tx, &n);
    CU_ASSERT_EQUAL(n, 8);
    end();
}
BOTH_WAYS(a_receiver_has_seen_what_was_there_when_it_was_made)

static void who_waits_gets_the_newest_(void)
{
    make(1);
    waiter_begin(&r, 1, changed, rx);
    WAITS(&r);
    set(2);
    set(3);
    rig_run();
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 3);
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_EAGAIN);
    set(3); /* the same value is a version, too */
    waiter_begin(&r, 1, changed_only, rx);
    ENDED(&r, NAVE_OK);
    end();
}
BOTH_WAYS(who_waits_gets_the_newest)

static int32_t add(void *item, void *arg)
{
    uint64_t n;

    memcpy(&n, item, sizeof(n));
    n += *(uint64_t *)arg;
    memcpy(item, &n, sizeof(n));
    return *(uint64_t *)arg != 0;
}

static void a_value_is_changed_in_place_(void)
{
    uint64_t by = 0;

    make(1);
    waiter_begin(&r, 1, changed, rx);
    CU_ASSERT_EQUAL(nave_watch_modify(tx, add, &by), 0);
    rig_run();
    WAITS(&r);
    by = 5;
    CU_ASSERT_EQUAL(nave_watch_modify(tx, add, &by), 1);
    rig_run();
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 6);
    end();
}
BOTH_WAYS(a_value_is_changed_in_place)

static void receivers_are_independent_(void)
{
    struct nave_watch_rx *other;

    make(1);
    set(2);
    CU_ASSERT_EQUAL(nave_watch_rx_clone(rx, &other), NAVE_OK); /* it has not seen 2 either */
    CU_ASSERT_EQUAL(nave_watch_receivers(tx), 2);
    waiter_begin(&r, 0, changed, rx);
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(nave_watch_has_changed(other), NAVE_OK);
    waiter_begin(&s, 1, changed, other);
    ENDED(&s, NAVE_OK);
    waiter_begin(&r, 0, changed, rx);
    waiter_begin(&s, 1, changed, other);
    set(3);
    rig_run();
    ENDED(&r, NAVE_OK);
    ENDED(&s, NAVE_OK);
    nave_watch_rx_drop(other);
    end();
}
BOTH_WAYS(receivers_are_independent)

static void a_wait_that_is_dropped_has_seen_nothing_(void)
{
    make(1);
    waiter_begin(&r, 1, changed, rx);
    waiter_drop(&r);
    waiter_begin(&r, 1, changed, rx);
    set(2);
    drop_settled(&r);
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_OK);
    waiter_begin(&r, 1, changed, rx);
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 2);
    end();
}
BOTH_WAYS(a_wait_that_is_dropped_has_seen_nothing)

static void after_the_last_sender_comes_the_last_version_and_then_the_end_(void)
{
    struct nave_watch *other;

    make(1);
    other = nave_watch_clone(tx);
    waiter_begin(&r, 1, changed, rx);
    nave_watch_drop(other);
    rig_run();
    WAITS(&r);
    set(2);
    nave_watch_drop(tx);
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 2);
    CU_ASSERT_EQUAL(nave_watch_has_changed(rx), NAVE_ECLOSED);
    waiter_begin(&r, 1, changed, rx);
    ENDED(&r, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(value(), 2);
    nave_watch_rx_drop(rx);
    make(1);
    waiter_begin(&r, 1, changed, rx);
    nave_watch_drop(tx);
    rig_run();
    ENDED(&r, NAVE_ECLOSED);
    nave_watch_rx_drop(rx);
}
BOTH_WAYS(after_the_last_sender_comes_the_last_version_and_then_the_end)

static void a_sender_learns_that_nobody_listens_and_stores_on_(void)
{
    make(1);
    waiter_begin(&a, 0, closed, tx);
    waiter_begin(&s, 0, closed, tx);
    CU_ASSERT_EQUAL(tx->api->closed(tx, &a.op), NAVE_EBUSY);
    waiter_drop(&s);
    nave_watch_rx_drop(rx);
    rig_run();
    ENDED(&a, NAVE_OK);
    waiter_begin(&a, 0, closed, tx);
    ENDED(&a, NAVE_OK);
    set(9);
    CU_ASSERT_EQUAL(nave_watch_subscribe(tx, &rx), NAVE_OK);
    CU_ASSERT_EQUAL(value(), 9);
    end();
}
BOTH_WAYS(a_sender_learns_that_nobody_listens_and_stores_on)

static void an_op_that_waits_is_not_started_again_(void)
{
    make(1);
    waiter_begin(&r, 0, changed, rx);
    CU_ASSERT_EQUAL(rx->api->changed(rx, &r.op, r.item), NAVE_EBUSY);
    waiter_begin(&s, 0, changed, rx);
    ENDED(&s, NAVE_EBUSY);
    waiter_drop(&r);
    end();
}
BOTH_WAYS(an_op_that_waits_is_not_started_again)

static void what_cannot_be_made_is_not_(void)
{
    uint64_t n = 0;

    tx = NULL;
    CU_ASSERT_EQUAL(nave_watch_new(rig.channels, 0, &n, &tx), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nave_watch_new(rig.channels, NAVE_CHANNEL_ITEM_MAX + 1, &n, &tx), NAVE_EINVAL);
    rig.fails_in = 0;
    CU_ASSERT_EQUAL(nave_watch_new(rig.channels, 8, &n, &tx), NAVE_ENOMEM);
    CU_ASSERT_PTR_NULL(tx);
    make(1);
    rig.fails_in = 0;
    CU_ASSERT_EQUAL(nave_watch_subscribe(tx, &rx), NAVE_ENOMEM);
    rig.fails_in = 0;
    CU_ASSERT_EQUAL(nave_watch_rx_clone(rx, &rx), NAVE_ENOMEM);
    CU_ASSERT_EQUAL(nave_watch_receivers(tx), 1);
    end();
    nave_watch_drop(NULL);
    nave_watch_rx_drop(NULL);
}
BOTH_WAYS(what_cannot_be_made_is_not)

static CU_TestInfo tests[] = {
    {"a_receiver_has_seen_what_was_there_when_it_was_made",
     a_receiver_has_seen_what_was_there_when_it_was_made},
    {"who_waits_gets_the_newest", who_waits_gets_the_newest},
    {"a_value_is_changed_in_place", a_value_is_changed_in_place},
    {"receivers_are_independent", receivers_are_independent},
    {"a_wait_that_is_dropped_has_seen_nothing", a_wait_that_is_dropped_has_seen_nothing},
    {"after_the_last_sender_comes_the_last_version_and_then_the_end",
     after_the_last_sender_comes_the_last_version_and_then_the_end},
    {"a_sender_learns_that_nobody_listens_and_stores_on",
     a_sender_learns_that_nobody_listens_and_stores_on},
    {"an_op_that_waits_is_not_started_again", an_op_that_waits_is_not_started_again},
    {"what_cannot_be_made_is_not", what_cannot_be_made_is_not},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"watch", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

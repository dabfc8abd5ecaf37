/* SPDX-License-Identifier: MIT
 *
 * nave.mpsc/1: what is dropped while it waits, and the end of either side. Each test runs with tasks and with
 * callbacks, on two workers.
 */
#include "mpsc_rig.h"

/* --- what is dropped ------------------------------------------------------------------------- */

static void a_send_that_is_dropped_sends_nothing_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    begin_send(&a, 0, 2);
    begin_send(&b, 0, 3);
    waiter_drop(&a); /* it waits */
    CU_ASSERT_EQUAL(get(), 1);
    rig_run();
    WAITS(&a);
    ENDED(&b, NAVE_OK);
    CU_ASSERT_EQUAL(get(), 3);
    CU_ASSERT_EQUAL(get(), 0);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 1);
    end();
}
BOTH_WAYS(a_send_that_is_dropped_sends_nothing)

static void a_permit_of_a_dropped_send_goes_to_the_next_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    begin_send(&a, 0, 2);
    begin_send(&b, 1, 3);
    CU_ASSERT_EQUAL(get(), 1); /* a has the permit now, and has not polled */
    a.wants_drop = 1;
    if (rig.mode == CALLBACK)
        nave_op_drop(&a.op);
    rig_run();
    WAITS(&a);
    ENDED(&b, NAVE_OK);
    CU_ASSERT_EQUAL(get(), 3);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 1);
    end();
}
BOTH_WAYS(a_permit_of_a_dropped_send_goes_to_the_next)

static void a_permit_of_a_dropped_reserve_goes_to_the_next_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    waiter_begin(&a, 0, reserve, tx);
    waiter_begin(&b, 1, reserve, tx);
    CU_ASSERT_EQUAL(get(), 1);
    a.wants_drop = 1;
    if (rig.mode == CALLBACK)
        nave_op_drop(&a.op);
    rig_run();
    WAITS(&a);
    ENDED(&b, NAVE_OK);
    nave_mpsc_release(tx);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 1);
    end();
}
BOTH_WAYS(a_permit_of_a_dropped_reserve_goes_to_the_next)

static void a_receive_that_is_dropped_leaves_the_item_in_front_(void)
{
    make(1);
    waiter_begin(&r, 1, recv, rx);
    waiter_drop(&r); /* it waits */
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    CU_ASSERT_EQUAL(get(), 1);
    waiter_begin(&r, 1, recv, rx);
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    CU_ASSERT_EQUAL(put(3), NAVE_OK); /* 2 is on its way to r, which has not polled */
    r.wants_drop = 1;
    if (rig.mode == CALLBACK)
        nave_op_drop(&r.op);
    rig_run();
    WAITS(&r);
    CU_ASSERT_EQUAL(nave_mpsc_rx_len(rx), 2);
    CU_ASSERT_EQUAL(get(), 2);
    CU_ASSERT_EQUAL(get(), 3);
    CU_ASSERT_EQUAL(get(), 0);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 1);
    end();
}
BOTH_WAYS(a_receive_that_is_dropped_leaves_the_item_in_front)

static void an_item_that_came_back_is_received_by_the_next_op_(void)
{
    make(1);
    waiter_begin(&r, 1, recv, rx);
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    CU_ASSERT_EQUAL(put(3), NAVE_OK);
    r.wants_drop = 1;
    if (rig.mode == CALLBACK)
        nave_op_drop(&r.op);
    rig_run();
    nave_mpsc_drop(tx); /* both are still to be received */
    r.max = 4;
    waiter_begin(&r, 1, recv_many, rx);
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.value, 2);
    CU_ASSERT_EQUAL(r.item[0], 2);
    CU_ASSERT_EQUAL(r.item[1], 3);
    CU_ASSERT_EQUAL(get(), 1000);
    nave_mpsc_rx_drop(rx);
}
BOTH_WAYS(an_item_that_came_back_is_received_by_the_next_op)

/* --- the end --------------------------------------------------------------------------------- */

static void after_the_last_sender_comes_what_is_left_and_then_the_end_(void)
{
    struct nave_mpsc *other;

    make(2);
    other = nave_mpsc_clone(tx);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    nave_mpsc_drop(other);
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    nave_mpsc_drop(tx);
    CU_ASSERT_EQUAL(get(), 1);
    CU_ASSERT_EQUAL(get(), 2);
    CU_ASSERT_EQUAL(get(), 1000);
    waiter_begin(&r, 0, recv, rx);
    ENDED(&r, NAVE_ECLOSED);
    nave_mpsc_rx_drop(rx);
}
BOTH_WAYS(after_the_last_sender_comes_what_is_left_and_then_the_end)

static void a_receiver_that_waits_is_told_that_the_last_sender_is_gone_(void)
{
    make(1);
    waiter_begin(&r, 1, recv, rx);
    nave_mpsc_drop(tx);
    rig_run();
    ENDED(&r, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(r.value, 0);
    nave_mpsc_rx_drop(rx);
    make(1);
    waiter_begin(&r, 1, recv, rx);
    nave_mpsc_drop(tx);
    waiter_drop(&r); /* settled, not polled */
    CU_ASSERT_EQUAL(get(), 1000);
    nave_mpsc_rx_drop(rx);
}
BOTH_WAYS(a_receiver_that_waits_is_told_that_the_last_sender_is_gone)

static void who_waits_to_send_is_told_that_the_receiver_is_closed_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    begin_send(&a, 0, 2);
    waiter_begin(&b, 1, reserve, tx);
    waiter_begin(&c, 1, closed, tx);
    CU_ASSERT_EQUAL(nave_mpsc_is_closed(tx), 0);
    nave_mpsc_rx_close(rx);
    CU_ASSERT_EQUAL(nave_mpsc_is_closed(tx), 1);
    rig_run();
    ENDED(&a, NAVE_ECLOSED);
    ENDED(&b, NAVE_ECLOSED);
    ENDED(&c, NAVE_OK);
    CU_ASSERT_EQUAL(put(3), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_ECLOSED);
    begin_send(&a, 0, 2);
    ENDED(&a, NAVE_ECLOSED);
    waiter_begin(&c, 1, closed, tx);
    ENDED(&c, NAVE_OK);
    CU_ASSERT_EQUAL(get(), 1);
    CU_ASSERT_EQUAL(get(), 1000);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 0);
    end();
}
BOTH_WAYS(who_waits_to_send_is_told_that_the_receiver_is_closed)

static void permits_that_are_out_can_be_used_after_close_(void)
{
    uint64_t n = 7;

    make(3);
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_OK);
    nave_mpsc_rx_close(rx);
    CU_ASSERT_EQUAL(get(), 0); /* not the end: two may come */
    CU_ASSERT_EQUAL(nave_mpsc_commit(tx, &n), NAVE_OK);
    CU_ASSERT_EQUAL(get(), 7);
    waiter_begin(&r, 1, recv, rx);
    WAITS(&r);
    nave_mpsc_release(tx);
    rig_run();
    ENDED(&r, NAVE_ECLOSED);
    end();
}
BOTH_WAYS(permits_that_are_out_can_be_used_after_close)

static void a_send_with_its_permit_is_done_though_the_receiver_closes_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    begin_send(&a, 0, 2);
    CU_ASSERT_EQUAL(get(), 1); /* a has its permit */
    nave_mpsc_rx_close(rx);
    CU_ASSERT_EQUAL(get(), 0);
    rig_run();
    ENDED(&a, NAVE_OK);
    CU_ASSERT_EQUAL(get(), 2);
    CU_ASSERT_EQUAL(get(), 1000);
    end();
}
BOTH_WAYS(a_send_with_its_permit_is_done_though_the_receiver_closes)

static void a_receiver_that_waits_is_told_that_it_was_closed_(void)
{
    make(1);
    waiter_begin(&r, 1, recv, rx);
    nave_mpsc_rx_close(rx);
    rig_run();
    ENDED(&r, NAVE_ECLOSED);
    end();
}
BOTH_WAYS(a_receiver_that_waits_is_told_that_it_was_closed)

static uint64_t discarded[8];
static uint32_t discards;

static void note_discard(void *item, void *arg)
{
    CU_ASSERT_PTR_EQUAL(arg, &discards);
    memcpy(&discarded[discards++], item, 8);
}

static void what_is_left_is_discarded_with_the_receiver_(void)
{
    struct nave_mpsc_options o = {.size = sizeof(o),
                                  .item_size = 8,
                                  .capacity = 2,
                                  .discard = note_discard,
                                  .arg = &discards};
    uint64_t n = 9;

    make_with(&o);
    discards = 0;
    waiter_begin(&r, 1, recv, rx);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    waiter_drop(&r); /* 1 came back */
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_OK);
    begin_send(&a, 0, 3);
    WAITS(&a);
    nave_mpsc_rx_drop(rx);
    CU_ASSERT_EQUAL(discards, 2);
    CU_ASSERT_EQUAL(discarded[0], 1);
    CU_ASSERT_EQUAL(discarded[1], 2);
    rig_run();
    ENDED(&a, NAVE_ECLOSED);
    CU_ASSERT_EQUAL(nave_mpsc_commit(tx, &n), NAVE_ECLOSED);
    CU_ASSERT_EQUAL(discards, 2);
    CU_ASSERT_EQUAL(put(4), NAVE_ECLOSED);
    nave_mpsc_drop(tx);
}
BOTH_WAYS(what_is_left_is_discarded_with_the_receiver)

static void a_permit_that_was_set_aside_is_nothing_without_a_receiver_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    begin_send(&a, 0, 2);
    CU_ASSERT_EQUAL(get(), 1);
    nave_mpsc_rx_drop(rx);
    rig_run();
    ENDED(&a, NAVE_ECLOSED);
    nave_mpsc_drop(tx);
}
BOTH_WAYS(a_permit_that_was_set_aside_is_nothing_without_a_receiver)

static void waiting_for_the_end_can_be_given_up_(void)
{
    make(1);
    waiter_begin(&a, 0, closed, tx);
    waiter_begin(&b, 1, closed, tx);
    waiter_drop(&a);
    nave_mpsc_rx_close(rx);
    if (rig.mode == CALLBACK)
        nave_op_drop(&b.op);
    rig_run();
    WAITS(&a);
    CU_ASSERT_EQUAL(b.times, rig.mode == TASK);
    end();
}
BOTH_WAYS(waiting_for_the_end_can_be_given_up)

static CU_TestInfo tests[] = {
    {"a_send_that_is_dropped_sends_nothing", a_send_that_is_dropped_sends_nothing},
    {"a_permit_of_a_dropped_send_goes_to_the_next", a_permit_of_a_dropped_send_goes_to_the_next},
    {"a_permit_of_a_dropped_reserve_goes_to_the_next",
     a_permit_of_a_dropped_reserve_goes_to_the_next},
    {"a_receive_that_is_dropped_leaves_the_item_in_front",
     a_receive_that_is_dropped_leaves_the_item_in_front},
    {"an_item_that_came_back_is_received_by_the_next_op",
     an_item_that_came_back_is_received_by_the_next_op},
    {"after_the_last_sender_comes_what_is_left_and_then_the_end",
     after_the_last_sender_comes_what_is_left_and_then_the_end},
    {"a_receiver_that_waits_is_told_that_the_last_sender_is_gone",
     a_receiver_that_waits_is_told_that_the_last_sender_is_gone},
    {"who_waits_to_send_is_told_that_the_receiver_is_closed",
     who_waits_to_send_is_told_that_the_receiver_is_closed},
    {"permits_that_are_out_can_be_used_after_close", permits_that_are_out_can_be_used_after_close},
    {"a_send_with_its_permit_is_done_though_the_receiver_closes",
     a_send_with_its_permit_is_done_though_the_receiver_closes},
    {"a_receiver_that_waits_is_told_that_it_was_closed",
     a_receiver_that_waits_is_told_that_it_was_closed},
    {"what_is_left_is_discarded_with_the_receiver", what_is_left_is_discarded_with_the_receiver},
    {"a_permit_that_was_set_aside_is_nothing_without_a_receiver",
     a_permit_that_was_set_aside_is_nothing_without_a_receiver},
    {"waiting_for_the_end_can_be_given_up", waiting_for_the_end_can_be_given_up},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"mpsc", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

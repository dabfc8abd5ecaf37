/* SPDX-License-Identifier: MIT
 *
 * nave.mpsc/1: order, permits, waiting and what is dropped while it waits, the end of either side, limits
 * and memory. Each test runs with tasks and with callbacks, on two workers.
 */
#include <nave/async.h>

#include "channel_rig.h"

static struct nave_mpsc *tx;
static struct nave_mpsc_rx *rx;
static struct waiter a, b, c, r;

STARTER(send, nave_mpsc_send(cx, &w->op, w->handle, w->item),
        tx->api->send(w->handle, &w->op, w->item))
STARTER(reserve, nave_mpsc_reserve(cx, &w->op, w->handle), tx->api->reserve(w->handle, &w->op))
STARTER(closed, nave_mpsc_closed(cx, &w->op, w->handle), tx->api->closed(w->handle, &w->op))
STARTER(recv, nave_mpsc_recv(cx, &w->op, w->handle, w->item),
        rx->api->recv(w->handle, &w->op, w->item))
STARTER(recv_many, nave_mpsc_recv_many(cx, &w->op, w->handle, w->item, w->max),
        rx->api->recv_many(w->handle, &w->op, w->item, w->max))

static void make_with(const struct nave_mpsc_options *o)
{
    CU_ASSERT_EQUAL_FATAL(nave_mpsc_new(rig.channels, o, &tx, &rx), NAVE_OK);
}

static void make(uint32_t capacity)
{
    struct nave_mpsc_options o = {.size = sizeof(o), .item_size = 8, .capacity = capacity};

    make_with(&o);
}

static void end(void)
{
    nave_mpsc_drop(tx);
    nave_mpsc_rx_drop(rx);
}

static nave_err put(uint64_t n)
{
    return nave_mpsc_try_send(tx, &n);
}

/* The next item; 0: there is none now; 1000: there will be none. */
static uint64_t get(void)
{
    uint64_t n = 77;
    nave_err err = nave_mpsc_try_recv(rx, &n);

    if (err != NAVE_OK)
        CU_ASSERT_EQUAL(n, 77);
    return err == NAVE_OK ? n : err == NAVE_EAGAIN ? 0 : err == NAVE_ECLOSED ? 1000 : 2000;
}

static void begin_send(struct waiter *w, uint32_t worker, uint64_t n)
{
    w->item[0] = n;
    waiter_begin(w, worker, send, tx);
}

/* --- order and room -------------------------------------------------------------------------- */

static void what_is_sent_is_received_in_its_order_(void)
{
    uint64_t n, round;

    make(3);
    for (round = 0; round < 10; round++) {
        for (n = 1; n <= 3; n++)
            CU_ASSERT_EQUAL(put(round + n), NAVE_OK);
        CU_ASSERT_EQUAL(put(99), NAVE_EAGAIN);
        CU_ASSERT_EQUAL(nave_mpsc_rx_len(rx), 3);
        CU_ASSERT_EQUAL(nave_mpsc_available(tx), 0);
        for (n = 1; n <= 3; n++)
            CU_ASSERT_EQUAL(get(), round + n);
        CU_ASSERT_EQUAL(get(), 0);
    }
    end();
}
BOTH_WAYS(what_is_sent_is_received_in_its_order)

static void items_of_every_size_come_whole_(void)
{
    static const uint32_t sizes[] = {1, 3, 8, 12, 16, 17, 24, 4096};
    unsigned char in[4097], out[4097];
    uint32_t i, k;

    for (i = 0; i < sizeof(in); i++)
        in[i] = (unsigned char)(i * 7 + 1);
    for (i = 0; i < NAVE_COUNT(sizes); i++) {
        struct nave_mpsc_options o = {.size = sizeof(o), .item_size = sizes[i], .capacity = 2};

        make_with(&o);
        for (k = 0; k < 5; k++) {
            memset(out, 0, sizeof(out));
            CU_ASSERT_EQUAL(nave_mpsc_try_send(tx, in), NAVE_OK);
            CU_ASSERT_EQUAL(nave_mpsc_try_recv(rx, out), NAVE_OK);
            CU_ASSERT_EQUAL(memcmp(in, out, sizes[i]), 0);
            CU_ASSERT_EQUAL(out[sizes[i]], 0);
        }
        end();
    }
}
BOTH_WAYS(items_of_every_size_come_whole)

static void what_needs_no_waiting_is_done_at_once_(void)
{
    make(1);
    begin_send(&a, 0, 5);
    ENDED(&a, NAVE_OK);
    waiter_begin(&r, 1, recv, rx);
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 5);
    CU_ASSERT_EQUAL(r.value, 1);
    end();
}
BOTH_WAYS(what_needs_no_waiting_is_done_at_once)

static void a_receiver_that_waits_gets_what_is_sent_(void)
{
    make(1);
    waiter_begin(&r, 1, recv, rx);
    WAITS(&r);
    begin_send(&a, 0, 5);
    ENDED(&a, NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 5);
    CU_ASSERT_EQUAL(r.value, 1);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 1);
    end();
}
BOTH_WAYS(a_receiver_that_waits_gets_what_is_sent)

static void a_sender_that_waits_goes_on_when_there_is_room_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    begin_send(&a, 0, 2);
    WAITS(&a);
    CU_ASSERT_EQUAL(get(), 1);
    CU_ASSERT_EQUAL(get(), 0); /* it is sent when its owner polls */
    rig_run();
    ENDED(&a, NAVE_OK);
    CU_ASSERT_EQUAL(get(), 2);
    end();
}
BOTH_WAYS(a_sender_that_waits_goes_on_when_there_is_room)

static void senders_are_served_in_their_order_and_nobody_overtakes_(void)
{
    make(1);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    begin_send(&a, 0, 2);
    begin_send(&b, 1, 3);
    waiter_begin(&c, 0, reserve, tx);
    CU_ASSERT_EQUAL(get(), 1);
    CU_ASSERT_EQUAL(put(9), NAVE_EAGAIN); /* the room is for the first who waits */
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_EAGAIN);
    rig_run();
    ENDED(&a, NAVE_OK);
    WAITS(&b);
    CU_ASSERT_EQUAL(get(), 2);
    rig_run();
    ENDED(&b, NAVE_OK);
    WAITS(&c);
    CU_ASSERT_EQUAL(get(), 3);
    rig_run();
    ENDED(&c, NAVE_OK);
    nave_mpsc_release(tx);
    CU_ASSERT_EQUAL(nave_mpsc_available(tx), 1);
    end();
}
BOTH_WAYS(senders_are_served_in_their_order_and_nobody_overtakes)

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

/* --- permits --------------------------------------------------------------------------------- */

static void a_permit_keeps_room_until_it_is_used_or_given_back_(void)
{
    uint64_t n = 7;

    make(2);
    waiter_begin(&a, 0, reserve, tx);
    ENDED(&a, NAVE_OK);
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_OK);
    CU_ASSERT_EQUAL(put(1), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(nave_mpsc_commit(tx, &n), NAVE_OK);
    CU_ASSERT_EQUAL(put(1), NAVE_EAGAIN);
    nave_mpsc_release(tx);
    CU_ASSERT_EQUAL(put(8), NAVE_OK);
    CU_ASSERT_EQUAL(get(), 7);
    CU_ASSERT_EQUAL(get(), 8);
    end();
}
BOTH_WAYS(a_permit_keeps_room_until_it_is_used_or_given_back)

static void a_permit_is_used_for_a_receiver_that_waits_(void)
{
    uint64_t n = 7;

    make(1);
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_OK);
    waiter_begin(&r, 1, recv, rx);
    begin_send(&a, 0, 8);
    CU_ASSERT_EQUAL(nave_mpsc_commit(tx, &n), NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.item[0], 7);
    ENDED(&a, NAVE_OK); /* the permit came back */
    CU_ASSERT_EQUAL(get(), 8);
    end();
}
BOTH_WAYS(a_permit_is_used_for_a_receiver_that_waits)

/* --- many ------------------------------------------------------------------------------------ */

static void many_are_received_at_once_(void)
{
    uint64_t n;

    make(8);
    for (n = 1; n <= 6; n++)
        CU_ASSERT_EQUAL(put(n), NAVE_OK);
    r.max = 4;
    waiter_begin(&r, 0, recv_many, rx);
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(r.value, 4);
    CU_ASSERT_EQUAL(r.item[3], 4);
    waiter_begin(&r, 0, recv_many, rx);
    CU_ASSERT_EQUAL(r.value, 2);
    CU_ASSERT_EQUAL(r.item[1], 6);
    waiter_begin(&r, 0, recv_many, rx);
    WAITS(&r);
    for (n = 1; n <= 3; n++)
        CU_ASSERT_EQUAL(put(10 + n), NAVE_OK);
    rig_run();
    ENDED(&r, NAVE_OK); /* the one that woke it, and what came since */
    CU_ASSERT_EQUAL(r.value, 3);
    CU_ASSERT_EQUAL(r.item[0], 11);
    CU_ASSERT_EQUAL(r.item[2], 13);
    r.max = 0;
    waiter_begin(&r, 0, recv_many, rx);
    ENDED(&r, NAVE_EINVAL);
    end();
}
BOTH_WAYS(many_are_received_at_once)

static void receiving_many_gives_room_to_as_many_(void)
{
    make(2);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    begin_send(&a, 0, 3);
    begin_send(&b, 1, 4);
    begin_send(&c, 0, 5);
    r.max = 4;
    waiter_begin(&r, 1, recv_many, rx);
    CU_ASSERT_EQUAL(r.value, 2);
    rig_run();
    ENDED(&a, NAVE_OK);
    ENDED(&b, NAVE_OK);
    WAITS(&c);
    waiter_drop(&c);
    end();
}
BOTH_WAYS(receiving_many_gives_room_to_as_many)

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

/* --- misuse and limits ----------------------------------------------------------------------- */

static void an_op_that_waits_is_not_started_again_(void)
{
    uint64_t n;

    make(1);
    waiter_begin(&r, 1, recv, rx);
    CU_ASSERT_EQUAL(rx->api->recv(rx, &r.op, &n), NAVE_EBUSY);
    CU_ASSERT_EQUAL(rx->api->recv_many(rx, &r.op, &n, 1), NAVE_EBUSY);
    CU_ASSERT_EQUAL(nave_mpsc_try_recv(rx, &n), NAVE_EBUSY);
    waiter_begin(&a, 0, recv, rx);
    ENDED(&a, NAVE_EBUSY);
    CU_ASSERT_EQUAL(put(1), NAVE_OK);
    CU_ASSERT_EQUAL(nave_mpsc_try_recv(rx, &n), NAVE_EBUSY); /* 1 is on its way to r */
    rig_run();
    ENDED(&r, NAVE_OK);
    CU_ASSERT_EQUAL(put(2), NAVE_OK);
    begin_send(&a, 0, 3);
    CU_ASSERT_EQUAL(tx->api->send(tx, &a.op, &n), NAVE_EBUSY);
    CU_ASSERT_EQUAL(tx->api->reserve(tx, &a.op), NAVE_EBUSY);
    CU_ASSERT_EQUAL(tx->api->closed(tx, &a.op), NAVE_EBUSY);
    waiter_drop(&a);
    end();
}
BOTH_WAYS(an_op_that_waits_is_not_started_again)

static void sizes_and_flags_that_are_not_allowed_are_refused_(void)
{
    struct nave_mpsc_options o = {.size = sizeof(o), .item_size = 8, .capacity = 1};
    struct {
        struct nave_mpsc_options o;
        uint64_t more;
    } newer = {{.size = sizeof(newer), .item_size = 8, .capacity = 1}, 0};
    struct nave_mpsc_options bad[6];
    uint32_t i;

    tx = NULL;
    for (i = 0; i < NAVE_COUNT(bad); i++)
        bad[i] = o;
    bad[0].item_size = 0;
    bad[1].item_size = NAVE_CHANNEL_ITEM_MAX + 1;
    bad[2].capacity = 0;
    bad[3].capacity = NAVE_CHANNEL_CAPACITY_MAX + 1;
    bad[4].flags = 2;
    bad[5].item_size = 4096, bad[5].capacity = NAVE_CHANNEL_CAPACITY_MAX;
    for (i = 0; i < NAVE_COUNT(bad); i++)
        CU_ASSERT_EQUAL(nave_mpsc_new(rig.channels, &bad[i], &tx, &rx), NAVE_EINVAL);
    o.size = 8;
    CU_ASSERT_EQUAL(nave_mpsc_new(rig.channels, &o, &tx, &rx), NAVE_EINVAL);
    newer.more = 1;
    CU_ASSERT_EQUAL(nave_mpsc_new(rig.channels, &newer.o, &tx, &rx), NAVE_ETOONEW);
    CU_ASSERT_PTR_NULL(tx);
    newer.more = 0;
    CU_ASSERT_EQUAL_FATAL(nave_mpsc_new(rig.channels, &newer.o, &tx, &rx), NAVE_OK);
    end();
}
BOTH_WAYS(sizes_and_flags_that_are_not_allowed_are_refused)

static void an_unbounded_queue_grows_to_its_limit_and_no_further_(void)
{
    struct nave_mpsc_options o = {.size = sizeof(o),
                                  .item_size = 8,
                                  .capacity = 2000,
                                  .flags = NAVE_MPSC_UNBOUNDED};
    uint64_t n, sent = 0, got = 0;
    size_t small;

    make_with(&o);
    small = rig.bytes;
    CU_ASSERT(small < 4096);
    while (put(sent + 1) == NAVE_OK)
        sent++;
    CU_ASSERT_EQUAL(sent, 2000);
    CU_ASSERT_EQUAL(put(1), NAVE_ELIMIT);
    CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_ELIMIT);
    begin_send(&a, 0, 1);
    ENDED(&a, NAVE_ELIMIT); /* it never waits */
    CU_ASSERT(rig.bytes > 16000);
    while ((n = get()) != 0)
        CU_ASSERT_EQUAL(n, ++got);
    CU_ASSERT_EQUAL(got, 2000);
    CU_ASSERT(rig.bytes <= small + 2 * 2100); /* what it grew by is given back, but for a spare */
    end();
}
BOTH_WAYS(an_unbounded_queue_grows_to_its_limit_and_no_further)

/* Sizes around the ends of blocks, in all phases. */
static void an_unbounded_queue_keeps_the_order_over_all_blocks_(void)
{
    struct nave_mpsc_options o = {.size = sizeof(o),
                                  .item_size = 512,
                                  .capacity = 64,
                                  .flags = NAVE_MPSC_UNBOUNDED};
    uint64_t item[64] = {0}, in = 0, out = 0;
    uint32_t i, depth;

    make_with(&o);
    for (depth = 1; depth < 20; depth++) {
        for (i = 0; i < 40; i++) {
            while (in - out < (i % 3 ? depth : 1)) {
                item[0] = ++in;
                CU_ASSERT_EQUAL_FATAL(nave_mpsc_try_send(tx, item), NAVE_OK);
            }
            while (in - out > (i % 2 ? depth / 2 : 0)) {
                CU_ASSERT_EQUAL_FATAL(nave_mpsc_try_recv(rx, item), NAVE_OK);
                CU_ASSERT_EQUAL_FATAL(item[0], ++out);
            }
        }
    }
    end();
}
BOTH_WAYS(an_unbounded_queue_keeps_the_order_over_all_blocks)

static void in_steady_state_nothing_is_allocated_(void)
{
    struct nave_mpsc_options o = {.size = sizeof(o),
                                  .item_size = 8,
                                  .capacity = 100000,
                                  .flags = NAVE_MPSC_UNBOUNDED};
    uint32_t i, k;

    make_with(&o);
    for (i = 0; i < 2000; i++) {
        if (i == 4)
            rig.fails_in = 0; /* from here on it would fail */
        for (k = 0; k < 100; k++)
            CU_ASSERT_EQUAL(put(1), NAVE_OK);
        for (k = 0; k < 100; k++)
            CU_ASSERT_EQUAL(get(), 1);
    }
    CU_ASSERT_EQUAL(rig.failures, 0);
    end();
}
BOTH_WAYS(in_steady_state_nothing_is_allocated)

static void each_allocation_may_fail_and_nothing_is_lost_(void)
{
    struct nave_mpsc_options o = {.size = sizeof(o),
                                  .item_size = 8,
                                  .capacity = 1000,
                                  .flags = NAVE_MPSC_UNBOUNDED};
    uint64_t sent, i;
    long n;

    for (n = 0;; n++) {
        uint32_t refused = 0;

        rig.fails_in = n;
        rig.failures = 0;
        tx = NULL;
        if (nave_mpsc_new(rig.channels, &o, &tx, &rx) != NAVE_OK) {
            CU_ASSERT_PTR_NULL(tx);
            CU_ASSERT_EQUAL(rig.bytes, 0);
            continue;
        }
        for (sent = 0; sent < 999;) {
            nave_err err = put(sent + 1);

            CU_ASSERT(err == NAVE_OK || err == NAVE_ENOMEM);
            sent += err == NAVE_OK;
            refused += err != NAVE_OK;
        }
        CU_ASSERT_EQUAL(nave_mpsc_try_reserve(tx), NAVE_OK);
        sent++;
        if (nave_mpsc_commit(tx, &sent) == NAVE_ENOMEM) {
            refused++;
            CU_ASSERT_EQUAL(nave_mpsc_commit(tx, &sent), NAVE_OK);
        }
        for (i = 1; i <= sent; i++)
            CU_ASSERT_EQUAL(get(), i);
        end();
        CU_ASSERT_EQUAL(rig.bytes, 0);
        CU_ASSERT_EQUAL(refused, rig.failures);
        if (!rig.failures)
            break;
    }
    CU_ASSERT(n > 4);
}
BOTH_WAYS(each_allocation_may_fail_and_nothing_is_lost)

/* --- its share of the worker ----------------------------------------------------------------- */

#define PLENTY 1000u

static uint32_t eaten;
static uint32_t eaten_before; /* when another task had its turn */

NAVE_ASYNC(greedy, struct nave_op op; uint64_t item;)
{
    NAVE_BEGIN();
    while (eaten < PLENTY) {
        NAVE_TRY(nave_mpsc_recv(cx, &f->op, rx, &f->item));
        eaten++;
    }
    NAVE_CLEANUP();
    NAVE_END();
}

NAVE_ASYNC(modest, uint32_t unused;)
{
    NAVE_BEGIN();
    eaten_before = eaten;
    NAVE_CLEANUP();
    NAVE_END();
}

static void who_never_has_to_wait_lets_others_have_their_turn_(void)
{
    struct nave_worker *w = &rig.handle[0].pub;
    struct nave_future *first = NULL, *second = NULL;
    uint64_t n;

    make(PLENTY);
    for (n = 0; n < PLENTY; n++)
        CU_ASSERT_EQUAL(put(n), NAVE_OK);
    eaten = eaten_before = 0;
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(greedy, w, &first, .item = 0), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(NAVE_NEW(modest, w, &second, .unused = 0), NAVE_OK);
    w->api->spawn_local(w, first);
    w->api->spawn_local(w, second);
    rig_run();
    CU_ASSERT_EQUAL(eaten, PLENTY);
    CU_ASSERT(eaten_before < 200);
    end();
}
BOTH_WAYS(who_never_has_to_wait_lets_others_have_their_turn)

static CU_TestInfo tests[] = {
    {"what_is_sent_is_received_in_its_order", what_is_sent_is_received_in_its_order},
    {"items_of_every_size_come_whole", items_of_every_size_come_whole},
    {"what_needs_no_waiting_is_done_at_once", what_needs_no_waiting_is_done_at_once},
    {"a_receiver_that_waits_gets_what_is_sent", a_receiver_that_waits_gets_what_is_sent},
    {"a_sender_that_waits_goes_on_when_there_is_room",
     a_sender_that_waits_goes_on_when_there_is_room},
    {"senders_are_served_in_their_order_and_nobody_overtakes",
     senders_are_served_in_their_order_and_nobody_overtakes},
    {"a_send_that_is_dropped_sends_nothing", a_send_that_is_dropped_sends_nothing},
    {"a_permit_of_a_dropped_send_goes_to_the_next", a_permit_of_a_dropped_send_goes_to_the_next},
    {"a_permit_of_a_dropped_reserve_goes_to_the_next",
     a_permit_of_a_dropped_reserve_goes_to_the_next},
    {"a_receive_that_is_dropped_leaves_the_item_in_front",
     a_receive_that_is_dropped_leaves_the_item_in_front},
    {"an_item_that_came_back_is_received_by_the_next_op",
     an_item_that_came_back_is_received_by_the_next_op},
    {"a_permit_keeps_room_until_it_is_used_or_given_back",
     a_permit_keeps_room_until_it_is_used_or_given_back},
    {"a_permit_is_used_for_a_receiver_that_waits", a_permit_is_used_for_a_receiver_that_waits},
    {"many_are_received_at_once", many_are_received_at_once},
    {"receiving_many_gives_room_to_as_many", receiving_many_gives_room_to_as_many},
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
    {"an_op_that_waits_is_not_started_again", an_op_that_waits_is_not_started_again},
    {"sizes_and_flags_that_are_not_allowed_are_refused",
     sizes_and_flags_that_are_not_allowed_are_refused},
    {"an_unbounded_queue_grows_to_its_limit_and_no_further",
     an_unbounded_queue_grows_to_its_limit_and_no_further},
    {"an_unbounded_queue_keeps_the_order_over_all_blocks",
     an_unbounded_queue_keeps_the_order_over_all_blocks},
    {"in_steady_state_nothing_is_allocated", in_steady_state_nothing_is_allocated},
    {"each_allocation_may_fail_and_nothing_is_lost", each_allocation_may_fail_and_nothing_is_lost},
    {"who_never_has_to_wait_lets_others_have_their_turn",
     who_never_has_to_wait_lets_others_have_their_turn},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"mpsc", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

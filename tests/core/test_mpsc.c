/* SPDX-License-Identifier: MIT
 *
 * nave.mpsc/1: order, room, permits, many at once, and what a receiver takes of its worker. Each test runs
 * with tasks and with callbacks, on two workers.
 */
#include <nave/async.h>

#include "mpsc_rig.h"

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
    {"a_permit_keeps_room_until_it_is_used_or_given_back",
     a_permit_keeps_room_until_it_is_used_or_given_back},
    {"a_permit_is_used_for_a_receiver_that_waits", a_permit_is_used_for_a_receiver_that_waits},
    {"many_are_received_at_once", many_are_received_at_once},
    {"receiving_many_gives_room_to_as_many", receiving_many_gives_room_to_as_many},
    {"who_never_has_to_wait_lets_others_have_their_turn",
     who_never_has_to_wait_lets_others_have_their_turn},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"mpsc", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

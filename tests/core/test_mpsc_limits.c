/* SPDX-License-Identifier: MIT
 *
 * nave.mpsc/1: misuse, limits and memory, of bounded and unbounded queues. Each test runs with tasks and with
 * callbacks, on two workers.
 */
#include "mpsc_rig.h"

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

static CU_TestInfo tests[] = {
    {"an_op_that_waits_is_not_started_again", an_op_that_waits_is_not_started_again},
    {"sizes_and_flags_that_are_not_allowed_are_refused",
     sizes_and_flags_that_are_not_allowed_are_refused},
    {"an_unbounded_queue_grows_to_its_limit_and_no_further",
     an_unbounded_queue_grows_to_its_limit_and_no_further},
    {"an_unbounded_queue_keeps_the_order_over_all_blocks",
     an_unbounded_queue_keeps_the_order_over_all_blocks},
    {"in_steady_state_nothing_is_allocated", in_steady_state_nothing_is_allocated},
    {"each_allocation_may_fail_and_nothing_is_lost", each_allocation_may_fail_and_nothing_is_lost},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"mpsc", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * The oneshot channel, core/sync/oneshot.c in its own source: an item that is sent comes exactly when its sender
 * was told so and its receiver stays for it, whole and once; who waits for it or for the receiver's end is
 * woken; what a dropped op had got comes back; the channel is freed once, by whoever goes last.
 */
#define MODEL_REDIRECT
#include "tearing.h"

#include "sync/oneshot.c"

#undef memcpy
#undef nv_lock_leave
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n

#include "actors.h"

#include "test_main.h"

#define ITEM  UINT64_C(0x1234567887654321)
#define NEVER NAVE_EAGAIN

static struct nv_channels service = {.oneshot = &nv_oneshot_table,
                                     .oneshot_rx = &nv_oneshot_rx_table};
static struct nave_oneshot *tx;
static struct nave_oneshot_rx *rx;
static uint32_t drops;     /* that each thread does      */
static int32_t is_called;  /* both have callbacks        */
static nave_err sent, got; /* NEVER: it was not tried    */

static void make(void)
{
    actors_begin();
    sent = got = NEVER;
    if (nv_oneshot_make(&service.pub, sizeof(ITEM), &tx, &rx) != NAVE_OK)
        abort();
}

/* --- the sender ------------------------------------------------------------------------------ */

static void send_it(void)
{
    const uint64_t item = ITEM;
    int32_t is_closed = tx_is_closed(tx);

    sent = tx_send(tx, &item);
    if (is_closed && sent == NAVE_OK)
        model_fail("sent to a receiver that had closed");
}

static void goes(void)
{
    tx_drop(tx);
}

/* Waits for the receiver's end, or no longer, and sends. */
static void waits_and_sends(void)
{
    uint32_t left = drops;
    struct actor *a = ready(is_called);
    int32_t is_told = finish(a, tx_closed(tx, &a->op), &left);

    if (is_told && (a->op.result != NAVE_OK || !tx_is_closed(tx)))
        model_fail("told of an end that is none");
    send_it();
    if (is_told && sent != NAVE_ECLOSED)
        model_fail("sent to a receiver that has ended");
}

/* --- the receiver ---------------------------------------------------------------------------- */

static void take_it(void)
{
    uint32_t left = drops;
    struct actor *a;
    uint64_t item;

    do {
        a = ready(is_called);
        item = 0;
    } while (!finish(a, rx_recv(rx, &a->op, &item), &left));
    got = a->op.result;
    if (got == NAVE_OK && item != ITEM)
        model_fail("another item");
}

static void receives(void)
{
    uint64_t again;

    take_it();
    if (rx_try_recv(rx, &again) != NAVE_ECLOSED)
        model_fail("there was a second item");
    rx_drop(rx);
}

/* Without waiting. */
static void asks(void)
{
    uint64_t item = 0;

    while ((got = rx_try_recv(rx, &item)) == NAVE_EAGAIN) {
        model_fence(__ATOMIC_SEQ_CST); /* its stores are not kept for ever */
        model_yield();
    }
    if (got == NAVE_OK && item != ITEM)
        model_fail("another item");
    rx_drop(rx);
}

/* Looks once, closes, and takes what was sent before. */
static void closes(void)
{
    uint32_t once = 1;
    struct actor *a = ready(is_called);
    uint64_t item = 0;

    if (finish(a, rx_recv(rx, &a->op, &item), &once)) {
        got = a->op.result;
        if (got == NAVE_OK && item != ITEM)
            model_fail("another item");
        rx_close(rx);
    } else {
        rx_close(rx);
        take_it();
    }
    rx_drop(rx);
}

/* Looks once and goes. */
static void leaves(void)
{
    uint32_t once = 1;
    struct actor *a = ready(is_called);
    uint64_t item = 0;

    (void)finish(a, rx_recv(rx, &a->op, &item), &once);
    rx_drop(rx);
}

/* --- what holds ------------------------------------------------------------------------------ */

static void end(void)
{
    if (got != NEVER && (got == NAVE_OK) != (sent == NAVE_OK))
        model_fail("the two ends were told different things");
    if (got != NEVER && got != NAVE_OK && got != NAVE_ECLOSED)
        model_fail("another outcome");
    if (objects)
        model_fail("the channel was not freed");
}

struct scene {
    const char *name;
    void (*receiver)(void);
    void (*sender)(void);
    uint32_t drops, is_called, tears, switches;
};

static struct model_result explore(const struct scene *s)
{
    struct model_test t = {.name = s->name,
                           .begin = make,
                           .thread = {s->receiver, s->sender},
                           .end = end,
                           .switches_max = s->switches - s->tears,
                           .runs_max = 400000};
    struct model_result r;

    drops = s->drops;
    is_called = (int32_t)s->is_called;
    model_tears = s->tears;
    r = model_explore(&t);
    model_tears = 0;
    forget_freed();
    return r;
}

/* As a task and with callbacks, with and without a drop. */
static void holds(const char *name, void (*receiver)(void), void (*sender)(void), uint32_t switches)
{
    uint32_t way;

    for (way = 0; way < 8; way++) {
        struct scene s = {name, receiver, sender, way & 1, way >> 1 & 1, way >> 2, switches};
        struct model_result r = explore(&s);

        CU_ASSERT_PTR_NULL(r.failure);
        CU_ASSERT(r.is_whole);
    }
}

static void what_was_sent_comes_once(void)
{
    holds("sent, received", receives, send_it, 3);
    holds("sent, asked for", asks, send_it, 3);
}

static void a_sender_that_goes_is_told_to_who_waits(void)
{
    holds("dropped, received", receives, goes, 3);
    holds("dropped, asked for", asks, goes, 3);
}

static void a_receiver_may_close_at_any_moment(void)
{
    holds("sent, closed", closes, send_it, 2);
    holds("dropped, closed", closes, goes, 2);
}

static void either_end_may_go_at_any_moment(void)
{
    holds("sent, left", leaves, send_it, 3);
    holds("dropped, left", leaves, goes, 3);
}

static void a_sender_that_waits_for_the_end_is_told(void)
{
    holds("waits, closed", closes, waits_and_sends, 2);
    holds("waits, left", leaves, waits_and_sends, 2);
}

static void fails(uint32_t breaks, struct scene s)
{
    model_breaks = breaks;
#ifndef NV_SANITIZED
    CU_ASSERT_PTR_NOT_NULL(explore(&s).failure);
#else
    (void)s;
#endif
    model_breaks = 0;
}

static void a_lock_that_two_can_take_is_seen_to_fail(void)
{
    fails(MODEL_TAKING_IS_TWO_STEPS, (struct scene){"two", receives, send_it, 0, 0, 1, 5});
    fails(MODEL_TAKING_IS_TWO_STEPS, (struct scene){"two", leaves, goes, 0, 0, 1, 5});
}

static CU_TestInfo tests[] = {
    {"what_was_sent_comes_once", what_was_sent_comes_once},
    {"a_sender_that_goes_is_told_to_who_waits", a_sender_that_goes_is_told_to_who_waits},
    {"a_receiver_may_close_at_any_moment", a_receiver_may_close_at_any_moment},
    {"either_end_may_go_at_any_moment", either_end_may_go_at_any_moment},
    {"a_sender_that_waits_for_the_end_is_told", a_sender_that_waits_for_the_end_is_told},
    {"a_lock_that_two_can_take_is_seen_to_fail", a_lock_that_two_can_take_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of oneshot", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * The queue with permits and what channels wait with, core/mpsc_*.[ch] and core/worker/sync_wait.h in their own
 * source: senders and a receiver under all interleavings, with tasks and with callbacks that take their ops
 * back at any moment. No item is lost or comes twice, a sender's order is kept, no wake-up is lost, the end
 * is told, no op is touched after its owner has let go of it, and the channel is freed once.
 */
#define MODEL_REDIRECT
#include "explore.h"

#include "worker/sync_wait.h"

/* Mutants, to show that a mistake would be seen. */
enum mutant {
    NONE = 0,
    PERMIT_IS_LOST, /* a sender that is dropped keeps its permit for ever       */
    WAKER_AFTER,    /* the waker is read from an op whose outcome is stored     */
    WAKE_IS_LOST,   /* the receiver is not woken by the last sender's end       */
};
static enum mutant mutant;

static void model_settle(struct nave_op *op, nave_err outcome, struct nv_wakes *wakes)
{
    if (mutant == WAKE_IS_LOST && outcome == NAVE_ECLOSED) {
        __atomic_store_n(&op->result, outcome, __ATOMIC_RELEASE);
        return;
    }
    if (mutant != WAKER_AFTER || op->done) {
        nv_wait_settle(op, outcome, wakes);
        return;
    }
    __atomic_store_n(&op->result, outcome, __ATOMIC_SEQ_CST);
    model_point();
    wakes->each[wakes->count++] = (struct nave_waker){op->waker, op->done_arg, op->waker_id, 0};
}

#define nv_wait_settle model_settle
#include "sync/mpsc_state.h"

static void model_put_permit(struct nv_mpsc *c, struct nv_wakes *wakes)
{
    if (mutant != PERMIT_IS_LOST)
        nv_mpsc_put_permit(c, wakes);
}

#define nv_mpsc_put_permit model_put_permit
#include "sync/mpsc_tx.c"
#undef nv_mpsc_put_permit
#include "sync/mpsc.c"
#include "sync/mpsc_rx.c"
#include "base/sized.c"

#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n

#include "actors.h"

#include "test_main.h"

static struct nv_channels service = {.mpsc = &nv_mpsc_table, .mpsc_rx = &nv_mpsc_rx_table};
static struct nave_mpsc *tx;
static struct nave_mpsc_rx *rx;

/* --- the threads ----------------------------------------------------------------------------- */

#define ITEMS_MAX 4u

static uint32_t capacity;
static uint32_t drops;      /* that each thread does             */
static int32_t is_called;   /* the receiver has callbacks        */
static uint32_t closes_at;  /* items after which it closes; 0: never */
static uint64_t wanted[2];  /* items of each sender              */
static uint64_t last_of[2]; /* the newest of each that came      */
static uint64_t sent[2];
static uint64_t came;

static void make(void)
{
    struct nave_mpsc_options o = {.size = sizeof(o), .item_size = 8, .capacity = capacity};

    actors_begin();
    if (nv_mpsc_make(&service.pub, &o, &tx, &rx) != NAVE_OK)
        abort();
    if (wanted[1])
        tx_clone(tx);
    memset(last_of, 0, sizeof(last_of));
    memset(sent, 0, sizeof(sent));
    came = 0;
}

static void send_all(uint32_t who)
{
    uint32_t left = drops;
    uint64_t item;

    for (item = who << 8 | 1; (item & 255) <= wanted[who];) {
        struct actor *a = ready(0);

        if (!finish(a, tx_send(tx, &a->op, &item), &left))
            continue; /* it was not sent: again */
        if (a->op.result != NAVE_OK)
            break; /* closed */
        item++;
        sent[who]++;
    }
    tx_drop(tx);
}

static void first(void)
{
    send_all(0);
}

static void second(void)
{
    send_all(1);
}

/* Sends one with a permit, having given one back. */
static void permits(void)
{
    uint32_t left = drops, k;
    uint64_t item = 1 << 8 | 1;

    for (k = 0; k < 2;) {
        struct actor *a = ready(0);

        if (!finish(a, tx_reserve(tx, &a->op), &left))
            continue;
        if (k++ == 0)
            tx_release(tx);
        else if (tx_commit(tx, &item) == NAVE_OK)
            sent[1]++;
    }
    tx_drop(tx);
}

static void note(uint64_t item)
{
    uint64_t who = item >> 8;

    if (who > 1 || (item & 255) != last_of[who] + 1)
        model_fail("an item came twice, or not in its sender's order");
    last_of[who & 1]++;
    came++;
}

static void receive_all(void)
{
    uint32_t left = drops;

    for (;;) {
        struct actor *a = ready(is_called);
        uint64_t item = 0;

        if (!finish(a, rx_recv(rx, &a->op, &item), &left))
            continue; /* nothing was received: again */
        if (a->op.result == NAVE_ECLOSED)
            break;
        note(item);
        if (came == closes_at)
            rx_close(rx);
    }
    rx_drop(rx);
}

static void receive_many(void)
{
    uint32_t left = drops;

    for (;;) {
        struct actor *a = ready(is_called);
        uint64_t items[ITEMS_MAX] = {0}, i;

        if (!finish(a, rx_recv_many(rx, &a->op, items, ITEMS_MAX), &left))
            continue;
        if (a->op.result == NAVE_ECLOSED)
            break;
        for (i = 0; i < a->op.value; i++)
            note(items[i]);
    }
    rx_drop(rx);
}

static void end(void)
{
    if (last_of[0] != sent[0] || last_of[1] != sent[1])
        model_fail("what was sent did not come");
    if (!closes_at && (sent[0] != wanted[0] || sent[1] != wanted[1]))
        model_fail("not all was sent");
    if (objects)
        model_fail("the channel was not freed");
}

#define BY_CHANCE 8000u /* runs */

struct scene {
    const char *name;
    void (*receiver)(void);
    void (*more)(void); /* the second sender */
    uint64_t items, more_items;
    uint32_t capacity, drops, is_called, closes_at;
    uint32_t switches, by_chance;
};

static struct model_result explore(const struct scene *s)
{
    struct model_test t = {.name = s->name,
                           .begin = make,
                           .thread = {s->receiver, first, s->more},
                           .end = end,
                           .switches_max = s->switches,
                           .runs_max = s->by_chance ? s->by_chance : 3000000,
                           .seed = s->by_chance ? 7919 : 0};
    struct model_result r;

    wanted[0] = s->items;
    wanted[1] = s->more_items;
    capacity = s->capacity;
    drops = s->drops;
    is_called = (int32_t)s->is_called;
    closes_at = s->closes_at;
    is_by_chance = s->by_chance != 0;
    r = model_explore(&t);
    forget_freed();
    return r;
}

static void holds(struct scene s)
{
    struct model_result r;

    mutant = NONE;
    model_breaks = 0;
    r = explore(&s);
    CU_ASSERT_PTR_NULL(r.failure);
    CU_ASSERT(r.is_whole || s.by_chance);
}

static void fails(enum mutant m, uint32_t breaks, struct scene s)
{
    mutant = m;
    model_breaks = breaks;
#ifndef NV_SANITIZED
    CU_ASSERT_PTR_NOT_NULL(explore(&s).failure);
#else
    (void)s;
#endif
    mutant = NONE;
    model_breaks = 0;
}

static void one_sender_loses_nothing(void)
{
    holds((struct scene){"one item", receive_all, NULL, 1, 0, 1, 0, 0, 0, 2, 0});
    holds((struct scene){"two items, room for one", receive_all, NULL, 2, 0, 1, 0, 0, 0, 1, 0});
    holds((struct scene){"with callbacks", receive_all, NULL, 2, 0, 1, 0, 1, 0, 0, 0});
    holds((struct scene){"many at once", receive_many, NULL, 3, 0, 2, 0, 0, 0, 9, BY_CHANCE});
}

static void two_senders_lose_nothing(void)
{
    holds((struct scene){"two senders", receive_all, second, 1, 1, 1, 0, 0, 0, 0, 0});
    holds((struct scene){"by chance", receive_all, second, 3, 3, 1, 0, 0, 0, 9, BY_CHANCE});
    holds((struct scene){"with callbacks", receive_all, second, 2, 2, 1, 0, 1, 0, 9, BY_CHANCE});
    holds((struct scene){"permits", receive_all, permits, 2, 1, 1, 0, 0, 0, 9, BY_CHANCE});
}

static void ops_may_be_taken_back_at_any_moment(void)
{
    holds((struct scene){"one sender", receive_all, NULL, 1, 0, 1, 1, 0, 0, 0, 0});
    holds((struct scene){"callbacks", receive_all, NULL, 1, 0, 1, 1, 1, 0, 0, 0});
    holds((struct scene){"two senders", receive_all, second, 2, 2, 1, 2, 0, 0, 9, BY_CHANCE});
    holds((struct scene){"two, callbacks", receive_all, second, 2, 2, 1, 2, 1, 0, 9, BY_CHANCE});
    holds((struct scene){"two, many", receive_many, second, 2, 2, 2, 2, 1, 0, 9, BY_CHANCE});
    holds((struct scene){"permits", receive_all, permits, 2, 1, 1, 2, 0, 0, 9, BY_CHANCE});
}

static void the_receiver_may_close_at_any_moment(void)
{
    holds((struct scene){"one sender", receive_all, NULL, 2, 0, 1, 0, 0, 1, 0, 0});
    holds((struct scene){"two senders", receive_all, second, 2, 2, 1, 1, 0, 1, 9, BY_CHANCE});
    holds((struct scene){"callbacks", receive_all, second, 2, 2, 2, 1, 1, 2, 9, BY_CHANCE});
}

static void mistakes_are_seen(void)
{
    const struct scene two = {"two", receive_all, second, 2, 2, 1, 2, 0, 0, 9, 100000};
    const struct scene one = {"one", receive_all, NULL, 2, 0, 1, 0, 0, 0, 9, 100000};

    fails(PERMIT_IS_LOST, 0, two);
    fails(WAKER_AFTER, 0, two);
    fails(WAKE_IS_LOST, 0, one);
    fails(NONE, MODEL_TAKING_IS_TWO_STEPS, two);
}

static CU_TestInfo tests[] = {
    {"one_sender_loses_nothing", one_sender_loses_nothing},
    {"two_senders_lose_nothing", two_senders_lose_nothing},
    {"ops_may_be_taken_back_at_any_moment", ops_may_be_taken_back_at_any_moment},
    {"the_receiver_may_close_at_any_moment", the_receiver_may_close_at_any_moment},
    {"mistakes_are_seen", mistakes_are_seen},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of mpsc", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

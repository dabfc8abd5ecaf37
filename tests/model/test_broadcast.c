/* SPDX-License-Identifier: MIT
 *
 * The broadcast channel, core/sync/broadcast.c in its own source: each receiver gets every item from its
 * subscription to the end, in order and whole, or is told how many it missed; one may come, be cloned and go
 * at any moment; who waits for the end of the receivers is told, and a sender without any is refused; all
 * memory is freed once.
 */
#define MODEL_REDIRECT
#include "tearing.h"

#include "sync/broadcast.c"

#undef memcpy
#undef nv_lock_leave
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n

#include "actors.h"

#include "test_main.h"

static struct nv_channels service = {.broadcast = &nv_broadcast_table,
                                     .broadcast_rx = &nv_broadcast_rx_table};
static struct nave_broadcast *tx;
static struct nave_broadcast_rx *rx[MODEL_THREADS]; /* of each thread that has one from the start */
static uint32_t drops;                              /* that each thread does                      */
static int32_t is_called;                           /* all have callbacks                         */
static uint32_t capacity;
static uint32_t wanted;               /* items to be sent            */
static uint32_t receivers;            /* threads 0 to here have one  */
static uint64_t sent;                 /* items that were not refused */
static uint64_t after[MODEL_THREADS]; /* a receiver got all behind this one, if it stayed */
static uint64_t upto[MODEL_THREADS];  /* ... up to this one */

#define LEFT UINT64_MAX /* it did not stay */

/* Item `n`: both halves are the same, so that a torn one is seen. */
static uint64_t item_of(uint64_t n)
{
    return n << 32 | n;
}

static void make(void)
{
    uint32_t i;

    actors_begin();
    sent = 0;
    for (i = 0; i < MODEL_THREADS; i++)
        upto[i] = LEFT;
    if (nv_broadcast_make(&service.pub, 8, capacity, &tx) != NAVE_OK)
        abort();
    for (i = 0; i < receivers; i++)
        if (tx_subscribe(tx, &rx[i]) != NAVE_OK)
            abort();
}

static void make_two_senders(void)
{
    make();
    tx_clone(tx);
}

/* --- the sender ------------------------------------------------------------------------------ */

static void send_all(void)
{
    uint32_t i;

    for (i = 0; i < wanted; i++) {
        uint64_t item = item_of(sent + 1);

        if (tx_send(tx, &item) == NAVE_OK)
            sent++;
    }
    tx_drop(tx);
}

/* Does not go before the receivers, which must not need that. */
static void send_all_and_stay(void)
{
    uint32_t left = 0;
    struct actor *a;
    uint64_t n;

    for (n = 1; n <= wanted; n++) {
        uint64_t item = item_of(n);

        if (tx_send(tx, &item) == NAVE_OK)
            sent++;
    }
    a = ready(0);
    (void)finish(a, tx_closed(tx, &a->op), &left);
    tx_drop(tx);
}

/* Waits until all receivers are gone, or no longer. */
static void wait_closed(void)
{
    uint32_t left = drops;
    struct actor *a = ready(is_called);
    uint64_t item = item_of(sent + 1);

    if (finish(a, tx_closed(tx, &a->op), &left) && tx_send(tx, &item) != NAVE_ECLOSED)
        model_fail("told of an end that is none");
    tx_drop(tx);
}

/* --- receivers ------------------------------------------------------------------------------- */

/* `*next` is the number that comes next; 0: whatever comes. */
static void note(uint64_t item, uint64_t *next)
{
    uint64_t n = item & UINT32_MAX;

    if (item != item_of(n))
        model_fail("an item was torn");
    if (*next && n != *next)
        model_fail("an item was left out, or came twice");
    *next = n + 1;
}

/* To the end. */
static void follow(struct nave_broadcast_rx *mine, uint64_t next)
{
    uint32_t left = drops;

    for (;;) {
        struct actor *a = ready(is_called);
        uint64_t item = 0;

        if (!finish(a, rx_recv(mine, &a->op, &item), &left))
            continue; /* nothing was received: again */
        if (a->op.result == NAVE_ECLOSED)
            break;
        if (a->op.result == NAVE_OK)
            note(item, &next);
        else if (a->op.result != NAVE_ELAGGED || a->op.value == 0)
            model_fail("another outcome");
        else if (next)
            next += a->op.value;
    }
    upto[model_self()] = next ? next - 1 : after[model_self()];
    rx_drop(mine);
}

static void receive_all(void)
{
    after[model_self()] = 0;
    follow(rx[model_self()], 1);
}

/* Until the last item, and goes before the sender. */
static void receive_last(void)
{
    struct nave_broadcast_rx *mine = rx[model_self()];
    uint32_t left = drops;
    uint64_t next = 1;

    while (next <= wanted) {
        struct actor *a = ready(is_called);
        uint64_t item = 0;

        if (!finish(a, rx_recv(mine, &a->op, &item), &left))
            continue;
        if (a->op.result == NAVE_OK)
            note(item, &next);
        else
            next += a->op.value;
    }
    rx_drop(mine);
}

/* Without waiting. */
static void ask(void)
{
    struct nave_broadcast_rx *mine = rx[model_self()];
    uint64_t next = 1, item, missed;
    nave_err err;

    while ((err = rx_try_recv(mine, &item, &missed)) != NAVE_ECLOSED) {
        if (err == NAVE_OK)
            note(item, &next);
        if (err == NAVE_ELAGGED)
            next += missed;
        if (err != NAVE_EAGAIN)
            continue;
        model_fence(__ATOMIC_SEQ_CST); /* its stores are not kept for ever */
        model_yield();
    }
    after[model_self()] = 0;
    upto[model_self()] = next - 1;
    rx_drop(mine);
}

/* With a sender of its own, so the end cannot come before. */
static void come_later(void)
{
    struct nave_broadcast_rx *mine;

    if (tx_subscribe(tx, &mine) != NAVE_OK)
        abort();
    after[model_self()] = sent + 1; /* one may have been sent that is not counted yet */
    tx_drop(tx);
    follow(mine, 0);
}

/* Gets one, goes on as its clone. */
static void go_on_as_a_clone(void)
{
    struct nave_broadcast_rx *mine = rx[model_self()], *clone;
    uint64_t item = 0, next = 1, missed = 0;
    nave_err err = rx_try_recv(mine, &item, &missed);

    if (err == NAVE_OK)
        note(item, &next);
    if (err == NAVE_ELAGGED)
        next += missed;
    if (rx_clone(mine, &clone) != NAVE_OK)
        abort();
    rx_drop(mine);
    after[model_self()] = 0;
    follow(clone, next);
}

/* Looks once and goes. */
static void leave(void)
{
    uint32_t once = 1;
    struct actor *a = ready(is_called);
    uint64_t item = 0, next = 1;

    if (finish(a, rx_recv(rx[model_self()], &a->op, &item), &once) && a->op.result == NAVE_OK)
        note(item, &next);
    rx_drop(rx[model_self()]);
}

/* --- what holds ------------------------------------------------------------------------------ */

static void end(void)
{
    uint32_t i;

    for (i = 0; i < MODEL_THREADS; i++)
        if (upto[i] != LEFT && upto[i] != sent && after[i] < sent)
            model_fail("the last items did not come");
    if (objects)
        model_fail("memory is left");
}

struct scene {
    const char *name;
    void (*thread[3])(void);
    uint32_t receivers, wanted, capacity;
    uint32_t switches; /* 0: by chance */
    uint32_t senders;
};

#define BY_CHANCE 5000u

static struct model_result explore(const struct scene *s, uint32_t way)
{
    struct model_test t = {.name = s->name,
                           .begin = s->senders > 1 ? make_two_senders : make,
                           .thread = {s->thread[0], s->thread[1], s->thread[2]},
                           .end = end,
                           .switches_max = !s->switches                  ? 9
                                           : way >> 2 && s->switches > 1 ? s->switches - 1
                                                                         : s->switches,
                           .runs_max = s->switches ? 400000 : BY_CHANCE,
                           .seed = s->switches ? 0 : 15485863};
    struct model_result r;

    drops = way & 1;
    is_called = (int32_t)(way >> 1 & 1);
    model_tears = way >> 2;
    is_by_chance = !s->switches;
    wanted = s->wanted;
    capacity = s->capacity;
    receivers = s->receivers;
    r = model_explore(&t);
    model_tears = 0;
    forget_freed();
    return r;
}

/* As tasks and with callbacks, with and without a drop. */
static void holds(struct scene s)
{
    uint32_t way;

    for (way = 0; way < 8; way++) {
        struct model_result r = explore(&s, way);

        CU_ASSERT_PTR_NULL(r.failure);
        CU_ASSERT(r.is_whole || !s.switches);
    }
}

static void every_item_comes_or_is_counted_as_missed(void)
{
    holds((struct scene){"one item", {receive_all, send_all}, 1, 1, 1, 2, 1});
    holds((struct scene){"lagging", {receive_all, send_all}, 1, 3, 1, 1, 1});
    holds((struct scene){"asking", {ask, send_all}, 1, 3, 2, 3, 1});
    holds((struct scene){"and go first", {receive_last, send_all_and_stay}, 1, 2, 1, 0, 1});
    holds((struct scene){
        "two go first", {receive_last, receive_last, send_all_and_stay}, 2, 2, 1, 0, 1});
    holds((struct scene){"two", {receive_all, receive_all, send_all}, 2, 3, 2, 0, 1});
}

static void receivers_may_come_at_any_moment(void)
{
    holds((struct scene){"late", {send_all, come_later}, 0, 2, 1, 1, 2});
    holds(
        (struct scene){"late, and one before", {receive_all, send_all, come_later}, 1, 3, 2, 0, 2});
    holds((struct scene){"a clone", {go_on_as_a_clone, send_all}, 1, 2, 1, 0, 1});
}

static void receivers_may_go_at_any_moment(void)
{
    holds((struct scene){"gone", {leave, send_all}, 1, 2, 1, 2, 1});
    holds((struct scene){"one of two", {leave, receive_all, send_all}, 2, 2, 1, 0, 1});
}

static void who_waits_for_the_end_of_the_receivers_is_told(void)
{
    holds((struct scene){"end", {leave, wait_closed}, 1, 0, 1, 2, 1});
    holds((struct scene){"end of two", {leave, leave, wait_closed}, 2, 0, 1, 0, 1});
    holds((struct scene){"end, and a sender", {leave, wait_closed, send_all}, 1, 2, 1, 0, 2});
}

static void a_lock_that_two_can_take_is_seen_to_fail(void)
{
    struct scene s = {"two", {receive_all, send_all}, 1, 2, 1, 4, 1};

    model_breaks = MODEL_TAKING_IS_TWO_STEPS;
#ifndef NV_SANITIZED
    CU_ASSERT_PTR_NOT_NULL(explore(&s, 4).failure);
#else
    (void)s;
#endif
    model_breaks = 0;
}

static CU_TestInfo tests[] = {
    {"every_item_comes_or_is_counted_as_missed", every_item_comes_or_is_counted_as_missed},
    {"receivers_may_come_at_any_moment", receivers_may_come_at_any_moment},
    {"receivers_may_go_at_any_moment", receivers_may_go_at_any_moment},
    {"who_waits_for_the_end_of_the_receivers_is_told",
     who_waits_for_the_end_of_the_receivers_is_told},
    {"a_lock_that_two_can_take_is_seen_to_fail", a_lock_that_two_can_take_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of broadcast", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

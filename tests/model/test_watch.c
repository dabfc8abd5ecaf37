/* SPDX-License-Identifier: MIT
 *
 * The watch channel, core/sync/watch.c in its own source: who waits for a change gets the newest one,
 * whole; the last value is not missed behind the sender's end, by those who wait and by those who only
 * look; also when the version wraps around; who waits for the receivers' end is told; all memory is freed
 * once.
 */
#define MODEL_REDIRECT
#include "tearing.h"

#include "sync/watch.c"

#undef memcpy
#undef nv_lock_leave
#undef __atomic_load_n
#undef __atomic_store_n
#undef __atomic_exchange_n

#include "actors.h"

#include "test_main.h"

static struct nv_channels service = {.watch = &nv_watch_table, .watch_rx = &nv_watch_rx_table};
static struct nave_watch *tx;
static struct nave_watch_rx *rx[MODEL_THREADS]; /* of each thread that has one from the beginning */
static uint32_t drops;                          /* that each thread does                          */
static int32_t is_called;                       /* all have callbacks                             */
static uint32_t wanted;                         /* values to be sent                              */
static uint32_t receivers;                      /* threads 0 to here have one                     */

/* Value `n`: both halves are the same, so that a torn one is seen. */
static uint64_t value_of(uint64_t n)
{
    return n << 32 | n;
}

static void make(void)
{
    const uint64_t zero = value_of(0);
    uint32_t i;

    actors_begin();
    if (nv_watch_make(&service.pub, sizeof(zero), &zero, &tx) != NAVE_OK)
        abort();
    of_tx(tx)->version = UINT64_MAX - 1; /* it wraps around on the way */
    for (i = 0; i < receivers; i++)
        if (tx_subscribe(tx, &rx[i]) != NAVE_OK)
            abort();
}

/* --- the sender ------------------------------------------------------------------------------ */

static int32_t add_one(void *item, void *arg)
{
    uint64_t v;

    (void)arg;
    memcpy(&v, item, sizeof(v));
    v = value_of((v & UINT32_MAX) + 1);
    memcpy(item, &v, sizeof(v));
    return 1;
}

static int32_t leave_as_it_is(void *item, void *arg)
{
    (void)item;
    (void)arg;
    return 0;
}

static void send_all(void)
{
    uint64_t n, v;

    for (n = 1; n <= wanted; n++) {
        v = value_of(n);
        if (n % 2)
            tx_send(tx, &v);
        else
            (void)tx_modify(tx, add_one, NULL);
    }
    tx_drop(tx);
}

static void change_nothing(void)
{
    (void)tx_modify(tx, leave_as_it_is, NULL);
    tx_drop(tx);
}

/* Does not go before the receivers, which must not need that. */
static void send_all_and_stay(void)
{
    uint32_t left = 0;
    struct actor *a;
    uint64_t n, v;

    for (n = 1; n <= wanted; n++) {
        v = value_of(n);
        tx_send(tx, &v);
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

    if (finish(a, tx_closed(tx, &a->op), &left) && tx_receivers(tx) != 0)
        model_fail("told of an end that is none");
    tx_drop(tx);
}

/* --- receivers ------------------------------------------------------------------------------- */

static void note(uint64_t v, uint64_t *last)
{
    if (v != value_of(v & UINT32_MAX))
        model_fail("a value was torn");
    if ((v & UINT32_MAX) <= *last)
        model_fail("told of a change that is none");
    *last = v & UINT32_MAX;
}

static void follow(struct nave_watch_rx *mine, uint64_t last)
{
    uint32_t left = drops;
    uint64_t v;

    for (;;) {
        struct actor *a = ready(is_called);

        v = value_of(0);
        if (!finish(a, rx_changed(mine, &a->op, &v), &left))
            continue; /* nothing was seen: again */
        if (a->op.result == NAVE_ECLOSED)
            break;
        note(v, &last);
    }
    if (last != wanted)
        model_fail("a change was missed");
    rx_drop(mine);
}

static void receive_all(void)
{
    follow(rx[model_self()], 0);
}

/* Until the last value, and goes before the sender. */
static void receive_last(void)
{
    struct nave_watch_rx *mine = rx[model_self()];
    uint32_t left = drops;
    uint64_t v, last = 0;

    while (last < wanted) {
        struct actor *a = ready(is_called);

        if (!finish(a, rx_changed(mine, &a->op, &v), &left))
            continue;
        if (a->op.result != NAVE_OK)
            model_fail("another outcome");
        note(v, &last);
    }
    rx_drop(mine);
}

/* Another sender has it, so the end cannot come before. */
static void come_later(void)
{
    struct nave_watch_rx *mine;
    uint64_t v = 0;

    if (tx_subscribe(tx, &mine) != NAVE_OK)
        abort();
    tx_drop(tx);
    rx_peek(mine, &v);
    if (v != value_of(v & UINT32_MAX))
        model_fail("a value was torn");
    rx_read(mine, &v);
    follow(mine, v & UINT32_MAX);
}

/* Only looks. */
static void look(void)
{
    struct nave_watch_rx *mine = rx[model_self()];
    uint64_t v, last = 0;
    nave_err err;

    while ((err = rx_has_changed(mine)) != NAVE_ECLOSED) {
        if (err == NAVE_OK) {
            rx_read(mine, &v);
            note(v, &last);
            continue;
        }
        model_fence(__ATOMIC_SEQ_CST); /* its stores are not kept for ever */
        model_yield();
    }
    if (last != wanted)
        model_fail("a change was missed");
    rx_drop(mine);
}

/* Looks once and goes. */
static void leave(void)
{
    uint32_t once = 1;
    struct actor *a = ready(is_called);
    uint64_t v, last = 0;

    v = value_of(0);
    if (finish(a, rx_changed(rx[model_self()], &a->op, &v), &once) && a->op.result == NAVE_OK)
        note(v, &last);
    rx_drop(rx[model_self()]);
}

/* --- what holds ------------------------------------------------------------------------------ */

static void make_two_senders(void)
{
    make();
    tx_clone(tx);
}

static void end(void)
{
    if (objects)
        model_fail("memory is left");
}

struct scene {
    const char *name;
    void (*thread[3])(void);
    uint32_t receivers, wanted;
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
                           .seed = s->switches ? 0 : 104729};
    struct model_result r;

    drops = way & 1;
    is_called = (int32_t)(way >> 1 & 1);
    model_tears = way >> 2;
    is_by_chance = !s->switches;
    wanted = s->wanted;
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

static void no_change_is_missed_by_who_waits(void)
{
    holds((struct scene){"one value", {receive_all, send_all}, 1, 1, 1, 1});
    holds((struct scene){"two values", {receive_all, send_all}, 1, 2, 1, 1});
    holds((struct scene){"two receivers", {receive_all, receive_all, send_all}, 2, 2, 0, 1});
    holds((struct scene){"and go first", {receive_last, send_all_and_stay}, 1, 2, 0, 1});
    holds((
        struct scene){"two go first", {receive_last, receive_last, send_all_and_stay}, 2, 2, 0, 1});
    holds((struct scene){"no change", {receive_all, change_nothing}, 1, 0, 2, 1});
}

static void no_change_is_missed_by_who_looks(void)
{
    holds((struct scene){"looking", {look, send_all}, 1, 2, 2, 1});
    holds((struct scene){"looking and waiting", {look, receive_all, send_all}, 2, 2, 0, 1});
}

static void a_receiver_may_come_late(void)
{
    holds((struct scene){"late", {send_all, come_later}, 0, 2, 1, 2});
    holds((struct scene){"late, by chance", {receive_all, send_all, come_later}, 1, 2, 0, 2});
}

static void who_waits_for_the_end_of_the_receivers_is_told(void)
{
    holds((struct scene){"end", {leave, wait_closed}, 1, 0, 2, 1});
    holds((struct scene){"end of two", {leave, leave, wait_closed}, 2, 0, 0, 1});
    holds((struct scene){"end, and a sender", {leave, wait_closed, send_all}, 1, 2, 0, 2});
}

static void a_lock_that_two_can_take_is_seen_to_fail(void)
{
    struct scene s = {"two", {receive_all, send_all}, 1, 2, 4, 1};

    model_breaks = MODEL_TAKING_IS_TWO_STEPS;
#ifndef NV_SANITIZED
    CU_ASSERT_PTR_NOT_NULL(explore(&s, 4).failure);
#else
    (void)s;
#endif
    model_breaks = 0;
}

static CU_TestInfo tests[] = {
    {"no_change_is_missed_by_who_waits", no_change_is_missed_by_who_waits},
    {"no_change_is_missed_by_who_looks", no_change_is_missed_by_who_looks},
    {"a_receiver_may_come_late", a_receiver_may_come_late},
    {"who_waits_for_the_end_of_the_receivers_is_told",
     who_waits_for_the_end_of_the_receivers_is_told},
    {"a_lock_that_two_can_take_is_seen_to_fail", a_lock_that_two_can_take_is_seen_to_fail},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"model of watch", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

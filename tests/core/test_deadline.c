/* SPDX-License-Identifier: MIT
 *
 * Deadlines on ops, awaited and with callbacks, over a source that sets permits aside: what is ready
 * wins, what is late is dropped, and no permit is lost either way. Nothing here sleeps.
 */
#include <nave/deadline.h>

#include "failing.h"
#include "timers_rig.h"

/* --- a source: permits for those who wait, in order; one set aside is passed on by drop -------- */

struct gate {
    struct nave_op head; /* of the ring of those who wait */
    uint32_t permits;
    int32_t drops;
};

static struct gate gate;

static void gate_give(struct gate *g);

static void unlink_op(struct nave_op *op)
{
    op->prev->next = op->next;
    op->next->prev = op->prev;
    op->next = op->prev = NULL;
}

/* op->next is NULL while a permit is set aside for it. */
static void gate_drop(struct nave_op *op)
{
    struct gate *g = op->impl;

    g->drops++;
    if (op->next) {
        unlink_op(op);
        return;
    }
    nave_op_recall(op);
    gate_give(g);
}

static nave_poll gate_poll(struct nave_op *op)
{
    if (op->next)
        return NAVE_PENDING;
    op->result = NAVE_OK;
    op->value = 42;
    return NAVE_READY;
}

static const struct nave_op_source gate_source = {
    .size = sizeof(struct nave_op_source),
    .drop = gate_drop,
    .poll = gate_poll,
};

static nave_err gate_start(struct gate *g, struct nave_op *op)
{
    if (g->permits > 0) {
        g->permits--;
        op->value = 42;
        op->state = NAVE_OP_DONE;
        return NAVE_OK;
    }
    nave_op_begin(op, &gate_source, g);
    op->prev = g->head.prev;
    op->next = &g->head;
    op->prev->next = op->next->prev = op;
    return NAVE_EAGAIN;
}

static void gate_give(struct gate *g)
{
    struct nave_op *op = g->head.next;

    if (op == &g->head) {
        g->permits++;
        return;
    }
    unlink_op(op);
    nave_op_wake(op);
}

static void setup_gate(void)
{
    setup();
    memset(&gate, 0, sizeof(gate));
    gate.head.next = gate.head.prev = &gate.head;
}

/* What a task awaits: a permit with a deadline. */
struct wish {
    struct nave_op op;
    struct nave_op_limit limit;
    nave_nsec deadline;
};

static struct nave_op *want(struct nave_cx *cx, void *arg)
{
    struct wish *x = arg;

    nave_op_await(&x->op, cx);
    (void)gate_start(&gate, &x->op);
    return nave_op_deadline(cx, &x->limit, &x->op, x->deadline);
}

static nave_err want_with_callback(struct wish *x, nave_nsec deadline)
{
    nave_op_limit_init(&x->limit, w, &x->op, on_done, x);
    return nave_op_limit_start(&x->limit, gate_start(&gate, &x->op), deadline);
}

static void expect_end(int n, nave_err result, uint64_t value, nave_nsec when)
{
    CU_ASSERT_EQUAL_FATAL(ends, n + 1);
    CU_ASSERT_EQUAL(ended[n].result, result);
    CU_ASSERT_EQUAL(ended[n].value, value);
    CU_ASSERT_EQUAL(ended[n].at, when);
}

/* --- awaited ----------------------------------------------------------------------------------- */

static void an_op_that_is_ready_in_time_gives_its_result(void)
{
    nave_nsec begin = nave_now(w);
    struct wish x = {.deadline = begin + ms(10)};

    spawn(want, &x, 1);
    settle();
    CU_ASSERT_EQUAL(pins, 1);
    sim.now_ns += ms(9);
    nv_worker_turn(worker, 0);
    gate_give(&gate);
    settle();
    expect_end(0, NAVE_OK, 42, begin + ms(9));
    CU_ASSERT_EQUAL(x.op.state, NAVE_OP_DONE);
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(gate.drops, 0);
}

static void an_op_that_is_late_ends_with_etimedout_and_is_dropped(void)
{
    nave_nsec begin = nave_now(w);
    struct wish x = {.deadline = begin + ms(10)};

    spawn(want, &x, 1);
    settle();
    at(begin + ms(10) - 1);
    CU_ASSERT_EQUAL(ends, 0);
    at(begin + ms(10));
    expect_end(0, NAVE_ETIMEDOUT, 0, begin + ms(10));
    CU_ASSERT_EQUAL(x.op.state, NAVE_OP_DONE); /* whoever looks at the inner one sees it too */
    CU_ASSERT_EQUAL(x.op.result, NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(gate.drops, 1);
    CU_ASSERT_EQUAL(pins, 0);
    gate_give(&gate);
    CU_ASSERT_EQUAL(gate.permits, 1); /* nobody waits */
}

static void what_is_ready_wins_over_a_deadline_of_the_same_turn(void)
{
    nave_nsec begin = nave_now(w);
    struct wish x = {.deadline = begin + ms(10)};

    spawn(want, &x, 1);
    settle();
    gate_give(&gate); /* set aside; the task has not been polled yet */
    sim.now_ns = begin + ms(10);
    settle();
    expect_end(0, NAVE_OK, 42, begin + ms(10));
    CU_ASSERT_EQUAL(gate.drops, 0);
    CU_ASSERT_EQUAL(pins, 0);
}

static void what_is_done_at_once_needs_no_timer(void)
{
    nave_nsec begin = nave_now(w);
    struct wish x = {.deadline = begin - ms(10)}; /* and wins over one that has passed */

    gate.permits = 1;
    spawn(want, &x, 1);
    settle();
    expect_end(0, NAVE_OK, 42, begin);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

static void a_deadline_that_has_passed_ends_what_is_not_ready_at_once(void)
{
    struct wish x = {.deadline = nave_now(w)};

    spawn(want, &x, 1);
    CU_ASSERT_EQUAL(nv_worker_turn(worker, 0), 1);
    expect_end(0, NAVE_ETIMEDOUT, 0, nave_now(w));
    CU_ASSERT_EQUAL(gate.drops, 1);
}

static void never_is_no_deadline_and_pins_nothing(void)
{
    struct wish x = {.deadline = NAVE_NEVER};

    spawn(want, &x, 1);
    settle();
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    gate_give(&gate);
    settle();
    CU_ASSERT_EQUAL(ends, 1);
    CU_ASSERT_EQUAL(ended[0].result, NAVE_OK);
}

static struct nave_op *sleep_with_deadline(struct nave_cx *cx, void *arg)
{
    static struct nave_sleep_op s;
    struct wish *x = arg;

    return nave_op_timeout(cx, &x->limit, nave_sleep(cx, &s, ms(20)), x->deadline);
}

static void a_sleep_may_have_a_deadline_too(void)
{
    nave_nsec begin = nave_now(w);
    struct wish x = {.deadline = ms(10)};

    spawn(sleep_with_deadline, &x, 1);
    settle();
    CU_ASSERT_EQUAL(pins, 2);
    CU_ASSERT_EQUAL(handle.usage.timers, 2);
    at(begin + ms(10));
    expect_end(0, NAVE_ETIMEDOUT, 0, begin + ms(10));
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    x.deadline = ms(20); /* both at once: what is ready wins */
    spawn(sleep_with_deadline, &x, 1);
    settle();
    at(begin + ms(30));
    expect_end(1, NAVE_OK, 0, begin + ms(30));
}

static void a_limit_serves_one_op_after_the_other(void)
{
    struct wish x = {.deadline = nave_now(w) + NAVE_SEC};
    int i;

    spawn(want, &x, 10);
    settle();
    for (i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(ends, i);
        CU_ASSERT_EQUAL(handle.usage.timers, 1);
        gate_give(&gate);
        settle();
    }
    CU_ASSERT_EQUAL(ends, 10);
    CU_ASSERT_EQUAL(pins, 0);
}

/* --- taken back -------------------------------------------------------------------------------- */

static void a_task_dropped_while_it_waits_leaves_nothing(void)
{
    struct wish x = {.deadline = nave_now(w) + ms(10)};

    spawn(want, &x, 1);
    settle();
    nv_worker_drop_tasks(worker);
    CU_ASSERT_EQUAL(gate.drops, 1);
    CU_ASSERT_EQUAL(pins, 0);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_PTR_EQUAL(gate.head.next, &gate.head);
}

static void a_permit_set_aside_for_what_is_dropped_goes_to_the_next(void)
{
    struct wish first = {.deadline = nave_now(w) + ms(10)}, second = {.deadline = NAVE_NEVER};

    CU_ASSERT_EQUAL(want_with_callback(&first, first.deadline), NAVE_EAGAIN);
    spawn(want, &second, 1);
    settle();
    gate_give(&gate); /* for the first; on its way home */
    CU_ASSERT_EQUAL(first.op.state, NAVE_OP_POSTED);
    nave_op_drop(&first.limit.op);
    settle();
    CU_ASSERT_EQUAL_FATAL(ends, 1);
    CU_ASSERT_PTR_EQUAL(ended[0].arg, &second);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
}

static void dropping_one_that_is_idle_or_done_does_nothing(void)
{
    struct wish x = {0};

    nave_op_drop(&x.limit.op);
    gate.permits = 1;
    CU_ASSERT_EQUAL(want_with_callback(&x, nave_now(w) + ms(10)), NAVE_OK);
    nave_op_drop(&x.limit.op);
    CU_ASSERT_EQUAL(want_with_callback(&x, nave_now(w) + ms(10)), NAVE_EAGAIN);
    at(nave_now(w) + ms(10));
    CU_ASSERT_EQUAL(ends, 1);
    nave_op_drop(&x.limit.op);
    CU_ASSERT_EQUAL(gate.drops, 1);
}

/* --- with callbacks ---------------------------------------------------------------------------- */

static void a_callback_is_told_of_the_op_or_of_the_deadline_once(void)
{
    nave_nsec begin = nave_now(w);
    struct wish x = {0}, y = {0};

    CU_ASSERT_EQUAL(want_with_callback(&x, begin + ms(10)), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(want_with_callback(&y, begin + ms(10)), NAVE_EAGAIN);
    at(begin + ms(5));
    gate_give(&gate);
    settle();
    expect_end(0, NAVE_OK, 42, begin + ms(5));
    CU_ASSERT_PTR_EQUAL(ended[0].arg, &x);
    at(begin + ms(10));
    expect_end(1, NAVE_ETIMEDOUT, 0, begin + ms(10));
    CU_ASSERT_PTR_EQUAL(ended[1].arg, &y);
    at(begin + ms(50));
    CU_ASSERT_EQUAL(ends, 2);
}

static void a_callback_with_a_permit_on_its_way_when_the_deadline_passes_passes_it_on(void)
{
    nave_nsec begin = nave_now(w);
    struct wish x = {0};

    CU_ASSERT_EQUAL(want_with_callback(&x, begin + ms(10)), NAVE_EAGAIN);
    gate_give(&gate); /* timers run before the inbox */
    at(begin + ms(10));
    expect_end(0, NAVE_ETIMEDOUT, 0, begin + ms(10));
    CU_ASSERT_EQUAL(gate.permits, 1);
}

static void what_the_start_refuses_is_returned_and_a_passed_deadline_too(void)
{
    struct wish x = {0};

    nave_op_limit_init(&x.limit, w, &x.op, on_done, &x);
    CU_ASSERT_EQUAL(nave_op_limit_start(&x.limit, NAVE_ECLOSED, nave_now(w) + ms(10)),
                    NAVE_ECLOSED);
    CU_ASSERT_EQUAL(want_with_callback(&x, nave_now(w)), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(gate.drops, 1);
    CU_ASSERT_EQUAL(handle.usage.timers, 0);
    CU_ASSERT_EQUAL(ends, 0);
}

static void a_deadline_allocates_nothing(void)
{
    struct wish x = {.deadline = nave_now(w) + NAVE_SEC}, y = {0};
    int i;

    spawn(want, &x, 10);
    settle();
    fail_after(0);
    for (i = 0; i < 10; i++) {
        gate_give(&gate);
        settle();
    }
    CU_ASSERT_EQUAL(want_with_callback(&y, nave_now(w) + ms(10)), NAVE_EAGAIN);
    at(nave_now(w) + ms(10));
    countdown = -1;
    CU_ASSERT_FALSE(has_failed);
    CU_ASSERT_EQUAL(ends, 11);
    CU_ASSERT_EQUAL(handle.usage.allocs, 0);
}

#define T(name)     \
    {               \
#        name, name \
    }

static CU_TestInfo awaited[] = {
    T(an_op_that_is_ready_in_time_gives_its_result),
    T(an_op_that_is_late_ends_with_etimedout_and_is_dropped),
    T(what_is_ready_wins_over_a_deadline_of_the_same_turn),
    T(what_is_done_at_once_needs_no_timer),
    T(a_deadline_that_has_passed_ends_what_is_not_ready_at_once),
    T(never_is_no_deadline_and_pins_nothing),
    T(a_sleep_may_have_a_deadline_too),
    T(a_limit_serves_one_op_after_the_other),
    T(a_task_dropped_while_it_waits_leaves_nothing),
    T(a_permit_set_aside_for_what_is_dropped_goes_to_the_next),
    T(dropping_one_that_is_idle_or_done_does_nothing),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo called_back[] = {
    T(a_callback_is_told_of_the_op_or_of_the_deadline_once),
    T(a_callback_with_a_permit_on_its_way_when_the_deadline_passes_passes_it_on),
    T(what_the_start_refuses_is_returned_and_a_passed_deadline_too),
    T(a_deadline_allocates_nothing),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"awaited", NULL, NULL, setup_gate, teardown, awaited},
    {"callbacks", NULL, NULL, setup_gate, teardown, called_back},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

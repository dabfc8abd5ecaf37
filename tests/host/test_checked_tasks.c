/* SPDX-License-Identifier: MIT
 *
 * NAVE_CHECK=1: what is said of futures and wakers that are used against their rules.
 */
#include <string.h>
#include <unistd.h>

#include "checked_rig.h"
#include "test_main.h"

static struct nave_worker *worker;

/* --- nave.future/1, nave.waker/1 ------------------------------------------------------------- */

static nave_poll poll_result;
static struct nave_waker waker;

static nave_poll future_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    if (!waker.api)
        cx->waker->api->clone(cx->waker, &waker);
    return poll_result;
}

static void future_drop(struct nave_future *f)
{
    (void)f;
}

static nave_err future_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface future_table = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "patience",
    .poll = future_poll,
    .drop = future_drop,
    .result = future_result,
};

static struct nave_future *future;
static const struct nave_waker no_waker;
static struct nave_cx cx;

static void make_future(struct nave_worker *w)
{
    if (w->api->future_new(w, &future_table, 8, &future) != NAVE_OK ||
        strcmp(future->api->name, "patience") != 0)
        _exit(4);
    waker = no_waker;
    waker.api = (const void *)&future_table; /* no clone */
    cx.worker = w;
    cx.waker = &no_waker;
    poll_result = NAVE_READY;
}

static void poll_elsewhere(void)
{
    (void)future->api->poll(future, &cx);
}

static void f_elsewhere(struct nave_worker *w)
{
    make_future(w);
    on_a_thread(poll_elsewhere);
}

static void f_after_ready(struct nave_worker *w)
{
    make_future(w);
    (void)future->api->poll(future, &cx);
    (void)future->api->result(future);
    (void)future->api->poll(future, &cx);
}

static void f_result_too_soon(struct nave_worker *w)
{
    make_future(w);
    poll_result = NAVE_PENDING;
    (void)future->api->poll(future, &cx);
    (void)future->api->result(future);
}

static void f_no_poll(struct nave_worker *w)
{
    make_future(w);
    poll_result = 7;
    (void)future->api->poll(future, &cx);
}

static void f_canceled_and_pending(struct nave_worker *w)
{
    make_future(w);
    poll_result = NAVE_PENDING;
    cx.is_canceled = 1;
    (void)future->api->poll(future, &cx);
}

static void f_dropped_twice(struct nave_worker *w)
{
    make_future(w);
    future->api->drop(future);
    future->api->drop(future);
}

static void f_spawned_twice(struct nave_worker *w)
{
    make_future(w);
    (void)w->api->spawn(w, future);
    (void)w->api->spawn_local(w, future);
}

static void f_dropped_when_spawned(struct nave_worker *w)
{
    make_future(w);
    (void)w->api->spawn(w, future);
    w->api->future_drop(w, future);
}

static void f_without_poll(struct nave_worker *w)
{
    static const struct nave_future_iface api = {.name = "empty"};

    (void)w->api->future_new(w, &api, 8, &future);
}

static void f_without_head(struct nave_worker *w)
{
    static const struct nave_future_iface api = {.name = "empty",
                                                 .poll = future_poll,
                                                 .drop = future_drop};

    (void)w->api->future_new(w, &api, 8, &future);
}

static void future_rules(void)
{
    static const struct row rows[] = {
        {f_elsewhere, "the program called nave.future/1 poll of plugin \"breach\": it belongs to "
                      "worker 0, and this is not its thread; reach that worker with "
                      "nave_worker_post()"},
        {f_after_ready,
         "the program called nave.future/1 poll of plugin \"breach\": the future was "
         "READY before; look at the result, then drop it"},
        {f_result_too_soon,
         "the program called nave.future/1 result of plugin \"breach\": the future "
         "is not READY; poll it until it is READY"},
        {f_no_poll, "the program called nave.future/1 poll of plugin \"breach\": it returned 7; "
                    "return NAVE_READY or NAVE_PENDING"},
        {f_canceled_and_pending,
         "the program called nave.future/1 poll of plugin \"breach\": it was "
         "canceled and is PENDING; clean up and return NAVE_READY"},
        {f_dropped_twice, "the program called nave.future/1 drop of plugin \"breach\": " OVER},
        {f_spawned_twice,
         "plugin \"breach\" called nave.worker/1 spawn_local: the future was spawned "
         "before; a spawned future is the host's, who drops it"},
        {f_dropped_when_spawned,
         "plugin \"breach\" called nave.worker/1 future_drop: the future was "
         "spawned before; a spawned future is the host's, who drops it"},
        {f_without_poll,
         "plugin \"breach\" called nave.worker/1 future_new: the future's table has "
         "no poll; fill every slot"},
        {f_without_head,
         "plugin \"breach\" called nave.worker/1 future_new: the future's table has "
         "no head; begin it with NAVE_IFACE()"},
    };

    EXPECT(rows);
}

static breach_fn *with_waker;

/* Runs once the task was polled, which cloned its waker. */
static void use_waker(struct nave_job *j)
{
    if (waker.api)
        with_waker(NULL);
    else
        nave_worker_defer(worker, j);
}

static struct nave_job waker_job = {NULL, use_waker};

static void poll_for_waker(struct nave_worker *w, breach_fn *what)
{
    make_future(w);
    waker = no_waker;
    worker = w;
    poll_result = NAVE_PENDING;
    with_waker = what;
    (void)w->api->spawn(w, future);
    nave_worker_defer(w, &waker_job);
}

static void drop_and_wake(struct nave_worker *w)
{
    (void)w;
    waker.api->drop(&waker);
    waker.api->wake(&waker);
}

static void drop_twice(struct nave_worker *w)
{
    (void)w;
    waker.api->drop(&waker);
    waker.api->drop(&waker);
}

static void clone_nowhere(struct nave_worker *w)
{
    (void)w;
    waker.api->clone(&waker, NULL);
}

/* The clone is checked as the one it came from was. */
static void wake_a_clone_of_a_clone(struct nave_worker *w)
{
    struct nave_waker other;

    (void)w;
    waker.api->clone(&waker, &other);
    waker.api->drop(&waker);
    other.api->wake(&other);
    other.api->drop(&other);
    other.api->wake(&other);
}

static void waker_1(struct nave_worker *w)
{
    poll_for_waker(w, drop_and_wake);
}

static void waker_2(struct nave_worker *w)
{
    poll_for_waker(w, drop_twice);
}

static void waker_3(struct nave_worker *w)
{
    poll_for_waker(w, clone_nowhere);
}

static void waker_4(struct nave_worker *w)
{
    poll_for_waker(w, wake_a_clone_of_a_clone);
}

static void waker_rules(void)
{
#define DROPPED "the waker was dropped before; forget the handle where it is given up"
    static const struct row rows[] = {
        {waker_1, "the program called nave.waker/1 wake: " DROPPED},
        {waker_2, "the program called nave.waker/1 drop: " DROPPED},
        {waker_3, "the program called nave.waker/1 clone: out" MAY_BE_NULL},
        {waker_4, "the program called nave.waker/1 wake: " DROPPED},
    };

    EXPECT(rows);
}

/* --- and who breaks no rule ------------------------------------------------------------------ */

static void nothing_wrong(struct nave_worker *w)
{
    make_future(w);
    w->api->future_drop(w, future);
    make_future(w);
    (void)future->api->poll(future, &cx);
    (void)future->api->result(future);
    future->api->drop(future);
}

static void who_breaks_no_rule_of_tasks_goes_on(void)
{
    goes_on(nothing_wrong, ONE_WORKER);
}

static CU_TestInfo tests[] = {
    {"future_rules", future_rules},
    {"waker_rules", waker_rules},
    {"who_breaks_no_rule_of_tasks_goes_on", who_breaks_no_rule_of_tasks_goes_on},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"checked: tasks", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

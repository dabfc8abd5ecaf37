/* SPDX-License-Identifier: MIT
 *
 * The pool for blocking calls: who runs what, in which order, how many threads there are, and whose the
 * argument is in each state in which a job can be dropped.
 */
#include "blocking_setup.h"

#include <signal.h>

#include "failing.h"

/* --- pthread_create fails when told to --------------------------------------------------------- */

int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg);

static int threads_allowed = -1; /* below 0: any number */

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*fn)(void *), void *arg)
{
    if (threads_allowed == 0)
        return 11; /* EAGAIN */
    if (threads_allowed > 0)
        threads_allowed--;
    return __real_pthread_create(t, a, fn, arg);
}

/* --- running --------------------------------------------------------------------------------- */

static void a_job_runs_on_another_thread_and_tells_the_worker_that_asked(void)
{
    struct call c;

    setup(2);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    call_await(&c);

    CU_ASSERT_EQUAL(c.dones, 1);
    CU_ASSERT_EQUAL(c.op.result, NAVE_OK);
    CU_ASSERT_EQUAL(c.load->runs, 1);
    CU_ASSERT_FALSE(pthread_equal(c.load->thread, pthread_self()));
    CU_ASSERT_EQUAL(released, 0);
    free(c.load);
    teardown();
}

static void result_and_value_are_those_of_the_run(void)
{
    struct call c = {.load = load_new(NAVE_EIO, 42)};

    setup(1);
    nave_op_init(&c.op, w, on_done, &c);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &load_work, NAVE_BLOCKING_ARG(&c.load), 0),
                    NAVE_EAGAIN);
    call_await(&c);

    CU_ASSERT_EQUAL(c.op.result, NAVE_EIO);
    CU_ASSERT_EQUAL(c.op.value, 42);
    free(c.load);
    teardown();
}

struct frame {
    struct nave_op op;
    struct load *load;
    uint32_t is_started;
    nave_err *result;
    uint64_t *value;
};

static nave_poll awaiting_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct frame *s = nave_future_frame(f);

    if (!s->is_started) {
        s->is_started = 1;
        nave_blocking(cx, &s->op, b, &load_work, NAVE_BLOCKING_ARG(&s->load));
    }
    if (nave_op_poll(&s->op) == NAVE_PENDING)
        return NAVE_PENDING;
    *s->result = s->op.result;
    *s->value = s->op.value;
    return NAVE_READY;
}

static void awaiting_drop(struct nave_future *f)
{
    struct frame *s = nave_future_frame(f);

    nave_op_drop(&s->op);
    free(s->load); /* NULL when the drop has given it away */
}

static nave_err awaiting_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface awaiting = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "awaiting",
    .poll = awaiting_poll,
    .drop = awaiting_drop,
    .result = awaiting_result,
};

static void spawn_awaiting(struct load *load, nave_err *result, uint64_t *value)
{
    struct nave_future *f = NULL;
    struct frame *s;

    if (w->api->future_new(w, &awaiting, sizeof(*s), &f) != NAVE_OK)
        abort();
    s = nave_future_frame(f);
    s->load = load;
    s->result = result;
    s->value = value;
    w->api->spawn(w, f);
}

static void a_task_awaits_a_job(void)
{
    nave_err result = NAVE_EAGAIN;
    uint64_t value = 0;

    setup(1);
    spawn_awaiting(load_new(NAVE_EOF, 7), &result, &value);
    while (nv_worker_tasks(worker))
        nv_worker_turn(worker, NAVE_NEVER);

    CU_ASSERT_EQUAL(result, NAVE_EOF);
    CU_ASSERT_EQUAL(value, 7);
    teardown();
}

static void one_thread_runs_jobs_in_the_order_in_which_they_came(void)
{
    struct call c[8];
    char order[16] = "";
    uint32_t i;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&c[0], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    for (i = 1; i < 8; i++) {
        memset(&c[i], 0, sizeof(c[i]));
        c[i].load = load_new(NAVE_OK, 0);
        c[i].load->order = order;
        c[i].load->letter = (char)('a' + i);
        nave_op_init(&c[i].op, w, on_done, &c[i]);
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c[i].op, &load_work, NAVE_BLOCKING_ARG(&c[i].load),
                                            0),
                        NAVE_EAGAIN);
    }
    gate_open(&gate);
    for (i = 0; i < 8; i++)
        call_await(&c[i]);

    CU_ASSERT_STRING_EQUAL(order, "bcdefgh");
    for (i = 0; i < 8; i++)
        free(c[i].load);
    teardown();
}

static nave_err no_arg_run(void *arg, struct nave_blocking_run *now)
{
    now->value = arg == NULL;
    return NAVE_OK;
}

static void a_job_needs_neither_argument_nor_release(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "nothing",
                                                   .run = no_arg_run};
    struct call c;

    setup(1);
    memset(&c, 0, sizeof(c));
    nave_op_init(&c.op, w, on_done, &c);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &work, NULL, 0), NAVE_EAGAIN);
    call_await(&c);
    CU_ASSERT_EQUAL(c.op.value, 1);

    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &work, NULL, 0), NAVE_EAGAIN);
    nave_op_drop(&c.op);
    teardown();
}

static nave_err mask_run(void *arg, struct nave_blocking_run *now)
{
    sigset_t mask;
    char name[32] = "";

    (void)arg;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    now->value = (uint64_t)sigismember(&mask, SIGTERM) + (uint64_t)sigismember(&mask, SIGCHLD);
#ifdef __linux__
    (void)pthread_getname_np(pthread_self(), name, sizeof(name));
    return strcmp(name, "nave-blocking") == 0 ? NAVE_OK : NAVE_EINVAL;
#else
    (void)name;
    return NAVE_OK;
#endif
}

static void threads_have_a_name_and_block_all_signals(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "mask",
                                                   .run = mask_run};
    struct call c;

    setup(1);
    memset(&c, 0, sizeof(c));
    nave_op_init(&c.op, w, on_done, &c);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &work, NULL, 0), NAVE_EAGAIN);
    call_await(&c);

    CU_ASSERT_EQUAL(c.op.result, NAVE_OK);
    CU_ASSERT_EQUAL(c.op.value, 2);
    teardown();
}

/* --- how many threads ------------------------------------------------------------------------ */

static void threads_are_made_when_there_is_work_up_to_the_limit(void)
{
    struct call c[5];
    uint32_t i;

    setup(3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads, 0);
    for (i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 3);

    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads, 3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).running, 3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).queued, 2);
    gate_open(&gate);
    for (i = 0; i < 5; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).finished, 5);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).peak, 3);
    teardown();
}

static void wait_for_idle(uint32_t count)
{
    while (stats_of(NV_LANE_MAIN).idle < count)
        sched_yield();
}

static void one_job_after_the_other_needs_one_thread(void)
{
    struct call c;
    uint32_t i;

    setup(8);
    for (i = 0; i < 50; i++) {
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c); /* the thread may be on its way still: no other is made for that */
        free(c.load);
    }

    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).peak, 1);
    teardown();
}

static void the_thread_that_was_idle_last_is_woken_first(void)
{
    struct call c[4];
    pthread_t last;
    uint32_t i;

    setup(4);
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 4);
    gate_open(&gate);
    for (i = 0; i < 4; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    wait_for_idle(4);
    CU_ASSERT_EQUAL(call_start(&c[0], &load_work, 0), NAVE_EAGAIN);
    call_await(&c[0]);
    last = c[0].load->thread;
    free(c[0].load);
    for (i = 0; i < 20; i++) {
        wait_for_idle(4);
        CU_ASSERT_EQUAL(call_start(&c[0], &load_work, 0), NAVE_EAGAIN);
        call_await(&c[0]);
        CU_ASSERT_TRUE(pthread_equal(last, c[0].load->thread));
        free(c[0].load);
    }
    teardown();
}

static void a_thread_that_was_idle_for_long_ends_and_another_comes(void)
{
    struct call c;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 2, .idle_ns = 0}, NULL);
    for (i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c);
        free(c.load);
        while (stats_of(NV_LANE_MAIN).threads)
            sched_yield();
    }
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).finished, 20);
    teardown();
}

static uint32_t failures_told;

static void on_failure(void *arg, const char *lane, nave_err err, uint32_t threads)
{
    (void)arg;
    (void)lane;
    (void)threads;
    CU_ASSERT_EQUAL(err, NAVE_ELIMIT);
    failures_told++;
}

static void without_a_thread_a_job_is_refused_and_its_argument_stays(void)
{
    struct call c;

    failures_told = 0;
    setup_with((struct nv_blocking_options){.threads = 2, .on_failure = on_failure}, NULL);
    threads_allowed = 0;
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ELIMIT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.load);
    free(c.load);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ELIMIT);
    free(c.load);
    CU_ASSERT_EQUAL(failures_told, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).failures, 2);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).queued, 0);

    threads_allowed = -1;
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    call_await(&c);
    free(c.load);
    teardown();
}

static void with_fewer_threads_than_wanted_the_jobs_are_done_all_the_same(void)
{
    struct call c[6];
    uint32_t i;

    setup(4);
    threads_allowed = 1;
    for (i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    threads_allowed = -1;
    gate_open(&gate);
    for (i = 0; i < 6; i++) {
        call_await(&c[i]);
        CU_ASSERT_EQUAL(c[i].op.result, NAVE_OK);
        free(c[i].load);
    }
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).peak, 1);
    CU_ASSERT_TRUE(stats_of(NV_LANE_MAIN).failures >= 1);
    teardown();
}

static void the_nth_allocation_fails_and_nothing_is_lost(void)
{
    struct nv_blocking_options o = {.threads = 1, .queue_max = 4, .workers = 1};
    uint32_t inline_too;
    long n;

    for (inline_too = 0; inline_too < 2; inline_too++) {
        o.threads = inline_too ? 0 : 1;
        for (n = 0;; n++) {
            struct nv_blocking other = {{NULL, NULL}, NULL};
            nave_err err;

            fail_after(n);
            err = nv_blocking_open(&other, &o);
            countdown = -1;
            if (err) {
                CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
                CU_ASSERT_PTR_NULL(other.lanes[0]);
                CU_ASSERT_PTR_NULL(other.lanes[1]);
                continue;
            }
            CU_ASSERT_FALSE(has_failed);
            nv_blocking_close(&other);
            nv_blocking_end(&other);
            nv_blocking_destroy(&other);
            break;
        }
        CU_ASSERT_TRUE(n >= 2);
    }

    setup(1);
    fail_after(1); /* the first is the load of the call */
    {
        struct call c;

        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ELIMIT);
        CU_ASSERT_TRUE(has_failed);
        free(c.load);
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c);
        free(c.load);
    }
    teardown();
}

/* --- the queue ------------------------------------------------------------------------------- */

static void a_full_queue_refuses_who_does_not_wait_and_keeps_who_does(void)
{
    struct call c[6], extra;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 1, .queue_max = 2, .idle_ns = 60 * NAVE_SEC},
               NULL);
    CU_ASSERT_EQUAL(call_start(&c[0], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    for (i = 1; i < 6; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, i < 3 ? NAVE_BLOCKING_NO_WAIT : 0),
                        NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&extra, &gated_work, NAVE_BLOCKING_NO_WAIT), NAVE_ELIMIT);
    CU_ASSERT_PTR_NOT_NULL_FATAL(extra.load);
    free(extra.load);

    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).queued, 2);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).waiting, 3);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).refused, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).deepest, 5);
    gate_open(&gate);
    for (i = 0; i < 6; i++) {
        call_await(&c[i]);
        CU_ASSERT_EQUAL(c[i].op.result, NAVE_OK);
        free(c[i].load);
    }
    teardown();
}

static void a_thousand_slow_names_do_not_delay_an_ordinary_call(void)
{
    static struct call names[1000];
    struct call ordinary;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 4, .queue_max = 16}, NULL);
    for (i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL_FATAL(call_start(&names[i], &gated_name_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&ordinary, &load_work, 0), NAVE_EAGAIN);
    call_await(&ordinary); /* while every name stands at the gate or waits */

    CU_ASSERT_EQUAL(gate.left, 0);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).threads, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).queued, 16);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).waiting, 1000 - 16 - 1);
    free(ordinary.load);
    gate_open(&gate);
    for (i = 0; i < 1000; i++) {
        call_await(&names[i]);
        free(names[i].load);
    }
    teardown();
}

static void a_full_pool_does_not_stop_names(void)
{
    static const struct nave_blocking_work name_work = {.size = sizeof(name_work),
                                                        .name = "name",
                                                        .run = load_run,
                                                        .release = load_release};
    struct call c[40], name;
    uint32_t i;

    setup(4);
    for (i = 0; i < 40; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 4);
    CU_ASSERT_EQUAL(call_start(&name, &name_work, NAVE_BLOCKING_DNS), NAVE_EAGAIN);
    call_await(&name);

    CU_ASSERT_EQUAL(gate.left, 0);
    free(name.load);
    gate_open(&gate);
    for (i = 0; i < 40; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    teardown();
}

static void names_get_a_quarter_of_the_threads_and_at_least_one(void)
{
    static const uint32_t rows[][3] = {/* threads, dns_threads, what it makes */
                                       {1, 0, 1},  {4, 0, 1}, {8, 0, 2}, {11, 0, 2},
                                       {12, 0, 3}, {8, 5, 5}, {0, 0, 0}};
    uint32_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        setup_with((struct nv_blocking_options){.threads = rows[i][0], .dns_threads = rows[i][1]},
                   NULL);
        CU_ASSERT_EQUAL(stats_of(NV_LANE_DNS).threads_max, rows[i][2]);
        CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads_max, rows[i][0]);
        teardown();
    }
}

/* --- whose the argument is ------------------------------------------------------------------- */

static void a_job_dropped_before_it_began_never_runs_and_is_released_in_the_drop(void)
{
    struct call first, second, third;
    struct load *l;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&first, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&second, &load_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&third, &load_work, 0), NAVE_EAGAIN);
    l = second.load;
    nave_op_drop(&second.op);

    CU_ASSERT_PTR_NOT_NULL(l);
    CU_ASSERT_PTR_NULL(second.load);
    CU_ASSERT_EQUAL(released, 1);
    gate_open(&gate);
    call_await(&first);
    call_await(&third);
    CU_ASSERT_EQUAL(second.dones, 0);
    CU_ASSERT_EQUAL(third.load->runs, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).canceled, 1);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).finished, 2);
    free(first.load);
    free(third.load);
    teardown();
}

static uint32_t last_saw_cancel; /* atomic */

static void release_and_look(void *arg)
{
    __atomic_store_n(&last_saw_cancel, ((struct load *)arg)->saw_cancel, __ATOMIC_RELAXED);
    load_release(arg);
}

static void a_job_dropped_while_it_runs_knows_it_and_is_released_when_it_returns(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "gated",
                                                   .run = gated_run,
                                                   .release = release_and_look};
    struct call c, next;

    setup(1);
    last_saw_cancel = 0;
    CU_ASSERT_EQUAL(call_start(&c, &work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    nave_op_drop(&c.op);
    CU_ASSERT_PTR_NULL(c.load);
    CU_ASSERT_EQUAL(released, 0);
    memset(&c.op, 0xff, sizeof(c.op)); /* the op is gone: nobody may touch it */

    gate_open(&gate);
    CU_ASSERT_EQUAL(call_start(&next, &load_work, 0), NAVE_EAGAIN);
    call_await(&next); /* the same thread: it has released before */
    CU_ASSERT_EQUAL(__atomic_load_n(&released, __ATOMIC_RELAXED), 1);
    CU_ASSERT_EQUAL(__atomic_load_n(&last_saw_cancel, __ATOMIC_RELAXED), 1);
    CU_ASSERT_EQUAL(c.dones, 0);
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).abandoned, 1);
    free(next.load);
    teardown();
}

static void a_job_dropped_when_it_has_run_is_recalled_and_released_in_the_drop(void)
{
    struct call c;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    while (nv_blocking_is_busy(&pool))
        sched_yield();
    nave_op_drop(&c.op); /* it is on its way home */
    CU_ASSERT_PTR_NULL(c.load);
    CU_ASSERT_EQUAL(released, 1);

    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(c.dones, 0);
    teardown();
}

static void a_drop_of_what_is_done_takes_nothing(void)
{
    struct call c;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    call_await(&c);
    nave_op_drop(&c.op);

    CU_ASSERT_PTR_NOT_NULL_FATAL(c.load);
    CU_ASSERT_EQUAL(released, 0);
    free(c.load);
    teardown();
}

static void an_op_can_be_used_again_after_each_way_to_end(void)
{
    struct call c;
    uint32_t i;

    setup(1);
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
        call_await(&c);
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &load_work, NAVE_BLOCKING_ARG(&c.load), 0),
                        NAVE_EAGAIN);
        nave_op_drop(&c.op);
        CU_ASSERT_PTR_NULL(c.load);
        c.load = load_new(NAVE_OK, 0);
        c.dones = 0;
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c.op, &load_work, NAVE_BLOCKING_ARG(&c.load), 0),
                        NAVE_EAGAIN);
        call_await(&c);
        free(c.load);
    }
    teardown();
}

static void a_task_that_is_dropped_drops_its_job(void)
{
    nave_err result = NAVE_EAGAIN;
    struct call first;
    uint64_t value = 0;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&first, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    spawn_awaiting(load_new(NAVE_OK, 0), &result, &value);
    nv_worker_turn(worker, 0);
    nv_worker_drop_tasks(worker);

    CU_ASSERT_EQUAL(released, 1);
    CU_ASSERT_EQUAL(result, NAVE_EAGAIN);
    gate_open(&gate);
    call_await(&first);
    free(first.load);
    teardown();
}

static void a_constant_needs_no_release(void)
{
    static const struct nave_blocking_work work = {.size = sizeof(work),
                                                   .name = "keep",
                                                   .run = no_arg_run,
                                                   .release = nave_blocking_keep};
    const char *text = "constant";
    struct call first;
    struct nave_op op;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&first, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    nave_op_init(&op, w, on_done, NULL);
    CU_ASSERT_EQUAL(nave_blocking_start(b, &op, &work, NAVE_BLOCKING_ARG(&text), 0), NAVE_EAGAIN);
    nave_op_drop(&op);
    CU_ASSERT_PTR_NULL(text);
    gate_open(&gate);
    call_await(&first);
    free(first.load);
    teardown();
}

/* --- refusals -------------------------------------------------------------------------------- */

static void what_is_wrong_with_a_start_is_told(void)
{
    struct longer {
        struct nave_blocking_work work;
        uint64_t more;
    } longer = {{sizeof(longer), 0, "longer", load_run, load_release}, 0};
    struct nave_blocking_work work = load_work;
    struct call c;

    setup(1);
    memset(&c, 0, sizeof(c));
    c.load = load_new(NAVE_OK, 0);
    nave_op_init(&c.op, w, on_done, &c);
#define START(work_, flags) \
    nave_blocking_start(b, &c.op, (work_), NAVE_BLOCKING_ARG(&c.load), (flags))
    CU_ASSERT_EQUAL(START(&load_work, 1u << 7), NAVE_EINVAL);
    work.flags = 1u << 9;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.size = 8;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.run = NULL;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.name = NULL;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    work = load_work;
    work.release = NULL;
    CU_ASSERT_EQUAL(START(&work, 0), NAVE_EINVAL);
    longer.more = 1;
    CU_ASSERT_EQUAL(START(&longer.work, 0), NAVE_ETOONEW);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.load);
    CU_ASSERT_EQUAL(c.load->runs, 0);

    longer.more = 0; /* a tail of zeroes is fine */
    CU_ASSERT_EQUAL(START(&longer.work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(START(&load_work, 0), NAVE_EBUSY);
    call_await(&c);
    CU_ASSERT_EQUAL(c.load->runs, 1);
    free(c.load);
    teardown();
}

static void a_pool_that_is_not_open_or_closed_refuses(void)
{
    struct nv_blocking none = {{NULL, NULL}, NULL};
    struct nv_blocking_handle h;
    struct call c;

    setup(1);
    nv_blocking_handle_init(&h, &none, NULL, 0);
    b = &h.pub;
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ECLOSED);
    free(c.load);
    b = &handle.pub;
    nv_blocking_close(&pool);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_ECLOSED);
    free(c.load);
    teardown();
}

/* --- the end --------------------------------------------------------------------------------- */

static void closing_cancels_what_waits_and_tells_what_runs(void)
{
    nave_err result = NAVE_EAGAIN;
    struct call runs, waits;
    uint64_t value = 0;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&runs, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&waits, &load_work, 0), NAVE_EAGAIN);
    spawn_awaiting(load_new(NAVE_OK, 0), &result, &value);
    nv_worker_turn(worker, 0);
    nv_blocking_close(&pool);
    call_await(&waits);
    while (nv_worker_tasks(worker))
        nv_worker_turn(worker, NAVE_NEVER);

    CU_ASSERT_EQUAL(waits.op.result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(result, NAVE_ECANCELED);
    CU_ASSERT_PTR_NOT_NULL_FATAL(waits.load);
    CU_ASSERT_EQUAL(waits.load->runs, 0);
    CU_ASSERT_EQUAL(released, 0);
    gate_open(&gate);
    call_await(&runs);
    CU_ASSERT_EQUAL(runs.load->saw_cancel, 1);
    CU_ASSERT_EQUAL(runs.op.result, NAVE_OK);
    free(runs.load);
    free(waits.load);
    teardown();
}

static void name_it(void *arg, const struct nv_blocking_job *job)
{
    char *text = arg;

    CU_ASSERT_TRUE(job->ran_ns >= 0);
    strcat(strcat(text, job->lane), ":");
    strcat(strcat(text, job->plugin), ":");
    strcat(strcat(text, job->name), job->is_dropped ? " dropped;" : ";");
}

static void what_runs_is_listed_by_name(void)
{
    struct call one, two;
    char text[256] = "";

    setup(1);
    CU_ASSERT_EQUAL(call_start(&one, &gated_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&two, &gated_name_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 2);
    nave_op_drop(&two.op);
    nv_blocking_each(&pool, name_it, text);

    CU_ASSERT_STRING_EQUAL(text, "blocking:acme:gated;dns:acme:name dropped;");
    gate_open(&gate);
    call_await(&one);
    free(one.load);
    teardown();
}

/* A job that does not return is left alone; when it does, it touches nothing of its caller's. */
static void what_runs_at_the_end_is_left_alone(void)
{
    struct call c, dropped, late;

    setup(3);
    CU_ASSERT_EQUAL(call_start(&c, &gated_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&dropped, &gated_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&late, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 3);
    nave_op_drop(&dropped.op);
    nv_blocking_close(&pool);
    nv_blocking_end(&pool);
    CU_ASSERT_EQUAL(nv_blocking_stragglers(&pool), 3);
    CU_ASSERT_TRUE(nv_blocking_is_busy(&pool));
    nave_op_drop(&c.op); /* after the end, too */
    CU_ASSERT_PTR_NULL(c.load);
    memset(&c.op, 0xff, sizeof(c.op));

    gate_open(&gate);
    while (nv_blocking_stragglers(&pool))
        sched_yield();
    CU_ASSERT_EQUAL(__atomic_load_n(&released, __ATOMIC_RELAXED), 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(late.load); /* its caller's until he drops the op */
    CU_ASSERT_EQUAL(late.load->runs, 1);
    nave_op_drop(&late.op);
    CU_ASSERT_PTR_NULL(late.load);
    CU_ASSERT_EQUAL(released, 3);
    nv_blocking_destroy(&pool);
    nv_worker_destroy(worker);
}

static uint32_t idles; /* atomic */

static void on_idle(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&idles, 1, __ATOMIC_RELAXED);
}

static void a_lane_without_jobs_says_so(void)
{
    struct call one, two;

    idles = 0;
    setup_with((struct nv_blocking_options){.threads = 1, .on_idle = on_idle}, NULL);
    CU_ASSERT_EQUAL(call_start(&one, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&two, &load_work, 0), NAVE_EAGAIN);
    CU_ASSERT_TRUE(nv_blocking_is_busy(&pool));
    nave_op_drop(&two.op);
    CU_ASSERT_EQUAL(__atomic_load_n(&idles, __ATOMIC_RELAXED), 0);
    gate_open(&gate);
    call_await(&one);

    CU_ASSERT_FALSE(nv_blocking_is_busy(&pool)); /* takes the lock under which it is said */
    CU_ASSERT_EQUAL(__atomic_load_n(&idles, __ATOMIC_RELAXED), 1);
    free(one.load);
    teardown();
}

/* --- without threads ------------------------------------------------------------------------- */

static void without_threads_jobs_run_on_their_worker_in_order_one_a_turn(void)
{
    struct call c[3];
    char order[8] = "";
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 0}, &nv_poller_sim);
    for (i = 0; i < 3; i++) {
        memset(&c[i], 0, sizeof(c[i]));
        c[i].load = load_new(NAVE_OK, i);
        c[i].load->order = order;
        c[i].load->letter = (char)('a' + i);
        nave_op_init(&c[i].op, w, on_done, &c[i]);
        CU_ASSERT_EQUAL(nave_blocking_start(b, &c[i].op, &load_work, NAVE_BLOCKING_ARG(&c[i].load),
                                            0),
                        NAVE_EAGAIN);
    }
    CU_ASSERT_STRING_EQUAL(order, ""); /* never inside the start */
    nv_worker_turn(worker, 0);
    CU_ASSERT_STRING_EQUAL(order, "a");
    nv_worker_turn(worker, 0);
    CU_ASSERT_STRING_EQUAL(order, "ab");
    CU_ASSERT_EQUAL(c[0].dones, 1);
    nave_op_drop(&c[2].op);
    CU_ASSERT_PTR_NULL(c[2].load);
    nv_worker_turn(worker, 0);
    nv_worker_turn(worker, 0);

    CU_ASSERT_STRING_EQUAL(order, "ab");
    CU_ASSERT_EQUAL(c[1].dones, 1);
    CU_ASSERT_EQUAL(c[1].op.value, 1);
    CU_ASSERT_EQUAL(c[2].dones, 0);
    CU_ASSERT_TRUE(pthread_equal(c[0].load->thread, pthread_self()));
    CU_ASSERT_EQUAL(stats_of(NV_LANE_MAIN).threads, 0);
    free(c[0].load);
    free(c[1].load);
    teardown();
}

static void without_threads_closing_cancels_as_with_them(void)
{
    struct call c;

    setup_with((struct nv_blocking_options){.threads = 0}, &nv_poller_sim);
    CU_ASSERT_EQUAL(call_start(&c, &load_work, 0), NAVE_EAGAIN);
    nv_blocking_close(&pool);
    nv_worker_turn(worker, 0);
    nv_worker_turn(worker, 0);

    CU_ASSERT_EQUAL(c.dones, 1);
    CU_ASSERT_EQUAL(c.op.result, NAVE_ECANCELED);
    CU_ASSERT_EQUAL(c.load->runs, 0);
    free(c.load);
    teardown();
}

#define ROW(name)   \
    {               \
#        name, name \
    }

static CU_TestInfo running_tests[] = {
    ROW(a_job_runs_on_another_thread_and_tells_the_worker_that_asked),
    ROW(result_and_value_are_those_of_the_run),
    ROW(a_task_awaits_a_job),
    ROW(one_thread_runs_jobs_in_the_order_in_which_they_came),
    ROW(a_job_needs_neither_argument_nor_release),
    ROW(threads_have_a_name_and_block_all_signals),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo thread_tests[] = {
    ROW(threads_are_made_when_there_is_work_up_to_the_limit),
    ROW(one_job_after_the_other_needs_one_thread),
    ROW(the_thread_that_was_idle_last_is_woken_first),
    ROW(a_thread_that_was_idle_for_long_ends_and_another_comes),
    ROW(without_a_thread_a_job_is_refused_and_its_argument_stays),
    ROW(with_fewer_threads_than_wanted_the_jobs_are_done_all_the_same),
    ROW(the_nth_allocation_fails_and_nothing_is_lost),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo queue_tests[] = {
    ROW(a_full_queue_refuses_who_does_not_wait_and_keeps_who_does),
    ROW(a_thousand_slow_names_do_not_delay_an_ordinary_call),
    ROW(a_full_pool_does_not_stop_names),
    ROW(names_get_a_quarter_of_the_threads_and_at_least_one),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo argument_tests[] = {
    ROW(a_job_dropped_before_it_began_never_runs_and_is_released_in_the_drop),
    ROW(a_job_dropped_while_it_runs_knows_it_and_is_released_when_it_returns),
    ROW(a_job_dropped_when_it_has_run_is_recalled_and_released_in_the_drop),
    ROW(a_drop_of_what_is_done_takes_nothing),
    ROW(an_op_can_be_used_again_after_each_way_to_end),
    ROW(a_task_that_is_dropped_drops_its_job),
    ROW(a_constant_needs_no_release),
    ROW(what_is_wrong_with_a_start_is_told),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo end_tests[] = {
    ROW(a_pool_that_is_not_open_or_closed_refuses),
    ROW(closing_cancels_what_waits_and_tells_what_runs),
    ROW(what_runs_is_listed_by_name),
    ROW(what_runs_at_the_end_is_left_alone),
    ROW(a_lane_without_jobs_says_so),
    ROW(without_threads_jobs_run_on_their_worker_in_order_one_a_turn),
    ROW(without_threads_closing_cancels_as_with_them),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"running", NULL, NULL, NULL, NULL, running_tests},
    {"threads", NULL, NULL, NULL, NULL, thread_tests},
    {"the queue", NULL, NULL, NULL, NULL, queue_tests},
    {"the argument", NULL, NULL, NULL, NULL, argument_tests},
    {"the end", NULL, NULL, NULL, NULL, end_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

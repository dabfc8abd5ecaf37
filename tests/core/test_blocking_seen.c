/* SPDX-License-Identifier: MIT
 *
 * Seeing inside the pool for blocking calls: which jobs there are, for how long, and what is counted.
 */
#include "blocking_setup.h"

static struct nv_blocking_job jobs[8];

static struct nv_blocking_copied copy(enum nv_blocking_lane lane, nave_nsec after)
{
    memset(jobs, 0, sizeof(jobs));
    return nv_blocking_copy(&pool, lane, nave_now(w) + after, jobs, NAVE_COUNT(jobs));
}

/* --- jobs ------------------------------------------------------------------------------------ */

static void what_runs_is_listed_by_name(void)
{
    struct call one, two;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&one, &gated_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&two, &gated_name_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 2);
    nave_op_drop(&two.op);

    CU_ASSERT_EQUAL(copy(NV_LANE_MAIN, 0).count, 1);
    CU_ASSERT_EQUAL(jobs[0].state, NV_BLOCKING_RUNS);
    CU_ASSERT_STRING_EQUAL(jobs[0].lane, "blocking");
    CU_ASSERT_STRING_EQUAL(jobs[0].plugin, "acme");
    CU_ASSERT_STRING_EQUAL(jobs[0].name, "gated");
    CU_ASSERT_FALSE(jobs[0].is_dropped);
    CU_ASSERT_EQUAL(copy(NV_LANE_DNS, 0).count, 1);
    CU_ASSERT_STRING_EQUAL(jobs[0].lane, "dns");
    CU_ASSERT_STRING_EQUAL(jobs[0].name, "name");
    CU_ASSERT_TRUE(jobs[0].is_dropped);
    gate_open(&gate);
    call_await(&one);
    free(one.load);
    teardown();
}

static void what_waits_is_listed_in_order_behind_it_with_its_time(void)
{
    struct call c[4];
    struct nv_blocking_copied copied;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 1, .queue_max = 2, .idle_ns = NAVE_SEC},
               NULL);
    CU_ASSERT_EQUAL(call_start(&c[0], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    for (i = 1; i < 4; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], i == 2 ? &gated_work : &load_work, 0), NAVE_EAGAIN);
    copied = copy(NV_LANE_MAIN, 5 * NAVE_SEC);

    CU_ASSERT_EQUAL(copied.count, 4);
    CU_ASSERT_EQUAL(copied.more, 0);
    CU_ASSERT_EQUAL(copied.running, 1);
    CU_ASSERT_EQUAL(copied.queued, 3);
    CU_ASSERT_EQUAL(jobs[0].state, NV_BLOCKING_RUNS);
    /* From the real clock: it began after the turn of its start. */
    CU_ASSERT_TRUE(jobs[0].for_ns > 0 && jobs[0].for_ns <= 5 * NAVE_SEC);
    CU_ASSERT_EQUAL(jobs[1].state, NV_BLOCKING_IS_QUEUED);
    CU_ASSERT_STRING_EQUAL(jobs[1].name, "load");
    CU_ASSERT_STRING_EQUAL(jobs[2].name, "gated");
    CU_ASSERT_EQUAL(jobs[3].state, NV_BLOCKING_WAITS);
    for (i = 1; i < 4; i++)
        CU_ASSERT_EQUAL(jobs[i].for_ns, 5 * NAVE_SEC);
    gate_open(&gate);
    for (i = 0; i < 4; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    teardown();
}

static void what_finds_no_room_is_counted(void)
{
    struct call c[5];
    struct nv_blocking_copied copied;
    uint32_t i;

    setup(2);
    for (i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 2);
    for (i = 0; i <= 5; i++) {
        copied = nv_blocking_copy(&pool, NV_LANE_MAIN, 0, jobs, i);
        CU_ASSERT_EQUAL(copied.count, i);
        CU_ASSERT_EQUAL(copied.more, 5 - i);
        CU_ASSERT_EQUAL(copied.running, 2);
        CU_ASSERT_EQUAL(copied.queued, 3);
    }
    CU_ASSERT_EQUAL(jobs[1].for_ns, 0); /* a clock that is behind makes no time below 0 */
    gate_open(&gate);
    for (i = 0; i < 5; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    CU_ASSERT_EQUAL(copy(NV_LANE_MAIN, 0).count, 0);
    teardown();
}

static void an_op_tells_the_name_of_its_call_and_others_have_none(void)
{
    struct call c;
    struct nave_op other;

    setup(1);
    nave_op_init(&other, w, on_done, NULL);
    CU_ASSERT_EQUAL(call_start(&c, &gated_work, 0), NAVE_EAGAIN);
    CU_ASSERT_STRING_EQUAL(nv_blocking_name(&c.op), "gated");
    gate_wait(&gate, 1);
    CU_ASSERT_STRING_EQUAL(nv_blocking_name(&c.op), "gated"); /* while it runs, too */
    CU_ASSERT_PTR_NULL(nv_blocking_name(&other));
    gate_open(&gate);
    call_await(&c);
    free(c.load);
    teardown();
}

/* --- numbers --------------------------------------------------------------------------------- */

/* Of a lane: started = finished + canceled + what is under way. */
static void every_call_is_counted_once_at_each_end(void)
{
    struct call c[6];
    struct nv_blocking_stats s;
    uint32_t i;

    setup_with((struct nv_blocking_options){.threads = 1, .queue_max = 4, .idle_ns = NAVE_SEC},
               NULL);
    CU_ASSERT_EQUAL(call_start(&c[0], &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    for (i = 1; i < 5; i++)
        CU_ASSERT_EQUAL(call_start(&c[i], &load_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&c[5], &load_work, NAVE_BLOCKING_NO_WAIT), NAVE_ELIMIT);
    free(c[5].load);
    nave_op_drop(&c[0].op);
    nave_op_drop(&c[1].op);
    s = stats_of(NV_LANE_MAIN);
    CU_ASSERT_EQUAL(s.started, 5);
    CU_ASSERT_EQUAL(s.refused, 1);
    CU_ASSERT_EQUAL(s.canceled, 1);
    CU_ASSERT_EQUAL(s.abandoned, 1);
    CU_ASSERT_EQUAL(s.started, s.finished + s.canceled + s.running + s.queued + s.waiting);

    gate_open(&gate);
    for (i = 2; i < 5; i++) {
        call_await(&c[i]);
        free(c[i].load);
    }
    s = stats_of(NV_LANE_MAIN);
    CU_ASSERT_EQUAL(s.finished, 4);
    CU_ASSERT_EQUAL(s.started, s.finished + s.canceled);
    teardown();
}

/* The rows are what metrics are made of. */
static void each_row_is_the_number_of_its_name(void)
{
    struct nv_blocking_stats s;
    uint64_t sum = 0;
    uint32_t i;

    memset(&s, 0, sizeof(s));
    s.queued = 1;
    s.threads_idle = 2;
    s.failures = 4;
    for (i = 0; i < nv_blocking_row_count; i++) {
        const struct nv_blocking_row *row = &nv_blocking_rows[i];
        uint64_t want = strcmp(row->name, "queued") == 0         ? 1
                        : strcmp(row->name, "threads_idle") == 0 ? 2
                        : strcmp(row->name, "failures") == 0     ? 4
                                                                 : 0;

        CU_ASSERT_EQUAL(nv_blocking_read(&s, row), want);
        CU_ASSERT_EQUAL(row->is_counter,
                        want == 4 || row->offset >= offsetof(struct nv_blocking_stats, started));
        sum += nv_blocking_read(&s, row);
    }
    CU_ASSERT_EQUAL(sum, 7);
}

static const struct nv_histogram *times_of(enum nv_blocking_lane lane, const char *name)
{
    uint32_t i;

    for (i = 0; i < nv_blocking_time_count; i++)
        if (strcmp(nv_blocking_time_rows[i].name, name) == 0)
            return nv_blocking_histogram(&pool, lane, &nv_blocking_time_rows[i]);
    return NULL;
}

static void the_time_in_the_queue_is_that_of_the_clock_of_the_worker(void)
{
    const struct nv_histogram *h;
    struct call c[2];

    setup_with((struct nv_blocking_options){.threads = 0}, &nv_poller_sim);
    sim.now_ns = 100 * NAVE_SEC;
    nv_worker_turn(worker, 0);
    CU_ASSERT_EQUAL(call_start(&c[0], &load_work, 0), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(call_start(&c[1], &load_work, 0), NAVE_EAGAIN);
    sim.now_ns += 3 * NAVE_MSEC;
    nv_worker_turn(worker, 0); /* the first one */
    sim.now_ns += 4 * NAVE_MSEC;
    nv_worker_turn(worker, 0);

    h = times_of(NV_LANE_MAIN, "queue_time");
    CU_ASSERT_PTR_NOT_NULL_FATAL(h);
    CU_ASSERT_EQUAL(nv_histogram_count(h), 2);
    CU_ASSERT_EQUAL(h->sum_ns, 10 * NAVE_MSEC);
    CU_ASSERT_EQUAL(h->max_ns, 7 * NAVE_MSEC);
    CU_ASSERT_EQUAL(h->buckets[nv_histogram_index(3 * NAVE_MSEC)], 1);
    CU_ASSERT_EQUAL(h->buckets[nv_histogram_index(7 * NAVE_MSEC)], 1);
    CU_ASSERT_EQUAL(nv_histogram_count(times_of(NV_LANE_MAIN, "run_time")), 2);
    CU_ASSERT_EQUAL(nv_histogram_count(times_of(NV_LANE_DNS, "run_time")), 0);
    call_await(&c[0]);
    call_await(&c[1]);
    free(c[0].load);
    free(c[1].load);
    teardown();
}

static void a_call_that_never_began_has_no_time(void)
{
    struct call runs, waits;

    setup(1);
    CU_ASSERT_EQUAL(call_start(&runs, &gated_work, 0), NAVE_EAGAIN);
    gate_wait(&gate, 1);
    CU_ASSERT_EQUAL(call_start(&waits, &load_work, 0), NAVE_EAGAIN);
    nave_op_drop(&waits.op);
    gate_open(&gate);
    call_await(&runs);

    CU_ASSERT_EQUAL(nv_histogram_count(times_of(NV_LANE_MAIN, "queue_time")), 1);
    CU_ASSERT_EQUAL(nv_histogram_count(times_of(NV_LANE_MAIN, "run_time")), 1);
    free(runs.load);
    teardown();
}

static void a_pool_that_is_not_open_has_nothing_to_tell(void)
{
    struct nv_blocking_stats s;

    memset(&pool, 0, sizeof(pool));
    nv_blocking_stats(&pool, NV_LANE_DNS, &s);
    CU_ASSERT_STRING_EQUAL(s.name, "dns");
    CU_ASSERT_EQUAL(s.threads_max, 0);
    CU_ASSERT_PTR_NULL(times_of(NV_LANE_MAIN, "run_time"));
    CU_ASSERT_EQUAL(nv_blocking_copy(&pool, NV_LANE_MAIN, 0, jobs, 8).count, 0);
}

#define ROW(name)   \
    {               \
#        name, name \
    }

static CU_TestInfo job_tests[] = {
    ROW(what_runs_is_listed_by_name),
    ROW(what_waits_is_listed_in_order_behind_it_with_its_time),
    ROW(what_finds_no_room_is_counted),
    ROW(an_op_tells_the_name_of_its_call_and_others_have_none),
    CU_TEST_INFO_NULL,
};

static CU_TestInfo number_tests[] = {
    ROW(every_call_is_counted_once_at_each_end),
    ROW(each_row_is_the_number_of_its_name),
    ROW(the_time_in_the_queue_is_that_of_the_clock_of_the_worker),
    ROW(a_call_that_never_began_has_no_time),
    ROW(a_pool_that_is_not_open_has_nothing_to_tell),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"jobs", NULL, NULL, NULL, NULL, job_tests},
    {"numbers", NULL, NULL, NULL, NULL, number_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

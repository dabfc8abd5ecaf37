/* SPDX-License-Identifier: MIT
 *
 * Each fault of nave/sim.h by itself: what it does, and what it leaves alone. That programs live with them
 * is the sweep's.
 */
#include <stddef.h>

#include <nave/task.h>
#include <nave/timer.h>

#include "world_rig.h"

#define SEEDS 200u

static struct nave_sim_faults faults;

static struct nave_sim_info look(void)
{
    struct nave_sim_info info = {.size = sizeof(info)};

    CU_ASSERT_EQUAL(sim->api->info(sim, &info), NAVE_OK);
    return info;
}

/* Run for `ns`, or until nothing can happen. */
static void pass(nave_nsec ns)
{
    nave_err err = sim->api->run(sim, sim->api->now(sim) + ns, NULL, NULL);

    CU_ASSERT(err == NAVE_ETIMEDOUT || err == NAVE_EAGAIN);
}

static void set_fault(size_t offset, uint32_t ppm)
{
    faults = (struct nave_sim_faults){.size = sizeof(faults)};
    memcpy((char *)&faults + offset, &ppm, sizeof(ppm));
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, &faults), NAVE_OK);
}

#define SET_FAULT(name, ppm) set_fault(offsetof(struct nave_sim_faults, name), ppm)

static void no_faults(void)
{
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, NULL), NAVE_OK);
}

static nave_err connect_to(const char *address, struct nave_stream **out)
{
    return sim->api->connect(sim, 0, str(address), out);
}

/* What a read of `s` says; NAVE_OK: of any bytes. */
static nave_err read_of(struct nave_stream *s)
{
    char got[64];
    size_t n;

    return nave_stream_read(s, got, sizeof(got), &n);
}

static nave_err write_to(struct nave_stream *s)
{
    size_t n;

    return nave_stream_write(s, "x", 1, &n);
}

/* --- connecting ------------------------------------------------------------------------------- */

static void a_connect_that_nobody_answers_times_out(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 5, .stall_ns = 3 * NAVE_SEC};
    uint32_t calls = 0;

    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 2), NAVE_OK);
    SET_FAULT(no_answer, NAVE_SIM_ALWAYS);
    CU_ASSERT_EQUAL_FATAL(connect_to("127.0.0.1:8080", &client), NAVE_OK);
    nave_stream_watch(client, NAVE_STREAM_WRITE, count_call, &calls);
    pass(2900 * NAVE_MSEC);
    CU_ASSERT_EQUAL(write_to(client), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(calls, 0);
    pass(200 * NAVE_MSEC);
    CU_ASSERT_EQUAL(calls, 1);
    CU_ASSERT_EQUAL(write_to(client), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(raw.count, 0); /* the server has not heard of it */
    nave_stream_close(client, 0);
    end();
}

static void without_descriptors_a_connect_fails_at_once(void)
{
    begin(1);
    SET_FAULT(no_files, NAVE_SIM_ALWAYS);
    client = NULL;
    CU_ASSERT_EQUAL(connect_to("127.0.0.1:8080", &client), NAVE_ENOFILES);
    CU_ASSERT_PTR_NULL(client);
    no_faults();
    open_pair();
    close_pair();
    end();
}

static void without_descriptors_accepting_rests_and_nothing_is_lost(void)
{
    begin(1);
    CU_ASSERT_EQUAL_FATAL(connect_to("127.0.0.1:8080", &client), NAVE_OK);
    SET_FAULT(no_files, NAVE_SIM_ALWAYS);
    pass(NAVE_SEC);
    CU_ASSERT_EQUAL(raw.count, 0);
    CU_ASSERT(look().faults >= 9); /* it rests for 100 ms each time */
    CU_ASSERT(look().faults <= 11);
    no_faults();
    pass(150 * NAVE_MSEC);
    CU_ASSERT_EQUAL_FATAL(raw.count, 1);
    server = raw.streams[0];
    close_pair();
    end();
}

/* --- partitions ------------------------------------------------------------------------------- */

static void a_partition_holds_both_directions_back_until_it_is_over(void)
{
    begin(2);
    open_pair();
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:8080"), 5 * NAVE_SEC), NAVE_OK);
    CU_ASSERT_EQUAL(write_to(client), NAVE_OK);
    CU_ASSERT_EQUAL(write_to(server), NAVE_OK);
    pass(4900 * NAVE_MSEC);
    CU_ASSERT_EQUAL(read_of(server), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(read_of(client), NAVE_EAGAIN);
    pass(400 * NAVE_MSEC); /* the next retransmission */
    CU_ASSERT_EQUAL(read_of(server), NAVE_OK);
    CU_ASSERT_EQUAL(read_of(client), NAVE_OK);
    close_pair();
    end();
}

static void what_was_on_its_way_before_a_partition_arrives(void)
{
    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(write_to(client), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:8080"), 5 * NAVE_SEC), NAVE_OK);
    pass(100 * NAVE_MSEC);
    CU_ASSERT_EQUAL(read_of(server), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:8080"), 0), NAVE_OK);
    CU_ASSERT_EQUAL(write_to(client), NAVE_OK); /* it is over */
    pass(100 * NAVE_MSEC);
    CU_ASSERT_EQUAL(read_of(server), NAVE_OK);
    close_pair();
    end();
}

static void a_partition_cuts_off_one_listener_and_connects_to_it(void)
{
    struct nave_stream *late, *other;

    begin(2);
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:8080"), 2 * NAVE_SEC), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(connect_to("127.0.0.1:8080", &late), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(connect_to("127.0.0.1:40000", &other), NAVE_OK);
    pass(1900 * NAVE_MSEC);
    CU_ASSERT_EQUAL(raw.count, 1);
    CU_ASSERT_EQUAL(write_to(other), NAVE_OK);
    CU_ASSERT_EQUAL(write_to(late), NAVE_EAGAIN);
    pass(400 * NAVE_MSEC);
    CU_ASSERT_EQUAL(raw.count, 2);
    CU_ASSERT_EQUAL(write_to(late), NAVE_OK);
    nave_stream_close(late, NAVE_CLOSE_ABORT);
    nave_stream_close(other, NAVE_CLOSE_ABORT);
    nave_stream_close(raw.streams[0], NAVE_CLOSE_ABORT);
    nave_stream_close(raw.streams[1], NAVE_CLOSE_ABORT);
    end();
}

static void a_partition_longer_than_patience_ends_in_timeouts(void)
{
    struct nave_stream *late;

    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:8080"), 60 * NAVE_SEC), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(connect_to("127.0.0.1:8080", &late), NAVE_OK);
    CU_ASSERT_EQUAL(write_to(client), NAVE_OK);
    pass(14 * NAVE_SEC);
    CU_ASSERT_EQUAL(read_of(client), NAVE_EAGAIN);
    pass(2 * NAVE_SEC);
    CU_ASSERT_EQUAL(read_of(client), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(read_of(server), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(read_of(late), NAVE_ETIMEDOUT);
    nave_stream_close(late, 0);
    close_pair();
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:9"), NAVE_SEC), NAVE_ENOTFOUND);
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:8080"), -1), NAVE_EINVAL);
    CU_ASSERT_EQUAL(sim->api->partition(sim, str("127.0.0.1:8080"), 86401 * NAVE_SEC), NAVE_EINVAL);
    end();
}

static void the_fault_cuts_off_for_a_time_that_is_drawn(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .partition_ns = 2 * NAVE_SEC};
    uint32_t late = 0;

    for (o.seed = 1; o.seed <= 20; o.seed++) {
        CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
        open_pair();
        SET_FAULT(partition, NAVE_SIM_ALWAYS);
        CU_ASSERT_EQUAL(write_to(client), NAVE_OK);
        no_faults();
        pass(100 * NAVE_MSEC);
        late += read_of(server) == NAVE_EAGAIN;
        pass(2200 * NAVE_MSEC);
        CU_ASSERT(raw.count == 1 && read_of(server) != NAVE_ETIMEDOUT);
        CU_ASSERT_EQUAL(look().bytes, 1);
        close_pair();
        end();
    }
    CU_ASSERT(late > 10 && late <= 20);
}

/* --- resets ----------------------------------------------------------------------------------- */

static void a_reset_comes_behind_any_byte(void)
{
    struct nave_sim_options o = {.size = sizeof(o)};
    uint32_t seen[9] = {0}, i;

    for (o.seed = 1; o.seed <= SEEDS; o.seed++) {
        char got[128] = "";
        size_t n, total = 0;
        nave_err err;

        CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
        open_pair();
        SET_FAULT(reset, NAVE_SIM_ALWAYS);
        CU_ASSERT_EQUAL(nave_stream_write(client, "12345678", 8, &n), NAVE_OK);
        CU_ASSERT_EQUAL(n, 8);
        no_faults();
        for (i = 0; i < 100; i++) {
            pass(100 * NAVE_USEC);
            (void)write_to(client); /* until it knows; no "x" must be read behind a gap */
            err = nave_stream_read(server, got + total, sizeof(got) - total, &n);
            if (err == NAVE_OK)
                total += n;
        }
        CU_ASSERT_EQUAL(memcmp(got, "12345678", total < 8 ? total : 8), 0);
        CU_ASSERT_EQUAL(err, NAVE_ERESET);
        CU_ASSERT_EQUAL(read_of(client), NAVE_ERESET);
        seen[total < 8 ? total : 8]++;
        close_pair();
        end();
    }
    for (i = 0; i <= 8; i++)
        CU_ASSERT(seen[i] > 0);
}

/* --- workers ---------------------------------------------------------------------------------- */

static void nothing(struct nave_worker *w, void *arg)
{
    (void)w;
    (void)arg;
}

struct alarm {
    struct nave_timer timer;
    nave_nsec armed, fired;
};

static void on_alarm(struct nave_timer *t, void *arg)
{
    (void)t;
    ((struct alarm *)arg)->fired = sim->api->now(sim);
}

static void arm(struct nave_worker *w, void *arg)
{
    struct alarm *a = arg;

    a->armed = nave_now(w);
    nave_timer_start(w, &a->timer, NAVE_MSEC, on_alarm, a);
}

static void a_paused_worker_is_away_and_the_others_go_on(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .pause_ns = 50 * NAVE_MSEC};
    uint32_t late = 0;

    for (o.seed = 1; o.seed <= 20; o.seed++) {
        struct alarm here = {.fired = 0}, there = {.fired = 0};

        CU_ASSERT_EQUAL_FATAL(begin_with(&o, 2), NAVE_OK);
        settle();
        SET_FAULT(pause, NAVE_SIM_ALWAYS);
        CU_ASSERT_EQUAL(sim->api->call(sim, 0, nothing, NULL), NAVE_OK);
        CU_ASSERT_EQUAL(sim->api->step(sim), NAVE_OK); /* nobody else has anything to do */
        no_faults();
        CU_ASSERT_EQUAL(sim->api->call(sim, 0, arm, &here), NAVE_OK);
        CU_ASSERT_EQUAL(sim->api->call(sim, 1, arm, &there), NAVE_OK);
        pass(100 * NAVE_MSEC);
        CU_ASSERT(there.fired - there.armed >= NAVE_MSEC);
        CU_ASSERT(there.fired - there.armed < 4 * NAVE_MSEC);
        CU_ASSERT(here.fired - here.armed >= NAVE_MSEC);
        CU_ASSERT(here.fired - here.armed < 52 * NAVE_MSEC);
        late += here.fired > there.fired + 5 * NAVE_MSEC;
        end();
    }
    CU_ASSERT(late > 10);
}

static void workers_wake_up_for_nothing(void)
{
    uint64_t before;

    begin(3);
    settle();
    SET_FAULT(wake, NAVE_SIM_ALWAYS);
    before = look().steps;
    CU_ASSERT_EQUAL(sim->api->step(sim), NAVE_EAGAIN); /* a fault needs a step to come with */
    CU_ASSERT_EQUAL(sim->api->call(sim, 1, nothing, NULL), NAVE_OK);
    pass(NAVE_MSEC);
    CU_ASSERT(look().steps > before + 20);
    no_faults();
    pass(NAVE_MSEC);
    CU_ASSERT_EQUAL(sim->api->step(sim), NAVE_EAGAIN);
    end();
}

/* A task that waits for nothing, and counts how often it is asked. */
static uint32_t polls, drops;

static nave_poll patient_poll(struct nave_future *f, struct nave_cx *cx)
{
    (void)f;
    polls++;
    return cx->is_canceled ? NAVE_READY : NAVE_PENDING;
}

static void patient_drop(struct nave_future *f)
{
    (void)f;
    drops++;
}

static nave_err patient_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface patient = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .name = "patient",
    .poll = patient_poll,
    .drop = patient_drop,
    .result = patient_result,
};

static void spawn_patient(struct nave_worker *w, void *arg)
{
    struct nave_future *f;

    if (w->api->future_new(w, &patient, 16, &f) != NAVE_OK)
        return;
    if (arg)
        w->api->spawn_local(w, f);
    else
        w->api->spawn(w, f);
}

static void tasks_are_polled_for_nothing(void)
{
    uint32_t is_local;

    polls = drops = 0;
    begin(2);
    for (is_local = 0; is_local < 2; is_local++)
        CU_ASSERT_EQUAL(sim->api->call(sim, 1, spawn_patient, is_local ? &polls : NULL), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(polls, 2);
    SET_FAULT(poll, NAVE_SIM_ALWAYS);
    faults.wake = NAVE_SIM_ALWAYS;
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, &faults), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->call(sim, 0, nothing, NULL), NAVE_OK);
    pass(NAVE_MSEC);
    CU_ASSERT(polls > 22);
    no_faults();
    end();
    CU_ASSERT_EQUAL(drops, 2);
}

/* --- the wall clock --------------------------------------------------------------------------- */

static nave_nsec wall_seen;

static void see_wall(struct nave_worker *w, void *arg)
{
    (void)arg;
    wall_seen = w->clock->wall_ns;
}

static void the_wall_clock_jumps_and_no_timer_moves(void)
{
    static const nave_nsec jumps[] = {3600 * NAVE_SEC, -86400 * NAVE_SEC,
                                      (nave_nsec)100 * 365 * 86400 * NAVE_SEC};
    uint32_t i;

    for (i = 0; i < NAVE_COUNT(jumps); i++) {
        struct alarm a = {.fired = 0};
        struct nave_sim_info before, after;

        begin(1);
        CU_ASSERT_EQUAL(sim->api->call(sim, 0, arm, &a), NAVE_OK);
        before = look();
        CU_ASSERT_EQUAL(sim->api->wall_jump(sim, jumps[i]), NAVE_OK);
        after = look();
        CU_ASSERT_EQUAL(after.wall_ns - before.wall_ns, jumps[i]);
        CU_ASSERT_EQUAL(after.now_ns, before.now_ns);
        CU_ASSERT_NOT_EQUAL(after.trace, before.trace);
        pass(2 * NAVE_SEC);
        CU_ASSERT(a.fired - a.armed >= NAVE_MSEC && a.fired - a.armed < 3 * NAVE_MSEC);
        CU_ASSERT_EQUAL(sim->api->call(sim, 0, nothing, NULL), NAVE_OK);
        pass(NAVE_MSEC); /* a turn: the clock of the worker is read anew */
        CU_ASSERT_EQUAL(sim->api->call(sim, 0, see_wall, NULL), NAVE_OK);
        CU_ASSERT(wall_seen - before.wall_ns - jumps[i] >= 2 * NAVE_SEC);
        CU_ASSERT(wall_seen - before.wall_ns - jumps[i] < 3 * NAVE_SEC);
        end();
    }
}

static void the_wall_clock_stays_between_1970_and_2200(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 1, .wall_ns = 10 * NAVE_SEC};

    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->wall_jump(sim, -11 * NAVE_SEC), NAVE_EINVAL);
    CU_ASSERT_EQUAL(sim->api->wall_jump(sim, NAVE_NEVER), NAVE_EINVAL);
    CU_ASSERT_EQUAL(sim->api->wall_jump(sim, -10 * NAVE_SEC), NAVE_OK);
    CU_ASSERT(look().wall_ns < NAVE_SEC);
    end();
}

static void the_fault_jumps_forth_and_back(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 3, .wall_jump_ns = 60 * NAVE_SEC};
    uint32_t forth = 0, back = 0, i;

    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
    settle();
    SET_FAULT(wall_jump, NAVE_SIM_ALWAYS);
    for (i = 0; i < 100; i++) {
        nave_nsec before = look().wall_ns, by;

        CU_ASSERT_EQUAL(sim->api->call(sim, 0, nothing, NULL), NAVE_OK);
        CU_ASSERT_EQUAL(sim->api->step(sim), NAVE_OK);
        by = look().wall_ns - before;
        forth += by > 0;
        back += by < 0;
        CU_ASSERT(by <= 61 * NAVE_SEC && by >= -60 * NAVE_SEC);
    }
    CU_ASSERT(forth > 20 && back > 20);
    end();
}

/* --- memory ----------------------------------------------------------------------------------- */

static void allocate(struct nave_worker *w, void *arg)
{
    void *p = w->api->alloc(w, 100);

    if (p)
        w->api->free(w, p, 100);
    else
        ++*(uint32_t *)arg;
    spawn_patient(w, NULL);
}

static void the_allocation_of_that_number_fails_and_no_other(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 1};
    uint64_t count;

    for (o.no_memory_at = 1;; o.no_memory_at++) {
        uint32_t failed = 0;

        polls = 0;
        CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
        CU_ASSERT_EQUAL(look().allocations, 0); /* since the start */
        CU_ASSERT_EQUAL(sim->api->call(sim, 0, allocate, &failed), NAVE_OK);
        CU_ASSERT_EQUAL(sim->api->call(sim, 0, allocate, &failed), NAVE_OK);
        settle();
        count = look().allocations;
        CU_ASSERT_EQUAL(count, 4);
        CU_ASSERT_EQUAL(look().faults, o.no_memory_at <= count);
        CU_ASSERT_EQUAL(failed, o.no_memory_at <= count && o.no_memory_at % 2 == 1);
        CU_ASSERT_EQUAL(polls, 2 - (o.no_memory_at <= count && o.no_memory_at % 2 == 0));
        end();
        if (o.no_memory_at > count)
            break;
    }
}

/* --- programs of before ----------------------------------------------------------------------- */

/* What was built with a shorter struct goes on, and a rate of zero draws nothing. */
static void shorter_structs_are_worlds_without_the_new_faults(void)
{
    struct nave_sim_faults none = {.size = offsetof(struct nave_sim_faults, no_answer)};
    struct nave_sim_options o = {.size = offsetof(struct nave_sim_options, partition_ns),
                                 .seed = 9,
                                 .faults = &none};
    struct nave_sim_options all = {.size = sizeof(all), .seed = 9};
    struct nave_sim_info info = {.size = offsetof(struct nave_sim_info, allocations)};
    uint64_t trace;

    info.allocations = 4711;
    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 2), NAVE_OK);
    open_pair();
    close_pair();
    CU_ASSERT_EQUAL(sim->api->info(sim, &info), NAVE_OK);
    CU_ASSERT_EQUAL(info.allocations, 4711);
    trace = look().trace;
    end();
    CU_ASSERT_EQUAL_FATAL(begin_with(&all, 2), NAVE_OK);
    open_pair();
    close_pair();
    CU_ASSERT_EQUAL(look().trace, trace);
    end();
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo network_tests[] = {
    TEST(a_connect_that_nobody_answers_times_out),
    TEST(without_descriptors_a_connect_fails_at_once),
    TEST(without_descriptors_accepting_rests_and_nothing_is_lost),
    TEST(a_partition_holds_both_directions_back_until_it_is_over),
    TEST(what_was_on_its_way_before_a_partition_arrives),
    TEST(a_partition_cuts_off_one_listener_and_connects_to_it),
    TEST(a_partition_longer_than_patience_ends_in_timeouts),
    TEST(the_fault_cuts_off_for_a_time_that_is_drawn),
    TEST(a_reset_comes_behind_any_byte),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo worker_tests[] = {
    TEST(a_paused_worker_is_away_and_the_others_go_on),
    TEST(workers_wake_up_for_nothing),
    TEST(tasks_are_polled_for_nothing),
    TEST(the_allocation_of_that_number_fails_and_no_other),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo clock_tests[] = {
    TEST(the_wall_clock_jumps_and_no_timer_moves),
    TEST(the_wall_clock_stays_between_1970_and_2200),
    TEST(the_fault_jumps_forth_and_back),
    TEST(shorter_structs_are_worlds_without_the_new_faults),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"network", NULL, NULL, NULL, NULL, network_tests},
    {"workers", NULL, NULL, NULL, NULL, worker_tests},
    {"clocks", NULL, NULL, NULL, NULL, clock_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

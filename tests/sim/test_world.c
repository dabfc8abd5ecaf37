/* SPDX-License-Identifier: MIT
 *
 * The simulated network by the seven rules of nave/stream.h, and nave.sim/1: what it refuses, how far it
 * goes, what it says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/runtime.h>
#include <nave/sim.h>
#include <nave/worker.h>

#include "failing.h"
#include "world_rig.h"

/* --- streams ---------------------------------------------------------------------------------- */

/* What worker 1 is told of a stream of worker 0. */
static void use_as_a_stranger(struct nave_worker *w, void *arg)
{
    struct nave_stream_info info;
    char data[8];
    size_t n = 0;

    (void)w;
    CU_ASSERT_EQUAL(nave_stream_read(client, data, sizeof(data), &n), NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_write(client, "never", 5, &n), NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_get_info(client, &info), NAVE_EAFFINITY);
    CU_ASSERT_EQUAL(nave_stream_shut(client), NAVE_EAFFINITY);
    nave_stream_watch(client, NAVE_STREAM_READ, count_call, arg);
    nave_stream_close(client, NAVE_CLOSE_ABORT);
}

static void a_stream_of_another_worker_says_so_and_is_as_it_was(void)
{
    uint32_t calls = 0;
    char got[8];
    size_t n = 0;

    begin(2);
    open_pair();
    CU_ASSERT_EQUAL(sim->api->call(sim, 1, use_as_a_stranger, &calls), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_write(server, "ping", 4, &n), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(calls, 0);
    CU_ASSERT_EQUAL(nave_stream_read(client, got, sizeof(got), &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 4);
    close_pair();
    end();
}

static void bytes_come_in_order_and_the_watch_after_eagain_only(void)
{
    char got[16] = "";
    uint32_t calls = 0;
    size_t n = 0;

    begin(2);
    open_pair();
    nave_stream_watch(server, NAVE_STREAM_READ, count_call, &calls);
    CU_ASSERT_EQUAL(nave_stream_write(client, "hello", 5, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_EQUAL(calls, 0); /* never inside a call */
    settle();
    CU_ASSERT_EQUAL(calls, 1);
    settle();
    CU_ASSERT_EQUAL(calls, 1); /* nobody was told NAVE_EAGAIN since */
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 3, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 3);
    CU_ASSERT_EQUAL(nave_stream_read(server, got + 3, 13, &n), NAVE_OK); /* short: as NAVE_EAGAIN */
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_STRING_EQUAL(got, "hello");
    CU_ASSERT_EQUAL(nave_stream_write(client, "x", 1, &n), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(calls, 2);
    close_pair();
    end();
}

static void a_watch_set_while_ready_is_called_soon(void)
{
    uint32_t calls = 0;
    size_t n;

    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(nave_stream_write(client, "x", 1, &n), NAVE_OK);
    settle();
    nave_stream_watch(server, NAVE_STREAM_READ, count_call, &calls);
    nave_stream_watch(server, NAVE_STREAM_WRITE, count_call, &calls);
    CU_ASSERT_EQUAL(calls, 0);
    settle();
    CU_ASSERT_EQUAL(calls, 2);
    nave_stream_watch(server, NAVE_STREAM_READ, count_call, &calls);
    nave_stream_watch(server, NAVE_STREAM_READ, NULL, NULL); /* taken away before */
    settle();
    CU_ASSERT_EQUAL(calls, 2);
    close_pair();
    end();
}

static void directions_end_apart(void)
{
    char got[8];
    size_t n;

    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(nave_stream_write(client, "last", 4, &n), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_shut(client), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_shut(client), NAVE_ESTATE);
    CU_ASSERT_EQUAL(nave_stream_write(client, "x", 1, &n), NAVE_ESTATE);
    settle();
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 4);
    settle();
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_EOF);
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_EOF);
    CU_ASSERT_EQUAL(nave_stream_write(server, "yes", 3, &n), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(nave_stream_read(client, got, 8, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 3);
    close_pair();
    end();
}

static void a_full_window_stops_the_writer_until_the_reader_reads(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 3, .window = 1000};
    char bytes[1500] = "";
    uint32_t calls = 0;
    size_t n;

    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
    open_pair();
    nave_stream_watch(client, NAVE_STREAM_WRITE, count_call, &calls);
    settle();
    CU_ASSERT_EQUAL(calls, 1);
    CU_ASSERT_EQUAL(nave_stream_write(client, bytes, 1500, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 1000);
    CU_ASSERT_EQUAL(nave_stream_write(client, bytes, 500, &n), NAVE_EAGAIN);
    settle();
    CU_ASSERT_EQUAL(calls, 1);
    CU_ASSERT_EQUAL(nave_stream_read(server, bytes, 300, &n), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(calls, 2);
    CU_ASSERT_EQUAL(nave_stream_write(client, bytes, 500, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 300);
    close_pair();
    end();
}

static void a_reset_is_told_to_both_watches_and_stays(void)
{
    uint32_t calls = 0;
    char got[8];
    size_t n;

    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_EAGAIN);
    nave_stream_watch(server, NAVE_STREAM_READ, count_call, &calls);
    nave_stream_close(client, NAVE_CLOSE_ABORT);
    settle();
    CU_ASSERT_EQUAL(calls, 1);
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_ERESET);
    CU_ASSERT_EQUAL(nave_stream_write(server, got, 8, &n), NAVE_ERESET);
    CU_ASSERT_EQUAL(nave_stream_shut(server), NAVE_ERESET);
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_ERESET);
    nave_stream_close(server, 0);
    end();
}

/* What a kernel does, and why NAVE_CLOSE_LINGER is there. */
static void a_close_with_unread_bytes_resets_unless_it_lingers(void)
{
    char got[8];
    size_t n;
    uint32_t i;

    for (i = 0; i < 2; i++) {
        begin(1);
        open_pair();
        CU_ASSERT_EQUAL(nave_stream_write(client, "unread", 6, &n), NAVE_OK);
        settle();
        CU_ASSERT_EQUAL(nave_stream_write(server, "bye", 3, &n), NAVE_OK);
        nave_stream_close(server, i ? NAVE_CLOSE_LINGER : 0);
        CU_ASSERT_EQUAL(nave_stream_write(client, "more", 4, &n), NAVE_OK);
        settle();
        CU_ASSERT_EQUAL(nave_stream_read(client, got, 8, &n), i ? NAVE_OK : NAVE_ERESET);
        nave_stream_close(client, 0);
        end();
    }
}

static void a_file_is_written_behind_pieces(void)
{
    FILE *f = tmpfile();
    struct nave_bytes piece = {"head ", 5};
    struct nave_file_range range = {0, 2, 4};
    char got[32] = "";
    size_t n;

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT(fputs("__body__", f) >= 0 && fflush(f) == 0);
    range.fd = fileno(f);
    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(nave_stream_write_file(client, &piece, 1, &range, &n), NAVE_OK);
    CU_ASSERT_EQUAL(n, 9);
    range.offset = 100;
    CU_ASSERT_EQUAL(nave_stream_write_file(client, NULL, 0, &range, &n), NAVE_EOF);
    range.len = 0;
    CU_ASSERT_EQUAL(nave_stream_write_file(client, NULL, 0, &range, &n), NAVE_EINVAL);
    settle();
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 31, &n), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(got, "head body");
    close_pair();
    end();
    fclose(f);
}

static void both_ends_know_both_addresses(void)
{
    struct nave_stream_info near, far;

    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(nave_stream_get_info(client, &near), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_get_info(server, &far), NAVE_OK);
    CU_ASSERT_EQUAL(near.peer.port, 8080);
    CU_ASSERT_EQUAL(near.peer.bytes[0], 127);
    CU_ASSERT_EQUAL(memcmp(&near.local, &far.peer, sizeof(near.local)), 0);
    CU_ASSERT_EQUAL(memcmp(&near.peer, &far.local, sizeof(near.peer)), 0);
    CU_ASSERT_EQUAL(near.fd, -1);
    near.size = 4;
    CU_ASSERT_EQUAL(client->api->info(client, &near), NAVE_EINVAL);
    close_pair();
    end();
}

static void close_both(void *arg)
{
    (void)arg;
    close_pair();
}

static void a_watch_may_close_both_ends(void)
{
    size_t n;

    begin(1); /* one worker: both ends are its */
    open_pair();
    nave_stream_watch(server, NAVE_STREAM_READ, close_both, NULL);
    CU_ASSERT_EQUAL(nave_stream_write(client, "x", 1, &n), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(raw.count, 1);
    end();
}

static void all_workers_accept(void)
{
    struct nave_stream *streams[32];
    uint32_t i, seen = 0;

    begin(4);
    for (i = 0; i < 32; i++)
        CU_ASSERT_EQUAL_FATAL(sim->api->connect(sim, i % 4, str("localhost:8080"), &streams[i]),
                              NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(raw.count, 32);
    for (i = 0; i < raw.count; i++) {
        seen |= 1u << raw.workers[i];
        nave_stream_close(raw.streams[i], 0);
        nave_stream_close(streams[i], 0);
    }
    CU_ASSERT_EQUAL(seen, 15);
    end();
}

static void a_stalled_connection_is_given_up_later(void)
{
    struct nave_sim_faults faults = {.size = sizeof(faults), .stall = NAVE_SIM_ALWAYS};
    char got[8];
    size_t n;

    begin(1);
    open_pair();
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, &faults), NAVE_OK);
    CU_ASSERT_EQUAL(nave_stream_write(client, "x", 1, &n), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, NULL), NAVE_OK);
    (void)sim->api->run(sim, sim->api->now(sim) + 14 * NAVE_SEC, NULL, NULL);
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_EAGAIN);
    (void)sim->api->run(sim, sim->api->now(sim) + 2 * NAVE_SEC, NULL, NULL);
    CU_ASSERT_EQUAL(nave_stream_read(server, got, 8, &n), NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(nave_stream_read(client, got, 8, &n), NAVE_ETIMEDOUT);
    close_pair();
    end();
}

static void a_port_of_zero_is_a_free_one(void)
{
    struct nave_stream *s;

    begin(1);
    CU_ASSERT_EQUAL(sim->api->connect(sim, 0, str("127.0.0.1:40000"), &s), NAVE_OK);
    settle();
    CU_ASSERT_EQUAL(raw.count, 1);
    nave_stream_close(s, 0);
    nave_stream_close(raw.streams[0], 0);
    CU_ASSERT_EQUAL(sim->api->connect(sim, 0, str("127.0.0.1:81"), &s), NAVE_ENOTFOUND);
    CU_ASSERT_EQUAL(sim->api->connect(sim, 0, str("127.0.0.1:0"), &s), NAVE_ENOTFOUND);
    CU_ASSERT_EQUAL(sim->api->connect(sim, 1, str("127.0.0.1:8080"), &s), NAVE_EINVAL);
    CU_ASSERT_EQUAL(sim->api->connect(sim, 0, str(""), &s), NAVE_EINVAL);
    end();
}

/* --- choices ---------------------------------------------------------------------------------- */

#define DRAWN 8u

/* What fair choices of a plugin and of the test are, on two workers, with `seed`. */
static void draw(uint64_t seed, uint32_t drawn[3][DRAWN])
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = seed};
    uint32_t i;

    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 2), NAVE_OK);
    for (i = 0; i < DRAWN; i++) {
        drawn[0][i] = nave_worker_random(raw.own[0], UINT32_MAX);
        drawn[1][i] = nave_worker_random(raw.own[1], UINT32_MAX);
        drawn[2][i] = nave_worker_random(sim->api->worker(sim, 0), UINT32_MAX);
    }
    end();
}

static void fair_choices_are_of_the_seed_the_worker_and_the_plugin(void)
{
    uint32_t first[3][DRAWN], same[3][DRAWN], other[3][DRAWN], i;

    draw(7, first);
    draw(7, same);
    draw(8, other);
    CU_ASSERT_EQUAL(memcmp(first, same, sizeof(first)), 0);
    for (i = 0; i < 3; i++) {
        CU_ASSERT_NOT_EQUAL(memcmp(first[i], other[i], sizeof(first[i])), 0);
        CU_ASSERT_NOT_EQUAL(memcmp(first[i], first[(i + 1) % 3], sizeof(first[i])), 0);
    }
}

/* --- time and steps --------------------------------------------------------------------------- */

static void on_timer(struct nave_timer *t, void *arg)
{
    (void)t;
    *(nave_nsec *)arg = sim->api->now(sim);
}

static void arm(struct nave_worker *w, void *arg)
{
    static struct nave_timer century;

    century.next = NULL;
    nave_timer_start(w, &century, (nave_nsec)100 * 365 * 86400 * NAVE_SEC, on_timer, arg);
}

static void a_century_takes_a_step(void)
{
    struct nave_sim_info info = {.size = sizeof(info)};
    nave_nsec fired = 0, before;

    begin(3);
    before = sim->api->now(sim);
    CU_ASSERT_EQUAL(sim->api->call(sim, 2, arm, &fired), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, NULL, NULL), NAVE_EAGAIN); /* idle, then */
    CU_ASSERT(fired - before >= (nave_nsec)100 * 365 * 86400 * NAVE_SEC);
    CU_ASSERT(fired - before < (nave_nsec)100 * 365 * 86400 * NAVE_SEC + 10 * NAVE_MSEC);
    CU_ASSERT_EQUAL(sim->api->info(sim, &info), NAVE_OK);
    CU_ASSERT(info.steps < 1000);
    end();
}

static void an_idle_world_has_no_steps_and_time_goes_where_it_is_asked(void)
{
    struct nave_sim_info before = {.size = sizeof(before)}, after = {.size = sizeof(after)};

    begin(2);
    settle();
    CU_ASSERT_EQUAL(sim->api->info(sim, &before), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->step(sim), NAVE_EAGAIN);
    CU_ASSERT_EQUAL(sim->api->run(sim, before.now_ns + 3600 * NAVE_SEC, NULL, NULL),
                    NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(sim->api->info(sim, &after), NAVE_OK);
    CU_ASSERT_EQUAL(after.now_ns, before.now_ns + 3600 * NAVE_SEC);
    CU_ASSERT_EQUAL(after.steps, before.steps);
    end();
}

struct inside {
    nave_err step, same, other;
    uint32_t called;
};

static void note_inside(struct nave_worker *w, void *arg)
{
    (void)w;
    ++*(uint32_t *)arg;
}

static void try_inside(struct nave_worker *w, void *arg)
{
    struct inside *i = arg;

    i->step = sim->api->step(sim);
    i->same = sim->api->call(sim, w->index, note_inside, &i->called);
    i->other = sim->api->call(sim, 1 - w->index, note_inside, &i->called);
}

static void inside_a_step_no_other_is_taken(void)
{
    struct inside i = {0, 0, 0, 0};

    begin(2);
    CU_ASSERT_EQUAL(sim->api->call(sim, 1, try_inside, &i), NAVE_OK);
    CU_ASSERT_EQUAL(i.step, NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(i.same, NAVE_OK);
    CU_ASSERT_EQUAL(i.other, NAVE_EDEADLOCK);
    CU_ASSERT_EQUAL(i.called, 1);
    CU_ASSERT_EQUAL(sim->api->call(sim, 2, note_inside, &i.called), NAVE_EINVAL);
    CU_ASSERT_PTR_NULL(sim->api->worker(sim, 2));
    CU_ASSERT_PTR_NOT_NULL(sim->api->worker(sim, 1));
    end();
}

static void steps_are_bounded_and_the_report_says_the_seed(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 4711, .steps_max = 2};

    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 4), NAVE_OK);
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(sim->api->run(sim, NAVE_NEVER, NULL, NULL), NAVE_ELIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(reported, "NAVE_SIM_SEED=4711"));
    nave_runtime_destroy(rt);
}

/* --- the calls of every runtime ---------------------------------------------------------------- */

static void stop_it(struct nave_timer *t, void *arg)
{
    (void)t;
    (void)arg;
    nave_runtime_stop(rt);
}

static void arm_stop(struct nave_worker *w, void *arg)
{
    nave_timer_start(w, arg, 30 * NAVE_SEC, stop_it, NULL);
}

static void run_works_and_ends(void)
{
    static struct nave_timer timer;

    begin(3);
    CU_ASSERT_EQUAL(sim->api->call(sim, 1, arm_stop, &timer), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    CU_ASSERT(sim->api->now(sim) >= 30 * NAVE_SEC);
    CU_ASSERT_EQUAL(sim->api->step(sim), NAVE_ECLOSED);
    nave_runtime_destroy(rt);
    CU_ASSERT_STRING_EQUAL(reported, "");
}

static void a_run_that_nobody_ends_says_so(void)
{
    begin(2);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_EDEADLOCK);
    CU_ASSERT_PTR_NOT_NULL(strstr(reported, "nothing can happen any more"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reported, "seed 7"));
    nave_runtime_destroy(rt);
}

static void turn_works_with_any_number_of_workers(void)
{
    nave_nsec before;
    nave_err err = NAVE_OK;
    uint32_t i;

    begin(3);
    for (i = 0; i < 100; i++) /* all are parked then */
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_MSEC), NAVE_OK);
    before = sim->api->now(sim);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_SEC), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->now(sim), before + NAVE_SEC);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, NAVE_NEVER), NAVE_EDEADLOCK);
    nave_runtime_stop(rt);
    for (i = 0; i < 100 && !err; i++)
        err = nave_runtime_turn(rt, NAVE_SEC);
    CU_ASSERT_EQUAL(err, NAVE_ECLOSED);
    nave_runtime_destroy(rt);
}

static void descriptors_cannot_be_watched(void)
{
    begin(1);
    CU_ASSERT_EQUAL(raw.watches, NAVE_EINVAL);
    end();
}

static void a_real_runtime_has_no_such_service(void)
{
    struct nave_handle *handle;

    CU_ASSERT_EQUAL_FATAL(create(NULL, 1), NAVE_OK);
    CU_ASSERT_NOT_EQUAL(nave_runtime_bind(rt, NAVE_SIM_ID, 0, sizeof(struct nave_iface), &handle),
                        NAVE_OK);
    nave_runtime_destroy(rt);
}

/* --- what is refused --------------------------------------------------------------------------- */

static void what_is_not_possible_is_refused_with_a_reason(void)
{
    struct nave_sim_faults faults = {.size = sizeof(faults), .loss = NAVE_SIM_ALWAYS + 1};
    struct nave_sim_options o = {.size = sizeof(o), .faults = &faults};
    struct {
        struct nave_sim_options known;
        uint64_t tail;
    } longer = {{.size = sizeof(longer)}, 1};

    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(reported, "parts per million"));
    o = (struct nave_sim_options){.size = sizeof(o), .latency_min_ns = 5, .latency_max_ns = 4};
    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    o = (struct nave_sim_options){.size = sizeof(o), .window = UINT32_MAX};
    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    o = (struct nave_sim_options){.size = sizeof(o), .pause_ns = -1};
    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    o = (struct nave_sim_options){.size = sizeof(o), .partition_ns = 86401 * NAVE_SEC};
    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    o = (struct nave_sim_options){.size = sizeof(o), .flags = 1};
    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    o = (struct nave_sim_options){.size = 2};
    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    CU_ASSERT_EQUAL(create(&longer.known, 1), NAVE_ETOONEW);
    longer.tail = 0;
    CU_ASSERT_EQUAL(create(&longer.known, 1), NAVE_OK);
    nave_runtime_destroy(rt);
}

static void unknown_faults_are_refused_and_change_nothing(void)
{
    struct {
        struct nave_sim_faults known;
        uint32_t tail;
    } longer = {{.size = sizeof(longer)}, 1};
    struct nave_sim_faults faults = {.size = sizeof(faults), .refuse = NAVE_SIM_ALWAYS + 1};

    begin(1);
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, &longer.known), NAVE_ETOONEW);
    longer.tail = 0;
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, &longer.known), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->set_faults(sim, &faults), NAVE_EINVAL);
    open_pair(); /* is not refused */
    close_pair();
    reported[0] = '\0';
    end();
}

static void the_seed_comes_from_the_environment(void)
{
    struct nave_sim_options o = {.size = sizeof(o)};
    struct nave_sim_info info = {.size = sizeof(info)};

    CU_ASSERT_EQUAL(setenv("NAVE_SIM_SEED", "0x2a", 1), 0);
    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->info(sim, &info), NAVE_OK);
    CU_ASSERT_EQUAL(info.seed, 42);
    end();
    o.seed = 5; /* the program's own goes first */
    CU_ASSERT_EQUAL_FATAL(begin_with(&o, 1), NAVE_OK);
    CU_ASSERT_EQUAL(sim->api->info(sim, &info), NAVE_OK);
    CU_ASSERT_EQUAL(info.seed, 5);
    end();
    o.seed = 0;
    CU_ASSERT_EQUAL(setenv("NAVE_SIM_SEED", "12 monkeys", 1), 0);
    CU_ASSERT_EQUAL(create(&o, 1), NAVE_EINVAL);
    CU_ASSERT_PTR_NOT_NULL(strstr(reported, "12 monkeys"));
    CU_ASSERT_EQUAL(unsetenv("NAVE_SIM_SEED"), 0);
}

/* --- memory ------------------------------------------------------------------------------------ */

/* Everything from create to a byte that arrives, with the n-th allocation failing. */
static nave_err one_byte(void)
{
    struct nave_sim_options o = {.size = sizeof(o), .seed = 7};
    nave_err err = begin_with(&o, 2);
    size_t n;

    if (!err)
        err = sim->api->connect(sim, 0, str("127.0.0.1:8080"), &client);
    if (!err) {
        (void)sim->api->run(sim, sim->api->now(sim) + NAVE_SEC, NULL, NULL);
        err = nave_stream_write(client, "x", 1, &n);
        nave_stream_close(client, 0);
        (void)sim->api->run(sim, sim->api->now(sim) + NAVE_SEC, NULL, NULL);
        if (raw.count)
            nave_stream_close(raw.streams[0], 0);
    }
    nave_runtime_destroy(rt);
    return err;
}

static void every_allocation_may_fail(void)
{
    long n, failed = 0;

    for (n = 0; n < 20000; n++) {
        nave_err err;

        fail_after(n);
        err = one_byte();
        countdown = -1;
        if (!has_failed) {
            CU_ASSERT_EQUAL(err, NAVE_OK);
            break;
        }
        failed += err != NAVE_OK;
    }
    CU_ASSERT(n < 20000);
    CU_ASSERT(failed > 20);
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo stream_tests[] = {
    TEST(bytes_come_in_order_and_the_watch_after_eagain_only),
    TEST(a_watch_set_while_ready_is_called_soon),
    TEST(directions_end_apart),
    TEST(a_full_window_stops_the_writer_until_the_reader_reads),
    TEST(a_reset_is_told_to_both_watches_and_stays),
    TEST(a_close_with_unread_bytes_resets_unless_it_lingers),
    TEST(a_file_is_written_behind_pieces),
    TEST(both_ends_know_both_addresses),
    TEST(a_watch_may_close_both_ends),
    TEST(all_workers_accept),
    TEST(a_stream_of_another_worker_says_so_and_is_as_it_was),
    TEST(a_stalled_connection_is_given_up_later),
    TEST(a_port_of_zero_is_a_free_one),
    TEST(fair_choices_are_of_the_seed_the_worker_and_the_plugin),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo step_tests[] = {
    TEST(a_century_takes_a_step),
    TEST(an_idle_world_has_no_steps_and_time_goes_where_it_is_asked),
    TEST(inside_a_step_no_other_is_taken),
    TEST(steps_are_bounded_and_the_report_says_the_seed),
    TEST(run_works_and_ends),
    TEST(a_run_that_nobody_ends_says_so),
    TEST(turn_works_with_any_number_of_workers),
    TEST(descriptors_cannot_be_watched),
    TEST(a_real_runtime_has_no_such_service),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo refusal_tests[] = {
    TEST(what_is_not_possible_is_refused_with_a_reason),
    TEST(unknown_faults_are_refused_and_change_nothing),
    TEST(the_seed_comes_from_the_environment),
    TEST(every_allocation_may_fail),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"streams", NULL, NULL, NULL, NULL, stream_tests},
    {"steps", NULL, NULL, NULL, NULL, step_tests},
    {"refusals", NULL, NULL, NULL, NULL, refusal_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

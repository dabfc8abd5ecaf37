/* SPDX-License-Identifier: MIT
 *
 * Answers: later, from other threads, in pieces; upgrade, drain and stop; memory that runs out.
 */
#include "conn_rig.h"
#include "tests/support/test_main.h"

#include <pthread.h>
#include <sched.h>

/* --- later ----------------------------------------------------------------------------------- */

static void a_held_exchange_is_answered_later(void)
{
    struct nave_str host_name;

    begin(hold_it);
    put(GET GET);
    CU_ASSERT_EQUAL(handled, 1);
    CU_ASSERT(wrote(""));
    CU_ASSERT_PTR_NOT_NULL_FATAL(held);
    host_name = nave_http_find_field(held, NAVE_HTTP_FIELD_HOST);
    CU_ASSERT(host_name.len == 1 && host_name.ptr[0] == 'a');
    script = say_ok;
    (void)respond(held, "ok");
    fake_worker_run(&worker);
    CU_ASSERT(wrote(OK2 OK2));
    CU_ASSERT_EQUAL(ended, 2);
    finish();
}

#define REPLIES 400u

static struct nave_http_reply *replies[REPLIES];
static uint32_t reply_count;

static void defer_it(struct nave_http *x)
{
    last_err = x->api->defer(x, &replies[reply_count]);
    if (last_err == NAVE_OK)
        __atomic_store_n(&reply_count, reply_count + 1, __ATOMIC_RELEASE);
}

static void *answer_a_quarter(void *arg)
{
    struct nave_http_header h = {"X-A", "b", 3, 1};
    struct nave_http_response r = {.size = sizeof(r), .status = 200, .body = "ok", .body_len = 2};
    size_t i;

    r.headers = &h;
    r.header_count = 1;
    for (i = (size_t)(uintptr_t)arg; i < REPLIES; i += 4) {
        while (__atomic_load_n(&reply_count, __ATOMIC_ACQUIRE) <= i)
            sched_yield();
        (void)replies[i]->api->is_closed(replies[i]);
        if (i % 7 == 0)
            replies[i]->api->drop(replies[i]);
        else
            (void)replies[i]->api->respond(replies[i], &r);
    }
    return NULL;
}

static void four_threads_answer_while_peers_disconnect(void)
{
    pthread_t threads[4];
    uint32_t i;

    begin(defer_it);
    reply_count = 0;
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, answer_a_quarter,
                                             (void *)(uintptr_t)i),
                              0);
    for (i = 0; i < REPLIES; i++) {
        put(GET);
        CU_ASSERT_EQUAL(handled, i + 1);
        if (i % 3 == 0) {
            mem_stream_break(&pair->near, NAVE_ERESET);
            fake_worker_run(&worker);
        }
        while (ended <= i)
            fake_worker_run(&worker);
        if (pair->near.is_closed)
            connect_peer();
        else
            take_all();
    }
    for (i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    fake_worker_run(&worker);
    finish();
}

static void a_reply_after_the_peer_has_gone_is_discarded(void)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};

    begin(defer_it);
    reply_count = 0;
    put(GET);
    mem_stream_break(&pair->near, NAVE_ERESET);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT_EQUAL(replies[0]->api->is_closed(replies[0]), 1);
    CU_ASSERT_EQUAL(replies[0]->api->respond(replies[0], &r), NAVE_ECLOSED);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_late_replies"), 1);
    finish();
}

static void a_reply_with_an_unknown_tail_may_be_answered_again(void)
{
    struct {
        struct nave_http_response known;
        uint64_t tail;
    } r = {.known = {.size = sizeof(r), .status = 200, .body = "ok", .body_len = 2}, .tail = 1};

    begin(defer_it);
    reply_count = 0;
    put(GET);
    CU_ASSERT_EQUAL(replies[0]->api->respond(replies[0], &r.known), NAVE_ETOONEW);
    r.tail = 0;
    CU_ASSERT_EQUAL(replies[0]->api->respond(replies[0], &r.known), NAVE_OK);
    fake_worker_run(&worker);
    CU_ASSERT(wrote(OK2));
    finish();
}

/* As a plugin does that is stopped after this one: it joins its threads there. */
static void give_replies_back(void)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};

    worker.is_inbox_closed = 1;
    CU_ASSERT_EQUAL(replies[0]->api->is_closed(replies[0]), 1);
    CU_ASSERT_EQUAL(replies[0]->api->respond(replies[0], &r), NAVE_ECLOSED);
    replies[1]->api->drop(replies[1]);
}

static void a_reply_may_be_given_back_until_every_plugin_has_stopped(void)
{
    begin(defer_it);
    reply_count = 0;
    put(GET);
    mem_stream_break(&pair->near, NAVE_ERESET);
    fake_worker_run(&worker);
    connect_peer();
    put(GET);
    CU_ASSERT_EQUAL_FATAL(reply_count, 2);

    after_stop = give_replies_back;
    finish();
}

static void a_dropped_reply_gives_503(void)
{
    struct nave_http_header bad = {"X-A", "b\r\n", 3, 3};
    struct nave_http_response r = {.size = sizeof(r), .status = 200, .header_count = 1};

    r.headers = &bad;
    begin(defer_it);
    reply_count = 0;
    put(GET);
    CU_ASSERT_EQUAL(replies[0]->api->respond(replies[0], &r), NAVE_EINVAL);
    replies[0]->api->drop(replies[0]);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 503 "), 1);
    CU_ASSERT_EQUAL(ended, 1);
    finish();
}

/* --- responses in pieces --------------------------------------------------------------------- */

static char big[300000];
static size_t big_at;
static int64_t big_size; /* as given to start */
static uint32_t again;   /* how often write said NAVE_EAGAIN */

static void write_big(struct nave_http *x, void *arg)
{
    size_t n;
    nave_err err = NAVE_OK;

    (void)arg;
    while (big_at < sizeof(big) && err == NAVE_OK) {
        size_t len = sizeof(big) - big_at < 10000 ? sizeof(big) - big_at : 10000;

        err = x->api->write(x, big + big_at, len, &n);
        if (err == NAVE_OK)
            big_at += n;
    }
    last_err = err;
    if (err == NAVE_EAGAIN)
        again++;
    else if (err == NAVE_OK)
        last_err = x->api->end(x, NULL, 0);
}

static void start_big(struct nave_http *x)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};
    size_t i;

    for (i = 0; i < sizeof(big); i++)
        big[i] = (char)('a' + i / 10000 % 26);
    big_at = 0;
    again = 0;
    x->api->write_watch(x, write_big, NULL);
    last_err = x->api->start(x, &r, big_size);
    CU_ASSERT_EQUAL(last_err, NAVE_OK);
    write_big(x, NULL);
}

/* All that came while the peer takes `step` bytes at a time. */
static size_t collect(char *out, size_t room, size_t step)
{
    size_t n = 0;

    for (;;) {
        struct nave_bytes b = mem_stream_written(&pair->near);
        size_t k = b.len < step ? b.len : step;

        if (k == 0 || n + k > room)
            return n;
        memcpy(out + n, b.data, k);
        n += k;
        mem_stream_take(&pair->near, k);
        fake_worker_run(&worker);
    }
}

static void a_slow_peer_gets_a_long_answer_in_order(void)
{
    static char got[400000];
    static const char head[] = HEAD200 "Content-Length: 300000\r\n\r\n";
    size_t n;

    big_size = (int64_t)sizeof(big);
    begin(start_big);
    pair->far.capacity = 7000;
    put(GET);
    CU_ASSERT_EQUAL(last_err, NAVE_EAGAIN);
    script = say_ok;
    put(GET);
    n = collect(got, sizeof(got), 5000);
    CU_ASSERT(again > 0);
    CU_ASSERT_EQUAL_FATAL(n, sizeof(head) - 1 + sizeof(big) + sizeof(OK2) - 1);
    CU_ASSERT(!memcmp(got, head, sizeof(head) - 1));
    CU_ASSERT(!memcmp(got + sizeof(head) - 1, big, sizeof(big)));
    CU_ASSERT(!memcmp(got + sizeof(head) - 1 + sizeof(big), OK2, sizeof(OK2) - 1));
    finish();
}

static void a_long_chunked_answer_goes_on_without_a_slow_peer(void)
{
    static char got[400000];
    size_t n;

    big_size = -1;
    begin(start_big);
    put(GET);
    n = collect(got, sizeof(got), sizeof(got));
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT_FATAL(n > sizeof(big));
    CU_ASSERT(!memcmp(got + n - 7, "\r\n0\r\n\r\n", 7));
    finish();
}

static void a_held_exchange_starts_a_long_answer_later(void)
{
    static char got[400000];
    static const char head[] = HEAD200 "Content-Length: 300000\r\n\r\n";
    size_t n;

    big_size = (int64_t)sizeof(big);
    begin(hold_it);
    put(GET);
    CU_ASSERT_PTR_NOT_NULL_FATAL(held);
    start_big(held);
    fake_worker_run(&worker);
    n = collect(got, sizeof(got), sizeof(got));
    CU_ASSERT(again > 0);
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT_EQUAL_FATAL(n, sizeof(head) - 1 + sizeof(big));
    CU_ASSERT(!memcmp(got + sizeof(head) - 1, big, sizeof(big)));
    finish();
}

static void write_pieces(struct nave_http *x)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};
    size_t n;

    CU_ASSERT_EQUAL(x->api->start(x, &r, -1), NAVE_OK);
    CU_ASSERT_EQUAL(x->api->respond(x, &r), NAVE_ESTATE);
    CU_ASSERT_EQUAL(x->api->write(x, "hello", 5, &n), NAVE_OK);
    CU_ASSERT_EQUAL(x->api->write(x, "you", 3, &n), NAVE_OK);
    CU_ASSERT_EQUAL(x->api->end(x, NULL, 0), NAVE_OK);
}

static void a_started_answer_is_chunked(void)
{
    begin(write_pieces);
    put(GET);
    CU_ASSERT(wrote(HEAD200 "Transfer-Encoding: chunked\r\n\r\n"
                            "5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"));
    CU_ASSERT_EQUAL(pair->near.writes, 1);
    finish();
}

static void write_too_much(struct nave_http *x)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};
    size_t n;

    CU_ASSERT_EQUAL(x->api->start(x, &r, 4), NAVE_OK);
    CU_ASSERT_EQUAL(x->api->write(x, "hello", 5, &n), NAVE_ETOOBIG);
    CU_ASSERT_EQUAL(x->api->write(x, "you", 3, &n), NAVE_OK);
    CU_ASSERT_EQUAL(x->api->end(x, NULL, 0), NAVE_ESTATE);
}

static void an_answer_shorter_than_announced_is_cut(void)
{
    begin(write_too_much);
    put(GET);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    finish();
}

/* --- upgrade, drain, stop -------------------------------------------------------------------- */

static struct nave_stream *upgraded;

static void upgrade_it(struct nave_http *x)
{
    struct nave_http_header h = {"Upgrade", "echo", 7, 4};
    struct nave_http_response r = {.size = sizeof(r), .status = 101, .header_count = 1};

    r.headers = &h;
    last_err = x->api->upgrade(x, &r, &upgraded);
}

static void an_upgrade_hands_on_what_was_not_read(void)
{
    char text[16];
    size_t n = 0;

    begin(upgrade_it);
    put("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello");
    CU_ASSERT_EQUAL_FATAL(last_err, NAVE_OK);
    CU_ASSERT(wrote("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n"
                    "Connection: upgrade\r\n\r\n"));
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT_EQUAL(worker.holds, 0);
    CU_ASSERT_EQUAL(nave_stream_read(upgraded, text, sizeof(text), &n), NAVE_OK);
    CU_ASSERT(n == 5 && !memcmp(text, "hello", 5));
    CU_ASSERT_EQUAL(nave_stream_read(upgraded, text, sizeof(text), &n), NAVE_EAGAIN);
    put("you");
    CU_ASSERT_EQUAL(nave_stream_read(upgraded, text, sizeof(text), &n), NAVE_OK);
    CU_ASSERT(n == 3 && !memcmp(text, "you", 3));
    CU_ASSERT_EQUAL(nave_stream_write(upgraded, "yes", 3, &n), NAVE_OK);
    CU_ASSERT_EQUAL(count_written("\r\n\r\nyes"), 1);
    nave_stream_close(upgraded, 0);
    fake_worker_run(&worker);
    finish();
}

static void a_drain_closes_what_is_idle_and_finishes_what_is_not(void)
{
    struct mem_pair *idle;

    begin(say_ok);
    put(GET);
    idle = pair;
    pair = NULL;
    script = hold_it;
    connect_peer();
    put(GET);
    plugin->ops->worker_drain(self, &worker.pub, worker.clock.now_ns + NAVE_SEC);
    fake_worker_run(&worker);
    CU_ASSERT(idle->near.is_closed);
    CU_ASSERT(!pair->near.is_closed);
    CU_ASSERT_EQUAL(worker.holds, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(held);
    (void)respond(held, "ok");
    fake_worker_run(&worker);
    CU_ASSERT(wrote(HEAD200 "Content-Length: 2\r\nConnection: close\r\n\r\nok"));
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(worker.holds, 0);
    finish();
    mem_pair_free(idle);
}

static void a_drain_waits_a_second_for_a_first_request(void)
{
    begin(say_ok);
    plugin->ops->worker_drain(self, &worker.pub, worker.clock.now_ns + 10 * NAVE_SEC);
    fake_worker_advance(&worker, NAVE_SEC - NAVE_MSEC);
    CU_ASSERT(!pair->near.is_closed);
    put(GET);
    CU_ASSERT(wrote(HEAD200 "Content-Length: 2\r\nConnection: close\r\n\r\nok"));
    CU_ASSERT(pair->near.is_closed);
    finish();

    begin(say_ok);
    plugin->ops->worker_drain(self, &worker.pub, worker.clock.now_ns + 10 * NAVE_SEC);
    fake_worker_advance(&worker, NAVE_SEC);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(worker.holds, 0);
    finish();
}

static void a_drain_waits_for_what_is_unsent(void)
{
    begin(say_ok);
    pair->far.capacity = 20;
    put(GET);
    plugin->ops->worker_drain(self, &worker.pub, worker.clock.now_ns + NAVE_SEC);
    fake_worker_run(&worker);
    CU_ASSERT(!pair->near.is_closed);
    pair->far.capacity = 0;
    take_all();
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(count_written("\r\n\r\nok"), 1);
    CU_ASSERT_EQUAL(worker.holds, 0);
    finish();
}

static void a_stop_aborts_what_is_left(void)
{
    begin(hold_it);
    put(GET);
    plugin->ops->worker_stop(self, &worker.pub);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    CU_ASSERT_EQUAL(ended, 1);
    fake_worker_run(&worker);
    finish();
}

/* --- memory ---------------------------------------------------------------------------------- */

static uint32_t turn;

/* As write_pieces, where any call may fail. */
static void write_quietly(struct nave_http *x)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};
    size_t n;

    if (x->api->start(x, &r, -1) == NAVE_OK && x->api->write(x, "hello", 5, &n) == NAVE_OK)
        (void)x->api->end(x, NULL, 0);
}

static void a_bit_of_all(struct nave_http *x)
{
    switch (turn++) {
    case 0:
        say_ok(x);
        break;
    case 1:
        read_body(x);
        break;
    case 2:
        defer_it(x);
        break;
    default:
        write_quietly(x);
        break;
    }
}

static void run_all_requests(void)
{
    static char body[600]; /* does not fit into a reply's own room */
    struct nave_http_response r = {.size = sizeof(r), .status = 200};

    turn = reply_count = 0;
    memset(body, 'x', sizeof(body));
    r.body = body;
    r.body_len = sizeof(body);
    connect_peer();
    if (!pair->near.is_closed)
        put_split(GET, 9);
    if (!pair->near.is_closed)
        put_split("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n0\r\nA: b\r\n\r\n",
                  60);
    if (!pair->near.is_closed)
        put(GET GET);
    if (reply_count > 0) {
        if (replies[0]->api->respond(replies[0], &r) == NAVE_ENOMEM)
            replies[0]->api->drop(replies[0]);
        fake_worker_run(&worker);
    }
}

static void fail_every_allocation(uint32_t once)
{
    int64_t n;

    CU_ASSERT_FATAL(fake_options_default(http1_plugin_entry_v1()->options(), &options));
    script = a_bit_of_all;
    for (n = 0; n < 100; n++) {
        if (begin_plugin(n, once) == NAVE_OK)
            run_all_requests();
        if (host.fail_after > 0) { /* the script has fewer allocations */
            CU_ASSERT_EQUAL(turn, 4);
            finish();
            break;
        }
        host.fail_after = -1;
        finish();
    }
    CU_ASSERT(n > 8 && n < 100);
}

static void any_allocation_may_fail(void)
{
    fail_every_allocation(1);
}

static void memory_may_run_out_at_any_time(void)
{
    fail_every_allocation(0);
}

static CU_TestInfo tests[] = {
    TEST(a_held_exchange_is_answered_later),
    TEST(four_threads_answer_while_peers_disconnect),
    TEST(a_reply_with_an_unknown_tail_may_be_answered_again),
    TEST(a_reply_after_the_peer_has_gone_is_discarded),
    TEST(a_reply_may_be_given_back_until_every_plugin_has_stopped),
    TEST(a_dropped_reply_gives_503),
    TEST(a_slow_peer_gets_a_long_answer_in_order),
    TEST(a_long_chunked_answer_goes_on_without_a_slow_peer),
    TEST(a_held_exchange_starts_a_long_answer_later),
    TEST(a_started_answer_is_chunked),
    TEST(an_answer_shorter_than_announced_is_cut),
    TEST(an_upgrade_hands_on_what_was_not_read),
    TEST(a_drain_closes_what_is_idle_and_finishes_what_is_not),
    TEST(a_drain_waits_a_second_for_a_first_request),
    TEST(a_drain_waits_for_what_is_unsent),
    TEST(a_stop_aborts_what_is_left),
    TEST(any_allocation_may_fail),
    TEST(memory_may_run_out_at_any_time),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"http1 answers", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

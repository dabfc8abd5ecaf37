/* SPDX-License-Identifier: MIT
 *
 * Requests and their bodies, refusals, deadlines.
 */
#include "conn_rig.h"
#include "tests/support/test_main.h"

/* --- requests -------------------------------------------------------------------------------- */

static void say_path(struct nave_http *x)
{
    char text[32];
    struct nave_str path = nave_http_text(x, x->path);

    snprintf(text, sizeof(text), "%.*s", (int)path.len, path.ptr);
    last_err = respond(x, text);
}

static void a_get_is_answered(void)
{
    begin(say_ok);
    put(GET);
    CU_ASSERT(wrote(OK2));
    CU_ASSERT_EQUAL(pair->near.writes, 1);
    CU_ASSERT_EQUAL(handled, 1);
    CU_ASSERT_EQUAL(ended, 1);
    CU_ASSERT(!pair->near.is_closed);
    finish();
}

static void a_request_split_anywhere_is_answered_the_same(void)
{
    size_t cut;

    for (cut = 1; cut < sizeof(GET) - 1; cut++) {
        begin(say_ok);
        put_split(GET, cut);
        CU_ASSERT(wrote(OK2));
        CU_ASSERT_EQUAL(handled, 1);
        finish();
    }
}

static void pipelined_requests_are_answered_in_order_with_one_write(void)
{
    char text[2048];
    char want[4096];
    size_t n = 0;
    size_t k = 0;
    int i;

    for (i = 10; i < 30; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        k +=
            (size_t)snprintf(want + k, sizeof(want) - k, HEAD200 "Content-Length: 3\r\n\r\n/%d", i);
    }
    begin(say_path);
    put_n(text, n);
    CU_ASSERT(wrote(want));
    CU_ASSERT_EQUAL(pair->near.writes, 1);
    CU_ASSERT_EQUAL(ended, 20);
    finish();
}

static void a_head_request_has_no_body(void)
{
    begin(say_ok);
    put("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    CU_ASSERT(wrote(HEAD200 "Content-Length: 2\r\n\r\n"));
    finish();
}

static void persistence_is_what_the_peer_asked_for(void)
{
    begin(say_ok);
    put("GET / HTTP/1.0\r\n\r\n");
    CU_ASSERT(wrote(HEAD200 "Content-Length: 2\r\nConnection: close\r\n\r\nok"));
    CU_ASSERT(pair->near.is_closed);
    connect_peer();
    put("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CU_ASSERT(wrote(HEAD200 "Content-Length: 2\r\nConnection: keep-alive\r\n\r\nok"));
    CU_ASSERT(!pair->near.is_closed);
    put("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET);
    CU_ASSERT_EQUAL(count_written("Connection: close\r\n\r\nok"), 1);
    CU_ASSERT_EQUAL(handled, 3);
    CU_ASSERT(pair->near.is_closed);
    finish();
}

static void say_much(struct nave_http *x)
{
    static const char much[50001];
    struct nave_http_response r = {.size = sizeof(r), .status = 200, .body = much};

    r.body_len = sizeof(much) - 1;
    last_err = x->api->respond(x, &r);
}

static void requests_wait_while_the_peer_takes_no_answers(void)
{
    uint32_t i;

    begin(say_much);
    pair->far.capacity = 1000;
    put(GET GET GET GET GET GET);
    CU_ASSERT(handled < 6);
    pair->far.capacity = 0;
    for (i = 0; i < 1000 && handled < 6; i++)
        take_all();
    CU_ASSERT_EQUAL(handled, 6);
    take_all();
    CU_ASSERT(pair->near.bytes_written > 300000);
    finish();
}

/* --- bodies ---------------------------------------------------------------------------------- */

static void check_every_split(const char *text)
{
    size_t cut;

    for (cut = 1; cut <= strlen(text); cut++) {
        begin(read_body);
        put_split(text, cut);
        CU_ASSERT(wrote(HEAD200 "Content-Length: 10\r\n\r\n0123456789"));
        CU_ASSERT_EQUAL(ended, 1);
        CU_ASSERT(!pair->near.is_closed);
        finish();
    }
}

static void a_body_with_a_length_comes_whole_at_every_split(void)
{
    check_every_split("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
}

static void a_chunked_body_comes_whole_at_every_split(void)
{
    check_every_split("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "4\r\n0123\r\n6;x=y\r\n456789\r\n0\r\nA: b\r\n\r\n");
}

static void continue_is_told_once(void)
{
    begin(read_body);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    CU_ASSERT(wrote("HTTP/1.1 100 Continue\r\n\r\n"));
    put("ab");
    put("cd");
    CU_ASSERT_EQUAL(count_written("100 Continue"), 1);
    CU_ASSERT_EQUAL(count_written("\r\n\r\nabcd"), 1);
    CU_ASSERT(!pair->near.is_closed);
    finish();
}

static void a_body_over_the_limit_gives_413(void)
{
    begin(read_body);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\nab");
    CU_ASSERT_EQUAL(last_err, NAVE_ETOOBIG);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 413 "), 1);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_LINGER));
    CU_ASSERT_EQUAL(ended, 1);
    finish();
}

static void a_chunked_body_over_the_limit_gives_413(void)
{
    begin(read_body);
    finish();
    options.max_body = 5;
    CU_ASSERT_EQUAL_FATAL(begin_plugin(-1, 0), NAVE_OK);
    connect_peer();
    put("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n");
    CU_ASSERT_EQUAL(last_err, NAVE_ETOOBIG);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 413 "), 1);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_LINGER));
    finish();
}

static void a_body_that_nobody_reads_is_skipped(void)
{
    static const char text[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd" GET;
    size_t cut;

    for (cut = 1; cut < sizeof(text) - 1; cut++) {
        begin(say_ok);
        put_split(text, cut);
        CU_ASSERT(wrote(OK2 OK2));
        CU_ASSERT_EQUAL(ended, 2);
        finish();
    }
}

static void a_body_cut_short_ends_the_exchange(void)
{
    begin(read_body);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123");
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
    CU_ASSERT_EQUAL(last_err, NAVE_ECLOSED);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(ended, 1);
    finish();
}

static void a_whole_body_can_be_read_after_the_peer_has_ended(void)
{
    begin(hold_it);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd");
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
    CU_ASSERT_PTR_NOT_NULL_FATAL(held);
    take_body(held, NULL);
    fake_worker_run(&worker);
    CU_ASSERT(wrote(HEAD200 "Content-Length: 4\r\n\r\nabcd"));
    CU_ASSERT(pair->near.is_closed);
    finish();
}

/* --- errors ---------------------------------------------------------------------------------- */

static void a_bad_request_gives_400_and_a_lingering_close(void)
{
    begin(say_ok);
    put("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 400 Bad Request\r\n"), 1);
    CU_ASSERT_EQUAL(count_written("Connection: close\r\n"), 1);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_LINGER));
    CU_ASSERT_EQUAL(handled, 0);
    finish();
}

static void refuse_one(uint8_t last_byte)
{
    connect_peer();
    pair->peer.bytes[3] = last_byte;
    put("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
    take_all();
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
}

static void a_peer_is_told_of_once_a_second_and_counted_each_time(void)
{
    uint32_t i;

    begin(say_ok);
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
    for (i = 0; i < 10; i++)
        refuse_one(7);
    CU_ASSERT_EQUAL(host.log_count, 1);
    CU_ASSERT_STRING_EQUAL(host.last_log, "127.0.0.7: a request is refused with 400 Bad Request");
    refuse_one(8);
    CU_ASSERT_EQUAL(host.log_count, 2);
    CU_ASSERT_STRING_EQUAL(host.last_log, "127.0.0.8: a request is refused with 400 Bad Request");
    fake_worker_advance(&worker, NAVE_SEC - 1);
    refuse_one(7);
    CU_ASSERT_EQUAL(host.log_count, 2);
    fake_worker_advance(&worker, 1);
    refuse_one(7);
    refuse_one(7);
    CU_ASSERT_EQUAL(host.log_count, 3);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_bad_requests"), 14);
    finish();
}

static void however_many_peers_there_are_the_lines_are_bounded(void)
{
    uint32_t i;

    begin(say_ok);
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
    for (i = 0; i < 256; i++)
        refuse_one((uint8_t)i);
    CU_ASSERT(host.log_count > HTTP1_TOLD / 2 && host.log_count <= HTTP1_TOLD);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_bad_requests"), 256);
    finish();
}

static void a_refused_body_is_counted_and_told_like_a_head(void)
{
    begin(read_body);
    put("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 400 "), 1);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_bad_requests"), 1);
    CU_ASSERT_STRING_EQUAL(host.last_log, "127.0.0.1: a request is refused with 400 Bad Request");
    take_all();
    mem_stream_put_eof(&pair->near);
    fake_worker_run(&worker);
    connect_peer();
    fake_worker_advance(&worker, NAVE_SEC);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n");
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 413 "), 1);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_too_large"), 1);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_bad_requests"), 1);
    CU_ASSERT_STRING_EQUAL(host.last_log,
                           "127.0.0.1: a request is refused with 413 Content Too Large");
    finish();
}

static void a_handler_that_does_not_answer_gives_500(void)
{
    begin(say_nothing);
    put(GET);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 500 "), 1);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_no_answer"), 1);
    finish();
}

static void say_bad_headers(struct nave_http *x)
{
    static const struct nave_http_header bad[] = {
        {"X-A", "b\r\nC: d", 3, 7},
        {"X-A", "\n", 3, 1},
        {"X\r", "b", 2, 1},
        {"Content-Length", "2", 14, 1},
    };
    struct nave_http_response r = {.size = sizeof(r), .status = 200, .header_count = 1};
    size_t i;

    for (i = 0; i < NAVE_COUNT(bad); i++) {
        r.headers = &bad[i];
        CU_ASSERT_EQUAL(x->api->respond(x, &r), NAVE_EINVAL);
        CU_ASSERT_EQUAL(x->api->start(x, &r, -1), NAVE_EINVAL);
    }
    say_ok(x);
}

static void headers_that_would_break_the_framing_are_refused(void)
{
    begin(say_bad_headers);
    put(GET);
    CU_ASSERT(wrote(OK2));
    finish();
}

static void say_in_other_sizes(struct nave_http *x)
{
    struct {
        struct nave_http_response known;
        uint64_t tail;
    } r = {.known = {.status = 200, .body = "ok", .body_len = 2}, .tail = 1};
    struct nave_http_response *known = &r.known;
    struct nave_stream *stream;

    known->size = sizeof(r);
    CU_ASSERT_EQUAL(x->api->respond(x, known), NAVE_ETOONEW);
    known->body_len = 0;
    CU_ASSERT_EQUAL(x->api->start(x, known, -1), NAVE_ETOONEW);
    CU_ASSERT_EQUAL(x->api->upgrade(x, known, &stream), NAVE_ETOONEW);
    known->status = 103;
    CU_ASSERT_EQUAL(x->api->inform(x, known), NAVE_ETOONEW);
    known->status = 200;
    known->body_len = 2;
    known->size = offsetof(struct nave_http_response, body_buf); /* no SDK had less than this */
    CU_ASSERT_EQUAL(x->api->respond(x, known), NAVE_EINVAL);
    known->size = UINT32_MAX;
    CU_ASSERT_EQUAL(x->api->respond(x, known), NAVE_EINVAL);
    r.tail = 0;
    known->size = sizeof(r);
    CU_ASSERT_EQUAL(x->api->respond(x, known), NAVE_OK);
}

static void a_longer_response_is_taken_while_its_tail_is_zero(void)
{
    begin(say_in_other_sizes);
    put("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    CU_ASSERT(wrote(OK2));
    finish();
}

/* --- time ------------------------------------------------------------------------------------ */

static void a_head_that_does_not_come_gives_408(void)
{
    begin(say_ok);
    put("GET / HT");
    fake_worker_advance(&worker, 9 * NAVE_SEC);
    put("TP/1.1\r\n");
    CU_ASSERT(!pair->near.is_closed);
    fake_worker_advance(&worker, 2 * NAVE_SEC);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 408 "), 1);
    CU_ASSERT(pair->near.is_closed);
    finish();
}

static void an_idle_connection_is_closed(void)
{
    begin(say_ok);
    put(GET);
    take_all();
    fake_worker_advance(&worker, 59 * NAVE_SEC);
    CU_ASSERT(!pair->near.is_closed);
    fake_worker_advance(&worker, 2 * NAVE_SEC);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT(wrote(""));
    finish();
}

static void a_body_that_does_not_come_gives_408(void)
{
    begin(read_body);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01");
    fake_worker_advance(&worker, 29 * NAVE_SEC);
    CU_ASSERT(!pair->near.is_closed);
    fake_worker_advance(&worker, 2 * NAVE_SEC);
    CU_ASSERT_EQUAL(last_err, NAVE_ETIMEDOUT);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 408 "), 1);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(ended, 1);
    finish();
}

static void a_write_that_stalls_is_aborted(void)
{
    begin(say_ok);
    pair->far.capacity = 10;
    fake_worker_advance(&worker, 9 * NAVE_SEC);
    put(GET);
    fake_worker_advance(&worker, 29 * NAVE_SEC);
    CU_ASSERT(!pair->near.is_closed);
    fake_worker_advance(&worker, 2 * NAVE_SEC);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    finish();
}

static void a_write_that_never_begins_has_its_whole_time(void)
{
    begin(say_ok);
    pair->near.write_blocked_until = 1000;
    fake_worker_advance(&worker, 9 * NAVE_SEC);
    put(GET);
    fake_worker_advance(&worker, 29 * NAVE_SEC);
    CU_ASSERT(!pair->near.is_closed);
    fake_worker_advance(&worker, 2 * NAVE_SEC);
    CU_ASSERT(is_closed_with(NAVE_CLOSE_ABORT));
    finish();
}

static CU_TestInfo tests[] = {
    TEST(a_get_is_answered),
    TEST(a_request_split_anywhere_is_answered_the_same),
    TEST(pipelined_requests_are_answered_in_order_with_one_write),
    TEST(a_head_request_has_no_body),
    TEST(persistence_is_what_the_peer_asked_for),
    TEST(requests_wait_while_the_peer_takes_no_answers),
    TEST(a_body_with_a_length_comes_whole_at_every_split),
    TEST(a_chunked_body_comes_whole_at_every_split),
    TEST(continue_is_told_once),
    TEST(a_body_over_the_limit_gives_413),
    TEST(a_chunked_body_over_the_limit_gives_413),
    TEST(a_body_that_nobody_reads_is_skipped),
    TEST(a_body_cut_short_ends_the_exchange),
    TEST(a_whole_body_can_be_read_after_the_peer_has_ended),
    TEST(a_bad_request_gives_400_and_a_lingering_close),
    TEST(a_peer_is_told_of_once_a_second_and_counted_each_time),
    TEST(however_many_peers_there_are_the_lines_are_bounded),
    TEST(a_refused_body_is_counted_and_told_like_a_head),
    TEST(a_handler_that_does_not_answer_gives_500),
    TEST(headers_that_would_break_the_framing_are_refused),
    TEST(a_longer_response_is_taken_while_its_tail_is_zero),
    TEST(a_head_that_does_not_come_gives_408),
    TEST(an_idle_connection_is_closed),
    TEST(a_body_that_does_not_come_gives_408),
    TEST(a_write_that_stalls_is_aborted),
    TEST(a_write_that_never_begins_has_its_whole_time),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"http1 connection", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

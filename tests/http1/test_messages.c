/* SPDX-License-Identifier: MIT
 *
 * What a message may carry besides its head and body, and what a peer may not make us wait for:
 * trailers, informational responses, slow bodies, the number of requests, limits to the byte.
 */
#include "conn_rig.h"
#include "tests/support/test_main.h"

#include <stdlib.h>

#define POST_CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

/* --- trailers -------------------------------------------------------------------------------- */

static char trailers[256];

/* Read the body whole, then answer with its trailers. */
static void take_trailers(struct nave_http *x, void *arg)
{
    struct nave_http_header h;
    struct nave_bytes piece;
    nave_err err;
    uint32_t i;

    (void)arg;
    while ((err = x->api->body_peek(x, &piece)) == NAVE_OK)
        x->api->body_consume(x, piece.len);
    if (err == NAVE_EAGAIN)
        return;
    last_err = err;
    if (err != NAVE_EOF)
        return;
    trailers[0] = '\0';
    for (i = 0; x->api->trailer(x, i, &h) == NAVE_OK; i++) {
        size_t n = strlen(trailers);

        snprintf(trailers + n, sizeof(trailers) - n, "%.*s=%.*s;", (int)h.name_len, h.name,
                 (int)h.value_len, h.value);
    }
    CU_ASSERT_EQUAL(x->api->trailer(x, i, &h), NAVE_ENOTFOUND);
    (void)respond(x, "ok");
}

static void read_trailers(struct nave_http *x)
{
    x->api->body_watch(x, take_trailers, NULL);
    take_trailers(x, NULL);
}

static void trailers_of_a_request_come_after_its_body_at_every_split(void)
{
    static const char request[] =
        POST_CHUNKED "3\r\nabc\r\n0\r\nX-Sum: 1f\r\nX-Note: \t two words \r\n\r\n";
    size_t cut;

    for (cut = 0; cut <= sizeof(request) - 1; cut++) {
        begin(read_trailers);
        put_split(request, cut);
        CU_ASSERT_EQUAL(last_err, NAVE_EOF);
        CU_ASSERT_STRING_EQUAL(trailers, "X-Sum=1f;X-Note=two words;");
        CU_ASSERT_EQUAL(count_written("HTTP/1.1 200 "), 1);
        finish();
    }
}

static void trailers_that_would_change_the_message_are_refused(void)
{
    static const char *const bad[] = {"Content-Length: 3", "Host: b", "Transfer-Encoding: chunked",
                                      "Authorization: x"};
    char request[256];
    size_t i;

    for (i = 0; i < NAVE_COUNT(bad); i++) {
        begin(read_trailers);
        snprintf(request, sizeof(request), POST_CHUNKED "0\r\n%s\r\n\r\n" GET, bad[i]);
        put(request);
        CU_ASSERT_EQUAL(last_err, NAVE_EPROTO);
        CU_ASSERT_EQUAL(count_written("HTTP/1.1 400 "), 1);
        CU_ASSERT_EQUAL(count_written("HTTP/1.1 "), 1); /* what follows is not believed */
        finish();
    }
}

static void send_trailers(struct nave_http *x)
{
    static const struct nave_http_header sum = {"X-Sum", "1f", 5, 2};
    static const struct nave_http_header bad = {"Content-Length", "1", 14, 1};
    struct nave_http_response r = {.size = sizeof(r), .status = 200};
    size_t sent;

    CU_ASSERT_EQUAL(x->api->start(x, &r, -1), NAVE_OK);
    CU_ASSERT_EQUAL(x->api->write(x, "abc", 3, &sent), NAVE_OK);
    CU_ASSERT_EQUAL(x->api->end(x, &bad, 1), NAVE_EINVAL);
    last_err = x->api->end(x, &sum, 1);
}

static void trailers_of_a_response_follow_the_last_chunk(void)
{
    begin(send_trailers);
    put(GET);
    CU_ASSERT_EQUAL(last_err, NAVE_OK);
    CU_ASSERT(
        wrote(HEAD200 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1f\r\n\r\n"));
    finish();
}

/* --- informational responses ----------------------------------------------------------------- */

static void inform_then_answer(struct nave_http *x)
{
    static const struct nave_http_header link = {"Link", "</a.css>", 4, 8};
    struct nave_http_response r = {.size = sizeof(r),
                                   .status = 103,
                                   .headers = &link,
                                   .header_count = 1};

    last_err = x->api->inform(x, &r);
    r.status = 101;
    CU_ASSERT_NOT_EQUAL(x->api->inform(x, &r), NAVE_OK);
    r.status = 200;
    CU_ASSERT_NOT_EQUAL(x->api->inform(x, &r), NAVE_OK);
    (void)respond(x, "ok");
    r.status = 103;
    CU_ASSERT_NOT_EQUAL(x->api->inform(x, &r), NAVE_OK);
}

static void early_hints_go_before_the_answer_and_not_to_http_1_0(void)
{
    begin(inform_then_answer);
    put(GET);
    CU_ASSERT_EQUAL(last_err, NAVE_OK);
    CU_ASSERT(wrote("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" OK2));
    finish();
    begin(inform_then_answer);
    put("GET / HTTP/1.0\r\n\r\n");
    CU_ASSERT_EQUAL(last_err, NAVE_ENOSYS);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 103"), 0);
    finish();
}

static void push_it(struct nave_http *x)
{
    struct nave_http *promised;

    last_err = x->api->push(x, "/a", 2, NULL, 0, &promised);
    (void)respond(x, "ok");
}

static void there_is_no_push_in_http_1(void)
{
    begin(push_it);
    put(GET);
    CU_ASSERT_EQUAL(last_err, NAVE_ENOSYS);
    CU_ASSERT(wrote(OK2));
    finish();
}

/* --- what a peer may not make us wait for ---------------------------------------------------- */

static void a_body_that_trickles_gives_408(void)
{
    uint32_t i;

    begin(read_body);
    put("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (i = 0; i < 60 && !pair->near.is_closed; i++) { /* never silent, never 500 bytes a second */
        put("x");
        fake_worker_advance(&worker, NAVE_SEC);
    }
    CU_ASSERT_EQUAL(last_err, NAVE_ETIMEDOUT);
    CU_ASSERT(i >= 10 && i <= 12); /* body_grace */
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 408 "), 1);
    finish();
}

static void a_head_that_trickles_gives_408(void)
{
    uint32_t i;

    begin(say_ok);
    put("GET / HTTP/1.1\r\nHost: a\r\nX: ");
    for (i = 0; i < 60 && !pair->near.is_closed; i++) {
        put("x");
        fake_worker_advance(&worker, NAVE_SEC);
    }
    CU_ASSERT(i >= 9 && i <= 11); /* header_timeout */
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 408 "), 1);
    CU_ASSERT_EQUAL(handled, 0);
    finish();
}

static void the_last_request_of_a_connection_is_told_so(void)
{
    static char many[10001 * sizeof(GET)];
    uint32_t i;

    begin(say_ok);
    for (i = 0; i < 10001; i++)
        memcpy(many + i * (sizeof(GET) - 1), GET, sizeof(GET));
    put(many);
    while (!pair->near.is_closed && mem_stream_written(&pair->near).len) {
        if (handled == 10000)
            break;
        take_all();
    }
    CU_ASSERT_EQUAL(handled, 10000);
    CU_ASSERT_EQUAL(count_written("Connection: close\r\n"), 1);
    take_all();
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_retired"), 1);
    finish();
}

static void a_connection_of_an_hour_takes_one_last_request(void)
{
    uint32_t i;

    begin(say_ok);
    for (i = 1; i <= 120; i++) {
        put(GET);
        CU_ASSERT_EQUAL(count_written("HTTP/1.1 200 OK\r\n"), 1);
        CU_ASSERT_EQUAL(count_written("Connection: close\r\n"), 0);
        take_all();
        fake_worker_advance(&worker, 30 * NAVE_SEC - (i == 120));
    }
    put(GET); /* a nanosecond before */
    CU_ASSERT_EQUAL(count_written("Connection: close\r\n"), 0);
    take_all();
    fake_worker_advance(&worker, 1);
    CU_ASSERT_FATAL(!pair->near.is_closed);
    put(GET GET);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 200 OK\r\n"), 1);
    CU_ASSERT_EQUAL(count_written("Connection: close\r\n"), 1);
    CU_ASSERT(pair->near.is_closed);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_retired"), 1);
    finish();
}

/* --- to the byte ----------------------------------------------------------------------------- */

/* Send a request line with a target of `target` bytes and `fields` fields besides Host. */
static void send_request(size_t target, size_t fields)
{
    char *path = malloc(target + 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(path);
    memset(path, 'a', target);
    path[0] = '/';
    path[target] = '\0';
    begin(say_ok);
    put("GET ");
    put(path);
    put(" HTTP/1.1\r\nHost: a\r\n");
    for (; fields > 0; fields--)
        put("X: y\r\n");
    put("\r\n");
    free(path);
}

static void limits_of_line_and_fields_hold_to_the_byte(void)
{
    const size_t line = 8192 - sizeof("GET  HTTP/1.1") + 1;

    send_request(line, 1);
    CU_ASSERT(wrote(OK2));
    finish();
    send_request(line + 1, 1);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 414 "), 1);
    CU_ASSERT_EQUAL(fake_host_counter(&host, "http1_too_large"), 1);
    finish();
    send_request(1, 99);
    CU_ASSERT(wrote(OK2));
    finish();
    send_request(1, 100);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 431 "), 1);
    finish();
}

static void the_body_limit_holds_to_the_byte(void)
{
    char head[128];

    begin(read_body);
    snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %u\r\n\r\n",
             (1u << 20) + 1);
    put(head);
    CU_ASSERT_EQUAL(last_err, NAVE_ETOOBIG);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 413 "), 1);
    finish();
    begin(read_body);
    snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %u\r\n\r\n",
             1u << 20);
    put(head);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 "), 0); /* it waits for the body */
    finish();
}

static CU_TestInfo tests[] = {
    TEST(trailers_of_a_request_come_after_its_body_at_every_split),
    TEST(trailers_that_would_change_the_message_are_refused),
    TEST(trailers_of_a_response_follow_the_last_chunk),
    TEST(early_hints_go_before_the_answer_and_not_to_http_1_0),
    TEST(there_is_no_push_in_http_1),
    TEST(a_body_that_trickles_gives_408),
    TEST(a_head_that_trickles_gives_408),
    TEST(the_last_request_of_a_connection_is_told_so),
    TEST(a_connection_of_an_hour_takes_one_last_request),
    TEST(limits_of_line_and_fields_hold_to_the_byte),
    TEST(the_body_limit_holds_to_the_byte),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"http1 messages", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

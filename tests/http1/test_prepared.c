/* SPDX-License-Identifier: MIT
 *
 * Prepared responses: the short way writes, byte for byte, what the long way writes.
 */
#include "conn_rig.h"
#include "tests/support/test_main.h"

#include <nave/http_prepare.h>

#include <stdlib.h>

static char body[3 * 65536];
static struct nave_http_header headers[2] = {{"Content-Type", "text/plain", 12, 10},
                                             {"X-Empty", "", 7, 0}};
static struct nave_http_response response;
static void *room;

/* The response of a test: prepared, or only as given. */
static void make(uint16_t status, size_t body_len, int is_prepared)
{
    size_t size;

    memset(body, 'b', sizeof(body));
    memset(&response, 0, sizeof(response));
    response.size = sizeof(response);
    response.status = status;
    response.headers = headers;
    response.header_count = 2;
    response.body = body;
    response.body_len = body_len;
    if (!is_prepared)
        return;
    size = nave_http_prepare_size(&response);
    room = malloc(size); /* exactly, so that a sanitizer sees a write beyond */
    CU_ASSERT_PTR_NOT_NULL_FATAL(room);
    CU_ASSERT_EQUAL_FATAL(nave_http_prepare(&response, room, size), NAVE_OK);
}

static void unmake(void)
{
    free(room);
    room = NULL;
}

static void answer(struct nave_http *x)
{
    last_err = x->api->respond(x, &response);
}

static void answer_held(struct nave_http *x)
{
    CU_ASSERT_EQUAL(x->api->hold(x), NAVE_OK);
    answer(x);
}

static char *taken;
static size_t taken_len;

/* All that is written to `request`, with script `what`; the peer takes it as it comes. */
static void exchange(void (*what)(struct nave_http *x), const char *request)
{
    static char room_for_it[4 * 65536];
    uint32_t turn;

    taken = room_for_it;
    taken_len = 0;
    begin(what);
    put(request);
    for (turn = 0; turn < 100; turn++) {
        struct nave_bytes got = mem_stream_written(&pair->near);

        if (got.len == 0 || taken_len + got.len > sizeof(room_for_it))
            break;
        memcpy(taken + taken_len, got.data, got.len);
        taken_len += got.len;
        take_all();
    }
    CU_ASSERT_EQUAL(last_err, NAVE_OK);
    finish();
}

static void check_alike(void (*what)(struct nave_http *x), const char *request, uint16_t status,
                        size_t body_len)
{
    static char kept[4 * 65536];
    size_t kept_len;

    make(status, body_len, 0);
    exchange(what, request);
    memcpy(kept, taken, taken_len);
    kept_len = taken_len;
    make(status, body_len, 1);
    exchange(what, request);
    unmake();
    CU_ASSERT(kept_len > 0);
    CU_ASSERT_EQUAL(taken_len, kept_len);
    CU_ASSERT_EQUAL(memcmp(taken, kept, kept_len), 0);
}

static void count_end(struct nave_http *x, void *arg)
{
    (void)x;
    (void)arg;
    ended++;
}

static void answer_after_on_end(struct nave_http *x)
{
    x->api->on_end(x, count_end, NULL);
    answer(x);
}

static void it_is_what_the_long_way_writes(void)
{
    static const char *const requests[] = {
        GET,
        GET GET GET,
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" GET,
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" GET,
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET,
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n",
    };
    static const uint16_t statuses[] = {200, 204, 299, 304, 308, 404, 599};
    static const size_t sizes[] = {
        0, 1, 13, NAVE_HTTP_PREPARE_BODY_MAX, NAVE_HTTP_PREPARE_BODY_MAX + 1, 70000};
    size_t r, s, n;

    for (r = 0; r < NAVE_COUNT(requests); r++)
        for (s = 0; s < NAVE_COUNT(statuses); s++)
            for (n = 0; n < NAVE_COUNT(sizes); n++)
                check_alike(answer, requests[r], statuses[s], sizes[n]);
}

static void a_held_exchange_and_one_with_an_end_callback_take_it_too(void)
{
    check_alike(answer_held, GET, 200, 13);
    check_alike(answer_after_on_end, GET GET, 200, 13);
}

static void the_write_buffer_is_sent_in_between_when_it_is_full(void)
{
    static char many[40 * sizeof(GET)];
    size_t i;

    for (i = 0; i < 40; i++)
        memcpy(many + i * (sizeof(GET) - 1), GET, sizeof(GET));
    check_alike(answer, many, 200, NAVE_HTTP_PREPARE_BODY_MAX);
}

static void answer_twice(struct nave_http *x)
{
    CU_ASSERT_EQUAL(x->api->respond(x, &response), NAVE_OK);
    last_err = x->api->respond(x, &response);
}

static void answering_twice_inside_the_handler_is_a_state_error(void)
{
    make(200, 13, 1);
    begin(answer_twice);
    put(GET);
    CU_ASSERT_EQUAL(last_err, NAVE_ESTATE);
    CU_ASSERT_EQUAL(count_written("HTTP/1.1 200"), 1);
    finish();
    unmake();
}

static void what_may_not_be_sent_is_not_prepared(void)
{
    static const struct nave_http_header bad[] = {
        {"Content-Length", "1", 14, 1},
        {"DATE", "x", 4, 1},
        {"connection", "close", 10, 5},
        {"Server", "x", 6, 1},
        {"X Y", "x", 3, 1},
        {"", "x", 0, 1},
        {"X", "a\r\nY: b", 1, 7},
        {"X", "a\x7f", 1, 2},
        {"X", "a\0b", 1, 3},
        {"X:", "a", 2, 1},
        {"X\xe9", "a", 2, 1},
        {"Transfer-Encoding", "x", 17, 1},
    };
    static char space[1024];
    struct nave_http_header h;
    size_t i;

    for (i = 0; i < NAVE_COUNT(bad); i++) {
        make(200, 1, 0);
        h = bad[i];
        response.headers = &h;
        response.header_count = 1;
        CU_ASSERT_EQUAL(nave_http_prepare(&response, space, sizeof(space)), NAVE_EINVAL);
        CU_ASSERT_PTR_NULL(response.prepared);
    }
    make(199, 1, 0);
    CU_ASSERT_EQUAL(nave_http_prepare(&response, space, sizeof(space)), NAVE_EINVAL);
    make(600, 1, 0);
    CU_ASSERT_EQUAL(nave_http_prepare(&response, space, sizeof(space)), NAVE_EINVAL);
    make(200, 1, 0);
    response.flags = NAVE_HTTP_CLOSE;
    CU_ASSERT_EQUAL(nave_http_prepare(&response, space, sizeof(space)), NAVE_EINVAL);
    make(200, 1, 0);
    response.size -= 8;
    CU_ASSERT_EQUAL(nave_http_prepare(&response, space, sizeof(space)), NAVE_EINVAL);
    make(200, 1, 0);
    CU_ASSERT_EQUAL(nave_http_prepare(&response, space, nave_http_prepare_size(&response) - 1),
                    NAVE_ETOOBIG);
}

static CU_TestInfo prepared_tests[] = {
    TEST(it_is_what_the_long_way_writes),
    TEST(a_held_exchange_and_one_with_an_end_callback_take_it_too),
    TEST(the_write_buffer_is_sent_in_between_when_it_is_full),
    TEST(answering_twice_inside_the_handler_is_a_state_error),
    TEST(what_may_not_be_sent_is_not_prepared),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"prepared", NULL, NULL, NULL, NULL, prepared_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * Response heads byte for byte, and what must never get into one.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "plugins/http1/writer.h"
#include "tests/support/test_main.h"

#include <stdlib.h>
#include <time.h>

static const char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";

/* Write into an allocation of exactly the bound; 1 when it is `expect`, and one byte less is refused. */
static int writes(const struct http1_answer *a, const char *expect)
{
    size_t room = http1_head_size_max(a);
    char *out = malloc(room);
    size_t n;
    int same;

    if (!out)
        abort();
    n = http1_write_head(out, room, a);
    same = n == strlen(expect) && memcmp(out, expect, n) == 0;
    if (!same)
        printf("\n%.*s", (int)n, out);
    same = same && http1_write_head(out, room - 1, a) == 0;
    free(out);
    return same;
}

static void a_head_is_written_byte_for_byte(void)
{
    struct nave_http_header h[] = {{"Content-Type", "text/html", 12, 9}, {"X", "", 1, 0}};
    struct http1_answer a = {200, 0, 2, h, 13, date};

    CU_ASSERT(writes(&a,
                     "HTTP/1.1 200 OK\r\nServer: nave\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                     "Content-Type: text/html\r\nX: \r\nContent-Length: 13\r\n\r\n"));
    a.header_count = 0;
    a.status = 431;
    a.content_length = -1;
    a.flags = HTTP1_ANSWER_CHUNKED | HTTP1_ANSWER_CLOSE;
    CU_ASSERT(writes(&a, "HTTP/1.1 431 Request Header Fields Too Large\r\nServer: nave\r\n"
                         "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                         "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
    a.status = 299;
    a.flags = HTTP1_ANSWER_KEEP_ALIVE;
    CU_ASSERT(writes(&a, "HTTP/1.1 299 \r\nServer: nave\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                         "Connection: keep-alive\r\n\r\n"));
    a.status = 999;
    a.flags = 0;
    CU_ASSERT(
        writes(&a, "HTTP/1.1 999 \r\nServer: nave\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"));
}

static void informational_heads_carry_no_date(void)
{
    struct http1_answer a = {100, 0, 0, NULL, -1, NULL};

    CU_ASSERT(writes(&a, "HTTP/1.1 100 Continue\r\n\r\n"));
    a.status = 101;
    a.flags = HTTP1_ANSWER_UPGRADE;
    CU_ASSERT(writes(&a, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\r\n"));
    a.status = 199;
    a.flags = 0;
    CU_ASSERT(writes(&a, "HTTP/1.1 199 \r\n\r\n"));
}

static void numbers_of_any_length_are_exact(void)
{
    struct http1_answer a = {204, 0, 0, NULL, 0, date};
    char expect[160];
    int64_t n = 1;

    for (;;) {
        int64_t around;

        for (around = n - 1; around <= n; around++) {
            a.content_length = around;
            snprintf(expect, sizeof(expect),
                     "HTTP/1.1 204 No Content\r\nServer: nave\r\nDate: %s\r\nContent-Length: "
                     "%lld\r\n\r\n",
                     date, (long long)around);
            CU_ASSERT(writes(&a, expect));
        }
        if (n > INT64_MAX / 10)
            break;
        n *= 10;
    }
    a.content_length = INT64_MAX;
    snprintf(expect, sizeof(expect),
             "HTTP/1.1 204 No Content\r\nServer: nave\r\nDate: %s\r\nContent-Length: %lld\r\n\r\n",
             date, (long long)INT64_MAX);
    CU_ASSERT(writes(&a, expect));
}

static void headers_of_every_length_are_copied_whole(void)
{
    char text[80];
    char expect[400];
    struct nave_http_header h = {text, text, 1, 0};
    struct http1_answer a = {304, 0, 1, &h, -1, date};
    uint32_t n;

    memset(text, 'n', sizeof(text));
    for (n = 1; n <= sizeof(text); n++) {
        h.name_len = n;
        h.value_len = (uint32_t)sizeof(text) - n;
        snprintf(expect, sizeof(expect),
                 "HTTP/1.1 304 Not Modified\r\nServer: nave\r\nDate: %s\r\n%.*s: %.*s\r\n\r\n",
                 date, (int)h.name_len, text, (int)h.value_len, text);
        CU_ASSERT(writes(&a, expect));
    }
}

static nave_err check(const char *name, const char *value)
{
    struct nave_http_header h = {name, value, (uint32_t)strlen(name), (uint32_t)strlen(value)};

    return http1_check_header(&h);
}

static void a_response_cannot_be_split_through_a_header(void)
{
    static const char *const reserved[] = {"Content-Length", "transfer-encoding", "CONNECTION",
                                           "Date", "server"};
    static const char *const names[] = {"", "a b", "a:", "a\r\nb", "\xc3\xa9", " a", "a\t"};
    char value[40];
    struct nave_http_header h = {"X", value, 1, sizeof(value)};
    size_t i;
    int ch;

    CU_ASSERT_EQUAL(check("Location", "/a?\xc3\xa9\tb"), NAVE_OK);
    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        CU_ASSERT_EQUAL(check(reserved[i], "1"), NAVE_EINVAL);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        CU_ASSERT_EQUAL(check(names[i], "1"), NAVE_EINVAL);
    for (i = 0; i < sizeof(value); i++) {
        for (ch = 0; ch < 256; ch++) {
            memset(value, 'v', sizeof(value));
            value[i] = (char)ch;
            CU_ASSERT_EQUAL(http1_check_header(&h),
                            (ch < 0x20 && ch != '\t') || ch == 0x7f ? NAVE_EINVAL : NAVE_OK);
        }
    }
    h.name = "Host";
    h.name_len = 4;
    h.value_len = 0;
    CU_ASSERT_EQUAL(http1_check_trailer(&h), NAVE_EINVAL);
    h.name = "ETag";
    CU_ASSERT_EQUAL(http1_check_trailer(&h), NAVE_OK);
}

static void chunk_heads_are_the_shortest_hex(void)
{
    static const uint64_t sizes[] = {0, 1, 15, 16, 255, 256, 65536, INT64_MAX, UINT64_MAX};
    char out[HTTP1_CHUNK_HEAD_MAX];
    char expect[32];
    size_t i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int n = snprintf(expect, sizeof(expect), "%llx\r\n", (unsigned long long)sizes[i]);

        CU_ASSERT_EQUAL(http1_write_chunk_head(out, sizes[i]), (size_t)n);
        CU_ASSERT_EQUAL(memcmp(out, expect, (size_t)n), 0);
    }
}

static void the_last_chunk_carries_trailers(void)
{
    struct nave_http_header h = {"A", "b", 1, 1};
    char out[16];

    CU_ASSERT_EQUAL(http1_write_last_chunk(out, 5, NULL, 0), 5);
    CU_ASSERT_EQUAL(memcmp(out, HTTP1_LAST_CHUNK, 5), 0);
    CU_ASSERT_EQUAL(http1_write_last_chunk(out, 10, &h, 1), 0);
    CU_ASSERT_EQUAL(http1_write_last_chunk(out, 11, &h, 1), 11);
    CU_ASSERT_EQUAL(memcmp(out, "0\r\nA: b\r\n\r\n", 11), 0);
}

static void an_error_is_a_whole_response(void)
{
    static const char expect[] = "HTTP/1.1 400 Bad Request\r\nServer: nave\r\n"
                                 "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 16\r\n"
                                 "Connection: close\r\n\r\n400 Bad Request\n";
    char out[HTTP1_ERROR_MAX];
    size_t n = http1_write_error(out, sizeof(out), 400, HTTP1_ANSWER_CLOSE, 1, date);

    CU_ASSERT_EQUAL(n, sizeof(expect) - 1);
    CU_ASSERT_EQUAL(memcmp(out, expect, n), 0);
    CU_ASSERT_EQUAL(http1_write_error(out, sizeof(out), 400, HTTP1_ANSWER_CLOSE, 0, date), n - 16);
    CU_ASSERT_EQUAL(http1_write_error(out, sizeof(out) - 1, 400, 0, 1, date), 0);
    CU_ASSERT_STRING_EQUAL(http1_reason(418), "");
    CU_ASSERT_STRING_EQUAL(http1_reason(511), "Network Authentication Required");
}

static void dates_agree_with_the_library_of_c(void)
{
    char expect[64];
    char out[HTTP1_DATE_LEN];
    int64_t wall;

    for (wall = 0; wall < INT64_C(253402300800); wall += INT64_C(86400) * 97 + 7919) {
        time_t t = (time_t)wall;
        struct tm tm;

        if (!gmtime_r(&t, &tm))
            abort();
        strftime(expect, sizeof(expect), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        http1_render_date(out, wall);
        CU_ASSERT_EQUAL(memcmp(out, expect, HTTP1_DATE_LEN), 0);
    }
    http1_render_date(out, 784111777);
    CU_ASSERT_EQUAL(memcmp(out, date, HTTP1_DATE_LEN), 0);
    http1_render_date(out, 1709164800);
    CU_ASSERT_EQUAL(memcmp(out, "Thu, 29 Feb 2024 00:00:00 GMT", HTTP1_DATE_LEN), 0);
    http1_render_date(out, INT64_MIN);
    CU_ASSERT_EQUAL(memcmp(out, "Thu, 01 Jan 1970", 16), 0);
    http1_render_date(out, INT64_MAX);
    CU_ASSERT_EQUAL(memcmp(out, "Fri, 31 Dec 9999 23:59:59", 25), 0);
}

static CU_TestInfo tests[] = {
    {"a_head_is_written_byte_for_byte", a_head_is_written_byte_for_byte},
    {"informational_heads_carry_no_date", informational_heads_carry_no_date},
    {"numbers_of_any_length_are_exact", numbers_of_any_length_are_exact},
    {"headers_of_every_length_are_copied_whole", headers_of_every_length_are_copied_whole},
    {"a_response_cannot_be_split_through_a_header", a_response_cannot_be_split_through_a_header},
    {"chunk_heads_are_the_shortest_hex", chunk_heads_are_the_shortest_hex},
    {"the_last_chunk_carries_trailers", the_last_chunk_carries_trailers},
    {"an_error_is_a_whole_response", an_error_is_a_whole_response},
    {"dates_agree_with_the_library_of_c", dates_agree_with_the_library_of_c},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"http1 writer", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

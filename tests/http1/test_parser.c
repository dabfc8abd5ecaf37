/* SPDX-License-Identifier: MIT
 *
 * Heads, whole and cut at every byte. Each input lies at the end of an allocation of its size and the
 * padding, which is filled with bytes that would change the verdict if they were believed.
 */
#include "plugins/http1/parser.h"
#include "plugins/http1/names.h"
#include "tests/support/test_main.h"

#include <stdio.h>
#include <stdlib.h>

int32_t portable_parse_head(const char *text, size_t len, const struct http1_limits *limits,
                            struct http1_head *head, struct nave_http_field *fields);

int32_t blocks16_parse_head(const char *text, size_t len, const struct http1_limits *limits,
                            struct http1_head *head, struct nave_http_field *fields);

typedef int32_t parse_fn(const char *text, size_t len, const struct http1_limits *limits,
                         struct http1_head *head, struct nave_http_field *fields);

static const struct http1_limits usual = {8192, 32768, 100, 100};
static struct nave_http_field fields[200];
static struct http1_head head;
static char *kept; /* the text of the last parse: head refers to it */

/* Another build of the parser says the same of what is kept. */
static void check_twin(parse_fn *twin_parse, size_t len, const struct http1_limits *limits,
                       int32_t result)
{
    struct nave_http_field twin_fields[200];
    struct http1_head twin;

    CU_ASSERT_EQUAL(twin_parse(kept, len, limits, &twin, twin_fields), result);
    if (result <= 0)
        return;
    CU_ASSERT_EQUAL(twin.method, head.method);
    CU_ASSERT_EQUAL(twin.version, head.version);
    CU_ASSERT_EQUAL(twin.flags, head.flags);
    CU_ASSERT_EQUAL(twin.field_count, head.field_count);
    CU_ASSERT_EQUAL(twin.content_length, head.content_length);
    CU_ASSERT_EQUAL(memcmp(&twin.method_text, &head.method_text, sizeof(head.method_text)), 0);
    CU_ASSERT_EQUAL(memcmp(&twin.target, &head.target, sizeof(head.target)), 0);
    CU_ASSERT_EQUAL(memcmp(&twin.path, &head.path, sizeof(head.path)), 0);
    CU_ASSERT_EQUAL(memcmp(&twin.query, &head.query, sizeof(head.query)), 0);
    CU_ASSERT_EQUAL(memcmp(&twin.authority, &head.authority, sizeof(head.authority)), 0);
    CU_ASSERT_EQUAL(memcmp(twin_fields, fields, head.field_count * sizeof(fields[0])), 0);
}

static int32_t parse_padded(const char *text, size_t len, const struct http1_limits *limits,
                            const char *padding)
{
    size_t pad_len = strlen(padding);
    int32_t result;
    size_t i;

    free(kept);
    kept = malloc(len + HTTP1_PADDING);
    if (!kept)
        abort();
    memcpy(kept, text, len);
    for (i = 0; i < HTTP1_PADDING; i++)
        kept[len + i] = padding[i % pad_len];
    result = http1_parse_head(kept, len, limits, &head, fields);
    check_twin(portable_parse_head, len, limits, result);
    check_twin(blocks16_parse_head, len, limits, result);
    return result;
}

static int32_t parse_n(const char *text, size_t len)
{
    return parse_padded(text, len, &usual, "\r\n: x\t");
}

static int32_t parse(const char *text)
{
    return parse_n(text, strlen(text));
}

/* The verdict over the whole text; every shorter piece must be "more", or already the same refusal. */
static int32_t parse_every_split(const char *text, size_t len)
{
    static const char *const paddings[] = {"\r\n", ": ", "a", "\0\n", " HTTP/1.1\r\n\r\n"};
    int32_t whole = parse_n(text, len);
    size_t cut;
    size_t k;

    for (cut = 0; cut < len; cut++) {
        if (whole > 0 && cut >= (size_t)whole)
            break;
        for (k = 0; k < sizeof(paddings) / sizeof(paddings[0]); k++) {
            int32_t part = parse_padded(text, cut, &usual, k == 3 ? "\x01" : paddings[k]);

            CU_ASSERT(part == 0 || (whole < 0 && part == whole));
        }
    }
    return parse_n(text, len);
}

static int is_slice(struct nave_http_slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(kept + s.at, text, s.len) == 0;
}

static int is_field(uint32_t i, uint16_t id, const char *name, const char *value)
{
    struct nave_http_slice n = {fields[i].name_at, fields[i].name_len};
    struct nave_http_slice v = {fields[i].value_at, fields[i].value_len};

    return fields[i].id == id && is_slice(n, name) && is_slice(v, value);
}

static void a_plain_request_is_taken_apart_at_any_split(void)
{
    static const char text[] =
        "GET /a/b?x=1?2 HTTP/1.1\r\nHost: example.com:80\r\nX_y!z:  a\tb \t\r\n"
        "Empty:\r\nCOOKIE: a=\xc3\xa9\r\nConnection: x, close\r\n\r\n";

    CU_ASSERT_EQUAL(parse_every_split(text, sizeof(text) - 1), (int32_t)sizeof(text) - 1);
    CU_ASSERT_EQUAL(head.len, sizeof(text) - 1);
    CU_ASSERT_EQUAL(head.method, NAVE_HTTP_GET);
    CU_ASSERT_EQUAL(head.version, 11);
    CU_ASSERT_EQUAL(head.flags, 0);
    CU_ASSERT_EQUAL(head.content_length, -1);
    CU_ASSERT(is_slice(head.method_text, "GET"));
    CU_ASSERT(is_slice(head.target, "/a/b?x=1?2"));
    CU_ASSERT(is_slice(head.path, "/a/b"));
    CU_ASSERT(is_slice(head.query, "x=1?2"));
    CU_ASSERT(is_slice(head.authority, "example.com:80"));
    CU_ASSERT_EQUAL_FATAL(head.field_count, 5);
    CU_ASSERT(is_field(0, NAVE_HTTP_FIELD_HOST, "Host", "example.com:80"));
    CU_ASSERT(is_field(1, NAVE_HTTP_FIELD_OTHER, "X_y!z", "a\tb"));
    CU_ASSERT(is_field(2, NAVE_HTTP_FIELD_OTHER, "Empty", ""));
    CU_ASSERT(is_field(3, NAVE_HTTP_FIELD_COOKIE, "COOKIE", "a=\xc3\xa9"));
    CU_ASSERT(is_field(4, NAVE_HTTP_FIELD_CONNECTION, "Connection", "x, close"));
}

static void a_pipelined_request_behind_is_left_alone(void)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost:a\r\n\r\nGET / HTTP/1.1\r\n\x01";

    CU_ASSERT_EQUAL(parse(text), 26);
    CU_ASSERT_EQUAL(parse("\r\nGET / HTTP/1.1\r\nHost:a\r\n\r\n"), 28);
    CU_ASSERT_EQUAL(parse("\r\n\r\nGET / HTTP/1.1\r\nHost:a\r\n\r\n"), -400);
}

/* The fast way must stop in front of everything that is not plainly right: any byte, at any place. */
static void any_byte_at_any_place_is_judged_alike_by_all_builds(void)
{
    static const char head_text[] = "GET /a/path/of/thirty-two-bytes?q=1 HTTP/1.1\r\n"
                                    "Host: www.example.test:8080\r\n"
                                    "Connection: keep-alive\r\n"
                                    "If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
                                    "Cookie: a=b\r\n"
                                    "X-A-Name-Of-Just-Over-32-Bytes-Or-So: v\r\n"
                                    "Accept:*/*\r\n\r\n";
    char text[sizeof(head_text)];
    size_t i;
    int c;

    for (i = 0; i < sizeof(head_text) - 1; i++) {
        for (c = 0; c < 256; c++) {
            memcpy(text, head_text, sizeof(text));
            text[i] = (char)c;
            parse_n(text, sizeof(head_text) - 1);
        }
    }
}

static void values_and_names_of_any_length_are_taken_alike_by_all_builds(void)
{
    char text[512];
    uint32_t name;
    uint32_t value;

    for (name = 1; name < 70; name++) {
        for (value = 0; value < 140; value++) {
            int n =
                snprintf(text, sizeof(text), "GET / HTTP/1.1\r\n%.*s: %.*s\r\nHost: a\r\n\r\n",
                         (int)name,
                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                         (int)value,
                         "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
                         "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv");

            CU_ASSERT_EQUAL(parse_n(text, (size_t)n), n);
            CU_ASSERT_EQUAL(head.field_count, 2);
            CU_ASSERT_EQUAL(fields[0].name_len, name);
            CU_ASSERT_EQUAL(fields[0].value_len, value);
        }
    }
}

static void every_known_name_has_its_number_in_any_case(void)
{
    static const struct {
        uint16_t id;
        const char *name;
    } names[] = {
#define X(value, NAME, text) {value, text},
        NAVE_HTTP_NAMES(X)
#undef X
    };
    char name[32];
    size_t i;
    size_t k;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len = strlen(names[i].name);

        CU_ASSERT_EQUAL(http1_name_id(names[i].name, len), names[i].id);
        for (k = 0; k < len; k++) {
            memcpy(name, names[i].name, len);
            if (name[k] != '-')
                name[k] = (char)(name[k] - 32);
            CU_ASSERT_EQUAL(http1_name_id(name, len), names[i].id);
            name[k] = '!';
            CU_ASSERT_EQUAL(http1_name_id(name, len), NAVE_HTTP_FIELD_OTHER);
        }
    }
}

static void every_method_is_known_and_other_tokens_pass(void)
{
#define X(value, NAME)                                                \
    if (NAVE_HTTP_##NAME != NAVE_HTTP_CONNECT) {                      \
        CU_ASSERT(parse(#NAME " / HTTP/1.1\r\nHost: a\r\n\r\n") > 0); \
        CU_ASSERT_EQUAL(head.method, value);                          \
    }
    NAVE_HTTP_METHODS(X)
#undef X
    CU_ASSERT(parse("get / HTTP/1.1\r\nHost: a\r\n\r\n") > 0);
    CU_ASSERT_EQUAL(head.method, NAVE_HTTP_OTHER);
    CU_ASSERT_EQUAL(
        parse("AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDEEEEEEEEEEFFFFFFFFFFGGGGGGG / HTTP/1.1\r\n"),
        -501);
}

static void the_four_forms_of_a_target(void)
{
    CU_ASSERT(parse("GET http://h.x:1/p?q HTTP/1.1\r\nHost: other\r\n\r\n") > 0);
    CU_ASSERT(is_slice(head.authority, "h.x:1") && is_slice(head.path, "/p") &&
              is_slice(head.query, "q"));
    CU_ASSERT(parse("GET HTTPS://h?q HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
    CU_ASSERT(is_slice(head.path, "/") && is_slice(head.query, "q"));
    CU_ASSERT(parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
    CU_ASSERT(is_slice(head.path, "*") && (head.flags & HTTP1_ASTERISK));
    CU_ASSERT(parse("CONNECT [::1]:443 HTTP/1.1\r\nHost: h\r\n\r\n") > 0);
    CU_ASSERT(is_slice(head.path, "") && is_slice(head.authority, "[::1]:443"));
    CU_ASSERT(head.flags & HTTP1_CONNECT);
}

/* What must not pass, with the status that tells why. Mostly found against other servers. */
static const struct {
    const char *text;
    int32_t status;
} refused[] = {
    {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400},
    {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/256.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
    {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a,b\x80\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a%g0\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX\xc3\xa9: 1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n\rX", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5e1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5_0\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5,5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400},
    {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;x=1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
     "chunked\r\n\r\n",
     400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\xa0\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
    {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     400},
    {"GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", 417},
};

static void what_could_be_read_in_two_ways_is_refused_at_any_split(void)
{
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        int32_t got = parse_every_split(refused[i].text, strlen(refused[i].text));

        if (got != -refused[i].status)
            printf("\n  row %zu: %d: %s", i, (int)got, refused[i].text);
        CU_ASSERT_EQUAL(got, -refused[i].status);
    }
}

static void a_nul_is_refused_wherever_it_stands(void)
{
    static const char good[] = "POST /abc HTTP/1.1\r\nHost: abc\r\nX-Yz: v w\r\n\r\n";
    char text[sizeof(good)];
    size_t i;

    for (i = 0; i < sizeof(good) - 1; i++) {
        memcpy(text, good, sizeof(good));
        text[i] = '\0';
        CU_ASSERT(parse_n(text, sizeof(good) - 1) < 0);
    }
}

static void the_flags_tell_body_and_connection(void)
{
    CU_ASSERT(parse("GET / HTTP/1.0\r\n\r\n") > 0);
    CU_ASSERT_EQUAL(head.flags, 0);
    CU_ASSERT(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nExpect: x\r\n\r\n") > 0);
    CU_ASSERT_EQUAL(head.flags, HTTP1_KEEP_ALIVE);
    CU_ASSERT(parse("GET / HTTP/1.1\r\nHost:\r\nContent-Length: 9223372036854775807\r\n\r\n") > 0);
    CU_ASSERT_EQUAL(head.content_length, INT64_MAX);
    CU_ASSERT_EQUAL(head.flags, HTTP1_HAS_LENGTH | HTTP1_KEEP_ALIVE);
    CU_ASSERT(parse("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n"
                    "Expect: 100-Continue\r\nConnection: ,Upgrade ,\r\nUpgrade: x\r\n\r\n") > 0);
    CU_ASSERT_EQUAL(head.flags,
                    HTTP1_CHUNKED | HTTP1_KEEP_ALIVE | HTTP1_EXPECT_CONTINUE | HTTP1_UPGRADE);
    CU_ASSERT(parse("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n") > 0);
    CU_ASSERT_EQUAL(head.flags, HTTP1_KEEP_ALIVE);
}

static void limits_hold_before_the_end_has_come(void)
{
    static const struct http1_limits small = {64, 256, 3, 2};
    char text[400];

    memset(text, 'a', sizeof(text));
    memcpy(text, "GET /", 5);
    CU_ASSERT_EQUAL(parse_padded(text, 64, &small, "a"), 0);
    CU_ASSERT_EQUAL(parse_padded(text, 65, &small, "a"), -414);
    CU_ASSERT_EQUAL(parse_padded(text, sizeof(text), &small, "a"), -414);
    memcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ", 28);
    CU_ASSERT_EQUAL(parse_padded(text, 255, &small, "a"), 0);
    CU_ASSERT_EQUAL(parse_padded(text, 256, &small, "a"), -431);
    memcpy(text + 300, "\r\n\r\n", 4);
    CU_ASSERT_EQUAL(parse_padded(text, 304, &small, "a"), -431);
    CU_ASSERT_EQUAL(
        parse_padded("GET / HTTP/1.1\r\nHost:a\r\nA:\r\nB:\r\nCookie:\r\nCookie:\r\n\r\n", 52,
                     &small, "a"),
        52);
    CU_ASSERT_EQUAL(parse_padded("GET / HTTP/1.1\r\nHost:a\r\nA:\r\nB:\r\nC:\r\n\r\n", 38, &small,
                                 "a"),
                    -431);
    CU_ASSERT_EQUAL(parse_padded("GET / HTTP/1.1\r\nHost:a\r\nCookie:\r\nCookie:\r\nCookie:\r\n",
                                 51, &small, "a"),
                    -431);
    free(kept);
    kept = NULL;
}

static CU_TestInfo tests[] = {
    {"a_plain_request_is_taken_apart_at_any_split", a_plain_request_is_taken_apart_at_any_split},
    {"a_pipelined_request_behind_is_left_alone", a_pipelined_request_behind_is_left_alone},
    {"any_byte_at_any_place_is_judged_alike_by_all_builds",
     any_byte_at_any_place_is_judged_alike_by_all_builds},
    {"values_and_names_of_any_length_are_taken_alike_by_all_builds",
     values_and_names_of_any_length_are_taken_alike_by_all_builds},
    {"every_known_name_has_its_number_in_any_case", every_known_name_has_its_number_in_any_case},
    {"every_method_is_known_and_other_tokens_pass", every_method_is_known_and_other_tokens_pass},
    {"the_four_forms_of_a_target", the_four_forms_of_a_target},
    {"what_could_be_read_in_two_ways_is_refused_at_any_split",
     what_could_be_read_in_two_ways_is_refused_at_any_split},
    {"a_nul_is_refused_wherever_it_stands", a_nul_is_refused_wherever_it_stands},
    {"the_flags_tell_body_and_connection", the_flags_tell_body_and_connection},
    {"limits_hold_before_the_end_has_come", limits_hold_before_the_end_has_come},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"http1 parser", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

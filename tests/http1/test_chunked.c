/* SPDX-License-Identifier: MIT
 *
 * Chunked bodies: each text is fed whole, byte by byte, and in two pieces cut at every place; all
 * must come to the same body and the same verdict.
 */
#include "plugins/http1/chunked.h"
#include "tests/support/test_main.h"

#include <stdlib.h>

static struct http1_chunked c;
static struct http1_trailers trailers;
static char body[65536];
static size_t body_len;
static size_t used_in_all;

/* Feed one piece, in its own allocation. The last verdict. */
static int32_t feed(const char *text, size_t len)
{
    char *piece = malloc(len ? len : 1);
    size_t at = 0;
    int32_t verdict;

    if (!piece)
        abort();
    memcpy(piece, text, len);
    for (;;) {
        struct nave_bytes data;
        size_t skip;
        size_t used;

        verdict = http1_chunked_feed(&c, piece + at, len - at, &skip, &data, &used);
        CU_ASSERT(used <= len - at);
        used_in_all += used;
        if (verdict == HTTP1_FEED_DATA) {
            CU_ASSERT(data.len > 0 && skip + data.len == used);
            CU_ASSERT_PTR_EQUAL((const char *)data.data, piece + at + skip);
            if (body_len + data.len <= sizeof(body))
                memcpy(body + body_len, data.data, data.len);
            body_len += data.len;
        } else if (verdict == HTTP1_FEED_ROOM) {
            CU_ASSERT_PTR_NULL(c.trailers);
            memset(&trailers, 0xee, sizeof(trailers));
            c.trailers = &trailers;
        } else {
            break;
        }
        at += used;
    }
    free(piece);
    return verdict;
}

static void begin(void)
{
    http1_chunked_init(&c);
    body_len = 0;
    used_in_all = 0;
}

/* The verdict, the same in every cut. */
static int32_t read_every_way(const char *text, size_t len)
{
    int32_t whole;
    int32_t verdict = HTTP1_FEED_MORE;
    size_t whole_body;
    size_t whole_used;
    size_t cut;

    begin();
    whole = feed(text, len);
    whole_body = body_len;
    whole_used = used_in_all;
    for (cut = 0; cut <= len && len < 300; cut++) {
        begin();
        verdict = feed(text, cut);
        if (verdict == HTTP1_FEED_MORE)
            verdict = feed(text + cut, len - cut);
        CU_ASSERT(verdict == whole && body_len == whole_body && used_in_all == whole_used);
    }
    begin();
    verdict = HTTP1_FEED_MORE;
    for (cut = 0; cut < len && verdict == HTTP1_FEED_MORE; cut++)
        verdict = feed(text + cut, 1);
    CU_ASSERT(verdict == whole && body_len == whole_body && used_in_all == whole_used);
    return whole;
}

static int32_t read_text(const char *text)
{
    return read_every_way(text, strlen(text));
}

static void the_pieces_make_the_body_in_any_cut(void)
{
    static const char text[] =
        "5\r\nhello\r\n0A;a;b=c ; d=\"x\\\"\ty\"\r\n, worlds!!\r\n0\r\n\r\nGET";

    CU_ASSERT_EQUAL(read_text(text), HTTP1_FEED_END);
    CU_ASSERT_EQUAL(body_len, 15);
    CU_ASSERT_EQUAL(memcmp(body, "hello, worlds!!", 15), 0);
    CU_ASSERT_EQUAL(used_in_all, sizeof(text) - 4);
    CU_ASSERT_EQUAL(feed("x", 1), HTTP1_FEED_END);
    CU_ASSERT_EQUAL(used_in_all, sizeof(text) - 4);
}

static void trailer_fields_are_kept(void)
{
    struct nave_http_header h;

    CU_ASSERT_EQUAL(read_text("1\r\nx\r\n000\r\nVary: *\r\nX-Sum:\t a b \r\n\r\n"), HTTP1_FEED_END);
    CU_ASSERT_EQUAL_FATAL(http1_chunked_trailer(&c, 1, &h), 1);
    CU_ASSERT(h.name_len == 5 && memcmp(h.name, "X-Sum", 5) == 0);
    CU_ASSERT(h.value_len == 3 && memcmp(h.value, "a b", 3) == 0);
    CU_ASSERT_EQUAL(http1_chunked_trailer(&c, 2, &h), 0);
    CU_ASSERT_EQUAL(read_text("0\r\n\r\n"), HTTP1_FEED_END);
    CU_ASSERT_EQUAL(http1_chunked_trailer(&c, 0, &h), 0);
}

static void a_body_that_goes_on_is_no_end(void)
{
    static const char text[] = "5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    size_t len;

    for (len = 0; len < sizeof(text) - 1; len++)
        CU_ASSERT_EQUAL(read_every_way(text, len), HTTP1_FEED_MORE);
}

static void loose_framing_is_refused(void)
{
    static const char *const texts[] = {
        "\r\n",
        ";a\r\n",
        "g\r\n",
        "0x5\r\nhello\r\n",
        "+5\r\nhello\r\n",
        "-5\r\n",
        " 5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "5_0\r\n",
        "5\nhello\r\n",
        "5\rhello\r\n",
        "5\r\r\nhello",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\rX",
        "5\r\nhelloX",
        "5\r\nhello\r\n\r\n0\r\n\r\n",
        "5;\r\nhello\r\n",
        "5;a\nhello\r\n",
        "5;a\r;\r\nhello\r\n",
        "5;a=\r\nhello\r\n",
        "5;a=\"x\r\n\"\r\nhello\r\n",
        "5;a=\"x\n\"\r\nhello\r\n",
        "5;a=\"x\\\r\"\r\n",
        "5;a b\r\n",
        "5;a=\"x\"y\r\n",
        "5;\x01\r\n",
        "8000000000000000\r\n",
        "ffffffffffffffff\r\n",
        "10000000000000005\r\nhello\r\n",
        "00000000000000005\r\nhello\r\n",
        "0\r\n\n",
        "0\r\n\rX",
        "0\r\nA: b\n\r\n",
        "0\r\nA : b\r\n\r\n",
        "0\r\n A: b\r\n\r\n",
        "0\r\nA: b\r\n c\r\n\r\n",
        "0\r\nA\r\n\r\n",
        "0\r\n: b\r\n\r\n",
        "0\r\nA: b\x01\r\n\r\n",
        "0\r\nContent-Length: 5\r\n\r\n",
        "0\r\ntransfer-encoding: chunked\r\n\r\n",
        "0\r\nHOST: a\r\n\r\n",
        "0\r\nAuthorization: a\r\n\r\n",
        "0\r\nContent-Encoding: a\r\n\r\n",
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int32_t got = read_text(texts[i]);

        if (got != -400)
            printf("\n  row %zu: %d: %s", i, (int)got, texts[i]);
        CU_ASSERT_EQUAL(got, -400);
        CU_ASSERT_EQUAL(feed("0\r\n\r\n", 5), -400); /* it stays refused */
    }
}

static void the_largest_size_is_taken(void)
{
    CU_ASSERT_EQUAL(read_text("7fffffffffffffff\r\n"), HTTP1_FEED_MORE);
    CU_ASSERT_EQUAL(c.left, INT64_MAX);
    CU_ASSERT_EQUAL(read_text("0000000000000001\r\nx\r\n0\r\n\r\n"), HTTP1_FEED_END);
}

/* `head`, then `n` times 'a', then `tail`. */
static size_t fill(char *out, const char *head, size_t n, const char *tail)
{
    size_t len = strlen(head);

    memcpy(out, head, len);
    memset(out + len, 'a', n);
    memcpy(out + len + n, tail, strlen(tail));
    return len + n + strlen(tail);
}

static void extensions_are_bounded_by_chunk_and_by_message(void)
{
    char text[2048];
    size_t len = fill(text, "1;", HTTP1_CHUNK_EXT_MAX - 2, "\r\nx\r\n"); /* ';' and CR count */
    int i;

    begin();
    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(feed(text, len), HTTP1_FEED_MORE);
    CU_ASSERT_EQUAL(feed("1;a\r\n", 5), -400);
    len = fill(text, "1;", HTTP1_CHUNK_EXT_MAX - 1, "\r\nx\r\n");
    begin();
    CU_ASSERT_EQUAL(feed(text, len), -400);
}

static void trailers_are_bounded_in_bytes_and_number(void)
{
    static char text[9000];
    size_t len = fill(text, "0\r\nA: ", HTTP1_TRAILER_BYTES_MAX - 7, "\r\n\r\n");
    int i;

    CU_ASSERT_EQUAL(read_every_way(text, len), HTTP1_FEED_END);
    len = fill(text, "0\r\nA: ", HTTP1_TRAILER_BYTES_MAX - 6, "\r\n\r\n");
    CU_ASSERT_EQUAL(read_every_way(text, len), -431);
    begin();
    CU_ASSERT_EQUAL(feed("0\r\n", 3), HTTP1_FEED_MORE);
    for (i = 0; i < (int)HTTP1_TRAILER_FIELDS_MAX; i++)
        CU_ASSERT_EQUAL(feed("A: b\r\n", 6), HTTP1_FEED_MORE);
    CU_ASSERT_EQUAL(feed("A: b\r\n", 6), -431);
}

static CU_TestInfo tests[] = {
    {"the_pieces_make_the_body_in_any_cut", the_pieces_make_the_body_in_any_cut},
    {"trailer_fields_are_kept", trailer_fields_are_kept},
    {"a_body_that_goes_on_is_no_end", a_body_that_goes_on_is_no_end},
    {"loose_framing_is_refused", loose_framing_is_refused},
    {"the_largest_size_is_taken", the_largest_size_is_taken},
    {"extensions_are_bounded_by_chunk_and_by_message",
     extensions_are_bounded_by_chunk_and_by_message},
    {"trailers_are_bounded_in_bytes_and_number", trailers_are_bounded_in_bytes_and_number},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"http1 chunked", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

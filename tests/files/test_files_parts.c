/* SPDX-License-Identifier: MIT
 *
 * Parts of a file and its codings: preconditions, ranges alone and in parts, slow peers, files compressed
 * beforehand.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/files/files_rig.h"
#include "tests/support/test_main.h"

static void preconditions_are_answered(void)
{
    char line[800], etag[300];
    const char *a;

    begin("\"cache_control\": \"no-cache\"");
    snprintf(etag, sizeof(etag), "%s", field(get("/a.txt"), "ETag"));
    snprintf(line, sizeof(line), "If-None-Match: \"x\"\r\nif-none-match: W/%s\r\n", etag);
    a = ask_with("GET", "/a.txt", line);
    CU_ASSERT_EQUAL(status_of(a), 304);
    CU_ASSERT_STRING_EQUAL(body_of(a), "");
    CU_ASSERT_STRING_EQUAL(field(a, "ETag"), etag);
    CU_ASSERT_STRING_EQUAL(field(a, "Cache-Control"), "no-cache");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Length"), "");
    CU_ASSERT_EQUAL(counter("files_not_modified"), 1);
    CU_ASSERT_EQUAL(status_of(ask_with("HEAD", "/a.txt", line)), 304);
    snprintf(line, sizeof(line), "If-Match: %s\r\nRange: bytes=1-2\r\nIf-Range: %s\r\n", etag,
             etag);
    a = ask_with("GET", "/a.txt", line);
    CU_ASSERT_EQUAL(status_of(a), 206);
    CU_ASSERT_STRING_EQUAL(body_of(a), "12");
    a = ask_with("GET", "/a.txt", "iF-mAtCh: \"x\"\r\n");
    CU_ASSERT_EQUAL(status_of(a), 412);
    a = ask_with("GET", "/a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n");
    CU_ASSERT_EQUAL(status_of(a), 412);
    a = ask_with("GET", "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    CU_ASSERT_EQUAL(status_of(a), 304);
    a = ask_with("GET", "/a.txt",
                 "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                 "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200); /* twice is not at all */
    a = ask_with("GET", "/a.txt", "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200);
    a = ask_with("GET", "/a.txt", "If-Range: \"x\"\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200);
    a = ask_with("GET", "/big.bin", "If-None-Match: *\r\n");
    CU_ASSERT_EQUAL(status_of(a), 304);
    finish();
}

/* The parts of a multipart answer of ranges of a sized file. */
static void check_parts(const char *a, const char *const *ranges, size_t count, size_t size)
{
    const char *boundary = strstr(field(a, "Content-Type"), "boundary=");
    const char *p = body_of(a);
    char want[300];
    size_t i;

    CU_ASSERT_EQUAL_FATAL(status_of(a), 206);
    CU_ASSERT_PTR_NOT_NULL_FATAL(boundary);
    CU_ASSERT_EQUAL((size_t)atoll(field(a, "Content-Length")), strlen(p));
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "");
    boundary += 9;
    for (i = 0; i < count; i++) {
        size_t first = strtoul(ranges[i], NULL, 10);
        size_t last = strtoul(strchr(ranges[i], '-') + 1, NULL, 10), k;

        snprintf(want, sizeof(want),
                 "%s--%s\r\nContent-Type: application/octet-stream\r\n"
                 "Content-Range: bytes %s/%zu\r\n\r\n",
                 i ? "\r\n" : "", boundary, ranges[i], size);
        CU_ASSERT_EQUAL_FATAL(strncmp(p, want, strlen(want)), 0);
        p += strlen(want);
        for (k = first; k <= last; k++)
            if (*p++ != byte_at(k))
                CU_FAIL_FATAL("another byte");
    }
    snprintf(want, sizeof(want), "\r\n--%s--\r\n", boundary);
    CU_ASSERT_STRING_EQUAL(p, want);
}

static void ranges_are_sent_alone_or_in_parts(void)
{
    static const char *const two[] = {"0-1", "100-299"};
    static const char *const three[] = {"4000-4999", "0-0", "10-20"};
    static const char *const far[] = {"0-9", "100000-250000", "307204-307204"};
    const char *a;
    int i;

    for (i = 0; i < 2; i++) {
        begin("");
        is_without_files = i;
        a = ask_with("GET", "/small.bin", "Range: bytes=1-3\r\n");
        CU_ASSERT_EQUAL(status_of(a), 206);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes 1-3/5000");
        CU_ASSERT_STRING_EQUAL(body_of(a), "bcd");
        check_parts(ask_with("GET", "/small.bin", "Range: bytes=0-1,100-299\r\n"), two, 2, SMALL);
        check_parts(ask_with("GET", "/small.bin", "Range: bytes=-1000,0-0,10-20\r\n"), three, 3,
                    SMALL);
        a = ask_with("GET", "/big.bin", "Range: bytes=250000-250002\r\n");
        CU_ASSERT_EQUAL(status_of(a), 206);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes 250000-250002/307205");
        CU_ASSERT_EQUAL(strlen(body_of(a)), 3);
        CU_ASSERT_EQUAL(body_of(a)[2], byte_at(250002));
        check_parts(ask_with("GET", "/big.bin", "Range: bytes=0-9,100000-250000,-1\r\n"), far, 3,
                    BIG);
        CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
        a = ask_with("GET", "/big.bin", "Range: bytes=307205-\r\n");
        CU_ASSERT_EQUAL(status_of(a), 416);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes */307205");
        a = ask_with("GET", "/none", "Range: bytes=0-\r\n");
        CU_ASSERT_EQUAL(status_of(a), 416);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes */0");
        a = ask_with("GET", "/a.txt", "Range: bytes=0-1\r\nRange: bytes=3-4\r\n");
        CU_ASSERT_EQUAL(status_of(a), 200);
        a = ask_with("GET", "/a.txt",
                     "Range: bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,0-0,1-1,2-2,3-3,4-4,5-5,"
                     "6-6\r\n");
        CU_ASSERT_EQUAL(status_of(a), 200); /* 17 are more than 16 */
        finish();
    }
}

static void a_slow_peer_gets_all_the_parts(void)
{
    static const char *const far[] = {"0-9", "100000-250000", "307204-307204"};
    static const char request[] = "GET /big.bin HTTP/1.1\r\nHost: a\r\n"
                                  "Range: bytes=0-9,100000-250000,-1\r\n\r\n";
    static char all[400000];
    size_t len = 0;
    int i, rounds;

    for (i = 0; i < 2; i++) {
        begin("");
        is_without_files = i;
        pair->far.capacity = 7000;
        len = 0;
        mem_stream_put(&pair->near, request, sizeof(request) - 1);
        fake_worker_run(&worker);
        for (rounds = 0; rounds < 1000 && mem_stream_written(&pair->near).len > 0; rounds++) {
            struct nave_bytes b = mem_stream_written(&pair->near);

            must(len + b.len < sizeof(all));
            memcpy(all + len, b.data, b.len);
            len += b.len;
            mem_stream_take(&pair->near, b.len);
            fake_worker_run(&worker);
        }
        all[len] = '\0';
        check_parts(all, far, 3, BIG);
        pair->far.capacity = 0;
        CU_ASSERT_STRING_EQUAL(body_of(get("/a.txt")), "0123456789");
        finish();
    }
}

static void a_file_beside_is_sent_to_those_who_take_its_coding(void)
{
    char etag[300], line[800];
    const char *a;

    begin("\"encodings\": [\"br\", \"gz\", \"zst\"]");
    a = ask_with("GET", "/sub/page.html", "Accept-Encoding: gzip, deflate\r\n");
    CU_ASSERT_STRING_EQUAL(body_of(a), "gzip");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Encoding"), "gzip");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "text/html; charset=utf-8");
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "Accept-Encoding");
    snprintf(etag, sizeof(etag), "%s", field(a, "ETag"));
    a = ask_with("GET", "/sub/page.html",
                 "Accept-Encoding: gzip;q=0.5\r\nAccept-Encoding: br;q=0.6\r\n");
    CU_ASSERT_STRING_EQUAL(body_of(a), "br");
    CU_ASSERT_STRING_NOT_EQUAL(field(a, "ETag"), etag);
    a = get("/sub/page.html");
    CU_ASSERT_STRING_EQUAL(body_of(a), "<p>page</p>");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Encoding"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "Accept-Encoding");
    CU_ASSERT_STRING_NOT_EQUAL(field(a, "ETag"), etag);
    snprintf(line, sizeof(line), "If-None-Match: %s\r\n",
             etag); /* of gzip, which is not asked for */
    CU_ASSERT_EQUAL(status_of(ask_with("GET", "/sub/page.html", line)), 200);
    snprintf(line, sizeof(line), "If-None-Match: %s\r\nAccept-Encoding: gzip\r\n", etag);
    a = ask_with("GET", "/sub/page.html", line);
    CU_ASSERT_EQUAL(status_of(a), 304);
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "Accept-Encoding");
    CU_ASSERT_STRING_EQUAL(field(get("/a.txt"), "Vary"), "");
    finish();
    begin(""); /* off */
    a = ask_with("GET", "/sub/page.html", "Accept-Encoding: gzip\r\n");
    CU_ASSERT_STRING_EQUAL(body_of(a), "<p>page</p>");
    finish();
}

static CU_TestInfo tests[] = {
    TEST(preconditions_are_answered),
    TEST(ranges_are_sent_alone_or_in_parts),
    TEST(a_slow_peer_gets_all_the_parts),
    TEST(a_file_beside_is_sent_to_those_who_take_its_coding),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"files: parts", tree_begin, tree_end, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

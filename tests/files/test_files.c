/* SPDX-License-Identifier: MIT
 *
 * What is answered: whole files, folders, listings, what may not be served, and options.
 */
#include <string.h>

#include "tests/files/files_rig.h"
#include "tests/support/test_main.h"

/* --- what is answered ------------------------------------------------------------------------- */

static void a_file_is_sent_with_all_that_tells_of_it(void)
{
    const char *a;

    begin("");
    a = get("/a.txt");
    CU_ASSERT_EQUAL(status_of(a), 200);
    CU_ASSERT_STRING_EQUAL(body_of(a), "0123456789");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "text/plain; charset=utf-8");
    CU_ASSERT_STRING_EQUAL(field(a, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
    CU_ASSERT_STRING_EQUAL(field(a, "Accept-Ranges"), "bytes");
    CU_ASSERT_STRING_EQUAL(field(a, "X-Content-Type-Options"), "nosniff");
    CU_ASSERT_EQUAL(field(a, "ETag")[0], '"');
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "");
    CU_ASSERT_STRING_EQUAL(body_of(get("/w/a.txt")), "0123456789");
    CU_ASSERT_STRING_EQUAL(body_of(get("/a%2Etxt?query")), "0123456789");
    a = get("/none");
    CU_ASSERT_EQUAL(status_of(a), 200);
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Length"), "0");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "application/octet-stream");
    CU_ASSERT(is_sized(body_of(get("/small.bin")), SMALL));
    CU_ASSERT(is_sized(body_of(get("/sixteen.bin")), 16384));
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    finish();
}

static void options_change_the_fields(void)
{
    const char *a;

    begin("\"nosniff\": false, \"etag\": \"off\", \"charset\": \"\", \"max_ranges\": 0, "
          "\"cache_control\": \"max-age=60\", \"types\": {\"TXT\": \"a/b\"}, "
          "\"default_type\": \"text/x\"");
    a = get("/a.txt");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "a/b");
    CU_ASSERT_STRING_EQUAL(field(a, "ETag"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "X-Content-Type-Options"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "Accept-Ranges"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "Cache-Control"), "max-age=60");
    CU_ASSERT_STRING_EQUAL(field(get("/none"), "Content-Type"), "text/x");
    a = ask_with("GET", "/a.txt", "Range: bytes=0-1\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200);
    finish();
}

static void folders_give_their_index_or_send_to_their_slash(void)
{
    const char *a;

    begin("\"index\": [\"nothing.html\", \"page.html\", \"index.html\"]");
    CU_ASSERT_STRING_EQUAL(body_of(get("/")), "<h1>index</h1>");
    CU_ASSERT_STRING_EQUAL(body_of(get("/w/")), "<h1>index</h1>");
    CU_ASSERT_STRING_EQUAL(body_of(get("/sub/")), "<p>page</p>");
    a = get("/sub?x=1");
    CU_ASSERT_EQUAL(status_of(a), 301);
    CU_ASSERT_STRING_EQUAL(field(a, "Location"), "/sub/?x=1");
    a = get("/w/sub");
    CU_ASSERT_STRING_EQUAL(field(a, "Location"), "/w/sub/");
    CU_ASSERT_EQUAL(status_of(get("/empty/")), 404);
    CU_ASSERT_EQUAL(status_of(get("/a.txt/")), 404);
    CU_ASSERT_EQUAL(status_of(get("/sub/index.html/")), 404);
    finish();
}

static void no_redirect_leads_to_another_host(void)
{
    static const char *const targets[] = {"//evil.test/..", "//evil.test/../sub",
                                          "/\\evil.test/../sub", "/x/..//sub"};
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(targets); i++) {
        const char *a = get(targets[i]);

        CU_ASSERT(status_of(a) != 301 || strncmp(field(a, "Location"), "/x/", 3) == 0);
        CU_ASSERT_NOT_EQUAL(status_of(a), -1);
        if (pair->near.is_closed)
            connect_peer();
    }
    finish();
}

static void what_may_not_be_served_is_as_if_not_there(void)
{
    static const char *const targets[] = {"/nothing",
                                          "/.hidden",
                                          "/w/.hidden",
                                          "/out",
                                          "/in",
                                          "/fifo",
                                          "/w/fifo",
                                          "/w//etc/passwd",
                                          "/w/../secret",
                                          "/w/..",
                                          "/w/.",
                                          "/w//",
                                          "/w/sub/../../secret",
                                          "/w/a%2ftxt",
                                          "/sub%2fpage.html",
                                          "/..%2fsecret",
                                          "/w/sub%5cpage.html",
                                          "/w/a.txt%00",
                                          "/sub/..%5c..%5csecret",
                                          "/a.txt/b"};
    const char *a;
    char target[3000];
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(targets); i++) {
        a = get(targets[i]);
        CU_ASSERT_EQUAL(status_of(a), 404);
        CU_ASSERT_PTR_NULL(strstr(body_of(a), "secret"));
        CU_ASSERT_PTR_NULL(strstr(body_of(a), "root:"));
    }
    CU_ASSERT_EQUAL(status_of(get("/bad%ff")), 400);
    CU_ASSERT_EQUAL(status_of(get("/a.txt%00")), 400);
    CU_ASSERT_EQUAL(status_of(get("/%c0%ae%c0%ae/secret")), 400);
    CU_ASSERT_EQUAL(status_of(get("/w/bad\xff")), 400); /* http1 takes ASCII only */
    connect_peer();
    target[0] = '/';
    memset(target + 1, 'x', sizeof(target) - 1);
    target[2500] = '\0';
    CU_ASSERT_EQUAL(status_of(get(target)), 404);
    target[250] = '/';
    target[255] = '\0';
    CU_ASSERT_EQUAL(status_of(get(target)), 404);
    CU_ASSERT_EQUAL(status_of(get("/../secret")), 404);
    CU_ASSERT_EQUAL(status_of(get("/../../../../../../etc/passwd")), 404);
    CU_ASSERT_EQUAL(status_of(ask_with("OPTIONS", "*", "")), 204);
    finish();
    begin("\"symlinks\": \"inside\", \"dotfiles\": \"serve\"");
    CU_ASSERT_STRING_EQUAL(body_of(get("/in")), "0123456789");
    CU_ASSERT_STRING_EQUAL(body_of(get("/.hidden")), "hidden");
    CU_ASSERT_EQUAL(status_of(get("/out")), 404);
    finish();
    begin("\"symlinks\": \"always\"");
    CU_ASSERT_STRING_EQUAL(body_of(get("/out")), "secret");
    CU_ASSERT_EQUAL(status_of(get("/../secret")), 404);
    finish();
}

static void other_methods_are_told_which_there_are(void)
{
    static const char *const methods[] = {"POST",    "PUT",   "DELETE", "PATCH",
                                          "OPTIONS", "TRACE", "BREW"};
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(methods); i++) {
        const char *a = ask_with(methods[i], "/a.txt", "");

        CU_ASSERT_EQUAL(status_of(a), 405);
        CU_ASSERT_STRING_EQUAL(field(a, "Allow"), "GET, HEAD");
    }
    finish();
}

static void head_says_what_get_would(void)
{
    static const char *const targets[] = {"/a.txt", "/small.bin", "/big.bin", "/none", "/nothing"};
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(targets); i++) {
        char want[2000];
        const char *a = get(targets[i]);

        snprintf(want, sizeof(want), "%.*s", (int)(body_of(a) - a), a);
        CU_ASSERT_STRING_EQUAL(ask_with("HEAD", targets[i], ""), want);
        /* a range is GET's alone: "RFC 9110 14.2" */
        CU_ASSERT_STRING_EQUAL(ask_with("HEAD", targets[i], "Range: bytes=0-0\r\n"), want);
    }
    finish();
}

static void a_listing_shows_what_would_be_served(void)
{
    const char *a;

    begin("\"listing\": true, \"index\": []");
    a = get("/");
    CU_ASSERT_EQUAL(status_of(a), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "href=\"./a.txt\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "href=\"./sub/\""));
    CU_ASSERT_PTR_NULL(strstr(a, "hidden"));
    CU_ASSERT_PTR_NULL(strstr(a, "fifo"));
    CU_ASSERT_PTR_NULL(strstr(a, "./out"));
    CU_ASSERT_PTR_NULL(strstr(a, "./in\""));
    CU_ASSERT_PTR_NULL(strstr(a, "bad"));
    CU_ASSERT_PTR_NOT_NULL(strstr(field(a, "Content-Security-Policy"), "default-src 'none'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(get("/empty/"), "./%3Cb%3E%26.txt\">&lt;b&gt;&amp;.txt</a>"));
    CU_ASSERT_STRING_EQUAL(body_of(ask_with("HEAD", "/", "")), "");
    finish();
    begin("\"listing\": true, \"listing_max\": 2, \"index\": [], \"symlinks\": \"inside\"");
    a = get("/");
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./empty/"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./sub/"));
    CU_ASSERT_PTR_NULL(strstr(a, "./a.txt"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, " more are not shown."));
    finish();
    begin("\"listing\": true, \"index\": [], \"symlinks\": \"inside\", \"dotfiles\": \"serve\"");
    a = get("/");
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./in\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./.hidden"));
    CU_ASSERT_PTR_NULL(strstr(a, "./out"));
    finish();
}

static void wrong_options_are_refused_where_they_stand(void)
{
    static const struct {
        const char *more, *want;
    } rows[] = {
        {"\"index\": [\"a/b\"]", "/index: index must be names of files"},
        {"\"index\": [\"\"]", "/index: index must be names"},
        {"\"index\": \"..\"", "/index: index must be names"},
        {"\"types\": {\"a\": \"b\"}", "/types: types are extensions"},
        {"\"types\": {\"a\": \"a/b\\n\"}", "/types: types are extensions"},
        {"\"default_type\": \"text\"", "/default_type: default_type must be"},
        {"\"charset\": \"a b\"", "/charset: charset must be"},
        {"\"cache_control\": \"a\\r\\nb\"", "/cache_control: cache_control must be"},
        {"\"encodings\": [\"gzip\"]", "/encodings: encodings are br, zst and gz"},
        {"\"encodings\": [\"gz\", \"gz\"]", "/encodings: encodings has \"gz\" twice"},
    };
    size_t i;

    begin("");
    drop_root();
    for (i = 0; i < NAVE_COUNT(rows); i++) {
        CU_ASSERT_EQUAL(make_root("root", rows[i].more), NAVE_ECONFIG);
        if (!strstr(refused, rows[i].want)) {
            fprintf(stderr, "%s: %s", rows[i].more, refused);
            CU_FAIL("another text");
        }
        drop_root();
    }
    CU_ASSERT_EQUAL(make_root("nothing", ""), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "/root: root must be a folder that can be opened"));
    drop_root();
    CU_ASSERT_EQUAL(make_root("secret", ""), NAVE_ECONFIG);
    drop_root();
    CU_ASSERT_EQUAL(make_root("root", ""), NAVE_OK);
    finish();
}

static CU_TestInfo tests[] = {
    TEST(a_file_is_sent_with_all_that_tells_of_it),
    TEST(options_change_the_fields),
    TEST(folders_give_their_index_or_send_to_their_slash),
    TEST(no_redirect_leads_to_another_host),
    TEST(what_may_not_be_served_is_as_if_not_there),
    TEST(other_methods_are_told_which_there_are),
    TEST(head_says_what_get_would),
    TEST(a_listing_shows_what_would_be_served),
    TEST(wrong_options_are_refused_where_they_stand),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"files: answers", tree_begin, tree_end, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

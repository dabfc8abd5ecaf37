/* SPDX-License-Identifier: MIT
 *
 * The small engines: codings, types, safe paths, the cache's lists, the page of a folder.
 */
#include "plugins/files/cache.h"
#include "plugins/files/encoding.h"
#include "plugins/files/listing.h"
#include "plugins/files/safe_path.h"
#include "plugins/files/type.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/fake_host.h"
#include "tests/support/test_main.h"

#define TEST(name)  \
    {               \
#        name, name \
    }

enum { AS_IS, BR, GZ, ZST };

/* --- codings --- */

static uint32_t choose(const char *text)
{
    static const uint8_t order[] = {BR, ZST, GZ};
    struct files_accept a;

    files_accept_init(&a);
    if (text)
        files_accept_read(&a, text, strlen(text));
    return files_accept_choose(&a, order, 3);
}

static void the_coding_that_is_liked_best_is_chosen(void)
{
    static const struct {
        const char *text;
        uint32_t want;
    } rows[] = {
        {NULL, AS_IS},
        {"", AS_IS},
        {"gzip", GZ},
        {"gzip, br", BR},
        {"br;q=0.5, gzip", GZ},
        {"br;q=0.5, gzip;q=0.501", GZ},
        {"GZIP", GZ},
        {"x-gzip", GZ},
        {"X-GZip;q=0.1", GZ},
        {"deflate", AS_IS},
        {"deflate, zstd", ZST},
        {"*", BR},
        {"*;q=0", AS_IS},
        {"br;q=0, *", ZST},
        {"br;q=0, zstd;q=0.0, gzip;q=0.00", AS_IS},
        {"br;q=0.000", AS_IS},
        {"br;q=0.001", BR},
        {"identity", AS_IS},
        {"identity, gzip", GZ},
        {"identity;q=0.5, gzip;q=0.4", AS_IS},
        {"identity;q=0.5, gzip;q=0.5", GZ},
        {"identity;q=0, gzip;q=0.1", GZ},
        {"identity;q=0", AS_IS}, /* nothing else is there */
        {"gzip;q=1.000", GZ},
        {" gzip ; q=0.7 , br ; Q=0.6", GZ},
        {",,gzip,,", GZ},
        /* an element that is not right says nothing */
        {"gzip;q=1.001", AS_IS},
        {"gzip;q=2", AS_IS},
        {"gzip;q=0.0001", AS_IS},
        {"gzip;q=", AS_IS},
        {"gzip;q=-1", AS_IS},
        {"gzip;q=0,5", AS_IS},
        {"gzip;level=9", AS_IS},
        {"gzip;q=0.5;x=1", AS_IS},
        {"gzip br", AS_IS},
        {"gzipx", AS_IS},
        {"gzi", AS_IS},
        {"x-br", AS_IS},
    };
    size_t i, len;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        if (choose(rows[i].text) != rows[i].want) {
            fprintf(stderr, "%s\n", rows[i].text ? rows[i].text : "(none)");
            CU_FAIL("another coding");
        }
        for (len = 0; rows[i].text && len < strlen(rows[i].text); len++) {
            char *copy = malloc(len ? len : 1);
            struct files_accept a;

            CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
            memcpy(copy, rows[i].text, len);
            files_accept_init(&a);
            files_accept_read(&a, copy, len);
            free(copy);
        }
    }
}

static void several_fields_add_up_and_names_are_found(void)
{
    static const uint8_t only_gz[] = {GZ};
    struct files_accept a;

    files_accept_init(&a);
    files_accept_read(&a, "br", 2);
    files_accept_read(&a, "gzip;q=0.2", 10);
    CU_ASSERT_EQUAL(files_accept_choose(&a, only_gz, 1), GZ);
    CU_ASSERT_EQUAL(files_accept_choose(&a, only_gz, 0), AS_IS);
    CU_ASSERT_EQUAL(files_coding_find("br", 2), BR);
    CU_ASSERT_EQUAL(files_coding_find("gz", 2), GZ);
    CU_ASSERT_EQUAL(files_coding_find("zst", 3), ZST);
    CU_ASSERT_EQUAL(files_coding_find("gzip", 4), 0);
    CU_ASSERT_EQUAL(files_coding_find("", 0), 0);
    CU_ASSERT_STRING_EQUAL(files_coding_suffix(ZST), ".zst");
    CU_ASSERT_STRING_EQUAL(files_coding_name(ZST), "zstd");
}

/* --- types --- */

static const char *type_of(const struct nave_pairs *own, const char *name)
{
    static char out[200];
    struct nave_str t =
        files_type_of(own, (struct nave_str)NAVE_STR_LIT("none/none"), name, strlen(name));

    snprintf(out, sizeof(out), "%.*s", (int)t.len, t.ptr);
    return out;
}

static void types_come_from_the_extension(void)
{
    static const struct nave_pair items[] = {
        {NAVE_STR_LIT("HTML"), NAVE_STR_LIT("own/html")},
        {NAVE_STR_LIT(".abc"), NAVE_STR_LIT("own/abc")},
    };
    struct nave_pairs none = {NULL, 0};
    struct nave_pairs own = {items, 2};

    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.html"), "text/html");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "A.HtMl"), "text/html");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.tar.gz"), "application/gzip");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.3gp"), "video/3gpp");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.zst"), "application/zstd");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.mjs"), "text/javascript");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.woff2"), "font/woff2");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a"), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a."), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, ""), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, ".html"), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "x.html/a"), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "x/.html"), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.htmlx"), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.ht"), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&none, "a.\xff\xff"), "none/none");
    CU_ASSERT_STRING_EQUAL(type_of(&own, "a.html"), "own/html");
    CU_ASSERT_STRING_EQUAL(type_of(&own, "a.ABC"), "own/abc");
    CU_ASSERT_STRING_EQUAL(type_of(&own, "a.css"), "text/css");
}

/* The search by halves wants the table in order: each extension finds itself. */
static void every_built_in_extension_is_found(void)
{
    static const char *const some[] = {"3gp",  "7z",   "aac", "bin", "c",    "css", "deb",  "gif",
                                       "gz",   "h",    "htm", "ico", "jpg",  "js",  "json", "log",
                                       "map",  "md",   "mp3", "mp4", "ogg",  "pdf", "png",  "py",
                                       "sh",   "svg",  "tar", "ts",  "ttf",  "txt", "wasm", "webm",
                                       "webp", "woff", "xml", "xz",  "yaml", "yml", "zip",  "zst"};
    size_t i;

    for (i = 0; i < NAVE_COUNT(some); i++)
        CU_ASSERT(files_type_builtin(some[i], strlen(some[i])).len > 0);
}

static void texts_are_told_from_others(void)
{
    static const char *const texts[] = {"text/html", "TEXT/plain", "application/xml",
                                        "application/javascript"};
    static const char *const others[] = {"image/png", "application/json",
                                         "text",      "text/html; charset=latin1",
                                         "",          "image/svg+xml"};
    size_t i;

    for (i = 0; i < NAVE_COUNT(texts); i++)
        CU_ASSERT(files_type_is_text((struct nave_str){texts[i], strlen(texts[i])}));
    for (i = 0; i < NAVE_COUNT(others); i++)
        CU_ASSERT(!files_type_is_text((struct nave_str){others[i], strlen(others[i])}));
}

/* --- paths --- */

static void only_plain_names_make_a_safe_path(void)
{
    static const char *const good[] = {"",       "a",    "a/",    "a/b",      "a/b/",
                                       "a b",    "a..b", "..a/b", "\xc3\xa4", "a:b",
                                       "%2e%2e", "~",    "-",     "a;b?c#d"};
    static const char *const dots[] = {".a", "a/.b", ".well-known/x", "..a", "..."};
    static const char *const bad[] = {"/",
                                      "//",
                                      "/a",
                                      "a//b",
                                      "a//",
                                      ".",
                                      "..",
                                      "a/.",
                                      "a/..",
                                      "a/../b",
                                      "./a",
                                      "../a",
                                      "a/./b",
                                      "a\\b",
                                      "..\\a",
                                      "a/\\",
                                      "a\nb",
                                      "a\x01",
                                      "\x7f",
                                      "\xff",
                                      "a\xc3",
                                      "\xc0\xae\xc0\xae/x",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80"};
    char name[FILES_PATH_MAX + 2];
    size_t i;

    for (i = 0; i < NAVE_COUNT(good); i++)
        CU_ASSERT_EQUAL(files_path_check(good[i], strlen(good[i]), 1), FILES_PATH_OK);
    for (i = 0; i < NAVE_COUNT(dots); i++) {
        CU_ASSERT_EQUAL(files_path_check(dots[i], strlen(dots[i]), 1), FILES_PATH_OK);
        CU_ASSERT_EQUAL(files_path_check(dots[i], strlen(dots[i]), 0), FILES_PATH_REFUSED);
    }
    for (i = 0; i < NAVE_COUNT(bad); i++)
        CU_ASSERT_EQUAL(files_path_check(bad[i], strlen(bad[i]), 1), FILES_PATH_REFUSED);
    CU_ASSERT_EQUAL(files_path_check("a\0b", 3, 1), FILES_PATH_REFUSED);
    memset(name, 'a', sizeof(name));
    CU_ASSERT_EQUAL(files_path_check(name, FILES_NAME_MAX, 1), FILES_PATH_OK);
    CU_ASSERT_EQUAL(files_path_check(name, FILES_NAME_MAX + 1, 1), FILES_PATH_REFUSED);
    for (i = 200; i < sizeof(name); i += 201)
        name[i] = '/';
    CU_ASSERT_EQUAL(files_path_check(name, FILES_PATH_MAX, 1), FILES_PATH_OK);
    CU_ASSERT_EQUAL(files_path_check(name, FILES_PATH_MAX + 1, 1), FILES_PATH_REFUSED);
}

/* "status:path" */
static const char *decode(const char *text)
{
    static char out[300];
    size_t len = strlen(text), n = 0;
    char *copy = malloc(len ? len : 1);
    char *room = malloc(len ? len : 1);
    int status;

    memcpy(copy, text, len);
    status = files_path_decode(copy, len, room, &n);
    snprintf(out, sizeof(out), "%d:%.*s", status, status ? 0 : (int)n, room);
    free(copy);
    free(room);
    return out;
}

static void a_target_is_split_then_cleared_of_dots_then_decoded_once(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"/", "0:"},
        {"/a", "0:a"},
        {"/a/", "0:a/"},
        {"/a/b.txt", "0:a/b.txt"},
        {"/a%20b", "0:a b"},
        {"/%61", "0:a"},
        {"/a/./b", "0:a/b"},
        {"/a/../b", "0:b"},
        {"/a/%2e%2E/b", "0:b"},
        {"/a/.%2e/b", "0:b"},
        {"/../../b", "0:b"},
        {"/..", "0:"},
        {"/a/..", "0:"},
        {"/a/b/..", "0:a/"},
        {"/a/.", "0:a/"},
        {"/a/%2e", "0:a/"},
        {"/...", "0:..."},
        {"/%252e%252e/x", "0:%2e%2e/x"}, /* once */
        {"/%C3%A4", "0:\xc3\xa4"},
        {"//a", "0:/a"}, /* files_path_check refuses it */
        {"/a%2fb", "404:"},
        {"/a%2Fb", "404:"},
        {"/..%2f..%2fetc", "404:"},
        {"/a%5cb", "404:"},
        {"/a%00b", "400:"},
        {"/%00", "400:"},
        {"/%", "400:"},
        {"/%4", "400:"},
        {"/%zz", "400:"},
        {"/a%4g", "400:"},
        {"/%ff", "400:"},
        {"/%c0%ae%c0%ae/x", "400:"},
        {"/%e0%80%ae", "400:"},
        {"/%ed%a0%80", "400:"},
        {"/a%C3/%A4", "400:"}, /* a character does not cross a slash */
        {"", "400:"},
        {"a", "400:"},
        {"*", "400:"},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        const char *got = decode(rows[i].text);

        if (strcmp(got, rows[i].want) != 0) {
            fprintf(stderr, "%s: %s, not %s\n", rows[i].text, got, rows[i].want);
            CU_FAIL("another path");
        }
    }
}

static void hidden_slashes_are_seen_and_redirects_stay_here(void)
{
    static const char *const may[] = {"/", "/a", "/a/b%20c", "/a//b", "/%2f"};
    static const char *const may_not[] = {
        "",     "a",     "//",         "//evil.test",      "/\\evil.test",
        "/a b", "/a\tb", "/a\xc3\xa4", "http://evil.test/"};
    size_t i;

    CU_ASSERT(files_path_hides("/a%2fb", 6));
    CU_ASSERT(files_path_hides("/a%5C", 5));
    CU_ASSERT(files_path_hides("%00", 3));
    CU_ASSERT(!files_path_hides("/a%20b%", 7));
    CU_ASSERT(!files_path_hides("/a%252f", 7));
    CU_ASSERT(files_path_hides("/%%2f", 5));
    for (i = 0; i < NAVE_COUNT(may); i++)
        CU_ASSERT(files_path_may_redirect(may[i], strlen(may[i])));
    for (i = 0; i < NAVE_COUNT(may_not); i++)
        CU_ASSERT(!files_path_may_redirect(may_not[i], strlen(may_not[i])));
}

/* --- the cache --- */

#define SLOTS 64

static struct files_slot slots[SLOTS];
static char keys[SLOTS][8];
static struct files_slot *buckets[16];
static struct files_cache cache;

static void cache_begin(void)
{
    memset(buckets, 0, sizeof(buckets));
    memset(slots, 0, sizeof(slots));
    files_cache_init(&cache, buckets, 16, 12345);
}

static struct files_slot *get(uint64_t root, const char *key)
{
    return files_cache_find(&cache, files_cache_hash(&cache, root, key, strlen(key)), root, key,
                            strlen(key));
}

static void put(unsigned i, uint64_t root, uint32_t cost)
{
    struct files_slot *s = &slots[i];

    snprintf(keys[i], sizeof(keys[i]), "k%u", i);
    s->key = keys[i];
    s->key_len = (uint32_t)strlen(keys[i]);
    s->root = root;
    s->cost = cost;
    s->hash = files_cache_hash(&cache, root, s->key, s->key_len);
    files_cache_add(&cache, s);
}

static void the_one_not_used_for_the_longest_time_goes_first(void)
{
    unsigned i;

    cache_begin();
    for (i = 0; i < SLOTS; i++)
        put(i, 1, 10);
    CU_ASSERT_EQUAL(cache.count, SLOTS);
    CU_ASSERT_EQUAL(cache.bytes, SLOTS * 10);
    CU_ASSERT_PTR_EQUAL(get(1, "k0"), &slots[0]); /* used: the newest now */
    CU_ASSERT_PTR_NULL(files_cache_excess(&cache, SLOTS, SLOTS * 10));
    CU_ASSERT_PTR_EQUAL(files_cache_excess(&cache, SLOTS - 1, SLOTS * 10), &slots[1]);
    CU_ASSERT_PTR_EQUAL(files_cache_excess(&cache, SLOTS, SLOTS * 10 - 1), &slots[1]);
    for (i = 1; i < SLOTS; i++) {
        struct files_slot *s = files_cache_excess(&cache, 1, 1000);

        CU_ASSERT_PTR_EQUAL_FATAL(s, &slots[i]);
        files_cache_remove(&cache, s);
        CU_ASSERT_PTR_NULL(get(1, keys[i]));
    }
    CU_ASSERT_PTR_NULL(files_cache_excess(&cache, 0, 0)); /* the newest stays */
    files_cache_remove(&cache, &slots[0]);
    CU_ASSERT_EQUAL(cache.count, 0);
    CU_ASSERT_EQUAL(cache.bytes, 0);
    CU_ASSERT_PTR_NULL(cache.newest);
    CU_ASSERT_PTR_NULL(cache.oldest);
}

static void the_same_path_below_two_roots_is_two(void)
{
    cache_begin();
    put(3, 1, 1);
    CU_ASSERT_PTR_EQUAL(get(1, "k3"), &slots[3]);
    CU_ASSERT_PTR_NULL(get(2, "k3"));
    CU_ASSERT_PTR_NULL(get(1, "k33"));
    CU_ASSERT_PTR_NULL(get(1, "k"));
    CU_ASSERT_PTR_NULL(get(1, ""));
    CU_ASSERT_EQUAL(files_cache_buckets(0), 16);
    CU_ASSERT_EQUAL(files_cache_buckets(17), 32);
    CU_ASSERT_EQUAL(files_cache_buckets(1024), 1024);
}

/* --- listings --- */

static struct files_name name_of(const char *text, uint32_t is_folder)
{
    struct files_name n = {.len = (uint32_t)strlen(text), .is_folder = is_folder, .size = 5};

    memcpy(n.name, text, n.len);
    return n;
}

static void a_listing_is_escaped_and_its_links_stay_below(void)
{
    struct files_name names[3];
    struct fake_host host;
    struct files_text page;

    fake_host_init(&host, 1);
    names[0] = name_of("<script>", 1);
    names[1] = name_of("javascript:alert(1)", 0);
    names[2] = name_of("\xc3\xa4 &\"'%", 0);
    page = (struct files_text){.host = &host.pub, .max = 100000};
    files_listing_write(&page, "a<b/", 4, names, 3, 7);
    CU_ASSERT_EQUAL_FATAL(page.has_failed, 0);
    files_listing_write(&page, "", 0, NULL, 0, 0); /* the root has no way up */
    page.data[page.len - 1] = '\0';
    CU_ASSERT_PTR_NOT_NULL(strstr(page.data, "<title>Index of /a&lt;b/</title>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page.data, "href=\"./%3Cscript%3E/\">&lt;script&gt;/</a>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page.data, "href=\"./javascript%3Aalert%281%29\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(page.data, "href=\"./%C3%A4%20%26%22%27%25\">"
                                             "\xc3\xa4 &amp;&quot;&#39;%</a></td><td>5</td>"));
    CU_ASSERT_PTR_NOT_NULL(strstr(page.data, "<p>7 more are not shown.</p>"));
    CU_ASSERT_PTR_EQUAL(strstr(strstr(page.data, "../") + 9, "href=\"../"), NULL);
    nave_host_free(&host.pub, page.data, page.room);
    page = (struct files_text){.host = &host.pub, .max = 200};
    files_listing_write(&page, "", 0, names, 3, 0);
    CU_ASSERT_EQUAL(page.has_failed, 1);
    nave_host_free(&host.pub, page.data, page.room);
    host.fail_after = 0;
    page = (struct files_text){.host = &host.pub, .max = 100000};
    files_listing_write(&page, "", 0, names, 3, 0);
    CU_ASSERT_EQUAL(page.has_failed, 1);
    nave_host_free(&host.pub, page.data, page.room);
    CU_ASSERT_EQUAL(fake_host_fini(&host), 0);
}

static void folders_come_first_then_names_by_bytes(void)
{
    struct files_name names[4];

    names[0] = name_of("b", 0);
    names[1] = name_of("z", 1);
    names[2] = name_of("a", 0);
    names[3] = name_of("Z", 0);
    qsort(names, 4, sizeof(names[0]), files_name_compare);
    CU_ASSERT_STRING_EQUAL(names[0].name, "z");
    CU_ASSERT_STRING_EQUAL(names[1].name, "Z");
    CU_ASSERT_STRING_EQUAL(names[2].name, "a");
    CU_ASSERT_STRING_EQUAL(names[3].name, "b");
}

static CU_TestInfo tests[] = {
    TEST(the_coding_that_is_liked_best_is_chosen),
    TEST(several_fields_add_up_and_names_are_found),
    TEST(types_come_from_the_extension),
    TEST(every_built_in_extension_is_found),
    TEST(texts_are_told_from_others),
    TEST(only_plain_names_make_a_safe_path),
    TEST(a_target_is_split_then_cleared_of_dots_then_decoded_once),
    TEST(hidden_slashes_are_seen_and_redirects_stay_here),
    TEST(the_one_not_used_for_the_longest_time_goes_first),
    TEST(the_same_path_below_two_roots_is_two),
    TEST(a_listing_is_escaped_and_its_links_stay_below),
    TEST(folders_come_first_then_names_by_bytes),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"names", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

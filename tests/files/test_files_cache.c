/* SPDX-License-Identifier: MIT
 *
 * What is remembered and for how long, and what happens when files, descriptors or memory go.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/files/files_rig.h"
#include "tests/support/test_main.h"

/* --- what is remembered ------------------------------------------------------------------------ */

static void what_is_known_is_used_for_as_long_as_was_said_and_no_longer(void)
{
    char etag[300];

    begin("");
    make("root/change.txt", "one");
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    snprintf(etag, sizeof(etag), "%s", field(get("/change.txt"), "ETag"));
    CU_ASSERT_EQUAL(counter("files_looks"), 1);
    CU_ASSERT_EQUAL(counter("files_hits"), 1);
    make("root/change.new", "two");
    must(rename(at("root/change.new"), at("root/change.txt")) == 0);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    advance(options.cache_valid - 1);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    CU_ASSERT_EQUAL(counter("files_looks"), 1);
    advance(1);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "two");
    CU_ASSERT_STRING_NOT_EQUAL(field(get("/change.txt"), "ETag"), etag);
    CU_ASSERT_EQUAL(counter("files_looks"), 2);
    CU_ASSERT_EQUAL(counter("files_kept"), 0);
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "two");
    CU_ASSERT_EQUAL(counter("files_kept"), 1);
    must(unlink(at("root/change.txt")) == 0);
    advance(options.cache_valid);
    CU_ASSERT_EQUAL(status_of(get("/change.txt")), 404);
    make("root/change.txt", "again");
    CU_ASSERT_EQUAL(status_of(get("/change.txt")), 404); /* also that it is not there is known */
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "again");
    must(unlink(at("root/change.txt")) == 0);
    finish();
}

static void nothing_is_used_twice_when_nothing_may_be(void)
{
    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    options.cache_valid = 0;
    begin_with("");
    make("root/change.txt", "one");
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    make("root/change.txt", "other");
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "other");
    must(unlink(at("root/change.txt")) == 0);
    CU_ASSERT_EQUAL(status_of(get("/change.txt")), 404);
    CU_ASSERT_EQUAL(counter("files_hits"), 0);
    finish();
}

/* The same size and the same time: only the bytes tell. */
static void a_file_that_has_just_changed_is_read_again(void)
{
    struct stat s;
    struct timespec t[2];

    begin("");
    make("root/young.txt", "one");
    must(stat(at("root/young.txt"), &s) == 0);
    t[0] = t[1] = s.st_mtim;
    worker.clock.wall_ns = (int64_t)s.st_mtim.tv_sec * NAVE_SEC + s.st_mtim.tv_nsec + NAVE_MSEC;
    CU_ASSERT_STRING_EQUAL(body_of(get("/young.txt")), "one");
    make("root/young.txt", "two");
    must(utimensat(AT_FDCWD, at("root/young.txt"), t, 0) == 0);
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/young.txt")), "two");
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/young.txt")), "two");
    CU_ASSERT_EQUAL(counter("files_kept"), 1);
    must(unlink(at("root/young.txt")) == 0);
    finish();
}

static void a_root_that_is_swapped_by_a_link_is_seen(void)
{
    begin("");
    drop_root();
    make("other/a.txt", "other");
    must(symlink("root", at("current")) == 0);
    CU_ASSERT_EQUAL_FATAL(make_root("current", ""), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(body_of(get("/a.txt")), "0123456789");
    must(symlink("other", at("next")) == 0);
    must(rename(at("next"), at("current")) == 0);
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/a.txt")), "other");
    must(unlink(at("current")) == 0);
    advance(options.cache_valid);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 404);
    finish();
}

static void the_cache_keeps_its_bounds(void)
{
    char target[40];
    int i;

    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    options.cache_entries = 3;
    begin_with("");
    for (i = 0; i < 50; i++) {
        snprintf(target, sizeof(target), "/nothing%d", i);
        CU_ASSERT_EQUAL(status_of(get(target)), 404);
        CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200); /* used all the time: it stays */
    }
    CU_ASSERT_EQUAL(counter("files_evicted"), 48);
    CU_ASSERT_EQUAL(counter("files_looks"), 51);
    finish();
    options.cache_entries = 1000;
    options.cache_memory = 40000;
    begin_with("");
    for (i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(status_of(get("/sixteen.bin")), 200);
        CU_ASSERT_EQUAL(status_of(get("/small.bin")), 200);
        CU_ASSERT_EQUAL(status_of(get("/index.html")), 200);
        CU_ASSERT(host.live_bytes < 500000);
    }
    finish();
    options.cache_memory = 1000; /* less than one file: the last one stays all the same */
    begin_with("");
    for (i = 0; i < 3; i++)
        CU_ASSERT(is_sized(body_of(get("/sixteen.bin")), 16384));
    CU_ASSERT_EQUAL(counter("files_looks"), 1);
    finish();
}

static void what_nobody_asks_for_is_forgotten_and_closed(void)
{
    int fd;

    begin("");
    fd = dup(0) + 1; /* the folder of the root takes the first that is free, and gives it back */
    close(fd - 1);
    CU_ASSERT_EQUAL(status_of(get("/big.bin")), 200);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT(fcntl(fd, F_GETFD) >= 0);
    advance(options.cache_idle * 3 / 2);
    connect_peer();                                 /* http1 has closed the one before, as idle */
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200); /* asked for in between: it stays */
    CU_ASSERT_EQUAL(counter("files_idle"), 0);
    advance(options.cache_idle / 2);
    CU_ASSERT_EQUAL(counter("files_idle"), 1);
    CU_ASSERT(fcntl(fd, F_GETFD) < 0);
    advance(3 * options.cache_idle);
    CU_ASSERT_EQUAL(counter("files_idle"), 2);
    CU_ASSERT_EQUAL(fake_worker_timers(&worker), !pair->near.is_closed); /* no sweep any more */
    finish();
}

/* --- what may go wrong -------------------------------------------------------------------------- */

static void descriptors_are_bounded_and_given_up_when_nobody_uses_them(void)
{
    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    options.max_descriptors = 1;
    begin_with("");
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    CU_ASSERT(is_sized(body_of(get("/big2.bin")), BIG)); /* the first one is closed for it */
    CU_ASSERT_EQUAL(counter("files_evicted"), 1);
    pair->far.capacity = 100;
    (void)get("/big3.bin"); /* under way, and stays */
    CU_ASSERT(!pair->near.is_closed);
    {
        struct mem_pair *slow = pair;

        pair = NULL;
        connect_peer();
        CU_ASSERT_EQUAL(status_of(get("/big.bin")), 503);
        CU_ASSERT_EQUAL(counter("files_busy"), 1);
        CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
        mem_stream_break(&slow->near, NAVE_ERESET);
        fake_worker_run(&worker);
        CU_ASSERT(slow->near.is_closed);
        mem_pair_free(slow);
    }
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    finish();
}

static void without_descriptors_what_is_known_is_still_served(void)
{
    struct rlimit before, none;
    int next;

    begin("");
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT_EQUAL(status_of(get("/big.bin")), 200); /* its descriptor is kept */
    must(getrlimit(RLIMIT_NOFILE, &before) == 0);
    next = dup(0);
    close(next);
    none = before;
    none.rlim_cur = (rlim_t)next;
    must(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT_EQUAL(status_of(get("/small.bin")), 503); /* it needs more than that one gives */
    advance(options.cache_valid);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 503); /* too old, and it cannot be looked at */
    must(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT_EQUAL(status_of(get("/small.bin")), 200);
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    finish();
}

static void a_file_that_shrinks_while_it_is_sent_cuts_the_connection(void)
{
    int i;

    for (i = 0; i < 2; i++) {
        begin("");
        is_without_files = i;
        make_sized("root/shrink.bin", BIG);
        pair->far.capacity = 20000;
        (void)get("/shrink.bin");
        must(truncate(at("root/shrink.bin"), 100) == 0);
        while (!pair->near.is_closed && mem_stream_written(&pair->near).len > 0) {
            mem_stream_take(&pair->near, SIZE_MAX);
            fake_worker_run(&worker);
        }
        CU_ASSERT(pair->near.is_closed);
        CU_ASSERT_EQUAL(pair->near.close_flags, NAVE_CLOSE_ABORT);
        must(unlink(at("root/shrink.bin")) == 0);
        finish();
    }
}

static void a_response_under_way_may_outlive_the_worker(void)
{
    begin("");
    pair->far.capacity = 1000;
    (void)get("/big.bin");
    CU_ASSERT(!pair->near.is_closed);
    finish(); /* files stops first, http1 then */
}

/* Each allocation fails once, then all from one on: the peer gets what is right, 503, or an end. */
static void no_allocation_that_fails_does_harm(void)
{
    static const char *const targets[] = {"/a.txt",   "/small.bin", "/big.bin", "/sub/",
                                          "/nothing", "/sub",       "/empty/"};
    uint32_t once;
    int64_t n;
    size_t i;

    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    must(fake_options_default(http1_plugin_entry_v1()->options(), &http1_options_in_use));
    for (once = 0; once < 2; once++) {
        for (n = 0; n < 70; n++) {
            nave_err err = begin_all("\"encodings\": \"gz\", \"listing\": true", n, once);

            if (err != NAVE_OK) {
                CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
                host.fail_after = -1;
                finish();
                continue;
            }
            for (i = 0; i < NAVE_COUNT(targets) * 2; i++) {
                const char *a;

                if (!pair || pair->near.is_closed) {
                    connect_peer();
                    if (pair->near.is_closed)
                        continue;
                }
                a = ask_with("GET", targets[i / 2], i % 2 ? "Range: bytes=0-1,4-5\r\n" : "");
                CU_ASSERT(pair->near.is_closed || status_of(a) >= 200);
                if (i / 2 == 0 && status_of(a) == 200)
                    CU_ASSERT_STRING_EQUAL(body_of(a), "0123456789");
                if (i == 4 && status_of(a) == 200)
                    CU_ASSERT(is_sized(body_of(a), BIG));
            }
            host.fail_after = -1;
            finish();
        }
    }
}

static CU_TestInfo tests[] = {
    TEST(what_is_known_is_used_for_as_long_as_was_said_and_no_longer),
    TEST(nothing_is_used_twice_when_nothing_may_be),
    TEST(a_file_that_has_just_changed_is_read_again),
    TEST(a_root_that_is_swapped_by_a_link_is_seen),
    TEST(the_cache_keeps_its_bounds),
    TEST(what_nobody_asks_for_is_forgotten_and_closed),
    TEST(descriptors_are_bounded_and_given_up_when_nobody_uses_them),
    TEST(without_descriptors_what_is_known_is_still_served),
    TEST(a_file_that_shrinks_while_it_is_sent_cuts_the_connection),
    TEST(a_response_under_way_may_outlive_the_worker),
    TEST(no_allocation_that_fails_does_harm),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"files: the cache", tree_begin, tree_end, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

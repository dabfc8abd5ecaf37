/* SPDX-License-Identifier: MIT
 *
 * The log: files that come, go and fail, and what cannot be opened.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include "log_rig.h"

/* --- files that come, go and fail ------------------------------------------------------------ */

static void a_file_that_was_moved_away_is_made_anew(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    char moved[160];

    snprintf(moved, sizeof(moved), "%s.1", path);
    open_log(&o);
    put("one");
    pump();
    CU_ASSERT_EQUAL(rename(path, moved), 0);
    put("two");
    pump();
    nv_log_reopen(it);
    put("three");
    pump();

    is_content("info  a: three\n");
    CU_ASSERT_STRING_EQUAL(content_of(moved), "info  a: one\ninfo  a: two\n");
    (void)unlink(moved);
}

static void a_file_that_cannot_be_opened_anew_stays(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    char moved[160];
    const char *got;

    snprintf(moved, sizeof(moved), "%s.1", path);
    open_log(&o);
    CU_ASSERT_EQUAL(rename(path, moved), 0);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    nv_log_reopen(it);
    put("still here");
    pump();
    CU_ASSERT_EQUAL(rmdir(path), 0);

    got = content_of(moved);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(got,
               "cannot be opened for the log: Is a directory; the log goes on where it was\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(got, "info  a: still here\n"));
    (void)unlink(moved);
}

/* The limit of file sizes stands for a full disk: a write stops in the middle of a line, then fails. */
static void a_full_disk_costs_no_line_and_is_told_when_it_is_over(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct rlimit before, tight;
    struct nv_log_wait w;
    int i;

    open_log(&o);
    CU_ASSERT_EQUAL(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 100;
    for (i = 0; i < 5; i++)
        put("0123456789");
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &tight), 0);
    w = nv_log_pump(it, 0);
    CU_ASSERT(w.is_failing && !w.is_idle && !w.wants_out);
    CU_ASSERT_EQUAL(w.until_ns, mono_ns + 100 * NAVE_MSEC);
    CU_ASSERT_EQUAL(nv_log_pump(it, 0).until_ns, w.until_ns); /* not yet tried again */
    mono_ns += 100 * NAVE_MSEC;
    w = nv_log_pump(it, 0);
    CU_ASSERT_EQUAL(w.until_ns, mono_ns + 200 * NAVE_MSEC);
    for (i = 0; i < 20; i++) {
        mono_ns = w.until_ns;
        w = nv_log_pump(it, 0);
    }
    CU_ASSERT_EQUAL(w.until_ns, mono_ns + 5 * NAVE_SEC); /* and not more seldom */
    put("meanwhile");
    CU_ASSERT_EQUAL(setrlimit(RLIMIT_FSIZE, &before), 0);
    mono_ns = w.until_ns;
    pump();

    CU_ASSERT_EQUAL(stats().breaks, 1);
    CU_ASSERT_EQUAL(stats().written, 7);
    is_content("info  a: 0123456789\ninfo  a: 0123456789\ninfo  a: 0123456789\n"
               "info  a: 0123456789\ninfo  a: 0123456789\n"
               "warn  nave: the log could not be written for 86.300 s: File too large\n"
               "info  a: meanwhile\n");
}

static void a_full_device_fails_for_ever_without_harm(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    int i;

    o.path = "/dev/full";
    open_log(&o);
    for (i = 0; i < 3000; i++)
        put("nobody will ever read this line, since its device is full");
    CU_ASSERT(nv_log_pump(it, 0).is_failing);
    CU_ASSERT(nv_log_pump(it, 1).is_failing);
    CU_ASSERT_EQUAL(stats().written, 0);
    CU_ASSERT(stats().dropped > 0);
}

static void a_reader_that_stands_still_stops_the_writer_alone(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    struct nv_log_wait w;
    uint32_t i, got;
    int reader;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    open_log(&o);
    for (i = 0; i < 20000; i++) { /* more than pipe, buffer and ring hold */
        put("a line for somebody who does not read");
        if (i % 64 == 0)
            w = nv_log_pump(it, 0);
    }
    w = nv_log_pump(it, 0);
    CU_ASSERT(w.wants_out && !w.is_failing && !w.is_idle);
    CU_ASSERT(stats().dropped > 5000);

    got = drain(reader);
    while (!nv_log_pump(it, 0).is_idle)
        got += drain(reader);
    got += drain(reader);
    CU_ASSERT_EQUAL(got, 20000 - stats().dropped + 1); /* and the line that says how many */
    CU_ASSERT_EQUAL(stats().written, got);
    (void)close(reader);
}

static void a_reader_that_goes_and_comes_again_gets_the_rest(void)
{
    struct nv_log_options o = options(NV_LOG_TO_FILE);
    int reader;

    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    reader = open_reader();
    open_log(&o);
    (void)close(reader);
    put("one");
    CU_ASSERT(nv_log_pump(it, 0).is_failing); /* EPIPE, and no signal */
    reader = open_reader();
    mono_ns += NAVE_SEC;
    pump();
    CU_ASSERT_EQUAL(drain(reader), 2);
    CU_ASSERT_EQUAL(stats().breaks, 1);
    (void)close(reader);
}

/* --- what cannot be opened ------------------------------------------------------------------- */

static void refused(enum nv_log_to to, const char *where, nave_err err, const char *end)
{
    struct nv_log_options o = options(to);

    o.path = where;
    it = (struct nv_log *)1;
    CU_ASSERT_EQUAL(nv_log_open(&o, &why, &it), err);
    CU_ASSERT_PTR_EQUAL(it, (struct nv_log *)1);
    it = NULL;
    CU_ASSERT_FATAL(strlen(why.text) >= strlen(end));
    CU_ASSERT_STRING_EQUAL(why.text + strlen(why.text) - strlen(end), end);
    if (strcmp(why.text + strlen(why.text) - strlen(end), end) != 0)
        printf("\n  got: %s", why.text);
}

static void what_cannot_be_opened_is_said_with_its_reason(void)
{
    refused(NV_LOG_TO_FILE, "/", NAVE_EIO,
            "file \"/\" cannot be opened for the log: Is a directory");
    refused(NV_LOG_TO_FILE, "/nowhere/at/all", NAVE_ENOTFOUND,
            "file \"/nowhere/at/all\" cannot be opened for the log: No such file or directory");
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    refused(NV_LOG_TO_FILE, path, NAVE_EIO, "it is a pipe or a device that nobody reads");
    refused(
        NV_LOG_TO_SYSLOG, "/nowhere/log", NAVE_ENOTFOUND,
        "syslog cannot be reached at \"/nowhere/log\": No such file or directory; does its daemon "
        "run?");
    refused(NV_LOG_TO_JOURNALD, path, NAVE_EREFUSED, "does its daemon run?");
}

static CU_TestInfo tests[] = {
    {"a_file_that_was_moved_away_is_made_anew", a_file_that_was_moved_away_is_made_anew},
    {"a_file_that_cannot_be_opened_anew_stays", a_file_that_cannot_be_opened_anew_stays},
    {"a_full_disk_costs_no_line_and_is_told_when_it_is_over",
     a_full_disk_costs_no_line_and_is_told_when_it_is_over},
    {"a_full_device_fails_for_ever_without_harm", a_full_device_fails_for_ever_without_harm},
    {"a_reader_that_stands_still_stops_the_writer_alone",
     a_reader_that_stands_still_stops_the_writer_alone},
    {"a_reader_that_goes_and_comes_again_gets_the_rest",
     a_reader_that_goes_and_comes_again_gets_the_rest},
    {"what_cannot_be_opened_is_said_with_its_reason",
     what_cannot_be_opened_is_said_with_its_reason},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"log files", suite_setup, suite_teardown, setup, teardown, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * The pages of nave top: two answers of a runtime make rates, columns stand under their heads whatever the
 * numbers and names, and nothing is wider or longer than the screen. An answer is not trusted.
 */
#define _GNU_SOURCE /* fmemopen, open_memstream */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "test_main.h"
#include "top_show.h"

static char page[1 << 16];

static int take(const char *text, struct cli_sample *out)
{
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    int status;

    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    status = cli_sample_read(out, in);
    fclose(in);
    return status;
}

/* The page of what passed between two answers; NULL: since the start. */
static void show(const char *before, const char *now, struct cli_screen screen)
{
    struct cli_sample a, b;
    FILE *out;

    memset(page, 0, sizeof(page));
    if (before)
        CU_ASSERT_EQUAL_FATAL(take(before, &a), 0);
    CU_ASSERT_EQUAL_FATAL(take(now, &b), 0);
    out = fmemopen(page, sizeof(page) - 1, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    cli_top_show(out, &screen, before ? &a : NULL, &b);
    fclose(out);
    if (before)
        cli_sample_free(&a);
    cli_sample_free(&b);
}

static const struct cli_screen any = {.rows = 0};

static int is_there(const char *text)
{
    if (strstr(page, text))
        return 1;
    printf("\n  missing: %s\n  in:\n%s", text, page);
    return 0;
}

static const char first[] =
    "nave version=1.2 pid=7 now_ns=10000000000 uptime_ns=60000000000 backend=epoll\n"
    "worker index=0 is_waiting=1 since_ns=9000000000 tasks=3 polls=1000 wakes_local=10 "
    "wakes_remote=5 stolen=0 io_events=7 timers_fired=2 jobs=1 inbox_jobs=1 wait_ns=1000000000 "
    "busy_ns=500000000 stalls=0\n"
    "times worker=0 of=poll_time sum_ns=1 max_ns=900 320:4 1024:1\n"
    "lane name=blocking queued=0 waiting=0 running=1 threads=2 threads_idle=1 threads_max=8 "
    "started=10 canceled=1 refused=0\n"
    "times lane=blocking of=queue_time sum_ns=9 max_ns=90000 81920:10\n"
    "lane name=dns queued=0 waiting=0 running=0 threads=0 threads_idle=0 threads_max=2 started=0 "
    "canceled=0 refused=0\n"
    "plugin id=http1 memory_bytes=1000 worker_bytes=24 descriptors=3 timers=0 tasks=3 holds=2 "
    "time_ns=1000000\n"
    "listener accepted=4 name=web 1\n"
    ".\n";
/* Two seconds later: one of them at work, so far 500 ms. */
static const char second[] =
    "nave version=1.2 pid=7 now_ns=12000000000 uptime_ns=62000000000 backend=epoll\n"
    "worker index=0 is_waiting=0 since_ns=11500000000 tasks=4 polls=41000 wakes_local=30 "
    "wakes_remote=5 stolen=2 io_events=7 timers_fired=6 jobs=1 inbox_jobs=1 wait_ns=2800000000 "
    "busy_ns=700000000 stalls=1\n"
    "times worker=0 of=poll_time sum_ns=1 max_ns=5000 320:4 1024:1 4096:99 5120:1\n"
    "lane name=blocking queued=2 waiting=3 running=2 threads=2 threads_idle=0 threads_max=8 "
    "started=30 canceled=1 refused=6\n"
    "times lane=blocking of=queue_time sum_ns=9 max_ns=4000000 81920:10 3670016:9\n"
    "lane name=dns queued=0 waiting=0 running=0 threads=0 threads_idle=0 threads_max=2 started=0 "
    "canceled=0 refused=0\n"
    "plugin id=http1 memory_bytes=1000 worker_bytes=24 descriptors=3 timers=0 tasks=3 holds=2 "
    "time_ns=501000000\n"
    "listener accepted=10 name=web 1\n"
    ".\n";

/* --- what passed ----------------------------------------------------------------------------- */

static void rates_are_of_what_passed_between_two_answers(void)
{
    show(first, second, any);
    CU_ASSERT_TRUE(
        is_there("nave 1.2, process 7, up 1m 2s, 1 worker with epoll, 4 tasks, 1 stall\n"));
    /* Worked 200 ms and 500 under way, of which nothing was there before; waited 1.8 s less the second that
     * was under way: 0.7 of 1.5 s. */
    CU_ASSERT_TRUE(is_there("\n     0  46.7%       4    20.0k       10      1.0        0      2.0"
                            "        0    4.1 us         -         -  stalled\n"));
    CU_ASSERT_TRUE(is_there("\nblocking                        2      0        2        5       10"
                            "       3.0          0     3.7 ms         -\n"));
    CU_ASSERT_TRUE(is_there("\nhttp1                      25.0%       3       2       3       0"
                            "     1.0 KiB\n"));
    CU_ASSERT_TRUE(is_there("\nweb 1                            10        3.0\n"));
}

static void the_first_page_is_since_the_start(void)
{
    show(NULL, first, any);
    CU_ASSERT_TRUE(is_there("\n     0  20.0%       3       17"));
    CU_ASSERT_TRUE(is_there("    900 ns         -         -\n")); /* no more than the longest */
    CU_ASSERT_TRUE(is_there("\nweb 1                             4        0.1\n"));
}

static void another_process_is_no_past(void)
{
    static char other[sizeof(second)];
    char *pid;

    memcpy(other, second, sizeof(second));
    pid = strstr(other, "pid=7");
    CU_ASSERT_PTR_NOT_NULL_FATAL(pid);
    pid[4] = '8';
    show(first, other, any);
    CU_ASSERT_TRUE(is_there("process 8"));
    CU_ASSERT_TRUE(is_there("\nweb 1                            10        0.2\n")); /* in 62 s */
    show(second, first, any); /* a clock that went back */
    CU_ASSERT_TRUE(is_there("\nweb 1                             4        0.1\n"));
}

static void without_a_call_no_lanes_are_shown(void)
{
    show(NULL,
         "nave version=1 pid=1 now_ns=1 uptime_ns=1 backend=epoll\nlane name=dns started=0\n.\n",
         any);
    CU_ASSERT_PTR_NULL(strstr(page, "BLOCKING"));
    CU_ASSERT_PTR_NULL(strstr(page, "LISTENER"));
}

/* --- the page -------------------------------------------------------------------------------- */

static size_t width_of(const char *line)
{
    size_t width = 0;

    for (; *line && *line != '\n' && *line != '\033'; line++)
        width += ((unsigned char)*line & 0xc0) != 0x80;
    return width;
}

/* Each line behind `head` up to an empty one is as long as it. */
static int is_table(const char *head)
{
    const char *at = strstr(page, head);
    size_t width;

    if (!at)
        return 0;
    width = width_of(at);
    for (at = strchr(at, '\n'); at && at[1] && at[1] != '\n'; at = strchr(at + 1, '\n'))
        if (width_of(at + 1) != width) {
            printf("\n  not under its head: %.*s", (int)strcspn(at + 1, "\n"), at + 1);
            return 0;
        }
    return 1;
}

static void columns_stand_under_their_heads_whatever_the_numbers(void)
{
    static const char *const numbers[] = {
        "0", "9", "9999", "10000", "99999", "9999999", "18446744073709551615"};
    static const char *const names[] = {"a", "h\303\244user", "a.name.of.twenty.four.ch",
                                        "a.name.of.twenty.five.cha",
                                        "ein.sehr.langer.n\303\244me.mit.\303\274"};
    char text[8192];
    size_t i, k;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const char *n = numbers[i];
        int len = snprintf(text, sizeof(text),
                           "nave version=1 pid=1 now_ns=%s uptime_ns=1000000000 backend=epoll\n"
                           "worker index=0 tasks=%s polls=%s wakes_local=%s stolen=%s io_events=%s "
                           "timers_fired=%s jobs=%s\n"
                           "times worker=0 of=poll_time max_ns=%s %s:7\n",
                           n, n, n, n, n, n, n, n, n, n);

        for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
            len +=
                snprintf(text + len, sizeof(text) - (size_t)len,
                         "lane name=%.20s queued=%s running=%s threads=%s started=%s refused=%s\n"
                         "plugin id=%s memory_bytes=%s descriptors=%s timers=%s tasks=%s holds=%s\n"
                         "listener accepted=%s name=%s\n",
                         names[k], n, n, n, n[0] == '0' ? "1" : n, n, names[k], n, n, n, n, n, n,
                         names[k]);
        snprintf(text + len, sizeof(text) - (size_t)len, ".\n");
        show(NULL, text, any);
        CU_ASSERT_TRUE(is_table("WORKER "));
        CU_ASSERT_TRUE(is_table("BLOCKING "));
        CU_ASSERT_TRUE(is_table("PLUGIN "));
        CU_ASSERT_TRUE(is_table("LISTENER "));
        CU_ASSERT_TRUE(is_there("\na.name.of.twenty.four.ch "));
        CU_ASSERT_TRUE(is_there("\na.name.of.twenty.five.c~ "));
    }
}

static void no_line_is_wider_and_no_page_longer_than_the_screen(void)
{
    struct cli_screen screen = {.is_terminal = 1};
    char text[1024];

    snprintf(text, sizeof(text), "%.*splugin id=\303\244\303\244\303\244\303\244\303\244\n.\n",
             (int)(strlen(second) - 2), second);
    for (screen.columns = 1; screen.columns < 140; screen.columns++)
        for (screen.rows = 2; screen.rows < 20; screen.rows++) {
            unsigned lines = 0;
            const char *at;

            show(first, text, screen);
            for (at = page; *at; at = strchr(at, '\n') + 1) {
                const char *end = strstr(at, "\033[K\n");

                CU_ASSERT_TRUE(width_of(at) <= screen.columns);
                CU_ASSERT_PTR_NOT_NULL_FATAL(end);
                /* Never in the middle of a character: the last byte of one of two. */
                CU_ASSERT_TRUE(end == at || (unsigned char)end[-1] < 0xc0);
                lines++;
            }
            CU_ASSERT_TRUE(lines < screen.rows);
        }
}

/* --- the answer ------------------------------------------------------------------------------ */

static void an_answer_that_is_none_is_told(void)
{
    struct cli_sample s;

    CU_ASSERT_NOT_EQUAL(take("error: too many ask at once; try again\n", &s), 0);
    CU_ASSERT_STRING_EQUAL(s.error, "too many ask at once; try again");
    cli_sample_free(&s);
    CU_ASSERT_NOT_EQUAL(take("nave version=1\nworker index=0\n", &s), 0); /* no dot */
    CU_ASSERT_STRING_EQUAL(s.error, "the runtime did not answer, or not to the end");
    cli_sample_free(&s);
}

static void what_is_strange_in_an_answer_harms_nobody(void)
{
    static const char *const lines[] = {
        "times worker=9 of=poll_time 1:1",
        "times worker=0 of=poll_time max_ns=x 1:",
        "times worker=18446744073709551615 of=poll_time 1:1",
        "times lane=none of=run_time 1:1",
        "times of=poll_time",
        "times",
        "worker",
        "worker index=99999999999999999999999 polls=-1",
        "plugin id=",
        "lane name=",
        "listener",
        "listener accepted=1",
        "nave version= pid= now_ns=",
        "news of=tomorrow",
        "",
    };
    char text[4096];
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        snprintf(text, sizeof(text), "nave version=1 pid=1\nworker index=0\n%s\n.\n", lines[i]);
        show(NULL, text, any);
        CU_ASSERT_TRUE(is_there("WORKER"));
    }
}

#define TEST(name)  \
    {               \
#        name, name \
    }
static CU_TestInfo passed_tests[] = {
    TEST(rates_are_of_what_passed_between_two_answers),
    TEST(the_first_page_is_since_the_start),
    TEST(another_process_is_no_past),
    TEST(without_a_call_no_lanes_are_shown),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo page_tests[] = {
    TEST(columns_stand_under_their_heads_whatever_the_numbers),
    TEST(no_line_is_wider_and_no_page_longer_than_the_screen),
    CU_TEST_INFO_NULL,
};
static CU_TestInfo answer_tests[] = {
    TEST(an_answer_that_is_none_is_told),
    TEST(what_is_strange_in_an_answer_harms_nobody),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"passed", NULL, NULL, NULL, NULL, passed_tests},
    {"page", NULL, NULL, NULL, NULL, page_tests},
    {"answer", NULL, NULL, NULL, NULL, answer_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

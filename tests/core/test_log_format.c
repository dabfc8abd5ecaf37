/* SPDX-License-Identifier: MIT
 *
 * Lines as bytes: what each form looks like to the letter, and that nothing a peer writes into a text
 * can end a line, steer a terminal or leave its field.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nave/host.h>

#include "test_main.h"

#include "log/log_format.h"

/* 2026-11-26T23:01:29.123Z */
#define WALL_NS (INT64_C(1795734089) * NAVE_SEC + 123456789)

static char out[NV_LOG_LINE_MAX + 1];

static struct nave_str str(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

static struct nv_log_line line_of(uint32_t level, const char *plugin, const char *text)
{
    struct nv_log_line l = {.r = {.size = sizeof(l.r), .level = level}, .wall_ns = WALL_NS};

    l.r.plugin = str(plugin);
    l.r.file = l.r.pointer = str("");
    l.r.text = str(text);
    return l;
}

static struct nv_log_line placed_line(void)
{
    struct nv_log_line l = line_of(NAVE_LOG_ERROR, "http1", "too large");

    l.r.code = NAVE_ECONFIG;
    l.r.file = str("/etc/n.json");
    l.r.line = 3;
    l.r.column = 9;
    l.r.pointer = str("/plugins/http1");
    return l;
}

static void is_text(const struct nv_log_line *l, const char *expected)
{
    out[nv_log_format_text(l, "nave", out)] = '\0';
    CU_ASSERT_STRING_EQUAL(out, expected);
    if (strcmp(out, expected) != 0)
        printf("\n  got: %s", out);
}

static void is_json(const struct nv_log_line *l, const char *expected)
{
    out[nv_log_format_json(l, "nave", out)] = '\0';
    CU_ASSERT_STRING_EQUAL(out, expected);
    if (strcmp(out, expected) != 0)
        printf("\n  got: %s", out);
}

static void a_line_of_text_has_time_level_plugin_and_message(void)
{
    static const char *const words[] = {"error", "warn ", "info ", "debug"};
    char expected[96];
    uint32_t level;

    for (level = 0; level < 4; level++) {
        struct nv_log_line l = line_of(level, "http1", "it \"works\"");

        snprintf(expected, sizeof(expected), "2026-11-26T23:01:29.123Z %s http1: it \"works\"\n",
                 words[level]);
        is_text(&l, expected);
    }
}

static void a_line_without_plugin_has_the_name_of_the_program(void)
{
    struct nv_log_line l = line_of(NAVE_LOG_INFO, "", "up");

    is_text(&l, "2026-11-26T23:01:29.123Z info  nave: up\n");
}

static void a_place_stands_before_the_message(void)
{
    struct nv_log_line l = placed_line();

    is_text(&l,
            "2026-11-26T23:01:29.123Z error http1: /etc/n.json:3:9: /plugins/http1: too large\n");
    l.r.column = 0;
    l.r.pointer = str("");
    is_text(&l, "2026-11-26T23:01:29.123Z error http1: /etc/n.json:3: too large\n");
}

static void a_line_of_json_leaves_out_what_is_empty(void)
{
    struct nv_log_line l = line_of(NAVE_LOG_WARN, "", "up");

    is_json(&l, "{\"ts\":\"2026-11-26T23:01:29.123Z\",\"level\":\"warn\",\"msg\":\"up\"}\n");
    l = placed_line();
    is_json(&l, "{\"ts\":\"2026-11-26T23:01:29.123Z\",\"level\":\"error\",\"plugin\":\"http1\","
                "\"code\":\"NAVE_ECONFIG\",\"file\":\"/etc/n.json\",\"line\":3,\"column\":9,"
                "\"pointer\":\"/plugins/http1\",\"msg\":\"too large\"}\n");
}

static void what_steers_is_escaped_in_every_form(void)
{
    static const struct {
        const char *raw;
        const char *text;
        const char *json;
    } rows[] = {
        {"a\nb", "a\\nb", "a\\nb"},
        {"a\r\tb", "a\\r\\tb", "a\\r\\tb"},
        {"a\bb\fc", "a\\x08b\\x0cc", "a\\bb\\fc"},
        {"\x1b[2J", "\\x1b[2J", "\\u001b[2J"},
        {"\x01\x1f\x7f", "\\x01\\x1f\\x7f", "\\u0001\\u001f\\u007f"},
        {"back\\slash", "back\\\\slash", "back\\\\slash"},
        {"\"quoted\"", "\"quoted\"", "\\\"quoted\\\""},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9"},
        {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
        {"\xc2\x85\xc2\x9b", "\\u0085\\u009b", "\\u0085\\u009b"},
        {"\xe2\x80\xa8\xe2\x80\xae", "\\u2028\\u202e", "\\u2028\\u202e"},
        {"\xe2\x81\xa6\xef\xbb\xbf", "\\u2066\\ufeff", "\\u2066\\ufeff"},
        {"\xff"
         "a",
         "\\xffa",
         "\xef\xbf\xbd"
         "a"},
        {"\xc3", "\\xc3", "\xef\xbf\xbd"},                      /* cut off    */
        {"\xc0\xaf", "\\xc0\\xaf", "\xef\xbf\xbd\xef\xbf\xbd"}, /* overlong   */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    char expected[256];
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        struct nv_log_line l = line_of(NAVE_LOG_INFO, "a", rows[i].raw);

        snprintf(expected, sizeof(expected), "2026-11-26T23:01:29.123Z info  a: %s\n",
                 rows[i].text);
        is_text(&l, expected);
        snprintf(expected, sizeof(expected),
                 "{\"ts\":\"2026-11-26T23:01:29.123Z\",\"level\":\"info\",\"plugin\":\"a\","
                 "\"msg\":\"%s\"}\n",
                 rows[i].json);
        is_json(&l, expected);
        out[nv_log_format_plain(&l, out)] = '\0';
        snprintf(expected, sizeof(expected), "a: %s", rows[i].text);
        CU_ASSERT_STRING_EQUAL(out, expected);
    }
}

static void no_byte_at_all_ends_a_line(void)
{
    unsigned c, d;

    for (c = 0; c < 256; c++)
        for (d = 0; d < 256; d += c < 0xc0 ? 51 : 1) {
            char raw[3] = {(char)c, (char)d, 'x'};
            struct nv_log_line l = line_of(NAVE_LOG_INFO, "a", "");
            size_t n, i, wrong = 0;

            l.r.text = l.r.file = l.r.pointer = l.r.plugin = (struct nave_str){raw, sizeof(raw)};
            n = nv_log_format_text(&l, "nave", out);
            for (i = 0; i + 1 < n; i++)
                wrong += (unsigned char)out[i] < 0x20 || out[i] == 0x7f;
            n = nv_log_format_json(&l, "nave", out);
            for (i = 0; i + 1 < n; i++)
                wrong += (unsigned char)out[i] < 0x20 || out[i] == 0x7f;
            n = nv_log_format_plain(&l, out);
            for (i = 0; i < n; i++)
                wrong += (unsigned char)out[i] < 0x20 || out[i] == 0x7f;
            CU_ASSERT_EQUAL_FATAL(wrong, 0);
        }
}

static void a_text_that_was_cut_says_so(void)
{
    struct nv_log_line l = line_of(NAVE_LOG_INFO, "a", "long");

    l.is_cut = 1;
    is_text(&l, "2026-11-26T23:01:29.123Z info  a: long [cut]\n");
}

static void the_worst_line_fits_the_buffer_in_every_form(void)
{
    struct nv_log_line l = line_of(NAVE_LOG_ERROR, "", "");
    char *worst = malloc(NV_LOG_TEXT_MAX);
    char name[NV_LOG_ID_MAX + 1];

    CU_ASSERT_PTR_NOT_NULL_FATAL(worst);
    memset(worst, 1, NV_LOG_TEXT_MAX); /* six bytes each in JSON */
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    l.r.text = (struct nave_str){worst, NV_LOG_TEXT_MAX};
    l.r.file = l.r.pointer = (struct nave_str){worst, NV_LOG_PLACE_MAX};
    l.r.plugin = (struct nave_str){worst, NV_LOG_ID_MAX};
    l.r.line = l.r.column = UINT32_MAX;
    l.r.code = NAVE_EADDRNOTAVAIL;
    l.is_cut = 1;
    CU_ASSERT(nv_log_format_text(&l, name, out) <= NV_LOG_LINE_MAX);
    CU_ASSERT(nv_log_format_json(&l, name, out) <= NV_LOG_LINE_MAX);
    CU_ASSERT(nv_log_format_journal(&l, name, out) <= NV_LOG_LINE_MAX);
    CU_ASSERT(nv_log_format_syslog_head(&l, name, UINT32_MAX, out) < 512);
    CU_ASSERT(512 + nv_log_format_json(&l, name, out) <= NV_LOG_LINE_MAX);
    free(worst);
}

static void times_beyond_reason_are_shown_as_such(void)
{
    struct nv_log_line l = line_of(NAVE_LOG_INFO, "a", "x");

    l.wall_ns = -1;
    is_text(&l, "0000-00-00T00:00:00.000Z info  a: x\n");
    l.wall_ns = 0;
    is_text(&l, "1970-01-01T00:00:00.000Z info  a: x\n");
    l.wall_ns = INT64_MAX;
    is_text(&l, "2262-04-11T23:47:16.854Z info  a: x\n");
}

static void syslog_gets_priority_local_time_and_tag(void)
{
    static const char *const priorities[] = {"<27>", "<28>", "<30>", "<31>"};
    struct nv_log_line l = line_of(0, "a", "x");
    char expected[64];
    uint32_t level;

    setenv("TZ", "UTC-1", 1);
    tzset();
    for (level = 0; level < 4; level++) {
        l.r.level = level;
        out[nv_log_format_syslog_head(&l, "my.app", 42, out)] = '\0';
        snprintf(expected, sizeof(expected), "%sNov 27 00:01:29 my.app[42]: ", priorities[level]);
        CU_ASSERT_STRING_EQUAL(out, expected);
    }
    l.wall_ns -= 20 * 24 * 3600 * NAVE_SEC;
    out[nv_log_format_syslog_head(&l, "my.app", 42, out)] = '\0';
    CU_ASSERT_STRING_EQUAL(out, "<31>Nov  7 00:01:29 my.app[42]: ");
}

static void the_journal_gets_fields(void)
{
    struct nv_log_line l = placed_line();

    out[nv_log_format_journal(&l, "app", out)] = '\0';
    CU_ASSERT_STRING_EQUAL(
        out, "MESSAGE=http1: /etc/n.json:3:9: /plugins/http1: too large\nPRIORITY=3\n"
             "SYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=app\nNAVE_PLUGIN=http1\nNAVE_CODE=NAVE_ECONFIG\n"
             "NAVE_FILE=/etc/n.json\nNAVE_LINE=3\nNAVE_COLUMN=9\nNAVE_POINTER=/plugins/http1\n");
    l = line_of(NAVE_LOG_DEBUG, "", "up");
    out[nv_log_format_journal(&l, "app", out)] = '\0';
    CU_ASSERT_STRING_EQUAL(out,
                           "MESSAGE=up\nPRIORITY=7\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=app\n");
}

/* The end of a field cannot be forged: a value with a line break is told with its length. */
static void a_line_break_stays_inside_of_its_field_of_the_journal(void)
{
    static const char expected[] = "MESSAGE\n\x0c\0\0\0\0\0\0\0a\nPRIORITY=0\nPRIORITY=6\n";
    struct nv_log_line l = line_of(NAVE_LOG_INFO, "", "a\nPRIORITY=0");
    size_t n = nv_log_format_journal(&l, "app", out);

    CU_ASSERT_FATAL(n > sizeof(expected) - 1);
    CU_ASSERT_EQUAL(memcmp(out, expected, sizeof(expected) - 1), 0);
}

static CU_TestInfo tests[] = {
    {"a_line_of_text_has_time_level_plugin_and_message",
     a_line_of_text_has_time_level_plugin_and_message},
    {"a_line_without_plugin_has_the_name_of_the_program",
     a_line_without_plugin_has_the_name_of_the_program},
    {"a_place_stands_before_the_message", a_place_stands_before_the_message},
    {"a_line_of_json_leaves_out_what_is_empty", a_line_of_json_leaves_out_what_is_empty},
    {"what_steers_is_escaped_in_every_form", what_steers_is_escaped_in_every_form},
    {"no_byte_at_all_ends_a_line", no_byte_at_all_ends_a_line},
    {"a_text_that_was_cut_says_so", a_text_that_was_cut_says_so},
    {"the_worst_line_fits_the_buffer_in_every_form", the_worst_line_fits_the_buffer_in_every_form},
    {"times_beyond_reason_are_shown_as_such", times_beyond_reason_are_shown_as_such},
    {"syslog_gets_priority_local_time_and_tag", syslog_gets_priority_local_time_and_tag},
    {"the_journal_gets_fields", the_journal_gets_fields},
    {"a_line_break_stays_inside_of_its_field_of_the_journal",
     a_line_break_stays_inside_of_its_field_of_the_journal},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"lines of the log", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

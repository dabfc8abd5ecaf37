/* SPDX-License-Identifier: MIT
 *
 * Dates and preconditions: every row of "RFC 9110 13.2.2", lists of tags, texts that are cut anywhere.
 */
#include "plugins/files/conditional.h"
#include "plugins/files/date.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/test_main.h"

#define TEST(name)  \
    {               \
#        name, name \
    }

#define SUNDAY 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW    1700000000

static int64_t parsed(const char *text)
{
    int64_t s = -77;

    return files_date_parse(text, strlen(text), NOW, &s) ? s : -77;
}

static void the_three_forms_of_a_date_say_the_same(void)
{
    CU_ASSERT_EQUAL(parsed("Sun, 06 Nov 1994 08:49:37 GMT"), SUNDAY);
    CU_ASSERT_EQUAL(parsed("Sunday, 06-Nov-94 08:49:37 GMT"), SUNDAY);
    CU_ASSERT_EQUAL(parsed("Sun Nov  6 08:49:37 1994"), SUNDAY);
    CU_ASSERT_EQUAL(parsed("Sun Nov 06 08:49:37 1994"), SUNDAY);
    CU_ASSERT_EQUAL(parsed("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    CU_ASSERT_EQUAL(parsed("Tue, 29 Feb 2000 23:59:60 GMT"), 951868799);
    CU_ASSERT_EQUAL(parsed("Fri, 31 Dec 9999 23:59:59 GMT"), INT64_C(253402300799));
}

static void a_year_of_two_digits_is_at_most_fifty_years_ahead(void)
{
    CU_ASSERT_EQUAL(parsed("Sunday, 06-Nov-70 08:49:37 GMT"), INT64_C(3182489377)); /* 2070 */
    CU_ASSERT_EQUAL(parsed("Sunday, 06-Nov-75 08:49:37 GMT"), 184495777);           /* 1975 */
    CU_ASSERT_EQUAL(parsed("Sunday, 06-Nov-00 08:49:37 GMT"), 973500577);
}

static void what_is_no_date_is_refused(void)
{
    static const char *const bad[] = {
        "",
        "Sun",
        "Sun,",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMTx",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 1900 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Monday, 06-Nov-94 08:49:37 PST",
        "Sun Nov  x 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "784111777",
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(bad); i++)
        CU_ASSERT_EQUAL(parsed(bad[i]), -77);
}

static void every_day_of_four_centuries_is_written_and_read_back(void)
{
    char text[FILES_DATE_LEN];
    int64_t day, back = 0;

    for (day = 0; day < 146097 + 366; day++) {
        int64_t at = day * 86400 + day * 7919 % 86400;
        time_t t = (time_t)at;
        char want[40];
        struct tm tm;

        files_date_write(text, at);
        gmtime_r(&t, &tm);
        strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        if (memcmp(text, want, FILES_DATE_LEN) != 0 ||
            !files_date_parse(text, FILES_DATE_LEN, NOW, &back) || back != at)
            CU_FAIL_FATAL(want);
    }
    files_date_write(text, INT64_MAX);
    CU_ASSERT_EQUAL(memcmp(text, "Fri, 31 Dec 9999 23:59:59 GMT", FILES_DATE_LEN), 0);
    files_date_write(text, -1);
    CU_ASSERT_EQUAL(memcmp(text, "Thu, 01 Jan 1970 00:00:00 GMT", FILES_DATE_LEN), 0);
}

static struct files_validators strong(void)
{
    return (struct files_validators){NAVE_STR_LIT("\"abc\""), SUNDAY, 1, 0};
}

/* One row: the fields ("" is not there) and what must come of them. */
struct row {
    const char *match, *none, *since, *unmodified;
    int want;
};

static int check(const struct row *r, const struct files_validators *v)
{
    struct files_conditions c = {0};

    if (r->match)
        files_condition_match_add(&c, v, r->match, strlen(r->match));
    if (r->none)
        files_condition_none_match_add(&c, v, r->none, strlen(r->none));
    if (r->since)
        c.if_modified_since = (struct nave_str){r->since, strlen(r->since)};
    if (r->unmodified)
        c.if_unmodified_since = (struct nave_str){r->unmodified, strlen(r->unmodified)};
    return files_condition_check(&c, v, NOW);
}

#define SAME_DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE    "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER     "Sun, 06 Nov 1994 08:49:38 GMT"

static void preconditions_are_looked_at_in_the_order_of_the_rfc(void)
{
    static const struct row rows[] = {
        {NULL, NULL, NULL, NULL, 0},
        /* If-Match */
        {"\"abc\"", NULL, NULL, NULL, 0},
        {"*", NULL, NULL, NULL, 0},
        {" * ", NULL, NULL, NULL, 0},
        {"\"x\", \"abc\"", NULL, NULL, NULL, 0},
        {"\"x\",,\t\"abc\"", NULL, NULL, NULL, 0},
        {"\"x\"", NULL, NULL, NULL, 412},
        {"W/\"abc\"", NULL, NULL, NULL, 412},
        {"abc", NULL, NULL, NULL, 412},
        {"", NULL, NULL, NULL, 412},
        {"* \"abc\"", NULL, NULL, NULL, 412},
        {"\"x\" \"abc\"", NULL, NULL, NULL, 412},
        {"\"abc", NULL, NULL, NULL, 412},
        {"\"a bc\", \"abc\"", NULL, NULL, NULL, 412},
        /* If-Unmodified-Since, only without If-Match */
        {NULL, NULL, NULL, SAME_DATE, 0},
        {NULL, NULL, NULL, AFTER, 0},
        {NULL, NULL, NULL, BEFORE, 412},
        {NULL, NULL, NULL, "yesterday", 0},
        {"\"abc\"", NULL, NULL, BEFORE, 0},
        {"\"x\"", NULL, NULL, AFTER, 412},
        /* If-None-Match */
        {NULL, "\"abc\"", NULL, NULL, 304},
        {NULL, "W/\"abc\"", NULL, NULL, 304},
        {NULL, "*", NULL, NULL, 304},
        {NULL, "\"x\", W/\"abc\" , \"y\"", NULL, NULL, 304},
        {NULL, "\"x\"", NULL, NULL, 0},
        {NULL, "\"\"", NULL, NULL, 0},
        {NULL, "abc", NULL, NULL, 0},
        {NULL, "w/\"abc\"", NULL, NULL, 0},
        /* If-Modified-Since, only without If-None-Match */
        {NULL, NULL, SAME_DATE, NULL, 304},
        {NULL, NULL, AFTER, NULL, 304},
        {NULL, NULL, BEFORE, NULL, 0},
        {NULL, NULL, "0", NULL, 0},
        {NULL, "\"x\"", AFTER, NULL, 0},
        {NULL, "\"abc\"", BEFORE, NULL, 304},
        /* both halves */
        {"\"abc\"", "\"abc\"", NULL, NULL, 304},
        {"\"x\"", "\"abc\"", NULL, NULL, 412},
        {NULL, "\"abc\"", NULL, BEFORE, 412},
        {NULL, "\"abc\"", NULL, AFTER, 304},
    };
    struct files_validators v = strong();
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        if (check(&rows[i], &v) != rows[i].want) {
            fprintf(stderr, "row %zu\n", i);
            CU_FAIL("another answer");
        }
    }
}

static void several_lines_are_one_list(void)
{
    struct files_validators v = strong();
    struct files_conditions c = {0};

    files_condition_none_match_add(&c, &v, "\"x\"", 3);
    CU_ASSERT_EQUAL(files_condition_check(&c, &v, NOW), FILES_CONDITION_GO);
    files_condition_none_match_add(&c, &v, "\"abc\"", 5);
    CU_ASSERT_EQUAL(files_condition_check(&c, &v, NOW), FILES_CONDITION_SAME);
}

static void without_validators_only_the_star_matches(void)
{
    struct files_validators none = {{NULL, 0}, 0, 0, 0};
    struct row row = {"\"abc\"", NULL, NULL, NULL, 0};

    CU_ASSERT_EQUAL(check(&row, &none), FILES_CONDITION_FAILED);
    row.match = "*";
    CU_ASSERT_EQUAL(check(&row, &none), FILES_CONDITION_GO);
    row = (struct row){NULL, "\"\"", NULL, NULL, 0};
    CU_ASSERT_EQUAL(check(&row, &none), FILES_CONDITION_GO);
    row = (struct row){NULL, NULL, AFTER, NULL, 0};
    CU_ASSERT_EQUAL(check(&row, &none), FILES_CONDITION_GO);
    row = (struct row){NULL, NULL, NULL, BEFORE, 0};
    CU_ASSERT_EQUAL(check(&row, &none), FILES_CONDITION_GO);
}

static int holds(const char *text, const struct files_validators *v, int64_t now_s)
{
    struct files_conditions c = {0};

    c.if_range = (struct nave_str){text, strlen(text)};
    return files_condition_range_holds(&c, v, now_s);
}

static void if_range_wants_the_same_by_a_strong_validator(void)
{
    struct files_validators v = strong();
    struct files_validators weak = {NAVE_STR_LIT("W/\"abc\""), SUNDAY, 1, 0};
    struct files_validators none = {{NULL, 0}, 0, 0, 0};
    struct files_conditions nothing = {0};

    CU_ASSERT(files_condition_range_holds(&nothing, &v, NOW));
    CU_ASSERT(holds("\"abc\"", &v, NOW));
    CU_ASSERT(!holds("\"abd\"", &v, NOW));
    CU_ASSERT(!holds("W/\"abc\"", &v, NOW));
    CU_ASSERT(!holds("\"abc\"", &weak, NOW));
    CU_ASSERT(!holds("W/\"abc\"", &weak, NOW));
    CU_ASSERT(!holds("\"abc\", \"x\"", &v, NOW));
    CU_ASSERT(!holds("\"abc\"", &none, NOW));
    CU_ASSERT(holds(SAME_DATE, &v, NOW));
    CU_ASSERT(!holds(BEFORE, &v, NOW));
    CU_ASSERT(!holds(AFTER, &v, NOW));
    CU_ASSERT(!holds(SAME_DATE, &none, NOW));
    CU_ASSERT(!holds("", &v, NOW)); /* it came twice */
    CU_ASSERT(!holds("*", &v, NOW));
    CU_ASSERT(!holds(SAME_DATE, &v, SUNDAY)); /* it may change within this second */
    CU_ASSERT(holds(SAME_DATE, &v, SUNDAY + 1));
}

/* Nothing is read behind the end: each cut lies at the end of a block of its own. */
static void texts_may_be_cut_anywhere(void)
{
    static const char *const texts[] = {"W/\"x\", \"abc\" , *", SAME_DATE,
                                        "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994"};
    struct files_validators v = strong();
    size_t i, len;

    for (i = 0; i < NAVE_COUNT(texts); i++) {
        for (len = 0; len <= strlen(texts[i]); len++) {
            char *copy = malloc(len ? len : 1);
            struct files_conditions c = {0};
            int64_t s;

            CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
            memcpy(copy, texts[i], len);
            files_condition_match_add(&c, &v, copy, len);
            files_condition_none_match_add(&c, &v, copy, len);
            c.if_range.ptr = copy;
            c.if_range.len = len;
            (void)files_condition_range_holds(&c, &v, NOW);
            if (files_date_parse(copy, len, NOW, &s))
                CU_ASSERT_EQUAL(len, strlen(texts[i]));
            free(copy);
        }
    }
}

static CU_TestInfo tests[] = {
    TEST(the_three_forms_of_a_date_say_the_same),
    TEST(a_year_of_two_digits_is_at_most_fifty_years_ahead),
    TEST(what_is_no_date_is_refused),
    TEST(every_day_of_four_centuries_is_written_and_read_back),
    TEST(preconditions_are_looked_at_in_the_order_of_the_rfc),
    TEST(several_lines_are_one_list),
    TEST(without_validators_only_the_star_matches),
    TEST(if_range_wants_the_same_by_a_strong_validator),
    TEST(texts_may_be_cut_anywhere),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"conditional", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

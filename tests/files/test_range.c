/* SPDX-License-Identifier: MIT
 *
 * Ranges against a size, by table and by a reference that marks bytes.
 */
#include "plugins/files/range.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test_main.h"

#define TEST(name)  \
    {               \
#        name, name \
    }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What came of `text`, as a text: "whole", "none", "0-4,6-9". */
static const char *read(const char *text, uint64_t size, uint32_t max)
{
    static char out[4096];
    struct files_ranges r;
    size_t at = 0;
    uint32_t i;

    memset(&r, 0xA5, sizeof(r));
    switch (files_range_parse(text, strlen(text), size, max, &r)) {
    case FILES_RANGE_WHOLE:
        return "whole";
    case FILES_RANGE_NONE:
        return "none";
    default:
        break;
    }
    out[0] = '\0';
    for (i = 0; i < r.count; i++)
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%llu-%llu", i ? "," : "",
                               (unsigned long long)r.items[i].first,
                               (unsigned long long)r.items[i].last);
    return out;
}

static void each_row_gives_what_the_rfc_says(void)
{
    static const struct {
        const char *text;
        uint64_t size;
        const char *want;
    } rows[] = {
        {"bytes=0-4", 10, "0-4"},
        {"bytes=0-0", 10, "0-0"},
        {"bytes=9-9", 10, "9-9"},
        {"bytes=9-", 10, "9-9"},
        {"bytes=0-", 10, "0-9"},
        {"bytes=0-99", 10, "0-9"},
        {"bytes=-1", 10, "9-9"},
        {"bytes=-10", 10, "0-9"},
        {"bytes=-11", 10, "0-9"},
        {"BYTES=0-4", 10, "0-4"},
        {"Bytes= 0-4", 10, "0-4"},
        {"bytes=0-4 , 6-9", 10, "0-4,6-9"},
        {"bytes=6-9,0-4", 10, "6-9,0-4"},
        {"bytes=,,0-4,,,6-9,", 10, "0-4,6-9"},
        {"bytes=0-1,-1", 10, "0-1,9-9"},
        {"bytes=000-004", 10, "0-4"},
        /* none that is there */
        {"bytes=10-", 10, "none"},
        {"bytes=10-20", 10, "none"},
        {"bytes=-0", 10, "none"},
        {"bytes=10-,20-30,-0", 10, "none"},
        {"bytes=18446744073709551615-", 10, "none"},
        {"bytes=99999999999999999999999999-", 10, "none"},
        {"bytes=0-", 0, "none"},
        {"bytes=0-0", 0, "none"},
        {"bytes=-0", 0, "none"},
        {"bytes=-5", 0, "whole"},
        {"bytes=0-0,-5", 0, "whole"},
        /* some that are */
        {"bytes=10-,0-0", 10, "0-0"},
        {"bytes=0-0,10-", 10, "0-0"},
        {"bytes=0-99999999999999999999999999", 10, "0-9"},
        {"bytes=-99999999999999999999999999", 10, "0-9"},
        /* overlapping */
        {"bytes=0-4,4-6", 10, "0-6"},
        {"bytes=0-4,5-6", 10, "0-4,5-6"},
        {"bytes=5-9,0-5", 10, "0-9"},
        {"bytes=0-,0-,0-,0-", 10, "0-9"},
        {"bytes=-1,-2,-3", 10, "7-9"},
        {"bytes=8-9,0-1,1-2", 10, "0-2,8-9"},
        {"bytes=0-9,3-4", 10, "0-9"},
        {"bytes=3-4,0-9", 10, "0-9"},
        /* not right, so ignored */
        {"", 10, "whole"},
        {"bytes", 10, "whole"},
        {"bytes=", 10, "whole"},
        {"bytes=,", 10, "whole"},
        {"bytes=-", 10, "whole"},
        {"bytes=a-b", 10, "whole"},
        {"bytes=1", 10, "whole"},
        {"bytes=4-1", 10, "whole"},
        {"bytes=0-1,4-1", 10, "whole"},
        {"bytes=0-1x", 10, "whole"},
        {"bytes=0 -1", 10, "whole"},
        {"bytes=0- 1", 10, "whole"},
        {"bytes=0-1 2-3", 10, "whole"},
        {"bytes=--1", 10, "whole"},
        {"bytes=+1-2", 10, "whole"},
        {"bytes=0x1-2", 10, "whole"},
        {"bytes 0-1", 10, "whole"},
        {" bytes=0-1", 10, "whole"},
        {"items=0-1", 10, "whole"},
        {"bytes=0-1;q=1", 10, "whole"},
    };
    size_t i;

    for (i = 0; i < COUNT(rows); i++) {
        const char *got = read(rows[i].text, rows[i].size, 16);

        if (strcmp(got, rows[i].want) != 0) {
            fprintf(stderr, "%s of %llu: %s, not %s\n", rows[i].text,
                    (unsigned long long)rows[i].size, got, rows[i].want);
            CU_FAIL("another answer");
        }
    }
}

static void more_ranges_than_the_limit_get_the_whole(void)
{
    char text[2000] = "bytes=";
    uint32_t i;

    for (i = 0; i < 100; i++) {
        char one[20];
        char want[20];

        snprintf(one, sizeof(one), "%s%u-%u", i ? "," : "", i * 2, i * 2);
        strcat(text, one);
        snprintf(want, sizeof(want), "%u-%u", i * 2, i * 2);
        if (i < 64) {
            CU_ASSERT_PTR_NOT_NULL(strstr(read(text, 1000, i + 1), want));
            CU_ASSERT_STRING_EQUAL(read(text, 1000, i), "whole");
        } else {
            CU_ASSERT_STRING_EQUAL(read(text, 1000, 1000), "whole"); /* the room is the end */
        }
    }
    CU_ASSERT_STRING_EQUAL(read("bytes=0-0", 10, 0), "whole");
}

static void sizes_at_the_end_of_numbers_are_fine(void)
{
    CU_ASSERT_STRING_EQUAL(read("bytes=-1", UINT64_MAX, 4),
                           "18446744073709551614-18446744073709551614");
    CU_ASSERT_STRING_EQUAL(read("bytes=0-", UINT64_MAX, 4), "0-18446744073709551614");
    CU_ASSERT_STRING_EQUAL(read("bytes=18446744073709551614-", UINT64_MAX, 4),
                           "18446744073709551614-18446744073709551614");
}

/* Any list of ranges gives exactly the bytes that it names, each once. */
static void random_lists_give_the_bytes_that_they_name(void)
{
    uint32_t state = 20240229, round;

    for (round = 0; round < 20000; round++) {
        uint32_t n = 1 + round % 8, i, k, b;
        char text[400] = "bytes=";
        char want[40] = {0}, got[40] = {0};
        struct files_ranges r;
        int found;

        for (i = 0; i < n; i++) {
            char one[40];
            uint32_t first, last;

            state = state * 1664525 + 1013904223;
            first = state >> 16 & 31;
            last = first + (state >> 24 & 7);
            if ((state >> 8 & 3) == 0) {
                snprintf(one, sizeof(one), "%s-%u", i ? "," : "", first);
                for (b = 24 - (first < 24 ? first : 24); b < 24; b++)
                    want[b] = 1;
            } else {
                snprintf(one, sizeof(one), "%s%u-%u", i ? "," : "", first, last);
                for (b = first; b <= last && b < 24; b++)
                    want[b] = 1;
            }
            strcat(text, one);
        }
        found = files_range_parse(text, strlen(text), 24, 8, &r);
        if (found == FILES_RANGE_NONE) {
            CU_ASSERT_EQUAL(memchr(want, 1, sizeof(want)), NULL);
            continue;
        }
        CU_ASSERT_EQUAL_FATAL(found, FILES_RANGE_SOME);
        for (k = 0; k < r.count; k++) {
            CU_ASSERT_FATAL(r.items[k].first <= r.items[k].last && r.items[k].last < 24);
            for (b = (uint32_t)r.items[k].first; b <= r.items[k].last; b++)
                got[b]++;
        }
        if (memcmp(want, got, sizeof(want)) != 0)
            CU_FAIL_FATAL(text);
    }
}

static void texts_may_be_cut_anywhere(void)
{
    static const char text[] = "bytes= 0-4 ,, -5, 17-";
    struct files_ranges r;
    size_t len;

    for (len = 0; len < sizeof(text); len++) {
        char *copy = malloc(len ? len : 1);

        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        memcpy(copy, text, len);
        (void)files_range_parse(copy, len, 100, 4, &r);
        free(copy);
    }
}

static CU_TestInfo tests[] = {
    TEST(each_row_gives_what_the_rfc_says),
    TEST(more_ranges_than_the_limit_get_the_whole),
    TEST(sizes_at_the_end_of_numbers_are_fine),
    TEST(random_lists_give_the_bytes_that_they_name),
    TEST(texts_may_be_cut_anywhere),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"range", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

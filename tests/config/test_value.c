/* SPDX-License-Identifier: MIT
 *
 * The typed texts: every form that is accepted, the bounds, and everything near to them.
 */
#include <stdlib.h>
#include <string.h>

#include "test_main.h"
#include "base/value.h"

#define UNTOUCHED    4711u
#define INT_MAX_TEXT "9223372036854775807"

struct number_case {
    const char *text;
    nave_err err;
    uint64_t value;
};

/* A text in a block of its own size, so that a sanitizer sees a read past its end. */
static struct nave_str exact(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, text, len);
    return (struct nave_str){copy, len};
}

static nave_err duration(struct nave_str text, uint64_t *out)
{
    nave_nsec ns = UNTOUCHED;
    nave_err err = nv_value_duration(text, &ns);

    *out = (uint64_t)ns;
    return err;
}

static void check(const struct number_case *cases, size_t count,
                  nave_err (*parse)(struct nave_str, uint64_t *))
{
    size_t i;

    for (i = 0; i < count; i++) {
        struct nave_str text = exact(cases[i].text);
        uint64_t value = UNTOUCHED;
        nave_err err = parse(text, &value);

        if (err != cases[i].err || value != (err ? UNTOUCHED : cases[i].value))
            printf("\n  \"%s\" gives %s, %llu", cases[i].text, nave_err_name(err),
                   (unsigned long long)value);
        CU_ASSERT_EQUAL(err, cases[i].err);
        CU_ASSERT_EQUAL(value, err ? UNTOUCHED : cases[i].value); /* nothing written on failure */
        free((void *)(uintptr_t)text.ptr);
    }
}

static void a_duration_is_a_whole_number_and_a_unit(void)
{
    static const struct number_case cases[] = {
        {"0", NAVE_OK, 0},
        {"0s", NAVE_OK, 0},
        {"1ns", NAVE_OK, 1},
        {"1us", NAVE_OK, 1000},
        {"250ms", NAVE_OK, 250000000},
        {"10s", NAVE_OK, 10000000000},
        {"5m", NAVE_OK, 300000000000},
        {"1h", NAVE_OK, 3600000000000},
        {"2d", NAVE_OK, 172800000000000},
        {"007s", NAVE_OK, 7000000000},
        {INT_MAX_TEXT "ns", NAVE_OK, INT64_MAX},
        {"106751d", NAVE_OK, 9223286400000000000},
        {"106752d", NAVE_EOVERFLOW, 0},
        {"9223372036854775808ns", NAVE_EOVERFLOW, 0},
        {"9223372037s", NAVE_EOVERFLOW, 0},
        {"18446744073709551615ns", NAVE_EOVERFLOW, 0},
        {"18446744073709551616ns", NAVE_EOVERFLOW, 0},
        {"18446744073709551617ns", NAVE_EOVERFLOW, 0},
        {"99999999999999999999999999999999999999999999d", NAVE_EOVERFLOW, 0},
        {"", NAVE_ESYNTAX, 0},
        {"s", NAVE_ESYNTAX, 0},
        {"1", NAVE_ESYNTAX, 0},
        {"00", NAVE_ESYNTAX, 0},
        {"1.5h", NAVE_ESYNTAX, 0},
        {"1,5h", NAVE_ESYNTAX, 0},
        {"1e3s", NAVE_ESYNTAX, 0},
        {"0x10s", NAVE_ESYNTAX, 0},
        {"-1s", NAVE_ESYNTAX, 0},
        {"+1s", NAVE_ESYNTAX, 0},
        {" 1s", NAVE_ESYNTAX, 0},
        {"1s ", NAVE_ESYNTAX, 0},
        {"1 s", NAVE_ESYNTAX, 0},
        {"1S", NAVE_ESYNTAX, 0},
        {"1sec", NAVE_ESYNTAX, 0},
        {"1m30s", NAVE_ESYNTAX, 0},
        {"1w", NAVE_ESYNTAX, 0},
        {"1\xc2\xb5s", NAVE_ESYNTAX, 0},
        {"18446744073709551616x", NAVE_ESYNTAX, 0},
        {"infinity", NAVE_ESYNTAX, 0},
    };

    check(cases, NAVE_COUNT(cases), duration);
}

static void a_size_is_bytes_or_a_number_with_a_binary_unit(void)
{
    static const struct number_case cases[] = {
        {"0", NAVE_OK, 0},
        {"65536", NAVE_OK, 65536},
        {"1B", NAVE_OK, 1},
        {"64KiB", NAVE_OK, 65536},
        {"1MiB", NAVE_OK, 1048576},
        {"2GiB", NAVE_OK, 2147483648},
        {"3TiB", NAVE_OK, 3298534883328},
        {INT_MAX_TEXT, NAVE_OK, INT64_MAX},
        {"8388607TiB", NAVE_OK, 9223370937343148032},
        {"8388608TiB", NAVE_EOVERFLOW, 0},
        {"9223372036854775808", NAVE_EOVERFLOW, 0},
        {"18446744073709551616", NAVE_EOVERFLOW, 0},
        {"18014398509481984KiB", NAVE_EOVERFLOW, 0},
        {"1e999", NAVE_ESYNTAX, 0},
        {"1.5MiB", NAVE_ESYNTAX, 0},
        {"-1", NAVE_ESYNTAX, 0},
        {"-1KiB", NAVE_ESYNTAX, 0},
        {"", NAVE_ESYNTAX, 0},
        {"KiB", NAVE_ESYNTAX, 0},
        {"1K", NAVE_ESYNTAX, 0},
        {"1KB", NAVE_ESYNTAX, 0},
        {"1kib", NAVE_ESYNTAX, 0},
        {"1 KiB", NAVE_ESYNTAX, 0},
        {"1KiB ", NAVE_ESYNTAX, 0},
        {"1PiB", NAVE_ESYNTAX, 0},
    };

    check(cases, NAVE_COUNT(cases), nv_value_bytes);
}

static void a_count_is_digits(void)
{
    static const struct number_case cases[] = {
        {"0", NAVE_OK, 0},
        {"42", NAVE_OK, 42},
        {INT_MAX_TEXT, NAVE_OK, INT64_MAX},
        {"9223372036854775808", NAVE_EOVERFLOW, 0},
        {"18446744073709551616", NAVE_EOVERFLOW, 0},
        {"", NAVE_ESYNTAX, 0},
        {"-1", NAVE_ESYNTAX, 0},
        {"1.0", NAVE_ESYNTAX, 0},
        {"1e3", NAVE_ESYNTAX, 0},
        {"1B", NAVE_ESYNTAX, 0},
    };

    check(cases, NAVE_COUNT(cases), nv_value_count);
}

static void a_text_may_hold_nul_bytes_and_is_refused(void)
{
    uint64_t value;

    CU_ASSERT_EQUAL(nv_value_count((struct nave_str){"1\0", 2}, &value), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nv_value_bytes((struct nave_str){"1\0B", 3}, &value), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nv_value_bytes((struct nave_str){"1B\0", 3}, &value), NAVE_ESYNTAX);
    CU_ASSERT_EQUAL(nv_value_bytes((struct nave_str){NULL, 0}, &value), NAVE_ESYNTAX);
    CU_ASSERT_FALSE(nv_value_is_id((struct nave_str){"a\0b", 3}));
}

static void an_address_is_a_scheme_and_a_rest(void)
{
    static const struct {
        const char *text, *scheme, *rest; /* scheme NULL: refused */
    } cases[] = {
        {"tcp://127.0.0.1:8080", "tcp", "127.0.0.1:8080"},
        {"tcp://[::1]:80", "tcp", "[::1]:80"},
        {"unix:///run/app.sock", "unix", "/run/app.sock"},
        {"h2+tls.1-x://y", "h2+tls.1-x", "y"},
        {"a://b://c", "a", "b://c"},
        {"tcp://", NULL, NULL},
        {"tcp:/", NULL, NULL},
        {"tcp:", NULL, NULL},
        {"tcp", NULL, NULL},
        {"", NULL, NULL},
        {"://x", NULL, NULL},
        {"TCP://x", NULL, NULL},
        {"1tcp://x", NULL, NULL},
        {"-a://x", NULL, NULL},
        {"tcp//x", NULL, NULL},
        {"tcp :// x", NULL, NULL},
        {"127.0.0.1:8080", NULL, NULL},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        struct nave_str text = exact(cases[i].text);
        struct nv_address a = {{NULL, 0}, {NULL, 0}};
        nave_err err = nv_value_address(text, &a);

        CU_ASSERT_EQUAL(err, cases[i].scheme ? NAVE_OK : NAVE_ESYNTAX);
        if (!err && cases[i].scheme) {
            CU_ASSERT_EQUAL(a.scheme.len, strlen(cases[i].scheme));
            CU_ASSERT_EQUAL(memcmp(a.scheme.ptr, cases[i].scheme, a.scheme.len), 0);
            CU_ASSERT_EQUAL(a.rest.len, strlen(cases[i].rest));
            CU_ASSERT_EQUAL(memcmp(a.rest.ptr, cases[i].rest, a.rest.len), 0);
        } else {
            CU_ASSERT_PTR_NULL(a.scheme.ptr);
        }
        free((void *)(uintptr_t)text.ptr);
    }
}

static void an_id_is_lower_case_words_with_dots(void)
{
    static const char *const good[] = {
        "a",
        "http1",
        "com.acme.hello",
        "a-b_c.d1",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 64 */
    };
    static const char *const bad[] = {
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "A",
        "1a",
        "a.1",
        "-a",
        "_a",
        "a/b",
        "../a",
        "a b",
        "\xc3\xa4",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 65 */
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(good); i++)
        CU_ASSERT_TRUE(nv_value_is_id((struct nave_str){good[i], strlen(good[i])}));
    for (i = 0; i < NAVE_COUNT(bad); i++)
        CU_ASSERT_FALSE(nv_value_is_id((struct nave_str){bad[i], strlen(bad[i])}));
}

static void utf8_is_that_of_rfc_3629(void)
{
    static const struct {
        const char *bytes;
        size_t len, want;
    } cases[] = {
        {"", 0, 0},
        {"a", 1, 1},
        {"\0", 1, 1},
        {"\x7f", 1, 1},
        {"\x80", 1, 0},             /* goes on with nothing before it */
        {"\xc0\x80", 2, 0},         /* overlong NUL */
        {"\xc1\xbf", 2, 0},         /* overlong     */
        {"\xc2\x80", 2, 2},         /* U+0080       */
        {"\xc2", 1, 0},             /* cut          */
        {"\xc2\x41", 2, 0},         /* broken       */
        {"\xdf\xbf", 2, 2},         /* U+07FF       */
        {"\xe0\x9f\xbf", 3, 0},     /* overlong     */
        {"\xe0\xa0\x80", 3, 3},     /* U+0800       */
        {"\xed\x9f\xbf", 3, 3},     /* U+D7FF       */
        {"\xed\xa0\x80", 3, 0},     /* a surrogate  */
        {"\xee\x80\x80", 3, 3},     /* U+E000       */
        {"\xef\xbf\xbf", 3, 3},     /* U+FFFF       */
        {"\xe2\x82", 2, 0},         /* cut          */
        {"\xf0\x8f\xbf\xbf", 4, 0}, /* overlong     */
        {"\xf0\x90\x80\x80", 4, 4}, /* U+10000      */
        {"\xf4\x8f\xbf\xbf", 4, 4}, /* U+10FFFF     */
        {"\xf4\x90\x80\x80", 4, 0}, /* beyond it    */
        {"\xf5\x80\x80\x80", 4, 0},
        {"\xff", 1, 0},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++)
        CU_ASSERT_EQUAL(nv_value_utf8(cases[i].bytes, cases[i].len), cases[i].want);
}

static void the_rest_of_a_known_scheme_has_its_form(void)
{
    static const char port[] = "the port is a number from 0 to 65535";
    static const char no_port[] = "the port is missing: write host:port, such as 127.0.0.1:8080";
    static const char brackets[] =
        "what stands in brackets is no IPv6 address; one looks like [::1]";
    static const char ip4[] =
        "what has digits and dots only is an IPv4 address; one looks like 127.0.0.1";
    static const char letters[] = "the name of a host has letters, digits, '.', '-' and '_' only";
    static const struct {
        const char *text, *want; /* NULL: right */
    } cases[] = {
        {"tcp://127.0.0.1:8080", NULL},
        {"tcp://*:0", NULL},
        {"tcp://[::1]:65535", NULL},
        {"tcp://[fe80::1%eth0]:1", NULL},
        {"udp://a_b.Example-1.org:53", NULL},
        {"unix:///run/app.sock", NULL},
        {"com.acme://what it likes", NULL},
        {"tcp://localhost", no_port},
        {"tcp://[::1]", no_port},
        {"tcp://localhost:", port},
        {"tcp://localhost:65536", port},
        {"tcp://localhost:000080", port},
        {"tcp://localhost:http", port},
        {"tcp://localhost:-1", port},
        {"tcp://:80", "the host is missing; * is every address of the machine"},
        {"tcp://::1:80", "an IPv6 address stands in brackets: [::1]:8080"},
        {"tcp://[]:80", brackets},
        {"tcp://[::1:80", brackets},
        {"tcp://[::g]:80", brackets},
        {"tcp://[::1%]:80", brackets},
        {"tcp://[:::::::::::::::::::::::::::::::::::::::::::::::::::::::::]:80", brackets},
        {"tcp://256.0.0.1:80", ip4},
        {"tcp://1.2.3:80", ip4},
        {"tcp://1111111111111111111111111111111111111:80", ip4},
        {"tcp://a b:80", letters},
        {"tcp://\xc3\xa4:80", letters},
        {"tcp://a/b:80", letters},
        {"unix://run/app.sock", "the path of a socket is absolute: unix:///run/app.sock"},
        {"unix:///", "the path of a socket is absolute: unix:///run/app.sock"},
    };
    char text[512];
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        struct nave_str s = {cases[i].text, strlen(cases[i].text)};
        struct nv_address address;
        const char *fault;

        CU_ASSERT_EQUAL_FATAL(nv_value_address(s, &address), NAVE_OK);
        fault = nv_value_address_fault(&address);
        CU_ASSERT_EQUAL(!fault, !cases[i].want);
        if (fault && cases[i].want)
            CU_ASSERT_STRING_EQUAL(fault, cases[i].want);
    }

    for (i = 0; i < 2; i++) { /* the longest, and one byte more */
        struct nv_address address = {{"unix", 4}, {text, 107 + i}};

        memset(text, 'x', sizeof(text));
        text[0] = '/';
        CU_ASSERT_EQUAL(nv_value_address_fault(&address) == NULL, i == 0);
        address = (struct nv_address){{"tcp", 3}, {text, 253 + i + 3}};
        memset(text, 'x', sizeof(text));
        memcpy(text + 253 + i, ":80", 3);
        CU_ASSERT_EQUAL(nv_value_address_fault(&address) == NULL, i == 0);
    }
}

static void a_list_of_words_has_no_word_twice_and_none_empty(void)
{
    char many[257 * 5];
    uint32_t index = 7, i;
    size_t n = 0;

    CU_ASSERT_EQUAL(nv_value_words("a"), 1);
    CU_ASSERT_EQUAL(nv_value_words("a|bc|d e"), 3);
    CU_ASSERT_EQUAL(nv_value_words(""), 0);
    CU_ASSERT_EQUAL(nv_value_words("|a"), 0);
    CU_ASSERT_EQUAL(nv_value_words("a|"), 0);
    CU_ASSERT_EQUAL(nv_value_words("a||b"), 0);
    CU_ASSERT_EQUAL(nv_value_words("a|b|a"), 0);
    CU_ASSERT_EQUAL(nv_value_word("a|bc|d", 1).len, 2);
    CU_ASSERT_EQUAL(nv_value_word("a|bc|d", 2).ptr[0], 'd');
    CU_ASSERT_EQUAL(nv_value_word("a|bc|d", 3).len, 0);
    CU_ASSERT_EQUAL(nv_value_find_word("a|bc|d", (struct nave_str){"b", 1}, &index),
                    NAVE_ENOTFOUND);
    CU_ASSERT_EQUAL(nv_value_find_word("a|bc|d", (struct nave_str){"bc|d", 4}, &index),
                    NAVE_ENOTFOUND);
    CU_ASSERT_EQUAL(index, 7);
    CU_ASSERT_EQUAL(nv_value_find_word("a|bc|d", (struct nave_str){"d", 1}, &index), NAVE_OK);
    CU_ASSERT_EQUAL(index, 2);
    for (i = 0; i < 257; i++)
        n += (size_t)sprintf(many + n, "%s%u", i ? "|" : "", i);
    CU_ASSERT_EQUAL(nv_value_words(many), 0);
    many[n - 4] = '\0';
    CU_ASSERT_EQUAL(nv_value_words(many), 256);
}

static void the_sentences_say_what_is_accepted(void)
{
    uint64_t value;

    CU_ASSERT_STRING_EQUAL(NV_VALUE_DURATION_IS,
                           "a duration is a whole number and ns, us, ms, s, m, h or d, such as "
                           "\"250ms\" or \"10s\"");
    CU_ASSERT_STRING_EQUAL(
        NV_VALUE_SIZE_IS, "a size is a whole number of bytes, or a text such as \"64KiB\" (B, KiB, "
                          "MiB, GiB, TiB)");
    CU_ASSERT_STRING_EQUAL(NV_VALUE_COUNT_IS, "a count is a whole number, 0 or more");
    CU_ASSERT_STRING_EQUAL(NV_VALUE_ADDRESS_IS,
                           "an address is SCHEME://REST, such as \"tcp://127.0.0.1:8080\" or "
                           "\"unix:///run/app.sock\"");
    CU_ASSERT_EQUAL(nv_value_bytes((struct nave_str){"64KiB", 5}, &value), NAVE_OK);
}

static CU_TestInfo tests[] = {
    {"a_duration_is_a_whole_number_and_a_unit", a_duration_is_a_whole_number_and_a_unit},
    {"a_size_is_bytes_or_a_number_with_a_binary_unit",
     a_size_is_bytes_or_a_number_with_a_binary_unit},
    {"a_count_is_digits", a_count_is_digits},
    {"a_text_may_hold_nul_bytes_and_is_refused", a_text_may_hold_nul_bytes_and_is_refused},
    {"an_address_is_a_scheme_and_a_rest", an_address_is_a_scheme_and_a_rest},
    {"the_rest_of_a_known_scheme_has_its_form", the_rest_of_a_known_scheme_has_its_form},
    {"a_list_of_words_has_no_word_twice_and_none_empty",
     a_list_of_words_has_no_word_twice_and_none_empty},
    {"an_id_is_lower_case_words_with_dots", an_id_is_lower_case_words_with_dots},
    {"utf8_is_that_of_rfc_3629", utf8_is_that_of_rfc_3629},
    {"the_sentences_say_what_is_accepted", the_sentences_say_what_is_accepted},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"value", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

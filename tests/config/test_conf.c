/* SPDX-License-Identifier: MIT
 *
 * The reader of configurations against texts and files that mean it no good. Whatever comes, there is
 * an answer with a place, no wait, no crash. What the scanner accepts is compared with jansson.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "conf/conf.h"
#include "conf/conf_scan.h"
#include "failing.h"
#include "test_main.h"
#include "told.h"

#define ALLOCATIONS_MAX 1000

static const char good[] =
    "{\r\n"
    "\t\"a\": [1, -2.5e+3, true, null],\n"
    "  \"t\\u00e4\\n\": \"\xc3\xa4\\ud83d\\ude00\", \"o\": {\"\": {}, \"l\": []},\n"
    "  \"n\": 0.0, \"m\": -0, \"big\": 9223372036854775807\n"
    "}";

static struct nv_report report;
static char folder[] = "/tmp/nave-conf-XXXXXX";

static int set_up(void)
{
    return nv_report_init(&report, tell, NULL, NAVE_LOG_ERROR) != NAVE_OK || !mkdtemp(folder);
}

static int clean_up(void)
{
    nv_report_finish(&report);
    return rmdir(folder); /* fails when a test left something */
}

static nave_err load(const char *text, size_t len, struct nv_conf_doc **out)
{
    /* A block of exactly this size, so that a sanitizer sees a read past its end. */
    char *copy = malloc(len ? len : 1);
    nave_err err;

    CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
    memcpy(copy, text, len);
    forget();
    err = nv_conf_load_text(copy, len, "f", &report, out);
    free(copy);
    return err;
}

static nave_err load_str(const char *text, struct nv_conf_doc **out)
{
    return load(text, strlen(text), out);
}

/* ---- files ------------------------------------------------------------------------------------- */

/* Load file `name` of the folder; all that is told must be PATH followed by `want`. */
static void refuse_file(const char *name, const char *want)
{
    struct nv_conf_doc *doc = NULL;
    char path[128], whole[512];

    snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : folder, name[0] == '/' ? "" : "/",
             name);
    snprintf(whole, sizeof(whole), "%s: %s\n", path, want);
    forget();
    CU_ASSERT_EQUAL(nv_conf_load_file(path, &report, &doc), NAVE_ECONFIG);
    CU_ASSERT_PTR_NULL(doc);
    CU_ASSERT_TRUE(is_told(whole));
}

/* Each C library has its own words for these. */
static const char *cannot_open(int number)
{
    static char text[128];

    snprintf(text, sizeof(text), "cannot be opened: %s", strerror(number));
    return text;
}

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int write_file(const char *name, const void *data, size_t len)
{
    int fd = open(in_folder(name), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    int ok = fd >= 0 && write(fd, data, len) == (ssize_t)len;

    return fd >= 0 && close(fd) == 0 && ok;
}

static void what_is_no_regular_file_is_refused_at_once(void)
{
    refuse_file("none", cannot_open(ENOENT));
    refuse_file("/dev/zero", "is a device, not a regular file");
    refuse_file("/dev/full", "is a device, not a regular file");
    refuse_file("/tmp", "is a directory, not a regular file");

    CU_ASSERT_EQUAL_FATAL(mkfifo(in_folder("fifo"), 0600), 0);
    refuse_file("fifo", "is a FIFO, not a regular file");
    CU_ASSERT_EQUAL(unlink(in_folder("fifo")), 0);

    CU_ASSERT_EQUAL_FATAL(symlink("loop", in_folder("loop")), 0);
    refuse_file("loop", cannot_open(ELOOP));
    CU_ASSERT_EQUAL(unlink(in_folder("loop")), 0);
}

static void a_file_that_may_not_be_read_is_refused(void)
{
    CU_ASSERT_TRUE_FATAL(write_file("secret", "{}", 2));
    CU_ASSERT_EQUAL(chmod(in_folder("secret"), 0), 0);
    if (geteuid() == 0)
        CU_ASSERT_EQUAL_FATAL(seteuid(65534), 0); /* nothing is secret to root */
    refuse_file("secret", cannot_open(EACCES));
    if (getuid() == 0)
        CU_ASSERT_EQUAL_FATAL(seteuid(0), 0);
    CU_ASSERT_EQUAL(unlink(in_folder("secret")), 0);
}

static void a_file_over_the_limit_is_refused_before_it_is_read(void)
{
    struct nv_conf_doc *doc = NULL;
    char want[256];
    int fd = open(in_folder("large"), O_CREAT | O_WRONLY, 0600);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(ftruncate(fd, 100 << 20), 0);
    close(fd);
    refuse_file("large", "is larger than 16 MiB, the most that a configuration may have");

    /* No memory for it was even asked for. */
    snprintf(want, sizeof(want),
             "%s: is larger than 16 MiB, the most that a configuration may have\n",
             in_folder("large"));
    forget();
    fail_after(0);
    CU_ASSERT_EQUAL(nv_conf_load_file(in_folder("large"), &report, &doc), NAVE_ECONFIG);
    CU_ASSERT_FALSE(has_failed);
    countdown = -1;
    CU_ASSERT_TRUE(is_told(want));

    /* One byte over; exactly the limit is read (and is no JSON). */
    CU_ASSERT_EQUAL(truncate(in_folder("large"), (off_t)NV_CONF_BYTES_MAX + 1), 0);
    refuse_file("large", "is larger than 16 MiB, the most that a configuration may have");
    CU_ASSERT_EQUAL(truncate(in_folder("large"), NV_CONF_BYTES_MAX), 0);
    forget();
    CU_ASSERT_EQUAL(nv_conf_load_file(in_folder("large"), &report, &doc), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.text, ":1:1: not valid JSON: "));
    CU_ASSERT_EQUAL(unlink(in_folder("large")), 0);
}

static void a_file_is_read_like_a_text(void)
{
    struct nv_conf_doc *doc = NULL;

    CU_ASSERT_TRUE_FATAL(write_file("empty", "", 0));
    CU_ASSERT_EQUAL(nv_conf_load_file(in_folder("empty"), &report, &doc), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(told.text, ":1:1: not valid JSON: there is nothing in it; the least"));
    CU_ASSERT_EQUAL(unlink(in_folder("empty")), 0);

    CU_ASSERT_TRUE_FATAL(write_file("good", good, sizeof(good) - 1));
    CU_ASSERT_EQUAL_FATAL(nv_conf_load_file(in_folder("good"), &report, &doc), NAVE_OK);
    CU_ASSERT_EQUAL(nave_conf_count(nv_conf_root(doc)), 6);
    nv_conf_destroy(doc);
    CU_ASSERT_EQUAL(unlink(in_folder("good")), 0);

    /* A file that says it has 0 bytes and has more; it is no JSON, but it was read. */
    forget();
    CU_ASSERT_EQUAL(nv_conf_load_file("/proc/self/status", &report, &doc), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "\"Name\" is no value"));
}

/* ---- texts ------------------------------------------------------------------------------------- */

static void every_mistake_is_told_at_its_byte(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "f:1:1: not valid JSON: there is nothing in it; the least configuration is {}\n"},
        {" \n\t", "f:2:2: not valid JSON: there is nothing in it; the least configuration is {}\n"},
        {"[]", "f:1:1: the configuration is an object, { ... }; here stands a list\n"},
        {"1", "f:1:1: the configuration is an object, { ... }; here stands a whole number\n"},
        {"1.5", "f:1:1: the configuration is an object, { ... }; here stands a number with a "
                "fraction\n"},
        {"\"x\"", "f:1:1: the configuration is an object, { ... }; here stands a text\n"},
        {"true", "f:1:1: the configuration is an object, { ... }; here stands true or false\n"},
        {"null", "f:1:1: the configuration is an object, { ... }; here stands null\n"},
        {"{\"a\": 1,}", "f:1:9: not valid JSON: no comma stands before '}'\n"},
        {"{\"a\": [1,\n]}", "f:2:1: not valid JSON: no comma stands before ']'\n"},
        {"{,}", "f:1:2: not valid JSON: a key in double quotes, or '}' is wanted; here stands "
                "','\n"},
        {"{\"a\":}", "f:1:6: not valid JSON: a value: a text, a number, true, false, null, a list "
                     "or an object is wanted; here stands '}'\n"},
        {"{\"a\" 1}", "f:1:6: not valid JSON: ':' between a key and its value is wanted; here "
                      "stands '1'\n"},
        {"{\"a\": 1 \"b\": 2}",
         "f:1:9: not valid JSON: ',' or '}' is wanted; here stands a text\n"},
        {"{\"a\": [1 2]}", "f:1:10: not valid JSON: ',' or ']' is wanted; here stands '2'\n"},
        {"{\"a\": [1}", "f:1:9: not valid JSON: ',' or ']' is wanted; here stands '}'\n"},
        {"{\"a\": [1}}", "f:1:9: not valid JSON: ',' or ']' is wanted; here stands '}'\n"},
        {"{a: 1}", "f:1:2: not valid JSON: a key in double quotes, or '}' is wanted; here stands "
                   "'a'\n"},
        {"{'a': 1}", "f:1:2: not valid JSON: texts and keys stand in double quotes\n"},
        {"{\"a\": 'x'}", "f:1:7: not valid JSON: texts and keys stand in double quotes\n"},
        {"// x\n{}", "f:1:1: not valid JSON: it has no comments\n"},
        {"{\n  # x\n}", "f:2:3: not valid JSON: it has no comments\n"},
        {"{} /* x */", "f:1:4: not valid JSON: it has no comments\n"},
        {"{}}", "f:1:3: not valid JSON: the end: the configuration is one object is wanted; here "
                "stands '}'\n"},
        {"{} {}", "f:1:4: not valid JSON: the end: the configuration is one object is wanted; "
                  "here stands '{'\n"},
        {"{\"a\": True}",
         "f:1:7: not valid JSON: \"True\" is no value; texts stand in double quotes\n"},
        {"{\"a\": truefalse}",
         "f:1:7: not valid JSON: \"truefalse\" is no value; texts stand in double quotes\n"},
        {"{\"a\": nan}",
         "f:1:7: not valid JSON: \"nan\" is no value; texts stand in double quotes\n"},
        {"{\"a\": 10s}",
         "f:1:7: not valid JSON: a number with a unit is a text: \"10s\", \"64KiB\"\n"},
        {"{\"a\": 01}", "f:1:7: not valid JSON: a number does not begin with 0\n"},
        {"{\"a\": -01}", "f:1:8: not valid JSON: a number does not begin with 0\n"},
        {"{\"a\": -}", "f:1:8: not valid JSON: a digit is wanted in a number\n"},
        {"{\"a\": 1.}", "f:1:9: not valid JSON: a digit is wanted in a number\n"},
        {"{\"a\": 1e+}", "f:1:10: not valid JSON: a digit is wanted in a number\n"},
        {"{\"a\": .5}", "f:1:7: not valid JSON: a value: a text, a number, true, false, null, a "
                        "list or an object is wanted; here stands '.'\n"},
        {"{\"a\": +1}", "f:1:7: not valid JSON: a value: a text, a number, true, false, null, a "
                        "list or an object is wanted; here stands '+'\n"},
        {"{\"a\": 1e999}", "f:1:7: /a: number 1e999 is out of range\n"},
        {"{\"b\": [9223372036854775808, 1, -9223372036854775809]}",
         "f:1:8: /b/0: number 9223372036854775808 is out of range; whole numbers go from "
         "-9223372036854775808 to 9223372036854775807\n"
         "f:1:32: /b/2: number -9223372036854775809 is out of range; whole numbers go from "
         "-9223372036854775808 to 9223372036854775807\n"},
        {"{\"b\": 18446744073709551616, \"b\": 1}",
         "f:1:7: /b: number 18446744073709551616 is out of range; whole numbers go from "
         "-9223372036854775808 to 9223372036854775807\n"
         "f:1:34: /b: \"b\" is given twice; the other value stands at f:1:7\n"},
        {"{\"a\": 1, \"x\": {\"a\": 1},\n \"\\u0061\" : 2}",
         "f:2:13: /a: \"a\" is given twice; the other value stands at f:1:7\n"},
        {"{\"a\": \"x\n\"}", "f:1:9: not valid JSON: a text does not go over the end of a line; is "
                             "'\"' missing?\n"},
        {"{\"a\": \"x\ty\"}",
         "f:1:9: not valid JSON: control byte 0x09 in a text; write \\u0009\n"},
        {"{\"a\": \"x", "f:1:7: not valid JSON: the text that begins here is not closed: '\"' is "
                        "missing\n"},
        {"{\"a\": \"x\\",
         "f:1:7: not valid JSON: the text that begins here is not closed: '\"' is missing\n"},
        {"{\"a\": \"\\x\"}", "f:1:8: not valid JSON: unknown escape in a text; these are known: "
                             "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX\n"},
        {"{\"a\": \"\\u12g4\"}",
         "f:1:8: not valid JSON: \\u is followed by four hexadecimal digits\n"},
        {"{\"a\": \"\\u0000\"}",
         "f:1:8: not valid JSON: \\u0000 is not allowed in a configuration\n"},
        {"{\"a\\u0000\": 1}", "f:1:4: not valid JSON: \\u0000 is not allowed in a configuration\n"},
        {"{\"a\": \"\\ud800\"}",
         "f:1:8: not valid JSON: \\ud800 is one half of a surrogate pair\n"},
        {"{\"a\": \"\\udc00\\ud800\"}",
         "f:1:8: not valid JSON: \\udc00 is one half of a surrogate pair\n"},
        {"{\"a\": \"\\ud83d\\u0041\"}",
         "f:1:8: not valid JSON: \\ud83d is one half of a surrogate pair\n"},
        {"{\"\xc3\xa4\": \"\xc3\xa4\xc0\x80\"}", "f:1:9: not valid JSON: byte 0xc0 is not UTF-8\n"},
        {"{\"a\": \"\xff\"}", "f:1:8: not valid JSON: byte 0xff is not UTF-8\n"},
        {"{\"a\": \"\xed\xa0\x80\"}", "f:1:8: not valid JSON: byte 0xed is not UTF-8\n"},
        {"{\"a\": \xc3\xa4}",
         "f:1:7: not valid JSON: a value: a text, a number, true, false, null, a list or an "
         "object is wanted; here stands byte 0xc3\n"},
        {"\xef\xbb\xbf{\"a\": x}",
         "f:1:7: not valid JSON: \"x\" is no value; texts stand in double quotes\n"},
        {"\xef\xbb\xbf\xef\xbb\xbf{}",
         "f:1:1: not valid JSON: a value: a text, a number, true, false, null, a list or an "
         "object is wanted; here stands byte 0xef\n"},
        {"\xff\xfe{", "f:1:1: not valid JSON: a value: a text, a number, true, false, null, a "
                      "list or an object is wanted; here stands byte 0xff\n"},
        {"{\r\n\"a\": 1,\r\n\"b\" 2\r\n}",
         "f:3:5: not valid JSON: ':' between a key and its value is wanted; here stands '2'\n"},
        {"{\n\t\"a\": {\n\t\t\"b\": [1,\n",
         "f:4:1: not valid JSON: the text ends, and '[' of line 3, column 8 is not closed\n"},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        struct nv_conf_doc *doc = NULL;

        CU_ASSERT_EQUAL(load_str(cases[i].text, &doc), NAVE_ECONFIG);
        CU_ASSERT_PTR_NULL(doc);
        CU_ASSERT_TRUE(is_told(cases[i].want));
    }
}

static void a_nul_byte_is_refused_wherever_it_stands(void)
{
    struct nv_conf_doc *doc = NULL;
    size_t i;

    for (i = 0; i <= 8; i++) {
        char text[] = "{\"a\": 1}\0";

        memmove(text + i + 1, text + i, 8 - i);
        text[i] = '\0';
        CU_ASSERT_EQUAL(load(text, 9, &doc), NAVE_ECONFIG);
        CU_ASSERT_EQUAL(told.placed_count, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "byte 0x00"));
    }
}

static void a_text_cut_at_any_byte_is_refused_with_a_place(void)
{
    struct nv_conf_doc *doc = NULL;
    size_t n;

    for (n = 0; n < sizeof(good) - 1; n++) {
        doc = NULL;
        CU_ASSERT_EQUAL(load(good, n, &doc), NAVE_ECONFIG);
        CU_ASSERT_PTR_NULL(doc);
        CU_ASSERT_EQUAL(told.count, 1);
        CU_ASSERT_EQUAL(told.placed_count, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(told.text, " not valid JSON: "));
    }
    CU_ASSERT_EQUAL_FATAL(load(good, n, &doc), NAVE_OK);
    CU_ASSERT_EQUAL(told.count, 0);
    nv_conf_destroy(doc);
}

static void bombs_of_brackets_and_values_are_refused_by_a_limit(void)
{
    static const char *const bombs[] = {"[", "{\"a\":", "[[],"};
    struct nv_conf_doc *doc = NULL;
    char *text = malloc(1u << 20);
    size_t b, i, n;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    for (b = 0; b < NAVE_COUNT(bombs); b++) {
        n = strlen(bombs[b]);
        for (i = 0; i < 100000; i++)
            memcpy(text + i * n, bombs[b], n);
        CU_ASSERT_EQUAL(load(text, i * n, &doc), NAVE_ECONFIG);
        CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "nested deeper than 64 levels"));
        CU_ASSERT_EQUAL(told.placed_count, 1);
    }
    memset(text, ' ', 1u << 20);
    text[0] = '[';
    for (i = 1; i + 1 < (1u << 20); i += 2) {
        text[i] = '0';
        text[i + 1] = ',';
    }
    CU_ASSERT_EQUAL(load(text, (1u << 20) - 1, &doc), NAVE_ECONFIG);
    /* '[' is the first value, so the 262144th number is one too many. */
    CU_ASSERT_TRUE(is_told("f:1:524288: more than 262144 values in one file\n"));
    free(text);
}

/* Exactly the deepest that is allowed. */
static void sixty_four_levels_are_allowed_and_no_more(void)
{
    struct nv_conf_doc *doc = NULL;
    struct nave_conf *c;
    char text[512] = "", pointer[256];
    size_t i;

    for (i = 0; i < 63; i++)
        strcat(text, i == 0 ? "{\"a\":" : "[");
    strcat(text, "[1]");
    for (i = 0; i < 63; i++)
        strcat(text, i == 62 ? "}" : "]");
    CU_ASSERT_EQUAL_FATAL(load_str(text, &doc), NAVE_OK);
    c = nv_conf_root(doc);
    for (i = 0; i < 64; i++)
        c = nave_conf_at(c, 0, NULL);
    CU_ASSERT_EQUAL(nave_conf_kind(c), NAVE_CONF_INT);
    nv_conf_pointer(c, pointer, sizeof(pointer));
    CU_ASSERT_EQUAL(strlen(pointer), 2 + 63 * 2);
    nv_conf_destroy(doc);

    /* One more is one too many. */
    memmove(text + 6, text + 5, strlen(text + 5) + 1);
    text[5] = '[';
    doc = NULL;
    CU_ASSERT_EQUAL(load_str(text, &doc), NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told("f:1:69: nested deeper than 64 levels\n"));
}

/* ---- positions --------------------------------------------------------------------------------- */

static void fail_all(struct nave_conf *c)
{
    size_t i;

    c->api->fail(c, "x", 1);
    for (i = 0; i < nave_conf_count(c); i++)
        fail_all(nave_conf_at(c, i, NULL));
}

static void every_value_knows_its_line_column_and_pointer(void)
{
    struct nv_conf_doc *doc = NULL;

    CU_ASSERT_EQUAL_FATAL(load(good, sizeof(good) - 1, &doc), NAVE_OK);
    fail_all(nv_conf_root(doc));
    CU_ASSERT_TRUE(is_told("f:1:1: x\n"
                           "f:2:7: /a: x\n"
                           "f:2:8: /a/0: x\n"
                           "f:2:11: /a/1: x\n"
                           "f:2:20: /a/2: x\n"
                           "f:2:26: /a/3: x\n"
                           "f:3:16: /t\xc3\xa4\n: x\n"
                           "f:3:38: /o: x\n"
                           "f:3:43: /o/: x\n"
                           "f:3:52: /o/l: x\n"
                           "f:4:8: /n: x\n"
                           "f:4:18: /m: x\n"
                           "f:4:29: /big: x\n"));
    CU_ASSERT_EQUAL(nv_conf_errors(doc), 13);

    /* Going back is as exact as going forward. */
    forget();
    nv_conf_fail(nave_conf_get(nv_conf_root(doc), "a"), NAVE_ECONFIG, NULL, "y");
    CU_ASSERT_TRUE(is_told("f:2:7: /a: y\n"));
    nv_conf_destroy(doc);

    /* A byte order mark takes no column. */
    CU_ASSERT_EQUAL_FATAL(load_str("\xef\xbb\xbf{\"a\": 1}", &doc), NAVE_OK);
    fail_all(nv_conf_root(doc));
    CU_ASSERT_TRUE(is_told("f:1:1: x\nf:1:7: /a: x\n"));
    nv_conf_destroy(doc);
}

static void a_pointer_has_the_escapes_of_rfc_6901(void)
{
    struct nv_conf_doc *doc = NULL;
    struct nave_conf *c;
    char pointer[64];
    size_t cap;

    CU_ASSERT_EQUAL_FATAL(load_str("{\"a/b\": {\"m~n\": {\"~1\": [0, {\"\xc3\xa4\": 1}]}}}", &doc),
                          NAVE_OK);
    c = nv_conf_root(doc);
    while (nave_conf_count(c) > 0)
        c = nave_conf_at(c, nave_conf_count(c) - 1, NULL);
    nv_conf_pointer(c, pointer, sizeof(pointer));
    CU_ASSERT_STRING_EQUAL(pointer, "/a~1b/m~0n/~01/1/\xc3\xa4");

    /* One that does not fit is a prefix: no escape and no character is cut, nothing follows. */
    for (cap = 0; cap < sizeof(pointer); cap++) {
        char cut[64] = "untouched";
        size_t n;

        nv_conf_pointer(c, cut, cap);
        n = strlen(cut);
        if (cap == 0) {
            CU_ASSERT_STRING_EQUAL(cut, "untouched");
            continue;
        }
        CU_ASSERT(n < cap);
        CU_ASSERT_EQUAL(memcmp(cut, pointer, n), 0);
        CU_ASSERT(n == 0 || cut[n - 1] != '~');
        CU_ASSERT(n == 0 || (unsigned char)cut[n - 1] != 0xc3);
    }
    nv_conf_destroy(doc);
}

static void a_value_is_dumped_as_it_was_written(void)
{
    static const char text[] = "{ \"a\" : [ 1.50 , -0, 1e2 , \"\\u0041 {\\\"} \" , { } , [ ] , "
                               "{ \"k\" :\tnull } ] }";
    struct nv_conf_doc *doc = NULL;
    struct nave_str dump = {NULL, 0};

    CU_ASSERT_EQUAL_FATAL(load_str(text, &doc), NAVE_OK);
    CU_ASSERT_EQUAL(nv_conf_root(doc)->api->dump(nv_conf_root(doc), &dump), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(dump.ptr,
                           "{\"a\":[1.50,-0,1e2,\"\\u0041 {\\\"} \",{},[],{\"k\":null}]}");
    nv_conf_destroy(doc);
}

static void a_value_is_read_as_its_own_kind_only(void)
{
    struct nv_conf_doc *doc = NULL;
    struct nave_conf *root;
    size_t i;

    CU_ASSERT_EQUAL_FATAL(
        load_str(
            "{\"n\": null, \"f\": true, \"i\": -1, \"r\": 1.5, \"t\": \"64KiB\", \"d\": \"1s\", "
            "\"l\": [1], \"o\": {\"a\": 1}}",
            &doc),
        NAVE_OK);
    root = nv_conf_root(doc);
    for (i = 0; i < nave_conf_count(root); i++) {
        struct nave_str key = {NULL, 0}, text = {NULL, 0};
        struct nave_conf *c = nave_conf_at(root, i, &key);
        uint32_t flag = 7;
        int64_t number = 7;
        double real = 7;
        nave_nsec ns = 7;
        uint64_t bytes = 7;
        char k = key.ptr[0];

        CU_ASSERT_EQUAL(c->api->flag(c, &flag), k == 'f' ? NAVE_OK : NAVE_EINVAL);
        CU_ASSERT_EQUAL(flag, k == 'f' ? 1 : 7);
        CU_ASSERT_EQUAL(c->api->integer(c, &number), k == 'i' ? NAVE_OK : NAVE_EINVAL);
        CU_ASSERT_EQUAL(number, k == 'i' ? -1 : 7);
        CU_ASSERT_EQUAL(c->api->real(c, &real), k == 'i' || k == 'r' ? NAVE_OK : NAVE_EINVAL);
        CU_ASSERT_EQUAL(c->api->text(c, &text), k == 't' || k == 'd' ? NAVE_OK : NAVE_EINVAL);
        CU_ASSERT_EQUAL(c->api->duration(c, &ns), k == 'd'   ? NAVE_OK
                                                  : k == 't' ? NAVE_ESYNTAX
                                                             : NAVE_EINVAL);
        CU_ASSERT_EQUAL(c->api->bytes(c, &bytes), k == 't'   ? NAVE_OK
                                                  : k == 'i' ? NAVE_EOVERFLOW
                                                  : k == 'd' ? NAVE_ESYNTAX
                                                             : NAVE_EINVAL);
        CU_ASSERT_EQUAL(nave_conf_count(c), k == 'l' || k == 'o');
        CU_ASSERT_EQUAL(nave_conf_get(c, "a") != NULL, k == 'o');
        CU_ASSERT_PTR_NULL(nave_conf_at(c, 1, NULL));
    }
    CU_ASSERT_PTR_NULL(nave_conf_get(root, "none"));
    nv_conf_destroy(doc);
    nv_conf_destroy(NULL);
}

static void a_path_is_relative_to_the_folder_of_its_file(void)
{
    static const struct {
        const char *name, *path, *want; /* '.' at the front of want: the working directory */
    } cases[] = {
        {"/etc/app/f.json", "p.so", "/etc/app/p.so"}, {"/etc/app/f.json", "/lib/p.so", "/lib/p.so"},
        {"/f.json", "../p.so", "/../p.so"},           {"f.json", "p.so", "./p.so"},
        {"conf/f.json", "p.so", "./conf/p.so"},       {"f.json", "/lib/p.so", "/lib/p.so"},
    };
    char here[4096], want[8192];
    static char long_path[8192];
    char *path = NULL;
    size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(here, sizeof(here)));
    memset(long_path, 'x', sizeof(long_path));
    for (i = 0; i < NAVE_COUNT(cases); i++) {
        int is_here = cases[i].want[0] == '.';
        struct nave_str given = {cases[i].path, strlen(cases[i].path)};
        struct nv_conf_doc *doc = NULL;

        CU_ASSERT_EQUAL_FATAL(nv_conf_load_text("{}", 2, cases[i].name, &report, &doc), NAVE_OK);
        snprintf(want, sizeof(want), "%s%s", is_here ? here : "", cases[i].want + is_here);
        CU_ASSERT_EQUAL_FATAL(nv_conf_resolve(nv_conf_root(doc), given, &path), NAVE_OK);
        CU_ASSERT_STRING_EQUAL(path, want);
        free(path);
        path = NULL;
        given = (struct nave_str){long_path, sizeof(long_path)};
        CU_ASSERT_EQUAL(nv_conf_resolve(nv_conf_root(doc), given, &path), NAVE_ETOOBIG);
        given.len = 4;
        fail_after(0);
        CU_ASSERT_EQUAL(nv_conf_resolve(nv_conf_root(doc), given, &path), NAVE_ENOMEM);
        countdown = -1;
        CU_ASSERT_PTR_NULL(path);
        nv_conf_destroy(doc);
    }
}

static void a_hundred_thousand_errors_cost_one_pass(void)
{
    enum { VALUES = 100000, BYTES = 100 }; /* 10 MB; a pass for each error would take an hour */
    struct nv_conf_doc *doc = NULL;
    char *text = malloc((size_t)VALUES * BYTES + 16);
    struct nv_report quiet;
    size_t i, n;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    CU_ASSERT_EQUAL_FATAL(nv_report_init(&quiet, NULL, NULL, NAVE_LOG_ERROR), NAVE_OK);
    n = (size_t)sprintf(text, "{\"a\":[0");
    for (i = 1; i < VALUES; i++)
        n += (size_t)sprintf(text + n, ",%*s0", BYTES - 2, "");
    n += (size_t)sprintf(text + n, "]}");
    CU_ASSERT_EQUAL_FATAL(nv_conf_load_text(text, n, "f", &quiet, &doc), NAVE_OK);
    fail_all(nv_conf_root(doc));
    CU_ASSERT_EQUAL(nv_report_errors(&quiet), VALUES + 2);
    nv_conf_destroy(doc);
    nv_report_finish(&quiet);
    free(text);
}

/* ---- against jansson --------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Whether `c` is the value `json`. */
static int is_alike(struct nave_conf *c, json_t *json)
{
    struct nave_str text = {"", 0};
    int64_t number = 0;
    uint32_t flag = 2;
    double real = 0;
    size_t i;

    switch (json_typeof(json)) {
    case JSON_OBJECT:
        for (i = 0; i < nave_conf_count(c); i++) {
            struct nave_str key = {"", 0};
            struct nave_conf *member = nave_conf_at(c, i, &key);
            char name[128];

            snprintf(name, sizeof(name), "%.*s", (int)key.len, key.ptr);
            if (!json_object_get(json, name) || !is_alike(member, json_object_get(json, name)) ||
                nave_conf_get(c, name) != member)
                return 0;
        }
        return nave_conf_kind(c) == NAVE_CONF_OBJECT && i == json_object_size(json);
    case JSON_ARRAY:
        for (i = 0; i < nave_conf_count(c); i++) {
            if (!json_array_get(json, i) ||
                !is_alike(nave_conf_at(c, i, NULL), json_array_get(json, i)))
                return 0;
        }
        return nave_conf_kind(c) == NAVE_CONF_LIST && i == json_array_size(json);
    case JSON_STRING:
        return c->api->text(c, &text) == NAVE_OK && text.len == json_string_length(json) &&
               memcmp(text.ptr, json_string_value(json), text.len) == 0;
    case JSON_INTEGER:
        return c->api->integer(c, &number) == NAVE_OK && number == json_integer_value(json);
    case JSON_REAL:
        return nave_conf_kind(c) == NAVE_CONF_REAL && c->api->real(c, &real) == NAVE_OK &&
               real == json_real_value(json);
    case JSON_NULL:
        return nave_conf_kind(c) == NAVE_CONF_NULL;
    default:
        return c->api->flag(c, &flag) == NAVE_OK && flag == (uint32_t)json_is_true(json);
    }
}

/* Two readers of one grammar: on what they differ, one is wrong. */
static void the_reader_reads_what_jansson_reads(void)
{
    static const char alphabet[] =
        "{}[],:\"\\ \n\t0019-+.eEutrfn'/\x01\x7f\x80\xc0\xc3\xa4\xed\xf0";
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    unsigned accepted = 0, read = 0;
    uint32_t seed;

    for (seed = 1; seed <= 20000; seed++) {
        struct nv_conf_doc *doc;
        struct nv_conf_scan scan;
        struct nv_why why;
        json_error_t error;
        uint32_t x = seed * 2654435761u;
        char text[sizeof(good)];
        size_t len = sizeof(good) - 1, i;
        nave_err err;
        json_t *json;

        memcpy(text, good, sizeof(good));
        for (i = next_random(&x) % 3 + 1; i > 0; i--) {
            size_t at = next_random(&x) % len;

            if (next_random(&x) % 4 == 0)
                memmove(text + at, text + at + 1, --len - at);
            else
                text[at] = alphabet[next_random(&x) % (sizeof(alphabet) - 1)];
        }
        err = nv_conf_scan(text, len, 64, 1000, &scan, &why);
        json = json_loadb(text, len, flags, &error);
        if (err == NAVE_OK && !json)
            CU_ASSERT_TRUE(strstr(error.text, "duplicate object key") ||
                           strstr(error.text, "real number overflow") ||
                           strstr(error.text, "too big"));
        if ((err != NAVE_OK) != (json == NULL) && !(err == NAVE_OK && !json)) {
            printf("\n  seed %u: %s, jansson: %s\n  %.*s", seed, why.text, error.text, (int)len,
                   text);
            CU_FAIL("the scanner refused what jansson accepts");
        }
        CU_ASSERT(err == NAVE_OK || scan.bad_offset <= len);
        accepted += err == NAVE_OK;
        forget();
        doc = NULL;
        err = nv_conf_load_text(text, len, "f", &report, &doc);
        CU_ASSERT_EQUAL(err == NAVE_OK, json != NULL && json_is_object(json));
        if (doc && json && !is_alike(nv_conf_root(doc), json)) {
            printf("\n  seed %u: %.*s", seed, (int)len, text);
            CU_FAIL("the reader read something else than jansson");
        }
        read += doc != NULL;
        nv_conf_destroy(doc);
        json_decref(json);
    }
    CU_ASSERT(accepted > 1000 && accepted < 19000);
    CU_ASSERT(read > 1000);
}

/* ---- memory ------------------------------------------------------------------------------------ */

static void every_failing_allocation_is_told_as_such(void)
{
    /* More than one block; an object that is looked up by hash. */
    static const char text[] =
        "{\"a\": [1, 2.5, true, null, 0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"
        " \"b\": {\"\": \"x\\u00e4 a longer text\"}, \"c\": {}, \"d\": 1, \"e\": 1, \"f\": 1, "
        "\"g\": 1,"
        " \"h\": 1, \"i\": 1, \"j\": 1, \"k\": 1, \"l\": 1}";
    struct nv_conf_doc *doc;
    struct nave_str dump;
    nave_err err;
    long n;

    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        doc = NULL;
        forget();
        fail_after(n);
        err = nv_conf_load_text(text, sizeof(text) - 1, "f", &report, &doc);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_PTR_NULL(doc);
        CU_ASSERT_EQUAL(told.memory_count, 1);
        CU_ASSERT_TRUE(is_told("f: out of memory while reading the configuration\n"));
        if (!err)
            nv_conf_destroy(doc);
    }
    CU_ASSERT(n > 3);
    CU_ASSERT(n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
    fail_after(0);
    CU_ASSERT_EQUAL(nv_conf_root(doc)->api->dump(nv_conf_root(doc), &dump), NAVE_ENOMEM);
    countdown = -1;
    CU_ASSERT_EQUAL(nv_conf_root(doc)->api->dump(nv_conf_root(doc), &dump), NAVE_OK);
    nv_conf_destroy(doc);
}

static void every_failing_allocation_of_a_file_is_told_as_such(void)
{
    struct nv_conf_doc *doc = NULL;
    nave_err err;
    long n;

    CU_ASSERT_TRUE_FATAL(write_file("memory", "{\"a\": 1}", 8));
    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        doc = NULL;
        forget();
        fail_after(n);
        err = nv_conf_load_file(in_folder("memory"), &report, &doc);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_EQUAL(told.memory_count, 1);
        CU_ASSERT_EQUAL(told.count, 1);
    }
    CU_ASSERT(n > 2 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL(err, NAVE_OK);
    nv_conf_destroy(doc);
    CU_ASSERT_EQUAL(unlink(in_folder("memory")), 0);
}

static CU_TestInfo tests[] = {
    {"what_is_no_regular_file_is_refused_at_once", what_is_no_regular_file_is_refused_at_once},
    {"a_file_that_may_not_be_read_is_refused", a_file_that_may_not_be_read_is_refused},
    {"a_file_over_the_limit_is_refused_before_it_is_read",
     a_file_over_the_limit_is_refused_before_it_is_read},
    {"a_file_is_read_like_a_text", a_file_is_read_like_a_text},
    {"every_mistake_is_told_at_its_byte", every_mistake_is_told_at_its_byte},
    {"a_nul_byte_is_refused_wherever_it_stands", a_nul_byte_is_refused_wherever_it_stands},
    {"a_text_cut_at_any_byte_is_refused_with_a_place",
     a_text_cut_at_any_byte_is_refused_with_a_place},
    {"bombs_of_brackets_and_values_are_refused_by_a_limit",
     bombs_of_brackets_and_values_are_refused_by_a_limit},
    {"sixty_four_levels_are_allowed_and_no_more", sixty_four_levels_are_allowed_and_no_more},
    {"every_value_knows_its_line_column_and_pointer",
     every_value_knows_its_line_column_and_pointer},
    {"a_pointer_has_the_escapes_of_rfc_6901", a_pointer_has_the_escapes_of_rfc_6901},
    {"a_value_is_dumped_as_it_was_written", a_value_is_dumped_as_it_was_written},
    {"a_value_is_read_as_its_own_kind_only", a_value_is_read_as_its_own_kind_only},
    {"a_path_is_relative_to_the_folder_of_its_file", a_path_is_relative_to_the_folder_of_its_file},
    {"a_hundred_thousand_errors_cost_one_pass", a_hundred_thousand_errors_cost_one_pass},
    {"the_reader_reads_what_jansson_reads", the_reader_reads_what_jansson_reads},
    {"every_failing_allocation_is_told_as_such", every_failing_allocation_is_told_as_such},
    {"every_failing_allocation_of_a_file_is_told_as_such",
     every_failing_allocation_of_a_file_is_told_as_such},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"conf", set_up, clean_up, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

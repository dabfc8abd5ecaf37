/* SPDX-License-Identifier: MIT
 *
 * Documents of several files, texts from elsewhere, and values set from outside. The files are those of
 * a table in memory, so that limits, circles and a lack of memory cost nothing; what depends on real
 * files is below "real files".
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/conf_file.h"
#include "failing.h"
#include "test_main.h"
#include "told.h"

#define ALLOCATIONS_MAX 1000

struct file {
    const char *name, *text;
};

static struct nv_report report;
static struct nv_conf_doc *doc;
static char warned[2048];

static void tell_all(void *arg, const struct nave_report *r)
{
    if (r->level == NAVE_LOG_WARN)
        snprintf(warned, sizeof(warned), "%.*s:%u:%u: %.*s: %.*s", (int)r->file.len, r->file.ptr,
                 r->line, r->column, (int)r->pointer.len, r->pointer.ptr, (int)r->text.len,
                 r->text.ptr);
    tell(arg, r);
}

static int set_up(void)
{
    return nv_report_init(&report, tell_all, NULL, NAVE_LOG_DEBUG) != NAVE_OK;
}

static int clean_up(void)
{
    nv_conf_destroy(doc);
    nv_report_finish(&report);
    return 0;
}

/* Files "gen/N": each includes the next; "self": itself. */
static nave_err read_table(void *arg, const char *name, size_t bytes_max, struct nv_conf_file *out,
                           struct nv_why *why)
{
    const struct file *f;
    char made[64];

    for (f = arg; f && f->name; f++) {
        if (strcmp(f->name, name) == 0)
            break;
    }
    if (strncmp(name, "gen/", 4) == 0)
        snprintf(made, sizeof(made), "{\"$include\": \"%ld\"}", atol(name + 4) + 1);
    else if (!f || !f->name)
        return nv_why_set(why, NAVE_ENOTFOUND, "is not there");
    else
        made[0] = '\0';
    *out = (struct nv_conf_file){.len = strlen(made[0] ? made : f->text)};
    if (out->len > bytes_max)
        return NAVE_ETOOBIG;
    out->text = malloc(out->len + 1);
    if (!out->text)
        return NAVE_ENOMEM;
    memcpy(out->text, made[0] ? made : f->text, out->len + 1);
    return NAVE_OK;
}

static nave_err load(const struct file *files, const struct nv_conf_set *sets, size_t set_count)
{
    const struct nv_conf_input in = {.name = "main",
                                     .text = files[0].text,
                                     .len = strlen(files[0].text),
                                     .sets = sets,
                                     .set_count = set_count,
                                     .read = read_table,
                                     .read_arg = (void *)(uintptr_t)files};

    nv_conf_destroy(doc);
    doc = NULL;
    forget();
    return nv_conf_load(&in, &report, &doc);
}

/* The document of `files`, the first of which is "main", must come out as `want`. */
static void make(const struct file *files, const char *want)
{
    struct nave_str dump = {"", 0};

    CU_ASSERT_EQUAL(load(files, NULL, 0), NAVE_OK);
    CU_ASSERT_TRUE(is_told(""));
    if (!doc)
        return;
    CU_ASSERT_EQUAL(nv_conf_root(doc)->api->dump(nv_conf_root(doc), &dump), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(dump.ptr, want);
}

static void refuse(const struct file *files, const char *want)
{
    CU_ASSERT_EQUAL(load(files, NULL, 0), NAVE_ECONFIG);
    CU_ASSERT_PTR_NULL(doc);
    CU_ASSERT_TRUE(is_told(want));
}

#define FILES(...) ((const struct file[]){__VA_ARGS__, {NULL, NULL}})

/* ---- includes ---------------------------------------------------------------------------------- */

static void members_of_a_file_stand_in_the_place_of_its_include(void)
{
    make(FILES({"main", "{\"a\": 1, \"$include\": \"b\", \"z\": 2}"},
               {"b", "{\"$schema\": \"x\", \"c\": [1.50], \"d\": {}}"}),
         "{\"a\":1,\"c\":[1.50],\"d\":{},\"z\":2}");
    make(FILES({"main", "{\"$include\": [\"b\", \"c\"]}"}, {"b", "{\"b\": 1}"},
               {"c", "{\"c\": 2}"}),
         "{\"b\":1,\"c\":2}");
    make(FILES({"main", "{\"$include\": []}"}), "{}");
    make(FILES({"main", "{\"a\": {\"$include\": \"sub/b\"}}"},
               {"sub/b", "{\"b\": {\"$include\": \"c\"}, \"d\": {\"$include\": \"/abs\"}}"},
               {"sub/c", "{\"c\": 1}"}, {"/abs", "{}"}),
         "{\"a\":{\"b\":{\"c\":1},\"d\":{}}}");
}

static void objects_are_merged_deep_and_lists_are_joined(void)
{
    make(FILES({"main", "{\"o\": {\"x\": 1, \"l\": [1]}, \"$include\": \"b\", \"p\": [0]}"},
               {"b", "{\"o\": {\"y\": {\"z\": 2}, \"l\": [2, 3]}, \"p\": []}"}),
         "{\"o\":{\"x\":1,\"l\":[1,2,3],\"y\":{\"z\":2}},\"p\":[0]}");
    make(FILES({"main", "{\"$include\": [\"b\", \"b\"]}"}, {"b", "{\"o\": {\"l\": [1]}}"}),
         "{\"o\":{\"l\":[1,1]}}");
}

static void items_of_a_file_stand_in_the_place_of_its_include(void)
{
    make(FILES({"main", "{\"l\": [0, {\"$include\": \"b\"}, 9, {\"$include\": [\"c\", \"c\"]}]}"},
               {"b", "[1, {\"$include\": \"d\"}, [2]]"}, {"c", "{\"c\": 1}"}, {"d", "[]"}),
         "{\"l\":[0,1,[2],9,{\"c\":1},{\"c\":1}]}");
    /* With other members it is an object like others. */
    make(FILES({"main", "{\"l\": [{\"$include\": \"c\", \"d\": 2}]}"}, {"c", "{\"c\": 1}"}),
         "{\"l\":[{\"c\":1,\"d\":2}]}");
}

static void the_same_scalar_twice_is_told_with_both_places(void)
{
    refuse(FILES({"main", "{\"a\": 1,\n \"o\": {\"x\": 1},\n \"$include\": \"b\"}"},
                 {"b", "{\n\"a\": 1, \"o\": {\"x\": [], \"y\": 1}}"}),
           "b:2:6: /a: \"a\" is given twice; the other value stands at main:1:7\n"
           "b:2:20: /o/x: \"x\" is given twice; the other value stands at main:2:13\n");
    /* In one file nothing is merged. */
    refuse(FILES({"main", "{\"$include\": \"b\", \"o\": {}, \"o\": {}}"}, {"b", "{\"o\": {}}"}),
           "main:1:33: /o: \"o\" is given twice; the other value stands at main:1:24\n");
    refuse(FILES({"main", "{\"$include\": \"b\", \"$include\": \"b\"}"}, {"b", "{}"}),
           "main:1:31: /$include: \"$include\" is given twice; the other value stands at "
           "main:1:14\n");
}

static void what_is_refused_of_an_included_file_is_told_at_its_own_place(void)
{
    struct nave_conf *c;

    CU_ASSERT_EQUAL_FATAL(load(FILES({"main", "{\"l\": [0, {\"$include\": \"sub/b\"}]}"},
                                     {"sub/b", "[1,\n {\"k\": 5}]"}),
                               NULL, 0),
                          NAVE_OK);
    c = nave_conf_get(nave_conf_at(nave_conf_get(nv_conf_root(doc), "l"), 2, NULL), "k");
    nv_conf_fail(c, NAVE_EINVAL, NULL, "no");
    CU_ASSERT_TRUE(is_told("sub/b:2:8: /l/2/k: no\n"));

    refuse(FILES({"main", "{\"a\": {\"$include\": \"b\"}}"}, {"b", "{\n \"x\": }"}),
           "b:2:7: /a: not valid JSON: a value: a text, a number, true, false, null, a list or an "
           "object is wanted; here stands '}'\n");
    refuse(FILES({"main", "{\"a\": {\"$include\": \"b\"}}"},
                 {"b", "{\"x\": {\"y\": 1e999, \"y\": 2}}"}),
           "b:1:13: /a/x/y: number 1e999 is out of range\n"
           "b:1:25: /a/x/y: \"y\" is given twice; the other value stands at b:1:13\n");
    refuse(FILES({"main", "{\"a\": {\"$include\": \"b\"}}"}, {"b", "[1]"}),
           "b:1:1: /a: what an object includes is an object, { ... }; here stands a list\n");
    refuse(FILES({"main", "{\"a\": {\"$include\": \"b\"}}"}, {"b", ""}),
           "b:1:1: /a: not valid JSON: there is nothing in it; the least configuration is {}\n");
    refuse(FILES({"main", "{\"a\": {\"$include\": [\"b\", 1]}, \"b\": {\"$include\": {}},\n"
                          " \"c\": [{\"$include\": null}], \"d\": {\"$include\": \"\"}}"}),
           "main:1:26: /a/$include/1: \"$include\" is the path of a file or a list of such paths; "
           "here stands a whole number\n"
           "main:1:49: /b/$include: \"$include\" is the path of a file or a list of such paths; "
           "here stands an object\n"
           "main:2:21: /c/0/$include: \"$include\" is the path of a file or a list of such paths; "
           "here stands null\n"
           "main:2:47: /d/$include: the path of a file has 1 to 4095 bytes\n");
    refuse(FILES({"main", "{\"a\": {\"$include\": [\"no\", \"nor\"]}}"}),
           "main:1:21: /a/$include/0: no is not there\n"
           "main:1:27: /a/$include/1: nor is not there\n");
}

static void a_circle_of_includes_is_told_with_its_files(void)
{
    refuse(FILES({"main", "{\"$include\": \"main\"}"}),
           "main:1:14: /$include: the files include each other in a circle: main, which main "
           "includes\n");
    refuse(FILES({"main", "{\"a\": {\"$include\": \"b\"}}"},
                 {"b", "{\"b\": [{\"$include\": \"c\"}]}"},
                 {"c", "{\"c\": {\"$include\": \"b\"}}"}),
           "c:1:20: /a/b/0/c/$include: the files include each other in a circle: b, which c "
           "includes, which b includes\n");
}

static void depth_files_and_levels_are_limited(void)
{
    char text[8192] = "{\"$include\": [";
    char deep[512] = "", want[256];
    size_t i;

    refuse(FILES({"main", "{\"$include\": \"gen/0\"}"}),
           "gen/15:1:14: /$include: files include each other 16 deep, the most\n");

    for (i = 0; i < 256; i++)
        strcat(text, "\"b\",");
    strcat(text, "\"b\", \"b\"]}");
    refuse(FILES({"main", text}, {"b", "{}"}),
           "main:1:1039: /$include/256: 256 files are included already, the most\n");

    /* 64 levels together are allowed: 2 + 62, and not 2 + 63. */
    for (i = 0; i < 61; i++)
        strcat(deep, "[");
    for (i = 0; i < 61; i++)
        strcat(deep, "]");
    snprintf(text, sizeof(text), "{\"x\": %s}", deep);
    CU_ASSERT_EQUAL(load(FILES({"main", "{\"a\": {\"b\": {\"$include\": \"b\"}}}"}, {"b", text}),
                         NULL, 0),
                    NAVE_OK);
    snprintf(text, sizeof(text), "{\"x\": [%s]}", deep);
    snprintf(want, sizeof(want), "b:1:68: /a/b/x");
    for (i = 0; i < 61; i++)
        strcat(want, "/0");
    strcat(want, ": nested deeper than 64 levels\n");
    refuse(FILES({"main", "{\"a\": {\"b\": {\"$include\": \"b\"}}}"}, {"b", text}), want);
}

/* ---- texts from elsewhere ---------------------------------------------------------------------- */

static void texts_come_from_files_and_from_the_environment(void)
{
    struct nave_str text = {"", 0};
    struct nave_conf *c;

    CU_ASSERT_EQUAL(setenv("NAVE_TEST_WORD", "w\"\xc3\xa4", 1), 0);
    make(FILES({"main",
                "{\"a\": {\"$file\": \"s/k\"}, \"b\": [{\"$env\": \"NAVE_TEST_WORD\"}], \"c\":"
                " {\"$file\": \"e\"}}"},
               {"s/k", "line\r\nline\r\n"}, {"e", "\n"}),
         "{\"a\":\"line\\u000d\\nline\",\"b\":[\"w\\\"\xc3\xa4\"],\"c\":\"\"}");
    c = nave_conf_get(nv_conf_root(doc), "a");
    CU_ASSERT_EQUAL(nave_conf_kind(c), NAVE_CONF_TEXT);
    CU_ASSERT_EQUAL(nave_conf_count(c), 0);
    CU_ASSERT_PTR_NULL(nave_conf_at(c, 0, NULL));
    CU_ASSERT_PTR_NULL(nave_conf_get(c, "$file"));
    CU_ASSERT_EQUAL(c->api->text(c, &text), NAVE_OK);
    CU_ASSERT_EQUAL(text.len, 10);
    nv_conf_fail(c, NAVE_EINVAL, NULL, "no");
    CU_ASSERT_TRUE(is_told("main:1:7: /a: no\n"));
    CU_ASSERT_EQUAL(unsetenv("NAVE_TEST_WORD"), 0);
}

static void what_is_no_text_from_elsewhere_is_refused(void)
{
    CU_ASSERT_EQUAL(setenv("NAVE_TEST_WORD", "\xff", 1), 0);
    CU_ASSERT_EQUAL(unsetenv("NAVE_TEST_NONE"), 0);
    refuse(
        FILES(
            {"main",
             "{\"a\": {\"$file\": \"none\"},\n\"b\": {\"$file\": 1},\n"
             "\"c\": {\"$env\": \"NAVE_TEST_WORD\"},\n\"d\": {\"$env\": \"NAVE_TEST_NONE\"},\n"
             "\"e\": {\"$env\": \"\"},\n\"f\": {\"$env\": []},\n"
             "\"g\": {\"$file\": \"x\", \"$env\": \"y\"},\n\"h\": {\"x\": 1, \"$file\": \"\"},\n"
             "\"i\": {\"$file\": \"bin\"},\n\"j\": {\"$file\": \"\"}, \"k\": {\"$env\": \"a=b\"}}"},
            {"bin", "a\xc3"}),
        "main:1:17: /a/$file: none is not there\n"
        "main:2:16: /b/$file: \"$file\" is the path of a file, a text; here stands a whole "
        "number\n"
        "main:3:15: /c/$env: variable \"NAVE_TEST_WORD\" of the environment is not UTF-8\n"
        "main:4:15: /d/$env: variable \"NAVE_TEST_NONE\" of the environment is not set\n"
        "main:5:15: /e/$env: the name of a variable has 1 to 255 bytes, and no '='\n"
        "main:6:15: /f/$env: \"$env\" is the name of a variable, a text; here stands a list\n"
        "main:7:16: /g/$file: \"$file\" stands alone in its object\n"
        "main:8:24: /h/$file: \"$file\" stands alone in its object\n"
        "main:9:16: /i/$file: bin is not UTF-8\n"
        "main:10:16: /j/$file: the path of a file has 1 to 4095 bytes\n"
        "main:10:35: /k/$env: the name of a variable has 1 to 255 bytes, and no '='\n");
    CU_ASSERT_EQUAL(unsetenv("NAVE_TEST_WORD"), 0);
    refuse(FILES({"main", "{\"$file\": \"x\"}"}, {"x", "y"}),
           "main:1:1: the configuration is an object, and this is a reference to a text\n");
}

static void a_text_from_elsewhere_has_at_most_64_kib(void)
{
    char *text = malloc((64 << 10) + 2);

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, 'x', (64 << 10) + 1);
    text[(64 << 10) + 1] = '\0';
    refuse(FILES({"main", "{\"a\": {\"$file\": \"x\"}}"}, {"x", text}),
           "main:1:17: /a/$file: x is larger than 64 KiB, the most that one text may have\n");
    text[64 << 10] = '\0';
    CU_ASSERT_EQUAL(load(FILES({"main", "{\"a\": {\"$file\": \"x\"}}"}, {"x", text}), NULL, 0),
                    NAVE_OK);
    CU_ASSERT_EQUAL(setenv("NAVE_TEST_LONG", text, 1), 0);
    CU_ASSERT_EQUAL(load(FILES({"main", "{\"a\": {\"$env\": \"NAVE_TEST_LONG\"}}"}), NULL, 0),
                    NAVE_OK);
    text[64 << 10] = 'x';
    CU_ASSERT_EQUAL(setenv("NAVE_TEST_LONG", text, 1), 0);
    refuse(FILES({"main", "{\"a\": {\"$env\": \"NAVE_TEST_LONG\"}}"}),
           "main:1:16: /a/$env: variable \"NAVE_TEST_LONG\" of the environment is larger than 64 "
           "KiB, the most that one text may have\n");
    CU_ASSERT_EQUAL(unsetenv("NAVE_TEST_LONG"), 0);
    free(text);
}

static void a_raw_document_reads_nothing(void)
{
    static const char text[] =
        "[{\"$include\": \"/etc/passwd\"}, {\"$file\": \"x\"}, {\"$env\": \"HOME\"}]";
    const struct nv_conf_input in = {
        .name = "raw", .text = text, .len = sizeof(text) - 1, .read = read_table, .is_raw = 1};
    struct nave_str dump = {"", 0};

    nv_conf_destroy(doc);
    doc = NULL;
    forget();
    CU_ASSERT_EQUAL_FATAL(nv_conf_load(&in, &report, &doc), NAVE_OK);
    CU_ASSERT_EQUAL(nv_conf_root(doc)->api->dump(nv_conf_root(doc), &dump), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(
        dump.ptr, "[{\"$include\":\"/etc/passwd\"},{\"$file\":\"x\"},{\"$env\":\"HOME\"}]");
}

/* ---- sets -------------------------------------------------------------------------------------- */

static void a_set_makes_replaces_and_appends(void)
{
    static const struct nv_conf_set sets[] = {
        {"/a", "2"},           {"/o/x/y", "{\"z\": 1.50}"},
        {"/o/x/y/w", "[]"},    {"/o/x/y/w/-", "1"},
        {"/l/0", "\"first\""}, {"/l/-", "{\"$include\": \"b\"}"},
        {"/l/-", "3"},         {"/m/-", "true"},
        {"/n/-/k", "null"},    {"/s~1t~0u/", "0"},
        {"/o/kept", "5"},      {"/o/kept", "6"},
    };
    struct nave_str dump = {"", 0};
    struct nave_conf *c;

    CU_ASSERT_EQUAL_FATAL(load(FILES({"main", "{\"a\": 1, \"o\": {\"q\": 0}, \"l\": [1, 2]}"},
                                     {"b", "{\"b\": 1}"}),
                               sets, NAVE_COUNT(sets)),
                          NAVE_OK);
    CU_ASSERT_EQUAL(nv_conf_root(doc)->api->dump(nv_conf_root(doc), &dump), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(dump.ptr,
                           "{\"a\":2,\"o\":{\"q\":0,\"x\":{\"y\":{\"z\":1.50,\"w\":[1]}},\"kept\":"
                           "6},\"l\":[\"first\",2,"
                           "{\"b\":1},3],\"m\":[true],\"n\":[{\"k\":null}],\"s/t~u\":{\"\":0}}");

    c = nave_conf_get(nave_conf_get(nave_conf_get(nave_conf_get(nv_conf_root(doc), "o"), "x"), "y"),
                      "z");
    nv_conf_fail(c, NAVE_EINVAL, NULL, "no");
    CU_ASSERT_TRUE(is_told("--set:1:7: /o/x/y/z: no\n"));
}

static void a_set_that_leads_nowhere_is_refused_with_its_pointer(void)
{
    static const struct nv_conf_set sets[] = {
        {"/a/x", "1"},
        {"/l/2", "1"},
        {"/l/01", "1"},
        {"/l/x/y", "1"},
        {"/l/", "1"},
        {"/l/-1", "1"},
        {"/o/d", "{\"e\": 1, \"e\": 2}"},
        {"/a", "1"},
    };

    CU_ASSERT_EQUAL(load(FILES({"main", "{\"a\": 1, \"o\": {}, \"l\": [1, 2]}"}), sets,
                         NAVE_COUNT(sets)),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told(
        "--set: /a/x: /a is a whole number, which has no member \"x\"\n"
        "--set: /l/2: /l is a list of 2 items, and \"2\" is none of them; \"-\" stands behind the "
        "last\n"
        "--set: /l/01: /l is a list of 2 items, and \"01\" is none of them; \"-\" stands behind "
        "the "
        "last\n"
        "--set: /l/x/y: /l is a list of 2 items, and \"x\" is none of them; \"-\" stands behind "
        "the "
        "last\n"
        "--set: /l/: /l is a list of 2 items, and \"\" is none of them; \"-\" stands behind the "
        "last\n"
        "--set: /l/-1: /l is a list of 2 items, and \"-1\" is none of them; \"-\" stands behind "
        "the "
        "last\n"
        "--set:1:15: /o/d/e: \"e\" is given twice; the other value stands at --set:1:7\n"));
}

static void the_form_of_a_set_is_checked(void)
{
    static char long_pointer[NV_POINTER_MAX + 1], deep[3 * NV_POINTER_MAX];
    const struct {
        struct nv_conf_set set;
        nave_err err;
        const char *want;
    } cases[] = {
        {{"/a~0~1/-", "1"}, NAVE_OK, ""},
        {{"", "{}"}, NAVE_ESYNTAX, "the pointer begins with '/', as in /runtime/workers"},
        {{"a", "1"}, NAVE_ESYNTAX, "the pointer begins with '/', as in /runtime/workers"},
        {{"/a~", "1"},
         NAVE_ESYNTAX,
         "in a pointer '~' is followed by 0 or 1: ~0 is '~', ~1 is '/'"},
        {{"/a~2", "1"},
         NAVE_ESYNTAX,
         "in a pointer '~' is followed by 0 or 1: ~0 is '~', ~1 is '/'"},
        {{"/a\xc3/b", "1"}, NAVE_ESYNTAX, "the pointer is not UTF-8"},
        {{"/a", "x"},
         NAVE_ESYNTAX,
         "not valid JSON: \"x\" is no value; texts stand in double quotes"},
        {{long_pointer, "1"}, NAVE_ETOOBIG, "the pointer has more than 1023 bytes"},
        {{deep, "1"}, NAVE_ETOOBIG, "the pointer is deeper than 64 levels"},
    };
    struct nv_why why;
    size_t i;

    memset(long_pointer, '/', sizeof(long_pointer) - 1);
    memset(deep, '/', 65);
    for (i = 0; i < NAVE_COUNT(cases); i++) {
        why.text[0] = '\0';
        CU_ASSERT_EQUAL(nv_conf_check_set(&cases[i].set, &why), cases[i].err);
        CU_ASSERT_STRING_EQUAL(why.text, cases[i].want);
    }
}

static void a_set_may_be_as_deep_as_a_document(void)
{
    char pointer[200] = "";
    const struct nv_conf_set set = {pointer, "[]"}, more = {pointer, "[[]]"};
    size_t i;

    for (i = 0; i < 63; i++)
        strcat(pointer, "/a");
    CU_ASSERT_EQUAL(load(FILES({"main", "{}"}), &set, 1), NAVE_OK);
    CU_ASSERT_EQUAL(load(FILES({"main", "{}"}), &more, 1), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "nested deeper than 64 levels"));
}

/* ---- dumps ------------------------------------------------------------------------------------- */

static void add(void *arg, const char *text, size_t len)
{
    snprintf((char *)arg + strlen(arg), 2048 - strlen(arg), "%.*s", (int)len, text);
}

static void secrets_are_masked_and_references_shown_as_they_stand(void)
{
    static const struct nv_conf_set sets[] = {{"/set", "7e0"}};
    char out[2048] = "";

    CU_ASSERT_EQUAL_FATAL(
        load(FILES({"main",
                    "{\"token\": \"s3cret\", \"key\": {\"$file\": \"k\"}, \"l\": [], \"o\": {},"
                    " \"t\": \"\\u0041\\n\", \"n\": [1.50, {\"a\\n\": null}]}"},
                   {"k", "hidden"}),
             sets, 1),
        NAVE_OK);
    nv_conf_note_secret(nave_conf_get(nv_conf_root(doc), "token"), NULL);
    nv_conf_note_secret(nave_conf_get(nv_conf_root(doc), "key"), NULL);
    nv_conf_note_secret(NULL, NULL);
    nv_conf_write(nv_conf_root(doc), 0, add, out);
    CU_ASSERT_STRING_EQUAL(out, "{\n"
                                "  \"token\": \"***\",\n"
                                "  \"key\": {\n"
                                "    \"$file\": \"k\"\n"
                                "  },\n"
                                "  \"l\": [],\n"
                                "  \"o\": {},\n"
                                "  \"t\": \"\\u0041\\n\",\n"
                                "  \"n\": [\n"
                                "    1.50,\n"
                                "    {\n"
                                "      \"a\\n\": null\n"
                                "    }\n"
                                "  ],\n"
                                "  \"set\": 7e0\n"
                                "}");
}

/* ---- hostile ----------------------------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Two objects of 100,000 members each, merged; looked up one by one. By pairs it would take minutes. */
static void merging_and_looking_up_are_linear(void)
{
    enum { MEMBERS = 100000 };
    char *main_text = malloc(MEMBERS * 16 + 64), *text = malloc(MEMBERS * 16 + 64);
    double start = seconds();
    char key[16];
    size_t n, m = 0, i;

    CU_ASSERT_FATAL(main_text && text);
    n = (size_t)sprintf(main_text, "{\"$include\": \"b\"");
    for (i = 0; i < MEMBERS; i++) {
        n += (size_t)sprintf(main_text + n, ",\"m%zu\":0", i);
        m += (size_t)sprintf(text + m, "%c\"i%zu\":0", i ? ',' : '{', i);
    }
    strcpy(main_text + n, "}");
    strcpy(text + m, "}");
    CU_ASSERT_EQUAL_FATAL(load(FILES({"main", main_text}, {"b", text}), NULL, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_conf_count(nv_conf_root(doc)), 2 * MEMBERS);
    for (i = 0; i < MEMBERS; i++) {
        snprintf(key, sizeof(key), "m%zu", i);
        CU_ASSERT_PTR_EQUAL(nave_conf_get(nv_conf_root(doc), key),
                            nave_conf_at(nv_conf_root(doc), MEMBERS + i, NULL));
    }
    CU_ASSERT(seconds() - start < 10);
    free(main_text);
    free(text);
}

/* A hundred thousand paths after the limit are told once, and quickly. */
static void a_list_of_too_many_includes_is_cut_short(void)
{
    enum { PATHS = 100000 };
    char *text = malloc(PATHS * 4 + 64);
    size_t n, i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    n = (size_t)sprintf(text, "{\"$include\": [\"b\"");
    for (i = 0; i < PATHS; i++)
        n += (size_t)sprintf(text + n, ",\"b\"");
    strcpy(text + n, "]}");
    CU_ASSERT_EQUAL(load(FILES({"main", text}, {"b", "{}"}), NULL, 0), NAVE_ECONFIG);
    CU_ASSERT_EQUAL(told.count, 1);
    free(text);
}

/* A file of 1 MiB of values, included as often as is allowed, stays within the limits together. */
static void what_is_included_again_and_again_is_bounded_together(void)
{
    char *text = malloc((1u << 20) + 1);
    char main_text[2048] = "{\"l\": [";
    size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, ' ', 1u << 20);
    text[0] = '[';
    text[(1u << 20) - 1] = ']';
    text[1u << 20] = '\0';
    for (i = 0; i < 17; i++)
        strcat(main_text, i ? ", {\"$include\": \"b\"}" : "{\"$include\": \"b\"}");
    strcat(main_text, "]}");
    refuse(FILES({"main", main_text}, {"b", text}),
           "main:1:306: /l/15/$include: b makes the configuration larger than 16 MiB, the most\n"
           "main:1:325: /l/16/$include: b makes the configuration larger than 16 MiB, the most\n");
    for (i = 1; i + 2 < (1u << 18); i += 2) {
        text[i] = i == 1 ? ' ' : ',';
        text[i + 1] = '0';
    }
    text[1] = ' ';
    text[3] = ' ';
    memcpy(text, "[  0", 4);
    text[4] = ' ';
    CU_ASSERT_EQUAL(load(FILES({"main", main_text}, {"b", text}), NULL, 0), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.text, "more than 262144 values in one configuration"));
    free(text);
}

static void every_failing_allocation_is_told_as_such(void)
{
    static const struct nv_conf_set sets[] = {{"/o/x/-", "{\"y\": 1}"}};
    struct nave_str dump;
    nave_err err;
    long n;

    CU_ASSERT_EQUAL(setenv("NAVE_TEST_WORD", "w", 1), 0);
    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        nv_conf_destroy(doc);
        doc = NULL;
        fail_after(n);
        err = load(
            FILES(
                {"main", "{\"a\": 1, \"$include\": [\"b\", \"c\"], \"l\": [{\"$include\": \"d\"}],"
                         "\"k\": {\"$file\": \"k\"}, \"e\": {\"$env\": \"NAVE_TEST_WORD\"}}"},
                {"b", "{\"o\": {\"p\": 1}, \"t\": \"\\u00e4\"}"},
                {"c", "{\"o\": {\"q\": 1}, \"b1\":1,\"b2\":1,\"b3\":1,\"b4\":1,\"b5\":1,\"b6\":1}"},
                {"d", "[1]"}, {"k", "key\n"}),
            sets, 1);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_PTR_NULL(doc);
        CU_ASSERT_TRUE(is_told("main: out of memory while reading the configuration\n"));
    }
    CU_ASSERT(n > 6 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
    fail_after(0);
    CU_ASSERT_EQUAL(nv_conf_root(doc)->api->dump(nv_conf_root(doc), &dump), NAVE_ENOMEM);
    countdown = -1;
    CU_ASSERT_EQUAL(unsetenv("NAVE_TEST_WORD"), 0);
}

/* ---- real files -------------------------------------------------------------------------------- */

static char folder[] = "/tmp/nave-conf-files-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    int fd = open(in_folder(name), O_CREAT | O_WRONLY | O_TRUNC, 0600);

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    close(fd);
}

static void refuse_real(const char *text, const char *want)
{
    char whole[1024];

    write_file("main.json", text, 0600);
    snprintf(whole, sizeof(whole), "%s:1:%s\n", in_folder("main.json"), want);
    nv_conf_destroy(doc);
    doc = NULL;
    forget();
    CU_ASSERT_EQUAL(nv_conf_load_file(in_folder("main.json"), &report, &doc), NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told(whole));
}

static void included_files_may_be_anything_and_none_is_waited_for(void)
{
    char want[512];

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    CU_ASSERT_EQUAL_FATAL(mkfifo(in_folder("fifo"), 0600), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("nowhere", in_folder("dangling")), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("main.json", in_folder("link")), 0);
    CU_ASSERT_EQUAL_FATAL(mkdir(in_folder("dir"), 0700), 0);
    CU_ASSERT_EQUAL_FATAL(symlink("../main.json", in_folder("dir/link")), 0);
    snprintf(want, sizeof(want), "14: /$include: %s is a FIFO, not a regular file",
             in_folder("fifo"));
    refuse_real("{\"$include\": \"fifo\"}", want);
    snprintf(want, sizeof(want), "17: /a/$file: %s is a FIFO, not a regular file",
             in_folder("fifo"));
    refuse_real("{\"a\": {\"$file\": \"fifo\"}}", want);
    snprintf(want, sizeof(want), "14: /$include: %s is a directory, not a regular file",
             in_folder("dir"));
    refuse_real("{\"$include\": \"dir\"}", want);
    snprintf(want, sizeof(want), "14: /$include: %s cannot be opened: No such file or directory",
             in_folder("dangling"));
    refuse_real("{\"$include\": \"dangling\"}", want);
    refuse_real("{\"a\": {\"$file\": \"/dev/zero\"}}",
                "17: /a/$file: /dev/zero is a device, not a regular file");

    /* The same file by another name is the same file. */
    snprintf(want, sizeof(want), "14: /$include: the files include each other in a circle: %s",
             folder);
    snprintf(want + strlen(want), sizeof(want) - strlen(want), "/link, which %s includes",
             in_folder("main.json"));
    refuse_real("{\"$include\": \"link\"}", want);
    CU_ASSERT_EQUAL(unlink(in_folder("fifo")), 0);
    CU_ASSERT_EQUAL(unlink(in_folder("dangling")), 0);
    CU_ASSERT_EQUAL(unlink(in_folder("link")), 0);
    CU_ASSERT_EQUAL(unlink(in_folder("dir/link")), 0);
    CU_ASSERT_EQUAL(rmdir(in_folder("dir")), 0);
    CU_ASSERT_EQUAL(unlink(in_folder("main.json")), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static void a_secret_that_all_may_read_is_warned_of_once(void)
{
    char want[512];

    memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    write_file("open", "x\n", 0644);
    write_file("shut", "y\n", 0640);
    write_file("main.json", "{\"a\": {\"$file\": \"open\"}, \"b\": {\"$file\": \"shut\"}}", 0644);
    nv_conf_destroy(doc);
    doc = NULL;
    CU_ASSERT_EQUAL_FATAL(nv_conf_load_file(in_folder("main.json"), &report, &doc), NAVE_OK);
    warned[0] = '\0';
    nv_conf_note_secret(nave_conf_get(nv_conf_root(doc), "b"), "p");
    CU_ASSERT_STRING_EQUAL(warned, "");
    nv_conf_note_secret(nave_conf_get(nv_conf_root(doc), "a"), "p");
    snprintf(want, sizeof(want),
             "%s:1:7: /a: this secret stands in a file that every user of the machine may read; "
             "chmod o-r it",
             in_folder("main.json"));
    CU_ASSERT_STRING_EQUAL(warned, want);
    warned[0] = '\0';
    nv_conf_note_secret(nave_conf_get(nv_conf_root(doc), "a"), "p");
    CU_ASSERT_STRING_EQUAL(warned, "");
    CU_ASSERT_EQUAL(unlink(in_folder("open")), 0);
    CU_ASSERT_EQUAL(unlink(in_folder("shut")), 0);
    CU_ASSERT_EQUAL(unlink(in_folder("main.json")), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static CU_TestInfo tests[] = {
    {"members_of_a_file_stand_in_the_place_of_its_include",
     members_of_a_file_stand_in_the_place_of_its_include},
    {"objects_are_merged_deep_and_lists_are_joined", objects_are_merged_deep_and_lists_are_joined},
    {"items_of_a_file_stand_in_the_place_of_its_include",
     items_of_a_file_stand_in_the_place_of_its_include},
    {"the_same_scalar_twice_is_told_with_both_places",
     the_same_scalar_twice_is_told_with_both_places},
    {"what_is_refused_of_an_included_file_is_told_at_its_own_place",
     what_is_refused_of_an_included_file_is_told_at_its_own_place},
    {"a_circle_of_includes_is_told_with_its_files", a_circle_of_includes_is_told_with_its_files},
    {"depth_files_and_levels_are_limited", depth_files_and_levels_are_limited},
    {"texts_come_from_files_and_from_the_environment",
     texts_come_from_files_and_from_the_environment},
    {"what_is_no_text_from_elsewhere_is_refused", what_is_no_text_from_elsewhere_is_refused},
    {"a_text_from_elsewhere_has_at_most_64_kib", a_text_from_elsewhere_has_at_most_64_kib},
    {"a_raw_document_reads_nothing", a_raw_document_reads_nothing},
    {"a_set_makes_replaces_and_appends", a_set_makes_replaces_and_appends},
    {"a_set_that_leads_nowhere_is_refused_with_its_pointer",
     a_set_that_leads_nowhere_is_refused_with_its_pointer},
    {"the_form_of_a_set_is_checked", the_form_of_a_set_is_checked},
    {"a_set_may_be_as_deep_as_a_document", a_set_may_be_as_deep_as_a_document},
    {"secrets_are_masked_and_references_shown_as_they_stand",
     secrets_are_masked_and_references_shown_as_they_stand},
    {"merging_and_looking_up_are_linear", merging_and_looking_up_are_linear},
    {"a_list_of_too_many_includes_is_cut_short", a_list_of_too_many_includes_is_cut_short},
    {"what_is_included_again_and_again_is_bounded_together",
     what_is_included_again_and_again_is_bounded_together},
    {"every_failing_allocation_is_told_as_such", every_failing_allocation_is_told_as_such},
    {"included_files_may_be_anything_and_none_is_waited_for",
     included_files_may_be_anything_and_none_is_waited_for},
    {"a_secret_that_all_may_read_is_warned_of_once", a_secret_that_all_may_read_is_warned_of_once},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"conf_files", set_up, clean_up, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

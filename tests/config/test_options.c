/* SPDX-License-Identifier: MIT
 *
 * From the objects of a configuration to the struct of a plugin: every kind, every refusal, and that
 * all refusals come in one go.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "failing.h"
#include "base/near.h"
#include "conf/options.h"
#include "test_main.h"
#include "told.h"

#define ALLOCATIONS_MAX 100

#define ALL_OPTIONS(OPTION)                                                       \
    OPTION(flag, nodelay, "true", "", "", 0, "a flag")                            \
    OPTION(count, backlog, "128", "1", "1024", 0, "a count")                      \
    OPTION(size, buffer, "64KiB", "1KiB", "1MiB", 0, "a size")                    \
    OPTION(duration, timeout, "10s", "10ms", "1h", 0, "a duration")               \
    OPTION(text, label, "none", "2", "8", NAVE_OPTION_LIVE, "a text")             \
    OPTION(conf, routes, "", "", "", 0, "anything")                               \
    OPTION(count, at_least, "9", "5", "", 0, "no most")                           \
    OPTION(count, at_most, "3", "", "7", 0, "no least")                           \
    OPTION(size, unbounded, "0", "", "", 0, "no bounds")                          \
    OPTION(duration, pause, "0", "", "", NAVE_OPTION_SECRET | 1, "no bounds too") \
    OPTION(text, free, "\xc3\xa4", "", "", 0, "no bounds as well")

NAVE_OPTION_STRUCT(all_options, ALL_OPTIONS);
NAVE_OPTION_TABLE(all_table, all_options, ALL_OPTIONS)

#define MUST_OPTIONS(OPTION)                                     \
    OPTION(text, name, "", "", "", 0, "the name to answer with") \
    OPTION(flag, strict, "", "", "", 0, "whether it is strict")  \
    OPTION(size, room, "", "", "", 0, "its room")                \
    OPTION(conf, more, "", "", "", 0, "more of it")

NAVE_OPTION_STRUCT(must_options, MUST_OPTIONS);
NAVE_OPTION_TABLE(must_table, must_options, MUST_OPTIONS)

static const struct nv_options_owner owner = {"plugin \"p\"", "p", NULL};
static struct nv_report report;
static struct nv_conf_doc *doc;

static int set_up(void)
{
    return nv_report_init(&report, tell, NULL, NAVE_LOG_ERROR) != NAVE_OK;
}

static int clean_up(void)
{
    nv_report_finish(&report);
    return 0;
}

static struct nave_conf *load(const char *text)
{
    nv_conf_destroy(doc);
    doc = NULL;
    forget();
    CU_ASSERT_EQUAL_FATAL(nv_conf_load_text(text, strlen(text), "f", &report, &doc), NAVE_OK);
    return nv_conf_root(doc);
}

static int is_text(struct nave_str s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static void tear_down(void)
{
    nv_conf_destroy(doc);
    doc = NULL;
}

static void check_defaults(const struct all_options *o)
{
    CU_ASSERT_EQUAL(o->reserved, 0);
    CU_ASSERT_EQUAL(o->nodelay, 1);
    CU_ASSERT_EQUAL(o->backlog, 128);
    CU_ASSERT_EQUAL(o->buffer, 65536);
    CU_ASSERT_EQUAL(o->timeout, 10 * NAVE_SEC);
    CU_ASSERT_TRUE(is_text(o->label, "none"));
    CU_ASSERT_PTR_NULL(o->routes);
    CU_ASSERT_EQUAL(o->at_least, 9);
    CU_ASSERT_EQUAL(o->at_most, 3);
    CU_ASSERT_EQUAL(o->unbounded, 0);
    CU_ASSERT_EQUAL(o->pause, 0);
    CU_ASSERT_TRUE(is_text(o->free, "\xc3\xa4"));
}

static void what_is_not_given_has_its_default(void)
{
    struct all_options o;

    memset(&o, 0xff, sizeof(o));
    CU_ASSERT_EQUAL(nv_options_fill(all_table(), load("{}"), &o, &report, &owner), NAVE_OK);
    check_defaults(&o);
    memset(&o, 0xff, sizeof(o));
    CU_ASSERT_EQUAL(nv_options_fill(all_table(), NULL, &o, &report, &owner), NAVE_OK);
    check_defaults(&o);
    CU_ASSERT_EQUAL(told.count, 0);
    tear_down();
}

static void what_is_given_is_taken(void)
{
    struct nave_conf *root =
        load("{\"nodelay\": false, \"backlog\": 1024, \"buffer\": 1048576, \"timeout\": \"10ms\",\n"
             " \"label\": \"\xc3\xa4\", \"routes\": null, \"at_least\": 5, \"at_most\": 7,\n"
             " \"unbounded\": \"8388607TiB\", \"pause\": \"106751d\", \"free\": \"\",\n"
             " \"$path\": 1, \"$use\": {}}");
    struct all_options o;

    CU_ASSERT_EQUAL(nv_options_fill(all_table(), root, &o, &report, &owner), NAVE_OK);
    CU_ASSERT_EQUAL(told.count, 0);
    CU_ASSERT_EQUAL(o.nodelay, 0);
    CU_ASSERT_EQUAL(o.backlog, 1024);
    CU_ASSERT_EQUAL(o.buffer, 1048576);
    CU_ASSERT_EQUAL(o.timeout, 10 * NAVE_MSEC);
    CU_ASSERT_TRUE(is_text(o.label, "\xc3\xa4"));
    CU_ASSERT_PTR_EQUAL(o.routes, nave_conf_get(root, "routes")); /* null was given: no NULL */
    CU_ASSERT_PTR_NOT_NULL(o.routes);
    CU_ASSERT_EQUAL(o.at_least, 5);
    CU_ASSERT_EQUAL(o.at_most, 7);
    CU_ASSERT_EQUAL(o.unbounded, 9223370937343148032u);
    CU_ASSERT_EQUAL(o.pause, 9223286400000000000);
    CU_ASSERT_TRUE(is_text(o.free, ""));
    tear_down();
}

/* Fill from `text`: refused, with `want`, and the struct is all zero. The check says the same. */
static void refuse(const struct nave_option_table *table, const char *text, const char *want)
{
    struct nave_conf *root = load(text);
    unsigned char o[sizeof(struct all_options)];
    size_t i;

    memset(o, 0xff, sizeof(o));
    CU_ASSERT_EQUAL(nv_options_fill(table, root, o, &report, &owner), NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told(want));
    for (i = 0; i < table->struct_size && o[i] == 0; i++) {
    }
    CU_ASSERT_EQUAL(i, table->struct_size);
    forget();
    CU_ASSERT_EQUAL(nv_options_check(table->rows, table->count, root, &report, &owner),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told(want));
    tear_down();
}

static void all_refusals_come_in_one_go(void)
{
    refuse(all_table(),
           "{\"nodelay\": 1,\n"
           "\"backlog\": \"8\",\n"
           "\"buffer\": \"64KB\",\n"
           "\"timeout\": 10,\n"
           "\"label\": [],\n"
           "\"at_least\": 4,\n"
           "\"at_most\": 8,\n"
           "\"unbounded\": {},\n"
           "\"pause\": \"1.5h\",\n"
           "\"free\": null,\n"
           "\"lable\": \"x\"}",
           "f:11:10: /lable: unknown option \"lable\" of plugin \"p\"; allowed: nodelay, "
           "backlog, buffer, timeout, label, routes, at_least, at_most, unbounded, pause, free; "
           "did you mean \"label\"?\n"
           "f:1:13: /nodelay: option \"nodelay\" of plugin \"p\" is malformed (here stands a whole "
           "number): a flag is true or false\n"
           "f:2:12: /backlog: option \"backlog\" of plugin \"p\" is malformed (here stands a "
           "text): a count is a whole number, 0 or more\n"
           "f:3:11: /buffer: option \"buffer\" of plugin \"p\" is malformed (here stands a text): "
           "a size is a whole number of bytes, or a text such as \"64KiB\" (B, KiB, MiB, GiB, "
           "TiB)\n"
           "f:4:12: /timeout: option \"timeout\" of plugin \"p\" is malformed (here stands a whole "
           "number): a duration is a whole number and ns, us, ms, s, m, h or d, such as \"250ms\" "
           "or \"10s\"\n"
           "f:5:10: /label: option \"label\" of plugin \"p\" is malformed (here stands a list): a "
           "text is allowed here\n"
           "f:6:13: /at_least: option \"at_least\" of plugin \"p\" is out of range: at least 5 is "
           "allowed\n"
           "f:7:12: /at_most: option \"at_most\" of plugin \"p\" is out of range: at most 7 is "
           "allowed\n"
           "f:8:14: /unbounded: option \"unbounded\" of plugin \"p\" is malformed (here stands an "
           "object): a size is a whole number of bytes, or a text such as \"64KiB\" (B, KiB, MiB, "
           "GiB, TiB)\n"
           "f:9:10: /pause: option \"pause\" of plugin \"p\" is malformed (here stands a text): a "
           "duration is a whole number and ns, us, ms, s, m, h or d, such as \"250ms\" or "
           "\"10s\"\n"
           "f:10:9: /free: option \"free\" of plugin \"p\" is malformed (here stands null): a text "
           "is allowed here\n");
}

static void what_is_out_of_range_is_told_with_the_range(void)
{
    refuse(all_table(),
           "{\"backlog\": 0, \"buffer\": \"2MiB\", \"timeout\": \"9ms\", \"label\": \"x\"}",
           "f:1:13: /backlog: option \"backlog\" of plugin \"p\" is out of range: from 1 to 1024 "
           "is allowed\n"
           "f:1:26: /buffer: option \"buffer\" of plugin \"p\" is out of range: from 1KiB to 1MiB "
           "is allowed\n"
           "f:1:45: /timeout: option \"timeout\" of plugin \"p\" is out of range: from 10ms to 1h "
           "is allowed\n"
           "f:1:61: /label: option \"label\" of plugin \"p\" is out of range (length in bytes): "
           "from 2 to 8 is allowed\n");
    refuse(all_table(),
           "{\"backlog\": -1, \"buffer\": -1, \"timeout\": \"99999999d\", \"at_least\": -1,\n"
           "\"unbounded\": \"8388608TiB\", \"pause\": \"18446744073709551616s\"}",
           "f:1:13: /backlog: option \"backlog\" of plugin \"p\" is out of range: from 1 to 1024 "
           "is allowed\n"
           "f:1:27: /buffer: option \"buffer\" of plugin \"p\" is out of range: from 1KiB to 1MiB "
           "is allowed\n"
           "f:1:42: /timeout: option \"timeout\" of plugin \"p\" is out of range: from 10ms to 1h "
           "is allowed\n"
           "f:1:67: /at_least: option \"at_least\" of plugin \"p\" is out of range: at least 5 is "
           "allowed\n"
           "f:2:14: /unbounded: option \"unbounded\" of plugin \"p\" is out of range: a size is a "
           "whole number of bytes, or a text such as \"64KiB\" (B, KiB, MiB, GiB, TiB)\n"
           "f:2:37: /pause: option \"pause\" of plugin \"p\" is out of range: a duration is a "
           "whole number and ns, us, ms, s, m, h or d, such as \"250ms\" or \"10s\"\n");
}

static void what_must_be_given_is_asked_for(void)
{
    static const char want[] = "option \"name\" of plugin \"p\" must be given: the name to answer "
                               "with\n"
                               "option \"strict\" of plugin \"p\" must be given: whether it is "
                               "strict\n"
                               "option \"room\" of plugin \"p\" must be given: its room\n";
    struct must_options o;

    refuse(must_table(), "{\"more\": 1}",
           "f:1:1: option \"name\" of plugin \"p\" must be given: the name to answer with\n"
           "f:1:1: option \"strict\" of plugin \"p\" must be given: whether it is strict\n"
           "f:1:1: option \"room\" of plugin \"p\" must be given: its room\n");
    forget();
    CU_ASSERT_EQUAL(nv_options_fill(must_table(), NULL, &o, &report, &owner), NAVE_ECONFIG);
    CU_ASSERT_EQUAL(told.count, 3);
    CU_ASSERT_TRUE(is_told(want));

    /* An empty text was given; a conf is never asked for. */
    CU_ASSERT_EQUAL(nv_options_fill(must_table(),
                                    load("{\"name\": \"\", \"strict\": false, \"room\": 0}"), &o,
                                    &report, &owner),
                    NAVE_OK);
    CU_ASSERT_PTR_NULL(o.more);
    tear_down();
}

#define MORE_OPTIONS(OPTION)                                                                    \
    OPTION(choice, level, "info", "error|warn|info|debug", "", 0, "a choice")                   \
    OPTION(choice, status, "308", "301|302|308", "", 0, "a choice of numbers")                  \
    OPTION(texts, index, "index.html|index.htm", "1", "3", NAVE_OPTION_MAIN, "texts")           \
    OPTION(texts, none, "", "", "", 0, "no texts")                                              \
    OPTION(pairs, headers, "", "", "2", 0, "pairs")                                             \
    OPTION(address, bind, "tcp://*:80", "tcp|unix", "", 0, "an address of two schemes")         \
    OPTION(address, peer, "", "", "", NAVE_OPTION_OPTIONAL, "an address of any scheme")         \
    OPTION(path, root, "", "", "", 0, "a path")                                                 \
    OPTION(path, cache, "tmp/cache", "", "", 0, "a path with a default")                        \
    OPTION(text, note, "", "", "4", NAVE_OPTION_OPTIONAL, "a text that may be empty")           \
    OPTION(address, hidden, "", "tcp", "", NAVE_OPTION_OPTIONAL | NAVE_OPTION_SECRET, "secret") \
    OPTION(choice, code, "one", "one|two", "", NAVE_OPTION_SECRET, "secret")

NAVE_OPTION_STRUCT(more_options, MORE_OPTIONS);
NAVE_OPTION_TABLE(more_table, more_options, MORE_OPTIONS)

static struct more_options *make_more(struct nave_conf *root)
{
    void *options = NULL;

    CU_ASSERT_EQUAL_FATAL(nv_options_make(more_table(), root, &report, &owner, &options), NAVE_OK);
    CU_ASSERT_EQUAL(told.count, 0);
    return options;
}

static void lists_and_paths_have_their_defaults(void)
{
    struct nv_conf_doc *other = NULL;
    struct more_options *o;

    CU_ASSERT_EQUAL_FATAL(nv_conf_load_text("{}", 2, "/etc/app/f.json", &report, &other), NAVE_OK);
    forget();
    o = make_more(nv_conf_root(other));
    nv_conf_destroy(other);
    CU_ASSERT_EQUAL(o->level, 2);
    CU_ASSERT_EQUAL(o->status, 2);
    CU_ASSERT_EQUAL_FATAL(o->index.count, 2);
    CU_ASSERT_TRUE(is_text(o->index.items[0], "index.html"));
    CU_ASSERT_TRUE(is_text(o->index.items[1], "index.htm"));
    CU_ASSERT_EQUAL(o->none.count, 0);
    CU_ASSERT_EQUAL(o->headers.count, 0);
    CU_ASSERT_TRUE(is_text(o->bind, "tcp://*:80"));
    CU_ASSERT_TRUE(is_text(o->peer, ""));
    CU_ASSERT_TRUE(is_text(o->root, ""));
    CU_ASSERT_TRUE(is_text(o->cache, "/etc/app/tmp/cache"));
    CU_ASSERT_STRING_EQUAL(o->cache.ptr, "/etc/app/tmp/cache");
    CU_ASSERT_TRUE(is_text(o->note, ""));
    free(o);
}

/* The document is gone before the options are looked at: under a sanitizer a borrowed text is seen. */
static void options_own_their_texts_and_lists(void)
{
    static const char text[] =
        "{\"level\": \"debug\", \"status\": 301, \"index\": [\"a\", \"\", \"a\"], \"none\": [],"
        " \"headers\": {\"X-B\": \"1\", \"X-A\": \"\"}, \"bind\": \"unix:///run/x.sock\","
        " \"peer\": \"com.acme://x\", \"root\": \"public\", \"cache\": \"/var/c\","
        " \"note\": \"abcd\"}";
    struct nv_conf_doc *other = NULL;
    struct more_options *o;

    CU_ASSERT_EQUAL_FATAL(nv_conf_load_text(text, sizeof(text) - 1, "/srv/f", &report, &other),
                          NAVE_OK);
    forget();
    o = make_more(nv_conf_root(other));
    nv_conf_destroy(other);
    CU_ASSERT_EQUAL(o->level, 3);
    CU_ASSERT_EQUAL(o->status, 0);
    CU_ASSERT_EQUAL_FATAL(o->index.count, 3);
    CU_ASSERT_TRUE(is_text(o->index.items[0], "a"));
    CU_ASSERT_TRUE(is_text(o->index.items[1], ""));
    CU_ASSERT_TRUE(is_text(o->index.items[2], "a"));
    CU_ASSERT_EQUAL(o->none.count, 0);
    CU_ASSERT_EQUAL_FATAL(o->headers.count, 2);
    CU_ASSERT_TRUE(is_text(o->headers.items[0].key, "X-B"));
    CU_ASSERT_TRUE(is_text(o->headers.items[0].value, "1"));
    CU_ASSERT_TRUE(is_text(o->headers.items[1].key, "X-A"));
    CU_ASSERT_TRUE(is_text(o->headers.items[1].value, ""));
    CU_ASSERT_TRUE(is_text(o->bind, "unix:///run/x.sock"));
    CU_ASSERT_TRUE(is_text(o->peer, "com.acme://x"));
    CU_ASSERT_STRING_EQUAL(o->root.ptr, "/srv/public");
    CU_ASSERT_EQUAL(o->root.len, 11);
    CU_ASSERT_STRING_EQUAL(o->cache.ptr, "/var/c");
    CU_ASSERT_TRUE(is_text(o->note, "abcd"));
    free(o);
}

static void what_is_no_object_is_the_value_of_the_main_option(void)
{
    struct more_options *o = make_more(nave_conf_get(load("{\"p\": [\"x\"]}"), "p"));

    CU_ASSERT_EQUAL_FATAL(o->index.count, 1);
    CU_ASSERT_TRUE(is_text(o->index.items[0], "x"));
    CU_ASSERT_EQUAL(o->level, 2);
    free(o);
    o = make_more(nave_conf_get(load("{\"p\": \"y\"}"), "p"));
    CU_ASSERT_EQUAL_FATAL(o->index.count, 1);
    CU_ASSERT_TRUE(is_text(o->index.items[0], "y"));
    free(o);
    CU_ASSERT_EQUAL(nv_options_check(more_table()->rows, more_table()->count,
                                     nave_conf_get(load("{\"p\": 1}"), "p"), &report, &owner),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(
        is_told("f:1:7: /p: option \"index\" of plugin \"p\" is malformed (here stands a "
                "whole number): a list of texts is allowed here, or one text\n"));
    tear_down();
}

#define WHOLE_OPTIONS(OPTION) \
    OPTION(conf, value, "", "", "", NAVE_OPTION_MAIN | NAVE_OPTION_REQUIRED, "the value")

NAVE_OPTION_STRUCT(whole_options, WHOLE_OPTIONS);
NAVE_OPTION_TABLE(whole_table, whole_options, WHOLE_OPTIONS)

static void a_main_conf_takes_any_value_whole(void)
{
    static const char *const values[] = {"{\"p\": {\"value\": 1}}", "{\"p\": [{}]}",
                                         "{\"p\": null}"};
    struct whole_options o;
    size_t i;

    for (i = 0; i < NAVE_COUNT(values); i++) {
        struct nave_conf *c = nave_conf_get(load(values[i]), "p");

        CU_ASSERT_EQUAL(nv_options_fill(whole_table(), c, &o, &report, &owner), NAVE_OK);
        CU_ASSERT_PTR_EQUAL(o.value, c);
    }
    tear_down();
    forget();
    CU_ASSERT_EQUAL(nv_options_fill(whole_table(), NULL, &o, &report, &owner), NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told("option \"value\" of plugin \"p\" must be given: the value\n"));
}

static void refuse_more(const char *text, const char *want)
{
    void *options = NULL;

    CU_ASSERT_EQUAL(nv_options_make(more_table(), load(text), &report, &owner, &options),
                    NAVE_ECONFIG);
    CU_ASSERT_PTR_NULL(options);
    CU_ASSERT_TRUE(is_told(want));
    tear_down();
}

static void lists_words_and_addresses_are_refused_at_their_items(void)
{
    refuse_more(
        "{\"level\": \"wran\", \"status\": 303, \"note\": \"abcde\"}",
        "f:1:11: /level: option \"level\" of plugin \"p\" cannot be \"wran\"; allowed: error, "
        "warn, info, debug; did you mean \"warn\"?\n"
        "f:1:29: /status: option \"status\" of plugin \"p\" cannot be \"303\"; allowed: 301, "
        "302, 308\n"
        "f:1:42: /note: option \"note\" of plugin \"p\" is out of range (length in bytes): "
        "at most 4 is allowed\n");
    refuse_more(
        "{\"level\": true, \"status\": 1.5}",
        "f:1:11: /level: option \"level\" of plugin \"p\" is malformed (here stands true or "
        "false): allowed: error, warn, info, debug\n"
        "f:1:27: /status: option \"status\" of plugin \"p\" is malformed (here stands a number "
        "with a fraction): allowed: 301, 302, 308\n");
    refuse_more(
        "{\"index\": [\"a\", 1, null], \"none\": {}, \"headers\": [\"a\"]}",
        "f:1:17: /index/1: option \"index\" of plugin \"p\" is malformed (here stands a whole "
        "number): a list of texts is allowed here, or one text\n"
        "f:1:20: /index/2: option \"index\" of plugin \"p\" is malformed (here stands null): "
        "a list of texts is allowed here, or one text\n"
        "f:1:35: /none: option \"none\" of plugin \"p\" is malformed (here stands an object): "
        "a list of texts is allowed here, or one text\n"
        "f:1:50: /headers: option \"headers\" of plugin \"p\" is malformed (here stands a "
        "list): an object from text to text is allowed here\n");
    refuse_more(
        "{\"index\": [], \"headers\": {\"\": \"a\", \"b\": 1}}",
        "f:1:11: /index: option \"index\" of plugin \"p\" is out of range (number of texts): "
        "from 1 to 3 is allowed\n"
        "f:1:31: /headers/: option \"headers\" of plugin \"p\" has a key \"\"; a key is not "
        "empty and does not begin with '$'\n"
        "f:1:41: /headers/b: option \"headers\" of plugin \"p\" is malformed (here stands a "
        "whole number): an object from text to text is allowed here\n");
    refuse_more(
        "{\"index\": [\"\", \"\", \"\", \"\"], \"headers\": {\"a\": \"\", \"b\": \"\", \"c\": "
        "\"\"}}",
        "f:1:11: /index: option \"index\" of plugin \"p\" is out of range (number of texts): "
        "from 1 to 3 is allowed\n"
        "f:1:40: /headers: option \"headers\" of plugin \"p\" is out of range (number of "
        "members): at most 2 is allowed\n");
    refuse_more(
        "{\"bind\": \"udp://*:1\", \"peer\": \"tcp:/x\", \"root\": \"\", \"cache\": 1}",
        "f:1:10: /bind: option \"bind\" of plugin \"p\" cannot be \"udp://*:1\": its scheme must "
        "be one of tcp, unix\n"
        "f:1:31: /peer: option \"peer\" of plugin \"p\" cannot be \"tcp:/x\": an address is "
        "SCHEME://REST, such as \"tcp://127.0.0.1:8080\" or \"unix:///run/app.sock\"\n"
        "f:1:49: /root: option \"root\" of plugin \"p\" is malformed (here stands a text): a "
        "path is a text that is not empty\n"
        "f:1:62: /cache: option \"cache\" of plugin \"p\" is malformed (here stands a whole "
        "number): a path is a text that is not empty\n");
}

static void secrets_are_in_no_message(void)
{
    refuse_more(
        "{\"hidden\": \"tcp://s3cret\", \"code\": \"s3cret\"}",
        "f:1:12: /hidden: option \"hidden\" of plugin \"p\" cannot be \"***\": the port is "
        "missing: write host:port, such as 127.0.0.1:8080\n"
        "f:1:36: /code: option \"code\" of plugin \"p\" cannot be this; allowed: one, two\n");
}

static void a_path_too_long_is_refused(void)
{
    static char text[8300];

    memset(text, 'x', sizeof(text));
    memcpy(text, "{\"root\": \"", 10);
    memcpy(text + sizeof(text) - 3, "\"}", 3);
    refuse_more(text,
                "f:1:10: /root: option \"root\" of plugin \"p\" cannot be made an absolute path: "
                "larger than the limit allows\n");
}

static void options_are_an_object(void)
{
    struct all_options o;

    CU_ASSERT_EQUAL(nv_options_fill(all_table(), nave_conf_get(load("{\"p\": [1]}"), "p"), &o,
                                    &report, &owner),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told("f:1:7: /p: the options of plugin \"p\" are an object, { ... }; here "
                           "stands a list\n"));
    tear_down();
    CU_ASSERT_EQUAL(nv_options_check(NULL, 0, load("{\"a\\u001bb\": 1, \"\": 2}"), &report, &owner),
                    NAVE_ECONFIG);
    CU_ASSERT_TRUE(is_told("f:1:14: /a\x1b"
                           "b: unknown option \"a\x1b"
                           "b\" of plugin \"p\"; it has no options\n"
                           "f:1:21: /: unknown option \"\" of plugin \"p\"; it has no options\n"));
    tear_down();
}

static void a_long_key_is_cut_between_two_characters(void)
{
    char text[512] = "{\"x", want[512];
    size_t i;

    for (i = 0; i < 100; i++)
        strcat(text, "\xc3\xa4");
    strcat(text, "\": 1}");
    CU_ASSERT_EQUAL(nv_options_check(NULL, 0, load(text), &report, &owner), NAVE_ECONFIG);
    snprintf(want, sizeof(want), "unknown option \"%.63s\" of plugin", text + 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(told.text, want));
    tear_down();
}

static void the_nearest_name_is_proposed_or_none(void)
{
    static const struct {
        const char *word, *hint;
    } cases[] = {
        {"tiemout", "; did you mean \"timeout\"?"}, /* two letters changed places */
        {"timeouts", "; did you mean \"timeout\"?"},
        {"time", ""},
        {"TIMEOUT", ""},
        {"bufer", "; did you mean \"buffer\"?"},
        {"", ""},
        {"x", ""},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        char hint[NV_NEAR_HINT_MAX];
        struct nv_near near;

        nv_near_init(&near, (struct nave_str){cases[i].word, strlen(cases[i].word)});
        nv_near_try(&near, "timeout", 7);
        nv_near_try(&near, "buffer", 6);
        nv_near_try(&near, "b", 1);
        CU_ASSERT_STRING_EQUAL(nv_near_hint(&near, hint), cases[i].hint);
    }
    CU_ASSERT_EQUAL(nv_near_distance((struct nave_str){"kitten", 6},
                                     (struct nave_str){"sitting", 7}, 9),
                    3);
    CU_ASSERT_EQUAL(nv_near_distance((struct nave_str){"kitten", 6},
                                     (struct nave_str){"sitting", 7}, 2),
                    3);
}

/* ---- tables ------------------------------------------------------------------------------------ */

#define ROW(kind, name, def, min, max, offset, size)                         \
    {                                                                        \
        name, def, min, max, "doc", NAVE_OPTION_KIND_##kind, 0, offset, size \
    }

#define FLAGGED(kind, name, def, min, max, flags)                          \
    {                                                                      \
        name, def, min, max, "doc", NAVE_OPTION_KIND_##kind, (flags), 0, 0 \
    }

static void a_malformed_row_is_refused_with_its_reason(void)
{
    static const struct {
        struct nave_option row;
        nave_err err;
        const char *want;
    } cases[] = {
        {FLAGGED(choice, "a", "b", "a|b", "", NAVE_OPTION_MAIN), NAVE_OK, ""},
        {FLAGGED(choice, "a", "", "a", "", 0), NAVE_OK, ""},
        {FLAGGED(choice, "a", "c", "a|b", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed default \"c\""},
        {FLAGGED(choice, "a", "", "", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed list of words \"\""},
        {FLAGGED(choice, "a", "a", "a||b", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed list of words \"a||b\""},
        {FLAGGED(choice, "a", "a", "a|b|a", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed list of words \"a|b|a\""},
        {FLAGGED(choice, "a", "a", "a|", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed list of words \"a|\""},
        {FLAGGED(choice, "a", "a", "a", "b", 0), NAVE_EINVAL,
         "option \"a\" has a malformed list of words \"a\""},
        {FLAGGED(choice, "a", "", "a", "", NAVE_OPTION_OPTIONAL), NAVE_EINVAL,
         "option \"a\" cannot have flags 0x8"},
        {FLAGGED(texts, "a", "x|y", "1", "2", NAVE_OPTION_MAIN | NAVE_OPTION_LIVE), NAVE_OK, ""},
        {FLAGGED(texts, "a", "", "1", "2", NAVE_OPTION_REQUIRED), NAVE_OK, ""},
        {FLAGGED(texts, "a", "x|y|z", "1", "2", 0), NAVE_EINVAL,
         "the default \"x|y|z\" of option \"a\" is out of bounds"},
        {FLAGGED(texts, "a", "x|x", "", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed default \"x|x\""},
        {FLAGGED(texts, "a", "x", "", "", NAVE_OPTION_REQUIRED), NAVE_EINVAL,
         "option \"a\" cannot have flags 0x10"},
        {FLAGGED(pairs, "a", "", "", "9", NAVE_OPTION_SECRET), NAVE_OK, ""},
        {FLAGGED(pairs, "a", "x", "", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed default \"x\""},
        {FLAGGED(pairs, "a", "", "", "", NAVE_OPTION_MAIN), NAVE_EINVAL,
         "option \"a\" cannot have flags 0x4"},
        {FLAGGED(address, "a", "tcp://*:0", "", "", 0), NAVE_OK, ""},
        {FLAGGED(address, "a", "", "tcp|unix", "", NAVE_OPTION_OPTIONAL), NAVE_OK, ""},
        {FLAGGED(address, "a", "udp://*:0", "tcp|unix", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed default \"udp://*:0\""},
        {FLAGGED(address, "a", "", "tcp", "", NAVE_OPTION_REQUIRED), NAVE_EINVAL,
         "option \"a\" cannot have flags 0x10"},
        {FLAGGED(path, "a", "public", "", "", NAVE_OPTION_MAIN), NAVE_OK, ""},
        {FLAGGED(path, "a", "", "", "", NAVE_OPTION_REQUIRED), NAVE_OK, ""},
        {FLAGGED(path, "a", "", "1", "", 0), NAVE_EINVAL,
         "option \"a\" has malformed bounds \"1\" and \"\""},
        {FLAGGED(text, "a", "", "1", "", NAVE_OPTION_OPTIONAL), NAVE_OK, ""},
        {FLAGGED(text, "a", "", "", "", NAVE_OPTION_REQUIRED), NAVE_EINVAL,
         "option \"a\" cannot have flags 0x10"},
        {FLAGGED(text, "a", "", "", "", 32), NAVE_ETOONEW,
         "option \"a\" has flags 0x20, which are not known here"},
        {FLAGGED(conf, "a", "", "", "{\"type\": \"array\"}", NAVE_OPTION_REQUIRED), NAVE_OK, ""},
        {FLAGGED(conf, "a", "x", "", "", 0), NAVE_EINVAL,
         "option \"a\" has a malformed default \"x\""},
        {FLAGGED(conf, "a", "", "x", "", 0), NAVE_EINVAL,
         "option \"a\" has malformed bounds \"x\" and \"\""},
        {FLAGGED(conf, "a", "", "", "[]", 0), NAVE_EINVAL,
         "the schema of option \"a\" is malformed: it is no object"},
        {FLAGGED(conf, "a", "", "", "{\"a\":}", 0), NAVE_EINVAL,
         "the schema of option \"a\" is malformed: not valid JSON: a value: a text, a number, "
         "true, false, null, a list or an object is wanted; here stands '}'"},
    };
    struct nave_option pair[2] = {FLAGGED(text, "a", "", "", "", NAVE_OPTION_MAIN),
                                  FLAGGED(text, "b", "", "", "", NAVE_OPTION_MAIN)};
    struct nv_why why;
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        why.text[0] = '\0';
        CU_ASSERT_EQUAL(nv_options_check_rows(&cases[i].row, 1, &why), cases[i].err);
        CU_ASSERT_STRING_EQUAL(why.text, cases[i].want);
    }
    CU_ASSERT_EQUAL(nv_options_check_rows(pair, 2, &why), NAVE_EINVAL);
    CU_ASSERT_STRING_EQUAL(why.text, "options \"a\" and \"b\" are both the main one");
    pair[1].flags = 0;
    CU_ASSERT_EQUAL(nv_options_check_rows(pair, 2, &why), NAVE_OK);
    pair[0].kind = NAVE_OPTION_KIND_conf;
    CU_ASSERT_EQUAL(nv_options_check_rows(pair, 2, &why), NAVE_EINVAL);
    CU_ASSERT_STRING_EQUAL(why.text,
                           "option \"a\" takes whole values, so there cannot be other options");
}

static void a_malformed_table_is_refused_with_the_row(void)
{
    static const struct {
        struct nave_option rows[2];
        nave_err err;
        const char *want;
    } cases[] = {
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)}, NAVE_OK, ""},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "a", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" is there twice"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 8, 8)},
         NAVE_EINVAL,
         "options \"a\" and \"b\" overlap"},
        {{ROW(text, "a", "1", "", "", 8, 16), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "options \"a\" and \"b\" overlap"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 64, 8)},
         NAVE_EINVAL,
         "option \"b\" does not fit its struct"},
        {{ROW(count, "a", "1", "", "", 4294967288u, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" does not fit its struct"},
        {{ROW(count, "a", "1", "", "", 12, 8), ROW(count, "b", "1", "", "", 24, 8)},
         NAVE_EINVAL,
         "option \"a\" does not fit its struct"},
        {{ROW(flag, "a", "true", "", "", 8, 8), ROW(count, "b", "1", "", "", 24, 8)},
         NAVE_EINVAL,
         "option \"a\" does not fit its struct"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "\"\" is no name for an option"},
        {{ROW(count, "a", "1", "", "", 8, 8), ROW(count, "$b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "\"$b\" is no name for an option"},
        {{ROW(count, NULL, "1", "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "an option has an empty column"},
        {{ROW(count, "a", NULL, "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "an option has an empty column"},
        {{ROW(count, "a", "x", "", "", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has a malformed default \"x\""},
        {{ROW(flag, "a", "1", "", "", 8, 4), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has a malformed default \"1\""},
        {{ROW(size, "a", "1", "x", "9", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has malformed bounds \"x\" and \"9\""},
        {{ROW(duration, "a", "1s", "", "9", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "option \"a\" has malformed bounds \"\" and \"9\""},
        {{ROW(count, "a", "9", "1", "8", 8, 8), ROW(count, "b", "1", "", "", 16, 8)},
         NAVE_EINVAL,
         "the default \"9\" of option \"a\" is out of bounds"},
        {{ROW(text, "a", "xyz", "", "2", 8, 16), ROW(count, "b", "1", "", "", 24, 8)},
         NAVE_EINVAL,
         "the default \"xyz\" of option \"a\" is out of bounds"},
    };
    struct nave_option_table table = {sizeof(table), 2, 64, 0, NULL};
    struct nave_option row = ROW(count, "a", "1", "", "", 8, 8);
    struct nv_why why;
    size_t i;

    for (i = 0; i < NAVE_COUNT(cases); i++) {
        why.text[0] = '\0';
        table.rows = cases[i].rows;
        CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), cases[i].err);
        CU_ASSERT_STRING_EQUAL(why.text, cases[i].want);
    }

    table.count = 1;
    table.rows = &row;
    row.kind = 0;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_ETOONEW);
    row.kind = 12;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_ETOONEW);
    CU_ASSERT_STRING_EQUAL(why.text, "option \"a\" has kind 12, which is not known here");
    row.kind = NAVE_OPTION_KIND_count;
    table.struct_size = (1u << 20) + 1;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    table.struct_size = 64;
    table.size--;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    table.size++;
    table.rows = NULL;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    table.count = 1025;
    table.rows = &row;
    CU_ASSERT_EQUAL(nv_options_check_table(&table, &why), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nv_options_check_table(NULL, &why), NAVE_EINVAL);
    CU_ASSERT_EQUAL(nv_options_check_table(all_table(), NULL), NAVE_OK);
    CU_ASSERT_EQUAL(nv_options_check_table(must_table(), NULL), NAVE_OK);
    CU_ASSERT_EQUAL(nv_options_check_table(nave_no_options(), NULL), NAVE_OK);
}

static void every_failing_allocation_is_an_error(void)
{
    struct nave_conf *root = load("{\"backlog\": 7}");
    void *options = NULL;
    nave_err err;
    long n;

    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        fail_after(n);
        err = nv_options_make(all_table(), root, &report, &owner, &options);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
        CU_ASSERT_PTR_NULL(options);
    }
    CU_ASSERT(n > 0 && n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL_FATAL(err, NAVE_OK);
    CU_ASSERT_EQUAL(((struct all_options *)options)->backlog, 7);
    free(options);

    /* Refusing needs no memory at all: it works when there is none. */
    root = load("{\"backlog\": 0, \"bucklog\": 7, \"timeout\": 1}");
    fail_after(0);
    CU_ASSERT_EQUAL(nv_options_check(all_table()->rows, all_table()->count, root, &report, &owner),
                    NAVE_ECONFIG);
    countdown = -1;
    CU_ASSERT_FALSE(has_failed);
    CU_ASSERT_EQUAL(told.count, 3);

    options = NULL;
    CU_ASSERT_EQUAL(nv_options_make(all_table(), root, &report, &owner, &options), NAVE_ECONFIG);
    CU_ASSERT_PTR_NULL(options);
    CU_ASSERT_EQUAL(nv_options_make(nave_no_options(), NULL, &report, &owner, &options), NAVE_OK);
    CU_ASSERT_PTR_NOT_NULL(options);
    free(options);
    tear_down();
}

static CU_TestInfo tests[] = {
    {"what_is_not_given_has_its_default", what_is_not_given_has_its_default},
    {"what_is_given_is_taken", what_is_given_is_taken},
    {"all_refusals_come_in_one_go", all_refusals_come_in_one_go},
    {"what_is_out_of_range_is_told_with_the_range", what_is_out_of_range_is_told_with_the_range},
    {"what_must_be_given_is_asked_for", what_must_be_given_is_asked_for},
    {"lists_and_paths_have_their_defaults", lists_and_paths_have_their_defaults},
    {"options_own_their_texts_and_lists", options_own_their_texts_and_lists},
    {"what_is_no_object_is_the_value_of_the_main_option",
     what_is_no_object_is_the_value_of_the_main_option},
    {"a_main_conf_takes_any_value_whole", a_main_conf_takes_any_value_whole},
    {"lists_words_and_addresses_are_refused_at_their_items",
     lists_words_and_addresses_are_refused_at_their_items},
    {"secrets_are_in_no_message", secrets_are_in_no_message},
    {"a_path_too_long_is_refused", a_path_too_long_is_refused},
    {"options_are_an_object", options_are_an_object},
    {"a_malformed_row_is_refused_with_its_reason", a_malformed_row_is_refused_with_its_reason},
    {"a_long_key_is_cut_between_two_characters", a_long_key_is_cut_between_two_characters},
    {"the_nearest_name_is_proposed_or_none", the_nearest_name_is_proposed_or_none},
    {"a_malformed_table_is_refused_with_the_row", a_malformed_table_is_refused_with_the_row},
    {"every_failing_allocation_is_an_error", every_failing_allocation_is_an_error},
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"options", set_up, clean_up, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

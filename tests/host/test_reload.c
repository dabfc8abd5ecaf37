/* SPDX-License-Identifier: MIT
 *
 * The plan of a reload, call by call, on plugins that only tell what is done to them: what is
 * prepared, made, changed and given back, in which order, and that a refusal leaves no trace. Every
 * allocation of a reload fails once.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nave/runtime.h>

#include "failing.h"
#include "test_main.h"
#include "wired.h"

#define ALLOCATIONS_MAX 10000
#define LINE(name)      "{\"name\": \"" name "\", \"bind\": \"tcp://127.0.0.1:"
#define WEB(handler) \
    LINE("web")      \
    "1\", \"layers\": [\"wrap\"], \"protocols\": [\"able\"], \"handler\": \"" handler "\"}"
#define API LINE("api") "2\", \"protocols\": [\"fixed\"], \"handler\": \"h\"}"
#define CONFIG(x, y, listeners)                                                       \
    "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"x\": {" x "}, \"y\": {" y "}}, " \
    "\"listeners\": [" listeners "]}"

/* --- the rig --------------------------------------------------------------------------------- */

static char path[64];
static char told[4096];
static nave_err reloaded; /* what RELOADED said; 1: nothing yet */

static void write_file(const char *text)
{
    FILE *f = fopen(path, "w");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(told);

    (void)arg;
    if (r->level == NAVE_LOG_ERROR)
        snprintf(told + len, sizeof(told) - len, "%.*s: %.*s\n", (int)r->pointer.len,
                 r->pointer.ptr, (int)r->text.len, r->text.ptr);
}

static void on_event(void *arg, uint32_t event, nave_err err)
{
    (void)arg;
    if (event == NAVE_EVENT_RELOADED)
        reloaded = err;
}

static struct nave_runtime *begin(const char *config)
{
    static const nave_plugin_entry_fn statics[] = {wired_x_plugin_entry_v1, wired_y_plugin_entry_v1,
                                                   NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .report = on_report,
                                     .static_plugins = statics,
                                     .log_level = NAVE_LOG_WARN,
                                     .event = on_event};
    struct nave_runtime *rt = NULL;
    int fd;

    memset(&wired, 0, sizeof(wired));
    told[0] = '\0';
    strcpy(path, "/tmp/nave-reload-XXXXXX");
    fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    write_file(config);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_configure_file(rt, path), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nave_runtime_start(rt), NAVE_OK);
    wired.text[0] = '\0';
    return rt;
}

/* Turns until the reload has ended. */
static nave_err reload(struct nave_runtime *rt, const char *config)
{
    uint32_t i;

    if (config)
        write_file(config);
    wired.text[0] = '\0';
    told[0] = '\0';
    reloaded = 1;
    nave_runtime_reload(rt);
    for (i = 0; i < 20 && reloaded > 0; i++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    return reloaded;
}

static void turn(struct nave_runtime *rt)
{
    uint32_t i;

    for (i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
}

static void end(struct nave_runtime *rt)
{
    nave_runtime_stop(rt);
    CU_ASSERT_EQUAL(nave_runtime_run(rt), NAVE_OK);
    nave_runtime_destroy(rt);
    CU_ASSERT_EQUAL(wired.handles, 0);
    unlink(path);
}

static void expect(const char *got, const char *want)
{
    if (strcmp(got, want) != 0)
        printf("\n  got  %s\n  want %s\n", got, want);
    CU_ASSERT_STRING_EQUAL(got, want);
}

static const char *where_streams_go(void)
{
    static const struct nave_accept_info info;

    wired.text[0] = '\0';
    wired.in->api->accept(wired.in, NULL, &info);
    return wired.text;
}

/* --- what changes ---------------------------------------------------------------------------- */

static void the_same_again_touches_nothing(void)
{
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h") ", " API));

    CU_ASSERT_EQUAL(reload(rt, NULL), NAVE_OK);
    expect(wired.text, "");
    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"live\": \"1000ms\"", "\"live\": 0, \"fixed\": \"a\"",
                                      WEB("h") ", " API)),
                    NAVE_OK); /* other words for the same values */
    expect(wired.text, "");
    end(rt);
}

static void only_the_plugin_whose_options_differ_is_prepared_and_committed(void)
{
    struct nave_runtime *rt = begin(CONFIG("", "", ""));

    CU_ASSERT_EQUAL(reload(rt, CONFIG("", "\"live\": 1", "")), NAVE_OK);
    expect(wired.text, "y.prepare! y.commit ");
    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"live\": \"2s\"", "\"live\": 1", "")), NAVE_OK);
    expect(wired.text, "x.prepare! x.commit ");
    CU_ASSERT_EQUAL(wired.live_ns, 2 * NAVE_SEC);
    end(rt);
}

static void a_text_of_the_first_options_outlives_reloads(void)
{
    struct nave_runtime *rt = begin(CONFIG("\"word\": \"hello\"", "", ""));

    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"word\": \"there\"", "", "")), NAVE_OK);
    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"word\": \"again\"", "", "")), NAVE_OK);
    CU_ASSERT(wired.kept.len == 5 && memcmp(wired.kept.ptr, "hello", 5) == 0);
    end(rt);
}

static void another_handler_is_set_behind_the_protocol_and_the_old_one_goes(void)
{
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h")));

    /* at the start: h#1 able#2 wrap#3 t#4 l#5 */
    CU_ASSERT_EQUAL(reload(rt, CONFIG("", "", WEB("g"))), NAVE_OK);
    turn(rt);
    expect(wired.text, "g#6.make able#2.next=g#6 h#1.unmake ");
    end(rt);
}

static void a_handler_that_is_in_use_goes_when_its_last_use_ends(void)
{
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h")));

    wired.is_busy = 1;
    CU_ASSERT_EQUAL(reload(rt, CONFIG("", "", WEB("g"))), NAVE_OK);
    CU_ASSERT_EQUAL(reload(rt, CONFIG("", "", WEB("h"))), NAVE_OK);
    turn(rt);
    CU_ASSERT_PTR_NULL(strstr(wired.text, "unmake"));
    wired.text[0] = '\0';
    wired_complete();
    expect(wired.text, ""); /* not inside of it */
    turn(rt);
    expect(wired.text, "h#1.unmake g#6.unmake ");
    end(rt);
}

static void handlers_of_a_plugin_that_was_prepared_are_made_anew(void)
{
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h")));

    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"live\": \"2s\"", "", WEB("h"))), NAVE_OK);
    turn(rt);
    expect(wired.text, "x.prepare! h#6.make x.commit able#2.next=h#6 h#1.unmake ");
    end(rt);
}

static void a_protocol_that_takes_no_other_handler_is_replaced_for_new_streams(void)
{
    static const char other[] = LINE("api") "2\", \"protocols\": [\"fixed\"], \"handler\": \"g\"}";
    struct nave_runtime *rt = begin(CONFIG("", "", API));
    char config[512];

    /* h#1 fixed#2 t#3 l#4 */
    expect(where_streams_go(), "fixed#2.accept ");
    snprintf(config, sizeof(config), CONFIG("", "", "%s"), other);
    CU_ASSERT_EQUAL(reload(rt, config), NAVE_OK);
    turn(rt);
    expect(wired.text, "g#5.make fixed#6.make "); /* the old chain is kept: it cannot say when */
    expect(where_streams_go(), "fixed#6.accept ");
    end(rt);
    CU_ASSERT_PTR_NOT_NULL(strstr(wired.text, "fixed#2.unmake h#1.unmake"));
}

static void another_chain_takes_new_streams_and_the_old_one_retires_from_the_wire(void)
{
    static const char other[] = LINE("web") "1\", \"protocols\": [\"able\"], \"handler\": \"h\"}";
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h")));
    char config[512];

    expect(where_streams_go(), "wrap#3.accept ");
    snprintf(config, sizeof(config), CONFIG("", "", "%s"), other);
    wired.is_busy = 1;
    CU_ASSERT_EQUAL(reload(rt, config), NAVE_OK);
    expect(wired.text, "h#6.make able#7.make wrap#3.retire ");
    expect(where_streams_go(), "able#7.accept ");
    wired.text[0] = '\0';
    wired_complete();
    turn(rt);
    expect(wired.text, "able#2.retire "); /* the layer first, then what is behind it */
    wired.is_busy = 0;
    wired_complete();
    turn(rt);
    expect(wired.text, "able#2.retire wrap#3.unmake able#2.unmake h#1.unmake ");
    end(rt);
}

static void listeners_come_and_go_and_a_socket_stays_where_its_address_does(void)
{
    static const char renamed[] =
        "{\"name\": \"www\", \"bind\": \"tcp://127.0.0.1:1\", \"layers\": "
        "[\"wrap\"], \"protocols\": [\"able\"], \"handler\": \"h\"}";
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h")));
    char config[1024];

    CU_ASSERT_EQUAL(reload(rt, CONFIG("", "", WEB("h") ", " API)), NAVE_OK);
    expect(wired.text, "h#6.make fixed#7.make t#8.make l#9.listen l#9.start ");
    snprintf(config, sizeof(config), CONFIG("", "", "%s, " API), renamed);
    CU_ASSERT_EQUAL(reload(rt, config), NAVE_OK);
    expect(wired.text, "");
    CU_ASSERT_EQUAL(reload(rt, CONFIG("", "", API)), NAVE_OK);
    turn(rt);
    expect(wired.text,
           "l#5.stop wrap#3.retire able#2.retire wrap#3.unmake able#2.unmake h#1.unmake "
           "l#5.unmake t#4.unmake ");
    end(rt);
}

/* --- what is refused ------------------------------------------------------------------------- */

static void what_is_set_holds_for_a_reload_as_well(void)
{
    struct nave_runtime *rt = begin(CONFIG("", "", ""));

    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/plugins/x/live", "3s"), NAVE_OK);
    CU_ASSERT_EQUAL(reload(rt, NULL), NAVE_OK);
    expect(wired.text, "x.prepare! x.commit ");
    CU_ASSERT_EQUAL(wired.live_ns, 3 * NAVE_SEC);
    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"live\": \"2s\"", "", "")), NAVE_OK);
    expect(wired.text, ""); /* what is set goes before what the file says */
    CU_ASSERT_EQUAL(nave_runtime_set(rt, "/runtime/workers", "2"), NAVE_OK);
    CU_ASSERT_EQUAL(reload(rt, NULL), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "/runtime/workers: option \"workers\" of the runtime"));
    end(rt);
}

static void what_cannot_change_is_refused_by_name_and_nothing_is_prepared(void)
{
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h")));

    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"live\": \"2s\"", "\"fixed\": \"b\"", API)), NAVE_ECONFIG);
    expect(wired.text, "");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(told, "/plugins/y/fixed: option \"fixed\" of plugin \"y\" cannot change while it "
                     "runs; put it back, or start anew to change it\n"));
    CU_ASSERT_EQUAL(reload(rt, "{\"runtime\": {\"workers\": 2}, \"plugins\": {\"x\": {}}}"),
                    NAVE_ECONFIG);
    expect(wired.text, "");
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "/runtime/workers: option \"workers\" of the runtime"));
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "plugin \"y\" is not there any more"));
    CU_ASSERT_EQUAL(reload(rt, "{"), NAVE_ECONFIG);
    expect(wired.text, "");
    end(rt);
}

static void what_was_prepared_and_made_is_taken_back_in_reverse(void)
{
    static const char taken[] = "{\"name\": \"z\", \"bind\": \"tcp://localhost:3\", \"protocols\": "
                                "[\"able\"], \"handler\": "
                                "\"h\"}";
    struct nave_runtime *rt = begin(CONFIG("", "", WEB("h")));
    char config[1024];

    CU_ASSERT_EQUAL(reload(rt, CONFIG("\"live\": \"2s\"", "\"fails\": true", WEB("g"))),
                    NAVE_ELIMIT);
    expect(wired.text, "x.prepare! y.prepare! x.abort ");
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "plugin \"y\" failed to prepare"));

    wired.numbers = 10;
    snprintf(config, sizeof(config), CONFIG("", "\"live\": 3", WEB("g") ", " API ", %s"), taken);
    CU_ASSERT_EQUAL(reload(rt, config), NAVE_EADDRINUSE);
    expect(wired.text,
           "y.prepare! g#11.make h#12.make fixed#13.make t#14.make l#15.listen h#16.make "
           "able#17.make t#18.make t#18.unmake able#17.unmake h#16.unmake l#15.unmake "
           "t#14.unmake fixed#13.unmake h#12.unmake g#11.unmake y.abort ");
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "/listeners/2/bind: cannot listen on tcp://localhost:3"));
    CU_ASSERT_EQUAL(reload(rt, CONFIG("", "\"live\": 3", WEB("h"))), NAVE_OK);
    expect(wired.text, "y.prepare! y.commit ");
    end(rt);
}

static void a_runtime_that_was_configured_by_a_text_says_so(void)
{
    struct nave_runtime_options o = {.size = sizeof(o), .report = on_report, .event = on_event};
    struct nave_runtime *rt = NULL;

    told[0] = '\0';
    reloaded = 1;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, &rt), NAVE_OK);
    nave_runtime_reload(rt); /* before there is anything to reload */
    CU_ASSERT_EQUAL(nave_runtime_configure_text(rt, "{\"runtime\": {\"workers\": 1}}", 27, "t"),
                    NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
    CU_ASSERT_EQUAL(reloaded, NAVE_ESTATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(told, "there is no file to read again"));
    nave_runtime_destroy(rt);
    nave_runtime_reload(NULL);
}

static void every_failing_allocation_leaves_the_old_configuration(void)
{
    static const char before[] = CONFIG("", "", WEB("h") ", " API);
    static const char after[] =
        CONFIG("\"live\": \"2s\", \"word\": \"w\"", "\"live\": 4", WEB("g"));
    struct nave_runtime *rt = begin(before);
    int32_t handles = wired.handles;
    long n;

    for (n = 0; n < ALLOCATIONS_MAX; n++) {
        nave_err err;

        write_file(after);
        fail_after(n);
        err = reload(rt, NULL);
        countdown = -1;
        if (!has_failed)
            break;
        CU_ASSERT(err != NAVE_OK);
        CU_ASSERT(told[0] != '\0');
        CU_ASSERT_PTR_NULL(strstr(wired.text, "commit"));
        turn(rt);
        CU_ASSERT_EQUAL(wired.handles, handles);
        if (err == NAVE_OK || wired.handles != handles) {
            printf("\n  allocation %ld: %s, %d handles for %d: %s", n, nave_err_name(err),
                   wired.handles, handles, wired.text);
            break;
        }
    }
    CU_ASSERT(n > 10); /* the calls do go through here */
    CU_ASSERT(n < ALLOCATIONS_MAX);
    CU_ASSERT_EQUAL(reloaded, NAVE_OK);
    CU_ASSERT_EQUAL(wired.live_ns, 2 * NAVE_SEC);
    end(rt);
}

static void an_end_in_the_middle_of_a_change_gives_everything_back(void)
{
    uint32_t turns;

    for (turns = 0; turns < 4; turns++) {
        struct nave_runtime *rt = begin(CONFIG("", "", WEB("h") ", " API));
        uint32_t i;

        wired.is_busy = turns & 1;
        write_file(CONFIG("\"live\": \"2s\"", "", WEB("g")));
        nave_runtime_reload(rt);
        for (i = 0; i < turns; i++)
            CU_ASSERT_EQUAL(nave_runtime_turn(rt, 0), NAVE_OK);
        nave_runtime_destroy(rt);
        CU_ASSERT_EQUAL(wired.handles, 0);
        unlink(path);
    }
}

#define TEST(name)  \
    {               \
#        name, name \
    }

static CU_TestInfo tests[] = {
    TEST(the_same_again_touches_nothing),
    TEST(only_the_plugin_whose_options_differ_is_prepared_and_committed),
    TEST(a_text_of_the_first_options_outlives_reloads),
    TEST(another_handler_is_set_behind_the_protocol_and_the_old_one_goes),
    TEST(a_handler_that_is_in_use_goes_when_its_last_use_ends),
    TEST(handlers_of_a_plugin_that_was_prepared_are_made_anew),
    TEST(a_protocol_that_takes_no_other_handler_is_replaced_for_new_streams),
    TEST(another_chain_takes_new_streams_and_the_old_one_retires_from_the_wire),
    TEST(listeners_come_and_go_and_a_socket_stays_where_its_address_does),
    TEST(what_is_set_holds_for_a_reload_as_well),
    TEST(what_cannot_change_is_refused_by_name_and_nothing_is_prepared),
    TEST(what_was_prepared_and_made_is_taken_back_in_reverse),
    TEST(a_runtime_that_was_configured_by_a_text_says_so),
    TEST(every_failing_allocation_leaves_the_old_configuration),
    TEST(an_end_in_the_middle_of_a_change_gives_everything_back),
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"reload", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

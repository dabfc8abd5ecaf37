/* SPDX-License-Identifier: MIT
 *
 * What nave.host/1 refuses, word by word: the texts are for who writes a plugin, and say what to do. A plugin that
 * is a part of this program asks in create.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/plugin.h>
#include <nave/runtime.h>

#include "test_main.h"

#define HANDLE_BYTES (sizeof(struct nave_iface) + sizeof(void *))

struct gift_iface {
    struct nave_iface hdr;
    void (*open)(void);
};

static char reports[4096];
static void (*asks)(struct nave_host *h);

static void nothing(void)
{
}

static const struct gift_iface gift_table = {
    .hdr = NAVE_IFACE(struct gift_iface, "test.gift/1", 2, NAVE_IFACE_DRAFT),
    .open = nothing,
};
static struct nave_handle gift = {&gift_table.hdr};

/* --- the plugin -------------------------------------------------------------------------------- */

static struct nave_host *host;

static nave_err rules_create(struct nave_host *h, void **out_self)
{
    host = h;
    *out_self = &host;
    asks(h);
    return h->api->provide(h, &gift, 0);
}

static const struct nave_plugin_ops rules_ops = {
    .size = sizeof(rules_ops),
    .create = rules_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    rules
#define NAVE_PLUGIN_ID      "rules"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)   \
    NEED("nave.stream/1", 0, 0)   \
    NEED("nave.locks/1", 0, 0)    \
    NEED("nave.blocking/1", 0, 0) \
    NEED("nave.channels/1", 0, 0) \
    NEED("test.luxury/1", 0, NAVE_DEP_OPTIONAL)
#define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.gift/1", 2, 0)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          rules_ops
#include <nave/define.h>

/* --- asking ------------------------------------------------------------------------------------ */

static void on_report(void *arg, const struct nave_report *r)
{
    size_t len = strlen(reports);

    (void)arg;
    snprintf(reports + len, sizeof(reports) - len, "%.*s\n", (int)r->text.len, r->text.ptr);
}

static void expect(const char *text)
{
    CU_ASSERT_STRING_EQUAL(reports, text);
    if (strcmp(reports, text) != 0)
        printf("\n  got   %s  want  %s", reports, text);
    reports[0] = '\0';
}

/* Start with a plugin that `does` this in create; what it says to the start. */
static nave_err start(void (*does)(struct nave_host *h), struct nave_runtime **out_rt)
{
    static const char config[] = "{\"runtime\": {\"workers\": 1}, \"plugins\": {\"rules\": {}}}";
    static const nave_plugin_entry_fn statics[] = {rules_plugin_entry_v1, NULL};
    struct nave_runtime_options o = {.size = sizeof(o),
                                     .static_plugins = statics,
                                     .report = on_report,
                                     .plugin_path = "",
                                     .log_level = NAVE_LOG_ERROR};
    nave_err err;

    unsetenv("NAVE_CHECK"); /* which ends the program instead */
    reports[0] = '\0';
    asks = does;
    CU_ASSERT_EQUAL_FATAL(nave_runtime_create(&o, out_rt), NAVE_OK);
    err = nave_runtime_configure_text(*out_rt, config, strlen(config), "t");
    return err ? err : nave_runtime_start(*out_rt);
}

static void ask(void (*does)(struct nave_host *h))
{
    struct nave_runtime *rt = NULL;

    (void)start(does, &rt);
    nave_runtime_destroy(rt);
}

/* --- bind -------------------------------------------------------------------------------------- */

static void binds_wrongly(struct nave_host *h)
{
    struct nave_handle *out = NULL;

    CU_ASSERT_EQUAL(h->api->bind(h, NULL, 0, HANDLE_BYTES, &out), NAVE_EINVAL);
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.locks/1", 0, 4, &out), NAVE_EINVAL);
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.locks/1", 0, HANDLE_BYTES, NULL), NAVE_EINVAL);
    expect("plugin \"rules\" binds without an id, a place for the handle, or a size\n"
           "plugin \"rules\" binds without an id, a place for the handle, or a size\n"
           "plugin \"rules\" binds without an id, a place for the handle, or a size\n");
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.exec/1", 0, HANDLE_BYTES, &out), NAVE_EDENIED);
    expect("plugin \"rules\" binds \"nave.exec/1\", which is not among its needs; add it to "
           "NAVE_PLUGIN_NEEDS\n");
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.stream/1", 0, HANDLE_BYTES, &out), NAVE_ENOTFOUND);
    expect("plugin \"rules\" binds \"nave.stream/1\", which is a table of handles that are handed "
           "out by calls; there is no service to bind\n");
    /* What may be missing is no error of anybody. */
    CU_ASSERT_EQUAL(h->api->bind(h, "test.luxury/1", 0, HANDLE_BYTES, &out), NAVE_ENOTFOUND);
    expect("");
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.locks/1", 77, HANDLE_BYTES, &out), NAVE_ETOOOLD);
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "plugin \"rules\" binds \"nave.locks/1\" of minor 77"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "is offered; use a newer provider\n"));
    reports[0] = '\0';
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.locks/1", 0, 60000, &out), NAVE_ETOOOLD);
    reports[0] = '\0';
    CU_ASSERT_PTR_NULL(out);
}

static void a_bind_that_cannot_be_says_why(void)
{
    ask(binds_wrongly);
}

static struct nave_handle *bound[3];

static void binds_rightly(struct nave_host *h)
{
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.locks/1", 0, HANDLE_BYTES, &bound[0]), NAVE_OK);
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.blocking/1", 0, HANDLE_BYTES, &bound[1]), NAVE_OK);
    CU_ASSERT_EQUAL(h->api->bind(h, "nave.channels/1", 0, HANDLE_BYTES, &bound[2]), NAVE_OK);
}

static void a_plugin_has_jobs_and_channels_of_its_own_and_the_locks_of_all(void)
{
    static const char *const ids[] = {"nave.locks/1", "nave.blocking/1", "nave.channels/1"};
    struct nave_runtime *rt = NULL;
    struct nave_handle *of_program = NULL;
    uint32_t i;

    CU_ASSERT_EQUAL(start(binds_rightly, &rt), NAVE_OK);
    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(nave_runtime_bind(rt, ids[i], 0, HANDLE_BYTES, &of_program), NAVE_OK);
        CU_ASSERT_STRING_EQUAL(bound[i]->api->id, ids[i]);
        CU_ASSERT_EQUAL(bound[i] == of_program, i == 0);
    }
    nave_runtime_destroy(rt);
    expect("");
}

/* --- provide and publish ----------------------------------------------------------------------- */

static void provides_wrongly(struct nave_host *h)
{
    static const struct gift_iface other = {.hdr = NAVE_IFACE(struct gift_iface, "test.other/1", 0,
                                                              NAVE_IFACE_DRAFT),
                                            .open = nothing};
    static const struct gift_iface old = {.hdr = NAVE_IFACE(struct gift_iface, "test.gift/1", 1,
                                                            NAVE_IFACE_DRAFT),
                                          .open = nothing};
    static const struct gift_iface hole = {
        .hdr = NAVE_IFACE(struct gift_iface, "test.gift/1", 2, NAVE_IFACE_DRAFT)};
    struct nave_handle wrong[] = {{&other.hdr}, {&old.hdr}, {&hole.hdr}, {NULL}};

    CU_ASSERT_EQUAL(h->api->provide(h, NULL, 0), NAVE_EINVAL);
    CU_ASSERT_EQUAL(h->api->provide(h, &gift, 1u << 9), NAVE_EINVAL);
    expect("plugin \"rules\" provides no service, or with a flag that this host does not know\n"
           "plugin \"rules\" provides no service, or with a flag that this host does not know\n");
    CU_ASSERT_EQUAL(h->api->provide(h, &wrong[0], 0), NAVE_EDENIED);
    expect("plugin \"rules\" provides \"test.other/1\", which is not among what its manifest "
           "lists; add it to NAVE_PLUGIN_PROVIDES\n");
    CU_ASSERT_EQUAL(h->api->provide(h, &wrong[1], 0), NAVE_EINVAL);
    expect("plugin \"rules\" provides \"test.gift/1\" of minor 1, and its manifest says 2\n");
    CU_ASSERT_EQUAL(h->api->provide(h, &wrong[2], 0), NAVE_EINVAL);
    expect("plugin \"rules\": slot 0 of table \"test.gift/1\" is empty; fill it, at least with a "
           "function that refuses\n");
    CU_ASSERT_EQUAL(h->api->provide(h, &wrong[3], 0), NAVE_EINVAL);
    expect("plugin \"rules\": there is no table\n");
}

static void a_service_that_does_not_fit_is_refused(void)
{
    ask(provides_wrongly);
}

static void provides_twice(struct nave_host *h)
{
    CU_ASSERT_EQUAL(h->api->provide(h, &gift, 0), NAVE_OK);
    CU_ASSERT_EQUAL(h->api->provide(h, &gift, 0), NAVE_EEXIST);
    expect("plugin \"rules\" provides \"test.gift/1\" twice\n");
}

static void a_service_is_provided_once(void)
{
    ask(provides_twice);
}

static void publishes_wrongly(struct nave_host *h)
{
    static const struct nave_iface nameless = {.size = sizeof(nameless)};
    static const struct nave_iface odd = {.size = sizeof(odd) + 3, .id = "test.odd/1"};

    CU_ASSERT_PTR_NULL(h->api->publish(h, NULL));
    CU_ASSERT_PTR_NULL(h->api->publish(h, &nameless));
    CU_ASSERT_PTR_NULL(h->api->publish(h, &odd));
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "plugin \"rules\": there is no table\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reports, "plugin \"rules\": the table has no id\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(reports, "plugin \"rules\": the size of table \"test.odd/1\" is "));
    reports[0] = '\0';
    CU_ASSERT_PTR_EQUAL(h->api->publish(h, &gift_table.hdr), &gift_table.hdr);
    expect("");
}

static void a_table_that_is_none_is_not_published(void)
{
    ask(publishes_wrongly);
}

/* --- when, and the rest ------------------------------------------------------------------------ */

static void asks_nothing(struct nave_host *h)
{
    (void)h;
}

static void what_comes_too_late_is_refused(void)
{
    struct nave_runtime *rt = NULL;
    struct nave_handle *out = NULL;

    CU_ASSERT_EQUAL(start(asks_nothing, &rt), NAVE_OK);
    CU_ASSERT_EQUAL(host->api->bind(host, "nave.locks/1", 0, HANDLE_BYTES, &out), NAVE_ESTATE);
    expect(
        "plugin \"rules\" binds \"nave.locks/1\" outside create and prepare; bind there and keep "
        "the handle\n");
    CU_ASSERT_EQUAL(host->api->provide(host, &gift, 0), NAVE_ESTATE);
    expect("plugin \"rules\" provides a service outside create\n");
    CU_ASSERT_EQUAL(host->api->role_make(host, "handler", "text", NULL, &out), NAVE_ESTATE);
    expect("plugin \"rules\" makes handler \"text\" outside prepare\n");
    CU_ASSERT_EQUAL(host->api->role_make(host, NULL, "text", NULL, &out), NAVE_EINVAL);
    expect("plugin \"rules\" makes a role without kind or name\n");
    CU_ASSERT_PTR_NULL(out);
    nave_runtime_destroy(rt);
    expect("");
}

static void fails_at_length(struct nave_host *h)
{
    static char text[4000];

    memset(text, 'x', sizeof(text));
    h->api->fail(h, "no", 2);
    expect("plugin \"rules\": no\n");
    h->api->fail(h, text, sizeof(text));
    CU_ASSERT(strlen(reports) > 400 && strlen(reports) < 2000); /* cut, and whole so far */
    reports[0] = '\0';
    h->api->log(h, 4711, "a level of a newer SDK", 22); /* is debug here, which nobody wants */
    expect("");
}

static void what_a_plugin_says_is_told_as_its_own(void)
{
    ask(fails_at_length);
}

static CU_TestInfo tests[] = {
    {"a_bind_that_cannot_be_says_why", a_bind_that_cannot_be_says_why},
    {"a_plugin_has_jobs_and_channels_of_its_own_and_the_locks_of_all",
     a_plugin_has_jobs_and_channels_of_its_own_and_the_locks_of_all},
    {"a_service_that_does_not_fit_is_refused", a_service_that_does_not_fit_is_refused},
    {"a_service_is_provided_once", a_service_is_provided_once},
    {"a_table_that_is_none_is_not_published", a_table_that_is_none_is_not_published},
    {"what_comes_too_late_is_refused", what_comes_too_late_is_refused},
    {"what_a_plugin_says_is_told_as_its_own", what_a_plugin_says_is_told_as_its_own},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"host rules", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

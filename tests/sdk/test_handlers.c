/* SPDX-License-Identifier: MIT
 *
 * What nave/handlers.h makes of two functions: a plugin whose handlers are called with the program's
 * pointer, and that gives back what it took.
 */
#include <string.h>

#include <nave/http.h>

#include "fake_host.h"
#include "test_main.h"

static uint32_t called;
static void *called_with;

static void first(struct nave_http *x, void *user)
{
    (void)x;
    called = 1;
    called_with = user;
}

static void second(struct nave_http *x, void *user)
{
    (void)x;
    called = 2;
    called_with = user;
}

#define NAVE_HANDLERS_NAME     two
#define NAVE_HANDLERS_ID       "com.acme.two"
#define NAVE_HANDLERS_VERSION  "1.2.3"
#define NAVE_HANDLERS(HANDLER) HANDLER(first, "the first") HANDLER(second, "the second")
#include <nave/handlers.h>

static void the_plugin_has_a_role_for_each_function(void)
{
    const struct nave_plugin *p = two_plugin_entry_v1();

    CU_ASSERT_STRING_EQUAL(p->id, "com.acme.two");
    CU_ASSERT_STRING_EQUAL(p->version, "1.2.3");
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->roles[0]);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->roles[1]);
    CU_ASSERT_PTR_NULL(p->roles[2]);
    CU_ASSERT_STRING_EQUAL(p->roles[0]->kind, "handler");
    CU_ASSERT_STRING_EQUAL(p->roles[0]->name, "first");
    CU_ASSERT_STRING_EQUAL(p->roles[0]->iface, NAVE_HTTP_HANDLER_ID);
    CU_ASSERT_STRING_EQUAL(p->roles[1]->name, "second");
    CU_ASSERT_PTR_NOT_NULL(
        strstr(p->manifest, "\x1fsecond\x1f" NAVE_HTTP_HANDLER_ID "\x1fthe second"));
}

static void a_handler_is_its_function_with_the_programs_pointer(void)
{
    const struct nave_plugin *p = two_plugin_entry_v1();
    struct nave_role_args args = {.size = sizeof(args)};
    struct nave_handle *handles[2] = {NULL, NULL};
    struct fake_host host;
    int mine, i;
    void *self = NULL;

    fake_host_init(&host, 1);
    host.user = &mine;
    CU_ASSERT_EQUAL_FATAL(p->ops->create(&host.pub, &self), NAVE_OK);
    for (i = 0; i < 2; i++) {
        struct nave_http_handler *h;
        struct nave_http x = {0};

        CU_ASSERT_EQUAL_FATAL(p->roles[i]->make(self, &args, &handles[i]), NAVE_OK);
        CU_ASSERT_STRING_EQUAL(handles[i]->api->id, NAVE_HTTP_HANDLER_ID);
        h = (struct nave_http_handler *)(void *)handles[i];
        called = 0;
        called_with = NULL;
        h->api->handle(h, &x);
        CU_ASSERT_EQUAL(called, (uint32_t)i + 1);
        CU_ASSERT_PTR_EQUAL(called_with, &mine);
    }
    for (i = 0; i < 2; i++)
        p->roles[i]->unmake(self, handles[i]);
    p->ops->destroy(self);
    CU_ASSERT_EQUAL(fake_host_fini(&host), 0);
}

static void a_handler_without_memory_is_not_made(void)
{
    const struct nave_plugin *p = two_plugin_entry_v1();
    struct nave_role_args args = {.size = sizeof(args)};
    struct nave_handle *handle = NULL;
    struct fake_host host;
    void *self = NULL;

    fake_host_init(&host, 1);
    CU_ASSERT_EQUAL_FATAL(p->ops->create(&host.pub, &self), NAVE_OK);
    host.fail_after = 0;
    CU_ASSERT_EQUAL(p->roles[0]->make(self, &args, &handle), NAVE_ENOMEM);
    CU_ASSERT_PTR_NULL(handle);
    p->ops->destroy(self);
    CU_ASSERT_EQUAL(fake_host_fini(&host), 0);
}

static CU_TestInfo tests[] = {
    {"the_plugin_has_a_role_for_each_function", the_plugin_has_a_role_for_each_function},
    {"a_handler_is_its_function_with_the_programs_pointer",
     a_handler_is_its_function_with_the_programs_pointer},
    {"a_handler_without_memory_is_not_made", a_handler_without_memory_is_not_made},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"handlers", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

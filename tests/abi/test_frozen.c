/* SPDX-License-Identifier: MIT
 *
 * A plugin that was built with the first headers of this major, read with the headers of today: all
 * that it has is where today's headers say, and it exports its entry and nothing else of its own.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nave/http.h>
#include <nave/plugin.h>

#include "test_main.h"

static void *library;
static const struct nave_plugin *plugin;

static int load(void)
{
    const char *top = getenv("top_builddir");
    char path[4096];
    void *symbol;
    nave_plugin_entry_fn entry;

    snprintf(path, sizeof(path), "%s/tests/abi/.libs/frozen_1_0.so", top ? top : ".");
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    symbol = dlsym(library, NAVE_ENTRY_SYMBOL);
    if (!symbol)
        return 1;
    memcpy(&entry, &symbol, sizeof(entry));
    plugin = entry();
    return plugin ? 0 : 1;
}

static int unload(void)
{
    return dlclose(library);
}

static void the_tag_says_what_the_plugin_was_built_with(void)
{
    CU_ASSERT_EQUAL(plugin->tag.magic, NAVE_ABI_MAGIC);
    CU_ASSERT_EQUAL(plugin->tag.tag_size, 24);
    CU_ASSERT_EQUAL(plugin->tag.abi_major, NAVE_ABI_MAJOR);
    CU_ASSERT_EQUAL(plugin->tag.built_minor, 0);
    CU_ASSERT(plugin->tag.need_minor <= NAVE_ABI_MINOR);
    CU_ASSERT_EQUAL(plugin->tag.ptr_size, sizeof(void *));
    CU_ASSERT(plugin->tag.desc_size <= sizeof(struct nave_plugin));
}

static void the_descriptor_is_where_the_headers_of_today_look(void)
{
    CU_ASSERT_STRING_EQUAL(plugin->id, "test.frozen");
    CU_ASSERT_STRING_EQUAL(plugin->version, "1.0.0");
    CU_ASSERT_FATAL(plugin->needs[0] != NULL);
    CU_ASSERT_STRING_EQUAL(plugin->needs[0]->id, "nave.test.absent/1");
    CU_ASSERT_EQUAL(plugin->needs[0]->flags, NAVE_DEP_OPTIONAL);
    CU_ASSERT_PTR_NULL(plugin->needs[1]);
    CU_ASSERT_PTR_NULL(plugin->provides[0]);
    CU_ASSERT(plugin->ops->size <= sizeof(struct nave_plugin_ops));
    CU_ASSERT_PTR_NOT_NULL(plugin->ops->create);
    CU_ASSERT_PTR_NOT_NULL(plugin->ops->destroy);
}

static void the_role_is_where_the_headers_of_today_look(void)
{
    const struct nave_role *role = plugin->roles[0];

    CU_ASSERT_FATAL(role != NULL);
    CU_ASSERT_STRING_EQUAL(role->kind, "handler");
    CU_ASSERT_STRING_EQUAL(role->name, "frozen");
    CU_ASSERT_STRING_EQUAL(role->iface, NAVE_HTTP_HANDLER_ID);
    CU_ASSERT_EQUAL(role->options()->count, 0);
    CU_ASSERT_PTR_NULL(plugin->roles[1]);
}

static void the_options_are_where_the_headers_of_today_look(void)
{
    const struct nave_option_table *table = plugin->options();

    CU_ASSERT_EQUAL_FATAL(table->count, 2);
    CU_ASSERT_STRING_EQUAL(table->rows[0].name, "patience");
    CU_ASSERT_STRING_EQUAL(table->rows[0].default_text, "2s");
    CU_ASSERT_EQUAL(table->rows[0].kind, NAVE_OPTION_KIND_duration);
    CU_ASSERT_STRING_EQUAL(table->rows[1].name, "greeting");
    CU_ASSERT_EQUAL(table->rows[1].flags, NAVE_OPTION_LIVE);
    CU_ASSERT_EQUAL(table->rows[1].size, sizeof(struct nave_str));
    CU_ASSERT(table->rows[1].offset + table->rows[1].size <= table->struct_size);
}

static void the_manifest_is_whole(void)
{
    static const char end[] = "\ndone\n";
    size_t len = (size_t)plugin->manifest_len;

    CU_ASSERT_FATAL(len > sizeof(NAVE_MANIFEST_MAGIC) + sizeof(end));
    CU_ASSERT(memcmp(plugin->manifest, NAVE_MANIFEST_MAGIC, strlen(NAVE_MANIFEST_MAGIC)) == 0);
    CU_ASSERT(memcmp(plugin->manifest + len - strlen(end), end, strlen(end)) == 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(plugin->manifest, "\nid\x1ftest.frozen\n"));
}

static void nothing_but_the_entry_is_exported(void)
{
    CU_ASSERT_PTR_NULL(dlsym(library, "frozen_ops"));
    CU_ASSERT_PTR_NULL(dlsym(library, "frozen_plugin_entry_v1"));
    CU_ASSERT_PTR_NULL(dlsym(library, "nave_this_plugin"));
}

static CU_TestInfo frozen_tests[] = {
    {"the_tag_says_what_the_plugin_was_built_with", the_tag_says_what_the_plugin_was_built_with},
    {"the_descriptor_is_where_the_headers_of_today_look",
     the_descriptor_is_where_the_headers_of_today_look},
    {"the_role_is_where_the_headers_of_today_look", the_role_is_where_the_headers_of_today_look},
    {"the_options_are_where_the_headers_of_today_look",
     the_options_are_where_the_headers_of_today_look},
    {"the_manifest_is_whole", the_manifest_is_whole},
    {"nothing_but_the_entry_is_exported", nothing_but_the_entry_is_exported},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"frozen", load, unload, NULL, NULL, frozen_tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

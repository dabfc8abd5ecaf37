/* SPDX-License-Identifier: MIT
 *
 * A plugin with all that a manifest can hold, and more text than ISO C promises to take in one piece:
 * its end reads as C11 and C++17 (headers_alone compiles it as both).
 */
#include <nave/nave.h>

#define LONG_                                                                                      \
    "a line of documentation that is so long that the manifest has more than the 4095 bytes that " \
    "ISO C promises; nobody writes so much for one option, but a large plugin does for all of "    \
    "its "                                                                                         \
    "options taken together; "
#define LONG LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_ LONG_

#define ALL_OPTIONS(OPTION)                                       \
    OPTION(flag, loud, "true", "", "", 0, LONG)                   \
    OPTION(count, rounds, "3", "1", "10", NAVE_OPTION_LIVE, LONG) \
    OPTION(text, word, "x", "", "", NAVE_OPTION_SECRET, "say it") \
    OPTION(conf, more, "", "", "", 0, "what else there is")

NAVE_OPTION_STRUCT(all_options, ALL_OPTIONS);
NAVE_OPTION_TABLE(all_option_table, all_options, ALL_OPTIONS)

static nave_err all_make(void *self, const struct nave_role_args *args,
                         struct nave_handle **out_handle)
{
    (void)self;
    (void)args;
    (void)out_handle;
    return NAVE_ENOSYS;
}

static void all_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

static const struct nave_plugin_ops all_ops = {
    (uint32_t)sizeof(struct nave_plugin_ops),
    0,
    nave_default_create,
    nave_default_prepare,
    nave_default_ok,
    nave_default_nothing,
    nave_default_ok,
    nave_default_worker_start,
    nave_default_worker_drain,
    nave_default_worker_stop,
    nave_default_nothing,
    nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    all
#define NAVE_PLUGIN_ID      "com.acme.all"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   NAVE_PLUGIN_KEEP_MAPPED
#define NAVE_PLUGIN_NEEDS(NEED) \
    NEED("nave.worker/1", 0, 0) NEED("acme.clock/1", 0, NAVE_DEP_OPTIONAL)
#define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("acme.all/1", 0, 0)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                  \
    ROLE(protocol, "all", NAVE_PROTOCOL_ID, all_make, all_unmake, all_option_table, ALL_OPTIONS, \
         "speaks")                                                                               \
    ROLE(handler, "all", "acme.all.handler/1", all_make, all_unmake, nave_no_options,            \
         NAVE_NO_OPTIONS, "answers")
#define NAVE_PLUGIN_NEXT(NEXT)   NEXT(protocol, "all", "acme.all.handler/1")
#define NAVE_PLUGIN_OPTIONS      ALL_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE all_option_table
#define NAVE_PLUGIN_OPS          all_ops
#include <nave/define.h>

/* SPDX-License-Identifier: MIT
 *
 * Makes the descriptor, the manifest and the one exported symbol from what the includer defined.
 * Included once, at the end of a plugin's plugin.c. C only.
 *
 *     #define NAVE_PLUGIN_NAME    hello            // a C word; begins the symbol of a static build
 *     #define NAVE_PLUGIN_ID      "com.acme.hello"
 *     #define NAVE_PLUGIN_VERSION "1.0.0"
 *     #define NAVE_PLUGIN_FLAGS   0
 *     #define NAVE_PLUGIN_NEEDS(NEED)       NEED("nave.worker/1", 0, 0)  // id, minor, flags
 *     #define NAVE_PLUGIN_PROVIDES(OFFER)                                // id, minor, flags
 *     #define NAVE_PLUGIN_ROLES(ROLE) \
 *         ROLE(handler, "hello", NAVE_HTTP_HANDLER_ID, hello_make, hello_unmake, \
 *              hello_role_options, HELLO_ROLE_OPTIONS, "answers with a greeting")
 *     #define NAVE_PLUGIN_NEXT(NEXT)  NEXT(protocol, "http1", NAVE_HTTP_HANDLER_ID)  // may be left out
 *     #define NAVE_PLUGIN_OPTIONS      HELLO_OPTIONS          // a list, or NAVE_NO_OPTIONS
 *     #define NAVE_PLUGIN_OPTION_TABLE hello_options_table    // its table, or nave_no_options
 *     #define NAVE_PLUGIN_OPS          hello_ops              // static const struct nave_plugin_ops
 *     #include <nave/define.h>
 *
 * With NAVE_STATIC_PLUGIN defined the symbol is NAME_plugin_entry_v1, for the table of a static build
 * or of a host program; else it is nave_plugin_entry_v1, exported. The manifest is a text of lines,
 * made by the preprocessor alone; the fields of a line are separated by US (0x1f).
 */
#ifndef NAVE_DEFINE_H
#define NAVE_DEFINE_H

#include <nave/plugin.h>

#if !defined(NAVE_PLUGIN_NAME) || !defined(NAVE_PLUGIN_ID) || !defined(NAVE_PLUGIN_VERSION) || \
    !defined(NAVE_PLUGIN_NEEDS) || !defined(NAVE_PLUGIN_PROVIDES) ||                           \
    !defined(NAVE_PLUGIN_ROLES) || !defined(NAVE_PLUGIN_OPTIONS) ||                            \
    !defined(NAVE_PLUGIN_OPTION_TABLE) || !defined(NAVE_PLUGIN_OPS) || !defined(NAVE_PLUGIN_FLAGS)
#    error \
        "define NAVE_PLUGIN_NAME, _ID, _VERSION, _FLAGS, _NEEDS, _PROVIDES, _ROLES, _OPTIONS, _OPTION_TABLE and _OPS before <nave/define.h>"
#endif

#ifndef NAVE_PLUGIN_NEXT
#    define NAVE_PLUGIN_NEXT(NEXT) /* its roles hand on to nobody */
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#    define NAVE_ENDIAN_ 1
#else
#    define NAVE_ENDIAN_ 2
#endif

#define NAVE_NEED_LINE_(id, minor, flags) \
    "need\x1f" id "\x1f" NAVE_STR(minor) "\x1f" NAVE_STR(flags) "\n"
#define NAVE_OFFER_LINE_(id, minor, flags) \
    "provide\x1f" id "\x1f" NAVE_STR(minor) "\x1f" NAVE_STR(flags) "\n"
#define NAVE_ROLE_LINE_(kind, name, iface, make, unmake, table, LIST, doc) \
    "role\x1f" #kind "\x1f" name "\x1f" iface "\x1f" doc "\n" LIST(NAVE_OPTION_LINE_) "end\n"

#define NAVE_NEXT_LINE_(kind, name, iface) "next\x1f" #kind "\x1f" name "\x1f" iface "\n"

#define NAVE_MANIFEST_TEXT_                                                                                                \
    NAVE_MANIFEST_MAGIC                                                                                                    \
    "id\x1f" NAVE_PLUGIN_ID "\n"                                                                                           \
    "version\x1f" NAVE_PLUGIN_VERSION "\n"                                                                                 \
    "abi\x1f" NAVE_STR(NAVE_ABI_MAJOR) "\x1f" NAVE_STR(NAVE_TARGET_MINOR) "\x1f" NAVE_STR(NAVE_ABI_MINOR) "\x1f" NAVE_STR( \
        __SIZEOF_POINTER__) "\x1f" NAVE_STR(NAVE_ENDIAN_) "\n" NAVE_PLUGIN_NEEDS(NAVE_NEED_LINE_)                          \
        NAVE_PLUGIN_PROVIDES(NAVE_OFFER_LINE_) NAVE_PLUGIN_OPTIONS(NAVE_OPTION_LINE_)                                      \
            NAVE_PLUGIN_ROLES(NAVE_ROLE_LINE_) NAVE_PLUGIN_NEXT(NAVE_NEXT_LINE_) "done\n"

#define NAVE_DEP_ENTRY_(id, minor, flags) \
    &(const struct nave_dep){sizeof(struct nave_dep), (minor), (flags), 0, (id)},
#define NAVE_ROLE_ENTRY_(kind, name, iface, make, unmake, table, LIST, doc) \
    &(const struct nave_role){                                              \
        sizeof(struct nave_role), 0, #kind, (name), (iface), (table), (make), (unmake)},

static const char nave_this_manifest[] __attribute__((section(NAVE_MANIFEST_SECTION), used)) =
    NAVE_MANIFEST_TEXT_;
static const struct nave_dep *const nave_this_needs[] = {NAVE_PLUGIN_NEEDS(NAVE_DEP_ENTRY_) NULL};
static const struct nave_dep *const nave_this_provides[] = {NAVE_PLUGIN_PROVIDES(NAVE_DEP_ENTRY_)
                                                                NULL};
static const struct nave_role *const nave_this_roles[] = {NAVE_PLUGIN_ROLES(NAVE_ROLE_ENTRY_) NULL};

static const struct nave_plugin nave_this_plugin = {
    .tag = {.magic = NAVE_ABI_MAGIC,
            .tag_size = sizeof(struct nave_abi_tag),
            .abi_major = NAVE_ABI_MAJOR,
            .need_minor = NAVE_TARGET_MINOR,
            .built_minor = NAVE_ABI_MINOR,
            .ptr_size = sizeof(void *),
            .size_t_size = sizeof(size_t),
            .endian = NAVE_ENDIAN_,
            .max_align = _Alignof(max_align_t),
            .flags = NAVE_PLUGIN_FLAGS,
            .desc_size = sizeof(struct nave_plugin)},
    .id = NAVE_PLUGIN_ID,
    .version = NAVE_PLUGIN_VERSION,
    .manifest = nave_this_manifest,
    .manifest_len = sizeof(nave_this_manifest) - 1,
    .needs = nave_this_needs,
    .provides = nave_this_provides,
    .roles = nave_this_roles,
    .options = NAVE_PLUGIN_OPTION_TABLE,
    .ops = &NAVE_PLUGIN_OPS,
};

#ifdef NAVE_STATIC_PLUGIN
#    define NAVE_ENTRY_NAME_   NAVE_CAT(NAVE_PLUGIN_NAME, _plugin_entry_v1)
#    define NAVE_ENTRY_EXPORT_ /* found through a table, not through the dynamic linker */
#else
#    define NAVE_ENTRY_NAME_   nave_plugin_entry_v1
#    define NAVE_ENTRY_EXPORT_ NAVE_EXPORT
#endif

/* The entry. Thread: [any]. */
NAVE_ENTRY_EXPORT_ const struct nave_plugin *NAVE_ENTRY_NAME_(void);
NAVE_ENTRY_EXPORT_ const struct nave_plugin *NAVE_ENTRY_NAME_(void)
{
    return &nave_this_plugin;
}

#endif

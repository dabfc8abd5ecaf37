/* SPDX-License-Identifier: MIT
 *
 * Makes the descriptor, the manifest and the one exported symbol from what the includer defined.
 * Included once, at the end of a plugin's source. C11 and C++17.
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

#define NAVE_DEP_ROW_(id, minor, flags)                    \
    {                                                      \
        sizeof(struct nave_dep), (minor), (flags), 0, (id) \
    }
#define NAVE_ROLE_ROW_(kind, name, iface, make, unmake, table, LIST, doc)              \
    {                                                                                  \
        sizeof(struct nave_role), 0, #kind, (name), (iface), (table), (make), (unmake) \
    }

#ifdef __cplusplus
#    define NAVE_DEP_ENTRY_(id, minor, flags) NAVE_DEP_ROW_(id, minor, flags),
#    define NAVE_ROLE_ENTRY_(kind, name, iface, make, unmake, table, LIST, doc) \
        NAVE_ROLE_ROW_(kind, name, iface, make, unmake, table, LIST, doc),
/* Pointers to rows; the last row is empty, and its pointer is NULL. */
template <class Row, size_t count> struct nave_rows_ {
    const Row *at[count];

    constexpr explicit nave_rows_(const Row (&rows)[count]) : at()
    {
        for (size_t i = 0; i + 1 < count; i++)
            at[i] = &rows[i];
    }
};
#    define NAVE_ROWS_(name, type, LIST)                                               \
        static constexpr struct type name##_rows[] = {LIST{}};                         \
        static constexpr nave_rows_<struct type, NAVE_COUNT(name##_rows)> name##_list{ \
            name##_rows};                                                              \
        static constexpr const struct type *const *name = name##_list.at;
#    define NAVE_MAX_ALIGN_ alignof(max_align_t)
#    define NAVE_LINKAGE_   extern "C"
#else
#    define NAVE_DEP_ENTRY_(id, minor, flags) \
        &(const struct nave_dep)NAVE_DEP_ROW_(id, minor, flags),
#    define NAVE_ROLE_ENTRY_(kind, name, iface, make, unmake, table, LIST, doc) \
        &(const struct nave_role)NAVE_ROLE_ROW_(kind, name, iface, make, unmake, table, LIST, doc),
#    define NAVE_ROWS_(name, type, LIST) static const struct type *const name[] = {LIST NULL};
#    define NAVE_MAX_ALIGN_              _Alignof(max_align_t)
#    define NAVE_LINKAGE_                /* C */
#endif

/* The text may be longer than the 4095 bytes that ISO C promises; gcc and clang have no bound. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"
static const char nave_this_manifest[] __attribute__((section(NAVE_MANIFEST_SECTION), used)) =
    NAVE_MANIFEST_TEXT_;
#pragma GCC diagnostic pop
NAVE_ROWS_(nave_this_needs, nave_dep, NAVE_PLUGIN_NEEDS(NAVE_DEP_ENTRY_))
NAVE_ROWS_(nave_this_provides, nave_dep, NAVE_PLUGIN_PROVIDES(NAVE_DEP_ENTRY_))
NAVE_ROWS_(nave_this_roles, nave_role, NAVE_PLUGIN_ROLES(NAVE_ROLE_ENTRY_))

static const struct nave_plugin nave_this_plugin = {
    {NAVE_ABI_MAGIC, sizeof(struct nave_abi_tag), NAVE_ABI_MAJOR, NAVE_TARGET_MINOR, NAVE_ABI_MINOR,
     sizeof(void *), sizeof(size_t), NAVE_ENDIAN_, NAVE_MAX_ALIGN_, NAVE_PLUGIN_FLAGS,
     sizeof(struct nave_plugin)},
    NAVE_PLUGIN_ID,
    NAVE_PLUGIN_VERSION,
    nave_this_manifest,
    sizeof(nave_this_manifest) - 1,
    nave_this_needs,
    nave_this_provides,
    nave_this_roles,
    NAVE_PLUGIN_OPTION_TABLE,
    &NAVE_PLUGIN_OPS,
};

#ifdef NAVE_STATIC_PLUGIN
#    define NAVE_ENTRY_NAME_   NAVE_CAT(NAVE_PLUGIN_NAME, _plugin_entry_v1)
#    define NAVE_ENTRY_EXPORT_ /* found through a table, not through the dynamic linker */
#else
#    define NAVE_ENTRY_NAME_   nave_plugin_entry_v1
#    define NAVE_ENTRY_EXPORT_ NAVE_EXPORT
#endif

/* The entry. Thread: [any]. */
NAVE_LINKAGE_ NAVE_ENTRY_EXPORT_ const struct nave_plugin *NAVE_ENTRY_NAME_(void);
NAVE_LINKAGE_ NAVE_ENTRY_EXPORT_ const struct nave_plugin *NAVE_ENTRY_NAME_(void)
{
    return &nave_this_plugin;
}

#endif

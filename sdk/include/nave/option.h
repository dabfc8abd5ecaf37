/* SPDX-License-Identifier: MIT
 *
 * One list of options makes the C struct, the table by which the host fills it, and the lines of
 * the manifest that describe it. A list is a macro that takes a macro:
 *
 *     #define HTTP1_OPTIONS(OPTION)                                                          \
 *         OPTION(duration, header_timeout, "10s", "100ms", "1h", 0, "time for a request head") \
 *         OPTION(size, max_body, "1MiB", "0", "1TiB", NAVE_OPTION_LIVE, "largest request body")
 *
 *     NAVE_OPTION_STRUCT(http1_options, HTTP1_OPTIONS);
 *
 * Columns: kind, member (also the JSON key), default, minimum, maximum, flags, documentation.
 * Default, minimum and maximum are texts in the grammar of the kind (of a text: its length in bytes,
 * a count). As a bound "" is none; as a default it means that the value must be given. A conf has
 * neither: its three columns are "", it is always optional, and NULL when it is not there; who cannot
 * do without it refuses that in prepare. The documentation is one line without a line break.
 *
 * kind      JSON                          C member
 * flag      true, false                   uint32_t
 * count     whole number >= 0             uint64_t
 * size      whole number or "64KiB"       uint64_t, bytes
 * duration  "250ms"                       nave_nsec
 * text      text                          struct nave_str (lives as long as the instance)
 * conf      anything; the plugin reads it struct nave_conf * (valid inside prepare; NULL: not given)
 */
#ifndef NAVE_OPTION_H
#define NAVE_OPTION_H

#include <nave/base.h>
#include <nave/conf.h>

NAVE_BEGIN_DECLS

#define NAVE_OPTION_KIND_flag     1u
#define NAVE_OPTION_KIND_count    2u
#define NAVE_OPTION_KIND_size     3u
#define NAVE_OPTION_KIND_duration 4u
#define NAVE_OPTION_KIND_text     5u
#define NAVE_OPTION_KIND_conf     6u

#define NAVE_OPTION_TYPE_flag     uint32_t
#define NAVE_OPTION_TYPE_count    uint64_t
#define NAVE_OPTION_TYPE_size     uint64_t
#define NAVE_OPTION_TYPE_duration nave_nsec
#define NAVE_OPTION_TYPE_text     struct nave_str
#define NAVE_OPTION_TYPE_conf     struct nave_conf *

#define NAVE_OPTION_LIVE   1 /* may change while running */
#define NAVE_OPTION_SECRET 2 /* masked in dumps          */

/* One row of the table. Frozen. Texts are static. */
struct nave_option {
    const char *name;
    const char *default_text;
    const char *min_text;
    const char *max_text;
    const char *doc;
    uint32_t kind;   /* NAVE_OPTION_KIND_*                */
    uint32_t flags;  /* NAVE_OPTION_LIVE, ...             */
    uint32_t offset; /* of the member in the struct       */
    uint32_t size;   /* of the member                     */
};

/* A table of options. Sized. */
struct nave_option_table {
    uint32_t size;        /* of this struct                     */
    uint32_t count;       /* of rows                            */
    uint32_t struct_size; /* of the C struct that the host fills */
    uint32_t reserved;
    const struct nave_option *rows;
};

#define NAVE_OPTION_MEMBER_(kind, name, def, min, max, flags, doc) NAVE_OPTION_TYPE_##kind name;

/* The C struct of an option list. Its first word is never an option. */
#define NAVE_OPTION_STRUCT(type, LIST) \
    struct type {                      \
        uint64_t reserved;             \
        LIST(NAVE_OPTION_MEMBER_)      \
    }

#define NAVE_OPTION_ROW_(kind, name, def, min, max, flags, doc) \
    {#name,                                                     \
     def,                                                       \
     min,                                                       \
     max,                                                       \
     doc,                                                       \
     NAVE_OPTION_KIND_##kind,                                   \
     (flags),                                                   \
     (uint32_t)offsetof(nave_this_options, name),               \
     (uint32_t)sizeof(((nave_this_options *)0)->name)},

/* Define `fn`, a function that returns the table of option list LIST over `struct type`. */
#define NAVE_OPTION_TABLE(fn, type, LIST)                                                         \
    static const struct nave_option_table *fn(void)                                               \
    {                                                                                             \
        typedef struct type nave_this_options;                                                    \
        static const struct nave_option rows[] = {                                                \
            LIST(NAVE_OPTION_ROW_){0, 0, 0, 0, 0, 0, 0, 0, 0}};                                   \
        static const struct nave_option_table table = {sizeof(struct nave_option_table),          \
                                                       NAVE_COUNT(rows) - 1, sizeof(struct type), \
                                                       0, rows};                                  \
                                                                                                  \
        return &table;                                                                            \
    }

/* The list of one who has no options, and its table. */
#define NAVE_NO_OPTIONS(OPTION)
NAVE_UNUSED static inline const struct nave_option_table *nave_no_options(void)
{
    static const struct nave_option_table table = {sizeof(struct nave_option_table), 0, 0, 0, 0};

    return &table;
}

/* One manifest line of an option; the fields are separated by US (0x1f), the line ends by LF. */
#define NAVE_OPTION_LINE_(kind, name, def, min, max, flags, doc)     \
    "option\x1f" #kind "\x1f" #name "\x1f" def "\x1f" min "\x1f" max \
    "\x1f" NAVE_STR(flags) "\x1f" doc "\n"

NAVE_END_DECLS
#endif

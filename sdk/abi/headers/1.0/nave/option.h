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
 * Default, minimum and maximum are texts in the grammar of the kind. As a bound "" is none. As a
 * default "" means that the value must be given, but for the kinds that can be empty (below). The
 * documentation is one line without a line break.
 *
 * kind      JSON                             C member
 * flag      true, false                      uint32_t
 * count     whole number >= 0                uint64_t
 * size      whole number or "64KiB"          uint64_t, bytes
 * duration  "250ms"                          nave_nsec
 * choice    one of some words                uint32_t: the index of the word in the list
 * text      text                             struct nave_str
 * texts     list of texts; a text is one     struct nave_texts
 * pairs     object from text to text         struct nave_pairs, in the order of the file
 * address   "tcp://host:port", "unix:///p"   struct nave_str, of the right form
 * path      text                             struct nave_str, absolute, a NUL behind it
 * conf      anything; the plugin reads it    struct nave_conf *; NULL: not given
 *
 * What a kind makes of the columns:
 *   choice   the minimum holds the words: "error|warn|info|debug", none twice. Default: one of them.
 *            Words of digits may stand in the file as numbers: 308. No maximum.
 *   text     bounds: its length in bytes. Default "": must be given, or empty with _OPTIONAL.
 *   texts    bounds: how many. Default: "a|b", or "" for none of them (_REQUIRED: must be given).
 *   pairs    bounds: how many. Default: "" for none of them (_REQUIRED: must be given). Keys are not
 *            empty and do not begin with '$'.
 *   address  the minimum holds the schemes that are allowed: "tcp|unix"; "": any. No maximum. tcp and
 *            udp want host:port, unix an absolute path; other schemes are their plugin's to check.
 *            Default "": must be given, or empty with _OPTIONAL.
 *   path     a relative one is relative to the folder of the file it stands in. No bounds. Default "":
 *            len 0 when it is not given (_REQUIRED: must be given).
 *   conf     default and minimum are "". The maximum may hold a JSON Schema (2020-12) of what is
 *            allowed, for editors; "" allows anything. In it {"$ref": "#/$defs/handler"} is an object
 *            with one member, a handler of some plugin and its options: where the schema says so, such
 *            uses are checked before any code runs. Optional, NULL then (_REQUIRED: must be given).
 *
 * Any text, also those inside of a conf, may be {"$file": "path"}, the text of a file without the line
 * break at its end, or {"$env": "NAME"}, a variable of the environment. Reading them is the host's.
 *
 * Who owns: the struct with all its texts and lists is the host's, one block, filled from a copy: it
 * does not need the file's document. Options of a plugin live as long as the instance when they came
 * with the first prepare; when they came with a reload, until the commit of the next one. Options of a
 * role live as long as the handle that was made with them. The cursor of a conf is valid inside prepare
 * or make only.
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
#define NAVE_OPTION_KIND_choice   7u
#define NAVE_OPTION_KIND_texts    8u
#define NAVE_OPTION_KIND_pairs    9u
#define NAVE_OPTION_KIND_address  10u
#define NAVE_OPTION_KIND_path     11u

#define NAVE_OPTION_TYPE_flag     uint32_t
#define NAVE_OPTION_TYPE_count    uint64_t
#define NAVE_OPTION_TYPE_size     uint64_t
#define NAVE_OPTION_TYPE_duration nave_nsec
#define NAVE_OPTION_TYPE_text     struct nave_str
#define NAVE_OPTION_TYPE_conf     struct nave_conf *
#define NAVE_OPTION_TYPE_choice   uint32_t
#define NAVE_OPTION_TYPE_texts    struct nave_texts
#define NAVE_OPTION_TYPE_pairs    struct nave_pairs
#define NAVE_OPTION_TYPE_address  struct nave_str
#define NAVE_OPTION_TYPE_path     struct nave_str

/* Plain numbers: the manifest shows them. */
#define NAVE_OPTION_LIVE   1 /* may change while running: a reload hands it to prepare      */
#define NAVE_OPTION_SECRET 2 /* its value is in no message, and masked in dumps             */
/* Of one option of a list at most, not of pairs. Where the options of a use are no object, they are
 * the value of this one: {"files": "public"} is {"files": {"root": "public"}}. A conf takes objects as
 * well, whole; it is the only option of its list then. */
#define NAVE_OPTION_MAIN     4
#define NAVE_OPTION_OPTIONAL 8  /* of text, address: the default "" is a value: empty            */
#define NAVE_OPTION_REQUIRED 16 /* of texts, pairs, path, conf: must be given; its default is "" */

/* The value of an option of kind texts. Frozen. */
struct nave_texts {
    const struct nave_str *items;
    uint64_t count;
};

/* One of them. Frozen. */
struct nave_pair {
    struct nave_str key;
    struct nave_str value;
};

/* The value of an option of kind pairs. Frozen. */
struct nave_pairs {
    const struct nave_pair *items;
    uint64_t count;
};

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

/* The list of one who has no options, and its table. Thread: [any]. Owns: the table is static. */
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

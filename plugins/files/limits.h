/* SPDX-License-Identifier: MIT
 *
 * Every limit of files in one place: the options of the plugin, those of each use, and what is no
 * option. What is counted is counted for each worker.
 */
#ifndef FILES_LIMITS_H
#define FILES_LIMITS_H

#include <nave/option.h>

/* 48 KiB: with its head it must fit into one write of the protocol. */
#define FILES_SMALL_MAX   49152u
#define FILES_HEADERS_MAX 8u
#define FILES_INDEX_MAX   16u
/* Bytes of one listing: what more there is, is counted only. */
#define FILES_LISTING_MAX (2u * 1024u * 1024u)
/* Bytes read at once where the protocol cannot send files. */
#define FILES_COPY_MAX 16384u

#define FILES_OPTIONS(OPTION)                                                                  \
    OPTION(duration, cache_valid, "1s", "0s", "1h", 0,                                         \
           "how long what is known of a name is used before it is looked at again; 0s: not")   \
    OPTION(duration, cache_idle, "60s", "1s", "1d", 0,                                         \
           "how long a name that nobody asks for is kept; its descriptor is closed then")      \
    OPTION(count, cache_entries, "1024", "1", "1000000", 0,                                    \
           "names that each worker knows, also those that name nothing")                       \
    OPTION(size, cache_memory, "8MiB", "64KiB", "64GiB", 0,                                    \
           "bytes that each worker keeps: names, fields, and small files whole")               \
    OPTION(size, small_file, "16KiB", "0", "48KiB", 0,                                         \
           "files up to this are kept in memory; larger ones are sent from their descriptors") \
    OPTION(count, max_descriptors, "256", "1", "1000000", 0,                                   \
           "files that each worker has open, kept and being sent; 503 beyond")

#define FILES_ROLE_OPTIONS(OPTION)                                                               \
    OPTION(path, root, "", "", "", NAVE_OPTION_MAIN | NAVE_OPTION_REQUIRED,                      \
           "the folder whose files are served")                                                  \
    OPTION(texts, index, "index.html", "0", "16", 0,                                             \
           "names that stand for their folder, the first that is there")                         \
    OPTION(choice, symlinks, "never", "never|inside|always", "", 0,                              \
           "which symbolic links are followed: none, relative ones that stay below root, all")   \
    OPTION(choice, dotfiles, "refuse", "refuse|serve", "", 0, "names that begin with a dot")     \
    OPTION(choice, etag, "inode", "inode|mtime|off", "", 0,                                      \
           "entity tags from inode, size and time of change; from the last two; or none")        \
    OPTION(                                                                                      \
        pairs, types, "", "", "1000", 0,                                                         \
        "media types of extensions, before the built-in ones: {\"wasm\": \"application/wasm\"}") \
    OPTION(text, default_type, "application/octet-stream", "1", "127", 0,                        \
           "media type of a name whose extension is not known")                                  \
    OPTION(text, charset, "utf-8", "", "40", NAVE_OPTION_OPTIONAL,                               \
           "character set told of texts; empty: none is told")                                   \
    OPTION(flag, nosniff, "true", "", "", 0, "send X-Content-Type-Options: nosniff")             \
    OPTION(texts, encodings, "", "0", "3", 0,                                                    \
           "codings whose files may lie beside, best first: br, zst, gz (page.html.br)")         \
    OPTION(text, cache_control, "", "", "255", NAVE_OPTION_OPTIONAL,                             \
           "value of Cache-Control, such as max-age=3600; empty: not sent")                      \
    OPTION(flag, listing, "false", "", "", 0, "list a folder that has no index")                 \
    OPTION(count, listing_max, "1000", "1", "10000", 0, "names shown in a listing")              \
    OPTION(count, max_ranges, "16", "0", "64", 0,                                                \
           "ranges answered in one response; more get the whole file; 0: ranges are not answered")

NAVE_OPTION_STRUCT(files_options, FILES_OPTIONS);
NAVE_OPTION_STRUCT(files_role_options, FILES_ROLE_OPTIONS);

#endif

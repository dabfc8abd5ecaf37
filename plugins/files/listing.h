/* SPDX-License-Identifier: MIT
 *
 * The page that lists a folder, from names that are known. No I/O. What a name says is never markup and
 * never a link elsewhere: references are relative to the folder and percent-encoded, texts escaped.
 */
#ifndef FILES_LISTING_H
#define FILES_LISTING_H

#include <nave/host.h>

#include "safe_path.h"

struct files_name {
    char name[FILES_NAME_MAX + 1];
    uint32_t len;
    uint32_t is_folder;
    uint64_t size;
    int64_t modified_s;
};

/* A text that grows, up to a bound. */
struct files_text {
    struct nave_host *host;
    char *data;
    size_t len;
    size_t room;
    size_t max;
    uint32_t has_failed; /* out of memory, or the bound: the text is not whole */
};

/* Folders first, then by bytes. As qsort wants it. */
int files_name_compare(const void *a, const void *b);

/* Write the page of the folder `path` (safe, with its slash, empty for the root) to `out`; `names` are
 * sorted, `more` others are not shown. */
void files_listing_write(struct files_text *out, const char *path, size_t path_len,
                         const struct files_name *names, uint64_t count, uint64_t more);

#endif

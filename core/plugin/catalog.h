/* SPDX-License-Identifier: MIT
 *
 * The plugins that this host could load: the static ones, and every file of the search path, with
 * their manifests; and what was refused, with the reason. Nothing is loaded.
 */
#ifndef NV_CATALOG_H
#define NV_CATALOG_H

#include "loader.h"

#define NV_CATALOG_MAX 1024u /* files that are looked at */

struct nv_catalog_entry {
    char *path;                  /* as it was found; "(static)" for a static plugin          */
    struct nv_plugin_file *file; /* NULL: refused before its manifest was read               */
    char *why;                   /* why it is not used: refused, or another is found first;
                                  * NULL: a configuration that names its id gets this one    */
    nave_err code;               /* of `why`; NAVE_EEXIST: another is found first            */
};

/* Static plugins first, then the files in the order of the search: by folder, then by name. */
struct nv_catalog {
    struct nv_catalog_entry *entries;
    uint32_t count;
    uint32_t is_cut; /* there are more than NV_CATALOG_MAX files */
};

/* Look at everything. `statics` may be NULL; `search` is folders with ':' between. A zeroed catalog
 * is empty. Thread: [control]. Errors: NAVE_ENOMEM; `c` is empty then. */
NAVE_NODISCARD nave_err nv_catalog_fill(struct nv_catalog *c, const nave_plugin_entry_fn *statics,
                                        const char *search);

/* Add one subject of a host program: a path when there is a '/' in it, else the id of a plugin. What
 * is refused is reported. An id or a file that is there already is not added again.
 * Errors: those of the loader, reported; NAVE_ENOMEM, reported. */
NAVE_NODISCARD nave_err nv_catalog_add(struct nv_catalog *c, const char *subject,
                                       const nave_plugin_entry_fn *statics, const char *search,
                                       struct nv_report *report);

/* Empty it. */
void nv_catalog_clear(struct nv_catalog *c);

/* The usable entry whose plugin has that id, or NULL. */
const struct nv_catalog_entry *nv_catalog_find(const struct nv_catalog *c, const char *id);

#endif

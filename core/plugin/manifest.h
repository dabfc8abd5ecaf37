/* SPDX-License-Identifier: MIT
 *
 * What a plugin says about itself, without running it: the text lines of define.h, taken from
 * section .nave.manifest of a file, or from the descriptor of a static plugin.
 */
#ifndef NV_MANIFEST_H
#define NV_MANIFEST_H

#include <nave/error.h>
#include <nave/option.h>

#include "log/report.h"

#define NV_MANIFEST_BYTES_MAX   (256u << 10)
#define NV_MANIFEST_ENTRIES_MAX 2048u /* lines that make an entry */

struct nv_manifest_dep {
    const char *id; /* "nave.worker/1" */
    uint32_t min_minor;
    uint32_t flags; /* NAVE_DEP_OPTIONAL */
};

struct nv_manifest_role {
    const char *kind;
    const char *name;
    const char *iface;
    const char *next; /* the id of the table that it hands on to; NULL: it hands on to nobody */
    const char *doc;
    const struct nave_option *options; /* offset and size are 0 */
    uint32_t option_count;
    uint32_t reserved;
};

/* Never changes after it was made. All texts are its own. */
struct nv_manifest {
    const char *id;
    const char *version;
    uint32_t abi_major;
    uint32_t need_minor;
    uint32_t built_minor;
    uint32_t ptr_size;
    uint32_t endian; /* 1 little, 2 big */

    uint32_t need_count;
    uint32_t provide_count;
    uint32_t option_count;
    uint32_t role_count;
    struct nv_manifest_dep *needs;
    struct nv_manifest_dep *provides;
    struct nave_option *options; /* of the plugin's object; offset and size are 0 */
    struct nv_manifest_role *roles;

    const char *text; /* as it was read */
    size_t text_len;
    void *memory; /* what the pointers above point into */
    struct nave_option *option_memory;
};

/* Parse `len` bytes at `text`. Thread: [any]. Owns: copies the text.
 * Errors: NAVE_ESYNTAX; NAVE_ETOOBIG; NAVE_ETOONEW; NAVE_EINVAL; NAVE_ENOMEM; `why` says what. */
NAVE_NODISCARD nave_err nv_manifest_parse(const char *text, size_t len,
                                          struct nv_manifest **out_manifest, struct nv_why *why);

/* Read it from the file open at `fd`; the file's offset stays. Thread: [any].
 * Errors: also NAVE_ENOTPLUGIN not an ELF file, or one without the section; NAVE_EIO. */
NAVE_NODISCARD nave_err nv_manifest_read(int fd, struct nv_manifest **out_manifest,
                                         struct nv_why *why);

/* Free it. NULL is fine. */
void nv_manifest_destroy(struct nv_manifest *m);

/* The role of that kind and name, or NULL. */
const struct nv_manifest_role *nv_manifest_role(const struct nv_manifest *m, const char *kind,
                                                const char *name);

#endif

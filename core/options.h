/* SPDX-License-Identifier: MIT
 *
 * From an object of the configuration to the C struct of a plugin: defaults, kinds, bounds, unknown
 * keys. One validator serves both sources of an option list: the table of loaded code (which knows
 * offsets) and the lines of a manifest (read without running code).
 */
#ifndef NV_OPTIONS_H
#define NV_OPTIONS_H

#include <nave/conf.h>
#include <nave/error.h>
#include <nave/option.h>

#include "report.h"

/* Whose options they are; for messages. */
struct nv_options_owner {
    const char *what;   /* "plugin \"http1\"", "handler \"text\"", "the runtime" */
    const char *plugin; /* id, for reports; NULL: the core                       */
};

/* Check that a table is well formed: rows inside the struct and not one upon another, kinds known,
 * defaults inside their bounds. Thread: [any]. Errors: NAVE_EINVAL, NAVE_ETOONEW; `why` says which. */
NAVE_NODISCARD nave_err nv_options_check_table(const struct nave_option_table *table,
                                               struct nv_why *why);

/* The same for rows without offsets (those of a manifest). */
NAVE_NODISCARD nave_err nv_options_check_rows(const struct nave_option *rows, uint32_t count,
                                              struct nv_why *why);

/* Check object `conf` (NULL: none given, all defaults) against `rows`. Keys that begin with '$' are
 * the host's and are skipped. Every error is reported at its value. A list without rows allows no
 * key; where a role without options reads its conf itself, do not call this. Thread: [control].
 * Errors: NAVE_ECONFIG. */
NAVE_NODISCARD nave_err nv_options_check(const struct nave_option *rows, uint32_t count,
                                         struct nave_conf *conf, struct nv_report *report,
                                         const struct nv_options_owner *owner);

/* As nv_options_check, and fill the struct of the checked `table`: struct_size bytes at `out`, which
 * are zeroed first. Options of kind conf may be absent (NULL). Texts point into the document or into
 * the table. Errors: NAVE_ECONFIG; `out` is all zero then. */
NAVE_NODISCARD nave_err nv_options_fill(const struct nave_option_table *table,
                                        struct nave_conf *conf, void *out, struct nv_report *report,
                                        const struct nv_options_owner *owner);

/* As nv_options_fill into a new block, for free(). Errors: also NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_options_make(const struct nave_option_table *table,
                                        struct nave_conf *conf, struct nv_report *report,
                                        const struct nv_options_owner *owner, void **out_options);

/* The row named `name`, or NULL. */
const struct nave_option *nv_options_find(const struct nave_option *rows, uint32_t count,
                                          struct nave_str name);

#endif

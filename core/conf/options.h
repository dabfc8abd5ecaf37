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

#include "log/report.h"

/* Whose options they are; for messages. */
struct nv_options_owner {
    const char *what;           /* "plugin \"http1\"", "handler \"text\"", "the runtime"  */
    const char *plugin;         /* id, for reports; NULL: the core                        */
    const struct nave_conf *at; /* where what is missing is told when no conf is; or NULL */
};

/* Check that a table is well formed: rows inside the struct and not one upon another, kinds known,
 * defaults inside their bounds. Thread: [any]. Errors: NAVE_EINVAL, NAVE_ETOONEW; `why` says which. */
NAVE_NODISCARD nave_err nv_options_check_table(const struct nave_option_table *table,
                                               struct nv_why *why);

/* The same for rows without offsets (those of a manifest). */
NAVE_NODISCARD nave_err nv_options_check_rows(const struct nave_option *rows, uint32_t count,
                                              struct nv_why *why);

/* Check `conf` (NULL: none given, all defaults) against `rows`: an object, or the value of the main
 * option. Keys that begin with '$' are the host's and are skipped. Every error is reported at its
 * value. A list without rows allows no key; where a role without options reads its conf itself, do not
 * call this. Thread: [control]. Errors: NAVE_ECONFIG. */
NAVE_NODISCARD nave_err nv_options_check(const struct nave_option *rows, uint32_t count,
                                         struct nave_conf *conf, struct nv_report *report,
                                         const struct nv_options_owner *owner);

/* As nv_options_check, and fill the struct of the checked `table`: struct_size bytes at `out`, which
 * are zeroed first. Texts point into the document or into the table: for tables of core's own, which
 * have no texts, pairs or path. Errors: NAVE_ECONFIG; `out` is all zero then. */
NAVE_NODISCARD nave_err nv_options_fill(const struct nave_option_table *table,
                                        struct nave_conf *conf, void *out, struct nv_report *report,
                                        const struct nv_options_owner *owner);

/* As nv_options_check, and fill a new block, for free(), which holds the struct with all its texts and
 * lists: of the document only the cursors of kind conf are borrowed. Errors: also NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_options_make(const struct nave_option_table *table,
                                        struct nave_conf *conf, struct nv_report *report,
                                        const struct nv_options_owner *owner, void **out_options);

/* The row that stands for the whole value where it is no object (NAVE_OPTION_MAIN), or NULL. */
const struct nave_option *nv_options_main(const struct nave_option *rows, uint32_t count);

/* The functions below are about one checked row. Thread: [any]. */

/* Parse a default or a bound of `kind`, one whose bounds are numbers; flags as 0 and 1. */
NAVE_NODISCARD nave_err nv_option_parse(uint32_t kind, const char *text, uint64_t *out);

/* 1: `value` (a length or a count where the kind says so) is within the bounds. */
int nv_option_is_within(const struct nave_option *row, uint64_t value);

/* 1: it has no default, it must be given. */
int nv_option_is_needed(const struct nave_option *row);

/* 1: its value is more than the document has: a list, an absolute path. */
int nv_option_wants_room(uint32_t kind);

/* Check the form of an address and its scheme. Errors: NAVE_ESYNTAX, NAVE_ENOTFOUND; `why` is the end
 * of a sentence. */
NAVE_NODISCARD nave_err nv_option_check_address(const struct nave_option *row, struct nave_str text,
                                                struct nv_why *why);

/* The row named `name`, or NULL. */
const struct nave_option *nv_options_find(const struct nave_option *rows, uint32_t count,
                                          struct nave_str name);

#endif

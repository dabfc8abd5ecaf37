/* SPDX-License-Identifier: MIT
 *
 * Configuration documents: a JSON text, checked and held, and the nave.conf/1 cursors over it. Every
 * cursor knows its file, line, column and JSON pointer. A document never changes after it is loaded.
 */
#ifndef NV_CONF_H
#define NV_CONF_H

#include <nave/conf.h>
#include <nave/error.h>

#include "report.h"

#define NV_CONF_BYTES_MAX  (16u << 20) /* of a file                       */
#define NV_CONF_DEPTH_MAX  64u         /* of nested lists and objects     */
#define NV_CONF_VALUES_MAX (1u << 18)  /* in a file: bounds our memory    */

struct nv_conf_doc;

/* Load file `path`. Thread: [control]. Owns: borrows report until destroy.
 * Errors: NAVE_ECONFIG reported, all of them; NAVE_ENOMEM reported. */
NAVE_NODISCARD nave_err nv_conf_load_file(const char *path, struct nv_report *report,
                                          struct nv_conf_doc **out_doc);

/* As nv_conf_load_file, for a text; `name` stands for the file in reports, relative paths are those
 * of the working directory. */
NAVE_NODISCARD nave_err nv_conf_load_text(const char *text, size_t len, const char *name,
                                          struct nv_report *report, struct nv_conf_doc **out_doc);

/* Free the document with all its cursors and texts. NULL is fine. Thread: [control]. */
void nv_conf_destroy(struct nv_conf_doc *doc);

/* Refusals of the document's values go to `report` from now on. Thread: [control]. */
void nv_conf_set_report(struct nv_conf_doc *doc, struct nv_report *report);

/* The root, an object. Thread: [control]. */
struct nave_conf *nv_conf_root(struct nv_conf_doc *doc);

/* How many times a value of the document was refused (by fail). Thread: [control]. */
uint64_t nv_conf_errors(const struct nv_conf_doc *doc);

/* The absolute form of `path`, which is relative to the folder of the file that cursor `c` is in.
 * Thread: [control]. Owns: the caller frees. Errors: NAVE_ENOMEM; NAVE_ETOOBIG longer than
 * a path may be; what getcwd said. */
NAVE_NODISCARD nave_err nv_conf_resolve(const struct nave_conf *c, struct nave_str path,
                                        char **out_path);

/* As nv_conf_resolve, to `out`; always terminated. Errors: NAVE_ETOOBIG also when it does not fit. */
NAVE_NODISCARD nave_err nv_conf_resolve_to(const struct nave_conf *c, struct nave_str path,
                                           char *out, size_t cap);

/* The functions below take any cursor that came from a document of this file; NULL is fine. */

/* Report that `c` is refused; as nave_conf_iface.fail, but formatted and with a code of its own and
 * the id of a plugin (NULL: none). Thread: [control]. */
void nv_conf_fail(const struct nave_conf *c, nave_err code, const char *plugin, const char *format,
                  ...) NAVE_FORMAT(4, 5);

/* Write the JSON pointer of `c` to `out`; always terminated. Thread: [control]. */
void nv_conf_pointer(const struct nave_conf *c, char *out, size_t cap);

/* The key under which `c` stands in its object; empty when it stands in none. Thread: [control]. */
struct nave_str nv_conf_key(const struct nave_conf *c);

/* What kind `c` has, with an article: "a text", "an object". Thread: [any]. */
const char *nv_conf_kind_text(uint32_t kind);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Configuration documents: a JSON text, checked and held, and the nave.conf/1 cursors over it. Every
 * cursor knows its file, line, column and JSON pointer. A document never changes after it is loaded.
 */
#ifndef NV_CONF_H
#define NV_CONF_H

#include <nave/conf.h>
#include <nave/error.h>

#include "log/report.h"

#define NV_CONF_BYTES_MAX     (16u << 20) /* of a document with all its files       */
#define NV_CONF_DEPTH_MAX     64u         /* of nested lists and objects            */
#define NV_CONF_VALUES_MAX    (1u << 18)  /* in a document: bounds our memory       */
#define NV_CONF_FILES_MAX     256u        /* that a document includes               */
#define NV_CONF_INCLUDES_DEEP 16u         /* files that include each other          */
#define NV_CONF_SECRET_MAX    (64u << 10) /* bytes that "$file" and "$env" may name */
#define NV_CONF_SETS_MAX      256u

struct nave_runtime;
struct nv_conf_doc;
struct nv_conf_file;

/* Read file `name` for a document, as nv_conf_read_file does. */
typedef nave_err nv_conf_read_fn(void *arg, const char *name, size_t bytes_max,
                                 struct nv_conf_file *out, struct nv_why *why);

/* A value that is put into a document from outside, over what its files say. */
struct nv_conf_set {
    const char *pointer; /* JSON pointer (RFC 6901) */
    const char *json;    /* one JSON value          */
};

/* What a document is read from. */
struct nv_conf_input {
    const char *name; /* of the file, for reports; relative paths are relative to its folder */
    const char *text; /* NULL: read the file */
    size_t len;
    const struct nv_conf_set *sets; /* applied in order, after the includes */
    size_t set_count;
    nv_conf_read_fn *read; /* NULL: from the file system  */
    void *read_arg;
    int32_t is_raw;        /* keys with '$' mean nothing here                                   */
    int32_t wants_refused; /* the document is given out with NAVE_ECONFIG, too, as long as it is
                            * whole: single values were refused, and others may be as well      */
};

/* Load a document. Thread: [control]. Owns: copies the input; borrows report until destroy.
 * Errors: NAVE_ECONFIG reported, all of them; NAVE_ENOMEM reported. *out_doc is left alone then, but
 * see wants_refused. */
NAVE_NODISCARD nave_err nv_conf_load(const struct nv_conf_input *in, struct nv_report *report,
                                     struct nv_conf_doc **out_doc);

/* As nv_conf_load, of file `path`, of a text that `name` stands for. */
NAVE_NODISCARD nave_err nv_conf_load_file(const char *path, struct nv_report *report,
                                          struct nv_conf_doc **out_doc);
NAVE_NODISCARD nave_err nv_conf_load_text(const char *text, size_t len, const char *name,
                                          struct nv_report *report, struct nv_conf_doc **out_doc);

/* Check the form of a set. Thread: [any]. Errors: NAVE_ESYNTAX the pointer or the value; NAVE_ETOOBIG;
 * `why` says what. */
NAVE_NODISCARD nave_err nv_conf_check_set(const struct nv_conf_set *set, struct nv_why *why);

/* Free the document with all its cursors and texts. NULL is fine. Thread: [control]. */
void nv_conf_destroy(struct nv_conf_doc *doc);

/* Refusals of the document's values go to `report` from now on. Thread: [control]. */
void nv_conf_set_report(struct nv_conf_doc *doc, struct nv_report *report);

/* The name of file `i` that the document was read from, the first one first; NULL: there are not so
 * many. Thread: [control]. */
const char *nv_conf_file_name(const struct nv_conf_doc *doc, uint32_t i);

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

/* Checked mode: from now on every cursor of `doc` has table `api`, which asks nv_conf_checker() whose
 * it is. Thread: [control]. */
void nv_conf_check(struct nv_conf_doc *doc, const struct nave_conf_iface *api,
                   const struct nave_runtime *rt);

/* What nv_conf_check was told. Thread: [any]. */
const struct nave_runtime *nv_conf_checker(const struct nave_conf *c);

/* The table of cursors. */
extern const struct nave_conf_iface nv_conf_table;

/* The functions below take any cursor that came from a document of this file; NULL is fine. */

/* Report that `c` is refused; as nave_conf_iface.fail, but formatted and with a code of its own and
 * the id of a plugin (NULL: none). Thread: [control]. */
void nv_conf_fail(const struct nave_conf *c, nave_err code, const char *plugin, const char *format,
                  ...) NAVE_FORMAT(4, 5);

/* Write the JSON pointer of `c` to `out`; always terminated. Thread: [control]. */
void nv_conf_pointer(const struct nave_conf *c, char *out, size_t cap);

/* The key under which `c` stands in its object; empty when it stands in none. Thread: [control]. */
struct nave_str nv_conf_key(const struct nave_conf *c);

/* The value of `c` is secret: dumps mask it from now on. Warns, once, when it came from a file that
 * every user of the machine may read. Thread: [control]. */
void nv_conf_note_secret(const struct nave_conf *c, const char *plugin);

typedef void nv_conf_write_fn(void *arg, const char *text, size_t len);

/* Write `c` as JSON, indented by two, in pieces: as it is in force, after includes and sets. Secrets
 * that were noted are "***"; what "$file" and "$env" named is written as they stand. `depth`: of the
 * indentation. Thread: [control]. */
void nv_conf_write(const struct nave_conf *c, unsigned depth, nv_conf_write_fn *write, void *arg);

/* Write `text` as a JSON text, in quotes. Thread: [any]. */
void nv_conf_write_text(struct nave_str text, nv_conf_write_fn *write, void *arg);

/* What kind `c` has, with an article: "a text", "an object". Thread: [any]. */
const char *nv_conf_kind_text(uint32_t kind);

#endif

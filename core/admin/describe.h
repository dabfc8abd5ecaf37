/* SPDX-License-Identifier: MIT
 *
 * Behind nave_admin_iface.describe: one function for each thing that can be described. Whatever can
 * fail has been done when one of them is called: they only write.
 */
#ifndef NV_DESCRIBE_H
#define NV_DESCRIBE_H

#include "admin_path.h"
#include "plugin/catalog.h"
#include "base/json_out.h"

struct nave_runtime;

/* What one answer is made from. */
struct nv_describe {
    struct nave_runtime *rt;
    const char *search;                 /* folders with ':' between                       */
    struct nv_catalog catalog;          /* of the subjects, or of all that is found       */
    const struct nv_manifest **plugins; /* the usable ones of the catalog, by id          */
    uint32_t plugin_count;
    uint32_t reserved;
    char admin_path[NV_ADMIN_PATH_MAX + 1];
    struct nv_out out;
};

/* The call itself; see nave/admin.h. */
nave_err nv_describe(struct nave_runtime *rt, const char *what, const char *const *subjects,
                     const char *format, nave_write_fn *write, void *arg);

/* describe_plugins.c: which files are found, and what they have. */
void nv_describe_plugins_text(struct nv_describe *d);
void nv_describe_plugins_json(struct nv_describe *d);

/* describe_plugin.c: all that manifests say. */
void nv_describe_plugin_text(struct nv_describe *d);
void nv_describe_plugin_json(struct nv_describe *d);

/* describe_graph.c: plugins, services, listeners of the configuration. */
void nv_describe_graph_text(struct nv_describe *d);
void nv_describe_graph_json(struct nv_describe *d);
void nv_describe_graph_dot(struct nv_describe *d);

/* describe_files.c: which files the configuration was read from. */
void nv_describe_files_text(struct nv_describe *d);
void nv_describe_files_json(struct nv_describe *d);

/* describe_usage.c: what each plugin uses, and its counters. */
void nv_describe_usage_text(struct nv_describe *d);
void nv_describe_usage_json(struct nv_describe *d);

/* describe_page.c: the keys of a configuration file, as a page. */
void nv_describe_page(struct nv_describe *d);

/* The range of an option, for people: "1 to 100", "at most 1h"; empty when there is none. */
#define NV_RANGE_MAX 256u
const char *nv_describe_range(const struct nave_option *row, char out[NV_RANGE_MAX]);

/* The word for a kind of option: "flag". */
const char *nv_describe_kind(uint32_t kind);

#endif

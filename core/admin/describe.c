/* SPDX-License-Identifier: MIT
 *
 * Which words describe() knows, and what must be gathered before an answer is written: manifests of
 * the subjects or of everything that is found, in the order of their ids.
 */
#include "describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "runtime/runtime.h"
#include "plugin/schema.h"

static void schema_json(struct nv_describe *d)
{
    struct nv_json j;

    nv_json_init(&j, &d->out);
    nv_schema_file(&j, d->plugins, d->plugin_count);
}

static void on_conf_text(void *arg, const char *text, size_t len)
{
    nv_out_bytes(arg, text, len);
}

static void config_json(struct nv_describe *d)
{
    nv_runtime_write_conf(d->rt, on_conf_text, &d->out);
}

static void admin_text(struct nv_describe *d)
{
    nv_out_text(&d->out, d->admin_path);
    nv_out_text(&d->out, "\n");
}

enum subject_use {
    SUBJECTS_NONE = 0,
    SUBJECTS_OR_ALL,
    SUBJECTS_NEEDED,
    SUBJECTS_FILE, /* one, a configuration; without it the one that was read */
};

/* One row for each pair of a thing and a format; the first format of a thing is its default. */
static const struct answer {
    const char *what, *format;
    enum subject_use subjects;
    int needs_conf;
    void (*write)(struct nv_describe *d);
} answers[] = {
    {"schema", "json", SUBJECTS_OR_ALL, 0, schema_json},
    {"schema", "markdown", SUBJECTS_OR_ALL, 0, nv_describe_page},
    {"plugins", "text", SUBJECTS_NONE, 0, nv_describe_plugins_text},
    {"plugins", "json", SUBJECTS_NONE, 0, nv_describe_plugins_json},
    {"plugin", "text", SUBJECTS_NEEDED, 0, nv_describe_plugin_text},
    {"plugin", "json", SUBJECTS_NEEDED, 0, nv_describe_plugin_json},
    {"files", "text", SUBJECTS_NONE, 1, nv_describe_files_text},
    {"files", "json", SUBJECTS_NONE, 1, nv_describe_files_json},
    {"usage", "text", SUBJECTS_NONE, 1, nv_describe_usage_text},
    {"usage", "json", SUBJECTS_NONE, 1, nv_describe_usage_json},
    {"graph", "text", SUBJECTS_NONE, 1, nv_describe_graph_text},
    {"graph", "json", SUBJECTS_NONE, 1, nv_describe_graph_json},
    {"graph", "dot", SUBJECTS_NONE, 1, nv_describe_graph_dot},
    {"config", "json", SUBJECTS_NONE, 1, config_json},
    {"admin", "text", SUBJECTS_FILE, 0, admin_text},
};

static nave_err refuse(struct nave_runtime *rt, nave_err err, const char *format, ...)
    NAVE_FORMAT(3, 4);
static nave_err refuse(struct nave_runtime *rt, nave_err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    nv_report_verror(&rt->report, err, NULL, format, args);
    va_end(args);
    return err;
}

/* The row of `what` and `format`. Errors: NAVE_EINVAL, reported with what there is. */
static nave_err find_answer(struct nave_runtime *rt, const char *what, const char *format,
                            const struct answer **out)
{
    char hint[NV_NEAR_HINT_MAX], names[128] = "";
    struct nv_near near;
    int has_what = 0;
    size_t i, len;

    nv_near_init(&near, (struct nave_str){what, strlen(what)});
    for (i = 0; i < NAVE_COUNT(answers); i++) {
        const struct answer *a = &answers[i];

        nv_near_try(&near, a->what, strlen(a->what));
        if (strcmp(a->what, what) != 0)
            continue;
        if (!format || strcmp(a->format, format) == 0) {
            *out = a;
            return NAVE_OK;
        }
        has_what = 1;
        len = strlen(names);
        snprintf(names + len, sizeof(names) - len, "%s%s", len ? ", " : "", a->format);
    }
    if (has_what)
        return refuse(rt, NAVE_EINVAL, "\"%s\" is not described as \"%.32s\"; there is %s", what,
                      format, names);
    return refuse(rt, NAVE_EINVAL,
                  "\"%.64s\" cannot be described; what can is schema, plugins, plugin, graph, "
                  "config, files, usage and admin%s",
                  what, nv_near_hint(&near, hint));
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(const struct nv_manifest *const *)a)->id,
                  (*(const struct nv_manifest *const *)b)->id);
}

/* The usable plugins of the catalog. Errors: NAVE_ENOMEM. */
static nave_err sort_plugins(struct nv_describe *d)
{
    uint32_t i;

    d->plugins = calloc(d->catalog.count + 1u, sizeof(const struct nv_manifest *));
    if (!d->plugins)
        return NAVE_ENOMEM;
    for (i = 0; i < d->catalog.count; i++)
        if (!d->catalog.entries[i].code)
            d->plugins[d->plugin_count++] = d->catalog.entries[i].file->manifest;
    if (d->plugin_count)
        qsort(d->plugins, d->plugin_count, sizeof(const struct nv_manifest *), by_id);
    return NAVE_OK;
}

/* The admin socket that `file` names; its plugins need not be there. Errors: as of nv_runtime_read. */
static nave_err read_admin_path(struct nv_describe *d, const char *file)
{
    struct nave_runtime *rt = d->rt;
    uint64_t errors = nv_report_errors(&rt->report);
    struct nv_conf_doc *doc = NULL;
    nave_err err;

    if (!file) {
        memcpy(d->admin_path, rt->admin_path, sizeof(d->admin_path));
        return NAVE_OK;
    }
    err = nv_runtime_read(rt, file, NULL, 0, &rt->report, &doc);
    if (doc && err != NAVE_ENOMEM)
        err = nv_admin_read(nave_conf_get(nave_conf_get(nv_conf_root(doc), "runtime"), "admin"),
                            d->admin_path);
    nv_conf_destroy(doc);
    if (!err && !d->admin_path[0] && nv_report_errors(&rt->report) != errors)
        err = NAVE_ECONFIG;
    return err;
}

static nave_err gather(struct nv_describe *d, const struct answer *answer,
                       const char *const *subjects)
{
    struct nave_runtime *rt = d->rt;
    nave_err err = NAVE_OK, one;

    if (answer->subjects == SUBJECTS_FILE)
        return read_admin_path(d, subjects ? *subjects : NULL);
    if (answer->needs_conf)
        return NAVE_OK;
    if (!subjects || !*subjects)
        err = nv_catalog_fill(&d->catalog, rt->static_plugins, d->search);
    for (; subjects && *subjects && err != NAVE_ENOMEM; subjects++) {
        one = nv_catalog_add(&d->catalog, *subjects, rt->static_plugins, d->search, &rt->report);
        if (one == NAVE_ENOMEM)
            return one; /* was reported */
        if (one)
            err = one;
    }
    if (!err)
        err = sort_plugins(d);
    if (err == NAVE_ENOMEM)
        refuse(rt, err, "out of memory while looking for plugins");
    return err;
}

nave_err nv_describe(struct nave_runtime *rt, const char *what, const char *const *subjects,
                     const char *format, nave_write_fn *write, void *arg)
{
    const struct answer *answer = NULL;
    struct nv_describe *d;
    nave_err err;

    if (!what || !write)
        return refuse(rt, NAVE_EINVAL,
                      "describe was given nothing to describe, or no function to "
                      "write with");
    err = find_answer(rt, what, format, &answer);
    if (err)
        return err;
    if (answer->subjects == SUBJECTS_NONE && subjects && *subjects)
        return refuse(rt, NAVE_EINVAL, "\"%s\" is described as a whole; leave out \"%.64s\"", what,
                      *subjects);
    if (answer->subjects == SUBJECTS_NEEDED && (!subjects || !*subjects))
        return refuse(rt, NAVE_EINVAL, "which plugin? give an id or the path of a file");
    if (answer->subjects == SUBJECTS_FILE && subjects && *subjects && subjects[1])
        return refuse(rt, NAVE_EINVAL, "\"%s\" is of one file; leave out \"%.64s\"", what,
                      subjects[1]);
    if ((answer->needs_conf || (answer->subjects == SUBJECTS_FILE && (!subjects || !*subjects))) &&
        !rt->order)
        return refuse(rt, NAVE_ESTATE, "there is no %s yet: the runtime has no configuration",
                      what);
    d = calloc(1, sizeof(*d));
    if (!d)
        return refuse(rt, NAVE_ENOMEM, "out of memory while describing");
    d->rt = rt;
    d->search = rt->plugin_path ? rt->plugin_path : NV_PLUGIN_DIR;
    nv_out_init(&d->out, write, arg);
    err = gather(d, answer, subjects);
    if (!err) {
        answer->write(d);
        nv_out_flush(&d->out);
    }
    nv_catalog_clear(&d->catalog);
    free(d->plugins);
    free(d);
    return err;
}

const char *nv_describe_kind(uint32_t kind)
{
    static const char *const names[] = {"?",    "flag",   "count", "size",  "duration", "text",
                                        "conf", "choice", "texts", "pairs", "address",  "path"};

    return kind < NAVE_COUNT(names) ? names[kind] : names[0];
}

const char *nv_describe_range(const struct nave_option *row, char out[NV_RANGE_MAX])
{
    const char *min = row->min_text, *max = row->max_text;
    const char *last = max[0] ? max : min;
    const char *unit = row->kind != NAVE_OPTION_KIND_text ? ""
                       : strcmp(last, "1") == 0           ? " byte"
                                                          : " bytes";
    size_t i;

    out[0] = '\0';
    if (row->kind == NAVE_OPTION_KIND_conf)
        return out;
    if (row->kind == NAVE_OPTION_KIND_choice || row->kind == NAVE_OPTION_KIND_address) {
        for (i = 0; *min && i + 3 < NV_RANGE_MAX; min++) {
            if (*min == '|')
                out[i++] = ',';
            out[i++] = *min == '|' ? ' ' : *min;
        }
        out[i] = '\0';
        return out;
    }
    if (min[0] && max[0])
        snprintf(out, NV_RANGE_MAX, "%s to %s%s", min, max, unit);
    else if (min[0] || max[0])
        snprintf(out, NV_RANGE_MAX, "at %s %s%s", min[0] ? "least" : "most", min[0] ? min : max,
                 unit);
    return out;
}

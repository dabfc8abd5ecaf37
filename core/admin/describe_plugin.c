/* SPDX-License-Identifier: MIT
 *
 * One plugin in full: what its manifest says, and whether this host would load it.
 */
#include <string.h>

#include "describe.h"
#include "plugin/schema.h"

#define LABEL 13u /* where the second column begins */

static void put_label(struct nv_out *o, const char *label)
{
    nv_out_column(o, label, LABEL, 1);
}

static void put_deps(struct nv_out *o, const char *label, const struct nv_manifest_dep *deps,
                     uint32_t count, uint32_t flag, const char *flag_word)
{
    uint32_t i;

    put_label(o, label);
    for (i = 0; i < count; i++) {
        if (i)
            put_label(o, "");
        nv_out_text(o, deps[i].id);
        if (deps[i].min_minor)
            nv_out_format(o, " minor %u", deps[i].min_minor);
        if (deps[i].flags & flag)
            nv_out_text(o, flag_word);
        nv_out_text(o, "\n");
    }
    if (!count)
        nv_out_text(o, "nothing\n");
}

static const char *default_word(const struct nave_option *row)
{
    if (row->default_text[0])
        return row->default_text;
    return nv_schema_is_required(row) ? "required" : "-";
}

/* The words of `flags`, with commas; `has_text`: something stands before them. */
static void put_flags(struct nv_out *o, uint32_t flags, int has_text)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } words[] = {
        {NAVE_OPTION_LIVE, "live"},
        {NAVE_OPTION_SECRET, "secret"},
        {NAVE_OPTION_MAIN, "may stand alone"},
    };
    size_t i;

    for (i = 0; i < NAVE_COUNT(words); i++)
        if (flags & words[i].flag)
            nv_out_format(o, "%s%s", has_text++ ? ", " : "", words[i].word);
}

/* A row: name, kind, default, range; below it what it is. */
static void put_options(struct nv_out *o, const struct nave_option *rows, uint32_t count,
                        const char *indent)
{
    char range[NV_RANGE_MAX];
    const uint32_t shown = NAVE_OPTION_LIVE | NAVE_OPTION_SECRET | NAVE_OPTION_MAIN;
    size_t name = 0, kind = 0, word = 0;
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (strlen(rows[i].name) > name)
            name = strlen(rows[i].name);
        if (strlen(nv_describe_kind(rows[i].kind)) > kind)
            kind = strlen(nv_describe_kind(rows[i].kind));
        if (strlen(default_word(&rows[i])) > word)
            word = strlen(default_word(&rows[i]));
    }
    for (i = 0; i < count; i++) {
        nv_describe_range(&rows[i], range);
        nv_out_text(o, indent);
        nv_out_column(o, rows[i].name, name + 2, 2);
        nv_out_column(o, nv_describe_kind(rows[i].kind), kind + 2, 2);
        if (range[0] || rows[i].flags & shown) {
            nv_out_column(o, default_word(&rows[i]), word + 2, 2);
            nv_out_text(o, range);
            put_flags(o, rows[i].flags, range[0] != '\0');
        } else {
            nv_out_text(o, default_word(&rows[i]));
        }
        nv_out_text(o, "\n");
        nv_out_text(o, indent);
        nv_out_text(o, "  ");
        nv_out_text(o, rows[i].doc);
        nv_out_text(o, "\n");
    }
}

static void put_text(struct nv_describe *d, const struct nv_catalog_entry *e)
{
    const struct nv_manifest *m = e->file->manifest;
    struct nv_out *o = &d->out;
    uint32_t i;

    nv_out_format(o, "%s %s\n", m->id, m->version);
    put_label(o, "file");
    nv_out_clean(o, e->path);
    nv_out_text(o, "\n");
    put_label(o, "abi");
    nv_out_format(o, "%u.%u, built with %u.%u; %u bit, %s endian\n", m->abi_major, m->need_minor,
                  m->abi_major, m->built_minor, 8 * m->ptr_size, m->endian == 1 ? "little" : "big");
    put_label(o, "loads here");
    nv_out_text(o, e->code ? "no: " : "yes");
    if (e->code)
        nv_out_clean(o, e->why);
    nv_out_text(o, "\n");
    put_deps(o, "needs", m->needs, m->need_count, NAVE_DEP_OPTIONAL, " (optional)");
    put_deps(o, "provides", m->provides, m->provide_count, NAVE_SERVICE_DEFAULT, " (default)");
    if (m->option_count) {
        nv_out_text(o, "options\n");
        put_options(o, m->options, m->option_count, "  ");
    }
    if (m->role_count)
        nv_out_text(o, "roles\n");
    for (i = 0; i < m->role_count; i++) {
        nv_out_format(o, "  %s %s (%s", m->roles[i].kind, m->roles[i].name, m->roles[i].iface);
        if (m->roles[i].next)
            nv_out_format(o, ", hands on to %s", m->roles[i].next);
        nv_out_format(o, ")\n    %s\n", m->roles[i].doc);
        put_options(o, m->roles[i].options, m->roles[i].option_count, "    ");
    }
}

void nv_describe_plugin_text(struct nv_describe *d)
{
    uint32_t i;

    for (i = 0; i < d->catalog.count; i++) {
        if (i)
            nv_out_text(&d->out, "\n");
        put_text(d, &d->catalog.entries[i]);
    }
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_deps(struct nv_json *j, const char *key, const struct nv_manifest_dep *deps,
                      uint32_t count, uint32_t flag, const char *flag_key)
{
    uint32_t i;

    nv_json_list(j, key);
    for (i = 0; i < count; i++) {
        nv_json_object(j, NULL);
        nv_json_text(j, "id", deps[i].id);
        nv_json_number(j, "minor", deps[i].min_minor);
        nv_json_flag(j, flag_key, (deps[i].flags & flag) != 0);
        nv_json_end(j);
    }
    nv_json_end(j);
}

static void json_options(struct nv_json *j, const struct nave_option *rows, uint32_t count)
{
    uint32_t i;

    nv_json_list(j, "options");
    for (i = 0; i < count; i++) {
        nv_json_object(j, NULL);
        nv_json_text(j, "name", rows[i].name);
        nv_json_text(j, "kind", nv_describe_kind(rows[i].kind));
        nv_json_text(j, "default", rows[i].default_text);
        nv_json_text(j, "min", rows[i].min_text);
        nv_json_text(j, "max", rows[i].max_text);
        nv_json_flag(j, "is_required", nv_schema_is_required(&rows[i]));
        nv_json_flag(j, "is_live", (rows[i].flags & NAVE_OPTION_LIVE) != 0);
        nv_json_flag(j, "is_secret", (rows[i].flags & NAVE_OPTION_SECRET) != 0);
        nv_json_text(j, "doc", rows[i].doc);
        nv_json_end(j);
    }
    nv_json_end(j);
}

static void json_plugin(struct nv_json *j, const struct nv_catalog_entry *e)
{
    const struct nv_manifest *m = e->file->manifest;
    uint32_t i;

    nv_json_object(j, NULL);
    nv_json_text(j, "id", m->id);
    nv_json_text(j, "version", m->version);
    nv_json_text(j, "file", e->file->is_static ? NULL : e->path);
    nv_json_flag(j, "is_static", e->file->is_static);
    nv_json_object(j, "abi");
    nv_json_number(j, "major", m->abi_major);
    nv_json_number(j, "need_minor", m->need_minor);
    nv_json_number(j, "built_minor", m->built_minor);
    nv_json_number(j, "pointer_bytes", m->ptr_size);
    nv_json_text(j, "endian", m->endian == 1 ? "little" : "big");
    nv_json_end(j);
    nv_json_flag(j, "loads_here", !e->code);
    nv_json_text(j, "why_not", e->why);
    json_deps(j, "needs", m->needs, m->need_count, NAVE_DEP_OPTIONAL, "is_optional");
    json_deps(j, "provides", m->provides, m->provide_count, NAVE_SERVICE_DEFAULT, "is_default");
    json_options(j, m->options, m->option_count);
    nv_json_list(j, "roles");
    for (i = 0; i < m->role_count; i++) {
        nv_json_object(j, NULL);
        nv_json_text(j, "kind", m->roles[i].kind);
        nv_json_text(j, "name", m->roles[i].name);
        nv_json_text(j, "interface", m->roles[i].iface);
        nv_json_text(j, "hands_on_to", m->roles[i].next);
        nv_json_text(j, "doc", m->roles[i].doc);
        json_options(j, m->roles[i].options, m->roles[i].option_count);
        nv_json_end(j);
    }
    nv_json_end(j);
    nv_json_end(j);
}

void nv_describe_plugin_json(struct nv_describe *d)
{
    struct nv_json j;
    uint32_t i;

    nv_json_init(&j, &d->out);
    nv_json_list(&j, NULL);
    for (i = 0; i < d->catalog.count; i++)
        json_plugin(&j, &d->catalog.entries[i]);
    nv_json_end(&j);
    nv_out_text(&d->out, "\n");
}

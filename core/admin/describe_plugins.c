/* SPDX-License-Identifier: MIT
 *
 * The table of what a configuration could name, and below it every file that it could not, with the
 * reason in the words that a refused start would use.
 */
#include <stdio.h>
#include <string.h>

#include "describe.h"

#define COLUMNS 4u

/* 1: role `i` has the kind of the one before it, which need not be said again. */
static int is_same_kind(const struct nv_manifest *m, uint32_t i)
{
    return strcmp(m->roles[i].kind, m->roles[i - 1].kind) == 0;
}

/* The words of column `n` of an entry, joined with ", "; "-" when there is none. */
static void cell(const struct nv_catalog_entry *e, uint32_t n, char *out, size_t cap)
{
    const struct nv_manifest *m = e->file->manifest;
    size_t len = 0;
    uint32_t i;

    out[0] = '\0';
    if (n == 0)
        snprintf(out, cap, "%s", m->id);
    else if (n == 1)
        snprintf(out, cap, "%s", m->version);
    for (i = 0; n == 2 && i < m->role_count && len < cap; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s%s%s", i ? ", " : "",
                                i && is_same_kind(m, i) ? "" : m->roles[i].kind,
                                i && is_same_kind(m, i) ? "" : " ", m->roles[i].name);
    for (i = 0; n == 3 && i < m->provide_count && len < cap; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? ", " : "", m->provides[i].id);
    if (!out[0])
        snprintf(out, cap, "-");
}

static void put_table(struct nv_describe *d)
{
    static const char *const heads[COLUMNS] = {"PLUGIN", "VERSION", "ROLES", "PROVIDES"};
    size_t widths[COLUMNS];
    char text[1024];
    uint32_t i, n;

    for (n = 0; n < COLUMNS; n++) {
        widths[n] = strlen(heads[n]);
        for (i = 0; i < d->catalog.count; i++) {
            if (d->catalog.entries[i].code)
                continue;
            cell(&d->catalog.entries[i], n, text, sizeof(text));
            if (nv_out_width(text) > widths[n])
                widths[n] = nv_out_width(text);
        }
    }
    for (n = 0; n < COLUMNS; n++)
        nv_out_column(&d->out, heads[n], widths[n] + 2, 2);
    nv_out_text(&d->out, "FILE\n");
    for (i = 0; i < d->catalog.count; i++) {
        const struct nv_catalog_entry *e = &d->catalog.entries[i];

        if (e->code)
            continue;
        for (n = 0; n < COLUMNS; n++) {
            cell(e, n, text, sizeof(text));
            nv_out_column(&d->out, text, widths[n] + 2, 2);
        }
        nv_out_clean(&d->out, e->path);
        nv_out_text(&d->out, "\n");
    }
}

void nv_describe_plugins_text(struct nv_describe *d)
{
    uint32_t i, refused = 0;

    if (d->plugin_count)
        put_table(d);
    else
        nv_out_text(&d->out, "no plugin was found\n");
    for (i = 0; i < d->catalog.count; i++) {
        const struct nv_catalog_entry *e = &d->catalog.entries[i];

        if (!e->code)
            continue;
        if (!refused++)
            nv_out_text(&d->out, "\nnot used:\n");
        nv_out_text(&d->out, "  ");
        nv_out_clean(&d->out, e->path);
        nv_out_text(&d->out, "\n    ");
        nv_out_clean(&d->out, e->why);
        nv_out_text(&d->out, "\n");
    }
    if (d->catalog.is_cut)
        nv_out_format(&d->out, "\nthere are more files; %u were looked at\n", NV_CATALOG_MAX);
    nv_out_text(&d->out, "\nsearched: ");
    nv_out_clean(&d->out, d->search[0] ? d->search : "no folder");
    nv_out_text(&d->out, "\n");
}

static void put_entry(struct nv_json *j, const struct nv_catalog_entry *e)
{
    const struct nv_manifest *m = e->file->manifest;
    uint32_t i;

    nv_json_object(j, NULL);
    nv_json_text(j, "id", m->id);
    nv_json_text(j, "version", m->version);
    nv_json_text(j, "file", e->file->is_static ? NULL : e->path);
    nv_json_flag(j, "is_static", e->file->is_static);
    nv_json_list(j, "roles");
    for (i = 0; i < m->role_count; i++) {
        nv_json_object(j, NULL);
        nv_json_text(j, "kind", m->roles[i].kind);
        nv_json_text(j, "name", m->roles[i].name);
        nv_json_end(j);
    }
    nv_json_end(j);
    nv_json_list(j, "provides");
    for (i = 0; i < m->provide_count; i++)
        nv_json_text(j, NULL, m->provides[i].id);
    nv_json_end(j);
    nv_json_end(j);
}

void nv_describe_plugins_json(struct nv_describe *d)
{
    const char *at = d->search;
    struct nv_json j;
    uint32_t i;

    nv_json_init(&j, &d->out);
    nv_json_object(&j, NULL);
    nv_json_list(&j, "plugins");
    for (i = 0; i < d->catalog.count; i++)
        if (!d->catalog.entries[i].code)
            put_entry(&j, &d->catalog.entries[i]);
    nv_json_end(&j);
    nv_json_list(&j, "not_used");
    for (i = 0; i < d->catalog.count; i++) {
        const struct nv_catalog_entry *e = &d->catalog.entries[i];

        if (!e->code)
            continue;
        nv_json_object(&j, NULL);
        nv_json_text(&j, "file", e->path);
        nv_json_text(&j, "code", nave_err_name(e->code));
        nv_json_text(&j, "why", e->why);
        nv_json_end(&j);
    }
    nv_json_end(&j);
    nv_json_list(&j, "searched");
    while (*at) {
        size_t len = strcspn(at, ":");

        if (len)
            nv_json_str(&j, NULL, (struct nave_str){at, len});
        at += len + (at[len] == ':');
    }
    nv_json_end(&j);
    nv_json_flag(&j, "is_complete", !d->catalog.is_cut);
    nv_json_end(&j);
    nv_out_text(&d->out, "\n");
}

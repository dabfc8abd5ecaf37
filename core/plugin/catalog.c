/* SPDX-License-Identifier: MIT
 *
 * The loader examines each file as it would to load it, but for its name; what it says goes into the
 * entry. A search finds ID.so before LAST.so in one folder, and no other name: a file that goes by
 * another one is usable only by "$path", and the entry says so.
 */
#include "catalog.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keeps the first text that is reported. */
struct listener {
    struct nv_report report;
    char text[NV_TEXT_MAX];
};

static void on_report(void *arg, const struct nave_report *r)
{
    struct listener *l = arg;

    if (!l->text[0])
        snprintf(l->text, sizeof(l->text), "%.*s", (int)r->text.len, r->text.ptr);
}

static nave_err grow(struct nv_catalog *c, struct nv_catalog_entry **out_entry)
{
    struct nv_catalog_entry *now = realloc(c->entries, (c->count + 1u) * sizeof(*now));

    if (!now)
        return NAVE_ENOMEM;
    c->entries = now;
    *out_entry = &now[c->count];
    memset(*out_entry, 0, sizeof(**out_entry));
    return NAVE_OK;
}

static void clear_entry(struct nv_catalog_entry *e)
{
    nv_loader_close(e->file);
    free(e->path);
    free(e->why);
}

void nv_catalog_clear(struct nv_catalog *c)
{
    while (c->count > 0)
        clear_entry(&c->entries[--c->count]);
    free(c->entries);
    memset(c, 0, sizeof(*c));
}

const struct nv_catalog_entry *nv_catalog_find(const struct nv_catalog *c, const char *id)
{
    uint32_t i;

    for (i = 0; i < c->count; i++)
        if (!c->entries[i].code && strcmp(c->entries[i].file->manifest->id, id) == 0)
            return &c->entries[i];
    return NULL;
}

/* --- is it the one that a search finds? ------------------------------------------------------ */

static int is_named(const char *path, const char *stem)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t len = strlen(stem);

    return strncmp(name, stem, len) == 0 && strcmp(name + len, ".so") == 0;
}

/* 0: no search finds a file of this name for that id; 1: the second name; 2: the first. */
static int rank_of(const struct nv_catalog_entry *e)
{
    const char *id = e->file->manifest->id, *dot = strrchr(id, '.');

    if (e->file->is_static)
        return 3;
    if (is_named(e->path, id))
        return 2;
    return dot && is_named(e->path, dot + 1) ? 1 : 0;
}

static int is_same_folder(const char *a, const char *b)
{
    const char *a_end = strrchr(a, '/'), *b_end = strrchr(b, '/');

    return a_end && b_end && a_end - a == b_end - b && memcmp(a, b, (size_t)(a_end - a)) == 0;
}

static nave_err hide(struct nv_catalog_entry *e, const char *format, const char *one,
                     const char *other)
{
    int n;

    free(e->why);
    e->why = NULL;
    n = asprintf(&e->why, format, one, other);
    if (n < 0) {
        e->why = NULL;
        return NAVE_ENOMEM;
    }
    e->code = NAVE_EEXIST;
    return NAVE_OK;
}

static nave_err settle(struct nv_catalog *c, struct nv_catalog_entry *e)
{
    struct nv_catalog_entry *before =
        (struct nv_catalog_entry *)nv_catalog_find(c, e->file->manifest->id);
    int rank = rank_of(e);

    if (rank == 0)
        return hide(e,
                    "it is plugin \"%s\", and a search finds that as %s.so only; rename it, or "
                    "give its \"$path\"",
                    e->file->manifest->id, e->file->manifest->id);
    if (!before)
        return NAVE_OK;
    if (rank > rank_of(before) && is_same_folder(before->path, e->path))
        return hide(before, "%s is found before it%s", e->path, "");
    return hide(e, "%s is found before it%s", before->path, "");
}

/* --- filling --------------------------------------------------------------------------------- */

static nave_err add_static(struct nv_catalog *c, nave_plugin_entry_fn entry, struct listener *l)
{
    struct nv_catalog_entry *e;
    nave_err err = grow(c, &e);

    if (err)
        return err;
    l->text[0] = '\0';
    e->path = strdup("(static)");
    if (!e->path)
        return NAVE_ENOMEM;
    e->code = nv_loader_static(entry, &l->report, &e->file);
    if (e->code) {
        e->why = strdup(l->text);
        if (e->code == NAVE_ENOMEM || !e->why) {
            clear_entry(e);
            return NAVE_ENOMEM;
        }
    } else {
        e->file->report = NULL; /* `l` ends before the file does */
        err = settle(c, e);
    }
    if (err)
        clear_entry(e);
    else
        c->count++;
    return err;
}

/* Take `path_take` in, whatever it is. */
static nave_err add_file(struct nv_catalog *c, char *path_take, struct listener *l)
{
    struct nv_catalog_entry *e;
    nave_err err = grow(c, &e);

    if (err) {
        free(path_take);
        return err;
    }
    l->text[0] = '\0';
    e->path = path_take;
    e->code = nv_loader_examine(path_take, &l->report, &e->file);
    if (!e->code)
        e->code = e->file->unfit;
    if (e->code) {
        e->why = strdup(l->text);
        if (e->code == NAVE_ENOMEM || !e->why)
            err = NAVE_ENOMEM;
    } else {
        err = settle(c, e);
    }
    if (e->file)
        e->file->report = NULL;
    if (err)
        clear_entry(e);
    else
        c->count++;
    return err;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int is_library(const char *name)
{
    size_t len = strlen(name);

    return len > 3 && name[0] != '.' && strcmp(name + len - 3, ".so") == 0;
}

static void free_names(char **names, uint32_t count)
{
    while (count > 0)
        free(names[--count]);
    free(names);
}

/* The paths of the libraries in `folder`, sorted. A folder that cannot be read has none. */
static nave_err list_folder(struct nv_catalog *c, const char *folder, char ***out_names,
                            uint32_t *out_count)
{
    DIR *dir = opendir(folder);
    struct dirent *found;
    char **names = NULL, **more;
    uint32_t count = 0;
    nave_err err = NAVE_OK;

    while (dir && !err && (found = readdir(dir)) != NULL) {
        if (!is_library(found->d_name))
            continue;
        if (c->count + count >= NV_CATALOG_MAX) {
            c->is_cut = 1;
            break;
        }
        more = realloc(names, (count + 1u) * sizeof(*names));
        if (more)
            names = more;
        if (!more || asprintf(&names[count], "%s/%s", folder, found->d_name) < 0)
            err = NAVE_ENOMEM;
        else
            count++;
    }
    if (dir)
        closedir(dir);
    if (err) {
        free_names(names, count);
        return err;
    }
    if (count)
        qsort(names, count, sizeof(*names), by_name);
    *out_names = names;
    *out_count = count;
    return NAVE_OK;
}

static nave_err add_folder(struct nv_catalog *c, const char *folder, struct listener *l)
{
    char **names = NULL;
    uint32_t count = 0, i;
    nave_err err = list_folder(c, folder, &names, &count);

    for (i = 0; i < count && !err; i++) {
        err = add_file(c, names[i], l);
        names[i] = NULL;
    }
    free_names(names, count);
    return err;
}

nave_err nv_catalog_fill(struct nv_catalog *c, const nave_plugin_entry_fn *statics,
                         const char *search)
{
    struct listener *l = calloc(1, sizeof(*l));
    nave_err err = NAVE_ENOMEM;
    const char *at;

    memset(c, 0, sizeof(*c));
    if (!l)
        return err;
    err = nv_report_init(&l->report, on_report, l, NAVE_LOG_ERROR);
    if (err)
        goto fail;
    for (; statics && *statics && !err; statics++)
        err = add_static(c, *statics, l);
    for (at = search; at && *at && !err;) {
        size_t len = strcspn(at, ":");
        char *folder = strndup(at, len);

        if (!folder)
            err = NAVE_ENOMEM;
        else if (folder[0] == '/')
            err = add_folder(c, folder, l);
        free(folder);
        at += len + (at[len] == ':');
    }
    nv_report_finish(&l->report);
    if (err)
        nv_catalog_clear(c);

fail:
    free(l);
    return err;
}

/* --- subjects -------------------------------------------------------------------------------- */

static nave_err find_static(const nave_plugin_entry_fn *statics, const char *id,
                            struct nv_plugin_file **out_file)
{
    for (; statics && *statics; statics++) {
        const struct nave_plugin *desc = (*statics)();

        if (desc && desc->id && strcmp(desc->id, id) == 0)
            return nv_loader_static(*statics, NULL, out_file);
    }
    return NAVE_ENOTFOUND;
}

/* The file of `subject` into `e`. Errors: reported, but for NAVE_ENOMEM. */
static nave_err take_subject(struct nv_catalog_entry *e, const char *subject,
                             const nave_plugin_entry_fn *statics, const char *search,
                             struct nv_report *report, struct listener *l)
{
    nave_err err;

    if (strchr(subject, '/')) {
        err = nv_loader_examine(subject, &l->report, &e->file);
        if (err && err != NAVE_ENOMEM)
            nv_report_error(report, err, NULL, "%s", l->text);
    } else {
        err = find_static(statics, subject, &e->file);
        if (err == NAVE_ENOTFOUND)
            err = nv_loader_find(subject, NULL, search, NULL, report, &e->file);
    }
    if (err)
        return err;
    e->file->report = NULL; /* `l` ends before the file does */
    e->code = e->file->unfit;
    e->path = strdup(e->file->path);
    if (e->code)
        e->why = strdup(l->text);
    return e->path && (!e->code || e->why) ? NAVE_OK : NAVE_ENOMEM;
}

nave_err nv_catalog_add(struct nv_catalog *c, const char *subject,
                        const nave_plugin_entry_fn *statics, const char *search,
                        struct nv_report *report)
{
    struct listener *l = calloc(1, sizeof(*l));
    struct nv_catalog_entry *e;
    nave_err err = NAVE_ENOMEM;

    if (l)
        err = nv_report_init(&l->report, on_report, l, NAVE_LOG_ERROR);
    if (err)
        goto out;
    err = grow(c, &e);
    if (!err) {
        err = take_subject(e, subject, statics, search, report, l);
        if (err || nv_catalog_find(c, e->file->manifest->id))
            clear_entry(e);
        else
            c->count++;
    }
    nv_report_finish(&l->report);

out:
    free(l);
    if (err == NAVE_ENOMEM)
        nv_report_error(report, err, NULL, "out of memory while looking for plugin \"%s\"",
                        subject);
    return err;
}

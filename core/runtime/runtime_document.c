/* SPDX-License-Identifier: MIT
 *
 * The document of a runtime: what is set over it, how it is read, and how it is shown. Everybody who
 * reads a configuration for a runtime does it here, so that a set holds for all of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "conf/options.h"
#include "runtime.h"

/* ---- sets ------------------------------------------------------------------------------------ */

struct text {
    char *at; /* NULL: only measure */
    size_t len;
};

static void add(void *arg, const char *text, size_t len)
{
    struct text *t = arg;

    if (t->at)
        memcpy(t->at + t->len, text, len);
    t->len += len;
}

/* `word` as a JSON text, for free(). NULL: no memory. */
static char *quoted(const char *word)
{
    const struct nave_str s = {word, strlen(word)};
    struct text t = {NULL, 0};

    nv_conf_write_text(s, add, &t);
    t.at = malloc(t.len + 1);
    if (!t.at)
        return NULL;
    t.len = 0;
    nv_conf_write_text(s, add, &t);
    t.at[t.len] = '\0';
    return t.at;
}

static nave_err refuse(struct nave_runtime *rt, nave_err err, const char *pointer, const char *why)
{
    const struct nv_place at = {.file = "--set", .pointer = pointer};

    nv_report_error(&rt->report, err, &at, "%s", why);
    return err;
}

/* Takes the texts of `set` when it succeeds. */
static nave_err keep(struct nave_runtime *rt, const struct nv_conf_set *set)
{
    struct nv_conf_set *grown = realloc(rt->sets, (rt->set_count + 1) * sizeof(*grown));

    if (!grown)
        return NAVE_ENOMEM;
    rt->sets = grown;
    rt->sets[rt->set_count++] = *set;
    return NAVE_OK;
}

nave_err nave_runtime_set(struct nave_runtime *rt, const char *pointer, const char *json)
{
    struct nv_why why = {"out of memory"};
    struct nv_conf_set set;
    char *name, *value;
    nave_err err;

    if (!rt || !pointer || !json)
        return NAVE_EINVAL;
    if (rt->set_count == NV_CONF_SETS_MAX)
        return refuse(rt, NAVE_ELIMIT, pointer, "256 values are set already, the most");
    name = strdup(pointer);
    value = strdup(json);
    err = NAVE_ENOMEM;
    if (!name || !value)
        goto fail;
    set = (struct nv_conf_set){name, value};
    err = nv_conf_check_set(&set, &why);
    if (err == NAVE_ESYNTAX && pointer[0] == '/' && (!json[0] || !strchr("{[\"", json[0]))) {
        free(value); /* perhaps a text without its quotes */
        value = quoted(json);
        err = NAVE_ENOMEM;
        if (!value)
            goto fail;
        set.json = value;
        err = nv_conf_check_set(&set, &why);
    }
    if (!err)
        err = keep(rt, &set);
    if (!err)
        return NAVE_OK;

fail:
    free(name);
    free(value);
    return refuse(rt, err, pointer, err == NAVE_ENOMEM ? "out of memory" : why.text);
}

void nv_runtime_forget_sets(struct nave_runtime *rt)
{
    while (rt->set_count > 0) {
        rt->set_count--;
        free((char *)(uintptr_t)rt->sets[rt->set_count].pointer);
        free((char *)(uintptr_t)rt->sets[rt->set_count].json);
    }
    free(rt->sets);
    rt->sets = NULL;
}

nave_err nv_runtime_read(const struct nave_runtime *rt, const char *name, const char *text,
                         size_t len, struct nv_report *report, struct nv_conf_doc **out_doc)
{
    const struct nv_conf_input in = {.name = name,
                                     .text = text,
                                     .len = len,
                                     .sets = rt->sets,
                                     .set_count = rt->set_count,
                                     .wants_refused = 1};

    nave_err err = nv_conf_load(&in, report, out_doc);

    if (!err && rt->is_checked)
        nv_conf_check(*out_doc, &nv_conf_checked_table, rt);
    return err;
}

/* ---- as it is in force ----------------------------------------------------------------------- */

struct page {
    nv_conf_write_fn *write;
    void *arg;
    unsigned depth;
    int has_member; /* in the object that is open */
};

static void put(const struct page *p, const char *text)
{
    p->write(p->arg, text, strlen(text));
}

static void line(const struct page *p)
{
    unsigned i;

    put(p, "\n");
    for (i = 0; i < p->depth; i++)
        put(p, "  ");
}

static void key(struct page *p, struct nave_str name)
{
    put(p, p->has_member ? "," : "");
    p->has_member = 1;
    line(p);
    nv_conf_write_text(name, p->write, p->arg);
    put(p, ": ");
}

static void open_object(struct page *p)
{
    put(p, "{");
    p->depth++;
    p->has_member = 0;
}

static void close_object(struct page *p)
{
    p->depth--;
    if (p->has_member)
        line(p);
    put(p, "}");
    p->has_member = 1;
}

/* The default of a row, as it would stand in a file; nothing when there is none. */
static void write_default(struct page *p, const struct nave_option *row)
{
    const struct nave_str name = {row->name, strlen(row->name)};
    const char *text = row->default_text, *end;

    if (!text[0])
        return;
    key(p, name);
    if (row->flags & NAVE_OPTION_SECRET) {
        put(p, "\"***\"");
        return;
    }
    if (row->kind == NAVE_OPTION_KIND_flag || row->kind == NAVE_OPTION_KIND_count) {
        put(p, text);
        return;
    }
    if (row->kind != NAVE_OPTION_KIND_texts) {
        nv_conf_write_text((struct nave_str){text, strlen(text)}, p->write, p->arg);
        return;
    }
    for (put(p, "["); *text; text = *end ? end + 1 : end) {
        end = text + strcspn(text, "|");
        nv_conf_write_text((struct nave_str){text, (size_t)(end - text)}, p->write, p->arg);
        put(p, *end ? ", " : "");
    }
    put(p, "]");
}

/* What stands in `object` (NULL: nothing), then the defaults of the rows that do not. `inner`, of the
 * name `inner_name`, is an object with rows of its own (NULL: none is). */
static void write_nested(struct page *p, struct nave_conf *object,
                         const struct nave_option_table *table, const char *inner_name,
                         const struct nave_option_table *inner)
{
    uint32_t i;

    open_object(p);
    for (i = 0; i < nave_conf_count(object); i++) {
        struct nave_str name = {"", 0};
        struct nave_conf *value = nave_conf_at(object, i, &name);

        key(p, name);
        if (inner && value == nave_conf_get(object, inner_name))
            write_nested(p, value, inner, NULL, NULL);
        else
            nv_conf_write(value, p->depth, p->write, p->arg);
    }
    for (i = 0; i < table->count; i++) {
        const struct nave_option *row = &table->rows[i];

        if (nave_conf_get(object, row->name))
            continue;
        if (inner && strcmp(row->name, inner_name) == 0) {
            key(p, (struct nave_str){inner_name, strlen(inner_name)});
            write_nested(p, NULL, inner, NULL, NULL);
        } else {
            write_default(p, row);
        }
    }
    close_object(p);
}

static void write_object(struct page *p, struct nave_conf *object, const struct nave_option *rows,
                         uint32_t count)
{
    const struct nave_option_table table = {.size = sizeof(table), .count = count, .rows = rows};

    write_nested(p, object, &table, NULL, NULL);
}

void nv_runtime_write_conf(struct nave_runtime *rt, nv_conf_write_fn *write, void *arg)
{
    const struct nave_option_table *runtime = nv_runtime_table(), *listener = nv_listener_table();
    struct page p = {write, arg, 0, 0};
    struct nave_conf *root = nv_conf_root(rt->doc);
    uint32_t i;

    open_object(&p);
    key(&p, (struct nave_str)NAVE_STR_LIT("runtime"));
    write_nested(&p, nave_conf_get(root, "runtime"), runtime, "log", nv_log_conf_table());
    key(&p, (struct nave_str)NAVE_STR_LIT("plugins"));
    open_object(&p);
    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_plugin *plugin = rt->plugins[i];

        key(&p, (struct nave_str){plugin->id, strlen(plugin->id)});
        write_object(&p, plugin->conf, plugin->file->manifest->options,
                     plugin->file->manifest->option_count);
    }
    close_object(&p);
    key(&p, (struct nave_str)NAVE_STR_LIT("listeners"));
    put(&p, "[");
    p.depth++;
    for (i = 0; i < rt->listener_count; i++) {
        put(&p, i ? "," : "");
        line(&p);
        write_object(&p, rt->listeners[i].at, listener->rows, listener->count);
    }
    p.depth--;
    if (rt->listener_count)
        line(&p);
    put(&p, "]");
    close_object(&p);
    put(&p, "\n");
}

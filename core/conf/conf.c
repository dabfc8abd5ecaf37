/* SPDX-License-Identifier: MIT
 *
 * Documents: how one is read (see conf_tree.h), the nave.conf/1 cursors over it, and what core asks of
 * them. A cursor is a node of the tree; it knows its file, its place there, and by its parents its
 * pointer.
 */
#include "conf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf_file.h"
#include "conf_tree.h"
#include "base/value.h"

static const struct nv_conf_node *node_of(const struct nave_conf *c)
{
    return (const struct nv_conf_node *)(const void *)c;
}

static struct nv_conf_node *own_node(const struct nave_conf *c)
{
    return (struct nv_conf_node *)(uintptr_t)c;
}

/* ---- the table ------------------------------------------------------------------------------- */

static uint32_t conf_kind(const struct nave_conf *c)
{
    return node_of(c)->kind;
}

static size_t conf_count(const struct nave_conf *c)
{
    return node_of(c)->count;
}

static struct nave_conf *conf_at(struct nave_conf *c, size_t i, struct nave_str *out_key)
{
    const struct nv_conf_node *n = node_of(c);

    if (i >= n->count)
        return NULL;
    if (out_key && n->items[i]->key.ptr)
        *out_key = n->items[i]->key;
    return &n->items[i]->pub;
}

static struct nave_conf *conf_get(struct nave_conf *c, const char *key)
{
    const struct nv_conf_node *n = node_of(c);
    struct nv_conf_node *child;

    if (!key || n->kind != NAVE_CONF_OBJECT)
        return NULL;
    child = nv_conf_child(n, (struct nave_str){key, strlen(key)});
    return child ? &child->pub : NULL;
}

static nave_err conf_text(const struct nave_conf *c, struct nave_str *out)
{
    if (node_of(c)->kind != NAVE_CONF_TEXT)
        return NAVE_EINVAL;
    *out = node_of(c)->value.text;
    return NAVE_OK;
}

static nave_err conf_integer(const struct nave_conf *c, int64_t *out)
{
    if (node_of(c)->kind != NAVE_CONF_INT)
        return NAVE_EINVAL;
    *out = node_of(c)->value.integer;
    return NAVE_OK;
}

static nave_err conf_real(const struct nave_conf *c, double *out)
{
    const struct nv_conf_node *n = node_of(c);

    if (n->kind != NAVE_CONF_REAL && n->kind != NAVE_CONF_INT)
        return NAVE_EINVAL;
    *out = n->kind == NAVE_CONF_REAL ? n->value.real : (double)n->value.integer;
    return NAVE_OK;
}

static nave_err conf_flag(const struct nave_conf *c, uint32_t *out)
{
    if (node_of(c)->kind != NAVE_CONF_FLAG)
        return NAVE_EINVAL;
    *out = node_of(c)->value.integer != 0;
    return NAVE_OK;
}

static nave_err conf_duration(const struct nave_conf *c, nave_nsec *out)
{
    struct nave_str text;
    nave_err err = conf_text(c, &text);

    return err ? err : nv_value_duration(text, out);
}

static nave_err conf_bytes(const struct nave_conf *c, uint64_t *out)
{
    struct nave_str text;
    int64_t number;

    if (conf_integer(c, &number) == NAVE_OK) {
        if (number < 0)
            return NAVE_EOVERFLOW;
        *out = (uint64_t)number;
        return NAVE_OK;
    }
    if (conf_text(c, &text) != NAVE_OK)
        return NAVE_EINVAL;
    return nv_value_bytes(text, out);
}

static nave_err conf_dump(struct nave_conf *c, struct nave_str *out)
{
    return nv_conf_dump(own_node(c), out);
}

static void conf_fail(const struct nave_conf *c, const char *text, size_t len)
{
    nv_conf_fail(c, NAVE_ECONFIG, NULL, "%.*s", len > INT_MAX ? INT_MAX : (int)len, text);
}

const struct nave_conf_iface nv_conf_table = {
    .hdr = NAVE_IFACE(struct nave_conf_iface, NAVE_CONF_ID, 0, NAVE_IFACE_DRAFT),
    .kind = conf_kind,
    .count = conf_count,
    .at = conf_at,
    .get = conf_get,
    .text = conf_text,
    .integer = conf_integer,
    .real = conf_real,
    .flag = conf_flag,
    .duration = conf_duration,
    .bytes = conf_bytes,
    .dump = conf_dump,
    .fail = conf_fail,
};

/* ---- checked mode ---------------------------------------------------------------------------- */

/* As deep as values are nested: NV_CONF_DEPTH_MAX. */
static void set_api(struct nv_conf_node *n, const struct nave_conf_iface *api)
{
    struct nv_conf_node *each;

    n->pub.api = api;
    for (each = n->first; each; each = each->next)
        set_api(each, api);
}

void nv_conf_check(struct nv_conf_doc *doc, const struct nave_conf_iface *api,
                   const struct nave_runtime *rt)
{
    doc->checker = rt;
    set_api(doc->root, api);
}

const struct nave_runtime *nv_conf_checker(const struct nave_conf *c)
{
    return node_of(c)->doc->checker;
}

/* Make the arrays of children, and tell who is not what stands at its place. Recursion is as deep as
 * the tree is: NV_CONF_DEPTH_MAX. */
static void finish(struct nv_conf_node *n)
{
    struct nv_conf_node *each;

    if (n->count == 0)
        return;
    n->items = nv_conf_alloc(n->doc, n->count * sizeof(struct nv_conf_node *));
    if (!n->items)
        return;
    for (each = n->first; each; each = each->next) {
        n->items[each->index] = each;
        finish(each);
        n->flags |= each->flags & NV_NODE_ALTERED;
    }
}

/* ---- loading --------------------------------------------------------------------------------- */

static nave_err fail_memory(struct nv_report *report, const char *name)
{
    const struct nv_place at = {.file = name};

    nv_report_error(report, NAVE_ENOMEM, &at, "out of memory while reading the configuration");
    return NAVE_ENOMEM;
}

static nave_err read_file(void *arg, const char *name, size_t bytes_max, struct nv_conf_file *out,
                          struct nv_why *why)
{
    (void)arg;
    return nv_conf_read_file(name, bytes_max, out, why);
}

/* The text of the file itself. */
static nave_err read_input(const struct nv_conf_input *in, nv_conf_read_fn *read,
                           struct nv_report *report, struct nv_conf_file *out)
{
    const struct nv_place at = {.file = in->name};
    struct nv_why why = {""};
    nave_err err = NAVE_OK;

    *out = (struct nv_conf_file){.len = in->len};
    if (!in->text) {
        err = read(in->read_arg, in->name, NV_CONF_BYTES_MAX, out, &why);
    } else if (in->len > NV_CONF_BYTES_MAX) {
        err = NAVE_ETOOBIG;
    } else {
        out->text = malloc(in->len + 1);
        if (!out->text)
            err = NAVE_ENOMEM;
        else if (in->len > 0)
            memcpy(out->text, in->text, in->len);
    }
    if (err == NAVE_ENOMEM)
        return fail_memory(report, in->name);
    if (err == NAVE_ETOOBIG)
        nv_why_set(&why, err, "is larger than %u MiB, the most that a configuration may have",
                   NV_CONF_BYTES_MAX >> 20);
    if (err) {
        nv_report_error(report, err, &at, "%s", why.text);
        return NAVE_ECONFIG;
    }
    out->text[out->len] = '\0';
    return NAVE_OK;
}

/* Takes file->text. */
static void read_tree(struct nv_conf_doc *doc, const struct nv_conf_input *in,
                      struct nv_conf_file *file_take)
{
    struct nv_conf_source *source =
        nv_conf_source_add(doc, NULL, in->name, file_take->text, file_take->len);

    if (!source)
        return;
    source->device = file_take->device;
    source->inode = file_take->inode;
    doc->root = nv_conf_parse(doc, source, NULL);
    if (!doc->root)
        return;
    if (doc->root->kind != NAVE_CONF_OBJECT && !doc->is_raw) {
        nv_conf_fail(&doc->root->pub, NAVE_ECONFIG, NULL,
                     "the configuration is an object, { ... }; here stands %s",
                     nv_conf_kind_text(doc->root->kind));
        return;
    }
    if (!doc->is_raw) {
        nv_conf_expand(doc->root, 1);
        if (doc->root->kind == NAVE_CONF_OBJECT)
            nv_conf_apply_sets(doc, in->sets, in->set_count);
        else
            nv_conf_fail(&doc->root->pub, NAVE_ECONFIG, NULL,
                         "the configuration is an object, and this is a reference to a text");
    }
    finish(doc->root);
}

nave_err nv_conf_load(const struct nv_conf_input *in, struct nv_report *report,
                      struct nv_conf_doc **out_doc)
{
    nv_conf_read_fn *read = in->read ? in->read : read_file;
    struct nv_conf_file file;
    struct nv_conf_doc *doc;
    struct timespec now = {0, 0};
    nave_err err = read_input(in, read, report, &file);

    if (err)
        return err;
    doc = calloc(1, sizeof(*doc));
    if (!doc) {
        free(file.text);
        return fail_memory(report, in->name);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    doc->seed = (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)((uintptr_t)doc >> 4);
    doc->report = report;
    doc->read = read;
    doc->read_arg = in->read_arg;
    doc->bytes = file.len;
    doc->is_raw = in->is_raw;
    read_tree(doc, in, &file);
    if (doc->is_out_of_memory)
        err = fail_memory(report, in->name);
    else if (doc->errors > 0)
        err = NAVE_ECONFIG;
    if (!err || (in->wants_refused && err == NAVE_ECONFIG && doc->errors == doc->refused))
        *out_doc = doc;
    else
        nv_conf_destroy(doc);
    return err;
}

nave_err nv_conf_load_file(const char *path, struct nv_report *report, struct nv_conf_doc **out_doc)
{
    const struct nv_conf_input in = {.name = path};

    return nv_conf_load(&in, report, out_doc);
}

nave_err nv_conf_load_text(const char *text, size_t len, const char *name, struct nv_report *report,
                           struct nv_conf_doc **out_doc)
{
    const struct nv_conf_input in = {.name = name, .text = text, .len = len};

    return nv_conf_load(&in, report, out_doc);
}

void nv_conf_destroy(struct nv_conf_doc *doc)
{
    struct nv_conf_source *s;
    struct nv_conf_dumped *d;

    if (!doc)
        return;
    for (s = doc->sources; s; s = s->next)
        free(s->text);
    for (d = doc->dumps; d; d = doc->dumps) {
        doc->dumps = d->next;
        free(d);
    }
    nv_conf_free_blocks(doc);
    free(doc);
}

/* ---- what core asks of a document and its cursors -------------------------------------------- */

const char *nv_conf_file_name(const struct nv_conf_doc *doc, uint32_t i)
{
    const struct nv_conf_source *s;
    uint32_t count = 0;

    for (s = doc->sources; s; s = s->next) /* newest first */
        count += s->device || s->inode;
    for (s = doc->sources; s && i < count; s = s->next)
        if ((s->device || s->inode) && --count == i)
            return s->name;
    return NULL;
}

void nv_conf_set_report(struct nv_conf_doc *doc, struct nv_report *report)
{
    doc->report = report;
}

struct nave_conf *nv_conf_root(struct nv_conf_doc *doc)
{
    return &doc->root->pub;
}

uint64_t nv_conf_errors(const struct nv_conf_doc *doc)
{
    return doc->errors;
}

nave_err nv_conf_resolve_to(const struct nave_conf *c, struct nave_str path, char *out, size_t cap)
{
    const char *name = c ? node_of(c)->source->name : "";
    const char *slash = strrchr(name, '/');
    int folder_len = slash ? (int)(slash - name + 1) : 0; /* with its slash */
    char here[PATH_MAX];
    int len;

    out[0] = '\0';
    if (path.len > PATH_MAX)
        return NAVE_ETOOBIG;
    here[0] = '\0';
    if (path.len > 0 && path.ptr[0] == '/')
        folder_len = 0;
    else if (folder_len == 0 || name[0] != '/') {
        if (!getcwd(here, sizeof(here)))
            return nv_err_from_errno(errno);
    }
    len = snprintf(out, cap, "%s%s%.*s%.*s", here, here[0] ? "/" : "", folder_len, name,
                   (int)path.len, path.ptr);
    if (len >= 0 && (size_t)len < cap)
        return NAVE_OK;
    out[0] = '\0';
    return NAVE_ETOOBIG;
}

nave_err nv_conf_resolve(const struct nave_conf *c, struct nave_str path, char **out_path)
{
    char text[3 * PATH_MAX];
    nave_err err = nv_conf_resolve_to(c, path, text, sizeof(text));
    char *copy;

    if (err)
        return err;
    copy = strdup(text);
    if (!copy)
        return NAVE_ENOMEM;
    *out_path = copy;
    return NAVE_OK;
}

void nv_conf_pointer(const struct nave_conf *c, char *out, size_t cap)
{
    const struct nv_conf_node *chain[NV_CONF_DEPTH_MAX + 1];
    const struct nv_conf_node *n;
    size_t depth = 0;
    size_t len = 0;

    if (cap == 0)
        return;
    out[0] = '\0';
    for (n = c ? node_of(c) : NULL; n && n->parent && depth < NAVE_COUNT(chain); n = n->parent)
        chain[depth++] = n;
    while (depth-- > 0) {
        n = chain[depth];
        if (n->key.ptr)
            len = nv_pointer_add(out, cap, len, n->key.ptr, n->key.len);
        else
            len = nv_pointer_add_index(out, cap, len, n->index);
    }
}

static void locate(struct nv_conf_source *s, size_t offset, struct nv_place *place)
{
    nv_conf_locate(s->text, s->len, offset, &s->seen);
    place->file = s->name;
    place->line = s->seen.line;
    place->column = s->seen.column;
}

void nv_conf_fail_at(struct nv_conf_doc *doc, nave_err code, struct nv_conf_source *source,
                     size_t offset, const struct nv_conf_node *at, const char *text)
{
    char pointer[NV_POINTER_MAX];
    struct nv_place place = {.pointer = pointer};

    doc->errors++;
    nv_conf_pointer(at ? &at->pub : NULL, pointer, sizeof(pointer));
    locate(source, offset, &place);
    nv_report_error(doc->report, code, &place, "%s", text);
}

void nv_conf_fail_twice(const struct nv_conf_node *child, const struct nv_conf_node *other)
{
    struct nv_place place = {.file = NULL};

    child->doc->refused++;
    locate(other->source, other->offset, &place);
    nv_conf_fail(&child->pub, NAVE_EEXIST, NULL,
                 "\"%.*s\" is given twice; the other value stands at %s:%u:%u",
                 (int)nv_text_cut(child->key, 64), child->key.ptr, place.file, place.line,
                 place.column);
}

void nv_conf_fail(const struct nave_conf *c, nave_err code, const char *plugin, const char *format,
                  ...)
{
    char pointer[NV_POINTER_MAX];
    struct nv_place place = {.pointer = pointer, .plugin = plugin};
    const struct nv_conf_node *n = node_of(c);
    va_list args;

    if (!c || (n->flags & NV_NODE_REFUSED))
        return;
    n->doc->errors++;
    nv_conf_pointer(c, pointer, sizeof(pointer));
    locate(n->source, n->offset, &place);
    va_start(args, format);
    nv_report_verror(n->doc->report, code, &place, format, args);
    va_end(args);
}

struct nave_str nv_conf_key(const struct nave_conf *c)
{
    return c && node_of(c)->key.ptr ? node_of(c)->key : (struct nave_str){"", 0};
}

void nv_conf_note_secret(const struct nave_conf *c, const char *plugin)
{
    static const char text[] =
        "this secret stands in a file that every user of the machine may read; chmod o-r it";
    struct nv_conf_node *n = own_node(c);
    char pointer[NV_POINTER_MAX];
    struct nave_report report = {.level = NAVE_LOG_WARN, .text = {text, sizeof(text) - 1}};
    struct nv_place place = {.file = NULL};

    if (!n)
        return;
    if (!(n->flags & NV_NODE_SECRET) && (n->flags & NV_NODE_EXPOSED)) {
        nv_conf_pointer(c, pointer, sizeof(pointer));
        locate(n->source, n->offset, &place);
        report.line = place.line;
        report.column = place.column;
        report.file = (struct nave_str){place.file, strlen(place.file)};
        report.pointer = (struct nave_str){pointer, strlen(pointer)};
        report.plugin = (struct nave_str){plugin ? plugin : "", plugin ? strlen(plugin) : 0};
        nv_report_send(n->doc->report, &report);
    }
    n->flags |= NV_NODE_SECRET;
}

const char *nv_conf_kind_text(uint32_t kind)
{
    static const char *const texts[] = {"null",           "true or false",
                                        "a whole number", "a number with a fraction",
                                        "a text",         "a list",
                                        "an object"};

    return kind < NAVE_COUNT(texts) ? texts[kind] : "something unknown";
}

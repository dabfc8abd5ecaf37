/* SPDX-License-Identifier: MIT
 *
 * Configuration documents. Jansson parses; it is known in this file alone. Over its values stands a
 * tree of cursors, built once: one block of nodes, the children of a node side by side.
 *
 * Positions: jansson keeps none, but it keeps the order of members and refuses duplicate keys, so the
 * n-th value of a walk in order is the n-th value of the text, and conf_scan.c noted where that is.
 * The scan has refused everything that is no JSON, so what jansson still finds is one of three: a key
 * that stands twice, a number out of range, no memory.
 */
#include "conf.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "conf_file.h"
#include "conf_scan.h"
#include "value.h"

/* A cursor. */
struct node {
    struct nave_conf pub; /* first: the handle itself */

    struct nv_conf_doc *doc;
    struct node *parent;
    struct node *items; /* count of them */
    size_t count;

    const json_t *json;
    const char *key; /* NULL: not a member of an object */
    size_t index;    /* among its parent's items        */
    size_t offset;   /* in the text                     */
    char *dump;      /* made on demand                  */
};

struct nv_conf_doc {
    struct nv_report *report;
    uint64_t errors;

    char *name; /* of the file, as it was given */
    char *text;
    size_t len;
    struct nv_conf_position seen; /* the last place that was reported */

    json_t *json;
    struct node *nodes; /* nodes[0] is the root */
    size_t node_count;
};

static const struct nave_conf_iface conf_api;

static const struct node *node_of(const struct nave_conf *c)
{
    return (const struct node *)(const void *)c;
}

/* ---- the table ------------------------------------------------------------------------------ */

static uint32_t conf_kind(const struct nave_conf *c)
{
    switch (json_typeof(node_of(c)->json)) {
    case JSON_TRUE:
    case JSON_FALSE:
        return NAVE_CONF_FLAG;
    case JSON_INTEGER:
        return NAVE_CONF_INT;
    case JSON_REAL:
        return NAVE_CONF_REAL;
    case JSON_STRING:
        return NAVE_CONF_TEXT;
    case JSON_ARRAY:
        return NAVE_CONF_LIST;
    case JSON_OBJECT:
        return NAVE_CONF_OBJECT;
    case JSON_NULL:
        break;
    }
    return NAVE_CONF_NULL;
}

static size_t conf_count(const struct nave_conf *c)
{
    return node_of(c)->count;
}

static struct nave_conf *conf_at(struct nave_conf *c, size_t i, struct nave_str *out_key)
{
    const struct node *n = node_of(c);

    if (i >= n->count)
        return NULL;
    if (out_key && n->items[i].key)
        *out_key = (struct nave_str){n->items[i].key, strlen(n->items[i].key)};
    return &n->items[i].pub;
}

static struct nave_conf *conf_get(struct nave_conf *c, const char *key)
{
    const struct node *n = node_of(c);
    size_t i;

    if (!key || !json_is_object(n->json))
        return NULL;
    for (i = 0; i < n->count; i++) {
        if (strcmp(n->items[i].key, key) == 0)
            return &n->items[i].pub;
    }
    return NULL;
}

static nave_err conf_text(const struct nave_conf *c, struct nave_str *out)
{
    const json_t *json = node_of(c)->json;

    if (!json_is_string(json))
        return NAVE_EINVAL;
    *out = (struct nave_str){json_string_value(json), json_string_length(json)};
    return NAVE_OK;
}

static nave_err conf_integer(const struct nave_conf *c, int64_t *out)
{
    const json_t *json = node_of(c)->json;

    if (!json_is_integer(json))
        return NAVE_EINVAL;
    *out = json_integer_value(json);
    return NAVE_OK;
}

static nave_err conf_real(const struct nave_conf *c, double *out)
{
    const json_t *json = node_of(c)->json;

    if (!json_is_number(json))
        return NAVE_EINVAL;
    *out = json_number_value(json);
    return NAVE_OK;
}

static nave_err conf_flag(const struct nave_conf *c, uint32_t *out)
{
    const json_t *json = node_of(c)->json;

    if (!json_is_boolean(json))
        return NAVE_EINVAL;
    *out = json_is_true(json) ? 1 : 0;
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

/* From the text itself, so that a number comes out as it was written. */
static nave_err conf_dump(struct nave_conf *c, struct nave_str *out)
{
    struct node *n = (struct node *)(void *)c;
    const struct nv_conf_doc *doc = n->doc;

    if (!n->dump) {
        size_t len = nv_conf_compact(doc->text, doc->len, n->offset, NULL);

        n->dump = malloc(len + 1);
        if (!n->dump)
            return NAVE_ENOMEM;
        nv_conf_compact(doc->text, doc->len, n->offset, n->dump);
        n->dump[len] = '\0';
    }
    *out = (struct nave_str){n->dump, strlen(n->dump)};
    return NAVE_OK;
}

static void conf_fail(const struct nave_conf *c, const char *text, size_t len)
{
    nv_conf_fail(c, NAVE_ECONFIG, NULL, "%.*s", len > INT_MAX ? INT_MAX : (int)len, text);
}

static const struct nave_conf_iface conf_api = {
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

/* ---- building the tree ----------------------------------------------------------------------- */

struct builder {
    struct nv_conf_doc *doc;
    const struct nv_conf_scan *scan;
    size_t next_offset; /* in scan: one a node, in document order  */
    size_t next_node;   /* in doc->nodes: the next block of items  */
};

static void build(struct builder *b, struct node *n, const json_t *json);

static void build_item(struct builder *b, struct node *parent, size_t index, const char *key,
                       const json_t *json)
{
    struct node *n = &parent->items[index];

    n->parent = parent;
    n->index = index;
    n->key = key;
    build(b, n, json);
}

/* Recursion is as deep as the text is nested: NV_CONF_DEPTH_MAX. */
static void build(struct builder *b, struct node *n, const json_t *json)
{
    json_t *members = (json_t *)(uintptr_t)json; /* iterators want it so; nothing is written */
    size_t i = 0;
    void *iter;

    n->pub.api = &conf_api;
    n->doc = b->doc;
    n->json = json;
    assert(b->next_offset < b->scan->count);
    n->offset = b->scan->offsets[b->next_offset++];
    n->items = b->doc->nodes + b->next_node;
    if (json_is_array(json)) {
        n->count = json_array_size(json);
        b->next_node += n->count;
        for (i = 0; i < n->count; i++)
            build_item(b, n, i, NULL, json_array_get(json, i));
    } else if (json_is_object(json)) {
        n->count = json_object_size(json);
        b->next_node += n->count;
        for (iter = json_object_iter(members); iter; iter = json_object_iter_next(members, iter))
            build_item(b, n, i++, json_object_iter_key(iter), json_object_iter_value(iter));
    }
}

/* In the second reading (see parse) a whole number out of range arrives as a real. */
static void refuse_large_numbers(const struct nv_conf_doc *doc)
{
    size_t i;

    for (i = 0; i < doc->node_count; i++) {
        const struct node *n = &doc->nodes[i];
        const char *number = doc->text + n->offset;
        size_t len =
            json_is_real(n->json) ? nv_conf_compact(doc->text, doc->len, n->offset, NULL) : 0;

        if (len == 0 || memchr(number, '.', len) || memchr(number, 'e', len) ||
            memchr(number, 'E', len))
            continue;
        errno = 0;
        (void)strtoll(number, NULL, 10);
        if (errno == ERANGE)
            nv_conf_fail(&n->pub, NAVE_EOVERFLOW, NULL,
                         "number %.*s is out of range; whole numbers go from %lld to %lld",
                         len > 40 ? 40 : (int)len, number, LLONG_MIN, LLONG_MAX);
    }
}

/* ---- loading --------------------------------------------------------------------------------- */

static nave_err fail_at(struct nv_conf_doc *doc, nave_err code, size_t offset, const char *text)
{
    struct nv_place at = {.file = doc->name};

    nv_conf_locate(doc->text, doc->len, offset, &doc->seen);
    at.line = doc->seen.line;
    at.column = doc->seen.column;
    nv_report_error(doc->report, code, &at, "%s", text);
    return NAVE_ECONFIG;
}

static nave_err fail_memory(struct nv_report *report, const char *name)
{
    const struct nv_place at = {.file = name};

    nv_report_error(report, NAVE_ENOMEM, &at, "out of memory while reading the configuration");
    return NAVE_ENOMEM;
}

/* jansson has had codes for it since 2.11 only. */
static int is_number_out_of_range(const json_error_t *error)
{
    return strstr(error->text, "too big") == error->text ||
           strstr(error->text, "real number overflow") == error->text;
}

/* Say what jansson refused. Its position is the end of the token. */
static nave_err fail_parsed(struct nv_conf_doc *doc, const json_error_t *error)
{
    size_t end = error->position > 0 ? (size_t)error->position : 0;
    size_t start = nv_conf_token_before(doc->text, doc->len, end);
    struct nave_str token = {doc->text + start, end - start};
    char text[160];

    token.len = nv_text_cut(token, 64);
    if (is_number_out_of_range(error))
        snprintf(text, sizeof(text), "number %.*s is out of range", (int)token.len, token.ptr);
    else if (strstr(error->text, "duplicate object key") == error->text)
        snprintf(text, sizeof(text), "not valid JSON: duplicate object key near '%.*s'",
                 (int)token.len, token.ptr);
    else
        return fail_memory(doc->report, doc->name);
    return fail_at(doc, NAVE_ESYNTAX, start, text);
}

static nave_err parse(struct nv_conf_doc *doc)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    struct nv_conf_scan scan;
    struct builder builder;
    json_error_t error;
    struct nv_why why;
    int is_second_reading = 0;
    nave_err err;

    err = nv_conf_scan(doc->text, doc->len, NV_CONF_DEPTH_MAX, NV_CONF_VALUES_MAX, &scan, &why);
    if (err == NAVE_ENOMEM)
        return fail_memory(doc->report, doc->name);
    if (err)
        return fail_at(doc, err, scan.bad_offset, why.text);

    doc->json = json_loadb(doc->text, doc->len, flags, &error);
    if (!doc->json && is_number_out_of_range(&error)) {
        /* A whole number out of range stops the parser. Read again with all numbers as reals: if
         * nothing else was wrong, such numbers can be named by their pointers, every one. */
        doc->json = json_loadb(doc->text, doc->len, flags | JSON_DECODE_INT_AS_REAL, &error);
        is_second_reading = 1;
    }
    if (!doc->json) {
        err = fail_parsed(doc, &error);
        goto done;
    }

    doc->nodes = calloc(scan.count, sizeof(*doc->nodes));
    if (!doc->nodes) {
        err = fail_memory(doc->report, doc->name);
        goto done;
    }
    doc->node_count = scan.count;
    builder = (struct builder){.doc = doc, .scan = &scan, .next_node = 1};
    build(&builder, &doc->nodes[0], doc->json);
    if (is_second_reading) {
        refuse_large_numbers(doc);
        err = NAVE_ECONFIG;
    }
    if (!json_is_object(doc->json)) {
        nv_conf_fail(&doc->nodes[0].pub, NAVE_ECONFIG, NULL,
                     "the configuration is an object, { ... }; here stands %s",
                     nv_conf_kind_text(conf_kind(&doc->nodes[0].pub)));
        err = NAVE_ECONFIG;
    }
done:
    free(scan.offsets);
    return err;
}

/* Takes `text`, which ends in a NUL after `len` bytes, also on failure. */
static nave_err load(char *text, size_t len, const char *name, struct nv_report *report,
                     struct nv_conf_doc **out_doc)
{
    struct nv_conf_doc *doc = calloc(1, sizeof(*doc));
    nave_err err;

    if (!doc) {
        free(text);
        return fail_memory(report, name);
    }
    doc->report = report;
    doc->text = text;
    doc->len = len;
    doc->name = strdup(name);
    if (!doc->name) {
        err = fail_memory(report, name);
        goto fail;
    }
    /* Some editors begin a file with a byte order mark; RFC 8259 8.1 lets us skip it. It is no
     * character of line 1: columns count what the editor shows. */
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        doc->len = len - 3;
        memmove(text, text + 3, doc->len + 1);
    }
    err = parse(doc);
    if (err)
        goto fail;
    *out_doc = doc;
    return NAVE_OK;

fail:
    nv_conf_destroy(doc);
    return err;
}

nave_err nv_conf_load_file(const char *path, struct nv_report *report, struct nv_conf_doc **out_doc)
{
    char *text = NULL;
    size_t len = 0;
    nave_err err = nv_conf_read_file(path, NV_CONF_BYTES_MAX, report, &text, &len);

    return err ? err : load(text, len, path, report, out_doc);
}

nave_err nv_conf_load_text(const char *text, size_t len, const char *name, struct nv_report *report,
                           struct nv_conf_doc **out_doc)
{
    char *copy;

    if (len > NV_CONF_BYTES_MAX)
        return nv_conf_too_big(name, NV_CONF_BYTES_MAX, report);
    copy = malloc(len + 1);
    if (!copy)
        return fail_memory(report, name);
    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return load(copy, len, name, report, out_doc);
}

void nv_conf_destroy(struct nv_conf_doc *doc)
{
    size_t i;

    if (!doc)
        return;
    for (i = 0; i < doc->node_count; i++)
        free(doc->nodes[i].dump);
    free(doc->nodes);
    json_decref(doc->json);
    free(doc->text);
    free(doc->name);
    free(doc);
}

/* ---- what core asks of a document and its cursors -------------------------------------------- */

void nv_conf_set_report(struct nv_conf_doc *doc, struct nv_report *report)
{
    doc->report = report;
}

struct nave_conf *nv_conf_root(struct nv_conf_doc *doc)
{
    return &doc->nodes[0].pub;
}

uint64_t nv_conf_errors(const struct nv_conf_doc *doc)
{
    return doc->errors;
}

nave_err nv_conf_resolve_to(const struct nave_conf *c, struct nave_str path, char *out, size_t cap)
{
    const char *name = c ? node_of(c)->doc->name : "";
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
    const struct node *chain[NV_CONF_DEPTH_MAX + 1];
    const struct node *n;
    size_t depth = 0;
    size_t len = 0;

    if (cap == 0)
        return;
    out[0] = '\0';
    for (n = c ? node_of(c) : NULL; n && n->parent && depth < NAVE_COUNT(chain); n = n->parent)
        chain[depth++] = n;
    while (depth-- > 0) {
        n = chain[depth];
        if (n->key)
            len = nv_pointer_add(out, cap, len, n->key, strlen(n->key));
        else
            len = nv_pointer_add_index(out, cap, len, n->index);
    }
}

void nv_conf_fail(const struct nave_conf *c, nave_err code, const char *plugin, const char *format,
                  ...)
{
    char pointer[NV_POINTER_MAX];
    struct nv_conf_doc *doc;
    struct nv_place at;
    va_list args;

    if (!c)
        return;
    doc = node_of(c)->doc;
    doc->errors++;
    nv_conf_pointer(c, pointer, sizeof(pointer));
    at = (struct nv_place){.file = doc->name, .pointer = pointer, .plugin = plugin};
    nv_conf_locate(doc->text, doc->len, node_of(c)->offset, &doc->seen);
    at.line = doc->seen.line;
    at.column = doc->seen.column;
    va_start(args, format);
    nv_report_verror(doc->report, code, &at, format, args);
    va_end(args);
}

struct nave_str nv_conf_key(const struct nave_conf *c)
{
    const char *key = c ? node_of(c)->key : NULL;

    return key ? (struct nave_str){key, strlen(key)} : (struct nave_str){"", 0};
}

const char *nv_conf_kind_text(uint32_t kind)
{
    static const char *const texts[] = {"null",           "true or false",
                                        "a whole number", "a number with a fraction",
                                        "a text",         "a list",
                                        "an object"};

    return kind < NAVE_COUNT(texts) ? texts[kind] : "something unknown";
}

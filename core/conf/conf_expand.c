/* SPDX-License-Identifier: MIT
 *
 * What stands in another place: files that are included, texts that come from files or from the
 * environment.
 *
 *     {"$include": "more.json", "a": 1}   the members of more.json, and "a"
 *     [1, {"$include": "list.json"}]      the items of list.json; an object is one item
 *     {"$file": "token"}, {"$env": "X"}   a text
 *
 * Objects are merged deep, lists are joined; the same scalar twice is an error that names both places.
 * The order is that of the file, with what is included in the place of "$include".
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_file.h"
#include "conf_tree.h"
#include "base/value.h"

static int is_word(struct nave_str s, const char *word)
{
    return strlen(word) == s.len && memcmp(s.ptr, word, s.len) == 0;
}

static struct nave_str str_of(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

/* ---- merging --------------------------------------------------------------------------------- */

/* Put `child` into `n`, or its children into the one that has its key already. */
static void merge(struct nv_conf_node *n, struct nv_conf_node *child)
{
    struct nv_conf_node *other = nv_conf_child(n, child->key);
    struct nv_conf_node *each, *next;

    if (!other) {
        nv_conf_append(n, child);
        return;
    }
    if (other->kind != child->kind ||
        (child->kind != NAVE_CONF_OBJECT && child->kind != NAVE_CONF_LIST)) {
        child->parent = n;
        nv_conf_fail_twice(child, other);
        return;
    }
    other->flags |= NV_NODE_ALTERED;
    for (each = nv_conf_detach(child); each; each = next) {
        next = each->next;
        if (child->kind == NAVE_CONF_OBJECT)
            merge(other, each);
        else
            nv_conf_append(other, each);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

/* "DIR/PATH" in the folder of the file in which `at` stands. 0: too long, reported. */
static int join(const struct nv_conf_node *at, struct nave_str path, char *out, size_t cap)
{
    const char *name = at->source->name;
    const char *slash = path.len > 0 && path.ptr[0] == '/' ? NULL : strrchr(name, '/');
    int folder_len = slash ? (int)(slash - name + 1) : 0;
    int len = -1;

    if (path.len > 0 && path.len < PATH_MAX)
        len = snprintf(out, cap, "%.*s%.*s", folder_len, name, (int)path.len, path.ptr);
    if (len > 0 && (size_t)len < cap)
        return 1;
    nv_conf_fail(&at->pub, NAVE_ETOOBIG, NULL, "the path of a file has 1 to %d bytes",
                 PATH_MAX - 1);
    return 0;
}

/* Report the circle that ends in `file`, if there is one. */
static int is_circle(const struct nv_conf_node *at, const char *name,
                     const struct nv_conf_file *file)
{
    const struct nv_conf_source *twice = at->source, *s;
    char text[512];
    size_t len;

    for (; twice; twice = twice->includer) {
        if (twice->device || twice->inode
                ? twice->device == file->device && twice->inode == file->inode
                : strcmp(twice->name, name) == 0)
            break;
    }
    if (!twice)
        return 0;
    len = (size_t)snprintf(text, sizeof(text), "%s", name);
    for (s = at->source; len < sizeof(text); s = s->includer) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, ", which %s includes", s->name);
        if (s == twice)
            break;
    }
    nv_conf_fail(&at->pub, NAVE_ECYCLE, NULL, "the files include each other in a circle: %s", text);
    return 1;
}

/* The tree of the file that text `at` names, or NULL, reported. Its root has the place of `like`. */
static struct nv_conf_node *load(struct nv_conf_node *at, const struct nv_conf_node *like)
{
    struct nv_conf_doc *doc = at->doc;
    struct nv_conf_source *source;
    struct nv_conf_file file;
    struct nv_why why = {""};
    char name[2 * PATH_MAX];
    nave_err err;

    if (at->source->depth + 1 > NV_CONF_INCLUDES_DEEP) {
        nv_conf_fail(&at->pub, NAVE_ELIMIT, NULL, "files include each other %u deep, the most",
                     NV_CONF_INCLUDES_DEEP);
        return NULL;
    }
    if (doc->files >= NV_CONF_FILES_MAX) {
        if (doc->files++ == NV_CONF_FILES_MAX)
            nv_conf_fail(&at->pub, NAVE_ELIMIT, NULL, "%u files are included already, the most",
                         NV_CONF_FILES_MAX);
        doc->files = NV_CONF_FILES_MAX + 1;
        return NULL;
    }
    if (!join(at, at->value.text, name, sizeof(name)))
        return NULL;
    err = doc->read(doc->read_arg, name, NV_CONF_BYTES_MAX - doc->bytes, &file, &why);
    if (err == NAVE_ETOOBIG)
        nv_why_set(&why, err, "makes the configuration larger than %u MiB, the most",
                   NV_CONF_BYTES_MAX >> 20);
    if (err == NAVE_ENOMEM)
        doc->is_out_of_memory = 1;
    else if (err)
        nv_conf_fail(&at->pub, err, NULL, "%s %s", name, why.text);
    if (err)
        return NULL;
    if (is_circle(at, name, &file)) {
        free(file.text);
        return NULL;
    }
    doc->files++;
    doc->bytes += file.len;
    source = nv_conf_source_add(doc, at->source, name, file.text, file.len);
    if (!source)
        return NULL;
    source->device = file.device;
    source->inode = file.inode;
    return nv_conf_parse(doc, source, like);
}

/* The first path in the value of an "$include", or NULL: there is none, or it was refused. */
static struct nv_conf_node *first_path(struct nv_conf_node *include)
{
    struct nv_conf_node *first = include->kind == NAVE_CONF_LIST ? include->first : include;
    struct nv_conf_node *each;

    for (each = first; each; each = each == include ? NULL : each->next) {
        if (each->kind == NAVE_CONF_TEXT)
            continue;
        nv_conf_fail(&each->pub, NAVE_EINVAL, NULL,
                     "\"$include\" is the path of a file or a list of such paths; here stands %s",
                     nv_conf_kind_text(each->kind));
        return NULL;
    }
    return first;
}

/* The path behind `path`. What is beyond the limit was told once. */
static struct nv_conf_node *next_path(const struct nv_conf_node *include,
                                      const struct nv_conf_node *path)
{
    return path == include || path->doc->files == NV_CONF_FILES_MAX + 1 ? NULL : path->next;
}

/* ---- objects --------------------------------------------------------------------------------- */

static void expand_members(struct nv_conf_node *n, unsigned depth);

static void include_members(struct nv_conf_node *n, struct nv_conf_node *include, unsigned depth)
{
    struct nv_conf_node *path, *root, *each, *next;

    n->flags |= NV_NODE_ALTERED;
    for (path = first_path(include); path; path = next_path(include, path)) {
        root = load(path, n);
        if (n->doc->is_out_of_memory)
            return;
        if (root && root->kind != NAVE_CONF_OBJECT)
            nv_conf_fail(&root->pub, NAVE_EINVAL, NULL,
                         "what an object includes is an object, { ... }; here stands %s",
                         nv_conf_kind_text(root->kind));
        if (!root || root->kind != NAVE_CONF_OBJECT)
            continue;
        expand_members(root, depth);
        for (each = nv_conf_detach(root); each; each = next) {
            next = each->next;
            if (!is_word(each->key, "$schema")) /* each file has its own, for editors */
                merge(n, each);
        }
    }
}

static void expand_members(struct nv_conf_node *n, unsigned depth)
{
    int has_include = nv_conf_child(n, str_of("$include")) != NULL;
    struct nv_conf_node *each, *next;

    for (each = has_include ? nv_conf_detach(n) : n->first; each; each = next) {
        next = each->next;
        if (n->doc->is_out_of_memory)
            return;
        if (is_word(each->key, "$include")) {
            include_members(n, each, depth);
            continue;
        }
        nv_conf_expand(each, depth + 1);
        if (has_include)
            merge(n, each);
    }
}

/* ---- lists ----------------------------------------------------------------------------------- */

static struct nv_conf_node *include_of(const struct nv_conf_node *item)
{
    return item->kind == NAVE_CONF_OBJECT && item->count == 1
               ? nv_conf_child(item, str_of("$include"))
               : NULL;
}

/* Put what `include`, all that is in item `item` of `n`, names behind the other items. */
static void include_items(struct nv_conf_node *n, struct nv_conf_node *item,
                          struct nv_conf_node *include, unsigned depth)
{
    struct nv_conf_node *path, *root, *each, *next;
    struct nv_conf_node like = *item; /* where the next item will stand */
    int is_refused = 0;

    like.parent = n;
    n->flags |= NV_NODE_ALTERED;
    for (path = first_path(include); path; path = next_path(include, path)) {
        like.index = n->count;
        root = load(path, &like);
        if (n->doc->is_out_of_memory)
            return;
        is_refused |= !root;
        if (!root)
            continue;
        if (root->kind != NAVE_CONF_LIST) {
            nv_conf_append(n, root);
            nv_conf_expand(root, depth + 1);
            continue;
        }
        for (each = nv_conf_detach(root); each && !n->doc->is_out_of_memory; each = next) {
            struct nv_conf_node *more = include_of(each);

            next = each->next;
            if (more) {
                include_items(n, each, more, depth);
                continue;
            }
            nv_conf_append(n, each);
            nv_conf_expand(each, depth + 1);
        }
    }
    if (is_refused) /* what stands behind it keeps the place that it has in the file */
        nv_conf_append(n, item);
}

static void expand_items(struct nv_conf_node *n, unsigned depth)
{
    struct nv_conf_node *each, *next;
    int has_include = 0;

    for (each = n->first; each && !has_include; each = each->next)
        has_include = include_of(each) != NULL;
    for (each = has_include ? nv_conf_detach(n) : n->first; each; each = next) {
        struct nv_conf_node *include = include_of(each);

        next = each->next;
        if (n->doc->is_out_of_memory)
            return;
        if (include) {
            include_items(n, each, include, depth);
            continue;
        }
        if (has_include)
            nv_conf_append(n, each);
        nv_conf_expand(each, depth + 1);
    }
}

/* ---- texts from elsewhere -------------------------------------------------------------------- */

/* Why `text` can be no text of a configuration, or NULL. */
static const char *text_fault(struct nave_str text)
{
    size_t i, n;

    for (i = 0; i < text.len; i += n) {
        n = nv_value_utf8(text.ptr + i, text.len - i);
        if (n == 0)
            return "is not UTF-8";
        if (text.ptr[i] == '\0')
            return "has a zero byte in it";
    }
    return NULL;
}

/* Let `n` be a text: what `ref` named, in words `what`. */
static void become_text(struct nv_conf_node *n, struct nv_conf_node *ref, const char *what,
                        struct nave_str text)
{
    const char *fault = text_fault(text);
    struct nv_conf_doc *doc = n->doc;
    char *copy;

    if (fault) {
        nv_conf_fail(&ref->pub, NAVE_EINVAL, NULL, "%s %s", what, fault);
        return;
    }
    if (text.len > NV_CONF_BYTES_MAX - doc->bytes) {
        nv_conf_fail(&ref->pub, NAVE_ETOOBIG, NULL,
                     "%s makes the configuration larger than %u MiB, the most", what,
                     NV_CONF_BYTES_MAX >> 20);
        return;
    }
    copy = nv_conf_alloc(doc, text.len + 1);
    if (!copy)
        return;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    doc->bytes += text.len;
    n->kind = NAVE_CONF_TEXT;
    n->value.text = (struct nave_str){copy, text.len};
    n->count = 0; /* `first` stays, for dumps */
    n->flags |= NV_NODE_ALTERED | NV_NODE_REFERENCE;
}

static void take_file(struct nv_conf_node *n, struct nv_conf_node *ref)
{
    struct nv_conf_doc *doc = n->doc;
    struct nv_conf_file file;
    struct nv_why why = {""};
    char name[2 * PATH_MAX];
    struct nave_str text;
    nave_err err;

    if (!join(ref, ref->value.text, name, sizeof(name)))
        return;
    err = doc->read(doc->read_arg, name, NV_CONF_SECRET_MAX, &file, &why);
    if (err == NAVE_ETOOBIG)
        nv_why_set(&why, err, "is larger than %u KiB, the most that one text may have",
                   NV_CONF_SECRET_MAX >> 10);
    if (err == NAVE_ENOMEM)
        doc->is_out_of_memory = 1;
    else if (err)
        nv_conf_fail(&ref->pub, err, NULL, "%s %s", name, why.text);
    if (err)
        return;
    text = (struct nave_str){file.text, file.len};
    if (text.len > 0 && text.ptr[text.len - 1] == '\n') /* that of the editor */
        text.len -= 1 + (text.len > 1 && text.ptr[text.len - 2] == '\r');
    if (file.is_exposed)
        n->flags |= NV_NODE_EXPOSED;
    become_text(n, ref, name, text);
    free(file.text);
}

static void take_variable(struct nv_conf_node *n, struct nv_conf_node *ref)
{
    struct nave_str name = ref->value.text;
    char word[256], what[300];
    const char *value;

    if (name.len == 0 || name.len >= sizeof(word) || memchr(name.ptr, '=', name.len)) {
        nv_conf_fail(&ref->pub, NAVE_EINVAL, NULL,
                     "the name of a variable has 1 to %zu bytes, and no '='", sizeof(word) - 1);
        return;
    }
    memcpy(word, name.ptr, name.len);
    word[name.len] = '\0';
    value = getenv(word);
    snprintf(what, sizeof(what), "variable \"%s\" of the environment", word);
    if (!value)
        nv_conf_fail(&ref->pub, NAVE_ENOTFOUND, NULL, "%s is not set", what);
    else if (strlen(value) > NV_CONF_SECRET_MAX)
        nv_conf_fail(&ref->pub, NAVE_ETOOBIG, NULL,
                     "%s is larger than %u KiB, the most that one text may have", what,
                     NV_CONF_SECRET_MAX >> 10);
    else
        become_text(n, ref, what, str_of(value));
}

static void take_reference(struct nv_conf_node *n, struct nv_conf_node *ref)
{
    int is_file = is_word(ref->key, "$file");

    if (n->count != 1)
        nv_conf_fail(&ref->pub, NAVE_EINVAL, NULL, "\"%s\" stands alone in its object",
                     is_file ? "$file" : "$env");
    else if (ref->kind != NAVE_CONF_TEXT)
        nv_conf_fail(&ref->pub, NAVE_EINVAL, NULL, "\"%s\" is %s, a text; here stands %s",
                     is_file ? "$file" : "$env",
                     is_file ? "the path of a file" : "the name of a variable",
                     nv_conf_kind_text(ref->kind));
    else if (is_file)
        take_file(n, ref);
    else
        take_variable(n, ref);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Recursion is as deep as levels are allowed; what is included does not make one. */
void nv_conf_expand(struct nv_conf_node *n, unsigned depth)
{
    struct nv_conf_node *ref;

    if (n->doc->is_out_of_memory || (n->kind != NAVE_CONF_OBJECT && n->kind != NAVE_CONF_LIST))
        return;
    if (depth > NV_CONF_DEPTH_MAX) {
        nv_conf_fail(&n->pub, NAVE_ETOOBIG, NULL, "nested deeper than %u levels",
                     NV_CONF_DEPTH_MAX);
        (void)nv_conf_detach(n);
        return;
    }
    if (n->kind == NAVE_CONF_LIST) {
        expand_items(n, depth);
        return;
    }
    ref = nv_conf_child(n, str_of("$file"));
    if (!ref)
        ref = nv_conf_child(n, str_of("$env"));
    if (ref)
        take_reference(n, ref);
    else
        expand_members(n, depth);
}

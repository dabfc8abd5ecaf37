/* SPDX-License-Identifier: MIT
 *
 * What is set from outside: a JSON pointer (RFC 6901) and a value that takes the place of what the
 * files say. Members of objects are made where they are missing; "-" stands behind the last item of a
 * list. In reports the file of such a value is "--set".
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_tree.h"
#include "base/value.h"

#define SET_NAME "--set"

/* The next token of the pointer at *at, which is at its '/', decoded to `out`. */
static struct nave_str next_token(const char **at, char *out)
{
    struct nave_str token = {out, 0};

    for ((*at)++; **at && **at != '/'; (*at)++) {
        if (**at == '~') {
            (*at)++;
            out[token.len++] = **at == '0' ? '~' : '/';
        } else {
            out[token.len++] = **at;
        }
    }
    return token;
}

nave_err nv_conf_check_set(const struct nv_conf_set *set, struct nv_why *why)
{
    struct nv_conf_scan scan;
    const char *at;
    size_t tokens = 0, n;

    if (set->pointer[0] != '/')
        return nv_why_set(why, NAVE_ESYNTAX, "the pointer begins with '/', as in /runtime/workers");
    if (strlen(set->pointer) >= NV_POINTER_MAX)
        return nv_why_set(why, NAVE_ETOOBIG, "the pointer has more than %u bytes",
                          NV_POINTER_MAX - 1);
    for (at = set->pointer; *at; at += n) {
        n = nv_value_utf8(at, strlen(at));
        if (n == 0)
            return nv_why_set(why, NAVE_ESYNTAX, "the pointer is not UTF-8");
        tokens += *at == '/';
        if (*at == '~' && at[1] != '0' && at[1] != '1')
            return nv_why_set(why, NAVE_ESYNTAX,
                              "in a pointer '~' is followed by 0 or 1: ~0 is '~', ~1 is '/'");
    }
    if (tokens > NV_CONF_DEPTH_MAX)
        return nv_why_set(why, NAVE_ETOOBIG, "the pointer is deeper than %u levels",
                          NV_CONF_DEPTH_MAX);
    return nv_conf_scan(set->json, strlen(set->json), NV_CONF_DEPTH_MAX, NV_CONF_VALUES_MAX, &scan,
                        why);
}

static void refuse(struct nv_conf_doc *doc, const struct nv_conf_set *set, const char *text)
{
    const struct nv_place place = {.file = SET_NAME, .pointer = set->pointer};

    doc->errors++;
    nv_report_error(doc->report, NAVE_EINVAL, &place, "%s", text);
}

static struct nv_conf_node *item_of(struct nv_conf_node *list, struct nave_str token)
{
    struct nv_conf_node *n = list->first;
    size_t i, index = 0;

    if (token.len == 0 || token.len > 9 || (token.len > 1 && token.ptr[0] == '0'))
        return NULL;
    for (i = 0; i < token.len; i++) {
        if (token.ptr[i] < '0' || token.ptr[i] > '9')
            return NULL;
        index = index * 10 + (size_t)(token.ptr[i] - '0');
    }
    while (n && index-- > 0)
        n = n->next;
    return n;
}

static int is_append(struct nave_str token)
{
    return token.len == 1 && token.ptr[0] == '-';
}

/* The child of `n` that `token` names, or NULL: it is to be made. *is_wrong: there can be none. */
static struct nv_conf_node *step(struct nv_conf_doc *doc, const struct nv_conf_set *set,
                                 struct nv_conf_node *n, struct nave_str token, int *is_wrong)
{
    struct nv_conf_node *child = NULL;
    char pointer[NV_POINTER_MAX], text[NV_TEXT_MAX];

    *is_wrong = 0;
    if (n->kind == NAVE_CONF_OBJECT)
        return nv_conf_child(n, token);
    if (n->kind == NAVE_CONF_LIST) {
        child = item_of(n, token);
        if (child || is_append(token))
            return child;
    }
    *is_wrong = 1;
    nv_conf_pointer(&n->pub, pointer, sizeof(pointer));
    if (n->kind == NAVE_CONF_LIST)
        snprintf(text, sizeof(text),
                 "%s is a list of %u items, and \"%.*s\" is none of them; \"-\" "
                 "stands behind the last",
                 pointer, n->count, (int)nv_text_cut(token, 64), token.ptr);
    else
        snprintf(text, sizeof(text), "%s is %s, which has no member \"%.*s\"", pointer,
                 nv_conf_kind_text(n->kind), (int)nv_text_cut(token, 64), token.ptr);
    refuse(doc, set, text);
    return NULL;
}

/* Put `child` under `token` into `n`. */
static void place(struct nv_conf_node *n, struct nave_str token, struct nv_conf_node *child)
{
    char *copy;

    n->flags |= NV_NODE_ALTERED;
    if (n->kind == NAVE_CONF_OBJECT) {
        copy = nv_conf_alloc(n->doc, token.len + 1);
        if (!copy)
            return;
        memcpy(copy, token.ptr, token.len);
        child->key = (struct nave_str){copy, token.len};
    }
    nv_conf_append(n, child);
}

static void apply(struct nv_conf_doc *doc, const struct nv_conf_set *set)
{
    struct nv_conf_node *n = doc->root, *child, *value;
    struct nv_conf_source *source;
    const char *at = set->pointer;
    char room[NV_POINTER_MAX];
    size_t len = strlen(set->json);
    char *copy = malloc(len + 1);
    unsigned depth = 1;
    int is_wrong;

    if (copy)
        memcpy(copy, set->json, len + 1);
    source = copy ? nv_conf_source_add(doc, NULL, SET_NAME, copy, len) : NULL;
    if (!source) {
        doc->is_out_of_memory = 1;
        return;
    }
    for (;; depth++) {
        struct nave_str token = next_token(&at, room);

        child = step(doc, set, n, token, &is_wrong);
        if (is_wrong)
            return;
        if (!*at || !child) { /* the value goes here, or something new that leads to it */
            value = nv_conf_node_new(doc, source, 0);
            if (!value)
                return;
            value->kind = at[0] == '/' && at[1] == '-' && (!at[2] || at[2] == '/')
                              ? NAVE_CONF_LIST
                              : NAVE_CONF_OBJECT;
            value->flags = NV_NODE_ALTERED;
            if (child)
                nv_conf_replace(child, value);
            else
                place(n, token, value);
            child = value;
        }
        n = child;
        if (!*at || doc->is_out_of_memory)
            break;
    }
    /* `n` has the place by now. */
    value = doc->is_out_of_memory ? NULL : nv_conf_parse(doc, source, n);
    if (!value)
        return;
    nv_conf_replace(n, value);
    nv_conf_expand(value, depth + 1);
}

void nv_conf_apply_sets(struct nv_conf_doc *doc, const struct nv_conf_set *sets, size_t count)
{
    size_t i;

    for (i = 0; i < count && !doc->is_out_of_memory; i++)
        apply(doc, &sets[i]);
}

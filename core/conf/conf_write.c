/* SPDX-License-Identifier: MIT
 *
 * From the tree back to JSON: compact, as a plugin asks for it, or indented, for people, with secrets
 * masked. What stands in one file without a change is written from that file's text, so that numbers
 * and texts come out as they went in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_tree.h"

struct writer {
    nv_conf_write_fn *write;
    void *arg;
    int is_for_people; /* indented, masked */
};

static void put(const struct writer *w, const char *text)
{
    w->write(w->arg, text, strlen(text));
}

/* ---- texts ----------------------------------------------------------------------------------- */

void nv_conf_write_text(struct nave_str text, nv_conf_write_fn *write, void *arg)
{
    size_t from = 0, i;

    write(arg, "\"", 1);
    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        char escape[8];

        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        if (i > from)
            write(arg, text.ptr + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\')
            snprintf(escape, sizeof(escape), "\\%c", c);
        else if (c == '\n')
            snprintf(escape, sizeof(escape), "\\n");
        else
            snprintf(escape, sizeof(escape), "\\u%04x", c);
        write(arg, escape, strlen(escape));
    }
    if (i > from)
        write(arg, text.ptr + from, i - from);
    write(arg, "\"", 1);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void new_line(const struct writer *w, unsigned depth)
{
    if (!w->is_for_people)
        return;
    put(w, "\n");
    while (depth-- > 0)
        put(w, "  ");
}

static void write_scalar(const struct writer *w, const struct nv_conf_node *n)
{
    const struct nv_conf_source *s = n->source;

    if (n->flags & NV_NODE_REFERENCE)
        nv_conf_write_text(n->value.text, w->write, w->arg);
    else
        w->write(w->arg, s->text + n->offset, nv_conf_token(s->text, s->len, n->offset));
}

static void write_node(const struct writer *w, const struct nv_conf_node *n, unsigned depth)
{
    int is_reference = w->is_for_people && (n->flags & NV_NODE_REFERENCE);
    int is_object = n->kind == NAVE_CONF_OBJECT || is_reference;
    const struct nv_conf_node *each = n->first;

    if (w->is_for_people && (n->flags & NV_NODE_SECRET) && !is_reference) {
        put(w, "\"***\"");
        return;
    }
    if (!is_object && n->kind != NAVE_CONF_LIST) {
        write_scalar(w, n);
        return;
    }
    put(w, is_object ? "{" : "[");
    for (; each; each = each->next) {
        new_line(w, depth + 1);
        if (is_object) {
            nv_conf_write_text(each->key, w->write, w->arg);
            put(w, w->is_for_people ? ": " : ":");
        }
        write_node(w, each, depth + 1);
        if (each->next)
            put(w, ",");
    }
    if (n->first)
        new_line(w, depth);
    put(w, is_object ? "}" : "]");
}

void nv_conf_write(const struct nave_conf *c, unsigned depth, nv_conf_write_fn *write, void *arg)
{
    const struct writer w = {write, arg, 1};

    if (c)
        write_node(&w, (const struct nv_conf_node *)(const void *)c, depth);
}

/* ---- for plugins ----------------------------------------------------------------------------- */

struct measure {
    char *out; /* NULL: only measure */
    size_t len;
};

static void add(void *arg, const char *text, size_t len)
{
    struct measure *m = arg;

    if (m->out)
        memcpy(m->out + m->len, text, len);
    m->len += len;
}

static size_t compact(const struct nv_conf_node *n, char *out)
{
    struct measure m = {out, 0};
    const struct writer w = {add, &m, 0};

    if (!(n->flags & NV_NODE_ALTERED))
        return nv_conf_compact(n->source->text, n->source->len, n->offset, out);
    write_node(&w, n, 0);
    return m.len;
}

nave_err nv_conf_dump(struct nv_conf_node *n, struct nave_str *out)
{
    if (!n->dump) {
        size_t len = compact(n, NULL);
        struct nv_conf_dumped *dump = malloc(sizeof(*dump) + len + 1);

        if (!dump)
            return NAVE_ENOMEM;
        compact(n, dump->text);
        dump->text[len] = '\0';
        dump->len = len;
        dump->next = n->doc->dumps;
        n->doc->dumps = n->dump = dump;
    }
    *out = (struct nave_str){n->dump->text, n->dump->len};
    return NAVE_OK;
}

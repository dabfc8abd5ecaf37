/* SPDX-License-Identifier: MIT
 *
 * The resolved graph: plugins in the order in which they start, the services between them, and the
 * chain of each listener. What plugins make of each other while they prepare (the handlers of routes)
 * is in it only once they have.
 */
#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "runtime/runtime.h"

/* 1: `user` needs a service of `provider`. */
static int has_service(const struct nv_plugin *user, const struct nv_plugin *provider)
{
    uint32_t n;

    for (n = 0; n < user->file->manifest->need_count; n++)
        if (user->needs[n].provider == provider)
            return 1;
    return 0;
}

static int has_edge(const struct nave_runtime *rt, uint32_t user, uint32_t provider)
{
    return user != provider && rt->graph.uses[(size_t)user * rt->graph.count + provider] != 0;
}

static const struct nv_plugin *in_order(const struct nave_runtime *rt, uint32_t i)
{
    return rt->plugins[rt->order[i]];
}

/* --- text ------------------------------------------------------------------------------------ */

static void put_starts(struct nv_describe *d)
{
    const struct nave_runtime *rt = d->rt;
    size_t id = 0, version = 0;
    uint32_t i, k, n;

    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_manifest *m = rt->plugins[i]->file->manifest;

        if (strlen(m->id) > id)
            id = strlen(m->id);
        if (nv_out_width(m->version) > version)
            version = nv_out_width(m->version);
    }
    nv_out_text(&d->out, "order of start\n");
    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_plugin *p = in_order(rt, i);

        nv_out_format(&d->out, "  %2u  ", i + 1);
        nv_out_column(&d->out, p->id, id + 2, 2);
        for (k = 0, n = 0; k < rt->plugin_count; k++)
            n += (uint32_t)has_edge(rt, p->index, k);
        if (!n) {
            nv_out_clean(&d->out, p->file->manifest->version);
            nv_out_text(&d->out, "\n");
            continue;
        }
        nv_out_column(&d->out, p->file->manifest->version, version + 2, 2);
        nv_out_text(&d->out, "after ");
        for (k = 0, n = 0; k < rt->plugin_count; k++)
            if (has_edge(rt, p->index, k))
                nv_out_format(&d->out, "%s%s", n++ ? ", " : "", rt->plugins[k]->id);
        nv_out_text(&d->out, "\n");
    }
}

static void put_services(struct nv_describe *d)
{
    const struct nave_runtime *rt = d->rt;
    uint32_t i, n, lines = 0;

    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_plugin *p = in_order(rt, i);

        for (n = 0; n < p->file->manifest->need_count; n++) {
            if (!p->needs[n].provider)
                continue;
            if (!lines++)
                nv_out_text(&d->out, "\nservices\n");
            nv_out_format(&d->out, "  %s uses %s of %s\n", p->id, p->file->manifest->needs[n].id,
                          p->needs[n].provider->id);
        }
    }
}

void nv_describe_graph_text(struct nv_describe *d)
{
    const struct nave_runtime *rt = d->rt;
    char name[128];
    size_t width = 0;
    uint32_t i, k;

    put_starts(d);
    put_services(d);
    if (rt->listener_count)
        nv_out_text(&d->out, "\nlisteners\n");
    for (i = 0; i < rt->listener_count; i++)
        if (rt->listeners[i].conf.name.len > width)
            width = rt->listeners[i].conf.name.len;
    if (width > sizeof(name) - 1)
        width = sizeof(name) - 1;
    for (i = 0; i < rt->listener_count; i++) {
        const struct nv_listener *l = &rt->listeners[i];

        snprintf(name, sizeof(name), "%.*s", (int)l->conf.name.len, l->conf.name.ptr);
        nv_out_text(&d->out, "  ");
        nv_out_column(&d->out, name, width + 2, 2);
        snprintf(name, sizeof(name), "%.*s", (int)l->conf.bind.len, l->conf.bind.ptr);
        nv_out_clean(&d->out, name);
        for (k = 0; k < l->layer_count; k++)
            nv_out_format(&d->out, " -> %s", l->layers[k]);
        nv_out_format(&d->out, " -> %s%s%s\n", l->protocol, l->handler ? " -> " : "",
                      l->handler ? l->handler : "");
    }
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void json_plugin(struct nv_json *j, const struct nave_runtime *rt, const struct nv_plugin *p)
{
    uint32_t n, k;

    nv_json_object(j, NULL);
    nv_json_text(j, "id", p->id);
    nv_json_text(j, "version", p->file->manifest->version);
    nv_json_text(j, "file", p->file->is_static ? NULL : p->file->path);
    nv_json_list(j, "after");
    for (k = 0; k < rt->plugin_count; k++)
        if (has_edge(rt, p->index, k))
            nv_json_text(j, NULL, rt->plugins[k]->id);
    nv_json_end(j);
    nv_json_list(j, "services");
    for (n = 0; n < p->file->manifest->need_count; n++) {
        if (!p->needs[n].provider)
            continue;
        nv_json_object(j, NULL);
        nv_json_text(j, "id", p->file->manifest->needs[n].id);
        nv_json_text(j, "of", p->needs[n].provider->id);
        nv_json_end(j);
    }
    nv_json_end(j);
    nv_json_end(j);
}

void nv_describe_graph_json(struct nv_describe *d)
{
    const struct nave_runtime *rt = d->rt;
    struct nv_json j;
    uint32_t i, k;

    nv_json_init(&j, &d->out);
    nv_json_object(&j, NULL);
    nv_json_list(&j, "plugins");
    for (i = 0; i < rt->plugin_count; i++)
        json_plugin(&j, rt, in_order(rt, i));
    nv_json_end(&j);
    nv_json_list(&j, "listeners");
    for (i = 0; i < rt->listener_count; i++) {
        const struct nv_listener *l = &rt->listeners[i];

        nv_json_object(&j, NULL);
        nv_json_str(&j, "name", l->conf.name);
        nv_json_str(&j, "bind", l->conf.bind);
        nv_json_text(&j, "transport", l->scheme);
        nv_json_list(&j, "layers");
        for (k = 0; k < l->layer_count; k++)
            nv_json_text(&j, NULL, l->layers[k]);
        nv_json_end(&j);
        nv_json_text(&j, "protocol", l->protocol);
        nv_json_text(&j, "handler", l->handler);
        nv_json_end(&j);
    }
    nv_json_end(&j);
    nv_json_end(&j);
    nv_out_text(&d->out, "\n");
}

/* --- DOT ------------------------------------------------------------------------------------- */

/* A quoted id of the DOT language: only '"' and '\' need care there. */
static void dot_str(struct nv_out *o, const char *prefix, struct nave_str text)
{
    size_t i;

    nv_out_text(o, "\"");
    nv_out_text(o, prefix);
    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == '"' || c == '\\')
            nv_out_text(o, "\\");
        nv_out_bytes(o, c < 0x20 || c == 0x7f ? "?" : &text.ptr[i], 1);
    }
    nv_out_text(o, "\"");
}

static void dot_text(struct nv_out *o, const char *text)
{
    dot_str(o, "", (struct nave_str){text, strlen(text)});
}

/* The plugin that has role `name` of `kind`. */
static const struct nv_plugin *owner_of(const struct nave_runtime *rt, const char *kind,
                                        const char *name)
{
    uint32_t i;

    for (i = 0; name && i < rt->plugin_count; i++)
        if (nv_manifest_role(rt->plugins[i]->file->manifest, kind, name))
            return rt->plugins[i];
    return NULL;
}

static void dot_link(struct nv_describe *d, const struct nv_listener *l, const char *kind,
                     const char *name)
{
    const struct nv_plugin *p = owner_of(d->rt, kind, name);

    if (!p)
        return;
    nv_out_text(&d->out, "  ");
    dot_str(&d->out, "listener ", l->conf.name);
    nv_out_text(&d->out, " -> ");
    dot_text(&d->out, p->id);
    nv_out_format(&d->out, " [style=dashed, label=\"%s %s\"];\n", kind, name);
}

void nv_describe_graph_dot(struct nv_describe *d)
{
    const struct nave_runtime *rt = d->rt;
    struct nv_out *o = &d->out;
    uint32_t i, k, n;

    nv_out_text(o, "digraph nave {\n  rankdir=LR;\n  node [shape=box];\n");
    for (i = 0; i < rt->plugin_count; i++) {
        const struct nv_plugin *p = in_order(rt, i);

        nv_out_text(o, "  ");
        dot_text(o, p->id);
        nv_out_text(o, ";\n");
        for (n = 0; n < p->file->manifest->need_count; n++) {
            if (!p->needs[n].provider)
                continue;
            nv_out_text(o, "  ");
            dot_text(o, p->id);
            nv_out_text(o, " -> ");
            dot_text(o, p->needs[n].provider->id);
            nv_out_text(o, " [label=");
            dot_text(o, p->file->manifest->needs[n].id);
            nv_out_text(o, "];\n");
        }
        for (k = 0; k < rt->plugin_count; k++)
            if (has_edge(rt, p->index, k) && !has_service(p, rt->plugins[k])) {
                nv_out_text(o, "  ");
                dot_text(o, p->id);
                nv_out_text(o, " -> ");
                dot_text(o, rt->plugins[k]->id);
                nv_out_text(o, " [style=dotted];\n");
            }
    }
    for (i = 0; i < rt->listener_count; i++) {
        const struct nv_listener *l = &rt->listeners[i];

        nv_out_text(o, "  ");
        dot_str(o, "listener ", l->conf.name);
        nv_out_text(o, " [shape=ellipse, label=");
        dot_str(o, "", l->conf.bind);
        nv_out_text(o, "];\n");
        dot_link(d, l, "transport", l->scheme);
        for (k = 0; k < l->layer_count; k++)
            dot_link(d, l, "layer", l->layers[k]);
        dot_link(d, l, "protocol", l->protocol);
        dot_link(d, l, "handler", l->handler);
    }
    nv_out_text(o, "}\n");
}

/* SPDX-License-Identifier: MIT
 *
 * Goes through a schema and a value side by side. Of JSON Schema it knows what leads somewhere: items,
 * properties, additionalProperties, the lists of alternatives, and the one reference. Everything else
 * is for editors; whether the value is right otherwise is the plugin's to say.
 */
#include "uses.h"

#include <stdio.h>
#include <string.h>

#include "conf/options.h"
#include "runtime/roles.h"
#include "runtime/runtime.h"

#define HANDLER_REF "#/$defs/handler"

struct walk {
    struct nave_runtime *rt;
    const char *unread;
    nave_err err; /* NAVE_ENOMEM stops it */
};

static void check_rows(struct walk *w, const struct nave_option *rows, uint32_t count,
                       struct nave_conf *object);

/* ---- one use --------------------------------------------------------------------------------- */

/* The options of role `role` stand in `options`. A role without a list reads them itself. */
static void check_options(struct walk *w, const struct nv_plugin *p,
                          const struct nv_manifest_role *role, struct nave_conf *options)
{
    char what[160];
    const struct nv_options_owner owner = {what, p->id, options};

    if (role->option_count == 0)
        return;
    snprintf(what, sizeof(what), "%s \"%s\"", role->kind, role->name);
    /* What was refused was reported. */
    if (nv_options_check(role->options, role->option_count, options, &w->rt->report, &owner) ==
        NAVE_ENOMEM)
        w->err = NAVE_ENOMEM;
    check_rows(w, role->options, role->option_count, options);
}

static void check_use(struct walk *w, struct nave_conf *use)
{
    const struct nv_manifest_role *role = NULL;
    char name[NV_ROLE_NAME_MAX + 1] = "", hint[NV_NEAR_HINT_MAX];
    struct nave_str key = {"", 0};
    struct nave_conf *options;
    struct nv_plugin *p;

    if (nave_conf_kind(use) != NAVE_CONF_OBJECT || nave_conf_count(use) != 1) {
        if (nave_conf_kind(use) == NAVE_CONF_OBJECT)
            snprintf(name, sizeof(name), " with %zu members", nave_conf_count(use));
        nv_conf_fail(use, NAVE_EINVAL, NULL,
                     "a handler is an object with one member, its name and options: {\"text\": "
                     "\"...\"}; here stands %s%s",
                     nv_conf_kind_text(nave_conf_kind(use)), name);
        return;
    }
    options = nave_conf_at(use, 0, &key);
    if (key.len == 0 || key.len > NV_ROLE_NAME_MAX) {
        nv_conf_fail(options, NAVE_EINVAL, NULL, "the name of a handler has 1 to %u bytes",
                     NV_ROLE_NAME_MAX);
        return;
    }
    memcpy(name, key.ptr, key.len);
    name[key.len] = '\0';
    p = nv_role_find(w->rt, "handler", name, &role, hint);
    if (p)
        check_options(w, p, role, options);
    else if (!nv_role_is_unread(w->unread, name))
        nv_role_fail_unknown(w->rt, options, NULL, "handler", name, hint);
}

/* ---- side by side ---------------------------------------------------------------------------- */

static struct nave_conf *member(struct nave_conf *object, struct nave_str key)
{
    struct nave_str name = {"", 0};
    size_t i;

    for (i = 0; i < nave_conf_count(object); i++) {
        struct nave_conf *c = nave_conf_at(object, i, &name);

        if (name.len == key.len && memcmp(name.ptr, key.ptr, key.len) == 0)
            return c;
    }
    return NULL;
}

/* `is_choice`: the schema is one of some, so that a value that does not fit it is another's. */
static void walk(struct walk *w, struct nave_conf *schema, struct nave_conf *value, int is_choice)
{
    static const char *const choices[] = {"anyOf", "oneOf", "allOf"};
    struct nave_conf *ref = nave_conf_get(schema, "$ref");
    struct nave_str text = {"", 0};
    size_t i, k;

    if (ref && ref->api->text(ref, &text) == NAVE_OK && text.len == sizeof(HANDLER_REF) - 1 &&
        memcmp(text.ptr, HANDLER_REF, text.len) == 0) {
        if (!is_choice || nave_conf_kind(value) == NAVE_CONF_OBJECT)
            check_use(w, value);
        return;
    }
    for (k = 0; k < NAVE_COUNT(choices); k++) {
        struct nave_conf *list = nave_conf_get(schema, choices[k]);

        for (i = 0; i < nave_conf_count(list) && !w->err; i++)
            walk(w, nave_conf_at(list, i, NULL), value, is_choice || k < 2);
    }
    if (nave_conf_kind(value) == NAVE_CONF_LIST) {
        struct nave_conf *items = nave_conf_get(schema, "items");

        for (i = 0; items && i < nave_conf_count(value) && !w->err; i++)
            walk(w, items, nave_conf_at(value, i, NULL), 0);
    } else if (nave_conf_kind(value) == NAVE_CONF_OBJECT) {
        struct nave_conf *properties = nave_conf_get(schema, "properties");
        struct nave_conf *more = nave_conf_get(schema, "additionalProperties");

        for (i = 0; i < nave_conf_count(value) && !w->err; i++) {
            struct nave_str key = {"", 0};
            struct nave_conf *each = nave_conf_at(value, i, &key);
            struct nave_conf *known = member(properties, key);

            walk(w, known ? known : more, each, 0);
        }
    }
}

/* The rows whose schemas lead to handlers. */
static void check_rows(struct walk *w, const struct nave_option *rows, uint32_t count,
                       struct nave_conf *object)
{
    struct nv_conf_input in = {.name = "schema", .is_raw = 1};
    struct nv_conf_doc *schema;
    struct nave_conf *value;
    nave_err err;
    uint32_t i;

    for (i = 0; i < count && !w->err; i++) {
        if (rows[i].kind != NAVE_OPTION_KIND_conf || !strstr(rows[i].max_text, HANDLER_REF))
            continue;
        value = rows[i].flags & NAVE_OPTION_MAIN ? object : nave_conf_get(object, rows[i].name);
        if (!value)
            continue;
        in.text = rows[i].max_text;
        in.len = strlen(in.text);
        schema = NULL;
        err = nv_conf_load(&in, NULL, &schema);
        if (err == NAVE_ENOMEM)
            w->err = err;
        if (err) /* no schema after all: nothing follows from it */
            continue;
        walk(w, nv_conf_root(schema), value, 0);
        nv_conf_destroy(schema);
    }
}

nave_err nv_uses_check(struct nave_runtime *rt, const char *unread)
{
    struct walk w = {.rt = rt, .unread = unread};
    uint32_t i;

    for (i = 0; i < rt->plugin_count && !w.err; i++) {
        const struct nv_manifest *m = rt->plugins[i]->file->manifest;

        check_rows(&w, m->options, m->option_count, rt->plugins[i]->conf);
    }
    return w.err;
}

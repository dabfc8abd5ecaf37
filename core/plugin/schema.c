/* SPDX-License-Identifier: MIT
 *
 * The schema of the whole file. Everything that is not known is refused, but what may belong to a
 * plugin that was not found here: its object, and the names of its roles.
 */
#include "schema.h"

#include <stdio.h>
#include <string.h>

#include "conf/options.h"
#include "runtime/runtime.h"
#include "wiring.h"

#define ID_PATTERN "^[a-z][a-z0-9_-]*(\\.[a-z][a-z0-9_-]*)*$"

/* The keys of the host in the object of a plugin. */
static const struct {
    const char *name, *schema;
} host_keys[] = {
    {"$optional",
     "{\"description\": \"whether the file may be missing; the plugin is left out then, and "
     "naming its roles is an error\", \"type\": \"boolean\"}"},
    {"$path", "{\"description\": \"the file of the plugin, relative to the folder of this file; "
              "without it the plugin is searched by its id\", \"anyOf\": [{\"type\": \"string\", "
              "\"minLength\": 1}, {\"$ref\": \"#/$defs/source\"}]}"},
    {"$sha256", "{\"description\": \"the SHA-256 digest that the file must have: 64 hex digits\", "
                "\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^[0-9a-fA-F]{64}$\"}, "
                "{\"$ref\": \"#/$defs/source\"}]}"},
    {"$use", "{\"description\": \"from the id of a service to the plugin that shall provide it, "
             "where several do\", \"type\": \"object\", \"properties\": {\"$include\": {\"$ref\": "
             "\"#/$defs/include\"}}, \"additionalProperties\": {\"$ref\": \"#/$defs/text\"}}"},
};

static const struct {
    const char *name, *schema;
} words[] = {
    {"include",
     "{\"description\": \"files whose members or items stand here, relative to this file\","
     " \"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": "
     "\"string\"}}]}"},
    {"included", "{\"type\": \"object\", \"properties\": {\"$include\": {\"$ref\": "
                 "\"#/$defs/include\"}}, \"required\": [\"$include\"], \"additionalProperties\": "
                 "false}"},
    {"duration",
     "{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^(0|[0-9]+(ns|us|ms|s|m|h|d))$\","
     " \"examples\": [\"250ms\", \"10s\", \"5m\"]}, {\"$ref\": \"#/$defs/source\"}]}"},
    {"size", "{\"anyOf\": [{\"type\": \"string\", \"pattern\": \"^[0-9]+(B|KiB|MiB|GiB|TiB)?$\","
             " \"examples\": [\"64KiB\", \"1MiB\"]}, {\"$ref\": \"#/$defs/source\"}]}"},
    {"source",
     "{\"description\": \"a text from outside: {\\\"$file\\\": \\\"path\\\"} or {\\\"$env\\\": "
     "\\\"NAME\\\"}\","
     " \"type\": \"object\", \"properties\": {"
     "\"$file\": {\"description\": \"the text of a file, without the line break at its end\","
     " \"type\": \"string\"},"
     " \"$env\": {\"description\": \"a variable of the environment\", \"type\": \"string\"}},"
     " \"additionalProperties\": false, \"minProperties\": 1, \"maxProperties\": 1}"},
    {"text", "{\"anyOf\": [{\"type\": \"string\"}, {\"$ref\": \"#/$defs/source\"}]}"},
};

static void put_host_keys(struct nv_json *j)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(host_keys); i++)
        nv_json_raw(j, host_keys[i].name, host_keys[i].schema);
}

/* --- names of roles -------------------------------------------------------------------------- */

/* A name: those of `kind` that are known here, or another, of a plugin that was not found. */
static void put_role_name(struct nv_json *j, const char *key, const char *kind, const char *doc,
                          const struct nv_manifest *const *plugins, uint32_t count)
{
    uint32_t i, k;

    nv_json_object(j, key);
    if (doc)
        nv_json_text(j, "description", doc);
    nv_json_list(j, "anyOf");
    for (i = 0; i < count; i++)
        for (k = 0; k < plugins[i]->role_count; k++) {
            const struct nv_manifest_role *role = &plugins[i]->roles[k];

            if (strcmp(role->kind, kind) != 0)
                continue;
            nv_json_object(j, NULL);
            nv_json_text(j, "const", role->name);
            nv_json_text(j, "description", role->doc);
            nv_json_end(j);
        }
    nv_json_object(j, NULL);
    nv_json_text(j, "type", "string");
    nv_json_text(j, "pattern", ID_PATTERN);
    nv_json_end(j);
    nv_schema_ref(j, "#/$defs/source");
    if (!doc) /* an item of a list */
        nv_schema_ref(j, "#/$defs/included");
    nv_json_end(j);
    nv_json_end(j);
}

/* Names of members are ids, or the key of the host. */
static void put_id_names(struct nv_json *j)
{
    nv_json_object(j, "propertyNames");
    nv_json_list(j, "anyOf");
    nv_json_raw(j, NULL, "{\"const\": \"$include\"}");
    nv_json_object(j, NULL);
    nv_json_text(j, "pattern", ID_PATTERN);
    nv_json_number(j, "maxLength", 64);
    nv_json_end(j);
    nv_json_end(j);
    nv_json_end(j);
}

static void put_handler(struct nv_json *j, const struct nv_manifest *const *plugins, uint32_t count)
{
    uint32_t i, k;

    nv_json_object(j, "handler");
    nv_json_text(j, "description", "one handler, by its name, and its options");
    nv_json_text(j, "type", "object");
    nv_json_object(j, "properties");
    for (i = 0; i < count; i++)
        for (k = 0; k < plugins[i]->role_count; k++)
            if (strcmp(plugins[i]->roles[k].kind, "handler") == 0)
                nv_schema_role(j, &plugins[i]->roles[k]);
    nv_schema_include(j);
    nv_json_end(j);
    put_id_names(j);
    nv_json_number(j, "minProperties", 1);
    nv_json_number(j, "maxProperties", 1);
    nv_json_end(j);
}

/* --- sections -------------------------------------------------------------------------------- */

/* An object with options of its own; a level is one of the words of "level". */
static void put_log(struct nv_json *j, const struct nave_option *log)
{
    const struct nave_option_table *table = nv_log_conf_table();
    uint32_t i;

    nv_json_object(j, log->name);
    nv_json_text(j, "description", log->doc);
    nv_json_text(j, "type", "object");
    nv_json_object(j, "properties");
    for (i = 0; i < table->count; i++) {
        const struct nave_option *row = &table->rows[i];

        if (strcmp(row->name, "levels") != 0) {
            nv_schema_option(j, row->name, row);
            continue;
        }
        nv_json_object(j, row->name);
        nv_json_text(j, "description", row->doc);
        nv_json_text(j, "type", "object");
        nv_json_object(j, "properties");
        nv_schema_include(j);
        nv_json_end(j);
        nv_schema_option(j, "additionalProperties",
                         nv_options_find(table->rows, table->count, NAVE_STR_LIT("level")));
        nv_json_end(j);
    }
    nv_schema_include(j);
    nv_json_end(j);
    nv_json_flag(j, "additionalProperties", 0);
    nv_json_end(j);
}

static void put_runtime(struct nv_json *j)
{
    const struct nave_option_table *table = nv_runtime_table();
    uint32_t i;

    nv_json_object(j, "runtime");
    nv_json_text(j, "description", "the process as a whole: workers, limits, logging");
    nv_json_text(j, "type", "object");
    nv_json_object(j, "properties");
    for (i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, "log") == 0)
            put_log(j, &table->rows[i]);
        else
            nv_schema_option(j, table->rows[i].name, &table->rows[i]);
    nv_schema_include(j);
    nv_json_end(j);
    nv_json_flag(j, "additionalProperties", 0);
    nv_json_end(j);
}

static void put_plugin(struct nv_json *j, const struct nv_manifest *m)
{
    char text[192];

    snprintf(text, sizeof(text), "plugin %s, version %s", m->id, m->version);
    nv_json_object(j, m->id);
    nv_json_text(j, "description", text);
    nv_json_text(j, "type", "object");
    nv_schema_options(j, m->options, m->option_count, put_host_keys);
    nv_json_flag(j, "additionalProperties", 0);
    nv_json_end(j);
}

static void put_plugins(struct nv_json *j, const struct nv_manifest *const *plugins, uint32_t count)
{
    uint32_t i;

    nv_json_object(j, "plugins");
    nv_json_text(j, "description", "what to load: from the id of a plugin to its options");
    nv_json_text(j, "type", "object");
    put_id_names(j);
    nv_json_object(j, "properties");
    for (i = 0; i < count; i++)
        put_plugin(j, plugins[i]);
    nv_schema_include(j);
    nv_json_end(j);
    nv_json_object(j, "additionalProperties");
    nv_json_text(j, "description", "a plugin that was not found when this schema was made");
    nv_json_text(j, "type", "object");
    nv_json_object(j, "properties");
    put_host_keys(j);
    nv_schema_include(j);
    nv_json_end(j);
    nv_json_raw(j, "patternProperties", "{\"^[^$]\": true}");
    nv_json_flag(j, "additionalProperties", 0);
    nv_json_end(j);
    nv_json_end(j);
}

static void put_name_list(struct nv_json *j, const struct nave_option *row, const char *kind,
                          const struct nv_manifest *const *plugins, uint32_t count)
{
    int is_one = strcmp(row->name, "protocols") == 0;

    nv_json_object(j, row->name);
    nv_json_text(j, "description", row->doc);
    nv_json_text(j, "type", "array");
    put_role_name(j, "items", kind, NULL, plugins, count);
    if (is_one)
        nv_json_number(j, "minItems", 1);
    nv_json_number(j, "maxItems", is_one ? 1 : NV_LAYERS_MAX);
    nv_json_end(j);
}

static void put_listeners(struct nv_json *j, const struct nv_manifest *const *plugins,
                          uint32_t count)
{
    const struct nave_option_table *table = nv_listener_table();
    uint32_t i;

    nv_json_object(j, "listeners");
    nv_json_text(j, "description", "where to listen, and what serves there");
    nv_json_text(j, "type", "array");
    nv_json_number(j, "maxItems", NV_LISTENERS_MAX);
    nv_json_object(j, "items");
    nv_json_list(j, "anyOf");
    nv_schema_ref(j, "#/$defs/included");
    nv_json_object(j, NULL);
    nv_json_text(j, "type", "object");
    nv_json_object(j, "properties");
    for (i = 0; i < table->count; i++) {
        const struct nave_option *row = &table->rows[i];

        if (strcmp(row->name, "layers") == 0)
            put_name_list(j, row, "layer", plugins, count);
        else if (strcmp(row->name, "protocols") == 0)
            put_name_list(j, row, "protocol", plugins, count);
        else if (strcmp(row->name, "handler") == 0)
            put_role_name(j, row->name, "handler", row->doc, plugins, count);
        else
            nv_schema_option(j, row->name, row);
    }
    nv_schema_include(j);
    nv_json_end(j);
    nv_json_raw(j, "if", "{\"required\": [\"$include\"]}");
    nv_json_raw(j, "else", "{\"required\": [\"name\", \"bind\", \"protocols\"]}");
    nv_json_flag(j, "additionalProperties", 0);
    nv_json_end(j);
    nv_json_end(j);
    nv_json_end(j);
    nv_json_end(j);
}

void nv_schema_file(struct nv_json *j, const struct nv_manifest *const *plugins, uint32_t count)
{
    size_t i;

    nv_json_object(j, NULL);
    nv_json_text(j, "$schema", "https://json-schema.org/draft/2020-12/schema");
    nv_json_text(j, "title", "Nave configuration");
    nv_json_text(j, "description", "One object with three sections; see nave.json(5).");
    nv_json_text(j, "type", "object");
    nv_json_object(j, "properties");
    nv_json_raw(j, "$schema",
                "{\"description\": \"where this schema is; for editors\", "
                "\"type\": \"string\"}");
    put_runtime(j);
    put_plugins(j, plugins, count);
    put_listeners(j, plugins, count);
    nv_schema_include(j);
    nv_json_end(j);
    nv_json_flag(j, "additionalProperties", 0);
    nv_json_object(j, "$defs");
    for (i = 0; i < NAVE_COUNT(words); i++)
        nv_json_raw(j, words[i].name, words[i].schema);
    put_handler(j, plugins, count);
    nv_json_end(j);
    nv_json_end(j);
    nv_out_bytes(j->out, "\n", 1);
}

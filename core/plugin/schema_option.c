/* SPDX-License-Identifier: MIT
 *
 * One row of an option list as a JSON Schema. What a schema cannot say (the range of a text such as
 * "10s") stands in the description. A schema is never stricter than the host: length is counted in
 * characters here and in bytes there.
 */
#include "schema.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/value.h"

static struct nave_str str_of(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

int nv_schema_is_required(const struct nave_option *row)
{
    switch (row->kind) {
    case NAVE_OPTION_KIND_conf:
    case NAVE_OPTION_KIND_texts:
    case NAVE_OPTION_KIND_pairs:
    case NAVE_OPTION_KIND_path:
        return (row->flags & NAVE_OPTION_REQUIRED) != 0;
    default:
        return !row->default_text[0] && !(row->flags & NAVE_OPTION_OPTIONAL);
    }
}

/* 1: `text` is digits, so that it may stand in JSON as a number. */
static int is_digits(const char *text, size_t len)
{
    return len > 0 && len <= 18 && strspn(text, "0123456789") >= len &&
           (len == 1 || text[0] != '0');
}

static uint64_t number_of(const char *text, size_t len)
{
    uint64_t n = 0;

    for (; len > 0; len--)
        n = n * 10 + (uint64_t)(*text++ - '0');
    return n;
}

/* The words of "a|b" as items of an open list. */
static void put_words(struct nv_json *j, const char *words)
{
    while (*words) {
        size_t len = strcspn(words, "|");

        nv_json_str(j, NULL, (struct nave_str){words, len});
        words += len + (words[len] == '|');
    }
}

static void put_choices(struct nv_json *j, const char *words)
{
    nv_json_list(j, "anyOf");
    nv_schema_ref(j, "#/$defs/source");
    nv_json_object(j, NULL);
    nv_json_list(j, "enum");
    put_words(j, words);
    while (*words) {
        size_t len = strcspn(words, "|");

        if (is_digits(words, len))
            nv_json_number(j, NULL, number_of(words, len));
        words += len + (words[len] == '|');
    }
    nv_json_end(j);
    nv_json_end(j);
    nv_json_end(j);
}

/* Member `key` with the number that `text` stands for in the grammar of a size or of a count. */
static void put_bound(struct nv_json *j, const char *key, const char *text)
{
    uint64_t n;

    if (text[0] && nv_value_bytes(str_of(text), &n) == NAVE_OK)
        nv_json_number(j, key, n);
}

void nv_schema_default(struct nv_json *j, const struct nave_option *row)
{
    const char *text = row->default_text;

    if (row->kind == NAVE_OPTION_KIND_conf || nv_schema_is_required(row))
        return;
    switch (row->kind) {
    case NAVE_OPTION_KIND_flag:
        nv_json_flag(j, "default", text[0] == 't');
        break;
    case NAVE_OPTION_KIND_count:
    case NAVE_OPTION_KIND_size:
    case NAVE_OPTION_KIND_choice:
        if (is_digits(text, strlen(text)))
            nv_json_number(j, "default", number_of(text, strlen(text)));
        else
            nv_json_text(j, "default", text);
        break;
    case NAVE_OPTION_KIND_texts:
        nv_json_list(j, "default");
        put_words(j, text);
        nv_json_end(j);
        break;
    case NAVE_OPTION_KIND_pairs:
        nv_json_object(j, "default");
        nv_json_end(j);
        break;
    default:
        if (text[0])
            nv_json_text(j, "default", text);
    }
}

static void put_description(struct nv_json *j, const struct nave_option *row)
{
    char text[1024];
    const char *min = row->min_text, *max = row->max_text;
    int has_range = row->kind == NAVE_OPTION_KIND_duration || row->kind == NAVE_OPTION_KIND_size;
    int n = snprintf(text, sizeof(text), "%s", row->doc);

    if (has_range && n > 0 && (size_t)n < sizeof(text)) {
        if (min[0] && max[0])
            n += snprintf(text + n, sizeof(text) - (size_t)n, " (from %s to %s)", min, max);
        else if (min[0] || max[0])
            n += snprintf(text + n, sizeof(text) - (size_t)n, " (at %s %s)",
                          min[0] ? "least" : "most", min[0] ? min : max);
    }
    if ((row->flags & NAVE_OPTION_LIVE) && n > 0 && (size_t)n < sizeof(text))
        snprintf(text + n, sizeof(text) - (size_t)n, " [may change while running]");
    text[nv_text_cut((struct nave_str){text, strlen(text)}, sizeof(text) - 1)] = '\0';
    nv_json_text(j, "description", text);
}

static void put_size(struct nv_json *j, const struct nave_option *row)
{
    nv_json_list(j, "anyOf");
    nv_json_object(j, NULL);
    nv_json_text(j, "type", "integer");
    put_bound(j, "minimum", row->min_text[0] ? row->min_text : "0");
    put_bound(j, "maximum", row->max_text);
    nv_json_end(j);
    nv_schema_ref(j, "#/$defs/size");
    nv_json_end(j);
}

static void put_text(struct nv_json *j, const struct nave_option *row)
{
    nv_json_list(j, "anyOf");
    nv_json_object(j, NULL);
    nv_json_text(j, "type", "string");
    if (row->kind == NAVE_OPTION_KIND_text) {
        /* n bytes are n/4 characters at least */
        if (row->min_text[0] && strcmp(row->min_text, "0") != 0)
            nv_json_number(j, "minLength",
                           (number_of(row->min_text, strlen(row->min_text)) + 3) / 4);
        put_bound(j, "maxLength", row->max_text);
    } else if (row->kind == NAVE_OPTION_KIND_address) {
        char pattern[256];

        snprintf(pattern, sizeof(pattern), "^(%s)://",
                 row->min_text[0] ? row->min_text : "[a-z][a-z0-9_.-]*");
        nv_json_text(j, "pattern", pattern);
    }
    nv_json_end(j);
    nv_schema_ref(j, "#/$defs/source");
    nv_json_end(j);
}

static void put_texts(struct nv_json *j, const struct nave_option *row)
{
    nv_json_list(j, "anyOf");
    nv_json_object(j, NULL);
    nv_json_text(j, "type", "array");
    nv_json_object(j, "items");
    nv_json_text(j, "$ref", "#/$defs/text");
    nv_json_end(j);
    put_bound(j, "minItems", row->min_text);
    put_bound(j, "maxItems", row->max_text);
    nv_json_end(j);
    nv_schema_ref(j, "#/$defs/text");
    nv_json_end(j);
}

static void put_pairs(struct nv_json *j, const struct nave_option *row)
{
    nv_json_text(j, "type", "object");
    nv_json_object(j, "properties");
    nv_schema_include(j);
    nv_json_end(j);
    nv_json_raw(j, "propertyNames", "{\"pattern\": \"^([^$]|\\\\$include$)\"}");
    nv_json_object(j, "additionalProperties");
    nv_json_text(j, "$ref", "#/$defs/text");
    nv_json_end(j);
    put_bound(j, "minProperties", row->min_text);
    put_bound(j, "maxProperties", row->max_text);
}

void nv_schema_option(struct nv_json *j, const char *key, const struct nave_option *row)
{
    nv_json_object(j, key);
    put_description(j, row);
    switch (row->kind) {
    case NAVE_OPTION_KIND_flag:
        nv_json_text(j, "type", "boolean");
        break;
    case NAVE_OPTION_KIND_count:
        nv_json_text(j, "type", "integer");
        put_bound(j, "minimum", row->min_text[0] ? row->min_text : "0");
        put_bound(j, "maximum", row->max_text);
        break;
    case NAVE_OPTION_KIND_size:
        put_size(j, row);
        break;
    case NAVE_OPTION_KIND_duration:
        nv_json_text(j, "$ref", "#/$defs/duration");
        break;
    case NAVE_OPTION_KIND_choice:
        put_choices(j, row->min_text);
        break;
    case NAVE_OPTION_KIND_texts:
        put_texts(j, row);
        break;
    case NAVE_OPTION_KIND_pairs:
        put_pairs(j, row);
        break;
    case NAVE_OPTION_KIND_conf:
        if (row->max_text[0]) {
            nv_json_list(j, "allOf");
            nv_schema_fragment(j, NULL, row->max_text);
            nv_json_end(j);
        }
        break;
    default: /* text, address, path */
        put_text(j, row);
    }
    nv_schema_default(j, row);
    nv_json_end(j);
}

void nv_schema_options(struct nv_json *j, const struct nave_option *rows, uint32_t count,
                       void (*more)(struct nv_json *j))
{
    uint32_t i, required = 0;

    nv_json_object(j, "properties");
    for (i = 0; i < count; i++) {
        nv_schema_option(j, rows[i].name, &rows[i]);
        required += (uint32_t)nv_schema_is_required(&rows[i]);
    }
    if (more)
        more(j);
    nv_schema_include(j);
    nv_json_end(j);
    if (!required)
        return;
    nv_json_raw(j, "if", "{\"required\": [\"$include\"]}");
    nv_json_object(j, "else");
    nv_json_list(j, "required");
    for (i = 0; i < count; i++)
        if (nv_schema_is_required(&rows[i]))
            nv_json_text(j, NULL, rows[i].name);
    nv_json_end(j);
    nv_json_end(j);
}

static const struct nave_option *main_of(const struct nv_manifest_role *role)
{
    uint32_t i;

    for (i = 0; i < role->option_count; i++)
        if (role->options[i].flags & NAVE_OPTION_MAIN)
            return &role->options[i];
    return NULL;
}

void nv_schema_role(struct nv_json *j, const struct nv_manifest_role *role)
{
    const struct nave_option *main = main_of(role);

    if (main && main->kind == NAVE_OPTION_KIND_conf) {
        nv_json_object(j, role->name);
        nv_json_text(j, "description", role->doc);
        if (main->max_text[0]) {
            nv_json_list(j, "allOf");
            nv_schema_fragment(j, NULL, main->max_text);
            nv_json_end(j);
        }
        nv_json_end(j);
        return;
    }
    nv_json_object(j, role->name);
    nv_json_text(j, "description", role->doc);
    if (role->option_count) {
        if (main) {
            nv_json_list(j, "anyOf");
            nv_schema_option(j, NULL, main);
            nv_json_object(j, NULL);
        }
        nv_json_text(j, "type", "object");
        nv_schema_options(j, role->options, role->option_count, NULL);
        nv_json_flag(j, "additionalProperties", 0);
        if (main) {
            nv_json_end(j);
            nv_json_end(j);
        }
    }
    nv_json_end(j);
}

/* SPDX-License-Identifier: MIT
 *
 * A plugin says by a JSON Schema what its option of kind conf allows. Before it sees the value, the
 * host has put in what "$include", "$file" and "$env" name; so where the plugin's schema allows an
 * object, a list or a text, an editor must allow those as well. Here the schema is copied with that
 * added: the places are those where JSON Schema (2020-12) has schemas.
 *
 * The text is JSON: that was checked with the manifest. What is nested deeply is copied as it is.
 */
#include "schema.h"

#include <stdio.h>
#include <string.h>

#define DEEPEST 8u

/* Where what follows a key has schemas in it. */
enum place {
    PLACE_NONE = 0, /* a value, copied                     */
    PLACE_ONE,      /* a schema                            */
    PLACE_ITEM,     /* a schema of the items of a list     */
    PLACE_NAMES,    /* a schema of the names of members    */
    PLACE_LIST,     /* a list of schemas                   */
    PLACE_MAP,      /* an object of schemas                */
    PLACE_MEMBERS,  /* an object of schemas of the members */
    PLACE_REQUIRED, /* names of members                    */
};

static const struct {
    const char *key;
    enum place place;
} places[] = {
    {"\"items\"", PLACE_ITEM},          {"\"additionalProperties\"", PLACE_ONE},
    {"\"propertyNames\"", PLACE_NAMES}, {"\"anyOf\"", PLACE_LIST},
    {"\"oneOf\"", PLACE_LIST},          {"\"allOf\"", PLACE_LIST},
    {"\"properties\"", PLACE_MEMBERS},  {"\"patternProperties\"", PLACE_MAP},
    {"\"required\"", PLACE_REQUIRED},
};

static const char *put_schema(struct nv_json *j, const char *at, unsigned depth);

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_text(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        at += at[0] == '\\' && at[1];
    return at + (*at == '"');
}

/* The end of the value at `at`. */
static const char *skip_value(const char *at)
{
    unsigned depth = 0;

    if (!*at)
        return at;
    do {
        if (*at == '"') {
            at = skip_text(at);
            continue;
        }
        depth += *at == '{' || *at == '[';
        depth -= (*at == '}' || *at == ']') && depth > 0;
        at++;
    } while (*at && (depth > 0 || !strchr(",]} \t\r\n", *at)));
    return at;
}

static int is_text(struct nave_str s, const char *text)
{
    return strlen(text) == s.len && memcmp(s.ptr, text, s.len) == 0;
}

/* Go to the next member of an object: `at` behind '{' or behind a value. NULL: there is none. */
static const char *next_member(const char *at, struct nave_str *out_key)
{
    at = skip_space(at);
    if (*at == ',')
        at = skip_space(at + 1);
    if (*at != '"')
        return NULL;
    out_key->ptr = at;
    at = skip_text(at);
    out_key->len = (size_t)(at - out_key->ptr);
    at = skip_space(at);
    return *at == ':' ? skip_space(at + 1) : NULL;
}

static enum place place_of(struct nave_str key)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(places); i++)
        if (is_text(key, places[i].key))
            return places[i].place;
    return PLACE_NONE;
}

/* What the schema at `at`, an object, is about. */
struct about {
    int is_object, is_text;
    int has_members, has_if, has_any;
};

static struct about look(const char *at)
{
    struct about a = {0, 0, 0, 0, 0};
    struct nave_str key, value;

    for (at++; (at = next_member(at, &key)) != NULL;) {
        enum place place = place_of(key);

        value.ptr = at;
        at = skip_value(at);
        value.len = (size_t)(at - value.ptr);
        a.is_object |= place == PLACE_MEMBERS || place == PLACE_MAP || place == PLACE_NAMES ||
                       place == PLACE_REQUIRED || is_text(key, "\"additionalProperties\"") ||
                       (is_text(key, "\"type\"") && is_text(value, "\"object\""));
        a.is_text |= (is_text(key, "\"type\"") && is_text(value, "\"string\"")) ||
                     (is_text(key, "\"const\"") && value.ptr[0] == '"') ||
                     (is_text(key, "\"enum\"") && memchr(value.ptr, '"', value.len));
        a.has_members |= place == PLACE_MEMBERS;
        a.has_if |= is_text(key, "\"if\"");
        a.has_any |= is_text(key, "\"anyOf\"");
    }
    return a;
}

static const char *put_list(struct nv_json *j, const char *at, unsigned depth)
{
    const char *end = skip_value(at);

    nv_json_list(j, NULL);
    for (at = skip_space(at + 1); at < end && *at && *at != ']';) {
        at = skip_space(put_schema(j, at, depth + 1));
        if (*at == ',')
            at = skip_space(at + 1);
    }
    nv_json_end(j);
    return end;
}

static const char *put_map(struct nv_json *j, const char *at, int is_members, unsigned depth)
{
    const char *end = skip_value(at);
    struct nave_str key;

    nv_json_object(j, NULL);
    if (is_members)
        nv_schema_include(j);
    for (at++; (at = next_member(at, &key)) != NULL;) {
        nv_json_quoted_key(j, key);
        at = put_schema(j, at, depth + 1);
    }
    nv_json_end(j);
    return end;
}

/* {"anyOf": [ what the host allows, the schema at `at` ]} */
static const char *put_choice(struct nv_json *j, const char *at, int is_item, unsigned depth)
{
    nv_json_object(j, NULL);
    nv_json_list(j, "anyOf");
    if (is_item)
        nv_schema_ref(j, "#/$defs/included");
    else
        nv_json_raw(j, NULL, "{\"const\": \"$include\"}");
    at = put_schema(j, at, depth + 1);
    nv_json_end(j);
    nv_json_end(j);
    return at;
}

/* What follows `key` of a schema. */
static const char *put_keyword(struct nv_json *j, struct nave_str key, const char *at,
                               const struct about *about, unsigned depth)
{
    const char *end = skip_value(at);
    enum place place = place_of(key);
    size_t len = (size_t)(end - at);

    if (place == PLACE_REQUIRED && !about->has_if) {
        nv_json_raw(j, "if", "{\"required\": [\"$include\"]}");
        nv_json_object(j, "else");
        nv_json_raw_part(j, "required", at, len);
        nv_json_end(j);
        return end;
    }
    /* An object of "$env" may be an object to the plugin's schema too: one of several fits then. */
    if (is_text(key, "\"oneOf\"") && !about->has_any)
        key = (struct nave_str){"\"anyOf\"", 7};
    nv_json_quoted_key(j, key);
    if (place == PLACE_ONE)
        return put_schema(j, at, depth + 1);
    if (place == PLACE_ITEM || place == PLACE_NAMES)
        return put_choice(j, at, place == PLACE_ITEM, depth);
    if (place == PLACE_LIST && *at == '[')
        return put_list(j, at, depth);
    if ((place == PLACE_MAP || place == PLACE_MEMBERS) && *at == '{')
        return put_map(j, at, place == PLACE_MEMBERS, depth);
    nv_json_raw_part(j, NULL, at, len);
    return end;
}

/* Copy the schema at `at` as the next value. Gives its end. */
static const char *put_schema(struct nv_json *j, const char *at, unsigned depth)
{
    const char *end = skip_value(at);
    struct about about;
    struct nave_str key;

    if (*at != '{' || depth > DEEPEST) {
        nv_json_raw_part(j, NULL, at, (size_t)(end - at));
        return end;
    }
    about = look(at);
    nv_json_object(j, NULL);
    if (about.is_text) {
        nv_json_list(j, "anyOf");
        nv_schema_ref(j, "#/$defs/source");
        nv_json_object(j, NULL);
    }
    for (at++; (at = next_member(at, &key)) != NULL;)
        at = put_keyword(j, key, at, &about, depth);
    if (about.is_object && !about.has_members) {
        nv_json_object(j, "properties");
        nv_schema_include(j);
        nv_json_end(j);
    }
    if (about.is_text) {
        nv_json_end(j);
        nv_json_end(j);
    }
    nv_json_end(j);
    return end;
}

void nv_schema_fragment(struct nv_json *j, const char *key, const char *json)
{
    char quoted[80];
    int n = key ? snprintf(quoted, sizeof(quoted), "\"%.60s\"", key) : 0;

    if (n > 0)
        nv_json_quoted_key(j, (struct nave_str){quoted, (size_t)n});
    (void)put_schema(j, skip_space(json), 0);
}

void nv_schema_include(struct nv_json *j)
{
    nv_json_object(j, "$include");
    nv_json_text(j, "$ref", "#/$defs/include");
    nv_json_end(j);
}

void nv_schema_ref(struct nv_json *j, const char *ref)
{
    nv_json_object(j, NULL);
    nv_json_text(j, "$ref", ref);
    nv_json_end(j);
}

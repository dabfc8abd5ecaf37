/* SPDX-License-Identifier: MIT
 *
 * Options. A row's default and bounds are texts in the grammar of its kind; they are parsed by the
 * same functions as the values, so a table cannot allow what a file cannot say.
 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "near.h"
#include "value.h"

#define ROWS_MAX 1024u

static struct nave_str str_of(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

/* A scalar of `kind` from a text; flags and counts as numbers. */
static nave_err parse_text(uint32_t kind, const char *text, uint64_t *out)
{
    nave_nsec ns;
    nave_err err;

    switch (kind) {
    case NAVE_OPTION_KIND_flag:
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
            return NAVE_ESYNTAX;
        *out = text[0] == 't';
        return NAVE_OK;
    case NAVE_OPTION_KIND_size:
        return nv_value_bytes(str_of(text), out);
    case NAVE_OPTION_KIND_duration:
        err = nv_value_duration(str_of(text), &ns);
        if (!err)
            *out = (uint64_t)ns;
        return err;
    default: /* a count; for a text, its length in bytes */
        return nv_value_count(str_of(text), out);
    }
}

static int is_within(const struct nave_option *row, uint64_t value)
{
    uint64_t bound;

    if (row->min_text[0] && parse_text(row->kind, row->min_text, &bound) == NAVE_OK &&
        value < bound)
        return 0;
    return !row->max_text[0] || parse_text(row->kind, row->max_text, &bound) != NAVE_OK ||
           value <= bound;
}

static nave_err check_row(const struct nave_option *row, struct nv_why *why)
{
    uint64_t value;

    if (!row->name || !row->default_text || !row->min_text || !row->max_text || !row->doc)
        return nv_why_set(why, NAVE_EINVAL, "an option has an empty column");
    if (row->name[0] == '\0' || row->name[0] == '$')
        return nv_why_set(why, NAVE_EINVAL, "\"%s\" is no name for an option", row->name);
    if (row->kind < NAVE_OPTION_KIND_flag || row->kind > NAVE_OPTION_KIND_conf)
        return nv_why_set(why, NAVE_ETOONEW, "option \"%s\" has kind %u, which is not known here",
                          row->name, row->kind);
    if (row->kind == NAVE_OPTION_KIND_conf)
        return NAVE_OK;
    if ((row->min_text[0] && parse_text(row->kind, row->min_text, &value) != NAVE_OK) ||
        (row->max_text[0] && parse_text(row->kind, row->max_text, &value) != NAVE_OK))
        return nv_why_set(why, NAVE_EINVAL, "option \"%s\" has malformed bounds \"%s\" and \"%s\"",
                          row->name, row->min_text, row->max_text);
    if (!row->default_text[0])
        return NAVE_OK;
    value = strlen(row->default_text);
    if (row->kind != NAVE_OPTION_KIND_text &&
        parse_text(row->kind, row->default_text, &value) != NAVE_OK)
        return nv_why_set(why, NAVE_EINVAL, "option \"%s\" has a malformed default \"%s\"",
                          row->name, row->default_text);
    if (!is_within(row, value))
        return nv_why_set(why, NAVE_EINVAL, "the default \"%s\" of option \"%s\" is out of bounds",
                          row->default_text, row->name);
    return NAVE_OK;
}

nave_err nv_options_check_rows(const struct nave_option *rows, uint32_t count, struct nv_why *why)
{
    uint32_t i;
    nave_err err;

    if (count > ROWS_MAX || (count > 0 && !rows))
        return nv_why_set(why, NAVE_EINVAL, "the option table is malformed");
    for (i = 0; i < count; i++) {
        err = check_row(&rows[i], why);
        if (err)
            return err;
        if (nv_options_find(rows, i, str_of(rows[i].name)))
            return nv_why_set(why, NAVE_EINVAL, "option \"%s\" is there twice", rows[i].name);
    }
    return NAVE_OK;
}

static uint32_t size_of_kind(uint32_t kind)
{
    static const uint32_t sizes[] = {0,
                                     sizeof(uint32_t),
                                     sizeof(uint64_t),
                                     sizeof(uint64_t),
                                     sizeof(nave_nsec),
                                     sizeof(struct nave_str),
                                     sizeof(void *)};

    return sizes[kind];
}

nave_err nv_options_check_table(const struct nave_option_table *table, struct nv_why *why)
{
    uint32_t i, k;
    nave_err err;

    if (!table || table->size < sizeof(*table) || table->struct_size > (1u << 20))
        return nv_why_set(why, NAVE_EINVAL, "the option table is missing or malformed");
    err = nv_options_check_rows(table->rows, table->count, why);
    if (err)
        return err;
    for (i = 0; i < table->count; i++) {
        const struct nave_option *row = &table->rows[i];

        if (row->size != size_of_kind(row->kind) || row->offset > table->struct_size ||
            row->size > table->struct_size - row->offset ||
            row->offset % (row->size > 8 ? 8 : row->size) != 0)
            return nv_why_set(why, NAVE_EINVAL, "option \"%s\" does not fit its struct", row->name);
        for (k = 0; k < i; k++) {
            const struct nave_option *other = &table->rows[k];

            if (row->offset < other->offset + other->size &&
                other->offset < row->offset + row->size)
                return nv_why_set(why, NAVE_EINVAL, "options \"%s\" and \"%s\" overlap",
                                  other->name, row->name);
        }
    }
    return NAVE_OK;
}

const struct nave_option *nv_options_find(const struct nave_option *rows, uint32_t count,
                                          struct nave_str name)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (strlen(rows[i].name) == name.len && memcmp(rows[i].name, name.ptr, name.len) == 0)
            return &rows[i];
    }
    return NULL;
}

static const char *kind_is(uint32_t kind)
{
    switch (kind) {
    case NAVE_OPTION_KIND_flag:
        return "a flag is true or false";
    case NAVE_OPTION_KIND_count:
        return NV_VALUE_COUNT_IS;
    case NAVE_OPTION_KIND_size:
        return NV_VALUE_SIZE_IS;
    case NAVE_OPTION_KIND_duration:
        return NV_VALUE_DURATION_IS;
    default:
        return "a text is allowed here";
    }
}

/* Read `c` as `row` says. */
static nave_err read_value(const struct nave_option *row, const struct nave_conf *c,
                           uint64_t *out_value, struct nave_str *out_text)
{
    uint32_t flag;
    int64_t number;
    nave_nsec ns;
    nave_err err;

    switch (row->kind) {
    case NAVE_OPTION_KIND_flag:
        err = c->api->flag(c, &flag);
        if (!err)
            *out_value = flag;
        return err;
    case NAVE_OPTION_KIND_count:
        err = c->api->integer(c, &number);
        if (!err && number < 0)
            err = NAVE_EOVERFLOW;
        if (!err)
            *out_value = (uint64_t)number;
        return err;
    case NAVE_OPTION_KIND_size:
        return c->api->bytes(c, out_value);
    case NAVE_OPTION_KIND_duration:
        err = c->api->duration(c, &ns);
        if (!err)
            *out_value = (uint64_t)ns;
        return err;
    default:
        err = c->api->text(c, out_text);
        if (!err)
            *out_value = out_text->len;
        return err;
    }
}

static void fail_bounds(const struct nave_option *row, const struct nave_conf *c,
                        const struct nv_options_owner *owner)
{
    const char *what = row->kind == NAVE_OPTION_KIND_text ? " (length in bytes)" : "";

    if (row->min_text[0] && row->max_text[0])
        nv_conf_fail(c, NAVE_EOVERFLOW, owner->plugin,
                     "option \"%s\" of %s is out of range%s: from %s to %s is allowed", row->name,
                     owner->what, what, row->min_text, row->max_text);
    else if (!row->min_text[0] && !row->max_text[0]) /* more than 63 bits, or less than nothing */
        nv_conf_fail(c, NAVE_EOVERFLOW, owner->plugin, "option \"%s\" of %s is out of range: %s",
                     row->name, owner->what, kind_is(row->kind));
    else
        nv_conf_fail(c, NAVE_EOVERFLOW, owner->plugin,
                     "option \"%s\" of %s is out of range%s: at %s %s is allowed", row->name,
                     owner->what, what, row->min_text[0] ? "least" : "most",
                     row->min_text[0] ? row->min_text : row->max_text);
}

static void store(const struct nave_option *row, char *out, uint64_t value, struct nave_str text)
{
    uint32_t flag = value != 0;

    if (row->kind == NAVE_OPTION_KIND_flag)
        memcpy(out + row->offset, &flag, sizeof(flag));
    else if (row->kind == NAVE_OPTION_KIND_text)
        memcpy(out + row->offset, &text, sizeof(text));
    else
        memcpy(out + row->offset, &value, sizeof(value));
}

/* One row: the value of `c`, or the default when `c` is NULL. `out` NULL: only check. */
static nave_err take(const struct nave_option *row, struct nave_conf *c, struct nave_conf *object,
                     char *out, struct nv_report *report, const struct nv_options_owner *owner)
{
    const struct nv_place nowhere = {.plugin = owner->plugin};
    struct nave_str text = str_of(row->default_text);
    uint64_t value = 0;

    if (row->kind == NAVE_OPTION_KIND_conf) {
        if (out)
            memcpy(out + row->offset, &c, sizeof(c));
        return NAVE_OK;
    }
    if (c) {
        nave_err err = read_value(row, c, &value, &text);

        if (err == NAVE_EOVERFLOW || (!err && !is_within(row, value))) {
            fail_bounds(row, c, owner);
            return NAVE_ECONFIG;
        }
        if (err) {
            nv_conf_fail(c, NAVE_EINVAL, owner->plugin,
                         "option \"%s\" of %s is malformed (here stands %s): %s", row->name,
                         owner->what, nv_conf_kind_text(nave_conf_kind(c)), kind_is(row->kind));
            return NAVE_ECONFIG;
        }
    } else if (!row->default_text[0]) {
        if (object)
            nv_conf_fail(object, NAVE_EINVAL, owner->plugin,
                         "option \"%s\" of %s must be given: %s", row->name, owner->what, row->doc);
        else
            nv_report_error(report, NAVE_EINVAL, &nowhere, "option \"%s\" of %s must be given: %s",
                            row->name, owner->what, row->doc);
        return NAVE_ECONFIG;
    } else if (row->kind != NAVE_OPTION_KIND_text) {
        (void)parse_text(row->kind, row->default_text, &value); /* a checked table */
    }
    if (out)
        store(row, out, value, text);
    return NAVE_OK;
}

static void fail_unknown(const struct nave_option *rows, uint32_t count, struct nave_str key,
                         const struct nave_conf *c, const struct nv_options_owner *owner)
{
    char hint[NV_NEAR_HINT_MAX];
    char allowed[512] = "";
    struct nv_near near;
    size_t len = 0;
    uint32_t i;

    nv_near_init(&near, key);
    for (i = 0; i < count; i++) {
        int n = len < sizeof(allowed) ? snprintf(allowed + len, sizeof(allowed) - len, "%s%s",
                                                 i ? ", " : "", rows[i].name)
                                      : 0;

        len += (size_t)n;
        nv_near_try(&near, rows[i].name, strlen(rows[i].name));
    }
    nv_conf_fail(c, NAVE_ENOTFOUND, owner->plugin, "unknown option \"%.*s\" of %s; %s%s%s",
                 (int)nv_text_cut(key, 64), key.ptr, owner->what,
                 count ? "allowed: " : "it has no options", allowed, nv_near_hint(&near, hint));
}

static nave_err apply(const struct nave_option *rows, uint32_t count, struct nave_conf *conf,
                      char *out, struct nv_report *report, const struct nv_options_owner *owner)
{
    nave_err err = NAVE_OK;
    struct nave_str key;
    uint32_t row;
    size_t i;

    if (conf && nave_conf_kind(conf) != NAVE_CONF_OBJECT) {
        nv_conf_fail(conf, NAVE_EINVAL, owner->plugin,
                     "the options of %s are an object, { ... }; here stands %s", owner->what,
                     nv_conf_kind_text(nave_conf_kind(conf)));
        return NAVE_ECONFIG;
    }
    for (i = 0; i < nave_conf_count(conf); i++) {
        struct nave_conf *c = nave_conf_at(conf, i, &key);

        if ((key.len == 0 || key.ptr[0] != '$') && !nv_options_find(rows, count, key)) {
            fail_unknown(rows, count, key, c, owner);
            err = NAVE_ECONFIG;
        }
    }
    for (row = 0; row < count; row++) {
        if (take(&rows[row], nave_conf_get(conf, rows[row].name), conf, out, report, owner))
            err = NAVE_ECONFIG;
    }
    return err;
}

nave_err nv_options_check(const struct nave_option *rows, uint32_t count, struct nave_conf *conf,
                          struct nv_report *report, const struct nv_options_owner *owner)
{
    return apply(rows, count, conf, NULL, report, owner);
}

nave_err nv_options_fill(const struct nave_option_table *table, struct nave_conf *conf, void *out,
                         struct nv_report *report, const struct nv_options_owner *owner)
{
    nave_err err;

    memset(out, 0, table->struct_size);
    err = apply(table->rows, table->count, conf, out, report, owner);
    if (err)
        memset(out, 0, table->struct_size);
    return err;
}

nave_err nv_options_make(const struct nave_option_table *table, struct nave_conf *conf,
                         struct nv_report *report, const struct nv_options_owner *owner,
                         void **out_options)
{
    void *options = calloc(1, table->struct_size ? table->struct_size : 1);
    nave_err err;

    if (!options)
        return NAVE_ENOMEM;
    err = nv_options_fill(table, conf, options, report, owner);
    if (err) {
        free(options);
        return err;
    }
    *out_options = options;
    return NAVE_OK;
}

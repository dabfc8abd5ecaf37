/* SPDX-License-Identifier: MIT
 *
 * Whether an option list is well formed. A row's default and bounds are texts in the grammar of its
 * kind; they are parsed by the same functions as the values, so a table cannot allow what a file
 * cannot say. Rows may come from a file that means no good (a manifest): all is checked before use.
 */
#include "options.h"

#include <string.h>

#include "conf_scan.h"
#include "base/value.h"

#define ROWS_MAX         1024u
#define SCHEMA_DEPTH_MAX 32u
#define SCHEMA_VALUES    (1u << 14)

/* What a kind is to the checks. */
struct kind {
    uint32_t size;    /* of the member            */
    uint8_t bounds;   /* which grammar they have  */
    uint8_t is_empty; /* whether it can be empty without a flag */
    uint16_t flags;   /* which it may have, beyond _LIVE and _SECRET */
};

enum { BOUNDS_OWN, BOUNDS_COUNT, BOUNDS_WORDS, BOUNDS_NONE, BOUNDS_SCHEMA };

static const struct kind kinds[] = {
    [NAVE_OPTION_KIND_flag] = {sizeof(uint32_t), BOUNDS_OWN, 0, NAVE_OPTION_MAIN},
    [NAVE_OPTION_KIND_count] = {sizeof(uint64_t), BOUNDS_OWN, 0, NAVE_OPTION_MAIN},
    [NAVE_OPTION_KIND_size] = {sizeof(uint64_t), BOUNDS_OWN, 0, NAVE_OPTION_MAIN},
    [NAVE_OPTION_KIND_duration] = {sizeof(nave_nsec), BOUNDS_OWN, 0, NAVE_OPTION_MAIN},
    [NAVE_OPTION_KIND_text] = {sizeof(struct nave_str), BOUNDS_COUNT, 0,
                               NAVE_OPTION_MAIN | NAVE_OPTION_OPTIONAL},
    [NAVE_OPTION_KIND_conf] = {sizeof(void *), BOUNDS_SCHEMA, 1,
                               NAVE_OPTION_MAIN | NAVE_OPTION_OPTIONAL | NAVE_OPTION_REQUIRED},
    [NAVE_OPTION_KIND_choice] = {sizeof(uint32_t), BOUNDS_WORDS, 0, NAVE_OPTION_MAIN},
    [NAVE_OPTION_KIND_texts] = {sizeof(struct nave_texts), BOUNDS_COUNT, 1,
                                NAVE_OPTION_MAIN | NAVE_OPTION_OPTIONAL | NAVE_OPTION_REQUIRED},
    [NAVE_OPTION_KIND_pairs] = {sizeof(struct nave_pairs), BOUNDS_COUNT, 1,
                                NAVE_OPTION_OPTIONAL | NAVE_OPTION_REQUIRED},
    [NAVE_OPTION_KIND_address] = {sizeof(struct nave_str), BOUNDS_WORDS, 0,
                                  NAVE_OPTION_MAIN | NAVE_OPTION_OPTIONAL},
    [NAVE_OPTION_KIND_path] = {sizeof(struct nave_str), BOUNDS_NONE, 1,
                               NAVE_OPTION_MAIN | NAVE_OPTION_OPTIONAL | NAVE_OPTION_REQUIRED},
};

static struct nave_str str_of(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

nave_err nv_option_parse(uint32_t kind, const char *text, uint64_t *out)
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
    default: /* a count: of bytes, of texts, of pairs */
        return nv_value_count(str_of(text), out);
    }
}

int nv_option_is_within(const struct nave_option *row, uint64_t value)
{
    uint64_t bound;

    if (row->min_text[0] && nv_option_parse(row->kind, row->min_text, &bound) == NAVE_OK &&
        value < bound)
        return 0;
    return !row->max_text[0] || nv_option_parse(row->kind, row->max_text, &bound) != NAVE_OK ||
           value <= bound;
}

int nv_option_is_needed(const struct nave_option *row)
{
    return !row->default_text[0] &&
           (kinds[row->kind].is_empty ? (row->flags & NAVE_OPTION_REQUIRED) != 0
                                      : !(row->flags & NAVE_OPTION_OPTIONAL));
}

int nv_option_wants_room(uint32_t kind)
{
    return kind == NAVE_OPTION_KIND_texts || kind == NAVE_OPTION_KIND_pairs ||
           kind == NAVE_OPTION_KIND_path;
}

nave_err nv_option_check_address(const struct nave_option *row, struct nave_str text,
                                 struct nv_why *why)
{
    struct nv_address address;
    const char *fault;
    uint32_t index;

    if (nv_value_address(text, &address) != NAVE_OK)
        return nv_why_set(why, NAVE_ESYNTAX, NV_VALUE_ADDRESS_IS);
    if (row->min_text[0] && nv_value_find_word(row->min_text, address.scheme, &index) != NAVE_OK)
        return nv_why_set(why, NAVE_ENOTFOUND, "its scheme must be one of %s", row->min_text);
    fault = nv_value_address_fault(&address);
    return fault ? nv_why_set(why, NAVE_ESYNTAX, "%s", fault) : NAVE_OK;
}

/* ---- one row --------------------------------------------------------------------------------- */

static nave_err bad_bounds(const struct nave_option *row, struct nv_why *why)
{
    return nv_why_set(why, NAVE_EINVAL,
                      "option \"%s\" has malformed bounds \"%.64s\" and \"%.64s\"", row->name,
                      row->min_text, row->max_text);
}

/* For editors; one that is no JSON would spoil the schema of the whole file. */
static nave_err check_schema(const struct nave_option *row, struct nv_why *why)
{
    struct nv_conf_scan scan;
    struct nv_why reason = {""};
    nave_err err;

    if (row->min_text[0])
        return bad_bounds(row, why);
    if (!row->max_text[0])
        return NAVE_OK;
    err = nv_conf_scan(row->max_text, strlen(row->max_text), SCHEMA_DEPTH_MAX, SCHEMA_VALUES, &scan,
                       &reason);
    if (!err && row->max_text[0] == '{')
        return NAVE_OK;
    return nv_why_set(why, NAVE_EINVAL, "the schema of option \"%s\" is malformed: %s", row->name,
                      err ? reason.text : "it is no object");
}

static nave_err check_bounds(const struct nave_option *row, struct nv_why *why)
{
    uint64_t value;

    switch (kinds[row->kind].bounds) {
    case BOUNDS_SCHEMA:
        return check_schema(row, why);
    case BOUNDS_NONE:
        return row->min_text[0] || row->max_text[0] ? bad_bounds(row, why) : NAVE_OK;
    case BOUNDS_WORDS:
        if (row->max_text[0] || (!row->min_text[0] && row->kind == NAVE_OPTION_KIND_choice) ||
            (row->min_text[0] && !nv_value_words(row->min_text)))
            return nv_why_set(why, NAVE_EINVAL,
                              "option \"%s\" has a malformed list of words \"%.64s\"", row->name,
                              row->min_text);
        return NAVE_OK;
    default:
        if ((row->min_text[0] && nv_option_parse(row->kind, row->min_text, &value) != NAVE_OK) ||
            (row->max_text[0] && nv_option_parse(row->kind, row->max_text, &value) != NAVE_OK))
            return bad_bounds(row, why);
        return NAVE_OK;
    }
}

static nave_err check_default(const struct nave_option *row, struct nv_why *why)
{
    struct nv_why reason;
    nave_err err = NAVE_OK;
    uint64_t value = 0;
    uint32_t index;

    switch (row->kind) {
    case NAVE_OPTION_KIND_conf:
    case NAVE_OPTION_KIND_pairs:
        err = row->default_text[0] ? NAVE_ESYNTAX : NAVE_OK;
        break;
    case NAVE_OPTION_KIND_choice:
        if (row->default_text[0])
            err = nv_value_find_word(row->min_text, str_of(row->default_text), &index);
        break;
    case NAVE_OPTION_KIND_address:
        if (row->default_text[0])
            err = nv_option_check_address(row, str_of(row->default_text), &reason);
        break;
    case NAVE_OPTION_KIND_path:
        break;
    case NAVE_OPTION_KIND_texts:
        value = row->default_text[0] ? nv_value_words(row->default_text) : 0;
        err = row->default_text[0] && !value ? NAVE_ESYNTAX : NAVE_OK;
        break;
    case NAVE_OPTION_KIND_text:
        value = strlen(row->default_text);
        break;
    default:
        if (row->default_text[0])
            err = nv_option_parse(row->kind, row->default_text, &value);
        break;
    }
    if (err)
        return nv_why_set(why, NAVE_EINVAL, "option \"%s\" has a malformed default \"%s\"",
                          row->name, row->default_text);
    if (row->default_text[0] && kinds[row->kind].bounds <= BOUNDS_COUNT &&
        !nv_option_is_within(row, value))
        return nv_why_set(why, NAVE_EINVAL, "the default \"%s\" of option \"%s\" is out of bounds",
                          row->default_text, row->name);
    return NAVE_OK;
}

static nave_err check_flags(const struct nave_option *row, struct nv_why *why)
{
    const uint32_t known = NAVE_OPTION_LIVE | NAVE_OPTION_SECRET | NAVE_OPTION_MAIN |
                           NAVE_OPTION_OPTIONAL | NAVE_OPTION_REQUIRED;

    if (row->flags & ~known)
        return nv_why_set(why, NAVE_ETOONEW,
                          "option \"%s\" has flags 0x%x, which are not known here", row->name,
                          row->flags & ~known);
    if ((row->flags &
         ~(uint32_t)(kinds[row->kind].flags | NAVE_OPTION_LIVE | NAVE_OPTION_SECRET)) ||
        ((row->flags & NAVE_OPTION_REQUIRED) &&
         (row->default_text[0] || (row->flags & NAVE_OPTION_OPTIONAL))))
        return nv_why_set(why, NAVE_EINVAL, "option \"%s\" cannot have flags 0x%x", row->name,
                          row->flags);
    return NAVE_OK;
}

static nave_err check_row(const struct nave_option *row, struct nv_why *why)
{
    nave_err err;

    if (!row->name || !row->default_text || !row->min_text || !row->max_text || !row->doc)
        return nv_why_set(why, NAVE_EINVAL, "an option has an empty column");
    if (row->name[0] == '\0' || row->name[0] == '$')
        return nv_why_set(why, NAVE_EINVAL, "\"%s\" is no name for an option", row->name);
    if (row->kind == 0 || row->kind >= NAVE_COUNT(kinds))
        return nv_why_set(why, NAVE_ETOONEW, "option \"%s\" has kind %u, which is not known here",
                          row->name, row->kind);
    err = check_flags(row, why);
    if (!err)
        err = check_bounds(row, why);
    return err ? err : check_default(row, why);
}

/* ---- rows and tables ------------------------------------------------------------------------- */

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

const struct nave_option *nv_options_main(const struct nave_option *rows, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (rows[i].flags & NAVE_OPTION_MAIN)
            return &rows[i];
    }
    return NULL;
}

static nave_err check_main(const struct nave_option *rows, uint32_t count, struct nv_why *why)
{
    const struct nave_option *row = nv_options_main(rows, count);
    const struct nave_option *next;
    uint32_t after;

    if (!row)
        return NAVE_OK;
    after = count - (uint32_t)(row - rows) - 1;
    next = nv_options_main(row + 1, after);
    if (next)
        return nv_why_set(why, NAVE_EINVAL, "options \"%s\" and \"%s\" are both the main one",
                          row->name, next->name);
    if (row->kind == NAVE_OPTION_KIND_conf && count > 1)
        return nv_why_set(why, NAVE_EINVAL,
                          "option \"%s\" takes whole values, so there cannot be other options",
                          row->name);
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
    return check_main(rows, count, why);
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

        if (row->size != kinds[row->kind].size || row->offset > table->struct_size ||
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

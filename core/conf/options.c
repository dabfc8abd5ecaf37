/* SPDX-License-Identifier: MIT
 *
 * From the configuration to the struct of a plugin. Every list is gone through twice: first only to
 * check and to learn how much room its texts and lists take, then, into one block of that size, to
 * fill. Refusing allocates nothing.
 */
#include "options.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "base/near.h"
#include "base/value.h"

#define PATH_ROOM (2 * PATH_MAX + 2) /* of the working directory and a path in it */

/* One way through a list. */
struct filling {
    struct nave_conf *object; /* the options; NULL: none, or the value of the main one */
    struct nv_report *report;
    const struct nv_options_owner *owner;
    char *out;  /* the struct; NULL: only check                                       */
    char *room; /* behind the struct, for texts and lists; NULL with out: they are borrowed */
    size_t used;
    size_t cap; /* of room */
};

static struct nave_str str_of(const char *text)
{
    return (struct nave_str){text, strlen(text)};
}

/* ---- room ------------------------------------------------------------------------------------ */

/* `bytes` of the room; NULL while it is only measured, and when it is too much. */
static void *reserve(struct filling *f, size_t bytes, size_t align)
{
    size_t at = (f->used + align - 1) / align * align;

    f->used = at + bytes;
    /* Too much: the working directory, which paths are made of, has changed since it was measured. */
    return f->room && f->used <= f->cap ? f->room + at : NULL;
}

/* `text` in the room, with a NUL behind it. */
static struct nave_str keep(struct filling *f, struct nave_str text)
{
    char *copy = reserve(f, text.len + 1, 1);

    if (!copy)
        return text;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return (struct nave_str){copy, text.len};
}

static void store(const struct filling *f, const struct nave_option *row, const void *value)
{
    assert(!f->out || f->room || !nv_option_wants_room(row->kind));
    if (f->out)
        memcpy(f->out + row->offset, value, row->size);
}

/* ---- messages -------------------------------------------------------------------------------- */

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
    case NAVE_OPTION_KIND_texts:
        return "a list of texts is allowed here, or one text";
    case NAVE_OPTION_KIND_pairs:
        return "an object from text to text is allowed here";
    case NAVE_OPTION_KIND_address:
        return NV_VALUE_ADDRESS_IS;
    case NAVE_OPTION_KIND_path:
        return "a path is a text that is not empty";
    default:
        return "a text is allowed here";
    }
}

static nave_err malformed(const struct filling *f, const struct nave_option *row,
                          const struct nave_conf *c)
{
    nv_conf_fail(c, NAVE_EINVAL, f->owner->plugin,
                 "option \"%s\" of %s is malformed (here stands %s): %s", row->name, f->owner->what,
                 nv_conf_kind_text(nave_conf_kind(c)), kind_is(row->kind));
    return NAVE_ECONFIG;
}

static nave_err out_of_range(const struct filling *f, const struct nave_option *row,
                             const struct nave_conf *c)
{
    const char *plugin = f->owner->plugin;
    const char *what = row->kind == NAVE_OPTION_KIND_text    ? " (length in bytes)"
                       : row->kind == NAVE_OPTION_KIND_texts ? " (number of texts)"
                       : row->kind == NAVE_OPTION_KIND_pairs ? " (number of members)"
                                                             : "";

    if (row->min_text[0] && row->max_text[0])
        nv_conf_fail(c, NAVE_EOVERFLOW, plugin,
                     "option \"%s\" of %s is out of range%s: from %s to %s is allowed", row->name,
                     f->owner->what, what, row->min_text, row->max_text);
    else if (!row->min_text[0] && !row->max_text[0]) /* more than 63 bits, or less than nothing */
        nv_conf_fail(c, NAVE_EOVERFLOW, plugin, "option \"%s\" of %s is out of range: %s",
                     row->name, f->owner->what, kind_is(row->kind));
    else
        nv_conf_fail(c, NAVE_EOVERFLOW, plugin,
                     "option \"%s\" of %s is out of range%s: at %s %s is allowed", row->name,
                     f->owner->what, what, row->min_text[0] ? "least" : "most",
                     row->min_text[0] ? row->min_text : row->max_text);
    return NAVE_ECONFIG;
}

/* "a, b, c" of the words of a list, cut when they are too many. */
static const char *words_text(const char *list, char *out, size_t cap)
{
    size_t len = 0;

    for (; *list && len + 3 < cap; list++) {
        out[len++] = *list == '|' ? ',' : *list;
        if (*list == '|')
            out[len++] = ' ';
    }
    out[len] = '\0';
    return out;
}

static nave_err fail_choice(const struct filling *f, const struct nave_option *row,
                            const struct nave_conf *c, struct nave_str word)
{
    char hint[NV_NEAR_HINT_MAX], allowed[512];
    struct nv_near near;
    struct nave_str name;
    uint32_t i;

    nv_near_init(&near, word);
    for (i = 0; (name = nv_value_word(row->min_text, i)).len > 0; i++)
        nv_near_try(&near, name.ptr, name.len);
    words_text(row->min_text, allowed, sizeof(allowed));
    if (nave_conf_kind(c) != NAVE_CONF_TEXT && nave_conf_kind(c) != NAVE_CONF_INT)
        nv_conf_fail(c, NAVE_EINVAL, f->owner->plugin,
                     "option \"%s\" of %s is malformed (here stands %s): allowed: %s", row->name,
                     f->owner->what, nv_conf_kind_text(nave_conf_kind(c)), allowed);
    else if (row->flags & NAVE_OPTION_SECRET)
        nv_conf_fail(c, NAVE_ENOTFOUND, f->owner->plugin,
                     "option \"%s\" of %s cannot be this; allowed: %s", row->name, f->owner->what,
                     allowed);
    else
        nv_conf_fail(c, NAVE_ENOTFOUND, f->owner->plugin,
                     "option \"%s\" of %s cannot be \"%.*s\"; allowed: %s%s", row->name,
                     f->owner->what, (int)nv_text_cut(word, 64), word.ptr, allowed,
                     nave_conf_kind(c) == NAVE_CONF_TEXT ? nv_near_hint(&near, hint) : "");
    return NAVE_ECONFIG;
}

static nave_err fail_missing(const struct filling *f, const struct nave_option *row)
{
    const struct nave_conf *at = f->object ? f->object : f->owner->at;
    const struct nv_place nowhere = {.plugin = f->owner->plugin};

    if (at)
        nv_conf_fail(at, NAVE_EINVAL, f->owner->plugin, "option \"%s\" of %s must be given: %s",
                     row->name, f->owner->what, row->doc);
    else
        nv_report_error(f->report, NAVE_EINVAL, &nowhere, "option \"%s\" of %s must be given: %s",
                        row->name, f->owner->what, row->doc);
    return NAVE_ECONFIG;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

/* A number; flags as well. */
static nave_err read_number(const struct nave_option *row, const struct nave_conf *c, uint64_t *out)
{
    uint32_t flag;
    int64_t number;
    nave_nsec ns;
    nave_err err;

    switch (row->kind) {
    case NAVE_OPTION_KIND_flag:
        err = c->api->flag(c, &flag);
        if (!err)
            *out = flag;
        return err;
    case NAVE_OPTION_KIND_count:
        err = c->api->integer(c, &number);
        if (!err && number < 0)
            err = NAVE_EOVERFLOW;
        if (!err)
            *out = (uint64_t)number;
        return err;
    case NAVE_OPTION_KIND_size:
        return c->api->bytes(c, out);
    default:
        err = c->api->duration(c, &ns);
        if (!err)
            *out = (uint64_t)ns;
        return err;
    }
}

static nave_err take_number(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    uint64_t value = 0;
    uint32_t flag;
    nave_err err = NAVE_OK;

    if (c)
        err = read_number(row, c, &value);
    else
        err = nv_option_parse(row->kind, row->default_text, &value); /* right: the table is */
    if (err == NAVE_EOVERFLOW || (!err && !nv_option_is_within(row, value)))
        return out_of_range(f, row, c);
    if (err)
        return malformed(f, row, c);
    flag = value != 0;
    store(f, row, row->kind == NAVE_OPTION_KIND_flag ? (const void *)&flag : (const void *)&value);
    return NAVE_OK;
}

static nave_err take_choice(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    struct nave_str word = str_of(row->default_text);
    char digits[24];
    uint32_t index;
    int64_t number;

    if (c && c->api->integer(c, &number) == NAVE_OK) {
        snprintf(digits, sizeof(digits), "%lld", (long long)number);
        word = str_of(digits);
    } else if (c && c->api->text(c, &word) != NAVE_OK) {
        return fail_choice(f, row, c, (struct nave_str){"", 0});
    }
    if (nv_value_find_word(row->min_text, word, &index) != NAVE_OK)
        return fail_choice(f, row, c, word);
    store(f, row, &index);
    return NAVE_OK;
}

static nave_err take_text(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    struct nave_str text = str_of(row->default_text);

    if (c) {
        if (c->api->text(c, &text) != NAVE_OK)
            return malformed(f, row, c);
        if (!nv_option_is_within(row, text.len))
            return out_of_range(f, row, c);
        text = keep(f, text);
    }
    store(f, row, &text);
    return NAVE_OK;
}

static nave_err take_address(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    struct nave_str text = str_of(row->default_text);
    struct nv_why why;

    if (c) {
        if (c->api->text(c, &text) != NAVE_OK)
            return malformed(f, row, c);
        if (nv_option_check_address(row, text, &why) != NAVE_OK) {
            char allowed[256];

            if (row->flags & NAVE_OPTION_SECRET)
                text = str_of("***");
            nv_conf_fail(c, NAVE_ESYNTAX, f->owner->plugin,
                         "option \"%s\" of %s cannot be \"%.*s\": %s", row->name, f->owner->what,
                         (int)nv_text_cut(text, 128), text.ptr,
                         words_text(why.text, allowed, sizeof(allowed)));
            return NAVE_ECONFIG;
        }
        text = keep(f, text);
    }
    store(f, row, &text);
    return NAVE_OK;
}

static nave_err take_path(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    const struct nave_conf *from = c ? c : f->object ? f->object : f->owner->at;
    struct nave_str text = str_of(row->default_text);
    char path[PATH_ROOM];
    nave_err err;

    if (c && (c->api->text(c, &text) != NAVE_OK || text.len == 0))
        return malformed(f, row, c);
    if (text.len > 0) {
        err = nv_conf_resolve_to(from, text, path, sizeof(path));
        if (err && c)
            nv_conf_fail(c, err, f->owner->plugin,
                         "option \"%s\" of %s cannot be made an absolute path: %s", row->name,
                         f->owner->what, nave_err_text(err));
        if (err)
            return NAVE_ECONFIG;
        text = str_of(path);
    }
    text = keep(f, text);
    store(f, row, &text);
    return NAVE_OK;
}

/* Text `c` of a list or of a member. */
static nave_err take_item(struct filling *f, const struct nave_option *row, struct nave_conf *c,
                          struct nave_str *out)
{
    struct nave_str text;

    if (c->api->text(c, &text) != NAVE_OK)
        return malformed(f, row, c);
    text = keep(f, text);
    if (out)
        *out = text;
    return NAVE_OK;
}

/* The default: words that are static. */
static void default_texts(struct filling *f, const struct nave_option *row)
{
    struct nave_texts value = {NULL, row->default_text[0] ? nv_value_words(row->default_text) : 0};
    struct nave_str *items =
        value.count ? reserve(f, value.count * sizeof(*items), sizeof(uint64_t)) : NULL;
    uint32_t i;

    for (i = 0; items && i < value.count; i++)
        items[i] = nv_value_word(row->default_text, i);
    value.items = items;
    store(f, row, &value);
}

static nave_err take_texts(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    int is_list = nave_conf_kind(c) == NAVE_CONF_LIST;
    struct nave_texts value = {NULL, is_list ? nave_conf_count(c) : 1};
    struct nave_str *items;
    nave_err err = NAVE_OK;
    size_t i;

    if (!c) {
        default_texts(f, row);
        return NAVE_OK;
    }
    if (!is_list && nave_conf_kind(c) != NAVE_CONF_TEXT)
        return malformed(f, row, c);
    if (!nv_option_is_within(row, value.count))
        return out_of_range(f, row, c);
    items = value.count ? reserve(f, value.count * sizeof(*items), sizeof(uint64_t)) : NULL;
    for (i = 0; i < value.count; i++) {
        if (take_item(f, row, is_list ? nave_conf_at(c, i, NULL) : c, items ? &items[i] : NULL))
            err = NAVE_ECONFIG;
    }
    value.items = items;
    store(f, row, &value);
    return err;
}

static nave_err take_pairs(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    struct nave_pairs value = {NULL, nave_conf_count(c)};
    struct nave_pair *items;
    nave_err err = NAVE_OK;
    size_t i;

    if (c && nave_conf_kind(c) != NAVE_CONF_OBJECT)
        return malformed(f, row, c);
    if (c && !nv_option_is_within(row, value.count))
        return out_of_range(f, row, c);
    items = value.count ? reserve(f, value.count * sizeof(*items), sizeof(uint64_t)) : NULL;
    for (i = 0; i < value.count; i++) {
        struct nave_str key = {"", 0};
        struct nave_conf *member = nave_conf_at(c, i, &key);

        if (key.len == 0 || key.ptr[0] == '$') {
            nv_conf_fail(member, NAVE_EINVAL, f->owner->plugin,
                         "option \"%s\" of %s has a key \"%.*s\"; a key is not empty and does not "
                         "begin with '$'",
                         row->name, f->owner->what, (int)nv_text_cut(key, 64), key.ptr);
            err = NAVE_ECONFIG;
        }
        key = keep(f, key);
        if (items)
            items[i].key = key;
        if (take_item(f, row, member, items ? &items[i].value : NULL))
            err = NAVE_ECONFIG;
    }
    value.items = items;
    store(f, row, &value);
    return err;
}

/* One row: the value of `c`, or the default when `c` is NULL. */
static nave_err take(struct filling *f, const struct nave_option *row, struct nave_conf *c)
{
    if (!c && nv_option_is_needed(row))
        return fail_missing(f, row);
    if (c && (row->flags & NAVE_OPTION_SECRET))
        nv_conf_note_secret(c, f->owner->plugin);
    switch (row->kind) {
    case NAVE_OPTION_KIND_conf:
        store(f, row, &c);
        return NAVE_OK;
    case NAVE_OPTION_KIND_choice:
        return take_choice(f, row, c);
    case NAVE_OPTION_KIND_text:
        return take_text(f, row, c);
    case NAVE_OPTION_KIND_texts:
        return take_texts(f, row, c);
    case NAVE_OPTION_KIND_pairs:
        return take_pairs(f, row, c);
    case NAVE_OPTION_KIND_address:
        return take_address(f, row, c);
    case NAVE_OPTION_KIND_path:
        return take_path(f, row, c);
    default:
        return take_number(f, row, c);
    }
}

/* ---- a list ---------------------------------------------------------------------------------- */

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

/* Go through the list; `f` says how. */
static nave_err apply(const struct nave_option *rows, uint32_t count, struct nave_conf *conf,
                      struct filling *f)
{
    const struct nave_option *whole = nv_options_main(rows, count); /* row that is all of `conf` */
    int is_object = nave_conf_kind(conf) == NAVE_CONF_OBJECT;
    nave_err err = NAVE_OK;
    struct nave_str key;
    uint32_t row;
    size_t i;

    if (!conf || (is_object && whole && whole->kind != NAVE_OPTION_KIND_conf))
        whole = NULL;
    if (conf && !is_object && !whole) {
        nv_conf_fail(conf, NAVE_EINVAL, f->owner->plugin,
                     "the options of %s are an object, { ... }; here stands %s", f->owner->what,
                     nv_conf_kind_text(nave_conf_kind(conf)));
        return NAVE_ECONFIG;
    }
    f->object = conf;
    for (i = 0; !whole && i < nave_conf_count(conf); i++) {
        struct nave_conf *c = nave_conf_at(conf, i, &key);

        if ((key.len == 0 || key.ptr[0] != '$') && !nv_options_find(rows, count, key)) {
            fail_unknown(rows, count, key, c, f->owner);
            err = NAVE_ECONFIG;
        }
    }
    for (row = 0; row < count; row++) {
        struct nave_conf *c = &rows[row] == whole ? conf
                              : whole             ? NULL
                                                  : nave_conf_get(conf, rows[row].name);

        if (take(f, &rows[row], c))
            err = NAVE_ECONFIG;
    }
    return err;
}

nave_err nv_options_check(const struct nave_option *rows, uint32_t count, struct nave_conf *conf,
                          struct nv_report *report, const struct nv_options_owner *owner)
{
    struct filling f = {.report = report, .owner = owner};

    return apply(rows, count, conf, &f);
}

nave_err nv_options_fill(const struct nave_option_table *table, struct nave_conf *conf, void *out,
                         struct nv_report *report, const struct nv_options_owner *owner)
{
    struct filling f = {.report = report, .owner = owner, .out = out};
    nave_err err;

    memset(out, 0, table->struct_size);
    err = apply(table->rows, table->count, conf, &f);
    if (err)
        memset(out, 0, table->struct_size);
    return err;
}

nave_err nv_options_make(const struct nave_option_table *table, struct nave_conf *conf,
                         struct nv_report *report, const struct nv_options_owner *owner,
                         void **out_options)
{
    const size_t head = ((size_t)table->struct_size + 7) & ~(size_t)7;
    struct filling f = {.report = report, .owner = owner};
    nave_err err = apply(table->rows, table->count, conf, &f);

    if (err)
        return err;
    f.cap = f.used;
    f.used = 0;
    f.out = calloc(1, head + f.cap + 1);
    if (!f.out)
        return NAVE_ENOMEM;
    f.room = f.out + head;
    err = apply(table->rows, table->count, conf, &f);
    if (!err && f.used > f.cap)
        err = NAVE_ENOMEM;
    if (err) { /* it was right a moment ago */
        free(f.out);
        return err;
    }
    *out_options = f.out;
    return NAVE_OK;
}

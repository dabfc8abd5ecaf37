/* SPDX-License-Identifier: MIT
 *
 * Lists of entity tags, read strictly: what is not right ends the list, and what was read before it
 * counts. Dates that are no dates are as if the field were not there.
 */
#include "conditional.h"

#include "date.h"

#include <string.h>

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE. Its end, or NULL. */
static const char *read_tag(const char *p, const char *end)
{
    if (end - p >= 2 && p[0] == 'W' && p[1] == '/')
        p += 2;
    if (p == end || *p++ != '"')
        return NULL;
    while (p < end && *p != '"') {
        unsigned char c = (unsigned char)*p++;

        if (c < 0x21 || c == 0x7f)
            return NULL;
    }
    return p < end ? p + 1 : NULL;
}

static int is_weak(const char *tag, size_t len)
{
    return len >= 2 && tag[0] == 'W';
}

/* Are these two tags the same, both strong when `strong` ("RFC 9110 8.8.3.2")? */
static int tags_match(const char *a, size_t a_len, const char *b, size_t b_len, int strong)
{
    if (strong && (is_weak(a, a_len) || is_weak(b, b_len)))
        return 0;
    if (is_weak(a, a_len)) {
        a += 2;
        a_len -= 2;
    }
    if (is_weak(b, b_len)) {
        b += 2;
        b_len -= 2;
    }
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* 1: the list is "*", or our tag is in it. */
static int list_has(const char *text, size_t len, const struct nave_str *etag, int strong)
{
    const char *end = text + len;
    const char *p = skip_blanks(text, end);

    if (p < end && *p == '*')
        return skip_blanks(p + 1, end) == end;
    while (p < end) {
        const char *stop;

        if (*p == ',') {
            p = skip_blanks(p + 1, end);
            continue;
        }
        stop = read_tag(p, end);
        if (!stop)
            return 0;
        if (etag->len > 0 && tags_match(p, (size_t)(stop - p), etag->ptr, etag->len, strong))
            return 1;
        p = skip_blanks(stop, end);
        if (p < end && *p != ',')
            return 0;
    }
    return 0;
}

void files_condition_match_add(struct files_conditions *c, const struct files_validators *v,
                               const char *text, size_t len)
{
    c->has_if_match = 1;
    c->if_match_is_true |= (uint8_t)list_has(text, len, &v->etag, 1);
}

void files_condition_none_match_add(struct files_conditions *c, const struct files_validators *v,
                                    const char *text, size_t len)
{
    c->has_if_none_match = 1;
    c->if_none_match_hits |= (uint8_t)list_has(text, len, &v->etag, 0);
}

/* 1: the field is there, we know when ours was changed, and *out_s is the field's date. */
static int date_of(const struct nave_str *field, const struct files_validators *v, int64_t now_s,
                   int64_t *out_s)
{
    return field->ptr && v->has_modified && files_date_parse(field->ptr, field->len, now_s, out_s);
}

int files_condition_check(const struct files_conditions *c, const struct files_validators *v,
                          int64_t now_s)
{
    int64_t date_s;

    if (c->has_if_match) {
        if (!c->if_match_is_true)
            return FILES_CONDITION_FAILED;
    } else if (date_of(&c->if_unmodified_since, v, now_s, &date_s)) {
        if (v->modified_s > date_s)
            return FILES_CONDITION_FAILED;
    }
    if (c->has_if_none_match)
        return c->if_none_match_hits ? FILES_CONDITION_SAME : FILES_CONDITION_GO;
    if (date_of(&c->if_modified_since, v, now_s, &date_s) && v->modified_s <= date_s)
        return FILES_CONDITION_SAME;
    return FILES_CONDITION_GO;
}

int files_condition_range_holds(const struct files_conditions *c, const struct files_validators *v,
                                int64_t now_s)
{
    const struct nave_str *f = &c->if_range;
    int64_t date_s;

    if (!f->ptr)
        return 1;
    if (f->len > 0 && (f->ptr[0] == '"' || f->ptr[0] == 'W'))
        return read_tag(f->ptr, f->ptr + f->len) == f->ptr + f->len && v->etag.len > 0 &&
               tags_match(f->ptr, f->len, v->etag.ptr, v->etag.len, 1);
    /* A date is strong only when a second lies between: "RFC 9110 8.8.2.2". */
    return date_of(f, v, now_s, &date_s) && date_s == v->modified_s && now_s > v->modified_s;
}

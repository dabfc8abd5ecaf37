/* SPDX-License-Identifier: MIT
 *
 * From a text to a tree. The scan has refused everything that is no JSON, so that this reader looks at
 * nothing twice: what is left to find is a key that stands twice and a number out of range. Both are
 * told at their place, and reading goes on.
 *
 * Texts without an escape stay where they are, in the source; the others are decoded into the document.
 */
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_tree.h"

#define REAL_MAX 400u /* bytes of a number with a fraction or an exponent */

struct reader {
    struct nv_conf_doc *doc;
    struct nv_conf_source *source;
    size_t i; /* the next byte */
};

static void skip_space(struct reader *rd)
{
    while (rd->i < rd->source->len && strchr(" \t\n\r", rd->source->text[rd->i]) &&
           rd->source->text[rd->i])
        rd->i++;
}

/* The next token; rd->i is behind it. */
static struct nave_str take_token(struct reader *rd)
{
    struct nave_str token;

    skip_space(rd);
    token.ptr = rd->source->text + rd->i;
    token.len = nv_conf_token(rd->source->text, rd->source->len, rd->i);
    rd->i += token.len;
    return token;
}

/* ---- texts ----------------------------------------------------------------------------------- */

static unsigned long hex4(const char *digits)
{
    char text[5];

    memcpy(text, digits, 4);
    text[4] = '\0';
    return strtoul(text, NULL, 16);
}

static size_t put_utf8(char *out, unsigned long c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* The text of a token with its quotes. An escape is never shorter than what it stands for. */
static struct nave_str decode(struct nv_conf_doc *doc, struct nave_str token)
{
    static const char escapes[] = "bfnrt", meant[] = "\b\f\n\r\t";
    const char *from = token.ptr + 1, *end = token.ptr + token.len - 1;
    struct nave_str text = {from, token.len - 2};
    char *out;

    if (!memchr(from, '\\', text.len))
        return text;
    out = nv_conf_alloc(doc, text.len + 1);
    if (!out)
        return (struct nave_str){"", 0};
    text = (struct nave_str){out, 0};
    while (from < end) {
        const char *known;
        unsigned long c;

        if (*from != '\\') {
            out[text.len++] = *from++;
        } else if (from[1] != 'u') {
            known = strchr(escapes, from[1]);
            out[text.len++] = known ? meant[known - escapes] : from[1];
            from += 2;
        } else {
            c = hex4(from + 2);
            from += 6;
            if (c >= 0xd800 && c <= 0xdbff) { /* the scan saw the other half */
                c = 0x10000 + ((c - 0xd800) << 10 | (hex4(from + 2) - 0xdc00));
                from += 6;
            }
            text.len += put_utf8(out + text.len, c);
        }
    }
    return text;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* strtod wants the decimal point of the locale, which is the host program's to choose. */
static int read_real(struct nave_str token, double *out)
{
    const char *point = localeconv()->decimal_point;
    char text[REAL_MAX + 16];
    size_t len = 0, i;

    for (i = 0; i < token.len && len < REAL_MAX; i++) {
        if (token.ptr[i] == '.')
            len += (size_t)snprintf(text + len, 8, "%s", point);
        else
            text[len++] = token.ptr[i];
    }
    text[len] = '\0';
    *out = strtod(text, NULL);
    return i == token.len && isfinite(*out);
}

static void read_number(struct nv_conf_node *n, struct nave_str token)
{
    int shown = token.len > 40 ? 40 : (int)token.len;

    if (memchr(token.ptr, '.', token.len) || memchr(token.ptr, 'e', token.len) ||
        memchr(token.ptr, 'E', token.len)) {
        n->kind = NAVE_CONF_REAL;
        if (read_real(token, &n->value.real))
            return;
        nv_conf_fail(&n->pub, NAVE_EOVERFLOW, NULL, "number %.*s is out of range", shown,
                     token.ptr);
        n->doc->refused++;
        n->flags |= NV_NODE_REFUSED;
        return;
    }
    n->kind = NAVE_CONF_INT;
    errno = 0;
    n->value.integer = strtoll(token.ptr, NULL, 10); /* ends at the byte behind the digits */
    if (errno != ERANGE)
        return;
    nv_conf_fail(&n->pub, NAVE_EOVERFLOW, NULL,
                 "number %.*s is out of range; whole numbers go from %lld to %lld", shown,
                 token.ptr, LLONG_MIN, LLONG_MAX);
    n->doc->refused++;
    n->flags |= NV_NODE_REFUSED;
}

/* ---- values ---------------------------------------------------------------------------------- */

static void read_value(struct reader *rd, struct nv_conf_node *n);

/* A new node for the value at the next byte. */
static struct nv_conf_node *begin_value(struct reader *rd)
{
    skip_space(rd);
    return nv_conf_node_new(rd->doc, rd->source, rd->i);
}

static void read_list(struct reader *rd, struct nv_conf_node *n)
{
    for (;;) {
        struct nv_conf_node *item;

        skip_space(rd);
        if (rd->source->text[rd->i] == ']')
            break;
        item = begin_value(rd);
        if (!item)
            return;
        nv_conf_append(n, item);
        read_value(rd, item);
        skip_space(rd);
        if (rd->source->text[rd->i] == ',')
            rd->i++;
        if (rd->doc->is_out_of_memory)
            return;
    }
    rd->i++;
}

static void read_object(struct reader *rd, struct nv_conf_node *n)
{
    for (;;) {
        struct nv_conf_node *member, *other;
        struct nave_str key;

        skip_space(rd);
        if (rd->source->text[rd->i] == '}')
            break;
        key = decode(rd->doc, take_token(rd));
        (void)take_token(rd); /* ':' */
        member = begin_value(rd);
        if (!member)
            return;
        member->key = key;
        member->parent = n;
        other = nv_conf_child(n, key);
        if (other)
            nv_conf_fail_twice(member, other);
        else
            nv_conf_append(n, member);
        read_value(rd, member);
        skip_space(rd);
        if (rd->source->text[rd->i] == ',')
            rd->i++;
        if (rd->doc->is_out_of_memory)
            return;
    }
    rd->i++;
}

/* Recursion is as deep as the text is nested: NV_CONF_DEPTH_MAX. */
static void read_value(struct reader *rd, struct nv_conf_node *n)
{
    struct nave_str token = take_token(rd);

    switch (token.ptr[0]) {
    case '{':
        n->kind = NAVE_CONF_OBJECT;
        read_object(rd, n);
        break;
    case '[':
        n->kind = NAVE_CONF_LIST;
        read_list(rd, n);
        break;
    case '"':
        n->kind = NAVE_CONF_TEXT;
        n->value.text = decode(rd->doc, token);
        break;
    case 't':
    case 'f':
        n->kind = NAVE_CONF_FLAG;
        n->value.integer = token.ptr[0] == 't';
        break;
    case 'n':
        n->kind = NAVE_CONF_NULL;
        break;
    default:
        read_number(n, token);
        break;
    }
}

struct nv_conf_node *nv_conf_parse(struct nv_conf_doc *doc, struct nv_conf_source *source,
                                   const struct nv_conf_node *like)
{
    struct reader rd = {.doc = doc, .source = source};
    struct nv_conf_scan scan;
    struct nv_conf_node *root;
    struct nv_why why = {""};
    nave_err err;

    /* Some editors begin a file with a byte order mark; RFC 8259 8.1 lets us skip it. It is no
     * character of line 1: columns count what the editor shows. */
    if (source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
        source->len -= 3;
        memmove(source->text, source->text + 3, source->len + 1);
    }
    err = nv_conf_scan(source->text, source->len, NV_CONF_DEPTH_MAX,
                       NV_CONF_VALUES_MAX - doc->values, &scan, &why);
    if (err) {
        if (err == NAVE_ETOOBIG && doc->values > 0 &&
            scan.count == NV_CONF_VALUES_MAX - doc->values)
            nv_why_set(&why, err, "more than %u values in one configuration", NV_CONF_VALUES_MAX);
        nv_conf_fail_at(doc, err, source, scan.bad_offset, like, why.text);
        return NULL;
    }
    doc->values += scan.count;
    root = begin_value(&rd);
    if (!root)
        return NULL;
    if (like) {
        root->parent = like->parent;
        root->key = like->key;
        root->index = like->index;
    }
    read_value(&rd, root);
    return doc->is_out_of_memory ? NULL : root;
}

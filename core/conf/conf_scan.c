/* SPDX-License-Identifier: MIT
 *
 * The scanner is a machine of what may stand next, with a stack of the open brackets; it does not
 * recurse. Each refusal names the byte at which the text stopped being JSON. The mistakes that people
 * make by hand (a last comma, comments, single quotes) have messages of their own.
 */
#include "conf_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/value.h"

#define DEPTH_CAP 256u

/* What may stand next. */
enum want {
    WANT_VALUE = 0,
    WANT_ITEM,   /* after '[': a value or ']'          */
    WANT_MEMBER, /* after '{': a key or '}'            */
    WANT_KEY,    /* after ',' in an object             */
    WANT_COLON,
    WANT_MORE, /* after an item or member: ',' or end */
    WANT_END,  /* after the one value: nothing        */
};

struct scanner {
    const char *text;
    size_t len;
    size_t i;
    enum want want;

    struct nv_conf_scan found;
    size_t values_max;

    size_t opens[DEPTH_CAP]; /* offsets of the open brackets */
    size_t depth;
    size_t depth_max;

    struct nv_why *why;
};

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The byte at `i`, or NUL at the end (which no caller takes for something). */
static char at(const struct scanner *s, size_t i)
{
    return i < s->len ? s->text[i] : '\0';
}

/* One past the token that begins at `i`, white space, brackets and the like being tokens as well. */
static size_t skip_token(const char *text, size_t len, size_t i)
{
    if (text[i] == '"') {
        for (i++; i < len && text[i] != '"'; i++) {
            if (text[i] == '\\' && i + 1 < len)
                i++;
        }
        return i < len ? i + 1 : len;
    }
    if (is_space(text[i]) || (text[i] && strchr("[]{},:", text[i])))
        return i + 1;
    for (i++; i < len && !is_space(text[i]) && (!text[i] || !strchr("[]{},:\"", text[i])); i++) {
    }
    return i;
}

/* Where the last token before `end` begins; `end` when there is none. */
static size_t token_before(const char *text, size_t end)
{
    size_t found = end;
    size_t i = 0;

    while (i < end) {
        size_t next = skip_token(text, end, i);

        if (!is_space(text[i]))
            found = i;
        i = next;
    }
    return found;
}

static nave_err refuse(struct scanner *s, size_t offset, const char *format, ...) NAVE_FORMAT(3, 4);

static nave_err refuse(struct scanner *s, size_t offset, const char *format, ...)
{
    char what[256];
    va_list args;

    va_start(args, format);
    if (vsnprintf(what, sizeof(what), format, args) < 0)
        what[0] = '\0';
    va_end(args);
    s->found.bad_offset = offset;
    return nv_why_set(s->why, NAVE_ESYNTAX, "not valid JSON: %s", what);
}

/* The byte at s->i in words. */
static const char *stands(const struct scanner *s, char out[48])
{
    unsigned char c = (unsigned char)at(s, s->i);

    if (s->i >= s->len)
        return "the text ends";
    if (c == '"')
        return "here stands a text";
    if (c > 0x20 && c < 0x7f)
        snprintf(out, 48, "here stands '%c'", c);
    else
        snprintf(out, 48, "here stands byte 0x%02x", c);
    return out;
}

static nave_err refuse_open(struct scanner *s)
{
    struct nv_conf_position open = {0, 0, 0};

    nv_conf_locate(s->text, s->len, s->opens[s->depth - 1], &open);
    return refuse(s, s->i, "the text ends, and '%c' of line %u, column %u is not closed",
                  s->text[open.offset], open.line, open.column);
}

static nave_err refuse_token(struct scanner *s)
{
    static const char *const wanted[] = {
        "a value: a text, a number, true, false, null, a list or an object",
        "a value, or ']'",
        "a key in double quotes, or '}'",
        "a key in double quotes",
        "':' between a key and its value",
        "",
        "the end: the configuration is one object",
    };
    char c = at(s, s->i);
    char room[48];

    if (s->i >= s->len && s->depth > 0)
        return refuse_open(s);
    if (s->i >= s->len)
        return refuse(s, s->i, "there is nothing in it; the least configuration is {}");
    if (c == '#' || (c == '/' && (at(s, s->i + 1) == '/' || at(s, s->i + 1) == '*')))
        return refuse(s, s->i, "it has no comments");
    if (c == '\'')
        return refuse(s, s->i, "texts and keys stand in double quotes");
    if ((c == ']' || c == '}') && at(s, token_before(s->text, s->i)) == ',')
        return refuse(s, s->i, "no comma stands before '%c'", c);
    if (s->want == WANT_MORE)
        return refuse(s, s->i, "',' or '%c' is wanted; %s",
                      s->text[s->opens[s->depth - 1]] == '{' ? '}' : ']', stands(s, room));
    return refuse(s, s->i, "%s is wanted; %s", wanted[s->want], stands(s, room));
}

/* ---- values ------------------------------------------------------------------------------------ */

static nave_err count_value(struct scanner *s)
{
    if (s->found.count == s->values_max) {
        s->found.bad_offset = s->i;
        return nv_why_set(s->why, NAVE_ETOOBIG, "more than %zu values in one file", s->values_max);
    }
    s->found.count++;
    return NAVE_OK;
}

/* The four hexadecimal digits at `i`, or -1. */
static long hex4(const struct scanner *s, size_t i)
{
    long value = 0;
    size_t k;

    for (k = 0; k < 4; k++) {
        char c = at(s, i + k);
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* The escape at s->i. */
static nave_err scan_escape(struct scanner *s)
{
    char c = at(s, s->i + 1);
    long unit, low;

    if (c != 'u') {
        if (c == '\0' || !strchr("\"\\/bfnrt", c))
            return refuse(s, s->i,
                          "unknown escape in a text; these are known: \\\" \\\\ \\/ \\b \\f \\n "
                          "\\r \\t \\uXXXX");
        s->i += 2;
        return NAVE_OK;
    }
    unit = hex4(s, s->i + 2);
    if (unit < 0)
        return refuse(s, s->i, "\\u is followed by four hexadecimal digits");
    if (unit == 0)
        return refuse(s, s->i, "\\u0000 is not allowed in a configuration");
    if (unit >= 0xd800 && unit <= 0xdfff) {
        low = at(s, s->i + 6) == '\\' && at(s, s->i + 7) == 'u' ? hex4(s, s->i + 8) : -1;
        if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff)
            return refuse(s, s->i, "\\u%04lx is one half of a surrogate pair", unit);
        s->i += 6;
    }
    s->i += 6;
    return NAVE_OK;
}

static nave_err scan_string(struct scanner *s)
{
    size_t start = s->i++;

    while (s->i < s->len && s->text[s->i] != '"') {
        unsigned char c = (unsigned char)s->text[s->i];
        size_t n = c < 0x80 ? 1 : nv_value_utf8(s->text + s->i, s->len - s->i);
        nave_err err = NAVE_OK;

        if (c == '\n' || c == '\r')
            return refuse(s, s->i, "a text does not go over the end of a line; is '\"' missing?");
        if (c < 0x20)
            return refuse(s, s->i, "control byte 0x%02x in a text; write \\u%04x", c, c);
        if (n == 0)
            return refuse(s, s->i, "byte 0x%02x is not UTF-8", c);
        if (c == '\\' && s->i + 1 < s->len)
            err = scan_escape(s);
        else
            s->i += n;
        if (err)
            return err;
    }
    if (s->i >= s->len)
        return refuse(s, start, "the text that begins here is not closed: '\"' is missing");
    s->i++;
    return NAVE_OK;
}

static nave_err want_digits(struct scanner *s, size_t *i)
{
    if (!is_digit(at(s, *i)))
        return refuse(s, *i, "a digit is wanted in a number");
    while (is_digit(at(s, *i)))
        (*i)++;
    return NAVE_OK;
}

static nave_err scan_number(struct scanner *s)
{
    size_t i = s->i + (at(s, s->i) == '-');
    nave_err err;

    if (at(s, i) == '0' && is_digit(at(s, i + 1)))
        return refuse(s, i, "a number does not begin with 0");
    err = want_digits(s, &i);
    if (!err && at(s, i) == '.') {
        i++;
        err = want_digits(s, &i);
    }
    if (!err && (at(s, i) == 'e' || at(s, i) == 'E')) {
        i++;
        i += at(s, i) == '+' || at(s, i) == '-';
        err = want_digits(s, &i);
    }
    if (!err && is_letter(at(s, i)))
        err = refuse(s, s->i, "a number with a unit is a text: \"10s\", \"64KiB\"");
    s->i = i;
    return err;
}

static nave_err scan_word(struct scanner *s)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t n = 0;
    size_t k;

    while (is_letter(at(s, s->i + n)) || is_digit(at(s, s->i + n)))
        n++;
    for (k = 0; k < NAVE_COUNT(words); k++) {
        if (strlen(words[k]) == n && memcmp(s->text + s->i, words[k], n) == 0) {
            s->i += n;
            return NAVE_OK;
        }
    }
    return refuse(s, s->i, "\"%.*s\" is no value; texts stand in double quotes",
                  (int)(n > 32 ? 32 : n), s->text + s->i);
}

/* ---- the machine ------------------------------------------------------------------------------- */

static void after_value(struct scanner *s)
{
    s->want = s->depth > 0 ? WANT_MORE : WANT_END;
}

static nave_err open_bracket(struct scanner *s)
{
    if (s->depth == s->depth_max) {
        s->found.bad_offset = s->i;
        return nv_why_set(s->why, NAVE_ETOOBIG, "nested deeper than %zu levels", s->depth_max);
    }
    s->opens[s->depth++] = s->i;
    s->want = s->text[s->i++] == '{' ? WANT_MEMBER : WANT_ITEM;
    return NAVE_OK;
}

static nave_err scan_value(struct scanner *s)
{
    char c = at(s, s->i);
    nave_err err;

    if (c != '{' && c != '[' && c != '"' && c != '-' && !is_digit(c) && !is_letter(c))
        return refuse_token(s);
    err = count_value(s);
    if (err)
        return err;
    if (c == '{' || c == '[')
        return open_bracket(s);
    err = c == '"' ? scan_string(s) : is_letter(c) ? scan_word(s) : scan_number(s);
    after_value(s);
    return err;
}

/* One token. */
static nave_err step(struct scanner *s)
{
    char c = at(s, s->i);
    char open = s->depth > 0 ? s->text[s->opens[s->depth - 1]] : '\0';
    nave_err err;

    if ((c == ']' && open == '[' && (s->want == WANT_ITEM || s->want == WANT_MORE)) ||
        (c == '}' && open == '{' && (s->want == WANT_MEMBER || s->want == WANT_MORE))) {
        s->i++;
        s->depth--;
        after_value(s);
        return NAVE_OK;
    }
    switch (s->want) {
    case WANT_VALUE:
    case WANT_ITEM:
        return scan_value(s);
    case WANT_MEMBER:
    case WANT_KEY:
        if (c != '"')
            return refuse_token(s);
        err = scan_string(s);
        s->want = WANT_COLON;
        return err;
    case WANT_COLON:
        if (c != ':')
            return refuse_token(s);
        s->i++;
        s->want = WANT_VALUE;
        return NAVE_OK;
    case WANT_MORE:
        if (c != ',')
            return refuse_token(s);
        s->i++;
        s->want = open == '{' ? WANT_KEY : WANT_VALUE;
        return NAVE_OK;
    case WANT_END:
        break;
    }
    return refuse_token(s);
}

nave_err nv_conf_scan(const char *text, size_t len, size_t depth_max, size_t values_max,
                      struct nv_conf_scan *out, struct nv_why *why)
{
    struct scanner s = {.text = text, .len = len, .values_max = values_max, .why = why};
    nave_err err = NAVE_OK;

    s.depth_max = depth_max < DEPTH_CAP ? depth_max : DEPTH_CAP;
    while (!err) {
        while (s.i < len && is_space(text[s.i]))
            s.i++;
        if (s.i >= len && s.want == WANT_END)
            break;
        err = s.i < len ? step(&s) : refuse_token(&s);
    }
    *out = s.found;
    return err;
}

/* ---- places in a text -------------------------------------------------------------------------- */

void nv_conf_locate(const char *text, size_t len, size_t offset, struct nv_conf_position *position)
{
    struct nv_conf_position p = *position;

    if (p.line == 0 || p.offset > offset)
        p = (struct nv_conf_position){0, 1, 1};
    for (; p.offset < len && p.offset < offset; p.offset++) {
        if (text[p.offset] == '\n') {
            p.line++;
            p.column = 1;
        } else if (((unsigned char)text[p.offset] & 0xc0u) != 0x80u) { /* begins a character */
            p.column++;
        }
    }
    *position = p;
}

size_t nv_conf_token(const char *text, size_t len, size_t i)
{
    return skip_token(text, len, i) - i;
}

size_t nv_conf_compact(const char *text, size_t len, size_t offset, char *out)
{
    size_t depth = 0;
    size_t n = 0;
    size_t i = offset;
    int is_first = 1;

    while (i < len && (is_first || depth > 0)) {
        size_t end = skip_token(text, len, i);

        if (!is_space(text[i])) {
            is_first = 0;
            if (text[i] == '{' || text[i] == '[')
                depth++;
            else if (text[i] == '}' || text[i] == ']')
                depth -= depth > 0;
            if (out)
                memcpy(out + n, text + i, end - i);
            n += end - i;
        }
        i = end;
    }
    return n;
}

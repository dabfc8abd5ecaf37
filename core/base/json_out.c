/* SPDX-License-Identifier: MIT
 *
 * See json_out.h. Escapes are those of RFC 8259 7; bytes that are no UTF-8 (a file name may hold any)
 * become U+FFFD, so that what comes out is always JSON.
 */
#include "json_out.h"

#include <assert.h>
#include <string.h>

#include "value.h"

void nv_json_init(struct nv_json *j, struct nv_out *out)
{
    memset(j, 0, sizeof(*j));
    j->out = out;
}

static void new_line(struct nv_json *j, unsigned depth)
{
    nv_out_bytes(j->out, "\n", 1);
    while (depth-- > 0)
        nv_out_bytes(j->out, "  ", 2);
}

static void put_string(struct nv_json *j, const char *text, size_t len)
{
    size_t i, n;

    nv_out_bytes(j->out, "\"", 1);
    for (i = 0; i < len; i += n) {
        unsigned char c = (unsigned char)text[i];

        n = nv_value_utf8(text + i, len - i);
        if (n == 0) {
            nv_out_text(j->out, "\\ufffd");
            n = 1;
        } else if (c == '"' || c == '\\') {
            nv_out_bytes(j->out, "\\", 1);
            nv_out_bytes(j->out, text + i, 1);
        } else if (c == '\n') {
            nv_out_text(j->out, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            nv_out_format(j->out, "\\u%04x", c);
        } else {
            nv_out_bytes(j->out, text + i, n);
        }
    }
    nv_out_bytes(j->out, "\"", 1);
}

/* What stands before a value: the comma, the line, the key. */
static void begin(struct nv_json *j, const char *key)
{
    if (j->depth > 0) {
        if (j->has_member[j->depth - 1])
            nv_out_bytes(j->out, ",", 1);
        j->has_member[j->depth - 1] = 1;
        new_line(j, j->depth);
    }
    if (j->quoted.len) {
        nv_out_bytes(j->out, j->quoted.ptr, j->quoted.len);
        nv_out_text(j->out, ": ");
        j->quoted.len = 0;
    } else if (key) {
        put_string(j, key, strlen(key));
        nv_out_text(j->out, ": ");
    }
}

void nv_json_quoted_key(struct nv_json *j, struct nave_str quoted)
{
    j->quoted = quoted;
}

static void open(struct nv_json *j, const char *key, const char *opener, char closer)
{
    assert(j->depth < NV_JSON_DEPTH_MAX);
    begin(j, key);
    nv_out_text(j->out, opener);
    j->closers[j->depth] = closer;
    j->has_member[j->depth] = 0;
    j->depth++;
}

void nv_json_object(struct nv_json *j, const char *key)
{
    open(j, key, "{", '}');
}

void nv_json_list(struct nv_json *j, const char *key)
{
    open(j, key, "[", ']');
}

void nv_json_end(struct nv_json *j)
{
    assert(j->depth > 0);
    j->depth--;
    if (j->has_member[j->depth])
        new_line(j, j->depth);
    nv_out_bytes(j->out, &j->closers[j->depth], 1);
}

void nv_json_str(struct nv_json *j, const char *key, struct nave_str text)
{
    begin(j, key);
    put_string(j, text.ptr, text.len);
}

void nv_json_text(struct nv_json *j, const char *key, const char *text)
{
    begin(j, key);
    if (text)
        put_string(j, text, strlen(text));
    else
        nv_out_text(j->out, "null");
}

void nv_json_number(struct nv_json *j, const char *key, uint64_t number)
{
    begin(j, key);
    nv_out_format(j->out, "%llu", (unsigned long long)number);
}

void nv_json_flag(struct nv_json *j, const char *key, int is_true)
{
    begin(j, key);
    nv_out_text(j->out, is_true ? "true" : "false");
}

void nv_json_texts(struct nv_json *j, const char *key, const char *const *texts)
{
    nv_json_list(j, key);
    for (; *texts; texts++)
        nv_json_text(j, NULL, *texts);
    nv_json_end(j);
}

static size_t skip_space(const char *json, size_t at, size_t len)
{
    while (at < len && strchr(" \t\r\n", json[at]))
        at++;
    return at;
}

void nv_json_raw_part(struct nv_json *j, const char *key, const char *json, size_t len)
{
    unsigned depth = j->depth;
    size_t at, start;

    begin(j, key);
    for (at = skip_space(json, 0, len); at < len; at = skip_space(json, at, len)) {
        start = at++;
        switch (json[start]) {
        case '"':
            while (at < len && json[at] != '"')
                at += json[at] == '\\' && at + 1 < len ? 2 : 1;
            at += at < len;
            nv_out_bytes(j->out, json + start, at - start);
            break;
        case '{':
        case '[':
            nv_out_bytes(j->out, json + start, 1);
            at = skip_space(json, at, len);
            if (at < len && (json[at] == '}' || json[at] == ']'))
                nv_out_bytes(j->out, json + at++, 1);
            else
                new_line(j, ++depth);
            break;
        case '}':
        case ']':
            new_line(j, depth > 0 ? --depth : 0);
            nv_out_bytes(j->out, json + start, 1);
            break;
        case ',':
            nv_out_bytes(j->out, ",", 1);
            new_line(j, depth);
            break;
        case ':':
            nv_out_text(j->out, ": ");
            break;
        default:
            nv_out_bytes(j->out, json + start, 1);
        }
    }
}

void nv_json_raw(struct nv_json *j, const char *key, const char *json)
{
    nv_json_raw_part(j, key, json, strlen(json));
}

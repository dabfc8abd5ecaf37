/* SPDX-License-Identifier: MIT
 *
 * One table, no script. The style is inline, and the policy that is sent with the page allows nothing
 * else.
 */
#include "listing.h"

#include <string.h>

#include "date.h"

static void put(struct files_text *t, const char *text, size_t len)
{
    if (t->has_failed || len == 0)
        return;
    if (len > t->max - t->len) {
        t->has_failed = 1;
        return;
    }
    if (len > t->room - t->len) {
        size_t room = t->room ? t->room * 2 : 4096;
        char *more;

        while (room < t->len + len)
            room *= 2;
        more = t->host->api->mem(t->host, t->data, t->room, room);
        if (!more) {
            t->has_failed = 1;
            return;
        }
        t->data = more;
        t->room = room;
    }
    memcpy(t->data + t->len, text, len);
    t->len += len;
}

#define PUT(t, literal) put(t, literal, sizeof(literal) - 1)

static void put_escaped(struct files_text *t, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        switch (text[i]) {
        case '&':
            PUT(t, "&amp;");
            break;
        case '<':
            PUT(t, "&lt;");
            break;
        case '>':
            PUT(t, "&gt;");
            break;
        case '"':
            PUT(t, "&quot;");
            break;
        case '\'':
            PUT(t, "&#39;");
            break;
        default:
            put(t, text + i, 1);
            break;
        }
    }
}

/* A segment of a URI: what is not unreserved ("RFC 3986 2.3") is encoded. */
static void put_segment(struct files_text *t, const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~') {
            put(t, text + i, 1);
        } else {
            char encoded[3] = {'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]};

            put(t, encoded, 3);
        }
    }
}

static void put_number(struct files_text *t, uint64_t n)
{
    char digits[20];
    int i = 20;

    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    put(t, digits + i, (size_t)(20 - i));
}

int files_name_compare(const void *a, const void *b)
{
    const struct files_name *x = a;
    const struct files_name *y = b;

    if (x->is_folder != y->is_folder)
        return x->is_folder ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void put_row(struct files_text *t, const struct files_name *n)
{
    char date[FILES_DATE_LEN];

    PUT(t, "<tr><td><a href=\"./");
    put_segment(t, n->name, n->len);
    if (n->is_folder)
        PUT(t, "/");
    PUT(t, "\">");
    put_escaped(t, n->name, n->len);
    if (n->is_folder)
        PUT(t, "/");
    PUT(t, "</a></td><td>");
    if (!n->is_folder)
        put_number(t, n->size);
    PUT(t, "</td><td>");
    files_date_write(date, n->modified_s);
    put(t, date + 5, FILES_DATE_LEN - 5);
    PUT(t, "</td></tr>\n");
}

void files_listing_write(struct files_text *out, const char *path, size_t path_len,
                         const struct files_name *names, uint64_t count, uint64_t more)
{
    uint64_t i;

    PUT(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<title>Index of /");
    put_escaped(out, path, path_len);
    PUT(out,
        "</title>\n<style>\n:root{color-scheme:light dark}\n"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\n"
        "table{border-collapse:collapse;width:100%}\ntd,th{padding:.2rem 1rem .2rem 0;"
        "text-align:left;font-variant-numeric:tabular-nums}\n</style>\n</head>\n<body>\n"
        "<h1>Index of /");
    put_escaped(out, path, path_len);
    PUT(out, "</h1>\n<table>\n<tr><th>Name</th><th>Bytes</th><th>Changed</th></tr>\n");
    if (path_len > 0)
        PUT(out, "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n");
    for (i = 0; i < count; i++)
        put_row(out, &names[i]);
    PUT(out, "</table>\n");
    if (more > 0) {
        PUT(out, "<p>");
        put_number(out, more);
        PUT(out, " more are not shown.</p>\n");
    }
    PUT(out, "</body>\n</html>\n");
}

/* SPDX-License-Identifier: MIT
 *
 * See report_json.h. What is no UTF-8 (a file name may hold any bytes) becomes U+FFFD: a line is
 * JSON whatever it tells of.
 */
#include "report_json.h"

#include <stdio.h>
#include <string.h>

#include "output.h"

static void put(const char *text)
{
    cli_output_write(NULL, text, strlen(text));
}

/* The length of the UTF-8 character at `s`, of which `n` bytes are there; 0: it is none (RFC 3629 4). */
static size_t utf8(const unsigned char *s, size_t n)
{
    size_t len = s[0] < 0x80                   ? 1
                 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                               : 0;
    size_t i;

    if (!len || len > n)
        return 0;
    for (i = 1; i < len; i++)
        if ((s[i] & 0xc0u) != 0x80u)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return len;
}

static void put_text(const char *key, struct nave_str text, int is_there)
{
    char escape[8];
    size_t i, n;

    put(", \"");
    put(key);
    if (!is_there) {
        put("\": null");
        return;
    }
    put("\": \"");
    for (i = 0; i < text.len; i += n) {
        unsigned char c = (unsigned char)text.ptr[i];

        n = utf8((const unsigned char *)text.ptr + i, text.len - i);
        if (n == 0) {
            put("\\ufffd");
            n = 1;
        } else if (c < 0x20 || c == 0x7f) {
            snprintf(escape, sizeof(escape), "\\u%04x", c);
            put(escape);
        } else {
            if (c == '"' || c == '\\')
                put("\\");
            cli_output_write(NULL, text.ptr + i, n);
        }
    }
    put("\"");
}

static void put_number(const char *key, uint32_t number)
{
    char text[64];

    if (number)
        snprintf(text, sizeof(text), ", \"%s\": %u", key, (unsigned)number);
    else
        snprintf(text, sizeof(text), ", \"%s\": null", key);
    put(text);
}

void cli_report_json(void *arg, const struct nave_report *r)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    const char *code = nave_err_name(r->code);

    (void)arg;
    put("{\"level\": \"");
    put(levels[r->level <= NAVE_LOG_DEBUG ? r->level : NAVE_LOG_DEBUG]);
    put("\"");
    put_text("code", (struct nave_str){code, strlen(code)}, r->code != NAVE_OK);
    put_text("file", r->file, r->file.len > 0);
    put_number("line", r->line);
    put_number("column", r->column);
    put_text("pointer", r->pointer, r->file.len > 0);
    put_text("plugin", r->plugin, r->plugin.len > 0);
    put_text("text", r->text, 1);
    put("}\n");
}

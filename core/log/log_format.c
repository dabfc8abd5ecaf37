/* SPDX-License-Identifier: MIT
 *
 * See log_format.h. Every text goes through escape(), every sink says with a struct escapes how.
 */
#include "log_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <nave/host.h>

#include "base/value.h"

#define PIECE_MAX 192u

static const char hex[] = "0123456789abcdef";

/* How a character that may not stand as it is is written. */
struct escapes {
    int32_t is_json;
    int32_t keeps_breaks; /* a line break stands as it is */
};

static const struct escapes as_text = {0, 0};
static const struct escapes as_json = {1, 0};
static const struct escapes as_journal = {0, 1};

/* --- characters ------------------------------------------------------------------------------ */

static size_t put(char *out, const char *s)
{
    size_t n = strlen(s);

    memcpy(out, s, n);
    return n;
}

/* For pieces of a known length only: numbers, names, keys. */
static size_t put_format(char *out, const char *format, ...) NAVE_FORMAT(2, 3);
static size_t put_format(char *out, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(out, PIECE_MAX, format, args);
    va_end(args);
    return n < 0 ? 0 : (size_t)n < PIECE_MAX ? (size_t)n : PIECE_MAX - 1;
}

static size_t put_u(char *out, uint32_t c)
{
    out[0] = '\\';
    out[1] = 'u';
    out[2] = hex[c >> 12 & 15];
    out[3] = hex[c >> 8 & 15];
    out[4] = hex[c >> 4 & 15];
    out[5] = hex[c & 15];
    return 6;
}

static size_t put_x(char *out, unsigned char c)
{
    out[0] = '\\';
    out[1] = 'x';
    out[2] = hex[c >> 4];
    out[3] = hex[c & 15];
    return 4;
}

/* 1: `c`, beyond ASCII, ends a line somewhere or steers what shows it. */
static int32_t does_steer(uint32_t c)
{
    return (c >= 0x80 && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

/* One character of ASCII. */
static size_t escape_ascii(unsigned char c, const struct escapes *how, char *out)
{
    static const char shorts[] = "\n\r\t\b\f", letters[] = "nrtbf";
    /* \b and \f are JSON's: a text with them says \x08. */
    const char *at = c ? memchr(shorts, c, how->is_json ? 5 : 3) : NULL;

    if ((c == '\n' && how->keeps_breaks) || (c >= 0x20 && c != 0x7f && c != '\\' && c != '"') ||
        (c == '"' && !how->is_json)) {
        out[0] = (char)c;
        return 1;
    }
    if (!at && c != '\\' && c != '"')
        return how->is_json ? put_u(out, c) : put_x(out, c);
    out[0] = '\\';
    out[1] = at ? letters[at - shorts] : (char)c;
    return 2;
}

static uint32_t decode(const unsigned char *s, size_t n)
{
    if (n == 2)
        return (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3fu);
    if (n == 3)
        return (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3fu);
    return 0x10000; /* nothing there steers */
}

/* At most six bytes for each. */
static size_t escape(struct nave_str s, const struct escapes *how, char *out)
{
    size_t i, n, len = 0;

    for (i = 0; i < s.len; i += n) {
        const char *at = s.ptr + i;
        uint32_t c;

        n = 1;
        if ((unsigned char)*at < 0x80) {
            len += escape_ascii((unsigned char)*at, how, out + len);
            continue;
        }
        n = nv_value_utf8(at, s.len - i);
        if (n == 0) {
            n = 1;
            len += how->is_json ? put(out + len, "\xef\xbf\xbd")
                                : put_x(out + len, (unsigned char)*at);
            continue;
        }
        c = decode((const unsigned char *)at, n);
        if (does_steer(c)) {
            len += put_u(out + len, c);
        } else {
            memcpy(out + len, at, n);
            len += n;
        }
    }
    return len;
}

static size_t put_number(char *out, uint64_t n)
{
    return put_format(out, "%llu", (unsigned long long)n);
}

/* --- parts ----------------------------------------------------------------------------------- */

static const char *level_word(uint32_t level)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};

    return words[level > NAVE_LOG_DEBUG ? NAVE_LOG_DEBUG : level];
}

/* RFC 3339, UTC, milliseconds; 24 bytes. A year beyond four digits is no time of a log. */
static size_t put_time(char *out, int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NAVE_SEC);
    struct tm tm;

    if (wall_ns < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 8099)
        return put(out, "0000-00-00T00:00:00.000Z");
    return put_format(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
                      tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                      (int)(wall_ns / NAVE_MSEC % 1000));
}

/* "FILE:LINE:COLUMN: POINTER: " with what is known; nothing without a file. */
static size_t put_place(const struct nv_log_line *line, const struct escapes *how, char *out)
{
    const struct nave_report *r = &line->r;
    size_t len;

    if (!r->file.len)
        return 0;
    len = escape(r->file, how, out);
    if (r->line) {
        out[len++] = ':';
        len += put_number(out + len, r->line);
    }
    if (r->line && r->column) {
        out[len++] = ':';
        len += put_number(out + len, r->column);
    }
    len += put(out + len, ": ");
    if (r->pointer.len) {
        len += escape(r->pointer, how, out + len);
        len += put(out + len, ": ");
    }
    return len;
}

static size_t put_text(const struct nv_log_line *line, const struct escapes *how, char *out)
{
    size_t len = escape(line->r.text, how, out);

    if (line->is_cut)
        len += put(out + len, " [cut]");
    return len;
}

/* --- whole lines ----------------------------------------------------------------------------- */

size_t nv_log_format_text(const struct nv_log_line *line, const char *name, char *out)
{
    size_t len = put_time(out, line->wall_ns);

    len += put_format(out + len, " %-5s ", level_word(line->r.level));
    len += line->r.plugin.len ? escape(line->r.plugin, &as_text, out + len) : put(out + len, name);
    len += put(out + len, ": ");
    len += put_place(line, &as_text, out + len);
    len += put_text(line, &as_text, out + len);
    out[len++] = '\n';
    return len;
}

static size_t put_json(const char *key, struct nave_str value, char *out)
{
    size_t len;

    if (!value.len)
        return 0;
    len = put_format(out, ",\"%s\":\"", key);
    len += escape(value, &as_json, out + len);
    out[len++] = '"';
    return len;
}

static size_t put_json_number(const char *key, uint32_t value, char *out)
{
    return value ? put_format(out, ",\"%s\":%u", key, value) : 0;
}

size_t nv_log_format_json(const struct nv_log_line *line, const char *name, char *out)
{
    const struct nave_report *r = &line->r;
    size_t len = put(out, "{\"ts\":\"");

    (void)name;
    len += put_time(out + len, line->wall_ns);
    len += put_format(out + len, "\",\"level\":\"%s\"", level_word(r->level));
    len += put_json("plugin", r->plugin, out + len);
    if (r->code)
        len += put_format(out + len, ",\"code\":\"%s\"", nave_err_name(r->code));
    len += put_json("file", r->file, out + len);
    len += put_json_number("line", r->line, out + len);
    len += put_json_number("column", r->column, out + len);
    len += put_json("pointer", r->pointer, out + len);
    len += put(out + len, ",\"msg\":\"");
    len += put_text(line, &as_json, out + len);
    len += put(out + len, "\"}\n");
    return len;
}

size_t nv_log_format_plain(const struct nv_log_line *line, char *out)
{
    size_t len = 0;

    if (line->r.plugin.len) {
        len += escape(line->r.plugin, &as_text, out);
        len += put(out + len, ": ");
    }
    len += put_place(line, &as_text, out + len);
    return len + put_text(line, &as_text, out + len);
}

/* RFC 5424 6.2.1: err, warning, info, debug. */
static uint32_t severity_of(uint32_t level)
{
    static const uint32_t severities[] = {3, 4, 6, 7};

    return severities[level > NAVE_LOG_DEBUG ? NAVE_LOG_DEBUG : level];
}

size_t nv_log_format_syslog_head(const struct nv_log_line *line, const char *name, uint32_t pid,
                                 char *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(line->wall_ns / NAVE_SEC);
    struct tm tm;

    if (!localtime_r(&seconds, &tm))
        memset(&tm, 0, sizeof(tm));
    /* Facility 3, "system daemons". The day has a space where its first digit is missing. */
    return put_format(out,
                      "<%u>%.3s %2d %02d:%02d:%02d %s[%u]: ", 3 * 8 + severity_of(line->r.level),
                      months + 3 * (tm.tm_mon % 12), tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                      name, pid);
}

/* --- the journal ----------------------------------------------------------------------------- */

/* "KEY=value\n", or with a line break in it "KEY\n", 64 bits of length (little endian), value, "\n". The
 * value is there already, `n` bytes at out + the length of key + 9, to be moved to where it belongs. */
static size_t close_field(const char *key, size_t n, char *out)
{
    size_t len = strlen(key), i;
    char *value = out + len + 9;

    memcpy(out, key, len);
    if (memchr(value, '\n', n)) {
        out[len] = '\n';
        for (i = 0; i < 8; i++)
            out[len + 1 + i] = (char)((uint64_t)n >> (8 * i) & 255);
        len += 9 + n;
    } else {
        out[len++] = '=';
        memmove(out + len, value, n);
        len += n;
    }
    out[len++] = '\n';
    return len;
}

static size_t put_field(const char *key, struct nave_str value, char *out)
{
    if (!value.len)
        return 0;
    return close_field(key, escape(value, &as_journal, out + strlen(key) + 9), out);
}

static size_t put_field_number(const char *key, uint32_t value, char *out)
{
    return value ? put_format(out, "%s=%u\n", key, value) : 0;
}

size_t nv_log_format_journal(const struct nv_log_line *line, const char *name, char *out)
{
    const struct nave_report *r = &line->r;
    size_t n = 0, len;
    char *message = out + strlen("MESSAGE") + 9;

    if (r->plugin.len) {
        n += escape(r->plugin, &as_journal, message);
        n += put(message + n, ": ");
    }
    n += put_place(line, &as_journal, message + n);
    n += put_text(line, &as_journal, message + n);
    len = close_field("MESSAGE", n, out);
    len += put_format(out + len, "PRIORITY=%u\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=%s\n",
                      severity_of(r->level), name);
    len += put_field("NAVE_PLUGIN", r->plugin, out + len);
    if (r->code)
        len += put_format(out + len, "NAVE_CODE=%s\n", nave_err_name(r->code));
    len += put_field("NAVE_FILE", r->file, out + len);
    len += put_field_number("NAVE_LINE", r->line, out + len);
    len += put_field_number("NAVE_COLUMN", r->column, out + len);
    return len + put_field("NAVE_POINTER", r->pointer, out + len);
}

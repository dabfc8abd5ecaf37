/* SPDX-License-Identifier: MIT
 *
 * A report is composed in one buffer and written at once, so that lines of several processes on one
 * terminal or log do not mix. What comes from elsewhere (file names, texts with a peer's bytes) is
 * cleaned of control characters first: a log line is one line, and cannot steer the terminal.
 */
#include "print.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 8192
#define STUCK_MS       1000

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void put(struct line *l, const char *s)
{
    size_t n = strlen(s);

    /* Two bytes stay free for the end of the line. */
    if (n > sizeof(l->text) - 2 - l->len)
        n = sizeof(l->text) - 2 - l->len;
    memcpy(l->text + l->len, s, n);
    l->len += n;
}

static void put_clean(struct line *l, struct nave_str s)
{
    size_t i;

    for (i = 0; i < s.len && l->len < sizeof(l->text) - 2; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if (c == 0xc2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xa0) {
            c = '?'; /* U+0080 to U+009F: terminals obey them, too */
            i++;
        }
        l->text[l->len++] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
    }
}

static void put_number(struct line *l, uint32_t n)
{
    char digits[16];

    snprintf(digits, sizeof(digits), ":%u", (unsigned)n);
    put(l, digits);
}

void cli_printer_init(struct cli_printer *p, FILE *out, int has_colour)
{
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    int fd = fileno(out);

    p->out = out;
    p->is_stuck = 0;
    p->missed = 0;
    p->has_colour = has_colour;
    if (has_colour < 0)
        p->has_colour = fd >= 0 && isatty(fd) && !(no_colour && no_colour[0]) && term &&
                        strcmp(term, "dumb") != 0;
}

/* What stands before the text, by level; errors about a place need no word: the place says it. */
static const char *level_word(const struct nave_report *r)
{
    switch (r->level) {
    case NAVE_LOG_ERROR:
        return r->file.len ? "" : "error: ";
    case NAVE_LOG_WARN:
        return "warning: ";
    case NAVE_LOG_DEBUG:
        return "debug: ";
    default:
        return "";
    }
}

/* 1: writing PIPE_BUF bytes does not wait. What cannot be asked is taken to be so. */
static int is_ready(struct cli_printer *p)
{
    struct pollfd out = {.fd = fileno(p->out), .events = POLLOUT};

    p->is_stuck = poll(&out, 1, p->is_stuck ? 0 : STUCK_MS) == 0;
    return !p->is_stuck;
}

static void write_line(struct cli_printer *p, const struct line *l)
{
    size_t off, n;

    for (off = 0; off < l->len && is_ready(p); off += n) {
        n = l->len - off < PIPE_BUF ? l->len - off : PIPE_BUF;
        fwrite(l->text + off, 1, n, p->out);
        fflush(p->out);
    }
}

static void tell_missed(struct cli_printer *p)
{
    struct line l = {.len = 0};
    char text[96];

    if (!p->missed || !is_ready(p))
        return;
    snprintf(text, sizeof(text), "nave: warning: %lu lines were left out: nobody read them\n",
             p->missed);
    p->missed = 0;
    put(&l, text);
    write_line(p, &l);
}

void cli_print_report(void *arg, const struct nave_report *report)
{
    struct cli_printer *p = arg;
    const char *colour = report->level == NAVE_LOG_ERROR  ? "\033[31m"
                         : report->level == NAVE_LOG_WARN ? "\033[33m"
                                                          : "";
    int is_coloured = p->has_colour && colour[0];
    struct line l = {.len = 0};

    if (report->file.len) {
        if (p->has_colour)
            put(&l, "\033[1m");
        put_clean(&l, report->file);
        if (report->line)
            put_number(&l, report->line);
        if (report->line && report->column)
            put_number(&l, report->column);
        put(&l, ": ");
        if (p->has_colour)
            put(&l, "\033[0m");
        if (report->pointer.len) {
            put_clean(&l, report->pointer);
            put(&l, ": ");
        }
    } else {
        put(&l, "nave: ");
    }
    if (is_coloured)
        put(&l, colour);
    put(&l, level_word(report));
    if (report->plugin.len && !report->file.len) {
        put_clean(&l, report->plugin);
        put(&l, ": ");
    }
    put_clean(&l, report->text);
    if (is_coloured) {
        if (l.len > sizeof(l.text) - 8)
            l.len = sizeof(l.text) - 8;
        put(&l, "\033[0m");
    }
    l.text[l.len++] = '\n';
    tell_missed(p);
    if (is_ready(p))
        write_line(p, &l);
    else
        p->missed++;
}

/* SPDX-License-Identifier: MIT
 *
 * The sink of reports. The lock is held while the callback runs: that is what makes calls never
 * overlap, and why a callback must not call the runtime.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

static struct nave_str str_of(const char *text)
{
    return text ? (struct nave_str){text, strlen(text)} : (struct nave_str){"", 0};
}

/* As vsnprintf, but what is too long ends between two characters. */
static void format_text(char *text, size_t cap, const char *format, va_list args) NAVE_FORMAT(3, 0);

static void format_text(char *text, size_t cap, const char *format, va_list args)
{
    int n = vsnprintf(text, cap, format, args);

    if (n < 0)
        text[0] = '\0';
    else if ((size_t)n >= cap)
        text[nv_text_cut((struct nave_str){text, cap - 1}, cap - 1)] = '\0';
}

nave_err nv_report_init(struct nv_report *r, nave_report_fn *fn, void *arg, uint32_t level_max)
{
    memset(r, 0, sizeof(*r));
    if (pthread_mutex_init(&r->lock, NULL) != 0)
        return NAVE_ENOMEM;
    r->fn = fn;
    r->arg = arg;
    r->level_max = level_max;
    return NAVE_OK;
}

void nv_report_finish(struct nv_report *r)
{
    pthread_mutex_destroy(&r->lock);
}

void nv_report_set_level(struct nv_report *r, uint32_t level_max)
{
    __atomic_store_n(&r->level_max, level_max, __ATOMIC_RELAXED);
}

int32_t nv_report_tells(const struct nv_report *r, uint32_t level)
{
    return level <= __atomic_load_n(&r->level_max, __ATOMIC_RELAXED);
}

void nv_report_call(struct nv_report *r, const struct nave_report *report)
{
    if (!__atomic_load_n(&r->fn, __ATOMIC_RELAXED))
        return;
    pthread_mutex_lock(&r->lock);
    if (r->fn)
        r->fn(r->arg, report);
    pthread_mutex_unlock(&r->lock);
}

void nv_report_mute(struct nv_report *r)
{
    pthread_mutex_lock(&r->lock);
    __atomic_store_n(&r->fn, NULL, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&r->lock);
}

/* 1: the program is told at once, though there is a log. */
static int32_t is_for_program(const struct nv_report *r, const struct nave_report *report)
{
    return !r->is_to_program &&
           (report->file.len || (report->level == NAVE_LOG_ERROR &&
                                 __atomic_load_n(&r->is_starting, __ATOMIC_RELAXED)));
}

void nv_report_send(struct nv_report *r, const struct nave_report *report)
{
    struct nave_report sized;

    if (!r)
        return;
    sized = *report;
    sized.size = sizeof(sized);
    if (sized.level == NAVE_LOG_ERROR)
        (void)__atomic_add_fetch(&r->errors, 1, __ATOMIC_RELAXED);
    if (r->log) {
        nv_log_put(r->log, &sized);
        if (!is_for_program(r, &sized))
            return;
    }
    nv_report_call(r, &sized);
}

void nv_report_verror(struct nv_report *r, nave_err code, const struct nv_place *at,
                      const char *format, va_list args)
{
    static const struct nv_place nowhere;
    struct nave_report report = {.level = NAVE_LOG_ERROR, .code = code};
    char text[NV_TEXT_MAX];

    if (!at)
        at = &nowhere;
    format_text(text, sizeof(text), format, args);
    report.line = at->line;
    report.column = at->column;
    report.file = str_of(at->file);
    report.pointer = str_of(at->pointer);
    report.plugin = str_of(at->plugin);
    report.text = str_of(text);
    nv_report_send(r, &report);
}

void nv_report_error(struct nv_report *r, nave_err code, const struct nv_place *at,
                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    nv_report_verror(r, code, at, format, args);
    va_end(args);
}

void nv_report_text(struct nv_report *r, uint32_t level, const char *plugin, const char *text,
                    size_t len)
{
    struct nave_report report = {.level = level};

    report.file = str_of(NULL);
    report.pointer = str_of(NULL);
    report.plugin = str_of(plugin);
    report.text = (struct nave_str){text, len};
    nv_report_send(r, &report);
}

void nv_report_log(struct nv_report *r, uint32_t level, const char *plugin, const char *format, ...)
{
    char text[NV_TEXT_MAX];
    va_list args;

    if (!r || !nv_report_tells(r, level))
        return;
    va_start(args, format);
    format_text(text, sizeof(text), format, args);
    va_end(args);
    nv_report_text(r, level, plugin, text, strlen(text));
}

uint64_t nv_report_errors(struct nv_report *r)
{
    return r ? __atomic_load_n(&r->errors, __ATOMIC_RELAXED) : 0;
}

nave_err nv_why_set(struct nv_why *why, nave_err code, const char *format, ...)
{
    va_list args;

    if (!why)
        return code;
    va_start(args, format);
    format_text(why->text, sizeof(why->text), format, args);
    va_end(args);
    return code;
}

size_t nv_text_cut(struct nave_str s, size_t max)
{
    size_t n = s.len < max ? s.len : max;
    size_t back;

    /* The character that was begun last: whole, or not at all. */
    for (back = 1; back <= 4 && back <= n; back++) {
        unsigned char c = (unsigned char)s.ptr[n - back];
        size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

        if ((c & 0xc0u) != 0x80u)
            return whole > back ? n - back : n;
    }
    return n;
}

/* Append `n` bytes; all or nothing, so that an escape or a character is never cut in two. */
static size_t append(char *out, size_t cap, size_t len, const char *bytes, size_t n)
{
    if (n >= cap - len)
        return cap;
    memcpy(out + len, bytes, n);
    out[len + n] = '\0';
    return len + n;
}

size_t nv_pointer_add(char *out, size_t cap, size_t len, const char *key, size_t key_len)
{
    size_t i, n;

    len = append(out, cap, len, "/", 1);
    for (i = 0; i < key_len; i += n) {
        n = 1;
        while (i + n < key_len && ((unsigned char)key[i + n] & 0xc0u) == 0x80u)
            n++;
        if (key[i] == '~')
            len = append(out, cap, len, "~0", 2);
        else if (key[i] == '/')
            len = append(out, cap, len, "~1", 2);
        else
            len = append(out, cap, len, key + i, n);
    }
    return len;
}

size_t nv_pointer_add_index(char *out, size_t cap, size_t len, size_t index)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "/%zu", index);

    return append(out, cap, len, digits, (size_t)n);
}

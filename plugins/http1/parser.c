/* SPDX-License-Identifier: MIT
 *
 * The pass over a head. Each step finds the end of one thing by a block search, and only then asks
 * whether the bytes up to there have come at all: a verdict never rests on bytes behind the end.
 * Strict on purpose: CRLF only, no folding, no blank before a colon ("RFC 9112 2.2, 5.1, 5.2").
 */
#include "pass.h"

#include "framing.h"
#include "names.h"
#include "scan.h"
#include "target.h"
#include "usual.h"

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

static uint16_t method_of(const char *m, size_t len)
{
#define IS(text, value)                                       \
    if (len == sizeof(text) - 1 && memcmp(m, text, len) == 0) \
        return value;
    IS("GET", NAVE_HTTP_GET)
    IS("POST", NAVE_HTTP_POST)
    IS("HEAD", NAVE_HTTP_HEAD)
    IS("PUT", NAVE_HTTP_PUT)
    IS("PATCH", NAVE_HTTP_PATCH)
    IS("DELETE", NAVE_HTTP_DELETE)
    IS("OPTIONS", NAVE_HTTP_OPTIONS)
    IS("CONNECT", NAVE_HTTP_CONNECT)
    IS("TRACE", NAVE_HTTP_TRACE)
#undef IS
    return NAVE_HTTP_OTHER;
}

/* The end of the text at hand came inside the request line, which began at `line`. */
static int32_t line_goes_on(const struct http1_pass *s, const char *line)
{
    if ((size_t)(s->end - line) > s->limits->line_max)
        return -414;
    return (size_t)(s->end - s->text) >= s->limits->head_max ? -431 : 0;
}

/* Inside the fields something at p is wrong, or p is where the text at hand ends. */
static int32_t stop_at(const struct http1_pass *s, const char *p, int32_t status)
{
    if (p < s->end)
        return -status;
    return (size_t)(s->end - s->text) >= s->limits->head_max ? -431 : 0;
}

/* "HTTP/1.1" CRLF at p, or what else is there. > 0: bytes taken. */
static int32_t parse_version(const struct http1_pass *s, const char *line, const char *p)
{
    static const char form[] = "HTTP/d.d\r\n";
    size_t i;

    if (LIKELY(s->end - p >= 10 && http1_load8(p) == http1_load8("HTTP/1.1") &&
               http1_load2(p + 8) == http1_load2("\r\n"))) {
        s->head->version = 11;
        return 10;
    }
    for (i = 0; i < 10; i++) {
        if (p + i >= s->end)
            return line_goes_on(s, line);
        if (form[i] == 'd' ? (p[i] < '0' || p[i] > '9') : p[i] != form[i])
            return -400;
    }
    if (p[5] != '1' || p[7] > '1')
        return -505;
    s->head->version = (uint16_t)(10 + (p[7] - '0'));
    return 10;
}

/* The request line at p. > 0: its bytes with CRLF. */
static int32_t parse_line(struct http1_pass *s, const char *line)
{
    struct http1_head *head = s->head;
    const char *p = line;
    const char *target;
    const char *question = NULL;
    int32_t n;

    if (LIKELY(s->end - p >= 4 && http1_load4(p) == http1_load4("GET "))) {
        head->method = NAVE_HTTP_GET;
        p += 3;
    } else {
        p = http1_skip_token(p, s->end);
        if (p >= s->end)
            return (size_t)(s->end - line) > HTTP1_METHOD_MAX ? -501 : line_goes_on(s, line);
        if (p - line > (int64_t)HTTP1_METHOD_MAX)
            return -501; /* whatever follows: the end of the input may stand there, too */
        if (*p != ' ' || p == line)
            return -400;
        head->method = method_of(line, (size_t)(p - line));
    }
    head->method_text = http1_slice(s->text, line, p);
    target = ++p;
    for (;;) {
        if (p >= s->end)
            return line_goes_on(s, line);
        p = http1_skip_target(p, s->end);
        if (p >= s->end)
            return line_goes_on(s, line);
        if (LIKELY(*p == ' '))
            break;
        if (*p != '?') /* a control character, not ASCII, or the '#' that is never sent */
            return (size_t)(p - line) > s->limits->line_max ? -414 : -400;
        if (!question)
            question = p;
        p++;
    }
    if (p == target)
        return -400;
    head->target = http1_slice(s->text, target, p);
    if (question) {
        head->path = http1_slice(s->text, target, question);
        head->query = http1_slice(s->text, question + 1, p);
    } else {
        head->path = head->target;
        head->query.at = head->target.at + head->target.len;
        head->query.len = 0;
    }
    p++;
    if ((size_t)(p - line) + 8 > s->limits->line_max)
        return -414;
    n = parse_version(s, line, p);
    if (n <= 0)
        return n;
    if (UNLIKELY(*target != '/' || head->method == NAVE_HTTP_CONNECT)) {
        int32_t bad = http1_split_target(head);

        if (bad)
            return bad;
    }
    return (int32_t)(p - line) + n;
}

/* The empty line at p. > 0: bytes from the start of the text. */
static int32_t end_fields(const struct http1_pass *s, const char *p)
{
    if (p + 1 >= s->end)
        return stop_at(s, s->end, 400);
    if (p[1] != '\n')
        return -400;
    s->head->field_count = (uint32_t)(s->f - s->head->fields);
    return (int32_t)(p + 2 - s->text);
}

/* What needs no judgement, where the machine has the fast way. 0, or minus the status. */
static inline int32_t take_usual(struct http1_pass *s)
{
#ifdef HTTP1_HAS_USUAL
    if (LIKELY(http1_usual_is_there()))
        return http1_usual(s);
#else
    (void)s;
#endif
    return 0;
}

/* The fields at s->at up to and with the empty line. > 0: bytes from the start of the text. The end is
 * looked at twice a field; what was read from behind it by then is thrown away. */
static int32_t parse_fields(struct http1_pass *s)
{
    const char *const text = s->text;
    const char *const end = s->end;

    for (;;) {
        struct nave_http_field *f;
        const char *name;
        const char *value;
        const char *stop;
        const char *p;
        size_t name_len;
        int32_t status;
        uint32_t id;

        p = name = s->at;
        f = s->f;
        if (*p == '\r')
            return end_fields(s, p);
        p = http1_skip_plain(p, end);
        if (UNLIKELY(*p != ':')) {
            p = http1_skip_token(p, end);
            if (p >= end || *p != ':')
                return stop_at(s, p, 400); /* a blank, a fold, no colon at all */
        }
        if (UNLIKELY(p >= end))
            return stop_at(s, p, 400);
        name_len = (size_t)(p - name);
        if (UNLIKELY(name_len - 1 >= UINT16_MAX))
            return name_len == 0 ? -400 : -431;
        id = http1_match_name(name, name_len);
        if (UNLIKELY(id == NAVE_HTTP_FIELD_COOKIE)) {
            if (s->crumbs_left-- == 0)
                return -431;
            s->full++;
        }
        if (UNLIKELY(f == s->full))
            return -431;

        p++;
        if (LIKELY(*p == ' '))
            p++;
        if (UNLIKELY((unsigned char)*p <= ' '))
            while (p < end && (*p == ' ' || *p == '\t'))
                p++;
        value = p;
        p = http1_skip_text(p, end);
        while (UNLIKELY(*p == '\t' && p < end))
            p = http1_skip_text(p + 1, end);
        if (UNLIKELY(http1_load2(p) != http1_load2("\r\n")))
            return stop_at(s, *p == '\r' ? p + 1 : p, 400);
        if (UNLIKELY(p + 2 > end))
            return stop_at(s, end, 400);
        stop = p;
        if (UNLIKELY((unsigned char)stop[-1] <= ' '))
            while (stop > value && (stop[-1] == ' ' || stop[-1] == '\t'))
                stop--;
        f->name_at = (uint32_t)(name - text);
        f->value_at = (uint32_t)(value - text);
        f->value_len = (uint32_t)(stop - value);
        f->name_len = (uint16_t)name_len;
        f->id = (uint16_t)id;
        if (id - 1 < NAVE_HTTP_FIELD_UPGRADE) {
            status = http1_frame_field(s->head, f);
            if (UNLIKELY(status))
                return status;
        }
        s->at = p + 2;
        s->f = f + 1;
        status = take_usual(s);
        if (UNLIKELY(status))
            return status;
    }
}

/* What http1_usual left: the request line or fields that want a judgement, up to the empty line.
 * > 0: bytes from the start of the text. */
static __attribute__((noinline)) int32_t parse_rest(struct http1_pass *s)
{
    int32_t n;

    if (!s->has_line) {
        n = parse_line(s, s->at);
        if (n <= 0)
            return n;
        s->at += n;
        s->has_line = 1;
        n = take_usual(s);
        if (n)
            return n;
    }
    return parse_fields(s);
}

/* One empty line in front is skipped ("RFC 9112 2.2"). 1: go on. */
static int32_t skip_empty_line(struct http1_pass *s)
{
    size_t len = (size_t)(s->end - s->text);

    if (len < 2)
        return 0;
    if (s->text[1] != '\n')
        return -400;
    s->at += 2;
    return len > 2;
}

int32_t http1_parse_head(const char *text, size_t len, const struct http1_limits *limits,
                         struct http1_head *head, struct nave_http_field *fields)
{
    struct http1_pass s;
    int32_t n;

    if (len > limits->head_max)
        len = limits->head_max;
    s.text = s.at = text;
    s.end = text + len;
    s.limits = limits;
    s.head = head;
    s.f = fields;
    s.full = fields + limits->fields_max;
    s.crumbs_left = limits->crumbs_max;
    s.has_line = 0;
    head->text = text;
    head->fields = fields;
    head->flags = 0;
    head->content_length = -1;
    head->authority.at = 0;
    head->authority.len = 0;
    if (UNLIKELY(len == 0))
        return 0;
    if (UNLIKELY(*text == '\r')) {
        n = skip_empty_line(&s);
        if (n <= 0)
            return n;
    }
    n = take_usual(&s);
    if (UNLIKELY(n))
        return n;
    if (LIKELY(s.has_line && s.at + 2 <= s.end && http1_load2(s.at) == http1_load2("\r\n"))) {
        head->field_count = (uint32_t)(s.f - fields);
        n = (int32_t)(s.at + 2 - text);
    } else {
        n = parse_rest(&s);
        if (n <= 0)
            return n;
    }
    if (LIKELY(head->flags == HTTP1_SAW_HOST && head->version == 11)) {
        head->flags = HTTP1_KEEP_ALIVE; /* what http1_frame_end makes of it */
    } else {
        int32_t bad = http1_frame_end(head);

        if (UNLIKELY(bad))
            return bad;
    }
    head->len = (uint32_t)n;
    return n;
}

/* SPDX-License-Identifier: MIT
 *
 * Bodies that are ranges: of bytes that are here in one piece, of a descriptor as the peer takes them.
 * Several ranges are parts of a multipart body ("RFC 9110 14.6"); its length is told beforehand.
 */
#include "files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The lines before a part: CRLF, "--", boundary, CRLF, "Content-Type: ", a type, CRLF, "Content-Range: ",
 * its text, two CRLF. */
#define PART_MAX (2 + 2 + FILES_BOUNDARY_LEN + 2 + 14 + 200 + 2 + 15 + FILES_RANGE_TEXT_MAX + 4)

/* A body under way; in the exchange's memory. */
struct sending {
    struct files_content *content; /* one ref */
    uint32_t count;
    uint32_t next; /* range: the one whose lines or bytes are being sent */
    uint32_t is_in_range;
    uint32_t must_copy; /* the protocol cannot send files */
    uint64_t left_at;   /* of the range, when copied */
    size_t text_at;
    size_t text_len;
    char boundary[FILES_BOUNDARY_LEN];
    char text[PART_MAX];
    struct files_range ranges[];
};

static char *put(char *out, const char *text, size_t len)
{
    memcpy(out, text, len);
    return out + len;
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static char *put_number(char *out, uint64_t n)
{
    char digits[20];
    int i = 20;

    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    return put(out, digits + i, (size_t)(20 - i));
}

size_t files_range_text(char out[FILES_RANGE_TEXT_MAX], const struct files_range *r, uint64_t size)
{
    char *p = PUT(out, "bytes ");

    if (r) {
        p = put_number(p, r->first);
        *p++ = '-';
        p = put_number(p, r->last);
    } else {
        *p++ = '*';
    }
    *p++ = '/';
    return (size_t)(put_number(p, size) - out);
}

static uint64_t length(const struct files_range *r)
{
    return r->last - r->first + 1;
}

/* The lines before part `i`, or what ends the body when there is no such part. The bytes written. */
static size_t write_part(char out[PART_MAX], const struct files_content *c,
                         const struct files_range *ranges, uint32_t count, uint32_t i,
                         const char *boundary)
{
    char *p = out;

    if (i > 0)
        p = PUT(p, "\r\n");
    p = PUT(p, "--");
    p = put(p, boundary, FILES_BOUNDARY_LEN);
    if (i == count)
        return (size_t)(PUT(p, "--\r\n") - out);
    p = PUT(p, "\r\nContent-Type: ");
    p = put(p, c->headers[0].value, c->headers[0].value_len);
    p = PUT(p, "\r\nContent-Range: ");
    p += files_range_text(p, &ranges[i], c->identity.size);
    p = PUT(p, "\r\n\r\n");
    return (size_t)(p - out);
}

static uint64_t body_length(const struct files_content *c, const struct files_range *ranges,
                            uint32_t count, const char *boundary)
{
    char text[PART_MAX];
    uint64_t sum = 0;
    uint32_t i;

    if (count == 1)
        return length(&ranges[0]);
    for (i = 0; i < count; i++)
        sum += write_part(text, c, ranges, count, i, boundary) + length(&ranges[i]);
    return sum + write_part(text, c, ranges, count, count, boundary);
}

void files_body_respond(struct nave_http *x, struct nave_http_response *r,
                        const struct files_content *c, const struct files_range *ranges,
                        uint32_t count, const char *boundary)
{
    char *p;
    uint32_t i;

    r->body_len = (size_t)body_length(c, ranges, count, boundary);
    if (count == 1) {
        r->body = c->bytes + ranges[0].first;
        files_respond(x, r);
        return;
    }
    p = nave_http_alloc(x, r->body_len + PART_MAX);
    if (!p) {
        files_answer_status(x, 503, NULL);
        return;
    }
    r->body = p;
    for (i = 0; i < count; i++) {
        p += write_part(p, c, ranges, count, i, boundary);
        p = put(p, (const char *)c->bytes + ranges[i].first, (size_t)length(&ranges[i]));
    }
    (void)write_part(p, c, ranges, count, count, boundary);
    files_respond(x, r);
}

/* Read and write a part of the present range. NAVE_EOF: all of it has gone. */
static nave_err copy_range(struct nave_http *x, struct sending *s)
{
    const struct files_range *r = &s->ranges[s->next];
    uint8_t *data = s->content->fw->scratch;

    while (r->first + s->left_at <= r->last) {
        uint64_t left = r->last - r->first - s->left_at + 1;
        size_t len = left < FILES_COPY_MAX ? (size_t)left : FILES_COPY_MAX;
        ssize_t got = pread(s->content->fd, data, len, (off_t)(r->first + s->left_at));
        size_t at = 0;

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) { /* shorter than was said: the peer must see that */
            x->api->abort(x);
            return NAVE_ECLOSED;
        }
        while (at < (size_t)got) {
            size_t n = 0;
            nave_err err = x->api->write(x, data + at, (size_t)got - at, &n);

            if (err != NAVE_OK)
                return err;
            at += n;
            s->left_at += n;
        }
    }
    return NAVE_EOF;
}

/* Hand the present range over, or copy of it. NAVE_OK: the watch will tell when it has gone. */
static nave_err send_range(struct nave_http *x, struct sending *s)
{
    const struct files_range *r = &s->ranges[s->next];
    struct nave_file_range file = {s->content->fd, r->first, length(r)};
    nave_err err;

    if (!s->must_copy) {
        err = nave_http_write_file(x, &file);
        if (err != NAVE_ENOSYS)
            return err;
        s->must_copy = 1;
    }
    return copy_range(x, s);
}

/* The write watch: go on as far as it goes. After an error the end callback comes, or has come. */
static void send_more(struct nave_http *x, void *arg)
{
    struct sending *s = arg;
    nave_err err;

    for (;;) {
        if (s->is_in_range) { /* and it was handed over: it has gone now */
            if (s->must_copy && (err = copy_range(x, s)) != NAVE_EOF)
                return;
            s->is_in_range = 0;
            s->next++;
            s->left_at = 0;
            s->text_at = s->text_len = 0;
            if (s->count > 1)
                s->text_len =
                    write_part(s->text, s->content, s->ranges, s->count, s->next, s->boundary);
        }
        while (s->text_at < s->text_len) {
            size_t n = 0;

            if (x->api->write(x, s->text + s->text_at, s->text_len - s->text_at, &n) != NAVE_OK)
                return;
            s->text_at += n;
        }
        if (s->next == s->count) {
            (void)x->api->end(x, NULL, 0);
            return;
        }
        err = send_range(x, s);
        if (err == NAVE_EAGAIN && !s->must_copy)
            return; /* an earlier range is still under way */
        s->is_in_range = 1;
        if (err == NAVE_EOF)
            continue;
        if (err == NAVE_OK && s->count == 1)
            (void)x->api->end(x, NULL, 0); /* the body ends with the range */
        return;
    }
}

static void on_end(struct nave_http *x, void *arg)
{
    struct sending *s = arg;

    (void)x;
    files_content_drop(s->content);
    s->content = NULL;
}

void files_body_send(struct nave_http *x, const struct nave_http_response *r,
                     struct files_content *c, const struct files_range *ranges, uint32_t count,
                     const char *boundary)
{
    uint64_t size = body_length(c, ranges, count, boundary);
    struct nave_http_response head = *r;
    struct sending *s;
    nave_err err;

    head.body = NULL;
    head.body_len = 0;
    if (x->method == NAVE_HTTP_HEAD) {
        err = x->api->start(x, &head, (int64_t)size);
        if (err == NAVE_OK)
            (void)x->api->end(x, NULL, 0);
        else if (err != NAVE_ECLOSED)
            files_answer_status(x, 503, NULL);
        return;
    }
    s = nave_http_alloc(x, sizeof(*s) + count * sizeof(*ranges));
    err = s ? x->api->start(x, &head, (int64_t)size) : NAVE_ENOMEM;
    if (err != NAVE_OK) {
        if (err != NAVE_ECLOSED)
            files_answer_status(x, 503, NULL);
        return;
    }
    memset(s, 0, offsetof(struct sending, boundary));
    s->content = c;
    c->refs++;
    s->count = count;
    memcpy(s->ranges, ranges, count * sizeof(*ranges));
    if (count > 1) {
        memcpy(s->boundary, boundary, FILES_BOUNDARY_LEN);
        s->text_len = write_part(s->text, c, s->ranges, count, 0, s->boundary);
    }
    x->api->on_end(x, on_end, s);
    x->api->write_watch(x, send_more, s);
    send_more(x, s);
}

/* SPDX-License-Identifier: MIT
 *
 * From what was asked to a response: which coding, then the preconditions, then the ranges, in the
 * order of "RFC 9110 13.2.2". A request without any of them gets what was prepared.
 */
#include "files.h"

#include <string.h>

#define SAW_CONDITION (1u << 0)
#define SAW_RANGE     (1u << 1)

void files_respond(struct nave_http *x, const struct nave_http_response *r)
{
    nave_err err = x->api->respond(x, r);

    /* Nothing was sent and nothing better is at hand: the peer is told by the end of the line. */
    if (NAVE_UNLIKELY(err == NAVE_ENOMEM || err == NAVE_EINVAL))
        x->api->abort(x);
}

void files_answer_status(struct nave_http *x, uint16_t status, const struct nave_http_header *more)
{
    struct nave_http_header headers[3] = {
        {"Content-Type", "text/plain; charset=utf-8", 12, 25},
        {"X-Content-Type-Options", "nosniff", 22, 7},
    };
    struct nave_http_response r = {.size = sizeof(r), .status = status, .headers = headers};
    struct nave_str body = NAVE_STR_LIT("");

    switch (status) {
    case 301:
        body = NAVE_STR_LIT("301 Moved Permanently\n");
        break;
    case 400:
        body = NAVE_STR_LIT("400 Bad Request\n");
        break;
    case 403:
        body = NAVE_STR_LIT("403 Forbidden\n");
        break;
    case 404:
        body = NAVE_STR_LIT("404 Not Found\n");
        break;
    case 405:
        body = NAVE_STR_LIT("405 Method Not Allowed\n");
        break;
    case 412:
        body = NAVE_STR_LIT("412 Precondition Failed\n");
        break;
    case 416:
        body = NAVE_STR_LIT("416 Range Not Satisfiable\n");
        break;
    default:
        body = NAVE_STR_LIT("503 Service Unavailable\n");
        break;
    }
    r.header_count = 2;
    if (more)
        headers[r.header_count++] = *more;
    r.body = body.ptr;
    r.body_len = body.len;
    files_respond(x, &r);
}

static int name_is(const struct nave_http *x, const struct nave_http_field *f, const char *lower)
{
    const char *name = x->text + f->name_at;
    uint32_t i;

    for (i = 0; i < f->name_len; i++) {
        char c = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] | 0x20) : name[i];

        if (c != lower[i])
            return 0;
    }
    return 1;
}

static int is_if_match(const struct nave_http *x, const struct nave_http_field *f)
{
    return f->name_len == 8 && name_is(x, f, "if-match");
}

static int is_if_unmodified_since(const struct nave_http *x, const struct nave_http_field *f)
{
    return f->name_len == 19 && name_is(x, f, "if-unmodified-since");
}

/* What of the fields matters here: SAW_*; how welcome the codings are, when `accept` is not NULL. */
static uint32_t scan(const struct nave_http *x, struct files_accept *accept)
{
    uint32_t saw = 0;
    uint32_t i;

    for (i = 0; i < x->field_count; i++) {
        const struct nave_http_field *f = &x->fields[i];

        switch (f->id) {
        case NAVE_HTTP_FIELD_IF_NONE_MATCH:
        case NAVE_HTTP_FIELD_IF_MODIFIED_SINCE:
            saw |= SAW_CONDITION;
            break;
        case NAVE_HTTP_FIELD_RANGE:
            saw |= SAW_RANGE;
            break;
        case NAVE_HTTP_FIELD_ACCEPT_ENCODING:
            if (accept)
                files_accept_read(accept, x->text + f->value_at, f->value_len);
            break;
        case NAVE_HTTP_FIELD_OTHER:
            if (is_if_match(x, f) || is_if_unmodified_since(x, f))
                saw |= SAW_CONDITION;
            break;
        default:
            break;
        }
    }
    return saw;
}

/* A field that may come once: the second makes it nothing. */
static void once(struct nave_str *field, const struct nave_http *x, const struct nave_http_field *f)
{
    if (field->ptr) {
        field->ptr = "";
        field->len = 0;
    } else {
        field->ptr = x->text + f->value_at;
        field->len = f->value_len;
    }
}

static void gather(const struct nave_http *x, const struct files_validators *v,
                   struct files_conditions *c, struct nave_str *range)
{
    uint32_t i;

    memset(c, 0, sizeof(*c));
    range->ptr = NULL;
    range->len = 0;
    for (i = 0; i < x->field_count; i++) {
        const struct nave_http_field *f = &x->fields[i];
        const char *value = x->text + f->value_at;

        if (f->id == NAVE_HTTP_FIELD_IF_NONE_MATCH)
            files_condition_none_match_add(c, v, value, f->value_len);
        else if (f->id == NAVE_HTTP_FIELD_IF_MODIFIED_SINCE)
            once(&c->if_modified_since, x, f);
        else if (f->id == NAVE_HTTP_FIELD_IF_RANGE)
            once(&c->if_range, x, f);
        else if (f->id == NAVE_HTTP_FIELD_RANGE)
            once(range, x, f);
        else if (f->id != NAVE_HTTP_FIELD_OTHER)
            continue;
        else if (is_if_match(x, f))
            files_condition_match_add(c, v, value, f->value_len);
        else if (is_if_unmodified_since(x, f))
            once(&c->if_unmodified_since, x, f);
    }
}

static void answer_whole(struct nave_http *x, struct files_content *c)
{
    struct files_range all = {0, c->identity.size - 1};

    if (NAVE_LIKELY(c->fd < 0))
        files_respond(x, &c->whole);
    else
        files_body_send(x, &c->whole, c, &all, 1, NULL);
}

static void answer_not_modified(struct files_worker *fw, struct nave_http *x,
                                const struct files_content *c)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 304};

    files_count(fw, &fw->plugin->counters.not_modified);
    r.headers = c->headers + c->shared;
    r.header_count = c->header_count - c->shared;
    files_respond(x, &r);
}

static void answer_no_range(struct nave_http *x, const struct files_content *c)
{
    char text[FILES_RANGE_TEXT_MAX];
    struct nave_http_header h = {"Content-Range", text, 13, 0};

    h.value_len = (uint32_t)files_range_text(text, NULL, c->identity.size);
    files_answer_status(x, 416, &h);
}

/* Something that the file does not contain but by chance. */
static void make_boundary(struct files_worker *fw, char out[FILES_BOUNDARY_LEN])
{
    uint32_t i;

    for (i = 0; i < FILES_BOUNDARY_LEN; i++) {
        if (i % 16 == 0) { /* the next number of a xorshift */
            fw->random ^= fw->random << 13;
            fw->random ^= fw->random >> 7;
            fw->random ^= fw->random << 17;
        }
        out[i] = "0123456789abcdef"[fw->random >> i % 16 * 4 & 15];
    }
}

static void answer_ranges(struct files_worker *fw, struct nave_http *x, struct files_content *c,
                          const struct files_ranges *ranges)
{
    static const char multi[] = "multipart/byteranges; boundary=";
    struct nave_http_header headers[FILES_HEADERS_MAX + 1];
    struct nave_http_response r = c->whole;
    char boundary[FILES_BOUNDARY_LEN];
    char type[sizeof(multi) + FILES_BOUNDARY_LEN];
    char text[FILES_RANGE_TEXT_MAX];

    files_count(fw, &fw->plugin->counters.ranges);
    memcpy(headers, c->headers, sizeof(c->headers));
    r.prepared = NULL;
    r.body = NULL;
    r.body_len = 0;
    r.status = 206;
    r.headers = headers;
    if (ranges->count == 1) {
        headers[r.header_count].name = "Content-Range";
        headers[r.header_count].name_len = 13;
        headers[r.header_count].value = text;
        headers[r.header_count++].value_len =
            (uint32_t)files_range_text(text, &ranges->items[0], c->identity.size);
    } else {
        make_boundary(fw, boundary);
        memcpy(type, multi, sizeof(multi) - 1);
        memcpy(type + sizeof(multi) - 1, boundary, FILES_BOUNDARY_LEN);
        headers[0].value = type;
        headers[0].value_len = sizeof(multi) - 1 + FILES_BOUNDARY_LEN;
    }
    if (c->fd < 0)
        files_body_respond(x, &r, c, ranges->items, ranges->count, boundary);
    else
        files_body_send(x, &r, c, ranges->items, ranges->count, boundary);
}

static void answer_asked(struct files_worker *fw, const struct files_root *root,
                         struct nave_http *x, struct files_content *c)
{
    int64_t now_s = fw->w->clock->wall_s;
    uint32_t max = (uint32_t)root->options->max_ranges;
    struct files_conditions conditions;
    struct files_ranges ranges;
    struct nave_str range;

    gather(x, &c->validators, &conditions, &range);
    switch (files_condition_check(&conditions, &c->validators, now_s)) {
    case FILES_CONDITION_SAME:
        answer_not_modified(fw, x, c);
        return;
    case FILES_CONDITION_FAILED:
        files_answer_status(x, 412, NULL);
        return;
    default:
        break;
    }
    if (range.len > 0 && max > 0 && x->method == NAVE_HTTP_GET &&
        files_condition_range_holds(&conditions, &c->validators, now_s)) {
        switch (files_range_parse(range.ptr, range.len, c->identity.size, max, &ranges)) {
        case FILES_RANGE_SOME:
            answer_ranges(fw, x, c, &ranges);
            return;
        case FILES_RANGE_NONE:
            answer_no_range(x, c);
            return;
        default:
            break;
        }
    }
    answer_whole(x, c);
}

/* The content in the coding that the peer likes best. */
static struct files_content *choose(const struct files_root *root, const struct files_entry *entry,
                                    const struct files_accept *accept)
{
    uint8_t there[FILES_CODING_COUNT];
    uint32_t count = 0, i;

    for (i = 0; i < root->coding_count; i++)
        if (entry->found.contents[root->codings[i]])
            there[count++] = root->codings[i];
    return entry->found.contents[files_accept_choose(accept, there, count)];
}

void files_answer(struct files_worker *fw, const struct files_root *root,
                  const struct files_entry *entry, struct nave_http *x)
{
    struct files_content *c = entry->found.contents[0];
    struct files_accept accept;
    uint32_t saw;

    if (NAVE_UNLIKELY(entry->found.has_codings)) {
        files_accept_init(&accept);
        saw = scan(x, &accept);
        c = choose(root, entry, &accept);
    } else {
        saw = scan(x, NULL);
    }
    if (NAVE_LIKELY(!saw))
        answer_whole(x, c);
    else
        answer_asked(fw, root, x, c);
}

/* SPDX-License-Identifier: MIT
 *
 * Prepared responses: an answer that is always the same is checked and written once, and sent by one
 * copy from then on. For handlers that know their answer beforehand: fixed texts, redirects, errors.
 * DRAFT.
 *
 *     size_t size = nave_http_prepare_size(&r);
 *     void *room = nave_host_alloc(host, size);
 *
 *     err = nave_http_prepare(&r, room, size);      in create or prepare, once
 *     x->api->respond(x, &r);                       at each request, on any worker
 */
#ifndef NAVE_HTTP_PREPARE_H
#define NAVE_HTTP_PREPARE_H

#include <nave/http.h>

NAVE_BEGIN_DECLS

/* A body up to this size stands in the prepared text; a larger one stays where it is. */
#define NAVE_HTTP_PREPARE_BODY_MAX 4096u

/* Fields that the protocol writes itself: X("name") in small letters. See rule 5 of nave/http.h. */
#define NAVE_HTTP_RESERVED_NAMES(X) \
    X("content-length") X("transfer-encoding") X("connection") X("date") X("server")

/* 1 when `len` bytes are a token ("RFC 9110 5.6.2"). Thread: [any]. */
static inline int32_t nave_http_is_token(const char *p, size_t len)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    size_t i;
    size_t k;

    for (i = 0; i < len; i++) {
        char c = p[i];

        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
            continue;
        for (k = 0; k + 1 < sizeof(others) && others[k] != c; k++)
            ;
        if (k + 1 == sizeof(others))
            return 0;
    }
    return len > 0;
}

/* 1 when `len` bytes may be the value of a field: no control character but a tab. Thread: [any]. */
static inline int32_t nave_http_is_value(const char *p, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return 0;
    }
    return 1;
}

/* 1 when the field is one of NAVE_HTTP_RESERVED_NAMES. Thread: [any]. */
static inline int32_t nave_http_is_reserved(const char *name, size_t len)
{
#define NAVE_HTTP_RESERVED_(text) text,
    static const char *const names[] = {NAVE_HTTP_RESERVED_NAMES(NAVE_HTTP_RESERVED_)};
#undef NAVE_HTTP_RESERVED_
    size_t i;
    size_t k;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (k = 0; k < len && names[i][k] != '\0'; k++)
            if ((name[k] >= 'A' && name[k] <= 'Z' ? name[k] + ('a' - 'A') : name[k]) != names[i][k])
                break;
        if (k == len && names[i][k] == '\0')
            return 1;
    }
    return 0;
}

/* Bytes of room that nave_http_prepare needs for `r`. Thread: [any]. */
static inline size_t nave_http_prepare_size(const struct nave_http_response *r)
{
    size_t size = sizeof(struct nave_http_prepared) + 64; /* the length, the empty line */
    uint32_t i;

    for (i = 0; i < r->header_count; i++)
        size += (size_t)r->headers[i].name_len + r->headers[i].value_len + 4;
    if (r->body_len <= NAVE_HTTP_PREPARE_BODY_MAX)
        size += r->body_len;
    return size;
}

/* Check `r` and write it to the `size` bytes at `room`, which are aligned to 8; set r->prepared.
 * r->prepared must not come from anywhere else: what it says is sent as it is. Thread: [any].
 * Owns: `r` with all it refers to, and room, stay as they are for as long as it is sent; any number of
 * workers may send it at the same time.
 * Errors: NAVE_EINVAL a name that is no token or is reserved, a control character in a value, a status
 * outside 200 ... 599, a flag, or a body buffer; NAVE_ETOOBIG `size` is too small. Then r->prepared is
 * NULL. */
static inline NAVE_NODISCARD nave_err nave_http_prepare(struct nave_http_response *r, void *room,
                                                        size_t size)
{
    static const char length[] = "Content-Length: ";
    struct nave_http_prepared *p = (struct nave_http_prepared *)room;
    const uint8_t *body = (const uint8_t *)r->body;
    char digits[20];
    uint32_t digit = 0;
    size_t left = r->body_len;
    char *at;
    size_t k;
    uint32_t i;

    r->prepared = NULL;
    if (r->size < sizeof(*r) || r->status < 200 || r->status > 599 || r->flags || r->body_buf)
        return NAVE_EINVAL;
    for (i = 0; i < r->header_count; i++) {
        const struct nave_http_header *h = &r->headers[i];

        if (!nave_http_is_token(h->name, h->name_len) ||
            !nave_http_is_value(h->value, h->value_len) ||
            nave_http_is_reserved(h->name, h->name_len))
            return NAVE_EINVAL;
    }
    if (size < nave_http_prepare_size(r))
        return NAVE_ETOOBIG;
    p->size = (uint32_t)sizeof(*p);
    p->text = at = (char *)(p + 1);
    for (i = 0; i < r->header_count; i++) {
        const struct nave_http_header *h = &r->headers[i];

        for (k = 0; k < h->name_len; k++)
            *at++ = h->name[k];
        *at++ = ':';
        *at++ = ' ';
        for (k = 0; k < h->value_len; k++)
            *at++ = h->value[k];
        *at++ = '\r';
        *at++ = '\n';
    }
    if (r->status != 204 && r->status != 304) {
        for (k = 0; k + 1 < sizeof(length); k++)
            *at++ = length[k];
        do {
            digits[digit++] = (char)('0' + left % 10);
            left /= 10;
        } while (left);
        while (digit)
            *at++ = digits[--digit];
        *at++ = '\r';
        *at++ = '\n';
        left = r->body_len;
    } else {
        left = 0;
    }
    p->fields_len = (uint32_t)(at - p->text);
    *at++ = '\r';
    *at++ = '\n';
    p->has_body = left <= NAVE_HTTP_PREPARE_BODY_MAX;
    for (k = 0; k < left && p->has_body; k++)
        *at++ = (char)body[k];
    p->text_len = (uint32_t)(at - p->text);
    r->prepared = p;
    return NAVE_OK;
}

NAVE_END_DECLS
#endif

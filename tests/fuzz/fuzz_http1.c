/* SPDX-License-Identifier: MIT
 *
 * Heads: the parser against a second reading of the same rules, and whole against cut.
 */
#include "plugins/http1/parser.h"
#include "reference_http1.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct http1_limits limits = {16384, 40960, REFERENCE_FIELDS, REFERENCE_FIELDS};

static int32_t parse(const uint8_t *data, size_t size, struct http1_head *head,
                     struct nave_http_field *fields, char **out_text)
{
    char *text = malloc(size + HTTP1_PADDING);

    CHECK(text);
    memcpy(text, data, size);
    memset(text + size, size % 3 ? 'a' : '\n', HTTP1_PADDING);
    *out_text = text;
    return http1_parse_head(text, size, &limits, head, fields);
}

static void check_fields(const struct http1_head *head, const struct reference_head *h)
{
    size_t i;

    CHECK(head->field_count == h->count);
    for (i = 0; i < h->count; i++) {
        CHECK(head->fields[i].name_at == h->fields[i].name_at);
        CHECK(head->fields[i].name_len == h->fields[i].name_len);
        CHECK(head->fields[i].value_len == h->fields[i].value_len);
        CHECK(head->fields[i].value_len == 0 || head->fields[i].value_at == h->fields[i].value_at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nave_http_field fields[2 * REFERENCE_FIELDS];
    struct reference_head reference;
    struct http1_head head;
    char *text;
    int32_t whole;
    int32_t part;
    size_t cut;

    if (size > 8192)
        return 0;
    whole = parse(data, size, &head, fields, &text);
    if (reference_parse((const char *)data, size, &reference)) {
        CHECK(whole == (int32_t)reference.len);
        CHECK(head.version == reference.version);
        CHECK(head.method_text.len == reference.method_len);
        CHECK(head.target.at == reference.target_at && head.target.len == reference.target_len);
        CHECK(head.content_length == reference.length);
        CHECK(!(head.flags & HTTP1_CHUNKED) == !reference.is_chunked);
        check_fields(&head, &reference);
    } else {
        CHECK(whole <= 0);
    }
    free(text);
    /* Less of it gives "more", or the verdict of the whole. */
    cut = size ? data[size / 2] * size / 256 : 0;
    part = parse(data, cut, &head, fields, &text);
    free(text);
    CHECK(part == 0 || part == whole);
    return 0;
}

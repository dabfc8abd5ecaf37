/* SPDX-License-Identifier: MIT
 *
 * Chunked bodies: whole, byte by byte and in pieces give the same body, trailers and end.
 */
#include "plugins/http1/chunked.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    int32_t result; /* FEED_MORE, FEED_END, or minus the status */
    size_t used;
    size_t body_len;
    uint64_t body_sum;
    uint32_t trailers;
    uint64_t trailer_sum;
};

static uint64_t add(uint64_t sum, const void *data, size_t len)
{
    const uint8_t *p = data;

    for (; len > 0; len--)
        sum = (sum ^ *p++) * UINT64_C(1099511628211);
    return sum;
}

/* Feed `step` bytes at a time; 0: all at once. */
static struct outcome decode(const uint8_t *data, size_t size, size_t step)
{
    static struct http1_trailers trailers;
    struct http1_chunked c;
    struct outcome o = {HTTP1_FEED_MORE, 0, 0, 1, 0, 1};
    struct nave_http_header h;
    size_t end = 0;
    uint32_t rounds;

    http1_chunked_init(&c);
    for (rounds = 0; rounds < 10 * size + 10; rounds++) {
        struct nave_bytes piece = {NULL, 0};
        size_t skip = 0, used = 0;
        char *text;

        if (o.result == HTTP1_FEED_MORE) {
            if (end == size)
                break;
            end = step && size - o.used > step ? o.used + step : size;
        }
        text = malloc(end - o.used + HTTP1_PADDING);
        CHECK(text);
        memcpy(text, data + o.used, end - o.used);
        memset(text + (end - o.used), '0', HTTP1_PADDING);
        o.result = http1_chunked_feed(&c, text, end - o.used, &skip, &piece, &used);
        CHECK(used <= end - o.used);
        if (o.result == HTTP1_FEED_ROOM)
            c.trailers = &trailers;
        if (o.result == HTTP1_FEED_DATA) {
            CHECK(piece.len > 0 && (const char *)piece.data == text + skip);
            CHECK(skip + piece.len == used);
            o.body_sum = add(o.body_sum, piece.data, piece.len);
            o.body_len += piece.len;
        }
        if (o.result == HTTP1_FEED_MORE)
            CHECK(used == end - o.used);
        free(text);
        o.used += used;
        if (o.result < 0 || o.result == HTTP1_FEED_END)
            break;
    }
    CHECK(rounds < 10 * size + 10);
    if (o.result < 0)
        o.used = 0; /* how far it looked is its own affair */
    while (o.result == HTTP1_FEED_END && http1_chunked_trailer(&c, o.trailers, &h)) {
        o.trailer_sum = add(add(o.trailer_sum, h.name, h.name_len), h.value, h.value_len);
        o.trailers++;
    }
    return o;
}

static void check_same(struct outcome a, struct outcome b)
{
    CHECK(a.result == b.result && a.used == b.used);
    CHECK(a.result < 0 || (a.body_len == b.body_len && a.body_sum == b.body_sum));
    CHECK(a.trailers == b.trailers && a.trailer_sum == b.trailer_sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole;

    if (size > 4096)
        return 0;
    whole = decode(data, size, 0);
    check_same(whole, decode(data, size, 1));
    check_same(whole, decode(data, size, 1 + (size ? data[0] % 16 : 0)));
    return 0;
}

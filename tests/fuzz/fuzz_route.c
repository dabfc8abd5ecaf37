/* SPDX-License-Identifier: MIT
 *
 * Paths: what may be used as it stands is what decoding would give; both scans agree; what was decoded
 * has no dot segment, no NUL, and separates where a '/' stood.
 */
#include "plugins/router/path.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct router_path *a, const struct router_path *b)
{
    uint32_t i;

    CHECK(a->len == b->len && a->count == b->count);
    CHECK(memcmp(a->text, b->text, a->len) == 0);
    for (i = 0; i <= a->count; i++)
        CHECK(a->start[i] == b->start[i]);
}

static void check_decoded(const struct router_path *p)
{
    uint32_t i;

    CHECK(p->len > 0 && p->text[0] == '/' && p->count > 0);
    CHECK(p->start[0] == 1 && p->start[p->count] == p->len + 1);
    CHECK(memchr(p->text, 0, p->len) == NULL);
    for (i = 0; i < p->count; i++) {
        CHECK(p->start[i] < p->start[i + 1] && p->start[i + 1] <= p->len + 1);
        CHECK(p->text[p->start[i] - 1] == '/');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct router_path scanned, portable, decoded;
    char *text = malloc(size + 1); /* '/' and the input, with nothing readable behind */
    char *room = malloc(size + 1);
    uint32_t len = (uint32_t)size + 1;
    int is_plain;
    nave_err err;

    CHECK(text && room);
    text[0] = '/';
    memcpy(text + 1, data, size);
    is_plain = router_path_scan(text, len, &scanned);
    CHECK(router_path_scan_portable(text, len, &portable) == is_plain);
    err = router_path_decode(text, len, room, &decoded);
    if (is_plain) {
        check_same(&scanned, &portable);
        CHECK(err == NAVE_OK);
        check_same(&scanned, &decoded);
    }
    if (err == NAVE_OK)
        check_decoded(&decoded);
    free(text);
    free(room);
    return 0;
}

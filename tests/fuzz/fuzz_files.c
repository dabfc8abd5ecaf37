/* SPDX-License-Identifier: MIT
 *
 * The engines of files: the first byte chooses one. What each promises must hold for any input: ranges
 * lie inside, in no two; a path that is safe has no part that is not a name; a date that is read is
 * written and read alike.
 */
#include "plugins/files/conditional.h"
#include "plugins/files/date.h"
#include "plugins/files/encoding.h"
#include "plugins/files/range.h"
#include "plugins/files/safe_path.h"
#include "plugins/files/type.h"

#include <stdlib.h>
#include <string.h>

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Against small, large and the largest sizes. */
static void check_range(const char *text, size_t len)
{
    static const uint64_t sizes[] = {0, 1, 2, 100, 4096, 5000000000u, UINT64_MAX};
    struct files_ranges r;
    uint32_t max, i, k;
    size_t s;

    for (s = 0; s < NAVE_COUNT(sizes); s++) {
        for (max = 0; max <= FILES_RANGES_MAX; max += 8) {
            uint64_t sum = 0;

            if (files_range_parse(text, len, sizes[s], max, &r) != FILES_RANGE_SOME)
                continue;
            CHECK(r.count > 0 && r.count <= max);
            for (i = 0; i < r.count; i++) {
                CHECK(r.items[i].first <= r.items[i].last && r.items[i].last < sizes[s]);
                sum += r.items[i].last - r.items[i].first + 1;
                for (k = 0; k < i; k++)
                    CHECK(r.items[i].first > r.items[k].last || r.items[k].first > r.items[i].last);
            }
            CHECK(sum <= sizes[s]);
        }
    }
}

static void check_conditions(const char *text, size_t len)
{
    struct files_validators v = {NAVE_STR_LIT("\"abc\""), 784111777, 1, 0};
    struct files_conditions c;
    int64_t date_s, again_s;
    char written[FILES_DATE_LEN];
    int what;

    memset(&c, 0, sizeof(c));
    files_condition_match_add(&c, &v, text, len);
    files_condition_none_match_add(&c, &v, text, len);
    /* What is compared strongly and matches, matches weakly too. */
    CHECK(!c.if_match_is_true || c.if_none_match_hits);
    c.if_modified_since = c.if_unmodified_since = c.if_range = (struct nave_str){text, len};
    what = files_condition_check(&c, &v, 1700000000);
    CHECK(what == 0 || what == 304 || what == 412);
    if (len > 0 && files_condition_range_holds(&c, &v, 1700000000))
        CHECK(text[0] == '"' || files_date_parse(text, len, 1700000000, &date_s));
    if (files_date_parse(text, len, 1700000000, &date_s) && date_s >= 0) {
        files_date_write(written, date_s);
        CHECK(files_date_parse(written, FILES_DATE_LEN, 0, &again_s) && again_s == date_s);
    }
}

static void check_accept(const char *text, size_t len)
{
    static const uint8_t order[] = {1, 2, 3};
    struct files_accept a;
    uint32_t i, chosen;

    files_accept_init(&a);
    files_accept_read(&a, text, len);
    for (i = 0; i < FILES_CODING_COUNT; i++)
        CHECK(a.q[i] >= -1 && a.q[i] <= FILES_Q_MAX);
    chosen = files_accept_choose(&a, order, 3);
    CHECK(chosen < FILES_CODING_COUNT);
    CHECK(chosen == 0 || (a.q[chosen] >= 0 ? a.q[chosen] : a.any) > 0);
}

/* A safe path, part by part. */
static void check_safe(const char *path, size_t len)
{
    size_t at = 0;

    CHECK(len <= FILES_PATH_MAX && files_text_is_utf8(path, len));
    CHECK(memchr(path, '\\', len) == NULL && memchr(path, 0, len) == NULL);
    while (at < len) {
        size_t end = at;

        while (end < len && path[end] != '/')
            end++;
        CHECK(end > at && end - at <= FILES_NAME_MAX);
        CHECK(!(end - at == 1 && path[at] == '.'));
        CHECK(!(end - at == 2 && path[at] == '.' && path[at + 1] == '.'));
        at = end + 1;
    }
}

static void check_path(const char *text, size_t len)
{
    char *target = malloc(len + 1); /* a path begins with '/' */
    char *room = malloc(len + 1);
    size_t n = 0;

    CHECK(target && room);
    if (files_path_check(text, len, 1) == FILES_PATH_OK)
        check_safe(text, len);
    if (files_path_check(text, len, 0) == FILES_PATH_OK)
        CHECK(files_path_check(text, len, 1) == FILES_PATH_OK);
    target[0] = '/';
    memcpy(target + 1, text, len);
    if (files_path_decode(target, len + 1, room, &n) == FILES_PATH_OK) {
        CHECK(n <= len && files_text_is_utf8(room, n));
        CHECK(!files_path_hides(target, len + 1));
        if (files_path_check(room, n, 1) == FILES_PATH_OK)
            check_safe(room, n);
    }
    if (files_path_may_redirect(target, len + 1))
        CHECK(len == 0 || (text[0] != '/' && text[0] != '\\'));
    free(target);
    free(room);
}

static void check_type(const char *text, size_t len)
{
    static const struct nave_pair items[] = {{NAVE_STR_LIT(".x"), NAVE_STR_LIT("a/b")}};
    struct nave_pairs own = {items, 1};
    struct nave_str none = {"n/n", 3};
    struct nave_str e = files_type_extension(text, len);
    struct nave_str t = files_type_of(&own, none, text, len);

    CHECK(e.len <= FILES_EXTENSION_MAX && memchr(e.ptr, '/', e.len) == NULL);
    CHECK(t.len >= 3 && memchr(t.ptr, '/', t.len) != NULL);
    (void)files_type_is_text((struct nave_str){text, len});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + 1;

    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'r':
        check_range(text, size - 1);
        break;
    case 'c':
        check_conditions(text, size - 1);
        break;
    case 'a':
        check_accept(text, size - 1);
        break;
    case 't':
        check_type(text, size - 1);
        break;
    default:
        check_path(text, size - 1);
        break;
    }
    return 0;
}

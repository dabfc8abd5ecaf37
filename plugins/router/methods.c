/* SPDX-License-Identifier: MIT
 *
 * Methods as bits: names, what may answer what, and the text of Allow.
 */
#include "methods.h"

#include <string.h>

NAVE_STATIC_ASSERT(ROUTER_FIRST_CUSTOM == NAVE_HTTP_METHOD_COUNT, "custom bits follow the known");
NAVE_STATIC_ASSERT(ROUTER_FIRST_CUSTOM + ROUTER_CUSTOM_MAX <= 32, "a set of methods is one word");
NAVE_STATIC_ASSERT(ROUTER_FIRST_CUSTOM * 10 + ROUTER_CUSTOM_MAX * (ROUTER_TOKEN_MAX + 2) <
                       ROUTER_ALLOW_MAX,
                   "the longest Allow fits");

#define METHOD_NAME_(value, name) [(value)] = {#name, sizeof(#name) - 1},
static const struct nave_str known_names[NAVE_HTTP_METHOD_COUNT] = {[0] = {"ANY", 3},
                                                                    NAVE_HTTP_METHODS(
                                                                        METHOD_NAME_)};

static int name_is(struct nave_str a, const char *name, size_t len)
{
    return a.len == len && memcmp(a.ptr, name, len) == 0;
}

uint32_t router_method_bit(const struct router_methods *m, const char *name, size_t len)
{
    uint32_t i;

    for (i = 0; i < NAVE_HTTP_METHOD_COUNT; i++) {
        if (name_is(known_names[i], name, len))
            return 1u << i;
    }
    for (i = 0; i < m->count; i++) {
        if (name_is(m->names[i], name, len))
            return 1u << (ROUTER_FIRST_CUSTOM + i);
    }
    return 0;
}

struct router_want router_method_want(const struct router_methods *m, const struct nave_http *x)
{
    static const uint32_t any[NAVE_HTTP_METHOD_COUNT] = {
        [NAVE_HTTP_GET] = ROUTER_BIT(NAVE_HTTP_GET) | ROUTER_ANY,
        [NAVE_HTTP_HEAD] = ROUTER_BIT(NAVE_HTTP_HEAD) | ROUTER_BIT(NAVE_HTTP_GET) | ROUTER_ANY,
        [NAVE_HTTP_POST] = ROUTER_BIT(NAVE_HTTP_POST) | ROUTER_ANY,
        [NAVE_HTTP_PUT] = ROUTER_BIT(NAVE_HTTP_PUT) | ROUTER_ANY,
        [NAVE_HTTP_PATCH] = ROUTER_BIT(NAVE_HTTP_PATCH) | ROUTER_ANY,
        [NAVE_HTTP_DELETE] = ROUTER_BIT(NAVE_HTTP_DELETE) | ROUTER_ANY,
        [NAVE_HTTP_OPTIONS] = ROUTER_BIT(NAVE_HTTP_OPTIONS) | ROUTER_ANY,
        [NAVE_HTTP_CONNECT] = ROUTER_BIT(NAVE_HTTP_CONNECT),
        [NAVE_HTTP_TRACE] = ROUTER_BIT(NAVE_HTTP_TRACE) | ROUTER_ANY,
    };
    struct router_want want = {0, ROUTER_ANY};
    uint32_t bit;

    if (NAVE_LIKELY(x->method > 0 && x->method < NAVE_HTTP_METHOD_COUNT)) {
        want.own = 1u << x->method;
        want.any = any[x->method];
        return want;
    }
    bit = router_method_bit(m, x->text + x->method_text.at, x->method_text.len);
    /* A request whose method is the token "ANY" is one of an unknown method. */
    if (bit >= ROUTER_BIT(ROUTER_FIRST_CUSTOM)) {
        want.own = bit;
        want.any = bit | ROUTER_ANY;
    }
    return want;
}

size_t router_allow_text(const struct router_methods *m, uint32_t set, char text[ROUTER_ALLOW_MAX])
{
    size_t len = 0;
    uint32_t i;

    if (set & ROUTER_ANY) {
        for (i = NAVE_HTTP_GET; i <= NAVE_HTTP_OPTIONS; i++)
            set |= ROUTER_BIT(i);
    }
    if (set & ROUTER_BIT(NAVE_HTTP_GET))
        set |= ROUTER_BIT(NAVE_HTTP_HEAD);
    set |= ROUTER_BIT(NAVE_HTTP_OPTIONS);
    /* The values of nave/http.h stand in the order that Allow is to have. */
    for (i = 1; i < ROUTER_FIRST_CUSTOM + m->count; i++) {
        struct nave_str name =
            i < ROUTER_FIRST_CUSTOM ? known_names[i] : m->names[i - ROUTER_FIRST_CUSTOM];

        if (!(set & ROUTER_BIT(i)))
            continue;
        if (len > 0) {
            text[len++] = ',';
            text[len++] = ' ';
        }
        memcpy(text + len, name.ptr, name.len);
        len += name.len;
    }
    return len;
}

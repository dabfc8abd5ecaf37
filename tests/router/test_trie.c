/* SPDX-License-Identifier: MIT
 *
 * The trie against a matcher that looks at every route: thousands of random sets of routes, with what
 * overlaps on purpose, and thousands of paths. The numbers are the same each time.
 */
#include "test_main.h"

#include "fake_host.h"
#include "plugins/router/trie.h"
#include "plugins/router/words.h"

#include <stdlib.h>

#define ROUTES_MAX 24u
#define DEPTH_MAX  5u

/* Texts that share beginnings, ends and lengths, so that a compare that stops too soon is found. */
static const char *const texts[] = {
    "",
    "a",
    "b",
    "ab",
    "1",
    "-7",
    "items",
    "itemsx",
    "users",
    "12345678",
    "abcdefgh",
    "abcdefghi",
    "abcdefgj",
    "abcdefghj",
    "abcdefghij",
    "abcdefgh12j",
    "abcdefgh21j",
    "a-path-segment-of-some-length",
};

static uint64_t state;

static uint32_t next(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

struct set {
    struct fake_host host;
    struct router_arena arena;
    struct router_route routes[ROUTES_MAX];
    struct router_segment segments[ROUTES_MAX][DEPTH_MAX];
    const struct router_route *order[ROUTES_MAX];
    char paths[ROUTES_MAX][256];
    uint32_t count;
    uint32_t conflicts;
    struct router_trie trie;
};

static void on_conflict(void *arg, const struct router_route *later,
                        const struct router_route *earlier)
{
    CU_ASSERT(later->index > earlier->index);
    ((struct set *)arg)->conflicts++;
}

static void route_make(struct set *s, uint32_t i)
{
    struct router_route *r = &s->routes[i];
    uint32_t depth = 1 + next(DEPTH_MAX);
    char *path = s->paths[i];
    uint32_t k;

    memset(r, 0, sizeof(*r));
    path[0] = '\0';
    for (k = 0; k < depth; k++) {
        struct router_segment *g = &s->segments[i][k];
        uint32_t kind = next(10);

        memset(g, 0, sizeof(*g));
        strcat(path, "/");
        if (kind < 6) {
            g->kind = ROUTER_STATIC;
            g->text = texts[next(NAVE_COUNT(texts))];
            g->len = (uint32_t)strlen(g->text);
            g->word = router_trie_word(g->text, g->len);
            strcat(path, g->text);
            continue;
        }
        g->kind = kind < 7 ? ROUTER_NUMBER : kind < 9 || k + 1 < depth ? ROUTER_PARAM : ROUTER_WILD;
        g->text = "p";
        g->len = 1;
        strcat(path, g->kind == ROUTER_NUMBER ? ":p<int>" : g->kind == ROUTER_PARAM ? ":p" : "*");
    }
    r->segments = s->segments[i];
    r->segment_count = depth;
    r->index = i;
    r->path.ptr = path;
    r->path.len = strlen(path);
    r->methods = next(3) ? ROUTER_BIT(NAVE_HTTP_GET) << next(3) : ROUTER_ANY;
}

/* --- the other matcher ----------------------------------------------------------------------- */

static int segment_same(const struct router_segment *a, const struct router_segment *b)
{
    if (a->kind != b->kind)
        return 0;
    return a->kind != ROUTER_STATIC || (a->len == b->len && memcmp(a->text, b->text, a->len) == 0);
}

static int has_conflict(const struct set *s)
{
    uint32_t i, j, k;

    for (i = 0; i < s->count; i++) {
        for (j = 0; j < i; j++) {
            const struct router_route *a = &s->routes[i];
            const struct router_route *b = &s->routes[j];

            if (!(a->methods & b->methods) || a->segment_count != b->segment_count)
                continue;
            for (k = 0; k < a->segment_count; k++)
                if (!segment_same(&a->segments[k], &b->segments[k]))
                    break;
            if (k == a->segment_count)
                return 1;
        }
    }
    return 0;
}

static int is_number(const char *p, uint32_t len)
{
    uint32_t i = len && p[0] == '-';

    if (i == len)
        return 0;
    for (; i < len; i++)
        if (p[i] < '0' || p[i] > '9')
            return 0;
    return 1;
}

static int matches(const struct router_route *r, const struct router_path *p)
{
    uint32_t k;

    for (k = 0; k < r->segment_count; k++) {
        const struct router_segment *g = &r->segments[k];
        const char *text;
        uint32_t len;

        if (k >= p->count)
            return 0;
        if (g->kind == ROUTER_WILD)
            return 1;
        text = p->text + p->start[k];
        len = router_path_segment_len(p, k);
        if (g->kind == ROUTER_STATIC && (len != g->len || memcmp(text, g->text, len) != 0))
            return 0;
        if (g->kind == ROUTER_NUMBER && !is_number(text, len))
            return 0;
        if (g->kind == ROUTER_PARAM && len == 0)
            return 0;
    }
    return k == p->count;
}

/* How specific: a digit a segment, the first counts most; then the method's own route. */
static uint64_t rank(const struct router_route *r, struct router_want want)
{
    uint64_t n = 0;
    uint32_t k;

    for (k = 0; k < DEPTH_MAX; k++)
        n = n * 5 + (k < r->segment_count ? r->segments[k].kind : 0);
    return n * 4 + (r->methods & want.own ? 0 : r->methods & ROUTER_BIT(NAVE_HTTP_GET) ? 1 : 2);
}

static const struct router_route *slow_find(const struct set *s, const struct router_path *p,
                                            struct router_want want, uint32_t *methods)
{
    const struct router_route *best = NULL;
    uint32_t i;

    *methods = 0;
    for (i = 0; i < s->count; i++) {
        const struct router_route *r = &s->routes[i];

        if (!matches(r, p))
            continue;
        *methods |= r->methods;
        if ((r->methods & want.any) && (!best || rank(r, want) < rank(best, want)))
            best = r;
    }
    return best;
}

/* --- one against the other ------------------------------------------------------------------- */

static void path_make(char *text)
{
    uint32_t depth = 1 + next(DEPTH_MAX + 1);

    text[0] = '\0';
    while (depth-- > 0) {
        strcat(text, "/");
        strcat(text, texts[next(NAVE_COUNT(texts))]);
    }
}

static uint32_t found;

static void check_path(const struct set *s, const char *text)
{
    static const struct router_want wants[] = {
        {ROUTER_BIT(NAVE_HTTP_GET), ROUTER_BIT(NAVE_HTTP_GET) | ROUTER_ANY},
        {ROUTER_BIT(NAVE_HTTP_HEAD),
         ROUTER_BIT(NAVE_HTTP_HEAD) | ROUTER_BIT(NAVE_HTTP_GET) | ROUTER_ANY},
        {ROUTER_BIT(NAVE_HTTP_POST), ROUTER_BIT(NAVE_HTTP_POST) | ROUTER_ANY},
        {ROUTER_BIT(NAVE_HTTP_CONNECT), ROUTER_BIT(NAVE_HTTP_CONNECT)},
    };
    uint32_t len = (uint32_t)strlen(text);
    struct router_path p;
    uint32_t methods;
    size_t w;

    CU_ASSERT_EQUAL_FATAL(router_path_scan(text, len, &p), 1);
    for (w = 0; w < NAVE_COUNT(wants); w++) {
        const struct router_route *slow = slow_find(s, &p, wants[w], &methods);
        const struct router_route *fast = router_trie_find(&s->trie, &p, wants[w]);
        const struct router_node *node = router_exact_find(&s->trie.exact, text, len);

        CU_ASSERT_PTR_EQUAL(fast, slow);
        if (fast != slow)
            printf("\n  %s: %s, not %s\n", text, fast ? fast->path.ptr : "none",
                   slow ? slow->path.ptr : "none");
        /* What the table of whole paths has is what the trie finds. */
        if (node && router_node_route(node, wants[w]))
            CU_ASSERT_PTR_EQUAL(router_node_route(node, wants[w]), slow);
        CU_ASSERT_EQUAL(router_trie_methods(&s->trie, &p), methods);
        found += fast != NULL;
    }
}

static void the_trie_finds_what_a_look_at_every_route_finds(void)
{
    static struct set s;
    uint32_t with_conflicts = 0;
    uint32_t seed;
    uint32_t i;

    fake_host_init(&s.host, 1);
    found = 0;
    for (seed = 1; seed <= 4000; seed++) {
        char text[512];
        nave_err err;

        state = seed * UINT64_C(0x9E3779B97F4A7C15);
        s.count = 1 + next(ROUTES_MAX);
        s.conflicts = 0;
        for (i = 0; i < s.count; i++)
            route_make(&s, i);
        router_arena_init(&s.arena, &s.host.pub);
        err = router_trie_build(&s.arena, s.routes, s.count, s.order, on_conflict, &s, &s.trie);
        CU_ASSERT_EQUAL(err, has_conflict(&s) ? NAVE_EEXIST : NAVE_OK);
        CU_ASSERT_EQUAL(s.conflicts > 0, err != NAVE_OK);
        with_conflicts += err != NAVE_OK;
        for (i = 0; err == NAVE_OK && i < 40; i++) {
            path_make(text);
            check_path(&s, text);
        }
        router_arena_free(&s.arena);
    }
    /* Otherwise the numbers are badly chosen and show nothing. */
    CU_ASSERT(with_conflicts > 100 && with_conflicts < 3900);
    CU_ASSERT(found > 10000);
    CU_ASSERT_EQUAL(fake_host_fini(&s.host), 0);
}

static CU_TestInfo tests[] = {
    {"the_trie_finds_what_a_look_at_every_route_finds",
     the_trie_finds_what_a_look_at_every_route_finds},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"trie", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

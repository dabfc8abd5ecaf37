/* SPDX-License-Identifier: MIT
 *
 * From the list of routes to a table: [{"GET /users/:id": {"text": "..."}}, ...]. Every route is read
 * and every error told at its place, also after the first.
 */
#include <string.h>

#include "router.h"

struct reading {
    struct router_plugin *plugin;
    struct router_table *table;
    struct router_arena scratch; /* segments and the like, until the trie stands */
    struct nave_conf *at;        /* the list */
    uint32_t bad;
};

static int is_token(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* The bits of "GET,POST"; 0 when it was refused. Errors: only NAVE_ENOMEM. */
static nave_err methods_read(struct reading *rd, struct nave_conf *at, const char *text, size_t len,
                             uint32_t *out)
{
    struct router_methods *m = &rd->table->names;
    uint32_t set = 0;
    size_t i = 0;

    while (i <= len) {
        size_t start = i;
        size_t upper = 0;
        uint32_t bit;

        for (; i < len && is_token(text[i]); i++)
            upper += text[i] < 'a' || text[i] > 'z';
        if (i == start || (i < len && text[i] != ',') || i - start > ROUTER_TOKEN_MAX ||
            upper != i - start) {
            router_refuse(rd->plugin, at,
                          "the method must be in capitals: GET, HEAD, POST, PUT, PATCH, DELETE, "
                          "OPTIONS, another token of at most %d bytes, several with ',' between, "
                          "or ANY",
                          ROUTER_TOKEN_MAX);
            return NAVE_OK;
        }
        bit = router_method_bit(m, text + start, i - start);
        if (!bit) {
            char *copy;

            if (m->count == ROUTER_CUSTOM_MAX) {
                router_refuse(rd->plugin, at, "more than %d methods of one's own",
                              ROUTER_CUSTOM_MAX);
                return NAVE_OK;
            }
            copy = router_arena_copy(&rd->table->arena, text + start, i - start);
            if (!copy)
                return NAVE_ENOMEM;
            m->names[m->count].ptr = copy;
            m->names[m->count].len = i - start;
            bit = ROUTER_BIT(ROUTER_FIRST_CUSTOM + m->count);
            m->count++;
        }
        set |= bit;
        i++;
    }
    *out = set;
    return NAVE_OK;
}

static int is_name(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        char c = text[i];

        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
              (i > 0 && c >= '0' && c <= '9')))
            return 0;
    }
    return len > 0 && len <= ROUTER_NAME_MAX;
}

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* What is wrong with the characters of a path, or NULL. */
static const char *path_check(const char *text, size_t len)
{
    size_t i;

    if (len == 0 || text[0] != '/')
        return "a route is \"METHOD /path\": the path begins with '/'";
    for (i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return "a path has no control characters";
        if (text[i] == '?' || text[i] == '#')
            return "a route matches the path only: leave '?' and '#' out";
        if (text[i] == '%' && len - i > 2 && is_hex(text[i + 1]) && is_hex(text[i + 2]))
            return "write the path decoded: \"/a b\", not \"/a%20b\"";
    }
    return NULL;
}

/* Read one segment; what is wrong with it, or NULL. */
static const char *segment_read(const char *text, uint32_t len, int is_last,
                                struct router_segment *out)
{
    out->kind = ROUTER_STATIC;
    out->text = text;
    out->len = len;
    if (len > 0 && text[0] == ':') {
        out->kind = ROUTER_PARAM;
        if (len > 5 && memcmp(text + len - 5, "<int>", 5) == 0) {
            out->kind = ROUTER_NUMBER;
            len -= 5;
        }
        out->text = text + 1;
        out->len = len - 1;
        if (!is_name(text + 1, len - 1))
            return "a parameter is :name or :name<int>; a name has letters, digits and '_'";
    } else if (len > 0 && memchr(text, '*', len)) {
        out->kind = ROUTER_WILD;
        if (len != 1 || !is_last)
            return "'*' stands alone, as the last segment";
    } else if ((len == 1 && text[0] == '.') || (len == 2 && text[0] == '.' && text[1] == '.')) {
        return "dot segments are removed before matching: this would never match";
    } else {
        out->word = router_trie_word(text, len);
    }
    return NULL;
}

/* Read the path of `r`: its segments and parameters. *out_wrong: what is wrong, or NULL. */
static nave_err path_read(struct reading *rd, struct router_route *r, const char **out_wrong)
{
    struct router_segment segments[ROUTER_SEGMENTS_MAX];
    struct router_segment *copy;
    struct router_param *params;
    const char *text = r->path.ptr;
    uint32_t len = (uint32_t)r->path.len;
    uint32_t count = 0;
    uint32_t n = 0;
    uint32_t at;
    uint32_t i;
    uint32_t k;

    *out_wrong = path_check(text, len);
    for (at = 1; !*out_wrong && at <= len; count++) {
        const char *slash = memchr(text + at, '/', len - at);
        uint32_t end = slash ? (uint32_t)(slash - text) : len;

        if (count == ROUTER_SEGMENTS_MAX) {
            *out_wrong = "a route has at most " NAVE_STR(ROUTER_SEGMENTS_MAX) " segments";
            break;
        }
        memset(&segments[count], 0, sizeof(segments[count]));
        *out_wrong = segment_read(text + at, end - at, end == len, &segments[count]);
        n += segments[count].kind != ROUTER_STATIC;
        at = end + 1;
    }
    if (!*out_wrong && n > ROUTER_PARAMS_MAX)
        *out_wrong = "a route has at most " NAVE_STR(ROUTER_PARAMS_MAX) " parameters";
    if (*out_wrong)
        return NAVE_OK;
    copy = router_arena_alloc(&rd->scratch, count * sizeof(*copy));
    params = router_arena_alloc(&rd->table->arena, n * sizeof(*params));
    if (!copy || !params)
        return NAVE_ENOMEM;
    memcpy(copy, segments, count * sizeof(*copy));
    for (i = 0, n = 0; i < count; i++) {
        if (copy[i].kind == ROUTER_STATIC)
            continue;
        params[n].name.ptr = copy[i].text;
        params[n].name.len = copy[i].len;
        params[n].segment = i;
        params[n].is_wild = copy[i].kind == ROUTER_WILD;
        for (k = 0; k < n; k++) {
            if (params[k].name.len == params[n].name.len &&
                memcmp(params[k].name.ptr, params[n].name.ptr, params[n].name.len) == 0)
                *out_wrong = "two parameters of one route have the same name";
        }
        n++;
    }
    r->segments = copy;
    r->segment_count = count;
    r->params = params;
    r->param_count = n;
    return NAVE_OK;
}

/* Make the handler that object `c` names. */
static nave_err handler_make(struct reading *rd, struct nave_conf *c, struct router_route *r)
{
    struct nave_handle **made = &rd->table->made[rd->table->made_count];
    struct nave_str key = {"", 0};
    struct nave_conf *options;
    char name[128];
    nave_err err;

    if (nave_conf_kind(c) != NAVE_CONF_OBJECT || nave_conf_count(c) != 1) {
        router_refuse(
            rd->plugin, c,
            "a route leads to an object with one member, the handler: {\"text\": \"...\"}");
        return NAVE_ECONFIG;
    }
    options = nave_conf_at(c, 0, &key);
    if (key.len == 0 || key.len >= sizeof(name)) {
        router_refuse(rd->plugin, c, "the name of a handler has 1 to %zu bytes", sizeof(name) - 1);
        return NAVE_ECONFIG;
    }
    memcpy(name, key.ptr, key.len);
    name[key.len] = '\0';
    err = rd->plugin->host->api->role_make(rd->plugin->host, "handler", name, options, made);
    if (err != NAVE_OK)
        return err;
    rd->table->made_count++;
    if (strcmp((*made)->api->id, NAVE_HTTP_HANDLER_ID) != 0) {
        router_refuse(rd->plugin, c,
                      "handler \"%s\" is a \"%s\", and a route leads to a \"" NAVE_HTTP_HANDLER_ID
                      "\"",
                      name, (*made)->api->id);
        return NAVE_ECONFIG;
    }
    /* The answers of our own are known: they need no call. */
    if ((*made)->api == rd->plugin->answer_api)
        r->answer = &((struct router_answer *)(void *)*made)->response;
    r->handler = (struct nave_http_handler *)(void *)*made;
    return NAVE_OK;
}

/* Read item `index` of the list into `r`. Errors: NAVE_ENOMEM; others are told and counted. */
static nave_err route_read(struct reading *rd, uint32_t index, struct router_route *r)
{
    struct nave_conf *item = nave_conf_at(rd->at, index, NULL);
    struct nave_str key = {"", 0};
    struct nave_conf *value;
    const char *space;
    const char *wrong;
    char *copy;
    nave_err err;

    if (nave_conf_kind(item) != NAVE_CONF_OBJECT || nave_conf_count(item) != 1) {
        router_refuse(rd->plugin, item,
                      "a route is an object with one member: {\"GET /path\": {\"text\": \"...\"}}");
        rd->bad++;
        return NAVE_OK;
    }
    value = nave_conf_at(item, 0, &key);
    space = key.len <= ROUTER_KEY_MAX ? memchr(key.ptr, ' ', key.len) : NULL;
    if (!space) {
        router_refuse(rd->plugin, value, "a route is \"METHOD /path\", of at most %d bytes",
                      ROUTER_KEY_MAX);
        rd->bad++;
        return NAVE_OK;
    }
    copy = router_arena_copy(&rd->table->arena, key.ptr, key.len);
    if (!copy)
        return NAVE_ENOMEM;
    r->index = index;
    r->text.ptr = copy;
    r->text.len = key.len;
    r->path.ptr = copy + (space - key.ptr) + 1;
    r->path.len = key.len - (size_t)(r->path.ptr - copy);
    err = methods_read(rd, value, copy, (size_t)(space - key.ptr), &r->methods);
    if (err != NAVE_OK)
        return err;
    err = path_read(rd, r, &wrong);
    if (err != NAVE_OK)
        return err;
    if (wrong)
        router_refuse(rd->plugin, value, "%s", wrong);
    rd->bad += !r->methods + (wrong != NULL);
    rd->table->methods |= r->methods;
    err = handler_make(rd, value, r);
    if (err != NAVE_OK && err != NAVE_ENOMEM)
        rd->bad++;
    return err == NAVE_ENOMEM ? err : NAVE_OK;
}

static void conflict_tell(void *arg, const struct router_route *later,
                          const struct router_route *earlier)
{
    struct reading *rd = arg;
    struct nave_conf *item = nave_conf_at(rd->at, later->index, NULL);

    router_refuse(rd->plugin, nave_conf_at(item, 0, NULL),
                  "\"%.*s\" conflicts with \"%.*s\" (route %u): they match the same requests",
                  (int)(later->text.len < 200 ? later->text.len : 200), later->text.ptr,
                  (int)(earlier->text.len < 200 ? earlier->text.len : 200), earlier->text.ptr,
                  (unsigned)earlier->index);
}

static nave_err table_read(struct reading *rd, uint32_t count)
{
    struct router_table *t = rd->table;
    struct router_route *routes;
    const struct router_route **order;
    uint32_t i;
    nave_err err;

    routes = router_arena_alloc(&t->arena, count * sizeof(*routes));
    t->made = router_arena_alloc(&t->arena, count * sizeof(*t->made));
    order = router_arena_alloc(&rd->scratch, count * sizeof(*order));
    if (!routes || !t->made || !order)
        return NAVE_ENOMEM;
    for (i = 0; i < count; i++) {
        err = route_read(rd, i, &routes[i]);
        if (err != NAVE_OK)
            return err;
    }
    /* A route that was refused may lack its path; conflicts are looked for among whole ones. */
    for (i = 0; rd->bad > 0 && i < count;) {
        if (routes[i].segment_count == 0 || routes[i].methods == 0)
            routes[i] = routes[--count];
        else
            i++;
    }
    err = router_trie_build(&t->arena, routes, count, order, conflict_tell, rd, &t->trie);
    if (err == NAVE_EEXIST || (err == NAVE_OK && rd->bad > 0))
        return NAVE_ECONFIG;
    return err;
}

nave_err router_table_make(struct router_plugin *p, struct nave_conf *routes,
                           struct router_table **out_table)
{
    size_t count = nave_conf_count(routes);
    struct reading rd = {.plugin = p, .at = routes};
    nave_err err;

    if (nave_conf_kind(routes) != NAVE_CONF_LIST && nave_conf_kind(routes) != NAVE_CONF_NULL) {
        router_refuse(p, routes, "routes must be a list: [{\"GET /path\": {\"text\": \"...\"}}]");
        return NAVE_ECONFIG;
    }
    if (count > p->max_routes) {
        router_refuse(p, routes, "%zu routes are more than max_routes allows (%llu)", count,
                      (unsigned long long)p->max_routes);
        return NAVE_ECONFIG;
    }
    rd.table = nave_host_alloc(p->host, sizeof(*rd.table));
    if (!rd.table)
        return NAVE_ENOMEM;
    memset(rd.table, 0, sizeof(*rd.table));
    rd.table->plugin = p;
    rd.table->refs = 1;
    router_arena_init(&rd.table->arena, p->host);
    router_arena_init(&rd.scratch, p->host);
    err = table_read(&rd, (uint32_t)count);
    router_arena_free(&rd.scratch);
    if (err != NAVE_OK) {
        router_table_drop(rd.table);
        return err;
    }
    *out_table = rd.table;
    return NAVE_OK;
}

void router_table_drop(struct router_table *t)
{
    struct router_plugin *p;

    if (!t || --t->refs > 0)
        return;
    p = t->plugin;
    while (t->made_count > 0)
        p->host->api->role_unmake(p->host, t->made[--t->made_count]);
    router_arena_free(&t->arena);
    nave_host_free(p->host, t, sizeof(*t));
}

/* SPDX-License-Identifier: MIT
 *
 * The router through its own table of handlers: every row of routes.json, what a configuration may
 * get wrong, the handlers, and running out of memory at each allocation of configuring.
 */
#include "test_main.h"

#include <jansson.h>

#include "conf/conf.h"
#include "fake_host.h"
#include "conf/options.h"
#include "plugins/router/router.h"

struct exchange {
    struct nave_http x; /* first */
    void *blocks[16];
    uint32_t block_count;
    struct nave_http_field field;
    /* the body that comes: pieces, then `last`; NAVE_EAGAIN before each piece but the first */
    const char *pieces[4];
    uint32_t piece;
    uint32_t is_waiting;
    nave_err last;
    nave_http_fn *watch;
    void *watch_arg;
    nave_http_fn *end;
    void *end_arg;
    /* what was answered */
    uint32_t answers;
    uint32_t aborts;
    uint16_t status;
    char headers[512];
    char body[512];
    size_t body_len;
};

static void *x_alloc(struct nave_http *x, size_t size)
{
    struct exchange *e = (struct exchange *)x;

    if (e->block_count == NAVE_COUNT(e->blocks))
        return NULL;
    return e->blocks[e->block_count++] = malloc(size);
}

static nave_err x_respond(struct nave_http *x, const struct nave_http_response *r)
{
    struct exchange *e = (struct exchange *)x;
    uint32_t i;

    e->headers[0] = '\0';
    for (i = 0; i < r->header_count; i++) {
        size_t used = strlen(e->headers);
        const struct nave_http_header *h = &r->headers[i];

        if (memchr(h->value, '\t', h->value_len))
            return NAVE_EINVAL;
        snprintf(e->headers + used, sizeof(e->headers) - used, "%.*s: %.*s\n", (int)h->name_len,
                 h->name, (int)h->value_len, h->value);
    }
    e->answers++;
    e->status = r->status;
    e->body_len = r->body_len;
    if (r->body_len > 0)
        memcpy(e->body, r->body, r->body_len);
    return NAVE_OK;
}

static void x_on_end(struct nave_http *x, nave_http_fn *fn, void *arg)
{
    ((struct exchange *)x)->end = fn;
    ((struct exchange *)x)->end_arg = arg;
}

static nave_err x_peek(struct nave_http *x, struct nave_bytes *out)
{
    struct exchange *e = (struct exchange *)x;

    if (e->is_waiting)
        return NAVE_EAGAIN;
    if (!e->pieces[e->piece])
        return e->last;
    out->data = e->pieces[e->piece];
    out->len = strlen(e->pieces[e->piece]);
    return NAVE_OK;
}

static void x_consume(struct nave_http *x, size_t n)
{
    struct exchange *e = (struct exchange *)x;

    CU_ASSERT_EQUAL(n, strlen(e->pieces[e->piece]));
    e->piece++;
    e->is_waiting = 1;
}

static void x_watch(struct nave_http *x, nave_http_fn *fn, void *arg)
{
    ((struct exchange *)x)->watch = fn;
    ((struct exchange *)x)->watch_arg = arg;
}

static void x_abort(struct nave_http *x)
{
    ((struct exchange *)x)->aborts++;
}

static const struct nave_http_iface x_api = {
    .alloc = x_alloc,
    .respond = x_respond,
    .on_end = x_on_end,
    .body_peek = x_peek,
    .body_consume = x_consume,
    .body_watch = x_watch,
    .abort = x_abort,
};

static uint16_t method_of(const char *name)
{
#define METHOD_IF_(value, text)   \
    if (strcmp(name, #text) == 0) \
        return value;
    NAVE_HTTP_METHODS(METHOD_IF_)
    return NAVE_HTTP_OTHER;
}

/* What a protocol does with a target: authority and query are cut, `text` keeps the rest. */
static void exchange_init(struct exchange *e, char text[1024], const char *method,
                          const char *target)
{
    const char *path = target;
    size_t len;

    memset(e, 0, sizeof(*e));
    if (strncmp(target, "http://", 7) == 0)
        path = target + 7 + strcspn(target + 7, "/?");
    len = strcspn(path, "?#");
    snprintf(text, 1024, "%s %s", method, path);
    e->x.api = &x_api;
    e->x.size = sizeof(e->x);
    e->x.method = method_of(method);
    e->x.text = text;
    e->x.method_text.len = (uint32_t)strlen(method);
    e->x.path.at = (uint32_t)strlen(method) + 1;
    e->x.path.len = (uint32_t)len;
    e->last = NAVE_EOF;
}

static void exchange_fini(struct exchange *e)
{
    if (e->end)
        e->end(&e->x, e->end_arg);
    while (e->block_count > 0)
        free(e->blocks[--e->block_count]);
}

struct rig {
    struct fake_host host; /* first */
    struct nv_report report;
    struct nv_conf_doc *doc;
    const struct nave_plugin *plugin;
    void *options;
    void *self;
    struct nave_handle *router;
};

const struct nave_plugin *router_plugin_entry_v1(void);

/* A handler of a host program: it answers with the name of its route. */
struct named {
    struct nave_http_handler pub;
    char name[256];
};
static char seen_route[256];
static json_t *seen_params;

static void named_handle(struct nave_http_handler *h, struct nave_http *x)
{
    uint32_t i;

    snprintf(seen_route, sizeof(seen_route), "%s", ((struct named *)h)->name);
    for (i = 0; i < x->param_count; i++) {
        char name[128];

        snprintf(name, sizeof(name), "%.*s", (int)x->params[i].name.len, x->params[i].name.ptr);
        json_object_set_new(seen_params, name,
                            json_stringn(x->params[i].value.ptr, x->params[i].value.len));
    }
    (void)nave_http_respond_text(x, 200, NULL, 0, NULL, 0);
}

static const struct nave_http_handler_iface named_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, 0),
    .handle = named_handle,
};

/* A handler of another protocol. */
static const struct nave_iface foreign_api = {sizeof(foreign_api), 0, 0, "test.words/1"};

static char refused[16384]; /* a line each, "pointer: text" */

static void on_report(void *arg, const struct nave_report *r)
{
    size_t used = strlen(refused);

    (void)arg;
    snprintf(refused + used, sizeof(refused) - used, "%.*s: %.*s\n", (int)r->pointer.len,
             r->pointer.ptr, (int)r->text.len, r->text.ptr);
}

/* What the router asks of its host: its own roles, filled as core does it, and "named". */
static nave_err rig_role_make(struct fake_host *h, const char *kind, const char *name,
                              struct nave_conf *conf, struct nave_handle **out_handle)
{
    static const struct nv_options_owner owner = {"the handler", "router", NULL};
    struct rig *r = (struct rig *)(void *)h;
    const struct nave_role *const *role = r->plugin->roles;
    struct nave_role_args args = {.size = sizeof(args), .conf = conf};
    struct nave_str text = {"", 0};
    void *options = NULL;
    struct named *n;
    nave_err err;

    if (strcmp(kind, "handler") != 0)
        return NAVE_ENOTFOUND;
    if (strcmp(name, "named") == 0) {
        n = calloc(1, sizeof(*n));
        n->pub.api = &named_api;
        CU_ASSERT_EQUAL(conf->api->text(conf, &text), NAVE_OK);
        snprintf(n->name, sizeof(n->name), "%.*s", (int)text.len, text.ptr);
        *out_handle = (struct nave_handle *)(void *)n;
        return NAVE_OK;
    }
    if (strcmp(name, "foreign") == 0) {
        *out_handle = calloc(1, sizeof(**out_handle));
        (*out_handle)->api = &foreign_api;
        return NAVE_OK;
    }
    while (*role && strcmp((*role)->name, name) != 0)
        role++;
    if (!*role)
        return NAVE_ENOTFOUND;
    if ((*role)->options()->count > 0) {
        err = nv_options_make((*role)->options(), conf, &r->report, &owner, &options);
        if (err)
            return err;
    }
    args.options = options;
    err = (*role)->make(r->self, &args, out_handle);
    free(options); /* no role of the router keeps them */
    return err;
}

static void rig_role_unmake(struct fake_host *h, struct nave_handle *handle)
{
    struct rig *r = (struct rig *)(void *)h;
    const struct nave_iface *api = handle->api;

    if (api == &named_api.hdr || api == &foreign_api)
        free(handle);
    else if (api == &router_echo_api.hdr)
        router_echo_unmake(r->self, handle);
    else
        router_answer_unmake(r->self, handle);
}

static void rig_fini(struct rig *r)
{
    if (r->router)
        r->plugin->roles[0]->unmake(r->self, r->router);
    r->plugin->ops->destroy(r->self);
    CU_ASSERT_EQUAL(fake_host_fini(&r->host), 0);
    free(r->options);
    nv_conf_destroy(r->doc);
    nv_report_finish(&r->report);
}

/* From create to a router handle; the first error. `r` must be ended in any case. */
static nave_err rig_init(struct rig *r, json_t *routes, int64_t fail_after)
{
    static const struct nv_options_owner owner = {"the router", "router", NULL};
    struct nave_prepare_args args = {.size = sizeof(args)};
    struct nave_role_args role = {.size = sizeof(role)};
    json_t *all = json_pack("{s:O}", "routes", routes);
    char *text = json_dumps(all, JSON_COMPACT);
    nave_err err;

    memset(r, 0, sizeof(*r));
    refused[0] = '\0';
    fake_host_init(&r->host, 1);
    r->host.on_role_make = rig_role_make;
    r->host.on_role_unmake = rig_role_unmake;
    r->host.fail_after = fail_after;
    r->plugin = router_plugin_entry_v1();
    CU_ASSERT_EQUAL_FATAL(nv_report_init(&r->report, on_report, NULL, NAVE_LOG_ERROR), NAVE_OK);
    CU_ASSERT_EQUAL_FATAL(nv_conf_load_text(text, strlen(text), "f", &r->report, &r->doc), NAVE_OK);
    free(text);
    json_decref(all);
    CU_ASSERT_EQUAL_FATAL(nv_options_make(r->plugin->options(), nv_conf_root(r->doc), &r->report,
                                          &owner, &r->options),
                          NAVE_OK);
    args.options = r->options;
    err = r->plugin->ops->create(&r->host.pub, &r->self);
    if (err == NAVE_OK)
        err = r->plugin->ops->prepare(r->self, &args);
    if (err == NAVE_OK)
        err = r->plugin->ops->commit(r->self);
    if (err == NAVE_OK)
        err = r->plugin->roles[0]->make(r->self, &role, &r->router);
    return err;
}

static nave_err rig_text(struct rig *r, const char *routes, json_t **out_json)
{
    json_error_t why;

    *out_json = json_loads(routes, 0, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(*out_json);
    return rig_init(r, *out_json, -1);
}

static void rig_send(struct rig *r, struct exchange *e)
{
    struct nave_http_handler *h = (struct nave_http_handler *)(void *)r->router;

    h->api->handle(h, &e->x);
}

static int row_passes(json_t *row)
{
    json_t *expect = json_object_get(row, "expect");
    const char *method = json_string_value(json_object_get(row, "method"));
    const char *path = json_string_value(json_object_get(row, "path"));
    const char *route = json_string_value(json_object_get(expect, "route"));
    const char *allow = json_string_value(json_object_get(expect, "allow"));
    json_t *routes = json_array();
    json_t *name;
    struct exchange e;
    struct rig r;
    char text[1024];
    char want[256];
    size_t i;
    int ok;
    nave_err err;

    json_array_foreach(json_object_get(row, "routes"), i, name)
        json_array_append_new(routes,
                              json_pack("{s:{s:O}}", json_string_value(name), "named", name));
    err = rig_init(&r, routes, -1);
    if (json_object_get(expect, "registration")) {
        ok = err == NAVE_ECONFIG && strstr(refused, "conflicts with");
        rig_fini(&r);
        json_decref(routes);
        return ok;
    }
    seen_route[0] = '\0';
    seen_params = json_object();
    ok = err == NAVE_OK;
    if (ok) {
        exchange_init(&e, text, method, path);
        rig_send(&r, &e);
        ok = e.answers == 1;
        if (route)
            ok = ok && strcmp(route, seen_route) == 0 &&
                 json_equal(seen_params, json_object_get(expect, "params"));
        else
            ok = ok && e.status == json_integer_value(json_object_get(expect, "status"));
        if (allow && allow[0] != '(') {
            snprintf(want, sizeof(want), "Allow: %s\n", allow);
            ok = ok && strstr(e.headers, want);
        }
        exchange_fini(&e);
    }
    json_decref(seen_params);
    rig_fini(&r);
    json_decref(routes);
    return ok;
}

static void every_row_of_the_reference_cases_passes(void)
{
    const char *dir = getenv("NAVE_CASES_DIR");
    char file[512];
    json_error_t why;
    json_t *all;
    json_t *row;
    size_t i;

    snprintf(file, sizeof(file), "%s/routes.json", dir ? dir : "tests/data");
    all = json_load_file(file, JSON_ALLOW_NUL, &why);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    CU_ASSERT(json_array_size(json_object_get(all, "cases")) > 0);
    json_array_foreach(json_object_get(all, "cases"), i, row)
    {
        const char *path = json_string_value(json_object_get(row, "path"));
        int ok = row_passes(row);

        printf("\n    %s: row %zu, %s %s", ok ? "ok" : "FAILED", i,
               json_string_value(json_object_get(row, "group")), path ? path : "(registration)");
        CU_ASSERT(ok);
    }
    json_decref(all);
}

static void bad_routes_are_all_told_at_their_places(void)
{
    json_t *j;
    struct rig r;

    CU_ASSERT_EQUAL(rig_text(&r,
                             "[1, {\"get /a\": {\"text\": \"\"}}, {\"GET b\": {\"text\": \"\"}},"
                             "{\"GET /:a/:a\": {\"text\": 1}}, {\"GET /r\": {\"redirect\": "
                             "\"/x\\r\\nSet-Cookie: a=b\"}}, {\"GET /*/b\": {\"json\": 1}},"
                             "{\"GET /t\": {\"text\": {\"bdoy\": \"\"}}}]",
                             &j),
                    NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "/routes/0: a route is an object"));
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "the method must be in capitals"));
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "the path begins with '/'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "the same name"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(refused,
               "option \"body\" of the handler is malformed (here stands a whole number)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "a target is a URI"));
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "'*' stands alone"));
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "unknown option \"bdoy\""));
    rig_fini(&r);
    json_decref(j);
}

static const char own_routes[] =
    "[{\"GET /t\": {\"text\": \"hi\"}}, {\"GET /j/:a\": {\"json\": {\"a\": [1, null]}}},"
    " {\"GET /r\": {\"redirect\": {\"to\": \"/n\", \"status\": 301}}}, {\"ANY /e/*\": {\"echo\": "
    "{}}},"
    " {\"PURGE /p\": {\"text\": \"\"}}]";

static void own_handlers_answer(void)
{
    static const struct {
        const char *method, *path, *body, *header;
        uint16_t status;
    } rows[] = {
        {"GET", "/t", "hi", "Content-Type: text/plain; charset=utf-8\n", 200},
        {"GET", "/j/1", "{\"a\":[1,null]}", "Content-Type: application/json\n", 200},
        {"GET", "/r", "", "Location: /n\n", 301},
        {"BREW", "/e/x", "", "Content-Type: application/octet-stream\n", 200},
        {"PURGE", "/p", "", "", 200},
        {"GET", "/p", "405 Method Not Allowed\n", "Allow: OPTIONS, PURGE\n", 405},
        {"GET", "/none", "404 Not Found\n", "Content-Type: text/plain; charset=utf-8\n", 404},
        {"GET", "/%ed%a0%80", "400 Bad Request\n", "", 400},
        {"GET", "/%c0%af", "400 Bad Request\n", "", 400},
        {"CONNECT", "/e/x", "405 Method Not Allowed\n", "Allow: GET, HEAD", 405},
    };
    struct exchange e;
    struct rig r;
    char text[1024];
    json_t *j;
    size_t i;

    CU_ASSERT_EQUAL_FATAL(rig_text(&r, own_routes, &j), NAVE_OK);
    for (i = 0; i < NAVE_COUNT(rows); i++) {
        exchange_init(&e, text, rows[i].method, rows[i].path);
        rig_send(&r, &e);
        CU_ASSERT_EQUAL(e.answers, 1);
        CU_ASSERT_EQUAL(e.status, rows[i].status);
        CU_ASSERT_EQUAL(e.body_len, strlen(rows[i].body));
        CU_ASSERT(memcmp(e.body, rows[i].body, e.body_len) == 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(e.headers, rows[i].header));
        exchange_fini(&e);
    }
    rig_fini(&r);
    json_decref(j);
}

/* Send a body of three pieces to echo, each after a wait; `last` ends it. */
static void echo_pieces(nave_err last, uint32_t answers)
{
    struct exchange e;
    struct rig r;
    char text[1024];
    json_t *j;
    int turns;

    CU_ASSERT_EQUAL_FATAL(rig_text(&r, own_routes, &j), NAVE_OK);
    exchange_init(&e, text, "POST", "/e/");
    e.x.flags = NAVE_HTTP_HAS_BODY;
    e.x.body_size = -1;
    e.x.fields = &e.field;
    e.x.field_count = 1;
    strcpy(text + 100, "a/b");
    e.field.id = NAVE_HTTP_FIELD_CONTENT_TYPE;
    e.field.value_at = 100;
    e.field.value_len = 3;
    e.pieces[0] = "one ";
    e.pieces[1] = "two ";
    e.pieces[2] = "three";
    e.last = last;
    rig_send(&r, &e);
    for (turns = 0; turns < 10 && e.is_waiting && e.watch; turns++) {
        CU_ASSERT_EQUAL(e.answers, 0);
        e.is_waiting = 0;
        e.watch(&e.x, e.watch_arg);
    }
    CU_ASSERT_EQUAL(e.answers, answers);
    if (answers) {
        CU_ASSERT_EQUAL(e.body_len, 13);
        CU_ASSERT(memcmp(e.body, "one two three", 13) == 0);
        CU_ASSERT_STRING_EQUAL(e.headers, "Content-Type: a/b\n");
    }
    exchange_fini(&e);
    rig_fini(&r);
    json_decref(j);
}

static void echo_gathers_a_body_that_comes_in_pieces(void)
{
    echo_pieces(NAVE_EOF, 1);
}

static void echo_leaves_a_broken_body_to_the_protocol(void)
{
    echo_pieces(NAVE_ETOOBIG, 0);
    echo_pieces(NAVE_ECLOSED, 0);
}

static void running_out_of_memory_while_configuring_leaves_nothing(void)
{
    json_t *j = json_loads(own_routes, 0, NULL);
    struct rig r;
    nave_err err;
    int64_t n;

    for (n = 0; n < 1000; n++) {
        err = rig_init(&r, j, n);
        rig_fini(&r);
        if (err == NAVE_OK)
            break;
        CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
    }
    CU_ASSERT(n > 3 && n < 1000);
    json_decref(j);
}

static void both_scans_agree_on_random_paths(void)
{
    static const char letters[] = "//..%ab\x80\xc3z";
    struct router_path a;
    struct router_path b;
    uint32_t seed = 12345;
    int round;

    for (round = 0; round < 50000; round++) {
        uint32_t len;
        uint32_t i;
        char *text;
        int fast;
        int slow;

        seed = seed * 1664525u + 1013904223u;
        len = 1 + (seed >> 8) % 90;
        text = malloc(len); /* exactly, so that a sanitizer sees a read beyond */
        for (i = 0; i < len; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = (seed >> 28) ? "ab/c"[seed >> 20 & 3] : letters[(seed >> 16) % 11];
        }
        text[0] = '/';
        fast = router_path_scan(text, len, &a);
        slow = router_path_scan_portable(text, len, &b);
        CU_ASSERT_EQUAL(fast, slow);
        if (fast && slow) {
            CU_ASSERT_EQUAL(a.count, b.count);
            CU_ASSERT(memcmp(a.start, b.start, (a.count + 1) * sizeof(a.start[0])) == 0);
        }
        free(text);
    }
}

static void a_route_to_a_handler_of_another_protocol_is_refused(void)
{
    json_t *json;
    struct rig r;

    CU_ASSERT_EQUAL(rig_text(&r, "[{\"GET /\": {\"foreign\": 1}}]", &json), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(refused, "handler \"foreign\" is a \"test.words/1\", and a route leads to a "
                        "\"nave.http.handler/1\""));
    rig_fini(&r);
    json_decref(json);
}

static CU_TestInfo tests[] = {
    {"every_row_of_the_reference_cases_passes", every_row_of_the_reference_cases_passes},
    {"bad_routes_are_all_told_at_their_places", bad_routes_are_all_told_at_their_places},
    {"a_route_to_a_handler_of_another_protocol_is_refused",
     a_route_to_a_handler_of_another_protocol_is_refused},
    {"own_handlers_answer", own_handlers_answer},
    {"echo_gathers_a_body_that_comes_in_pieces", echo_gathers_a_body_that_comes_in_pieces},
    {"echo_leaves_a_broken_body_to_the_protocol", echo_leaves_a_broken_body_to_the_protocol},
    {"running_out_of_memory_while_configuring_leaves_nothing",
     running_out_of_memory_while_configuring_leaves_nothing},
    {"both_scans_agree_on_random_paths", both_scans_agree_on_random_paths},
    CU_TEST_INFO_NULL,
};

static CU_SuiteInfo suites[] = {
    {"router", NULL, NULL, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};

NAVE_TEST_MAIN(suites)

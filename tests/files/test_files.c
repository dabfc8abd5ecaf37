/* SPDX-License-Identifier: MIT
 *
 * The handler behind http1 on a stream in memory, over a tree of real files: what is answered, what is
 * remembered and for how long, and what happens when files, descriptors or memory go.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "plugins/files/limits.h"
#include "plugins/http1/limits.h"
#include "tests/support/fake_host.h"
#include "tests/support/mem_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <nave/http.h>
#include <nave/plugin.h>

#include "core/conf.h"
#include "core/options.h"
#include "core/report.h"
#include "tests/support/test_main.h"

#define TEST(name)  \
    {               \
#        name, name \
    }

#define BIG   (300u * 1024u + 5u)
#define SMALL 5000u

extern const struct nave_plugin *files_plugin_entry_v1(void);
extern const struct nave_plugin *http1_plugin_entry_v1(void);

static char top[64];

static struct fake_host host;
static struct fake_worker worker;
static struct nv_report report;
static char refused[4096];
static void *files, *http1;
static struct nave_handle *root, *protocol;
static struct mem_pair *pair;
static struct nv_conf_doc *doc;
static void *role_options;
static struct files_options options;
static struct http1_options http1_options_in_use;

/* Between http1 and files: "/w/..." is handed on as the router does, "*" taken from the path; and the
 * table of the exchange may be one that cannot send files. */
static struct nave_http_iface without_files;
static int is_without_files;

static void hand_on(struct nave_http_handler *h, struct nave_http *x)
{
    struct nave_http_handler *next = (struct nave_http_handler *)(void *)root;
    struct nave_str path = nave_http_text(x, x->path);
    struct nave_http_param *p;

    (void)h;
    if (is_without_files) {
        without_files = *x->api;
        without_files.write_file = nave_default_http_write_file;
        x->api = &without_files;
    }
    if (path.len >= 3 && memcmp(path.ptr, "/w/", 3) == 0) {
        p = nave_http_alloc(x, sizeof(*p));
        if (!p) {
            x->api->abort(x);
            return;
        }
        p->name = (struct nave_str)NAVE_STR_LIT("*");
        p->value = (struct nave_str){path.ptr + 3, path.len - 3};
        x->params = p;
        x->param_count = 1;
    }
    next->api->handle(next, x);
}

static const struct nave_http_handler_iface hand_on_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, 0),
    .handle = hand_on,
};
static struct nave_http_handler hand_on_handler = {&hand_on_api};

/* --- the tree --------------------------------------------------------------------------------- */

static const char *at(const char *below)
{
    static char paths[4][200];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 200, "%s/%s", top, below);
    return path;
}

static void must(int is_done)
{
    if (!is_done)
        abort();
}

static char byte_at(size_t i)
{
    return (char)('a' + (i + i / 26) % 26);
}

static void make_sized(const char *below, size_t size)
{
    char *data = malloc(size + 1);
    FILE *f = fopen(at(below), "wb");
    size_t i;

    must(data && f);
    for (i = 0; i < size; i++)
        data[i] = byte_at(i);
    must(fwrite(data, 1, size, f) == size);
    must(fclose(f) == 0);
    free(data);
}

static void make(const char *below, const char *text)
{
    FILE *f = fopen(at(below), "wb");

    must(f != NULL);
    must(fputs(text, f) >= 0 && fclose(f) == 0);
}

static void set_time(const char *below, int64_t s)
{
    struct timespec t[2] = {{s, 0}, {s, 0}};

    must(utimensat(AT_FDCWD, at(below), t, 0) == 0);
}

static int tree_begin(void)
{
    snprintf(top, sizeof(top), "/tmp/nave-files-XXXXXX");
    must(mkdtemp(top) != NULL);
    must(mkdir(at("root"), 0755) == 0);
    must(mkdir(at("root/sub"), 0755) == 0);
    must(mkdir(at("root/empty"), 0755) == 0);
    must(mkdir(at("other"), 0755) == 0);
    make("secret", "secret");
    make("root/index.html", "<h1>index</h1>");
    make("root/a.txt", "0123456789");
    set_time("root/a.txt", 784111777); /* Sun, 06 Nov 1994 08:49:37 GMT */
    make("root/none", "");
    make("root/.hidden", "hidden");
    make("root/sub/page.html", "<p>page</p>");
    make("root/sub/page.html.gz", "gzip");
    make("root/sub/page.html.br", "br");
    make_sized("root/small.bin", SMALL);
    make_sized("root/sixteen.bin", 16384);
    make_sized("root/big.bin", BIG);
    make_sized("root/big2.bin", BIG);
    make_sized("root/big3.bin", BIG);
    make("root/empty/<b>&.txt", "x");
    must(symlink("../secret", at("root/out")) == 0);
    must(symlink("a.txt", at("root/in")) == 0);
    must(mkfifo(at("root/fifo"), 0644) == 0);
    make("root/bad\xff", "not UTF-8");
    return 0;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *f)
{
    (void)s;
    (void)type;
    (void)f;
    return remove(path);
}

static int tree_end(void)
{
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- the rig ---------------------------------------------------------------------------------- */

static void on_report(void *arg, const struct nave_report *r)
{
    size_t used = strlen(refused);

    (void)arg;
    snprintf(refused + used, sizeof(refused) - used, "%.*s: %.*s\n", (int)r->pointer.len,
             r->pointer.ptr, (int)r->text.len, r->text.ptr);
}

/* A use of the role with `more` members beside root. */
static nave_err make_root(const char *folder, const char *more)
{
    const struct nave_role *role = files_plugin_entry_v1()->roles[0];
    static const struct nv_options_owner owner = {"the handler \"files\"", "files", NULL};
    struct nave_role_args args = {.size = sizeof(args)};
    char text[1000];
    nave_err err;

    snprintf(text, sizeof(text), "{\"root\": \"%s\"%s%s}", at(folder), *more ? ", " : "", more);
    refused[0] = '\0';
    must(nv_conf_load_text(text, strlen(text), "f", &report, &doc) == NAVE_OK);
    err = nv_options_make(role->options(), nv_conf_root(doc), &report, &owner, &role_options);
    if (err != NAVE_OK)
        return err;
    args.options = role_options;
    args.conf = nv_conf_root(doc);
    return role->make(files, &args, &root);
}

static void drop_root(void)
{
    if (root)
        files_plugin_entry_v1()->roles[0]->unmake(files, root);
    root = NULL;
    free(role_options);
    role_options = NULL;
    nv_conf_destroy(doc);
    doc = NULL;
}

static nave_err start(const struct nave_plugin *p, void *o, void **out)
{
    struct nave_prepare_args args = {.size = sizeof(args), .options = o};
    nave_err err = p->ops->create(&host.pub, out);

    if (err != NAVE_OK)
        return err;
    if (p->ops->prepare(*out, &args) != NAVE_OK || p->ops->commit(*out) != NAVE_OK)
        abort();
    return p->ops->worker_start(*out, &worker.pub);
}

static nave_err begin_all(const char *more, int64_t fail_after, uint32_t fail_once)
{
    struct nave_role_args args = {.size = sizeof(args), .next = (void *)&hand_on_handler};
    const struct nave_plugin *h = http1_plugin_entry_v1();
    nave_err err;

    files = http1 = NULL;
    root = protocol = NULL;
    pair = NULL;
    fake_host_init(&host, 1);
    fake_worker_init(&worker, &host, 0);
    worker.clock.wall_s = time(NULL) + 100; /* the files are old */
    worker.clock.wall_ns = worker.clock.wall_s * NAVE_SEC;
    must(nv_report_init(&report, on_report, NULL, NAVE_LOG_ERROR) == NAVE_OK);
    host.fail_after = fail_after;
    host.fail_once = fail_once;
    err = start(files_plugin_entry_v1(), &options, &files);
    if (err == NAVE_OK)
        err = start(h, &http1_options_in_use, &http1);
    if (err == NAVE_OK)
        err = h->roles[0]->make(http1, &args, &protocol);
    if (err == NAVE_OK)
        err = make_root("root", more);
    return err;
}

static void connect_peer(void)
{
    struct nave_accept_info info = {0};
    struct nave_protocol *p = (struct nave_protocol *)(void *)protocol;

    if (pair) {
        fake_worker_run(&worker);
        mem_pair_free(pair);
    }
    pair = mem_pair_new(&worker.pub);
    must(pair != NULL);
    p->api->accept(p, &pair->near.pub, &info);
    fake_worker_run(&worker);
}

static void begin_with(const char *more)
{
    must(fake_options_default(http1_plugin_entry_v1()->options(), &http1_options_in_use));
    CU_ASSERT_EQUAL_FATAL(begin_all(more, -1, 0), NAVE_OK);
    connect_peer();
}

static void begin(const char *more)
{
    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    is_without_files = 0;
    begin_with(more);
}

static void stop(const struct nave_plugin *p, void *self)
{
    if (self) {
        p->ops->stop(self);
        p->ops->destroy(self);
    }
}

/* files first, then http1: responses under way end after our worker_stop. */
static void finish(void)
{
    if (files)
        files_plugin_entry_v1()->ops->worker_stop(files, &worker.pub);
    if (http1)
        http1_plugin_entry_v1()->ops->worker_stop(http1, &worker.pub);
    fake_worker_run(&worker);
    drop_root();
    if (protocol)
        http1_plugin_entry_v1()->roles[0]->unmake(http1, protocol);
    stop(http1_plugin_entry_v1(), http1);
    stop(files_plugin_entry_v1(), files);
    mem_pair_free(pair);
    fake_worker_fini(&worker);
    nv_report_finish(&report);
    CU_ASSERT_EQUAL(fake_host_fini(&host), 0);
}

/* Ask with `fields` (lines with CRLF); the whole answer, with its end marked. Valid until the next. */
static const char *ask_with(const char *method, const char *target, const char *fields)
{
    static char out[1024 * 1024];
    char text[4096];
    struct nave_bytes b;

    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n", method, target, fields);
    mem_stream_put(&pair->near, text, strlen(text));
    fake_worker_run(&worker);
    b = mem_stream_written(&pair->near);
    must(b.len < sizeof(out));
    if (b.len > 0)
        memcpy(out, b.data, b.len);
    out[b.len] = '\0';
    mem_stream_take(&pair->near, SIZE_MAX);
    fake_worker_run(&worker);
    return out;
}

static const char *get(const char *target)
{
    return ask_with("GET", target, "");
}

static const char *body_of(const char *answer)
{
    const char *p = strstr(answer, "\r\n\r\n");

    return p ? p + 4 : "(no body)";
}

static int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

/* The value of a field; "" when it is not there. */
static const char *field(const char *answer, const char *name)
{
    static char values[8][300];
    static int next;
    char *value = values[next++ % 8];
    char line[100];
    const char *p;

    snprintf(line, sizeof(line), "\r\n%s: ", name);
    value[0] = '\0';
    p = strstr(answer, line);
    if (p && p < body_of(answer))
        snprintf(value, 300, "%.*s", (int)strcspn(p + strlen(line), "\r"), p + strlen(line));
    return value;
}

static uint64_t counter(const char *name)
{
    return fake_host_counter(&host, name);
}

static void advance(nave_nsec ns)
{
    fake_worker_advance(&worker, ns);
}

static int is_sized(const char *body, size_t size)
{
    size_t i;

    if (strlen(body) != size)
        return 0;
    for (i = 0; i < size; i++)
        if (body[i] != byte_at(i))
            return 0;
    return 1;
}

/* --- what is answered ------------------------------------------------------------------------- */

static void a_file_is_sent_with_all_that_tells_of_it(void)
{
    const char *a;

    begin("");
    a = get("/a.txt");
    CU_ASSERT_EQUAL(status_of(a), 200);
    CU_ASSERT_STRING_EQUAL(body_of(a), "0123456789");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "text/plain; charset=utf-8");
    CU_ASSERT_STRING_EQUAL(field(a, "Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
    CU_ASSERT_STRING_EQUAL(field(a, "Accept-Ranges"), "bytes");
    CU_ASSERT_STRING_EQUAL(field(a, "X-Content-Type-Options"), "nosniff");
    CU_ASSERT_EQUAL(field(a, "ETag")[0], '"');
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "");
    CU_ASSERT_STRING_EQUAL(body_of(get("/w/a.txt")), "0123456789");
    CU_ASSERT_STRING_EQUAL(body_of(get("/a%2Etxt?query")), "0123456789");
    a = get("/none");
    CU_ASSERT_EQUAL(status_of(a), 200);
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Length"), "0");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "application/octet-stream");
    CU_ASSERT(is_sized(body_of(get("/small.bin")), SMALL));
    CU_ASSERT(is_sized(body_of(get("/sixteen.bin")), 16384));
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    finish();
}

static void options_change_the_fields(void)
{
    const char *a;

    begin("\"nosniff\": false, \"etag\": \"off\", \"charset\": \"\", \"max_ranges\": 0, "
          "\"cache_control\": \"max-age=60\", \"types\": {\"TXT\": \"a/b\"}, "
          "\"default_type\": \"text/x\"");
    a = get("/a.txt");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "a/b");
    CU_ASSERT_STRING_EQUAL(field(a, "ETag"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "X-Content-Type-Options"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "Accept-Ranges"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "Cache-Control"), "max-age=60");
    CU_ASSERT_STRING_EQUAL(field(get("/none"), "Content-Type"), "text/x");
    a = ask_with("GET", "/a.txt", "Range: bytes=0-1\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200);
    finish();
}

static void folders_give_their_index_or_send_to_their_slash(void)
{
    const char *a;

    begin("\"index\": [\"nothing.html\", \"page.html\", \"index.html\"]");
    CU_ASSERT_STRING_EQUAL(body_of(get("/")), "<h1>index</h1>");
    CU_ASSERT_STRING_EQUAL(body_of(get("/w/")), "<h1>index</h1>");
    CU_ASSERT_STRING_EQUAL(body_of(get("/sub/")), "<p>page</p>");
    a = get("/sub?x=1");
    CU_ASSERT_EQUAL(status_of(a), 301);
    CU_ASSERT_STRING_EQUAL(field(a, "Location"), "/sub/?x=1");
    a = get("/w/sub");
    CU_ASSERT_STRING_EQUAL(field(a, "Location"), "/w/sub/");
    CU_ASSERT_EQUAL(status_of(get("/empty/")), 404);
    CU_ASSERT_EQUAL(status_of(get("/a.txt/")), 404);
    CU_ASSERT_EQUAL(status_of(get("/sub/index.html/")), 404);
    finish();
}

static void no_redirect_leads_to_another_host(void)
{
    static const char *const targets[] = {"//evil.test/..", "//evil.test/../sub",
                                          "/\\evil.test/../sub", "/x/..//sub"};
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(targets); i++) {
        const char *a = get(targets[i]);

        CU_ASSERT(status_of(a) != 301 || strncmp(field(a, "Location"), "/x/", 3) == 0);
        CU_ASSERT_NOT_EQUAL(status_of(a), -1);
        if (pair->near.is_closed)
            connect_peer();
    }
    finish();
}

static void what_may_not_be_served_is_as_if_not_there(void)
{
    static const char *const targets[] = {"/nothing",
                                          "/.hidden",
                                          "/w/.hidden",
                                          "/out",
                                          "/in",
                                          "/fifo",
                                          "/w/fifo",
                                          "/w//etc/passwd",
                                          "/w/../secret",
                                          "/w/..",
                                          "/w/.",
                                          "/w//",
                                          "/w/sub/../../secret",
                                          "/w/a%2ftxt",
                                          "/sub%2fpage.html",
                                          "/..%2fsecret",
                                          "/w/sub%5cpage.html",
                                          "/w/a.txt%00",
                                          "/sub/..%5c..%5csecret",
                                          "/a.txt/b"};
    const char *a;
    char target[3000];
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(targets); i++) {
        a = get(targets[i]);
        CU_ASSERT_EQUAL(status_of(a), 404);
        CU_ASSERT_PTR_NULL(strstr(body_of(a), "secret"));
        CU_ASSERT_PTR_NULL(strstr(body_of(a), "root:"));
    }
    CU_ASSERT_EQUAL(status_of(get("/bad%ff")), 400);
    CU_ASSERT_EQUAL(status_of(get("/a.txt%00")), 400);
    CU_ASSERT_EQUAL(status_of(get("/%c0%ae%c0%ae/secret")), 400);
    CU_ASSERT_EQUAL(status_of(get("/w/bad\xff")), 400); /* http1 takes ASCII only */
    connect_peer();
    target[0] = '/';
    memset(target + 1, 'x', sizeof(target) - 1);
    target[2500] = '\0';
    CU_ASSERT_EQUAL(status_of(get(target)), 404);
    target[250] = '/';
    target[255] = '\0';
    CU_ASSERT_EQUAL(status_of(get(target)), 404);
    CU_ASSERT_EQUAL(status_of(get("/../secret")), 404);
    CU_ASSERT_EQUAL(status_of(get("/../../../../../../etc/passwd")), 404);
    CU_ASSERT_EQUAL(status_of(ask_with("OPTIONS", "*", "")), 204);
    finish();
    begin("\"symlinks\": \"inside\", \"dotfiles\": \"serve\"");
    CU_ASSERT_STRING_EQUAL(body_of(get("/in")), "0123456789");
    CU_ASSERT_STRING_EQUAL(body_of(get("/.hidden")), "hidden");
    CU_ASSERT_EQUAL(status_of(get("/out")), 404);
    finish();
    begin("\"symlinks\": \"always\"");
    CU_ASSERT_STRING_EQUAL(body_of(get("/out")), "secret");
    CU_ASSERT_EQUAL(status_of(get("/../secret")), 404);
    finish();
}

static void other_methods_are_told_which_there_are(void)
{
    static const char *const methods[] = {"POST",    "PUT",   "DELETE", "PATCH",
                                          "OPTIONS", "TRACE", "BREW"};
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(methods); i++) {
        const char *a = ask_with(methods[i], "/a.txt", "");

        CU_ASSERT_EQUAL(status_of(a), 405);
        CU_ASSERT_STRING_EQUAL(field(a, "Allow"), "GET, HEAD");
    }
    finish();
}

static void head_says_what_get_would(void)
{
    static const char *const targets[] = {"/a.txt", "/small.bin", "/big.bin", "/none", "/nothing"};
    size_t i;

    begin("");
    for (i = 0; i < NAVE_COUNT(targets); i++) {
        char want[2000];
        const char *a = get(targets[i]);

        snprintf(want, sizeof(want), "%.*s", (int)(body_of(a) - a), a);
        CU_ASSERT_STRING_EQUAL(ask_with("HEAD", targets[i], ""), want);
        /* a range is GET's alone: "RFC 9110 14.2" */
        CU_ASSERT_STRING_EQUAL(ask_with("HEAD", targets[i], "Range: bytes=0-0\r\n"), want);
    }
    finish();
}

static void preconditions_are_answered(void)
{
    char line[800], etag[300];
    const char *a;

    begin("\"cache_control\": \"no-cache\"");
    snprintf(etag, sizeof(etag), "%s", field(get("/a.txt"), "ETag"));
    snprintf(line, sizeof(line), "If-None-Match: \"x\"\r\nif-none-match: W/%s\r\n", etag);
    a = ask_with("GET", "/a.txt", line);
    CU_ASSERT_EQUAL(status_of(a), 304);
    CU_ASSERT_STRING_EQUAL(body_of(a), "");
    CU_ASSERT_STRING_EQUAL(field(a, "ETag"), etag);
    CU_ASSERT_STRING_EQUAL(field(a, "Cache-Control"), "no-cache");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Length"), "");
    CU_ASSERT_EQUAL(counter("files_not_modified"), 1);
    CU_ASSERT_EQUAL(status_of(ask_with("HEAD", "/a.txt", line)), 304);
    snprintf(line, sizeof(line), "If-Match: %s\r\nRange: bytes=1-2\r\nIf-Range: %s\r\n", etag,
             etag);
    a = ask_with("GET", "/a.txt", line);
    CU_ASSERT_EQUAL(status_of(a), 206);
    CU_ASSERT_STRING_EQUAL(body_of(a), "12");
    a = ask_with("GET", "/a.txt", "iF-mAtCh: \"x\"\r\n");
    CU_ASSERT_EQUAL(status_of(a), 412);
    a = ask_with("GET", "/a.txt", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n");
    CU_ASSERT_EQUAL(status_of(a), 412);
    a = ask_with("GET", "/a.txt", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    CU_ASSERT_EQUAL(status_of(a), 304);
    a = ask_with("GET", "/a.txt",
                 "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                 "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200); /* twice is not at all */
    a = ask_with("GET", "/a.txt", "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200);
    a = ask_with("GET", "/a.txt", "If-Range: \"x\"\r\n");
    CU_ASSERT_EQUAL(status_of(a), 200);
    a = ask_with("GET", "/big.bin", "If-None-Match: *\r\n");
    CU_ASSERT_EQUAL(status_of(a), 304);
    finish();
}

/* The parts of a multipart answer of ranges of a sized file. */
static void check_parts(const char *a, const char *const *ranges, size_t count, size_t size)
{
    const char *boundary = strstr(field(a, "Content-Type"), "boundary=");
    const char *p = body_of(a);
    char want[300];
    size_t i;

    CU_ASSERT_EQUAL_FATAL(status_of(a), 206);
    CU_ASSERT_PTR_NOT_NULL_FATAL(boundary);
    CU_ASSERT_EQUAL((size_t)atoll(field(a, "Content-Length")), strlen(p));
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "");
    boundary += 9;
    for (i = 0; i < count; i++) {
        size_t first = strtoul(ranges[i], NULL, 10);
        size_t last = strtoul(strchr(ranges[i], '-') + 1, NULL, 10), k;

        snprintf(want, sizeof(want),
                 "%s--%s\r\nContent-Type: application/octet-stream\r\n"
                 "Content-Range: bytes %s/%zu\r\n\r\n",
                 i ? "\r\n" : "", boundary, ranges[i], size);
        CU_ASSERT_EQUAL_FATAL(strncmp(p, want, strlen(want)), 0);
        p += strlen(want);
        for (k = first; k <= last; k++)
            if (*p++ != byte_at(k))
                CU_FAIL_FATAL("another byte");
    }
    snprintf(want, sizeof(want), "\r\n--%s--\r\n", boundary);
    CU_ASSERT_STRING_EQUAL(p, want);
}

static void ranges_are_sent_alone_or_in_parts(void)
{
    static const char *const two[] = {"0-1", "100-299"};
    static const char *const three[] = {"4000-4999", "0-0", "10-20"};
    static const char *const far[] = {"0-9", "100000-250000", "307204-307204"};
    const char *a;
    int i;

    for (i = 0; i < 2; i++) {
        begin("");
        is_without_files = i;
        a = ask_with("GET", "/small.bin", "Range: bytes=1-3\r\n");
        CU_ASSERT_EQUAL(status_of(a), 206);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes 1-3/5000");
        CU_ASSERT_STRING_EQUAL(body_of(a), "bcd");
        check_parts(ask_with("GET", "/small.bin", "Range: bytes=0-1,100-299\r\n"), two, 2, SMALL);
        check_parts(ask_with("GET", "/small.bin", "Range: bytes=-1000,0-0,10-20\r\n"), three, 3,
                    SMALL);
        a = ask_with("GET", "/big.bin", "Range: bytes=250000-250002\r\n");
        CU_ASSERT_EQUAL(status_of(a), 206);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes 250000-250002/307205");
        CU_ASSERT_EQUAL(strlen(body_of(a)), 3);
        CU_ASSERT_EQUAL(body_of(a)[2], byte_at(250002));
        check_parts(ask_with("GET", "/big.bin", "Range: bytes=0-9,100000-250000,-1\r\n"), far, 3,
                    BIG);
        CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
        a = ask_with("GET", "/big.bin", "Range: bytes=307205-\r\n");
        CU_ASSERT_EQUAL(status_of(a), 416);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes */307205");
        a = ask_with("GET", "/none", "Range: bytes=0-\r\n");
        CU_ASSERT_EQUAL(status_of(a), 416);
        CU_ASSERT_STRING_EQUAL(field(a, "Content-Range"), "bytes */0");
        a = ask_with("GET", "/a.txt", "Range: bytes=0-1\r\nRange: bytes=3-4\r\n");
        CU_ASSERT_EQUAL(status_of(a), 200);
        a = ask_with("GET", "/a.txt",
                     "Range: bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9,0-0,1-1,2-2,3-3,4-4,5-5,"
                     "6-6\r\n");
        CU_ASSERT_EQUAL(status_of(a), 200); /* 17 are more than 16 */
        finish();
    }
}

static void a_slow_peer_gets_all_the_parts(void)
{
    static const char *const far[] = {"0-9", "100000-250000", "307204-307204"};
    static const char request[] = "GET /big.bin HTTP/1.1\r\nHost: a\r\n"
                                  "Range: bytes=0-9,100000-250000,-1\r\n\r\n";
    static char all[400000];
    size_t len = 0;
    int i, rounds;

    for (i = 0; i < 2; i++) {
        begin("");
        is_without_files = i;
        pair->far.capacity = 7000;
        len = 0;
        mem_stream_put(&pair->near, request, sizeof(request) - 1);
        fake_worker_run(&worker);
        for (rounds = 0; rounds < 1000 && mem_stream_written(&pair->near).len > 0; rounds++) {
            struct nave_bytes b = mem_stream_written(&pair->near);

            must(len + b.len < sizeof(all));
            memcpy(all + len, b.data, b.len);
            len += b.len;
            mem_stream_take(&pair->near, b.len);
            fake_worker_run(&worker);
        }
        all[len] = '\0';
        check_parts(all, far, 3, BIG);
        pair->far.capacity = 0;
        CU_ASSERT_STRING_EQUAL(body_of(get("/a.txt")), "0123456789");
        finish();
    }
}

static void a_file_beside_is_sent_to_those_who_take_its_coding(void)
{
    char etag[300], line[800];
    const char *a;

    begin("\"encodings\": [\"br\", \"gz\", \"zst\"]");
    a = ask_with("GET", "/sub/page.html", "Accept-Encoding: gzip, deflate\r\n");
    CU_ASSERT_STRING_EQUAL(body_of(a), "gzip");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Encoding"), "gzip");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Type"), "text/html; charset=utf-8");
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "Accept-Encoding");
    snprintf(etag, sizeof(etag), "%s", field(a, "ETag"));
    a = ask_with("GET", "/sub/page.html",
                 "Accept-Encoding: gzip;q=0.5\r\nAccept-Encoding: br;q=0.6\r\n");
    CU_ASSERT_STRING_EQUAL(body_of(a), "br");
    CU_ASSERT_STRING_NOT_EQUAL(field(a, "ETag"), etag);
    a = get("/sub/page.html");
    CU_ASSERT_STRING_EQUAL(body_of(a), "<p>page</p>");
    CU_ASSERT_STRING_EQUAL(field(a, "Content-Encoding"), "");
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "Accept-Encoding");
    CU_ASSERT_STRING_NOT_EQUAL(field(a, "ETag"), etag);
    snprintf(line, sizeof(line), "If-None-Match: %s\r\n",
             etag); /* of gzip, which is not asked for */
    CU_ASSERT_EQUAL(status_of(ask_with("GET", "/sub/page.html", line)), 200);
    snprintf(line, sizeof(line), "If-None-Match: %s\r\nAccept-Encoding: gzip\r\n", etag);
    a = ask_with("GET", "/sub/page.html", line);
    CU_ASSERT_EQUAL(status_of(a), 304);
    CU_ASSERT_STRING_EQUAL(field(a, "Vary"), "Accept-Encoding");
    CU_ASSERT_STRING_EQUAL(field(get("/a.txt"), "Vary"), "");
    finish();
    begin(""); /* off */
    a = ask_with("GET", "/sub/page.html", "Accept-Encoding: gzip\r\n");
    CU_ASSERT_STRING_EQUAL(body_of(a), "<p>page</p>");
    finish();
}

static void a_listing_shows_what_would_be_served(void)
{
    const char *a;

    begin("\"listing\": true, \"index\": []");
    a = get("/");
    CU_ASSERT_EQUAL(status_of(a), 200);
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "href=\"./a.txt\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "href=\"./sub/\""));
    CU_ASSERT_PTR_NULL(strstr(a, "hidden"));
    CU_ASSERT_PTR_NULL(strstr(a, "fifo"));
    CU_ASSERT_PTR_NULL(strstr(a, "./out"));
    CU_ASSERT_PTR_NULL(strstr(a, "./in\""));
    CU_ASSERT_PTR_NULL(strstr(a, "bad"));
    CU_ASSERT_PTR_NOT_NULL(strstr(field(a, "Content-Security-Policy"), "default-src 'none'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(get("/empty/"), "./%3Cb%3E%26.txt\">&lt;b&gt;&amp;.txt</a>"));
    CU_ASSERT_STRING_EQUAL(body_of(ask_with("HEAD", "/", "")), "");
    finish();
    begin("\"listing\": true, \"listing_max\": 2, \"index\": [], \"symlinks\": \"inside\"");
    a = get("/");
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./empty/"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./sub/"));
    CU_ASSERT_PTR_NULL(strstr(a, "./a.txt"));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, " more are not shown."));
    finish();
    begin("\"listing\": true, \"index\": [], \"symlinks\": \"inside\", \"dotfiles\": \"serve\"");
    a = get("/");
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./in\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "./.hidden"));
    CU_ASSERT_PTR_NULL(strstr(a, "./out"));
    finish();
}

static void wrong_options_are_refused_where_they_stand(void)
{
    static const struct {
        const char *more, *want;
    } rows[] = {
        {"\"index\": [\"a/b\"]", "/index: index must be names of files"},
        {"\"index\": [\"\"]", "/index: index must be names"},
        {"\"index\": \"..\"", "/index: index must be names"},
        {"\"types\": {\"a\": \"b\"}", "/types: types are extensions"},
        {"\"types\": {\"a\": \"a/b\\n\"}", "/types: types are extensions"},
        {"\"default_type\": \"text\"", "/default_type: default_type must be"},
        {"\"charset\": \"a b\"", "/charset: charset must be"},
        {"\"cache_control\": \"a\\r\\nb\"", "/cache_control: cache_control must be"},
        {"\"encodings\": [\"gzip\"]", "/encodings: encodings are br, zst and gz"},
        {"\"encodings\": [\"gz\", \"gz\"]", "/encodings: encodings has \"gz\" twice"},
    };
    size_t i;

    begin("");
    drop_root();
    for (i = 0; i < NAVE_COUNT(rows); i++) {
        CU_ASSERT_EQUAL(make_root("root", rows[i].more), NAVE_ECONFIG);
        if (!strstr(refused, rows[i].want)) {
            fprintf(stderr, "%s: %s", rows[i].more, refused);
            CU_FAIL("another text");
        }
        drop_root();
    }
    CU_ASSERT_EQUAL(make_root("nothing", ""), NAVE_ECONFIG);
    CU_ASSERT_PTR_NOT_NULL(strstr(refused, "/root: root must be a folder that can be opened"));
    drop_root();
    CU_ASSERT_EQUAL(make_root("secret", ""), NAVE_ECONFIG);
    drop_root();
    CU_ASSERT_EQUAL(make_root("root", ""), NAVE_OK);
    finish();
}

/* --- what is remembered ------------------------------------------------------------------------ */

static void what_is_known_is_used_for_as_long_as_was_said_and_no_longer(void)
{
    char etag[300];

    begin("");
    make("root/change.txt", "one");
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    snprintf(etag, sizeof(etag), "%s", field(get("/change.txt"), "ETag"));
    CU_ASSERT_EQUAL(counter("files_looks"), 1);
    CU_ASSERT_EQUAL(counter("files_hits"), 1);
    make("root/change.new", "two");
    must(rename(at("root/change.new"), at("root/change.txt")) == 0);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    advance(options.cache_valid - 1);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    CU_ASSERT_EQUAL(counter("files_looks"), 1);
    advance(1);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "two");
    CU_ASSERT_STRING_NOT_EQUAL(field(get("/change.txt"), "ETag"), etag);
    CU_ASSERT_EQUAL(counter("files_looks"), 2);
    CU_ASSERT_EQUAL(counter("files_kept"), 0);
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "two");
    CU_ASSERT_EQUAL(counter("files_kept"), 1);
    must(unlink(at("root/change.txt")) == 0);
    advance(options.cache_valid);
    CU_ASSERT_EQUAL(status_of(get("/change.txt")), 404);
    make("root/change.txt", "again");
    CU_ASSERT_EQUAL(status_of(get("/change.txt")), 404); /* also that it is not there is known */
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "again");
    must(unlink(at("root/change.txt")) == 0);
    finish();
}

static void nothing_is_used_twice_when_nothing_may_be(void)
{
    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    options.cache_valid = 0;
    begin_with("");
    make("root/change.txt", "one");
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "one");
    make("root/change.txt", "other");
    CU_ASSERT_STRING_EQUAL(body_of(get("/change.txt")), "other");
    must(unlink(at("root/change.txt")) == 0);
    CU_ASSERT_EQUAL(status_of(get("/change.txt")), 404);
    CU_ASSERT_EQUAL(counter("files_hits"), 0);
    finish();
}

/* The same size and the same time: only the bytes tell. */
static void a_file_that_has_just_changed_is_read_again(void)
{
    struct stat s;
    struct timespec t[2];

    begin("");
    make("root/young.txt", "one");
    must(stat(at("root/young.txt"), &s) == 0);
    t[0] = t[1] = s.st_mtim;
    worker.clock.wall_ns = (int64_t)s.st_mtim.tv_sec * NAVE_SEC + s.st_mtim.tv_nsec + NAVE_MSEC;
    CU_ASSERT_STRING_EQUAL(body_of(get("/young.txt")), "one");
    make("root/young.txt", "two");
    must(utimensat(AT_FDCWD, at("root/young.txt"), t, 0) == 0);
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/young.txt")), "two");
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/young.txt")), "two");
    CU_ASSERT_EQUAL(counter("files_kept"), 1);
    must(unlink(at("root/young.txt")) == 0);
    finish();
}

static void a_root_that_is_swapped_by_a_link_is_seen(void)
{
    begin("");
    drop_root();
    make("other/a.txt", "other");
    must(symlink("root", at("current")) == 0);
    CU_ASSERT_EQUAL_FATAL(make_root("current", ""), NAVE_OK);
    CU_ASSERT_STRING_EQUAL(body_of(get("/a.txt")), "0123456789");
    must(symlink("other", at("next")) == 0);
    must(rename(at("next"), at("current")) == 0);
    advance(options.cache_valid);
    CU_ASSERT_STRING_EQUAL(body_of(get("/a.txt")), "other");
    must(unlink(at("current")) == 0);
    advance(options.cache_valid);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 404);
    finish();
}

static void the_cache_keeps_its_bounds(void)
{
    char target[40];
    int i;

    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    options.cache_entries = 3;
    begin_with("");
    for (i = 0; i < 50; i++) {
        snprintf(target, sizeof(target), "/nothing%d", i);
        CU_ASSERT_EQUAL(status_of(get(target)), 404);
        CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200); /* used all the time: it stays */
    }
    CU_ASSERT_EQUAL(counter("files_evicted"), 48);
    CU_ASSERT_EQUAL(counter("files_looks"), 51);
    finish();
    options.cache_entries = 1000;
    options.cache_memory = 40000;
    begin_with("");
    for (i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(status_of(get("/sixteen.bin")), 200);
        CU_ASSERT_EQUAL(status_of(get("/small.bin")), 200);
        CU_ASSERT_EQUAL(status_of(get("/index.html")), 200);
        CU_ASSERT(host.live_bytes < 500000);
    }
    finish();
    options.cache_memory = 1000; /* less than one file: the last one stays all the same */
    begin_with("");
    for (i = 0; i < 3; i++)
        CU_ASSERT(is_sized(body_of(get("/sixteen.bin")), 16384));
    CU_ASSERT_EQUAL(counter("files_looks"), 1);
    finish();
}

static void what_nobody_asks_for_is_forgotten_and_closed(void)
{
    int fd;

    begin("");
    fd = dup(0) + 1; /* the folder of the root takes the first that is free, and gives it back */
    close(fd - 1);
    CU_ASSERT_EQUAL(status_of(get("/big.bin")), 200);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT(fcntl(fd, F_GETFD) >= 0);
    advance(options.cache_idle * 3 / 2);
    connect_peer();                                 /* http1 has closed the one before, as idle */
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200); /* asked for in between: it stays */
    CU_ASSERT_EQUAL(counter("files_idle"), 0);
    advance(options.cache_idle / 2);
    CU_ASSERT_EQUAL(counter("files_idle"), 1);
    CU_ASSERT(fcntl(fd, F_GETFD) < 0);
    advance(3 * options.cache_idle);
    CU_ASSERT_EQUAL(counter("files_idle"), 2);
    CU_ASSERT_EQUAL(fake_worker_timers(&worker), !pair->near.is_closed); /* no sweep any more */
    finish();
}

/* --- what may go wrong -------------------------------------------------------------------------- */

static void descriptors_are_bounded_and_given_up_when_nobody_uses_them(void)
{
    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    options.max_descriptors = 1;
    begin_with("");
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    CU_ASSERT(is_sized(body_of(get("/big2.bin")), BIG)); /* the first one is closed for it */
    CU_ASSERT_EQUAL(counter("files_evicted"), 1);
    pair->far.capacity = 100;
    (void)get("/big3.bin"); /* under way, and stays */
    CU_ASSERT(!pair->near.is_closed);
    {
        struct mem_pair *slow = pair;

        pair = NULL;
        connect_peer();
        CU_ASSERT_EQUAL(status_of(get("/big.bin")), 503);
        CU_ASSERT_EQUAL(counter("files_busy"), 1);
        CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
        mem_stream_break(&slow->near, NAVE_ERESET);
        fake_worker_run(&worker);
        CU_ASSERT(slow->near.is_closed);
        mem_pair_free(slow);
    }
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    finish();
}

static void without_descriptors_what_is_known_is_still_served(void)
{
    struct rlimit before, none;
    int next;

    begin("");
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT_EQUAL(status_of(get("/big.bin")), 200); /* its descriptor is kept */
    must(getrlimit(RLIMIT_NOFILE, &before) == 0);
    next = dup(0);
    close(next);
    none = before;
    none.rlim_cur = (rlim_t)next;
    must(setrlimit(RLIMIT_NOFILE, &none) == 0);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT_EQUAL(status_of(get("/small.bin")), 503); /* it needs more than that one gives */
    advance(options.cache_valid);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 503); /* too old, and it cannot be looked at */
    must(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CU_ASSERT_EQUAL(status_of(get("/a.txt")), 200);
    CU_ASSERT_EQUAL(status_of(get("/small.bin")), 200);
    CU_ASSERT(is_sized(body_of(get("/big.bin")), BIG));
    finish();
}

static void a_file_that_shrinks_while_it_is_sent_cuts_the_connection(void)
{
    int i;

    for (i = 0; i < 2; i++) {
        begin("");
        is_without_files = i;
        make_sized("root/shrink.bin", BIG);
        pair->far.capacity = 20000;
        (void)get("/shrink.bin");
        must(truncate(at("root/shrink.bin"), 100) == 0);
        while (!pair->near.is_closed && mem_stream_written(&pair->near).len > 0) {
            mem_stream_take(&pair->near, SIZE_MAX);
            fake_worker_run(&worker);
        }
        CU_ASSERT(pair->near.is_closed);
        CU_ASSERT_EQUAL(pair->near.close_flags, NAVE_CLOSE_ABORT);
        must(unlink(at("root/shrink.bin")) == 0);
        finish();
    }
}

static void a_response_under_way_may_outlive_the_worker(void)
{
    begin("");
    pair->far.capacity = 1000;
    (void)get("/big.bin");
    CU_ASSERT(!pair->near.is_closed);
    finish(); /* files stops first, http1 then */
}

/* Each allocation fails once, then all from one on: the peer gets what is right, 503, or an end. */
static void no_allocation_that_fails_does_harm(void)
{
    static const char *const targets[] = {"/a.txt",   "/small.bin", "/big.bin", "/sub/",
                                          "/nothing", "/sub",       "/empty/"};
    uint32_t once;
    int64_t n;
    size_t i;

    must(fake_options_default(files_plugin_entry_v1()->options(), &options));
    must(fake_options_default(http1_plugin_entry_v1()->options(), &http1_options_in_use));
    for (once = 0; once < 2; once++) {
        for (n = 0; n < 70; n++) {
            nave_err err = begin_all("\"encodings\": \"gz\", \"listing\": true", n, once);

            if (err != NAVE_OK) {
                CU_ASSERT_EQUAL(err, NAVE_ENOMEM);
                host.fail_after = -1;
                finish();
                continue;
            }
            for (i = 0; i < NAVE_COUNT(targets) * 2; i++) {
                const char *a;

                if (!pair || pair->near.is_closed) {
                    connect_peer();
                    if (pair->near.is_closed)
                        continue;
                }
                a = ask_with("GET", targets[i / 2], i % 2 ? "Range: bytes=0-1,4-5\r\n" : "");
                CU_ASSERT(pair->near.is_closed || status_of(a) >= 200);
                if (i / 2 == 0 && status_of(a) == 200)
                    CU_ASSERT_STRING_EQUAL(body_of(a), "0123456789");
                if (i == 4 && status_of(a) == 200)
                    CU_ASSERT(is_sized(body_of(a), BIG));
            }
            host.fail_after = -1;
            finish();
        }
    }
}

static CU_TestInfo tests[] = {
    TEST(a_file_is_sent_with_all_that_tells_of_it),
    TEST(options_change_the_fields),
    TEST(folders_give_their_index_or_send_to_their_slash),
    TEST(no_redirect_leads_to_another_host),
    TEST(what_may_not_be_served_is_as_if_not_there),
    TEST(other_methods_are_told_which_there_are),
    TEST(head_says_what_get_would),
    TEST(preconditions_are_answered),
    TEST(ranges_are_sent_alone_or_in_parts),
    TEST(a_slow_peer_gets_all_the_parts),
    TEST(a_file_beside_is_sent_to_those_who_take_its_coding),
    TEST(a_listing_shows_what_would_be_served),
    TEST(wrong_options_are_refused_where_they_stand),
    TEST(what_is_known_is_used_for_as_long_as_was_said_and_no_longer),
    TEST(nothing_is_used_twice_when_nothing_may_be),
    TEST(a_file_that_has_just_changed_is_read_again),
    TEST(a_root_that_is_swapped_by_a_link_is_seen),
    TEST(the_cache_keeps_its_bounds),
    TEST(what_nobody_asks_for_is_forgotten_and_closed),
    TEST(descriptors_are_bounded_and_given_up_when_nobody_uses_them),
    TEST(without_descriptors_what_is_known_is_still_served),
    TEST(a_file_that_shrinks_while_it_is_sent_cuts_the_connection),
    TEST(a_response_under_way_may_outlive_the_worker),
    TEST(no_allocation_that_fails_does_harm),
    CU_TEST_INFO_NULL,
};
static CU_SuiteInfo suites[] = {
    {"files", tree_begin, tree_end, NULL, NULL, tests},
    CU_SUITE_INFO_NULL,
};
NAVE_TEST_MAIN(suites)

/* SPDX-License-Identifier: MIT
 *
 * See files_rig.h.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "tests/files/files_rig.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "core/conf/conf.h"
#include "core/conf/options.h"
#include "core/log/report.h"

static char top[64];

struct fake_host host;
struct fake_worker worker;
char refused[FILES_REFUSED_MAX];
void *files, *http1;
struct nave_handle *root;
struct mem_pair *pair;
struct files_options options;
struct http1_options http1_options_in_use;
int is_without_files;

static struct nv_report report;
static struct nave_handle *protocol;
static struct nv_conf_doc *doc;
static void *role_options;

/* Between http1 and files: "/w/..." is handed on as the router does, "*" taken from the path; and the
 * table of the exchange may be one that cannot send files. */
static struct nave_http_iface without_files;

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

const char *at(const char *below)
{
    static char paths[4][200];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, 200, "%s/%s", top, below);
    return path;
}

void must(int is_done)
{
    if (!is_done)
        abort();
}

char byte_at(size_t i)
{
    return (char)('a' + (i + i / 26) % 26);
}

void make_sized(const char *below, size_t size)
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

void make(const char *below, const char *text)
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

int tree_begin(void)
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

int tree_end(void)
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

nave_err make_root(const char *folder, const char *more)
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

void drop_root(void)
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

nave_err begin_all(const char *more, int64_t fail_after, uint32_t fail_once)
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

void connect_peer(void)
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

void begin_with(const char *more)
{
    must(fake_options_default(http1_plugin_entry_v1()->options(), &http1_options_in_use));
    CU_ASSERT_EQUAL_FATAL(begin_all(more, -1, 0), NAVE_OK);
    connect_peer();
}

void begin(const char *more)
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
void finish(void)
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

const char *ask_with(const char *method, const char *target, const char *fields)
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

const char *get(const char *target)
{
    return ask_with("GET", target, "");
}

const char *body_of(const char *answer)
{
    const char *p = strstr(answer, "\r\n\r\n");

    return p ? p + 4 : "(no body)";
}

int status_of(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? atoi(answer + 9) : -1;
}

const char *field(const char *answer, const char *name)
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

uint64_t counter(const char *name)
{
    return fake_host_counter(&host, name);
}

void advance(nave_nsec ns)
{
    fake_worker_advance(&worker, ns);
}

int is_sized(const char *body, size_t size)
{
    size_t i;

    if (strlen(body) != size)
        return 0;
    for (i = 0; i < size; i++)
        if (body[i] != byte_at(i))
            return 0;
    return 1;
}

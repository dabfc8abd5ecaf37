/* SPDX-License-Identifier: MIT
 *
 * The rig: a life of the plugin, and the scripts of the handler that several tests use.
 */
#include "conn_rig.h"

#include <nave/role.h>

#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

struct fake_host host;
struct fake_worker worker;
const struct nave_plugin *plugin;
void *self;
struct nave_handle *proto;
struct mem_pair *pair;
struct http1_options options;

/* The script of the handler, and what it saw. */
void (*script)(struct nave_http *x);
void (*after_stop)(void);
uint32_t handled;
uint32_t ended;
struct nave_http *held;
static char seen[4096];
static size_t seen_len;
nave_err last_err;

static void on_end(struct nave_http *x, void *arg)
{
    (void)arg;
    ended++;
    if (held == x)
        held = NULL;
}

static void handle(struct nave_http_handler *h, struct nave_http *x)
{
    (void)h;
    handled++;
    x->api->on_end(x, on_end, NULL);
    script(x);
}

static const struct nave_http_handler_iface handler_api = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, 0),
    .handle = handle,
};
static struct nave_http_handler handler = {&handler_api};

/* --- the rig --------------------------------------------------------------------------------- */

nave_err begin_plugin(int64_t fail_after, uint32_t fail_once)
{
    struct nave_prepare_args args = {.size = sizeof(args), .options = &options};
    struct nave_role_args role = {.size = sizeof(role)};
    nave_err err;

    fake_host_init(&host, 1);
    fake_worker_init(&worker, &host, 0);
    handled = ended = 0;
    seen_len = 0;
    held = NULL;
    pair = NULL;
    proto = NULL;
    self = NULL;
    last_err = NAVE_OK;
    plugin = http1_plugin_entry_v1();
    host.fail_after = fail_after;
    host.fail_once = fail_once;
    err = plugin->ops->create(&host.pub, &self);
    if (err != NAVE_OK)
        return err;
    (void)plugin->ops->prepare(self, &args);
    (void)plugin->ops->commit(self);
    (void)plugin->ops->start(self);
    err = plugin->ops->worker_start(self, &worker.pub);
    role.next = (struct nave_handle *)(void *)&handler;
    if (err == NAVE_OK)
        err = plugin->roles[0]->make(self, &role, &proto);
    return err;
}

void connect_peer(void)
{
    struct nave_accept_info info = {0};
    struct nave_protocol *p = (struct nave_protocol *)(void *)proto;

    if (pair) {
        CU_ASSERT(pair->near.is_closed);
        fake_worker_run(&worker);
        mem_pair_free(pair);
    }
    pair = mem_pair_new(&worker.pub);
    if (!pair)
        abort();
    p->api->accept(p, &pair->near.pub, &info);
    fake_worker_run(&worker);
}

void begin(void (*what)(struct nave_http *x))
{
    CU_ASSERT_FATAL(fake_options_default(http1_plugin_entry_v1()->options(), &options));
    script = what;
    CU_ASSERT_EQUAL_FATAL(begin_plugin(-1, 0), NAVE_OK);
    connect_peer();
}

void finish(void)
{
    if (self) {
        plugin->ops->worker_stop(self, &worker.pub);
        fake_worker_run(&worker);
        CU_ASSERT_EQUAL(worker.holds, 0);
        CU_ASSERT_EQUAL(fake_worker_timers(&worker), 0);
        CU_ASSERT_EQUAL(ended, handled);
        if (proto)
            plugin->roles[0]->unmake(self, proto);
        plugin->ops->stop(self);
        if (after_stop)
            after_stop();
        after_stop = NULL;
        plugin->ops->destroy(self);
    }
    if (pair) {
        CU_ASSERT(pair->near.is_closed);
        mem_pair_free(pair);
    }
    pair = NULL;
    self = NULL;
    fake_worker_fini(&worker);
    CU_ASSERT_EQUAL(fake_host_fini(&host), 0);
}

void put_n(const char *text, size_t len)
{
    mem_stream_put(&pair->near, text, len);
    fake_worker_run(&worker);
}

void put(const char *text)
{
    put_n(text, strlen(text));
}

void put_split(const char *text, size_t cut)
{
    put_n(text, cut);
    put(text + cut);
}

int wrote(const char *text)
{
    struct nave_bytes b = mem_stream_written(&pair->near);
    int same = b.len == strlen(text) && (b.len == 0 || !memcmp(b.data, text, b.len));

    if (!same)
        fprintf(stderr, "wrote: %.*s\n", (int)b.len, b.len ? (const char *)b.data : "");
    return same;
}

uint32_t count_written(const char *text)
{
    struct nave_bytes b = mem_stream_written(&pair->near);
    const char *p = b.data;
    size_t len = strlen(text);
    uint32_t n = 0;
    size_t i;

    for (i = 0; i + len <= b.len; i++)
        n += !memcmp(p + i, text, len);
    return n;
}

void take_all(void)
{
    mem_stream_take(&pair->near, SIZE_MAX);
    fake_worker_run(&worker);
}

int is_closed_with(uint32_t flags)
{
    return pair->near.is_closed && pair->near.close_flags == flags;
}

/* --- scripts --------------------------------------------------------------------------------- */

nave_err respond(struct nave_http *x, const char *body)
{
    struct nave_http_response r = {.size = sizeof(r), .status = 200};

    r.body = body;
    r.body_len = strlen(body);
    return x->api->respond(x, &r);
}

void say_ok(struct nave_http *x)
{
    last_err = respond(x, "ok");
}

void say_nothing(struct nave_http *x)
{
    (void)x;
}

void hold_it(struct nave_http *x)
{
    last_err = x->api->hold(x);
    if (last_err == NAVE_OK)
        held = x;
}

void take_body(struct nave_http *x, void *arg)
{
    struct nave_bytes piece;
    nave_err err;

    (void)arg;
    while ((err = x->api->body_peek(x, &piece)) == NAVE_OK) {
        size_t n = piece.len < 3 ? piece.len : 3;

        CU_ASSERT_FATAL(seen_len + n < sizeof(seen));
        memcpy(seen + seen_len, piece.data, n);
        seen_len += n;
        x->api->body_consume(x, n);
    }
    seen[seen_len] = 0;
    last_err = err;
    if (err == NAVE_EOF)
        (void)respond(x, seen);
}

void read_body(struct nave_http *x)
{
    x->api->body_watch(x, take_body, NULL);
    take_body(x, NULL);
}

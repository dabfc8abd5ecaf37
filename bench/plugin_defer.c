/* SPDX-License-Identifier: MIT
 *
 * A plugin for the benchmarks and for the tests from end to end: the handler "later" answers every
 * request from one of `threads` threads that are no workers, through nave_http_defer; the peer may be
 * gone by then. One bounded queue, no allocation per request: what is counted is deferring itself.
 */
#include <pthread.h>
#include <string.h>

#include <nave/http.h>
#include <nave/plugin.h>

#define QUEUE_MAX 16384 /* a power of two; a reply that finds it full is dropped: 503 */
#define THREADS   8
#define BODY      "Hello, World!"
#define TYPE      "text/plain; charset=utf-8"

#define DEFER_OPTIONS(OPTION) OPTION(count, threads, "1", "1", "8", 0, "threads that answer")

NAVE_OPTION_STRUCT(defer_options, DEFER_OPTIONS);
NAVE_OPTION_TABLE(defer_option_table, defer_options, DEFER_OPTIONS)

struct defer_plugin {
    struct nave_host *host;
    const struct nave_http_handler_iface *api;
    pthread_t threads[THREADS];
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    uint32_t thread_count; /* running */
    uint32_t thread_max;
    uint32_t is_stopping;
    uint32_t head; /* of the next to be answered */
    uint32_t tail; /* of the next free place     */
    struct nave_http_reply *queue[QUEUE_MAX];
};

struct defer_handler {
    const struct nave_http_handler_iface *api;
    struct defer_plugin *plugin;
};

static void fill(struct nave_http_response *r, struct nave_http_header *type)
{
    memset(r, 0, sizeof(*r));
    type->name = "Content-Type";
    type->name_len = sizeof("Content-Type") - 1;
    type->value = TYPE;
    type->value_len = sizeof(TYPE) - 1;
    r->size = sizeof(*r);
    r->status = 200;
    r->headers = type;
    r->header_count = 1;
    r->body = BODY;
    r->body_len = sizeof(BODY) - 1;
}

static void answer(struct nave_http_reply *reply)
{
    struct nave_http_header type;
    struct nave_http_response r;
    nave_err err;

    fill(&r, &type);
    err = reply->api->respond(reply, &r);
    if (err == NAVE_EINVAL || err == NAVE_ENOMEM)
        reply->api->drop(reply); /* it is still ours */
}

static void *answer_all(void *arg)
{
    struct defer_plugin *p = arg;

    pthread_mutex_lock(&p->mutex);
    for (;;) {
        struct nave_http_reply *reply;

        while (p->head == p->tail && !p->is_stopping)
            pthread_cond_wait(&p->filled, &p->mutex);
        if (p->head == p->tail)
            break;
        reply = p->queue[p->head++ % QUEUE_MAX];
        pthread_mutex_unlock(&p->mutex);
        answer(reply);
        pthread_mutex_lock(&p->mutex);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

static void defer_handle(struct nave_http_handler *handler, struct nave_http *x)
{
    struct defer_plugin *p = ((struct defer_handler *)(void *)handler)->plugin;
    struct nave_http_reply *reply;
    uint32_t is_full;

    if (nave_http_defer(x, &reply)) {
        (void)nave_http_respond_text(x, 503, NULL, 0, NULL, 0);
        return;
    }
    pthread_mutex_lock(&p->mutex);
    is_full = p->tail - p->head == QUEUE_MAX;
    if (!is_full) {
        p->queue[p->tail++ % QUEUE_MAX] = reply;
        pthread_cond_signal(&p->filled);
    }
    pthread_mutex_unlock(&p->mutex);
    if (is_full)
        reply->api->drop(reply);
}

static const struct nave_http_handler_iface defer_iface = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = defer_handle,
};

static nave_err defer_create(struct nave_host *host, void **out_self)
{
    struct defer_plugin *p = nave_host_alloc(host, sizeof(*p));

    if (!p)
        return NAVE_ENOMEM;
    memset(p, 0, sizeof(*p));
    p->host = host;
    p->api = (const void *)host->api->publish(host, &defer_iface.hdr);
    if (!p->api)
        goto fail_publish;
    if (pthread_mutex_init(&p->mutex, NULL))
        goto fail_publish;
    if (pthread_cond_init(&p->filled, NULL))
        goto fail_mutex;
    *out_self = p;
    return NAVE_OK;

fail_mutex:
    pthread_mutex_destroy(&p->mutex);
fail_publish:
    nave_host_free(host, p, sizeof(*p));
    return NAVE_ENOMEM;
}

static nave_err defer_prepare(void *self, const struct nave_prepare_args *args)
{
    ((struct defer_plugin *)self)->thread_max =
        (uint32_t)((const struct defer_options *)args->options)->threads;
    return NAVE_OK;
}

static void defer_stop(void *self)
{
    struct defer_plugin *p = self;

    pthread_mutex_lock(&p->mutex);
    p->is_stopping = 1;
    pthread_cond_broadcast(&p->filled);
    pthread_mutex_unlock(&p->mutex);
    while (p->thread_count > 0)
        pthread_join(p->threads[--p->thread_count], NULL);
}

static nave_err defer_start(void *self)
{
    struct defer_plugin *p = self;

    p->is_stopping = 0;
    while (p->thread_count < p->thread_max) {
        if (pthread_create(&p->threads[p->thread_count], NULL, answer_all, p)) {
            defer_stop(p);
            return NAVE_ENOMEM;
        }
        p->thread_count++;
    }
    return NAVE_OK;
}

static void defer_destroy(void *self)
{
    struct defer_plugin *p = self;

    if (!p)
        return;
    pthread_cond_destroy(&p->filled);
    pthread_mutex_destroy(&p->mutex);
    nave_host_free(p->host, p, sizeof(*p));
}

static nave_err defer_make(void *self, const struct nave_role_args *args,
                           struct nave_handle **out_handle)
{
    struct defer_plugin *p = self;
    struct defer_handler *h = nave_host_alloc(p->host, sizeof(*h));

    (void)args;
    if (!h)
        return NAVE_ENOMEM;
    h->api = p->api;
    h->plugin = p;
    *out_handle = (struct nave_handle *)(void *)h;
    return NAVE_OK;
}

static void defer_unmake(void *self, struct nave_handle *handle)
{
    struct defer_plugin *p = self;

    nave_host_free(p->host, handle, sizeof(struct defer_handler));
}

static const struct nave_plugin_ops defer_ops = {
    .size = sizeof(struct nave_plugin_ops),
    .create = defer_create,
    .prepare = defer_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = defer_start,
    .worker_start = nave_default_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = defer_stop,
    .destroy = defer_destroy,
};

#define NAVE_PLUGIN_NAME    later
#define NAVE_PLUGIN_ID      "later"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                             \
    ROLE(handler, "later", NAVE_HTTP_HANDLER_ID, defer_make, defer_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "answers from threads of its own")
#define NAVE_PLUGIN_OPTIONS      DEFER_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE defer_option_table
#define NAVE_PLUGIN_OPS          defer_ops
#include <nave/define.h>

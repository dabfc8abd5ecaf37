/* SPDX-License-Identifier: MIT
 *
 * A plugin with one handler, "greet": GET /hello/:name greets. Each use has a greeting and a delay of
 * its own; an answer with a delay comes from a thread of the plugin's own, not from a worker.
 *
 * Who owns what: a deferred answer stands in the list of waiters, under the lock, until the thread
 * takes it out and responds. The thread lives from start() to stop(); a drain hurries it.
 */
#define _POSIX_C_SOURCE 200809L /* clock_gettime, also with -std=c11 */

#include <nave/http.h>
#include <nave/plugin.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define GREETING_MAX 64
#define NAME_MAX_    100
#define TEXT_MAX     (GREETING_MAX + NAME_MAX_ + 8)

/* The plugin's options, at "plugins": {"com.example.greeter": ...}. */
#define GREETER_OPTIONS(OPTION) \
    OPTION(count, max_waiting, "1000", "1", "1000000", 0, "answers that may wait; more get 503")

/* The handler's, at each use: {"greet": {"greeting": "Hi"}}. */
#define GREET_OPTIONS(OPTION)                                                         \
    OPTION(text, greeting, "Hello", "1", "64", 0, "what stands in front of the name") \
    OPTION(duration, delay, "0", "0", "1m", 0, "how long an answer takes")

NAVE_OPTION_STRUCT(greeter_options, GREETER_OPTIONS);
NAVE_OPTION_TABLE(greeter_option_table, greeter_options, GREETER_OPTIONS)
NAVE_OPTION_STRUCT(greet_options, GREET_OPTIONS);
NAVE_OPTION_TABLE(greet_option_table, greet_options, GREET_OPTIONS)

/* An answer that is due later. */
struct waiter {
    struct waiter *next;
    struct nave_http_reply *reply;
    nave_nsec due_ns;
    size_t len;
    char text[TEXT_MAX];
};

struct greeter {
    struct nave_host *host;
    const struct nave_http_handler_iface *api;
    struct nave_counter greetings; /* each worker counts for itself */
    struct nave_counter refused;
    uint64_t waiting_max;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    struct waiter *first; /* in the order in which they are due */
    uint64_t waiting;
    uint32_t is_hurried; /* a drain has begun: everything is due */
    uint32_t is_stopping;
};

/* One use of the handler. */
struct greet {
    struct nave_http_handler pub; /* first: the handle */
    struct greeter *plugin;
    nave_nsec delay_ns;
    size_t greeting_len;
    char greeting[GREETING_MAX];
};

/* --- the thread ------------------------------------------------------------------------------ */

static nave_nsec now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

/* Wait until something has changed, or the first waiter is due. The lock is held. */
static void wait_for_work(struct greeter *g)
{
    struct timespec until;

    if (!g->first) {
        pthread_cond_wait(&g->changed, &g->lock);
        return;
    }
    until.tv_sec = (time_t)(g->first->due_ns / NAVE_SEC);
    until.tv_nsec = (long)(g->first->due_ns % NAVE_SEC);
    pthread_cond_timedwait(&g->changed, &g->lock, &until);
}

static void answer(struct waiter *w)
{
    struct nave_http_header type = {"Content-Type", "text/plain; charset=utf-8", 12, 25};
    struct nave_http_response r = {.size = sizeof(r),
                                   .status = 200,
                                   .headers = &type,
                                   .header_count = 1,
                                   .body = w->text,
                                   .body_len = w->len};
    nave_err err = w->reply->api->respond(w->reply, &r);

    if (err == NAVE_EINVAL || err == NAVE_ENOMEM)
        w->reply->api->drop(w->reply); /* it is still ours; in all other cases it is gone */
}

static void *answer_all(void *arg)
{
    struct greeter *g = arg;

    pthread_mutex_lock(&g->lock);
    while (!g->is_stopping || g->first) {
        struct waiter *w = g->first;

        if (!w || (w->due_ns > now() && !g->is_hurried && !g->is_stopping)) {
            wait_for_work(g);
            continue;
        }
        g->first = w->next;
        g->waiting--;
        pthread_mutex_unlock(&g->lock); /* nobody waits for a lock while we answer */
        answer(w);
        nave_host_free(g->host, w, sizeof(*w));
        pthread_mutex_lock(&g->lock);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* Put `w` behind all that are due before it. 0: there is no room. */
static int enqueue(struct greeter *g, struct waiter *w)
{
    struct waiter **at = &g->first;
    int has_room;

    pthread_mutex_lock(&g->lock);
    has_room = g->waiting < g->waiting_max;
    if (has_room) {
        while (*at && (*at)->due_ns <= w->due_ns)
            at = &(*at)->next;
        w->next = *at;
        *at = w;
        g->waiting++;
        pthread_cond_signal(&g->changed);
    }
    pthread_mutex_unlock(&g->lock);
    return has_room;
}

/* --- the handler: on a worker ---------------------------------------------------------------- */

static void refuse(struct greeter *g, struct nave_http *x, uint16_t status, const char *text)
{
    nave_counter_add(&g->refused, x->worker, 1);
    (void)nave_http_respond_text(x, status, "text/plain", 10, text, strlen(text));
}

/* Answer later. The reply is made last: once it is, it must be answered. */
static void greet_later(struct greet *h, struct nave_http *x, const char *text, size_t len)
{
    struct greeter *g = h->plugin;
    struct waiter *w = nave_host_alloc(g->host, sizeof(*w));

    if (!w || nave_http_defer(x, &w->reply) != NAVE_OK) {
        nave_host_free(g->host, w, sizeof(*w));
        refuse(g, x, 503, "out of memory\n");
        return;
    }
    w->due_ns = now() + h->delay_ns;
    w->len = len;
    memcpy(w->text, text, len);
    if (enqueue(g, w))
        return;
    nave_counter_add(&g->refused, x->worker, 1);
    w->reply->api->drop(w->reply); /* the peer gets 503 */
    nave_host_free(g->host, w, sizeof(*w));
}

static void greet_handle(struct nave_http_handler *handler, struct nave_http *x)
{
    struct greet *h = (struct greet *)(void *)handler;
    struct nave_str name = nave_http_find_param(x, "name");
    char text[TEXT_MAX];
    int len;

    if (!name.ptr || name.len > NAME_MAX_) {
        refuse(h->plugin, x, 400, "a name has at most 100 bytes, and the route has a :name\n");
        return;
    }
    len = snprintf(text, sizeof(text), "%.*s, %.*s!\n", (int)h->greeting_len, h->greeting,
                   (int)name.len, name.ptr);
    nave_counter_add(&h->plugin->greetings, x->worker, 1);
    if (h->delay_ns > 0)
        greet_later(h, x, text, (size_t)len);
    else
        (void)nave_http_respond_text(x, 200, "text/plain; charset=utf-8", 25, text, (size_t)len);
}

static const struct nave_http_handler_iface greet_table = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, 0),
    .handle = greet_handle,
};

/* --- the role: one handle for each use ------------------------------------------------------- */

static nave_err greet_make(void *self, const struct nave_role_args *args,
                           struct nave_handle **out_handle)
{
    const struct greet_options *o = args->options;
    struct greeter *g = self;
    struct greet *h = nave_host_alloc(g->host, sizeof(*h));

    if (!h)
        return NAVE_ENOMEM;
    h->pub.api = g->api;
    h->plugin = g;
    h->delay_ns = o->delay;
    h->greeting_len = o->greeting.len; /* at most GREETING_MAX: the option list says so */
    memcpy(h->greeting, o->greeting.ptr, o->greeting.len);
    *out_handle = (struct nave_handle *)(void *)h;
    return NAVE_OK;
}

static void greet_unmake(void *self, struct nave_handle *handle)
{
    struct greeter *g = self;

    nave_host_free(g->host, handle, sizeof(struct greet));
}

/* --- the life of the plugin ------------------------------------------------------------------ */

static nave_err make_locks(struct greeter *g)
{
    pthread_condattr_t monotonic;
    int failed;

    if (pthread_mutex_init(&g->lock, NULL) != 0)
        return NAVE_ENOMEM;
    failed = pthread_condattr_init(&monotonic);
    if (!failed) {
        failed = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) ||
                 pthread_cond_init(&g->changed, &monotonic);
        pthread_condattr_destroy(&monotonic);
    }
    if (failed)
        pthread_mutex_destroy(&g->lock);
    return failed ? NAVE_ENOMEM : NAVE_OK;
}

static nave_err greeter_create(struct nave_host *host, void **out_self)
{
    struct greeter *g = nave_host_alloc(host, sizeof(*g));
    nave_err err;

    if (!g)
        return NAVE_ENOMEM;
    memset(g, 0, sizeof(*g));
    g->host = host;
    g->api = (const void *)host->api->publish(host, &greet_table.hdr);
    err = g->api ? NAVE_OK : NAVE_EINVAL;
    if (!err)
        err = host->api->counter(host, "greetings", "answers with a name", &g->greetings);
    if (!err)
        err = host->api->counter(host, "greetings_refused", "400 and 503", &g->refused);
    if (!err)
        err = make_locks(g);
    if (err) {
        nave_host_free(host, g, sizeof(*g));
        return err;
    }
    *out_self = g;
    return NAVE_OK;
}

static nave_err greeter_prepare(void *self, const struct nave_prepare_args *args)
{
    struct greeter *g = self;

    g->waiting_max = ((const struct greeter_options *)args->options)->max_waiting;
    return NAVE_OK;
}

static nave_err greeter_start(void *self)
{
    struct greeter *g = self;

    return pthread_create(&g->thread, NULL, answer_all, g) == 0 ? NAVE_OK : NAVE_ENOMEM;
}

/* What waits is answered at once: a drain takes no longer than it must. */
static void greeter_worker_drain(void *self, struct nave_worker *w, nave_nsec deadline_ns)
{
    struct greeter *g = self;

    (void)w;
    (void)deadline_ns;
    pthread_mutex_lock(&g->lock);
    g->is_hurried = 1;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

/* The thread gives back what is left, and ends. Replies may be used until here. */
static void greeter_stop(void *self)
{
    struct greeter *g = self;

    pthread_mutex_lock(&g->lock);
    g->is_stopping = 1;
    pthread_cond_signal(&g->changed);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
}

static void greeter_destroy(void *self)
{
    struct greeter *g = self;

    if (!g)
        return;
    pthread_cond_destroy(&g->changed);
    pthread_mutex_destroy(&g->lock);
    nave_host_free(g->host, g, sizeof(*g));
}

static const struct nave_plugin_ops greeter_ops = {
    .size = sizeof(greeter_ops),
    .create = greeter_create,
    .prepare = greeter_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = greeter_start,
    .worker_start = nave_default_worker_start,
    .worker_drain = greeter_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = greeter_stop,
    .destroy = greeter_destroy,
};

#define NAVE_PLUGIN_NAME    greeter
#define NAVE_PLUGIN_ID      "com.example.greeter"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                                \
    ROLE(handler, "greet", NAVE_HTTP_HANDLER_ID, greet_make, greet_unmake, greet_option_table, \
         GREET_OPTIONS, "greets the :name of its route")
#define NAVE_PLUGIN_OPTIONS      GREETER_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE greeter_option_table
#define NAVE_PLUGIN_OPS          greeter_ops
#include <nave/define.h>

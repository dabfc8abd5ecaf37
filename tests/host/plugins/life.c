/* SPDX-License-Identifier: MIT
 *
 * A plugin that uses what the host has, and logs each step: the same source is a file, a part of the
 * program, and a file built with the frozen headers. What it logs must be the same.
 */
#include <nave/host.h>
#include <nave/plugin.h>
#include <nave/worker.h>

#define LIFE_OPTIONS(OPTION)                                         \
    OPTION(duration, delay, "2ms", "1ms", "1s", 0, "until it wakes") \
    OPTION(count, rounds, "3", "1", "10", 0, "how often it is polled")

NAVE_OPTION_STRUCT(life_options, LIFE_OPTIONS);
NAVE_OPTION_TABLE(life_option_table, life_options, LIFE_OPTIONS)

struct life_service_iface {
    struct nave_iface hdr;
    int32_t (*answer)(struct nave_handle *h);
};

struct life {
    struct nave_handle pub; /* first: the service */
    struct nave_host *host;
    struct nave_worker *w;
    struct nave_timer timer;
    struct nave_job job;
    struct nave_counter polls;
    struct life_options options;
    uint32_t *scratch;
    uint32_t rounds;
};

static void life_log(struct life *s, const char *text)
{
    size_t len = 0;

    while (text[len])
        len++;
    s->host->api->log(s->host, NAVE_LOG_WARN, text, len);
}

static int32_t life_answer(struct nave_handle *h)
{
    life_log((struct life *)(void *)h, "answer");
    return 42;
}

static const struct life_service_iface life_service = {
    .hdr = NAVE_IFACE(struct life_service_iface, "test.life/1", 0, 0),
    .answer = life_answer,
};

static nave_err life_create(struct nave_host *host, void **out_self)
{
    struct life *s = nave_host_alloc(host, sizeof(*s));
    nave_err err;

    if (!s)
        return NAVE_ENOMEM;
    *s = (struct life){.host = host};
    s->pub.api = host->api->publish(host, &life_service.hdr);
    err = s->pub.api ? host->api->counter(host, "life_polls", "polls of the task", &s->polls)
                     : NAVE_EINVAL;
    if (err == NAVE_OK)
        err = host->api->provide(host, &s->pub, 0);
    if (err != NAVE_OK) {
        nave_host_free(host, s, sizeof(*s));
        return err;
    }
    life_log(s, "create");
    *out_self = s;
    return NAVE_OK;
}

static nave_err life_prepare(void *self, const struct nave_prepare_args *args)
{
    struct life *s = self;

    s->options = *(const struct life_options *)args->options;
    life_log(s, s->options.delay == 5 * NAVE_MSEC ? "prepare 5ms" : "prepare");
    return NAVE_OK;
}

static nave_err life_commit(void *self)
{
    life_log(self, "commit");
    return NAVE_OK;
}

static void life_abort(void *self)
{
    life_log(self, "abort");
}

static nave_err life_start(void *self)
{
    life_log(self, "start");
    return NAVE_OK;
}

/* --- a task that wakes itself ---------------------------------------------------------------- */

static nave_poll life_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct life *s = *(struct life **)nave_future_frame(f);

    life_log(s, "poll");
    nave_counter_add(&s->polls, cx->worker->index, 1);
    if (++s->rounds < s->options.rounds) {
        cx->waker->api->wake(cx->waker);
        return NAVE_PENDING;
    }
    return NAVE_READY;
}

static void life_drop(struct nave_future *f)
{
    struct life *s = *(struct life **)nave_future_frame(f);

    life_log(s, nave_counter_sum(&s->polls) == s->options.rounds ? "counted" : "miscounted");
    s->w->api->release(s->w, "task");
    life_log(s, "done");
}

static nave_err life_result(struct nave_future *f)
{
    (void)f;
    return NAVE_OK;
}

static const struct nave_future_iface life_future = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, 0),
    .name = "life",
    .poll = life_poll,
    .drop = life_drop,
    .result = life_result,
};

static void life_job(struct nave_job *j)
{
    struct life *s = NAVE_CONTAINER_OF(j, struct life, job);
    struct nave_future *f;

    life_log(s, "job");
    if (s->w->api->future_new(s->w, &life_future, sizeof(s), &f) != NAVE_OK)
        return;
    *(struct life **)nave_future_frame(f) = s;
    s->w->api->hold(s->w, "task");
    (void)s->w->api->spawn(s->w, f);
}

static void life_timer(struct nave_timer *t, void *arg)
{
    struct life *s = arg;

    (void)t;
    life_log(s, "timer");
    nave_worker_defer(s->w, &s->job);
}

static nave_err life_worker_start(void *self, struct nave_worker *w)
{
    struct life *s = self;

    s->w = w;
    s->job.run = life_job;
    s->scratch = nave_worker_alloc(w, sizeof(*s->scratch));
    if (!s->scratch)
        return NAVE_ENOMEM;
    nave_timer_start(w, &s->timer, s->options.delay, life_timer, s);
    life_log(s, "worker_start");
    return NAVE_OK;
}

static void life_worker_drain(void *self, struct nave_worker *w, nave_nsec deadline_ns)
{
    (void)w;
    (void)deadline_ns;
    life_log(self, "worker_drain");
}

static void life_worker_stop(void *self, struct nave_worker *w)
{
    struct life *s = self;

    nave_timer_stop(w, &s->timer);
    nave_worker_free(w, s->scratch, sizeof(*s->scratch));
    life_log(s, "worker_stop");
}

static void life_stop(void *self)
{
    life_log(self, "stop");
}

static void life_destroy(void *self)
{
    struct life *s = self;

    if (!s)
        return;
    life_log(s, "destroy");
    nave_host_free(s->host, s, sizeof(*s));
}

static const struct nave_plugin_ops life_ops = {
    .size = sizeof(life_ops),
    .create = life_create,
    .prepare = life_prepare,
    .commit = life_commit,
    .abort = life_abort,
    .start = life_start,
    .worker_start = life_worker_start,
    .worker_drain = life_worker_drain,
    .worker_stop = life_worker_stop,
    .stop = life_stop,
    .destroy = life_destroy,
};

#define NAVE_PLUGIN_NAME            life
#define NAVE_PLUGIN_ID              "life"
#define NAVE_PLUGIN_VERSION         "1.0.0"
#define NAVE_PLUGIN_FLAGS           0
#define NAVE_PLUGIN_NEEDS(NEED)     NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER) OFFER("test.life/1", 0, 0)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      LIFE_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE life_option_table
#define NAVE_PLUGIN_OPS          life_ops
#include <nave/define.h>

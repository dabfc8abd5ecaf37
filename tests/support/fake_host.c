/* SPDX-License-Identifier: MIT
 *
 * The fake host and worker. Every block carries nothing of its own: sizes are checked by the sums.
 */
#include "fake_host.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define JOBS_MAX 100000u

/* 1 when the next allocation is to fail. */
static int must_fail(struct fake_host *h)
{
    int64_t left = __atomic_load_n(&h->fail_after, __ATOMIC_RELAXED);

    if (left < 0)
        return 0;
    if (left > 0) {
        __atomic_store_n(&h->fail_after, left - 1, __ATOMIC_RELAXED);
        return 0;
    }
    if (h->fail_once)
        __atomic_store_n(&h->fail_after, -1, __ATOMIC_RELAXED);
    return 1;
}

static void *take(struct fake_host *h, size_t size)
{
    void *p;

    if (must_fail(h))
        return NULL;
    p = malloc(size ? size : 1);
    if (!p)
        return NULL;
    memset(p, 0xA5, size); /* nobody may rely on zeroes */
    __atomic_fetch_add(&h->live_bytes, (int64_t)size, __ATOMIC_RELAXED);
    __atomic_fetch_add(&h->live_blocks, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&h->allocs, 1u, __ATOMIC_RELAXED);
    return p;
}

static void give(struct fake_host *h, void *p, size_t size)
{
    if (!p)
        return;
    __atomic_fetch_sub(&h->live_bytes, (int64_t)size, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&h->live_blocks, 1, __ATOMIC_RELAXED);
    free(p);
}

static struct fake_host *host_of(struct nave_host *h)
{
    return NAVE_CONTAINER_OF(h, struct fake_host, pub);
}

struct nave_handle *fake_host_service(struct fake_host *h, const char *id)
{
    uint32_t i;

    for (i = 0; i < h->service_count; i++) {
        if (!strcmp(h->services[i]->api->id, id))
            return h->services[i];
    }
    return NULL;
}

void fake_host_offer(struct fake_host *h, struct nave_handle *service)
{
    assert(h->service_count < FAKE_SERVICES_MAX);
    h->services[h->service_count++] = service;
}

static nave_err host_bind(struct nave_host *host, const char *id, uint32_t min_minor,
                          uint32_t min_size, struct nave_handle **out_handle)
{
    struct nave_handle *s = fake_host_service(host_of(host), id);

    if (!s)
        return NAVE_ENOTFOUND;
    if (s->api->minor < min_minor || s->api->size < min_size)
        return NAVE_ETOOOLD;
    *out_handle = s;
    return NAVE_OK;
}

static nave_err host_provide(struct nave_host *host, struct nave_handle *service, uint32_t flags)
{
    (void)flags;
    fake_host_offer(host_of(host), service);
    return NAVE_OK;
}

static const struct nave_iface *host_publish(struct nave_host *host, const struct nave_iface *table)
{
    const char *slot = (const char *)table + sizeof(*table);
    const char *end = (const char *)table + table->size;
    void *value;

    (void)host;
    for (; slot < end; slot += sizeof(void *)) {
        memcpy(&value, slot, sizeof(value));
        if (!value)
            return NULL;
    }
    return table;
}

static void *host_mem(struct nave_host *host, void *ptr, size_t old, size_t now)
{
    struct fake_host *h = host_of(host);
    void *p;

    if (!now) {
        give(h, ptr, old);
        return NULL;
    }
    p = take(h, now);
    if (p && ptr) {
        memcpy(p, ptr, old < now ? old : now);
        give(h, ptr, old);
    }
    return p;
}

static void keep_text(char *to, size_t room, const char *text, size_t len)
{
    if (len >= room)
        len = room - 1;
    memcpy(to, text, len);
    to[len] = 0;
}

static void host_log(struct nave_host *host, uint32_t level, const char *text, size_t len)
{
    struct fake_host *h = host_of(host);

    (void)level;
    pthread_mutex_lock(&h->lock);
    h->log_count++;
    keep_text(h->last_log, sizeof(h->last_log), text, len);
    pthread_mutex_unlock(&h->lock);
}

static void host_fail(struct nave_host *host, const char *text, size_t len)
{
    struct fake_host *h = host_of(host);

    h->fail_count++;
    keep_text(h->last_fail, sizeof(h->last_fail), text, len);
}

static uint32_t host_worker_count(struct nave_host *host)
{
    return host_of(host)->workers;
}

static struct fake_counter *find_counter(struct fake_host *h, const char *name)
{
    uint32_t i;

    for (i = 0; i < h->counter_count; i++) {
        if (!strcmp(h->counters[i].name, name))
            return &h->counters[i];
    }
    return NULL;
}

static nave_err host_counter(struct nave_host *host, const char *name, const char *doc,
                             struct nave_counter *out_counter)
{
    struct fake_host *h = host_of(host);
    struct fake_counter *c = find_counter(h, name);

    (void)doc;
    if (!c) {
        if (must_fail(h) || h->counter_count == FAKE_COUNTERS_MAX)
            return NAVE_ENOMEM;
        c = &h->counters[h->counter_count++];
        keep_text(c->name, sizeof(c->name), name, strlen(name));
    }
    out_counter->cells = c->cells;
    out_counter->stride = FAKE_STRIDE;
    out_counter->workers = FAKE_WORKERS_MAX;
    return NAVE_OK;
}

uint64_t fake_host_counter(struct fake_host *h, const char *name)
{
    struct fake_counter *c = find_counter(h, name);
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; c && i < FAKE_WORKERS_MAX; i++)
        sum += c->cells[i * FAKE_STRIDE];
    return sum;
}

static nave_err host_role_make(struct nave_host *host, const char *kind, const char *name,
                               struct nave_conf *conf, struct nave_handle **out_handle)
{
    struct fake_host *h = host_of(host);

    if (!h->on_role_make)
        return NAVE_ENOTFOUND;
    return h->on_role_make(h, kind, name, conf, out_handle);
}

static void host_role_unmake(struct nave_host *host, struct nave_handle *handle)
{
    struct fake_host *h = host_of(host);

    if (handle && h->on_role_unmake)
        h->on_role_unmake(h, handle);
}

static void *host_user(struct nave_host *host)
{
    return host_of(host)->user;
}

static const struct nave_host_iface host_api = {
    .hdr = NAVE_IFACE(struct nave_host_iface, NAVE_HOST_ID, 0, 0),
    .bind = host_bind,
    .provide = host_provide,
    .publish = host_publish,
    .mem = host_mem,
    .log = host_log,
    .fail = host_fail,
    .worker_count = host_worker_count,
    .counter = host_counter,
    .role_make = host_role_make,
    .role_unmake = host_role_unmake,
    .user = host_user,
};

void fake_host_init(struct fake_host *h, uint32_t workers)
{
    memset(h, 0, sizeof(*h));
    h->pub.log_level = NAVE_LOG_DEBUG;
    h->pub.api = &host_api;
    h->workers = workers;
    h->fail_after = -1;
    pthread_mutex_init(&h->lock, NULL);
}

int64_t fake_host_fini(struct fake_host *h)
{
    pthread_mutex_destroy(&h->lock);
    return h->live_blocks;
}

static struct fake_worker *worker_of(struct nave_worker *w)
{
    return NAVE_CONTAINER_OF(w, struct fake_worker, pub);
}

static void *worker_alloc(struct nave_worker *worker, size_t size)
{
    return take(worker_of(worker)->host, size);
}

static void worker_free(struct nave_worker *worker, void *ptr, size_t size)
{
    give(worker_of(worker)->host, ptr, size);
}

static void unlink_timer(struct nave_timer *t)
{
    t->prev->next = t->next;
    t->next->prev = t->prev;
    t->next = t->prev = NULL;
}

static void worker_timer_start(struct nave_worker *worker, struct nave_timer *t,
                               nave_nsec deadline_ns, nave_timer_fn *fn, void *arg)
{
    struct fake_worker *w = worker_of(worker);

    w->timer_starts++;
    if (t->next)
        unlink_timer(t);
    t->deadline_ns = deadline_ns;
    t->order = w->order++;
    t->fn = fn;
    t->arg = arg;
    t->worker = worker;
    t->prev = w->timers.prev;
    t->next = &w->timers;
    t->prev->next = t;
    w->timers.prev = t;
}

static void worker_timer_stop(struct nave_worker *worker, struct nave_timer *t)
{
    worker_of(worker)->timer_stops++;
    if (t->next)
        unlink_timer(t);
}

static void worker_defer(struct nave_worker *worker, struct nave_job *j)
{
    struct fake_worker *w = worker_of(worker);

    j->next = NULL;
    *w->deferred_tail = j;
    w->deferred_tail = &j->next;
}

static nave_err worker_post(struct nave_worker *worker, struct nave_job *j)
{
    struct fake_worker *w = worker_of(worker);
    nave_err err = NAVE_OK;

    pthread_mutex_lock(&w->lock);
    if (w->is_inbox_closed) {
        err = NAVE_ECLOSED;
    } else {
        j->next = NULL;
        *w->posted_tail = j;
        w->posted_tail = &j->next;
    }
    pthread_mutex_unlock(&w->lock);
    return err;
}

static nave_err worker_io_open(struct nave_worker *worker, int64_t fd, nave_io_fn *fn, void *arg,
                               struct nave_io **out_io)
{
    (void)worker;
    (void)fd;
    (void)fn;
    (void)arg;
    (void)out_io;
    return NAVE_EINVAL;
}

static void worker_io_rearm(struct nave_io *io, uint32_t directions)
{
    (void)io;
    (void)directions;
}

static void worker_io_close(struct nave_io *io)
{
    (void)io;
}

static nave_err worker_future_new(struct nave_worker *worker, const struct nave_future_iface *api,
                                  size_t frame_size, struct nave_future **out_future)
{
    (void)worker;
    (void)api;
    (void)frame_size;
    (void)out_future;
    return NAVE_ENOMEM;
}

static void worker_future_drop(struct nave_worker *worker, struct nave_future *f)
{
    (void)worker;
    (void)f;
}

static nave_task_id worker_spawn(struct nave_worker *worker, struct nave_future *f_take)
{
    nave_task_id none;

    (void)worker;
    (void)f_take;
    memset(&none, 0, sizeof(none));
    return none;
}

static void worker_hold(struct nave_worker *worker, const char *what)
{
    (void)what;
    worker_of(worker)->holds++;
}

static void worker_release(struct nave_worker *worker, const char *what)
{
    (void)what;
    worker_of(worker)->holds--;
}

static const uint64_t *worker_runner(const struct nave_worker *worker)
{
    return &((const struct fake_worker *)(const void *)worker)->runner;
}

static const struct nave_worker_iface worker_api = {
    .hdr = NAVE_IFACE(struct nave_worker_iface, NAVE_WORKER_ID, 0, 0),
    .alloc = worker_alloc,
    .free = worker_free,
    .timer_start = worker_timer_start,
    .timer_stop = worker_timer_stop,
    .defer = worker_defer,
    .post = worker_post,
    .io_open = worker_io_open,
    .io_rearm = worker_io_rearm,
    .io_close = worker_io_close,
    .future_new = worker_future_new,
    .future_drop = worker_future_drop,
    .spawn = worker_spawn,
    .spawn_local = worker_spawn,
    .hold = worker_hold,
    .release = worker_release,
    .runner = worker_runner,
};

void fake_worker_init(struct fake_worker *w, struct fake_host *h, uint32_t index)
{
    memset(w, 0, sizeof(*w));
    w->pub.api = &worker_api;
    w->pub.clock = &w->clock;
    w->pub.index = index;
    w->host = h;
    w->runner = nave_thread_here();
    w->clock.now_ns = 1000 * NAVE_SEC;
    w->clock.wall_s = 784111777;
    w->clock.wall_ns = w->clock.wall_s * NAVE_SEC;
    w->timers.next = w->timers.prev = &w->timers;
    w->deferred_tail = &w->deferred;
    w->posted_tail = &w->posted;
    pthread_mutex_init(&w->lock, NULL);
}

void fake_worker_fini(struct fake_worker *w)
{
    pthread_mutex_destroy(&w->lock);
}

static struct nave_job *next_job(struct fake_worker *w)
{
    struct nave_job *j = w->deferred;

    if (j) {
        w->deferred = j->next;
        if (!w->deferred)
            w->deferred_tail = &w->deferred;
        return j;
    }
    pthread_mutex_lock(&w->lock);
    j = w->posted;
    if (j) {
        w->posted = j->next;
        if (!w->posted)
            w->posted_tail = &w->posted;
    }
    pthread_mutex_unlock(&w->lock);
    return j;
}

uint32_t fake_worker_run(struct fake_worker *w)
{
    struct nave_job *j;
    uint32_t n = 0;

    w->clock.turn++;
    while (n < JOBS_MAX && (j = next_job(w)) != NULL) {
        n++;
        w->jobs_run++;
        j->run(j);
    }
    assert(n < JOBS_MAX);
    return n;
}

uint32_t fake_worker_timers(const struct fake_worker *w)
{
    const struct nave_timer *t;
    uint32_t n = 0;

    for (t = w->timers.next; t != &w->timers; t = t->next)
        n++;
    return n;
}

static void set_now(struct fake_worker *w, nave_nsec now_ns)
{
    w->clock.wall_ns += now_ns - w->clock.now_ns;
    w->clock.wall_s = w->clock.wall_ns / NAVE_SEC;
    w->clock.now_ns = now_ns;
}

uint32_t fake_worker_advance(struct fake_worker *w, nave_nsec ns)
{
    nave_nsec until = w->clock.now_ns + ns;
    uint32_t fired = 0;

    fake_worker_run(w);
    for (;;) {
        struct nave_timer *first = NULL;
        struct nave_timer *t;

        for (t = w->timers.next; t != &w->timers; t = t->next) {
            if (t->deadline_ns <= until && (!first || t->deadline_ns < first->deadline_ns))
                first = t;
        }
        if (!first || fired == JOBS_MAX)
            break;
        if (first->deadline_ns > w->clock.now_ns)
            set_now(w, first->deadline_ns);
        unlink_timer(first);
        fired++;
        first->fn(first, first->arg);
        fake_worker_run(w);
    }
    assert(fired < JOBS_MAX);
    set_now(w, until);
    return fired;
}

/* A whole number with an optional unit of `units` ("s", NAVE_SEC, ...). */
static int parse_number(const char *text, int is_duration, uint64_t *out)
{
    static const struct {
        const char *name;
        int is_duration;
        uint64_t factor;
    } units[] = {
        {"ns", 1, 1},
        {"us", 1, NAVE_USEC},
        {"ms", 1, NAVE_MSEC},
        {"s", 1, NAVE_SEC},
        {"m", 1, 60 * NAVE_SEC},
        {"h", 1, 3600 * NAVE_SEC},
        {"d", 1, 86400 * NAVE_SEC},
        {"", 0, 1},
        {"B", 0, 1},
        {"KiB", 0, 1u << 10},
        {"MiB", 0, 1u << 20},
        {"GiB", 0, 1u << 30},
        {"TiB", 0, (uint64_t)1 << 40},
    };
    char *unit;
    unsigned long long n = strtoull(text, &unit, 10);
    size_t i;

    if (unit == text)
        return 0;
    for (i = 0; i < NAVE_COUNT(units); i++) {
        if (units[i].is_duration == is_duration && !strcmp(unit, units[i].name)) {
            *out = n * units[i].factor;
            return 1;
        }
    }
    *out = n;
    return is_duration && !n && !*unit;
}

int fake_options_default(const struct nave_option_table *table, void *options)
{
    uint32_t i;

    memset(options, 0, table->struct_size);
    for (i = 0; i < table->count; i++) {
        const struct nave_option *o = &table->rows[i];
        char *at = (char *)options + o->offset;
        uint64_t n;
        uint32_t is_set;
        struct nave_str text;

        switch (o->kind) {
        case NAVE_OPTION_KIND_flag:
            is_set = !strcmp(o->default_text, "true");
            memcpy(at, &is_set, sizeof(is_set));
            break;
        case NAVE_OPTION_KIND_text:
            text.ptr = o->default_text;
            text.len = strlen(o->default_text);
            memcpy(at, &text, sizeof(text));
            break;
        case NAVE_OPTION_KIND_conf:
            break;
        default:
            if (!parse_number(o->default_text, o->kind == NAVE_OPTION_KIND_duration, &n))
                return 0;
            memcpy(at, &n, sizeof(n));
            break;
        }
    }
    return 1;
}

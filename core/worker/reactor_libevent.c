/* SPDX-License-Identifier: MIT
 *
 * The reactor over libevent, and the only file that knows it. Used in a narrow way: a base without
 * locks, one persistent event per descriptor added once, no libevent timers (a timerfd of our own,
 * armed only when the deadline moved nearer), an eventfd to be woken by.
 *
 * Where the backend is edge-triggered and tells the peer's end apart (epoll), a descriptor costs one
 * epoll_ctl in its life and one when it goes. Elsewhere each direction is one-shot and re-armed.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "poller.h"
#include "usage.h"
#include "worker_state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#define BASE_FILES 4

#define BACKENDS_MAX 16

struct nv_poller {
    struct event_base *base;
    int32_t is_edge;
    uint32_t called;
    uint32_t sample_left; /* callbacks until one is measured */
    /* pending until the first callback of a poll */
    void (*woke)(void *arg);
    void *woke_arg;
    nave_nsec armed_ns; /* when timer_fd fires; NAVE_NEVER: not armed */
    int wake_fd;
    int timer_fd;
    struct event wake_event;
    struct event timer_event;
};

struct libevent_io {
    struct nv_poller_io io; /* first */
    struct nv_poller *poller;
    struct event event; /* edge: both directions; else: reading */
};

/* The one for writing exists only where the backend is not edge-triggered. */
struct level_io {
    struct libevent_io base;
    struct event write_event;
};

static inline void note_woken(struct nv_poller *p)
{
    void (*woke)(void *) = p->woke;

    if (woke) {
        p->woke = NULL;
        woke(p->woke_arg);
    }
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    struct libevent_io *io = arg;
    struct nv_worker *worker = io->io.owner->worker; /* the callback may close the io */
    uint32_t w = (uint32_t)what;

    (void)fd;
    if (NAVE_UNLIKELY(io->poller->woke != NULL)) { /* the first of this poll */
        note_woken(io->poller);
        nv_worker_calls(worker);
    }
    io->poller->called++;
    /* EV_READ 0x02, EV_WRITE 0x04, EV_CLOSED 0x80 */
    w = ((w >> 1) & 3u) | ((w >> 5) & NAVE_IO_CLOSED);
    nv_stat_add(&worker->stats.io_events, 1);
    nv_stat_enter(&worker->stats, io->io.owner, "descriptor");
    if (NAVE_UNLIKELY(nv_sample_due(&io->poller->sample_left)))
        nv_sample_io(&io->io, w);
    else
        io->io.fn(io->io.arg, w);
    nv_worker_micro(worker);
}
NAVE_STATIC_ASSERT(EV_READ == 0x02 && EV_WRITE == 0x04 && EV_CLOSED == 0x80, "see on_io");

/* eventfd and timerfd alike: a number to be taken. Edge-triggered ones need no read: every write and
 * every expiry is an edge of its own. */
static void on_number(evutil_socket_t fd, short what, void *arg)
{
    struct nv_poller *p = arg;
    uint64_t n;

    (void)what;
    if (fd == p->timer_fd)
        p->armed_ns = NAVE_NEVER;
    if (!p->is_edge && read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
        return; /* it will be told again */
}

static nave_nsec read_clock(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

static nave_nsec libevent_now(struct nv_poller *p)
{
    (void)p;
    return read_clock(CLOCK_MONOTONIC);
}

static nave_nsec libevent_wall(struct nv_poller *p)
{
    (void)p;
    return read_clock(CLOCK_REALTIME);
}

/* event_get_supported_methods() frees what it returned before: asked once, the names are static. */
static pthread_once_t backends_once = PTHREAD_ONCE_INIT;
static const char *backends[BACKENDS_MAX + 1];

static void read_backends(void)
{
    const char **have = event_get_supported_methods();
    size_t i;

    for (i = 0; have && have[i] && i < BACKENDS_MAX; i++)
        backends[i] = have[i];
}

/* Keep libevent to the backend that was asked for. */
static nave_err choose_backend(struct event_config *config, const char *backend)
{
    const char *const *have = nv_poller_libevent_backends();
    int32_t is_found = 0;
    size_t i;

    if (!backend || strcmp(backend, "auto") == 0)
        return NAVE_OK;
    for (i = 0; have[i]; i++)
        is_found |= strcmp(have[i], backend) == 0;
    if (!is_found)
        return NAVE_ENOTFOUND;
    for (i = 0; have[i]; i++)
        if (strcmp(have[i], backend) != 0 && event_config_avoid_method(config, have[i]) != 0)
            return NAVE_ENOMEM;
    return NAVE_OK;
}

static nave_err make_base(const char *backend, struct event_base **out_base)
{
    struct event_config *config = event_config_new();
    nave_err err;

    if (!config)
        return NAVE_ENOMEM;
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_NO_CACHE_TIME |
                                      EVENT_BASE_FLAG_IGNORE_ENV);
    err = choose_backend(config, backend);
    if (err == NAVE_OK) {
        *out_base = event_base_new_with_config(config);
        if (!*out_base)
            err = NAVE_ENOMEM;
    }
    event_config_free(config);
    return err;
}

/* 1: as many descriptors can be opened as a base takes (one of epoll, a pair for signals). libevent
 * ends the process when the pair fails, and turns to a lesser backend when the first does. */
static int32_t has_spare_files(int fd)
{
    int spare[BASE_FILES];
    int32_t i, n;
    int saved;

    for (n = 0; n < BASE_FILES; n++) {
        spare[n] = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (spare[n] < 0)
            break;
    }
    saved = errno;
    for (i = 0; i < n; i++)
        close(spare[i]);
    errno = saved;
    return n == BASE_FILES;
}

static void libevent_destroy(struct nv_poller *p)
{
    if (!p)
        return;
    if (p->wake_fd >= 0) {
        if (event_initialized(&p->wake_event))
            event_del(&p->wake_event);
        close(p->wake_fd);
    }
    if (p->timer_fd >= 0) {
        if (event_initialized(&p->timer_event))
            event_del(&p->timer_event);
        close(p->timer_fd);
    }
    if (p->base)
        event_base_free(p->base);
    free(p);
}

static nave_err watch_number(struct nv_poller *p, struct event *e, int fd)
{
    short what = (short)(EV_READ | EV_PERSIST | (p->is_edge ? EV_ET : 0));

    if (event_assign(e, p->base, fd, what, on_number, p) != 0 || event_add(e, NULL) != 0)
        return NAVE_ENOMEM;
    return NAVE_OK;
}

static nave_err libevent_create(void *arg, const char *backend, struct nv_poller **out_poller)
{
    struct nv_poller *p = calloc(1, sizeof(*p));
    nave_err err;
    int features;

    (void)arg;
    if (!p)
        return NAVE_ENOMEM;
    p->wake_fd = p->timer_fd = -1;
    p->armed_ns = NAVE_NEVER;
    /* event_assign is used with the struct of the headers: the library must agree on its size. */
    if (event_get_struct_event_size() > sizeof(struct event)) {
        err = NAVE_EABI;
        goto fail;
    }
    p->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (p->wake_fd >= 0)
        p->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (p->timer_fd < 0 || !has_spare_files(p->wake_fd)) {
        err = errno == ENOMEM ? NAVE_ENOMEM : NAVE_ENOFILES;
        goto fail;
    }
    err = make_base(backend, &p->base);
    if (err != NAVE_OK)
        goto fail;
    features = event_base_get_features(p->base);
    p->is_edge = (features & EV_FEATURE_ET) && (features & EV_FEATURE_EARLY_CLOSE);
    err = watch_number(p, &p->wake_event, p->wake_fd);
    if (err == NAVE_OK)
        err = watch_number(p, &p->timer_event, p->timer_fd);
    if (err != NAVE_OK)
        goto fail;
    *out_poller = p;
    return NAVE_OK;
fail:
    libevent_destroy(p);
    return err;
}

static size_t libevent_io_size(const struct nv_poller *p)
{
    return p->is_edge ? sizeof(struct libevent_io) : sizeof(struct level_io);
}

/* Why event_add failed, from errno. */
static nave_err add_error(void)
{
    return errno == ENOMEM ? NAVE_ENOMEM : errno == ENOSPC ? NAVE_ELIMIT : NAVE_EINVAL;
}

static nave_err libevent_io_open(struct nv_poller *p, struct nv_poller_io *pub, int64_t fd)
{
    struct level_io *io = (struct level_io *)(void *)pub;

    if (fd < 0 || fd > INT_MAX)
        return NAVE_EINVAL; /* libevent takes -1 for a pure timer */
    io->base.poller = p;
    errno = 0;
    if (p->is_edge) {
        if (event_assign(&io->base.event, p->base, (evutil_socket_t)fd,
                         EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_io, io) != 0 ||
            event_add(&io->base.event, NULL) != 0)
            return add_error();
        pub->pub.flags = NAVE_IO_IS_EDGE;
        return NAVE_OK;
    }
    if (event_assign(&io->base.event, p->base, (evutil_socket_t)fd, EV_READ, on_io, io) != 0 ||
        event_assign(&io->write_event, p->base, (evutil_socket_t)fd, EV_WRITE, on_io, io) != 0 ||
        event_add(&io->base.event, NULL) != 0)
        return add_error();
    if (event_add(&io->write_event, NULL) != 0) {
        nave_err err = add_error();

        event_del(&io->base.event);
        return err;
    }
    return NAVE_OK;
}

/* A failure of event_add leaves the direction silent until the owner's deadline ends it. */
static void libevent_io_rearm(struct nv_poller *p, struct nv_poller_io *pub, uint32_t directions)
{
    struct level_io *io = (struct level_io *)(void *)pub;

    if (p->is_edge)
        return;
    if ((directions & NAVE_IO_READ) && event_add(&io->base.event, NULL) != 0)
        return;
    if (directions & NAVE_IO_WRITE)
        (void)event_add(&io->write_event, NULL);
}

static void libevent_io_close(struct nv_poller *p, struct nv_poller_io *pub)
{
    struct level_io *io = (struct level_io *)(void *)pub;

    event_del(&io->base.event);
    if (!p->is_edge)
        event_del(&io->write_event);
}

/* Have timer_fd fire at `at`, unless it will before. Firing too early costs one turn; so the timer
 * is set only when a deadline is nearer than all before, and not at all in most turns. */
static void arm_timer(struct nv_poller *p, nave_nsec at)
{
    struct itimerspec spec = {{0, 0}, {0, 0}};

    if (NAVE_LIKELY(at >= p->armed_ns))
        return;
    spec.it_value.tv_sec = (time_t)(at / NAVE_SEC);
    spec.it_value.tv_nsec = (long)(at % NAVE_SEC);
    if (timerfd_settime(p->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) == 0)
        p->armed_ns = at;
}

/* Nothing is awaited any more: a deadline that was taken back must not wake an idle worker. */
static void disarm_timer(struct nv_poller *p)
{
    static const struct itimerspec never = {{0, 0}, {0, 0}};

    if (p->armed_ns != NAVE_NEVER && timerfd_settime(p->timer_fd, 0, &never, NULL) == 0)
        p->armed_ns = NAVE_NEVER;
}

static uint32_t libevent_poll(struct nv_poller *p, nave_nsec until_ns, void (*woke)(void *),
                              void *arg)
{
    p->called = 0;
    p->woke = woke;
    p->woke_arg = arg;
    if (until_ns == NAVE_NEVER)
        disarm_timer(p);
    else if (until_ns > 0)
        arm_timer(p, until_ns);
    /* NONBLOCK alone would ask the kernel again until nothing is ready. */
    event_base_loop(p->base, until_ns > 0 ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
    note_woken(p);
    return p->called;
}

static void libevent_wake(struct nv_poller *p)
{
    uint64_t one = 1;
    int saved = errno; /* also called in signal handlers */
    ssize_t n;

    do
        n = write(p->wake_fd, &one, sizeof(one));
    while (n < 0 && errno == EINTR);
    errno = saved;
}

static const char *libevent_backend(const struct nv_poller *p)
{
    return event_base_get_method(p->base);
}

const struct nv_poller_ops nv_poller_libevent = {
    .name = "libevent",
    .create = libevent_create,
    .destroy = libevent_destroy,
    .io_size = libevent_io_size,
    .io_open = libevent_io_open,
    .io_rearm = libevent_io_rearm,
    .io_close = libevent_io_close,
    .poll = libevent_poll,
    .wake = libevent_wake,
    .now = libevent_now,
    .wall = libevent_wall,
    .backend = libevent_backend,
};

const char *const *nv_poller_libevent_backends(void)
{
    pthread_once(&backends_once, read_backends);
    return backends;
}

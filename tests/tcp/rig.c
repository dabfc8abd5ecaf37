/* SPDX-License-Identifier: MIT
 *
 * The rig. Waiting is always for a descriptor, never for time to pass.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "rig.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

extern const struct nave_plugin *tcp_plugin_entry_v1(void);

/* --- the spy: these definitions come before those of libc --------------------------------------- */

struct spy spy;

/* As glibc has it: registers that hold no argument are passed on as well. */
static long kernel(long number, long a, long b, long c, long d, long e, long f)
{
    static long (*next)(long number, ...);

    if (!next)
        *(void **)(void *)&next = dlsym(RTLD_NEXT, "syscall");
    return next(number, a, b, c, d, e, f);
}

/* recv and send of plugins/tcp/kernel.h. */
long syscall(long number, ...)
{
    long args[6];
    va_list list;
    uint32_t i;

    va_start(list, number);
    for (i = 0; i < NAVE_COUNT(args); i++)
        args[i] = va_arg(list, long);
    va_end(list);
    spy.recvs += number == SYS_recvfrom;
    spy.sends += number == SYS_sendto;
    return kernel(number, args[0], args[1], args[2], args[3], args[4], args[5]);
}

/* What it has in a build with sanitizers. */
ssize_t recv(int fd, void *data, size_t len, int flags)
{
    return syscall(SYS_recvfrom, fd, data, len, flags, NULL, NULL);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    return syscall(SYS_sendto, fd, data, len, flags, NULL, 0);
}

int accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
    spy.accepts++;
    if (spy.accept_failures > 0) {
        spy.accept_failures--;
        errno = spy.accept_error;
        return -1;
    }
    return (int)syscall(SYS_accept4, fd, sa, len, flags);
}

/* --- the reactor -------------------------------------------------------------------------------- */

static struct rig *rig_of(struct nave_worker *w)
{
    return NAVE_CONTAINER_OF(w, struct rig, worker.pub);
}

static uint32_t epoll_bits(const struct rig *r, uint32_t armed)
{
    uint32_t bits = EPOLLRDHUP | (r->backend == RIG_EPOLL ? EPOLLET : EPOLLONESHOT);

    return bits | (armed & NAVE_IO_READ ? EPOLLIN : 0) | (armed & NAVE_IO_WRITE ? EPOLLOUT : 0);
}

static nave_err rig_io_open(struct nave_worker *w, int64_t fd, nave_io_fn *fn, void *arg,
                            struct nave_io **out_io)
{
    struct rig *r = rig_of(w);
    struct rig_io *io = w->api->alloc(w, sizeof(*io));
    struct epoll_event ev = {.events = epoll_bits(r, NAVE_IO_READ | NAVE_IO_WRITE)};

    if (!io)
        return NAVE_ENOMEM;
    if (r->io_count == RIG_IOS) {
        w->api->free(w, io, sizeof(*io));
        return NAVE_ELIMIT;
    }
    memset(io, 0, sizeof(*io));
    io->pub.api = w->api;
    io->pub.flags = r->backend == RIG_EPOLL ? NAVE_IO_IS_EDGE : 0;
    io->rig = r;
    io->fd = (int)fd;
    io->fn = fn;
    io->arg = arg;
    io->armed = NAVE_IO_READ | NAVE_IO_WRITE;
    io->is_open = 1;
    ev.data.ptr = io;
    if (r->backend != RIG_POLL)
        CU_ASSERT_EQUAL_FATAL(epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, io->fd, &ev), 0);
    r->ios[r->io_count++] = io;
    *out_io = &io->pub;
    return NAVE_OK;
}

static void rig_io_rearm(struct nave_io *pub, uint32_t directions)
{
    struct rig_io *io = (struct rig_io *)(void *)pub;
    struct epoll_event ev = {.data.ptr = io};

    io->rig->rearms++;
    io->armed |= directions;
    ev.events = epoll_bits(io->rig, io->armed);
    if (io->rig->backend == RIG_EPOLL1)
        CU_ASSERT_EQUAL(epoll_ctl(io->rig->epoll_fd, EPOLL_CTL_MOD, io->fd, &ev), 0);
}

static void rig_io_close(struct nave_io *pub)
{
    struct rig_io *io = (struct rig_io *)(void *)pub;

    CU_ASSERT(io->is_open);
    if (io->rig->backend != RIG_POLL)
        CU_ASSERT_EQUAL(epoll_ctl(io->rig->epoll_fd, EPOLL_CTL_DEL, io->fd, NULL), 0);
    io->is_open = 0;
}

static void free_closed(struct rig *r)
{
    uint32_t i, kept = 0;

    for (i = 0; i < r->io_count; i++) {
        if (r->ios[i]->is_open)
            r->ios[kept++] = r->ios[i];
        else
            r->worker.pub.api->free(&r->worker.pub, r->ios[i], sizeof(struct rig_io));
    }
    r->io_count = kept;
}

/* Level-triggered: a direction that was told is silent until it is armed again. */
static void deliver(struct rig_io *io, uint32_t ready)
{
    if (!io->is_open || !ready)
        return;
    io->rig->polls_ready++;
    io->armed &= ~ready;
    io->fn(io->arg, ready);
}

static uint32_t poll_epoll(struct rig *r, int wait_ms)
{
    struct epoll_event evs[RIG_IOS];
    int n = epoll_wait(r->epoll_fd, evs, RIG_IOS, wait_ms);
    int i;

    for (i = 0; i < n; i++) {
        struct rig_io *io = evs[i].data.ptr;
        uint32_t bits = evs[i].events;
        uint32_t ready = 0;

        if (bits & (EPOLLIN | EPOLLERR | EPOLLHUP))
            ready |= NAVE_IO_READ;
        if (bits & (EPOLLOUT | EPOLLERR | EPOLLHUP))
            ready |= NAVE_IO_WRITE;
        if (r->backend == RIG_EPOLL1) {
            ready &= io->armed; /* a level-triggered backend has no EPOLLRDHUP */
            if (!ready && bits & EPOLLRDHUP)
                continue;
        } else if (bits & EPOLLRDHUP) {
            ready |= NAVE_IO_CLOSED;
        }
        deliver(io, ready);
        if (r->backend == RIG_EPOLL1 && io->is_open && io->armed) {
            io->rig->rearms--;
            rig_io_rearm(&io->pub, 0); /* one-shot is for both; ours for each direction */
        }
    }
    return n > 0 ? (uint32_t)n : 0;
}

static uint32_t poll_poll(struct rig *r, int wait_ms)
{
    struct pollfd fds[RIG_IOS];
    struct rig_io *ios[RIG_IOS];
    uint32_t i, n = 0, done = 0;

    for (i = 0; i < r->io_count; i++) {
        if (!r->ios[i]->is_open || !r->ios[i]->armed)
            continue;
        ios[n] = r->ios[i];
        fds[n].fd = ios[n]->fd;
        fds[n].events = (short)((ios[n]->armed & NAVE_IO_READ ? POLLIN : 0) |
                                (ios[n]->armed & NAVE_IO_WRITE ? POLLOUT : 0));
        fds[n++].revents = 0;
    }
    if (poll(fds, n, wait_ms) <= 0)
        return 0;
    for (i = 0; i < n; i++) {
        uint32_t ready = 0;

        if (fds[i].revents & (POLLIN | POLLERR | POLLHUP))
            ready |= NAVE_IO_READ;
        if (fds[i].revents & (POLLOUT | POLLERR))
            ready |= NAVE_IO_WRITE;
        ready &= ios[i]->armed;
        if (ready)
            done++;
        deliver(ios[i], ready);
    }
    return done;
}

uint32_t rig_turn(struct rig *r, int wait_ms)
{
    uint32_t done = fake_worker_run(&r->worker);

    done += r->backend == RIG_POLL ? poll_poll(r, done ? 0 : wait_ms)
                                   : poll_epoll(r, done ? 0 : wait_ms);
    done += fake_worker_run(&r->worker);
    free_closed(r);
    return done;
}

int rig_until(struct rig *r, const uint32_t *value, uint32_t least)
{
    int idle = 0;
    int turns = 0;

    while (*value < least && idle < 20 && turns++ < 10000)
        idle = rig_turn(r, 100) ? 0 : idle + 1;
    return *value >= least;
}

void rig_settle(struct rig *r)
{
    int turns = 0;

    while (rig_turn(r, 5) && turns++ < 10000)
        continue;
    CU_ASSERT(turns < 10000);
}

/* --- the protocol, and the plugin's life -------------------------------------------------------- */

static void on_accept(struct nave_protocol *p, struct nave_stream *s,
                      const struct nave_accept_info *info)
{
    struct rig *r = NAVE_CONTAINER_OF(p, struct rig, protocol);

    CU_ASSERT_EQUAL(info->worker, 0);
    if (r->is_closing_on_accept)
        nave_stream_close(s, 0);
    else
        r->streams[r->accepted] = s;
    r->accepted++;
    CU_ASSERT_FATAL(r->accepted < RIG_STREAMS);
}

static const struct nave_protocol_iface protocol_api = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, 0),
    .accept = on_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

void rig_init(struct rig *r, int backend)
{
    memset(r, 0, sizeof(*r));
    memset(&spy, 0, sizeof(spy));
    fake_host_init(&r->host, 1);
    fake_worker_init(&r->worker, &r->host, 0);
    r->worker_api = *r->worker.pub.api;
    r->worker_api.io_open = rig_io_open;
    r->worker_api.io_rearm = rig_io_rearm;
    r->worker_api.io_close = rig_io_close;
    r->worker.pub.api = &r->worker_api;
    r->protocol.api = &protocol_api;
    r->plugin = tcp_plugin_entry_v1();
    r->backend = backend;
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    CU_ASSERT_FATAL(r->epoll_fd >= 0);
    CU_ASSERT_FATAL(fake_options_default(r->plugin->options(), &r->options));
}

nave_err rig_start(struct rig *r, const char *address)
{
    const struct nave_plugin_ops *ops = r->plugin->ops;
    struct nave_prepare_args prepare = {.size = sizeof(prepare), .options = &r->options};
    struct nave_role_args make = {.size = sizeof(make)};
    struct nave_listen_args listen_args = {.size = sizeof(listen_args),
                                           .address = {address, strlen(address)},
                                           .name = NAVE_STR_LIT("web"),
                                           .next = &r->protocol,
                                           .inherited = r->inherited,
                                           .inherited_count = r->inherited_count};
    struct nave_transport *t;
    void *self = NULL;
    nave_err err = ops->create(&r->host.pub, &self);

    if (err)
        return err;
    r->self = self;
    err = ops->prepare(self, &prepare);
    if (!err)
        err = r->plugin->roles[0]->make(self, &make, &r->transport);
    if (!err)
        err = ops->commit(self);
    if (!err)
        err = ops->start(self);
    if (!err)
        err = ops->worker_start(self, &r->worker.pub);
    if (err)
        return err;
    t = (struct nave_transport *)(void *)r->transport;
    err = t->api->listen(t, &listen_args, &r->listener);
    if (!err)
        err = r->listener->api->start(r->listener, 0);
    return err;
}

void rig_end(struct rig *r)
{
    const struct nave_plugin_ops *ops = r->plugin->ops;
    uint32_t i;

    r->host.fail_after = -1;
    if (r->listener)
        r->listener->api->stop(r->listener, 0);
    for (i = 0; i < r->accepted; i++)
        nave_stream_close(r->streams[i], NAVE_CLOSE_ABORT);
    if (r->self && r->self->workers[0].w)
        ops->worker_stop(r->self, &r->worker.pub);
    fake_worker_run(&r->worker);
    if (r->listener)
        r->listener->api->destroy(r->listener);
    if (r->self) {
        CU_ASSERT_EQUAL(r->self->open, 0);
        if (r->transport)
            r->plugin->roles[0]->unmake(r->self, r->transport);
        ops->stop(r->self);
        ops->destroy(r->self);
    }
    free_closed(r);
    CU_ASSERT_EQUAL(r->io_count, 0);
    CU_ASSERT_EQUAL(r->worker.holds, 0);
    CU_ASSERT_EQUAL(fake_worker_timers(&r->worker), 0);
    CU_ASSERT_EQUAL(r->host.live_bytes, 0);
    fake_worker_fini(&r->worker);
    CU_ASSERT_EQUAL(fake_host_fini(&r->host), 0);
    close(r->epoll_fd);
}

int rig_connect(struct rig *r)
{
    struct nave_addr a;
    struct timeval two = {.tv_sec = 2};
    struct sockaddr_storage room;
    struct sockaddr_in ip4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
    socklen_t len;
    int fd;

    CU_ASSERT_EQUAL_FATAL(r->listener->api->address(r->listener, &a), NAVE_OK);
    memset(&room, 0, sizeof(room));
    if (a.family == NAVE_ADDR_IP4) {
        ip4.sin_port = htons(a.port);
        memcpy(&ip4.sin_addr, a.bytes, 4);
        memcpy(&room, &ip4, len = sizeof(ip4));
    } else {
        ip6.sin6_port = htons(a.port);
        memcpy(&ip6.sin6_addr, a.bytes, 16);
        memcpy(&room, &ip6, len = sizeof(ip6));
    }
    fd = socket(room.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_FATAL(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &two, sizeof(two));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &two, sizeof(two));
    CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&room, len), 0);
    return fd;
}

struct nave_stream *rig_pair(struct rig *r, int *out_client)
{
    uint32_t before = r->accepted;

    *out_client = rig_connect(r);
    CU_ASSERT_FATAL(rig_until(r, &r->accepted, before + 1));
    return r->streams[before];
}

void rig_close(struct rig *r, struct nave_stream *s, uint32_t flags)
{
    uint32_t i;

    for (i = 0; i < r->accepted; i++) {
        if (r->streams[i] == s)
            r->streams[i] = NULL;
    }
    nave_stream_close(s, flags);
}

int rig_wait_fd(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 2000) == 1;
}

/* SPDX-License-Identifier: MIT
 *
 * Accepting, as one small state machine for each worker and listener. It never spins: a burst is
 * bounded, and what cannot go on (limit, descriptors, memory) rests until a close or a timer.
 *
 *     WAITING --report--> burst --drained--> WAITING
 *                           |----all used--> MORE  --job----------> burst
 *                           |----limit-----> LIMIT --close, timer-> burst
 *                           '----no files--> SHORT --timer--------> burst
 *
 * Connections that are not accepted stay in the kernel's backlog; nobody is turned away by us.
 */
#include "listener.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

static const struct tcp_options *options_of(const struct tcp_acceptor *a)
{
    return &a->listener->plugin->options;
}

static void count(const struct tcp_acceptor *a, const struct nave_counter *c)
{
    nave_counter_add(c, a->worker->w->index, 1);
}

/* --- the limit over all workers ------------------------------------------------------------- */

static int reserve_place(struct tcp_plugin *plugin)
{
    if (__atomic_fetch_add(&plugin->open, 1, __ATOMIC_RELAXED) < plugin->options.max_connections)
        return 1;
    __atomic_fetch_sub(&plugin->open, 1, __ATOMIC_RELAXED);
    return 0;
}

static void give_place_back(struct tcp_plugin *plugin)
{
    __atomic_fetch_sub(&plugin->open, 1, __ATOMIC_RELAXED);
}

/* --- one burst ------------------------------------------------------------------------------ */

/* Say once a second at most why accepting rests. */
static void complain(struct tcp_acceptor *a, const char *why)
{
    struct tcp_worker *tw = a->worker;
    struct nave_host *host = tw->plugin->host;
    char text[160];

    if (nave_now(tw->w) < tw->log_after_ns || !nave_host_logs(host, NAVE_LOG_WARN))
        return;
    tw->log_after_ns = nave_now(tw->w) + TCP_LOG_EVERY_NS;
    snprintf(text, sizeof(text), "accepting rests: %s; new connections wait in the backlog", why);
    host->api->log(host, NAVE_LOG_WARN, text, strlen(text));
}

/* What accepting goes on with after accept4 said `error`; MORE: try again. */
static uint16_t state_after_error(struct tcp_acceptor *a, int error)
{
    const struct tcp_counters *counters = &a->worker->plugin->counters;

    switch (error) {
    case EAGAIN:
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
        return TCP_ACCEPT_WAITING;
    case EINTR:
        return TCP_ACCEPT_MORE;
    case EMFILE:
    case ENFILE:
        count(a, &counters->accept_no_files);
        complain(a, error == EMFILE ? "this process is out of descriptors (ulimit -n)"
                                    : "the system is out of descriptors");
        return TCP_ACCEPT_SHORT;
    case ENOMEM:
    case ENOBUFS:
        count(a, &counters->accept_no_memory);
        complain(a, "the system is out of memory for sockets");
        return TCP_ACCEPT_SHORT;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP: /* ours, or a listening socket that was shut from outside: do not spin */
        count(a, &counters->accept_errors);
        complain(a, strerror(error));
        return TCP_ACCEPT_SHORT;
    default: /* an error of the one connection: ECONNABORTED, EPROTO, EPERM, ENETDOWN, ... */
        count(a, &counters->accept_errors);
        return TCP_ACCEPT_MORE;
    }
}

/* Make a stream of `fd` and hand it on; its place is reserved. */
static uint16_t hand_on(struct tcp_acceptor *a, int fd)
{
    struct tcp_worker *tw = a->worker;
    struct nave_protocol *next = a->listener->next;
    struct nave_accept_info info = {.worker = tw->w->index};
    struct tcp_stream *s;
    nave_err err = tcp_stream_create(tw, fd, &s);

    if (err) {
        close(fd);
        give_place_back(tw->plugin);
        count(a, &tw->plugin->counters.accept_no_memory);
        complain(a, nave_err_text(err));
        return TCP_ACCEPT_SHORT;
    }
    count(a, &tw->plugin->counters.connections_accepted);
    next->api->accept(next, &s->pub, &info);
    return TCP_ACCEPT_MORE;
}

/* Try to accept `most` connections. What is to be waited for then; MORE: there may be others. */
static uint16_t burst(struct tcp_acceptor *a, uint64_t most)
{
    struct tcp_plugin *plugin = a->worker->plugin;
    uint16_t state = TCP_ACCEPT_MORE;
    int fd;

    for (; most > 0 && state == TCP_ACCEPT_MORE; most--) {
        if (!reserve_place(plugin)) {
            count(a, &plugin->counters.connections_held_back);
            complain(a, "max_connections is reached");
            return TCP_ACCEPT_LIMIT;
        }
        fd = tcp_socket_accept(a->fd);
        if (fd >= 0) {
            state = hand_on(a, fd);
        } else {
            state = state_after_error(a, errno);
            give_place_back(plugin);
        }
    }
    return state;
}

/* --- the state machine ---------------------------------------------------------------------- */

static void resume_on_time(struct nave_timer *timer, void *arg);

static void pause_accepting(struct tcp_acceptor *a)
{
    struct tcp_worker *tw = a->worker;

    a->next_paused = tw->paused;
    tw->paused = a;
    if (!nave_timer_is_armed(&tw->resume))
        nave_timer_start(tw->w, &tw->resume, options_of(a)->accept_pause, resume_on_time, tw);
}

/* The one place that changes the state, but for start and stop. */
static void go_on(struct tcp_acceptor *a)
{
    uint16_t state = burst(a, options_of(a)->accept_burst);

    if (a->state == TCP_ACCEPT_STOPPED)
        return; /* a protocol stopped us inside accept */
    a->state = state;
    switch (state) {
    case TCP_ACCEPT_WAITING:
        nave_io_rearm(a->io, NAVE_IO_READ);
        break;
    case TCP_ACCEPT_MORE:
        if (!a->is_queued) {
            a->is_queued = 1;
            nave_worker_defer(a->worker->w, &a->job);
        }
        break;
    default:
        pause_accepting(a);
        break;
    }
}

static void run_job(struct nave_job *j)
{
    struct tcp_acceptor *a = NAVE_CONTAINER_OF(j, struct tcp_acceptor, job);

    a->is_queued = 0;
    if (a->state == TCP_ACCEPT_MORE)
        go_on(a);
}

static void on_ready(void *arg, uint32_t ready)
{
    struct tcp_acceptor *a = arg;

    (void)ready;
    if (a->state == TCP_ACCEPT_WAITING) /* else the job, the timer or a close goes on */
        go_on(a);
}

/* Let every paused acceptor go on by its job: never inside the call that found room. */
static void resume_all(struct tcp_worker *tw)
{
    while (tw->paused) {
        struct tcp_acceptor *a = tw->paused;

        tw->paused = a->next_paused;
        a->next_paused = NULL;
        a->state = TCP_ACCEPT_MORE;
        if (!a->is_queued) {
            a->is_queued = 1;
            nave_worker_defer(tw->w, &a->job);
        }
    }
    nave_timer_stop(tw->w, &tw->resume);
}

static void resume_on_time(struct nave_timer *timer, void *arg)
{
    (void)timer;
    resume_all(arg);
}

void tcp_worker_closed_one(struct tcp_worker *tw)
{
    give_place_back(tw->plugin);
    nave_counter_add(&tw->plugin->counters.connections_closed, tw->w->index, 1);
    if (NAVE_UNLIKELY(tw->paused != NULL))
        resume_all(tw);
}

nave_err tcp_acceptor_start(struct tcp_acceptor *a)
{
    struct nave_worker *w = a->worker->w;
    nave_err err;

    a->job.run = run_job;
    a->state = TCP_ACCEPT_WAITING;
    err = w->api->io_open(w, a->fd, on_ready, a, &a->io);
    if (err) {
        a->io = NULL;
        a->state = TCP_ACCEPT_IDLE;
    }
    return err;
}

static void forget_pause(struct tcp_acceptor *a)
{
    struct tcp_acceptor **link = &a->worker->paused;

    while (*link && *link != a)
        link = &(*link)->next_paused;
    if (*link)
        *link = a->next_paused;
    a->next_paused = NULL;
    if (!a->worker->paused)
        nave_timer_stop(a->worker->w, &a->worker->resume);
}

void tcp_acceptor_stop(struct tcp_acceptor *a)
{
    if (a->state == TCP_ACCEPT_IDLE || a->state == TCP_ACCEPT_STOPPED)
        return;
    forget_pause(a);
    a->state = TCP_ACCEPT_STOPPED;
    /* The kernel has answered these peers already; closing would reset them. Its queue holds one
     * more than the backlog; what arrives meanwhile is not waited for. Of a socket that was passed
     * the backlog is not ours; who passed it may have it still, or not: what waits is served. */
    (void)burst(a, (a->listener->is_inherited ? TCP_BACKLOG_MAX : options_of(a)->backlog) + 1);
    a->io->api->io_close(a->io);
    a->io = NULL;
    close(a->fd);
    a->fd = -1;
}

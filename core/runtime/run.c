/* SPDX-License-Identifier: MIT
 *
 * See run.h. The bell is a pipe because a signal handler may write to one.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "runtime.h"
#include "signals.h"
#include "stragglers.h"
#include "worker/group.h"

#define PATIENCE NAVE_SEC

static nave_nsec now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

/* --- the bell -------------------------------------------------------------------------------- */

void nv_run_ring(void *arg)
{
    struct nave_runtime *rt = arg;
    int saved = errno;

    /* A full pipe has rung already. */
    if (__atomic_load_n(&rt->run.is_open, __ATOMIC_ACQUIRE) && write(rt->run.bell[1], "", 1) < 0)
        errno = saved;
}

static int32_t make_flags(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static nave_err open_bell(struct nave_runtime *rt)
{
    struct nv_run *r = &rt->run;
    int number;

    if (r->is_open)
        return NAVE_OK;
    if (pipe(r->bell) == 0) {
        if (make_flags(r->bell[0]) && make_flags(r->bell[1])) {
            __atomic_store_n(&r->is_open, 1, __ATOMIC_RELEASE);
            return NAVE_OK;
        }
        number = errno;
        (void)close(r->bell[0]);
        (void)close(r->bell[1]);
    } else {
        number = errno;
    }
    nv_report_error(&rt->report, NAVE_ELIMIT, NULL, "cannot make a pipe to wait at: %s",
                    strerror(number));
    return NAVE_ELIMIT;
}

void nv_run_finish(struct nave_runtime *rt)
{
    struct nv_run *r = &rt->run;

    if (!r->is_open)
        return;
    r->is_open = 0;
    (void)close(r->bell[0]);
    (void)close(r->bell[1]);
}

/* Until somebody rings, or something is due. */
static void wait_at(const struct nv_run *r)
{
    struct pollfd p = {.fd = r->bell[0], .events = POLLIN};
    nave_nsec left = r->limit_ns - now_ns();
    char rung[64];
    int ms = -1;

    if (r->limit_ns != NAVE_NEVER)
        ms = left <= 0 ? 0 : left > 3600 * NAVE_SEC ? 3600 * 1000 : (int)(left / NAVE_MSEC) + 1;
    if (poll(&p, 1, ms) > 0)
        while (read(r->bell[0], rung, sizeof(rung)) == (ssize_t)sizeof(rung))
            ;
}

/* --- the thread of worker 0 ------------------------------------------------------------------ */

struct start {
    struct nave_runtime *rt;
    nave_err (*body)(struct nave_runtime *rt);
};

static void *thread_main(void *arg)
{
    struct start s = *(struct start *)arg;
    struct nv_run *r = &s.rt->run;

    __atomic_store_n(&r->is_up, 0, __ATOMIC_RELAXED);
    r->result = s.body(s.rt);
    __atomic_store_n(&r->is_done, 1, __ATOMIC_RELEASE);
    nv_run_ring(s.rt);
    return NULL;
}

static nave_err start_thread(struct nave_runtime *rt, struct start *s)
{
    sigset_t all, before;
    int number;
    nave_err err;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* threads inherit the mask */
    number = pthread_create(&rt->run.thread, NULL, thread_main, s);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number == 0)
        return NAVE_OK;
    err = number == ENOMEM ? NAVE_ENOMEM : NAVE_ELIMIT;
    nv_report_error(&rt->report, err, NULL, "cannot start the thread of worker 0: %s",
                    strerror(number));
    return err;
}

void nv_run_is_up(struct nave_runtime *rt)
{
    __atomic_store_n(&rt->run.is_up, 1, __ATOMIC_RELEASE);
    nv_run_ring(rt);
}

/* --- waiting --------------------------------------------------------------------------------- */

/* A stop sets the time at which workers must have come back. */
static void look_at_stops(struct nave_runtime *rt)
{
    struct nv_run *r = &rt->run;
    uint32_t stops = __atomic_load_n(&rt->threads.stops, __ATOMIC_ACQUIRE);
    nave_nsec until = now_ns() + r->patience_ns / 2;

    if (stops == r->stops || r->meeting || !__atomic_load_n(&r->is_up, __ATOMIC_ACQUIRE))
        return;
    r->stops = stops;
    if (stops == 1)
        until += __atomic_load_n(&rt->drain_ns, __ATOMIC_RELAXED);
    if (until < r->limit_ns)
        r->limit_ns = until;
}

/* What is known of a worker that came back too late stays: it may use all of it. */
static nave_err give_up(struct nave_runtime *rt)
{
    struct nv_threads *ts = &rt->threads;
    uint32_t i;

    nv_stragglers_report_stuck(rt);
    if (rt->run.meeting == NV_THREADS_LEFT) /* later they were told by worker 0 */
        nv_stragglers_report_left(rt);
    if (!ts->each[0].is_leaving) { /* else it has done this itself */
        nv_watchdog_stop(&rt->watchdog);
        nv_admin_remove(rt);
    }
    if (!ts->each[0].is_missing)
        (void)pthread_join(rt->run.thread, NULL);
    else
        (void)pthread_detach(rt->run.thread);
    for (i = 1; i < rt->worker_count; i++) {
        if (!ts->each[i].is_missing)
            (void)pthread_join(ts->each[i].thread, NULL);
        else
            (void)pthread_detach(ts->each[i].thread);
        ts->each[i].has_thread = 0;
    }
    rt->state = NV_RUNTIME_STOPPED;
    nv_runtime_log_flush(rt);
    return NAVE_ESTRAGGLERS;
}

/* 1: tasks were dropped since the last look, so look again later. */
static int32_t is_dropping(struct nave_runtime *rt)
{
    struct nv_run *r = &rt->run;
    uint64_t tasks = nv_group_tasks(rt->threads.group);

    if (tasks == r->tasks)
        return 0;
    r->tasks = tasks;
    r->limit_ns = now_ns() + r->patience_ns;
    return 1;
}

/* 1: the result is there. */
static int32_t look(struct nave_runtime *rt)
{
    struct nv_run *r = &rt->run;

    if (__atomic_load_n(&r->is_done, __ATOMIC_ACQUIRE)) {
        (void)pthread_join(r->thread, NULL);
        return 1;
    }
    look_at_stops(rt);
    if (now_ns() < r->limit_ns)
        return 0;
    if (!r->meeting) {
        r->meeting = NV_THREADS_LEFT;
        r->limit_ns = now_ns() + r->patience_ns / 2;
        nv_threads_end(rt);
        return 0;
    }
    if (r->meeting == NV_THREADS_DROPPED && is_dropping(rt))
        return 0;
    if (nv_threads_abandon(rt, r->meeting)) {
        r->result = give_up(rt);
        return 1;
    }
    r->limit_ns = NAVE_NEVER;
    if (r->meeting == NV_THREADS_LEFT) {
        r->meeting = NV_THREADS_DROPPED;
        (void)is_dropping(rt);
    }
    return 0;
}

nave_err nv_run(struct nave_runtime *rt, nave_err (*body)(struct nave_runtime *rt),
                void (*on_signal)(void *rt, int number))
{
    struct nv_run *r = &rt->run;
    struct start s = {rt, body};
    nave_err err = open_bell(rt);

    if (err)
        return err;
    if (!r->patience_ns)
        r->patience_ns = PATIENCE;
    r->limit_ns = NAVE_NEVER;
    err = start_thread(rt, &s);
    if (err)
        return err;
    while (!look(rt)) {
        wait_at(r);
        nv_signals_tell(on_signal, rt);
    }
    nv_signals_close(rt);
    return r->result;
}

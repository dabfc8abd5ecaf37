/* SPDX-License-Identifier: MIT
 *
 * A worker counts each callback before it runs it (stats.h), so numbers that stand still while it does
 * not wait mean one call that has not returned. To be told after the limit, and before twice the limit,
 * it is enough to look each half of it.
 *
 *   watchdog   is_asleep = 1; fence; do all workers wait? then wait to be woken
 *   worker     is_parked = 0; fence; is_asleep? then wake it
 *
 * One of the two sees the other. A look that comes late itself (the machine slept, or has no processor
 * to spare) says nothing about workers, and begins anew.
 */
#include "watchdog.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "worker/group.h"
#include "runtime/runtime.h"
#include "worker/thread_state.h"
#include "worker/worker_state.h"

struct nv_watch {
    uint64_t done; /* what it had counted                  */
    nave_nsec since_ns;
    nave_nsec cpu_ns; /* processor time of its thread, then   */
    int32_t is_told;
    char what[160];
};

static nave_nsec clock_of(clockid_t id)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(id, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

/* Processor time of the thread of `w`; 0: the system does not say. */
static nave_nsec cpu_of(const struct nv_worker *w)
{
    clockid_t id;

    return pthread_getcpuclockid(w->thread, &id) == 0 ? clock_of(id) : 0;
}

/* Everything that `s` counts before it runs; not microtasks, which belong to what they came from: some
 * that never end keep the worker as well as a loop does. */
static uint64_t done_of(const struct nv_stats *s)
{
    return nv_usage_read(&s->polls) + nv_usage_read(&s->jobs) + nv_usage_read(&s->inbox_jobs) +
           nv_usage_read(&s->io_events) + nv_usage_read(&s->timers_fired) +
           nv_usage_read(&s->parks);
}

static int32_t is_waiting(const struct nv_stats *s)
{
    return (int32_t)__atomic_load_n(&s->is_parked, __ATOMIC_RELAXED);
}

/* 1: nothing runs that anybody wrote, or the machine is too busy to run the thread: it has computed for
 * less than half of the time, and does not wait for anything. */
static int32_t is_excused(const struct nv_worker *w, nave_nsec passed, nave_nsec cpu)
{
    return (!__atomic_load_n(&w->stats.owner, __ATOMIC_RELAXED) &&
            !__atomic_load_n(&w->stats.what, __ATOMIC_RELAXED)) ||
           (cpu < passed / 2 &&
            nv_thread_is_runnable(__atomic_load_n(&w->thread_number, __ATOMIC_RELAXED)));
}

/* Handles of plugins and names of tasks live as long as the runtime is started. */
void nv_watchdog_name(const struct nv_stats *s, char *out, size_t size)
{
    const struct nv_worker_handle *h = __atomic_load_n(&s->owner, __ATOMIC_RELAXED);
    const char *what = __atomic_load_n(&s->what, __ATOMIC_RELAXED);

    if (h && what)
        snprintf(out, size, "\"%s\" of plugin \"%s\"", what, h->plugin_id);
    else
        snprintf(out, size, "a %s", what ? what : "callback");
}

static void tell_stall(struct nv_watchdog *d, uint32_t i, nave_nsec now)
{
    struct nv_worker *w = d->rt->threads.each[i].worker;
    struct nv_watch *watch = &d->each[i];
    nave_nsec passed = now - watch->since_ns, cpu = cpu_of(w) - watch->cpu_ns;

    if (is_excused(w, passed, cpu))
        return;
    watch->is_told = 1;
    nv_watchdog_name(&w->stats, watch->what, sizeof(watch->what));
    nv_stat_add(&w->stats.stalls, 1); /* the watchdog alone writes it */
    nv_report_log(&d->rt->report, NAVE_LOG_WARN, NULL,
                  "worker %u has been in %s for %lld ms, %lld of them computing; nothing else runs "
                  "on it meanwhile",
                  i, watch->what, (long long)(passed / NAVE_MSEC), (long long)(cpu / NAVE_MSEC));
    nv_group_rescue(d->rt->threads.group, w);
}

static void look_at(struct nv_watchdog *d, uint32_t i, nave_nsec now, int32_t is_late)
{
    struct nv_worker *w = d->rt->threads.each[i].worker;
    struct nv_watch *watch = &d->each[i];
    uint64_t done = done_of(&w->stats);

    if (done != watch->done || is_waiting(&w->stats) || (is_late && !watch->is_told)) {
        if (watch->is_told)
            nv_report_log(&d->rt->report, NAVE_LOG_WARN, NULL,
                          "worker %u came back from %s after about %lld ms", i, watch->what,
                          (long long)((now - watch->since_ns) / NAVE_MSEC));
        watch->is_told = 0;
        watch->done = done;
        watch->since_ns = now;
        watch->cpu_ns = cpu_of(w);
        return;
    }
    if (!watch->is_told && now - watch->since_ns >= d->limit_ns)
        tell_stall(d, i, now);
}

int32_t nv_watchdog_look(struct nv_watchdog *d, nave_nsec now)
{
    int32_t is_late = now - d->looked_ns > d->limit_ns + d->limit_ns / 2, is_any = 0;
    uint32_t i;

    d->looked_ns = now;
    for (i = 0; i < d->rt->worker_count; i++) {
        look_at(d, i, now, is_late);
        is_any |= !is_waiting(&d->rt->threads.each[i].worker->stats) || d->each[i].is_told;
    }
    return is_any;
}

/* --- the thread ------------------------------------------------------------------------------ */

static int32_t do_all_wait(const struct nv_watchdog *d)
{
    uint32_t i;

    for (i = 0; i < d->rt->worker_count; i++)
        if (!is_waiting(&d->rt->threads.each[i].worker->stats))
            return 0;
    return 1;
}

/* Until a worker has something to do, or it is over. Under lock. */
static void sleep_long(struct nv_watchdog *d)
{
    __atomic_store_n(&d->is_asleep, 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!do_all_wait(d))
        __atomic_store_n(&d->is_asleep, 0, __ATOMIC_RELAXED);
    while (__atomic_load_n(&d->is_asleep, __ATOMIC_RELAXED) && !d->is_over)
        (void)pthread_cond_wait(&d->changed, &d->lock);
    d->looked_ns = clock_of(CLOCK_MONOTONIC);
}

/* Half the limit, or until it is over. Under lock. */
static void sleep_short(struct nv_watchdog *d)
{
    nave_nsec until = clock_of(CLOCK_MONOTONIC) + d->limit_ns / 2;
    struct timespec t = {.tv_sec = (time_t)(until / NAVE_SEC), .tv_nsec = (long)(until % NAVE_SEC)};

    while (!d->is_over && pthread_cond_timedwait(&d->changed, &d->lock, &t) != ETIMEDOUT)
        ;
}

static void *watch(void *arg)
{
    struct nv_watchdog *d = arg;

    (void)pthread_mutex_lock(&d->lock);
    while (!d->is_over) {
        int32_t is_any;

        (void)pthread_mutex_unlock(&d->lock);
        is_any = nv_watchdog_look(d, clock_of(CLOCK_MONOTONIC));
        (void)pthread_mutex_lock(&d->lock);
        if (d->is_over)
            break;
        if (is_any)
            sleep_short(d);
        else
            sleep_long(d);
    }
    (void)pthread_mutex_unlock(&d->lock);
    return NULL;
}

void nv_watchdog_wake(struct nv_watchdog *d)
{
    (void)pthread_mutex_lock(&d->lock);
    __atomic_store_n(&d->is_asleep, 0, __ATOMIC_RELAXED);
    (void)pthread_cond_signal(&d->changed);
    (void)pthread_mutex_unlock(&d->lock);
}

/* --- life ------------------------------------------------------------------------------------ */

static nave_err make_lock(struct nv_watchdog *d)
{
    pthread_condattr_t attr;

    if (pthread_condattr_init(&attr) != 0)
        return NAVE_ENOMEM;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (pthread_mutex_init(&d->lock, NULL) == 0) {
        if (pthread_cond_init(&d->changed, &attr) == 0)
            d->has_lock = 1;
        else
            (void)pthread_mutex_destroy(&d->lock);
    }
    (void)pthread_condattr_destroy(&attr);
    return d->has_lock ? NAVE_OK : NAVE_ENOMEM;
}

static nave_err start_thread(struct nv_watchdog *d)
{
    sigset_t all, before;
    int number;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* threads inherit the mask */
    number = pthread_create(&d->thread, NULL, watch, d);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    d->has_thread = number == 0;
    return number == 0 ? NAVE_OK : number == ENOMEM ? NAVE_ENOMEM : NAVE_ELIMIT;
}

nave_err nv_watchdog_init(struct nv_watchdog *d, struct nave_runtime *rt, nave_nsec limit_ns)
{
    uint32_t i;

    if (!limit_ns || rt->world)
        return NAVE_OK;
    d->rt = rt;
    d->limit_ns = limit_ns;
    d->each = calloc(rt->worker_count, sizeof(*d->each));
    if (!d->each)
        return NAVE_ENOMEM;
    for (i = 0; i < rt->worker_count; i++)
        d->each[i].done = UINT64_MAX; /* the first look begins */
    return make_lock(d);
}

nave_err nv_watchdog_start(struct nv_watchdog *d, struct nave_runtime *rt)
{
    nave_err err;
    uint32_t i;

    if (!d->each)
        return NAVE_OK;
    for (i = 0; i < rt->worker_count; i++)
        __atomic_store_n(&rt->threads.each[i].worker->watchdog, d, __ATOMIC_RELEASE);
    err = start_thread(d);
    if (err)
        nv_report_error(&rt->report, err, NULL, "cannot start the watchdog: %s",
                        nave_err_text(err));
    return err;
}

void nv_watchdog_stop(struct nv_watchdog *d)
{
    if (!d->has_thread)
        return;
    (void)pthread_mutex_lock(&d->lock);
    d->is_over = 1;
    (void)pthread_cond_signal(&d->changed);
    (void)pthread_mutex_unlock(&d->lock);
    (void)pthread_join(d->thread, NULL);
    d->has_thread = 0;
}

void nv_watchdog_finish(struct nv_watchdog *d)
{
    if (d->has_lock) {
        (void)pthread_cond_destroy(&d->changed);
        (void)pthread_mutex_destroy(&d->lock);
        d->has_lock = 0;
    }
    free(d->each);
    d->each = NULL;
}

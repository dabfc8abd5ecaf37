/* SPDX-License-Identifier: MIT
 *
 * The producers' and the control role's side of the log: see log.h.
 *
 * Which ring a thread has stands in a thread-local word, set by who turns a worker. It names its log too: a
 * thread may serve one runtime and log into another, where it is a stranger.
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <nave/host.h>

#include "log_state.h"

#define RING_MAX (UINT64_C(1) << 30)
#define GRACE_NS (NAVE_SEC / 2) /* for a writer on its way out */

static _Thread_local struct nv_log_here here;

/* --- clocks ---------------------------------------------------------------------------------- */

static nave_nsec read_clock(clockid_t id)
{
    struct timespec t;

    (void)clock_gettime(id, &t);
    return (nave_nsec)t.tv_sec * NAVE_SEC + t.tv_nsec;
}

static nave_nsec system_mono(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static nave_nsec system_wall(void)
{
    return read_clock(CLOCK_REALTIME);
}

/* --- life ------------------------------------------------------------------------------------ */

void nv_log_free(struct nv_log *log)
{
    uint32_t i;

    if (!log)
        return;
    for (i = 0; log->lanes && i <= log->workers; i++) {
        if (log->lanes[i])
            free(log->lanes[i]->ring.bytes);
        free(log->lanes[i]);
    }
    free(log->lanes);
    if (log->has_lock) {
        (void)pthread_mutex_destroy(&log->foreign);
        (void)pthread_mutex_destroy(&log->lock);
        (void)pthread_cond_destroy(&log->changed);
    }
    nv_log_sink_close(&log->sink);
    if (log->bell_fds[0] >= 0)
        (void)close(log->bell_fds[0]);
    if (log->bell_fds[1] >= 0)
        (void)close(log->bell_fds[1]);
    free(log->buffer);
    free(log->name);
    free(log->path);
    free(log);
}

static nave_err make_lanes(struct nv_log *log, const struct nv_log_options *o)
{
    uint64_t size = NV_LOG_RING_MIN;
    uint32_t i;

    while (size < o->ring_bytes && size < RING_MAX)
        size *= 2;
    log->lanes = calloc(o->workers + 1u, sizeof(struct nv_log_lane *));
    if (!log->lanes)
        return NAVE_ENOMEM;
    for (i = 0; i <= o->workers; i++) {
        struct nv_log_lane *lane = aligned_alloc(64, (sizeof(*lane) + 63) & ~(size_t)63);
        char *bytes;

        if (!lane)
            return NAVE_ENOMEM;
        memset(lane, 0, sizeof(*lane));
        log->lanes[i] = lane;
        nv_log_rate_init(&lane->rate, o->rate);
        bytes = aligned_alloc(64, size);
        if (!bytes)
            return NAVE_ENOMEM;
        nv_log_ring_init(&lane->ring, bytes, size);
    }
    return NAVE_OK;
}

static nave_err make_locks(struct nv_log *log)
{
    pthread_condattr_t attr;

    if (pthread_condattr_init(&attr) != 0)
        return NAVE_ENOMEM;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (pthread_cond_init(&log->changed, &attr) != 0)
        goto fail;
    if (pthread_mutex_init(&log->lock, NULL) != 0)
        goto fail_cond;
    if (pthread_mutex_init(&log->foreign, NULL) != 0)
        goto fail_lock;
    (void)pthread_condattr_destroy(&attr);
    log->has_lock = 1;
    return NAVE_OK;

fail_lock:
    (void)pthread_mutex_destroy(&log->lock);
fail_cond:
    (void)pthread_cond_destroy(&log->changed);
fail:
    (void)pthread_condattr_destroy(&attr);
    return NAVE_ENOMEM;
}

/* The writer has all signals blocked: those of the process are others', and SIGPIPE is an errno here. */
static nave_err start_writer(struct nv_log *log)
{
    sigset_t all, before;
    int number;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    number = pthread_create(&log->thread, NULL, nv_log_writer_main, log);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0)
        return number == ENOMEM ? NAVE_ENOMEM : NAVE_ELIMIT;
    log->has_thread = 1;
    return NAVE_OK;
}

static nave_err make(struct nv_log *log, const struct nv_log_options *o)
{
    nave_err err;

    log->name = strdup(o->name ? o->name : "nave");
    log->path = o->path ? strdup(o->path) : NULL;
    log->buffer = malloc(NV_LOG_BUFFER_BYTES);
    if (!log->name || (o->path && !log->path) || !log->buffer)
        return NAVE_ENOMEM;
    err = make_lanes(log, o);
    if (err)
        return err;
    if (pipe2(log->bell_fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        log->bell_fds[0] = log->bell_fds[1] = -1;
        return NAVE_ENOFILES;
    }
    return make_locks(log);
}

nave_err nv_log_open(const struct nv_log_options *options, struct nv_why *why,
                     struct nv_log **out_log)
{
    struct nv_log *log = aligned_alloc(64, (sizeof(*log) + 63) & ~(size_t)63);
    nave_err err;

    if (!log)
        return nv_why_set(why, NAVE_ENOMEM, "out of memory for the log");
    memset(log, 0, sizeof(*log));
    log->bell_fds[0] = log->bell_fds[1] = -1;
    log->sink.fd = -1;
    log->workers = options->workers;
    log->is_manual = options->is_manual;
    log->mono = options->mono ? options->mono : system_mono;
    log->wall = options->wall ? options->wall : system_wall;
    log->take = options->take;
    log->take_arg = options->take_arg;
    err = make(log, options);
    if (err) {
        nv_why_set(why, err, "the log cannot begin: %s", nave_err_text(err));
        goto fail;
    }
    if (options->to != NV_LOG_TO_PROGRAM) {
        log->take = NULL;
        err = nv_log_sink_open(&log->sink, options->to, options->form, log->name, log->path, why);
        if (err)
            goto fail;
    }
    if (!log->is_manual) {
        err = start_writer(log);
        if (err) {
            nv_why_set(why, err, "the thread of the log cannot start: %s", nave_err_text(err));
            goto fail;
        }
    }
    *out_log = log;
    return NAVE_OK;

fail:
    nv_log_free(log);
    return err;
}

static struct timespec to_timespec(nave_nsec ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NAVE_SEC), .tv_nsec = (long)(ns % NAVE_SEC)};
}

static nave_nsec deadline_after(nave_nsec max_ns)
{
    nave_nsec now = system_mono();

    return max_ns > NAVE_NEVER - now ? NAVE_NEVER : now + (max_ns < 0 ? 0 : max_ns);
}

/* Wait for a change until `deadline`. 0: it has passed. Under lock. */
static int32_t wait_until(struct nv_log *log, nave_nsec deadline)
{
    struct timespec at = to_timespec(deadline);

    return pthread_cond_timedwait(&log->changed, &log->lock, &at) != ETIMEDOUT;
}

void nv_log_close(struct nv_log *log, nave_nsec max_ns)
{
    nave_nsec deadline;
    int32_t is_over;

    if (!log)
        return;
    if (!log->has_thread) {
        nv_log_free(log);
        return;
    }
    (void)pthread_mutex_lock(&log->lock);
    log->is_ending = 1;
    log->end_ns = deadline_after(max_ns);
    /* The program's own callback must have returned before its argument may go. */
    deadline = log->take ? NAVE_NEVER : deadline_after(max_ns + GRACE_NS);
    nv_log_ring_bell(log);
    while (!log->is_over && wait_until(log, deadline))
        ;
    is_over = log->is_over;
    log->is_abandoned = !is_over;
    if (log->is_abandoned)
        (void)pthread_detach(log->thread);
    (void)pthread_mutex_unlock(&log->lock);
    if (is_over) {
        (void)pthread_join(log->thread, NULL);
        nv_log_free(log);
    }
}

/* --- what is asked of the writer ------------------------------------------------------------- */

void nv_log_ring_bell(struct nv_log *log)
{
    ssize_t n = write(log->bell_fds[1], "", 1);

    (void)n; /* full: it rings already */
}

nave_err nv_log_flush(struct nv_log *log, nave_nsec max_ns)
{
    nave_nsec deadline = deadline_after(max_ns);
    nave_err err = NAVE_OK;
    uint64_t mine;

    if (!log->has_thread)
        return NAVE_OK;
    (void)pthread_mutex_lock(&log->lock);
    mine = ++log->flush_asked;
    nv_log_ring_bell(log);
    while (log->flush_done < mine && !err)
        if (!wait_until(log, deadline) && log->flush_done < mine)
            err = NAVE_ETIMEDOUT;
    if (!err && log->is_failing)
        err = NAVE_EIO;
    (void)pthread_mutex_unlock(&log->lock);
    return err;
}

void nv_log_reopen(struct nv_log *log)
{
    if (!log->has_thread) {
        nv_log_renew_file(log);
        return;
    }
    (void)pthread_mutex_lock(&log->lock);
    log->must_reopen = 1;
    (void)pthread_mutex_unlock(&log->lock);
    nv_log_ring_bell(log);
}

/* --- producers ------------------------------------------------------------------------------- */

struct nv_log_here nv_log_enter(struct nv_log *log, uint32_t worker)
{
    struct nv_log_here before = here;

    here = (struct nv_log_here){log, worker};
    return before;
}

void nv_log_leave(struct nv_log_here before)
{
    here = before;
}

static uint16_t cut(struct nave_str s, size_t max)
{
    return (uint16_t)nv_text_cut(s, max);
}

static char *append(char *at, struct nave_str s, size_t n)
{
    if (n)
        memcpy(at, s.ptr, n);
    return at + n;
}

/* 1: it is in the ring. Thread: the lane's producer. */
static int32_t put(struct nv_log *log, struct nv_log_lane *lane, const struct nave_report *report,
                   uint32_t level, uint32_t bucket)
{
    struct nv_log_record r = {.code = report->code,
                              .line = report->line,
                              .column = report->column,
                              .level = (uint8_t)level,
                              .bucket = (uint8_t)bucket};
    struct nv_log_slot *slot;
    uint32_t n;
    char *at;

    r.plugin_len = (uint8_t)cut(report->plugin, NV_LOG_ID_MAX);
    r.file_len = cut(report->file, NV_LOG_PLACE_MAX);
    r.pointer_len = cut(report->pointer, NV_LOG_PLACE_MAX);
    r.text_len = cut(report->text, NV_LOG_TEXT_MAX);
    r.is_cut = r.text_len < report->text.len;
    n = (uint32_t)sizeof(r) + r.plugin_len + r.file_len + r.pointer_len + r.text_len;
    slot = nv_log_ring_reserve(&lane->ring, n);
    if (!slot)
        return 0;
    r.slot = *slot;
    r.wall_ns = log->wall();
    at = (char *)slot;
    memcpy(at, &r, sizeof(r));
    at = append(at + sizeof(r), report->plugin, r.plugin_len);
    at = append(at, report->file, r.file_len);
    at = append(at, report->pointer, r.pointer_len);
    (void)append(at, report->text, r.text_len);
    nv_log_ring_publish(&lane->ring);
    return 1;
}

void nv_log_put(struct nv_log *log, const struct nave_report *report)
{
    int32_t is_stranger = here.log != log || here.worker >= log->workers;
    struct nv_log_lane *lane = log->lanes[is_stranger ? log->workers : here.worker];
    uint32_t level = report->level > NAVE_LOG_DEBUG ? NAVE_LOG_DEBUG : report->level;
    uint32_t bucket = nv_log_rate_bucket(level, report->plugin, report->text);
    int32_t is_in;

    if (is_stranger)
        (void)pthread_mutex_lock(&log->foreign);
    is_in =
        nv_log_rate_take(&lane->rate, bucket, log->mono()) && put(log, lane, report, level, bucket);
    if (is_stranger)
        (void)pthread_mutex_unlock(&log->foreign);
    if (nv_log_bell_must_ring(is_in ? &log->bell : &log->loss_bell))
        nv_log_ring_bell(log);
}

void nv_log_stats_get(const struct nv_log *log, struct nv_log_stats *out)
{
    uint32_t i;

    memset(out, 0, sizeof(*out));
    for (i = 0; i <= log->workers; i++) {
        out->dropped += __atomic_load_n(&log->lanes[i]->ring.dropped, __ATOMIC_RELAXED);
        out->held += __atomic_load_n(&log->lanes[i]->rate.held_all, __ATOMIC_RELAXED);
    }
    out->written = __atomic_load_n(&log->written, __ATOMIC_RELAXED);
    out->refused = __atomic_load_n(&log->refused, __ATOMIC_RELAXED);
    out->breaks = __atomic_load_n(&log->breaks, __ATOMIC_RELAXED);
}

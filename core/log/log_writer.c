/* SPDX-License-Identifier: MIT
 *
 * The writer's side of the log: see log.h. It takes the oldest line of all rings, formats it behind
 * others into one buffer, and writes the buffer in as few calls as the sink allows. A line leaves its ring when it
 * is in the buffer; the buffer stays as it is until the sink has taken it. So while a sink is blocked or
 * fails (disk full, daemon gone, reader gone) lines wait in the rings, and what finds no room there is
 * dropped by its producer, who goes on.
 *
 *   IDLE ---bell---> WRITING --all written--> IDLE
 *                      |  ^---sink can be written--- BLOCKED <--NAVE_EAGAIN--.
 *                      |------------------------------------------------------'
 *                      '--error--> FAILING --100 ms, doubled up to 5 s: once more--> WRITING
 *
 * No state spins: IDLE and BLOCKED wait for descriptors, FAILING for time, and a bell ends each of them.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nave/host.h>

#include "log_state.h"

#define ROUNDS_MAX    64u /* of one pump, so that a flood does not keep it from its orders */
#define MISSING_EVERY NAVE_SEC
#define BACKOFF_MIN   (100 * NAVE_MSEC)
#define BACKOFF_MAX   (5 * NAVE_SEC)

static void count(uint64_t *n, uint64_t more)
{
    __atomic_store_n(n, __atomic_load_n(n, __ATOMIC_RELAXED) + more, __ATOMIC_RELAXED);
}

/* --- lines ----------------------------------------------------------------------------------- */

/* Another line fits. A sink of messages gets one at a time. */
static int32_t has_room(const struct nv_log *log)
{
    if (log->take || log->len == 0)
        return 1;
    return log->sink.ops->is_joined && NV_LOG_BUFFER_BYTES - log->len >= NV_LOG_LINE_MAX;
}

static void emit(struct nv_log *log, const struct nv_log_line *line)
{
    if (log->take) {
        log->take(log->take_arg, &line->r);
        count(&log->written, 1);
        return;
    }
    log->len += log->sink.ops->format(&log->sink, line, log->buffer + log->len);
    log->lines++;
}

/* A line of the log itself. State: there is room. */
static void note(struct nv_log *log, uint32_t level, struct nave_str plugin, const char *format,
                 ...) NAVE_FORMAT(4, 5);
static void note(struct nv_log *log, uint32_t level, struct nave_str plugin, const char *format,
                 ...)
{
    char text[512];
    struct nv_log_line line = {.r = {.size = sizeof(line.r), .level = level, .plugin = plugin}};
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    line.wall_ns = log->wall();
    line.r.file = line.r.pointer = (struct nave_str){"", 0};
    line.r.text = (struct nave_str){text, strlen(text)};
    emit(log, &line);
}

static struct nave_str next_text(const char **at, size_t len)
{
    struct nave_str s = {*at, len};

    *at += len;
    return s;
}

static void read_record(const struct nv_log_record *r, struct nv_log_line *line)
{
    const char *at = (const char *)(r + 1);

    memset(line, 0, sizeof(*line));
    line->wall_ns = r->wall_ns;
    line->is_cut = r->is_cut;
    line->r.size = sizeof(line->r);
    line->r.level = r->level;
    line->r.code = r->code;
    line->r.line = r->line;
    line->r.column = r->column;
    line->r.plugin = next_text(&at, r->plugin_len);
    line->r.file = next_text(&at, r->file_len);
    line->r.pointer = next_text(&at, r->pointer_len);
    line->r.text = next_text(&at, r->text_len);
}

static void keep_sample(struct nv_log_sample *s, const struct nv_log_line *line)
{
    s->plugin_len = (uint8_t)line->r.plugin.len;
    s->text_len = (uint8_t)nv_text_cut(line->r.text, NV_LOG_SAMPLE_BYTES);
    memcpy(s->bytes, line->r.plugin.ptr, s->plugin_len);
    memcpy(s->bytes + s->plugin_len, line->r.text.ptr, s->text_len);
}

/* The lane with the oldest line, or NULL. */
static struct nv_log_lane *oldest(struct nv_log *log)
{
    struct nv_log_lane *found = NULL;
    int64_t oldest_ns = 0;
    uint32_t i;

    for (i = 0; i <= log->workers; i++) {
        const struct nv_log_record *r =
            (const struct nv_log_record *)(const void *)nv_log_ring_peek(&log->lanes[i]->ring);

        if (r && (!found || r->wall_ns < oldest_ns)) {
            found = log->lanes[i];
            oldest_ns = r->wall_ns;
        }
    }
    return found;
}

static void take_record(struct nv_log *log, struct nv_log_lane *lane)
{
    const struct nv_log_record *r =
        (const struct nv_log_record *)(const void *)nv_log_ring_peek(&lane->ring);
    struct nv_log_line line;

    read_record(r, &line);
    keep_sample(&lane->samples[r->bucket], &line);
    emit(log, &line);
    nv_log_ring_release(&lane->ring);
}

/* --- what the log has to say itself ---------------------------------------------------------- */

/* Sequentially consistent, as has_held below. */
static uint64_t untold_dropped(const struct nv_log *log)
{
    uint64_t n = 0;
    uint32_t i;

    for (i = 0; i <= log->workers; i++)
        n += __atomic_load_n(&log->lanes[i]->ring.dropped, __ATOMIC_SEQ_CST) -
             log->lanes[i]->told_dropped;
    return n;
}

static void tell_dropped(struct nv_log *log)
{
    uint64_t all = 0, n;
    uint32_t i;

    for (i = 0; i <= log->workers; i++) {
        struct nv_log_lane *lane = log->lanes[i];

        n = __atomic_load_n(&lane->ring.dropped, __ATOMIC_RELAXED);
        all += n - lane->told_dropped;
        lane->told_dropped = n;
    }
    note(log, NAVE_LOG_WARN, NAVE_STR_LIT(""),
         "%" PRIu64 " lines were dropped: they came faster than the log could be written "
         "(runtime.log.buffer)",
         all);
}

/* Sequentially consistent: it is looked at between setting the bell and sleeping. */
static int32_t has_held(const struct nv_log *log)
{
    uint32_t i;

    for (i = 0; i <= log->workers; i++)
        if (__atomic_load_n(&log->lanes[i]->rate.held_all, __ATOMIC_SEQ_CST) !=
            log->lanes[i]->told_held_all)
            return 1;
    return 0;
}

/* Tell of one bucket with lines held back. 0: there is none, all were told. */
static int32_t tell_held(struct nv_log *log)
{
    uint32_t i, b;

    for (i = 0; i <= log->workers; i++) {
        struct nv_log_lane *lane = log->lanes[i];

        if (__atomic_load_n(&lane->rate.held_all, __ATOMIC_ACQUIRE) == lane->told_held_all)
            continue;
        for (b = 0; b < NV_LOG_BUCKETS; b++) {
            const struct nv_log_sample *s = &lane->samples[b];
            uint64_t n =
                __atomic_load_n(&lane->rate.held[b], __ATOMIC_RELAXED) - lane->told_held[b];

            if (!n)
                continue;
            lane->told_held[b] += n;
            lane->told_held_all += n;
            note(log, b >> NV_LOG_LEVEL_BITS, (struct nave_str){s->bytes, s->plugin_len},
                 "%" PRIu64 " lines were held back (runtime.log.rate) like: %.*s", n, s->text_len,
                 s->bytes + s->plugin_len);
            return 1;
        }
    }
    return 0;
}

/* Tell that writing failed and goes on, or that the file could not be opened anew. */
static void tell_trouble(struct nv_log *log)
{
    nave_nsec ms = (log->mended_ns - log->broken_ns) / NAVE_MSEC;

    if (log->mended_ns && has_room(log)) {
        log->mended_ns = 0;
        note(log, NAVE_LOG_WARN, NAVE_STR_LIT(""),
             "the log could not be written for %" PRId64 ".%03d s: %s", ms / 1000, (int)(ms % 1000),
             strerror(log->broken_errno));
    }
    if (log->renew_why.text[0] && has_room(log)) {
        note(log, NAVE_LOG_ERROR, NAVE_STR_LIT(""), "%s; the log goes on where it was",
             log->renew_why.text);
        log->renew_why.text[0] = '\0';
    }
}

/* Tell of what is missing: all that was held back, and dropped. 1: there was something. */
static int32_t tell_missing(struct nv_log *log)
{
    int32_t has_any = 0;

    while (has_room(log) && tell_held(log))
        has_any = 1;
    if (has_room(log) && untold_dropped(log)) {
        tell_dropped(log);
        has_any = 1;
    }
    if (has_room(log))
        log->note_ns = 0;
    return has_any;
}

/* Put into the buffer what there is to say, lines and counts. 0: nothing. What is missing is told once a
 * second, so that a flood does not keep it back; at the end, behind the last line; and what was dropped
 * when all that was not is written. */
static int32_t fill(struct nv_log *log, int32_t is_ending)
{
    nave_nsec now = log->mono();
    uint64_t lines = log->lines;
    struct nv_log_lane *lane;
    int32_t has_any = 0;

    tell_trouble(log);
    if (!log->note_ns && (has_held(log) || untold_dropped(log)))
        log->note_ns = now + MISSING_EVERY;
    if (log->note_ns && now >= log->note_ns)
        has_any = tell_missing(log);
    while (has_room(log) && (lane = oldest(log)) != NULL) {
        take_record(log, lane);
        has_any = 1;
        if (log->take)
            return 1; /* it may take its time: look around after each */
    }
    if (has_room(log) && (is_ending || untold_dropped(log)))
        has_any |= tell_missing(log);
    return has_any || log->lines > lines;
}

/* --- writing --------------------------------------------------------------------------------- */

static void break_off(struct nv_log *log, nave_nsec now, int number)
{
    if (!log->is_broken) {
        log->is_broken = 1;
        log->broken_ns = now;
        log->backoff_ns = BACKOFF_MIN;
        count(&log->breaks, 1);
    } else if (log->backoff_ns < BACKOFF_MAX) {
        log->backoff_ns = log->backoff_ns * 2 > BACKOFF_MAX ? BACKOFF_MAX : log->backoff_ns * 2;
    }
    log->broken_errno = number;
    log->retry_ns = now + log->backoff_ns;
}

/* A new socket before the next try. A file or a standard stream is what it is. 0: it failed again. */
static int32_t reconnect(struct nv_log *log, nave_nsec now)
{
    if (log->sink.ops->is_joined)
        return 1;
    if (nv_log_sink_renew(&log->sink, NULL) != NAVE_OK) {
        break_off(log, now, log->broken_errno);
        return 0;
    }
    log->off = 0; /* the message from its beginning */
    return 1;
}

static void empty(struct nv_log *log)
{
    log->len = log->off = 0;
    log->lines = 0;
}

/* Write the buffer as far as it goes. NAVE_OK: it is empty. */
static nave_err drain(struct nv_log *log)
{
    nave_err err = NAVE_OK;

    while (log->off < log->len && !err) {
        nave_nsec now = log->mono();
        size_t n = 0;
        int number = 0;

        if (log->is_broken && now >= log->retry_ns && !reconnect(log, now))
            return NAVE_EIO;
        if (log->is_broken && now < log->retry_ns)
            return NAVE_EIO;
        err = log->sink.ops->write(&log->sink, log->buffer + log->off, log->len - log->off, &n,
                                   &number);
        if (!err) {
            log->off += n;
            if (log->off == log->len) {
                count(&log->written, log->lines);
                empty(log);
            }
            if (log->is_broken)
                log->mended_ns = now;
            log->is_broken = 0;
        } else if (err == NAVE_ETOOBIG) {
            count(&log->refused, log->lines);
            empty(log);
            err = NAVE_OK;
        } else if (err != NAVE_EAGAIN) {
            break_off(log, now, number);
        }
    }
    return err;
}

struct nv_log_wait nv_log_pump(struct nv_log *log, int32_t is_ending)
{
    struct nv_log_wait w = {.until_ns = NAVE_NEVER};
    uint32_t rounds = log->take && !is_ending ? 1 : ROUNDS_MAX;
    nave_err err;

    do {
        err = drain(log);
        if (err) {
            w.wants_out = err == NAVE_EAGAIN;
            w.is_failing = err != NAVE_EAGAIN;
            if (w.is_failing)
                w.until_ns = log->retry_ns;
            return w;
        }
    } while (fill(log, is_ending) && --rounds > 0);
    w.is_idle = log->len == 0 && oldest(log) == NULL;
    if (log->note_ns)
        w.until_ns = log->note_ns;
    return w;
}

void nv_log_renew_file(struct nv_log *log)
{
    if (log->take || !log->sink.ops->has_path)
        return;
    if (nv_log_sink_renew(&log->sink, &log->renew_why) != NAVE_OK)
        return;
    /* A line that was begun in the old file is whole in the new one. */
    while (log->off > 0 && log->buffer[log->off - 1] != '\n')
        log->off--;
    log->retry_ns = 0; /* perhaps it was opened anew because it failed */
}

/* --- the thread ------------------------------------------------------------------------------ */

static void sleep_until(struct nv_log *log, nave_nsec until_ns, int32_t wants_out)
{
    struct pollfd p[2] = {{.fd = log->bell_fds[0], .events = POLLIN},
                          {.fd = log->sink.fd, .events = POLLOUT}};
    nave_nsec left = until_ns == NAVE_NEVER ? NAVE_NEVER : until_ns - log->mono();
    int ms = -1;
    char bells[64];

    if (left != NAVE_NEVER)
        ms = left <= 0 ? 0 : left > NAVE_SEC * 3600 ? 3600000 : (int)((left - 1) / NAVE_MSEC) + 1;
    (void)poll(p, wants_out ? 2 : 1, ms);
    while (read(log->bell_fds[0], bells, sizeof(bells)) == (ssize_t)sizeof(bells))
        ;
}

/* Sleep until there is a line. The bells are set before the last look: see log_ring.h. */
static void sleep_idle(struct nv_log *log, nave_nsec until_ns)
{
    int32_t counts_seconds = until_ns != NAVE_NEVER, has_more = 0;
    uint32_t i;

    nv_log_bell_set(&log->bell);
    if (!counts_seconds)
        nv_log_bell_set(&log->loss_bell);
    for (i = 0; i <= log->workers && !has_more; i++)
        has_more = !nv_log_ring_is_empty(&log->lanes[i]->ring);
    if (!has_more && !counts_seconds)
        has_more = has_held(log) || untold_dropped(log);
    if (!has_more)
        sleep_until(log, until_ns, 0);
    nv_log_bell_clear(&log->bell);
    nv_log_bell_clear(&log->loss_bell);
}

/* What was asked of the writer, and what it answers. */
struct orders {
    uint64_t flush;
    int32_t must_reopen;
    int32_t is_ending;
    nave_nsec end_ns;
};

static struct orders read_orders(struct nv_log *log)
{
    struct orders o;

    (void)pthread_mutex_lock(&log->lock);
    o = (struct orders){log->flush_asked, log->must_reopen, log->is_ending, log->end_ns};
    log->must_reopen = 0;
    (void)pthread_mutex_unlock(&log->lock);
    return o;
}

static void answer_flush(struct nv_log *log, uint64_t flush, int32_t is_failing)
{
    (void)pthread_mutex_lock(&log->lock);
    if (log->flush_done < flush || log->is_failing != is_failing) {
        log->flush_done = flush;
        log->is_failing = is_failing;
        (void)pthread_cond_broadcast(&log->changed);
    }
    (void)pthread_mutex_unlock(&log->lock);
}

static void work(struct nv_log *log)
{
    for (;;) {
        struct orders o = read_orders(log);
        struct nv_log_wait w;

        if (o.must_reopen)
            nv_log_renew_file(log);
        if (o.is_ending)
            log->retry_ns = 0; /* one last try */
        w = nv_log_pump(log, o.is_ending);
        if (w.is_idle || w.is_failing)
            answer_flush(log, o.flush, w.is_failing);
        if (o.is_ending && (w.is_idle || w.is_failing || log->mono() >= o.end_ns))
            return;
        if (w.is_idle)
            sleep_idle(log, w.until_ns);
        else if (w.wants_out || w.is_failing)
            sleep_until(log, o.is_ending && o.end_ns < w.until_ns ? o.end_ns : w.until_ns,
                        w.wants_out);
    }
}

void *nv_log_writer_main(void *arg)
{
    struct nv_log *log = arg;
    int32_t is_abandoned;

    work(log);
    (void)pthread_mutex_lock(&log->lock);
    log->is_over = 1;
    is_abandoned = log->is_abandoned;
    (void)pthread_cond_broadcast(&log->changed);
    (void)pthread_mutex_unlock(&log->lock);
    if (is_abandoned)
        nv_log_free(log);
    return NULL;
}

/* SPDX-License-Identifier: MIT
 *
 * See top_show.h. Each line is composed whole and cut to the width, so that a terminal never wraps.
 */
#include "top_show.h"

#include <stdarg.h>
#include <string.h>

#define LINE_MAX_ 256

struct page {
    FILE *out;
    const struct cli_screen *screen;
    unsigned rows;
};

/* How many bytes the first `characters` of a UTF-8 text have. */
static size_t bytes_of(const char *text, size_t characters)
{
    size_t i = 0;

    for (; text[i] && characters > 0; characters--)
        for (i++; ((unsigned char)text[i] & 0xc0) == 0x80; i++)
            ;
    return i;
}

static void line(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void line(struct page *p, const char *format, ...)
{
    char text[LINE_MAX_];
    unsigned columns = p->screen->columns;
    va_list args;

    if (p->screen->rows && p->rows + 1 >= p->screen->rows)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    p->rows++;
    fprintf(p->out, "%.*s%s\n", (int)bytes_of(text, columns ? columns : LINE_MAX_), text,
            p->screen->is_terminal ? "\033[K" : "");
}

/* --- numbers for people ---------------------------------------------------------------------- */

struct word {
    char text[16];
};

/* A name in its column: filled up with spaces, or cut and marked so. */
#define NAME_COLUMNS 24u

struct label {
    char text[4 * NAME_COLUMNS + 1];
};

static struct label label(const char *name)
{
    struct label l;
    size_t len = bytes_of(name, NAME_COLUMNS), i;

    if (name[len]) {
        len = bytes_of(name, NAME_COLUMNS - 1);
        snprintf(l.text, sizeof(l.text), "%.*s~", (int)len, name);
        return l;
    }
    snprintf(l.text, sizeof(l.text), "%s", name);
    for (i = 0; bytes_of(l.text, i) < len; i++)
        ;
    for (; i < NAME_COLUMNS && len + 1 < sizeof(l.text); i++)
        l.text[len++] = ' ';
    l.text[len] = '\0';
    return l;
}

/* 1234567: "1.2M". */
static struct word amount(double n)
{
    static const char units[] = " kMGTPE";
    struct word w;
    int i = 0;

    while (n >= 10000 && units[i + 1]) {
        n /= 1000;
        i++;
    }
    if (i)
        snprintf(w.text, sizeof(w.text), n < 100 ? "%.1f%c" : "%.0f%c", n, units[i]);
    else
        snprintf(w.text, sizeof(w.text), n < 10 && n > 0 ? "%.1f" : "%.0f", n);
    return w;
}

/* The same for what is whole. */
static struct word count(uint64_t n)
{
    struct word w;

    if (n >= 10000)
        return amount((double)n);
    snprintf(w.text, sizeof(w.text), "%u", (unsigned)n);
    return w;
}

static struct word bytes(uint64_t n)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double size = (double)n;
    struct word w;
    size_t i = 0;

    while (size >= 1024 && i + 1 < sizeof(units) / sizeof(units[0])) {
        size /= 1024;
        i++;
    }
    snprintf(w.text, sizeof(w.text), i && size < 100 ? "%.1f %s" : "%.0f %s", size, units[i]);
    return w;
}

/* "-" for none. */
static struct word length(uint64_t ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double n = (double)ns;
    struct word w;
    size_t i = 0;

    if (!ns) {
        memcpy(w.text, "-", 2);
        return w;
    }
    while (n >= 1000 && i + 1 < sizeof(units) / sizeof(units[0])) {
        n /= 1000;
        i++;
    }
    if (n >= 100000)
        snprintf(w.text, sizeof(w.text), "%.0f d", n / 86400);
    else
        snprintf(w.text, sizeof(w.text), i && n < 10 ? "%.1f %s" : "%.0f %s", n, units[i]);
    return w;
}

static struct word uptime(uint64_t ns)
{
    unsigned long long s = ns / 1000000000u;
    struct word w;

    if (s >= 86400)
        snprintf(w.text, sizeof(w.text), "%llud %lluh", s / 86400 % 100000, s % 86400 / 3600);
    else if (s >= 3600)
        snprintf(w.text, sizeof(w.text), "%lluh %llum", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(w.text, sizeof(w.text), "%llum %llus", s / 60, s % 60);
    else
        snprintf(w.text, sizeof(w.text), "%llus", s);
    return w;
}

/* --- parts ----------------------------------------------------------------------------------- */

/* How many a second. A number that went back, of a runtime that was started anew, counts as none. */
static struct word rate(uint64_t before, uint64_t now, double seconds)
{
    return amount(seconds > 0 && now > before ? (double)(now - before) / seconds : 0);
}

/* Time at work up to now, with what is under way. */
static double busy_of(const struct cli_sample *s, const struct cli_worker *w)
{
    double under_way =
        w->is_waiting || s->now_ns < w->since_ns ? 0 : (double)(s->now_ns - w->since_ns);

    return (double)w->busy_ns + under_way;
}

static double wait_of(const struct cli_sample *s, const struct cli_worker *w)
{
    double under_way =
        !w->is_waiting || s->now_ns < w->since_ns ? 0 : (double)(s->now_ns - w->since_ns);

    return (double)w->wait_ns + under_way;
}

static double busy_share(const struct cli_sample *before, const struct cli_worker *b,
                         const struct cli_sample *now, const struct cli_worker *n)
{
    double busy = busy_of(now, n) - (b ? busy_of(before, b) : 0);
    double wait = wait_of(now, n) - (b ? wait_of(before, b) : 0);

    if (busy < 0 || wait < 0 || busy + wait <= 0)
        return 0;
    return 100 * busy / (busy + wait);
}

static void show_workers(struct page *p, const struct cli_sample *before,
                         const struct cli_sample *now, double seconds)
{
    static const struct cli_worker none = {.polls = 0};
    uint32_t i;

    line(p, "%6s %6s %7s %8s %8s %8s %8s %8s %8s %9s %9s %9s", "WORKER", "BUSY", "TASKS", "POLLS/s",
         "WAKES/s", "STOLEN/s", "IO/s", "TIMERS/s", "JOBS/s", "POLL p99", "DELAY p99", "WAKE p99");
    for (i = 0; i < now->worker_count; i++) {
        const struct cli_worker *n = &now->workers[i];
        const struct cli_worker *b =
            before && i < before->worker_count ? &before->workers[i] : NULL;
        const struct cli_worker *z = b ? b : &none;

        line(p, "%6u %5.1f%% %7s %8s %8s %8s %8s %8s %8s %9s %9s %9s%s", i,
             busy_share(before, b, now, n), count(n->tasks).text,
             rate(z->polls, n->polls, seconds).text,
             rate(z->wakes_local + z->wakes_remote, n->wakes_local + n->wakes_remote, seconds).text,
             rate(z->stolen, n->stolen, seconds).text,
             rate(z->io_events, n->io_events, seconds).text,
             rate(z->timers_fired, n->timers_fired, seconds).text,
             rate(z->jobs + z->inbox_jobs, n->jobs + n->inbox_jobs, seconds).text,
             length(cli_times_percentile(&z->poll_time, &n->poll_time, 99)).text,
             length(cli_times_percentile(&z->schedule_delay, &n->schedule_delay, 99)).text,
             length(cli_times_percentile(&z->wake_delay, &n->wake_delay, 99)).text,
             n->stalls ? "  stalled" : "");
    }
}

/* Both lanes, once there was a call. */
static void show_lanes(struct page *p, const struct cli_sample *before,
                       const struct cli_sample *now, double seconds)
{
    static const struct cli_lane none = {.queued = 0};
    uint64_t started = 0;
    uint32_t i;

    for (i = 0; i < now->lane_count; i++)
        started += now->lanes[i].started;
    if (!started)
        return;
    line(p, "%s", "");
    line(p, "%-24s %8s %6s %8s %8s %8s %9s %10s %10s %9s", "BLOCKING", "THREADS", "IDLE", "RUNNING",
         "QUEUED", "CALLS/s", "REFUSED/s", "CANCELED/s", "QUEUE p99", "RUN p99");
    for (i = 0; i < now->lane_count; i++) {
        const struct cli_lane *n = &now->lanes[i];
        const struct cli_lane *z = before && i < before->lane_count ? &before->lanes[i] : &none;

        line(p, "%s %8s %6s %8s %8s %8s %9s %10s %10s %9s", label(n->name).text,
             count(n->threads).text, count(n->threads_idle).text, count(n->running).text,
             count(n->queued + n->waiting).text, rate(z->started, n->started, seconds).text,
             rate(z->refused, n->refused, seconds).text,
             rate(z->canceled, n->canceled, seconds).text,
             length(cli_times_percentile(&z->queue_time, &n->queue_time, 99)).text,
             length(cli_times_percentile(&z->run_time, &n->run_time, 99)).text);
    }
}

static void show_plugins(struct page *p, const struct cli_sample *before,
                         const struct cli_sample *now, double seconds)
{
    uint32_t i;

    line(p, "%s", "");
    line(p, "%-24s %7s %7s %7s %7s %7s %11s", "PLUGIN", "TIME", "TASKS", "HOLDS", "FILES", "TIMERS",
         "MEMORY");
    for (i = 0; i < now->plugin_count; i++) {
        const struct cli_plugin *n = &now->plugins[i];
        uint64_t was = before && i < before->plugin_count ? before->plugins[i].time_ns : 0;
        double share = seconds > 0 && n->time_ns > was
                           ? (double)(n->time_ns - was) / (seconds * 1e9) * 100
                           : 0;

        line(p, "%s %6.1f%% %7s %7s %7s %7s %11s", label(n->id).text, share, count(n->tasks).text,
             count(n->holds).text, count(n->descriptors).text, count(n->timers).text,
             bytes(n->memory_bytes + n->worker_bytes).text);
    }
}

static void show_listeners(struct page *p, const struct cli_sample *before,
                           const struct cli_sample *now, double seconds)
{
    uint32_t i;

    if (!now->listener_count)
        return;
    line(p, "%s", "");
    line(p, "%-24s %10s %10s", "LISTENER", "ACCEPTED", "/s");
    for (i = 0; i < now->listener_count; i++) {
        const struct cli_listener *n = &now->listeners[i];
        uint64_t was = before && i < before->listener_count ? before->listeners[i].accepted : 0;

        line(p, "%s %10s %10s", label(n->name).text, count(n->accepted).text,
             rate(was, n->accepted, seconds).text);
    }
}

void cli_top_show(FILE *out, const struct cli_screen *screen, const struct cli_sample *before,
                  const struct cli_sample *now)
{
    struct page p = {out, screen, 0};
    uint64_t tasks = 0, stalls = 0;
    double seconds;
    uint32_t i;

    if (before && (before->pid != now->pid || now->now_ns <= before->now_ns))
        before = NULL; /* another runtime */
    seconds = before ? (double)(now->now_ns - before->now_ns) / 1e9 : (double)now->uptime_ns / 1e9;
    for (i = 0; i < now->worker_count; i++) {
        tasks += now->workers[i].tasks;
        stalls += now->workers[i].stalls;
    }
    line(&p, "nave %s, process %llu, up %s, %u worker%s with %s, %llu task%s, %llu stall%s",
         now->version, (unsigned long long)now->pid, uptime(now->uptime_ns).text, now->worker_count,
         now->worker_count == 1 ? "" : "s", now->backend, (unsigned long long)tasks,
         tasks == 1 ? "" : "s", (unsigned long long)stalls, stalls == 1 ? "" : "s");
    line(&p, "%s", "");
    show_workers(&p, before, now, seconds);
    show_lanes(&p, before, now, seconds);
    show_plugins(&p, before, now, seconds);
    show_listeners(&p, before, now, seconds);
}

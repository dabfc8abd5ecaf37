/* SPDX-License-Identifier: MIT
 *
 * What a runtime answers to "top": totals of its workers, plugins and listeners at one moment. The lines
 * are words of name=number (core/admin/top_out.h says which); names that are not known here are passed over,
 * so that an older nave reads a newer runtime.
 */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include <stdint.h>
#include <stdio.h>

/* How long something took: how many times of which length. */
#define CLI_TIMES_MAX 128

struct cli_times {
    uint32_t count;
    uint64_t max_ns;
    uint64_t bounds[CLI_TIMES_MAX]; /* ns, growing */
    uint64_t counts[CLI_TIMES_MAX];
};

struct cli_worker {
    uint64_t is_waiting, since_ns, tasks, polls, wakes_local, wakes_remote, stolen, io_events;
    uint64_t timers_fired, jobs, inbox_jobs, wait_ns, busy_ns, stalls;
    struct cli_times poll_time, schedule_delay, wake_delay;
};

struct cli_plugin {
    char id[80];
    uint64_t memory_bytes, worker_bytes, descriptors, timers, tasks, holds, time_ns;
};

/* Of the pool for blocking calls. */
struct cli_lane {
    char name[32];
    uint64_t queued, waiting, running, threads, threads_idle, threads_max;
    uint64_t started, canceled, refused;
    struct cli_times queue_time, run_time;
};

struct cli_listener {
    char name[80];
    uint64_t accepted;
};

struct cli_sample {
    char version[32];
    char backend[32];
    uint64_t pid, now_ns, uptime_ns;
    struct cli_worker *workers;
    struct cli_lane *lanes;
    struct cli_plugin *plugins;
    struct cli_listener *listeners;
    uint32_t worker_count, lane_count, plugin_count, listener_count;
    char error[256]; /* why there is no answer */
};

/* Read one answer from `server`. Gives an exit status; s->error says what went wrong, and nothing when
 * it was a signal. State: cli_sample_free must be called either way. */
int cli_sample_read(struct cli_sample *s, FILE *server);

/* All zero is fine. */
void cli_sample_free(struct cli_sample *s);

/* The length that `percent` of 100 did not exceed between `before` (NULL: the start) and `now`; 0: none. */
uint64_t cli_times_percentile(const struct cli_times *before, const struct cli_times *now,
                              uint32_t percent);

#endif

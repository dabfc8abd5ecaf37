/* SPDX-License-Identifier: MIT
 *
 * See sample.h. Nothing of the answer is trusted: rows are bounded, numbers are numbers or 0.
 */
#include "sample.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"

#define ROWS_MAX 1100u /* listeners; there are at most 256 workers and plugins */

struct field {
    const char *name;
    size_t offset;
};

#define WORKER_FIELD(name)                       \
    {                                            \
#        name, offsetof(struct cli_worker, name) \
    }
#define LANE_FIELD(name)                       \
    {                                          \
#        name, offsetof(struct cli_lane, name) \
    }
#define PLUGIN_FIELD(name)                       \
    {                                            \
#        name, offsetof(struct cli_plugin, name) \
    }

static const struct field nave_fields[] = {
    {"pid", offsetof(struct cli_sample, pid)},
    {"now_ns", offsetof(struct cli_sample, now_ns)},
    {"uptime_ns", offsetof(struct cli_sample, uptime_ns)},
    {NULL, 0},
};

static const struct field worker_fields[] = {
    WORKER_FIELD(is_waiting), WORKER_FIELD(since_ns),    WORKER_FIELD(tasks),
    WORKER_FIELD(polls),      WORKER_FIELD(wakes_local), WORKER_FIELD(wakes_remote),
    WORKER_FIELD(stolen),     WORKER_FIELD(io_events),   WORKER_FIELD(timers_fired),
    WORKER_FIELD(jobs),       WORKER_FIELD(inbox_jobs),  WORKER_FIELD(wait_ns),
    WORKER_FIELD(busy_ns),    WORKER_FIELD(stalls),      {NULL, 0},
};

static const struct field lane_fields[] = {
    LANE_FIELD(queued),  LANE_FIELD(waiting),      LANE_FIELD(running),
    LANE_FIELD(threads), LANE_FIELD(threads_idle), LANE_FIELD(threads_max),
    LANE_FIELD(started), LANE_FIELD(canceled),     LANE_FIELD(refused),
    {NULL, 0},
};

static const struct field plugin_fields[] = {
    PLUGIN_FIELD(memory_bytes), PLUGIN_FIELD(worker_bytes),
    PLUGIN_FIELD(descriptors),  PLUGIN_FIELD(timers),
    PLUGIN_FIELD(tasks),        PLUGIN_FIELD(holds),
    PLUGIN_FIELD(time_ns),      {NULL, 0},
};

static const struct field listener_fields[] = {
    {"accepted", offsetof(struct cli_listener, accepted)},
    {NULL, 0},
};

static const struct field worker_times[] = {
    {"poll_time", offsetof(struct cli_worker, poll_time)},
    {"schedule_delay", offsetof(struct cli_worker, schedule_delay)},
    {"wake_delay", offsetof(struct cli_worker, wake_delay)},
    {NULL, 0},
};

static const struct field lane_times[] = {
    LANE_FIELD(queue_time),
    LANE_FIELD(run_time),
    {NULL, 0},
};

/* The value of `name` in `line`, up to the next space; NULL: it is not there. */
static const char *value_of(const char *line, const char *name)
{
    size_t len = strlen(name);
    const char *at = line;

    while ((at = strchr(at, ' ')) != NULL) {
        at++;
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return at + len + 1;
    }
    return NULL;
}

static void take_text(const char *line, const char *name, char *out, size_t size)
{
    const char *value = value_of(line, name);
    size_t len = value ? strcspn(value, " ") : 0;

    if (len >= size)
        len = size - 1;
    if (value)
        memcpy(out, value, len);
    out[len] = '\0';
}

static void take_numbers(const char *line, const struct field *fields, void *out)
{
    for (; fields->name; fields++) {
        const char *value = value_of(line, fields->name);
        uint64_t number = value ? strtoull(value, NULL, 10) : 0;

        memcpy((char *)out + fields->offset, &number, sizeof(number));
    }
}

/* The worker or lane that `line` tells of, and where its times are; NULL: it is not known. */
static void *owner_of(const char *line, const struct cli_sample *s, const struct field **out_fields)
{
    const char *worker = value_of(line, "worker");
    uint64_t index = worker ? strtoull(worker, NULL, 10) : UINT64_MAX;
    char name[32];
    uint32_t i;

    *out_fields = worker ? worker_times : lane_times;
    if (worker)
        return index < s->worker_count ? &s->workers[index] : NULL;
    take_text(line, "lane", name, sizeof(name));
    for (i = 0; i < s->lane_count; i++)
        if (strcmp(s->lanes[i].name, name) == 0)
            return &s->lanes[i];
    return NULL;
}

static void take_times(const char *line, struct cli_sample *s)
{
    const struct field *f;
    void *owner = owner_of(line, s, &f);
    struct cli_times *t;
    const char *at;
    char of[32];

    take_text(line, "of", of, sizeof(of));
    while (f->name && strcmp(f->name, of) != 0)
        f++;
    if (!f->name || !owner)
        return;
    t = (struct cli_times *)(void *)((char *)owner + f->offset);
    at = value_of(line, "max_ns");
    t->max_ns = at ? strtoull(at, NULL, 10) : 0;
    t->count = 0;
    while (at && (at = strchr(at, ' ')) != NULL && t->count < CLI_TIMES_MAX) {
        char *end;

        t->bounds[t->count] = strtoull(++at, &end, 10);
        if (*end != ':')
            break;
        t->counts[t->count++] = strtoull(end + 1, NULL, 10);
    }
}

/* One row more, zeroed; NULL: no memory, or too many. */
static void *grow(void **rows, uint32_t *count, size_t size)
{
    char *grown;

    if (*count >= ROWS_MAX)
        return NULL;
    grown = realloc(*rows, (*count + 1u) * size);
    if (!grown)
        return NULL;
    *rows = grown;
    memset(grown + *count * size, 0, size);
    return grown + (*count)++ * size;
}

#define GROW(rows, count) grow((void **)(void *)&(rows), &(count), sizeof(*(rows)))

/* 0: no memory. */
static int take_line(struct cli_sample *s, const char *line)
{
    if (strncmp(line, "nave ", 5) == 0) {
        take_text(line, "version", s->version, sizeof(s->version));
        take_text(line, "backend", s->backend, sizeof(s->backend));
        take_numbers(line, nave_fields, s);
    } else if (strncmp(line, "worker ", 7) == 0) {
        struct cli_worker *w = GROW(s->workers, s->worker_count);

        if (!w)
            return 0;
        take_numbers(line, worker_fields, w);
    } else if (strncmp(line, "times ", 6) == 0) {
        take_times(line, s);
    } else if (strncmp(line, "lane ", 5) == 0) {
        struct cli_lane *l = GROW(s->lanes, s->lane_count);

        if (!l)
            return 0;
        take_text(line, "name", l->name, sizeof(l->name));
        take_numbers(line, lane_fields, l);
    } else if (strncmp(line, "plugin ", 7) == 0) {
        struct cli_plugin *p = GROW(s->plugins, s->plugin_count);

        if (!p)
            return 0;
        take_text(line, "id", p->id, sizeof(p->id));
        take_numbers(line, plugin_fields, p);
    } else if (strncmp(line, "listener ", 9) == 0) {
        struct cli_listener *l = GROW(s->listeners, s->listener_count);
        const char *name = strstr(line, " name=");

        if (!l)
            return 0;
        take_numbers(line, listener_fields, l);
        snprintf(l->name, sizeof(l->name), "%s", name ? name + 6 : "?");
    }
    return 1;
}

int cli_sample_read(struct cli_sample *s, FILE *server)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    int status = -1;

    memset(s, 0, sizeof(*s));
    errno = 0;
    while (status < 0 && (len = getline(&line, &room, server)) > 0) {
        if (line[len - 1] == '\n')
            line[len - 1] = '\0';
        if (strcmp(line, ".") == 0) {
            status = EXIT_SUCCESS;
        } else if (strncmp(line, "error: ", 7) == 0) {
            snprintf(s->error, sizeof(s->error), "%s", line + 7);
            status = CLI_EXIT_RUN;
        } else if (!take_line(s, line)) {
            snprintf(s->error, sizeof(s->error), "out of memory");
            status = CLI_EXIT_RUN;
        }
    }
    free(line);
    if (status >= 0)
        return status;
    if (errno != EINTR)
        snprintf(s->error, sizeof(s->error), CLI_ADMIN_LOST);
    return CLI_EXIT_RUN;
}

void cli_sample_free(struct cli_sample *s)
{
    free(s->workers);
    free(s->lanes);
    free(s->plugins);
    free(s->listeners);
    memset(s, 0, sizeof(*s));
}

/* How many of bound `bound` there were. */
static uint64_t count_of(const struct cli_times *t, uint64_t bound)
{
    uint32_t i;

    for (i = 0; t && i < t->count; i++)
        if (t->bounds[i] == bound)
            return t->counts[i];
    return 0;
}

uint64_t cli_times_percentile(const struct cli_times *before, const struct cli_times *now,
                              uint32_t percent)
{
    uint64_t total = 0, seen = 0, rank;
    uint32_t i;

    for (i = 0; i < now->count; i++)
        total += now->counts[i] - count_of(before, now->bounds[i]);
    if (!total)
        return 0;
    rank = (total * percent + 99) / 100;
    for (i = 0; i < now->count; i++) {
        seen += now->counts[i] - count_of(before, now->bounds[i]);
        if (seen >= rank)
            return now->bounds[i] < now->max_ns ? now->bounds[i] : now->max_ns;
    }
    return now->max_ns;
}

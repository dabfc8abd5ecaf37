/* SPDX-License-Identifier: MIT
 *
 * Writing: as text for people, as one JSON list for programs.
 */
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "runtime/runtime.h"

#define LOOK_A_PIECE 256u        /* objects, of which most may be free          */
#define PIECE_BYTES  (32u << 10) /* of text: one more task is begun below that */
#define TEXT_MAX     160u        /* bytes of what is awaited, as it is written */

static const char *const states[] = {"waiting", "ready", "running", "ended"};

/* What is awaited, on one line. */
static void put_source(struct nv_out *o, const char *text)
{
    size_t len = strlen(text);
    char one[TEXT_MAX + 4];

    snprintf(one, sizeof(one), "%.*s%s", (int)TEXT_MAX, text, len > TEXT_MAX ? "..." : "");
    nv_out_clean(o, one);
}

static void put_line(struct nv_out *o, const struct nv_await_line *l)
{
    nv_out_format(o, "%*s", (int)(4 + 2 * l->depth), "");
    if (l->is_op) {
        nv_out_text(o, "waits for ");
        nv_out_clean(o, l->name ? l->name : "an operation without a name");
        if (l->detail) {
            nv_out_text(o, " \"");
            nv_out_clean(o, l->detail);
            nv_out_text(o, "\"");
        }
    } else {
        nv_out_clean(o, l->name ? l->name : "?");
        if (l->is_canceling)
            nv_out_text(o, ", cleaning up,");
        if (l->file) {
            nv_out_text(o, " at ");
            nv_out_clean(o, l->file);
            nv_out_format(o, ":%u: ", l->line);
            put_source(o, l->text ? l->text : "?");
        }
    }
    nv_out_text(o, "\n");
}

struct nv_dump_time nv_dump_time(nave_nsec ns)
{
    unsigned long long ms = (unsigned long long)ns / NAVE_MSEC, s = ms / 1000;
    struct nv_dump_time t;

    if (ms < 1000)
        snprintf(t.text, sizeof(t.text), "%llu ms", ms);
    else if (s < 60)
        snprintf(t.text, sizeof(t.text), "%llu.%llu s", s, ms % 1000 / 100);
    else if (s < 3600)
        snprintf(t.text, sizeof(t.text), "%llu min %llu s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(t.text, sizeof(t.text), "%llu h %llu min", s / 3600, s % 3600 / 60);
    else
        snprintf(t.text, sizeof(t.text), "%llu d %llu h", s / 86400, s % 86400 / 3600);
    return t;
}

void nv_dump_text(const struct nv_task_view *v, struct nv_out *o)
{
    uint32_t i;

    nv_out_format(o, "task %llx ", (unsigned long long)v->id);
    nv_out_clean(o, v->name);
    nv_out_format(o, " of %s: %s on worker %u%s", v->plugin, states[v->state], v->worker,
                  v->is_pinned ? " (pinned)" : "");
    if (v->state == NV_TASK_IS_WAITING)
        nv_out_format(o, " for %s", nv_dump_time(v->waits_ns).text);
    nv_out_format(o, "%s, %u poll%s, %s old\n", v->is_canceled ? ", asked to end" : "", v->polls,
                  v->polls == 1 ? "" : "s", nv_dump_time(v->age_ns).text);
    for (i = 0; i < v->line_count; i++)
        put_line(o, &v->lines[i]);
    if (v->is_cut)
        nv_out_text(o, "    ... and more\n");
}

void nv_dump_json(const struct nv_task_view *v, struct nv_json *j)
{
    char id[24];
    uint32_t i;

    snprintf(id, sizeof(id), "%llx", (unsigned long long)v->id);
    nv_json_object(j, NULL);
    nv_json_text(j, "id", id);
    nv_json_text(j, "name", v->name);
    nv_json_text(j, "plugin", v->plugin);
    nv_json_text(j, "state", states[v->state]);
    nv_json_number(j, "worker", v->worker);
    nv_json_flag(j, "is_pinned", (int)v->is_pinned);
    nv_json_flag(j, "is_canceled", (int)v->is_canceled);
    nv_json_number(j, "polls", v->polls);
    nv_json_number(j, "age_ns", (uint64_t)v->age_ns);
    if (v->state == NV_TASK_IS_WAITING)
        nv_json_number(j, "waits_ns", (uint64_t)v->waits_ns);
    nv_json_list(j, "awaits");
    for (i = 0; i < v->line_count; i++) {
        const struct nv_await_line *l = &v->lines[i];

        nv_json_object(j, NULL);
        nv_json_number(j, "depth", l->depth);
        nv_json_text(j, l->is_op ? "operation" : "function", l->name);
        if (l->detail)
            nv_json_text(j, "call", l->detail);
        if (l->file) {
            nv_json_text(j, "file", l->file);
            nv_json_number(j, "line", l->line);
            nv_json_text(j, "text", l->text);
        }
        if (l->is_canceling)
            nv_json_flag(j, "is_cleaning", 1);
        nv_json_end(j);
    }
    nv_json_end(j);
    if (v->is_cut)
        nv_json_flag(j, "is_cut", 1);
    nv_json_end(j);
}

/* --- pieces ---------------------------------------------------------------------------------- */

nave_err nv_dump_begin(struct nv_dump *d, struct nave_runtime *rt, int32_t is_json)
{
    memset(d, 0, sizeof(*d));
    /* When all leave their loops, tasks are dropped on their workers. */
    if (rt->state != NV_RUNTIME_RUNNING || __atomic_load_n(&rt->threads.is_ended, __ATOMIC_ACQUIRE))
        return NAVE_ESTATE;
    d->rt = rt;
    d->is_json = is_json;
    return NAVE_OK;
}

static void put_count(struct nv_out *o, uint64_t count, const char *what, int32_t is_first)
{
    if (count || is_first)
        nv_out_format(o, "%s%llu %s", is_first ? "" : ", ", (unsigned long long)count, what);
}

static void put_end(struct nv_dump *d, struct nv_out *o)
{
    uint64_t all = 0, calls = d->calls_running + d->calls_queued;
    size_t i;

    if (d->is_json) {
        nv_json_end(&d->json);
        nv_json_number(&d->json, "calls_running", d->calls_running);
        nv_json_number(&d->json, "calls_queued", d->calls_queued);
        nv_json_end(&d->json);
        nv_out_text(o, "\n");
        return;
    }
    for (i = 0; i < NAVE_COUNT(d->counts); i++)
        all += d->counts[i];
    put_count(o, all, all == 1 ? "task" : "tasks", 1);
    for (i = 0; i < NAVE_COUNT(d->counts); i++)
        put_count(o, d->counts[i], states[i], 0);
    nv_out_text(o, "\n");
    if (!calls)
        return;
    put_count(o, calls, calls == 1 ? "blocking call" : "blocking calls", 1);
    put_count(o, d->calls_running, "running", 0);
    put_count(o, d->calls_queued, "queued", 0);
    nv_out_text(o, "\n");
}

static void put_begin(struct nv_dump *d, struct nv_out *o)
{
    d->has_begun = 1;
    if (!d->is_json)
        return;
    nv_json_init(&d->json, o);
    nv_json_object(&d->json, NULL);
    nv_json_list(&d->json, "tasks");
}

/* 1: there are more. */
static int32_t put_tasks(struct nv_dump *d, struct nv_out *o)
{
    const uint64_t full = o->written + PIECE_BYTES;
    uint32_t look = LOOK_A_PIECE;

    while (nv_dump_next(d, &look)) {
        d->counts[d->view.state]++;
        if (d->is_json)
            nv_dump_json(&d->view, &d->json);
        else
            nv_dump_text(&d->view, o);
        if (o->written >= full)
            return 1;
    }
    return look == 0;
}

int32_t nv_dump_go_on(struct nv_dump *d, struct nv_out *o)
{
    if (!d->has_begun)
        put_begin(d, o);
    d->json.out = o; /* another one for each piece */
    d->now_ns = nv_stat_clock(d->rt->threads.each[0].worker);
    if (!d->has_tasks) {
        if (put_tasks(d, o))
            return 1;
        d->has_tasks = 1;
        if (d->is_json) {
            nv_json_end(&d->json);
            nv_json_list(&d->json, "calls");
        }
        return 1;
    }
    nv_dump_lane(d, o);
    if (++d->lane < NV_LANES)
        return 1;
    put_end(d, o);
    return 0;
}

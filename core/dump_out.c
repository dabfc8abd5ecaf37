/* SPDX-License-Identifier: MIT
 *
 * Writing: as text for people, as one JSON list for programs.
 */
#include <stdio.h>
#include <string.h>

#include "dump.h"
#include "runtime.h"

#define LOOK_A_PIECE 256u /* objects, of which most may be free */
#define TEXT_MAX     160u /* bytes of what is awaited, as it is written */

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

void nv_dump_text(const struct nv_task_view *v, struct nv_out *o)
{
    uint32_t i;

    nv_out_format(o, "task %llx ", (unsigned long long)v->id);
    nv_out_clean(o, v->name);
    nv_out_format(o, " of %s: %s on worker %u%s%s, %u poll%s\n", v->plugin, states[v->state],
                  v->worker, v->is_pinned ? " (pinned)" : "",
                  v->is_canceled ? ", asked to end" : "", v->polls, v->polls == 1 ? "" : "s");
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
    nv_json_list(j, "awaits");
    for (i = 0; i < v->line_count; i++) {
        const struct nv_await_line *l = &v->lines[i];

        nv_json_object(j, NULL);
        nv_json_number(j, "depth", l->depth);
        nv_json_text(j, l->is_op ? "operation" : "function", l->name);
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
    if (rt->state != NV_RUNTIME_RUNNING)
        return NAVE_ESTATE;
    d->rt = rt;
    d->is_json = is_json;
    return NAVE_OK;
}

static void put_end(struct nv_dump *d, struct nv_out *o)
{
    uint64_t all = 0;
    size_t i;

    if (d->is_json) {
        nv_json_end(&d->json);
        nv_out_text(o, "\n");
        return;
    }
    for (i = 0; i < NAVE_COUNT(d->counts); i++)
        all += d->counts[i];
    nv_out_format(o, "%llu task%s", (unsigned long long)all, all == 1 ? "" : "s");
    for (i = 0; i < NAVE_COUNT(d->counts); i++)
        if (d->counts[i])
            nv_out_format(o, ", %llu %s", (unsigned long long)d->counts[i], states[i]);
    nv_out_text(o, "\n");
}

int32_t nv_dump_go_on(struct nv_dump *d, struct nv_out *o)
{
    uint32_t look = LOOK_A_PIECE;

    if (d->is_json) {
        if (!d->has_begun) {
            nv_json_init(&d->json, o);
            nv_json_list(&d->json, NULL);
        }
        d->json.out = o; /* another one for each piece */
    }
    d->has_begun = 1;
    while (nv_dump_next(d, &look)) {
        d->counts[d->view.state]++;
        if (d->is_json)
            nv_dump_json(&d->view, &d->json);
        else
            nv_dump_text(&d->view, o);
    }
    if (look == 0)
        return 1;
    put_end(d, o);
    return 0;
}

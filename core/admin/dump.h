/* SPDX-License-Identifier: MIT
 *
 * The task dump: every task of a runtime with what it waits for, through all the functions that wait for
 * each other, without disturbing one; and the calls of the pool for those that block.
 *
 * A task that waits is claimed as if a wake had queued it, so that nobody polls it; its frame is read;
 * then it is given back, and if a wake came meanwhile it is queued now. Tasks that are queued or polled
 * are told without their frames. Looking (dump.c) and writing (dump_out.c) are apart; dump_calls.c has
 * both for blocking calls.
 */
#ifndef NV_DUMP_H
#define NV_DUMP_H

#include <nave/base.h>
#include <nave/error.h>

#include "blocking/blocking.h"
#include "base/json_out.h"
#include "worker/task_pool.h"

struct nave_runtime;

#define NV_DUMP_LINES 32u /* of what one task waits for */
#define NV_DUMP_DEPTH 16u
#define NV_DUMP_CALLS 256u /* of a lane that are told one by one */

enum nv_task_state {
    NV_TASK_IS_WAITING = 0, /* nobody polls it: its lines are there */
    NV_TASK_IS_READY,       /* queued                               */
    NV_TASK_IS_RUNNING,     /* being polled                         */
    NV_TASK_IS_ENDED,       /* its result waits for who joins it    */
};

/* One thing that is waited for. Texts are static, of plugins that are loaded. */
struct nv_await_line {
    uint32_t depth;
    uint32_t line;        /* of the source; 0: not known               */
    const char *name;     /* of a function or future, or of an op      */
    const char *detail;   /* of an op: the name of its blocking call; NULL: it has none */
    const char *function; /* where it waits; NULL: it is no function   */
    const char *file;
    const char *text; /* what it awaits, as it is written           */
    int32_t is_op;
    int32_t is_canceling; /* its cleanup runs */
};

struct nv_task_view {
    uint64_t id; /* as spawn returned it */
    const char *name;
    const char *plugin;
    enum nv_task_state state;
    uint32_t worker;    /* where it is pinned, else where it was made */
    uint32_t is_pinned; /* it holds what belongs to that worker       */
    uint32_t is_canceled;
    uint32_t polls;
    nave_nsec age_ns;   /* since it was spawned, to 17 ms; begins anew after 2.2 years    */
    nave_nsec waits_ns; /* waiting: since the turn in which it was polled last; else 0 */
    uint32_t line_count;
    uint32_t is_cut; /* there are more lines */
    struct nv_await_line lines[NV_DUMP_LINES];
};

/* One dump, a piece at a time. */
struct nv_dump {
    struct nave_runtime *rt;
    struct nv_task_cursor at;
    int32_t is_json;
    int32_t has_begun;
    nave_nsec now_ns; /* of this piece */
    uint64_t counts[NV_TASK_IS_ENDED + 1];
    uint32_t has_tasks; /* all tasks are told: the lanes are next */
    uint32_t lane;
    uint64_t calls_running, calls_queued; /* of all lanes so far */
    struct nv_json json;
    struct nv_task_view view;
    struct nv_blocking_job jobs[NV_DUMP_CALLS];
};

/* Begin. Thread: [control]. State: started, and the workers are not on their way down.
 * Errors: NAVE_ESTATE. */
NAVE_NODISCARD nave_err nv_dump_begin(struct nv_dump *d, struct nave_runtime *rt, int32_t is_json);

/* Write the next piece: of 256 objects of the pool, or the calls of a lane, at most; below 64 KiB.
 * 1: there is more. Thread: as begin. */
int32_t nv_dump_go_on(struct nv_dump *d, struct nv_out *o);

/* dump.c: the next task that there is, into d->view; looks at `*look` objects at most and counts them
 * off. 0: none was found; d->at is at the end, or *look is 0. */
int32_t nv_dump_next(struct nv_dump *d, uint32_t *look);

/* dump.c: what future `f`, at rest, waits for, to the lines of `v`. */
struct nave_future;
void nv_dump_await(struct nv_task_view *v, const struct nave_future *f, uint32_t depth);

/* dump_out.c: one task as text, or as an object in a list. */
void nv_dump_text(const struct nv_task_view *v, struct nv_out *o);
void nv_dump_json(const struct nv_task_view *v, struct nv_json *j);

/* dump_out.c: a length of time for people: "12 ms", "3.4 s", "5 min 12 s". */
struct nv_dump_time {
    char text[32];
};
struct nv_dump_time nv_dump_time(nave_nsec ns);

/* dump_calls.c: lane d->lane, as text or as objects in a list. */
void nv_dump_lane(struct nv_dump *d, struct nv_out *o);

#endif

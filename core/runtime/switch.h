/* SPDX-License-Identifier: MIT
 *
 * From one set of doors to the next while all workers run. The control role has made everything
 * beforehand; each worker changes what is its own in one job of its loop, so it never sees half of
 * it; when all have, what was closed is destroyed. Until then no other change begins.
 */
#ifndef NV_SWITCH_H
#define NV_SWITCH_H

#include "leaving.h"

enum nv_change_kind {
    NV_CHANGE_OPEN = 0, /* `door` begins to accept                                        */
    NV_CHANGE_CLOSE,    /* `door` stops; `leaving` has its chain                          */
    NV_CHANGE_CHAIN,    /* new streams meet door->chain; `leaving` has the one before     */
    NV_CHANGE_HANDLER,  /* door->chain has another handler; `leaving` has the one before  */
};

struct nv_change {
    enum nv_change_kind kind;
    struct nv_door *door;
    struct nv_leaving *leaving; /* NULL for OPEN */
};

struct nv_switch;

/* The part of one worker. */
struct nv_switch_part {
    struct nave_job job;   /* posted: change everything   */
    struct nave_job after; /* deferred: behind what was queued before */
    struct nv_switch *sw;
};

struct nv_switch {
    struct nave_job finish; /* to worker 0, by the last worker */
    struct nave_runtime *rt;
    void (*done)(struct nave_runtime *rt); /* all workers have changed. Thread: [control] */
    struct nv_serving *before;
    struct nv_serving *now;
    struct nv_change *changes; /* at most as many as doors before and now together */
    uint32_t change_count;
    uint32_t pending; /* atomic: workers that have not changed yet */
    struct nv_switch_part parts[];
};

/* Room for a change to `count` doors. Thread: [control]. Errors: NAVE_ENOMEM, not reported. */
NAVE_NODISCARD nave_err nv_switch_new(struct nave_runtime *rt, uint32_t count,
                                      struct nv_switch **out_switch);

/* Free one that was not begun, without its doors. NULL is fine. */
void nv_switch_free(struct nv_switch *sw);

/* Begin: rt->switching is `sw` until all workers have changed; then `done` is called. Thread: [control].
 * State: running. Owns: takes sw. */
void nv_switch_begin(struct nave_runtime *rt, struct nv_switch *sw_take,
                     void (*done)(struct nave_runtime *rt));

/* Close what a change that was cut off would have closed. State: no worker runs. */
void nv_switch_end(struct nave_runtime *rt);

#endif

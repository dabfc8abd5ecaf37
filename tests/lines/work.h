/* SPDX-License-Identifier: MIT
 *
 * What the workers do while lines are counted: a static plugin with one driver on each worker, which does
 * its operation again and again, and counts.
 */
#ifndef LINES_WORK_H
#define LINES_WORK_H

#include <nave/async.h>
#include <nave/channel.h>
#include <nave/join.h>
#include <nave/mpsc.h>
#include <nave/plugin.h>
#include <nave/sim.h>
#include <nave/sleep.h>
#include <nave/worker.h>

#include "lines.h"

/* What belongs to one worker; nobody else looks at its line while it works. */
struct work_part {
    struct nave_worker *w; /* as worker_start gave it */
    uint64_t done;         /* operations              */
    struct nave_mpsc *tx, *back_tx;
    struct nave_mpsc_rx *rx, *back_rx;
    struct nave_waker waker; /* of the task that its neighbour wakes */
    uint32_t is_known;       /* it is there                          */
    uint32_t turns;          /* atomic: wakes that were not answered */
    uint32_t is_stopped;
} __attribute__((aligned(128)));

/* One for each runtime; nave_runtime_options.user. */
struct work {
    struct work_part parts[LINES_WORKERS];
    struct nave_channels *channels;
    uint32_t workers;
};

/* Begin the work on worker `w`, where it has its part. 0: out of memory. */
typedef int work_fn(struct work *work, struct nave_worker *w);

struct work_kind {
    const char *name;
    work_fn *start;
    uint32_t each, most; /* every each-th worker counts operations, and none from `most` on */
    /* What it may cost, per operation, with any number of workers from two on. */
    double transfers_max, rmws_max;
    double transfers_each; /* and so many more for each worker */
};

extern const struct work_kind work_kinds[]; /* ends with a name that is NULL */

const struct nave_plugin *work_plugin_entry_v1(void);

#endif

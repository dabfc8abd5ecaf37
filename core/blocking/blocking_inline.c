/* SPDX-License-Identifier: MIT
 *
 * A lane without threads: the jobs of a worker run on it, one a turn, in the order in which they came;
 * never inside the start. For hosts that want no threads, and for simulation, where the same seed must
 * give the same run.
 */
#include <stdlib.h>

#include <nave/worker.h>

#include "blocking_lane.h"

/* The oldest job after `after` that worker `index` started; NULL: none. State: locked. */
static struct nave_op *next_of(struct nv_lane *lane, struct nave_op *after, uint32_t index)
{
    struct nave_op *op = after->next;

    while (op != &lane->queue && op->worker->index != index)
        op = op->next;
    return op == &lane->queue ? NULL : op;
}

static void defer(struct nv_inline *i)
{
    if (i->is_deferred)
        return;
    i->is_deferred = 1;
    nave_worker_defer(i->worker, &i->job);
}

static void run_one(struct nave_job *j)
{
    struct nv_inline *i = NAVE_CONTAINER_OF(j, struct nv_inline, job);
    struct nv_lane *lane = i->lane;
    const uint32_t index = i->worker->index;
    struct nv_call call;
    struct nave_op *op;

    i->is_deferred = 0;
    (void)pthread_mutex_lock(&lane->lock);
    op = next_of(lane, &lane->queue, index);
    if (op) {
        if (next_of(lane, op, index))
            defer(i);
        nv_lane_take(lane, &call, op);
    }
    (void)pthread_mutex_unlock(&lane->lock);
    if (op)
        (void)nv_lane_run(lane, &call);
}

nave_err nv_inline_create(struct nv_lane *lane, uint32_t workers)
{
    uint32_t i;

    lane->inlines = calloc(workers ? workers : 1, sizeof(*lane->inlines));
    if (!lane->inlines)
        return NAVE_ENOMEM;
    lane->inline_count = workers;
    for (i = 0; i < workers; i++) {
        lane->inlines[i].lane = lane;
        lane->inlines[i].job.run = run_one;
    }
    return NAVE_OK;
}

void nv_inline_call(struct nv_lane *lane, struct nave_op *op)
{
    struct nv_inline *i = &lane->inlines[op->worker->index];

    i->worker = op->worker;
    defer(i);
}

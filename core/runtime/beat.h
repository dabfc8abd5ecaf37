/* SPDX-License-Identifier: MIT
 *
 * The beat: NAVE_EVENT_BEAT says that every worker still turns, for who watches over the process.
 *
 *     worker 0: timer -> all answered? tell, ask again     worker k: job -> answer
 *
 * A thread that says on its own that it lives says nothing about the others; here one worker that
 * hangs in a plugin is enough for silence.
 */
#ifndef NV_BEAT_H
#define NV_BEAT_H

#include <nave/op.h>
#include <nave/timer.h>

#include "worker/worker.h"

struct nave_runtime;
struct nv_beat;

/* The question to one worker. */
struct nv_beat_ask {
    struct nave_job job;
    struct nv_beat *beat;
};

/* Embedded by the runtime. All zero: no beat. */
struct nv_beat {
    struct nave_runtime *rt;
    struct nv_worker_handle handle; /* of worker 0 */
    struct nave_timer timer;
    struct nv_beat_ask *asks; /* one for each worker but 0 */
    nave_nsec every_ns;
    uint32_t count;
    uint32_t awaited; /* atomic: workers that were asked and have not answered */
};

/* Begin to beat each `every_ns`; 0: do not. Thread: [control], as worker 0. State: workers turn.
 * Errors: NAVE_ENOMEM. */
NAVE_NODISCARD nave_err nv_beat_start(struct nv_beat *b, struct nave_runtime *rt,
                                      nave_nsec every_ns);

/* Beat no more. Thread: [control], as worker 0. Twice, or never started, is fine. */
void nv_beat_stop(struct nv_beat *b);

/* Free what start made. State: no worker turns. */
void nv_beat_finish(struct nv_beat *b);

#endif

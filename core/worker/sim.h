/* SPDX-License-Identifier: MIT
 *
 * The simulated poller: a virtual clock and descriptors whose readiness a test sets. A poll that has
 * nothing ready moves the clock to the end of its wait, so no test ever sleeps. One thread.
 */
#ifndef NV_SIM_H
#define NV_SIM_H

#include "poller.h"

#define NV_SIM_FDS 64u

/* The script of one simulated poller; pass it as nv_worker_options.poller_arg. Zero it first. */
struct nv_sim {
    nave_nsec now_ns;
    nave_nsec wall_offset_ns;
    uint32_t is_level;                    /* one-shot directions, to be re-armed */
    uint32_t fail_io_open;                /* this many io_open calls fail       */
    struct nv_poller_io *ios[NV_SIM_FDS]; /* by descriptor                      */
    uint32_t ready[NV_SIM_FDS];           /* to be told                         */
    uint32_t armed[NV_SIM_FDS];           /* is_level: what may be told         */
    uint64_t polls;                       /* how often it was asked             */
    uint64_t sleeps;                      /* how often it waited for nothing    */
    uint64_t wakes;                       /* calls of wake                      */
    uint32_t sample_left;                 /* callbacks until one is measured    */
};

/* Descriptor `fd` becomes ready in `directions` (NAVE_IO_*). */
void nv_sim_ready(struct nv_sim *s, uint32_t fd, uint32_t directions);

#endif

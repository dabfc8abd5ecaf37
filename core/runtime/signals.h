/* SPDX-License-Identifier: MIT
 *
 * SIGINT, SIGTERM and SIGHUP for a runtime that asked for them. The handler rings a bell; who hears it
 * asks what was caught. One at a time in a process: signals are the process's, not the runtime's.
 */
#ifndef NV_SIGNALS_H
#define NV_SIGNALS_H

#include <nave/error.h>

/* A signal was caught: have nv_signals_tell called soon. Called in a handler: it may do little. */
typedef void nv_signals_ring(void *arg);

/* Told of a signal. */
typedef void nv_signals_fn(void *arg, int number);

/* Catch the three signals until nv_signals_close. `arg` says whose they are. Thread: [any].
 * Errors: NAVE_EBUSY another runtime of this process has them; NAVE_EINVAL the system refuses. */
NAVE_NODISCARD nave_err nv_signals_open(nv_signals_ring *ring, void *arg);

/* Tell `fn` of what was caught since the last time. Signals of one kind count as one. No effect when the
 * signals are not `arg`'s. Thread: one at a time. */
void nv_signals_tell(nv_signals_fn *fn, void *arg);

/* Put the handlers back that were there before. What was caught and not told is forgotten. Afterwards
 * nobody rings. No effect when the signals are not `arg`'s. Thread: that of nv_signals_tell. */
void nv_signals_close(void *arg);

#endif

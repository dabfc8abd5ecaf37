/* SPDX-License-Identifier: MIT
 *
 * SIGINT, SIGTERM and SIGHUP for a runtime that asked for them. A signal becomes a job in the inbox
 * of a worker, so what it leads to runs there like everything else. One at a time in a process:
 * signals are the process's, not the runtime's.
 */
#ifndef NV_SIGNALS_H
#define NV_SIGNALS_H

#include <nave/error.h>

struct nv_worker;

/* Told of a signal. Thread: [worker]. Signals of one kind that come before it ran count as one. */
typedef void nv_signals_fn(void *arg, int number);

/* Catch the three signals until nv_signals_close; `fn` runs on `w`. Thread: [control].
 * Errors: NAVE_EBUSY another runtime of this process has them; NAVE_EINVAL the system refuses. */
NAVE_NODISCARD nave_err nv_signals_open(struct nv_worker *w, nv_signals_fn *fn, void *arg);

/* Put the handlers back that were there before. What was caught and not told is forgotten.
 * Thread: [control]. State: `w` is not turned any more; its inbox may be closed here. No effect when `w` has not
 * opened them. */
void nv_signals_close(struct nv_worker *w);

#endif

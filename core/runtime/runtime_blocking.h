/* SPDX-License-Identifier: MIT
 *
 * The pool for blocking calls in the life of a runtime; blocking.h is the pool itself.
 */
#ifndef NV_RUNTIME_BLOCKING_H
#define NV_RUNTIME_BLOCKING_H

#include <nave/base.h>

struct nave_runtime;

/* Make the pool that the configuration asks for. Thread: [control]. State: workers exist, none runs.
 * Errors: NAVE_ENOMEM, reported. */
NAVE_NODISCARD nave_err nv_runtime_blocking_open(struct nave_runtime *rt);

/* The drain is over: cancel what has not begun, report what runs. Thread: [control]. */
void nv_runtime_blocking_close(struct nave_runtime *rt);

/* End the threads, but for those that are held up. Thread: [control]. State: no worker runs. */
void nv_runtime_blocking_end(struct nave_runtime *rt);

/* 1: a call runs still, perhaps for ever, and may use everything: free nothing. The host program is not
 * told of anything more. Thread: [control]. State: ended. */
int32_t nv_runtime_blocking_leave(struct nave_runtime *rt);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Moves the plugins of a runtime through their lives, in the order of the graph, and back in the
 * reverse of it. Every step of a plugin is one call of its descriptor; its state says how far it is,
 * so that undoing needs to know nothing else.
 */
#ifndef NV_LIFECYCLE_H
#define NV_LIFECYCLE_H

#include "plugin/registry.h"

/* Load, create and prepare every plugin, make the listeners, commit and start. A failure is reported
 * and undone by the caller with nv_lifecycle_stop and nv_lifecycle_destroy.
 * Thread: [control]. State: workers exist, none runs. Errors: any. */
NAVE_NODISCARD nave_err nv_lifecycle_start(struct nave_runtime *rt);

/* As nv_lifecycle_start, up to what can be found without showing anything to the world: load, create,
 * prepare, make the handles of the listeners, and listen nowhere. */
NAVE_NODISCARD nave_err nv_lifecycle_check(struct nave_runtime *rt);

/* Stop what was started, close the listeners, abort what is prepared and not committed.
 * Thread: [control]. State: all workers have stopped. */
void nv_lifecycle_stop(struct nave_runtime *rt);

/* Destroy what was created, and report what it left. Thread: [control]. State: stopped. */
void nv_lifecycle_destroy(struct nave_runtime *rt);

/* Prepare `p` unless it is or is about to be. For roles that are needed before their turn.
 * Thread: [control]. Errors: any, reported; NAVE_ECYCLE not reported, `p` is being prepared. */
NAVE_NODISCARD nave_err nv_lifecycle_prepare(struct nv_plugin *p);

/* Report that `what` of `p` failed with `err`, unless the plugin said why itself since `errors`
 * errors were counted. */
void nv_lifecycle_blame(struct nv_plugin *p, const char *what, nave_err err, uint64_t errors);

#endif

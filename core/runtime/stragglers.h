/* SPDX-License-Identifier: MIT
 *
 * What is told of work that a drain did not see the end of: by plugin and kind, and of each task its name
 * and where it waits.
 */
#ifndef NV_STRAGGLERS_H
#define NV_STRAGGLERS_H

#include <nave/base.h>

struct nave_runtime;

/* Report what is held on worker `index`. Thread: [worker], that one's. */
void nv_stragglers_report_holds(struct nave_runtime *rt, uint32_t index);

/* Report the tasks of all. State: no worker polls. Thread: [worker]. */
void nv_stragglers_report_tasks(struct nave_runtime *rt);

/* Report each worker that did not come back in time, and what it is in. State: abandoned. */
void nv_stragglers_report_stuck(struct nave_runtime *rt);

/* Report the tasks of all while some worker may poll still. State: abandoned. Thread: no worker's. */
void nv_stragglers_report_left(struct nave_runtime *rt);

/* 1: `rt` was abandoned. A worker uses it still, perhaps for ever: it is kept for the rest of the process,
 * and the host program is not told of anything more. */
int32_t nv_stragglers_keep_abandoned(struct nave_runtime *rt);

#endif

/* SPDX-License-Identifier: MIT
 *
 * nave.exec/1 for one plugin, or for the host program: tasks of its own, from any thread.
 */
#ifndef NV_EXEC_H
#define NV_EXEC_H

#include <nave/exec.h>

#include "worker.h"

struct nv_exec {
    struct nave_exec pub;                    /* first */
    struct nv_worker_handle *const *handles; /* whose tasks they are, one a worker */
};

/* "nave.exec/1" */
extern const struct nave_exec_iface nv_exec_table;

/* Ready it. Thread: [control]. */
void nv_exec_init(struct nv_exec *e, struct nv_worker_handle *const *handles);

#endif

/* SPDX-License-Identifier: MIT
 *
 * What the task sees of scopes (nave/scope.h): its end.
 */
#ifndef NV_SCOPE_H
#define NV_SCOPE_H

#include <nave/scope.h>

struct nv_task;

/* "nave.scope/1" */
extern const struct nave_scope_iface nv_scope_table;

/* See nave_worker_iface.scope_init. */
void nv_scope_init(struct nave_scope *s, uint32_t policy);

/* `t`, whose scope was not NULL, has ended with `result` and its future was dropped. Nothing happens when the
 * parent has let it go meanwhile. Thread: [worker], any of the group. */
void nv_scope_child_ended(struct nv_task *t, nave_err result);

#endif

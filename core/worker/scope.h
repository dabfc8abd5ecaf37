/* SPDX-License-Identifier: MIT
 *
 * What the task sees of scopes (nave/scope.h): its end.
 */
#ifndef NV_SCOPE_H
#define NV_SCOPE_H

#include <nave/scope.h>

#include "sync_wait.h"

struct nv_task;
struct nv_worker;

/* "nave.scope/1" */
extern const struct nave_scope_iface nv_scope_table;

/* See nave_worker_iface.scope_init. */
void nv_scope_init(struct nave_scope *s, const struct nv_worker *w, uint32_t policy);

/* In checked mode: which of nave_scope.reserved has the worker that readied it. */
#define NV_SCOPE_WORKER 0

/* The lock that stands in the scope. */
static inline struct nv_lock *nv_scope_lock(struct nave_scope *s)
{
    return (struct nv_lock *)(void *)&s->lock;
}

/* `t`, whose scope was not NULL, has ended with `result` and its future was dropped. Nothing happens when the
 * parent has let it go meanwhile. Thread: [worker], any of the group. */
void nv_scope_child_ended(struct nv_task *t, nave_err result);

#endif

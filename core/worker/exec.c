/* SPDX-License-Identifier: MIT
 *
 * See exec.h; the work is task.c's.
 */
#include "exec.h"

#include "check/check.h"
#include "group.h"
#include "task.h"
#include "worker_state.h"

static nave_err exec_spawn(struct nave_exec *pub, const struct nave_future_iface *api,
                           size_t frame_size, nave_frame_fn *init, void *arg,
                           struct nave_join *out_join)
{
    const struct nv_exec *e = (const struct nv_exec *)(const void *)pub;

    return nv_task_spawn_outside(e->handles, api, frame_size, init, arg, out_join);
}

static nave_err exec_may_wait(const struct nave_exec *pub)
{
    const struct nv_exec *e = (const struct nv_exec *)(const void *)pub;

    return nv_group_is_here(e->handles[0]->worker->group) ? NAVE_EDEADLOCK : NAVE_OK;
}

const struct nave_exec_iface nv_exec_table = {
    .hdr = NAVE_IFACE(struct nave_exec_iface, NAVE_EXEC_ID, 0, NAVE_IFACE_DRAFT),
    .spawn = exec_spawn,
    .may_wait = exec_may_wait,
};

void nv_exec_init(struct nv_exec *e, struct nv_worker_handle *const *handles)
{
    e->pub.api = handles[0]->worker->is_checked ? &nv_exec_checked_table : &nv_exec_table;
    e->handles = handles;
}

/* SPDX-License-Identifier: MIT
 *
 * One row for each id. A row with a function is a service: the function finds the handle of one plugin, or
 * of the host program. The others are tables of handles that come out of calls; there is nothing to bind.
 */
#include "builtins.h"

#include <string.h>

#include <nave/buf.h>
#include <nave/http.h>
#include <nave/notify.h>
#include <nave/scope.h>
#include <nave/sim.h>

#include "base/near.h"
#include "plugin/registry.h"
#include "runtime.h"
#include "world/world.h"

/* `p` NULL: of the program. */
typedef nave_err service_fn(struct nave_runtime *rt, struct nv_plugin *p,
                            struct nave_handle **out_handle);

struct row {
    struct nv_builtin pub; /* first */
    service_fn *service;   /* NULL: a table of handles */
    int32_t is_programs;   /* plugins do not see it    */
};

static nave_err found(void *handle, struct nave_handle **out_handle)
{
    *out_handle = handle;
    return NAVE_OK;
}

static nave_err host_of(struct nave_runtime *rt, struct nv_plugin *p,
                        struct nave_handle **out_handle)
{
    (void)rt;
    return p ? found(&p->host, out_handle) : NAVE_ENOTFOUND; /* the program is the host */
}

static nave_err admin_of(struct nave_runtime *rt, struct nv_plugin *p,
                         struct nave_handle **out_handle)
{
    (void)p;
    return found(&rt->admin, out_handle);
}

static nave_err locks_of(struct nave_runtime *rt, struct nv_plugin *p,
                         struct nave_handle **out_handle)
{
    (void)p;
    return found(&rt->locks.pub, out_handle);
}

/* A plugin's own knows whose memory the channels are. */
static nave_err channels_of(struct nave_runtime *rt, struct nv_plugin *p,
                            struct nave_handle **out_handle)
{
    if (p && rt->is_checked && nv_channels_publish(&p->channels, p) != NAVE_OK)
        return NAVE_ENOMEM;
    return found(p ? &p->channels.pub : &rt->channels.pub, out_handle);
}

/* A plugin's own knows whose jobs they are. */
static nave_err blocking_of(struct nave_runtime *rt, struct nv_plugin *p,
                            struct nave_handle **out_handle)
{
    return found(p ? &p->blocking.pub : &rt->blocking_handle.pub, out_handle);
}

/* A plugin's own knows whose tasks they are. */
static nave_err exec_of(struct nave_runtime *rt, struct nv_plugin *p,
                        struct nave_handle **out_handle)
{
    struct nv_exec *e = p ? &p->exec : &rt->exec;

    return e->pub.api ? found(&e->pub, out_handle) : NAVE_ESTATE;
}

static nave_err sim_of(struct nave_runtime *rt, struct nv_plugin *p,
                       struct nave_handle **out_handle)
{
    return rt->world && !p ? found(rt->world, out_handle) : NAVE_ENOTFOUND;
}

static const struct row rows[] = {
    {{NAVE_HOST_ID, 0}, host_of, 0},
    {{NAVE_ADMIN_ID, 0}, admin_of, 0},
    {{NAVE_LOCKS_ID, 0}, locks_of, 0},
    {{NAVE_CHANNELS_ID, 0}, channels_of, 0},
    {{NAVE_BLOCKING_ID, 0}, blocking_of, 0},
    {{NAVE_EXEC_ID, 0}, exec_of, 0},
    {{NAVE_SIM_ID, 0}, sim_of, 1},
    {{NAVE_WORKER_ID, 0}, NULL, 0},
    {{NAVE_CONF_ID, 0}, NULL, 0},
    {{NAVE_STREAM_ID, 0}, NULL, 0},
    {{NAVE_TRANSPORT_ID, 0}, NULL, 0},
    {{NAVE_LISTENER_ID, 0}, NULL, 0},
    {{NAVE_PROTOCOL_ID, 0}, NULL, 0},
    {{NAVE_HTTP_ID, 0}, NULL, 0},
    {{NAVE_HTTP_HANDLER_ID, 0}, NULL, 0},
    {{NAVE_HTTP_REPLY_ID, 0}, NULL, 0},
    {{"nave.future/1", 0}, NULL, 0},
    {{"nave.waker/1", 0}, NULL, 0},
    {{NAVE_JOIN_ID, 0}, NULL, 0},
    {{NAVE_SCOPE_ID, 0}, NULL, 0},
    {{NAVE_MUTEX_ID, 0}, NULL, 0},
    {{NAVE_RWLOCK_ID, 0}, NULL, 0},
    {{NAVE_SEMAPHORE_ID, 0}, NULL, 0},
    {{NAVE_NOTIFY_ID, 0}, NULL, 0},
    {{NAVE_BARRIER_ID, 0}, NULL, 0},
    {{NAVE_ONCE_ID, 0}, NULL, 0},
    {{NAVE_MPSC_ID, 0}, NULL, 0},
    {{NAVE_MPSC_RX_ID, 0}, NULL, 0},
    {{NAVE_ONESHOT_ID, 0}, NULL, 0},
    {{NAVE_ONESHOT_RX_ID, 0}, NULL, 0},
    {{NAVE_BROADCAST_ID, 0}, NULL, 0},
    {{NAVE_BROADCAST_RX_ID, 0}, NULL, 0},
    {{NAVE_WATCH_ID, 0}, NULL, 0},
    {{NAVE_WATCH_RX_ID, 0}, NULL, 0},
};

const struct nv_builtin *nv_builtin_find(const char *id)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++)
        if (!rows[i].is_programs && strcmp(rows[i].pub.id, id) == 0)
            return &rows[i].pub;
    return NULL;
}

const struct nv_builtin *nv_builtin_other_major(const char *id)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++)
        if (!rows[i].is_programs && nv_same_service_name(rows[i].pub.id, id))
            return &rows[i].pub;
    return NULL;
}

nave_err nv_builtin_service(struct nave_runtime *rt, struct nv_plugin *p, const char *id,
                            struct nave_handle **out_handle)
{
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++)
        if (rows[i].service && strcmp(rows[i].pub.id, id) == 0)
            return rows[i].service(rt, p, out_handle);
    return NAVE_ENOTFOUND;
}

const char *nv_builtin_near(struct nave_runtime *rt, const char *id, struct nv_near *near)
{
    const char *other = NULL;
    struct nave_handle *handle;
    size_t i;

    for (i = 0; i < NAVE_COUNT(rows); i++) {
        const char *one = rows[i].pub.id;

        if (!rows[i].service || rows[i].service(rt, NULL, &handle) == NAVE_ENOTFOUND)
            continue;
        nv_near_try(near, one, strlen(one));
        if (nv_same_service_name(one, id))
            other = one;
    }
    return other;
}

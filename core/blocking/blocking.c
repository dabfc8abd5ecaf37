/* SPDX-License-Identifier: MIT
 *
 * See blocking.h: the service before its lanes. What a caller can do wrong is refused here; what a pool
 * does as a whole is done to both lanes.
 */
#include "blocking.h"

#include <string.h>

#include <nave/worker.h>

#include "blocking_lane.h"
#include "check/check.h"
#include "base/sized.h"

/* --- nave.blocking/1 ------------------------------------------------------------------------- */

/* Errors: NAVE_EINVAL; NAVE_ETOONEW. */
static nave_err check_work(const struct nave_blocking_work *work, uint32_t flags)
{
    struct nave_blocking_work known;
    nave_err err = nv_sized_copy(&known, sizeof(known), work, sizeof(known), NULL);

    if (err)
        return err;
    if (flags & ~(NAVE_BLOCKING_NO_WAIT | NAVE_BLOCKING_DNS))
        return NAVE_EINVAL;
    return work->run && work->name ? NAVE_OK : NAVE_EINVAL;
}

static nave_err api_start(struct nave_blocking *b, struct nave_op *op,
                          const struct nave_blocking_work *work, void **arg_var, uint32_t flags)
{
    struct nv_blocking_handle *h = (struct nv_blocking_handle *)(void *)b;
    struct nv_blocking_end *end;
    void *arg = NULL;
    nave_err err;

    if (!op || !op->worker || !work)
        return NAVE_EINVAL;
    if (op->source && __atomic_load_n(&op->state, __ATOMIC_RELAXED) != NAVE_OP_DONE)
        return NAVE_EBUSY;
    flags |= work->flags;
    err = check_work(work, flags);
    if (err)
        return err;
    if (arg_var)
        memcpy(&arg, arg_var, sizeof(arg)); /* a pointer of any type */
    if (arg && !work->release)
        return NAVE_EINVAL;
    end = &h->ends[flags & NAVE_BLOCKING_DNS ? NV_LANE_DNS : NV_LANE_MAIN];
    if (!*end->lane)
        return NAVE_ECLOSED;
    return nv_lane_start(op, end, work, arg_var, flags);
}

const struct nave_blocking_iface nv_blocking_table = {
    .hdr = NAVE_IFACE(struct nave_blocking_iface, NAVE_BLOCKING_ID, 0, NAVE_IFACE_DRAFT),
    .start = api_start,
};

void nv_blocking_handle_init(struct nv_blocking_handle *h, struct nv_blocking *pool,
                             const char *plugin, int32_t is_checked)
{
    uint32_t i;

    h->pub.api = is_checked ? &nv_blocking_checked_table : &nv_blocking_table;
    h->pool = pool;
    for (i = 0; i < NV_LANES; i++)
        h->ends[i] = (struct nv_blocking_end){&pool->lanes[i], plugin};
}

/* --- the pool -------------------------------------------------------------------------------- */

static uint32_t dns_threads(const struct nv_blocking_options *o)
{
    if (o->dns_threads || !o->threads)
        return o->dns_threads;
    return o->threads >= 8 ? o->threads / 4 : 1;
}

nave_err nv_blocking_open(struct nv_blocking *pool, const struct nv_blocking_options *options)
{
    const uint32_t threads[NV_LANES] = {options->threads, dns_threads(options)};
    nave_err err = NAVE_OK;
    uint32_t i;

    for (i = 0; i < NV_LANES && !err; i++)
        err = nv_lane_create(options, nv_lane_name((enum nv_blocking_lane)i), threads[i],
                             &pool->lanes[i]);
    if (err)
        nv_blocking_destroy(pool);
    return err;
}

void nv_blocking_close(struct nv_blocking *pool)
{
    uint32_t i;

    for (i = 0; i < NV_LANES; i++)
        if (pool->lanes[i])
            nv_lane_close(pool->lanes[i]);
}

void nv_blocking_end(struct nv_blocking *pool)
{
    uint32_t i;

    for (i = 0; i < NV_LANES; i++)
        if (pool->lanes[i])
            nv_lane_join(pool->lanes[i]);
}

uint32_t nv_blocking_stragglers(const struct nv_blocking *pool)
{
    uint32_t i, count = 0;

    for (i = 0; i < NV_LANES; i++) {
        struct nv_lane *lane = pool->lanes[i];

        if (!lane)
            continue;
        (void)pthread_mutex_lock(&lane->lock);
        count += lane->stragglers;
        (void)pthread_mutex_unlock(&lane->lock);
    }
    return count;
}

void nv_blocking_destroy(struct nv_blocking *pool)
{
    uint32_t i;

    for (i = 0; i < NV_LANES; i++) {
        nv_lane_free(pool->lanes[i]);
        pool->lanes[i] = NULL;
    }
}

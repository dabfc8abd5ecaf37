/* SPDX-License-Identifier: MIT
 *
 * What the four kinds of channels share, and the service that makes them: nave.channels/1 of a plugin or
 * of the host program. A channel takes its memory from the one that made it, and its handles carry the
 * tables that were published for that one.
 */
#ifndef NV_CHANNEL_H
#define NV_CHANNEL_H

#include <string.h>

#include <nave/channel.h>

#include "worker/sync_wait.h"

struct nave_host;
struct nave_runtime;
struct nv_plugin;

struct nv_channels {
    struct nave_channels pub; /* first */
    struct nave_runtime *rt;  /* NULL: there is none, in tests    */
    struct nave_host *host;   /* whose memory; NULL: the program's */
    /* as handles shall carry them */
    const struct nave_mpsc_iface *mpsc;
    const struct nave_mpsc_rx_iface *mpsc_rx;
    const struct nave_oneshot_iface *oneshot;
    const struct nave_oneshot_rx_iface *oneshot_rx;
    const struct nave_broadcast_iface *broadcast;
    const struct nave_broadcast_rx_iface *broadcast_rx;
    const struct nave_watch_iface *watch;
    const struct nave_watch_rx_iface *watch_rx;
};

/* Ready the service of `host`, or of the program when it is NULL. Thread: [control]. */
void nv_channels_init(struct nv_channels *c, struct nave_runtime *rt, struct nave_host *host);

/* Checked mode: from now on handles carry the asserting tables of `p`. Thread: [control].
 * Errors: NAVE_ENOMEM; NAVE_EINVAL; reported. */
NAVE_NODISCARD nave_err nv_channels_publish(struct nv_channels *c, struct nv_plugin *p);

/* Memory of a channel, counted for who made it. alloc: NULL when there is none. Thread: [any]. */
void *nv_channel_alloc(struct nv_channels *c, size_t size);
void nv_channel_free(struct nv_channels *c, void *ptr, size_t size);

/* 0: this thread is a worker of the runtime. Thread: [any]. */
int32_t nv_channel_may_block(const struct nv_channels *c);

/* The tables (mpsc.c, oneshot.c, broadcast.c, watch.c) and how each is made; see nave_channels_iface. */
extern const struct nave_mpsc_iface nv_mpsc_table;
extern const struct nave_mpsc_rx_iface nv_mpsc_rx_table;
extern const struct nave_oneshot_iface nv_oneshot_table;
extern const struct nave_oneshot_rx_iface nv_oneshot_rx_table;
extern const struct nave_broadcast_iface nv_broadcast_table;
extern const struct nave_broadcast_rx_iface nv_broadcast_rx_table;
extern const struct nave_watch_iface nv_watch_table;
extern const struct nave_watch_rx_iface nv_watch_rx_table;

nave_err nv_mpsc_make(struct nave_channels *pub, const struct nave_mpsc_options *options,
                      struct nave_mpsc **out_tx, struct nave_mpsc_rx **out_rx);
nave_err nv_oneshot_make(struct nave_channels *pub, uint32_t item_size,
                         struct nave_oneshot **out_tx, struct nave_oneshot_rx **out_rx);
nave_err nv_broadcast_make(struct nave_channels *pub, uint32_t item_size, uint32_t capacity,
                           struct nave_broadcast **out_tx);
nave_err nv_watch_make(struct nave_channels *pub, uint32_t item_size, const void *first,
                       struct nave_watch **out_tx);

/* --- items ----------------------------------------------------------------------------------- */

/* Copy an item. Most are a pointer, or a pointer and a number. */
static inline void nv_item_copy(void *to, const void *from, uint32_t size)
{
    if (NAVE_LIKELY(size == 8))
        memcpy(to, from, 8);
    else if (NAVE_LIKELY(size == 16))
        memcpy(to, from, 16);
    else
        memcpy(to, from, size);
}

/* From one item to the next in memory. */
static inline uint32_t nv_item_stride(uint32_t size)
{
    return (size + 7u) & ~7u;
}

static inline int32_t nv_item_size_is_fine(uint32_t size)
{
    return size >= 1 && size <= NAVE_CHANNEL_ITEM_MAX;
}

/* --- ops ------------------------------------------------------------------------------------- */

/* Where `op` takes its item from, or puts it: kept in op->value while it waits. */
static inline void *nv_item_of(const struct nave_op *op)
{
    return (void *)(uintptr_t)op->value;
}

/* `op` waits in `q` for an item to or from `item`. State: the lock is held; not busy. */
static inline void nv_item_wait(struct nv_waiters *q, struct nave_op *op,
                                const struct nave_op_source *source, void *impl, const void *item)
{
    nv_wait_begin(q, op, source, impl);
    op->value = (uintptr_t)item;
}

/* Settle all of `q`. State: the lock is held. */
static inline void nv_settle_all(struct nv_waiters *q, nave_err outcome, struct nv_wakes *wakes)
{
    struct nave_op *op;

    while ((op = nv_waiters_pop(q)) != NULL)
        nv_wait_settle(op, outcome, wakes);
}

#endif

/* SPDX-License-Identifier: MIT
 *
 * nave.channels/1: who makes channels, and whose memory they are. Each plugin has a handle of its own, made
 * with its entry; the program has one of the runtime.
 */
#include <stdlib.h>

#include <nave/host.h>

#include "channel.h"
#include "check/check.h"
#include "plugin/publish.h"
#include "runtime/runtime.h"

static const struct nave_channels_iface channels_table = {
    .hdr = NAVE_IFACE(struct nave_channels_iface, NAVE_CHANNELS_ID, 0, NAVE_IFACE_DRAFT),
    .mpsc = nv_mpsc_make,
    .oneshot = nv_oneshot_make,
    .broadcast = nv_broadcast_make,
    .watch = nv_watch_make,
};

void nv_channels_init(struct nv_channels *c, struct nave_runtime *rt, struct nave_host *host)
{
    c->pub.api = &channels_table;
    c->rt = rt;
    c->host = host;
    c->mpsc = &nv_mpsc_table;
    c->mpsc_rx = &nv_mpsc_rx_table;
    c->oneshot = &nv_oneshot_table;
    c->oneshot_rx = &nv_oneshot_rx_table;
    c->broadcast = &nv_broadcast_table;
    c->broadcast_rx = &nv_broadcast_rx_table;
    c->watch = &nv_watch_table;
    c->watch_rx = &nv_watch_rx_table;
}

/* What a handle of `p` carries for `table`; NULL: out of memory, reported. */
#define PUBLISHED(p, table) ((const void *)nv_publish((p), &(table).hdr))

nave_err nv_channels_publish(struct nv_channels *c, struct nv_plugin *p)
{
    struct nv_channels now = *c;

    now.pub.api = PUBLISHED(p, channels_table);
    now.mpsc = PUBLISHED(p, nv_mpsc_table);
    now.mpsc_rx = PUBLISHED(p, nv_mpsc_rx_table);
    now.oneshot = PUBLISHED(p, nv_oneshot_table);
    now.oneshot_rx = PUBLISHED(p, nv_oneshot_rx_table);
    now.broadcast = PUBLISHED(p, nv_broadcast_table);
    now.broadcast_rx = PUBLISHED(p, nv_broadcast_rx_table);
    now.watch = PUBLISHED(p, nv_watch_table);
    now.watch_rx = PUBLISHED(p, nv_watch_rx_table);
    if (!now.pub.api || !now.mpsc || !now.mpsc_rx || !now.oneshot || !now.oneshot_rx ||
        !now.broadcast || !now.broadcast_rx || !now.watch || !now.watch_rx)
        return NAVE_ENOMEM;
    *c = now;
    return NAVE_OK;
}

void *nv_channel_alloc(struct nv_channels *c, size_t size)
{
    return c->host ? nave_host_alloc(c->host, size) : malloc(size);
}

void nv_channel_free(struct nv_channels *c, void *ptr, size_t size)
{
    if (c->host)
        nave_host_free(c->host, ptr, size);
    else
        free(ptr);
}

int32_t nv_channel_may_block(const struct nv_channels *c)
{
    return !c->rt || !nv_threads_is_here(c->rt);
}

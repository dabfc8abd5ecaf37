/* SPDX-License-Identifier: MIT
 *
 * See raw.h.
 */
#include "raw.h"

#include <nave/host.h>
#include <nave/role.h>
#include <nave/worker.h>

struct raw_protocol {
    struct nave_protocol pub; /* first */
    struct raw *raw;
};

static struct raw_protocol the_one;

static void raw_accept(struct nave_protocol *p, struct nave_stream *s_take,
                       const struct nave_accept_info *info)
{
    struct raw *raw = ((struct raw_protocol *)(void *)p)->raw;

    if (raw->count == RAW_STREAMS) {
        nave_stream_close(s_take, NAVE_CLOSE_ABORT);
        return;
    }
    raw->workers[raw->count] = info->worker;
    raw->streams[raw->count++] = s_take;
}

static const struct nave_protocol_iface raw_table = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = raw_accept,
    .set_next = nave_default_set_next,
    .retire = nave_default_retire,
};

static nave_err raw_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    (void)args;
    the_one.pub.api = &raw_table;
    the_one.raw = self;
    *out = (struct nave_handle *)(void *)&the_one;
    return NAVE_OK;
}

static void raw_unmake(void *self, struct nave_handle *handle)
{
    (void)self;
    (void)handle;
}

static nave_err raw_create(struct nave_host *host, void **out_self)
{
    *out_self = nave_host_user(host);
    return NAVE_OK;
}

static void on_io(void *arg, uint32_t ready)
{
    (void)arg;
    (void)ready;
}

static nave_err raw_worker_start(void *self, struct nave_worker *w)
{
    struct raw *raw = self;
    struct nave_io *io;

    if (w->index < NAVE_COUNT(raw->own))
        raw->own[w->index] = w;
    raw->watches = w->api->io_open(w, 0, on_io, raw, &io);
    return NAVE_OK;
}

static const struct nave_plugin_ops raw_ops = {
    .size = sizeof(raw_ops),
    .create = raw_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = raw_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME        raw
#define NAVE_PLUGIN_ID          "raw"
#define NAVE_PLUGIN_VERSION     "1.0.0"
#define NAVE_PLUGIN_FLAGS       0
#define NAVE_PLUGIN_NEEDS(NEED) NEED("nave.worker/1", 0, 0)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)                                                    \
    ROLE(protocol, "raw", NAVE_PROTOCOL_ID, raw_make, raw_unmake, nave_no_options, \
         NAVE_NO_OPTIONS, "keeps streams")
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          raw_ops
#include <nave/define.h>

/* SPDX-License-Identifier: MIT
 *
 * A plugin that breaks a rule of nave.stream/1 from a file of its own: checked mode has to name it.
 */
#include <nave/plugin.h>
#include <nave/stream.h>

static struct nave_host *host;

static nave_err read_none(struct nave_stream *s, const struct nave_span *spans, uint32_t n,
                          size_t *out_len)
{
    (void)s, (void)spans, (void)n, (void)out_len;
    return NAVE_EAGAIN;
}

static nave_err write_none(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
                           size_t *out_len)
{
    (void)s, (void)pieces, (void)n, (void)out_len;
    return NAVE_EAGAIN;
}

static void watch(struct nave_stream *s, uint32_t direction, nave_stream_fn *fn, void *arg)
{
    (void)s, (void)direction, (void)fn, (void)arg;
}

static nave_err shut(struct nave_stream *s)
{
    (void)s;
    return NAVE_OK;
}

static void close_stream(struct nave_stream *s, uint32_t flags)
{
    (void)s, (void)flags;
}

static nave_err info(struct nave_stream *s, struct nave_stream_info *out)
{
    (void)s, (void)out;
    return NAVE_ENOSYS;
}

static const struct nave_stream_iface table = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, NAVE_IFACE_DRAFT),
    .read = read_none,
    .write = write_none,
    .watch = watch,
    .shut = shut,
    .close = close_stream,
    .info = info,
    .write_file = nave_default_stream_write_file,
    .wait = nave_default_stream_wait,
};

static struct nave_stream stream;

static nave_err meddler_create(struct nave_host *h, void **out_self)
{
    host = h;
    stream.api = (const void *)h->api->publish(h, &table.hdr);
    *out_self = &host;
    return NAVE_OK;
}

static nave_err meddler_worker_start(void *self, struct nave_worker *w)
{
    struct nave_span spans[17] = {{NULL, 0}};
    size_t len = 0;
    nave_err err = stream.api->read(&stream, spans, NAVE_COUNT(spans), &len);

    (void)self;
    (void)w;
    return err == NAVE_EAGAIN ? NAVE_OK : err; /* no tail call: the caller is to be found */
}

static const struct nave_plugin_ops meddler_ops = {
    .size = sizeof(meddler_ops),
    .create = meddler_create,
    .prepare = nave_default_prepare,
    .commit = nave_default_ok,
    .abort = nave_default_nothing,
    .start = nave_default_ok,
    .worker_start = meddler_worker_start,
    .worker_drain = nave_default_worker_drain,
    .worker_stop = nave_default_worker_stop,
    .stop = nave_default_nothing,
    .destroy = nave_default_nothing,
};

#define NAVE_PLUGIN_NAME    meddler
#define NAVE_PLUGIN_ID      "meddler"
#define NAVE_PLUGIN_VERSION "1.0.0"
#define NAVE_PLUGIN_FLAGS   0
#define NAVE_PLUGIN_NEEDS(NEED)
#define NAVE_PLUGIN_PROVIDES(OFFER)
#define NAVE_PLUGIN_ROLES(ROLE)
#define NAVE_PLUGIN_OPTIONS      NAVE_NO_OPTIONS
#define NAVE_PLUGIN_OPTION_TABLE nave_no_options
#define NAVE_PLUGIN_OPS          meddler_ops
#include <nave/define.h>

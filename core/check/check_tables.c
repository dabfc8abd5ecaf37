/* SPDX-License-Identifier: MIT
 *
 * Made by tools/gen-checks from the contracts in sdk/include/nave; not to be edited.
 * The tables of checked mode: each slot asserts what its tags say, then calls the real one.
 */
/* clang-format off */
#include "check.h"

#include <nave/admin.h>
#include <nave/blocking.h>
#include <nave/broadcast.h>
#include <nave/channel.h>
#include <nave/conf.h>
#include <nave/exec.h>
#include <nave/host.h>
#include <nave/http.h>
#include <nave/join.h>
#include <nave/lock.h>
#include <nave/mpsc.h>
#include <nave/notify.h>
#include <nave/oneshot.h>
#include <nave/role.h>
#include <nave/scope.h>
#include <nave/sim.h>
#include <nave/stream.h>
#include <nave/task.h>
#include <nave/watch.h>
#include <nave/worker.h>

#include "admin/admin.h"
#include "blocking/blocking.h"
#include "check_rules.h"
#include "conf/conf.h"
#include "plugin/registry.h"
#include "runtime/plugin_host.h"
#include "sync/locks.h"
#include "worker/exec.h"
#include "worker/scope.h"
#include "worker/task.h"
#include "worker/worker_state.h"
#include "world/world.h"

/* --- nave.admin/1 ------------------------------------------------------------------------------ */

static const struct nv_check_rule admin_describe_rule = {
    NAVE_ADMIN_ID, "describe", NV_THREAD_CONTROL, 0};

static nave_err admin_describe(struct nave_admin *a, const char *what, const char *const
    *subjects, const char *format, nave_write_fn *write, void *arg)
{
    const struct nave_admin_iface *raw = &nv_admin_table;
    struct nv_check check;

    nv_check_admin(&check, &admin_describe_rule, a, NV_CHECK_CALLER);
    if (!what)
        nv_check_null(&check, "what");
    if (!write)
        nv_check_null(&check, "write");
    return raw->describe(a, what, subjects, format, write, arg);
}

static const struct nv_check_rule admin_metrics_rule = {
    NAVE_ADMIN_ID, "metrics", NV_THREAD_ANY, 0};

static nave_err admin_metrics(struct nave_admin *a, const char *format, nave_write_fn *write,
    void *arg)
{
    const struct nave_admin_iface *raw = &nv_admin_table;
    struct nv_check check;

    nv_check_admin(&check, &admin_metrics_rule, a, NV_CHECK_CALLER);
    if (!write)
        nv_check_null(&check, "write");
    return raw->metrics(a, format, write, arg);
}

static const struct nv_check_rule admin_dump_rule = {
    NAVE_ADMIN_ID, "dump", NV_THREAD_CONTROL, 0};

static nave_err admin_dump(struct nave_admin *a, const char *format, nave_write_fn *write, void
    *arg)
{
    const struct nave_admin_iface *raw = &nv_admin_table;
    struct nv_check check;

    nv_check_admin(&check, &admin_dump_rule, a, NV_CHECK_CALLER);
    if (!write)
        nv_check_null(&check, "write");
    return raw->dump(a, format, write, arg);
}

const struct nave_admin_iface nv_admin_checked_table = {
    .hdr = NAVE_IFACE(struct nave_admin_iface, NAVE_ADMIN_ID, 1, NAVE_IFACE_DRAFT),
    .describe = admin_describe,
    .metrics = admin_metrics,
    .dump = admin_dump,
};

/* --- nave.blocking/1 --------------------------------------------------------------------------- */

static const struct nv_check_rule blocking_start_rule = {
    NAVE_BLOCKING_ID, "start", NV_THREAD_WORKER, 0};

static nave_err blocking_start(struct nave_blocking *b, struct nave_op *op, const struct
    nave_blocking_work *work, void **arg_var, uint32_t flags)
{
    const struct nave_blocking_iface *raw = &nv_blocking_table;
    struct nv_check check;

    nv_check_blocking(&check, &blocking_start_rule, b, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    if (!work)
        nv_check_null(&check, "work");
    nv_before_blocking_start(&check, b, op, work, arg_var, flags);
    return raw->start(b, op, work, arg_var, flags);
}

const struct nave_blocking_iface nv_blocking_checked_table = {
    .hdr = NAVE_IFACE(struct nave_blocking_iface, NAVE_BLOCKING_ID, 0, NAVE_IFACE_DRAFT),
    .start = blocking_start,
};

/* --- nave.broadcast/1 -------------------------------------------------------------------------- */

static const struct nv_check_rule broadcast_send_rule = {
    NAVE_BROADCAST_ID, "send", NV_THREAD_ANY, 0};

static nave_err broadcast_send(struct nave_broadcast *tx, const void *item)
{
    struct nv_check check;
    const struct nave_broadcast_iface *raw =
        nv_check_shadow(&check, &broadcast_send_rule, tx, NV_CHECK_CALLER);

    if (!item)
        nv_check_null(&check, "item");
    return raw->send(tx, item);
}

static const struct nv_check_rule broadcast_subscribe_rule = {
    NAVE_BROADCAST_ID, "subscribe", NV_THREAD_ANY, 0};

static nave_err broadcast_subscribe(struct nave_broadcast *tx, struct nave_broadcast_rx
    **out_rx)
{
    struct nv_check check;
    const struct nave_broadcast_iface *raw =
        nv_check_shadow(&check, &broadcast_subscribe_rule, tx, NV_CHECK_CALLER);

    if (!out_rx)
        nv_check_null(&check, "out_rx");
    return raw->subscribe(tx, out_rx);
}

static const struct nv_check_rule broadcast_closed_rule = {
    NAVE_BROADCAST_ID, "closed", NV_THREAD_WORKERS, 0};

static nave_err broadcast_closed(struct nave_broadcast *tx, struct nave_op *op)
{
    struct nv_check check;
    const struct nave_broadcast_iface *raw =
        nv_check_shadow(&check, &broadcast_closed_rule, tx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    return raw->closed(tx, op);
}

static const struct nv_check_rule broadcast_receivers_rule = {
    NAVE_BROADCAST_ID, "receivers", NV_THREAD_ANY, 0};

static uint32_t broadcast_receivers(const struct nave_broadcast *tx)
{
    struct nv_check check;
    const struct nave_broadcast_iface *raw =
        nv_check_shadow(&check, &broadcast_receivers_rule, tx, NV_CHECK_CALLER);

    return raw->receivers(tx);
}

static const struct nv_check_rule broadcast_clone_rule = {
    NAVE_BROADCAST_ID, "clone", NV_THREAD_ANY, 0};

static void broadcast_clone(struct nave_broadcast *tx)
{
    struct nv_check check;
    const struct nave_broadcast_iface *raw =
        nv_check_shadow(&check, &broadcast_clone_rule, tx, NV_CHECK_CALLER);

    raw->clone(tx);
}

static const struct nv_check_rule broadcast_drop_rule = {
    NAVE_BROADCAST_ID, "drop", NV_THREAD_ANY, 0};

static void broadcast_drop(struct nave_broadcast *tx)
{
    struct nv_check check;
    const struct nave_broadcast_iface *raw =
        nv_check_shadow(&check, &broadcast_drop_rule, tx, NV_CHECK_CALLER);

    raw->drop(tx);
}

static const struct nave_broadcast_iface broadcast_checked = {
    .hdr = NAVE_IFACE(struct nave_broadcast_iface, NAVE_BROADCAST_ID, 0, NAVE_IFACE_DRAFT),
    .send = broadcast_send,
    .subscribe = broadcast_subscribe,
    .closed = broadcast_closed,
    .receivers = broadcast_receivers,
    .clone = broadcast_clone,
    .drop = broadcast_drop,
};

/* --- nave.broadcast_rx/1 ----------------------------------------------------------------------- */

static const struct nv_check_rule broadcast_rx_recv_rule = {
    NAVE_BROADCAST_RX_ID, "recv", NV_THREAD_WORKERS, 0};

static nave_err broadcast_rx_recv(struct nave_broadcast_rx *rx, struct nave_op *op, void
    *out_item)
{
    struct nv_check check;
    const struct nave_broadcast_rx_iface *raw =
        nv_check_shadow(&check, &broadcast_rx_recv_rule, rx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->recv(rx, op, out_item);
}

static const struct nv_check_rule broadcast_rx_try_recv_rule = {
    NAVE_BROADCAST_RX_ID, "try_recv", NV_THREAD_ANY, 0};

static nave_err broadcast_rx_try_recv(struct nave_broadcast_rx *rx, void *out_item, uint64_t
    *out_missed)
{
    struct nv_check check;
    const struct nave_broadcast_rx_iface *raw =
        nv_check_shadow(&check, &broadcast_rx_try_recv_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->try_recv(rx, out_item, out_missed);
}

static const struct nv_check_rule broadcast_rx_recv_blocking_rule = {
    NAVE_BROADCAST_RX_ID, "recv_blocking", NV_THREAD_ANY, 0};

static nave_err broadcast_rx_recv_blocking(struct nave_broadcast_rx *rx, void *out_item,
    uint64_t *out_missed, nave_nsec timeout_ns)
{
    struct nv_check check;
    const struct nave_broadcast_rx_iface *raw =
        nv_check_shadow(&check, &broadcast_rx_recv_blocking_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->recv_blocking(rx, out_item, out_missed, timeout_ns);
}

static const struct nv_check_rule broadcast_rx_clone_rule = {
    NAVE_BROADCAST_RX_ID, "clone", NV_THREAD_ANY, 0};

static nave_err broadcast_rx_clone(struct nave_broadcast_rx *rx, struct nave_broadcast_rx
    **out_rx)
{
    struct nv_check check;
    const struct nave_broadcast_rx_iface *raw =
        nv_check_shadow(&check, &broadcast_rx_clone_rule, rx, NV_CHECK_CALLER);

    if (!out_rx)
        nv_check_null(&check, "out_rx");
    return raw->clone(rx, out_rx);
}

static const struct nv_check_rule broadcast_rx_len_rule = {
    NAVE_BROADCAST_RX_ID, "len", NV_THREAD_ANY, 0};

static uint64_t broadcast_rx_len(const struct nave_broadcast_rx *rx)
{
    struct nv_check check;
    const struct nave_broadcast_rx_iface *raw =
        nv_check_shadow(&check, &broadcast_rx_len_rule, rx, NV_CHECK_CALLER);

    return raw->len(rx);
}

static const struct nv_check_rule broadcast_rx_drop_rule = {
    NAVE_BROADCAST_RX_ID, "drop", NV_THREAD_ANY, 0};

static void broadcast_rx_drop(struct nave_broadcast_rx *rx)
{
    struct nv_check check;
    const struct nave_broadcast_rx_iface *raw =
        nv_check_shadow(&check, &broadcast_rx_drop_rule, rx, NV_CHECK_CALLER);

    nv_check_end(&check, rx);
    raw->drop(rx);
}

static const struct nave_broadcast_rx_iface broadcast_rx_checked = {
    .hdr = NAVE_IFACE(struct nave_broadcast_rx_iface, NAVE_BROADCAST_RX_ID, 0, NAVE_IFACE_DRAFT),
    .recv = broadcast_rx_recv,
    .try_recv = broadcast_rx_try_recv,
    .recv_blocking = broadcast_rx_recv_blocking,
    .clone = broadcast_rx_clone,
    .len = broadcast_rx_len,
    .drop = broadcast_rx_drop,
};

/* --- nave.channels/1 --------------------------------------------------------------------------- */

static const struct nv_check_rule channels_mpsc_rule = {
    NAVE_CHANNELS_ID, "mpsc", NV_THREAD_ANY, 0};

static nave_err channels_mpsc(struct nave_channels *c, const struct nave_mpsc_options *options,
    struct nave_mpsc **out_tx, struct nave_mpsc_rx **out_rx)
{
    struct nv_check check;
    const struct nave_channels_iface *raw =
        nv_check_shadow(&check, &channels_mpsc_rule, c, NV_CHECK_CALLER);

    if (!options)
        nv_check_null(&check, "options");
    if (!out_tx)
        nv_check_null(&check, "out_tx");
    if (!out_rx)
        nv_check_null(&check, "out_rx");
    return raw->mpsc(c, options, out_tx, out_rx);
}

static const struct nv_check_rule channels_oneshot_rule = {
    NAVE_CHANNELS_ID, "oneshot", NV_THREAD_ANY, 0};

static nave_err channels_oneshot(struct nave_channels *c, uint32_t item_size, struct
    nave_oneshot **out_tx, struct nave_oneshot_rx **out_rx)
{
    struct nv_check check;
    const struct nave_channels_iface *raw =
        nv_check_shadow(&check, &channels_oneshot_rule, c, NV_CHECK_CALLER);

    if (!out_tx)
        nv_check_null(&check, "out_tx");
    if (!out_rx)
        nv_check_null(&check, "out_rx");
    return raw->oneshot(c, item_size, out_tx, out_rx);
}

static const struct nv_check_rule channels_broadcast_rule = {
    NAVE_CHANNELS_ID, "broadcast", NV_THREAD_ANY, 0};

static nave_err channels_broadcast(struct nave_channels *c, uint32_t item_size, uint32_t
    capacity, struct nave_broadcast **out_tx)
{
    struct nv_check check;
    const struct nave_channels_iface *raw =
        nv_check_shadow(&check, &channels_broadcast_rule, c, NV_CHECK_CALLER);

    if (!out_tx)
        nv_check_null(&check, "out_tx");
    return raw->broadcast(c, item_size, capacity, out_tx);
}

static const struct nv_check_rule channels_watch_rule = {
    NAVE_CHANNELS_ID, "watch", NV_THREAD_ANY, 0};

static nave_err channels_watch(struct nave_channels *c, uint32_t item_size, const void *first,
    struct nave_watch **out_tx)
{
    struct nv_check check;
    const struct nave_channels_iface *raw =
        nv_check_shadow(&check, &channels_watch_rule, c, NV_CHECK_CALLER);

    if (!first)
        nv_check_null(&check, "first");
    if (!out_tx)
        nv_check_null(&check, "out_tx");
    return raw->watch(c, item_size, first, out_tx);
}

static const struct nave_channels_iface channels_checked = {
    .hdr = NAVE_IFACE(struct nave_channels_iface, NAVE_CHANNELS_ID, 0, NAVE_IFACE_DRAFT),
    .mpsc = channels_mpsc,
    .oneshot = channels_oneshot,
    .broadcast = channels_broadcast,
    .watch = channels_watch,
};

/* --- nave.conf/1 ------------------------------------------------------------------------------- */

static const struct nv_check_rule conf_kind_rule = {
    NAVE_CONF_ID, "kind", NV_THREAD_CONTROL, 0};

static uint32_t conf_kind(const struct nave_conf *c)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_kind_rule, c, NV_CHECK_CALLER);
    return raw->kind(c);
}

static const struct nv_check_rule conf_count_rule = {
    NAVE_CONF_ID, "count", NV_THREAD_CONTROL, 0};

static size_t conf_count(const struct nave_conf *c)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_count_rule, c, NV_CHECK_CALLER);
    return raw->count(c);
}

static const struct nv_check_rule conf_at_rule = {
    NAVE_CONF_ID, "at", NV_THREAD_CONTROL, 0};

static struct nave_conf *conf_at(struct nave_conf *c, size_t i, struct nave_str *out_key)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_at_rule, c, NV_CHECK_CALLER);
    return raw->at(c, i, out_key);
}

static const struct nv_check_rule conf_get_rule = {
    NAVE_CONF_ID, "get", NV_THREAD_CONTROL, 0};

static struct nave_conf *conf_get(struct nave_conf *c, const char *key)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_get_rule, c, NV_CHECK_CALLER);
    if (!key)
        nv_check_null(&check, "key");
    return raw->get(c, key);
}

static const struct nv_check_rule conf_text_rule = {
    NAVE_CONF_ID, "text", NV_THREAD_CONTROL, 0};

static nave_err conf_text(const struct nave_conf *c, struct nave_str *out)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_text_rule, c, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    return raw->text(c, out);
}

static const struct nv_check_rule conf_integer_rule = {
    NAVE_CONF_ID, "integer", NV_THREAD_CONTROL, 0};

static nave_err conf_integer(const struct nave_conf *c, int64_t *out)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_integer_rule, c, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    return raw->integer(c, out);
}

static const struct nv_check_rule conf_real_rule = {
    NAVE_CONF_ID, "real", NV_THREAD_CONTROL, 0};

static nave_err conf_real(const struct nave_conf *c, double *out)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_real_rule, c, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    return raw->real(c, out);
}

static const struct nv_check_rule conf_flag_rule = {
    NAVE_CONF_ID, "flag", NV_THREAD_CONTROL, 0};

static nave_err conf_flag(const struct nave_conf *c, uint32_t *out)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_flag_rule, c, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    return raw->flag(c, out);
}

static const struct nv_check_rule conf_duration_rule = {
    NAVE_CONF_ID, "duration", NV_THREAD_CONTROL, 0};

static nave_err conf_duration(const struct nave_conf *c, nave_nsec *out)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_duration_rule, c, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    return raw->duration(c, out);
}

static const struct nv_check_rule conf_bytes_rule = {
    NAVE_CONF_ID, "bytes", NV_THREAD_CONTROL, 0};

static nave_err conf_bytes(const struct nave_conf *c, uint64_t *out)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_bytes_rule, c, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    return raw->bytes(c, out);
}

static const struct nv_check_rule conf_dump_rule = {
    NAVE_CONF_ID, "dump", NV_THREAD_CONTROL, 0};

static nave_err conf_dump(struct nave_conf *c, struct nave_str *out)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_dump_rule, c, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    return raw->dump(c, out);
}

static const struct nv_check_rule conf_fail_rule = {
    NAVE_CONF_ID, "fail", NV_THREAD_CONTROL, 0};

static void conf_fail(const struct nave_conf *c, const char *text, size_t len)
{
    const struct nave_conf_iface *raw = &nv_conf_table;
    struct nv_check check;

    nv_check_conf(&check, &conf_fail_rule, c, NV_CHECK_CALLER);
    if (!text)
        nv_check_null(&check, "text");
    raw->fail(c, text, len);
}

const struct nave_conf_iface nv_conf_checked_table = {
    .hdr = NAVE_IFACE(struct nave_conf_iface, NAVE_CONF_ID, 0, NAVE_IFACE_DRAFT),
    .kind = conf_kind,
    .count = conf_count,
    .at = conf_at,
    .get = conf_get,
    .text = conf_text,
    .integer = conf_integer,
    .real = conf_real,
    .flag = conf_flag,
    .duration = conf_duration,
    .bytes = conf_bytes,
    .dump = conf_dump,
    .fail = conf_fail,
};

/* --- nave.exec/1 ------------------------------------------------------------------------------- */

static const struct nv_check_rule exec_spawn_rule = {
    NAVE_EXEC_ID, "spawn", NV_THREAD_ANY, 0};

static nave_err exec_spawn(struct nave_exec *e, const struct nave_future_iface *api, size_t
    frame_size, nave_frame_fn *init, void *arg, struct nave_join *out_join)
{
    const struct nave_exec_iface *raw = &nv_exec_table;
    struct nv_check check;

    nv_check_exec(&check, &exec_spawn_rule, e, NV_CHECK_CALLER);
    if (!api)
        nv_check_null(&check, "api");
    nv_before_exec_spawn(&check, e, api, frame_size, init, arg, out_join);
    return raw->spawn(e, api, frame_size, init, arg, out_join);
}

static const struct nv_check_rule exec_may_wait_rule = {
    NAVE_EXEC_ID, "may_wait", NV_THREAD_ANY, 0};

static nave_err exec_may_wait(const struct nave_exec *e)
{
    const struct nave_exec_iface *raw = &nv_exec_table;
    struct nv_check check;

    nv_check_exec(&check, &exec_may_wait_rule, e, NV_CHECK_CALLER);
    return raw->may_wait(e);
}

const struct nave_exec_iface nv_exec_checked_table = {
    .hdr = NAVE_IFACE(struct nave_exec_iface, NAVE_EXEC_ID, 0, NAVE_IFACE_DRAFT),
    .spawn = exec_spawn,
    .may_wait = exec_may_wait,
};

/* --- nave.host/1 ------------------------------------------------------------------------------- */

static const struct nv_check_rule host_bind_rule = {
    NAVE_HOST_ID, "bind", NV_THREAD_CONTROL, 1u << NV_CALL_CREATE | 1u << NV_CALL_PREPARE};

static nave_err host_bind(struct nave_host *h, const char *id, uint32_t min_minor, uint32_t
    min_size, struct nave_handle **out_handle)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_bind_rule, h, NV_CHECK_CALLER);
    if (!id)
        nv_check_null(&check, "id");
    if (!out_handle)
        nv_check_null(&check, "out_handle");
    return raw->bind(h, id, min_minor, min_size, out_handle);
}

static const struct nv_check_rule host_provide_rule = {
    NAVE_HOST_ID, "provide", NV_THREAD_CONTROL, 1u << NV_CALL_CREATE};

static nave_err host_provide(struct nave_host *h, struct nave_handle *service, uint32_t flags)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_provide_rule, h, NV_CHECK_CALLER);
    if (!service)
        nv_check_null(&check, "service");
    return raw->provide(h, service, flags);
}

static const struct nv_check_rule host_publish_rule = {
    NAVE_HOST_ID, "publish", NV_THREAD_CONTROL, 0};

static const struct nave_iface *host_publish(struct nave_host *h, const struct nave_iface
    *table)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_publish_rule, h, NV_CHECK_CALLER);
    if (!table)
        nv_check_null(&check, "table");
    return raw->publish(h, table);
}

static const struct nv_check_rule host_mem_rule = {
    NAVE_HOST_ID, "mem", NV_THREAD_ANY, 0};

static void *host_mem(struct nave_host *h, void *ptr, size_t old, size_t now)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_mem_rule, h, NV_CHECK_CALLER);
    return nv_around_host_mem(&check, raw, h, ptr, old, now);
}

static const struct nv_check_rule host_log_rule = {
    NAVE_HOST_ID, "log", NV_THREAD_ANY, 0};

static void host_log(struct nave_host *h, uint32_t level, const char *text, size_t len)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_log_rule, h, NV_CHECK_CALLER);
    if (!text)
        nv_check_null(&check, "text");
    raw->log(h, level, text, len);
}

static const struct nv_check_rule host_fail_rule = {
    NAVE_HOST_ID, "fail", NV_THREAD_CONTROL, 0};

static void host_fail(struct nave_host *h, const char *text, size_t len)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_fail_rule, h, NV_CHECK_CALLER);
    if (!text)
        nv_check_null(&check, "text");
    raw->fail(h, text, len);
}

static const struct nv_check_rule host_worker_count_rule = {
    NAVE_HOST_ID, "worker_count", NV_THREAD_ANY, 0};

static uint32_t host_worker_count(struct nave_host *h)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_worker_count_rule, h, NV_CHECK_CALLER);
    return raw->worker_count(h);
}

static const struct nv_check_rule host_counter_rule = {
    NAVE_HOST_ID, "counter", NV_THREAD_CONTROL, 0};

static nave_err host_counter(struct nave_host *h, const char *name, const char *doc, struct
    nave_counter *out_counter)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_counter_rule, h, NV_CHECK_CALLER);
    if (!name)
        nv_check_null(&check, "name");
    if (!doc)
        nv_check_null(&check, "doc");
    if (!out_counter)
        nv_check_null(&check, "out_counter");
    return raw->counter(h, name, doc, out_counter);
}

static const struct nv_check_rule host_role_make_rule = {
    NAVE_HOST_ID, "role_make", NV_THREAD_CONTROL, 1u << NV_CALL_PREPARE | 1u << NV_CALL_MAKE};

static nave_err host_role_make(struct nave_host *h, const char *kind, const char *name, struct
    nave_conf *conf, struct nave_handle **out_handle)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_role_make_rule, h, NV_CHECK_CALLER);
    if (!kind)
        nv_check_null(&check, "kind");
    if (!name)
        nv_check_null(&check, "name");
    if (!out_handle)
        nv_check_null(&check, "out_handle");
    return raw->role_make(h, kind, name, conf, out_handle);
}

static const struct nv_check_rule host_role_unmake_rule = {
    NAVE_HOST_ID, "role_unmake", NV_THREAD_CONTROL, 0};

static void host_role_unmake(struct nave_host *h, struct nave_handle *handle)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_role_unmake_rule, h, NV_CHECK_CALLER);
    raw->role_unmake(h, handle);
}

static const struct nv_check_rule host_user_rule = {
    NAVE_HOST_ID, "user", NV_THREAD_ANY, 0};

static void *host_user(struct nave_host *h)
{
    const struct nave_host_iface *raw = &nv_host_table;
    struct nv_check check;

    nv_check_host(&check, &host_user_rule, h, NV_CHECK_CALLER);
    return raw->user(h);
}

const struct nave_host_iface nv_host_checked_table = {
    .hdr = NAVE_IFACE(struct nave_host_iface, NAVE_HOST_ID, 0, NAVE_IFACE_DRAFT),
    .bind = host_bind,
    .provide = host_provide,
    .publish = host_publish,
    .mem = host_mem,
    .log = host_log,
    .fail = host_fail,
    .worker_count = host_worker_count,
    .counter = host_counter,
    .role_make = host_role_make,
    .role_unmake = host_role_unmake,
    .user = host_user,
};

/* --- nave.http/1 ------------------------------------------------------------------------------- */

static const struct nv_check_rule http_alloc_rule = {
    NAVE_HTTP_ID, "alloc", NV_THREAD_WORKER, 0};

static void *http_alloc(struct nave_http *x, size_t size)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_alloc_rule, x, NV_CHECK_CALLER);

    return raw->alloc(x, size);
}

static const struct nv_check_rule http_hold_rule = {
    NAVE_HTTP_ID, "hold", NV_THREAD_WORKER, 0};

static nave_err http_hold(struct nave_http *x)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_hold_rule, x, NV_CHECK_CALLER);

    return nv_around_http_hold(&check, raw, x);
}

static const struct nv_check_rule http_on_end_rule = {
    NAVE_HTTP_ID, "on_end", NV_THREAD_WORKER, 0};

static void http_on_end(struct nave_http *x, nave_http_fn *fn, void *arg)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_on_end_rule, x, NV_CHECK_CALLER);

    nv_around_http_on_end(&check, raw, x, fn, arg);
}

static const struct nv_check_rule http_body_peek_rule = {
    NAVE_HTTP_ID, "body_peek", NV_THREAD_WORKER, 0};

static nave_err http_body_peek(struct nave_http *x, struct nave_bytes *out)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_body_peek_rule, x, NV_CHECK_CALLER);

    if (!out)
        nv_check_null(&check, "out");
    return raw->body_peek(x, out);
}

static const struct nv_check_rule http_body_consume_rule = {
    NAVE_HTTP_ID, "body_consume", NV_THREAD_WORKER, 0};

static void http_body_consume(struct nave_http *x, size_t n)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_body_consume_rule, x, NV_CHECK_CALLER);

    raw->body_consume(x, n);
}

static const struct nv_check_rule http_body_watch_rule = {
    NAVE_HTTP_ID, "body_watch", NV_THREAD_WORKER, 0};

static void http_body_watch(struct nave_http *x, nave_http_fn *fn, void *arg)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_body_watch_rule, x, NV_CHECK_CALLER);

    nv_around_http_body_watch(&check, raw, x, fn, arg);
}

static const struct nv_check_rule http_body_limit_rule = {
    NAVE_HTTP_ID, "body_limit", NV_THREAD_WORKER, 0};

static nave_err http_body_limit(struct nave_http *x, uint64_t max)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_body_limit_rule, x, NV_CHECK_CALLER);

    return raw->body_limit(x, max);
}

static const struct nv_check_rule http_trailer_rule = {
    NAVE_HTTP_ID, "trailer", NV_THREAD_WORKER, 0};

static nave_err http_trailer(struct nave_http *x, uint32_t i, struct nave_http_header *out)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_trailer_rule, x, NV_CHECK_CALLER);

    if (!out)
        nv_check_null(&check, "out");
    return raw->trailer(x, i, out);
}

static const struct nv_check_rule http_inform_rule = {
    NAVE_HTTP_ID, "inform", NV_THREAD_WORKER, 0};

static nave_err http_inform(struct nave_http *x, const struct nave_http_response *r)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_inform_rule, x, NV_CHECK_CALLER);

    if (!r)
        nv_check_null(&check, "r");
    return raw->inform(x, r);
}

static const struct nv_check_rule http_respond_rule = {
    NAVE_HTTP_ID, "respond", NV_THREAD_WORKER, 0};

static nave_err http_respond(struct nave_http *x, const struct nave_http_response *r)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_respond_rule, x, NV_CHECK_CALLER);

    if (!r)
        nv_check_null(&check, "r");
    return nv_around_http_respond(&check, raw, x, r);
}

static const struct nv_check_rule http_start_rule = {
    NAVE_HTTP_ID, "start", NV_THREAD_WORKER, 0};

static nave_err http_start(struct nave_http *x, const struct nave_http_response *r, int64_t
    body_size)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_start_rule, x, NV_CHECK_CALLER);

    if (!r)
        nv_check_null(&check, "r");
    return nv_around_http_start(&check, raw, x, r, body_size);
}

static const struct nv_check_rule http_write_rule = {
    NAVE_HTTP_ID, "write", NV_THREAD_WORKER, 0};

static nave_err http_write(struct nave_http *x, const void *data, size_t len, size_t *out_len)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_write_rule, x, NV_CHECK_CALLER);

    if (!data)
        nv_check_null(&check, "data");
    if (!out_len)
        nv_check_null(&check, "out_len");
    return raw->write(x, data, len, out_len);
}

static const struct nv_check_rule http_write_watch_rule = {
    NAVE_HTTP_ID, "write_watch", NV_THREAD_WORKER, 0};

static void http_write_watch(struct nave_http *x, nave_http_fn *fn, void *arg)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_write_watch_rule, x, NV_CHECK_CALLER);

    raw->write_watch(x, fn, arg);
}

static const struct nv_check_rule http_end_rule = {
    NAVE_HTTP_ID, "end", NV_THREAD_WORKER, 0};

static nave_err http_end(struct nave_http *x, const struct nave_http_header *trailers, uint32_t
    n)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_end_rule, x, NV_CHECK_CALLER);

    return raw->end(x, trailers, n);
}

static const struct nv_check_rule http_push_rule = {
    NAVE_HTTP_ID, "push", NV_THREAD_WORKER, 0};

static nave_err http_push(struct nave_http *x, const char *path, size_t len, const struct
    nave_http_header *headers, uint32_t n, struct nave_http **out_x)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_push_rule, x, NV_CHECK_CALLER);

    if (!path)
        nv_check_null(&check, "path");
    if (!out_x)
        nv_check_null(&check, "out_x");
    return raw->push(x, path, len, headers, n, out_x);
}

static const struct nv_check_rule http_upgrade_rule = {
    NAVE_HTTP_ID, "upgrade", NV_THREAD_WORKER, 0};

static nave_err http_upgrade(struct nave_http *x, const struct nave_http_response *r, struct
    nave_stream **out_stream)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_upgrade_rule, x, NV_CHECK_CALLER);
    nave_err err;

    if (!r)
        nv_check_null(&check, "r");
    if (!out_stream)
        nv_check_null(&check, "out_stream");
    nv_check_end(&check, x);
    err = raw->upgrade(x, r, out_stream);
    if (err != NAVE_OK)
        nv_check_go_on(&check, x);
    return err;
}

static const struct nv_check_rule http_defer_rule = {
    NAVE_HTTP_ID, "defer", NV_THREAD_WORKER, 0};

static nave_err http_defer(struct nave_http *x, struct nave_http_reply **out_reply)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_defer_rule, x, NV_CHECK_CALLER);

    if (!out_reply)
        nv_check_null(&check, "out_reply");
    return nv_around_http_defer(&check, raw, x, out_reply);
}

static const struct nv_check_rule http_abort_rule = {
    NAVE_HTTP_ID, "abort", NV_THREAD_WORKER, 0};

static void http_abort(struct nave_http *x)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_abort_rule, x, NV_CHECK_CALLER);

    nv_around_http_abort(&check, raw, x);
}

static const struct nv_check_rule http_info_rule = {
    NAVE_HTTP_ID, "info", NV_THREAD_WORKER, 0};

static nave_err http_info(struct nave_http *x, struct nave_stream_info *info)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_info_rule, x, NV_CHECK_CALLER);

    if (!info)
        nv_check_null(&check, "info");
    return raw->info(x, info);
}

static const struct nv_check_rule http_write_file_rule = {
    NAVE_HTTP_ID, "write_file", NV_THREAD_WORKER, 0};

static nave_err http_write_file(struct nave_http *x, const struct nave_file_range *file)
{
    struct nv_check check;
    const struct nave_http_iface *raw =
        nv_check_shadow(&check, &http_write_file_rule, x, NV_CHECK_CALLER);

    if (!file)
        nv_check_null(&check, "file");
    return raw->write_file(x, file);
}

static const struct nave_http_iface http_checked = {
    .hdr = NAVE_IFACE(struct nave_http_iface, NAVE_HTTP_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = http_alloc,
    .hold = http_hold,
    .on_end = http_on_end,
    .body_peek = http_body_peek,
    .body_consume = http_body_consume,
    .body_watch = http_body_watch,
    .body_limit = http_body_limit,
    .trailer = http_trailer,
    .inform = http_inform,
    .respond = http_respond,
    .start = http_start,
    .write = http_write,
    .write_watch = http_write_watch,
    .end = http_end,
    .push = http_push,
    .upgrade = http_upgrade,
    .defer = http_defer,
    .abort = http_abort,
    .info = http_info,
    .write_file = http_write_file,
};

/* --- nave.http.reply/1 ------------------------------------------------------------------------- */

static const struct nv_check_rule http_reply_respond_rule = {
    NAVE_HTTP_REPLY_ID, "respond", NV_THREAD_ANY, 0};

static nave_err http_reply_respond(struct nave_http_reply *r, const struct nave_http_response
    *response)
{
    struct nv_check check;
    const struct nave_http_reply_iface *raw =
        nv_check_shadow(&check, &http_reply_respond_rule, r, NV_CHECK_CALLER);
    nave_err err;

    if (!response)
        nv_check_null(&check, "response");
    nv_check_end(&check, r);
    err = raw->respond(r, response);
    if (err == NAVE_EINVAL || err == NAVE_ETOONEW || err == NAVE_ENOMEM)
        nv_check_go_on(&check, r);
    return err;
}

static const struct nv_check_rule http_reply_drop_rule = {
    NAVE_HTTP_REPLY_ID, "drop", NV_THREAD_ANY, 0};

static void http_reply_drop(struct nave_http_reply *r)
{
    struct nv_check check;
    const struct nave_http_reply_iface *raw =
        nv_check_shadow(&check, &http_reply_drop_rule, r, NV_CHECK_CALLER);

    nv_check_end(&check, r);
    raw->drop(r);
}

static const struct nv_check_rule http_reply_is_closed_rule = {
    NAVE_HTTP_REPLY_ID, "is_closed", NV_THREAD_ANY, 0};

static int32_t http_reply_is_closed(struct nave_http_reply *r)
{
    struct nv_check check;
    const struct nave_http_reply_iface *raw =
        nv_check_shadow(&check, &http_reply_is_closed_rule, r, NV_CHECK_CALLER);

    return raw->is_closed(r);
}

static const struct nave_http_reply_iface http_reply_checked = {
    .hdr = NAVE_IFACE(struct nave_http_reply_iface, NAVE_HTTP_REPLY_ID, 0, NAVE_IFACE_DRAFT),
    .respond = http_reply_respond,
    .drop = http_reply_drop,
    .is_closed = http_reply_is_closed,
};

/* --- nave.http.handler/1 ----------------------------------------------------------------------- */

static const struct nv_check_rule http_handler_handle_rule = {
    NAVE_HTTP_HANDLER_ID, "handle", NV_THREAD_WORKERS, 0};

static void http_handler_handle(struct nave_http_handler *h, struct nave_http *x)
{
    struct nv_check check;
    const struct nave_http_handler_iface *raw =
        nv_check_shadow(&check, &http_handler_handle_rule, h, NV_CHECK_CALLER);

    if (!x)
        nv_check_null(&check, "x");
    nv_before_http_handler_handle(&check, h, x);
    raw->handle(h, x);
}

static const struct nave_http_handler_iface http_handler_checked = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = http_handler_handle,
};

/* --- nave.join/1 ------------------------------------------------------------------------------- */

static const struct nv_check_rule join_start_rule = {
    NAVE_JOIN_ID, "start", NV_THREAD_WORKER, 0};

static nave_err join_start(struct nave_join *j, struct nave_op *op)
{
    const struct nave_join_iface *raw = &nv_join_table;
    struct nv_check check;

    nv_check_join(&check, &join_start_rule, j, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    nv_before_join_start(&check, j, op);
    return raw->start(j, op);
}

static const struct nv_check_rule join_result_rule = {
    NAVE_JOIN_ID, "result", NV_THREAD_ANY, 0};

static nave_err join_result(const struct nave_join *j, nave_err *out_result)
{
    const struct nave_join_iface *raw = &nv_join_table;
    struct nv_check check;

    nv_check_join(&check, &join_result_rule, j, NV_CHECK_CALLER);
    if (!out_result)
        nv_check_null(&check, "out_result");
    return raw->result(j, out_result);
}

static const struct nv_check_rule join_frame_rule = {
    NAVE_JOIN_ID, "frame", NV_THREAD_ANY, 0};

static void *join_frame(const struct nave_join *j)
{
    const struct nave_join_iface *raw = &nv_join_table;
    struct nv_check check;

    nv_check_join(&check, &join_frame_rule, j, NV_CHECK_CALLER);
    return raw->frame(j);
}

static const struct nv_check_rule join_abort_rule = {
    NAVE_JOIN_ID, "abort", NV_THREAD_ANY, 0};

static nave_err join_abort(const struct nave_join *j)
{
    const struct nave_join_iface *raw = &nv_join_table;
    struct nv_check check;

    nv_check_join(&check, &join_abort_rule, j, NV_CHECK_CALLER);
    return raw->abort(j);
}

static const struct nv_check_rule join_wait_rule = {
    NAVE_JOIN_ID, "wait", NV_THREAD_BLOCKING, 0};

static nave_err join_wait(struct nave_join *j, nave_nsec timeout_ns)
{
    const struct nave_join_iface *raw = &nv_join_table;
    struct nv_check check;

    nv_check_join(&check, &join_wait_rule, j, NV_CHECK_CALLER);
    return raw->wait(j, timeout_ns);
}

static const struct nv_check_rule join_drop_rule = {
    NAVE_JOIN_ID, "drop", NV_THREAD_ANY, 0};

static void join_drop(struct nave_join *j)
{
    const struct nave_join_iface *raw = &nv_join_table;
    struct nv_check check;

    nv_check_join(&check, &join_drop_rule, j, NV_CHECK_CALLER);
    nv_before_join_drop(&check, j);
    raw->drop(j);
}

const struct nave_join_iface nv_join_checked_table = {
    .hdr = NAVE_IFACE(struct nave_join_iface, NAVE_JOIN_ID, 0, NAVE_IFACE_DRAFT),
    .start = join_start,
    .result = join_result,
    .frame = join_frame,
    .abort = join_abort,
    .wait = join_wait,
    .drop = join_drop,
};

/* --- nave.locks/1 ------------------------------------------------------------------------------ */

static const struct nv_check_rule locks_mutex_init_rule = {
    NAVE_LOCKS_ID, "mutex_init", NV_THREAD_ANY, 0};

static void locks_mutex_init(struct nave_locks *l, struct nave_mutex *m)
{
    const struct nave_locks_iface *raw = &nv_locks_table;
    struct nv_check check;

    nv_check_locks(&check, &locks_mutex_init_rule, l, NV_CHECK_CALLER);
    if (!m)
        nv_check_null(&check, "m");
    raw->mutex_init(l, m);
}

static const struct nv_check_rule locks_rwlock_init_rule = {
    NAVE_LOCKS_ID, "rwlock_init", NV_THREAD_ANY, 0};

static void locks_rwlock_init(struct nave_locks *l, struct nave_rwlock *rw)
{
    const struct nave_locks_iface *raw = &nv_locks_table;
    struct nv_check check;

    nv_check_locks(&check, &locks_rwlock_init_rule, l, NV_CHECK_CALLER);
    if (!rw)
        nv_check_null(&check, "rw");
    raw->rwlock_init(l, rw);
}

static const struct nv_check_rule locks_semaphore_init_rule = {
    NAVE_LOCKS_ID, "semaphore_init", NV_THREAD_ANY, 0};

static nave_err locks_semaphore_init(struct nave_locks *l, struct nave_semaphore *s, uint64_t
    permits)
{
    const struct nave_locks_iface *raw = &nv_locks_table;
    struct nv_check check;

    nv_check_locks(&check, &locks_semaphore_init_rule, l, NV_CHECK_CALLER);
    if (!s)
        nv_check_null(&check, "s");
    return raw->semaphore_init(l, s, permits);
}

static const struct nv_check_rule locks_notify_init_rule = {
    NAVE_LOCKS_ID, "notify_init", NV_THREAD_ANY, 0};

static void locks_notify_init(struct nave_locks *l, struct nave_notify *n)
{
    const struct nave_locks_iface *raw = &nv_locks_table;
    struct nv_check check;

    nv_check_locks(&check, &locks_notify_init_rule, l, NV_CHECK_CALLER);
    if (!n)
        nv_check_null(&check, "n");
    raw->notify_init(l, n);
}

static const struct nv_check_rule locks_barrier_init_rule = {
    NAVE_LOCKS_ID, "barrier_init", NV_THREAD_ANY, 0};

static nave_err locks_barrier_init(struct nave_locks *l, struct nave_barrier *b, uint32_t count)
{
    const struct nave_locks_iface *raw = &nv_locks_table;
    struct nv_check check;

    nv_check_locks(&check, &locks_barrier_init_rule, l, NV_CHECK_CALLER);
    if (!b)
        nv_check_null(&check, "b");
    return raw->barrier_init(l, b, count);
}

static const struct nv_check_rule locks_once_init_rule = {
    NAVE_LOCKS_ID, "once_init", NV_THREAD_ANY, 0};

static void locks_once_init(struct nave_locks *l, struct nave_once *o)
{
    const struct nave_locks_iface *raw = &nv_locks_table;
    struct nv_check check;

    nv_check_locks(&check, &locks_once_init_rule, l, NV_CHECK_CALLER);
    if (!o)
        nv_check_null(&check, "o");
    raw->once_init(l, o);
}

const struct nave_locks_iface nv_locks_checked_table = {
    .hdr = NAVE_IFACE(struct nave_locks_iface, NAVE_LOCKS_ID, 0, NAVE_IFACE_DRAFT),
    .mutex_init = locks_mutex_init,
    .rwlock_init = locks_rwlock_init,
    .semaphore_init = locks_semaphore_init,
    .notify_init = locks_notify_init,
    .barrier_init = locks_barrier_init,
    .once_init = locks_once_init,
};

/* --- nave.mutex/1 ------------------------------------------------------------------------------ */

static const struct nv_check_rule mutex_lock_rule = {
    NAVE_MUTEX_ID, "lock", NV_THREAD_WORKERS, 0};

static nave_err mutex_lock(struct nave_mutex *m, struct nave_op *op)
{
    const struct nave_mutex_iface *raw = &nv_mutex_table;
    struct nv_check check;

    nv_check_lock(&check, &mutex_lock_rule, m, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    return nv_around_mutex_lock(&check, raw, m, op);
}

static const struct nv_check_rule mutex_try_lock_rule = {
    NAVE_MUTEX_ID, "try_lock", NV_THREAD_ANY, 0};

static nave_err mutex_try_lock(struct nave_mutex *m)
{
    const struct nave_mutex_iface *raw = &nv_mutex_table;
    struct nv_check check;

    nv_check_lock(&check, &mutex_try_lock_rule, m, NV_CHECK_CALLER);
    return nv_around_mutex_try_lock(&check, raw, m);
}

static const struct nv_check_rule mutex_lock_wait_rule = {
    NAVE_MUTEX_ID, "lock_wait", NV_THREAD_ANY, 0};

static nave_err mutex_lock_wait(struct nave_mutex *m, nave_nsec timeout_ns)
{
    const struct nave_mutex_iface *raw = &nv_mutex_table;
    struct nv_check check;

    nv_check_lock(&check, &mutex_lock_wait_rule, m, NV_CHECK_CALLER);
    return nv_around_mutex_lock_wait(&check, raw, m, timeout_ns);
}

static const struct nv_check_rule mutex_unlock_rule = {
    NAVE_MUTEX_ID, "unlock", NV_THREAD_ANY, 0};

static void mutex_unlock(struct nave_mutex *m)
{
    const struct nave_mutex_iface *raw = &nv_mutex_table;
    struct nv_check check;

    nv_check_lock(&check, &mutex_unlock_rule, m, NV_CHECK_CALLER);
    nv_before_mutex_unlock(&check, m);
    raw->unlock(m);
}

const struct nave_mutex_iface nv_mutex_checked_table = {
    .hdr = NAVE_IFACE(struct nave_mutex_iface, NAVE_MUTEX_ID, 0, NAVE_IFACE_DRAFT),
    .lock = mutex_lock,
    .try_lock = mutex_try_lock,
    .lock_wait = mutex_lock_wait,
    .unlock = mutex_unlock,
};

/* --- nave.rwlock/1 ----------------------------------------------------------------------------- */

static const struct nv_check_rule rwlock_read_rule = {
    NAVE_RWLOCK_ID, "read", NV_THREAD_WORKERS, 0};

static nave_err rwlock_read(struct nave_rwlock *rw, struct nave_op *op)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_read_rule, rw, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    return raw->read(rw, op);
}

static const struct nv_check_rule rwlock_write_rule = {
    NAVE_RWLOCK_ID, "write", NV_THREAD_WORKERS, 0};

static nave_err rwlock_write(struct nave_rwlock *rw, struct nave_op *op)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_write_rule, rw, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    return raw->write(rw, op);
}

static const struct nv_check_rule rwlock_try_read_rule = {
    NAVE_RWLOCK_ID, "try_read", NV_THREAD_ANY, 0};

static nave_err rwlock_try_read(struct nave_rwlock *rw)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_try_read_rule, rw, NV_CHECK_CALLER);
    return raw->try_read(rw);
}

static const struct nv_check_rule rwlock_try_write_rule = {
    NAVE_RWLOCK_ID, "try_write", NV_THREAD_ANY, 0};

static nave_err rwlock_try_write(struct nave_rwlock *rw)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_try_write_rule, rw, NV_CHECK_CALLER);
    return raw->try_write(rw);
}

static const struct nv_check_rule rwlock_read_wait_rule = {
    NAVE_RWLOCK_ID, "read_wait", NV_THREAD_ANY, 0};

static nave_err rwlock_read_wait(struct nave_rwlock *rw, nave_nsec timeout_ns)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_read_wait_rule, rw, NV_CHECK_CALLER);
    return raw->read_wait(rw, timeout_ns);
}

static const struct nv_check_rule rwlock_write_wait_rule = {
    NAVE_RWLOCK_ID, "write_wait", NV_THREAD_ANY, 0};

static nave_err rwlock_write_wait(struct nave_rwlock *rw, nave_nsec timeout_ns)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_write_wait_rule, rw, NV_CHECK_CALLER);
    return raw->write_wait(rw, timeout_ns);
}

static const struct nv_check_rule rwlock_read_unlock_rule = {
    NAVE_RWLOCK_ID, "read_unlock", NV_THREAD_ANY, 0};

static void rwlock_read_unlock(struct nave_rwlock *rw)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_read_unlock_rule, rw, NV_CHECK_CALLER);
    nv_before_rwlock_read_unlock(&check, rw);
    raw->read_unlock(rw);
}

static const struct nv_check_rule rwlock_write_unlock_rule = {
    NAVE_RWLOCK_ID, "write_unlock", NV_THREAD_ANY, 0};

static void rwlock_write_unlock(struct nave_rwlock *rw)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_write_unlock_rule, rw, NV_CHECK_CALLER);
    nv_before_rwlock_write_unlock(&check, rw);
    raw->write_unlock(rw);
}

static const struct nv_check_rule rwlock_downgrade_rule = {
    NAVE_RWLOCK_ID, "downgrade", NV_THREAD_ANY, 0};

static void rwlock_downgrade(struct nave_rwlock *rw)
{
    const struct nave_rwlock_iface *raw = &nv_rwlock_table;
    struct nv_check check;

    nv_check_lock(&check, &rwlock_downgrade_rule, rw, NV_CHECK_CALLER);
    nv_before_rwlock_downgrade(&check, rw);
    raw->downgrade(rw);
}

const struct nave_rwlock_iface nv_rwlock_checked_table = {
    .hdr = NAVE_IFACE(struct nave_rwlock_iface, NAVE_RWLOCK_ID, 0, NAVE_IFACE_DRAFT),
    .read = rwlock_read,
    .write = rwlock_write,
    .try_read = rwlock_try_read,
    .try_write = rwlock_try_write,
    .read_wait = rwlock_read_wait,
    .write_wait = rwlock_write_wait,
    .read_unlock = rwlock_read_unlock,
    .write_unlock = rwlock_write_unlock,
    .downgrade = rwlock_downgrade,
};

/* --- nave.semaphore/1 -------------------------------------------------------------------------- */

static const struct nv_check_rule semaphore_acquire_rule = {
    NAVE_SEMAPHORE_ID, "acquire", NV_THREAD_WORKERS, 0};

static nave_err semaphore_acquire(struct nave_semaphore *s, struct nave_op *op, uint64_t n)
{
    const struct nave_semaphore_iface *raw = &nv_semaphore_table;
    struct nv_check check;

    nv_check_lock(&check, &semaphore_acquire_rule, s, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    return raw->acquire(s, op, n);
}

static const struct nv_check_rule semaphore_try_acquire_rule = {
    NAVE_SEMAPHORE_ID, "try_acquire", NV_THREAD_ANY, 0};

static nave_err semaphore_try_acquire(struct nave_semaphore *s, uint64_t n)
{
    const struct nave_semaphore_iface *raw = &nv_semaphore_table;
    struct nv_check check;

    nv_check_lock(&check, &semaphore_try_acquire_rule, s, NV_CHECK_CALLER);
    return raw->try_acquire(s, n);
}

static const struct nv_check_rule semaphore_acquire_wait_rule = {
    NAVE_SEMAPHORE_ID, "acquire_wait", NV_THREAD_ANY, 0};

static nave_err semaphore_acquire_wait(struct nave_semaphore *s, uint64_t n, nave_nsec
    timeout_ns)
{
    const struct nave_semaphore_iface *raw = &nv_semaphore_table;
    struct nv_check check;

    nv_check_lock(&check, &semaphore_acquire_wait_rule, s, NV_CHECK_CALLER);
    return raw->acquire_wait(s, n, timeout_ns);
}

static const struct nv_check_rule semaphore_release_rule = {
    NAVE_SEMAPHORE_ID, "release", NV_THREAD_ANY, 0};

static nave_err semaphore_release(struct nave_semaphore *s, uint64_t n)
{
    const struct nave_semaphore_iface *raw = &nv_semaphore_table;
    struct nv_check check;

    nv_check_lock(&check, &semaphore_release_rule, s, NV_CHECK_CALLER);
    return raw->release(s, n);
}

static const struct nv_check_rule semaphore_forget_rule = {
    NAVE_SEMAPHORE_ID, "forget", NV_THREAD_ANY, 0};

static uint64_t semaphore_forget(struct nave_semaphore *s, uint64_t n)
{
    const struct nave_semaphore_iface *raw = &nv_semaphore_table;
    struct nv_check check;

    nv_check_lock(&check, &semaphore_forget_rule, s, NV_CHECK_CALLER);
    return raw->forget(s, n);
}

static const struct nv_check_rule semaphore_available_rule = {
    NAVE_SEMAPHORE_ID, "available", NV_THREAD_ANY, 0};

static uint64_t semaphore_available(const struct nave_semaphore *s)
{
    const struct nave_semaphore_iface *raw = &nv_semaphore_table;
    struct nv_check check;

    nv_check_lock(&check, &semaphore_available_rule, s, NV_CHECK_CALLER);
    return raw->available(s);
}

static const struct nv_check_rule semaphore_close_rule = {
    NAVE_SEMAPHORE_ID, "close", NV_THREAD_ANY, 0};

static void semaphore_close(struct nave_semaphore *s)
{
    const struct nave_semaphore_iface *raw = &nv_semaphore_table;
    struct nv_check check;

    nv_check_lock(&check, &semaphore_close_rule, s, NV_CHECK_CALLER);
    raw->close(s);
}

const struct nave_semaphore_iface nv_semaphore_checked_table = {
    .hdr = NAVE_IFACE(struct nave_semaphore_iface, NAVE_SEMAPHORE_ID, 0, NAVE_IFACE_DRAFT),
    .acquire = semaphore_acquire,
    .try_acquire = semaphore_try_acquire,
    .acquire_wait = semaphore_acquire_wait,
    .release = semaphore_release,
    .forget = semaphore_forget,
    .available = semaphore_available,
    .close = semaphore_close,
};

/* --- nave.mpsc/1 ------------------------------------------------------------------------------- */

static const struct nv_check_rule mpsc_send_rule = {
    NAVE_MPSC_ID, "send", NV_THREAD_WORKERS, 0};

static nave_err mpsc_send(struct nave_mpsc *tx, struct nave_op *op, const void *item)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_send_rule, tx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    if (!item)
        nv_check_null(&check, "item");
    return raw->send(tx, op, item);
}

static const struct nv_check_rule mpsc_reserve_rule = {
    NAVE_MPSC_ID, "reserve", NV_THREAD_WORKERS, 0};

static nave_err mpsc_reserve(struct nave_mpsc *tx, struct nave_op *op)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_reserve_rule, tx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    return raw->reserve(tx, op);
}

static const struct nv_check_rule mpsc_try_send_rule = {
    NAVE_MPSC_ID, "try_send", NV_THREAD_ANY, 0};

static nave_err mpsc_try_send(struct nave_mpsc *tx, const void *item)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_try_send_rule, tx, NV_CHECK_CALLER);

    if (!item)
        nv_check_null(&check, "item");
    return raw->try_send(tx, item);
}

static const struct nv_check_rule mpsc_try_reserve_rule = {
    NAVE_MPSC_ID, "try_reserve", NV_THREAD_ANY, 0};

static nave_err mpsc_try_reserve(struct nave_mpsc *tx)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_try_reserve_rule, tx, NV_CHECK_CALLER);

    return raw->try_reserve(tx);
}

static const struct nv_check_rule mpsc_commit_rule = {
    NAVE_MPSC_ID, "commit", NV_THREAD_ANY, 0};

static nave_err mpsc_commit(struct nave_mpsc *tx, const void *item)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_commit_rule, tx, NV_CHECK_CALLER);

    if (!item)
        nv_check_null(&check, "item");
    return raw->commit(tx, item);
}

static const struct nv_check_rule mpsc_release_rule = {
    NAVE_MPSC_ID, "release", NV_THREAD_ANY, 0};

static void mpsc_release(struct nave_mpsc *tx)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_release_rule, tx, NV_CHECK_CALLER);

    raw->release(tx);
}

static const struct nv_check_rule mpsc_send_blocking_rule = {
    NAVE_MPSC_ID, "send_blocking", NV_THREAD_ANY, 0};

static nave_err mpsc_send_blocking(struct nave_mpsc *tx, const void *item, nave_nsec timeout_ns)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_send_blocking_rule, tx, NV_CHECK_CALLER);

    if (!item)
        nv_check_null(&check, "item");
    return raw->send_blocking(tx, item, timeout_ns);
}

static const struct nv_check_rule mpsc_closed_rule = {
    NAVE_MPSC_ID, "closed", NV_THREAD_WORKERS, 0};

static nave_err mpsc_closed(struct nave_mpsc *tx, struct nave_op *op)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_closed_rule, tx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    return raw->closed(tx, op);
}

static const struct nv_check_rule mpsc_is_closed_rule = {
    NAVE_MPSC_ID, "is_closed", NV_THREAD_ANY, 0};

static int32_t mpsc_is_closed(const struct nave_mpsc *tx)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_is_closed_rule, tx, NV_CHECK_CALLER);

    return raw->is_closed(tx);
}

static const struct nv_check_rule mpsc_available_rule = {
    NAVE_MPSC_ID, "available", NV_THREAD_ANY, 0};

static uint32_t mpsc_available(const struct nave_mpsc *tx)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_available_rule, tx, NV_CHECK_CALLER);

    return raw->available(tx);
}

static const struct nv_check_rule mpsc_clone_rule = {
    NAVE_MPSC_ID, "clone", NV_THREAD_ANY, 0};

static void mpsc_clone(struct nave_mpsc *tx)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_clone_rule, tx, NV_CHECK_CALLER);

    raw->clone(tx);
}

static const struct nv_check_rule mpsc_drop_rule = {
    NAVE_MPSC_ID, "drop", NV_THREAD_ANY, 0};

static void mpsc_drop(struct nave_mpsc *tx)
{
    struct nv_check check;
    const struct nave_mpsc_iface *raw =
        nv_check_shadow(&check, &mpsc_drop_rule, tx, NV_CHECK_CALLER);

    raw->drop(tx);
}

static const struct nave_mpsc_iface mpsc_checked = {
    .hdr = NAVE_IFACE(struct nave_mpsc_iface, NAVE_MPSC_ID, 0, NAVE_IFACE_DRAFT),
    .send = mpsc_send,
    .reserve = mpsc_reserve,
    .try_send = mpsc_try_send,
    .try_reserve = mpsc_try_reserve,
    .commit = mpsc_commit,
    .release = mpsc_release,
    .send_blocking = mpsc_send_blocking,
    .closed = mpsc_closed,
    .is_closed = mpsc_is_closed,
    .available = mpsc_available,
    .clone = mpsc_clone,
    .drop = mpsc_drop,
};

/* --- nave.mpsc_rx/1 ---------------------------------------------------------------------------- */

static const struct nv_check_rule mpsc_rx_recv_rule = {
    NAVE_MPSC_RX_ID, "recv", NV_THREAD_WORKERS, 0};

static nave_err mpsc_rx_recv(struct nave_mpsc_rx *rx, struct nave_op *op, void *out_item)
{
    struct nv_check check;
    const struct nave_mpsc_rx_iface *raw =
        nv_check_shadow(&check, &mpsc_rx_recv_rule, rx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->recv(rx, op, out_item);
}

static const struct nv_check_rule mpsc_rx_recv_many_rule = {
    NAVE_MPSC_RX_ID, "recv_many", NV_THREAD_WORKERS, 0};

static nave_err mpsc_rx_recv_many(struct nave_mpsc_rx *rx, struct nave_op *op, void *out_items,
    uint32_t max)
{
    struct nv_check check;
    const struct nave_mpsc_rx_iface *raw =
        nv_check_shadow(&check, &mpsc_rx_recv_many_rule, rx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    if (!out_items)
        nv_check_null(&check, "out_items");
    return raw->recv_many(rx, op, out_items, max);
}

static const struct nv_check_rule mpsc_rx_try_recv_rule = {
    NAVE_MPSC_RX_ID, "try_recv", NV_THREAD_ANY, 0};

static nave_err mpsc_rx_try_recv(struct nave_mpsc_rx *rx, void *out_item)
{
    struct nv_check check;
    const struct nave_mpsc_rx_iface *raw =
        nv_check_shadow(&check, &mpsc_rx_try_recv_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->try_recv(rx, out_item);
}

static const struct nv_check_rule mpsc_rx_recv_blocking_rule = {
    NAVE_MPSC_RX_ID, "recv_blocking", NV_THREAD_ANY, 0};

static nave_err mpsc_rx_recv_blocking(struct nave_mpsc_rx *rx, void *out_item, nave_nsec
    timeout_ns)
{
    struct nv_check check;
    const struct nave_mpsc_rx_iface *raw =
        nv_check_shadow(&check, &mpsc_rx_recv_blocking_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->recv_blocking(rx, out_item, timeout_ns);
}

static const struct nv_check_rule mpsc_rx_close_rule = {
    NAVE_MPSC_RX_ID, "close", NV_THREAD_ANY, 0};

static void mpsc_rx_close(struct nave_mpsc_rx *rx)
{
    struct nv_check check;
    const struct nave_mpsc_rx_iface *raw =
        nv_check_shadow(&check, &mpsc_rx_close_rule, rx, NV_CHECK_CALLER);

    raw->close(rx);
}

static const struct nv_check_rule mpsc_rx_len_rule = {
    NAVE_MPSC_RX_ID, "len", NV_THREAD_ANY, 0};

static uint32_t mpsc_rx_len(const struct nave_mpsc_rx *rx)
{
    struct nv_check check;
    const struct nave_mpsc_rx_iface *raw =
        nv_check_shadow(&check, &mpsc_rx_len_rule, rx, NV_CHECK_CALLER);

    return raw->len(rx);
}

static const struct nv_check_rule mpsc_rx_drop_rule = {
    NAVE_MPSC_RX_ID, "drop", NV_THREAD_ANY, 0};

static void mpsc_rx_drop(struct nave_mpsc_rx *rx)
{
    struct nv_check check;
    const struct nave_mpsc_rx_iface *raw =
        nv_check_shadow(&check, &mpsc_rx_drop_rule, rx, NV_CHECK_CALLER);

    nv_check_end(&check, rx);
    raw->drop(rx);
}

static const struct nave_mpsc_rx_iface mpsc_rx_checked = {
    .hdr = NAVE_IFACE(struct nave_mpsc_rx_iface, NAVE_MPSC_RX_ID, 0, NAVE_IFACE_DRAFT),
    .recv = mpsc_rx_recv,
    .recv_many = mpsc_rx_recv_many,
    .try_recv = mpsc_rx_try_recv,
    .recv_blocking = mpsc_rx_recv_blocking,
    .close = mpsc_rx_close,
    .len = mpsc_rx_len,
    .drop = mpsc_rx_drop,
};

/* --- nave.notify/1 ----------------------------------------------------------------------------- */

static const struct nv_check_rule notify_wait_rule = {
    NAVE_NOTIFY_ID, "wait", NV_THREAD_WORKERS, 0};

static nave_err notify_wait(struct nave_notify *n, struct nave_op *op)
{
    const struct nave_notify_iface *raw = &nv_notify_table;
    struct nv_check check;

    nv_check_lock(&check, &notify_wait_rule, n, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    return raw->wait(n, op);
}

static const struct nv_check_rule notify_wait_here_rule = {
    NAVE_NOTIFY_ID, "wait_here", NV_THREAD_ANY, 0};

static nave_err notify_wait_here(struct nave_notify *n, nave_nsec timeout_ns)
{
    const struct nave_notify_iface *raw = &nv_notify_table;
    struct nv_check check;

    nv_check_lock(&check, &notify_wait_here_rule, n, NV_CHECK_CALLER);
    return raw->wait_here(n, timeout_ns);
}

static const struct nv_check_rule notify_one_rule = {
    NAVE_NOTIFY_ID, "one", NV_THREAD_ANY, 0};

static void notify_one(struct nave_notify *n)
{
    const struct nave_notify_iface *raw = &nv_notify_table;
    struct nv_check check;

    nv_check_lock(&check, &notify_one_rule, n, NV_CHECK_CALLER);
    raw->one(n);
}

static const struct nv_check_rule notify_all_rule = {
    NAVE_NOTIFY_ID, "all", NV_THREAD_ANY, 0};

static void notify_all(struct nave_notify *n)
{
    const struct nave_notify_iface *raw = &nv_notify_table;
    struct nv_check check;

    nv_check_lock(&check, &notify_all_rule, n, NV_CHECK_CALLER);
    raw->all(n);
}

const struct nave_notify_iface nv_notify_checked_table = {
    .hdr = NAVE_IFACE(struct nave_notify_iface, NAVE_NOTIFY_ID, 0, NAVE_IFACE_DRAFT),
    .wait = notify_wait,
    .wait_here = notify_wait_here,
    .one = notify_one,
    .all = notify_all,
};

/* --- nave.barrier/1 ---------------------------------------------------------------------------- */

static const struct nv_check_rule barrier_arrive_rule = {
    NAVE_BARRIER_ID, "arrive", NV_THREAD_WORKERS, 0};

static nave_err barrier_arrive(struct nave_barrier *b, struct nave_op *op)
{
    const struct nave_barrier_iface *raw = &nv_barrier_table;
    struct nv_check check;

    nv_check_lock(&check, &barrier_arrive_rule, b, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    return raw->arrive(b, op);
}

static const struct nv_check_rule barrier_arrive_wait_rule = {
    NAVE_BARRIER_ID, "arrive_wait", NV_THREAD_ANY, 0};

static nave_err barrier_arrive_wait(struct nave_barrier *b, nave_nsec timeout_ns, uint32_t
    *out_is_last)
{
    const struct nave_barrier_iface *raw = &nv_barrier_table;
    struct nv_check check;

    nv_check_lock(&check, &barrier_arrive_wait_rule, b, NV_CHECK_CALLER);
    return raw->arrive_wait(b, timeout_ns, out_is_last);
}

const struct nave_barrier_iface nv_barrier_checked_table = {
    .hdr = NAVE_IFACE(struct nave_barrier_iface, NAVE_BARRIER_ID, 0, NAVE_IFACE_DRAFT),
    .arrive = barrier_arrive,
    .arrive_wait = barrier_arrive_wait,
};

/* --- nave.once/1 ------------------------------------------------------------------------------- */

static const struct nv_check_rule once_enter_rule = {
    NAVE_ONCE_ID, "enter", NV_THREAD_WORKERS, 0};

static nave_err once_enter(struct nave_once *o, struct nave_op *op)
{
    const struct nave_once_iface *raw = &nv_once_table;
    struct nv_check check;

    nv_check_lock(&check, &once_enter_rule, o, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    return raw->enter(o, op);
}

static const struct nv_check_rule once_enter_wait_rule = {
    NAVE_ONCE_ID, "enter_wait", NV_THREAD_ANY, 0};

static nave_err once_enter_wait(struct nave_once *o, nave_nsec timeout_ns, uint32_t
    *out_is_mine)
{
    const struct nave_once_iface *raw = &nv_once_table;
    struct nv_check check;

    nv_check_lock(&check, &once_enter_wait_rule, o, NV_CHECK_CALLER);
    if (!out_is_mine)
        nv_check_null(&check, "out_is_mine");
    return raw->enter_wait(o, timeout_ns, out_is_mine);
}

static const struct nv_check_rule once_done_rule = {
    NAVE_ONCE_ID, "done", NV_THREAD_ANY, 0};

static void once_done(struct nave_once *o)
{
    const struct nave_once_iface *raw = &nv_once_table;
    struct nv_check check;

    nv_check_lock(&check, &once_done_rule, o, NV_CHECK_CALLER);
    nv_before_once_done(&check, o);
    raw->done(o);
}

static const struct nv_check_rule once_failed_rule = {
    NAVE_ONCE_ID, "failed", NV_THREAD_ANY, 0};

static void once_failed(struct nave_once *o)
{
    const struct nave_once_iface *raw = &nv_once_table;
    struct nv_check check;

    nv_check_lock(&check, &once_failed_rule, o, NV_CHECK_CALLER);
    nv_before_once_failed(&check, o);
    raw->failed(o);
}

const struct nave_once_iface nv_once_checked_table = {
    .hdr = NAVE_IFACE(struct nave_once_iface, NAVE_ONCE_ID, 0, NAVE_IFACE_DRAFT),
    .enter = once_enter,
    .enter_wait = once_enter_wait,
    .done = once_done,
    .failed = once_failed,
};

/* --- nave.oneshot/1 ---------------------------------------------------------------------------- */

static const struct nv_check_rule oneshot_send_rule = {
    NAVE_ONESHOT_ID, "send", NV_THREAD_ANY, 0};

static nave_err oneshot_send(struct nave_oneshot *tx_take, const void *item)
{
    struct nv_check check;
    const struct nave_oneshot_iface *raw =
        nv_check_shadow(&check, &oneshot_send_rule, tx_take, NV_CHECK_CALLER);

    if (!item)
        nv_check_null(&check, "item");
    nv_check_end(&check, tx_take);
    return raw->send(tx_take, item);
}

static const struct nv_check_rule oneshot_closed_rule = {
    NAVE_ONESHOT_ID, "closed", NV_THREAD_WORKERS, 0};

static nave_err oneshot_closed(struct nave_oneshot *tx, struct nave_op *op)
{
    struct nv_check check;
    const struct nave_oneshot_iface *raw =
        nv_check_shadow(&check, &oneshot_closed_rule, tx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    return raw->closed(tx, op);
}

static const struct nv_check_rule oneshot_is_closed_rule = {
    NAVE_ONESHOT_ID, "is_closed", NV_THREAD_ANY, 0};

static int32_t oneshot_is_closed(const struct nave_oneshot *tx)
{
    struct nv_check check;
    const struct nave_oneshot_iface *raw =
        nv_check_shadow(&check, &oneshot_is_closed_rule, tx, NV_CHECK_CALLER);

    return raw->is_closed(tx);
}

static const struct nv_check_rule oneshot_drop_rule = {
    NAVE_ONESHOT_ID, "drop", NV_THREAD_ANY, 0};

static void oneshot_drop(struct nave_oneshot *tx)
{
    struct nv_check check;
    const struct nave_oneshot_iface *raw =
        nv_check_shadow(&check, &oneshot_drop_rule, tx, NV_CHECK_CALLER);

    nv_check_end(&check, tx);
    raw->drop(tx);
}

static const struct nave_oneshot_iface oneshot_checked = {
    .hdr = NAVE_IFACE(struct nave_oneshot_iface, NAVE_ONESHOT_ID, 0, NAVE_IFACE_DRAFT),
    .send = oneshot_send,
    .closed = oneshot_closed,
    .is_closed = oneshot_is_closed,
    .drop = oneshot_drop,
};

/* --- nave.oneshot_rx/1 ------------------------------------------------------------------------- */

static const struct nv_check_rule oneshot_rx_recv_rule = {
    NAVE_ONESHOT_RX_ID, "recv", NV_THREAD_WORKERS, 0};

static nave_err oneshot_rx_recv(struct nave_oneshot_rx *rx, struct nave_op *op, void *out_item)
{
    struct nv_check check;
    const struct nave_oneshot_rx_iface *raw =
        nv_check_shadow(&check, &oneshot_rx_recv_rule, rx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->recv(rx, op, out_item);
}

static const struct nv_check_rule oneshot_rx_try_recv_rule = {
    NAVE_ONESHOT_RX_ID, "try_recv", NV_THREAD_ANY, 0};

static nave_err oneshot_rx_try_recv(struct nave_oneshot_rx *rx, void *out_item)
{
    struct nv_check check;
    const struct nave_oneshot_rx_iface *raw =
        nv_check_shadow(&check, &oneshot_rx_try_recv_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->try_recv(rx, out_item);
}

static const struct nv_check_rule oneshot_rx_recv_blocking_rule = {
    NAVE_ONESHOT_RX_ID, "recv_blocking", NV_THREAD_ANY, 0};

static nave_err oneshot_rx_recv_blocking(struct nave_oneshot_rx *rx, void *out_item, nave_nsec
    timeout_ns)
{
    struct nv_check check;
    const struct nave_oneshot_rx_iface *raw =
        nv_check_shadow(&check, &oneshot_rx_recv_blocking_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    return raw->recv_blocking(rx, out_item, timeout_ns);
}

static const struct nv_check_rule oneshot_rx_close_rule = {
    NAVE_ONESHOT_RX_ID, "close", NV_THREAD_ANY, 0};

static void oneshot_rx_close(struct nave_oneshot_rx *rx)
{
    struct nv_check check;
    const struct nave_oneshot_rx_iface *raw =
        nv_check_shadow(&check, &oneshot_rx_close_rule, rx, NV_CHECK_CALLER);

    raw->close(rx);
}

static const struct nv_check_rule oneshot_rx_drop_rule = {
    NAVE_ONESHOT_RX_ID, "drop", NV_THREAD_ANY, 0};

static void oneshot_rx_drop(struct nave_oneshot_rx *rx)
{
    struct nv_check check;
    const struct nave_oneshot_rx_iface *raw =
        nv_check_shadow(&check, &oneshot_rx_drop_rule, rx, NV_CHECK_CALLER);

    nv_check_end(&check, rx);
    raw->drop(rx);
}

static const struct nave_oneshot_rx_iface oneshot_rx_checked = {
    .hdr = NAVE_IFACE(struct nave_oneshot_rx_iface, NAVE_ONESHOT_RX_ID, 0, NAVE_IFACE_DRAFT),
    .recv = oneshot_rx_recv,
    .try_recv = oneshot_rx_try_recv,
    .recv_blocking = oneshot_rx_recv_blocking,
    .close = oneshot_rx_close,
    .drop = oneshot_rx_drop,
};

/* --- nave.protocol/1 --------------------------------------------------------------------------- */

static const struct nv_check_rule protocol_accept_rule = {
    NAVE_PROTOCOL_ID, "accept", NV_THREAD_WORKERS, 0};

static void protocol_accept(struct nave_protocol *p, struct nave_stream *s_take, const struct
    nave_accept_info *info)
{
    struct nv_check check;
    const struct nave_protocol_iface *raw =
        nv_check_shadow(&check, &protocol_accept_rule, p, NV_CHECK_CALLER);

    if (!s_take)
        nv_check_null(&check, "s_take");
    if (!info)
        nv_check_null(&check, "info");
    nv_before_protocol_accept(&check, p, s_take, info);
    raw->accept(p, s_take, info);
}

static const struct nv_check_rule protocol_set_next_rule = {
    NAVE_PROTOCOL_ID, "set_next", NV_THREAD_WORKERS, 0};

static nave_err protocol_set_next(struct nave_protocol *p, struct nave_handle *next, struct
    nave_op *op)
{
    struct nv_check check;
    const struct nave_protocol_iface *raw =
        nv_check_shadow(&check, &protocol_set_next_rule, p, NV_CHECK_CALLER);

    nv_before_protocol_set_next(&check, p, next, op);
    return raw->set_next(p, next, op);
}

static const struct nv_check_rule protocol_retire_rule = {
    NAVE_PROTOCOL_ID, "retire", NV_THREAD_WORKERS, 0};

static nave_err protocol_retire(struct nave_protocol *p, struct nave_op *op)
{
    struct nv_check check;
    const struct nave_protocol_iface *raw =
        nv_check_shadow(&check, &protocol_retire_rule, p, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    nv_before_protocol_retire(&check, p, op);
    return raw->retire(p, op);
}

static const struct nave_protocol_iface protocol_checked = {
    .hdr = NAVE_IFACE(struct nave_protocol_iface, NAVE_PROTOCOL_ID, 0, NAVE_IFACE_DRAFT),
    .accept = protocol_accept,
    .set_next = protocol_set_next,
    .retire = protocol_retire,
};

/* --- nave.transport/1 -------------------------------------------------------------------------- */

static const struct nv_check_rule transport_listen_rule = {
    NAVE_TRANSPORT_ID, "listen", NV_THREAD_CONTROL, 0};

static nave_err transport_listen(struct nave_transport *t, const struct nave_listen_args *args,
    struct nave_listener **out_listener)
{
    struct nv_check check;
    const struct nave_transport_iface *raw =
        nv_check_shadow(&check, &transport_listen_rule, t, NV_CHECK_CALLER);

    if (!args)
        nv_check_null(&check, "args");
    if (!out_listener)
        nv_check_null(&check, "out_listener");
    return raw->listen(t, args, out_listener);
}

static const struct nave_transport_iface transport_checked = {
    .hdr = NAVE_IFACE(struct nave_transport_iface, NAVE_TRANSPORT_ID, 0, NAVE_IFACE_DRAFT),
    .listen = transport_listen,
};

/* --- nave.listener/1 --------------------------------------------------------------------------- */

static const struct nv_check_rule listener_start_rule = {
    NAVE_LISTENER_ID, "start", NV_THREAD_WORKERS, 0};

static nave_err listener_start(struct nave_listener *l, uint32_t worker)
{
    struct nv_check check;
    const struct nave_listener_iface *raw =
        nv_check_shadow(&check, &listener_start_rule, l, NV_CHECK_CALLER);

    nv_before_listener_start(&check, l, worker);
    return raw->start(l, worker);
}

static const struct nv_check_rule listener_stop_rule = {
    NAVE_LISTENER_ID, "stop", NV_THREAD_WORKERS, 0};

static void listener_stop(struct nave_listener *l, uint32_t worker)
{
    struct nv_check check;
    const struct nave_listener_iface *raw =
        nv_check_shadow(&check, &listener_stop_rule, l, NV_CHECK_CALLER);

    nv_before_listener_stop(&check, l, worker);
    raw->stop(l, worker);
}

static const struct nv_check_rule listener_address_rule = {
    NAVE_LISTENER_ID, "address", NV_THREAD_CONTROL, 0};

static nave_err listener_address(struct nave_listener *l, struct nave_addr *out)
{
    struct nv_check check;
    const struct nave_listener_iface *raw =
        nv_check_shadow(&check, &listener_address_rule, l, NV_CHECK_CALLER);

    if (!out)
        nv_check_null(&check, "out");
    return raw->address(l, out);
}

static const struct nv_check_rule listener_destroy_rule = {
    NAVE_LISTENER_ID, "destroy", NV_THREAD_CONTROL, 0};

static void listener_destroy(struct nave_listener *l)
{
    struct nv_check check;
    const struct nave_listener_iface *raw =
        nv_check_shadow(&check, &listener_destroy_rule, l, NV_CHECK_CALLER);

    nv_check_end(&check, l);
    raw->destroy(l);
}

static const struct nave_listener_iface listener_checked = {
    .hdr = NAVE_IFACE(struct nave_listener_iface, NAVE_LISTENER_ID, 0, NAVE_IFACE_DRAFT),
    .start = listener_start,
    .stop = listener_stop,
    .address = listener_address,
    .destroy = listener_destroy,
};

/* --- nave.scope/1 ------------------------------------------------------------------------------ */

static const struct nv_check_rule scope_spawn_rule = {
    NAVE_SCOPE_ID, "spawn", NV_THREAD_WORKER, 0};

static nave_err scope_spawn(struct nave_scope *s, struct nave_worker *w, struct nave_future
    *f_take, uint32_t flags, struct nave_join *out_join)
{
    const struct nave_scope_iface *raw = &nv_scope_table;
    struct nv_check check;

    nv_check_scope(&check, &scope_spawn_rule, s, NV_CHECK_CALLER);
    if (!w)
        nv_check_null(&check, "w");
    if (!f_take)
        nv_check_null(&check, "f_take");
    nv_before_scope_spawn(&check, s, w, f_take, flags, out_join);
    return raw->spawn(s, w, f_take, flags, out_join);
}

static const struct nv_check_rule scope_wait_rule = {
    NAVE_SCOPE_ID, "wait", NV_THREAD_WORKER, 0};

static nave_err scope_wait(struct nave_scope *s, struct nave_op *op)
{
    const struct nave_scope_iface *raw = &nv_scope_table;
    struct nv_check check;

    nv_check_scope(&check, &scope_wait_rule, s, NV_CHECK_CALLER);
    if (!op)
        nv_check_null(&check, "op");
    nv_before_scope_wait(&check, s, op);
    return raw->wait(s, op);
}

static const struct nv_check_rule scope_cancel_rule = {
    NAVE_SCOPE_ID, "cancel", NV_THREAD_ANY, 0};

static void scope_cancel(struct nave_scope *s)
{
    const struct nave_scope_iface *raw = &nv_scope_table;
    struct nv_check check;

    nv_check_scope(&check, &scope_cancel_rule, s, NV_CHECK_CALLER);
    raw->cancel(s);
}

static const struct nv_check_rule scope_deadline_rule = {
    NAVE_SCOPE_ID, "deadline", NV_THREAD_WORKER, 0};

static void scope_deadline(struct nave_scope *s, struct nave_worker *w, void *task, nave_nsec
    deadline_ns)
{
    const struct nave_scope_iface *raw = &nv_scope_table;
    struct nv_check check;

    nv_check_scope(&check, &scope_deadline_rule, s, NV_CHECK_CALLER);
    if (!w)
        nv_check_null(&check, "w");
    nv_before_scope_deadline(&check, s, w, task, deadline_ns);
    raw->deadline(s, w, task, deadline_ns);
}

static const struct nv_check_rule scope_drop_rule = {
    NAVE_SCOPE_ID, "drop", NV_THREAD_WORKER, 0};

static void scope_drop(struct nave_scope *s)
{
    const struct nave_scope_iface *raw = &nv_scope_table;
    struct nv_check check;

    nv_check_scope(&check, &scope_drop_rule, s, NV_CHECK_CALLER);
    nv_before_scope_drop(&check, s);
    raw->drop(s);
}

const struct nave_scope_iface nv_scope_checked_table = {
    .hdr = NAVE_IFACE(struct nave_scope_iface, NAVE_SCOPE_ID, 0, NAVE_IFACE_DRAFT),
    .spawn = scope_spawn,
    .wait = scope_wait,
    .cancel = scope_cancel,
    .deadline = scope_deadline,
    .drop = scope_drop,
};

/* --- nave.sim/1 -------------------------------------------------------------------------------- */

static const struct nv_check_rule sim_step_rule = {
    NAVE_SIM_ID, "step", NV_THREAD_CONTROL, 0};

static nave_err sim_step(struct nave_sim *s)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_step_rule, s, NV_CHECK_CALLER);
    return raw->step(s);
}

static const struct nv_check_rule sim_run_rule = {
    NAVE_SIM_ID, "run", NV_THREAD_CONTROL, 0};

static nave_err sim_run(struct nave_sim *s, nave_nsec until_ns, nave_sim_done_fn *is_done, void
    *arg)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_run_rule, s, NV_CHECK_CALLER);
    return raw->run(s, until_ns, is_done, arg);
}

static const struct nv_check_rule sim_now_rule = {
    NAVE_SIM_ID, "now", NV_THREAD_CONTROL, 0};

static nave_nsec sim_now(const struct nave_sim *s)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_now_rule, s, NV_CHECK_CALLER);
    return raw->now(s);
}

static const struct nv_check_rule sim_info_rule = {
    NAVE_SIM_ID, "info", NV_THREAD_CONTROL, 0};

static nave_err sim_info(const struct nave_sim *s, struct nave_sim_info *info)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_info_rule, s, NV_CHECK_CALLER);
    if (!info)
        nv_check_null(&check, "info");
    return raw->info(s, info);
}

static const struct nv_check_rule sim_set_faults_rule = {
    NAVE_SIM_ID, "set_faults", NV_THREAD_CONTROL, 0};

static nave_err sim_set_faults(struct nave_sim *s, const struct nave_sim_faults *faults)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_set_faults_rule, s, NV_CHECK_CALLER);
    return raw->set_faults(s, faults);
}

static const struct nv_check_rule sim_random_rule = {
    NAVE_SIM_ID, "random", NV_THREAD_CONTROL, 0};

static uint64_t sim_random(struct nave_sim *s, uint64_t below)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_random_rule, s, NV_CHECK_CALLER);
    return raw->random(s, below);
}

static const struct nv_check_rule sim_note_rule = {
    NAVE_SIM_ID, "note", NV_THREAD_CONTROL, 0};

static void sim_note(struct nave_sim *s, uint64_t value)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_note_rule, s, NV_CHECK_CALLER);
    raw->note(s, value);
}

static const struct nv_check_rule sim_worker_rule = {
    NAVE_SIM_ID, "worker", NV_THREAD_CONTROL, 0};

static struct nave_worker *sim_worker(struct nave_sim *s, uint32_t index)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_worker_rule, s, NV_CHECK_CALLER);
    return raw->worker(s, index);
}

static const struct nv_check_rule sim_call_rule = {
    NAVE_SIM_ID, "call", NV_THREAD_CONTROL, 0};

static nave_err sim_call(struct nave_sim *s, uint32_t index, nave_sim_fn *fn, void *arg)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_call_rule, s, NV_CHECK_CALLER);
    if (!fn)
        nv_check_null(&check, "fn");
    return raw->call(s, index, fn, arg);
}

static const struct nv_check_rule sim_connect_rule = {
    NAVE_SIM_ID, "connect", NV_THREAD_CONTROL, 0};

static nave_err sim_connect(struct nave_sim *s, uint32_t index, struct nave_str address, struct
    nave_stream **out_stream)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_connect_rule, s, NV_CHECK_CALLER);
    if (!out_stream)
        nv_check_null(&check, "out_stream");
    return raw->connect(s, index, address, out_stream);
}

static const struct nv_check_rule sim_partition_rule = {
    NAVE_SIM_ID, "partition", NV_THREAD_CONTROL, 0};

static nave_err sim_partition(struct nave_sim *s, struct nave_str address, nave_nsec for_ns)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_partition_rule, s, NV_CHECK_CALLER);
    return raw->partition(s, address, for_ns);
}

static const struct nv_check_rule sim_wall_jump_rule = {
    NAVE_SIM_ID, "wall_jump", NV_THREAD_CONTROL, 0};

static nave_err sim_wall_jump(struct nave_sim *s, nave_nsec by_ns)
{
    const struct nave_sim_iface *raw = &nv_sim_table;
    struct nv_check check;

    nv_check_sim(&check, &sim_wall_jump_rule, s, NV_CHECK_CALLER);
    return raw->wall_jump(s, by_ns);
}

const struct nave_sim_iface nv_sim_checked_table = {
    .hdr = NAVE_IFACE(struct nave_sim_iface, NAVE_SIM_ID, 0, NAVE_IFACE_DRAFT),
    .step = sim_step,
    .run = sim_run,
    .now = sim_now,
    .info = sim_info,
    .set_faults = sim_set_faults,
    .random = sim_random,
    .note = sim_note,
    .worker = sim_worker,
    .call = sim_call,
    .connect = sim_connect,
    .partition = sim_partition,
    .wall_jump = sim_wall_jump,
};

/* --- nave.stream/1 ----------------------------------------------------------------------------- */

static const struct nv_check_rule stream_read_rule = {
    NAVE_STREAM_ID, "read", NV_THREAD_WORKER, 0};

static nave_err stream_read(struct nave_stream *s, const struct nave_span *spans, uint32_t n,
    size_t *out_len)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_read_rule, s, NV_CHECK_CALLER);

    if (!spans)
        nv_check_null(&check, "spans");
    if (!out_len)
        nv_check_null(&check, "out_len");
    nv_before_stream_read(&check, s, spans, n, out_len);
    return raw->read(s, spans, n, out_len);
}

static const struct nv_check_rule stream_write_rule = {
    NAVE_STREAM_ID, "write", NV_THREAD_WORKER, 0};

static nave_err stream_write(struct nave_stream *s, const struct nave_bytes *pieces, uint32_t n,
    size_t *out_len)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_write_rule, s, NV_CHECK_CALLER);

    if (!pieces)
        nv_check_null(&check, "pieces");
    if (!out_len)
        nv_check_null(&check, "out_len");
    nv_before_stream_write(&check, s, pieces, n, out_len);
    return raw->write(s, pieces, n, out_len);
}

static const struct nv_check_rule stream_watch_rule = {
    NAVE_STREAM_ID, "watch", NV_THREAD_WORKER, 0};

static void stream_watch(struct nave_stream *s, uint32_t direction, nave_stream_fn *fn, void
    *arg)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_watch_rule, s, NV_CHECK_CALLER);

    nv_before_stream_watch(&check, s, direction, fn, arg);
    raw->watch(s, direction, fn, arg);
}

static const struct nv_check_rule stream_shut_rule = {
    NAVE_STREAM_ID, "shut", NV_THREAD_WORKER, 0};

static nave_err stream_shut(struct nave_stream *s)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_shut_rule, s, NV_CHECK_CALLER);

    return raw->shut(s);
}

static const struct nv_check_rule stream_close_rule = {
    NAVE_STREAM_ID, "close", NV_THREAD_WORKER, 0};

static void stream_close(struct nave_stream *s, uint32_t flags)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_close_rule, s, NV_CHECK_CALLER);

    nv_before_stream_close(&check, s, flags);
    nv_check_end(&check, s);
    raw->close(s, flags);
}

static const struct nv_check_rule stream_info_rule = {
    NAVE_STREAM_ID, "info", NV_THREAD_WORKER, 0};

static nave_err stream_info(struct nave_stream *s, struct nave_stream_info *info)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_info_rule, s, NV_CHECK_CALLER);

    if (!info)
        nv_check_null(&check, "info");
    return raw->info(s, info);
}

static const struct nv_check_rule stream_write_file_rule = {
    NAVE_STREAM_ID, "write_file", NV_THREAD_WORKER, 0};

static nave_err stream_write_file(struct nave_stream *s, const struct nave_bytes *pieces,
    uint32_t n, const struct nave_file_range *file, size_t *out_len)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_write_file_rule, s, NV_CHECK_CALLER);

    if (!file)
        nv_check_null(&check, "file");
    if (!out_len)
        nv_check_null(&check, "out_len");
    nv_before_stream_write_file(&check, s, pieces, n, file, out_len);
    return raw->write_file(s, pieces, n, file, out_len);
}

static const struct nv_check_rule stream_wait_rule = {
    NAVE_STREAM_ID, "wait", NV_THREAD_WORKER, 0};

static nave_err stream_wait(struct nave_stream *s, uint32_t direction, struct nave_op *op)
{
    struct nv_check check;
    const struct nave_stream_iface *raw =
        nv_check_shadow(&check, &stream_wait_rule, s, NV_CHECK_CALLER);

    return raw->wait(s, direction, op);
}

static const struct nave_stream_iface stream_checked = {
    .hdr = NAVE_IFACE(struct nave_stream_iface, NAVE_STREAM_ID, 0, NAVE_IFACE_DRAFT),
    .read = stream_read,
    .write = stream_write,
    .watch = stream_watch,
    .shut = stream_shut,
    .close = stream_close,
    .info = stream_info,
    .write_file = stream_write_file,
    .wait = stream_wait,
};

/* --- nave.waker/1 ------------------------------------------------------------------------------ */

static const struct nv_check_rule waker_clone_rule = {
    "nave.waker/1", "clone", NV_THREAD_ANY, 0};

static void waker_clone(const struct nave_waker *w, struct nave_waker *out)
{
    const struct nave_waker_iface *raw = &nv_waker_table;
    struct nv_check check;

    nv_check_waker(&check, &waker_clone_rule, w, NV_CHECK_CALLER);
    if (!out)
        nv_check_null(&check, "out");
    nv_around_waker_clone(&check, raw, w, out);
}

static const struct nv_check_rule waker_wake_rule = {
    "nave.waker/1", "wake", NV_THREAD_ANY, 0};

static void waker_wake(const struct nave_waker *w)
{
    const struct nave_waker_iface *raw = &nv_waker_table;
    struct nv_check check;

    nv_check_waker(&check, &waker_wake_rule, w, NV_CHECK_CALLER);
    raw->wake(w);
}

static const struct nv_check_rule waker_drop_rule = {
    "nave.waker/1", "drop", NV_THREAD_ANY, 0};

static void waker_drop(struct nave_waker *w)
{
    const struct nave_waker_iface *raw = &nv_waker_table;
    struct nv_check check;

    nv_check_waker(&check, &waker_drop_rule, w, NV_CHECK_CALLER);
    nv_around_waker_drop(&check, raw, w);
}

const struct nave_waker_iface nv_waker_checked_table = {
    .hdr = NAVE_IFACE(struct nave_waker_iface, "nave.waker/1", 0, NAVE_IFACE_DRAFT),
    .clone = waker_clone,
    .wake = waker_wake,
    .drop = waker_drop,
};

/* --- nave.future/1 ----------------------------------------------------------------------------- */

static const struct nv_check_rule future_poll_rule = {
    "nave.future/1", "poll", NV_THREAD_WORKER, 0};

static nave_poll future_poll(struct nave_future *f, struct nave_cx *cx)
{
    struct nv_check check;
    const struct nave_future_iface *raw =
        nv_check_shadow(&check, &future_poll_rule, f, NV_CHECK_CALLER);

    if (!cx)
        nv_check_null(&check, "cx");
    return nv_around_future_poll(&check, raw, f, cx);
}

static const struct nv_check_rule future_drop_rule = {
    "nave.future/1", "drop", NV_THREAD_WORKER, 0};

static void future_drop(struct nave_future *f)
{
    struct nv_check check;
    const struct nave_future_iface *raw =
        nv_check_shadow(&check, &future_drop_rule, f, NV_CHECK_CALLER);

    nv_around_future_drop(&check, raw, f);
}

static const struct nv_check_rule future_result_rule = {
    "nave.future/1", "result", NV_THREAD_WORKER, 0};

static nave_err future_result(struct nave_future *f)
{
    struct nv_check check;
    const struct nave_future_iface *raw =
        nv_check_shadow(&check, &future_result_rule, f, NV_CHECK_CALLER);

    nv_before_future_result(&check, f);
    return raw->result(f);
}

static const struct nave_future_iface future_checked = {
    .hdr = NAVE_IFACE(struct nave_future_iface, "nave.future/1", 0, NAVE_IFACE_DRAFT),
    .poll = future_poll,
    .drop = future_drop,
    .result = future_result,
};

/* --- nave.watch/1 ------------------------------------------------------------------------------ */

static const struct nv_check_rule watch_send_rule = {
    NAVE_WATCH_ID, "send", NV_THREAD_ANY, 0};

static void watch_send(struct nave_watch *tx, const void *item)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_send_rule, tx, NV_CHECK_CALLER);

    if (!item)
        nv_check_null(&check, "item");
    raw->send(tx, item);
}

static const struct nv_check_rule watch_modify_rule = {
    NAVE_WATCH_ID, "modify", NV_THREAD_ANY, 0};

static int32_t watch_modify(struct nave_watch *tx, nave_watch_fn *fn, void *arg)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_modify_rule, tx, NV_CHECK_CALLER);

    if (!fn)
        nv_check_null(&check, "fn");
    return raw->modify(tx, fn, arg);
}

static const struct nv_check_rule watch_read_rule = {
    NAVE_WATCH_ID, "read", NV_THREAD_ANY, 0};

static void watch_read(struct nave_watch *tx, void *out_item)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_read_rule, tx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    raw->read(tx, out_item);
}

static const struct nv_check_rule watch_subscribe_rule = {
    NAVE_WATCH_ID, "subscribe", NV_THREAD_ANY, 0};

static nave_err watch_subscribe(struct nave_watch *tx, struct nave_watch_rx **out_rx)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_subscribe_rule, tx, NV_CHECK_CALLER);

    if (!out_rx)
        nv_check_null(&check, "out_rx");
    return raw->subscribe(tx, out_rx);
}

static const struct nv_check_rule watch_closed_rule = {
    NAVE_WATCH_ID, "closed", NV_THREAD_WORKERS, 0};

static nave_err watch_closed(struct nave_watch *tx, struct nave_op *op)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_closed_rule, tx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    return raw->closed(tx, op);
}

static const struct nv_check_rule watch_receivers_rule = {
    NAVE_WATCH_ID, "receivers", NV_THREAD_ANY, 0};

static uint32_t watch_receivers(const struct nave_watch *tx)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_receivers_rule, tx, NV_CHECK_CALLER);

    return raw->receivers(tx);
}

static const struct nv_check_rule watch_clone_rule = {
    NAVE_WATCH_ID, "clone", NV_THREAD_ANY, 0};

static void watch_clone(struct nave_watch *tx)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_clone_rule, tx, NV_CHECK_CALLER);

    raw->clone(tx);
}

static const struct nv_check_rule watch_drop_rule = {
    NAVE_WATCH_ID, "drop", NV_THREAD_ANY, 0};

static void watch_drop(struct nave_watch *tx)
{
    struct nv_check check;
    const struct nave_watch_iface *raw =
        nv_check_shadow(&check, &watch_drop_rule, tx, NV_CHECK_CALLER);

    raw->drop(tx);
}

static const struct nave_watch_iface watch_checked = {
    .hdr = NAVE_IFACE(struct nave_watch_iface, NAVE_WATCH_ID, 0, NAVE_IFACE_DRAFT),
    .send = watch_send,
    .modify = watch_modify,
    .read = watch_read,
    .subscribe = watch_subscribe,
    .closed = watch_closed,
    .receivers = watch_receivers,
    .clone = watch_clone,
    .drop = watch_drop,
};

/* --- nave.watch_rx/1 --------------------------------------------------------------------------- */

static const struct nv_check_rule watch_rx_changed_rule = {
    NAVE_WATCH_RX_ID, "changed", NV_THREAD_WORKERS, 0};

static nave_err watch_rx_changed(struct nave_watch_rx *rx, struct nave_op *op, void *out_item)
{
    struct nv_check check;
    const struct nave_watch_rx_iface *raw =
        nv_check_shadow(&check, &watch_rx_changed_rule, rx, NV_CHECK_CALLER);

    if (!op)
        nv_check_null(&check, "op");
    return raw->changed(rx, op, out_item);
}

static const struct nv_check_rule watch_rx_changed_blocking_rule = {
    NAVE_WATCH_RX_ID, "changed_blocking", NV_THREAD_ANY, 0};

static nave_err watch_rx_changed_blocking(struct nave_watch_rx *rx, void *out_item, nave_nsec
    timeout_ns)
{
    struct nv_check check;
    const struct nave_watch_rx_iface *raw =
        nv_check_shadow(&check, &watch_rx_changed_blocking_rule, rx, NV_CHECK_CALLER);

    return raw->changed_blocking(rx, out_item, timeout_ns);
}

static const struct nv_check_rule watch_rx_has_changed_rule = {
    NAVE_WATCH_RX_ID, "has_changed", NV_THREAD_ANY, 0};

static nave_err watch_rx_has_changed(const struct nave_watch_rx *rx)
{
    struct nv_check check;
    const struct nave_watch_rx_iface *raw =
        nv_check_shadow(&check, &watch_rx_has_changed_rule, rx, NV_CHECK_CALLER);

    return raw->has_changed(rx);
}

static const struct nv_check_rule watch_rx_read_rule = {
    NAVE_WATCH_RX_ID, "read", NV_THREAD_ANY, 0};

static void watch_rx_read(struct nave_watch_rx *rx, void *out_item)
{
    struct nv_check check;
    const struct nave_watch_rx_iface *raw =
        nv_check_shadow(&check, &watch_rx_read_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    raw->read(rx, out_item);
}

static const struct nv_check_rule watch_rx_peek_rule = {
    NAVE_WATCH_RX_ID, "peek", NV_THREAD_ANY, 0};

static void watch_rx_peek(const struct nave_watch_rx *rx, void *out_item)
{
    struct nv_check check;
    const struct nave_watch_rx_iface *raw =
        nv_check_shadow(&check, &watch_rx_peek_rule, rx, NV_CHECK_CALLER);

    if (!out_item)
        nv_check_null(&check, "out_item");
    raw->peek(rx, out_item);
}

static const struct nv_check_rule watch_rx_clone_rule = {
    NAVE_WATCH_RX_ID, "clone", NV_THREAD_ANY, 0};

static nave_err watch_rx_clone(struct nave_watch_rx *rx, struct nave_watch_rx **out_rx)
{
    struct nv_check check;
    const struct nave_watch_rx_iface *raw =
        nv_check_shadow(&check, &watch_rx_clone_rule, rx, NV_CHECK_CALLER);

    if (!out_rx)
        nv_check_null(&check, "out_rx");
    return raw->clone(rx, out_rx);
}

static const struct nv_check_rule watch_rx_drop_rule = {
    NAVE_WATCH_RX_ID, "drop", NV_THREAD_ANY, 0};

static void watch_rx_drop(struct nave_watch_rx *rx)
{
    struct nv_check check;
    const struct nave_watch_rx_iface *raw =
        nv_check_shadow(&check, &watch_rx_drop_rule, rx, NV_CHECK_CALLER);

    nv_check_end(&check, rx);
    raw->drop(rx);
}

static const struct nave_watch_rx_iface watch_rx_checked = {
    .hdr = NAVE_IFACE(struct nave_watch_rx_iface, NAVE_WATCH_RX_ID, 0, NAVE_IFACE_DRAFT),
    .changed = watch_rx_changed,
    .changed_blocking = watch_rx_changed_blocking,
    .has_changed = watch_rx_has_changed,
    .read = watch_rx_read,
    .peek = watch_rx_peek,
    .clone = watch_rx_clone,
    .drop = watch_rx_drop,
};

/* --- nave.worker/1 ----------------------------------------------------------------------------- */

static const struct nv_check_rule worker_alloc_rule = {
    NAVE_WORKER_ID, "alloc", NV_THREAD_WORKER, 0};

static void *worker_alloc(struct nave_worker *w, size_t size)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_alloc_rule, w, NV_CHECK_CALLER);
    return nv_around_worker_alloc(&check, raw, w, size);
}

static const struct nv_check_rule worker_free_rule = {
    NAVE_WORKER_ID, "free", NV_THREAD_WORKER, 0};

static void worker_free(struct nave_worker *w, void *ptr, size_t size)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_free_rule, w, NV_CHECK_CALLER);
    nv_around_worker_free(&check, raw, w, ptr, size);
}

static const struct nv_check_rule worker_timer_start_rule = {
    NAVE_WORKER_ID, "timer_start", NV_THREAD_WORKER, 0};

static void worker_timer_start(struct nave_worker *w, struct nave_timer *t, nave_nsec
    deadline_ns, nave_timer_fn *fn, void *arg)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_timer_start_rule, w, NV_CHECK_CALLER);
    if (!t)
        nv_check_null(&check, "t");
    if (!fn)
        nv_check_null(&check, "fn");
    nv_before_worker_timer_start(&check, w, t, deadline_ns, fn, arg);
    raw->timer_start(w, t, deadline_ns, fn, arg);
}

static const struct nv_check_rule worker_timer_stop_rule = {
    NAVE_WORKER_ID, "timer_stop", NV_THREAD_WORKER, 0};

static void worker_timer_stop(struct nave_worker *w, struct nave_timer *t)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_timer_stop_rule, w, NV_CHECK_CALLER);
    if (!t)
        nv_check_null(&check, "t");
    nv_before_worker_timer_stop(&check, w, t);
    raw->timer_stop(w, t);
}

static const struct nv_check_rule worker_defer_rule = {
    NAVE_WORKER_ID, "defer", NV_THREAD_WORKER, 0};

static void worker_defer(struct nave_worker *w, struct nave_job *j)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_defer_rule, w, NV_CHECK_CALLER);
    if (!j)
        nv_check_null(&check, "j");
    nv_before_worker_defer(&check, w, j);
    raw->defer(w, j);
}

static const struct nv_check_rule worker_post_rule = {
    NAVE_WORKER_ID, "post", NV_THREAD_ANY, 0};

static nave_err worker_post(struct nave_worker *w, struct nave_job *j)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_post_rule, w, NV_CHECK_CALLER);
    if (!j)
        nv_check_null(&check, "j");
    nv_before_worker_post(&check, w, j);
    return raw->post(w, j);
}

static const struct nv_check_rule worker_io_open_rule = {
    NAVE_WORKER_ID, "io_open", NV_THREAD_WORKER, 0};

static nave_err worker_io_open(struct nave_worker *w, int64_t fd, nave_io_fn *fn, void *arg,
    struct nave_io **out_io)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_io_open_rule, w, NV_CHECK_CALLER);
    if (!fn)
        nv_check_null(&check, "fn");
    if (!out_io)
        nv_check_null(&check, "out_io");
    nv_before_worker_io_open(&check, w, fd, fn, arg, out_io);
    return raw->io_open(w, fd, fn, arg, out_io);
}

static const struct nv_check_rule worker_io_rearm_rule = {
    NAVE_WORKER_ID, "io_rearm", NV_THREAD_WORKER, 0};

static void worker_io_rearm(struct nave_io *io, uint32_t directions)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_io(&check, &worker_io_rearm_rule, io, NV_CHECK_CALLER);
    raw->io_rearm(io, directions);
}

static const struct nv_check_rule worker_io_close_rule = {
    NAVE_WORKER_ID, "io_close", NV_THREAD_WORKER, 0};

static void worker_io_close(struct nave_io *io)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_io(&check, &worker_io_close_rule, io, NV_CHECK_CALLER);
    nv_check_end_io(&check, io);
    raw->io_close(io);
}

static const struct nv_check_rule worker_future_new_rule = {
    NAVE_WORKER_ID, "future_new", NV_THREAD_WORKER, 0};

static nave_err worker_future_new(struct nave_worker *w, const struct nave_future_iface *api,
    size_t frame_size, struct nave_future **out_future)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_future_new_rule, w, NV_CHECK_CALLER);
    if (!api)
        nv_check_null(&check, "api");
    if (!out_future)
        nv_check_null(&check, "out_future");
    return nv_around_worker_future_new(&check, raw, w, api, frame_size, out_future);
}

static const struct nv_check_rule worker_future_drop_rule = {
    NAVE_WORKER_ID, "future_drop", NV_THREAD_WORKER, 0};

static void worker_future_drop(struct nave_worker *w, struct nave_future *f)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_future_drop_rule, w, NV_CHECK_CALLER);
    if (!f)
        nv_check_null(&check, "f");
    nv_before_worker_future_drop(&check, w, f);
    raw->future_drop(w, f);
}

static const struct nv_check_rule worker_spawn_rule = {
    NAVE_WORKER_ID, "spawn", NV_THREAD_WORKER, 0};

static nave_task_id worker_spawn(struct nave_worker *w, struct nave_future *f_take)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_spawn_rule, w, NV_CHECK_CALLER);
    if (!f_take)
        nv_check_null(&check, "f_take");
    nv_before_worker_spawn(&check, w, f_take);
    return raw->spawn(w, f_take);
}

static const struct nv_check_rule worker_spawn_local_rule = {
    NAVE_WORKER_ID, "spawn_local", NV_THREAD_WORKER, 0};

static nave_task_id worker_spawn_local(struct nave_worker *w, struct nave_future *f_take)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_spawn_local_rule, w, NV_CHECK_CALLER);
    if (!f_take)
        nv_check_null(&check, "f_take");
    nv_before_worker_spawn_local(&check, w, f_take);
    return raw->spawn_local(w, f_take);
}

static const struct nv_check_rule worker_hold_rule = {
    NAVE_WORKER_ID, "hold", NV_THREAD_WORKER, 0};

static void worker_hold(struct nave_worker *w, const char *what)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_hold_rule, w, NV_CHECK_CALLER);
    if (!what)
        nv_check_null(&check, "what");
    raw->hold(w, what);
}

static const struct nv_check_rule worker_release_rule = {
    NAVE_WORKER_ID, "release", NV_THREAD_WORKER, 0};

static void worker_release(struct nave_worker *w, const char *what)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_release_rule, w, NV_CHECK_CALLER);
    if (!what)
        nv_check_null(&check, "what");
    nv_before_worker_release(&check, w, what);
    raw->release(w, what);
}

static const struct nv_check_rule worker_recall_rule = {
    NAVE_WORKER_ID, "recall", NV_THREAD_WORKER, 0};

static int32_t worker_recall(struct nave_worker *w, struct nave_job *j)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_recall_rule, w, NV_CHECK_CALLER);
    if (!j)
        nv_check_null(&check, "j");
    return raw->recall(w, j);
}

static const struct nv_check_rule worker_microtask_rule = {
    NAVE_WORKER_ID, "microtask", NV_THREAD_WORKER, 0};

static void worker_microtask(struct nave_worker *w, struct nave_job *j)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_microtask_rule, w, NV_CHECK_CALLER);
    if (!j)
        nv_check_null(&check, "j");
    raw->microtask(w, j);
}

static const struct nv_check_rule worker_pin_rule = {
    NAVE_WORKER_ID, "pin", NV_THREAD_WORKER, 0};

static void worker_pin(struct nave_worker *w, void *task)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_pin_rule, w, NV_CHECK_CALLER);
    if (!task)
        nv_check_null(&check, "task");
    raw->pin(w, task);
}

static const struct nv_check_rule worker_unpin_rule = {
    NAVE_WORKER_ID, "unpin", NV_THREAD_WORKER, 0};

static void worker_unpin(struct nave_worker *w, void *task)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_unpin_rule, w, NV_CHECK_CALLER);
    if (!task)
        nv_check_null(&check, "task");
    raw->unpin(w, task);
}

static const struct nv_check_rule worker_spawn_join_rule = {
    NAVE_WORKER_ID, "spawn_join", NV_THREAD_WORKER, 0};

static nave_task_id worker_spawn_join(struct nave_worker *w, struct nave_future *f_take,
    uint32_t flags, struct nave_join *out_join)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_spawn_join_rule, w, NV_CHECK_CALLER);
    if (!f_take)
        nv_check_null(&check, "f_take");
    if (!out_join)
        nv_check_null(&check, "out_join");
    nv_before_worker_spawn_join(&check, w, f_take, flags, out_join);
    return raw->spawn_join(w, f_take, flags, out_join);
}

static const struct nv_check_rule worker_scope_init_rule = {
    NAVE_WORKER_ID, "scope_init", NV_THREAD_WORKER, 0};

static void worker_scope_init(struct nave_worker *w, struct nave_scope *scope, uint32_t policy)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_scope_init_rule, w, NV_CHECK_CALLER);
    if (!scope)
        nv_check_null(&check, "scope");
    raw->scope_init(w, scope, policy);
}

static const struct nv_check_rule worker_runner_rule = {
    NAVE_WORKER_ID, "runner", NV_THREAD_ANY, 0};

static const uint64_t *worker_runner(const struct nave_worker *w)
{
    const struct nave_worker_iface *raw = &nv_worker_table;
    struct nv_check check;

    nv_check_worker(&check, &worker_runner_rule, w, NV_CHECK_CALLER);
    return raw->runner(w);
}

const struct nave_worker_iface nv_worker_checked_table = {
    .hdr = NAVE_IFACE(struct nave_worker_iface, NAVE_WORKER_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = worker_alloc,
    .free = worker_free,
    .timer_start = worker_timer_start,
    .timer_stop = worker_timer_stop,
    .defer = worker_defer,
    .post = worker_post,
    .io_open = worker_io_open,
    .io_rearm = worker_io_rearm,
    .io_close = worker_io_close,
    .future_new = worker_future_new,
    .future_drop = worker_future_drop,
    .spawn = worker_spawn,
    .spawn_local = worker_spawn_local,
    .hold = worker_hold,
    .release = worker_release,
    .recall = worker_recall,
    .microtask = worker_microtask,
    .pin = worker_pin,
    .unpin = worker_unpin,
    .spawn_join = worker_spawn_join,
    .scope_init = worker_scope_init,
    .runner = worker_runner,
};

const struct nave_worker_iface nv_worker_over_table = {
    .hdr = NAVE_IFACE(struct nave_worker_iface, NAVE_WORKER_ID, 0, NAVE_IFACE_DRAFT),
    .alloc = worker_alloc,
    .free = worker_free,
    .timer_start = worker_timer_start,
    .timer_stop = worker_timer_stop,
    .defer = worker_defer,
    .post = worker_post,
    .io_open = worker_io_open,
    .io_rearm = worker_io_rearm,
    .io_close = worker_io_close,
    .future_new = worker_future_new,
    .future_drop = worker_future_drop,
    .spawn = worker_spawn,
    .spawn_local = worker_spawn_local,
    .hold = worker_hold,
    .release = worker_release,
    .recall = worker_recall,
    .microtask = worker_microtask,
    .pin = worker_pin,
    .unpin = worker_unpin,
    .spawn_join = worker_spawn_join,
    .scope_init = worker_scope_init,
    .runner = worker_runner,
};

/* --- all of them, but for those of the core's own handles ------------------------------------- */

const struct nave_iface *const nv_check_tables[] = {
    &broadcast_checked.hdr,
    &broadcast_rx_checked.hdr,
    &channels_checked.hdr,
    &http_checked.hdr,
    &http_reply_checked.hdr,
    &http_handler_checked.hdr,
    &mpsc_checked.hdr,
    &mpsc_rx_checked.hdr,
    &oneshot_checked.hdr,
    &oneshot_rx_checked.hdr,
    &protocol_checked.hdr,
    &transport_checked.hdr,
    &listener_checked.hdr,
    &stream_checked.hdr,
    &future_checked.hdr,
    &watch_checked.hdr,
    &watch_rx_checked.hdr,
    NULL,
};

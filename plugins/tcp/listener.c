/* SPDX-License-Identifier: MIT
 *
 * Making and ending listeners. All sockets are bound and listen before listen() returns, so that
 * every error comes before anything starts. With port 0 the first bind picks the port and the others
 * share it. What is refused says what to do.
 */
#include "listener.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"

static struct tcp_listener *from_pub(struct nave_listener *pub)
{
    return (struct tcp_listener *)(void *)pub;
}

static size_t listener_size(uint32_t count)
{
    return sizeof(struct tcp_listener) + (size_t)count * sizeof(struct tcp_acceptor);
}

/* Say why the listener cannot be had, where its address stands in the configuration. */
static void report(const struct tcp_plugin *plugin, const struct nave_listen_args *args,
                   const char *text)
{
    struct nave_conf *conf = args->conf;

    if (nave_conf_kind(conf) == NAVE_CONF_OBJECT && nave_conf_get(conf, "bind"))
        conf = nave_conf_get(conf, "bind");
    if (conf)
        conf->api->fail(conf, text, strlen(text));
    else
        plugin->host->api->fail(plugin->host, text, strlen(text));
}

static const char *advice(nave_err err)
{
    switch (err) {
    case NAVE_EADDRINUSE:
        return "; stop the other program or choose another port";
    case NAVE_EADDRNOTAVAIL:
        return "; use an address of this machine, or * for all";
    case NAVE_EDENIED:
        return "; ports below 1024 need a privilege (CAP_NET_BIND_SERVICE)";
    case NAVE_ENOFILES:
        return "; raise the limit (ulimit -n)";
    default:
        return "";
    }
}

static void report_listen(const struct tcp_plugin *plugin, const struct nave_listen_args *args,
                          const struct nave_addr *address, nave_err err)
{
    char where[TCP_ADDR_TEXT];
    char text[256];

    tcp_addr_format(address, where);
    snprintf(text, sizeof(text), "cannot listen on %s: %s%s", where, nave_err_text(err),
             advice(err));
    report(plugin, args, text);
}

/* True when `address` is "::", which stands for every address of the machine. */
static int is_any_ip6(const struct nave_addr *address)
{
    static const uint8_t any[16];

    return address->family == NAVE_ADDR_IP6 && memcmp(address->bytes, any, sizeof(any)) == 0;
}

/* Open the sockets of all acceptors. */
static nave_err open_all(struct tcp_listener *l, const struct tcp_options *options,
                         struct nave_addr *address)
{
    uint32_t is_shared = l->count > 1;
    uint32_t i;
    nave_err err;

    /* Shared ports would also be shared with a second run of the same program, by mistake. */
    if (is_shared && address->port != 0) {
        err = tcp_socket_probe(address, options);
        if (err)
            return err;
    }
    for (i = 0; i < l->count; i++) {
        err = tcp_socket_listen(address, options, is_shared, &l->acceptors[i].fd);
        if (err)
            return err;
    }
    return NAVE_OK;
}

static void listener_destroy(struct nave_listener *pub)
{
    struct tcp_listener *l = from_pub(pub);
    uint32_t i;

    if (!l)
        return;
    for (i = 0; i < l->count; i++) {
        if (l->acceptors[i].fd >= 0)
            close(l->acceptors[i].fd);
    }
    nave_host_free(l->plugin->host, l, listener_size(l->count));
}

nave_err tcp_listener_create(struct tcp_plugin *plugin, const struct tcp_options *options,
                             const struct nave_listen_args *args,
                             struct nave_listener **out_listener)
{
    struct tcp_listener *l;
    struct nave_addr address;
    char message[TCP_ADDRESS_TEXT_MAX + 512];
    uint32_t count = plugin->worker_count, passed = 0;
    uint32_t i;
    nave_err err;

    err = tcp_addr_parse(args->address.ptr, args->address.len, &address, message, sizeof(message));
    if (!err)
        err = tcp_inherit_count(args, &address, &passed, message, sizeof(message));
    if (err) {
        report(plugin, args, message);
        return err;
    }
    if (passed > count)
        count = passed;
    l = nave_host_alloc(plugin->host, listener_size(count));
    if (!l) {
        report_listen(plugin, args, &address, NAVE_ENOMEM);
        return NAVE_ENOMEM;
    }
    memset(l, 0, listener_size(count));
    l->pub.api = plugin->listener_api;
    l->plugin = plugin;
    l->next = args->next;
    l->count = count;
    for (i = 0; i < count; i++) {
        l->acceptors[i].listener = l;
        l->acceptors[i].fd = -1;
    }
    l->is_inherited = passed > 0;
    err = passed ? tcp_inherit_open(l, options, args, &address, passed)
                 : open_all(l, options, &address);
    if (!passed && err == NAVE_ENOSYS && is_any_ip6(&address) && args->address.ptr[0] == '*') {
        address.family = NAVE_ADDR_IP4; /* a machine without IPv6: "*" is 0.0.0.0 there */
        err = open_all(l, options, &address);
    }
    if (err) {
        report_listen(plugin, args, &address, err);
        listener_destroy(&l->pub);
        return err;
    }
    l->address = address;
    *out_listener = &l->pub;
    return NAVE_OK;
}

static void listener_stop(struct nave_listener *pub, uint32_t worker)
{
    struct tcp_listener *l = from_pub(pub);
    uint32_t i;

    for (i = worker; i < l->count; i += l->plugin->worker_count)
        tcp_acceptor_stop(&l->acceptors[i]);
}

static nave_err listener_start(struct nave_listener *pub, uint32_t worker)
{
    struct tcp_listener *l = from_pub(pub);
    uint32_t workers = l->plugin->worker_count;
    uint32_t i;
    nave_err err;

    if (worker >= workers || !l->plugin->workers[worker].w)
        return NAVE_EINVAL;
    if (!nave_is_runner(l->plugin->workers[worker].runner))
        return NAVE_EAFFINITY;
    for (i = worker; i < l->count; i += workers) {
        l->acceptors[i].worker = &l->plugin->workers[worker];
        err = tcp_acceptor_start(&l->acceptors[i]);
        if (err) {
            listener_stop(pub, worker);
            return err;
        }
    }
    return NAVE_OK;
}

static nave_err listener_address(struct nave_listener *pub, struct nave_addr *out)
{
    *out = from_pub(pub)->address;
    return NAVE_OK;
}

const struct nave_listener_iface tcp_listener_table = {
    .hdr = NAVE_IFACE(struct nave_listener_iface, NAVE_LISTENER_ID, 0, NAVE_IFACE_DRAFT),
    .start = listener_start,
    .stop = listener_stop,
    .address = listener_address,
    .destroy = listener_destroy,
};

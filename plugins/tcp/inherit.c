/* SPDX-License-Identifier: MIT
 *
 * Which of the sockets that the program was started with are for a listener: those of its name, and
 * those bound to its address. The name has the last word, also over the address: who wrote it into
 * the service file meant it. Nothing here asks the kernel; the host has.
 */
#include "listener.h"

#include <stdio.h>
#include <string.h>

#include "addr.h"

static int is_same(const struct nave_addr *a, const struct nave_addr *b)
{
    return a->family == b->family && a->port == b->port && a->scope == b->scope &&
           memcmp(a->bytes, b->bytes, a->family == NAVE_ADDR_IP6 ? 16 : 4) == 0;
}

/* 1: a socket at `bound` is what "tcp://" with `wanted` asks for. "*" is both families where the
 * machine has IPv6, and 0.0.0.0 where it has not. */
static int is_wanted(const struct nave_addr *bound, const struct nave_addr *wanted, int is_star)
{
    static const struct nave_addr any4 = {.family = NAVE_ADDR_IP4};
    struct nave_addr other = any4;

    if (wanted->port == 0)
        return 0; /* any port: no socket is bound to that */
    other.port = wanted->port;
    return is_same(bound, wanted) || (is_star && is_same(bound, &other));
}

static int is_ip(const struct nave_addr *a)
{
    return a->family == NAVE_ADDR_IP4 || a->family == NAVE_ADDR_IP6;
}

static const char *what_it_is(const struct nave_inherited *s)
{
    if (s->kind == NAVE_INHERITED_DATAGRAM)
        return "a datagram socket";
    if (s->kind == NAVE_INHERITED_STREAM)
        return "a socket that does not listen";
    if (s->kind != NAVE_INHERITED_LISTENING)
        return "no such socket at all";
    return s->address.family == NAVE_ADDR_UNIX ? "a Unix socket" : "a socket of another family";
}

/* Say that the listener is elsewhere than its configuration says. */
static void warn_of_address(const struct tcp_plugin *plugin, const struct nave_listen_args *args,
                            const struct nave_inherited *s)
{
    char bound[TCP_ADDR_TEXT];
    char text[512];

    tcp_addr_format(&s->address, bound);
    snprintf(
        text, sizeof(text),
        "listener \"%.*s\" accepts on the socket of its name that was passed, which is bound to "
        "%s, not to %.*s as the configuration says",
        (int)args->name.len, args->name.ptr, bound, (int)args->address.len, args->address.ptr);
    plugin->host->api->log(plugin->host, NAVE_LOG_WARN, text, strlen(text));
}

/* 1: `s` is for the listener. */
static int is_for(const struct nave_listen_args *args, const struct nave_addr *wanted,
                  const struct nave_inherited *s)
{
    int is_star = args->address.len > 0 && args->address.ptr[0] == '*';

    return (s->flags & NAVE_INHERITED_NAMED) ||
           (s->kind == NAVE_INHERITED_LISTENING && is_ip(&s->address) &&
            is_wanted(&s->address, wanted, is_star));
}

nave_err tcp_inherit_count(const struct nave_listen_args *args, const struct nave_addr *wanted,
                           uint32_t *out_count, char *message, size_t room)
{
    uint32_t i, n = 0;

    for (i = 0; i < args->inherited_count; i++) {
        const struct nave_inherited *s = args->inherited[i];

        if (!is_for(args, wanted, s))
            continue;
        if (s->kind != NAVE_INHERITED_LISTENING || !is_ip(&s->address)) {
            snprintf(message, room,
                     "descriptor %d, which was passed to this program under the name of listener "
                     "\"%.*s\", is %s; tcp needs a listening TCP socket (in a .socket file: "
                     "ListenStream= with a port, Accept=no)",
                     s->fd, (int)args->name.len, args->name.ptr, what_it_is(s));
            return NAVE_EINVAL;
        }
        n++;
    }
    *out_count = n;
    return NAVE_OK;
}

nave_err tcp_inherit_open(struct tcp_listener *l, const struct tcp_options *options,
                          const struct nave_listen_args *args, struct nave_addr *address,
                          uint32_t count)
{
    struct nave_addr first = *address;
    uint32_t i, k, n = 0;
    nave_err err;

    for (i = 0; i < args->inherited_count; i++) {
        const struct nave_inherited *s = args->inherited[i];

        if (!is_for(args, address, s))
            continue;
        if (n == 0)
            first = s->address;
        /* Every socket has an acceptor, and every worker: what there is less of is shared. */
        for (k = n++; k < l->count; k += count) {
            err = tcp_socket_inherit(s->fd, options, &l->acceptors[k].fd);
            if (err)
                return err;
        }
    }
    for (i = 0; i < args->inherited_count; i++) {
        struct nave_inherited *s = args->inherited[i];

        if (!is_for(args, address, s))
            continue;
        s->flags |= NAVE_INHERITED_TAKEN;
        if (address->port != 0 && !is_wanted(&s->address, address, args->address.ptr[0] == '*'))
            warn_of_address(l->plugin, args, s);
    }
    *address = first;
    return NAVE_OK;
}

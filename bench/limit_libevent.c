/* SPDX-License-Identifier: MIT
 *
 * The same floor as limit_epoll on raw libevent events: one persistent edge-triggered event per
 * connection, added once, on a base without locks. What libevent costs is the difference.
 *
 *     limit_libevent PORT [FILE]
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limit.h"

/* A connection and its event, side by side. */
struct conn {
    struct limit_conn base;
    struct event *event;
};

static struct event_base *event_base;

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct conn *c = arg;

    (void)what;
    if (limit_conn_ready(&c->base)) {
        event_free(c->event);
        close((int)fd);
        free(c);
    }
}

static void on_listen(evutil_socket_t listener, short what, void *arg)
{
    int fd;

    (void)what;
    (void)arg;
    while ((fd = accept4((int)listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *c = calloc(1, sizeof(*c));

        if (!c)
            goto fail_conn;
        c->base.fd = fd;
        c->event = event_new(event_base, fd, EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST,
                             on_ready, c);
        if (!c->event || event_add(c->event, NULL))
            goto fail_event;
        continue;

    fail_event:
        if (c->event)
            event_free(c->event);
        free(c);
    fail_conn:
        close(fd);
    }
}

/* A signal event of libevent would cost a pair of sockets. Without locks and other threads,
 * loopbreak only sets a flag, and the signal ends the wait. */
static void on_term(int signo)
{
    (void)signo;
    event_base_loopbreak(event_base);
}

int main(int argc, char **argv)
{
    int listener = limit_listen(argc, argv);
    struct event_config *config = event_config_new();
    struct event *listening;

    if (!config)
        limit_fail("event_config_new");
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    event_base = event_base_new_with_config(config);
    event_config_free(config);
    if (!event_base)
        limit_fail("event_base_new");
    listening = event_new(event_base, listener, EV_READ | EV_ET | EV_PERSIST, on_listen, NULL);
    if (!listening || event_add(listening, NULL))
        limit_fail("event_add");
    signal(SIGTERM, on_term);
    signal(SIGINT, on_term);
    event_base_dispatch(event_base);
    event_free(listening);
    event_base_free(event_base);
    close(listener);
    return 0;
}

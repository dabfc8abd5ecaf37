/* SPDX-License-Identifier: MIT
 *
 * The floor under every HTTP server: a bare edge-triggered epoll loop, one recv and one send per
 * readiness, that counts the ends of request heads and answers canned bytes. It validates nothing.
 *
 *     limit_epoll PORT [FILE]      PORT 0: any; it is printed. FILE: the response to send
 *
 * One thread; SIGTERM ends it with exit code 0.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "limit.h"

#define EVENTS_MAX 256

static void on_listen(int ep, int listener)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct limit_conn *c = limit_conn_new(fd);

        ev.data.ptr = c;
        if (!c || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev)) {
            free(c);
            close(fd);
        }
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS_MAX];
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET};
    int listener = limit_listen(argc, argv);
    int ep = epoll_create1(EPOLL_CLOEXEC);

    if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev)) {
        perror("limit_epoll: epoll");
        return 1;
    }
    while (!limit_stopped) {
        int n = epoll_wait(ep, events, EVENTS_MAX, -1);
        int i;

        for (i = 0; i < n; i++) {
            struct limit_conn *c = events[i].data.ptr;

            if (!c) {
                on_listen(ep, listener);
            } else if (limit_conn_ready(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
    return 0;
}

/* SPDX-License-Identifier: MIT
 *
 * See notify.h. The watchdog is fed from NAVE_EVENT_BEAT and from nowhere else: it comes only while
 * every worker turns, so that one that hangs is enough for the service manager to act. A quarter of
 * WATCHDOG_USEC leaves room for two beats that come late.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "notify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BEATS_A_WATCHDOG 4
#define WATCHDOG_MAX_US  (INT64_MAX / NAVE_USEC)

/* All of `text` as a number from 1 to `max`; 0: it is none. */
static int64_t number_of(const char *text, int64_t max)
{
    int64_t n = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        if (n > (max - (*text - '0')) / 10)
            return 0;
        n = n * 10 + (*text - '0');
    }
    return *text ? 0 : n;
}

/* Connect to "/path" or "@abstract". 0, or why not. */
static const char *connect_to(struct cli_notify *n, const char *name)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct timeval second = {.tv_sec = 1};
    size_t len = strlen(name);
    /* An abstract name ends with the length, a path with its NUL. */
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));

    if ((name[0] != '/' && name[0] != '@') || !name[1])
        return "is neither a path nor an abstract name";
    if (len >= sizeof(un.sun_path))
        return "is too long";
    memcpy(un.sun_path, name, len);
    if (name[0] == '@')
        un.sun_path[0] = '\0';
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (n->fd < 0)
        return strerror(errno);
    (void)setsockopt(n->fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof(second));
    if (connect(n->fd, (const struct sockaddr *)(const void *)&un, size) == 0)
        return NULL;
    cli_notify_close(n);
    return strerror(errno);
}

static void read_watchdog(struct cli_notify *n)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    int64_t us;

    if (!usec || n->fd < 0 || (pid && number_of(pid, INT32_MAX) != (int64_t)getpid()))
        return;
    us = number_of(usec, WATCHDOG_MAX_US);
    if (!us) {
        snprintf(n->said, sizeof(n->said), "WATCHDOG_USEC is no length of time: \"%.32s\"", usec);
        return;
    }
    n->beat_ns = us * NAVE_USEC / BEATS_A_WATCHDOG;
    if (n->beat_ns < NAVE_MSEC)
        n->beat_ns = NAVE_MSEC;
}

void cli_notify_open(struct cli_notify *n, const char *serves)
{
    const char *name = getenv("NOTIFY_SOCKET"), *why;

    *n = (struct cli_notify){.fd = -1, .serves = serves};
    if (name && name[0]) {
        why = connect_to(n, name);
        if (why)
            snprintf(n->said, sizeof(n->said), "NOTIFY_SOCKET \"%.64s\": %.60s", name, why);
    }
    read_watchdog(n);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void cli_notify_close(struct cli_notify *n)
{
    int saved = errno;

    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
    errno = saved;
}

/* Send `state`, lines of NAME=VALUE, and a STATUS= of `status` and the file, cleaned: a line more
 * would be a message of somebody else's. */
static void tell(const struct cli_notify *n, const char *state, const char *status)
{
    char text[1024];
    size_t i, start;

    if (n->fd < 0)
        return;
    start = (size_t)snprintf(text, sizeof(text), "%s", state);
    if (status) {
        start += (size_t)snprintf(text + start, sizeof(text) - start, "\nSTATUS=");
        snprintf(text + start, sizeof(text) - start, "%s %s", status, n->serves);
        for (i = start; text[i]; i++)
            if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
                text[i] = '?';
    }
    (void)send(n->fd, text, strlen(text), MSG_NOSIGNAL);
}

void cli_notify_ready(struct cli_notify *n, nave_err err)
{
    char status[160];

    if (!err) {
        tell(n, "READY=1", "Serving");
        return;
    }
    snprintf(status, sizeof(status), "Reload refused (%s), serving as before:", nave_err_text(err));
    tell(n, "READY=1", status);
}

void cli_notify_reloading(struct cli_notify *n)
{
    struct timespec now = {0};
    char state[64];

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(n, state, "Reloading");
}

void cli_notify_stopping(struct cli_notify *n)
{
    tell(n, "STOPPING=1", "Finishing what is under way:");
}

void cli_notify_beat(struct cli_notify *n)
{
    if (n->beat_ns)
        tell(n, "WATCHDOG=1", NULL);
}

void cli_notify_event(void *arg, uint32_t event, nave_err err)
{
    switch (event) {
    case NAVE_EVENT_LISTENING:
    case NAVE_EVENT_RELOADED:
        cli_notify_ready(arg, err);
        break;
    case NAVE_EVENT_RELOADING:
        cli_notify_reloading(arg);
        break;
    case NAVE_EVENT_DRAINING:
        cli_notify_stopping(arg);
        break;
    case NAVE_EVENT_BEAT:
        cli_notify_beat(arg);
        break;
    default: /* a newer runtime tells more */
        break;
    }
}

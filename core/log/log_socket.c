/* SPDX-License-Identifier: MIT
 *
 * Lines to a daemon of this machine: syslog (RFC 3164, what is spoken on /dev/log) and the journal's native
 * protocol. One message a line, never waiting. The socket is connected: a daemon that went away is an error
 * of the next message, which is then sent again by a new socket.
 *
 * A message is below 80 KiB, and room for a datagram of that size is asked for, so the journal's way of
 * passing large ones in a file is not needed.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log_sink.h"
#include "base/nv_err.h"

#define SEND_BYTES (256 * 1024)

static const char *const syslog_paths[] = {"/dev/log", "/var/run/log", "/var/run/syslog"};
static const char *const journal_paths[] = {"/run/systemd/journal/socket"};

/* A connected socket of `type`, or -1 with errno. */
static int connect_to(const char *path, int type)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    int bytes = SEND_BYTES, number, fd;

    if (n >= sizeof(to.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(to.sun_path, path, n + 1);
    fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    number = errno;
    (void)close(fd);
    errno = number;
    return -1;
}

static nave_err open_one(struct nv_log_sink *s, const char *what, const char *const *paths,
                         size_t count, int has_streams, struct nv_why *why)
{
    const char *first = s->path ? s->path : paths[0];
    int number = 0, is_stream = 0, fd = -1;
    size_t i;

    for (i = 0; i < (s->path ? 1 : count) && fd < 0; i++) {
        const char *path = s->path ? s->path : paths[i];

        fd = connect_to(path, SOCK_DGRAM);
        if (i == 0)
            number = errno;
        if (fd < 0 && has_streams && errno == EPROTOTYPE) { /* a daemon that takes streams */
            fd = connect_to(path, SOCK_STREAM);
            number = errno;
            is_stream = fd >= 0;
        }
    }
    if (fd < 0)
        return nv_why_set(why, nv_err_from_errno(number),
                          "%s cannot be reached at \"%s\": %s; does its daemon run?", what, first,
                          strerror(number));
    s->fd = fd;
    s->is_stream = is_stream;
    return NAVE_OK;
}

static nave_err syslog_open(struct nv_log_sink *s, struct nv_why *why)
{
    return open_one(s, "syslog", syslog_paths, NAVE_COUNT(syslog_paths), 1, why);
}

static nave_err journal_open(struct nv_log_sink *s, struct nv_why *why)
{
    return open_one(s, "journald", journal_paths, NAVE_COUNT(journal_paths), 0, why);
}

/* On a stream a message ends with a NUL, as its daemons expect. */
static size_t syslog_format(const struct nv_log_sink *s, const struct nv_log_line *line, char *out)
{
    size_t len = nv_log_format_syslog_head(line, s->name, s->pid, out);

    if (s->form == NV_LOG_FORM_JSON)
        len += nv_log_format_json(line, s->name, out + len) - 1; /* without its line break */
    else
        len += nv_log_format_plain(line, out + len);
    if (s->is_stream)
        out[len++] = '\0';
    return len;
}

static size_t journal_format(const struct nv_log_sink *s, const struct nv_log_line *line, char *out)
{
    return nv_log_format_journal(line, s->name, out);
}

static nave_err send_one(struct nv_log_sink *s, const char *bytes, size_t n, size_t *out_n,
                         int *out_errno)
{
    ssize_t got = send(s->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (got >= 0) {
        *out_n = (size_t)got; /* of a stream perhaps not all: the rest follows */
        return NAVE_OK;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return NAVE_EAGAIN;
    if (errno == EMSGSIZE)
        return NAVE_ETOOBIG;
    *out_errno = errno;
    return NAVE_EIO;
}

const struct nv_log_sink_ops nv_log_syslog_ops = {0, 0, syslog_open, syslog_format, send_one};
const struct nv_log_sink_ops nv_log_journal_ops = {0, 0, journal_open, journal_format, send_one};

/* SPDX-License-Identifier: MIT
 *
 * Lines to a descriptor: standard error, standard output, a file.
 *
 * The standard ones are duplicated, so that closing 2 in the host leads nobody else's file here, and they
 * stay blocking, since the description is shared with other processes. So before each write the system is asked
 * whether it would wait, and what may wait gets at most PIPE_BUF bytes at once, which a pipe that
 * can be written takes whole (POSIX, poll and write).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_sink.h"
#include "base/nv_err.h"

#define FILE_MODE 0640

static nave_err refuse(struct nv_why *why, int number, const char *what, const char *path)
{
    return nv_why_set(why, nv_err_from_errno(number), "%s \"%s\" cannot be opened for the log: %s",
                      what, path, strerror(number));
}

/* Take `fd`. */
static void take(struct nv_log_sink *s, int fd)
{
    struct stat st;

    s->fd = fd;
    s->is_slow = fstat(fd, &st) != 0 || !S_ISREG(st.st_mode);
}

static nave_err open_copy(struct nv_log_sink *s, int standard, const char *what, struct nv_why *why)
{
    int fd = fcntl(standard, F_DUPFD_CLOEXEC, 3);

    if (fd < 0)
        return nv_why_set(why, nv_err_from_errno(errno), "%s cannot be used for the log: %s", what,
                          strerror(errno));
    take(s, fd);
    return NAVE_OK;
}

static nave_err stderr_open(struct nv_log_sink *s, struct nv_why *why)
{
    return open_copy(s, STDERR_FILENO, "standard error", why);
}

static nave_err stdout_open(struct nv_log_sink *s, struct nv_why *why)
{
    return open_copy(s, STDOUT_FILENO, "standard output", why);
}

/* O_NONBLOCK: a FIFO that nobody reads is an error (ENXIO), not a wait. Links are followed: logs live on
 * other volumes, and /dev/stdout is one. A folder is refused by the system. */
static nave_err file_open(struct nv_log_sink *s, struct nv_why *why)
{
    int fd =
        open(s->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);

    if (fd < 0)
        return errno == ENXIO ? nv_why_set(why, NAVE_EIO,
                                           "file \"%s\" cannot be opened for the log: it is a pipe "
                                           "or a device that nobody reads",
                                           s->path)
                              : refuse(why, errno, "file", s->path);
    take(s, fd);
    return NAVE_OK;
}

static size_t format(const struct nv_log_sink *s, const struct nv_log_line *line, char *out)
{
    return s->form == NV_LOG_FORM_JSON ? nv_log_format_json(line, s->name, out)
                                       : nv_log_format_text(line, s->name, out);
}

/* At most PIPE_BUF bytes, and whole lines where one ends in them. */
static size_t piece_of(const char *bytes, size_t n)
{
    const char *end;

    if (n <= PIPE_BUF)
        return n;
    end = memrchr(bytes, '\n', PIPE_BUF);
    return end ? (size_t)(end - bytes) + 1 : PIPE_BUF;
}

static nave_err write_some(struct nv_log_sink *s, const char *bytes, size_t n, size_t *out_n,
                           int *out_errno)
{
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    ssize_t got;

    if (s->is_slow) {
        if (poll(&p, 1, 0) == 0)
            return NAVE_EAGAIN;
        n = piece_of(bytes, n);
    }
    got = write(s->fd, bytes, n);
    if (got < 0) {
        if (errno == EAGAIN || errno == EINTR)
            return NAVE_EAGAIN;
        *out_errno = errno;
        return NAVE_EIO;
    }
    *out_n = (size_t)got;
    return NAVE_OK;
}

const struct nv_log_sink_ops nv_log_stderr_ops = {1, 0, stderr_open, format, write_some};
const struct nv_log_sink_ops nv_log_stdout_ops = {1, 0, stdout_open, format, write_some};
const struct nv_log_sink_ops nv_log_file_ops = {1, 1, file_open, format, write_some};

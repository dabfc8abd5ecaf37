/* SPDX-License-Identifier: MIT
 *
 * Reading a configuration file. Whatever the path leads to, this ends: only a regular file is read,
 * no more of it than the limit, and opening never waits.
 */
#include "conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

nave_err nv_conf_too_big(const char *name, size_t bytes_max, struct nv_report *report)
{
    const struct nv_place at = {.file = name};

    nv_report_error(report, NAVE_ETOOBIG, &at,
                    "is larger than %zu MiB, the most that a configuration may have",
                    bytes_max >> 20);
    return NAVE_ECONFIG;
}

static nave_err fail_memory(const char *path, struct nv_report *report)
{
    const struct nv_place at = {.file = path};

    nv_report_error(report, NAVE_ENOMEM, &at, "out of memory while reading the configuration");
    return NAVE_ENOMEM;
}

static nave_err fail_errno(const char *path, struct nv_report *report, const char *what, int number)
{
    const struct nv_place at = {.file = path};

    nv_report_error(report, nv_err_from_errno(number), &at, "%s: %s", what, strerror(number));
    return NAVE_ECONFIG;
}

/* Reading anything but a regular file may never end, or have effects. */
static const char *special_kind(mode_t mode)
{
    if (S_ISREG(mode))
        return NULL;
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a FIFO";
    if (S_ISSOCK(mode))
        return "a socket";
    return "a device";
}

/* Make room for one byte more than `len`. The size that the file had is a first guess only: files
 * of /proc say 0, others grow while they are read. */
static nave_err grow(char **text, size_t *room, size_t len, size_t guess)
{
    size_t more;
    char *grown;

    if (len + 1 < *room)
        return NAVE_OK;
    if (*room > 0)
        more = *room * 2;
    else
        more = guess > 0 ? guess + 2 : 4096;
    grown = realloc(*text, more);
    if (!grown)
        return NAVE_ENOMEM;
    *text = grown;
    *room = more;
    return NAVE_OK;
}

static nave_err read_all(int fd, const char *path, size_t bytes_max, struct nv_report *report,
                         char **out_text, size_t *out_len)
{
    const struct nv_place place = {.file = path};
    struct stat st;
    char *text = NULL;
    size_t room = 0;
    size_t len = 0;
    nave_err err;

    if (fstat(fd, &st) < 0)
        return fail_errno(path, report, "cannot be examined", errno);
    if (special_kind(st.st_mode)) {
        nv_report_error(report, NAVE_EINVAL, &place, "is %s; the configuration is a regular file",
                        special_kind(st.st_mode));
        return NAVE_ECONFIG;
    }
    if (st.st_size > (off_t)bytes_max)
        return nv_conf_too_big(path, bytes_max, report);

    for (;;) {
        ssize_t n;

        if (grow(&text, &room, len, (size_t)st.st_size) != NAVE_OK) {
            err = fail_memory(path, report);
            goto fail;
        }
        n = read(fd, text + len, room - len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err = fail_errno(path, report, "cannot be read", errno);
            goto fail;
        }
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > bytes_max) {
            err = nv_conf_too_big(path, bytes_max, report);
            goto fail;
        }
    }
    text[len] = '\0';
    *out_text = text;
    *out_len = len;
    return NAVE_OK;

fail:
    free(text);
    return err;
}

nave_err nv_conf_read_file(const char *path, size_t bytes_max, struct nv_report *report,
                           char **out_text, size_t *out_len)
{
    nave_err err;
    int fd;

    /* O_NONBLOCK: opening a FIFO must not wait for its writer. */
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return fail_errno(path, report, "cannot be opened", errno);
    err = read_all(fd, path, bytes_max, report, out_text, out_len);
    close(fd);
    return err;
}

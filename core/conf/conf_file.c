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

static nave_err fail_errno(struct nv_why *why, const char *what, int number)
{
    nave_err err = nv_err_from_errno(number);

    /* A name may be too long, too; NAVE_ETOOBIG is about the file. */
    return nv_why_set(why, err == NAVE_ETOOBIG ? NAVE_EINVAL : err, "%s: %s", what,
                      strerror(number));
}

static nave_err too_big(struct nv_why *why, size_t bytes_max)
{
    return nv_why_set(why, NAVE_ETOOBIG, "is larger than %zu bytes", bytes_max);
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

static nave_err read_all(int fd, size_t bytes_max, struct nv_conf_file *out, struct nv_why *why)
{
    struct stat st;
    char *text = NULL;
    size_t room = 0;
    size_t len = 0;
    nave_err err;

    if (fstat(fd, &st) < 0)
        return fail_errno(why, "cannot be examined", errno);
    if (special_kind(st.st_mode))
        return nv_why_set(why, NAVE_EINVAL, "is %s, not a regular file", special_kind(st.st_mode));
    if (st.st_size > (off_t)bytes_max)
        return too_big(why, bytes_max);

    for (;;) {
        ssize_t n;

        err = grow(&text, &room, len, (size_t)st.st_size);
        if (err) {
            nv_why_set(why, err, "cannot be read: out of memory");
            goto fail;
        }
        n = read(fd, text + len, room - len - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err = fail_errno(why, "cannot be read", errno);
            goto fail;
        }
        if (n == 0)
            break;
        len += (size_t)n;
        if (len > bytes_max) {
            err = too_big(why, bytes_max);
            goto fail;
        }
    }
    text[len] = '\0';
    *out = (struct nv_conf_file){.text = text,
                                 .len = len,
                                 .device = (uint64_t)st.st_dev,
                                 .inode = (uint64_t)st.st_ino,
                                 .is_exposed = (st.st_mode & S_IROTH) != 0};
    return NAVE_OK;

fail:
    free(text);
    return err;
}

nave_err nv_conf_read_file(const char *path, size_t bytes_max, struct nv_conf_file *out,
                           struct nv_why *why)
{
    nave_err err;
    int fd;

    /* O_NONBLOCK: opening a FIFO must not wait for its writer. */
    do {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return fail_errno(why, "cannot be opened", errno);
    err = read_all(fd, bytes_max, out, why);
    close(fd);
    return err;
}

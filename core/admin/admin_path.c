/* SPDX-License-Identifier: MIT
 *
 * See admin_path.h. Two programs that start at once could both find the same stale socket, and the
 * slower one would remove the socket of the faster: so the folder is locked for as long as it takes to
 * look, bind and listen. Between bind and listen nobody can connect, which is when the mode is set;
 * the umask, which belongs to all threads, is left alone.
 */
#include "admin_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

NAVE_STATIC_ASSERT(sizeof(((struct sockaddr_un *)0)->sun_path) > NV_ADMIN_PATH_MAX,
                   "a path must fit");

int32_t nv_admin_may(uid_t peer, uid_t own)
{
    return peer == own || peer == 0;
}

/* The folder of `path`, which nobody else may change, open and locked. */
static nave_err lock_folder(const char *path, int *out_fd, struct nv_why *why)
{
    char folder[NV_ADMIN_PATH_MAX + 1];
    size_t len = (size_t)(strrchr(path, '/') - path);
    struct stat st;
    int fd;

    memcpy(folder, path, len);
    folder[len] = '\0';
    fd = open(len ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return nv_why_set(why, nv_err_from_errno(errno), "its folder %s: %s", folder,
                          strerror(errno));
    if (fstat(fd, &st) != 0 || !nv_admin_may(st.st_uid, geteuid()) ||
        ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))) {
        (void)close(fd);
        return nv_why_set(why, NAVE_EDENIED,
                          "others may change its folder %s; use one that only its owner, this user "
                          "or root, may write to",
                          len ? folder : "/");
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return nv_why_set(why, NAVE_EBUSY, "another program makes a socket in %s at this moment",
                          folder);
    }
    *out_fd = fd;
    return NAVE_OK;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    memcpy(at.sun_path, path, strlen(path) + 1);
    return at;
}

/* Remove what is at `path` if it is a socket of ours to which nobody listens. State: locked. */
static nave_err clear(const char *path, struct nv_why *why)
{
    struct sockaddr_un at = address_of(path);
    struct stat st;
    int fd, number;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? NAVE_OK
                               : nv_why_set(why, nv_err_from_errno(errno), "%s", strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return nv_why_set(why, NAVE_EEXIST, "there is a file of that name that is no socket");
    if (st.st_uid != geteuid() && geteuid() != 0)
        return nv_why_set(why, NAVE_EDENIED, "there is a socket of another user");
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return nv_why_set(why, nv_err_from_errno(errno), "%s", strerror(errno));
    number = connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 ? 0 : errno;
    (void)close(fd);
    if (number != ECONNREFUSED && number != ENOENT)
        return nv_why_set(why, NAVE_EBUSY, "another program listens there");
    if (unlink(path) != 0 && errno != ENOENT)
        return nv_why_set(why, nv_err_from_errno(errno), "what is left of an earlier run: %s",
                          strerror(errno));
    return NAVE_OK;
}

static nave_err listen_at(const char *path, struct nv_admin_path *out, struct nv_why *why)
{
    struct sockaddr_un at = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), is_bound = 0, number;
    struct stat st;

    if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0) {
        is_bound = 1;
        if (chmod(path, S_IRUSR | S_IWUSR) == 0 && lstat(path, &st) == 0 &&
            listen(fd, BACKLOG) == 0) {
            *out = (struct nv_admin_path){fd, st.st_dev, st.st_ino};
            return NAVE_OK;
        }
    }
    number = errno;
    if (is_bound)
        (void)unlink(path);
    if (fd >= 0)
        (void)close(fd);
    return nv_why_set(why, nv_err_from_errno(number), "%s", strerror(number));
}

nave_err nv_admin_path_open(const char *path, struct nv_admin_path *out, struct nv_why *why)
{
    int folder = -1;
    nave_err err;

    if (strlen(path) > NV_ADMIN_PATH_MAX)
        return nv_why_set(why, NAVE_ETOOBIG, "the path of a socket has at most %u bytes",
                          NV_ADMIN_PATH_MAX);
    if (!nv_admin_has_peer)
        return nv_why_set(why, NAVE_ENOSYS, "this system cannot tell who connects");
    err = lock_folder(path, &folder, why);
    if (err)
        return err;
    err = clear(path, why);
    if (!err)
        err = listen_at(path, out, why);
    (void)close(folder); /* and its lock */
    return err;
}

void nv_admin_path_remove(const struct nv_admin_path *p, const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0 && st.st_dev == p->dev && st.st_ino == p->ino)
        (void)unlink(path);
}

void nv_admin_path_close(struct nv_admin_path *p, const char *path)
{
    if (p->fd < 0)
        return;
    nv_admin_path_remove(p, path);
    (void)close(p->fd);
    p->fd = -1;
}

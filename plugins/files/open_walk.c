/* SPDX-License-Identifier: MIT
 *
 * The walk: one name at a time, each opened without following, below the folder that was opened
 * before it. So nothing that is renamed meanwhile can lead outside: "..", which only a link's target
 * may have, goes back to a folder that is still held open, not to what the file system calls parent.
 */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE
#endif
#include "open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "safe_path.h"

#define FINAL_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#if defined(O_PATH)
#    define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
#elif defined(O_SEARCH)
#    define FOLDER_FLAGS (O_SEARCH | O_DIRECTORY | O_CLOEXEC)
#else
#    define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

/* What is still to go: a path and the targets of links. */
#define REST_MAX (2u * 4096u)

struct walk {
    int folders[FILES_DEPTH_MAX]; /* of ours, the last one is where we are */
    uint32_t depth;
    uint32_t links;
    int root;
    char rest[REST_MAX];
    size_t len;
};

static int here(const struct walk *w)
{
    return w->depth > 0 ? w->folders[w->depth - 1] : w->root;
}

static void leave_all(struct walk *w)
{
    while (w->depth > 0)
        close(w->folders[--w->depth]);
}

/* Take the next name off the rest. 0: there is none. *out_is_last: nothing follows it. */
static int next_name(struct walk *w, char name[FILES_NAME_MAX + 1], int *out_is_last, int *out_err)
{
    size_t begin = 0, end;

    while (begin < w->len && w->rest[begin] == '/')
        begin++;
    for (end = begin; end < w->len && w->rest[end] != '/';)
        end++;
    if (end == begin)
        return 0;
    if (end - begin > FILES_NAME_MAX) {
        *out_err = ENAMETOOLONG;
        return 0;
    }
    memcpy(name, w->rest + begin, end - begin);
    name[end - begin] = '\0';
    while (end < w->len && w->rest[end] == '/')
        end++;
    w->len -= end;
    memmove(w->rest, w->rest + end, w->len);
    *out_is_last = w->len == 0;
    return 1;
}

/* `name` could not be opened for `error`. If it is a link that may be followed, put its target before
 * the rest. 0: go on. Else an errno. */
static int follow(struct walk *w, const char *name, uint32_t links, int error)
{
    char target[4096];
    ssize_t len = readlinkat(here(w), name, target, sizeof(target));

    if (len < 0)
        return error; /* it is no link */
    if (links == FILES_LINKS_NEVER)
        return ELOOP;
    if (++w->links > FILES_LINKS_MAX)
        return ELOOP;
    if (len == 0 || target[0] == '/')
        return EXDEV;
    if ((size_t)len == sizeof(target) || w->len + (size_t)len + 1 > REST_MAX)
        return ENAMETOOLONG;
    memmove(w->rest + len + 1, w->rest, w->len);
    memcpy(w->rest, target, (size_t)len);
    w->rest[len] = '/';
    w->len += (size_t)len + 1;
    return 0;
}

static int up(struct walk *w)
{
    if (w->depth == 0)
        return EXDEV;
    close(w->folders[--w->depth]);
    return 0;
}

static int enter(struct walk *w, const char *name, uint32_t links)
{
    int fd = openat(here(w), name, FOLDER_FLAGS | O_NOFOLLOW);

    if (fd < 0)
        return follow(w, name, links, errno);
    if (w->depth == FILES_DEPTH_MAX) {
        close(fd);
        return ENAMETOOLONG;
    }
    w->folders[w->depth++] = fd;
    return 0;
}

static int walk(struct walk *w, uint32_t links, int flags)
{
    char name[FILES_NAME_MAX + 1];
    int is_last = 0;
    int error = 0;

    while (next_name(w, name, &is_last, &error)) {
        if (strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0) {
            error = up(w);
        } else if (!is_last) {
            error = enter(w, name, links);
        } else {
            int fd = openat(here(w), name, flags | O_NOFOLLOW);

            if (fd >= 0)
                return fd;
            error = follow(w, name, links, errno);
        }
        if (error)
            return -error;
    }
    if (!error) {
        int fd = openat(here(w), ".", flags);

        if (fd >= 0)
            return fd;
        error = errno;
    }
    return -error;
}

int files_open_walk(int folder, const char *path, uint32_t links, int is_folder)
{
    int flags = FINAL_FLAGS | (is_folder ? O_DIRECTORY : 0);
    struct walk w;
    int fd;

    if (links == FILES_LINKS_ALWAYS) {
        fd = openat(folder, path[0] ? path : ".", flags);
        return fd >= 0 ? fd : -errno;
    }
    w.depth = w.links = 0;
    w.root = folder;
    w.len = strlen(path);
    if (w.len > FILES_PATH_MAX + FILES_NAME_MAX + 1)
        return -ENAMETOOLONG;
    memcpy(w.rest, path, w.len);
    fd = walk(&w, links, flags);
    leave_all(&w);
    return fd;
}

int files_open_root(const char *path)
{
    int fd = open(path, FOLDER_FLAGS);

    return fd >= 0 ? fd : -errno;
}

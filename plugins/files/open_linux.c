/* SPDX-License-Identifier: MIT
 *
 * openat2 (Linux 5.6): the kernel resolves the whole path at once and keeps it below the folder. Called
 * by number, since C libraries have no function for it.
 */
#if defined(__linux__)

#    ifndef _GNU_SOURCE
#        define _GNU_SOURCE
#    endif
#    include "open.h"

#    include <errno.h>
#    include <fcntl.h>
#    include <string.h>
#    include <sys/syscall.h>
#    include <unistd.h>

#    if defined(SYS_openat2) && defined(__has_include)
#        if __has_include(<linux/openat2.h>)
#            define HAS_OPENAT2 1
#            include <linux/openat2.h>
#        endif
#    endif

#    ifdef HAS_OPENAT2

/* The kernel says EAGAIN when somebody renamed on the way and it could not be sure. */
#        define TRIES_MAX 16

static int open_beneath(int folder, const char *path, uint64_t resolve, uint64_t flags)
{
    struct open_how how;
    long fd = -1;
    int tries;

    memset(&how, 0, sizeof(how));
    how.flags = flags;
    how.resolve = resolve;
    for (tries = 0; tries < TRIES_MAX; tries++) {
        fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return fd >= 0 ? (int)fd : -errno;
}

int files_open_kernel(int folder, const char *path, uint32_t links, int is_folder)
{
    uint64_t flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    uint64_t resolve = RESOLVE_NO_MAGICLINKS;
    int fd;

    if (is_folder)
        flags |= O_DIRECTORY;
    if (links != FILES_LINKS_ALWAYS)
        resolve |= RESOLVE_BENEATH;
    if (links == FILES_LINKS_NEVER)
        resolve |= RESOLVE_NO_SYMLINKS;
    fd = open_beneath(folder, path[0] ? path : ".", resolve, flags);
    return fd != -EAGAIN ? fd : files_open_walk(folder, path, links, is_folder);
}

int files_open_has_kernel(void)
{
    int fd = open_beneath(AT_FDCWD, "/", RESOLVE_NO_MAGICLINKS, O_PATH | O_CLOEXEC);

    if (fd < 0)
        return 0; /* an old kernel, or a filter that does not know the call */
    close(fd);
    return 1;
}

#    else

int files_open_kernel(int folder, const char *path, uint32_t links, int is_folder)
{
    (void)folder;
    (void)path;
    (void)links;
    (void)is_folder;
    return -ENOSYS;
}

int files_open_has_kernel(void)
{
    return 0;
}

#    endif
#endif

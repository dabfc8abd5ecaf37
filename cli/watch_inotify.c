/* SPDX-License-Identifier: MIT
 *
 * Changes told by Linux: inotify(7). What was lost in an overflow counts as a change of ours.
 */
#include "watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#define MASK                                                                                 \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | \
     IN_MOVE_SELF | IN_ONLYDIR)

int cli_changes_open(void)
{
    return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

int cli_changes_add(int fd, const char *path)
{
    return inotify_add_watch(fd, path, MASK) >= 0;
}

int cli_changes_take(int fd, int (*is_ours)(void *arg, const char *name), void *arg)
{
    _Alignas(struct inotify_event) char buffer[4096];
    int changed = 0;
    ssize_t n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        const char *at = buffer;

        while (at < buffer + n) {
            const struct inotify_event *e = (const void *)at;

            if ((e->mask & IN_Q_OVERFLOW) || (e->len > 0 && is_ours(arg, e->name)))
                changed = 1;
            at += sizeof(*e) + e->len;
        }
    }
    return changed;
}

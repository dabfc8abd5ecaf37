/* SPDX-License-Identifier: MIT
 *
 * nave run --watch: when a file of the configuration changes, the runtime reads it again, as with
 * SIGHUP. A thread waits for changes and, once they have settled, asks for the reload.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <nave/runtime.h>

struct cli_watch;

/* Begin to watch `file` for `rt`. NULL: it cannot, which was said on standard error. Thread: [any].
 * Owns: borrows rt until cli_watch_stop. */
struct cli_watch *cli_watch_start(struct nave_runtime *rt, const char *file);

/* Watch the files that the configuration in use was read from. Called when it listens and after each
 * reload. Thread: [control]. NULL is fine. */
void cli_watch_event(struct cli_watch *w, uint32_t event);

/* End the thread. NULL is fine. Thread: [any]; State: rt is there. */
void cli_watch_stop(struct cli_watch *w);

/* --- where changes come from: watch_inotify.c, or watch_none.c where there is nothing ----------- */

/* A descriptor that becomes readable when something changes in a watched folder; -1: look from time
 * to time instead. */
int cli_changes_open(void);

/* Watch the folder `path`; twice is fine. 0: it cannot be watched, look from time to time. */
int cli_changes_add(int fd, const char *path);

/* Take what has happened. 1: to a name for which `is_ours` says so. */
int cli_changes_take(int fd, int (*is_ours)(void *arg, const char *name), void *arg);

#endif

/* SPDX-License-Identifier: MIT
 *
 * Folders are watched, not files: an editor writes a new file and renames it. A change is believed
 * after SETTLE_MS of silence, so that a file that is being written is read once, and whole. A file
 * counts as changed when its inode, size or time differ from what they were when it was read; so a
 * look each second does as well where the system tells nothing (NAVE_WATCH=poll, network folders).
 */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nave/admin.h>

#define SETTLE_MS  100
#define LOOK_MS    1000
#define FILES_MAX  256u /* of a configuration; more are watched by their folder only */
#define PATH_BYTES 4096u

/* What a file was when it was looked at. All zero: it was not there. */
struct mark {
    uint64_t inode, size;
    int64_t s, ns;
};

struct file {
    char *path;
    struct mark mark;
};

struct cli_watch {
    struct nave_runtime *rt;
    pthread_t thread;
    int wake[2];  /* a pipe: a byte for news, its end for the end */
    int changes;  /* -1: there is nothing that tells          */
    int is_blind; /* look from time to time                   */

    pthread_mutex_t lock;
    struct file files[FILES_MAX];
    uint32_t count;
};

static struct mark mark_of(const char *path)
{
    struct mark m = {0, 0, 0, 0};
    struct stat st;

    if (stat(path, &st) == 0)
        m = (struct mark){(uint64_t)st.st_ino, (uint64_t)st.st_size, (int64_t)st.st_mtim.tv_sec,
                          (int64_t)st.st_mtim.tv_nsec};
    return m;
}

static int is_same(struct mark a, struct mark b)
{
    return a.inode == b.inode && a.size == b.size && a.s == b.s && a.ns == b.ns;
}

/* --- the files ------------------------------------------------------------------------------- */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Watch the folder of `path`. Thread: whoever has the lock. */
static void watch_folder(struct cli_watch *w, const char *path)
{
    const char *base = base_of(path);
    size_t len = (size_t)(base - path);
    char folder[PATH_BYTES] = ".";

    if (len >= sizeof(folder) || w->changes < 0)
        return;
    if (len > 0) {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    if (!cli_changes_add(w->changes, folder))
        w->is_blind = 1;
}

static void add_file(struct cli_watch *w, const char *path, size_t len)
{
    struct file *f = &w->files[w->count];

    if (w->count == FILES_MAX || len == 0)
        return;
    f->path = strndup(path, len);
    if (!f->path)
        return; /* it is seen by its folder when it ends in .json */
    f->mark = mark_of(f->path);
    w->count++;
    watch_folder(w, f->path);
}

/* What is known of a file stays known: it may have changed since it was read. */
static void keep_marks(struct cli_watch *w, const struct file *before, uint32_t count)
{
    uint32_t i, k;

    for (i = 0; i < w->count; i++)
        for (k = 0; k < count; k++)
            if (strcmp(w->files[i].path, before[k].path) == 0)
                w->files[i].mark = before[k].mark;
}

static void free_files(struct file *files, uint32_t count)
{
    while (count > 0)
        free(files[--count].path);
}

/* Lines that describe() writes, gathered. */
struct lines {
    char *text;
    size_t len;
    int is_short; /* of memory */
};

static void on_text(void *arg, const char *text, size_t len)
{
    struct lines *lines = arg;
    char *more = realloc(lines->text, lines->len + len + 1);

    if (!more) {
        lines->is_short = 1;
        return;
    }
    lines->text = more;
    memcpy(more + lines->len, text, len);
    lines->len += len;
    more[lines->len] = '\0';
}

/* The files of the configuration in use, in place of those before. Thread: [control]. */
static void take_files(struct cli_watch *w)
{
    struct file before[FILES_MAX];
    struct lines lines = {NULL, 0, 0};
    struct nave_handle *h;
    uint32_t count;
    const char *at, *end;

    if (nave_runtime_bind(w->rt, NAVE_ADMIN_ID, 0, (uint32_t)sizeof(struct nave_admin_iface), &h) !=
            NAVE_OK ||
        nave_admin_describe((struct nave_admin *)(void *)h, "files", NULL, "text", on_text,
                            &lines) != NAVE_OK ||
        lines.is_short || !lines.text) {
        free(lines.text);
        return; /* those before stay */
    }
    (void)pthread_mutex_lock(&w->lock);
    count = w->count;
    memcpy(before, w->files, count * sizeof(before[0]));
    w->count = 0;
    for (at = lines.text; (end = strchr(at, '\n')) != NULL; at = end + 1)
        add_file(w, at, (size_t)(end - at));
    keep_marks(w, before, count);
    free_files(before, count);
    (void)pthread_mutex_unlock(&w->lock);
    free(lines.text);
}

void cli_watch_event(struct cli_watch *w, uint32_t event)
{
    if (!w || (event != NAVE_EVENT_LISTENING && event != NAVE_EVENT_RELOADED))
        return;
    take_files(w);
    (void)!write(w->wake[1], "n", 1); /* a full pipe is awake already */
}

/* --- the thread ------------------------------------------------------------------------------ */

/* 1: `name` is one of the files, or could be included by the next reading. */
static int is_ours(void *arg, const char *name)
{
    struct cli_watch *w = arg;
    size_t len = strlen(name);
    uint32_t i;

    for (i = 0; i < w->count; i++)
        if (strcmp(base_of(w->files[i].path), name) == 0)
            return 1;
    return len > 5 && strcmp(name + len - 5, ".json") == 0;
}

/* 1: a file is not what it was; it is not told twice. Thread: whoever has the lock. */
static int has_changed(struct cli_watch *w)
{
    int changed = 0;
    uint32_t i;

    for (i = 0; i < w->count; i++) {
        struct mark now = mark_of(w->files[i].path);

        if (is_same(now, w->files[i].mark))
            continue;
        w->files[i].mark = now;
        changed = 1;
    }
    return changed;
}

/* Wait and look. 0: end. *is_settling: a change was seen and is to be believed soon. */
static int step(struct cli_watch *w, int *is_settling)
{
    struct pollfd fds[2] = {{.fd = w->wake[0], .events = POLLIN},
                            {.fd = w->changes, .events = POLLIN}};
    int wait_ms = *is_settling ? SETTLE_MS : w->is_blind ? LOOK_MS : -1;
    int count = poll(fds, w->changes < 0 ? 1 : 2, wait_ms), changed = 0;
    char news[64];

    if (count < 0)
        return errno == EINTR;
    if (fds[0].revents) {
        ssize_t n = read(w->wake[0], news, sizeof(news));

        if (n == 0)
            return 0;
    }
    (void)pthread_mutex_lock(&w->lock);
    if (count > 0 && w->changes >= 0 && fds[1].revents)
        changed = cli_changes_take(w->changes, is_ours, w);
    if (w->is_blind)
        changed |= has_changed(w);
    (void)pthread_mutex_unlock(&w->lock);
    if (changed) {
        *is_settling = 1;
    } else if (*is_settling && count == 0) {
        *is_settling = 0;
        nave_runtime_reload(w->rt);
    }
    return 1;
}

static void *watch_main(void *arg)
{
    struct cli_watch *w = arg;
    int is_settling = 0;

    while (step(w, &is_settling))
        ;
    return NULL;
}

static int start_thread(struct cli_watch *w)
{
    sigset_t all, before;
    int number;

    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the other threads */
    number = pthread_create(&w->thread, NULL, watch_main, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

struct cli_watch *cli_watch_start(struct nave_runtime *rt, const char *file)
{
    const char *how = getenv("NAVE_WATCH");
    struct cli_watch *w = calloc(1, sizeof(*w));
    int number = ENOMEM, i;

    if (!w)
        goto fail;
    w->rt = rt;
    if (pipe(w->wake) != 0) {
        number = errno;
        goto fail_watch;
    }
    for (i = 0; i < 2; i++)
        (void)fcntl(w->wake[i], F_SETFD, FD_CLOEXEC);
    (void)fcntl(w->wake[1], F_SETFL, O_NONBLOCK);
    w->changes = how && strcmp(how, "poll") == 0 ? -1 : cli_changes_open();
    w->is_blind = w->changes < 0;
    (void)pthread_mutex_init(&w->lock, NULL); /* cannot fail for a plain mutex here */
    add_file(w, file, strlen(file));
    number = start_thread(w);
    if (number == 0)
        return w;
    free_files(w->files, w->count);
    (void)pthread_mutex_destroy(&w->lock);
    if (w->changes >= 0)
        close(w->changes);
    close(w->wake[0]);
    close(w->wake[1]);

fail_watch:
    free(w);
fail:
    fprintf(stderr, "nave: error: cannot watch %s: %s\n", file, strerror(number));
    return NULL;
}

void cli_watch_stop(struct cli_watch *w)
{
    if (!w)
        return;
    close(w->wake[1]);
    (void)pthread_join(w->thread, NULL);
    free_files(w->files, w->count);
    (void)pthread_mutex_destroy(&w->lock);
    if (w->changes >= 0)
        close(w->changes);
    close(w->wake[0]);
    free(w);
}

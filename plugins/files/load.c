/* SPDX-License-Identifier: MIT
 *
 * Looking at the file system: what a name is now. Each look begins at the root's own path, so that a
 * root that is swapped by a link is seen too, and keeps nothing open but what a large file needs.
 *
 * What may not be served is not told apart from what is not there, but for files that we are not
 * permitted to read. Want of descriptors is no answer about a name: nothing is remembered then.
 */
#include "files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "open.h"

#define ROOM (FILES_PATH_MAX + FILES_NAME_MAX + 8)

struct look {
    struct files_worker *fw;
    const struct files_root *root;
    const struct files_found *before;
    int folder; /* of the root */
    char path[ROOM];
};

/* Want of something that is here again in a while. */
static int is_want(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
           error == EINTR || error == EAGAIN || error == EIO;
}

static uint16_t status_of(int error)
{
    return error == EACCES || error == EPERM ? 403 : 404;
}

static int open_below(const struct look *l, const char *path, int is_folder)
{
    const struct files_plugin *p = l->fw->plugin;
    uint32_t links = l->root->options->symlinks;
    int fd;

    do
        fd = p->has_kernel ? files_open_kernel(l->folder, path, links, is_folder)
                           : files_open_walk(l->folder, path, links, is_folder);
    while ((fd == -EMFILE || fd == -ENFILE) && files_lookup_free_descriptor(l->fw));
    return fd;
}

static int open_folder(struct look *l)
{
    do
        l->folder = files_open_root(l->root->options->root.ptr);
    while ((l->folder == -EMFILE || l->folder == -ENFILE) && files_lookup_free_descriptor(l->fw));
    return l->folder;
}

static void identify(const struct stat *s, struct files_identity *id)
{
    id->device = (uint64_t)s->st_dev;
    id->inode = (uint64_t)s->st_ino;
    id->size = (uint64_t)s->st_size;
    id->modified_ns = (int64_t)s->st_mtim.tv_sec * NAVE_SEC + s->st_mtim.tv_nsec;
    id->changed_ns = (int64_t)s->st_ctim.tv_sec * NAVE_SEC + s->st_ctim.tv_nsec;
}

/* Open l->path, which is to be a regular file. The descriptor, -EISDIR for a folder, or another
 * negative errno. */
static int open_file(const struct look *l, struct files_identity *id)
{
    int fd = open_below(l, l->path, 0);
    struct stat s;
    int error = 0;

    if (fd < 0)
        return fd;
    if (fstat(fd, &s) != 0)
        error = errno;
    else if (S_ISDIR(s.st_mode))
        error = EISDIR;
    else if (!S_ISREG(s.st_mode) || s.st_size < 0) /* a FIFO, a device: never read */
        error = ENOENT;
    if (error) {
        close(fd);
        return -error;
    }
    identify(&s, id);
    return fd;
}

static int is_same(struct files_content *c, const struct files_identity *id, int fd)
{
    return c && memcmp(&c->identity, id, sizeof(*id)) == 0 && files_content_is_still(c, fd);
}

/* The content of an open file: what was known, when it has not changed, else a new one. */
static nave_err take_content(struct look *l, int fd, struct files_identity *id, const char *name,
                             uint32_t coding, uint32_t vary, struct files_content **out)
{
    struct files_content *old = l->before ? l->before->contents[coding] : NULL;

    if (old && !l->before->has_codings == !vary && is_same(old, id, fd)) {
        close(fd);
        files_count(l->fw, &l->fw->plugin->counters.kept);
        old->refs++;
        *out = old;
        return NAVE_OK;
    }
    return files_content_make(l->fw, l->root, id, fd, name, coding, vary, out);
}

/* Open the files that lie beside l->path in other codings; how many there are. */
static uint32_t open_codings(struct look *l, int fds[FILES_CODING_COUNT],
                             struct files_identity ids[FILES_CODING_COUNT])
{
    size_t len = strlen(l->path);
    uint32_t count = 0, i;

    for (i = 0; i < l->root->coding_count; i++) {
        uint32_t coding = l->root->codings[i];
        const char *suffix = files_coding_suffix(coding);

        if (len + strlen(suffix) >= ROOM)
            continue;
        memcpy(l->path + len, suffix, strlen(suffix) + 1);
        fds[coding] = open_file(l, &ids[coding]);
        count += fds[coding] >= 0;
        l->path[len] = '\0';
    }
    return count;
}

/* Make the contents of a file that is open as `fd`, and of those beside it. */
static int take_file(struct look *l, int fd, struct files_identity *id, struct files_found *out)
{
    int fds[FILES_CODING_COUNT] = {-1, -1, -1, -1};
    struct files_identity ids[FILES_CODING_COUNT];
    uint32_t count = open_codings(l, fds, ids);
    const char *slash = strrchr(l->path, '/');
    const char *name = slash ? slash + 1 : l->path;
    nave_err err;
    uint32_t i;

    err = take_content(l, fd, id, name, 0, count, &out->contents[0]);
    for (i = 1; i < FILES_CODING_COUNT; i++) {
        if (fds[i] < 0)
            continue;
        if (err != NAVE_OK)
            close(fds[i]);
        else if (take_content(l, fds[i], &ids[i], name, i, count, &out->contents[i]) != NAVE_OK)
            out->contents[i] = NULL; /* the file as it is will do */
    }
    if (err != NAVE_OK)
        return 0;
    out->kind = FILES_ENTRY_FILE;
    out->status = 200;
    out->has_codings = count > 0;
    return 1;
}

static int nothing(struct files_found *out, int error)
{
    if (is_want(error))
        return 0;
    out->kind = FILES_ENTRY_NOTHING;
    out->status = status_of(error);
    return 1;
}

/* A folder, its slash behind it: one of its index files, or its listing. `len`: without the slash. */
static int look_at_folder(struct look *l, size_t len, struct files_found *out)
{
    const struct files_role_options *o = l->root->options;
    struct files_identity id;
    int error = ENOENT;
    uint64_t i;
    int fd;

    for (i = 0; i < o->index.count; i++) {
        const struct nave_str *name = &o->index.items[i];
        size_t at = len;

        if (at > 0)
            l->path[at++] = '/';
        memcpy(l->path + at, name->ptr, name->len);
        l->path[at + name->len] = '\0';
        fd = open_file(l, &id);
        if (fd >= 0)
            return take_file(l, fd, &id, out);
        if (is_want(-fd))
            return 0;
        if (status_of(-fd) == 403)
            error = -fd;
    }
    l->path[len] = '\0';
    if (!o->listing || error != ENOENT)
        return nothing(out, error);
    fd = open_below(l, l->path, 1);
    if (fd < 0)
        return nothing(out, -fd);
    close(fd);
    out->kind = FILES_ENTRY_LISTING;
    out->status = 200;
    return 1;
}

static int look_at_name(struct look *l, struct files_found *out)
{
    struct files_identity id;
    int fd = open_file(l, &id);

    if (fd >= 0)
        return take_file(l, fd, &id, out);
    if (fd != -EISDIR)
        return nothing(out, -fd);
    out->kind = FILES_ENTRY_FOLDER;
    out->status = 301;
    return 1;
}

int files_load(struct files_worker *fw, const struct files_root *root, const char *key, size_t len,
               const struct files_found *before, struct files_found *out)
{
    int is_folder = len == 0 || key[len - 1] == '/';
    struct look l;
    int done;

    memset(out, 0, sizeof(*out));
    l.fw = fw;
    l.root = root;
    l.before = before;
    files_count(fw, &fw->plugin->counters.looks);
    if (open_folder(&l) < 0)
        return nothing(out, -l.folder);
    if (len > 0)
        memcpy(l.path, key, len);
    if (len > 0 && is_folder)
        len--;
    l.path[len] = '\0';
    done = is_folder ? look_at_folder(&l, len, out) : look_at_name(&l, out);
    close(l.folder);
    return done;
}

int files_load_folder(struct files_worker *fw, const struct files_root *root, const char *key,
                      size_t len)
{
    struct look l;
    int fd;

    l.fw = fw;
    l.root = root;
    l.before = NULL;
    if (open_folder(&l) < 0)
        return l.folder;
    if (len > 0)
        memcpy(l.path, key, --len); /* without the slash */
    l.path[len] = '\0';
    fd = open_below(&l, l.path, 1);
    close(l.folder);
    return fd;
}

int files_load_probe(struct files_worker *fw, const struct files_root *root, const char *key,
                     size_t len, const char *name, struct stat *out)
{
    size_t name_len = strlen(name);
    int is_known = 0;
    struct look l;
    int fd;

    l.fw = fw;
    l.root = root;
    l.before = NULL;
    if (len + name_len >= ROOM || open_folder(&l) < 0)
        return 0;
    if (len > 0)
        memcpy(l.path, key, len);
    memcpy(l.path + len, name, name_len + 1);
    fd = open_below(&l, l.path, 0);
    if (fd >= 0) {
        is_known = fstat(fd, out) == 0;
        close(fd);
    }
    close(l.folder);
    return is_known;
}

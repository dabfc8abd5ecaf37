/* SPDX-License-Identifier: MIT
 *
 * Reading a folder for its listing: of all names the first by order, as many as may be shown, whatever
 * order and number the folder has. Shown is what a request for it would be given: no refused names, no
 * links that are not followed, nothing but files and folders.
 */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listing.h"

struct reading {
    struct files_worker *fw;
    const struct files_root *root;
    const struct files_entry *entry;
    struct files_name *names; /* a heap, the last by order on top, once it is full */
    uint64_t count;
    uint64_t room;
    uint64_t max;
    uint64_t seen;
};

/* What the name is, as a request would see it. 0: nothing to show. */
static int look(const struct reading *r, int folder, struct files_name *n)
{
    uint32_t links = r->root->options->symlinks;
    struct stat s;

    if (fstatat(folder, n->name, &s, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    if (S_ISLNK(s.st_mode) &&
        (links == 0 ||
         !files_load_probe(r->fw, r->root, r->entry->key, r->entry->slot.key_len, n->name, &s)))
        return 0;
    if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode))
        return 0;
    n->is_folder = S_ISDIR(s.st_mode);
    n->size = s.st_size > 0 ? (uint64_t)s.st_size : 0;
    n->modified_s = s.st_mtim.tv_sec;
    return 1;
}

static void swap(struct files_name *a, struct files_name *b)
{
    struct files_name t = *a;

    *a = *b;
    *b = t;
}

static void sift_up(struct files_name *heap, uint64_t i)
{
    while (i > 0 && files_name_compare(&heap[i], &heap[(i - 1) / 2]) > 0) {
        swap(&heap[i], &heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

static void sift_down(struct files_name *heap, uint64_t count)
{
    uint64_t i = 0;

    for (;;) {
        uint64_t top = i, child = 2 * i + 1;

        if (child < count && files_name_compare(&heap[child], &heap[top]) > 0)
            top = child;
        if (child + 1 < count && files_name_compare(&heap[child + 1], &heap[top]) > 0)
            top = child + 1;
        if (top == i)
            return;
        swap(&heap[i], &heap[top]);
        i = top;
    }
}

/* 0: out of memory. */
static int add(struct reading *r, const struct files_name *n)
{
    struct nave_host *host = r->fw->plugin->host;

    r->seen++;
    if (r->count == r->max) {
        if (r->max > 0 && files_name_compare(n, &r->names[0]) < 0) {
            r->names[0] = *n;
            sift_down(r->names, r->count);
        }
        return 1;
    }
    if (r->count == r->room) {
        uint64_t room = r->room ? r->room * 2 : 16;
        struct files_name *more =
            host->api->mem(host, r->names, r->room * sizeof(*r->names), room * sizeof(*r->names));

        if (!more)
            return 0;
        r->names = more;
        r->room = room;
    }
    r->names[r->count] = *n;
    sift_up(r->names, r->count++);
    return 1;
}

static int read_folder(struct reading *r, DIR *dir)
{
    int dotfiles = (int)r->root->options->dotfiles;
    struct files_name n;
    struct dirent *d;

    while ((d = readdir(dir)) != NULL) {
        size_t len = strlen(d->d_name);

        if (len > FILES_NAME_MAX || files_path_check(d->d_name, len, dotfiles) != FILES_PATH_OK)
            continue;
        memset(&n, 0, sizeof(n));
        memcpy(n.name, d->d_name, len);
        n.len = (uint32_t)len;
        if (look(r, dirfd(dir), &n) && !add(r, &n))
            return 0;
    }
    if (r->count > 1)
        qsort(r->names, r->count, sizeof(*r->names), files_name_compare);
    return 1;
}

static void respond_page(struct nave_http *x, const struct files_text *page)
{
    static const struct nave_http_header headers[] = {
        {"Content-Type", "text/html; charset=utf-8", 12, 24},
        {"X-Content-Type-Options", "nosniff", 22, 7},
        {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'", 23, 45},
        {"Cache-Control", "no-cache", 13, 8},
    };
    struct nave_http_response r = {.size = sizeof(r),
                                   .status = 200,
                                   .headers = headers,
                                   .header_count = NAVE_COUNT(headers),
                                   .body = page->data,
                                   .body_len = page->len};

    files_respond(x, &r);
}

void files_folder_answer(struct files_worker *fw, const struct files_root *root,
                         const struct files_entry *entry, struct nave_http *x)
{
    struct nave_host *host = fw->plugin->host;
    struct files_text page = {.host = host, .max = FILES_LISTING_MAX};
    struct reading r = {.fw = fw, .root = root, .entry = entry, .max = root->options->listing_max};
    int fd = files_load_folder(fw, root, entry->key, entry->slot.key_len);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        files_answer_status(x, fd == -ENOENT || fd == -ENOTDIR ? 404 : 503, NULL);
        return;
    }
    if (read_folder(&r, dir))
        files_listing_write(&page, entry->key, entry->slot.key_len, r.names, r.count,
                            r.seen - r.count);
    closedir(dir);
    if (page.len == 0 || page.has_failed) {
        files_count(fw, &fw->plugin->counters.busy);
        files_answer_status(x, 503, NULL);
    } else {
        respond_page(x, &page);
    }
    nave_host_free(host, page.data, page.room);
    nave_host_free(host, r.names, r.room * sizeof(*r.names));
}

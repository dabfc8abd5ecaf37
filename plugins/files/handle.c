/* SPDX-License-Identifier: MIT
 *
 * A request's way: the method, the name that it asks for, what that is. Read this first, after
 * plugin.c.
 */
#include "files.h"

#include <string.h>

/* The name that `x` asks for: what the router's "*" took, decoded there, or the whole path, decoded
 * here. FILES_PATH_*; -1: out of memory. Whether it is safe is looked at once, when it is new. */
static int name_of(struct nave_http *x, struct nave_str *out)
{
    struct nave_str name = nave_http_find_param(x, "*");
    struct nave_str path = nave_http_text(x, x->path);
    char *room;

    if (NAVE_LIKELY(name.ptr != NULL)) {
        *out = name;
        /* "%2f" has become a slash by now: a name with a slash in it is nobody's. */
        if (NAVE_UNLIKELY(memchr(path.ptr, '%', path.len) != NULL) &&
            files_path_hides(path.ptr, path.len))
            return FILES_PATH_REFUSED;
        return FILES_PATH_OK;
    }
    if (path.len == 0) { /* "http://host" means its root: "RFC 9110 4.2.3" */
        *out = path;
        return FILES_PATH_OK;
    }
    if (path.ptr[0] != '/')
        return FILES_PATH_BAD;
    room = nave_http_alloc(x, path.len);
    if (!room)
        return -1;
    out->ptr = room;
    return files_path_decode(path.ptr, path.len, room, &out->len);
}

/* To the same path with a slash behind it. */
static void redirect(struct nave_http *x)
{
    struct nave_http_header location = {"Location", NULL, 8, 0};
    struct nave_str path = nave_http_text(x, x->path);
    struct nave_str query = nave_http_text(x, x->query);
    char *text;

    if (!files_path_may_redirect(path.ptr, path.len)) {
        files_answer_status(x, 404, NULL);
        return;
    }
    text = nave_http_alloc(x, path.len + query.len + 2);
    if (!text) {
        files_answer_status(x, 503, NULL);
        return;
    }
    memcpy(text, path.ptr, path.len);
    text[path.len] = '/';
    location.value = text;
    location.value_len = (uint32_t)path.len + 1;
    if (query.len > 0) {
        text[location.value_len++] = '?';
        memcpy(text + location.value_len, query.ptr, query.len);
        location.value_len += (uint32_t)query.len;
    }
    files_answer_status(x, 301, &location);
}

static void files_handle(struct nave_http_handler *h, struct nave_http *x)
{
    static const struct nave_http_header allow = {"Allow", "GET, HEAD", 5, 9};
    const struct files_root *root = (const struct files_root *)(const void *)h;
    struct files_worker *fw = root->plugin->workers[x->worker];
    const struct files_entry *entry;
    struct nave_str name;
    uint16_t status = 503;
    int found;

    if (NAVE_UNLIKELY(x->method != NAVE_HTTP_GET && x->method != NAVE_HTTP_HEAD)) {
        files_answer_status(x, 405, &allow);
        return;
    }
    found = name_of(x, &name);
    if (NAVE_UNLIKELY(found != FILES_PATH_OK)) {
        files_count(fw, &fw->plugin->counters.refused);
        files_answer_status(x, found < 0 ? 503 : (uint16_t)found, NULL);
        return;
    }
    entry = files_lookup(fw, root, name.ptr, name.len, &status);
    if (NAVE_UNLIKELY(!entry)) {
        files_answer_status(x, status, NULL);
        return;
    }
    switch (entry->found.kind) {
    case FILES_ENTRY_FILE:
        files_answer(fw, root, entry, x);
        break;
    case FILES_ENTRY_FOLDER:
        redirect(x);
        break;
    case FILES_ENTRY_LISTING:
        files_folder_answer(fw, root, entry, x);
        break;
    default:
        files_answer_status(x, entry->found.status, NULL);
        break;
    }
}

const struct nave_http_handler_iface files_handler_table = {
    .hdr = NAVE_IFACE(struct nave_http_handler_iface, NAVE_HTTP_HANDLER_ID, 0, NAVE_IFACE_DRAFT),
    .handle = files_handle,
};

/* SPDX-License-Identifier: MIT
 *
 * A use of the role: the options that the host has filled are checked for what it cannot know, each
 * error at its place.
 */
#include "files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <nave/http_prepare.h>

#include "open.h"

struct checking {
    struct files_plugin *plugin;
    struct nave_conf *conf;
    uint32_t bad;
};

/* Tell why option `key` is refused, where it stands. */
static void refuse(struct checking *c, const char *key, const char *format, ...) NAVE_FORMAT(3, 4);
static void refuse(struct checking *c, const char *key, const char *format, ...)
{
    struct nave_conf *at = c->conf;
    char text[512];
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (len < 0)
        len = 0;
    if ((size_t)len >= sizeof(text))
        len = sizeof(text) - 1;
    if (nave_conf_kind(at) == NAVE_CONF_OBJECT && nave_conf_get(at, key))
        at = nave_conf_get(at, key);
    if (at)
        at->api->fail(at, text, (size_t)len);
    else
        c->plugin->host->api->fail(c->plugin->host, text, (size_t)len);
    c->bad++;
}

static int is_header_text(struct nave_str s)
{
    size_t i;

    for (i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7E)
            return 0;
    return 1;
}

/* "type/subtype", with parameters or without. */
static int is_type(struct nave_str s)
{
    const char *slash = memchr(s.ptr, '/', s.len);

    return slash && slash > s.ptr && slash + 1 < s.ptr + s.len && s.len < 128 && is_header_text(s);
}

static void check_folder(struct checking *c, const struct files_role_options *o)
{
    int fd = files_open_root(o->root.ptr);

    if (fd < 0)
        refuse(c, "root", "root must be a folder that can be opened: \"%.*s\": %s",
               (int)(o->root.len < 300 ? o->root.len : 300), o->root.ptr, strerror(-fd));
    else
        close(fd);
}

static void check_texts(struct checking *c, const struct files_role_options *o)
{
    uint64_t i;

    for (i = 0; i < o->index.count; i++) {
        const struct nave_str *s = &o->index.items[i];

        if (s->len == 0 || memchr(s->ptr, '/', s->len) ||
            files_path_check(s->ptr, s->len, 1) != FILES_PATH_OK)
            refuse(c, "index", "index must be names of files, without a slash; \"%.*s\" is none",
                   (int)(s->len < 80 ? s->len : 80), s->ptr);
    }
    for (i = 0; i < o->types.count; i++) {
        const struct nave_pair *p = &o->types.items[i];

        if (!is_type(p->value) || memchr(p->key.ptr, '/', p->key.len))
            refuse(
                c, "types",
                "types are extensions and media types, such as {\"wasm\": \"application/wasm\"}; "
                "\"%.*s\" has none",
                (int)(p->key.len < 80 ? p->key.len : 80), p->key.ptr);
    }
    if (!is_type(o->default_type))
        refuse(c, "default_type", "default_type must be a media type, such as \"text/plain\"");
    if (o->charset.len > 0 && !nave_http_is_token(o->charset.ptr, o->charset.len))
        refuse(c, "charset", "charset must be the name of a character set, such as \"utf-8\"");
    if (!is_header_text(o->cache_control))
        refuse(c, "cache_control",
               "cache_control must be printable ASCII, such as \"public, max-age=3600\"");
}

static void read_codings(struct checking *c, const struct files_role_options *o,
                         struct files_root *root)
{
    uint64_t i;
    uint32_t k;

    for (i = 0; i < o->encodings.count; i++) {
        const struct nave_str *s = &o->encodings.items[i];
        uint32_t coding = files_coding_find(s->ptr, s->len);

        for (k = 0; k < root->coding_count && root->codings[k] != coding; k++)
            ;
        if (coding == 0)
            refuse(c, "encodings", "encodings are br, zst and gz; \"%.*s\" is none",
                   (int)(s->len < 80 ? s->len : 80), s->ptr);
        else if (k < root->coding_count)
            refuse(c, "encodings", "encodings has \"%.*s\" twice", (int)s->len, s->ptr);
        else
            root->codings[root->coding_count++] = (uint8_t)coding;
    }
}

nave_err files_root_make(void *self, const struct nave_role_args *args, struct nave_handle **out)
{
    struct files_plugin *p = self;
    struct checking c = {.plugin = p, .conf = args->conf};
    struct files_root *root = nave_host_alloc(p->host, sizeof(*root));

    if (!root)
        return NAVE_ENOMEM;
    memset(root, 0, sizeof(*root));
    root->pub.api = p->handler_api;
    root->plugin = p;
    root->options = args->options;
    check_folder(&c, root->options);
    check_texts(&c, root->options);
    read_codings(&c, root->options, root);
    if (c.bad) {
        nave_host_free(p->host, root, sizeof(*root));
        return NAVE_ECONFIG;
    }
    root->id = ++p->root_count;
    *out = (struct nave_handle *)(void *)root;
    return NAVE_OK;
}

void files_root_unmake(void *self, struct nave_handle *handle)
{
    struct files_plugin *p = self;

    nave_host_free(p->host, handle, sizeof(struct files_root));
}

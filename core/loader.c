/* SPDX-License-Identifier: MIT
 *
 * The loader; the only file that knows dlopen. A file is opened once, without following a link, and
 * that descriptor is examined, read and mapped (as /proc/self/fd/N): what was checked is what runs.
 * Nothing of a plugin runs before its owner, mode, manifest and machine were found good.
 */
#include "loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "nv_elf.h"
#include "nv_err.h"
#include "options.h"
#include "value.h"

#define STATIC_PATH   "(static)"
#define TAG_BYTES     24u
#define SIZED_MAX     4096u /* no struct of a descriptor is larger     */
#define MAPPING_MAX   160u  /* bytes of the name given to dlopen       */
#define ET_DYN_NUMBER 3     /* a shared object, in the head of the file */

/* What a search was asked for. */
struct search {
    const char *id;
    struct nave_conf *at;
    struct nv_report *report;
};

static void refuse(const struct search *s, nave_err code, const char *format, ...)
    NAVE_FORMAT(3, 4);

static void refuse(const struct search *s, nave_err code, const char *format, ...)
{
    const struct nv_place place = {.plugin = s->id};
    char text[NV_TEXT_MAX];
    va_list args;

    va_start(args, format);
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    if (s->at)
        nv_conf_fail(s->at, code, s->id, "%s", text);
    else
        nv_report_error(s->report, code, &place, "%s", text);
}

/* ------------------------------------------------------------------------- the descriptor */

/* A sized struct may be larger than ours while what we do not know is zero (law 2). */
static nave_err check_size(const void *sized, uint32_t size, size_t known, const char *what,
                           struct nv_why *why)
{
    const unsigned char *bytes = sized;
    size_t i;

    if (size < known || size > SIZED_MAX)
        return nv_why_set(why, NAVE_EINVAL, "%s has size %u, at least %zu is needed", what, size,
                          known);
    for (i = known; i < size; i++) {
        if (bytes[i])
            return nv_why_set(why, NAVE_ETOONEW,
                              "%s uses a field at byte %zu that this host does not know; use a "
                              "newer host",
                              what, i);
    }
    return NAVE_OK;
}

static nave_err check_tag(const struct nave_abi_tag *tag, struct nv_why *why)
{
    if (tag->magic != NAVE_ABI_MAGIC || tag->tag_size != TAG_BYTES)
        return nv_why_set(why, NAVE_ENOTPLUGIN,
                          "the descriptor does not begin with the tag of a Nave plugin");
    if (tag->abi_major != NAVE_ABI_MAJOR)
        return nv_why_set(why, NAVE_EMAJOR,
                          "it was built for plugin ABI %u, this host has %u; rebuild it with the "
                          "SDK of this host",
                          tag->abi_major, NAVE_ABI_MAJOR);
    if (tag->ptr_size != sizeof(void *) || tag->size_t_size != sizeof(size_t) ||
        tag->max_align != _Alignof(max_align_t))
        return nv_why_set(why, NAVE_EABI,
                          "its pointers, size_t and largest alignment have %u, %u and %u bytes, "
                          "those of this host %zu, %zu and %zu; rebuild it for this machine",
                          tag->ptr_size, tag->size_t_size, tag->max_align, sizeof(void *),
                          sizeof(size_t), _Alignof(max_align_t));
    if (tag->endian != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 2))
        return nv_why_set(why, NAVE_EABI,
                          "it has another byte order than this host; rebuild it for this machine");
    if (tag->need_minor > NAVE_ABI_MINOR)
        return nv_why_set(why, NAVE_ETOOOLD,
                          "it needs plugin ABI %u.%u, this host has %u.%u; use a newer host, or "
                          "rebuild it with a lower NAVE_TARGET_MINOR",
                          tag->abi_major, tag->need_minor, NAVE_ABI_MAJOR, NAVE_ABI_MINOR);
    return NAVE_OK;
}

static nave_err check_ops(const struct nave_plugin_ops *ops, struct nv_why *why)
{
    nave_err err = check_size(ops, ops->size, sizeof(*ops), "the table of operations", why);
    const char *empty = !ops->create         ? "create"
                        : !ops->prepare      ? "prepare"
                        : !ops->commit       ? "commit"
                        : !ops->abort        ? "abort"
                        : !ops->start        ? "start"
                        : !ops->worker_start ? "worker_start"
                        : !ops->worker_drain ? "worker_drain"
                        : !ops->worker_stop  ? "worker_stop"
                        : !ops->stop         ? "stop"
                        : !ops->destroy      ? "destroy"
                                             : NULL;

    if (err)
        return err;
    if (empty)
        return nv_why_set(why, NAVE_EINVAL,
                          "slot \"%s\" of its operations is empty; fill it, nave_default_* do "
                          "nothing",
                          empty);
    return NAVE_OK;
}

static nave_err differs(struct nv_why *why, const char *what)
{
    return nv_why_set(why, NAVE_EINVAL,
                      "%s of its descriptor are not those of its manifest; both are made by "
                      "<nave/define.h>",
                      what);
}

static int is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static nave_err check_deps(const struct nave_dep *const *deps, const struct nv_manifest_dep *known,
                           uint32_t count, const char *what, struct nv_why *why)
{
    uint32_t i;
    nave_err err;

    for (i = 0; i < count; i++) {
        if (!deps[i])
            return differs(why, what);
        err = check_size(deps[i], deps[i]->size, sizeof(*deps[i]), what, why);
        if (err)
            return err;
        if (!is_same(deps[i]->id, known[i].id) || deps[i]->min_minor != known[i].min_minor ||
            deps[i]->flags != known[i].flags)
            return differs(why, what);
    }
    return deps[count] ? differs(why, what) : NAVE_OK;
}

static nave_err check_option_table(const struct nave_option_table *table,
                                   const struct nave_option *known, uint32_t count,
                                   struct nv_why *why)
{
    uint32_t i;
    nave_err err = nv_options_check_table(table, why);

    if (err)
        return err;
    if (table->count != count)
        return differs(why, "the options");
    for (i = 0; i < count; i++) {
        const struct nave_option *row = &table->rows[i];

        if (row->kind != known[i].kind || row->flags != known[i].flags ||
            !is_same(row->name, known[i].name) ||
            !is_same(row->default_text, known[i].default_text) ||
            !is_same(row->min_text, known[i].min_text) ||
            !is_same(row->max_text, known[i].max_text))
            return differs(why, "the options");
    }
    return NAVE_OK;
}

static nave_err check_roles(const struct nave_role *const *roles, const struct nv_manifest *m,
                            struct nv_why *why)
{
    uint32_t i;
    nave_err err;

    for (i = 0; i < m->role_count; i++) {
        const struct nv_manifest_role *known = &m->roles[i];

        if (!roles[i])
            return differs(why, "the roles");
        err = check_size(roles[i], roles[i]->size, sizeof(*roles[i]), "a role", why);
        if (err)
            return err;
        if (!is_same(roles[i]->kind, known->kind) || !is_same(roles[i]->name, known->name) ||
            !is_same(roles[i]->iface, known->iface))
            return differs(why, "the roles");
        if (!roles[i]->options || !roles[i]->make || !roles[i]->unmake)
            return nv_why_set(why, NAVE_EINVAL, "%s \"%s\" has an empty slot: fill %s", known->kind,
                              known->name,
                              !roles[i]->options ? "options"
                              : !roles[i]->make  ? "make"
                                                 : "unmake");
        err = check_option_table(roles[i]->options(), known->options, known->option_count, why);
        if (err)
            return err;
    }
    return roles[m->role_count] ? differs(why, "the roles") : NAVE_OK;
}

/* What stands behind a good tag. */
static nave_err check_body(const struct nave_plugin *desc, const struct nv_manifest *m,
                           struct nv_why *why)
{
    nave_err err;

    if (desc->manifest_len != m->text_len || memcmp(desc->manifest, m->text, m->text_len) != 0)
        return nv_why_set(why, NAVE_EINVAL,
                          "the manifest in memory is not the one in the file; rebuild it");
    if (!is_same(desc->id, m->id) || !is_same(desc->version, m->version) ||
        desc->tag.need_minor != m->need_minor || desc->tag.built_minor != m->built_minor)
        return differs(why, "id, version and ABI");
    err = check_ops(desc->ops, why);
    if (!err)
        err = check_deps(desc->needs, m->needs, m->need_count, "the needs", why);
    if (!err)
        err = check_deps(desc->provides, m->provides, m->provide_count, "the provides", why);
    if (!err)
        err = check_option_table(desc->options(), m->options, m->option_count, why);
    if (!err)
        err = check_roles(desc->roles, m, why);
    return err;
}

static nave_err check_descriptor(const struct nave_plugin *desc, const struct nv_manifest *m,
                                 struct nv_why *why)
{
    struct nv_manifest *own = NULL;
    nave_err err;

    if (!desc)
        return nv_why_set(why, NAVE_ENOTPLUGIN, "its entry returned no descriptor");
    err = check_tag(&desc->tag, why);
    if (!err)
        err = check_size(desc, desc->tag.desc_size, sizeof(*desc), "the descriptor", why);
    if (err)
        return err;
    if (!desc->id || !desc->version || !desc->manifest || !desc->needs || !desc->provides ||
        !desc->roles || !desc->options || !desc->ops)
        return nv_why_set(why, NAVE_EINVAL,
                          "its descriptor has an empty field; make it with <nave/define.h>");
    if (desc->manifest_len > NV_MANIFEST_BYTES_MAX)
        return nv_why_set(why, NAVE_ETOOBIG, "its manifest is larger than %u bytes",
                          NV_MANIFEST_BYTES_MAX);
    if (!m) {
        err = nv_manifest_parse(desc->manifest, (size_t)desc->manifest_len, &own, why);
        m = own;
    }
    if (!err)
        err = check_body(desc, m, why);
    nv_manifest_destroy(own);
    return err;
}

nave_err nv_loader_check_descriptor(const struct nave_plugin *desc, const struct nv_manifest *m,
                                    const char *file_name, struct nv_why *why)
{
    struct nv_why inner = {{0}};
    nave_err err = check_descriptor(desc, m, &inner);

    return err ? nv_why_set(why, err, "%s is refused: %s", file_name, inner.text) : NAVE_OK;
}

/* --------------------------------------------------------------------------------- find */

static nave_err check_owner(const struct search *s, const char *path, const struct stat *st)
{
    uid_t me = geteuid();

    if (st->st_uid != 0 && st->st_uid != me) {
        refuse(s, NAVE_EDENIED,
               "plugin \"%s\": %s belongs to user %lu; it must belong to root or to user %lu, who "
               "runs this; run: chown %lu '%s'",
               s->id, path, (unsigned long)st->st_uid, (unsigned long)me, (unsigned long)me, path);
        return NAVE_EDENIED;
    }
    if (st->st_mode & (S_IWGRP | S_IWOTH)) {
        refuse(s, NAVE_EDENIED,
               "plugin \"%s\": %s may be written by others than its owner (mode %04o); run: chmod "
               "go-w '%s'",
               s->id, path, (unsigned)(st->st_mode & 07777), path);
        return NAVE_EDENIED;
    }
    return NAVE_OK;
}

static nave_err fail_open(const struct search *s, const char *path)
{
    nave_err err = nv_err_from_errno(errno);

    refuse(s, err, "plugin \"%s\": %s cannot be opened: %s", s->id, path, strerror(errno));
    return err;
}

/* Open `real`, which has no links in it, by way of its folder. `fd` is set even when its owner or
 * mode is refused. */
static nave_err open_checked(const struct search *s, char *real, int *fd, struct stat *st)
{
    char *slash = strrchr(real, '/');
    const char *folder = slash == real ? "/" : real;
    nave_err err;
    int dir;

    *slash = '\0'; /* the folder, for a moment */
    dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || fstat(dir, st) < 0)
        err = fail_open(s, folder);
    else
        err = check_owner(s, folder, st);
    *slash = '/';
    if (!err) {
        *fd = openat(dir, slash + 1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        if (*fd < 0 || fstat(*fd, st) < 0)
            err = fail_open(s, real);
    }
    if (dir >= 0)
        close(dir);
    if (err)
        return err;
    if (!S_ISREG(st->st_mode)) {
        refuse(s, NAVE_ENOTPLUGIN, "plugin \"%s\": %s is no regular file", s->id, real);
        return NAVE_ENOTPLUGIN;
    }
    return check_owner(s, real, st);
}

/* Will this host map it? From the head of the file and the first lines of the manifest. */
static nave_err check_fit(const struct search *s, const struct nv_plugin_file *f)
{
    const struct nv_manifest *m = f->manifest;
    char rooms[2][24];
    struct nv_elf_head head;
    struct nv_why why = {{0}};
    uint16_t here = nv_elf_machine_here();
    nave_err err = nv_elf_head(f->fd, &head, &why);

    if (err) {
        refuse(s, err, "plugin \"%s\": %s %s", s->id, f->path, why.text);
    } else if (head.type != ET_DYN_NUMBER) {
        err = NAVE_ENOTPLUGIN;
        refuse(s, err, "plugin \"%s\": %s is no shared object; link it with -shared", s->id,
               f->path);
    } else if (here && (head.machine != here || head.bits != 8 * sizeof(void *))) {
        err = NAVE_EABI;
        refuse(s, err,
               "plugin \"%s\": %s was built for %s (%u bit), this host runs on %s (%zu bit); build "
               "it for this machine",
               s->id, f->path, nv_elf_machine_name(head.machine, rooms[0]), head.bits,
               nv_elf_machine_name(here, rooms[1]), 8 * sizeof(void *));
    } else if (m->abi_major != NAVE_ABI_MAJOR) {
        err = NAVE_EMAJOR;
        refuse(s, err,
               "plugin \"%s\": %s was built for plugin ABI %u, this host has %u; rebuild it with "
               "the SDK of this host",
               s->id, f->path, m->abi_major, NAVE_ABI_MAJOR);
    } else if (m->need_minor > NAVE_ABI_MINOR) {
        err = NAVE_ETOOOLD;
        refuse(s, err,
               "plugin \"%s\": %s needs plugin ABI %u.%u, this host has %u.%u; use a newer host, "
               "or rebuild the plugin with a lower NAVE_TARGET_MINOR",
               s->id, f->path, m->abi_major, m->need_minor, NAVE_ABI_MAJOR, NAVE_ABI_MINOR);
    } else if (m->ptr_size != sizeof(void *) || m->endian != head.endian) {
        err = NAVE_EABI;
        refuse(s, err, "plugin \"%s\": %s has another pointer size or byte order; rebuild it",
               s->id, f->path);
    }
    return err;
}

/* Take the file at `path`. `is_guess`: a file with another id inside is another plugin's, no error. */
static nave_err take(const struct search *s, const char *path, int is_guess,
                     struct nv_plugin_file **out_file)
{
    struct nv_plugin_file *f = calloc(1, sizeof(*f));
    struct nv_why why = {{0}};
    struct stat st;
    nave_err err;

    if (!f)
        return NAVE_ENOMEM;
    f->fd = -1;
    f->report = s->report;
    f->path = realpath(path, NULL);
    if (!f->path) {
        err = errno == ENOENT || errno == ENOTDIR ? NAVE_ENOTFOUND : fail_open(s, path);
        goto out;
    }
    err = open_checked(s, f->path, &f->fd, &st);
    if (err)
        goto out;
    err = nv_manifest_read(f->fd, &f->manifest, &why);
    if (err) {
        refuse(s, err, "plugin \"%s\": %s: %s", s->id, f->path, why.text);
        goto out;
    }
    if (strcmp(f->manifest->id, s->id) != 0) {
        err = is_guess ? NAVE_ENOTFOUND : NAVE_EINVAL;
        if (!is_guess)
            refuse(s, err, "plugin \"%s\": %s is plugin \"%s\"; name it so, or give another path",
                   s->id, f->path, f->manifest->id);
        goto out;
    }
    err = check_fit(s, f);
    f->device = (uint64_t)st.st_dev;
    f->inode = (uint64_t)st.st_ino;
    f->bytes = (uint64_t)st.st_size;
    f->changed_sec = (int64_t)st.st_ctim.tv_sec;
    f->changed_nsec = (int64_t)st.st_ctim.tv_nsec;

out:
    if (err)
        nv_loader_close(f);
    else
        *out_file = f;
    return err;
}

/* ID.so, then LAST.so, in one folder. */
static nave_err take_from(const struct search *s, const char *folder, size_t len,
                          struct nv_plugin_file **out_file)
{
    const char *last = strrchr(s->id, '.');
    nave_err err = NAVE_ENOTFOUND;
    int round;

    for (round = 0; err == NAVE_ENOTFOUND && round < (last ? 2 : 1); round++) {
        char *path = NULL;

        if (asprintf(&path, "%.*s/%s.so", (int)len, folder, round ? last + 1 : s->id) < 0)
            return NAVE_ENOMEM;
        err = take(s, path, round, out_file);
        free(path);
    }
    return err;
}

static nave_err search_folders(const struct search *s, const char *folders,
                               struct nv_plugin_file **out_file)
{
    nave_err err = NAVE_ENOTFOUND;
    const char *at = folders;

    while (err == NAVE_ENOTFOUND && *at) {
        size_t len = strcspn(at, ":");

        if (len > 0 && at[0] == '/' && len < 4096)
            err = take_from(s, at, len, out_file);
        at += len + (at[len] == ':');
    }
    if (err == NAVE_ENOTFOUND)
        refuse(s, err,
               "plugin \"%s\" was not found: no %s.so in %s; install it, add its folder to the "
               "search path, or give the path of its file",
               s->id, s->id, folders[0] ? folders : "any folder (the search path is empty)");
    return err;
}

nave_err nv_loader_find(const char *id, const char *path, const char *search, struct nave_conf *at,
                        struct nv_report *report, struct nv_plugin_file **out_file)
{
    const struct search s = {id, at, report};
    nave_err err;

    if (!nv_value_is_id((struct nave_str){id, strlen(id)})) {
        refuse(&s, NAVE_EINVAL,
               "\"%.64s\" is no id of a plugin: words of a-z, 0-9, - and _, with . between", id);
        return NAVE_EINVAL;
    }
    if (path && path[0] != '/') {
        refuse(&s, NAVE_EINVAL, "plugin \"%s\": path \"%s\" is not absolute", id, path);
        return NAVE_EINVAL;
    }
    if (path) {
        err = take(&s, path, 0, out_file);
        if (err == NAVE_ENOTFOUND)
            refuse(&s, err, "plugin \"%s\": there is no file %s", id, path);
    } else {
        err = search_folders(&s, search ? search : "", out_file);
    }
    if (err == NAVE_ENOMEM)
        refuse(&s, err, "plugin \"%s\": out of memory", id);
    return err;
}

nave_err nv_loader_static(nave_plugin_entry_fn entry, struct nv_report *report,
                          struct nv_plugin_file **out_file)
{
    struct search s = {NULL, NULL, report};
    const struct nave_plugin *desc = entry ? entry() : NULL;
    struct nv_plugin_file *f;
    struct nv_why why = {{0}};
    nave_err err = nv_loader_check_descriptor(desc, NULL, "a static plugin", &why);

    if (err) {
        refuse(&s, err, "%s", why.text);
        return err;
    }
    s.id = desc->id;
    f = calloc(1, sizeof(*f));
    if (f) {
        f->fd = -1;
        f->is_static = 1;
        f->report = report;
        f->desc = desc;
        f->path = strdup(STATIC_PATH);
    }
    err = !f || !f->path
              ? nv_why_set(&why, NAVE_ENOMEM, "out of memory")
              : nv_manifest_parse(desc->manifest, (size_t)desc->manifest_len, &f->manifest, &why);
    if (err) {
        refuse(&s, err, "plugin \"%s\": %s", desc->id, why.text);
        nv_loader_close(f);
        return err;
    }
    *out_file = f;
    return NAVE_OK;
}

/* --------------------------------------------------------------------------------- load */

/* A name by which the dynamic linker finds the open file. It keeps libraries by name, and a number
 * is used again after a close, so each load writes its count into the path: "./" is a one, "/" a
 * zero. Without /proc it is the path itself, whose folder only its owner may change. */
static const char *mapping_name(const struct nv_plugin_file *f, char *room)
{
    static uint32_t loads; /* [control] only */
    uint32_t count = loads++;
    size_t len;
    int bit;

    len = (size_t)snprintf(room, MAPPING_MAX, "/proc/self/fd/%d", f->fd);
    if (access(room, R_OK) != 0)
        return f->path;
    len = (size_t)snprintf(room, MAPPING_MAX, "/proc/self/fd/");
    for (bit = 0; bit < 32; bit++) {
        if (count >> bit & 1)
            room[len++] = '.';
        room[len++] = '/';
    }
    snprintf(room + len, MAPPING_MAX - len, "%d", f->fd);
    return room;
}

/* dlerror() names the file as we named it; the operator knows it by its path. */
static void name_error(const char *text, const char *mapping, const char *path, char *out,
                       size_t cap)
{
    const char *found = text ? strstr(text, mapping) : NULL;

    if (found)
        snprintf(out, cap, "%.*s%s%s", (int)(found - text), text, path, found + strlen(mapping));
    else
        snprintf(out, cap, "%s", text ? text : "no reason was given");
}

static int has_changed(const struct nv_plugin_file *f)
{
    struct stat st;

    return fstat(f->fd, &st) < 0 || (uint64_t)st.st_dev != f->device ||
           (uint64_t)st.st_ino != f->inode || (uint64_t)st.st_size != f->bytes ||
           (int64_t)st.st_ctim.tv_sec != f->changed_sec ||
           (int64_t)st.st_ctim.tv_nsec != f->changed_nsec;
}

nave_err nv_loader_load(struct nv_plugin_file *f, struct nave_conf *at)
{
    const struct search s = {f->manifest->id, at, f->report};
    nave_plugin_entry_fn entry = NULL;
    char room[MAPPING_MAX], text[1024];
    struct nv_why why = {{0}};
    const struct nave_plugin *desc;
    const char *mapping;
    void *library, *symbol;
    nave_err err;

    if (f->desc)
        return NAVE_OK;
    if (has_changed(f)) {
        refuse(&s, NAVE_ESTALE,
               "plugin \"%s\": %s was changed while it was being loaded; try again", s.id, f->path);
        return NAVE_ESTALE;
    }
    mapping = mapping_name(f, room);
    library = dlopen(mapping, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        name_error(dlerror(), mapping, f->path, text, sizeof(text));
        refuse(&s, NAVE_ENOTPLUGIN, "plugin \"%s\": %s cannot be mapped: %s", s.id, f->path, text);
        return NAVE_ENOTPLUGIN;
    }
    symbol = dlsym(library, NAVE_ENTRY_SYMBOL);
    if (!symbol) {
        refuse(&s, NAVE_ENOTPLUGIN,
               "plugin \"%s\": %s does not export %s; include <nave/define.h> once", s.id, f->path,
               NAVE_ENTRY_SYMBOL);
        dlclose(library);
        return NAVE_ENOTPLUGIN;
    }
    memcpy(&entry, &symbol, sizeof(entry)); /* POSIX: the same size; ISO C has no cast for it */
    desc = entry();
    err = nv_loader_check_descriptor(desc, f->manifest, f->path, &why);
    if (err) {
        refuse(&s, err, "plugin \"%s\": %s", s.id, why.text);
        dlclose(library);
        return err;
    }
    f->library = library;
    f->desc = desc;
    return NAVE_OK;
}

/* A sanitizer names places in code at exit, when an unmapped library has no names any more. */
static int may_unmap(const struct nv_plugin_file *f)
{
#if defined(NV_SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)f;
    return 0;
#else
    return !(f->desc->tag.flags & NAVE_PLUGIN_KEEP_MAPPED);
#endif
}

void nv_loader_close(struct nv_plugin_file *f)
{
    if (!f)
        return;
    if (f->library && may_unmap(f))
        dlclose(f->library);
    if (f->fd >= 0)
        close(f->fd);
    nv_manifest_destroy(f->manifest);
    free(f->path);
    free(f);
}

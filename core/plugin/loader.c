/* SPDX-License-Identifier: MIT
 *
 * The loader; the only file that knows dlopen. A file is opened once, without following a link, and
 * that descriptor is examined, read and mapped (as /proc/self/fd/N): what was checked is what runs.
 * With a digest asked for, the descriptor is exchanged for a sealed copy before anything is read.
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

#include "conf/conf.h"
#include "descriptor.h"
#include "nv_elf.h"
#include "base/nv_err.h"
#include "sealed.h"
#include "base/value.h"

#define STATIC_PATH   "(static)"
#define NOT_BUILT     "; a plugin is a shared object that was built with <nave/define.h>"
#define MAPPING_MAX   160u                  /* bytes of the name given to dlopen       */
#define ET_DYN_NUMBER 3                     /* a shared object, in the head of the file */
#define PINNED_MAX    (UINT64_C(256) << 20) /* bytes of a file whose digest is asked for */

/* What a search was asked for. */
struct search {
    const char *id;
    struct nave_conf *at;
    struct nv_report *report;
    const char *sha256; /* NULL: any */
    struct nave_conf *digest_at;
    int is_reading; /* to tell about it: any id will do, and any machine */
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

static nave_err no_memory(const struct search *s)
{
    refuse(s, NAVE_ENOMEM, "plugin \"%s\": out of memory", s->id);
    return NAVE_ENOMEM;
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
        refuse(s, NAVE_ENOTPLUGIN,
               "plugin \"%s\": %s is no regular file; give the path of the plugin's .so", s->id,
               real);
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
        refuse(s, err,
               "plugin \"%s\": the manifest of %s is of a machine with pointers of %u bytes and "
               "byte order %u, its code is not; rebuild it",
               s->id, f->path, m->ptr_size, m->endian);
    }
    return err;
}

/* The file has digest `found`, and another was asked for. */
static nave_err refuse_digest(const struct search *s, const char *path, const char *found)
{
    const struct search at_digest = {s->id,     s->digest_at ? s->digest_at : s->at,
                                     s->report, NULL,
                                     NULL,      0};

    refuse(&at_digest, NAVE_EDENIED,
           "plugin \"%s\": %s has sha256 %s, and %s is expected; when the file is the one that you "
           "mean, write its digest to \"$sha256\", else install the right one",
           s->id, path, found, s->sha256);
    return NAVE_EDENIED;
}

/* Measure the file and exchange its descriptor for a sealed copy of what was measured. Where there
 * is no such thing, the file stays, and load measures it again. */
static nave_err pin(const struct search *s, struct nv_plugin_file *f)
{
    struct nv_why why = {{0}};
    char found[NV_DIGEST_TEXT];
    int copy = -1;
    nave_err err = nv_sealed_open(s->id, &copy);

    if (err == NAVE_ENOSYS)
        err = nv_digest_file(f->fd, PINNED_MAX, found, &why);
    else if (err)
        nv_why_set(&why, err, "cannot be copied: %s", nave_err_text(err));
    else
        err = nv_digest_copy(f->fd, copy, PINNED_MAX, found, &why);
    if (!err && copy >= 0) {
        err = nv_sealed_close(copy);
        if (err)
            nv_why_set(&why, err, "cannot be copied and sealed");
    }
    if (err)
        refuse(s, err, "plugin \"%s\": %s %s", s->id, f->path, why.text);
    else if (strcmp(found, s->sha256) != 0)
        err = refuse_digest(s, f->path, found);
    if (err) {
        if (copy >= 0)
            close(copy);
        return err;
    }
    memcpy(f->digest, found, sizeof(found));
    if (copy >= 0) {
        close(f->fd);
        f->fd = copy;
        f->is_sealed = 1;
    }
    return NAVE_OK;
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
        return no_memory(s);
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
    err = s->sha256 ? pin(s, f) : NAVE_OK;
    if (err)
        goto out;
    err = nv_manifest_read(f->fd, &f->manifest, &why);
    if (err) {
        refuse(s, err, "plugin \"%s\": %s: %s%s", s->id, f->path, why.text,
               err == NAVE_ENOTPLUGIN                      ? NOT_BUILT
               : err == NAVE_ESYNTAX || err == NAVE_EINVAL ? "; rebuild it with <nave/define.h>"
                                                           : "");
        goto out;
    }
    if (!s->is_reading && strcmp(f->manifest->id, s->id) != 0) {
        err = is_guess ? NAVE_ENOTFOUND : NAVE_EINVAL;
        if (!is_guess)
            refuse(s, err, "plugin \"%s\": %s is plugin \"%s\"; name it so, or give another path",
                   s->id, f->path, f->manifest->id);
        goto out;
    }
    err = check_fit(s, f);
    if (s->is_reading) {
        f->unfit = err;
        err = NAVE_OK;
        close(f->fd);
        f->fd = -1;
    }
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
            return no_memory(s);
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

static int32_t is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

int32_t nv_loader_is_there(const char *id, const char *path, const char *search)
{
    const char *last = strrchr(id, '.');
    char name[4096 + 128];
    size_t len;

    if (path)
        return is_file(path);
    for (; search && *search; search += len + (search[len] == ':')) {
        len = strcspn(search, ":");
        if (len == 0 || search[0] != '/' || len >= 4096)
            continue;
        snprintf(name, sizeof(name), "%.*s/%s.so", (int)len, search, id);
        if (is_file(name))
            return 1;
        snprintf(name, sizeof(name), "%.*s/%s.so", (int)len, search, last ? last + 1 : id);
        if (is_file(name))
            return 1;
    }
    return 0;
}

nave_err nv_loader_find_pinned(const char *id, const char *path, const char *search,
                               const char *sha256, struct nave_conf *digest_at,
                               struct nave_conf *at, struct nv_report *report,
                               struct nv_plugin_file **out_file)
{
    const struct search s = {id, at, report, sha256, digest_at, 0};
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
            refuse(&s, err, "plugin \"%s\": there is no file %s; install it, or correct its path",
                   id, path);
    } else {
        err = search_folders(&s, search ? search : "", out_file);
    }
    return err;
}

nave_err nv_loader_find(const char *id, const char *path, const char *search, struct nave_conf *at,
                        struct nv_report *report, struct nv_plugin_file **out_file)
{
    return nv_loader_find_pinned(id, path, search, NULL, NULL, at, report, out_file);
}

nave_err nv_loader_examine(const char *path, struct nv_report *report,
                           struct nv_plugin_file **out_file)
{
    const char *slash = strrchr(path, '/');
    struct search s = {.id = slash ? slash + 1 : path, .report = report, .is_reading = 1};
    nave_err err = take(&s, path, 0, out_file);

    if (err == NAVE_ENOTFOUND)
        refuse(&s, err, "there is no file %s", path);
    return err;
}

nave_err nv_loader_static(nave_plugin_entry_fn entry, struct nv_report *report,
                          struct nv_plugin_file **out_file)
{
    struct search s = {NULL, NULL, report, NULL, NULL, 0};
    const struct nave_plugin *desc = entry ? entry() : NULL;
    struct nv_plugin_file *f;
    struct nv_why why = {{0}};
    nave_err err = nv_descriptor_check(desc, NULL, "a static plugin", &why);

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
    static uint32_t loads; /* atomic: of the process, as the linker's names are */
    uint32_t count = __atomic_fetch_add(&loads, 1, __ATOMIC_RELAXED);
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

/* Is the open file still what was checked, and does its path still lead to it? Every write, rename,
 * link and change of mode moves the time of change. */
static nave_err check_unchanged(const struct search *s, const struct nv_plugin_file *f)
{
    char found[NV_DIGEST_TEXT];
    struct nv_why why = {{0}};
    struct stat st;
    nave_err err;

    if (f->is_sealed)
        return NAVE_OK;
    if (stat(f->path, &st) < 0 || (uint64_t)st.st_dev != f->device ||
        (uint64_t)st.st_ino != f->inode) {
        refuse(
            s, NAVE_ESTALE,
            "plugin \"%s\": %s was replaced or taken away after it was checked; none of its code "
            "has run; start again",
            s->id, f->path);
        return NAVE_ESTALE;
    }
    if (fstat(f->fd, &st) < 0 || (uint64_t)st.st_size != f->bytes ||
        (int64_t)st.st_ctim.tv_sec != f->changed_sec ||
        (int64_t)st.st_ctim.tv_nsec != f->changed_nsec) {
        refuse(
            s, NAVE_ESTALE,
            "plugin \"%s\": %s was changed after it was checked; none of its code has run; start "
            "again",
            s->id, f->path);
        return NAVE_ESTALE;
    }
    if (!f->digest[0])
        return NAVE_OK;
    err = nv_digest_file(f->fd, PINNED_MAX, found, &why);
    if (err)
        refuse(s, err, "plugin \"%s\": %s %s", s->id, f->path, why.text);
    return err ? err : strcmp(found, f->digest) != 0 ? refuse_digest(s, f->path, found) : NAVE_OK;
}

/* A sanitizer names places in code at exit, when an unmapped library has no names any more. */
static void unmap(void *library, const struct nave_plugin *desc)
{
#if defined(NV_SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)library;
    (void)desc;
#else
    if (!desc || !(desc->tag.flags & NAVE_PLUGIN_KEEP_MAPPED))
        dlclose(library);
#endif
}

nave_err nv_loader_load(struct nv_plugin_file *f, struct nave_conf *at)
{
    const struct search s = {f->manifest->id, at, f->report, f->digest, NULL, 0};
    nave_plugin_entry_fn entry = NULL;
    char room[MAPPING_MAX], text[1024];
    struct nv_why why = {{0}};
    const struct nave_plugin *desc;
    const char *mapping;
    void *library, *symbol;
    nave_err err;

    if (f->desc)
        return NAVE_OK;
    err = check_unchanged(&s, f);
    if (err)
        return err;
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
        unmap(library, NULL);
        return NAVE_ENOTPLUGIN;
    }
    memcpy(&entry, &symbol, sizeof(entry)); /* POSIX: the same size; ISO C has no cast for it */
    desc = entry();
    err = nv_descriptor_check(desc, f->manifest, f->path, &why);
    if (err) {
        refuse(&s, err, "plugin \"%s\": %s", s.id, why.text);
        unmap(library,
              err == NAVE_ENOTPLUGIN ? NULL : desc); /* its flags count behind a good tag */
        return err;
    }
    f->library = library;
    f->desc = desc;
    return NAVE_OK;
}

int32_t nv_loader_has_code(const struct nv_plugin_file *f, const void *address)
{
    Dl_info of_file, of_address;

    return f->library && dladdr(f->desc, &of_file) != 0 && dladdr(address, &of_address) != 0 &&
           of_file.dli_fbase == of_address.dli_fbase;
}

void nv_loader_close(struct nv_plugin_file *f)
{
    if (!f)
        return;
    if (f->library)
        unmap(f->library, f->desc);
    if (f->fd >= 0)
        close(f->fd);
    nv_manifest_destroy(f->manifest);
    free(f->path);
    free(f);
}

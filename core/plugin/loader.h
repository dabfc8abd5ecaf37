/* SPDX-License-Identifier: MIT
 *
 * From the id of a plugin to its checked descriptor, in two steps: find (search, open once, check
 * owner and mode, read the manifest: no code runs) and load (map that same open file, take the entry,
 * check the descriptor). Every refusal is reported: who, what it needs, what the host has, what to do.
 */
#ifndef NV_LOADER_H
#define NV_LOADER_H

#include <nave/conf.h>
#include <nave/error.h>
#include <nave/plugin.h>

#include "digest.h"
#include "manifest.h"
#include "log/report.h"

/* A plugin that was found. Read by others, written by the loader. */
struct nv_plugin_file {
    char *path;                     /* absolute; "(static)" for a static plugin     */
    struct nv_manifest *manifest;   /* never NULL                                   */
    const struct nave_plugin *desc; /* NULL until loaded; then checked              */

    struct nv_report *report;
    void *library; /* of dlopen; NULL: not loaded, or static */
    int fd;        /* the file that was checked; -1: static, or only examined */
    int is_static;
    int is_sealed;               /* `fd` is a copy that nobody can change        */
    char digest[NV_DIGEST_TEXT]; /* that was asked for, and found; "": none was */
    uint64_t device;             /* what was checked, to see a change */
    uint64_t inode;
    uint64_t bytes;
    int64_t changed_sec;
    int64_t changed_nsec;
    nave_err unfit; /* examined only: why this host would not load it */
};

/* Find plugin `id`: at `path` (absolute), or when that is NULL as ID.so, then LAST.so (the last word
 * of a dotted id) in the folders of `search` (absolute, ':' between; NULL or "": none). `at` is where
 * the configuration names it (may be NULL). Runs no plugin code. Thread: [control].
 * Owns: borrows report until close. Errors: NAVE_ENOTFOUND; NAVE_EDENIED owner or mode of the file or
 * its folder; NAVE_ENOTPLUGIN; NAVE_EMAJOR, NAVE_ETOOOLD, NAVE_EABI as nv_loader_load; NAVE_EINVAL
 * another id inside, or a path that is not absolute; what nv_manifest_read returned. Each reported. */
NAVE_NODISCARD nave_err nv_loader_find(const char *id, const char *path, const char *search,
                                       struct nave_conf *at, struct nv_report *report,
                                       struct nv_plugin_file **out_file);

/* 1: a file that nv_loader_find would take is there, whatever it is. Thread: [control]. */
int32_t nv_loader_is_there(const char *id, const char *path, const char *search);

/* As nv_loader_find, and the file must have digest `sha256` (64 lower hex digits; NULL: any), which
 * stands at `digest_at` (may be NULL). The bytes that were measured are the ones that are read and
 * loaded: a sealed copy of the file, or where the system has none, the file, measured again before it
 * is mapped. Errors: also NAVE_EDENIED another digest; NAVE_ETOOBIG; NAVE_EIO. */
NAVE_NODISCARD nave_err nv_loader_find_pinned(const char *id, const char *path, const char *search,
                                              const char *sha256, struct nave_conf *digest_at,
                                              struct nave_conf *at, struct nv_report *report,
                                              struct nv_plugin_file **out_file);

/* Read what the file at `path` says of itself, whatever id it has, to tell about it; it cannot be
 * loaded after. A file for another machine or another version of this host is no error: it is
 * reported, and `unfit` says which. Thread: [control]. Owns: as nv_loader_find. Errors: as that, but
 * NAVE_EMAJOR, NAVE_ETOOOLD and NAVE_EABI. Each reported. */
NAVE_NODISCARD nave_err nv_loader_examine(const char *path, struct nv_report *report,
                                          struct nv_plugin_file **out_file);

/* Take a static plugin: the entry is called, its descriptor checked, its manifest parsed. desc is set
 * at once. Thread: [control]. Errors: as nv_loader_load. Each reported. */
NAVE_NODISCARD nave_err nv_loader_static(nave_plugin_entry_fn entry, struct nv_report *report,
                                         struct nv_plugin_file **out_file);

/* Map the file, call the entry, check the descriptor; desc is set. Loading twice is fine.
 * Thread: [control]. Errors: NAVE_ESTALE the file changed or was replaced since find; NAVE_ENOTPLUGIN it cannot be
 * mapped, or has no entry or no descriptor; and those of nv_descriptor_check. Each reported. */
NAVE_NODISCARD nave_err nv_loader_load(struct nv_plugin_file *file, struct nave_conf *at);

/* 1: `address` is in the code of the file, which is mapped; never of a static plugin. Thread: [any]. */
int32_t nv_loader_has_code(const struct nv_plugin_file *file, const void *address);

/* Forget it; unmap it unless it asked to stay or that is not safe. NULL is fine. Thread: [control].
 * State: nothing of the plugin is in use. */
void nv_loader_close(struct nv_plugin_file *file);

#endif

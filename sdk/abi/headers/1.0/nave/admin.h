/* SPDX-License-Identifier: MIT
 *
 * nave.admin/1: what a runtime can tell about itself and about the plugins that it could load. It is
 * how the program `nave` prints schemas, tables and graphs, and how any host does the same:
 *
 *     struct nave_handle *h;
 *     if (nave_runtime_bind(rt, NAVE_ADMIN_ID, 0, sizeof(struct nave_admin_iface), &h) == NAVE_OK)
 *         nave_admin_describe((struct nave_admin *)h, "schema", NULL, "json", on_text, file);
 *
 * No plugin's code runs for any of it: manifests are read, and the entries of static plugins were
 * called by the host program's own choice. DRAFT.
 */
#ifndef NAVE_ADMIN_H
#define NAVE_ADMIN_H

#include <nave/base.h>
#include <nave/error.h>
#include <nave/iface.h>

NAVE_BEGIN_DECLS

#define NAVE_ADMIN_ID "nave.admin/1"

struct nave_admin;

/* Takes `len` bytes of an answer, in order, any number of times. Must not call the runtime.
 * Thread: as the call that was given it. Borrows the text. */
typedef void nave_write_fn(void *arg, const char *text, size_t len);

/* "nave.admin/1" */
struct nave_admin_iface {
    struct nave_iface hdr;
    /* Write what is known about `what` in `format` through `write`, which is called before this
     * returns and never after. UTF-8; texts of files and manifests are in it as they are, without
     * control characters.
     *
     * what       subjects             formats              is
     * "schema"   ids, paths of files  json, markdown       one JSON Schema (2020-12) of the whole
     *                                                      configuration file; markdown: its keys as
     *                                                      a page with a table for each plugin
     * "plugins"  none                 text, json           what is found where, which files were
     *                                                      refused and why
     * "plugin"   ids, paths of files  text, json           everything that the manifest says
     * "files"    none                 text, json           the files that the configuration was read
     *                                                      from, the first one first; text: one a
     *                                                      line. State: configured
     * "usage"    none                 text, json           what each plugin uses now: memory,
     *                                                      descriptors, timers, tasks, holds, sampled
     *                                                      time; and its counters. State: configured
     * "graph"    none                 text, json, dot      plugins, services, listeners and the order
     *                                                      of start. State: configured
     * "config"   none                 json                 the configuration in force: what was read,
     *                                                      included and set, the default of everything
     *                                                      else; secrets masked. State: configured
     * "admin"    one configuration    text                 the path of the admin socket that it names,
     *                                                      one line, empty when it names none; its
     *                                                      plugins need not be there. None: what the
     *                                                      runtime was configured with
     *
     * `subjects` is a list that ends with NULL; NULL, or an empty list: all plugins that are found,
     * but for "plugin", which needs one. A subject with a '/' is the path of a file, relative to the
     * working directory; every other is the id of a plugin, which is searched as a configuration's is.
     * A file that this host would refuse to load for its machine or its version is described as well,
     * with the reason. `format` NULL is the first one of the row.
     *
     * Thread: [control]. Null: [subjects, format]. Owns: borrows everything until it returns.
     * Errors, each reported: NAVE_EINVAL an unknown `what` or `format`, or subjects where there are
     * none; NAVE_ESTATE a graph without a configuration; for a subject what the loader says:
     * NAVE_ENOTFOUND, NAVE_EDENIED, NAVE_ENOTPLUGIN, NAVE_ESYNTAX, ...; NAVE_ENOMEM. Nothing was written
     * then. */
    nave_err (*describe)(struct nave_admin *a, const char *what, const char *const *subjects,
                         const char *format, nave_write_fn *write, void *arg);
    /* Write what the runtime counts: its workers, what plugins use, their counters, the streams of
     * listeners. `format` is "prometheus", the text exposition format 0.0.4, which is also NULL; or
     * "json". `write` is called before this returns and never after. Numbers need not be of one
     * instant. Thread: [any]. Null: [format]. Owns: borrows everything until it returns.
     * Errors: NAVE_EINVAL an unknown format; NAVE_ESTATE the runtime was not started; NAVE_ENOMEM.
     * Nothing was written then, and nothing is reported. */
    nave_err (*metrics)(struct nave_admin *a, const char *format, nave_write_fn *write, void *arg);
    /* Write what every task waits for, and every blocking call, as `nave dump` does: by which a program
     * that hangs says where. `format` is "text", which is also NULL, or "json". The tasks are not
     * disturbed, and the other workers go on; this thread does nothing else meanwhile, so `write` should not
     * take long. `write` is called before this returns and never after. Since minor 1.
     * Thread: [control]; a callback on worker 0, and nave_event_fn, are on it. Null: [format].
     * State: it runs. Owns: borrows everything until it returns.
     * Errors: NAVE_EINVAL an unknown format; NAVE_ESTATE it does not run, or is on its way down; NAVE_ENOMEM.
     * Nothing was written then, and nothing is reported. */
    nave_err (*dump)(struct nave_admin *a, const char *format, nave_write_fn *write, void *arg);
};

/* The handle; one for each runtime. */
struct nave_admin {
    const struct nave_admin_iface *api;
};

/* See nave_admin_iface.describe. Thread: [control]. */
static inline nave_err nave_admin_describe(struct nave_admin *a, const char *what,
                                           const char *const *subjects, const char *format,
                                           nave_write_fn *write, void *arg)
{
    return a->api->describe(a, what, subjects, format, write, arg);
}

/* See nave_admin_iface.metrics. Thread: [any]. */
static inline nave_err nave_admin_metrics(struct nave_admin *a, const char *format,
                                          nave_write_fn *write, void *arg)
{
    return a->api->metrics(a, format, write, arg);
}

/* See nave_admin_iface.dump: of a table of minor 1 or newer. Thread: [control]. */
static inline nave_err nave_admin_dump(struct nave_admin *a, const char *format,
                                       nave_write_fn *write, void *arg)
{
    return a->api->dump(a, format, write, arg);
}

NAVE_END_DECLS
#endif

/* SPDX-License-Identifier: MIT
 *
 * What the host itself has: services that it offers, and the tables of handles that it makes or passes on.
 */
#ifndef NV_BUILTINS_H
#define NV_BUILTINS_H

#include <nave/error.h>
#include <nave/iface.h>

struct nave_runtime;
struct nv_near;
struct nv_plugin;

/* One id that a plugin may need, and that nobody has to provide. */
struct nv_builtin {
    const char *id;
    uint32_t minor;
};

/* NULL: `id` is not the host's, or for the host program only. */
const struct nv_builtin *nv_builtin_find(const char *id);

/* The same name with another major, or NULL. */
const struct nv_builtin *nv_builtin_other_major(const char *id);

/* The service `id` that the host has for `p` (NULL: for the host program). Thread: [control].
 * Errors: NAVE_ENOTFOUND the host has none of that id for it; NAVE_ESTATE it is there while the runtime is
 * started only; NAVE_ENOMEM, reported. */
NAVE_NODISCARD nave_err nv_builtin_service(struct nave_runtime *rt, struct nv_plugin *p,
                                           const char *id, struct nave_handle **out_handle);

/* Try the ids of all services that the host program may bind for `near`, and find the one that has the same
 * name as `id` and another major; NULL: none has. */
const char *nv_builtin_near(struct nave_runtime *rt, const char *id, struct nv_near *near);

#endif

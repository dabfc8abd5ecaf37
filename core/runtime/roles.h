/* SPDX-License-Identifier: MIT
 *
 * Roles: looked up by name in the manifests, made when code runs, given back at the latest when the
 * one who made them or the one who uses them ends.
 */
#ifndef NV_ROLES_H
#define NV_ROLES_H

#include "plugin/manifest.h"
#include "base/near.h"
#include "plugin/registry.h"

#define NV_MAKE_DEPTH_MAX 32u
#define NV_ROLE_NAME_MAX  96u

/* The plugin that has role `name` of `kind`, with the role; or NULL, with the nearest name in `hint`. */
struct nv_plugin *nv_role_find(const struct nave_runtime *rt, const char *kind, const char *name,
                               const struct nv_manifest_role **out_role,
                               char hint[NV_NEAR_HINT_MAX]);

/* 1: `name` is a line of `unread` (NULL: empty), a list of plugins with '\n' before and after each. */
int32_t nv_role_is_unread(const char *unread, const char *name);

/* Report that there is no such role, at `at`; without it, for `plugin`. */
void nv_role_fail_unknown(struct nave_runtime *rt, struct nave_conf *at, const char *plugin,
                          const char *kind, const char *name, const char *hint);

/* Make role `name` of `kind` for `user` (NULL: a listener), with `next` behind it. The maker is
 * prepared first when it was not. Errors: any, reported at `conf`. */
nave_err nv_role_make(struct nave_runtime *rt, struct nv_plugin *user, const char *kind,
                      const char *name, struct nave_conf *conf, struct nave_conf *at,
                      struct nave_handle *next, struct nave_str use_name,
                      struct nave_handle **out_handle);

/* The plugin that has role `name` of `kind`, or NULL. */
struct nv_plugin *nv_role_maker(const struct nave_runtime *rt, const char *kind, const char *name);

/* Give back what nv_role_make made for `user`; what is not among it is left alone. */
void nv_role_unmake(struct nave_runtime *rt, struct nv_plugin *user, struct nave_handle *handle);

/* Give back what `user` forgot (is_maker 0), or what others still have of `p` (is_maker 1). */
void nv_role_unmake_all(struct nave_runtime *rt, struct nv_plugin *p, int32_t is_maker);

/* Give the memory of the notes back. State: nothing is made. */
void nv_roles_finish(struct nave_runtime *rt);

#endif

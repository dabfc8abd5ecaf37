/* SPDX-License-Identifier: MIT
 *
 * JSON Schema (2020-12) of a configuration file, from option lists and manifests: what an editor
 * completes and checks is what the host checks.
 */
#ifndef NV_SCHEMA_H
#define NV_SCHEMA_H

#include <nave/option.h>

#include "base/json_out.h"
#include "manifest.h"

/* The whole file, with the options of `count` plugins. */
void nv_schema_file(struct nv_json *j, const struct nv_manifest *const *plugins, uint32_t count);

/* The value of one option. */
void nv_schema_option(struct nv_json *j, const char *key, const struct nave_option *row);

/* Members "properties" and "required" of an open schema of an object with these options. `more` adds
 * further properties, for the keys that are the host's; may be NULL. */
void nv_schema_options(struct nv_json *j, const struct nave_option *rows, uint32_t count,
                       void (*more)(struct nv_json *j));

/* What follows `key` of a role: an object of its options, or the value of its main option, or, for a
 * role without a list of options, anything. */
void nv_schema_role(struct nv_json *j, const struct nv_manifest_role *role);

/* A schema of a plugin's own, as its manifest has it, with what the host allows anywhere: "$include"
 * in objects and lists, texts from files and from the environment. */
void nv_schema_fragment(struct nv_json *j, const char *key, const char *json);

/* Member "$include" of open properties. */
void nv_schema_include(struct nv_json *j);

/* An item of an open list of schemas: {"$ref": ref}. */
void nv_schema_ref(struct nv_json *j, const char *ref);

/* 1: the option must be given. */
int nv_schema_is_required(const struct nave_option *row);

/* Member "default" of an open schema, when there is one that can be written. */
void nv_schema_default(struct nv_json *j, const struct nave_option *row);

#endif

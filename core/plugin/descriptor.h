/* SPDX-License-Identifier: MIT
 *
 * The check of a descriptor: what a plugin's entry returned, against this host and its manifest.
 */
#ifndef NV_DESCRIPTOR_H
#define NV_DESCRIPTOR_H

#include <nave/error.h>
#include <nave/plugin.h>

#include "manifest.h"

/* Check descriptor `desc` of a plugin from `file_name`; `m` is its manifest (NULL: parse the
 * descriptor's own). The tag is checked before anything behind it is read. Thread: [any].
 * Errors: NAVE_ENOTPLUGIN wrong magic or tag size; NAVE_EMAJOR; NAVE_EABI another layout; NAVE_ETOOOLD
 * it needs a newer minor than ours; NAVE_ETOONEW a non-zero unknown tail; NAVE_EINVAL malformed, an
 * empty slot, or not what the manifest says; `why` has the message. */
NAVE_NODISCARD nave_err nv_descriptor_check(const struct nave_plugin *desc,
                                            const struct nv_manifest *m, const char *file_name,
                                            struct nv_why *why);

#endif
